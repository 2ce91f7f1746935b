"""Rule and Clause: the law as data, read strictly from standards/*.yaml, where alone policy numbers stand."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Literal, NewType, get_args, get_origin

from planner.errors import Problem, RuleError, Text
from planner.institutions import FLAGS, GRADES_OF_OFFICE, INSTITUTION_KINDS, NUMBERS, OWNERS
from planner.region import URBAN_SCOPES
from planner.schema import FACILITIES, FACILITY_KINDS, HOSPITAL_SPECIALTIES, Level
from planner.standards import standard_names, standard_text
from planner.strict_yaml import read_yaml
from planner.text import UNITS, exact_text

# What a plan reads from a clause beside what its measure judges: numbers and words that stand in standards/*.yaml only.

Share = NewType("Share", float)
"""A part of a whole, above 0 and at most 1."""
Substitute = Literal["round", "mobile", "neighbour", "stay"]
Case = Literal["few", "far"]


@dataclass(frozen=True, kw_only=True)
class Substitutes:
    """The services that may stand for a village's clinic, in the clause's order, and the case in which they may.

    "few": where residents are few; "far": where care is far off. Both at once where both are named; (): anywhere.
    """

    substitutes: tuple[Substitute, ...]
    substitutes_where: tuple[Case, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Upgrades:
    """The share of community health centres that are to become community hospitals (社区医院)."""

    hospital_share: Share


PLAN_PARAMS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"facility_per_unit": Substitutes, "community_centers": Upgrades}
)
"""By the measure that judges the clause, what a plan may read from it; a measure that is not named here: nothing."""


REMEDIES = ("新建", "改扩建", "转型", "替代服务", "调整片区")
NATURES = ("", "约束性", "预期性")


@dataclass(frozen=True)
class Clause:
    """Where a rule stands: document, section, the short words that hold its number, and its own modal.

    ``force`` is the clause's own modal (原则上, 力争, 不超过 …) or "", ``nature`` 约束性, 预期性 or "" as the
    document's table says, ``responsible`` the office the clause names, or "", ``responsible_general`` whom the document makes
    answer for all of it. ``number`` is that of the clause in the register of clauses (planner.clauses), several joined by 、.
    """

    document: str
    section: str
    quote: str
    force: str = ""
    nature: str = ""
    responsible: str = ""
    responsible_general: str = ""
    number: str = ""


@dataclass(frozen=True)
class Deadline:
    """By the end of which year something is to be done, where that stands word for word, and how the words were read ("": as they are)."""

    year: int
    section: str
    quote: str
    reading: str = ""


@dataclass(frozen=True)
class Reading:
    """One way to read a clause: how one travels, the measure's parameters, and whether it is the one that judges."""

    id: str
    label: str
    judged: bool
    params: Mapping[str, Any]
    travel: str = "paper"


@dataclass(frozen=True)
class Rule:
    """One standard: the clause, the measure that computes it, its readings, and what follows from a gap.

    ``gap_level`` is the level at which its gaps are listed; ``denominator`` names whose share or number it is.
    ``base`` and ``target`` are the document's own figures, as text, where it gives them. ``plan_quote`` and
    ``plan_params`` are what a plan reads from the same section and the measure does not: verbatim words, and the
    numbers and words in them (see plan_params.PLAN_PARAMS); both empty where no plan reads anything.
    ``data_needed`` is what the clause would need to be judged and no table holds. ``units_of`` is the rule of the same
    document whose units (towns, villages …) the number of this one is held against: the document's own geography.
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
    plan_quote: str = ""
    plan_params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    data_needed: str = ""
    units_of: "Rule | None" = None
    deadline: Deadline | None = None

    @property
    def counted(self) -> str:
        """Whose share or number it is, without the unit that the rules' file writes behind it in brackets."""
        return self.denominator.removesuffix(f"（{UNITS}）")

    @property
    def stated(self) -> str:
        """What the clause requires, as the rules' file writes it, with the word 条款 before it where the file has not."""
        return self.required_text if self.required_text.startswith("条款") else f"条款：{self.required_text}"

    @property
    def main_reading(self) -> Reading:
        """The reading that judges; of a rule that judges nothing, the first."""
        return next((one for one in self.readings if one.judged), self.readings[0])


