"""p-median and p-center against spopt with CBC, and on random networks as the OR-Library's: CPU seconds, one thread."""

import resource
import statistics
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from planner.siting.center import solve_p_center
from planner.siting.instance import Instance
from planner.siting.median import solve_p_median
from planner.siting.question import Limits, Question
from planner.siting.siting import Siting
from tests.reference.pmed import random_network, read_pmed

Say = Callable[..., None]
_SIZES = ((100, (5, 10, 10, 20, 33)), (200, (5, 10, 20, 40, 67)), (300, (5, 10, 30, 60, 100)),
          (400, (5, 10, 40, 80, 133)), (500, (5, 10, 50, 100, 167)), (600, (5, 10, 60, 120, 200)),
          (700, (5, 10, 70, 140)), (800, (5, 10, 80)), (900, (5, 10, 90)))  # fmt: skip
"""Nodes, and the numbers of sites asked of networks of that size: pmed1 to pmed40."""
_PATIENCE = 300
"""Seconds (by the wall clock) after which CBC is stopped; its row then says so."""
_SOLVERS: tuple[tuple[str, Callable[[Instance, Limits], Siting]], ...] = (
    ("p-median", solve_p_median),
    ("p-center", solve_p_center),
)


def _cpu() -> float:
    """CPU seconds of this process and of those that it started and that have ended (CBC)."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _timed(question: Callable[[], Any]) -> tuple[float, Any]:
    begin = _cpu()
    answer = question()
    return _cpu() - begin, answer


def town(demands: int, sites: int, p: int, seed: int) -> Instance:
    """Return settlements and candidates in a square of 100 km, every pair in reach: whole metres, whole people."""
    rng = np.random.default_rng(seed)
    here, there = rng.random((demands, 2)) * 100_000, rng.random((sites, 2)) * 100_000
    far = np.rint(np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))).astype(np.uint32)
    ids = [np.array([f"{letter}{at:05d}" for at in range(count)], object)
           for letter, count in (("d", demands), ("s", sites))]  # fmt: skip
    return Instance(
        Question("p-median", p=p), *ids, np.rint(rng.lognormal(6, 1, demands)), np.arange(demands + 1) * sites,
        np.tile(np.arange(sites), demands), far.ravel(), np.zeros(sites, np.int8), np.zeros(sites), np.zeros(sites),
        np.full(sites, np.inf), np.full(sites, "", object),
    )  # type: ignore[arg-type]  # fmt: skip


def _peer(case: Instance) -> tuple[float, float]:
    """Return (CPU seconds, objective) of spopt with CBC, building and solving; inf where it was stopped without a plan."""
    import pulp
    from spopt.locate import PCenter, PMedian

    warnings.simplefilter("ignore")
    table = case.costs.reshape(len(case.weight), -1).astype(float)
    p, solver = case.question.p, pulp.PULP_CBC_CMD(msg=False, timeLimit=_PATIENCE)

    def answer() -> float:
        if case.question.model == "p-center":
            model = PCenter.from_cost_matrix(table, p_facilities=p)
        else:
            model = PMedian.from_cost_matrix(table, case.weight, p_facilities=p)
        try:
            return float(pulp.value(model.solve(solver).problem.objective))
        except RuntimeError:  # spopt's word for a model that is not solved
            return float("inf")

    return _timed(answer)


def against_spopt(say: Say, sizes: tuple[tuple[str, int, int, int, float], ...]) -> None:
    """Both on one instance: the same objective, the seconds of each."""
    say("\n### 与 spopt（CBC）：同一实例、同一目标值，含建模\n")
    say("| 模型 | 需求点 × 候选点 | p | 状态 | fugai（CPU 秒） | spopt（CPU 秒） | 倍数 | 目标 |")
    say("|---|---|---:|---|---:|---:|---:|---|")
    solvers = dict(_SOLVERS)
    for model, demands, sites, p, goal in sizes:
        case = town(demands, sites, p, 1).asking(Question(model, p=p))  # type: ignore[arg-type]
        ours, answer = min((_timed(lambda: solvers[model](replace(case), Limits())) for _ in range(3)),  # noqa: B023
                           key=lambda one: one[0])  # fmt: skip
        theirs, value = _peer(case)
        assert answer.objective <= value * (1 + 1e-6), (answer.objective, value)
        ended = value <= answer.objective * (1 + 1e-6)
        verdict = f"≥ {goal:g}，{'达到' if theirs >= goal * ours else '**未达到**'}" if goal else ""
        say(
            f"| {model} | {demands:,} × {sites} | {p} | {answer.status} | {ours:.3f} | {'' if ended else '> '}{theirs:.1f} "
            f"| {'' if ended else '> '}{theirs / ours:.0f} | {verdict} |"
        )
    say(f"\nspopt 满 {_PATIENCE} 秒（墙钟）即停，未得到最优值的记作“>”。")


def networks(say: Say, quick: bool) -> None:
    """Forty random networks, each as p-median and p-center: what was proven, and in what time."""
    say("\n### 随机路网（仿 OR-Library pmed1–40：边数约 节点数²/50，费用 1–100，节点皆为需求点与候选点）\n")
    say("| 序号 | 节点 | p | p-median | 目标值 | 差距 | CPU 秒 | 节点数 | p-center | 半径 | CPU 秒 |")
    say("|---:|---:|---:|---|---:|---:|---:|---:|---|---:|---:|")
    seconds: dict[str, list[float]] = {name: [] for name, _ in _SOLVERS}
    proven = dict.fromkeys(seconds, 0)
    for number, (nodes, p) in enumerate(((nodes, p) for nodes, all_p in _SIZES for p in all_p), 1):
        if quick and nodes > 300:
            break
        case, said = read_pmed(random_network(nodes, p, number)), f"| {number} | {nodes} | {p} "
        for name, solver in _SOLVERS:
            took, answer = _timed(lambda: solver(case.asking(Question(name, p=p)), Limits(60)))  # type: ignore[arg-type]  # noqa: B023
            seconds[name].append(took)
            proven[name] += answer.status == "optimal"
            gap = f"| {answer.gap:.2%} " if name == "p-median" else ""
            visited = f"| {answer.reduced['nodes']} " if name == "p-median" else ""
            said += f"| {answer.status} | {answer.objective:g} {gap}| {took:.2f} {visited}"
        say(f"{said}|")
    goals = {"p-median": (2, "中位数", statistics.median), "p-center": (3, "最长", max)}
    for name, (goal, word, pick) in goals.items():
        took = pick(seconds[name])  # type: ignore[operator]
        say(
            f"\n{name}：{proven[name]}/{len(seconds[name])} 已证最优，中位数 {statistics.median(seconds[name]):.2f} 秒，"
            f"最长 {max(seconds[name]):.2f} 秒；目标 {word} ≤ {goal} 秒，{'达到' if took <= goal else '**未达到**'}。"
        )


def prefecture_curve(say: Say) -> None:
    """37 candidates and 450 settlements, p = 5 to 8: what one solve costs."""
    took = [_timed(lambda: solve_p_median(town(450, 37, p, seed), Limits()))[0]  # noqa: B023
            for seed in range(10) for p in (5, 6, 7, 8)]  # fmt: skip
    say(f"\n### 450 个居民点 × 37 个候选点，p = 5…8，p-median 单次求解（{len(took)} 次）\n")
    say(f"中位数 {statistics.median(took) * 1000:.0f} 毫秒，最长 {max(took) * 1000:.0f} 毫秒 CPU。")


def run(say: Say, *, quick: bool) -> None:
    """Run all tables; `quick` takes small sizes."""
    say("\n## p-median 与 p-center\n")
    solve_p_center(town(30, 8, 2, 0), Limits())  # compile, or load what is compiled
    solve_p_median(town(30, 8, 2, 0), Limits())
    prefecture_curve(say)
    networks(say, quick)
    if find_spec("spopt") is None:
        say("\nspopt 未安装，未比较。")
        return
    small = (("p-median", 200, 50, 5, 0.0), ("p-center", 100, 30, 5, 0.0))
    large = (
        ("p-median", 450, 37, 7, 0.0),
        ("p-median", 500, 100, 10, 0.0),
        ("p-median", 1_000, 200, 10, 300.0),
        ("p-center", 200, 50, 5, 0.0),
    )
    against_spopt(say, small if quick else (*small, *large))
