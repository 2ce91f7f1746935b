"""The folder of a plan of emergency stations, written whole or not at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from maps.plan import Left, Legend, Site, Town, View, plan_map
from planner.errors import Text
from planner.plans.emergency import CaseAnswer
from planner.text import coordinate_text, exact_percent, people_text
from scenarios.document import Col, Document, Table
from scenarios.export.folder import keep_apart
from scenarios.export.sheet import write_document
from scenarios.plans.emergency import (
    Cover,
    Report,
    covers,
    curve,
    gainers_text,
    hosted,
    left_out,
    overview,
    plan_report,
    proposals,
    share_of,
    site_text,
    sites,
)
from scenarios.plans.start import PLAN_JSON, has_plan, head, siting_data, write_folder, write_plan_json
from scenarios.plans.words import fewest_bound, furniture_of, open_edges, plan_document, state_text
from scenarios.questions import EmergencyQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices

# The views of the map of emergency stations: what stands today, the best few more, and those that reach everyone.

EMERGENCY_MAP = "急救站方案地图.html"
STATES = (
    ("station", "已有急救站"),
    ("hosted", "新增，依托机构"),
    ("alone", "新增，独立（格网选点）"),
    ("host", "可依托、未入选的机构"),
)


def emergency_map(report: Report) -> str:
    """Return the page."""
    legend = Legend(
        choices=("情形", "方案"), fill="share", states=STATES, listed=("hosted", "alone", "host"), hidden=("host",)
    )
    around = furniture_of(report.start, "急救站布局方案", report.said, "人；公里")
    found = covers(report)
    demand = pd.concat([_keyed(one.demand) for one in found]).drop_duplicates("id").sort_values("id", ignore_index=True)
    views = [view for one in found for view in _views(report, one)]
    whole = sum(one.group == views[0].group for one in views) - 1  # the first case's plan that reaches everyone
    region, edges = report.start.region, open_edges(report.start)
    return plan_map(region, report.sites, demand, views, legend, around, whole, edges)


def _keyed(demand: pd.DataFrame) -> pd.DataFrame:
    """Return the settlements under ids that tell how many are asked about: in another case it may be another part of them."""
    keys = demand["id"].astype(str) + "|" + demand["population"].astype(str)
    return demand.reset_index(drop=True).assign(id=keys.to_numpy(object))


def _views(report: Report, cover: Cover) -> Iterator[View]:
    """Yield what stands today, then each number of new stations, then the fewest that reach everyone."""
    answer = cover.answer
    yield _view(report, cover, "现状" if not answer.asked.greenfield else "一处也没有", (), ())
    for step in answer.steps:
        if step.p and has_plan(step.siting):
            facts: tuple[tuple[str, str], ...] = (
                ("证明", state_text(step.siting, "mm", 0.0)),
                ("多一处", _gain(report, answer, step.p)),
            )
            yield _view(report, cover, f"新增 {step.p} 处，覆盖最多", step.siting.chosen, facts)
    if has_plan(answer.proposed) and answer.proposed.chosen:
        count, proven = len(answer.proposed.chosen), answer.least.status == "optimal"
        facts = (
            ("证明", "最少（已证明）" if proven else f"可行方案（未证明），至少要 {fewest_bound(answer.least)} 处"),
        )
        whole = "够得着的全部覆盖" if answer.least.unreachable_ids else "全部覆盖"
        yield _view(report, cover, f"新增 {count} 处，{whole}", answer.proposed.chosen, facts)


def _gain(report: Report, answer: CaseAnswer, k: int) -> str:
    step = next(one for one in answer.steps if one.p == k)
    return f"多覆盖 {people_text(step.gain)}：{gainers_text(report, step)}"


def _view(
    report: Report, cover: Cover, label: str, chosen: tuple[str, ...], facts: tuple[tuple[str, str], ...]
) -> View:
    answer = cover.answer
    opened = [*cover.stations, *chosen]
    times = cover.times(opened)
    covered = cover.sum(times > 0)
    with_host, alone = hosted(report, chosen)
    new = (("新增", f"{len(chosen)} 处：依托 {with_host}，独立 {alone}"),) if chosen else ()
    twice = cover.sum(times > 1)
    return View(
        group=answer.asked.label,
        label=label,
        facts=(
            ("已覆盖", f"{people_text(covered)}（{share_of(covered, answer.people)}）"),
            ("所问居民", people_text(answer.people)),
            ("未覆盖", people_text(answer.people - covered)),
            ("两处以上", f"{people_text(twice)}（{share_of(twice, answer.people)}）"),
            *new,
            *facts,
            ("性质", report.nature(answer.asked)),
        ),
        sites=tuple(_sites(report, cover, chosen, opened)),
        towns=tuple(_towns(cover, times > 0)),
        left=tuple(_left(cover, times == 0)),
    )


def _sites(report: Report, cover: Cover, chosen: tuple[str, ...], opened: list[str]) -> Iterator[Site]:
    kinds = report.sites["kind"]
    for one in cover.stations:
        yield Site(one, "station", "", "已有急救站，照常服务")
    for one in chosen:
        has_host = report.sites.loc[one, "host_id"] != ""
        yield Site(
            one, "hosted" if has_host else "alone", "依托" if has_host else "独立", site_text(cover, one, opened, True)
        )
    for one in cover.place:
        if kinds[one] not in ("grid", "station") and one not in chosen:
            yield Site(one, "host", "未入选", site_text(cover, one, opened, False))


def _towns(cover: Cover, mask: object) -> Iterator[Town]:
    rows = cover.demand.assign(
        covered=cover.demand["population"].where(pd.Series(mask, index=cover.demand.index), 0),
        today=cover.demand["population"].where(cover.demand["id"].isin(cover.answer.today), 0),
    )
    for code, one in rows.groupby("town_code", sort=True)[["population", "covered", "today"]].sum().iterrows():
        people, covered = int(one["population"]), int(one["covered"])
        said = (
            ("所问居民", people_text(people)),
            ("限度内", f"{people_text(covered)}（{share_of(covered, people)}）"),
            ("其中现状", people_text(int(one["today"]))),
            ("未覆盖", people_text(people - covered)),
        )
        yield Town(str(code), "", covered / people if people else float("nan"), said)


def _left(cover: Cover, mask: object) -> Iterator[Left]:
    rows = cover.demand[pd.Series(mask, index=cover.demand.index)]
    lost, none = cover.answer.lost, set(cover.answer.least.unreachable_ids)
    for key, row in zip(_keyed(rows)["id"], rows.to_dict("records"), strict=True):
        if row["id"] in lost:
            yield Left(str(key), "unreachable", cover.why_left(row["id"]))
        else:
            yield Left(str(key), "uncovered", cover.why_left(row["id"]) if row["id"] in none else "")


# 急救站方案.xlsx: how many more stations, the curve, the sites, who is left out.

WORKBOOK = "急救站方案.xlsx"


def document_of(report: Report) -> Document:
    """Return the plan's document."""
    tables = (
        Table("方案总览", "还要新增几处", _overview(report), overview(report), [_OVERVIEW_NOTE, *report.told]),
        Table("新增曲线", "新增几处、多覆盖多少人", _CURVE, curve(report), [_curve_note(report)]),
        Table("新增站点", "新增的站点", _SITES, sites(report), [_SITES_NOTE]),
        Table("够不着的居民点", "任何候选点都够不着的居民点", _LEFT, left_out(report), [_LEFT_NOTE]),
    )
    return plan_document(report.start, "急救站布局方案", report.said, tables)


