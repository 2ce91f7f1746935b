"""Both sides of a comparison are judged alike: by time where one of them is, with the same people, and no change of a few metres."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geodata.load import load
from planner.compare import Noticed
from planner.findings import assess
from planner.measures import MS_PER_MIN
from planner.region import Region
from planner.rules import Rules, readable, with_minutes
from planner.scenario import Change, Close, Open, PopulationChange, Scenario
from scenarios.cli.program import main
from scenarios.compare import Pair, compare
from scenarios.compare_write import (
    NO_CHANGE,
    comparison_text,
    findings_list,
    noticed_text,
    pair_lines,
    people_list,
    view_of,
)
from scenarios.ways import RoadChoices, ways_of
from tests import tiny

SLOW = RoadChoices(speeds={"primary": 15.0})
NEW = Open(fields={"id": "NEW", "name": "五社区急救站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65})


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load(tiny.write_with_roads(tmp_path_factory.mktemp("roads")))


def _city(pair: Pair, rule: str, reading: str) -> "pd.Series[int]":
    people = pair.people
    return people[
        (people["rule"] == rule) & (people["reading"] == reading) & (people["group_kind"] == "city")
    ].iloc[0]  # fmt: skip


def _timed(rules: Rules) -> set[str]:
    found = {one.id for rule in rules.rules for one in rule.readings if one.travel == "road_time"}
    assert found
    return found


@pytest.mark.parametrize("choices", [SLOW, RoadChoices(delay_s=600.0), RoadChoices(minutes=12.0)])
def test_where_one_asks_for_times_all_are_judged_by_time(choices: RoadChoices, roads: Region, rules: Rules) -> None:
    """Each as if it were alone, and in whichever order."""
    ways = [RoadChoices(), choices]
    for order in (1, -1):
        found = compare(roads, rules, [Scenario(), Scenario(name="乙")], ways[::order])
        for side in found.sides:
            travels = ways_of(roads, side.choices, by_time=True)
            law = rules if side.choices.minutes is None else with_minutes(rules, side.choices.minutes)
            pd.testing.assert_frame_equal(side.judged.findings, assess(roads, readable(law, travels), travels))
            assert _timed(rules) <= set(side.judged.findings["reading"])
    plain = compare(roads, rules, [Scenario(), Scenario(name="乙", edits=(NEW,))])
    assert not any(_timed(rules) & set(one.judged.findings["reading"]) for one in plain.sides)


def test_who_loses_the_minutes_by_speed_alone(roads: Region, rules: Rules) -> None:
    """三社区 lives 9.97 km along the road from the station: 15 minutes at the assumed 40 km/h or more, 40 at 15."""
    pair = compare(roads, rules, [Scenario(), Scenario(name="慢")], [RoadChoices(), SLOW]).pairs[0]
    text = "\n".join(pair_lines(pair))
    timed = [one for one in pair.questions if one.travel == "road_time"]
    assert timed
    rows = [_city(pair, *one.id) for one in timed]
    assert all(row["better"] == 0 for row in rows)
    assert sum(int(row["worse"]) for row in rows) > 0
    lost = sum(int(row["newly_uncovered"]) for row in rows)
    by_hand = 0
    for one in timed:
        limit = one.limit or 0
        far = pair.worst[(pair.worst["rule"] == one.rule.id) & (pair.worst["reading"] == one.reading.id)]
        by_hand += int(far.loc[(far["cost_before"] <= limit) & ~(far["cost_after"] <= limit), "population"].sum())
    assert lost == by_hand > 0
    assert "不再覆盖" in text
    assert "按居民计算的各主要口径，没有人变近或变远" not in text
    three = pair.worst[(pair.worst["name"] == "三社区居民委员会") & pair.worst["reading"].eq("road_rural")]
    assert three["cost_after"].iloc[0] / MS_PER_MIN == pytest.approx(9.97 / 15 * 60, abs=0.5)


def _moved(metres: float) -> Scenario:
    """The station moved south: 一社区 (on it) and 二社区 (north of it) go so much farther."""
    return Scenario(name="挪", edits=(Change(facility="ES1", fields={"lat": 26.55 - metres / 110_800}),))


def test_a_change_of_a_few_metres_is_told_apart(tiny_region: Region, rules: Rules) -> None:
    def urban(metres: float, noticed: Noticed) -> list[int]:
        pair = compare(tiny_region, rules, [Scenario(), _moved(metres)], noticed=noticed).pairs[0]
        row = _city(pair, "emergency_urban", "paper")
        assert not pair.is_same
        return [int(row[one]) for one in ("better", "worse", "same", "slight")]

    assert urban(19, Noticed()) == [0, 0, 35_000, 35_000]
    assert urban(19, Noticed(mm=1)) == [0, 35_000, 0, 0]
    assert urban(150, Noticed()) == [0, 35_000, 0, 0]
    pair = compare(tiny_region, rules, [Scenario(), _moved(19)]).pairs[0]
    text = "\n".join(pair_lines(pair))
    assert "没有人变近或变远（差别不到限值的，每个口径至多 35,000 人）" in text
    assert noticed_text(Noticed()) in text
    assert NO_CHANGE not in text


def test_a_change_of_just_as_much_as_is_noticed_counts(tiny_region: Region, rules: Rules) -> None:
    """一社区's 20 000 stand on the station: they go just as far as it is moved."""
    pair = compare(tiny_region, rules, [Scenario(), _moved(150)]).pairs[0]
    worst = pair.worst[(pair.worst["rule"] == "emergency_urban") & (pair.worst["reading"] == "paper")].set_index("name")
    moved = int(worst.loc["一社区居民委员会", "cost_after"])
    for least, counts in ((moved, True), (moved + 1, False)):
        again = compare(tiny_region, rules, [Scenario(), _moved(150)], noticed=Noticed(mm=least)).pairs[0]
        towns = again.people[(again.people["rule"] == "emergency_urban") & (again.people["reading"] == "paper")]
        row = towns[towns["group_code"] == "510402001"].iloc[0]
        assert bool(row["worse"] >= 20_000) is counts


