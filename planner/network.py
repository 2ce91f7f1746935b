"""RoadGraph: the roads of a city as flat arrays, from which any way of travelling takes its costs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod
from shapely import Geometry, STRtree, linestrings, points

from planner.errors import Text
from planner.text import amount_text, amount_words, exact_text

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]

_ELLIPSOID = Geod(ellps="GRS80")

_OSM_KMH = {
    "motorway": 80.0, "trunk": 60.0, "primary": 50.0, "secondary": 40.0, "tertiary": 30.0, "unclassified": 25.0,
    "residential": 20.0, "living_street": 10.0, "service": 15.0, "track": 15.0, "road": 20.0, "ferry": 8.0,
    "motorway_link": 40.0, "trunk_link": 40.0, "primary_link": 35.0, "secondary_link": 30.0, "tertiary_link": 25.0,
}  # fmt: skip
CHINESE_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "高速公路": "motorway", "匝道": "motorway_link", "城市快速路": "trunk", "国道": "trunk", "省道": "primary", "主干路": "primary",
        "县道": "secondary", "次干路": "secondary", "乡道": "tertiary", "支路": "tertiary", "专用公路": "unclassified",
        "村道": "unclassified", "一级公路": "trunk", "二级公路": "primary", "三级公路": "secondary", "四级公路": "tertiary",
        "街道": "residential", "内部道路": "service", "机耕路": "track", "轮渡": "ferry",
    }
)  # fmt: skip
"""Classes of Chinese road maps, and OpenStreetMap's class that is as fast."""
SPEED_KMH: Mapping[str, float] = MappingProxyType(
    {**_OSM_KMH, **{name: _OSM_KMH[alike] for name, alike in CHINESE_CLASSES.items()}}
)
"""Speeds by class where no other table is given: an assumption for mountain roads, to be replaced by the planner's."""
VEHICLE: Mapping[str, float] = MappingProxyType({"maxheight": 2.5, "maxwidth": 2.0, "maxlength": 6.0, "maxweight": 3.5})
"""What an ambulance needs, in metres and tonnes, by the OpenStreetMap key that limits it: an assumption."""
FRAGMENT_KM = 10.0
"""A part of the network no longer than this, and not half as long as the main one, is a fragment: an assumption."""

