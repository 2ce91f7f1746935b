"""The folder of a plan of sub-centres, written whole or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from maps.plan import Left, Legend, Site, Town, View, plan_map
from planner.errors import Text
from planner.plans.subcenters import Answer, Objective
from planner.siting.siting import Siting
from planner.text import WAY_CELLS, amount_text, amount_texts, exact_percent, limit_text, people_text, share_text
from scenarios.document import Col, Document, Table
from scenarios.export.folder import keep_apart
from scenarios.export.sheet import write_document
from scenarios.plans.start import PLAN_JSON, has_plan, head, siting_data, write_folder, write_plan_json
from scenarios.plans.subcenters import Report, plan_report, proposals
from scenarios.plans.subcenters_tables import (
    CLOSE,
    EFFECTS,
    STATE_LABELS,
    STATES,
    Figures,
    Reason,
    answers,
    area_rows,
    best,
    by_site,
    by_town,
    candidates,
    close_text,
    figures,
    front,
    front_left_out,
    gain_text,
    gainers_text,
    gains,
    left_out,
    overview,
    reached_people,
    reason_rows,
    reasons,
    served,
    towns,
)
from scenarios.plans.words import (
    by_county,
    cost_word,
    furniture_of,
    open_edges,
    plan_document,
    state_text,
    unit_word,
    value_text,
)
from scenarios.questions import SubcenterQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices

# The views of a plan's map: what was found, put as maps.plan shows it.

SUBCENTER_MAP = "次中心方案地图.html"
Told = Sequence[tuple[Objective, int, list[Reason]]]


def subcenter_map(report: Report, told: Told) -> str:
    """Return the page of a plan of sub-centres."""
    legend = Legend(
        choices=("目标", "个数"),
        fill="site",
        states=tuple(STATE_LABELS.items()),
        listed=("built", "chosen", "alternative", "not_selected", "barred"),
    )
    unit = f"人；{unit_word(report.plan.unit)}"
    around = furniture_of(report.start, "县域医疗卫生次中心布局方案", report.said, unit)
    views = [_view(report, aim, report.answer(p, aim), rows) for aim, p, rows in told]
    return plan_map(
        report.start.region, report.sites, report.demand, views, legend, around, open_edges=open_edges(report.start)
    )


def _view(report: Report, aim: Objective, answer: Answer, rows: list[Reason]) -> View:
    found = figures(report, answer.siting)
    return View(
        group=aim.label,
        label=f"{answer.step.p} 个",
        facts=_facts(report, answer, found),
        sites=tuple(Site(one.id, one.state, one.decision, one.said) for one in rows),
        towns=tuple(_town(report, row) for row in by_town(report, found).to_dict("records")),
        left=_left(report, aim, found),
        note="；".join(report.clashes),
        beyond=f"{limit_text(aim.limit or found.limits[-1], report.plan.unit)}以外",
    )


def _facts(report: Report, answer: Answer, found: Figures) -> tuple[tuple[str, str], ...]:
    siting, unit = answer.siting, report.plan.unit
    word, people = cost_word(unit), reached_people(report)
    value = value_text(siting.objective, answer.objective.model, unit, people)
    within = [
        (f"{limit_text(limit, unit)}内", f"{people_text(found.within(limit))}（{share_text(found.within(limit) / found.people)}）")
        for limit in found.limits
    ]  # fmt: skip
    return (
        ("目标值", f"{value}，{state_text(siting, unit, people)}{close_text(answer)}"),
        ("次中心", by_county(report.sites, siting.chosen)),
        *within,
        ("更远", people_text(found.beyond)),
        ("不可达", people_text(found.unreachable)),
        (f"人均{word}", amount_text(found.mean, unit)),
        ("比前一个数" if answer.step.p > min(report.plan.task.ps) else "比现状", gain_text(report, answer)),
        ("谁受益", gainers_text(report, answer)),
        ("同样好", {True: "另有同样好的方案", False: "没有同样好的方案", None: "未查"}[siting.ties]),
    )


def _town(report: Report, row: dict[Any, Any]) -> Town:
    unit, site = report.plan.unit, str(row["site"])
    name = f"{report.sites['name'][site]!s}（{share_text(row['share'])}）" if site else "不可达"
    said = [
        ("人口", people_text(row["population"])),
        ("多数居民由谁服务", name),
        (f"人均{cost_word(unit)}", amount_text(float(row["mean"]), unit)),
        ("限度内", people_text(row["within"])),
        ("其余居民", str(row["others"])),
    ]
    if report.areas is not None:
        said.append(("片区", report.areas.get(str(row["town_code"]), "未列入")))
    return Town(str(row["town_code"]), site, float("nan"), tuple(said))


def _left(report: Report, aim: Objective, found: Figures) -> tuple[Left, ...]:
    """Return the settlements beyond the limit of the aim (of the aim by time: beyond the largest)."""
    rows = found.rows[~(found.rows["cost"] <= (aim.limit or found.limits[-1]))]
    names = rows["site"].map(report.sites["name"]).tolist()
    far = amount_texts(rows["cost"].to_numpy(float), report.plan.unit)
    return tuple(
        Left(str(one), "unreachable", STATES[report.apart.get(str(one), "no_way")])
        if lost
        else Left(str(one), "uncovered", f"最近 {name}，{text}")
        for one, lost, name, text in zip(rows.index, rows["cost"].isna(), names, far, strict=True)
    )


def plan_subcenters_folder(asked: SubcenterQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan sub-centres and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(out, *filter(None, (report.start.data, asked.scenario)))
    step(Text("写出各点理由", "finding the reasons"))
    told = reasons(report)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_document(folder / WORKBOOK, document_of(report, told))
        step(Text("绘制地图", "drawing the map"))
        page = subcenter_map(report, told)
        (folder / SUBCENTER_MAP).write_text(page, encoding="utf-8", newline="\n")
        write_plan_json(folder / PLAN_JSON, subcenter_content(report, told))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report


# 次中心方案.xlsx: the plans, who gains, the next best, every candidate with its reason, the service areas, who is left out.

WORKBOOK = "次中心方案.xlsx"
Reasons = Sequence[tuple[Any, int, list[Reason]]]
_PAPER = 134.0
"""So many units of width fit on a page (see Column)."""


def document_of(report: Report, reasons: Reasons) -> Document:
    """Return the plan's document; `reasons` are those of every site (subcenters_tables.reasons)."""
    aim = f"目标：{report.main.label}"
    why = [row for row in reason_rows(report, list(reasons)) if row["aim_id"] == report.main.id]
    by_count = report.solved
    service = [row for p in by_count for row in towns(report, p)]
    sites = [row for p in by_count for row in served(report, p)]
    areas = [] if report.areas is None else [
        Table("片区核对", f"片区核对（{aim}）", _AREAS, [row for p in by_count for row in area_rows(report, p)], [_AREAS_NOTE])
    ]  # fmt: skip
    tables = (
        Table("方案总览", "方案总览", _overview(report), overview(report), [*_overview_notes(report), *report.clashes]),
        Table("谁受益", "增加一个，谁受益", _GAINS, gains(report), [_GAINS_NOTE]),
        Table("前几名", f"前 {report.plan.task.k_best} 名", _BEST, best(report), [_BEST_NOTE]),
        Table(
            "候选点",
            f"候选点（{aim}）",
            _candidates(report),
            candidates(report, list(reasons)),
            _candidate_notes(report),
        ),
        Table("逐点理由", f"各个数下每个候选点的理由（{aim}）", _REASONS, why, [_REASONS_NOTE]),
        Table("两个目标", "两个目标之间的全部取舍", _front(report), front(report), _front_notes(report)),
        Table("建议服务范围", f"建议服务范围（{aim}）", _towns(report), service, [_TOWNS_NOTE]),
        Table("各点服务", f"各点服务的乡镇和人口（{aim}）", _served(report), sites),
        *areas,
        Table("超出限度", f"超出限度和不可达的居民点（{aim}）", _left_out(report), left_out(report), [_LEFT_NOTE]),
    )
    return plan_document(report.start, "县域医疗卫生次中心布局方案", report.said, tables)


