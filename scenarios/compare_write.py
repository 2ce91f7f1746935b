"""The outputs of a comparison: four lists as CSV, the page, the sentences, and the manifest that comes last."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from maps.compare import Between, View, compare_map
from planner import __version__
from planner.compare import COUNTS, GROUP_WORDS, aligned, row_texts
from planner.findings import kinds_read
from planner.schema import FACILITY_KINDS, FACILITY_STATUS, FINDINGS, LEVEL_LABELS, STATUS_LABELS
from planner.text import change_text
from scenarios.compare import Comparison, Pair
from scenarios.compare_said import (
    NO_WAYS,
    all_said,
    cost_text,
    far_text,
    far_texts,
    kind_text,
    noticed_text,
    place_text,
    said,
    site_word,
)
from scenarios.document import Col, Document, Table, records
from scenarios.export.explain import explanations
from scenarios.export.folder import MANIFEST
from scenarios.export.manifest import outputs_of, parameters
from scenarios.export.sheet import write_document
from scenarios.run import Step, furniture

PAGE, WORDS = "方案比较.html", "说明.txt"
FINDINGS_LIST, PEOPLE_LIST, WORST_LIST, SITES_LIST = "指标对比.csv", "人群变化.csv", "最远居民点.csv", "机构变化.csv"
GROUP_LABELS: Mapping[str, str] = MappingProxyType(
    {"city": "全市", "census": "城乡", "ethnic": "民族乡", "county": "县（区）", "town": "乡镇（街道）"}
)
AGE_NOTE = "数据没有年龄结构，不能按年龄分组；按县（区）列出代替。"
_LABELS = {one.name: f"{one.label}（{one.unit}）" if one.unit else one.label for one in FINDINGS.fields}
_PEOPLE = {
    "better": "变近（人）", "worse": "变远（人）", "same": "不变（人）", "slight": "其中差别不到限值（人）", "newly_covered": "新覆盖（人）",
    "newly_uncovered": "不再覆盖（人）", "covered_by_limit": "其中因限度不同新覆盖（人）",
    "uncovered_by_limit": "其中因限度不同不再覆盖（人）", "covered_before": "前者覆盖（人）", "covered_after": "后者覆盖（人）",
}  # fmt: skip


def view_of(comparison: Comparison) -> str:
    """Return the page with both maps."""
    views = [View(one.letter, one.label, one.judged.region, one.judged.findings) for one in comparison.sides]
    places = {one.letter: at for at, one in enumerate(comparison.sides)}
    betweens = [
        Between(
            places[pair.before.letter],
            places[pair.after.letter],
            _said_on_page(pair),
            pair.findings,
            worded(pair.sites),
        )
        for pair in comparison.pairs
    ]
    rules = {rule.id: rule for side in comparison.sides for rule in side.judged.rules.rules}
    first = comparison.sides[0].judged
    around = furniture(first.region, first.rules)
    names = "、".join(one.label for one in comparison.sides)
    around = replace(
        around, title=f"{first.region.about.name}方案比较", subtitle=f"{names}　{around.subtitle}", rings=()
    )
    return compare_map(views, betweens, around, {name: sorted(kinds_read(rule)) for name, rule in rules.items()})


def _said_on_page(pair: Pair) -> tuple[str, ...]:
    """Return the sentences, and what the maps show where the pair was judged with the later one's people."""
    own = f"地图上 {pair.before.letter} 一侧按它自己的人口。"
    return (*said(pair), own) if pair.rejudged else said(pair)


def worded(sites: pd.DataFrame) -> pd.DataFrame:
    """Return the changed facilities with the word for what happens to each."""
    return sites.assign(word=[site_word(row) for row in records(sites)])


def findings_list(comparison: Comparison) -> pd.DataFrame:
    """Return every key of the findings with what each scenario says of it, and its change against the first."""
    keys, tables = aligned([one.judged.findings for one in comparison.sides])
    out = keys.drop(columns="denominator").assign(level=keys["level"].map(LEVEL_LABELS)).rename(columns=_LABELS)
    differs = pd.Series(False, index=keys.index)
    for side, table in zip(comparison.sides, tables, strict=True):
        for name in (*COUNTS, "value", "required", "gap"):
            out[f"{side.letter} {_LABELS[name]}"] = table[name].astype("Int64") if name in COUNTS else table[name]
        out[f"{side.letter} 状态"] = table["status"].map(STATUS_LABELS)
    for pair in comparison.first_pairs:
        changes = pair.findings.set_index("gap_id").reindex(keys.index)
        if pair.rejudged:  # what the changes start from is not what A's own people give
            for name in ("covered", "value", "gap"):
                own = changes[f"{name}_before"]
                label = f"A（按 {pair.after.letter} 的人口）{_LABELS[name]}"
                out[label] = own.astype("Int64") if name == "covered" else own
        for name in ("covered", "value", "gap"):
            moved = changes[f"{name}_change"]
            out[f"{pair.after.letter} 比 A {_LABELS[name]}变化"] = moved.astype("Int64") if name == "covered" else moved
        differs |= changes["changed"].eq(True)
    out["有变化"] = differs.map({True: "是", False: "否"})
    return out.rename_axis(FINDINGS.field("gap_id").label).reset_index()


