"""What is struck, dropped or settled before a search, held against trying every plan: nothing that is looked for is lost."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.siting import cover, small, small_kernels
from planner.siting.instance import Instance
from planner.siting.question import Limits, Question, Quota
from planner.siting.reduce import Covers, fewer, needless_columns
from planner.siting.siting import sense
from planner.siting.small import Task, small_plans, tightened
from tests.examples import examples
from tests.siting_brute import instance, questions, worth
from tests.test_siting_around import ranked

LIMITS = Limits(seconds=60)
MANY = settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", autouse=True)
def compiled_search() -> Iterator[None]:
    """So small as the questions of this file are, the compiled search is to answer them."""
    with patch("planner.siting.small._FEW_CELLS", -1):
        yield


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Task, float]:
    """One or two criteria over a few sites, some costs missing, some demands that must be served; and a worst value."""
    width, picks = draw(st.integers(1, 6)), 0
    picks = draw(st.integers(1, width))
    kinds = draw(st.integers(1, 2))
    counts = np.array([draw(st.integers(1, 6)) for _ in range(kinds)], np.int64)
    number = st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 7.0, np.inf])
    costs, base = np.zeros((kinds, width, counts.max())), np.zeros((kinds, counts.max()))
    for kind, many in enumerate(counts.tolist()):
        costs[kind, :, :many] = np.reshape(
            draw(st.lists(number, min_size=width * many, max_size=width * many)), (width, many)
        )
        base[kind, :many] = draw(st.lists(st.sampled_from([1.0, 2.0, 4.0, 9.0, np.inf]), min_size=many, max_size=many))
    extra = np.array(draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.0]), min_size=width, max_size=width)))
    limit = np.array([np.inf, *(float(draw(st.integers(0, 12))) for _ in range(kinds - 1))])
    none = np.zeros((0, width)), np.zeros(0), np.zeros(0)
    prices = np.minimum(base, costs.min(axis=1))
    prices[np.isinf(prices)] = 0.0
    task = Task(costs, extra, base, counts, limit, none, picks, prices, np.full(kinds, 1e-9))
    return task, float(draw(st.integers(0, 20)))


def worths(task: Task, opened: tuple[int, ...]) -> list[float]:
    """What a plan is worth by each criterion."""
    out = []
    for kind in range(len(task.costs)):
        least = np.minimum(task.base[kind], task.costs[kind, list(opened)].min(axis=0))
        out.append(float(least.sum() + (task.extra[list(opened)].sum() if kind == 0 else 0.0)))
    return out


@MANY
@given(tasks())
def test_what_is_struck_no_plan_worth_finding_pays(case: tuple[Task, float]) -> None:
    task, worst = case
    tight = tightened(tightened(task, worst), worst)
    assert tight.costs.shape[2] == tight.counts.max() == tight.base.shape[1]
    for opened in combinations(range(len(task.extra)), task.picks):
        before, after = worths(task, opened), worths(tight, opened)
        wanted = before[0] <= worst and all(one <= most for one, most in zip(before[1:], task.limit[1:], strict=True))
        if wanted:
            assert after == before
        else:  # what is not looked for may look worse, never good enough
            assert not (
                after[0] <= worst and all(one <= most for one, most in zip(after[1:], task.limit[1:], strict=True))
            )


def test_hard_demands_are_found_and_drop_those_they_imply() -> None:
    """Who cannot be left uncovered for so little weight; a demand that the same sites and more reach is needless."""
    case = instance(
        Question("mclp", p=2),
        [[0, None, None, None], [0, 0, None, None], [None, None, 0, 0], [None, None, 0, None]],
        [50, 60, 2, 1],
    )
    aim = small.criterion_of(case)
    assert aim is not None
    tight = tightened(small._task(case, 2, aim, ()), 3.0)
    hard = np.isinf(tight.base[0])
    assert hard.sum() == 1  # the first; the second goes with it
    assert (tight.costs[0][:, hard].ravel() == [0, np.inf, np.inf, np.inf]).all()
    assert len(hard) == 3


def wide(seed: int, model: str, width: int = 70) -> Instance:
    """More sites than one word of a key holds, few of them useful, many of them alike."""
    rng = np.random.default_rng(seed)
    costs = rng.integers(1, 9, (9, width)).astype(object)
    costs[rng.random((9, width)) > (0.12 if model == "mclp" else 2)] = None
    return instance(Question(model, p=2), costs.tolist(), rng.integers(1, 5, 9).tolist())  # type: ignore[arg-type]


def pairs_ranked(case: Instance) -> list[tuple[float, tuple[str, ...]]]:
    """Every plan of two candidates with its value (small is good), in order."""
    plans = []
    for opened in combinations(range(len(case.site_ids)), 2):
        value = worth(case, opened)
        if value is not None:
            plans.append((value * sense(case), tuple(case.site_ids[list(opened)])))
    return sorted(plans)


@pytest.mark.parametrize("model", ["mclp", "p-median"])
@pytest.mark.parametrize("seed", range(3))
def test_questions_of_more_sites_than_a_word_has_bits(seed: int, model: str) -> None:
    case = wide(seed, model)
    plans = small_plans(case, LIMITS, 25, small.WIDEST)
    assert plans is not None
    assert [(plan.objective * sense(case), plan.chosen) for plan in plans] == pairs_ranked(case)[:25]


def test_more_sites_than_the_search_takes_are_left_to_the_solver() -> None:
    assert small_plans(wide(0, "mclp", 65), LIMITS, 1) is None
    assert small_plans(wide(0, "mclp", 129), LIMITS, 1, 200) is None


@MANY
@given(st.sampled_from(("mclp", "p-median")).flatmap(questions), st.integers(1, 6))
def test_the_two_passes_tell_the_same_plans_as_the_one(case: Instance, count: int) -> None:
    """Without the pass that keeps all ties from the start: first the value, then the earliest of its ties."""
    plans = small_plans(case, LIMITS, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "_NODES_AT_ONCE", 0)
        again = small_plans(case, LIMITS, count)
    assert [one.chosen for one in plans or []] == [one.chosen for one in again or []]


def test_keys_of_two_words() -> None:
    key, other = np.zeros(2, np.uint64), np.zeros(2, np.uint64)
    for site in (0, 63, 64, 100):
        small_kernels.mark(key, site)
    assert [site for site in range(128) if small_kernels.holds(key, site)] == [0, 63, 64, 100]
    for site in (0, 63, 65, 66):
        small_kernels.mark(other, site)
    assert small_kernels._earlier(key, other) == 1  # of two plans the one with the first site in which they differ
    assert small_kernels._earlier(other, key) == -1
    small_kernels.unmark(key, 63)
    assert small_kernels._earlier(key, other) == -1
    assert small_kernels._earlier(key, key) == 0


@st.composite
def covered(draw: st.DrawFn) -> tuple[Covers, np.ndarray]:
    """Rows over a few columns, none empty, and what the columns cost."""
    width, count = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    table = np.array(
        draw(st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=count, max_size=count))
    )
    table[~table.any(axis=1), 0] = True
    row, column = np.nonzero(table)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))]).astype(np.int64)
    covers = Covers(np.arange(width), np.ones(count), np.zeros(count), indptr, column.astype(np.int64))
    levels = draw(st.sampled_from([2, 3, 20]))
    return covers, np.array(draw(st.lists(st.integers(1, levels), min_size=width, max_size=width)), np.float64)


@pytest.mark.parametrize("small", [-1, 10**12])
@MANY
@given(case=covered())
def test_needless_columns_are_those_within_a_cheaper_one(small: int, case: tuple[Covers, np.ndarray]) -> None:
    covers, costs = case
    table = covers.matrix.toarray() > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planner.siting.reduce._SMALL", small)
        marked = needless_columns(covers, costs)

    def better(one: int, other: int) -> bool:
        """Whether a column makes another needless."""
        if (table[:, other] & ~table[:, one]).any() or one == other:
            return False
        same_rows, same_cost = (table[:, other] == table[:, one]).all(), costs[one] == costs[other]
        return bool(costs[one] <= costs[other]) and not (same_rows and same_cost and one > other)

    for column in range(covers.columns):
        needless = not table[:, column].any() or any(better(one, column) for one in range(covers.columns))
        assert marked[column] == needless
        kept = [one for one in range(covers.columns) if not marked[one] and better(one, column)]
        assert not marked[column] or not table[:, column].any() or kept


def test_a_reduction_by_costs_keeps_the_cheapest_cover() -> None:
    case = instance(Question("lscp"), [[0, 0, None], [None, 0, 0], [None, 0, None]], [1, 1, 1])
    case = replace(case, site_cost=np.array([1.0, 5.0, 1.0]))
    left, opened = fewer(cover._required(case), 3, case.site_cost)
    assert left.rows == 0
    assert opened.tolist() == [False, True, False]


def test_a_search_keeps_the_quotas_when_it_is_tightened() -> None:
    sites = {"group": list("ab") * 6}
    rng = np.random.default_rng(1)
    costs = rng.integers(0, 30, (20, 12)).tolist()
    question = Question("p-median", p=4, quotas=(Quota("a", 0, 1), Quota("b", 3, None)))
    case = instance(question, costs, rng.integers(1, 9, 20).tolist(), pd.DataFrame(sites))
    plans = small_plans(case, LIMITS, 10)
    assert plans is not None
    assert [(plan.objective, plan.chosen) for plan in plans] == ranked(case)[:10]
