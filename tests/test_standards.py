"""The law: strict to read, verbatim in its quotes, and the only place where policy numbers stand."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from planner.errors import RuleError
from planner.measures import FUNCTIONS
from planner.rules import PLAN_PARAMS, Rules, load_rules, read_rules
from planner.standards import standard_names
from planner.strict_yaml import read_yaml

ROOT = Path(__file__).parent.parent
REFERENCE = Path(__file__).parent / "reference"


@pytest.mark.parametrize("name", standard_names())
def test_quotes_are_verbatim(name: str) -> None:
    paragraphs: dict[str, str] = {}
    for line in (REFERENCE / f"{name}.txt").read_text("utf-8").splitlines()[1:]:
        section, text = line.split("\t")
        paragraphs[section] = text
    for rule in load_rules(name, FUNCTIONS).rules:
        assert rule.clause.quote in paragraphs[rule.clause.section], rule.id
        assert rule.clause.force in paragraphs[rule.clause.section], rule.id
        assert rule.plan_quote in paragraphs[rule.clause.section], rule.id


@pytest.mark.parametrize(
    ("name", "years"), [("panzhihua_2023", {2025}), ("suining_2024", {2025}), ("yaan_2022", {2027})]
)
def test_deadlines_are_verbatim_and_their_year_is_in_the_words_or_in_how_they_are_read(
    name: str, years: set[int]
) -> None:
    lines = (REFERENCE / f"{name}.txt").read_text("utf-8").splitlines()[1:]
    paragraphs = dict(line.split("\t") for line in lines)
    rules = load_rules(name, FUNCTIONS)
    deadlines = [rules.deadline, *(rule.deadline for rule in rules.rules if rule.deadline)]
    assert {rules.deadline_of(rule).year for rule in rules.rules if rules.deadline_of(rule)} == years
    for one in deadlines:
        assert one is not None
        assert one.quote in paragraphs[one.section]
        assert str(one.year) in one.quote + one.reading


@pytest.mark.parametrize("name", standard_names())
def test_the_words_of_a_gap_list_are_short(name: str) -> None:
    """They are printed in every row of it; what only a plan reads stands in plan_quote."""
    for rule in load_rules(name, FUNCTIONS).rules:
        assert len(rule.clause.quote) <= 40, rule.id


WORDS = {"round": "巡回医疗", "mobile": "移动", "neighbour": "邻（联）村", "stay": "驻村服务", "few": "人口较少",
         "far": "交通半径大"}  # fmt: skip


@pytest.mark.parametrize(("name", "reads"), [("panzhihua_2023", 2), ("suining_2024", 1), ("yaan_2022", 0)])
def test_what_a_plan_reads_is_in_its_quote(name: str, reads: int) -> None:
    """Each share as a percentage, each word in the quote's order, and every word that the quote holds."""
    read = [rule for rule in load_rules(name, FUNCTIONS).rules if rule.plan_params]
    assert len(read) == reads
    for rule in read:
        for value in rule.plan_params.values():
            if isinstance(value, float):
                assert f"{value:.0%}" in rule.plan_quote, rule.id
                continue
            at = [rule.plan_quote.index(WORDS[one]) for one in value]
            assert at == sorted(at), rule.id
        said = {one for value in rule.plan_params.values() if isinstance(value, tuple) for one in value}
        assert said == {one for one, word in WORDS.items() if word in rule.plan_quote}, rule.id


def test_a_parameter_is_a_plans_or_a_measures_and_not_both() -> None:
    """A scenario names a parameter without saying whose it is."""
    for measure, reads in PLAN_PARAMS.items():
        own, plans = set(inspect.signature(FUNCTIONS[measure]).parameters), inspect.signature(reads).parameters
        assert not own & set(plans), measure
        assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in plans.values()), measure


