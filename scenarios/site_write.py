"""What an answer about sites says to people: names beside ids, natural units, and who is beyond what."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner import __version__
from planner.errors import Language, Text, printable
from planner.limits import MOST, NEED_LIMIT
from planner.reach import Reach
from planner.siting.best import CLASSES
from planner.siting.question import STATUSES
from planner.siting.siting import Siting, relative_gap
from planner.text import (
    WAY_CELLS,
    amount_words,
    exact_percent,
    exact_text,
    money_text,
    number_text,
    share_of,
    share_text,
)
from planner.travel import Road, StraightLine
from scenarios.document import Col, Document, Row, Table, records
from scenarios.point_questions import SiteQuestion
from scenarios.site import MAXIMISES, Found, Lists, answer_of, has_plan, inputs_of, rows_of, step_of

Names = Mapping[str, tuple[str, str]]
"""Name and place by id; "" where they are not known."""
_SUMS: Mapping[str, tuple[float, Text]] = MappingProxyType(
    {
        "mm": (1e6, Text("公里", "km")),
        "ms": (3.6e6, Text("小时", "h")),
        "table": (1.0, Text("费用表单位", "unit of the table")),
    }
)
_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "mclp": Text("定数最大覆盖（MCLP）", "most covered by p sites (MCLP)"),
        "backup": Text("双重覆盖", "backup cover"),
        "p-median": Text("总距离最小（p-median）", "least weighted distance (p-median)"),
        "p-center": Text("最远者最近（p-center）", "nearest farthest (p-center)"),
        "capacitated": Text("有容量选址", "capacitated"),
    }
)


@dataclass(frozen=True, eq=False)
class Words:
    """What is known of the data beside the answer itself.

    unit      of the costs: mm, ms or table
    way       how one travels: straight, road or table
    people    whether the weights are people
    costed    whether the sites have costs of their own, in 万元
    no_way    demands that no site reaches by any way, however long the limit
    limited   whether a limit was set
    """

    unit: str
    way: str
    people: bool
    costed: bool
    demand: Names
    sites: Names
    no_way: frozenset[str]
    limited: bool = True

    def judges_cover(self, siting: Siting) -> bool:
        """Whether cover was judged: by a limit, or by the model itself; else each has just gone to a site, however far."""
        return self.limited or siting.question.model in NEED_LIMIT

    @property
    def travel(self) -> Text:
        """How one travels, in words."""
        if self.way == "table":
            return Text("费用表", "table")
        return Text("直线", "straight") if self.way == "straight" else Text("道路", "road")

    def label(self, siting: Siting) -> Text:
        """Return the name of the model, as it is asked here."""
        if siting.question.model != "lscp":
            return _LABELS[siting.question.model]
        zh, en = ("费用最省的", "cheapest sites for") if self.costed else ("最少站点", "fewest sites for")
        if siting.question.share < 1:
            share = exact_percent(siting.question.share)
            return Text(f"{zh}覆盖 {share}（LSCP）", f"{en} {share} (LSCP)")
        return Text(f"{zh}全覆盖（LSCP）", f"{en} all (LSCP)")

    def weight(self, value: float) -> Text:
        """Return an amount of demand."""
        return _with(exact_text(value), Text("人", "people") if self.people else Text("", ""))

    def cost(self, value: float) -> Text:
        """Return a cost of travelling."""
        return amount_words(value, self.unit)

    def objective(self, siting: Siting, value: float) -> Text:
        """Return a value or a bound of the objective in its natural unit."""
        model = siting.question.model
        if not np.isfinite(value):
            return Text("—", "—")
        if model == "p-center":
            return self.cost(value)
        if model in ("p-median", "capacitated"):
            factor, unit = _SUMS[self.unit]
            said = exact_text(value) if self.unit == "table" else number_text(value / factor)
            who = Text("人", "person") if self.people else Text("权重", "weight")
            return _with(said, Text(f"{who.zh}·{unit.zh}", f"{who.en}·{unit.en}"))
        if model == "lscp":
            return _with(exact_text(value), Text("万元", "(10,000 yuan)") if self.costed else Text("个", "sites"))
        if model == "backup" and siting.question.p is not None and self.people:
            return _with(exact_text(value), Text("人次", "covers of people"))
        return self.weight(value)

    def site(self, one: str) -> str:
        """Return a site's name, id and place."""
        return _named(one, self.sites)

    def resident(self, one: str) -> str:
        """Return a demand's name, id and place."""
        return _named(one, self.demand)

    def state(self, one: str) -> Text:
        """Return what keeps a demand from every site: no way at all, or the limit."""
        return Text("不可达", "unreachable") if one in self.no_way else Text("超出限度", "beyond the limit")