def _nth(name: str, at: int) -> Any:
    return lambda row: row[name][at] if len(row[name]) > at else "—"


def _overview(report: Report) -> list[Col]:
    unit = report.plan.unit
    said = [limit_text(limit, unit) for limit in sorted(report.plan.task.limits)]
    within = [
        column
        for at, one in enumerate(said)
        for column in (
            Col("", "人口\n（人）", 8.5, "number", group=f"{one}内", shown=_nth("within", at)),
            Col("", "占比", 6.5, "centre", group=f"{one}内", shown=_nth("share", at)),
        )
    ]
    rest = max(26.0, 83 - 15.0 * len(said))
    return [
        Col("aim", "目标", 10),
        Col("p", "个数", 4.5, "centre"),
        Col("sites", "次中心设在", rest),
        Col("state", "状态", 11, "centre"),
        *within,
        Col("beyond", "超出最大\n限度（人）", 7.5, "number"),
        Col("unreachable", "不可达\n（人）", 6.5, "number"),
        Col("mean", f"人均{cost_word(unit)}\n（{unit_word(unit)}）", 6.5, WAY_CELLS[unit]),
        Col("gain", "比前一个\n个数增加", 11, "centre"),
        Col("swapped", "换了哪些点", 15),
        Col("ties", "同样好\n的方案", 5.5, "centre"),
    ]


