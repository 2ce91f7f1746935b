"""What a planner is told about facts that can be read and are still doubtful: nothing is guessed or dropped in silence."""

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import xlsxwriter
from shapely import box

from geodata.check import quality
from geodata.load import load, load_with_warnings
from planner.errors import DataError
from planner.findings import assess, kinds_read, no_data_rows
from planner.region import Region
from planner.rules import Rules
from planner.travel import PAPER
from tests import tiny


@pytest.fixture
def folder(tmp_path: Path, tiny_folder: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "data"))


def _problems(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(folder)
    return "\n".join(problem.say() for problem in caught.value.problems)


def _warnings(folder: Path) -> str:
    return "\n".join(one.say() for one in load_with_warnings(folder).warnings)


def _sheets(path: Path, **sheets: pd.DataFrame) -> None:
    book = xlsxwriter.Workbook(path)
    for name, frame in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate([list(frame.columns), *frame.to_numpy().tolist()]):
            sheet.write_row(at, 0, row)
    book.close()


def _residents(folder: Path, **columns: object) -> None:
    """Write one resident point for each village, of its own people, under its code, with `columns` put over them."""
    frame = tiny.villages().rename(columns={"code": "village_code"}).drop(columns=["name", "urban_population"])
    frame = frame.assign(**({"id": [f"r{at}" for at in range(len(frame))], "is_urban": "否"} | columns))
    frame.to_csv(folder / "residents.csv", index=False)


def _facilities(folder: Path, row: int, **cells: object) -> None:
    frame = tiny.facilities().assign(town_code="")
    for column, value in cells.items():
        frame.loc[row, column] = value
    frame.to_csv(folder / "facilities.csv", index=False)


def test_a_sheet_of_advice_is_passed_over(folder: Path, tiny_region: Region) -> None:
    (folder / "villages.csv").unlink()
    advice = pd.DataFrame({"填表说明": ["村代码", "经度"], "怎么填": ["12 位", "度"]})
    _sheets(folder / "村社区.xlsx", 填表说明=advice, 数据=tiny.villages(), 空表=tiny.villages().head(0))
    assert list(load(folder).villages["code"]) == list(tiny_region.villages["code"])


def test_several_sheets_of_data_are_refused(folder: Path) -> None:
    (folder / "villages.csv").unlink()
    villages = tiny.villages()
    _sheets(folder / "村社区.xlsx", 甲区=villages[:4], 乙县=villages[4:].drop(columns="urban_population"))
    assert "几张工作表都有数据：甲区、乙县。合并到一张表，或只留一张" in _problems(folder)


@pytest.mark.parametrize(
    ("rename", "missing"),
    [
        ({"lon": "经度（°）", "lat": "纬度(度)", "population": "常住人口（人）", "code": "村(社区)代码"}, ""),
        ({"lon": "经　度", "population": "常住人口\n（2020年）", "code": "村代码*"}, ""),
        ({"population": "人口（户籍）"}, "人口（户籍）"),
    ],
)
def test_headings_with_brackets(folder: Path, tiny_region: Region, rename: dict, missing: str) -> None:
    tiny.villages().rename(columns=rename).to_csv(folder / "villages.csv", index=False)
    if missing:
        assert f"“{missing}”不是常住人口" in _problems(folder)
    else:
        pd.testing.assert_frame_equal(load(folder).villages, tiny_region.villages)


def test_footers_are_left_out_and_not_told_among_errors(folder: Path) -> None:
    plain = (folder / "villages.csv").read_text("utf-8-sig")
    (folder / "villages.csv").write_text(plain + "合　计,,,,45000,\n审核人：张三,,,,,\n,备注：七普,,,,\n", "utf-8")
    warnings = [one.say() for one in load_with_warnings(folder).warnings]
    assert sum("合计行" in one for one in warnings) == 1
    assert sum("表尾" in one for one in warnings) == 2
    (folder / "facilities.csv").unlink()
    assert "略过" not in _problems(folder)


def test_yes_and_no_as_bureaus_write_them(folder: Path) -> None:
    words = ["已达标", "未达标", "达标", "不达标", "√", "×", ""]
    tiny.facilities().assign(meets_standard=words).to_csv(folder / "facilities.csv", index=False)
    kinds = load(folder).facilities.set_index("id")["meets_standard"].reindex(tiny.facilities()["id"])
    assert list(kinds) == [True, False, True, False, True, False, None]


def test_places_drawn_as_areas_count_at_a_point(folder: Path) -> None:
    frame = tiny.villages()
    (folder / "villages.csv").unlink()
    shapes = gpd.points_from_xy(frame["lon"], frame["lat"]).buffer(0.001)
    gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=shapes, crs=4326).to_file(folder / "村社区.gpkg")
    assert set(load(folder).villages.geom_type) == {"Point"}


