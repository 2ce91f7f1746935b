"""The gap workbook: an official attachment with the gap list, the state of every indicator, and the data to supply."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import xlsxwriter

from planner import __version__
from planner.findings import gap_rows, no_data_rows
from planner.region import Region
from planner.rules import Rule, Rules
from planner.schema import FACILITIES

_FONT = "宋体"
FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed moment: the same input must give the same bytes
_BLUE, _GREY, _RED = "#DCE6F1", "#F2F2F2", "#C00000"


@dataclass(frozen=True)
class Column:
    """One column: its group heading ("" for none), heading, width, how its cell is taken from a row, and its format."""

    group: str
    heading: str
    width: float
    cell: Callable[[Mapping[str, Any]], str | float]
    style: str = "text"


Formats = Mapping[str, Any]

_LINE_POINTS = 12.5


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column of this width: a Chinese character is two letters wide."""
    letters = sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
    return max(1, -(-letters * 9 // int(width * 9.6)))


def write_workbook(path: Path, region: Region, rules: Rules, findings: pd.DataFrame, county_code: str = "") -> None:
    """Write the workbook of one county, or of the whole city where `county_code` is ""."""
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties(
        {"title": "医疗卫生设施布局缺口清单", "comments": f"fugai {__version__}", "created": FIXED_DATE}
    )
    formats = _formats(book)
    name = region.about.name
    if county_code:
        name = region.counties.set_index("code")["name"][county_code]
        mine = findings[(findings["county_code"] == county_code)]
    else:
        mine = findings
    sheet = _Sheet(book, formats, region, "缺口清单", f"{name}医疗卫生设施布局缺口清单")
    sheet.gap_list(gap_rows(mine, rules), rules)
    sheet = _Sheet(book, formats, region, "指标完成情况", f"{name}医疗卫生设施布局指标完成情况")
    sheet.table(_STATE, _state_rows(mine, rules, "county" if county_code else "city"), "")
    sheet = _Sheet(book, formats, region, "待补数据清单", f"{name}待补数据清单")
    sheet.table(_MISSING, _missing_rows(no_data_rows(mine, rules), rules), "没有待补的数据。")
    _explain(_Sheet(book, formats, region, "说明", "说明"), rules)
    book.close()


def _formats(book: xlsxwriter.Workbook) -> Formats:
    base = {"font_name": _FONT, "font_size": 9, "valign": "vcenter", "border": 1, "text_wrap": True}

    def made(**more: object) -> Any:
        return book.add_format({**base, **more})

    return MappingProxyType(
        {
            "text": made(),
            "centre": made(align="center"),
            "small": made(font_size=7),
            "number": made(num_format="#,##0", align="right"),
            "decimal": made(num_format="#,##0.0", align="right"),
            "share": made(num_format="0.00%", align="right"),
            "head": made(bold=True, align="center", bg_color=_BLUE),
            "sum": made(bold=True, bg_color=_GREY),
            "sum_number": made(bold=True, bg_color=_GREY, num_format="#,##0", align="right"),
            "title": book.add_format({"font_name": _FONT, "font_size": 16, "bold": True, "align": "center"}),
            "plain": book.add_format({"font_name": _FONT, "font_size": 9, "valign": "top", "text_wrap": True}),
            "line": book.add_format({"font_name": _FONT, "font_size": 9}),
            "notice": book.add_format(
                {"font_name": _FONT, "font_size": 10, "bold": True, "font_color": _RED, "text_wrap": True}
            ),
        }
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as mappings by column name."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _shown(row: Mapping[str, Any], name: str) -> str:
    """Return the number with its unit, as people read it: 83.25 %, 2 所."""
    if pd.isna(row[name]):
        return "—"
    return f"{row[name]:.2%}" if row["unit"] == "share" else f"{row[name]:,.0f} {row['unit']}"


def _short_people(row: Mapping[str, Any]) -> float:
    return float(row["uncovered"] + row["unreachable"])


def _kilometres(row: Mapping[str, Any]) -> str | float:
    return "" if pd.isna(row["distance_m"]) else round(row["distance_m"] / 1000, 2)


def _remedy(row: Mapping[str, Any]) -> str:
    return "；".join(part for part in (row["remedy"], row["note"]) if part)


_CERTAINTY = {True: "含估算", False: "据实"}

_GAPS = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("地点", "县（区）", 7.5, lambda row: row["county_name"]),
    Column("地点", "乡镇（街道）", 10.5, lambda row: row["town_name"]),
    Column("地点", "村（社区）", 13, lambda row: row["subject_name"] if row["level"] == "village" else ""),
    Column("条款", "指标", 17, lambda row: row["rule_label"]),
    Column("条款", "章节与条文", 27, lambda row: f"{row['section']}：{row['quote']}"),
    Column("条款", "语气", 7, lambda row: row["force"], "centre"),
    Column("现状与要求", "要求", 15, lambda row: row["required_text"]),
    Column("现状与要求", "现状", 8, lambda row: _shown(row, "value"), "centre"),
    Column("现状与要求", "缺口", 8, lambda row: _shown(row, "gap"), "centre"),
    Column("", "涉及人口（人）", 9, _short_people, "number"),
    Column("最近机构", "名称", 16, lambda row: row["nearest_facility_name"]),
    Column("最近机构", "距离（公里）", 7, _kilometres, "decimal"),
    Column("", "建议措施", 10, _remedy, "centre"),
    Column("", "责任单位", 8, lambda row: row["responsible"]),
    Column("", "数据可信度", 7, lambda row: _CERTAINTY[bool(row["estimated"])], "centre"),
    Column("", "缺口编号", 17, lambda row: row["gap_id"], "small"),
)


def _state_text(row: Mapping[str, Any]) -> str:
    reference = "参考口径，不作判断" if row["has_judge"] else "无法判断（条款不作判断）"
    words = {"met": "达标", "not_met": "未达标", "no_data": "无法判断（缺数据）", "not_judged": reference}
    return words[str(row["status"])]


_STATE = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("指标", "名称", 24, lambda row: row["rule_label"]),
    Column("指标", "口径", 22, lambda row: row["reading_label"]),
    Column("指标", "范围", 9, lambda row: row["subject_name"], "centre"),
    Column("指标", "性质", 7, lambda row: row["nature"] or "—", "centre"),
    Column("指标", "语气", 9, lambda row: row["force"] or "—", "centre"),
    Column("数值", "基期值", 7, lambda row: row["base"] or "—", "centre"),
    Column("数值", "目标值", 7, lambda row: row["target"] or "—", "centre"),
    Column("数值", "要求", 20, lambda row: row["required_text"]),
    Column("数值", "现状", 10, lambda row: _shown(row, "value"), "centre"),
    Column("数值", "分母", 16, lambda row: row["denominator_text"]),
    Column("人口", "已覆盖（人）", 9, lambda row: row["covered"], "number"),
    Column("人口", "未覆盖（人）", 9, _short_people, "number"),
    Column("", "完成情况", 13, _state_text, "centre"),
    Column("", "出处", 18, lambda row: row["section"]),
    Column("", "含估算", 6, lambda row: "是" if row["estimated"] else "否", "centre"),
)

_MISSING = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("指标", "名称", 26, lambda row: row["rule_label"]),
    Column("指标", "要求", 18, lambda row: row["required_text"]),
    Column("对象", "县（区）", 9, lambda row: row["county_name"]),
    Column("对象", "乡镇（街道）", 12, lambda row: row["town_name"]),
    Column("对象", "数量", 6, lambda row: row["count"], "number"),
    Column("对象", "名称", 40, lambda row: row["names"]),
    Column("对象", "涉及人口（人）", 10, lambda row: row["population_no_data"], "number"),
    Column("", "请补充", 34, lambda row: row["ask"]),
)