def _overview_notes(report: Report) -> list[str]:
    return [
        "注：各行的人口、时间都按“居民到最近的次中心或已有医院”计算，可以跨目标比较；人均只算到得了的居民。第一个个数的“增加”是比现状。“最优（已证明）”是指在这些候选点和限制下没有更好的方案；“可行方案”没有证明，另给界和差距。",
        f"证明只对现有数据成立：第二名相差不到 {exact_percent(CLOSE)} 的写在“状态”里，点位、人口、时速稍有出入就可能换；哪些站点站得住，用 fugai robust 检验方案文件。",
        f"个数的来历：{report.range_said}。方案文件（方案_p….yaml）按目标“{report.main.label}”写出。",
    ]


_GAINS = (
    Col("number", "序号", 5, "centre"),
    Col("aim", "目标", 24),
    Col("p", "个数", 6, "centre"),
    Col("county_name", "县（区）", 12, "centre", group="地点"),
    Col("town_name", "乡镇（街道）", 20, group="地点"),
    *(Col(name, word, 14, "number", group="比前一个个数（人）") for name, word in EFFECTS.items()),
)
_GAINS_NOTE = "注：与同一目标前一个个数的方案比（第一个个数与现状比）。个数不同的方案不一定一层套一层，所以可能有人变远。限度以外的远近变化，在人口目标下不列。"
_BEST = (
    Col("aim", "目标", 17),
    Col("p", "个数", 5, "centre"),
    Col("rank", "名次", 5, "centre"),
    Col("value", "目标值", 14, "centre"),
    Col("behind", "比第一名差", 9, "centre"),
    Col("state", "证明", 11, "centre"),
    Col("swapped", "与第一名的不同", 29),
    Col("sites", "次中心设在", 44),
)
_BEST_NOTE = "注：“名次已证明”是指除了排在它前面的，没有别的方案比它好。目标值相同的按机构编号排列。"


def _candidates(report: Report) -> list[Col]:
    ps = report.solved
    each = min(9.0, 40 / max(len(ps), 1))
    marks = [
        Col("", f"{p} 个", each, "centre", group=f"各个数下的类别（{report.main.label}）", shown=_mark(p)) for p in ps
    ]
    return [
        Col("number", "序号", 4, "centre"),
        Col("county_name", "县（区）", 7, "centre", group="候选点"),
        Col("name", "名称", 14, group="候选点"),
        Col("central", "中心\n卫生院", 6, "centre", group="资格"),
        Col("grade_text", "等级", 6, "centre", group="资格"),
        Col("beds_text", "编制\n床位", 6, "centre", group="资格"),
        Col("visits_text", "门急诊量", 6.5, "centre", group="资格"),
        *marks,
        Col("said", f"理由（{ps[0]} 个时）", 84 - each * len(marks)),
        Col("id", "编号", 16, "small", printed=False),
    ]


def _mark(p: int) -> Any:
    return lambda row: row["marks"][p]


def _candidate_notes(report: Report) -> list[str]:
    tolerance = share_text(report.plan.task.tolerance)
    return [
        f"注：●＝入选。必建：不选它，目标至少差 {tolerance}；备选、可替代：选不选它，目标相差不超过 {tolerance}；未入选：必选它，目标差超过 {tolerance}——只是对这一个目标而言，不是说它不合格。",
        "中心卫生院按名称判断，等级、床位取自机构名录；门急诊量名录里没有这一列，写“无数据”。条款没有候选名单，候选点是假设（见说明）。",
    ]