NO_TURNS: Whole = np.zeros((0, 3), np.int64)


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Stretches of road between junctions, as flat arrays; edge e runs from node tail[e] to node head[e].

    lon, lat        degrees, one a node
    tail, head      node positions, one an edge
    length_mm       whole millimetres (geodesic along the shape), rounded once, at most 2³²−2
    forward         whether tail → head may be driven; `backward` whether head → tail may be
    road_class      text, as in OSM's highway ("trunk", "primary", …; "ferry")
    speed_kmh       km/h where the data give one, NaN where the class's speed holds
    way_id          text: the id by which a planner closes a road
    joins           whether one gets on and off along it: not on motorways, bridges and ferries, nor in tunnels
    through         False where the road is for those alone who live or have business there (private, destination)
    shape_start     edges + 1 offsets into shape_lon, shape_lat; each shape runs from tail to head, both included
    turns           (n, 3) turns that nobody drives: from an edge, at a node, into an edge (the same one: no turning round)
    notes           what the reader of the file left out, took for something else or doubts
    """

    lon: Floats
    lat: Floats
    tail: Whole
    head: Whole
    length_mm: Whole
    forward: Bools
    backward: Bools
    road_class: Texts
    speed_kmh: Floats
    way_id: Texts
    joins: Bools
    through: Bools
    shape_start: Whole
    shape_lon: Floats
    shape_lat: Floats
    turns: Whole = field(default_factory=NO_TURNS.copy)
    notes: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        edges = len(self.tail)
        for name in (
            "head",
            "length_mm",
            "forward",
            "backward",
            "road_class",
            "speed_kmh",
            "way_id",
            "joins",
            "through",
        ):
            if len(getattr(self, name)) != edges:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries for {edges} edges")
        if len(self.shape_start) != edges + 1 or len(self.shape_lon) != len(self.shape_lat):
            raise ValueError("the shapes do not fit the edges")
        if edges and (
            min(self.tail.min(), self.head.min()) < 0 or max(self.tail.max(), self.head.max()) >= len(self.lon)
        ):
            raise ValueError("an edge names a node that is not there")
        self._check_turns()
        if edges and not (self.length_mm.min() >= 0 and self.length_mm.max() < 2**32 - 1):
            raise ValueError("a length is negative or too long")
        if (self.speed_kmh <= 0).any() or np.isinf(self.speed_kmh).any():
            raise ValueError("a speed is not above zero")
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all()):
            raise ValueError("a node has no coordinates")

    def _check_turns(self) -> None:
        come, node, go = self.turns.T
        if not all(((self.tail[edge] == node) | (self.head[edge] == node)).all() for edge in (come, go)):
            raise ValueError("a turn is not at an end of its edges")

    def __repr__(self) -> str:
        kilometres = self.length_mm.sum() / 1e6
        return f"RoadGraph({len(self.lon)} nodes, {len(self.tail)} edges, {kilometres:,.0f} km)"

    def to_networkx(self) -> Any:
        """Return the roads as a networkx.MultiDiGraph in osmnx's terms, an edge a direction that may be driven.

        Nodes: x, y. Edges: osmid, highway, oneway, reversed, length (metres), speed_kph and geometry where there are any;
        what osmnx has no word for stands as joins and through. `geodata.roads_osm.read_networkx` reads it back.
        """
        from networkx import MultiDiGraph

        out = MultiDiGraph(crs="EPSG:4326")
        out.add_nodes_from(
            (at, {"x": x, "y": y}) for at, (x, y) in enumerate(zip(self.lon.tolist(), self.lat.tolist(), strict=True))
        )
        lines = edge_lines(self)
        for at in range(len(self.tail)):
            oneway = not (self.forward[at] and self.backward[at])
            told = {"osmid": str(self.way_id[at]), "highway": str(self.road_class[at]), "oneway": oneway,
                    "length": int(self.length_mm[at]) / 1000, "joins": bool(self.joins[at]), "through": bool(self.through[at])}  # fmt: skip
            if not np.isnan(self.speed_kmh[at]):
                told["speed_kph"] = float(self.speed_kmh[at])
            tail, head = int(self.tail[at]), int(self.head[at])
            if self.forward[at]:
                out.add_edge(tail, head, **told, reversed=False, geometry=lines[at])
            if self.backward[at]:
                out.add_edge(head, tail, **told, reversed=True, geometry=lines[at].reverse())
        return out

    def components(self, usable: Bools | None = None) -> Whole:
        """Return each node's component (weakly connected), 0 the one with the most kilometres, then by falling length.

        `usable` tells which edges join; without it all of them do.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = len(self.lon)
        keep = slice(None) if usable is None else usable
        tail, head = self.tail[keep], self.head[keep]
        links = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(size, size))
        _, label = connected_components(links.tocsr(), directed=False)
        length = np.bincount(label[tail], self.length_mm[keep], minlength=int(label.max(initial=-1)) + 1)
        first = np.full(len(length), size)
        np.minimum.at(first, label, np.arange(size))
        rank = np.empty(len(length), np.int64)
        rank[np.lexsort((first, -length))] = np.arange(len(length))
        return rank[label]

    @cached_property
    def fragments(self) -> Bools:
        """Whether each edge lies on a fragment, a short piece that nothing joins to the main network (see FRAGMENT_KM)."""
        label = self.components()
        return self.short(label[self.tail] > 0, float(self.length_mm[label[self.tail] == 0].sum()))

    def short(self, apart: Bools, main_mm: float) -> Bools:
        """Return those of the edges apart from the main network that hang together in short pieces only."""
        out = np.zeros(len(self.tail), np.bool_)
        piece = self.components(apart)[self.tail[apart]]
        length = np.bincount(piece, self.length_mm[apart], minlength=1)
        out[apart] = ((length <= FRAGMENT_KM * 1e6) & (length * 2 < main_mm))[piece]
        return out


