"""Travelling on roads: by hand on three streets, against networkx on split edges, and at exactly the limit."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from planner import network
from planner.errors import DataError, OptionError
from planner.network import EdgeIndex, RoadGraph, Walk, graph_of_edges
from planner.reach import UNREACHABLE
from planner.road import Road
from tests.examples import examples

GEOD = Geod(ellps="GRS80")


def _points(**places: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": list(places), "lon": [one[0] for one in places.values()], "lat": [one[1] for one in places.values()]}
    )


def _cross(**more) -> RoadGraph:
    """Four streets of 0.05° that meet at node 0 (101.70, 26.60): east 1, north 2, west 3, south 4; 5 and 6 an island."""
    lon = np.array([101.70, 101.75, 101.70, 101.65, 101.70, 101.90, 101.95])
    lat = np.array([26.60, 26.60, 26.65, 26.60, 26.55, 26.60, 26.60])
    return graph_of_edges(lon=lon, lat=lat, tail=np.array([0, 0, 0, 0, 5]), head=np.array([1, 2, 3, 4, 6]), **more)


def test_distance_by_hand() -> None:
    graph = _cross()
    east, north = int(graph.length_mm[0]), int(graph.length_mm[1])
    demand = _points(end_east=(101.75, 26.60), mid_north=(101.70, 26.625), island=(101.91, 26.60), lost=(101.80, 26.70))
    facility = _points(f_north=(101.70, 26.65))
    nearest = Road(graph).reach_whole(demand, facility, limit=10_000_000).nearest()
    assert nearest.loc["end_east", "cost"] == east + north
    assert nearest.loc["mid_north", "cost"] == pytest.approx(north / 2, abs=100)  # within one edge, no node passed
    assert nearest.loc[["island", "lost"], "facility_id"].tolist() == ["", ""]


def test_the_access_leg_counts_and_has_an_end() -> None:
    graph = _cross()
    off = _points(beside=(101.725, 26.61))
    metres = GEOD.inv(101.725, 26.61, 101.725, 26.60)[2]
    at = EdgeIndex(graph, np.ones(5, bool)).snap(off, 2_000)
    assert at.edge[0] == 0
    assert at.access_mm[0] == pytest.approx(metres * 1000, abs=2)
    reach = Road(graph).reach_whole(off, _points(f=(101.70, 26.60)), limit=5_000_000)
    assert reach.nearest_cost[0] == pytest.approx(graph.length_mm[0] / 2 + metres * 1000, abs=100)
    short = Road(graph, max_snap_m=metres - 1).reach_whole(off, _points(f=(101.70, 26.60)), limit=5_000_000)
    assert short.nearest_cost[0] == UNREACHABLE
    assert (
        Road(graph, max_snap_m=metres + 1).reach_whole(off, _points(f=(101.70, 26.60)), 5_000_000).nearest_index[0] == 0
    )


@pytest.mark.parametrize("engine", ["compiled", "scipy"])
@pytest.mark.parametrize(("metres", "inside"), [(4_999.999, True), (5_000.0, True), (5_000.001, False)])
def test_the_limit_itself_is_inside(metres: float, inside: bool, engine: str) -> None:
    lon, lat, _ = GEOD.fwd(101.7, 26.6, 90, metres)
    graph = graph_of_edges(
        lon=np.array([101.7, lon]), lat=np.array([26.6, lat]), tail=np.array([0]), head=np.array([1])
    )
    reach = Road(graph, engine=engine).reach_whole(_points(d=(lon, lat)), _points(f=(101.7, 26.6)), limit=5_000_000)
    assert reach.nearest_cost[0] == round(metres * 1000)
    assert bool(reach.covered().iloc[0]) is inside
    assert len(reach.within()) == int(inside)


def test_one_way_streets_and_direction() -> None:
    graph = _cross(forward=np.ones(5, bool), backward=np.array([True, False, True, True, True]))  # 0 → north only
    demand, facility = _points(north=(101.70, 26.65)), _points(east=(101.75, 26.60))
    assert Road(graph, direction="from").reach_whole(demand, facility, 20_000_000).nearest_index[0] == 0
    assert Road(graph, direction="to").reach_whole(demand, facility, 20_000_000).nearest_index[0] == -1
    # On one and the same one-way edge it matters who stands before whom.
    low, high = _points(low=(101.70, 26.61)), _points(high=(101.70, 26.64))
    assert Road(graph).reach_whole(high, low, 20_000_000).nearest_index[0] == 0
    assert Road(graph).reach_whole(low, high, 20_000_000).nearest_index[0] == -1


def test_time_delay_and_closed_roads() -> None:
    graph = _cross(road_class=np.array(["primary", "track", "primary", "primary", "primary"], object))
    speeds = {"primary": 60.0, "track": 10.0}
    demand, facility = _points(end_east=(101.75, 26.60)), _points(f_north=(101.70, 26.65))
    east, north = graph.length_mm[0] / 1e6, graph.length_mm[1] / 1e6
    road = Road(graph, speeds=speeds, delay_s=120)
    minutes = road.reach_whole(demand, facility, limit=3_600_000).nearest()["cost"].iloc[0] / 60_000
    assert road.unit == "ms"
    assert minutes == pytest.approx(2 + east + north * 6, abs=0.001)
    assert len(road.reach_whole(demand, facility, limit=int(minutes * 60_000) - 5).within()) == 0
    assert len(road.reach_whole(demand, facility, limit=int(minutes * 60_000) + 5).within()) == 1
    closed = Road(graph, speeds=speeds, closed=frozenset({"1"}))
    assert closed.reach_whole(demand, facility, limit=3_600_000).nearest_index[0] == -1
    own = _cross(speed_kmh=np.array([30.0, np.nan, np.nan, np.nan, np.nan]))
    quick = Road(own, speeds={"road": 60.0}).reach_whole(demand, facility, limit=3_600_000)
    assert quick.nearest()["cost"].iloc[0] / 60_000 == pytest.approx(east * 2 + north, abs=0.001)


def test_what_a_road_refuses() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Road(_cross(), speeds={"road": -1})
    with pytest.raises(ValueError, match="limit"):
        Road(_cross()).reach_whole(_points(a=(101.7, 26.6)), _points(b=(101.7, 26.6)), limit=-1)
    lost = pd.DataFrame({"id": ["a"], "lon": [np.nan], "lat": [26.6]})
    with pytest.raises(ValueError, match="without coordinates"):
        Road(_cross()).reach_whole(lost, _points(b=(101.7, 26.6)), limit=1)
    metres = _points(a=(403_000.0, 2_934_000.0))
    for far, near in ((metres, _points(b=(101.7, 26.6))), (_points(b=(101.7, 26.6)), metres)):
        with pytest.raises(DataError, match="1 个点不是经纬度"):
            Road(_cross()).reach(far, near, "5km")
    by_time = Road(_cross(), speeds={"road": 60.0})
    for limit in (30, "5km"):
        with pytest.raises(OptionError, match='写成带引号的 "30min"'):
            by_time.reach(_points(a=(101.7, 26.6)), _points(b=(101.7, 26.6)), limit)  # type: ignore[arg-type]


@st.composite
def towns(draw):
    """Draw a small town on a grid of 0.01°, with one-way streets and parallel edges, and points beside its streets."""
    size = 4
    nodes = [(101.70 + 0.01 * (at % size), 26.60 + 0.01 * (at // size)) for at in range(size * size)]
    node = st.integers(0, size * size - 1)
    edges = draw(st.lists(st.tuples(node, node, st.sampled_from([(1, 1), (1, 0), (0, 1)])), min_size=1, max_size=25))
    place = st.tuples(st.floats(101.695, 101.735), st.floats(26.595, 26.635))
    demand, facility = draw(st.lists(place, min_size=1, max_size=8)), draw(st.lists(place, min_size=1, max_size=5))
    return nodes, edges, demand, facility, draw(st.integers(0, 6_000_000)), draw(st.sampled_from(["from", "to"]))


@pytest.mark.parametrize("engine", ["compiled", "scipy"])
@settings(max_examples=examples(200), deadline=None)
@given(towns())
def test_equal_to_networkx_on_split_edges(engine: str, town) -> None:
    """Every snapped point becomes a node that splits its edge; networkx finds the ways; all integers must agree."""
    nodes, edges, demand, facility, limit, direction = town
    graph = graph_of_edges(
        lon=np.array([one[0] for one in nodes]), lat=np.array([one[1] for one in nodes]),
        tail=np.array([one[0] for one in edges]), head=np.array([one[1] for one in edges]),
        forward=np.array([bool(one[2][0]) for one in edges]), backward=np.array([bool(one[2][1]) for one in edges]),
    )  # fmt: skip
    d = _points(**{f"d{at}": one for at, one in enumerate(demand)})
    f = _points(**{f"f{at}": one for at, one in enumerate(facility)})
    road = Road(graph, direction=direction, engine=engine)
    reach = road.reach_whole(d, f, limit)
    costs = _by_networkx(graph, road.snap(d), road.snap(f, "facility"), direction)
    for at in range(len(d)):
        best = costs[:, at].min()
        assert reach.nearest_cost[at] == (UNREACHABLE if best == 10**12 else best)
        assert reach.nearest_index[at] == (-1 if best == 10**12 else costs[:, at].argmin())
    within = reach.within()
    got = dict(zip(zip(within["demand_id"], within["facility_id"], strict=True), within["cost"], strict=True))
    assert got == {(f"d{j}", f"f{i}"): costs[i, j] for i, j in zip(*np.nonzero(costs <= limit), strict=True)}


def _by_networkx(graph: RoadGraph, at_demand, at_facility, direction: str) -> np.ndarray:
    net = nx.MultiDiGraph()
    stops: dict[int, list[tuple[int, object]]] = {edge: [] for edge in range(len(graph.tail))}
    for side, at in (("d", at_demand), ("f", at_facility)):
        for point, (edge, along) in enumerate(zip(at.edge, at.along_mm, strict=True)):
            if edge >= 0:
                stops[edge].append((int(along), (side, point)))
    for edge, found in stops.items():
        length = int(graph.length_mm[edge])
        chain = [(0, int(graph.tail[edge])), *sorted(found, key=lambda one: one[0]), (length, int(graph.head[edge]))]
        for (low, left), (high, right) in pairwise(chain):
            if graph.forward[edge]:
                net.add_edge(left, right, weight=high - low)
            if graph.backward[edge]:
                net.add_edge(right, left, weight=high - low)
            if low == high:  # on one spot, be it a junction: from one to the other is no drive at all
                net.add_edge(left, right, weight=0)
                net.add_edge(right, left, weight=0)
    if direction == "to":
        net = net.reverse()
    out = np.full((len(at_facility.edge), len(at_demand.edge)), 10**12)
    for i, edge in enumerate(at_facility.edge):
        if edge < 0:
            continue
        for to, cost in nx.single_source_dijkstra_path_length(net, ("f", i)).items():
            if isinstance(to, tuple) and to[0] == "d":
                out[i, to[1]] = cost + at_facility.access_mm[i] + at_demand.access_mm[to[1]]
    return out


def test_row_order_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    places = {f"p{at:02d}": tuple(one) for at, one in enumerate(rng.uniform([101.66, 26.56], [101.74, 26.64], (40, 2)))}
    demand, facility = _points(**places), _points(**dict(list(places.items())[:7]))
    first = Road(_cross()).reach_whole(demand, facility, 6_000_000)
    second = Road(_cross()).reach_whole(demand.iloc[::-1], facility.sample(frac=1, random_state=1), 6_000_000)
    pd.testing.assert_frame_equal(first.nearest(), second.nearest().loc[demand["id"]])
    keys = ["demand_id", "facility_id"]
    pd.testing.assert_frame_equal(
        first.within().sort_values(keys, ignore_index=True), second.within().sort_values(keys, ignore_index=True)
    )


def test_a_point_whose_foot_is_a_junction_is_at_that_junction() -> None:
    """Its nearest edge (the first of equals) leads one way out of the junction; the other streets serve it as well."""
    graph = _cross(forward=np.ones(5, bool), backward=np.array([False, True, True, True, True]))
    middle, north = _points(middle=(101.70, 26.60)), _points(north=(101.70, 26.65))
    for direction in ("from", "to"):
        for demand, facility in ((middle, north), (north, middle)):
            reach = Road(graph, direction=direction).reach_whole(demand, facility, 20_000_000)
            assert reach.nearest_cost[0] == graph.length_mm[1]


# Beyond the road, on foot


def _meridian() -> RoadGraph:
    """One street of 11 km from south to north, class "road", driven at 60 km/h below."""
    lat = np.array([26.60, 26.70])
    return graph_of_edges(lon=np.full(2, 101.70), lat=lat, tail=np.array([0]), head=np.array([1]))


def _millimetres(one: tuple[float, float], other: tuple[float, float]) -> int:
    return round(GEOD.inv(*one, *other)[2] * 1000)


OFFICE = _points(o=(101.70, 26.60))
VILLAGE = _points(v=(101.73, 26.65))
"""2,984 m east of the street."""
LEG, ALONG = _millimetres((101.73, 26.65), (101.70, 26.65)), _millimetres((101.70, 26.60), (101.70, 26.65))


def test_a_village_beyond_the_road_walks_to_it_where_that_is_asked_for() -> None:
    assert 2_980_000 < LEG < 2_990_000
    assert Road(_meridian()).reach_whole(VILLAGE, OFFICE, 20_000_000).nearest_cost[0] == UNREACHABLE
    by_distance = Road(_meridian(), offroad_m=5_000)
    assert int(by_distance.reach_whole(VILLAGE, OFFICE, 20_000_000).nearest_cost[0]) == pytest.approx(
        ALONG + LEG, abs=3
    )
    by_time = Road(_meridian(), speeds={"road": 60.0}, walk_kmh=4.0, offroad_m=5_000)
    cost = int(by_time.reach_whole(VILLAGE, OFFICE, 20_000_000).nearest_cost[0])
    assert cost == pytest.approx(ALONG * 3.6 / 60 + LEG * 3.6 / 4, abs=2)
    assert len(by_time.k_nearest(VILLAGE, OFFICE, 2)) == 1
    both = pd.concat([VILLAGE, _points(near=(101.701, 26.65), lost=(101.80, 26.65))])
    walkers = by_time.walkers(both)
    assert list(walkers.index) == ["v"]
    assert walkers["metres"].tolist() == [LEG / 1000]
    assert walkers["cost"].tolist() == [round(LEG * 3.6 / 4)]


def test_how_far_off_the_road_is_counted_to_the_millimetre() -> None:
    for offroad_m, reached in ((LEG / 1000, True), ((LEG - 1) / 1000, False)):
        reach = Road(_meridian(), offroad_m=offroad_m).reach_whole(VILLAGE, OFFICE, 20_000_000)
        assert bool(reach.nearest_index[0] == 0) is reached
    exactly = Road(_meridian(), max_snap_m=LEG / 1000, offroad_m=5_000)
    assert not len(exactly.walkers(VILLAGE))  # near enough for the road: nobody has to walk


def test_facilities_do_not_walk() -> None:
    far = Road(_meridian(), offroad_m=5_000).reach_whole(OFFICE, VILLAGE, 20_000_000)
    assert far.nearest_index[0] == -1


def test_walks_of_ones_own_are_taken_by_time_and_lead_where_they_lead() -> None:
    walks = {"v": Walk(101.70, 26.68, 1800.0), "near": Walk(101.70, 26.60, 1.0)}
    fast = {"speeds": {"road": 60.0}, "offroad_m": 5_000}
    both = pd.concat([VILLAGE, _points(near=(101.701, 26.65))])
    cost = Road(_meridian(), walks=walks, **fast).reach_whole(both, OFFICE, 20_000_000).nearest_cost.astype(int)
    to_there = _millimetres((101.70, 26.60), (101.70, 26.68))
    assert cost[0] == pytest.approx(1_800_000 + to_there * 3.6 / 60, abs=1)
    assert (
        cost[1] == Road(_meridian(), **fast).reach_whole(both, OFFICE, 20_000_000).nearest_cost[1]
    )  # it is beside the road
    for other in ({}, {"v": Walk(101.71, 26.68, 1800.0)}):  # no walk, and one that ends beside every road
        assert Road(_meridian(), walks=other, **fast).reach_whole(VILLAGE, OFFICE, 20_000_000).nearest_index[0] == -1
    metres = Road(_meridian(), walks=walks, offroad_m=5_000).reach_whole(VILLAGE, OFFICE, 20_000_000)
    assert int(metres.nearest_cost[0]) == pytest.approx(ALONG + LEG, abs=3)
    with pytest.raises(ValueError, match="nearer than max_snap_m"):
        Road(_meridian(), offroad_m=1_000)


def test_places_along_the_open_roads() -> None:
    lon, lat = Road(_meridian()).places(50.0, (101.0, 26.0, 102.0, 27.0))
    steps = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
    assert lat[[0, -1]] == pytest.approx([26.60, 26.70])
    assert 45 < min(steps) <= max(steps) <= 50
    assert len(Road(_meridian()).places(50.0, (101.0, 26.0, 101.6, 27.0))[0]) == 0
    assert len(Road(_meridian(), closed=frozenset({"0"})).places(50.0, (101.0, 26.0, 102.0, 27.0))[0]) == 0


def test_of_two_roads_the_nearer_on_the_ellipsoid_is_taken() -> None:
    # A road 521 m to the east and one 523 m to the north: a spherical Mercator takes the second, half a per cent off.
    east, _, _ = GEOD.fwd(101.7, 27.0, 90, 521)
    _, north, _ = GEOD.fwd(101.7, 27.0, 0, 523)
    graph = graph_of_edges(
        lon=np.array([east, east, 101.69, 101.71]), lat=np.array([26.99, 27.01, north, north]),
        tail=np.array([0, 2]), head=np.array([1, 3]),
    )  # fmt: skip
    at = Road(graph).snap(pd.DataFrame({"id": ["a"], "lon": [101.7], "lat": [27.0]}))
    assert at.edge.tolist() == [0]
    assert at.access_mm[0] == pytest.approx(521_000, abs=20)


def test_a_place_goes_to_the_plane_and_back() -> None:
    lon, lat = np.array([101.7, -70.0, 0.0]), np.array([27.0, -55.5, 79.9])
    back = network.lonlat(network.mercator(lon, lat))
    np.testing.assert_allclose(back, (lon, lat), atol=1e-11)
