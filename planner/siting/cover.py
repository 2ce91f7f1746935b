"""The cover family, each proven: the cheapest sites for all or a share, the most weight with p sites, and cover twice over."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner import clock
from planner.siting.cover_bound import (
    Aim,
    Plan,
    Priced,
    Rules,
    best_swap,
    cheaper_columns,
    column_rules,
    cover_counts,
    cover_rules,
    covering,
    covering_share,
    feasible_start,
    greedy,
    planned,
    priced,
    settled,
    share_rule,
    site_program,
    solve_scaled,
    swapped,
    worth_program,
)
from planner.siting.feasible import out_of_reach
from planner.siting.highs import Program, Solved
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.reduce import (
    Covers,
    covers_of,
    fewer,
    implied_rows,
    narrowed,
    needless_columns,
    open_count,
    per_row,
    without_rows,
)
from planner.siting.siting import Siting, no_plan, siting_of

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


# A cover question under way: its clock, what a plan is worth, and bounds rounded to what values can be.


@dataclass(frozen=True, eq=False)
class Run:
    """A question, when its answer was begun, and how long it may take."""

    instance: Instance
    limits: Limits
    begin: float

    @classmethod
    def of(cls, instance: Instance, limits: Limits) -> "Run":
        """Begin now."""
        return cls(instance, limits, clock.now())

    @property
    def ends(self) -> float:
        return self.begin + self.limits.seconds

    @property
    def rest(self) -> Limits:
        """The limits with the time that is left."""
        return replace(self.limits, seconds=max(self.ends - clock.now(), 0.0))

    def part(self, share: float) -> "Run":
        """Return the run with a share of the time that is left."""
        return Run(self.instance, replace(self.limits, seconds=share * self.rest.seconds), clock.now())

    def found(self, opened: Bools, objective: float, bound: float, covers: Covers) -> Siting:
        """Return the answer with a plan (a mask of all open sites); covers is what was left after the reductions."""
        sizes = {
            "demands": len(self.instance.weight),
            "sites": len(self.instance.site_ids),
            "pairs": len(self.instance.indices),
            "rows_left": covers.rows,
            "columns_left": covers.columns,
            "pairs_left": len(covers.indices),
        }
        seconds = clock.now() - self.begin
        return siting_of(self.instance, np.flatnonzero(opened), objective, bound, seconds, self.limits, sizes)

    def none(self, bound: float = math.nan) -> Siting:
        """Return the answer without a plan, stopped by time."""
        return no_plan(self.instance, clock.now() - self.begin, self.limits, bound=bound)

    def infeasible(self) -> Siting:
        """Return the answer where it is proven that there is no plan."""
        return no_plan(self.instance, clock.now() - self.begin, self.limits, infeasible=True)


def worths(instance: Instance, second: float) -> tuple[Covers, float]:
    """Return (merged rows, what the sites that are open anyway are worth); a second cover is worth `second` of a first."""
    weight, count = instance.weight, open_count(instance)
    if count is None:
        return covers_of(instance, weight, second * weight if second else None, weight > 0), 0.0
    first = np.where(count == 0, weight, np.where(count == 1, second * weight, 0.0))
    again = np.where(count == 0, second * weight, 0.0) if second else None
    base = float(weight[count > 0].sum() + second * weight[count > 1].sum())
    return covers_of(instance, first, again, first > 0), base


def worth(instance: Instance, opened: Bools, second: float) -> float:
    """Return what the open sites (a mask) are worth."""
    count = per_row(instance.indptr, opened[instance.indices])
    covered = float(instance.weight[count > 0].sum())
    return covered + second * float(instance.weight[count > 1].sum()) if second else covered


def cost_of(instance: Instance, opened: Bools) -> float:
    """Return what the open sites that count cost."""
    return float(instance.site_cost[opened & instance.counted].sum())


def with_columns(opened: Bools, covers: Covers, values: Amounts) -> Bools:
    """Return the open sites with those that the solver opened."""
    more = opened.copy()
    more[covers.sites[values[: covers.columns] > 0.5]] = True
    return more


def unit_of(weight: Amounts, second: float) -> float:
    """Return what the worths of plans are multiples of, 0 where that is not known."""
    whole = bool((weight == np.rint(weight)).all())
    return (0.5 if second == 0.5 else float(second in (0, 1))) if whole else 0.0


def rounded_down(bound: float, unit: float, value: float) -> float:
    """Return the bound of a largest value, as a multiple of the unit and no less than a value that is reached."""
    return max(math.floor(bound / unit + 1e-6) * unit if unit and math.isfinite(bound) else bound, value)


def rounded_up(bound: float, costs: Amounts, value: float) -> float:
    """Return the bound of a least cost, whole where all costs are, and no more than a cost that is reached."""
    whole = bool((costs == np.rint(costs)).all())
    return min(math.ceil(bound - 1e-6) if whole and math.isfinite(bound) else bound, value)


# The cheapest columns that cover every row, where nothing but costs tells columns apart (weighted set cover).

_TURNS, _MORE_TURNS = 50, 200
"""Turns of the local search for each row: at first, and more where the linear bound stays this share below the plan."""
_WIDE = 0.05
_NARROW = 0.3
"""First the columns within this share of the way from the linear bound to the plan: in this share of the time."""


class Cheapest(NamedTuple):
    """Columns (as 0 and 1) that cover every row, and what no cover costs less than."""

    values: Amounts
    bound: float


def cheapest_cover(run: Run, covers: Covers, costs: Amounts) -> Cheapest:
    """Return the cheapest columns that cover every row, as far as time allows."""
    if covers.rows == 0:
        return Cheapest(np.zeros(covers.columns), 0.0)
    start = cheaper_columns(covers, costs, covering(covers, costs), _TURNS * covers.rows, run.ends)
    rules = [cover_rules(covers)]
    if costs.min() == costs.max():
        return _solved(site_program(costs, *rules), run.rest, start, _shared(covers, costs))
    if _fewest_are_cheapest(costs, start):
        few = _fewest(run, covers)
        rules.append(Rules(csr_array(np.ones((1, covers.columns))), np.array([few.bound]), np.array([np.inf])))
        other = cheaper_columns(covers, costs, few.values, _TURNS * covers.rows, run.ends)
        start = other if costs @ other < costs @ start else start
    return _by_core(run, covers, costs, rules, start)


def _fewest_are_cheapest(costs: Amounts, start: Amounts) -> bool:
    """Whether a column more, however cheap, costs more than all that dear ones could cost above cheap ones."""
    number = float(start.sum())
    return bool(number * costs.max() < (number + 1) * costs.min())


def _fewest(run: Run, covers: Covers) -> Cheapest:
    """Return the fewest columns that cover every row, in half of the time that is left, and a whole number as bound."""
    inner = replace(covers, sites=np.arange(covers.columns))
    left, opened = fewer(inner, covers.columns, np.ones(covers.columns))
    found = cheapest_cover(run.part(0.5), left, np.ones(left.columns))
    values = opened.astype(np.float64)
    values[left.sites[found.values > 0.5]] = 1.0
    return Cheapest(values, float(opened.sum() + np.ceil(found.bound - 1e-6)))


def _by_core(run: Run, covers: Covers, costs: Amounts, rules: list[Rules], start: Amounts) -> Cheapest:
    """Return the cheapest cover among the columns that a cheaper one than `start` can have, by the linear programme."""
    program = site_program(costs, *rules)
    relaxed = solve_scaled(replace(program, whole=np.zeros(covers.columns, np.bool_)), run.rest)
    if relaxed.status != "optimal":
        return _solved(program, run.rest, start, _shared(covers, costs))
    if costs @ start > (1 + _WIDE) * relaxed.objective:
        start = cheaper_columns(covers, costs, start, _MORE_TURNS * covers.rows, run.part(0.25).ends)
    price = np.maximum(relaxed.duals, 0.0)
    reduced = costs - program.rows.T @ price
    floor = float(price @ program.low + np.minimum(reduced, 0.0).sum())  # Lagrange: holds whatever the prices
    best = Cheapest(start, floor)
    for share in (_NARROW, 1.0):
        aim, other = _cheaper_than(costs, float(costs @ best.values))
        if aim < best.bound:
            return Cheapest(best.values, other)
        most = floor + share * (aim - floor)
        core = (floor + np.maximum(reduced, 0.0) <= most + 1e-9 * abs(aim)) | (best.values > 0.5)
        found = _in_core(covers, costs, rules, core, best, run.rest if share == 1 else run.part(_NARROW).rest)
        best = Cheapest(found.values, max(best.bound, min(found.bound, other if share == 1 else most)))
    return best


def _in_core(
    covers: Covers, costs: Amounts, rules: list[Rules], core: Bools, best: Cheapest, limits: Limits
) -> Cheapest:
    """Return the cheapest cover of some columns alone, those of the best one known among them, and the bound of such."""
    left = narrowed(covers, np.zeros_like(core), ~core, covers.weight)[0]
    left = without_rows(left, implied_rows(left))
    more = [Rules(csr_array(one.rows[:, core]), one.low, one.high) for one in rules[1:]]
    program = site_program(costs[core], cover_rules(left), *more)
    found = _solved(program, limits, best.values[core], best.bound)
    values = np.zeros(covers.columns)
    values[core] = found.values
    return Cheapest(values, found.bound)


def _cheaper_than(costs: Amounts, cost: float) -> tuple[float, float]:
    """Return (what a cheaper plan costs at most, what all others cost at least): whole costs differ by 1 or more."""
    if bool((costs == np.rint(costs)).all()):
        return cost - 1 + 1e-3, cost
    return cost * (1 - 1e-9), cost * (1 - 1e-9)


def _shared(covers: Covers, costs: Amounts) -> float:
    """Return a bound at once: each row pays its share of the column that asks least of it."""
    share = costs / np.maximum(np.diff(covers.by_column[0]), 1)
    return float(np.minimum.reduceat(share[covers.indices], covers.indptr[:-1]).sum())


def _solved(program: Program, limits: Limits, start: Amounts, bound: float) -> Cheapest:
    """Return the solver's plan, or the start where it has none; no bound below the one that is known."""
    answer = solve_scaled(program, limits, start)
    found = answer.status in ("optimal", "feasible")
    return Cheapest(answer.values if found else start, max(bound, answer.bound if np.isfinite(answer.bound) else bound))


