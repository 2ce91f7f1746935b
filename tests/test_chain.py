"""The chain by hand on a line: links, total, weakest, levels that are not there, beyond the border, and what a plan changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planner.errors import DataError, SitingError
from planner.network import SPEED_KMH
from planner.plans.chain import LEVELS, Chain, chain, changes, facilities_of
from planner.region import Region
from planner.road import Road
from planner.scenario import Change, Open, Scenario, apply
from planner.travel import PAPER
from tests.rural_line import EIGHT, FOUR, PLACES, SEVEN, SIX, line, shuffled, with_hospitals

KM = 1_000_000
UPGRADE = Change(facility="TH2", fields={"kind": "county_subcenter"}, word="upgrade")
NEW = Open(fields={"id": "SC", "name": "乙乡次中心", "kind": "county_subcenter", "lon": 101.75, "lat": 26.65})


@pytest.fixture(scope="module")
def city(tiny_region: Region) -> Region:
    return with_hospitals(tiny_region)


def _costs(found: Chain, code: str) -> list[float]:
    """Return the four links' kilometres, NaN for a link that is not there, and the total."""
    row = found.villages.set_index("code").loc[code]
    return [float(row[f"to_{level}_cost"]) / KM for level in LEVELS] + [float(row["total"]) / KM]


def _states(found: Chain, code: str) -> list[str]:
    row = found.villages.set_index("code").loc[code]
    return [str(row[f"to_{level}_state"]) for level in LEVELS]


def test_levels_by_owner_and_grade(city: Region, tiny_region: Region) -> None:
    levels = facilities_of(city)
    assert {level: list(frame["id"]) for level, frame in levels.items()} == {
        "town": ["CHC1", "TH1", "TH2"], "subcenter": [], "county": ["HD"], "city": ["HC"],
    }  # fmt: skip
    assert not any(len(facilities_of(tiny_region)[level]) for level in ("county", "city"))


def test_links_by_hand(city: Region) -> None:
    found = chain(city, {"road": line()})
    nan = np.nan
    assert _costs(found, FOUR) == pytest.approx([30, nan, nan, 25, 55], nan_ok=True)
    assert _costs(found, SIX) == pytest.approx([2, nan, 3, 20, 25], nan_ok=True)
    assert _costs(found, SEVEN) == pytest.approx([18, nan, 3, 20, 41], nan_ok=True)
    assert _costs(found, EIGHT) == pytest.approx([30, nan, 3, 20, 53], nan_ok=True)
    assert _states(found, FOUR) == ["", "missing", "missing", ""]
    weakest = found.villages.set_index("code")["weakest"].to_dict()
    assert weakest == {FOUR: "town", SIX: "city", SEVEN: "city", EIGHT: "town"}
    assert [one.zh for one in found.missing] == [
        "甲区没有次中心这一级，跳过（名录没有次中心的资料，不等于没有）",
        "乙县没有次中心这一级，跳过（名录没有次中心的资料，不等于没有）",
        "甲区没有县级医院这一级，跳过",
    ]


def test_beyond_the_border_is_flagged_where_it_is_nearer(city: Region) -> None:
    rows = chain(city, {"road": line()}).villages.set_index("code")
    assert dict(rows["to_town_across"]) == {FOUR: "TH2", SIX: "", SEVEN: "TH1", EIGHT: "TH1"}
    assert dict(rows["to_town_saved"].dropna() / KM) == {FOUR: 8, SEVEN: 8, EIGHT: 8}
    assert (rows.loc[FOUR, "to_county_across"], rows.loc[FOUR, "to_county_state"]) == ("HD", "missing")
    assert np.isnan(rows.loc[FOUR, "to_county_saved"]), "there is nothing of its own to compare with"
    assert dict(rows["across"]) == {FOUR: True, SIX: False, SEVEN: True, EIGHT: True}


def test_towns_are_weighted_by_people(city: Region) -> None:
    found = chain(city, {"road": line()})
    town = found.towns.set_index("town_code").loc["510422200"]
    assert town["total_mean"] / KM == pytest.approx((41 * 1500 + 53 * 500) / 2000)
    assert (town["total_worst"] / KM, town["worst_village"]) == (53, "八村村民委员会")
    assert (town["weakest"], town["villages"], town["population"]) == ("city", 2, 2000)
    assert found.towns["villages"].sum() == 4
    assert found.towns["population"].sum() == found.villages["population"].sum() == 5000


