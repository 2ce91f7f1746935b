"""What comes in is used, converted, or named: the small inputs that were misread without a word, and their kin."""

import json
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod
from python_calamine import CalamineWorkbook
from shapely import LineString, Point, Polygon, box

from geodata.columns import Notes
from geodata.crs import wgs84_to_gcj02
from geodata.files import MEMORY, TIME, is_large, read
from geodata.load import Loaded, load_with_warnings
from geodata.points import DEMAND, PLACES, read_points
from planner.errors import DataError
from scenarios.cli.program import main
from tests import tiny

GEOD = Geod(ellps="GRS80")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.write(tmp_path / "data")


def _loaded(folder: Path) -> Loaded:
    return load_with_warnings(folder)


def _said(loaded: Loaded) -> str:
    return "\n".join(one.say() for one in loaded.warnings)


def _refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_with_warnings(folder)
    return "\n".join(problem.say() for problem in caught.value.problems)


def _use(loaded: Loaded, name: str) -> tuple[str, str]:
    (use,) = [one for one in loaded.region.uses if one.name == name]
    return use.state, use.how.zh


def _write(folder: Path, stem: str, frame: pd.DataFrame) -> None:
    frame.to_csv(folder / f"{stem}.csv", index=False, encoding="utf-8-sig")


