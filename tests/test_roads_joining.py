"""Where one gets onto a road, and which roads one may pass through: by hand, on small networks."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geodata.roads import read_roads
from geodata.roads_graph import barrier_of, road_of, why_not
from planner.joined import feet, joined
from planner.network import FRAGMENT_KM, SPEED_KMH, RoadGraph, graph_of_edges, speedless
from planner.reach import UNREACHABLE
from planner.road import Road
from planner.search import Search
from tests.examples import examples

GEOD = Geod(ellps="GRS80")
DEGREE_M = GEOD.inv(101.7, 26.5, 101.8, 26.5)[2] / 0.1


def _points(**places: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": list(places), "lon": [x for x, _ in places.values()], "lat": [y for _, y in places.values()]}
    )


def _osm(path: Path, nodes: str, *ways: tuple[int, str, str], relations: str = "") -> RoadGraph:
    """Return the roads of a file: nodes "1 101.7 26.5 barrier=gate access=no; …", ways (id, "1 2 3", "highway=primary")."""

    def tags(text: str) -> str:
        return "".join(f'<tag k="{one.split("=")[0]}" v="{one.split("=")[1]}"/>' for one in text.split())

    said = []
    for one in nodes.split(";"):
        number, lon, lat, *rest = one.split()
        said.append(f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">{tags(" ".join(rest))}</node>')
    for number, refs, rest in ways:
        inside = "".join(f'<nd ref="{one}"/>' for one in refs.split()) + tags(rest)
        said.append(f'<way id="{number}" version="1">{inside}</way>')
    path.write_text(f'<osm version="0.6">{"".join(said)}{relations}</osm>', "utf-8")
    return read_roads(path)


def _km(graph: RoadGraph, start: tuple[float, float], end: tuple[float, float], **more) -> float:
    """Return the kilometres from a facility at `start` to a settlement at `end`; NaN where there is no way."""
    cost = Road(graph, **more).reach_whole(_points(d=end), _points(f=start), 10_000_000).nearest_cost[0]
    return float("nan") if cost == UNREACHABLE else cost / 1e6


LINE = "1 101.70 26.5; 2 101.71 26.5; 3 101.72 26.5; 4 101.73 26.5"
KM = DEGREE_M / 1e5
"""Kilometres of one of its three stretches."""


@pytest.mark.parametrize(
    "tags",
    ["highway=motorway oneway=no", "highway=motorway_link", "highway=primary tunnel=yes", "highway=primary bridge=viaduct",
     "highway=trunk motorroad=yes", "route=ferry"],
)  # fmt: skip
def test_nobody_gets_on_where_one_cannot_enter(tags: str, tmp_path: Path) -> None:
    """A point 100 m from such a stretch goes to its end, where the open road begins; one travels along it all the same."""
    graph = _osm(
        tmp_path / "r.osm", LINE, (1, "1 2", "highway=primary"), (2, "2 3", tags), (3, "3 4", "highway=primary")
    )
    at = Road(graph).snap(_points(beside=(101.714, 26.501)))
    assert graph.way_id[at.edge[0]] == "1"
    assert at.along_mm[0] == graph.length_mm[at.edge[0]]
    assert at.access_mm[0] == round(GEOD.inv(101.714, 26.501, 101.71, 26.5)[2] * 1000)
    assert _km(graph, (101.70, 26.5), (101.73, 26.5)) == pytest.approx(3 * KM, abs=1e-3)


@pytest.mark.parametrize("tags", ["bridge=no", "tunnel=building_passage", "tunnel=no bridge=no"])
def test_one_gets_on_where_the_tag_says_otherwise(tags: str, tmp_path: Path) -> None:
    graph = _osm(tmp_path / "r.osm", LINE, (1, "1 2 3 4", f"highway=primary {tags}"))
    assert graph.joins.all()


def test_a_network_of_motorways_alone_is_entered_by_nobody(tmp_path: Path) -> None:
    graph = _osm(tmp_path / "r.osm", LINE, (1, "1 2 3", "highway=motorway oneway=no"))
    assert Road(graph).snap(_points(on=(101.70, 26.5))).edge[0] == -1


def _with_aisle(**more) -> RoadGraph:
    """A road of 10 km, and 100 m beside it an aisle of 100 m that joins nothing."""
    lon, lat = np.array([101.70, 101.80, 101.74, 101.741]), np.array([26.5, 26.5, 26.501, 26.501])
    return graph_of_edges(lon=lon, lat=lat, tail=np.array([0, 2]), head=np.array([1, 3]), **more)


def test_a_fragment_gives_way_to_the_main_network() -> None:
    graph, here = _with_aisle(), _points(d=(101.7405, 26.5011))
    road = Road(graph)
    off = GEOD.inv(101.7405, 26.5011, 101.7405, 26.5)[2]
    assert road.snap(here).edge.tolist() == [0]
    assert road.snap(here).access_mm[0] == pytest.approx(off * 1000, abs=5)
    assert road.passed_m(here)[0] == pytest.approx(GEOD.inv(101.7405, 26.5011, 101.7405, 26.501)[2], abs=0.01)
    assert np.isnan(road.passed_m(_points(d=(101.72, 26.5)))).all()
    found = joined(road, here).iloc[0]
    assert (found["state"], found["closed"]) == ("", False)
    assert np.isfinite(found["passed_m"])
    lon, lat = feet(road, road.snap(here))
    assert GEOD.inv(101.7405, 26.5, lon[0], lat[0])[2] < 0.1


def test_a_fragment_is_joined_where_nothing_else_is_near() -> None:
    road = Road(_with_aisle(), max_snap_m=50)
    here = _points(d=(101.7405, 26.5011))
    assert road.snap(here).edge.tolist() == [1]
    assert np.isnan(road.passed_m(here)).all()
    assert joined(road, here)["state"].tolist() == ["apart"]


def test_a_closed_road_makes_no_fragment_of_those_behind_it() -> None:
    """Whom a landslide cuts off stays cut off: nobody is taken over the slide to the main network."""
    lon = np.array([101.70, 101.80, 101.81, 101.815])
    graph = graph_of_edges(lon=lon, lat=np.full(4, 26.5), tail=np.array([0, 1, 2]), head=np.array([1, 2, 3]))
    road = Road(graph, closed=frozenset({"1"}))
    there = _points(d=(101.812, 26.5))
    assert road.snap(there).edge.tolist() == [2]
    assert joined(road, there)[["state", "closed"]].iloc[0].tolist() == ["apart", True]


def test_what_is_a_fragment() -> None:
    """Neither the half of a network that a missing bridge cuts in two, nor a long network of its own."""
    lon = np.array([101.70, 101.75, 101.80, 101.84, 102.0, 103.0, 103.2, 103.301])
    graph = graph_of_edges(lon=lon, lat=np.full(8, 26.5), tail=np.array([0, 2, 4, 6]), head=np.array([1, 3, 5, 7]))
    assert graph.fragments.tolist() == [True, True, False, bool(0.101 * DEGREE_M / 1000 <= FRAGMENT_KM)]
    two = graph_of_edges(lon=lon[:4], lat=np.full(4, 26.5), tail=np.array([0, 2]), head=np.array([1, 3]))
    assert not two.fragments.any()  # 5 km and 4 km


# Roads at the ends of trips alone


SQUARE = "1 101.70 26.5; 2 101.71 26.5; 3 101.72 26.5; 4 101.72 26.51; 5 101.70 26.51; 6 101.73 26.5; 7 101.74 26.5"


def test_a_private_road_ends_a_trip_and_is_not_passed_through(tmp_path: Path) -> None:
    graph = _osm(
        tmp_path / "r.osm", SQUARE,
        (1, "1 2", "highway=primary"), (2, "2 3", "highway=service access=private"), (3, "3 4 5 1", "highway=primary"),
    )  # fmt: skip
    round_km = sum(GEOD.inv(*a, *b)[2] for a, b in (((101.72, 26.5), (101.72, 26.51)), ((101.72, 26.51), (101.70, 26.51)),
                                                   ((101.70, 26.51), (101.70, 26.5)))) / 1000  # fmt: skip
    for direction in ("from", "to"):
        km = {end: _km(graph, (101.705, 26.5), (end, 26.5), direction=direction) for end in (101.712, 101.718)}
        assert km[101.712] == pytest.approx(0.7 * KM, abs=1e-3)
        assert km[101.718] == pytest.approx(1.3 * KM, abs=1e-3)
        up = GEOD.inv(101.72, 26.5, 101.72, 26.505)[2] / 1000
        beyond = _km(graph, (101.705, 26.5), (101.72, 26.505), direction=direction)
        assert beyond == pytest.approx(0.5 * KM + round_km - up, abs=1e-3)  # on the open road: round, not through
        assert _km(graph, (101.712, 26.5), (101.72, 26.505), direction=direction) < 2 * KM  # out by the other end


def test_roads_behind_a_private_one_are_reached_through_it(tmp_path: Path) -> None:
    """The inner roads of a compound say nothing of access themselves; its drive does."""
    graph = _osm(
        tmp_path / "r.osm", SQUARE, (1, "1 2 3", "highway=primary"), (2, "3 6", "highway=service access=private"),
        (3, "6 7", "highway=service"),
    )  # fmt: skip
    assert _km(graph, (101.74, 26.5), (101.70, 26.5)) == pytest.approx(4 * KM, abs=1e-3)
    assert _km(graph, (101.70, 26.5), (101.74, 26.5)) == pytest.approx(4 * KM, abs=1e-3)
    assert _km(graph, (101.735, 26.5), (101.738, 26.5)) == pytest.approx(0.3 * KM, abs=1e-3)
    assert not graph.fragments.any()


@pytest.mark.parametrize("word", ["private", "destination", "customers", "delivery"])
@pytest.mark.parametrize("key", ["access", "motor_vehicle"])
def test_who_may_pass(word: str, key: str) -> None:
    road = road_of({"highway": "service", key: word})
    assert road is not None
    assert not road.through
    opened = road_of({"highway": "service", key: word, "emergency": "yes"})
    assert opened is not None
    assert opened.through


@st.composite
def _mixed(draw: st.DrawFn) -> RoadGraph:
    """A small grid of roads, some of them private, some one-way, with turns that are barred."""
    side = draw(st.integers(2, 4))
    at = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    head = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    flags = [np.array(draw(st.lists(st.booleans(), min_size=len(tail), max_size=len(tail)))) for _ in range(3)]
    lon, lat = 101.7 + 0.01 * (at.ravel() % side), 26.5 + 0.01 * (at.ravel() // side)
    through, forward, both = flags
    graph = graph_of_edges(
        lon=lon, lat=lat, tail=tail, head=head, through=through, forward=forward | both, backward=~forward | both
    )
    every = [
        (come, node, go)
        for node in at.ravel().tolist()
        for come, go in product(np.flatnonzero((tail == node) | (head == node)).tolist(), repeat=2)
    ]
    barred = draw(st.sets(st.sampled_from(every)) | st.sets(st.sampled_from(every), min_size=len(every) // 3))
    return replace(graph, turns=np.array(sorted(barred), np.int64).reshape(-1, 3))


@settings(max_examples=examples(150), deadline=None)
@given(
    _mixed(),
    st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.tuples(*[st.sampled_from([0.0, 0.4, 0.7, 1.0])] * 2),
    st.sampled_from(["from", "to"]),
)
def test_trips_equal_those_tried_one_by_one(
    graph: RoadGraph, edges: tuple[int, int], shares: tuple[float, float], direction: str
) -> None:
    """Beside a search over (node, phase, edge by which one came): inner roads first, then roads for all, then inner roads."""
    start, end = (one % len(graph.tail) for one in edges)

    def middle(edge: int, share: float) -> tuple[float, float]:
        a, b = graph.tail[edge], graph.head[edge]
        return (
            graph.lon[a] + share * (graph.lon[b] - graph.lon[a]),
            graph.lat[a] + share * (graph.lat[b] - graph.lat[a]),
        )

    road = Road(graph, direction=direction, max_snap_m=1.0)
    facility, demand = _points(f=middle(start, shares[0])), _points(d=middle(end, shares[1]))
    found = road.reach_whole(demand, facility, 100_000_000).nearest_cost[0]
    assert found == _by_phases(road, road.snap(facility, "facility"), road.snap(demand))


def _by_phases(road: Road, seed, goal) -> int:
    import heapq

    from planner.road import _inner

    graph, inner = road.graph, _inner(road.graph, road.open_edges)
    forward, backward = road.drivable
    barred = {tuple(one) if road.direction == "from" else tuple(one[::-1]) for one in graph.turns.tolist()}
    arcs: dict[int, list[tuple[int, int, int]]] = {}
    for edge in range(len(graph.tail)):
        a, b, mm = int(graph.tail[edge]), int(graph.head[edge]), int(graph.length_mm[edge])
        if forward[edge]:
            arcs.setdefault(a, []).append((b, mm, edge))
        if backward[edge]:
            arcs.setdefault(b, []).append((a, mm, edge))
    first, last = int(seed.edge[0]), int(goal.edge[0])
    s_along, g_along = int(seed.along_mm[0]), int(goal.along_mm[0])
    best = [int(UNREACHABLE)]
    if first == last and (g_along == s_along or (forward if g_along > s_along else backward)[first]):
        best.append(abs(g_along - s_along))
    heap = []
    for node, mm, may in (
        (graph.head[first], graph.length_mm[first] - s_along, forward[first]),
        (graph.tail[first], s_along, backward[first]),
    ):
        if may or mm == 0:  # at a junction one comes from nowhere
            heap.append((int(mm), int(node), 0 if inner[first] else 1, first if mm else -1))
    heapq.heapify(heap)
    done: dict[tuple[int, int, int], int] = {}
    while heap:
        mm, node, phase, came = heapq.heappop(heap)
        if (node, phase, came) in done:
            continue
        done[node, phase, came] = mm
        for there, more, edge in arcs.get(node, []):
            if (came, node, edge) in barred:
                continue
            after = (0 if phase == 0 else 2) if inner[edge] else 1
            if not (phase == 2 and not inner[edge]):
                heapq.heappush(heap, (mm + more, there, after, edge))
            if inner[edge] and phase == 0:
                heapq.heappush(heap, (mm + more, there, 2, edge))
    for node, mm, may in (
        (graph.tail[last], g_along, forward[last]),
        (graph.head[last], graph.length_mm[last] - g_along, backward[last]),
    ):
        for (here, phase, came), before in done.items():
            turns = mm == 0 or (came, here, last) not in barred
            if here == node and (may or mm == 0) and turns and (inner[last] or phase < 2):
                best.append(before + int(mm))
    return min(best)


def test_without_private_roads_the_search_is_the_graphs_own() -> None:
    graph = _with_aisle()
    assert Road(graph).net.tail is graph.tail
    assert isinstance(Road(graph).search, Search)


# Barriers


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ("barrier=bollard", "shut"), ("barrier=block", "shut"), ("barrier=fence", "shut"), ("barrier=gate", ""),
        ("barrier=lift_gate", ""), ("barrier=cattle_grid", ""), ("barrier=gate access=no", "shut"),
        ("barrier=gate locked=yes", "shut"), ("barrier=gate locked=yes access=yes", ""),
        ("barrier=bollard bollard=rising", ""), ("barrier=bollard emergency=yes", ""), ("barrier=bollard motor_vehicle=yes", ""),
        ("barrier=gate access=no emergency=yes", ""), ("barrier=gate access=private", "ends"),
        ("barrier=lift_gate motor_vehicle=destination", "ends"), ("barrier=height_restrictor maxheight=2.1", "shut"),
        ("barrier=height_restrictor maxheight=3", ""), ("highway=traffic_signals", ""),
    ],
)  # fmt: skip
def test_barriers(tags: str, stops: str) -> None:
    assert barrier_of(dict(one.split("=") for one in tags.split())) == stops


@pytest.mark.parametrize("where", ["2", "3"])
def test_a_barrier_cuts_every_way_that_meets_at_it(where: str, tmp_path: Path) -> None:
    nodes = LINE + "; 5 101.71 26.51; 6 101.72 26.51"
    nodes = "; ".join(
        f"{one.strip()} barrier=bollard" if one.split()[0] == where else one.strip() for one in nodes.split(";")
    )
    graph = _osm(
        tmp_path / "r.osm",
        nodes,
        (1, "1 2 3 4", "highway=primary"),
        (2, "5 2", "highway=track"),
        (3, "6 3", "highway=track"),
    )
    assert len(np.unique(graph.components()[graph.tail])) == 3
    assert np.isnan(_km(graph, (101.70, 26.5), (101.73, 26.5), max_snap_m=20))
    ways = sorted(graph.way_id[graph.length_mm > 0].tolist())
    assert ways == ["1", "1", "1", "2", "3"]
    assert graph.length_mm.sum() == pytest.approx(sum(
        GEOD.inv(*a, *b)[2] * 1000 for a, b in (((101.70, 26.5), (101.73, 26.5)), ((101.71, 26.5), (101.71, 26.51)), ((101.72, 26.5), (101.72, 26.51)))
    ), abs=5)  # fmt: skip
    assert "隔离桩" in "".join(one.zh for one in graph.notes)


def test_a_private_gate_lets_those_in_who_live_there(tmp_path: Path) -> None:
    gate = LINE.replace("2 101.71 26.5", "2 101.71 26.5 barrier=gate access=private")
    graph = _osm(tmp_path / "r.osm", gate, (1, "1 2 3", "highway=primary"), (2, "3 4", "highway=primary"))
    assert _km(graph, (101.705, 26.5), (101.725, 26.5)) == pytest.approx(
        2 * KM, abs=1e-3
    )  # behind it there is nothing else
    ring = gate + "; 5 101.71 26.51"
    graph = _osm(tmp_path / "q.osm", ring, (1, "1 2 3", "highway=primary"), (2, "1 5 3 4", "highway=primary"))
    open_way = (
        Road(graph).reach_whole(_points(d=(101.725, 26.5)), _points(f=(101.70, 26.5)), 10_000_000).nearest_cost[0] / 1e6
    )
    around = (GEOD.inv(101.70, 26.5, 101.71, 26.51)[2] + GEOD.inv(101.71, 26.51, 101.72, 26.5)[2]) / 1000 + 0.5 * KM
    assert open_way == pytest.approx(around, abs=1e-3)


# What is no road


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"impassable": "yes"}, "impassable"), ({"smoothness": "impassable"}, "impassable"), ({"status": "impassable"}, "impassable"),
        ({"abandoned": "yes"}, "gone"), ({"disused": "yes"}, "gone"), ({"proposed": "yes"}, "gone"), ({"construction": "yes"}, "gone"),
        ({"maxheight": "1.8"}, "size"), ({"maxheight": "2.4 m"}, "size"), ({"maxheight": "2.5"}, ""), ({"maxheight": "default"}, ""),
        ({"maxheight": "7'"}, "size"), ({"maxwidth": "1.9"}, "size"), ({"maxweight": "2.5"}, "size"), ({"maxweight": "3000 kg"}, "size"),
        ({"maxweight": "10"}, ""), ({"maxlength": "5"}, "size"), ({"access": "no"}, "access"), ({"access": "no", "emergency": "yes"}, ""),
        ({"impassable": "yes", "emergency": "yes"}, "impassable"), ({"motor_vehicle": "agricultural"}, "access"), ({"smoothness": "bad"}, ""),
    ],
)  # fmt: skip
def test_why_a_way_is_no_road(tags: dict[str, str], why: str) -> None:
    whole = {"highway": "primary"} | tags
    assert why_not(whole) == why
    assert (road_of(whole) is None) is bool(why)


def test_the_reader_counts_what_it_leaves_out(tmp_path: Path) -> None:
    turn = (
        '<relation id="1" version="1"><member type="way" ref="1" role="from"/><member type="node" ref="2" role="via"/>'
        '<member type="way" ref="2" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/>'
        '<tag k="hour_on" v="07:00"/></relation>'
    )
    graph = _osm(
        tmp_path / "r.osm", LINE, (1, "1 2", "highway=primary"), (2, "2 3", "highway=primary access:conditional=no@(22:00-06:00)"),
        (3, "3 4", "highway=primary maxheight=1.8"), (4, "1 3", "highway=primary abandoned=yes"), (5, "1 4", "highway=footway"), relations=turn,
    )  # fmt: skip
    assert [one.zh for one in graph.notes] == [
        "未作道路：废弃、停用、拆除或尚未建成 1 条；限高、限宽、限重或限长，救护车过不去 1 条。",
        "未采用：分时段、经过路段或指向不明的转弯限制 1 处、分时段或有条件的通行限制 1 条路。",
    ]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ("motor_vehicle:conditional=no@(07:00-09:00)", "分时段或有条件的通行限制 1 条路"),
        ("oneway:conditional=yes@(07:00-09:00)", "分时段的单行 1 条路"),
        ("maxspeed:conditional=30@wet access:conditional=no@night", "分时段或有条件的通行限制 1 条路、分时段或有条件的限速 1 条路"),
        ("maxweight:conditional=none@delivery", "有条件的限高、限宽、限重或限长 1 条路"),
        ("bicycle:conditional=no@night maxspeed:hgv:conditional=60@night", ""),
    ],
)  # fmt: skip
def test_limits_at_times_are_counted_by_what_they_limit(tags: str, said: str, tmp_path: Path) -> None:
    graph = _osm(tmp_path / "r.osm", LINE, (1, "1 2 3", f"highway=primary {tags}"))
    assert [one.zh for one in graph.notes] == ([f"未采用：{said}。"] if said else [])
    assert (graph.forward & graph.backward).all()


@pytest.mark.parametrize("mark", ['action="delete"', "action='delete' visible='true'", 'visible="false"'])
@pytest.mark.parametrize("first", [True, False])
def test_what_an_editor_has_deleted_is_no_road(mark: str, first: bool, tmp_path: Path) -> None:
    path = tmp_path / "r.osm"
    _osm(path, LINE, (1, "1 2", "highway=primary"), (2, "2 3", "highway=primary"))
    tag = f'<way {mark} id="2" version="1">' if first else f'<way id="2" version="1" {mark}>'
    path.write_text(path.read_text("utf-8").replace('<way id="2" version="1">', tag), "utf-8")
    graph = read_roads(path)
    assert graph.way_id.tolist() == ["1"]
    assert [one.zh for one in graph.notes] == ["未作道路：编辑软件中已删除的对象 1 个。"]


# Speeds


def test_chinese_classes_have_speeds_and_an_unknown_one_is_named() -> None:
    assert SPEED_KMH["国道"] == SPEED_KMH["trunk"]
    assert SPEED_KMH["县道"] == SPEED_KMH["secondary"]
    classes = np.array(["县道", "康庄大道"], object)
    graph = _with_aisle(road_class=classes)
    (said,) = speedless(graph, SPEED_KMH)
    assert "康庄大道" in said.zh
    assert "0.10 公里" in said.zh
    assert "每小时 20 公里" in said.zh
    assert speedless(graph, {**SPEED_KMH, "康庄大道": 50.0}) == ()
    assert speedless(_with_aisle(road_class=classes, speed_kmh=np.array([np.nan, 30.0])), SPEED_KMH) == ()


# One-way streets that the border of an extract has cut off


def _cut_off(*, into: bool) -> RoadGraph:
    """A two-way road of 10 km, and 300 m beside it a one-way street of 1 km that comes from (or leads) out of the map."""
    lon, lat = np.array([101.70, 101.75, 101.80, 101.74]), np.array([26.5, 26.5, 26.5, 26.509])
    tail, head = np.array([0, 1, 3]), np.array([1, 2, 1])
    two_way = np.array([True, True, False])
    return graph_of_edges(lon=lon, lat=lat, tail=tail, head=head, forward=two_way | into, backward=two_way | (not into))


@pytest.mark.parametrize("direction", ["from", "to"])
@pytest.mark.parametrize("into", [True, False])
def test_a_one_way_street_from_nowhere_is_a_fragment_to_those_who_cannot_use_it(into: bool, direction: str) -> None:
    """Who lives on it can leave it for the map and not be reached, or the other way round: only those of no use are moved."""
    graph, there = _cut_off(into=into), _points(x=(101.744, 26.5054))
    road = Road(graph, direction=direction)
    leaves = direction == "to"  # the demand travels
    moved = {"demand": leaves is not into, "facility": leaves is into}
    for side, is_moved in moved.items():
        assert (graph.way_id[road.snap(there, side).edge[0]] != "2") is is_moved
        assert bool(np.isfinite(road.passed_m(there, side)[0])) is is_moved
    for frames in ((there, _points(f=(101.80, 26.5))), (_points(d=(101.80, 26.5)), there)):
        assert road.reach_whole(*frames, 20_000_000).nearest_index[0] == 0


def test_in_a_network_of_one_way_streets_alone_nobody_is_moved() -> None:
    graph = _with_aisle(backward=np.zeros(2, bool))
    assert Road(graph).snap(_points(d=(101.72, 26.501))).edge.tolist() == [0]
    assert Road(graph).snap(_points(d=(101.7405, 26.5011))).edge.tolist() == [0]
