"""How certain a gap is: known answers, the measures themselves as the judge of every draw, seeds and row order."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from geodata.load import load
from planner.certainty import Certainty, Trial, certainty, is_rural_parameter, trials
from planner.certainty_sites import site_certainty
from planner.draws import Draws, Places, keys_of, uniform
from planner.errors import OptionError, SitingError
from planner.findings import assess, gap_rows
from planner.measures import FUNCTIONS
from planner.network import SPEED_KMH
from planner.plans.subcenters import SubcenterTask
from planner.region import Region
from planner.road import Road
from planner.rules import Rules, readable
from planner.travel import PAPER, StraightLine
from planner.uncertainty import Uncertainty
from tests import tiny

GEOD = Geod(ellps="GRS80")
STILL = Uncertainty(point_m=0, population=0, estimated=0, speed=0, rural_km=(15, 15), draws=3)


@pytest.fixture(scope="module")
def sample() -> Region:
    return load(Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua")


def placed(region: Region, village: str, inside_m: float) -> Region:
    """The region with one village so many metres inside the 5 km around station ES1."""
    station = region.facilities.set_index("id").loc["ES1"]
    lon, lat, _ = GEOD.fwd(station["lon"], station["lat"], 0.0, 5000 - inside_m)
    people = region.residents
    mine = people["village_code"] == village
    return replace(
        region, residents=people.assign(lon=people["lon"].where(~mine, lon), lat=people["lat"].where(~mine, lat))
    )


def judged_of(region: Region, rules: Rules, uncertainty: Uncertainty) -> Certainty:
    rules = readable(rules, PAPER)
    return certainty(region, rules, PAPER, assess(region, rules, PAPER), uncertainty)


def share_of(found: Certainty, gap_id: str) -> float:
    rows = found.gaps[found.gaps["gap_id"] == gap_id]
    return float(rows["share"].iloc[0]) if len(rows) else 0.0


SUBDISTRICT = "emergency_urban.paper.town.510402001"


def out_of_disc(share: float) -> float:
    """The part of a disc that lies beyond a chord at this share of its radius."""
    return (math.acos(share) - share * math.sqrt(1 - share**2)) / math.pi


def test_one_point_moved_by_hand() -> None:
    """One point 100 m inside 5 km, moved alone by up to 500 m: the limit is all but a straight line."""
    point = pd.DataFrame({"id": ["a"], "lon": [101.65], "lat": [26.55]})
    count, flips, never = 1500, 0, 0
    for inside_m in (100, 600):
        lon, lat, _ = GEOD.fwd(101.65, 26.55, 37.0, 5000 - inside_m)
        station = pd.DataFrame({"id": ["s"], "lon": [lon], "lat": [lat]})
        places = Places.of(point, "residents")
        moved = pd.concat([places.moved(Uncertainty(), draw).assign(id=str(draw)) for draw in range(count)])
        outside = int((~StraightLine().reach_whole(moved, station, 5_000_000).covered()).sum())
        flips, never = (outside, never) if inside_m == 100 else (flips, outside)
    expected = out_of_disc(100 / 500)
    # the circle bends outward of its tangent by at most 500² / (2 × 5000) = 25 m
    assert out_of_disc(100 / 500) - 0.02 <= flips / count + 3 * math.sqrt(expected * (1 - expected) / count)
    assert flips / count <= out_of_disc((100 - 25) / 500) + 3 * math.sqrt(expected * (1 - expected) / count)
    assert never == 0


def test_a_gap_100_m_within_the_limit(tiny_region: Region, rules: Rules) -> None:
    """Resident and station both move: the outward parts of two discs are added."""
    near = placed(tiny_region, "510402001002", 100)
    count = 500
    found = judged_of(near, rules, Uncertainty(draws=count))
    steps = np.linspace(-500, 500, 4001)
    density = 2 / (np.pi * 500**2) * np.sqrt(500**2 - steps**2)
    beyond = np.array([out_of_disc(max(-1.0, min(1.0, (100 - one) / 500))) for one in steps])
    expected = float(np.trapezoid(density * beyond, steps))
    spread = 4 * math.sqrt(expected * (1 - expected) / count)
    assert abs(share_of(found, SUBDISTRICT) - expected) < spread + 0.02  # the bend of the circle
    row = found.gaps.set_index("gap_id").loc[SUBDISTRICT]
    assert not row["gap_now"]
    assert row["verdict"] == "sensitive"
    assert row["hangs_on"] == f"points={row['share']:.4g}"
    assert row["share_population"] == 0


def test_a_point_beyond_both_errors_never_flips(tiny_region: Region, rules: Rules) -> None:
    assert (
        share_of(judged_of(placed(tiny_region, "510402001002", 1001), rules, Uncertainty(draws=150)), SUBDISTRICT) == 0
    )
    far = judged_of(placed(tiny_region, "510402001002", -1001), rules, Uncertainty(draws=150))
    assert share_of(far, SUBDISTRICT) == 1
    assert far.gaps.set_index("gap_id").loc[SUBDISTRICT, "verdict"] == "certain"


def test_every_gap_is_told_and_nothing_changes_without_errors(tiny_region: Region, rules: Rules) -> None:
    found = judged_of(tiny_region, rules, STILL)
    findings = assess(tiny_region, readable(rules, PAPER), PAPER)
    judged = found.gaps[found.gaps["judged"]]
    assert set(judged["gap_id"]) == set(gap_rows(findings, rules)["gap_id"])
    assert (found.gaps["share"] == 1).all()
    assert (found.gaps["hangs_on"] == "").all()
    assert (found.tornado[["change_low", "change_high"]] == 0).all().all()
    assert (judged["people_now"].to_numpy() >= 0).all()


def test_the_rural_parameter_turns_by_its_range(tiny_region: Region, rules: Rules) -> None:
    """The ends of the tornado are the people within 10 and within 20 km, whatever is drawn between."""
    found = judged_of(tiny_region, rules, replace(STILL, rural_km=(10, 20), draws=20))
    rows = found.tornado[(found.tornado["rule"] == "emergency_rural") & (found.tornado["reading"] == "paper")]
    by = rows.set_index("factor")
    assert (by.loc["rural", "low_setting"], by.loc["rural", "high_setting"]) == ("10 km", "20 km")
    station = tiny_region.facilities.set_index("id").loc["ES1"]
    people = tiny_region.residents
    metres = np.asarray(GEOD.inv(np.full(len(people), station["lon"]), np.full(len(people), station["lat"]),
                                 people["lon"].to_numpy(), people["lat"].to_numpy())[2])  # fmt: skip
    town = people["town_code"]
    counts = (town != "510402001") & ~((town == "510422100") & people["is_urban"])
    for end, limit in (("covered_low", 10_000), ("covered_high", 20_000)):
        assert by.loc["rural", end] == people["population"][counts & (metres <= limit)].sum()


def moved_region(draws: Draws, draw: int, *, points: bool = True, people: bool = True) -> Region:
    """Return the region as a draw has it: lon and lat of the points, and residents. Codes and areas stay."""
    residents, facilities = draws.region.residents, draws.region.facilities
    if points:
        residents, facilities = (
            frame.assign(**places.moved(draws.uncertainty, draw)[["lon", "lat"]].to_dict("list"))
            for frame, places in ((residents, draws.residents), (facilities, draws.facilities))
        )
    if people:
        residents = residents.assign(population=draws.population(draw))
    return replace(draws.region, residents=residents, facilities=facilities)


@pytest.mark.parametrize("by_road", [False, True])
def test_the_measures_judge_every_draw_alike(sample: Region, rules: Rules, by_road: bool) -> None:
    """What is vectorised gives what the measures give of the moved region: who is short, how many are covered."""
    travels = {"road": Road(sample.roads)} if by_road and sample.roads else PAPER
    rules = readable(rules, travels)
    draws = Draws(sample, Uncertainty(draws=3))
    outcomes = [one for one in trials(draws, rules, travels) if isinstance(one, Trial)]
    assert outcomes
    for one in outcomes:
        for draw, alone in ((0, "all"), (1, "points"), (2, "population")):
            moved = moved_region(draws, draw, points=alone != "population", people=alone != "points")
            reading = one.reading
            if alone == "all" and is_rural_parameter(one.rule, reading):
                reading = replace(reading, params={**reading.params, "radius_km": draws.rural_km(draw)})
            rows = FUNCTIONS[one.rule.measure](moved, travels[reading.travel], **reading.params)
            unmet = rows[~rows["met"].eq(True)]["subject_code"]
            short = set(unmet.map(moved.villages.set_index("code")["town_code"]).fillna(unmet))
            assert short == set(one.subjects[one.short[alone][draw]])
            assert one.covered[alone][draw] == rows["covered"].sum()
            assert rows["covered"].sum() <= rows["population"].sum()


def test_the_same_seed_and_another(tiny_region: Region, rules: Rules) -> None:
    near = placed(tiny_region, "510402001002", 100)
    one, two, other = (judged_of(near, rules, Uncertainty(draws=25, seed=seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.gaps, two.gaps)
    pd.testing.assert_frame_equal(one.tornado, two.tornado)
    assert not one.tornado.equals(other.tornado)


def test_row_order_changes_nothing(tiny_folder: Path, tmp_path: Path, rules: Rules) -> None:
    shuffled = tiny.write(tmp_path / "shuffled")
    for name in ("villages.csv", "facilities.csv"):
        frame = pd.read_csv(shuffled / name, dtype=str)
        frame.sample(frac=1, random_state=3).to_csv(shuffled / name, index=False, encoding="utf-8-sig")
    one, other = (judged_of(load(folder), rules, Uncertainty(draws=15)) for folder in (tiny_folder, shuffled))
    pd.testing.assert_frame_equal(one.gaps, other.gaps)
    pd.testing.assert_frame_equal(one.tornado, other.tornado)


def test_another_facility_leaves_the_draws_of_the_rest(tiny_region: Region) -> None:
    fewer = replace(tiny_region, facilities=tiny_region.facilities.iloc[1:].reset_index(drop=True))
    one, other = (Draws(region, Uncertainty()).facilities.moved(Uncertainty(), 7) for region in (tiny_region, fewer))
    pd.testing.assert_frame_equal(one.iloc[1:].reset_index(drop=True), other)


def test_points_stay_in_the_disc_and_fill_it(sample: Region) -> None:
    places, wide = Draws(sample, Uncertainty()).residents, Uncertainty(point_m=800)
    metres = []
    for draw in range(20):
        moved = places.moved(wide, draw)
        metres.append(GEOD.inv(places.frame["lon"], places.frame["lat"], moved["lon"], moved["lat"])[2])
        same = moved.groupby(["lon", "lat"]).size()
        assert len(same) == len(places.frame.groupby(["lon", "lat"]))  # those of one spot move together
    far = np.concatenate(metres)
    assert far.max() <= 800.000001
    assert abs((far <= 400).mean() - 0.25) < 0.02


def test_people_stay_in_range_and_whole(sample: Region) -> None:
    uncertainty = Uncertainty()
    draws, people = Draws(sample, uncertainty), sample.residents["population"].to_numpy()
    off = np.where(sample.residents["estimated"], uncertainty.estimated, uncertainty.population)
    for draw in range(10):
        drawn = draws.population(draw)
        assert (np.abs(drawn - people) <= people * off + 0.5).all()
        assert ((drawn > 0) == (people > 0)).all()
        assert 1 - uncertainty.speed <= draws.speed(draw) <= 1 + uncertainty.speed
        assert uncertainty.rural_km[0] <= draws.rural_km(draw) <= uncertainty.rural_km[1]


def test_draws_are_spread_evenly_and_unrelated() -> None:
    keys = keys_of(str(one) for one in range(4000))
    first, second = uniform(keys, 0, 0, 0), uniform(keys, 0, 1, 0)
    assert abs(first.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05
    assert ((first >= 0) & (first < 1)).all()


def test_odd_parameters_are_refused_together() -> None:
    with pytest.raises(OptionError) as refused:
        Uncertainty(draws=0, seed=-1, rural_km=(20, 10), certain=0.4)
    assert {one.file for one in refused.value.problems} == {"draws", "seed", "rural_km", "certain"}


def test_inputs_are_never_written_to(tiny_region: Region, rules: Rules) -> None:
    before = [pd.util.hash_pandas_object(one.drop(columns="geometry")).sum() for one in
              (tiny_region.residents, tiny_region.facilities)]  # fmt: skip
    judged_of(tiny_region, rules, Uncertainty(draws=3))
    after = [pd.util.hash_pandas_object(one.drop(columns="geometry")).sum() for one in
             (tiny_region.residents, tiny_region.facilities)]  # fmt: skip
    assert before == after


@pytest.fixture(scope="module")
def by_time(sample: Region) -> Road:
    assert sample.roads is not None
    return Road(sample.roads, speeds=SPEED_KMH, direction="to")


TASK = SubcenterTask(ps=(6,), limits=(1_800_000,))


def test_sites_without_errors_are_the_optimum(sample: Region, by_time: Road) -> None:
    found = site_certainty(sample, by_time, TASK, STILL)
    assert set(found.sites["share"]) == {1.0}
    assert found.sites.groupby("objective").size().tolist() == [6, 6]
    assert (found.tornado["same_plan"] == 1).all()
    assert found.tornado["loss_most"].fillna(0).max() == 0
    assert (found.tornado["value"] == found.tornado["value_low"]).all()


def test_what_must_be_chosen_is_not_called_certain(sample: Region, by_time: Road) -> None:
    forced = next(one for one in sample.open_facilities("township_hospital")["id"] if one[2:8] == "510422")
    rows = site_certainty(sample, by_time, replace(TASK, forced=(forced,)), STILL).sites.set_index("site")
    assert set(rows.loc[forced, "verdict"]) == {"forced"}
    assert set(rows.loc[forced, "hangs_on"]) == {"untested"}
    assert set(rows.drop(forced)["verdict"]) == {"certain"}


def test_sites_of_a_plan_that_is_not_the_best(sample: Region, by_time: Road) -> None:
    """A plan with one site of the optimum exchanged: always a loss, never more than the whole."""
    best = site_certainty(sample, by_time, TASK, replace(STILL, draws=1)).plan["cover_1800000"]
    other = next(
        one for one in sample.open_facilities("township_hospital")["id"] if one not in best and one[2:8] == "510422"
    )
    planned = (*best[:-1], str(other))
    found = site_certainty(sample, by_time, TASK, Uncertainty(draws=8), planned)
    losses = found.tornado.set_index(["objective", "factor"])["loss_mean"].dropna()
    assert (losses >= 0).all()
    assert found.sites[found.sites["planned"]].groupby("objective").size().tolist() == [6, 6]
    rows = found.sites[~found.sites["planned"] & ~found.sites["chosen_now"]]
    assert set(rows["verdict"]) <= {"other"}
    total = found.sites.groupby("objective")["share"].sum()
    assert total.to_numpy() == pytest.approx(6)  # every draw chooses six


def test_slower_roads_are_a_nearer_limit(sample: Region, by_time: Road) -> None:
    still = replace(STILL, speed=0.2, draws=1)
    slow = site_certainty(sample, by_time, TASK, still).tornado.set_index(["objective", "factor"])
    short = site_certainty(sample, by_time, replace(TASK, limits=(1_440_000,)), replace(STILL, draws=1)).tornado
    assert slow.loc[("cover_1800000", "speed"), "value_low"] == short["value"].iloc[0]


def test_site_questions_that_cannot_be_asked(sample: Region, by_time: Road) -> None:
    with pytest.raises(SitingError):
        site_certainty(sample, by_time, replace(TASK, ps=(5, 6)), STILL)
    with pytest.raises(SitingError) as refused:
        site_certainty(sample, by_time, TASK, STILL, ("H01",))
    assert "H01" in refused.value.problems[0].say("zh")
