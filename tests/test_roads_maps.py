"""Road maps as others publish them (Geofabrik, osmnx, overpass, ogr2ogr, the national schema), and lines drawn carelessly."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString, Point, Polygon

from geodata.load import load, survey
from geodata.roads import read_roads
from planner.errors import DataError
from planner.network import RoadGraph
from planner.reach import UNREACHABLE
from planner.road import Road
from planner.text import number_text
from scenarios.cli.program import main
from tests import tiny

GEOD = Geod(ellps="GRS80")
WEST, EAST = LineString([(101.70, 26.5), (101.71, 26.5)]), LineString([(101.71, 26.5), (101.72, 26.5)])
KM = GEOD.inv(101.70, 26.5, 101.71, 26.5)[2] / 1000


def _map(path: Path, shapes: list[Any], **columns: Any) -> RoadGraph:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(path, engine="pyogrio")
    return read_roads(path)


def _said(graph: RoadGraph) -> str:
    return "".join(one.zh for one in graph.notes)


def _km(graph: RoadGraph, start: tuple[float, float], end: tuple[float, float]) -> float:
    points = [pd.DataFrame({"id": ["x"], "lon": [x], "lat": [y]}) for x, y in (end, start)]
    cost = Road(graph, max_snap_m=30).reach_whole(*points, 100_000_000).nearest_cost[0]
    return float("nan") if cost == UNREACHABLE else cost / 1e6


# As they come


def test_roads_of_geofabrik(tmp_path: Path) -> None:
    shapes = [WEST, EAST, WEST.reverse(), WEST, WEST, EAST]
    graph = _map(
        tmp_path / "gis_osm_roads_free_1.shp", shapes,
        osm_id=["1", "2", "3", "4", "5", "6"], code=[5113] * 6, fclass=["primary", "motorway", "track_grade3", "footway", "unknown", "steps"],
        oneway=["F", "T", "B", "B", "B", "B"], maxspeed=[0, 60, 30, 0, 0, 0], layer=[0] * 6, bridge=["F", "F", "T", "F", "F", "F"],
        tunnel=["F", "F", "F", "F", "T", "F"],
    )  # fmt: skip
    assert graph.way_id.tolist() == ["1", "2", "3", "5"]
    assert graph.road_class.tolist() == ["primary", "motorway", "track", "road"]
    assert graph.forward.tolist() == [True, False, True, True]
    assert graph.backward.tolist() == [False, True, True, True]
    assert np.array_equal(graph.speed_kmh, [np.nan, 60, 30, np.nan], equal_nan=True)
    assert graph.joins.tolist() == [True, False, False, False]
    assert "footway 1、steps 1" in _said(graph)


def test_edges_of_osmnx(tmp_path: Path) -> None:
    """Both directions of a street are one, lists take the worst, and the several edges of one way may share its number."""
    graph = _map(
        tmp_path / "edges.gpkg", [WEST, WEST.reverse(), EAST, EAST],
        u=[1, 2, 2, 2], v=[2, 1, 3, 3], key=[0, 0, 0, 1], osmid=["[12, 11]", "[12, 11]", "12", "13"],
        highway=["['primary', 'service']", "['primary', 'service']", "primary", "primary"], oneway=[False, False, True, False],
        maxspeed=["['60', '40']", "['60', '40']", "60", "30 mph"], bridge=[None, None, "yes", None], reversed=["False", "True", "False", "False"],
    )  # fmt: skip
    assert sorted(zip(graph.way_id, graph.road_class, graph.backward, graph.speed_kmh, graph.joins, strict=True)) == [
        ("12", "primary", False, 60.0, False), ("12;11", "service", True, 40.0, True), ("13", "primary", True, 48.28032, True),
    ]  # fmt: skip


def _feature(shape: Any, **tags: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": tags, "geometry": json.loads(json.dumps(shape.__geo_interface__))}


def test_geojson_of_overpass(tmp_path: Path) -> None:
    """With points and areas between the lines, which are counted."""
    turn = {"role": "from", "rel": 7, "reltags": {"restriction": "no_left_turn", "type": "restriction"}}
    route = {"role": "", "rel": 8, "reltags": {"type": "route"}}
    features = [
        _feature(
            WEST,
            **{
                "@id": "way/1",
                "highway": "primary",
                "oneway": "-1",
                "maxspeed": "60 km/h",
                "@relations": [turn],
                "access:conditional": "no @ (22:00-06:00)",
            },
        ),
        _feature(EAST, **{"@id": "way/6", "highway": "footway", "@relations": [route, {**turn, "role": "to"}]}),
        _feature(EAST, **{"@id": "way/2", "highway": "service", "access": "private"}),
        _feature(WEST, **{"@id": "way/3", "highway": "primary", "impassable": "yes"}),
        _feature(WEST, **{"@id": "way/4", "railway": "rail"}),
        _feature(Point(101.7, 26.5), **{"@id": "node/9", "barrier": "gate"}),
        _feature(
            Polygon([(101.7, 26.5), (101.71, 26.5), (101.71, 26.51)]), **{"@id": "way/5", "highway": "pedestrian"}
        ),
    ]
    path = tmp_path / "export.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    graph = read_roads(path)
    assert graph.way_id.tolist() == ["way/1", "way/2"]
    assert (graph.forward.tolist(), graph.backward.tolist()) == ([False, True], [True, True])
    assert graph.speed_kmh[0] == 60
    assert graph.through.tolist() == [True, False]
    assert "不是线的图形 2 个" in _said(graph)
    assert "无法通行 1 条" in _said(graph)
    assert "转弯限制 1 处" in _said(graph)
    assert "分时段或有条件的通行限制 1 条路" in _said(graph)


def test_lines_of_ogr2ogr(tmp_path: Path) -> None:
    """GDAL's own layer of OpenStreetMap keeps most tags in one column."""
    graph = _map(
        tmp_path / "lines.gpkg", [WEST, EAST, EAST], osm_id=["1", "2", "3"], highway=["primary", "primary", "primary"],
        other_tags=['"oneway"=>"yes","maxspeed"=>"50","bridge"=>"yes"', None, '"access"=>"no"'],
    )  # fmt: skip
    assert graph.way_id.tolist() == ["1", "2"]
    assert graph.backward.tolist() == [False, True]
    assert np.array_equal(graph.speed_kmh, [50, np.nan], equal_nan=True)
    assert graph.joins.tolist() == [False, True]


