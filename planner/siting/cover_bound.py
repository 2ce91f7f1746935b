"""What no plan can beat: the linking rule of maximal cover priced out (Lagrange), the prices moved by subgradients.

max Σ w y, y ≤ Σ x: with a price 0 ≤ λ ≤ w on each row the best y is 1 and the best x are the dearest columns, so that
Σ (w − λ) + the `count` largest Σ λ of a column is a bound, whatever the prices, and whatever further rules a plan keeps.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.cover_start import Plan, column_sums, cover_counts, planned, swapped
from planner.siting.reduce import Covers, kernels_for

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_MEMORY = 0.9
_FADE = 0.05
_PATIENCE = 15
_ROUNDING = 50
_WEAKEST = 0.004
_TINY = 1e-300


class Aim(NamedTuple):
    """When to stop: at a gap, at a time (monotonic); `unit` is the least difference of two plans, 0 where not known."""

    unit: float
    gap: float
    ends: float

    def need(self, best: float) -> float:
        """Return the value below which nothing counts as better than `best`."""
        size = abs(best)
        return best + max(self.unit * (1 - 1e-6) - 1e-11 * size, (self.gap + 1e-9) * size, _TINY)


@dataclass(frozen=True, eq=False)
class Priced:
    """The least bound found: its prices, what each column is then worth, how often each was chosen, the best plan met."""

    bound: float
    price: Amounts
    worth: Amounts
    often: Amounts
    plan: Plan


class _Moving(NamedTuple):
    """Prices on their way (all three are written to): the prices, where they drift, what each column is worth."""

    price: Amounts
    drift: Amounts
    worth: Amounts


def priced(covers: Covers, count: int, price: Amounts, best: Plan, aim: Aim, rounds: int) -> Priced:
    """Move the prices for some rounds, or until the bound shows that nothing better than `best` exists."""
    total = float(covers.weight.sum())
    now = _Moving(price.copy(), np.zeros(covers.rows), _worth(covers, price))
    least, kept, pull, idle = np.inf, price, 1.0, 0
    often = np.zeros(covers.columns)
    for turn in range(1, rounds + 1):
        top = dearest(now.worth, count)
        bound = total - float(now.price.sum()) + float(now.worth[top].sum())
        idle = 0 if bound < least - 1e-5 * abs(least) else idle + 1
        if bound < least:
            least, kept = bound, now.price.copy()
        if idle > _PATIENCE:
            pull, idle = pull / 1.6, 0
        times = cover_counts(covers, top)
        best = _better(covers, best, Plan(top, float(covers.weight[times > 0].sum())))
        often *= 1 - _FADE
        often[top] += _FADE
        if turn % _ROUNDING == 0:
            best = _better(covers, best, _rounded(covers, often, count, aim.ends))
        if min(least, total) < aim.need(best.value) or pull < _WEAKEST or clock.now() > aim.ends:
            break
        if not _moved(covers, now, times, pull * max(bound - best.value, 1e-9 * abs(best.value))):
            break
    worth = _worth(covers, kept)
    return Priced(total - float(kept.sum()) + float(worth[dearest(worth, count)].sum()), kept, worth, often, best)


def _better(covers: Covers, best: Plan, other: Plan) -> Plan:
    return best if other.value <= best.value else planned(covers, other.columns)


def _rounded(covers: Covers, often: Amounts, count: int, ends: float) -> Plan:
    """Return the plan of the columns chosen most often, after swaps: better than any the prices choose by themselves."""
    return swapped(covers, planned(covers, np.argsort(-often, kind="stable")[:count]), ends)


def _worth(covers: Covers, price: Amounts) -> Amounts:
    return column_sums(covers, np.arange(covers.rows), price)


def _moved(covers: Covers, now: _Moving, times: Positions, distance: float) -> bool:
    """Move the prices against the covers, by Polyak's step; False where none can move: the bound is then the optimum."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        square = kernels.turned(now.drift, times, now.price, covers.weight, _MEMORY)
        if square > 0:
            kernels.moved(
                now.drift, now.price, covers.weight, distance / square, covers.indptr, covers.indices, now.worth
            )
        return bool(square > 0)
    drift = _MEMORY * now.drift + 1.0 - times
    drift[((drift > 0) & (now.price >= covers.weight)) | ((drift < 0) & (now.price <= 0))] = 0.0
    now.drift[:] = drift
    rows = np.flatnonzero(drift)
    if len(rows) == 0:
        return False
    price = np.clip(now.price[rows] + distance / float(drift @ drift) * drift[rows], 0.0, covers.weight[rows])
    now.worth[:] += column_sums(covers, rows, price - now.price[rows])
    now.price[rows] = price
    return True


def dearest(worth: Amounts, count: int) -> Positions:
    """Return the columns of the `count` largest worths."""
    return np.argpartition(-worth, count - 1)[:count] if count else np.zeros(0, np.int64)


def settled(found: Priced, count: int, need: float) -> tuple[Bools, Bools]:
    """Return (open, shut): the columns that every plan worth `need` has, and those that none has."""
    order = np.argsort(-found.worth, kind="stable")
    inside = np.zeros(len(order), np.bool_)
    inside[order[:count]] = True
    last, following = found.worth[order[count - 1]], found.worth[order[count]]
    other = np.where(inside, found.bound - found.worth + following, found.bound - last + found.worth)
    return inside & (other < need), ~inside & (other < need)
