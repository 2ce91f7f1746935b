"""What changes nothing is told wherever a scenario's results are: terminal, sheet 说明, manifest; roads and bases included."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from shapely import box

from geodata.load import load
from planner.doubts import idle_in_findings
from planner.findings import assess
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Open, Scenario, apply
from planner.travel import PAPER
from scenarios.cli.program import main
from scenarios.files import read_scenario
from scenarios.run import run
from scenarios.ways import RoadChoices, idle_choices
from tests import tiny


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Region:
    """Return the made city with its roads: primary and track, and nothing else."""
    return load(tiny.write_with_roads(tmp_path_factory.mktemp("roads")))


def _without_time(rules: Rules) -> Rules:
    kept = tuple(
        replace(rule, readings=tuple(one for one in rule.readings if one.travel != "road_time")) for rule in rules.rules
    )
    return replace(rules, rules=kept)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (RoadChoices(), []),
        (RoadChoices(closed_area=box(102, 27, 102.1, 27.1)), ["closed_area 封闭范围没有碰到任何道路"]),
        (RoadChoices(closed_area=box(101.6, 26.5, 101.7, 26.6)), []),
        (RoadChoices(speeds={"motorway": 60, "primary": 40, "road": 20}), ["speeds 路网里没有这些等级的道路，时速没有作用：motorway、road"]),
        (RoadChoices(speeds={"primary": 40}), []),
        (RoadChoices(own_speeds=False), ["own_speeds 没有按时间评估"]),
        (RoadChoices(delay_s=60), []),
    ],
)  # fmt: skip
def test_a_choice_about_roads_that_changes_nothing_is_told(
    roads: Region, rules: Rules, choices: RoadChoices, said: list[str]
) -> None:
    told = idle_choices(roads.roads, choices, rules)
    assert [f"{one.found} {one.what.zh}".startswith(text) for one, text in zip(told, said, strict=True)] == [
        True
    ] * len(said)


def test_times_that_no_rule_asks_for_are_told(roads: Region, rules: Rules) -> None:
    choices = RoadChoices(delay_s=60, minutes=20, speeds={"primary": 40})
    told = idle_choices(roads.roads, choices, _without_time(rules))
    assert [(one.found, one.file) for one in told] == [
        ("delay", "--delay"),
        ("minutes", "--minutes"),
        ("speeds", "--speeds"),
    ]
    assert not idle_choices(roads.roads, choices, rules)


def test_a_snapping_distance_without_roads_is_told(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: x\nroads: {max_snap: 5km}\n", "utf-8")
    (said,) = run(tiny_region, rules, read_scenario(tmp_path / "a.yaml")).warnings
    assert said.say().startswith("a.yaml，第 2 行：没有路网，离路限度没有作用（现为“max_snap”）")


@pytest.mark.parametrize(
    ("base", "own", "told"),
    [
        ("author: 甲", "edits:\n  - close: VC1", True),
        ("roads: {max_snap: 3km}", "roads: {max_snap: 5km}", True),
        ("rules: suining_2024", "rules: panzhihua_2023", True),
        ("roads: {max_snap: 3km, delay: 3min}", "roads: {max_snap: 5km}", False),
        ("edits:\n  - close: VC2", "edits:\n  - close: VC1", False),
        ("notes: [甲]", "notes: [乙]", False),
    ],
)
def test_a_base_that_gives_nothing_is_told(tmp_path: Path, base: str, own: str, told: bool) -> None:
    (tmp_path / "base.yaml").write_text(f"name: 底\n{base}\n", "utf-8")
    (tmp_path / "a.yaml").write_text(f"name: x\nbase: base.yaml\n{own}\n", "utf-8")
    found = [one.say() for one in read_scenario(tmp_path / "a.yaml").warnings]
    assert [one.startswith("a.yaml，第 2 行：基础方案没有起作用") for one in found] == ([True] if told else [])


def test_it_is_told_in_terminal_workbook_and_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An override with the rule's own number silences no gap, and says so in all three."""
    from openpyxl import load_workbook

    tiny.write(tmp_path / "城")
    text = "name: x\ndata: 城\nrules: panzhihua_2023\noverrides:\n  - {rule: emergency_urban, params: {radius_km: 5}}\n"
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    assert main(["run", str(tmp_path / "a.yaml"), "--out", str(tmp_path / "o")]) == 0
    assert main(["assess", str(tmp_path / "城"), "--rules", "panzhihua_2023", "--out", str(tmp_path / "s")]) == 0
    said = "与规则相同，没有效果，照原规则判断"
    printed = capsys.readouterr().out
    assert f"a.yaml，第 5 行：半径＝5 公里：{said}" in printed.replace("\n", "")
    assert (tmp_path / "o" / "findings.csv").read_bytes() == (tmp_path / "s" / "findings.csv").read_bytes()
    record = json.loads((tmp_path / "o" / "manifest.json").read_text("utf-8"))["scenario"]
    assert any(said in one for one in record["reminders"])
    book = next((tmp_path / "o").glob("*.xlsx"))
    sheet = load_workbook(book, read_only=True)["说明"]
    assert any(said in str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)


def test_edits_that_cancel_each_other_are_not_both_without_effect(tiny_region: Region, rules: Rules) -> None:
    """A meets the standard, B does not: A worse and B better leave one that meets it, but A worse alone leaves none."""
    only = replace(rules, rules=tuple(rule for rule in rules.rules if rule.measure == "standard_per_unit"))
    place = {"kind": "village_clinic", "lon": 101.75, "lat": 26.65, "village_code": "510422200200"}
    clinics = [Open(fields={**place, "id": one, "name": one, "meets_standard": one == "A"}) for one in "AB"]
    blank = Change(facility="VC2", fields={"meets_standard": False})
    facts = apply(tiny_region, Scenario(edits=(blank, *clinics)))
    worse = Change(facility="A", fields={"meets_standard": False}, line="1")
    better = Change(facility="B", fields={"meets_standard": True}, line="2")
    found = {}
    for word, edits in {"worse": (worse,), "both": (worse, better)}.items():
        decided = apply(facts, Scenario(edits=edits))
        findings = assess(decided, only, PAPER)
        told = idle_in_findings(facts, decided, Scenario(edits=edits), only, PAPER, findings)
        mine = findings[(findings["subject_code"] == "510422200200") & (findings["rule"] == "village_clinic_standard")]
        found[word] = list(mine["status"]), [one.row for one in told]
    assert found["worse"] == (["not_met"], [])
    assert found["both"] == (["met"], [])  # without edit 1 two meet it, without edit 2 none does
