"""Districts against brute force on small graphs, with an independent checker; known answers by hand; clashes."""

import re
import time
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from shapely import box

from planner.districts.adjacency import by_points
from planner.districts.clash import clash_of
from planner.districts.districting import DistrictTask, cases_of, districts
from planner.districts.exact import Part, _most_units, solve_case
from planner.errors import SitingError, Text
from planner.siting.models import solve
from planner.siting.question import Limits
from planner.siting.siting import Clash
from tests.districts_check import brute, faults, tables, worth
from tests.examples import examples
from tests.reference.orlib import districts_of, known_pmedcap, random_pmedcap, read_pmedcap

LIMITS = Limits(seconds=60)
MANY = settings(max_examples=examples(500), deadline=None, suppress_health_check=list(HealthCheck))


def ids(letter: str, count: int) -> list[str]:
    return [f"{letter}{at:02d}" for at in range(count)]


def task_of(
    people: list[int], edges: list[tuple[int, int]], centers: list[tuple[int, str]], burden: Any, **rest: Any
) -> DistrictTask:
    """Units u00… of one county, centres c00… as (unit, status)."""
    names = ids("u", len(people))
    return DistrictTask(
        pd.DataFrame({"id": names, "county_code": rest.pop("counties", "510402"), "population": people}),
        pd.DataFrame(
            {"id": ids("c", len(centers)), "unit_id": [names[at] for at, _ in centers],
             "status": [status for _, status in centers], **rest.pop("columns", {})}
        ),
        tuple((names[a], names[b]) for a, b in edges),
        np.array(burden, float).reshape(len(people), len(centers)),
        **rest,
    )  # fmt: skip


