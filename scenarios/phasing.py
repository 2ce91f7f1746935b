"""The years of a scenario's sites: the order that serves most people earliest, written back as a scenario."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.csv_text import write_csv
from planner import __version__
from planner.errors import OptionError, Problem, Text
from planner.limits import Limit
from planner.measures import people_in_question
from planner.plans.sites import rows_of, serving_hospitals
from planner.plans.subcenters import ALL_PAIRS, KIND
from planner.region import settlements
from planner.rules import Rule, Rules
from planner.scenario import Scenario, apply
from planner.siting.instance import Instance, instance_of
from planner.siting.phasing import Phases, phases
from planner.siting.question import Question
from planner.text import WAY_CELLS, money_text, option_text, share_text
from planner.travel import StraightLine, Travel
from scenarios.chosen import PLANS, STATION, Chosen, chosen_of, limits_of, question_of, way_to_sites
from scenarios.document import Col, Document, Table, records
from scenarios.export.folder import keep_apart, whole_folder
from scenarios.export.manifest import inputs_part, write_record
from scenarios.export.sheet import write_document
from scenarios.files import read_scenario
from scenarios.plans.start import Start, begin, readings_of, record_of
from scenarios.questions import PhasesQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices
from scenarios.write import write_scenario


@dataclass(frozen=True, eq=False)
class Phased:
    """The order that was found. sites: id → name; scenario: the same with the years in its edits; said: its assumptions."""

    asked: PhasesQuestion
    start: Start
    kind: str
    found: Phases
    sites: Mapping[str, str]
    first_year: int
    limit: Limit | None
    unit: str
    people: float
    dearest: float
    scenario: Scenario
    said: tuple[tuple[str, str], ...]

    def calendar(self, year: int) -> int:
        """Return the calendar year of a year of the plan; year 0 is that before the first."""
        return self.first_year + year - 1


def phase_folder(asked: PhasesQuestion, choices: RoadChoices, out: Path, step: Step) -> Phased:
    """Find the order and write scenario, table, workbook and manifest into `out`."""
    data = asked.data or read_scenario(asked.scenario).data
    if data is None:
        fix = Text("加上 --data，或在方案里写 data", "give --data, or write data into the scenario")
        raise OptionError(Problem("--data", Text("没有写明数据文件夹", "no folder of data is named"), fix))
    start = begin(data, asked.rules, asked.scenario, choices, (), step)
    keep_apart(out, *filter(None, (start.data, asked.scenario)))
    found = phased(asked, start, step)
    with whole_folder(out) as folder:
        write_outputs(folder, found, step)
    return found


def phased(asked: PhasesQuestion, start: Start, step: Step) -> Phased:
    """Return the order; FugaiError for a scenario without sites, and for what cannot be asked."""
    plan, chosen = _which(asked, start)
    question = question_of(start.base.scenario, plan)
    limits, demand, travel, said = _asked(asked, start, plan, question)
    limit = limits[0] if limits else None
    sites = _sites(start, chosen, question)
    step(Text("计算路程", "measuring the ways"))
    instance = _instance(asked, demand, sites, travel, limit)
    prices = _prices(start.base.scenario, chosen) if asked.budget is not None else None
    step(Text("求开设顺序", "finding the order"))
    rate = float(asked.per_year) if asked.budget is None and asked.per_year else float(asked.budget or 0)
    found = phases(instance, chosen.sites, rate, prices, asked.solving)
    first_year, why = _first_year(asked, start)
    names = sites.set_index("id")["name"].to_dict()
    return Phased(
        asked, start, chosen.kind, found, {one: names[one] for one in chosen.sites}, first_year, limit, travel.unit,
        float(instance.weight.sum()), float(instance.costs.max(initial=0)),
        _dated(start.base.scenario, chosen, found, first_year),
        (*_said(asked, chosen, sites, limit, travel, found, said, why), (DEADLINE, _deadline(start, plan, found, first_year))),
    )  # fmt: skip


DEADLINE = "期限"
"""The label of the sentence on the clause's deadline."""


def _deadline(start: Start, plan: str, found: Phases, first_year: int) -> str:
    """Say whether the years keep the deadline of the clause (else of the document), and how many sites come too late."""
    if not start.at_home:
        return "规则是外市的，期限不适用。"
    deadline = start.law.deadline_of(_clause(start.law, plan))
    if deadline is None:
        return "条款和文件都没有写期限。"
    last = first_year + len(found.table) - 2
    words = "；".join(part for part in (f"{deadline.section}：{deadline.quote}", deadline.reading) if part)
    if last <= deadline.year:
        return f"分期到 {last} 年，在期限 {deadline.year} 年底以内（{words}）。"
    late = sum(first_year + number - 1 > deadline.year for number in found.year.values())
    return (
        f"分期到 {last} 年，超过期限 {deadline.year} 年底 {last - deadline.year} 年（{words}）："
        f"{len(found.year)} 处中 {late} 处在期限以后才开设。"
    )


