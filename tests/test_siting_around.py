"""Around the optimum, held against trying every set of sites."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from unittest.mock import Mock, patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import SitingError, Text
from planner.siting.best import CLASSES, classes, k_best, lexicographic, partition, with_ties
from planner.siting.front import EFFECTS, Point, curve, pareto
from planner.siting.instance import Instance
from planner.siting.models import solve
from planner.siting.question import STATUSES, Limits, Question, Quota
from planner.siting.siting import Clash, Siting, no_plan, sense, siting_of
from planner.siting.small import small_plans
from tests.examples import examples
from tests.siting_brute import instance, open_sets, questions, table, worth

LIMITS = Limits(seconds=60)
MANY = settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
MODELS = ("lscp", "mclp", "p-median", "p-center")


@pytest.fixture(scope="module", autouse=True)
def compiled_search() -> Iterator[None]:
    """So small as the questions of this file are, the compiled search is to answer them."""
    with patch("planner.siting.small._FEW_CELLS", -1):
        yield


def ranked(case: Instance) -> list[tuple[float, tuple[str, ...]]]:
    """Every plan with its value (small is good) and chosen ids, in order."""
    background = case.status == 2
    plans = []
    for opened in open_sets(case):
        value = worth(case, opened)
        if value is not None:
            ids = tuple(case.site_ids[at] for at in opened if not background[at])
            plans.append((value * sense(case), ids))
    return sorted(plans)


def solve_by_trying(case: Instance, limits: Limits) -> Siting:
    """A solver of our own: every set of sites."""
    plans = ranked(case)
    if not plans:
        clash = Clash(Text("无", "none"), (), Text("", ""))
        return replace(no_plan(case, 0.0, limits, infeasible=True), clash=clash)
    value, ids = plans[0]
    opened = np.flatnonzero(np.isin(case.site_ids, ids) | (case.status == 2))
    value *= sense(case)
    return siting_of(case, opened, value, value, 0.0, limits, {})


def cases(**options: int) -> st.SearchStrategy[Instance]:
    return st.one_of([questions(model, **options) for model in MODELS])


def check_best(case: Instance, plans: list[Siting], count: int) -> None:
    known = ranked(case)
    assert [plan.objective * sense(case) for plan in plans] == [value for value, _ in known[:count]]
    assert len({plan.chosen for plan in plans}) == len(plans)
    assert {plan.chosen for plan in plans} <= {ids for _, ids in known}
    for plan in plans:
        assert plan.status == "optimal"
        assert plan.instance is case
        assert (plan.objective * sense(case), plan.chosen) in known
        assert plan.covered + plan.uncovered + plan.unreachable == case.weight.sum()


@MANY
@given(cases(most_sites=6, most_demands=6), st.integers(1, 8))
def test_the_k_best_by_partition_are_those_of_brute_force(case: Instance, count: int) -> None:
    check_best(case, partition(case, LIMITS, count, solve_by_trying), count)


@MANY
@given(st.sampled_from(("mclp", "p-median")).flatmap(questions), st.integers(1, 12))
def test_the_k_best_of_the_small_search_are_those_of_brute_force_in_the_order_of_ids(
    case: Instance, count: int
) -> None:
    plans = small_plans(case, LIMITS, count)
    known = ranked(case)
    if plans is None:
        assert not known
        return
    check_best(case, plans, count)
    assert [plan.chosen for plan in plans] == [ids for _, ids in known[:count]]


@settings(MANY, max_examples=examples(100))
@given(questions("capacitated", loads=True, most_sites=5, most_demands=4), st.integers(1, 6))
def test_the_k_best_of_capacitated_plans(case: Instance, count: int) -> None:
    plans = partition(case, LIMITS, count, solve_by_trying)
    known = ranked(case)
    assert np.allclose([plan.objective for plan in plans], [value for value, _ in known[:count]])
    assert len({plan.chosen for plan in plans}) == len(plans)


def test_a_stopped_part_keeps_what_is_proven_apart_from_what_is_not() -> None:
    case = instance(Question("mclp", p=1), [[0, None, None], [None, 0, None], [None, None, 0]], [5, 4, 3])

    def stopped(part: Instance, limits: Limits) -> Siting:
        found = solve_by_trying(part, limits)
        if not (part.status == 4).any():
            return found
        opened = np.flatnonzero(np.isin(part.site_ids, found.chosen))
        return siting_of(part, opened, found.objective, 4.5, 0.0, limits, {})

    plans = partition(case, LIMITS, 3, stopped)
    assert [plan.status for plan in plans] == ["optimal", "feasible", "feasible"]
    assert [(plan.objective, plan.bound) for plan in plans] == [(5, 5), (4, 4.5), (3, 4.5)]
    assert with_ties(plans[0], stopped).ties is False


def test_without_time_only_the_known_plan_is_told() -> None:
    case = instance(Question("p-center", p=1), [[0, 1, 2], [5, 4, 3]], [5, 4])
    first = solve_by_trying(case, LIMITS)
    plans = k_best(case, Limits(seconds=0), 3, solve_by_trying, first)
    assert [(plan.chosen, plan.status) for plan in plans] == [(first.chosen, "optimal")]
    assert with_ties(replace(first, limits=Limits(seconds=0)), solve_by_trying).ties is None


@settings(MANY, max_examples=examples(120))
@given(cases(most_sites=6, most_demands=6))
def test_ties_are_told(case: Instance) -> None:
    plan = solve_by_trying(case, LIMITS)
    known = [value for value, _ in ranked(case)]
    expected = None if not known else len(known) > 1 and known[1] == known[0]
    assert with_ties(plan, solve_by_trying).ties is expected


def test_backup_without_p_is_not_ranked() -> None:
    case = instance(Question("backup"), [[0, 1], [5, 4]], [5, 4])
    with pytest.raises(SitingError):
        k_best(case, LIMITS, 2, solve_by_trying)


@settings(MANY, max_examples=examples(220))
@given(cases(most_sites=6, most_demands=6), st.sampled_from([0.0, 0.05, 0.3]))
def test_classes_are_those_of_brute_force(case: Instance, tolerance: float) -> None:
    found = classes(case, LIMITS, solve_by_trying, tolerance).set_index("id")
    known, sign = ranked(case), sense(case)
    assert list(found.index) == ([] if not known else list(case.site_ids[case.free]))
    for name, row in found.iterrows():
        inside = min((value for value, ids in known if name in ids), default=np.inf)
        outside = min((value for value, ids in known if name not in ids), default=np.inf)
        best = min(inside, outside)
        losses = [0.0 if one == best else np.inf if not best else (one - best) / abs(best) for one in (inside, outside)]
        kind = "required" if losses[1] > tolerance else "not_selected" if losses[0] > tolerance else "alternative"
        assert row["class"] == kind
        assert row["proven"]
        assert row["loss"] == pytest.approx(max(losses))
        for column, value in (("value_in", inside), ("value_out", outside)):
            assert row[column] == value * sign or (np.isnan(row[column]) and value == np.inf)


def test_plans_known_before_save_solves_and_change_no_class() -> None:
    case = instance(Question("p-median", p=2), [[0, 1, 2, 2], [5, 4, 3, 3], [1, 1, 1, 1]], [5, 4, 1])
    asked = []

    def counted(part: Instance, limits: Limits) -> Siting:
        asked.append(part)
        return solve_by_trying(part, limits)

    plans = k_best(case, LIMITS, 4, solve_by_trying)
    plain = classes(case, LIMITS, solve_by_trying, 0.1)
    assert classes(case, LIMITS, counted, 0.1, plans[0], plans).equals(plain)
    assert len(asked) < len(case.free)
    assert set(plain["class"]) <= set(CLASSES)


def test_a_class_that_rests_on_no_proof_says_so() -> None:
    case = instance(Question("mclp", p=1), [[0, None, None], [None, 0, None]], [5, 4])

    def stopped(part: Instance, limits: Limits) -> Siting:
        found = solve_by_trying(part, limits)
        opened = np.flatnonzero(np.isin(part.site_ids, found.chosen))
        return siting_of(part, opened, found.objective, 9.0, 0.0, limits, {})

    assert not classes(case, LIMITS, stopped, 0.1)["proven"].any()
    assert not classes(case, Limits(seconds=0), stopped, 0.1, solve_by_trying(case, LIMITS))["proven"].any()


@settings(MANY, max_examples=examples(120))
@given(cases(most_sites=6, most_demands=6))
def test_the_curve_adds_up(case: Instance) -> None:
    if case.question.p is None:
        return
    able = int(case.counted.sum())
    labels = dict.fromkeys(case.demand_ids[::2], "甲")
    steps = curve(case, LIMITS, range(able + 1), solve_by_trying, pd.Series(labels, dtype=object))
    weight = dict(zip(case.demand_ids, case.weight, strict=True))
    for before, step in pairwise(steps):
        known = ranked(case.asking(replace(case.question, p=step.p)))
        assert (step.siting.status == "infeasible") == (not known)
        assert step.by_group["weight"].sum() == step.changes["weight"].sum()
        assert all(
            weight[name] == one for name, one in zip(step.changes["demand_id"], step.changes["weight"], strict=True)
        )
        if "infeasible" in (step.siting.status, before.siting.status):
            assert np.isnan(step.gain)
            continue
        assert step.gain * sense(case) == before.siting.objective - step.siting.objective
        assert step.gain > 0 or step.note is not None
        if case.question.model == "mclp":
            sums = step.changes.groupby("effect")["weight"].sum()
            assert sums.get("newly_covered", 0) - sums.get("no_longer_covered", 0) == step.gain
            assert step.gain >= 0 or not case.only_p


def test_who_gains_is_told_by_group() -> None:
    costs = [[1, 9, None], [9, 1, None], [9, 9, 2], [None, None, 1]]
    case = instance(Question("mclp", p=1), costs, [50, 4, 3, 7])
    steps = curve(case, LIMITS, [2, 1], solve_by_trying, pd.Series({"d02": "甲县", "d03": "乙县"}))
    assert [step.p for step in steps] == [1, 2]
    assert steps[1].gain == 7
    told = {(row.group, row.effect): row.weight for row in steps[1].by_group.itertuples()}
    assert told[("乙县", "newly_covered")] == 7
    assert set(steps[1].by_group["effect"]) <= set(EFFECTS)


def test_more_sites_that_are_worse_are_explained() -> None:
    costs = [[0, None, None], [None, 0, None], [None, None, 0]]
    sites = pd.DataFrame({"group": ["a", "b", "b"]})
    quotas = Question("mclp", p=1, quotas=(Quota("b", 0, 0),))
    steps = curve(instance(quotas, costs, [5, 4, 3], sites), LIMITS, [1, 2], solve_by_trying)
    assert steps[1].siting.status == "infeasible"
    assert steps[1].note == steps[1].siting.clash.rule
    near = Question("mclp", p=1, apart=(("s00", "s01"), ("s00", "s02")))
    steps = curve(instance(near, costs, [9, 4, 3], sites), LIMITS, [1, 2], solve_by_trying)
    assert steps[1].gain == -2
    assert "间距" in steps[1].note.zh
    assert "spacing" in steps[1].note.en
    dear = Question("p-median", p=1)
    steps = curve(instance(dear, [[0, 1]], [1], pd.DataFrame({"cost": [5, 5]})), LIMITS, [1, 2], solve_by_trying)
    assert "固定费用" in steps[1].note.zh


def first_of_ties(case: Instance) -> tuple[str, ...]:
    """Cover or site costs, then weighted cost, then ids, by trying all."""
    best = ranked(case)[0][0]
    tied = [ids for value, ids in ranked(case) if value == best]
    asked = case.question

    def second(ids: tuple[str, ...]) -> float:
        if not (asked.model == "mclp" or (asked.model == "lscp" and asked.share == 1)):
            return 0.0
        opened = np.flatnonzero(np.isin(case.site_ids, ids) | (case.status == 2))
        near = table(case)[:, opened].min(axis=1, initial=np.inf)
        return float((case.weight * np.where(np.isfinite(near), near, 0)).sum())

    # Of two plans, the one that has the first site in which they differ.
    return min(tied, key=lambda ids: (second(ids), [name not in ids for name in case.site_ids]))


@settings(MANY, max_examples=examples(200))
@given(cases(most_sites=6, most_demands=6))
def test_ties_are_broken_by_a_second_objective_and_then_by_ids(case: Instance) -> None:
    if ranked(case):
        assert lexicographic(case, LIMITS, solve_by_trying).chosen == first_of_ties(case)
    else:
        assert lexicographic(case, LIMITS, solve_by_trying).status == "infeasible"


@settings(MANY, max_examples=examples(100))
@given(questions("mclp", most_sites=6, most_demands=6))
def test_the_solver_breaks_ties_as_the_small_search_does(case: Instance) -> None:
    with patch("planner.siting.small._MOST_CELLS", -1):
        plan = lexicographic(case, LIMITS, solve_by_trying)
    assert plan.chosen == lexicographic(case, LIMITS, solve_by_trying).chosen


@pytest.mark.parametrize("model", ["mclp", "p-median"])
def test_trying_all_plans_lists_what_the_compiled_search_lists(model: str) -> None:
    @settings(MANY, max_examples=examples(150))
    @given(questions(model, most_sites=7, most_demands=6), st.integers(1, 6))
    def check(case: Instance, count: int) -> None:
        searched = small_plans(case, LIMITS, count)
        with patch("planner.siting.small._FEW_CELLS", 10**9):
            tried = small_plans(case, LIMITS, count)
        assert [(one.chosen, one.objective) for one in tried or []] == [
            (one.chosen, one.objective) for one in searched or []
        ]

    check()


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Instance, Instance]:
    """Cover within 4 and weighted cost, over the same sites and with the same rules; either may be the first."""
    second = draw(questions("p-median", most_sites=7, most_demands=7))
    full = [[None if cost > 4 else float(cost) for cost in row] for row in table(second)]
    sites = pd.DataFrame({"status": [STATUSES[one] for one in second.status], "group": second.group})
    sites["cost"] = second.site_cost
    weights = draw(st.lists(st.integers(0, 5), min_size=len(full), max_size=len(full)))
    first = instance(replace(second.question, model="mclp"), full, weights, sites)
    return (first, second) if draw(st.booleans()) else (second, first)


def unserved(case: Instance, opened: tuple[int, ...]) -> list[str]:
    """The demands whom p-median asks to serve and these open sites do not: none of them reaches them.

    That is everyone whom any site that is not forbidden reaches; whom none reaches only where unreachable demands are
    not allowed, and then no plan serves them.
    """
    full = table(case)
    without = ~np.isfinite(full[:, list(opened)]).any(axis=1)
    if case.question.allow_unreachable:
        without &= np.isfinite(full[:, case.status != 4]).any(axis=1)
    return [str(one) for one in case.demand_ids[without]]


@dataclass(frozen=True)
class Tried:
    """Every set of sites that keeps the rules: with both values, or with whom it leaves without a site.

    values    ids → values of the plans that serve everyone whom p-median asks to serve
    left_out  ids → whom it does not serve: no plan of the front, however many it covers
    """

    values: dict[tuple[str, ...], tuple[float, float]]
    left_out: dict[tuple[str, ...], list[str]]


def tried(first: Instance, second: Instance) -> Tried:
    median = first if first.question.model == "p-median" else second
    found = Tried({}, {})
    for opened in open_sets(first):
        ids = tuple(str(first.site_ids[at]) for at in opened if first.status[at] != 2)
        lost = unserved(median, opened)
        if lost:
            found.left_out[ids] = lost
            continue
        one, other = worth(first, opened), worth(second, opened)
        assert one is not None  # there is no other reason for a plan to have no value
        assert other is not None
        found.values[ids] = (one, other)
    return found


def check_front(first: Instance, second: Instance, points: list[Point]) -> None:
    """No plan that serves everyone is missing, beats a point or equals one in one value; none that does not is there."""
    every, signs = tried(first, second), (sense(first), sense(second))
    small = {ids: (one * signs[0], other * signs[1]) for ids, (one, other) in every.values.items()}
    known = set(small.values())
    best = [one for one in known if not any(two != one and two[0] <= one[0] and two[1] <= one[1] for two in known)]
    best.sort(key=lambda one: one[1])
    assert [(point.first * signs[0], point.second * signs[1]) for point in points] == best
    for point in points:
        assert every.values[point.chosen] == (point.first, point.second)
        assert point.chosen not in every.left_out
        assert point.proven
        assert point.gap <= 1e-6


@settings(MANY, max_examples=examples(150))
@given(pairs())
def test_the_front_is_that_of_brute_force(case: tuple[Instance, Instance]) -> None:
    check_front(*case, pareto(*case, LIMITS))


@settings(MANY, max_examples=examples(100))
@given(pairs())
def test_the_front_by_the_solver_is_that_of_brute_force(case: tuple[Instance, Instance]) -> None:
    with patch("planner.siting.small._MOST_CELLS", -1):
        points = pareto(*case, LIMITS)
    check_front(*case, points)


def _served(more: list[list[float | None]], sites: list[str], **asked: bool) -> tuple[Instance, Instance]:
    """s00 covers 9 within 4 and does not reach d01; s01 covers the 4 of d01, and reaches all, d00 at 9."""
    costs: list[list[float | None]] = [[1, 9], [None, 1], *more]
    near = [[None if one is None or one > 4 else one for one in row] for row in costs]
    question, weights = Question("mclp", p=1, **asked), [9.0, 4.0, *([2.0] * len(more))]  # type: ignore[arg-type]
    frame = pd.DataFrame({"status": sites})
    cover = instance(question, near, weights, frame)
    return cover, instance(replace(question, model="p-median"), costs, weights, frame)


def test_who_covers_most_and_leaves_somebody_without_is_not_on_the_front() -> None:
    free = ["candidate"] * 2
    for more, allowed in (([], False), ([], True), ([[None, None]], True)):
        case = _served(more, free, allow_unreachable=allowed)
        assert tried(*case).left_out == {("s00",): ["d01"]}
        assert [(one.first, one.second, one.chosen) for one in pareto(*case, LIMITS)] == [(4, 85, ("s01",))]
    case = _served([[None, None]], free)
    assert tried(*case).left_out == {("s00",): ["d01", "d02"], ("s01",): ["d02"]}
    assert pareto(*case, LIMITS) == []


def test_whom_only_a_forbidden_site_reaches_nobody_is_left_out_for() -> None:
    case = _served([], ["candidate", "forbidden"], allow_unreachable=True)
    assert tried(*case).left_out == {}
    assert [(one.first, one.second, one.chosen) for one in pareto(*case, LIMITS)] == [(9, 9, ("s00",))]


def two_points() -> tuple[Instance, Instance]:
    """s00 covers 1 at a cost of 0, s01 covers 2 at a cost of 1."""
    cover = instance(Question("mclp", p=1), [[1, None], [None, 1]], [1, 2])
    return cover, instance(Question("p-median", p=1), [[0, 1], [0, 0]], [1, 2])


def test_the_last_point_is_not_proven_when_time_ends_there() -> None:
    """The clock stands still until the first point is found; then time is over."""
    case = two_points()
    whole = pareto(*case, LIMITS)
    assert [(one.chosen, one.proven) for one in whole] == [(("s00",), True), (("s01",), True)]
    clock = iter([0.0, 0.0])
    with patch("planner.siting.front.clock", Mock(now=lambda: next(clock, 1000.0))):
        points = pareto(*case, LIMITS)
    assert [(one.chosen, one.proven, one.gap) for one in points] == [(("s00",), False, 0.0)]


@pytest.mark.parametrize(("more", "points"), [(500, ["s00"]), (1500, ["s00", "s01"]), (3000, ["s00", "s01"])])
def test_plans_that_the_search_tells_apart_are_two_points(more: float, points: list[str]) -> None:
    """s01 covers so many more than the 1.025e12 of s00; the search tells apart what differs by more than 1e-9, 1025."""
    cover = instance(Question("mclp", p=1), [[1, 1], [None, 1]], [1.025e12, more])
    median = instance(Question("p-median", p=1), [[0, 1], [0, 1]], [1, 0])
    assert [one.chosen[0] for one in pareto(cover, median, LIMITS)] == points


@pytest.mark.parametrize("large", [1e11, 1e12])
def test_values_that_differ_by_rounding_are_one_point(large: float) -> None:
    """The costs of s00 and s01 are the same but for 1 in 1e12; s01 covers more."""
    cover = instance(Question("mclp", p=1), [[1, None], [None, 1]], [1, 2])
    median = instance(Question("p-median", p=1), [[10, 10], [0, 1]], [large, 1])
    assert [(one.first, one.second) for one in pareto(cover, median, LIMITS)] == [(2, 10 * large + 1)]
    with patch("planner.siting.small._MOST_CELLS", -1):
        assert [one.chosen for one in pareto(cover, median, LIMITS)] == [("s01",)]


def test_a_front_needs_the_same_sites_and_rules() -> None:
    one = instance(Question("mclp", p=1), [[0, 1]], [1])
    for other in (
        instance(Question("p-median", p=1), [[0, 1, 2]], [1]),
        instance(Question("p-median", p=2), [[0, 1]], [1]),
        instance(Question("lscp"), [[0, 1]], [1]),
    ):
        with pytest.raises(SitingError):
            pareto(one, other, LIMITS)


def test_a_front_without_time_is_empty() -> None:
    one = instance(Question("mclp", p=1), [[0, 1]], [1])
    assert pareto(one, one.asking(Question("p-median", p=1)), Limits(seconds=0)) == []


@settings(MANY, max_examples=examples(100))
@given(cases(most_sites=6, most_demands=6), st.integers(1, 5))
def test_around_the_optimum_with_the_solvers_themselves(case: Instance, count: int) -> None:
    known = ranked(case)
    plans = partition(case, LIMITS, count, solve)
    assert [plan.objective * sense(case) for plan in plans] == pytest.approx([value for value, _ in known[:count]])
    assert len({plan.chosen for plan in plans}) == len(plans)
    assert all(plan.status == "optimal" for plan in plans)
    if known:
        assert lexicographic(case, LIMITS, solve).chosen == first_of_ties(case)


def middling(model: str, seed: int) -> Instance:
    """Twelve candidates and forty settlements in the plane, few different weights and costs, so that there are ties."""
    rng = np.random.default_rng(seed)
    xy = rng.random((40, 2)) * 8
    costs = np.rint(np.hypot(*(xy[:, None] - xy[:12][None]).transpose(2, 0, 1)))
    full = [[None if model == "mclp" and cost > 2 else float(cost) for cost in row] for row in costs]
    return instance(Question(model, p=4), full, rng.integers(0, 4, 40).tolist())  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["mclp", "p-median"])
@pytest.mark.parametrize("seed", range(6))
def test_the_small_search_on_middling_questions(model: str, seed: int) -> None:
    case = middling(model, seed)
    plans = small_plans(case, LIMITS, 30)
    assert plans is not None
    assert [(plan.objective * sense(case), plan.chosen) for plan in plans] == ranked(case)[:30]


@pytest.mark.parametrize("seed", range(4))
def test_fronts_of_middling_questions(seed: int) -> None:
    first, second = middling("mclp", seed), middling("p-median", seed)
    check_front(first, second, pareto(first, second, LIMITS))
    check_front(second, first, pareto(second, first, LIMITS))
