"""Community centres planned: whose each community is, the clause's readings, districts, stations, conversions, upgrades."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from geodata.load import load
from planner.districts.adjacency import by_points, by_polygons, joined_by_way, without_neighbours
from planner.errors import ScenarioError
from planner.findings import assess
from planner.plans.centers import CenterPlan, CenterTask, Successor, conversions, limit_mm, plan_centers, upgrades
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Open, Override, Scenario, apply, overridden
from planner.serving import center_loads, is_served, served_towns, serving_center
from planner.travel import PAPER, StraightLine
from tests.districts_check import faults

RULE = "community_health_center"


def task_of(rules: Rules, **rest: Any) -> CenterTask:
    rule = next(one for one in rules.rules if one.id == RULE)
    params = rule.readings[0].params
    return CenterTask(params["lower"], params["upper"], params["hospital_kinds"], **{**rule.plan_params, **rest})


@pytest.fixture(scope="module")
def sample() -> Region:
    return load(Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua")


@pytest.fixture(scope="module")
def plan(sample: Region, rules: Rules) -> CenterPlan:
    return plan_centers(sample, StraightLine(), task_of(rules))


def test_an_override_of_the_rule_keeps_what_the_plan_reads(rules: Rules) -> None:
    before = next(one for one in rules.rules if one.id == RULE)
    changed = overridden(rules, Scenario(overrides=(Override(RULE, {"lower": 20_000}),)))
    after = next(one for one in changed.rules if one.id == RULE)
    assert (after.plan_quote, after.plan_params) == (before.plan_quote, {"hospital_share": 0.2})
    assert {one.params["lower"] for one in after.readings} == {20_000}
    assert not any(one.judged for one in after.readings)


def test_an_override_of_what_the_plan_reads_is_an_assumption_like_any_other(rules: Rules) -> None:
    changed = overridden(rules, Scenario(overrides=(Override(RULE, {"hospital_share": 0.3}, "试算"),)))
    after = next(one for one in changed.rules if one.id == RULE)
    assert dict(after.plan_params) == {"hospital_share": 0.3}
    assert after.assumptions[-1] == "方案把参数改为 建成社区医院的比例＝0.3（试算），不作判断。"
    assert not any(one.judged or "hospital_share" in one.params for one in after.readings)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"hospital_share": 30}, "类型或范围不对（现为“30”）"),
        ({"hospital_share": "三成"}, "类型或范围不对（现为“三成”）"),
        ({"hospital_shares": 0.3}, "没有这个参数（现为“hospital_shares”）。是不是“hospital_share”"),
        ({"substitutes": ("round",)}, "没有这个参数（现为“substitutes”）"),
    ],
)
def test_an_override_of_what_the_plan_reads_is_checked(params: dict[str, Any], said: str, rules: Rules) -> None:
    with pytest.raises(ScenarioError, match=said):
        overridden(rules, Scenario(overrides=(Override(RULE, params),)))


def test_who_is_served_by_whom(tiny_region: Region) -> None:
    """The town's own centre, however far; else the county's nearest; "" where the county has none."""
    kinds = ("township_hospital",)
    assert list(served_towns(tiny_region, kinds)["code"]) == ["510402001"]
    assert list(served_towns(tiny_region, ("hospital",))["code"]) == [
        "510402001",
        "510422100",
    ]  # a seat without a 卫生院
    first = tiny_region.open_facilities("community_health_center")
    near = first.assign(id="CHC0", town_code="510402100", lon=101.75, lat=26.55)
    centers = pd.concat([first, near], ignore_index=True)
    people = tiny_region.residents.sort_values("id", ascending=False)
    served = serving_center(people, centers, StraightLine(), {})
    assert list(served.index) == list(people["id"])
    towns = people["town_code"].to_numpy(object)
    assert set(served[towns == "510402001"]) == {"CHC1"}
    assert set(served[towns == "510402100"]) == {"CHC0"}
    assert set(served[people["county_code"].to_numpy(object) == "510422"]) == {""}
    assert set(serving_center(people, first, StraightLine(), {})[towns == "510402100"]) == {"CHC1"}
    mine = tiny_region.residents[is_served(tiny_region, ["510402001"], centers)]
    assert mine["population"].sum() == 30_000 + 3_000  # of 甲镇, which has a centre, its urban residents
    loads = center_loads(tiny_region, pd.Series(["510402001", "510422200"]), first, StraightLine())
    assert loads["510402001"] == 30_000
    assert np.isnan(loads["510422200"])


def test_the_sample_is_proven_and_kept_by_the_checker(plan: CenterPlan) -> None:
    answer = plan.districting
    assert answer.status == "optimal"
    assert faults(answer.task, answer.assignment.to_dict()) == []
    assert int(answer.loads["load"].sum()) == int(plan.served.people["population"].sum())
    assert list(plan.new_centers["town_code"]) == ["510411001"]


def test_today_is_as_the_findings_have_it(plan: CenterPlan, sample: Region, rules: Rules) -> None:
    findings = assess(sample, rules, PAPER)
    mine = findings[(findings["rule"] == RULE) & (findings["level"] == "town")]
    for reading, column in (("clause", "met"), ("per_subdistrict", "met_present")):
        rows = mine[mine["reading"] == reading].set_index("subject_code")["status"]
        for _, town in plan.towns.iterrows():
            if reading == "clause":
                assert (rows[town["code"]] == "met") == bool(town[column])
    loads = mine[mine["reading"] == "per_residents"].set_index("subject_code")["value"]
    today = plan.centers.set_index("id")["load_today"]
    for _, town in plan.towns.iterrows():
        served = [today[one] for one in town["center_today"]]
        assert max(served) == loads[town["code"]] == town["load"]


def test_advice_follows_the_bounds(plan: CenterPlan) -> None:
    said = plan.centers.set_index("id")
    assert said.loc["CHC510402002", "advice_today"] == "overloaded"
    assert said.loc["CHC510403006", "advice_today"] == "mergeable"
    assert (plan.centers["load"] <= 100_000).all()
    assert ((plan.centers["load"] < 30_000) == (plan.centers["advice"] == "mergeable")).all()
    assert plan.towns["met_planned"].all()
    assert list(plan.towns.loc[plan.towns["met"] == False, "code"]) == ["510402010", "510411001"]  # noqa: E712


def test_the_plan_as_edits_gives_the_centres_and_stations(plan: CenterPlan, sample: Region) -> None:
    edits = plan.edits()
    assert all(isinstance(one, Open) for one in edits)
    after = apply(sample, Scenario("方案", edits=edits))
    assert len(after.facilities) == len(sample.facilities) + len(edits)
    new = after.facilities[after.facilities["id"] == plan.new_centers["id"].iloc[0]].iloc[0]
    assert new["town_code"] == "510411001"
    stations = after.open_facilities("community_health_center", "community_health_station")
    urban = plan.served.people[plan.served.people["unit"].isin(
        plan.communities.loc[plan.communities["kind"] == "community", "id"])]  # fmt: skip
    assert StraightLine().reach_whole(urban, stations, plan.stations.limit).covered().all()


def test_one_more_centre_where_the_planner_wants_it(sample: Region, rules: Rules) -> None:
    numbers = {"510402": 5, "510403": 4, "510411": 2, "510421": 1}
    plan = plan_centers(sample, StraightLine(), task_of(rules, p=numbers))
    assert plan.districting.status == "optimal"
    assert faults(plan.districting.task, plan.districting.assignment.to_dict()) == []
    assert "510402010" in set(plan.new_centers["town_code"])


def test_a_hard_lower_bound_that_a_county_cannot_keep_is_explained(sample: Region, rules: Rules) -> None:
    """西区: 114,037 people in four standing centres of at least 30,000; whole communities leave the least of them 27,711."""
    plan = plan_centers(sample, StraightLine(), task_of(rules, hard=True))
    assert plan.districting.status == "infeasible"
    clash = plan.districting.clashes["510403"]
    assert "114037 人，没有合适的中心个数" in clash.rule.zh
    assert clash.change.zh == "把下限降到 27711"
    for lower, status in ((27_711, "optimal"), (27_712, "infeasible")):
        again = plan_centers(sample, StraightLine(), replace(task_of(rules, hard=True), lower=lower))
        assert again.districting.parts["510403"].status == status
    assert plan.districting.parts["510402"].status == "optimal"
    assert set(plan.communities.loc[plan.communities["county_code"] == "510403", "center_planned"]) == {""}


def test_frames_are_left_alone_and_row_order_changes_nothing(sample: Region, rules: Rules, plan: CenterPlan) -> None:
    shuffled = replace(
        sample, facilities=sample.facilities.sample(frac=1, random_state=1),
        residents=sample.residents.sample(frac=1, random_state=2),
    )  # fmt: skip
    before = pd.util.hash_pandas_object(pd.DataFrame(shuffled.residents.drop(columns="geometry"))).sum()
    other = plan_centers(shuffled, StraightLine(), task_of(rules))
    assert pd.util.hash_pandas_object(pd.DataFrame(shuffled.residents.drop(columns="geometry"))).sum() == before
    assert other.edits() == plan.edits()
    pd.testing.assert_series_equal(other.districting.assignment, plan.districting.assignment)


def test_the_made_city(tiny_region: Region, rules: Rules) -> None:
    """甲一街道: 30,000 people, one centre, two communities 4.4 km apart: no new centre, a station in the far one."""
    plan = plan_centers(tiny_region, StraightLine(), task_of(rules))
    assert plan.districting.assignment.to_dict() == {"510402001001": "CHC1", "510402001002": "CHC1"}
    assert plan.towns["load"].tolist() == [30_000]
    assert [one.facility for one in plan.edits()] == ["CHS-510402001002"]  # type: ignore[attr-defined]
    assert plan.communities["beyond"].tolist() == [0, 10_000]
    assert not plan.conversions.known
    assert any("无数据" in one for one in plan.assumptions)


def test_a_station_becomes_a_centre_before_a_new_one_is_built(tiny_region: Region, rules: Rules) -> None:
    """An upper bound of 20,000 needs a second centre; the far community has a station."""
    fields = {"id": "S9", "name": "二站", "kind": "community_health_station", "lon": 101.65, "lat": 26.59}
    region = apply(tiny_region, Scenario("x", edits=(Open(fields=fields),)))
    plan = plan_centers(region, StraightLine(), replace(task_of(rules), lower=5000, upper=20_000))
    (edit,) = plan.edits()
    assert isinstance(edit, Change)
    assert (edit.facility, edit.word, edit.fields) == ("S9", "upgrade", {"kind": "community_health_center"})


def test_a_hospital_of_a_town_that_became_a_subdistrict_is_converted(tiny_region: Region, rules: Rules) -> None:
    fields = {"id": "TH9", "name": "旧镇卫生院", "kind": "township_hospital", "lon": 101.65, "lat": 26.59}
    region = apply(tiny_region, Scenario("x", edits=(Open(fields=fields),)))
    walk = (Successor("510402101", "510402102", 2016, "甲区"), Successor("510402102", "510402001", 2019, "省民政厅"))
    found = conversions(region, walk)
    assert found.known
    assert found.table["id"].tolist() == ["TH9"]
    assert found.table["why"].tolist() == ["2019 年撤并为甲一街道（省民政厅）"]
    task = replace(task_of(rules, crosswalk=walk), lower=5000, upper=20_000)
    (edit,) = plan_centers(region, StraightLine(), task).edits()
    assert isinstance(edit, Change)
    assert (edit.facility, edit.word) == ("TH9", "convert")


def test_without_a_crosswalk_nothing_is_inferred(tiny_region: Region) -> None:
    found = conversions(tiny_region, None)
    assert not found.known
    assert not len(found.table)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("510402101", "510402102"), ("510402102", "510402101")], "成环（现为“510402101 → 510402102 → 510402101”）"),
        ([("510402101", "510402101")], "成环"),
        ([("510402101", "510402001"), ("510402101", "510402100")], "两个新代码"),
        ([("510402101", "510402999")], "不是本市现有"),
        ([("5104", "510402001")], "9 位数字"),
    ],
)  # fmt: skip
def test_a_crosswalk_that_cannot_be_is_named(tiny_region: Region, rows: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        conversions(tiny_region, [Successor(old, new, 2019, "x") for old, new in rows])


def test_community_hospitals_by_load_reach_and_beds() -> None:
    table = pd.DataFrame({"id": list("abcde"), "name": list("abcde"), "grade": ["", "", "社区医院", "", ""],
                          "load": [5, 9, 1, 7, 3], "reached": [5, 9, 1, 7, 3], "beds": [50, np.nan, np.nan, 10, 0]})  # fmt: skip
    found = upgrades(table, 0.4)
    assert found["id"].tolist()[:2] == ["c", "a"] or found["id"].tolist()[:2] == ["c", "b"]
    assert found["chosen"].sum() == 2
    assert (
        found.loc[found["id"] == "b", "why"].iloc[0] == "服务人口 9 人（第 1／5），可及人口 9 人（第 1／5），床位无数据"
    )
    assert found["why"].iloc[0] == "已是社区医院"


def test_a_quarter_of_an_hour_on_foot() -> None:
    assert limit_mm(15, 5) == 1_250_000


def frame(shapes: list[Any], county: Callable[[int], str] = lambda _: "510402") -> gpd.GeoDataFrame:
    ids = [f"u{at}" for at in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"id": ids, "county_code": [county(at) for at in range(len(shapes))]}, geometry=shapes, crs=4543
    )


def test_polygons_share_an_edge_and_not_a_corner() -> None:
    squares = [box(x * 100, y * 100, x * 100 + 100, y * 100 + 100) for y in range(2) for x in range(2)]
    assert by_polygons(frame(squares)) == (("u0", "u1"), ("u0", "u2"), ("u1", "u3"), ("u2", "u3"))
    assert by_polygons(frame(squares, lambda at: f"51040{at % 2}")) == (("u0", "u2"), ("u1", "u3"))


def test_points_share_a_border_of_their_cells() -> None:
    """A row of three: the outer ones are no neighbours; a county that is two lands parts what lies on both."""
    row = [Point(0, 0), Point(1000, 0), Point(2000, 10)]
    county = gpd.GeoDataFrame({"code": ["510402"]}, geometry=[box(-500, -500, 2500, 500)], crs=4543)
    assert by_points(frame(row), county) == (("u0", "u1"), ("u1", "u2"))
    assert by_points(frame(row), county, 999) == ()
    assert without_neighbours(["u0", "u1", "u2", "u3"], (("u0", "u1"), ("u1", "u2"))) == ("u3",)
    apart = gpd.GeoDataFrame(
        {"code": ["510402"]}, geometry=[box(-500, -500, 300, 500).union(box(700, -500, 2500, 500))], crs=4543
    )
    assert by_points(frame(row), apart) == (("u1", "u2"),)
    assert by_points(frame([Point(0, 0), Point(0, 0)]), county) == (("u0", "u1"),)


def test_roads_may_part_neighbours() -> None:
    units = pd.DataFrame({"id": ["a", "b", "c"], "lon": [101.6, 101.61, 101.7], "lat": [26.5, 26.5, 26.5]})
    edges = (("a", "b"), ("b", "c"))
    assert joined_by_way(edges, units, StraightLine(), 2_000_000) == (("a", "b"),)
