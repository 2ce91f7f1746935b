"""The kin of the inputs that were misread without a word: other spellings, other tables, other kinds of file."""

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely import LineString, box

from geodata.columns import Notes
from geodata.crs import GEOD, shift_by_roads, wgs84_to_gcj02
from geodata.load import Loaded, load_with_warnings
from geodata.names import by_name, codes_of_name
from geodata.points import DEMAND, PLACES, read_points
from planner.errors import DataError
from scenarios.cli.program import main
from scenarios.site_files import read_sites
from tests import tiny


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


def _write(folder: Path, stem: str, frame: pd.DataFrame) -> Path:
    path = folder / f"{stem}.csv"
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def _in_gcj02(frame: pd.DataFrame) -> pd.DataFrame:
    lon, lat = wgs84_to_gcj02(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))
    return frame.assign(lon=lon, lat=lat)


def _points(folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
    return read_points(_write(folder, "points", frame), DEMAND, Notes())


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("停用日期", ["2023-05-01", *[""] * 6]),
        ("注销标志", ["1", *["0"] * 6]),
        ("使用现状", ["已拆除", *["良好"] * 6]),
        ("state", ["closed", *["open"] * 6]),
    ],
)
def test_a_column_that_tells_closing_stops(folder: Path, column: str, values: list[str]) -> None:
    _write(folder, "facilities", tiny.facilities().drop(columns="status").assign(**{column: values}))
    assert f"“{column}”列：这一列像是“状态”" in _refused(folder)


def test_site_asks_for_a_status_too(folder: Path) -> None:
    sites = tiny.facilities().drop(columns="status").assign(运营状态=["停用", *["在用"] * 6])
    with pytest.raises(DataError, match="运营状态"):
        read_sites(_write(folder, "sites", sites), placed=True)


@pytest.mark.parametrize(
    "heading", ["人口_万人", "常住人口万人", "常住人口，万人", "常住人口 单位：万人", "人口（万人）"]
)
def test_a_unit_without_brackets_is_one(folder: Path, heading: str) -> None:
    people = tiny.villages()["population"] / 10_000
    _write(folder, "villages", tiny.villages().assign(population=people).rename(columns={"population": heading}))
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    assert "单位是万人，乘以 10000" in _said(loaded)


@pytest.mark.parametrize("heading", ["常住人口（百人）", "population_10k", "常住人口（户）", "户籍人口"])
def test_nobody_is_told_to_rename_what_is_no_number_of_persons(folder: Path, heading: str) -> None:
    _write(folder, "villages", tiny.villages().rename(columns={"population": heading}))
    said = _refused(folder)
    assert heading in said
    assert "改成“常住人口”" not in said


def test_units_in_a_row_below_the_headings(folder: Path) -> None:
    villages = tiny.villages().assign(population=tiny.villages()["population"] / 10_000)
    units = pd.DataFrame([["", "", "度", "度", "（万人）", "人"]], columns=villages.columns)
    _write(folder, "villages", pd.concat([units, villages]))
    assert _loaded(folder).region.residents["population"].sum() == 45_000


@pytest.mark.parametrize(
    ("lon", "lat"),
    [("高德经度", "高德纬度"), ("gcj_lng", "gcj_lat"), ("amap_lon", "amap_lat"), ("GCJ02经度", "GCJ02纬度"), ("经度（高德地图）", "纬度（高德地图）")],
)  # fmt: skip
def test_headings_that_begin_with_a_datum(tmp_path: Path, lon: str, lat: str) -> None:
    places = pd.DataFrame({"id": ["D1"], "lon": [101.7], "lat": [26.5], "population": [5]})
    found = _points(tmp_path, _in_gcj02(places).rename(columns={"lon": lon, "lat": lat}))
    assert found["lon"].tolist() == pytest.approx([101.7], abs=1e-6)
    assert found["lat"].tolist() == pytest.approx([26.5], abs=1e-6)


