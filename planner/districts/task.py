"""What is asked of districts: communities, centres, who is next to whom, what each costs each, and the bounds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.districts.case import Case, Pairs
from planner.errors import Problem, SitingError, Text
from planner.siting.instance import refusal
from planner.text import option_text

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
