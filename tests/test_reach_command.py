"""fugai reach: pairs equal to the library's, people told apart, limits and files refused with one message."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString

from geodata.roads import read_speeds
from planner.areas import service_areas
from planner.errors import DataError
from planner.limits import read_limit
from planner.network import graph_of_edges
from planner.road import Road
from scenarios.cli.program import main
from scenarios.reach import forecast
from tests.pages import scene_of


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
        str(town / "points.csv"),
        "--pairs",
        str(town / "out.csv"),
    ]
    return main([*words, *more])


def test_by_road_in_metres(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _reach(town, "--roads", str(town / "roads.gpkg"), "--limit", "2km,5km") == 0
    pairs = pd.read_csv(town / "out.csv", dtype=dict.fromkeys(("需求点编号", "机构编号"), str), encoding="utf-8-sig")
    assert list(pairs.columns) == ["需求点编号", "机构编号", "距离（公里）"]
    assert list(pairs["需求点编号"]) == ["001", "002"]
    assert list(pairs["机构编号"]) == ["01", "01"]
    assert pairs["距离（公里）"][0] == pytest.approx(0.995, abs=0.01)
    assert pairs["距离（公里）"][1] == pytest.approx(4 * pairs["距离（公里）"][0], abs=4e-6)
    points = pd.read_csv(town / "points.csv", dtype={"需求点编号": str}, encoding="utf-8-sig").set_index("需求点编号")
    assert points["2km 内"].to_dict() == {"001": "已覆盖", "002": "未覆盖", "003": "不可达"}
    assert points["5km 内"].to_dict() == {"001": "已覆盖", "002": "已覆盖", "003": "不可达"}
    assert points["2km 内机构（个）"].tolist() == [1, 0, 0]
    assert points["5km 内机构（个）"].tolist() == [1, 1, 0]
    assert points["到最近机构（公里）"].fillna(-1).tolist() == [*pairs["距离（公里）"], -1]
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
        "60s",
    ]
    assert _reach(town, *more) == 0
    minutes = pd.read_csv(town / "out.csv", encoding="utf-8-sig")["时间（分钟）"]
    assert minutes[0] == pytest.approx(1 + 0.995 / 30 * 60, rel=0.002)
    assert _reach(town, *more, "--closed", "1") == 0
    assert not len(pd.read_csv(town / "out.csv"))
    assert _reach(town, *more, "--closed", "road-1") == 2


def test_pairs_are_foretold_and_written_where_asked(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["reach", "--demand", str(town / "d.csv"), "--facilities", str(town / "f.csv"), "--limit", "5km"]
    assert main([*words, "--out", str(town / "p.csv"), "--k", "1"]) == 2
    assert "--k" in capsys.readouterr().err
    assert not (town / "p.csv").exists()
    assert main([*words, "--out", str(town / "p.csv")]) == 0
    assert "配对" not in "".join(capsys.readouterr())
    assert main([*words, "--out", str(town / "p.csv"), "--pairs", str(town / "out.csv")]) == 0
    assert "写出配对 3 行（CSV 约 0 MB）" in "".join(capsys.readouterr())
    pairs = pd.DataFrame({"demand_id": ["村一"] * 5_000, "facility_id": "F1", "cost": 1_234_567})
    assert forecast(pairs, "mm").zh == "写出配对 5,000 行（CSV 约 0.1 MB）"
    assert forecast(pd.concat([pairs] * 400, ignore_index=True), "mm").zh == "写出配对 2,000,000 行（CSV 约 38 MB）"


def test_straight_parquet_and_k(town: Path) -> None:
    assert _reach(town, "--limit", "3.5公里", "--k", "1") == 0
    assert len(pd.read_csv(town / "out.csv")) == 3
    words = ["reach", "--demand", str(town / "d.csv"), "--facilities", str(town / "f.csv")]
    assert main([*words, "--limit", "5km", "--out", str(town / "p.parquet"), "--pairs", str(town / "out.parquet")]) == 0
    points = pd.read_parquet(town / "p.parquet")
    assert list(points.columns) == ["demand_id", "population", "nearest_id", "cost", "state 5km", "count 5km"]
    pairs = pd.read_parquet(town / "out.parquet")
    assert list(pairs.columns) == ["demand_id", "facility_id", "cost", "unit"]
    assert list(pairs["demand_id"]) == ["001", "002", "003"]
    assert (
        main(["--lang", "en", *words, "--limit", "5km", "--out", str(town / "p.csv"), "--pairs", str(town / "out.csv")])
        == 0
    )
    csv = pd.read_csv(town / "out.csv", dtype={"demand_id": str, "facility_id": str})
    assert list(csv.columns) == ["demand_id", "facility_id", "distance_km"]
    assert (csv["distance_km"] * 1e6).round().astype("int64").tolist() == pairs["cost"].tolist()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--limit", "5"], "单位"),
        (["--limit=-5km", "--limit", "0km"], "单位"),
        (["--limit", "9999km"], "单位"),
        (["--limit", "30min"], "需要路网"),
        (["--limit", "5km,30min", "--roads", "roads.gpkg"], "不能混用"),
        (["--limit", "5km", "--roads", "none.osm.pbf"], "没有这个文件"),
        (["--limit", "5km", "--areas", "a.shp"], "用 .geojson"),
        (["--limit", "5km", "--map", "a.pdf"], "用 .html"),
        (["--limit", "5km", "--map", "none/a.html"], "没有这个文件夹"),
        (["--limit", "5km", "--out", "d.csv"], "会覆盖输入文件"),
        (["--limit", "5km", "--k", "-1"], "K 不能小于 0"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--delay=-1s"], "没有单位或不对"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--delay", "60"], "没有单位或不对"),
        (["--limit", "30min", "--roads", "roads.gpkg", "--walk", "0"], "取值不对"),
        (["--limit", "5km", "--offroad", "10km"], "需要路网"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--offroad", "10"], "单位"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--offroad", "10min"], "单位不对"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--offroad", "1km"], "比 --max-snap 还近"),
        (["--limit", "30min", "--roads", "roads.gpkg", "--friction", "w.tif"], "加上 --offroad"),
        (["--limit", "5km", "--roads", "roads.gpkg", "--offroad", "9km", "--friction", "w.tif"], "只能算时间"),
        (["--limit", "30min", "--roads", "roads.gpkg", "--offroad", "9km", "--friction", "w.tif"], "没有这个文件"),
    ],
)
def test_bad_options_write_nothing(town: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    before = {path.name: path.read_bytes() for path in town.iterdir()}
    assert _reach(town, *[str(town / one) if "." in one else one for one in more]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
    assert {path.name: path.read_bytes() for path in town.iterdir()} == before


_XML = '<?xml version="1.0"?><osm version="0.6">{}</osm>'
_BOMB = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><osm version="0.6">&b;</osm>'


def _way(tag: str, *places: tuple[object, object]) -> str:
    nodes = "".join(f'<node id="{at}" version="1" lon="{x}" lat="{y}"/>' for at, (x, y) in enumerate(places, 1))
    refs = "".join(f'<nd ref="{at}"/>' for at in range(1, len(places) + 1))
    return _XML.format(f'{nodes}<way id="1" version="1">{refs}<tag k="highway" v="{tag}"/></way>')


def _graphml(crs: str = "epsg:4326", x: str = "101.70", **edge: str) -> str:
    keys = {"crs": "graph", "x": "node", "y": "node", "highway": "edge", **dict.fromkeys(edge, "edge")}
    heads = "".join(f'<key id="{name}" for="{kind}" attr.name="{name}"/>' for name, kind in keys.items())
    said = "".join(f'<data key="{name}">{value}</data>' for name, value in {"highway": "primary", **edge}.items())
    about = f'<data key="crs">{crs}</data>' if crs else ""
    nodes = "".join(
        f'<node id="{at}"><data key="x">{lon}</data><data key="y">26.60</data></node>'
        for at, lon in ((1, x), (2, "101.74"))
    )
    graph = f'<graph edgedefault="directed">{about}{nodes}<edge source="1" target="2">{said}</edge></graph>'
    return f"<graphml>{heads}{graph}</graphml>"


_HERE, _THERE = (101.70, 26.60), (101.74, 26.60)
_ROADS = {
    "no roads": ("r.osm", _way("footway", _HERE, _THERE), "没有可行车的道路"),
    "an entity bomb": ("r.osm", _BOMB, "DOCTYPE"),
    "cut in the middle": ("r.osm", _way("primary", _HERE, _THERE)[:-40], "不完整或已损坏"),
    "swapped": ("r.osm", _way("primary", _HERE[::-1], _THERE[::-1]), "经纬度可能写反了"),
    "a coordinate that is none": ("r.osm", _way("primary", ("nan", 26.6), _THERE), "不完整或已损坏"),
    "not a PBF": ("r.osm.pbf", "hello", "不是 OSM 的 PBF"),
    "no CRS": ("r.graphml", _graphml(crs=""), "没有坐标系"),
    "a length that is none": ("r.graphml", _graphml(length="nan"), "不是有效的数值"),
    "a length below zero": ("r.graphml", _graphml(length="-5"), "不是有效的数值"),
    "a speed that is none": ("r.graphml", _graphml(speed_kph="nan"), "不是有效的数值"),
    "a speed below zero": ("r.graphml", _graphml(speed_kph="-5"), "不是有效的数值"),
    "a node nowhere": ("r.graphml", _graphml(x="nan"), "没有有效坐标"),
}


def _refused(town: Path, capsys: pytest.CaptureFixture[str], roads: str, *more: str) -> str:
    """Ask by this file of roads; return the one message, in Chinese, with which it is refused and nothing written."""
    before = sorted(path.name for path in town.iterdir())
    outputs = ["--areas", str(town / "areas.geojson"), "--map", str(town / "map.html")]
    assert _reach(town, "--limit", "5km", "--roads", str(town / roads), *outputs, *more) == 2
    assert sorted(path.name for path in town.iterdir()) == before
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    return errors


@pytest.mark.parametrize("name", _ROADS)
def test_bad_roads(name: str, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, text, said = _ROADS[name]
    (town / file).write_text(text, "utf-8")
    errors = _refused(town, capsys, file)
    assert errors.startswith(file)
    assert said in errors


def test_a_truncated_pbf(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import osmium

    places = np.random.default_rng(1).uniform((101.70, 26.60), (101.75, 26.65), (500, 2))
    with osmium.SimpleWriter(str(town / "whole.osm.pbf")) as writer:
        for at, (lon, lat) in enumerate(places.tolist(), 1):
            writer.add_node(osmium.osm.mutable.Node(id=at, location=(lon, lat), version=1))
        tags = {"highway": "primary"}
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=list(range(1, 501)), tags=tags, version=1))
    whole = (town / "whole.osm.pbf").read_bytes()
    for share in (0.3, 0.7, 0.98):
        (town / "cut.osm.pbf").write_bytes(whole[: int(len(whole) * share)])
        assert "不完整或已损坏" in _refused(town, capsys, "cut.osm.pbf")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(
    ("crs", "speed", "said"),
    [(None, 30.0, "没有坐标系"), (4326, -30.0, "时速必须大于 0"), (4326, 0.0, "时速必须大于 0")],
)
def test_bad_lines(crs: int | None, speed: float, said: str, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = {"id": ["1"], "road_class": ["primary"], "speed_kmh": [speed]}
    gpd.GeoDataFrame(frame, geometry=[LineString([_HERE, _THERE])], crs=crs).to_file(town / "bad.gpkg", driver="GPKG")
    assert said in _refused(town, capsys, "bad.gpkg")


@pytest.mark.parametrize(
    ("name", "frame", "said"),
    [
        ("d.csv", {"id": ["a"], "lon": [26.6], "lat": [101.7]}, "写反"),
        ("d.csv", {"id": ["a"], "lon": [1017000], "lat": [26.6]}, "不是经纬度"),
        ("d.csv", {"id": ["a", "a"], "lon": [101.7, 101.7], "lat": [26.6, 26.6]}, "重复"),
        ("d.csv", {"id": ["a"], "lon": [101.7], "lat": ["nan"]}, "没有填"),
        ("f.csv", {"id": ["a"], "lon": [103.7], "lat": [26.6]}, "路网范围以外"),
        ("d.csv", {"id": ["a", "b"], "lon": [101.7, 112.9], "lat": [26.6, 28.2]}, "1 个点在路网范围以外：b"),
        ("d.csv", {"id": ["a"], "lon": ["东"], "lat": [26.6]}, "不是数字"),
        ("d.csv", {"id": ["a"], "lon": [101.7], "lat": [26.6], "population": [-3]}, "“population”列：小于 0"),
        ("f.csv", {"id": ["a"], "x": [101.7]}, "缺少这一列"),
    ],
)
def test_bad_points(town: Path, capsys: pytest.CaptureFixture[str], name: str, frame: dict, said: str) -> None:
    pd.DataFrame(frame).to_csv(town / name, index=False)
    assert _reach(town, "--limit", "5km", "--roads", str(town / "roads.gpkg")) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
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
    middle = pd.DataFrame({"id": ["o"], "lon": [101.75], "lat": [26.60]})  # both ends lie beyond the limit
    own = service_areas(Road(graph), middle, [2_000_000, 4_000_000], "EPSG:4543").to_crs(4543).geometry.bounds
    assert list(own["maxx"] - own["minx"]) == pytest.approx([4_160, 8_160], rel=0.01)
    more = ["--roads", str(town / "roads.gpkg"), "--limit", "2km,3km", "--areas", str(town / "areas.geojson")]
    assert _reach(town, *more) == 0
    assert list(gpd.read_file(town / "areas.geojson")["limit"]) == ["2km", "3km"]


# The limit itself, and what must change nothing


@pytest.mark.parametrize("way", ["straight", "road"])
@pytest.mark.parametrize("limit", ["4999.999m", "5000m", "5.000001km"])
def test_to_the_millimetre_at_the_limit(way: str, limit: str, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three hamlets due north of the office, on a street due north, at 4,999.999, 5,000 and 5,000.001 m."""
    metres = [4999.999, 5000.0, 5000.001]
    lat = [Geod(ellps="GRS80").fwd(101.70, 26.60, 0, one)[1] for one in metres]
    demand = {"id": ["a", "b", "c"], "lon": 101.70, "lat": lat, "population": [1, 10, 100]}
    pd.DataFrame(demand).to_csv(town / "d.csv", index=False)
    street = gpd.GeoDataFrame(
        {"id": ["1"], "road_class": ["primary"]}, geometry=[LineString([(101.70, 26.60), (101.70, 26.70)])], crs=4326
    )
    street.to_file(town / "north.gpkg", driver="GPKG")
    more = ["--roads", str(town / "north.gpkg")] if way == "road" else []
    assert _reach(town, "--limit", limit, *more) == 0
    inside = {"4999.999m": 1, "5000m": 2, "5.000001km": 3}[limit]
    pairs = pd.read_csv(town / "out.csv", encoding="utf-8-sig")
    assert pairs["距离（公里）"].tolist() == [4.999999, 5.0, 5.000001][:inside]
    assert f"已覆盖 {[1, 11, 111][inside - 1]}（" in capsys.readouterr().out


