"""Districts against peers that keep one bound only: spopt's max-p (a floor) and a capacitated p-median (a ceiling)."""

import importlib.util
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import Delaunay

from planner.districts.case import Case
from planner.districts.districting import districts
from planner.districts.task import DistrictTask, cases_of
from planner.siting.question import Limits

Say = Callable[..., None]
_SIZES = ((100, 10, 0.75), (200, 20, 0.6), (200, 20, 0.75), (1_000, 60, 0.6), (1_000, 60, 0.75))
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


def run(say: Say, *, quick: bool) -> None:
    """Say what each plan of one instance breaks, then how far our own proof goes at three sizes."""
    say("\n## 片区：上下限、相连、整社区\n")
    task = made(100, 10, 0.8, 1, 0.6, hard=True)
    (case,) = cases_of(task)
    say(f"同一实例：100 个社区、10 所中心，每所 {task.lower}～{task.upper} 人；合成数据。CPU 秒。\n")
    say(
        "| 方法 | 片区数 | 中心不是一所 | 不相连 | 超上限 | 低于下限 | 人口加权距离（对本工具） | CPU 秒 |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    seconds, answer = _timed(lambda: districts(task, Limits(seconds=_SECONDS)))
    owner = answer.parts["510402"].owner
    _row(say, f"fugai（{answer.status}）", checked(case, owner, answer.objective), answer.objective, seconds)
    if importlib.util.find_spec("spopt") and importlib.util.find_spec("pulp"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seconds, regions = _timed(lambda: _max_p(task))
            _row(say, "spopt max-p（只有下限，不定中心）", checked(case, regions, np.nan), answer.objective, seconds)
            seconds, chosen = _timed(lambda: _p_median(task))
        cost = float(task.burden[np.arange(len(chosen)), chosen].sum())
        _row(say, "spopt 有容量 p-median（只有上限）", checked(case, chosen, cost), answer.objective, seconds)
    else:
        say("（没有安装 spopt 或 pulp，只列本工具。）")
    say(f"\n各规模，限 {_SECONDS} 秒：\n")
    say("| 社区 × 中心，占用 | 状态 | 差距 | CPU 秒 |\n|---|---|---:|---:|")
    for units, centers, full in _SIZES[: 1 if quick else None]:
        asked = made(units, centers, full)
        seconds, answer = _timed(lambda one=asked: districts(one, Limits(seconds=_SECONDS)))
        say(f"| {units:,} × {centers}，{full:.0%} | {answer.status} | {answer.gap:.3%} | {seconds:.1f} |")


def _row(say: Say, name: str, found: Checked, ours: float, seconds: float) -> None:
    cost = "—" if np.isnan(found.cost) else f"{found.cost / ours:.4f}"
    say(
        f"| {name} | {found.centers} | {found.homeless} | {found.apart} | {found.over} | {found.under} | {cost} | {seconds:.2f} |"
    )
