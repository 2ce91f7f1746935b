"""The rounds in each season: the same villages and teams on slower or closed roads, and what differs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner.errors import OptionError, Problem, Text
from planner.network import SPEED_KMH
from planner.plans.rounds import RoundsPlan, RoundsTask, plan_rounds
from planner.plans.rural_villages import looked_up
from planner.region import Region
from planner.road import Road
from planner.text import exact_percent, exact_text
from planner.travel import Travel

_VALUES = ("villages", "days", "teams", "km", "hours")
USUAL = "平时"
"""What the months are called for which no season is given."""


@dataclass(frozen=True)
class Season:
    """What is different in some months: assumptions all of them.

    months   of the year, 1 to 12; () where they are not told
    speeds   factors by class of road, "" for all others
    closed   ids of ways that are closed besides
    visits, work_days, day_minutes   as RoundsTask; None: as usual
    """

    name: str
    months: tuple[int, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    closed: frozenset[str] = frozenset()
    visits: int | None = None
    work_days: int | None = None
    day_minutes: int | None = None

    def task(self, usual: RoundsTask) -> RoundsTask:
        """Return what is asked of the rounds in this season."""
        return replace(
            usual,
            visits=usual.visits if self.visits is None else self.visits,
            work_days=usual.work_days if self.work_days is None else self.work_days,
            day_minutes=usual.day_minutes if self.day_minutes is None else self.day_minutes,
        )

    @property
    def said(self) -> str:
        """What is different, in a sentence."""
        classes = sorted((name, factor) for name, factor in self.speeds.items() if name)
        parts = [
            f"{'、'.join(map(str, self.months))} 月" if self.months else "",
            f"车速为平时的 {exact_percent(self.speeds[''])}" if "" in self.speeds else "",
            *(f"{name} 级道路车速为平时的 {exact_percent(factor)}" for name, factor in classes),
            f"另封闭 {'、'.join(sorted(self.closed))}" if self.closed else "",
            "" if self.visits is None else f"每村每月 {self.visits} 次",
            "" if self.work_days is None else f"每月 {self.work_days} 个工作日",
            "" if self.day_minutes is None else f"一天不超过 {exact_text(self.day_minutes / 60)} 小时",
        ]
        return f"{self.name}：{'，'.join(one for one in parts if one)}（参数）；其余同平时。"


def in_season(road: Road, factors: Mapping[str, float], closed: Collection[str] = ()) -> Road:
    """Return the roads of a season: speeds times a factor by class ("" for all others), and ways closed besides.

    A stretch's own speed is slowed like its class's, so that no season passes by the roads whose speed is known.
    """
    bad = sorted(name for name, factor in factors.items() if not 0 < factor < float("inf"))
    if bad:
        what = Text("季节的车速系数应大于零", "a season's factor must be above zero")
        raise OptionError(
            Problem("--season", what, Text("断路请列路段编号", "list closed ways by id"), found="、".join(bad))
        )
    graph, others = road.graph, factors.get("", 1.0)
    by_edge = pd.Series(graph.road_class).map(dict(factors)).fillna(others).to_numpy(float)
    table = {**SPEED_KMH, **(road.speeds or {})}
    speeds = {name: speed * factors.get(name, others) for name, speed in table.items()}
    slowed = replace(graph, speed_kmh=np.asarray(graph.speed_kmh * by_edge))
    return replace(road, graph=slowed, speeds=speeds, closed=road.closed | frozenset(closed))


def plan_seasons(
    region: Region, hosts: pd.Series, travels: Mapping[str, Travel], task: RoundsTask, seasons: Sequence[Season] = ()
) -> Mapping[str, RoundsPlan]:
    """Return a plan a season: the same villages and hospitals under its own roads, and what `seasons` say of its days."""
    tasks = {one.name: one.task(task) for one in seasons}
    return {name: plan_rounds(region, hosts, travel, tasks.get(name, task), name) for name, travel in travels.items()}


def usual_and_seasons(
    region: Region, hosts: pd.Series, road: Road, task: RoundsTask, seasons: Sequence[Season]
) -> Mapping[str, RoundsPlan]:
    """Return the plan of the usual months and of every season."""
    ways = {USUAL: road, **{one.name: in_season(road, one.speeds, one.closed) for one in seasons}}
    return plan_seasons(region, hosts, ways, task, seasons)


def months_of(seasons: Sequence[Season]) -> Mapping[str, int] | None:
    """Return how many months of the year each has, the usual ones first; None where a season does not tell its months."""
    if not all(one.months for one in seasons):
        return None
    counts = {one.name: len(one.months) for one in seasons}
    return {USUAL: 12 - sum(counts.values()), **counts}


def seasons_compared(plans: Mapping[str, RoundsPlan]) -> pd.DataFrame:
    """Return, by hospital and season: villages, days, teams, km and hours a month, and what each is more than in the first."""
    parts = [plan.teams.assign(season=name, at=at) for at, (name, plan) in enumerate(plans.items())]
    table = pd.concat(parts, ignore_index=True)
    first = parts[0].set_index("hospital")
    for name in _VALUES:
        table[f"{name}_more"] = table[name] - table["hospital"].map(first[name])
    kept = ["hospital", "hospital_name", "season", *_VALUES, *(f"{name}_more" for name in _VALUES)]
    return table.sort_values(["hospital", "at"], kind="stable", ignore_index=True)[kept]


def left_by_season(plans: Mapping[str, RoundsPlan]) -> pd.DataFrame:
    """Return the villages that some season leaves out: a row a village, a column a season with why ("" where it is visited)."""
    parts = [plan.left.assign(season=name) for name, plan in plans.items()]
    rows = pd.concat(parts, ignore_index=True).sort_values("code", kind="stable")
    table = rows.drop_duplicates("code")[["code", "name", "town_name", "hospital", "hospital_name"]]
    for name in plans:
        mine = rows[rows["season"] == name]
        why = dict(zip(mine["code"], mine["why"], strict=True))
        table = table.assign(**{name: looked_up(table["code"], why)})
    return table.reset_index(drop=True)
