"""Cover siting against spopt with CBC: CPU seconds in one run, model building and the solver's own process included."""

import importlib.util
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from planner.siting.cover import solve_lscp, solve_mclp
from planner.siting.instance import Instance
from planner.siting.question import Limits, Question
from planner.siting.siting import Siting

Say = Callable[..., None]
_HEAD = (
    "| 模型 | 需求点 × 候选点（对数） | p | 状态 | 目标值 | 差距 | fugai（CPU 秒） | spopt（CPU 秒） | 倍数 | 目标 |\n"
    "|---|---|---:|---|---:|---:|---:|---:|---:|---|"
)
_AT_ONCE = 1_000_000


def plane(model: str, demands: int, sites: int, pairs: int, p: int | None = None, seed: int = 0) -> Instance:
    """Return random points in a square, weights 1 to 100; the radius is chosen to give about so many pairs.

    Every demand is one that some site reaches.
    """
    rng = np.random.default_rng(seed)
    tree = cKDTree(rng.random((sites, 2)))
    radius = float(np.sqrt(pairs / demands / sites / np.pi))
    size, index, cost, got = [np.zeros(1, np.int64)], [], [], 0
    while got < demands:
        points = rng.random((min(_AT_ONCE, demands - got), 2))
        points = points[tree.query(points)[0] <= radius]
        near = cKDTree(points).sparse_distance_matrix(tree, radius, output_type="ndarray")
        near = near[np.lexsort((near["j"], near["i"]))]
        size.append(np.bincount(near["i"], minlength=len(points)))
        index.append(near["j"].astype(np.int64))
        cost.append(np.rint(near["v"] * 1e6).astype(np.uint32))
        got += len(points)
    ids = [
        np.char.mod(f"{letter}%08d", np.arange(count)).astype(object)
        for letter, count in (("d", demands), ("s", sites))
    ]
    worth = float(model == "lscp")
    return Instance(
        Question(model, p=p), *ids, rng.integers(1, 101, demands).astype(float), np.cumsum(np.concatenate(size)),
        np.concatenate(index), np.concatenate(cost), np.zeros(sites, np.int8), np.full(sites, worth), np.zeros(sites),
        np.full(sites, np.inf), np.full(sites, "", object),
    )  # type: ignore[arg-type]  # fmt: skip


def _cpu() -> float:
    """CPU seconds of this process and of those that it started and that have ended (CBC)."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def timed(question: Callable[[], Any], runs: int = 1) -> tuple[float, Any]:
    """Return the least CPU seconds over `runs`, and the answer."""
    least, answer = float("inf"), None
    for _ in range(runs):
        begin = _cpu()
        answer = question()
        least = min(least, _cpu() - begin)
    return least, answer


def peer(case: Instance, seconds: float) -> float:
    """Return spopt's objective for the instance: its model built from a full table of costs and solved by CBC."""
    import pulp
    from spopt.locate import LSCP, MCLP

    full = np.full((len(case.weight), len(case.site_ids)), 2.0)
    full[case.row, case.indices] = 0.0
    solver = pulp.PULP_CBC_CMD(msg=False, threads=1, timeLimit=seconds)
    if case.question.model == "lscp":
        model = LSCP.from_cost_matrix(full, 1.0)
    else:
        model = MCLP.from_cost_matrix(full, case.weight, 1.0, p_facilities=case.question.p)
    model.solve(solver)
    return abs(float(pulp.value(model.problem.objective)))


def row(say: Say, case: Instance, seconds: float, goal: str, spopt: float | None = None, runs: int = 3) -> Siting:
    """Say one row of the table: ours, and spopt's where it is given so many seconds."""
    solver = {"lscp": solve_lscp, "mclp": solve_mclp}[case.question.model]
    ours, answer = timed(lambda: solver(case, Limits(seconds=seconds)), runs)
    theirs, ratio = "—", "—"
    if spopt is not None and importlib.util.find_spec("spopt"):
        spent, value = timed(lambda: peer(case, spopt))
        same = abs(value - answer.objective) <= 1e-6 * abs(answer.objective)
        theirs, ratio = f"{spent:.4g}{'' if same else f'（得 {value:.10g}）'}", f"{spent / ours:.0f}"
    size = f"{len(case.weight):,} × {len(case.site_ids):,}（{len(case.indices):,}）"
    say(
        f"| {case.question.model} | {size} | {case.question.p or ''} | {answer.status} | {answer.objective:.10g} | "
        f"{answer.gap:.2g} | {ours:.4g} | {theirs} | {ratio} | {goal} |"
    )
    return answer


def run(say: Say, quick: bool = False) -> None:
    """Say the tables; quick leaves out what takes minutes."""
    for model in ("mclp", "lscp"):  # kernels are loaded before anything is timed
        small = plane(model, 20_000, 200, 60_000, 5 if model == "mclp" else None)
        (solve_mclp if model == "mclp" else solve_lscp)(small, Limits(5))
    say(f"\n### 覆盖选址\n\n随机均匀的点；差距是（界 − 目标值）／目标值；spopt 的秒数含建模与 CBC 进程。\n\n{_HEAD}")
    if not quick:
        row(say, plane("mclp", 10_000, 1_000, 150_000, 20), 60, "≥ 40 倍", spopt=600)
        row(say, plane("lscp", 10_000, 1_000, 40_000), 60, "≥ 300 倍", spopt=600)
    else:
        row(say, plane("mclp", 2_000, 200, 20_000, 10), 20, "", spopt=60)
        row(say, plane("lscp", 2_000, 200, 8_000), 20, "", spopt=60)
    row(say, plane("mclp", 100_000, 2_000, 1_500_000, 20), 60, "证明，≤ 1 秒")
    row(say, plane("lscp", 100_000, 2_000, 400_000), 60, "证明，≤ 1 秒")
    if quick:
        return
    row(say, plane("mclp", 100_000, 2_000, 1_500_000, 50), 60, "证明，或 60 秒内差距 ≤ 0.1 %")
    row(say, plane("mclp", 500_000, 2_000, 7_500_000, 20), 60, "证明，≤ 2 秒")
    row(say, plane("mclp", 500_000, 2_000, 7_500_000, 50), 60, "证明，或 60 秒内差距 ≤ 0.1 %")
    row(say, plane("mclp", 10_000, 1_000, 150_000, 50), 60, "难例：证不完", runs=1)
    row(say, plane("lscp", 10_000, 1_000, 150_000), 60, "难例：证不完", runs=1)
    row(say, plane("lscp", 100_000, 2_000, 800_000), 60, "难例：证不完", runs=1)
    row(say, plane("lscp", 100_000, 2_000, 1_500_000), 60, "难例：证不完", runs=1)
    _largest(say)


def _largest(say: Say) -> None:
    """Ten million demands, with the memory that they take."""
    case = plane("mclp", 10_000_000, 200, 50_000_000, 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row(say, case, 120, "证明，≤ 60 秒，< 6 GB", runs=1)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    arrays = sum(one.nbytes for one in (case.indptr, case.indices, case.costs)) / 1e9
    say(
        f"\n最后一行：稀疏矩阵 {arrays:.2f} GB，求解前进程峰值 {before:.2f} GB（含构造与编号），求解后 {after:.2f} GB。"
    )


if __name__ == "__main__":
    begin = time.perf_counter()
    run(print)
    print(f"\n{time.perf_counter() - begin:.0f} s")