def test_codes_of_the_statistics_list_are_cut(folder: Path, tiny_region: Region) -> None:
    towns = tiny.towns()
    towns.assign(code=towns["code"] + "000", county_code=towns["code"].str[:6] + "000000").to_file(
        folder / "towns.geojson"
    )
    pd.testing.assert_frame_equal(load(folder).residents, tiny_region.residents)


def test_scientific_notation_is_not_called_a_duplicate(folder: Path) -> None:
    tiny.villages().assign(code="5.10402E+11").to_csv(folder / "villages.csv", index=False)
    said = _problems(folder)
    assert "把列设为文本重新填" in said
    assert "重复" not in said
    assert "没有填" not in said


def test_missing_text_in_a_map_file_is_missing(folder: Path) -> None:
    tiny.towns().assign(name=["甲一街道", None, "乙镇", "乙乡"]).to_file(folder / "towns.geojson")
    assert "towns.geojson，第 2 行，“name”列：没有填" in _problems(folder)


_ABOUT = """城市名称: 某市
代码: 510400
数据日期: 2023
坐标系: 高德
完整名录:
  - 村卫生室
  - emergency_station
来源:
  - 统计局
"""


@pytest.mark.parametrize("more", ["", ', "type": "FeatureCollection", "features": []'])
def test_json_that_is_a_command_is_not_run(folder: Path, more: str) -> None:
    """GDAL runs such a file as a pipeline over any other file; pyogrio.read_dataframe of it returns that file's rows."""
    other = (folder / "towns.geojson").rename(folder / "other.geojson")
    command = f'"command_line": "gdal vector pipeline ! read {other}"'
    (folder / "towns.geojson").write_text(f'{{"type": "gdal_streamed_alg", {command}{more}}}')
    assert "towns.geojson：内容不是完整的 GeoJSON" in _problems(folder)


def test_about_in_chinese(folder: Path) -> None:
    (folder / "说明.yaml").write_text(_ABOUT, "utf-8")
    region = load(folder)
    assert (region.about.name, region.about.code, region.about.as_of) == ("某市", "510400", "2023")
    assert region.about.complete_registers == ("village_clinic", "emergency_station")
    assert region.about.credits == ("统计局",)
    assert abs(region.villages["lon"].iloc[0] - 101.65) > 0.001  # brought back from gcj02


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name：某市\ncode：510400\n", "第 1 行：键后面不是英文冒号加空格（现为“name：某市”）"),
        ("城市名称:某市\n代码: 510400\n", "第 1 行：键后面不是英文冒号加空格"),
        ("城市名: 某市\n代码: 510400\n", "是否指 城市名称"),
        ("name: 某市\n代码: 510400\ncode: 510400\n", "同一项写了两次"),
        ("name: 某市\ncode: 510000\n", "code 与乡镇代码不符：乡镇代码以 5104 开头（现为“510000”）"),
        ("name: 某市\ncode: 510499\n", "code 与乡镇代码不符"),
        ("name: 某某市\ncode: 510400\n", "占位文字"),
        ("name: 某市\ncode: 攀枝花\n", "不是 4 位或 6 位数字"),
        ("name: 某市\ncode: 510400\n坐标系: 北京54\n", "“coordinates”列：不认识的取值（现为“北京54”）"),
        ("name: 某市\ncode: 510400\ncomplete_registers:\n  - 药店\n", "不认识的取值（现为“药店”）"),
    ],
)
def test_about_mistakes(folder: Path, text: str, said: str) -> None:
    (folder / "about.yaml").write_text(text, "utf-8")
    assert said in _problems(folder)


