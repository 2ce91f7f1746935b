"""Who is not joined to the roads: people too far from any road, and people on roads apart from the largest network."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.network import Whole
from planner.places import settlements, village_names, with_places
from planner.region import Region
from planner.road import Road
from planner.schema import NOT_JOINED

APART, FAR = "apart", "far"


@dataclass(frozen=True)
class RoadParts:
    """The open roads, and the parts of them that nothing joins to the largest; directions are ignored."""

    nodes: int
    edges: int
    km: float
    parts_apart: int
    nodes_apart: int
    km_apart: float


def road_parts(road: Road) -> RoadParts:
    """Return the size of the open roads and of what is not joined to their largest part (that with the most nodes)."""
    graph, is_open = road.graph, road.open_edges
    part, km = road.graph.components(is_open), road.graph.length_mm / 1e6
    used = np.zeros(len(graph.lon), np.bool_)
    used[graph.tail[is_open]] = used[graph.head[is_open]] = True
    return RoadParts(
        nodes=int(used.sum()),
        edges=int(is_open.sum()),
        km=float(km[is_open].sum()),
        parts_apart=len(np.unique(part[used & (part > 0)])),
        nodes_apart=int((used & (part > 0)).sum()),
        km_apart=float(km[is_open & (part[graph.tail] > 0)].sum()),
    )


def joined(road: Road, points: pd.DataFrame) -> pd.DataFrame:
    """Return, in the order of `points` (id, lon, lat), how each is joined to the roads.

    state     "" on the largest part, "apart" on another one, "far" beyond the snapping distance of every open road
    access_m  metres to the nearest road, NaN where it is too far
    part      number of the part, 0 the largest; −1 where the road is too far
    """
    at = road.snap(points)
    part = _part_of(road, at.edge)
    return pd.DataFrame(
        {
            "id": points["id"].to_numpy(object),
            "state": np.select([part < 0, part > 0], [FAR, APART], ""),
            "access_m": np.where(at.edge < 0, np.nan, at.access_mm / 1000),
            "part": part,
        }
    )


def _part_of(road: Road, edge: Whole) -> Whole:
    if not len(road.graph.tail):
        return np.full(len(edge), -1, np.int64)
    node = road.graph.tail[np.maximum(edge, 0)]
    return np.where(edge < 0, -1, road.graph.components(road.open_edges)[node])


def not_joined(region: Region, road: Road) -> pd.DataFrame:
    """Return the residents and open facilities that are far from every road or on a part apart from the largest.

    Columns of schema.NOT_JOINED: residents first, by id, then facilities; a resident is named after its village.
    """
    people = settlements(region.residents[region.residents["population"] > 0])
    places = region.facilities[region.facilities["status"] == "open"]
    rows = pd.concat(
        [_asked(people, "resident", village_names(region, people)), _asked(places, "facility", places["name"])]
    )
    rows = rows.reset_index(drop=True)
    found = joined(road, rows)
    rows = rows.assign(state=found["state"], access_m=found["access_m"])
    return with_places(region, rows[rows["state"] != ""])[list(NOT_JOINED.names())].reset_index(drop=True)


def _asked(frame: pd.DataFrame, what: str, names: pd.Series) -> pd.DataFrame:
    """Return the columns by which a resident or a facility is listed; a facility has no people of its own."""
    population = frame["population"] if what == "resident" else pd.Series(0, index=frame.index)
    kept = pd.DataFrame(frame[["id", "town_code", "county_code", "lon", "lat"]])
    return kept.assign(what=what, name=names, population=population.astype("int64"))