# The cheapest sites that cover everyone or a share (LSCP), and of those the ones that cover most weight twice (LSCP-B).


def cheapest_for_all(run: Run) -> Siting:
    """Return the cheapest sites that cover every demand that can be covered."""
    instance = run.instance
    if out_of_reach(instance):
        return run.infeasible()
    whole = _required(instance)
    covers, opened = fewer(whole, len(instance.site_ids), instance.site_cost if instance.only_p else None)
    opened |= instance.open_always
    costs = instance.site_cost[covers.sites]
    if instance.only_p:
        found = cheapest_cover(run, covers, costs)
        return _told(run, with_columns(opened, covers, found.values), cost_of(instance, opened) + found.bound, covers)
    rules = column_rules(instance, covers, opened)
    start = covering(covers, costs)
    answer = solve_scaled(site_program(costs, cover_rules(covers), rules), run.rest, feasible_start(start, rules))
    return _answer(run, answer, covers, opened, feasible_start(start, rules))


def _required(instance: Instance) -> Covers:
    """Return the merged rows of those who must be covered and are not yet."""
    count = open_count(instance)
    kept = ~instance.unreachable if count is None else ~instance.unreachable & (count == 0)
    return covers_of(instance, instance.weight, None, kept)


def cheapest_for_share(run: Run) -> Siting:
    """Return the cheapest sites that cover a share of all weight."""
    instance, count = run.instance, open_count(run.instance)
    total, done = instance.share_of, 0.0 if count is None else float(instance.weight[count > 0].sum())
    need = instance.question.share * total - done
    slack = 1e-9 * total
    if unit_of(instance.weight, 0.0):
        slack = min(slack, 0.5)
        need = math.ceil(need - slack)
    kept = instance.weight > 0 if count is None else (instance.weight > 0) & (count == 0)
    covers = covers_of(instance, instance.weight, None, kept)
    able = float(covers.weight.sum())
    if able < need - slack:
        return run.infeasible()
    cover, rules = share_rule(covers, min(need, able)), column_rules(instance, covers, instance.open_always)
    program = site_program(instance.site_cost[covers.sites], cover, rules)
    columns = covering_share(covers, instance.site_cost[covers.sites], min(need, able))
    start = feasible_start(np.concatenate([columns, covers.matrix @ columns > 0]), rules)
    return _answer(run, solve_scaled(program, run.rest, start), covers, instance.open_always, start)


