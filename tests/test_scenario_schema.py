"""The JSON Schema of scenario files refuses what the reader refuses, wherever a schema can tell; the rest is listed, with the reason."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import FugaiError
from planner.keys import Key, Reader
from planner.strict_yaml import parse_yaml, read_yaml
from scenarios.files import read_scenario
from scenarios.schema import SCENARIO, json_schema
from tests.examples import examples
from tests.test_scenario_files import BAD, FULL

jsonschema = pytest.importorskip("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(json_schema(), format_checker=jsonschema.FormatChecker(["date"]))


def accepts(value: Any) -> bool:
    """Whether the value is valid by the schema; a day that no calendar has is not."""
    return bool(VALIDATOR.is_valid(value))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


WORDS = "another key's value decides: a schema compares no two values"
DISK = "only the disk can tell"
TEXT = "every key is text in JSON, whatever quotes it has in YAML"
NUMBER = "a pattern does not compare numbers"
WHOLE = "what the base says counts as well"
GOOD = (
    FULL,
    "name: x",
    "name: 　x　",
    'name: x\nnotes: ["", 甲]',
    "name: x\ndate: 2024-02-29",
    "name: x\ndata: 数据/甲",
    "name: x\nrules: panzhihua_2023",
    "name: x\nedits:\n  - {enlarge: A, beds: 40.0}",
    'name: x\nedits:\n  - change: A\n    set: {host_id: ""}',
    'name: x\nedits:\n  - {close: A, reason: "甲\\n乙", cost: 0, year: 2030}',
    "name: x\nroads: {max_snap: 0.5 km, delay: 90S}",
    "name: x\nroads: {speeds: {primary: 0.5}}",
    "name: x\npopulation: {year: 2030, factors: {others: 0.5}}",
    "name: x\nquestions:\n  - {plan: 次中心, p: 2～4, limit: 30分钟, background: []}",
    "name: x\nquestions:\n  - {plan: 次中心, p: [2, 4], limit: [800m, 1h]}",
)
MORE_BAD = (
    'name: " "',
    'name: "　"',
    'name: ""',
    'name: x\nauthor: "a\\u0007b"',
    "name: x\ndate: 2025-13-01",
    "name: x\ndate: 2025-04-31",
    "name: x\ndate: 2025-02-29",
    "name: x\ndate: 2025-3-1",
    'name: x\ndate: "2025-03-01\\n"',
    "name: x\ndate: 0000-01-01",
    'name: x\nbase: " "',
    "name: x\nnotes: []",
    "name: x\nedits: []",
    "name: x\nedits:\n  - {}",
    "name: x\nedits:\n  - open: {}",
    'name: x\nedits:\n  - close: " "',
    'name: x\nedits:\n  - open: {id: N, name: " ", kind: 急救站, lon: 101, lat: 26}',
    "name: x\nedits:\n  - change: A\n    set: {}",
    'name: x\nedits:\n  - change: A\n    set: {name: " "}',
    'name: x\nedits:\n  - change: A\n    set: {village_code: "51042210020"}',
    'name: x\nedits:\n  - change: A\n    set: {village_code: "510422100200\\n"}',
    "name: x\nedits:\n  - {close: A, year: 1}",
    "name: x\noverrides: []",
    "name: x\noverrides:\n  - {rule: emergency_urban, params: {}}",
    'name: x\noverrides:\n  - {rule: " ", params: {radius_km: 3}}',
    "name: x\noverrides:\n  - {rule: a, params: {facility_kinds: []}}",
    "name: x\nroads: {}",
    "name: x\nroads: {closed: []}",
    'name: x\nroads: {closed: [" "]}',
    "name: x\nroads: {speeds: {}}",
    'name: x\nroads: {speeds: {" ": 30}}',
    "name: x\nroads: {speeds: {primary: 0}}",
    "name: x\nroads: {max_snap: 0km}",
    "name: x\nroads: {max_snap: 0.00m}",
    "name: x\nroads: {max_snap: 5}",
    "name: x\nroads: {max_snap: 5000km}",
    "name: x\nroads: {max_snap: 0.0001m}",
    "name: x\nroads: {delay: 0min}",
    'name: x\nroads: {delay: "3\\tmin"}',
    'name: x\nroads: {delay: "3min\\n"}',
    "name: x\npopulation: {}",
    "name: x\npopulation: {year: 2030, factors: {}}",
    "name: x\npopulation: {year: 2030, factors: {others: 0}}",
    'name: x\npopulation: {year: 2030, factors: {"51042": 1.1}}',
    "name: x\nservice_areas: []",
    'name: x\nservice_areas:\n  - {centers: [], communities: ["510402001001"]}',
    "name: x\nservice_areas:\n  - {centers: [C], communities: []}",
    "name: x\nquestions: []",
    "name: x\nquestions:\n  - {plan: 次中心, p: 0-3}",
    "name: x\nquestions:\n  - {plan: 次中心, p: []}",
    "name: x\nquestions:\n  - {plan: 次中心, limit: []}",
    "name: x\nquestions:\n  - {plan: 次中心, limit: 0km}",
    "name: x\nquestions:\n  - {plan: 次中心, forced: []}",
    "name: x\nquestions:\n  - {plan: 次中心, quotas: {}}",
    'name: x\nquestions:\n  - {plan: 次中心, quotas: {"510402": {}}}',
)
DIFFERENT = {
    "name: x\nroads: {max_snap: 5000km}": NUMBER,
    "name: x\nroads: {max_snap: 0.0001m}": NUMBER,
    "name: x\nquestions:\n  - {plan: 次中心, p: 4-2}": NUMBER,
    "name: x\nquestions:\n  - {plan: emergency, forced: [A, B], forbidden: [B]}": WORDS,
    'name: x\nquestions:\n  - {plan: emergency, quotas: {"510402": {at_least: 3, at_most: 1}}}': WORDS,
    "name: x\nroads: {period: 夜间}": WHOLE,
    "name: x\npopulation: {year: 2030, factors: {510402: 0.9}}": TEXT,
    "name: x\nbase: 没有.yaml": DISK,
    "name: x\nbase: ../a.yaml": DISK,
    "name: x\nroads: {closed_area: /etc/passwd}": DISK,
    "name: x\ndata: ../../x": DISK,
    "name: x\nrules: ../r.yaml": DISK,
    "name: x\ndata: sample:panzhihu": DISK,
}
"""What the reader refuses and the schema lets pass, each with the reason."""


def _written(text: str) -> Any:
    """Return the value of a text, or None where its YAML is wrong, of which a schema learns nothing."""
    try:
        written = parse_yaml(text, "a.yaml")
    except FugaiError:
        return None
    return None if written.problems else written.value


@pytest.mark.parametrize("text", GOOD)
def test_what_the_reader_takes_the_schema_takes(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    read_scenario(tmp_path / "a.yaml")
    assert accepts(read_yaml(text, "a.yaml"))


@pytest.mark.parametrize("text", dict.fromkeys([*(one for one, _ in BAD), *MORE_BAD]))
def test_what_the_reader_refuses_the_schema_refuses_where_it_can(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    with pytest.raises(FugaiError):
        read_scenario(tmp_path / "a.yaml")
    value = _written(text)
    assert value is None or accepts(value) == (text in DIFFERENT)


def test_every_difference_is_one_of_the_corpus() -> None:
    assert set(DIFFERENT) <= {*(one for one, _ in BAD), *MORE_BAD}


JUNK = st.sampled_from([None, True, 0, -1, 3, 3.5, "x", "", "急救站", [], ["a"], [3], {}, {"x": 1}, {"close": "A"}])
_LIKE = {"text": "文字", "id": "A1", "path": "a/b", "date": "2025-03-01", "flag": True, "whole": 3, "number": 2.5}


def values_of(key: Key) -> st.SearchStrategy[Any]:
    """Return values that fit the key, and now and then junk in place of one."""
    return st.integers(0, 11).flatmap(lambda roll: JUNK if roll == 0 else _fitting(key))


def _fitting(key: Key) -> st.SearchStrategy[Any]:
    if key.kind == "choice":
        return st.sampled_from(list(key.words))
    if key.kind == "list":
        return st.lists(values_of(key.keys[0]), max_size=3)
    if key.kind in {"either", "one_of"}:
        return st.one_of(*map(values_of, key.keys))
    if key.kind == "map":
        names = st.sampled_from(["510402", "others", "radius_km", "primary"])
        return st.dictionaries(names, values_of(key.keys[0]), max_size=2)
    if key.kind == "record":
        needed = {one.name: values_of(one) for one in key.keys if one.needed}
        return st.fixed_dictionaries(needed, optional={one.name: values_of(one) for one in key.keys if not one.needed})
    if key.high is not None and key.low is not None and key.low > 3:
        return st.just(int(key.low) + 1)
    return st.just(key.like or _LIKE[key.kind])


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(values_of(SCENARIO))
def test_the_schema_and_the_reader_agree(value: Any) -> None:
    reader = Reader("a.yaml", {})
    reader.read(SCENARIO, value, ())
    assert accepts(value) == (not reader.problems), [problem.say() for problem in reader.problems]
