"""Who may be a site: hosts among the facilities, hospitals that serve already, and the pairs that stand too close."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pandas as pd

from planner.errors import Problem, SitingError, Text
from planner.hospitals import KIND, classes, general_hospitals, treating
from planner.reach import Reach
from planner.region import Region
from planner.schema import FACILITY_STATUS
from planner.siting.advice import Lever
from planner.siting.instance import Instance
from planner.siting.question import Quota
from planner.text import option_text
from planner.travel import StraightLine

COUNTY_OWNER = "县办"
_STEP = 10_000
"""A shorter spacing is told in steps of so many millimetres."""
COLUMNS = ("id", "name", "kind", "county_code", "town_code", "lon", "lat", "grade", "owner", "beds", "estimated")


def county_hospitals(region: Region) -> pd.DataFrame:
    """Return the open county-run hospitals that treat all, by owner and speciality as the list tells them."""
    frame = treating(region, KIND)
    return pd.DataFrame(frame[frame["owner"].fillna("") == COUNTY_OWNER])


def lesser_county_hospitals(region: Region) -> pd.DataFrame:
    """Return the county hospitals of a lower class than the highest of their county's: none where there is only one."""
    frame = county_hospitals(region)
    level = classes(frame)
    return frame[level < level.groupby(frame["county_code"]).transform("max")]