_REASONS_NOTE = "注：另两类目标下的理由见 次中心方案地图.html 和 plan.json。"
_REASONS = (
    Col("number", "序号", 5, "centre"),
    Col("p", "个数", 5, "centre"),
    Col("county_name", "县（区）", 8, "centre", group="候选点"),
    Col("name", "名称", 18, group="候选点"),
    Col("decision", "类别", 11, "centre"),
    Col("said", "理由", 87),
)


def _front(report: Report) -> list[Col]:
    unit, first = report.plan.unit, report.plan.objectives[0]
    return [
        Col("p", "个数", 5, "centre"),
        Col("rank", "序号", 5, "centre"),
        Col("people", f"{first.within}人口\n（人）", 13, "number"),
        Col("mean", f"人均{cost_word(unit)}\n（{unit_word(unit)}）", 11, WAY_CELLS[unit]),
        Col("proven", "证明", 8, "centre"),
        Col("swapped", "与该个数第 1 个的不同", 38),
        Col("sites", "次中心设在", 54),
    ]


_FRONT_NOTE = "注：表中每个方案，要让一个目标更好，另一个必然变差（帕累托前沿）；让凡有候选点能到的人都有处可去、而不在表中的方案，两个目标都不比表中某一个好。每个个数的第 1 个人口最多，最后一个人均最省。“未证明”＝时限内没有算完，可能还有别的取舍。"


def _front_notes(report: Report) -> list[str]:
    time = report.plan.objectives[-1]
    none = [p for p in report.solved if not report.plan.fronts.get(p)]
    late = [f"{p} 个" for p in none if report.answer(p, time).siting.status != "infeasible"]
    said = [f"时限内没有算出：{'、'.join(late)}（放宽 --time-limit）。"] if late else []
    return [_FRONT_NOTE, *front_left_out(report), *said]


def _towns(report: Report) -> list[Col]:
    unit, areas = report.plan.unit, report.areas is not None
    limit = limit_text(min(report.plan.task.limits), unit)
    checked = (
        Col("area", "本乡镇", 8, "centre", group="片区"),
        Col("site_area", "服务点", 8, "centre", group="片区"),
        Col("crosses", "核对", 8, "centre", group="片区"),
    )
    return [
        Col("number", "序号", 5, "centre"),
        Col("p", "个数", 5, "centre"),
        Col("county_name", "县（区）", 9, "centre"),
        Col("town_name", "乡镇（街道）", 15),
        Col("population", "人口\n（人）", 9, "number"),
        Col("site_name", "名称", 22, group="服务多数居民的机构"),
        Col("role", "类别", 8, "centre", group="服务多数居民的机构"),
        Col("", "占比", 8, "centre", group="服务多数居民的机构", shown=lambda row: share_text(row["share"]) or "—"),
        Col("mean", f"人均{cost_word(unit)}\n（{unit_word(unit)}）", 8, WAY_CELLS[unit]),
        Col("within", f"{limit}内\n（人）", 9, "number"),
        Col("others", "其余居民由谁服务", 12 if areas else 36),
        *(checked if areas else ()),
    ]


_TOWNS_NOTE = (
    "注：每个居民点归最近（用时最少）的次中心或已有医院，乡镇归服务其多数居民的那一个；是建议，不限制居民就医。"
)


def _served(report: Report) -> list[Col]:
    unit = report.plan.unit
    limit = limit_text(min(report.plan.task.limits), unit)
    return [
        Col("number", "序号", 5, "centre"),
        Col("p", "个数", 5, "centre"),
        Col("county_name", "县（区）", 9, "centre"),
        Col("name", "机构", 24),
        Col("role", "类别", 9, "centre"),
        Col("population", "服务人口\n（人）", 10, "number"),
        Col("within", f"其中 {limit}内\n（人）", 11, "number"),
        Col("mean", f"人均{cost_word(unit)}\n（{unit_word(unit)}）", 9, WAY_CELLS[unit]),
        Col("", "以它为主的乡镇（街道）", 52, shown=lambda row: row["towns"] or "—"),
    ]


