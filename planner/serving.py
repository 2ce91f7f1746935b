"""Who serves: the facilities of a question, whom community health centres serve, which one each resident, and the loads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.districts.adjacency import Edges, by_points, by_polygons, joined_by_way, without_neighbours
from planner.districts.case import Case
from planner.districts.districting import DistrictTask, cases_of
from planner.districts.exact import solve_case
from planner.reach import Reach
from planner.region import CENTER, Region, counts_as, ids_of, with_places
from planner.siting.question import Limits
from planner.siting.siting import State
from planner.travel import Travel


def served_by(
    region: Region, facility_kind: str, beside_kinds: Collection[str], beside_ids: Collection[str]
) -> gpd.GeoDataFrame:
    """Return the open facilities of this kind, and those of the kinds beside it that are named, sorted by id."""
    frame = region.open_facilities(facility_kind, *beside_kinds)
    return frame[counts_as(frame, [facility_kind]) | frame["id"].isin(list(beside_ids))]


def served_towns(region: Region, hospital_kinds: Collection[str]) -> gpd.GeoDataFrame:
    """Return the towns whose every resident a centre is to serve: 街道, and county seats without a 卫生院 (of these kinds)."""
    towns, hospitals = region.towns, region.open_facilities(*hospital_kinds)
    seats = towns["is_county_seat"].astype(bool) & ~towns["code"].isin(set(hospitals["town_code"]))
    return towns[(towns["kind"] == "subdistrict") | seats]


def is_served(region: Region, towns: Collection[str], centers: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return, for each resident point, whether centres serve it: all of these towns, and urban ones beside a centre.

    In any other town that has a centre (a 镇 with a 卫生院 and a centre) the villages go to the 卫生院, the urban
    residents to the centre. Points without residents are served by nobody.
    """
    people = region.residents
    beside = people["town_code"].isin(centers["town_code"]) & people["is_urban"]
    return ((people["town_code"].isin(towns) | beside) & (people["population"] > 0)).to_numpy(bool)


def named_centers(region: Region) -> Mapping[str, tuple[str, ...]]:
    """Return, by village code, the open centres that the facts (or a scenario) name for it; no entry where they name none."""
    there = set(region.open_facilities(CENTER)["id"])
    said = {
        code: ids_of(text) for code, text in zip(region.villages["code"], region.villages["health_center"], strict=True)
    }
    named = {code: tuple(one for one in ids if one in there) for code, ids in said.items()}
    return {code: ids for code, ids in named.items() if ids}


def serving_center(
    people: pd.DataFrame, centers: pd.DataFrame, travel: Travel, named: Mapping[str, tuple[str, ...]]
) -> pd.Series:
    """Return, by resident id in the order of `people`, the id of the centre that serves them, "" where none does.

    That is the nearest (by `travel`, at any distance) of those named for their community (`named_centers`); where none
    is, of their own town; of their county where their town has none. One that cannot be reached serves nobody.
    Both frames: id, lon, lat, county_code, town_code; people: village_code as well.
    """
    served = pd.Series("", index=people["id"], dtype=object)
    columns = ["id", "lon", "lat", "county_code", "town_code"]
    residents, places = pd.DataFrame(people[columns]), pd.DataFrame(centers[columns])
    for column in ("county_code", "town_code"):  # the town's own centre overrides
        groups = dict(iter(residents.groupby(column, sort=True)))
        for code, own in places.groupby(column, sort=True):
            if code in groups:
                _override(served, travel.reach_whole(groups[code], own, limit=0))
    for ids, own in residents.groupby(people["village_code"].map(named), sort=True):  # and one that is named, both
        _override(served, travel.reach_whole(own, places[places["id"].isin(ids)], limit=0))
    return served


def _override(served: pd.Series, reach: Reach) -> None:
    """Write who serves each resident of a reach; those it does not reach keep who served them before."""
    found = reach.nearest()["facility_id"]
    found = found[found != ""]
    served.loc[found.index] = found


def center_loads(region: Region, towns: pd.Series, centers: pd.DataFrame, travel: Travel) -> pd.Series:
    """Return, by town code, the largest load among the centres that serve it, NaN where none does.

    A centre's load is everyone whom it serves, wherever they live (`is_served`).
    """
    people = region.residents[is_served(region, towns, centers)]
    served = serving_center(people, centers, travel, named_centers(region)).to_numpy()
    unit = pd.Index(towns).get_indexer(people["town_code"])
    center = pd.Index(centers["id"]).get_indexer(served)
    return pd.Series(largest_loads(center, unit, people["population"].to_numpy(np.int64), len(towns)), index=towns)


def largest_loads(
    center: npt.NDArray[np.int64], unit: npt.NDArray[np.int64], people: npt.NDArray[np.int64], units: int
) -> npt.NDArray[np.float64]:
    """Return, by unit, the largest load among the centres that serve it, NaN where none does.

    center, unit, people   of each row of residents: the place of the centre that serves it (-1: none), of its unit (-1: of
                           none, it loads its centre all the same), and how many they are

    >>> largest_loads(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([5, 2, 4]), 3).tolist()
    [7.0, 7.0, nan]
    """
    served = center >= 0
    load = np.bincount(center[served], people[served], minlength=1)
    largest, mine = np.full(units, np.nan), served & (unit >= 0)
    np.fmax.at(largest, unit[mine], load[center[mine]])
    return largest


# Whom community centres serve: the communities in question, whose each is today, and who is next to whom.

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
                from scipy.spatial import cKDTree

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
