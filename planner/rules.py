"""Rule and Clause: the law as data, read strictly from standards/*.yaml, where alone policy numbers stand."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from planner.errors import Problem, RuleError, Text
from planner.schema import LEVELS, Level
from planner.strict_yaml import read_yaml

_STANDARDS = files("planner") / "standards"

REMEDIES = ("新建", "改扩建", "转型", "替代服务")
NATURES = ("", "约束性", "预期性")


@dataclass(frozen=True)
class Clause:
    """Where a rule stands: document, section, the short words that hold its number, and its own modal.

    ``force`` is the clause's own modal (原则上, 力争, 不超过 …) or "", ``nature`` 约束性, 预期性 or "" as the
    document's table says, ``responsible`` the office the clause names, or "".
    """

    document: str
    section: str
    quote: str
    force: str = ""
    nature: str = ""
    responsible: str = ""


@dataclass(frozen=True)
class Reading:
    """One way to read a clause: the measure's parameters for it, and whether it is the one that judges."""

    id: str
    label: str
    judged: bool
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One standard: the clause, the measure that computes it, its readings, and what follows from a gap.

    ``gap_level`` is the level at which its gaps are listed; ``people`` names whose share or number it is.
    ``base`` and ``target`` are the document's own figures, as text, where it gives them.
    """

    id: str
    label: str
    clause: Clause
    measure: str
    readings: tuple[Reading, ...]
    gap_level: Level
    denominator: str
    required_text: str
    remedies: tuple[str, ...] = ()
    base: str = ""
    target: str = ""
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """The rules of one city's document; a clause holds for its own city only (`city` is its 4-digit code)."""

    id: str
    label: str
    city: str
    document: str
    issued: str
    rules: tuple[Rule, ...]
    assumptions: tuple[str, ...] = field(default=())


def standard_names() -> tuple[str, ...]:
    """Return the names of the rule files that come with the tool."""
    return tuple(sorted(one.name.removesuffix(".yaml") for one in _STANDARDS.iterdir() if one.name.endswith(".yaml")))