@pytest.mark.parametrize("code", ["510400", "5104", "510402"])
def test_the_code_of_a_city_or_of_its_county_is_kept(folder: Path, code: str) -> None:
    (folder / "about.yaml").write_text(f"name: 某市\ncode: {code}\ncomplete_registers:\n", "utf-8")
    assert load(folder).about.code == code


def test_two_files_about_the_city(folder: Path) -> None:
    for name in ("about.yaml", "说明.yaml"):
        (folder / name).write_text("name: 某市\ncode: 510400\n", "utf-8")
    assert "同时有 about.yaml 和 说明.yaml" in _problems(folder)


def test_residents_are_held_against_the_villages(folder: Path) -> None:
    _residents(folder)
    assert "合计" not in _warnings(folder)
    _residents(folder, population=[20_000, 10_000, 0, 0, 0, 0, 0, 0])
    said = _warnings(folder)
    assert "居民点合计 30,000 人，村社区合计 45,000 人。" in said
    assert "甲镇：居民点合计 0 人，村社区合计 5,000 人" in said
    assert "甲一街道：居民点" not in said
    _residents(folder, population=[10, *[0] * 7])
    assert "居民点合计 10 人，村社区合计 45,000 人，不足一半" in _warnings(folder)


def test_load_tells_what_quality_tells(folder: Path) -> None:
    _residents(folder, population=[1] * 8)
    loaded = load_with_warnings(folder)
    report = quality(loaded.region)
    assert report.warnings
    assert loaded.warnings[-len(report.warnings) :] == report.warnings


def test_one_resident_without_village_costs_the_level(folder: Path) -> None:
    codes = list(tiny.villages()["code"])
    _residents(folder, village_code=["", *codes[1:]])
    assert "1 个居民点没有村代码：全市只评估到乡镇（街道）" in _warnings(folder)
    _residents(folder)
    assert "没有村代码" not in _warnings(folder)


def test_codes_that_contradict_each_other(folder: Path) -> None:
    _residents(folder, town_code=["510402100", *[""] * 7])
    assert "residents.csv，第 2 行，“town_code”列：与村代码矛盾" in _problems(folder)
    (folder / "residents.csv").unlink()
    _facilities(folder, 5, town_code="510402001")
    assert "facilities.csv，第 7 行，“town_code”列：与村代码矛盾" in _problems(folder)


def test_facilities_that_lie_elsewhere(folder: Path) -> None:
    _facilities(folder, 2, town_code="510422200")
    said = _warnings(folder)
    assert "facilities.csv，第 4 行，“lon、lat”列：坐标落在别的乡镇（现为“甲镇卫生院”）" in said
    _facilities(folder, 5, village_code="510402100001")
    assert "facilities.csv，第 7 行，“village_code”列：村卫生室的村代码是社区，不计入行政村" in _warnings(folder)


def test_a_facility_just_outside_goes_to_the_nearest_town(folder: Path) -> None:
    _facilities(folder, 2, lon=101.805)
    loaded = load_with_warnings(folder)
    assert loaded.region.facilities.set_index("id").loc["TH1", "town_code"] == "510402100"
    assert any("1 行的坐标略在边界外" in one.say() for one in loaded.warnings)
    _facilities(folder, 2, lon=101.9)
    assert load(folder).facilities.set_index("id").loc["TH1", "town_code"] == ""


def test_what_is_guessed_is_marked(folder: Path) -> None:
    villages = tiny.villages().astype({"urban_population": object})
    villages.loc[0, "urban_population"] = ""
    villages.to_csv(folder / "villages.csv", index=False)
    _facilities(folder, 5, village_code="")
    region = load(folder)
    assert list(region.villages["estimated"]) == [True, *[False] * 7]
    assert list(region.facilities.loc[region.facilities["estimated"], "id"]) == ["VC1"]
    _residents(folder, is_urban=["", *["否"] * 7])
    assert list(load(folder).residents["estimated"]) == [True, *[False] * 7]


