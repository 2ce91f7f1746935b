"""The rounds in each season: the same villages and teams on slower or closed roads, and what differs."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from planner.errors import OptionError, Problem, Text
from planner.network import SPEED_KMH
from planner.plans.rounds import RoundsPlan, RoundsTask, plan_rounds
from planner.plans.rural_villages import looked_up
from planner.region import Region
from planner.road import Road
from planner.travel import Travel

_VALUES = ("villages", "days", "teams", "km", "hours")


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
    region: Region, hosts: pd.Series, travels: Mapping[str, Travel], task: RoundsTask
) -> Mapping[str, RoundsPlan]:
    """Return a plan a season: the same villages and teams under its own roads."""
    return {name: plan_rounds(region, hosts, travel, task, name) for name, travel in travels.items()}


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
