"""What two scenarios do not share, in sentences that a director can read; each is made of the numbers it says."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.cached import bare
from planner.compare import Cost, Noticed, Question, main_readings, question_of, row_texts, share
from planner.road import Road
from planner.rules import parameter_texts
from planner.schema import FACILITY_KINDS, LEVEL_LABELS
from planner.text import (
    amount_text,
    amounts_apart,
    exact_text,
    limit_text,
    money_text,
    people_text,
    point_change,
    shares_apart,
)
from scenarios.compare import AS_IT_IS, LETTERS, Comparison, Pair, Side
from scenarios.document import records
from scenarios.ways import said_of_closed, said_of_time

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
"""What is said of a facility of which the later scenario decides otherwise than the earlier one."""
NO_CHANGE = "两个方案的结果逐项相同：指标、缺口、机构和每个居民点的远近都没有变化。"
NO_CHANGE_BUT_WAYS = "两个方案的结果逐项相同：指标、缺口和机构都没有变化。"
NO_WAYS = "没有按居民路程计算的指标，居民的远近没有比较。"
"""Said where no rule and no question asks how far people have: nobody may be said to be as near as before."""
_NAMED = 5
_JUDGED = ("rule", "status_before", "status_after")


def site_word(row: Mapping[str, Any]) -> str:
    """Return the word for one row of Pair.sites."""
    if row["change"] == "added":
        return SITE_WORDS["started" if row["status_before"] else "opened"]
    if row["change"] == "closed":
        return SITE_WORDS["closed" if row["status_after"] else "absent"]
    return SITE_WORDS["enlarged" if row["enlarged"] else row["change"]]


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
def said(pair: Pair) -> tuple[str, ...]:
    """Return the sentences on one pair, the most important first; page, workbook and terminal all say the same."""
    before, after = pair.before, pair.after
    out = [f"“{after.label}”与“{before.label}”相比："]
    if pair.rejudged:
        out.append(
            f"人口：两个方案的人口不同，以下各数都按 {after.label} 的人口，{before.label} 也按这一人口重新计算，差别都来自决定，不是人口。"
        )
    if pair.is_same:
        out += [NO_CHANGE] if pair.questions else [NO_CHANGE_BUT_WAYS, NO_WAYS]
    else:
        out += [_sites(pair), *_clauses(pair), *_values(pair), *_people(pair)]
    out += [
        *([] if pair.is_same or not pair.questions else [noticed_text(pair.noticed)]),
        *_one_sided(pair),
        *_assumed(before, after, pair.rejudged),
        f"费用：{before.label}，{cost_text(before.cost)}；{after.label}，{cost_text(after.cost)}。",
    ]
    notice = after.judged.region.about.notice
    return tuple([*out, f"{notice}。"] if notice else out)


def _listed(names: Sequence[str]) -> str:
    shown = "、".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown}等"


def _sites(pair: Pair) -> str:
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


def _people(pair: Pair) -> Iterator[str]:
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
        yield "".join([head, _covered(found), _moved(pair, mine, row), _limited(pair, row), _farthest(worst)])
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


def _limited(pair: Pair, row: Mapping[str, Any]) -> str:
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
        yield from (f"{side.label}：{line}" for line in roads_said(side))


def roads_said(side: Side) -> list[str]:
    """Return how the side travels where it decides on roads, in the words of every output; nothing where it does not."""
    road, timed = (bare(side.judged.travels.get(one)) for one in ("road", "road_time"))
    if not isinstance(road, Road):
        return []
    lines = said_of_closed(road, side.choices)
    if isinstance(timed, Road) and not side.choices.asks_for_time:
        lines.append(
            f"没有写明时速和调度，为与另一方案按时间相比，用内置的假设时速，调度 {exact_text(timed.delay_s / 60)} 分钟。"
        )
    if side.choices.max_snap_m != AS_IT_IS.max_snap_m:
        lines.append(f"离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内算能上路，更远的为不可达。")
    return [
        *lines,
        *(said_of_time(timed, side.choices, "时间口径（参考，不作判断）") if isinstance(timed, Road) else ()),
    ]


def kind_text(row: Mapping[str, Any]) -> str:
    """Return the kind of a facility, and what it becomes where that changes.

    >>> kind_text({"kind_before": "hospital", "kind_after": "county_subcenter"})
    '医院 → 县域医疗卫生次中心'
    """
    kinds = [FACILITY_KINDS[row[name]][0] for name in ("kind_before", "kind_after") if row[name]]
    return " → ".join(dict.fromkeys(kinds))


def place_text(row: Mapping[str, Any]) -> str:
    """Return of what place a row of findings speaks."""
    return LEVEL_LABELS["city"] if row["level"] == "city" else str(row["subject_name"])


def all_said(comparison: Comparison) -> str:
    """Return 说明.txt: the sentences on each scenario against the first."""
    return "\n\n".join("\n".join(said(pair)) for pair in comparison.first_pairs) + "\n"
