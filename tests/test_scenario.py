"""A scenario is edits: pure, one after the other, refused by name when they do not fit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.doubts import doubts, idle_in_findings
from planner.errors import FugaiError, Problem, ScenarioError
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
    ServiceArea,
    apply,
    edit_words,
    overridden,
    with_population,
)
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


def test_a_place_outside_every_town_is_doubtful(tiny_region: Region, rules: Rules) -> None:
    edits = (
        Open(fields={**STATION.fields, "id": "FAR", "lon": 102.5}, line="3"),
        Change(facility="TH2", fields={"lon": 101.0}, line="5"),
        Change(facility="TH1", fields={"lon": 101.76}),
    )
    scenario = Scenario(edits=edits, file="a.yaml")
    first, other = doubts(tiny_region, rules, scenario)
    assert first.say().startswith("a.yaml，第 3 行：不落在任何乡镇内，只计算距离（现为“五社区急救站”）")
    assert (other.row, other.found, other.severity) == ("5", "乙镇卫生院", "warning")


def test_a_clinic_that_leaves_its_town_leaves_its_village(tiny_region: Region, rules: Rules) -> None:
    """VC2 of 七村 in 乙乡 moves to 乙镇, whose one 行政村 is 六社区村; within 乙乡 it stays with its village."""

    def village(**fields: object) -> tuple[str, bool]:
        moved = Scenario(edits=(Change(facility="VC2", fields=fields),))
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


NEW = dict(STATION.fields)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Open(fields={**NEW, "kind": "emergency"}), "Open(NEW)：“kind”没有这个取值（现为“emergency”）。是不是“emergency_station”"),
        (lambda: Open(fields={**NEW, "lat": 101.7}), "“lat”应不小于 -90、不大于 90（现为“101.7”）。改正；是不是经度和纬度写反了"),
        (lambda: Open(fields={**NEW, "lon": float("nan")}), "“lon”应是数（现为“nan”）"),
        (lambda: Open(fields={**NEW, "bedz": 4}), "不认识的键（现为“bedz”）。是不是 beds"),
        (lambda: Open(fields={**NEW, "status": "shut"}), "“status”没有这个取值（现为“shut”）"),
        (lambda: Open(fields={"id": "NEW"}), "缺少“kind”（机构类型）"),
        (lambda: Change(facility="TH1", fields={"beds": "4"}), "Change(TH1)：“beds”应是整数（现为“4”）"),
        (lambda: Change(facility="TH1", fields={}), "“set”是空的"),
        (lambda: Change(facility="TH1", fields={"kind": "hospital"}, word="upgrad"), "“word”没有这个取值（现为“upgrad”）。是不是“upgrade”"),
        (lambda: Change(facility="TH1", fields={"lon": 101.0}, word="move"), "缺少“lat”"),
        (lambda: Close(facility="ES1", cost=-3), "“cost”应不小于 0"),
        (lambda: Close(facility="ES1", year=30), "“year”应不小于 1949"),
        (lambda: Close(facility=510402), '“close”应是文字（现为“510402”）。写成带引号的 "510402"'),  # type: ignore[arg-type]
        (lambda: Override("emergency_urban", {}), "Override(emergency_urban)：“params”是空的"),
        (lambda: PopulationChange(2030, {}), "“factors”是空的"),
        (lambda: PopulationChange(2030, {"": 0}), "“others”应大于 0"),
        (lambda: PopulationChange(2030, {"51040": 1.1}), "“factors”里的键不对"),
        (lambda: ServiceArea((), ("510402001001",)), "“centers”是空的"),
        (lambda: Scenario(" "), "“name”后面没有写"),
        (lambda: Scenario("甲", date="2025-13-01"), "“date”的写法不对"),
        (lambda: Scenario("甲", questions=({"plan": "emergency", "limit": 5000},)), "“limit”应是文字（现为“5000”）"),
    ],
)  # fmt: skip
def test_python_is_refused_what_a_file_is_in_the_same_words(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ScenarioError) as told:
        make()
    assert any(said in problem.say() for problem in told.value.problems), str(told.value)


def test_python_may_say_what_a_file_may_say() -> None:
    """Chinese words, whole numbers as pandas holds them, a default of a word."""
    opened = Open(fields={**NEW, "kind": "急救站", "beds": np.int64(4), "lon": np.float64(101.65)})
    assert (opened.fields["kind"], opened.fields["beds"], type(opened.fields["beds"])) == ("emergency_station", 4, int)
    assert Change(facility="TH1", fields={"beds": 40.0}, word="upgrade").fields == {
        "kind": "county_subcenter",
        "beds": 40,
    }
    assert Change(facility="TH1", fields={"status": "停用"}).fields == {"status": "closed"}
    assert Override("a", {"facility_kinds": ["hospital"]}) == Override("a", {"facility_kinds": ("hospital",)})


def test_a_town_that_is_named_tells_the_county(tiny_region: Region) -> None:
    """The point lies in 510422100, the opened station belongs to a town of the other county."""
    named = Open(fields={**NEW, "town_code": "510402100"})
    row = apply(tiny_region, Scenario(edits=(named,))).facilities.set_index("id").loc["NEW"]
    assert (row["town_code"], row["county_code"]) == ("510402100", "510402")
    turned = Change(facility="ES1", fields={"town_code": "510422200"})
    row = apply(tiny_region, Scenario(edits=(turned,))).facilities.set_index("id").loc["ES1"]
    assert (row["town_code"], row["county_code"]) == ("510422200", "510422")


def test_factors_that_leave_nobody_are_refused(tiny_region: Region) -> None:
    with pytest.raises(ScenarioError, match="第 3 行：乘以这些数以后全市没有人了"):
        apply(tiny_region, Scenario(population=PopulationChange(2030, {"": 1e-9}, line="3", file="a.yaml")))


def test_a_city_without_people_is_judged_without_a_stumble(tiny_region: Region, rules: Rules) -> None:
    nobody = replace(tiny_region, residents=tiny_region.residents.assign(population=0))
    rows = assess(nobody, rules, PAPER)
    assert not rows["population"].any()


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


@pytest.mark.parametrize(
    "override", [Override("emergency", {"radius_km": 3}), Override("emergency_urban", {"radius": 3})]
)
def test_an_override_of_nothing_is_refused(override: Override, rules: Rules) -> None:
    with pytest.raises(FugaiError, match=r"没有这个(规则|参数).*是不是“(emergency_time|radius_km)”"):
        overridden(rules, Scenario(overrides=(override,)))


def _doubts(region: Region, rules: Rules, *edits: Edit, **more: Any) -> list[Problem]:
    """Return what is told of a scenario that fits, from its facts and from its findings."""
    scenario = Scenario(edits=edits, file="a.yaml", **more)
    after, law = apply(region, scenario), overridden(rules, scenario)
    found = assess(after, law, PAPER)
    return [*doubts(region, rules, scenario), *idle_in_findings(region, after, scenario, law, PAPER, found)]


def _up(facility: str, **more: Any) -> Change:
    return Change(facility=facility, fields={"kind": "county_subcenter"}, word="upgrade", **more)


def _beds(facility: str, beds: int, **more: Any) -> Change:
    return Change(facility=facility, fields={"beds": beds}, word="enlarge", **more)


def _to(facility: str, lon: float, lat: float, **more: Any) -> Change:
    return Change(facility=facility, fields={"lon": lon, "lat": lat}, word="move", **more)


IDLE = (
    ((_up("TH1", line="3"), _up("TH1", line="5")), ["5：已经是县域医疗卫生次中心，这条改动没有效果"]),
    ((_to("ES1", 101.65, 26.55, line="3"),), ["3：位置与现在相同，迁址没有效果"]),
    ((Change(facility="ES1", fields={"status": "open"}, line="3"),), ["3：所写的与现在相同，这条改动没有效果"]),
    ((_beds("TH1", 60, line="3"),), ["3：改动的是编制床位，没有任何指标的结果因此改变"]),
    ((_beds("TH1", 60, line="3"), _beds("TH1", 40, line="4")),
     ["3：被后面第 4 行的改动取代", "4：扩建后床位 40 张，少于现在的 60 张", "4：改动的是编制床位，没有任何指标的结果因此改变"]),
    ((Open(fields={**NEW, "lon": 101.64}, line="3"), Close(facility="NEW", line="4")), ["3：几条改动（第 3、4 行）相互抵消，等于没有改", "4：几条"]),
    ((Close(facility="ES1", line="3"), Change(facility="ES1", fields={"status": "open"}, line="4")), ["3：几条", "4：几条"]),
    ((_to("TH1", 101.6, 26.6, line="3"), _to("TH1", 101.75, 26.55, line="4")), ["3：几条", "4：几条"]),
    ((Open(fields={**NEW, "status": "planned"}, line="3"),), ["3：新设而状态不是在用，评估里不提供服务", "3：同一地点已有"]),
    ((Open(fields={**NEW, "kind": "hospital"}, line="3"),), ["3：没有指标读取医院，评估结果不变"]),
    ((Open(fields={**NEW, "lon": 101.605, "lat": 26.505}, line="3"),), ["3：没有任何指标的结果因此改变"]),
    ((Open(fields={**NEW, "lon": 101.64}, line="3"),), []),
    ((Close(facility="ES1", line="3"),), []),
    ((_up("TH1", line="3"),), []),
)  # fmt: skip


@pytest.mark.parametrize(("edits", "said"), IDLE)
def test_a_decision_without_effect_is_told(
    tiny_region: Region, rules: Rules, edits: tuple[Edit, ...], said: list[str]
) -> None:
    told = _doubts(tiny_region, rules, *edits)
    assert all(one.severity == "warning" and one.file == "a.yaml" for one in told)
    assert len(told) == len(said), [one.say() for one in told]
    assert all(f"{one.row}：{one.what.zh}".startswith(text) for one, text in zip(told, said, strict=True)), [
        one.say() for one in told
    ]


def test_of_several_columns_only_those_that_no_rule_reads_are_told(tiny_region: Region, rules: Rules) -> None:
    """Beds are read by none; the grade of service is, so that its edit is told of neither alone nor with the others."""
    beds = (_beds("TH1", 60, line="3"), _beds("TH2", 60, line="4"))
    grade = Change(facility="TH1", fields={"service_grade": "basic"}, line="5")
    assert [one.row for one in _doubts(tiny_region, rules, *beds)] == ["3", "4"]
    assert [one.row for one in _doubts(tiny_region, rules, *beds, grade)] == ["3", "4"]


def test_what_a_planned_facility_needs_is_a_change(tiny_region: Region, rules: Rules) -> None:
    with pytest.raises(ScenarioError, match=r"要启用它，用 change（set: \{status: 在用\}）"):
        apply(tiny_region, Scenario(edits=(Open(fields={**NEW, "id": "ES2"}),)))
    (twin,) = [one for one in _doubts(tiny_region, rules, STATION) if "同一地点" in one.what.zh]
    assert twin.what.zh == "同一地点已有同类机构“拟建急救站”（ES2，规划）"
    assert "change（set: {status: 在用}）" in twin.fix.zh


def test_a_host_that_goes_tells_of_the_station_that_stays(tiny_region: Region, rules: Rules) -> None:
    """What a planner expects is told either way: the station is a facility of its own, and goes on until it is closed, too."""
    hosted = Change(facility="ES1", fields={"host_id": "TH2"})
    (said,) = [
        one for one in _doubts(tiny_region, rules, hosted, Close(facility="TH2", line="4")) if "依托它" in one.what.zh
    ]
    assert said.say().startswith(
        "a.yaml，第 4 行：停用后，依托它的“甲急救站”（ES1）仍在服务（现为“乙镇卫生院 TH2”）。要一并停用，另写一条 close: ES1"
    )
    (said,) = [one for one in _doubts(tiny_region, rules, hosted, _to("TH2", 101.66, 26.65)) if "依托它" in one.what.zh]
    assert said.what.zh == "迁址后，依托它的“甲急救站”（ES1）留在原处"
    both = (hosted, Close(facility="TH2"), Close(facility="ES1"))
    assert not [one for one in _doubts(tiny_region, rules, *both) if "依托它" in one.what.zh]
    late = (Close(facility="TH2"), Open(fields={**NEW, "host_id": "TH2"}, line="5"))
    assert [one.row for one in _doubts(tiny_region, rules, *late) if "不在用" in one.what.zh] == ["5"]


@pytest.mark.parametrize(
    ("lon", "lat", "said"), [(0, 0, "离本市 "), (104.06, 30.66, "离本市 "), (26.55, 101.65 - 90, "离本市 ")]
)
def test_a_place_far_from_the_city_is_a_mistake(tiny_region: Region, lon: float, lat: float, said: str) -> None:
    for edit in (Open(fields={**NEW, "lon": lon, "lat": lat}, line="3"), _to("ES1", lon, lat, line="3")):
        with pytest.raises(ScenarioError, match=rf"第 3 行：{said}[0-9,]+ 公里（现为“{lon:g}, {lat:g}”）"):
            apply(tiny_region, Scenario(edits=(edit,)))


def test_a_rules_own_number_judges_as_before_and_is_told(tiny_region: Region, rules: Rules) -> None:
    own = next(one for one in rules.rules if one.id == "emergency_urban").readings[0].params["radius_km"]
    same = Scenario(overrides=(Override("emergency_urban", {"radius_km": float(own)}, line="3"),))
    assert overridden(rules, same) == rules
    (said,) = _doubts(tiny_region, rules, overrides=same.overrides)
    assert said.row == "3"
    assert said.what.zh.endswith("与规则相同，没有效果，照原规则判断")
    back = (
        Override("emergency_urban", {"radius_km": 9}, line="3"),
        Override("emergency_urban", {"radius_km": own}, line="4"),
    )
    assert overridden(rules, Scenario(overrides=back)) == rules
    assert ["被后面第 4 行的参数取代" in one.what.zh for one in _doubts(tiny_region, rules, overrides=back)] == [
        True,
        False,
    ]
    before = assess(tiny_region, rules, PAPER)
    assert (before["status"] == "not_met").any()
    pd.testing.assert_frame_equal(assess(tiny_region, overridden(rules, same), PAPER), before)


def test_a_number_that_only_another_reading_reads_leaves_the_judgement(tiny_region: Region, rules: Rules) -> None:
    """The scope of the reading that judges: the readings of other scopes change and the judged one stays as it was."""
    rule = next(one for one in rules.rules if one.id == "emergency_urban")
    judged = next(one for one in rule.readings if one.judged)
    same = Scenario(overrides=(Override(rule.id, {"urban_scope": judged.params["urban_scope"]}),))
    made = next(one for one in overridden(rules, same).rules if one.id == rule.id)
    assert [one.id for one in made.readings if one.judged] == [judged.id]
    assert made.assumptions[-1].endswith("，照原参数判断。")


def test_the_same_people_and_the_same_areas_are_told(tiny_region: Region, rules: Rules) -> None:
    people = PopulationChange(2030, {"": 1.0}, line="7")
    assert [one.what.zh for one in _doubts(tiny_region, rules, population=people)] == ["2030 年的人口与现在完全相同"]
    named = tiny_region.villages.assign(health_center=tiny_region.villages["health_center"].where(
        tiny_region.villages["code"] != "510402001001", "CHC1"))  # fmt: skip
    areas = (ServiceArea(("CHC1",), ("510402001001",), line="9"),)
    told = _doubts(replace(tiny_region, villages=named), rules, service_areas=areas)
    assert [(one.row, one.what.zh) for one in told] == [("9", "服务范围与现状相同，没有效果")]
    assert not _doubts(tiny_region, rules, service_areas=areas)


def test_what_another_edit_needs_is_not_tried(tiny_region: Region, rules: Rules) -> None:
    """Without the station its enlargement would not fit; the enlargement alone is told."""
    told = _doubts(tiny_region, rules, Open(fields={**NEW, "lat": 26.66}, line="3"), _beds("NEW", 9, line="4"))
    assert [one.row for one in told] == ["4"]
