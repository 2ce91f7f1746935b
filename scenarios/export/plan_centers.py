"""社区中心方案.xlsx: 街道, communities, centres against the bounds, stations, conversions, community hospitals, 说明."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from planner import __version__
from planner.text import WAY_CELLS, count_text, exact_percent, exact_text, metres_text, people_text, share_text
from scenarios.export.explain import write_explanations
from scenarios.export.plan_said import lines_of_plan, notice_of
from scenarios.export.plan_subcenters import BOOK_OPTIONS, measured, plain
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of
from scenarios.plans.centers import Report
from scenarios.plans.centers_tables import (
    centers,
    communities,
    conversions,
    counties,
    hospitals,
    rooms,
    station_state,
    stations,
    total_state,
    towns,
)
from scenarios.plans.words import cost_word, unit_word

WORKBOOK = "社区中心方案.xlsx"


def whole(name: str) -> Any:
    """Return the cell of a whole number, a dash where there is none."""
    return lambda row: (
        row[name] if isinstance(row[name], str) else "—" if pd.isna(row[name]) else round(float(row[name]))
    )


def metres(row: Any) -> str | int:
    """Return the cell of whole metres; as text where only more digits tell that they are beyond the walk."""
    return str(row["metres_said"]) if "." in row["metres_said"] or row["metres_said"] == "—" else round(row["metres"])


def write_workbook(path: Path, report: Report) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(path, dict(BOOK_OPTIONS))
    title = "社区卫生服务中心布局方案"
    book.set_properties({"title": title, "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats, place, notice = formats_of(book), report.start.region.about.name, notice_of(report.start)

    def table(
        tab: str,
        heading: str,
        columns: Sequence[Column],
        rows: list[Any],
        notes: Sequence[str] = (),
        empty: str = "没有。",
    ) -> None:
        sheet = Sheet(book, formats, report.start.region, tab, f"{place}{title}：{heading}")
        sheet.table(columns, rows, notice, empty, notes)

    table("县区总览", "各县（区）总览", _counties(report), counties(report), _county_notes(report))
    table("街道清单", "各街道（镇）现有、需要、建议", _TOWNS, towns(report), _town_notes(report))
    table("社区归属", "各社区由哪所中心服务", _communities(report), communities(report), [_community_note(report)])
    table("中心负荷", "各中心的服务人口与上下限", _CENTERS, centers(report), [_CENTERS_NOTE])
    if report.spare is not None:
        table("余量", "离上限还有多少余量", _rooms(report), rooms(report), [_rooms_note(report)])
    table(
        "服务站",
        "步行范围外的社区与服务站",
        _STATIONS,
        stations(report),
        _station_notes(report),
        "全部社区都在步行范围内。",
    )
    known = report.plan.conversions.known
    empty = "没有可转型的卫生院。" if known else "无数据：没有撤并对照表（--crosswalk），不推断。"
    table("卫生院转型", "撤并为街道的乡镇卫生院转型", _CONVERSIONS, conversions(report), [], empty)
    table("社区医院", "社区医院推荐", _HOSPITALS, hospitals(report), [_hospital_note(report)])
    sheet = Sheet(book, formats, report.start.region, "说明", "说明")
    write_explanations(sheet, lines_of_plan(report.start, report.said), notice)
    book.close()


def _counties(report: Report) -> list[Column]:
    unit = report.plan.unit
    return [
        Column("", "县（区）", 11, plain("name"), "centre"),
        Column("", "社区（村）\n（个）", 9, plain("communities"), "number"),
        Column("", "服务对象\n（人）", 10, plain("population"), "number"),
        Column("中心（所）", "现有", 7, whole("present"), "number"),
        Column("中心（所）", "新设", 7, whole("new"), "number"),
        Column("", "不足下限\n（人）", 9, whole("short"), "number"),
        Column("", f"到中心人均{cost_word(unit)}\n（{unit_word(unit)}）", 12, measured("mean"), WAY_CELLS[unit]),
        Column("", "新设站\n（个）", 8, whole("stations"), "number"),
        Column("", "状态", 26, plain("state"), "centre"),
        Column("", "没有方案的原因、最小的改动", 35, lambda row: row["why"] or "—"),
    ]


def _county_notes(report: Report) -> list[str]:
    task = report.plan.task
    notes = [
        f"全市：{total_state(report)}。新设中心先求最少，再求到中心的路程合计最少。每所中心服务 {count_text(task.lower)}～{people_text(task.upper)}：上限必须满足，"
        + ("下限也必须满足。" if task.hard else "下限可以不足，注“可合并”，不算缺口。"),
        "“最优（已证明）”指在这些候选点、相邻关系和参数下没有更好的方案；“可行方案”没有证明，另给下界和差距。",
        "个数和布局各有各的证明：“个数最少”指更少的中心不行，“布局最优”指这么多中心时没有更好的布局，差距只说布局。",
    ]
    notes += [text for label, text in report.said if label == "没有路"]
    if report.failed:
        notes.append("没有方案的县（区）不写改动，其余各县（区）照常列出。")
    return notes


_TOWNS = (
    Column("", "县（区）", 7.5, plain("county_name"), "centre"),
    Column("", "街道（镇）", 11.5, plain("name")),
    Column("", "居民\n（人）", 8, plain("population"), "number"),
    Column("现状", "中心\n（所）", 5.5, plain("present"), "centre"),
    Column("现状", "由谁服务", 15.5, plain("today")),
    Column("现状", "负荷\n（人）", 8.5, whole("load"), "number"),
    Column("现状", "提示", 7, plain("advice_said"), "centre"),
    Column("条款", "条件一：\n有中心", 7.5, plain("present_said"), "centre"),
    Column("条款", "条件二：\n人口以内", 7.5, plain("load_said"), "centre"),
    Column("条款", "或", 7, plain("said"), "centre"),
    Column("方案", "新增\n（所）", 5.5, plain("needed"), "centre"),
    Column("方案", "建议", 21, plain("proposal_said")),
    Column("方案", "负荷\n（人）", 8.5, whole("load_planned"), "number"),
    Column("方案", "按片区", 7, plain("planned_said"), "centre"),
    Column("方案", "方案后\n评估", 7, plain("after_said"), "centre"),
    Column("", "代码", 10, plain("code"), "small", printed=False),
    Column("", "数据", 6, plain("estimated_said"), "small", printed=False),
)


def _town_notes(report: Report) -> list[str]:
    clause = report.rule.clause
    notes = [
        f"注：条款“{clause.quote}”的两个条件满足其一即可（“或”列）。负荷是服务本街道的各中心里最大的服务人口；“超负荷”“可合并”是提示，不算缺口。几所中心合一个片区的，方案负荷按每所平均。",
        "“按片区”是方案的片区划分落实以后；“方案后评估”是 fugai 评估在方案改动之后的结果：方案写明由谁服务的社区照方案的片区，没有写明的由本街道的中心服务，本街道没有的由同县（区）最近的中心服务。两者不同的，须核对服务关系（签约、分片）。",
    ]  # fmt: skip
    differ = [row["name"] for row in towns(report) if row["planned_said"] == "符合" and row["after_said"] == "不符合"]
    return [*notes, f"两者不同的：{'、'.join(differ)}。"] if differ else notes


def _communities(report: Report) -> list[Column]:
    unit = report.plan.unit
    return [
        Column("", "序号", 5, plain("number"), "centre"),
        Column("社区（村）", "县（区）", 7.5, plain("county_name"), "centre"),
        Column("社区（村）", "街道（镇）", 11, plain("town_name")),
        Column("社区（村）", "名称", 20, plain("name")),
        Column("社区（村）", "居民\n（人）", 8, plain("population"), "number"),
        Column("服务中心", "现状", 19, plain("today")),
        Column("服务中心", "方案", 21, plain("planned")),
        Column("服务中心", "变动", 5, plain("moved"), "centre"),
        Column("服务中心", "占负荷", 7, plain("share"), "centre"),
        Column("服务中心", f"路程\n（{unit_word(unit)}）", 7.5, measured("way"), WAY_CELLS[unit]),
        Column("步行到最近的中心或站", "米", 7, metres, "number"),
        Column("步行到最近的中心或站", "分钟", 6.5, plain("minutes_said"), "centre"),
        Column("步行到最近的中心或站", "服务站", 9, plain("station_said"), "centre"),
        Column("", "代码", 13, plain("id"), "small", printed=False),
        Column("", "数据", 6, plain("estimated_said"), "small", printed=False),
        Column("", "没有路的居民", 8, lambda row: row["unreached"] or "", "small", printed=False),
    ]


def _community_note(report: Report) -> str:
    task = report.plan.task
    return (
        f"注：路程按居民加权，到方案的中心；步行按每小时 {exact_text(task.walk_kmh)} 公里，到最近的中心或站（含方案新设的中心，不含拟设的站），超过 {exact_text(task.station_minutes)} 分钟的为步行外。"
        "镇上的社区只算城镇居民（乡村居民由卫生院服务）。“占负荷”＝本社区居民÷方案中心的服务人口。"
    )


_CENTERS = (
    Column("", "县（区）", 7.5, plain("county_name"), "centre"),
    Column("", "中心", 27, plain("name")),
    Column("", "所在社区", 18, plain("home")),
    Column("", "来历", 9, plain("origin_said"), "centre"),
    Column("现状", "服务人口", 9, whole("today"), "number"),
    Column("现状", "提示", 7, lambda row: row["advice_today_said"] or "—", "centre"),
    Column("方案", "服务人口", 9, whole("load"), "number"),
    Column("方案", "社区\n（个）", 6, plain("communities"), "number"),
    Column("方案", "下限", 8, plain("lower"), "number"),
    Column("方案", "上限", 8.5, plain("upper"), "number"),
    Column("方案", "占上限", 7.5, plain("used"), "centre"),
    Column("方案", "余量\n（人）", 8, whole("left"), "number"),
    Column("方案", "不足\n（人）", 7.5, plain("short"), "number"),
    Column("方案", "提示", 7, lambda row: row["advice_said"] or "—", "centre"),
    Column("", "编号", 14, plain("id"), "small", printed=False),
    Column("", "说明", 24, plain("note"), "small", printed=False),
)
_CENTERS_NOTE = "注：现状按就近归属（本街道的中心，没有的由同县区最近的中心）；方案按整社区、相连成片的片区。“可合并”＝不足下限，是提示，不算缺口。"


def _rooms(report: Report) -> list[Column]:
    then = f"每所留 {exact_percent(report.asked.spare)} 余量的方案"
    return [
        Column("", "县（区）", 9, plain("name"), "centre"),
        Column("按上限的方案", "新设\n（所）", 6, whole("new"), "number"),
        Column("按上限的方案", "最满的中心", 27, plain("fullest")),
        Column("按上限的方案", "服务人口", 9, whole("load"), "number"),
        Column("按上限的方案", "余量\n（人）", 8, whole("left"), "number"),
        Column("按上限的方案", "余量占\n上限", 8, lambda row: share_text(row["left_share"]), "centre"),
        Column("", "人口为估算\n的比例", 9, plain("estimated"), "centre"),
        Column(then, "新设\n（所）", 6, whole("spare_new"), "number"),
        Column(then, "最满的\n服务人口", 9, whole("spare_load"), "number"),
        Column(then, "新设在哪里", 30, plain("spare_named")),
        Column(then, "状态", 20, plain("spare_state")),
    ]


def _rooms_note(report: Report) -> str:
    share = exact_percent(report.asked.spare)
    return (
        f"注：人口多为估算，离上限很近的方案，人口稍多就超过上限。右边是每所离上限至少留 {share} 的方案（{share} 是规划人员的参数，假设，"
        "--spare 可改，不是条款的要求），可行的写在 方案_留余量.yaml。几所中心合一个片区的，服务人口、上限都是合计。"
    )


_STATIONS = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "县（区）", 8, plain("county_name"), "centre"),
    Column("", "街道（镇）", 13, plain("town_name")),
    Column("", "社区（村）", 28, plain("name")),
    Column("", "居民\n（人）", 10, plain("population"), "number"),
    Column("", "步行外\n（人）", 10, plain("beyond"), "number"),
    Column("最近的中心或站", "米", 10, metres, "number"),
    Column("最近的中心或站", "分钟", 10, plain("minutes_said"), "centre"),
    Column("", "建议", 36, plain("answer")),
    Column("", "代码", 13, plain("id"), "small", printed=False),
)


def _station_notes(report: Report) -> list[str]:
    task = report.plan.task
    return [
        f"{station_state(report)}：使每个社区到中心或站步行不超过 {exact_text(task.station_minutes)} 分钟（每小时 {exact_text(task.walk_kmh)} 公里，{metres_text(report.plan.stations.limit / 1000)}）。候选＝各社区点（假设）。"
    ]


_CONVERSIONS = (
    Column("", "县（区）", 9, plain("county_name"), "centre"),
    Column("", "卫生院", 30, plain("name")),
    Column("", "旧代码", 13, plain("old_code"), "centre"),
    Column("", "现代码", 13, plain("new_code"), "centre"),
    Column("", "年份", 8, lambda row: str(row["year"]), "centre"),
    Column("", "理由", 40, plain("why")),
    Column("", "在方案里", 20, plain("used"), "centre"),
)
_HOSPITALS = (
    Column("", "名次", 6, plain("place"), "centre"),
    Column("", "中心", 34, plain("name")),
    Column("", "服务人口", 10, whole("load"), "number"),
    Column("", "可及人口", 10, whole("reached"), "number"),
    Column("", "床位", 9, plain("beds_said"), "centre"),
    Column("", "推荐", 8, lambda row: row["said"] or "—", "centre"),
    Column("", "理由", 55, plain("why")),
)


def _hospital_note(report: Report) -> str:
    share, table = report.plan.task.hospital_share, report.plan.hospitals
    if not share:
        return "这套规则没有社区医院的比例（可用 --hospital-share 指定），不作推荐。"
    return (
        f"注：比例 {share_text(share)} × {len(table)} 所中心（含新设）＝{exact_text(share * len(table))}，{'' if (share * len(table)).is_integer() else '向上取整，'}取 {int(table['chosen'].sum())} 所。按服务人口、可及人口（以它为最近中心的居民）、床位三项名次之和从小到大，"
        "已是社区医院的优先；没有数据的不计名次。排序方法是假设，只作推荐。"
    )
