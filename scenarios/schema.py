"""What a scenario file may say: one table of keys, by which it is read and from which its JSON Schema is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from geodata.speeds import PERIODS
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
SCHEMA_FILE = "fugai-scenario.schema.json"


@dataclass(frozen=True)
class Key:
    """One key of the file: what it is called, what it means, and what may stand behind it.

    choices   English code → the words that mean it as well (choice)
    low, high, above   limits of a number; `above` itself is out
    pattern   what a whole text must match; `like` shows one that does
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

    @property
    def words(self) -> dict[str, str]:
        """Every word of a choice, English or Chinese, and the code that it stands for."""
        return {word: code for code, others in self.choices.items() for word in (code, *others)}


def _units_pattern(unit: Literal["mm", "ms"]) -> str:
    """Return the pattern of a limit in units of distance or of time, in either case."""
    words = sorted(units(unit), key=len, reverse=True)
    either = ("".join(f"[{one}{one.upper()}]" if one.isascii() else one for one in word) for word in words)
    return rf"^\s*[0-9]+(\.[0-9]+)?\s*({'|'.join(either)})\s*$"


_DISTANCE, _TIME = _units_pattern("mm"), _units_pattern("ms")
_LIMIT = f"{_DISTANCE}|{_TIME}"
_COUNTY = rf"^[0-9]{{{COUNTIES.field('code').digits}}}$"
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
        choices=column.choices, low=low, high=high, pattern=rf"^[0-9]{{{digits}}}$" if digits else "",
        like="5" * digits if digits else "",
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
_TEXT = Key("", Text("文字", "text"), "text")
_IDS = Key("", Text("编号的列表", "a list of ids"), "list", keys=(_ID,))


def _ids(name: str, zh: str, en: str) -> Key:
    return replace(_IDS, name=name, about=Text(zh, en))


