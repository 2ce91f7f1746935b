"""Findings of the made city, worked out by hand; what is always true; and the sums of the sample."""

import hashlib
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from geodata.load import load
from planner.clauses import register_of
from planner.findings import assess, gap_rows, no_data_rows
from planner.measured import COLUMNS
from planner.measures import FUNCTIONS, MEASURES
from planner.network import SPEED_KMH, graph_of_edges
from planner.plans.centers import CenterTask, plan_centers
from planner.region import Region
from planner.rules import Reading, Rules
from planner.scenario import Open, Scenario, apply
from planner.schema import FINDINGS
from planner.serving import suffice
from planner.siting.question import Limits
from planner.travel import PAPER, Road, StraightLine
from tests import tiny


def _row(findings: pd.DataFrame, gap_id: str) -> pd.Series:
    rows = findings[findings["gap_id"] == gap_id]
    assert len(rows) == 1, gap_id
    return rows.iloc[0]


@pytest.fixture(scope="module")
def findings(tiny_region: Region, rules: Rules) -> pd.DataFrame:
    return assess(tiny_region, rules, PAPER)


def test_the_columns_are_the_schema(findings: pd.DataFrame) -> None:
    assert tuple(findings.columns) == FINDINGS.names()
    assert findings["gap_id"].is_unique


SERVED = {
    "facility_kind": "county_subcenter",
    "beside_kinds": ("township_hospital",),
    "beside_ids": ("TH1",),
    "radius_km": 5,
}
"""The parameters of the one measure that no clause uses: a comparison of scenarios asks it."""


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_measure_returns_the_contract(name: str, tiny_region: Region, rules: Rules) -> None:
    asked = Reading("5km", "", False, MappingProxyType(SERVED))
    demanded = register_of("510400", FUNCTIONS)
    assert demanded is not None
    every = (*rules.rules, *demanded.rules.rules)
    reading = next((reading for rule in every if rule.measure == name for reading in rule.readings), asked)
    street = graph_of_edges(
        lon=np.array([101.65, 101.75]), lat=np.array([26.55, 26.55]), tail=np.array([0]), head=np.array([1])
    )
    travel = Road(street, speeds=SPEED_KMH) if reading.travel == "road_time" else StraightLine()
    rows = MEASURES[name].function(tiny_region, travel, **reading.params)
    assert set(rows.columns) - {"said", "unit"} == set(COLUMNS)
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
    findings = assess(region, rules, PAPER)
    town = "510402100"
    assert _row(findings, f"community_health_center.clause.town.{town}")["status"] == "met"
    load = _row(findings, f"community_health_center.per_residents.town.{town}")
    assert load["value"] == 70_000
    # With 80 000 the load is 110 000: neither holds for them; the other 街道 has its centre and is met, but overloaded.
    findings = assess(_with_second_subdistrict(tiny_region, 80_000), rules, PAPER)
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
    again = assess(tiny_region, rules, PAPER)
    assert _digest(tiny_region) == before
    pd.testing.assert_frame_equal(again, findings)


def test_order_of_rows_changes_nothing(tmp_path, rules: Rules, findings: pd.DataFrame) -> None:
    folder = tiny.write(tmp_path / "turned")
    tiny.villages().iloc[::-1].to_csv(folder / "villages.csv", index=False)
    tiny.facilities().sample(frac=1, random_state=1).to_csv(folder / "facilities.csv", index=False)
    pd.testing.assert_frame_equal(assess(load(folder), rules, PAPER), findings)


def test_another_city_is_not_judged(tiny_region: Region, rules: Rules) -> None:
    from dataclasses import replace

    elsewhere = replace(tiny_region, about=replace(tiny_region.about, code="510900"))
    findings = assess(elsewhere, rules, PAPER)
    assert not (findings["status"] == "not_met").any()
    assert not (findings["status"] == "met").any()
    assert findings["note"].str.contains(f"参数情景：{rules.label}不是本市的文件，这里不作判断").any()
    assert not len(gap_rows(findings, rules))


