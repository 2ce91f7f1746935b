"""What the arithmetic of findings does at its edges: each of these was once free to be wrong without a test that fails."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from planner.certainty import _gap_level
from planner.findings import _add_up, _lowest, assess, gap_rows, no_data_rows
from planner.measures import _people_centre, people_within
from planner.region import Region
from planner.rules import Rules
from planner.travel import PAPER, StraightLine


def test_the_nearest_facility_told_of_a_village_is_that_of_its_farthest_point(tiny_region: Region) -> None:
    """一社区 lives at ES1; a hamlet of it lies east, 4.99 km from ES1, and 1.0 km from a second station."""
    residents = tiny_region.residents
    hamlet = residents[residents["id"] == "510402001001-u"].assign(id="510402001001-x", lon=101.70, population=10)
    people = gpd.GeoDataFrame(pd.concat([residents, hamlet], ignore_index=True), crs=tiny_region.crs)
    station = tiny_region.facilities[tiny_region.facilities["id"] == "ES1"].assign(id="ES9", lon=101.71)
    facilities = gpd.GeoDataFrame(pd.concat([tiny_region.facilities, station], ignore_index=True), crs=tiny_region.crs)
    region = replace(tiny_region, residents=people, facilities=facilities)
    asked = {"facility_kind": "emergency_station", "residents": "urban", "urban_scope": "subdistricts"}
    rows = people_within(region, StraightLine(), radius_km=5, **asked).set_index("subject_code")  # type: ignore[arg-type]
    one = rows.loc["510402001001"]
    assert one["nearest_facility"] == "ES9"
    assert one["distance_m"] == pytest.approx(996, abs=5)  # 0.01° at 26.55 N
    assert one["met"]


def _measured(**columns: object) -> pd.DataFrame:
    """Return what a measure might find of three villages: met in another way, not met, not known."""
    frame = {
        "level": "village", "subject_code": ["a", "b", "c"], "population": [10, 20, 40], "covered": [10, 5, 30],
        "unreachable": [0, 3, 7], "value": [0.0, 0.25, 0.75], "required": 1.0, "met": [True, False, None],
        "nearest_facility": ["F1", "F2", "F3"], "distance_m": [1.0, 2.0, 3.0], "time_min": np.nan, "advice": "",
        "estimated": False, "nobody": "",
    }  # fmt: skip
    return pd.DataFrame(frame | columns)


def test_what_is_met_has_no_gap_and_what_is_not_known_has_none_either() -> None:
    rows = _lowest(_measured())
    assert rows["gap"].iloc[:2].tolist() == [0.0, 0.75]
    assert np.isnan(rows["gap"].iloc[2])


def test_of_people_whose_case_is_not_known_nobody_is_covered() -> None:
    rows = _lowest(_measured())
    assert rows["population"].tolist() == [10, 20, 0]
    assert rows["covered"].tolist() == [10, 5, 0]
    assert rows["unreachable"].tolist() == [0, 3, 0]
    assert rows["population_no_data"].tolist() == [0, 0, 40]
    assert rows["value"].isna().tolist() == [False, False, True]
    above = _add_up(rows.assign(key=0), pd.Series(["t"] * 3), "town", np.array([True]))
    assert above[["population", "covered", "unreachable", "population_no_data"]].iloc[0].tolist() == [30, 15, 3, 40]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_of_places_equally_far_the_longest_time_and_then_the_first_code_is_the_example(order: list[int]) -> None:
    four = _measured().iloc[[1, 1, 1, 1]].assign(
        subject_code=["d", "b", "c", "a"], nearest_facility=["D", "B", "C", "A"], distance_m=[9.0, 9.0, 9.0, 8.0],
        time_min=[5.0, 7.0, 7.0, 9.0],
    )  # fmt: skip
    rows = _lowest(four.iloc[order].reset_index(drop=True)).assign(key=0)
    above = _add_up(rows, pd.Series(["t"] * 4), "town", np.array([True])).iloc[0]
    assert (above["nearest_facility"], above["distance_m"], above["time_min"]) == ("B", 9.0, 7.0)


def test_the_centre_of_people_is_nearest_on_the_ground_and_not_in_degrees(tiny_region: Region) -> None:
    """At 45.4 N a degree of longitude is 0.70 of one of latitude: 0.10° east is nearer than 0.09° north."""
    code = "510402001"
    three = tiny_region.residents[tiny_region.residents["town_code"] == code].iloc[[0, 0, 0, 0]]
    people = three.assign(
        id=["east", "north", "west", "south"], population=1, lon=[100.10, 100.0, 99.85, 100.05], lat=[45.40, 45.49, 45.40, 45.31]
    )  # fmt: skip
    lon, lat = _people_centre(replace(tiny_region, residents=people), pd.Series([code]))
    assert (lon.iloc[0], lat.iloc[0]) == (100.10, 45.40)


def test_without_villages_the_gaps_of_a_rule_of_villages_are_listed_by_town(tiny_region: Region, rules: Rules) -> None:
    by_village = replace(
        rules, rules=tuple(replace(one, gap_level="village") for one in rules.rules if one.id == "emergency_urban")
    )
    rule = by_village.rules[0]
    region = replace(tiny_region, residents=tiny_region.residents.assign(village_code=""))
    assert region.subject_level == "town"
    findings = assess(region, by_village, PAPER)
    assert set(gap_rows(findings, by_village)["gap_id"]) == {"emergency_urban.paper.town.510422100"}
    assert _gap_level(rule, findings) == "town"
    unknown = replace(region, facilities=region.facilities[region.facilities["kind"] != "emergency_station"])
    assert set(no_data_rows(assess(unknown, by_village, PAPER), by_village)["level"]) == {"town"}
    whole = assess(tiny_region, by_village, PAPER)
    assert set(gap_rows(whole, by_village)["level"]) == {"village"}
    assert _gap_level(replace(rule, gap_level="county"), whole) == "county"
