"""Road: travelling on a RoadGraph, from the point snapped onto the edge, with the access leg, in whole mm or ms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod
from shapely import STRtree, linestrings, points

from planner.network import SPEED_KMH, RoadGraph
from planner.reach import UNREACHABLE, Reach
from planner.search import FAR, Engine, Search, Seeds

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ELLIPSOID = Geod(ellps="GRS80")
_MS_PER_HOUR = 3_600_000
_MM_PER_KM = 1_000_000
_NEVER = int(UNREACHABLE)
WALK_KMH = 5.0
"""Speed of the access leg between a point and the road where time is asked for: an assumption, on foot."""


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on their nearest edges: edge position (-1: none near enough), mm from its tail, and the access leg in mm."""

    edge: Whole
    along_mm: Whole
    access_mm: Whole


@dataclass(frozen=True, eq=False)
class Road:
    """The road reading: shortest way on the graph, distance (mm) or, with `speeds`, time (ms).

    graph       the roads
    speeds      km/h by class, or None for distance; an edge's own speed_kmh comes first
    closed      way ids that are closed
    delay_s     added once to every journey by time, such as the dispatch of an ambulance
    direction   "from" the facility to the demand (an ambulance) or "to" it (a patient)
    max_snap_m  a point farther than this from every open edge is 不可达
    walk_kmh    speed of the access leg in time
    """

    graph: RoadGraph
    speeds: Mapping[str, float] | None = None
    closed: frozenset[str] = frozenset()
    delay_s: float = 0.0
    direction: Literal["from", "to"] = "from"
    max_snap_m: float = 2_000.0
    walk_kmh: float = WALK_KMH
    engine: Engine = field(default="auto")

    def __post_init__(self) -> None:
        speeds = {} if self.speeds is None else self.speeds
        bad = [name for name, speed in speeds.items() if not 0 < speed < float("inf")]
        if bad or not self.walk_kmh > 0 or self.delay_s < 0 or self.max_snap_m < 0:
            raise ValueError(f"speeds must be above zero, delay and snapping distance not below: {bad}")

    @property
    def unit(self) -> Literal["mm", "ms"]:
        """Milliseconds where speeds are given, else millimetres."""
        return "mm" if self.speeds is None else "ms"

    @cached_property
    def edge_cost(self) -> Whole:
        """Each edge's cost in whole units, rounded once: its length, or its length over its speed."""
        graph = self.graph
        if self.speeds is None:
            return graph.length_mm
        default = self.speeds.get("road", SPEED_KMH["road"])
        by_class = pd.Series(graph.road_class).map(lambda name: self.speeds.get(name, SPEED_KMH.get(name, default)))  # type: ignore[union-attr]
        speed = np.where(np.isnan(graph.speed_kmh), by_class.to_numpy(float), graph.speed_kmh)
        return np.rint(graph.length_mm * (_MS_PER_HOUR / _MM_PER_KM) / speed).astype(np.int64)

    @cached_property
    def _open(self) -> Bools:
        return (
            ~np.isin(self.graph.way_id.astype(str), sorted(self.closed))
            if self.closed
            else np.ones(len(self.graph.tail), bool)
        )

    @cached_property
    def _drivable(self) -> tuple[Bools, Bools]:
        """Whether each edge may be driven tail → head and head → tail in the sense of the search, from the facility."""
        forward, backward = self.graph.forward & self._open, self.graph.backward & self._open
        return (forward, backward) if self.direction == "from" else (backward, forward)

    @cached_property
    def search(self) -> Search:
        """The prepared search, from the facilities outward; against the traffic where the demand travels to them."""
        graph, (forward, backward) = self.graph, self._drivable
        return Search(graph.lon, graph.lat, graph.tail, graph.head, self.edge_cost, forward, backward, self.engine)

    @cached_property
    def _segments(self) -> tuple[STRtree, Whole, Floats, Floats]:
        """A tree of the straight segments of all open edges, in local metres; each one's edge and mm before it."""
        return _segment_tree(self.graph, self._open)

    def snap(self, frame: pd.DataFrame) -> Snapped:
        """Return where each point (lon, lat) meets its nearest open edge; ties to the smaller edge position."""
        tree, owner, before_mm, edge_scale = self._segments
        return _snap(frame, tree, owner, before_mm, edge_scale, self.graph, self.max_snap_m)

    def _leg(self, access_mm: Whole) -> Whole:
        if self.speeds is None:
            return access_mm
        return np.rint(access_mm * (_MS_PER_HOUR / _MM_PER_KM) / self.walk_kmh).astype(np.int64)

    def _ends(self, at: Snapped, outward: bool) -> tuple[Whole, Whole, Whole]:
        """Return (point, node, cost): how each snapped point leaves for (or is reached from) the ends of its edge."""
        known = np.flatnonzero(at.edge >= 0)
        edge = at.edge[known]
        part, whole = self._part(at)[known], self.edge_cost[edge]
        leg = self._leg(at.access_mm[known])
        forward, backward = self._drivable
        to_head, to_tail = (forward, backward) if outward else (backward, forward)
        heads, tails = to_head[edge], to_tail[edge]
        point = np.concatenate([known[heads], known[tails]])
        node = np.concatenate([self.graph.head[edge][heads], self.graph.tail[edge][tails]])
        cost = np.concatenate([(leg + whole - part)[heads], (leg + part)[tails]])
        order = np.lexsort((cost, node, point))
        return point[order], node[order], cost[order]

    def _part(self, at: Snapped) -> Whole:
        """Return the cost from the tail to each snapped point, so that both parts of an edge add up to its whole."""
        edge = np.maximum(at.edge, 0)
        length, whole = np.maximum(self.graph.length_mm[edge], 1), self.edge_cost[edge]
        if self.speeds is None:
            return np.minimum(at.along_mm, whole)
        return np.minimum(np.rint(whole * (at.along_mm / length)).astype(np.int64), whole)

    def _same_edge(self, demand: Snapped, facility: Snapped) -> tuple[Whole, Whole, Whole]:
        """Return (demand, facility, cost) of pairs that meet on one edge without passing an end of it."""
        left = pd.DataFrame(
            {
                "edge": demand.edge,
                "d": np.arange(len(demand.edge)),
                "pd": self._part(demand),
                "ld": self._leg(demand.access_mm),
            }
        )
        right = pd.DataFrame(
            {
                "edge": facility.edge,
                "f": np.arange(len(facility.edge)),
                "pf": self._part(facility),
                "lf": self._leg(facility.access_mm),
            }
        )
        pairs = left[left["edge"] >= 0].merge(right[right["edge"] >= 0], on="edge")
        edge, ahead = pairs["edge"].to_numpy(), (pairs["pd"] - pairs["pf"]).to_numpy()
        forward, backward = self._drivable
        may = np.where(ahead > 0, forward[edge], np.where(ahead < 0, backward[edge], True))
        cost = np.abs(ahead) + pairs["ld"].to_numpy() + pairs["lf"].to_numpy()
        return pairs["d"].to_numpy()[may], pairs["f"].to_numpy()[may], cost[may]

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` mm or ms, and everyone's nearest, ties to the smaller id."""
        if not 0 <= limit < _NEVER:
            raise ValueError(f"a limit of {limit} {self.unit} is not one")
        facilities = facilities.sort_values("id", kind="stable")
        ids = [frame["id"].to_numpy(dtype=object) for frame in (demand, facilities)]
        if any(len(set(side)) != len(side) for side in ids):
            raise ValueError("ids are not unique")
        at_demand, at_facility = self.snap(demand), self.snap(facilities)
        delay = round(self.delay_s * 1000) if self.speeds is not None else 0
        point, node, cost = self._ends(at_facility, outward=True)
        seeds = Seeds(node, cost + delay, point, len(ids[1]))
        same = self._same_edge(at_demand, at_facility)
        same = (same[0], same[1], same[2] + delay)
        legs = self._ends(at_demand, outward=False)
        index, nearest = _nearest(self.search.nearest(seeds), legs, same, len(ids[0]))
        indptr, columns, costs = _within(self.search.within(seeds, limit), legs, same, limit, len(ids[0]), len(ids[1]))
        return Reach(ids[0], ids[1], limit, indptr, columns, costs, index, nearest)


def _nearest(
    keys: npt.NDArray[np.uint64], legs: tuple[Whole, Whole, Whole], same: tuple[Whole, Whole, Whole], size: int
) -> tuple[Whole, npt.NDArray[np.uint32]]:
    """Return each demand's nearest facility and cost: the best over the ends of its edge and over its own edge."""
    shift, best = np.uint64(32), np.full(size, FAR, np.uint64)
    point, node, leg = legs
    known = keys[node] != FAR
    total = (keys[node][known] >> shift) + leg[known].astype(np.uint64)
    near = total < np.uint64(_NEVER)
    packed = (total[near] << shift) | (keys[node][known][near] & np.uint64(_NEVER))
    np.minimum.at(best, point[known][near], packed)
    np.minimum.at(best, same[0], (same[2].astype(np.uint64) << shift) | same[1].astype(np.uint64))
    reached = best != FAR
    index = np.where(reached, (best & np.uint64(_NEVER)).astype(np.int64), -1)
    return index, np.where(reached, best >> shift, np.uint64(_NEVER)).astype(np.uint32)


def _within(
    rows: tuple[Whole, Whole, Whole], legs: tuple[Whole, Whole, Whole], same: tuple[Whole, Whole, Whole],
    limit: int, demands: int, facilities: int,
) -> tuple[Whole, Whole, npt.NDArray[np.uint32]]:  # fmt: skip
    """Return the pairs within the limit as rows by demand, from the nodes within it by facility."""
    start, nodes, costs = rows
    order = np.argsort(legs[1], kind="stable")
    leg_point, leg_node, leg_cost = legs[0][order], legs[1][order], legs[2][order]
    first, last = np.searchsorted(leg_node, nodes, "left"), np.searchsorted(leg_node, nodes, "right")
    count = last - first
    facility = np.repeat(np.repeat(np.arange(facilities), np.diff(start)), count)
    at = (
        np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
        if len(count)
        else first
    )
    demand = np.concatenate([leg_point[at], same[0]])
    facility = np.concatenate([facility, same[1]])
    total = np.concatenate([np.repeat(costs, count) + leg_cost[at], same[2]])
    inside = total <= limit
    demand, facility, total = demand[inside], facility[inside], total[inside]
    order = np.lexsort((total, facility, demand))
    demand, facility, total = demand[order], facility[order], total[order]
    best = np.ones(len(demand), bool)
    best[1:] = (demand[1:] != demand[:-1]) | (facility[1:] != facility[:-1])
    indptr = np.searchsorted(demand[best], np.arange(demands + 1)).astype(np.int64)
    return indptr, facility[best], total[best].astype(np.uint32)


def _segment_tree(graph: RoadGraph, is_open: Bools) -> tuple[STRtree, Whole, Floats, Floats]:
    """Return the tree over segments, and for each segment its edge, the share of the edge before it, and its own share."""
    start = graph.shape_start
    first = np.delete(np.arange(len(graph.shape_lon)), start[1:] - 1)
    owner = np.repeat(np.arange(len(graph.tail)), np.diff(start) - 1)
    keep = is_open[owner]
    first, owner = first[keep], owner[keep]
    lon, lat = graph.shape_lon, graph.shape_lat
    metres = (
        np.asarray(_ELLIPSOID.inv(lon[first], lat[first], lon[first + 1], lat[first + 1])[2])
        if len(first)
        else np.zeros(0)
    )
    total = np.bincount(owner, weights=metres, minlength=len(graph.tail))
    running = np.cumsum(metres) - metres
    base = np.full(len(graph.tail), np.inf)
    np.minimum.at(base, owner, running)
    whole = np.where(total[owner] > 0, total[owner], 1.0)
    x, y = _local(lon, lat, graph)
    segments = linestrings(
        np.stack([np.column_stack([x[first], y[first]]), np.column_stack([x[first + 1], y[first + 1]])], axis=1)
    )
    return STRtree(segments), owner, (running - base[owner]) / whole, metres / whole


def _local(lon: Floats, lat: Floats, graph: RoadGraph) -> tuple[Floats, Floats]:
    """Return the points in metres around the graph's middle (equirectangular): only to find which edge is nearest."""
    middle = np.radians((graph.lat.min() + graph.lat.max()) / 2) if len(graph.lat) else 0.0
    metres = np.pi * _ELLIPSOID.a / 180
    return np.asarray(lon) * metres * np.cos(middle), np.asarray(lat) * metres


def _snap(
    frame: pd.DataFrame, tree: STRtree, owner: Whole, before: Floats, own: Floats, graph: RoadGraph, max_snap_m: float
) -> Snapped:
    """Return each point's place on its nearest segment: found in local metres, its access leg measured as a geodesic."""
    count = len(frame)
    edge, along, access = np.full(count, -1, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    if not count or not len(owner):
        return Snapped(edge, along, access)
    lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    x, y = _local(lon, lat, graph)
    at, segment = tree.query_nearest(points(x, y), max_distance=max_snap_m * 1.1 + 1)
    order = np.lexsort((segment, owner[segment], at))
    at, segment = at[order], segment[order]
    at, where = np.unique(at, return_index=True)
    segment = segment[where]
    ends = np.asarray([line.coords for line in tree.geometries.take(segment)]).reshape(-1, 4)
    dx, dy = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    square = np.where(dx * dx + dy * dy > 0, dx * dx + dy * dy, 1.0)
    share = np.clip(((x[at] - ends[:, 0]) * dx + (y[at] - ends[:, 1]) * dy) / square, 0, 1)
    foot_x, foot_y = ends[:, 0] + share * dx, ends[:, 1] + share * dy
    scale_x, scale_y = _local(np.ones(1), np.ones(1), graph)
    metres = np.asarray(_ELLIPSOID.inv(lon[at], lat[at], foot_x / scale_x[0], foot_y / scale_y[0])[2])
    near = metres <= max_snap_m
    at, segment, share, metres = at[near], segment[near], share[near], metres[near]
    edge[at] = owner[segment]
    length = graph.length_mm[owner[segment]]
    along[at] = np.clip(np.rint((before[segment] + share * own[segment]) * length), 0, length).astype(np.int64)
    access[at] = np.rint(metres * 1000).astype(np.int64)
    return Snapped(edge, along, access)
