"""Road: travelling on a RoadGraph, from the point snapped onto the edge, with the access leg, in whole mm or ms."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from planner.limits import Limit, whole_units
from planner.network import NO_TURNS, SPEED_KMH, Bools, EdgeIndex, Floats, RoadGraph, Snapped, Walk, Whole, nearest_of
from planner.reach import UNREACHABLE, Reach, check_places, nearest_in, reach_of, rows_of, rows_within, smallest
from planner.search import FAR, Costs, Engine, Search, Seeds

# The network that a trip takes: roads for all, and at either end those that are for the people there alone.

Ends = tuple[Whole, Whole]


@dataclass(frozen=True, eq=False)
class TripNetwork:
    """Arcs between nodes, in the sense of a search from the facilities outward.

    A junction at which some turns are barred stands several times: once for each arc from which they are barred, once for
    all other ways to it, and once for each arc into which they are barred; steps of no cost lead from the former to those
    of the latter that are allowed, and to the graph's own node for all the rest.
    A road that is nobody's to pass through (`RoadGraph.through`) stands twice: where trips begin, and where they end. From
    the nodes of the first a step of no cost leads to the network of all, and from there to those of the second.

    place                    one a node: the graph's node that it stands at; the graph's own nodes come first
    tail, head, edge         one an arc; the edge of the graph that it is, −1 for a step
    along, against           one an arc: whether it is there to be driven tail → head, and head → tail
    from_ends                (tails, heads), one an edge: the nodes by which a trip that begins on it leaves
    to_ends                  the nodes by which a trip that ends on it comes
    from_corners             the nodes from which a trip leaves that begins at the very end of the edge
    to_corners               the nodes to which one comes that ends there
    """

    place: Whole
    tail: Whole
    head: Whole
    edge: Whole
    along: Bools
    against: Bools
    from_ends: Ends
    to_ends: Ends
    from_corners: Ends
    to_corners: Ends

    def of_edges(self, values: Whole) -> Whole:
        """Return the values of the arcs' edges, 0 for a step."""
        return np.where(self.edge < 0, 0, values[self.edge]) if len(self.edge) > len(values) else values

    def driven(self, forward: Bools, backward: Bools) -> tuple[Bools, Bools]:
        """Return whether each arc is driven tail → head and head → tail, given that of the edges; steps lead outward."""
        if len(self.edge) == len(forward):
            return forward, backward
        return self.along & ((self.edge < 0) | forward[self.edge]), self.against & backward[self.edge]


def trip_network(graph: RoadGraph, is_open: Bools, turns: Whole) -> TripNetwork:
    """Return the network of the open edges; `turns` are those barred to a search outward, as in `RoadGraph.turns`."""
    net, inner = _turning(graph, turns), _inner(graph, is_open)
    if not inner.any():
        return net
    steps, owned = np.flatnonzero(net.edge < 0), np.flatnonzero((net.edge < 0) | inner[net.edge])
    nodes, count = np.unique(np.concatenate([net.tail[owned], net.head[owned]])), len(net.place)
    begins = np.full(count, -1)
    begins[nodes] = count + np.arange(len(nodes))
    zones = np.stack([np.arange(count), begins, begins + len(nodes)])  # for all; where trips begin; where they end
    arc = np.concatenate([np.arange(len(net.edge)), steps, owned])
    first = ((net.edge >= 0) & inner[net.edge]).astype(np.int64)
    zone = np.concatenate([first, np.ones(len(steps), np.int64), np.full(len(owned), 2)])
    yes = np.ones(2 * len(nodes), np.bool_)

    def apart(ends: Ends, zone: int) -> Ends:
        return zones[zone * inner, ends[0]], zones[zone * inner, ends[1]]

    return TripNetwork(
        place=np.concatenate([net.place, net.place[nodes], net.place[nodes]]),
        tail=np.concatenate([zones[zone, net.tail[arc]], zones[1, nodes], nodes]),
        head=np.concatenate([zones[zone, net.head[arc]], nodes, zones[2, nodes]]),
        edge=np.concatenate([net.edge[arc], np.full(len(yes), -1)]),
        along=np.concatenate([net.along[arc], yes]),
        against=np.concatenate([net.against[arc], ~yes]),
        from_ends=apart(net.from_ends, 1),
        to_ends=apart(net.to_ends, 2),
        from_corners=apart(net.from_corners, 1),
        to_corners=apart(net.to_corners, 2),
    )


