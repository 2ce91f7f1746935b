"""The rural chain planned from a folder of facts: each village's remedy, the rounds, the links from village to city."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.errors import OptionError, Problem, SitingError, Text
from planner.findings import assess
from planner.limits import Limit, read_limit
from planner.measures import FUNCTIONS
from planner.network import unknown_ways
from planner.plans.chain import LEVELS, Chain, chain, changes
from planner.plans.rounds import USUAL, RoundsPlan, Season, plan_rounds, usual_and_seasons
from planner.plans.rural import (
    GROUPS,
    KINDS,
    SUBSTITUTES,
    RuralPlan,
    RuralTask,
    administrative_villages,
    allowed_by,
    plan_rural,
)
from planner.road import Road
from planner.rules import Reading, Rule, Rules, load_rules
from planner.scenario import Open
from planner.schema import FACILITY_KINDS, STATUS_LABELS
from planner.standards import standard_names
from planner.text import (
    amount_text,
    amount_words,
    clock_text,
    count_text,
    exact_text,
    hours_text,
    limit_text,
    people_text,
    share_text,
    signed_text,
)
from planner.travel import PAPER, Travel, bare
from scenarios.plans.start import STATUS_QUO, Proposal, Start, begin, record_of
from scenarios.plans.words import amount
from scenarios.questions import RuralQuestion
from scenarios.run import PLAN, Step
from scenarios.ways import PERIOD_LABELS, RoadChoices, road_of, ways_of

FAR_BY_ROAD, FAR_ON_PAPER = "10min", "3km"
"""From where on a village is far, where the planner does not say: parameters, no clause gives a number."""
_COUNTED = ("township_hospital", "community_health_center", "village_clinic")
_RURAL = ("town", "village")
NO_ROUNDS = Text(
    "未安排巡回路线和值班表：生成本结果的电脑没有装安排路线的部件；其余各项完整",
    "no routes and no duty table: the computer that made this lacks the part that plans routes; all else is complete",
)
"""What the outputs say; what to install, the terminal says."""
_NO_ROADS = Text("数据里没有路网：按直线距离，不排巡回日程", "no roads: by distance on paper, and no rounds")
_NOBODY = Text("没有取巡回医疗的行政村，不排巡回日程", "no village takes rounds, there is no duty")


@dataclass(frozen=True, eq=False)
class Report:
    """The plan and what is told around it.

    rounds  None where none are made; `told` then says why
    before  the chain as the facts are, where the plan goes on from a scenario; else None
    seasons the rounds of each season by name; `rounds` are then those of the usual months
    """

    asked: RuralQuestion
    start: Start
    far: Limit
    travels: Mapping[str, Travel]
    plan: RuralPlan
    rounds: RoundsPlan | None
    chain: Chain
    before: Chain | None
    told: tuple[Text, ...]
    seasons: Mapping[str, RoundsPlan] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def changes(self) -> pd.DataFrame | None:
        """What the scenario changes in the chain, by town; None where there is none."""
        return None if self.before is None else changes(self.before, self.chain)

    @property
    def counts(self) -> list[tuple[Rule, Reading]]:
        """The readings that compare the number of rural facilities (and community centres) with a number of the clause."""
        return [
            (rule, reading)
            for rule in self.start.law.rules
            if rule.measure == "facility_count"
            for reading in rule.readings
            if reading.params.get("facility_kind") in _COUNTED
        ]

    @property
    def owed(self) -> list[Rule]:
        """The rules on what each town and village must have: existence and standard apart."""
        return [
            one
            for one in self.start.rules.rules
            if one.measure in ("facility_per_unit", "standard_per_unit")
            and any(reading.params.get("units") in _RURAL for reading in one.readings)
        ]

    @property
    def said(self) -> list[tuple[str, str]]:
        """Label and sentence of what the plan assumes and was given."""
        rule = self.plan.allowed.rule
        where = f"{self.start.law.document}{rule.clause.section}"
        written = {text for one in self.start.law.rules if one.id == rule.id for text in one.assumptions}
        return [
            ("条款", f"{where}：{rule.clause.quote}"),
            ("条款：替代服务", f"{where}：{rule.plan_quote}"),
            *(("条款：改定", one) for one in rule.assumptions if one not in written),
            *(("说明", one.zh) for one in self.told),
            *(("村级假设", one) for one in self.plan.assumptions),
            *(("链条假设", one) for one in self.chain.assumptions),
            *(("链条缺级", one.zh) for one in self.chain.missing),
            *(("巡回假设", one) for one in (self.rounds.assumptions if self.rounds else ())),
            *(("巡回季节", one.said) for one in self.asked.seasons if self.seasons),
            *(("道路", one) for one in self._road_said),
            ("求解", "村级和链条是逐村取最近的，没有求解；巡回路线用启发式算法求得（不是最优的证明），固定种子，同样的输入得到同样的方案。"),
        ]  # fmt: skip

    @property
    def _road_said(self) -> list[str]:
        if "road_time" not in self.travels:
            return ["没有路网：按直线距离（公里）。"]
        choices = self.start.base.choices
        period = f"（{PERIOD_LABELS[choices.period]}）" if choices.period else ""
        own = "、".join(f"{name} {exact_text(speed)}" for name, speed in sorted(choices.speeds.items()))
        table = f"{own}；其余等级用内置的假设时速" if own else "内置的假设时速（可用 --speeds 改）"
        said = [
            f"由村到机构沿路网最快的行车时间；时速{period}（公里/小时）：{table}，路段自带时速的以自带为准。",
            f"离路一段按步行；离最近道路 {limit_text(choices.max_snap_m * 1000, 'mm')}以内的接到路上，更远的为不可达。",
        ]
        if choices.delay_s:
            said.append("急救调度时间与巡回、就诊无关，这里不计。")
        if choices.closed or choices.closed_area is not None:
            closed = "、".join(sorted(choices.closed)) or "图形范围所及的路段"
            said.append(f"封闭道路：{closed}。")
        return said


def plan_report(asked: RuralQuestion, choices: RoadChoices, step: Step) -> Report:
    """Plan. FugaiError for facts, rules or options that do not go together."""
    start = begin(asked.data, asked.rules, asked.scenario, choices, (), step, _allows)
    _allowed(start)
    administrative_villages(start.region)
    travels = _travels(start)
    far, limits = _limits(asked, by_road="road_time" in travels)
    _seasons_checked(asked, start)
    links = _link_limits(asked, by_road="road_time" in travels)
    way = "road_time" if far.unit == "ms" else "road" if "road" in travels else "paper"
    step(Text("确定各行政村的服务方式", "choosing each village's remedy"))
    task = RuralTask(far.value, asked.few, {kind: one.value for kind, one in limits.items()}, asked.prefer)
    plan = plan_rural(start.region, start.rules, travels[way], task)
    step(Text("计算五级链条", "following the chain"))
    found = chain(start.region, travels, limits=links)
    before = None if start.base.scenario == STATUS_QUO else chain(start.facts, travels, limits=links)
    rounds, told = _rounds(asked, start, travels, plan, step)
    more = {name: one for name, one in rounds.items() if name != USUAL}
    if USUAL in rounds:
        plan = plan.unvisited(dict(zip(rounds[USUAL].left["code"], rounds[USUAL].left["why"], strict=True)))
    return Report(asked, start, far, travels, plan, rounds.get(USUAL), found, before, told, more)


def _allowed(start: Start) -> None:
    """Refuse rules without a clause on what may stand for a clinic, and name those that have one."""
    try:
        allowed_by(start.rules)
    except SitingError as error:
        own = "、".join(one for one in standard_names() if _allows(load_rules(one, FUNCTIONS)))
        fix = Text(
            f"有的规则：{own}；用 --rules 换用，不是本市的就是参数情景，不作判断",
            f"these have: {own}; another city's is a case of parameters, which judges nothing",
        )
        raise SitingError([replace(one, fix=fix) for one in error.problems]) from error


def _allows(rules: Rules) -> bool:
    return any("substitutes" in one.plan_params for one in rules.rules)


def _travels(start: Start) -> Mapping[str, Travel]:
    """Return the ways from the village to its care; a dispatch's delay is none of theirs."""
    graph, choices = start.region.roads, replace(start.base.choices, delay_s=0.0)
    if graph is None:
        return ways_of(start.region, start.base.choices)
    by_road = {
        name: road_of(graph, choices, by_time=by_time, direction="to")
        for name, by_time in (("road", False), ("road_time", True))
    }
    return {**PAPER, **by_road}


