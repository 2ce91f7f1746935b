"""Whom community centres serve: the communities in question, whose each is today, and who is next to whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from planner.districts.adjacency import Edges, by_points, by_polygons, joined_by_way, without_neighbours
from planner.districts.case import Case
from planner.districts.districting import DistrictTask, cases_of
from planner.districts.exact import solve_case
from planner.region import Region, with_places
from planner.serving import is_served, named_centers, served_towns, serving_center
from planner.siting.question import Limits
from planner.siting.siting import State
from planner.travel import Travel

KIND = "community_health_center"
STATION = "community_health_station"


@dataclass(frozen=True, eq=False)
class Served:
    """The people whom the rule counts, by community, and the centre that serves each today.

    people   resident points: id, unit, town_code, county_code, population, lon, lat, center_today ("" where none does)
    units    communities (towns where no village is known): id, name, kind ("community", or "village"), town_code, town_name, county_code, county_name,
             population, lon, lat, center_today (of most of its people), geometry
    towns    街道, and county seats without a 卫生院, whose every resident counts (as the rule's measure has it)
    """

    people: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    towns: tuple[str, ...]


def served_today(region: Region, travel: Travel, hospital_kinds: tuple[str, ...]) -> Served:
    """Return who is served by which centre today: the one named for them, else the nearest of their town, or county.

    In 街道 (and seats without a 卫生院) everyone counts; in other towns with a centre their urban residents, whom it
    serves beside them.
    """
    whole, centers = tuple(sorted(served_towns(region, hospital_kinds)["code"])), region.open_facilities(KIND)
    people = region.residents[is_served(region, whole, centers)]
    today = serving_center(people, centers, travel, named_centers(region)).to_numpy()
    level = region.subject_level
    people = people.assign(unit=people[f"{level}_code"], center_today=today)
    return Served(people, _units(region, people), whole)


def _units(region: Region, people: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the communities of these people, each at its own point, or, as a town, with its polygon."""
    level = region.subject_level
    frame = region.villages if level == "village" else region.towns
    known = frame.set_index("code")
    by = people.groupby(["unit", "center_today"])["population"].sum().reset_index()
    by = by.sort_values(["unit", "population", "center_today"], ascending=[True, False, True], kind="stable")
    main = by.drop_duplicates("unit").set_index("unit")["center_today"]
    rows = people.groupby("unit", sort=True).agg(
        town_code=("town_code", "first"), county_code=("county_code", "first"), population=("population", "sum"),
        estimated=("estimated", "any"),
    )  # fmt: skip
    shapes = known.geometry.reindex(rows.index)
    inside = gpd.GeoSeries(shapes.representative_point(), crs=region.crs).to_crs(4326)
    kind = known["kind"].reindex(rows.index) if level == "village" else "community"
    rows = rows.assign(
        name=known["name"].reindex(rows.index),
        kind=kind,
        center_today=main.reindex(rows.index),
        lon=inside.x.round(7),  # a centimetre
        lat=inside.y.round(7),
    )
    rows = with_places(region, rows.reset_index(names="id"))
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes.to_numpy(), crs=region.crs))


def neighbours(region: Region, units: gpd.GeoDataFrame, longest_m: float, road: Travel | None, longest: int) -> Edges:
    """Return who is next to whom: by polygons where units have them, else by the cells of their points.

    road: leave out pairs that no way of at most `longest` joins.
    """
    points = (units.geometry.geom_type == "Point").all()
    edges = by_points(units, region.counties, longest_m) if points else by_polygons(units)
    return edges if road is None else joined_by_way(edges, pd.DataFrame(units[["id", "lon", "lat"]]), road, longest)


