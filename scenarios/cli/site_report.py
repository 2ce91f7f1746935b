"""What fugai site prints and writes: JSON, or a summary that says 最优 only of what is proven."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.siting.classes import CLASSES
from planner.siting.siting import Siting
from scenarios.cli.site import input_paths
from scenarios.site import MAXIMISES, Found, answer_of, has_plan, inputs_of, rows_of, step_of

_SHOWN = 20
_QUIET = ("run", "lang", "debug", "json", "out", "command", "version")
_NAMES = {
    "lscp": Text("最少站点全覆盖（LSCP）", "fewest sites for all (LSCP)"),
    "mclp": Text("定数最大覆盖（MCLP）", "most covered by p sites (MCLP)"),
    "backup": Text("双重覆盖", "backup cover"),
    "p-median": Text("总距离最小（p-median）", "least weighted distance (p-median)"),
    "p-center": Text("最远者最近（p-center）", "nearest farthest (p-center)"),
    "capacitated": Text("有容量选址", "capacitated"),
}
_STATES = ("optimal", "feasible", "unknown", "infeasible")
_UNITS = {"mm": (1e6, "km"), "ms": (6e4, "min"), "table": (1.0, "")}


def finish(found: list[Found], options: argparse.Namespace, unit: str) -> int:
    """Print and write the answer; return 2 where no p has a plan."""
    answer = {
        **_answer(found, options),
        "cost_unit": unit,
        "parameters": _parameters(options),
        "inputs": inputs_of(input_paths(options)),
    }
    text = json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    solved = any(has_plan(one.siting) for one in found)
    if options.out is not None and solved:
        _write(options.out, text)
    if options.json:
        print(text, end="")
        return 0 if solved else 2
    for one in found:
        for line in summary(one, unit, options.lang):
            print(printable(line))
    if options.out is not None and solved:
        print(Text(f"输出：{options.out}", f"output: {options.out}").say(options.lang))
    return 0 if solved else 2


def _answer(found: list[Found], options: argparse.Namespace) -> dict[str, Any]:
    """Return the answer for one p, or the curve over several: with the state that is true of all."""
    each = [_one(one, options.lang) for one in found]
    if len(each) == 1:
        return each[0]
    worst = max((one["status"] for one in each), key=_STATES.index)
    seconds = round(sum(one["seconds"] for one in each), 3)
    return {"model": options.model, "status": worst, "seconds": seconds, "curve": each}


def _one(found: Found, language: Language) -> dict[str, Any]:
    answer = answer_of(found.siting, language)
    if found.step is not None:
        answer |= step_of(found.step, language)
    if found.plans:
        answer["plans"] = [answer_of(plan, language) for plan in found.plans]
    if found.classes is not None:
        answer["classes"] = rows_of(found.classes)
    return answer


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was asked, files by name: the answer says itself what it answers."""
    said = {name: value for name, value in sorted(vars(options).items()) if name not in _QUIET}
    return {name: value.name if isinstance(value, Path) else value for name, value in said.items()}