@pytest.mark.parametrize(("lon", "lat"), [("bd_lng", "bd_lat"), ("lon_bd", "lat_bd"), ("百度经度", "百度纬度")])
def test_headings_of_baidu_are_never_wgs84(tmp_path: Path, lon: str, lat: str) -> None:
    found = _points(tmp_path, pd.DataFrame({"id": ["D1"], lon: [101.7], lat: [26.5], "population": [5]}))
    assert abs(found["lon"].iloc[0] - 101.7) > 0.005


def test_the_better_of_two_places_of_a_row(tmp_path: Path) -> None:
    both = {"高德经度": [101.8], "高德纬度": [26.6], "WGS84经度": [101.7], "WGS84纬度": [26.5]}
    found = _points(tmp_path, pd.DataFrame({"id": ["D1"], "population": [5], **both}))
    assert found[["lon", "lat"]].to_numpy().tolist() == [[101.7, 26.5]]


def test_a_column_or_a_title_that_names_the_datum(folder: Path) -> None:
    moved = _in_gcj02(tiny.facilities())
    _write(folder, "facilities", moved.assign(坐标系="GCJ-02"))
    right = tiny.facilities().sort_values("id")["lon"].tolist()
    assert _loaded(folder).region.facilities["lon"].tolist() == pytest.approx(right, abs=1e-6)
    title = "医疗机构名录（坐标系：高德）,,,,,,\n"
    (folder / "facilities.csv").write_text(title + moved.to_csv(index=False), "utf-8-sig")
    assert _loaded(folder).region.facilities["lon"].tolist() == pytest.approx(right, abs=1e-6)
    _write(folder, "facilities", moved.assign(坐标系=["GCJ-02"] * 3 + ["WGS84"] * 4))
    assert "写了不止一种坐标系（现为“gcj02、wgs84”）" in _refused(folder)
    _write(folder, "facilities", moved.assign(坐标系="某市独立坐标系"))
    assert "“坐标系”列：坐标系不认识（现为“某市独立坐标系”）" in _refused(folder)


def test_a_column_of_people_by_another_word_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="total_pop"):
        _points(tmp_path, pd.DataFrame({"id": ["D1"], "lon": [101.7], "lat": [26.5], "total_pop": [5]}))


def _with_total(frame: pd.DataFrame, code: str, people: int) -> pd.DataFrame:
    key = frame.columns[0]
    return pd.concat([frame, frame[2:3].assign(**{key: code, "population": people})])


@pytest.mark.parametrize(
    ("code", "people", "below"), [("510402100000", 6_000, 5_000), ("510402000000", 36_000, 35_000)]
)
def test_a_total_that_contradicts_its_rows_is_told(folder: Path, code: str, people: int, below: int) -> None:
    _write(folder, "villages", _with_total(tiny.villages(), code, people))
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    assert f"第 10 行，“population”列：{code} 的合计行写 {people:,}，其下各行合计 {below:,}，相差 1,000" in _said(
        loaded
    )
    _write(folder, "villages", _with_total(tiny.villages(), code, below))
    assert "相差" not in _said(_loaded(folder))


def test_totals_are_no_residents_in_lists_of_any_ids(folder: Path) -> None:
    points = tiny.villages()[["code", "lon", "lat", "population"]].rename(columns={"code": "id"})
    _write(folder, "residents", _with_total(points, "510402100000", 5_000))
    assert _loaded(folder).region.residents["population"].sum() == 45_000
    notes = Notes()
    found = read_points(folder / "residents.csv", DEMAND, notes)
    assert found["population"].sum() == 45_000
    assert "合计行，已略过" in notes.warnings[0].say()
    alone = _points(folder, points.assign(id=[f"51040210{number}000" for number in range(8)]))
    assert len(alone) == 8


@pytest.mark.parametrize("off", [0, 3, 1_000])
def test_people_that_a_town_states_are_compared_to_the_person(folder: Path, off: int) -> None:
    tiny.towns().assign(population=[30_000 + off, 5_000, 8_000, 2_000]).to_file(
        folder / "towns.geojson", driver="GeoJSON"
    )
    said = _said(_loaded(folder))
    wanted = f"乡镇 甲一街道：居民合计 30,000 人，公布 {30_000 + off:,} 人，少 {off:,} 人"
    assert (wanted in said) is (off > 0)
    assert ("居民合计" in said) is (off > 0)