def _write_shapefile(folder: Path, towns: gpd.GeoDataFrame, coding: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that headings are cut is what is tested
        towns.to_file(folder / "towns.shp", driver="ESRI Shapefile", encoding=coding, engine="pyogrio")


@pytest.mark.parametrize("coding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("chinese", [False, True])
def test_a_shapefile_keeps_ten_bytes_of_a_heading(folder: Path, coding: str, chinese: bool) -> None:
    (folder / "towns.geojson").unlink()
    labels = {"code": "乡镇代码", "name": "乡镇名称", "county_name": "县区名称", "is_county_seat": "是否县城"}
    towns = tiny.towns().rename(columns=labels if chinese else {})
    _write_shapefile(folder, towns, coding)
    loaded = _loaded(folder)
    assert loaded.region.towns.set_index("code")["is_county_seat"].to_dict()["510422100"]
    assert sorted(loaded.region.counties["name"]) == ["乙县", "甲区"]
    if not chinese:
        assert _use(loaded, "is_county_") == ("converted", "是否县城：表头只存了前 10 个字节")


@pytest.mark.parametrize("cpg", ["ANSI 936", "OEM", "ISO-8859-1", "UTF-8", None])
def test_what_a_cpg_says_is_not_believed(folder: Path, cpg: str | None) -> None:
    (folder / "towns.geojson").unlink()
    _write_shapefile(folder, tiny.towns(), "GBK")
    (folder / "towns.cpg").unlink(missing_ok=True)
    if cpg:
        (folder / "towns.cpg").write_text(cpg)
    loaded = _loaded(folder)
    assert loaded.region.towns["name"].tolist() == ["甲一街道", "甲镇", "乙镇", "乙乡"]
    assert _use(loaded, "towns.shp") == ("converted", "文字按 GBK 读")


@pytest.mark.parametrize(("table", "name", "heading"), [
    ("towns", "is_county_seat", "县城所在地"), ("towns", "is_county_seat", "county_seat_flag"),
    ("villages", "urban_population", "城镇人口数"), ("villages", "urban_population", "城镇化人数"),
    ("facilities", "status", "运营状态"), ("facilities", "status", "备注"),
])  # fmt: skip
def test_a_column_that_could_change_a_verdict_stops(folder: Path, table: str, name: str, heading: str) -> None:
    if table == "towns":
        tiny.towns().rename(columns={name: heading}).to_file(folder / "towns.geojson", driver="GeoJSON")
    elif table == "villages":
        _write(folder, table, tiny.villages().rename(columns={name: heading}))
    else:
        _write(folder, table, tiny.facilities().assign(status="停用").rename(columns={name: heading}))
    said = _refused(folder)
    assert said.count("\n") == 0
    assert f"“{heading}”列：这一列像是" in said
    about = 'name: 甲市\ncode: "510400"\ncolumns:\n  {}: {}\n'
    label = {"is_county_seat": "是否县城", "urban_population": "城镇人口", "status": "状态"}[name]
    (folder / "about.yaml").write_text(about.format(heading, label), "utf-8")
    region = _loaded(folder).region
    if table == "towns":
        assert region.towns["is_county_seat"].sum() == 1
    elif table == "villages":
        assert region.residents.loc[region.residents["is_urban"], "population"].sum() == 38_000
    else:
        assert (region.facilities["status"] == "closed").all()
    (folder / "about.yaml").write_text(about.format(heading, "不用"), "utf-8")
    assert f"没有使用的列：{heading}" in _said(_loaded(folder))


def test_what_a_heading_means_must_be_a_column(folder: Path) -> None:
    (folder / "about.yaml").write_text('name: 甲市\ncode: "510400"\ncolumns: {运营状态: 状太}\n', "utf-8")
    assert "没有这一列（现为“状太”）。是否指 状态" in _refused(folder)
    (folder / "about.yaml").write_text('name: 甲市\ncode: "510400"\ncolumns: {运营状态: 状态}\n', "utf-8")
    assert "没有用到：没有哪个文件有这一列（现为“运营状态”）" in _said(_loaded(folder))


def test_totals_of_towns_are_no_villages(folder: Path) -> None:
    more = pd.DataFrame({"code": ["510402100000", "510402001000", "510422000000"], "name": ["甲镇", "甲镇", "乙县"], "population": [5000, 5000, 10000],
                         "lon": 101.75, "lat": 26.55})  # fmt: skip
    _write(folder, "villages", pd.concat([tiny.villages(), more]))
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    for row in (10, 11, 12):
        assert f"第 {row} 行，“code”列：代码是上一级的，是合计行，已略过" in _said(loaded)


def test_the_tenth_digit_tells_villages_from_communities(folder: Path) -> None:
    villages = tiny.villages().drop(columns="urban_population")
    again = {"510402100200": "510402100300", "510422100200": "510422100500", "510422100001": "510422100400"}
    _write(folder, "villages", villages.assign(code=villages["code"].replace(again)))
    facilities = tiny.facilities()
    _write(folder, "facilities", facilities.assign(village_code=facilities["village_code"].replace(again)))
    region = _loaded(folder).region
    assert region.villages.loc[region.villages["kind"] == "village", "code"].str[9].tolist() == ["3", "5", "2", "2"]
    assert region.residents.loc[region.residents["is_urban"], "population"].sum() == 40_000


@pytest.mark.parametrize(
    ("heading", "title"), [("常住人口（万人）", ""), ("人口(万)", ""), ("population", "单位：万人")]
)
def test_people_in_ten_thousands_are_multiplied(folder: Path, heading: str, title: str) -> None:
    villages = tiny.villages().drop(columns="urban_population")
    text = (
        villages.assign(population=villages["population"] / 10_000)
        .rename(columns={"population": heading})
        .to_csv(index=False)
    )
    (folder / "villages.csv").write_text((title + "\n" if title else "") + text, "utf-8")
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    assert f"“{heading}”列：单位是万人，乘以 10000" in _said(loaded)


def test_files_that_are_not_read_are_named(folder: Path) -> None:
    for name in ("counties.json", "roads.kml", "居民点.xls", "residents (1).csv", "备注.docx"):
        (folder / name).write_bytes(b"x")
    for name in ("~$villages.xlsx", ".DS_Store", "数据字典.xlsx", "数据问题清单.xlsx"):
        (folder / name).write_bytes(b"x")
    said = _said(_loaded(folder))
    assert [line.split("：")[0] for line in said.splitlines()] == [
        "counties.json",
        "residents (1).csv",
        "roads.kml",
        "备注.docx",
        "居民点.xls",
    ]


def test_a_geopackage_of_several_layers_is_refused_unless_one_is_called_as_the_table(folder: Path) -> None:
    (folder / "towns.geojson").unlink()
    for layer in ("乡镇2019", "乡镇2023"):
        tiny.towns().to_file(folder / "towns.gpkg", layer=layer, driver="GPKG")
    assert "有 2 个图层：乡镇2019、乡镇2023" in _refused(folder)
    tiny.towns().to_file(folder / "towns.gpkg", layer="乡镇", driver="GPKG")
    loaded = _loaded(folder)
    assert "没有读取的图层：乡镇2019、乡镇2023；读的是“乡镇”" in _said(loaded)


@pytest.mark.parametrize("heading", ["高德", "GCJ02", "火星坐标"])
def test_the_heading_tells_the_datum_of_its_own_file(folder: Path, heading: str) -> None:
    facilities = tiny.facilities()
    lon, lat = wgs84_to_gcj02(facilities["lon"].to_numpy(), facilities["lat"].to_numpy())
    moved = facilities.assign(lon=lon, lat=lat).rename(
        columns={"lon": f"经度（{heading}）", "lat": f"纬度（{heading}）"}
    )
    _write(folder, "facilities", moved)
    for datum in ("wgs84", "bd09"):
        (folder / "about.yaml").write_text(f'name: 甲市\ncode: "510400"\ncoordinates: {datum}\n', "utf-8")
        loaded = _loaded(folder)
        back = loaded.region.facilities.set_index("id")
        assert abs(back.loc["ES1", "lon"] - 101.65) < 1e-8
        assert (loaded.region.villages["lon"] == tiny.villages()["lon"]).all() == (datum == "wgs84")
        assert f"“经度（{heading}）、纬度（{heading}）”列：gcj02 换算成 wgs84，移动约 433 米" in _said(loaded)


def test_about_yaml_tells_the_datum_of_one_file(folder: Path) -> None:
    facilities = tiny.facilities()
    lon, lat = wgs84_to_gcj02(facilities["lon"].to_numpy(), facilities["lat"].to_numpy())
    _write(folder, "facilities", facilities.assign(lon=lon, lat=lat))
    text = 'name: 甲市\ncode: "510400"\ncoordinates:\n  facilities.csv: 高德\n  无.csv: gcj02\n'
    (folder / "about.yaml").write_text(text, "utf-8")
    loaded = _loaded(folder)
    assert abs(loaded.region.facilities.set_index("id").loc["ES1", "lon"] - 101.65) < 1e-8
    assert loaded.region.villages["lon"].tolist() == tiny.villages()["lon"].tolist()
    assert "没有用到：没有这个表格，或它是图形文件（现为“无.csv”）" in _said(loaded)


def test_a_county_half_of_which_lies_in_no_town(folder: Path) -> None:
    counties = {"code": ["510402", "510422"], "name": ["甲区", "乙县"]}
    shapes = [box(101.6, 26.5, 101.8, 26.6), box(101.6, 26.6, 101.8, 26.7)]
    gpd.GeoDataFrame(counties, geometry=shapes, crs=4326).to_file(folder / "counties.geojson", driver="GeoJSON")
    assert "不在任何乡镇" not in _said(_loaded(folder))
    tiny.towns().iloc[:3].to_file(folder / "towns.geojson", driver="GeoJSON")
    _write(folder, "villages", tiny.villages().iloc[:6])
    _write(folder, "facilities", tiny.facilities().iloc[:6])
    assert "乙县 有 50.01%（110.33 平方公里）不在任何乡镇内" in _refused(folder)
    _confirm(folder, "乙县 空白 50.01%")
    assert "已核实：乙县 空白 50.01%" in _said(_loaded(folder))


KINDS = {"诊所": "", "疾病预防控制中心": "", "药店": "", "三级甲等综合医院": "hospital", "二甲中医医院": "hospital", "一般卫生院": "township_hospital",
         "社区卫生服务中心（站）": "community_health_center", "医疗保健服务;综合医院;卫生院": "township_hospital",
         "医疗保健服务;急救中心;急救中心": "emergency_station"}  # fmt: skip


def test_rows_of_other_kinds_are_left_out_and_told(folder: Path) -> None:
    more = pd.DataFrame(
        {
            "id": [f"X{at}" for at in range(len(KINDS))],
            "name": "某机构",
            "kind": [*KINDS],
            "lon": 101.65,
            "lat": 26.55,
            "status": "open",
        }
    )
    _write(folder, "facilities", pd.concat([tiny.facilities(), more]))
    loaded = _loaded(folder)
    kinds = loaded.region.facilities.set_index("id")["kind"]
    assert [kinds.get(f"X{at}", "") for at in range(len(KINDS))] == [*KINDS.values()]
    assert "3 行是其他类型的机构，没有使用：疾病预防控制中心 1、药店 1、诊所 1" in _said(loaded)
    _write(folder, "facilities", pd.concat([tiny.facilities(), more.assign(kind="卫生阮")]))
    assert "第 9 行，“kind”列：不是可用的取值（现为“卫生阮”）" in _refused(folder)


def _confirm(folder: Path, *keys: str) -> None:
    listed = "".join(f'  - "{key}"\n' for key in keys)
    (folder / "about.yaml").write_text(f'name: 甲市\ncode: "510400"\nconfirmed:\n{listed}', "utf-8")


def _asked(folder: Path, key: str, words: str) -> None:
    """The folder is refused with these words until its very numbers are confirmed, and then told."""
    said = _refused(folder)
    assert words in said
    assert f'confirmed: ["{key}"]' in said
    _confirm(folder, key + "0")
    assert words in _refused(folder)
    _confirm(folder, key)
    assert f"已核实：{key}" in _said(_loaded(folder))


def test_a_city_of_twenty_two_people_must_be_confirmed(folder: Path) -> None:
    _write(
        folder, "villages", tiny.villages().drop(columns="urban_population").assign(population=[2, 1, 4, 1, 6, 2, 1, 5])
    )
    _asked(folder, "常住人口合计 22，村（社区）中位数 2", "人口少得可疑")


def test_a_village_of_a_hundred_million_must_be_confirmed(folder: Path) -> None:
    villages = tiny.villages()
    villages.loc[3, "population"] = 100_000_000
    _write(folder, "villages", villages)
    _asked(folder, "四村村民委员会 常住人口 100000000", "人口多得可疑")


def test_a_town_drawn_crosswise_must_be_confirmed(folder: Path) -> None:
    towns = tiny.towns()
    towns.loc[1, "geometry"] = Polygon([(101.7, 26.5), (101.8, 26.6), (101.8, 26.5), (101.7, 26.6)])
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    _asked(folder, "towns.geojson 第 2 行 自相交 50.00%", "边界自相交（像蝴蝶结）")


def test_towns_that_lie_on_each_other_by_half_must_be_confirmed(folder: Path) -> None:
    towns = tiny.towns()
    towns.loc[1, "geometry"] = box(101.65, 26.5, 101.75, 26.6)
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    _asked(folder, "甲一街道、甲镇 重叠 50.00%", "乡镇边界大面积重叠")


def test_a_confirmation_of_other_numbers_is_told(folder: Path) -> None:
    _confirm(folder, "常住人口合计 22")
    assert "没有用到：没有这样的疑点，或数字变了（现为“常住人口合计 22”）" in _said(_loaded(folder))


# ---- reach and site: two lists of points


def _lists(tmp_path: Path, demand: str, facilities: str) -> tuple[list[str], Path]:
    (tmp_path / "D.csv").write_text(demand, "utf-8")
    (tmp_path / "F.csv").write_text(facilities, "utf-8")
    out = tmp_path / "o.csv"
    return [
        "reach",
        "--demand",
        str(tmp_path / "D.csv"),
        "--facilities",
        str(tmp_path / "F.csv"),
        "--limit",
        "5km",
        "--out",
        str(out),
    ], out


def test_a_blank_population_is_not_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, _ = _lists(
        tmp_path,
        "id,lon,lat,population\nD1,101.6,26.5,100\nD2,101.9,26.5,\nD3,101.95,26.5,不详\n",
        "id,lon,lat\nA,101.6,26.5\n",
    )
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "3 个点中 2 个没有人口：D2、D3；不知道有多少人，不说人口，只说点数" in said
    assert "需求点 3 个，已覆盖 1（33.33%），未覆盖 2" in said
    assert "100 人" not in said


@pytest.mark.parametrize("empty", [None, Point()])
@pytest.mark.parametrize("side", ["demand", "facilities"])
def test_a_feature_without_a_place_is_told_by_row(tmp_path: Path, side: str, empty: Any) -> None:
    frame = gpd.GeoDataFrame({"id": ["D1", "D2"], "population": [1, 2]}, geometry=[Point(101.6, 26.5), empty], crs=4326)
    frame.to_file(tmp_path / "p.gpkg", driver="GPKG")
    with pytest.raises(DataError) as caught:
        read_points(tmp_path / "p.gpkg", DEMAND if side == "demand" else PLACES)
    assert "p.gpkg，第 2 行，“geometry”列：没有图形" in caught.value.problems[0].say()


def test_which_point_stands_for_a_polygon_is_told(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"id": ["F1"]}, geometry=[box(101.6, 26.5, 101.7, 26.6)], crs=4326).to_file(
        tmp_path / "p.gpkg", driver="GPKG"
    )
    notes = Notes()
    assert read_points(tmp_path / "p.gpkg", PLACES, notes)["lon"].tolist() == [pytest.approx(101.65)]
    assert "1 个图形不是点：取图形内的一点" in notes.warnings[0].say()


def test_lists_of_two_continents_are_refused_with_the_distance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, out = _lists(tmp_path, "id,lon,lat,population\nD1,101.6,26.5,1\n", "id,lon,lat\na,36.72,-1.33\n")
    assert main(words) == 2
    km = round(GEOD.inv(101.6, 26.5, 36.72, -1.33)[2] / 1000)
    said = capsys.readouterr().err
    found = int(said.split("最近的两点也相距 ")[1].split(" 公里")[0].replace(",", ""))
    assert abs(found - km) < 0.01 * km
    assert not out.exists()
    words, _ = _lists(tmp_path, "id,lon,lat,population\nD1,101.6,26.5,1\n", "id,lon,lat\na,101.6,26.5\nb,0,0\n")
    assert main(words) == 2
    assert "F.csv，第 3 行，“lon、lat”列：0, 0 在几内亚湾里" in capsys.readouterr().err


def test_a_point_far_from_all_others_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, _ = _lists(
        tmp_path,
        "id,lon,lat,population\nD1,101.6,26.5,1\nD2,111.6,26.5,1\n",
        "id,lon,lat\na,101.6,26.5\nb,101.6,30.5\n",
    )
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "D.csv：1 个点离另一个文件的所有点都在 100 公里以上：D2" in said
    assert "F.csv：1 个点离另一个文件的所有点都在 100 公里以上：b" in said


@pytest.mark.parametrize("text", ["id;lon;lat;population\nD1;101,71;26,50;100\n", "编号，经度，纬度，人口\nD1，101.71，26.50，100\n",
                                  'id,lon,lat,population\nD1,"101,71","26,50",100\n', "id；lon；lat；population\nD1；101.71；26.5；100\n"])  # fmt: skip
def test_other_separators_and_decimal_commas(tmp_path: Path, text: str) -> None:
    (tmp_path / "D.csv").write_text(text, "utf-8")
    notes = Notes()
    frame = read_points(tmp_path / "D.csv", DEMAND, notes)
    assert frame.iloc[0].to_dict() == {"id": "D1", "lon": 101.71, "lat": 26.5, "population": 100}
    assert bool(notes.warnings) == ("101,71" in text)


def test_a_comma_that_parts_no_thousands_is_no_number(tmp_path: Path) -> None:
    for cell, right in (("1,234", 1234), ("12,34", None)):
        (tmp_path / "D.csv").write_text(f'id,lon,lat,population\nD1,101.7,26.5,"{cell}"\n', "utf-8")
        if right:
            assert read_points(tmp_path / "D.csv", DEMAND)["population"].tolist() == [right]
        else:
            with pytest.raises(DataError, match="不是数字"):
                read_points(tmp_path / "D.csv", DEMAND)


def test_a_number_of_over_fifteen_digits_is_no_id(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [512010450123456781.0], "lon": [101.7], "lat": [26.5]})
    frame.to_excel(tmp_path / "F.xlsx", index=False, engine="xlsxwriter")
    with pytest.raises(DataError, match=r"第 2 行，“id”列：Excel 把代码变成了科学计数法.*把列设为文本"):
        read_points(tmp_path / "F.xlsx", PLACES)
    (tmp_path / "F.csv").write_text('id,lon,lat\n"=""0512010450123456781""",101.7,26.5\n', "utf-8")
    assert read_points(tmp_path / "F.csv", PLACES)["id"].tolist() == ["0512010450123456781"]


