"""The order of opening: against every order there is, by hand, and through HiGHS."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import SitingError
from planner.region import Region
from planner.scenario import Change, Close, Edit, Open, Scenario, apply
from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.phasing import phases
from planner.siting.question import Limits, Question
from scenarios.chosen import chosen_of
from scenarios.cli.program import main
from scenarios.files import read_scenario
from tests.examples import examples
from tests.siting_brute import instance


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Instance, list[str], float, dict[str, float] | None]:
    """A small question, the sites to open, and a budget."""
    width, count = draw(st.integers(1, 6)), draw(st.integers(1, 7))
    cost = st.integers(0, 9) | st.none()
    costs = draw(st.lists(st.lists(cost, min_size=width, max_size=width), min_size=count, max_size=count))
    weights = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    names = st.sampled_from(["candidate"] * 5 + ["fixed", "background"])
    status = draw(st.lists(names, min_size=width, max_size=width))
    model = draw(st.sampled_from(["mclp", "p-median"]))
    question = Question(model, p=sum(one != "background" for one in status), allow_unreachable=True)
    made = instance(question, costs, weights, pd.DataFrame({"status": status}))
    chosen = draw(st.lists(st.sampled_from([str(one) for one in made.site_ids]), unique=True))
    if draw(st.booleans()):
        return made, chosen, draw(st.integers(1, 4)), None
    prices = {one: draw(st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 2.5])) for one in chosen}
    return made, chosen, draw(st.sampled_from([0.3, 0.7, 1.0, 2.0])), prices


def worth(made: Instance, order: tuple[str, ...], budget: float, prices: dict[str, float] | None) -> list[float]:
    """What each year to the last is worth under an order: money in tenths, nothing clever."""
    tenth = {one: 10 if prices is None else round(prices[one] * 10) for one in order}
    a_year, last = round(budget * 10), 1
    while a_year * last < sum(tenth.values()):
        last += 1
    always = [at for at in range(len(made.site_ids)) if made.status[at] in (1, 2)]
    dearest = float(made.costs.max(initial=0))
    out = []
    for year in range(1, last + 1):
        opened, spent = list(always), 0
        for one in order:
            spent += tenth[one]
            if spent > a_year * year:
                break
            opened.append(list(made.site_ids).index(one))
        value = 0.0
        for row, weight in enumerate(made.weight):
            pairs = slice(made.indptr[row], made.indptr[row + 1])
            found = [c for s, c in zip(made.indices[pairs], made.costs[pairs], strict=True) if s in opened]
            value += weight * (bool(found) if made.question.model == "mclp" else min(found, default=dearest))
        out.append(float(value))
    return out


def best_of_all(made: Instance, chosen: list[str], budget: float, prices: dict[str, float] | None) -> float:
    free = sorted(one for one in chosen if made.status[list(made.site_ids).index(one)] == 0)
    values = [sum(worth(made, order, budget, prices)) for order in permutations(free)]
    return max(values) if made.question.model == "mclp" else min(values)


@settings(max_examples=examples(300), deadline=None)
@given(tasks())
def test_no_order_is_better(task: tuple[Instance, list[str], float, dict[str, float] | None]) -> None:
    made, chosen, budget, prices = task
    found = phases(made, chosen, budget, prices)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best_of_all(*task))
    assert found.objective == pytest.approx(sum(worth(made, found.order, budget, prices)))
    table = found.table
    if made.question.model == "mclp":
        assert table["covered"].iloc[1:].tolist() == pytest.approx(worth(made, found.order, budget, prices))
        assert table["newly_covered"].sum() == table["covered"].iloc[-1] - table["covered"].iloc[0]
    assert sorted(one for ids in table["opened"] for one in ids) == sorted(found.order)
    for row in table.iloc[1:].itertuples():
        assert row.cumulative_cost <= budget * row.year + 1e-9


@settings(max_examples=examples(80), deadline=None)
@given(tasks())
def test_highs_finds_the_same_value(task: tuple[Instance, list[str], float, dict[str, float] | None]) -> None:
    made, chosen, budget, prices = task
    found = phases(made, chosen, budget, prices, most_exact=-1)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best_of_all(*task))
    assert found.bound == pytest.approx(found.objective)


def _three() -> Instance:
    """Sites 0, 1, 2 reach 10, 6 + 5 and 5 + 4 people; 5 of them are the same."""
    costs = [[1, None, None], [None, 1, None], [None, 2, 1], [None, None, 3]]
    return instance(Question("mclp", p=3, allow_unreachable=True), costs, [10, 6, 5, 4])


def test_one_a_year_by_hand() -> None:
    found = phases(_three(), ["s02", "s00", "s01"], 1)
    assert found.order == ("s01", "s00", "s02")
    assert found.table["covered"].tolist() == [0, 11, 21, 25]
    assert found.objective == 11 + 21 + 25


def test_two_a_year_by_hand() -> None:
    found = phases(_three(), ["s00", "s01", "s02"], 2)
    assert found.year == {"s00": 1, "s01": 1, "s02": 2}
    assert found.objective == 21 + 25


def test_money_kept_from_one_year_pays_in_the_next() -> None:
    # The best site is dear: two cheap ones first cover 10 and 19 people, then a year passes for want of money.
    prices = {"s00": 1.0, "s01": 3.0, "s02": 1.0}
    found = phases(_three(), prices, 1, prices)
    assert found.order == ("s00", "s02", "s01")
    assert found.table["covered"].tolist() == [0, 10, 19, 19, 19, 25]
    assert found.table["cumulative_cost"].tolist() == [0, 1, 2, 2, 2, 5]


def test_of_equal_orders_the_nearer_then_the_ids() -> None:
    costs = [[5, 2], [5, 2]]
    equal = instance(Question("mclp", p=2, allow_unreachable=True), costs, [1, 1])
    assert phases(equal, ["s00", "s01"], 1).order == ("s01", "s00")
    same = instance(Question("mclp", p=2, allow_unreachable=True), [[2, 2]], [1])
    assert phases(same, ["s01", "s00"], 1).order == ("s00", "s01")


def test_row_order_changes_nothing() -> None:
    made = _three()
    assert phases(made, ["s02", "s01", "s00"], 1).order == phases(made, ["s00", "s01", "s02"], 1).order


def test_twenty_sites_in_seconds_and_the_same_by_highs() -> None:
    generator = np.random.default_rng(1)
    costs = [[int(c) if c < 30 else None for c in generator.integers(0, 100, 14)] for _ in range(60)]
    made = instance(Question("mclp", p=14, allow_unreachable=True), costs, generator.integers(1, 99, 60).tolist())
    sites = [str(one) for one in made.site_ids]
    exact, other = phases(made, sites, 3), phases(made, sites, 3, most_exact=0)
    assert exact.objective == other.objective
    assert other.status == "optimal"


def test_sites_that_cost_nothing_open_in_the_first_year() -> None:
    prices = dict.fromkeys(("s00", "s01"), 0.0) | {"s02": 2.0}
    found = phases(_three(), prices, 1, prices)
    assert found.year == {"s00": 1, "s01": 1, "s02": 2}
    assert found.table["covered"].tolist() == [0, 21, 25]
    free = dict.fromkeys(prices, 0.0)
    assert set(phases(_three(), free, 1, free).year.values()) == {1}


@pytest.mark.parametrize("model", ["mclp", "p-median"])
@pytest.mark.parametrize(("above", "status"), [(1e-3, "optimal"), (-1.0, "feasible")])
def test_no_bound_is_worse_than_the_order_itself(model: str, above: float, status: str) -> None:
    """A bound above what the order loses is a solver's rounding; one below it leaves a gap."""
    made = _three().asking(Question(model, p=3, allow_unreachable=True))  # type: ignore[arg-type]
    exact = phases(made, ["s00", "s01", "s02"], 1)

    def off(program: Program, limits: Limits, start: object) -> Solved:
        answer = solve(program, limits, start)  # type: ignore[arg-type]
        return replace(answer, bound=answer.objective + above)

    with patch("planner.siting.phasing.solve", off):
        found = phases(made, ["s00", "s01", "s02"], 1, most_exact=0)
    assert found.objective == exact.objective
    better = 1 if model == "mclp" else -1
    assert (found.bound - found.objective) * better == pytest.approx(max(0.0, -above), abs=1e-9)
    assert found.status == status


