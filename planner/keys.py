"""What a scenario may say, in a file or in Python: one table of keys, by which every value is read and refused, with its line."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal
from unicodedata import category

import numpy as np

from planner.errors import Problem, Text
from planner.limits import read_limit, units
from planner.region import URBAN_SCOPES
from planner.schema import COUNTIES, FACILITIES, FACILITY_KINDS
from planner.schema import Field as Column
from planner.siting.question import MODELS
from planner.strict_yaml import Where
from planner.text import option_text

Kind = Literal[
    "text", "id", "path", "date", "flag", "number", "whole", "limit", "range", "choice", "list", "map", "record",
    "either", "one_of",
]  # fmt: skip
Words = Mapping[str, tuple[str, ...]]
_NONE: Words = MappingProxyType({})
END = r"$(?!\n)"
"""The very end of a text, as Python and as JSON Schema (ECMA) read it."""
_SHOWN = r"[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]"
"""A letter that can be shown: no control character, but for tab and line feed."""
_DATE = (
    r"^(?!0000)[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
    + END
)
_GAP = r"[ \u3000]*"


@dataclass(frozen=True)
class Key:
    """One key of the file: what it is called, what it means, and what may stand behind it.

    word      what it is called in Chinese, where `about` says more than that
    choices   English code → the words that mean it as well (choice)
    low, high, above   limits of a number; `above` itself is out
    pattern   what a whole text must match; `like` shows one that does
    filled    whether a text may not be blank (as none may that is needed or a path)
    or_none   whether a list may be empty: that says "none" where leaving it out says "as assumed"
    keys      the keys of a record; the one item of a list or map; the alternatives of either and one_of
    names     what the key of a map must match
    """

    name: str
    about: Text
    kind: Kind
    needed: bool = False
    choices: Words = field(default_factory=lambda: _NONE)
    low: float | None = None
    high: float | None = None
    above: float | None = None
    pattern: str = ""
    like: str = ""
    keys: tuple["Key", ...] = ()
    names: str = ""
    filled: bool = False
    or_none: bool = False
    word: str = ""

    @property
    def called(self) -> str:
        """What it is called in Chinese."""
        return self.word or self.about.zh

    @property
    def is_filled(self) -> bool:
        """Whether a text may not be blank."""
        return self.filled or self.needed or self.kind == "path"

    @property
    def text_pattern(self) -> str:
        """The pattern of the texts that it takes: of its own, or whatever can be shown, filled, without backslashes."""
        if self.kind == "date":
            return _DATE
        filled = r"(?=\s*\S)" if self.is_filled else ""
        shown = _SHOWN.replace("[^", r"[^\\") if self.kind == "path" else _SHOWN
        return self.pattern or f"^{filled}{shown}*{END}"

    @property
    def words(self) -> dict[str, str]:
        """Every word of a choice, English or Chinese, and the code that it stands for."""
        return {word: code for code, others in self.choices.items() for word in (code, *others)}


def _units_pattern(unit: Literal["mm", "ms"]) -> str:
    """Return the pattern of a limit in units of distance or of time, in either case."""
    words = sorted(units(unit), key=len, reverse=True)
    either = ("".join(f"[{one}{one.upper()}]" if one.isascii() else one for one in word) for word in words)
    return rf"^{_GAP}(?=[0.]*[1-9])[0-9]+(\.[0-9]+)?{_GAP}({'|'.join(either)}){_GAP}{END}"


def _digits(count: int) -> str:
    return rf"^[0-9]{{{count}}}{END}"


DISTANCE, TIME = _units_pattern("mm"), _units_pattern("ms")
_LIMIT = f"{DISTANCE}|{TIME}"
_COUNTY = _digits(COUNTIES.field("code").digits)
OTHERS = "others"
"""What stands for all counties that are not named."""
_PLACE = {"lon": (-180.0, 180.0), "lat": (-90.0, 90.0)}
_DERIVED = ("id", "source", "estimated")


def _labelled(names: Mapping[str, str]) -> Words:
    return MappingProxyType({code: (label,) for code, label in names.items()})


def _of_column(column: Column) -> Key:
    """Return the key of one column of the facilities."""
    said = f"：{column.about}" if column.about else ""
    kinds: Mapping[str, Kind] = {"code": "id", "integer": "whole", "boolean": "flag", "number": "number",
                                 "choice": "choice"}  # fmt: skip
    low, high = _PLACE.get(column.name, (0, 1_000_000) if column.kind == "integer" else (None, None))
    digits = column.digits
    return Key(
        column.name, Text(f"{column.heading}{said}", column.name.replace("_", " ")), kinds.get(column.kind, "text"),
        choices=column.choices, low=low, high=high, pattern=_digits(digits) if digits else "",
        like="5" * digits if digits else "", filled=column.required, word=column.label,
    )  # fmt: skip


_FIELDS = {one.name: _of_column(one) for one in FACILITIES.fields if one.name not in _DERIVED}
_EXTRAS = tuple(_FIELDS[name] for name in ("name", "grade", "owner", "beds", "beds_planned", "service_grade"))
_REASON = Key("reason", Text("理由", "why"), "text")
_ABOUT_EDIT = (
    _REASON,
    Key(
        "cost",
        Text("费用，万元；不知道就不写", "cost in 10 000 yuan; leave out where unknown"),
        "number",
        low=0,
        high=1e9,
    ),
    Key("year", Text("哪一年", "in which year"), "whole", low=1949, high=2200),
)


def _needed(*names: str) -> tuple[Key, ...]:
    return tuple(replace(_FIELDS[name], needed=True) for name in names)


def _verb(name: str, zh: str, en: str, *keys: Key, more: str = "") -> Key:
    """Return a record whose first key is the verb, with the facility's id behind it."""
    about = Text(f"{zh}{more}", en)
    verb = Key(name, Text(f"{about.zh}：机构编号", f"{en}: the facility's id"), "id", needed=True, word=zh)
    return Key(name, about, "record", keys=(verb, *keys, *_ABOUT_EDIT), word=zh)


