"""A scenario is edits: pure, one after the other, refused by name when they do not fit."""

import pandas as pd
import pytest

from planner.errors import FugaiError, ScenarioError
from planner.findings import assess
from planner.region import Region
from planner.rules import Rules
from planner.scenario import (
    Change,
    Close,
    Edit,
    Open,
    Override,
    PopulationChange,
    Scenario,
    apply,
    doubts,
    overridden,
    with_population,
)
from planner.scenario_words import edit_words
from planner.travel import PAPER

STATION = Open(fields={"id": "NEW", "name": "五社区急救站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65})


def _covered(region: Region, rules: Rules) -> int:
    rows = assess(region, rules, PAPER).set_index("gap_id")
    return int(rows.loc["emergency_urban.paper.city.510400", "covered"])


def test_saying_nothing_leaves_the_region_itself(tiny_region: Region, rules: Rules) -> None:
    assert apply(tiny_region, Scenario()) is tiny_region
    assert overridden(rules, Scenario()) is rules


def test_opening_a_station_by_hand(tiny_region: Region, rules: Rules) -> None:
    before = tiny_region.facilities.copy()
    after = apply(tiny_region, Scenario(edits=(STATION,)))
    assert (_covered(tiny_region, rules), _covered(after, rules)) == (30_000, 35_000)
    row = after.facilities.set_index("id").loc["NEW"]
    assert (row["town_code"], row["county_code"], row["status"]) == ("510422100", "510422", "open")
    assert dict(after.facilities.dtypes) == dict(before.dtypes)
    pd.testing.assert_frame_equal(tiny_region.facilities, before)


def test_closing_and_planned_changes(tiny_region: Region, rules: Rules) -> None:
    assert _covered(apply(tiny_region, Scenario(edits=(Close(facility="ES1"),))), rules) == 0
    opened = Change(facility="ES2", fields={"status": "open"})
    assert _covered(apply(tiny_region, Scenario(edits=(opened,))), rules) == 35_000


def test_moving_takes_the_town_along(tiny_region: Region, rules: Rules) -> None:
    moved = apply(
        tiny_region, Scenario(edits=(Change(facility="ES1", fields={"lon": 101.65, "lat": 26.65}, word="move"),))
    )
    row = moved.facilities.set_index("id").loc["ES1"]
    assert (row["town_code"], row["county_code"]) == ("510422100", "510422")
    assert row.geometry.x == pytest.approx(tiny_region.facilities.set_index("id").loc["ES2"].geometry.x)
    # 二社区 at 26.59 is 6.6 km away, 一社区 11.1 km: only 五社区's 5 000 are left.
    assert _covered(moved, rules) == 5_000


def test_an_upgraded_hospital_is_still_the_towns_hospital(tiny_region: Region, rules: Rules) -> None:
    up = Change(facility="TH2", fields={"kind": "county_subcenter"}, word="upgrade")
    rows = assess(apply(tiny_region, Scenario(edits=(up,))), rules, PAPER).set_index("gap_id")
    assert rows.loc["county_subcenter.register.city.510400", "value"] == 1
    assert rows.loc["township_hospital.register.town.510422100", "status"] == "met"


def test_edits_come_one_after_the_other(tiny_region: Region) -> None:
    edits = (STATION, Change(facility="NEW", fields={"beds": 10.0}), Close(facility="NEW"))
    row = apply(tiny_region, Scenario(edits=edits)).facilities.set_index("id").loc["NEW"]
    assert (row["beds"], row["status"]) == (10, "closed")
    assert edit_words(edits) == [
        "新设急救中心（站）“五社区急救站”NEW",
        "变更“五社区急救站”NEW，编制床位＝10",
        "停用“五社区急救站”NEW",
    ]
    fields = {"status": "open", "meets_standard": True, "service_grade": "basic"}
    assert edit_words([Change(facility="ES2", fields=fields)]) == [
        "变更 ES2，状态＝在用，是否达标＝是，优质服务基层行等级＝基本标准",
    ]


def test_misfits_are_all_told_with_their_lines(tiny_region: Region) -> None:
    edits = (Close(facility="ES9", line="4"), Open(fields={**STATION.fields, "id": "ES1"}, line="7"))
    with pytest.raises(ScenarioError) as told:
        apply(tiny_region, Scenario(edits=edits, file="a.yaml"))
    lines = str(told.value).splitlines()
    assert lines[0].startswith("a.yaml，第 4 行：没有这个机构（现为“ES9”）。是不是“ES")
    assert "第 7 行：要新设的机构编号已经有了（现为“ES1”）" in lines[1]


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ((Close(facility="VC1"), Close(facility="VC1", line="9")), "第 9 行：“四村卫生室”已经停用（现为“VC1”）。删去这一条"),
        ((Close(facility="ES1"), Change(facility="ES1", fields={"beds": 9}, line="9")), "第 9 行：“甲急救站”已经停用（现为“ES1”）。先用 change 重新启用"),
        ((Change(facility="VC1", fields={"kind": "county_subcenter"}, word="upgrade", line="9"),),
         "第 9 行：村卫生室不能升格为县域医疗卫生次中心（现为“VC1”）。核对编号；确要这样改，用 change"),
        ((Close(facility="乙镇卫生院", line="9"),), "第 9 行：没有这个机构编号（现为“乙镇卫生院”）。写机构编号，不写名称；是不是“TH2”（乙镇卫生院）"),
        ((Close(facility="四村卫生院室", line="9"),), "是不是“VC1”（四村卫生室）"),
    ],
)  # fmt: skip
def test_what_does_nothing_or_makes_no_sense_is_refused(
    tiny_region: Region, edits: tuple[Edit, ...], said: str
) -> None:
    with pytest.raises(ScenarioError) as told:
        apply(tiny_region, Scenario(edits=edits))
    assert len(told.value.problems) == 1
    assert said in str(told.value)