@st.composite
def tasks(draw: st.DrawFn) -> DistrictTask:
    """Any small question: graph, people, fixed and free centres, bounds hard or soft, p or fewest or costs."""
    count = draw(st.integers(1, 7))
    people = draw(st.lists(st.integers(0, 6) | st.integers(2, 3), min_size=count, max_size=count))
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    tree = [(draw(st.integers(0, at - 1)), at) for at in range(1, count)]
    broken = draw(st.integers(0, 9)) == 0
    edges = [pair for pair in tree if not broken or draw(st.integers(0, 3)) > 0]
    edges += draw(st.lists(st.sampled_from(pairs), max_size=4)) if pairs else []
    width = draw(st.integers(1, 4))
    seats = draw(st.lists(st.integers(0, count - 1), min_size=width, max_size=width))
    names = draw(
        st.sampled_from([["fixed"], ["candidate"], ["fixed", "candidate"], ["fixed", "candidate", "forbidden"]])
    )
    centers, taken = list[tuple[int, str]](), set[int]()
    for seat in seats:
        status = draw(st.sampled_from(names))
        centers.append((seat, "candidate" if status == "fixed" and seat in taken else status))
        taken |= {seat} if status == "fixed" else set()
    cost = st.integers(0, 9) | st.just(np.inf) if draw(st.integers(0, 4)) == 0 else st.integers(0, 9)
    burden = draw(st.lists(cost, min_size=count * width, max_size=count * width))
    lower = draw(st.integers(0, 8) | st.integers(0, 3))
    upper = lower + draw(st.integers(1, 12) | st.integers(6, 18))
    columns: dict[str, Any] = {}
    if draw(st.booleans()):
        columns["cost"] = draw(st.lists(st.integers(0, 6), min_size=width, max_size=width))
    if draw(st.integers(0, 4)) == 0:
        columns["upper"] = draw(st.lists(st.integers(lower, lower + 15), min_size=width, max_size=width))
    counties = ["510402"] * count
    if count > 3 and draw(st.integers(0, 3)) == 0:
        counties = ["510402"] * (count // 2) + ["510403"] * (count - count // 2)
    p = draw(st.sampled_from([None, "fewest", "number"]))
    standing = sum(status == "fixed" for _, status in centers)
    number = {"510402": draw(st.integers(0, 3) | st.integers(max(standing, 1), standing + 1))}
    return task_of(
        people, edges, centers, burden, lower=lower, upper=upper, hard=draw(st.booleans()), columns=columns,
        short_price=float(draw(st.sampled_from([0, 1, 3]))), counties=counties, p=number if p == "number" else p,
    )  # fmt: skip


@given(tasks())
@MANY
def test_equal_to_brute_force(task: DistrictTask) -> None:
    _, _, near, _ = tables(task)
    if not all(near.values()):
        try:
            districts(task, LIMITS)
        except SitingError:
            event("refused: a community without neighbours")
            return
    answer = districts(task, LIMITS)
    best = brute(task)
    event(
        f"{answer.status} {'hard' if task.hard else 'soft'} {'fewest' if task.p == 'fewest' else 'p' if task.p else 'cost'}"
    )
    for county, expected in best.items():
        part = answer.parts[county]
        assert part.status == ("infeasible" if expected is None else "optimal"), county
        if expected is not None:
            assert part.objective == pytest.approx(expected[0], abs=1e-6)
            assert part.bound == pytest.approx(expected[0], abs=1e-5)
            if task.p == "fewest":
                assert int(part.case.opened(part.owner).sum()) == expected[1]
        else:
            assert answer.clashes[county].rule.zh
    if answer.status == "infeasible":
        assert answer.clash is not None
        return
    plan = answer.assignment.to_dict()
    assert faults(task, plan) == []
    assert worth(task, plan) == pytest.approx(answer.objective, abs=1e-9)
    assert int(answer.loads["load"].sum()) == int(task.units["population"].sum())


def advised(task: DistrictTask, county: str, told: str, less: int = 0) -> DistrictTask:
    """The question with one piece of advice followed: bounds moved as told (by `less` people less), the number set."""
    centers, bounds, p = task.centers, {"upper": task.upper, "lower": task.lower}, task.p
    for name, word, sign in (("upper", "上限", 1), ("lower", "下限", -1)):
        to, by = (
            re.search(rf"把{word}(?:提高|降)到 (\d+)", told),
            re.search(rf"把各中心的{word}各(?:提高|降低) (\d+)", told),
        )
        if to:
            bounds[name] = int(to[1]) - sign * less
            centers = centers.assign(**{name: bounds[name]}) if name in centers else centers
        if by:
            by_now = sign * (int(by[1]) - less)
            bounds[name] += by_now
            centers = centers.assign(**{name: (centers[name] + by_now).clip(lower=0)})
    number = re.search(r"把个数改为 (\d+)", told)
    if number:
        p = {county: int(number[1])}
    return replace(task, centers=centers, p=p, **bounds)


@given(tasks())
@settings(MANY, max_examples=examples(300))
def test_what_a_clash_advises_helps_and_less_does_not(task: DistrictTask) -> None:
    """Every change that is told makes a plan possible; one person less of a bound that is moved alone does not."""
    if not all(tables(task)[2].values()):
        return
    answer = districts(task, LIMITS)
    for county, clash in answer.clashes.items():
        assert "时限" not in clash.change.zh, "nothing here takes a minute"
        for told in re.split("；或", clash.change.zh):
            if not re.search("把上限|把下限|把各中心的|把个数", told):
                event("no number")
                continue
            event(re.sub(r"\d+", "N", told))
            assert "必要" not in told
            followed = advised(task, county, told)
            assert followed.lower >= 0
            assert brute(followed)[county] is not None, told
            if "，并" not in told and "个数" not in told:
                assert brute(advised(task, county, told, 1))[county] is None, told


PATH = [(at, at + 1) for at in range(5)]


def path_task(**rest: Any) -> DistrictTask:
    """Six communities in a row, ten people each, a centre at either end; everyone dislikes c01."""
    near = [[at, 2 * (5 - at)] for at in range(6)]
    return task_of([10] * 6, PATH, [(0, "fixed"), (5, "fixed")], near, **{"upper": 60, **rest})


def test_by_hand_without_a_bound_that_binds() -> None:
    answer = districts(path_task(), LIMITS)
    assert answer.status == "optimal"
    assert answer.assignment.tolist() == ["c00"] * 4 + ["c01"] * 2
    assert answer.objective == 0 + 1 + 2 + 3 + 2 + 0


def test_an_upper_bound_moves_the_border() -> None:
    answer = districts(path_task(upper=30), LIMITS)
    assert answer.loads["load"].tolist() == [30, 30]
    assert answer.objective == 0 + 1 + 2 + 4 + 2 + 0


def test_what_is_short_of_a_soft_bound_is_priced_and_said() -> None:
    cheap, dear = districts(path_task(lower=30), LIMITS), districts(path_task(lower=30, short_price=1), LIMITS)
    assert cheap.loads["short"].tolist() == [0, 10]
    assert cheap.loads["advice"].tolist() == ["", "mergeable"]
    assert dear.loads["short"].tolist() == [0, 0]
    assert districts(path_task(lower=30, hard=True), LIMITS).objective == dear.objective


def test_contiguity_costs() -> None:
    """A row whose far end would rather go to the near centre: it must go with the units between."""
    burden = [[0, 9], [9, 0], [9, 0], [0, 9]]
    task = task_of([1] * 4, [(0, 1), (1, 2), (2, 3)], [(0, "fixed"), (2, "fixed")], burden, upper=10)
    assert districts(task, LIMITS).assignment.tolist() == ["c00", "c01", "c01", "c01"]


def test_people_that_no_number_of_centres_fits() -> None:
    """25 people in fives, 10 to 12 a centre: two hold 24, three need 30; whole communities give 10 + 15, or 5 + 10 + 10."""
    task = task_of([5] * 5, PATH[:4], [(at, "candidate") for at in range(5)], np.zeros((5, 5)),
                   lower=10, upper=12, hard=True, p="fewest")  # fmt: skip
    clash = districts(task, LIMITS).clash
    assert clash is not None
    assert "25 人，没有合适的中心个数" in clash.rule.zh
    assert clash.change.zh == "把上限提高到 15；或把下限降到 5"
    assert clash.change.en == "raise the upper bound to 15; or lower the lower bound to 5"


def test_an_island_is_named() -> None:
    task = task_of([5] * 4, [(0, 1), (2, 3)], [(0, "fixed")], np.zeros((4, 1)), upper=100)
    clash = districts(task, LIMITS).clash
    assert clash is not None
    assert clash.ids == ("u02", "u03")
    assert "不相连" in clash.rule.zh


def test_a_community_above_the_upper_bound_is_named() -> None:
    """A bound of 10 would let each community be served, and still not by two centres: 30 is what does."""
    clash = districts(path_task(upper=9), LIMITS).clash
    assert clash is not None
    assert len(clash.ids) == 6
    assert clash.change.zh == "把上限提高到 30；或把这些社区拆成几个（必要，不一定够）"
    assert districts(path_task(upper=29), LIMITS).status == "infeasible"


def test_the_smallest_stretch_is_told() -> None:
    """10, 25, 10 people in a row, centres at both ends, at most 30 each: the middle one needs 35."""
    task = task_of([10, 25, 10], PATH[:2], [(0, "fixed"), (2, "fixed")], np.zeros((3, 2)), upper=30)
    clash = districts(task, LIMITS).clash
    assert clash is not None
    assert clash.rule.zh == "相连成片时上限 30 不能满足"
    assert clash.change.zh == "把上限提高到 35"
    assert districts(replace(task, upper=35), LIMITS).status == "optimal"


def test_a_hard_lower_bound_that_connection_forbids() -> None:
    """A star: the arms hang on the middle, so one district alone can have more than its own community."""
    burden = np.zeros((4, 2))
    task = task_of([1, 10, 10, 10], [(0, 1), (0, 2), (0, 3)], [(1, "fixed"), (2, "fixed")], burden,
                   upper=30, lower=15, hard=True)  # fmt: skip
    clash = districts(task, LIMITS).clash
    assert clash is not None
    assert clash.change.zh == "把下限降到 10"


def test_one_bound_that_suffices_is_told_alone_and_two_as_two() -> None:
    """Ten people a community, two centres: at least 31 each is one too many; of 25 to 25 and people of 20 neither bound alone."""
    alone = districts(path_task(upper=60, lower=31, hard=True), LIMITS).clash
    assert alone is not None
    assert alone.change.zh == "把下限降到 30"
    task = task_of([20, 20, 2], PATH[:2], [(0, "fixed"), (1, "fixed"), (2, "fixed")], np.zeros((3, 3)),
                   upper=18, lower=5, hard=True)  # fmt: skip
    both = districts(task, LIMITS).clash
    assert both is not None
    assert both.change.zh.startswith("把上限提高到 20，并把下限降到 2；或")
    assert both.change.en.startswith("raise the upper bound to 20, and lower the lower bound to 2; or")


def test_joint_centres_are_told_how_much_more_each_needs() -> None:
    """Centres of 20 and 40 at either end of six tens: 60 do; of 20 and 30 they do not, 10 more on each would."""
    enough = path_task(columns={"upper": [20, 40]}, upper=20)
    assert districts(enough, LIMITS).status == "optimal"
    clash = districts(path_task(columns={"upper": [20, 30]}, upper=20), LIMITS).clash
    assert clash is not None
    assert clash.change.zh == "把各中心的上限各提高 10；或至少再增设 1 个候选中心（必要，不一定够）"


def test_a_centre_without_a_way_to_its_own_community_is_the_cause() -> None:
    burden = np.zeros((6, 2))
    burden[5, 1] = np.inf
    for lost in (burden, np.where(np.arange(2) == 1, np.inf, burden)):
        clash = districts(replace(path_task(), burden=lost), LIMITS).clash
        assert clash is not None
        assert clash.rule.zh == "中心到本社区没有路：c01"
        assert clash.ids == ("u05",)
        assert "时限" not in clash.change.zh


def test_what_no_bound_and_no_number_helps_is_no_question_of_time() -> None:
    """u02 can go to c00 only, and between them stands c01, whose own community is always its own."""
    burden = [[0, 9], [9, 0], [0, np.inf]]
    task = task_of([1, 1, 1], PATH[:2], [(0, "fixed"), (1, "fixed")], burden, upper=9)
    for asked in (task, replace(task, lower=1, hard=True), replace(task, p={"510402": 2})):
        clash = districts(asked, LIMITS).clash
        assert clash is not None
        assert "放开上下限和个数也没有方案" in clash.rule.zh
        assert "时限" not in clash.change.zh


def test_without_time_it_is_said_that_time_ended() -> None:
    task = task_of([10, 25, 10], PATH[:2], [(0, "fixed"), (2, "fixed")], np.zeros((3, 2)), upper=30)
    (case,) = cases_of(task)
    assert (
        clash_of(case, replace(LIMITS, seconds=0.0)).change.zh == "没有找到够用的最小改动：逐项放宽要求，或放宽时限再试"
    )


def test_the_clash_of_one_county_leaves_time_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two counties without a plan the first may use half of what is left, and no more."""
    given = list[float]()
    told = Clash(Text("x", "x"), (), Text("x", "x"))
    monkeypatch.setattr(
        "planner.districts.districting.clash_of", lambda _, limits: given.append(limits.seconds) or told
    )
    task = path_task(upper=9)
    districts(replace(task, units=task.units.assign(county_code=["510402"] * 3 + ["510403"] * 3)), LIMITS)
    assert given[0] <= LIMITS.seconds / 2 < given[1] <= LIMITS.seconds


def test_fewest_is_not_proven_where_fewer_are_not_disproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time ends on one centre without a word: the plan with two is the best of its kind, proven; that two are the fewest is not."""
    task = task_of([5] * 4, PATH[:3], [(at, "candidate") for at in range(4)], np.zeros((4, 4)), upper=20, p="fewest")
    assert len(districts(task, LIMITS).opened) == 1

    def solved(case: Any, limits: Limits) -> Any:
        return Part(case, "unknown", np.nan, 0.0, np.zeros(0, np.int64)) if case.p == 1 else solve_case(case, limits)

    monkeypatch.setattr("planner.districts.districting.solve_case", solved)
    answer = districts(task, LIMITS)
    (part,) = answer.parts.values()
    assert (len(answer.opened), answer.status, answer.gap) == (2, "feasible", 0.0)
    assert (part.status, part.fewest, part.least, part.case.p) == ("optimal", False, 1, 2)


def test_a_district_may_hold_the_smallest_communities_that_just_fill_it() -> None:
    """Of 10, 10 and 20 people a centre for 20 holds two communities, one for 19 or 10 a single one, one for 40 all."""
    columns = {"upper": [20, 19, 10, 40]}
    (case,) = cases_of(task_of([20, 10, 10], PATH[:2], [(0, "candidate"), *[(1, "candidate")] * 3], np.zeros((3, 4)),
                               upper=40, columns=columns))  # fmt: skip
    assert _most_units(case).tolist() == [2, 1, 1, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lower": -1}, "下限小于 0"),
        ({"lower": 70}, "下限大于上限"),
        ({"upper": 0}, "上限须大于 0"),
        ({"short_price": -1.0}, "罚价"),
        ({"p": {"510402": -1}}, "不能小于 0"),
        ({"p": {"999999": 1}}, "没有这个县"),
        ({"edges": (("u00", "u99"),)}, "没有这个社区"),
        ({"edges": tuple((f"u0{at}", f"u0{at + 1}") for at in range(3))}, "没有相邻的社区"),
        ({"burden": np.full((6, 2), -1.0)}, "费用须是不小于 0 的数"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SitingError, match=said):
        districts(replace(path_task(), **change), LIMITS)


def test_two_standing_centres_in_one_community_are_refused() -> None:
    task = task_of([1, 1], [(0, 1)], [(0, "fixed"), (0, "fixed")], np.zeros((2, 2)), upper=10)
    with pytest.raises(SitingError, match="不止一所"):
        districts(task, LIMITS)


def test_row_order_changes_nothing() -> None:
    task = middling(0, 40, 5, 0.7)
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(40), rng.permutation(5)
    other = replace(
        task, units=task.units.iloc[rows], centers=task.centers.iloc[columns], burden=task.burden[rows][:, columns],
        edges=tuple((b, a) for a, b in task.edges[::-1]),
    )  # fmt: skip
    pd.testing.assert_series_equal(districts(task, LIMITS).assignment, districts(other, LIMITS).assignment)


def middling(
    seed: int, count: int, width: int, full: float, status: str = "fixed", low: float = 0.5, **rest: Any
) -> DistrictTask:
    """Points in a square, neighbours by a triangulation, centres among them at random."""
    from scipy.spatial import Delaunay

    rng = np.random.default_rng(seed)
    place, people = rng.random((count, 2)) * 10, rng.integers(2000, 15000, count)
    corners = Delaunay(place).simplices
    edges = sorted(
        {
            (int(min(a, b)), int(max(a, b)))
            for one in corners
            for a, b in ((one[0], one[1]), (one[1], one[2]), (one[0], one[2]))
        }
    )
    seats = sorted(rng.choice(count, width, replace=False).tolist())
    far = np.rint(np.hypot(*(place[:, None] - place[seats][None]).transpose(2, 0, 1)) * 1000)
    upper = int(people.sum() / width / full)
    return task_of(people.tolist(), edges, [(at, status) for at in seats], people[:, None] * far,
                   upper=upper, lower=int(low * people.sum() / width), **rest)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_a_plain_flow_formulation(seed: int) -> None:
    """The same question as one programme with flows from each centre, in a file of its own."""
    from tests.districts_flow import flow_plan

    kinds: list[dict[str, Any]] = [
        {"hard": True},
        {"short_price": 500.0},
        {"status": "candidate", "p": {"510402": 4}},
        {},
    ]
    task = middling(seed, (26, 30, 26, 30)[seed], 5, (0.7, 0.75, 0.45, 0.75)[seed], **kinds[seed])
    answer, other = districts(task, LIMITS), flow_plan(task)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(other, rel=1e-6)
    assert faults(task, answer.assignment.to_dict()) == []


def test_a_gap_is_kept_to_and_no_time_gives_no_plan() -> None:
    task = middling(3, 80, 10, 0.85)
    rough = districts(task, Limits(seconds=20, gap=0.05))
    assert rough.gap <= 0.05
    assert faults(task, rough.assignment.to_dict()) == []
    assert districts(task, Limits(seconds=0)).status in ("unknown", "feasible")


def test_max_p_has_as_many_regions_as_ours_with_a_floor_alone() -> None:
    """spopt's max-p (a heuristic, a floor and no ceiling) never has more regions than the people allow."""
    pytest.importorskip("spopt.region")
    from tests.districts_flow import max_p_regions

    task = middling(5, 25, 25, 0.2, "candidate", low=0.0)
    people = task.units["population"].to_numpy()
    floor = int(people.sum() / 5)
    regions = max_p_regions(task, floor)
    load = np.bincount(regions, people)
    assert (load[load > 0] >= floor).all()
    count = int((load > 0).sum())
    ours = replace(task, lower=floor, upper=int(people.sum()), hard=True, p={"510402": count})
    answer = districts(ours, LIMITS)
    assert answer.status in ("optimal", "feasible")
    assert faults(ours, answer.assignment.to_dict()) == []


def test_the_published_format_with_optima_known_by_construction() -> None:
    """Capacitated p-median in the OR-Library's text: every centre is full in the optimum, which the making proves."""
    text, optima = known_pmedcap(list(range(24)))
    for (case, best), task, known in zip(read_pmedcap(text), districts_of(text), optima, strict=True):
        assert best == known
        assert solve(case, LIMITS).objective == pytest.approx(known)
        answer = districts(task, LIMITS)
        assert (answer.status, answer.objective) == ("optimal", pytest.approx(known))
        assert set(answer.loads["load"]) == {60}
        assert faults(task, answer.assignment.to_dict()) == []


@pytest.mark.parametrize("seed", range(8))
def test_the_published_format_against_plain_solvers(seed: int) -> None:
    """Random problems of that format at 75 to 95 % of the room: one plain programme agrees, siting's model is never dearer."""
    from tests.districts_flow import flow_plan

    text = random_pmedcap(14, 3, (0.75, 0.85, 0.95)[seed % 3], seed)
    (task,), ((case, _),) = districts_of(text), read_pmedcap(text)
    answer, sited = districts(task, LIMITS), solve(case, LIMITS)
    assert (answer.status, sited.status) == ("optimal", "optimal")
    assert answer.objective == pytest.approx(flow_plan(task))
    assert sited.objective <= answer.objective + 1e-6
    if answer.objective == pytest.approx(sited.objective):
        assert faults(task, answer.assignment.to_dict()) == []


@pytest.mark.parametrize("seed", range(3))
def test_spopt_agrees_on_the_published_format(seed: int) -> None:
    pytest.importorskip("spopt.locate")
    from tests.districts_flow import p_median_of

    text, (known,) = known_pmedcap([seed])
    (task,) = districts_of(text)
    assert p_median_of(task) == pytest.approx(known)


def test_candidates_count_for_nothing_where_no_more_may_be_opened() -> None:
    task = middling(2, 40, 12, 0.75)
    standing = task.centers["id"].isin(task.centers["id"][::3]).to_numpy()
    few = replace(task, centers=task.centers[standing], burden=task.burden[:, standing], upper=int(1e6))
    status = np.where(standing, "fixed", "candidate")
    many = replace(task, centers=task.centers.assign(status=status), upper=few.upper, p={"510402": int(standing.sum())})
    assert districts(many, LIMITS).assignment.tolist() == districts(few, LIMITS).assignment.tolist()
    least = replace(many, p="fewest")
    assert districts(least, LIMITS).opened == tuple(sorted(few.centers["id"]))


def test_beyond_the_solver_there_is_a_plan_and_an_honest_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.districts.exact._MOST_PAIRS", 1)
    task = middling(4, 60, 20, 0.5, "candidate", p={"510402": 12})
    answer = districts(task, LIMITS)
    assert answer.status == "feasible"
    assert faults(task, answer.assignment.to_dict()) == []
    monkeypatch.undo()
    best = districts(task, LIMITS)
    assert answer.bound <= best.objective <= answer.objective


def test_a_thousand_points_have_neighbours_at_once() -> None:
    """Cells of as many points as a large city has communities; it once took minutes to find a frame around them."""
    rng = np.random.default_rng(0)
    spots = gpd.GeoSeries(gpd.points_from_xy(*rng.random((2, 1000)) * 30_000), crs=32648)
    units = gpd.GeoDataFrame({"id": ids("u", 1000), "county_code": "510402"}, geometry=spots)
    counties = gpd.GeoDataFrame({"code": ["510402"]}, geometry=[box(0, 0, 30_000, 30_000)], crs=32648)
    begin = time.process_time()
    edges = by_points(units, counties)
    assert time.process_time() - begin < 10
    assert 2_800 < len(edges) < 3_000
