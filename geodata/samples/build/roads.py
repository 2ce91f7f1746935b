"""Makes a road network: no extract of the real one can be published here, so every link is fictional.

Junctions stand near the villages and, beyond the border, at random places. Links are those of the relative
neighbourhood graph (which holds a minimum spanning tree, so everything is connected) and, in town, of the Gabriel
graph; classes follow from which shortest paths use a link; links wind as roads do in mountains.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from geodata.samples.build.places import City, Floats, Roads, Settlement, Town, line_through

BEYOND_M = 20_000.0  # roads reach so far beyond the border
BEYOND_SPACING_M = 8_000.0
BORDER_STRIP_M = 2_500.0  # no junctions of the outside so near the border

SPEEDS_KMH = {"trunk": 60, "primary": 50, "secondary": 40, "tertiary": 30, "unclassified": 20}
CLASSES = tuple(SPEEDS_KMH)
WINDING = {"trunk": 0.16, "primary": 0.20, "secondary": 0.24, "tertiary": 0.28, "unclassified": 0.30}
STREET_WINDING = 0.08
NAMES = {
    "trunk": "快速干线",
    "primary": "主干公路",
    "secondary": "次干公路",
    "tertiary": "县乡公路",
    "unclassified": "通村公路",
}

ONEWAY_PAIRS = 4
CARRIAGEWAY_M = 25.0  # between the two directions
SIDES = {"north": (0.0, 1.0), "south": (0.0, -1.0), "east": (1.0, 0.0), "west": (-1.0, 0.0)}


@dataclass(frozen=True)
class Link:
    """One link between two junctions, by their positions in the list of junctions."""

    start: int
    end: int
    road_class: str
    line: shapely.Geometry
    oneway: bool = False


def junctions(settlements: Sequence[Settlement], city: shapely.Geometry, rng: np.random.Generator) -> Floats:
    """Return the junctions: first one near each settlement, then those beyond the border, thinned to a spacing."""
    offset = rng.uniform(40, 160, len(settlements))
    angle = rng.uniform(0, 2 * np.pi, len(settlements))
    near = np.array([one.point for one in settlements]) + np.c_[offset * np.cos(angle), offset * np.sin(angle)]
    outside = shapely.difference(shapely.buffer(city, BEYOND_M), shapely.buffer(city, BORDER_STRIP_M))
    west, south, east, north = shapely.bounds(outside)
    tried = rng.uniform((west, south), (east, north), size=(6000, 2))
    kept: list[Floats] = []
    for point in tried[shapely.contains_xy(outside, tried)]:
        if not kept or np.min(((np.array(kept) - point) ** 2).sum(axis=1)) > BEYOND_SPACING_M**2:
            kept.append(point)
    return np.concatenate([near, np.array(kept)])


def neighbour_links(points: Floats, town_link_m: float) -> list[tuple[int, int]]:
    """Return the links of the relative neighbourhood graph and the short ones of the Gabriel graph."""
    pairs = sorted({
        (min(a, b), max(a, b))
        for triangle in Delaunay(points).simplices.tolist()
        for a, b in combinations(triangle, 2)
    })  # fmt: skip
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    tree = cKDTree(points)
    found = []
    for a, b in pairs:
        length = distance[a, b]
        lune_empty = not (np.maximum(distance[a], distance[b]) < length).any()
        others = tree.query_ball_point((points[a] + points[b]) / 2, length / 2 * (1 - 1e-9))
        if lune_empty or (length < town_link_m and not set(others) - {a, b}):
            found.append((a, b))
    return found


def raise_class(graph: "nx.Graph[int]", links: Iterable[tuple[int, int]], road_class: str) -> None:
    """Raise links of the graph to a class, unless they have a higher one."""
    for a, b in links:
        edge = graph.edges[a, b]
        edge["road_class"] = min(edge["road_class"], road_class, key=CLASSES.index)


def best_route(graph: "nx.Graph[int]", start: int, end: int, road_class: str) -> list[tuple[int, int]]:
    """Return the links of the shortest path, where roads of the class or better that are there already count less."""

    def cost(_a: int, _b: int, edge: dict[str, Any]) -> float:
        better = CLASSES.index(edge["road_class"]) <= CLASSES.index(road_class)
        return float(edge["length"]) * (0.6 if better else 1.0)

    return list(pairwise(nx.shortest_path(graph, start, end, weight=cost)))


def classify(
    points: Floats,
    links: Sequence[tuple[int, int]],
    centres: Mapping[str, int],
    seat_of: Mapping[str, str],
    roads: Roads,
) -> dict[tuple[int, int], str]:
    """Return the class of each link: the highest of the routes that use it."""
    graph: nx.Graph[int] = nx.Graph()
    for a, b in links:
        graph.add_edge(a, b, length=float(np.hypot(*(points[a] - points[b]))), road_class="unclassified")
    outermost = {side: int(np.argmax(points @ np.asarray(way))) for side, way in SIDES.items()}
    places = {**centres, **outermost}
    for road_class, pairs in (
        ("trunk", roads.trunks),
        ("primary", roads.primaries),
        ("secondary", tuple(seat_of.items())),
    ):
        for start, end in pairs:
            raise_class(graph, best_route(graph, places[start], places[end], road_class), road_class)
    raise_class(graph, nx.minimum_spanning_edges(graph, weight="length", data=False), "tertiary")
    return {(a, b): graph.edges[a, b]["road_class"] for a, b in links}


def winding_line(start: Floats, end: Floats, roughness: float, step_m: float, rng: np.random.Generator) -> Floats:
    """Return a line that winds by displaced midpoints, down to pieces of `step_m`; start and end stay."""
    length = float(np.hypot(*(end - start)))
    if length < 2 * step_m:
        return np.array([start, end])
    across = np.array([start[1] - end[1], end[0] - start[0]]) / length
    middle = (start + end) / 2 + across * length * roughness * rng.uniform(0.3, 1) * rng.choice((-1, 1))
    first = winding_line(start, middle, roughness, step_m, rng)
    return np.concatenate([first[:-1], winding_line(middle, end, roughness, step_m, rng)])


def crosses(line: shapely.Geometry, others: Sequence[shapely.Geometry], ends: Sequence[Floats]) -> bool:
    """Return whether a line meets others elsewhere than at its own ends, or itself."""
    if not shapely.is_simple(line):
        return True
    shared = shapely.buffer(shapely.multipoints(np.array(ends)), 1.0)
    return any(not shapely.is_empty(shapely.difference(shapely.intersection(line, one), shared)) for one in others)


def draw_links(
    points: Floats, classes: Mapping[tuple[int, int], str], roads: Roads, rng: np.random.Generator
) -> list[Link]:
    """Return the links as winding lines; one that would cross another is drawn again, straighter."""
    straight: dict[tuple[int, int], shapely.Geometry] = {pair: line_through(points[list(pair)]) for pair in classes}
    drawn: list[Link] = []
    lines: list[shapely.Geometry] = list(straight.values())
    for place, ((a, b), road_class) in enumerate(classes.items()):
        length = float(shapely.length(straight[a, b]))
        roughness = STREET_WINDING if length < roads.town_link_m else roads.winding * WINDING[road_class]
        near = shapely.STRtree(lines)
        line = straight[a, b]
        for attempt in range(6):
            shape = winding_line(points[a], points[b], roughness * 0.75**attempt, roads.step_m, rng)
            tried = line_through(shape)
            others = [lines[int(one)] for one in near.query(tried) if int(one) != place]
            if not crosses(tried, others, (points[a], points[b])):
                line = tried
                break
        lines[place] = line
        drawn.append(Link(a, b, road_class, line))
    return drawn


def split_carriageways(links: Sequence[Link], core: set[int]) -> list[Link]:
    """Return the links with the longest of the core as two one-way streets, one for each direction."""
    inner = [one for one in links if {one.start, one.end} <= core]
    chosen = sorted(inner, key=lambda one: -float(shapely.length(one.line)))[:ONEWAY_PAIRS]
    parted: list[Link] = []
    for link in links:
        if link not in chosen:
            parted.append(link)
            continue
        there = shapely.get_coordinates(link.line)
        if len(there) == 2:
            there = np.insert(there, 1, there.mean(axis=0), axis=0)
        across = np.array([there[0, 1] - there[-1, 1], there[-1, 0] - there[0, 0]])
        back = there[::-1].copy()
        back[1:-1] += CARRIAGEWAY_M * across / np.hypot(*across)
        opposite = Link(link.end, link.start, link.road_class, line_through(back), oneway=True)
        parted += [replace(link, oneway=True), opposite]
    return parted


def make_roads(
    towns: Mapping[str, Town], settlements: Sequence[Settlement], area: shapely.Geometry, city: City
) -> list[Link]:
    """Return the links of the network, ordered by their junctions."""
    rng = np.random.default_rng([city.seed, 4])
    points = junctions(settlements, area, rng)
    town_of = np.array([one.town_code for one in settlements])

    def centre(town: Town) -> int:
        own = np.flatnonzero(town_of == town.code)
        away = ((points[own] - np.asarray(town.centre)) ** 2).sum(axis=1)
        return int(own[np.argmin(away)])

    centres = {town.name: centre(town) for town in towns.values()}
    seats = {town.county_code: town.name for town in towns.values() if town.is_county_seat}
    seat_of = {town.name: seats.get(town.county_code, city.roads.core) for town in towns.values()}
    classes = classify(points, neighbour_links(points, city.roads.town_link_m), centres, seat_of, city.roads)
    core = next(town.code for town in towns.values() if town.name == city.roads.core)
    return split_carriageways(
        draw_links(points, classes, city.roads, rng), set(np.flatnonzero(town_of == core).tolist())
    )


def road_features(links: Sequence[Link], city: City) -> list[dict[str, object]]:
    """Return the GeoJSON features of the links; without names where the city's file is to be small."""
    lines = [city.plane.to_degrees(link.line, city.roads.decimals) for link in links]
    return [
        {
            "type": "Feature",
            "properties": {
                "id": f"R{number:04d}",
                **({"name": NAMES[link.road_class]} if city.roads.named else {}),
                "road_class": link.road_class,
                "speed_kmh": SPEEDS_KMH[link.road_class],
                "oneway": link.oneway,
                "source": "虚构示例路网",
                "estimated": True,
            },
            "geometry": {"type": "LineString", "coordinates": shapely.get_coordinates(line).tolist()},
        }
        for number, (link, line) in enumerate(zip(links, lines, strict=True), 1)
    ]