def test_the_closed_can_open_again_and_a_clinic_be_changed(tiny_region: Region) -> None:
    edits = (
        Close(facility="VC1"),
        Change(facility="VC1", fields={"status": "open"}),
        Change(facility="VC1", fields={"kind": "county_subcenter"}),
    )
    row = apply(tiny_region, Scenario(edits=edits)).facilities.set_index("id").loc["VC1"]
    assert (row["status"], row["kind"]) == ("open", "county_subcenter")


def test_a_place_outside_every_town_is_doubtful(tiny_region: Region) -> None:
    edits = (
        Open(fields={**STATION.fields, "id": "FAR", "lon": 102.5}, line="3"),
        Change(facility="TH2", fields={"lon": 101.0}, word="move", line="5"),
        Change(facility="TH1", fields={"lon": 101.76}, word="move"),
    )
    scenario = Scenario(edits=edits, file="a.yaml")
    first, other = doubts(apply(tiny_region, scenario), scenario)
    assert first.say().startswith("a.yaml，第 3 行：不落在任何乡镇内，只计算距离（现为“五社区急救站”）")
    assert (other.row, other.found, other.severity) == ("5", "乙镇卫生院", "warning")


def test_a_clinic_that_leaves_its_town_leaves_its_village(tiny_region: Region, rules: Rules) -> None:
    """VC2 of 七村 in 乙乡 moves to 乙镇, whose one 行政村 is 六社区村; within 乙乡 it stays with its village."""

    def village(**fields: object) -> tuple[str, bool]:
        moved = Scenario(edits=(Change(facility="VC2", fields=fields, word="move"),))
        row = apply(tiny_region, moved).facilities.set_index("id").loc["VC2"]
        return row["village_code"], bool(row["estimated"])

    there = {"lon": 101.62, "lat": 26.68}
    assert village(**there) == ("510422100200", True)
    assert village(**there, village_code="510422100001") == ("510422100001", False)
    assert village(lon=101.62, lat=26.59) == ("", False)  # 甲一街道 has no 行政村
    assert village(lon=101.78, lat=26.68) == ("510422200200", False)
    moved = apply(tiny_region, Scenario(edits=(Change(facility="VC2", fields=there, word="move"),)))
    rows = assess(moved, rules, PAPER).set_index("gap_id")["status"]
    assert rows["village_clinic.register.village.510422200200"] == "not_met"
    assert rows["village_clinic.register.village.510422100200"] == "met"