def _answer(run: Run, answer: Solved, covers: Covers, opened: Bools, start: Amounts | None) -> Siting:
    """Return the answer of the solver as a Siting, else the plan it started from; `opened` sites were settled before."""
    before = cost_of(run.instance, opened)
    bound = before + max(answer.bound, 0.0)
    if answer.status == "infeasible":
        return run.infeasible()
    values = start if answer.status == "unknown" else answer.values
    if values is None:
        return run.none(bound)
    return _told(run, with_columns(opened, covers, values), bound, covers)


def _told(run: Run, opened: Bools, bound: float, covers: Covers) -> Siting:
    """Return the plan of all these open sites, its bound rounded up where costs are whole."""
    cost = cost_of(run.instance, opened)
    return run.found(opened, cost, rounded_up(bound, run.instance.site_cost, cost), covers)


def cheapest_then_twice(run: Run) -> Siting:
    """Return, of the cheapest sites that cover everyone, those that cover most weight twice; that weight is the objective.

    While the cost is not proven no bound is known for the weight.
    """
    first = cheapest_for_all(run)
    instance = run.instance
    if not math.isfinite(first.objective):
        return first
    covers, certain = _twice(instance)
    size = first.objective or 1.0
    cost = Rules(
        csr_array(instance.site_cost[covers.sites][None] / size),
        np.array([-np.inf]),
        np.array([(first.objective - cost_of(instance, instance.open_always)) / size + 1e-9]),
    )
    must = _required(instance)
    must = without_rows(must, implied_rows(must))
    rules = column_rules(instance, covers, instance.open_always)
    answer = solve_scaled(worth_program(covers, cover_rules(must), cost, rules), run.rest)
    opened = np.isin(instance.site_ids, [*first.chosen, *first.background])
    bound = certain + float(covers.weight.sum() + covers.again.sum())
    if answer.status in ("optimal", "feasible"):
        opened, bound = with_columns(instance.open_always, covers, answer.values), certain - answer.bound
    weight = float(instance.weight[per_row(instance.indptr, opened[instance.indices]) > 1].sum())
    bound = rounded_down(bound, unit_of(instance.weight, 0.0), weight)
    return run.found(opened, weight, bound if first.status == "optimal" else math.inf, covers)


