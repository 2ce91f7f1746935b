"""districts(task, limits): the one door, and what comes out of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.clock import now
from planner.districts.case import Case, Pairs, least_number, most_number
from planner.districts.clash import clash_of
from planner.districts.exact import Part, solve_case
from planner.errors import Problem, SitingError, Text
from planner.siting.instance import refusal
from planner.siting.question import Limits
from planner.siting.siting import PROVEN, Clash, State, relative_gap
from planner.text import option_text

# What is asked of districts: communities, centres, who is next to whom, what each costs each, and the bounds.

Amounts = npt.NDArray[np.float64]
_UNITS, _CENTERS, _EDGES, _BOUNDS = "社区", "中心", "相邻关系", "上下限"
_NAMED = 5


@dataclass(frozen=True, eq=False)
class DistrictTask:
    """Whole communities to centres, one county at a time; each district connected, its centre's own community in it.

    units        id, county_code, population (whole, ≥ 0)
    centers      id, unit_id (the community it stands in) and, optional: status ("fixed", "candidate", "forbidden";
                 all fixed where there is none), cost (of opening a candidate), lower and upper (its own bounds)
    edges        pairs of ids of neighbouring units; those that cross a county's border count for nothing
    burden       by unit and centre, in the order of the rows: what it costs in all if this unit goes to this centre
                 (people × cost of the way); inf where there is no way
    upper        the most people that one centre may serve: always kept
    lower        the fewest: a must where `hard`, else each missing person costs `short_price` and is reported
    p            centres of each county, fixed ones counted (by county code); "fewest", of all or of one: as few as can be;
                 None, or a county that is not named: as many as pay off against `cost`
    """

    units: pd.DataFrame
    centers: pd.DataFrame
    edges: tuple[tuple[str, str], ...]
    burden: Amounts
    upper: int
    lower: int = 0
    hard: bool = False
    short_price: float = 0.0
    p: Mapping[str, int | Literal["fewest"]] | Literal["fewest"] | None = None


def cases_of(task: DistrictTask) -> list[Case]:
    """Return one case a county that has units, by county code; SitingError with every reason why it cannot be asked."""
    found = [*_bad_bounds(task), *_bad_units(task), *_bad_centers(task)]
    if not found:
        found = [*_bad_edges(task), *_bad_burden(task), *_bad_p(task)]
    if found:
        raise SitingError(found)
    codes = sorted(set(task.units["county_code"]))
    cases = [_case(task, code) for code in codes]
    lonely = [problem for case in cases for problem in _lonely(case)]
    if lonely:
        raise SitingError(lonely)
    return cases


def _case(task: DistrictTask, county: str) -> Case:
    units = task.units.reset_index(drop=True)
    units = units[units["county_code"] == county].sort_values("id", kind="stable")
    place = {name: at for at, name in enumerate(units["id"])}
    status = task.centers.get("status", pd.Series("fixed", index=task.centers.index)).to_numpy(object)
    centers = task.centers.reset_index(drop=True).assign(status=status)
    centers = centers[centers["unit_id"].isin(place) & (centers["status"] != "forbidden")]
    centers = centers.sort_values("id", kind="stable")
    edges = sorted({(place[a], place[b]) if place[a] < place[b] else (place[b], place[a])
                    for a, b in task.edges if a in place and b in place and a != b})  # fmt: skip
    cost = _column(centers, "cost", 0.0)
    return Case(
        county,
        units["id"].to_numpy(object),
        units["population"].to_numpy(np.int64),
        centers["id"].to_numpy(object),
        np.array([place[one] for one in centers["unit_id"]], np.int64),
        (centers["status"] == "fixed").to_numpy(bool),
        np.where(centers["status"] == "fixed", 0.0, cost),
        _column(centers, "lower", task.lower).astype(np.int64),
        _column(centers, "upper", task.upper).astype(np.int64),
        np.asarray(task.burden, float)[units.index.to_numpy()][:, centers.index.to_numpy()],
        Pairs(edges),
        task.hard,
        task.short_price,
        "fewest" if task.p == "fewest" else None if task.p is None else task.p.get(county),
    )


def _column(frame: pd.DataFrame, name: str, default: float) -> Amounts:
    if name not in frame:
        return np.full(len(frame), float(default))
    return np.asarray(frame[name].astype(float).fillna(float(default)), np.float64)


def _bad_bounds(task: DistrictTask) -> Iterable[Problem]:
    found = f"{task.lower}～{task.upper}"
    if task.lower < 0:
        yield refusal(_BOUNDS, Text("下限小于 0", "the lower bound is below zero"), found)
    if task.upper <= 0:
        yield refusal(_BOUNDS, Text("上限须大于 0", "the upper bound must be above zero"), found)
    if task.lower > task.upper:
        yield refusal(_BOUNDS, Text("下限大于上限", "the lower bound is above the upper one"), found)
    low, high = (_column(task.centers, name, at) for name, at in (("lower", task.lower), ("upper", task.upper)))
    if {"lower", "upper"} & set(task.centers):
        for at in np.flatnonzero((low < 0) | (low > high))[:_NAMED]:
            what = Text(
                "中心自己的下限小于 0 或大于上限", "a centre's own lower bound is below zero or above its upper"
            )
            yield refusal(_BOUNDS, what, str(task.centers["id"].iloc[at]))
    if task.short_price < 0 or not np.isfinite(task.short_price):
        what = Text("不足下限的罚价须是不小于 0 的数", "the price of a shortfall must be a number not below 0")
        yield refusal(_BOUNDS, what, str(task.short_price))


def _twice(ids: pd.Series, side: str) -> Iterable[Problem]:
    for one in sorted(set(ids[ids.duplicated()]))[:_NAMED]:
        yield refusal(side, Text("id 重复", "an id stands twice"), str(one))


def _bad_units(task: DistrictTask) -> Iterable[Problem]:
    units = task.units
    if not len(units):
        yield refusal(_UNITS, Text("没有社区", "there are no communities"))
        return
    yield from _twice(units["id"], _UNITS)
    people = units["population"].to_numpy(float)
    for at in np.flatnonzero(~(people >= 0) | (people != np.floor(people)))[:_NAMED]:
        what = Text("人口须是不小于 0 的整数", "residents must be a whole number not below 0")
        yield refusal(_UNITS, what, f"{units['id'].iloc[at]}：{option_text(people[at])}")


def _bad_centers(task: DistrictTask) -> Iterable[Problem]:
    centers, known = task.centers, set(task.units["id"])
    yield from _twice(centers["id"], _CENTERS)
    for at in np.flatnonzero(~centers["unit_id"].isin(known).to_numpy(bool))[:_NAMED]:
        what = Text("中心所在的社区不在其中", "a centre stands in a community that is not asked about")
        yield refusal(_CENTERS, what, f"{centers['id'].iloc[at]}：{centers['unit_id'].iloc[at]}")
    if "status" in centers:
        fix = Text("可用：fixed、candidate、forbidden", "known: fixed, candidate, forbidden")
        for one in sorted(set(centers["status"].astype(str)) - {"fixed", "candidate", "forbidden"}):
            yield refusal(_CENTERS, Text("不认识的 status", "unknown status"), one, fix)
    fixed = centers[centers["status"] == "fixed"] if "status" in centers else centers
    for unit, rows in fixed.groupby("unit_id", sort=True):
        if len(rows) > 1:
            what = Text(
                f"社区 {unit} 有不止一所已有中心，片区无法各含本社区",
                f"community {unit} holds several standing centres, which cannot all have it in their district",
            )
            fix = Text("并成一行，上下限相加", "make them one row with the bounds added up")
            yield refusal(_CENTERS, what, "、".join(map(str, rows["id"])), fix)


def _bad_edges(task: DistrictTask) -> Iterable[Problem]:
    lost = sorted({one for pair in task.edges for one in pair} - set(task.units["id"]))
    for one in lost[:_NAMED]:
        yield refusal(_EDGES, Text("没有这个社区", "there is no such community"), str(one))


def _bad_burden(task: DistrictTask) -> Iterable[Problem]:
    if np.shape(task.burden) != (len(task.units), len(task.centers)):
        raise ValueError(f"a burden of {len(task.units)} × {len(task.centers)} is asked, not {np.shape(task.burden)}")
    if np.isnan(task.burden).any() or (np.asarray(task.burden) < 0).any():
        yield refusal("费用", Text("费用须是不小于 0 的数", "a cost must be a number not below 0"))


def _bad_p(task: DistrictTask) -> Iterable[Problem]:
    if task.p is None or task.p == "fewest":
        return
    counties: Any = set(task.units["county_code"])
    for code, p in sorted(task.p.items()):
        if code not in counties:
            yield refusal("-p", Text("没有这个县（区）", "there is no such county"), code)
        elif p != "fewest" and p < 0:
            yield refusal("-p", Text("中心个数不能小于 0", "a number of centres must not be below 0"), f"{code}：{p}")


def _lonely(case: Case) -> Iterable[Problem]:
    """Yield the communities that have no neighbour, and no centre of their own that might serve them alone."""
    if len(case.unit_ids) < 2:
        return
    own = set(case.seat.tolist())
    for at, near in enumerate(case.near):
        if not near and at not in own:
            what = Text("这个社区没有相邻的社区", "this community has no neighbour")
            fix = Text("补一条相邻关系，或在其中设一个候选中心", "give it a neighbour, or a candidate of its own")
            yield refusal(_UNITS, what, str(case.unit_ids[at]), fix)


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
        found[code] = clash_of(parts[code].case, replace(limits, seconds=left))
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
    first = next((_named(clashes[code], code, len(parts)) for code in parts if code in clashes), None)
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
