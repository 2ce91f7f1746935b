"""The cover family against brute force, spopt, and itself: with the compiled kernels and without."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner import clock
from planner.reach import reach_of, rows_of
from planner.siting import cover, reduce
from planner.siting.cover import Run, most_worth, solve_backup, solve_lscp, solve_mclp
from planner.siting.cover_bound import cheaper_columns, covering
from planner.siting.instance import Instance, instance_of
from planner.siting.models import explained
from planner.siting.question import Limits, Question, Quota
from planner.siting.siting import Siting
from tests.examples import examples
from tests.siting_brute import brute, instance, open_sets, questions, table

LIMITS = Limits(seconds=20)
MANY = settings(max_examples=examples(260), deadline=None, suppress_health_check=list(HealthCheck))
SOLVERS = {"lscp": solve_lscp, "mclp": solve_mclp, "backup": solve_backup}


@pytest.fixture(params=["compiled", "numpy"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every instance, however small, through the kernels, or none."""
    monkeypatch.setattr(reduce, "_SMALL", -1 if request.param == "compiled" else 10**12)
    return str(request.param)


def check(case: Instance, answer: Siting, best: float | None, plans: list[tuple[int, ...]]) -> None:
    if best is None:
        assert answer.status == "infeasible"
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, abs=1e-9)
    assert answer.bound == pytest.approx(best, rel=2e-9, abs=1e-9)
    opened = {*answer.chosen, *answer.background}
    assert tuple(at for at, name in enumerate(case.site_ids) if name in opened) in plans
    assert answer.covered + answer.uncovered + answer.unreachable == pytest.approx(case.weight.sum())


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the instance: a bound before the solver."""
    monkeypatch.setattr(cover, "_LARGE", -1)


@MANY
@given(st.data())
@pytest.mark.parametrize("model", ["lscp", "mclp", "backup"])
def test_as_brute_force(model: str, engine: str, bounded: None, data: st.DataObject) -> None:
    case = data.draw(questions(model))
    best, plans = twice(case) if model == "backup" and case.question.p is None else brute(case)
    check(case, SOLVERS[model](case, LIMITS), best, plans)


def twice(case: Instance) -> tuple[float | None, list[tuple[int, ...]]]:
    """LSCP-B by trying all: the cheapest sets that cover everyone, and of those the most weight covered twice."""
    reach = np.isfinite(table(case))
    usable = reach[:, case.status != 4].any(axis=1)
    if not usable.all() and not case.question.allow_unreachable:
        return None, []
    known = []
    for opened in open_sets(case):
        times = reach[:, list(opened)].sum(axis=1)
        if (times > 0)[usable].all():
            cost = case.site_cost[[at for at in opened if case.status[at] != 2]].sum()
            known.append((cost, -case.weight[times > 1].sum(), opened))
    if not known:
        return None, []
    least = min(one[:2] for one in known)
    return -least[1], [one[2] for one in known if one[:2] == least]


def plane(model: str, demands: int, sites: int, each: float, seed: int = 0, **asked: object) -> Instance:
    """Random points in a square, each demand within reach of about `each` sites and of one at least."""
    rng = np.random.default_rng(seed)
    site, demand = rng.random((sites, 2)), rng.random((demands, 2))
    far = np.hypot(*(demand[:, None] - site[None]).transpose(2, 0, 1))
    reach = max(float(np.sqrt(each / sites / np.pi)), float(far.min(axis=1).max()) if model != "mclp" else 0.0)
    costs = [[round(float(one) * 1000) if one <= reach else None for one in row] for row in far]
    question = Question(model, **asked)  # type: ignore[arg-type]
    return brute_instance(question, costs, rng.integers(1, 30, demands).astype(float).tolist())


def brute_instance(question: Question, costs: list[list[float | None]], weights: list[float]) -> Instance:
    """As `instance`, with ids that sort beyond 100."""
    names = [
        np.char.mod(f"{letter}%05d", np.arange(n)).astype(object)
        for letter, n in (("d", len(costs)), ("s", len(costs[0])))
    ]
    full = np.array([[np.nan if one is None else one for one in row] for row in costs])
    row, column = np.nonzero(~np.isnan(full))
    rows = rows_of(row, column, full[row, column], len(costs))
    reach = reach_of((names[0], names[1]), 0, rows, np.full(len(costs), -1), np.full(len(costs), np.nan))
    return instance_of(question, reach, pd.Series(weights, index=names[0]), pd.DataFrame({"id": names[1]}))


def test_branching_as_the_solver(engine: str) -> None:
    """Branch and bound where it must branch, against HiGHS on the whole program."""
    for seed in range(6):
        case = plane("mclp", 150, 30, 5, seed, p=6)
        ours, solver = solve_mclp(case, LIMITS), most_worth(Run.of(case, LIMITS), 0.0)
        assert ours.status == solver.status == "optimal"
        assert ours.objective == solver.objective


def test_rules_with_the_bound_as_without(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotas, spacing and a budget with columns settled by the bound, against the whole program."""
    for seed in range(6):
        case = plane("mclp", 150, 30, 5, seed, p=6)
        rng = np.random.default_rng(seed)
        pairs = tuple(tuple(rng.choice(case.site_ids, 2, replace=False)) for _ in range(12))
        asked = replace(case.question, quotas=(Quota("a", 1, 2), Quota("b", 3)), apart=pairs, budget=24.0)
        group = np.array(list("abc"), object)[rng.integers(0, 3, 30)]
        case = replace(case, question=asked, group=group, site_cost=rng.integers(1, 9, 30).astype(float))
        found = []
        for large in (0, 10**9):
            monkeypatch.setattr(cover, "_LARGE", large)
            found.append(solve_mclp(case, LIMITS))
        assert found[0].status == found[1].status == "optimal"
        assert found[0].objective == found[1].objective