def _overview(report: Report) -> list[Col]:
    shares = [Col("", exact_percent(one), 8, "centre", group="覆盖到这个比例要新增（处）", shown=_share(one)) for one in report.plan.task.shares]  # fmt: skip
    return [
        Col("number", "序号", 4, "centre"),
        Col("case", "情形", 30),
        Col("nature", "性质", 10, "centre"),
        Col("people", "所问居民\n（人）", 8.5, "number"),
        Col("covered", "已覆盖\n（人）", 8.5, "number", group="现状"),
        Col("share", "占比", 7, "centre", group="现状"),
        Col("more", "至少", 9, "centre", group="够得着的全部覆盖还要新增（处）"),
        Col("hosted", "依托", 5, "centre", group="够得着的全部覆盖还要新增（处）"),
        Col("alone", "独立", 5, "centre", group="够得着的全部覆盖还要新增（处）"),
        *shares,
        Col("twice_today", "现状", 7, "centre", group="两处以上够得着"),
        Col("twice", "新增后", 7, "centre", group="两处以上够得着"),
        Col("left", "够不着\n（人）", 8, "number"),
    ]


def _share(share: float) -> Any:
    return lambda row: row["shares"].get(share, "—")


_OVERVIEW_NOTE = (
    "注：“至少”是已证明的最少个数（未证明的写“可行方案”），已有急救站照常服务，不计在内；个数相同时先取依托多的，再取两处以上够得着的人多的。"
    "比例是占“所问居民”的比例，不先取依托。“从零新设”假设一处急救站也没有，只作对照。“够不着”的居民任何候选点都到不了，另表列名，不在“全部”之内。"
)
_CURVE = (
    Col("case", "情形", 28),
    Col("nature", "性质", 10, "centre"),
    Col("k", "新增\n（处）", 5.5, "centre"),
    Col("covered", "覆盖人口\n（人）", 9, "number"),
    Col("share", "占比", 7, "centre"),
    Col("gain", "多一处\n多覆盖（人）", 9.5, "centre"),
    Col("state", "证明", 11, "centre"),
    Col("swapped", "比前一行", 22),
    Col("who", "谁受益", 32),
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
    Col("number", "序号", 5, "centre"),
    Col("case", "情形", 30),
    Col("nature", "性质", 10, "centre"),
    Col("county_name", "县（区）", 8, "centre", group="新增站点"),
    Col("town_name", "乡镇（街道）", 12, group="新增站点"),
    Col("name", "设在", 18, group="新增站点"),
    Col("host", "方式", 9, "centre", group="新增站点"),
    Col("", "经度", 8, "centre", group="位置（度）", shown=lambda row: coordinate_text(row["lon"])),
    Col("", "纬度", 8, "centre", group="位置（度）", shown=lambda row: coordinate_text(row["lat"])),
    Col("near", "合计", 8.5, "number", group="限度内居民（人）"),
    Col("new", "现状\n够不着", 8.5, "number", group="限度内居民（人）"),
    Col("alone", "只靠它", 8.5, "number", group="限度内居民（人）"),
    Col("id", "编号", 16, "small", printed=False),
)
_SITES_NOTE = (
    "注：独立的站点是格网上的点，只表示大致位置，选址要再踏勘；“只靠它”＝方案里没有第二处（含已有站）够得着的居民。"
)
_LEFT = (
    Col("number", "序号", 5, "centre"),
    Col("case", "情形", 40),
    Col("county_name", "县（区）", 11, "centre", group="居民点"),
    Col("town_name", "乡镇（街道）", 17, group="居民点"),
    Col("name", "村（社区）", 26, group="居民点"),
    Col("population", "人口\n（人）", 9, "number", group="居民点"),
    Col("why", "原因", 24, "centre"),
)
_LEFT_NOTE = "注：这些居民点所有候选点都设站也够不着；要加密格网（--grid）、修路，或用别的办法（如流动急救）。"


