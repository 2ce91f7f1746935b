"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) → RoadGraph, streaming.

Two passes: ways first, of which only the numbers of their nodes are kept; then coordinates of just these nodes.
Most nodes of a file belong to buildings, and a table of all of them would be larger than the roads.
"""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from geodata.roads_files import (
    SCALE,
    Ints,
    Ways,
    barred,
    broken,
    check_degrees,
    check_pbf,
    check_xml,
    deleted_ids,
    graph_of_ways,
    no_roads,
    offsets,
    tidied,
    wrong,
)
from geodata.roads_tags import Left, barrier_of, road_of
from planner.errors import Text
from planner.network import RoadGraph, Whole

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