def _limits(asked: RuralQuestion, *, by_road: bool) -> tuple[Limit, Mapping[str, Limit]]:
    """Return what is far and the limits by kind, all of one unit; OptionError for times without roads."""
    far = asked.far or read_limit(FAR_BY_ROAD if by_road else FAR_ON_PAPER)
    said = {"--far": far, **{f"--{kind}-limit": one for kind, one in asked.limits.items()}}
    if not by_road and any(one.unit == "ms" for one in said.values()):
        name, one = next((name, one) for name, one in said.items() if one.unit == "ms")
        fix = Text("放入 roads，或改用距离，如 3km", "add roads, or give a distance, as 3km")
        what = Text("数据里没有路网，不能按时间计算", "no roads, so there are no times")
        raise OptionError(Problem(name, what, fix, found=one.said))
    odd = {name: one for name, one in said.items() if one.unit != far.unit}
    if odd:
        name, one = next(iter(odd.items()))
        fix = Text("都用时间，或都用距离", "all times, or all distances")
        raise OptionError(Problem(name, Text("与 --far 单位不同", "another unit than --far"), fix, found=one.said))
    return far, asked.limits


def _rounds(
    asked: RuralQuestion, start: Start, travels: Mapping[str, Travel], plan: RuralPlan, step: Step
) -> tuple[Mapping[str, RoundsPlan], tuple[Text, ...]]:
    """Return the month's duty, by season (the usual one first); none, and why, without roads, pyvrp, or anybody to visit."""
    hosts, road = plan.visited(), bare(travels.get("road_time"))
    if road is None:
        return {}, (_NO_ROADS,)
    if not len(hosts):
        return {}, (_NOBODY,)
    if find_spec("pyvrp") is None:
        return {}, (NO_ROUNDS,)
    step(Text("排巡回日程", "routing the rounds"))
    if asked.seasons and isinstance(road, Road):
        return usual_and_seasons(start.region, hosts, road, asked.rounds, asked.seasons), ()
    return {USUAL: plan_rounds(start.region, hosts, road, asked.rounds)}, ()


