"""GraphML as osmnx writes it → RoadGraph, streaming.

osmnx draws a two-way street as two edges, one each way, and writes attributes as text, lists included ("[123, 456]").
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd
import pyproj
import shapely

from geodata.columns import Notes
from geodata.files import RawTable
from geodata.roads_files import (
    SCALE,
    Ways,
    broken,
    check_degrees,
    check_xml,
    graph_of_ways,
    no_roads,
    offsets,
    runs,
    tidied,
    wrong,
)
from geodata.roads_tags import (
    ACCESS_KEYS,
    ENDS_ONLY,
    FORBIDDEN,
    ODD_KEYS,
    Left,
    access_of,
    class_of,
    joins,
    road_of,
    size_of,
    speed_of,
)
from planner.errors import DataError, Text
from planner.network import SPEED_KMH, VEHICLE, Floats, RoadGraph, Whole

# What a GraphML file says, as text, streamed and checked: the reading half of geodata.roads_graphml.

_KEPT = frozenset({"osmid", "highway", "route", "oneway", "reversed", "length", "geometry", "maxspeed", "speed_kph",
                   "area", "bridge", "tunnel", "junction", "motorroad", "emergency", "from", "to", *ACCESS_KEYS, *ODD_KEYS})  # fmt: skip
_CORRECT = Text("改正后重新导出", "correct it and export again")


class GraphText:
    """What expat meets in a GraphML file, kept as text."""

    def __init__(self) -> None:
        self.graph: dict[str, str] = {}
        self.directed = True
        self.nodes: dict[str, dict[str, str]] = {}
        self.ends: list[tuple[str, str]] = []
        self.edges: list[dict[str, str]] = []
        self._names: dict[str, str] = {}
        self._into = self.graph
        self._key = ""
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "key":
            self._names[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag == "graph":
            self.directed = attributes.get("edgedefault") != "undirected"
        elif tag == "node":
            self._into = self.nodes[attributes.get("id", "")] = {}
        elif tag == "edge":
            self._into = {}
            self.ends.append((attributes.get("source", ""), attributes.get("target", "")))
            self.edges.append(self._into)
        elif tag == "data":
            self._key = self._names.get(attributes.get("key", ""), "")
            self._text = []

    def text(self, part: str) -> None:
        self._text.append(part)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "data":
            if self._into is self.graph or self._key in _KEPT or self._key in {"x", "y"}:
                self._into[self._key] = "".join(self._text)
        elif tag in {"node", "edge"}:
            self._into = self.graph


def read_text(path: Path) -> GraphText:
    """Return what the file says; DataError where it is damaged or hostile, has no edge, or holds impossible numbers."""
    check_xml(path, "graphml")
    found = _parse(path)
    _check(path, found)
    return found


def _parse(path: Path) -> GraphText:
    reader, parser = GraphText(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.buffer_text = True
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that does not exist
        raise broken(path, error) from error
    if not reader.edges:
        raise no_roads(path)
    return reader


def crs_of(path: Path, found: GraphText) -> pyproj.CRS:
    """Return the CRS that the graph names; DataError where it names none or one that is not known."""
    text = found.graph.get("crs", "")
    if text in {"", "None"}:
        raise wrong(
            path, Text("没有坐标系信息（crs）", "no coordinate reference system (crs)"),
            Text("用 osmnx.save_graphml 导出，会带上 crs", "export it with osmnx.save_graphml, which writes crs"),
        )  # fmt: skip
    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise wrong(path, Text("不认识的坐标系", "unknown CRS"), _CORRECT, text[:60]) from error


def number_of(text: str) -> float:
    """Return the number that a text is, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return nan


def _check(path: Path, found: GraphText) -> None:
    """Refuse nodes without coordinates, edges between no nodes, and lengths and speeds that cannot be."""
    notes = Notes()

    def note(column: str, bad: Iterable[bool], what: Text, shown: Iterable[str]) -> None:
        flags, texts = pd.Series(list(bad), dtype=bool), pd.Series(list(shown), dtype=object)
        raw = RawTable(path.name, pd.DataFrame(), np.arange(1, len(flags) + 1))
        notes.add_rows(raw, flags, column, what, _CORRECT, found=texts)

    bad_nodes = [not all(isfinite(number_of(one.get(key, ""))) for key in "xy") for one in found.nodes.values()]
    note("node x, y", bad_nodes, Text("节点没有有效坐标", "the node has no coordinates"), found.nodes)
    loose = [not (tail in found.nodes and head in found.nodes) for tail, head in found.ends]
    note(
        "edge", loose, Text("两端的节点不存在", "its nodes are not in the file"), (" ".join(one) for one in found.ends)
    )
    for key, least in (("length", 0.0), ("speed_kph", 5e-324)):
        texts = [edge.get(key, "") for edge in found.edges]
        bad = [bool(text) and not least <= number_of(text) < inf for text in texts]
        note(f"edge {key}", bad, Text("不是有效的数值", "not a number that can be"), texts)
    if notes.errors:
        raise DataError(notes.problems)


