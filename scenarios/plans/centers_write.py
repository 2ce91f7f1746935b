"""The folder of a plan of community centres, written whole or not at all."""

from pathlib import Path
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from planner.errors import Text
from scenarios.export.plan_centers import WORKBOOK, write_workbook
from scenarios.export.plan_json import PLAN_JSON, head, siting_data, write_plan_json
from scenarios.plans.centers import Asked, Report, parameters, plan_report, proposals
from scenarios.plans.centers_map import CENTER_MAP, center_map
from scenarios.plans.centers_tables import (
    centers,
    communities,
    conversions,
    counties,
    hospitals,
    rooms,
    station_state,
    total_state,
    towns,
)
from scenarios.plans.start import keep_apart
from scenarios.plans.words import unit_word
from scenarios.plans.write import write_folder
from scenarios.run import Step
from scenarios.ways import RoadChoices

TOWNS, COMMUNITIES, CENTERS = "街道清单.csv", "社区归属.csv", "中心负荷.csv"


def plan_centers_folder(asked: Asked, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan and write workbook, map, lists, the scenario, its findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(report.start, asked.scenario, out)
    if asked.crosswalk is not None:
        keep_apart(report.start, asked.crosswalk, out)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_workbook(folder / WORKBOOK, report)
        step(Text("绘制地图", "drawing the map"))
        (folder / CENTER_MAP).write_text(center_map(report), encoding="utf-8", newline="\n")
        _write_lists(folder, report)
        write_plan_json(folder / PLAN_JSON, content(report))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report


def _write_lists(folder: Path, report: Report) -> None:
    unit = unit_word(report.plan.unit)
    place = {"county_name": "县（区）"}
    town = {
        "code": "代码", "name": "街道（镇）", **place, "population": "居民", "present": "现有中心", "today": "今由", "load": "今负荷",
        "present_said": "条件一", "load_said": "条件二", "said": "条款（或）", "advice_said": "提示", "needed": "新增", "proposal_said": "建议",
        "load_planned": "方案负荷", "planned_said": "按片区", "after_said": "方案后评估",
    }  # fmt: skip
    community = {
        "id": "代码", "name": "社区", **place, "town_name": "街道（镇）", "population": "居民", "today": "今由", "planned": "方案由",
        "center_planned": "方案中心编号", "moved": "变动", "share": "占中心负荷", "way": f"到方案中心（{unit}）", "metres": "步行（米）",
        "minutes": "步行（分钟）", "beyond": "步行外居民", "unreached": "没有路的居民", "station_said": "服务站", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    center = {
        "id": "编号", "name": "中心", **place, "town_name": "街道（镇）", "home": "所在社区", "origin_said": "来历", "today": "今负荷",
        "advice_today_said": "今提示", "load": "方案负荷", "lower": "下限", "upper": "上限", "left": "离上限余量", "short": "不足", "advice_said": "方案提示",
        "communities": "社区数", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    for name, rows, columns in (
        (TOWNS, towns(report), town), (COMMUNITIES, communities(report), community), (CENTERS, centers(report), center),
    ):  # fmt: skip
        frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else list(columns))
        write_csv(folder / name, frame[list(columns)].rename(columns=columns))


def content(report: Report) -> dict[str, Any]:
    """Return the plan as data."""
    plan = report.plan
    siting = plan.stations.siting
    kept = [
        "id",
        "population",
        "center_today",
        "center_planned",
        "share",
        "way",
        "metres",
        "minutes",
        "beyond",
        "unreached",
        "station",
    ]
    center = ["id", "name", "unit_id", "county_code", "town_code", "origin", "status", "joint", "load_today", "load", "lower", "upper",
              "short", "advice_today", "advice", "lon", "lat"]  # fmt: skip
    town = ["code", "name", "population", "present", "load", "met_present", "met_load", "met", "advice", "needed", "proposal",
            "load_planned", "planned_said", "after_said"]  # fmt: skip
    answer, serves = plan.districting, plan.stations.serves
    return {
        **head(report.start),
        "plan": "centers",
        "said": [list(pair) for pair in report.said],
        "parameters": parameters(report),
        "unit": plan.unit,
        "state": total_state(report),
        "status": answer.status, "objective_value": answer.objective, "bound": answer.bound, "gap": answer.gap,
        "counties": [
            {**row, "status": part.status if part.fewest else "feasible", "status_at_this_number": part.status,
             "centers_at_least": part.least or None, "objective_value": part.objective, "bound": part.bound}
            for row, part in zip(counties(report), answer.parts.values(), strict=True)
        ],
        "towns": [{name: row[name] for name in town} for row in towns(report)],
        "communities": [{name: row[name] for name in kept} for row in communities(report)],
        "centers": [{name: row[name] for name in center} for row in centers(report)],
        "rooms": [{name: row[name] for name in ("code", "fullest", "load", "upper", "left", "left_share", "spare_new", "spare_named")}
                  for row in rooms(report)],
        "spare": None if report.spare is None else {
            "share": report.asked.spare, "upper": report.spare.plan.task.upper, "status": report.spare.plan.districting.status,
            "state": total_state(report.spare),
            "centers": [{name: row[name] for name in center} for row in centers(report.spare)],
        },
        "stations": {"said": station_state(report), "chosen": list(plan.stations.chosen), "serves": {one: list(serves[one]) for one in sorted(serves)}, "limit_m": plan.stations.limit / 1000,
                     "siting": None if siting is None else siting_data(siting)},
        "conversions": [{name: row[name] for name in ("id", "name", "old_code", "new_code", "year", "source", "used")}
                        for row in conversions(report)] if plan.conversions.known else None,
        "hospitals": [{name: row[name] for name in ("id", "name", "load", "reached", "beds", "place", "chosen", "why")}
                      for row in hospitals(report)],
    }  # fmt: skip
