"""What plan.json holds of a plan of sub-centres, and of one of emergency stations."""

from collections.abc import Sequence
from typing import Any

from planner.siting.siting import Siting
from planner.text import share_text
from scenarios.export.plan_json import head, siting_data
from scenarios.plans import emergency, emergency_tables
from scenarios.plans.start import has_plan
from scenarios.plans.subcenters import Report
from scenarios.plans.subcenters_figures import by_site, figures
from scenarios.plans.subcenters_reasons import Reason
from scenarios.plans.subcenters_tables import answers, front, front_left_out, left_out, towns


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
    tables = emergency_tables
    sites = report.sites[["id", "name", "kind", "host_id", "county_code", "town_code", "lon", "lat"]]
    used = {
        one
        for answer in report.plan.cases
        for step in (answer.proposed, *(x.siting for x in answer.steps))
        for one in step.chosen
    }
    kept = sites[(sites["kind"] != "grid") | sites["id"].isin(used)]
    overview = {row["id"]: row for row in tables.overview(report)}
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
        "new_sites": tables.sites(report),
        "left_out": [{name: row[name] for name in ("case", "id", "name", "population", "why")} for row in tables.left_out(report)],
    }  # fmt: skip