def _seasons_checked(asked: RuralQuestion, start: Start) -> None:
    """Refuse seasons without roads, and closed ways that no road has."""
    graph = start.region.roads
    if asked.seasons and graph is None:
        what = Text("数据里没有路网，排不了巡回，季节无从谈起", "no roads, so no rounds and no seasons of them")
        raise OptionError(Problem("--season", what, Text("放入 roads，或去掉 --season", "add roads, or drop it")))
    for one in asked.seasons:
        unknown = unknown_ways(graph, one.closed) if graph is not None else []
        if unknown:
            what = Text(f"路网里没有{one.name}封闭的路段", f"no road has these ids, closed in {one.name}")
            raise OptionError(
                Problem("--season", what, Text("核对路段编号", "check the ids"), found="、".join(unknown[:10]))
            )


def _link_limits(asked: RuralQuestion, *, by_road: bool) -> Mapping[str, int]:
    """Return the limits of links in the chain's units; OptionError for another unit than the chain is counted in."""
    wanted = "ms" if by_road else "mm"
    for level, one in asked.link_limits.items():
        if one.unit != wanted:
            zh, en = (("有路网时链条按时间", "with roads the chain counts time") if by_road
                      else ("数据里没有路网，链条按距离", "without roads the chain counts distance"))  # fmt: skip
            fix = Text("用时间，如 30min", "give a time, as 30min") if by_road else Text("用距离，如 10km", "as 10km")
            what = Text(f"{LEVELS[level].zh}的限度单位不对：{zh}", f"{LEVELS[level].en}: wrong unit; {en}")
            raise OptionError(Problem("--link-limit", what, fix, found=one.said))
    return {level: one.value for level, one in asked.link_limits.items()}


