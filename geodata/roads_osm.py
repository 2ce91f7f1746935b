"""OpenStreetMap's own files and GraphML, in which osmnx and others keep it, to a graph."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import product
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
from geodata.roads_graph import (
    ACCESS_KEYS,
    ENDS_ONLY,
    FORBIDDEN,
    ODD_KEYS,
    SCALE,
    Ints,
    Left,
    Ways,
    access_of,
    barred,
    barrier_of,
    broken,
    check_degrees,
    check_pbf,
    check_xml,
    class_of,
    deleted_ids,
    graph_of_ways,
    joins,
    no_roads,
    offsets,
    road_of,
    runs,
    size_of,
    speed_of,
    tidied,
    wrong,
)
from planner.errors import DataError, Text
from planner.network import SPEED_KMH, VEHICLE, Floats, RoadGraph, Whole

# OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) → RoadGraph, streaming.
#
# Two passes: ways first, of which only the numbers of their nodes are kept; then coordinates of just these nodes.
# Most nodes of a file belong to buildings, and a table of all of them would be larger than the roads.

# Restrictions of turning, as OpenStreetMap's relations tell them → the turns of a RoadGraph that nobody drives.

Place = tuple[float, float]
"""(lon, lat) of a node of the file: what a node of a graph is known by."""

KEYS = ("restriction", "restriction:motor_vehicle", "restriction:motorcar")
"""From the most general to the most specific: what they say concerns a car."""
TIMED = tuple(f"{key}:conditional" for key in KEYS)
_TIMES = frozenset({"day_on", "day_off", "hour_on", "hour_off", *TIMED})
_EXCEPT = frozenset({"motorcar", "motor_vehicle", "vehicle", "emergency"})


@dataclass(frozen=True)
class Restriction:
    """Numbers of the ways from which and into which one does not turn at a node; `only`: one turns nowhere else.

    followed: whether it can be; not where it holds at times only, or leads over ways between.
    """

    from_ways: tuple[int, ...]
    node: int
    to_ways: tuple[int, ...]
    only: bool
    followed: bool


def restriction_of(tags: Mapping[str, str], members: Iterable[tuple[str, str, int]]) -> Restriction | None:
    """Return what a relation with these tags and members (role, type "n" or "w", number) says to a car; None where nothing.

    >>> via = [("from", "w", 1), ("via", "n", 5), ("to", "w", 2)]
    >>> restriction_of({"type": "restriction", "restriction": "no_left_turn"}, via)
    Restriction(from_ways=(1,), node=5, to_ways=(2,), only=False, followed=True)
    >>> restriction_of({"type": "restriction", "restriction": "no_left_turn", "except": "bus;motorcar"}, via)
    """
    kind = next((tags[key] for key in reversed(KEYS) if key in tags), "")
    timed = not _TIMES.isdisjoint(tags)
    if not tags.get("type", "").startswith("restriction") or not (kind or timed) or kind == "none":
        return None
    if not _EXCEPT.isdisjoint(one.strip() for one in tags.get("except", "").split(";")):
        return None
    members = list(members)
    come, at, go = (
        tuple(number for one, sort, number in members if (one, sort) == part)
        for part in (("from", "w"), ("via", "n"), ("to", "w"))
    )
    by_node = len(at) == sum(role == "via" for role, _, _ in members) == 1
    several = (len(come) > 1 and kind != "no_entry") or (len(go) > 1 and kind != "no_exit")
    followed = kind.startswith(("no_", "only_")) and by_node and bool(come and go) and not several and not timed
    return Restriction(come, at[0] if at else 0, go, kind.startswith("only_"), followed)


def barred_turns(
    graph: RoadGraph, found: Sequence[Restriction], places: Mapping[int, Place]
) -> tuple[Whole, int]:  # fmt: skip
    """Return the turns that nobody drives (see `RoadGraph.turns`), and how many restrictions on these roads are not followed.

    `places` are the nodes of the file that stand in the graph. Where a way runs on beyond the node, or the only way that is allowed
    is no road, it is not told which turn is meant.
    """
    edges = _edges_of(graph, {str(way) for one in found for way in (*one.from_ways, *one.to_ways)})
    barred: set[tuple[int, int, int]] = set()
    only: dict[tuple[int, int], set[int]] = {}
    missed = 0
    for one in found:
        if not one.followed:
            missed += any(str(way) in edges for way in one.from_ways)
            continue
        place = places.get(one.node)
        for come, go in product(one.from_ways, one.to_ways):
            into, out = _met(graph, edges, come, place, arrives=True), _met(graph, edges, go, place, arrives=False)
            if not into or not (out or one.only):
                continue  # nobody could turn so
            (edge, node), other = into[0], [edge for edge, there in out if there == into[0][1]]
            if len(into) > 1 or len(other) != 1:
                missed += 1
            elif one.only:
                only.setdefault((edge, node), set()).update(other)
            else:
                barred.add((edge, node, other[0]))
    around = _edges_at(graph, {node for _, node in only})
    barred |= {(*key, other) for key, allowed in only.items() for other in around[key[1]] - allowed}
    return np.array(sorted(barred), np.int64).reshape(-1, 3), missed


def _edges_of(graph: RoadGraph, ways: Set[str]) -> dict[str, list[int]]:
    """Return the edges of each way."""
    out: dict[str, list[int]] = {}
    for edge in np.flatnonzero([name in ways for name in graph.way_id]).tolist():
        out.setdefault(str(graph.way_id[edge]), []).append(edge)
    return out


def _edges_at(graph: RoadGraph, nodes: Set[int]) -> dict[int, set[int]]:
    """Return the edges that meet at each node."""
    out: dict[int, set[int]] = {node: set() for node in nodes}
    for ends in (graph.tail, graph.head):
        for edge in np.flatnonzero(np.isin(ends, list(nodes))).tolist():
            out[int(ends[edge])].add(edge)
    return out


def _met(
    graph: RoadGraph, edges: Mapping[str, list[int]], way: int, place: Place | None, *, arrives: bool
) -> list[tuple[int, int]]:  # fmt: skip
    """Return (edge, node) of each edge of a way by which one arrives at a place, or leaves it."""
    heads, tails = (graph.forward, graph.backward) if arrives else (graph.backward, graph.forward)
    return [
        (edge, int(node[edge]))
        for edge in edges.get(str(way), [])
        for node, driven in ((graph.head, heads), (graph.tail, tails))
        if driven[edge] and place == (graph.lon[node[edge]], graph.lat[node[edge]])
    ]


FORMATS = {".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2"}
_UNDEFINED = 2_147_483_647
_BATCH = 65_536


def read_osm(path: Path, ending: str, classes: Collection[str] | None = None) -> RoadGraph:
    """Return the roads of an OSM file; DataError where it is damaged, hostile or holds none.

    Junctions are nodes that kept ways use twice or more, and the ends of ways.
    """
    if ending == ".pbf":
        check_pbf(path)
    else:
        check_xml(path, "osm")
    import osmium

    source, left = osmium.io.File(str(path), FORMATS[ending]), Left()
    deleted = {} if ending == ".pbf" else deleted_ids(path)
    left.others["deleted"] = sum(map(len, deleted.values()))
    try:
        number, ways, restrictions = _read_ways(osmium, source, classes, deleted, left)
        nodes = np.unique(ways.vertex)
        x, y, barriers = _read_nodes(osmium, source, nodes, deleted.get("node", frozenset()))
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        raise broken(path, error) from error
    if not len(number):
        raise no_roads(path)
    known = x != _UNDEFINED
    if known.any():
        check_degrees(path, x[known] / SCALE, y[known] / SCALE)
    vertex = np.searchsorted(nodes, ways.vertex)
    vertex[~known[vertex]] = -1
    # A way that stands twice, as in two extracts put together, is one road: np.unique takes the first.
    order = np.unique(number, return_index=True)[1]
    ways = tidied(replace(ways, vertex=vertex).ordered(order))
    if not len(ways.way_id):
        raise wrong(
            path, Text("道路的节点没有坐标", "the nodes of the roads have no coordinates"),
            Text("导出时包含节点（node）", "export the nodes as well"),
        )  # fmt: skip
    left.barriers.update(kind for node, kind in barriers.items() if known[np.searchsorted(nodes, node)])
    ways, x, y = barred(ways, x, y, {int(np.searchsorted(nodes, node)): kind for node, kind in barriers.items()})
    places = _places(nodes, x, y, {one.node for one in restrictions})
    del nodes, vertex, known  # the result is about to be made beside all this
    graph = graph_of_ways(ways, x, y, np.bincount(ways.vertex, minlength=len(x)) > 1)
    turns, left.others["turns"] = barred_turns(graph, restrictions, places)
    return replace(graph, turns=turns, notes=left.notes())


def _read_ways(
    osmium: Any, source: Any, classes: Collection[str] | None, deleted: Mapping[str, Collection[int]], left: Left
) -> tuple[Whole, Ways, list[Restriction]]:
    """Return the numbers of the ways kept, the ways with the numbers of nodes for vertices, and the restrictions of turning."""
    number, sizes, refs, speeds = array("q"), array("q"), array("q"), array("d")
    kinds, flags, restrictions = [], bytearray(), []
    gone = {kind: deleted.get(kind, frozenset()) for kind in ("way", "relation")}
    keys = osmium.filter.KeyFilter("highway", "route", *KEYS, *TIMED)
    for way in osmium.FileProcessor(source, osmium.osm.WAY | osmium.osm.RELATION).with_filter(keys):
        tags = dict(way.tags)
        if way.is_relation():
            if not way.deleted and way.id not in gone["relation"]:
                restrictions.append(restriction_of(tags, ((one.role, one.type, one.ref) for one in way.members)))
            continue
        road = road_of(tags)
        if way.deleted or way.id in gone["way"]:
            left.others["deleted"] += way.id not in gone["way"]
            continue
        left.see(tags, road)
        if road is None or (classes is not None and road.road_class not in classes):
            continue
        number.append(way.id)
        nodes = [node.ref for node in way.nodes]
        sizes.append(len(nodes))
        refs.extend(nodes)
        kinds.append(road.road_class)
        speeds.append(road.speed_kmh)
        flags.extend((road.forward, road.backward, road.joins, road.through))
    forward, backward, joins, through = np.frombuffer(flags, np.bool_).reshape(-1, 4).T.copy()
    ways = Ways(
        way_id=np.array([str(one) for one in number], object),
        road_class=np.array(kinds, object),
        forward=forward,
        backward=backward,
        speed_kmh=np.frombuffer(speeds),
        joins=joins,
        through=through,
        start=offsets(np.frombuffer(sizes, np.int64)),
        vertex=np.frombuffer(refs, np.int64),
    )
    return np.frombuffer(number, np.int64), ways, [one for one in restrictions if one is not None]


def _read_nodes(osmium: Any, source: Any, nodes: Whole, deleted: Collection[int]) -> tuple[Ints, Ints, dict[int, str]]:
    """Return the coordinates of `nodes` (sorted) in 1e-7 degrees, and what barriers stand at some of them.

    The coordinates of those that the file does not hold are _UNDEFINED. The sieve, one byte for each remainder of a needed
    number, turns most other nodes away at the cost of one look; pyosmium's own IdFilter takes 640 MB for the numbers of a
    small town, because they lie far apart.
    """
    x, y = np.full((2, len(nodes)), _UNDEFINED, np.int32)
    mask = (1 << max(len(nodes) * 4, 1).bit_length()) - 1
    flags = np.zeros(mask + 1, np.bool_)
    flags[nodes & mask] = True
    sieve = flags.tobytes()
    del flags
    number, lon, lat = array("q"), array("i"), array("i")
    for node in osmium.FileProcessor(source, osmium.osm.NODE):
        here = node.id
        if sieve[here & mask]:
            if here in deleted:
                continue
            place = node.location
            number.append(here)
            lon.append(place.x)
            lat.append(place.y)
            if len(number) == _BATCH:
                _place(nodes, number, lon, lat, x, y)
    _place(nodes, number, lon, lat, x, y)
    kinds = {}
    for node in osmium.FileProcessor(source, osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("barrier")):
        if node.id not in deleted and (kind := barrier_of(dict(node.tags))):
            kinds[node.id] = kind
    ours = np.intersect1d(nodes, np.array(list(kinds), np.int64))
    return x, y, {int(one): kinds[int(one)] for one in ours}


def _places(nodes: Whole, x: Ints, y: Ints, wanted: Collection[int]) -> dict[int, Place]:
    """Return where those of `nodes` (sorted) that are wanted stand."""
    at = np.flatnonzero(np.isin(nodes, list(wanted)))
    return {int(nodes[one]): (float(x[one] / SCALE), float(y[one] / SCALE)) for one in at}


def _place(nodes: Whole, number: "array[int]", lon: "array[int]", lat: "array[int]", x: Ints, y: Ints) -> None:
    """Write a batch of coordinates where their nodes stand in `nodes`, and empty the batch."""
    found = np.array(number, np.int64)
    at = np.searchsorted(nodes, found)
    ours = at < len(nodes)
    ours[ours] = nodes[at[ours]] == found[ours]
    x[at[ours]] = np.array(lon, np.int32)[ours]
    y[at[ours]] = np.array(lat, np.int32)[ours]
    for one in (number, lon, lat):
        del one[:]


# GraphML as osmnx writes it → RoadGraph, streaming.
#
# osmnx draws a two-way street as two edges, one each way, and writes attributes as text, lists included ("[123, 456]").

# What a GraphML file says, as text, streamed and checked: the reading half of geodata.roads_osm.

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