@dataclass(frozen=True, eq=False)
class _Edges:
    """The edges of the file that cars use; shape e, without its ends, is `start[e]:start[e + 1]` of those of shapes.

    x, y: lon and lat (1e-7°) of the nodes, then of the shapes, so that one position names either.
    """

    tail: Whole
    head: Whole
    tags: list[dict[str, str]]
    start: Whole
    x: Whole
    y: Whole
    nodes: int


def read_graphml(path: Path, classes: Collection[str] | None = None) -> RoadGraph:
    """Return the roads of a GraphML file; DataError where it has no CRS, is damaged or holds none.

    Lengths are measured along the shapes, as everywhere; the file's own are spherical and only checked. An edge made of
    several ways has their numbers joined by ";", and is as slow and as closed as the worst of them.
    """
    return _graph_of(path, read_text(path), classes)


def read_networkx(graph: Any, classes: Collection[str] | None = None) -> RoadGraph:
    """Return the roads of a networkx graph as osmnx makes it: the same that its GraphML file gives.

    >>> import networkx as nx
    >>> street = nx.MultiDiGraph(crs="EPSG:4326")
    >>> street.add_node(1, x=101.70, y=26.60), street.add_node(2, x=101.71, y=26.60)
    (None, None)
    >>> _ = street.add_edge(1, 2, osmid=7, highway="primary"), street.add_edge(2, 1, osmid=7, highway="primary")
    >>> read_networkx(street)
    RoadGraph(2 nodes, 1 edges, 1 km)
    """
    found, named = GraphText(), Path("networkx")
    found.graph, found.directed = _as_text(graph.graph), graph.is_directed()
    found.nodes = {str(name): _as_text(data) for name, data in graph.nodes(data=True)}
    for tail, head, data in graph.edges(data=True):
        found.ends.append((str(tail), str(head)))
        found.edges.append({key: text for key, text in _as_text(data).items() if key in _KEPT})
    if not found.edges:
        raise no_roads(named)
    _check(named, found)
    return _graph_of(named, found, classes)


def _as_text(data: Mapping[str, Any]) -> dict[str, str]:
    """Return attributes as osmnx writes them: shapes as WKT, all else as Python writes it; without those that say nothing."""
    return {str(key): str(value) for key, value in data.items() if value is not None and str(value) != "nan"}


def _graph_of(path: Path, found: GraphText, classes: Collection[str] | None) -> RoadGraph:
    left = Left()
    edges = _edges(path, found, classes, crs_of(path, found), left)
    ways = tidied(_ways(edges, found.directed))
    junction = np.arange(len(edges.x)) < edges.nodes
    return replace(graph_of_ways(ways, edges.x, edges.y, junction), notes=left.notes())


def values_of(text: str) -> list[str]:
    """Return the values of an attribute: osmnx writes several as the text of a Python list.

    >>> values_of("['residential', 'service']"), values_of("60"), values_of("[1, 2]")
    (['residential', 'service'], ['60'], ['1', '2'])
    """
    if not (text.startswith("[") and text.endswith("]")):
        return [text]
    return [one.strip().strip("'\"") for one in text[1:-1].split(",")]


