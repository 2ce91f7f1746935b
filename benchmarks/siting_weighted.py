"""Sites of different costs that cover all (weighted set cover), beside plain HiGHS on the whole programme: CPU seconds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from benchmarks.siting_cover import plane, timed
from planner.siting.cover import solve_lscp
from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.question import Limits

Say = Callable[..., None]
RADIUS_KM = 8.0
_HEAD = (
    "| 村 × 候选点（对数） | 费用 | fugai：费用（界） | CPU 秒 | HiGHS：费用（界） | CPU 秒 | 倍数 |\n"
    "|---|---|---:|---:|---:|---:|---:|"
)


def weighted(demands: int, sites: int, pairs: int, seed: int, low: int = 50, high: int = 500) -> Instance:
    """Return villages and candidates at random on a plane, so many pairs within reach, each site at a cost of its own."""
    case = plane("lscp", demands, sites, pairs, None, seed)
    costs = np.random.default_rng([seed, 1]).integers(low, high + 1, sites)
    return replace(case, site_cost=costs.astype(float))


def plain(case: Instance, limits: Limits) -> Solved:
    """Return HiGHS's own answer to the programme as it stands: every village a row, every candidate a column."""
    demands, sites = len(case.weight), len(case.site_ids)
    rows = csr_array((np.ones(len(case.indices)), case.indices, case.indptr), shape=(demands, sites))
    low, high = np.ones(demands), np.full(demands, np.inf)
    whole = np.ones(sites, np.bool_)
    return solve(Program(case.site_cost, rows, low, high, np.zeros(sites), np.ones(sites), whole), limits)


def row(say: Say, case: Instance, seconds: float) -> None:
    """Say one row: ours and HiGHS's under the same limit of time."""
    limits = Limits(seconds)
    ours, answer = timed(lambda: solve_lscp(case, limits))
    theirs, other = timed(lambda: plain(case, limits))
    low, high = case.site_cost.min(), case.site_cost.max()
    say(
        f"| {len(case.weight):,} × {len(case.site_ids):,}（{len(case.indices):,}） | {low:.0f}～{high:.0f} | "
        f"{answer.objective:.8g}（{answer.bound:.6g}） | {ours:.3g} | {other.objective:.8g}（{other.bound:.6g}） | "
        f"{theirs:.3g} | {theirs / ours:.2g} |"
    )


def pairs_of(demands: int, sites: int, side_km: float) -> int:
    """Return how many pairs lie within 8 km of each other in a square of so many km."""
    return round(demands * sites * np.pi * (RADIUS_KM / side_km) ** 2)


def run(say: Say, quick: bool = False, seconds: float = 60) -> None:
    """Say the table; quick leaves out what takes minutes."""
    solve_lscp(weighted(1000, 500, 25_000, 9), Limits(5))  # kernels are loaded before anything is timed
    say(f"\n### 费用不同的候选点，全部覆盖\n\n8 公里以内；时限 {seconds:g} 秒；界等于费用即已证明。\n\n{_HEAD}")
    sizes = [(1000, 500, 60.0), (3000, 1500, 200.0)]
    sizes += [] if quick else [(3000, 1500, 100.0), (3000, 1500, 60.0), (3000, 1500, 40.0), (10_000, 1500, 100.0)]
    for demands, sites, side in sizes:
        for seed in (0, 1):
            row(say, weighted(demands, sites, pairs_of(demands, sites, side), seed), seconds)
    if not quick:
        row(say, weighted(3000, 1500, pairs_of(3000, 1500, 100.0), 0, 90, 110), seconds)
        row(say, weighted(10_000, 1000, 150_000, 0), seconds)


if __name__ == "__main__":
    run(print)
