"""How a plan's numbers are put into words: what is proven, amounts of time or distance, names by county."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from maps.furniture import Furniture
from planner import __version__
from planner.siting.best import CLASSES
from planner.siting.siting import Siting
from planner.text import amount_text, people_text, share_text
from scenarios.document import Document, Table
from scenarios.plans.start import STATUS_QUO, Start, has_plan
from scenarios.ways import road_of

# What a plan rests on, in words: the notice above every sheet, and the lines of the sheet 说明.

_HASH_LETTERS = 12
Lines = list[tuple[str, str]]


def notice_of(start: Start) -> str:
    """Return what must be said above all: that facts are estimated, or that the clauses are another city's."""
    foreign = "" if start.at_home else f"{start.law.label}不是本市的文件：参数情景，不作判断。"
    return "　".join(part for part in (start.region.about.notice, foreign) if part)


def lines_of_plan(start: Start, said: Sequence[tuple[str, str]], *, solved: bool = True) -> Lines:
    """Return (label, text) of all that a plan rests on; `said` is what the plan itself tells."""
    about, scenario = start.region.about, start.base.scenario
    base = [] if scenario == STATUS_QUO else [("起点", f"方案“{scenario.name}”的 {len(scenario.edits)} 项改动之后")]
    inputs = [*start.facts.sources, *start.files]
    return [
        ("文件", f"{start.law.document}（{start.law.issued} 印发）；规则 {start.law.id}"),
        *base,
        *said,
        *([("求解", "整数规划与精确搜索；同样的输入得到同样的方案。")] if solved else []),
        ("四舍五入", "时间取整到毫秒、距离取整到毫米之后都是整数运算，“限度以内”是小于或等于。"),
        *(("假设：数据", text) for text in about.assumptions),
        *(("来源", text) for text in about.credits),
        *(
            ("输入文件", f"{one.file}　SHA-256 {one.sha256[:_HASH_LETTERS]}…（全文见 manifest.json、plan.json）")
            for one in inputs
        ),
        ("数据日期", about.as_of or "未注明"),
        ("版本", f"fugai {__version__}"),
    ]


_MS_PER_MINUTE, _MM_PER_KM = 60_000, 1_000_000
DECISIONS = {"required": "必建", "alternative": "备选", "not_selected": CLASSES["not_selected"].zh}


def plan_document(
    start: Start, title: str, said: Sequence[tuple[str, str]], tables: Sequence[Table], *, solved: bool = True
) -> Document:
    """Return a plan's document: every table named after the place and the plan, and what it rests on."""
    heading = f"{start.region.about.name}{title}"
    titled = [replace(table, title=f"{heading}：{table.title}") for table in tables]
    return Document(title, start.region, titled, lines_of_plan(start, said, solved=solved), notice_of(start))


def amount(cost: float, unit: str) -> float:
    """Return a cost in minutes or kilometres.

    >>> amount(90_000, "ms"), amount(2_500_000, "mm")
    (1.5, 2.5)
    """
    return cost / (_MS_PER_MINUTE if unit == "ms" else _MM_PER_KM)


def unit_word(unit: str) -> str:
    """Return what a cost is counted in."""
    return "分钟" if unit == "ms" else "公里"


def cost_word(unit: str) -> str:
    """Return what a cost is: time or distance."""
    return "时间" if unit == "ms" else "距离"


def value_text(value: float, model: str, unit: str, people: float, more: str = "") -> str:
    """Return the value of an aim: people, or time (distance) a head of all who can get there, by `more` words where it differs."""
    if model == "p-median":
        return f"人均{more} {amount_text(value / people, unit)}" if people else "—"
    return people_text(value)


def state_text(siting: Siting, unit: str, people: float) -> str:
    """Return what is known of a plan. 最优 is said of what is proven and of nothing else."""
    if siting.status == "optimal":
        return "最优（已证明）"
    if siting.status == "infeasible":
        return "没有可行方案"
    side = "下界" if siting.question.model in ("p-median", "lscp") else "上界"
    if not siting.bounded:
        return "时限内没有找到方案" if siting.status == "unknown" else f"可行方案（未证明），时限内没有得到{side}"
    bound = bound_text(siting, unit, people)
    if siting.status == "unknown":
        return f"时限内没有找到方案，{side} {bound}"
    return f"可行方案（未证明），{side} {bound}，差距 {share_text(siting.gap)}"