def speedless(graph: RoadGraph, speeds: Mapping[str, float]) -> tuple[Text, ...]:
    """Return a sentence for each class that neither `speeds` nor its own roads give a speed: its kilometres, and what is taken."""
    rest = np.isnan(graph.speed_kmh) & ~np.isin(graph.road_class.astype(str), list(speeds))
    classes, at = np.unique(graph.road_class[rest].astype(str), return_inverse=True)
    length, taken = np.bincount(at, graph.length_mm[rest], minlength=len(classes)), exact_text(speeds["road"])
    return tuple(
        Text(
            f"道路等级“{name}”没有内置的时速：{amount_text(mm, 'mm')}；时速表（--speeds）没有给出的，按时间计算时取每小时 {taken} 公里。",
            f"no speed is known for the class '{name}': {amount_words(mm, 'mm').en}; unless --speeds gives one, {taken} km/h are taken.",
        )
        for name, mm in zip(classes.tolist(), length.tolist(), strict=True)
    )


def edge_lengths_mm(shape_start: Whole, shape_lon: Floats, shape_lat: Floats) -> Whole:
    """Return the geodesic length of each shape in whole millimetres: the sum of its segments, rounded once."""
    if len(shape_lon) < 2:
        return np.zeros(len(shape_start) - 1, np.int64)
    metres = np.asarray(_ELLIPSOID.inv(shape_lon[:-1], shape_lat[:-1], shape_lon[1:], shape_lat[1:])[2])
    metres[shape_start[1:-1] - 1] = 0  # from the end of one shape to the start of the next is no road
    along = np.add.reduceat(np.append(metres, 0.0), shape_start[:-1])
    return np.rint(along * 1000).astype(np.int64)


def graph_of_edges(
    *,
    lon: Floats,
    lat: Floats,
    tail: Whole,
    head: Whole,
    length_mm: Whole | None = None,
    forward: Bools | None = None,
    backward: Bools | None = None,
    road_class: Texts | None = None,
    speed_kmh: Floats | None = None,
    way_id: Texts | None = None,
    joins: Bools | None = None,
    through: Bools | None = None,
) -> RoadGraph:
    """Return the graph of straight edges between nodes; what is left out is two-way, open to all, of class "road", measured.

    >>> graph_of_edges(lon=np.array([101.7, 101.7]), lat=np.array([26.6, 26.645]), tail=np.array([0]), head=np.array([1]))
    RoadGraph(2 nodes, 1 edges, 5 km)
    """
    edges = len(tail)
    ends = np.column_stack([tail, head]).ravel()
    start = np.arange(0, 2 * edges + 1, 2, dtype=np.int64)
    shape_lon, shape_lat = lon[ends], lat[ends]
    measured = edge_lengths_mm(start, shape_lon, shape_lat) if length_mm is None else length_mm
    yes = np.ones(edges, np.bool_)
    return RoadGraph(
        lon=lon,
        lat=lat,
        tail=tail.astype(np.int64),
        head=head.astype(np.int64),
        length_mm=measured.astype(np.int64),
        forward=yes if forward is None else forward,
        backward=yes if backward is None else backward,
        road_class=np.full(edges, "road", object) if road_class is None else road_class,
        speed_kmh=np.full(edges, np.nan) if speed_kmh is None else speed_kmh,
        way_id=np.array([str(at) for at in range(edges)], object) if way_id is None else way_id,
        joins=yes if joins is None else joins,
        through=yes if through is None else through,
        shape_start=start,
        shape_lon=shape_lon,
        shape_lat=shape_lat,
    )


# The shapes of a graph's edges: as lines, and which of them a polygon or a list of way ids closes.


def edge_lines(graph: RoadGraph) -> npt.NDArray[np.object_]:
    """Return each edge as a line from tail to head, in degrees (lon, lat)."""
    degrees = np.column_stack([graph.shape_lon, graph.shape_lat])
    owner = np.repeat(np.arange(len(graph.tail)), np.diff(graph.shape_start))
    return np.asarray(linestrings(degrees, indices=owner)) if len(owner) else np.empty(0, object)


def edges_meeting(graph: RoadGraph, polygon: Geometry) -> Whole:
    """Return the positions of the edges that meet the polygon (lon, lat), its border included, in rising order.

    >>> from shapely import box
    >>> from planner.network import graph_of_edges
    >>> street = {"tail": np.array([0, 1]), "head": np.array([1, 2])}
    >>> graph = graph_of_edges(lon=np.array([101.70, 101.71, 101.72]), lat=np.full(3, 26.6), **street)
    >>> edges_meeting(graph, box(101.715, 26.59, 101.73, 26.61)).tolist()
    [1]
    """
    return np.sort(STRtree(edge_lines(graph)).query(polygon, predicate="intersects")).astype(np.int64)


