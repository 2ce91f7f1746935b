"""The k best plans of a siting question, in order and with their proof, by Lawler's partition of all other plans."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import block_array, coo_array, csr_array, vstack

from planner import clock
from planner.errors import SitingError, Text
from planner.siting.cover_bound import solve_scaled
from planner.siting.highs import Program
from planner.siting.instance import Instance, refusal
from planner.siting.models import Solver
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.siting import SAME, Siting, nearest_open, open_positions, same, sense, siting_of
from planner.siting.small import as_many, criterion_of, opened_with, search, small_plans, weighted_cost

Positions = npt.NDArray[np.int64]


# One plan under two objectives: the second made least while the first stays within a limit. All values are to be small.

Amounts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objective:
    """One objective as a part of a program: columns of its own behind those of the sites, in [0, 1], and their rows.

    cost     of the columns: sites first, then its own
    rows     low ≤ rows (sites, own) ≤ high
    """

    cost: Amounts
    rows: csr_array
    low: Amounts
    high: Amounts


@dataclass(frozen=True, eq=False)
class Found:
    """A plan (positions of all open sites) and what no plan can beat; no plan: `none` tells whether that is proven."""

    opened: Positions | None
    bound: float
    none: bool = False


def least(instance: Instance, first: Objective, at_most: float, second: Objective, limits: Limits) -> Found:
    """Return the plan of the least second objective whose first is at most so much, by the rules of the instance."""
    begin, width = clock.now(), len(instance.site_ids)
    rules, low, high = instance.site_rules
    own = [part.rows.shape[1] - width for part in (first, second)]
    parts = [
        [rules, None, None],
        [first.rows[:, :width], first.rows[:, width:], None],
        [second.rows[:, :width], None, second.rows[:, width:]],
    ]
    blank = csr_array((0, width)), csr_array((0, own[0])), csr_array((0, own[1]))
    rows = [csr_array(block_array([[*part], [*blank]])) if part[0].shape[0] else None for part in parts]
    lows, highs = [low, first.low, second.low], [high, first.high, second.high]
    if np.isfinite(at_most):
        scale = row_size(first, at_most)
        rows.append(csr_array(np.concatenate([first.cost, np.zeros(own[1])])[None, :] / scale))
        lows.append(np.array([-np.inf]))
        highs.append(np.array([at_most / scale]))
    helping = np.ones(sum(own))
    program = Program(
        np.concatenate([second.cost[:width], np.zeros(own[0]), second.cost[width:]]),
        csr_array(vstack([one for one in rows if one is not None])),
        np.concatenate(lows),
        np.concatenate(highs),
        np.concatenate([instance.open_always.astype(float), 0 * helping]),
        np.concatenate([(instance.status != FORBIDDEN).astype(float), helping]),
        np.arange(width + sum(own)) < width,
    )
    solved = solve_scaled(program, replace(limits, seconds=limits.seconds - (clock.now() - begin)))
    if solved.status in ("infeasible", "unknown"):
        return Found(None, solved.bound, solved.status == "infeasible")
    return Found(np.flatnonzero(solved.values[:width] > 0.5), solved.bound)


def row_size(first: Objective, at_most: float) -> float:
    """Return what the row of a limit is divided by: of this, the solver lets a plan pass by a share of SAME."""
    return max(abs(at_most), float(np.abs(first.cost).max(initial=0.0))) or 1.0


def site_costs(instance: Instance) -> Objective:
    """Return the sum of site costs."""
    cost = np.where(instance.counted, instance.site_cost, 0.0)
    return Objective(cost, csr_array((0, len(cost))), np.zeros(0), np.zeros(0))


def cover(instance: Instance) -> Objective:
    """Return the weight covered, negative: a demand is covered at most as often as a site in its reach is open."""
    width = len(instance.site_ids)
    demands = np.flatnonzero((np.diff(instance.indptr) > 0) & (instance.weight > 0))
    place = np.full(len(instance.weight), -1)
    place[demands] = np.arange(len(demands))
    mine = np.flatnonzero(place[instance.row] >= 0)
    own = np.arange(len(demands))
    rows = coo_array(
        (
            np.concatenate([-np.ones(len(mine)), np.ones(len(own))]),
            (
                np.concatenate([place[instance.row[mine]], own]),
                np.concatenate([instance.indices[mine], width + own]),
            ),
        ),
        shape=(len(demands), width + len(demands)),
    )
    cost = np.concatenate([np.zeros(width), -instance.weight[demands]])
    return Objective(cost, csr_array(rows), np.full(len(demands), -np.inf), np.zeros(len(demands)))


def weighted(instance: Instance, missing: float | None = None) -> Objective:
    """Return weight × cost to who serves a demand, and for p-median the site costs.

    missing: what being without a site costs a weight; None: every demand that can be reached must have one
    """
    width, count = len(instance.site_ids), len(instance.weight)
    usable = np.flatnonzero(instance.status[instance.indices] != FORBIDDEN)
    row, site = instance.row[usable], instance.indices[usable]
    pairs = len(usable)
    without = np.zeros(0, np.int64) if missing is None else np.arange(count)
    own = pairs + len(without)
    served = coo_array(
        (np.ones(own), (np.concatenate([row, without]), width + np.arange(own))), shape=(count, width + own)
    )
    at = np.arange(pairs)
    only_open = coo_array(
        (np.concatenate([np.ones(pairs), -np.ones(pairs)]), (np.tile(at, 2), np.concatenate([width + at, site]))),
        shape=(pairs, width + own),
    )
    costs = instance.weight[row] * instance.costs[usable].astype(float)
    median = instance.question.model == "p-median"
    fixed = np.where(instance.counted & median, instance.site_cost, 0.0)
    once = np.ones(count) if missing is not None else (~instance.unreachable).astype(float)
    return Objective(
        np.concatenate([fixed, costs, instance.weight[without] * (missing or 0.0)]),
        csr_array(vstack([served, only_open])),
        np.concatenate([once, np.full(pairs, -np.inf)]),
        np.concatenate([once, np.zeros(pairs)]),
    )


def half_step(instance: Instance) -> float:
    """Return less than any two plans of different value differ by: half a unit of whole data, else next to nothing."""
    asked = instance.question.model
    amounts = {"mclp": [instance.weight], "lscp": [instance.site_cost]}.get(
        asked, [instance.weight, instance.costs, instance.site_cost]
    )
    if all(bool((np.mod(one, 1) == 0).all()) for one in amounts):
        return 0.5
    size = float(amounts[0].sum()) * float(instance.costs.max(initial=0) if len(amounts) == 3 else 1)
    return SAME * size


def restricted(instance: Instance, force: Positions, forbid: Positions) -> Instance | None:
    """Return the instance with some candidates forced and some forbidden; None where it is plain that no plan is left.

    Two rules must be asked here. A spacing between two sites that are both forced is no longer one of the instance's
    own rules. And a demand that only forbidden sites reach would be left out where unreachable ones may be: of all, or of
    what a share is of; the share is raised so that the same weight is asked for.
    """
    opened = instance.open_always.copy()
    opened[force] = True
    if any(opened[one] and opened[other] for one, other in instance.apart):
        return None
    part = instance.with_sites(force=force, forbid=forbid)
    p = instance.question.p
    if p is not None and not (opened & instance.counted).sum() <= p <= part.counted.sum():
        return None
    serves_all = instance.question.model not in ("mclp", "backup") and instance.question.share == 1
    if serves_all and (part.unreachable & ~instance.unreachable).any():
        return None
    return _of_the_same(instance, part)


def _of_the_same(instance: Instance, part: Instance) -> Instance | None:
    """Return the part with a share that asks for the same weight as the instance's; None where it has not so much."""
    share, whole, left = instance.question.share, instance.share_of, part.share_of
    if share == 1 or whole == left:
        return part
    if share * whole > left * (1 + SAME):
        return None
    return part.asking(replace(part.question, share=min(share * whole / left, 1.0)))


