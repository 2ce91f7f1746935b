"""乡村方案.xlsx: each village and why, sums by kind, the duty of the rounds, the chain, numbers against the clause's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from planner import __version__
from planner.plans.rural import KINDS, SUBSTITUTES
from planner.text import WAY_CELLS, clock_text, number_text, people_text, share_text
from scenarios.export.explain import write_explanations
from scenarios.export.plan_said import lines_of_plan, notice_of
from scenarios.export.plan_subcenters import BOOK_OPTIONS, measured, plain
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of
from scenarios.plans.rural import Report
from scenarios.plans.rural_tables import (
    LINKS,
    changed,
    counts,
    duties,
    kinds_shown,
    left,
    new_word,
    owed,
    sums,
    teams,
    town_sums,
    towns,
    villages,
)
from scenarios.plans.words import cost_word, unit_word

WORKBOOK = "乡村方案.xlsx"
SHORT = {"clinic": "村卫生室", "round": "巡回", "mobile": "移动", "neighbour": "邻（联）村", "stay": "驻村", "unvisited": "巡回\n去不了", "new_clinic": "新建", "no_data": "无数据"}  # fmt: skip
_PAPER = 134.0


def write_workbook(path: Path, report: Report) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(path, dict(BOOK_OPTIONS))
    title = "乡村医疗卫生服务方案"
    book.set_properties({"title": title, "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats, place, notice = formats_of(book), report.start.region.about.name, notice_of(report.start)

    def table(tab: str, heading: str, columns: Sequence[Column], rows: list[Any], notes: Sequence[str] = ()) -> None:
        sheet = Sheet(book, formats, report.start.region, tab, f"{place}{title}：{heading}")
        sheet.table(columns, rows, notice, "没有。", notes)

    table("各类合计", "行政村各类服务方式合计", _sums(report, "县（区）"), sums(report), [_sums_note(report)])
    table("各乡镇合计", "各乡镇行政村服务方式合计", _sums(report, "乡镇（街道）"), town_sums(report))
    table("村级清单", "村级清单", _villages(report), villages(report), [_village_note(report)])
    told = [one.zh for one in report.told]
    if report.rounds is None:
        table("巡回值班表", "巡回值班表", _DUTY, [], told)
    else:
        table("巡回值班表", "巡回值班表（一个月）", _DUTY, duties(report), [_duty_note(report)])
        table("巡回队伍", "派出巡回的卫生院", _TEAMS, teams(report), [_TEAMS_NOTE])
        missed = left(report)
        table("巡回去不了的村", "巡回当天去不了的村", _LEFT, missed, [_LEFT_NOTE] if missed else [])
    table("五级链条", "各乡镇的五级链条：村→乡镇→次中心→县→市", _towns(report), towns(report), _chain_notes(report))
    if report.changes is not None:
        table(
            "链条变化",
            f"“{report.start.base.scenario.name}”对链条的改变",
            _changes(report),
            changed(report),
            [_CHANGES_NOTE],
        )
    table("有无与达标", "每个乡镇、行政村应有的机构：有无、达标", _OWED, owed(report), [_OWED_NOTE])
    table("数量差异", "与条款所列数量的差异", _COUNTS, counts(report), [_COUNTS_NOTE])
    sheet = Sheet(book, formats, report.start.region, "说明", "说明")
    lines = [line for line in lines_of_plan(report.start, report.said) if not line[1].startswith("整数规划")]
    write_explanations(sheet, lines, notice)
    book.close()


def _sums(report: Report, place: str) -> list[Column]:
    kinds = kinds_shown(report)
    own = [one for one in kinds if one in SUBSTITUTES]
    others = [one for one in kinds if one not in SUBSTITUTES and one != "clinic"]
    by_town = place != "县（区）"
    wide = (_PAPER - (8.5 if by_town else 0) - 8.5 - 8 - 7.5 - 9 * 3 - 8.5) / (len(kinds) + 3)
    wide = min(wide, 9.0)

    def column(group: str, heading: str, name: str) -> Column:
        return Column(group, heading, wide, plain(name), "number")

    return [
        *([Column("", "县（区）", 8.5, plain("county_name"), "centre")] if by_town else []),
        Column("", place, 14, plain("name"), "text" if by_town else "centre"),
        column("行政村（个）", "全部", "villages"),
        column("行政村（个）", "村卫生室", "clinic"),
        column("替代服务（个，另计）", "小计", "substitute"),
        *(column("替代服务（个，另计）", SHORT[one], one) for one in own),
        *(column(f"未落实（新建＝{new_word(report)}）", SHORT[one], one) for one in others),
        column("村卫生室＋替代服务", "个", "served"),
        Column("村卫生室＋替代服务", "占比", 8, plain("served_share"), "centre"),
        Column("居民（人）", "全部", 9.5, plain("population"), "number"),
        Column("居民（人）", "替代服务", 9, plain("substitute_people"), "number"),
        Column("居民（人）", f"新建{new_word(report)}", 9, plain("new_clinic_people"), "number"),
    ]


def _sums_note(report: Report) -> str:
    names = "、".join(KINDS[one].zh for one in report.plan.allowed.kinds)
    gap = "" if report.plan.judges else "条款不是本市的，或原文不作判断：“新建”只是建议，不算缺口。"
    lost = "＋巡回去不了" if "unvisited" in kinds_shown(report) else ""
    return (
        f"注：全部＝村卫生室＋替代服务{lost}＋新建＋无数据，每个行政村只计一次。“替代服务”限条款许可的几种（{names}），"
        f"由别的机构上门或就近提供，不是村卫生室，另行计数。{gap}"
    )


def _villages(report: Report) -> list[Column]:
    unit = unit_word(report.plan.unit)
    return [
        Column("", "序号", 5, plain("number"), "centre"),
        Column("行政村", "县（区）", 8, plain("county_name"), "centre"),
        Column("行政村", "乡镇（街道）", 12.5, plain("town_name")),
        Column("行政村", "名称", 20, plain("name")),
        Column("行政村", "居民\n（人）", 7.5, plain("population"), "number"),
        Column("服务方式", "方式", 11, plain("label"), "centre"),
        Column("服务方式", "承担机构", 17, plain("host_name")),
        Column("服务方式", f"路程\n（{unit}）", 7.5, measured("way"), WAY_CELLS[report.plan.unit]),
        Column("", "理由", 45.5, plain("why")),
        Column("", "村代码", 13, plain("code"), "small", printed=False),
        Column("", "位置", 6, plain("estimated_text"), "small", printed=False),
    ]


def _village_note(report: Report) -> str:
    start = "由村沿路" if "road_time" in report.travels else "由村按直线"
    return f"注：路程{start}到承担机构；设有村卫生室的不计。人口、距离的界线都是规划人员的参数，条款没有给出数值，见“说明”。"


_DUTY = (
    Column("", "序号", 4.5, plain("number"), "centre"),
    Column("", "派出卫生院", 19, plain("hospital_name")),
    Column("", "队伍", 5, plain("team"), "centre"),
    Column("", "第几个\n工作日", 6.5, plain("day"), "centre"),
    Column("", "当月\n第几次", 6, plain("visit"), "centre"),
    Column("", "出发", 6, plain("leave"), "centre"),
    Column("", "依次到村（到达时刻）", 54, plain("route")),
    Column("", "村数", 5, plain("villages"), "centre"),
    Column("", "公里", 7.5, measured("km"), "kilometres"),
    Column("", "行车\n（分钟）", 7.5, measured("drive_min"), "minutes"),
    Column("", "共计\n（小时）", 7, measured("hours"), "hours"),
    Column("", "回院", 6, plain("back"), "centre"),
)


def _duty_note(report: Report) -> str:
    task = report.asked.rounds
    return (
        f"注：每村每月 {task.visits} 次，一天自 {clock_text(task.start * 60)} 起、往返和服务共不超过 {number_text(task.day_minutes / 60)} 小时；"
        "工作日是当月第几个工作日，不是日历日。公里、行车含回院的一段。路线是求得的好方案，未证明最少。"
    )


_TEAMS = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "派出卫生院", 26, plain("hospital_name")),
    Column("", "巡回的村", 12, plain("villages"), "centre"),
    Column("", "巡一遍要\n几个队日", 13, plain("days_a_round"), "centre"),
    Column("", "需要队伍\n（支）", 13, plain("teams"), "centre"),
    Column("", "够不够", 13, plain("state"), "centre"),
    Column("一个月合计", "队日", 12, plain("days"), "centre"),
    Column("一个月合计", "公里", 14, measured("km"), "kilometres"),
    Column("一个月合计", "小时", 14, measured("hours"), "hours"),
)
_TEAMS_NOTE = "注：一支队伍一天出一次；两次巡回之间的工作日排不下的，需要再加队伍，或减少次数、改由别的方式服务。"
_LEFT = (
    Column("", "序号", 5, plain("number"), "centre"),
    Column("", "乡镇（街道）", 24, plain("town_name")),
    Column("", "行政村", 34, plain("name")),
    Column("", "派出卫生院", 28, plain("hospital_name")),
    Column("", "原因", 42, plain("why")),
)
_LEFT_NOTE = "注：这些村在“各类合计”里另列一栏，不算村卫生室，也不算替代服务：照现在的参数排不进日程，须改用别的方式或放宽一天的长度。"


def _towns(report: Report) -> list[Column]:
    unit = unit_word(report.chain.unit)
    group = f"人口加权平均（{unit}）"
    return [
        Column("", "县（区）", 7.5, plain("county_name"), "centre"),
        Column("", "乡镇（街道）", 12.5, plain("town_name")),
        Column("", "村数", 4.5, plain("villages"), "centre"),
        Column("", "居民\n（人）", 7.5, plain("population"), "number"),
        *(Column(group, text.replace("级医院", "").removeprefix("到"), 7.3, measured(f"to_{level}_mean"), WAY_CELLS[report.chain.unit]) for level, text in LINKS.items()),
        Column(group, "合计", 7.5, measured("total_mean"), WAY_CELLS[report.chain.unit]),
        Column("最远", f"{unit}", 7.5, measured("total_worst"), WAY_CELLS[report.chain.unit]),
        Column("最远", "村", 15, plain("worst_village")),
        Column("", "最薄弱\n环节", 9, plain("weakest_label"), "centre"),
        Column("县界外更近", "居民\n（人）", 7, plain("across"), "number"),
        Column("县界外更近", "哪一段、哪一家", 28, plain("across_said")),
    ]  # fmt: skip


def _chain_notes(report: Report) -> list[str]:
    word = cost_word(report.chain.unit)
    people = report.chain.villages
    lost = int(people.loc[people["unreachable"], "population"].sum())
    far = int(people.loc[people["across"], "population"].sum())
    total = int(people["population"].sum())
    share = share_text(far / total) if total else "—"
    note = (
        f"注：各段是从下一级机构起算的{word}，相加为合计；最薄弱环节取该乡镇最多居民的那一段。“—”是没有这一级或不可达。"
        f"县界外有更近机构的居民 {people_text(far)}（{share}），只作提示，链条仍在本县（区）之内；有一段不可达的居民 {people_text(lost)}。"
    )
    return [note, *([f"缺级：{'；'.join(one.zh for one in report.chain.missing)}。"] if report.chain.missing else [])]


def _changes(report: Report) -> list[Column]:
    unit = unit_word(report.chain.unit)
    near, total = f"到次中心或县级医院（平均，{unit}）", f"链条合计（平均，{unit}）"
    return [
        Column("", "县（区）", 10, plain("county_name"), "centre"),
        Column("", "乡镇（街道）", 14, plain("town_name")),
        Column("", "居民\n（人）", 9, plain("population"), "number"),
        Column(near, "现状", 11, measured("second_mean"), WAY_CELLS[report.chain.unit]),
        Column(near, "方案后", 11, measured("second_mean_after"), WAY_CELLS[report.chain.unit]),
        Column(near, "近了", 11, measured("gain"), "rate"),
        Column("", "更近的\n居民（人）", 9, plain("people_nearer"), "number"),
        Column("", "其中新\n可达（人）", 9, plain("people_reached"), "number"),
        Column(total, "现状", 11, measured("total_mean"), WAY_CELLS[report.chain.unit]),
        Column(total, "方案后", 11, measured("total_mean_after"), WAY_CELLS[report.chain.unit]),
        Column("最薄弱环节", "现状", 14, plain("weakest_label"), "centre"),
        Column("最薄弱环节", "方案后", 14, plain("weakest_after_label"), "centre"),
    ]


_CHANGES_NOTE = "注：“近了”只算前后都到得了的居民，原来到不了、现在到得了的另列。多一处次中心，链条多一站，合计可能变长而看病变近，所以两样都列。"
_OWED = (
    Column("", "指标", 34, plain("rule")),
    Column("", "范围", 16, plain("place"), "centre"),
    Column("", "单位", 30, plain("units")),
    Column("", "应有", 13, plain("judged"), "number"),
    Column("", "已有\n（达标）", 13, plain("met"), "number"),
    Column("", "差", 12, plain("lacking"), "number"),
    Column("", "状态", 14, plain("status"), "centre"),
)
_OWED_NOTE = "注：有无和达标分开；这里只数机构本身，不计替代服务。名录没有资料的写“无数据”，不算缺口。"
_COUNTS = (
    Column("", "机构", 20, plain("kind")),
    Column("条款", "原文", 30, plain("quote")),
    Column("条款", "语气", 27, plain("force")),
    Column("", "条款数量", 10, plain("wanted"), "number"),
    Column("现有", "在用", 10, plain("there"), "number"),
    Column("现有", "差异", 10, plain("difference"), "number"),
    Column("本方案", "新建", 10, plain("new"), "number"),
    Column("本方案", "新建后差异", 11, plain("after"), "number"),
)
_COUNTS_NOTE = "注：只是数量差异，不作判断：条款的数量按制定时的区划，现在的乡镇、行政村数目可能已经变了。"