def test_a_crs_that_is_not_known_is_refused(tmp_path: Path) -> None:
    shape = {
        "type": "Feature",
        "properties": {"id": "D1"},
        "geometry": {"type": "Point", "coordinates": [471000, 2932000]},
    }
    for crs in ({"type": "EPSG", "properties": {"code": 4543}}, {"type": "name", "properties": {"name": "GCJ-02"}}):
        (tmp_path / "p.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "crs": crs, "features": [shape]}), "utf-8"
        )
        with pytest.raises(DataError, match="坐标系"):
            read_points(tmp_path / "p.geojson", DEMAND)


def test_headings_in_two_rows(folder: Path) -> None:
    (folder / "villages.csv").unlink()
    with pd.ExcelWriter(folder / "villages.xlsx", engine="xlsxwriter") as book:
        sheet = book.book.add_worksheet("村")
        for at, name in enumerate(("村代码", "村名称")):
            sheet.merge_range(1, at, 2, at, name)
        sheet.write(0, 0, "统计表")
        sheet.merge_range(1, 2, 1, 3, "坐标")
        sheet.merge_range(1, 4, 1, 5, "人口")
        for at, name in enumerate(("经度", "纬度", "常住人口", "城镇人口"), 2):
            sheet.write(2, at, name)
        for row, cells in enumerate(tiny.VILLAGES, 3):
            for at, cell in enumerate(cells):
                sheet.write(row, at, cell)
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    assert _use(loaded, "表头") == ("converted", "两行合并成一行")


