"""The gap workbook: an official attachment with the gap list, the state of every indicator, and the data to supply."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from planner.hospitals import unclassed, ungraded
from planner.measures import measure_of
from planner.region import Region
from planner.rules import Rule, Rules
from planner.schema import FACILITIES, FACILITY_KINDS, LEVEL_LABELS, STATUS_LABELS
from planner.text import UNITS, apart, basis_of, count_text, known_text, value_text
from scenarios.document import Col, Document, Section, Table, records
from scenarios.export.explain import explanations
from scenarios.export.roads import road_tables
from scenarios.export.sheet import write_document
from scenarios.verdict import MISSING, STATE, UNJUDGED, Verdict, verdict_of
from scenarios.ways import RoadView

__all__ = ["FOREIGN", "completion_text", "records", "write_workbook"]

FOREIGN = "本数据不属于条款所在城市，未作判断。"
_NAMES_SHOWN = 40
_COUNTY = "县\n（区）"
_PEOPLE = "涉及人口\n（人）"


def document_of(
    region: Region, rules: Rules, findings: pd.DataFrame, county_code: str = "", roads: RoadView | None = None,
    decided: Sequence[tuple[str, str]] = (),
) -> Document:  # fmt: skip
    """Return the document of one county, or of the whole city where `county_code` is "", with two tables about its roads.

    `decided` is what 说明 tells of the scenario, (label, sentence).
    """
    name, mine = region.about.name, findings
    if county_code:
        name = region.counties.set_index("code")["name"][county_code]
        mine = findings[findings["county_code"] == county_code]
    foreign = "" if region.about.code.startswith(rules.city) else FOREIGN
    notice = "　".join(part for part in (region.about.notice, foreign) if part)
    verdict = verdict_of(findings, rules, county_code)
    tables = (
        _gap_list(name, verdict, rules, foreign, county_code),
        _unjudged_list(name, verdict, rules, county_code),
        _state_table(name, mine, rules, foreign, county_code),
        _missing_table(name, verdict, rules, region, foreign, county_code),
        *(road_tables(roads, name, county_code) if roads is not None else ()),
    )
    readings = set(zip(findings["rule"], findings["reading"], strict=True))
    lines = explanations(region, rules, readings, roads.said if roads else (), decided)
    accuracy = region.about.accuracy if region.about.notice else ""
    return Document("医疗卫生设施布局缺口清单", region, tables, lines, notice, accuracy)


def write_workbook(
    path: Path, region: Region, rules: Rules, findings: pd.DataFrame, county_code: str = "",
    roads: RoadView | None = None, decided: Sequence[tuple[str, str]] = (),
) -> None:  # fmt: skip
    """Write the workbook of one county, or of the whole city where `county_code` is ""."""
    write_document(path, document_of(region, rules, findings, county_code, roads, decided))


def _shown(row: Mapping[str, Any], name: str) -> str:
    """Return the number with its unit, as people read it: 83.25%, 2 所."""
    unit, numbers = row["unit"], [row["value"], row["required"], row["gap"]]
    if basis_of(unit) == "people" or pd.isna(row[name]):
        return value_text(row[name], unit)
    return f"{apart(numbers)[numbers.index(row[name])]} {unit}"


def _short_people(row: Mapping[str, Any]) -> float:
    return float(row["uncovered"] + row["unreachable"])


def _people_cell(row: Mapping[str, Any]) -> str | float:
    """Return whom a row concerns; a number of facilities for the whole city concerns nobody in particular, not 0 people."""
    counted = row["level"] == "city" and not row["population"] and not row["population_no_data"]
    return "—" if counted else _short_people(row)


def _kilometres(row: Mapping[str, Any]) -> str | float:
    return "" if pd.isna(row["distance_m"]) else row["distance_m"] / 1000


def _remedy(row: Mapping[str, Any]) -> str:
    return "；".join(part for part in (row["remedy"].replace("、", "、\n"), row["note"]) if part)


_CERTAINTY = {True: "含估算", False: "据实"}

_GAPS = (
    Col("number", "序号", 3.5, "centre"),
    Col("county_name", _COUNTY, 6, group="地点", shown=lambda row: row["county_name"] or LEVEL_LABELS["city"]),
    Col("town_name", "乡镇\n（街道）", 8.5, group="地点"),
    Col(
        "village",
        "村（社区）",
        10,
        group="地点",
        shown=lambda row: row["subject_name"] if row["level"] == "village" else "",
    ),
    Col("rule_label", "指标", 12, group="条款"),
    Col("clause", "章节与条文", 17.5, group="条款", shown=lambda row: f"{row['section']}：{row['quote']}"),
    Col("force", "语气", 6, "centre", group="条款"),
    Col("required_text", "要求", 11, group="现状与要求"),
    Col("", "现状", 6.5, "centre", group="现状与要求", shown=lambda row: _shown(row, "value")),
    Col("", "缺口", 6, "centre", group="现状与要求", shown=lambda row: _shown(row, "gap")),
    Col("people", _PEOPLE, 7.5, "number", shown=_people_cell),
    Col("nearest_facility_name", "名称", 10.5, group="最近机构（见注）"),
    Col("distance_m", "距离\n（公里）", 7.5, "kilometres", group="最近机构（见注）", shown=_kilometres),
    Col("", "建议措施", 7.5, "centre", shown=_remedy),
    Col("responsible", "责任单位", 7.5),
    Col("estimated", "数据\n可信度", 6, "centre", shown=lambda row: _CERTAINTY[bool(row["estimated"])]),
    Col("gap_id", "缺口编号", 34, "small", printed=False),
)
_BY_KEY = {col.key: col for col in _GAPS}
_UNJUDGED = (
    *(_BY_KEY[key] for key in ("number", "county_name", "town_name", "village", "rule_label", "clause", "force")),
    Col("required_text", "要求", 21.5, group="现状与要求"),
    Col("", "现状", 7.5, "centre", group="现状与要求", shown=lambda row: _shown(row, "value")),
    *(_BY_KEY[key] for key in ("people", "nearest_facility_name", "distance_m")),
    Col("note", "说明", 10),
    *(_BY_KEY[key] for key in ("estimated", "gap_id")),
)
_NEAREST_NOTE = (
    "注：“最近机构”按半径覆盖的指标（急救），是该乡镇最远的未覆盖居民点的最近机构；卫生院、社区卫生服务中心从乡镇（街道）的"
    "人口重心居民点量起，村卫生室从村的位置点量起。缺口编号在表右侧，不打印。"
)
_UNJUDGED_NOTE = (
    "注：这里的对象达不到条款所说（或参数所设）的情形，但条款没有给出可以判断的数值，或判断要用的资料名录里没有，所以不算缺口，也不能说达标。"
    "一个指标有几个口径的，只列主要的（作判断的；都不作判断的取第一个），其余见“指标完成情况”；还缺什么资料，见“待补数据清单”。"
)


def completion_text(row: Mapping[str, Any]) -> str:
    """Return 达标, 未达标 or 无法判断 with its reason; the one place where a status becomes the form's three words."""
    status = row["status"]
    if status in {"met", "not_met"}:
        return STATUS_LABELS[status]
    if status == "no_data":
        return "无法判断（缺数据）"
    reason = "外市条款" if row["foreign"] else "参考口径" if row["has_judge"] else "仅供对照"
    return f"无法判断（{STATUS_LABELS[status]}：{reason}）"


