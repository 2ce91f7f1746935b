"""绕行清单 and the roads of an assessment: known answers by hand on the made city, every form of roads, every option."""

import bz2
import gzip
import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString, box

from geodata.load import load
from geodata.roads import read_speeds
from planner.errors import DataError
from planner.findings import assess
from planner.joined import detours, joined, not_joined, road_parts
from planner.measures import FUNCTIONS
from planner.network import edge_lines, edges_meeting, unknown_ways
from planner.region import Region
from planner.road import Road
from planner.rules import Rules, load_rules, readable, with_minutes
from planner.text import number_text
from planner.travel import PAPER
from scenarios.cli.program import main
from scenarios.export.workbook import write_workbook
from scenarios.run import AS_IT_IS, MAP
from scenarios.ways import road_view, ways_of
from tests import tiny
from tests.pages import open_file, scene_of
from tests.test_outputs import FORMULA, PAYLOAD, _digests
from tests.test_workbook import widths_of

GEOD = Geod(ellps="GRS80")
STATION, CORNER, NORTH, NORTH_WEST = (101.65, 26.55), (101.67, 26.55), (101.67, 26.59), (101.65, 26.59)


def _km(*line: tuple[float, float]) -> float:
    return sum(GEOD.inv(*one, *other)[2] for one, other in pairwise(line)) / 1000


def _assess(data: Path, out: Path, *more: str) -> int:
    return main(["assess", str(data), "--rules", "panzhihua_2023", "--out", str(out), *more])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_with_roads(tmp_path_factory.mktemp("tiny_roads"))


@pytest.fixture(scope="module")
def region(folder: Path) -> Region:
    return load(folder)


@pytest.fixture(scope="module")
def road(region: Region) -> Road:
    assert region.roads is not None
    return Road(region.roads)


@pytest.fixture(scope="module")
def found(region: Region, rules: Rules, road: Road) -> pd.DataFrame:
    return detours(region, rules, {**PAPER, "road": road})


@pytest.fixture(scope="module")
def outputs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("detours") / "out"
    assert _assess(folder, out) == 0
    return out


# Who has to go round, by hand


def test_a_detour_by_hand(found: pd.DataFrame) -> None:
    """二社区 is 4.4 km from the station on paper; by road one goes east, north and back west."""
    (row,) = found[found["rule"] == "emergency_urban"].to_dict("records")
    straight, by_road = _km(STATION, NORTH_WEST), _km(STATION, CORNER, NORTH, NORTH_WEST)
    assert straight < 5 < by_road
    assert (row["name"], row["town_name"], row["county_name"]) == ("二社区居民委员会", "甲一街道", "甲区")
    assert (row["population"], row["status"], row["reason"]) == (10_000, "detour", "")
    assert row["paper_distance_m"] == pytest.approx(straight * 1000, abs=0.01)
    assert row["road_distance_m"] == pytest.approx(by_road * 1000, abs=0.05)
    assert row["detour_factor"] == pytest.approx(by_road / straight, rel=1e-5)
    assert (row["paper_facility_name"], row["road_facility_name"]) == ("甲急救站", "甲急救站")


def test_the_unreachable_have_a_reason_and_no_factor(found: pd.DataFrame) -> None:
    rows = found[found["rule"] == "emergency_rural"].set_index("name")
    assert rows["population"].to_dict() == {"四村村民委员会": 1_000, "五社区居民委员会": 1_000, "七村村民委员会": 1_500}
    assert set(rows["status"]) == {"unreachable"}
    assert rows["reason"].to_dict() == {"四村村民委员会": "apart", "五社区居民委员会": "far", "七村村民委员会": "far"}
    assert rows["detour_factor"].isna().all()
    assert rows["road_distance_m"].isna().all()
    assert set(rows["road_facility"]) == {""}


def test_a_road_without_its_way_there_is_no_way(region: Region, rules: Rules) -> None:
    """Driven towards the station only, an ambulance cannot leave on it; the residents are on the largest part all the same."""
    assert region.roads is not None
    towards = region.roads.way_id == "W2"
    oneway = replace(region.roads, forward=region.roads.forward & ~towards)
    rows = detours(region, rules, {**PAPER, "road": Road(oneway)}).set_index("name")
    assert rows.loc["二社区居民委员会", ["status", "reason"]].tolist() == ["unreachable", "no_way"]


