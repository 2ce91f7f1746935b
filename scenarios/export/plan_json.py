"""plan.json: a plan as plain data, numbers that are none as null, without anything that differs from run to run."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from planner import __version__
from planner.siting.siting import Siting
from scenarios.plans.start import STATUS_QUO, Start

PLAN_JSON = "plan.json"


def write_plan_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it in UTF-8, indented."""
    text = json.dumps(plain(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it.

    >>> plain({"a": float("nan"), "b": (1.0, np.int64(2)), 5: np.float64(0.5)})
    {'a': None, 'b': [1, 2], '5': 0.5}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return None if not math.isfinite(number) else int(number) if number.is_integer() else number
    return value


def head(start: Start) -> dict[str, Any]:
    """Return what made the plan: facts, rules, the base scenario, the files and their hashes."""
    base = start.base.scenario
    files = [*start.facts.sources, *start.files]
    return {
        "tool": "fugai",
        "version": __version__,
        "region": {"name": start.region.about.name, "code": start.region.about.code},
        "notice": start.region.about.notice,
        "rules": {"id": start.law.id, "document": start.law.document, "judges_here": start.at_home},
        "base": None if base == STATUS_QUO else base.name,
        "inputs": [{"file": one.file, "sha256": one.sha256} for one in files],
    }


def siting_data(siting: Siting) -> dict[str, Any]:
    """Return one answer without its seconds."""
    clash = siting.clash
    return {
        "status": siting.status,
        "objective_value": siting.objective,
        "bound": siting.bound,
        "gap": siting.gap,
        "chosen": list(siting.chosen),
        "background": list(siting.background),
        "covered": siting.covered,
        "uncovered": siting.uncovered,
        "unreachable": siting.unreachable,
        "ties": siting.ties,
        "clash": None if clash is None else {"rule": clash.rule.zh, "ids": list(clash.ids), "change": clash.change.zh},
    }