def _two_pieces(**second: object) -> gpd.GeoDataFrame:
    towns = tiny.towns().assign(population=[30_000, 5_000, 8_000, 2_000])
    west, east = towns[:1].copy(), towns[:1].assign(**second)
    west.geometry, east.geometry = [box(101.60, 26.50, 101.65, 26.60)], [box(101.65, 26.50, 101.70, 26.60)]
    return pd.concat([west, towns[1:], east], ignore_index=True)


@pytest.mark.parametrize("second", [{}, {"name": "", "population": np.nan}])
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp"])
def test_the_pieces_of_a_town_are_one_town(folder: Path, ending: str, second: dict[str, object]) -> None:
    (folder / "towns.geojson").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headings that are cut
        _two_pieces(**second).to_file(folder / f"towns.{ending}", engine="pyogrio")
    loaded = _loaded(folder)
    whole = gpd.GeoSeries([box(*tiny.TOWNS[0][2])], crs=4326).to_crs(loaded.region.crs).area.iloc[0]
    towns = loaded.region.towns.set_index("code")
    assert len(towns) == 4
    assert towns.geometry["510402001"].area == pytest.approx(whole)
    assert "1 个乡镇（街道）分成几行（几块），各合成一个：510402001（第 1、5 行）" in _said(loaded)


@pytest.mark.parametrize(("second", "said"), [
    ({"name": "甲二街道"}, "“乡镇名称”不同：甲一街道、甲二街道"), ({"population": 7_000}, "“常住人口”不同：30000、7000"),
])  # fmt: skip
def test_rows_of_one_code_that_differ_are_refused_with_their_rows(
    folder: Path, second: dict[str, object], said: str
) -> None:
    _two_pieces(**second).to_file(folder / "towns.geojson", driver="GeoJSON")
    refused = _refused(folder)
    assert f"towns.geojson，第 5 行，“code”列：第 1、5 行代码相同，{said}" in refused
    assert refused.count("\n") == 0


def _with_kind(folder: Path, word: str) -> None:
    facilities = tiny.facilities()
    facilities.loc[2, ["name", "kind"]] = ["某机构", word]
    _write(folder, "facilities", facilities)


@pytest.mark.parametrize(
    ("word", "kind", "label"),
    [("村医室", "village_clinic", "村卫生室"), ("农村卫生室", "village_clinic", "村卫生室"), ("120急救点", "emergency_station", "急救中心（站）"),
     ("急救分站", "emergency_station", "急救中心（站）"), ("镇中心卫生院", "township_hospital", "乡镇卫生院"), ("妇保院", "hospital", "医院"),
     ("县人民医院", "hospital", "医院"), ("医疗次中心", "county_subcenter", "县域医疗卫生次中心")],
)  # fmt: skip
def test_a_kind_by_a_near_word_is_taken_and_told(folder: Path, word: str, kind: str, label: str) -> None:
    _with_kind(folder, word)
    loaded = _loaded(folder)
    assert loaded.region.facilities.set_index("id")["kind"]["TH1"] == kind
    assert f"按相近的词认定：{word} 1 个按{label}。" in _said(loaded)


@pytest.mark.parametrize(
    ("word", "like"),
    [("社区医院", "社区卫生服务中心"), ("卫生服务站", "社区卫生服务站或村卫生室"), ("卫生站", "社区卫生服务站或村卫生室"),
     ("妇幼保健服务中心", "医院"), ("卫生院分院", "乡镇卫生院"), ("医共体总院", "医院")],
)  # fmt: skip
def test_a_kind_that_may_be_several_is_asked_for(folder: Path, word: str, like: str) -> None:
    _with_kind(folder, word)
    assert f"（现为“{word}”）。像是{like}，不自动认定；改成：医院、" in _refused(folder)


