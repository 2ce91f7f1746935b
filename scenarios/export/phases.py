"""The outputs of the years: the scenario with its years, a table a year as CSV and workbook, and the manifest."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from geodata.csv_text import write_csv
from planner import __version__
from planner.errors import Text
from planner.text import WAY_CELLS, share_text
from scenarios.export.explain import write_explanations
from scenarios.export.folder import MANIFEST
from scenarios.export.manifest import outputs_of
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of, records
from scenarios.phasing import DEADLINE, Phased
from scenarios.plans.start import record_of
from scenarios.run import Step
from scenarios.write import write_scenario

PLAN, TABLE, WORKBOOK = "方案_分期.yaml", "分期.csv", "分期.xlsx"


def write_outputs(folder: Path, found: Phased, step: Step) -> None:
    """Write every output into an empty folder, the manifest last."""
    step(Text("写出分期", "writing the years"))
    start, scenario = found.start, found.scenario
    frame = start.region.facilities
    names = dict(zip(frame["id"], frame["name"], strict=True))
    top = ("分期方案，由 fugai phases 写出年份：fugai run 可以运行，也可以修改后再运行。",)
    write_scenario(folder / PLAN, scenario, start.base.choices, start.data, start.rules_name, top, names)
    rows = years(found)
    labels = {name: label for name, label, _ in _columns(found)}
    write_csv(folder / TABLE, rows[list(labels)].rename(columns=labels))
    _write_workbook(folder / WORKBOOK, found, rows)
    _write_manifest(folder, found)


def _columns(found: Phased) -> list[tuple[str, str, float]]:
    """Return the columns of the table: name, label, width."""
    money = found.asked.budget is not None
    covers = found.asked.aim == "cover"
    return [
        ("calendar", "年份", 8),
        ("names", "开设", 46),
        ("count", "当年（处）", 8),
        *([("cost", "当年费用（万元）", 12), ("cumulative_cost", "累计费用（万元）", 12)] if money else []),
        *([("covered", "限度内人口（人）", 14), ("newly_covered", "新覆盖（人）", 14), ("share", "占评估人口", 11)] if covers else []),
        ("mean", f"{'限度内' if covers else ''}人均路程（{'分钟' if found.unit == 'ms' else '公里'}）", 12),
    ]  # fmt: skip


def years(found: Phased) -> pd.DataFrame:
    """Return a row a year, the first of them as it is today."""
    table, people = found.found.table, max(found.people, 1.0)
    unit = 60_000 if found.unit == "ms" else 1_000_000

    def named(ids: tuple[str, ...]) -> str:
        return "、".join(found.sites[one] for one in ids)

    reached = people if found.asked.aim == "cost" else table["covered"].where(table["covered"] > 0)
    dearest = table["weighted_cost"]
    if found.asked.aim == "cover":  # of those within the limit; the others stand at the dearest cost
        dearest = dearest - (people - table["covered"]) * found.dearest
    return table.assign(
        calendar=[found.calendar(year) for year in table["year"]],
        names=[named(ids) if year else "现状" for year, ids in zip(table["year"], table["opened"], strict=True)],
        count=[len(ids) for ids in table["opened"]],
        share=table["covered"] / people,
        mean=(dearest / reached / unit).astype(float),
    )


def _write_workbook(path: Path, found: Phased, rows: pd.DataFrame) -> None:
    region = found.start.region
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": "分期开设方案", "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats = formats_of(book)
    columns = [Column("", "序号", 5, lambda row: row["number"], "centre")]
    columns += [Column("", label.replace("（", "\n（"), width * 0.95, _cell(name), _style(name, found.unit))
                for name, label, width in _columns(found)]  # fmt: skip
    title = f"{region.about.name}分期开设方案（{found.scenario.name}）"
    Sheet(book, formats, region, "分期", title).table(
        columns, records(rows), region.about.notice, "没有站点。", (f"{DEADLINE}：{dict(found.said)[DEADLINE]}",)
    )
    lines = [("方案", found.scenario.name), *found.said, ("版本", f"fugai {__version__}")]
    write_explanations(Sheet(book, formats, region, "说明", "说明"), lines, region.about.notice)
    book.close()


def _style(name: str, unit: str) -> str:
    if name in ("names",):
        return "text"
    return {"calendar": "centre", "count": "centre", "share": "centre", "mean": WAY_CELLS[unit], "cost": "money",
            "cumulative_cost": "money"}.get(name, "number")  # fmt: skip


def _cell(name: str) -> Any:
    def cell(row: Any) -> str | float:
        value = row[name]
        if name == "share":
            return share_text(value)
        if name in ("calendar", "names"):
            return str(value)
        return "" if pd.isna(value) else float(value)

    return cell


def _write_manifest(folder: Path, found: Phased) -> None:
    start, region, asked = found.start, found.start.region, found.asked
    outputs = outputs_of(folder)
    plan = found.found
    manifest = {
        "tool": "fugai",
        "version": __version__,
        "command": "phases",
        "region": {"name": region.about.name, "code": region.about.code, "crs": region.crs},
        "data_date": region.about.as_of,
        "notice": region.about.notice,
        "inputs": [{"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in (*region.sources, *start.files)],
        "parameters": {
            "aim": asked.aim, "per_year": asked.per_year, "budget": asked.budget, "first_year": found.first_year,
            "limit": found.limit.said if found.limit else None, "kind": found.kind,
        },
        "answer": {
            "order": list(plan.order), "years": {name: found.calendar(year) for name, year in plan.year.items()},
            "objective": plan.objective, "bound": plan.bound, "status": plan.status,
        },
        "scenario": dict(record_of(start)),
        "assumptions": [f"{label}：{text}" for label, text in found.said],
        "outputs": outputs,
    }  # fmt: skip
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