def _twice(instance: Instance) -> tuple[Covers, float]:
    """Return (rows by what covers are worth to the weight covered twice, what to add to that).

    Who is not covered yet must be, so that the first cover may be given a worth that is taken off again.
    """
    count = open_count(instance)
    times = np.zeros(len(instance.weight), np.int32) if count is None else count
    weight, reached = instance.weight, ~instance.unreachable
    fresh = reached & (times == 0)
    first, again = np.where(times < 2, weight, 0.0), np.where(fresh, weight, 0.0)
    certain = float(weight[times > 1].sum() - weight[fresh].sum())
    return covers_of(instance, first, again, reached & (first > 0)), certain


# Maximal cover by branch and bound: each question is squeezed by its bound, then split at a column, the widest bound first.

_AT_FIRST = 400
_LATER = 60
_WORTH_ANOTHER = 0.15
"""A bound that settles this share of the columns is followed by another, on what is left."""
_MOST_HELD = 10_000_000
"""So many pairs may wait in nodes before the search goes on where it is."""


@dataclass(frozen=True, eq=False)
class Left:
    """What is still to be decided: `count` more columns; the weight and the sites (positions) of those opened so far."""

    covers: Covers
    count: int
    price: Amounts
    base: float
    opened: Positions

    def sites(self, plan: Plan) -> Plan:
        """Return a plan of the columns as one of sites, with the whole value."""
        return Plan(np.concatenate([self.opened, self.covers.sites[plan.columns]]), self.base + plan.value)

    def bare(self) -> "Left":
        """Return the same without what was computed along the way: it may have to wait long."""
        return replace(self, covers=replace(self.covers))

    def after(self, opened: Bools, shut: Bools) -> "Left":
        """Return what is left once columns are open or shut."""
        columns = np.flatnonzero(opened)
        gained = float(self.covers.weight[cover_counts(self.covers, columns) > 0].sum())
        covers, price = narrowed(self.covers, opened, shut, self.price)
        sites = np.concatenate([self.opened, self.covers.sites[columns]])
        return Left(covers, self.count - len(columns), price, self.base + gained, sites)


