"""What plan.json holds of a plan of sub-centres, and of one of emergency stations."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planner import __version__
from planner.siting.siting import Siting
from planner.text import share_text
from scenarios.plans import emergency
from scenarios.plans.start import STATUS_QUO, Start, has_plan
from scenarios.plans.subcenters import Report
from scenarios.plans.subcenters_tables import Reason, answers, by_site, figures, front, front_left_out, left_out, towns

# plan.json: a plan as plain data, numbers that are none as null, without anything that differs from run to run.

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


def subcenter_content(report: Report, told: Sequence[tuple[Any, int, list[Reason]]]) -> dict[str, Any]:
    """Return a plan of sub-centres as data."""
    plan, said = report.plan, {(aim.id, p): rows for aim, p, rows in told}
    sites = report.sites[["id", "name", "kind", "county_code", "town_code", "lon", "lat", "status", "barred"]]
    return {
        **head(report.start),
        "plan": "subcenters",
        "said": [list(pair) for pair in report.said],
        "unit": plan.unit,
        "objective": report.main.id,
        "sites": sites.to_dict("records"),
        "today": _figures(report, None),
        "answers": [
            {
                "objective": aim.id, "label": aim.label, "p": p, **siting_data(answer.siting), "gain": answer.step.gain,
                **(_figures(report, answer.siting) if has_plan(answer.siting) else {}),
                "best": [siting_data(one) for one in answer.best],
                "reasons": [{"id": one.id, "state": one.state, "decision": one.decision, "reason": one.said, "loss": one.loss}
                            for one in said.get((aim.id, p), ())],
            }
            for aim, p, answer in answers(report)
        ],
        "front": [{name: row[name] for name in ("p", "people", "mean", "proven", "ids")} for row in front(report)],
        "front_left_out": front_left_out(report),
        "towns": [{name: row[name] for name in ("p", "town_code", "site", "share", "mean", "crosses")}
                  for p in report.solved for row in towns(report, p)],
        "left_out": [{name: row[name] for name in ("id", "name", "population", "state", "far")} for row in left_out(report)],
    }  # fmt: skip


def _figures(report: Report, siting: Siting | None) -> dict[str, Any]:
    found = figures(report, siting)
    served = {} if siting is None else {
        row["id"]: row["population"] for row in by_site(report, found, siting).to_dict("records")
    }  # fmt: skip
    return {
        "within": {limit: found.within(limit) for limit in found.limits},
        "share": {limit: share_text(found.within(limit) / found.people) if found.people else "" for limit in found.limits},
        "beyond": found.beyond, "no_way": found.unreachable, "people": found.people, "mean": found.mean, "served": served,
    }  # fmt: skip


def emergency_content(report: emergency.Report) -> dict[str, Any]:
    """Return a plan of emergency stations as data."""
    sites = report.sites[["id", "name", "kind", "host_id", "county_code", "town_code", "lon", "lat"]]
    used = {
        one
        for answer in report.plan.cases
        for step in (answer.proposed, *(x.siting for x in answer.steps))
        for one in step.chosen
    }
    kept = sites[(sites["kind"] != "grid") | sites["id"].isin(used)]
    overview = {row["id"]: row for row in emergency.overview(report)}
    return {
        **head(report.start),
        "plan": "emergency",
        "said": [list(pair) for pair in report.said],
        "sites": kept.to_dict("records"),
        "cases": [
            {
                **overview[one.asked.id],
                "residents": one.asked.residents, "urban_scope": one.asked.scope, "travel": one.asked.travel,
                "limit": one.asked.limit, "greenfield": one.asked.greenfield,
                "least": siting_data(one.least), "proposed": list(one.proposed.chosen),
                "by_share": {share: siting_data(siting) for share, siting in one.shares.items()},
                "curve": [{"k": step.p, "gain": step.gain, **siting_data(step.siting)} for step in one.steps],
            }
            for one in report.plan.cases
        ],
        "new_sites": emergency.sites(report),
        "left_out": [{name: row[name] for name in ("case", "id", "name", "population", "why")} for row in emergency.left_out(report)],
    }  # fmt: skip
