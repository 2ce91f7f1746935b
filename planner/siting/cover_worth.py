"""The most weight with p sites, covered once (MCLP) or once and twice (backup)."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.cover_bound import Aim, priced, settled
from planner.siting.cover_branch import Left, best_plan
from planner.siting.cover_cheapest import cheapest_cover
from planner.siting.cover_model import Rules, column_rules, feasible_start, site_program, solve_scaled, worth_program
from planner.siting.cover_run import Run, rounded_down, unit_of, with_columns, worth, worths
from planner.siting.cover_start import Plan, best_swap, greedy, planned, swapped
from planner.siting.reduce import Covers, fewer, narrowed, needless_columns
from planner.siting.siting import Siting

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
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
        return _told(run, covers, start, base + most, second)
    if second == 0 and len(covers.indices) > _LARGE:
        covers, start, most = _bounded(run, covers, start)
        rules = column_rules(instance, covers, instance.open_always)
    answer = solve_scaled(worth_program(covers, rules), run.rest, start)
    if answer.status == "infeasible":
        return run.infeasible()
    bound = base + min(-answer.bound, most)
    values = start if answer.status == "unknown" else answer.values
    return run.none(bound) if values is None else _told(run, covers, values, bound, second)


def _told(run: Run, covers: Covers, values: Amounts, bound: float, second: float) -> Siting:
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