def test_what_a_plan_reads_changes_no_finding(tiny_region: Region, rules: Rules, findings: pd.DataFrame) -> None:
    from dataclasses import replace

    bare = replace(rules, rules=tuple(replace(one, plan_quote="", plan_params={}) for one in rules.rules))
    pd.testing.assert_frame_equal(assess(tiny_region, bare, PAPER), findings)
    for rule in rules.rules:
        assert not rule.plan_params.keys() & {name for one in rule.readings for name in one.params}
    quotes = findings.set_index("rule")["quote"]
    assert set(quotes["village_clinic"]) == {"每个行政村设置1所达标村卫生室"}


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
    both = {one for one, group in rows.groupby("reading") if group["rule"].nunique() == 2}
    assert both == {"paper", "paper_subdistricts", "paper_census"}, (
        "with the rescue centre urban residents alone are asked"
    )
    for reading, group in rows[rows["reading"].isin(both)].groupby("reading"):
        assert group.groupby("county_code")["population"].sum().to_dict() == CENSUS, reading


def test_each_level_adds_up_to_the_next(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    _, findings = sample_findings
    for (rule, reading), rows in findings.groupby(["rule", "reading"]):
        sums = rows.groupby("level")[["population", "covered", "uncovered", "population_no_data"]].sum()
        assert (sums == sums.iloc[0]).all(axis=None), (rule, reading)


def test_one_more_station_never_lowers_cover(tiny_region: Region, rules: Rules, findings: pd.DataFrame) -> None:
    from dataclasses import replace

    opened = tiny_region.facilities.assign(status="open")
    more = assess(replace(tiny_region, facilities=opened), rules, PAPER).set_index("gap_id")
    rows = findings[findings["rule"].str.startswith("emergency")].set_index("gap_id")
    assert (more.loc[rows.index, "covered"] >= rows["covered"]).all()
    assert more.loc["emergency_urban.paper.city.510400", "status"] == "met"


def test_without_any_station_everyone_is_unreachable(tiny_region: Region, rules: Rules) -> None:
    from dataclasses import replace

    none = tiny_region.facilities[tiny_region.facilities["kind"] != "emergency_station"]
    known = replace(tiny_region.about, complete_registers=("emergency_station",))
    findings = assess(replace(tiny_region, facilities=none, about=known), rules, PAPER)
    row = _row(findings, "emergency_urban.paper.city.510400")
    assert (row["population"], row["unreachable"], row["status"]) == (35_000, 35_000, "not_met")
    unknown = assess(replace(tiny_region, facilities=none), rules, PAPER)
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
    again = assess(replace(tiny_region, residents=split), rules, PAPER)
    pd.testing.assert_frame_equal(again, findings)


def _changed(region: Region, **frames) -> Region:
    from dataclasses import replace

    return replace(region, **frames)


def test_the_example_of_a_town_is_its_farthest_uncovered_place(tiny_region: Region, rules: Rules) -> None:
    rules_15 = assess(tiny_region, rules, PAPER)
    rows = rules_15[(rules_15["rule"] == "emergency_rural") & (rules_15["reading"] == "paper")]
    villages = rows[(rows["level"] == "village") & (rows["county_code"] == "510422") & (rows["uncovered"] > 0)]
    county = rows[(rows["level"] == "county") & (rows["subject_code"] == "510422")].iloc[0]
    assert len(villages) > 1
    assert county["distance_m"] == villages["distance_m"].max()


def test_one_estimated_row_makes_its_town_estimated_and_no_other(tiny_region: Region, rules: Rules) -> None:
    residents = tiny_region.residents.assign(estimated=tiny_region.residents["id"] == "510402001002-u")
    findings = assess(_changed(tiny_region, residents=residents), rules, PAPER)
    assert _row(findings, "emergency_urban.paper.town.510402001")["estimated"]
    assert _row(findings, "emergency_urban.paper.city.510400")["estimated"]
    assert not _row(findings, "emergency_urban.paper.town.510422100")["estimated"]
    station = tiny_region.facilities.assign(estimated=tiny_region.facilities["id"] == "ES1")
    findings = assess(_changed(tiny_region, facilities=station), rules, PAPER)
    assert _row(findings, "emergency_urban.paper.town.510422100")["estimated"]


def test_not_met_comes_before_no_data(tiny_region: Region, rules: Rules) -> None:
    graded = tiny_region.facilities.assign(
        service_grade=tiny_region.facilities["id"]
        .map({"TH1": "below"})
        .astype(object)
        .where(lambda one: one.notna(), None)
    )
    findings = assess(_changed(tiny_region, facilities=graded), rules, PAPER)
    assert _row(findings, "township_hospital_standard.register.town.510402100")["status"] == "not_met"
    assert _row(findings, "township_hospital_standard.register.town.510422100")["status"] == "no_data"
    city = _row(findings, "township_hospital_standard.register.city.510400")
    assert (city["status"], city["population"], city["population_no_data"]) == ("not_met", 5_000, 8_000)
    graded["service_grade"] = graded["id"].map({"TH1": "basic", "TH2": "recommended"})
    findings = assess(_changed(tiny_region, facilities=graded), rules, PAPER)
    assert _row(findings, "township_hospital_standard.register.city.510400")["status"] == "met"


def test_a_subdistrict_with_a_hospital_is_told_to_convert_it(tiny_region: Region, rules: Rules) -> None:
    facilities = tiny_region.facilities
    first = facilities["id"] == "CHC1"
    moved = facilities[~first].assign(
        town_code=facilities.loc[~first, "town_code"].where(facilities.loc[~first, "id"] != "TH1", "510402001")
    )
    known = tiny_region.about.__class__(name="市", code="510400", complete_registers=("community_health_center",))
    findings = assess(_changed(tiny_region, facilities=moved, about=known), rules, PAPER)
    row = _row(findings, "community_health_center.clause.town.510402001")
    assert (row["status"], row["remedy"]) == ("not_met", "转型")


def test_empty_points_are_nobody(tiny_region: Region, rules: Rules, findings: pd.DataFrame) -> None:
    residents = tiny_region.residents
    empty = residents.iloc[[0]].assign(id="0", population=0, lon=101.79, lat=26.69, town_code="510422200")
    more = pd.concat([residents, empty], ignore_index=True)
    pd.testing.assert_frame_equal(assess(_changed(tiny_region, residents=more), rules, PAPER), findings)


def test_the_centre_of_a_town_is_where_its_people_are(findings: pd.DataFrame) -> None:
    # 乙乡: 1 500 people at 26.65 N, 500 at 26.69 N; from the former TH2 lies 0.10° of longitude away, 9.95 km.
    row = _row(findings, "township_hospital.register.town.510422200")
    assert row["nearest_facility"] == "TH2"
    assert row["distance_m"] == pytest.approx(9_953, abs=10)


def test_a_towns_own_centre_serves_it_even_if_another_is_nearer(tiny_region: Region, rules: Rules) -> None:
    region = _with_second_subdistrict(tiny_region, 80_000)
    own = region.facilities[region.facilities["id"] == "CHC1"].assign(
        id="CHC2", name="二中心", town_code="510402100", lon=101.79, lat=26.51
    )
    facilities = pd.concat([region.facilities, own], ignore_index=True)
    nearer = region.residents.assign(
        lon=region.residents["lon"].where(region.residents["town_code"] != "510402100", 101.701)
    )
    findings = assess(_changed(region, facilities=facilities, residents=nearer), rules, PAPER)
    load = _row(findings, "community_health_center.per_residents.town.510402100")
    assert load["value"] == 80_000
    row = _row(findings, "community_health_center.clause.town.510402100")
    assert row["nearest_facility"] == "CHC1"


def test_a_centre_in_a_town_serves_that_towns_urban_people_too(tiny_region: Region, rules: Rules) -> None:
    # The centre of 甲一街道 moves into 甲镇, whose 3 000 urban residents it serves as well as the 30 000 of the 街道.
    facilities = tiny_region.facilities
    moved = facilities.assign(town_code=facilities["town_code"].where(facilities["id"] != "CHC1", "510402100"))
    findings = assess(_changed(tiny_region, facilities=moved), rules, PAPER)
    assert _row(findings, "community_health_center.per_residents.town.510402001")["value"] == 33_000


def test_one_kind_unknown_is_no_gap(tiny_region: Region, rules: Rules) -> None:
    facilities = tiny_region.facilities
    upgraded = facilities.assign(kind=facilities["kind"].replace("township_hospital", "county_subcenter"))
    upgraded = upgraded[upgraded["id"] != "TH1"]
    findings = assess(_changed(tiny_region, facilities=upgraded), rules, PAPER)
    assert _row(findings, "township_hospital.register.town.510422100")["status"] == "met"
    assert _row(findings, "township_hospital.register.town.510402100")["status"] == "no_data"


def test_a_rule_that_finds_nobody_does_not_vanish(tiny_region: Region, rules: Rules) -> None:
    towns = tiny_region.towns.assign(kind="township", is_county_seat=False)
    findings = assess(_changed(tiny_region, towns=towns), rules, PAPER)
    for rule in ("emergency_urban.paper", "community_health_center.clause"):
        row = _row(findings, f"{rule}.city.510400")
        assert (row["status"], row["population"]) == ("not_judged", 0)
        assert "没有" in row["note"]


def test_a_city_may_share_its_code_with_a_county(tiny_region: Region, rules: Rules) -> None:
    from dataclasses import replace

    shared = replace(tiny_region, about=replace(tiny_region.about, code="510402"))
    findings = assess(shared, rules, PAPER)
    assert findings["gap_id"].is_unique
    assert _row(findings, "emergency_urban.paper.city.510402")["population"] == 35_000
    assert _row(findings, "emergency_urban.paper.county.510402")["population"] == 30_000


def test_the_gap_list_says_what_the_plan_of_centres_says(rules: Rules) -> None:
    """Where the county's centres would do with other districts no centre is to be built, and an overload has its load.

    The second way is `plan_centers` itself: 东区 needs none (146,994 people at one centre), 仁和区 one more (115,961 at its only one).
    """
    region = load("geodata/samples/panzhihua")
    findings = assess(region, rules, PAPER)
    gaps = gap_rows(findings, rules)
    mine = gaps[gaps["rule"] == "community_health_center"].set_index("subject_name")
    assert dict(mine["remedy"]) == {"东华街道": "调整片区", "大河中路街道": "新建"}
    assert mine.loc["东华街道", "note"].startswith(
        "所在中心服务 146,994 人；超负荷；本县（区）现有中心调整片区就都不超过上限"
    )
    assert mine.loc["大河中路街道", "note"] == "所在中心服务 115,961 人；超负荷（建议，不是缺口）"
    params = next(one for one in rules.rules if one.id == "community_health_center").readings[0].params
    task = CenterTask(params["lower"], params["upper"], params["hospital_kinds"], 0.2, solving=Limits(seconds=60))
    new = plan_centers(region, StraightLine(), task).new_centers.groupby("county_code").size()
    for row in mine.itertuples():
        assert (row.remedy == "新建") == bool(new.get(row.county_code, 0)), row.Index


def test_centres_suffice_by_hand(tiny_region: Region) -> None:
    """CHC1 stands in 一社区 (20,000) of 甲区, next to 二社区 (10,000): together 30,000 and no other centre. 乙县 has none."""
    hospitals = ("township_hospital", "county_subcenter")
    assert suffice(tiny_region, StraightLine(), hospitals, 30_000, ["510402", "510422"]) == {
        "510402": True,
        "510422": False,
    }
    assert suffice(tiny_region, StraightLine(), hospitals, 29_999, ["510402"]) == {"510402": False}


def test_the_rescue_centre_is_told_both_ways_and_one_judges(tiny_region: Region, rules: Rules) -> None:
    """A centre by 五社区 (5,000 urban residents): 30,000 of 35,000 without it, all with it. Where nobody knows of one, no data."""
    alone, beside = "emergency_urban.paper.city.510400", "emergency_urban.paper_rescue_center.city.510400"
    unknown = assess(tiny_region, rules, PAPER)
    assert _row(unknown, alone)["covered"] == 30_000
    row = _row(unknown, beside)
    assert (row["covered"], row["uncovered"], row["population_no_data"], row["status"]) == (30_000, 0, 5_000, "no_data")
    fields = {"id": "RC", "name": "市紧急医学救援中心", "kind": "rescue_center", "lon": 101.65, "lat": 26.65}
    found = assess(apply(tiny_region, Scenario(edits=(Open(fields=fields),))), rules, PAPER)
    assert (_row(found, alone)["covered"], _row(found, alone)["status"]) == (30_000, "not_met")
    assert (_row(found, beside)["covered"], _row(found, beside)["status"]) == (35_000, "not_judged")
    assert not (gap_rows(unknown, rules)["reading"] == "paper_rescue_center").any()
    assert not (no_data_rows(unknown, rules)["reading"] == "paper_rescue_center").any(), "it judges nothing"