def _scattered(folder: Path, shuffled: bool = False, streets: int = 9) -> list[str]:
    """Write a grid of streets, 200 hamlets and 12 offices, some side by side; return the options to ask with."""
    random = np.random.default_rng(6)
    steps = np.linspace(101.70, 101.78, streets), np.linspace(26.60, 26.68, streets)
    lines = [LineString([(x, y), (x, further)]) for x in steps[0] for y, further in pairwise(steps[1])]
    lines += [LineString([(x, y), (further, y)]) for y in steps[1] for x, further in pairwise(steps[0])]
    frame = {"id": [str(at) for at in range(len(lines))], "road_class": "primary"}
    gpd.GeoDataFrame(frame, geometry=lines, crs=4326).to_file(folder / "grid.gpkg", driver="GPKG")
    for name, count in (("d", 200), ("f", 12)):
        places = random.uniform((101.69, 26.59), (101.79, 26.69), (count, 2)).round(3)
        points = pd.DataFrame(
            {"id": [f"{name}{at:03d}" for at in range(count)], "lon": places[:, 0], "lat": places[:, 1]}
        )
        points["population"] = np.arange(count)
        points = points.sample(frac=1, random_state=1) if shuffled else points
        points.to_csv(folder / f"{name}.csv", index=False)
    return ["--limit", "2km,4km", "--roads", str(folder / "grid.gpkg"), "--max-snap", "300m", "--offroad", "900m"]


