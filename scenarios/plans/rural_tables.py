"""The tables of a rural plan as rows that the workbook, the map and plan.json show alike."""

from dataclasses import replace
from typing import Any

import pandas as pd

from planner.errors import Text
from planner.findings import assess
from planner.plans.chain import LEVELS
from planner.plans.rounds import RoundsPlan
from planner.plans.rural import GROUPS, KINDS, SUBSTITUTES
from planner.schema import FACILITY_KINDS, STATUS_LABELS
from planner.text import (
    amount_text,
    amount_words,
    clock_text,
    count_text,
    hours_text,
    limit_text,
    people_text,
    share_text,
    signed_text,
)
from planner.travel import PAPER
from scenarios.plans.rural import Report
from scenarios.plans.words import amount

Row = dict[str, Any]
CITY = "全市"
LINKS = {
    level: label.zh.replace("→", "到") if label.zh.startswith("→") else label.zh for level, label in LEVELS.items()
}
"""The links as a table's reader meets them."""


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame as mappings by column name."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def kind_label(report: Report, kind: str) -> Text:
    """Return what a kind is called; a new clinic is a gap only where the clause judges here."""
    if kind == "new_clinic" and not report.plan.judges:
        return Text("新建村卫生室（建议）", "new clinic (advice)")
    return KINDS[kind]


def new_word(report: Report) -> str:
    """Return what stands behind 新建 in a heading."""
    return "缺口" if report.plan.judges else "建议"


def villages(report: Report) -> list[Row]:
    """Return one row a village: its kind, who serves it, why."""
    unit = report.plan.unit
    return [
        {
            **row, "label": kind_label(report, row["kind"]).zh, "group_label": group_label(report, row["group"]),
            "way": float("nan") if row["kind"] == "clinic" else amount(row["cost"], unit), "care_way": amount(row["care_cost"], unit),
            "estimated_text": "估算" if row["estimated"] else "",
        }
        for row in rows_of(report.plan.villages)
    ]  # fmt: skip


def group_label(report: Report, group: str) -> str:
    """Return what the group is called."""
    return f"新建{new_word(report)}" if group == "gap" else GROUPS[group].zh


def kinds_shown(report: Report) -> list[str]:
    """Return the kinds that may occur here: the clause's own in its order, the substitutes side by side."""
    allowed = report.plan.allowed.kinds
    lost = ["unvisited"] if (report.plan.villages["kind"] == "unvisited").any() else []
    return ["clinic", *(one for one in allowed if one in SUBSTITUTES), *lost, "new_clinic", "no_data"]


def sums(report: Report) -> list[Row]:
    """Return villages and residents by kind, a row a county and one for the city; 替代服务 as a sum of its own."""
    frame = report.plan.villages
    by_county = [(str(name), mine) for (_, name), mine in frame.groupby(["county_code", "county_name"], sort=True)]
    return [_sum(report, name, mine) for name, mine in [*by_county, (CITY, frame)]]


def town_sums(report: Report) -> list[Row]:
    """Return the same by town."""
    keys = ["county_code", "county_name", "town_code", "town_name"]
    return [
        {**_sum(report, str(key[3]), mine), "county_name": key[1], "town_code": key[2]}
        for key, mine in report.plan.villages.groupby(keys, sort=True)
    ]


def _sum(report: Report, name: str, mine: pd.DataFrame) -> Row:
    counts, people = mine.groupby("kind").size(), mine.groupby("kind")["population"].sum()
    served = mine["group"].isin(["clinic", "substitute"])
    substitutes = mine["group"] == "substitute"
    row: Row = {"name": name, "villages": len(mine), "population": int(mine["population"].sum())}
    for kind in kinds_shown(report):
        row[kind], row[f"{kind}_people"] = int(counts.get(kind, 0)), int(people.get(kind, 0))
    return {
        **row,
        "substitute": int(substitutes.sum()),
        "substitute_people": int(mine.loc[substitutes, "population"].sum()),
        "served": int(served.sum()),
        "served_share": share_text(float(served.mean())),
    }


def duties(report: Report) -> list[Row]:
    """Return one row a team and working day: the villages in order with the time of arrival, km, hours, back."""
    plan = report.rounds
    if plan is None:
        return []
    keys = ["hospital", "team", "day"]
    stops = {key: mine.sort_values("order") for key, mine in plan.stops.groupby(keys)}
    out = []
    for row in rows_of(plan.days):
        mine = stops[(row["hospital"], row["team"], row["day"])]
        route = " → ".join(f"{name}（{at}到）" for name, at in zip(mine["name"], mine["arrive"], strict=True))
        out.append({**row, "route": route, "leave": clock_text(plan.task.start * 60),
                    "people": int(mine["population"].sum()), "codes": list(mine["code"])})  # fmt: skip
    return out