@dataclass(frozen=True)
class Rules:
    """The rules of one city's document; a clause holds for its own city only (`city` is its 4-digit code).

    ``deadline`` is that of the whole document: it holds where a clause has none of its own.
    """

    id: str
    label: str
    city: str
    document: str
    issued: str
    rules: tuple[Rule, ...]
    deadline: Deadline | None = None

    def deadline_of(self, rule: Rule | None) -> Deadline | None:
        """Return by when a rule is to be met: its own deadline, else the whole document's."""
        return rule.deadline if rule is not None and rule.deadline is not None else self.deadline


def readable(rules: Rules, ways: Collection[str]) -> Rules:
    """Return the rules with only those readings whose way of travelling is given; a rule left without one is left out.

    What is said of rules later (parameters, assumptions) is then said of what was computed, and of nothing else.
    """
    kept = [replace(rule, readings=tuple(one for one in rule.readings if one.travel in ways)) for rule in rules.rules]
    return replace(rules, rules=tuple(rule for rule in kept if rule.readings))


def with_minutes(rules: Rules, minutes: float) -> Rules:
    """Return the rules with every reading by time held against so many minutes, their words changed with the number."""
    return replace(rules, rules=tuple(_rule_with_minutes(rule, minutes) for rule in rules.rules))


def _rule_with_minutes(rule: Rule, minutes: float) -> Rule:
    old = {reading.params["minutes"] for reading in rule.readings if "minutes" in reading.params}
    if not old:
        return rule

    def said(text: str) -> str:
        for one in old:
            text = text.replace(f"{one:g}分钟", f"{minutes:g}分钟")
        return text

    readings = tuple(
        replace(
            one, params=MappingProxyType({**one.params, **({"minutes": minutes} if "minutes" in one.params else {})})
        )
        for one in rule.readings
    )
    return replace(
        rule, readings=readings, required_text=said(rule.required_text), assumptions=tuple(map(said, rule.assumptions))
    )


def load_rules(name: str, measures: Mapping[str, Callable[..., Any]]) -> Rules:
    """Return the rules called `name`, or those in the file of that path; RuleError tells all mistakes at once.

    >>> from planner import FUNCTIONS
    >>> load_rules("panzhihua_2023", FUNCTIONS).rules[0].clause.section
    '第三章第三节一（一）'
    """
    if name in standard_names():
        return read_rules(standard_text(name), f"{name}.yaml", measures)
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        try:
            return read_rules(path.read_text("utf-8-sig"), path.name, measures)
        except UnicodeDecodeError as error:
            raise RuleError(
                Problem(path.name, Text("不是 UTF-8 编码", "not UTF-8"), Text("另存为 UTF-8", "save it as UTF-8"))
            ) from error
    close = get_close_matches(name, standard_names(), n=1)
    hint = Text(f"；是否指 {close[0]}", f"; did you mean {close[0]}") if close else Text("", "")
    known = "、".join(standard_names())
    raise RuleError(
        Problem(
            name,
            Text("没有这套规则", "no such rules"),
            Text(
                f"可用：{known}，或给出 .yaml 文件的路径{hint.zh}",
                f"use one of {known}, or the path of a .yaml{hint.en}",
            ),
        )
    )


