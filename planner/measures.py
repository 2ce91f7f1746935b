"""One short function per measure that a rule can name; each judges the lowest level only.

A measure is ``measure(region, travel, **params) -> DataFrame``, one row a subject, with the columns

    level             "village", "town" or "city": what the row is about
    subject_code      its code
    population        residents in question; covered + uncovered + unreachable of them are told apart
    covered           those for whom the condition holds
    unreachable       those from whom no facility can be reached at all
    value             what was measured, in the measure's own unit (see MEASURES)
    required          what the value is held against, a lower limit or an upper one as the measure says
    met               True, False, or None where the data do not tell
    nearest_facility  id of the nearest facility, "" where none is known
    distance_m        distance to it, NaN where none is known or what was measured is time
    time_min          minutes from it, where what was measured is time; else NaN
    advice            code of an advice that is no gap (see schema.ADVICE), or ""
    load              residents of the centre that serves the subject, where they are more than the upper limit; else NaN
    estimated         whether the row rests on estimated or fictional data
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner import resources
from planner.measured import met_of, rows_of
from planner.reach import Reach
from planner.region import CENTER, Region, counts_as
from planner.rules import Rule
from planner.schema import FACILITY_KINDS
from planner.serving import center_loads, served_by, served_towns
from planner.text import basis_of
from planner.travel import Travel

Bools = npt.NDArray[np.bool_]
UrbanScope = Literal["subdistricts", "subdistricts_and_county_seats", "census"]
Units = Literal["town", "village"]
Params = Mapping[str, Any]
"""What a reading says of its measure's numbers and kinds."""

MM_PER_KM = 1_000_000
MS_PER_MIN = 60_000


def is_urban_area(region: Region, scope: UrbanScope) -> Bools:
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
    return is_urban