def test_the_national_schema(tmp_path: Path) -> None:
    graph = _map(
        tmp_path / "LRDL.shp", [WEST, EAST, EAST.reverse(), WEST], OBJECTID=[7, 8, 9, 10], RN=["G1", "X1", "", ""],
        TYPE=["国道", "县道", "高速", "小路"], SDTF=["双向", "单向", "逆向", "双向"],
    )  # fmt: skip
    assert list(zip(graph.way_id, graph.road_class, graph.forward, graph.backward, graph.joins, strict=True)) == [
        ("7", "国道", True, True, True), ("8", "县道", True, False, True), ("9", "高速公路", False, True, False),
    ]  # fmt: skip
    for told in (
        "“路段编号”取自“OBJECTID”列",
        "“道路等级”取自“TYPE”列",
        "“是否单行”取自“SDTF”列",
        "没有使用的列：RN",
        "小路 1",
    ):
        assert told in _said(graph)


def test_rows_without_ids_are_called_by_their_number(tmp_path: Path) -> None:
    graph = _map(
        tmp_path / "r.gpkg", [WEST, EAST], 道路等级=["乡道", "康庄大道"], 时速=["60 km/h", ""], 是否单行=["否", "-1"]
    )
    assert graph.way_id.tolist() == ["1", "2"]
    assert graph.road_class.tolist() == ["乡道", "康庄大道"]
    assert graph.speed_kmh[0] == 60
    assert graph.forward.tolist() == [True, False]
    assert "以行号代替" in _said(graph)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"fclass": ["primary"] * 2, "oneway": ["X", "B"]}, "只能填"),
        ({"highway": ["primary"] * 2, "maxspeed": ["-5", "50"]}, "时速必须大于 0"),
        ({"道路等级": ["国道"] * 2, "时速": ["快", "50"]}, "不是数字"),
        ({"note": ["a", "b"]}, "缺少这一列"),
        ({"highway": ["footway", "steps"]}, "没有可行车的道路"),
    ],
)
def test_what_is_refused(columns: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        _map(tmp_path / "r.gpkg", [WEST, EAST], **columns)


# Lines that almost meet


def _half_metre() -> list[LineString]:
    lon = GEOD.fwd(101.71, 26.5, 90, 0.5)[0]
    return [WEST, LineString([(lon, 26.5), (101.72, 26.5)])]


TEE = [LineString([(101.70, 26.5), (101.72, 26.5)]), LineString([(101.71, 26.5), (101.71, 26.51)])]
CROSS = [LineString([(101.70, 26.5), (101.72, 26.5)]), LineString([(101.71, 26.49), (101.71, 26.51)])]


def _drawn(path: Path, shapes: list[LineString], weld_m: float = 0.0, **more: Any) -> RoadGraph:
    _map(path, shapes, road_class=["primary"] * len(shapes), **more)
    return read_roads(path, weld_m=weld_m)


def test_an_end_on_another_line_meets_it(tmp_path: Path) -> None:
    graph = _drawn(tmp_path / "r.gpkg", TEE)
    up = GEOD.inv(101.71, 26.5, 101.71, 26.51)[2] / 1000
    assert _km(graph, (101.70, 26.5), (101.71, 26.51)) == pytest.approx(KM + up, abs=1e-4)
    assert "未相接" not in _said(graph)


@pytest.mark.parametrize("off_m", [0.5, 0.9])
def test_an_end_beside_another_line_is_counted_and_welded(off_m: float, tmp_path: Path) -> None:
    lat = GEOD.fwd(101.71, 26.5, 0, off_m)[1]
    shapes = [TEE[0], LineString([(101.71, lat), (101.71, 26.51)])]
    graph = _drawn(tmp_path / "r.gpkg", shapes)
    assert np.isnan(_km(graph, (101.70, 26.5), (101.71, 26.51)))
    assert "1 处端点离别的线不到 1 米" in _said(graph)
    assert "--weld" in _said(graph)
    welded = _drawn(tmp_path / "w.gpkg", shapes, weld_m=1.0)
    assert _km(welded, (101.70, 26.5), (101.71, 26.51)) == pytest.approx(
        KM + GEOD.inv(101.71, lat, 101.71, 26.51)[2] / 1000, abs=0.002
    )
    assert "未相接" not in _said(welded)
    part = _drawn(tmp_path / "s.gpkg", shapes, weld_m=0.3)
    assert np.isnan(_km(part, (101.70, 26.5), (101.71, 26.51)))
    assert "1 处端点离别的线不到 1 米" in _said(part)


def test_two_ends_half_a_metre_apart(tmp_path: Path) -> None:
    graph = _drawn(tmp_path / "r.gpkg", _half_metre())
    assert np.isnan(_km(graph, (101.70, 26.5), (101.72, 26.5)))
    assert "2 处端点" in _said(graph)
    welded = _drawn(tmp_path / "w.gpkg", _half_metre(), weld_m=1.0)
    assert _km(welded, (101.70, 26.5), (101.72, 26.5)) == pytest.approx(2 * KM, abs=0.001)
    assert len(welded.lon) == 3


def test_lines_that_cross_are_counted_and_welded_but_not_over_a_bridge(tmp_path: Path) -> None:
    graph = _drawn(tmp_path / "r.gpkg", CROSS)
    assert np.isnan(_km(graph, (101.70, 26.5), (101.71, 26.51)))
    assert "1 处两线交叉而没有节点" in _said(graph)
    welded = _drawn(tmp_path / "w.gpkg", CROSS, weld_m=1.0)
    assert _km(welded, (101.70, 26.5), (101.71, 26.51)) == pytest.approx(
        KM + GEOD.inv(101.71, 26.5, 101.71, 26.51)[2] / 1000, abs=1e-4
    )
    assert len(welded.tail) == 4
    for apart in ({"bridge": ["T", "F"]}, {"tunnel": ["no", "yes"]}, {"layer": [0, 1]}):
        over = _drawn(tmp_path / "b.gpkg", CROSS, weld_m=1.0, **apart)
        assert len(over.tail) == 2
        assert "未相接" not in _said(_drawn(tmp_path / "b.gpkg", CROSS, **apart))


def test_welding_what_is_whole_changes_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    lines = [
        LineString(
            [(101.7 + 0.01 * a, 26.5), (101.705 + 0.01 * a, 26.5 + 0.003 * rng.random()), (101.71 + 0.01 * a, 26.5)]
        )
        for a in range(20)
    ]
    one, other = _drawn(tmp_path / "r.gpkg", lines), _drawn(tmp_path / "w.gpkg", lines, weld_m=1.0)
    assert np.array_equal(one.shape_lon, other.shape_lon)
    assert np.array_equal(one.tail, other.tail)
    assert len(one.notes) == 1  # of the ids


# The commands


@pytest.fixture
def points(tmp_path: Path) -> list[str]:
    (tmp_path / "d.csv").write_text("id,lon,lat,population\nV1,101.70,26.5,100\n", "utf-8")
    (tmp_path / "f.csv").write_text("id,name,lon,lat\nH1,县医院,101.72,26.5001\n", "utf-8")
    return [
        "reach",
        "--demand",
        str(tmp_path / "d.csv"),
        "--facilities",
        str(tmp_path / "f.csv"),
        "--out",
        str(tmp_path / "o.csv"),
    ]


def test_weld_and_joined_points_on_the_command_line(
    points: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _drawn(tmp_path / "r.gpkg", _half_metre())
    assert (
        main(
            [
                *points,
                "--roads",
                str(tmp_path / "r.gpkg"),
                "--limit",
                "30km",
                "--joined",
                str(tmp_path / "j.csv"),
                "--weld",
                "1m",
            ]
        )
        == 0
    )
    assert "已覆盖 100（" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "j.csv")
    assert table["编号"].tolist() == ["V1", "H1"]
    assert table["离路（米）"].tolist() == [0.0, 11.1]
    assert table["上路点纬度"].tolist() == pytest.approx([26.5, 26.5], abs=2e-6)
    assert table["路段编号"].tolist() == [1, 2]
    assert table["接入情况"].tolist() == ["接入主路网"] * 2


def test_a_welded_file_for_a_folder(points: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _drawn(tmp_path / "r.gpkg", CROSS)
    assert main(["roads", "info", str(tmp_path / "r.gpkg"), "--weld", "1m", "--out", str(tmp_path / "w.gpkg")]) == 0
    one, other = read_roads(tmp_path / "r.gpkg", weld_m=1.0), read_roads(tmp_path / "w.gpkg")
    assert sorted(one.length_mm.tolist()) == sorted(other.length_mm.tolist())
    assert len(one.lon) == len(other.lon)
    capsys.readouterr()
    assert main(["roads", "info", str(tmp_path / "r.gpkg"), "--out", str(tmp_path / "r.gpkg")]) == 2


def test_drawn_roads_of_a_folder_are_joined_by_about_yaml(tmp_path: Path) -> None:
    """Half a metre lies before the second road: who is beyond it is reached by road only when they are joined."""
    folder, shapes = tiny.write(tmp_path / "data"), list(tiny.roads().geometry)
    shapes[1] = LineString([(101.67, 26.55 + 5e-6), *shapes[1].coords[1:]])
    tiny.roads().set_geometry(shapes).to_file(folder / "roads.geojson", driver="GeoJSON")
    parts, joined = {}, "按 1 米的容差接上：1 处端点接到别的线上，0 处交叉打断成路口。"
    for weld, said in (("", "在 about.yaml 写 weld: 1m"), ("weld: 1m", joined), ("接线: 1米", joined)):
        (folder / "about.yaml").write_text(f"name: 某市\ncode: '510400'\n{weld}\n", "utf-8")
        out = tmp_path / f"out{len(parts)}"
        assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(out)]) == 0
        assert said in (out / "manifest.json").read_text("utf-8")
        graph = load(folder).roads
        assert graph is not None
        parts[weld] = int(graph.components().max()) + 1
    assert parts == {"": 3, "weld: 1m": 2, "接线: 1米": 2}


