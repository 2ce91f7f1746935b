"""Districts against peers that keep one bound only: spopt's max-p (a floor) and a capacitated p-median (a ceiling).

And against themselves, where a peer asks less: the same question with the same rules, so that neither side has it easier.
"""

import importlib.util
import os
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import Delaunay

from planner.districts.case import Case
from planner.districts.districting import DistrictTask, cases_of, districts
from planner.plans.rounds import driven, routes
from planner.reach import reach_of, rows_of
from planner.siting.instance import Instance, instance_of
from planner.siting.models import solve
from planner.siting.question import Limits, Question

Say = Callable[..., None]
_SIZES: tuple[tuple[int, int, float, dict[str, Any]], ...] = (
    (100, 10, 0.75, {}),
    (200, 20, 0.6, {}),
    (200, 20, 0.75, {}),
    (200, 20, 0.75, {"hard": True}),
    (200, 20, 0.75, {"short_price": 2_000.0}),
    (200, 20, 0.85, {}),
    (1_000, 60, 0.6, {}),
    (1_000, 60, 0.75, {}),
    (1_000, 60, 0.75, {"hard": True}),
    (1_000, 60, 0.85, {}),
)
"""Communities, centres, people by room, and the lower bound: none that costs, a must, or a price in metres a person."""
_PEERS = ("spopt", "pulp", "highspy", "pyvrp", "numpy", "scipy")
_SECONDS = 120


@dataclass(frozen=True, eq=False)
class Checked:
    """What a plan breaks: districts without just one standing centre, that do not hang together, over or under a bound."""

    centers: int
    homeless: int
    apart: int
    over: int
    under: int
    cost: float


def made(units: int, centers: int, full: float, seed: int = 0, low: float = 0.5, **rest: Any) -> DistrictTask:
    """Return communities at random points, neighbours by a triangulation, centres at well spread ones of them.

    full: the people by the room of all centres; low: the lower bound by the mean load.
    """
    rng = np.random.default_rng(seed)
    place, people = rng.random((units, 2)) * np.sqrt(units), rng.integers(2_000, 15_000, units)
    corners = Delaunay(place).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    length = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    pairs = pairs[length < np.quantile(length, 0.97)]
    seats = np.sort(rng.choice(units, centers, replace=False))
    metres = np.rint(np.hypot(*(place[:, None] - place[seats][None]).transpose(2, 0, 1)) * 500)
    ids = np.array([f"u{at:04d}" for at in range(units)], object)
    mean = people.sum() / centers
    return DistrictTask(
        pd.DataFrame({"id": ids, "county_code": "510402", "population": people, "x": place[:, 0], "y": place[:, 1]}),
        pd.DataFrame({"id": ids[seats], "unit_id": ids[seats]}),
        tuple((ids[a], ids[b]) for a, b in pairs),
        people[:, None] * metres, int(np.ceil(mean / full)), int(low * mean), **rest,
    )  # fmt: skip


def checked(case: Case, district: np.ndarray[Any, Any], cost: float) -> Checked:
    """Return what a partition breaks, wherever its centres are."""
    homeless = apart = over = under = 0
    names = np.unique(district)
    for one in names:
        units = np.flatnonzero(district == one)
        bits = sum(1 << int(at) for at in units)
        load = int(case.people[units].sum())
        homeless += int(np.isin(case.seat, units).sum()) != 1
        apart += case.flood(1 << int(units[0]), bits) != bits
        over += load > int(case.high[0])
        under += load < int(case.low[0])
    return Checked(len(names), homeless, apart, over, under, cost)


def _timed(question: Callable[[], Any]) -> tuple[float, Any]:
    begin = os.times()
    answer = question()
    end = os.times()
    return sum(end[:4]) - sum(begin[:4]), answer


def _max_p(task: DistrictTask) -> np.ndarray[Any, Any]:
    """Return spopt's max-p regions: as many as can be with the lower bound as floor."""
    import geopandas as gpd
    from libpysal.weights import W
    from spopt.region import MaxPHeuristic

    units = task.units
    place = {name: at for at, name in enumerate(units["id"])}
    near: dict[int, list[int]] = {at: [] for at in range(len(units))}
    for one, other in task.edges:
        near[place[one]].append(place[other])
        near[place[other]].append(place[one])
    frame = gpd.GeoDataFrame(pd.DataFrame(units), geometry=gpd.points_from_xy(units["x"], units["y"]))
    np.random.seed(0)  # noqa: NPY002 - spopt draws from numpy's global state
    model = MaxPHeuristic(frame, W(near, silence_warnings=True), ["x", "y"], "population", task.lower, top_n=2)
    model.solve()
    return np.asarray(model.labels_)


def _p_median(task: DistrictTask) -> np.ndarray[Any, Any]:
    """Return spopt's capacitated p-median with every centre open: the upper bound alone, whole communities."""
    import pulp
    from spopt.locate import PMedian

    people = task.units["population"].to_numpy(float)
    far = task.burden / people[:, None]
    count = far.shape[1]
    model = PMedian.from_cost_matrix(far, people, count, facility_capacities=np.full(count, float(task.upper)))
    model = model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=_SECONDS, gapRel=1e-6), results=False)
    share = np.array([[pulp.value(one) or 0.0 for one in row] for row in model.cli_assgn_vars])
    return np.asarray(share.argmax(axis=1))