def test_lines_are_no_borders_and_it_is_told_once(folder: Path) -> None:
    lines = [LineString([(101.6, 26.5), (101.7, 26.5)]), LineString([(101.7, 26.5), (101.7, 26.6)])]
    gpd.GeoDataFrame({"BSM": ["1", "2"]}, geometry=lines, crs=4326).to_file(folder / "towns.geojson", driver="GeoJSON")
    said = _refused(folder)
    assert said.count("towns.geojson") == 1
    assert "线转面" in said


# ---- what check prints and writes, and what goes on with an assessment


def _check(folder: Path, out: Path) -> int:
    return main(["check", str(folder), "--out", str(out)])


def _sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_check_writes_one_sheet_a_county_and_one_row_a_problem(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facilities = tiny.facilities()
    facilities.loc[facilities["id"] == "VC2", "village_code"] = "5104222002xx"
    facilities.loc[facilities["id"] == "TH1", "lon"] = 26.55
    _write(folder, "facilities", facilities)
    villages = tiny.villages().astype({"population": object})
    villages.loc[[0, 4], "population"] = "很多"
    _write(folder, "villages", villages)
    (folder / "roads.kml").write_bytes(b"x")
    out = tmp_path / "清单.xlsx"
    assert _check(folder, out) == 2
    said = capsys.readouterr()
    assert said.out.splitlines()[-2:] == [f"数据问题清单：{out}", "不能评估：有 4 处要改正。"]
    assert [line.split("：")[0] for line in said.err.splitlines()] == [
        "villages.csv，第 2 行，“population”列", "villages.csv，第 6 行，“population”列", "facilities.csv，第 4 行，“lon、lat”列",
        "facilities.csv，第 8 行，“village_code”列"]  # fmt: skip
    sheets = _sheets(out)
    assert [*sheets] == ["乙县", "甲区", "全市"]
    rows = {name: [row[1:5] for row in cells if isinstance(row[0], float)] for name, cells in sheets.items()}
    assert rows["甲区"] == [["villages.csv", "2", "population", "很多"]]
    assert rows["乙县"] == [
        ["villages.csv", "6", "population", "很多"],
        ["facilities.csv", "8", "village_code", "5104222002xx"],
    ]
    assert [row[0] for row in rows["全市"]] == ["facilities.csv", "roads.kml"]
    assert _check(folder, out) == 2
    first = out.read_bytes()
    assert _check(folder, out) == 2
    assert out.read_bytes() == first


def test_rows_of_no_county_stand_in_the_sheet_of_the_city(folder: Path, tmp_path: Path) -> None:
    towns = tiny.towns().drop(columns=["code", "county_name"])
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    _write(folder, "facilities", tiny.facilities().drop(columns="village_code").assign(lon=13.8))
    out = tmp_path / "清单.xlsx"
    assert _check(folder, out) == 2
    assert [*_sheets(out)] == ["全市"]


def test_the_list_holds_all_rows_where_check_prints_twenty(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = pd.concat([tiny.facilities().iloc[[5]].assign(id=f"X{at}", kind="卫生阮") for at in range(30)])
    _write(folder, "facilities", pd.concat([tiny.facilities(), many]))
    out = tmp_path / "清单.xlsx"
    assert _check(folder, out) == 2
    assert len(capsys.readouterr().err.splitlines()) == 21
    (sheet,) = _sheets(out).values()
    assert [row[2] for row in sheet if isinstance(row[0], float)] == [str(row) for row in range(9, 39)]


def test_a_sound_folder_makes_no_list(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _check(folder, tmp_path / "清单.xlsx") == 0
    assert not (tmp_path / "清单.xlsx").exists()
    said = capsys.readouterr().out
    assert "  villages.csv：使用：code＝村代码、name＝村名称" in said
    assert said.endswith("可以评估。\n")


def test_manifest_and_workbook_carry_what_was_read(folder: Path, tmp_path: Path) -> None:
    _write(folder, "villages", tiny.villages().assign(驻村干部="某"))
    assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]) == 0
    uses = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["intake"]
    assert {"file": "villages.csv", "what": "column", "name": "驻村干部", "state": "unused", "how": "不认识"} in uses
    notes = _sheets(tmp_path / "out" / "缺口清单_甲区.xlsx")["说明"]
    assert any("没有使用：驻村干部（不认识）" in str(cell) for row in notes for cell in row)


STATUSES = "id,name,lon,lat,状态,机构类型\na,甲,101.6,26.5,在用,医院\nb,乙,101.61,26.5,停用,医院\nc,丙,101.62,26.5,规划,卫生院\nd,丁,101.63,26.5,,卫生院\n"


@pytest.mark.parametrize(("more", "ids"), [
    ((), {"a", "d"}), (("--status", "全部"), {"a", "b", "c", "d"}), (("--status", "停业,规划"), {"b", "c"}), (("--kind", "乡镇卫生院"), {"d"}),
])  # fmt: skip
def test_reach_leaves_out_what_serves_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], ids: set[str]
) -> None:
    words, out = _lists(tmp_path, "id,lon,lat,population\nD1,101.6,26.5,100\n", STATUSES)
    pairs = out.with_name("pairs.csv")
    assert main([*words, *more, "--pairs", str(pairs)]) == 0
    assert set(pd.read_csv(pairs)["机构编号"]) == ids
    said = capsys.readouterr().out
    assert (f"{4 - len(ids)} 个机构没有使用（状态或类型）：" in said) == (len(ids) < 4)
    assert ("1 个机构没有填状态，按在用" in said) == ("--status" not in more)


