"""The sites that a scenario decides on: its edits that make a kind of facility, the question behind them, the rest."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner.errors import OptionError, Problem, Text
from planner.limits import Limit, read_limit
from planner.network import RoadGraph
from planner.plans.sites import default_hosts, serving_hospitals
from planner.plans.subcenters import KIND, SubcenterTask
from planner.region import Region
from planner.scenario import Change, Close, Edit, Open, Scenario
from planner.siting.question import Quota
from planner.travel import StraightLine, Travel
from scenarios.ways import RoadChoices, road_of

STATION = "emergency_station"
PLANS: Mapping[str, str] = {"subcenters": KIND, "emergency": STATION}


@dataclass(frozen=True)
class Chosen:
    """Which facilities a scenario makes into (or opens as) one kind, and the scenario without that.

    made: site → the places of its edits, from the one that makes it on; ``before`` is the scenario without these,
    where what it opens is only planned, so that others may still name it as their host.
    """

    kind: str
    made: Mapping[str, tuple[int, ...]]
    before: Scenario

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted(self.made))


def chosen_of(facts: Region, scenario: Scenario, kind: str, *, opened: bool = True) -> Chosen:
    """Return the sites of one kind: open and of the kind after all edits, and not so in the facts.

    Without `opened`, only those that stood before as something else.
    """
    today = _states(facts)
    state, edits = dict(today), scenario.edits
    places: dict[str, list[int]] = {}
    for at, edit in enumerate(edits):
        one = str(getattr(edit, "facility", ""))
        state[one] = _state(state.get(one, ("", "")), edit)
        mine = places.setdefault(one, [])
        if state[one] == (kind, "open"):
            mine.append(at)
        else:
            mine.clear()
    made = {one: tuple(mine) for one, mine in places.items()
            if mine and today.get(one) != (kind, "open") and (opened or isinstance(edits[mine[0]], Change))}  # fmt: skip
    gone = {at for mine in made.values() for at in mine}
    kept = (edit if at not in gone else _planned(edit) for at, edit in enumerate(edits))
    return Chosen(kind, made, replace(scenario, edits=tuple(edit for edit in kept if edit is not None)))


def _states(facts: Region) -> dict[str, tuple[str, str]]:
    frame = facts.facilities
    return dict(zip(frame["id"], zip(frame["kind"], frame["status"], strict=True), strict=True))


def _state(before: tuple[str, str], edit: Edit) -> tuple[str, str]:
    """Return kind and status of a facility after one of its edits."""
    if isinstance(edit, Close):
        return before[0], "closed"
    fields = edit.fields if isinstance(edit, Open | Change) else {}
    status = "open" if isinstance(edit, Open) else before[1]
    return str(fields.get("kind", before[0])), str(fields.get("status", status))


def _planned(edit: Edit) -> Edit | None:
    """Return what is left of an edit that makes a site, or follows that one, where it is not made yet."""
    return replace(edit, fields={**edit.fields, "status": "planned"}) if isinstance(edit, Open) else None


def question_of(scenario: Scenario, plan: str) -> Mapping[str, Any]:
    """Return the scenario's last question of a plan; an empty one where there is none."""
    return next((one for one in reversed(scenario.questions) if one.get("plan") == plan), {})


def limits_of(question: Mapping[str, Any], given: Iterable[Limit], default: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return the limits given, else the question's, else the default."""
    asked = question.get("limit", ())
    own = tuple(read_limit(one) for one in ((asked,) if isinstance(asked, str) else asked))
    return tuple(given) or own or tuple(default)


def subcenter_task(
    region: Region, question: Mapping[str, Any], p: int, limits: Iterable[Limit], planned: Collection[str]
) -> SubcenterTask:
    """Return the question of one p as the planner put it; what a scenario has chosen may be chosen again.

    A hospital that serves already is chosen in name alone: where the scenario chose it, it is forced.
    """
    named = question.get("background")
    serving = set(serving_hospitals(region, named))
    forced = set(question.get("forced", ())) | (set(planned) & serving)
    given = question.get("candidates")
    hosts = set(default_hosts(region, serving) if given is None else given)
    extra = {*planned, *forced} - hosts - serving
    return SubcenterTask(
        ps=(p,),
        limits=tuple(one.value for one in limits),
        candidates=None if given is None and not extra else tuple(sorted(hosts | extra)),
        background=None if named is None else tuple(sorted(serving)),
        forced=tuple(sorted(forced)),
        forbidden=tuple(question.get("forbidden", ())),
        quotas=tuple(Quota(code, one.get("at_least", 0), one.get("at_most")) for code, one in
                     sorted(question.get("quotas", {}).items())),
        spacing_m=read_limit(spacing).value / 1000 if (spacing := question.get("spacing")) else 0.0,
        k_best=question.get("k_best", SubcenterTask.k_best),
        tolerance=question.get("tolerance", SubcenterTask.tolerance),
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
