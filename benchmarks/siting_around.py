"""Around the optimum of a prefecture's sub-centres: 37 candidates, 450 settlements, p = 5…8, the five best of each."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from planner.reach import reach_of, rows_of
from planner.siting.best import classes, k_best, lexicographic, partition
from planner.siting.front import curve, pareto
from planner.siting.instance import Instance, instance_of
from planner.siting.models import solve
from planner.siting.question import Limits, Model, Question
from planner.siting.small import small_first

Say = Callable[..., None]
_SITES, _SETTLEMENTS, _BEST = 37, 450, 5
_PS = range(5, 9)
_LIMIT = 30 * 60_000
_LIMITS = Limits(seconds=300)
_HEAD = "| 问题 | CPU 秒 | 目标 | 说明 |\n|---|---:|---|---|"


def prefecture(model: Model, seed: int = 0, sites: int = _SITES, settlements: int = _SETTLEMENTS) -> Instance:
    """Return settlements in valleys, some of them candidates; minutes to the nearest in milliseconds, detours differ."""
    rng = np.random.default_rng(seed)
    valleys = rng.random((12, 2)) * 100
    xy = valleys[rng.integers(0, len(valleys), settlements)] + rng.normal(0, 7, (settlements, 2))
    place = np.sort(rng.choice(settlements, sites, replace=False))
    length_km = np.hypot(*(xy[:, None] - xy[place][None]).transpose(2, 0, 1)) * rng.uniform(
        1.2, 2.2, (settlements, sites)
    )
    cost = np.rint(length_km / 40 * 3_600_000)
    row, column = np.nonzero(cost <= _LIMIT) if model == "mclp" else np.nonzero(cost >= 0)
    ids = [
        np.array([f"{kind}{at:04d}" for at in range(count)], object)
        for kind, count in (("d", settlements), ("s", sites))
    ]
    nothing = np.full(settlements, -1), np.full(settlements, np.nan)
    pairs = rows_of(row, column, cost[row, column], settlements)
    weight = pd.Series(np.rint(rng.lognormal(6, 1.2, settlements)), index=ids[0])
    reach = reach_of((ids[0], ids[1]), _LIMIT, pairs, *nothing)
    return instance_of(Question(model, p=_PS[0]), reach, weight, pd.DataFrame({"id": ids[1]}))


def at_p(case: Instance, p: int) -> Instance:
    """Return the same data asked for another p."""
    return case.asking(replace(case.question, p=p))


def timed(question: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of this process, and the answer."""
    begin = time.process_time()
    answer = question()
    return time.process_time() - begin, answer


def _row(name: str, seconds: float, goal: float = 0.0, note: str = "") -> str:
    verdict = f"≤ {goal:g}，{'达到' if seconds <= goal else '**未达到**'}" if goal else ""
    return f"| {name} | {seconds:.3g} | {verdict} | {note} |"


def _values(plans: list[Any]) -> list[float]:
    assert all(plan.status == "optimal" for plan in plans)
    return [plan.objective for plan in plans]


def whole_curve(say: Say, model: Model, goal: float, *, quick: bool) -> None:
    """The curve with the five best of every p: by the compiled search, and by Lawler's partition with the solver."""
    worst = 0.0
    for seed in range(1 if quick else 5):
        case = prefecture(model, seed)
        seconds, best = timed(lambda case=case: [k_best(at_p(case, p), _LIMITS, _BEST, solve) for p in _PS])
        worst = max(worst, seconds)
        if seed == 0:
            first, found = case, best
    say(_row(f"{model}：p = 5…8，各取前五", worst, goal, f"{1 if quick else 5} 个随机州市中最慢的一个；全部证明"))
    seconds, lawler = timed(lambda: [partition(at_p(first, p), _LIMITS, _BEST, solve) for p in _PS])
    for one, other in zip(found, lawler, strict=True):
        assert np.allclose(_values(one), _values(other), rtol=1e-9)
    say(_row(f"{model}：同上，逐个子问题求解（Lawler）", seconds, goal, "用各模型自己的求解器；数值核对一致"))


def trying_all(say: Say, model: Model) -> None:
    """The five best of p = 5 among all sets, held against the search."""
    case = prefecture(model)
    full = np.full((len(case.weight), len(case.site_ids)), np.inf)
    full[case.row, case.indices] = case.costs

    def worth(sites: tuple[int, ...]) -> float:
        near = full[:, sites].min(axis=1)
        return -case.weight[np.isfinite(near)].sum() if model == "mclp" else float(case.weight @ near)

    seconds, values = timed(lambda: sorted(map(worth, combinations(range(len(case.site_ids)), _PS[0]))))
    best = _values(k_best(case, _LIMITS, _BEST, solve))
    assert np.allclose(np.abs(values[:_BEST]), best)
    say(_row(f"{model}：p = 5 穷举全部 {len(values):,} 个组合", seconds, note="numpy 逐个计算；前五与上面一致"))


def around(say: Say, model: Model) -> None:
    """Classes, curve and ties at p = 5 to 8."""
    case = prefecture(model)
    quick_solve = small_first(solve)
    for name, solver in (("编译搜索", quick_solve), ("模型求解器", solve)):
        seconds, found = timed(lambda solver=solver: [classes(at_p(case, p), _LIMITS, solver, 0.02) for p in _PS])
        kinds = found[0]["class"].value_counts().to_dict()
        say(_row(f"{model}：每个候选点的类别，p = 5…8", seconds, note=f"{name}；容差 2%；p = 5：{kinds}"))
    seconds, steps = timed(lambda: curve(case, _LIMITS, _PS, quick_solve))
    gains = "、".join(f"{step.gain:.4g}" for step in steps[1:])
    say(_row(f"{model}：曲线与谁受益", seconds, note=f"边际收益 {gains}"))
    seconds, _ = timed(lambda: [lexicographic(at_p(case, p), _LIMITS, quick_solve) for p in _PS])
    say(_row(f"{model}：按第二目标和编号分出并列", seconds))


def front(say: Say) -> None:
    """Cover within 30 minutes against weighted time."""
    first, second = prefecture("mclp"), prefecture("p-median")
    for p in _PS:
        seconds, points = timed(lambda p=p: pareto(at_p(first, p), at_p(second, p), _LIMITS))
        assert all(point.proven for point in points)
        say(_row(f"帕累托前沿（30 分钟覆盖 × 加权时间），p = {p}", seconds, note=f"{len(points)} 个方案，全部证明"))


def run(say: Say, *, quick: bool) -> None:
    """Run the whole table; `quick` leaves out the slow comparisons."""
    say("# 最优解周围：前几名、曲线、类别、并列、帕累托前沿\n")
    say(
        f"{_SITES} 个候选点 × {_SETTLEMENTS} 个居民点，p = 5…8。同一进程内先后运行，CPU 秒；编译时间不计（编译结果有缓存）。\n"
    )
    names = ("numpy", "numba", "highspy")
    say(
        f"{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}，"
        + "，".join(f"{one} {version(one)}" for one in names)
    )
    say(f"\n{_HEAD}")
    for model, goal in (("mclp", 2), ("p-median", 20)):
        k_best(prefecture(model, sites=8, settlements=20), _LIMITS, 2, solve)  # compile
        whole_curve(say, model, goal, quick=quick)
        around(say, model)
        if not quick:
            trying_all(say, model)
    front(say)