def test_the_weakest_against_each_links_own_limit(city: Region) -> None:
    limits = {"town": 10 * KM, "subcenter": KM, "county": KM, "city": 100 * KM}
    row = chain(city, {"road": line()}, limits=limits).villages.set_index("code").loc[SIX]
    assert (row["weakest"], row["weakest_over"], row["weakest_cost"]) == ("county", 3, 3 * KM)
    for wrong in ({"village": 1}, {"town": 0}):
        with pytest.raises(SitingError, match="--link-limit"):
            chain(city, {"road": line()}, limits=wrong)


def test_links_beyond_a_limit_are_marked_by_hand(city: Region) -> None:
    """To the town 30, 2, 18, 30 km; to the county hospital 3 for the three of 乙县; to the city's 25, 20, 20, 20."""
    found = chain(city, {"road": line()}, limits={"town": 18 * KM, "city": 20 * KM})
    rows = found.villages.set_index("code")
    assert dict(rows["to_town_over"]) == {FOUR: True, SIX: False, SEVEN: False, EIGHT: True}
    assert dict(rows["to_city_over"]) == {FOUR: True, SIX: False, SEVEN: False, EIGHT: False}
    assert not rows["to_county_over"].any(), "it has no limit"
    assert dict(rows["over"]) == {FOUR: True, SIX: False, SEVEN: False, EIGHT: True}
    assert dict(found.towns.set_index("town_code")["over"]) == {"510402100": 1000, "510422100": 0, "510422200": 500}
    plain = chain(city, {"road": line()})
    assert list(rows["weakest"]) == list(plain.villages["weakest"]), "with some limits only, the longest link"
    assert "over" not in plain.towns
    assert any("18 公里" in one and "不作判断" in one for one in found.assumptions)


def test_a_link_that_is_not_reached_is_beyond_any_limit(city: Region) -> None:
    table = line()
    cut = table.frame.assign(cost=table.frame["cost"].mask(table.frame["demand_id"] == EIGHT))
    rows = chain(city, {"road": replace(table, frame=cut)}, limits={"town": 100 * KM, "city": 100 * KM}).villages
    row = rows.set_index("code").loc[EIGHT]
    assert (row["to_town_over"], row["to_city_over"]) == (True, False), "what was not computed is not marked"


def test_what_a_plan_changes(city: Region) -> None:
    before, after = chain(city, {"road": line()}), chain(city, {"road": line()}, (UPGRADE,))
    assert _costs(after, SIX) == [2, 0, 3, 20, 25]
    table = changes(before, after).set_index("town_code")
    assert table.loc["510422100", "gain"] == 3 * KM, "六村: 5 km to the county hospital, 2 to the sub-centre"
    assert dict(table["people_nearer"]) == {"510402100": 0, "510422100": 2000, "510422200": 0}
    assert table.loc["510422200", "gain"] == 0
    same = changes(before, before)
    assert (same["people_nearer"] == 0).all()


def test_a_town_nearer_to_the_county_hospital_passes_the_sub_centre_by(city: Region) -> None:
    travel = {"road": line(places={**PLACES, "SC": 42})}
    found = chain(city, travel, (NEW,))
    assert _costs(found, SIX) == pytest.approx([2, np.nan, 3, 20, 25], nan_ok=True)
    assert _states(found, SIX) == ["", "bypassed", "", ""]
    assert _costs(found, EIGHT) == [10, 0, 17, 20, 47], "the sub-centre is its own town's hospital now"
    through = chain(city, travel, (NEW,), bypass=False)
    assert _costs(through, SIX) == [2, 20, 17, 20, 59]


def test_a_county_hospital_as_near_as_the_sub_centre_passes_nobody_by(city: Region) -> None:
    """From 乙镇卫生院 (22) the county hospital (25) and the sub-centre (19) are 3 km off alike."""
    found = chain(city, {"road": line(places={**PLACES, "SC": 19})}, (NEW,))
    assert _states(found, SIX) == ["", "", "", ""]
    assert _costs(found, SIX) == [2, 3, 6, 20, 31]