def people_list(comparison: Comparison) -> pd.DataFrame:
    """Return who is better and who worse off against the first scenario, by group."""
    parts = []
    for pair in comparison.first_pairs:
        table = pair.people
        words: dict[str, Any] = {"方案": _against(pair), "分组": table["group_kind"].map(GROUP_LABELS)}
        code = table["group_code"].where(~table["group_code"].isin(list(GROUP_WORDS)), "")
        names = {"population": "人口（人）", "group_name": "名称", "county_name": "县（区）", **_PEOPLE}
        shown = table.drop(columns=["group_kind", "has_limit", "is_main"]).assign(group_code=code)
        unlimited = ~table["has_limit"].astype(bool)
        hidden = [name for name in _PEOPLE if "covered" in name]
        shown = shown.astype(dict.fromkeys(hidden, "Int64"))
        shown.loc[unlimited, hidden] = pd.NA
        parts.append(shown.assign(**words).rename(columns={**_LABELS, **names, "group_code": "代码"}))
    table = pd.concat(parts, ignore_index=True)
    front = ["方案", "规则", "指标", "口径", "口径说明", "分组", "代码", "名称", "县（区）"]
    return table[[*front, *(one for one in table.columns if one not in front)]]


def worst_list(comparison: Comparison) -> pd.DataFrame:
    """Return the farthest settlements against the first scenario, before and after."""
    parts = []
    for pair in comparison.first_pairs:
        table = pair.worst
        scale = table["unit"].map({"mm": 1_000_000, "ms": 60_000})
        out = {"方案": _against(pair), "规则": table["rule"], "指标": table["rule_label"], "口径": table["reading"],
               "口径说明": table["reading_label"], "居民点编号": table["id"], "居民点": table["name"],
               "乡镇（街道）": table["town_name"], "县（区）": table["county_name"], "人口（人）": table["population"]}  # fmt: skip
        for side, word in (("before", "前者"), ("after", "后者")):
            out[f"{word}名次"] = table[f"rank_{side}"]
            out[f"{word}最近机构"] = table[f"facility_name_{side}"]
            out[f"{word}距离或时间"] = table[f"cost_{side}"] / scale
            out[f"{word}读作"] = [far_text(*one) for one in zip(table[f"cost_{side}"], table["unit"], strict=True)]
        parts.append(pd.DataFrame({**out, "单位": table["unit"].map({"mm": "公里", "ms": "分钟"})}))
    return pd.concat(parts, ignore_index=True)


def sites_list(comparison: Comparison) -> pd.DataFrame:
    """Return the facilities that differ from the first scenario's."""
    kinds = {"": "", **{kind: names[0] for kind, names in FACILITY_KINDS.items()}}
    states = {"": "", **{state: names[0] for state, names in FACILITY_STATUS.items()}}
    parts = []
    for pair in comparison.first_pairs:
        table = worded(pair.sites)
        out = {"方案": _against(pair), "变化": table["word"], "机构编号": table["id"], "机构名称": table["name"],
               "乡镇（街道）": table["town_name"], "县（区）": table["county_name"]}  # fmt: skip
        for side, word in (("before", "前者"), ("after", "后者")):
            out |= {f"{word}类型": table[f"kind_{side}"].map(kinds), f"{word}状态": table[f"status_{side}"].map(states),
                    f"{word}经度": table[f"lon_{side}"], f"{word}纬度": table[f"lat_{side}"]}  # fmt: skip
        parts.append(
            pd.DataFrame({**out, "迁移（米）": table["moved_m"], "其他变更的列": table["fields"]}, index=table.index)
        )
    return pd.concat(parts, ignore_index=True)


def _against(pair: Pair) -> str:
    return f"{pair.after.label} 比 {pair.before.label}"


