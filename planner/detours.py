"""绕行清单: the settlements that pass a radius on paper and fail it by road, with the factor by which the road is longer."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from planner.cached import bare
from planner.joined import NO_WAY, why_unreached
from planner.measures import MM_PER_KM, people_in_question
from planner.reach import Reach
from planner.region import Region, settlements, village_names, with_places
from planner.road import Road
from planner.rules import Reading, Rule, Rules
from planner.schema import DETOURS
from planner.travel import Travel

_MEASURE = "people_within"


def detours(region: Region, rules: Rules, travels: Mapping[str, Travel]) -> pd.DataFrame:
    """Return one row a settlement that a facility covers on paper and none covers by road, in schema.DETOURS.

    For each rule with a paper and a road reading of the same parameters. Cover is decided where people live, as in
    `assess`, so the people of these rows are those covered on paper less those covered by road. detour_factor is the
    distance to the nearest facility by road over that to the nearest on paper, which may be another one; NaN where no
    facility is reached by road (status "unreachable") or the straight line is 0. Rows by rule, county, town, id.
    """
    parts = [_of_pair(region, *pair, travels) for pair in _tested(rules, travels)]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(DETOURS.names()))
    return pd.concat(parts, ignore_index=True)[list(DETOURS.names())]


def tests_detours(rules: Rules, travels: Mapping[str, Travel]) -> bool:
    """Whether any rule asks the same of a radius on paper and by road: else an empty list says nothing."""
    return bool(_tested(rules, travels))


def _tested(rules: Rules, travels: Mapping[str, Travel]) -> list[tuple[Rule, Reading, Reading]]:
    return [pair for pair in _pairs(rules) if {pair[1].travel, pair[2].travel} <= travels.keys()]


def _pairs(rules: Rules) -> Iterator[tuple[Rule, Reading, Reading]]:
    """Yield each road reading of a radius with the paper reading that asks the same."""
    for rule in rules.rules:
        for road in rule.readings:
            same = [one for one in rule.readings if one.travel == "paper" and one.params == road.params]
            if rule.measure == _MEASURE and road.travel == "road" and same:
                yield rule, same[0], road


def _of_pair(region: Region, rule: Rule, paper: Reading, road: Reading, travels: Mapping[str, Travel]) -> pd.DataFrame:
    params = road.params
    people = settlements(people_in_question(region, params["residents"], params["urban_scope"]))
    facilities = region.open_facilities(params["facility_kind"], *params.get("beside_kinds", ()))
    limit = round(params["radius_km"] * MM_PER_KM)
    on_paper = travels[paper.travel].reach_whole(people, facilities, limit)
    by_road = travels[road.travel].reach_whole(people, facilities, limit)
    fails = (on_paper.covered() & ~by_road.covered()).to_numpy(bool)
    rows = people[fails].reset_index(drop=True)
    rows = rows.assign(name=village_names(region, rows), rule=rule.id, rule_label=rule.label, reading=road.id)
    rows = rows.assign(radius_km=float(params["radius_km"]), reason="")
    for side, reach in (("paper", on_paper), ("road", by_road)):
        rows = _with_nearest(rows, side, reach, region)
    straight = rows["paper_distance_m"].where(rows["paper_distance_m"] > 0)
    reached = rows["road_distance_m"].notna()
    rows.loc[~reached, "reason"] = _reasons(bare(travels[road.travel]), rows[~reached], facilities)
    rows = rows.assign(
        detour_factor=rows["road_distance_m"] / straight,
        status=np.where(reached, "detour", "unreachable"),
    )
    return with_places(region, rows).sort_values(["county_code", "town_code", "id"], kind="stable")


def _with_nearest(rows: pd.DataFrame, side: str, reach: Reach, region: Region) -> pd.DataFrame:
    """Return the rows with the nearest facility of one reading, its name and distance, and whether it is estimated."""
    nearest = reach.nearest().reindex(rows["id"])
    facilities = region.facilities.set_index("id")
    ids = nearest["facility_id"].to_numpy(object)
    known = pd.Series(ids)
    return rows.assign(
        **{
            f"{side}_facility": ids,
            f"{side}_facility_name": known.map(facilities["name"]).fillna("").to_numpy(object),
            f"{side}_distance_m": nearest["cost"].to_numpy(float) / 1000,
        },
        estimated=rows["estimated"] | known.map(facilities["estimated"]).eq(True).to_numpy(bool),
    )


def _reasons(road: Travel | None, rows: pd.DataFrame, facilities: pd.DataFrame) -> list[str]:
    """Return why each point is not reached at all."""
    return why_unreached(road, rows, facilities) if isinstance(road, Road) else [NO_WAY] * len(rows)
