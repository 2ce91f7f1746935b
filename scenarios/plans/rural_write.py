"""The folder of a rural plan, written whole or not at all."""

from pathlib import Path
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from planner.errors import Text
from scenarios.export.plan_json import PLAN_JSON, head, write_plan_json
from scenarios.export.plan_rural import WORKBOOK, write_workbook
from scenarios.plans.rural import Asked, Report, parameters, plan_report, proposals
from scenarios.plans.rural_map import maps_of
from scenarios.plans.rural_more import MORE, beyond, compared, seasons_of, write_more
from scenarios.plans.rural_tables import chain_villages, counts, kind_label, owed, rows_of, sums, teams, villages
from scenarios.plans.start import keep_apart
from scenarios.plans.words import unit_word
from scenarios.plans.write import write_folder
from scenarios.run import Step
from scenarios.ways import RoadChoices

_SEASON = "季节"
VILLAGES, DUTY, LEFT, CHAIN = "村级清单.csv", "巡回值班表.csv", "巡回去不了的村.csv", "五级链条.csv"


def plan_rural_folder(asked: Asked, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan and write workbook, map, lists, the scenario of new clinics, its findings, plan.json and manifest into `out`."""
    keep = plan_report(asked, choices, step)
    keep_apart(keep.start, asked.scenario, out)

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_workbook(folder / WORKBOOK, keep)
        if keep.seasons or keep.chain.limits:
            write_more(folder / MORE, keep)
        step(Text("绘制地图", "drawing the map"))
        for name, page in maps_of(keep):
            (folder / name).write_text(page, encoding="utf-8", newline="\n")
        _write_lists(folder, keep)
        write_plan_json(folder / PLAN_JSON, content(keep))

    write_folder(out, keep.start, proposals(keep), outputs, step)
    return keep


def _write_lists(folder: Path, report: Report) -> None:
    unit = unit_word(report.plan.unit)
    columns = {
        "code": "村代码", "name": "行政村", "county_name": "县（区）", "town_name": "乡镇", "population": "人口",
        "label": "服务方式", "group_label": "归类", "host_name": "承担机构", "way": f"到承担机构（{unit}）",
        "care_name": "最近的机构", "care_way": f"到最近的机构（{unit}）", "why": "理由", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    write_csv(folder / VILLAGES, _named(pd.DataFrame(villages(report)), columns))
    write_csv(folder / CHAIN, pd.DataFrame(chain_villages(report)))
    if report.rounds is None:
        return
    stops = {
        "hospital_name": "卫生院", "team": "队伍", "visit": "当月第几次", "day": "第几个工作日", "order": "次序",
        "code": "村代码", "name": "行政村", "town_name": "乡镇", "population": "人口", "drive_min": "行车（分钟）",
        "km": "公里", "arrive": "到达", "service_min": "服务（分钟）", "leave": "离开",
    }  # fmt: skip
    missed = {"code": "村代码", "name": "行政村", "town_name": "乡镇", "hospital_name": "卫生院", "why": "原因"}
    write_csv(folder / DUTY, _by_season(report, "stops", stops))
    if any(len(one.left) for one in seasons_of(report).values()):
        write_csv(folder / LEFT, _by_season(report, "left", missed))


def _by_season(report: Report, name: str, columns: dict[str, str]) -> pd.DataFrame:
    """Return the rows of the month; with seasons those of each, its name before them."""
    plans = seasons_of(report)
    parts = [_named(getattr(plan, name), columns) for plan in plans.values()]
    if not report.seasons:
        return parts[0]
    return pd.concat(
        [part.assign(**{_SEASON: season})[[_SEASON, *part.columns]] for season, part in zip(plans, parts, strict=True)]
    )


def _named(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    return frame[list(columns)].rename(columns=columns)


def content(report: Report) -> dict[str, Any]:
    """Return the plan as data."""
    plan, rounds = report.plan, report.rounds
    kept = ["code", "kind", "group", "host", "cost", "care", "care_cost", "few", "far", "why"]
    return {
        **head(report.start),
        "plan": "rural",
        "said": [list(pair) for pair in report.said],
        "parameters": parameters(report),
        "allowed": {"rule": plan.allowed.rule.id, "kinds": list(plan.allowed.kinds), "judges": plan.judges},
        "kinds": {row["kind"]: {"label": kind_label(report, row["kind"]).zh, "villages": row["villages"], "population": row["population"]}
                  for row in rows_of(plan.kinds)},
        "sums": sums(report),
        "villages": rows_of(plan.villages[kept]),
        "rounds": None if rounds is None else {
            "km": rounds.km, "hours": rounds.hours, "teams": teams(report), "days": rows_of(rounds.days), "left": rows_of(rounds.left),
        },
        **({"seasons": {"compared": compared(report), "left": {name: rows_of(one.left) for name, one in report.seasons.items()},
                        "days": {name: rows_of(one.days) for name, one in report.seasons.items()}}} if report.seasons else {}),
        "chain": {"way": report.chain.way, "unit": report.chain.unit, "towns": rows_of(report.chain.towns),
                  **({"beyond": beyond(report)} if report.chain.limits else {})},
        "counts": counts(report),
        "owed": owed(report),
    }  # fmt: skip