def test_urban_where_the_file_does_not_say(folder: Path) -> None:
    _residents(folder, is_urban="")
    loaded = load_with_warnings(folder)
    kinds = loaded.region.villages.set_index("code")["kind"]
    people = loaded.region.residents
    assert list(people["is_urban"]) == list(people["village_code"].map(kinds) == "community")
    assert any("8 行没有“是否城镇”" in one.say() for one in loaded.warnings)
    _residents(folder, is_urban="", village_code="")  # 街道, 镇, the county seat, 乡
    assert list(load(folder).residents["is_urban"]) == [True, True, False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("shape", "share"), [(box(101.70, 26.50, 101.80, 26.60), "99.99%"), (box(101.72, 26.52, 101.74, 26.54), "100.00%")]
)
def test_towns_that_lie_on_each_other(folder: Path, shape: object, share: str) -> None:
    towns = tiny.towns()
    extra = gpd.GeoDataFrame({"code": ["510402101"], "name": ["丙镇"]}, geometry=[shape], crs=4326)
    pd.concat([towns, extra], ignore_index=True).to_file(folder / "towns.geojson")
    assert f"乡镇边界大面积重叠（占较小的乡镇）：甲镇、丙镇 重叠 {share}" in _problems(folder)
    key = f'confirmed: ["甲镇、丙镇 重叠 {share}"]'
    (folder / "about.yaml").write_text(f"name: 某市\ncode: 510400\n{key}\n", "utf-8")
    assert "平方公里：甲镇、丙镇" in _warnings(folder)


def test_map_files_are_not_shifted_and_that_is_said(folder: Path) -> None:
    assert "自带" not in _warnings(folder)
    (folder / "about.yaml").write_text("name: 某市\ncode: 510400\ncoordinates: 百度\n", "utf-8")
    assert "bd09 只用于经度、纬度两列；图形文件按其自带的坐标系，不作偏移：towns.geojson" in _warnings(folder)


def test_a_heading_that_names_another_datum(folder: Path) -> None:
    tiny.villages().rename(columns={"lat": "纬度（GCJ02）"}).to_csv(folder / "villages.csv", index=False)
    assert "“lon、纬度（GCJ02）”列：gcj02 换算成 wgs84，移动约 429 米" in _warnings(folder)
    (folder / "about.yaml").write_text("name: 某市\ncode: 510400\ncoordinates: gcj02\n", "utf-8")
    assert "gcj02 换算成 wgs84，移动约 429 米" in _warnings(folder)


@pytest.mark.parametrize("said", ["2025/6/31", "2025-06-31", "2025年13月", "20230229", "截至2023年2月30日"])
def test_a_date_that_no_calendar_has_is_refused(folder: Path, said: str) -> None:
    (folder / "说明.yaml").write_text(_ABOUT.replace("2023", said, 1).replace("坐标系: 高德\n", ""), "utf-8")
    told = _problems(folder)
    assert "没有这个日期" in told
    assert "2025-06-30" in told


@pytest.mark.parametrize("said", ["2025/6/30", "2024年2月29日", "2023年末", "2020-2023", "20230228"])
def test_a_date_of_the_calendar_and_other_words_are_taken(folder: Path, said: str) -> None:
    (folder / "说明.yaml").write_text(_ABOUT.replace("2023", said, 1), "utf-8")
    assert load(folder).about.as_of == said


def test_a_kind_without_a_list_is_not_promised_a_row_that_no_rule_asks_for(folder: Path, rules: Rules) -> None:
    """Of the kinds without a register only those that a rule's main reading needs are asked for: not the rescue centre."""
    region = load(folder)
    label, kinds = next((label.zh, said) for label, said in quality(region).facts if "没有名录" in label.zh)
    assert label == "没有名录的机构类型（主要口径要用它、因而无法判断的指标，列入待补数据清单）"
    lacking = set(no_data_rows(assess(region, rules, PAPER), rules)["rule"])
    asked = {kind for rule in rules.rules if rule.id in lacking for kind in kinds_read(rule)}
    assert "county_subcenter" in asked
    assert "次中心" in kinds
    assert "紧急医学救援中心" in kinds
    assert "rescue_center" not in asked
