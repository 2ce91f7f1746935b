"""fugai reach: pairs equal to the library's, people told apart, limits and files refused with one message."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from geodata.speeds import read_speeds
from planner.areas import service_areas
from planner.errors import DataError
from planner.limits import read_limit
from planner.network import graph_of_edges
from planner.road import Road
from scenarios.cli import main


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A street of 4 km with three hamlets, one of them 3 km off the road, and an office at its west end."""
    step = 0.01
    line = LineString([(101.70 + at * step, 26.60) for at in range(5)])
    roads = gpd.GeoDataFrame({"id": ["1"], "road_class": ["primary"]}, geometry=[line], crs=4326)
    roads.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    pd.DataFrame(
        {
            "id": ["001", "002", "003"],
            "lon": [101.71, 101.74, 101.72],
            "lat": [26.60, 26.60, 26.627],
            "population": [10, 20, 7],
        }
    ).to_csv(tmp_path / "d.csv", index=False)
    pd.DataFrame({"id": ["01"], "lon": [101.70], "lat": [26.60]}).to_csv(tmp_path / "f.csv", index=False)
    return tmp_path


def _reach(town: Path, *more: str) -> int:
    words = [
        "reach",
        "--demand",
        str(town / "d.csv"),
        "--facilities",
        str(town / "f.csv"),
        "--out",
        str(town / "out.csv"),
    ]
    return main([*words, *more])


def test_by_road_in_metres(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _reach(town, "--roads", str(town / "roads.gpkg"), "--limit", "2km,5km") == 0
    pairs = pd.read_csv(town / "out.csv", dtype={"demand_id": str, "facility_id": str}, encoding="utf-8-sig")
    assert list(pairs.columns) == ["demand_id", "facility_id", "cost", "unit"]
    assert list(pairs["demand_id"]) == ["001", "002"]
    assert list(pairs["facility_id"]) == ["01", "01"]
    assert set(pairs["unit"]) == {"mm"}
    assert pairs["cost"][1] == pytest.approx(4 * pairs["cost"][0], abs=4)
    said = capsys.readouterr().out
    assert "2km：需求点人口 37 人，已覆盖 10（27.03%），未覆盖 20，不可达 7" in said
    assert "5km：需求点人口 37 人，已覆盖 30（81.08%），未覆盖 0，不可达 7" in said
    assert "不可达的需求点 1 个：003" in said


def test_by_road_in_minutes_with_speeds_and_delay(town: Path) -> None:
    (town / "speeds.csv").write_text("道路等级,时速\nprimary,30\n", "gbk")
    more = [
        "--roads",
        str(town / "roads.gpkg"),
        "--limit",
        "30min",
        "--speeds",
        str(town / "speeds.csv"),
        "--delay",
        "60",
    ]
    assert _reach(town, *more) == 0
    cost = pd.read_csv(town / "out.csv")["cost"]
    assert cost[0] == pytest.approx(60_000 + 995 / 30 * 3600, rel=0.002)
    assert _reach(town, *more, "--closed", "1") == 0
    assert not len(pd.read_csv(town / "out.csv"))


def test_straight_parquet_and_k(town: Path) -> None:
    assert _reach(town, "--limit", "3.5公里", "--k", "1") == 0
    assert len(pd.read_csv(town / "out.csv")) == 3
    words = ["reach", "--demand", str(town / "d.csv"), "--facilities", str(town / "f.csv")]
    assert main([*words, "--limit", "5km", "--out", str(town / "out.parquet")]) == 0
    pairs = pd.read_parquet(town / "out.parquet")
    assert list(pairs["demand_id"]) == ["001", "002", "003"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--limit", "5"], "单位"),
        (["--limit=-5km", "--limit", "0km"], "单位"),
        (["--limit", "9999km"], "单位"),
        (["--limit", "30min"], "需要路网"),
        (["--limit", "5km,30min", "--roads", "roads.gpkg"], "不能混用"),
        (["--limit", "5km", "--roads", "none.osm.pbf"], "没有这个文件"),
        (["--limit", "5km", "--areas", "a.geojson"], "需要路网"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--delay", "-1"], "取值不对"),
    ],
)
def test_bad_options_write_nothing(town: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    assert _reach(town, *[str(town / one) if "." in one and "/" not in one else one for one in more]) == 2
    assert said in capsys.readouterr().err
    assert not (town / "out.csv").exists()


@pytest.mark.parametrize(
    ("name", "frame", "said"),
    [
        ("d.csv", {"id": ["a"], "lon": [26.6], "lat": [101.7]}, "写反"),
        ("d.csv", {"id": ["a"], "lon": [1017000], "lat": [26.6]}, "不是经纬度"),
        ("d.csv", {"id": ["a", "a"], "lon": [101.7, 101.7], "lat": [26.6, 26.6]}, "重复"),
        ("d.csv", {"id": ["a"], "lon": [101.7], "lat": ["nan"]}, "没有填"),
        ("f.csv", {"id": ["a"], "lon": [103.7], "lat": [26.6]}, "路网范围以外"),
        ("f.csv", {"id": ["a"], "x": [101.7]}, "缺少这一列"),
    ],
)
def test_bad_points(town: Path, capsys: pytest.CaptureFixture[str], name: str, frame: dict, said: str) -> None:
    pd.DataFrame(frame).to_csv(town / name, index=False)
    assert _reach(town, "--limit", "5km", "--roads", str(town / "roads.gpkg")) == 2
    assert said in capsys.readouterr().err
    assert not (town / "out.csv").exists()


def test_a_bad_speed_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("road_class,speed_kmh\nprimary,-3\ntrack,fast\n", "utf-8")
    with pytest.raises(DataError) as caught:
        read_speeds(tmp_path / "s.csv")
    assert "第 2 行" in str(caught.value)
    assert "第 3 行" in str(caught.value)


def test_limits() -> None:
    assert read_limit("800 m").value == 800_000
    assert read_limit("1.5h").value == 5_400_000
    assert read_limit("30分钟").unit == "ms"


def test_areas_are_cut_where_the_limit_ends(town: Path) -> None:
    graph = graph_of_edges(
        lon=np.array([101.70, 101.80]), lat=np.array([26.60, 26.60]), tail=np.array([0]), head=np.array([1])
    )
    office = pd.DataFrame({"id": ["o"], "lon": [101.70], "lat": [26.60]})
    areas = service_areas(Road(graph), office, [2_000_000, 4_000_000], "EPSG:4543").to_crs(4543)
    wide = areas.geometry.bounds
    assert list(wide["maxx"] - wide["minx"]) == pytest.approx([2_160, 4_160], rel=0.01)
    assert areas.geometry.iloc[1].contains(areas.geometry.iloc[0].buffer(-20))
    more = ["--roads", str(town / "roads.gpkg"), "--limit", "2km,3km", "--areas", str(town / "areas.geojson")]
    assert _reach(town, *more) == 0
    assert list(gpd.read_file(town / "areas.geojson")["limit"]) == ["2km", "3km"]