def test_what_cannot_be_asked_is_told() -> None:
    for chosen, budget, prices, word in (
        (["s09"], 1, None, "s09"), (["s00"], 0, None, "0"), (["s00", "s01"], 1, {"s00": 1.0}, "s01"),
        (["s00"], 1, {"s00": 1e6}, "年"),
    ):  # fmt: skip
        with pytest.raises(SitingError) as refused:
            phases(_three(), chosen, budget, prices)
        assert word in refused.value.problems[0].say("zh")
    with pytest.raises(ValueError, match="lscp"):
        phases(_three().asking(Question("lscp")), ["s00"], 1)


# ---- the sites of a scenario ----

STATION = "emergency_station"
UP = {"kind": "county_subcenter"}


def _open(name: str, **more: object) -> Open:
    return Open(fields={"id": name, "name": name, "kind": STATION, "lon": 101.65, "lat": 26.65, **more})


@pytest.mark.parametrize(
    ("kind", "edits", "sites"),
    [
        (STATION, (_open("N"), Change(facility="N", fields={"lon": 101.66, "lat": 26.66}, word="move")), ("N",)),
        (STATION, (_open("N"), _open("M"), Close(facility="N")), ("M",)),
        (STATION, (_open("N", status="planned"), Change(facility="N", fields={"status": "open"})), ("N",)),
        (STATION, (Change(facility="ES2", fields={"status": "open"}),), ("ES2",)),
        (STATION, (Change(facility="ES1", fields={"lon": 101.66, "lat": 26.66}, word="move"),), ()),
        ("county_subcenter", (Change(facility="TH1", fields=UP, word="upgrade"), Close(facility="TH1")), ()),
        ("county_subcenter", (Change(facility="TH1", fields=UP), Change(facility="TH2", fields=UP), Close(facility="TH1")), ("TH2",)),
        ("county_subcenter", (_open("N", kind="hospital"), Change(facility="N", fields=UP)), ("N",)),
        (STATION, (_open("N"), _open("M", kind="county_subcenter", host_id="N")), ("N",)),
    ],
)  # fmt: skip
def test_the_sites_are_those_that_are_left_at_the_end(
    tiny_region: Region, kind: str, edits: tuple[Edit, ...], sites: tuple[str, ...]
) -> None:
    """What a scenario makes and then closes is no site; what it makes and then moves is one, and before is without it."""
    chosen = chosen_of(tiny_region, Scenario(edits=edits), kind)
    assert chosen.sites == sites
    before, after = (
        set(apply(tiny_region, one).open_facilities(kind)["id"]) for one in (chosen.before, Scenario(edits=edits))
    )
    assert after - before == set(sites)