@pytest.mark.parametrize(
    ("word", "specialty"),
    [("二级妇幼保健院", "maternal_child"), ("妇保院", "maternal_child"), ("县中医院", "tcm"), ("县医院", None)],
)
def test_a_hospital_tells_its_speciality_by_how_its_kind_ends(folder: Path, word: str, specialty: str | None) -> None:
    _with_kind(folder, word)
    assert _loaded(folder).region.facilities.set_index("id")["specialty"]["TH1"] == specialty


@pytest.mark.parametrize(
    "word",
    [
        "医疗保健服务;诊所;诊所",
        "医疗保健服务;诊所;诊所|医疗保健服务;专科医院;口腔医院",
        "医疗保健服务;动物医疗场所;宠物医院",
    ],
)
def test_of_several_types_of_a_web_map_the_first_counts(folder: Path, word: str) -> None:
    _with_kind(folder, word)
    loaded = _loaded(folder)
    assert "TH1" not in set(loaded.region.facilities["id"])
    assert f"1 行是其他类型的机构，没有使用：{word} 1" in _said(loaded)


@pytest.mark.parametrize("heading", ["乡镇代码", "所属乡镇"])
def test_a_town_by_its_name_or_that_of_its_office(folder: Path, heading: str) -> None:
    names = ["甲一街道", "乙镇", "甲镇人民政府", "乙镇", "甲一街道办事处", "甲镇", "乙乡"]
    _write(folder, "facilities", tiny.facilities().assign(**{heading: names}))
    loaded = _loaded(folder)
    codes = loaded.region.facilities.set_index("id")["town_code"]
    assert codes[["TH1", "CHC1", "VC2"]].tolist() == ["510402100", "510402001", "510422200"]
    assert "7 行写的是名称，按名称找到代码" in _said(loaded)


def test_a_name_that_no_town_has(folder: Path) -> None:
    names = ["城区", *["甲镇"] * 6]
    _write(folder, "facilities", tiny.facilities().assign(乡镇代码=names))
    assert "第 2 行，“乡镇代码”列：不是 9 位代码（现为“城区”）" in _refused(folder)
    _write(folder, "facilities", tiny.facilities()[:1].assign(所属乡镇="城区"))
    loaded = _loaded(folder)
    assert "没有这个名称的乡镇、村，按坐标归属（现为“城区”）" in _said(loaded)
    assert loaded.region.facilities["town_code"].tolist() == ["510402001"]


def test_a_village_by_its_name(folder: Path) -> None:
    clinics = tiny.facilities().assign(village_code=["", "", "", "", "", "四村", "七村村委会"])
    _write(folder, "facilities", clinics)
    found = _loaded(folder).region.facilities.set_index("id")["village_code"]
    assert found[["VC1", "VC2"]].tolist() == ["510402100200", "510422200200"]
    villages = tiny.villages()
    villages.loc[7, "name"] = "四村村民委员会"
    _write(folder, "villages", villages)
    assert "有几个同名的（现为“四村：510402100200、510422200201”）" in _refused(folder)


def test_towns_named_by_their_offices_have_a_kind(folder: Path) -> None:
    tiny.towns().assign(name=["甲一街道办事处", "甲镇人民政府", "乙镇政府", "乙乡"]).to_file(
        folder / "towns.geojson", driver="GeoJSON"
    )
    kinds = _loaded(folder).region.towns["kind"].tolist()
    assert kinds == ["subdistrict", "town", "town", "township"]


def test_a_list_that_was_filled_in_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder, "facilities", tiny.facilities().assign(附注="某某"))
    out = folder.parent / "清单.xlsx"
    assert main(["check", str(folder), "--out", str(out)]) == 0
    first = out.read_bytes()
    assert main(["check", str(folder), "--out", str(out)]) == 0
    assert out.read_bytes() == first
    assert sorted(path.name for path in folder.parent.glob("*.xlsx")) == ["清单.xlsx"]
    book = openpyxl.load_workbook(out)
    book.worksheets[0].cell(1, 30, "已改")
    book.save(out)
    filled = out.read_bytes()
    capsys.readouterr()
    assert main(["check", str(folder), "--out", str(out)]) == 0
    kept = folder.parent / "清单（人工修改）.xlsx"
    assert f"原来的清单有人填写过，另存为：{kept}" in capsys.readouterr().out
    assert (kept.read_bytes(), out.read_bytes()) == (filled, first)