def test_weights_that_are_not_whole(engine: str) -> None:
    for seed in range(4):
        case = plane("mclp", 120, 25, 5, seed, p=5)
        case = replace(case, weight=case.weight * np.pi / 10)
        ours, solver = solve_mclp(case, LIMITS), most_worth(Run.of(case, LIMITS), 0.0)
        assert ours.status == "optimal"
        assert ours.objective == pytest.approx(solver.objective, rel=1e-9)


def test_more_sites_never_cover_less() -> None:
    case = plane("mclp", 300, 40, 5, p=1)
    values = [solve_mclp(case.asking(Question("mclp", p=p)), LIMITS).objective for p in range(41)]
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] == case.weight[~case.unreachable].sum()


def test_a_longer_limit_never_needs_more_sites() -> None:
    rng = np.random.default_rng(3)
    site, demand = rng.random((30, 2)), rng.random((200, 2))
    far = np.hypot(*(demand[:, None] - site[None]).transpose(2, 0, 1))
    needed = []
    for limit in np.linspace(far.min(axis=1).max(), 1.0, 8):
        costs = [[float(one) if one <= limit else None for one in row] for row in far]
        needed.append(solve_lscp(brute_instance(Question("lscp"), costs, [1.0] * 200), LIMITS).objective)
    assert needed == sorted(needed, reverse=True)


@pytest.mark.parametrize("model", ["mclp", "lscp", "backup"])
def test_row_order_and_splitting_change_nothing(model: str, engine: str) -> None:
    case = plane(model, 200, 30, 6, **({} if model == "lscp" else {"p": 6}))
    answer = SOLVERS[model](case, LIMITS)
    twice = [np.repeat(one, 2) for one in (case.demand_ids, case.weight)]
    size = np.repeat(np.diff(case.indptr), 2)
    start = np.repeat(case.indptr[:-1], 2)
    pairs = np.concatenate([np.arange(one, one + n) for one, n in zip(start, size, strict=True)])
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    names = np.array([f"{name}{'ab'[at % 2]}" for at, name in enumerate(twice[0])], object)
    split = replace(
        case, demand_ids=names, weight=np.where(np.arange(400) % 2, 1, twice[1] - 1), indptr=ends,
        indices=case.indices[pairs], costs=case.costs[pairs],
    )  # fmt: skip
    again = SOLVERS[model](split, LIMITS)
    assert (again.objective, again.chosen) == (answer.objective, answer.chosen)