@dataclass(frozen=True, eq=False)
class Node:
    """A question squeezed as far as it goes: its bound, and the column to split it at."""

    left: Left
    bound: float
    column: int


def squeezed(left: Left, best: Plan, aim: Aim, rounds: int) -> tuple[Node | None, Plan]:
    """Return (what is left of a question, the best plan), None for what holds no better plan.

    The bound settles columns, the smaller question has a better bound, and so on until little is settled.
    """
    while True:
        if left.count == 0 or left.count >= left.covers.columns:
            whole = left.sites(planned(left.covers, np.arange(left.covers.columns)[: left.count]))
            return None, whole if whole.value > best.value else best
        none = Plan(np.zeros(0, np.int64), best.value - left.base)
        found = priced(left.covers, left.count, left.price, none, aim, rounds)
        if found.plan.value > none.value:
            best = left.sites(found.plan)
        need, most = aim.need(best.value) - left.base, min(found.bound, float(left.covers.weight.sum()))
        if most < need:
            return None, best
        opened, shut = settled(found, left.count, need)
        column = _split_at(found, opened | shut)
        left = replace(left, price=found.price)
        settle = int(opened.sum() + shut.sum())
        enough = settle >= _WORTH_ANOTHER * left.covers.columns and clock.now() < aim.ends
        bound = left.base + most
        if settle:
            left = left.after(opened, shut)
        if not enough and 0 < left.count < left.covers.columns:
            return Node(left.bare(), bound, int(column - (opened | shut)[:column].sum())), best


def _split_at(found: Priced, decided: Bools) -> int:
    """Return the undecided column that the prices chose most nearly half of the time."""
    return int(np.argmin(np.where(decided, np.inf, np.abs(found.often - 0.5))))


def best_plan(left: Left, best: Plan, aim: Aim, for_all: Callable[[], Plan | None]) -> tuple[Plan, float]:
    """Return (the best plan, in sites; what no plan can beat).

    for_all: looks for a plan that covers everyone, where the bound leaves room for one
    """
    node, best = squeezed(left, best, aim, _AT_FIRST)
    everyone = left.base + float(left.covers.weight.sum())
    if node is not None and node.bound >= everyone * (1 - 1e-9):
        best = for_all() or best
    queue = [] if node is None else [node]
    root = everyone if node is None else node.bound
    while queue and clock.now() < aim.ends and best.value < everyone:
        node = queue.pop(_next(queue))
        for child in _halves(node):
            found, best = squeezed(child, best, aim, _LATER)
            if found is not None:
                queue.append(replace(found, bound=min(found.bound, node.bound)))
        queue = [one for one in queue if one.bound >= aim.need(best.value)]
    queue = [] if best.value >= everyone else queue
    least = aim.need(best.value) if aim.gap else best.value
    widest = max([one.bound for one in queue], default=least)
    return best, max(min(root, max(widest, least)), best.value)


def _next(queue: list[Node]) -> int:
    """Return the place of the node with the widest bound; of the last one where many wait, so that memory stays small."""
    if sum(len(one.left.covers.indices) for one in queue) > _MOST_HELD:
        return len(queue) - 1
    return max(range(len(queue)), key=lambda at: queue[at].bound)