def k_best(instance: Instance, limits: Limits, count: int, solve: Solver, first: Siting | None = None) -> list[Siting]:
    """Return the `count` best plans (sets of open sites), best first, fewer where there are no more or time ran out.

    first  the answer to the instance where it is known already
    The k-th plan is called optimal when no plan but those before it can be better. Equal ones stand in the order of
    their ids. Which of the plans that are as good as the last are listed is decided by their ids too where the search
    of small.py finds the plans, else by the solver's ways: always the same ones for the same question.
    """
    if _two_steps(instance):
        what = Text(
            "backup 不给 -p 时分两步求解，无法排出前几名", "backup without -p is solved in two steps: no ranking"
        )
        raise SitingError(refusal("-p", what, fix=Text("请给出 -p", "give -p")))
    begin = clock.now()
    found = small_plans(instance, limits, count)
    left = replace(limits, seconds=limits.seconds - (clock.now() - begin))
    return partition(instance, left, count, solve, first) if found is None else found


def partition(
    instance: Instance, limits: Limits, count: int, solve: Solver, first: Siting | None = None
) -> list[Siting]:
    """Return the `count` best plans by solving again and again with sites forced and forbidden; `limits` holds for all.

    The other plans of a part are those that differ from its best plan in one site first: one smaller part for each.
    A part that was stopped keeps its bound, so that what is said to be proven is.
    """
    search = _Search(instance, limits, solve, clock.now())
    root = search.answer(_Part(_none(), _none(), -np.inf), first)
    waiting: list[tuple[float, tuple[str, ...], int, _Part]] = []
    stopped: list[float] = []
    plans: list[tuple[float, Siting]] = []
    parts = iter([root])
    while len(plans) < count:
        for number, part in enumerate(parts):
            _keep(part, (len(plans), number), waiting, stopped)
        if not waiting:
            break
        bound = min([part.bound for *_, part in waiting] + stopped)
        part = heappop(waiting)[-1]
        plans.append((bound, search.told(part, bound)))
        parts = search.others(part) if len(plans) < count else iter(())
    # A stopped solve may hide a better plan, found in one of its parts: the bounds hold for the places in order.
    ordered = sorted((plan for _, plan in plans), key=lambda plan: _order(instance, plan))
    return [search.bounded(plan, bound) for plan, (bound, _) in zip(ordered, plans, strict=True)]


