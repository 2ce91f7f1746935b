"""The edits of a scenario in plain sentences, for outputs."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from planner.scenario import Change, Close, Edit, Open
from planner.schema import FACILITIES, FACILITY_KINDS
from planner.text import coordinate_text, exact_text, money_text


def edit_words(edits: Sequence[Edit], names: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return one plain sentence an edit, for outputs; `names` are the facilities' by id.

    >>> edit_words([Close(facility="F1", reason="并入", year=2026)], {"F1": "某卫生院"})
    ['停用“某卫生院”F1（并入；2026 年）']
    """
    known, said = dict(names), []
    for edit in edits:
        facility = str(getattr(edit, "facility", ""))
        if isinstance(edit, Open):
            known[facility] = str(edit.fields.get("name", ""))
        name = f"“{known[facility]}”" if known.get(facility) else " "
        into = _into(edit)
        what = f"{_verb(edit)}{name}{facility}" + (f"，{into}" if into else "")
        cost = "" if math.isnan(edit.cost) else money_text(edit.cost)
        told = "；".join(part for part in (edit.reason, f"{edit.year} 年" if edit.year else "", cost) if part)
        said.append(what + (f"（{told}）" if told else ""))
    return said


def _verb(edit: Edit) -> str:
    words = {"upgrade": "升格", "convert": "转型", "move": "迁址", "enlarge": "扩建", "change": "变更"}
    if isinstance(edit, Open):
        return f"新设{_kind(edit.fields.get('kind', ''))}"
    return "停用" if isinstance(edit, Close) else words[getattr(edit, "word", "change")]


def _kind(kind: object) -> str:
    return FACILITY_KINDS.get(str(kind), (str(kind),))[0]


def _into(edit: Edit) -> str:
    """Return what a changed facility becomes, in words."""
    if not isinstance(edit, Change):
        return ""
    fields = dict(edit.fields)
    said = [f"为{_kind(fields.pop('kind'))}"] if "kind" in fields else []
    if {"lon", "lat"} <= fields.keys():
        said.append(f"到 {coordinate_text(fields.pop('lon'))}, {coordinate_text(fields.pop('lat'))}")
    said += [f"{FACILITIES.field(name).label}＝{_value(name, value)}" for name, value in fields.items()]
    return "，".join(said)


def _value(name: str, value: object) -> str:
    """Return the value of a facility's column as people say it."""
    words = FACILITIES.field(name).choices.get(str(value))
    if words:
        return words[0]
    return (
        ("是" if value else "否")
        if isinstance(value, bool)
        else exact_text(value)
        if isinstance(value, float)
        else str(value)
    )