def _halves(node: Node) -> list[Left]:
    one = np.zeros(node.left.covers.columns, np.bool_)
    one[node.column] = True
    return [node.left.after(one, np.zeros_like(one)), node.left.after(np.zeros_like(one), one)]


# The most weight with p sites, covered once (MCLP) or once and twice (backup).

_LARGE = 10_000
"""From so many pairs a bound is computed before the solver is asked."""
_ROUNDS = 400


def most_covered(run: Run) -> Siting:
    """Return the p sites that cover most, where p is the one rule on sites: by branch and bound."""
    instance = run.instance
    covers, base = worths(instance, 0.0)
    count = (instance.question.p or 0) - int((instance.counted & instance.open_always).sum())
    if not 0 <= count <= len(instance.free):
        return run.infeasible()
    covers = _without_dominated(covers, count)
    aim = Aim(unit_of(instance.weight, 0.0), run.limits.gap, run.ends)
    left = Left(covers, count, covers.weight, base, np.zeros(0, np.int64))
    start = left.sites(swapped(covers, greedy(covers, count), run.ends))

    def for_all() -> Plan | None:
        return _for_all(run, left)

    plan, bound = best_plan(left, start, aim, for_all)
    opened = instance.open_always.copy()
    opened[plan.columns] = True
    value = worth(instance, opened, 0.0)
    return run.found(opened, value, rounded_down(bound, aim.unit, value), covers)


def _for_all(run: Run, left: Left) -> Plan | None:
    """Return a plan that covers everyone, None where not so few columns are found for it."""
    covers = left.covers
    inner, must = fewer(replace(covers, sites=np.arange(covers.columns)), covers.columns, np.ones(covers.columns))
    found = cheapest_cover(run.part(0.25), inner, np.ones(inner.columns))
    must[inner.sites[found.values > 0.5]] = True
    columns = np.flatnonzero(must)
    if len(columns) > left.count:
        return None
    others = np.flatnonzero(~must)[: left.count - len(columns)]
    return left.sites(planned(covers, np.concatenate([columns, others])))


def _without_dominated(covers: Covers, count: int) -> Covers:
    """Return the covers without columns that another makes needless, where enough are left."""
    shut = needless_columns(covers)
    if not shut.any() or covers.columns - int(shut.sum()) < count:
        return covers
    return narrowed(covers, np.zeros_like(shut), shut, covers.weight)[0]


def most_worth(run: Run, second: float) -> Siting:
    """Return the sites worth most under any rules, a second cover being worth `second` of a first: merged, then HiGHS."""
    instance = run.instance
    covers, base = worths(instance, second)
    count = (instance.question.p or 0) - int((instance.counted & instance.open_always).sum())
    rules, most = column_rules(instance, covers, instance.open_always), float(covers.weight.sum() + covers.again.sum())
    start = feasible_start(_start(covers, count), rules) if 0 <= count <= covers.columns else None
    if start is not None and _value(covers, start) >= most * (1 - 1e-12):
        return _maximum_of(run, covers, start, base + most, second)
    if second == 0 and len(covers.indices) > _LARGE:
        covers, start, most = _bounded(run, covers, start)
        rules = column_rules(instance, covers, instance.open_always)
    answer = solve_scaled(worth_program(covers, rules), run.rest, start)
    if answer.status == "infeasible":
        return run.infeasible()
    bound = base + min(-answer.bound, most)
    values = start if answer.status == "unknown" else answer.values
    return run.none(bound) if values is None else _maximum_of(run, covers, values, bound, second)


def _maximum_of(run: Run, covers: Covers, values: Amounts, bound: float, second: float) -> Siting:
    """Return the plan of the columns that the values open."""
    opened = with_columns(run.instance.open_always, covers, values)
    value = worth(run.instance, opened, second)
    return run.found(opened, value, rounded_down(bound, unit_of(run.instance.weight, second), value), covers)


def _start(covers: Covers, count: int) -> Amounts:
    """Return a plan by greed as values of the programme's columns."""
    return _values(covers, greedy(covers, count).columns)


