"""A good plan at once: the site that adds most, again and again, then the best swap while one helps."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.reduce import Covers, kernels_for, pairs_of, summed

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_AT_ONCE = 10_000
"""Turns of a local search between two looks at the clock: it ends by turns, the same everywhere, if there is time."""


class Plan(NamedTuple):
    """Open columns, ascending, and the weight they cover."""

    columns: Positions
    value: float


def cover_counts(covers: Covers, columns: Positions) -> Positions:
    """Return how many of the columns cover each row."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.cover_counts(*covers.by_column, columns, covers.rows)
    chosen = np.zeros(covers.columns)
    chosen[columns] = 1.0
    return np.asarray(covers.sides[0] @ chosen, np.int64)


def column_sums(covers: Covers, rows: Positions, amount: Amounts) -> Amounts:
    """Return, for each column, the sum of the amounts of those of the rows that it covers."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.column_sums(covers.indptr, covers.indices, rows, amount, covers.columns)
    whole = np.zeros(covers.rows)
    whole[rows] = amount
    return np.asarray(covers.sides[1] @ whole, np.float64)


def planned(covers: Covers, columns: Positions) -> Plan:
    """Return the plan of these columns."""
    return Plan(np.sort(columns), float(covers.weight[cover_counts(covers, columns) > 0].sum()))


def greedy(covers: Covers, count: int) -> Plan:
    """Return `count` columns, each the one that adds most to those before (of equal ones the first)."""
    return planned(covers, _greedy(covers, np.ones(covers.columns), count, np.inf))


def _greedy(covers: Covers, costs: Amounts, count: int, need: float) -> Positions:
    """Return columns, each the one that adds most weight for its cost, until there are so many or all that is needed."""
    starts, by_column = covers.by_column
    gain = column_sums(covers, np.arange(covers.rows), covers.weight)
    bare = np.ones(covers.rows, np.bool_)
    chosen: list[int] = []
    left = float(covers.weight.sum()) if need == np.inf else need
    while len(chosen) < count and (need == np.inf or (left > 0 and bare.any())):
        best = int(np.argmax(gain / costs))
        rows = by_column[starts[best] : starts[best + 1]]
        rows = rows[bare[rows]]
        bare[rows] = False
        left -= float(covers.weight[rows].sum())
        gain -= column_sums(covers, rows, covers.weight[rows])
        gain[best] = -np.inf
        chosen.append(best)
    return np.array(chosen, np.int64)


def prices(costs: Amounts) -> Amounts:
    """Return the costs, above 0 where something is divided by them."""
    return np.maximum(costs, 1e-9 * float(costs.max(initial=0.0)) or 1.0)


def covering(covers: Covers, costs: Amounts) -> Amounts:
    """Return columns (as 0 and 1) that cover every row: greedily, then without those that the others make needless."""
    starts, by_column = covers.by_column
    each = replace(covers, weight=np.ones(covers.rows))
    columns = _greedy(each, prices(costs), covers.columns, covers.rows)
    times = cover_counts(covers, columns)
    values = np.zeros(covers.columns)
    values[columns] = 1
    for column in columns[np.lexsort((np.diff(starts)[columns], -costs[columns]))]:
        rows = by_column[starts[column] : starts[column + 1]]
        if (times[rows] > 1).all():
            times[rows] -= 1
            values[column] = 0
    return values


def covering_share(covers: Covers, costs: Amounts, need: float) -> Amounts:
    """Return columns (as 0 and 1) that cover so much weight, greedily."""
    values = np.zeros(covers.columns)
    values[_greedy(covers, prices(costs), covers.columns, need)] = 1
    return values


def cheaper_columns(covers: Covers, costs: Amounts, values: Amounts, turns: int, ends: float) -> Amounts:
    """Return a cover of every row that costs less, where a local search of so many turns finds one before the time ends.

    Of few pairs the one given.
    """
    kernels = kernels_for(covers.indices)
    if kernels is None:
        return values
    pairs, price = (covers.indptr, covers.indices, *covers.by_column), prices(costs)
    at = kernels.search_of(*pairs, np.flatnonzero(values > 0.5))
    least = float(price[values > 0.5].sum())
    for begin in range(0, turns, _AT_ONCE):
        if clock.now() > ends:
            break
        found, least = kernels.cheaper_columns(at, price, *pairs, begin, min(_AT_ONCE, turns - begin), least)
        values = found.astype(float) if len(found) else values
    return values


def swapped(covers: Covers, plan: Plan, ends: float) -> Plan:
    """Return the plan after the best swap of one column for another, while one helps and there is time."""
    columns = plan.columns.copy()
    while 0 < len(columns) < covers.columns and clock.now() < ends:
        gain, out, into = best_swap(covers, columns)
        if gain <= 1e-9 * plan.value:
            break
        columns[out] = into
    return planned(covers, columns)


def best_swap(covers: Covers, columns: Positions, kept: Bools | None = None) -> tuple[float, int, int]:
    """Return (gain, place in `columns`, other column) of the swap that gains most, of those that are `kept` (a table)."""
    place = np.full(covers.columns, -1)
    place[columns] = np.arange(len(columns))
    gain, still = _swap_gains(covers, cover_counts(covers, columns), place, len(columns))
    gain[columns] = -np.inf
    total = gain + still - still[np.arange(len(columns)), columns][:, None]
    if kept is not None:
        total[~kept] = -np.inf
    best = int(np.argmax(total))
    return float(total.flat[best]), best // covers.columns, best % covers.columns


def _swap_gains(covers: Covers, times: Positions, place: Positions, chosen: int) -> tuple[Amounts, Amounts]:
    """Return what each column would add, and what each would keep of that which one chosen column alone covers."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.swap_gains(covers.indptr, covers.indices, covers.weight, times, place, chosen)
    none, once = np.flatnonzero(times == 0), np.flatnonzero(times == 1)
    gain = column_sums(covers, none, covers.weight[none])
    pairs, size = pairs_of(covers.indptr, once)
    column, row = covers.indices[pairs], np.repeat(np.arange(len(once)), size)
    mine = place[column] >= 0
    owner = np.zeros(len(once), np.int64)
    owner[row[mine]] = place[column[mine]]
    flat = owner[row] * covers.columns + column
    kept = summed(flat, covers.weight[once][row], chosen * covers.columns)
    return gain, kept.reshape(chosen, covers.columns)
