"""The page on which one tries sites: click to add, drag to move, close, and see at once who gains; then export the scenario.

All that the browser needs to judge is in the page: resident points with their people, the facilities that count, the limit.
It reckons as `planner.travel` does, by the geodesic and along the roads (whole millimetres or milliseconds), so its numbers
are those of `fugai run`; a test holds them equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from maps import geometry, style
from maps.compare import GAINED, LOST, MARKS
from maps.furniture import Furniture
from maps.geometry import Column, at_of, exact_degrees, ground, packed, plain, roads_of, texts
from maps.scene import Layer, Places, Ramp, Scene, render
from maps.style import Mark, symbol
from planner.network import Bools, RoadGraph, Whole
from planner.region import Region
from planner.road import Ends, Road, TripNetwork
from planner.text import people_text

NO_ROADS: Mapping[str, Road] = MappingProxyType({})
_CLOSED = Mark(18, style.CIRCLE, style.PAPER, style.CLOSED_COLOR, style.CROSS, style.CLOSED_COLOR, 2.0)


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of residents: those of `people` (rows of region.residents) within `limit` of an open facility of `kinds`.

    travel   how one travels ("paper", "road", "road_time"): the limit is in whole millimetres, by time in milliseconds
    param    what the rule calls the limit, so that an exported scenario can say another one
    who      the same words for the same people, so that one can go from one way to another
    kinds    the first is what one adds; `judged` tells whether the reading gives a verdict
    """

    rule: str
    reading: str
    label: str
    reading_label: str
    required_text: str
    denominator: str
    kinds: tuple[str, ...]
    limit: int
    travel: str
    param: str
    judged: bool
    people: gpd.GeoDataFrame
    who: str = ""
    quote: str = ""
    cite: str = ""


def whatif_map(
    region: Region, questions: Sequence[Question], rules: str, furniture: Furniture, ways: Mapping[str, Road] = NO_ROADS
) -> str:
    """Return one HTML page that opens with no network; `rules` is the name that an exported scenario gives.

    `ways` are the ways by "road" and "road_time" (from the facility to the resident), where questions ask for them.
    """
    kinds = list(dict.fromkeys(kind for one in questions for kind in one.kinds))
    facilities = region.facilities[region.facilities["kind"].isin(kinds)].reset_index(drop=True)
    scene = Scene(
        kind="whatif",
        ground=ground(region),
        fills=style.TOWN_FILLS,
        choices=(),
        views=(),
        pictures=(),
        ramps=(Ramp("乡镇（街道）未覆盖人口占比", style.GAP_CLASSES, (style.OUT_OF_SCOPE,)),),
        places={"villages": _villages(region), "facilities": _facilities(region, facilities), "sites": _no_sites()},
        layers=tuple(_layers(kinds)),
        roads=roads_of(region, None),
        tool={
            "rules": rules,
            "people": _people(region),
            "questions": tuple(_question(one, region, facilities) for one in questions),
            "facilities": _exact(facilities)
            | {"kind": texts(facilities["kind"]), "status": texts(facilities["status"])},
            "kinds": {kind: style.kind_label(kind) for kind in kinds},
            **({"roads": road_parts(region, ways)} if ways else {}),
        },
    )
    return render(scene, furniture, tools=("travel", "whatif"))


def _layers(kinds: Sequence[str]) -> Iterator[Layer]:
    yield Layer("within", "限度以内（圆只作示意，按居民点判断）", "areas", "reach", stroke=style.WITHIN)
    yield Layer("uncovered", "未覆盖居民点", "points", "gap", "villages", (style.UNCOVERED,), names="near")
    yield Layer("lost", "比今天少覆盖的居民点（×）", "points", "gap", "villages", (LOST,), names="near")
    yield Layer("gained", "比今天新覆盖的居民点（✓）", "points", "gain", "villages", (GAINED,), names="near")
    marks = tuple(symbol(kind, "open") for kind in kinds)
    yield Layer(
        "facilities", "在用机构", "points", "facility", "facilities", (*marks, _CLOSED), apart=True, names="near"
    )
    yield Layer(
        "others",
        "不计入本指标的机构（点开可改类型）",
        "points",
        "facility",
        "facilities",
        (*marks, _CLOSED),
        hidden=True,
        more=True,
    )
    yield Layer(
        "sites", "方案新设、迁来（可拖动）", "points", "gain", "sites", (MARKS["added"], MARKS["moved"]), names="always"
    )