@pytest.mark.parametrize(("more", "says"), [
    ((), "有不认识的词（现为“正打算”）"), (("--kind", "药店"), "没有一个机构可用"),
])  # fmt: skip
def test_reach_asks_about_a_status_that_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], says: str
) -> None:
    text = STATUSES.replace("停用", "正打算") if not more else STATUSES
    words, _ = _lists(tmp_path, "id,lon,lat,population\nD1,101.6,26.5,100\n", text)
    assert main([*words, *more]) == 2
    assert says in capsys.readouterr().err


def test_reach_stops_at_a_column_that_tells_of_closed_facilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, _ = _lists(tmp_path, "id,lon,lat,population\nD1,101.6,26.5,100\n", STATUSES.replace("状态", "备注"))
    assert main(words) == 2
    assert "“备注”列：这一列像是“状态”" in capsys.readouterr().err


def test_site_leaves_out_what_serves_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _lists(tmp_path, "id,lon,lat,population\nD1,101.605,26.5,100\n", STATUSES)
    words = [
        "site",
        "--model",
        "p-median",
        "--demand",
        str(tmp_path / "D.csv"),
        "--facilities",
        str(tmp_path / "F.csv"),
        "-p",
        "1",
        "--json",
    ]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any("2 个机构没有使用" in note for note in answer["notes"])
    assert main([*words, "--status", "停用"]) == 0
    assert "b" in capsys.readouterr().out