def write_outputs(folder: Path, comparison: Comparison, step: Step) -> None:
    """Write every output into an empty folder, the manifest last."""
    from planner.errors import Text

    step(Text("写出对比表", "writing the lists"))
    lists = {FINDINGS_LIST: findings_list, PEOPLE_LIST: people_list, WORST_LIST: worst_list, SITES_LIST: sites_list}
    for name, made in lists.items():
        write_csv(folder / name, made(comparison))
    (folder / WORDS).write_text(all_said(comparison), encoding="utf-8-sig", newline="\r\n")
    step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
    write_document(folder / WORKBOOK, document_of(comparison))
    step(Text("绘制地图", "drawing the maps"))
    (folder / PAGE).write_text(view_of(comparison), encoding="utf-8", newline="\n")
    step(Text("写出清单 manifest.json", "writing the manifest"))
    text = json.dumps(_manifest(folder, comparison), ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _manifest(folder: Path, comparison: Comparison) -> dict[str, Any]:
    """Return what made these files, of what, with which parameters in each scenario, and the hash of each."""
    first = comparison.sides[0].judged
    region, rules = first.region, first.rules
    return {
        "tool": "fugai",
        "version": __version__,
        "region": {"name": region.about.name, "code": region.about.code, "crs": region.crs},
        "data_date": region.about.as_of,
        "notice": region.about.notice,
        "rules": {"id": rules.id, "document": rules.document, "issued": rules.issued, "city": rules.city},
        "inputs": [{"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in region.sources],
        "scenarios": [
            {
                "letter": side.letter,
                "name": side.scenario.name,
                "files": [{"file": one.file, "sha256": one.sha256} for one in (*side.sources, *side.choices.files)],
                "edits": len(side.scenario.edits),
                "parameters": parameters(side.judged.rules),
            }
            for side in comparison.sides
        ],
        "nearer_or_farther_from": {"mm": comparison.noticed.mm, "ms": comparison.noticed.ms},
        "credits": list(region.about.credits),
        "outputs": outputs_of(folder),
    }


# 方案比较.xlsx: the sentences, the indicators, who is better and worse off, the farthest places and the facilities.

WORKBOOK = "方案比较.xlsx"
_TOWN_NOTE = (
    "注：逐个居民点比较到最近机构的距离（或时间），变近、变远按人口计，差别不到限值的算不变（限值见总览）；变近＋变远＋不变＝人口。只列有变化的乡镇（街道）和城乡、民族乡、县（区）、全市各组；"
    "每条规则只列作判断的口径及其道路口径，其余口径见 人群变化.csv。同一居民可能涉及几个指标，各指标的人口不相加。"
)
_FINDINGS_NOTE = "注：全市各行都列；县（区）、乡镇（街道）只列有变化的；村（社区）和没有变化的见 指标对比.csv。“变化”按整数人数、单位数判断，没有差别的写“不变”。两个方案的人口不同的，前者也按后者的人口计算。"
_WORST_NOTE = "注：只列有人变近或变远的主要口径（全部见 最远居民点.csv），每个口径列出前者和后者各自最远的 10 个居民点，按后者的名次排列；名次 1 为最远，不可达的排在最前。"
_SUMMARY = (
    Col("number", "序号", 4, "centre"),
    Col("side", "方案", 24),
    Col("text", "内容", 104),
)
_FINDINGS = (
    Col("number", "序号", 4.5, "centre"),
    Col("pair", "方案", 11, "centre"),
    Col("rule_label", "名称", 21, group="指标"),
    Col("reading_label", "口径", 22, group="指标"),
    Col("place", "范围", 13, "centre", group="指标"),
    Col("", "前者", 11, "centre", group="现状值", shown=lambda row: row["texts"][0]),
    Col("", "后者", 11, "centre", group="现状值", shown=lambda row: row["texts"][1]),
    Col("", "变化", 12, "centre", group="现状值", shown=lambda row: row["texts"][2]),
    Col("people", "覆盖人口\n变化（人）", 9.5, "centre"),
    Col("", "前者", 8, "centre", group="完成情况", shown=lambda row: STATUS_LABELS.get(row["status_before"], "—")),
    Col("", "后者", 8, "centre", group="完成情况", shown=lambda row: STATUS_LABELS.get(row["status_after"], "—")),
)
_PEOPLE_SHEETS = (
    Col("number", "序号", 4.5, "centre"),
    Col("pair", "方案", 10, "centre"),
    Col("rule_label", "名称", 19, group="指标"),
    Col("reading_label", "口径", 19, group="指标"),
    Col("", "分组", 9, "centre", group="人群", shown=lambda row: GROUP_LABELS[row["group_kind"]]),
    Col("group_name", "名称", 15, group="人群"),
    Col("population", "人口", 9, "number"),
    Col("better", "变近", 8.5, "number", group="到最近机构（人）"),
    Col("worse", "变远", 8.5, "number", group="到最近机构（人）"),
    Col("same", "不变", 9, "number", group="到最近机构（人）"),
    Col("", "新覆盖", 8.5, "number", group="覆盖（人）", shown=lambda row: _limited(row, "newly_covered")),
    Col("", "不再覆盖", 8.5, "number", group="覆盖（人）", shown=lambda row: _limited(row, "newly_uncovered")),
    Col("", "新覆盖", 8.5, "number", group="其中因限度不同（人）", shown=lambda row: _limited(row, "covered_by_limit")),
    Col(
        "",
        "不再覆盖",
        8.5,
        "number",
        group="其中因限度不同（人）",
        shown=lambda row: _limited(row, "uncovered_by_limit"),
    ),
)
_WORST = (
    Col("number", "序号", 4.5, "centre"),
    Col("pair", "方案", 9, "centre"),
    Col("rule_label", "名称", 16, group="指标"),
    Col("reading_label", "口径", 16, group="指标"),
    Col("county_name", "县（区）", 8, "centre", group="居民点"),
    Col("town_name", "乡镇（街道）", 10, group="居民点"),
    Col("name", "村（社区）", 13, group="居民点"),
    Col("population", "人口", 6.5, "number", group="居民点"),
    Col("rank_before", "名次", 5, "centre", group="前者"),
    Col("", "最近机构", 12, group="前者", shown=lambda row: row["facility_name_before"] or "—"),
    Col("", "多远", 9, "centre", group="前者", shown=lambda row: row["far"][0]),
    Col("rank_after", "名次", 5, "centre", group="后者"),
    Col("", "最近机构", 12, group="后者", shown=lambda row: row["facility_name_after"] or "—"),
    Col("", "多远", 9, "centre", group="后者", shown=lambda row: row["far"][1]),
)
_SITES = (
    Col("number", "序号", 4.5, "centre"),
    Col("pair", "方案", 12, "centre"),
    Col("", "变化", 7, "centre", shown=site_word),
    Col("id", "编号", 12, group="机构"),
    Col("name", "名称", 27, group="机构"),
    Col("", "类型", 20, group="机构", shown=kind_text),
    Col("county_name", "县（区）", 9, "centre", group="机构"),
    Col("town_name", "乡镇（街道）", 13, group="机构"),
    Col(
        "",
        "迁移\n（公里）",
        8,
        "kilometres",
        shown=lambda row: row["moved_m"] / 1000 if row["change"] == "moved" else "—",
    ),
    Col("", "其他变更", 17, shown=lambda row: row["fields"] or "—"),
)


def _limited(row: Mapping[str, Any], name: str) -> str | float:
    return int(row[name]) if row["has_limit"] else "—"


def document_of(comparison: Comparison) -> Document:
    """Return all scenarios against the first as a document."""
    region = comparison.region
    city = region.about.name
    nobody = "没有人变近或变远。" if any(pair.questions for pair in comparison.first_pairs) else NO_WAYS
    tables = (
        Table("总览", f"{city}方案比较总览", _SUMMARY, _summary(comparison), empty="没有方案。"),
        Table("指标对比", f"{city}方案指标对比", _FINDINGS, _findings(comparison), [_FINDINGS_NOTE], "没有指标。"),
        Table(
            "人群变化(按乡镇)",
            f"{city}方案人群变化",
            _PEOPLE_SHEETS,
            _people(comparison),
            [_TOWN_NOTE, AGE_NOTE],
            nobody,
        ),
        Table("最远居民点", f"{city}最远居民点对比", _WORST, _worst(comparison), [_WORST_NOTE], nobody),
        Table("机构变化", f"{city}机构变化", _SITES, _sites(comparison), empty="各方案的机构相同。"),
    )
    accuracy = region.about.accuracy if region.about.notice else ""
    return Document("方案比较", region, tables, _lines(comparison), region.about.notice, accuracy)


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


def _lines(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what is compared and what all numbers rest on."""
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
    return [*lines, *explanations(region, first.rules, readings)]