def proposals(report: Report) -> list[Proposal]:
    """Return the new clinics as a scenario; the base scenario's own edits stand before them."""
    start, plan = report.start, report.plan
    base = start.base.scenario
    few, far = report.asked.few, report.far.said
    notes = (f"乡村方案：人口较少取不超过 {few} 人，交通半径大取不少于 {far}（参数）。", *plan.assumptions)
    if not plan.edits():
        unknown = int((plan.villages["group"] == "no_data").sum())
        said = f"村卫生室没有名录：{unknown} 个行政村无法判断要不要新建。" if unknown else "没有要新建的村卫生室。"
        notes = (said, *notes)
    scenario = replace(
        base,
        name="乡村方案（新建村卫生室）",
        edits=(*base.edits, *map(_by_place, plan.edits())),
        notes=(*base.notes, *notes),
    )
    top = ("由 fugai plan rural 写出：fugai run 可以重现，也可以修改后再运行、再比较（fugai compare）。",)
    return [Proposal(PLAN, replace(start.base, scenario=scenario), top)]


def _by_place(edit: Open) -> Open:
    """Return the edit as a file says it: a new clinic's county follows from its place."""
    return replace(edit, fields={name: value for name, value in edit.fields.items() if name != "county_code"})


def parameters(report: Report) -> dict[str, object]:
    """Return what the planner decided, as plan.json keeps it."""
    task, rounds = report.plan.task, report.asked.rounds
    return {
        "unit": report.plan.unit, "few": task.few, "far": report.far.said,
        "limits": {kind: one.said for kind, one in sorted(report.asked.limits.items())},
        "preference": list(task.preference or report.plan.allowed.kinds),
        "rounds": {
            "made": report.rounds is not None, "visits": rounds.visits, "work_days": rounds.work_days,
            "day_minutes": rounds.day_minutes, "start": clock_text(rounds.start * 60), "teams": rounds.teams,
            "visit_minutes": rounds.visit_minutes, "resident_minutes": rounds.resident_minutes,
            "iterations": rounds.iterations, "seed": rounds.seed,
        },
        **({"seasons": [_season_data(one) for one in report.asked.seasons]} if report.asked.seasons else {}),
        "chain": {"way": report.chain.way, "unit": report.chain.unit,
                  **({"limits": {level: one.said for level, one in report.asked.link_limits.items()}} if report.asked.link_limits else {})},
        "base": dict(record_of(report.start)),
    }  # fmt: skip


def _season_data(season: Season) -> dict[str, object]:
    return {
        "name": season.name, "months": list(season.months), "speeds": dict(sorted(season.speeds.items())),
        "closed": sorted(season.closed), "visits": season.visits, "work_days": season.work_days, "day_minutes": season.day_minutes,
    }  # fmt: skip


# The tables of a rural plan as rows that the workbook, the map and plan.json show alike.

Row = dict[str, Any]
CITY = "全市"
LINKS = {
    level: label.zh.replace("→", "到") if label.zh.startswith("→") else label.zh for level, label in LEVELS.items()
}
"""The links as a table's reader meets them."""


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame as mappings by column name."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def kind_label(report: Report, kind: str) -> Text:
    """Return what a kind is called; a new clinic is a gap only where the clause judges here."""
    if kind == "new_clinic" and not report.plan.judges:
        return Text("新建村卫生室（建议）", "new clinic (advice)")
    return KINDS[kind]


def new_word(report: Report) -> str:
    """Return what stands behind 新建 in a heading."""
    return "缺口" if report.plan.judges else "建议"


def villages(report: Report) -> list[Row]:
    """Return one row a village: its kind, who serves it, why."""
    unit = report.plan.unit
    return [
        {
            **row, "label": kind_label(report, row["kind"]).zh, "group_label": group_label(report, row["group"]),
            "way": float("nan") if row["kind"] == "clinic" else amount(row["cost"], unit), "care_way": amount(row["care_cost"], unit),
            "estimated_text": "估算" if row["estimated"] else "",
        }
        for row in rows_of(report.plan.villages)
    ]  # fmt: skip


