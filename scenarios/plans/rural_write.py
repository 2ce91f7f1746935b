"""The folder of a rural plan, written whole or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.csv_text import write_csv
from maps.rural import Duty, Host, Link, Route, Stop, Village
from maps.rural import rural_map as page_of
from planner.errors import Text
from planner.plans.chain import LEVELS, SHORT_LEVELS
from planner.plans.rounds import (
    USUAL,
    RoundsPlan,
    Season,
    base_of,
    in_season,
    left_by_season,
    months_of,
    seasons_compared,
)
from planner.plans.rural import KINDS, SUBSTITUTES
from planner.text import (
    WAY_CELLS,
    amount_text,
    clock_text,
    count_text,
    hours_text,
    number_text,
    people_text,
    share_text,
)
from scenarios.document import Col, Document, Table
from scenarios.export.folder import keep_apart
from scenarios.export.sheet import write_document
from scenarios.plans.rural import (
    LINKS,
    Report,
    Row,
    chain_villages,
    changed,
    counts,
    duties,
    kind_label,
    kinds_shown,
    left,
    new_word,
    owed,
    parameters,
    plan_report,
    proposals,
    rows_of,
    sums,
    teams,
    town_sums,
    towns,
    villages,
    weakest_text,
)
from scenarios.plans.start import PLAN_JSON, head, write_folder, write_plan_json
from scenarios.plans.words import amount, cost_word, furniture_of, open_edges, plan_document, unit_word
from scenarios.questions import RuralQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices, road_of

# The map of a rural plan: what was found, put as maps.rural shows it.

RURAL_MAP = "乡村方案地图.html"


def maps_of(report: Report) -> Iterable[tuple[str, str]]:
    """Yield (file name, page): the plan, and a page a season with its own rounds."""
    yield RURAL_MAP, rural_map(report)
    seasons = {one.name: one for one in report.asked.seasons}
    for name, rounds in report.seasons.items():
        page = rural_map(replace(report, rounds=rounds), seasons.get(name))
        yield RURAL_MAP.replace(".html", f"_{name}.html"), page


def _roads(report: Report, season: Season | None) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """Return which edges are open then, and what the legend calls the others ("": as usual)."""
    edges, graph = open_edges(report.start), report.start.region.roads
    if graph is None or season is None or not season.closed:
        return edges, ""
    road = road_of(graph, report.start.base.choices, by_time=False)
    return in_season(road, {}, season.closed).open_edges, f"封闭道路（含{season.name}另封闭的）"


def rural_map(report: Report, season: Season | None = None) -> str:
    """Return the page; with seasons the title names the one whose rounds it shows."""
    edges, closed = _roads(report, season)
    months = report.rounds.season if report.rounds is not None else ""
    title = f"乡村医疗卫生服务方案{f'（{months}巡回）' if months else ''}"
    around = furniture_of(report.start, title, report.said, f"人；{unit_word(report.plan.unit)}")
    shown = kinds_shown(report)
    lost = int((report.plan.villages["kind"] == "unvisited").sum())
    more = {"round": f"（其中 {lost} 个当天去不了）"} if lost else {}
    kinds = tuple((one, kind_label(report, one).zh + more.get(one, "")) for one in shown if _mark(one) == one)
    links = tuple((level, LINKS[level]) for level in LEVELS)
    told = "；".join(one.zh for one in report.told)
    return page_of(
        report.start.region,
        _villages(report),
        _hosts(report),
        _links(report),
        _duty(report),
        kinds,
        links,
        around,
        told,
        edges,
        closed,
    )


def _mark(kind: str) -> str:
    """Return the kind as whose mark a village is drawn: those that the rounds cannot visit are told in words."""
    return "round" if kind == "unvisited" else kind


def _villages(report: Report) -> list[Village]:
    chain = {row["code"]: row for row in rows_of(report.chain.villages)}
    unit = report.chain.unit
    out = []
    for row in rows_of(report.plan.villages):
        mine = chain[row["code"]]
        weakest = str(mine["weakest"])
        across = [
            f"{LINKS[level]}：{mine[f'to_{level}_across_name']}" for level in LEVELS if mine[f"to_{level}_across"]
        ]
        links = [
            f"{LINKS[one]} {amount_text(mine[f'to_{one}_cost'], unit)}{'（超出限度）' if mine[f'to_{one}_over'] else ''}"
            for one in LEVELS
            if mine[f"to_{one}"]
        ]
        out.append(
            Village(
                code=row["code"], name=row["name"], county=row["county_name"], town=row["town_name"],
                people=int(row["population"]), kind=_mark(row["kind"]), host=row["host_name"], why=row["why"],
                chain="，".join(links), weakest=weakest_text(weakest), across="；".join(across),
                lon=row["lon"], lat=row["lat"],
            )
        )  # fmt: skip
    return out


def _hosts(report: Report) -> list[Host]:
    """Return the hospitals that serve a village in place of a clinic."""
    frame = report.start.region.facilities
    mine = report.plan.villages[report.plan.villages["group"] == "substitute"]
    counts = mine.groupby("host").size().to_dict()
    own = frame[frame["id"].isin(list(counts)) & (frame["kind"] != "village_clinic")].sort_values("id")
    return [
        Host(row["id"], row["name"], row["kind"], int(counts[row["id"]]), float(row["lon"]), float(row["lat"]))
        for row in rows_of(own[["id", "name", "kind", "lon", "lat"]])
    ]


def _links(report: Report) -> list[Link]:
    unit = report.chain.unit
    said = {str(row["town_code"]): row for row in towns(report)}
    out = []
    for row in rows_of(report.chain.towns):
        means = tuple(
            (LINKS[level], amount_text(row[f"to_{level}_mean"], unit))
            for level in LEVELS
            if not pd.isna(row[f"to_{level}_mean"])
        )
        more = (
            ("合计（平均）", amount_text(row["total_mean"], unit)),
            (
                "最远的村",
                f"{row['worst_village']}，{amount_text(row['total_worst'], unit)}" if row["worst_village"] else "—",
            ),
            ("县界外更近", str(said[str(row["town_code"])]["across_said"])),
            *([("有环节超出限度", people_text(row["over"]))] if report.chain.limits else []),
        )
        out.append(
            Link(
                code=str(row["town_code"]), name=str(row["town_name"]), county=str(row["county_name"]), weakest=str(row["weakest"]),
                villages=int(row["villages"]), people=people_text(row["population"]),
                total=amount_text(row["total_mean"], unit), said=(*means, *more),
            )
        )  # fmt: skip
    return out


def _duty(report: Report) -> Duty | None:
    plan = report.rounds
    if plan is None or not len(plan.days):
        return None
    first = plan.days[plan.days["visit"] == 1]
    routes = [_route(plan, row) for row in rows_of(first)]
    left = [f"{row['name']}：{row['why']}" for row in rows_of(plan.left)]
    return Duty(tuple(routes), tuple(left))


def _route(plan: RoundsPlan, row: dict[str, object]) -> Route:
    """Return one day out: its days of the month, its stops, its legs."""
    same = (plan.stops["hospital"] == row["hospital"]) & (plan.stops["team"] == row["team"])
    stops = plan.stops[same & (plan.stops["day"] == row["day"])].sort_values("order")
    base = base_of(str(row["hospital"]))
    codes = [base, *map(str, stops["code"]), base]
    mine = plan.stops[same & (plan.stops["code"] == codes[1])]["day"]
    legs = [plan.ways[pair].line for pair in pairwise(codes) if pair in plan.ways]
    return Route(
        hospital=str(row["hospital"]),
        hospital_name=str(row["hospital_name"]),
        team=int(str(row["team"])),
        days=tuple(int(one) for one in sorted(mine)),
        km=float(str(row["km"])),
        hours=float(str(row["hours"])),
        back=str(row["back"]),
        stops=tuple(
            Stop(str(one["code"]), str(one["arrive"]), str(one["leave"]), float(one["km"])) for one in rows_of(stops)
        ),
        legs=tuple(legs),
    )


# 乡村方案附表.xlsx: the duty of each season beside the usual one, and the links beyond the planner's own limits.

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


def rounds_document(report: Report) -> Document:
    """Return the second document of the plan: the seasons beside each other, and the links beyond their limits."""
    tables: list[Table] = []
    if report.seasons:
        seasons = [season.said for season in report.asked.seasons]
        rest = "注：各季是同样的村、同样的卫生院，只有路况和上列各项不同。多＝比平时多。"
        notes = [rest, *seasons, *filter(None, [year(report)])]
        tables.append(Table("各季比较", "各季巡回比较（每月）", _COMPARED, compared(report), notes))
        for name, plan in seasons_of(report).items():
            rows = duties(replace(report, rounds=plan))
            tables.append(Table(f"值班表_{name}", f"巡回值班表（{name}，一个月）", _DUTY, rows, [_DUTY_NOTE]))
        tables.append(Table("去不了的村", "各季巡回当天去不了的村", _left(report), _left_rows(report)))
    if report.chain.limits:
        tables.append(
            Table("超出限度的环节", "五级链条中超出限度的环节", _beyond(report), beyond(report), [_BEYOND_NOTE])
        )
    return plan_document(report.start, _NAME, report.said, tables, solved=False)


_COMPARED = (
    Col("hospital_name", "派出卫生院", 26),
    Col("season", "季节", 10, "centre"),
    Col("villages", "巡到的村", 8, "number", group="每月"),
    Col("days", "队日", 8, "number", group="每月"),
    Col("teams", "需要队伍", 8, "number", group="每月"),
    Col("km", "公里", 10, "kilometres", group="每月"),
    Col("hours", "小时", 10, "hours", group="每月"),
    Col("villages_more", "村", 7, "number", group="比平时多"),
    Col("days_more", "队日", 7, "number", group="比平时多"),
    Col("teams_more", "队伍", 7, "number", group="比平时多"),
    Col("km_more", "公里", 10, "rate", group="比平时多"),
    Col("hours_more", "小时", 10, "rate", group="比平时多"),
)
_DUTY = (
    Col("number", "序号", 5, "centre"),
    Col("hospital_name", "派出卫生院", 20),
    Col("team", "队伍", 5, "centre"),
    Col("day", "第几个\n工作日", 7, "centre"),
    Col("visit", "当月\n第几次", 7, "centre"),
    Col("leave", "出发", 6, "centre"),
    Col("route", "依次到村（到达时刻）", 58),
    Col("km", "公里", 8, "kilometres"),
    Col("hours", "共计\n（小时）", 8, "hours"),
    Col("back", "回院", 7, "centre"),
)
_DUTY_NOTE = "注：工作日是当月第几个工作日，不是日历日；公里含回院的一段。路线是求得的好方案，未证明最少。"
_BEYOND_NOTE = "注：限度是规划人员的参数，条款没有给出数值；只作标注，不作判断。上一环节不可达而没有计算的，不在其中。"


def _left(report: Report) -> list[Col]:
    names, wide = list(seasons_of(report)), 134.0 - 18 - 24 - 22
    return [
        Col("town_name", "乡镇（街道）", 18),
        Col("name", "行政村", 24),
        Col("hospital_name", "派出卫生院", 22),
        *(Col(f"why_{at}", name, wide / len(names), group="去不了的原因") for at, name in enumerate(names)),
    ]


def _left_rows(report: Report) -> list[Row]:
    plans = seasons_of(report)
    return [
        {**row, **{f"why_{at}": row[name] or "去得了" for at, name in enumerate(plans)}}
        for row in rows_of(left_by_season(plans))
    ]


def _beyond(report: Report) -> list[Col]:
    unit = unit_word(report.chain.unit)
    return [
        Col("county_name", "县（区）", 12, "centre"),
        Col("town_name", "乡镇（街道）", 18),
        Col("name", "行政村", 24),
        Col("population", "居民\n（人）", 9, "number"),
        Col("link", "环节", 15, "centre"),
        Col("to", "到哪一家", 24),
        Col("cost", "路程", 8, WAY_CELLS[report.chain.unit], group=f"{unit}"),
        Col("limit", "限度", 8, WAY_CELLS[report.chain.unit], group=f"{unit}"),
        Col("by", "超出", 8, WAY_CELLS[report.chain.unit], group=f"{unit}"),
        Col("state", "状态", 8, "centre"),
    ]


# 乡村方案.xlsx: each village and why, sums by kind, the duty of the rounds, the chain, numbers against the clause's.

WORKBOOK = "乡村方案.xlsx"
SHORT = {"clinic": "村卫生室", "round": "巡回", "mobile": "移动", "neighbour": "邻（联）村", "stay": "驻村", "unvisited": "巡回\n去不了", "new_clinic": "新建", "no_data": "无数据"}  # fmt: skip
_PAPER = 134.0


def document_of(report: Report) -> Document:
    """Return the plan's document."""
    unknown = [text.zh for text in report.told]
    if report.rounds is None:
        rounds = [Table("巡回值班表", "巡回值班表", _DUTY_COLUMNS, [], unknown)]
    else:
        missed = left(report)
        rounds = [
            Table("巡回值班表", "巡回值班表（一个月）", _DUTY_COLUMNS, duties(report), [_duty_note(report)]),
            Table("巡回队伍", "派出巡回的卫生院", _TEAMS, teams(report), [_TEAMS_NOTE]),
            Table("巡回去不了的村", "巡回当天去不了的村", _LEFT, missed, [_LEFT_NOTE] if missed else []),
        ]
    changes = []
    if report.changes is not None:
        title = f"“{report.start.base.scenario.name}”对链条的改变"
        changes.append(Table("链条变化", title, _changes(report), changed(report), [_CHANGES_NOTE]))
    tables = (
        Table("各类合计", "行政村各类服务方式合计", _sums(report, by_town=False), sums(report), [_sums_note(report)]),
        Table("各乡镇合计", "各乡镇行政村服务方式合计", _sums(report, by_town=True), town_sums(report)),
        Table("村级清单", "村级清单", _village_sheet(report), villages(report), [_village_note(report)]),
        *rounds,
        Table(
            "五级链条", "各乡镇的五级链条：村→乡镇→次中心→县→市", _towns(report), towns(report), _chain_notes(report)
        ),
        *changes,
        Table("有无与达标", "每个乡镇、行政村应有的机构：有无、达标", _OWED, owed(report), [_OWED_NOTE]),
        Table("数量差异", "与条款所列数量的差异", _COUNTS, counts(report), [_COUNTS_NOTE]),
    )
    return plan_document(report.start, "乡村医疗卫生服务方案", report.said, tables, solved=False)


