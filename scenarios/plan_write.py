"""The folder of a plan, written whole or not at all."""

from collections.abc import Callable, Sequence
from pathlib import Path

from planner.errors import Text
from scenarios import plan_emergency as emergency
from scenarios.export.folder import whole_folder
from scenarios.export.manifest import write_manifest
from scenarios.export.plan_content import emergency_content, subcenter_content
from scenarios.export.plan_emergency import WORKBOOK as EMERGENCY_WORKBOOK
from scenarios.export.plan_emergency import write_workbook as write_emergency_workbook
from scenarios.export.plan_json import PLAN_JSON, write_plan_json
from scenarios.export.plan_subcenters import WORKBOOK, write_workbook
from scenarios.export.tables import write_csv
from scenarios.plan import Proposal, Start, assessed, keep_apart, record_of, write_proposals
from scenarios.plan_emergency_map import EMERGENCY_MAP, emergency_map
from scenarios.plan_map import SUBCENTER_MAP, subcenter_map
from scenarios.plan_subcenters import Asked, Report, plan_report, proposals
from scenarios.plan_tables import reasons
from scenarios.run import Step
from scenarios.ways import RoadChoices

FINDINGS = "findings.csv"


def plan_subcenters_folder(asked: Asked, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan sub-centres and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(report.start, asked.scenario, out)
    step(Text("写出各点理由", "finding the reasons"))
    told = reasons(report)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_workbook(folder / WORKBOOK, report, told)
        step(Text("绘制地图", "drawing the map"))
        page = subcenter_map(report, told)
        (folder / SUBCENTER_MAP).write_text(page, encoding="utf-8", newline="\n")
        write_plan_json(folder / PLAN_JSON, subcenter_content(report, told))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report


def plan_emergency_folder(asked: emergency.Asked, choices: RoadChoices, out: Path, step: Step) -> emergency.Report:
    """Plan emergency stations and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = emergency.plan_report(asked, choices, step)
    keep_apart(report.start, asked.scenario, out)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {EMERGENCY_WORKBOOK}", f"writing {EMERGENCY_WORKBOOK}"))
        write_emergency_workbook(folder / EMERGENCY_WORKBOOK, report)
        step(Text("绘制地图", "drawing the map"))
        (folder / EMERGENCY_MAP).write_text(emergency_map(report), encoding="utf-8", newline="\n")
        write_plan_json(folder / PLAN_JSON, emergency_content(report))

    write_folder(out, report.start, emergency.proposals(report), outputs, step)
    return report


def write_folder(
    out: Path, start: Start, said: Sequence[Proposal], outputs: Callable[[Path], None], step: Step
) -> None:
    """Write a plan's own outputs, its proposals, the findings of the first of them, and the manifest over all."""
    step(Text("评估方案", "assessing the plan"))
    outcome = assessed(start, said[0].said) if said else None
    with whole_folder(out) as folder:
        outputs(folder)
        step(Text("写出方案文件", "writing the scenario files"))
        write_proposals(folder, start, said)
        if outcome is not None:
            write_csv(folder / FINDINGS, outcome.findings)
        rules = outcome.rules if outcome is not None else start.rules
        write_manifest(folder, start.facts, rules, outcome.roads if outcome is not None else None, record_of(start))