def test_a_folder_may_be_named_for_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder, "facilities", tiny.facilities().assign(附注="某某"))
    assert main(["check", str(folder), "--out", str(folder.parent / "给县里" / "第一批")]) == 0
    book = folder.parent / "给县里" / "第一批" / "数据问题清单.xlsx"
    assert book.is_file()
    assert f"数据问题清单：{book}" in capsys.readouterr().out
    (folder.parent / "笔记.txt").write_text("别的", "utf-8")
    assert main(["check", str(folder), "--out", str(folder.parent / "笔记.txt")]) == 2
    assert (folder.parent / "笔记.txt").read_text("utf-8") == "别的"


def test_a_file_of_another_kind_is_no_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder, "facilities", tiny.facilities().assign(附注="某某"))
    out = folder.parent / "别的.xlsx"
    tiny.facilities().to_excel(out, index=False)
    before = out.read_bytes()
    assert main(["check", str(folder), "--out", str(out)]) == 2
    assert "别的.xlsx：已有别的文件，不覆盖。用 --out 换一个文件名。" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_unused_columns_of_quotas_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = pd.DataFrame({"id": ["D1", "D2"], "lon": [101.7, 101.72], "lat": [26.5, 26.5]})
    demand = _write(tmp_path, "D", points.assign(population=5))
    sites = _write(tmp_path, "F", points.assign(id=["F1", "F2"], group="甲县"))
    quotas = _write(tmp_path, "Q", pd.DataFrame({"group": ["甲县"], "at_least": [1], "说明": ["某某"]}))
    line = ["site", "--model", "p-median", "--demand", str(demand), "--facilities", str(sites), "-p", "1"]
    assert main([*line, "--quota", str(quotas)]) == 0
    assert "Q.csv：没有使用的列：说明" in capsys.readouterr().out


def test_site_refuses_lists_that_lie_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = pd.DataFrame({"id": ["D1"], "lon": [101.7], "lat": [26.5]})
    demand = _write(tmp_path, "D", points.assign(population=5))
    sites = _write(tmp_path, "F", points.assign(id="F1", lon=107.7))
    line = ["site", "--model", "p-median", "--demand", str(demand), "--facilities", str(sites), "-p", "1"]
    assert main(line) == 2
    assert "与 F.csv 不在一处：最近的两点也相距 597 公里" in capsys.readouterr().err
    assert main([*line, "--limit", "600km"]) == 0


def test_a_shapefile_heading_that_is_cut_within_a_letter(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"id": ["D1"], "常住人口数": [5]}, geometry=gpd.points_from_xy([101.7], [26.5]), crs=4326)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points.to_file(tmp_path / "D.shp", encoding="UTF-8", engine="pyogrio")
    assert read_points(tmp_path / "D.shp", DEMAND)["population"].tolist() == [5]


def test_a_code_whose_tenth_digit_tells_no_kind(folder: Path) -> None:
    villages = tiny.villages()
    villages.loc[3, "code"] = "510402100900"
    _write(folder, "villages", villages)
    _write(folder, "facilities", tiny.facilities()[:5])
    assert "第 5 行，“类型”列：村代码第 10 位不在 0～5 内，看不出是社区还是行政村" in _said(_loaded(folder))


@pytest.mark.parametrize("place", [(13.7, 10.6), (178.9, -16.7), (-70.0, -33.0)])
def test_a_city_abroad_is_told_once_what_is_there_for_it(folder: Path, place: tuple[float, float]) -> None:
    towns = tiny.towns().assign(code=["A", "B", "C", "D"])
    towns.geometry = towns.translate(place[0] - 101.6, place[1] - 26.5)
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    said = _refused(folder)
    assert said.count("\n") == 0
    assert "这个城市不在中国范围内" in said
    assert "国外的城市用 fugai reach（谁在多远之内能到）和 fugai site（选址）" in said