def teams(report: Report) -> list[Row]:
    """Return one row a hospital that sends teams."""
    plan = report.rounds
    if plan is None:
        return []
    have = plan.task.teams
    return [{**row, "state": f"缺 {row['teams'] - have} 支" if row["short"] else "够"} for row in rows_of(plan.teams)]


def left(report: Report) -> list[Row]:
    """Return the villages that no round can visit, and why."""
    return rows_of(report.rounds.left) if report.rounds is not None else []


def weakest_text(level: str) -> str:
    """Return what the weakest link is called."""
    return LINKS.get(level, "—")


def towns(report: Report) -> list[Row]:
    """Return the chain by town: means, the worst, the weakest link, what is nearer beyond the county."""
    beyond = {str(code): across_text(report, mine) for code, mine in report.chain.villages.groupby("town_code")}
    unit = report.chain.unit
    amounts = [*(f"to_{level}_mean" for level in LEVELS), "total_mean", "total_worst", "second_mean"]
    return [
        {
            **row,
            **{name: amount(row[name], unit) for name in amounts},
            "weakest_label": weakest_text(row["weakest"]),
            "across_said": beyond[str(row["town_code"])],
        }
        for row in rows_of(report.chain.towns)
    ]


def across_text(report: Report, mine: pd.DataFrame) -> str:
    """Return which facilities beyond the county are nearer for these villages, for how many, and by how much at most."""
    said = []
    for level, label in LINKS.items():
        near = mine[mine[f"to_{level}_across"] != ""]
        for _, some in near.groupby(f"to_{level}_across", sort=True):
            saved = some[f"to_{level}_saved"].max()
            gain = "本县没有可达的" if pd.isna(saved) else f"最多近 {amount_text(saved, report.chain.unit)}"
            said.append(f"{label}：{some[f'to_{level}_across_name'].iloc[0]}（{len(some)} 村，{gain}）")
    return "；".join(said) or "—"


def over_text(row: Row) -> str:
    """Return the links of a village that are beyond their limits."""
    return "、".join(label for level, label in LINKS.items() if row[f"to_{level}_over"])


def chain_villages(report: Report) -> list[Row]:
    """Return the chain by village, in minutes or kilometres, for the CSV list."""
    unit, out = report.chain.unit, []
    for row in rows_of(report.chain.villages):
        links = {}
        for level, label in LINKS.items():
            links[f"{label}_机构"] = row[f"to_{level}_name"]
            links[f"{label}_{'分钟' if unit == 'ms' else '公里'}"] = amount(row[f"to_{level}_cost"], unit)
            links[f"{label}_县外更近"] = row[f"to_{level}_across_name"]
        out.append(
            {
                "村代码": row["code"], "行政村": row["name"], "县（区）": row["county_name"], "乡镇": row["town_name"],
                "人口": row["population"], **links, "合计": amount(row["total"], unit),
                "最薄弱环节": weakest_text(row["weakest"]), "有不可达": "是" if row["unreachable"] else "否",
                **({"超出限度的环节": over_text(row) or "无"} if report.chain.limits else {}),
            }
        )  # fmt: skip
    return out


def changed(report: Report) -> list[Row]:
    """Return what the scenario changes in the chain, the towns with a change first."""
    if report.changes is None:
        return []
    unit = report.chain.unit
    names = ["second_mean", "second_mean_after", "total_mean", "total_mean_after", "gain"]
    rows = report.changes.sort_values(["gain", "town_code"], ascending=[False, True], kind="stable")
    return [
        {**row, **{name: amount(row[name], unit) for name in names}, "people_nearer": int(row["people_nearer"]), "people_reached": int(row["people_reached"]),
         "weakest_label": weakest_text(row["weakest"]), "weakest_after_label": weakest_text(row["weakest_after"])}
        for row in rows_of(rows)
    ]  # fmt: skip


def counts(report: Report) -> list[Row]:
    """Return the clause's numbers of facilities against what is on the ground: 数量差异, no judgement."""
    out, planned = [], len(report.plan.edits())
    region = report.start.region
    for rule, reading in report.counts:
        kind, wanted = str(reading.params["facility_kind"]), int(reading.params["at_least"])
        known = region.knows(kind)
        there = len(region.open_facilities(kind))
        new = planned if kind == "village_clinic" else 0
        out.append(
            {
                "kind": FACILITY_KINDS[kind][0], "quote": rule.clause.quote, "force": rule.clause.force or "—",
                "wanted": wanted, "there": there if known else "无数据", "difference": _signed(there - wanted) if known else "—",
                "new": new, "after": _signed(there + new - wanted) if known else "—",
            }
        )  # fmt: skip
    return out


def _signed(number: int) -> str:
    return signed_text(number)


