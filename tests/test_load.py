"""A user's folder as it really comes: GBK, Excel, title rows, shifted coordinates, and every mistake named at once."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from shapely import GeometryCollection, LineString, Point, Polygon, box

from geodata.crs import bd09_to_wgs84, gcj02_to_wgs84, metric_crs, wgs84_to_gcj02
from geodata.load import load, load_with_warnings
from planner.errors import DataError
from planner.region import Region
from planner.schema import FACTS
from tests import tiny


@pytest.fixture
def folder(tmp_path: Path, tiny_folder: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "data"))


def _problems(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(folder)
    return "\n".join(problem.say() for problem in caught.value.problems)


def _chinese(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    return frame.rename(columns={one.name: one.label for one in FACTS[table].fields})


def _same(one: Region, other: Region) -> None:
    for name in ("towns", "villages", "residents", "facilities"):
        left, right = getattr(one, name), getattr(other, name)
        columns = [column for column in left.columns if column not in {"geometry", "lon", "lat"}]
        pd.testing.assert_frame_equal(left[columns], right[columns], check_dtype=False)
        assert left.geometry.geom_equals_exact(right.geometry, 0.001).all()


def test_chinese_headings_in_gbk(folder: Path, tiny_region: Region) -> None:
    (folder / "villages.csv").unlink()
    _chinese(tiny.villages(), "villages").to_csv(folder / "村社区.csv", index=False, encoding="gb18030")
    facilities = _chinese(tiny.facilities(), "facilities")
    facilities["机构类型"] = facilities["机构类型"].map(
        {"emergency_station": "急救站", "township_hospital": "卫生院", "community_health_center": "社区卫生服务中心",
         "village_clinic": "村卫生室"}
    )  # fmt: skip
    facilities["状态"] = facilities["状态"].map({"open": "在用", "planned": "拟建"})
    (folder / "facilities.csv").unlink()
    facilities.to_csv(folder / "机构.csv", index=False, encoding="gbk")
    _same(load(folder), tiny_region)


def test_excel_with_title_units_and_totals(folder: Path, tiny_region: Region) -> None:
    (folder / "villages.csv").unlink()
    book = xlsxwriter.Workbook(folder / "villages.xlsx")
    sheet = book.add_worksheet()
    sheet.write(0, 0, "某某县村（社区）人口统计表")
    frame = _chinese(tiny.villages(), "villages")
    for at, heading in enumerate(frame.columns):
        sheet.write(2, at, heading)
    for number, row in enumerate(frame.itertuples(index=False), 3):
        for at, value in enumerate(row):
            sheet.write(number, at, value)
    sheet.write(3, 4, "2万")
    sheet.write(4, 4, "１０，０００")
    sheet.write(5, 4, "约4000人")
    sheet.write(12, 0, "合计")
    sheet.write(12, 4, 45_000)
    book.close()
    loaded = load_with_warnings(folder)
    _same(loaded.region, tiny_region)
    assert any("合计行" in one.say() for one in loaded.warnings)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_points_from_a_map_file(folder: Path, tiny_region: Region, suffix: str) -> None:
    (folder / "facilities.csv").unlink()
    frame = tiny.facilities()
    points = gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326
    )
    points = points.to_crs(4543) if suffix == ".gpkg" else points
    points.to_file(folder / f"facilities{suffix}")
    _same(load(folder), tiny_region)


def test_shapefile_in_gbk(folder: Path, tiny_region: Region) -> None:
    (folder / "towns.geojson").unlink()
    towns = tiny.towns().rename(columns={"county_name": "所属县区", "is_county_seat": "县城"})
    towns.to_file(folder / "towns.shp", encoding="GBK")
    (folder / "towns.cpg").unlink()
    region = load(folder)
    assert list(region.towns["name"]) == list(tiny_region.towns["name"])
    assert list(region.counties["name"]) == ["甲区", "乙县"]


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_coordinates_come_back(folder: Path, tiny_region: Region, datum: str) -> None:
    frame = tiny.facilities()
    lon, lat = wgs84_to_gcj02(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    if datum == "bd09":
        turn = np.pi * 3000 / 180
        radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * turn)
        angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * turn)
        lon, lat = radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
    frame.assign(lon=lon, lat=lat).to_csv(folder / "facilities.csv", index=False)
    villages = tiny.villages()
    (folder / "villages.csv").unlink()
    gpd.GeoDataFrame(
        villages.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(villages["lon"], villages["lat"]), crs=4326
    ).to_file(folder / "villages.gpkg")
    (folder / "about.yaml").write_text(f'name: 某市\ncode: "510400"\ncoordinates: {datum}\n', "utf-8")
    moved = load(folder).facilities.geometry.distance(tiny_region.facilities.geometry)
    assert moved.max() < (0.001 if datum == "gcj02" else 1.5)


def test_gcj02_is_off_by_what_is_known() -> None:
    # 426 m in 攀枝花, 450 m in 遂宁, 346 m in 雅安
    from pyproj import Geod

    for lon, lat, metres in ((101.7184, 26.5823, 426), (105.5930, 30.5328, 450), (103.0133, 29.9805, 346)):
        east, north = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
        assert Geod(ellps="WGS84").inv(lon, lat, east[0], north[0])[2] == pytest.approx(metres, rel=0.12)
        back = gcj02_to_wgs84(east, north)
        assert abs(back[0][0] - lon) < 1e-9
        assert abs(back[1][0] - lat) < 1e-9
    assert bd09_to_wgs84(np.array([101.7]), np.array([26.6]))[0][0] < 101.7


def test_metric_crs_is_looked_up() -> None:
    assert [metric_crs(lon) for lon in (101.7, 105.57, 103.0)] == ["EPSG:4543", "EPSG:4544", "EPSG:4543"]
    with pytest.raises(ValueError, match="outside"):
        metric_crs(10)


def _edit(folder: Path, file: str, /, **cells: tuple[int, object]) -> None:
    frame = pd.read_csv(folder / file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for column, (row, value) in cells.items():
        frame.loc[row, column] = value
    frame.to_csv(folder / file, index=False, encoding="utf-8-sig")


def test_all_problems_of_all_files_at_once(folder: Path) -> None:
    _edit(folder, "villages.csv", population=(2, "很多"), code=(1, "510402001001"))
    _edit(folder, "facilities.csv", kind=(0, "急诊"), lon=(3, "26.65"), lat=(3, "101.65"))
    said = _problems(folder)
    assert "villages.csv，第 4 行，“population”列：不是数字（现为“很多”）" in said
    assert "villages.csv，第 3 行，“code”列：编号重复" in said
    assert "facilities.csv，第 2 行，“kind”列：不是可用的取值（现为“急诊”）" in said


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"lon": (0, "26.55"), "lat": (0, "101.65")}, "经度和纬度写反了"),
        ({"lon": (0, "467000"), "lat": (0, "2937000")}, "投影坐标"),
        ({"lon": (0, "12"), "lat": (0, "50")}, "不在中国范围内"),
        ({"lon": (0, "")}, "没有填"),
        ({"lon": (0, "inf")}, "不是数字"),
        ({"status": (0, "倒闭")}, "不是可用的取值"),
        ({"village_code": (5, "999999999999")}, "不在村（社区）文件中"),
        ({"village_code": (5, "5.10402E+11")}, "Excel 把代码变成了科学计数法"),
        ({"name": (0, "")}, "没有填"),
    ],
)
def test_facility_mistakes(folder: Path, cells: dict, said: str) -> None:
    _edit(folder, "facilities.csv", **cells)
    assert said in _problems(folder)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"population": (0, "-5")}, "小于 0"),
        ({"population": (0, "12.5")}, "不是整数"),
        ({"urban_population": (0, "999999")}, "多于常住人口"),
        ({"population": (0, "1e30")}, "大得不可能"),
        ({"code": (0, "510999001001")}, "前 9 位不是任何乡镇的代码"),
        ({"code": (0, "V1")}, "应为 12 位数字"),
        ({"code": (0, "510402001")}, "不是 12 位代码"),
    ],
)
def test_village_mistakes(folder: Path, cells: dict, said: str) -> None:
    _edit(folder, "villages.csv", **cells)
    assert said in _problems(folder)


def test_missing_files_and_columns(folder: Path) -> None:
    frame = tiny.villages().rename(columns={"population": "常驻人口"})
    frame.to_csv(folder / "villages.csv", index=False)
    assert "是否就是“常驻人口”" in _problems(folder)
    (folder / "facilities.csv").unlink()
    (folder / "towns.geojson").unlink()
    said = _problems(folder)
    assert "缺少“医疗卫生机构”" in said
    assert "缺少“乡镇（街道）”" in said
    with pytest.raises(DataError, match="没有这个文件夹"):
        load(folder / "nowhere")


def test_two_files_for_one_table(folder: Path) -> None:
    shutil.copy(folder / "villages.csv", folder / "村社区.csv")
    assert "几个文件" in _problems(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("towns.geojson", b'<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'),
        ("towns.gpkg", b"not sqlite at all"),
        ("towns.shp", b"<OGRVRTDataSource/>"),
        ("towns.geojson", b'{"type": "FeatureCollection", "features": ['),
        ("villages.xlsx", b"PK\x03\x04 broken"),
        ("villages.xlsx", b"<html>"),
        ("villages.csv", b"\xff\xff\xff\x00\x81"),
        ("villages.csv", b""),
        ("towns.geojson", b'{"type": "FeatureCollection", "crs": {"type": "link"}, "features": []}'),
    ],
)
def test_files_that_are_not_what_they_say(folder: Path, name: str, content: bytes) -> None:
    stem = name.split(".", maxsplit=1)[0]
    for path in folder.glob(f"{stem}.*"):
        path.unlink()
    (folder / name).write_bytes(content)
    assert name in _problems(folder)


def test_a_layer_without_crs_is_refused(folder: Path) -> None:
    (folder / "towns.geojson").unlink()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tiny.towns().set_crs(None, allow_override=True).to_file(folder / "towns.gpkg", driver="GPKG")
    assert "没有坐标系" in _problems(folder)


def test_about_is_strict(folder: Path) -> None:
    (folder / "about.yaml").write_text('name: 某市\ncode: "510400"\nas_off: "2020"\ncredits: 一条\n', "utf-8")
    said = _problems(folder)
    assert "as_of" in said
    assert "列表" in said


def test_residents_file_is_believed_over_villages(folder: Path) -> None:
    pd.DataFrame(
        {"编号": ["r1", "r2"], "经度": [101.65, 101.7900001], "纬度": [26.55, 26.51], "人口": ["1,200", "3"]}
    ).to_csv(folder / "居民点.csv", index=False, encoding="gbk")  # fmt: skip
    loaded = load_with_warnings(folder)
    people = loaded.region.residents
    assert list(people["population"]) == [1200, 3]
    assert list(people["town_code"]) == ["510402001", "510402100"]
    assert list(people["is_urban"]) == [True, False]
    assert loaded.region.subject_level == "town"


def test_a_point_just_outside_goes_to_the_nearest_town_and_no_further(folder: Path) -> None:
    frame = pd.DataFrame({"id": ["a"], "lon": [101.595], "lat": [26.55], "population": [7]})
    frame.to_csv(folder / "residents.csv", index=False)
    assert list(load(folder).residents["town_code"]) == ["510402001"]
    frame.assign(lon=101.5).to_csv(folder / "residents.csv", index=False)
    assert "不落在任何乡镇内" in _problems(folder)


def test_a_clinic_without_village_code_goes_to_the_nearest_village(folder: Path) -> None:
    _edit(folder, "facilities.csv", village_code=(5, ""))
    loaded = load_with_warnings(folder)
    clinic = loaded.region.facilities.set_index("id").loc["VC1"]
    assert clinic["village_code"] == "510402100200"
    assert any("没有村代码" in one.say() for one in loaded.warnings)


def _residents(folder: Path, **columns: list[object]) -> None:
    count = len(next(iter(columns.values())))
    plain = {
        "id": [f"r{at}" for at in range(count)],
        "lon": [101.65] * count,
        "lat": [26.55] * count,
        "population": [9] * count,
    }
    pd.DataFrame(plain | columns).to_csv(folder / "residents.csv", index=False)


def test_residents_alone_are_enough(folder: Path) -> None:
    (folder / "villages.csv").unlink()
    _residents(
        folder,
        lon=[101.65, 101.79, 101.79],
        lat=[26.55, 26.51, 26.51],
        village_code=["", "510402100200", "510402100001"],
        population=[900, 90, 9],
    )
    region = load(folder)
    assert list(region.residents["town_code"]) == ["510402001", "510402100", "510402100"]
    assert list(region.residents["is_urban"]) == [True, False, True]
    assert list(region.residents["village_code"]) == ["", "", ""]
    assert region.subject_level == "town"
    assert (region.villages["population"].dtype, region.villages["estimated"].dtype) == (float, bool)


@pytest.mark.parametrize("table", ["villages", "residents"])
def test_nobody_at_all_is_refused(folder: Path, table: str) -> None:
    if table == "villages":
        tiny.villages().assign(population=0, urban_population=0).to_csv(folder / "villages.csv", index=False)
    else:
        _residents(folder, population=[0, 0])
    said = _problems(folder)
    assert f"{table}.csv" in said
    assert "没有居民" in said


def test_only_polygons_of_towns_are_kept(folder: Path) -> None:
    west, south, east, north = 101.60, 26.50, 101.70, 26.60
    spike = Polygon([(west, south), (east, south), (east, north), (west, north), (west, south), (101.55, 26.50)])
    mixed = GeometryCollection([box(101.7, 26.5, 101.8, 26.6), LineString([(101.7, 26.5), (101.8, 26.6)])])
    towns = tiny.towns()
    towns.geometry = [spike, mixed, *towns.geometry[2:]]
    towns.to_file(folder / "towns.geojson")
    shapes = load(folder).towns.geometry
    assert set(shapes.geom_type) <= {"Polygon", "MultiPolygon"}
    assert shapes.area.min() > 9e7
    flat = Polygon([(101.6, 26.5), (101.7, 26.5), (101.6, 26.5)])
    towns.geometry = [flat, Point(101.75, 26.55), *towns.geometry[2:]]
    towns.to_file(folder / "towns.geojson")
    said = _problems(folder)
    assert "towns.geojson，第 1 行，“geometry”列：乡镇（街道）边界应是面，且有面积（现为“Polygon”）" in said
    assert "towns.geojson，第 2 行" in said
    assert "villages.csv" not in said


def test_metres_under_gcj02_are_told_without_a_warning(folder: Path) -> None:
    (folder / "about.yaml").write_text('name: 某市\ncode: "510400"\ncoordinates: gcj02\n', "utf-8")
    tiny.villages().assign(lon=4.67e7, lat=2.937e6).to_csv(folder / "villages.csv", index=False)
    assert "投影坐标" in _problems(folder)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("机构.xls", "“机构.xls”请另存为 .xlsx"),
        ("机构2023.csv", "“机构2023.csv”是否改名为 机构.csv"),
        ("医疗机构.zip", "“医疗机构.zip”请解压"),
        ("nothing.txt", "放入 机构（.csv、.xlsx、.gpkg、.geojson、.shp）"),
    ],
)
def test_what_lies_there_instead(folder: Path, there: str, said: str) -> None:
    (folder / "facilities.csv").unlink()
    (folder / there).write_text("x")
    problems = _problems(folder)
    assert said in problems
    assert problems.count("\n") == 0


def test_endings_in_capitals_and_files_that_are_there(folder: Path) -> None:
    (folder / "villages.csv").rename(folder / "村社区.CSV")
    assert len(load(folder).villages) == 8
    (folder / "机构.csv").write_text("机构编号,机构名称\n", "utf-8")
    assert _problems(folder).count("\n") == 0  # two files, and not that there is none
    (folder / "facilities.csv").unlink()
    said = _problems(folder)
    assert "机构.csv：只有表头，没有数据" in said
    assert "缺少“" not in said
    with pytest.raises(DataError, match="这是一个文件，不是文件夹"):
        load(folder / "机构.csv")
    (folder / "机构.csv").write_bytes(b"")
    assert "文件是空的" in _problems(folder)


@pytest.mark.parametrize("suffix", [".dbf", ".shx", ".prj"])
def test_a_shapefile_needs_its_companions(folder: Path, suffix: str) -> None:
    (folder / "towns.geojson").unlink()
    tiny.towns().rename(columns={"is_county_seat": "县城", "county_name": "县区"}).to_file(
        folder / "towns.shp", encoding="UTF-8"
    )
    (folder / f"towns{suffix}").unlink()
    assert f"towns.shp：缺少同名的 {suffix}" in _problems(folder)


def test_one_mistake_does_not_hide_those_behind_it(folder: Path) -> None:
    _edit(folder, "villages.csv", population=(0, "很多"), lon=(1, "26.5"), lat=(1, "101.6"), code=(2, "510999001001"),
          urban_population=(3, "2000"))  # fmt: skip
    _edit(folder, "facilities.csv", town_code=(2, "510999001"))
    (folder / "about.yaml").write_text('name: 某市\ncode: "110000"\n', "utf-8")
    said = _problems(folder)
    for one in ("不是数字", "写反了", "前 9 位", "多于常住人口", "不在乡镇文件中", "code 与乡镇代码不符"):
        assert said.count(one) == 1, one
    (folder / "about.yaml").unlink()
    tiny.towns().assign(name="甲").to_file(folder / "towns.geojson")  # codes are not checked against broken towns
    said = _problems(folder)
    assert "从名称看不出" in said
    assert "写反了" in said
    assert "前 9 位" not in said


def test_a_village_two_hundred_kilometres_off_is_refused(folder: Path) -> None:
    villages = tiny.villages()
    villages.loc[2, "lon"] = 103.9
    villages.to_csv(folder / "villages.csv", index=False, encoding="utf-8-sig")
    said = _problems(folder)
    assert "villages.csv，第 4 行" in said
    assert "坐标离本乡镇 20 公里以上" in said
