"""The views of the map of emergency stations: what stands today, the best few more, and those that reach everyone."""

from collections.abc import Iterator

import pandas as pd

from maps.plan import Left, Legend, Site, Town, View, plan_map
from planner.plans.emergency import CaseAnswer
from planner.text import people_text
from scenarios.plans.emergency import Report
from scenarios.plans.emergency_tables import Cover, covers, gainers_text, hosted, share_of, site_said
from scenarios.plans.furniture import furniture_of, open_edges
from scenarios.plans.start import has_plan
from scenarios.plans.words import fewest_bound, state_text

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
            one, "hosted" if has_host else "alone", "依托" if has_host else "独立", site_said(cover, one, opened, True)
        )
    for one in cover.place:
        if kinds[one] not in ("grid", "station") and one not in chosen:
            yield Site(one, "host", "未入选", site_said(cover, one, opened, False))


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
