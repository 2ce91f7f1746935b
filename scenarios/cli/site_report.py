"""What fugai site prints and writes: JSON, or a summary that says 最优 only of what is proven."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from planner.errors import Language, Text, printable
from planner.siting.best import CLASSES
from planner.siting.siting import Siting, relative_gap
from planner.text import exact_text, money_text, number_text, share_of, share_text
from scenarios.point_questions import SiteQuestion
from scenarios.site import MAXIMISES, Found, Lists, answer_of, has_plan, inputs_of, rows_of, step_of
from scenarios.site_words import Words, listed, names_of

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
        _write(made, found, text, words, lists)
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


def _write(made: tuple[Path, ...], found: list[Found], text: str, words: Words, lists: Lists) -> None:
    """Write the JSON, or the tables, whole."""
    from geodata.csv_text import write_csv
    from scenarios.export.folder import write_whole
    from scenarios.export.siting import tables_of, write_book

    if made[0].suffix.lower() == ".json":
        write_whole({made[0]: lambda path: path.write_text(text, encoding="utf-8", newline="\n")})
        return
    sitings = [one.siting for one in found if has_plan(one.siting)]
    served, sites = tables_of(sitings, words, lists)
    if made[0].suffix.lower() == ".csv":
        write_whole({made[0]: lambda path: write_csv(path, served), made[1]: lambda path: write_csv(path, sites)})
        return
    lines = [line for one in found for line in summary(one, words, "zh", timed=False)]
    lines += [one.zh for one in lists.told]
    write_whole({made[0]: lambda path: write_book(path, served, sites, lines)})


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
