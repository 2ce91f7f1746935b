"""Whether what a plan proved is still what a scenario says: a fingerprint of all that a proof rests on in the file."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from planner.scenario import Edit, Scenario
from scenarios.ways import RoadChoices

STALE = "原方案由 fugai plan 求得，现已改动，证明不再适用。"
"""What stands in place of a proof whose scenario was changed."""
_DIGITS = 9


def fingerprint(scenario: Scenario, choices: RoadChoices) -> str:
    """Return the SHA-256 of edits, questions and assumptions; why, what it costs and in which year is no part of it."""
    people = scenario.population
    said = {
        "edits": [_edit(one) for one in scenario.edits],
        "questions": scenario.questions,
        "overrides": [(one.rule, one.params) for one in scenario.overrides],
        "population": () if people is None else (people.year, people.factors),
        "service_areas": [(one.centers, one.communities) for one in scenario.service_areas],
        "roads": _roads(choices),
    }
    text = json.dumps(_plain(said), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _edit(edit: Edit) -> tuple[object, ...]:
    return type(edit).__name__, getattr(edit, "facility", ""), getattr(edit, "fields", {})


def _roads(choices: RoadChoices) -> tuple[object, ...]:
    area = choices.closed_area
    shape = () if area is None else tuple(round(one, _DIGITS) for one in (*area.bounds, area.area))
    return (
        sorted(choices.closed), shape, choices.speeds, choices.own_speeds, choices.delay_s, choices.minutes,
        choices.max_snap_m,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """Return the value as JSON has it, the same however it was written: 5 and 5.0, a list and a tuple."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else value