def serving_hospitals(region: Region, named: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the ids of what serves besides sub-centres: of those named the open ones; None: all general hospitals."""
    if named is None:
        return tuple(sorted(general_hospitals(region)["id"]))
    is_open = set(region.facilities.loc[region.facilities["status"] == "open", "id"])
    return tuple(sorted(is_open & set(named)))


def default_hosts(region: Region, serving: Collection[str]) -> tuple[str, ...]:
    """Return who may host a sub-centre where nobody is named: township hospitals, and the lesser of the county's hospitals.

    Not those that serve besides already (`serving`): a sub-centre there would be a name, and reach nobody anew. Nor those
    that are one: they count as what they were, too.
    """
    hosts = {*region.open_facilities("township_hospital")["id"], *lesser_county_hospitals(region)["id"]}
    return tuple(sorted(hosts - set(serving) - {*region.open_facilities("county_subcenter")["id"]}))


def districts_without_county_hospital(region: Region) -> list[str]:
    """Return the codes of 市辖区 (districts) in which the county runs no hospital that treats all: sub-centres are not theirs.

    Told by the code: the last two digits of a district are below 21. None where no owner is known.
    """
    hospitals = treating(region, KIND)
    if not (hospitals["owner"].fillna("") != "").any():
        return []
    having = set(county_hospitals(region)["county_code"])
    return sorted(code for code in region.counties["code"] if code[4:6] < "21" and code not in having)


def known(region: Region, option: str, ids: Iterable[str]) -> list[str]:
    """Return the ids, sorted; SitingError naming those that no facility has."""
    wanted = sorted(set(ids))
    unknown = [one for one in wanted if one not in set(region.facilities["id"])]
    if unknown:
        what = Text("没有这些机构", "there are no such facilities")
        raise SitingError(Problem(option, what, Text("核对机构编号", "check the ids"), found="、".join(unknown[:10])))
    return wanted


def check_open(region: Region, option: str, ids: Collection[str]) -> None:
    """Refuse facilities that do not serve today, naming what they are instead."""
    frame = region.facilities[region.facilities["id"].isin(list(ids)) & (region.facilities["status"] != "open")]
    if len(frame):
        what = Text("不是在用的机构", "not open")
        fix = Text("去掉，或用方案（--scenario）先让它启用", "drop them, or open them by a scenario first")
        named = zip(frame["id"], frame["name"], frame["status"], strict=True)
        found = "、".join(f"{one} {name}（{FACILITY_STATUS[status][0]}）" for one, name, status in named)
        raise SitingError(Problem(option, what, fix, found=found))


def rows_of(region: Region, ids: Collection[str]) -> pd.DataFrame:
    """Return the columns of these facilities that a plan tells, by id."""
    frame = region.facilities[region.facilities["id"].isin(list(ids))]
    return pd.DataFrame(frame[list(COLUMNS)]).sort_values("id", kind="stable", ignore_index=True)


def too_close(sites: pd.DataFrame, spacing_m: float) -> tuple[tuple[str, str], ...]:
    """Return the pairs of sites less than so many metres apart as the crow flies."""
    if spacing_m <= 0 or len(sites) < 2:
        return ()
    near = near_pairs(sites, round(spacing_m * 1000))
    return tuple(sorted(zip(near["demand_id"], near["facility_id"], strict=True)))


def near_pairs(sites: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Return the pairs of sites less than so many mm apart as the crow flies: demand_id < facility_id, cost (mm)."""
    pairs = StraightLine().reach_whole(sites, sites, spacing).within()
    return pairs[(pairs["demand_id"] < pairs["facility_id"]) & (pairs["cost"] < spacing)]


def spacing_lever(
    pairs: pd.DataFrame,
    lift: Callable[[Instance, float], Instance] = lambda one, _: one,
    more: Sequence[float] = (),
    atoms: tuple[str, ...] = ("apart",),
) -> Lever:
    """Return the lever of a shorter --spacing, in steps of 10 m; 0: none.

    pairs   demand_id, facility_id, cost (mm): the sites that stand too close today
    lift    what else a shorter spacing changes, at the distances `more`; atoms: the rules that it loosens
    """
    ends, cost = list(zip(pairs["demand_id"], pairs["facility_id"], strict=True)), pairs["cost"].to_numpy(float)

    def values(_: Instance) -> list[float]:
        steps = np.floor(np.concatenate([cost, np.asarray(more, float)]) / _STEP) * _STEP
        return [*np.unique(steps[steps > 0])[::-1].tolist(), 0.0]

    def apply(instance: Instance, value: float) -> Instance:
        apart = tuple(pair for pair, far in zip(ends, cost, strict=True) if far < value)
        return lift(instance.asking(replace(instance.question, apart=apart)), value)

    def say(value: float) -> Text:
        if value == 0:
            return Text("去掉间距（--spacing）", "drop the spacing (--spacing)")
        km = option_text(value / 1e6)
        return Text(f"把间距缩短到 {km} 公里（--spacing {km}km）", f"shorten the spacing to {km} km (--spacing {km}km)")

    return Lever(atoms, values, apply, say)


def limited(reach: Reach, limit: float) -> Reach:
    """Return the reach with the pairs within a smaller limit alone."""
    kept = reach.costs <= limit
    rows = np.repeat(np.arange(len(reach.demand_ids)), np.diff(reach.indptr))
    indptr = np.searchsorted(rows[kept], np.arange(len(reach.demand_ids) + 1)).astype(np.int64)
    return Reach(
        reach.demand_ids, reach.facility_ids, limit, indptr, reach.indices[kept], reach.costs[kept],
        reach.nearest_index, reach.nearest_cost,
    )  # fmt: skip


NO_SUBCENTRE = Text(
    "不设次中心（没有县办医院的市辖区，假设；可用 --quota 改）",
    "no sub-centre (a district without a county hospital: an assumption, --quota changes it)",
)


def quotas_of(zero: Iterable[str], asked: Iterable[Quota]) -> tuple[Quota, ...]:
    """Return the planner's quotas, and "none" for each county of `zero` that the planner says nothing about."""
    own = {quota.group: quota for quota in asked}
    return tuple(own[group] if group in own else Quota(group, 0, 0, NO_SUBCENTRE) for group in sorted({*own, *zero}))


# Ids for what a plan proposes: as they are made from a code, numbered where the register has one of that name already.


def free_id(wanted: str, taken: Collection[str]) -> str:
    """Return the id, with -2, -3, … behind it where it is taken (by one that is closed, too).

    >>> free_id("VC-1", {"VC-1", "VC-1-2"}), free_id("VC-2", {"VC-1"})
    ('VC-1-3', 'VC-2')
    """
    if wanted not in taken:
        return wanted
    return next(one for at in count(2) if (one := f"{wanted}-{at}") not in taken)
