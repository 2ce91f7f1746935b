"""方案比较.xlsx: the sentences, the indicators, who is better and worse off, the farthest places and the facilities."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from planner import __version__
from planner.compare import row_texts
from planner.schema import STATUS_LABELS
from planner.text import change_text
from scenarios.compare import Comparison, Pair
from scenarios.compare_said import NO_WAYS, cost_text, far_texts, kind_text, noticed_text, place_text, said, site_word
from scenarios.export.compare import AGE_NOTE, GROUP_LABELS
from scenarios.export.explain import explanations, write_explanations
from scenarios.export.sheet import FIXED_DATE, Column, Formats, Sheet, formats_of, records

WORKBOOK = "方案比较.xlsx"
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_TOWN_NOTE = (
    "注：逐个居民点比较到最近机构的距离（或时间），变近、变远按人口计，差别不到限值的算不变（限值见总览）；变近＋变远＋不变＝人口。只列有变化的乡镇（街道）和城乡、民族乡、县（区）、全市各组；"
    "每条规则只列作判断的口径及其道路口径，其余口径见 人群变化.csv。同一居民可能涉及几个指标，各指标的人口不相加。"
)
_FINDINGS_NOTE = "注：全市各行都列；县（区）、乡镇（街道）只列有变化的；村（社区）和没有变化的见 指标对比.csv。“变化”按整数人数、单位数判断，没有差别的写“不变”。两个方案的人口不同的，前者也按后者的人口计算。"
_WORST_NOTE = "注：只列有人变近或变远的主要口径（全部见 最远居民点.csv），每个口径列出前者和后者各自最远的 10 个居民点，按后者的名次排列；名次 1 为最远，不可达的排在最前。"
_SUMMARY = (
    Column("", "序号", 4, lambda row: row["number"], "centre"),
    Column("", "方案", 24, lambda row: row["side"]),
    Column("", "内容", 104, lambda row: row["text"]),
)
_FINDINGS = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("", "方案", 11, lambda row: row["pair"], "centre"),
    Column("指标", "名称", 21, lambda row: row["rule_label"]),
    Column("指标", "口径", 22, lambda row: row["reading_label"]),
    Column("指标", "范围", 13, lambda row: row["place"], "centre"),
    Column("现状值", "前者", 11, lambda row: row["texts"][0], "centre"),
    Column("现状值", "后者", 11, lambda row: row["texts"][1], "centre"),
    Column("现状值", "变化", 12, lambda row: row["texts"][2], "centre"),
    Column("", "覆盖人口\n变化（人）", 9.5, lambda row: row["people"], "centre"),
    Column("完成情况", "前者", 8, lambda row: STATUS_LABELS.get(row["status_before"], "—"), "centre"),
    Column("完成情况", "后者", 8, lambda row: STATUS_LABELS.get(row["status_after"], "—"), "centre"),
)
_PEOPLE = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("", "方案", 10, lambda row: row["pair"], "centre"),
    Column("指标", "名称", 19, lambda row: row["rule_label"]),
    Column("指标", "口径", 19, lambda row: row["reading_label"]),
    Column("人群", "分组", 9, lambda row: GROUP_LABELS[row["group_kind"]], "centre"),
    Column("人群", "名称", 15, lambda row: row["group_name"]),
    Column("", "人口", 9, lambda row: row["population"], "number"),
    Column("到最近机构（人）", "变近", 8.5, lambda row: row["better"], "number"),
    Column("到最近机构（人）", "变远", 8.5, lambda row: row["worse"], "number"),
    Column("到最近机构（人）", "不变", 9, lambda row: row["same"], "number"),
    Column("覆盖（人）", "新覆盖", 8.5, lambda row: _limited(row, "newly_covered"), "number"),
    Column("覆盖（人）", "不再覆盖", 8.5, lambda row: _limited(row, "newly_uncovered"), "number"),
    Column("其中因限度不同（人）", "新覆盖", 8.5, lambda row: _limited(row, "covered_by_limit"), "number"),
    Column("其中因限度不同（人）", "不再覆盖", 8.5, lambda row: _limited(row, "uncovered_by_limit"), "number"),
)
_WORST = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("", "方案", 9, lambda row: row["pair"], "centre"),
    Column("指标", "名称", 16, lambda row: row["rule_label"]),
    Column("指标", "口径", 16, lambda row: row["reading_label"]),
    Column("居民点", "县（区）", 8, lambda row: row["county_name"], "centre"),
    Column("居民点", "乡镇（街道）", 10, lambda row: row["town_name"]),
    Column("居民点", "村（社区）", 13, lambda row: row["name"]),
    Column("居民点", "人口", 6.5, lambda row: row["population"], "number"),
    Column("前者", "名次", 5, lambda row: row["rank_before"], "centre"),
    Column("前者", "最近机构", 12, lambda row: row["facility_name_before"] or "—"),
    Column("前者", "多远", 9, lambda row: row["far"][0], "centre"),
    Column("后者", "名次", 5, lambda row: row["rank_after"], "centre"),
    Column("后者", "最近机构", 12, lambda row: row["facility_name_after"] or "—"),
    Column("后者", "多远", 9, lambda row: row["far"][1], "centre"),
)
_SITES = (
    Column("", "序号", 4.5, lambda row: row["number"], "centre"),
    Column("", "方案", 12, lambda row: row["pair"], "centre"),
    Column("", "变化", 7, site_word, "centre"),
    Column("机构", "编号", 12, lambda row: row["id"]),
    Column("机构", "名称", 27, lambda row: row["name"]),
    Column("机构", "类型", 20, kind_text),
    Column("机构", "县（区）", 9, lambda row: row["county_name"], "centre"),
    Column("机构", "乡镇（街道）", 13, lambda row: row["town_name"]),
    Column(
        "", "迁移\n（公里）", 8, lambda row: row["moved_m"] / 1000 if row["change"] == "moved" else "—", "kilometres"
    ),
    Column("", "其他变更", 17, lambda row: row["fields"] or "—"),
)


def _limited(row: Mapping[str, Any], name: str) -> str | float:
    return int(row[name]) if row["has_limit"] else "—"


def write_workbook(path: Path, comparison: Comparison) -> None:
    """Write the workbook of all scenarios against the first."""
    book = xlsxwriter.Workbook(path, _OPTIONS)
    book.set_properties({"title": "方案比较", "comments": f"fugai {__version__}", "created": FIXED_DATE})
    formats, region = formats_of(book), comparison.region
    notice, city = region.about.notice, region.about.name

    def sheet(
        tab: str, title: str, table: tuple[Sequence[Column], Sequence[Mapping[str, Any]]], empty: str, *notes: str
    ) -> None:
        _headed(book, formats, comparison, tab, f"{city}{title}").table(*table, notice, empty, notes)

    nobody = "没有人变近或变远。" if any(pair.questions for pair in comparison.first_pairs) else NO_WAYS
    sheet("总览", "方案比较总览", (_SUMMARY, _summary(comparison)), "没有方案。")
    sheet("指标对比", "方案指标对比", (_FINDINGS, _findings(comparison)), "没有指标。", _FINDINGS_NOTE)
    sheet("人群变化(按乡镇)", "方案人群变化", (_PEOPLE, _people(comparison)), nobody, _TOWN_NOTE, AGE_NOTE)
    sheet("最远居民点", "最远居民点对比", (_WORST, _worst(comparison)), nobody, _WORST_NOTE)
    sheet("机构变化", "机构变化", (_SITES, _sites(comparison)), "各方案的机构相同。")
    _explained(book, formats, comparison)
    book.close()


def _headed(book: xlsxwriter.Workbook, formats: Formats, comparison: Comparison, tab: str, title: str) -> Sheet:
    return Sheet(book, formats, comparison.region, tab, title)


def _name(pair: Pair) -> str:
    return f"{pair.after.letter} 比 {pair.before.letter}"


def _summary(comparison: Comparison) -> list[dict[str, Any]]:
    rows = [
        {"side": side.label, "text": f"{_author(side.scenario)}{cost_text(side.cost)}。"} for side in comparison.sides
    ]
    for pair in comparison.first_pairs:
        rows += [
            {"side": _name(pair), "text": text}
            for text in said(pair)[1:]
            if text != f"{comparison.region.about.notice}。"
        ]
    return rows


def _author(scenario: Any) -> str:
    told = "，".join(part for part in (scenario.author, scenario.date) if part)
    return f"{told}。" if told else ""


def _findings(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for pair in comparison.first_pairs:
        table = pair.findings[
            (pair.findings["level"] == "city") | (pair.findings["changed"] & (pair.findings["level"] != "village"))
        ]
        depth = table["level"].map({"city": 0, "county": 1, "town": 2, "village": 3})
        rules = {name: at for at, name in enumerate(dict.fromkeys(zip(table["rule"], table["reading"], strict=True)))}
        order = [rules[one] for one in zip(table["rule"], table["reading"], strict=True)]
        table = table.assign(order=order, depth=depth).sort_values(["order", "depth", "subject_code"], kind="stable")
        for row in records(table):
            people = change_text(row["covered_before"], row["covered_after"]) if row["unit"] == "share" else "—"
            rows.append(
                {**row, "pair": _name(pair), "place": place_text(row), "texts": row_texts(row), "people": people}
            )
    return rows


def _people(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for pair in comparison.first_pairs:
        table = pair.people[pair.people["is_main"].astype(bool)]
        moved = (table["better"] + table["worse"] + table["newly_covered"] + table["newly_uncovered"]) > 0
        rows += [{**row, "pair": _name(pair)} for row in records(table[moved])]
    return rows


def _worst(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for pair in comparison.first_pairs:
        city = pair.people[pair.people["group_kind"] == "city"]
        moved = city.loc[(city["better"] + city["worse"]) > 0, ["rule", "reading"]].itertuples(index=False, name=None)
        asked = set(moved)
        for row in records(pair.worst[pair.worst["is_main"].astype(bool)]):
            if (row["rule"], row["reading"]) not in asked:
                continue
            rows.append(
                {**row, "pair": _name(pair), "far": far_texts(row["cost_before"], row["cost_after"], row["unit"])}
            )
    return rows


def _sites(comparison: Comparison) -> list[dict[str, Any]]:
    return [{**row, "pair": _name(pair)} for pair in comparison.first_pairs for row in records(pair.sites)]


def _explained(book: xlsxwriter.Workbook, formats: Formats, comparison: Comparison) -> None:
    """Write the sheet 说明: what is compared and what all numbers rest on."""
    region, first = comparison.region, comparison.sides[0].judged
    findings = pd.concat([one.judged.findings for one in comparison.sides])
    readings = set(zip(findings["rule"], findings["reading"], strict=True))
    lines = [("方案", f"{side.label}：{side.scenario.file}") for side in comparison.sides if side.scenario.edits]
    lines += [
        (
            "变近、变远",
            "逐个居民点比较两个方案中到同类最近在用机构的距离（毫米）或时间（毫秒），小出限值为变近，大出限值为变远。"
            + noticed_text(comparison.noticed),
        ),
        ("人群分组", f"城乡按普查口径；民族乡＝名称以“族乡”结尾的乡。{AGE_NOTE}"),
        ("费用", "改动的费用相加（万元）；没有写明费用的不计，只说有几项。"),
    ]
    lines += explanations(region, first.rules, readings)
    accuracy = region.about.accuracy if region.about.notice else ""
    notice = "。".join(filter(None, (region.about.notice, accuracy)))
    write_explanations(_headed(book, formats, comparison, "说明", "说明"), lines, notice)