def _by_flow(task: DistrictTask) -> float:
    """Return the least cost by one plain programme with flows, as it is, in HiGHS; NaN if not proven in time."""
    from tests.districts_flow import flow_plan

    return flow_plan(task, _SECONDS)


def _as_siting(task: DistrictTask) -> Instance:
    """Return the ceiling alone as a question of siting: all centres stand, no community is split."""
    ids, sites, size = (task.units["id"].to_numpy(object), task.centers["id"].to_numpy(object), task.burden.shape)
    people = task.units["population"].to_numpy(float)
    row, column = np.repeat(np.arange(size[0]), size[1]), np.tile(np.arange(size[1]), size[0])
    pairs = rows_of(row, column, (task.burden / people[:, None]).ravel(), size[0])
    reach = reach_of((ids, sites), 0, pairs, np.full(size[0], -1), np.full(size[0], np.nan))
    frame = pd.DataFrame({"id": sites, "status": "fixed", "max_load": task.upper})
    return instance_of(Question("capacitated", p=size[1], split=False), reach, pd.Series(people, index=ids), frame)


def anywhere(task: DistrictTask, p: int) -> DistrictTask:
    """Return max-p's question with p regions: no centre stands, any community may be one, a floor and no ceiling."""
    units = task.units
    spot, people = units[["x", "y"]].to_numpy(), units["population"].to_numpy()
    metres = np.rint(np.hypot(*(spot[:, None] - spot[None]).transpose(2, 0, 1)) * 500)
    centers = pd.DataFrame({"id": units["id"], "unit_id": units["id"], "status": "candidate"})
    county = str(units["county_code"].iloc[0])
    return replace(task, centers=centers, burden=people[:, None] * metres, upper=int(people.sum()), p={county: p})


def medoids(task: DistrictTask, regions: np.ndarray[Any, Any]) -> float:
    """Return what regions cost if each is served from that of its communities from which it costs least."""
    burden = anywhere(task, 1).burden
    own = (np.flatnonzero(regions == one) for one in np.unique(regions))
    return float(sum(burden[np.ix_(mine, mine)].sum(axis=0).min() for mine in own))


def run(say: Say, *, quick: bool) -> None:
    """Say what each plan of one instance breaks, the peers' own questions, then how far our own proof goes, and the rounds."""
    say("# 片区与巡回：与 spopt 并排测量\n")
    say("同一进程内先后运行，CPU 秒（含子进程）；合成数据，固定种子。限时按墙钟，机器同时有别的负载时 CPU 秒少于限时。")
    machine = f"{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}"
    say(f"{machine}，{'，'.join(map(_said, _PEERS))}")
    _one_instance(say)
    _sizes(say, quick=quick)
    _rounds(say)


def _said(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} 未安装"


