"""The folder of a plan of sub-centres, written whole or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from maps.plan import Left, Legend, Site, Town, View, plan_map
from planner.errors import Text
from planner.plans.subcenters import Answer, Objective
from planner.text import amount_text, limit_text, people_text, share_text
from scenarios.export.sheet import write_document
from scenarios.plans.content import PLAN_JSON, subcenter_content, write_plan_json
from scenarios.plans.start import keep_apart, write_folder
from scenarios.plans.subcenters import Report, plan_report, proposals
from scenarios.plans.subcenters_tables import (
    STATE_LABELS,
    STATES,
    Figures,
    Reason,
    by_town,
    close_text,
    figures,
    gain_text,
    gainers_text,
    reached_people,
    reasons,
)
from scenarios.plans.subcenters_workbook import WORKBOOK, document_of
from scenarios.plans.words import by_county, cost_word, furniture_of, open_edges, state_text, unit_word, value_text
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
    limit = aim.limit or found.limits[-1]
    rows = found.rows
    out = []
    for one, row in rows[~(rows["cost"] <= limit)].iterrows():
        if pd.isna(row["cost"]):
            out.append(Left(str(one), "unreachable", STATES[report.apart.get(str(one), "no_way")]))
        else:
            name = str(report.sites.loc[row["site"], "name"])
            out.append(Left(str(one), "uncovered", f"最近 {name}，{amount_text(float(row['cost']), report.plan.unit)}"))
    return tuple(out)


def plan_subcenters_folder(asked: SubcenterQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan sub-centres and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(report.start, asked.scenario, out)
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