def _to(kind: str) -> Key:
    about = Text(f"成为哪一类机构（不写＝{FACILITY_KINDS[kind][0]}）", f"into which kind (default {kind})")
    return Key("to", about, "choice", choices=FACILITY_KINDS, like=kind, word="成为哪一类机构")


_FACILITY = Key(
    "open", Text("新设一个机构", "open a facility"), "record", needed=True,
    keys=(
        Key("id", Text("机构编号，不能与已有的相同", "a new id"), "id", needed=True),
        *_needed("name", "kind", "lon", "lat"),
        *(one for name, one in _FIELDS.items() if name not in {"name", "kind", "lon", "lat"}),
    ),
)  # fmt: skip
OPEN = Key("open", Text("新设一个机构", "open a facility"), "record", keys=(_FACILITY, *_ABOUT_EDIT))
CLOSE = _verb("close", "停用", "close")
UPGRADE = _verb("upgrade", "升格", "upgrade", _to("county_subcenter"), *_EXTRAS)
CONVERT = _verb("convert", "转型", "convert", _to("community_health_center"), *_EXTRAS)
MOVE = _verb("move", "迁址", "move", *_needed("lon", "lat"))
ENLARGE = _verb("enlarge", "扩建", "enlarge", *_needed("beds"), _FIELDS["beds_planned"])
CHANGE = _verb(
    "change", "变更", "change anything else",
    Key("set", Text("改成什么", "the columns that change"), "record", needed=True, keys=tuple(_FIELDS.values())),
    more="（以上说不了的）",
)  # fmt: skip
VERBS: Mapping[str, Key] = MappingProxyType(
    {one.name: one for one in (OPEN, CLOSE, UPGRADE, CONVERT, MOVE, ENLARGE, CHANGE)}
)

_ID = Key("", Text("编号", "an id"), "id", needed=True)
_NUMBER = Key("", Text("一个数", "a number"), "number", low=-1e12, high=1e12)
TEXT = Key("", Text("文字", "text"), "text")
_ID_LIST = Key("", Text("编号的列表", "a list of ids"), "list", keys=(_ID,))


def ids_key(name: str, zh: str, en: str) -> Key:
    """Return the key of a list of ids."""
    return replace(_ID_LIST, name=name, about=Text(zh, en))