def with_ties(siting: Siting, solve: Solver, limits: Limits | None = None) -> Siting:
    """Return the answer with `ties` told: whether another plan is as good; None where that is not proven.

    limits: how long that may take; else as long as the answer might
    """
    if siting.status != "optimal" or _two_steps(siting.instance):
        return siting
    instance, limits = siting.instance, limits or siting.limits
    best = siting.objective * sense(instance)
    plans = small_plans(instance, limits, 2)
    if plans is not None:
        return replace(siting, ties=len(plans) > 1 and same(plans[1].objective, siting.objective))
    median = as_many(instance, len(siting.chosen))
    plans = None if median is None else small_plans(median, limits, 2)
    if plans is not None:
        return replace(siting, ties=len(plans) > 1)
    search = _Search(instance, limits, solve, clock.now())
    unsure = False
    for part in search.others(_Part(_none(), _none(), best, siting)):
        if part.plan is not None and same(part.value, best):
            return replace(siting, ties=True)
        unsure |= part.bound < best or same(part.bound, best)
    return replace(siting, ties=None if unsure else False)


def _none() -> Positions:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the plans: those with some sites forced and some forbidden; its best plan and bound (to be small)."""

    force: Positions
    forbid: Positions
    bound: float
    plan: Siting | None = None
    value: float = np.inf


def _keep(part: _Part, place: tuple[int, int], waiting: list, stopped: list[float]) -> None:  # type: ignore[type-arg]
    """Put a part that has a plan among the waiting ones, and the bound of one that was stopped without among those."""
    if part.plan is not None and part.plan.status in ("optimal", "feasible"):
        heappush(waiting, (*_order(part.plan.instance, part.plan), place, part))
    elif part.bound < np.inf:
        stopped.append(part.bound)


def _order(instance: Instance, plan: Siting) -> tuple[float, tuple[str, ...]]:
    """Return what plans are ordered by: the value, without the last digits of its sum, then the ids."""
    return float(f"{plan.objective * sense(instance):.11g}"), plan.chosen


@dataclass(frozen=True, eq=False)
class _Search:
    """One search with its clock."""

    instance: Instance
    limits: Limits
    solve: Solver
    begin: float

    def others(self, part: _Part) -> Iterator[_Part]:
        """Yield, solved, the parts that together hold every other plan of this part."""
        assert part.plan is not None
        instance = self.instance
        decided = np.concatenate([part.force, part.forbid])
        left = np.setdiff1d(instance.free, decided)
        mine = np.isin(instance.site_ids[left], list(part.plan.chosen))
        chosen, others = left[mine], left[~mine]
        for at, site in enumerate(chosen):
            force, forbid = np.append(part.force, chosen[:at]), np.append(part.forbid, site)
            yield self.answer(_Part(force, forbid, part.bound))
        if instance.question.p is None:  # else no plan holds all of these and one more
            for at, site in enumerate(others):
                force, forbid = np.concatenate([part.force, chosen, [site]]), np.append(part.forbid, others[:at])
                yield self.answer(_Part(force, forbid, part.bound))

    def answer(self, part: _Part, known: Siting | None = None) -> _Part:
        """Return the part with its best plan and bound; without a plan, the bound is inf where none exists."""
        instance = restricted(self.instance, part.force, part.forbid)
        if instance is None:
            return replace(part, bound=np.inf)
        left = self.limits.seconds - (clock.now() - self.begin)
        if known is None and left <= 0:
            return part
        plan = known or self.solve(instance, replace(self.limits, seconds=left))
        sign = sense(instance)
        if plan.status == "infeasible":
            return replace(part, bound=np.inf)
        bound = part.bound if np.isnan(plan.bound) else max(part.bound, plan.bound * sign)
        if plan.status == "unknown":
            return replace(part, bound=bound)
        value = plan.objective * sign
        return replace(part, plan=plan, value=value, bound=min(bound, value))

    def told(self, part: _Part, bound: float) -> Siting:
        """Return the best plan of a part as a plan of the whole question."""
        plan = part.plan
        assert plan is not None
        seconds = clock.now() - self.begin
        opened = open_positions(self.instance, plan.chosen)
        bound *= sense(self.instance)
        return siting_of(
            self.instance, opened, plan.objective, bound, seconds, self.limits, plan.reduced, plan.flows
        )  # fmt: skip

    def bounded(self, plan: Siting, bound: float) -> Siting:
        """Return the plan with the bound of its place."""
        if plan.bound == bound * sense(self.instance):
            return plan
        opened, sign = open_positions(self.instance, plan.chosen), sense(self.instance)
        bound = min(bound, plan.objective * sign) * sign
        return siting_of(
            self.instance, opened, plan.objective, bound, plan.seconds, self.limits, plan.reduced, plan.flows
        )  # fmt: skip


def _two_steps(instance: Instance) -> bool:
    """Whether plans have no single value: backup cover without p counts sites first, then second cover."""
    return instance.question.model == "backup" and instance.question.p is None


# Which of equally good plans is told: a second objective decides, then the ids, so that one question has one answer.

CHEAP = 40
"""Up to so many sites to decide on, ties are broken in full."""


def lexicographic(instance: Instance, limits: Limits, solve: Solver, first: Siting | None = None) -> Siting:
    """Return the best plan; of equally good ones that of the least weighted cost, of these the earliest by its ids.

    mclp: cover, then weight × cost of the covered demands, then ids. lscp for all: site costs, then weight × cost, then
    ids. Other models: objective, then ids. Earliest by ids: at the first site (in the order of ids) in which two plans
    differ, it has it. `first` is the answer to the instance where it is known already.

    Exact however many ties there are, as no tie is listed: p-median and mclp by the search of small.py, else one solve
    for each site before the last chosen one. Where the plan is not proven, there are more than 40 sites to decide on,
    or time runs out, the plan known by then is returned: always as good by the first objective, but perhaps not the
    first of its ties.
    """
    begin = clock.now()
    if len(instance.free) > CHEAP:
        return first or solve(instance, limits)
    if instance.question.model == "p-median":
        plans = small_plans(instance, limits, 1)
        if plans:
            return plans[0]
    plan = first or solve(instance, limits)
    if plan.status != "optimal":
        return plan
    ties = _Ties(instance, limits, solve, plan, begin)
    better = ties.small() or ties.earliest()
    if better.chosen == plan.chosen:
        return plan
    opened, seconds = open_positions(instance, better.chosen), plan.seconds + clock.since(begin)
    told = siting_of(instance, opened, plan.objective, plan.bound, seconds, limits, plan.reduced, better.flows)
    return replace(told, ties=True)


def second_value(instance: Instance, opened: Positions) -> float:
    """Return weight × cost of the demands that a plan covers, each to its nearest open site."""
    where, cost = nearest_open(instance, opened)
    return float((instance.weight[where >= 0] * cost[where >= 0]).sum())


@dataclass(frozen=True, eq=False)
class _Ties:
    """The plans that are as good as one that is proven."""

    instance: Instance
    limits: Limits
    solve: Solver
    plan: Siting
    begin: float

    def _left(self) -> Limits:
        return replace(self.limits, seconds=self.limits.seconds - (clock.now() - self.begin))

    def small(self) -> Siting | None:
        """Return the plan by the compiled search; None where it is not for this question, or there are too many ties."""
        instance = self.instance
        median = as_many(instance, len(self.plan.chosen))
        if median is not None:
            told = small_plans(median, self._left(), 1)
            return self._with_second(instance, open_positions(instance, told[0].chosen)) if told else None
        under = criterion_of(instance) if instance.question.model == "mclp" else None
        if under is None:
            return None
        room = float(instance.weight[~instance.unreachable].sum()) - self.plan.objective
        aim = weighted_cost(instance, missing=_dearest(instance))
        plans = search(instance, self._left(), 1, aim, ((under, room),))
        if plans is None or not len(plans.values) or not plans.by_ids:
            return None
        return self._with_second(instance, opened_with(instance, plans.opened[0]))

    def earliest(self) -> Siting:
        """Return the earliest of the equal plans: each site in turn is asked in, if some equal plan then remains.

        The plan known so far answers for every site that it holds.
        """
        asked = self.instance.question
        two = asked.model == "mclp" or (asked.model == "lscp" and asked.share == 1)
        ask = self._nearest if two else self._again
        best = ask(self.instance) or self.plan
        known = best
        force, forbid = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for site in self.instance.free:
            found: Siting | None = known
            if self.instance.site_ids[site] not in known.chosen:
                part = restricted(self.instance, np.append(force, site), forbid)
                found = None if part is None else ask(part)
            if found is None or not same(found.objective, best.objective):
                forbid = np.append(forbid, site)
            else:
                force, known = np.append(force, site), found
        return known

    def _again(self, part: Instance) -> Siting | None:
        """Return the best plan of a part, if it is as good."""
        if part is self.instance:
            return self.plan
        left = self._left()
        plan = self.solve(part, left) if left.seconds > 0 else None
        return plan if plan is not None and plan.status in ("optimal", "feasible") else None

    def _nearest(self, part: Instance) -> Siting | None:
        """Return the plan of a part that is as good and has the least weight × cost, which is then its objective."""
        left, mclp = self._left(), part.question.model == "mclp"
        if left.seconds <= 0:
            return None
        first, second = (cover(part), weighted(part, _dearest(part))) if mclp else (site_costs(part), weighted(part))
        under = self.plan.objective * sense(part) + half_step(part)
        found = least(part, first, under, second, left)
        return None if found.opened is None else self._with_second(part, found.opened)

    def _with_second(self, part: Instance, opened: Positions) -> Siting:
        value = second_value(part, opened)
        return siting_of(part, opened, value, value, 0.0, self.limits, {})


def _dearest(instance: Instance) -> float:
    """Return the largest cost: as the price of being without a site, it adds the same to every plan of the same cover."""
    return float(instance.costs.max(initial=0))


# How much each candidate matters: the question solved with it and without it, against a stated tolerance.

CLASSES: Mapping[str, Text] = MappingProxyType(
    {
        "required": Text("必建", "required"),
        "alternative": Text("备选", "alternative"),
        "not_selected": Text("本目标下未入选", "not selected under this objective"),
    }
)
COLUMNS = ("id", "class", "value_in", "value_out", "loss", "proven")


def classes(
    instance: Instance,
    limits: Limits,
    solve: Solver,
    tolerance: float,
    first: Siting | None = None,
    known: Iterable[Siting] = (),
) -> pd.DataFrame:
    """Return id, class, value_in, value_out, loss, proven for each site that is to be decided on; none without a plan.

    value_in, value_out   the best value with the site and without it (NaN: no plan, or none known)
    loss                  what the worse of the two loses against the better, as a share of it (inf: no plan)
    class                 required: without it the loss is above the tolerance; not_selected: with it; else alternative
    proven                whether the class holds for any true values within the bounds

    `first` is the answer to the instance, and `known` any other plans of it that were found before (k_best): one that
    is as good as the best settles every site that it has or has not. `limits` holds for all solves together.
    """
    ends = clock.now() + limits.seconds
    best = first or solve(instance, limits)
    if best.status not in ("optimal", "feasible"):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    equal = [plan for plan in known if same(plan.objective, best.objective)]
    rows = []
    for site in instance.free:
        inside = instance.site_ids[site] in best.chosen
        other = _among(equal, instance.site_ids[site], not inside)
        if other is None:
            left = replace(limits, seconds=ends - clock.now())
            other, plan = _with_or_without(instance, int(site), not inside, left, solve)
            if plan is not None and same(plan.objective, best.objective):
                equal.append(plan)
        rows.append(class_row(str(instance.site_ids[site]), _interval(best), other, inside, sense(instance), tolerance))
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class Interval:
    """A best value (small is good): of the plan that is known, inf without one, and what no plan can beat."""

    value: float
    bound: float


def _interval(siting: Siting) -> Interval:
    sign = sense(siting.instance)
    return Interval(siting.objective * sign, min(siting.bound * sign, siting.objective * sign))


def _among(equal: list[Siting], name: str, inside: bool) -> Interval | None:
    """Return the value of an equally good plan that has the site, or has it not."""
    return next((_interval(plan) for plan in equal if (name in plan.chosen) == inside), None)


def _with_or_without(
    instance: Instance, site: int, inside: bool, limits: Limits, solve: Solver
) -> tuple[Interval, Siting | None]:
    """Return the best value, and plan, with the site forced or forbidden."""
    one, none = np.array([site]), np.zeros(0, np.int64)
    part = restricted(instance, one if inside else none, none if inside else one)
    if part is None:
        return Interval(np.inf, np.inf), None
    if limits.seconds <= 0:
        return Interval(np.inf, -np.inf), None
    plan = solve(part, limits)
    if plan.status == "infeasible":
        return Interval(np.inf, np.inf), None
    if plan.status == "unknown":
        bound = plan.bound * sense(instance)
        return Interval(np.inf, -np.inf if np.isnan(bound) else bound), None
    return _interval(plan), plan


def class_row(
    name: str, best: Interval, other: Interval, inside: bool, sign: int, tolerance: float
) -> tuple[str, str, float, float, float, bool]:
    """Return the row of one site, given the best values and those with the site, or without it where the best has it."""
    loss = _loss(other.value, best.value)
    large = loss > tolerance + 1e-12
    lowest = max(other.bound, best.bound)  # with more rules, no plan is better
    losses = _loss(lowest, best.value), _loss(other.value, best.bound)
    turned = _loss(best.value, lowest)  # if the best plan is not proven, the other may be better
    proven = all((one > tolerance + 1e-12) == large for one in losses) and turned <= tolerance + 1e-12
    values = [best.value * sign, other.value * sign if np.isfinite(other.value) else np.nan]
    kind = "alternative" if not large else "required" if inside else "not_selected"
    return name, kind, *(values if inside else values[::-1]), loss, proven  # type: ignore[return-value]


def _loss(value: float, best: float) -> float:
    """Return what a value loses against the best, as a share of it; 0 where it is as good.

    >>> _loss(-90.0, -100.0), _loss(0.0, 0.0), _loss(1.0, 0.0)
    (0.1, 0.0, inf)
    """
    if same(value, best) or value < best:
        return 0.0
    return float((value - best) / abs(best)) if best != 0 and np.isfinite(value) else float("inf")
