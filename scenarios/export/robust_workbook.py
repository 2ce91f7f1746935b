"""The workbook of certainty: gaps, readings for reference, sites, what they hang on, and the parameters."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from planner import __version__
from planner.certainty import FACTOR_LABELS, VERDICTS, hangs_on_text
from planner.text import number_text, people_text, percent_text
from scenarios.export.explain import write_explanations
from scenarios.export.robust import OUTSIDE, biased, loss_text, optimum_lines, said, sites_of
from scenarios.export.sheet import FIXED_DATE, Column, Sheet, formats_of, records
from scenarios.export.workbook import FOREIGN
from scenarios.robust import Report

_ORDER = {name: at for at, name in enumerate(("untested", "sensitive", "likely", "certain", "register"))}


def _share(name: str) -> Any:
    return lambda row: percent_text(row[name])


def _place(row: Mapping[str, Any]) -> str:
    return str(row["subject_name"]) if row["level"] == "village" else ""


_GAPS = (
    Column("", "序号", 4, lambda row: row["number"], "centre"),
    Column("地点", "县\n（区）", 7, lambda row: row["county_name"] or "全市"),
    Column("地点", "乡镇\n（街道）", 10, lambda row: row["town_name"]),
    Column("地点", "村（社区）", 11, _place),
    Column("条款", "指标", 17, lambda row: row["rule_label"]),
    Column("条款", "口径", 17, lambda row: row["reading_label"]),
    Column("", "现在是\n缺口", 6, lambda row: "是" if row["gap_now"] else "否", "centre"),
    Column("", "未覆盖\n（人）", 8, lambda row: row["people_now"], "number"),
    Column("抽样", "是缺口的\n比例", 8, _share("share"), "centre"),
    Column("抽样", "结论", 8, lambda row: VERDICTS[row["verdict"]].zh, "centre"),
    Column("只变一项时的比例", "点位", 6, _share("share_points"), "centre"),
    Column("只变一项时的比例", "人口", 6, _share("share_population"), "centre"),
    Column("只变一项时的比例", "时速", 6, _share("share_speed"), "centre"),
    Column("只变一项时的比例", "农村\n半径", 6, _share("share_rural"), "centre"),
    Column("", "取决于（改变结论的比例）", 13, lambda row: hangs_on_text(row["hangs_on"])),
    Column("", "缺口编号", 34, lambda row: row["gap_id"], "small", printed=False),
)
_SITES = (
    Column("", "序号", 4, lambda row: row["number"], "centre"),
    Column("", "目标", 18, lambda row: row["objective_label"]),
    Column("机构", "名称", 20, lambda row: row["name"]),
    Column("机构", "编号", 14, lambda row: row["site"]),
    Column("机构", "县（区）", 9, lambda row: row["county_name"]),
    Column("", "方案\n选中", 6, lambda row: "是" if row["planned"] else "否", "centre"),
    Column("", "现在的\n最优", 7, lambda row: "是" if row["chosen_now"] else "否", "centre"),
    Column("抽样", "入选\n比例", 8, _share("share"), "centre"),
    Column("抽样", "结论", 8, lambda row: VERDICTS[row["verdict"]].zh, "centre"),
    Column("只变一项时的比例", "点位", 7, _share("share_points"), "centre"),
    Column("只变一项时的比例", "人口", 7, _share("share_population"), "centre"),
    Column("只变一项时的比例", "时速", 7, _share("share_speed"), "centre"),
    Column("", "取决于（改变结论的比例）", 19, lambda row: hangs_on_text(row["hangs_on"])),
)
_TORNADO = (
    Column("", "序号", 4, lambda row: row["number"], "centre"),
    Column("", "指标", 22, lambda row: row["rule_label"]),
    Column("", "口径", 26, lambda row: row["reading_label"]),
    Column("", "因素", 9, lambda row: FACTOR_LABELS[row["factor"]].zh, "centre"),
    Column("", "现在覆盖\n（人）", 11, lambda row: row["covered"], "number"),
    Column("低端", "取值", 9, lambda row: row["low_setting"], "centre"),
    Column("低端", "覆盖\n（人）", 11, lambda row: row["covered_low"], "number"),
    Column("低端", "变化\n（人）", 11, lambda row: row["change_low"], "number"),
    Column("高端", "取值", 9, lambda row: row["high_setting"], "centre"),
    Column("高端", "覆盖\n（人）", 11, lambda row: row["covered_high"], "number"),
    Column("高端", "变化\n（人）", 11, lambda row: row["change_high"], "number"),
    Column("", "今天的值", 10, lambda row: OUTSIDE[row["outside"]], "centre"),
)
_SITE_TORNADO = (
    Column("", "序号", 4, lambda row: row["number"], "centre"),
    Column("", "目标", 24, lambda row: row["objective_label"]),
    Column("", "因素", 10, lambda row: FACTOR_LABELS[row["factor"]].zh, "centre"),
    Column("", "现在的最优值", 15, lambda row: value_text(row, "value"), "centre"),
    Column("低端", "取值", 8, lambda row: row["low_setting"], "centre"),
    Column("低端", "最优值", 15, lambda row: value_text(row, "value_low"), "centre"),
    Column("高端", "取值", 8, lambda row: row["high_setting"], "centre"),
    Column("高端", "最优值", 15, lambda row: value_text(row, "value_high"), "centre"),
    Column("", "最优方案\n不变的比例", 10, _share("same_plan"), "centre"),
    Column("坚持方案的损失", "平均", 9, lambda row: loss_text(row["loss_mean"]), "centre"),
    Column("坚持方案的损失", "最大", 9, lambda row: loss_text(row["loss_most"]), "centre"),
    Column("", "今天的值", 10, lambda row: OUTSIDE[row["outside"]], "centre"),
)


def value_text(row: Mapping[str, Any], name: str) -> str:
    """Return an optimum as people read it: people, or 万人·小时 and 万人·公里 of all ways together."""
    value = float(row[name])
    if row["objective"] != "cost":
        return people_text(value)
    hours = "时间" in row["objective_label"]
    return f"{number_text(value / (3.6e6 if hours else 1e6) / 1e4)} 万人·{'小时' if hours else '公里'}"


NO_GAPS = "没有受所试因素影响的缺口，或未作判断。"


def sorted_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the least certain first: that is what a planner must look at."""
    order = rows["verdict"].map(_ORDER)
    return rows.assign(order=order).sort_values(["order", "share", "gap_id"], kind="stable")