class _Reader:
    """Takes a mapping apart key by key and remembers everything that is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, where: str, zh: str, en: str, fix: Text, found: object = "") -> None:
        self.problems.append(Problem(self.file, Text(zh, en), fix, column=where, found=str(found)))

    def take(self, raw: object, where: str, keys: Mapping[str, type], needed: Sequence[str]) -> dict[str, Any]:
        """Return `raw` as a mapping of the known keys, each of its kind; note every key that is not, or is missing."""
        if not isinstance(raw, Mapping):
            self.wrong(
                where,
                "应是“键: 值”",
                "must hold 'key: value' pairs",
                Text("对照已有规则改写", "follow an example"),
                raw,
            )
            return {}
        kept = {}
        for key, value in raw.items():
            if key not in keys:
                close = get_close_matches(str(key), list(keys), n=1)
                guess = Text(f"是否指 {close[0]}", f"did you mean {close[0]}") if close else Text("删去", "remove it")
                self.wrong(where, "不认识的键", "unknown key", guess, key)
            elif not isinstance(value, keys[key]):
                kind = _KINDS[keys[key]]
                self.wrong(
                    f"{where} {key}",
                    f"应是{kind.zh}",
                    f"must be {kind.en}",
                    Text("改正；代码和文字加引号", "correct it"),
                    value,
                )
            else:
                kept[str(key)] = value
        for key in needed:
            if raw.get(key) in (None, "", [], {}):
                self.wrong(where, f"缺少 {key}", f"{key} is missing", Text("补上", "add it"))
        return kept

    def texts(self, raw: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        """Return the list under `key` as texts; note any item that is none."""
        for item in raw.get(key, []):
            if not isinstance(item, str):
                self.wrong(
                    f"{where} {key}", "每一项应是文字", "each item must be text", Text("加引号", "quote it"), item
                )
        return tuple(str(item) for item in raw.get(key, []))

    def one_of(self, value: object, where: str, choices: Sequence[str]) -> None:
        if value not in choices:
            close = get_close_matches(str(value), choices, n=1)
            guess = f"；是否指 {close[0]}" if close else ""
            fix = Text(
                "改成：" + "、".join(one or "（空）" for one in choices) + guess, "use one of " + ", ".join(choices)
            )
            self.wrong(where, "取值不对", "not a valid value", fix, value)


_KINDS = {str: Text("文字", "text"), list: Text("列表", "a list"), dict: Text("“键: 值”", "pairs"),
          bool: Text("true 或 false", "true or false")}  # fmt: skip
_RULES_NEEDED = ("id", "label", "city", "document", "issued", "rules")
_RULES_KEYS = {**dict.fromkeys(_RULES_NEEDED, str), "rules": list, "deadline": dict}
_DEADLINE_KEYS = {"year": int, "section": str, "quote": str, "reading": str}
_RULE_KEYS = {
    **dict.fromkeys(("id", "label", "section", "quote", "force", "nature", "responsible", "measure", "gap_level",
                     "denominator", "required_text", "base", "target", "plan_quote", "data_needed", "units_of", "clause",
                     "document", "responsible_general"), str),
    "remedies": list, "params": dict, "readings": list, "assumptions": list, "plan_params": dict, "deadline": dict,
}  # fmt: skip
_RULE_NEEDED = ("id", "label", "section", "quote", "measure", "gap_level", "denominator", "readings")
_READING_KEYS = {"id": str, "label": str, "judged": bool, "travel": str, "params": dict}
_TRAVELS = ("paper", "road", "road_time")
_WORDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "facility_kind": tuple(FACILITY_KINDS),
        "facility_kinds": tuple(FACILITY_KINDS),
        "beside_kinds": tuple(FACILITY_KINDS),
        "hospital_kinds": tuple(FACILITY_KINDS),
        "column": FACILITIES.names(),
        "kinds": tuple(INSTITUTION_KINDS),
        "specialties": tuple(HOSPITAL_SPECIALTIES),
        "owners": tuple(OWNERS),
        "offices": tuple(GRADES_OF_OFFICE),
        "having": tuple(FLAGS),
        "items": (*FLAGS, *NUMBERS, "class"),
        "item": (*FLAGS, *NUMBERS),
        "over": tuple(NUMBERS),
    }
)
_ORDERED = (("at_least", "at_most"), ("lower", "upper"))


def _fits(value: object, kind: Any) -> bool:
    """Whether a parameter's value is of the kind that the signature asks for."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_dataclass(kind):
        return isinstance(value, Mapping)
    if kind is float:
        return number and 0 < float(str(value)) < float("inf")
    if isinstance(kind, NewType):  # a part of a whole
        return number and 0 < float(str(value)) <= 1
    if kind is int:
        return number and isinstance(value, int) and value >= 0
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def _given(annotation: Any) -> Any:
    """Return the kind of a parameter where it is given: None is for those left out."""
    kinds = get_args(annotation)
    return next(one for one in kinds if one is not NoneType) if NoneType in kinds else annotation


