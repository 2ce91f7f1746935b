"""One short function per measure that a rule can name; each judges the lowest level only.

A measure is ``measure(region, travel, **params) -> DataFrame``, one row a subject, with the columns

    subject_code      code of the village, town or city the row is about
    population        residents in question; covered + uncovered + unreachable of them are told apart
    covered           those for whom the condition holds
    unreachable       those from whom no facility can be reached at all
    value             what was measured, in the measure's own unit (see MEASURES)
    required          what the value is held against, a lower limit or an upper one as the measure says
    met               True, False, or None where the data do not tell
    nearest_facility  id of the nearest facility, "" where none is known
    distance_m        distance to it, NaN where none is known
    advice            code of an advice that is no gap (see schema.ADVICE), or ""
    estimated         whether the row rests on estimated or fictional data
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.reach import Reach
from planner.region import Region
from planner.travel import Travel

Bools = npt.NDArray[np.bool_]

COLUMNS = (
    "subject_code", "population", "covered", "unreachable", "value", "required", "met", "nearest_facility",
    "distance_m", "advice", "estimated",
)  # fmt: skip


def is_urban_area(region: Region, scope: str) -> Bools:
    """Return, for each resident point, whether it counts as 城市地区 under `scope` (a key of region.URBAN_SCOPES).

    subdistricts                   everyone in a 街道
    subdistricts_and_county_seats  the same, and the census's urban residents of the towns that are county seats
    census                         the census's urban residents, wherever they live
    """
    towns = region.towns.set_index("code")
    town = region.residents["town_code"]
    in_subdistrict = (town.map(towns["kind"]) == "subdistrict").to_numpy(bool)
    in_seat = town.map(towns["is_county_seat"]).to_numpy(bool)
    is_urban = region.residents["is_urban"].to_numpy(bool)
    if scope == "subdistricts":
        return in_subdistrict
    if scope == "subdistricts_and_county_seats":
        return np.asarray(in_subdistrict | (in_seat & is_urban))
    if scope == "census":
        return is_urban
    raise ValueError(f"unknown urban scope {scope!r}")


def _nearest(reach: Reach, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return, by demand id: nearest_facility, distance_m, covered, and whether that facility's row is estimated."""
    nearest = reach.nearest()
    estimated = facilities.set_index("id")["estimated"]
    return pd.DataFrame(
        {
            "nearest_facility": nearest["facility_id"],
            "distance_m": nearest["cost"] / 1000,
            "covered": reach.covered(),
            "facility_estimated": nearest["facility_id"].map(estimated).eq(True),
        }
    )


def people_within(
    region: Region,
    travel: Travel,
    *,
    facility_kind: str,
    radius_km: float,
    residents: str,
    urban_scope: str,
) -> pd.DataFrame:
    """People with an open facility of this kind within the radius, by village (by town where no village is known).

    `residents` is "urban" or "rural": those inside or outside `urban_scope`. Subjects without such residents have
    no row. Value: the covered share. The nearest facility and distance are those of the subject's farthest point.
    """
    urban = is_urban_area(region, urban_scope)
    people = region.residents[urban if residents == "urban" else ~urban]
    people = people[people["population"] > 0]
    facilities = region.open_facilities(facility_kind)
    reach = travel.reach(people, facilities, limit_m=radius_km * 1000)
    rows = people[["id", "population", "estimated", f"{region.subject_level}_code"]].join(
        _nearest(reach, facilities), on="id"
    )
    rows = rows.rename(columns={f"{region.subject_level}_code": "subject_code"})
    rows["reached"] = rows["distance_m"].notna()
    rows["covered_people"] = rows["population"].where(rows["covered"], 0)
    rows["unreachable"] = rows["population"].where(~rows["reached"], 0)
    rows["estimated"] = rows["estimated"] | rows["facility_estimated"]
    rows = rows.sort_values(["subject_code", "distance_m", "id"], ascending=[True, False, True], kind="stable")
    grouped = rows.groupby("subject_code", sort=True)
    out = grouped.agg(
        population=("population", "sum"),
        covered=("covered_people", "sum"),
        unreachable=("unreachable", "sum"),
        nearest_facility=("nearest_facility", "first"),
        distance_m=("distance_m", "first"),
        estimated=("estimated", "any"),
    ).reset_index()
    known = region.knows(facility_kind)
    return out.assign(
        value=out["covered"] / out["population"],
        required=1.0,
        met=pd.Series([bool(c == p) if known else None for c, p in zip(out["covered"], out["population"], strict=True)],
                      dtype=object, index=out.index),
        advice="",
    )[list(COLUMNS)]  # fmt: skip


