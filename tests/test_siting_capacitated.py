"""Capacitated siting against brute force, with loads and shares checked by other code, and on instances of known optimum."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from planner.siting.capacitated import solve_capacitated
from planner.siting.instance import Instance
from planner.siting.question import BACKGROUND, FORBIDDEN, Limits, Question
from planner.siting.siting import Siting
from tests.examples import examples
from tests.reference.orlib import read_cap, read_pmedcap, read_scp
from tests.siting_brute import brute, instance, questions

MANY = settings(max_examples=examples(600), deadline=None, suppress_health_check=list(HealthCheck))


def check_plan(case: Instance, answer: Siting) -> None:
    """Shares sum to one, every load is within its limits, only open sites in reach serve, the objective is its sum."""
    opened = {*answer.chosen, *answer.background}
    table = answer.assignment
    assert set(table["facility_id"]) <= opened
    assert (table["share"] > 0).all()
    total = table.groupby("demand_id")["share"].sum()
    served = case.demand_ids[~case.unreachable]
    assert list(total.index) == sorted(served)
    assert total.to_numpy() == pytest.approx(1, abs=1e-9)
    if not case.question.split:
        assert (table["share"] == 1).all()
    place = {name: at for at, name in enumerate(case.site_ids)}
    weight = dict(zip(case.demand_ids, case.weight, strict=True))
    load = dict.fromkeys(opened, 0.0)
    cost = sum(case.site_cost[place[one]] for one in answer.chosen)
    for row in table.itertuples():
        load[row.facility_id] += weight[row.demand_id] * row.share
        cost += weight[row.demand_id] * row.share * row.cost
    for name, value in load.items():
        at = place[name]
        assert case.min_load[at] - 1e-6 <= value <= case.max_load[at] + 1e-6
        assert case.status[at] != FORBIDDEN
    assert {one for one in case.site_ids if case.status[place[one]] == BACKGROUND} == set(answer.background)
    assert answer.objective == pytest.approx(cost, rel=1e-9, abs=1e-9)
    assert answer.covered + answer.uncovered + answer.unreachable == pytest.approx(case.weight.sum())
    assert answer.uncovered == 0


def check(case: Instance) -> None:
    best, _ = brute(case)
    answer = solve_capacitated(case, Limits())
    if best is None:
        assert answer.status == "infeasible"
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, abs=1e-6)
    assert answer.bound <= answer.objective
    check_plan(case, answer)


@MANY
@given(questions("capacitated", loads=True, most_sites=6, most_demands=6, split=True))
def test_split_equals_brute_force(case: Instance) -> None:
    check(case)


@MANY
@given(questions("capacitated", loads=True, most_sites=5, most_demands=6, split=False))
def test_single_source_equals_brute_force(case: Instance) -> None:
    check(case)


def towns(seed: int, groups: int, each: int, decoys: int) -> tuple[str, float]:
    """A file of warehouses whose optimum is known: every group's own warehouse is its cheapest and just large enough.

    All warehouses cost 500 and hold what a group needs, so at least `groups` of them must be open; nobody is served
    cheaper than by the group's own.
    """
    rng = np.random.default_rng(seed)
    demand = rng.integers(1, 20, (groups, each))
    demand[:, 0] += demand.sum(axis=1).max() - demand.sum(axis=1)
    hold = int(demand[0].sum())
    width = groups + decoys
    order = rng.permutation(width)
    lines = [f"{width} {groups * each}", *(f"{hold} 500." for _ in range(width))]
    best = groups * 500.0
    for group in range(groups):
        for person in range(each):
            near = int(rng.integers(1, 30))
            costs = near + rng.integers(1, 60, width)
            costs[group] = near
            best += float(demand[group, person] * near)
            lines += [
                str(demand[group, person]),
                " ".join(str(int(one * demand[group, person])) for one in costs[order]),
            ]
    return "\n".join(lines), best


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_warehouses_of_known_optimum(seed: int, split: bool) -> None:
    text, best = towns(seed, groups=5, each=8, decoys=12)
    case = read_cap(text, split=split)
    answer = solve_capacitated(case, Limits())
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-9)
    check_plan(case, answer)


def test_the_word_capacity_is_read() -> None:
    case = read_cap("2 1\ncapacity 5\ncapacity 7\n3\n6 9\n", capacity=4)
    assert list(case.max_load) == [4, 4]
    assert solve_capacitated(case, Limits()).objective == 11


def test_capacitated_p_median_of_known_optimum() -> None:
    """Three groups of four corners of a square around a middle: five points of weight 1 each, and room for five."""
    points = [(100 * g + x, y) for g in range(3) for x, y in ((10, 10), (0, 10), (20, 10), (10, 0), (10, 20))]
    lines = ["1", "1 120", "15 3 5", *(f"{at} {x} {y} 1" for at, (x, y) in enumerate(points, 1))]
    (case, best), *_ = read_pmedcap("\n".join(lines))
    answer = solve_capacitated(case, Limits())
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best)
    assert answer.chosen == ("s0001", "s0006", "s0011")
    check_plan(case, answer)


def test_set_covering_files_are_read() -> None:
    from planner.siting.cover import solve_lscp

    case = read_scp("3 4\n1 2 3 2\n2 1 2\n2 2 3\n1\n4\n")
    answer = solve_lscp(case, Limits())
    assert answer.status == "optimal"
    assert (answer.objective, answer.chosen) == (4, ("s0002", "s0004"))


def middling(seed: int, count: int, p: int, *, split: bool) -> Instance:
    """Points in a square that are demands and candidates at once, with room for 1.2 times the weight in p sites."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 100, (count, 2))
    weight = rng.integers(1, 21, count).astype(float)
    far = np.rint(np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) * 10)
    sites = pd.DataFrame({"max_load": np.full(count, np.ceil(weight.sum() / p * 1.2))})
    return instance(Question("capacitated", p=p, split=split), far.tolist(), weight.tolist(), sites)