def _sums(report: Report, *, by_town: bool) -> list[Col]:
    kinds = kinds_shown(report)
    own = [one for one in kinds if one in SUBSTITUTES]
    others = [one for one in kinds if one not in SUBSTITUTES and one != "clinic"]
    wide = (_PAPER - (8.5 if by_town else 0) - 8.5 - 8 - 7.5 - 9 * 3 - 8.5) / (len(kinds) + 3)
    wide = min(wide, 9.0)

    def column(group: str, heading: str, name: str) -> Col:
        return Col(name, heading, wide, "number", group=group)

    return [
        *([Col("county_name", "县（区）", 8.5, "centre")] if by_town else []),
        Col("name", "乡镇（街道）" if by_town else "县（区）", 14, "text" if by_town else "centre"),
        column("行政村（个）", "全部", "villages"),
        column("行政村（个）", "村卫生室", "clinic"),
        column("替代服务（个，另计）", "小计", "substitute"),
        *(column("替代服务（个，另计）", SHORT[one], one) for one in own),
        *(column(f"未落实（新建＝{new_word(report)}）", SHORT[one], one) for one in others),
        column("村卫生室＋替代服务", "个", "served"),
        Col("served_share", "占比", 8, "centre", group="村卫生室＋替代服务"),
        Col("population", "全部", 9.5, "number", group="居民（人）"),
        Col("substitute_people", "替代服务", 9, "number", group="居民（人）"),
        Col("new_clinic_people", f"新建{new_word(report)}", 9, "number", group="居民（人）"),
    ]


