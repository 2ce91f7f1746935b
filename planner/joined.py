"""Who is not joined to the roads: people too far from any road, and people on roads apart from the largest network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.measures import measure_of
from planner.network import Floats, Snapped, Whole
from planner.reach import Reach
from planner.region import Region, settlements, village_names, with_places
from planner.road import Road, Side
from planner.rules import Reading, Rule, Rules
from planner.schema import DETOURS, NOT_JOINED
from planner.travel import Travel, bare

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


# 绕行清单: the settlements that pass a radius on paper and fail it by road, with the factor by which the road is longer.


def detours(region: Region, rules: Rules, travels: Mapping[str, Travel]) -> pd.DataFrame:
    """Return one row a settlement that a facility covers on paper and none covers by road, in schema.DETOURS.

    For each rule with a paper and a road reading of the same parameters. Cover is decided where people live, as in
    `assess`, so the people of these rows are those covered on paper less those covered by road. detour_factor is the
    distance to the nearest facility by road over that to the nearest on paper, which may be another one; NaN where no
    facility is reached by road (status "unreachable") or the straight line is 0. Rows by rule, county, town, id.
    """
    parts = [_of_pair(region, *pair, travels) for pair in _tested(rules, travels)]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(DETOURS.names()))
    return pd.concat(parts, ignore_index=True)[list(DETOURS.names())]


def tests_detours(rules: Rules, travels: Mapping[str, Travel]) -> bool:
    """Whether any rule asks the same of a radius on paper and by road: else an empty list says nothing."""
    return bool(_tested(rules, travels))


def _tested(rules: Rules, travels: Mapping[str, Travel]) -> list[tuple[Rule, Reading, Reading]]:
    return [pair for pair in _pairs(rules) if {pair[1].travel, pair[2].travel} <= travels.keys()]


def _pairs(rules: Rules) -> Iterator[tuple[Rule, Reading, Reading]]:
    """Yield each road reading of a radius with the paper reading that asks the same."""
    for rule in rules.rules:
        for road in rule.readings:
            same = [one for one in rule.readings if one.travel == "paper" and one.params == road.params]
            if measure_of(rule).detours and road.travel == "road" and same:
                yield rule, same[0], road


def _of_pair(region: Region, rule: Rule, paper: Reading, road: Reading, travels: Mapping[str, Travel]) -> pd.DataFrame:
    params, measure = road.params, measure_of(rule)
    people, facilities = settlements(measure.people(region, params)), measure.facilities(region, params)
    limit = measure.limit_of(params)
    on_paper = travels[paper.travel].reach_whole(people, facilities, limit)
    by_road = travels[road.travel].reach_whole(people, facilities, limit)
    fails = (on_paper.covered() & ~by_road.covered()).to_numpy(bool)
    rows = people[fails].reset_index(drop=True)
    rows = rows.assign(name=village_names(region, rows), rule=rule.id, rule_label=rule.label, reading=road.id)
    rows = rows.assign(radius_km=float(params["radius_km"]), reason="")
    for side, reach in (("paper", on_paper), ("road", by_road)):
        rows = _with_nearest(rows, side, reach, region)
    straight = rows["paper_distance_m"].where(rows["paper_distance_m"] > 0)
    reached = rows["road_distance_m"].notna()
    rows.loc[~reached, "reason"] = _reasons(bare(travels[road.travel]), rows[~reached], facilities)
    rows = rows.assign(
        detour_factor=rows["road_distance_m"] / straight,
        status=np.where(reached, "detour", "unreachable"),
    )
    return with_places(region, rows).sort_values(["county_code", "town_code", "id"], kind="stable")


def _with_nearest(rows: pd.DataFrame, side: str, reach: Reach, region: Region) -> pd.DataFrame:
    """Return the rows with the nearest facility of one reading, its name and distance, and whether it is estimated."""
    nearest = reach.nearest().reindex(rows["id"])
    facilities = region.facilities.set_index("id")
    ids = nearest["facility_id"].to_numpy(object)
    known = pd.Series(ids)
    return rows.assign(
        **{
            f"{side}_facility": ids,
            f"{side}_facility_name": known.map(facilities["name"]).fillna("").to_numpy(object),
            f"{side}_distance_m": nearest["cost"].to_numpy(float) / 1000,
        },
        estimated=rows["estimated"] | known.map(facilities["estimated"]).eq(True).to_numpy(bool),
    )


def _reasons(road: Travel | None, rows: pd.DataFrame, facilities: pd.DataFrame) -> list[str]:
    """Return why each point is not reached at all."""
    return why_unreached(road, rows, facilities) if isinstance(road, Road) else [NO_WAY] * len(rows)
