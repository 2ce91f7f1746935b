"""p-median against trying every plan, compiled and by arrays; what must not change the answer; known optima."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from planner.siting import median_problem
from planner.siting.instance import Instance
from planner.siting.median import solve_p_median
from planner.siting.models import explained
from planner.siting.question import Limits, Question, Quota
from tests.examples import examples
from tests.reference.pmed import known_network, random_network, read_pmed
from tests.siting_brute import brute, instance, questions, worth

MANY = settings(
    max_examples=examples(500),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@pytest.fixture(params=[True, False], ids=["compiled", "arrays"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(median_problem, "_SMALL", -1 if request.param else 10**12)
    return request.param


def town(demands: int, sites: int, p: int, seed: int = 0, **rules: Any) -> Instance:
    """Points in a square: straight metres, whole weights."""
    rng = np.random.default_rng(seed)
    here, there = rng.integers(0, 10_000, (demands, 2)), rng.integers(0, 10_000, (sites, 2))
    far = np.rint(np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)))
    frame = pd.DataFrame({"group": rng.choice(list("ab"), sites), "cost": rng.integers(1, 9, sites)})
    return instance(Question("p-median", p=p, **rules), far.tolist(), rng.integers(0, 50, demands).tolist(), frame)


@st.composite
def often_in_reach(draw: st.DrawFn, model: str) -> Instance:
    """Any small question; in half of them every site reaches everyone, so that many have a plan."""
    case, seed = draw(questions(model)), draw(st.none() | st.integers(0, 10**6))
    if seed is None:
        return case
    demands, sites = len(case.weight), len(case.site_ids)
    costs = np.random.default_rng(seed).integers(0, 12, demands * sites).astype(np.uint32)
    return replace(case, indptr=np.arange(demands + 1) * sites, indices=np.tile(np.arange(sites), demands), costs=costs)


@MANY
@given(case=often_in_reach("p-median"))
def test_as_good_as_trying_every_plan(engine: Any, case: Instance) -> None:
    value, plans = brute(case)
    answer = solve_p_median(case, Limits())
    if value is None:
        assert answer.status == "infeasible"
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(value)
    assert answer.bound <= answer.objective
    opened = np.flatnonzero(np.isin(case.site_ids, [*answer.chosen, *answer.background]))
    assert tuple(opened) in plans
    assert worth(case, tuple(opened)) == pytest.approx(answer.objective)


@pytest.mark.parametrize("seed", range(6))
def test_both_engines_and_every_row_order_give_one_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case, found = town(60, 20, 4, seed), []
    for compiled in (True, False, True):
        monkeypatch.setattr(median_problem, "_SMALL", -1 if compiled else 10**12)
        found.append(solve_p_median(case, Limits()))
    assert len({(one.chosen, one.objective, one.bound) for one in found}) == 1


def test_a_larger_p_is_never_worse_and_a_scale_only_scales() -> None:
    case = replace(town(80, 25, 1), site_cost=np.zeros(25))
    last = np.inf
    for p in range(1, 12):
        asked = case.asking(replace(case.question, p=p))
        answer = solve_p_median(asked, Limits())
        tenfold = solve_p_median(replace(asked, costs=asked.costs * 10), Limits())
        assert answer.status == tenfold.status == "optimal"
        assert answer.objective <= last
        assert tenfold.objective == pytest.approx(10 * answer.objective)
        last = answer.objective


def test_a_demand_split_in_two_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    costs, weights = rng.integers(0, 99, (30, 9)).tolist(), rng.integers(2, 20, 30).tolist()
    whole = solve_p_median(instance(Question("p-median", p=3), costs, weights), Limits())
    halves = solve_p_median(
        instance(Question("p-median", p=3), [*costs, costs[0]], [weights[0] - 1, *weights[1:], 1]), Limits()
    )
    assert whole.objective == halves.objective


@pytest.mark.parametrize("seed", range(8))
def test_networks_of_known_optimum(seed: int) -> None:
    text, median, _ = known_network(4 + seed, seed)
    answer = solve_p_median(read_pmed(text), Limits())
    assert (answer.status, answer.objective) == ("optimal", median)


def test_the_last_cost_of_an_edge_counts() -> None:
    case = read_pmed("3 4 1\n1 2 5\n2 3 7\n2 1 9\n1 3 100\n")
    assert solve_p_median(case, Limits()).objective == 16


@pytest.mark.parametrize(
    "rules",
    [
        {"quotas": (Quota("a", 3, 4), Quota("b", 0, 2))},
        {"budget": 21.0},
        {"apart": tuple((f"s{at:02d}", f"s{at + 1:02d}") for at in range(59))},
    ],
)
def test_rules_on_larger_towns_against_a_plain_model(rules: dict[str, Any]) -> None:
    case = town(120, 60, 5, 3, **rules)
    answer = solve_p_median(case, Limits())
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(plain(case))


def plain(case: Instance) -> float:
    """The textbook model, x and z, straight into the solver."""
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import csr_array, hstack, vstack

    pairs, width, demands = len(case.costs), len(case.site_ids), len(case.weight)
    rules, low, high = case.site_rules
    at = np.arange(pairs)
    serve = csr_array((np.ones(pairs), (case.row, at)), shape=(demands, pairs))
    link = hstack([csr_array((np.ones(pairs), (at, case.indices)), shape=(pairs, width)), -csr_array(np.eye(pairs))])
    matrix = vstack([
        hstack([rules, csr_array((len(low), pairs))]),
        hstack([csr_array((demands, width)), serve]),
        link,
    ])  # fmt: skip
    done = milp(
        np.concatenate([case.site_cost, case.weight[case.row] * case.costs]),
        constraints=LinearConstraint(
            matrix,
            np.concatenate([low, np.ones(demands), np.zeros(pairs)]),
            np.concatenate([high, np.ones(demands), np.full(pairs, np.inf)]),
        ),
        integrality=np.concatenate([np.ones(width), np.zeros(pairs)]),
        bounds=(0, 1),
    )
    return float(done.fun)


@pytest.mark.filterwarnings("ignore")  # PuLP tells spopt of its next version
def test_as_spopt_with_cbc() -> None:
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    case = replace(town(100, 30, 5, 7), site_cost=np.zeros(30))
    table = case.costs.reshape(100, 30).astype(float)
    peer = locate.PMedian.from_cost_matrix(table, case.weight, p_facilities=5).solve(pulp.PULP_CBC_CMD(msg=False))
    assert solve_p_median(case, Limits()).objective == pytest.approx(pulp.value(peer.problem.objective))


@pytest.mark.parametrize(("nodes", "p"), [(100, 5), (200, 67), (300, 10)])
def test_random_networks_are_proven(nodes: int, p: int, engine: Any) -> None:
    answer = solve_p_median(read_pmed(random_network(nodes, p, 10)), Limits())
    assert answer.status == "optimal"
    assert answer.gap <= 1e-6


def test_out_of_time_says_feasible_with_a_bound() -> None:
    case = read_pmed(random_network(400, 10, 1))
    solve_p_median(town(10, 5, 2), Limits())  # what is compiled is compiled
    begin = time.monotonic()
    answer = solve_p_median(case, Limits(seconds=0.02))
    assert time.monotonic() - begin < 2
    assert answer.status == "feasible"
    assert answer.bound < answer.objective
    assert answer.gap == pytest.approx((answer.objective - answer.bound) / answer.objective)
    better = solve_p_median(case, Limits())
    assert answer.bound <= better.objective <= answer.objective


def test_a_gap_that_is_allowed_is_kept() -> None:
    case = read_pmed(random_network(300, 5, 2))
    answer = solve_p_median(case, Limits(gap=0.05))
    best = solve_p_median(case, Limits()).objective
    assert answer.bound <= best <= answer.objective
    assert answer.gap <= 0.05


def test_what_cannot_be_is_told() -> None:
    far = [[1.0, None, None], [None, 2.0, None], [None, None, 3.0]]
    few = explained(solve_p_median(instance(Question("p-median", p=2), far, [1, 1, 1]), Limits()))
    assert few.status == "infeasible"
    assert few.clash is not None
    assert few.clash.change.zh == "把 p 改为 3"
    assert (
        few.clash.rule.zh == "个数 p = 2 与服务全部需求的要求不能同时满足：至少有 1 个需求点够不着任何开放站点，如 d00"
    )
    lost = explained(solve_p_median(instance(Question("p-median", p=1), [[1.0], [None]], [1, 1]), Limits()))
    assert lost.clash is not None
    assert lost.clash.ids == ("d01",)
    left_out = Question("p-median", p=1, allow_unreachable=True)
    assert solve_p_median(instance(left_out, [[1.0], [None]], [1, 1]), Limits()).objective == 1


def test_no_site_at_all_is_no_advice() -> None:
    sites = pd.DataFrame({"cost": [5, 5]})
    case = instance(Question("p-median", p=1, budget=0.0), [[1.0, 2.0]], [1], sites)
    answer = explained(solve_p_median(case, Limits()))
    assert answer.clash is not None
    assert answer.clash.change.zh == "把预算提高到 5"


def test_rules_are_priced_where_no_demand_is_left(engine: Any) -> None:
    """A fixed site serves the one demand best: quotas and site costs alone are then to be decided."""
    sites = pd.DataFrame({"status": ["candidate", "candidate", "fixed", "candidate"], "group": list("bbba")})
    asked = Question("p-median", p=3, allow_unreachable=True, quotas=(Quota("a", 0, None), Quota("b", 0, 2)))
    case = instance(asked, [[8.0, None, 4.0, None]], [5], sites.assign(cost=[1, 3, 0, 4]))
    answer = solve_p_median(case, Limits(seconds=20))
    assert (answer.status, answer.objective) == ("optimal", brute(case)[0])
