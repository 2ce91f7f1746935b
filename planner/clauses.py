"""The register of clauses: everything that a city's documents demand, and what becomes of each clause.

A clause is judged by rules, reported because it gives no number that must be met (a principle, 支持, 鼓励), or said not to be
judged, and why. One that repeats another is judged once. The files are `planner/standards/clauses/*.yaml`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from planner.errors import Text
from planner.rules import Rule, Rules, rules_of
from planner.standards import clause_names, clause_text
from planner.strict_yaml import read_own

KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "siting": Text("布局", "siting"),
        "presence": Text("机构与科室", "presence"),
        "resource": Text("床位与人员", "beds and staff"),
        "gate": Text("控制", "gate"),
        "operation": Text("运行管理", "operation"),
    }
)
"""Of what a clause speaks."""
State = Literal["judged", "reported", "no_data", "not_judged", "repeats"]
STATES: Mapping[str, Text] = MappingProxyType(
    {
        "judged": Text("已判断", "judged"),
        "reported": Text("只报告", "reported"),
        "no_data": Text("无数据", "no data"),
        "not_judged": Text("不能判断", "not judgeable"),
        "repeats": Text("与他条重复", "repeats another"),
    }
)
"""What becomes of a clause."""


@dataclass(frozen=True)
class Demand:
    """One clause as its document has it, and what is done about it.

    number       in the register; it never changes
    quote        verbatim without white space, several runs joined by …; so `modal`, `responsible` and `responsible_general`
    deadline     the year, "" where the document names none; `deadline_quote` the words it rests on
    reading      what our reading adds to the words
    judged_by    the rules of the city's own standards that judge it
    rules        the rules of the register that judge or report it
    not_judged   why it cannot be judged; "" where it can
    repeats      the number of the clause that it repeats; 0: none
    """

    number: int
    kind: str
    document: str
    section: str
    quote: str
    modal: str
    nature: str
    deadline: str
    deadline_quote: str
    responsible: str
    responsible_general: str
    subject: str
    data_needed: str
    reading: str
    judged_by: tuple[str, ...]
    rules: tuple[str, ...]
    not_judged: str
    repeats: int


@dataclass(frozen=True)
class Institution:
    """An institution that a document names: its county ("" unless told), its beds in 表2 (None), and its roles with their sections."""

    name: str
    county: str
    beds: int | None
    beds_planned: int | None
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Total:
    """What a document says that all institutions held at its start: an item of the register ("": their number), and its words."""

    item: str
    value: int
    section: str
    as_of: str
    quote: str


@dataclass(frozen=True)
class Register:
    """All that the documents of one city demand: the clauses, the rules that judge them, and the institutions they name."""

    city: str
    clauses: tuple[Demand, ...]
    rules: Rules
    institutions: tuple[Institution, ...]
    totals: tuple[Total, ...] = ()


def registers(measures: Mapping[str, Callable[..., Any]]) -> tuple[Register, ...]:
    """Return the registers of all cities, by code."""
    return tuple(_register(city, _files(), measures) for city in sorted(registered_cities()))


@cache
def _files() -> tuple[Mapping[str, Any], ...]:
    """Return what the files hold; they are read once in a process and never written to."""
    return tuple(read_own(clause_text(name)) for name in clause_names())


def registered_cities() -> frozenset[str]:
    """Return the four digits of the cities whose documents are registered."""
    return frozenset(str(one["city"]) for one in _files())


def register_of(city: str, measures: Mapping[str, Callable[..., Any]]) -> Register | None:
    """Return the register of the city of this code (510400 or 5104); None where the project has none."""
    files = [one for one in _files() if city.startswith(str(one["city"]))]
    return _register(city[:4], files, measures) if files else None


def _register(city: str, files: Sequence[Mapping[str, Any]], measures: Mapping[str, Callable[..., Any]]) -> Register:
    mine = sorted((one for one in files if one["city"] == city), key=lambda one: -len(one["clauses"]))
    head = mine[0]
    raw = [rule for file in mine for clause in file["clauses"] for rule in _raw_rules(file, clause)]
    rules = rules_of(
        {"id": f"clauses_{city}", "label": f"{head['label']}等文件的条款登记", "city": city, "document": head["document"],
         "issued": head["issued"], "rules": raw}, f"clauses/{head['id']}.yaml", measures
    )  # fmt: skip
    clauses = sorted((_demand(file, one) for file in mine for one in file["clauses"]), key=lambda one: one.number)
    named = tuple(_institution(one) for file in mine for one in file.get("institutions", ()))
    totals = tuple(Total(**one) for file in mine for one in file.get("totals", ()))
    return Register(city, tuple(clauses), rules, named, totals)


def _deadline(file: Mapping[str, Any], clause: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the clause's own deadline, else its document's, else none."""
    own: Mapping[str, Any] = clause.get("deadline") or file.get("deadline") or {}
    return own


