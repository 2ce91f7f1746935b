"""乡村方案附表.xlsx: the duty of each season beside the usual one, and the links beyond the planner's own limits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from planner import __version__
from planner.plans.chain import LEVELS
from planner.plans.rounds import USUAL, RoundsPlan, left_by_season, months_of, seasons_compared
from planner.text import WAY_CELLS, amount_text, count_text, hours_text
from scenarios.export.explain import write_explanations
from scenarios.export.plan_said import lines_of_plan, notice_of
from scenarios.export.plan_subcenters import BOOK_OPTIONS, measured, plain
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of
from scenarios.plans.rural import Report
from scenarios.plans.rural_tables import LINKS, Row, duties, rows_of
from scenarios.plans.words import amount, unit_word

MORE = "乡村方案附表.xlsx"
_NAME = "乡村医疗卫生服务方案附表"


def seasons_of(report: Report) -> Mapping[str, RoundsPlan]:
    """Return the rounds by season, those of the usual months first."""
    return {} if report.rounds is None else {USUAL: report.rounds, **report.seasons}


def compared(report: Report) -> list[Row]:
    """Return, by hospital and season, the month's sums and what they are more than usually; for the year where months are told."""
    if not report.seasons:
        return []
    table, months = seasons_compared(seasons_of(report)), months_of(report.asked.seasons)
    table = table.assign(months=0 if months is None else table["season"].map(dict(months)))
    for name in ("days", "km", "hours"):
        table[f"year_{name}"] = float("nan") if months is None else table[name] * table["months"]
    return rows_of(table)


def year(report: Report) -> str:
    """Return the whole year's sum in words; "" where a season does not tell its months."""
    months = months_of(report.asked.seasons) if report.seasons else None
    if months is None:
        return ""
    plans = seasons_of(report)
    days = sum(len(plans[name].days) * count for name, count in months.items())
    km, hours = (sum(getattr(plans[name], what) * count for name, count in months.items()) for what in ("km", "hours"))
    told = "、".join(f"{name} {count} 个月" for name, count in months.items())
    return f"全年（{told}）合计 {count_text(days)} 个队日，{amount_text(km * 1e6, 'mm')}，{hours_text(hours).zh}。"


def beyond(report: Report) -> list[Row]:
    """Return one row a village and link beyond its limit: cost and limit in minutes or kilometres, by how much."""
    chain, out = report.chain, []
    for row in rows_of(chain.villages):
        for level in (one for one in LEVELS if row[f"to_{one}_over"]):
            cost, most = amount(row[f"to_{level}_cost"], chain.unit), amount(chain.limits[level], chain.unit)
            out.append(
                {
                    **{name: row[name] for name in ("county_name", "town_name", "code", "name", "population")},
                    "level": level, "link": LINKS[level], "to": row[f"to_{level}_name"], "cost": cost, "limit": most, "by": cost - most,
                    "state": "不可达" if pd.isna(cost) else "超出",
                }
            )  # fmt: skip
    return out


