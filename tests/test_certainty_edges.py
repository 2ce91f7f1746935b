"""Edges of the tests of certainty, worked out by hand: delays, loads at their limit, rows in any order."""

from dataclasses import replace

import pandas as pd
import pytest

from geodata.load import load
from planner.certainty import Trial, certainty, trials
from planner.draws import Draws
from planner.findings import assess
from planner.region import Region
from planner.road import Road
from planner.rules import Rules, readable, with_minutes
from planner.scenario import Change, Edit, Open, Scenario, apply
from planner.serving import CENTER
from planner.travel import PAPER, Memory, Travel
from planner.uncertainty import Uncertainty
from tests import tiny

STILL = Uncertainty(point_m=0, population=0, estimated=0, speed=0, rural_km=(15, 15), draws=2)
DELAY_S = 180


def outcomes(region: Region, rules: Rules, travels: dict[str, Travel], uncertainty: Uncertainty) -> list[Trial]:
    return [one for one in trials(Draws(region, uncertainty), rules, travels) if isinstance(one, Trial)]


def only(rules: Rules, name: str, reading: str, **params: object) -> Rules:
    """The rules with one reading of one rule, some of its parameters other than they are."""
    rule = next(one for one in rules.rules if one.id == name)
    kept = next(one for one in rule.readings if one.id == reading)
    return replace(rules, rules=(replace(rule, readings=(replace(kept, params={**kept.params, **params}),)),))


# ---- the delay of a dispatch ----


@pytest.fixture(scope="module")
def by_road(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load(tiny.write_with_roads(tmp_path_factory.mktemp("roads") / "city"))


def _driven(region: Region, kmh: float) -> Road:
    assert region.roads is not None
    return Road(region.roads, speeds={"primary": kmh}, delay_s=DELAY_S)


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize(("minutes", "covered"), [(14, 30_000), (13.4, 20_000)])
def test_slower_roads_do_not_slow_the_dispatch(
    by_road: Region, rules: Rules, minutes: float, covered: int, remembered: bool
) -> None:
    """二社区's 10 000 are 8 min 25 s of driving from the station: at ×0.8 10 min 31 s, and 3 min of dispatch as before.

    That is 13 min 31 s. Were the dispatch slowed as well, it would be 14 min 16 s.
    """
    drive = _driven(by_road, 60.0)
    travels: dict[str, Travel] = {"road_time": drive}
    asked = with_minutes(only(rules, "emergency_time", "road_urban"), minutes)
    uncertainty = replace(STILL, speed=0.2)
    found = outcomes(by_road, asked, Memory().cached(travels) if remembered else travels, uncertainty)[0]
    (setting, low), _ = found.ends["speed"]
    assert (setting, low) == ("×0.8", covered)
    assert found.covered_now == 30_000
    station = by_road.open_facilities("emergency_station")
    people = by_road.residents[by_road.residents["is_urban"] & (by_road.residents["town_code"] == "510402001")]
    slower = _driven(by_road, 48.0).reach_whole(people, station, round(minutes * 60_000)).covered().to_numpy()
    assert people["population"].to_numpy()[slower].sum() == covered


def test_the_ends_stand_in_the_order_of_what_is_varied(by_road: Region, rules: Rules) -> None:
    """A radius told of a way that counts time: both the speeds and the radius are varied, the speeds first."""
    asked = only(rules, "emergency_rural", "paper")
    rule = asked.rules[0]
    asked = replace(asked, rules=(replace(rule, readings=(replace(rule.readings[0], travel="road_time"),)),))
    found = outcomes(by_road, asked, {"road_time": _driven(by_road, 60.0)}, STILL)[0]
    assert list(found.ends) == [one for one in found.short if one in ("speed", "rural")] == ["speed", "rural"]


# ---- community health centres ----


def _centre(name: str, lon: float, lat: float) -> Open:
    return Open(fields={"id": name, "name": name, "kind": CENTER, "lon": lon, "lat": lat})


@pytest.mark.parametrize("reading", ["clause", "per_residents"])
@pytest.mark.parametrize(("upper", "holds"), [(33_000, True), (32_999, False)])
def test_a_load_at_the_limit_and_villagers_who_are_not_served(
    tiny_region: Region, rules: Rules, reading: str, upper: int, holds: bool
) -> None:
    """The only centre stands in 甲镇, which has a hospital for its 2 000 villagers: it serves the 3 000 urban residents
    there and the 30 000 of 甲一街道, which has no centre of its own. 33 000 are at most 33 000.
    """  # fmt: skip
    moved: tuple[Edit, ...] = (Change(facility="CHC1", fields={"lon": 101.75, "lat": 26.55}, word="move"),)
    region = apply(tiny_region, Scenario(edits=moved))
    assert region.open_facilities(CENTER)["town_code"].tolist() == ["510402100"]
    found = outcomes(region, only(rules, "community_health_center", reading, upper=upper), dict(PAPER), STILL)[0]
    assert found.subjects.tolist() == ["510402001"]
    assert found.short_now.tolist() == [not holds]
    assert [one.any() for one in found.short.values()] == [not holds] * 3
    assert found.covered_now == (30_000 if holds else 0)


def test_facilities_in_any_order_are_drawn_alike(tiny_region: Region, rules: Rules) -> None:
    """Two centres in 甲一街道, by 20 000 and by 10 000 people, and one in 甲镇: no load is above 25 000."""
    edits: tuple[Edit, ...] = (_centre("CHC2", 101.65, 26.59), _centre("CHC9", 101.75, 26.55))
    region = apply(tiny_region, Scenario(edits=edits))
    turned = replace(region, facilities=region.facilities.iloc[::-1].reset_index(drop=True))
    assert not turned.facilities["id"].is_monotonic_increasing
    asked = only(rules, "community_health_center", "per_residents", upper=25_000)
    for one in (region, turned):
        found = outcomes(one, asked, dict(PAPER), STILL)[0]
        assert (found.short_now.tolist(), found.covered_now) == ([False], 30_000)
        assert not any(short.any() for short in found.short.values())
    law = readable(rules, PAPER)
    findings = assess(region, law, PAPER)
    left, right = (certainty(one, law, PAPER, findings, Uncertainty(draws=6)) for one in (region, turned))
    pd.testing.assert_frame_equal(left.gaps, right.gaps)
    pd.testing.assert_frame_equal(left.tornado, right.tornado)


def test_a_named_centre_is_found_by_its_id(tiny_region: Region, rules: Rules) -> None:
    """二社区, beside CHC2, is told to go to CHC1, whose 20 000 become 30 000; it stands first in the list, or last."""
    edits: tuple[Edit, ...] = (_centre("CHC2", 101.65, 26.59), _centre("CHC9", 101.75, 26.55))
    region = apply(tiny_region, Scenario(edits=edits))
    named = region.villages["code"].map({"510402001002": "CHC1"}).fillna("")
    region = replace(region, villages=region.villages.assign(health_center=named))
    turned = replace(region, facilities=region.facilities.iloc[::-1].reset_index(drop=True))
    for upper, short in ((30_000, False), (29_999, True)):
        asked = only(rules, "community_health_center", "per_residents", upper=upper)
        for one in (region, turned):
            assert outcomes(one, asked, dict(PAPER), STILL)[0].short_now.tolist() == [short]