def test_towns_in_china_with_swapped_coordinates_are_not_abroad(folder: Path) -> None:
    towns = tiny.towns()
    towns.geometry = towns.geometry.transform(lambda at: at[:, ::-1])
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    assert "图形不在中国范围内" in _refused(folder)


def test_points_are_no_borders_and_it_is_told_once(folder: Path) -> None:
    towns = tiny.towns()
    towns.geometry = towns.representative_point()
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    assert _refused(folder) == (
        "towns.geojson：乡镇（街道）是点（4 个），要的是边界面。换用边界面图层；点（如乡镇驻地）不能代替边界。"
    )


def test_one_town_under_two_codes_must_be_confirmed(folder: Path) -> None:
    _two_pieces(code="510402002").to_file(folder / "towns.geojson", driver="GeoJSON")
    assert "同一县（区）同名的乡镇：510402 甲一街道 有 2 个代码 510402001、510402002" in _refused(folder)


def test_a_list_of_another_city_is_refused_with_the_distance(folder: Path) -> None:
    _write(folder, "facilities", tiny.facilities().assign(lon=lambda one: one["lon"] + 6))
    assert "全部 7 个机构在市界 20 公里以外，最近的 583 公里" in _refused(folder)


def test_one_name_under_two_ids_is_told(folder: Path) -> None:
    twin = tiny.facilities()[2:3].assign(id="TH9", lon=101.7501)
    _write(folder, "facilities", pd.concat([tiny.facilities(), twin]))
    assert "同一乡镇同类同名的机构有 2 个编号：甲镇卫生院（TH1、TH9），相距至多 10 米" in _said(_loaded(folder))
    notes = Notes()
    read_points(folder / "facilities.csv", PLACES, notes)
    assert any("甲镇卫生院（TH1）、甲镇卫生院（TH9）" in one.say() for one in notes.warnings)


def test_facilities_are_tried_against_the_roads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.roads().to_file(folder / "roads.geojson", driver="GeoJSON")
    along = np.linspace(101.672, 101.748, 12)
    places = pd.DataFrame({"id": [f"H{at}" for at in range(12)], "kind": "医院", "lon": along, "lat": 26.55})
    places = places.assign(name="医院" + places["id"])
    _write(folder, "facilities", places)
    line = ["check", str(folder), "--out", str(folder.parent / "清单.xlsx")]
    assert main(line) == 0
    assert "像是 GCJ-02" not in capsys.readouterr().out
    _write(folder, "facilities", _in_gcj02(places))
    assert main(line) == 0
    moved = _in_gcj02(places)
    north = GEOD.inv(moved["lon"], places["lat"], moved["lon"], moved["lat"])[2]
    said = f"医疗卫生机构：点的坐标像是 GCJ-02（高德、腾讯）：12 个点离最近道路的中位数 {np.median(north):.0f} 米，换算后 0 米"
    assert said in capsys.readouterr().out
    demand = _write(folder.parent, "D", places[["id", "lon", "lat"]].assign(population=5))
    reach = ["reach", "--demand", str(demand), "--facilities", str(folder / "facilities.csv"), "--limit", "5km"]
    assert main([*reach, "--roads", str(folder / "roads.geojson"), "--out", str(folder.parent / "o.csv")]) == 0
    said = capsys.readouterr().out
    assert "facilities.csv：点的坐标像是 GCJ-02（高德、腾讯）：12 个点" in said
    assert "D.csv：点的坐标" not in said