def _check_params(reader: _Reader, where: str, function: Callable[..., Any], params: Mapping[str, Any]) -> None:
    """Note what is wrong with params: they are the function's keyword-only arguments, each of its kind.

    Those that it has a default for (an upper limit that a clause does not give) may be left out.
    """
    asked = inspect.signature(function).parameters
    own = [one for one in asked.values() if one.kind is inspect.Parameter.KEYWORD_ONLY]
    wanted = {one.name: _given(one.annotation) for one in own}
    needed = tuple(one.name for one in own if one.default is inspect.Parameter.empty)
    reader.take(params, where, dict.fromkeys(wanted, object), needed)
    for name in [name for name in wanted if name in params]:
        value, kind = params[name], wanted[name]
        if not _fits(value, kind):
            reader.wrong(f"{where} {name}", "类型或范围不对", "wrong type or range", Text("改正", "correct it"), value)
        if is_dataclass(kind) and isinstance(value, Mapping):
            _check_params(reader, f"{where} {name}", kind, value)  # type: ignore[arg-type]
            continue
        item = get_args(kind)[0] if get_origin(kind) is tuple else kind
        words = get_args(item) if get_origin(item) is Literal else _WORDS.get(name, ())
        for one in (value if isinstance(value, tuple) else (value,)) if words else ():
            reader.one_of(one, f"{where} {name}", words)
    for low, high in _ORDERED:
        if (
            low in params
            and high in params
            and _fits(params[low], int)
            and _fits(params[high], int)
            and params[low] > params[high]
        ):
            fix = Text("对调或改正", "swap or correct them")
            reader.wrong(f"{where} {low}", f"大于 {high}", f"is above {high}", fix, params[low])