def _answering(file: Mapping[str, Any], clause: Mapping[str, Any]) -> str:
    return str(file["general"][clause["general"]]) if "general" in clause else ""


def _raw_rules(file: Mapping[str, Any], clause: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Return the rules of a clause as a rules' file would write them."""
    said = {"section": clause["section"], "responsible": clause.get("responsible", ""), "clause": str(clause["no"]),
            "responsible_general": _answering(file, clause), "document": file["document"]}  # fmt: skip
    due = _deadline(file, clause)
    if due:
        said["deadline"] = {key: due[key] for key in ("year", "quote", "reading") if key in due}
    for rule in clause.get("rules", ()):
        own = {key: value for key, value in rule.items() if key not in {"words", "judged"}}
        single = {"id": "register", "label": "按机构登记册", "judged": rule.get("judged", True)}
        yield {**said, **own, "quote": rule["words"], "readings": rule.get("readings", [single])}


def _demand(file: Mapping[str, Any], clause: Mapping[str, Any]) -> Demand:
    due = _deadline(file, clause)
    texts = {key: str(clause.get(key, "")) for key in ("kind", "section", "quote", "modal", "nature", "responsible", "subject",
                                                       "data_needed", "reading", "not_judged")}  # fmt: skip
    return Demand(
        number=clause["no"],
        document=file["document"],
        deadline=str(due.get("year", "")),
        deadline_quote=str(due.get("quote", "")),
        responsible_general=_answering(file, clause),
        judged_by=tuple(clause.get("judged_by", ())),
        rules=tuple(rule["id"] for rule in clause.get("rules", ())),
        repeats=clause.get("repeats", 0),
        **texts,
    )


def _institution(said: Mapping[str, Any]) -> Institution:
    roles = tuple((str(one["section"]), str(one["quote"])) for one in said.get("roles", ()))
    return Institution(said["name"], said.get("county", ""), said.get("beds"), said.get("beds_planned"), roles)


def declared_state(clause: Demand, rules: Mapping[str, Rule]) -> State:
    """Return what becomes of a clause whatever the data: of `rules` by id, those of the register and of the city's standards."""
    ids = (*clause.judged_by, *clause.rules)
    if clause.not_judged:
        return "not_judged"
    if not ids:
        return "repeats"
    judges = any(reading.judged for one in ids if one in rules for reading in rules[one].readings)
    return "judged" if judges else "reported"


def states(register: Register, findings: pd.DataFrame, standards: Rules) -> dict[int, State]:
    """Return what becomes of each clause with these findings, of the register's rules and of the city's standards.

    A clause is judged where any of its rules has a verdict on any subject; where rules that judge have none for want of data,
    it is "no_data"; where the city has nothing that it speaks of, it is reported.
    """
    rules = {rule.id: rule for rule in (*standards.rules, *register.rules.rules)}
    found = {str(rule): set(rows) for rule, rows in findings.groupby("rule")["status"]}
    out: dict[int, State] = {}
    for clause in register.clauses:
        state = declared_state(clause, rules)
        if state == "judged":
            said = set().union(*(found.get(one, set()) for one in (*clause.judged_by, *clause.rules)))
            state = "judged" if said & {"met", "not_met"} else "no_data" if "no_data" in said else "reported"
        out[clause.number] = state
    return out