def _turning(graph: RoadGraph, turns: Whole) -> TripNetwork:
    """Return the network as if every road were for all, without the barred turns (edge, node, edge)."""
    count, edges = len(graph.lon), np.arange(len(graph.tail))
    own, yes = (graph.tail, graph.head), np.ones(len(edges), np.bool_)
    if not len(turns):
        return TripNetwork(np.arange(count), *own, edges, yes, yes, own, own, own, own)
    at = np.unique(turns[:, 1])
    comes, come = np.unique(turns[:, [1, 0]], axis=0, return_inverse=True)
    goes, go = np.unique(turns[:, [1, 2]], axis=0, return_inverse=True)
    place = np.concatenate([np.arange(count), at, comes[:, 0], goes[:, 0]])
    free, state, leave = np.split(np.arange(count, len(place)), [len(at), len(at) + len(comes)])
    start = np.arange(count)
    start[at] = free
    enters = _named(own, comes, state, start)
    leaves = _named(own, goes, leave, np.arange(count))
    came = np.concatenate([free, state])
    first, last = (np.searchsorted(goes[:, 0], place[came], side) for side in ("left", "right"))
    begin = np.repeat(came, last - first)
    end = leave[np.arange(len(begin)) + np.repeat(last - np.cumsum(last - first), last - first)]
    barred = np.isin(begin * len(place) + end, state[come.ravel()] * len(place) + leave[go.ravel()])
    begin, end = np.concatenate([begin[~barred], came]), np.concatenate([end[~barred], place[came]])
    split = (enters[0] != leaves[0]) | (enters[1] != leaves[1])  # one arc for each direction
    step = np.ones(len(begin), np.bool_)
    return TripNetwork(
        place=place,
        tail=np.concatenate([leaves[0], enters[0][split], begin]),
        head=np.concatenate([enters[1], leaves[1][split], end]),
        edge=np.concatenate([edges, edges[split], np.full(len(step), -1)]),
        along=np.concatenate([yes, ~yes[split], step]),
        against=np.concatenate([~split, yes[split], ~step]),
        from_ends=enters,
        to_ends=leaves,
        from_corners=(start[graph.tail], start[graph.head]),
        to_corners=own,
    )


def _named(ends: Ends, pairs: Whole, names: Whole, default: Whole) -> Ends:
    """Return, for the tail and the head of each edge, the name that (node, edge) has in the sorted `pairs`, else the node's default."""
    tail, head = default[ends[0]], default[ends[1]]
    for out, node in ((tail, ends[0]), (head, ends[1])):
        met = node[pairs[:, 1]] == pairs[:, 0]
        out[pairs[met, 1]] = names[met]
    return tail, head


def _inner(graph: RoadGraph, is_open: Bools) -> Bools:
    """Return the edges at which trips begin and end only: those that say so, and what lies behind them and nowhere else."""
    private = is_open & ~graph.through
    if not private.any():
        return private
    part = graph.components(is_open & graph.through)
    behind = np.zeros(len(graph.lon), np.bool_)  # by number of the part
    behind[part[np.concatenate([graph.tail[private], graph.head[private]])]] = True
    behind[0] = False
    return private | (is_open & behind[part[graph.tail]])