OVERRIDE = Key(
    "", Text("一项假设", "an assumption"), "record",
    keys=(
        Key("rule", Text("规则编号", "id of the rule"), "id", needed=True),
        Key("params", Text("参数：改成什么", "parameters and their values"), "map", needed=True, word="参数", names=f"^[a-z_]+{END}", keys=(
            Key("", Text("参数的值", "a value"), "either", keys=(
                _NUMBER, TEXT, Key("", Text("文字的列表", "a list of texts"), "list", keys=(TEXT,)),
            )),
        )),
        _REASON,
    ),
)  # fmt: skip
POPULATION = Key(
    "population", Text("哪一年的人口", "the population of another year"), "record",
    keys=(
        Key("year", Text("年份", "year"), "whole", needed=True, low=1949, high=2200),
        Key("factors", Text("县区代码: 现在人口乘以几；others＝其余县区", "county code: factor; others: all other counties"),
            "map", needed=True, names=f"{_COUNTY}|^{OTHERS}{END}", keys=(
                Key("", Text("乘以几", "factor"), "number", above=0, high=10),)),
        _REASON,
    ),
)  # fmt: skip
SERVICE_AREA = Key(
    "", Text("一个服务范围", "a service area"), "record", keys=(
        replace(_ID_LIST, name="centers", about=Text("中心的机构编号；几所共同服务时居民到最近的一所", "ids of the centres"), needed=True),
        replace(_ID_LIST, name="communities", about=Text("村（社区）代码，12 位，加引号", "codes of the communities"), needed=True, word="村"),
    ),
)  # fmt: skip
_PLANS: Words = MappingProxyType(
    {"emergency": FACILITY_KINDS["emergency_station"], "subcenters": FACILITY_KINDS["county_subcenter"]}
)
_COUNT = r"(?=0*[1-9])[0-9]{1,6}"
_RANGE = rf"^{_GAP}{_COUNT}{_GAP}[-–~～]{_GAP}{_COUNT}{_GAP}{END}"
QUESTION = Key(
    "", Text("一道选址题", "a siting task"), "record",
    keys=(
        Key("plan", Text("选什么的址", "what is to be sited"), "choice", needed=True, choices=_PLANS),
        Key("p", Text("站点个数：整数、范围（2-4）或列表", "how many: a number, a range, a list"), "either", word="站点个数", keys=(
            Key("", Text("整数", "a number"), "whole", low=1, high=999_999),
            Key("", Text("范围", "a range"), "range", pattern=_RANGE, like="2-4"),
            Key("", Text("整数的列表", "a list"), "list", keys=(Key("", Text("整数", "a number"), "whole", low=1, high=999_999),)),
        )),
        Key("limit", Text("限度，如 800m、30min", "a limit, as 800m or 30min"), "either", keys=(
            Key("", Text("限度", "a limit"), "limit", pattern=_LIMIT, like="30min"),
            Key("", Text("几个限度", "several"), "list", keys=(
                Key("", Text("限度", "a limit"), "limit", pattern=_LIMIT, like="30min"),)),
        )),
        Key("model", Text("模型", "model"), "choice", choices=MappingProxyType(dict.fromkeys(MODELS, ()))),
        Key("quotas", Text("县区代码: 至少几个、至多几个", "county code: at least, at most"), "map", names=_COUNTY, keys=(
            Key("", Text("配额", "a quota"), "record", keys=(
                Key("at_least", Text("至少", "at least"), "whole", low=0, high=999_999),
                Key("at_most", Text("至多", "at most"), "whole", low=0, high=999_999),
            )),
        )),
        Key("spacing", Text("站点之间、与县级医院的最小间距", "least distance between sites"), "limit", pattern=DISTANCE, like="3km"),
        ids_key("fixed", "已经建成的", "built already"),
        ids_key("forced", "必选的", "must be chosen"),
        ids_key("forbidden", "不选的", "must not be chosen"),
        replace(ids_key("candidates", "候选点，只在其中选；不写＝按假设（见 fugai plan）", "who may be chosen; default: an assumption"),
                word="候选点"),
        replace(ids_key("background", "背景站点：已在服务，不占名额；不写＝按假设，[] ＝没有", "serving already, not counted; [] for none"),
                or_none=True, word="背景站点"),
        Key("urban_scope", Text("城市地区的范围", "what counts as urban"), "choice",
            choices=_labelled({code: text.zh for code, text in URBAN_SCOPES.items()})),
        Key("k_best", Text("列出最好的几个方案", "how many best plans"), "whole", low=1, high=1000),
        Key("tolerance", Text("备选站点容许的目标损失（比例）", "loss of objective that an alternative may cost"), "number", low=0, high=1e9,
            word="备选站点容许的目标损失"),
    ),
)  # fmt: skip
NOTES = Key("notes", Text("备注", "notes"), "list", keys=(TEXT,))
ABOUT_SCENARIO = (
    Key("name", Text("方案名称", "name"), "text", needed=True),
    Key("author", Text("编制人或单位", "author"), "text"),
    Key("date", Text("日期", "date"), "date", like="2025-03-01"),
)