_OVERRIDE = Key(
    "", Text("一项假设", "an assumption"), "record",
    keys=(
        Key("rule", Text("规则编号", "id of the rule"), "id", needed=True),
        Key("params", Text("参数：改成什么", "parameters and their values"), "map", needed=True, names="^[a-z_]+$", keys=(
            Key("", Text("参数的值", "a value"), "either", keys=(
                _NUMBER, _TEXT, Key("", Text("文字的列表", "a list of texts"), "list", keys=(_TEXT,)),
            )),
        )),
        _REASON,
    ),
)  # fmt: skip
_SPEED = Key("", Text("时速，公里/小时", "km/h"), "number", above=0, high=300)
ROADS = Key(
    "roads", Text("道路条件：封闭、时速、调度", "roads: closures, speeds, dispatch"), "record",
    keys=(
        _ids("closed", "封闭道路的路段编号", "ids of closed roads"),
        Key("closed_area", Text("封闭范围的面图形文件：碰到的路段都封闭", "file of polygons: all edges that meet them are closed"), "path"),
        Key("speeds", Text("各等级道路的时速（公里/小时），或时速表文件", "km/h by class of road, or a file"), "either", keys=(
            Key("", Text("道路等级: 时速", "class: km/h"), "map", names=".", keys=(_SPEED,)),
            Key("", Text("时速表文件", "a file of speeds"), "path"),
        )),
        Key("period", Text("时速表分白天、夜间时用哪一个", "which period of the file of speeds"), "choice", choices=MappingProxyType(PERIODS)),
        Key("own_speeds", Text("路段自带的时速是否优先于时速表（默认 true）", "whether the roads' own speeds come before the table (default true)"), "flag"),
        Key("delay", Text("急救调度时间", "dispatch"), "limit", pattern=_TIME, like="3min"),
        Key("minutes", Text("响应时间的参数，分钟", "response time in minutes"), "number", above=0, high=24 * 60),
        Key("max_snap", Text("离路多远以内算能上路", "how far from a road still joins it"), "limit", pattern=_DISTANCE, like="2km"),
    ),
)  # fmt: skip
POPULATION = Key(
    "population", Text("哪一年的人口", "the population of another year"), "record",
    keys=(
        Key("year", Text("年份", "year"), "whole", needed=True, low=1949, high=2200),
        Key("factors", Text("县区代码: 现在人口乘以几；others＝其余县区", "county code: factor; others: all other counties"),
            "map", needed=True, names=f"{_COUNTY}|^others$", keys=(
                Key("", Text("乘以几", "factor"), "number", low=0, high=10),)),
        _REASON,
    ),
)  # fmt: skip
SERVICE_AREAS = Key(
    "service_areas", Text("服务范围：哪些社区归哪所社区卫生服务中心；没有写到的按就近归属", "whom community health centres serve"), "list", keys=(
        Key("", Text("一个服务范围", "a service area"), "record", keys=(
            replace(_IDS, name="centers", about=Text("中心的机构编号；几所共同服务时居民到最近的一所", "ids of the centres"), needed=True),
            replace(_IDS, name="communities", about=Text("村（社区）代码，12 位，加引号", "codes of the communities"), needed=True),
        )),
    ),
)  # fmt: skip
_PLANS: Words = MappingProxyType(
    {"emergency": FACILITY_KINDS["emergency_station"], "subcenters": FACILITY_KINDS["county_subcenter"]}
)
QUESTION = Key(
    "", Text("一道选址题", "a siting task"), "record",
    keys=(
        Key("plan", Text("选什么的址", "what is to be sited"), "choice", needed=True, choices=_PLANS),
        Key("p", Text("站点个数：整数、范围（2-4）或列表", "how many: a number, a range, a list"), "either", keys=(
            Key("", Text("整数", "a number"), "whole", low=1, high=999_999),
            Key("", Text("范围", "a range"), "range", pattern=r"^\s*[0-9]{1,6}\s*[-–~～]\s*[0-9]{1,6}\s*$", like="2-4"),
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
        Key("spacing", Text("站点之间、与县级医院的最小间距", "least distance between sites"), "limit", pattern=_DISTANCE, like="3km"),
        _ids("fixed", "已经建成的", "built already"),
        _ids("forced", "必选的", "must be chosen"),
        _ids("forbidden", "不选的", "must not be chosen"),
        _ids("candidates", "候选点，只在其中选；不写＝按假设（见 fugai plan）", "who may be chosen; default: an assumption"),
        _ids("background", "背景站点：已在服务，不占名额；不写＝按假设，[] ＝没有", "serving already, not counted; [] for none"),
        Key("urban_scope", Text("城市地区的范围", "what counts as urban"), "choice",
            choices=_labelled({code: text.zh for code, text in URBAN_SCOPES.items()})),
        Key("k_best", Text("列出最好的几个方案", "how many best plans"), "whole", low=1, high=1000),
        Key("tolerance", Text("备选站点容许的目标损失（比例）", "loss of objective that an alternative may cost"), "number", low=0, high=1e9),
    ),
)  # fmt: skip
_NOTES = Key("notes", Text("备注", "notes"), "list", keys=(_TEXT,))
SCENARIO = Key(
    "", Text("一个方案：对设施的改动、假设和选址题", "a scenario: edits, assumptions, questions"), "record",
    keys=(
        Key("name", Text("方案名称", "name"), "text", needed=True),
        Key("author", Text("编制人或单位", "author"), "text"),
        Key("date", Text("日期", "date"), "date", like="2025-03-01"),
        Key("base", Text("基础方案：先做它的改动，再做本方案的", "base scenario, whose edits come first"), "path"),
        Key("data", Text("数据文件夹，或 sample:panzhihua", "folder of data, or sample:panzhihua"), "path"),
        Key("rules", Text("规则名，或 .yaml 文件", "rules, or a .yaml file"), "path"),
        _NOTES,
        Key("proof", Text("fugai plan 写下的证明：方案改动后不再适用，不必手工填写", "what fugai plan has proved of this very scenario"), "record", keys=(
            replace(_NOTES, name="said", about=Text("证明了什么", "what is proved"), needed=True),
            Key("of", Text("所证明的方案的指纹", "fingerprint of the scenario"), "id", needed=True, pattern="^[0-9a-f]{64}$", like="0" * 64),
        )),
        Key("edits", Text("改动，从上到下逐条执行", "edits, one after the other"), "list", keys=(
            Key("", Text("一条改动", "an edit"), "one_of", keys=tuple(VERBS.values())),)),
        Key("overrides", Text("改用别的规则参数：作为假设，不作判断", "other parameters, as assumptions"), "list", keys=(_OVERRIDE,)),
        ROADS,
        POPULATION,
        SERVICE_AREAS,
        Key("questions", Text("选址题", "siting tasks"), "list", keys=(QUESTION,)),
    ),
)  # fmt: skip

DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of scenario files."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_FILE,
        "title": "fugai 方案文件",
        **_schema_of(SCENARIO),
    }


def _schema_of(key: Key) -> dict[str, Any]:
    return {"description": key.about.zh, **_BODIES.get(key.kind, _text)(key)}


def _text(key: Key) -> dict[str, Any]:
    pattern = DATE if key.kind == "date" else key.pattern
    shown = {"examples": [key.like]} if key.like else {}
    filled = {"minLength": 1} if key.needed or key.kind == "path" else {}
    return {"type": "string", **({"pattern": pattern} if pattern else filled), **shown}


def _number(key: Key) -> dict[str, Any]:
    limits = {"minimum": key.low, "maximum": key.high, "exclusiveMinimum": key.above}
    kind = "integer" if key.kind == "whole" else "number"
    return {"type": kind, **{name: value for name, value in limits.items() if value is not None}}


def _choice(key: Key) -> dict[str, Any]:
    return {"enum": list(key.words), **({"default": key.like} if key.like else {})}


def _record(key: Key) -> dict[str, Any]:
    needed = [one.name for one in key.keys if one.needed]
    return {
        "type": "object",
        "properties": {one.name: _schema_of(one) for one in key.keys},
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _map(key: Key) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": key.names}, "additionalProperties": _schema_of(key.keys[0])}


def _many(word: str, keys: Iterable[Key]) -> dict[str, Any]:
    return {word: [_schema_of(one) for one in keys]}


_BODIES: Mapping[str, Any] = MappingProxyType(
    {
        "flag": lambda _: {"type": "boolean"},
        "number": _number,
        "whole": _number,
        "choice": _choice,
        "record": _record,
        "map": _map,
        "list": lambda key: {"type": "array", "items": _schema_of(key.keys[0])},
        "either": lambda key: _many("anyOf", key.keys),
        "one_of": lambda key: _many("oneOf", key.keys),
    }
)