@pytest.mark.parametrize("model", ["mclp", "lscp"])
def test_shuffled_tables_give_the_same_plan(model: str) -> None:
    rng = np.random.default_rng(1)
    case = plane(model, 150, 25, 5, **({} if model == "lscp" else {"p": 5}))
    demand, site = rng.permutation(150), rng.permutation(25)
    back = np.argsort(demand), np.argsort(site)
    rows = rows_of(back[0][case.row], back[1][case.indices], case.costs, 150)
    ids = case.demand_ids[demand], case.site_ids[site]
    reach = reach_of(ids, 0, rows, np.full(150, -1), np.full(150, np.nan))
    weights = pd.Series(case.weight, index=case.demand_ids).sample(frac=1, random_state=2)
    shuffled = instance_of(case.question, reach, weights, pd.DataFrame({"id": case.site_ids}))
    ours, other = SOLVERS[model](case, LIMITS), SOLVERS[model](shuffled, LIMITS)
    assert (ours.objective, ours.chosen) == (other.objective, other.chosen)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_as_spopt() -> None:
    pulp, locate = pytest.importorskip("pulp"), pytest.importorskip("spopt.locate")
    for model in ("mclp", "lscp"):
        case = plane(model, 400, 60, 6, **({} if model == "lscp" else {"p": 8}))
        full = np.where(np.isfinite(table(case)), 0.0, 2.0)
        theirs = (
            locate.MCLP.from_cost_matrix(full, case.weight, 1.0, p_facilities=8)
            if model == "mclp"
            else locate.LSCP.from_cost_matrix(full, 1.0)
        )
        theirs.solve(pulp.PULP_CBC_CMD(msg=False))
        ours = SOLVERS[model](case, LIMITS)
        assert ours.status == "optimal"
        assert ours.objective == pytest.approx(abs(pulp.value(theirs.problem.objective)))


@pytest.mark.parametrize("model", ["mclp", "lscp"])
def test_out_of_time_says_feasible_and_a_bound(model: str) -> None:
    case = plane(model, 1500, 200, 12, **({} if model == "lscp" else {"p": 20}))
    begin = time.monotonic()
    answer = SOLVERS[model](case, Limits(seconds=0.02))
    assert time.monotonic() - begin < 2
    assert answer.status == "feasible"
    assert answer.gap > 1e-6
    assert answer.bound > answer.objective if model == "mclp" else answer.bound < answer.objective


def test_a_gap_that_is_asked_for_is_kept() -> None:
    case = plane("mclp", 800, 100, 6, p=10)
    rough, best = (solve_mclp(case, Limits(seconds=20, gap=gap)) for gap in (0.02, 0.0))
    assert rough.gap <= 0.02
    assert rough.objective <= best.objective <= rough.bound


def test_who_is_out_of_reach_is_named_with_the_least_radius() -> None:
    case = instance(Question("lscp"), [[1, None], [None, None], [None, None]], [1, 0, 2])
    answer = explained(solve_lscp(case, LIMITS))
    assert answer.status == "infeasible"
    assert answer.clash is not None
    assert answer.clash.ids == ("d01", "d02")
    assert (
        answer.clash.change.zh == "把覆盖比例降到 0.333333（--share 0.333333）；或者只求够得着的（--allow-unreachable）"
    )
    allowed = solve_lscp(case.asking(Question("lscp", allow_unreachable=True)), LIMITS)
    assert (allowed.status, allowed.objective, allowed.unreachable) == ("optimal", 1.0, 2.0)


def test_a_share_beyond_reach_is_told() -> None:
    case = instance(Question("lscp", share=0.9), [[1, None], [None, None]], [3, 1])
    answer = explained(solve_lscp(case, LIMITS))
    assert answer.clash is not None
    assert answer.clash.ids == ("d01",)
    assert "0.75" in answer.clash.change.en


def test_rules_that_clash_are_told_with_the_least_change() -> None:
    costs: list[list[float | None]] = [[1, None, 2], [None, 1, 1]]
    sites = pd.DataFrame({"group": list("aab"), "cost": [2, 4, 5]})

    def told(**asked: object) -> tuple[str, str]:
        case = instance(Question("mclp", **asked), costs, [1, 2], sites)  # type: ignore[arg-type]
        answer = explained(solve_mclp(case, LIMITS))
        assert answer.status == "infeasible"
        assert answer.clash is not None
        return answer.clash.rule.en, answer.clash.change.en

    assert told(p=2, quotas=(Quota("a", 2), Quota("b", 1)))[1] == (
        "set p to 3; or lower the quota of 'a' to at least 1; or lower the quota of 'b' to at least 0"
    )
    assert told(p=2, budget=3.0)[1] == "set p to 1; or raise the budget to 6"
    assert told(p=2, quotas=(Quota("a", 2),), budget=5.0)[1] == "raise the budget to 6"
    assert told(p=1, budget=1.0)[1] == "raise the budget to 2"  # no site at all is no answer