def _with(said: str, unit: Text) -> Text:
    return Text(f"{said} {unit.zh}".rstrip(), f"{said} {unit.en}".rstrip())


def _named(one: str, names: Names) -> str:
    name, place = names.get(one, ("", ""))
    if not name:
        return f"{one}（{place}）" if place else str(one)
    return f"{name}（{'，'.join(filter(None, (str(one), place)))}）"


def words_of(lists: Lists, reach: Reach, travel: StraightLine | Road | None, unit: str) -> Words:
    """Return what is known of the lists and of who reaches whom; `travel` is None for a table of costs."""
    way = "table" if travel is None else "straight" if isinstance(travel, StraightLine) else "road"
    costed = "cost" in lists.sites and bool(lists.sites["cost"].notna().any())
    lost = frozenset(str(one) for one in reach.demand_ids[reach.nearest_index < 0])
    people = "population" in lists.demand
    return Words(unit, way, people, costed, _names(lists.demand), _names(lists.sites), lost, bool(reach.limit < MOST))


def _names(frame: pd.DataFrame) -> Names:
    columns = [frame[one].fillna("").astype(str) if one in frame else [""] * len(frame) for one in ("name", "place")]
    return {str(one): (name, place) for one, name, place in zip(frame["id"], *columns, strict=True)}


def listed(labels: Iterable[str], most: int) -> str:
    """Return the first `most` of the labels for a sentence."""
    every: Sequence[str] = list(labels)
    return "、".join(every[:most]) + (" …" if len(every) > most else "")


def names_of(words: Words, siting: Siting, language: Language) -> dict[str, object]:
    """Return what the JSON adds for people: how one travels, the names of the sites, and who has no way at all."""
    told: dict[str, object] = {"travel": words.travel.say(language)}
    chosen = [*siting.chosen, *siting.background]
    known = {
        one: {"name": words.sites[one][0], "place": words.sites[one][1]} for one in chosen if any(words.sites[one])
    }
    if known:
        told["names"] = known
    told["no_way_ids"] = [one for one in siting.unreachable_ids if one in words.no_way]
    return told


# The answer about sites as tables: whom each site serves, and the sites, with names and in kilometres or minutes.

_COST = {"mm": ("距离", "\n（公里）", 1e6), "ms": ("时间", "\n（分钟）", 6e4), "table": ("费用", "", 1.0)}
_STATUS = dict(zip(STATUSES, ("新选", "固定", "背景", "必选", "禁选"), strict=True))
_MAY_BE_EMPTY = ("demand", "demand_place", "facility", "facility_place", "name", "place")


def tables_of(sitings: Sequence[Siting], words: Words, lists: Lists) -> tuple[Table, Table]:
    """Return (whom each open site serves, the open sites), of several p one after the other."""
    several = len(sitings) > 1
    parts = [(_number_of(one) if several else {}, one, _served(one, words)) for one in sitings]
    served = [{**p, **row} for p, _, rows in parts for row in records(rows)]
    sites = [{**p, **row} for p, one, rows in parts for row in _sites(one, words, lists, rows)]
    first = (Col("p", "p", 6, "centre"),) if several else ()
    return (
        Table("分配", "各需求点由谁服务", [*first, *_known(_served_cols(words), served)], served),
        Table("选址", "开设的机构", [*first, *_known(_sites_cols(words), sites)], sites),
    )


def _number_of(siting: Siting) -> dict[str, Any]:
    return {"p": siting.question.p}


def _known(cols: Sequence[Col], rows: Sequence[Row]) -> list[Col]:
    """Return the columns without those of names and places that are not known."""
    return [one for one in cols if one.key not in _MAY_BE_EMPTY or any(row[one.key] for row in rows)]


def _amount(words: Words) -> tuple[str, str]:
    """Return the heading of an amount of demand and its format; weights that are no people are shown as they are."""
    return ("人口（人）", "number") if words.people else ("权重", "text")


