# mypy: disable-error-code="untyped-decorator"
"""The Lagrangean bound of a small question, compiled: prices raised until they pass a goal. See small_kernels."""

from typing import Any

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
ENDLESS = 1e300
FIRST_ROUNDS, ROUNDS = 400, 60
"""How often the prices are changed at the first node, and at each later one."""
_FIRST_PATIENCE, _PATIENCE = 15, 8
"""So many changes without gain halve the step."""
_LEAST_PACE = 1e-3
_TURN = 0.7
"""How much of the last direction the next one keeps: it damps the zigzag of plain subgradients."""


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _saving(cost: Amounts, price: Amounts) -> float:
    """Return Σ min(0, cost − price)."""
    total = 0.0
    for at in range(price.size):
        total += min(0.0, cost[at] - price[at])
    return total


@njit(cache=True, nogil=True)
def _least(saving: Amounts, free: Bools, picks: int, picked: Any) -> float:
    """Write the free sites of the `picks` least savings, least first, and return their sum."""
    total = 0.0
    taken = np.zeros(saving.size, np.bool_)
    for at in range(picks):
        best = -1
        for site in range(saving.size):
            if free[site] and not taken[site] and (best < 0 or saving[site] < saving[best]):
                best = site
        taken[best] = True
        picked[at] = best
        total += saving[best]
    return total


@njit(cache=True, nogil=True)
def _price(
    costs: Amounts, extra: Amounts, price: Amounts, free: Bools, picks: int, saving: Amounts, picked: Any
) -> float:
    """Return the bound of these prices; savings and picked sites are written."""
    for site in range(free.size):
        if free[site]:
            saving[site] = extra[site] + _saving(costs[site], price)
    total = 0.0
    for demand in range(price.size):
        total += price[demand]
    return total + _least(saving, free, picks, picked)


@njit(cache=True, nogil=True)
def _turn(costs: Amounts, base: Amounts, price: Amounts, picked: Any, picks: int, drift: Amounts) -> float:
    """Turn the direction: up where no picked site serves a demand, down where several do. Return its square, 0: no way.

    A price at its end is not pushed beyond.
    """
    slope, still = np.ones(price.size), True
    for at in range(picks):
        row = costs[picked[at]]
        for demand in range(price.size):
            if row[demand] < price[demand]:
                slope[demand] -= 1.0
    square = 0.0
    for demand in range(price.size):
        if slope[demand] > 0.0 and price[demand] >= base[demand]:
            slope[demand] = 0.0
        still = still and slope[demand] == 0.0
        way = slope[demand] + _TURN * drift[demand]
        if (way > 0.0 and price[demand] >= base[demand]) or (way < 0.0 and price[demand] <= 0.0):
            way = 0.0
        drift[demand] = way
        square += way * way
    return 0.0 if still else square


@njit(cache=True, nogil=True)
def ascend(
    costs: Amounts, extra: Amounts, base: Amounts, price: Amounts, free: Bools, picks: int, goal: float, rounds: int,
    saving: Amounts, picked: Any,
) -> float:  # fmt: skip
    """Raise the prices until the bound passes the goal or the rounds are over; return the bound of the best prices.

    Prices, savings and picked sites are left at the best.
    """
    now, drift, pace, idle = np.empty(price.size), np.zeros(price.size), 1.0, 0
    patience = _PATIENCE if rounds < FIRST_ROUNDS else _FIRST_PATIENCE
    for demand in range(price.size):
        now[demand] = min(price[demand], base[demand])
    best = -np.inf
    for turn in range(rounds):
        bound = _price(costs, extra, now, free, picks, saving, picked)
        idle += 1
        if bound > best:
            if bound > best + (1e-4 * (goal - best) if goal < ENDLESS else 1e-9 * abs(best)):
                idle = 0
            best = bound
            for demand in range(price.size):
                price[demand] = now[demand]
        if bound > goal or turn == rounds - 1:
            break
        if idle > patience:
            pace, idle = pace * 0.5, 0
            if pace < _LEAST_PACE:
                break
            for demand in range(price.size):
                now[demand], drift[demand] = price[demand], 0.0
            bound = _price(costs, extra, now, free, picks, saving, picked)
        square = _turn(costs, base, now, picked, picks, drift)
        if square == 0.0:
            break
        aim = goal if goal < ENDLESS else bound + 0.05 * abs(bound) + 1.0
        step = pace * ((aim - bound) * 1.02 + 1e-9 * abs(bound)) / square
        for demand in range(price.size):
            now[demand] = min(base[demand], max(0.0, now[demand] + step * drift[demand]))
    return _price(costs, extra, price, free, picks, saving, picked)