def _clause(law: Rules, plan: str) -> Rule | None:
    """Return the rule that asks for sites of this plan, None where none does."""
    measure = "facility_count" if plan == "subcenters" else "people_within"
    asked = {"facility_kind": PLANS[plan], **({} if plan == "subcenters" else {"residents": "urban"})}
    return next((rule for rule, _ in readings_of(law, measure, **asked)), None)


def _which(asked: PhasesQuestion, start: Start) -> tuple[str, Chosen]:
    """Return the plan whose sites are meant; OptionError where there are none, or two kinds of them."""
    found = {plan: chosen_of(start.facts, start.base.scenario, kind) for plan, kind in PLANS.items()}
    there = [plan for plan, one in found.items() if one.sites and asked.plan in ("", plan)]
    if len(there) == 1:
        return there[0], found[there[0]]
    if there:
        fix = Text("加上 --plan subcenters 或 --plan emergency", "give --plan subcenters or --plan emergency")
        raise OptionError(Problem("--plan", Text("方案里有两类站点", "sites of two kinds"), fix))
    fix = Text("在方案的 edits 里写 upgrade（升格次中心）或 open（新设急救站）", "write upgrade or open into its edits")
    what = Text("方案没有新设或升格的站点", "the scenario opens and upgrades no sites")
    raise OptionError(Problem(str(asked.scenario), what, fix))


def _asked(
    asked: PhasesQuestion, start: Start, plan: str, question: Mapping[str, Any]
) -> tuple[tuple[Limit, ...], pd.DataFrame, Travel, str]:
    """Return the limits, the settlements to serve, the way to travel, and who is served in words."""
    region = start.region
    if plan == "subcenters":
        limits = limits_of(question, asked.limit, asked.default_limit)
        if region.roads is None and not asked.limit:
            limits = tuple(one for one in limits if one.unit == "mm")
        travel = way_to_sites(region.roads, start.base.choices, limits[:1])
        return limits, settlements(region.residents[region.residents["population"] > 0]), travel, "全部居民，居民到机构"
    scope, radius, paper = _urban(start.rules, question)
    limits = limits_of(
        question, asked.limit, (Limit(round(radius * 1e6), "mm", f"{option_text(radius)}km"),) if radius else ()
    )
    if not limits:
        fix = Text("加上 --limit，如 --limit 5km", "give --limit, as --limit 5km")
        raise OptionError(Problem("--limit", Text("规则里没有急救半径", "the rules give no radius"), fix))
    by_paper = paper and limits[0].unit == "mm"
    travel = StraightLine() if by_paper else way_to_sites(region.roads, start.base.choices, limits[:1], "from")
    people = people_in_question(region, "urban", scope)  # type: ignore[arg-type]
    return limits, settlements(people), travel, "城市地区居民，机构到居民"


def _urban(rules: Rules, question: Mapping[str, Any]) -> tuple[str, float, bool]:
    """Return scope, radius and whether it is the paper reading, of the clause on stations in urban areas."""
    for rule in rules.rules:
        for reading in sorted(rule.readings, key=lambda one: not one.judged):
            params = reading.params
            if params.get("facility_kind") == STATION and params.get("residents") == "urban" and "radius_km" in params:
                scope = question.get("urban_scope", params["urban_scope"])
                return scope, float(params["radius_km"]), reading.travel == "paper"
    return str(question.get("urban_scope", "subdistricts_and_county_seats")), 0.0, True


def _sites(start: Start, chosen: Chosen, question: Mapping[str, Any]) -> pd.DataFrame:
    """Return the sites to open as candidates, those that stand as fixed, and the hospitals behind sub-centres.

    A hospital that the scenario makes into a sub-centre serves before that, too: it stands twice, once as it is today.
    """
    before = apply(start.facts, chosen.before)
    built = set(before.open_facilities(chosen.kind)["id"]) - set(chosen.sites)
    behind = set(serving_hospitals(before, question.get("background"))) - built if chosen.kind == KIND else set()
    rows = rows_of(start.region, {*chosen.sites, *built, *behind})
    status = np.select([rows["id"].isin(chosen.sites), rows["id"].isin(built)], ["candidate", "fixed"], "background")
    rows = rows.assign(status=status)
    renamed = rows[rows["id"].isin(behind & set(chosen.sites))]
    today = renamed.assign(id=renamed["id"] + "（现状）", status="background")
    return pd.concat([rows, today], ignore_index=True) if len(today) else rows