def write_workbook(path: Path, report: Report) -> None:
    """Write the workbook."""
    region = report.start.region
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": "缺口和选址的可信度", "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats = formats_of(book)
    foreign = "" if report.start.at_home else FOREIGN
    scenario = report.start.base.scenario
    name = region.about.name + ("" if scenario.says_nothing else f"（{scenario.name}）")
    notice = "　".join(part for part in (region.about.notice, foreign) if part)

    def sheet(tab: str, title: str, columns: Sequence[Column], rows: pd.DataFrame, empty: str, *notes: str) -> None:
        Sheet(book, formats, region, tab, name + title).table(columns, records(rows), notice, empty, notes)

    gaps = report.gaps.gaps
    judged, byregister = gaps["judged"].astype(bool), gaps["verdict"] == "register"
    sheet("缺口可信度", "缺口的可信度", _GAPS, sorted_gaps(gaps[judged & ~byregister]), foreign or NO_GAPS,
          _register_note(gaps[byregister]), "“现在是缺口”为否的，是抽样中新出现的。缺口编号在表右侧，不打印。")  # fmt: skip
    reference = gaps[~judged]
    unsure = reference[reference["verdict"] != "certain"]
    sheet("参考口径", "参考口径（不作判断）中拿不准的", _GAPS, sorted_gaps(unsure), "没有拿不准的。",
          f"另有 {len(reference) - len(unsure)} 项为“确定”，见 缺口可信度.csv。")  # fmt: skip
    if report.sites is not None:
        sheet("选址可信度", f"次中心 {report.sites.p} 个的可信度", _SITES, sites_of(report), "没有候选点。",
              *(one.zh for one in optimum_lines(report)))  # fmt: skip
        sheet("选址敏感性", "选址的敏感性", _SITE_TORNADO, report.sites.tornado, "没有选址。")
    sheet(
        "敏感性",
        "各指标覆盖人口的敏感性（一次变一项）",
        _TORNADO,
        report.gaps.tornado,
        "没有可检验的指标。",
        *biased(report),
    )
    write_explanations(Sheet(book, formats, region, "说明", "说明"), said(report), notice)
    book.close()


def _register_note(rows: pd.DataFrame) -> str:
    if not len(rows):
        return "没有只看名录的缺口。"
    counts = rows.groupby("rule_label", sort=False).size()
    listed = "、".join(f"{label} {count} 项" for label, count in counts.items())
    return f"另有 {len(rows)} 项缺口只由机构名录决定（{listed}），点位、人口、时速的误差改变不了，见 缺口可信度.csv。"