def _sums_note(report: Report) -> str:
    names = "、".join(KINDS[one].zh for one in report.plan.allowed.kinds)
    gap = "" if report.plan.judges else "条款不是本市的，或原文不作判断：“新建”只是建议，不算缺口。"
    lost = "＋巡回去不了" if "unvisited" in kinds_shown(report) else ""
    return (
        f"注：全部＝村卫生室＋替代服务{lost}＋新建＋无数据，每个行政村只计一次。“替代服务”限条款许可的几种（{names}），"
        f"由别的机构上门或就近提供，不是村卫生室，另行计数。{gap}"
    )


def _village_sheet(report: Report) -> list[Col]:
    unit = unit_word(report.plan.unit)
    return [
        Col("number", "序号", 5, "centre"),
        Col("county_name", "县（区）", 8, "centre", group="行政村"),
        Col("town_name", "乡镇（街道）", 12.5, group="行政村"),
        Col("name", "名称", 20, group="行政村"),
        Col("population", "居民\n（人）", 7.5, "number", group="行政村"),
        Col("label", "方式", 11, "centre", group="服务方式"),
        Col("host_name", "承担机构", 17, group="服务方式"),
        Col("way", f"路程\n（{unit}）", 7.5, WAY_CELLS[report.plan.unit], group="服务方式"),
        Col("why", "理由", 45.5),
        Col("code", "村代码", 13, "small", printed=False),
        Col("estimated_text", "位置", 6, "small", printed=False),
    ]