def test_a_hospital_of_class_two_that_the_city_runs_is_no_city_hospital(city: Region) -> None:
    fields = {
        "id": "HX",
        "name": "市第二医院",
        "kind": "hospital",
        "lon": 101.65,
        "lat": 26.56,
        "grade": "二级",
        "owner": "市办",
    }
    levels = facilities_of(apply(city, Scenario(edits=(Open(fields=fields),))))
    assert list(levels["city"]["id"]) == ["HC"]
    assert list(levels["county"]["id"]) == ["HD", "HX"]


def test_a_clinic_with_its_villages_code_as_id_changes_nothing(city: Region) -> None:
    coded = city.facilities.assign(id=city.facilities["id"].replace({"VC1": FOUR, "TH2": EIGHT}))
    plain, odd = (chain(replace(city, facilities=one), PAPER).villages for one in (city.facilities, coded))
    same = [one for one in plain if one not in ("to_town", "to_town_across")]
    pd.testing.assert_frame_equal(plain[same], odd[same])
    assert set(odd["to_town"]) == {"TH1", EIGHT}


def test_what_is_gained_is_counted_of_those_who_get_there_before_and_after(city: Region) -> None:
    """七村 gets 2 km nearer; 八村 had no way before: its long way is no loss to the town, and is told apart."""
    table = line()
    cut = table.frame.assign(cost=table.frame["cost"].mask(table.frame["demand_id"] == EIGHT))
    before = chain(city, {"road": replace(table, frame=cut)})
    after = chain(city, {"road": line(places={**PLACES, "SC": 27})}, (NEW,))
    row = changes(before, after).set_index("town_code").loc["510422200"]
    assert row["gain"] == 2 * KM, "七村 (40): 15 km to HD (25), 13 to the new SC (27)"
    assert (row["people_nearer"], row["people_reached"]) == (2000, 500)
    assert row["second_mean_after"] > row["second_mean"], "八村's 25 km enter the mean"


def test_a_link_that_is_not_reached_is_the_weakest_and_enters_no_mean(city: Region) -> None:
    table = line()
    cut = table.frame.assign(cost=table.frame["cost"].mask(table.frame["demand_id"] == EIGHT))
    found = chain(city, {"road": replace(table, frame=cut)})
    row = found.villages.set_index("code").loc[EIGHT]
    assert _states(found, EIGHT) == ["unreachable", "missing", "broken", "broken"]
    assert (row["weakest"], np.isnan(row["total"]), bool(row["unreachable"])) == ("town", True, True)
    town = found.towns.set_index("town_code").loc["510422200"]
    assert (town["total_mean"] / KM, town["unreachable"]) == (41, 500)


def test_the_order_of_rows_changes_nothing(city: Region) -> None:
    one, two = chain(city, {"road": line()}), chain(shuffled(city), {"road": line()})
    pd.testing.assert_frame_equal(one.villages, two.villages)
    pd.testing.assert_frame_equal(one.towns, two.towns)


def test_a_village_without_a_town_is_refused_by_name(city: Region) -> None:
    region = replace(city, towns=city.towns[city.towns["code"] != "510402100"])
    with pytest.raises(DataError, match="四村村民委员会"):
        chain(region, {"road": line()})


def test_the_sample_by_time_and_on_paper(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    region = sample_findings[0]
    assert region.roads is not None
    by_time = chain(region, {"road_time": Road(region.roads, SPEED_KMH, direction="to"), **PAPER})
    on_paper = chain(region, PAPER)
    assert (by_time.unit, on_paper.unit, on_paper.way) == ("ms", "mm", "paper")
    for found in (by_time, on_paper):
        costs = found.villages[[f"to_{level}_cost" for level in LEVELS]].sum(axis=1)
        assert (costs == found.villages["total"]).all()
        assert found.towns["villages"].sum() == len(found.villages) == 230
        assert found.towns["population"].sum() == found.villages["population"].sum()
        assert len(found.missing) == 5
        assert set(found.villages["to_subcenter_state"]) == {"missing"}
        assert not any("不等于没有" in one.zh for one in found.missing), (
            "the sample's register of sub-centres is complete"
        )