def _state_rows(findings: pd.DataFrame, rules: Rules, level: str) -> list[dict[str, Any]]:
    """Return the rows of 指标完成情况: each rule and reading for the county, or for the city and each county."""
    by_id = {rule.id: rule for rule in rules.rules}
    wanted = ["county"] if level == "county" else ["city", "county"]
    rows = findings[findings["level"].isin(wanted)]
    pairs = [(rule.id, reading.id) for rule in rules.rules for reading in rule.readings]
    order = [pairs.index(pair) for pair in zip(rows["rule"], rows["reading"], strict=True)]
    rows = rows.assign(order=order, top=rows["level"].ne("city"))
    rows = rows.sort_values(["order", "top", "subject_code"], kind="stable")
    out = []
    for row in records(rows):
        rule = by_id[row["rule"]]
        people = row["unit"] == "share"
        size = row["population"] if people else row["required"]
        known = "" if rule.gap_level == "city" or pd.isna(size) else f" {size:,.0f}"
        more = {"base": rule.base, "target": rule.target, "denominator_text": f"{row['denominator']}{known}"}
        out.append({**row, **more, "has_judge": any(reading.judged for reading in rule.readings)})
    return out


def _ask(rule: Rule) -> str:
    """Return what the office is asked to supply so that this rule can be judged."""
    params = rule.readings[0].params
    if "column" in params:
        label = FACILITIES.field(params["column"]).label
        return f"机构名录的“{label}”列"
    return "这一类机构的完整名录（确认没有的，在 about.yaml 的 complete_registers 写明）"