def _instance(
    asked: PhasesQuestion, demand: pd.DataFrame, sites: pd.DataFrame, travel: Travel, limit: Limit | None
) -> Instance:
    covers = asked.aim == "cover"
    if covers and limit is None:
        fix = Text("加上 --limit，或用 --aim cost", "give --limit, or --aim cost")
        raise OptionError(Problem("--limit", Text("没有限度", "there is no limit"), fix))
    reach = travel.reach_whole(demand, sites, limit.value if covers and limit else ALL_PAIRS)
    question = Question(
        "mclp" if covers else "p-median", p=int((sites["status"] != "background").sum()), allow_unreachable=True
    )
    weights = pd.Series(demand["population"].to_numpy(float), index=reach.demand_ids)
    return instance_of(question, reach, weights, sites[["id", "status"]])


def _prices(scenario: Scenario, chosen: Chosen) -> Mapping[str, float]:
    """Return what each site costs: the edit that makes it (NaN: unknown), and what is known of those after it."""
    cost = {site: [scenario.edits[at].cost for at in places] for site, places in chosen.made.items()}
    return {site: math.fsum([first, *(one for one in more if not math.isnan(one))])
            for site, (first, *more) in cost.items()}  # fmt: skip


def _first_year(asked: PhasesQuestion, start: Start) -> tuple[int, str]:
    """Return the first year, and why: the one given, else that after the last date of scenario, rules and data."""
    if asked.first_year is not None:
        return asked.first_year, ""
    dates = {"方案": start.base.scenario.date, "规则": start.law.issued, "数据": start.region.about.as_of}
    known = {name: int(date[:4]) for name, date in dates.items() if date[:4].isdigit()}
    if known:
        last = max(known, key=lambda name: known[name])
        return known[last] + 1, f"第一年没有写明（--start），取{last}日期 {dates[last]} 的下一年。"
    fix = Text("加上 --start，如 --start 2026", "give --start, as --start 2026")
    what = Text("方案、规则和数据都没有日期，不知道从哪一年起", "neither scenario, rules nor data have a date")
    raise OptionError(Problem("--start", what, fix))


def _dated(scenario: Scenario, chosen: Chosen, found: Phases, first_year: int) -> Scenario:
    """Return the scenario with the year of each site in the edit that makes it, and in those after that are not later."""
    edits = list(scenario.edits)
    for site, number in found.year.items():
        year, (making, *after) = first_year + number - 1, chosen.made[site]
        edits[making] = replace(edits[making], year=year)
        for at in after:
            edits[at] = replace(edits[at], year=max(year, edits[at].year or year))
    return replace(scenario, edits=tuple(edits))


def _said(
    asked: PhasesQuestion,
    chosen: Chosen,
    sites: pd.DataFrame,
    limit: Limit | None,
    travel: Travel,
    found: Phases,
    whom: str,
    why: str,
) -> tuple[tuple[str, str], ...]:
    way = "直线" if isinstance(travel, StraightLine) else "道路" + ("时间" if travel.unit == "ms" else "距离")
    covers = asked.aim == "cover"
    aim = (
        f"各年年末在 {limit.said} 内的人口之和最大"
        if covers and limit
        else "各年人口加权路程之和最小（无处可去的按最远的计）"
    )
    by_number = asked.budget is None
    rate = f"每年 {asked.per_year} 处" if by_number else f"每年 {money_text(asked.budget)}，用不完的留到下一年"
    earliest = "每年开满这个数" if by_number else "每处在钱够的最早一年开设"
    stands = int((sites["status"] == "fixed").sum()), int((sites["status"] == "background").sum())
    proof = "已证明最优" if found.status == "optimal" else f"未证明最优，差距 {share_text(found.gap)}"
    return (
        ("目标", f"{aim}；{proof}。人口同为现在的人口，逐年不变（假设）。"),
        ("进度", f"{rate}（参数）；共 {len(chosen.sites)} 处，{len(found.table) - 1} 年建成；{earliest}。{why}"),
        ("路程", f"{way}；{whom}，小于或等于限度算在内（限度是规划人员的参数）。"),
        ("从头就有", f"已有同类机构 {stands[0]} 处、已有医院 {stands[1]} 处照常服务；方案里的其他改动都当作一开始就做了（假设）。"),
        *([("限度内人均路程", "只是当年已在限度内的居民的平均：新覆盖的人多住得较远，平均因此变大，原来的居民没有变远。")] if covers else []),
        ("同分", "覆盖同样多时取人口加权路程小的，再同取编号在前的（20 处以内）。"),
    )  # fmt: skip