@pytest.mark.parametrize("weld", ["1", "100m", "1min", "0.5", "very"])
def test_a_distance_that_joins_nothing_is_refused(weld: str, tmp_path: Path) -> None:
    folder = tiny.write_with_roads(tmp_path / "data")
    (folder / "about.yaml").write_text(f"name: 某市\ncode: '510400'\nweld: {weld}\n", "utf-8")
    with pytest.raises(DataError) as caught:
        load(folder)
    (problem,) = caught.value.problems
    assert (problem.file, problem.column) == ("about.yaml", "weld")


@pytest.mark.parametrize("name", ["", "roads.graphml"])
def test_weld_without_drawn_roads_is_told(name: str, tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "data")
    if name:
        (folder / name).write_text("<graphml/>", "utf-8")
    (folder / "about.yaml").write_text("name: 某市\ncode: '510400'\nweld: 1m\n", "utf-8")
    assert "没有用到：路网不是画出的线" in "\n".join(one.say() for one in survey(folder).problems)


@pytest.mark.parametrize(("weld", "roads"), [("100m", "r.gpkg"), ("1", "r.gpkg"), ("1m", "r.osm")])
def test_what_weld_refuses(weld: str, roads: str, points: list[str], tmp_path: Path) -> None:
    _drawn(tmp_path / "r.gpkg", CROSS)
    (tmp_path / "r.osm").write_text("<osm/>", "utf-8")
    assert main([*points, "--roads", str(tmp_path / roads), "--limit", "30km", "--weld", weld]) == 2