@pytest.mark.parametrize("name", standard_names())
def test_every_number_of_a_judging_rule_is_in_its_quote(name: str) -> None:
    for rule in load_rules(name, FUNCTIONS).rules:
        for reading in rule.readings:
            numbers = [value for value in reading.params.values() if isinstance(value, int | float) and value > 1]
            if rule.id in {"emergency_rural", "emergency_time"}:
                assert any("假设" in text for text in rule.assumptions), "a planner's parameter is recorded as one"
                continue
            for number in numbers:
                written = {f"{number:g}", f"{number / 10_000:g}万"}
                assert any(one in rule.clause.quote for one in written), (rule.id, number)


def test_policy_numbers_stand_nowhere_else(rules: Rules) -> None:
    """No module holds a distinctive number of a rule, and no string of one holds a policy's number with its unit."""
    numbers = {
        value
        for rule in rules.rules
        for reading in rule.readings
        for value in reading.params.values()
        if isinstance(value, int | float) and value > 30
    }
    assert {30_000, 100_000, 37, 450} <= numbers
    phrases = re.compile(r"(?<![\d.])5\s*公里|3\s*万|10\s*万居民|5[～~-]8|450\s*个|37\s*个卫生院|20%的")
    found = []
    for package in ("planner", "geodata", "maps", "scenarios"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "samples" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant):
                    value = node.value
                    number = isinstance(value, int | float) and not isinstance(value, bool) and value in numbers
                    if number or (isinstance(value, str) and phrases.search(value)):
                        found.append(f"{path.name}:{node.lineno} {str(value)[:40]}")
    assert not found


@pytest.mark.parametrize(("name", "city", "at_least"), [("suining_2024", "5109", 15), ("yaan_2022", "5118", 8)])
def test_a_citys_own_document_judges_its_sub_centres_and_no_more(name: str, city: str, at_least: int) -> None:
    rules = load_rules(name, FUNCTIONS)
    assert rules.city == city
    judged = [(rule.id, one) for rule in rules.rules for one in rule.readings if one.judged]
    assert [rule for rule, _ in judged] == ["county_subcenter"]
    assert judged[0][1].params["at_least"] == at_least


GOOD = """
id: x
label: 某规划
city: "5104"
document: 某规划
issued: 2023-11-17
rules:
  - id: one
    label: 甲
    section: 一
    quote: 设置5个
    measure: facility_count
    gap_level: city
    denominator: 个
    params: {facility_kind: hospital, at_least: 5, at_most: 5}
    readings:
      - {id: register, label: 名录}
"""


