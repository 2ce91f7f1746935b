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
from planner.compare import COUNTS, GROUP_WORDS, aligned
from planner.findings import kinds_read
from planner.schema import FACILITY_KINDS, FACILITY_STATUS, FINDINGS, LEVEL_LABELS, STATUS_LABELS
from scenarios.compare import Comparison, Pair
from scenarios.compare_said import all_said, far_text, said, site_word
from scenarios.export.folder import MANIFEST
from scenarios.export.manifest import outputs_of, parameters
from scenarios.export.sheet import records
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
    from scenarios.export.compare_workbook import WORKBOOK, write_workbook

    step(Text("写出对比表", "writing the lists"))
    lists = {FINDINGS_LIST: findings_list, PEOPLE_LIST: people_list, WORST_LIST: worst_list, SITES_LIST: sites_list}
    for name, made in lists.items():
        write_csv(folder / name, made(comparison))
    (folder / WORDS).write_text(all_said(comparison), encoding="utf-8-sig", newline="\r\n")
    step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
    write_workbook(folder / WORKBOOK, comparison)
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
