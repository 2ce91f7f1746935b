"""Both engines against networkx on the same integers: one-way streets, parallel edges, loops, islands, zero lengths, ties."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.search import FAR, NEVER, Search, Seeds
from tests.examples import examples

ENGINES = ("compiled", "scipy")


@st.composite
def problems(draw):
    """Draw a small graph with every nasty thing in it, seeds of some facilities, and a limit that often is hit exactly."""
    size = draw(st.integers(1, 12))
    node = st.integers(0, size - 1)
    edges = draw(st.lists(st.tuples(node, node, st.integers(0, 6), st.booleans(), st.booleans()), max_size=30))
    facilities = draw(st.integers(1, 5))
    seeds = sorted(
        draw(st.lists(st.tuples(st.integers(0, facilities - 1), node, st.integers(0, 5)), max_size=10)),
        key=lambda one: one[0],
    )
    order = draw(st.permutations(range(len(edges))))
    return size, edges, facilities, seeds, draw(st.integers(0, 15)), order


def _search(size, edges, engine) -> Search:
    rng = np.random.default_rng(size)
    tail, head, cost, forward, backward = (np.array([one[at] for one in edges]) for at in range(5))
    whole = (tail.astype(np.int64), head.astype(np.int64), cost.astype(np.int64))
    return Search(rng.random(size), rng.random(size), *whole, forward.astype(bool), backward.astype(bool), engine)


def _seeds(seeds, facilities) -> Seeds:
    facility, node, cost = (np.array([one[at] for one in seeds], dtype=np.int64) for at in range(3))
    return Seeds(node, cost, facility, facilities)


def _costs(size, edges, seeds, facilities) -> np.ndarray:
    """Return costs[facility, node] by networkx, 10⁹ where there is no way."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(size))
    for tail, head, cost, forward, backward in edges:
        if forward:
            graph.add_edge(tail, head, weight=cost)
        if backward:
            graph.add_edge(head, tail, weight=cost)
    out = np.full((facilities, size), 10**9)
    for facility, node, start in seeds:
        for to, cost in nx.single_source_dijkstra_path_length(graph, node).items():
            out[facility, to] = min(out[facility, to], start + cost)
    return out


@settings(max_examples=examples(60), deadline=None)
@given(problems(), st.sampled_from([0, 2**31 - 3, 2**32 - 9]))
def test_a_contraction_tells_what_networkx_tells(problem, more) -> None:
    """`more` lengthens every leg, so that sums come near the largest cost and beyond it."""
    size, edges, facilities, seeds, limit, _ = problem
    search, asked = _search(size, edges, "compiled"), _seeds(seeds, facilities)
    ways = _costs(size, edges, seeds, facilities)
    twice = np.repeat(np.arange(size), 2)
    legs = twice, twice, np.tile([more + limit, more], size)
    table = search.table(asked, legs, size)
    whole = np.where(ways < 10**9, np.minimum(ways + more, NEVER), NEVER)
    assert (table == whole.T).all()
    assert (table == search.table(asked, legs, size, threads=2)).all()
    nodes = np.arange(size)[::-2]
    assert (search.nearest_at(asked, nodes) == search.nearest(asked)[nodes]).all()


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=examples(400), deadline=None)
@given(problems())
def test_equal_to_networkx(engine, problem) -> None:
    size, edges, facilities, seeds, limit, order = problem
    costs = _costs(size, edges, seeds, facilities)
    search = _search(size, edges, engine)
    keys = search.nearest(_seeds(seeds, facilities))
    for node in range(size):
        best = costs[:, node].min()
        expected = FAR if best == 10**9 else np.uint64((int(best) << 32) | int(costs[:, node].argmin()))
        assert keys[node] == expected
    for count in (1, 2, 3):
        several = search.k_nearest(_seeds(seeds, facilities), count)
        for node in range(size):
            ways = sorted((int(c) << 32) | f for f, c in enumerate(costs[:, node].tolist()) if c < 10**9)[:count]
            assert several[node].tolist() == ways + [int(FAR)] * (count - len(ways))
    starts, nodes, reached = search.within(_seeds(seeds, facilities), limit)
    got = [
        dict(zip(nodes[low:high].tolist(), reached[low:high].tolist(), strict=True)) for low, high in pairwise(starts)
    ]
    assert got == [{n: c for n, c in enumerate(row.tolist()) if c <= limit} for row in costs]
    assert len(nodes) == sum(len(row) for row in got)
    turned = _search(size, [edges[at] for at in order], engine)
    assert (turned.nearest(_seeds(seeds, facilities)) == keys).all()