def worst(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags with one value each: of several, the slowest class and speed and the strictest access."""
    out = dict(tags)
    for key, text in tags.items():
        if not text.startswith("[") or key in {"osmid", "geometry"}:
            continue
        values = values_of(text)
        if key == "highway":
            out[key] = min(values, key=lambda one: (SPEED_KMH.get(one, inf), one))
        elif key == "maxspeed":
            out[key] = min(values, key=lambda one: (np.nan_to_num(speed_of(one), nan=inf), one))
        elif key in VEHICLE:
            out[key] = min(values, key=lambda one: (size_of(one), one))
        else:
            out[key] = min(values, key=lambda one: (one not in FORBIDDEN, one not in ENDS_ONLY, one != "yes", one))
    if tags.get("osmid", "").startswith("["):  # of which a bridge or a tunnel may be a small part
        out.pop("bridge", None)
        out.pop("tunnel", None)
    return out


def _edges(path: Path, found: GraphText, classes: Collection[str] | None, crs: pyproj.CRS, left: Left) -> _Edges:
    """Return the edges that cars use, coordinates in degrees rounded to 1e-7; those left out go into `left`."""
    tags = [{"highway": "road", **worst(one)} for one in found.edges]
    roads = [road_of(one) for one in tags]
    for one, road in zip(tags, roads, strict=True):
        left.see(one, road)
    kept = [at for at, road in enumerate(roads) if road is not None and (classes is None or road.road_class in classes)]
    if not kept:
        raise no_roads(path)
    try:
        shapes = shapely.from_wkt([tags[at].get("geometry") for at in kept])
    except shapely.errors.ShapelyError as error:
        raise broken(path, error) from error
    points, row = shapely.get_coordinates(shapes, return_index=True)
    counts = np.bincount(row, minlength=len(kept))
    last = np.cumsum(counts)
    inner = np.ones(len(points), np.bool_)
    inner[(last - counts)[counts > 0]] = False
    inner[last[counts > 0] - 1] = False
    position = {name: at for at, name in enumerate(found.nodes)}
    corners = np.array([(float(one["x"]), float(one["y"])) for one in found.nodes.values()])
    tail, head = np.array([[position[one] for one in _ends(found, at)] for at in kept]).T
    _along(points, last - counts, counts, corners[tail], corners[head])
    planar = np.vstack([corners, points[inner]])
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(*planar.T)
    check_degrees(path, lon, lat)
    x, y = np.rint(np.array([lon, lat]) * SCALE).astype(np.int64)
    sizes = np.bincount(row[inner], minlength=len(kept))
    edge_tags = [tags[at] | {"highway": str(class_of(tags[at]))} for at in kept]
    return _Edges(tail, head, edge_tags, offsets(sizes), x, y, len(corners))


def _ends(found: GraphText, at: int) -> tuple[str, str]:
    """Return the tail and the head of an edge; in an undirected graph osmnx keeps the direction in `from` alone."""
    source, target = found.ends[at]
    turned = not found.directed and found.edges[at].get("from") == target
    return (target, source) if turned else (source, target)


def _along(points: Floats, first: Whole, counts: Whole, tails: Floats, heads: Floats) -> None:
    """Turn the shapes around that begin at the head of their edge, as in an undirected graph they may."""
    for edge in np.flatnonzero(counts > 1):
        shape = points[first[edge] : first[edge] + counts[edge]]
        if abs(shape[0] - heads[edge]).sum() < abs(shape[0] - tails[edge]).sum():
            shape[:] = shape[::-1].copy()


def _ways(edges: _Edges, directed: bool) -> Ways:
    """Return the edges as ways, the two directions of a street as one, by the number of the way, then as in the file."""
    streets: dict[tuple[int, int, str, bytes], list[int]] = {}
    directions = np.zeros((len(edges.tail), 2), np.bool_)
    for at, tags in enumerate(edges.tags):
        key, turned = _street(edges, at)
        same = streets.setdefault(key, [at, turned])
        against = int(turned != same[1])
        directions[same[0], against] = True
        if not directed and tags.get("oneway") != "True":
            directions[same[0]] = True
        if against and tags.get("reversed") == "False":  # this one runs as the way was drawn
            streets[key] = [at, turned]
            directions[at] = directions[same[0]][::-1]
    order = sorted((at for at, _ in streets.values()), key=lambda at: (_way_numbers(edges.tags[at]), at))
    chosen = np.array(order, np.int64)
    sizes = np.diff(edges.start)[chosen]
    start = offsets(sizes + 2)
    vertex = np.empty(start[-1], np.int64)
    inside = np.ones(len(vertex), np.bool_)
    inside[start[:-1]] = inside[start[1:] - 1] = False
    vertex[start[:-1]], vertex[start[1:] - 1] = edges.tail[chosen], edges.head[chosen]
    vertex[inside] = edges.nodes + runs(edges.start[chosen], sizes)
    return Ways(
        way_id=np.array([";".join(text for _, text in _way_numbers(edges.tags[at])) for at in order], object),
        road_class=np.array([edges.tags[at]["highway"] for at in order], object),
        forward=directions[chosen, 0],
        backward=directions[chosen, 1],
        speed_kmh=np.array([_speed(edges.tags[at]) for at in order]),
        joins=np.array([joins(edges.tags[at], edges.tags[at]["highway"]) for at in order], np.bool_),
        through=np.array([access_of(edges.tags[at]) not in ENDS_ONLY for at in order], np.bool_),
        start=start,
        vertex=vertex,
    )


def _street(edges: _Edges, at: int) -> tuple[tuple[int, int, str, bytes], bool]:
    """Return what an edge and its opposite have in common, and whether this one runs against that."""
    tail, head = int(edges.tail[at]), int(edges.head[at])
    shape = slice(edges.nodes + edges.start[at], edges.nodes + edges.start[at + 1])
    points = np.column_stack([edges.x[shape], edges.y[shape]])
    along, against = points.tobytes(), points[::-1].tobytes()
    turned = (tail, along) > (head, against)
    ends = (head, tail) if turned else (tail, head)
    numbers = ";".join(text for _, text in _way_numbers(edges.tags[at]))
    return (*ends, numbers, against if turned else along), turned


def _way_numbers(tags: Mapping[str, str]) -> tuple[tuple[float, str], ...]:
    """Return the numbers of an edge's ways in rising order: osmnx writes them in any."""
    return tuple(sorted((int(one) if one.isdecimal() else inf, one) for one in values_of(tags.get("osmid", ""))))


def _speed(tags: Mapping[str, str]) -> float:
    """Return the speed that osmnx has put on the edge, else the limit that it carries, else NaN."""
    return number_of(tags["speed_kph"]) if tags.get("speed_kph") else speed_of(tags.get("maxspeed", ""))