def _one_instance(say: Say) -> None:
    task = made(100, 10, 0.8, 1, 0.6, hard=True)
    (case,) = cases_of(task)
    say(f"\n## 同一实例：100 个社区、10 所中心，每所 {task.lower:,}～{task.upper:,} 人（都是硬约束）\n")
    say(
        "| 方法 | 片区数 | 中心不是一所 | 不相连 | 超上限 | 低于下限 | 人口加权距离（对本工具） | CPU 秒 |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    seconds, answer = _timed(lambda: districts(task, Limits(seconds=_SECONDS)))
    owner, ours = answer.parts["510402"].owner, answer.objective
    _row(say, f"fugai（{answer.status}）", checked(case, owner, ours), ours, seconds)
    seconds, flow = _timed(lambda: _by_flow(task))
    if np.isnan(flow):
        say(f"| 原样交给 HiGHS（流约束，一个整数规划） | — | — | — | — | — | {_SECONDS} 秒内未证明 | > {seconds:.0f} |")
    else:
        say(f"| 原样交给 HiGHS（流约束，一个整数规划） | 10 | 0 | 0 | 0 | 0 | {flow / ours:.4f} | {seconds:.2f} |")
    if not (importlib.util.find_spec("spopt") and importlib.util.find_spec("pulp")):
        say("（没有安装 spopt 或 pulp，只列本工具。）")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        max_p_seconds, regions = _timed(lambda: _max_p(task))
        p_median_seconds, chosen = _timed(lambda: _p_median(task))
    found = checked(case, regions, np.nan)
    _row(say, "spopt max-p（只有下限，不定中心）", found, ours, max_p_seconds)
    cost = float(task.burden[np.arange(len(chosen)), chosen].sum())
    _row(say, "spopt 有容量 p-median（只有上限）", checked(case, chosen, cost), ours, p_median_seconds)
    say("\n两个对手各少守几条规则，所以快，距离也可以更短；下面让本工具也只答它们的那道题。\n")
    say("| 同一题 | 方法 | 状态 | 片区数 | 人口加权距离（对对手） | CPU 秒 |\n|---|---|---|---:|---:|---:|")
    say(f"| 只有上限，不必相连 | spopt | 最优（CBC） | 10 | 1.0000 | {p_median_seconds:.2f} |")
    everyone = tuple(combinations(task.units["id"], 2))
    free = replace(task, edges=everyone, lower=0, hard=False)
    _same(say, "只有上限，不必相连", free, cost)
    seconds, sited = _timed(lambda: solve(_as_siting(task), Limits(seconds=_SECONDS)))
    say(
        f"| 只有上限，不必相连 | fugai 选址的有容量模型 | {sited.status} | 10 | {sited.objective / cost:.4f} | {seconds:.2f} |"
    )
    theirs, most = medoids(task, regions), int(case.people.sum()) // task.lower
    say(f"| 只有下限，片区尽量多 | spopt max-p | 启发式 | {found.centers} | 1.0000 | {max_p_seconds:.2f} |")
    for p in sorted({found.centers, most}):
        _same(say, f"只有下限，{p} 片（人口最多容得 {most} 片）", anywhere(task, p), theirs)
    say("\nmax-p 不看距离，只求片数；它的距离按每片里最省的一个社区作中心计。本工具不求片数，给定片数求距离。")


def _same(say: Say, name: str, task: DistrictTask, theirs: float) -> None:
    seconds, answer = _timed(lambda: districts(task, Limits(seconds=_SECONDS)))
    gap = f"，差距 {answer.gap:.2%}" if answer.status == "feasible" else ""
    cost = "—" if np.isnan(answer.objective) else f"{answer.objective / theirs:.4f}"
    say(f"| {name} | fugai | {answer.status}{gap} | {len(answer.loads) or '—'} | {cost} | {seconds:.2f} |")


def _sizes(say: Say, *, quick: bool) -> None:
    say(f"\n## 各规模，限 {_SECONDS} 秒\n")
    say("| 社区 × 中心，占用，下限 | 状态 | 差距 | CPU 秒 | 目标 |\n|---|---|---:|---:|---|")
    for units, centers, full, rest in _SIZES[: 1 if quick else None]:
        asked = made(units, centers, full, **rest)
        seconds, answer = _timed(lambda one=asked: districts(one, Limits(seconds=_SECONDS)))
        low = "硬" if asked.hard else f"软（少 1 人抵 {asked.short_price:,.0f} 米）" if asked.short_price else "不计"
        small = units < 1_000
        met = (answer.status == "optimal" and seconds <= 20) if small else answer.gap <= 0.02
        goal = ("证明，≤ 20 秒" if small else "差距 ≤ 2 %") + ("，达到" if met else "，**未达到**")
        say(
            f"| {units:,} × {centers}，{full:.0%}，{low} | {answer.status} | {answer.gap:.3%} | {seconds:.1f} | {goal} |"
        )


def _rounds(say: Say) -> None:
    say("\n## 巡回：一家卫生院、平面上的村，一天约 7 小时，每村服务至多 50 分钟\n")
    say("| 村 | 队日 | 行车小时 | 每村单独一天 | 就近贪心 | CPU 秒 | 目标 |\n|---:|---:|---:|---:|---:|---:|---|")
    for count in (50, 100, 300):
        rng = np.random.default_rng(5)
        at = rng.integers(0, 5_000, (count + 1, 2))
        drive = np.ceil(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))).astype(np.int64)
        service, day = np.concatenate([[0], rng.integers(0, 3_000, count)]), 25_000
        seconds, found = _timed(lambda one=(drive, service, day): routes(*one, 3_000, 1))
        assert sorted(stop for route in found for stop in route) == list(range(1, count + 1))
        assert all(driven(drive, one) + service[list(one)].sum() <= day for one in found)
        hours = [
            sum(driven(drive, one) for one in plan) / 3600
            for plan in (found, _alone(count), _nearest(drive, service, day))
        ]
        met = f"≤ 60 秒，{'达到' if seconds <= 60 else '**未达到**'}" if count == 300 else ""
        say(f"| {count} | {len(found)} | {hours[0]:.1f} | {hours[1]:.1f} | {hours[2]:.1f} | {seconds:.1f} | {met} |")


def _alone(count: int) -> list[tuple[int, ...]]:
    return [(one,) for one in range(1, count + 1)]


def _nearest(drive: Any, service: Any, day: int) -> list[tuple[int, ...]]:
    """Return the days of always driving to the nearest village that still fits into the day."""
    left, plan = set(range(1, len(drive))), []
    while left:
        route, clock, here = list[int](), 0, 0
        while fits := [one for one in left if clock + drive[here, one] + service[one] + drive[one, 0] <= day]:
            stop = min(fits, key=lambda one: (drive[here, one], one))
            clock, here = clock + int(drive[here, stop] + service[stop]), stop
            route.append(stop)
            left.discard(stop)
        plan.append(tuple(route))
    return plan


def _row(say: Say, name: str, found: Checked, ours: float, seconds: float) -> None:
    cost = "—" if np.isnan(found.cost) else f"{found.cost / ours:.4f}"
    say(
        f"| {name} | {found.centers} | {found.homeless} | {found.apart} | {found.over} | {found.under} | {cost} | {seconds:.2f} |"
    )