@pytest.mark.parametrize("which", ["tiny", "sample"])
def test_the_people_of_the_list_are_those_between_the_readings(
    which: str, region: Region, rules: Rules, sample_findings: tuple[Region, pd.DataFrame]
) -> None:
    one = region if which == "tiny" else sample_findings[0]
    assert one.roads is not None
    travels = {**PAPER, "road": Road(one.roads)}
    rows, findings = detours(one, rules, travels), assess(one, rules, travels)
    assert set(rows["status"]) <= {"detour", "unreachable"}
    assert (rows["detour_factor"].dropna() > 1).all()
    for level, code in (("city", None), ("county", "county_code"), ("town", "town_code")):
        rows_here = findings[findings["level"] == level]
        cover = rows_here.pivot_table("covered", ["rule", "subject_code"], "reading", aggfunc="sum")
        between = (cover["paper"] - cover["road"]).dropna().astype(int)
        keys = ["rule"] if code is None else ["rule", code]
        listed = rows.groupby(keys)["population"].sum()
        if code is None:
            between = between.droplevel("subject_code")
        assert listed.to_dict() == between[between > 0].to_dict()


def test_the_urban_and_the_rural_of_one_village_are_one_settlement(
    sample_findings: tuple[Region, pd.DataFrame], rules: Rules
) -> None:
    one = sample_findings[0]
    assert one.roads is not None
    rows = detours(one, rules, {**PAPER, "road": Road(one.roads)})
    assert not rows.duplicated(["rule", "village_code"]).any()


def test_without_a_road_reading_the_list_is_empty(region: Region, rules: Rules) -> None:
    assert len(detours(region, rules, PAPER)) == 0


# Who is not joined to the roads


def test_parts_and_points_not_joined_by_hand(region: Region, road: Road) -> None:
    parts = road_parts(road)
    assert (parts.parts_apart, parts.nodes_apart) == (1, 2)
    assert parts.km_apart == pytest.approx(_km((101.78, 26.51), (101.79, 26.51)), abs=1e-5)
    rows = not_joined(region, road)
    people = rows[rows["what"] == "resident"].set_index("name")
    assert people["state"].to_dict() == {
        "四村村民委员会": "apart", "五社区居民委员会": "far", "六社区村民委员会": "far", "七村村民委员会": "far", "八村村民委员会": "far",
    }  # fmt: skip
    assert people["population"].to_dict()["五社区居民委员会"] == 6_000  # urban and rural, one settlement
    assert people.loc["四村村民委员会", "access_m"] == 0
    assert people["access_m"].isna().sum() == 4
    places = rows[rows["what"] == "facility"].set_index("id")["state"].to_dict()
    assert places == {"TH2": "far", "VC1": "apart", "VC2": "far"}


def test_a_closed_road_can_cut_off_a_part(region: Region) -> None:
    assert region.roads is not None
    cut = Road(region.roads, closed=frozenset({"W3"}))
    assert road_parts(cut).parts_apart == road_parts(Road(region.roads)).parts_apart
    ends = frozenset(edges_meeting(region.roads, box(101.669, 26.56, 101.671, 26.57)).tolist())
    cut = Road(region.roads, closed_edges=ends)
    assert road_parts(cut).edges == len(region.roads.tail) - len(ends)
    state = joined(cut, pd.DataFrame({"id": ["x"], "lon": [101.65], "lat": [26.59]}))["state"]
    assert state.tolist() == ["far"]  # the whole of W2 is one edge, and closed


def test_a_graph_of_no_open_road_joins_nobody(region: Region) -> None:
    assert region.roads is not None
    shut = Road(region.roads, closed=frozenset({"W1", "W2", "W3", "W4"}))
    assert road_parts(shut).edges == 0
    assert set(not_joined(region, shut)["state"]) == {"far"}


# Edges and polygons


