"""fugai compare: scenarios judged on the same facts, and what each pair of them does not share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.compare import (
    Cost,
    Judged,
    Nearest,
    Noticed,
    Question,
    clause_changes,
    cost_of,
    gap_ids,
    groups,
    question_of,
    questions,
    residents_compared,
    row_texts,
    side_by_side,
    site_changes,
    worst_places,
)
from planner.doubts import doubts
from planner.errors import Problem, Text
from planner.findings import assess, reads_the_same
from planner.limits import Limit
from planner.measures import MM_PER_KM, MS_PER_MIN
from planner.plans.sites import serving_hospitals
from planner.plans.subcenters import KIND
from planner.region import Region, Source
from planner.rules import Clause, Reading, Rule, Rules, readable
from planner.scenario import Scenario
from planner.text import html_rows, limit_text
from planner.travel import Travel
from scenarios.chosen import limits_of, way_to_sites
from scenarios.document import records
from scenarios.run import decisions
from scenarios.ways import RoadChoices, idle_choices, ways_of

# What scenarios ask of their sites (选址题), put as rules that judge nothing, so that every scenario answers every question.

PLAN = "subcenters"
"""The one plan whose question no clause puts: how far an emergency station may be is a rule's matter already."""
_WAYS: Mapping[str, Text] = MappingProxyType(
    {
        "to_time": Text("居民沿路网前往，行车时间", "by road, in time"),
        "to_road": Text("居民沿路网前往", "by road"),
        "to_paper": Text("直线距离", "in a straight line"),
    }
)
"""Ways of travelling from the resident to the facility; an assessment's own go the other way."""


@dataclass(frozen=True)
class HospitalQuestion:
    """How far the residents are from a sub-centre or one of the hospitals that serve besides, within each limit."""

    background: tuple[str, ...]
    limits: tuple[Limit, ...]


def site_questions(region: Region, scenarios: Sequence[Scenario]) -> tuple[HospitalQuestion, ...]:
    """Return the questions of all the scenarios, each once; those in time are left out where there are no roads."""
    found: dict[tuple[str, ...], dict[str, Limit]] = {}
    for question in (one for scenario in scenarios for one in scenario.questions if one.get("plan") == PLAN):
        limits = found.setdefault(_background(region, question), {})
        for one in limits_of(question, (), ()):
            if one.unit == "mm" or region.roads is not None:
                limits.setdefault(f"{one.value}{one.unit}", one)
    return tuple(HospitalQuestion(ids, tuple(limits.values())) for ids, limits in found.items() if limits)


