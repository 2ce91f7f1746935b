"""Compiled loops of the cover models (identical rows, rows within rows) and of the p-median. They release the GIL."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Positions = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def _same(indptr: Any, indices: Any, column: Any, one: int, other: int) -> bool:
    """Whether two rows hold the same columns; a site whose column is below 0 is no column."""
    at, to = indptr[one], indptr[other]
    while True:
        while at < indptr[one + 1] and column[indices[at]] < 0:
            at += 1
        while to < indptr[other + 1] and column[indices[to]] < 0:
            to += 1
        if at == indptr[one + 1] or to == indptr[other + 1]:
            return bool(at == indptr[one + 1] and to == indptr[other + 1])
        if indices[at] != indices[to]:
            return False
        at += 1
        to += 1


@njit(cache=True, nogil=True)
def _wider(table: Any, key_of: Keys, groups: int) -> Any:
    """Return the hash table twice as wide."""
    wide = np.full(2 * table.size, -1, np.int64)
    mask = np.uint64(wide.size - 1)
    for group in range(groups):
        slot = key_of[group] & mask
        while wide[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        wide[slot] = group
    return wide


@njit(cache=True, nogil=True)
def _keyed(indptr: Any, indices: Any, column: Any, salt: Keys, row: int) -> tuple[Any, int]:
    """Return the key of a row's columns, and how many they are."""
    key, size = np.uint64(0), 0
    for at in range(indptr[row], indptr[row + 1]):
        if column[indices[at]] >= 0:
            key += salt[indices[at]]
            size += 1
    return key, size


@njit(cache=True, nogil=True)
def same_rows(indptr: Any, indices: Any, column: Any, salt: Keys, kept: Bools) -> tuple[Any, Any]:
    """Return (group of each row, first row of each group): equal rows share one; -1 where not kept or without columns.

    Groups are numbered by their first rows. The key only says where to look; the columns are compared.
    """
    group_of = np.full(indptr.size - 1, -1, np.int32)
    first, key_of = np.empty(1024, np.int64), np.empty(1024, np.uint64)
    table = np.full(4096, -1, np.int64)
    groups = 0
    for row in range(indptr.size - 1):
        key, size = _keyed(indptr, indices, column, salt, row)
        if size == 0 or not kept[row]:
            continue
        slot = key & np.uint64(table.size - 1)
        while table[slot] >= 0:
            group = table[slot]
            if key_of[group] == key and _same(indptr, indices, column, row, first[group]):
                break
            slot = (slot + np.uint64(1)) & np.uint64(table.size - 1)
        if table[slot] < 0:
            if groups == first.size:
                first, key_of = np.concatenate((first, first)), np.concatenate((key_of, key_of))
            first[groups], key_of[groups], table[slot] = row, key, groups
            groups += 1
        group_of[row] = table[slot]
        if 2 * groups > table.size:
            table = _wider(table, key_of, groups)
    return group_of, first[:groups]


@njit(cache=True, nogil=True)
def _inside(indices: Any, at: int, end: int, to: int, stop: int) -> bool:
    """Whether all of the ascending indices[at:end] stand in the ascending indices[to:stop]."""
    while at < end:
        while to < stop and indices[to] < indices[at]:
            to += 1
        if to == stop or indices[to] != indices[at]:
            return False
        at += 1
        to += 1
    return True


