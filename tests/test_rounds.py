"""Rounds: brute force on small cases, the second look, seasons, kilometres of the way, and what cannot be done in a day."""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

from planner.errors import OptionError, SitingError
from planner.network import SPEED_KMH
from planner.plans.rounds import (
    USUAL,
    RoundsTask,
    Season,
    Seconds,
    Ways,
    driven,
    in_season,
    left_by_season,
    months_of,
    plan_rounds,
    plan_seasons,
    routes,
    seasons_compared,
)
from planner.plans.rural import administrative_villages, nearest_of
from planner.region import Region
from planner.road import Road
from planner.travel import Cached, Memory
from tests.rounds_check import faults
from tests.rural_line import EIGHT, FOUR, PLACES, SEVEN, SIX, line, shuffled

HOSTS = pd.Series({SIX: "TH2", SEVEN: "TH2", EIGHT: "TH2", FOUR: "TH1"})
TASK = RoundsTask(day_minutes=200, visit_minutes=30, resident_minutes=0.01)
"""By hand, minutes at 六, 七, 八 of TH2 (22): service 50, 45, 35; a day to each alone 54, 81, 95; to 七 and 八 140."""


def _least(drive: Seconds, service: Seconds, day: int) -> int:
    """Return the least driving of all plans: the best tour of each set that fits into a day, then the best partition."""
    stops = range(1, len(drive))
    tour: dict[frozenset[int], int] = {}
    for size in range(1, len(drive)):
        for some in combinations(stops, size):
            least = min(driven(drive, order) for order in permutations(some))
            if least + int(service[list(some)].sum()) <= day:
                tour[frozenset(some)] = least
    best: dict[frozenset[int], int] = {frozenset(): 0}

    def solve(left: frozenset[int]) -> int:
        if left not in best:
            first = min(left)
            best[left] = min(cost + solve(left - some) for some, cost in tour.items() if first in some and some <= left)
        return best[left]

    return solve(frozenset(stops))


def _instance(rng: np.random.Generator, size: int) -> tuple[Seconds, Seconds, int]:
    """Return times on a plane in whole seconds, some one way longer than the other, each stop alone within the day."""
    at = rng.integers(0, 5000, (size, 2))
    drive = np.ceil(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))).astype(np.int64)
    if rng.random() < 0.5:
        drive += np.triu(rng.integers(0, 300, (size, size)), 1)
    service = np.concatenate([[0], rng.integers(0, 3000, size - 1)])
    alone = drive[0, 1:] + service[1:] + drive[1:, 0]
    return drive, service, int(alone.max() * rng.uniform(1, 2.5))


def test_small_rounds_are_the_least_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    for _ in range(120):
        drive, service, day = _instance(rng, int(rng.integers(2, 8)))
        found = routes(drive, service, day, 500, 1)
        assert sorted(stop for route in found for stop in route) == list(range(1, len(drive)))
        assert all(driven(drive, route) + service[list(route)].sum() <= day for route in found)
        assert sum(driven(drive, route) for route in found) == _least(drive, service, day)


def test_three_hundred_villages_take_well_under_a_minute() -> None:
    drive, service, _ = _instance(np.random.default_rng(5), 301)
    start = time.process_time()
    found = routes(drive, service, 25_000, 3000, 1)
    assert time.process_time() - start < 60
    assert sorted(stop for route in found for stop in route) == list(range(1, 301))
    assert all(driven(drive, route) + service[list(route)].sum() <= 25_000 for route in found)


def test_the_duty_by_hand(tiny_region: Region) -> None:
    plan = plan_rounds(tiny_region, HOSTS, line("ms"), TASK)
    assert not faults(plan, tiny_region, HOSTS, line("ms"))
    days = plan.days[plan.days["hospital"] == "TH2"]
    assert days[["villages", "drive_min"]].to_numpy().tolist() == [[3, 64]] * 2, (
        "one day to all three: 64 + 130 minutes"
    )
    first = plan.days[(plan.days["hospital"] == "TH1")]
    assert list(first["day"]) == [1, 12]
    assert list(first["drive_min"]) == [60, 60]
    assert list(first["hours"]) == pytest.approx([100 / 60] * 2)
    assert list(first["back"]) == ["10:10"] * 2
    stop = plan.stops[plan.stops["code"] == FOUR].iloc[0]
    assert (stop["arrive"], stop["leave"], stop["service_min"]) == ("09:00", "09:40", 40)
    assert plan.days["drive_min"].sum() == 2 * (60 + 64)
    assert np.isnan(plan.km), "a table of times tells no kilometres"