def test_a_new_clinic_counts_for_the_nearest_village_of_its_town(tiny_region: Region) -> None:
    clinic = Open(fields={"id": "VC9", "name": "新卫生室", "kind": "village_clinic", "lon": 101.78, "lat": 26.68})
    row = apply(tiny_region, Scenario(edits=(clinic,))).facilities.set_index("id").loc["VC9"]
    assert (row["village_code"], bool(row["estimated"])) == ("510422200201", True)


def test_another_years_people_add_up_by_county(tiny_region: Region) -> None:
    change = PopulationChange(2030, {"510402": 0.9002, "": 1.1})
    after = with_population(tiny_region, change).residents.groupby("county_code")["population"].sum()
    before = tiny_region.residents.groupby("county_code")["population"].sum()
    assert after["510402"] == round(before["510402"] * 0.9002)
    assert after["510422"] == round(before["510422"] * 1.1)


def test_an_override_is_an_assumption_and_judges_nothing(tiny_region: Region, rules: Rules) -> None:
    scenario = Scenario(overrides=(Override("emergency_urban", {"radius_km": 12}, "试算"),))
    changed = overridden(rules, scenario)
    rows = assess(tiny_region, changed, PAPER).set_index("gap_id")
    city = rows.loc["emergency_urban.paper.city.510400"]
    assert (city["covered"], city["status"]) == (35_000, "not_judged")
    rule = next(rule for rule in changed.rules if rule.id == "emergency_urban")
    assert rule.assumptions[-1] == "方案把参数改为 半径＝12 公里（试算），不作判断。"
    assert rule.required_text == "半径＝12 公里（方案的参数；条款：城市居民至急救中心（站）不超过5公里）"
    assert set(rows.loc[rows["rule"] == "emergency_urban", "required_text"]) == {rule.required_text}


def test_of_two_numbers_for_a_parameter_the_later_is_told(rules: Rules) -> None:
    both = (
        Override("emergency_rural", {"radius_km": 12, "urban_scope": "census"}, "底"),
        Override("emergency_rural", {"radius_km": 10}),
    )
    rule = next(one for one in overridden(rules, Scenario(overrides=both)).rules if one.id == "emergency_rural")
    assert rule.required_text == "半径＝10 公里（方案的参数；条款未给数值；按参数15公里报告，不作判断）"
    assert rule.assumptions[-2:] == (
        "方案把参数改为 城市地区的范围＝普查城镇人口（底），不作判断。",
        "方案把参数改为 半径＝10 公里，不作判断。",
    )
    assert {one.params["radius_km"] for one in rule.readings} == {10}
    low = (
        Override("community_health_center", {"lower": 5_000}),
        Override("community_health_center", {"upper": 20_000}),
    )
    overridden(rules, Scenario(overrides=low))  # each alone would be against the other's old number
    first, own = rule.readings[0], next(one for one in rule.readings if one.id == "paper_census")
    assert first.label.endswith("（改为 城市地区的范围＝普查城镇人口）")
    assert "改为" not in own.label


@pytest.mark.parametrize("override", [Override("emergency", {}), Override("emergency_urban", {"radius": 3})])
def test_an_override_of_nothing_is_refused(override: Override, rules: Rules) -> None:
    with pytest.raises(FugaiError, match=r"没有这个(规则|参数).*是不是“(emergency_time|radius_km)”"):
        overridden(rules, Scenario(overrides=(override,)))
