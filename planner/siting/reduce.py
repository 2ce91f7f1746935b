"""Fewer rows and columns before the solver, with the same best value: folded, merged, and without what others imply."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.siting.instance import Instance

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_SMALL = 20_000
"""Up to so many pairs numpy is done before numba is loaded."""
_CHUNK = 2**22
_FULL = 2**17


@dataclass(frozen=True, eq=False)
class Covers:
    """What is left of a cover question: rows of demands with one cover set, over the sites still to be decided.

    sites            positions, in the instance, of the columns
    weight, again    of each row: what a first cover is worth, and what a second adds
    indptr, indices  CSR rows: the columns that cover each row, ascending; no row is empty
    """

    sites: Positions
    weight: Amounts
    again: Amounts
    indptr: Positions
    indices: Positions

    @property
    def rows(self) -> int:
        return len(self.weight)

    @property
    def columns(self) -> int:
        return len(self.sites)

    @cached_property
    def matrix(self) -> csr_array:
        """The rows as a sparse matrix of ones."""
        return csr_array((np.ones(len(self.indices)), self.indices, self.indptr), shape=(self.rows, self.columns))

    @cached_property
    def by_column(self) -> tuple[Positions, Positions]:
        """The same pairs by column: (starts, rows), rows ascending."""
        return self.turned.indptr.astype(np.int64), self.turned.indices.astype(np.int64)

    @cached_property
    def turned(self) -> csr_array:
        """The matrix with a row for each column."""
        return csr_array(self.matrix.T)

    @cached_property
    def sides(self) -> tuple[Any, Any]:
        """The matrix and its transpose for products with vectors: as full tables where they are small."""
        if self.rows * self.columns > _FULL:
            return self.matrix, self.turned
        return self.matrix.toarray(), self.turned.toarray()


def open_count(instance: Instance) -> npt.NDArray[np.int32] | None:
    """Return how many sites that are open anyway cover each demand; None where no site is open anyway."""
    if not instance.open_always.any():
        return None
    return per_row(instance.indptr, instance.open_always[instance.indices])


def per_row(indptr: Positions, marked: Bools) -> npt.NDArray[np.int32]:
    """Return how many pairs of each row are marked."""
    ends = np.concatenate([np.zeros(1, np.int32), np.cumsum(marked, dtype=np.int32)])
    return ends[indptr[1:]] - ends[indptr[:-1]]


def covers_of(instance: Instance, weight: Amounts, again: Amounts | None, kept: Bools) -> Covers:
    """Return the kept demands merged by their cover sets over the free sites; those that no free site covers are left out.

    weight, again: what a first cover by a free site is worth to each demand, and what a second.
    """
    column = np.full(len(instance.site_ids), -1, np.int64)
    column[instance.free] = np.arange(len(instance.free))
    worth = (weight,) if again is None else (weight, again)
    rows, sums = _merged(instance.indptr, instance.indices, column, worth, kept)
    return Covers(instance.free, sums[0], np.zeros(len(sums[0])) if again is None else sums[1], *rows)


def narrowed(covers: Covers, opened: Bools, shut: Bools, price: Amounts) -> tuple[Covers, Amounts]:
    """Return what is left once some columns are open (their rows are covered) and others shut, and its rows' prices.

    Only where a second cover is worth nothing.
    """
    left = ~(opened | shut)
    column = np.where(left, np.cumsum(left) - 1, -1)
    kept = per_row(covers.indptr, opened[covers.indices]) == 0
    worth = (covers.weight, covers.again, price)
    rows, sums = _merged(covers.indptr, covers.indices, column, worth, kept)
    return Covers(covers.sites[left], sums[0], sums[1], *rows), sums[2]


def without_rows(covers: Covers, dropped: Bools) -> Covers:
    """Return the covers without some rows."""
    size = np.diff(covers.indptr)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(size[~dropped])])
    indices = covers.indices[np.repeat(~dropped, size)]
    return replace(covers, weight=covers.weight[~dropped], again=covers.again[~dropped], indptr=indptr, indices=indices)


def implied_rows(covers: Covers) -> Bools:
    """Mark the rows that hold another: whoever covers the smaller covers them. Only where every row must be covered."""
    return _nested(covers.indptr, covers.indices, covers.by_column, covers.columns, None)


def needless_columns(covers: Covers, costs: Amounts | None = None) -> Bools:
    """Mark the columns whose rows another covers as well that costs no more; those without rows too.

    Of equal ones the first stays. costs: of the columns, None where they do not matter. Safe for one best plan, where
    columns differ in nothing else (quotas, spacing, budget, loads).
    """
    starts, rows = covers.by_column
    size = np.diff(starts)
    some = np.flatnonzero(size)
    marked = size == 0
    place = np.cumsum(size > 0) - 1
    inner = np.concatenate([np.zeros(1, np.int64), np.cumsum(size[some])])
    price = np.zeros(len(some)) if costs is None else costs[some]
    rank = np.empty_like(some)
    rank[np.lexsort((-size[some], price))] = np.arange(len(some))
    marked[some] = _nested(inner, rows, (covers.indptr, place[covers.indices]), covers.rows, rank)
    return marked


def fewer(covers: Covers, sites: int, costs: Amounts | None) -> tuple[Covers, Bools]:
    """Return (what is left, mask of the sites that must be open), where every row is to be covered at the least cost.

    sites: how many there are; costs: of each site, where nothing else tells them apart: a column within another that
    costs no more is then needless; None: other rules do
    """
    opened = np.zeros(sites, np.bool_)
    while True:
        before = covers.rows, covers.columns
        alone = np.zeros(covers.columns, np.bool_)
        alone[covers.indices[covers.indptr[:-1][np.diff(covers.indptr) == 1]]] = True
        shut = np.zeros_like(alone) if costs is None else needless_columns(covers, costs[covers.sites])
        opened[covers.sites[alone]] = True
        if alone.any() or shut.any():
            covers = narrowed(covers, alone, shut & ~alone, covers.weight)[0]
        covers = without_rows(covers, implied_rows(covers))
        if (covers.rows, covers.columns) == before:
            return covers, opened


def _merged(
    indptr: Positions, indices: Positions, column: Positions, worth: tuple[Amounts, ...], kept: Bools
) -> tuple[tuple[Positions, Positions], list[Amounts]]:
    """Return ((indptr, indices), sums): one row for each set of columns, and its sum of every worth.

    column   the new column of each old one, ascending, below 0 where it is dropped
    """
    group, first = _groups(indptr, indices, column, kept)
    inside = slice(None) if bool((group >= 0).all()) else group >= 0
    sums = [summed(group[inside], one[inside], len(first)) for one in worth]
    pairs, size = pairs_of(indptr, first)
    mapped = column[indices[pairs]]
    live = mapped >= 0
    count = per_row(np.concatenate([np.zeros(1, np.int64), np.cumsum(size)]), live)
    return (np.concatenate([np.zeros(1, np.int64), np.cumsum(count, dtype=np.int64)]), mapped[live]), sums


def summed(place: Positions, amount: Amounts, count: int) -> Amounts:
    """Return the sum of the amounts at each of `count` places."""
    return np.asarray(np.bincount(place, weights=amount, minlength=count), np.float64)


def pairs_of(indptr: Positions, rows: Positions) -> tuple[Positions, Positions]:
    """Return the positions of the pairs of some rows, one row after the other, and the size of each row."""
    size = indptr[rows + 1] - indptr[rows]
    ends = np.cumsum(size)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(indptr[rows] - (ends - size), size), size


def kernels_for(indices: Positions) -> Any:
    """The compiled kernels for so many pairs, None where numpy is to do it."""
    if len(indices) <= _SMALL:
        return None
    from planner.siting import kernels

    return kernels


def _salt(count: int) -> npt.NDArray[np.uint64]:
    """Return a well mixed number of each column, the same at every run (splitmix64)."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _groups(indptr: Positions, indices: Positions, column: Positions, kept: Bools) -> tuple[Any, Positions]:
    """Return (group of each row, first row of each group): rows with the same columns, numbered by their first rows.

    -1 is the group of rows that are not kept or have no column.
    """
    salt = _salt(len(column))
    kernels = kernels_for(indices)
    if kernels is not None:
        return kernels.same_rows(indptr, indices, column, salt, kept)
    live = column[indices] >= 0
    kept = kept & (per_row(indptr, live) > 0)
    rows = np.flatnonzero(kept)
    key = _row_sums(indptr, indices, np.where(column >= 0, salt, np.uint64(0)))[rows]
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    first = rows[first]
    if not _all_same(indptr, indices, column, (rows, first[group])):
        return _slow_groups(indptr, indices, column, rows)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    group_of = np.full(len(indptr) - 1, -1, np.int32)
    group_of[rows] = place[group]
    return group_of, first[order]


