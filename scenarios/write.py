"""write_scenario(path, …): a scenario as a file that read_scenario reads back to the same, and that a planner can edit."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import shapely

from geodata.samples import SAMPLE, sample_folder
from planner.errors import printable
from planner.keys import OTHERS, QUESTION, VERBS, Key
from planner.scenario import Change, Close, Edit, Open, Scenario
from scenarios.files import NOTHING_CHOSEN, fingerprint, project_folder
from scenarios.schema import SCHEMA_FILE, json_schema
from scenarios.ways import RoadChoices

FIRST_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff（）、，。；～＋＝·.-]*")
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def write_scenario(
    path: Path,
    scenario: Scenario,
    choices: RoadChoices = NOTHING_CHOSEN,
    data: Path | None = None,
    rules: str | None = None,
    comments: Sequence[str] = (),
    names: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the scenario to `path`, the JSON Schema that its first line names beside it, and a closed area as GeoJSON.

    It holds all that it decides, without a base. `comments` stand at its top; `names` (id → name) behind ids. Data and
    rules that the file may not name, because they lie outside its project folder, are left out with a comment.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_scenario(Path(folder, "fewer.yaml"), Scenario("少一处").close("ES1"))
    ...     sorted(one.name for one in Path(folder).iterdir())
    ['fewer.yaml', 'fugai-scenario.schema.json']
    """
    lines = [FIRST_LINE, *(f"# {printable(one)}" for one in comments)]
    area = None
    if choices.closed_area is not None:
        area = path.with_name(f"{path.stem}_封闭范围.geojson")
        _write(area, _geojson(choices.closed_area))
    for part in (_head(path, scenario, data, rules), _proof(scenario, choices), _edits(scenario, names), _assumptions(scenario),
                 _service_areas(scenario), _roads(choices, area), _questions(scenario)):  # fmt: skip
        lines += part
    _write(path, "\n".join(lines) + "\n")
    write_schema(path.with_name(SCHEMA_FILE))


def write_schema(path: Path) -> None:
    """Write the JSON Schema of scenario files."""
    _write(path, schema_text())


