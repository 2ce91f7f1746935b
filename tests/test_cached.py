"""Reaches remembered: given again for the same inputs, never for others; and no answer changes for it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geodata.load import load
from planner.reach import Reach
from planner.region import Region
from planner.road import Road
from planner.rules import Rules
from planner.scenario import Change, Scenario
from planner.travel import Cached, Memory, StraightLine, Table, Travel, bare, identity_of
from scenarios.run import run
from scenarios.ways import RoadChoices
from tests import tiny

DEMAND = pd.DataFrame({"id": ["a", "b"], "lon": [101.7, 101.8], "lat": [26.6, 26.6], "population": [3, 4]})
STATIONS = pd.DataFrame({"id": ["s", "t"], "lon": [101.7, 101.9], "lat": [26.61, 26.6]})


@dataclass(frozen=True, eq=False)
class Counted:
    """A straight line that counts how often it is asked."""

    asked: list[int] = field(default_factory=list)
    unit: str = "mm"

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        self.asked.append(limit)
        return StraightLine().reach_whole(demand, facilities, limit)

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        return StraightLine().k_nearest(demand, facilities, count)


def _counted() -> tuple[Travel, list[int]]:
    travel = Counted()
    return Cached(travel, Memory(), "counted"), travel.asked


def test_the_same_inputs_are_answered_once() -> None:
    cached, asked = _counted()
    first = cached.reach_whole(DEMAND, STATIONS, 5_000)
    assert cached.reach_whole(DEMAND.assign(population=9), STATIONS.copy(), 5_000) is first
    assert asked == [5_000]
    pd.testing.assert_frame_equal(first.nearest(), StraightLine().reach_whole(DEMAND, STATIONS, 5_000).nearest())


OTHERS = {
    "a coordinate of the demand": (DEMAND.assign(lon=[101.7, np.nextafter(101.8, 102)]), STATIONS, 5_000),
    "a coordinate of a facility": (DEMAND, STATIONS.assign(lat=[26.61, np.nextafter(26.6, 27)]), 5_000),
    "an id": (DEMAND.assign(id=["a", "c"]), STATIONS, 5_000),
    "ids that run together": (DEMAND.assign(id=["ab", ""]), STATIONS, 5_000),
    "the limit": (DEMAND, STATIONS, 5_001),
    "a facility less": (DEMAND, STATIONS.head(1), 5_000),
    "the order": (DEMAND.iloc[::-1], STATIONS, 5_000),
    "the sides": (STATIONS, DEMAND, 5_000),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_inputs_are_not(what: str) -> None:
    cached, asked = _counted()
    cached.reach_whole(DEMAND, STATIONS, 5_000)
    demand, facilities, limit = OTHERS[what]
    answer = cached.reach_whole(demand, facilities, limit)
    assert len(asked) == 2
    pd.testing.assert_frame_equal(answer.nearest(), StraightLine().reach_whole(demand, facilities, limit).nearest())


def test_what_is_remembered_cannot_be_written_to() -> None:
    cached, _ = _counted()
    answer = cached.reach_whole(DEMAND, STATIONS, 5_000_000)
    with pytest.raises(ValueError, match="read-only"):
        answer.costs[0] = 0


def test_the_oldest_is_forgotten() -> None:
    travel, memory = Counted(), Memory(most_bytes=1)
    cached = Cached(travel, memory, "counted")
    for limit in (1, 2, 1):
        cached.reach_whole(DEMAND, STATIONS, limit)
    assert travel.asked == [1, 2, 1]
    assert len(memory) == 1


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load(tiny.write_with_roads(tmp_path_factory.mktemp("roads")))


def test_the_identity_of_a_road_is_all_that_it_travels_by(roads: Region) -> None:
    graph = roads.roads
    assert graph is not None
    road = Road(graph)
    same = [road, replace(road, engine="numpy"), Road(replace(graph, lon=graph.lon.copy()))]
    assert len({identity_of(one) for one in same}) == 1
    others = [
        Road(graph, speeds={"primary": 50}), Road(graph, speeds={"primary": 51}), Road(graph, closed=frozenset({"W1"})),
        Road(graph, closed_edges=frozenset({0})), Road(graph, direction="to"), Road(graph, max_snap_m=100),
        Road(graph, speeds={}, delay_s=1), Road(replace(graph, length_mm=graph.length_mm + 1)), StraightLine(),
        Road(replace(graph, lon=np.nextafter(graph.lon, 180))), Road(graph, offroad_m=3000),
        Table(pd.DataFrame({"s": [1.0]}, index=["a"])), Table(pd.DataFrame({"s": [2.0]}, index=["a"])),
    ]  # fmt: skip
    assert len({identity_of(one) for one in [road, *others]}) == len(others) + 1
    with pytest.raises(TypeError, match="cannot be told"):
        identity_of(replace(road, walks=object()))


def test_ways_alike_share_what_is_prepared(roads: Region) -> None:
    memory, graph = Memory(), roads.roads
    assert graph is not None
    first, second = (memory.cached({"road": Road(graph)})["road"] for _ in range(2))
    assert bare(first) is bare(second)
    assert memory.cached({"road": first})["road"] is first


def test_a_run_reuses_what_did_not_change(roads: Region, rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    for kind in (StraightLine, Road):
        own = kind.reach_whole
        monkeypatch.setattr(kind, "reach_whole", lambda self, *told, own=own: (asked.append(told), own(self, *told))[1])
    memory = Memory()
    first = run(roads, rules, memory=memory)
    once = len(asked)
    again = run(roads, rules, memory=memory)
    assert len(asked) == once
    pd.testing.assert_frame_equal(first.findings, again.findings)
    moved = Scenario("x", edits=(Change(facility="ES1", fields={"lon": 101.66, "lat": 26.55}, word="move"),))
    run(roads, rules, moved, memory=memory)
    fresh = len(asked) - once
    assert 0 < fresh < once  # the clinics' reaches are reused, the stations' are not
    run(roads, rules, choices=RoadChoices(closed=frozenset({"W1"})), memory=memory)
    assert len(asked) > once + fresh


def test_nothing_changes_for_being_remembered(tmp_path: Path, roads: Region, rules: Rules) -> None:
    from planner.findings import assess
    from scenarios.ways import ways_of

    plain = assess(roads, rules, ways_of(roads, RoadChoices()))
    memory = Memory()
    for _ in range(2):
        pd.testing.assert_frame_equal(run(roads, rules, memory=memory).findings, plain)