def group_label(report: Report, group: str) -> str:
    """Return what the group is called."""
    return f"新建{new_word(report)}" if group == "gap" else GROUPS[group].zh


def kinds_shown(report: Report) -> list[str]:
    """Return the kinds that may occur here: the clause's own in its order, the substitutes side by side."""
    allowed = report.plan.allowed.kinds
    lost = ["unvisited"] if (report.plan.villages["kind"] == "unvisited").any() else []
    return ["clinic", *(one for one in allowed if one in SUBSTITUTES), *lost, "new_clinic", "no_data"]


def sums(report: Report) -> list[Row]:
    """Return villages and residents by kind, a row a county and one for the city; 替代服务 as a sum of its own."""
    frame = report.plan.villages
    by_county = [(str(name), mine) for (_, name), mine in frame.groupby(["county_code", "county_name"], sort=True)]
    return [_sum(report, name, mine) for name, mine in [*by_county, (CITY, frame)]]


def town_sums(report: Report) -> list[Row]:
    """Return the same by town."""
    keys = ["county_code", "county_name", "town_code", "town_name"]
    return [
        {**_sum(report, str(key[3]), mine), "county_name": key[1], "town_code": key[2]}
        for key, mine in report.plan.villages.groupby(keys, sort=True)
    ]


def _sum(report: Report, name: str, mine: pd.DataFrame) -> Row:
    counts, people = mine.groupby("kind").size(), mine.groupby("kind")["population"].sum()
    served = mine["group"].isin(["clinic", "substitute"])
    substitutes = mine["group"] == "substitute"
    row: Row = {"name": name, "villages": len(mine), "population": int(mine["population"].sum())}
    for kind in kinds_shown(report):
        row[kind], row[f"{kind}_people"] = int(counts.get(kind, 0)), int(people.get(kind, 0))
    return {
        **row,
        "substitute": int(substitutes.sum()),
        "substitute_people": int(mine.loc[substitutes, "population"].sum()),
        "served": int(served.sum()),
        "served_share": share_text(float(served.mean())),
    }


def duties(report: Report) -> list[Row]:
    """Return one row a team and working day: the villages in order with the time of arrival, km, hours, back."""
    plan = report.rounds
    if plan is None:
        return []
    keys = ["hospital", "team", "day"]
    stops = {key: mine.sort_values("order") for key, mine in plan.stops.groupby(keys)}
    out = []
    for row in rows_of(plan.days):
        mine = stops[(row["hospital"], row["team"], row["day"])]
        route = " → ".join(f"{name}（{at}到）" for name, at in zip(mine["name"], mine["arrive"], strict=True))
        out.append({**row, "route": route, "leave": clock_text(plan.task.start * 60),
                    "people": int(mine["population"].sum()), "codes": list(mine["code"])})  # fmt: skip
    return out


def teams(report: Report) -> list[Row]:
    """Return one row a hospital that sends teams."""
    plan = report.rounds
    if plan is None:
        return []
    have = plan.task.teams
    return [{**row, "state": f"缺 {row['teams'] - have} 支" if row["short"] else "够"} for row in rows_of(plan.teams)]


def left(report: Report) -> list[Row]:
    """Return the villages that no round can visit, and why."""
    return rows_of(report.rounds.left) if report.rounds is not None else []


def weakest_text(level: str) -> str:
    """Return what the weakest link is called."""
    return LINKS.get(level, "—")


def towns(report: Report) -> list[Row]:
    """Return the chain by town: means, the worst, the weakest link, what is nearer beyond the county."""
    beyond = {str(code): across_text(report, mine) for code, mine in report.chain.villages.groupby("town_code")}
    unit = report.chain.unit
    amounts = [*(f"to_{level}_mean" for level in LEVELS), "total_mean", "total_worst", "second_mean"]
    return [
        {
            **row,
            **{name: amount(row[name], unit) for name in amounts},
            "weakest_label": weakest_text(row["weakest"]),
            "across_said": beyond[str(row["town_code"])],
        }
        for row in rows_of(report.chain.towns)
    ]


