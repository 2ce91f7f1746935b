"""The proofs alone: starts and rounding made bad, so that branching, settling and bounds must find and prove the optimum."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.siting import center, cover, cover_bound, median
from planner.siting.best import partition
from planner.siting.cover import worths
from planner.siting.cover_bound import Aim, Plan, planned
from planner.siting.instance import Instance
from planner.siting.median import Best, Effort, first_price, plan_of, priced, solve_p_median
from planner.siting.median_problem import Median, Positions, least_of, median_of, narrowed
from planner.siting.models import solve
from planner.siting.question import Limits, Question, Quota
from planner.siting.siting import Siting
from tests.siting_brute import instance, table, worth

LIMITS = Limits(seconds=20)


def full(model: str, seed: int, p: int, *, float_weights: bool = False, **rules: Any) -> Instance:
    """A random table without any geometry, 34 × 14: neither greed nor swaps nor a root bound settle it."""
    rng = np.random.default_rng(seed)
    weights = rng.random(34) if float_weights else rng.integers(1, 20, 34)
    costs = rng.integers(1, 60, (34, 14)).astype(object)
    if model in ("mclp", "backup"):
        costs[rng.random((34, 14)) > 0.22] = None
    question = Question(model, p=p, **rules)  # type: ignore[arg-type]
    return instance(question, costs.tolist(), weights.tolist(), pd.DataFrame({"group": list("ab") * 7}))


def tried(case: Instance) -> float:
    """The optimum by trying every plan of p sites (and quotas)."""
    costs, values = table(case), []
    for opened in map(list, combinations(range(len(case.site_ids)), case.question.p or 0)):
        done = case.site_rules[0][:, opened].sum(axis=1)
        if (done < case.site_rules[1]).any() or (done > case.site_rules[2]).any():
            continue
        near = costs[:, opened].min(axis=1)
        if case.question.model == "mclp":
            values.append(-float(case.weight[np.isfinite(near)].sum()))
        else:
            values.append(float(case.weight @ near))
    return abs(min(values))


def worst_start(median: Median) -> Positions:
    """Of a few plans the one that costs most."""
    rng = np.random.default_rng(0)
    plans = [plan_of(median, rng.permutation(len(median.fee))[: median.pick]) for _ in range(20)]
    return max((one for one in plans if median.rules.keeps(one.opened)), key=lambda one: one.value).opened


@pytest.fixture
def bad_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No swaps, a bad first plan, few rounds at a weak step, no solver at the end: branching has to do it."""
    for module in (median, median, center):
        monkeypatch.setattr(module, "interchanged", lambda problem, opened, ends: plan_of(problem, opened))
    for module in (median, center):
        monkeypatch.setattr(module, "greedy", lambda problem, ends: worst_start(problem))
    monkeypatch.setattr(median, "_SOLVABLE", 0)
    monkeypatch.setattr(median, "_ROOT", Effort(25, 1.0, 20))
    monkeypatch.setattr(median, "AGAIN", Effort(10, 0.25, 20))
    monkeypatch.setattr(median, "_NODE", Effort(6, 0.5, 8))
    monkeypatch.setattr(cover, "swapped", lambda covers, plan, ends: plan)
    monkeypatch.setattr(cover, "greedy", lambda covers, count: planned(covers, np.arange(count)))
    monkeypatch.setattr(cover_bound, "_rounded", lambda covers, often, count, ends: Plan(np.zeros(0, np.int64), 0.0))
    monkeypatch.setattr(cover, "_AT_FIRST", 12)
    monkeypatch.setattr(cover, "_LATER", 6)


QUOTAS: tuple[dict[str, Any], ...] = ({}, {"quotas": (Quota("a", 0, 1),)}, {"quotas": (Quota("b", 3, None),)})


@pytest.mark.parametrize("rules", QUOTAS)
@pytest.mark.parametrize("seed", range(8))
def test_a_median_is_branched_to_the_optimum(bad_starts: None, seed: int, rules: dict[str, Any]) -> None:
    case = full("p-median", seed, 4, **rules)
    answer = solve_p_median(case, LIMITS)
    assert (answer.status, answer.objective) == ("optimal", tried(case))