def test_without_what_is_opened_only_those_that_stand_as_something_else(tiny_region: Region) -> None:
    edits = (_open("N", kind="county_subcenter"), *(Change(facility=one, fields=UP) for one in ("TH1", "TH2")))
    chosen = chosen_of(tiny_region, Scenario(edits=(*edits, Close(facility="TH2"))), "county_subcenter", opened=False)
    assert chosen.sites == ("TH1",)
    assert list(apply(tiny_region, chosen.before).open_facilities("county_subcenter")["id"]) == ["N"]


PHASED = """name: 两站
rules: panzhihua_2023
edits:
  - open: {id: N1, name: 北站, kind: 急救站, lon: 101.75, lat: 26.65}
    cost: 200
  - open: {id: N2, name: 撤掉的站, kind: 急救站, lon: 101.65, lat: 26.65}
  - move: N1
    lon: 101.65
    lat: 26.65
  - close: N2
"""


def test_phases_of_a_station_that_moves_and_one_that_closes(tiny_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(PHASED, "utf-8")
    words = [
        "phases",
        str(path),
        "--data",
        str(tiny_folder),
        "--out",
        str(tmp_path / "out"),
        "--budget",
        "100",
        "--start",
        "2026",
    ]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "out" / "分期.csv")
    assert table["开设"].fillna("").tolist() == ["现状", "", "北站"]
    assert table["限度内人口（人）"].tolist() == [30_000, 30_000, 35_000]
    years = [edit.year for edit in read_scenario(tmp_path / "out" / "方案_分期.yaml").scenario.edits]
    assert years == [2027, None, 2027, None]


@pytest.mark.parametrize(
    ("date", "first", "why"),
    [("", 2024, "取规则日期 2023-11-17 的下一年"), ('date: "2025-03-01"\n', 2026, "取方案日期 2025-03-01 的下一年")],
)
def test_the_first_year_is_after_what_it_rests_on_and_said(
    date: str, first: int, why: str, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "a.yaml", tmp_path / "out"
    path.write_text(date + PHASED, "utf-8")
    assert main(["phases", str(path), "--data", str(tiny_folder), "--out", str(out), "--per-year", "1"]) == 0
    assert pd.read_csv(out / "分期.csv")["年份"].tolist() == [first - 1, first]
    assert f"从 {first} 年起" in capsys.readouterr().out
    told = "".join(json.loads((out / "manifest.json").read_text("utf-8"))["assumptions"])
    assert why in told
    assert "钱" not in told
    assert "原来的居民没有变远" in told
