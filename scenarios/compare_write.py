"""The outputs of a comparison: four lists as CSV, the page, the sentences, and the manifest that comes last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from maps.compare import Between, View, compare_map
from planner.compare import (
    COUNTS,
    GROUP_WORDS,
    Cost,
    Noticed,
    Question,
    aligned,
    main_readings,
    question_of,
    row_texts,
    share,
)
from planner.errors import Text
from planner.findings import kinds_read
from planner.road import Road
from planner.rules import parameter_texts
from planner.schema import FACILITY_KINDS, FACILITY_STATUS, FINDINGS, LEVEL_LABELS, STATUS_LABELS
from planner.text import (
    amount_text,
    amounts_apart,
    basis_of,
    change_text,
    exact_text,
    limit_text,
    money_text,
    people_text,
    point_change,
    shares_apart,
)
from planner.travel import bare
from scenarios.compare import AS_IT_IS, LETTERS, Comparison, Pair, Side
from scenarios.document import Col, Document, Table, records
from scenarios.export.explain import explanations
from scenarios.export.manifest import inputs_part, parameters, rules_part, write_record
from scenarios.export.sheet import write_document
from scenarios.run import Step, furniture
from scenarios.ways import closed_lines, time_lines

PAGE, WORDS = "方案比较.html", "说明.txt"
FINDINGS_LIST, PEOPLE_LIST, WORST_LIST, SITES_LIST = "指标对比.csv", "人群变化.csv", "最远居民点.csv", "机构变化.csv"
GROUP_LABELS: Mapping[str, str] = MappingProxyType(
    {"city": "全市", "census": "城乡", "ethnic": "民族乡", "county": "县（区）", "town": "乡镇（街道）"}
)
AGE_NOTE = "数据没有年龄结构，不能按年龄分组；按县（区）列出代替。"
_LABELS = {one.name: one.heading for one in FINDINGS.fields}
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
    return (*pair_lines(pair), own) if pair.rejudged else pair_lines(pair)


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
    step(Text("写出对比表", "writing the lists"))
    lists = {FINDINGS_LIST: findings_list, PEOPLE_LIST: people_list, WORST_LIST: worst_list, SITES_LIST: sites_list}
    for name, made in lists.items():
        write_csv(folder / name, made(comparison))
    (folder / WORDS).write_text(comparison_text(comparison), encoding="utf-8-sig", newline="\r\n")
    step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
    write_document(folder / WORKBOOK, document_of(comparison))
    step(Text("绘制地图", "drawing the maps"))
    (folder / PAGE).write_text(view_of(comparison), encoding="utf-8", newline="\n")
    step(Text("写出清单 manifest.json", "writing the manifest"))
    write_record(folder, comparison.region, _record(comparison))


def _record(comparison: Comparison) -> dict[str, Any]:
    """Return what the manifest tells: the law, the files, and the parameters of each scenario."""
    first = comparison.sides[0].judged
    return {
        **rules_part(first.rules),
        **inputs_part(first.region.sources),
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
        "credits": list(first.region.about.credits),
    }


# 方案比较.xlsx: the sentences, the indicators, who is better and worse off, the farthest places and the facilities.

WORKBOOK = "方案比较.xlsx"
_TOWN_NOTE = (
    "注：逐个居民点比较到最近机构的距离（或时间），变近、变远按人口计，差别不到限值的算不变（限值见总览）；变近＋变远＋不变＝人口。只列有变化的乡镇（街道）和城乡、民族乡、县（区）、全市各组；"
    "每条规则只列作判断的口径及其道路口径，其余口径见 人群变化.csv。同一居民可能涉及几个指标，各指标的人口不相加。"
)
_FINDINGS_NOTE = "注：全市各行都列；县（区）、乡镇（街道）只列有变化的；村（社区）和没有变化的见 指标对比.csv。“变化”按整数人数、单位数判断，没有差别的写“不变”。两个方案的人口不同的，前者也按后者的人口计算。"
_WORST_NOTE = "注：只列有人变近或变远的主要口径（全部见 最远居民点.csv），每个口径列出前者和后者各自最远的 10 个居民点，按后者的名次排列；名次 1 为最远，不可达的排在最前。"
SITE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "opened": "新设",
        "started": "启用",
        "closed": "停用",
        "absent": "不设",
        "moved": "迁址",
        "kind": "改类型",
        "changed": "变更",
        "enlarged": "扩建",
    }
)


def site_word(row: Mapping[str, Any]) -> str:
    """Return the word for one row of Pair.sites."""
    if row["change"] == "added":
        return SITE_WORDS["started" if row["status_before"] else "opened"]
    if row["change"] == "closed":
        return SITE_WORDS["closed" if row["status_after"] else "absent"]
    return SITE_WORDS["enlarged" if row["enlarged"] else row["change"]]


def kind_text(row: Mapping[str, Any]) -> str:
    """Return the kind of a facility, and what it becomes where that changes.

    >>> kind_text({"kind_before": "hospital", "kind_after": "county_subcenter"})
    '医院 → 县域医疗卫生次中心'
    """
    kinds = [FACILITY_KINDS[row[name]][0] for name in ("kind_before", "kind_after") if row[name]]
    return " → ".join(dict.fromkeys(kinds))


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
        rows += [{"side": _name(pair), "text": text} for text in sentences(pair)[1:]]
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
            people = (
                change_text(row["covered_before"], row["covered_after"]) if basis_of(row["unit"]) == "people" else "—"
            )
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


# What two scenarios do not share, in sentences that a director can read; each is made of the numbers it says.

"""What is said of a facility of which the later scenario decides otherwise than the earlier one."""
NO_CHANGE = "两个方案的结果逐项相同：指标、缺口、机构和每个居民点的远近都没有变化。"
NO_CHANGE_BUT_WAYS = "两个方案的结果逐项相同：指标、缺口和机构都没有变化。"
NO_WAYS = "没有按居民路程计算的指标，居民的远近没有比较。"
"""Said where no rule and no question asks how far people have: nobody may be said to be as near as before."""
_NAMED = 5
_JUDGED = ("rule", "status_before", "status_after")


def far_text(cost: float, unit: str) -> str:
    """Return a distance or a time as people say it.

    >>> far_text(12_345_678.0, "mm"), far_text(90_000.0, "ms"), far_text(float("nan"), "mm")
    ('12.35 公里', '1.5 分钟', '不可达')
    """
    return "不可达" if pd.isna(cost) else amount_text(cost, unit)


def far_texts(before: float, after: float, unit: str) -> tuple[str, str]:
    """Return two distances so that different ones look different.

    >>> far_texts(5_000_001.0, 5_000_002.0, "mm"), far_texts(5_000_000.0, 5_000_000.0, "mm")
    (('5.000001 公里', '5.000002 公里'), ('5.00 公里', '5.00 公里'))
    """
    if pd.isna(before) or pd.isna(after):
        return far_text(before, unit), far_text(after, unit)
    was, now = amounts_apart([before, after], unit)
    return was.zh, now.zh


def cost_text(cost: Cost) -> str:
    """Return what the decisions cost.

    >>> cost_text(Cost(1200.0, 1, 3)), cost_text(Cost(0.0, 2, 2)), cost_text(Cost(0.0, 0, 0))
    ('3 项决定，其中 2 项合计 1,200 万元，另 1 项没有写明费用', '2 项决定，都没有写明费用', '没有改动，没有费用')
    """
    if not cost.edits:
        return "没有改动，没有费用"
    if cost.unknown == cost.edits:
        return f"{cost.edits} 项决定，都没有写明费用"
    total = f"合计 {money_text(cost.total)}"
    if cost.unknown:
        return f"{cost.edits} 项决定，其中 {cost.edits - cost.unknown} 项{total}，另 {cost.unknown} 项没有写明费用"
    return f"{cost.edits} 项决定，{total}"


@lru_cache(maxsize=len(LETTERS) ** 2)
def pair_lines(pair: Pair) -> tuple[str, ...]:
    """Return the sentences on one pair, the most important first, and the data's notice; page and terminal say the same."""
    notice = pair.after.judged.region.about.notice
    return (*sentences(pair), *([f"{notice}。"] if notice else []))


