"""The folder of a plan of emergency stations, written whole or not at all."""

from pathlib import Path

from planner.errors import Text
from scenarios.export.plan_content import emergency_content
from scenarios.export.plan_emergency import WORKBOOK, write_workbook
from scenarios.export.plan_json import PLAN_JSON, write_plan_json
from scenarios.plans.emergency import Asked, Report, plan_report, proposals
from scenarios.plans.emergency_map import EMERGENCY_MAP, emergency_map
from scenarios.plans.start import keep_apart
from scenarios.plans.write import write_folder
from scenarios.run import Step
from scenarios.ways import RoadChoices


def plan_emergency_folder(asked: Asked, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan emergency stations and write workbook, map, scenario files, findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(report.start, asked.scenario, out)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_workbook(folder / WORKBOOK, report)
        step(Text("绘制地图", "drawing the map"))
        (folder / EMERGENCY_MAP).write_text(emergency_map(report), encoding="utf-8", newline="\n")
        write_plan_json(folder / PLAN_JSON, emergency_content(report))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report
