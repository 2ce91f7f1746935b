"""Search: one prepared road graph, asked for the nearest facility of every node or for all nodes within a limit.

Three engines give the same integers: the compiled kernels; scipy's Dijkstra where the graph is so small that loading
them would take longer than the search; and a contraction, where many facilities ask for the costs to most of the graph.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from planner.contraction import Contraction, Topology, order_of

Keys = npt.NDArray[np.uint64]
Whole = npt.NDArray[np.int64]
Costs = npt.NDArray[np.uint32]
Engine = Literal["auto", "compiled", "scipy"]

FAR = np.uint64(2**64 - 1)
NEVER = 2**32 - 1
MOST_FACILITIES = 2**20
_SMALL = 20_000
_BANDS = 8
_MOST_BANDS = 256
_WIDEST = 2**31
_CELLS_AT_ONCE = 4_000_000
_MANY_SOURCES = 16
_LARGE_PART = 0.25


@dataclass(frozen=True, eq=False)
class Seeds:
    """Where facilities join the graph: node, cost from the facility to it, and the facility's position, sorted by it."""

    node: Whole
    cost: Whole
    facility: Whole
    facilities: int

    def __post_init__(self) -> None:
        if not len(self.node) == len(self.cost) == len(self.facility):
            raise ValueError("seeds need a node, a cost and a facility each")
        if self.facilities > MOST_FACILITIES:
            raise ValueError(
                f"{self.facilities} facilities are more than the {MOST_FACILITIES} that a key can tell apart"
            )
        if len(self.facility) and (np.diff(self.facility) < 0).any():
            raise ValueError("seeds must be sorted by facility")


