"""What the parameters of measures and plans are called, and rules with other ones, told as assumptions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from planner.region import URBAN_SCOPES
from planner.rules import Reading, Rule
from planner.schema import FACILITIES, FACILITY_KINDS
from planner.text import exact_text

_KINDS = {kind: names[0] for kind, names in FACILITY_KINDS.items()}
_CHOICES = {value: names[0] for field in FACILITIES.fields for value, names in field.choices.items()}

PARAMETERS: Mapping[str, tuple[str, str, Mapping[str, str]]] = MappingProxyType(
    {
        "facility_kind": ("机构类型", "", _KINDS),
        "facility_kinds": ("机构类型", "", _KINDS),
        "hospital_kinds": ("视同卫生院的机构类型", "", _KINDS),
        "beside_kinds": ("同时服务的机构类型", "", _KINDS),
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
    own = rule.required_text if rule.required_text.startswith("条款") else f"条款：{rule.required_text}"
    required = f"{parameter_texts(numbers)}（方案的参数；{own}）" if numbers else rule.required_text
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