def write_more(path: Path, report: Report) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(path, dict(BOOK_OPTIONS))
    book.set_properties({"title": _NAME, "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats, place, notice = formats_of(book), report.start.region.about.name, notice_of(report.start)

    def table(tab: str, heading: str, columns: Sequence[Column], rows: list[Any], notes: Sequence[str] = ()) -> None:
        sheet = Sheet(book, formats, report.start.region, tab, f"{place}{_NAME}：{heading}")
        sheet.table(columns, rows, notice, "没有。", notes)

    if report.seasons:
        said = [f"{one.said}" for one in report.asked.seasons]
        rest = "注：各季是同样的村、同样的卫生院，只有路况和上列各项不同。多＝比平时多。"
        table(
            "各季比较",
            "各季巡回比较（每月）",
            _COMPARED,
            compared(report),
            [rest, *said, *filter(None, [year(report)])],
        )
        for name, plan in seasons_of(report).items():
            rows = duties(replace(report, rounds=plan))
            table(f"值班表_{name}", f"巡回值班表（{name}，一个月）", _DUTY, rows, [_DUTY_NOTE])
        table("去不了的村", "各季巡回当天去不了的村", _left(report), _left_rows(report))
    if report.chain.limits:
        table("超出限度的环节", "五级链条中超出限度的环节", _beyond(report), beyond(report), [_BEYOND_NOTE])
    sheet = Sheet(book, formats, report.start.region, "说明", "说明")
    lines = [line for line in lines_of_plan(report.start, report.said) if not line[1].startswith("整数规划")]
    write_explanations(sheet, lines, notice)
    book.close()


_COMPARED = (
    Column("", "派出卫生院", 26, plain("hospital_name")),
    Column("", "季节", 10, plain("season"), "centre"),
    Column("每月", "巡到的村", 8, plain("villages"), "number"),
    Column("每月", "队日", 8, plain("days"), "number"),
    Column("每月", "需要队伍", 8, plain("teams"), "number"),
    Column("每月", "公里", 10, measured("km"), "kilometres"),
    Column("每月", "小时", 10, measured("hours"), "hours"),
    Column("比平时多", "村", 7, plain("villages_more"), "number"),
    Column("比平时多", "队日", 7, plain("days_more"), "number"),
    Column("比平时多", "队伍", 7, plain("teams_more"), "number"),
    Column("比平时多", "公里", 10, measured("km_more"), "rate"),
    Column("比平时多", "小时", 10, measured("hours_more"), "rate"),
)
_DUTY = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "派出卫生院", 20, plain("hospital_name")),
    Column("", "队伍", 5, plain("team"), "centre"),
    Column("", "第几个\n工作日", 7, plain("day"), "centre"),
    Column("", "当月\n第几次", 7, plain("visit"), "centre"),
    Column("", "出发", 6, plain("leave"), "centre"),
    Column("", "依次到村（到达时刻）", 58, plain("route")),
    Column("", "公里", 8, measured("km"), "kilometres"),
    Column("", "共计\n（小时）", 8, measured("hours"), "hours"),
    Column("", "回院", 7, plain("back"), "centre"),
)
_DUTY_NOTE = "注：工作日是当月第几个工作日，不是日历日；公里含回院的一段。路线是求得的好方案，未证明最少。"
_BEYOND_NOTE = "注：限度是规划人员的参数，条款没有给出数值；只作标注，不作判断。上一环节不可达而没有计算的，不在其中。"


def _left(report: Report) -> list[Column]:
    names, wide = list(seasons_of(report)), 134.0 - 18 - 24 - 22
    return [
        Column("", "乡镇（街道）", 18, plain("town_name")),
        Column("", "行政村", 24, plain("name")),
        Column("", "派出卫生院", 22, plain("hospital_name")),
        *(Column("去不了的原因", name, wide / len(names), plain(f"why_{at}")) for at, name in enumerate(names)),
    ]


def _left_rows(report: Report) -> list[Row]:
    plans = seasons_of(report)
    return [
        {**row, **{f"why_{at}": row[name] or "去得了" for at, name in enumerate(plans)}}
        for row in rows_of(left_by_season(plans))
    ]


def _beyond(report: Report) -> list[Column]:
    unit = unit_word(report.chain.unit)
    return [
        Column("", "县（区）", 12, plain("county_name"), "centre"),
        Column("", "乡镇（街道）", 18, plain("town_name")),
        Column("", "行政村", 24, plain("name")),
        Column("", "居民\n（人）", 9, plain("population"), "number"),
        Column("", "环节", 15, plain("link"), "centre"),
        Column("", "到哪一家", 24, plain("to")),
        Column(f"{unit}", "路程", 8, measured("cost"), WAY_CELLS[report.chain.unit]),
        Column(f"{unit}", "限度", 8, measured("limit"), WAY_CELLS[report.chain.unit]),
        Column(f"{unit}", "超出", 8, measured("by"), WAY_CELLS[report.chain.unit]),
        Column("", "状态", 8, plain("state"), "centre"),
    ]