def _write(out: Path, text: str) -> None:
    fresh = out.with_name(f".{out.name}.fugai-new")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(out)
    except OSError as error:
        fix = Text("检查路径、权限，关闭打开它的程序", "check the path, and close what has it open")
        raise OptionError(
            Problem(str(out), Text("写不进去", "cannot be written"), fix, found=error.strerror or "")
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def summary(found: Found, unit: str, language: Language) -> list[str]:
    """Return the answer in a few lines."""
    siting = found.siting
    p = "" if siting.question.p is None else f"p = {siting.question.p}"
    name, state = _NAMES[siting.question.model], _state(siting)
    lines = [Text(f"{name.zh}{p and '，' + p}：{state.zh}", f"{name.en}{p and ', ' + p}: {state.en}")]
    if siting.clash is not None:
        rule, change = siting.clash.rule, siting.clash.change
        lines += [Text(f"  原因：{rule.zh}", f"  why: {rule.en}"), Text(f"  可以：{change.zh}", f"  do: {change.en}")]
    if has_plan(siting):
        lines += _plan(siting, unit)
    lines += _around(found)
    said = f"{siting.seconds:.2f}"
    lines.append(Text(f"  用时 {said} 秒，{siting.solver}", f"  {said} s, {siting.solver}"))
    return [line.say(language) for line in lines]


def _around(found: Found) -> list[Text]:
    """Return what stands around the plan: the gain over the p before, ties, the next best plans, the classes."""
    lines = []
    if found.step is not None and np.isfinite(found.step.gain):
        gain = _shown(found.step.gain)
        lines.append(Text(f"  比上一个 p 改善 {gain}", f"  better than the p before by {gain}"))
    if found.siting.ties:
        lines.append(Text("  另有同样好的方案", "  another plan is as good"))
    for place, plan in enumerate(found.plans[1:], 2):
        value, named = _shown(plan.objective), "、".join(map(str, plan.chosen[:_SHOWN]))
        lines.append(Text(f"  第 {place} 名 {value}：{named}", f"  no. {place} {value}: {named}"))
    if found.classes is not None and len(found.classes):
        for key, label in CLASSES.items():
            ids = found.classes.loc[found.classes["class"] == key, "id"].tolist()
            listed = "、".join(map(str, ids[:_SHOWN])) + (" …" if len(ids) > _SHOWN else "")
            lines.append(Text(f"  {label.zh} {len(ids)} 个：{listed}", f"  {label.en}, {len(ids)}: {listed}"))
    return lines


def _state(siting: Siting) -> Text:
    """Return the status in words: 最优 only of what is proven."""
    value, bound = _shown(siting.objective), _shown(siting.bound)
    side = Text("上界", "upper bound") if siting.question.model in MAXIMISES else Text("下界", "lower bound")
    if siting.status == "optimal":
        return Text(f"最优（已证明），目标值 {value}", f"optimal (proven), objective {value}")
    if siting.status == "feasible":
        gap = f"{siting.gap:.2%}"
        return Text(
            f"可行方案，目标值 {value}，{side.zh} {bound}，差距 {gap}",
            f"a feasible plan, objective {value}, {side.en} {bound}, gap {gap}",
        )
    if siting.status == "infeasible":
        return Text("没有可行方案", "there is no plan")
    return Text(f"时限内没有找到方案，{side.zh} {bound}", f"no plan was found in time, {side.en} {bound}")


def _shown(value: float) -> str:
    return f"{value:,.10g}" if np.isfinite(value) else "—"


def _plan(siting: Siting, unit: str) -> list[Text]:
    chosen, total = siting.chosen, siting.covered + siting.uncovered + siting.unreachable
    named = "、".join(map(str, chosen[:_SHOWN])) + (" …" if len(chosen) > _SHOWN else "")
    people = (_shown(siting.covered), _shown(siting.uncovered), _shown(siting.unreachable))
    share = f"{siting.covered / total:.2%}" if total else "—"
    table = siting.assignment
    weight = dict(zip(siting.instance.demand_ids, siting.instance.weight, strict=True))
    by = table["demand_id"].map(weight).to_numpy(float) * table["share"].to_numpy(float)
    factor, said = _UNITS[unit]
    cost = table["cost"].to_numpy(float) / factor
    mean = f"{float((by * cost).sum()) / by.sum():,.2f} {said}".rstrip() if by.sum() else "—"
    far = f"{cost.max():,.2f} {said}".rstrip() if len(cost) else "—"
    lines = [
        Text(f"  开设 {len(chosen)} 个：{named}", f"  {len(chosen)} sites: {named}"),
        Text(f"  已覆盖 {people[0]}（{share}），未覆盖 {people[1]}，不可达 {people[2]}；平均 {mean}，最远 {far}",
             f"  covered {people[0]} ({share}), uncovered {people[1]}, unreachable {people[2]}; mean {mean}, farthest {far}"),
    ]  # fmt: skip
    lost = siting.unreachable_ids
    if lost:
        ids = "、".join(map(str, lost[:_SHOWN])) + (" …" if len(lost) > _SHOWN else "")
        lines.append(Text(f"  不可达的需求点 {len(lost)} 个：{ids}", f"  {len(lost)} unreachable: {ids}"))
    return lines