def bound_text(siting: Siting, unit: str, people: float) -> str:
    """Return what no plan can beat, in the words of the aim."""
    if siting.question.model == "lscp":
        return f"{fewest_bound(siting)} 处"
    return value_text(siting.bound, siting.question.model, unit, people)


def fewest_bound(siting: Siting) -> int:
    """Return how many sites any plan for all must have at least, by what is proven: no site costs more than the dearest."""
    instance = siting.instance
    dearest = float(instance.site_cost[instance.counted].max(initial=1.0))
    return math.ceil(siting.bound / dearest - 1e-6)


def by_county(sites: pd.DataFrame, ids: Iterable[str]) -> str:
    """Return the names of sites, county by county in the order of their codes.

    >>> frame = pd.DataFrame({"name": ["甲院", "乙院"], "county_code": ["2", "1"], "county_name": ["乙县", "甲县"]}, index=["A", "B"])
    >>> by_county(frame, ["A", "B"])
    '甲县：乙院；乙县：甲院'
    """
    rows = sites.loc[list(ids)].sort_values("county_code", kind="stable")
    groups = (
        f"{name or '市外'}：{'、'.join(mine['name'])}"
        for (_, name), mine in rows.groupby(["county_code", "county_name"], sort=False)
    )
    return "；".join(groups)


def names(sites: pd.DataFrame, ids: Iterable[str]) -> str:
    """Return the names of sites in the order of the ids."""
    return "、".join(str(sites.loc[one, "name"]) for one in ids)


def swapped(sites: pd.DataFrame, before: Siting | None, after: Siting) -> str:
    """Return what one plan has that the other has not, and the other way round."""
    if before is None or not has_plan(before) or not has_plan(after):
        return ""
    new = [one for one in after.chosen if one not in set(before.chosen)]
    gone = [one for one in before.chosen if one not in set(after.chosen)]
    return "；".join(f"{word} {names(sites, ids)}" for word, ids in (("增", new), ("减", gone)) if ids)


def listed(pairs: Iterable[tuple[object, float]], most: int = 6) -> str:
    """Return places with their people, the largest first, a long list cut short with the count of all.

    >>> listed([("甲镇", 10.0), ("乙镇", 30.0)], 1)
    '乙镇 30 人……共 2 处'
    """
    ordered = sorted(pairs, key=lambda pair: -pair[1])
    said = "、".join(f"{name} {people_text(people)}" for name, people in ordered[:most])
    return said if len(ordered) <= most else f"{said}……共 {len(ordered)} 处"


# What stands around the map of a plan: title, notice, sources, versions, parameters.


def furniture_of(start: Start, title: str, said: Sequence[tuple[str, str]], unit: str) -> Furniture:
    """Return what stands around the map of a plan."""
    about = start.region.about
    inputs = [*start.facts.sources, *start.files]
    return Furniture(
        title=f"{about.name}{title}",
        subtitle=f"依据：{start.law.document}（{start.law.issued} 印发）",
        notice=notice_of(start),
        sources=about.credits or tuple(one.file for one in inputs),
        date=about.as_of or "未注明",
        drawn_by=about.drawn_by,
        approval_number=about.approval_number,
        unit=unit,
        version=f"fugai {__version__}",
        inputs=tuple((one.file, one.sha256) for one in inputs),
        parameters=(*(f"{label}：{text}" for label, text in said), *about.assumptions),
        accuracy=about.accuracy,
    )


def open_edges(start: Start) -> npt.NDArray[np.bool_] | None:
    """Return which roads a plan could use, for its map to draw the closed ones; None where there are no roads."""
    graph = start.region.roads
    return None if graph is None else road_of(graph, start.base.choices, by_time=False).open_edges
