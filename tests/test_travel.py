"""Straight-line reach: exact at the limit, equal to brute force, blind to the order of rows."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from planner.errors import DataError, OptionError
from planner.limits import read_limit
from planner.reach import UNREACHABLE, Reach, rows_of
from planner.travel import StraightLine, Table
from tests.examples import examples

GEOD = Geod(ellps="GRS80")


def _points(prefix: str, places: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"{prefix}{at:03d}" for at in range(len(places))],
            "lon": [one[0] for one in places],
            "lat": [one[1] for one in places],
        }
    )


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("azimuth", [0, 37, 90, 203])
@pytest.mark.parametrize(("metres", "inside"), [(4_999.999, True), (5_000.0, True), (5_000.001, False)])
def test_the_limit_itself_is_inside(metres: float, inside: bool, azimuth: float, compiled: bool) -> None:
    lon, lat, _ = GEOD.fwd(101.7, 26.6, azimuth, metres)
    reach = StraightLine(compiled).reach_whole(
        _points("d", [(lon, lat)]), _points("f", [(101.7, 26.6)]), limit=5_000_000
    )
    assert bool(reach.covered().iloc[0]) is inside
    assert len(reach.within()) == int(inside)
    assert reach.nearest()["cost"].iloc[0] == round(metres * 1000)


place = st.tuples(st.floats(101.0, 102.3), st.floats(26.0, 27.4))


@pytest.mark.parametrize("compiled", [True, False])
@settings(max_examples=examples(150), deadline=None)
@given(st.lists(place, min_size=1, max_size=25), st.lists(place, min_size=1, max_size=12), st.floats(10, 40_000))
def test_equal_to_brute_force(compiled: bool, demand: list, facilities: list, limit_m: float) -> None:
    d, f = _points("d", demand), _points("f", facilities)
    reach = StraightLine(compiled).reach_whole(d, f, limit=round(limit_m * 1000))
    lon1, lon2 = np.meshgrid(d["lon"], f["lon"], indexing="ij")
    lat1, lat2 = np.meshgrid(d["lat"], f["lat"], indexing="ij")
    costs = np.rint(GEOD.inv(lon1, lat1, lon2, lat2)[2] * 1000).astype(np.int64)
    nearest = costs.argmin(axis=1)  # the first of equals has the smaller id
    assert list(reach.nearest()["facility_id"]) == list(f["id"].to_numpy()[nearest])
    assert list(reach.nearest()["cost"]) == list(costs.min(axis=1))
    rows, columns = np.nonzero(costs <= round(limit_m * 1000))
    expected = {(d["id"][i], f["id"][j]): costs[i, j] for i, j in zip(rows, columns, strict=True)}
    within = reach.within()
    got = dict(zip(zip(within["demand_id"], within["facility_id"], strict=True), within["cost"], strict=True))
    assert got == expected


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(place, min_size=1, max_size=15), st.lists(place, min_size=1, max_size=9), st.integers(1, 10))
def test_k_nearest_equals_brute_force(demand: list, facilities: list, count: int) -> None:
    d, f = _points("d", demand), _points("f", facilities)
    got = StraightLine().k_nearest(d, f, count)
    table = []
    for i in range(len(d)):
        costs = GEOD.inv([d["lon"][i]] * len(f), [d["lat"][i]] * len(f), f["lon"], f["lat"])[2]
        ranked = sorted((round(cost * 1000), name) for cost, name in zip(costs, f["id"], strict=True))[:count]
        table += [(d["id"][i], name, cost) for cost, name in ranked]
    assert list(got.itertuples(index=False, name=None)) == table


def test_a_table_long_or_wide() -> None:
    ends, stations = pd.DataFrame({"id": ["a", "b", "c"]}), pd.DataFrame({"id": ["t", "s"]})
    wide = pd.DataFrame({"s": [4.5, 2.0, np.nan], "t": [4.5, 7.0, np.nan]}, index=["a", "b", "c"])
    long = (
        wide.rename_axis("demand_id").melt(var_name="facility_id", value_name="cost", ignore_index=False).reset_index()
    )
    for frame in (wide, long.iloc[::-1]):
        reach = Table(frame).reach_whole(ends, stations, limit=4.5)
        assert reach.nearest()["facility_id"].tolist() == ["s", "s", ""]
        assert reach.covered().tolist() == [True, True, False]
        assert len(reach.within()) == 3
        assert Table(frame).k_nearest(ends, stations, 2)["cost"].tolist() == [4.5, 4.5, 2.0, 7.0]
    with pytest.raises(ValueError, match="not in the table"):
        Table(wide).reach_whole(pd.DataFrame({"id": ["x"]}), stations, limit=1)
    with pytest.raises(ValueError, match="negative"):
        Table(-wide).reach_whole(ends, stations, limit=1)


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(place, min_size=1, max_size=20), st.lists(place, min_size=1, max_size=10), st.randoms())
def test_order_of_rows_changes_nothing(demand: list, facilities: list, random) -> None:
    d, f = _points("d", demand), _points("f", facilities)
    turned_d = d.iloc[random.sample(range(len(d)), len(d))]
    turned_f = f.iloc[random.sample(range(len(f)), len(f))]
    first = StraightLine().reach_whole(d, f, limit=20_000_000)
    second = StraightLine().reach_whole(turned_d, turned_f, limit=20_000_000)
    pd.testing.assert_frame_equal(first.nearest(), second.nearest().loc[d["id"]])
    keys = ["demand_id", "facility_id"]
    pd.testing.assert_frame_equal(
        first.within().sort_values(keys, ignore_index=True), second.within().sort_values(keys, ignore_index=True)
    )


def test_both_engines_give_the_same_integers() -> None:
    """On 200,000 pairs in a town and far north; near a pole and the date line the plain engine is taken."""
    rng = np.random.default_rng(8)
    for lon, lat in ((101.7, 26.6), (24.9, 68.0), (-70.0, -33.0)):
        d = _points("d", list(zip(lon + rng.random(3_000), lat + rng.random(3_000), strict=True)))
        f = _points("f", list(zip(lon + rng.random(300), lat + rng.random(300), strict=True)))
        one, other = (StraightLine(compiled).reach_whole(d, f, 25_000_000) for compiled in (True, False))
        pd.testing.assert_frame_equal(one.within(), other.within())
        pd.testing.assert_frame_equal(one.nearest(), other.nearest())
    edge = StraightLine(compiled=True).reach_whole(
        _points("d", [(179.99, 0.0)]), _points("f", [(-179.99, 0.0)]), 5_000_000
    )
    assert len(edge.within()) == 1


def test_ties_go_to_the_smaller_id() -> None:
    same = pd.DataFrame({"id": ["b", "a"], "lon": [101.7, 101.7], "lat": [26.6, 26.6]})
    reach = StraightLine().reach_whole(_points("d", [(101.7, 26.61)]), same, limit=5_000_000)
    assert reach.nearest()["facility_id"].iloc[0] == "a"


def test_nobody_and_nothing() -> None:
    none = _points("f", [])
    reach = StraightLine().reach_whole(_points("d", [(101.7, 26.6)]), none, limit=5_000_000)
    assert reach.nearest_cost[0] == UNREACHABLE
    assert not reach.covered().any()
    assert reach.nearest()["facility_id"].iloc[0] == ""
    assert not len(StraightLine().reach_whole(_points("d", []), none, limit=1).demand_ids)


def test_what_a_reach_refuses() -> None:
    twice = pd.DataFrame({"id": ["a", "a"], "lon": [101.0, 102.0], "lat": [26.0, 26.0]})
    with pytest.raises(ValueError, match="not unique"):
        StraightLine().reach_whole(twice, twice, limit=1)
    lost = pd.DataFrame({"id": ["a"], "lon": [np.nan], "lat": [26.0]})
    with pytest.raises(ValueError, match="without coordinates"):
        StraightLine().reach_whole(lost, lost, limit=1)
    with pytest.raises(ValueError, match="limit"):
        StraightLine().reach_whole(_points("d", [(101, 26)]), _points("f", [(101, 26)]), limit=-1)
    ids = np.array(["a"], dtype=object)
    empty = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="row pointers"):
        Reach(ids, ids, 1, empty, empty, empty.astype(np.uint32), empty, empty.astype(np.uint32))


# ---- the doors for people: a limit has its unit, a place is one on Earth ----

HOME, STATION = _points("d", [(101.7, 26.6)]), _points("s", [(101.7, 26.645)])


def test_a_limit_in_words_is_the_limit_in_millimetres() -> None:
    one, other = StraightLine().reach(HOME, STATION, "5km"), StraightLine().reach(HOME, STATION, read_limit("5 公里"))
    assert one.limit == other.limit == 5_000_000
    assert one.covered().all()
    assert not StraightLine().reach(HOME, STATION, limit="4900m").covered().any()


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (5000, '限度没有写单位（现为“5000”）。写成带引号的 "5km"'),
        (5.0, "限度没有写单位（现为“5.0”）"),
        (0, "限度没有写单位（现为“0”）"),
        ("5", "限度的写法不对（现为“5”）"),
        ("0km", "限度的写法不对（现为“0km”）"),
        ("30min", "这里按距离计（现为“30min”）"),
        (None, "限度没有写单位"),
    ],
)
def test_a_limit_without_its_unit_is_refused(limit: Any, said: str) -> None:
    table = Table(pd.DataFrame({"s000": [1.0]}, index=["d000"]), unit="mm")
    for travel in (StraightLine(), table):
        with pytest.raises(OptionError) as told:
            travel.reach(HOME, STATION, limit=limit)
        assert said in str(told.value)


@pytest.mark.parametrize(
    ("lon", "lat", "said"),
    [
        (403_000.0, 2_934_000.0, "换算成经纬度（度）；投影坐标的米数不能直接用"),
        (26.6, 101.7, "经度和纬度写反了，对调两列"),
        (181.0, 26.0, "1 个点不是经纬度（现为“d000: 181, 26”）"),
    ],
)
def test_what_is_no_longitude_and_latitude_is_refused_with_words(lon: float, lat: float, said: str) -> None:
    lost = _points("d", [(lon, lat)])
    for asked in (
        lambda: StraightLine().reach(lost, STATION, "5km"),
        lambda: StraightLine().reach(STATION, lost, "5km"),
        lambda: StraightLine().k_nearest(lost, STATION, 1),
    ):
        with pytest.raises(DataError, match=re.escape(said)):
            asked()


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 9)), max_size=30), st.booleans())
def test_rows_are_those_of_a_sort_by_demand_facility_and_cost(pairs: list[tuple[int, int, int]], whole: bool) -> None:
    best = {(row, column): min(c for r, f, c in pairs if (r, f) == (row, column)) for row, column, _ in sorted(pairs)}
    row, column, cost = np.array(pairs, np.int64).reshape(-1, 3).T
    indptr, indices, costs = rows_of(row, column, cost if whole else cost.astype(float), 5)
    assert indptr.tolist() == [sum(r < at for r, _ in best) for at in range(6)]
    assert list(zip(indices.tolist(), costs.tolist(), strict=True)) == [(f, c) for (_, f), c in best.items()]
    assert (indptr.dtype, indices.dtype, costs.dtype) == (np.int64, np.int64, np.uint32 if whole else np.float64)
