"""The workbooks as people print and read them: type that can be read, words from one vocabulary, no code, no claim too many."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from geodata.tables import _kind_by_code
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import PARAMETERS, Rules, load_rules, parameter_text
from planner.schema import STATUS_LABELS, VILLAGE_RULE
from planner.standards import standard_names
from planner.travel import PAPER
from scenarios.document import Col, Document, Section, Table
from scenarios.export.explain import explanations
from scenarios.export.sheet import HIGHEST_ROW_POINTS, row_points, write_document
from scenarios.export.workbook import FOREIGN, _ask, completion_text, write_workbook

SHEETS = ("缺口清单", "未作判断清单", "指标完成情况", "待补数据清单")
A4_INCHES, PIXELS = 297 / 25.4, 96
WIDE_FONT_PIXELS = 9.33
"""The unit of a column's width where the office program has no narrow default font; in Excel it is 7."""


@pytest.fixture(scope="module")
def county(sample_findings: tuple[Region, pd.DataFrame], rules: Rules, tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("book") / "county.xlsx"
    write_workbook(path, sample_findings[0], rules, sample_findings[1], "510422")
    return path


@pytest.fixture(scope="module")
def city(sample_findings: tuple[Region, pd.DataFrame], rules: Rules, tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("book") / "city.xlsx"
    write_workbook(path, sample_findings[0], rules, sample_findings[1])
    return path


def _rows(path: Path, name: str) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(path)[name].iter_rows(values_only=True)]


def widths_of(sheet: Any) -> list[tuple[float, bool]]:
    """Return (width, whether it is hidden) of each column; equal neighbours are one entry in the file."""
    spans = sorted(sheet.column_dimensions.values(), key=lambda one: one.min)
    return [(one.width, one.hidden) for one in spans for _ in range(one.min, one.max + 1)]


def _texts(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    return [
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    ]


@pytest.mark.parametrize("which", ["county", "city"])
@pytest.mark.parametrize("name", SHEETS)
def test_printed_type_is_at_least_seven_and_a_half_points(
    which: str, name: str, request: pytest.FixtureRequest
) -> None:
    sheet = openpyxl.load_workbook(request.getfixturevalue(which))[name]
    last = openpyxl.utils.cell.range_boundaries(str(sheet.print_area).split("!")[1].replace("$", ""))[2]
    used = sum(width for width, hidden in widths_of(sheet)[:last] if not hidden) * WIDE_FONT_PIXELS
    room = (A4_INCHES - sheet.page_margins.left - sheet.page_margins.right) * PIXELS
    assert min(1.0, room / used) * sheet.cell(7, 1).font.size >= 7.5


def test_the_number_of_the_gap_stands_beside_the_paper(county: Path) -> None:
    sheet = openpyxl.load_workbook(county)["缺口清单"]
    assert sheet.cell(5, 17).value == "缺口编号"
    assert str(sheet.print_area).endswith(f"$P${sheet.max_row}")
    assert sheet.column_dimensions["B"].hidden


def test_the_accuracy_stands_on_the_explanations_only(
    county: Path, sample_findings: tuple[Region, pd.DataFrame]
) -> None:
    about = sample_findings[0].about
    for name in SHEETS:
        assert openpyxl.load_workbook(county)[name]["A4"].value == about.notice
    said = [cell for row in _rows(county, "说明") for cell in row if cell and about.accuracy in cell]
    assert len(said) == 1


def test_states_are_the_three_words_of_the_form(city: Path) -> None:
    states = {row[-3] for row in _rows(city, "指标完成情况")[6:]}
    assert states == {
        "达标",
        "未达标",
        "无法判断（缺数据）",
        "无法判断（不作判断：参考口径）",
        "无法判断（不作判断：仅供对照）",
    }


@pytest.mark.parametrize("status", STATUS_LABELS)
def test_every_status_has_a_word_of_the_form(status: str) -> None:
    said = completion_text({"status": status, "foreign": False, "has_judge": True})
    assert said.split("（")[0] in {"达标", "未达标", "无法判断"}


def test_base_target_and_present_stay_and_an_empty_nature_goes(county: Path) -> None:
    headings = _rows(county, "指标完成情况")[5]
    assert {"基期值", "目标值", "现状"} <= set(headings)
    assert "性质" not in headings


def test_shares_are_those_of_the_map(city: Path) -> None:
    rows = _rows(city, "指标完成情况")
    assert [row[8] for row in rows[6:9]] == ["91.54%", "86.27%", "100.00%"]


def test_nothing_reads_like_code(city: Path) -> None:
    for text in _texts(city):
        assert "('" not in text
        assert "facility_kind" not in text
        assert "urban_scope" not in text
        assert "nan" not in text.lower().split()


@pytest.mark.parametrize("name", standard_names())
def test_every_parameter_of_the_rules_has_a_name_and_its_values_too(name: str) -> None:
    for rule in load_rules(name, FUNCTIONS).rules:
        for params in (rule.plan_params, *(reading.params for reading in rule.readings)):
            for key, value in params.items():
                assert key in PARAMETERS, (rule.id, key)
                assert parameter_text(key, value).isascii() is False
                assert "_" not in parameter_text(key, value)


def test_hashes_are_short_and_say_where_they_are_whole(tiny_region: Region, rules: Rules) -> None:
    files = [text for label, text in explanations(tiny_region, rules, set()) if label == "输入文件"]
    for source, text in zip(tiny_region.sources, files, strict=True):
        assert source.sha256[:12] in text
        assert source.sha256 not in text
        assert "manifest.json" in text


def test_the_explanations_say_from_where_distances_are_measured(city: Path) -> None:
    said = "".join(row[1] or "" for row in _rows(city, "说明"))
    assert "人口重心居民点" in said
    assert "村的位置点" in said
    assert "最远的未覆盖居民点" in said


def test_rules_of_another_city_never_say_that_there_is_no_gap(
    tiny_region: Region, rules: Rules, tmp_path: Path
) -> None:
    abroad = replace(rules, city="5109")
    write_workbook(tmp_path / "x.xlsx", tiny_region, abroad, assess(tiny_region, abroad, PAPER))
    texts = _texts(tmp_path / "x.xlsx")
    assert "没有缺口。" not in texts
    assert "没有待补的数据。" not in texts
    assert not any("合计：" in text for text in texts)
    assert FOREIGN in texts
    states = {row[-3] for row in _rows(tmp_path / "x.xlsx", "指标完成情况")[6:]}
    assert not states & {"达标", "未达标"}
    assert "无法判断（不作判断：外市条款）" in states


def _without_standards(region: Region, name: str, villages: int) -> Region:
    """Return the region with so many 行政村 of one name in one town, each with a clinic of which nothing is known."""
    frame = pd.concat([region.villages[region.villages["kind"] == "village"].iloc[[0]]] * villages, ignore_index=True)
    codes = [f"{frame['town_code'].iloc[0]}{200 + at}" for at in range(villages)]
    frame = frame.assign(code=codes, name=name)
    clinic = region.facilities[region.facilities["kind"] == "village_clinic"].iloc[[0]]
    clinics = pd.concat([clinic] * villages, ignore_index=True)
    clinics = clinics.assign(id=[f"VC{at:04}" for at in range(villages)], village_code=codes)
    clinics["town_code"] = frame["town_code"].iloc[0]
    facilities = pd.concat([region.facilities, clinics], ignore_index=True).drop_duplicates("id")
    others = region.villages[~region.villages["code"].isin(codes)]
    return replace(region, villages=pd.concat([others, frame], ignore_index=True), facilities=facilities)


def test_villages_of_the_same_name_are_counted_by_code(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    region = _without_standards(tiny_region, "同名村", 2)
    write_workbook(tmp_path / "x.xlsx", region, rules, assess(region, rules, PAPER))
    rows = [row for row in _rows(tmp_path / "x.xlsx", "待补数据清单") if row[6] and "同名村" in str(row[6])]
    assert [(row[5], row[6]) for row in rows if row[1] == "村卫生室达标"] == [(2, "同名村、同名村")]


def test_a_long_list_is_cut_and_no_row_is_too_high(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    region = _without_standards(tiny_region, "名字很长很长很长很长很长的村村民委员会", 700)
    write_workbook(tmp_path / "x.xlsx", region, rules, assess(region, rules, PAPER))
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    heights = [one.height or 0 for sheet in book for one in sheet.row_dimensions.values()]
    assert max(heights) <= HIGHEST_ROW_POINTS
    assert any("等 700 个" in text for text in _texts(tmp_path / "x.xlsx"))
    assert row_points([("长" * 100_000, 5)]) == HIGHEST_ROW_POINTS


def test_only_rules_that_judge_ask_for_data(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", tiny_region, rules, assess(tiny_region, rules, PAPER))
    rows = _rows(tmp_path / "x.xlsx", "待补数据清单")[6:]
    silent = {rule.label for rule in rules.rules if not any(reading.judged for reading in rule.readings)}
    assert rows
    assert not silent & {row[1] for row in rows}
    whole = [row for row in rows if row[1] == "县域医疗卫生次中心数量"]
    assert [(row[3], row[6]) for row in whole] == [("全市", "—")]
    assert "县域医疗卫生次中心的完整名录" in whole[0][8]


def test_which_codes_are_villages_is_said_as_it_is_read(tiny_region: Region, rules: Rules) -> None:
    lines = explanations(tiny_region, rules, {("village_clinic", "register")})
    assert [text for label, text in lines if label == "行政村认定"] == [f"{VILLAGE_RULE}。"]
    assert not [text for _, text in lines if "第10位" in text]
    for digit in "0123456789":
        kind = _kind_by_code(pd.Series([f"510402001{digit}01"])).iloc[0]
        assert (digit in VILLAGE_RULE.split("10 位：")[1]) == (kind == "village")


def test_the_ask_for_list_names_the_register_of_each_rule(rules: Rules) -> None:
    for rule in rules.rules:
        assert "这一类" not in _ask(rule, has_villages=True)
    centers = next(rule for rule in rules.rules if rule.measure == "community_centers")
    assert _ask(centers, has_villages=True).startswith("社区卫生服务中心的完整名录")


def test_a_list_that_nobody_reads_to_its_end_is_a_file_of_its_own(tmp_path: Path) -> None:
    cols = [
        Col("number", "序号", 5),
        Col("name", "村", 20, group="地点"),
        Col("people", "人口\n（人）", 9, "number"),
    ]
    rows = [{"name": f"=村{at}", "people": at} for at in range(1_500)]
    parts = Table(
        "清单", "各村", cols, [], sections=[Section("甲县合计", rows), Section("乙县合计", rows)], sum_key="people"
    )
    short = Table("短表", "各村", cols, rows[:10])
    write_document(tmp_path / "x.xlsx", Document("x", None, [parts, short]))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.xlsx", "x_清单.csv"]
    every = pd.read_csv(tmp_path / "x_清单.csv", encoding="utf-8-sig")
    assert list(every) == ["序号", "地点村", "人口（人）"]
    assert every["序号"].tolist() == list(range(1, 3_001))
    assert every["人口（人）"].sum() == 2 * sum(range(1_500))
    assert every["地点村"][0] == "'=村0"
    cells = [row for row in _rows(tmp_path / "x.xlsx", "清单")[6:] if row[0] is not None]
    assert [row[0] for row in cells if isinstance(row[0], int)] == list(range(1, 2_001))
    sums = [row for row in cells if row[0] == "甲县合计"]
    assert sums[0][2] == "=SUM(C7:C1506)", "a county that is shown whole has its sum, one that is cut has none"
    assert not [row for row in cells if row[0] == "乙县合计"]
    assert cells[-1][0] == "这里只列前 2,000 行；全部 3,000 行见 x_清单.csv。"
    write_document(tmp_path / "y.xlsx", Document("x", None, [parts]), alone=True)
    assert len([row for row in _rows(tmp_path / "y.xlsx", "清单") if isinstance(row[0], int)]) == 3_000
