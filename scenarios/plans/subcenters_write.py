"""The folder of a plan of sub-centres, written whole or not at all."""

from pathlib import Path

from planner.errors import Text
from scenarios.export.plan_content import subcenter_content
from scenarios.export.plan_json import PLAN_JSON, write_plan_json
from scenarios.export.plan_subcenters import WORKBOOK, write_workbook
from scenarios.plans.start import keep_apart
from scenarios.plans.subcenters import Asked, Report, plan_report, proposals
from scenarios.plans.subcenters_map import SUBCENTER_MAP, subcenter_map
from scenarios.plans.subcenters_tables import reasons
from scenarios.plans.write import write_folder
from scenarios.run import Step
from scenarios.ways import RoadChoices


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