@pytest.mark.parametrize("seed", range(8))
def test_what_branching_leaves_the_solver_ends(bad_starts: None, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(median, "_SOLVABLE", 10**6)
    monkeypatch.setattr(median, "_A_NODE", 10**6)
    case = full("p-median", seed, 4, **QUOTAS[seed % 3])
    answer = solve_p_median(case, LIMITS)
    assert (answer.status, answer.objective) == ("optimal", tried(case))


@pytest.mark.parametrize("seed", range(12))
def test_radii_keep_what_a_better_plan_pays(seed: int) -> None:
    """Against a plan that is worse by one unit, the solver is given little more than the optimum needs, and finds it."""
    case = full("p-median", seed, 4)
    whole, least = median_of(case), tried(case)
    start = plan_of(whole, worst_start(whole))
    root = narrowed(whole, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert root is not None
    best = Best(whole.sites[start.opened], least + 1, 1.0, 0.0)
    found = priced(root, first_price(root, start), best.value, Effort(300, 1.0, 20), best.enough, np.inf)
    if found.bound >= best.enough:
        return  # the root proves it
    small = narrowed(root, *median._decided(root, found, best))
    assert small is not None
    if len(small.base) == 0 or least_of(small) >= best.enough:
        return  # nothing is left to the solver
    steps = median._steps(root, small, found, best)
    assert steps is not None
    assert median._solved(small, steps, best, found.bound, LIMITS, np.inf)[0].value == least


@pytest.mark.parametrize("rules", QUOTAS)
@pytest.mark.parametrize("seed", range(4))
def test_the_bound_of_a_stopped_median_holds(
    bad_starts: None, monkeypatch: pytest.MonkeyPatch, seed: int, rules: dict[str, Any]
) -> None:
    """The clock of the search never moves on: it ends after so many nodes instead."""
    case = full("p-median", seed, 4, **rules)
    whole, least = median_of(case), tried(case)
    start = plan_of(whole, worst_start(whole))
    for nodes in (1, 2, 5, 20):
        known = Best(whole.sites[start.opened], start.value, 1.0, 0.0)
        monkeypatch.setattr(median, "_NO_END", nodes)
        answer = median.searched(whole, known, LIMITS, np.inf)
        assert answer.bound <= least <= answer.best.value


@pytest.mark.parametrize("seed", range(16))
def test_covers_are_branched_to_the_optimum(bad_starts: None, seed: int) -> None:
    case = full("mclp", seed, 4, float_weights=seed % 2 == 1)
    answer = solve(case, LIMITS)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(tried(case), rel=1e-12)


@pytest.mark.parametrize("seed", range(16))
def test_what_bounds_settle_no_better_plan_breaks(seed: int) -> None:
    """Of every plan worth enough, the columns settled as open are all in it and those settled as shut are not."""
    case = full("mclp", seed, 4)
    covers, _ = worths(case, 0.0)
    most = tried(case)
    aim = Aim(1.0, 0.0, np.inf)
    none = Plan(np.zeros(0, np.int64), 0.0)
    found = cover_bound.priced(covers, 4, covers.weight, none, aim, 400)
    assert found.bound >= most
    for need in (most - 6, most - 3, most):
        opened, shut = cover_bound.settled(found, 4, need)
        for columns in map(np.array, combinations(range(covers.columns), 4)):
            if planned(covers, columns).value >= need:
                assert set(np.flatnonzero(opened)) <= set(columns)
                assert not shut[columns].any()


def stopped(every: int) -> Any:
    """A solver by trying every plan that often stops: then it tells a poor plan, or none, and a bound that holds."""
    calls = [0]

    def answer(case: Instance, limits: Limits) -> Siting:
        calls[0] += 1
        plan = solve(case, limits)
        if calls[0] % every or plan.status != "optimal":
            return plan
        return replace(plan, status="unknown", objective=np.nan, bound=plan.bound - 1.0, chosen=(), background=())

    return answer


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_called_best_where_a_stopped_part_may_hold_a_better(seed: int) -> None:
    case = instance(
        Question("p-median", p=2),
        np.random.default_rng(seed).integers(1, 30, (8, 6)).tolist(),
        np.random.default_rng(seed).integers(1, 9, 8).tolist(),
    )
    every = sorted(value for pair in combinations(range(6), 2) if (value := worth(case, pair)) is not None)
    for often in (2, 3, 5):
        plans = partition(case, LIMITS, 8, stopped(often))
        for place, plan in enumerate(plans):
            assert plan.bound <= every[place]
