"""p-center against trying every plan, with numba and without; what must not change the answer; known optima."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from planner.siting import center
from planner.siting.center import solve_p_center
from planner.siting.instance import Instance
from planner.siting.question import Limits, Question
from tests.reference.pmed import known_network, random_network, read_pmed
from tests.siting_brute import brute, instance, worth
from tests.test_siting_median import MANY, engine, often_in_reach, town  # noqa: F401


@MANY
@given(case=often_in_reach("p-center"))
def test_as_good_as_trying_every_plan(engine: Any, case: Instance) -> None:  # noqa: F811
    value, plans = brute(case)
    answer = solve_p_center(case, Limits())
    if value is None:
        assert answer.status == "infeasible"
        return
    assert answer.status == "optimal"
    assert answer.objective == answer.bound == value
    opened = np.flatnonzero(np.isin(case.site_ids, [*answer.chosen, *answer.background]))
    assert tuple(opened) in plans
    assert worth(case, tuple(opened)) == answer.objective


def test_a_larger_p_is_never_worse_and_a_scale_only_scales() -> None:
    case = town(80, 25, 1)
    last = np.inf
    for p in range(1, 12):
        asked = case.asking(Question("p-center", p=p))
        answer = solve_p_center(asked, Limits())
        assert answer.status == "optimal"
        assert answer.objective <= last
        assert solve_p_center(replace(asked, costs=asked.costs * 10), Limits()).objective == 10 * answer.objective
        last = answer.objective


def test_weights_and_twins_change_nothing() -> None:
    rng = np.random.default_rng(5)
    costs, weights = rng.integers(0, 99, (30, 9)).tolist(), rng.integers(0, 20, 30).tolist()
    ask = Question("p-center", p=3)
    whole = solve_p_center(instance(ask, costs, weights), Limits())
    assert solve_p_center(instance(ask, [*costs, costs[0]], [*weights, 1]), Limits()).objective == whole.objective
    assert solve_p_center(instance(ask, costs, [0] * 30), Limits()).objective == whole.objective


def test_without_reductions_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [town(60, 30, 4, seed).asking(Question("p-center", p=4)) for seed in range(6)]
    known = [solve_p_center(case, Limits()).objective for case in cases]
    monkeypatch.setattr(center, "_WIDEST", 0)
    assert [solve_p_center(case, Limits()).objective for case in cases] == known


@pytest.mark.parametrize("seed", range(8))
def test_networks_of_known_optimum(seed: int) -> None:
    text, _, center = known_network(4 + seed, seed)
    answer = solve_p_center(read_pmed(text, "p-center"), Limits())
    assert (answer.status, answer.objective) == ("optimal", center)


@pytest.mark.filterwarnings("ignore")  # PuLP tells spopt of its next version
def test_as_spopt_with_cbc() -> None:
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    case = town(60, 20, 4, 7).asking(Question("p-center", p=4))
    table = case.costs.reshape(60, 20).astype(float)
    peer = locate.PCenter.from_cost_matrix(table, p_facilities=4).solve(pulp.PULP_CBC_CMD(msg=False))
    assert solve_p_center(case, Limits()).objective == pytest.approx(pulp.value(peer.problem.objective))


def test_out_of_time_says_feasible_with_a_bound() -> None:
    case = read_pmed(random_network(400, 10, 1), "p-center")
    solve_p_center(town(10, 5, 2).asking(Question("p-center", p=2)), Limits())
    begin = time.monotonic()
    answer = solve_p_center(case, Limits(seconds=0.02))
    assert time.monotonic() - begin < 2
    assert answer.status == "feasible"
    better = solve_p_center(case, Limits())
    assert better.status == "optimal"
    assert answer.bound <= better.objective <= answer.objective