def _served_cols(words: Words) -> tuple[Col, ...]:
    amount, style = _amount(words)
    return (
        Col("demand_id", "需求点编号", 16),
        Col("demand", "需求点名称", 22),
        Col("demand_place", "需求点所在", 16),
        Col("weight", amount, 10, style),
        Col("facility_id", "机构编号", 14),
        Col("facility", "机构名称", 22),
        Col("facility_place", "机构所在", 14),
        Col("cost", "".join(_COST[words.unit][:2]), 9, WAY_CELLS[words.unit]),
        Col("share", "份额", 6, "rate"),
        Col("state", "状态", 9, "centre"),
    )


def _sites_cols(words: Words) -> tuple[Col, ...]:
    amount, style = _amount(words)
    far, cell = "".join(_COST[words.unit][:2]), WAY_CELLS[words.unit]
    return (
        Col("id", "机构编号", 16),
        Col("name", "机构名称", 26),
        Col("place", "机构所在", 18),
        Col("status", "性质", 7, "centre"),
        *((Col("fee", "费用（万元）", 10, "money"),) if words.costed else ()),
        Col("count", "需求点（个）", 9, "number"),
        Col("weight", f"服务{amount}", 12, style),
        Col("mean", f"平均{far}", 10, cell),
        Col("far", f"最远{far}", 10, cell),
    )


def _served(siting: Siting, words: Words) -> pd.DataFrame:
    """Return every demand: who serves it, from how far and to what share; blank and why where nobody does."""
    instance = siting.instance
    every = pd.DataFrame({"demand_id": instance.demand_ids, "weight": instance.weight})
    rows = every.merge(siting.assignment, how="left", on="demand_id")
    lost = set(siting.unreachable_ids)
    served, left = ("已覆盖", "未覆盖") if words.judges_cover(siting) else ("有站点可去", "没有站点可去")
    state = [
        served if isinstance(site, str) else words.state(one).zh if one in lost else left
        for one, site in zip(rows["demand_id"], rows["facility_id"], strict=True)
    ]
    rows = rows.assign(
        facility_id=rows["facility_id"].fillna(""),
        cost=(rows["cost"].astype(float) / _COST[words.unit][2]).round(3),
        state=state,
    )
    for side, names in (("demand", words.demand), ("facility", words.sites)):
        known = [names.get(one, ("", "")) for one in rows[f"{side}_id"]]
        rows[side], rows[f"{side}_place"] = [name for name, _ in known], [place for _, place in known]
    return rows