def unknown_ways(graph: RoadGraph, ways: Collection[str]) -> list[str]:
    """Return, sorted, the way ids that no edge carries; an edge made of several ways carries each of them ("8;70")."""
    known = {way for ways in np.unique(graph.way_id.astype(str)) for way in ways.split(";")}
    return sorted(set(ways) - known)


# Points onto roads: the nearest place on the nearest edge, not the nearest node.

_ECCENTRICITY = float(np.sqrt(_ELLIPSOID.es))


class Walk(NamedTuple):
    """A walk between a point off the roads and a road: where it meets the road, and how many seconds it takes."""

    lon: float
    lat: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on their nearest edges: edge position (-1: none near enough), mm from its tail, and the access leg in mm."""

    edge: Whole
    along_mm: Whole
    access_mm: Whole


def nearest_of(found: Sequence[Snapped]) -> Snapped:
    """Return for each point the nearest of several edges that it was snapped to; ties to the smaller edge position."""
    found = [one for one in found if (one.edge >= 0).any()] or list(found[:1])
    if len(found) == 1:
        return found[0]
    edge, along, access = (
        np.stack([getattr(one, name) for one in found]) for name in ("edge", "along_mm", "access_mm")
    )
    row = np.lexsort((edge, np.where(edge < 0, np.iinfo(np.int64).max, access)), axis=0)[:1]
    return Snapped(*(np.take_along_axis(one, row, axis=0)[0] for one in (edge, along, access)))


def mercator(lon: Floats, lat: Floats) -> Floats:
    """Return (n, 2) metres of the ellipsoid's Mercator: conformal, so what is nearest by it is nearest on the ground.

    The sphere's would not do: fed with ellipsoidal latitudes it stretches north against east by half a per cent.
    """
    sine = np.sin(np.radians(lat))
    isometric = np.arctanh(sine) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine)
    return _ELLIPSOID.a * np.column_stack([np.radians(lon), isometric])


def lonlat(xy: Floats) -> tuple[Floats, Floats]:
    """Return the degrees of (n, 2) metres of Mercator: what `mercator` came from."""
    turned = xy / _ELLIPSOID.a
    sine = np.tanh(turned[:, 1])
    for _ in range(6):  # each round gains more than two digits
        sine = np.tanh(turned[:, 1] + _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine))
    return np.degrees(turned[:, 0]), np.degrees(np.arcsin(sine))


@dataclass(frozen=True, eq=False)
class EdgeIndex:
    """The straight segments of a graph's usable edges, ready to be asked which is nearest to a point."""

    graph: RoadGraph
    usable: Bools

    @cached_property
    def _first(self) -> tuple[Whole, Whole]:
        """The position in the shapes at which each usable segment begins, and its edge."""
        start = self.graph.shape_start
        first = np.delete(np.arange(len(self.graph.shape_lon)), start[1:] - 1)
        owner = np.repeat(np.arange(len(self.graph.tail)), np.diff(start) - 1)
        keep = self.usable[owner]
        return first[keep], owner[keep]

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        first, _ = self._first
        lon, lat = self.graph.shape_lon, self.graph.shape_lat
        if len(first) * 2 < len(lon):  # a few edges of many
            return mercator(lon[first], lat[first]), mercator(lon[first + 1], lat[first + 1])
        xy = mercator(lon, lat)
        return xy[first], xy[first + 1]

    @cached_property
    def _tree(self) -> STRtree:
        segments: Any = linestrings(np.stack(self._ends, axis=1)) if len(self._first[0]) else []
        return STRtree(segments)

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """For each segment, the share of its edge that lies before it, and the share that one metre of it is."""
        first, owner = self._first
        lon, lat = self.graph.shape_lon, self.graph.shape_lat
        metres = np.asarray(_ELLIPSOID.inv(lon[first], lat[first], lon[first + 1], lat[first + 1])[2], float)
        total = np.bincount(owner, weights=metres, minlength=len(self.graph.tail))
        running = np.cumsum(metres) - metres
        opening = np.r_[True, owner[1:] != owner[:-1]]
        before = running - np.repeat(running[opening], np.diff(np.r_[np.flatnonzero(opening), len(owner)]))
        whole = np.where(total[owner] > 0, total[owner], 1.0)
        return before / whole, 1 / whole

    def snap(self, frame: pd.DataFrame, max_m: float) -> Snapped:
        """Return where each point (lon, lat) meets its nearest edge within `max_m`; ties to the smaller edge position."""
        count = len(frame)
        edge, along, access = np.full(count, -1, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
        if not count or not self.usable.any():
            return Snapped(edge, along, access)
        owner = self._first[1]
        lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            raise ValueError("a point without coordinates cannot travel")
        here = mercator(lon, lat)
        at, segment = self._tree.query_nearest(points(here))  # a max_distance would gather all within it first
        order = np.lexsort((segment, owner[segment], at))
        at, where = np.unique(at[order], return_index=True)
        segment = segment[order][where]
        foot_lon, foot_lat = lonlat(self._foot(here[at], segment))
        metres = np.asarray(_ELLIPSOID.inv(lon[at], lat[at], foot_lon, foot_lat)[2], float)
        near = np.rint(metres * 1000) <= round(max_m * 1000)
        at, segment, metres = at[near], segment[near], metres[near]
        first = self._first[0][segment]
        shape_lon, shape_lat = self.graph.shape_lon[first], self.graph.shape_lat[first]
        into = np.asarray(_ELLIPSOID.inv(shape_lon, shape_lat, foot_lon[near], foot_lat[near])[2], float)
        before, per_metre = self._shares
        length = self.graph.length_mm[owner[segment]]
        edge[at] = owner[segment]
        share = before[segment] + into * per_metre[segment]
        along[at] = np.clip(np.rint(share * length), 0, length).astype(np.int64)
        access[at] = np.rint(metres * 1000).astype(np.int64)
        return Snapped(edge, along, access)

    def closer(self, frame: pd.DataFrame, other: Snapped, max_m: float) -> Snapped:
        """Return `snap` for the points whose nearest edge is not clearly farther than the other that they have been snapped to."""
        none = np.zeros(len(frame), np.int64)
        found = Snapped(none - 1, none, none.copy())
        if not len(frame) or not self.usable.any():
            return found
        metres = np.where(other.edge < 0, max_m, other.access_mm / 1000)
        lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
        widest = np.minimum(np.abs(lat) + metres / 111_000, 89.0)
        stretch = 1.01 / np.cos(np.radians(widest))
        near = self._tree.query(points(mercator(lon, lat)), predicate="dwithin", distance=metres * stretch + 1)[0]
        rows = np.unique(near)
        part = self.snap(frame.iloc[rows], max_m)
        for all_of, some in (
            (found.edge, part.edge),
            (found.along_mm, part.along_mm),
            (found.access_mm, part.access_mm),
        ):
            all_of[rows] = some
        return found

    def places(self, step_m: float, box: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
        """Return (lon, lat) of places on the usable edges, at most `step_m` apart, ends included.

        Of segments that lie wholly outside `box` (west, south, east, north in degrees) there are none.
        """
        start, end = self._ends
        low, high = mercator(np.array([box[0], box[2]]), np.array([box[1], box[3]]))
        near = ((np.maximum(start, end) >= low) & (np.minimum(start, end) <= high)).all(axis=1)
        start, way = start[near], (end - start)[near]
        metres = np.hypot(*way.T) * np.cos(np.radians(lonlat(start)[1]))
        pieces = np.maximum(np.ceil(metres / step_m * 1.01), 1).astype(np.int64)
        owner = np.repeat(np.arange(len(pieces)), pieces + 1)
        at = np.arange(len(owner)) - np.repeat(np.cumsum(pieces + 1) - (pieces + 1), pieces + 1)
        return lonlat(start[owner] + way[owner] * (at / pieces[owner])[:, None])

    def _foot(self, here: Floats, segment: Whole) -> Floats:
        """Return the foot of each point on its segment."""
        start, end = self._ends[0][segment], self._ends[1][segment]
        way = end - start
        square = (way * way).sum(axis=1)
        share = np.clip(((here - start) * way).sum(axis=1) / np.where(square > 0, square, 1.0), 0, 1)
        return np.asarray(start + share[:, None] * way)