def test_seconds_are_rounded_up(tiny_region: Region) -> None:
    """40.001 minutes are 2,401 seconds, and half an hour and a millisecond 1,801."""
    table = line("ms")
    slow = replace(table, frame=table.frame.assign(cost=table.frame["cost"] + (table.frame["cost"] > 0)))
    task = replace(TASK, visit_minutes=40.001, resident_minutes=0.0)
    plan = plan_rounds(tiny_region, HOSTS[HOSTS == "TH1"], slow, task)
    stop = plan.stops.iloc[0]
    assert (round(stop["service_min"] * 60), round(stop["drive_min"] * 60)) == (2401, 1801)
    assert round(plan.days["hours"].iloc[0] * 3600) == 2401 + 2 * 1801


def test_the_way_back_is_not_the_way_there(tiny_region: Region) -> None:
    """A one-way road: half an hour from the hospital to 四村, 50 minutes back; 40 there, so two hours in all."""
    table = line("ms")
    back = (table.frame["demand_id"] == "TH1") & (table.frame["facility_id"] == FOUR)
    oneway = replace(table, frame=table.frame.assign(cost=table.frame["cost"].mask(back, 50 * 60_000)))
    hosts = HOSTS[HOSTS == "TH1"]
    plan = plan_rounds(tiny_region, hosts, oneway, TASK)
    assert plan.stops["drive_min"].tolist() == [30, 30]
    assert plan.days["drive_min"].tolist() == [80, 80]
    assert not faults(plan, tiny_region, hosts, oneway)
    for day, left in ((120, 0), (119, 1)):
        assert len(plan_rounds(tiny_region, hosts, oneway, replace(TASK, day_minutes=day)).left) == left


def test_a_remembered_way_is_driven_like_the_way_itself(driving: tuple[Region, Road, pd.Series]) -> None:
    """The delay of a dispatch is no part of the rounds, also where reaches are kept in memory."""
    region, road, hosts = driving
    late = replace(road, delay_s=600.0)
    one, two = (
        plan_rounds(region, hosts.iloc[:5], way, RoundsTask()) for way in (road, Cached(late, Memory(), "late"))
    )
    pd.testing.assert_frame_equal(one.days, two.days)
    assert two.km > 0


def test_a_day_that_holds_only_two(tiny_region: Region) -> None:
    """At 180 minutes all three (64 + 130 = 194) do not fit; 七 and 八 together (60 + 80 = 140) do, 六 goes alone (54)."""
    plan = plan_rounds(tiny_region, HOSTS[HOSTS == "TH2"], line("ms"), replace(TASK, day_minutes=180))
    assert sorted(plan.days["villages"]) == [1, 1, 2, 2]
    assert plan.days["drive_min"].sum() == 2 * (4 + 60)
    assert plan.teams.iloc[0][["villages", "days_a_round", "teams", "days"]].tolist() == [3, 2, 1, 4]


def test_what_no_day_holds_is_named_with_its_hours(tiny_region: Region) -> None:
    plan = plan_rounds(tiny_region, HOSTS, line("ms"), replace(TASK, day_minutes=94))
    assert dict(zip(plan.left["code"], plan.left["reason"], strict=True)) == {FOUR: "too_long", EIGHT: "too_long"}
    assert plan.left.set_index("code").loc[EIGHT, "hours"] == pytest.approx(95 / 60)
    assert "1.6 小时" in plan.left.set_index("code").loc[EIGHT, "why"]
    assert not faults(plan, tiny_region, HOSTS, line("ms"))
    assert EIGHT not in set(plan_rounds(tiny_region, HOSTS, line("ms"), replace(TASK, day_minutes=95)).left["code"])


def test_a_village_without_a_way_is_named(tiny_region: Region) -> None:
    table = line("ms")
    cut = table.frame.assign(cost=table.frame["cost"].mask(table.frame["demand_id"] == EIGHT))
    plan = plan_rounds(tiny_region, HOSTS, replace(table, frame=cut), TASK)
    assert plan.left[["code", "reason"]].to_numpy().tolist() == [[EIGHT, "unreachable"]]
    assert np.isnan(plan.left["hours"].iloc[0])


def test_more_teams_than_there_are_is_told(tiny_region: Region) -> None:
    plan = plan_rounds(tiny_region, HOSTS, line("ms"), replace(TASK, day_minutes=120, work_days=4, visits=2))
    assert not faults(plan, tiny_region, HOSTS, line("ms"))
    row = plan.teams.set_index("hospital").loc["TH2"]
    assert (row["days_a_round"], row["teams"], row["short"]) == (3, 2, True)