def _units(region: Region, units: str) -> gpd.GeoDataFrame:
    """Return the 乡镇 (towns that are no 街道) or the 行政村, with code, lon, lat, and their residents."""
    people = region.residents.groupby(f"{units}_code")["population"].sum()
    if units == "village":
        frame = region.villages[region.villages["kind"] == "village"]
        lon, lat = frame["lon"], frame["lat"]
    else:
        frame = region.towns[region.towns["kind"] != "subdistrict"]
        lon, lat = _people_centre(region, frame["code"])
    population = frame["code"].map(people).fillna(0).astype("int64")
    return frame.assign(id=frame["code"], population=population, lon=lon, lat=lat).sort_values("id", kind="stable")


def _people_centre(region: Region, codes: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return lon and lat of each town's resident nearest to its people-weighted mean: a place where people live."""
    people = region.residents
    weight = people["population"].clip(lower=0) + 1e-9
    sums = people.assign(w=weight, wx=weight * people["lon"], wy=weight * people["lat"]).groupby("town_code")[
        ["w", "wx", "wy"]
    ].sum()  # fmt: skip
    mean_lon = people["town_code"].map(sums["wx"] / sums["w"])
    mean_lat = people["town_code"].map(sums["wy"] / sums["w"])
    stretch = np.cos(np.radians(people["lat"].to_numpy(float)))
    away = ((people["lon"] - mean_lon) * stretch) ** 2 + (people["lat"] - mean_lat) ** 2
    centre = people.assign(away=away).sort_values(["town_code", "away", "id"], kind="stable")
    centre = centre.drop_duplicates("town_code").set_index("town_code")
    inside = region.towns.set_index("code").geometry.representative_point().to_crs(4326)
    lon = codes.map(centre["lon"]).fillna(codes.map(inside.x))
    lat = codes.map(centre["lat"]).fillna(codes.map(inside.y))
    return lon, lat


def facility_per_unit(
    region: Region, travel: Travel, *, facility_kinds: tuple[str, ...], units: str, minimum: int
) -> pd.DataFrame:
    """Units (乡镇 or 行政村) that have at least `minimum` open facilities of these kinds. Value: how many it has."""
    frame = _units(region, units)
    facilities = region.open_facilities(*facility_kinds)
    count = frame["code"].map(facilities.groupby(f"{units}_code").size()).fillna(0).astype(int)
    known = any(region.knows(kind) for kind in facility_kinds)
    nearest = _nearest(travel.reach(frame, facilities, limit_m=0), facilities).reindex(frame["id"])
    met = [bool(number >= minimum) if known else None for number in count]
    return pd.DataFrame(
        {
            "subject_code": frame["code"].to_numpy(),
            "population": frame["population"].to_numpy(),
            "covered": [people if ok else 0 for people, ok in zip(frame["population"], met, strict=True)],
            "unreachable": 0,
            "value": count.to_numpy(float) if known else np.nan,
            "required": float(minimum),
            "met": pd.Series(met, dtype=object),
            "nearest_facility": nearest["nearest_facility"].to_numpy(),
            "distance_m": nearest["distance_m"].to_numpy(),
            "advice": "",
            "estimated": (frame["estimated"].to_numpy(bool) | nearest["facility_estimated"].to_numpy(bool)),
        }
    )


def standard_per_unit(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    facility_kinds: tuple[str, ...],
    units: str,
    column: str,
    accepted: tuple[str, ...],
) -> pd.DataFrame:
    """Units that have such a facility: whether one of theirs meets the standard that `column` records.

    Met when any open facility there has an accepted entry; None when none has and one has no entry at all.
    Value: how many meet it, NaN if unknown. Units without a facility are the existence rule's, not this one's.
    """
    frame = _units(region, units)
    facilities = region.open_facilities(*facility_kinds)
    entry = facilities[column].map(lambda one: "" if one is None or one != one else str(one).lower())  # noqa: PLR0124
    marks = pd.DataFrame(
        {"unit": facilities[f"{units}_code"], "good": entry.isin(accepted), "blank": entry == "",
         "estimated": facilities["estimated"]}
    ).groupby("unit").agg(good=("good", "sum"), blank=("blank", "any"), estimated=("estimated", "any"))  # fmt: skip
    frame = frame[frame["code"].isin(marks.index)]
    marks = marks.reindex(frame["code"])
    met = [
        True if good else (None if blank else False)
        for good, blank in zip(marks["good"], marks["blank"].astype(bool), strict=True)
    ]
    return pd.DataFrame(
        {
            "subject_code": frame["code"].to_numpy(),
            "population": frame["population"].to_numpy(),
            "covered": [people if ok else 0 for people, ok in zip(frame["population"], met, strict=True)],
            "unreachable": 0,
            "value": [np.nan if ok is None else float(good) for ok, good in zip(met, marks["good"], strict=True)],
            "required": 1.0,
            "met": pd.Series(met, dtype=object),
            "nearest_facility": "",
            "distance_m": np.nan,
            "advice": "",
            "estimated": (frame["estimated"].to_numpy(bool) | marks["estimated"].to_numpy(bool)),
        }
    )


def _serving_center(people: gpd.GeoDataFrame, centers: gpd.GeoDataFrame, travel: Travel) -> pd.Series:
    """Return, by resident id, the centre that serves them: the nearest of their own town, else of their county."""
    served = pd.Series("", index=people["id"], dtype=object)
    for column in ("county_code", "town_code"):  # the town's own centre overrides
        for code, group in people.groupby(column, sort=True):
            own = centers[centers[column] == code]
            if len(own):
                served.loc[group["id"]] = travel.reach(group, own, limit_m=0).nearest()["facility_id"]
    return served


def community_centers(region: Region, travel: Travel, *, test: str, lower: int, upper: int) -> pd.DataFrame:
    """街道 (and county seats without a 卫生院): a centre of their own, or one whose load stays within the clause.

    `test` is "present" (a centre in the unit), "load" (the most loaded centre that serves the unit has at most
    `upper` residents) or "either", the clause as written. Value: number of centres, or for "load" that largest load.
    A load over `upper` advises "overloaded", under `lower` "mergeable"; neither is a gap of its own.
    """
    towns = region.towns
    hospitals = set(region.open_facilities("township_hospital")["town_code"])
    seats = towns["is_county_seat"].astype(bool) & ~towns["code"].isin(hospitals)
    units = towns[(towns["kind"] == "subdistrict") | seats].sort_values("code", kind="stable")
    people = region.residents[region.residents["town_code"].isin(units["code"])]
    centers = region.open_facilities("community_health_center")
    served = _serving_center(people, centers, travel)
    rows = people[["id", "town_code", "population", "estimated"]].assign(center=served.reindex(people["id"]).to_numpy())
    load = rows[rows["center"] != ""].groupby("center")["population"].sum()
    rows["load"] = rows["center"].map(load)
    worst = rows.sort_values(["town_code", "load", "center"], ascending=[True, False, True], kind="stable")
    worst = worst.drop_duplicates("town_code").set_index("town_code").reindex(units["code"])
    count = units["code"].map(centers.groupby("town_code").size()).fillna(0).astype(int).to_numpy()
    population = units["code"].map(people.groupby("town_code")["population"].sum()).fillna(0).astype("int64").to_numpy()
    known = region.knows("community_health_center")
    loads = worst["load"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        fits, small, large = loads <= upper, loads < lower, loads > upper
    holds: Bools = {"present": count > 0, "load": fits, "either": (count > 0) | fits}[test]
    convert = units["code"].isin(hospitals).to_numpy() & (units["kind"] == "subdistrict").to_numpy()
    advice = np.select([convert & ~holds, large, small], ["convert", "overloaded", "mergeable"], "")
    center_estimated = worst["center"].map(centers.set_index("id")["estimated"]).eq(True).to_numpy()
    return pd.DataFrame(
        {
            "subject_code": units["code"].to_numpy(),
            "population": population,
            "covered": np.where(holds & known, population, 0),
            "unreachable": 0,
            "value": (loads if test == "load" else count.astype(float)) if known else np.nan,
            "required": float(upper) if test == "load" else 1.0,
            "met": pd.Series([bool(one) if known else None for one in holds], dtype=object),
            "nearest_facility": worst["center"].fillna("").to_numpy(),
            "distance_m": np.nan,
            "advice": advice,
            "estimated": units["estimated"].to_numpy(bool) | center_estimated | worst["estimated"].eq(True).to_numpy(),
        }
    )


def facility_count(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    facility_kind: str,
    at_least: int,
    at_most: int,
) -> pd.DataFrame:
    """How many open facilities of this kind the city has, against a number or a range. Value: the count."""
    facilities = region.open_facilities(facility_kind)
    known = region.knows(facility_kind)
    count = len(facilities)
    return pd.DataFrame(
        {
            "subject_code": [region.about.code],
            "population": 0,
            "covered": 0,
            "unreachable": 0,
            "value": [float(count) if known else np.nan],
            "required": float(at_most if count > at_most else at_least),
            "met": pd.Series([at_least <= count <= at_most if known else None], dtype=object),
            "nearest_facility": "",
            "distance_m": np.nan,
            "advice": "",
            "estimated": [bool(facilities["estimated"].any()) if count else bool(region.facilities["estimated"].any())],
        }
    )


@dataclass(frozen=True)
class Measure:
    """A measure, the unit of its value, and how its rows add up.

    ``sums`` "people": above the lowest level the value is the covered share of people.
    ``sums`` "units": above it the value is the number of units that meet the rule, out of those judged.
    """

    function: Callable[..., pd.DataFrame]
    unit: str
    sums: Literal["people", "units"]


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "people_within": Measure(people_within, "share", "people"),
        "facility_per_unit": Measure(facility_per_unit, "所", "units"),
        "standard_per_unit": Measure(standard_per_unit, "所", "units"),
        "community_centers": Measure(community_centers, "所", "units"),
        "facility_count": Measure(facility_count, "所", "units"),
    }
)
FUNCTIONS: Mapping[str, Callable[..., pd.DataFrame]] = MappingProxyType(
    {name: one.function for name, one in MEASURES.items()}
)