def sentences(pair: Pair) -> tuple[str, ...]:
    """Return the sentences on one pair, the most important first."""
    before, after = pair.before, pair.after
    out = [f"“{after.label}”与“{before.label}”相比："]
    if pair.rejudged:
        out.append(
            f"人口：两个方案的人口不同，以下各数都按 {after.label} 的人口，{before.label} 也按这一人口重新计算，差别都来自决定，不是人口。"
        )
    if pair.is_same:
        out += [NO_CHANGE] if pair.questions else [NO_CHANGE_BUT_WAYS, NO_WAYS]
    else:
        out += [_sites_text(pair), *_clauses(pair), *_values(pair), *_people_text(pair)]
    out += [
        *([] if pair.is_same or not pair.questions else [noticed_text(pair.noticed)]),
        *_one_sided(pair),
        *_assumed(before, after, pair.rejudged),
        f"费用：{before.label}，{cost_text(before.cost)}；{after.label}，{cost_text(after.cost)}。",
    ]
    return tuple(out)


def _listed(names: Sequence[str]) -> str:
    shown = "、".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown}等"


def _sites_text(pair: Pair) -> str:
    words: dict[str, list[str]] = {}
    for row in records(pair.sites):
        words.setdefault(site_word(row), []).append(str(row["name"]))
    if not words:
        return "机构：没有变化。"
    return "机构：" + "；".join(f"{word} {len(names)} 处（{_listed(names)}）" for word, names in words.items()) + "。"


