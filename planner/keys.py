"""What a scenario may say, in a file or in Python: one table of keys, by which every value is read and refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from planner.errors import Text
from planner.limits import units
from planner.region import URBAN_SCOPES
from planner.schema import COUNTIES, FACILITIES, FACILITY_KINDS
from planner.schema import Field as Column
from planner.siting.question import MODELS

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
    unit, said = f"（{column.unit}）" if column.unit else "", f"：{column.about}" if column.about else ""
    kinds: Mapping[str, Kind] = {"code": "id", "integer": "whole", "boolean": "flag", "number": "number",
                                 "choice": "choice"}  # fmt: skip
    low, high = _PLACE.get(column.name, (0, 1_000_000) if column.kind == "integer" else (None, None))
    digits = column.digits
    return Key(
        column.name, Text(f"{column.label}{unit}{said}", column.name.replace("_", " ")), kinds.get(column.kind, "text"),
        choices=column.choices, low=low, high=high, pattern=_digits(digits) if digits else "",
        like="5" * digits if digits else "", filled=column.required,
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


def _verb(name: str, zh: str, en: str, *keys: Key) -> Key:
    """Return a record whose first key is the verb, with the facility's id behind it."""
    verb = Key(name, Text(f"{zh}：机构编号", f"{en}: the facility's id"), "id", needed=True)
    return Key(name, Text(zh, en), "record", keys=(verb, *keys, *_ABOUT_EDIT))


def _to(kind: str) -> Key:
    about = Text(f"成为哪一类机构（不写＝{FACILITY_KINDS[kind][0]}）", f"into which kind (default {kind})")
    return Key("to", about, "choice", choices=FACILITY_KINDS, like=kind)


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
    "change", "变更（以上说不了的）", "change anything else",
    Key("set", Text("改成什么", "the columns that change"), "record", needed=True, keys=tuple(_FIELDS.values())),
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
        Key("params", Text("参数：改成什么", "parameters and their values"), "map", needed=True, names=f"^[a-z_]+{END}", keys=(
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
        replace(_ID_LIST, name="communities", about=Text("村（社区）代码，12 位，加引号", "codes of the communities"), needed=True),
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
        Key("p", Text("站点个数：整数、范围（2-4）或列表", "how many: a number, a range, a list"), "either", keys=(
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
        ids_key("candidates", "候选点，只在其中选；不写＝按假设（见 fugai plan）", "who may be chosen; default: an assumption"),
        replace(ids_key("background", "背景站点：已在服务，不占名额；不写＝按假设，[] ＝没有", "serving already, not counted; [] for none"),
                or_none=True),
        Key("urban_scope", Text("城市地区的范围", "what counts as urban"), "choice",
            choices=_labelled({code: text.zh for code, text in URBAN_SCOPES.items()})),
        Key("k_best", Text("列出最好的几个方案", "how many best plans"), "whole", low=1, high=1000),
        Key("tolerance", Text("备选站点容许的目标损失（比例）", "loss of objective that an alternative may cost"), "number", low=0, high=1e9),
    ),
)  # fmt: skip
NOTES = Key("notes", Text("备注", "notes"), "list", keys=(TEXT,))
ABOUT_SCENARIO = (
    Key("name", Text("方案名称", "name"), "text", needed=True),
    Key("author", Text("编制人或单位", "author"), "text"),
    Key("date", Text("日期", "date"), "date", like="2025-03-01"),
)