# The outputs of the years: the scenario with its years, a table a year as CSV and workbook, and the manifest.

PLAN, TABLE, WORKBOOK = "方案_分期.yaml", "分期.csv", "分期.xlsx"


def write_outputs(folder: Path, found: Phased, step: Step) -> None:
    """Write every output into an empty folder, the manifest last."""
    step(Text("写出分期", "writing the years"))
    start, scenario = found.start, found.scenario
    frame = start.region.facilities
    names = dict(zip(frame["id"], frame["name"], strict=True))
    top = ("分期方案，由 fugai phases 写出年份：fugai run 可以运行，也可以修改后再运行。",)
    write_scenario(folder / PLAN, scenario, start.base.choices, start.data, start.rules_name, top, names)
    document = document_of(found, years(found))
    write_csv(folder / TABLE, document.tables[0].frame)
    write_document(folder / WORKBOOK, document)
    _write_manifest(folder, found)


def _columns(found: Phased) -> list[Col]:
    """Return the columns of the table of years."""
    covers = found.asked.aim == "cover"
    money = [
        _number("cost", "当年费用\n（万元）", 12, "money"),
        _number("cumulative_cost", "累计费用\n（万元）", 12, "money"),
    ]
    people = [
        _number("covered", "限度内人口\n（人）", 14, "number"), _number("newly_covered", "新覆盖\n（人）", 14, "number"),
        Col("share", "占评估人口", 11 * 0.95, "centre", shown=lambda row: share_text(row["share"])),
    ]  # fmt: skip
    unit = "分钟" if found.unit == "ms" else "公里"
    return [
        Col("calendar", "年份", 8 * 0.95, "centre", shown=lambda row: str(row["calendar"])),
        Col("names", "开设", 46 * 0.95),
        _number("count", "当年\n（处）", 8, "centre"),
        *(money if found.asked.budget is not None else []),
        *(people if covers else []),
        _number("mean", f"{'限度内' if covers else ''}人均路程\n（{unit}）", 12, WAY_CELLS[found.unit]),
    ]


def _number(key: str, label: str, width: float, style: str) -> Col:
    """Return a column of numbers, blank where there is none."""
    return Col(key, label, width * 0.95, style, shown=lambda row: "" if pd.isna(row[key]) else float(row[key]))


def years(found: Phased) -> pd.DataFrame:
    """Return a row a year, the first of them as it is today."""
    table, people = found.found.table, max(found.people, 1.0)
    unit = 60_000 if found.unit == "ms" else 1_000_000

    def named(ids: tuple[str, ...]) -> str:
        return "、".join(found.sites[one] for one in ids)

    reached = people if found.asked.aim == "cost" else table["covered"].where(table["covered"] > 0)
    dearest = table["weighted_cost"]
    if found.asked.aim == "cover":  # of those within the limit; the others stand at the dearest cost
        dearest = dearest - (people - table["covered"]) * found.dearest
    return table.assign(
        calendar=[found.calendar(year) for year in table["year"]],
        names=[named(ids) if year else "现状" for year, ids in zip(table["year"], table["opened"], strict=True)],
        count=[len(ids) for ids in table["opened"]],
        share=table["covered"] / people,
        mean=(dearest / reached / unit).astype(float),
    )


def document_of(found: Phased, rows: pd.DataFrame) -> Document:
    """Return the order of opening as a document."""
    region = found.start.region
    title = f"{region.about.name}分期开设方案（{found.scenario.name}）"
    cols = [Col("number", "序号", 5, "centre"), *_columns(found)]
    note = f"{DEADLINE}：{dict(found.said)[DEADLINE]}"
    lines = [("方案", found.scenario.name), *found.said, ("版本", f"fugai {__version__}")]
    table = Table("分期", title, cols, records(rows), [note], "没有站点。")
    return Document("分期开设方案", region, [table], lines, region.about.notice)


def _write_manifest(folder: Path, found: Phased) -> None:
    start, asked, plan = found.start, found.asked, found.found
    parts = {
        **inputs_part((*start.region.sources, *start.files)),
        "parameters": {
            "aim": asked.aim, "per_year": asked.per_year, "budget": asked.budget, "first_year": found.first_year,
            "limit": found.limit.said if found.limit else None, "kind": found.kind,
        },
        "answer": {
            "order": list(plan.order), "years": {name: found.calendar(year) for name, year in plan.year.items()},
            "objective": plan.objective, "bound": plan.bound, "status": plan.status,
        },
        "scenario": dict(record_of(start)),
        "assumptions": [f"{label}：{text}" for label, text in found.said],
    }  # fmt: skip
    write_record(folder, start.region, parts, "phases")