def _clauses(pair: Pair) -> Iterator[str]:
    """Say which clauses the whole city newly meets or breaks, and how the gap list changes; of what both sides judge."""
    judged = {
        row[0] for row in pair.findings[list(_JUDGED)].itertuples(index=False) if {row[1], row[2]} <= {"met", "not_met"}
    }
    if not judged:
        yield "条款：没有两边都作判断的，不说达标与否。"
        return
    city = pair.clauses[pair.clauses["level"] == "city"]
    kinds = {one: [str(label) for label in city.loc[city["change"] == one, "rule_label"]] for one in ("met", "broken")}
    if kinds["met"]:
        yield f"全市新达标的条款 {len(kinds['met'])} 项：{'、'.join(kinds['met'])}。"
    if kinds["broken"]:
        yield f"全市由达标变为未达标的条款 {len(kinds['broken'])} 项：{'、'.join(kinds['broken'])}。"
    if not len(city):
        yield "按全市看，没有条款新达标，也没有条款由达标变为未达标。"
    rules = dict(zip(pair.findings["gap_id"], pair.findings["rule"], strict=True))
    old, new = ({gap for gap in side.gaps if rules[gap] in judged} for side in (pair.before, pair.after))
    partly = "" if len(old) + len(new) == len(pair.before.gaps) + len(pair.after.gaps) else "（只计两边都作判断的条款）"
    if old == new:
        yield f"缺口清单{partly}仍为 {len(old)} 项，没有增减。"
        return
    moved = [
        f"{word} {count} 项" for word, count in (("不再列入", len(old - new)), ("新列入", len(new - old))) if count
    ]
    size = f"由 {len(old)} 项变为 {len(new)} 项" if len(old) != len(new) else f"仍为 {len(new)} 项，但不是同样的"
    yield f"缺口清单{partly}{size}：{'，'.join(moved)}。"


def noticed_text(noticed: Noticed) -> str:
    """Return from which change on somebody counts as nearer or farther.

    >>> noticed_text(Noticed())
    '变近、变远：到最近机构的距离至少差 0.1 公里、时间至少差 1 分钟才计入（参数，假设）；由不可达变为可达、由可达变为不可达都计入。'
    """
    mm, ms = (limit_text(noticed.of(unit), unit) for unit in ("mm", "ms"))
    return f"变近、变远：到最近机构的距离至少差 {mm}、时间至少差 {ms}才计入（参数，假设）；由不可达变为可达、由可达变为不可达都计入。"


def _one_sided(pair: Pair) -> Iterator[str]:
    """Name the readings of which only one scenario has findings: they are not compared, and nobody may take them for equal."""
    sides = {side.label: side.judged.findings for side in (pair.before, pair.after)}
    readings = [set(zip(one["rule_label"], one["reading_label"], strict=True)) for one in sides.values()]
    for label, own, others in zip(sides, readings, readings[::-1], strict=True):
        names = [f"{rule}（{reading}）" for rule, reading in sorted(own - others)]
        if names:
            yield f"只有 {label} 能算、没有比较的口径 {len(names)} 个：{_listed(names)}。"


def _values(pair: Pair) -> Iterator[str]:
    """Say how the city's value changes by the main readings of which no sentence on people tells it: of units and counts."""
    told = {one.id for one in pair.questions if one.limit is not None}
    main = {(rule.id, name) for rule in pair.after.judged.rules.rules for name in main_readings(rule)}
    rows = pair.findings[(pair.findings["level"] == "city") & pair.findings["changed"]]
    for row in records(rows):
        if (row["rule"], row["reading"]) in main - told:
            before, after, change = row_texts(row)
            if before != after:
                yield f"{row['rule_label']}（{row['reading_label']}）：全市由 {before}变为 {after}（{change}）。"


