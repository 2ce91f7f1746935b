"""Questions of the size of a prefecture, on a small one: merged demands, one bound for many answers, the bounded front."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from planner.siting.best import classes, k_best
from planner.siting.front import pareto
from planner.siting.hull import large_front
from planner.siting.instance import Instance, instance_of
from planner.siting.merged import merged
from planner.siting.models import solve
from planner.siting.question import Limits, Model, Question, Quota
from planner.siting.rooted import as_asked, as_median, few_best, root_classes, root_of
from planner.siting.siting import nearest_open, open_positions
from planner.siting.small import small_first, value_of
from planner.travel import StraightLine

LIMITS = Limits()
SITES, DEMANDS = 14, 300


def city(seed: int, model: Model, limit: str, **rules: object) -> Instance:
    """Return a question of a made city, people on a few side roads, two hospitals in the background, one site forbidden."""
    rng = np.random.default_rng(seed)
    roads = rng.uniform([101, 26], [101.5, 26.5], (60, 2))
    places = np.round(roads[rng.integers(0, len(roads), DEMANDS)], 6)
    demand = pd.DataFrame({"id": [f"d{at:03}" for at in range(DEMANDS)], "lon": places[:, 0], "lat": places[:, 1]})
    at = rng.uniform([101, 26], [101.5, 26.5], (SITES, 2))
    status = ["background"] * 2 + ["forbidden"] + ["candidate"] * (SITES - 3)
    sites = pd.DataFrame({"id": [f"s{at:02}" for at in range(SITES)], "lon": at[:, 0], "lat": at[:, 1], "status": status,
                          "group": ["a", "b"] * (SITES // 2)})  # fmt: skip
    weights = pd.Series(rng.integers(1, 1000, DEMANDS).astype(float), index=demand["id"])
    reach = StraightLine().reach(demand, sites[["id", "lon", "lat"]], limit)
    question = Question(model, p=4, allow_unreachable=True, **rules)  # type: ignore[arg-type]
    return instance_of(question, reach, weights, sites[["id", "status", "group"]])


def by_programme(instance: Instance) -> float:
    """Return the least Σ weight × cost by the plainest programme: a variable for each pair."""
    sites, pairs = len(instance.site_ids), len(instance.costs)
    cost = np.concatenate([np.zeros(sites), instance.weight[instance.row] * instance.costs])
    served = np.zeros((len(instance.weight), sites + pairs))
    served[instance.row, sites + np.arange(pairs)] = 1
    linked = np.zeros((pairs, sites + pairs))
    linked[np.arange(pairs), instance.indices], linked[np.arange(pairs), sites + np.arange(pairs)] = -1, 1
    opened = np.concatenate([instance.counted.astype(float), np.zeros(pairs)])[None]
    lower = np.concatenate([instance.open_always.astype(float), np.zeros(pairs)])
    upper = np.concatenate([(instance.open_always | instance.counted).astype(float), np.ones(pairs)])
    found = milp(
        cost,
        integrality=(np.arange(sites + pairs) < sites).astype(int),
        bounds=Bounds(lower, upper),
        constraints=[
            LinearConstraint(served, 1, 1),
            LinearConstraint(linked, -np.inf, 0),
            LinearConstraint(opened, instance.question.p, instance.question.p),
        ],
    )
    return float(found.fun)


@pytest.mark.parametrize("seed", range(3))
def test_demands_of_one_kind_are_one_and_the_least_cost_is_that_of_the_plain_programme(seed: int) -> None:
    whole = city(seed, "p-median", "1000km")
    small = merged(whole, few=0)
    assert len(small.weight) <= 60
    assert len(small.costs) < len(whole.costs)
    found, plain = solve(small, LIMITS), solve(whole, LIMITS)
    assert found.objective == plain.objective == pytest.approx(by_programme(whole), rel=1e-9)
    assert (found.chosen, found.status, found.covered) == (plain.chosen, "optimal", plain.covered)


@pytest.mark.parametrize(("model", "limit"), [("p-median", "1000km"), ("mclp", "12km")])
def test_every_plan_is_worth_the_same_after_merging(model: Model, limit: str) -> None:
    whole = city(5, model, limit)
    small = merged(whole, few=0)
    assert len(small.weight) < len(whole.weight)
    assert small.weight.sum() == whole.weight.sum()
    for chosen in list(combinations(whole.free, 4))[::7]:
        opened = np.sort(np.append(chosen, np.flatnonzero(whole.open_always)))
        assert value_of(small, opened) == value_of(whole, opened)


def test_what_is_few_or_not_whole_is_left_as_it_is() -> None:
    whole = city(1, "p-median", "1000km")
    assert merged(whole) is whole
    part = replace(whole, weight=whole.weight / 3)
    assert merged(part, few=0) is part


RULES = ({}, {"quotas": (Quota("a", 3, 3),)}, {"apart": (("s04", "s05"), ("s06", "s07"))})


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(("model", "limit"), [("p-median", "1000km"), ("mclp", "12km"), ("mclp", "20km")])
def test_one_bound_tells_the_same_best_plans_and_classes(model: Model, limit: str, rules: dict[str, object]) -> None:
    for seed in range(4):
        whole = city(seed, model, limit, **rules)
        small, ask = merged(whole, few=0), small_first(solve)
        root = root_of(as_median(small), LIMITS)
        assert root is not None
        few = few_best(root, 5)
        assert few is not None
        plans, slow = [as_asked(small, plan) for plan in few], k_best(whole, LIMITS, 5, ask)
        assert [(one.objective, one.status) for one in plans] == [(one.objective, one.status) for one in slow]
        assert plans[0].chosen == slow[0].chosen
        table = root_classes(root, small, plans, 0.02).set_index("id")
        exact = classes(whole, LIMITS, ask, 0.02, slow[0], slow).set_index("id")
        sure = table["proven"].to_numpy(bool)
        assert sure.mean() > 0.7
        assert (table["class"] == exact["class"])[sure].all()
        assert (table["loss"] >= exact["loss"] - 1e-12).all()
        known = ~table["at_most"].to_numpy(bool)
        assert np.allclose(table["loss"][known], exact["loss"][known], atol=1e-9)


def test_the_bounded_front_holds_plans_of_the_front_and_bounds_that_no_plan_beats() -> None:
    for seed in range(6):
        cover, cost = city(seed, "mclp", "10km"), city(seed, "p-median", "1000km")
        best, most, root = solve(cost, LIMITS), solve(cover, LIMITS), root_of(cost, LIMITS)
        assert root is not None
        exact = pareto(cover, cost, LIMITS)
        points = large_front(cover, cost, [best, most], root)
        assert points[0].chosen == best.chosen
        assert points[0].proven
        assert not any(one.proven for one in points[1:])
        assert points[-1].first == most.objective
        for point in points:
            least = min(one.second for one in exact if one.first >= point.first)
            assert point.bound <= least * (1 + 1e-9)
            assert least <= point.second
            opened = open_positions(cost, point.chosen)
            assert (value_of(cover, opened), value_of(cost, opened)) == (point.first, point.second)


def test_the_front_of_one_plan_is_that_plan() -> None:
    cover, cost = (city(2, model, limit) for model, limit in (("mclp", "10km"), ("p-median", "1000km")))  # type: ignore[arg-type]
    all_of_them = SITES - 3
    cover, cost = (one.asking(replace(one.question, p=all_of_them)) for one in (cover, cost))
    assert root_of(cost, LIMITS) is None
    (point,) = large_front(cover, cost, [solve(cost, LIMITS), solve(cover, LIMITS)], None)
    assert point.proven
    assert len(point.chosen) == all_of_them


def test_the_nearest_open_site_is_the_least_cost_and_of_equals_the_first() -> None:
    whole = city(3, "p-median", "1000km")
    opened = np.array([0, 4, 9])
    where, cost = nearest_open(whole, opened)
    table = np.full((DEMANDS, SITES), np.inf)
    table[whole.row, whole.indices] = whole.costs
    assert (opened[table[:, opened].argmin(axis=1)] == where).all()
    assert (table[:, opened].min(axis=1) == cost).all()