# Values held against the table: every value checked, every mistake noted with its line.

WRONG = object()
"""What stands for a value that was refused; its problem is noted."""
_CALLED: Mapping[str, Text] = MappingProxyType(
    {
        "flag": Text("true 或 false", "true or false"),
        "number": Text("数", "a number"),
        "whole": Text("整数", "a whole number"),
        "list": Text("列表，每行一项，以“- ”开头", "a list, one '- ' item a line"),
        "map": Text("“键: 值”", "'key: value' pairs"),
        "record": Text("“键: 值”", "'key: value' pairs"),
        "one_of": Text("“键: 值”", "'key: value' pairs"),
    }
)
_LONGEST = 60
_PAIR = re.compile(r"\s*[a-z_]+\s*[:：]")
"""How a line begins that is meant to be a key with its value."""


class Reader:
    """Takes a file's values apart by the table of keys and remembers everything that is wrong with them."""

    def __init__(self, file: str, lines: Mapping[Where, str]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []

    def line(self, where: Where) -> str:
        """Return the line of a place, or of the nearest one above it that has a line."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, "")

    def sorted_problems(self) -> list[Problem]:
        """Return the problems from the top of the file down."""
        return sorted(self.problems, key=lambda problem: int(problem.row or 0))

    def wrong(self, where: Where, zh: str, en: str, fix: Text, found: object = "") -> Any:
        """Note a problem; return WRONG."""
        shown = str(found)
        shown = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "……"
        self.problems.append(Problem(self.file, Text(zh, en), fix, self.line(where), found=shown))
        return WRONG

    def read(self, key: Key, value: object, where: Where) -> Any:
        """Return the value as the key wants it, or WRONG."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None:
            name = _name(key, where)
            return self.wrong(
                where,
                f"“{name}”后面没有写",
                f"'{name}' is empty",
                Text("补上，或删去这一行", "fill it in, or remove it"),
            )
        how: _Reading = _READERS.get(key.kind, Reader._text)
        return how(self, key, value, where)

    def mistyped(self, key: Key, value: object, where: Where) -> Any:
        """Note that a value is of the wrong type; a number in place of a text is most likely a code without quotes."""
        name = _name(key, where)
        if key.kind not in _CALLED:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and (not key.like or (key.pattern and _matches(key.pattern, str(value)))):
                fix = Text(f'写成带引号的 "{value}"', f'write "{value}", in double quotes')
            elif key.like:
                fix = Text(f"写成 {key.like} 这样", f"write it as {key.like}")
            else:
                fix = Text("写成文字，必要时两边加英文双引号", "write text, in double quotes if need be")
            return self.wrong(where, f"“{name}”应是文字", f"'{name}' must be text", fix, _plain(value))
        called, fix = _CALLED[key.kind], Text("改正", "correct it")
        if isinstance(value, str) and _PAIR.match(value):
            fix = Text("冒号用英文（半角）的，后面空一格", "use an ASCII colon, and a space after it")
        return self.wrong(where, f"“{name}”应是{called.zh}", f"'{name}' must be {called.en}", fix, _plain(value))

    def _text(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, str):
            return self.mistyped(key, value, where)
        if key.is_filled and not value.strip():
            return self.read(key, None, where)
        if any(category(one) in {"Cc", "Cs"} and one not in "\n\t" for one in value):
            fix = Text("删去控制字符", "remove control characters")
            return self.wrong(where, f"“{_name(key, where)}”里有不能显示的字符", "characters that cannot be shown", fix)
        own = key.pattern or key.kind == "date"
        if (own and not _matches(key.text_pattern, value)) or not _possible(key, value):
            name = _name(key, where)
            fix = Text(f"写成 {key.like} 这样", f"write it as {key.like}")
            return self.wrong(where, f"“{name}”的写法不对", f"'{name}' is not written as it must be", fix, value)
        return value

    def _choice(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, str):
            return self.mistyped(key, value, where)
        if value in key.words:
            return key.words[value]
        close = get_close_matches(value, key.words, n=1, cutoff=0.5)
        known = Text(
            "可用：" + "、".join((*words, code)[0] for code, words in key.choices.items()),
            "use one of " + ", ".join(key.choices),
        )
        fix = Text(f"是不是“{close[0]}”；{known.zh}", f"did you mean '{close[0]}'; {known.en}") if close else known
        name = _name(key, where)
        return self.wrong(where, f"“{name}”没有这个取值", f"'{name}' has no such value", fix, value)

    def _number(self, key: Key, value: object, where: Where) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.mistyped(key, value, where)
        if isinstance(value, float) and not (value.is_integer() if key.kind == "whole" else math.isfinite(value)):
            return self.mistyped(key, value, where)
        value = int(value) if key.kind == "whole" else value
        low, high = key.low if key.above is None else key.above, key.high
        under = low is not None and (value < low if key.above is None else value <= low)
        if under or (high is not None and value > high):
            bounds = (
                [f"大于 {option_text(low)}" if key.above is not None else f"不小于 {option_text(low)}"]
                if low is not None
                else []
            )
            said = "、".join([*bounds, *([f"不大于 {option_text(high)}"] if high is not None else [])])
            name, swapped = _name(key, where), "；是不是经度和纬度写反了" if key.name == "lat" else ""
            return self.wrong(
                where, f"“{name}”应{said}", f"'{name}' is out of range", Text(f"改正{swapped}", "correct it"), value
            )
        return value

    def _flag(self, key: Key, value: object, where: Where) -> Any:
        return value if isinstance(value, bool) else self.mistyped(key, value, where)

    def _list(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, list | tuple):
            return self.mistyped(key, value, where)
        if not value and not key.or_none:
            return self._empty(key, where)
        items = [self.read(key.keys[0], item, (*where, at)) for at, item in enumerate(value)]
        return tuple(item for item in items if item is not WRONG)

    def _map(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        if not value:
            return self._empty(key, where)
        kept = {}
        for name, item in value.items():
            here, fits = (*where, str(name)), isinstance(name, str) and _matches(key.names, name)
            if not fits:
                self._odd_name(key, name, here)
            read = self.read(key.keys[0], item, here)
            if fits and read is not WRONG:
                kept[name] = read
        return MappingProxyType(kept)

    def _empty(self, key: Key, where: Where) -> Any:
        """Note a block without anything in it, which would decide nothing."""
        fix = Text("写上内容，或删去这一项", "fill it in, or remove it")
        return self.wrong(where, f"“{_name(key, where)}”是空的", f"'{_name(key, where)}' is empty", fix)

    def _odd_name(self, key: Key, name: object, where: Where) -> None:
        told = _name(key, where[:-1])
        if isinstance(name, int | float) and _matches(key.names, str(name)):
            fix = Text(f'写成带引号的 "{name}"', f'write "{name}", in double quotes')
            self.wrong(where, f"“{told}”里的代码没有加引号", f"a code of '{told}' without quotes", fix, name)
        else:
            self.wrong(where, f"“{told}”里的键不对", f"an odd key of '{told}'", Text(key.about.zh, key.about.en), name)

    def _record(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        if not value and not any(one.needed for one in key.keys):
            return self._empty(key, where)
        known = {one.name: one for one in key.keys}
        kept = {}
        for name, item in value.items():
            if name not in known:
                self._unknown(key.keys, name, (*where, str(name)))
                continue
            read = self.read(known[name], item, (*where, name))
            if read is not WRONG:
                kept[name] = read
        for one in key.keys:
            if one.needed and one.name not in value:
                fix = Text(f"补上 {one.name}: ……", f"add {one.name}")
                self.wrong(where, f"缺少“{one.name}”（{one.about.zh}）", f"'{one.name}' is missing", fix)
        return MappingProxyType(kept)

    def _unknown(self, keys: Iterable[Key], name: object, where: Where) -> None:
        words = {word: one.name for one in keys for word in (one.name, one.called)}
        if "：" in str(name) and _PAIR.match(str(name)):
            fix = Text("冒号用英文（半角）的，后面空一格", "use an ASCII colon, and a space after it")
            self.wrong(where, "用了全角标点", "full-width punctuation", fix, name)
            return
        close = get_close_matches(str(name), words, n=1, cutoff=0.5)
        guess = words[close[0]] if close else ""
        fix = Text(f"是不是 {guess}", f"did you mean {guess}") if guess else Text("删去", "remove it")
        self.wrong(where, "不认识的键", "unknown key", fix, name)

    def _one_of(self, key: Key, value: object, where: Where) -> Any:
        """Return (verb, its record): of the records, that whose first key, the verb, is there; just one may be."""
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        verbs = {one.keys[0].name: one for one in key.keys}
        said = [name for name in value if name in verbs]
        if len(said) == 1:
            (verb,) = said
            if verbs[verb].keys[0].kind == "id" and isinstance(value[verb], Mapping | list):
                return self._not_one_id(verbs[verb], value[verb], (*where, verb))
            read = self._record(verbs[said[0]], value, where)
            return (said[0], read, self.line((*where, said[0])))
        words = "、".join(f"{name}（{one.called}）" for name, one in verbs.items())
        fix = Text(f"写其中一个：{words}", f"write one of {', '.join(verbs)}")
        if said:
            return self.wrong(where, "一条改动只能做一件事", "an edit does one thing", fix, "、".join(said))
        close = [verb for name in value for verb in get_close_matches(str(name), verbs, n=1)]
        fix = Text(f"是不是 {close[0]}", f"did you mean {close[0]}") if close else fix
        return self.wrong(where, "没有写做什么", "it does not say what to do", fix, "、".join(map(str, value)))

    def _not_one_id(self, verb: Key, value: dict[str, Any] | list[Any], where: Where) -> Any:
        """Note that a verb has more behind it than the one id that it takes."""
        name = verb.name
        fix = Text(f"{name} 后写一个机构编号；几个机构就写几条", f"write one id behind {name}; one edit for each")
        if isinstance(value, dict):
            others = [one.name for one in verb.keys[1:] if one.name in value or one.needed]
            told = f"；{'、'.join(others)} 另起一行，与 {name} 同级" if others else ""
            fix = Text(f"{name} 后写机构编号{told}", f"write the id behind {name}, and the rest beside it")
        return self.wrong(where, f"“{name}”应是机构编号", f"'{name}' must be an id", fix)

    def _either(self, key: Key, value: object, where: Where) -> Any:
        """Return the value by the first alternative of its type; a number in place of an id is told as such."""
        for one in key.keys:
            if _is_type(one, value):
                return self.read(_named(one, key), value, where)
        return self.mistyped(_named(key.keys[0], key), value, where)


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _plain(value: object) -> str:
    return "" if isinstance(value, Mapping | list | tuple) else str(value)


def _name(key: Key, where: Where) -> str:
    """Return what a key is called in a message: its own name, or that of the list or map that it is an item of."""
    return key.name or next((one for one in reversed(where) if isinstance(one, str)), "") or "文件"


def _named(one: Key, key: Key) -> Key:
    return replace(one, name=one.name or key.name)


def _is_type(key: Key, value: object) -> bool:
    if isinstance(value, bool):
        return key.kind == "flag"
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "number": (int, float),
        "whole": int,
        "list": (list, tuple),
        "map": Mapping,
        "record": Mapping,
    }
    return isinstance(value, kinds.get(key.kind, str))


def _possible(key: Key, value: str) -> bool:
    """Whether a text of the right form means something: a day of the calendar, a limit in range, a range that rises."""
    try:
        if key.kind == "date":
            date.fromisoformat(value)
        elif key.kind == "limit":
            read_limit(value)
        elif key.kind == "range":
            first, last = map(int, re.findall("[0-9]+", value))
            return 0 < first <= last
    except ValueError:
        return False
    return True


_Reading = Callable[[Reader, Key, Any, Where], Any]
_READERS: Mapping[str, _Reading] = MappingProxyType(
    {
        "choice": Reader._choice,
        "number": Reader._number,
        "whole": Reader._number,
        "flag": Reader._flag,
        "list": Reader._list,
        "map": Reader._map,
        "record": Reader._record,
        "one_of": Reader._one_of,
        "either": Reader._either,
    }
)
