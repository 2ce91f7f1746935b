"""At any limit of time: a plan for every model, a bound that holds and is none where nothing is known, and no longer than asked."""

import time
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from benchmarks.siting_cover import plane
from planner import clock
from planner.siting import highs
from planner.siting.highs import Program
from planner.siting.instance import Instance
from planner.siting.models import solve
from planner.siting.question import Limits, Model, Question
from planner.siting.siting import sense
from tests.examples import examples
from tests.siting_brute import brute, instance, questions, worth

MANY = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
NO_TIME = Limits(seconds=0)


def wide(model: Model, sites: int, p: int | None, *, split: bool = True) -> Instance:
    """2,000 villages and so many sites, a fifth of them enough for all weight where loads are to be kept."""
    whole = plane("mclp", 2000, sites, 2000 * 30, p, 3)
    weight = whole.weight
    question = Question(model, p=p, split=split, allow_unreachable=True)
    most = np.full(sites, 5 * weight.sum() / sites) if model == "capacitated" else whole.max_load
    cost = np.ones(sites) if model == "lscp" else np.zeros(sites)
    return replace(whole, question=question, max_load=most, site_cost=cost)


@pytest.mark.parametrize("seconds", [0.0, 1.0])
@pytest.mark.parametrize(
    ("model", "p"),
    [("lscp", None), ("mclp", 30), ("backup", 30), ("p-median", 150), ("p-center", 150), ("capacitated", 150)],
)
def test_every_model_has_a_plan_at_any_limit(model: Model, p: int | None, seconds: float) -> None:
    """Capacitated with 250 sites had none after 3 s, and a bound of p-median read −3·10¹³."""
    case = wide(model, 250, p)
    begin = time.process_time()
    answer = solve(case, Limits(seconds))
    assert time.process_time() - begin < seconds + 12
    assert answer.status in ("optimal", "feasible")
    assert answer.uncovered == 0 or model in ("mclp", "backup")
    assert p is None or len(answer.chosen) == p
    if model in ("mclp", "backup"):
        assert answer.objective <= answer.bound <= 2 * case.weight.sum()
    else:
        assert 0 <= answer.bound <= answer.objective


@pytest.mark.parametrize("split", [True, False])
@MANY
@given(data=st.data())
def test_a_plan_under_loads_without_time_is_one(split: bool, data: st.DataObject) -> None:
    """Whatever greed finds keeps the rules and the loads, and is no better than the best."""
    case = data.draw(questions("capacitated", loads=True, split=split))
    best, _ = brute(case)
    answer = solve(case, NO_TIME)
    if best is None:
        assert answer.status in ("infeasible", "unknown")
        return
    if answer.status in ("optimal", "feasible"):
        opened = {*answer.chosen, *answer.background}
        value = worth(case, tuple(at for at, name in enumerate(case.site_ids) if name in opened))
        assert value is not None
        assert best - 1e-6 <= value <= answer.objective + 1e-6
        assert answer.bound <= best + 1e-6


@pytest.mark.parametrize("model", ["mclp", "p-median", "p-center", "backup", "lscp"])
@MANY
@given(data=st.data())
def test_bounds_hold_without_time(model: Model, data: st.DataObject) -> None:
    case = data.draw(questions(model))
    if model == "backup" and case.question.p is None:
        return
    best, _ = brute(case)
    answer = solve(case, NO_TIME)
    if best is None:
        assert answer.status in ("infeasible", "unknown")
    elif answer.status in ("optimal", "feasible"):
        way = sense(case)
        assert answer.bound * way <= best * way + 1e-9 <= answer.objective * way + 2e-9


@MANY
@given(data=st.data())
def test_a_smaller_share_is_no_harder(data: st.DataObject) -> None:
    """Share 1 of the reachable had a plan, and 0.9 of everyone had none."""
    case = data.draw(questions("lscp"))
    values = []
    for share in (1.0, 0.9, 0.5):
        question = replace(case.question, share=share, allow_unreachable=True)
        answer = solve(case.asking(question), Limits(20))
        values.append(np.inf if answer.status == "infeasible" else answer.objective)
    assert values == sorted(values, reverse=True)


def test_the_share_is_of_the_reachable_where_the_others_are_left_out() -> None:
    case = instance(Question("lscp", share=0.9), [[0, None], [None, None]], [1, 1])
    assert solve(case, Limits(5)).status == "infeasible"
    left = solve(case.asking(replace(case.question, allow_unreachable=True)), Limits(5))
    assert (left.status, left.objective, left.covered, left.unreachable) == ("optimal", 1.0, 1.0, 1.0)


def test_the_clock_stands_still_while_others_work_and_stops_the_solver_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = clock.now()
    time.sleep(0.3)
    assert clock.now() - begin < 0.1
    rng = np.random.default_rng(0)
    rows = csr_array(rng.random((40, 60)))
    none, one = np.zeros(60), np.ones(60)
    hard = Program(-rng.random(60), rows, np.full(40, -np.inf), np.full(40, 9.0), none, one, one > 0)
    ticks = count()
    monkeypatch.setattr(clock, "now", lambda: next(ticks) * 10.0)
    assert highs.solve(hard, Limits(seconds=60)).status in ("feasible", "unknown")