def test_who_is_reached_no_longer_counts_whatever_is_noticed(tiny_region: Region, rules: Rules) -> None:
    far = Noticed(mm=10**12)
    closed = Scenario(name="撤", edits=(Close(facility="ES1"),))
    row = _city(compare(tiny_region, rules, [Scenario(), closed], noticed=far).pairs[0], "emergency_urban", "paper")
    assert (row["worse"], row["slight"]) == (35_000, 0)
    back = _city(compare(tiny_region, rules, [closed, Scenario()], noticed=far).pairs[0], "emergency_urban", "paper")
    assert back["better"] == 35_000


def test_cover_is_told_to_the_person_whatever_is_noticed(tiny_region: Region, rules: Rules) -> None:
    """二社区's 10 000 at 4.43 km lose cover when the station moves 700 m; a threshold of 1 km hides the way, not the loss."""
    pair = compare(tiny_region, rules, [Scenario(), _moved(700)], noticed=Noticed(mm=1_000_000)).pairs[0]
    assert "没有人变近，没有人变远；另有 35,000 人的差别不到 1 公里，不计；不再覆盖 10,000 人；" in "\n".join(
        pair_lines(pair)
    )


HALF = PopulationChange(2030, {"510402": 0.5, "": 1.0})


def test_other_people_alone_are_no_difference_of_decisions(tiny_region: Region, rules: Rules) -> None:
    pair = compare(tiny_region, rules, [Scenario(), Scenario(name="2030", population=HALF)]).pairs[0]
    assert pair.is_same
    assert pair.rejudged
    text = "\n".join(pair_lines(pair))
    assert "都按 B 2030 的人口，A 现状 也按这一人口重新计算" in text
    assert NO_CHANGE in text
    assert "地图上 A 一侧按它自己的人口" in view_of(
        compare(tiny_region, rules, [Scenario(), Scenario(name="2030", population=HALF)])
    )