def schema_text() -> str:
    """Return the JSON Schema of scenario files as text."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def scalar(value: object) -> str:
    r"""Return a value as YAML on one line: plain where nobody could misread it, else in double quotes.

    >>> scalar("东区增设急救站"), scalar("510402"), scalar("a: b\n# c"), scalar("no"), scalar(1e-07), scalar(5)
    ('东区增设急救站', '"510402"', '"a: b\\n# c"', '"no"', '0.0000001', '5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written")
        return format(Decimal(repr(int(value) if value.is_integer() else value)), "f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(scalar, value))}]"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.isprintable() and text.casefold() not in _WORDS_OF_YAML:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    code = ord(letter)
    return {"\n": "\\n", "\t": "\\t"}.get(letter) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _pairs(said: Mapping[str, Any]) -> str:
    """Return a mapping on one line."""
    return f"{{{', '.join(f'{_key(name)}: {_flow(value)}' for name, value in said.items())}}}"


def _flow(value: object) -> str:
    return _pairs(value) if isinstance(value, Mapping) else scalar(value)


def _key(name: str) -> str:
    return name if re.fullmatch("[a-z_]+", name) and name not in _WORDS_OF_YAML else scalar(name)


def _labelled(keys: Sequence[Key], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in the order of the keys, the codes of choices in the words that people use."""
    out: dict[str, Any] = {}
    for key in keys:
        if key.name in said:
            value = said[key.name]
            out[key.name] = (*key.choices.get(str(value), ()), value)[0] if key.kind == "choice" else value
    odd = sorted(set(said) - set(out))
    if odd:
        raise ValueError(f"a scenario file has no keys {odd}")
    return out


def _within(path: Path, target: Path) -> str:
    """Return the path from the file's folder to `target`, "" where a scenario file may not name it."""
    home, here, target = project_folder(path), path.resolve().parent, target.resolve()
    if target != home and home not in target.parents:
        return ""
    up = next(steps for steps, one in enumerate((here, *here.parents)) if one == target or one in target.parents)
    base = (here, *here.parents)[up]
    return "/".join([".."] * up + list(target.relative_to(base).parts)) or "."


def _data_line(path: Path, data: Path) -> str:
    samples = sample_folder("panzhihua").parent
    if data.resolve().parent == samples.resolve():
        return f"data: {SAMPLE}{data.resolve().name}"
    inside = _within(path, data)
    return f"data: {scalar(inside)}" if inside else "# 数据文件夹不在本文件的项目文件夹内：运行时加 --data"


def _rules_line(path: Path, rules: str) -> str:
    if not rules.endswith((".yaml", ".yml")):
        return f"rules: {scalar(rules)}"
    inside = _within(path, Path(rules))
    return f"rules: {scalar(inside)}" if inside else "# 规则文件不在本文件的项目文件夹内：运行时加 --rules"


def _head(path: Path, scenario: Scenario, data: Path | None, rules: str | None) -> Iterator[str]:
    yield f"name: {scalar(scenario.name)}"
    for name, value in (("author", scenario.author), ("date", scenario.date)):
        if value:
            yield f'{name}: "{value}"' if name == "date" else f"{name}: {scalar(value)}"
    if data is not None:
        yield _data_line(path, data)
    if rules is not None:
        yield _rules_line(path, rules)
    if scenario.notes:
        yield "notes:"
        yield from (f"  - {scalar(one)}" for one in scenario.notes)


def _proof(scenario: Scenario, choices: RoadChoices) -> Iterator[str]:
    if scenario.proof:
        yield "# fugai plan 的证明：方案改动后不再适用"
        yield "proof:"
        yield f"  of: {scalar(scenario.proof_of or fingerprint(scenario, choices))}"
        yield "  said:"
        yield from (f"    - {scalar(one)}" for one in scenario.proof)


def _edits(scenario: Scenario, names: Mapping[str, str]) -> Iterator[str]:
    if not scenario.edits:
        return
    yield "# 改动：从上到下逐条执行。费用单位：万元"
    yield "edits:"
    for edit in scenario.edits:
        verb, said = _said_of(edit)
        facility = getattr(edit, "facility", "")
        name = "" if verb == "open" else names.get(facility, "")
        first, *others = said.items()
        yield f"  - {first[0]}: {_flow(first[1])}" + (f"  # {printable(name)}" if name else "")
        yield from (f"    {name}: {_flow(value)}" for name, value in others)
        if edit.reason:
            yield f"    reason: {scalar(edit.reason)}"
        if not math.isnan(edit.cost):
            yield f"    cost: {scalar(edit.cost)}"
        if edit.year is not None:
            yield f"    year: {edit.year}"


def _said_of(edit: Edit) -> tuple[str, dict[str, Any]]:
    """Return the verb of an edit and what stands behind it."""
    if isinstance(edit, Open):
        return "open", {"open": _labelled(VERBS["open"].keys[0].keys, edit.fields)}
    if isinstance(edit, Close):
        return "close", {"close": edit.facility}
    if isinstance(edit, Change):
        keys = VERBS[edit.word].keys
        if edit.word == "change":
            return "change", {"change": edit.facility, "set": _labelled(keys[1].keys, edit.fields)}
        return edit.word, _labelled(keys, edit.said)
    raise TypeError(f"{type(edit).__name__} is no edit")


def _assumptions(scenario: Scenario) -> Iterator[str]:
    if scenario.overrides:
        yield "# 改用别的规则参数：只作假设，不作判断"
        yield "overrides:"
    for one in scenario.overrides:
        yield f"  - rule: {scalar(one.rule)}"
        yield f"    params: {_pairs(one.params)}"
        if one.reason:
            yield f"    reason: {scalar(one.reason)}"
    if scenario.population is not None:
        people = scenario.population
        yield "# 县区代码: 现在人口乘以几；others＝其余县区"
        yield "population:"
        yield f"  year: {people.year}"
        yield f"  factors: {_pairs({code or OTHERS: factor for code, factor in people.factors.items()})}"
        if people.reason:
            yield f"  reason: {scalar(people.reason)}"


def _service_areas(scenario: Scenario) -> Iterator[str]:
    if scenario.service_areas:
        yield "# 服务范围：哪些社区归哪所社区卫生服务中心"
        yield "service_areas:"
    for area in scenario.service_areas:
        yield f"  - centers: {_flow(list(area.centers))}"
        yield f"    communities: {_flow(list(area.communities))}"


def _roads(choices: RoadChoices, area: Path | None) -> Iterator[str]:
    said: dict[str, Any] = {
        "closed": sorted(choices.closed),
        "closed_area": "" if area is None else area.name,
        "speeds": dict(sorted(choices.speeds.items())),
        "period": choices.period if choices.speeds else "",
        "own_speeds": None if choices.own_speeds else False,
        "delay": _amount(choices.delay_s, 60, "min", "s") if choices.delay_s else "",
        "minutes": choices.minutes,
        "max_snap": _amount(choices.max_snap_m, 1000, "km", "m")
        if choices.max_snap_m != NOTHING_CHOSEN.max_snap_m
        else "",
    }
    said = {name: value for name, value in said.items() if value or value is False}
    if said:
        yield "# 道路条件"
        yield "roads:"
        yield from (f"  {name}: {_flow(value)}" for name, value in said.items())


def _amount(value: float, many: int, large: str, small: str) -> str:
    """Return a whole number of the larger unit where it is one, else the exact number of the smaller.

    >>> _amount(180.0, 60, "min", "s"), _amount(90.0, 60, "min", "s"), _amount(1500.5, 1000, "km", "m")
    ('3min', '90s', '1500.5m')
    """
    whole, unit = (value / many, large) if value % many == 0 else (value, small)
    return f"{format(Decimal(repr(int(whole) if whole.is_integer() else whole)), 'f')}{unit}"


def _questions(scenario: Scenario) -> Iterator[str]:
    if scenario.questions:
        yield "# 选址题"
        yield "questions:"
    for question in scenario.questions:
        mark = "  - "
        for name, value in _labelled(QUESTION.keys, question).items():
            yield f"{mark}{name}: {_flow(value)}"
            mark = "    "


def _geojson(area: shapely.Geometry) -> str:
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(area))}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n"