def load_rules(name: str, measures: Mapping[str, Callable[..., Any]]) -> Rules:
    """Return the rules called `name`, or those in the file of that path; RuleError tells all mistakes at once."""
    if name in standard_names():
        return read_rules((_STANDARDS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml", measures)
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        try:
            return read_rules(path.read_text("utf-8-sig"), path.name, measures)
        except UnicodeDecodeError as error:
            raise RuleError(
                Problem(path.name, Text("不是 UTF-8 编码", "not UTF-8"), Text("另存为 UTF-8", "save it as UTF-8"))
            ) from error
    close = get_close_matches(name, standard_names(), n=1)
    hint = Text(f"是否指 {close[0]}？", f"did you mean {close[0]}?") if close else Text("", "")
    known = "、".join(standard_names())
    raise RuleError(
        Problem(
            name,
            Text("没有这套规则", "no such rules"),
            Text(f"可用：{known}，或给出 .yaml 文件路径。{hint.zh}", f"use one of {known}, or a .yaml path. {hint.en}"),
        )
    )


class _Reader:
    """Takes a mapping apart key by key and remembers everything that is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, where: str, zh: str, en: str, fix: Text, found: object = "") -> None:
        self.problems.append(Problem(self.file, Text(zh, en), fix, column=where, found=str(found)))

    def take(self, raw: object, where: str, known: Sequence[str], needed: Sequence[str]) -> dict[str, Any]:
        """Return `raw` as a mapping with only known keys; note those unknown (with a guess) and those missing."""
        if not isinstance(raw, Mapping):
            self.wrong(
                where, "应是“键: 值”", "must hold 'key: value' pairs", Text("对照已有规则改写", "follow an example")
            )
            return {}
        for key in raw:
            if key not in known:
                close = get_close_matches(str(key), known, n=1)
                guess = Text(f"是否指 {close[0]}", f"did you mean {close[0]}") if close else Text("删去", "remove it")
                self.wrong(where, "不认识的键", "unknown key", guess, key)
        for key in needed:
            if raw.get(key) in (None, "", []):
                self.wrong(where, f"缺少 {key}", f"{key} is missing", Text("补上", "add it"))
        return {key: value for key, value in raw.items() if key in known}

    def one_of(self, value: object, where: str, choices: Sequence[str]) -> None:
        if value not in choices:
            self.wrong(
                where, "取值不对", "not a valid value", Text("、".join(choices), "one of " + ", ".join(choices)), value
            )


_RULES_KEYS = ("id", "label", "city", "document", "issued", "rules")
_RULE_KEYS = (
    "id", "label", "section", "quote", "force", "nature", "responsible", "measure", "gap_level", "denominator",
    "required_text", "remedies", "base", "target", "params", "readings", "assumptions",
)  # fmt: skip
_RULE_NEEDED = ("id", "label", "section", "quote", "measure", "gap_level", "denominator", "readings")
_READING_KEYS = ("id", "label", "judged", "params")


def _check_params(reader: _Reader, where: str, function: Callable[..., Any], params: Mapping[str, Any]) -> None:
    """A rule's params are exactly its measure's keyword-only arguments, of their types."""
    wanted = {
        name: one.annotation
        for name, one in inspect.signature(function).parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }
    reader.take(params, where, tuple(wanted), tuple(wanted))
    for name, value in params.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        right = {
            str: isinstance(value, str),
            int: number and isinstance(value, int) and value >= 0,
            float: number and 0 < value < float("inf"),
            tuple[str, ...]: isinstance(value, tuple) and all(isinstance(one, str) for one in value),
        }
        if name in wanted and not right[wanted[name]]:
            reader.wrong(f"{where} {name}", "类型或范围不对", "wrong type or range", Text("改正", "correct it"), value)


def _tuples(params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in params.items()}


def _read_rule(
    reader: _Reader, raw: object, number: int, document: str, measures: Mapping[str, Callable[..., Any]]
) -> Rule:
    where = f"rules[{number}]"
    got = reader.take(raw, where, _RULE_KEYS, _RULE_NEEDED)
    where = f"rules[{number}] {got.get('id', '')}"
    reader.one_of(got.get("measure"), f"{where} measure", sorted(measures))
    reader.one_of(got.get("gap_level"), f"{where} gap_level", get_args(Level) or LEVELS)
    reader.one_of(got.get("nature", ""), f"{where} nature", NATURES)
    for remedy in got.get("remedies", []):
        reader.one_of(remedy, f"{where} remedies", REMEDIES)
    readings = []
    for one in got.get("readings", []):
        part = reader.take(one, f"{where} readings", _READING_KEYS, ("id", "label"))
        params = _tuples({**got.get("params", {}), **part.get("params", {})})
        if got.get("measure") in measures:
            _check_params(reader, f"{where} {part.get('id', '')} params", measures[got["measure"]], params)
        readings.append(
            Reading(
                part.get("id", ""), part.get("label", ""), part.get("judged", True) is True, MappingProxyType(params)
            )
        )
    return Rule(
        id=got.get("id", ""),
        label=got.get("label", ""),
        clause=Clause(
            document=document,
            section=got.get("section", ""),
            quote=got.get("quote", ""),
            force=got.get("force", ""),
            nature=got.get("nature", ""),
            responsible=got.get("responsible", ""),
        ),
        measure=got.get("measure", ""),
        readings=tuple(readings),
        gap_level=got.get("gap_level", "city"),
        denominator=got.get("denominator", ""),
        required_text=got.get("required_text", ""),
        remedies=tuple(got.get("remedies", [])),
        base=str(got.get("base", "")),
        target=str(got.get("target", "")),
        assumptions=tuple(got.get("assumptions", [])),
    )


def read_rules(text: str, file: str, measures: Mapping[str, Callable[..., Any]]) -> Rules:
    """Return the rules written in `text`; RuleError with every unknown key, wrong value and missing word."""
    raw = read_yaml(text, file)
    reader = _Reader(file)
    got = reader.take(raw, "", _RULES_KEYS, _RULES_KEYS)
    document = str(got.get("document", ""))
    rules = tuple(
        _read_rule(reader, one, number, document, measures) for number, one in enumerate(got.get("rules") or [], 1)
    )
    pairs = [(rule.id, reading.id) for rule in rules for reading in rule.readings]
    for pair in sorted({one for one in pairs if pairs.count(one) > 1}):
        reader.wrong(" ".join(pair), "编号重复", "this id stands twice", Text("改成不同的编号", "make them differ"))
    if reader.problems:
        raise RuleError(reader.problems)
    return Rules(got["id"], got["label"], got["city"], document, got["issued"], rules)