def emergency_content(report: Report) -> dict[str, Any]:
    """Return a plan of emergency stations as data."""
    places = report.sites[["id", "name", "kind", "host_id", "county_code", "town_code", "lon", "lat"]]
    used = {
        one
        for answer in report.plan.cases
        for step in (answer.proposed, *(x.siting for x in answer.steps))
        for one in step.chosen
    }
    kept = places[(places["kind"] != "grid") | places["id"].isin(used)]
    rows = {row["id"]: row for row in overview(report)}
    return {
        **head(report.start),
        "plan": "emergency",
        "said": [list(pair) for pair in report.said],
        "sites": kept.to_dict("records"),
        "cases": [
            {
                **rows[one.asked.id],
                "residents": one.asked.residents, "urban_scope": one.asked.scope, "travel": one.asked.travel,
                "limit": one.asked.limit, "greenfield": one.asked.greenfield,
                "least": siting_data(one.least), "proposed": list(one.proposed.chosen),
                "by_share": {share: siting_data(siting) for share, siting in one.shares.items()},
                "curve": [{"k": step.p, "gain": step.gain, **siting_data(step.siting)} for step in one.steps],
            }
            for one in report.plan.cases
        ],
        "new_sites": sites(report),
        "left_out": [{name: row[name] for name in ("case", "id", "name", "population", "why")} for row in left_out(report)],
    }  # fmt: skip


def plan_emergency_folder(asked: EmergencyQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan emergency stations and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(out, *filter(None, (report.start.data, asked.scenario)))

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_document(folder / WORKBOOK, document_of(report))
        step(Text("绘制地图", "drawing the map"))
        (folder / EMERGENCY_MAP).write_text(emergency_map(report), encoding="utf-8", newline="\n")
        write_plan_json(folder / PLAN_JSON, emergency_content(report))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report
