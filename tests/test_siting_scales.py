"""What units must not change: small and large weights; fronts of whole millimetres; numbers that are none; lost demands."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import SitingError
from planner.siting import best, capacitated, front, median
from planner.siting.best import k_best, lexicographic
from planner.siting.highs import solve as solved
from planner.siting.instance import Instance
from planner.siting.models import explained, solve
from planner.siting.question import Limits, Question
from tests.examples import examples
from tests.siting_brute import brute, instance, open_sets, questions, worth

LIMITS = Limits(seconds=20)
MODELS = ("p-median", "mclp", "backup")
FEW = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def uneven(draw: st.DrawFn, model: str) -> Instance:
    """A small question with weights that are not whole, so that hardly two plans are as good."""
    case, rng = draw(questions(model)), np.random.default_rng(draw(st.integers(0, 10**6)))
    asked = replace(case.question, p=draw(st.integers(0, int(case.counted.sum()))), quotas=(), apart=(), budget=None)
    return replace(case, question=asked, weight=case.weight * (1 + rng.random(len(case.weight))))


@pytest.mark.parametrize("by_solver", [False, True])
@pytest.mark.parametrize("model", MODELS)
@FEW
@given(data=st.data())
def test_the_scale_of_weights_changes_no_plan(model: str, by_solver: bool, data: st.DataObject) -> None:
    case, chosen = data.draw(uneven(model)), set()
    for scale in (1e-6, 1.0, 1e6):
        here = replace(case, weight=case.weight * scale, site_cost=case.site_cost * scale)
        with pytest.MonkeyPatch.context() as patch:
            if by_solver:  # the solver ends what the root bound left
                patch.setattr(median, "_A_NODE", 10**6)
            plan = solve(here, LIMITS) if by_solver else lexicographic(here, LIMITS, solve)
        worths = [one for opened in open_sets(here) if (one := worth(here, opened)) is not None]
        if not worths:
            assert plan.status == "infeasible"
            return
        most = max(worths) if model != "p-median" else min(worths)
        assert plan.status == "optimal"
        assert plan.objective == pytest.approx(most, rel=1e-9, abs=0)
        chosen.add(plan.chosen)
    near = [one for one in worths if abs(one - most) <= 1e-9 * abs(most)]
    assert len(chosen) == 1 or len(near) > 1


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 1.0])
def test_a_ranking_of_small_values_is_in_order(scale: float) -> None:
    rng = np.random.default_rng(3)
    case = instance(Question("p-median", p=2), rng.integers(1, 60, (12, 8)).tolist(), (rng.random(12) * scale).tolist())
    every = sorted(one for opened in open_sets(case) if (one := worth(case, opened)) is not None)
    assert [plan.objective for plan in k_best(case, LIMITS, 6, solve)] == pytest.approx(every[:6], rel=1e-9, abs=0)
    assert not best.same(scale * 1e-9, scale * 2e-9)


@pytest.mark.parametrize("scale", [1e-7, 1e-5, 1.0, 1e5])
def test_medians_and_covers_of_small_weights_by_the_solver(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger random tables: the solver is given what the root leaves."""
    monkeypatch.setattr(median, "_A_NODE", 10**6)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        costs, weights = rng.integers(1, 60, (30, 12)).astype(object), rng.random(30)
        nearest = instance(Question("p-median", p=4), costs.tolist(), (weights * scale).tolist())
        costs[rng.random((30, 12)) > 0.25] = None
        backup = instance(Question("backup", p=4, backup_weight=0.3), costs.tolist(), (weights * scale).tolist())
        for case in (nearest, backup):
            plan = solve(case, LIMITS)
            value, _ = brute(case)
            assert plan.status == "optimal"
            assert plan.objective == pytest.approx(value, rel=1e-9, abs=0)


