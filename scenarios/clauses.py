"""fugai clauses: what the documents of a city demand, clause by clause, and what becomes of each with its data."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geodata.csv_text import write_csv
from planner.clauses import KINDS, STATES, Demand, Register, State, declared_state, register_of, registers, states
from planner.errors import OptionError, Problem, Text
from planner.findings import assess, gap_rows, no_data_rows
from planner.institutions import label_of, total_of
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import Rules, load_rules, readable
from planner.standards import standard_names
from planner.text import count_text
from planner.travel import PAPER
from scenarios.document import Col, Document, Lines, Table, records
from scenarios.export.sheet import write_document

WORKBOOK, LIST, FINDINGS = "条款清单.xlsx", "条款清单.csv", "条款评估.csv"
_NAMES_SHOWN = 12
TOTAL = "合计"
"""In place of a kind of clause: all of a document."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Clauses, what became of each (by number), and the findings of the rules that judge or report them.

    Without a region there are no findings, and the states are those that the register declares.
    """

    registers: tuple[Register, ...]
    states: Mapping[int, State]
    region: Region | None
    findings: pd.DataFrame

    @property
    def words(self) -> Mapping[str, Text]:
        """What the states are called: without data a clause can only be judged."""
        return STATES if self.region is not None else {**STATES, "judged": Text("可以判断", "can be judged")}

    @property
    def clauses(self) -> tuple[Demand, ...]:
        return tuple(
            sorted((one for register in self.registers for one in register.clauses), key=lambda one: one.number)
        )


def declared() -> Standing:
    """Return the clauses of all cities as the registers declare them, without any data."""
    found = registers(FUNCTIONS)
    known: dict[int, State] = {}
    for register in found:
        rules = {rule.id: rule for rule in (*_standards(register.city).rules, *register.rules.rules)}
        known |= {one.number: declared_state(one, rules) for one in register.clauses}
    return Standing(found, known, None, pd.DataFrame())


def standing(region: Region, standards: Rules | None = None, judged: pd.DataFrame | None = None) -> Standing:
    """Return what becomes of each clause of a city with its data; OptionError where no document of the city is registered.

    `judged` are the findings of `standards` where these have been assessed already; they are assessed here where they have
    not, or lack a rule that judges a clause.
    """
    register = register_of(region.about.code, FUNCTIONS)
    if register is None:
        what = Text("没有登记这个城市的文件", "no document of this city is registered")
        fix = Text("登记册只有攀枝花、遂宁、雅安的文件", "the register holds documents of Panzhihua, Suining and Yaan")
        raise OptionError(Problem(region.about.code, what, fix))
    own = readable(_standards(register.city), PAPER)
    wanted = {rule for one in register.clauses for rule in one.judged_by} & {rule.id for rule in own.rules}
    if standards is None or judged is None or not wanted <= {rule.id for rule in standards.rules}:
        standards, judged = own, assess(region, own, PAPER)
    findings = assess(region, register.rules, PAPER)
    known = states(register, pd.concat([judged, findings], ignore_index=True), standards)
    return Standing((register,), known, region, findings)


def _standards(city: str) -> Rules:
    return next(one for one in (load_rules(name, FUNCTIONS) for name in standard_names()) if one.city == city)


def counts(found: Standing) -> list[dict[str, object]]:
    """Return, by document and kind of clause, how many there are of each state, and the sum of each document."""
    out: list[dict[str, object]] = []
    for document in dict.fromkeys(one.document for one in found.clauses):
        mine = [one for one in found.clauses if one.document == document]
        for kind in ("", *KINDS):
            some: Counter[str] = Counter(found.states[one.number] for one in mine if kind in ("", one.kind))
            if some:
                label = KINDS[kind].zh if kind else TOTAL
                out.append(
                    {
                        "document": document,
                        "kind": label,
                        "clauses": some.total(),
                        **{name: some[name] for name in STATES},
                    }
                )
    return out


def write_standing(folder: Path, found: Standing, told: Lines = ()) -> None:
    """Write the clauses as a workbook and a list into a folder, and the findings where there are some.

    `told` is what a scenario decides, said before all else.
    """
    write_document(folder / WORKBOOK, document_of(found, told))
    write_csv(folder / LIST, pd.DataFrame([_row(one, found) for one in found.clauses]))
    if found.region is not None:
        write_csv(folder / FINDINGS, found.findings)


def summary(found: Standing) -> str:
    """Return how many clauses there are and what becomes of them, in one sentence."""
    some = Counter(found.states.values())
    parts = "，".join(f"{text.zh} {some[name]}" for name, text in found.words.items() if some[name])  # type: ignore[index]
    return f"文件条款 {some.total()} 条：{parts}（见{WORKBOOK}）"


def compared(found: Standing) -> list[str]:
    """Return how the totals that a document gives compare with the register: they are said, and no number is made to fit."""
    region = found.region
    if region is None or region.register is None:
        return []
    out = []
    for one in found.registers[0].totals:
        here = total_of(region, one.item)
        if not math.isnan(here):
            off = "相符" if here == one.value else f"相差 {count_text(abs(here - one.value))}，只说明，不改数"
            out.append(f"文件写“{one.quote}”（{one.as_of}），登记册{label_of(one.item)} {count_text(here)}：{off}")
    return out


_COUNTS = (
    Col("document", "文件", 62),
    Col("kind", "类别", 12, "centre"),
    Col("clauses", "条款", 9, "number"),
    *(Col(name, text.zh, 10, "number") for name, text in STATES.items()),
)
_CLAUSES = (
    Col("clause", "登记号", 5, "centre"),
    Col("section", "章节", 11),
    Col("kind_label", "类别", 7, "centre"),
    Col("quote", "条文", 44),
    Col("modal", "语气", 7),
    Col("nature", "性质", 6, "centre"),
    Col("deadline", "时限", 5, "centre"),
    Col("responsible", "责任单位", 16),
    Col("state_label", "情况", 7, "centre"),
    Col("why", "说明", 26),
)
_GAPS = (
    Col("rule_label", "指标", 16),
    Col("subject_name", "对象", 16),
    Col("county_name", "县（区）", 8),
    Col("value", "现状", 8, "number"),
    Col("required", "要求值", 8, "number"),
    Col("required_text", "要求", 13),
    Col("force", "语气", 7),
    Col("deadline", "时限", 5, "centre"),
    Col("answering", "责任单位", 22),
    Col("quote", "条文", 20),
    Col("note", "说明", 10),
)
_MISSING = (
    Col("rule_label", "指标", 28),
    Col("denominator", "对象", 28),
    Col("count", "缺（个）", 8, "number"),
    Col("names", "缺资料的", 40),
    Col("needed", "请补充", 30),
)
_LINES = (
    ("已判断", "至少一个对象有达标或未达标的结论。"),
    ("只报告", "原则、支持、鼓励，或没有给出可以判断的数值：报告现状，不算缺口。"),
    ("无数据", "规则可以判断，但机构登记册没有所需的资料，或名录没有声明完整：列入待补数据，不算缺口。"),
    ("不能判断", "不是机构、床位、人员的事，或要用登记册以外的资料：逐条写明原因。"),
    ("责任单位", "条款自己点名的；没有点名的，为文件对全部事项所写的责任。"),
)


def _row(one: Demand, found: Standing) -> dict[str, object]:
    """Return a clause as a row of the list."""
    state = found.states[one.number]
    repeated = f"与第 {one.repeats} 条重复，在那里判断" if state == "repeats" else ""
    return {
        "clause": one.number, "document": one.document, "section": one.section, "kind": one.kind, "kind_label": KINDS[one.kind].zh,
        "quote": one.quote, "modal": _joined(one.modal), "nature": _joined(one.nature), "deadline": one.deadline,
        "deadline_quote": one.deadline_quote, "responsible": one.responsible or one.responsible_general,
        "state": state, "state_label": found.words[state].zh,
        "why": one.not_judged or repeated or (f"需要：{one.data_needed}" if state == "no_data" else one.reading),
        "rules": "、".join((*one.judged_by, *one.rules)),
    }  # fmt: skip


def _joined(parts: str) -> str:
    """Return the parts of a cell of the register, each once.

    >>> _joined("不超过|因地制宜"), _joined("|||预期性")
    ('不超过、因地制宜', '预期性')
    """
    return "、".join(dict.fromkeys(one for one in parts.split("|") if one))


def document_of(found: Standing, told: Lines = ()) -> Document:
    """Return counts, clauses, gaps and what is to be supplied, as one document."""
    name = found.region.about.name if found.region else "攀枝花、遂宁、雅安"
    rows = [_row(one, found) for one in found.clauses]
    tables = [
        Table("条款统计", f"{name}：文件条款统计", _COUNTS, counts(found)),
        *(
            Table(f"条款清单{at}", document, _CLAUSES, [row for row in rows if row["document"] == document])
            for at, document in enumerate(dict.fromkeys(one.document for one in found.clauses), 1)
        ),
    ]
    if found.region is not None:
        law = found.registers[0].rules
        tables += [_gap_table(name, found.findings, law), _missing_table(name, found, law)]
    notice = found.region.about.notice if found.region else ""
    return Document(
        f"{name}文件条款清单",
        found.region,
        tables,
        (*told, *(("与文件所写对照", one) for one in compared(found)), *_LINES),
        notice,
    )


def _gap_table(name: str, findings: pd.DataFrame, law: Rules) -> Table:
    gaps = gap_rows(findings, law)
    named = gaps["responsible"].where(gaps["responsible"] != "", gaps["responsible_general"])
    none = "没有已判断的缺口；无数据的见“待补数据”。"
    return Table("机构缺口", f"{name}：机构、床位、人员缺口", _GAPS, records(gaps.assign(answering=named)), empty=none)


def _missing_table(name: str, found: Standing, law: Rules) -> Table:
    names = no_data_rows(found.findings, law).groupby("rule")["subject_name"].agg(list)
    needed = {str(one.number): one.data_needed for one in found.clauses}
    rows = [
        {"rule_label": rule.label, "denominator": rule.denominator, "count": len(names[rule.id]), "names": _named(names[rule.id]),
         "needed": needed[rule.clause.number]}
        for rule in law.rules if rule.id in names.index
    ]  # fmt: skip
    return Table("待补数据", f"{name}：机构登记册待补数据", _MISSING, rows)


def _named(names: Sequence[str]) -> str:
    shown = "、".join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown}……等 {len(names)} 个"