def across_text(report: Report, mine: pd.DataFrame) -> str:
    """Return which facilities beyond the county are nearer for these villages, for how many, and by how much at most."""
    said = []
    for level, label in LINKS.items():
        near = mine[mine[f"to_{level}_across"] != ""]
        for _, some in near.groupby(f"to_{level}_across", sort=True):
            saved = some[f"to_{level}_saved"].max()
            gain = "本县没有可达的" if pd.isna(saved) else f"最多近 {amount_text(saved, report.chain.unit)}"
            said.append(f"{label}：{some[f'to_{level}_across_name'].iloc[0]}（{len(some)} 村，{gain}）")
    return "；".join(said) or "—"


def over_text(row: Row) -> str:
    """Return the links of a village that are beyond their limits."""
    return "、".join(label for level, label in LINKS.items() if row[f"to_{level}_over"])


def chain_villages(report: Report) -> list[Row]:
    """Return the chain by village, in minutes or kilometres, for the CSV list."""
    unit, out = report.chain.unit, []
    for row in rows_of(report.chain.villages):
        links = {}
        for level, label in LINKS.items():
            links[f"{label}_机构"] = row[f"to_{level}_name"]
            links[f"{label}_{'分钟' if unit == 'ms' else '公里'}"] = amount(row[f"to_{level}_cost"], unit)
            links[f"{label}_县外更近"] = row[f"to_{level}_across_name"]
        out.append(
            {
                "村代码": row["code"], "行政村": row["name"], "县（区）": row["county_name"], "乡镇": row["town_name"],
                "人口": row["population"], **links, "合计": amount(row["total"], unit),
                "最薄弱环节": weakest_text(row["weakest"]), "有不可达": "是" if row["unreachable"] else "否",
                **({"超出限度的环节": over_text(row) or "无"} if report.chain.limits else {}),
            }
        )  # fmt: skip
    return out


def changed(report: Report) -> list[Row]:
    """Return what the scenario changes in the chain, the towns with a change first."""
    if report.changes is None:
        return []
    unit = report.chain.unit
    names = ["second_mean", "second_mean_after", "total_mean", "total_mean_after", "gain"]
    rows = report.changes.sort_values(["gain", "town_code"], ascending=[False, True], kind="stable")
    return [
        {**row, **{name: amount(row[name], unit) for name in names}, "people_nearer": int(row["people_nearer"]), "people_reached": int(row["people_reached"]),
         "weakest_label": weakest_text(row["weakest"]), "weakest_after_label": weakest_text(row["weakest_after"])}
        for row in rows_of(rows)
    ]  # fmt: skip


def counts(report: Report) -> list[Row]:
    """Return the clause's numbers of facilities against what is on the ground: 数量差异, no judgement."""
    out, planned = [], len(report.plan.edits())
    region = report.start.region
    for rule, reading in report.counts:
        kind, wanted = str(reading.params["facility_kind"]), int(reading.params["at_least"])
        known = region.knows(kind)
        there = len(region.open_facilities(kind))
        new = planned if kind == "village_clinic" else 0
        out.append(
            {
                "kind": FACILITY_KINDS[kind][0], "quote": rule.clause.quote, "force": rule.clause.force or "—",
                "wanted": wanted, "there": there if known else "无数据", "difference": _signed(there - wanted) if known else "—",
                "new": new, "after": _signed(there + new - wanted) if known else "—",
            }
        )  # fmt: skip
    return out


def _signed(number: int) -> str:
    return signed_text(number)


def owed(report: Report) -> list[Row]:
    """Return, by rule, county and city, how many towns or villages have what they must have: existence and standard apart."""
    rules = replace(report.start.rules, rules=tuple(report.owed))
    if not rules.rules:
        return []
    found = assess(report.start.region, rules, PAPER)
    found = found[found["level"].isin(["county", "city"])]
    labels = {one.id: (at, one.label, one.denominator) for at, one in enumerate(rules.rules)}
    rows = rows_of(found)
    rows.sort(key=lambda row: (labels[row["rule"]][0], row["level"] == "city", row["subject_code"]))
    return [
        {
            "rule": labels[row["rule"]][1], "place": row["subject_name"], "units": labels[row["rule"]][2],
            "judged": _number(row["required"]), "met": _number(row["value"]),
            "lacking": _number(row["gap"]), "status": STATUS_LABELS[row["status"]],
        }
        for row in rows
    ]  # fmt: skip