def test_equal_to_spopt() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spopt and PuLP speak to each other in ways that PuLP is about to give up
        _check_against_spopt()


def _check_against_spopt() -> None:
    locate = pytest.importorskip("spopt.locate")
    pulp = pytest.importorskip("pulp")
    if not pulp.PULP_CBC_CMD(msg=False).available():
        pytest.skip("there is no CBC")
    case = middling(3, 40, 5, split=False)
    full = np.full((40, 40), np.inf)
    full[case.row, case.indices] = case.costs
    model = locate.PMedian.from_cost_matrix(full, case.weight, p_facilities=5, facility_capacities=case.max_load)
    model = model.solve(pulp.PULP_CBC_CMD(msg=False))
    answer = solve_capacitated(case, Limits())
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(model.problem.objective.value(), rel=1e-6)
    check_plan(case, answer)


def test_units_change_nothing() -> None:
    """Weights and loads in tens, costs in thousandths: the same sites and shares."""
    case = middling(4, 30, 4, split=True)
    other = replace(case, weight=case.weight * 10, max_load=case.max_load * 10, costs=case.costs / 1000)
    one, two = solve_capacitated(case, Limits()), solve_capacitated(other, Limits())
    assert two.objective == pytest.approx(one.objective / 100, rel=1e-9)
    assert one.chosen == two.chosen


def test_a_gap_is_kept_to() -> None:
    case = middling(5, 60, 6, split=False)
    exact, rough = solve_capacitated(case, Limits()), solve_capacitated(case, Limits(gap=0.05))
    assert exact.status == "optimal"
    assert rough.gap <= 0.05
    assert rough.bound <= exact.objective + 1e-6 <= rough.objective + 2e-6


def test_no_time_gives_a_plan_and_claims_nothing() -> None:
    answer = solve_capacitated(middling(6, 60, 6, split=False), Limits(seconds=0.0))
    assert answer.status == "feasible"
    assert answer.clash is None
    assert len(answer.chosen) == 6
    assert answer.gap > 1e-6


def test_whole_people_are_served() -> None:
    case = middling(7, 50, 5, split=True)
    demand, _, share = solve_capacitated(case, Limits()).flows or ((), (), ())
    people = case.weight[demand] * share
    assert people == pytest.approx(np.rint(people), abs=1e-9)
