"""What came in and what became of it: the lines that `check` prints and 说明 carries, and the list of problems to send back."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from geodata.load import Survey
from planner import __version__
from planner.errors import Language, Problem, Text
from planner.region import Use
from planner.text import count_text
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of

CITY = "全市"
_SEVERITY = {"error": "要改正", "warning": "请核对"}
_STATES = (
    ("used", Text("使用", "used")), ("converted", Text("换算", "converted")), ("unused", Text("没有使用", "not used")),
)  # fmt: skip
_COLUMNS = (
    Column("", "序号", 5, lambda row: row["number"], "number"),
    Column("", "文件", 18, lambda row: row["file"]),
    Column("", "行", 6, lambda row: row["row"], "centre"),
    Column("", "列", 16, lambda row: row["column"]),
    Column("", "现为", 18, lambda row: row["found"]),
    Column("", "问题", 32, lambda row: row["what"]),
    Column("", "怎么改", 30, lambda row: row["fix"]),
    Column("", "性质", 8, lambda row: row["severity"], "centre"),
)
_COMMENTS = re.compile(r"<dc:description>fugai \S+ ?([0-9a-f]*)</dc:description>")
_NO_TAB = re.compile(r"[\[\]:*?/\\']")
_TAB_LETTERS = 31
_MOST = 20_000
"""Rows of one sheet: who is sent more than this has another problem."""


def lines_of_uses(uses: Sequence[Use], language: Language = "zh") -> list[tuple[str, str]]:
    """Return (file, sentence) by file: what of it is used as what, what was converted how, what was not used and why."""
    out = []
    for file in dict.fromkeys(use.file for use in uses):
        parts = []
        for state, word in _STATES:
            told = [_said(use, language) for use in uses if use.file == file and use.state == state]
            if told:
                parts.append(f"{word.say(language)}：{'、'.join(told)}")
        out.append((file, "；".join(parts)))
    return out


def _said(use: Use, language: Language) -> str:
    how = use.how.say(language).rstrip("。.")
    if use.name in ("", use.file) or use.what == "file":
        return how
    if use.what == "column" and use.state == "used":
        return use.name if how == use.name else f"{use.name}＝{how}"
    name = (
        Text(f"第 {use.name} 行", f"rows {use.name}").say(language)
        if use.name[0].isdigit() and use.what == "rows"
        else use.name
    )
    return f"{name}（{how}）"


def manifest_of_uses(uses: Sequence[Use]) -> list[dict[str, str]]:
    """Return the uses as the manifest holds them."""
    return [
        {"file": use.file, "what": use.what, "name": use.name, "state": use.state, "how": use.how.zh} for use in uses
    ]


def write_problem_list(path: Path, found: Survey) -> None:
    """Write the problems of a folder, one row each, a sheet for each county and one for what is of none.

    The list carries the fingerprint of its cells, by which `is_filled_in` knows whether somebody has written into it.
    """
    _write_list(path, found, "")
    _write_list(path, found, _fingerprint(path))


def is_filled_in(path: Path) -> bool | None:
    """Whether a list holds other cells than those that were written; None where it is no list of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            comments = _COMMENTS.search(archive.read("docProps/core.xml").decode("utf-8", "replace"))
        return None if comments is None else comments[1] != _fingerprint(path)
    except Exception:  # whatever a file that is no workbook, or a broken one, raises
        return None


def _fingerprint(path: Path) -> str:
    book = CalamineWorkbook.from_path(str(path))
    sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    cells = [(name, row, column, str(cell)) for name, rows in sheets for row, line in enumerate(rows)
             for column, cell in enumerate(line) if cell != ""]  # fmt: skip
    return sha256(repr(cells).encode()).hexdigest()[:16]


def _write_list(path: Path, found: Survey, mark: str) -> None:
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties(
        {"title": "数据问题清单", "comments": f"fugai {__version__} {mark}".strip(), "created": FIXED_DATE}
    )
    formats = formats_of(book)
    by_county: dict[str, list[dict[str, Any]]] = {}
    for problem in _whole(found):
        county = found.counties.get((problem.file, problem.row), CITY)
        by_county.setdefault(county, []).append(_row(problem))
    for county in sorted(by_county, key=lambda name: (name == CITY, name)):
        rows = by_county[county]
        sheet = Sheet(book, formats, found.region, _tab(county, by_county), f"{county}数据问题清单")
        cut = [f"另有 {count_text(len(rows) - _MOST)} 行没有列出。"] if len(rows) > _MOST else []
        notice = f"共 {count_text(len(rows))} 处：“要改正”的改好才能评估，“请核对”的核对后可以不改。改好后把数据文件一并交回。"
        sheet.table(_COLUMNS, rows[:_MOST], notice, "没有问题。", cut)
    book.close()


def _whole(found: Survey) -> list[Problem]:
    """Return every problem by row: of many alike all rows, and not the line that counts those not shown."""
    listed = {(problem.file, problem.column, problem.what.zh) for problem in found.more}
    told = [one for one in found.problems if one.row or not any(
        one.file == file and one.column == column and one.what.zh.endswith(what) for file, column, what in listed
    )]  # fmt: skip
    order = {file: at for at, file in enumerate(dict.fromkeys(one.file for one in told))}
    return sorted((*told, *found.more), key=lambda one: (order.get(one.file, len(order)), int(one.row or 0)))


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file, "row": problem.row, "column": problem.column, "found": problem.found,
        "what": problem.what.zh, "fix": problem.fix.zh, "severity": _SEVERITY[problem.severity],
    }  # fmt: skip


def _tab(county: str, others: Mapping[str, object]) -> str:
    """Return a name that a sheet may have and no other has."""
    name = _NO_TAB.sub("", county)[:_TAB_LETTERS] or CITY
    alike = [one for one in sorted(others) if _NO_TAB.sub("", one)[:_TAB_LETTERS].lower() == name.lower()]
    return name if alike[:1] == [county] else f"{name[: _TAB_LETTERS - 3]}_{alike.index(county) + 1}"