@lru_cache(maxsize=4)
def one_way_fragments(graph: RoadGraph) -> tuple[Bools, Bools]:
    """Whether each edge lies on a fragment that nobody gets to from the main network, and on one that nobody leaves for it.

    Beside the fragments that nothing joins these are streets that the border of an extract has cut off: one-way, or with a
    barred turn for their only entry. The main network is what can be driven there and back; where that is less than half of
    what hangs together, directions are ignored.
    """
    every = np.ones(len(graph.tail), np.bool_)
    net = trip_network(graph, every, graph.turns)
    forward, backward = net.driven(graph.forward, graph.backward)
    start = np.concatenate([net.tail[forward], net.head[backward]])
    end = np.concatenate([net.head[forward], net.tail[backward]])
    arcs = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(len(net.place), len(net.place))).tocsr()
    _, label = connected_components(arcs, directed=True, connection="strong")
    along = graph.forward & (label[net.to_ends[0]] == label[net.from_ends[1]])
    against = graph.backward & (label[net.to_ends[1]] == label[net.from_ends[0]])
    inside = (along | against) & ~_inner(graph, every)
    part = np.where(along, label[net.to_ends[0]], label[net.to_ends[1]])
    length = np.bincount(part[inside], graph.length_mm[inside], minlength=1)
    best, hanging = int(length.argmax()), graph.length_mm[graph.components()[graph.tail] == 0].sum()
    if not len(graph.tail) or length[best] * 2 < hanging:
        return graph.fragments, graph.fragments
    node, (ahead, behind) = int(np.flatnonzero(label == best)[0]), np.zeros((2, len(net.place)), np.bool_)
    ahead[breadth_first_order(arcs, node, return_predecessors=False)] = True
    behind[breadth_first_order(arcs.T.tocsr(), node, return_predecessors=False)] = True
    comes = (graph.forward & ahead[net.to_ends[0]]) | (graph.backward & ahead[net.to_ends[1]])
    leaves = (graph.forward & behind[net.from_ends[1]]) | (graph.backward & behind[net.from_ends[0]])
    return graph.short(~comes, float(length[best])), graph.short(~leaves, float(length[best]))


Pairs = tuple[Whole, Whole, Whole]
Side = Literal["demand", "facility"]

_MS_PER_HOUR = 3_600_000
_MM_PER_KM = 1_000_000
_NEVER = int(UNREACHABLE)
WALK_KMH = 5.0
"""Speed of the access leg between a point and the road where time is asked for: an assumption, on foot."""
NO_WALKING = ("motorway", "motorway_link")
"""The classes of road on which nobody may walk: 高速公路 and its ramps. All others count as walkable: an assumption."""
_ANYWHERE_M = 200_000.0
_ON_THE_ROAD_M = 1.0
"""A walk ends on a road; more than this beside every open one, it ends on a road that is closed."""


@dataclass(frozen=True, eq=False)
class Access:
    """How points get onto the road: where, at what cost (in the road's unit), and who walks there from beyond it."""

    at: Snapped
    leg: Whole
    on_foot: Bools