@njit(cache=True, nogil=True)
def _signs(indptr: Any, indices: Any) -> Keys:
    """Return one bit pattern a row that every row within it fits into."""
    signs = np.zeros(indptr.size - 1, np.uint64)
    for row in range(signs.size):
        for at in range(indptr[row], indptr[row + 1]):
            bit = (np.uint64(indices[at]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(58)
            signs[row] |= np.uint64(1) << bit
    return signs


@njit(cache=True, nogil=True)
def _rarest(indices: Any, begin: int, end: int, t_indptr: Any) -> int:
    best = indices[begin]
    for at in range(begin, end):
        one = indices[at]
        if t_indptr[one + 1] - t_indptr[one] < t_indptr[best + 1] - t_indptr[best]:
            best = one
    return int(best)


@njit(cache=True, nogil=True)
def nested_rows(indptr: Any, indices: Any, t_indptr: Any, t_indices: Any, larger: bool, rank: Any) -> Bools:
    """Mark the rows that hold another row (`larger`), or that one holds which goes before them by `rank`.

    Of equal rows the first stays.

    Rows are not empty, and their columns ascend. t_: the same pairs by column.
    """
    signs, size = _signs(indptr, indices), np.diff(indptr)
    marked = np.zeros(signs.size, np.bool_)
    for row in range(signs.size):
        if marked[row]:
            continue
        begin, end = indptr[row], indptr[row + 1]
        rare = _rarest(indices, begin, end, t_indptr)
        for at in range(t_indptr[rare], t_indptr[rare + 1]):
            other = t_indices[at]
            if marked[other] or size[other] < size[row] or other == row or signs[row] & ~signs[other]:
                continue
            if not larger and rank[other] > rank[row]:
                continue
            if _inside(indices, begin, end, indptr[other], indptr[other + 1]):
                if not larger:
                    marked[row] = True
                    break
                marked[other] = True
    return marked


@njit(cache=True, nogil=True)
def cover_counts(starts: Any, rows: Any, columns: Any, count: int) -> Any:
    """Return how many of the columns cover each row."""
    times = np.zeros(count, np.int64)
    for column in columns:
        for at in range(starts[column], starts[column + 1]):
            times[rows[at]] += 1
    return times


@njit(cache=True, nogil=True)
def column_sums(indptr: Any, indices: Any, rows: Any, amount: Any, columns: int) -> Any:
    """Return, for each column, the sum of the amounts of those of the rows that it covers."""
    total = np.zeros(columns)
    for place in range(rows.size):
        for at in range(indptr[rows[place]], indptr[rows[place] + 1]):
            total[indices[at]] += amount[place]
    return total


@njit(cache=True, nogil=True)
def swap_gains(indptr: Any, indices: Any, weight: Any, times: Any, place: Any, chosen: int) -> tuple[Any, Any]:
    """Return what each column would add, and what each would keep of that which one chosen column alone covers."""
    gain, kept = np.zeros(place.size), np.zeros((chosen, place.size))
    for row in range(weight.size):
        if times[row] == 0:
            for at in range(indptr[row], indptr[row + 1]):
                gain[indices[at]] += weight[row]
        elif times[row] == 1:
            owner = 0
            for at in range(indptr[row], indptr[row + 1]):
                owner = max(owner, place[indices[at]])
            for at in range(indptr[row], indptr[row + 1]):
                kept[owner, indices[at]] += weight[row]
    return gain, kept


@njit(cache=True, nogil=True)
def turned(drift: Any, times: Any, price: Any, weight: Any, memory: float) -> float:
    """Turn the drift of the prices by the rows' covers (in place), nothing beyond a price's limits; return its square."""
    square = 0.0
    for row in range(drift.size):
        way = memory * drift[row] + 1.0 - times[row]
        if (way > 0 and price[row] >= weight[row]) or (way < 0 and price[row] <= 0):
            way = 0.0
        drift[row] = way
        square += way * way
    return square


@njit(cache=True, nogil=True)
def moved(drift: Any, price: Any, weight: Any, step: float, indptr: Any, indices: Any, worth: Any) -> float:
    """Move the prices along the drift and the columns' worths with them (both in place); return the prices' change."""
    total = 0.0
    for row in range(drift.size):
        if drift[row] != 0:
            new = min(max(price[row] + step * drift[row], 0.0), weight[row])
            change = new - price[row]
            price[row] = new
            total += change
            for at in range(indptr[row], indptr[row + 1]):
                worth[indices[at]] += change
    return total


class Search(NamedTuple):
    """A set of columns that is to cover every row, under way (all arrays are written to).

    rows: weight, times covered, sum of the open columns that cover it, place in `bare`; columns: open, what opening
    gains and shutting loses (weights), when last changed; bare: rows not covered, the first `size` of it
    """

    weight: Positions
    times: Positions
    owners: Positions
    place: Positions
    is_open: Bools
    gain: Positions
    loss: Positions
    since: Positions
    bare: Positions
    size: Positions


@njit(cache=True, nogil=True)
def _open(at: Search, indptr: Any, indices: Any, starts: Any, rows: Any, column: int) -> None:
    at.is_open[column] = True
    for pair in range(starts[column], starts[column + 1]):
        row = rows[pair]
        if at.times[row] == 0:
            for other in range(indptr[row], indptr[row + 1]):
                at.gain[indices[other]] -= at.weight[row]
            at.loss[column] += at.weight[row]
            at.size[0] -= 1
            last = at.bare[at.size[0]]
            at.bare[at.place[row]], at.place[last] = last, at.place[row]
        elif at.times[row] == 1:
            at.loss[at.owners[row]] -= at.weight[row]
        at.times[row] += 1
        at.owners[row] += column


@njit(cache=True, nogil=True)
def _shut(at: Search, indptr: Any, indices: Any, starts: Any, rows: Any, column: int) -> None:
    at.is_open[column] = False
    at.loss[column] = 0
    for pair in range(starts[column], starts[column + 1]):
        row = rows[pair]
        at.times[row] -= 1
        at.owners[row] -= column
        if at.times[row] == 0:
            for other in range(indptr[row], indptr[row + 1]):
                at.gain[indices[other]] += at.weight[row]
            at.bare[at.size[0]], at.place[row] = row, at.size[0]
            at.size[0] += 1
        elif at.times[row] == 1:
            at.loss[at.owners[row]] += at.weight[row]


@njit(cache=True, nogil=True)
def _least_lost(at: Search, costs: Any, barred: int) -> int:
    """Return the open column whose closing loses least for its cost, the longest unchanged of equal ones; -1 for none."""
    best, least = -1, 0.0
    for column in range(at.is_open.size):
        if at.is_open[column] and column != barred:
            loss = at.loss[column] / costs[column]
            if best < 0 or loss < least or (loss == least and at.since[column] < at.since[best]):
                best, least = column, loss
    return best


@njit(cache=True, nogil=True)
def _most_gained(at: Search, costs: Any, indices: Any, begin: int, end: int, barred: int) -> int:
    """Return the column of a row whose opening gains most for its cost, the longest unchanged of equal ones."""
    best, most = -1, 0.0
    for pair in range(begin, end):
        column = indices[pair]
        if column != barred or end - begin == 1:
            gain = at.gain[column] / costs[column]
            if best < 0 or gain > most or (gain == most and at.since[column] < at.since[best]):
                best, most = column, gain
    return best


@njit(cache=True, nogil=True)
def _heavier(at: Search, indptr: Any, indices: Any) -> None:
    """Let the bare rows weigh more."""
    for place in range(at.size[0]):
        row = at.bare[place]
        at.weight[row] += 1
        for pair in range(indptr[row], indptr[row + 1]):
            at.gain[indices[pair]] += 1


@njit(cache=True, nogil=True)
def cheaper_columns(
    at: Search, costs: Any, indptr: Any, indices: Any, starts: Any, rows: Any, begin: int, turns: int, least: float
) -> tuple[Any, float]:
    """Search for covers that cost less than `least` for some turns; return the last one met (or none) and the least cost.

    Local search with row weights: whenever all is covered a column goes; then one goes and such as cover some row that
    is bare come, while that stays below the least cost, and the bare rows grow heavier. costs: of the columns, above 0.
    """
    best, barred, chance = np.zeros(0, np.bool_), -1, np.uint64(begin + 1)
    now = float(costs[at.is_open].sum())
    for turn in range(begin, begin + turns):
        while at.size[0] == 0:
            if now < least:
                best, least = at.is_open.copy(), now
            out = _least_lost(at, costs, -1)
            _shut(at, indptr, indices, starts, rows, out)
            now -= costs[out]
        out = _least_lost(at, costs, barred)
        if out < 0:
            break
        _shut(at, indptr, indices, starts, rows, out)
        at.since[out] = turn
        now -= costs[out]
        while at.size[0] > 0:
            chance = chance * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            row = at.bare[(chance >> np.uint64(33)) % np.uint64(at.size[0])]
            into = _most_gained(at, costs, indices, indptr[row], indptr[row + 1], out)
            if now + costs[into] >= least * (1 - 1e-12):
                break
            barred = into
            _open(at, indptr, indices, starts, rows, barred)
            at.since[barred] = turn
            now += costs[barred]
            _heavier(at, indptr, indices)
    if at.size[0] == 0 and now < least:
        best, least = at.is_open.copy(), now
    return best, least


@njit(cache=True, nogil=True)
def search_of(indptr: Any, indices: Any, starts: Any, rows: Any, chosen: Any) -> Search:
    """Return the search that begins with the chosen columns."""
    many, columns = indptr.size - 1, starts.size - 1
    at = Search(
        np.ones(many, np.int64), np.zeros(many, np.int64), np.zeros(many, np.int64), np.arange(many),
        np.zeros(columns, np.bool_), np.diff(starts), np.zeros(columns, np.int64), np.zeros(columns, np.int64),
        np.arange(many), np.full(1, many),
    )  # fmt: skip
    for column in chosen:
        _open(at, indptr, indices, starts, rows, column)
    return at


# Compiled loops of the p-median over rows sorted by cost: each reads a row only as far as it must. `median_arrays` has
# the same functions without numba; both add in the same order, so that both give the same numbers.


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