def _bytes(folder: Path, *more: str) -> tuple[bytes, bytes]:
    assert _reach(folder, *more, "--areas", str(folder / "areas.geojson")) == 0
    return (folder / "out.csv").read_bytes(), (folder / "areas.geojson").read_bytes()


@pytest.mark.parametrize("nearest", [[], ["--k", "3"]])
def test_the_order_of_rows_changes_no_byte(nearest: list[str], tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = _bytes(tmp_path / "one", *_scattered(tmp_path / "one"), *nearest)
    two = _bytes(tmp_path / "two", *_scattered(tmp_path / "two", shuffled=True), *nearest)
    assert one == two
    assert one[0].count(b"\n") > 50
    straight = [_bytes(folder, "--limit", "2km,4km", *nearest) for folder in (tmp_path / "one", tmp_path / "two")]
    assert straight[0] == straight[1]


def test_the_number_of_threads_changes_no_byte(tmp_path: Path) -> None:
    more = _scattered(tmp_path, streets=105)  # more than 20,000 edges: the compiled kernels do the work
    wanted = _bytes(tmp_path, *more)
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    for threads in ("1", "3"):
        words = [
            "reach",
            "--demand",
            "d.csv",
            "--facilities",
            "f.csv",
            "--out",
            "points.csv",
            "--pairs",
            "out.csv",
            *more,
        ]
        subprocess.run(
            [sys.executable, "-m", "scenarios", *words, "--areas", "areas.geojson"],
            cwd=tmp_path, env={**os.environ, **dict.fromkeys(names, threads)}, check=True, capture_output=True,
        )  # fmt: skip
        assert ((tmp_path / "out.csv").read_bytes(), (tmp_path / "areas.geojson").read_bytes()) == wanted


# Beyond the road


def test_a_hamlet_beyond_the_road_walks_to_it(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--roads", str(town / "roads.gpkg"), "--limit", "30min,2h"]
    assert _reach(town, *more, "--offroad", "5km", "--walk", "4") == 0
    pairs = pd.read_csv(town / "out.csv", dtype={"需求点编号": str}, encoding="utf-8-sig").set_index("需求点编号")
    assert pairs["接入"].to_dict() == {"001": "道路", "002": "道路", "003": "步行接入"}
    off = Geod(ellps="GRS80").inv(101.72, 26.627, 101.72, 26.60)[2]
    on = Geod(ellps="GRS80").inv(101.70, 26.60, 101.72, 26.60)[2]
    assert pairs["时间（分钟）"]["003"] * 60_000 == pytest.approx(off * 900 + on * 72, abs=20)  # 4 km/h, then 50 km/h
    said = capsys.readouterr().out
    assert "30min：需求点人口 37 人，已覆盖 30（81.08%）（其中步行接入 0），未覆盖 7，不可达 0" in said
    assert "2h：需求点人口 37 人，已覆盖 37（100.00%）（其中步行接入 7），未覆盖 0，不可达 0" in said
    assert "步行接入的需求点 1 个：003" in said
    assert _reach(town, *more, "--offroad", "2.5km") == 0
    assert "不可达的需求点 1 个：003" in capsys.readouterr().out


def test_the_walk_comes_from_a_friction_surface(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.02 minutes a metre (3 km/h): 2,991 m due south take 60 minutes, to half a cell and the turns of the grid."""
    rasterio = pytest.importorskip("rasterio")
    about = {"driver": "GTiff", "width": 200, "height": 200, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    place = rasterio.Affine(0.001, 0, 101.6, 0, -0.001, 26.7)
    with rasterio.open(town / "w.tif", "w", transform=place, nodata=-1.0, **about) as out:
        out.write(np.full((200, 200), 0.02, np.float32), 1)
    more = ["--roads", str(town / "roads.gpkg"), "--limit", "2h", "--offroad", "5km", "--map", str(town / "m.html")]
    assert _reach(town, *more, "--friction", str(town / "w.tif")) == 0
    pairs = pd.read_csv(town / "out.csv", dtype={"需求点编号": str}, encoding="utf-8-sig").set_index("需求点编号")
    off = Geod(ellps="GRS80").inv(101.72, 26.627, 101.72, 26.60)[2]
    on = Geod(ellps="GRS80").inv(101.70, 26.60, 101.72, 26.60)[2]
    assert pairs["时间（分钟）"]["003"] * 60_000 == pytest.approx(off * 1200 + on * 72, rel=0.05)
    assert "按阻力面" in (town / "m.html").read_text("utf-8")
    assert "行车" not in capsys.readouterr().out
    with rasterio.open(town / "w.tif", "r+") as out:
        out.write(np.full((200, 200), 0.001, np.float32), 1)  # a vehicle at 60 km/h
    assert _reach(town, *more, "--friction", str(town / "w.tif")) == 0
    driven = pd.read_csv(town / "out.csv", dtype={"需求点编号": str}, encoding="utf-8-sig").set_index("需求点编号")
    assert driven["时间（分钟）"]["003"] * 60_000 == pytest.approx(off * 60 + on * 72, rel=0.05)
    assert "阻力面最快处每小时 60 公里，含行车" in capsys.readouterr().out
    with rasterio.open(town / "w.tif", "r+") as out:
        out.write(np.full((200, 200), 5.0, np.float32), 1)  # km/h
    (town / "m.html").unlink()
    assert "分钟/米" in _refused(town, capsys, "roads.gpkg", *more[2:], "--friction", str(town / "w.tif"))


def test_all_are_covered_only_where_nobody_is_left(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of a hundred thousand beyond the limit is no 100 %; the list of the left is in the language that was asked for."""
    demand = {"id": ["a", "b"], "lon": [101.70, 101.80], "lat": 26.60, "population": [99_999, 1]}
    pd.DataFrame(demand).to_csv(town / "d.csv", index=False)
    assert _reach(town, "--limit", "1km,50km", "--map", str(town / "m.html")) == 0
    said = capsys.readouterr().out
    assert "1km：需求点人口 100,000 人，已覆盖 99,999（99.99%）" in said
    assert "50km：需求点人口 100,000 人，已覆盖 100,000（100.00%）" in said
    page = (town / "m.html").read_text("utf-8")
    told = [row["cells"][1]["text"] for row in scene_of(page)["views"][0]["blocks"][0]["rows"]]
    assert told == ["99.99%", "100.00%"]
    words = ["--lang", "en", "reach", "--demand", str(town / "d.csv"), "--facilities", str(town / "f.csv")]
    assert main([*words, "--limit", "1km", "--out", str(town / "o.csv"), "--list", str(town / "l.csv")]) == 0
    assert "99,999 covered (99.99%)" in capsys.readouterr().out
    (left,) = pd.read_csv(town / "l.csv", encoding="utf-8-sig").to_dict("records")
    assert left["limit"] == "1km"
    assert (left["demand_id"], left["state"], left["why"]) == ("b", "uncovered", "beyond the limit")
    assert left["nearest_km"] > 1
