"""Who is not joined to the roads: people too far from any road, and people on roads apart from the largest network."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.network import Floats, Snapped, Whole
from planner.region import Region, settlements, village_names, with_places
from planner.road import Road, Side
from planner.schema import NOT_JOINED

APART, FAR, CLOSED, NO_WAY = "apart", "far", "closed", "no_way"


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
    """Return the size of the open roads and of what is not joined to their largest part (the longest)."""
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


def joined(road: Road, points: pd.DataFrame, side: Side = "demand") -> pd.DataFrame:
    """Return, in the order of `points` (id, lon, lat), how each is joined to the roads as the demand, or as a facility.

    state     "" on the largest part, "apart" on another one, "far" beyond the snapping distance of every open road
    closed    whether it is apart or far only because roads are closed
    access_m  metres to the nearest open road; NaN where it is too far, other than by closed roads
    passed_m  metres to the fragment that lies nearer than the road it joins; NaN where none does
    """
    at = road.snap(points, side)
    part = _part_of(road, at.edge)
    state, closed = np.select([part < 0, part > 0], [FAR, APART], ""), np.zeros(len(points), np.bool_)
    access = np.where(at.edge < 0, np.nan, at.access_mm / 1000)
    off, unclosed = np.flatnonzero(state != ""), road.unclosed
    if unclosed is not None and len(off):
        before = joined(unclosed, points.iloc[off], side)["state"].to_numpy(object)
        lost = off[(before == "") | ((before == APART) & (state[off] == FAR))]
        closed[lost], access[lost] = True, road.nearest_m(points.iloc[lost])
    columns = {"state": state, "closed": closed, "access_m": access, "passed_m": road.passed_m(points, side)}
    return pd.DataFrame({"id": points["id"].to_numpy(object), **columns})


def why_unreached(road: Road, points: pd.DataFrame, facilities: pd.DataFrame) -> list[str]:
    """Return why no facility reaches each of `points`, which none does: "closed", "far", "apart" or "no_way".

    "closed" are those, too, whom a facility would reach if nothing were closed.
    """
    found = joined(replace(road, max_snap_m=max(road.max_snap_m, road.offroad_m)), points)
    closed, unclosed = found["closed"].to_numpy(bool), road.unclosed
    if unclosed is not None and len(points):
        closed = closed | (unclosed.reach_whole(points, facilities, 0).nearest_index >= 0)
    return [CLOSED if shut else state or NO_WAY for shut, state in zip(closed, found["state"], strict=True)]


def feet(road: Road, at: Snapped) -> tuple[Floats, Floats]:
    """Return the (lon, lat) where snapped points get onto the road; NaN for those that do not."""
    graph, lon, lat = road.graph, *np.full((2, len(at.edge)), np.nan)
    for row in np.flatnonzero(at.edge >= 0):
        edge = at.edge[row]
        part = slice(graph.shape_start[edge], graph.shape_start[edge + 1])
        x, y = graph.shape_lon[part], graph.shape_lat[part]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x) * np.cos(np.radians(y[0])), np.diff(y)))])
        place = at.along_mm[row] / max(int(graph.length_mm[edge]), 1) * along[-1]
        lon[row], lat[row] = np.interp(place, along, x), np.interp(place, along, y)
    return lon, lat


def _part_of(road: Road, edge: Whole) -> Whole:
    if not len(road.graph.tail):
        return np.full(len(edge), -1, np.int64)
    node = road.graph.tail[np.maximum(edge, 0)]
    return np.where(edge < 0, -1, road.graph.components(road.open_edges)[node])


def joining(region: Region) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the residents, by settlement, and the open facilities: who needs a road."""
    return settlements(region.residents[region.residents["population"] > 0]), region.facilities[
        region.facilities["status"] == "open"
    ]


def not_joined(region: Region, road: Road) -> pd.DataFrame:
    """Return the residents and open facilities that are far from every road or on a part apart from the largest.

    Columns of schema.NOT_JOINED: residents first, by id, then facilities; a resident is named after its village.
    """
    people, places = joining(region)
    rows = pd.concat(
        [_asked(people, "resident", village_names(region, people)), _asked(places, "facility", places["name"])]
    )
    rows = rows.reset_index(drop=True)
    parts = [joined(road, rows[rows["what"] == "resident"]), joined(road, rows[rows["what"] == "facility"], "facility")]
    found = pd.concat(parts, ignore_index=True)
    rows = rows.assign(state=found["state"], closed=found["closed"], access_m=found["access_m"])
    return with_places(region, rows[rows["state"] != ""])[list(NOT_JOINED.names())].reset_index(drop=True)


def _asked(frame: pd.DataFrame, what: str, names: pd.Series) -> pd.DataFrame:
    """Return the columns by which a resident or a facility is listed; a facility has no people of its own."""
    population = frame["population"] if what == "resident" else pd.Series(0, index=frame.index)
    kept = pd.DataFrame(frame[["id", "town_code", "county_code", "lon", "lat"]])
    return kept.assign(what=what, name=names, population=population.astype("int64"))
