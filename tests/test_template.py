"""The pack for the county bureaus: every column explained with an example, nothing that could be taken for data."""

from pathlib import Path

import openpyxl
import pytest

from planner.institutions import TABLES
from planner.schema import FACILITY_KINDS
from planner.strict_yaml import read_yaml
from scenarios.cli.program import main
from scenarios.export.sheet import row_points
from scenarios.run import load_region
from scenarios.template import about_text, example, write_template
from tests.test_workbook import widths_of


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "填报"
    write_template(folder)
    return folder


@pytest.mark.parametrize(("table", "field"), [(t, f) for t in TABLES.values() for f in t.fields],
                         ids=lambda one: one.name)  # fmt: skip
def test_every_column_has_an_example_of_its_kind(table, field) -> None:
    shown = example(table, field)
    assert shown
    if field.kind in {"integer", "number"}:
        float(shown)
    if field.choices:
        assert shown in {name for names in field.choices.values() for name in names}


def test_rows_of_the_dictionary_are_high_enough(pack: Path) -> None:
    sheet = openpyxl.load_workbook(pack / "数据字典.xlsx").active
    widths = [round(width - 0.71, 1) for width, _ in widths_of(sheet)]
    for number, row in enumerate(sheet.iter_rows(min_row=2), 2):
        texts = [(str(cell.value or ""), width) for cell, width in zip(row, widths, strict=True)]
        assert sheet.row_dimensions[number].height > row_points(texts) - 1
    said = {cell.value for row in sheet.iter_rows(min_row=2) for cell in row}
    assert "、".join(names[0] for names in FACILITY_KINDS.values()) in said


@pytest.mark.parametrize("name", ["机构", "村社区", "居民点", "机构登记册", "数据字典"])
def test_tables_print_one_page_wide(pack: Path, name: str) -> None:
    sheet = openpyxl.load_workbook(pack / f"{name}.xlsx").active
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, int(sheet.page_setup.fitToHeight)) == (1, 0)
    assert sheet.page_setup.orientation == "landscape"


def test_tables_hold_no_row_and_their_headings_an_example(pack: Path) -> None:
    sheet = openpyxl.load_workbook(pack / "机构.xlsx").active
    assert sheet.max_row == 1
    comments = {cell.value: cell.comment.text for cell in sheet[1]}
    assert "例：渔门镇卫生院" in comments["机构名称"]
    assert "社区卫生服务站" in comments["机构类型"]


def test_about_as_it_stands_is_refused(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(pack), "--out", str(pack.parent / "list.xlsx")]) == 2
    said = capsys.readouterr().err
    assert "about.yaml，“name”列：缺少这一项" in said
    assert "about.yaml，“code”列：缺少这一项" in said


def test_about_names_every_kind_of_facility_in_chinese() -> None:
    for kind, names in FACILITY_KINDS.items():
        assert any(kind in line and names[0] in line for line in about_text().splitlines())
    assert read_yaml(about_text(), "about.yaml")["complete_registers"] == []


def test_the_form_of_institutions_holds_what_is_known_and_whom_the_documents_name(tmp_path: Path) -> None:
    """18 hospitals of 表2 with their beds, and what documents name besides, as they name it; no staff is made up."""
    write_template(tmp_path / "x", load_region("sample:panzhihua"))
    sheet = openpyxl.load_workbook(tmp_path / "x" / "机构登记册.xlsx").active
    heads = [cell.value for cell in sheet[1]]
    rows = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    hospitals = [row for row in rows if row["机构类型"] == "医院"]
    assert len(hospitals) == 18
    assert sum(int(row["编制床位"]) for row in hospitals) == 7852
    assert sum(int(row["规划编制床位"]) for row in hospitals) == 9710
    assert {row["数据年份"] for row in hospitals} == {"2020"}
    named = {row["机构名称"]: row["数据来源"] for row in rows if not row["机构编号"]}
    assert "承担职业健康体检、职业病诊断及救治" in named["攀西职业病防治中心"]
    assert not any(row["注册护士"] or row["卫生人员总数"] for row in rows)