def _people_text(pair: Pair) -> Iterator[str]:
    """Say of each main question in which something changed: the covered, who gains, who loses, and the farthest place."""
    people = pair.people[pair.people["is_main"].astype(bool)]
    city = records(people[people["group_kind"] == "city"])
    told = {(row["rule"], row["reading"]): row for row in records(pair.findings[pair.findings["level"] == "city"])}
    still = slight = 0
    if not pair.questions:
        yield NO_WAYS
    for row in city:
        key = row["rule"], row["reading"]
        found = told.get(key) if row["has_limit"] else None
        if not row["better"] and not row["worse"] and not (found and found["changed"]):
            still, slight = still + 1, max(slight, int(row["slight"]))
            continue
        aside = "，只作参考" if found and "not_judged" in {found["status_before"], found["status_after"]} else ""
        mine = people[(people["rule"] == key[0]) & (people["reading"] == key[1])]
        worst = pair.worst[(pair.worst["rule"] == key[0]) & (pair.worst["reading"] == key[1])]
        head = f"{row['rule_label']}（{row['reading_label']}{aside}）："
        yield "".join([head, _covered(found), _moved(pair, mine, row), _limited_text(pair, row), _farthest(worst)])
    if still:
        whose = f"其余 {still} 个按居民计算的主要口径" if still < len(city) else "按居民计算的各主要口径"
        yield f"{whose}，没有人变近或变远" + (
            f"（差别不到限值的，每个口径至多 {people_text(slight)}）。" if slight else "。"
        )


def _covered(found: Mapping[str, Any] | None) -> str:
    """Say how many of whom are covered, from the city's row of findings; nothing where the question has no limit."""
    if found is None:
        return ""
    before, after = (share(found[f"covered_{side}"], found[f"population_{side}"]) for side in ("before", "after"))
    if before is None or after is None:
        return ""
    old, new = int(found["covered_before"]), int(found["covered_after"])
    texts, whole = shares_apart([before, after]), int(found["population_after"])
    head = f"{found['denominator']} {people_text(whole)}中"
    if old == new and before == after:
        return f"{head}，覆盖仍为 {people_text(new)}（{texts[1]}）；"
    moved = f"多 {people_text(new - old)}" if new > old else f"少 {people_text(old - new)}" if new < old else "人数不变"
    return f"{head}，覆盖由 {people_text(old)}变为 {people_text(new)}，{moved}（{texts[0]} → {texts[1]}，{point_change(before, after)}）；"


def _moved(pair: Pair, mine: pd.DataFrame, row: Mapping[str, Any]) -> str:
    """Say who gains and who loses, in which towns most lose, and whose way differs by less than counts."""
    closed = row["better"] and _only_closed(pair, _asked(pair, row))
    gained = f"{people_text(row['better'])}变近" + ("（改接到未封闭道路所致）" if closed else "")
    lost = f"{people_text(row['worse'])}变远" + (f"，在{_towns(mine)}" if row["worse"] else "")
    slight = f"；另有 {people_text(row['slight'])}的差别不到 {_least(pair, row)}，不计" if row["slight"] else ""
    won, gone = (row[f"newly_{one}"] - row[f"{one}_by_limit"] for one in ("covered", "uncovered"))
    turned = (("新覆盖", won), ("不再覆盖", gone))
    covered = "".join(f"；{word} {people_text(people)}" for word, people in turned if people)
    return f"{gained if row['better'] else '没有人变近'}，{lost if row['worse'] else '没有人变远'}{slight}{covered}；"


def _towns(mine: pd.DataFrame) -> str:
    """Return the towns in which most lose, of the rows of one question."""
    towns = mine[(mine["group_kind"] == "town") & (mine["worse"] > 0)]
    towns = towns.sort_values(["worse", "group_code"], ascending=[False, True], kind="stable")
    names = [f"{one['group_name']} {people_text(one['worse'])}" for one in records(towns.head(_NAMED))]
    return "、".join(names) + (f"等 {len(towns)} 个乡镇（街道）" if len(towns) > _NAMED else "")


def _least(pair: Pair, row: Mapping[str, Any]) -> str:
    unit = pair.after.judged.travels[_asked(pair, row).travel].unit
    return limit_text(pair.noticed.of(unit), unit)


def _limited_text(pair: Pair, row: Mapping[str, Any]) -> str:
    """Say whose cover turned with the limit alone: their way has not become worse, or better."""
    turned = (("不再覆盖", row["uncovered_by_limit"]), ("新覆盖", row["covered_by_limit"]))
    parts = "，".join(f"{word} {people_text(people)}" for word, people in turned if people)
    question = _asked(pair, row)
    earlier = question_of(pair.before.judged.rules, question)
    if not parts or earlier is None or earlier.limit is None or question.limit is None:
        return ""
    unit = pair.after.judged.travels[question.travel].unit
    limits = [limit_text(one.limit, unit) for one in (earlier, question)]
    return f"因限度由 {limits[0]}改为 {limits[1]}，{parts}；"


