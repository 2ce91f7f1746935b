"""The rural chain planned from a folder of facts: each village's remedy, the rounds, the links from village to city."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from types import MappingProxyType

import pandas as pd

from planner.cached import bare
from planner.errors import OptionError, Problem, SitingError, Text
from planner.limits import Limit, read_limit
from planner.measures import FUNCTIONS
from planner.network import unknown_ways
from planner.plans.chain import LEVELS, Chain, chain, changes
from planner.plans.rounds import USUAL, RoundsPlan, Season, plan_rounds, usual_and_seasons
from planner.plans.rural import RuralPlan, RuralTask, allowed_by, plan_rural
from planner.plans.rural_villages import administrative_villages
from planner.road import Road
from planner.rules import Reading, Rule, Rules, load_rules
from planner.scenario import Open
from planner.standards import standard_names
from planner.text import clock_text, exact_text, limit_text
from planner.travel import PAPER, Travel
from scenarios.plans.start import STATUS_QUO, Proposal, Start, begin, record_of
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
