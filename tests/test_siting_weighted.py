"""Covers whose sites cost more and less (weighted set cover): against brute force and plain HiGHS, at any limit of time."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.siting_cover import plane
from benchmarks.siting_weighted import plain, weighted
from planner.siting import cover, reduce
from planner.siting.cover import Run, _required, cheapest_cover, solve_lscp, solve_mclp
from planner.siting.cover_bound import cheaper_columns, covering
from planner.siting.instance import Instance
from planner.siting.models import solve
from planner.siting.question import Limits, Model, Question, Quota
from tests.examples import examples
from tests.siting_brute import brute, questions

LIMITS = Limits(seconds=60)
MANY = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=["compiled", "numpy"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every instance, however small, through the kernels, or none."""
    monkeypatch.setattr(reduce, "_SMALL", -1 if request.param == "compiled" else 10**12)
    return str(request.param)


@st.composite
def priced(draw: st.DrawFn) -> Instance:
    """A question of the cheapest sites: costs that differ a little, much, or are no whole numbers."""
    case = draw(questions("lscp"))
    kind = draw(st.sampled_from(["nearly", "whole", "parts", "none"]))
    cost = np.array(draw(st.lists(st.integers(0, 90), min_size=len(case.site_ids), max_size=len(case.site_ids))), float)
    return replace(
        case, site_cost={"nearly": 1000 + cost % 2, "whole": cost, "parts": cost * np.pi, "none": 0 * cost}[kind]
    )


@pytest.mark.parametrize("narrow", [0.3, -1.0])
@MANY
@given(data=st.data())
def test_the_cheapest_cover_is_that_of_brute_force(engine: str, narrow: float, data: st.DataObject) -> None:
    case = data.draw(priced())
    best, plans = brute(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cover, "_NARROW", narrow)
        answer = solve_lscp(case, LIMITS)
    if best is None:
        assert answer.status == "infeasible"
        return
    assert (answer.status, answer.objective) == ("optimal", pytest.approx(best))
    opened = {*answer.chosen, *answer.background}
    assert tuple(at for at, name in enumerate(case.site_ids) if name in opened) in plans


@MANY
@given(case=priced())
def test_without_time_there_is_a_plan_and_a_bound_that_holds(engine: str, case: Instance) -> None:
    if case.question.share < 1 or not case.only_p:
        return
    best, _ = brute(case)
    if best is None:
        return
    answer = solve_lscp(case, Limits(seconds=0))
    assert answer.status in ("optimal", "feasible")
    assert answer.bound <= best + 1e-9 <= answer.objective + 2e-9
    assert answer.uncovered == 0


@pytest.mark.parametrize("seconds", [0, 60])
@MANY
@given(data=st.data())
def test_no_cover_does_with_fewer_than_is_told(seconds: int, data: st.DataObject) -> None:
    covers = _required(data.draw(questions("lscp")))
    table = covers.matrix.toarray() > 0
    fewest = next(
        count for count in range(covers.columns + 1)
        if any(table[:, list(some)].any(axis=1).all() for some in combinations(range(covers.columns), count))
    )  # fmt: skip
    found = cheapest_cover(Run.of(weighted(3, 3, 5, 0), Limits(seconds=seconds)), covers, np.ones(covers.columns))
    assert table[:, found.values > 0.5].any(axis=1).all()
    assert found.bound <= fewest + 1e-9 <= found.values.sum() + 2e-9
    assert not seconds or found.values.sum() == fewest


@pytest.mark.parametrize("seed", range(25))
def test_as_plain_highs(engine: str, seed: int) -> None:
    """Some thousand pairs: the search, the core and the proof, beside the whole programme."""
    rng = np.random.default_rng(seed)
    demands, sites = int(rng.integers(50, 400)), int(rng.integers(30, 150))
    case = weighted(demands, sites, int(demands * sites * rng.uniform(0.02, 0.1)), seed)
    if seed % 3 == 0:
        case = replace(case, site_cost=1000 + case.site_cost % 2)
    if seed % 3 == 1:
        case = replace(case, site_cost=case.site_cost * np.pi)
    ours, theirs = solve_lscp(case, LIMITS), plain(case, LIMITS)
    assert ours.status == theirs.status == "optimal"
    assert ours.objective == pytest.approx(theirs.objective, rel=1e-8)


def test_many_pairs_of_costs_that_differ_are_proven() -> None:
    """Over 20,000 pairs: plans were up to ten times too dear when the number of sites was settled first."""
    case = weighted(1000, 500, 25_000, 0)
    answer = solve_lscp(case, LIMITS)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(plain(case, LIMITS).objective)


def test_the_local_search_finds_cheaper_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduce, "_SMALL", -1)
    for seed in range(5):
        case = weighted(300, 80, 2400, seed)
        covers = _required(case)
        costs = case.site_cost[covers.sites]
        first = covering(covers, costs)
        cheaper = cheaper_columns(covers, costs, first, 50 * covers.rows, np.inf)
        assert (covers.matrix @ first >= 1).all()
        assert (covers.matrix @ cheaper >= 1).all()
        best = solve_lscp(case, LIMITS).objective
        assert best <= costs @ cheaper <= 1.02 * best
        assert costs @ cheaper < costs @ first


@pytest.mark.parametrize("seed", range(6))
def test_as_many_sites_as_cover_all_are_proven_at_once(seed: int, engine: str) -> None:
    """The bound never lies above the population; a plan for all is looked for where the bound leaves room for one."""
    whole = plane("lscp", 200, 200, 1500, None, seed)
    fewest = int(solve_lscp(whole, LIMITS).objective)
    weight = float(whole.weight.sum())
    for p in (fewest, fewest + 1):
        answer = solve_mclp(replace(whole, question=Question("mclp", p=p), site_cost=np.zeros(200)), LIMITS)
        assert answer.status == "optimal"
        assert answer.seconds < 20
        assert answer.objective == answer.bound == weight


@pytest.mark.parametrize("model", ["mclp", "backup"])
def test_without_time_there_is_a_plan_with_p_sites_and_no_bound_above_all(model: Model, engine: str) -> None:
    whole = plane("mclp", 200, 200, 1500, 31, 2)
    group = np.array(["a", "b"] * 100, object)
    question = Question(model, p=31, backup_weight=1.0, quotas=(Quota("a", 1, None),))
    answer = solve(replace(whole, question=question, group=group), Limits(seconds=0))
    assert answer.status in ("optimal", "feasible")
    assert len(answer.chosen) == 31
    assert answer.objective <= answer.bound <= whole.weight.sum() * (2 if model == "backup" else 1)
