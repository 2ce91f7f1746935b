"""Restrictions of turning: a crossing whose turns are told by hand, in every way in which OpenStreetMap tells them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geodata.roads import read_roads
from planner.network import graph_of_edges
from planner.plans.rounds import Ways
from planner.road import Road
from scenarios.cli.program import main
from tests.test_roads_joining import _osm, _points

NODES = "1 101.70 26.5; 2 101.71 26.5; 3 101.72 26.5; 4 101.71 26.51; 5 101.71 26.49; 6 101.69 26.5"
"""From the west (1) to the crossing (2), and on to the east (3), the north (4) or the south (5)."""
WEST, EAST, NORTH, SOUTH = (101.705, 26.5), (101.715, 26.5), (101.71, 26.505), (101.71, 26.495)
WAYS = (
    (1, "6 1 2", "highway=primary"), (2, "2 3", "highway=primary"), (3, "2 4", "highway=primary"),
    (4, "2 5", "highway=primary"), (5, "2 7", "highway=primary access=no"),
)  # fmt: skip


def _relation(tags: str, come: str = "1", at: str = "2", go: str = "3", via: str = "node", more: str = "") -> str:
    members = [("way", "from", one) for one in come.split()] + [(via, "via", one) for one in at.split()]
    members += [("way", "to", one) for one in go.split()]
    said = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, role, ref in members)
    said += "".join('<tag k="{}" v="{}"/>'.format(*one.split("=", 1)) for one in tags.split())
    return f'<relation id="1" version="1" {more}>{said}</relation>'


def _turns(tmp_path: Path, *relations: str, ways=WAYS):
    return _osm(tmp_path / "r.osm", NODES, *ways, relations="".join(relations))


def _pairs(graph) -> set[tuple[str, str]]:
    """Return (from way, to way) of the turns that are barred, all at the crossing."""
    assert all((graph.lon[at], graph.lat[at]) == (101.71, 26.5) for at in graph.turns[:, 1])
    return {(graph.way_id[come], graph.way_id[go]) for come, _, go in graph.turns.tolist()}


NO = "type=restriction restriction=no_left_turn"


@pytest.mark.parametrize(
    ("relation", "barred"),
    [
        (_relation(NO), {("1", "3")}),
        (_relation("type=restriction restriction=no_u_turn", go="1"), {("1", "1")}),
        (_relation("type=restriction restriction=only_straight_on", go="2"), {("1", "1"), ("1", "3"), ("1", "4")}),
        (_relation("type=restriction restriction=no_exit", go="2 3"), {("1", "2"), ("1", "3")}),
        (_relation("type=restriction restriction=no_entry", come="1 2"), {("1", "3"), ("2", "3")}),
        (_relation("type=restriction restriction:motorcar=no_left_turn"), {("1", "3")}),
        (_relation(f"{NO} restriction:motorcar=none"), set()),
        (_relation(f"{NO} except=bus;taxi"), {("1", "3")}),
        (_relation(f"{NO} except=motorcar"), set()),
        (_relation(f"{NO} except=psv;emergency"), set()),
        (_relation("type=restriction restriction:hgv=no_left_turn"), set()),
        (_relation("type=route restriction=no_left_turn"), set()),
        (_relation(NO, more='action="delete"'), set()),
        (_relation(NO, come="5"), set()),  # from where nobody drives
        (_relation(NO, go="5"), set()),
        (_relation(NO, come="4", go="1", at="1"), set()),  # no such corner
    ],
)
def test_what_a_relation_says(relation: str, barred: set[tuple[str, str]], tmp_path: Path) -> None:
    graph = _turns(tmp_path, relation)
    assert _pairs(graph) == barred
    assert "转弯限制" not in "".join(one.zh for one in graph.notes)


@pytest.mark.parametrize(
    "relation",
    [
        _relation("type=restriction restriction:conditional=no_left_turn@(07:00-09:00)"),
        _relation(f"{NO} hour_on=07:00 hour_off=09:00"),
        _relation(NO, via="way", at="2"),
        _relation(NO, at="1 2"),
        _relation(NO, at=""),
        _relation("type=restriction restriction=give_way"),
        _relation("type=restriction restriction=only_left_turn", go="5"),  # else nobody would get anywhere
        _relation(NO, come="1 2"),
    ],
)
def test_what_is_not_followed_is_counted(relation: str, tmp_path: Path) -> None:
    graph = _turns(tmp_path, relation)
    assert len(graph.turns) == 0
    assert [one.zh for one in graph.notes] == [
        "未作道路：禁止机动车通行 1 条。",
        "未采用：分时段、经过路段或指向不明的转弯限制 1 处。",
    ]


def test_which_part_of_a_way_is_meant(tmp_path: Path) -> None:
    """A way that runs through the crossing: the part by which one drives towards it, where it is one-way; else it is not told."""
    through = ((1, "6 1 2 3", "highway=primary"), (3, "2 4", "highway=primary"), (4, "2 5", "highway=primary"))
    graph = _turns(tmp_path, _relation(NO), ways=through)
    assert len(graph.turns) == 0
    assert "转弯限制 1 处" in graph.notes[0].zh
    one_way = ((1, "6 1 2 3", "highway=primary oneway=yes"), *through[1:])
    graph = _turns(tmp_path, _relation(NO), ways=one_way)
    assert _pairs(graph) == {("1", "3")}
    assert graph.lon[graph.tail[graph.turns[0, 0]]] == 101.69


def test_two_that_allow_one_turn_each_allow_both(tmp_path: Path) -> None:
    only = "type=restriction restriction=only_straight_on"
    graph = _turns(tmp_path, _relation(only, go="2"), _relation(only, go="4"))
    assert _pairs(graph) == {("1", "1"), ("1", "3")}


def _driven_m(graph, start: tuple[float, float], end: tuple[float, float], **more) -> int:
    cost = Road(graph, **more).reach_whole(_points(d=end), _points(f=start), 100_000_000).nearest_cost[0]
    return round(float(cost) / 1000)


def test_who_may_not_turn_drives_around(tmp_path: Path) -> None:
    """From the west to the north: straight on to the end of the road, back and to the right, 2 × 996 m more."""
    free, barred = _turns(tmp_path), _turns(tmp_path, _relation(NO))
    arm = _driven_m(free, (101.71, 26.5), (101.72, 26.5))
    direct = _driven_m(free, WEST, NORTH)
    assert _driven_m(barred, WEST, NORTH) == pytest.approx(direct + 2 * arm, abs=1)
    for start, end in ((NORTH, WEST), (EAST, NORTH), (WEST, EAST), (WEST, SOUTH), ((101.71, 26.5), NORTH)):
        assert _driven_m(barred, start, end) == _driven_m(free, start, end)
    assert _driven_m(barred, NORTH, WEST, direction="to") == pytest.approx(direct + 2 * arm, abs=1)
    assert _driven_m(barred, WEST, NORTH, direction="to") == direct
    assert _driven_m(barred, WEST, NORTH, walking=True) == direct


@pytest.mark.parametrize(("barred", "joins"), [(1, "3"), (3, "1")])
def test_nobody_joins_a_street_into_which_all_turns_are_barred(barred: int, joins: str, tmp_path: Path) -> None:
    """As where the border of an extract has cut off its other entries: the next street is as good; people must be reached."""
    into = [_relation(NO, come=come) for come in ("1", "2", "4")][:barred]
    ways = (*WAYS[:2], (3, "2 4", "highway=primary oneway=yes"), WAYS[3])
    road = Road(_turns(tmp_path, *into, ways=ways))
    place, facility = _points(d=(101.7099, 26.502)), _points(f=WEST)
    edge = int(road.snap(place).edge[0])
    assert road.graph.way_id[edge] == joins
    assert road.reach_whole(place, facility, 10_000_000).nearest_index[0] == 0


def test_every_osm_format_tells_the_same_turns(tmp_path: Path) -> None:
    import osmium

    xml = _turns(tmp_path, _relation(NO))
    with osmium.SimpleWriter(str(tmp_path / "r.osm.pbf")) as writer:
        for one in osmium.FileProcessor(str(tmp_path / "r.osm")):
            writer.add(one)
    assert read_roads(tmp_path / "r.osm.pbf").turns.tolist() == xml.turns.tolist() != []


def test_turns_are_told_and_so_is_a_file_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _turns(tmp_path, _relation("type=restriction restriction=only_straight_on", go="2"))
    assert main(["roads", "info", str(tmp_path / "r.osm"), "--out", str(tmp_path / "r.gpkg")]) == 0
    out = capsys.readouterr().out
    assert "不许的转弯（从一段到另一段）：3" in out
    assert "不含转弯限制" in out
    assert main(["roads", "info", str(tmp_path / "r.gpkg"), "--out", str(tmp_path / "again.gpkg")]) == 0
    assert "不含转弯限制" not in capsys.readouterr().out


def test_a_leg_of_the_rounds_is_drawn_as_it_is_driven(tmp_path: Path) -> None:
    road = Road(_turns(tmp_path, _relation(NO)), speeds={"primary": 60.0})
    points = _points(w=(101.705, 26.5), n=(101.71, 26.505), c=(101.71, 26.5))
    legs = Ways(road, points, 10_000_000).legs([("w", "n"), ("c", "n"), ("w", "c")])
    crossing, east = (101.71, 26.5), (101.72, 26.5)
    assert [one for one in legs["w", "n"].line if one in (crossing, east)] == [crossing, east, crossing]
    assert {lon for lon, _ in legs["c", "n"].line} == {101.71}
    assert {lat for _, lat in legs["w", "c"].line} == {26.5}
    assert legs["w", "n"].km == pytest.approx(_driven_m(road.graph, WEST, NORTH) / 1000, abs=0.002)


def test_a_turn_is_at_an_end_of_its_edges() -> None:
    place = np.array([0.0, 0.01, 0.02])
    graph = graph_of_edges(lon=place, lat=place, tail=np.array([0, 1]), head=np.array([1, 2]))
    assert replace(graph, turns=np.array([[0, 1, 1]])).turns.tolist() == [[0, 1, 1]]
    with pytest.raises(ValueError, match="not at an end"):
        replace(graph, turns=np.array([[0, 2, 1]]))