def test_a_facility_that_is_cut_off_is_named(
    points: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = LineString([(101.70, 26.6), (101.80, 26.6)])
    _drawn(tmp_path / "r.gpkg", [far, LineString([(101.719, 26.5), (101.72, 26.5)])])
    assert main([*points, "--roads", str(tmp_path / "r.gpkg"), "--limit", "30km"]) == 0
    assert "没有接入主路网的机构" in capsys.readouterr().out


def test_classes_without_a_speed_are_told_by_time(
    points: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _map(tmp_path / "r.gpkg", [WEST, EAST], road_class=["康庄大道", "县道"], id=["a", "b"])
    line = [*points, "--roads", str(tmp_path / "r.gpkg")]
    assert main([*line, "--limit", "30min"]) == 0
    said = capsys.readouterr().out
    assert "“康庄大道”没有内置的时速：1.00 公里" in said
    assert "每小时 20 公里" in said
    assert "县道”没有" not in said
    (tmp_path / "s.csv").write_text("road_class,speed_kmh\n康庄大道,50\n", "utf-8")
    assert main([*line, "--limit", "30min", "--speeds", str(tmp_path / "s.csv")]) == 0
    assert "没有内置的时速" not in capsys.readouterr().out


def test_site_tells_of_the_roads_and_lists_the_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _drawn(tmp_path / "r.gpkg", [*_half_metre(), LineString([(101.7, 26.501), (101.701, 26.501)])])
    (tmp_path / "d.csv").write_text("id,lon,lat,population\nV1,101.7005,26.5012,100\nV2,101.719,26.5,50\n", "utf-8")
    (tmp_path / "f.csv").write_text("id,lon,lat\nH1,101.71,26.5\nH2,101.72,26.5\n", "utf-8")
    line = [
        "site",
        "--model",
        "lscp",
        "--demand",
        str(tmp_path / "d.csv"),
        "--facilities",
        str(tmp_path / "f.csv"),
        "--limit",
        "1.5km",
    ]
    more = ["--roads", str(tmp_path / "r.gpkg"), "--weld", "1m", "--joined", str(tmp_path / "j.csv")]
    assert main([*line, *more]) == 0
    assert "改接主路网的：需求点 1 个（100 人）" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "j.csv").set_index("编号")
    assert table["接入情况"].to_dict() == {
        "V1": "改接主路网（最近的是零星路段）", "V2": "接入主路网", "H1": "接入主路网", "H2": "接入主路网",
    }  # fmt: skip
    assert table["离零星路段（米）"]["V1"] == pytest.approx(GEOD.inv(101.7005, 26.5012, 101.7005, 26.501)[2], abs=0.1)
    assert main([*line, "--joined", str(tmp_path / "j.csv")]) == 2  # without roads
    assert main([*line, *more[:-1], str(tmp_path / "d.csv")]) == 2  # it would replace an input


def test_roads_for_those_with_business_there_are_counted(tmp_path: Path) -> None:
    """They are used at the ends of a trip alone, which changes ways: nobody should have to find that out."""
    graph = _map(
        tmp_path / "roads.gpkg", [WEST, EAST], id=["1", "2"], highway=["primary", "service"], access=["", "private"]
    )
    assert [one.zh for one in graph.notes if "两端出入" in one.zh] == [
        f"内部、送达等只供两端出入的路 1 段，{number_text(graph.length_mm[1] / 1e6)} 公里：可以在那里出发、到达，不从那里穿过。"
    ]
    open_to_all = _map(tmp_path / "open.gpkg", [WEST, EAST], id=["1", "2"], highway=["primary", "service"])
    assert not [one.zh for one in open_to_all.notes if "两端出入" in one.zh]
