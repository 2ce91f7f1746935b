"""Capacitated siting against spopt with CBC and against HiGHS given the plain programme: CPU seconds, same objective."""

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.reach import reach_of, rows_of
from planner.siting.capacitated import solve_capacitated
from planner.siting.capacitated_model import network_of, program_of, scale_of
from planner.siting.highs import solve
from planner.siting.instance import Instance, instance_of
from planner.siting.question import Limits, Question

Say = Callable[..., None]
_LIMITS = Limits(seconds=60)
_HEAD = (
    "| 问题 | 状态 | 目标值 | 差距 | fugai（CPU 秒） | 原样交给 HiGHS | 倍数 | spopt＋CBC | 倍数 |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Case:
    """One made question: demands, sites, p (0: none), how full the sites are, what opening one costs, split or not."""

    demands: int
    sites: int
    p: int
    full: float
    fixed: float
    split: bool

    @property
    def said(self) -> str:
        kind = f"p = {self.p}" if self.p else "固定费用"
        return f"{self.demands:,} × {self.sites}，{kind}，占用 {self.full:.0%}，{'可拆分' if self.split else '不拆分'}"


_CASES = (
    Case(50, 50, 5, 0.80, 0, False),
    Case(100, 100, 10, 0.80, 0, False),
    Case(450, 37, 6, 0.80, 0, True),
    Case(450, 37, 6, 0.80, 0, False),
    Case(200, 50, 0, 0.20, 2e6, True),
    Case(1_000, 100, 0, 0.30, 1e6, False),
    Case(1_000, 100, 0, 0.10, 1e7, True),
    Case(200, 200, 20, 0.90, 0, False),
)


def made(case: Case, seed: int = 1) -> Instance:
    """Return points in a square; the candidates are the demands themselves where there are as many of both."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 100, (case.demands, 2))
    site = place if case.sites == case.demands else rng.uniform(0, 100, (case.sites, 2))
    weight = rng.integers(1, 21, case.demands).astype(float)
    far = np.rint(np.hypot(*(place[:, None] - site[None]).transpose(2, 0, 1)) * 1000)
    if case.p:
        hold = np.full(case.sites, np.ceil(weight.sum() / case.full / case.p))
    else:
        hold = rng.uniform(10, 160, case.sites)
        hold = np.rint(hold * weight.sum() / hold.sum() / case.full)
    frame = pd.DataFrame({"max_load": hold, "cost": np.rint(rng.uniform(0.5, 1.5, case.sites) * case.fixed)})
    ids = [np.array([f"{one}{at:05d}" for at in range(count)], object)
           for one, count in (("d", case.demands), ("s", case.sites))]  # fmt: skip
    row, column = np.repeat(np.arange(case.demands), case.sites), np.tile(np.arange(case.sites), case.demands)
    nothing = np.full(case.demands, -1), np.full(case.demands, np.nan)
    reach = reach_of((ids[0], ids[1]), 0, rows_of(row, column, far.ravel(), case.demands), *nothing)
    question = Question("capacitated", p=case.p or None, split=case.split)
    return instance_of(question, reach, pd.Series(weight, index=ids[0]), frame.assign(id=ids[1]))


def _timed(question: Callable[[], Any]) -> tuple[float, Any]:
    begin = os.times()
    answer = question()
    end = os.times()
    return sum(end[:4]) - sum(begin[:4]), answer  # children too: CBC is one


def _plain(instance: Instance) -> float | None:
    """Return the objective that HiGHS proves of the plain programme, None where 60 s do not suffice."""
    net = network_of(instance)
    solved = solve(program_of(net, np.zeros(0, np.int64), whole=True), _LIMITS)
    return solved.objective * scale_of(net) if solved.status == "optimal" else None


def _spopt(instance: Instance) -> float | None:
    """Return the objective of spopt's capacitated p-median, None where it has no such model or CBC runs out of time."""
    asked = instance.question
    if asked.p is None or asked.split:
        return None
    try:
        import pulp
        from spopt.locate import PMedian
    except ImportError:
        return None
    full = np.zeros((len(instance.weight), len(instance.site_ids)))
    full[instance.row, instance.indices] = instance.costs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PMedian.from_cost_matrix(full, instance.weight, asked.p, facility_capacities=instance.max_load)
        begin = time.perf_counter()
        model = model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=_LIMITS.seconds), results=False)
        ended = time.perf_counter() - begin < _LIMITS.seconds
        return float(model.problem.objective.value()) if ended else None


def run(say: Say, *, quick: bool) -> None:
    """Run the whole table; `quick` takes the first two cases."""
    say("\n## 有容量选址\n")
    say("同一进程，CPU 秒，都限 60 秒；“—”：没有这种模型；“> 60”：限时内没有证明最优。三者都证明时目标值一致。")
    say("“原样交给 HiGHS”：同一个整数规划，不加 z ≤ x，不按价格删除站点。\n")
    say(_HEAD)
    for case in _CASES[: 2 if quick else None]:
        instance = made(case)
        ours, answer = _timed(lambda one=instance: solve_capacitated(one, _LIMITS))
        plain, value = _timed(lambda one=instance: _plain(one))
        peer, other = _timed(lambda one=instance: _spopt(one))
        for proven in (value, other):
            assert proven is None or answer.status != "optimal" or np.isclose(proven, answer.objective, rtol=1e-6)
        named = "最优" if answer.status == "optimal" else "可行"
        cells = [_cell(ours, plain, value is not None), "— | —"]
        if not (instance.question.p is None or instance.question.split):
            cells[1] = _cell(ours, peer, other is not None)
        say(
            f"| {case.said} | {named} | {answer.objective:,.0f} | {answer.gap:.2%} | {ours:.2f} | {' | '.join(cells)} |"
        )


def _cell(ours: float, peer: float, proven: bool) -> str:
    return f"{peer:.2f} | {peer / ours:.1f}" if proven else f"> 60 | > {60 / ours:.1f}"