def _village_note(report: Report) -> str:
    start = "由村沿路" if "road_time" in report.travels else "由村按直线"
    return f"注：路程{start}到承担机构；设有村卫生室的不计。人口、距离的界线都是规划人员的参数，条款没有给出数值，见“说明”。"


_DUTY_COLUMNS = (
    Col("number", "序号", 4.5, "centre"),
    Col("hospital_name", "派出卫生院", 19),
    Col("team", "队伍", 5, "centre"),
    Col("day", "第几个\n工作日", 6.5, "centre"),
    Col("visit", "当月\n第几次", 6, "centre"),
    Col("leave", "出发", 6, "centre"),
    Col("route", "依次到村（到达时刻）", 54),
    Col("villages", "村数", 5, "centre"),
    Col("km", "公里", 7.5, "kilometres"),
    Col("drive_min", "行车\n（分钟）", 7.5, "minutes"),
    Col("hours", "共计\n（小时）", 7, "hours"),
    Col("back", "回院", 6, "centre"),
)


def _duty_note(report: Report) -> str:
    task = report.asked.rounds
    return (
        f"注：每村每月 {task.visits} 次，一天自 {clock_text(task.start * 60)} 起、往返和服务共不超过 {number_text(task.day_minutes / 60)} 小时；"
        "工作日是当月第几个工作日，不是日历日。公里、行车含回院的一段。路线是求得的好方案，未证明最少。"
    )


