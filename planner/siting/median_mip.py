"""What the search leaves open, to the solver: the radius formulation, over the few pairs that a better plan can use.

A demand pays its least cost, and the step to the next one for every radius within which no site is open (García, Labbé
and Marín 2011). Radii with the same sites inside are one, whoever's they are.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner import clock
from planner.siting.cover_model import solve_scaled
from planner.siting.highs import Program, Solved
from planner.siting.median_problem import Amounts, Median, Names, Positions
from planner.siting.question import Limits


@dataclass(frozen=True, eq=False)
class Radii:
    """Sets of sites, and what is paid where none of a set is open; inf where one must be. `least` is paid by any plan."""

    start: Positions
    site: Names
    step: Amounts
    least: float


def radii(median: Median, most: Amounts, coefficients: int) -> Radii | None:
    """Return the radii of a problem in which no demand pays `most` or more; None where they have too many coefficients."""
    pairs = median.pairs
    inside = pairs.cost < np.repeat(most, np.diff(pairs.start))
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(inside)])[pairs.start]
    cost, site = pairs.cost[inside], pairs.site[inside]
    last = np.where(median.base < most, median.base, np.inf)
    following = np.append(cost[1:], 0.0)
    following[ends[1:] - 1] = last
    steps = np.flatnonzero(following > cost)
    row = np.searchsorted(ends, steps, side="right") - 1
    if (np.diff(ends) == 0).any() or int((steps + 1 - ends[row]).sum()) > coefficients:
        return None
    known: dict[bytes, float] = {}
    for begin, at in zip(ends[row].tolist(), steps.tolist(), strict=True):
        key = np.sort(site[begin : at + 1]).tobytes()
        known[key] = known.get(key, 0.0) + float(following[at] - cost[at])
    sets = [np.frombuffer(key, np.int32) for key in known]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(one) for one in sets])])
    least = median.constant + float(cost[ends[:-1]].sum())
    return Radii(start, np.concatenate(sets), np.array(list(known.values())), least)


def finished(median: Median, steps: Radii, limits: Limits, ends: float) -> Solved:
    """Return the solver's answer; its first values are the sites."""
    sites, sets = len(median.fee), len(steps.step)
    cover = csr_array((np.ones(len(steps.site)), steps.site, steps.start), shape=(sets, sites))
    paid = np.flatnonzero(np.isfinite(steps.step))
    none = csr_array((np.ones(len(paid)), (paid, np.arange(len(paid)))), shape=(sets, len(paid)))
    rules = vstack([csr_array(np.ones((1, sites))), median.rules.rows])
    wide = hstack([rules, csr_array((rules.shape[0], len(paid)))])
    program = Program(
        np.concatenate([median.fee, steps.step[paid]]),
        csr_array(vstack([wide, hstack([cover, none])])),
        np.concatenate([[median.pick], median.rules.low, np.ones(sets)]),
        np.concatenate([[median.pick], median.rules.high, np.full(sets, np.inf)]),
        np.zeros(sites + len(paid)),
        np.ones(sites + len(paid)),
        np.arange(sites + len(paid)) < sites,
    )
    left = Limits(max(ends - clock.now(), 0.0), 0.0, limits.threads, limits.seed)
    return solve_scaled(program, left)
