"""Whether the community centres that stand would do if only their districts were drawn anew."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from planner.districts.adjacency import without_neighbours
from planner.districts.case import Case
from planner.districts.exact import solve_case
from planner.districts.task import DistrictTask, cases_of
from planner.plans.centers_units import KIND, neighbours, own_unit, served_today
from planner.region import Region
from planner.siting.question import Limits
from planner.siting.siting import State
from planner.travel import Travel

_PATIENCE = Limits(seconds=60.0)
_KEPT = 256


def _status(case: Case) -> State:
    """Return what is known of a county's districts; kept, for trials of other edits and other readings ask the same again."""
    arrays = (case.unit_ids, case.people, case.center_ids, case.seat, case.fixed, case.low, case.high)
    key = (case.county, case.p, case.edges, *(tuple(one.tolist()) for one in arrays))
    if key not in _known:
        if len(_known) >= _KEPT:
            _known.clear()
        _known[key] = solve_case(case, _PATIENCE).status
    return _known[key]


_known: dict[object, State] = {}


def suffice(
    region: Region, travel: Travel, hospital_kinds: tuple[str, ...], upper: int, counties: Collection[str]
) -> Mapping[str, bool | None]:
    """Return, by county, whether its open centres can share its communities with at most `upper` residents each.

    As plan_centers draws districts: whole communities, joined, within the county; centres of one community share theirs.
    False where it is disproved and where no centre stands, None where the time ran out before it was known.
    """
    served = served_today(region, travel, hospital_kinds)
    standing = region.open_facilities(KIND)
    standing = standing.assign(unit_id=own_unit(region, standing, served.units).to_numpy(object))
    standing = standing[standing["county_code"].isin(list(counties)) & (standing["unit_id"] != "")]
    joint = standing.groupby("unit_id")["id"].agg("size")
    centers = standing.drop_duplicates("unit_id")
    units = served.units[served.units["county_code"].isin(set(centers["county_code"]))]
    known: dict[str, bool | None] = dict.fromkeys(counties, False)
    if not len(units):
        return known
    edges = tuple(
        (one, two) for one, two in neighbours(region, served.units, np.inf, None, 0) if {one, two} <= {*units["id"]}
    )
    lost = set(without_neighbours(units["id"], edges)) - set(centers["unit_id"])
    hopeless = set(units.loc[units["id"].isin(lost), "county_code"])
    units, centers = (one[~one["county_code"].isin(hopeless)] for one in (units, centers))
    if not len(units):
        return known
    high = (centers["unit_id"].map(joint) * upper).to_numpy(float)
    task = DistrictTask(
        pd.DataFrame(units[["id", "county_code", "population"]]),
        pd.DataFrame({"id": centers["id"], "unit_id": centers["unit_id"], "status": "fixed", "lower": 0.0, "upper": high}),
        tuple(pair for pair in edges if {*pair} <= {*units["id"]}),
        np.zeros((len(units), len(centers))), upper,
        p=centers.groupby("county_code").size().to_dict(),
    )  # fmt: skip
    found = {case.county: _status(case) for case in cases_of(task)}
    told = {"optimal": True, "feasible": True, "unknown": None}
    return {code: told.get(found.get(code, ""), False) for code in known}