def _nearest(reach: Reach, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return, by demand id: nearest_facility, cost, distance_m, covered, and whether that facility's row is estimated."""
    nearest = reach.nearest()
    estimated = facilities.set_index("id")["estimated"]
    return pd.DataFrame(
        {
            "nearest_facility": nearest["facility_id"],
            "cost": nearest["cost"],
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
    residents: Literal["urban", "rural"],
    urban_scope: UrbanScope,
    beside_kinds: tuple[str, ...] = (),
) -> pd.DataFrame:
    """People with an open facility of this kind within the radius, by village (by town where no village is known).

    Those of `beside_kinds` count as well; where the list does not tell of one, who is beyond the others is unknown.
    `residents` are those inside or outside `urban_scope`. Subjects without such residents have no row. Value: the
    covered share. The nearest facility and distance are those of the subject's farthest point.
    """
    people = people_in_question(region, residents, urban_scope)
    return _people_near(region, travel, people, region.open_facilities(facility_kind, *beside_kinds), radius_km * MM_PER_KM,
                        (facility_kind, *beside_kinds))  # fmt: skip


def people_within_time(
    region: Region,
    travel: Travel,
    *,
    facility_kind: str,
    minutes: float,
    residents: Literal["urban", "rural"],
    urban_scope: UrbanScope,
) -> pd.DataFrame:
    """People whom an open facility of this kind reaches within so many minutes, what the travel adds at its start included.

    As `people_within`, with time_min in place of the distance. `travel` must count milliseconds.
    """
    if travel.unit != "ms":
        raise ValueError(f"minutes are asked of a way of travelling that counts {travel.unit}")
    people, facilities = people_in_question(region, residents, urban_scope), region.open_facilities(facility_kind)
    return _people_near(region, travel, people, facilities, minutes * MS_PER_MIN, (facility_kind,))


def people_served(
    region: Region,
    travel: Travel,
    *,
    facility_kind: str,
    beside_kinds: tuple[str, ...],
    beside_ids: tuple[str, ...],
    minutes: float | None = None,
    radius_km: float | None = None,
) -> pd.DataFrame:
    """All people with one of the `served_by` facilities within the limit: what a plan of sites asks, and no clause.

    `minutes` where the travel counts milliseconds, `radius_km` where it counts millimetres. As `people_within`, but a
    kind that the list does not know has no facility today.
    """
    by_time = travel.unit == "ms"
    asked = minutes if by_time else radius_km
    if asked is None:
        raise ValueError(f"no limit for a way of travelling that counts {travel.unit}")
    people = region.residents[region.residents["population"] > 0]
    facilities = served_by(region, facility_kind, beside_kinds, beside_ids)
    return _people_near(region, travel, people, facilities, asked * (MS_PER_MIN if by_time else MM_PER_KM), ())


def people_in_question(
    region: Region, residents: Literal["urban", "rural"], urban_scope: UrbanScope
) -> gpd.GeoDataFrame:
    """Return the resident points, none empty, inside ("urban") or outside ("rural") `urban_scope`."""
    urban = is_urban_area(region, urban_scope)
    people = region.residents[urban if residents == "urban" else ~urban]
    return people[people["population"] > 0]


def _people_near(
    region: Region, travel: Travel, people: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, limit: float,
    kinds: tuple[str, ...],
) -> pd.DataFrame:  # fmt: skip
    """Return the people by subject: how many are covered, how many unreachable, and the farthest point's nearest.

    `kinds` are those whose register must be known for a subject to fall short.
    """
    nearest = _nearest(travel.reach_whole(people, facilities, limit=round(limit)), facilities).assign(time_min=np.nan)
    if travel.unit == "ms":
        nearest = nearest.assign(distance_m=np.nan, time_min=nearest["cost"] / MS_PER_MIN)
    level = region.subject_level
    rows = people[["id", "population", "estimated"]].assign(subject_code=people[f"{level}_code"])
    rows = rows.join(nearest, on="id")
    rows["covered_people"] = rows["population"].where(rows["covered"], 0)
    rows["unreachable"] = rows["population"].where(rows["cost"].isna(), 0)
    rows["estimated"] = rows["estimated"] | rows["facility_estimated"]
    rows = rows.sort_values(["subject_code", "cost", "id"], ascending=[True, False, True], kind="stable")
    out = rows.groupby("subject_code", sort=True).agg(
        population=("population", "sum"),
        covered=("covered_people", "sum"),
        unreachable=("unreachable", "sum"),
        nearest_facility=("nearest_facility", "first"),
        distance_m=("distance_m", "first"),
        time_min=("time_min", "first"),
        estimated=("estimated", "any"),
    ).reset_index()  # fmt: skip
    known = all(map(region.knows, kinds)) | (out["covered"] == out["population"])
    return rows_of(
        level,
        {**out, "value": out["covered"] / out["population"], "required": 1.0,
         "met": met_of(out["covered"] == out["population"], known)},
    )  # fmt: skip


def _units(region: Region, units: Units) -> gpd.GeoDataFrame:
    """Return the 乡镇 (towns that are no 街道) or the 行政村, with id, lon, lat and their residents, sorted by code."""
    frame = region.villages if units == "village" else region.towns
    frame = frame[frame["kind"] == "village" if units == "village" else frame["kind"] != "subdistrict"]
    return _peopled(region, frame, units)


def _peopled(region: Region, frame: gpd.GeoDataFrame, units: Units) -> gpd.GeoDataFrame:
    """Return the places with id, population and a point where people live, sorted by code."""
    people = region.residents.groupby(f"{units}_code")["population"].sum()
    population = frame["code"].map(people).fillna(0).astype("int64")
    lon, lat = (frame["lon"], frame["lat"]) if units == "village" else _people_centre(region, frame["code"])
    return frame.assign(id=frame["code"], population=population, lon=lon, lat=lat).sort_values("id", kind="stable")


def _people_centre(region: Region, codes: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return lon and lat of each town's resident nearest to its people-weighted mean: a place where people live."""
    people = region.residents[region.residents["population"] > 0]
    weight = people["population"].astype(float)
    sums = people.assign(w=weight, wx=weight * people["lon"], wy=weight * people["lat"]).groupby("town_code")[
        ["w", "wx", "wy"]
    ].sum()  # fmt: skip
    mean_lon = people["town_code"].map(sums["wx"] / sums["w"]).astype(float)
    mean_lat = people["town_code"].map(sums["wy"] / sums["w"]).astype(float)
    stretch = np.cos(np.radians(people["lat"].to_numpy(float)))
    away = ((people["lon"] - mean_lon) * stretch) ** 2 + (people["lat"] - mean_lat) ** 2
    centre = people.assign(away=away).sort_values(["town_code", "away", "id"], kind="stable")
    centre = centre.drop_duplicates("town_code").set_index("town_code")
    inside = region.towns.set_index("code").geometry.representative_point().to_crs(4326)
    lon = codes.map(centre["lon"]).fillna(codes.map(inside.x))
    lat = codes.map(centre["lat"]).fillna(codes.map(inside.y))
    return lon, lat


def facility_per_unit(
    region: Region, travel: Travel, *, facility_kinds: tuple[str, ...], units: Units, minimum: int
) -> pd.DataFrame:
    """Units (乡镇 or 行政村) that have at least `minimum` open facilities of these kinds. Value: how many it has.

    The first kind is the one that is meant, the others count as well; a unit short of it is not met only when the
    list of the first kind can be trusted. The nearest facility is measured from where the unit's people live.
    """
    frame = _units(region, units)
    facilities = region.open_facilities(*facility_kinds)
    count = frame["code"].map(facilities.groupby(f"{units}_code").size()).fillna(0).astype(int)
    enough = count >= minimum
    nearest = _nearest(travel.reach_whole(frame, facilities, limit=0), facilities).reindex(frame["id"])
    met = met_of(enough, enough | region.knows(facility_kinds[0]))
    return rows_of(
        units,
        {
            "subject_code": frame["code"].to_numpy(),
            "population": frame["population"].to_numpy(),
            "value": count.to_numpy(float),
            "required": float(minimum),
            "met": met,
            "nearest_facility": nearest["nearest_facility"].to_numpy(),
            "distance_m": nearest["distance_m"].to_numpy(),
            "estimated": frame["estimated"].to_numpy(bool) | nearest["facility_estimated"].to_numpy(bool),
        },
    )


def standard_per_unit(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    facility_kinds: tuple[str, ...],
    units: Units,
    column: str,
    accepted: tuple[str, ...],
) -> pd.DataFrame:
    """Units that have such a facility: whether one of theirs meets the standard that `column` records.

    Met when any open facility there has an accepted entry; None when none has and one has no entry at all.
    Value: how many meet it. Units without a facility are the existence rule's, not this one's.
    """
    frame = _units(region, units)
    facilities = region.open_facilities(*facility_kinds)
    entry = facilities[column].map(lambda one: "" if pd.isna(one) else str(one).lower())
    marks = pd.DataFrame(
        {"unit": facilities[f"{units}_code"], "good": entry.isin(accepted), "blank": entry == "",
         "estimated": facilities["estimated"]}
    ).groupby("unit").agg(good=("good", "sum"), blank=("blank", "any"), estimated=("estimated", "any"))  # fmt: skip
    frame = frame[frame["code"].isin(marks.index)]
    marks = marks.reindex(frame["code"])
    good = marks["good"].to_numpy() > 0
    return rows_of(
        units,
        {
            "subject_code": frame["code"].to_numpy(),
            "population": frame["population"].to_numpy(),
            "value": marks["good"].to_numpy(float),
            "required": 1.0,
            "met": met_of(good, good | ~marks["blank"].to_numpy(bool)),
            "nearest_facility": "",
            "distance_m": np.nan,
            "estimated": frame["estimated"].to_numpy(bool) | marks["estimated"].to_numpy(bool),
        },
    )


def community_centers(
    region: Region,
    travel: Travel,
    *,
    test: Literal["present", "load", "either"],
    lower: int,
    upper: int,
    hospital_kinds: tuple[str, ...],
) -> pd.DataFrame:
    """街道 (and county seats without a 卫生院): a centre of their own, or one whose load stays within the clause.

    `test` is "present" (a centre in the unit), "load" (the most loaded centre that serves the unit has at most
    `upper` residents) or "either", the clause as written. Value: number of centres, or for "load" that largest load.
    A load over `upper` advises "overloaded", under `lower` "mergeable"; neither is a gap of its own. A unit that falls
    short of the clause where the county's centres would do with other districts is advised "redistrict". Whether a seat
    has a 卫生院 is told by `hospital_kinds`; where their list is unknown, the seat's case is too.
    """
    units = _peopled(region, served_towns(region, hospital_kinds), "town")
    centers = region.open_facilities(CENTER)
    loads = center_loads(region, units["code"], centers, travel).to_numpy(float)
    count = units["code"].map(centers.groupby("town_code").size()).fillna(0).to_numpy(float)
    nearest = _nearest(travel.reach_whole(units, centers, limit=0), centers).reindex(units["id"])
    met = holds(test, count > 0, loads <= upper)
    subdistrict = (units["kind"] == "subdistrict").to_numpy(bool)
    known = (subdistrict | region.knows(hospital_kinds[0])) & region.knows(CENTER)
    has_hospital = units["code"].isin(set(region.open_facilities(*hospital_kinds)["town_code"])).to_numpy(bool)
    convert = has_hospital & subdistrict & ~met
    redistrict, open_question = (np.zeros(len(units), np.bool_) for _ in range(2))
    if test == "either" and (short := ~met & known).any():
        from planner.serving import suffice  # solves: only where there is a gap

        counties = units["county_code"].to_numpy(object)
        enough = suffice(region, travel, hospital_kinds, upper, sorted(set(counties[short])))
        redistrict = short & np.array([enough.get(code) is True for code in counties], np.bool_)
        open_question = short & np.array([enough.get(code, False) is None for code in counties], np.bool_)
    return rows_of(
        "town",
        {
            "subject_code": units["code"].to_numpy(),
            "population": units["population"].to_numpy(),
            "value": loads if test == "load" else count,
            "required": float(upper) if test == "load" else 1.0,
            "met": met_of(met, known),
            "nearest_facility": nearest["nearest_facility"].to_numpy(),
            "distance_m": nearest["distance_m"].to_numpy(),
            "advice": np.select(
                [redistrict, open_question, convert, loads > upper, loads < lower],
                ["redistrict", "open_question", "convert", "overloaded", "mergeable"],
                "",
            ),
            "load": np.where(loads > upper, loads, np.nan),
            "estimated": units["estimated"].to_numpy(bool) | nearest["facility_estimated"].to_numpy(bool),
        },
    )


def holds(test: Literal["present", "load", "either"], present: Bools, within: Bools) -> Bools:
    """Return where the clause on centres holds: one in the unit, loads within the limit, or either, as the test asks."""
    return {"present": present, "load": within, "either": present | within}[test]


def facility_count(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    facility_kind: str,
    at_least: int,
    at_most: int | None = None,
) -> pd.DataFrame:
    """How many open facilities of this kind the city has, against a number, a range or a lower limit alone. Value: the count.

    A count of none is as certain as the register that says so, which stands in about.yaml: it is not estimated there.
    """
    count = len(region.open_facilities(facility_kind))
    mine = region.facilities[counts_as(region.facilities, [facility_kind])]
    too_many = at_most is not None and count > at_most
    return rows_of(
        "city",
        {
            "subject_code": [region.about.code],
            "population": 0,
            "value": float(count),
            "required": float(at_most if at_most is not None and too_many else at_least),
            "met": met_of([count >= at_least and not too_many], [region.knows(facility_kind)]),
            "nearest_facility": "",
            "distance_m": np.nan,
            "estimated": bool(mine["estimated"].any()) or (not len(mine) and bool(region.about.notice)),
        },
    )


def unit_count(region: Region, params: Params) -> int:
    """Return how many units a rule with these parameters speaks of: 乡镇, 行政村, or towns that centres are to serve."""
    if "units" in params:
        return len(_units(region, params["units"]))
    return len(served_towns(region, params["hospital_kinds"]))


@dataclass(frozen=True)
class Measure:
    """A measure, the unit of its value, how its rows add up, and what it reads.

    ``sums`` "people": above the lowest level the value is the covered share of people.
    ``sums`` "units": above it the value is the number of units that meet the rule, out of those judged.
    ``kinds`` tells, from the params of a reading, the kinds of facility whose rows (any of their columns) it reads; None:
    that is not declared, and it is taken to read all of them. ``by_register``: the rows of facilities alone decide,
    without where they and the residents are, how many those are, and how fast one travels.
    ``limit`` tells, from the params, within how many whole mm or ms a facility covers a resident; None: it asks for no cover.
    ``ask`` tells what a comparison asks of each resident: whether a facility is "within" that limit, how far the "nearest"
    of its kinds is, or nothing. ``drawn`` tells how a test of certainty tries it again: by "people" within the limit, by
    "centers" with their loads, or not at all. ``detours``: its radius is also followed along the roads.
    ``nearest`` tells in words from where to what the nearest facility is measured.
    """

    function: Callable[..., pd.DataFrame]
    unit: str
    sums: Literal["people", "units"]
    kinds: Callable[[Params], tuple[str, ...]] | None = None
    by_register: bool = False
    limit: Callable[[Params], int] | None = None
    ask: Literal["", "within", "nearest"] = ""
    drawn: Literal["", "people", "centers"] = ""
    detours: bool = False
    nearest: str = ""

    def __post_init__(self) -> None:
        if (self.sums == "people") != (basis_of(self.unit) == "people"):
            raise ValueError(f"{self.unit!r} does not add up as {self.sums}: shares of people do, and nothing else")

    def kinds_of(self, params: Params) -> tuple[str, ...]:
        """Return the kinds of facility that a reading with these params reads; all of them where that is not declared."""
        return tuple(FACILITY_KINDS) if self.kinds is None else self.kinds(params)

    def limit_of(self, params: Params) -> int:
        """Return the limit of a reading with these params in whole mm or ms; ValueError where the measure has none."""
        if self.limit is None:
            raise ValueError(f"{self.unit} is measured without a limit")
        return self.limit(params)

    def facilities(self, region: Region, params: Params) -> gpd.GeoDataFrame:
        """Return the open facilities that a reading with these params asks for."""
        if "beside_ids" in params:
            return served_by(region, *(params[one] for one in ("facility_kind", "beside_kinds", "beside_ids")))
        return region.open_facilities(*self.kinds_of(params))

    def people(self, region: Region, params: Params) -> gpd.GeoDataFrame:
        """Return the resident points that a reading with these params is about, none empty: all, where it names none."""
        who = people_named(params)
        return people_in_question(region, *who) if who else region.residents[region.residents["population"] > 0]


def people_named(params: Params) -> tuple[Any, ...]:
    """Return whom the params name (urban or rural, by which scope): the same names ask for the same people; () is all."""
    return (params["residents"], params["urban_scope"]) if "urban_scope" in params else ()


def _limit(params: Params) -> int:
    """Return the limit in the whole units of its travel."""
    return round(params["minutes"] * MS_PER_MIN if "minutes" in params else params["radius_km"] * MM_PER_KM)


def _one_kind(params: Params) -> tuple[str, ...]:
    return (params["facility_kind"],)


def _kinds_listed(params: Params) -> tuple[str, ...]:
    return tuple(params["facility_kinds"])


def _kind_and_beside(params: Params) -> tuple[str, ...]:
    return (params["facility_kind"], *params.get("beside_kinds", ()))


def _centers_and_hospitals(params: Params) -> tuple[str, ...]:
    return (CENTER, *params["hospital_kinds"])


def _kinds_of_who(params: Params) -> tuple[str, ...]:
    return tuple(params["who"].kinds) if "who" in params else ()


_WITHIN = (
    "急救等按半径覆盖的指标：村（社区）行为该村最远居民点的最近机构；"
    "乡镇、县（区）、全市行为其中最远的未覆盖居民点的最近机构。"
)
_PER_UNIT = (
    "卫生院、村卫生室等“每个乡镇（村）几所”的指标：从乡镇的人口重心居民点（距人口加权中心最近的居民点）、"
    "从村的位置点，到最近的同类机构。"
)
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "people_within": Measure(
            people_within, "share", "people", _kind_and_beside, limit=_limit, ask="within", drawn="people", detours=True,
            nearest=_WITHIN,
        ),
        "people_served": Measure(
            people_served, "share", "people", _kind_and_beside, limit=_limit, ask="within",
            nearest="选址题：与按半径覆盖的指标相同，按居民前往的时间或距离。",
        ),
        "people_within_time": Measure(
            people_within_time, "share", "people", _one_kind, limit=_limit, ask="within", drawn="people",
            nearest="响应时间：与按半径覆盖的指标相同，最远、最近都按时间。",
        ),
        "facility_per_unit": Measure(
            facility_per_unit, "所", "units", _kinds_listed, by_register=True, ask="nearest", nearest=_PER_UNIT
        ),
        "standard_per_unit": Measure(standard_per_unit, "所", "units", _kinds_listed, by_register=True),
        "community_centers": Measure(
            community_centers, "所", "units", _centers_and_hospitals, drawn="centers",
            nearest="社区卫生服务中心：从街道（镇）的人口重心居民点到最近的中心。",
        ),
        "facility_count": Measure(facility_count, "所", "units", _one_kind, by_register=True),
        **{
            name: Measure(function, "", "units", _kinds_of_who, by_register=True)
            for name, function in resources.FUNCTIONS.items()
        },
    }
)  # fmt: skip
_UNKNOWN = Measure(lambda *_, **__: pd.DataFrame(), "", "units")


def measure_of(rule: Rule) -> Measure:
    """Return what the measure of a rule declares: nothing, where none is known by that name."""
    return MEASURES.get(rule.measure, _UNKNOWN)


def measures_of(rules: Iterable[Rule]) -> list[Measure]:
    """Return the measures of these rules, each once, in the order in which they are declared."""
    asked = {rule.measure for rule in rules}
    return [one for name, one in MEASURES.items() if name in asked]


FUNCTIONS: Mapping[str, Callable[..., pd.DataFrame]] = MappingProxyType(
    {name: one.function for name, one in MEASURES.items()}
)