def own_unit(region: Region, facilities: pd.DataFrame, units: gpd.GeoDataFrame) -> pd.Series:
    """Return, by facility id, the unit in which it stands: as its row says, else the nearest of its town, else of its county.

    "" where its county has none.
    """
    places = gpd.GeoSeries(gpd.points_from_xy(units["lon"], units["lat"]), crs=4326).to_crs(region.crs)
    spots, ids = np.column_stack([places.x, places.y]), units["id"].to_numpy(object)
    at = gpd.GeoSeries(gpd.points_from_xy(facilities["lon"], facilities["lat"]), crs=4326).to_crs(region.crs)
    said = facilities["village_code" if region.subject_level == "village" else "town_code"].to_numpy(object)
    found = [one if one in set(ids) else "" for one in said]
    for column in ("town_code", "county_code"):
        mine, theirs = units[column].to_numpy(object), facilities[column].to_numpy(object)
        for row, (x, y) in enumerate(zip(at.x, at.y, strict=True)):
            rows = np.flatnonzero(mine == theirs[row])
            if not found[row] and len(rows):
                found[row] = ids[rows[cKDTree(spots[rows]).query([x, y])[1]]]
    return pd.Series(found, index=facilities["id"].to_numpy(object), dtype=object)


# Whether the community centres that stand would do if only their districts were drawn anew.

_PATIENCE = Limits(seconds=60.0)
_KEPT = 256


def _status(case: Case) -> State:
    """Return what is known of a county's districts; kept, for trials of other edits and other readings ask the same again."""
    arrays = (case.unit_ids, case.people, case.center_ids, case.seat, case.fixed, case.low, case.high)
    key = (case.county, case.p, case.edges, *(tuple(one.tolist()) for one in arrays))
    if key not in _known:
        if len(_known) >= _KEPT:
            _known.clear()
        _known[key] = solve_case(case, _PATIENCE).status
    return _known[key]


_known: dict[object, State] = {}


def suffice(
    region: Region, travel: Travel, hospital_kinds: tuple[str, ...], upper: int, counties: Collection[str]
) -> Mapping[str, bool | None]:
    """Return, by county, whether its open centres can share its communities with at most `upper` residents each.

    As plan_centers draws districts: whole communities, joined, within the county; centres of one community share theirs.
    False where it is disproved and where no centre stands, None where the time ran out before it was known.
    """
    served = served_today(region, travel, hospital_kinds)
    standing = region.open_facilities(KIND)
    standing = standing.assign(unit_id=own_unit(region, standing, served.units).to_numpy(object))
    standing = standing[standing["county_code"].isin(list(counties)) & (standing["unit_id"] != "")]
    joint = standing.groupby("unit_id")["id"].agg("size")
    centers = standing.drop_duplicates("unit_id")
    units = served.units[served.units["county_code"].isin(set(centers["county_code"]))]
    known: dict[str, bool | None] = dict.fromkeys(counties, False)
    if not len(units):
        return known
    edges = tuple(
        (one, two) for one, two in neighbours(region, served.units, np.inf, None, 0) if {one, two} <= {*units["id"]}
    )
    lost = set(without_neighbours(units["id"], edges)) - set(centers["unit_id"])
    hopeless = set(units.loc[units["id"].isin(lost), "county_code"])
    units, centers = (one[~one["county_code"].isin(hopeless)] for one in (units, centers))
    if not len(units):
        return known
    high = (centers["unit_id"].map(joint) * upper).to_numpy(float)
    task = DistrictTask(
        pd.DataFrame(units[["id", "county_code", "population"]]),
        pd.DataFrame({"id": centers["id"], "unit_id": centers["unit_id"], "status": "fixed", "lower": 0.0, "upper": high}),
        tuple(pair for pair in edges if {*pair} <= {*units["id"]}),
        np.zeros((len(units), len(centers))), upper,
        p=centers.groupby("county_code").size().to_dict(),
    )  # fmt: skip
    found = {case.county: _status(case) for case in cases_of(task)}
    told = {"optimal": True, "feasible": True, "unknown": None}
    return {code: told.get(found.get(code, ""), False) for code in known}
