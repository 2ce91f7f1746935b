"""The sites that a scenario decides on: its edits that make a kind of facility, the question behind them, the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner.errors import OptionError, Problem, Text
from planner.limits import Limit, read_limit
from planner.network import RoadGraph
from planner.plans.sites import second_county_hospitals
from planner.plans.subcenters import KIND, SubcenterTask
from planner.region import Region
from planner.scenario import Change, Edit, Open, Scenario
from planner.siting.question import Quota
from planner.travel import StraightLine, Travel
from scenarios.ways import RoadChoices, road_of

STATION = "emergency_station"
PLANS: Mapping[str, str] = {"subcenters": KIND, "emergency": STATION}


@dataclass(frozen=True)
class Chosen:
    """Which facilities a scenario makes into (or opens as) one kind, and the scenario without these edits."""

    kind: str
    sites: tuple[str, ...]
    before: Scenario


def chosen_of(scenario: Scenario, kind: str, *, opened: bool = True) -> Chosen:
    """Return the sites of one kind; without `opened`, only those that stand today as something else."""
    mine = [one for one in scenario.edits if makes(one, kind) and (opened or isinstance(one, Change))]
    sites = tuple(sorted({str(getattr(one, "facility", "")) for one in mine}))
    others = tuple(one for one in scenario.edits if one not in mine)
    return Chosen(kind, sites, replace(scenario, edits=others))


def makes(edit: Edit, kind: str) -> bool:
    """Whether an edit opens a facility of the kind, or makes one into it."""
    return isinstance(edit, Open | Change) and edit.fields.get("kind") == kind


def question_of(scenario: Scenario, plan: str) -> Mapping[str, Any]:
    """Return the scenario's last question of a plan; an empty one where there is none."""
    return next((one for one in reversed(scenario.questions) if one.get("plan") == plan), {})


def limits_of(question: Mapping[str, Any], given: Iterable[Limit], default: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return the limits given, else the question's, else the default."""
    asked = question.get("limit", ())
    own = tuple(read_limit(one) for one in ((asked,) if isinstance(asked, str) else asked))
    return tuple(given) or own or tuple(default)


def subcenter_task(
    region: Region, question: Mapping[str, Any], p: int, limits: Iterable[Limit], planned: Iterable[str]
) -> SubcenterTask:
    """Return the question of one p as the planner put it; what a scenario has chosen may be chosen again."""
    spacing = question.get("spacing")
    hosts = [*region.open_facilities("township_hospital")["id"], *second_county_hospitals(region)["id"]]
    extra = sorted({*planned, *question.get("forced", ())} - set(hosts))
    return SubcenterTask(
        ps=(p,),
        limits=tuple(one.value for one in limits),
        candidates=(*hosts, *extra) if extra else None,
        background=tuple(question["background"]) if question.get("background") else None,
        forced=tuple(question.get("forced", ())),
        forbidden=tuple(question.get("forbidden", ())),
        quotas=tuple(Quota(code, one.get("at_least", 0), one.get("at_most")) for code, one in
                     sorted(question.get("quotas", {}).items())),
        spacing_m=read_limit(spacing).value / 1000 if spacing else 0.0,
    )  # fmt: skip


def one_number(question: Mapping[str, Any], given: int | None, planned: int) -> int | None:
    """Return the one p that is asked: given, the question's, or as many as the scenario makes; None for none of these."""
    if given is not None:
        return given
    asked = question.get("p")
    if isinstance(asked, int):
        return asked
    return planned or None


def way_to_sites(
    graph: RoadGraph | None, choices: RoadChoices, limits: tuple[Limit, ...], direction: str = "to"
) -> Travel:
    """Return how one travels: by road in the limits' unit; in a straight line without roads. OptionError for odd units."""
    units = {one.unit for one in limits}
    if len(units) > 1:
        fix = Text("都用时间，或都用距离", "all times, or all distances")
        raise OptionError(
            Problem("--limit", Text("单位不一", "of two kinds"), fix, found="、".join(one.said for one in limits))
        )
    by_time = units == {"ms"}
    if graph is not None:
        return road_of(graph, choices, by_time=by_time, direction=direction)
    if by_time:
        fix = Text("放入 roads，或改用距离，如 --limit 10km", "add roads, or give distances, as --limit 10km")
        raise OptionError(
            Problem("--limit", Text("数据里没有路网，不能按时间计算", "no roads, so there are no times"), fix)
        )
    return StraightLine()
