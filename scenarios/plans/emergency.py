"""Emergency stations planned from a folder of facts: the cases of the clauses, the plan, and what stands around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from planner.errors import OptionError, Problem, Text
from planner.plans.emergency import KIND, WAYS, Case, CaseAnswer, EmergencyPlan, EmergencyTask, plan_emergency
from planner.region import URBAN_SCOPES, village_names, with_places
from planner.road import Road
from planner.rules import Rules
from planner.text import exact_text, limit_text, option_text
from planner.travel import Travel
from scenarios.plans.start import Proposal, Start, begin, has_plan, proposal, readings_of
from scenarios.questions import EmergencyQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices, said_of_closed, said_of_time, ways_of

_DEFAULT_SCOPE = "subdistricts_and_county_seats"
JUDGED, REFERENCE, SCENARIO, GREENFIELD = "条款口径", "参考口径，不作判断", "参数情景，不作判断", "对照，不是方案"


@dataclass(frozen=True, eq=False)
class Report:
    """The plan and what is told around it.

    scope   what counts as urban in the reading that judges
    told    sentences about what was left out, and why
    """

    asked: EmergencyQuestion
    start: Start
    plan: EmergencyPlan
    travels: Mapping[str, Travel]
    scope: str
    told: tuple[str, ...]

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The sites by id, with the names of their places."""
        return with_places(self.start.region, self.plan.sites).set_index("id", drop=False).rename_axis(None)

    def demand(self, answer: CaseAnswer) -> pd.DataFrame:
        """Return the settlements of a case by id, with their names and those of their places."""
        frame = with_places(self.start.region, answer.demand)
        named = frame.assign(name=village_names(self.start.region, frame))
        return named.set_index("id", drop=False).rename_axis(None)

    def nature(self, case: Case) -> str:
        """Return whether a case is the clause's own reading, another one beside it, a planner's parameter, or a comparison."""
        if case.greenfield:
            return GREENFIELD
        if case.residents == "rural" or case.travel == "road_time":
            return SCENARIO
        if not self.start.at_home:
            return SCENARIO
        judges = case.travel == "paper" and case.scope == self.scope
        return JUDGED if judges else REFERENCE

    def unit(self, case: Case) -> str:
        return "ms" if case.travel == "road_time" else "mm"

    @property
    def said(self) -> list[tuple[str, str]]:
        """Label and sentence of what the plan assumes and was given."""
        task = self.plan.task
        return [
            *(("假设", one) for one in self.plan.assumptions),
            *(("情形", f"{one.asked.label}：{self.nature(one.asked)}") for one in self.plan.cases),
            *(("说明", one) for one in self.told),
            *(("道路", one) for one in self._road_said),
            *(("响应时间", one) for one in self._time_said),
            ("曲线", f"最多列到新增 {task.most} 处（--most）"),
            ("时限", f"全部求解至多 {exact_text(task.solving.seconds)} 秒"),
        ]  # fmt: skip

    @property
    def _road_said(self) -> list[str]:
        road, choices = self.travels.get("road"), self.start.base.choices
        if not isinstance(road, Road):
            return ["数据里没有路网，只有直线口径"]
        first = f"急救站到居民；离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内的接到路上，更远的为不可达。"
        return [first, *said_of_closed(road, choices)]

    @property
    def _time_said(self) -> list[str]:
        road = self.travels.get("road_time")
        return [*said_of_time(road, self.start.base.choices, "响应时间")] if isinstance(road, Road) else []


