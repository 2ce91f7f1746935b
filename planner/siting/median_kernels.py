# mypy: disable-error-code="untyped-decorator"
"""Compiled loops of the p-median over rows sorted by cost: each reads a row only as far as it must.

`median_arrays` has the same functions without numba; both add in the same order, so that both give the same numbers.
"""

from typing import Any

import numpy as np

from planner.compiled import njit


@njit(cache=True, nogil=True)
def profits(start: Any, site: Any, cost: Any, price: Any, sites: int) -> Any:
    """Return Σ_i min(0, cost − price) of each site."""
    total = np.zeros(sites)
    for row in range(price.size):
        most = price[row]
        for at in range(start[row], start[row + 1]):
            less = cost[at] - most
            if less >= 0.0:
                break
            total[site[at]] += less
    return total


@njit(cache=True, nogil=True)
def served(start: Any, site: Any, cost: Any, base: Any, price: Any, is_open: Any) -> Any:
    """Return (how many open sites each demand finds below its price, its least cost)."""
    times, least = np.zeros(price.size, np.int64), base.copy()
    for row in range(price.size):
        for at in range(start[row], start[row + 1]):
            dear = cost[at] >= price[row]
            if is_open[site[at]]:
                least[row] = min(least[row], cost[at])
                times[row] += not dear
            if dear and least[row] < base[row]:
                break
    return times, least


@njit(cache=True, nogil=True)
def nearest_two(start: Any, site: Any, cost: Any, base: Any, is_open: Any) -> Any:
    """Return (the open site each demand goes to, -1 for none; its cost; the next best cost), base where there is none."""
    first, least, second = np.full(base.size, -1, np.int32), base.copy(), base.copy()
    for row in range(base.size):
        for at in range(start[row], start[row + 1]):
            if is_open[site[at]]:
                if first[row] >= 0:
                    second[row] = cost[at]
                    break
                first[row], least[row] = site[at], cost[at]
    return first, least, second


@njit(cache=True, nogil=True)
def saved(start: Any, site: Any, cost: Any, slot: Any, least: Any, second: Any, sites: int, slots: int) -> Any:
    """Return what opening each site saves of what shutting each slot would cost: (sites, slots).

    slot    of the open site each demand goes to, -1 for none
    """
    total = np.zeros((sites, slots))
    for row in range(slot.size):
        if slot[row] >= 0:
            most, now = second[row], least[row]
            for at in range(start[row], start[row + 1]):
                if cost[at] >= most:
                    break
                total[site[at], slot[row]] += most - max(cost[at], now)
    return total


@njit(cache=True, nogil=True)
def kept(start: Any, site: Any, cost: Any, base: Any, name: Any) -> Any:
    """Return the rows (start, site, cost) of pairs below base whose site has a new name (≥ 0), under that name."""
    ends = np.zeros(start.size, np.int64)
    sites, costs = np.empty(site.size, np.int32), np.empty(site.size)
    count = 0
    for row in range(base.size):
        for at in range(start[row], start[row + 1]):
            if cost[at] >= base[row]:
                break
            if name[site[at]] >= 0:
                sites[count], costs[count] = name[site[at]], cost[at]
                count += 1
        ends[row + 1] = count
    return ends, sites[:count].copy(), costs[:count].copy()
