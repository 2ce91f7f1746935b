"""What a scenario file may say: one table of keys, by which it is read and from which its JSON Schema is made."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from geodata.roads import PERIODS
from planner.errors import Text
from planner.keys import (
    ABOUT_SCENARIO,
    DISTANCE,
    END,
    NOTES,
    OVERRIDE,
    POPULATION,
    QUESTION,
    SERVICE_AREA,
    TIME,
    VERBS,
    Key,
    ids_key,
)

SCHEMA_FILE = "fugai-scenario.schema.json"

_SPEED = Key("", Text("时速，公里/小时", "km/h"), "number", above=0, high=300)
ROADS = Key(
    "roads", Text("道路条件：封闭、时速、调度", "roads: closures, speeds, dispatch"), "record", word="道路条件",
    keys=(
        ids_key("closed", "封闭道路的路段编号", "ids of closed roads"),
        Key("closed_area", Text("封闭范围的面图形文件：碰到的路段都封闭", "file of polygons: all edges that meet them are closed"), "path", word="封闭范围的面图形文件"),
        Key("speeds", Text("各等级道路的时速（公里/小时），或时速表文件", "km/h by class of road, or a file"), "either", word="各等级道路的时速", keys=(
            Key("", Text("道路等级: 时速", "class: km/h"), "map", names=r"\S", keys=(_SPEED,)),
            Key("", Text("时速表文件", "a file of speeds"), "path"),
        )),
        Key("period", Text("时速表分白天、夜间时用哪一个", "which period of the file of speeds"), "choice", choices=MappingProxyType(PERIODS)),
        Key("own_speeds", Text("路段自带的时速是否优先于时速表（默认 true）", "whether the roads' own speeds come before the table (default true)"), "flag",
            word="路段自带的时速"),
        Key("delay", Text("急救调度时间", "dispatch"), "limit", pattern=TIME, like="3min"),
        Key("minutes", Text("响应时间的参数，分钟", "response time in minutes"), "number", above=0, high=24 * 60),
        Key("max_snap", Text("离路多远以内算能上路", "how far from a road still joins it"), "limit", pattern=DISTANCE, like="2km"),
    ),
)  # fmt: skip
SCENARIO = Key(
    "", Text("一个方案：对设施的改动、假设和选址题", "a scenario: edits, assumptions, questions"), "record",
    keys=(
        *ABOUT_SCENARIO,
        Key("base", Text("基础方案：先做它的改动，再做本方案的", "base scenario, whose edits come first"), "path", word="基础方案"),
        Key("data", Text("数据文件夹，或 sample:panzhihua", "folder of data, or sample:panzhihua"), "path"),
        Key("rules", Text("规则名，或 .yaml 文件", "rules, or a .yaml file"), "path"),
        NOTES,
        Key("proof", Text("fugai plan 写下的证明：方案改动后不再适用，不必手工填写", "what fugai plan has proved of this very scenario"), "record", word="证明", keys=(
            replace(NOTES, name="said", about=Text("证明了什么", "what is proved"), needed=True),
            Key("of", Text("所证明的方案的指纹", "fingerprint of the scenario"), "id", needed=True, pattern=f"^[0-9a-f]{{64}}{END}", like="0" * 64),
        )),
        Key("edits", Text("改动，从上到下逐条执行", "edits, one after the other"), "list", keys=(
            Key("", Text("一条改动", "an edit"), "one_of", keys=tuple(VERBS.values())),)),
        Key("overrides", Text("改用别的规则参数：作为假设，不作判断", "other parameters, as assumptions"), "list", word="改用别的规则参数", keys=(OVERRIDE,)),
        ROADS,
        POPULATION,
        Key("service_areas", Text("服务范围：哪些社区归哪所社区卫生服务中心；没有写到的按就近归属", "whom community health centres serve"),
            "list", word="服务范围", keys=(SERVICE_AREA,)),
        Key("questions", Text("选址题", "siting tasks"), "list", keys=(QUESTION,)),
    ),
)  # fmt: skip


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
    shown = {"examples": [key.like]} if key.like else {}
    return {
        "type": "string",
        "pattern": key.text_pattern,
        **({"format": "date"} if key.kind == "date" else {}),
        **shown,
    }


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
        **({"required": needed} if needed else {"minProperties": 1}),
        "additionalProperties": False,
    }


def _map(key: Key) -> dict[str, Any]:
    return {
        "type": "object", "minProperties": 1, "propertyNames": {"pattern": key.names},
        "additionalProperties": _schema_of(key.keys[0]),
    }  # fmt: skip


def _list(key: Key) -> dict[str, Any]:
    return {"type": "array", **({} if key.or_none else {"minItems": 1}), "items": _schema_of(key.keys[0])}


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
        "list": _list,
        "either": lambda key: _many("anyOf", key.keys),
        "one_of": lambda key: _many("oneOf", key.keys),
    }
)