_AREAS = (
    Col("p", "个数", 6, "centre"),
    Col("area", "片区", 14),
    Col("towns", "乡镇\n（个）", 7, "number"),
    Col("population", "人口\n（人）", 10, "number"),
    Col("count", "个数", 6, "number", group="次中心"),
    Col("sites", "名称", 26, group="次中心"),
    Col("across", "乡镇\n（个）", 7, "number", group="主要由别的片区服务"),
    Col("across_people", "人口\n（人）", 10, "number", group="主要由别的片区服务"),
    Col("across_said", "乡镇（服务机构，所在片区）", 48, group="主要由别的片区服务"),
)
_AREAS_NOTE = "注：片区是规划人员给出的（--areas），这里只核对，不作约束；“未列入”＝片区表里没有这个乡镇。"


def _left_out(report: Report) -> list[Col]:
    unit, ps = report.plan.unit, report.solved
    each = min(10.0, 50 / max(len(ps), 1))
    heading = f"到最近机构的{cost_word(unit)}（{unit_word(unit)}）"
    far = [Col("", f"{p} 个", each, WAY_CELLS[unit], group=heading, shown=_far(p)) for p in ps]
    return [
        Col("number", "序号", 5, "centre"),
        Col("county_name", "县（区）", 10, "centre", group="居民点"),
        Col("town_name", "乡镇（街道）", 16, group="居民点"),
        Col("name", "村（社区）", 26, group="居民点"),
        Col("population", "人口\n（人）", 9, "number", group="居民点"),
        *far,
        Col("", "情况", 18, "centre", shown=lambda row: STATES[row["state"]]),
        Col("id", "居民点编号", 18, "small", printed=False),
    ]


def _far(p: int) -> Any:
    return lambda row: "不可达" if pd.isna(row["far"][p]) else row["far"][p]


_LEFT_NOTE = "注：列出至少在一个个数下超出最小限度的居民点。“候选点全开也超出”是指所有候选点都设次中心也到不了限度以内；“方案超出”是指有候选点够得着它，但方案没有选。"


def subcenter_content(report: Report, told: Sequence[tuple[Any, int, list[Reason]]]) -> dict[str, Any]:
    """Return a plan of sub-centres as data."""
    plan, said = report.plan, {(aim.id, p): rows for aim, p, rows in told}
    sites = report.sites[["id", "name", "kind", "county_code", "town_code", "lon", "lat", "status", "barred"]]
    return {
        **head(report.start),
        "plan": "subcenters",
        "said": [list(pair) for pair in report.said],
        "unit": plan.unit,
        "objective": report.main.id,
        "sites": sites.to_dict("records"),
        "today": _figures_data(report, None),
        "answers": [
            {
                "objective": aim.id, "label": aim.label, "p": p, **siting_data(answer.siting), "gain": answer.step.gain,
                **(_figures_data(report, answer.siting) if has_plan(answer.siting) else {}),
                "best": [siting_data(one) for one in answer.best],
                "reasons": [{"id": one.id, "state": one.state, "decision": one.decision, "reason": one.said, "loss": one.loss}
                            for one in said.get((aim.id, p), ())],
            }
            for aim, p, answer in answers(report)
        ],
        "front": [{name: row[name] for name in ("p", "people", "mean", "proven", "ids")} for row in front(report)],
        "front_left_out": front_left_out(report),
        "towns": [{name: row[name] for name in ("p", "town_code", "site", "share", "mean", "crosses")}
                  for p in report.solved for row in towns(report, p)],
        "left_out": [{name: row[name] for name in ("id", "name", "population", "state", "far")} for row in left_out(report)],
    }  # fmt: skip


def _figures_data(report: Report, siting: Siting | None) -> dict[str, Any]:
    found = figures(report, siting)
    served = {} if siting is None else {
        row["id"]: row["population"] for row in by_site(report, found, siting).to_dict("records")
    }  # fmt: skip
    return {
        "within": {limit: found.within(limit) for limit in found.limits},
        "share": {limit: share_text(found.within(limit) / found.people) if found.people else "" for limit in found.limits},
        "beyond": found.beyond, "no_way": found.unreachable, "people": found.people, "mean": found.mean, "served": served,
    }  # fmt: skip