def _known(row: Mapping[str, Any], people: float) -> str | float:
    """Return the people of a row; of those whose case no data tell, nobody is counted as covered or not."""
    return "—" if row["population_no_data"] and not row["population"] else people


def _required(row: Mapping[str, Any]) -> str:
    return "；".join(part for part in (row["required_text"], row["note"]) if part)


_STATE = (
    Col("number", "序号", 3.5, "centre"),
    Col("rule_label", "名称", 14.5, group="指标"),
    Col("reading_label", "口径", 13, group="指标"),
    Col("place", "范围", 7, "centre", group="指标"),
    Col("nature", "性质", 6, "centre", group="指标", shown=lambda row: row["nature"] or "—"),
    Col("", "语气", 6.5, "centre", group="指标", shown=lambda row: row["force"] or "—"),
    Col("", "基期值", 6, "centre", group="数值", shown=lambda row: row["base"] or "—"),
    Col("", "目标值", 6, "centre", group="数值", shown=lambda row: row["target"] or "—"),
    Col("", "要求", 11.5, group="数值", shown=_required),
    Col("", "现状", 7, "centre", group="数值", shown=lambda row: _shown(row, "value")),
    Col("denominator_text", "分母", 11, group="数值"),
    Col("", "已覆盖\n（人）", 8, "number", group="人口", shown=lambda row: _known(row, row["covered"])),
    Col("", "未覆盖\n（人）", 8, "number", group="人口", shown=lambda row: _known(row, _short_people(row))),
    Col("", "完成情况", 12, "centre", shown=completion_text),
    Col("section", "出处", 9),
    Col("", "含\n估算", 4.5, "centre", shown=lambda row: "是" if row["estimated"] else "否"),
)