def _missing_rows(rows: pd.DataFrame, rules: Rules) -> list[dict[str, Any]]:
    """Return what is to be supplied, one row a rule and town."""
    by_id = {rule.id: rule for rule in rules.rules}
    out = []
    keys = ["rule", "county_code", "town_code"]
    order = {rule.id: at for at, rule in enumerate(rules.rules)}
    rows = rows.assign(order=rows["rule"].map(order)).sort_values(["order", "subject_code", "reading"], kind="stable")
    for (rule_id, _, _), group in rows.groupby(keys, sort=False):
        first = records(group)[0]
        names = list(dict.fromkeys(group["subject_name"]))
        out.append(
            {
                **first,
                "count": len(names),
                "names": "、".join(names),
                "population_no_data": int(group.drop_duplicates("subject_code")["population_no_data"].sum()),
                "ask": _ask(by_id[str(rule_id)]),
            }
        )
    return out


class _Sheet:
    """One sheet in the form of an official attachment; keeps the row to write next."""

    def __init__(self, book: xlsxwriter.Workbook, formats: Formats, region: Region, tab: str, title: str) -> None:
        self.page, self.formats, self.region, self.title = book.add_worksheet(tab), formats, region, title
        self.row = 0
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        self.page.fit_to_pages(1, 0)
        self.page.center_horizontally()
        self.page.set_footer("&L&8fugai " + __version__ + "&C&9第 &P 页 共 &N 页")

    def _headings(self, columns: Sequence[Column]) -> None:
        """Write the title, who fills it in and when the data are of, and the two heading rows, repeated in print."""
        page, formats, last = self.page, self.formats, len(columns) - 1
        for at, column in enumerate(columns):
            page.set_column(at, at, column.width)
        page.write_string(0, 0, "附件", formats["line"])
        page.merge_range(1, 0, 1, last, "", formats["title"])
        page.write_string(1, 0, self.title, formats["title"])
        page.set_row(1, 26)
        page.set_row(3, _LINE_POINTS * 2 + 4)
        about = self.region.about
        page.write_string(
            2, 0, f"填报单位（盖章）：　　　　　　　　　　　　数据日期：{about.as_of or '未注明'}", formats["line"]
        )
        if about.notice:
            page.merge_range(3, 0, 3, last, "", formats["notice"])
            page.write_string(3, 0, f"{about.notice}。{about.accuracy}", formats["notice"])
        at = 0
        while at <= last:
            group, end = columns[at].group, at
            if not group:
                page.merge_range(4, at, 5, at, "", formats["head"])
                page.write_string(4, at, columns[at].heading, formats["head"])
            else:
                while end < last and columns[end + 1].group == group:
                    end += 1
                if end > at:
                    page.merge_range(4, at, 4, end, "", formats["head"])
                page.write_string(4, at, group, formats["head"])
                for each in range(at, end + 1):
                    page.write_string(5, each, columns[each].heading, formats["head"])
            at = end + 1
        page.set_row(5, 2 * _LINE_POINTS + 4)
        page.repeat_rows(4, 5)
        page.freeze_panes(6, 0)
        self.row = 6

    def _line(self, columns: Sequence[Column], row: Mapping[str, Any]) -> None:
        """Write one row, high enough for its longest text: office programs disagree on fitting wrapped rows."""
        cells = [column.cell(row) for column in columns]
        lines = [_lines(one, column.width) for one, column in zip(cells, columns, strict=True) if isinstance(one, str)]
        self.page.set_row(self.row, _LINE_POINTS * max(lines, default=1) + 4)
        for at, (value, column) in enumerate(zip(cells, columns, strict=True)):
            style = self.formats[column.style]
            if isinstance(value, str):
                self.page.write_string(self.row, at, value, style)
            else:
                self.page.write_number(self.row, at, value, style)
        self.row += 1

    def _merged(self, columns: Sequence[Column], text: str) -> None:
        self.page.merge_range(self.row, 0, self.row, len(columns) - 1, "", self.formats["text"])
        self.page.write_string(self.row, 0, text, self.formats["text"])
        self.row += 1

    def table(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], empty: str) -> None:
        """Write a table under its headings; `empty` is said where there is no row."""
        self._headings(columns)
        for number, row in enumerate(rows, 1):
            self._line(columns, {**row, "number": number})
        if not rows and empty:
            self._merged(columns, empty)

    def gap_list(self, rows: pd.DataFrame, rules: Rules) -> None:
        """Write the gaps by rule with a subtotal each, the 合计, and the signatures.

        People are summed within a rule only: the same resident may stand under several rules.
        """
        self._headings(_GAPS)
        people_at = next(at for at, one in enumerate(_GAPS) if one.heading.startswith("涉及人口"))
        number = 0
        for rule in rules.rules:
            mine = rows[rows["rule"] == rule.id].sort_values("subject_code", kind="stable")
            if not len(mine):
                continue
            start = self.row
            for row in records(mine):
                number += 1
                self._line(_GAPS, {**row, "number": number})
            total = sum(_short_people(row) for row in records(mine))
            self._total(f"小计：{rule.label}　{len(mine)} 项", people_at, (start, self.row - 1, total))
        if not number:
            self._merged(_GAPS, "没有缺口。")
        self._total(f"合计：{number} 项（同一居民可能涉及几个指标，各指标的人口不相加）", people_at, None)
        self.row += 1
        self.page.write_string(
            self.row, 0, "填表人：　　　　　　　　审核人：　　　　　　　　填报日期：", self.formats["line"]
        )

    def _total(self, text: str, people_at: int, summed: tuple[int, int, float] | None) -> None:
        style = self.formats["sum"]
        self.page.merge_range(self.row, 0, self.row, people_at - 1, "", style)
        self.page.write_string(self.row, 0, text, style)
        for at in range(people_at, len(_GAPS)):
            self.page.write_blank(self.row, at, None, style)
        if summed:
            first, last, value = summed
            letter = xlsxwriter.utility.xl_col_to_name(people_at)
            formula = f"=SUM({letter}{first + 1}:{letter}{last + 1})"
            self.page.write_formula(self.row, people_at, formula, self.formats["sum_number"], value)
        self.row += 1