def _values(covers: Covers, columns: Positions) -> Amounts:
    """Return open columns with what they cover once and twice, as values of the programme's columns."""
    opened = np.zeros(covers.columns)
    opened[columns] = 1.0
    times = covers.sides[0] @ opened
    return np.concatenate([opened, times > 0, times[covers.again > 0] > 1])


def _value(covers: Covers, values: Amounts) -> float:
    """Return what a programme's columns are worth."""
    worth = np.concatenate([np.zeros(covers.columns), covers.weight, covers.again[covers.again > 0]])
    return float(values @ worth)


def _bounded(run: Run, covers: Covers, known: Amounts | None) -> tuple[Covers, Amounts | None, float]:
    """Return (covers without the columns that no best plan has, a plan, a bound) for p sites under further rules.

    The bound of p alone holds with every rule besides. The dearest columns that keep the rules, by the same prices, are
    a plan, and what they are worth is a better bound.
    """
    instance = run.instance
    count = (instance.question.p or 0) - int((instance.counted & instance.open_always).sum())
    if not 0 < count < covers.columns:
        return covers, known, float(covers.weight.sum())
    aim = Aim(unit_of(instance.weight, 0.0), 0.0, run.ends)
    pull = greedy(covers, count)
    found = priced(covers, count, covers.weight, pull, aim, _ROUNDS)
    rules = column_rules(instance, covers, instance.open_always)
    answer = solve_scaled(site_program(-found.worth, rules), run.rest)
    if answer.status not in ("optimal", "feasible"):
        return covers, known, min(found.bound, float(covers.weight.sum()))
    plan = planned(covers, np.flatnonzero(answer.values > 0.5))
    most = min(found.bound, float(covers.weight.sum()), float((covers.weight - found.price).sum()) - answer.bound)
    plan = _swapped(covers, plan, rules, run.ends)
    shut = settled(found, count, aim.need(plan.value))[1]
    shut[plan.columns] = False
    start = np.zeros(covers.columns)
    start[plan.columns] = 1.0
    covers = narrowed(covers, np.zeros_like(shut), shut, covers.weight)[0]
    return covers, _values(covers, np.flatnonzero(start[~shut])), most


def _swapped(covers: Covers, plan: Plan, rules: Rules, ends: float) -> Plan:
    """Return the plan after the best swaps that keep the rules, while one helps and there is time."""
    table = rules.rows.toarray()
    while clock.now() < ends:
        done = table[:, plan.columns].sum(axis=1)
        kept = np.ones((len(plan.columns), covers.columns), np.bool_)
        for row, now, low, high in zip(table, done, rules.low, rules.high, strict=True):
            after = now - row[plan.columns][:, None] + row
            kept &= (after >= low - 1e-9) & (after <= high + 1e-9)
        gain, out, into = best_swap(covers, plan.columns, kept)
        if gain <= 1e-9 * plan.value:
            return plan
        columns = plan.columns.copy()
        columns[out] = into
        plan = planned(covers, columns)
    return plan


def solve_lscp(instance: Instance, limits: Limits) -> Siting:
    """Return the cheapest sites (the fewest, where all cost 1) that cover everyone, or the question's share of all weight."""
    run = Run.of(instance, limits)
    return cheapest_for_all(run) if instance.question.share >= 1 else cheapest_for_share(run)


def solve_mclp(instance: Instance, limits: Limits) -> Siting:
    """Return the p sites within whose reach the most weight lies."""
    run = Run.of(instance, limits)
    return most_covered(run) if instance.only_p else most_worth(run, 0.0)


def solve_backup(instance: Instance, limits: Limits) -> Siting:
    """Return sites that cover once and twice.

    With p: the most Σ weight × (covered + backup_weight × covered twice). Without (LSCP-B): of the cheapest sites that
    cover everyone those that cover most weight twice, and that weight is the objective.
    """
    run = Run.of(instance, limits)
    if instance.question.p is None:
        return cheapest_then_twice(run)
    return most_worth(run, instance.question.backup_weight)