_TEAMS = (
    Col("number", "序号", 5, "centre"),
    Col("hospital_name", "派出卫生院", 26),
    Col("villages", "巡回的村", 12, "centre"),
    Col("days_a_round", "巡一遍要\n几个队日", 13, "centre"),
    Col("teams", "需要队伍\n（支）", 13, "centre"),
    Col("state", "够不够", 13, "centre"),
    Col("days", "队日", 12, "centre", group="一个月合计"),
    Col("km", "公里", 14, "kilometres", group="一个月合计"),
    Col("hours", "小时", 14, "hours", group="一个月合计"),
)
_TEAMS_NOTE = "注：一支队伍一天出一次；两次巡回之间的工作日排不下的，需要再加队伍，或减少次数、改由别的方式服务。"
_LEFT = (
    Col("number", "序号", 5, "centre"),
    Col("town_name", "乡镇（街道）", 24),
    Col("name", "行政村", 34),
    Col("hospital_name", "派出卫生院", 28),
    Col("why", "原因", 42),
)
_LEFT_NOTE = "注：这些村在“各类合计”里另列一栏，不算村卫生室，也不算替代服务：照现在的参数排不进日程，须改用别的方式或放宽一天的长度。"


def _towns(report: Report) -> list[Col]:
    unit = unit_word(report.chain.unit)
    group = f"人口加权平均（{unit}）"
    return [
        Col("county_name", "县（区）", 7.5, "centre"),
        Col("town_name", "乡镇（街道）", 12.5),
        Col("villages", "村数", 4.5, "centre"),
        Col("population", "居民\n（人）", 7.5, "number"),
        *(Col(f"to_{level}_mean", text, 7.3, WAY_CELLS[report.chain.unit], group=group) for level, text in SHORT_LEVELS.items()),
        Col("total_mean", "合计", 7.5, WAY_CELLS[report.chain.unit], group=group),
        Col("total_worst", f"{unit}", 7.5, WAY_CELLS[report.chain.unit], group="最远"),
        Col("worst_village", "村", 15, group="最远"),
        Col("weakest_label", "最薄弱\n环节", 9, "centre"),
        Col("across", "居民\n（人）", 7, "number", group="县界外更近"),
        Col("across_said", "哪一段、哪一家", 28, group="县界外更近"),
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


def _changes(report: Report) -> list[Col]:
    unit = unit_word(report.chain.unit)
    near, total = f"到次中心或县级医院（平均，{unit}）", f"链条合计（平均，{unit}）"
    return [
        Col("county_name", "县（区）", 10, "centre"),
        Col("town_name", "乡镇（街道）", 14),
        Col("population", "居民\n（人）", 9, "number"),
        Col("second_mean", "现状", 11, WAY_CELLS[report.chain.unit], group=near),
        Col("second_mean_after", "方案后", 11, WAY_CELLS[report.chain.unit], group=near),
        Col("gain", "近了", 11, "rate", group=near),
        Col("people_nearer", "更近的\n居民（人）", 9, "number"),
        Col("people_reached", "其中新\n可达（人）", 9, "number"),
        Col("total_mean", "现状", 11, WAY_CELLS[report.chain.unit], group=total),
        Col("total_mean_after", "方案后", 11, WAY_CELLS[report.chain.unit], group=total),
        Col("weakest_label", "现状", 14, "centre", group="最薄弱环节"),
        Col("weakest_after_label", "方案后", 14, "centre", group="最薄弱环节"),
    ]


_CHANGES_NOTE = "注：“近了”只算前后都到得了的居民，原来到不了、现在到得了的另列。多一处次中心，链条多一站，合计可能变长而看病变近，所以两样都列。"
_OWED = (
    Col("rule", "指标", 34),
    Col("place", "范围", 16, "centre"),
    Col("units", "单位", 30),
    Col("judged", "应有", 13, "number"),
    Col("met", "已有\n（达标）", 13, "number"),
    Col("lacking", "差", 12, "number"),
    Col("status", "状态", 14, "centre"),
)
_OWED_NOTE = "注：有无和达标分开；这里只数机构本身，不计替代服务。名录没有资料的写“无数据”，不算缺口。"
_COUNTS = (
    Col("kind", "机构", 20),
    Col("quote", "原文", 30, group="条款"),
    Col("force", "语气", 27, group="条款"),
    Col("wanted", "条款数量", 10, "number"),
    Col("there", "在用", 10, "number", group="现有"),
    Col("difference", "差异", 10, "number", group="现有"),
    Col("new", "新建", 10, "number", group="本方案"),
    Col("after", "新建后差异", 11, "number", group="本方案"),
)
_COUNTS_NOTE = "注：只是数量差异，不作判断：条款的数量按制定时的区划，现在的乡镇、行政村数目可能已经变了。"


_SEASON = "季节"
VILLAGES, DUTY, LEFT, CHAIN = "村级清单.csv", "巡回值班表.csv", "巡回去不了的村.csv", "五级链条.csv"


def plan_rural_folder(asked: RuralQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan and write workbook, map, lists, the scenario of new clinics, its findings, plan.json and manifest into `out`."""
    keep = plan_report(asked, choices, step)
    keep_apart(out, *filter(None, (keep.start.data, asked.scenario)))

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_document(folder / WORKBOOK, document_of(keep))
        if keep.seasons or keep.chain.limits:
            write_document(folder / MORE, rounds_document(keep))
        step(Text("绘制地图", "drawing the map"))
        for name, page in maps_of(keep):
            (folder / name).write_text(page, encoding="utf-8", newline="\n")
        _write_lists(folder, keep)
        write_plan_json(folder / PLAN_JSON, content(keep))

    write_folder(out, keep.start, proposals(keep), outputs, step)
    return keep


def _write_lists(folder: Path, report: Report) -> None:
    unit = unit_word(report.plan.unit)
    columns = {
        "code": "村代码", "name": "行政村", "county_name": "县（区）", "town_name": "乡镇", "population": "人口",
        "label": "服务方式", "group_label": "归类", "host_name": "承担机构", "way": f"到承担机构（{unit}）",
        "care_name": "最近的机构", "care_way": f"到最近的机构（{unit}）", "why": "理由", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    write_csv(folder / VILLAGES, _named(pd.DataFrame(villages(report)), columns))
    write_csv(folder / CHAIN, pd.DataFrame(chain_villages(report)))
    if report.rounds is None:
        return
    stops = {
        "hospital_name": "卫生院", "team": "队伍", "visit": "当月第几次", "day": "第几个工作日", "order": "次序",
        "code": "村代码", "name": "行政村", "town_name": "乡镇", "population": "人口", "drive_min": "行车（分钟）",
        "km": "公里", "arrive": "到达", "service_min": "服务（分钟）", "leave": "离开",
    }  # fmt: skip
    missed = {"code": "村代码", "name": "行政村", "town_name": "乡镇", "hospital_name": "卫生院", "why": "原因"}
    write_csv(folder / DUTY, _by_season(report, "stops", stops))
    if any(len(one.left) for one in seasons_of(report).values()):
        write_csv(folder / LEFT, _by_season(report, "left", missed))


def _by_season(report: Report, name: str, columns: dict[str, str]) -> pd.DataFrame:
    """Return the rows of the month; with seasons those of each, its name before them."""
    plans = seasons_of(report)
    parts = [_named(getattr(plan, name), columns) for plan in plans.values()]
    if not report.seasons:
        return parts[0]
    return pd.concat(
        [part.assign(**{_SEASON: season})[[_SEASON, *part.columns]] for season, part in zip(plans, parts, strict=True)]
    )


def _named(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    return frame[list(columns)].rename(columns=columns)


def content(report: Report) -> dict[str, Any]:
    """Return the plan as data."""
    plan, rounds = report.plan, report.rounds
    kept = ["code", "kind", "group", "host", "cost", "care", "care_cost", "few", "far", "why"]
    return {
        **head(report.start),
        "plan": "rural",
        "said": [list(pair) for pair in report.said],
        "parameters": parameters(report),
        "allowed": {"rule": plan.allowed.rule.id, "kinds": list(plan.allowed.kinds), "judges": plan.judges},
        "kinds": {row["kind"]: {"label": kind_label(report, row["kind"]).zh, "villages": row["villages"], "population": row["population"]}
                  for row in rows_of(plan.kinds)},
        "sums": sums(report),
        "villages": rows_of(plan.villages[kept]),
        "rounds": None if rounds is None else {
            "km": rounds.km, "hours": rounds.hours, "teams": teams(report), "days": rows_of(rounds.days), "left": rows_of(rounds.left),
        },
        **({"seasons": {"compared": compared(report), "left": {name: rows_of(one.left) for name, one in report.seasons.items()},
                        "days": {name: rows_of(one.days) for name, one in report.seasons.items()}}} if report.seasons else {}),
        "chain": {"way": report.chain.way, "unit": report.chain.unit, "towns": rows_of(report.chain.towns),
                  **({"beyond": beyond(report)} if report.chain.limits else {})},
        "counts": counts(report),
        "owed": owed(report),
    }  # fmt: skip
