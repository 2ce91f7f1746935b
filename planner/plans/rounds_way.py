"""The way that a leg of the rounds drives: the fastest one's kilometres and its line, for the table and the map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from planner.road import Road, Side
from planner.search import Seeds

Whole = npt.NDArray[np.int64]
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Way:
    """One leg: kilometres of the fastest way, what lies between point and road included, and its (lon, lat)."""

    km: float
    line: Line


@dataclass(frozen=True, eq=False)
class Ways:
    """Fastest ways between points (id, lon, lat), traced on the roads, none longer than `longest` ms.

    `road` counts time from the start ("from") to the end of a leg, and adds nothing at its start.
    """

    road: Road
    points: pd.DataFrame
    longest: int

    def legs(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Way]:
        """Return the way of each leg (from id, to id); a leg without a way is left out."""
        wanted: dict[str, set[str]] = {}
        for start, end in pairs:
            wanted.setdefault(start, set()).add(end)
        return {(start, end): way for start in sorted(wanted) for end, way in self._from(start, sorted(wanted[start]))}

    def _from(self, start: str, ends: list[str]) -> Iterable[tuple[str, Way]]:
        """Yield the ways from one point: a shortest-path tree by time, read back from each end."""
        at, to = self._rows([start]), self._rows(ends)
        seeds, (row, node, leg), same = self.road.journey(to, at)
        far_seeds, (far_row, far_node, far_leg), far_same = self._length.journey(to, at)
        entry = dict(zip(far_seeds.node.tolist(), far_seeds.cost.tolist(), strict=True))
        leave = dict(zip(zip(far_row.tolist(), far_node.tolist(), strict=True), far_leg.tolist(), strict=True))
        beside = dict(zip(far_same[0].tolist(), far_same[2].tolist(), strict=True))
        time, before = self._tree(seeds)
        for index, end in enumerate(ends):
            mine = np.flatnonzero((row == index) & np.isfinite(time[node]))
            direct = same[2][same[0] == index]
            best = mine[np.argmin(time[node[mine]] + leg[mine])] if len(mine) else -1
            if len(direct) and (best < 0 or direct.min() <= time[node[best]] - 1 + leg[best]):
                yield end, Way(beside[index] / 1e6, self._line(at, to, index, []))
            elif best >= 0:
                nodes = _path(before, int(node[best]), len(self.road.net.place))
                inner = sum(self._edge[pair][1] for pair in pairwise(nodes))
                mm = entry[nodes[0]] + inner + leave[(index, nodes[-1])]
                yield end, Way(mm / 1e6, self._line(at, to, index, nodes))

    def _rows(self, ids: list[str]) -> pd.DataFrame:
        return self.points.set_index("id").loc[ids].reset_index()

    @cached_property
    def _length(self) -> Road:
        return replace(self.road, speeds=None, walks=None)

    @cached_property
    def _edge(self) -> Mapping[tuple[int, int], tuple[int, int, int, bool]]:
        """By (from node, to node): time, length, edge and whether it is driven from its tail; the fastest of parallel ones.

        A step between the roads of all and those at the ends of trips (`planner.trip_network`) is edge −1.
        """
        net = self.road.net
        forward, backward = net.driven(*self.road.drivable)
        time, length = net.of_edges(self.road.edge_cost), net.of_edges(self.road.graph.length_mm)
        best: dict[tuple[int, int], tuple[int, int, int, bool]] = {}
        for usable, start, end, ahead in (
            (forward, net.tail, net.head, True),
            (backward, net.head, net.tail, False),
        ):
            for arc in np.flatnonzero(usable).tolist():
                pair = (int(start[arc]), int(end[arc]))
                entry = (int(time[arc]), int(length[arc]), int(net.edge[arc]), ahead)
                best[pair] = min(best.get(pair, entry), entry)
        return best

    def _tree(self, seeds: Seeds) -> tuple[npt.NDArray[np.float64], Whole]:
        """Return time to each node from the seeds (1 too much) and the node before it, by a node more that leads to them."""
        size, pairs = len(self.road.net.place), self._arrays
        order = np.lexsort((seeds.cost, seeds.node))
        node, first = np.unique(seeds.node[order], return_index=True)
        rows = np.concatenate([pairs[0], np.full(len(node), size)])
        columns = np.concatenate([pairs[1], node])
        cost = np.concatenate([pairs[2], seeds.cost[order][first] + 1]).astype(float)  # to scipy, 0 is no edge
        matrix = csr_array((cost, (rows, columns)), shape=(size + 1, size + 1))
        time, before = dijkstra(matrix, indices=size, return_predecessors=True, limit=self.longest + 1)
        return time, before.astype(np.int64)

    @cached_property
    def _arrays(self) -> tuple[Whole, Whole, Whole]:
        pairs = np.array(list(self._edge), np.int64).reshape(-1, 2)
        cost = np.array([max(one[0], 1) for one in self._edge.values()], np.int64)
        return pairs[:, 0], pairs[:, 1], cost

    def _line(self, start: pd.DataFrame, ends: pd.DataFrame, index: int, nodes: list[int]) -> Line:
        """Return the points from start to end along the shapes; straight between point and road."""
        end = ends.iloc[[index]]
        (edge, at), (last, to) = self._met(start, "facility"), self._met(end, "demand")
        if nodes:
            place, heads = self.road.net.place, self.road.graph.head
            line = self._shape(edge, at, float(place[nodes[0]] == heads[edge]))
            for pair in pairwise(nodes):
                between, ahead = self._edge[pair][2:]
                line += self._shape(between, 1.0 - ahead, float(ahead))[1:] if between >= 0 else []
            line += self._shape(last, float(place[nodes[-1]] == heads[last]), to)[1:]
        else:
            line = self._shape(edge, at, to)
        first, final = ((float(one["lon"].iloc[0]), float(one["lat"].iloc[0])) for one in (start, end))
        return (first, *line, final)

    def _met(self, point: pd.DataFrame, side: Side) -> tuple[int, float]:
        """Return the edge that a point meets, and the share of it from its tail."""
        at = self.road.access(point).at if side == "demand" else self.road.snap(point, side)
        edge = int(at.edge[0])
        return edge, float(at.along_mm[0] / max(int(self.road.graph.length_mm[edge]), 1))

    def _shape(self, edge: int, start: float, end: float) -> list[tuple[float, float]]:
        """Return the points of an edge between two shares of its length, in the order from start to end."""
        graph = self.road.graph
        part = slice(graph.shape_start[edge], graph.shape_start[edge + 1])
        lon, lat = graph.shape_lon[part], graph.shape_lat[part]
        step = np.hypot(np.diff(lon) * np.cos(np.radians(lat[0])), np.diff(lat))
        share = np.concatenate([[0.0], np.cumsum(step)]) / max(float(step.sum()), 1e-12)
        low, high = sorted((start, end))
        inside = share[(share > low) & (share < high)]
        wanted = np.concatenate([[low], inside, [high]])
        line = list(zip(np.interp(wanted, share, lon).tolist(), np.interp(wanted, share, lat).tolist(), strict=True))
        return line if start <= end else line[::-1]


def _path(before: Whole, node: int, root: int) -> list[int]:
    """Return the nodes from the first after the root to this one."""
    nodes = [node]
    while before[nodes[-1]] != root:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]