def test_one_county_in_another_datum_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty sound places of one county hide the six of another only where all are tried as one."""
    lines = [LineString([(101.602, lat), (101.798, lat)]) for lat in (26.55, 26.65)]
    frame = gpd.GeoDataFrame({"id": ["a", "b"], "road_class": ["primary"] * 2}, geometry=lines, crs=4326)
    frame.to_file(folder / "roads.geojson", driver="GeoJSON")
    sound = pd.DataFrame({"lon": np.linspace(101.61, 101.79, 20), "lat": 26.55})
    moved = _in_gcj02(pd.DataFrame({"lon": np.linspace(101.61, 101.79, 6), "lat": 26.65}))
    places = pd.concat([sound, moved], ignore_index=True)
    ids = [f"H{at}" for at in range(len(places))]
    _write(folder, "facilities", places.assign(id=ids, name=ids, kind="村卫生室"))
    main(["check", str(folder), "--out", str(folder.parent / "清单.xlsx")])
    said = capsys.readouterr().out
    assert "乙县的医疗卫生机构：点的坐标像是 GCJ-02（高德、腾讯）：6 个点" in said
    assert "甲区的" not in said


def test_words_about_a_number_are_told(folder: Path) -> None:
    people = ["约15000", "1.5万", "5000人", "１０００", "2,000", "3000", "6000", "8000"]
    _write(folder, "villages", tiny.villages().drop(columns="urban_population").assign(population=people))
    loaded = _loaded(folder)
    assert sorted(loaded.region.villages["population"]) == [1000, 2000, 3000, 5000, 6000, 8000, 15_000, 15_000]
    assert _said(loaded).count("写的不只是数字，按其中的数读") == 3


def test_of_many_points_two_thousand_are_tried() -> None:
    class Roads:
        counts: tuple[int, ...] = ()

        def nearest_m(self, frame: pd.DataFrame) -> Any:
            self.counts += (len(frame),)
            return np.full(len(frame), 400.0 if len(self.counts) == 1 else 1.0)

    roads, lon = Roads(), np.full(5_001, 101.7)
    said = shift_by_roads(roads, pd.DataFrame({"lon": lon, "lat": lon - 75}))
    assert roads.counts == (1_667, 1_667, 1_667)
    assert said is not None
    assert "1667 个点离最近道路的中位数 400 米，换算后 1 米" in said.zh


def test_residents_that_are_just_twice_what_is_stated_are_told_as_that(folder: Path) -> None:
    towns = tiny.towns().assign(population=[15_000, 5_000, 8_000, 2_000])
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    assert "居民合计 30,000 人，公布 15,000 人，多 15,000 人，正好是两倍" in _said(_loaded(folder))


def test_a_total_is_told_by_its_name_too(folder: Path) -> None:
    villages = tiny.villages()
    total = villages.iloc[[4]].assign(code="510402100", name="甲镇合计", population=5_000)
    _write(folder, "villages", pd.concat([villages, total], ignore_index=True))
    loaded = _loaded(folder)
    assert loaded.region.residents["population"].sum() == 45_000
    assert "合计行，已略过" in _said(loaded)


def test_totals_in_ten_thousands_are_no_matter_of_floats(folder: Path) -> None:
    """0.1 + 0.2 is 0.3; of the town, and of the county above it."""
    villages = tiny.villages().drop(columns="urban_population")
    wan = villages.assign(population=[2.0, 1.0, 0.1, 0.2, 0.6, 0.2, 0.15, 0.05])
    town = wan.iloc[[2]].assign(code="510402100000", name="甲镇", population=0.3)
    county = wan.iloc[[2]].assign(code="510402000000", name="甲区", population=3.3)
    rows = pd.concat([wan, town, county], ignore_index=True)
    _write(folder, "villages", rows.rename(columns={"population": "常住人口（万人）"}))
    assert "合计行写" not in _said(_loaded(folder))
    rows.loc[rows["name"] == "甲区", "population"] = 3.4
    _write(folder, "villages", rows.rename(columns={"population": "常住人口（万人）"}))
    assert "510402000000 的合计行写 3.4，其下各行合计 3.3，相差 0.1" in _said(_loaded(folder))


@pytest.mark.parametrize(
    ("title", "moved"),
    [("村社区表（高德公司协助整理）", False), ("2023年百度热力校核人口表", False), ("坐标系：WGS84，底图高德", False),
     ("村表（高德坐标）", True), ("村表 GCJ-02", True)],
)  # fmt: skip
def test_a_title_tells_a_datum_only_of_coordinates(folder: Path, title: str, moved: bool) -> None:
    text = tiny.villages().to_csv(index=False)
    (folder / "villages.csv").write_text(title + "," * 5 + "\n" + text, "utf-8-sig")
    lon = _loaded(folder).region.villages.sort_values("code")["lon"].iloc[0]
    assert (abs(lon - tiny.villages().sort_values("code")["lon"].iloc[0]) > 1e-4) == moved


def test_a_datum_column_with_blanks_is_refused_by_row(folder: Path) -> None:
    _write(folder, "facilities", tiny.facilities().assign(坐标系=["GCJ-02"] * 3 + [""] * 4))
    said = _refused(folder)
    assert said.count("别的行写了坐标系，这一行没有写") == 4
    assert "第 5 行" in said


def test_pieces_of_a_town_say_the_same_in_any_order(folder: Path) -> None:
    towns = _two_pieces()
    towns["estimated"], towns["source"] = ["否", "", "", "", "是"], ["a", "", "", "", "b"]
    found = []
    for frame in (towns, towns[::-1]):
        frame.to_file(folder / "towns.geojson", driver="GeoJSON")
        town = _loaded(folder).region.towns.set_index("code").iloc[0]
        found.append((bool(town["estimated"]), town["source"], town.geometry.wkt))
    assert found[0] == found[1]
    assert found[0][:2] == (True, "a；b")


@pytest.mark.parametrize("word", ["手机医院", "非医院", "互联网医院", "植物医院", "社区医院"])
def test_a_hospital_that_may_be_none_is_asked_for(folder: Path, word: str) -> None:
    _with_kind(folder, word)
    assert f"不是可用的取值（现为“{word}”）" in _refused(folder)


def test_a_hospital_of_one_field_is_none_that_treats_all(folder: Path) -> None:
    _with_kind(folder, "口腔医院")
    facilities = _loaded(folder).region.facilities.set_index("id")
    assert (facilities["kind"]["TH1"], facilities["specialty"]["TH1"]) == ("hospital", "specialist")


def test_a_name_that_says_closed_is_asked_for(folder: Path) -> None:
    frame = tiny.facilities()
    frame["name"] = frame["name"].where(frame["id"] != "ES1", "甲急救站（已停用）")
    _write(folder, "facilities", frame)
    assert "名称写着已停，状态却不是停用：甲急救站（已停用）" in _refused(folder)
    about = folder / "about.yaml"
    about.write_text('name: 甲市\ncode: "510400"\nconfirmed: ["甲急救站（已停用）"]\n', "utf-8")
    assert "已核实：甲急救站（已停用）" in _said(_loaded(folder))
    _write(folder, "facilities", frame.assign(status=frame["status"].where(frame["id"] != "ES1", "停用")))
    about.unlink()
    assert "已停用" not in _said(_loaded(folder))


def test_a_remark_that_speaks_of_closing_is_told_by_row(folder: Path) -> None:
    remarks = ["", "2024年已停诊", "", "撤并后新建", "", "", ""]
    _write(folder, "facilities", tiny.facilities().assign(备注=remarks))
    said = _said(_loaded(folder))
    assert said.count("没有使用的列里写着停用、撤并之类的话") == 1
    assert "第 3 行，“备注”列" in said


def test_a_clinic_whose_village_is_in_another_town_is_told(folder: Path) -> None:
    frame = tiny.facilities().drop(columns="village_code").assign(所在村=[""] * 5 + ["七村", "七村"])
    _write(folder, "facilities", frame)
    said = _said(_loaded(folder))
    assert said.count("点落在别的乡镇，不在这个村所在的乡镇") == 1
    assert "第 7 行，“所在村”列：点落在别的乡镇" in said


def test_a_village_is_not_the_community_of_its_stem() -> None:
    known = by_name(pd.Series({"东社区": "1", "西村村民委员会": "2"}))
    assert [codes_of_name(one, known) for one in ("东村", "西社区居委会", "东", "西")] == [[], [], ["1"], ["2"]]
