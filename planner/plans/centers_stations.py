"""Service stations (社区卫生服务站): the fewest more, so that every community is within a walk of a centre or station."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from planner.plans.centers_units import STATION, Served
from planner.reach import Reach
from planner.siting.instance import instance_of
from planner.siting.question import Limits, Question
from planner.siting.siting import Siting
from planner.siting.solve import solve
from planner.travel import Travel

_MM_PER_KM = 1_000_000


@dataclass(frozen=True, eq=False)
class Stations:
    """Who walks how far to the nearest centre or station, and where the fewest more would stand.

    limit    whole mm: minutes × walking speed
    walks    by resident point: id, unit, population, facility_id, distance_m, minutes, within (today and with new centres)
    siting   lscp over the communities' points as candidates; None where everyone is within the limit
    serves   chosen community → the communities whose people beyond the walk have the new station as the nearest, by id
    """

    limit: int
    walks: pd.DataFrame
    siting: Siting | None
    serves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def mean(self, name: str) -> pd.Series:
        """Return, by community, the people-weighted mean of "minutes" or "distance_m" over those who have a way; else NaN."""
        known = self.walks[self.walks[name].notna()]
        sums = (
            known.assign(weighted=known[name] * known["population"]).groupby("unit")[["weighted", "population"]].sum()
        )
        return sums["weighted"] / sums["population"]

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the communities that get a station."""
        return () if self.siting is None else tuple(one.removeprefix("S") for one in self.siting.chosen)


def limit_mm(minutes: float, walk_kmh: float) -> int:
    """Return how far one walks in so many minutes, in whole millimetres.

    >>> limit_mm(15, 4)
    1000000
    """
    return round(minutes / 60 * walk_kmh * _MM_PER_KM)


def stations(
    served: Served, walk: Travel, standing: pd.DataFrame, limit: int, walk_kmh: float, limits: Limits
) -> Stations:
    """Return the walks to what stands (id, lon, lat: centres and stations, new centres too) and the fewest more stations.

    Stations are for communities (社区) and in them; a 行政村 has its clinic.
    """
    if walk.unit != "mm":
        raise ValueError(f"a walk is measured in mm, not {walk.unit}")
    people = pd.DataFrame(served.people[["id", "unit", "population", "lon", "lat"]])
    reach = walk.reach_whole(people, standing, limit)
    nearest = reach.nearest()
    walks = people[["id", "unit", "population"]].assign(
        facility_id=nearest["facility_id"].to_numpy(object),
        distance_m=nearest["cost"].to_numpy(float) / 1000,
        within=reach.covered().to_numpy(bool),
    )
    walks["minutes"] = walks["distance_m"] / 1000 / walk_kmh * 60
    units = served.units[served.units["kind"] == "community"]
    left = people[~walks["within"].to_numpy(bool) & people["unit"].isin(units["id"]).to_numpy(bool)]
    if not len(left):
        return Stations(limit, walks, None)
    sites = pd.DataFrame(units[["id", "lon", "lat"]])
    sites = sites.assign(id="S" + sites["id"])
    mine: Reach = walk.reach_whole(left, sites, limit)
    weights = pd.Series(left["population"].to_numpy(float), index=left["id"].to_numpy(object))
    frame = pd.DataFrame({"id": sites["id"].to_numpy(object), "cost": np.ones(len(sites))})
    siting = solve(instance_of(Question("lscp", allow_unreachable=True), mine, weights, frame), limits)
    return Stations(limit, walks, siting, _serves(siting, walk, left, sites, limit))


def _serves(
    siting: Siting, walk: Travel, left: pd.DataFrame, sites: pd.DataFrame, limit: int
) -> Mapping[str, tuple[str, ...]]:
    """Return whom each chosen station is for: the communities of those who have it as the nearest of the new ones."""
    chosen = sites[sites["id"].isin(siting.chosen)]
    near = walk.reach_whole(left, chosen, limit).nearest()
    units = pd.Series(left["unit"].to_numpy(object), index=left["id"].to_numpy(object)).reindex(near.index)
    found = {one.removeprefix("S"): set[str]() for one in chosen["id"]}
    for unit, station, cost in zip(units, near["facility_id"], near["cost"], strict=True):
        if station and cost <= limit:
            found[station.removeprefix("S")].add(str(unit))
    return {one: tuple(sorted(units)) for one, units in found.items()}


def station_fields(unit: pd.Series) -> dict[str, object]:
    """Return the columns of a new station at a community's point."""
    return {
        "id": f"CHS-{unit['id']}",
        "name": f"{unit['name']}（拟设社区卫生服务站）",
        "kind": STATION,
        "lon": float(unit["lon"]),
        "lat": float(unit["lat"]),
    }