@pytest.mark.parametrize(("names", "ids"), [("甲医院,乙医院", ["甲医院", "乙医院"]), ("甲医院,甲医院", ["2", "3"])])
def test_an_id_is_made_of_the_name_or_the_row(tmp_path: Path, names: str, ids: list[str]) -> None:
    one, other = names.split(",")
    (tmp_path / "F.csv").write_text(f"name,long,lat\n{one},101.72,26.57\n{other},101.73,26.58\n", "utf-8")
    notes = Notes()
    assert read_points(tmp_path / "F.csv", PLACES, notes)["id"].tolist() == ids
    assert "没有编号列" in notes.warnings[0].say()


def test_a_map_at_a_pole_is_refused_and_one_across_180_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, _ = _lists(tmp_path, "id,lon,lat,population\nD1,10,89.99,1\n", "id,lon,lat\na,-170,89.99\n")
    assert main([*words, "--map", str(tmp_path / "m.html")]) == 2
    assert "--map：有点离极点太近" in capsys.readouterr().err
    words, out = _lists(tmp_path, "id,lon,lat,population\nD1,-179.99,-16.85,1\n", "id,lon,lat\na,179.99,-16.85\n")
    assert main([*words, "--map", str(tmp_path / "m.html")]) == 0
    assert "180° 经线（日期变更线）两侧" in capsys.readouterr().out
    assert abs(pd.read_csv(out)["到最近机构（公里）"].iloc[0] - 2.131404) < 1e-6


