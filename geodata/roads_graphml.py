"""GraphML as osmnx writes it → RoadGraph, streaming.

osmnx draws a two-way street as two edges, one each way, and writes attributes as text, lists included ("[123, 456]").
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
import pyproj
import shapely

from geodata.roads_edges import SCALE, Ways, graph_of_ways, offsets, runs, tidied
from geodata.roads_files import broken, check_degrees, no_roads
from geodata.roads_graphml_file import GraphText, crs_of, number_of, read_text
from geodata.roads_notes import Left
from geodata.roads_tags import ENDS_ONLY, FORBIDDEN, access_of, class_of, joins, road_of, size_of, speed_of
from planner.network import SPEED_KMH, VEHICLE, Floats, RoadGraph, Whole


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
    found = read_text(path)
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
