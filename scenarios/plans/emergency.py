"""Emergency stations planned from a folder of facts: the cases of the clauses, the plan, and what stands around it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from planner.errors import OptionError, Problem, Text
from planner.joined import joined
from planner.plans.emergency import KIND, WAYS, Case, CaseAnswer, EmergencyPlan, EmergencyTask, plan_emergency
from planner.region import URBAN_SCOPES, village_names, with_places
from planner.road import Road
from planner.rules import Rules
from planner.siting.front import EFFECTS
from planner.siting.front import Step as CurveStep
from planner.siting.siting import Siting
from planner.text import count_text, exact_text, limit_text, option_text, people_text, share_text
from planner.travel import Travel
from scenarios.plans.start import Proposal, Start, begin, has_plan, proposal, readings_of
from scenarios.plans.words import fewest_bound, listed, state_text, swapped
from scenarios.questions import EmergencyQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices, closed_lines, time_lines, ways_of

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
            *(("情形", f"{one.asked.label}：{self.nature(one.asked)}{self._grid(one)}") for one in self.plan.cases),
            *(("说明", one) for one in self.told),
            *(("道路", one) for one in self._road_said),
            *(("响应时间", one) for one in self._time_said),
            ("曲线", f"最多列到新增 {task.most} 处（--most）"),
            ("时限", f"全部求解至多 {exact_text(task.solving.seconds)} 秒"),
        ]  # fmt: skip

    def _grid(self, answer: CaseAnswer) -> str:
        """Return how far the grid of a case had to be widened; "" where it is as it was asked for."""
        if not self.plan.task.grid_m or answer.grid_m == self.plan.task.grid_m:
            return ""
        wide = limit_text(answer.grid_m * 1000, "mm")
        return f"；居民点多、限度大，格网间距放宽为 {wide}（假设），最少几处是就这些候选点说的"

    @property
    def _road_said(self) -> list[str]:
        road, choices = self.travels.get("road"), self.start.base.choices
        if not isinstance(road, Road):
            return ["数据里没有路网，只有直线口径"]
        first = f"急救站到居民；离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内的接到路上，更远的为不可达。"
        return [first, *closed_lines(road, choices)]

    @property
    def _time_said(self) -> list[str]:
        road = self.travels.get("road_time")
        return [*time_lines(road, self.start.base.choices, "响应时间")] if isinstance(road, Road) else []


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


# The tables of a plan of emergency stations as rows that the workbook, the map and plan.json show alike.

Row = dict[str, Any]
Bools = npt.NDArray[np.bool_]
LOST = {"far": "不可达：离路太远", "apart": "不可达：所在道路不与最大路网连通", "no_way": "不可达：没有可通行的路线"}
NO_SITE = "限度内没有候选点"


@dataclass(frozen=True, eq=False)
class Cover:
    """Whom the sites of one case reach within its limit."""

    report: Report
    answer: CaseAnswer

    @cached_property
    def demand(self) -> pd.DataFrame:
        """The settlements, in the order of the columns below."""
        return self.report.demand(self.answer).loc[list(self.answer.least.instance.demand_ids)]

    @cached_property
    def people(self) -> npt.NDArray[np.int64]:
        return self.demand["population"].to_numpy(np.int64)

    @cached_property
    def reaches(self) -> csr_array:
        """1 where a site (row) reaches a settlement (column) within the limit."""
        instance = self.answer.least.instance
        shape = (len(instance.demand_ids), len(instance.site_ids))
        return csr_array((np.ones(len(instance.indices)), instance.indices, instance.indptr), shape=shape).T.tocsr()

    @cached_property
    def place(self) -> dict[str, int]:
        return {str(one): at for at, one in enumerate(self.answer.least.instance.site_ids)}

    @cached_property
    def stations(self) -> list[str]:
        """The stations that stand, none in a comparison from nothing."""
        return list(self.answer.least.background)

    @cached_property
    def why_lost(self) -> dict[str, str]:
        """Why no site at all reaches a settlement, by its id: where the roads begin, or that they do not lead there."""
        road = self.report.travels[self.answer.asked.travel]
        lost = self.demand[self.demand["id"].isin(self.answer.lost)]
        if not len(lost) or not isinstance(road, Road):
            return {}
        found = joined(road, lost)
        return {str(one): LOST[state or "no_way"] for one, state in zip(found["id"], found["state"], strict=True)}

    def why_left(self, one: str) -> str:
        """Return why no plan reaches a settlement."""
        return self.why_lost.get(one, NO_SITE)

    def times(self, sites: Iterable[str]) -> npt.NDArray[np.int64]:
        """Return how many of these sites reach each settlement; not to be written to."""
        key = tuple(sites)
        if key not in self._times:
            mine = np.zeros(len(self.place))
            mine[[self.place[one] for one in key]] = 1
            self._times[key] = np.asarray(self.reaches.T @ mine, np.int64)
        return self._times[key]

    @cached_property
    def _times(self) -> dict[tuple[str, ...], npt.NDArray[np.int64]]:
        return {}

    def sum(self, mask: Bools) -> int:
        return int(self.people[mask].sum())

    def site(self, one: str, opened: list[str]) -> tuple[int, int, int]:
        """Return the people within reach of a site, those whom no station reaches today, and those whom it alone reaches."""
        at = self.place[one]
        mine = self.reaches.indices[self.reaches.indptr[at] : self.reaches.indptr[at + 1]]
        people, others = self.people[mine], self.times(opened)[mine] - int(one in opened)
        today = self.times(self.stations)[mine]
        return int(people.sum()), int(people[today == 0].sum()), int(people[others == 0].sum())


def covers(report: Report) -> list[Cover]:
    """Return the cover of every case."""
    return [Cover(report, one) for one in report.plan.cases]


def share_of(part: float, whole: float) -> str:
    """Return a part as a share, a dash of nothing."""
    return share_text(part / whole) if whole else "—"


def fewest_text(siting: Siting) -> str:
    """Return how many more stations a plan needs, 最少 said only of what is proven."""
    if not has_plan(siting):
        return state_text(siting, "mm", 0.0)
    return f"{len(siting.chosen)}{_unproven(siting)}"


def fewest_ending(siting: Siting) -> str:
    """Return the same as an end of a sentence that begins with whom the plan is for."""
    if not has_plan(siting):
        return f"：{state_text(siting, 'mm', 0.0)}"
    return f"还要新增 {len(siting.chosen)} 处{_unproven(siting)}"


def _unproven(siting: Siting) -> str:
    if siting.status == "optimal":
        return ""
    return f"（可行方案，至少要 {fewest_bound(siting)}）" if siting.bounded else "（可行方案，未证明最少）"


def hosted(report: Report, ids: Iterable[str]) -> tuple[int, int]:
    """Return how many sites have a host, and how many stand alone."""
    mine = report.sites.loc[list(ids), "host_id"]
    return int((mine != "").sum()), int((mine == "").sum())


def overview(report: Report) -> list[Row]:
    """Return one row a case."""
    out = []
    for cover in covers(report):
        answer, siting = cover.answer, cover.answer.proposed
        with_host, alone = hosted(report, siting.chosen)
        opened = [*cover.stations, *siting.chosen]
        left = set(answer.least.unreachable_ids)
        mine = cover.demand["id"].isin(left).to_numpy()
        today, after = (cover.sum(cover.times(one) > 1) for one in (cover.stations, opened))
        out.append(
            {
                "id": answer.asked.id, "case": answer.asked.label, "nature": report.nature(answer.asked),
                "people": answer.people, "covered": answer.covered, "share": share_of(answer.covered, answer.people),
                "more": fewest_text(answer.least), "said": fewest_ending(answer.least), "hosted": with_host, "alone": alone,
                "shares": {share: fewest_text(one) for share, one in answer.shares.items()},
                "left": cover.sum(mine), "twice_today": share_of(today, answer.people),
                "twice": share_of(after, answer.people),
            }
        )  # fmt: skip
    return out


def curve(report: Report) -> list[Row]:
    """Return one row a case and number of new stations: whom they reach, what one more brings, and to whom."""
    out = []
    for answer in report.plan.cases:
        before: CurveStep | None = None
        for step in answer.steps:
            siting = step.siting
            change = swapped(report.sites, before.siting, siting) if before else ""
            out.append(
                {
                    "id": answer.asked.id, "case": answer.asked.label, "nature": report.nature(answer.asked), "k": step.p,
                    "covered": siting.objective, "share": share_of(siting.objective, answer.people),
                    "gain": "—" if np.isnan(step.gain) else count_text(step.gain), "state": _state(siting),
                    "swapped": change or "—", "who": gainers_text(report, step), "ids": list(siting.chosen),
                }
            )  # fmt: skip
            before = step
    return out


def _state(siting: Siting) -> str:
    return state_text(siting, "mm", 0.0)


def gainers_text(report: Report, step: CurveStep) -> str:
    """Return which towns one more station concerns, the most people first."""
    towns = report.start.region.towns.set_index("code")["name"]
    said = []
    for name in ("newly_covered", "no_longer_covered"):
        mine = step.by_group[step.by_group["effect"] == name]
        if len(mine):
            pairs = zip(mine["group"].map(towns).fillna("—"), mine["weight"], strict=True)
            said.append(f"{EFFECTS[name].zh} {listed(pairs, 5)}")
    return "；".join(said) or "—"


def sites(report: Report) -> list[Row]:
    """Return the new stations of every case but the comparisons: where, with which host, and for whom."""
    out = []
    for cover in covers(report):
        answer = cover.answer
        if answer.asked.greenfield or not has_plan(answer.proposed):
            continue
        opened = [*cover.stations, *answer.proposed.chosen]
        for one in answer.proposed.chosen:
            row = report.sites.loc[one]
            near, new, alone = cover.site(one, opened)
            out.append(
                {
                    "id": one, "case": answer.asked.label, "nature": report.nature(answer.asked), "case_id": answer.asked.id,
                    "name": row["name"], "county_name": row["county_name"], "town_name": row["town_name"],
                    "host": "独立（格网选点）" if row["host_id"] == "" else "依托", "lon": row["lon"], "lat": row["lat"],
                    "near": near, "new": new, "alone": alone,
                }
            )  # fmt: skip
    return out


def left_out(report: Report) -> list[Row]:
    """Return the settlements that no plan of a case reaches, and why."""
    out = []
    for cover in covers(report):
        answer = cover.answer
        ids = list(answer.least.unreachable_ids)
        for row in cover.demand.loc[ids].to_dict("records"):
            why = cover.why_left(row["id"])
            out.append({**{str(key): value for key, value in row.items()}, "case": answer.asked.label, "why": why})
    return out


def site_text(cover: Cover, one: str, opened: list[str], is_open: bool) -> str:
    """Return why a site is in a plan, or what it would add."""
    near, new, alone = cover.site(one, opened)
    if is_open:
        return f"限度内 {people_text(near)}，其中现状够不着 {people_text(new)}，只靠它 {people_text(alone)}"
    return f"限度内 {people_text(near)}，其中方案还没有覆盖 {people_text(alone)}"
