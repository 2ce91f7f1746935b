"""On foot no one-way street counts and no motorway is walked; the fewest centres and the best plan have each their own proof."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from geodata.load import load
from planner.districts.exact import Part
from planner.joined import joined
from planner.network import RoadGraph, graph_of_edges
from planner.plans.centers import plan_centers
from planner.region import Region
from planner.road import NO_WALKING, Road
from planner.rules import Rules
from planner.travel import StraightLine
from scenarios.plans.centers import Report, state_text, total_state, walk_of
from scenarios.plans.start import Start
from scenarios.ways import RoadChoices
from tests import tiny
from tests.test_plan_centers import task_of

# A street of 996 m from west to east, one way, and a way round of 33 km back; a motorway beside it.
LON = np.array([101.70, 101.71, 101.71, 101.70])
LAT = np.array([26.60, 26.60, 26.75, 26.75])
TAIL, HEAD = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])
ENDS = pd.DataFrame({"id": ["west", "east"], "lon": [101.70, 101.71], "lat": [26.60, 26.60]})


def _ring(**more: Any) -> RoadGraph:
    one_way = {"forward": np.ones(4, bool), "backward": np.array([False, True, True, True])}
    return graph_of_edges(lon=LON, lat=LAT, tail=TAIL, head=HEAD, **{**one_way, **more})


def _way(road: Road, start: str, end: str) -> float:
    """Metres from `start` to the facility at `end`."""
    here, there = (ENDS[ENDS["id"] == one] for one in (start, end))
    return float(road.reach_whole(here, there, 0).nearest()["cost"].iloc[0]) / 1000


def test_a_walk_is_as_long_there_as_back() -> None:
    drive, walk = Road(_ring(), direction="to"), Road(_ring(), walking=True)
    assert _way(drive, "west", "east") == pytest.approx(996, abs=2)
    assert _way(drive, "east", "west") == pytest.approx(34_240, abs=60)
    assert _way(walk, "east", "west") == _way(walk, "west", "east") == _way(drive, "west", "east")
    assert _way(Road(_ring(), walking=True, direction="to"), "east", "west") == _way(walk, "east", "west")


@pytest.mark.parametrize("kind", NO_WALKING)
def test_nobody_walks_on_a_motorway_or_joins_one(kind: str) -> None:
    classes = np.array([kind, "primary", "primary", "primary"], object)
    walk = Road(_ring(road_class=classes), walking=True)
    assert _way(walk, "east", "west") == pytest.approx(34_240, abs=60)
    assert (walk.snap(ENDS).edge != 0).all()
    middle = pd.DataFrame({"id": ["m"], "lon": [101.705], "lat": [26.6]})
    assert Road(_ring(road_class=classes)).snap(middle).edge[0] == 0
    assert walk.snap(middle).edge[0] != 0
    alone = Road(_ring(road_class=np.full(4, kind, object)), walking=True)
    assert np.isnan(_way(alone, "west", "east"))
    assert walk.unclosed is None  # what nobody walks is not closed
    assert not joined(walk, ENDS)["closed"].any()


def test_a_closed_road_is_closed_to_walkers() -> None:
    shut = Road(_ring(), walking=True, closed=frozenset({"0"}))
    assert _way(shut, "west", "east") == pytest.approx(34_240, abs=60)
    whole = shut.unclosed
    assert whole is not None
    assert _way(whole, "west", "east") == pytest.approx(996, abs=2)


def test_a_walk_has_no_speed_of_a_road() -> None:
    with pytest.raises(ValueError, match="speed"):
        Road(_ring(), speeds={}, walking=True)


def _one_way(graph: RoadGraph) -> RoadGraph:
    """The same roads, each open in one direction alone, every other one in the other."""
    forward = np.arange(len(graph.tail)) % 2 == 0
    return replace(graph, forward=forward, backward=~forward)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load(tiny.write_with_roads(tmp_path_factory.mktemp("walks")))


def _start(region: Region) -> Start:
    return cast("Start", SimpleNamespace(region=region, base=SimpleNamespace(choices=RoadChoices(delay_s=60.0))))


def test_stations_are_planned_on_foot(city: Region, rules: Rules) -> None:
    """With every street one way the same stations are needed, for the same walks, as with none."""
    assert city.roads is not None
    plans = [
        plan_centers(region, StraightLine(), task_of(rules), walk=walk_of(_start(region)))
        for region in (city, replace(city, roads=_one_way(city.roads)))
    ]
    assert plans[0].stations.chosen == plans[1].stations.chosen
    pd.testing.assert_frame_equal(plans[0].stations.walks, plans[1].stations.walks)
    assert isinstance(walk_of(_start(replace(city, roads=None))), StraightLine)


def test_with_one_way_streets_no_more_stations_of_the_sample(rules: Rules) -> None:
    """By the sample's roads, all one way: what cars would need is more than people on foot do."""
    sample = load(Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua")
    assert sample.roads is not None
    streets = replace(sample, roads=_one_way(sample.roads))
    stand = pd.DataFrame(sample.open_facilities("community_health_center", "community_health_station"))
    people = pd.DataFrame(sample.residents[sample.residents["population"] > 0][["id", "lon", "lat"]])

    def within(region: Region, travel: Any) -> int:
        return int(travel.reach_whole(people, stand, 1_250_000).covered().sum())

    on_foot = within(sample, walk_of(_start(sample)))
    assert within(streets, walk_of(_start(streets))) == on_foot
    assert streets.roads is not None
    assert within(streets, Road(streets.roads, direction="to")) < on_foot


def _part(status: Any, least: int, p: int = 8, objective: float = 200.0, bound: float = 150.0) -> Part:
    return Part(cast("Any", SimpleNamespace(p=p)), status, objective, bound, np.zeros(0, np.int64), least=least)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (_part("optimal", 8), "最优（已证明）"),
        (_part("optimal", 0), "最优（已证明）"),
        (_part("optimal", 7), "8 所时布局最优（已证明）；个数未证明最少，至少 7 所"),
        (_part("feasible", 8), "个数最少（已证明）；布局未证明最优，下界人均 1.50 公里，差距 25.00%"),
        (_part("feasible", 7), "可行方案：个数未证明最少，至少 7 所；布局未证明最优，下界人均 1.50 公里，差距 25.00%"),
        (_part("feasible", 0), "可行方案（未证明），下界人均 1.50 公里，差距 25.00%"),
        (_part("infeasible", 0), "没有可行方案"),
        (_part("unknown", 0), "时限内没有找到方案"),
    ],
)  # fmt: skip
def test_the_number_and_the_plan_have_two_proofs(part: Part, told: str) -> None:
    assert state_text(replace(part, objective=200e6, bound=150e6), 100, "mm") == told


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((_part("optimal", 7), _part("optimal", 8)), "各县（区）在其个数下布局最优（已证明）；1 个县（区）的个数未证明最少"),
        ((_part("feasible", 8), _part("optimal", 8)), "个数最少（已证明）；布局未证明最优，下界人均 1.50 公里，差距 25.00%"),
        ((_part("feasible", 0),), "可行方案（未证明），下界人均 1.50 公里，差距 25.00%"),
    ],
)  # fmt: skip
def test_the_two_proofs_of_the_whole_city(parts: tuple[Part, ...], told: str) -> None:
    answer = SimpleNamespace(parts=dict(enumerate(parts)), status="feasible", objective=200e6, bound=150e6)
    units = pd.DataFrame({"population": [100]})
    plan = SimpleNamespace(districting=answer, communities=units, unit="mm")
    assert total_state(cast("Report", SimpleNamespace(plan=plan, failed={}))) == told