_MISSING = (
    Col("number", "序号", 3.5, "centre"),
    Col("rule_label", "名称", 20, group="指标"),
    Col("required_text", "要求", 13, group="指标"),
    Col("county_name", _COUNTY, 7.5, group="对象"),
    Col("town_name", "乡镇（街道）", 10.5, group="对象"),
    Col("count", "数量\n（个）", 6, "number", group="对象"),
    Col("names", "名称", 36, group="对象"),
    Col("people", _PEOPLE, 8, "number", group="对象"),
    Col("ask", "请补充", 28),
)


def _denominator(rule: Rule, row: Mapping[str, Any]) -> str:
    """Return of whom or of what the value is a part, how many they are, and whom it leaves out: 城市地区常住人口 23,011 人, 乡镇 12 个."""
    people = basis_of(row["unit"]) == "people"
    size = row["population"] if people else row["required"]
    if rule.gap_level == "city" or pd.isna(size):
        return str(row["denominator"])
    of = f"{rule.counted} {count_text(size)} {'人' if people else UNITS}"
    return of + known_text(row["population_no_data"])


def _state_rows(findings: pd.DataFrame, rules: Rules, level: str) -> list[dict[str, Any]]:
    """Return the rows of 指标完成情况: each rule and reading for the county, or for the city and each county."""
    by_id = {rule.id: rule for rule in rules.rules}
    wanted = ["county"] if level == "county" else ["city", "county"]
    rows = findings[findings["level"].isin(wanted)]
    pairs = [(rule.id, reading.id) for rule in rules.rules for reading in rule.readings]
    judging = {(rule.id, reading.id) for rule in rules.rules for reading in rule.readings if reading.judged}
    order = [pairs.index(pair) for pair in zip(rows["rule"], rows["reading"], strict=True)]
    rows = rows.assign(order=order, top=rows["level"].ne("city"))
    rows = rows.sort_values(["order", "top", "subject_code"], kind="stable")
    out = []
    for row in records(rows):
        rule = by_id[row["rule"]]
        out.append(
            {
                **row,
                "base": rule.base,
                "target": rule.target,
                "denominator_text": _denominator(rule, row),
                "place": LEVEL_LABELS["city"] if row["level"] == "city" else row["subject_name"],
                "has_judge": any(reading.judged for reading in rule.readings),
                "foreign": row["status"] == "not_judged" and (rule.id, row["reading"]) in judging,
            }
        )
    return out


def _ask(rule: Rule, *, has_villages: bool) -> str:
    """Return what the office is asked to supply so that this rule can be judged."""
    params = rule.readings[0].params
    if params.get("units") == "village" and not has_villages:
        return "村（社区）表：村的代码、名称、位置和人口"
    if "column" in params:
        label = FACILITIES.field(params["column"]).label
        return f"机构名录的“{label}”列"
    declared = measure_of(rule).kinds
    kinds = () if declared is None else declared(params)
    label = FACILITY_KINDS[kinds[0]][0] if kinds else "机构"
    return f"{label}的完整名录（确认一所也没有的，也请写明，由市里登记在 about.yaml）"


def _named(names: Sequence[str]) -> str:
    """Return the names, a long list cut short: all of them stand in findings.csv."""
    shown = "、".join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown}……等 {len(names)} 个（全部见 findings.csv）"


def _missing_rows(verdict: Verdict, rules: Rules, *, has_villages: bool) -> list[dict[str, Any]]:
    """Return what is to be supplied, one row a rule and town; what is the whole city's is called 全市.

    That is what could not be judged for want of data, and what a clause would need that no table holds (`data_needed`).
    """
    by_id = {rule.id: rule for rule in rules.rules}
    needed = verdict.unjudged[verdict.unjudged["rule"].map(lambda one: bool(by_id[one].data_needed)).astype(bool)]
    rows = pd.concat(
        [
            verdict.missing.assign(people=verdict.missing["population_no_data"], needed=False),
            needed.assign(people=needed["uncovered"] + needed["unreachable"], needed=True),
        ],
        ignore_index=True,
    )
    out = []
    keys = ["rule", "county_code", "town_code", "needed"]
    order = {rule.id: at for at, rule in enumerate(rules.rules)}
    rows = rows.assign(order=rows["rule"].map(order)).sort_values(["order", "subject_code"], kind="stable")
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in records(rows):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    for group in groups.values():
        first = group[0]
        rule = by_id[first["rule"]]
        city = {"county_name": LEVEL_LABELS["city"], "names": "—"} if first["level"] == "city" else {}
        out.append(
            {
                **first,
                "count": len(group),
                "names": _named([row["subject_name"] for row in group]),
                "people": int(sum(row["people"] for row in group)),
                "ask": rule.data_needed if first["needed"] else _ask(rule, has_villages=has_villages),
                **city,
            }
        )
    return out


