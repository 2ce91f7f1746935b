"""Road: travelling on a RoadGraph, from the point snapped onto the edge, with the access leg, in whole mm or ms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.network import SPEED_KMH, RoadGraph
from planner.reach import UNREACHABLE, Reach, rows_of, smallest
from planner.search import FAR, Engine, Search, Seeds
from planner.snap import EdgeIndex, Snapped

Whole = npt.NDArray[np.int64]
Pairs = tuple[Whole, Whole, Whole]
Bools = npt.NDArray[np.bool_]

_MS_PER_HOUR = 3_600_000
_MM_PER_KM = 1_000_000
_NEVER = int(UNREACHABLE)
WALK_KMH = 5.0
"""Speed of the access leg between a point and the road where time is asked for: an assumption, on foot."""


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
        table = {**SPEED_KMH, **self.speeds}
        by_class = pd.Series(graph.road_class).map(table).fillna(table["road"])
        speed = np.where(np.isnan(graph.speed_kmh), by_class.to_numpy(float), graph.speed_kmh)
        return np.rint(graph.length_mm * (_MS_PER_HOUR / _MM_PER_KM) / speed).astype(np.int64)

    @cached_property
    def _open(self) -> Bools:
        """Whether each edge is open; an edge made of several ways ("8;70") is closed with any of them."""
        if not self.closed:
            return np.ones(len(self.graph.tail), np.bool_)
        return np.array([self.closed.isdisjoint(str(ways).split(";")) for ways in self.graph.way_id], dtype=np.bool_)

    @cached_property
    def drivable(self) -> tuple[Bools, Bools]:
        """Whether each edge may be driven tail → head and head → tail in the sense of the search, from the facility."""
        forward, backward = self.graph.forward & self._open, self.graph.backward & self._open
        return (forward, backward) if self.direction == "from" else (backward, forward)

    @cached_property
    def search(self) -> Search:
        """The prepared search, from the facilities outward; against the traffic where the demand travels to them."""
        graph, (forward, backward) = self.graph, self.drivable
        return Search(graph.lon, graph.lat, graph.tail, graph.head, self.edge_cost, forward, backward, self.engine)

    @cached_property
    def _edges(self) -> EdgeIndex:
        return EdgeIndex(self.graph, self._open)

    def snap(self, frame: pd.DataFrame) -> Snapped:
        """Return where each point (id, lon, lat) meets its nearest open edge."""
        return self._edges.snap(frame, self.max_snap_m)

    def _leg(self, access_mm: Whole) -> Whole:
        if self.speeds is None:
            return access_mm
        return np.rint(access_mm * (_MS_PER_HOUR / _MM_PER_KM) / self.walk_kmh).astype(np.int64)

    def _ends(self, at: Snapped, outward: bool) -> Pairs:
        """Return (point, node, cost): how each snapped point leaves for (or is reached from) the ends of its edge."""
        known = np.flatnonzero(at.edge >= 0)
        edge = at.edge[known]
        part, whole = self._part(at)[known], self.edge_cost[edge]
        leg = self._leg(at.access_mm[known])
        forward, backward = self.drivable
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

    def _same_edge(self, demand: Snapped, facility: Snapped) -> Pairs:
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
        forward, backward = self.drivable
        may = np.where(ahead > 0, forward[edge], np.where(ahead < 0, backward[edge], True))
        cost = np.abs(ahead) + pairs["ld"].to_numpy() + pairs["lf"].to_numpy()
        return pairs["d"].to_numpy()[may], pairs["f"].to_numpy()[may], cost[may]

    def journey(self, demand: pd.DataFrame, facilities: pd.DataFrame) -> tuple[Seeds, Pairs, Pairs]:
        """Return the facilities' seeds, the demands' legs to the ends of their edges, and the pairs that share an edge."""
        for side, frame in (("demand", demand), ("facility", facilities)):
            if not frame["id"].is_unique:
                raise ValueError(f"the {side} ids are not unique")
        at_demand, at_facility = self.snap(demand), self.snap(facilities)
        delay = round(self.delay_s * 1000) if self.speeds is not None else 0
        point, node, cost = self._ends(at_facility, outward=True)
        same = self._same_edge(at_demand, at_facility)
        seeds = Seeds(node, cost + delay, point, len(facilities))
        return seeds, self._ends(at_demand, outward=False), (same[0], same[1], same[2] + delay)

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` mm or ms, and everyone's nearest, ties to the smaller id."""
        if not 0 <= limit < _NEVER:
            raise ValueError(f"a limit of {limit} {self.unit} is not one")
        facilities = facilities.sort_values("id", kind="stable")
        seeds, legs, same = self.journey(demand, facilities)
        index, nearest = _nearest(self.search.nearest(seeds), legs, same, len(demand))
        pairs = _within(self.search.within(seeds, limit), legs, same, limit, len(facilities))
        indptr, columns, costs = rows_of(*pairs, len(demand))
        ids = demand["id"].to_numpy(dtype=object), facilities["id"].to_numpy(dtype=object)
        return Reach(*ids, limit, indptr, columns, costs, index, nearest)

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        seeds, (point, node, leg), same = self.journey(demand, facilities)
        keys = self.search.k_nearest(seeds, count)[node]
        row, _ = np.nonzero(keys != FAR)
        key = keys[keys != FAR]
        cost = np.concatenate([(key >> np.uint64(32)).astype(np.int64) + leg[row], same[2]])
        facility = np.concatenate([(key & np.uint64(_NEVER)).astype(np.int64), same[1]])
        return smallest(demand, facilities, np.concatenate([point[row], same[0]]), facility, cost, count)


def _nearest(keys: npt.NDArray[np.uint64], legs: Pairs, same: Pairs, size: int) -> tuple[Whole, npt.NDArray[np.uint32]]:
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
    rows: Pairs, legs: Pairs, same: Pairs, limit: int, facilities: int
) -> Pairs:  # fmt: skip
    """Return (demand, facility, cost) of the pairs within the limit, from the nodes within it by facility."""
    start, nodes, costs = rows
    order = np.argsort(legs[1], kind="stable")
    leg_point, leg_node, leg_cost = legs[0][order], legs[1][order], legs[2][order]
    first, last = np.searchsorted(leg_node, nodes, "left"), np.searchsorted(leg_node, nodes, "right")
    count = last - first
    facility = np.repeat(np.repeat(np.arange(facilities), np.diff(start)), count)
    at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
    total = np.concatenate([np.repeat(costs, count) + leg_cost[at], same[2]])
    inside = total <= limit
    demand, facility = np.concatenate([leg_point[at], same[0]]), np.concatenate([facility, same[1]])
    return demand[inside], facility[inside], total[inside]