def test_every_rule_in_conflict_is_named() -> None:
    costs: list[list[float | None]] = [[1, None, 2], [None, 1, 1]]
    sites = pd.DataFrame({"group": list("aab"), "cost": [2, 4, 5]})

    def told(status: str = "ccc", **asked: object) -> tuple[str, tuple[str, ...]]:
        names = {"c": "candidate", "f": "forced", "x": "forbidden"}
        frame = sites.assign(status=[names[one] for one in status])
        case = instance(Question("mclp", **asked), costs, [1, 2], frame)  # type: ignore[arg-type]
        answer = explained(solve_mclp(case, LIMITS))
        assert answer.clash is not None
        return answer.clash.rule.zh, answer.clash.ids

    assert told(p=3, budget=5.0)[0] == "个数 p = 3 与预算 5 不能同时满足"
    rule, ids = told(p=2, quotas=(Quota("a", 2), Quota("b", 1)))
    assert rule == "个数 p = 2 与“a”至少 2 个的配额、“b”至少 1 个的配额不能同时满足"
    assert ids == ("s00", "s01", "s02")
    assert told(p=2, quotas=(Quota("b", 0, 1),), budget=5.0)[0] == "个数 p = 2 与预算 5 不能同时满足"
    rule, ids = told(p=2, quotas=(Quota("a", 2),), apart=(("s00", "s01"), ("s01", "s02")))
    assert rule == "“a”至少 2 个的配额与间距（s00 与 s01）不能同时满足"
    assert ids == ("s00", "s01")
    rule, ids = told("ffc", p=1)
    assert rule == "个数 p = 1 与必选的站点（s00、s01）不能同时满足"
    assert ids == ("s00", "s01")
    rule, _ = told("ccx", p=1, quotas=(Quota("b", 1),))
    assert rule == "“b”至少 1 个的配额与禁选的站点（s02）不能同时满足"
    rule, ids = told(p=3, apart=(("s00", "s01"),), budget=5.0)  # two sets: they share p, so that one is told
    assert "p = 3" in rule


def test_budget_or_spacing_against_cover_is_told() -> None:
    case = instance(Question("lscp", budget=1.0), [[1, None], [None, 1]], [1, 1])
    answer = explained(solve_lscp(case, LIMITS))
    assert answer.clash is not None
    assert answer.clash.change.en == "raise the budget to 2; or lower the share to 0.5"
    assert answer.clash.rule.zh == "预算 1 与全部覆盖的要求不能同时满足：至少有 1 个需求点够不着任何开放站点，如 d01"
    answer = explained(solve_lscp(case.asking(Question("lscp", apart=(("s00", "s01"),))), LIMITS))
    assert answer.clash is not None
    assert answer.clash.change.en.startswith("let s00 and s01 both be open; or ")


def test_the_local_search_covers_with_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduce, "_SMALL", -1)
    for seed in range(5):
        case = plane("lscp", 400, 80, 8, seed)
        covers = reduce.covers_of(case, case.weight, None, case.weight > 0)
        costs = np.ones(covers.columns)
        first = covering(covers, costs)
        fewer = cheaper_columns(covers, costs, first, 50 * covers.rows, clock.now() + 5)
        assert (covers.matrix @ first >= 1).all()
        assert (covers.matrix @ fewer >= 1).all()
        assert solve_lscp(case, LIMITS).objective <= fewer.sum() <= first.sum()


def test_numpy_and_kernels_merge_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(0, 5, 20_000)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    indices = np.concatenate([np.sort(rng.choice(12, one, replace=False)) for one in size]).astype(np.int64)
    column = np.where(np.arange(12) == 5, -1, np.arange(12))
    found = []
    for small in (-1, 10**12):
        monkeypatch.setattr(reduce, "_SMALL", small)
        found.append(reduce._groups(indptr, indices, column, rng.random(20_000) < 2))
    slow = reduce._slow_groups(indptr, indices, column, np.flatnonzero(found[0][0] >= 0))
    for other in (found[1], slow):
        assert np.array_equal(found[0][0], other[0])
        assert np.array_equal(found[0][1], other[1])