def test_the_headline_is_of_the_same_people_everywhere(tiny_region: Region, rules: Rules) -> None:
    """15 000 of the 街道 and 5 000 of the seat by 2030; the new station adds the 5 000, whoever counts."""
    later = Scenario(name="2030", population=HALF, edits=(NEW,))
    found = compare(tiny_region, rules, [Scenario(), later])
    pair = found.pairs[0]
    row = pair.findings.set_index("gap_id").loc["emergency_urban.paper.city.510400"]
    counted = (row["population_before"], row["population_after"], row["covered_before"], row["covered_after"])
    assert counted == (20_000, 20_000, 15_000, 20_000)
    assert "城市地区常住人口 20,000 人中，覆盖由 15,000 人变为 20,000 人，多 5,000 人" in comparison_text(found)
    people = _city(pair, "emergency_urban", "paper")
    assert (people["covered_before"], people["covered_after"]) == (15_000, 20_000)
    table = findings_list(found).set_index("编号").loc["emergency_urban.paper.city.510400"]
    assert table["A 已覆盖人口（人）"] == 30_000  # what A itself decides for
    assert table["A（按 B 的人口）已覆盖人口（人）"] == 15_000
    assert (
        table["B 已覆盖人口（人）"] - table["A（按 B 的人口）已覆盖人口（人）"]
        == table["B 比 A 已覆盖人口（人）变化"]
        == 5_000
    )
    assert found.sides[0].judged.region is tiny_region
    same = compare(tiny_region, rules, [later, Scenario(name="也是 2030", population=HALF)]).pairs[0]
    assert not same.rejudged


def test_page_workbook_lists_and_terminal_tell_the_same_threshold(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.yaml").write_text("name: 挪\nedits:\n  - move: ES1\n    lon: 101.65\n    lat: 26.5498\n", "utf-8")
    words = ["compare", "baseline", str(tmp_path / "b.yaml"), "--data", str(tiny_folder), "--rules", "panzhihua_2023"]
    told = "距离至少差 0.01 公里、时间至少差 0.5 分钟才计入（参数，假设）"
    assert main([*words, "--noticed", "10m,30s", "--out", str(tmp_path / "out")]) == 0
    out = tmp_path / "out"
    assert told in capsys.readouterr().out
    assert told in (out / "说明.txt").read_text("utf-8-sig")
    assert told in (out / "方案比较.html").read_text("utf-8")
    book = openpyxl.load_workbook(out / "方案比较.xlsx")
    for name in ("总览", "说明"):
        assert any(told in str(cell.value) for row in book[name].iter_rows() for cell in row), name
    assert json.loads((out / "manifest.json").read_text("utf-8"))["nearer_or_farther_from"] == {
        "mm": 10_000,
        "ms": 30_000,
    }
    table = pd.read_csv(out / "人群变化.csv")
    rows = table[(table["规则"] == "emergency_urban") & (table["口径"] == "paper") & (table["分组"] == "全市")]
    assert rows[["变远（人）", "其中差别不到限值（人）"]].to_numpy().tolist() == [[35_000, 0]]
    assert main([*words, "--noticed", "10m,20m", "--out", str(tmp_path / "two")]) == 2
    assert "同一种量写了两次" in capsys.readouterr().err
    assert main([*words, "--noticed", "10", "--out", str(tmp_path / "two")]) == 2


def test_a_list_of_people_has_every_sum(tiny_region: Region, rules: Rules) -> None:
    table = people_list(compare(tiny_region, rules, [Scenario(), _moved(19)]))
    assert (table["变近（人）"] + table["变远（人）"] + table["不变（人）"] == table["人口（人）"]).all()
    assert (table["其中差别不到限值（人）"] <= table["不变（人）"]).all()
    assert table["其中差别不到限值（人）"].sum() > 0
