"""A road that is contracted answers as one that is searched, to the integer: one-way streets, closures, speeds, turns."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import dijkstra

from planner import contraction, search
from planner.contraction import Topology, order_of
from planner.network import RoadGraph, graph_of_edges
from planner.road import Road
from planner.search import Search, Seeds


def _town(rng: np.random.Generator, size: int = 60) -> RoadGraph:
    """A made town with one-way streets, roads of two classes, private ones and an island."""
    tail, head = rng.integers(0, size - 5, (2, 2 * size))
    tail, head = np.append(tail, [size - 2, size - 4]), np.append(head, [size - 1, size - 3])
    edges = len(tail)
    return graph_of_edges(
        lon=rng.uniform(101.6, 101.8, size), lat=rng.uniform(26.5, 26.7, size), tail=tail, head=head,
        forward=rng.random(edges) < 0.8, backward=rng.random(edges) < 0.8, through=rng.random(edges) < 0.9,
        road_class=np.array(rng.choice(["primary", "track"], edges), object),
    )  # fmt: skip


def _points(rng: np.random.Generator, letter: str, count: int) -> pd.DataFrame:
    lon, lat = rng.uniform(101.55, 101.85, count), rng.uniform(26.45, 26.75, count)
    return pd.DataFrame({"id": [f"{letter}{at:03d}" for at in range(count)], "lon": lon, "lat": lat})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("limit", [2**32 - 2, 9_000_000, 0])
def test_a_contracted_road_answers_as_a_searched_one(monkeypatch: Any, seed: int, limit: int) -> None:
    monkeypatch.setattr(search, "_MANY_SOURCES", 0)
    monkeypatch.setattr(search, "_LARGE_PART", 0.0)
    rng = np.random.default_rng(seed)
    graph, people, sites = _town(rng), _points(rng, "d", 80), _points(rng, "s", 20)
    ways: list[dict[str, Any]] = [
        {},
        {"direction": "to"},
        {"speeds": {"primary": 40.0}, "delay_s": 60.0},
        {"closed": frozenset({"3", "8"})},
    ]
    for way in ways:
        told = Road(graph, engine="compiled", max_snap_m=5_000, **way).reach_whole(people, sites, limit)
        asked = Road(graph, engine="scipy", max_snap_m=5_000, **way).reach_whole(people, sites, limit)
        for name in ("indptr", "indices", "costs", "nearest_index", "nearest_cost"):
            one, other = getattr(told, name), getattr(asked, name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def test_speeds_and_closures_share_one_order() -> None:
    graph = _town(np.random.default_rng(1))
    order_of.cache_clear()
    roads = (
        Road(graph, engine="compiled"),
        Road(graph, engine="compiled", speeds={"track": 9.0}),
        Road(graph, engine="compiled", direction="to"),
    )
    found = [one.search.contraction for one in roads]
    assert all(one is not None and one.order is found[0].order for one in found)  # type: ignore[union-attr]
    assert order_of.cache_info().misses == 1


def test_the_question_alone_decides_whether_a_graph_is_contracted() -> None:
    size = 40
    line, yes = np.arange(size - 1), np.ones(size - 1, bool)
    street = Search(np.arange(float(size)), np.zeros(size), line, line + 1, np.full(size - 1, 10), yes, yes, "compiled")
    many, few = (Seeds(np.arange(count), np.zeros(count, np.int64), np.arange(count), count) for count in (40, 15))
    assert street.contracts(many, 2**32 - 2)
    assert not street.contracts(many, 20)
    assert not street.contracts(few, 2**32 - 2)


def test_a_tangle_is_searched_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contraction, "_MOST_UP_ARCS", 2)
    tail, head = np.random.default_rng(4).integers(0, 40, (2, 300))
    yes, place = np.ones(300, bool), np.arange(40.0)
    order_of.cache_clear()
    assert order_of(Topology(tail, head, place.astype(np.uint32))) is None
    tangle = Search(place, place[::-1], tail, head, np.full(300, 7), yes, yes, "compiled")
    many = Seeds(np.arange(40), np.zeros(40, np.int64), np.arange(40), 40)
    assert not tangle.contracts(many, 2**32 - 2)
    with pytest.raises(ValueError, match="tangled"):
        tangle.table(many, (np.arange(1), np.arange(1), np.zeros(1, np.int64)), 1)
    order_of.cache_clear()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_larger_graph_is_contracted_as_scipy_searches_it(threads: int) -> None:
    rng = np.random.default_rng(9)
    size = 1500
    tail, head, cost = (
        rng.integers(0, size, 2 * size),
        rng.integers(0, size, 2 * size),
        rng.integers(0, 10**6, 2 * size),
    )
    ways = rng.random((2, 2 * size)) < 0.9
    graph = Search(rng.random(size), rng.random(size), tail, head, cost, *ways, "compiled")
    nodes, goals = np.sort(rng.choice(size, 37)), rng.choice(size, 200)
    seeds = Seeds(nodes, np.zeros(37, np.int64), np.arange(37), 37)
    table = graph.table(seeds, (np.arange(200), goals, np.zeros(200, np.int64)), 200, threads)
    found = dijkstra(graph._matrix, indices=nodes)[:, goals].T
    np.testing.assert_array_equal(table, np.where(np.isfinite(found), found, 2**32 - 1))