def _explain(sheet: _Sheet, rules: Rules) -> None:
    """Write what the numbers rest on: documents, parameters, assumptions, sources, hashes, version."""
    about, page, formats = sheet.region.about, sheet.page, sheet.formats
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 112)
    lines: list[tuple[str, str]] = [
        ("文件", f"{rules.document}（{rules.issued} 印发）；规则 {rules.id}"),
        ("数据", f"{about.name}，数据日期 {about.as_of or '未注明'}，坐标系 {sheet.region.crs}"),
        ("性质", about.notice or "用户数据"),
        ("边界精度", about.accuracy or "未注明"),
        ("四种状态", "达标；未达标（即缺口）；不作判断（条款未给数值，或只作参考口径）；无数据（列入待补数据清单）。"),
        ("人口", "已覆盖＋未覆盖＋不可达＝评估人口，分毫不差；因缺数据未能判断的人口不在分母内。"),
        ("最近机构", "村级为该村最远居民点的最近机构；乡镇及以上为最远的未覆盖居民点的最近机构；距离为直线距离。"),
    ]
    for rule in rules.rules:
        lines += [(f"假设 {rule.label}", text) for text in rule.assumptions]
    lines += [("假设（数据）", text) for text in about.assumptions]
    lines += [
        (
            "参数",
            f"{rule.id}（{reading.label}）："
            + "，".join(f"{key}={value}" for key, value in sorted(reading.params.items())),
        )
        for rule in rules.rules
        for reading in rule.readings
    ]
    lines += [("来源", text) for text in about.credits]
    lines += [("输入文件", f"{one.file}　{one.rows} 行　SHA-256 {one.sha256}") for one in sheet.region.sources]
    lines += [("版本", f"fugai {__version__}")]
    page.write_string(0, 0, "说明", formats["title"])
    for at, (label, text) in enumerate(lines, 2):
        page.set_row(at, _LINE_POINTS * max(_lines(text, 112), _lines(label, 18)) + 3)
        page.write_string(at, 0, label, formats["plain"])
        page.write_string(at, 1, text, formats["plain"])