def test_a_front_of_millimetres_takes_as_many_searches_as_points(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    here, there = rng.integers(0, 60_000_000, (60, 2)), rng.integers(0, 60_000_000, (12, 2))
    far = np.rint(np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)))
    weights = rng.integers(100, 20_000, 60).tolist()
    time_first = instance(Question("p-median", p=4), far.tolist(), weights)
    within = [[cost if cost < 15_000_000 else None for cost in row] for row in far.tolist()]
    cover_first = instance(Question("mclp", p=4), within, weights)
    assert 1e11 < worth(time_first, (0, 1, 2, 3)) < 1e14  # type: ignore[operator]
    searches, counted = [0], front._least

    def count(*given: object) -> object:
        searches[0] += 1
        return counted(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(front, "_least", count)
    one = front.pareto(time_first, cover_first, LIMITS)
    assert 0 < searches[0] < 60
    other = front.pareto(cover_first, time_first, LIMITS)
    assert len(one) > 2
    assert [point.chosen for point in one] == [point.chosen for point in other][::-1]
    assert all(point.proven for point in one)
    monkeypatch.setattr(front, "_small", lambda *given: None)
    searches[0] = 0
    assert [point.chosen for point in front.pareto(time_first, cover_first, LIMITS)] == [point.chosen for point in one]
    assert searches[0] < 60


def test_a_front_needs_the_same_site_costs() -> None:
    case = instance(Question("p-median", p=1), [[1, 2]], [1])
    other = replace(case.asking(Question("mclp", p=1)), site_cost=np.array([1.0, 0.0]))
    with pytest.raises(SitingError, match="站点费用"):
        front.pareto(case, other, LIMITS)


@pytest.mark.parametrize(
    ("asked", "sites"),
    [
        ({}, {"cost": [np.inf, 1.0]}),
        ({}, {"min_load": [np.inf, 1.0]}),
        ({"budget": float("nan")}, {}),
        ({"budget": float("inf")}, {}),
        ({"budget": -1.0}, {}),
    ],
)
def test_numbers_that_are_none_are_refused(asked: dict[str, float], sites: dict[str, list[float]]) -> None:
    with pytest.raises(SitingError, match="不小于 0 的数"):
        instance(Question("capacitated", p=1, **asked), [[1, 2]], [1], pd.DataFrame({"id": ["", ""], **sites}))  # type: ignore[arg-type]


def test_a_share_of_very_many_is_kept_to_the_unit() -> None:
    weights = [2_999_999_999.0, 1.0]
    case = instance(Question("lscp", share=0.9999999999), [[1, None], [None, 1]], weights)
    assert solve(case, LIMITS).chosen == ("s00", "s01")


def test_the_cheapest_service_is_given_what_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def noted(program: object, limits: Limits, start: object = None) -> object:
        given.append(limits.seconds)
        return solved(program, limits, start)  # type: ignore[arg-type]

    monkeypatch.setattr(capacitated, "solve", noted)
    begin = time.monotonic()
    assert (
        solve(instance(Question("capacitated", p=1), [[1, 2], [2, 1]], [1, 1]), Limits(seconds=3)).status == "optimal"
    )
    assert time.monotonic() - begin < 3
    assert max(given) <= 3


@pytest.mark.parametrize("model", ["p-median", "p-center", "lscp", "capacitated"])
def test_who_is_out_of_reach_is_told_what_helps(model: str) -> None:
    sites = pd.DataFrame({"status": ["candidate", "forbidden"]})
    asked = Question(model, p=None if model == "lscp" else 1)  # type: ignore[arg-type]
    case = instance(asked, [[1, 1], [None, 2], [None, None]], [1, 1, 1], sites)
    clash = explained(solve(case, LIMITS)).clash
    assert clash is not None
    assert clash.ids == ("d01", "d02")
    assert clash.rule.zh == "2 个需求点没有任何候选点够得着（其中 1 个只有禁选的站点够得着）：d01、d02"
    assert "只求够得着的（--allow-unreachable）" in clash.change.zh
    assert "取消禁选" not in clash.change.zh  # that alone does not reach d02
    clash = explained(solve(instance(asked, [[1, 1], [None, 2]], [1, 1], sites), LIMITS)).clash
    assert clash is not None
    assert "取消禁选 s01" in clash.change.zh.split("；或者") or model != "lscp"