def _villages(region: Region) -> Places:
    """Return where people live: villages, or the resident points themselves where no village is known."""
    frame = region.villages if region.subject_level == "village" else region.residents
    names = frame["name"] if "name" in frame else frame["id"]
    town = frame["town_code"].map(region.towns.set_index("code")["name"])
    codes = frame["code"] if "code" in frame else frame["id"]
    facts = {"人口": texts(map(people_text, geometry.floats(frame["population"])))}
    return Places(at_of(frame.geometry), texts(names), texts(town), texts(codes), facts)


def _facilities(region: Region, facilities: gpd.GeoDataFrame) -> Places:
    town = facilities["town_code"].map(region.towns.set_index("code")["name"])
    facts = {"状态": texts(style.facility_status_label(str(one)) for one in facilities["status"])}
    return Places(at_of(facilities.geometry), texts(facilities["name"]), texts(town), texts(facilities["id"]), facts)


def _no_sites() -> Places:
    none = plain([])
    return Places({"lon": none, "lat": none}, none, none, none, found=False)


def _question(one: Question, region: Region, facilities: gpd.GeoDataFrame) -> Mapping[str, object]:
    """Return what is asked: of which resident points (their rows), what counts for them today, the limit, the clause's words."""
    asked = region.residents["id"].isin(one.people["id"]).to_numpy(bool)
    counted = facilities["kind"].isin(one.kinds) & (facilities["status"] == "open")
    return {
        "rule": one.rule, "reading": one.reading, "label": one.label, "readingLabel": one.reading_label,
        "required": one.required_text, "denominator": one.denominator, "quote": one.quote, "cite": one.cite,
        "kinds": list(one.kinds), "limit": one.limit, "travel": one.travel, "param": one.param, "who": one.who, "judged": int(one.judged),
        "rows": packed(np.flatnonzero(asked)),
        "open": plain(int(flag) for flag in counted),
    }  # fmt: skip


def _people(region: Region) -> Mapping[str, Column]:
    """Return every resident point: how many live there, its village and town among the places, where it is."""
    level = region.subject_level
    codes = region.villages["code"] if level == "village" else region.residents["id"]
    subject = region.residents["village_code"] if level == "village" else region.residents["id"]
    village = pd.Series(np.arange(len(codes)), index=codes.astype(str))
    town = pd.Series(np.arange(len(region.towns)), index=region.towns["code"].astype(str))
    return {
        "population": packed(region.residents["population"].to_numpy()),
        "village": packed(village.loc[subject.astype(str)].to_numpy()),
        "town": packed(town.loc[region.residents["town_code"].astype(str)].to_numpy()),
        **_exact(region.residents),
    }


def _exact(frame: pd.DataFrame) -> dict[str, Column]:
    """Return lon and lat in degrees exactly as they are."""
    return {name: exact_degrees(frame[name].to_numpy(np.float64)) for name in ("lon", "lat")}


