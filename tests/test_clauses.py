"""The register of clauses: verbatim, whole, and each clause judged once, reported, or said not to be judged."""

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from planner.clauses import KINDS, Demand, Register, declared_state, registers, states
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.resources import Who
from planner.rules import Rule, Rules, load_rules
from planner.standards import clause_names, clause_text, standard_names
from planner.strict_yaml import read_own, read_yaml
from planner.travel import PAPER
from scenarios.clauses import TOTAL, compared, counts, declared, standing
from scenarios.run import load_region
from tests.made_register import load_made

DOCUMENTS = Path(__file__).parent / "reference" / "documents"
FILES = {name: read_own(clause_text(name)) for name in clause_names()}
REGISTERS = registers(FUNCTIONS)
CLAUSES = {one.number: one for register in REGISTERS for one in register.clauses}
SAMPLES = {"panzhihua": "5104", "suining": "5109", "yaan": "5118"}


def _text(name: str) -> str:
    return re.sub(r"\s+", "", (DOCUMENTS / f"{FILES[name]['text']}.txt").read_text("utf-8"))


def _runs(words: str) -> list[str]:
    return [re.sub(r"\s+", "", run) for run in re.split(r"[…|]", words) if run.strip()]


def standards_of(city: str) -> Rules:
    return next(one for one in (load_rules(name, FUNCTIONS) for name in standard_names()) if one.city == city)


@pytest.mark.parametrize("name", clause_names())
def test_the_strict_reader_reads_the_same(name: str) -> None:
    assert read_yaml(clause_text(name), name) == FILES[name]


@pytest.mark.parametrize("name", clause_names())
def test_every_word_of_the_register_is_verbatim(name: str) -> None:
    text = _text(name)
    for clause in FILES[name]["clauses"]:
        quote = re.sub(r"\s+", "", clause["quote"])
        said = [clause["quote"], clause.get("responsible", ""), clause.get("deadline", {}).get("quote", "")]
        for run in (run for words in said for run in _runs(words)):
            assert run in text, (clause["no"], run)
        for run in _runs(clause.get("modal", "")):
            assert run in quote, (clause["no"], run)
        for rule in clause.get("rules", ()):
            assert rule["words"] in quote, rule["id"]
            assert 0 < len(rule["words"]) <= 40, rule["id"]
    for total in FILES[name].get("totals", ()):
        assert total["quote"] in text
        assert total["as_of"] in text
        assert str(total["value"]) in total["quote"]
    for words in (*FILES[name]["general"].values(), FILES[name].get("deadline", {}).get("quote", "")):
        assert all(run in text for run in _runs(words)), words


@pytest.mark.parametrize("name", clause_names())
def test_the_institutions_that_a_document_names_are_in_it(name: str) -> None:
    text = _text(name)
    for one in FILES[name].get("institutions", ()):
        assert re.sub(r"\s+", "", one["name"]) in text
        for role in one.get("roles", ()):
            assert all(run in text for run in _runs(role["quote"])), role


def test_the_register_is_whole() -> None:
    assert sorted(CLAUSES) == list(range(1, 249))
    assert Counter(len(file["clauses"]) for file in FILES.values()) == Counter([156, 19, 9, 27, 37])
    kinds = Counter(one.kind for one in CLAUSES.values())
    assert [kinds[kind] for kind in KINDS] == [23, 141, 39, 4, 41]


def test_every_clause_is_judged_reported_or_said_not_to_be() -> None:
    """Just one of: rules, a reason, another clause that it repeats."""
    for one in CLAUSES.values():
        ways = [bool(one.judged_by or one.rules), bool(one.not_judged), bool(one.repeats and not one.rules)]
        assert sum(ways) == 1, one.number
        assert one.repeats in {0, *CLAUSES}
    total = Counter(row["clauses"] for row in counts(declared()) if row["kind"] == TOTAL)
    assert sum(size * times for size, times in total.items()) == 248  # type: ignore[operator]


def test_what_a_clause_is_judged_by_is_a_rule_of_its_city() -> None:
    for register in REGISTERS:
        known = {rule.id for rule in standards_of(register.city).rules}
        for one in register.clauses:
            assert set(one.judged_by) <= known, one.number


def test_what_is_supported_or_encouraged_is_never_judged() -> None:
    for register in REGISTERS:
        rules = {rule.id: rule for rule in (*standards_of(register.city).rules, *register.rules.rules)}
        soft = [one for one in register.clauses if {*one.modal.split("|")} & {"支持", "鼓励", "探索", "争创", "可"}]
        assert len(soft) > 1 or register.city == "5118"
        for one in soft:
            own = {one: rules[one] for one in one.rules}
            judged = [rule.id for rule in own.values() if any(reading.judged for reading in rule.readings)]
            assert all(not {"支持", "鼓励"} & {rules[name].clause.force} for name in judged), one.number