def _sites(siting: Siting, words: Words, lists: Lists, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the open sites with the demand that each serves."""
    instance = siting.instance
    status = dict(zip(instance.site_ids, instance.status, strict=True))
    fees = dict(zip(lists.sites["id"], lists.sites["cost"], strict=True)) if words.costed else {}
    part = rows.assign(weight=rows["weight"] * rows["share"])
    mine = {str(one): each for one, each in part[part["facility_id"] != ""].groupby("facility_id")}
    none = part.iloc[:0]
    return [
        {
            "id": one,
            "name": words.sites[one][0],
            "place": words.sites[one][1],
            "status": _STATUS[STATUSES[status[one]]],
            "fee": float(fees.get(one, np.nan)),
            "count": len(each),
            "weight": float(each["weight"].sum()),
            "mean": _mean(each),
            "far": float(each["cost"].max()) if len(each) else np.nan,
        }
        for one in sorted([*siting.chosen, *siting.background])
        for each in [mine.get(one, none)]
    ]


def _mean(rows: pd.DataFrame) -> float:
    total = float(rows["weight"].sum())
    return round(float((rows["weight"] * rows["cost"]).sum()) / total, 3) if total else np.nan


def document_of(found: Sequence[Found], question: SiteQuestion, words: Words, lists: Lists) -> Document:
    """Return the answer as a document: the sites, whom they serve, what the answer says and what it rests on."""
    served, sites = tables_of([one.siting for one in found if has_plan(one.siting)], words, lists)
    said = [line.strip() for one in found for line in summary(one, words, "zh", timed=False)]
    asked = "；".join(
        f"{name}={value}" for name, value in question.parameters.items() if value not in (None, "", False)
    )
    about = lists.region.about if lists.region else None
    lines = [
        *(("答案", one) for one in said),
        *(("说明", one.zh) for one in lists.told),
        *(("假设", one) for one in (about.assumptions if about else ())),
        ("参数", asked),
        *(("输入文件", f"{one['file']}　SHA-256 {one['sha256']}") for one in inputs_of(question.inputs)),
        ("版本", f"fugai {__version__}"),
    ]
    notice = about.notice if about else ""
    return Document("选址方案", lists.region, [sites, served], lines, notice, about.accuracy if about else "")


# What fugai site prints and writes: JSON, or a summary that says 最优 only of what is proven.

_SHOWN = 20
_RESIDENTS = 8
_STATES = ("optimal", "feasible", "unknown", "infeasible")


def finish(found: list[Found], question: SiteQuestion, words: Words, lists: Lists, language: Language) -> int:
    """Print and write the answer; return 2 where no p has a plan."""
    answer = {
        **_answer(found, question, words, language),
        "cost_unit": words.unit,
        **({"notes": [one.say(language) for one in lists.told]} if lists.told else {}),
        "parameters": question.parameters,
        "inputs": inputs_of(question.inputs),
    }
    text = json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    solved = any(has_plan(one.siting) for one in found)
    made = question.outputs if solved else ()
    if made:
        _write(made, found, text, question, words, lists)
    if question.json:
        print(text, end="")
        return 0 if solved else 2
    for one in found:
        for line in summary(one, words, language):
            print(printable(line))
    for note in lists.told:
        print(printable(f"  {note.say(language)}"))
    for out in made:
        print(Text(f"输出：{out}", f"output: {out}").say(language))
    return 0 if solved else 2


def _write(
    made: tuple[Path, ...], found: list[Found], text: str, question: SiteQuestion, words: Words, lists: Lists
) -> None:
    """Write the JSON, or the tables, whole."""
    from geodata.csv_text import write_csv
    from scenarios.export.folder import write_whole
    from scenarios.export.sheet import write_document

    if made[0].suffix.lower() == ".json":
        write_whole({made[0]: lambda path: path.write_text(text, encoding="utf-8", newline="\n")})
        return
    if made[0].suffix.lower() == ".csv":
        served, sites = tables_of([one.siting for one in found if has_plan(one.siting)], words, lists)
        tables = {made[0]: served, made[1]: sites}
        write_whole({out: partial(write_csv, frame=table.frame) for out, table in tables.items()})
        return
    document = document_of(found, question, words, lists)
    write_whole({made[0]: lambda path: write_document(path, document, alone=True)})


def _answer(found: list[Found], question: SiteQuestion, words: Words, language: Language) -> dict[str, Any]:
    """Return the answer for one p, or the curve over several: with the state that is true of all."""
    each = [_one(one, language, words) for one in found]
    if len(each) == 1:
        return each[0]
    worst = max((one["status"] for one in each), key=_STATES.index)
    seconds = round(sum(one["seconds"] for one in each), 3)
    return {
        "model": question.model,
        "status": worst,
        "seconds": seconds,
        "travel": words.travel.say(language),
        "curve": each,
    }


def _one(found: Found, language: Language, words: Words) -> dict[str, Any]:
    answer = answer_of(found.siting, language) | names_of(words, found.siting, language)
    if found.step is not None:
        answer |= step_of(found.step, language)
    if found.plans:
        answer["plans"] = [answer_of(plan, language) for plan in found.plans]
    if found.classes is not None:
        answer["classes"] = rows_of(found.classes)
    return answer


def summary(found: Found, words: Words, language: Language, *, timed: bool = True) -> list[str]:
    """Return the answer in a few lines."""
    siting = found.siting
    p = "" if siting.question.p is None else f"p = {siting.question.p}"
    name, state = words.label(siting), _state(siting, words)
    way = words.travel
    lines = [
        Text(f"{name.zh}{p and '，' + p}（{way.zh}）：{state.zh}", f"{name.en}{p and ', ' + p} ({way.en}): {state.en}")
    ]
    if siting.clash is not None:
        rule, change = siting.clash.rule, siting.clash.change
        lines += [Text(f"  原因：{rule.zh}", f"  why: {rule.en}"), Text(f"  可以：{change.zh}", f"  do: {change.en}")]
    if has_plan(siting):
        lines += _plan(siting, words)
    if siting.question.model == "lscp" and siting.question.share < 1:
        weight, share = words.weight(siting.instance.share_of), exact_text(siting.question.share)
        left_out = siting.question.allow_unreachable
        who = Text("够得着的" if left_out else "全部", "those in reach" if left_out else "all")
        lines.append(
            Text(f"  覆盖比例 {share} 按{who.zh} {weight.zh}计", f"  the share of {share} is of {who.en}, {weight.en}")
        )
    lines += _around(found, words)
    if timed:
        said = number_text(siting.seconds)
        lines.append(Text(f"  用时 {said} 秒，{siting.solver}", f"  {said} s, {siting.solver}"))
    return [line.say(language) for line in lines]


def _around(found: Found, words: Words) -> list[Text]:
    """Return what stands around the plan: the gain over the p before, ties, the next best plans, the classes."""
    lines = []
    if found.step is not None and np.isfinite(found.step.gain):
        gain = words.objective(found.siting, found.step.gain)
        lines.append(Text(f"  比上一个 p 改善 {gain.zh}", f"  better than the p before by {gain.en}"))
    if found.siting.ties:
        lines.append(Text("  另有同样好的方案", "  another plan is as good"))
    for place, plan in enumerate(found.plans[1:], 2):
        value, named = words.objective(plan, plan.objective), listed(map(words.site, plan.chosen), _SHOWN)
        lines.append(Text(f"  第 {place} 名 {value.zh}：{named}", f"  no. {place} {value.en}: {named}"))
    if found.classes is not None and len(found.classes):
        for key, label in CLASSES.items():
            ids = found.classes.loc[found.classes["class"] == key, "id"].tolist()
            named = listed(map(words.site, ids), _SHOWN)
            lines.append(Text(f"  {label.zh} {len(ids)} 个：{named}", f"  {label.en}, {len(ids)}: {named}"))
    return lines


def _state(siting: Siting, words: Words) -> Text:
    """Return the status in words: 最优 only of what is proven."""
    most = siting.question.model in MAXIMISES
    value = words.objective(siting, siting.objective)
    bound = words.objective(siting, siting.bound if most or np.isnan(siting.bound) else max(siting.bound, 0.0))
    side = Text("上界", "upper bound") if most else Text("下界", "lower bound")
    if siting.status == "optimal":
        return Text(f"最优（已证明），目标值 {value.zh}", f"optimal (proven), objective {value.en}")
    if siting.status == "feasible":
        if not siting.bounded:
            return Text(
                f"可行方案，目标值 {value.zh}，时限内没有得到{side.zh}",
                f"a feasible plan, objective {value.en}, no {side.en} was found in time",
            )
        gap = _gap(siting)
        return Text(
            f"可行方案，目标值 {value.zh}，{side.zh} {bound.zh}，差距 {gap}",
            f"a feasible plan, objective {value.en}, {side.en} {bound.en}, gap {gap}",
        )
    if siting.status == "infeasible":
        return Text("没有可行方案", "there is no plan")
    if not siting.bounded:
        return Text("时限内没有找到方案", "no plan was found in time")
    return Text(f"时限内没有找到方案，{side.zh} {bound.zh}", f"no plan was found in time, {side.en} {bound.en}")


def _gap(siting: Siting) -> str:
    """Return the gap, from a bound that is not below 0."""
    if siting.question.model in MAXIMISES:
        return share_text(siting.gap)
    return share_text(relative_gap(siting.objective, max(siting.bound, 0.0)))


def _plan(siting: Siting, words: Words) -> list[Text]:
    chosen = siting.chosen
    table = siting.assignment
    weight = dict(zip(siting.instance.demand_ids, siting.instance.weight, strict=True))
    by = table["demand_id"].map(weight).to_numpy(float) * table["share"].to_numpy(float)
    cost = table["cost"].to_numpy(float)
    mean = words.cost(float((by * cost).sum()) / by.sum() if by.sum() else np.nan)
    far = words.cost(float(cost.max()) if len(cost) else np.nan)
    named = listed(map(words.site, chosen), _SHOWN)
    lines = [Text(f"  开设 {len(chosen)} 个：{named}", f"  {len(chosen)} sites: {named}")]
    if siting.background:
        stand = listed(map(words.site, siting.background), _SHOWN)
        count = len(siting.background)
        lines.append(Text(f"  另有背景站点 {count} 个：{stand}", f"  {count} background sites: {stand}"))
    who = _covered(siting, words)
    lines.append(Text(f"  {who.zh}；平均 {mean.zh}，最远 {far.zh}", f"  {who.en}; mean {mean.en}, farthest {far.en}"))
    return [*lines, *_twice(siting, words), *_fees(siting, words), *_lost(siting, words, weight)]


def _covered(siting: Siting, words: Words) -> Text:
    """Return who is covered and who is not; where no limit was set nobody is, and it tells who has a site to go to."""
    rest = siting.uncovered + siting.unreachable
    inside, outside = words.weight(siting.covered), words.weight(rest)
    if words.judges_cover(siting):
        share = share_of(siting.covered, siting.covered + rest)
        return Text(
            f"已覆盖 {inside.zh}（{share}），未覆盖 {outside.zh}",
            f"covered {inside.en} ({share}), uncovered {outside.en}",
        )
    if not rest:
        return Text(
            f"{inside.zh}都有站点可去（没有设限度）", f"all {inside.en} have a site to go to (no limit was set)"
        )
    return Text(
        f"有站点可去的 {inside.zh}，没有的 {outside.zh}（没有设限度）",
        f"{inside.en} have a site to go to, {outside.en} have none (no limit was set)",
    )


def _twice(siting: Siting, words: Words) -> list[Text]:
    """Return who has two open sites within the limit, where that is what was asked."""
    if siting.question.model != "backup":
        return []
    instance = siting.instance
    is_open = np.isin(instance.site_ids, [*siting.chosen, *siting.background])
    times = np.bincount(instance.row[is_open[instance.indices]], minlength=len(instance.weight))
    twice, total = float(instance.weight[times >= 2].sum()), float(instance.weight.sum())
    amount, share = words.weight(twice), share_of(twice, total)
    return [
        Text(
            f"  其中两处以上够得着的 {amount.zh}（{share}）",
            f"  within reach of two sites or more: {amount.en} ({share})",
        )
    ]


def _fees(siting: Siting, words: Words) -> list[Text]:
    """Return what the sites cost, where they have costs that are added to others."""
    instance, model = siting.instance, siting.question.model
    if not words.costed:
        return []
    fee = float(instance.site_cost[np.isin(instance.site_ids, list(siting.chosen))].sum())
    sum_of = Text(f"  站点费用合计 {money_text(fee)}", f"  the sites cost {exact_text(fee)} (10,000 yuan)")
    if model not in ("p-median", "capacitated"):
        return [sum_of]
    who = Text("1 人", "one person") if words.people else Text("1 个权重", "a weight of 1")
    way = {"mm": Text("走 1 毫米", "going 1 mm"), "ms": Text("走 1 毫秒", "going 1 ms")}.get(
        words.unit, Text("的 1 个费用表单位", "at a cost of 1 in the table")
    )
    small = Text("", "") if words.unit == "table" else Text("，几乎不影响选哪些站点", ": it hardly sways the choice")
    return [
        Text(
            f"{sum_of.zh}；目标值里 1 万元计作 {who.zh}{way.zh}{small.zh}",
            f"{sum_of.en}; in the objective each 10,000 yuan counts as {who.en} {way.en}{small.en}",
        )
    ]


def _lost(siting: Siting, words: Words, weight: dict[str, float]) -> list[Text]:
    """Return who is beyond the limit of every candidate, and who has no way at all."""
    lines = []
    for none, zh, en in (
        (False, "其中超出限度（任何候选点都够不着）", "of them beyond the limit of every candidate"),
        (
            True,
            "其中不可达（无路可通）" if words.way == "road" else "其中不可达",
            "of them unreachable (no way at all)",
        ),
    ):
        ids = [one for one in siting.unreachable_ids if (one in words.no_way) == none]
        if ids:
            amount = words.weight(sum(weight[one] for one in ids))
            named = listed(map(words.resident, ids), _RESIDENTS)
            lines.append(
                Text(f"  {zh} {amount.zh}，需求点 {len(ids)} 个：{named}", f"  {en}: {amount.en}, {len(ids)}: {named}")
            )
    return lines