def _background(region: Region, question: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the hospitals that serve besides: those the question names (none, where it names nobody), else all general ones."""
    named = question.get("background")
    return serving_hospitals(region) if named is None else tuple(sorted(named))


def question_ways(region: Region, choices: RoadChoices, asked: Sequence[HospitalQuestion]) -> Mapping[str, Travel]:
    """Return the ways of travelling that the questions need, by name."""
    limits = {_way(region, limit): limit for one in asked for limit in one.limits}
    return {name: way_to_sites(region.roads, choices, (limit,)) for name, limit in limits.items()}


def _way(region: Region, limit: Limit) -> str:
    return "to_time" if limit.unit == "ms" else "to_paper" if region.roads is None else "to_road"


def question_rules(region: Region, asked: Sequence[HospitalQuestion]) -> tuple[Rule, ...]:
    """Return the questions as rules: one a set of hospitals, one reading a limit."""
    return tuple(_rule(region, one, number if len(asked) > 1 else 0) for number, one in enumerate(asked, 1))


def _said(limit: Limit) -> str:
    return limit_text(limit.value, limit.unit)


def _number(limit: Limit) -> dict[str, float]:
    return {"minutes": limit.value / MS_PER_MIN} if limit.unit == "ms" else {"radius_km": limit.value / MM_PER_KM}


def _rule(region: Region, asked: HospitalQuestion, number: int) -> Rule:
    kinds = region.facilities.set_index("id")["kind"].reindex(list(asked.background)).dropna()
    params = {"facility_kind": KIND, "beside_kinds": tuple(sorted(set(kinds))), "beside_ids": asked.background}
    said = "、".join(map(_said, asked.limits))
    readings = tuple(
        Reading(
            id=_said(one).replace(" ", ""),
            label=f"{_said(one)}以内，{_WAYS[_way(region, one)].zh}",
            judged=False,
            params=MappingProxyType({**params, **_number(one)}),
            travel=_way(region, one),
        )
        for one in asked.limits
    )
    return Rule(
        id=f"question_{PLAN}{number or ''}",
        label=f"到县域医疗卫生次中心或已有医院（选址题{number or ''}）",
        clause=Clause(document="方案文件", section="选址题（参数情景，不是条款）", quote=f"限度 {said}"),
        measure="people_served",
        readings=readings,
        gap_level="county",
        denominator="全市常住人口",
        required_text=f"限度 {said}（参数）",
        assumptions=(f"照常服务的已有医院 {len(asked.background)} 所，与规划次中心时相同；次中心以各方案自己的为准。",),
    )


AS_IT_IS = RoadChoices()
NOTICED = Noticed()
LETTERS = "ABCDEFGH"
"""What the scenarios are called in the order in which they are given; so many can be compared at once."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the scenarios that are compared: its letter, what it decides, how it was judged; `sources` are its files.

    ``doubts`` is what is doubtful in the scenario.
    """

    letter: str
    scenario: Scenario
    judged: Judged
    choices: RoadChoices = AS_IT_IS
    sources: tuple[Source, ...] = ()
    doubts: tuple[Problem, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.letter} {self.scenario.name}"

    @cached_property
    def cost(self) -> Cost:
        return cost_of(self.scenario.edits)

    @cached_property
    def gaps(self) -> set[str]:
        """The ids of its gap list."""
        return gap_ids(self.judged)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scenarios and what they do not share.

    findings  planner.compare.side_by_side     clauses  planner.compare.clause_changes
    people    planner.compare.groups    worst    planner.compare.worst_places
    sites     planner.compare.site_changes

    Both are of the same people: `rejudged` is whether `before` was judged once more, with the later one's residents.
    """

    before: Side
    after: Side
    findings: pd.DataFrame
    clauses: pd.DataFrame
    questions: tuple[Question, ...]
    people: pd.DataFrame
    worst: pd.DataFrame
    sites: pd.DataFrame
    noticed: Noticed = NOTICED
    rejudged: bool = False

    @property
    def is_same(self) -> bool:
        """Whether there is no difference at all: in findings, facilities and the way of any resident."""
        moved = int(self.people[["better", "worse", "slight"]].sum().sum())
        return not (self.findings["changed"].any() or len(self.sites) or moved)


@dataclass(frozen=True, eq=False)
class Comparison:
    """All scenarios, and all pairs of them, the earlier one of each pair first."""

    sides: tuple[Side, ...]
    pairs: tuple[Pair, ...]
    noticed: Noticed = NOTICED

    @property
    def region(self) -> Region:
        """The facts that all start from are those of the first, whose names and sources all share."""
        return self.sides[0].judged.region

    @property
    def first_pairs(self) -> tuple[Pair, ...]:
        """Each scenario against the first."""
        return self.pairs[: len(self.sides) - 1]

    @property
    def changes(self) -> pd.DataFrame:
        """The findings of the whole city that differ from the first scenario's: a row a finding and scenario."""
        rows = [one.findings.assign(scenario=one.after.label) for one in self.first_pairs]
        table = pd.concat(rows, ignore_index=True)
        return table[table["changed"].astype(bool) & (table["level"] == "city")].reset_index(drop=True)

    def __repr__(self) -> str:
        return f"Comparison({self.region.about.name}: {' · '.join(one.label for one in self.sides)}; {len(self.changes)} findings of the city differ)"

    def _repr_html_(self) -> str:
        """Return what differs in the whole city as a table, which is how a notebook shows a comparison."""
        rows = {}
        for row in records(self.changes):
            before, after, change = row_texts(row)
            rows[f"{row['scenario']} · {row['rule_label']}（{row['reading_label']}）"] = (
                f"{before} → {after}（{change}）"
            )
        return html_rows(rows or {"全市": "各项指标相同"})


def compare(
    region: Region,
    rules: Rules,
    scenarios: Sequence[Scenario],
    choices: Sequence[RoadChoices] = (),
    noticed: Noticed = NOTICED,
) -> Comparison:
    """Return the comparison of scenarios of one region, each with its own choices about roads (none: as they are).

    The facts are loaded once, and the roads prepared once for all scenarios that travel in the same way. What any of
    them asks (questions) is asked of all: how many people are within so many minutes, beside what the clauses say. Where
    any of them asks for times, all are judged by time, those that say nothing of speeds by the assumed ones.
    """
    chosen = choices or [AS_IT_IS] * len(scenarios)
    by_time = any(one.asks_for_time for one in chosen)
    asked = site_questions(region, scenarios)
    ways: list[tuple[RoadChoices, Mapping[str, Travel]]] = []
    sides: list[Side] = []
    for letter, scenario, choice in zip(LETTERS, scenarios, chosen, strict=False):
        law, decided = decisions(region, rules, scenario, choice)
        travels = next((known for same, known in ways if _alike(same, choice)), None)
        if travels is None:
            travels = {**ways_of(region, choice, by_time=by_time), **question_ways(region, choice, asked)}
            ways.append((choice, travels))
        known = readable(law, travels)
        known = replace(known, rules=(*known.rules, *question_rules(region, asked)))
        judged = _judged(decided, known, travels, [one.judged for one in sides])
        doubtful = (*idle_choices(region.roads, choice, law), *doubts(region, rules, scenario))
        sides.append(Side(letter, scenario, judged, choice, doubts=doubtful))
    return comparison(sides, noticed)


def _alike(one: RoadChoices, other: RoadChoices) -> bool:
    """Whether two choices lead to the same ways; minutes are the rules' matter."""
    names = [field.name for field in fields(RoadChoices) if field.compare and field.name not in {"minutes", "files"}]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def comparison(sides: Sequence[Side], noticed: Noticed = NOTICED) -> Comparison:
    """Return what every two of the sides do not share."""
    nearest = Nearest()
    pairs = [_pair(one, other, nearest, noticed) for at, one in enumerate(sides) for other in sides[at + 1 :]]
    return Comparison(tuple(sides), tuple(pairs), noticed)


def _judged(region: Region, rules: Rules, travels: Mapping[str, Travel], earlier: Sequence[Judged]) -> Judged:
    """Return the scenario judged; a rule's findings are taken over from an earlier one that gave it the very same to read."""

    def same(one: Judged, rule: Rule) -> bool:
        return one.travels is travels and rule in one.rules.rules and reads_the_same(rule, one.region, region)

    found = {rule.id: next((one for one in earlier if same(one, rule)), None) for rule in rules.rules}
    fresh = tuple(rule for rule in rules.rules if found[rule.id] is None)
    table = assess(region, replace(rules, rules=fresh), travels) if fresh else None
    parts = []
    for rule in rules.rules:
        one = found[rule.id]
        source = table if one is None else one.findings
        assert source is not None
        parts.append(source[source["rule"] == rule.id])
    return Judged(region, rules, travels, pd.concat(parts, ignore_index=True))


def _with_people_of(before: Side, after: Side) -> Side:
    """Return the earlier side judged with the residents of the later one: itself, where they are as many everywhere."""
    mine, others = before.judged, after.judged.region.residents
    if mine.region.residents["population"].equals(others["population"]):
        return before
    region = replace(mine.region, residents=others)
    return replace(before, judged=replace(mine, region=region, findings=assess(region, mine.rules, mine.travels)))


def _pair(before: Side, after: Side, nearest: Nearest, noticed: Noticed) -> Pair:
    own, before = before, _with_people_of(before, after)
    left, right = before.judged, after.judged
    asked = tuple(one for one in questions(right) if question_of(left.rules, one) is not None)
    rows = residents_compared(left, right, asked, nearest, noticed)
    table = side_by_side(left.findings, right.findings)
    return Pair(
        before=before,
        after=after,
        findings=table,
        clauses=clause_changes(left, right, table),
        questions=asked,
        people=groups(right, asked, rows),
        worst=worst_places(left, right, asked, rows),
        sites=site_changes(left.region, right.region),
        noticed=noticed,
        rejudged=before is not own,
    )