def wrong_params(file: str, where: str, function: Callable[..., Any], params: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the parameters of one reading of a measure, or with a plan's (PLAN_PARAMS)."""
    reader = _Reader(file)
    _check_params(reader, where, function, params)
    return reader.problems


def _tuples(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with tuples for lists, also within what is itself a mapping."""

    def frozen(value: object) -> object:
        if isinstance(value, Mapping):
            return _tuples(value)
        return tuple(value) if isinstance(value, list) else value

    return {key: frozen(value) for key, value in params.items()}


def _made(function: Callable[..., Any], params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return sound parameters with each mapping made into what the function takes for it."""
    asked = inspect.signature(function).parameters
    kinds = {name: _given(asked[name].annotation) for name in params}
    return {name: kinds[name](**one) if isinstance(one, Mapping) else one for name, one in params.items()}


def _read_readings(
    reader: _Reader, got: Mapping[str, Any], where: str, measures: Mapping[str, Callable[..., Any]]
) -> tuple[Reading, ...]:
    readings = []
    for one in got.get("readings", []):
        part = reader.take(one, f"{where} readings", _READING_KEYS, ("id", "label"))
        params: Mapping[str, Any] = _tuples({**got.get("params", {}), **part.get("params", {})})
        if got.get("measure") in measures:
            before = len(reader.problems)
            _check_params(reader, f"{where} {part.get('id', '')} params", measures[got["measure"]], params)
            if len(reader.problems) == before:
                params = _made(measures[got["measure"]], params)
        travel = part.get("travel", "paper")
        reader.one_of(travel, f"{where} travel", _TRAVELS)
        readings.append(
            Reading(
                part.get("id", ""), part.get("label", ""), part.get("judged", True), MappingProxyType(params), travel
            )
        )
    if sum(reading.judged for reading in readings) > 1:
        fix = Text("其余写 judged: false", "set judged: false on the others")
        reader.wrong(
            f"{where} readings", "只能有一个口径作判断，否则同一缺口会列两次", "only one reading may judge", fix
        )
    return tuple(readings)


def _read_plan(reader: _Reader, got: Mapping[str, Any], where: str) -> tuple[str, Mapping[str, Any]]:
    """Return what a plan reads from the clause: its words and its parameters, which stand together or not at all."""
    quote, params, measure = got.get("plan_quote", ""), _tuples(got.get("plan_params", {})), got.get("measure", "")
    if bool(quote) != bool(params):
        fix = Text("补上另一个，或都删去", "add the other, or remove both")
        reader.wrong(where, "plan_quote 和 plan_params 要一起写", "plan_quote and plan_params go together", fix)
    if measure in PLAN_PARAMS:
        if params:
            _check_params(reader, f"{where} plan_params", PLAN_PARAMS[measure], params)
    elif quote or params:
        fix = Text(f"删去，或用 measure：{'、'.join(PLAN_PARAMS)}", f"remove it, or use {', '.join(PLAN_PARAMS)}")
        reader.wrong(f"{where} plan_params", "没有方案读取这个度量的条款", "no plan reads such a clause", fix, measure)
    return quote, MappingProxyType(params)


def _read_deadline(reader: _Reader, got: Mapping[str, Any], where: str, section: str = "") -> Deadline | None:
    """Return the deadline under its key, None where there is none; a clause's stands in its own `section`."""
    if "deadline" not in got:
        return None
    needed = ("year", "quote") if section else ("year", "quote", "section")
    said = reader.take(got["deadline"], f"{where} deadline".strip(), _DEADLINE_KEYS, needed)
    return Deadline(said.get("year", 0), said.get("section", section), said.get("quote", ""), said.get("reading", ""))


def _read_rule(
    reader: _Reader, raw: object, number: int, document: str, measures: Mapping[str, Callable[..., Any]]
) -> Rule:
    got = reader.take(raw, f"rules[{number}]", _RULE_KEYS, _RULE_NEEDED)
    where = f"rules[{number}] {got.get('id', '')}"
    if "measure" in got:
        reader.one_of(got["measure"], f"{where} measure", sorted(measures))
    if "gap_level" in got:
        reader.one_of(got["gap_level"], f"{where} gap_level", get_args(Level))
    reader.one_of(got.get("nature", ""), f"{where} nature", NATURES)
    remedies = reader.texts(got, "remedies", where)
    for remedy in remedies:
        reader.one_of(remedy, f"{where} remedies", REMEDIES)
    words = {
        key: got.get(key, "") for key in ("section", "quote", "force", "nature", "responsible", "responsible_general")
    }
    plan_quote, plan_params = _read_plan(reader, got, where)
    return Rule(
        id=got.get("id", ""),
        label=got.get("label", ""),
        clause=Clause(document=got.get("document", document), number=got.get("clause", ""), **words),
        measure=got.get("measure", ""),
        readings=_read_readings(reader, got, where, measures),
        gap_level=got.get("gap_level", "city"),
        denominator=got.get("denominator", ""),
        required_text=got.get("required_text", ""),
        remedies=remedies,
        base=got.get("base", ""),
        target=got.get("target", ""),
        assumptions=reader.texts(got, "assumptions", where),
        plan_quote=plan_quote,
        plan_params=plan_params,
        data_needed=got.get("data_needed", ""),
        deadline=_read_deadline(reader, got, where, got.get("section", "")),
    )


def _with_units(reader: _Reader, rules: Sequence[Rule], raw: Sequence[object]) -> tuple[Rule, ...]:
    """Return the rules, those that name another whose units they are held against (units_of) with that other."""
    known = {
        rule.id: rule for rule in rules if rule.readings and {"units", "hospital_kinds"} & {*rule.readings[0].params}
    }
    named = [one.get("units_of", "") if isinstance(one, Mapping) else "" for one in raw]
    for rule, name in zip(rules, named, strict=True):
        if name:
            reader.one_of(name, f"{rule.id} units_of", list(known))
    return tuple(replace(rule, units_of=known.get(name)) for rule, name in zip(rules, named, strict=True))


def read_rules(text: str, file: str, measures: Mapping[str, Callable[..., Any]]) -> Rules:
    """Return the rules written in `text`; RuleError with every unknown key, wrong value and missing word."""
    return rules_of(read_yaml(text, file), file, measures)


def rules_of(raw: Mapping[str, Any], file: str, measures: Mapping[str, Callable[..., Any]]) -> Rules:
    """Return the rules that a file holds, read already; RuleError as `read_rules`."""
    reader = _Reader(file)
    got = reader.take(raw, "", _RULES_KEYS, _RULES_NEEDED)
    document = str(got.get("document", ""))
    rules = tuple(
        _read_rule(reader, one, number, document, measures) for number, one in enumerate(got.get("rules") or [], 1)
    )
    pairs = [(rule.id, reading.id) for rule in rules for reading in rule.readings]
    for pair in sorted({one for one in pairs if pairs.count(one) > 1}):
        reader.wrong(" ".join(pair), "编号重复", "this id stands twice", Text("改成不同的编号", "make them differ"))
    rules = _with_units(reader, rules, got.get("rules") or [])
    deadline = _read_deadline(reader, got, "")
    if reader.problems:
        raise RuleError(reader.problems)
    return Rules(got["id"], got["label"], got["city"], document, got["issued"], rules, deadline)


# What the parameters of measures and plans are called, and rules with other ones, told as assumptions.

_FACILITY_KINDS = {kind: names[0] for kind, names in FACILITY_KINDS.items()}
_CHOICES = {value: names[0] for field in FACILITIES.fields for value, names in field.choices.items()}

PARAMETERS: Mapping[str, tuple[str, str, Mapping[str, str]]] = MappingProxyType(
    {
        "facility_kind": ("机构类型", "", _FACILITY_KINDS),
        "facility_kinds": ("机构类型", "", _FACILITY_KINDS),
        "hospital_kinds": ("视同卫生院的机构类型", "", _FACILITY_KINDS),
        "beside_kinds": ("同时服务的机构类型", "", _FACILITY_KINDS),
        "beside_ids": ("其中", "", {}),
        "radius_km": ("半径", " 公里", {}),
        "residents": ("居民", "", {"urban": "城市地区", "rural": "农村地区"}),
        "urban_scope": ("城市地区的范围", "", {key: text.zh for key, text in URBAN_SCOPES.items()}),
        "units": ("逐个判断", "", {"town": "乡镇", "village": "行政村"}),
        "minimum": ("每个至少", " 所", {}),
        "minutes": ("响应时间", " 分钟", {}),
        "column": ("依据名录的列", "", {field.name: field.label for field in FACILITIES.fields}),
        "accepted": ("算作达标的取值", "", {**_CHOICES, "true": "是", "false": "否"}),
        "test": (
            "条件",
            "",
            {"present": "本范围内有 1 所", "load": "服务人口不超过上限", "either": "两个条件有一个成立"},
        ),
        "lower": ("服务人口下限", " 人", {}),
        "upper": ("服务人口上限", " 人", {}),
        "at_least": ("至少", " 所", {}),
        "at_most": ("至多", " 所", {}),
        "hospital_share": ("建成社区医院的比例", "", {}),
        "substitutes": (
            "可以替代村卫生室的服务",
            "",
            {"round": "巡回医疗", "stay": "上级派驻", "mobile": "移动医疗", "neighbour": "邻（联）村"},
        ),
        "substitutes_where": ("在哪里可以替代", "", {"few": "人口较少", "far": "交通半径大"}),
    }
)
"""What each parameter of a measure is called, its unit, and what its values are called."""


def parameter_text(name: str, value: object) -> str:
    """Return one parameter in words.

    >>> parameter_text("facility_kinds", ("township_hospital", "county_subcenter"))
    '机构类型＝乡镇卫生院、县域医疗卫生次中心'
    >>> parameter_text("upper", 100000)
    '服务人口上限＝100,000 人'
    """
    label, unit, words = PARAMETERS.get(name, (name, "", {}))
    values = value if isinstance(value, tuple) else (value,)
    said = (
        exact_text(one) if isinstance(one, int | float) and not isinstance(one, bool) else words.get(str(one), str(one))
        for one in values
    )
    return f"{label}＝{'、'.join(said)}{unit}"


def parameter_texts(params: Mapping[str, object]) -> str:
    """Return several parameters in words, by name.

    >>> parameter_texts({"urban_scope": "census", "radius_km": 3})
    '半径＝3 公里、城市地区的范围＝普查城镇人口'
    """
    return "、".join(parameter_text(name, value) for name, value in sorted(params.items()))


def changed_params(rule: Rule, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the parameters that differ from the rule's own, in any of its readings or in what its plan reads."""
    own = [*(reading.params for reading in rule.readings), rule.plan_params]
    return {name: value for name, value in params.items() if any(one.get(name, value) != value for one in own)}


def with_params(rule: Rule, params: Mapping[str, Any]) -> Rule:
    """Return the rule with these parameters; a reading that they change judges nothing, and says so where words turn.

    What a plan reads from the clause is the whole rule's: with other parameters for it no reading judges.
    """

    def changed(own: Mapping[str, Any]) -> Mapping[str, Any]:
        return MappingProxyType({name: params.get(name, value) for name, value in own.items()})

    def reading(one: Reading) -> Reading:
        words = {name: value for name, value in params.items()
                 if one.params.get(name, value) != value and not _is_number(value)}  # fmt: skip
        label = f"{one.label}（改为 {parameter_texts(words)}）" if words else one.label
        now = changed(one.params)
        return replace(
            one, judged=one.judged and now == one.params and plan == rule.plan_params, params=now, label=label
        )

    plan = changed(rule.plan_params)
    return replace(rule, readings=tuple(map(reading, rule.readings)), plan_params=plan)


def retold(rule: Rule, parts: Sequence[tuple[str, Mapping[str, Any]]]) -> Rule:
    """Return the rule with all these parameters, each part with its reason, in its words as well.

    What is required is told beside what the clause says, and each part is an assumption.
    """
    if not parts:
        return rule
    every = {name: value for _, params in parts for name, value in params.items()}
    numbers = {name: value for name, value in every.items() if name not in rule.plan_params and _is_number(value)}
    required = f"{parameter_texts(numbers)}（方案的参数；{rule.stated}）" if numbers else rule.required_text
    made = with_params(rule, every)
    assumed = (
        f"方案把参数改为 {parameter_texts(params)}{f'（{reason}）' if reason else ''}，{judgement(made)}。"
        for reason, params in parts
    )
    return replace(made, required_text=required, assumptions=(*rule.assumptions, *assumed))


def judgement(rule: Rule) -> str:
    """Say whether a rule whose parameters a scenario gives still judges: with a number of its own none does."""
    return "照原参数判断" if any(reading.judged for reading in rule.readings) else "不作判断"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
