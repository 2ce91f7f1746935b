"""Findings of the made city, worked out by hand; what is always true; and the sums of the sample."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from geodata.load import load
from planner.findings import assess, gap_rows, no_data_rows
from planner.measures import COLUMNS, MEASURES
from planner.region import Region
from planner.rules import Rules
from planner.schema import FINDINGS
from planner.travel import StraightLine
from tests import tiny


def _row(findings: pd.DataFrame, gap_id: str) -> pd.Series:
    rows = findings[findings["gap_id"] == gap_id]
    assert len(rows) == 1, gap_id
    return rows.iloc[0]


@pytest.fixture(scope="module")
def findings(tiny_region: Region, rules: Rules) -> pd.DataFrame:
    return assess(tiny_region, rules, StraightLine())


def test_the_columns_are_the_schema(findings: pd.DataFrame) -> None:
    assert tuple(findings.columns) == FINDINGS.names()
    assert findings["gap_id"].is_unique


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_measure_returns_the_contract(name: str, tiny_region: Region, rules: Rules) -> None:
    reading = next(reading for rule in rules.rules if rule.measure == name for reading in rule.readings)
    rows = MEASURES[name].function(tiny_region, StraightLine(), **reading.params)
    assert set(rows.columns) == set(COLUMNS)
    assert rows["subject_code"].is_unique


def test_urban_emergency_by_hand(findings: pd.DataFrame) -> None:
    # 城市地区 = the 街道 (30 000) and the urban residents of the seat 乙镇 (5 000). The one open station stands at
    # 26.55 N; 0.04° of latitude is 4.43 km, 0.10° is 11.08 km: 一、二社区 are covered, 五社区 is not.
    county = _row(findings, "emergency_urban.paper.county.510402")
    assert (county["population"], county["covered"], county["status"]) == (30_000, 30_000, "met")
    seat = _row(findings, "emergency_urban.paper.town.510422100")
    assert (seat["population"], seat["uncovered"], seat["status"]) == (5_000, 5_000, "not_met")
    assert seat["nearest_facility"] == "ES1"
    assert seat["nearest_facility_name"] == "甲急救站"
    assert seat["distance_m"] == pytest.approx(11_078, abs=5)
    city = _row(findings, "emergency_urban.paper.city.510400")
    assert city["value"] == 30_000 / 35_000
    assert city["gap"] == pytest.approx(5_000 / 35_000)
    assert seat["remedy"] == "新建"


def test_a_planned_station_serves_nobody(findings: pd.DataFrame) -> None:
    assert "ES2" not in set(findings["nearest_facility"])


def test_the_other_scopes_are_reported_and_not_judged(findings: pd.DataFrame) -> None:
    subdistricts = _row(findings, "emergency_urban.paper_subdistricts.city.510400")
    census = _row(findings, "emergency_urban.paper_census.city.510400")
    assert (subdistricts["population"], census["population"]) == (30_000, 38_000)
    assert {subdistricts["status"], census["status"]} == {"not_judged"}


def test_rural_is_reported_and_never_a_gap(findings: pd.DataFrame) -> None:
    rural = findings[findings["rule"] == "emergency_rural"]
    assert set(rural["status"]) == {"not_judged"}
    assert _row(findings, "emergency_rural.paper.city.510400")["population"] == 45_000 - 35_000


def test_a_hospital_per_town_and_its_standard_are_two_findings(findings: pd.DataFrame) -> None:
    missing = _row(findings, "township_hospital.register.town.510422200")
    assert (missing["value"], missing["required"], missing["gap"], missing["status"]) == (0, 1, 1, "not_met")
    city = _row(findings, "township_hospital.register.city.510400")
    assert (city["value"], city["required"], city["gap"]) == (2, 3, 1)  # a 街道 is no 乡镇
    standard = findings[(findings["rule"] == "township_hospital_standard") & (findings["level"] == "town")]
    assert list(standard["subject_code"]) == ["510402100", "510422100"]
    assert set(standard["status"]) == {"no_data"}
    assert (standard["population"] == 0).all()
    assert list(standard["population_no_data"]) == [5_000, 8_000]


def test_a_village_is_told_by_its_code(findings: pd.DataFrame) -> None:
    villages = findings[(findings["rule"] == "village_clinic") & (findings["level"] == "village")]
    assert list(villages["subject_code"]) == ["510402100200", "510422100200", "510422200200", "510422200201"]
    assert list(villages["status"]) == ["met", "not_met", "met", "not_met"]
    six = _row(findings, "village_clinic.register.village.510422100200")
    assert six["subject_name"] == "六社区村民委员会"
    assert six["town_name"] == "乙镇"
    assert six["remedy"] == "新建、替代服务"


def test_sub_centres_nobody_told_us_of_are_no_data(findings: pd.DataFrame) -> None:
    row = _row(findings, "county_subcenter.register.city.510400")
    assert row["status"] == "no_data"
    assert np.isnan(row["value"])


def test_a_register_difference_is_shown_and_not_judged(findings: pd.DataFrame) -> None:
    row = _row(findings, "register_township_hospital.register.city.510400")
    assert (row["value"], row["required"], row["gap"], row["status"]) == (2, 37, 35, "not_judged")


def test_the_clause_is_an_or(tiny_region: Region, rules: Rules) -> None:
    # A second 街道 without a centre, whose 30 000 + 40 000 residents the neighbour's centre serves: (a) fails, (b) holds.
    region = _with_second_subdistrict(tiny_region, 40_000)
    findings = assess(region, rules, StraightLine())
    town = "510402100"
    assert _row(findings, f"community_health_center.clause.town.{town}")["status"] == "met"
    load = _row(findings, f"community_health_center.per_residents.town.{town}")
    assert load["value"] == 70_000
    # With 80 000 the load is 110 000: neither holds for them; the other 街道 has its centre and is met, but overloaded.
    findings = assess(_with_second_subdistrict(tiny_region, 80_000), rules, StraightLine())
    row = _row(findings, f"community_health_center.clause.town.{town}")
    assert (row["status"], row["gap"]) == ("not_met", 1)
    other = _row(findings, "community_health_center.clause.town.510402001")
    assert other["status"] == "met"
    assert "超负荷" in other["note"]
    load = _row(findings, f"community_health_center.per_residents.town.{town}")
    assert (load["required"], load["gap"]) == (100_000, -10_000)


def _with_second_subdistrict(region: Region, population: int) -> Region:
    from dataclasses import replace

    town = region.towns["code"] == "510402100"
    residents = region.residents
    at = residents["id"] == "510402100001-u"
    moved = residents.assign(population=residents["population"].where(~at, population))
    moved = moved[~moved["id"].isin(["510402100001-r", "510402100200-r"])]
    facilities = region.facilities[region.facilities["id"] != "TH1"]
    towns = region.towns.assign(kind=region.towns["kind"].where(~town, "subdistrict"))
    return replace(region, towns=towns, residents=moved.reset_index(drop=True), facilities=facilities)


def _digest(region: Region) -> str:
    frames = (region.counties, region.towns, region.villages, region.residents, region.facilities)
    return hashlib.sha256("".join(frame.to_json() for frame in frames).encode()).hexdigest()


def test_assess_is_pure(tiny_region: Region, rules: Rules, findings: pd.DataFrame) -> None:
    before = _digest(tiny_region)
    again = assess(tiny_region, rules, StraightLine())
    assert _digest(tiny_region) == before
    pd.testing.assert_frame_equal(again, findings)


def test_order_of_rows_changes_nothing(tmp_path, rules: Rules, findings: pd.DataFrame) -> None:
    folder = tiny.write(tmp_path / "turned")
    tiny.villages().iloc[::-1].to_csv(folder / "villages.csv", index=False)
    tiny.facilities().sample(frac=1, random_state=1).to_csv(folder / "facilities.csv", index=False)
    pd.testing.assert_frame_equal(assess(load(folder), rules, StraightLine()), findings)


def test_another_city_is_not_judged(tiny_region: Region, rules: Rules) -> None:
    from dataclasses import replace

    elsewhere = replace(tiny_region, about=replace(tiny_region.about, code="510900"))
    findings = assess(elsewhere, rules, StraightLine())
    assert not (findings["status"] == "not_met").any()
    assert not (findings["status"] == "met").any()
    assert findings["note"].str.contains("参数情景").any()
    assert not len(gap_rows(findings, rules))


def test_gap_list_and_missing_data_are_rows_of_the_table(findings: pd.DataFrame, rules: Rules) -> None:
    gaps = gap_rows(findings, rules)
    assert set(gaps["gap_id"]) == {
        "emergency_urban.paper.town.510422100",
        "township_hospital.register.town.510422200",
        "village_clinic.register.village.510422100200",
        "village_clinic.register.village.510422200201",
    }
    assert set(no_data_rows(findings, rules)["rule"]) == {
        "county_subcenter", "township_hospital_standard", "village_clinic_standard",
    }  # fmt: skip


def test_people_add_up_everywhere(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    _, findings = sample_findings
    assert (findings["covered"] + findings["uncovered"] + findings["unreachable"] == findings["population"]).all()
    assert (findings[["covered", "uncovered", "unreachable", "population_no_data"]] >= 0).all(axis=None)


CENSUS = {"510402": 411_427, "510403": 129_406, "510411": 265_562, "510421": 227_011, "510422": 178_797}


def test_urban_and_rural_of_a_county_are_its_census(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    _, findings = sample_findings
    rows = findings[findings["rule"].isin(["emergency_urban", "emergency_rural"]) & (findings["level"] == "county")]
    for reading, group in rows.groupby("reading"):
        assert group.groupby("county_code")["population"].sum().to_dict() == CENSUS, reading


def test_each_level_adds_up_to_the_next(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    _, findings = sample_findings
    for (rule, reading), rows in findings.groupby(["rule", "reading"]):
        sums = rows.groupby("level")[["population", "covered", "uncovered", "population_no_data"]].sum()
        assert (sums == sums.iloc[0]).all(axis=None), (rule, reading)


def test_one_more_station_never_lowers_cover(tiny_region: Region, rules: Rules, findings: pd.DataFrame) -> None:
    from dataclasses import replace

    opened = tiny_region.facilities.assign(status="open")
    more = assess(replace(tiny_region, facilities=opened), rules, StraightLine()).set_index("gap_id")
    rows = findings[findings["rule"].str.startswith("emergency")].set_index("gap_id")
    assert (more.loc[rows.index, "covered"] >= rows["covered"]).all()
    assert more.loc["emergency_urban.paper.city.510400", "status"] == "met"


def test_without_any_station_everyone_is_unreachable(tiny_region: Region, rules: Rules) -> None:
    from dataclasses import replace

    none = tiny_region.facilities[tiny_region.facilities["kind"] != "emergency_station"]
    known = replace(tiny_region.about, complete_registers=("emergency_station",))
    findings = assess(replace(tiny_region, facilities=none, about=known), rules, StraightLine())
    row = _row(findings, "emergency_urban.paper.city.510400")
    assert (row["population"], row["unreachable"], row["status"]) == (35_000, 35_000, "not_met")
    unknown = assess(replace(tiny_region, facilities=none), rules, StraightLine())
    row = _row(unknown, "emergency_urban.paper.city.510400")
    assert (row["population"], row["population_no_data"], row["status"]) == (0, 35_000, "no_data")


def test_splitting_a_resident_point_changes_no_people_measure(tiny_region: Region, rules: Rules, findings) -> None:
    from dataclasses import replace

    import geopandas as gpd

    first = tiny_region.residents.iloc[[0]]
    halves = [first.assign(id=f"{first['id'].iloc[0]}-{n}", population=first["population"] // 2) for n in (1, 2)]
    split = gpd.GeoDataFrame(
        pd.concat([tiny_region.residents.iloc[1:], *halves], ignore_index=True), crs=tiny_region.crs
    )
    again = assess(replace(tiny_region, residents=split), rules, StraightLine())
    pd.testing.assert_frame_equal(again, findings)