def road_parts(region: Region, ways: Mapping[str, Road]) -> dict[str, object]:
    """Return the roads as the page searches them: the arcs of trips, what each edge costs, where points and places join.

    `ways` differ in what an edge costs and in nothing else. Edges stand so that neighbours follow each other, arcs begin with
    one for each edge, and nodes are numbered as the arcs first name them: so all differences are small, and so is the page.
    """
    road = next(iter(ways.values()))
    road = replace(road, graph=_in_order(road.graph)) if len(road.net.edge) == len(road.graph.tail) else road
    graph, net = road.graph, road.net
    both = np.column_stack([net.tail, net.head]).ravel()
    named = both[np.sort(np.unique(both, return_index=True)[1])]
    node = np.zeros(len(net.place), np.int64)
    node[named] = np.arange(len(named))
    joined, place = road.access(region.residents).at, net.place[named]
    timed = ways.get("road_time", road)
    speeds, speed = np.unique(replace(timed, graph=graph).edge_kmh, return_inverse=True)
    forward, backward = road.drivable
    return {
        "snap": round(road.max_snap_m * 1000), "walk": timed.walk_kmh, "start": timed.start_speed, "speeds": speeds.tolist(),
        "nodes": {"lon": exact_degrees(graph.lon[place]), "lat": exact_degrees(graph.lat[place])},
        "arcs": _arcs(net, node, *net.driven(forward, backward)),
        "edges": {"length": packed(graph.length_mm), "speed": packed(speed), "ways": packed(forward + 2 * backward),
                  "joint": packed(road.joints("facility"))},
        "from": _sides(net, node, net.from_ends, net.from_corners), "to": _sides(net, node, net.to_ends, net.to_corners),
        "shapes": _shapes(graph),
        "points": {"edge": packed(joined.edge), "along": packed(joined.along_mm), "access": packed(joined.access_mm)},
    }  # fmt: skip


def _in_order(graph: RoadGraph) -> RoadGraph:
    """Return the roads with their edges along a curve that fills the plane (Morton's).

    Where an end of edges is the nearest place, another of them may then be the one that is joined; where all turns are
    allowed and all roads are for all, that is the same place at the same cost.
    """
    code = np.zeros(len(graph.tail), np.int64)
    for shift, values in enumerate((graph.lon, graph.lat)):
        scaled = (values - values.min(initial=0)) / max(float(np.ptp(values)), 1e-9) if len(values) else values
        whole = np.rint(scaled[graph.tail] * (2**16 - 1)).astype(np.int64)
        for bit in range(16):
            code |= (whole >> bit & 1) << (2 * bit + shift)
    order = np.argsort(code, kind="stable")
    size = np.diff(graph.shape_start)[order]
    begin = np.concatenate([[0], np.cumsum(size)])
    point = np.repeat(graph.shape_start[order] - begin[:-1], size) + np.arange(begin[-1])
    columns = (
        "tail",
        "head",
        "length_mm",
        "forward",
        "backward",
        "road_class",
        "speed_kmh",
        "way_id",
        "joins",
        "through",
    )
    sorted_ = {name: getattr(graph, name)[order] for name in columns}
    return replace(
        graph, **sorted_, shape_start=begin, shape_lon=graph.shape_lon[point], shape_lat=graph.shape_lat[point]
    )


def _arcs(net: TripNetwork, node: Whole, along: Bools, against: Bools) -> dict[str, Column]:
    """Return the arcs: the tail, how far the head is numbered from it, the edge (−1: a step), and how it is driven."""
    tail, head = node[net.tail], node[net.head]
    return {
        "tail": packed(tail),
        "head": packed(head - tail),
        "edge": packed(net.edge),
        "ways": packed(along + 2 * against),
    }


def _sides(net: TripNetwork, node: Whole, ends: Ends, corners: Ends) -> dict[str, Column]:
    """Return by how much the numbers of the nodes by which one leaves (or comes to) an edge differ from those of its arc."""
    count = len(ends[0])
    tail, head = node[net.tail[:count]], node[net.head[:count]]
    return {"tail": packed(node[ends[0]] - tail), "head": packed(node[ends[1]] - head),
            "cornerTail": packed(node[corners[0]] - tail), "cornerHead": packed(node[corners[1]] - head)}  # fmt: skip


def _shapes(graph: RoadGraph) -> dict[str, object]:
    """Return what lies between the ends of each edge; the whole shapes, where an end is not its node's place."""
    start, lon, lat = graph.shape_start, graph.shape_lon, graph.shape_lat
    at = np.concatenate([start[:-1], start[1:] - 1])
    end = np.concatenate([graph.tail, graph.head])
    whole = not (np.array_equal(lon[at], graph.lon[end]) and np.array_equal(lat[at], graph.lat[end]))
    keep = np.ones(len(lon), np.bool_)
    keep[at] = whole
    count = np.diff(start) - (0 if whole else 2)
    return {
        "whole": int(whole),
        "count": packed(count),
        "lon": exact_degrees(lon[keep]),
        "lat": exact_degrees(lat[keep]),
    }
