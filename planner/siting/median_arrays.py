"""The loops of `kernels` as array operations, for few pairs: the same numbers, with nothing to compile."""

import numpy as np

from planner.siting.median_problem import Amounts, Bools, Names, Positions


def profits(start: Positions, site: Names, cost: Amounts, price: Amounts, sites: int) -> Amounts:
    """Return Σ_i min(0, cost − price) of each site."""
    less = cost - np.repeat(price, np.diff(start))
    inside = less < 0
    return np.bincount(site[inside], less[inside], sites).astype(float)  # of no pairs, it counts in whole numbers


def served(
    start: Positions, site: Names, cost: Amounts, base: Amounts, price: Amounts, is_open: Bools
) -> tuple[Positions, Amounts]:
    """Return (how many open sites each demand finds below its price, its least cost)."""
    row, at = _open_pairs(start, site, is_open)
    times = np.bincount(row[cost[at] < price[row]], minlength=len(base))
    return times, nearest_two(start, site, cost, base, is_open)[1]


def nearest_two(
    start: Positions, site: Names, cost: Amounts, base: Amounts, is_open: Bools
) -> tuple[Names, Amounts, Amounts]:
    """Return (the open site each demand goes to, -1 for none; its cost; the next best cost), base where there is none."""
    row, at = _open_pairs(start, site, is_open)
    first, least, second = np.full(len(base), -1, np.int32), base.copy(), base.copy()
    begins = np.ones(len(row), np.bool_)
    begins[1:] = row[1:] != row[:-1]
    follows = np.zeros(len(row), np.bool_)
    follows[1:] = begins[:-1] & ~begins[1:]
    first[row[begins]], least[row[begins]] = site[at[begins]], cost[at[begins]]
    second[row[follows]] = cost[at[follows]]
    return first, least, second


def _open_pairs(start: Positions, site: Names, is_open: Bools) -> tuple[Positions, Positions]:
    at = np.flatnonzero(is_open[site])
    return np.searchsorted(start, at, side="right") - 1, at


def saved(
    start: Positions, site: Names, cost: Amounts, slot: Positions, least: Amounts, second: Amounts, sites: int,
    slots: int,
) -> Amounts:  # fmt: skip
    """Return what opening each site saves of what shutting each slot would cost: (sites, slots)."""
    row = np.repeat(np.arange(len(slot)), np.diff(start))
    at = np.flatnonzero((cost < second[row]) & (slot[row] >= 0))
    row = row[at]
    total = np.bincount(
        site[at].astype(np.int64) * slots + slot[row], second[row] - np.maximum(cost[at], least[row]), sites * slots
    )
    return total.astype(float).reshape(sites, slots)


def kept(start: Positions, site: Names, cost: Amounts, base: Amounts, name: Names) -> tuple[Positions, Names, Amounts]:
    """Return the rows (start, site, cost) of pairs below base whose site has a new name (≥ 0), under that name."""
    keep = (name[site] >= 0) & (cost < np.repeat(base, np.diff(start)))
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])
    return ends[start], name[site[keep]], cost[keep]