def _row_sums(indptr: Positions, indices: Positions, value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return, modulo 2⁶⁴, the sum of the values of each row's columns, some millions of pairs at a time."""
    total = np.zeros(len(indptr) - 1, np.uint64)
    begin = 0
    while begin < len(total):
        end = max(int(np.searchsorted(indptr, indptr[begin] + _CHUNK, "right")) - 1, begin + 1)
        ends = np.concatenate(
            [np.zeros(1, np.uint64), np.cumsum(value[indices[indptr[begin] : indptr[end]]], dtype=np.uint64)]
        )
        at = indptr[begin : end + 1] - indptr[begin]
        total[begin:end] = ends[at[1:]] - ends[at[:-1]]
        begin = end
    return total


def _all_same(indptr: Positions, indices: Positions, column: Positions, rows: tuple[Positions, Positions]) -> bool:
    """Whether every row of the one list holds the same columns as its row of the other."""
    for begin in range(0, len(rows[0]), _CHUNK // 8):
        held = []
        for side in rows:
            pairs, size = pairs_of(indptr, side[begin : begin + _CHUNK // 8])
            live = column[indices[pairs]]
            row = np.repeat(np.arange(len(size)), size)
            held.append(np.stack([row, live])[:, live >= 0])
        if not np.array_equal(held[0], held[1]):
            return False
    return True


def _slow_groups(indptr: Positions, indices: Positions, column: Positions, rows: Positions) -> tuple[Any, Positions]:
    """Group by the columns themselves: for the case, never met, that two cover sets have one key."""
    known: dict[bytes, int] = {}
    first: list[int] = []
    group_of = np.full(len(indptr) - 1, -1, np.int32)
    for row in rows:
        held = column[indices[indptr[row] : indptr[row + 1]]]
        name = held[held >= 0].tobytes()
        if name not in known:
            known[name] = len(first)
            first.append(int(row))
        group_of[row] = known[name]
    return group_of, np.array(first, np.int64)


def _nested(
    indptr: Positions,
    indices: Positions,
    turned: tuple[Positions, Positions],
    width: int,
    rank: Positions | None,
) -> Bools:
    """Mark the rows that another row holds which goes before them by `rank`; without ranks those that hold another.

    Of equal rows the first stays.
    """
    kernels = kernels_for(indices)
    if kernels is not None:
        larger = rank is None
        return kernels.nested_rows(indptr, indices, *turned, larger, np.zeros(0, np.int64) if rank is None else rank)
    count = len(indptr) - 1
    size = np.diff(indptr)
    matrix = csr_array((np.ones(len(indices), np.int32), indices, indptr), shape=(count, width))
    marked = np.zeros(count, np.bool_)
    for begin in range(0, count, 1000):
        both = (matrix[begin : begin + 1000] @ matrix.T).tocoo()
        one, other, shared = both.coords[0] + begin, both.coords[1], both.data
        within = (shared == size[one]) & (one != other)
        if rank is None:
            marked[other[within & ((size[other] > size[one]) | (one < other))]] = True
        else:
            marked[one[within & (rank[other] < rank[one])]] = True
    return marked