def test_a_good_file_is_read() -> None:
    rules = read_rules(GOOD, "good.yaml", FUNCTIONS)
    assert rules.rules[0].readings[0].params["at_least"] == 5
    assert rules.issued == "2023-11-17"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gap_level: city", "gap_levl: city", "gap_level"),
        ("gap_level: city", "gap_level: street", "street"),
        ("measure: facility_count", "measure: facility_cout", "facility_cout"),
        ("at_most: 5", "at_mots: 5", "at_most"),
        ("at_most: 5", "at_most: five", "five"),
        ("at_most: 5", "at_most: -5", "-5"),
        ("    quote: 设置5个\n", "", "quote"),
        ('city: "5104"', "city: 0510402", "0510402"),
        ("label: 甲", "label: 甲\n    label: 乙", "label"),
        ("label: 甲", "label: &a 甲", "锚点"),
        ("rules:", "rulez:", "rules"),
        ("id: one", "id: [one", "YAML"),
    ],
)
def test_every_mistake_is_named(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        read_rules(GOOD.replace(old, new), "bad.yaml", FUNCTIONS)
    assert "bad.yaml" in str(caught.value)
    assert said in str(caught.value)


SHARES = """
    measure: community_centers
    params: {lower: 1, upper: 2, hospital_kinds: [township_hospital], test: either}
    plan_quote: 力争一半创建
    plan_params: {hospital_share: 0.5}
"""
VILLAGES = """
    measure: facility_per_unit
    params: {facility_kinds: [village_clinic], units: village, minimum: 1}
    plan_quote: 可通过巡回医疗
    plan_params: {substitutes: [round], substitutes_where: [few]}
"""


def _with(plan: str) -> str:
    params = "    params: {facility_kind: hospital, at_least: 5, at_most: 5}\n"
    assert params in GOOD
    return GOOD.replace("    measure: facility_count\n", plan.lstrip("\n")).replace(params, "")


def test_what_a_plan_reads_is_read_beside_the_measures() -> None:
    shares, villages = (read_rules(_with(one), "good.yaml", FUNCTIONS).rules[0] for one in (SHARES, VILLAGES))
    assert (shares.plan_quote, dict(shares.plan_params)) == ("力争一半创建", {"hospital_share": 0.5})
    assert dict(villages.plan_params) == {"substitutes": ("round",), "substitutes_where": ("few",)}
    assert not shares.plan_params.keys() & shares.readings[0].params.keys()
    anywhere = read_rules(_with(VILLAGES.replace(", substitutes_where: [few]", "")), "good.yaml", FUNCTIONS)
    assert dict(anywhere.rules[0].plan_params) == {"substitutes": ("round",)}


@pytest.mark.parametrize(
    ("plan", "old", "new", "said"),
    [
        (SHARES, "hospital_share", "hospital_shar", "不认识的键（现为“hospital_shar”）。是否指 hospital_share"),
        (SHARES, "hospital_share: 0.5", "substitutes: [round]", "不认识的键（现为“substitutes”）"),
        (SHARES, "0.5", "50", "类型或范围不对（现为“50”）"),
        (SHARES, "0.5", "0", "类型或范围不对（现为“0”）"),
        (SHARES, "0.5", "true", "类型或范围不对（现为“True”）"),
        (SHARES, "{hospital_share: 0.5}", "half", "plan_params"),
        (SHARES, "    plan_quote: 力争一半创建\n", "", "plan_quote 和 plan_params 要一起写"),
        (SHARES, "    plan_params: {hospital_share: 0.5}\n", "", "plan_quote 和 plan_params 要一起写"),
        (SHARES, "plan_quote", "plan_quot", "是否指 plan_quote"),
        (SHARES, "test: either}", "test: either, hospital_share: 0.5}", "不认识的键（现为“hospital_share”）"),
        (VILLAGES, "[round]", "[rounds]", "取值不对（现为“rounds”）"),
        (VILLAGES, "[round]", "[]", "substitutes"),
        (VILLAGES, "[round]", "round", "类型或范围不对（现为“round”）"),
        (VILLAGES, "[few]", "[poor]", "取值不对（现为“poor”）"),
        (VILLAGES, "substitutes: [round], ", "", "缺少 substitutes"),
        (VILLAGES, "facility_per_unit", "standard_per_unit", "没有方案读取这个度量的条款（现为“standard_per_unit”）"),
    ],
)
def test_every_mistake_in_what_a_plan_reads_is_named(plan: str, old: str, new: str, said: str) -> None:
    assert old in plan
    with pytest.raises(RuleError) as caught:
        read_rules(_with(plan.replace(old, new)), "bad.yaml", FUNCTIONS)
    assert said in str(caught.value)


def test_all_mistakes_at_once() -> None:
    bad = GOOD.replace("gap_level: city", "gap_level: street").replace("at_most: 5", "at_most: five")
    with pytest.raises(RuleError) as caught:
        read_rules(bad, "bad.yaml", FUNCTIONS)
    assert len(caught.value.problems) == 2


def test_unknown_rules_get_a_suggestion() -> None:
    with pytest.raises(RuleError, match="panzhihua_2023"):
        load_rules("panzihua_2023", FUNCTIONS)


def test_yaml_keeps_words_as_written() -> None:
    assert read_yaml("a: no\nb: 2020-01-01\nc: 1.5\nd: 12\ne: true", "x") == {
        "a": "no", "b": "2020-01-01", "c": 1.5, "d": 12, "e": True,
    }  # fmt: skip
