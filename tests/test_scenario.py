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
    Open,
    Override,
    PopulationChange,
    Scenario,
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


def test_misfits_are_all_told_with_their_lines(tiny_region: Region) -> None:
    edits = (Close(facility="ES9", line="4"), Open(fields={**STATION.fields, "id": "ES1"}, line="7"))
    with pytest.raises(ScenarioError) as told:
        apply(tiny_region, Scenario(edits=edits, file="a.yaml"))
    lines = str(told.value).splitlines()
    assert lines[0].startswith("a.yaml，第 4 行：没有这个机构（现为“ES9”）。是不是“ES")
    assert "第 7 行：要新设的机构编号已经有了（现为“ES1”）" in lines[1]


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
    assert rule.assumptions[-1] == "方案把参数改为 radius_km＝12（试算），不作判断。"


@pytest.mark.parametrize("override", [Override("emergency", {}), Override("emergency_urban", {"radius": 3})])
def test_an_override_of_nothing_is_refused(override: Override, rules: Rules) -> None:
    with pytest.raises(FugaiError, match=r"没有这个(规则|参数).*是不是“(emergency_time|radius_km)”"):
        overridden(rules, Scenario(overrides=(override,)))
