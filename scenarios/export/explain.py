"""The sheet 说明: what the numbers of a workbook rest on, in words."""

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from geodata.load import Survey
from planner import __version__
from planner.errors import Language, Problem, Text
from planner.findings import FEW_PEOPLE
from planner.measures import measures_of
from planner.region import Region, Use
from planner.rules import Reading, Rules, parameter_text
from planner.schema import STATUS_LABELS, VILLAGE_RULE
from planner.text import count_text
from scenarios.document import Col, Document, Table
from scenarios.export.sheet import write_document

# What came in and what became of it: the lines that `check` prints and 说明 carries, and the list of problems to send back.

CITY = "全市"
_SEVERITY = {"error": "要改正", "warning": "请核对"}
_STATES = (
    ("used", Text("使用", "used")), ("converted", Text("换算", "converted")), ("unused", Text("没有使用", "not used")),
)  # fmt: skip
_COLUMNS = (
    Col("number", "序号", 5, "number"),
    Col("file", "文件", 18),
    Col("row", "行", 6, "centre"),
    Col("column", "列", 16),
    Col("found", "现为", 18),
    Col("what", "问题", 32),
    Col("fix", "怎么改", 30),
    Col("severity", "性质", 8, "centre"),
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
    how = use.how.without_stop.say(language)
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
    by_county: dict[str, list[dict[str, Any]]] = {}
    for problem in _whole(found):
        county = found.counties.get((problem.file, problem.row), CITY)
        by_county.setdefault(county, []).append(_row(problem))
    tables = []
    for county in sorted(by_county, key=lambda name: (name == CITY, name)):
        rows = by_county[county]
        cut = [f"另有 {count_text(len(rows) - _MOST)} 行没有列出。"] if len(rows) > _MOST else []
        notice = f"共 {count_text(len(rows))} 处：“要改正”的改好才能评估，“请核对”的核对后可以不改。改好后把数据文件一并交回。"
        tables.append(
            Table(
                _tab(county, by_county),
                f"{county}数据问题清单",
                _COLUMNS,
                rows[:_MOST],
                cut,
                "没有问题。",
                notice=notice,
            )
        )
    write_document(path, Document("数据问题清单", found.region, tables, as_of=found.as_of, mark=mark), alone=True)


def _whole(found: Survey) -> list[Problem]:
    """Return every problem by row: of many alike all rows, and not the line that counts those not shown."""
    listed = {(problem.file, problem.column, problem.what) for problem in found.more}
    told = [one for one in found.problems if (one.file, one.column, one.counts) not in listed]
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


_HASH_LETTERS = 12


_FEW = f"缺口涉及的人不超过 {FEW_PEOPLE} 人的，注明“缺口只涉及几人”，仍是缺口；{FEW_PEOPLE} 人是参数，不是政策数字。"


def _reading_text(reading: Reading) -> str:
    return "，".join(parameter_text(name, value) for name, value in reading.params.items())


def _about_data(region: Region) -> Iterator[tuple[str, str]]:
    about = region.about
    yield "数据", f"{about.name}，数据日期 {about.as_of or '未注明'}，坐标系 {region.crs}"
    if not about.notice:  # else both stand in red above
        yield "性质", "用户数据"
        yield "边界精度", about.accuracy or "未注明"


def _meanings(rules: Rules) -> Iterator[tuple[str, str]]:
    met, not_met, not_judged, no_data = (STATUS_LABELS[one] for one in ("met", "not_met", "not_judged", "no_data"))
    yield (
        "四种状态",
        (
            f"{met}；{not_met}（即缺口）；{not_judged}（条款未给数值，或只作参考口径）；{no_data}（列入待补数据清单，不算缺口）。"
            f"“完成情况”中的“无法判断”即后两种，括号内是原因。"
        ),
    )
    yield "人口", "已覆盖＋未覆盖＋不可达＝评估人口，分毫不差；因缺数据未能判断的人口不在分母内。"
    yield from (("最近机构", one.nearest) for one in measures_of(rules.rules) if one.nearest)
    if any(reading.params.get("units") == "village" for rule in rules.rules for reading in rule.readings):
        yield "行政村认定", f"{VILLAGE_RULE}。"
    yield "距离", "口径为“直线距离”的是大地线长度，为“道路距离”的是沿路网长度；只计在用的机构。"


def explanations(
    region: Region,
    rules: Rules,
    readings: Collection[tuple[str, str]],
    said: Sequence[str] = (),
    decided: Sequence[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """Return (label, text) of all that the numbers rest on.

    `readings` are the (rule, reading) that have findings, `said` what is to be told of the roads, `decided` of the
    scenario.
    """
    lines = [
        *decided,
        ("文件", f"{rules.document}（{rules.issued} 印发）；规则 {rules.id}"),
        *_about_data(region),
        *_meanings(rules),
    ]
    for rule in rules.rules:
        lines += [(f"假设：{rule.label}", text) for text in rule.assumptions]
    lines += [("假设：人少的缺口", _FEW), *(("假设：数据", text) for text in region.about.assumptions)]
    lines += [
        (f"参数：{rule.label}", f"{reading.label}：{_reading_text(reading)}")
        for rule in rules.rules
        for reading in rule.readings
        if (rule.id, reading.id) in readings
    ]
    lines += [("参数：道路", text) for text in said]
    lines += [("来源", text) for text in region.about.credits]
    lines += [
        ("输入文件", f"{one.file}　{one.rows} 行　SHA-256 {one.sha256[:_HASH_LETTERS]}…（全文见 manifest.json）")
        for one in region.sources
    ]
    lines += [("读入", f"{file}　{told}") for file, told in lines_of_uses(region.uses)]
    return [*lines, ("版本", f"fugai {__version__}")]