def test_a_blank_status_and_an_unknown_host_are_told(folder: Path) -> None:
    facilities = tiny.facilities().assign(host_id="")
    facilities.loc[0, ["status", "host_id"]] = ["", "H9"]
    _write(folder, "facilities", facilities)
    said = _said(_loaded(folder))
    assert "“status”列：1 个机构没有填状态，按在用" in said
    assert "第 2 行，“host_id”列：名录里没有这个依托机构（现为“H9”）" in said


def test_a_village_far_from_its_own_town_is_refused_though_it_lies_in_another(folder: Path) -> None:
    towns = tiny.towns()
    towns.loc[3, "geometry"] = box(101.7, 26.6, 102.3, 26.7)
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    villages = tiny.villages()
    villages.loc[1, ["lon", "lat"]] = [102.2, 26.65]
    _write(folder, "villages", villages)
    assert "第 3 行，“lon、lat”列：坐标离本乡镇 20 公里以上" in _refused(folder)


# ---- undeclared datums, and the limits of the reader


def test_undeclared_gcj02_is_told_with_its_evidence(folder: Path) -> None:
    clinics = pd.DataFrame([(f"VC{at}", f"卫生室{at}", "village_clinic", row[2] + 0.0001, row[3], "open", row[0]) for at, row in enumerate(tiny.VILLAGES)],
                           columns=tiny.facilities().columns)  # fmt: skip
    _write(folder, "facilities", clinics)
    assert "GCJ-02" not in _said(_loaded(folder))
    lon, lat = wgs84_to_gcj02(clinics["lon"].to_numpy(), clinics["lat"].to_numpy())
    _write(folder, "facilities", clinics.assign(lon=lon, lat=lat))
    assert "机构的坐标像是 GCJ-02（高德、腾讯）：8 个机构与所在村的距离中位数 43" in _said(_loaded(folder))
    _write(folder, "facilities", clinics)
    villages = tiny.villages()
    lon, lat = wgs84_to_gcj02(villages["lon"].to_numpy(), villages["lat"].to_numpy())
    _write(folder, "villages", villages.assign(lon=lon, lat=lat))
    assert "村（社区）的坐标像是 GCJ-02" in _said(_loaded(folder))