def _asked(pair: Pair, row: Mapping[str, Any]) -> Question:
    return next(one for one in pair.questions if one.id == (row["rule"], row["reading"]))


def _only_closed(pair: Pair, question: Question) -> bool:
    """Whether the later one has the same roads less some, and no site that the earlier has not: nobody then drives less.

    Who gets nearer all the same now joins another road than before, which is closed.
    """
    sides = pair.before.judged, pair.after.judged
    was, now = (bare(one.travels.get(question.travel)) for one in sides)
    if not isinstance(was, Road) or not isinstance(now, Road) or (now.open_edges & ~was.open_edges).any():
        return False
    names = ("speeds", "own_speeds", "delay_s", "max_snap_m")
    if any(getattr(was, name) != getattr(now, name) for name in names) or (was.open_edges == now.open_edges).all():
        return False
    before, after = (
        question.sites(one.region)[["id", "lon", "lat"]].itertuples(index=False, name=None) for one in sides
    )
    return set(after) <= set(before)


def _farthest(worst: pd.DataFrame) -> str:
    """Say where the farthest settlement is now, and where it was."""
    rows = records(worst)
    old, new = (next(row for row in rows if row[f"rank_{side}"] == 1) for side in ("before", "after"))
    if old["id"] == new["id"]:
        was, now = far_texts(old["cost_before"], new["cost_after"], new["unit"])
        if was == now:
            return f"最远的居民点仍为{_place(new)}，{now}。"
        return f"最远的居民点仍为{_place(new)}，由 {was}变为 {now}。"
    was = far_text(old["cost_before"], old["unit"])
    return f"最远的居民点由{_place(old)}（{was}）变为{_place(new)}（{far_text(new['cost_after'], new['unit'])}）。"


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['county_name']}{row['town_name']}{row['name']}"


def _assumed(before: Side, after: Side, rejudged: bool) -> Iterator[str]:
    """Say what else a scenario assumes: other numbers in the rules, another year's people, other roads and speeds.

    rejudged: the earlier side is told with the later one's people, its own year is then not said.
    """
    for side in (before, after):
        for override in side.scenario.overrides:
            rule = next((rule for rule in side.judged.rules.rules if rule.id == override.rule), None)
            if rule is not None:
                judged = "照原参数判断" if any(one.judged for one in rule.readings) else "该条只作参考，不作判断"
                yield f"{side.label}把“{rule.label}”的参数改为 {parameter_texts(override.params)}，{judged}。"
        if side.scenario.population is not None and not (rejudged and side is before):
            yield f"{side.label} 按 {side.scenario.population.year} 年的人口计算。"
        if side.scenario.service_areas:
            areas = side.scenario.service_areas
            yield f"{side.label}划定了 {len(areas)} 个服务范围，共 {len({one for area in areas for one in area.communities})} 个社区。"
        yield from (f"{side.label}：“{one.found}”{one.what.zh}。" for one in side.doubts)
        yield from (f"{side.label}：{line}" for line in travel_lines(side))


def travel_lines(side: Side) -> list[str]:
    """Return how the side travels where it decides on roads, in the words of every output; nothing where it does not."""
    road, timed = (bare(side.judged.travels.get(one)) for one in ("road", "road_time"))
    if not isinstance(road, Road):
        return []
    lines = closed_lines(road, side.choices)
    if isinstance(timed, Road) and not side.choices.asks_for_time:
        lines.append(
            f"没有写明时速和调度，为与另一方案按时间相比，用内置的假设时速，调度 {exact_text(timed.delay_s / 60)} 分钟。"
        )
    if side.choices.max_snap_m != AS_IT_IS.max_snap_m:
        lines.append(f"离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内算能上路，更远的为不可达。")
    return [
        *lines,
        *(time_lines(timed, side.choices, "时间口径（参考，不作判断）") if isinstance(timed, Road) else ()),
    ]


def place_text(row: Mapping[str, Any]) -> str:
    """Return of what place a row of findings speaks."""
    return LEVEL_LABELS["city"] if row["level"] == "city" else str(row["subject_name"])


def comparison_text(comparison: Comparison) -> str:
    """Return 说明.txt: the sentences on each scenario against the first."""
    return "\n\n".join("\n".join(pair_lines(pair)) for pair in comparison.first_pairs) + "\n"
