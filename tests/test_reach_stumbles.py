"""Where a county planner stumbled: options ignored, closures not told or drawn, people that were points, ids refused."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString, box

from planner.joined import joined, not_joined, why_unreached
from planner.network import graph_of_edges
from planner.road import Road
from scenarios.cli.program import main
from scenarios.run import MAP
from scenarios.ways import RoadChoices, road_notes, road_of
from tests import tiny
from tests.pages import open_file, scene_of
from tests.test_maps_areas import _data

GEOD = Geod(ellps="GRS80")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A main street and, 0.6 km north of its east end, a lane of its own way: hamlets on both, a clinic in the west."""
    lines = [LineString([(101.70, 26.60), (101.74, 26.60)]), LineString([(101.74, 26.60), (101.74, 26.64)])]
    frame = {"id": ["1", "2"], "road_class": ["primary", "track"], "speed_kmh": [60.0, 20.0]}
    gpd.GeoDataFrame(frame, geometry=lines, crs=4326).to_file(tmp_path / "roads.gpkg", driver="GPKG")
    demand = {"村代码": ["001", "002", "003"], "村名称": ["东村", "=北村", "远村"], "经度": [101.72, 101.74, 101.70],
              "纬度": [26.60, 26.64, 26.70], "常住人口": [10, 20, 7]}  # fmt: skip
    pd.DataFrame(demand).to_csv(tmp_path / "d.csv", index=False)
    pd.DataFrame({"机构编号": ["01"], "机构名称": ["卫生院"], "经度": [101.70], "纬度": [26.60]}).to_csv(
        tmp_path / "f.csv", index=False
    )
    (tmp_path / "speeds.csv").write_text("road_class,speed_kmh,period\nprimary,30,day\nprimary,20,night\n", "utf-8")
    area = gpd.GeoDataFrame(geometry=[box(101.73, 26.61, 101.75, 26.62)], crs=4326)
    area.to_file(tmp_path / "塌方.geojson", driver="GeoJSON")
    return tmp_path


def _reach(town: Path, *more: str) -> int:
    words = ["--demand", str(town / "d.csv"), "--facilities", str(town / "f.csv"), "--out", str(town / "points.csv")]
    return main(["reach", *words, "--pairs", str(town / "out.csv"), *more])


def _by_road(town: Path, *more: str) -> int:
    return _reach(town, "--roads", str(town / "roads.gpkg"), *more)


