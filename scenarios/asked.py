"""What scenarios ask of their sites (选址题), put as rules that judge nothing, so that every scenario answers every question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from planner.errors import Text
from planner.limits import Limit
from planner.measures import MM_PER_KM, MS_PER_MIN
from planner.plans.sites import serving_hospitals
from planner.plans.subcenters import KIND
from planner.region import Region
from planner.rules import Clause, Reading, Rule
from planner.scenario import Scenario
from planner.text import limit_text
from planner.travel import Travel
from scenarios.chosen import limits_of, way_to_sites
from scenarios.ways import RoadChoices

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
class Asked:
    """How far the residents are from a sub-centre or one of the hospitals that serve besides, within each limit."""

    background: tuple[str, ...]
    limits: tuple[Limit, ...]


def asked_by(region: Region, scenarios: Sequence[Scenario]) -> tuple[Asked, ...]:
    """Return the questions of all the scenarios, each once; those in time are left out where there are no roads."""
    found: dict[tuple[str, ...], dict[str, Limit]] = {}
    for question in (one for scenario in scenarios for one in scenario.questions if one.get("plan") == PLAN):
        limits = found.setdefault(_background(region, question), {})
        for one in limits_of(question, (), ()):
            if one.unit == "mm" or region.roads is not None:
                limits.setdefault(f"{one.value}{one.unit}", one)
    return tuple(Asked(ids, tuple(limits.values())) for ids, limits in found.items() if limits)


def _background(region: Region, question: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the hospitals that serve besides: those the question names (none, where it names nobody), else all general ones."""
    named = question.get("background")
    return serving_hospitals(region) if named is None else tuple(sorted(named))


def ways_asked(region: Region, choices: RoadChoices, asked: Sequence[Asked]) -> Mapping[str, Travel]:
    """Return the ways of travelling that the questions need, by name."""
    limits = {_way(region, limit): limit for one in asked for limit in one.limits}
    return {name: way_to_sites(region.roads, choices, (limit,)) for name, limit in limits.items()}


def _way(region: Region, limit: Limit) -> str:
    return "to_time" if limit.unit == "ms" else "to_paper" if region.roads is None else "to_road"


def question_rules(region: Region, asked: Sequence[Asked]) -> tuple[Rule, ...]:
    """Return the questions as rules: one a set of hospitals, one reading a limit."""
    return tuple(_rule(region, one, number if len(asked) > 1 else 0) for number, one in enumerate(asked, 1))


def _said(limit: Limit) -> str:
    return limit_text(limit.value, limit.unit)


def _number(limit: Limit) -> dict[str, float]:
    return {"minutes": limit.value / MS_PER_MIN} if limit.unit == "ms" else {"radius_km": limit.value / MM_PER_KM}


def _rule(region: Region, asked: Asked, number: int) -> Rule:
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