def test_edges_meeting_a_polygon_against_every_edge(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    graph = sample_findings[0].roads
    assert graph is not None
    lines = edge_lines(graph)
    assert [line.coords[0] for line in lines] == list(zip(graph.shape_lon[graph.shape_start[:-1]], graph.shape_lat[graph.shape_start[:-1]], strict=True))  # fmt: skip
    polygon = box(101.6, 26.5, 101.8, 26.7).symmetric_difference(box(101.65, 26.55, 101.75, 26.65))
    brute = [at for at, line in enumerate(lines) if line.intersects(polygon)]
    assert edges_meeting(graph, polygon).tolist() == brute
    assert 0 < len(brute) < len(lines)
    assert edges_meeting(graph, box(0, 0, 1, 1)).tolist() == []


def test_unknown_ways_are_named(region: Region) -> None:
    assert region.roads is not None
    assert unknown_ways(region.roads, {"W1", "W9", "w1"}) == ["W9", "w1"]


# The outputs


def test_the_list_as_a_file(outputs: Path, found: pd.DataFrame) -> None:
    text = (outputs / "绕行清单.csv").read_text("utf-8-sig")
    assert "inf" not in text.lower()
    assert "nan" not in text.lower()
    rows = pd.read_csv(outputs / "绕行清单.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert len(rows) == len(found)
    assert rows["人口（人）"].astype(int).tolist() == found["population"].tolist()
    lost = rows[rows["状态"] == "不可达"]
    assert set(lost["绕行系数"]) == {""}
    assert set(lost["不可达原因"]) == {"离路太远", "所在道路不与最大路网连通"}


def _cells(path: Path, name: str) -> list[list[object]]:
    return [list(row) for row in openpyxl.load_workbook(path)[name].iter_rows(values_only=True)]


def test_the_sheets_hold_the_same_rows(outputs: Path, found: pd.DataFrame) -> None:
    for name, code in (("甲区、乙县", ""), ("甲区", "510402"), ("乙县", "510422")):
        path = outputs / f"缺口清单_{name}.xlsx"
        assert openpyxl.load_workbook(path).sheetnames == [
            "缺口清单",
            "未作判断清单",
            "指标完成情况",
            "待补数据清单",
            "绕行清单",
            "路网接入",
            "说明",
        ]
        rows = [row for row in _cells(path, "绕行清单") if isinstance(row[0], int)]
        mine = found[found["county_code"] == code] if code else found
        assert [row[13] for row in rows] == mine["id"].tolist()
        assert sum(int(str(row[10])) for row in rows) == mine["population"].sum()
        assert not {"inf", "nan"} & {str(cell).lower() for row in rows for cell in row}
        factors = [row[9] if isinstance(row[9], str) else round(float(str(row[9])), 9) for row in rows]
        assert factors == [
            round(one, 9) if one == one else "—" for one in mine["detour_factor"]
        ]  # cells keep 16 digits
    text = " ".join(str(cell) for row in _cells(outputs / "缺口清单_甲区.xlsx", "路网接入") for cell in row)
    assert "所在道路不与最大路网连通 1 个居民点 1,000 人" in text
    assert "1 处，2 个节点，1.00 公里" in text


@pytest.mark.parametrize("name", ["绕行清单", "路网接入"])
def test_the_sheets_fit_their_paper(name: str, outputs: Path) -> None:
    """No more width than leaves type that can be read on A4 (scenarios.export.sheet.Column)."""
    sheet = openpyxl.load_workbook(outputs / "缺口清单_甲区、乙县.xlsx")[name]
    last = openpyxl.utils.cell.range_boundaries(str(sheet.print_area).split("!")[1].replace("$", ""))[2]
    assert (
        sum(width for width, hidden in widths_of(sheet)[:last] if not hidden) <= 134 + last
    )  # 0.7 each is Excel's own
    assert sheet.page_setup.orientation == "landscape"


def test_the_points_are_in_the_geopackage_and_on_the_map(outputs: Path, found: pd.DataFrame) -> None:
    layer = gpd.read_file(outputs / "findings.gpkg", layer="detours")
    assert layer["id"].tolist() == found["id"].tolist()
    assert layer.geometry.x.tolist() == pytest.approx(found["lon"].tolist())
    shown = scene_of((outputs / MAP).read_text("utf-8"))["places"]["detours"]
    factors = [number_text(one) if one == one else "" for one in found["detour_factor"]]
    assert shown["facts"]["绕行系数"] == factors
    assert {one.split("：")[0] for one in shown["facts"]["情况"]} == {"绕行超限", "不可达"}


def test_the_console_tells_it(outputs: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _assess(folder, tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "直线达标而道路不达标 1 个居民点 10,000 人，其中不可达 0 个" in said
    assert "居民点，所在道路不与最大路网连通：1 个 1,000 人：四村村民委员会（510402100200-r）" in said
    assert "居民点，离路太远，不可达：4 个 10,000 人" in said
    assert "机构，离路太远，按道路不提供服务：2 个：乙镇卫生院（TH2）、七村卫生室（VC2）" in said
    assert main(["check", str(folder), "--out", str(folder.parent / "list.xlsx")]) == 0
    assert "与最大部分不连通的有 1 处" in capsys.readouterr().out


def test_the_layer_can_be_seen_and_told_without_colour(outputs: Path, browser) -> None:
    seen = open_file(browser, outputs / MAP)
    assert seen.drawn()["detours"] == 1
    assert seen.page.locator("[data-layer='detours']").get_attribute("aria-pressed") == "true"
    seen.choose(0, "农村地区急救中心（站）覆盖（参数情景）")
    assert seen.page.evaluate("fugai.stage.state.pictures[0].contents.detours.mark") == [1, 1, 1]
    outlines = seen.page.evaluate(
        "fugai.scene.layers.find((one) => one.key === 'detours').marks.map((one) => one.outline)"
    )
    assert len(set(outlines)) == 2
    lon, lat = seen.page.evaluate(
        "(({lon, lat}, row) => [lon[row] / 1e5, lat[row] / 1e5])(fugai.scene.places.detours.at,"
        " fugai.stage.state.pictures[0].contents.detours.rows[0])"
    )
    said = seen.hovered(lon, lat)
    assert "不可达：" in said
    assert "绕行系数" not in said
    seen.choose(0, "每个行政村设置1所村卫生室（有无）")
    assert "detours" not in seen.drawn()
    assert seen.told == []
    seen.page.context.close()


def test_names_are_text_in_every_view_of_the_list(tmp_path: Path, browser) -> None:
    data, out = tiny.write_with_roads(tmp_path / "data"), tmp_path / "out"
    tiny.villages().assign(name=[PAYLOAD, FORMULA] * 4).to_csv(data / "villages.csv", index=False)
    tiny.facilities().assign(name=PAYLOAD).to_csv(data / "facilities.csv", index=False)
    assert _assess(data, out) == 0
    assert "'" + FORMULA.replace('"', '""') in (out / "绕行清单.csv").read_text("utf-8-sig")
    for path in out.glob("缺口清单_*.xlsx"):
        for name in ("绕行清单", "路网接入"):
            cells = [cell for row in openpyxl.load_workbook(path)[name].iter_rows() for cell in row]
            assert all(str(cell.value).startswith("=SUM(K") for cell in cells if cell.data_type == "f")
    seen = open_file(browser, out / MAP)
    lon, lat = seen.page.evaluate(
        "(({lon, lat}, row) => [lon[row] / 1e5, lat[row] / 1e5])(fugai.scene.places.detours.at,"
        " fugai.stage.state.pictures[0].contents.detours.rows[0])"
    )
    said = seen.hovered(lon, lat)
    assert FORMULA in said
    assert PAYLOAD in said
    assert seen.told == []
    seen.page.context.close()


# Roads in every form


def _xml() -> str:
    """Return the made city's roads as OSM; a junction is a node that two ways share."""
    places = dict.fromkeys(place for _, _, line in tiny.ROADS for place in line)
    ids = {place: at for at, place in enumerate(places, 1)}
    nodes = [f'<node id="{at}" version="1" lon="{lon}" lat="{lat}"/>' for (lon, lat), at in ids.items()]
    ways = [
        f'<way id="{name[1:]}" version="1">{"".join(f"<nd ref={chr(34)}{ids[one]}{chr(34)}/>" for one in line)}'
        f'<tag k="highway" v="{kind}"/></way>'
        for name, kind, line in tiny.ROADS
    ]
    return f'<osm version="0.6">{"".join(nodes)}{"".join(ways)}</osm>'


def _graphml() -> str:
    places = dict.fromkeys(place for _, _, line in tiny.ROADS for place in line)
    ids = {place: at for at, place in enumerate(places, 1)}
    keys = [("x", "node"), ("y", "node"), ("osmid", "edge"), ("highway", "edge"), ("length", "edge"), ("crs", "graph")]
    said = "".join(f'<key id="{name}" for="{what}" attr.name="{name}" attr.type="string"/>' for name, what in keys)
    nodes = [
        f'<node id="{at}"><data key="x">{lon}</data><data key="y">{lat}</data></node>' for (lon, lat), at in ids.items()
    ]
    edges = [
        f'<edge source="{ids[one]}" target="{ids[other]}"><data key="osmid">{name[1:]}</data>'
        f'<data key="highway">{kind}</data><data key="length">{_km(one, other) * 1000}</data></edge>'
        for name, kind, line in tiny.ROADS for one, other in pairwise(line)
    ]  # fmt: skip
    head = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    return f'{head}{said}<graph edgedefault="undirected"><data key="crs">epsg:4326</data>{"".join(nodes)}{"".join(edges)}</graph></graphml>'


def _write_roads(folder: Path, name: str) -> None:
    path = folder / name
    if name.endswith(".graphml"):
        path.write_text(_graphml(), "utf-8")
    elif name.endswith(".pbf"):
        _write_pbf(path)
    elif name.endswith((".gz", ".bz2")):
        path.write_bytes((gzip if name.endswith(".gz") else bz2).compress(_xml().encode()))
    elif name.endswith(".osm"):
        path.write_text(_xml(), "utf-8")
    else:
        tiny.roads().to_file(path, engine="pyogrio")


def _write_pbf(path: Path) -> None:
    import osmium

    places = dict.fromkeys(place for _, _, line in tiny.ROADS for place in line)
    ids = {place: at for at, place in enumerate(places, 1)}
    with osmium.SimpleWriter(str(path)) as writer:
        for place, at in ids.items():
            writer.add_node(osmium.osm.mutable.Node(id=at, location=place, version=1))
        for name, kind, line in tiny.ROADS:
            nodes = [ids[one] for one in line]
            writer.add_way(osmium.osm.mutable.Way(id=int(name[1:]), nodes=nodes, tags={"highway": kind}, version=1))


@pytest.mark.parametrize(
    "name", ["roads.osm.pbf", "路网.osm", "道路.osm.gz", "roads.osm.bz2", "roads.graphml", "ROADS.gpkg", "roads.shp"]
)
def test_roads_in_a_folder_in_every_form(name: str, found: pd.DataFrame, rules: Rules, tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "data")
    _write_roads(folder, name)
    one = load(folder)
    assert one.roads is not None
    assert name in {source.file for source in one.sources}
    rows = detours(one, rules, {**PAPER, "road": Road(one.roads)})
    for column in ("id", "population", "status", "reason"):
        assert rows[column].tolist() == found[column].tolist()
    assert rows["road_distance_m"].tolist() == pytest.approx(found["road_distance_m"].tolist(), abs=0.05, nan_ok=True)


def test_one_file_of_roads_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.write_with_roads(tmp_path / "data")
    _write_roads(folder, "roads.osm")
    assert _assess(folder, tmp_path / "out") == 2
    assert "“道路”有几个文件：roads.geojson、roads.osm" in capsys.readouterr().err


def test_roads_of_elsewhere_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.write(tmp_path / "data")
    far = tiny.roads().set_geometry([LineString([(104.0, 30.6), (104.1, 30.6 + at / 100)]) for at in range(4)])
    far.to_file(folder / "roads.geojson", driver="GeoJSON")
    assert _assess(folder, tmp_path / "out") == 2
    assert "路网不在本市范围内" in capsys.readouterr().err


def test_roads_that_cannot_be_read_stand_beside_the_other_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny.write(tmp_path / "data")
    (folder / "roads.osm.pbf").write_bytes(b"nonsense")
    tiny.facilities().assign(kind="饭店").to_csv(folder / "facilities.csv", index=False)
    assert main(["check", str(folder), "--out", str(folder.parent / "list.xlsx")]) == 2
    said = capsys.readouterr().err
    assert "roads.osm.pbf" in said
    assert "不是可用的取值" in said
    assert "Traceback" not in said


# The options of an assessment


def _findings(out: Path) -> pd.DataFrame:
    frame = pd.read_csv(out / "findings.csv", encoding="utf-8-sig", dtype={"subject_code": str})
    return frame.set_index(["rule", "reading", "level", "subject_code"])


SPEEDS = "road_class,speed_kmh,period\nprimary,60,day\nprimary,30,night\ntrack,10,\n"


def test_response_time_by_hand(folder: Path, tmp_path: Path) -> None:
    """Dispatch, then the road at the night's speed; nothing to walk, the village lies on the road."""
    (tmp_path / "speeds.csv").write_text(SPEEDS, "utf-8")
    more = ["--speeds", str(tmp_path / "speeds.csv"), "--period", "night", "--delay", "3min", "--minutes", "15"]
    out = tmp_path / "out"
    assert _assess(folder, out, *more) == 0
    row = _findings(out).loc[("emergency_time", "road_urban", "village", "510402001002")]
    minutes = 3 + _km(STATION, CORNER, NORTH, NORTH_WEST) / 30 * 60
    assert row["time_min"] == pytest.approx(minutes, abs=0.001)
    assert pd.isna(row["distance_m"])
    assert (row["covered"], row["status"], row["required_text"]) == (
        0,
        "not_judged",
        "条款未给时间；按参数15分钟报告，不作判断",
    )
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["emergency_time.road_urban"]["minutes"] == 15
    assert manifest["roads"]["time"]["speeds_kmh"]["primary"] == 30
    assert manifest["roads"]["time"]["delay_s"] == 180
    assert manifest["roads"]["files"][0]["file"] == "speeds.csv"
    sheet = " ".join(str(cell) for row in _cells(out / "缺口清单_甲区.xlsx", "说明") for cell in row)
    for said in ("调度 3 分钟＋行车时间", "时速（夜间）（公里/小时）：primary 30、track 10", "响应时间＝15 分钟"):
        assert said in sheet
    shown = scene_of((out / MAP).read_text("utf-8"))
    assert any("调度 3 分钟" in one for one in shown["furniture"]["parameters"])
    assert any("时间" in view["keys"][0] for view in shown["views"])


def test_time_is_reported_only_where_it_is_asked_for(outputs: Path) -> None:
    assert "emergency_time" not in set(_findings(outputs).index.get_level_values("rule"))
    assert "time" not in json.loads((outputs / "manifest.json").read_text("utf-8"))["roads"]
    assert _findings(outputs)["time_min"].isna().all()


@pytest.mark.parametrize("how", ["ids", "polygon"])
def test_closed_roads(how: str, folder: Path, tmp_path: Path) -> None:
    """With the loop to 二社区 closed nobody there is reached any more."""
    closed = "W2"
    if how == "polygon":
        area = gpd.GeoDataFrame(geometry=[box(101.66, 26.56, 101.68, 26.58)], crs=4326).to_crs(4543)
        closed = str(tmp_path / "塌方.gpkg")
        area.to_file(closed, driver="GPKG")
    out = tmp_path / "out"
    assert _assess(folder, out, "--closed", closed) == 0
    row = _findings(out).loc[("emergency_urban", "road", "village", "510402001002")]
    assert (row["covered"], row["unreachable"]) == (0, 10_000)
    rows = pd.read_csv(out / "绕行清单.csv", encoding="utf-8-sig")
    assert rows.loc[rows["居民点"] == "二社区居民委员会", "状态"].tolist() == ["不可达"]
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["roads"]["closed_edges"] == 1
    assert manifest["roads"]["closed_ways"] == (["W2"] if how == "ids" else [])
    said = scene_of((out / MAP).read_text("utf-8"))["furniture"]["parameters"]
    assert any(one.startswith("封闭道路：") and ("W2" if how == "ids" else "塌方.gpkg") in one for one in said)


def test_a_wider_snap_reaches_farther(folder: Path, tmp_path: Path) -> None:
    assert _assess(folder, tmp_path / "out", "--max-snap", "8km") == 0
    row = _findings(tmp_path / "out").loc[("emergency_urban", "road", "village", "510422100001")]
    assert row["unreachable"] == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--closed", "W1,W99"], "W99"),
        (["--closed", "none.geojson"], "没有这个文件"),
        (["--speeds", "none.csv"], "没有这个文件"),
        (["--speeds", "SPEEDS"], "--period"),
        (["--period", "day"], "没有时速表"),
        (["--delay", "3"], "没有单位"),
        (["--delay", "3km"], "单位不对"),
        (["--max-snap", "3min"], "单位不对"),
        (["--minutes", "0"], "不在 0 到 1440"),
        (["--minutes", "nan"], "不在 0 到 1440"),
        (["--closed", "LINE"], "应只有面图形"),
    ],
)
def test_options_that_cannot_be_followed(
    more: list[str], said: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "speeds.csv").write_text(SPEEDS, "utf-8")
    tiny.roads().to_file(tmp_path / "line.geojson", driver="GeoJSON")
    files = {"SPEEDS": str(tmp_path / "speeds.csv"), "LINE": str(tmp_path / "line.geojson")}
    assert _assess(folder, tmp_path / "out", *(files.get(one, one) for one in more)) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("more", [["--closed", "W1"], ["--delay", "3min"], ["--minutes", "20"]])
def test_options_about_roads_need_roads(
    more: list[str], tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _assess(tiny_folder, tmp_path / "out", *more) == 2
    assert "没有路网" in capsys.readouterr().err


def test_without_roads_nothing_is_said_of_them(tiny_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _assess(tiny_folder, out) == 0
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert "roads" not in manifest
    assert not [name for name in manifest["parameters"] if "road" in name]
    assert not (out / "绕行清单.csv").exists()
    book = openpyxl.load_workbook(out / "缺口清单_甲区.xlsx")
    assert book.sheetnames == ["缺口清单", "未作判断清单", "指标完成情况", "待补数据清单", "说明"]
    said = " ".join(str(cell.value) for row in book["说明"].iter_rows() for cell in row)
    assert "道路距离，城市" not in said
    assert "detours" not in scene_of((out / MAP).read_text("utf-8"))["places"]


def test_the_same_options_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "speeds.csv").write_text(SPEEDS, "utf-8")
    more = ["--speeds", str(tmp_path / "speeds.csv"), "--period", "day", "--closed", "W3", "--delay", "90s"]
    assert _assess(folder, tmp_path / "one", *more) == 0
    shutil.copytree(folder, tmp_path / "copy")
    assert _assess(tmp_path / "copy", tmp_path / "two", *more) == 0
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")


# Rules and speeds


def test_readable_leaves_out_what_cannot_be_travelled(rules: Rules) -> None:
    kept = readable(rules, {"paper"})
    assert "emergency_time" not in {rule.id for rule in kept.rules}
    assert {reading.travel for rule in kept.rules for reading in rule.readings} == {"paper"}
    assert readable(rules, {"paper", "road", "road_time"}) == rules


def test_minutes_change_the_words_with_the_number(rules: Rules) -> None:
    rule = next(one for one in with_minutes(rules, 12).rules if one.id == "emergency_time")
    assert {reading.params["minutes"] for reading in rule.readings} == {12}
    assert "12分钟" in rule.required_text
    assert not [one for one in (rule.required_text, *rule.assumptions) if "30分钟" in one]
    assert load_rules("panzhihua_2023", FUNCTIONS) == rules


def test_speeds_by_period(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("道路等级,时速,时段\nprimary,60,白天\nprimary,30,夜间\ntrack,10,\ntrack,8,夜间\n", "utf-8")
    assert read_speeds(path, "day") == {"primary": 60, "track": 10}
    assert read_speeds(path, "night") == {"primary": 30, "track": 8}
    with pytest.raises(DataError, match="分白天和夜间"):
        read_speeds(path)
    path.write_text("road_class,speed_kmh\nprimary,60\n", "utf-8")
    assert read_speeds(path) == {"primary": 60}
    with pytest.raises(DataError, match="没有“白天”"):
        read_speeds(path, "day")
    path.write_text("road_class,speed_kmh,period\nprimary,60,noon\nprimary,400,day\n", "utf-8")
    with pytest.raises(DataError) as caught:
        read_speeds(path, "day")
    assert len(caught.value.problems) == 2


def test_time_is_asked_of_ways_that_count_it(region: Region) -> None:
    with pytest.raises(ValueError, match="mm"):
        FUNCTIONS["people_within_time"](
            region, PAPER["paper"], facility_kind="emergency_station", minutes=10.0, residents="urban",
            urban_scope="census",
        )  # fmt: skip
    assert np.isfinite(_km(STATION, CORNER))


def test_where_no_radius_was_tested_no_detour_is_ruled_out(region: Region, rules: Rules, tmp_path: Path) -> None:
    travels = ways_of(region, AS_IT_IS)
    for law, said in (
        (replace(rules, rules=tuple(one for one in rules.rules if one.measure != "people_within")),
         "没有按直线和道路两种口径计算服务半径的指标，没有检查绕行。"),
        (rules, "没有直线达标而道路不达标的居民点。"),
    ):  # fmt: skip
        view = road_view(region, law, travels, AS_IT_IS)
        assert view is not None
        view = replace(view, detours=view.detours.iloc[:0])
        write_workbook(tmp_path / "x.xlsx", region, law, assess(region, law, travels), roads=view)
        cells = [cell for row in _cells(tmp_path / "x.xlsx", "绕行清单") for cell in row]
        assert said in cells