@pytest.mark.parametrize(
    "more",
    [["--closed", "1"], ["--speeds", "s.csv"], ["--period", "夜间"], ["--delay", "3min"], ["--max-snap", "2km"],
     ["--walk", "4"], ["--direction", "to"], ["--speeds-override"], ["--offroad", "5km"], ["--closed", "1", "--delay", "1min"]],
)  # fmt: skip
def test_options_about_roads_are_refused_without_roads(
    town: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert _reach(town, "--limit", "5km", *more) == 2
    said = capsys.readouterr().err
    assert "需要 --roads" in said
    assert said.count("\n") == 1
    assert all(one in said for one in more if one.startswith("--"))


def test_options_about_time_are_refused_for_a_distance(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _by_road(town, "--limit", "5km", "--delay", "3min", "--walk", "4") == 2
    assert capsys.readouterr().err.startswith("--delay、--walk：只用于时间")


def test_the_map_tells_what_the_answer_depends_on(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = town / "m.html"
    more = ["--limit", "30min", "--closed", str(town / "塌方.geojson"), "--speeds", str(town / "speeds.csv")]
    assert _by_road(town, *more, "--period", "夜间", "--delay", "3min", "--map", str(page)) == 0
    assert "封闭道路 1 段" in capsys.readouterr().out
    data = _data(page)
    said = "\n".join(data["furniture"]["parameters"])
    for one in ("塌方.geojson 的范围所及，共 1 段", "夜间", "调度 3 分钟", "占里程 100%", "primary 20", "service"):
        assert one in said
    names = [name for name, _ in data["furniture"]["inputs"]]
    assert names == ["d.csv", "f.csv", "roads.gpkg", "speeds.csv", "塌方.geojson"]
    assert (len(data["roads"]["closed"]), len(data["roads"]["crosses"]), len(data["roads"]["minor"])) == (1, 1, 0)


def test_closed_roads_are_drawn_apart_on_the_map_of_an_assessment(tmp_path: Path) -> None:
    folder, out = tiny.write_with_roads(tmp_path / "data"), tmp_path / "out"
    assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(out), "--closed", "W2"]) == 0
    data = scene_of((out / MAP).read_text("utf-8"))
    assert len(data["roads"]["closed"]) == 1
    assert data["style"]["words"]["closed_layer"] == "封闭道路"
    told = {one.split("：")[-1] for one in data["places"]["detours"]["facts"]["情况"]}
    assert told >= {"道路封闭", "离路太远"}
    counts = json.loads((out / "manifest.json").read_text("utf-8"))["roads"]["residents"]
    assert counts["closed"] == {"settlements": 1, "population": 10_000}


@pytest.mark.parametrize("browser_page", ["reach", "assess"])
def test_the_legend_has_a_row_for_closed_roads(browser_page: str, town: Path, tmp_path: Path, browser: Any) -> None:
    path = town / "m.html"
    if browser_page == "reach":
        assert _by_road(town, "--limit", "5km", "--closed", "2", "--map", str(path)) == 0
    else:
        folder = tiny.write_with_roads(tmp_path / "data")
        words = ["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "o"), "--closed", "W2"]
        assert main(words) == 0
        path = tmp_path / "o" / MAP
    seen = open_file(browser, path)
    assert seen.page.evaluate("fugai.scene.roads.crosses.length") == 1
    row = seen.page.locator("#layers li", has_text="封闭道路")
    assert row.count() == 1
    row.locator("button").click()
    assert row.get_attribute("class") == "off"
    assert seen.told == []
    seen.page.context.close()


@pytest.mark.parametrize("heading", ["户籍人口", "服务人数"])
def test_a_column_of_people_that_is_not_known_is_refused(
    town: Path, capsys: pytest.CaptureFixture[str], heading: str
) -> None:
    pd.read_csv(town / "d.csv", dtype=str).rename(columns={"常住人口": heading}).to_csv(town / "d.csv", index=False)
    assert _reach(town, "--limit", "5km") == 2
    said = capsys.readouterr().err
    assert f"“{heading}”列" in said
    assert "总人口数" in said


@pytest.mark.parametrize("heading", ["人数", "总人口数", "总人口"])
def test_other_names_of_the_people_are_known(town: Path, capsys: pytest.CaptureFixture[str], heading: str) -> None:
    pd.read_csv(town / "d.csv", dtype=str).rename(columns={"常住人口": heading}).to_csv(town / "d.csv", index=False)
    assert _reach(town, "--limit", "5km") == 0
    assert "需求点人口 37 人" in capsys.readouterr().out


def test_points_are_never_called_people(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_csv(town / "d.csv", dtype=str).drop(columns="常住人口").to_csv(town / "d.csv", index=False)
    assert _reach(town, "--limit", "5km", "--map", str(town / "m.html"), "--list", str(town / "l.csv")) == 0
    said = capsys.readouterr().out
    assert "没有人口列，按每点 1 计" in said
    assert "5km：需求点 3 个，已覆盖 1" in said
    assert "人口 " not in said
    data = _data(town / "m.html")
    assert "人" not in {one["headline"].get("unit") for one in data["views"]}
    assert set(data["places"]["demand"]["facts"]["人口"]) == {""}
    assert "没有人口列，按每点 1 计" in data["furniture"]["parameters"]
    assert "点数" in pd.read_csv(town / "l.csv", encoding="utf-8-sig").columns


def test_who_lost_the_road_is_told_so() -> None:
    """A street west to east; the east half is closed. The last hamlet lay on it, another never had a road."""
    places = np.array([101.70, 101.72, 101.80])
    graph = graph_of_edges(lon=places, lat=np.full(3, 26.6), tail=np.array([0, 1]), head=np.array([1, 2]))
    road = Road(graph, closed_edges=frozenset({1}))
    points = pd.DataFrame({"id": ["on", "lost", "far"], "lon": [101.71, 101.80, 101.71], "lat": [26.60, 26.60, 26.70]})
    found = joined(road, points)
    assert found["state"].tolist() == ["", "far", "far"]
    assert found["closed"].tolist() == [False, True, False]
    assert found["access_m"][1] == pytest.approx(GEOD.inv(101.72, 26.6, 101.80, 26.6)[2], rel=1e-4)
    assert np.isnan(found["access_m"][2])
    office = pd.DataFrame({"id": ["o"], "lon": [101.70], "lat": [26.60]})
    assert why_unreached(road, points.iloc[1:], office) == ["closed", "far"]
    assert why_unreached(road, points.iloc[:1], points.iloc[1:2]) == ["closed"]  # it is the facility that lost its road


def test_the_sheet_of_the_joined_says_closed(sample_findings: Any, tmp_path: Path) -> None:
    folder, out = tiny.write_with_roads(tmp_path / "data"), tmp_path / "out"
    assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(out), "--closed", "W2"]) == 0
    sheet = pd.read_excel(
        next(out.glob("缺口清单_*.xlsx")), sheet_name="路网接入", header=None, engine="openpyxl"
    ).astype(str)
    (row,) = [one for one in sheet.to_numpy().tolist() if "二社区居民委员会" in one and "居民点" in one]
    assert "道路封闭" in row
    assert float(row[-1]) == pytest.approx(GEOD.inv(101.65, 26.55, 101.65, 26.59)[2] / 1000, abs=0.01)
    region = sample_findings[0]
    assert not not_joined(region, Road(region.roads))["closed"].any()


def test_a_table_that_changes_nothing_is_told_and_can_be_let_rule(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--limit", "60min", "--speeds", str(town / "speeds.csv"), "--period", "night"]
    assert _by_road(town, *more) == 0
    said = capsys.readouterr().out
    assert "时速表没有改变任何路段：100% 的里程自带时速" in said
    before = pd.read_csv(town / "out.csv", encoding="utf-8-sig")["时间（分钟）"][0]
    assert _by_road(town, *more, "--speeds-override", "--map", str(town / "m.html")) == 0
    assert "时速表代替了路段自带的时速" in capsys.readouterr().out
    after = pd.read_csv(town / "out.csv", encoding="utf-8-sig")["时间（分钟）"][0]
    assert after == pytest.approx(3 * before, abs=1e-4)  # 60 km/h, and 20
    assert any("不采用" in one for one in _data(town / "m.html")["furniture"]["parameters"])
    assert _by_road(town, "--limit", "60min", "--speeds-override") == 2


def test_the_share_that_the_table_decides_is_told() -> None:
    graph = graph_of_edges(
        lon=np.array([101.70, 101.71, 101.72]), lat=np.full(3, 26.6), tail=np.array([0, 1]), head=np.array([1, 2]),
        road_class=np.array(["primary", "track"], object), speed_kmh=np.array([40.0, np.nan]),
    )  # fmt: skip
    choices = RoadChoices(speeds={"track": 10.0})
    (said,) = road_notes(road_of(graph, choices, by_time=True), choices, by_time=True)
    assert "时速表只用于 50% 的里程" in said.zh


def test_an_ambulance_drives_from_its_yard_and_a_patient_walks() -> None:
    graph = graph_of_edges(
        lon=np.array([101.70, 101.74]), lat=np.full(2, 26.6), tail=np.array([0]), head=np.array([1]),
        road_class=np.array(["primary"], object),
    )  # fmt: skip
    station = pd.DataFrame({"id": ["s"], "lon": [101.70], "lat": [26.609]})
    home = pd.DataFrame({"id": ["h"], "lon": [101.74], "lat": [26.60]})
    off = GEOD.inv(101.70, 26.609, 101.70, 26.60)[2] / 1000
    on = GEOD.inv(101.70, 26.60, 101.74, 26.60)[2] / 1000
    for direction, kmh in (("from", 15), ("to", 5)):
        road = road_of(graph, RoadChoices(), by_time=True, direction=direction)
        cost = road.reach_whole(home, station, 3_600_000).nearest_cost[0]
        assert cost / 3_600_000 == pytest.approx(off / kmh + on / 50, rel=2e-3)


def test_names_and_the_list_of_who_is_left_out(town: Path) -> None:
    more = ["--limit", "3km", "--list", str(town / "未覆盖.csv"), "--map", str(town / "m.html")]
    assert _by_road(town, *more) == 0
    points = pd.read_csv(town / "points.csv", dtype=str, encoding="utf-8-sig")
    assert list(points.columns) == [
        "需求点编号",
        "需求点名称",
        "人口（人）",
        "最近机构编号",
        "最近机构名称",
        "到最近机构（公里）",
        "3km 内",
        "3km 内机构（个）",
    ]
    pairs = pd.read_csv(town / "out.csv", dtype=str, encoding="utf-8-sig")
    assert list(pairs.columns) == ["需求点编号", "需求点名称", "机构编号", "机构名称", "距离（公里）"]
    assert pairs.iloc[0][["需求点编号", "需求点名称", "机构名称"]].tolist() == ["001", "东村", "卫生院"]
    rows = pd.read_csv(town / "未覆盖.csv", dtype=str, encoding="utf-8-sig").fillna("").set_index("需求点编号")
    assert rows["原因"].to_dict() == {"002": "超出限度", "003": "离路太远"}
    assert rows["状态"].to_dict() == {"002": "未覆盖", "003": "不可达"}
    assert rows["人口（人）"].to_dict() == {"002": "20", "003": "7"}
    assert rows["需求点名称"]["002"] == "'=北村"
    far = sum(GEOD.inv(*one)[2] for one in ((101.70, 26.60, 101.74, 26.60), (101.74, 26.60, 101.74, 26.64))) / 1000
    assert float(rows["到最近机构（公里）"]["002"]) == pytest.approx(far, abs=0.01)
    assert rows["最近机构名称"].to_dict() == {"002": "卫生院", "003": ""}
    data = _data(town / "m.html")
    points = data["places"]["demand"]
    assert points["name"] == ["东村", "=北村", "远村"]
    assert points["facts"]["最近机构"][0].startswith("卫生院，")
    assert _by_road(town, "--limit", "9km", "--closed", "2", "--list", str(town / "未覆盖.csv")) == 0
    rows = pd.read_csv(town / "未覆盖.csv", dtype=str, encoding="utf-8-sig").set_index("需求点编号")
    assert rows["原因"].to_dict() == {"002": "道路封闭", "003": "离路太远"}


def test_residents_keep_their_own_ids_beside_village_codes(town: Path) -> None:
    frame = pd.read_csv(town / "d.csv", dtype=str).assign(居民点编号=["a", "b", "c"])
    frame.to_csv(town / "d.csv", index=False)
    assert _reach(town, "--limit", "50km") == 0
    assert pd.read_csv(town / "out.csv", encoding="utf-8-sig")["需求点编号"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("lon", "lat"), [([26.6, 26.61], [101.7, 101.71]), ([43.8, 43.9], [87.6, 87.7])], ids=["outside", "elsewhere"]
)
def test_swapped_coordinates_give_one_message(
    town: Path, capsys: pytest.CaptureFixture[str], lon: list[float], lat: list[float]
) -> None:
    pd.DataFrame({"id": ["a", "b"], "lon": lon, "lat": lat, "population": 1}).to_csv(town / "d.csv", index=False)
    pd.DataFrame({"id": ["f"], "lon": [87.65], "lat": [43.85]}).to_csv(town / "f.csv", index=False)
    assert _reach(town, "--limit", "5km") == 2
    said = capsys.readouterr().err
    assert "写反" in said
    assert said.count("\n") == 1


def test_small_words(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _by_road(town, "--limit", "30min", "--speeds", str(town / "speeds.csv")) == 2
    said = capsys.readouterr().err
    assert "--period 白天" in said
    assert "fugai assess" not in said
    assert _by_road(town, "--limit", "5km", "--areas", str(town / "范围.geojson")) == 0
    assert json.loads((town / "范围.geojson").read_text("utf-8"))["name"] == "范围"
    folder = tiny.write_with_roads(tmp_path / "data")
    words = ["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "o"), "--minutes"]
    assert main([*words, "30min"]) == 0
    findings = (tmp_path / "o" / "findings.csv").read_bytes()
    assert main([*words, "30"]) == 0
    assert (tmp_path / "o" / "findings.csv").read_bytes() == findings
    assert main([*words, "30km"]) == 2
