"""RoadGraph: the roads of a city as flat arrays, from which any way of travelling takes its costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from pyproj import Geod

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
