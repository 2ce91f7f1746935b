"""Comparing scenarios: known answers on the made city, nothing lost or invented, and no change that isn't there."""

import dataclasses
import hashlib
import math
from fractions import Fraction
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geodata.load import load
from planner.compare import KEY, main_readings, row_texts, side_by_side
from planner.findings import assess
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Close, Edit, Open, Override, PopulationChange, Scenario, apply, overridden
from planner.text import point_change, shares_apart
from planner.travel import PAPER
from scenarios.cli.program import main
from scenarios.compare import Comparison, compare
from scenarios.compare_write import NO_CHANGE, pair_lines
from scenarios.ways import RoadChoices
from tests import tiny

PAYLOAD = "=cmd|'<img src=x onerror=alert(1)>${alert(2)}</script>"
NEW = Open(
    fields={"id": "NEW", "name": "五社区急救站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65}, cost=200.0
)
STATION = Scenario(name="增设一站", edits=(NEW,))
CLOSED = Scenario(name="撤站", edits=(Close(facility="ES1", cost=5.0), Close(facility="VC1")))


@pytest.fixture(scope="module")
def three(tiny_region: Region, rules: Rules) -> Comparison:
    return compare(tiny_region, rules, [Scenario(), STATION, CLOSED])


def _urban(pair_people: pd.DataFrame, kind: str = "city") -> pd.DataFrame:
    rows = pair_people[(pair_people["rule"] == "emergency_urban") & (pair_people["reading"] == "paper")]
    return rows[rows["group_kind"] == kind].set_index("group_code")


def test_opening_a_station_by_hand(three: Comparison) -> None:
    """一社区 30 000 and 二社区 stay with ES1; only 五社区's 5 000 urban residents, 11 km from it, come to stand on a station."""
    pair = three.pairs[0]
    row = _urban(pair.people).loc["510400"]
    told = (row["population"], row["better"], row["worse"], row["same"], row["newly_covered"], row["newly_uncovered"])
    assert told == (35_000, 5_000, 0, 30_000, 5_000, 0)
    assert (row["covered_before"], row["covered_after"]) == (30_000, 35_000)
    towns = _urban(pair.people, "town")
    assert towns["better"].to_dict() == {"510402001": 0, "510422100": 5_000}
    clauses = pair.clauses[pair.clauses["rule"] == "emergency_urban"].set_index("level")["change"].to_dict()
    assert clauses == {"city": "met", "town": "met"}
    assert pair.after.gaps < pair.before.gaps
    assert pair.sites[["change", "id", "name"]].to_numpy().tolist() == [["added", "NEW", "五社区急救站"]]
    assert (pair.after.cost.total, pair.after.cost.unknown) == (200.0, 0)


def test_the_sentences_on_the_opened_station(three: Comparison) -> None:
    text = "\n".join(pair_lines(three.pairs[0]))
    assert text.startswith("“B 增设一站”与“A 现状”相比：")
    assert "机构：新设 1 处（五社区急救站）。" in text
    assert "全市新达标的条款 1 项：城市地区急救中心（站）服务半径。" in text
    assert (
        "城市地区常住人口 35,000 人中，覆盖由 30,000 人变为 35,000 人，多 5,000 人（85.71% → 100.00%，+14.29 个百分点）"
        in text
    )
    assert "5,000 人变近，没有人变远；新覆盖 5,000 人；" in text
    assert "最远的居民点由乙县乙镇五社区居民委员会（11.08 公里）变为甲区甲一街道二社区居民委员会（4.43 公里）" in text
    assert "费用：A 现状，没有改动，没有费用；B 增设一站，1 项决定，合计 200 万元。" in text


def test_closing_the_only_station_by_hand(three: Comparison) -> None:
    pair = three.pairs[1]
    row = _urban(pair.people).loc["510400"]
    assert (row["better"], row["worse"], row["newly_uncovered"]) == (0, 35_000, 30_000)
    worst = pair.worst[(pair.worst["rule"] == "emergency_urban") & (pair.worst["reading"] == "paper")]
    assert worst["cost_after"].isna().all()
    assert worst.sort_values("rank_before")["name"].iloc[0] == "五社区居民委员会"
    clinic = pair.people[(pair.people["rule"] == "village_clinic") & (pair.people["group_kind"] == "city")]
    assert (clinic["better"] == 0).all()
    assert (clinic["worse"] > 0).all()
    text = "\n".join(pair_lines(pair))
    assert "停用 2 处（甲急救站、四村卫生室）" in text
    assert "不可达" in text
    assert "2 项决定，其中 1 项合计 5 万元，另 1 项没有写明费用" in text


def test_the_newest_village_loses_its_clinic(three: Comparison) -> None:
    broken = three.pairs[1].clauses
    village = broken[(broken["rule"] == "village_clinic") & (broken["level"] == "village")]
    assert village["subject_code"].tolist() == ["510402100200"]
    assert village["change"].tolist() == ["broken"]


def test_better_worse_and_same_make_up_everyone(three: Comparison) -> None:
    for pair in three.pairs:
        people = pair.people
        assert (people["better"] + people["worse"] + people["same"] == people["population"]).all()
        limited = people[people["has_limit"]]
        moved = limited["newly_covered"] - limited["newly_uncovered"]
        assert (limited["covered_after"] - limited["covered_before"] == moved).all()
        for kind in ("county", "town", "census", "ethnic"):
            sums = people[people["group_kind"] == kind].groupby(["rule", "reading"])["population"].sum()
            whole = people[people["group_kind"] == "city"].set_index(["rule", "reading"])["population"]
            assert sums.sort_index().equals(whole.sort_index())


def test_covered_people_are_those_of_the_findings(three: Comparison) -> None:
    for pair in three.pairs:
        city = pair.people[(pair.people["group_kind"] == "city") & pair.people["has_limit"]].set_index(
            ["rule", "reading"]
        )
        rows = pair.findings[pair.findings["level"] == "city"].set_index(["rule", "reading"])
        for side in ("before", "after"):
            assert (city[f"covered_{side}"] == rows[f"covered_{side}"].reindex(city.index)).all()


def test_the_other_way_round_all_changes_turn_over(tiny_region: Region, rules: Rules, three: Comparison) -> None:
    back = compare(tiny_region, rules, [STATION, Scenario()]).pairs[0]
    there = three.pairs[0]
    assert _urban(back.people).loc["510400", "worse"] == _urban(there.people).loc["510400", "better"]
    assert (back.findings["covered_change"] == -there.findings["covered_change"]).all()
    assert back.sites["change"].tolist() == ["closed"]
    assert "不设 1 处" in "\n".join(pair_lines(back))


def test_the_same_decisions_under_two_names_change_nothing(tiny_region: Region, rules: Rules) -> None:
    pair = compare(tiny_region, rules, [STATION, Scenario(name="另一个", edits=(NEW,))]).pairs[0]
    assert pair.is_same
    assert not pair.findings["changed"].any()
    numbers = pair.findings.filter(like="_change").fillna(0.0)
    assert (numbers == 0).all().all()
    assert len(pair.sites) == len(pair.clauses) == 0
    assert NO_CHANGE in pair_lines(pair)


def test_a_facility_that_moves_and_one_that_changes(tiny_region: Region, rules: Rules) -> None:
    edits: tuple[Edit, ...] = (
        Change(facility="ES1", fields={"lon": 101.66, "lat": 26.55}, word="move"),
        Change(facility="TH2", fields={"kind": "county_subcenter"}, word="upgrade"),
        Change(facility="TH1", fields={"beds": 50.0}, word="enlarge"),
        Change(facility="ES2", fields={"name": "还在规划"}),
    )
    sites = compare(tiny_region, rules, [Scenario(), Scenario(name="乙", edits=edits)]).pairs[0].sites.set_index("id")
    assert sites["change"].to_dict() == {"ES1": "moved", "TH2": "kind", "TH1": "changed"}
    assert sites.loc["ES1", "moved_m"] == pytest.approx(996, abs=2)
    assert sites.loc["TH1", "fields"] == "编制床位"
    assert sites["enlarged"].to_dict() == {"ES1": False, "TH2": False, "TH1": True}
    fewer = Scenario(name="丙", edits=(Change(facility="TH1", fields={"beds": 20.0}),))
    pairs = compare(tiny_region, rules, [Scenario(), Scenario(name="乙", edits=edits), fewer]).pairs
    assert "扩建 1 处（甲镇卫生院）" in "\n".join(pair_lines(pairs[0]))
    assert "变更 1 处（甲镇卫生院）" in "\n".join(pair_lines(pairs[2]))


def test_other_numbers_in_a_rule_judge_nothing(tiny_region: Region, rules: Rules) -> None:
    other = Scenario(name="十二公里", overrides=(Override("emergency_urban", {"radius_km": 12}),))
    pair = compare(tiny_region, rules, [Scenario(), other]).pairs[0]
    assert len(pair.clauses) == 0
    row = _urban(pair.people).loc["510400"]
    assert (row["better"], row["worse"], row["newly_covered"]) == (0, 0, 5_000)
    text = "\n".join(pair_lines(pair))
    assert "的参数改为 半径＝12 公里，该条只作参考" in text
    assert "缺口清单（只计两边都作判断的条款）仍为" in text
    assert "覆盖由 30,000 人变为 35,000 人" in text


def test_every_pair_of_several_is_as_of_the_two_alone(tiny_region: Region, rules: Rules) -> None:
    """What one scenario asks of other people, or within another limit, is no answer for another scenario."""
    params: tuple[dict[str, object], ...] = (
        {"urban_scope": "census"}, {"urban_scope": "subdistricts"}, {"residents": "rural"}, {"radius_km": 3}, {"radius_km": 12},
    )  # fmt: skip
    others = [Scenario(name=f"{one}", edits=(NEW,), overrides=(Override("emergency_urban", one),)) for one in params]
    sides = [Scenario(), *others]
    found = compare(tiny_region, rules, sides).pairs
    pairs = [(one, other) for at, one in enumerate(sides) for other in sides[at + 1 :]]
    for pair, (one, other) in zip(found, pairs, strict=True):
        alone = compare(tiny_region, rules, [one, other]).pairs[0]
        pd.testing.assert_frame_equal(pair.people, alone.people)
        pd.testing.assert_frame_equal(pair.worst, alone.worst)


def test_another_limit_is_told_apart_from_another_way(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    """4 km in place of 5: 二社区's 10 000 at 4.43 km lose cover where they are. With ES1 moved north 一社区's 20 000 go farther and lose it."""
    nearer = (Override("emergency_urban", {"radius_km": 4}),)
    text = "\n".join(
        pair_lines(compare(tiny_region, rules, [Scenario(), Scenario(name="四公里", overrides=nearer)]).pairs[0])
    )
    assert "没有人变近，没有人变远；因限度由 5 公里改为 4 公里，不再覆盖 10,000 人；" in text
    moved = Change(facility="ES1", fields={"lon": 101.65, "lat": 26.6}, word="move")
    found = compare(tiny_region, rules, [Scenario(), Scenario(name="迁", edits=(moved,), overrides=nearer)])
    row = _urban(found.pairs[0].people).loc["510400"]
    assert (row["worse"], row["newly_uncovered"], row["uncovered_by_limit"]) == (20_000, 20_000, 0)
    back = compare(tiny_region, rules, [Scenario(overrides=nearer), Scenario(name="五公里")]).pairs[0]
    assert "因限度由 4 公里改为 5 公里，新覆盖 10,000 人" in "\n".join(pair_lines(back))
    for pair in (*found.pairs, back):
        people = pair.people
        assert (people["newly_uncovered"] - people["uncovered_by_limit"] <= people["worse"]).all()
        assert (people["newly_covered"] - people["covered_by_limit"] <= people["better"]).all()


def test_another_years_people_are_weighed_as_in_that_year(tiny_region: Region, rules: Rules) -> None:
    later = Scenario(name="2030", population=PopulationChange(2030, {"": 0.5}), edits=(NEW,))
    pair = compare(tiny_region, rules, [Scenario(), later]).pairs[0]
    row = _urban(pair.people).loc["510400"]
    assert (row["population"], row["better"], row["same"]) == (17_500, 2_500, 15_000)
    text = "\n".join(pair_lines(pair))
    assert "按 2030 年的人口计算" in text
    assert "人口：两个方案的人口不同，以下各数都按 B 2030 的人口，A 现状 也按这一人口重新计算" in text
    assert "城市地区常住人口 17,500 人中，覆盖由 15,000 人变为 17,500 人，多 2,500 人" in text


def test_every_side_is_judged_as_if_it_were_alone(three: Comparison, tiny_region: Region, rules: Rules) -> None:
    for side in three.sides:
        alone = assess(apply(tiny_region, side.scenario), overridden(side.judged.rules, side.scenario), PAPER)
        pd.testing.assert_frame_equal(side.judged.findings, alone)


def test_by_road_as_well(tmp_path: Path, rules: Rules) -> None:
    region = load(tiny.write_with_roads(tmp_path / "roads"))
    pair = compare(region, rules, [Scenario(), CLOSED]).pairs[0]
    road = pair.people[(pair.people["rule"] == "emergency_urban") & (pair.people["reading"] == "road")]
    city = road[road["group_kind"] == "city"].iloc[0]
    assert (city["worse"], city["same"]) == (30_000, 5_000)  # 五社区 had no road before either
    assert {"register_paper", "register_road"} <= set(pair.people["reading"])


def test_a_reading_is_told_in_short_with_its_like_by_road(tmp_path: Path, rules: Rules) -> None:
    """The one that judges and the same asked by road; the other urban scopes are for reference."""
    rule = next(one for one in rules.rules if one.id == "emergency_urban")
    assert main_readings(rule) == {"paper", "road"}
    region = load(tiny.write_with_roads(tmp_path / "roads"))
    people = compare(region, rules, [Scenario(), STATION]).pairs[0].people
    is_main = people[people["rule"] == "emergency_urban"].groupby("reading")["is_main"].unique()
    shown = {name: values.tolist() for name, values in is_main.items()}
    beside = {key: [False] for key in ("paper_rescue_center", "paper_subdistricts", "paper_census")}
    assert shown == {"paper": [True], "road": [True], **beside}


def test_of_spots_equally_far_the_one_with_more_people_comes_first(tiny_region: Region, rules: Rules) -> None:
    """一社区 as far west of the station as 二社区 east; with equal people, the smaller id."""
    people = tiny_region.residents
    west, east = ((people["village_code"] == one).to_numpy() for one in ("510402001001", "510402001002"))
    lon = people["lon"].mask(west, 101.62).mask(east, 101.68)
    for in_west, in_east, first in ((10_000, 20_000, "二"), (20_000, 10_000, "一"), (15_000, 15_000, "一")):
        moved = people.assign(
            lon=lon, lat=people["lat"].mask(west | east, 26.55),
            population=people["population"].mask(west, in_west).mask(east, in_east),
        )  # fmt: skip
        region = dataclasses.replace(tiny_region, residents=moved)
        worst = compare(region, rules, [Scenario(), STATION]).pairs[0].worst
        worst = worst[(worst["rule"] == "emergency_urban") & (worst["reading"] == "paper")].set_index("name")
        two = worst.loc[["一社区居民委员会", "二社区居民委员会"]]
        assert two["cost_before"].iloc[0] == two["cost_before"].iloc[1]
        assert two["rank_before"].tolist() == ([2, 3] if first == "一" else [3, 2])  # 五社区 is the farthest
        assert two["rank_after"].tolist() == ([1, 2] if first == "一" else [2, 1])


def _share_row(covered: int, population: int, value: float) -> dict[str, object]:
    words = dict.fromkeys((*KEY, "gap_id"), "x")
    counts = {"covered": covered, "population": population, "uncovered": population - covered}
    rest = {"unreachable": 0, "population_no_data": 0, "required": 1.0, "status": "not_met", "unit": "share"}
    return {**words, **counts, **rest, "value": value, "gap": 1 - value}


def test_a_share_of_other_people_that_is_the_same_share_is_no_change() -> None:
    """1 of 3 before and 2 of 6 after, however the shares were rounded; 1 of 2 is another share."""
    third, half = _share_row(1, 3, 0.3333), _share_row(1, 2, 0.5)
    table = side_by_side(pd.DataFrame([third]), pd.DataFrame([_share_row(2, 6, 1 / 3)])).iloc[0]
    assert (table["value_change"], table["gap_change"], table["covered_change"]) == (0, 0, 1)
    assert table["changed"]  # there are more people
    assert row_texts(table.to_dict()) == ("33.33%", "33.33%", "不变")
    other = side_by_side(pd.DataFrame([third]), pd.DataFrame([half])).iloc[0]
    assert other["value_change"] == pytest.approx(0.1667)
    assert other["gap_change"] == pytest.approx(-0.1667)


def test_digits_enough_for_a_real_change() -> None:
    a, b = Fraction(1_000_000, 3_000_000), Fraction(1_000_001, 3_000_000)
    assert shares_apart([a, b]) == ["33.3333%", "33.3334%"]
    assert point_change(a, b) == "+0.00003 个百分点"
    assert point_change(a, Fraction(1, 3)) == "不变"
    assert shares_apart([Fraction(0), Fraction(1, 10**9)]) == ["0.00%", "0.01%"]


def _files(folder: Path, name: str = "增设一站") -> list[str]:
    text = f"name: '{name.replace(chr(39), chr(39) * 2)}'\nedits:\n  - open: {{id: NEW, name: '{name.replace(chr(39), chr(39) * 2)}', "
    text += "kind: emergency_station, lon: 101.65, lat: 26.65}\n    cost: 200\n"
    (folder / "b.yaml").write_text(text, "utf-8")
    (folder / "c.yaml").write_text("name: 撤站\nedits:\n  - close: ES1\n", "utf-8")
    return ["compare", "baseline", str(folder / "b.yaml"), str(folder / "c.yaml")]


def test_the_command_writes_everything_twice_the_same(tiny_folder: Path, tmp_path: Path) -> None:
    words = [*_files(tmp_path), "--data", str(tiny_folder), "--rules", "panzhihua_2023"]
    digests = []
    for name in ("one", "two"):
        assert main([*words, "--out", str(tmp_path / name)]) == 0
        digests.append({one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in (tmp_path / name).iterdir()})
    assert digests[0] == digests[1]
    assert set(digests[0]) == {
        "方案比较.html", "方案比较.xlsx", "说明.txt", "指标对比.csv", "人群变化.csv", "最远居民点.csv", "机构变化.csv", "manifest.json",
    }  # fmt: skip
    book = openpyxl.load_workbook(tmp_path / "one" / "方案比较.xlsx")
    assert book.sheetnames == ["总览", "指标对比", "人群变化(按乡镇)", "最远居民点", "机构变化", "说明"]
    text = (tmp_path / "one" / "说明.txt").read_text("utf-8-sig")
    assert text.count("相比：") == 2


def test_lists_agree_with_the_findings(tiny_folder: Path, tmp_path: Path, three: Comparison) -> None:
    words = [*_files(tmp_path), "--data", str(tiny_folder), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "out" / "指标对比.csv", dtype={"编号": str}).set_index("编号")
    findings = three.sides[1].judged.findings.set_index("gap_id")
    assert (table["B 已覆盖人口（人）"] == findings["covered"]).all()
    assert table.loc["emergency_urban.paper.city.510400", "B 比 A 已覆盖人口（人）变化"] == 5_000
    assert table["有变化"].eq("是").sum() >= (three.pairs[0].findings["changed"]).sum()


def test_text_from_a_scenario_stays_text(tiny_folder: Path, tmp_path: Path) -> None:
    words = [*_files(tmp_path, PAYLOAD), "--data", str(tiny_folder), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    book = openpyxl.load_workbook(tmp_path / "out" / "方案比较.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if PAYLOAD in str(cell.value)]
    assert cells
    assert all(cell.data_type == "s" for cell in cells)
    lines = (tmp_path / "out" / "机构变化.csv").read_text("utf-8-sig")
    assert f"'{PAYLOAD}" in lines
    page = (tmp_path / "out" / "方案比较.html").read_text("utf-8")
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("words", "said_so"),
    [
        (["baseline"], "至少要有两个方案"),
        (["baseline", "baseline"], "同一个方案写了两次"),
        (["b.yaml", "./b.yaml"], "同一个方案写了两次"),
        (["baseline", "none.yaml"], "没有这个文件"),
        (["baseline", "b.yaml"], "没有写明用哪个数据文件夹"),
        (["baseline", "b.yaml", "--data", "x", "--data", "y"], "数据文件夹不止一个"),
        (["s.yaml", "t.yaml"], "数据文件夹不止一个"),
        (["baseline"] * 9, "方案太多"),
    ],
)
def test_one_message_and_exit_2(
    words: list[str], said_so: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.yaml").write_text("name: 乙\n", "utf-8")
    for name, city in (("s", "panzhihua"), ("t", "yaan")):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\ndata: sample:{city}\n", "utf-8")
    assert main(["compare", *words, "--out", "out"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert said_so in told[0]
    assert not (tmp_path / "out").exists()


def test_the_output_is_kept_apart(tiny_folder: Path, tmp_path: Path) -> None:
    words = [*_files(tmp_path), "--data", str(tiny_folder)]
    assert main([*words, "--out", str(tmp_path)]) == 2
    assert (tmp_path / "b.yaml").is_file()


def test_in_another_city_nothing_is_said_to_be_met(tmp_path: Path, rules: Rules) -> None:
    from dataclasses import replace

    region = load(tiny.write(tmp_path / "city"))
    pair = compare(region, replace(rules, city="9999"), [Scenario(), STATION]).pairs[0]
    text = "\n".join(pair_lines(pair))
    assert len(pair.clauses) == 0
    assert "条款：没有两边都作判断的，不说达标与否。" in text
    assert "新达标" not in text


def test_unknown_costs_are_counted_not_summed(three: Comparison) -> None:
    cost = three.sides[2].cost
    assert (cost.total, cost.unknown, cost.edits) == (5.0, 1, 2)
    assert not math.isnan(cost.total)


def _subcenter(name: str, facility: str, *limits: str) -> Scenario:
    question = ({"plan": "subcenters", "p": 1, "limit": list(limits)},) if limits else ()
    into = Change(facility=facility, fields={"kind": "county_subcenter"})
    return Scenario(name=name, edits=(into,), questions=question)


def test_what_one_scenario_asks_all_answer(tiny_region: Region, rules: Rules) -> None:
    """三社区 (4 000) lives beside TH1, 五社区 (6 000) beside TH2; no other village is within 5 km of either."""
    asks = _subcenter("甲镇", "TH1", "5km", "5000m", "30min")
    found = compare(tiny_region, rules, [Scenario(), asks, _subcenter("乙镇", "TH2")])
    for pair, covered in ((found.pairs[0], (0, 4_000)), (found.pairs[1], (0, 6_000)), (found.pairs[2], (4_000, 6_000))):
        city = pair.people[(pair.people["rule"] == "question_subcenters") & (pair.people["group_kind"] == "city")]
        assert city["reading"].tolist() == ["5公里"]  # once, however it is written; no minutes without roads
        assert (city["covered_before"].item(), city["covered_after"].item()) == covered
        assert city["population"].item() == 45_000
    text = "\n".join(pair_lines(found.pairs[0]))
    assert "（5 公里以内，直线距离，只作参考）：全市常住人口 45,000 人中，覆盖由 0 人变为 4,000 人" in text
    mine = found.sides[0].judged.findings.query("rule == 'question_subcenters'")
    assert set(mine["status"]) == {"not_judged"}
    assert not any(one.startswith("question_") for one in found.sides[1].gaps)
    silent = compare(tiny_region, rules, [Scenario(), _subcenter("乙镇", "TH2")])
    assert "question_subcenters" not in set(silent.pairs[0].people["rule"])


def test_a_hospital_that_serves_besides_counts_while_it_is_one(tiny_region: Region, rules: Rules) -> None:
    """TH2 serves in the background; closed, or made into something else, it serves no longer."""
    asks = _subcenter("甲镇", "TH1", "5km")
    asks = Scenario(name="甲镇", edits=asks.edits, questions=({**asks.questions[0], "background": ["TH2"]},))
    for edit, left in (
        (Close(facility="TH2"), 4_000),
        (Change(facility="TH2", fields={"kind": "village_clinic"}), 4_000),
        (None, 10_000),
    ):
        other = Scenario(name="另一个", edits=(*asks.edits, *((edit,) if edit else ())))
        pair = compare(tiny_region, rules, [asks, other]).pairs[0]
        city = pair.people[(pair.people["rule"] == "question_subcenters") & (pair.people["group_kind"] == "city")]
        assert (city["covered_before"].item(), city["covered_after"].item()) == (10_000, left)


def test_other_roads_are_told(tmp_path: Path, rules: Rules) -> None:
    region = load(tiny.write_with_roads(tmp_path / "roads"))
    night = RoadChoices(speeds={"primary": 20.0}, delay_s=180.0, closed=frozenset({"W3"}), max_snap_m=1_500.0)
    text = "\n".join(
        pair_lines(compare(region, rules, [Scenario(), Scenario(name="夜间")], [RoadChoices(), night]).pairs[0])
    )
    told = [one for one in text.splitlines() if one.startswith("B 夜间：")]
    for words in (
        "封闭道路：编号 W3，共 1 段",
        "离最近道路 1.5 公里以内算能上路",
        "调度 3 分钟＋行车时间",
        "primary 20",
    ):
        assert any(words in one for one in told), words
    mine = [one for one in text.splitlines() if one.startswith("A 现状：")]
    assert mine[0] == "A 现状：没有写明时速和调度，为与另一方案按时间相比，用内置的假设时速，调度 0 分钟。"
    assert "调度 0 分钟＋行车时间" in mine[1]


def test_who_gets_nearer_because_a_road_is_closed_is_told_why(tmp_path: Path, rules: Rules) -> None:
    """Without W2, 二社区's 10 000 walk 4.4 km straight to W1 and the station, in place of 8.4 km by road."""
    region = load(tiny.write_with_roads(tmp_path / "roads"))
    ways = [RoadChoices(max_snap_m=6_000.0), RoadChoices(max_snap_m=6_000.0, closed=frozenset({"W2"}))]
    sides = [Scenario(), Scenario(name="封路")]
    told = [
        one
        for one in pair_lines(compare(region, rules, sides, ways).pairs[0])
        if "（道路距离，城市地区＝街道＋县城" in one
    ]
    assert "10,000 人变近（改接到未封闭道路所致），没有人变远；新覆盖 10,000 人；" in told[0]
    back = "\n".join(pair_lines(compare(region, rules, sides[::-1], ways[::-1]).pairs[0]))
    opened = pair_lines(compare(region, rules, [Scenario(), STATION], ways).pairs[0])
    assert "改接到未封闭道路所致" not in back + "".join(one for one in opened if "急救" in one)
