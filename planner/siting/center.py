"""p-center: the sites from which the worst-off demand is nearest, by bisection over the costs that occur.

Whether p sites serve all within a cost is a p-median too, where a demand costs 0 within and 1 beyond: its search says yes
with a plan that costs 0, or no with a bound above 0.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.instance import Instance
from planner.siting.median import Best, first_plan, greedy, hopeless, interchanged, searched
from planner.siting.median_problem import Amounts, Bools, Median, Pairs, Positions, median_of
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.siting import Siting, nearest_open, no_plan, relative_gap, siting_of

# Covering made small: demands that are served whenever another is, and sites that another can stand in for, are dropped.

_Table = npt.NDArray[np.float32]
_WIDEST = 3_000
"""With more demands or sites than this the tables would cost more than they save."""


def undominated(problem: Median, sites_too: bool) -> Median:
    """Return the covering problem without what is dominated, in turns until nothing more is.

    sites_too: a site goes if another reaches the same demands and more, which is safe where p is the one rule. There may
    then be fewer sites than are to be opened: any others fill up.
    """
    demands, sites = len(problem.base), len(problem.fee)
    if max(demands, sites) > _WIDEST:
        return problem
    table: _Table = np.zeros((demands, sites), np.float32)
    table[np.repeat(np.arange(demands), np.diff(problem.pairs.start)), problem.pairs.site] = 1
    row, column = np.arange(demands), np.arange(sites)
    while True:
        before = table.shape
        keep = ~_within(table, smaller=True)
        row, table = row[keep], table[keep]
        if sites_too:
            keep = ~_within(table.T, smaller=False)
            column, table = column[keep], table[:, keep]
        if table.shape == before:
            break
    at, site = np.nonzero(table)
    start = np.searchsorted(at, np.arange(len(row) + 1)).astype(np.int64)
    return replace(
        problem,
        pairs=Pairs(start, site.astype(np.int32), np.zeros(len(site))),
        base=problem.base[row],
        demands=np.arange(len(row)),
        fee=problem.fee[column],
        sites=problem.sites[column],
        pick=min(problem.pick, len(column)),
        rules=replace(problem.rules, rows=problem.rules.rows[:, column]),
    )


def _within(table: _Table, *, smaller: bool) -> Bools:
    """Whether each row of zeros and ones has another within it (or, not smaller, lies within another); one of equals stays."""
    both, size = table @ table.T, table.sum(axis=1)
    at = np.arange(len(size))
    less, more = (size[None, :], size[:, None]) if smaller else (size[:, None], size[None, :])
    inside = (both == less) & ((less < more) | ((less == more) & (at[None, :] < at[:, None])))
    return np.asarray(inside.any(axis=1))


@dataclass(frozen=True, eq=False)
class _Range:
    """The best plan known (positions of all open sites), its largest cost, and a cost below which there is none."""

    opened: Positions
    radius: float
    least: float


def solve_p_center(instance: Instance, limits: Limits) -> Siting:
    """Return the plan of exactly p sites with the least largest cost over all demands that a site may reach."""
    begin = clock.now()
    ends = begin + limits.seconds
    alike = replace(instance, weight=np.ones(len(instance.weight)))
    whole = replace(median_of(alike), fee=np.zeros(len(instance.free)), constant=0.0)
    plan, none = (None, True) if hopeless(instance, whole) else first_plan(alike, whole, limits, ends)
    if plan is None:
        return no_plan(instance, clock.since(begin), limits, infeasible=none)
    found, tried = _bisected(instance, whole, whole.sites[plan.opened], limits, ends)
    sizes = {"sites": len(whole.fee), "demands": len(whole.base), "pairs": len(whole.pairs.cost), "radii": tried}
    return siting_of(instance, found.opened, found.radius, found.least, clock.since(begin), limits, sizes)


def _bisected(instance: Instance, whole: Median, opened: Positions, limits: Limits, ends: float) -> tuple[_Range, int]:
    """Return what bisection leaves of the range of radii, and how many were tried."""
    known = _ranged(instance, opened, _nearest(instance))
    costs = np.unique(instance.costs[(instance.costs >= known.least) & (instance.costs <= known.radius)]).astype(float)
    tried, at_top = 0, False
    while known.least < known.radius and relative_gap(known.radius, known.least) > limits.gap:
        low, high = np.searchsorted(costs, [known.least, known.radius])
        at = int(high - 1 if at_top else (low + high) // 2)
        tried += 1
        yes, opened, easy = _served(_beyond(whole, float(costs[at])), known.opened, instance.only_p, limits, ends)
        if yes is None:
            break
        # A plan that was hard to find is often the best: one no, just below it, then proves it.
        at_top = yes and not easy and not at_top
        known = (
            _ranged(instance, _filled(whole, opened), known.least)
            if yes
            else replace(known, least=float(costs[at + 1]))
        )
    return known, tried


def _filled(whole: Median, opened: Positions) -> Positions:
    """Return the sites with others, the first ones, up to the number that is to be opened."""
    others = np.setdiff1d(whole.sites, opened)
    return np.concatenate([opened, others[: whole.pick - len(opened)]])


def _nearest(instance: Instance) -> float:
    """Return the largest cost if every site that may be open were."""
    cost = nearest_open(instance, np.flatnonzero(instance.status != FORBIDDEN))[1]
    return float(cost[~instance.unreachable].max(initial=0.0))


def _ranged(instance: Instance, opened: Positions, least: float) -> _Range:
    opened = np.union1d(opened, np.flatnonzero(instance.open_always))
    cost = nearest_open(instance, opened)[1]
    return _Range(opened, float(cost[~instance.unreachable].max(initial=0.0)), least)


def _served(
    problem: Median, known: Positions, only_p: bool, limits: Limits, ends: float
) -> tuple[bool | None, Positions, bool]:
    """Return (whether some plan costs nothing, its sites, whether swaps found it); None where time did not suffice.

    known   the sites of a plan that keeps the rules, to start from where greed breaks them
    """
    opened = greedy(problem, ends)
    if not problem.rules.keeps(opened):
        opened = np.searchsorted(problem.sites, np.intersect1d(known, problem.sites))
    plan = interchanged(problem, opened, ends)
    if plan.value == 0:
        return True, problem.sites[plan.opened], True
    best = Best(problem.sites[plan.opened], 1.0, 1.0, 0.0)
    answer = searched(undominated(problem, only_p), best, limits, ends)
    if answer.best.value == 0:
        return True, answer.best.opened, False
    return (False if answer.bound > 0 else None), best.opened, False


def _beyond(whole: Median, radius: float) -> Median:
    """Return the problem in which a demand costs 0 within the radius and 1 beyond."""
    pairs, left = whole.pairs, whole.base > radius
    inside = pairs.cost <= radius
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(inside)])
    count = np.diff(ends[pairs.start])
    inside &= np.repeat(left, np.diff(pairs.start))
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count[left])])
    site = pairs.site[inside]
    base: Amounts = np.ones(int(left.sum()))
    return replace(
        whole, pairs=Pairs(start, site, np.zeros(len(site))), base=base, demands=np.arange(len(base)), constant=0.0,
        never=np.inf,
    )  # fmt: skip