def _is_written(value: float, quote: str) -> bool:
    """Whether a number stands in the words, as it is, in per cent, or in 万: the columns of a table run together in them."""
    wide = quote.translate(str.maketrans("０１２３４５６７８９．", "0123456789."))
    return any(f"{one:g}" in wide for one in (value, value * 100, value / 10_000))


DERIVED = {"clause_25_3": 1.2434, "clause_102_2": 3, "clause_93": 7, "clause_116": 2, "clause_175": 3}
"""4.7 ÷ 3.78; 三星; 1 + 6; 二级; 三级. One is asked where no number stands: 每, 设置, 建立."""


def test_every_number_of_a_rule_stands_in_its_clause() -> None:
    for register in REGISTERS:
        for rule in register.rules.rules:
            quote = CLAUSES[int(rule.clause.number)].quote
            for reading in rule.readings:
                for name in ("at_least", "at_most", "share", "occupancy_below", "stay_above"):
                    value = reading.params.get(name, 1.0)
                    assert value in (1, DERIVED.get(rule.id)) or _is_written(value, quote), (rule.id, name)


def test_readings_stand_side_by_side_where_a_document_leaves_it_open() -> None:
    readings = {rule.id: [one.id for one in rule.readings] for register in REGISTERS for rule in register.rules.rules}
    assert readings["clause_22"] == ["both", "either"]
    assert readings["clause_19_2"] == ["open", "staffed", "municipal"]
    assert readings["clause_25_3"] == ["text", "derived"]
    assert readings["clause_12_1"] == ["register", "planned"]
    assert readings["clause_38"] == ["together", "hospitals", "primary"]
    assert readings["clause_67"] == ["doctors", "technicians"]


def test_responsible_unit_deadline_and_modal_ride_along(samples: dict[str, tuple[Register, pd.DataFrame]]) -> None:
    _, findings = samples["panzhihua"]
    row = findings.set_index("gap_id").loc["clause_31.register.city.510400"]
    assert (row["clause"], row["nature"], row["deadline"], row["deadline_quote"]) == (
        "31",
        "约束性",
        "2025",
        "2025年目标值",
    )
    assert row["responsible_general"].startswith("各县（区）政府制定并落实")
    assert row["quote"] == "二级以上综合医院感染性疾病科设置比例达100%"
    assert (findings["clause"] != "").all()


@pytest.fixture(scope="module")
def samples() -> dict[str, tuple[Register, pd.DataFrame]]:
    out = {}
    for name, city in SAMPLES.items():
        region, register = load_region(f"sample:{name}"), next(one for one in REGISTERS if one.city == city)
        out[name] = (register, pd.concat([assess(region, one, PAPER) for one in (standards_of(city), register.rules)]))
    return out


def test_the_states_of_the_samples_add_up_to_the_register(samples: dict[str, tuple[Register, pd.DataFrame]]) -> None:
    found = Counter[str]()
    for register, findings in samples.values():
        known = states(register, findings, standards_of(register.city))
        assert set(known) == {one.number for one in register.clauses}
        found.update(known.values())
    assert sum(found.values()) == 248
    declares = Counter(declared_state(one, _rules(one)) for one in CLAUSES.values())
    assert (found["not_judged"], found["repeats"]) == (declares["not_judged"], declares["repeats"]) == (27, 6)
    assert found["judged"] + found["no_data"] + found["reported"] == 248 - 27 - 6


def _rules(clause: Demand) -> dict[str, Rule]:
    register = next(one for one in REGISTERS if clause in one.clauses)
    return {rule.id: rule for rule in (*standards_of(register.city).rules, *register.rules.rules)}


def test_institutions_are_named_as_the_measures_read_them() -> None:
    who = {reading.params["who"] for register in REGISTERS for rule in register.rules.rules
           for reading in rule.readings if "who" in reading.params}  # fmt: skip
    assert all(isinstance(one, Who) for one in who)
    assert not any("clinic" in one.kinds for one in who if len(one.kinds) > 1), "诊所 are never a gap"


def test_with_a_register_nearly_every_clause_that_can_be_judged_is(tmp_path: Path) -> None:
    """The made register tells of 1,009 institutions; what it leaves blank stays no data."""
    region = load_made(tmp_path / "made")
    assert region.register is not None
    assert (len(region.register), set(region.register["estimated"])) == (1009, {True})
    assert region.register["source"].str.startswith("虚构").all()
    found = standing(region)
    told = Counter(found.states.values())
    assert sum(told.values()) == 184
    assert told["judged"] > 80
    assert told["no_data"] < 30
    assert set(found.findings[found.findings["rule"] == "clause_108"]["status"]) == {"not_judged"}
    judged = found.findings[found.findings["status"].isin(["met", "not_met"]) & (found.findings["level"] == "facility")]
    assert judged["estimated"].all()
    said = compared(found)
    assert said[0] == "文件写“全市有医疗卫生机构1009个”（截至2020年底），登记册机构数 992：相差 17，只说明，不改数"
    assert [line[:14] for line in said[1:]] == ["文件写“实有床位10389张", "文件写“卫生人员总数1340"]