def _town(size: int, seed: int) -> tuple[Search, Seeds]:
    rng = np.random.default_rng(seed)
    x, y = rng.random(size), rng.random(size)
    tail = rng.integers(0, size, 2 * size)
    near = np.argsort(np.abs(x[:, None] - x[None, :]) + np.abs(y[:, None] - y[None, :]), axis=1)
    head = near[tail, rng.integers(1, 6, 2 * size)]
    yes = np.ones(len(tail), bool)
    search = Search(x, y, tail, head, rng.integers(0, 1000, len(tail)), yes, rng.random(len(tail)) < 0.9, "compiled")
    node = np.sort(rng.choice(size, 40, replace=False))
    return search, Seeds(node, rng.integers(0, 50, 40), np.arange(40), 40)


def test_threads_change_nothing() -> None:
    search, seeds = _town(600, 3)
    one, four = search.within(seeds, 4000), search.within(seeds, 4000, threads=4)
    for left, right in zip(one, four, strict=True):
        assert (left == right).all()


@pytest.mark.parametrize("width", [1, 7, 1000, 10**9])
def test_the_width_of_bands_changes_nothing(width: int) -> None:
    from planner import kernels

    search, seeds = _town(600, 4)
    _, new_of, starts, arcs = search._packed
    key = (seeds.cost.astype(np.uint64) << np.uint64(32)) | seeds.facility.astype(np.uint64)
    keys = kernels.nearest_keys(starts, arcs, new_of[seeds.node], key, width)[new_of]
    assert (keys == search.nearest(seeds)).all()


def test_a_cost_beyond_the_range_is_no_way() -> None:
    far = np.array([2**32 - 2, 2**32 - 2])
    yes = np.ones(2, bool)
    for engine in ENGINES:
        search = Search(np.arange(3.0), np.zeros(3), np.array([0, 1]), np.array([1, 2]), far, yes, yes, engine)
        keys = search.nearest(Seeds(np.array([0]), np.array([0]), np.array([0]), 1))
        assert list(keys) == [0, np.uint64((2**32 - 2) << 32), FAR]


def test_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="sorted"):
        Seeds(np.array([0, 0]), np.array([0, 0]), np.array([1, 0]), 2)
    with pytest.raises(ValueError, match="each"):
        Seeds(np.array([0, 0]), np.array([0]), np.array([0]), 1)
    with pytest.raises(ValueError, match="more than"):
        Seeds(np.array([0]), np.array([0]), np.array([0]), 2**21)


def test_no_nodes_and_no_seeds() -> None:
    empty = np.zeros(0, np.int64)
    none = Seeds(empty, empty, empty, 0)
    for engine in ENGINES:
        search = Search(np.zeros(2), np.zeros(2), empty, empty, empty, empty.astype(bool), empty.astype(bool), engine)
        assert list(search.nearest(none)) == [FAR, FAR]
        assert list(search.prepare().within(none, 5)[0]) == [0]


@pytest.mark.parametrize("engine", ENGINES)
def test_seeds_that_are_bettered_before_their_turn_wait_once(engine) -> None:
    # Long arcs from the first seed better all others while they wait: more entries than nodes would not fit.
    count = 1000
    tail = np.r_[np.zeros(count - 1, int), np.zeros(20 * count, int)]
    head = np.r_[np.arange(1, count), np.zeros(20 * count, int)]
    cost = np.r_[np.full(count - 1, 1000), np.ones(20 * count, int)]
    yes, no = np.ones(len(tail), bool), np.zeros(len(tail), bool)
    search = Search(np.arange(count) * 1.0, np.zeros(count), tail, head, cost, yes, no, engine)
    seeds = Seeds(np.arange(count), np.r_[0, np.full(count - 1, 5000)], np.arange(count), count)
    keys = search.nearest(seeds)
    assert (keys >> np.uint64(32)).tolist() == [0] + [1000] * (count - 1)
    assert (keys & np.uint64(2**32 - 1)).max() == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_costs_beyond_the_largest_are_no_way(engine) -> None:
    never = 2**32 - 1
    ends = np.array([0, 1, 2]), np.array([1, 2, 3])
    yes, no = np.ones(3, bool), np.zeros(3, bool)
    search = Search(np.arange(4) * 1.0, np.zeros(4), *ends, np.array([never - 2, 1, 2**33 + 5]), yes, no, engine)
    seeds = Seeds(np.array([0, 3]), np.array([0, 2**33]), np.array([0, 1]), 2)
    keys = search.nearest(seeds)
    assert [int(key >> np.uint64(32)) for key in keys[:3]] == [0, never - 2, never - 1]
    assert keys[3] == FAR
    assert search.k_nearest(seeds, 2)[3].tolist() == [FAR, FAR]
    further = Search(search.x, search.y, *ends, np.array([never - 2, 2, 5]), yes, no, engine)
    assert (further.nearest(seeds) == FAR).tolist() == [False, False, True, True]