def _unclassed_rows(region: Region, county_code: str) -> list[dict[str, Any]]:
    """Return the open hospitals whose speciality or grade is to be supplied, one row each and town, and what plans assume."""
    counties, towns = (frame.set_index("code")["name"] for frame in (region.counties, region.towns))
    asked = (
        ("specialty", unclassed(region), "不作判断；布局方案用来认定综合、中医类医院", "没有填的，方案按综合医院处理（假设）"),
        ("grade", ungraded(region), "不作判断；布局方案用来认定二级及以上医院", "写成如“三级甲等”“二级”“未定级”；不认识的，方案不计入二级及以上（假设）"),
    )  # fmt: skip
    return [
        {
            "rule_label": f"{FACILITIES.field(column).label}（机构名录）", "required_text": used_for,
            "county_name": counties.get(county, ""), "town_name": towns.get(town, ""), "count": len(group),
            "names": _named(list(group["name"])), "people": "—",
            "ask": f"机构名录的“{FACILITIES.field(column).label}”列；{till_then}",
        }
        for column, rows, used_for, till_then in asked
        for (county, town), group in rows.groupby(["county_code", "town_code"], sort=True)
        if county_code in ("", county)
    ]  # fmt: skip


def _gap_list(name: str, verdict: Verdict, rules: Rules, foreign: str, county_code: str) -> Table:
    """Return the gaps by rule with a subtotal each, the 合计, what was not judged, and the signatures.

    `foreign` is said where the rules are another city's. People are summed within a rule only: the same resident may
    stand under several rules.
    """
    sections = _by_rule(verdict.gaps, rules)
    count = sum(len(section.rows) for section in sections)
    total = f"合计：{count} 项（同一居民可能涉及几个指标，各指标的人口不相加）"
    return Table(
        "缺口清单", f"{name}医疗卫生设施布局缺口清单", _GAPS, (), [*verdict.besides, _NEAREST_NOTE], foreign or verdict.no_gaps,
        sections, "people", "" if foreign else total, _hidden(county_code), signed=True,
    )  # fmt: skip


def _unjudged_list(name: str, verdict: Verdict, rules: Rules, county_code: str) -> Table:
    """Return who falls short of a clause that judges nothing here, by rule with a subtotal each."""
    return Table(
        UNJUDGED, f"{name}未作判断而涉及的对象", _UNJUDGED, (), [_UNJUDGED_NOTE], verdict.nothing_unjudged,
        _by_rule(verdict.unjudged, rules), "people", hidden=_hidden(county_code),
    )  # fmt: skip


def _hidden(county_code: str) -> tuple[str, ...]:
    """Return the columns that say nothing in a county's own workbook."""
    return ("county_name",) if county_code else ()


def _by_rule(rows: pd.DataFrame, rules: Rules) -> list[Section]:
    """Return the rows by rule, each with the text of its subtotal of people."""
    parts = ((rule, rows[rows["rule"] == rule.id].sort_values("subject_code", kind="stable")) for rule in rules.rules)
    return [Section(f"小计：{rule.label}　{len(part)} 项", records(part)) for rule, part in parts if len(part)]


def _state_table(name: str, findings: pd.DataFrame, rules: Rules, foreign: str, county_code: str) -> Table:
    rows = _state_rows(findings, rules, "county" if county_code else "city")
    cols = [col for col in _STATE if col.key != "nature" or any(row["nature"] for row in rows)]
    nothing = "没有按县（区）计算的指标，见全市的工作簿。" if county_code else "没有指标。"
    return Table(STATE, f"{name}医疗卫生设施布局指标完成情况", cols, rows, empty=foreign or nothing)


def _missing_table(name: str, verdict: Verdict, rules: Rules, region: Region, foreign: str, county_code: str) -> Table:
    asked = [] if foreign else _missing_rows(verdict, rules, has_villages=len(region.villages) > 0)
    besides = [verdict.nothing_missing] if not (foreign or asked or verdict.judged) else []
    rows = [*asked, *([] if foreign else _unclassed_rows(region, county_code))]
    return Table(
        MISSING, f"{name}待补数据清单", _MISSING, rows, besides if rows else (), foreign or verdict.nothing_missing
    )