@dataclass(frozen=True, eq=False)
class Road:
    """The road reading: shortest way on the graph, distance (mm) or, with `speeds`, time (ms).

    graph       the roads
    speeds      km/h by class, or None for distance; an edge's own speed_kmh comes first (see own_speeds)
    closed      way ids that are closed
    closed_edges  positions of edges that are closed as well, such as those that meet a polygon
    delay_s     added once to every journey by time, such as the dispatch of an ambulance
    direction   "from" the facility to the demand (an ambulance) or "to" it (a patient)
    max_snap_m  a point farther than this from every open edge that one gets onto is 不可达
    walk_kmh    speed of the access leg in time
    start_kmh   that of the facility's access leg where it is no walk: an ambulance drives from its yard; None: walk_kmh
    own_speeds  False: the speeds by class replace those of the edges, too
    offroad_m   demand farther than max_snap_m, but not farther than this, walks to its nearest edge (步行接入); 0: 不可达
    walking     on foot all the way: no one-way street counts, and nobody walks (or joins) the roads of NO_WALKING
    walks       by demand id, by time only: what those walk instead of the straight line, such as over a friction surface;
                who has no walk is 不可达
    """

    graph: RoadGraph
    speeds: Mapping[str, float] | None = None
    closed: frozenset[str] = frozenset()
    closed_edges: frozenset[int] = frozenset()
    delay_s: float = 0.0
    direction: Literal["from", "to"] = "from"
    max_snap_m: float = 2_000.0
    walk_kmh: float = WALK_KMH
    start_kmh: float | None = None
    own_speeds: bool = True
    offroad_m: float = 0.0
    walks: Mapping[str, Walk] | None = None
    walking: bool = False
    engine: Engine = field(default="auto")

    def __post_init__(self) -> None:
        speeds = {} if self.speeds is None else self.speeds
        bad = [name for name, speed in speeds.items() if not 0 < speed < float("inf")]
        if bad or not min(self.walk_kmh, self.start_kmh or 1) > 0 or self.delay_s < 0 or self.max_snap_m < 0:
            raise ValueError(f"speeds must be above zero, delay and snapping distance not below: {bad}")
        if self.walking and self.speeds is not None:
            raise ValueError("who walks keeps no speed of a class of road")
        if self.offroad_m and self.offroad_m < self.max_snap_m:
            raise ValueError(f"off the road to {self.offroad_m} m is nearer than max_snap_m {self.max_snap_m}")

    @property
    def unit(self) -> Literal["mm", "ms"]:
        """Milliseconds where speeds are given, else millimetres."""
        return "mm" if self.speeds is None else "ms"

    @cached_property
    def edge_kmh(self) -> Floats:
        """Each edge's speed, its own or its class's; what distance does not ask for."""
        graph, table = self.graph, {**SPEED_KMH, **(self.speeds or {})}
        by_class = pd.Series(graph.road_class).map(table).fillna(table["road"])
        by_table = np.isnan(graph.speed_kmh) | (not self.own_speeds)
        return np.where(by_table, by_class.to_numpy(float), graph.speed_kmh)

    @cached_property
    def edge_cost(self) -> Whole:
        """Each edge's cost in whole units, rounded once: its length, or its length over its speed."""
        length = self.graph.length_mm
        if self.speeds is None:
            return length
        return np.rint(length * (_MS_PER_HOUR / _MM_PER_KM) / self.edge_kmh).astype(np.int64)

    @cached_property
    def open_edges(self) -> Bools:
        """Whether each edge is open; an edge made of several ways ("8;70") is closed with any of them, a motorway to walkers."""
        is_open = np.ones(len(self.graph.tail), np.bool_)
        if self.closed:
            is_open[:] = [self.closed.isdisjoint(str(ways).split(";")) for ways in self.graph.way_id]
        is_open[list(self.closed_edges)] = False
        if self.walking:
            is_open &= ~np.isin(self.graph.road_class.astype(str), NO_WALKING)
        return is_open

    @cached_property
    def drivable(self) -> tuple[Bools, Bools]:
        """Whether each edge may be driven (or walked) tail → head and head → tail, in the sense of the search from the facility."""
        if self.walking:
            return self.open_edges, self.open_edges
        forward, backward = self.graph.forward & self.open_edges, self.graph.backward & self.open_edges
        return (forward, backward) if self.direction == "from" else (backward, forward)

    @cached_property
    def search(self) -> Search:
        """The prepared search, from the facilities outward; against the traffic where the demand travels to them."""
        net, graph = self.net, self.graph
        x, y = graph.lon[net.place], graph.lat[net.place]
        return Search(x, y, net.tail, net.head, net.of_edges(self.edge_cost), *net.driven(*self.drivable), self.engine)

    @cached_property
    def net(self) -> TripNetwork:
        """The nodes and arcs of the search: the graph's own where all may pass through every road and turn everywhere."""
        turns = NO_TURNS if self.walking else self.graph.turns
        return trip_network(self.graph, self.open_edges, turns if self.direction == "from" else turns[:, ::-1])

    @cached_property
    def _fragments(self) -> Mapping[Side, Bools]:
        """Whether each edge lies on a fragment, for the side that travels on it: to or from the main network."""
        if self.walking:
            return {"demand": self.graph.fragments, "facility": self.graph.fragments}
        unreached, unleft = one_way_fragments(self.graph)
        from_it = self.direction == "from"
        return {"demand": unreached if from_it else unleft, "facility": unleft if from_it else unreached}

    @cached_property
    def _edges(self) -> tuple[EdgeIndex, ...]:
        """The open edges that one gets onto: those that are no fragments; to facilities alone; to demand alone; to both."""
        mine = self.open_edges & self.graph.joins
        kind = 2 * self._fragments["demand"] + self._fragments["facility"]
        return tuple(EdgeIndex(self.graph, mine & (kind == one)) for one in range(4))

    def joints(self, side: Side) -> Whole:
        """Return how each edge is joined: 0 not at all; 1 by both sides; 2 by this side alone; as fragments by the other side 3, by none 4."""
        mine, others = (1, 2) if side == "demand" else (2, 1)
        found = np.zeros(len(self.graph.tail), np.int64)
        for number, at in enumerate((0, mine, others, 3), 1):
            found[self._edges[at].usable] = number
        return found

    def _snap(self, frame: pd.DataFrame, max_m: float, side: Side) -> tuple[Snapped, Floats]:
        """Return where each point joins, and metres to the nearer fragment that it does not join; NaN where there is none.

        A fragment is joined only where nothing else lies within `max_m`.
        """
        joint, not_facilities, not_demand, none = self._edges
        mine, others = (not_facilities, not_demand) if side == "demand" else (not_demand, not_facilities)
        main = joint.snap(frame, max_m)
        main = nearest_of([main, mine.closer(frame, main, max_m)])
        fragment = nearest_of([one.closer(frame, main, max_m) for one in (others, none)])
        alone = (main.edge < 0) & (fragment.edge >= 0)
        passed = (main.edge >= 0) & (fragment.edge >= 0) & (fragment.access_mm < main.access_mm)
        pairs = ((getattr(fragment, name), getattr(main, name)) for name in ("edge", "along_mm", "access_mm"))
        return Snapped(*(np.where(alone, a, b) for a, b in pairs)), np.where(passed, fragment.access_mm / 1000, np.nan)

    def snap(self, frame: pd.DataFrame, side: Side = "demand") -> Snapped:
        """Return where each point (id, lon, lat) gets onto the nearest open road; one of a fragment only for want of others."""
        return self._snap(frame, self.max_snap_m, side)[0]

    def passed_m(self, frame: pd.DataFrame, side: Side = "demand") -> Floats:
        """Return metres to the fragment that lies nearer to each point than the road it joins; NaN where none does."""
        off = self.offroad_m if side == "demand" else 0.0
        return self._snap(frame, max(self.max_snap_m, off), side)[1]

    def nearest_m(self, frame: pd.DataFrame) -> Floats:
        """Return metres from each point (id, lon, lat) to its nearest open edge, however far; NaN where none is open."""
        at = nearest_of([edges.snap(frame, _ANYWHERE_M) for edges in self._edges])
        return np.where(at.edge < 0, np.nan, at.access_mm / 1000)

    @property
    def unclosed(self) -> "Road | None":
        """The same road with nothing closed; None where nothing is."""
        closed = bool(self.closed or self.closed_edges) and not self.open_edges.all()
        return replace(self, closed=frozenset(), closed_edges=frozenset()) if closed else None

    def places(self, step_m: float, box: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
        """Return (lon, lat) of places on the open edges near `box` (west, south, east, north), at most `step_m` apart.

        Of edges that nobody gets onto, and of fragments, there are none.
        """
        main = [self._edges[at].places(step_m, box) for at in (0, 1)]
        return np.concatenate([lon for lon, _ in main]), np.concatenate([lat for _, lat in main])

    def walkers(self, demand: pd.DataFrame) -> pd.DataFrame:
        """Return, by id, who walks to the road from beyond it: metres off the road, and the cost of the walk (`unit`)."""
        access = self.access(demand)
        found = {"metres": access.at.access_mm / 1000, "cost": access.leg}
        return pd.DataFrame(found, index=demand["id"].to_numpy(dtype=object))[access.on_foot]

    def access(self, demand: pd.DataFrame) -> Access:
        """Return how demand (id, lon, lat) gets onto the road; facilities are on it or nowhere."""
        at = self._snap(demand, max(self.max_snap_m, self.offroad_m), "demand")[0]
        on_foot = (at.edge >= 0) & (at.access_mm > round(self.max_snap_m * 1000))
        if self.walks is None or self.speeds is None or not on_foot.any():
            return Access(at, self._leg(at.access_mm, self.walk_kmh), on_foot)
        return self._walked(demand, at, on_foot, self.walks)

    def _walked(self, demand: pd.DataFrame, at: Snapped, on_foot: Bools, walks: Mapping[str, Walk]) -> Access:
        """Return the access of demand of which those on foot go where their walks lead."""
        ids = demand["id"].to_numpy(dtype=object)
        rows = np.array([row for row in np.flatnonzero(on_foot) if ids[row] in walks], np.int64)
        taken = pd.DataFrame([walks[name] for name in ids[rows]], columns=list(Walk._fields), dtype=float)
        met = nearest_of([self._edges[at].snap(taken, _ON_THE_ROAD_M) for at in (0, 1)])
        edge, along, leg = np.where(on_foot, -1, at.edge), at.along_mm.copy(), self._leg(at.access_mm, self.walk_kmh)
        edge[rows], along[rows] = met.edge, met.along_mm
        leg[rows] = np.rint(taken["seconds"].to_numpy() * 1000).astype(np.int64)
        return Access(Snapped(edge, along, at.access_mm), leg, on_foot & (edge >= 0))

    def _leg(self, access_mm: Whole, kmh: float) -> Whole:
        if self.speeds is None:
            return access_mm
        return np.rint(access_mm * (_MS_PER_HOUR / _MM_PER_KM) / kmh).astype(np.int64)

    def _ends(self, access: Access, outward: bool) -> Pairs:
        """Return (point, node, cost): how each point leaves for (or is reached from) the ends of its edge.

        A point that meets its edge at an end is at that junction, whichever way the edge is driven.
        """
        at = access.at
        known = np.flatnonzero(at.edge >= 0)
        edge, along = at.edge[known], at.along_mm[known]
        part, whole, leg = self._part(at)[known], self.edge_cost[edge], access.leg[known]
        forward, backward = self.drivable
        to_head, to_tail = (forward, backward) if outward else (backward, forward)
        at_head, at_tail = along == self.graph.length_mm[edge], along == 0
        heads, tails = to_head[edge] | at_head, to_tail[edge] | at_tail
        net = self.net
        ends, corners = (net.from_ends, net.from_corners) if outward else (net.to_ends, net.to_corners)
        tail, head = (
            np.where(at_tail, corners[0][edge], ends[0][edge]),
            np.where(at_head, corners[1][edge], ends[1][edge]),
        )
        point = np.concatenate([known[heads], known[tails]])
        node = np.concatenate([head[heads], tail[tails]])
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

    def _same_edge(self, demand: Access, facility: Access) -> Pairs:
        """Return (demand, facility, cost) of pairs that meet on one edge without passing an end of it."""
        order = np.argsort(facility.at.edge, kind="stable")
        begins, ends = (np.searchsorted(facility.at.edge[order], demand.at.edge, side) for side in ("left", "right"))
        count = np.where(demand.at.edge >= 0, ends - begins, 0)
        of_demand = np.repeat(np.arange(len(count)), count)
        of_facility = order[np.arange(len(of_demand)) + np.repeat(begins - (np.cumsum(count) - count), count)]
        edge, ahead = demand.at.edge[of_demand], self._part(demand.at)[of_demand] - self._part(facility.at)[of_facility]
        forward, backward = self.drivable
        may = np.where(ahead > 0, forward[edge], np.where(ahead < 0, backward[edge], True))
        cost = np.abs(ahead) + demand.leg[of_demand] + facility.leg[of_facility]
        return of_demand[may], of_facility[may], cost[may]

    def journey(self, demand: pd.DataFrame, facilities: pd.DataFrame) -> tuple[Seeds, Pairs, Pairs]:
        """Return the facilities' seeds, the demands' legs to the ends of their edges, and the pairs that share an edge."""
        for side, frame in (("demand", demand), ("facility", facilities)):
            check_places(frame, side)
            if not frame["id"].is_unique:
                raise ValueError(f"the {side} ids are not unique")
        at_demand, at_facility = self.access(demand), self._join(facilities)
        delay = self._delay
        point, node, cost = self._ends(at_facility, outward=True)
        same = self._same_edge(at_demand, at_facility)
        seeds = Seeds(node, cost + delay, point, len(facilities))
        told = same[2] + delay < _NEVER  # beyond the largest cost nobody gets anywhere
        return seeds, self._ends(at_demand, outward=False), (same[0][told], same[1][told], same[2][told] + delay)

    def starts(self, facilities: pd.DataFrame) -> tuple[Whole, Floats, Whole]:
        """Return where facilities join the road: edge (-1: nowhere), share of it from its tail, and the cost until then."""
        joined = self._join(facilities)
        length = np.maximum(self.graph.length_mm[np.maximum(joined.at.edge, 0)], 1)
        return joined.at.edge, joined.at.along_mm / length, joined.leg + self._delay

    def _join(self, facilities: pd.DataFrame) -> Access:
        at = self.snap(facilities, "facility")
        return Access(at, self._leg(at.access_mm, self.start_speed), np.zeros(len(facilities), np.bool_))

    @property
    def start_speed(self) -> float:
        """The speed (km/h) at which facilities' access legs are travelled where time is asked for."""
        return self.walk_kmh if self.start_kmh is None else self.start_kmh

    @property
    def _delay(self) -> int:
        return round(self.delay_s * 1000) if self.speeds is not None else 0

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: Limit | str) -> Reach:
        """Return the Reach within a limit in words ("5km" or, by time, "30min"): the door for people, who are refused a number without its unit."""
        return self.reach_whole(demand, facilities, whole_units(limit, self.unit))

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` mm or ms, and everyone's nearest, ties to the smaller id."""
        if not 0 <= limit < _NEVER:
            raise ValueError(f"a limit of {limit} {self.unit} is not one")
        facilities = facilities.sort_values("id", kind="stable")
        ids = demand["id"].to_numpy(dtype=object), facilities["id"].to_numpy(dtype=object)
        seeds, legs, same = self.journey(demand, facilities)
        if self.search.contracts(seeds, limit):
            table = self.search.table(seeds, legs, len(demand))
            np.minimum.at(table, same[:2], same[2].astype(np.uint32))
            return reach_of(ids, limit, rows_within(table, limit), *nearest_in(table))
        index, nearest = _nearest(self.search.nearest_at(seeds, legs[1]), legs, same, len(demand))
        pairs = _within(self.search.within(seeds, limit), legs, same, limit, len(facilities))
        return reach_of(ids, limit, rows_of(*pairs, len(demand)), index, nearest)

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        seeds, (point, node, leg), same = self.journey(demand, facilities)
        keys = self.search.k_nearest(seeds, count)[node]
        row, _ = np.nonzero(keys != FAR)
        key = keys[keys != FAR]
        cost = np.concatenate([(key >> np.uint64(32)).astype(np.int64) + leg[row], same[2]])
        facility = np.concatenate([(key & np.uint64(_NEVER)).astype(np.int64), same[1]])
        asked, told = np.concatenate([point[row], same[0]]), cost < _NEVER
        return smallest(demand, facilities, asked[told], facility[told], cost[told], count)


def _nearest(keys: npt.NDArray[np.uint64], legs: Pairs, same: Pairs, size: int) -> tuple[Whole, npt.NDArray[np.uint32]]:
    """Return each demand's nearest facility and cost: the best over its legs, whose nodes' keys these are, and its own edge."""
    shift, best = np.uint64(32), np.full(size, FAR, np.uint64)
    point, _, leg = legs
    known = keys != FAR
    total = (keys[known] >> shift) + leg[known].astype(np.uint64)
    near = total < np.uint64(_NEVER)
    packed = (total[near] << shift) | (keys[known][near] & np.uint64(_NEVER))
    np.minimum.at(best, point[known][near], packed)
    np.minimum.at(best, same[0], (same[2].astype(np.uint64) << shift) | same[1].astype(np.uint64))
    reached = best != FAR
    index = np.where(reached, (best & np.uint64(_NEVER)).astype(np.int64), -1)
    return index, np.where(reached, best >> shift, np.uint64(_NEVER)).astype(np.uint32)


def _within(
    rows: tuple[Whole, Costs, Costs], legs: Pairs, same: Pairs, limit: int, facilities: int
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
