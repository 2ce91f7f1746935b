"""急救站方案.xlsx: how many more stations, the curve, the sites, who is left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from planner import __version__
from planner.text import coordinate_text, exact_percent
from scenarios.export.explain import write_explanations
from scenarios.export.plan_said import lines_of_plan, notice_of
from scenarios.export.plan_subcenters import BOOK_OPTIONS, plain
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of
from scenarios.plans.emergency import Report
from scenarios.plans.emergency_tables import curve, left_out, overview, sites

WORKBOOK = "急救站方案.xlsx"


def write_workbook(path: Path, report: Report) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(path, dict(BOOK_OPTIONS))
    title = "急救站布局方案"
    book.set_properties({"title": title, "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats, place, notice = formats_of(book), report.start.region.about.name, notice_of(report.start)

    def table(tab: str, heading: str, columns: Sequence[Column], rows: list[Any], notes: Sequence[str] = ()) -> None:
        sheet = Sheet(book, formats, report.start.region, tab, f"{place}{title}：{heading}")
        sheet.table(columns, rows, notice, "没有。", notes)

    table("方案总览", "还要新增几处", _overview(report), overview(report), [_OVERVIEW_NOTE, *report.told])
    table("新增曲线", "新增几处、多覆盖多少人", _CURVE, curve(report), [_curve_note(report)])
    table("新增站点", "新增的站点", _SITES, sites(report), [_SITES_NOTE])
    table("够不着的居民点", "任何候选点都够不着的居民点", _LEFT, left_out(report), [_LEFT_NOTE])
    sheet = Sheet(book, formats, report.start.region, "说明", "说明")
    write_explanations(sheet, lines_of_plan(report.start, report.said), notice)
    book.close()


def _overview(report: Report) -> list[Column]:
    shares = [Column("覆盖到这个比例要新增（处）", exact_percent(one), 8, _share(one), "centre") for one in report.plan.task.shares]  # fmt: skip
    return [
        Column("", "序号", 4, plain("number"), "centre"),
        Column("", "情形", 30, plain("case")),
        Column("", "性质", 10, plain("nature"), "centre"),
        Column("", "所问居民\n（人）", 8.5, plain("people"), "number"),
        Column("现状", "已覆盖\n（人）", 8.5, plain("covered"), "number"),
        Column("现状", "占比", 7, plain("share"), "centre"),
        Column("够得着的全部覆盖还要新增（处）", "至少", 9, plain("more"), "centre"),
        Column("够得着的全部覆盖还要新增（处）", "依托", 5, plain("hosted"), "centre"),
        Column("够得着的全部覆盖还要新增（处）", "独立", 5, plain("alone"), "centre"),
        *shares,
        Column("两处以上够得着", "现状", 7, plain("twice_today"), "centre"),
        Column("两处以上够得着", "新增后", 7, plain("twice"), "centre"),
        Column("", "够不着\n（人）", 8, plain("left"), "number"),
    ]


def _share(share: float) -> Any:
    return lambda row: row["shares"].get(share, "—")


_OVERVIEW_NOTE = (
    "注：“至少”是已证明的最少个数（未证明的写“可行方案”），已有急救站照常服务，不计在内；个数相同时先取依托多的，再取两处以上够得着的人多的。"
    "比例是占“所问居民”的比例，不先取依托。“从零新设”假设一处急救站也没有，只作对照。“够不着”的居民任何候选点都到不了，另表列名，不在“全部”之内。"
)
_CURVE = (
    Column("", "情形", 28, plain("case")),
    Column("", "性质", 10, plain("nature"), "centre"),
    Column("", "新增\n（处）", 5.5, plain("k"), "centre"),
    Column("", "覆盖人口\n（人）", 9, plain("covered"), "number"),
    Column("", "占比", 7, plain("share"), "centre"),
    Column("", "多一处\n多覆盖（人）", 9.5, plain("gain"), "centre"),
    Column("", "证明", 11, plain("state"), "centre"),
    Column("", "比前一行", 22, plain("swapped")),
    Column("", "谁受益", 32, plain("who")),
)


def _curve_note(report: Report) -> str:
    long = [one.asked.label for one in report.plan.cases if one.steps and len(one.least.chosen) > one.steps[-1].p]
    cut = (
        f"下列情形全部覆盖需要更多，曲线只列到 {report.plan.task.most} 处（--most 可加）：{'；'.join(long)}。"
        if long
        else ""
    )
    return f"注：每一行是新增这么多处时覆盖人口最多的方案，一样多时能依托的取依托；最后一行覆盖全部够得着的居民时，就是总览的方案；个数不同的方案不一定一层套一层。{cut}"


_SITES = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "情形", 30, plain("case")),
    Column("", "性质", 10, plain("nature"), "centre"),
    Column("新增站点", "县（区）", 8, plain("county_name"), "centre"),
    Column("新增站点", "乡镇（街道）", 12, plain("town_name")),
    Column("新增站点", "设在", 18, plain("name")),
    Column("新增站点", "方式", 9, plain("host"), "centre"),
    Column("位置（度）", "经度", 8, lambda row: coordinate_text(row["lon"]), "centre"),
    Column("位置（度）", "纬度", 8, lambda row: coordinate_text(row["lat"]), "centre"),
    Column("限度内居民（人）", "合计", 8.5, plain("near"), "number"),
    Column("限度内居民（人）", "现状\n够不着", 8.5, plain("new"), "number"),
    Column("限度内居民（人）", "只靠它", 8.5, plain("alone"), "number"),
    Column("", "编号", 16, plain("id"), "small", printed=False),
)
_SITES_NOTE = (
    "注：独立的站点是格网上的点，只表示大致位置，选址要再踏勘；“只靠它”＝方案里没有第二处（含已有站）够得着的居民。"
)
_LEFT = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "情形", 40, plain("case")),
    Column("居民点", "县（区）", 11, plain("county_name"), "centre"),
    Column("居民点", "乡镇（街道）", 17, plain("town_name")),
    Column("居民点", "村（社区）", 26, plain("name")),
    Column("居民点", "人口\n（人）", 9, plain("population"), "number"),
    Column("", "原因", 24, plain("why"), "centre"),
)
_LEFT_NOTE = "注：这些居民点所有候选点都设站也够不着；要加密格网（--grid）、修路，或用别的办法（如流动急救）。"