def test_the_same_input_gives_the_same_duty(tiny_region: Region) -> None:
    one = plan_rounds(tiny_region, HOSTS, line("ms"), TASK)
    two = plan_rounds(shuffled(tiny_region), HOSTS.iloc[::-1], line("ms"), TASK)
    for name in ("stops", "days", "teams", "left"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


@pytest.fixture(scope="module")
def driving(sample_findings: tuple[Region, pd.DataFrame]) -> tuple[Region, Road, pd.Series]:
    """Return the sample, its roads, and every sixth village with its hospital."""
    region = sample_findings[0]
    assert region.roads is not None
    road = Road(region.roads, SPEED_KMH)
    hospitals = region.open_facilities("township_hospital")
    near = nearest_of(road, administrative_villages(region).iloc[::6], [("county_code", hospitals)])
    return region, road, near["host"]


def test_the_sample_by_road_in_two_seasons(driving: tuple[Region, Road, pd.Series]) -> None:
    region, road, hosts = driving
    seasons: Mapping[str, Road] = {"旱季": road, "雨季": in_season(road, {"": 0.5})}
    plans = plan_seasons(region, hosts, seasons, RoundsTask(day_minutes=300))
    for name, plan in plans.items():
        assert not faults(plan, region, hosts, seasons[name])
        assert plan.km > 0
        assert plan.km == pytest.approx(plan.teams["km"].sum())
    table = seasons_compared(plans)
    assert (table.loc[table["season"] == "旱季", "hours_more"] == 0).all()
    assert plans["雨季"].days["drive_min"].sum() > plans["旱季"].days["drive_min"].sum()
    left = left_by_season(plans)
    assert len(left) == len(set(plans["旱季"].left["code"]) | set(plans["雨季"].left["code"]))


def test_kilometres_are_those_of_the_way(driving: tuple[Region, Road, pd.Series]) -> None:
    """Where every road is as fast as any other, the fastest way is the shortest, whose length another search tells."""
    region, road, hosts = driving
    plain = replace(road.graph, speed_kmh=np.full(len(road.graph.tail), 30.0))
    even = replace(road, graph=plain, walk_kmh=30.0)
    villages = administrative_villages(region)[["id", "lon", "lat"]]
    points = pd.concat([region.facilities[["id", "lon", "lat"]], villages], ignore_index=True)
    pairs = [*zip(hosts, hosts.index, strict=True), *zip(hosts.index, hosts, strict=True)]
    ways = Ways(even, points, 2**31).legs(pairs)
    assert set(ways) == set(pairs)
    length = replace(even, speeds=None)
    for start, end in pairs[::3]:
        ends = (points[points["id"] == one] for one in (end, start))
        shortest = length.reach_whole(*ends, 0).nearest()["cost"].iloc[0] / 1e6
        assert ways[start, end].km == pytest.approx(shortest, abs=0.001)
        step = np.diff(np.array(ways[start, end].line), axis=0) * [np.cos(np.radians(26.6)) * 111.32, 110.8]
        assert np.hypot(*step.T).sum() == pytest.approx(shortest, rel=0.02, abs=0.05), "the line is as long as the way"


def test_a_season_slows_stretches_with_a_speed_of_their_own(driving: tuple[Region, Road, pd.Series]) -> None:
    road = driving[1]
    slow = in_season(road, {"": 0.5}, closed={"nothing"})
    assert slow.edge_cost.sum() == pytest.approx(2 * road.edge_cost.sum(), rel=1e-4)
    with pytest.raises(OptionError, match="大于零"):
        in_season(road, {"tertiary": 0})


def test_a_season_of_one_class_leaves_the_others_and_what_is_closed_already(
    driving: tuple[Region, Road, pd.Series],
) -> None:
    road = replace(driving[1], closed=frozenset({"before"}))
    slow = in_season(road, {"tertiary": 0.5}, closed={"now"})
    assert slow.closed == {"before", "now"}
    assert slow.speeds is not None
    assert slow.speeds["tertiary"] == SPEED_KMH["tertiary"] / 2
    assert {name: speed for name, speed in slow.speeds.items() if name != "tertiary"} == {
        name: speed for name, speed in SPEED_KMH.items() if name != "tertiary"
    }
    others = np.array(road.graph.road_class) != "tertiary"
    np.testing.assert_array_equal(slow.graph.speed_kmh[others], road.graph.speed_kmh[others])


RAIN = Season("雨季", months=(6, 7, 8, 9), visits=1)
WET = {place: 22 + 2 * (at - 22) for place, at in PLACES.items()} | {"TH1": 22 + 2 * (30 - 22)}
"""All ways twice as long as in dry weather."""


def test_two_seasons_by_hand(tiny_region: Region) -> None:
    """In the rain each way takes twice as long: 七 and 八 in one day (2 × 60 + 80 = 200), 六 alone (16 … 58), once a month."""
    ways = {USUAL: line("ms"), "雨季": line("ms", WET)}
    plans = plan_seasons(tiny_region, HOSTS, ways, TASK, [RAIN])
    usual, rain = plans.values()
    assert (usual.task.visits, rain.task.visits, rain.season) == (2, 1, "雨季")
    assert (len(usual.days), len(rain.days)) == (4, 3)
    assert (usual.days["drive_min"].sum(), rain.days["drive_min"].sum()) == (2 * (60 + 64), 120 + 8 + 120)
    for plan, travel in zip(plans.values(), ways.values(), strict=True):
        assert not faults(plan, tiny_region, HOSTS, travel)
    table = seasons_compared(plans).set_index(["hospital", "season"])
    assert table.loc[("TH2", "雨季"), "days_more"] == 0
    assert table.loc[("TH2", "雨季"), "hours_more"] == pytest.approx((128 + 130) / 60 - 2 * (64 + 130) / 60)
    assert table.loc[("TH1", "雨季"), "hours_more"] == pytest.approx((120 + 40) / 60 - 2 * (60 + 40) / 60)


def test_months_of_the_year(tiny_region: Region) -> None:
    assert months_of([RAIN]) == {USUAL: 8, "雨季": 4}
    assert months_of([RAIN, Season("雪季", work_days=10)]) is None
    assert RAIN.task(TASK) == replace(TASK, visits=1)
    assert RAIN.said == "雨季：6、7、8、9 月，每村每月 1 次（参数）；其余同平时。"
    slow = Season("雪季", speeds={"": 0.6, "track": 0.3}, closed=frozenset({"W2", "W1"}), work_days=18, day_minutes=360)
    assert (
        slow.said
        == "雪季：车速为平时的 60%，track 级道路车速为平时的 30%，另封闭 W1、W2，每月 18 个工作日，一天不超过 6 小时（参数）；其余同平时。"
    )


def test_what_cannot_be_asked_is_refused(tiny_region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="visits"):
        plan_rounds(tiny_region, HOSTS, line("ms"), RoundsTask(visits=23))
    with pytest.raises(OptionError, match="service"):
        plan_rounds(tiny_region, HOSTS, line("ms"), RoundsTask(visit_minutes=-1))
    with pytest.raises(SitingError, match="TH9"):
        plan_rounds(tiny_region, HOSTS.replace("TH2", "TH9"), line("ms"), TASK)
    with pytest.raises(SitingError, match="510402100001"):
        plan_rounds(tiny_region, pd.Series({"510402100001": "TH2"}), line("ms"), TASK)
    with pytest.raises(ValueError, match="minutes"):
        plan_rounds(tiny_region, HOSTS, line("mm"), TASK)
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    with pytest.raises(OptionError, match="rounds"):
        plan_rounds(tiny_region, HOSTS, line("ms"), TASK)


def test_nobody_to_visit_is_a_plan_of_nothing(tiny_region: Region) -> None:
    plan = plan_rounds(tiny_region, HOSTS.iloc[:0], line("ms"), TASK)
    assert not len(plan.days)
    assert (plan.km, plan.hours) == (0, 0)
    assert not faults(plan, tiny_region, HOSTS.iloc[:0], line("ms"))


def test_the_second_look_finds_what_is_wrong(tiny_region: Region) -> None:
    plan = plan_rounds(tiny_region, HOSTS, line("ms"), TASK)
    lost = replace(plan, stops=plan.stops[plan.stops["code"] != SIX])
    assert any(SIX in one for one in faults(lost, tiny_region, HOSTS, line("ms")))
    short = replace(plan, task=replace(TASK, day_minutes=100))
    assert any("minutes" in one for one in faults(short, tiny_region, HOSTS, line("ms")))
    longer = line("ms", {**PLACES, EIGHT: 152})
    assert any("minutes" in one for one in faults(plan, tiny_region, HOSTS, longer))