def owed(report: Report) -> list[Row]:
    """Return, by rule, county and city, how many towns or villages have what they must have: existence and standard apart."""
    rules = replace(report.start.rules, rules=tuple(report.owed))
    if not rules.rules:
        return []
    found = assess(report.start.region, rules, PAPER)
    found = found[found["level"].isin(["county", "city"])]
    labels = {one.id: (at, one.label, one.denominator) for at, one in enumerate(rules.rules)}
    rows = rows_of(found)
    rows.sort(key=lambda row: (labels[row["rule"]][0], row["level"] == "city", row["subject_code"]))
    return [
        {
            "rule": labels[row["rule"]][1], "place": row["subject_name"], "units": labels[row["rule"]][2],
            "judged": _number(row["required"]), "met": _number(row["value"]),
            "lacking": _number(row["gap"]), "status": STATUS_LABELS[row["status"]],
        }
        for row in rows
    ]  # fmt: skip


def _number(value: float) -> str | int:
    return "—" if pd.isna(value) else round(value)


def overview(report: Report) -> list[Text]:
    """Return what the command says at its end."""
    plan = report.plan
    out = [
        Text(
            f"{kind_label(report, row['kind']).zh}：{row['villages']} 个行政村（{share_text(row['share'])}），{people_text(row['population'])}",
            f"{kind_label(report, row['kind']).en}: {row['villages']} villages, {count_text(row['population'])} people",
        )
        for row in rows_of(plan.kinds)
        if row["villages"]
    ]
    zh, en = ("", "") if plan.judges else ("（条款不是本市的或不作判断，新建只是建议）", " (no clause judges here)")
    by = {row["kind"]: row for row in rows_of(plan.kinds)}
    arranged = [one for one in SUBSTITUTES if one in by and by[one]["villages"]]
    kinds = "".join(f"，按{KINDS[one].zh}安排 {by[one]['villages']} 个{_unrouted(report, one).zh}" for one in arranged)
    kinds_en = "".join(
        f", {by[one]['villages']} to be served so: {KINDS[one].en}{_unrouted(report, one).en}" for one in arranged
    )
    out.append(
        Text(
            f"行政村 {len(plan.villages)} 个，已有村卫生室 {by['clinic']['villages']} 个{kinds}{zh}",
            f"{len(plan.villages)} villages, {by['clinic']['villages']} with a clinic{kinds_en}{en}",
        )
    )
    if report.rounds is not None:
        out += [_rounds_said(one) for one in (report.rounds, *report.seasons.values())]
    people = report.chain.villages.groupby("weakest")["population"].sum()
    links = [level for level in LEVELS if level in people.index]
    zh = "，".join(f"{weakest_text(level)} {people_text(people[level])}" for level in links)
    en = ", ".join(f"{LEVELS[level].en} {count_text(people[level])}" for level in links)
    count, everyone = len(report.chain.villages), int(report.chain.villages["population"].sum())
    out.append(
        Text(
            f"五级链条最薄弱的一段（行政村 {count} 个，居民 {people_text(everyone)}）：{zh}",
            f"weakest link, of {count_text(everyone)} people in {count} villages: {en}",
        )
    )
    return [*out, *_over_said(report)]


def _unrouted(report: Report, kind: str) -> Text:
    """Return what is to be said of rounds for which no route was made: they are proposed only."""
    lacks = kind == "round" and report.rounds is None
    return Text("（没有编排路线）", " (no routes were made)") if lacks else Text("", "")


def _over_said(report: Report) -> list[Text]:
    """Return how many villages and people each link with a limit leaves beyond it."""
    rows, out = report.chain.villages, []
    for level in (one for one in LEVELS if one in report.chain.limits):
        some = rows[rows[f"to_{level}_over"]]
        most, people = limit_text(report.chain.limits[level], report.chain.unit), int(some["population"].sum())
        out.append(Text(f"{LINKS[level]}超出 {most}（参数，不作判断）：{len(some)} 个行政村，{people_text(people)}",
                        f"{LEVELS[level].en} beyond its limit: {len(some)} villages, {count_text(people)} people"))  # fmt: skip
    return out


def _rounds_said(rounds: RoundsPlan) -> Text:
    days, short, missed = len(rounds.days), int(rounds.teams["short"].sum()), len(rounds.left)
    km, hours = amount_words(rounds.km * 1e6, "mm"), hours_text(rounds.hours)
    lack = f"，{short} 家卫生院队伍不够" if short else ""
    lost = f"，{missed} 村当天去不了" if missed else ""
    return Text(
        f"{rounds.season or ''}巡回：每月 {days} 个队日，{km.zh}，{hours.zh}{lack}{lost}",
        f"rounds{f' ({rounds.season})' if rounds.season else ''}: {days} days of teams a month, {km.en}, {hours.en}; {short} hospitals short, {missed} villages left",
    )
