"""districts(task, limits): the one door, and what comes out of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.clock import now
from planner.districts.case import Case
from planner.districts.clash import clash_of
from planner.districts.exact import Part, solve_case
from planner.districts.fewest import least_number, most_number
from planner.districts.task import DistrictTask, cases_of
from planner.errors import Text
from planner.siting.question import Limits
from planner.siting.siting import PROVEN, Clash, State, relative_gap


@dataclass(frozen=True, eq=False)
class Districting:
    """Who goes where, county by county; a plan only where every county has one.

    status       optimal (gap ≤ 1e-6, and no fewer centres do where the fewest are sought), feasible, infeasible (proven, see
                 clash), unknown (time ended without a plan)
    objective    burden + openings + price of what is short of soft lower bounds; NaN without a plan
    bound, gap   what no plan with as many centres can beat, and |objective − bound| / |objective|
    assignment   unit id → centre id, "" where its county has no plan; sorted by unit id
    loads        one row an open centre, by id: center_id, county_code, is_new, load, lower, upper, short, advice
                 ("mergeable" where the load is under the lower bound, else "")
    clash        why there is no plan, of the first county (by code) without one
    parts        the answer of each county, by code: of those that have a plan, even where others have none
    clashes      county code → why it has no plan
    """

    task: DistrictTask
    status: State
    objective: float
    bound: float
    gap: float
    seconds: float
    assignment: pd.Series
    loads: pd.DataFrame
    clash: Clash | None
    parts: dict[str, Part]
    clashes: dict[str, Clash]

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the open centres, sorted."""
        return tuple(self.loads["center_id"])


def districts(task: DistrictTask, limits: Limits) -> Districting:
    """Return the districts of all counties; SitingError for what cannot be asked. Each county may use the time left."""
    begin = now()
    ends = begin + limits.seconds
    parts = dict[str, Part]()
    cases = sorted(cases_of(task), key=lambda one: (len(one.unit_ids) * len(one.center_ids), one.county))
    for at, case in enumerate(cases):
        left = max(ends - now(), 0.0)
        share = left if at == len(cases) - 1 else max(left / 2, left / (len(cases) - at))
        part = _fewest(case, replace(limits, seconds=share)) if case.p == "fewest" else solve_case(
            case, replace(limits, seconds=share)
        )  # fmt: skip
        parts[case.county] = part
    parts = {code: parts[code] for code in sorted(parts)}
    clashes = _clashes(parts, ends, limits)
    return _districting(task, parts, clashes, now() - begin)


def _clashes(parts: Mapping[str, Part], ends: float, limits: Limits) -> dict[str, Clash]:
    """Return why each county has no plan, once all have been tried; each may use its share of the time that is left."""
    hopeless = [code for code, part in parts.items() if part.status == "infeasible"]
    found = dict[str, Clash]()
    for at, code in enumerate(hopeless):
        left = max(ends - now(), 0.0) / (len(hopeless) - at)
        found[code] = _named(clash_of(parts[code].case, replace(limits, seconds=left)), code, len(parts))
    return found


def _fewest(case: Case, limits: Limits) -> Part:
    """Return the best districts of the least number of centres for which there are any, each smaller one disproved.

    Where a smaller number was neither met nor disproved in its time, a larger one may be met: Part.least tells what is proven.
    """
    ends, sure = now() + limits.seconds, True
    least, most = least_number(case), most_number(case)
    for p in range(least, most + 1):
        left = max(ends - now(), 0.0)
        part = solve_case(replace(case, p=p), replace(limits, seconds=left if p == most else left / 2))
        if part.status in ("optimal", "feasible"):
            return replace(part, least=least)
        sure &= part.status == "infeasible"
        least = p + 1 if sure else least
        if now() >= ends and not sure:
            break
    nothing = Part(case, "infeasible" if sure else "unknown", np.nan, np.nan, np.zeros(0, np.int64))
    return replace(nothing, case=replace(case, p=None))


def _named(clash: Clash, county: str, counties: int) -> Clash:
    """Return the clash with the county's code before its rule, where there are several counties."""
    if counties == 1:
        return clash
    rule = Text(f"{county}：{clash.rule.zh}", f"{county}: {clash.rule.en}")
    return replace(clash, rule=rule)


def _status(parts: Collection[Part], gap: float) -> State:
    said = {part.status for part in parts}
    for one in ("infeasible", "unknown"):
        if one in said:
            return "infeasible" if one == "infeasible" else "unknown"
    return "optimal" if gap <= PROVEN and said == {"optimal"} and all(part.fewest for part in parts) else "feasible"


def _districting(
    task: DistrictTask, parts: dict[str, Part], clashes: dict[str, Clash], seconds: float
) -> Districting:  # fmt: skip
    objective = sum(part.objective for part in parts.values())
    bound = sum(part.bound for part in parts.values())
    gap = relative_gap(objective, bound) if np.isfinite([objective, bound]).all() else float("nan")
    mine = [_assigned(part) for part in parts.values()]
    tables = [_loads(part) for part in parts.values()]
    first = next((clashes[code] for code in parts if code in clashes), None)
    return Districting(
        task,
        _status(parts.values(), gap),
        objective,
        bound,
        gap,
        seconds,
        pd.concat(mine).sort_index(kind="stable"),
        pd.concat(tables, ignore_index=True).sort_values("center_id", kind="stable", ignore_index=True),
        first,
        parts,
        clashes,
    )


def _assigned(part: Part) -> pd.Series:
    case = part.case
    centers = case.center_ids[part.owner] if len(part.owner) else np.full(len(case.unit_ids), "", object)
    return pd.Series(centers, index=case.unit_ids, name="center_id", dtype=object)


def _loads(part: Part) -> pd.DataFrame:
    case = part.case
    opened = np.flatnonzero(case.opened(part.owner)) if len(part.owner) else np.zeros(0, np.int64)
    load = case.loads(part.owner)[opened] if len(part.owner) else opened
    short = np.maximum(case.low[opened] - load, 0)
    return pd.DataFrame(
        {
            "center_id": case.center_ids[opened],
            "county_code": case.county,
            "is_new": ~case.fixed[opened],
            "load": load,
            "lower": case.low[opened],
            "upper": case.high[opened],
            "short": short,
            "advice": np.where(short > 0, "mergeable", ""),
        }
    )