@dataclass(frozen=True, eq=False)
class Search:
    """A graph prepared for searching: arcs tail → head with whole costs, one a row; both ways of a street are two arcs.

    x and y only order the nodes in memory; any scale will do.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    tail: Whole
    head: Whole
    cost: Whole
    forward: npt.NDArray[np.bool_]
    backward: npt.NDArray[np.bool_]
    engine: Engine = "auto"

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernels do the work."""
        if self.engine != "auto":
            return self.engine == "compiled"
        return len(self.tail) >= _SMALL

    @cached_property
    def _width(self) -> int:
        """Bands of eight mean arcs: wide enough to seldom open one, narrow enough to seldom correct a label."""
        return min(max(1, int(self.cost.mean() * _BANDS)), _WIDEST) if len(self.cost) else 1

    @cached_property
    def _usable(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Forward and backward, without edges too long for a cost: nobody gets to their other end."""
        short = self.cost < NEVER
        return self.forward & short, self.backward & short

    @cached_property
    def _packed(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32], Keys]:
        from planner import kernels

        old_of, new_of = kernels.morton_order(self.x, self.y)
        forward, backward = self._usable
        starts, arcs = kernels.pack_arcs(self.tail, self.head, self.cost, forward, backward, new_of)
        return old_of, new_of, starts, arcs

    @cached_property
    def _matrix(self) -> csr_array:
        """Arcs for scipy, the shortest of parallel ones: costs as floats, exact up to 2⁵³; scipy keeps stored zeros."""
        forward, backward = self._usable
        tail = np.concatenate([self.tail[forward], self.head[backward]])
        head = np.concatenate([self.head[forward], self.tail[backward]])
        cost = np.concatenate([self.cost[forward], self.cost[backward]])
        order = np.lexsort((cost, head, tail))
        tail, head, cost = tail[order], head[order], cost[order]
        first = np.ones(len(tail), np.bool_)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        tail, head, cost = tail[first], head[first], cost[first]
        start = np.searchsorted(tail, np.arange(len(self.x) + 1))
        return csr_array((cost.astype(float), head, start), shape=(len(self.x), len(self.x)))

    @cached_property
    def contraction(self) -> Contraction | None:
        """The graph contracted; None where it is too tangled for that. Speeds, closures and directions share one order."""
        order = order_of(Topology(self.tail, self.head, self._packed[1]))
        return None if order is None else Contraction.of(order, self.cost, *self._usable)

    def contracts(self, seeds: Seeds, limit: int) -> bool:
        """Whether so many facilities reach so much of the graph that a contraction pays: it depends on the question alone.

        How much is within the limit is told by one of them, the middle one.
        """
        if not self.compiled or seeds.facilities < _MANY_SOURCES or not len(seeds.node):
            return False
        mine = seeds.facility == seeds.facility[len(seeds.facility) // 2]
        one = Seeds(seeds.node[mine], seeds.cost[mine], np.zeros(int(mine.sum()), np.int64), 1)
        part = len(self.within(one, limit)[1]) / len(self.x)
        return part >= _LARGE_PART and seeds.facilities * part >= _MANY_SOURCES and self.contraction is not None

    def table(self, seeds: Seeds, legs: tuple[Whole, Whole, Whole], points: int, threads: int = 1) -> Costs:
        """Return the costs from each facility to each point, (points, facilities), NEVER where there is no way.

        legs: (point, node, cost), how each point is reached from the nodes beside it. Only where `contracts` says so.
        """
        if self.contraction is None:
            raise ValueError("this graph is too tangled to be contracted")
        start = np.searchsorted(seeds.facility, np.arange(seeds.facilities + 1))
        return self.contraction.table((start, seeds.node, seeds.cost), legs, points, threads)

    def prepare(self) -> "Search":
        """Do the preparation now rather than at the first question; return this same search."""
        _ = self._packed if self.compiled else self._matrix
        return self

    def nearest(self, seeds: Seeds) -> Keys:
        """Return each node's key ``cost << 32 | facility`` of its nearest facility, ties to the smaller; FAR if none."""
        if not len(seeds.node) or not len(self.x):
            return np.full(len(self.x), FAR, np.uint64)
        if not self.compiled:
            return self._nearest_scipy(seeds)
        from planner import kernels

        _, new_of, starts, arcs = self._packed
        node, key = _keyed(seeds)
        return _known(kernels.nearest_keys(starts, arcs, new_of[node], key, self._width)[new_of])

    def nearest_at(self, seeds: Seeds, nodes: Whole) -> Keys:
        """Return the keys of `nearest` at these nodes alone: from the contraction, where there is one already."""
        contraction = vars(self).get("contraction")
        if contraction is None or not len(seeds.node):
            return self.nearest(seeds)[nodes]
        return _known(contraction.nearest(*_keyed(seeds), nodes))

    def _nearest_scipy(self, seeds: Seeds) -> Keys:
        """One Dijkstra from a node beyond all, with cost and facility packed into one exact float: cost · 2²⁰ + facility."""
        size, graph = len(self.x), self._matrix
        order = np.lexsort((seeds.facility, seeds.cost, seeds.node))
        node, first = np.unique(seeds.node[order], return_index=True)
        packed = seeds.cost[order][first] * MOST_FACILITIES + seeds.facility[order][first]
        data = np.concatenate([graph.data * MOST_FACILITIES, packed.astype(float)])
        indices = np.concatenate([graph.indices, node])
        indptr = np.append(graph.indptr, len(data))
        joined = csr_array((data, indices, indptr), shape=(size + 1, size + 1))
        reached = dijkstra(joined, indices=size)[:size]
        whole = np.where(np.isfinite(reached), reached, 0).astype(np.uint64)
        cost, facility = whole // np.uint64(MOST_FACILITIES), whole % np.uint64(MOST_FACILITIES)
        known = np.isfinite(reached) & (cost < NEVER)
        return np.where(known, (cost << np.uint64(32)) | facility, FAR)

    def k_nearest(self, seeds: Seeds, count: int) -> Keys:
        """Return (nodes, count) keys: the `count` nearest different facilities of each node, sorted, FAR beyond."""
        size = len(self.x)
        if not len(seeds.node) or not size:
            return np.full((size, count), FAR, np.uint64)
        if not self.compiled:
            return self._k_nearest_scipy(seeds, count)
        from planner import kernels

        _, new_of, starts, arcs = self._packed
        node, key = _keyed(seeds)
        keys = kernels.k_nearest_keys(starts, arcs, new_of[node], key, count, self._width)
        return _known(keys.reshape(size, count)[new_of])

    def _k_nearest_scipy(self, seeds: Seeds, count: int) -> Keys:
        """All ways of every facility, sorted: for the small graphs that this engine is for."""
        starts, nodes, costs = self.within(seeds, NEVER - 1)
        facility = np.repeat(np.arange(seeds.facilities), np.diff(starts)).astype(np.uint64)
        keys = np.full((len(self.x), seeds.facilities), FAR, np.uint64)
        keys[nodes, facility.astype(np.int64)] = (costs.astype(np.uint64) << np.uint64(32)) | facility
        keys = np.sort(keys, axis=1)[:, :count]
        return np.pad(keys, ((0, 0), (0, count - keys.shape[1])), constant_values=FAR)

    def within(self, seeds: Seeds, limit: int, threads: int = 1) -> tuple[Whole, Costs, Costs]:
        """Return (row starts, nodes, costs): per facility the nodes within `limit`, in an order of no meaning.

        Threads share out the facilities and change nothing in the result.
        """
        start = np.searchsorted(seeds.facility, np.arange(seeds.facilities + 1))
        if not self.compiled:
            return self._within_scipy(seeds, limit)
        # Neighbours one after the other find each other's part of the graph still in the processor's cache.
        first = self._packed[1][seeds.node[np.minimum(start[:-1], len(seeds.node) - 1)]] if len(seeds.node) else start
        order = np.argsort(first, kind="stable")[: seeds.facilities]
        parts = np.array_split(order, max(1, min(threads, seeds.facilities)))
        with ThreadPoolExecutor(len(parts)) as pool:
            rows = list(pool.map(lambda part: self._within_compiled(seeds, start, part, limit), parts))
        return _in_order(order, rows)

    def _within_compiled(self, seeds: Seeds, start: Whole, part: Whole, limit: int) -> tuple[Whole, Costs, Costs]:
        """Rows of the facilities in `part`, in its order."""
        from planner import kernels

        old_of, new_of, starts, arcs = self._packed
        begins, mine = _gather(start, part)
        cost = np.minimum(seeds.cost[mine], NEVER).astype(np.uint32)
        shift = max(self._width.bit_length() - 1, int(limit).bit_length() - _MOST_BANDS.bit_length())
        return kernels.within(
            starts, arcs, old_of, begins.astype(np.uint32), new_of[seeds.node[mine]], cost, int(limit), shift
        )

    def _within_scipy(self, seeds: Seeds, limit: int) -> tuple[Whole, Costs, Costs]:
        """Rows by bounded Dijkstras from the seeds' nodes, many at once; a facility takes the best of its seeds."""
        rows, nodes, costs = ([np.zeros(0, np.int64)] for _ in range(3))
        names, begins = np.unique(seeds.facility, return_index=True)
        ends = np.append(begins[1:], len(seeds.node))
        each = max(1, _CELLS_AT_ONCE // max(1, len(self.x)))
        for at in range(0, len(names), each):
            first, some = begins[at], slice(begins[at], ends[at : at + each][-1])
            found = dijkstra(self._matrix, indices=seeds.node[some], limit=limit) + seeds.cost[some, None]
            best = np.minimum.reduceat(found, begins[at : at + each] - first, axis=0)
            row, node = np.nonzero(best <= limit)
            rows.append(names[at + row])
            nodes.append(node)
            costs.append(best[row, node])
        counts = np.bincount(np.concatenate(rows), minlength=seeds.facilities)
        starts = np.concatenate([[0], np.cumsum(counts)])
        return starts, np.concatenate(nodes).astype(np.uint32), np.concatenate(costs).astype(np.uint32)


def _keyed(seeds: Seeds) -> tuple[Whole, Keys]:
    """Return (node, key) of the seeds whose cost is one."""
    known = seeds.cost < NEVER
    key = (seeds.cost[known].astype(np.uint64) << np.uint64(32)) | seeds.facility[known].astype(np.uint64)
    return seeds.node[known], key


def _known(keys: Keys) -> Keys:
    """Return the keys with FAR for what is reached at no cost below the largest."""
    keys[keys >= np.uint64(NEVER) << np.uint64(32)] = FAR
    return keys


def _gather(start: Whole, rows: Whole) -> tuple[Whole, Whole]:
    """Return (starts, entries): the entries of the rows (``start[row]:start[row + 1]``) one row after the other.

    >>> _gather(np.array([0, 2, 3]), np.array([1, 0]))
    (array([0, 1, 3]), array([2, 0, 1]))
    """
    count = start[rows + 1] - start[rows]
    begins = np.concatenate([[0], np.cumsum(count)])
    return begins, np.repeat(start[rows] - begins[:-1], count) + np.arange(begins[-1])


def _in_order(order: Whole, parts: list[tuple[Whole, Costs, Costs]]) -> tuple[Whole, Costs, Costs]:
    """Return the rows of all parts, whose facilities stand in `order`, in the order of the facilities."""
    from planner import kernels

    count = np.concatenate([np.diff(part[0]) for part in parts])
    starts = np.zeros(len(order) + 1, np.int64)
    starts[order + 1] = count
    starts = np.cumsum(starts)
    nodes, costs = np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint32)
    done = 0
    for begins, mine, cost in parts:
        to = starts[order[done : done + len(begins) - 1]]
        kernels.place_rows(begins, to, mine, nodes)
        kernels.place_rows(begins, to, cost, costs)
        done += len(begins) - 1
    return starts, nodes, costs
