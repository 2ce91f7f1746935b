"""Where a clause shuts the way to more beds: which beds of a scenario are refused, by which clause and in which reading."""

from collections.abc import Mapping
from typing import Any

from planner.errors import Problem, Text
from planner.region import Region
from planner.resources import bed_gate
from planner.rules import Rule, Rules
from planner.scenario import Change, Scenario
from planner.text import count_text
from planner.travel import Travel

_GATE = "bed_gate"


def refused_beds(region: Region, rules: Rules, travel: Travel, scenario: Scenario) -> list[Problem]:
    """Return a warning for each facility whose beds a scenario adds though its use, as the register tells it, shuts the gate.

    `region` is as the scenario decides, `rules` those of the register of clauses. Nothing is said where no use is told.
    """
    edits = {one.facility: one for one in scenario.edits if isinstance(one, Change) and "beds" in one.fields}
    if not edits or region.register is None:
        return []
    said: dict[str, list[tuple[Rule, str, Mapping[str, Any]]]] = {}
    for rule in (one for one in rules.rules if one.measure == _GATE):
        for reading in rule.readings:
            rows = bed_gate(region, travel, **reading.params)
            for row in rows[rows["met"].eq(False) & rows["subject_code"].isin(edits)].to_dict("records"):
                said.setdefault(str(row["subject_code"]), []).append((rule, reading.label, row))  # type: ignore[arg-type]
    return [_refused(edits[one], scenario, found) for one, found in said.items()]


def _refused(edit: Change, scenario: Scenario, found: list[tuple[Rule, str, Mapping[str, Any]]]) -> Problem:
    """Return the warning about one facility: the clause, its words, the readings that refuse, and what its use is."""
    rule, _, row = found[0]
    readings = "、".join(label for _, label, _ in found)
    beds = count_text(row["value"])
    what = Text(
        f"新增 {beds} 张床位被条款控制（登记号 {rule.clause.number}，{rule.clause.section}“{rule.clause.quote}”）：{row['said']}；按“{readings}”",
        f"{beds} more beds are refused by clause {rule.clause.number} ({rule.clause.section}): its use shuts the gate",
    )
    fix = Text("不扩建，或先改善使用情况", "do not enlarge it, or improve its use first")
    return Problem(edit.file or scenario.file, what, fix, edit.line, found=edit.facility, severity="warning")