def test_undeclared_gcj02_is_told_by_towns_where_no_village_is_named(folder: Path) -> None:
    edges = [(101.7001, 26.55), (101.7002, 26.58), (101.7003, 26.52), (101.7004, 26.51)]
    rows = [(f"H{at}", "医院", "hospital", lon - 0.0008, lat, "510402001") for at, (lon, lat) in enumerate(edges)]
    frame = pd.DataFrame(rows, columns=["id", "name", "kind", "lon", "lat", "town_code"])
    _write(folder, "facilities", frame)
    assert "GCJ-02" not in _said(_loaded(folder))
    lon, lat = wgs84_to_gcj02(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    _write(folder, "facilities", frame.assign(lon=lon, lat=lat))
    assert "4 个机构不在代码所写的乡镇里，按 GCJ-02 换算后 0 个" in _said(_loaded(folder))


@pytest.mark.parametrize("crs", [4610, 4214, 2343])
def test_old_datums_are_told(folder: Path, crs: int) -> None:
    towns = tiny.towns().set_crs(4490, allow_override=True).to_crs(4490)
    towns = (
        towns.set_crs(crs, allow_override=True)
        if crs != 2343
        else towns.set_crs(4610, allow_override=True).to_crs(2343)
    )
    (folder / "towns.geojson").unlink()
    towns.to_file(folder / "towns.gpkg", driver="GPKG")
    assert "没有公开的换算参数，没有换算" in _said(_loaded(folder))


def test_a_view_that_calls_itself_ends_at_the_limit_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "D.gpkg"
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(101.7, 26.5)], crs=4326).to_file(path, driver="GPKG", layer="d")
    assert not is_large(path)
    with closing(sqlite3.connect(path)) as base:
        name = base.execute("SELECT name FROM sqlite_master WHERE name = 'd'").fetchone()[0]
        base.execute(f"ALTER TABLE {name} RENAME TO kept")
        base.execute(
            "CREATE VIEW d AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS fid, geom, id FROM n, kept"
        )
        base.commit()
    assert is_large(path)
    monkeypatch.setenv(TIME, "4")
    with pytest.raises(DataError, match=r"D.gpkg：读了 4 秒还没有读完.*FUGAI_READ_SECONDS=16"):
        read(path, DEMAND)


def test_a_large_file_is_read_by_a_child_as_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "D.csv").write_text("id,lon,lat,population\nD1,101.7,26.5,10\n", "utf-8")
    here = read(tmp_path / "D.csv", DEMAND)
    monkeypatch.setattr("geodata.files._LARGE", {".csv": 10})
    there = read(tmp_path / "D.csv", DEMAND)
    pd.testing.assert_frame_equal(here.frame, there.frame)
    (tmp_path / "D.csv").write_bytes(b"id\x00,lon,lat\n1,2,3\n")
    with pytest.raises(DataError, match="含有空字符"):
        read(tmp_path / "D.csv", DEMAND)
    (tmp_path / "D.csv").write_text("id,lon,lat\n" + "D1,101.7,26.5\n" * 3_000_000, "utf-8")
    monkeypatch.setenv(MEMORY, "1200")
    with pytest.raises(DataError, match=r"D.csv：读取需要的内存超过 1200 MB.*FUGAI_READ_MB=4800"):
        read(tmp_path / "D.csv", DEMAND)


def test_two_hundred_thousand_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "D.csv").write_text(
        ",".join(["id", "lon", "lat", *(f"c{at}" for at in range(200_000))]) + "\n", "utf-8"
    )
    with pytest.raises(DataError, match="有 200003 列，多于 2000 列"):
        read(tmp_path / "D.csv", DEMAND)


def test_nested_brackets_are_refused_at_once(folder: Path) -> None:
    (folder / "about.yaml").write_text('name: 甲市\ncode: "510400"\ncredits: ' + "[" * 10_000 + "]" * 10_000, "utf-8")
    assert "about.yaml，第 3 行：括号或缩进嵌套太深" in _refused(folder)