def plan_report(asked: EmergencyQuestion, choices: RoadChoices, step: Step) -> Report:
    """Return the report; FugaiError for what cannot be asked."""
    start = begin(asked.data, asked.rules, asked.scenario, choices, [], step, _has_radius)
    travels = ways_of(start.region, start.base.choices)
    urban = readings_of(start.rules, "people_within", facility_kind=KIND, residents="urban")
    scope = next((str(one.params["urban_scope"]) for _, one in urban if one.judged), _DEFAULT_SCOPE)
    cases, told = _cases(start, asked, travels, scope)
    if not cases:
        what = Text("没有可算的情形：规则里没有城市地区急救半径", "no case: the rules give no urban radius")
        fix = Text("换一套规则（如 --rules panzhihua_2023），或给出 --rural", "use other rules, or give --rural")
        raise OptionError(Problem("--rules", what, fix, found=start.rules_name))
    task = EmergencyTask(tuple(cases), asked.grid_m, asked.most, solving=asked.solving)
    plan = plan_emergency(start.region, travels, task, step)
    return Report(asked, start, plan, travels, scope, tuple(told))


def _has_radius(rules: Rules) -> bool:
    return bool(readings_of(rules, "people_within", facility_kind=KIND, residents="urban"))


def _cases(
    start: Start, asked: EmergencyQuestion, travels: Mapping[str, Travel], scope: str
) -> tuple[list[Case], list[str]]:
    """Return the cases, that of the judging reading first, and what is to be said of those that there are not."""
    told: list[str] = []
    urban = readings_of(start.rules, "people_within", facility_kind=KIND, residents="urban")
    ways = [one for one in ("paper", "road") if one in travels]
    scopes = [scope, *(one for one in URBAN_SCOPES if one != scope)]
    cases: list[Case] = []
    if urban:
        limit = round(float(urban[0][1].params["radius_km"]) * 1e6)
        cases += [Case("urban", one, way, limit) for one in scopes for way in ways]
        cases += [Case("urban", scope, way, limit, greenfield=True) for way in ways]
    else:
        told.append(f"规则 {start.rules.id} 没有城市地区急救半径，没有城市情形。")
    cases += [Case("rural", scope, way, one.value) for way in ways for one in asked.rural]
    if "road_time" in travels:
        cases += _by_time(start, scope, told)
    return cases, told


def _by_time(start: Start, scope: str, told: list[str]) -> list[Case]:
    """Return the cases by response time: the minutes given, else those of the rules' own parameter."""
    minutes = start.base.choices.minutes
    if minutes is None:
        found = readings_of(start.rules, "people_within_time", facility_kind=KIND)
        minutes = float(found[0][1].params["minutes"]) if found else None
    if minutes is None:
        told.append("没有响应时间的分钟数（--minutes），没有响应时间情形。")
        return []
    limit = round(minutes * 60_000)
    return [Case("urban", scope, "road_time", limit), Case("rural", scope, "road_time", limit)]


def proposed(report: Report) -> list[CaseAnswer]:
    """Return the cases whose plans become scenario files: urban, the judging scope, on paper and by road."""
    return [
        one for one in report.plan.cases
        if one.asked.residents == "urban" and one.asked.scope == report.scope and not one.asked.greenfield
        and has_plan(one.proposed)
    ]  # fmt: skip


def proposals(report: Report) -> tuple[Proposal, ...]:
    """Return the plan of each reading of the judging scope as a scenario; of rural cases where there is no urban one."""
    out = []
    answers = proposed(report) or [one for one in report.plan.cases if has_plan(one.proposed)][:1]
    for answer in answers:
        case, siting = answer.asked, answer.proposed
        proven = "已证明最少" if answer.least.status == "optimal" else "可行方案，未证明最少"
        proof = f"急救站布局方案：{case.label}，新增 {len(siting.chosen)} 处，{proven}；{report.nature(case)}。"
        question: Mapping[str, Any] = {"plan": "emergency", "limit": _limit_said(case), "urban_scope": case.scope}
        name = f"急救站布局方案（{case.label}）"
        file = f"方案_{WAYS[case.travel]}.yaml"
        edits, notes = report.plan.edits(siting), report.plan.assumptions
        out.append(proposal(report.start, file, name, edits, question, notes, [proof]))
    return tuple(out)


def _limit_said(case: Case) -> str:
    return (
        f"{option_text(case.limit / 60_000)}min" if case.travel == "road_time" else f"{option_text(case.limit / 1e6)}km"
    )