def _number(value: float) -> str | int:
    return "—" if pd.isna(value) else round(value)


def overview(report: Report) -> list[Text]:
    """Return what the command says at its end."""
    plan = report.plan
    out = [
        Text(
            f"{kind_label(report, row['kind']).zh}：{row['villages']} 个行政村（{share_text(row['share'])}），{people_text(row['population'])}",
            f"{kind_label(report, row['kind']).en}: {row['villages']} villages, {count_text(row['population'])} people",
        )
        for row in rows_of(plan.kinds)
        if row["villages"]
    ]
    zh, en = ("", "") if plan.judges else ("（条款不是本市的或不作判断，新建只是建议）", " (no clause judges here)")
    by = {row["kind"]: row for row in rows_of(plan.kinds)}
    arranged = [one for one in SUBSTITUTES if one in by and by[one]["villages"]]
    kinds = "".join(f"，按{KINDS[one].zh}安排 {by[one]['villages']} 个{_unrouted(report, one).zh}" for one in arranged)
    kinds_en = "".join(
        f", {by[one]['villages']} to be served so: {KINDS[one].en}{_unrouted(report, one).en}" for one in arranged
    )
    out.append(
        Text(
            f"行政村 {len(plan.villages)} 个，已有村卫生室 {by['clinic']['villages']} 个{kinds}{zh}",
            f"{len(plan.villages)} villages, {by['clinic']['villages']} with a clinic{kinds_en}{en}",
        )
    )
    if report.rounds is not None:
        out += [_rounds_said(one) for one in (report.rounds, *report.seasons.values())]
    people = report.chain.villages.groupby("weakest")["population"].sum()
    links = [level for level in LEVELS if level in people.index]
    zh = "，".join(f"{weakest_text(level)} {people_text(people[level])}" for level in links)
    en = ", ".join(f"{LEVELS[level].en} {count_text(people[level])}" for level in links)
    count, everyone = len(report.chain.villages), int(report.chain.villages["population"].sum())
    out.append(
        Text(
            f"五级链条最薄弱的一段（行政村 {count} 个，居民 {people_text(everyone)}）：{zh}",
            f"weakest link, of {count_text(everyone)} people in {count} villages: {en}",
        )
    )
    return [*out, *_over_said(report)]


def _unrouted(report: Report, kind: str) -> Text:
    """Return what is to be said of rounds for which no route was made: they are proposed only."""
    lacks = kind == "round" and report.rounds is None
    return Text("（没有编排路线）", " (no routes were made)") if lacks else Text("", "")


def _over_said(report: Report) -> list[Text]:
    """Return how many villages and people each link with a limit leaves beyond it."""
    rows, out = report.chain.villages, []
    for level in (one for one in LEVELS if one in report.chain.limits):
        some = rows[rows[f"to_{level}_over"]]
        most, people = limit_text(report.chain.limits[level], report.chain.unit), int(some["population"].sum())
        out.append(Text(f"{LINKS[level]}超出 {most}（参数，不作判断）：{len(some)} 个行政村，{people_text(people)}",
                        f"{LEVELS[level].en} beyond its limit: {len(some)} villages, {count_text(people)} people"))  # fmt: skip
    return out


def _rounds_said(rounds: RoundsPlan) -> Text:
    days, short, missed = len(rounds.days), int(rounds.teams["short"].sum()), len(rounds.left)
    km, hours = amount_words(rounds.km * 1e6, "mm"), hours_text(rounds.hours)
    lack = f"，{short} 家卫生院队伍不够" if short else ""
    lost = f"，{missed} 村当天去不了" if missed else ""
    return Text(
        f"{rounds.season or ''}巡回：每月 {days} 个队日，{km.zh}，{hours.zh}{lack}{lost}",
        f"rounds{f' ({rounds.season})' if rounds.season else ''}: {days} days of teams a month, {km.en}, {hours.en}; {short} hospitals short, {missed} villages left",
    )
