"""The people of a sample and the facilities that they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geodata.samples.build.places import City, Floats, Point, Row, Settlement, Town
from planner.schema import HOSPITAL_SPECIALTIES

# Splits census totals over villages and communities, to the person.
#
# Known: each county's urban and rural residents; in 攀枝花 the residents of the twelve towns of 盐边县. All else is
# assumed.

# Assumed urban residents of one community, relative to one community of a 街道.
URBAN_PER_COMMUNITY = {"subdistrict": 1.0, "seat": 1.2, "suburb": 0.6, "other": 0.12}
# Assumed urban residents of one village, on the same scale.
URBAN_PER_VILLAGE = {"subdistrict": 0.0, "seat": 0.1, "suburb": 0.08, "other": 0.01}
# Assumed rural residents of one community and of one village; more in a county seat, fewer in a remote 乡.
RURAL_PER_COMMUNITY, RURAL_PER_VILLAGE = 0.03, 1.0
RURAL_SEAT_FACTOR, RURAL_TOWNSHIP_FACTOR = 1.3, 0.7

OTHER_URBAN_SHARE = 0.03  # of a town whose residents are known, where the city names no share


@dataclass(frozen=True)
class Census:
    """Residents of one county, by urban and rural."""

    urban: int
    rural: int


@dataclass(frozen=True)
class Residents:
    """Residents of one settlement, by urban and rural."""

    urban: int
    rural: int

    @property
    def total(self) -> int:
        return self.urban + self.rural


def largest_remainder(total: int, weights: Floats) -> list[int]:
    """Return whole numbers in proportion to the weights that sum to `total`; ties go to the earlier."""
    exact = total * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    first = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[first] += 1
    return [int(one) for one in whole]


def character(town: Town, city: City) -> str:
    """Return the key under which the assumptions know a town."""
    if town.is_subdistrict:
        return "subdistrict"
    if town.is_county_seat:
        return "seat"
    return "suburb" if town.name in city.suburbs else "other"


def weights_of(settlements: Sequence[Settlement], towns: Mapping[str, Town], city: City) -> tuple[Floats, Floats]:
    """Return the urban and the rural weight of each settlement: the assumption for its kind times a random factor."""
    rng = np.random.default_rng(city.seed)
    by_town = {code: rng.lognormal(0, 0.15) for code in sorted(towns)}
    urban, rural = np.empty(len(settlements)), np.empty(len(settlements))
    for place, one in enumerate(settlements):
        kind = character(towns[one.town_code], city)
        village = one.kind == "village"
        fewer = RURAL_TOWNSHIP_FACTOR if towns[one.town_code].name.endswith("乡") else 1.0
        size = RURAL_SEAT_FACTOR if kind == "seat" else fewer
        factor = by_town[one.town_code] * rng.lognormal(0, 0.3)
        urban[place] = factor * (URBAN_PER_VILLAGE if village else URBAN_PER_COMMUNITY)[kind]
        rural[place] = factor * (RURAL_PER_VILLAGE * size if village else RURAL_PER_COMMUNITY)
    return urban, rural


def split_county(census: Census, urban: Floats, rural: Floats) -> list[Residents]:
    """Return the residents of each settlement of a county of which only the county's totals are known."""
    parts = zip(largest_remainder(census.urban, urban), largest_remainder(census.rural, rural), strict=True)
    return [Residents(*one) for one in parts]


def urban_by_town(census: Census, totals: Mapping[str, int], towns: Mapping[str, Town], city: City) -> dict[str, int]:
    """Return the urban residents of each town of a county whose towns' totals are known."""
    if sum(totals.values()) != census.urban + census.rural:
        raise ValueError("the towns' residents do not sum to the county's")
    shares = np.array([city.urban_shares.get(towns[code].name, OTHER_URBAN_SHARE) for code in totals])
    urban = largest_remainder(census.urban, shares * np.array(list(totals.values())))
    if any(part > total for part, total in zip(urban, totals.values(), strict=True)):
        raise ValueError("a town would have more urban residents than residents")
    return dict(zip(totals, urban, strict=True))


def split_residents(
    settlements: Sequence[Settlement],
    towns: Mapping[str, Town],
    counties: Mapping[str, Census],
    known: Mapping[str, int],
    city: City,
) -> dict[str, Residents]:
    """Return the residents of each settlement by code; counties and known towns come out exactly."""
    urban, rural = weights_of(settlements, towns, city)
    county_of = np.array([one.town_code[:6] for one in settlements])
    town_of = np.array([one.town_code for one in settlements])
    codes = np.array([one.code for one in settlements])
    found: dict[str, Residents] = {}
    for county, census in counties.items():
        own = {code: total for code, total in known.items() if code.startswith(county)}
        if own:
            groups = [
                (town_of == code, Census(part, own[code] - part))
                for code, part in urban_by_town(census, own, towns, city).items()
            ]
        else:
            groups = [(county_of == county, census)]
        for mask, totals in groups:
            found.update(zip(codes[mask].tolist(), split_county(totals, urban[mask], rural[mask]), strict=True))
    return found


# Makes a sample's facilities: the hospitals of a table of facts, and a fictional grass-roots network.

EMERGENCY_SPECIALTIES = ("综合", "中医", "中西医结合", "")
"""The plan asks these for an emergency department; of what no document classes, the city's assumption on hosts holds."""
_SPECIALTIES = {"": None, **{names[0]: key for key, names in HOSPITAL_SPECIALTIES.items()}}

MADE = "虚构示例"


def facility(city: City, key: str, name: str, kind: str, point: Point, town_code: str, source: str) -> Row:
    """Return a row of the facilities table with its columns in order; what is not known stays blank."""
    lon, lat = city.plane.lon_lat(point)
    return {
        "id": key, "name": name, "kind": kind, "status": "open", "lon": lon, "lat": lat, "town_code": town_code,
        "village_code": None, "host_id": None, "grade": None, "specialty": None, "owner": None, "beds": None, "beds_planned": None,
        "service_grade": None, "meets_standard": None, "source": source, "estimated": True,
    }  # fmt: skip


def beside(point: Point, within: shapely.Geometry, least_m: float, most_m: float, rng: np.random.Generator) -> Point:
    """Return a random place `least_m` to `most_m` from a point, inside an area; nearer if the area is tight."""
    for attempt in range(60):
        radius = rng.uniform(least_m, most_m) * 0.95**attempt
        angle = rng.uniform(0, 2 * np.pi)
        x, y = point[0] + radius * np.cos(angle), point[1] + radius * np.sin(angle)
        if shapely.contains_xy(shapely.buffer(within, -5.0), x, y):
            return float(x), float(y)
    return point


def middle_of(town: Town, settlements: Sequence[Settlement]) -> Point:
    """Return the settlement nearest to the town's centre."""
    own = [one.point for one in settlements if one.town_code == town.code]
    return min(own, key=lambda one: (one[0] - town.centre[0]) ** 2 + (one[1] - town.centre[1]) ** 2)


def hospital_rows(
    plan: Sequence[dict[str, str]], towns: Mapping[str, Town], settlements: Sequence[Settlement], city: City
) -> list[Row]:
    """Return the hospitals of the plan, each at an estimated place in its town."""
    rng = np.random.default_rng([city.seed, 1])
    rows = []
    for one in plan:
        town = towns[one["town_code"]]
        own = [other.point for other in settlements if other.town_code == town.code]
        # In a 街道 hospitals stand anywhere, in a town near its centre.
        anchor = own[int(rng.integers(len(own)))] if town.is_subdistrict else middle_of(town, settlements)
        point = beside(anchor, town.area, 150, 700, rng)
        row = facility(city, one["id"], one["name"], "hospital", point, town.code, one["source"] + "；位置：估算")
        row |= {
            "status": one["status"], "grade": one["grade"], "owner": one["owner"],
            "specialty": _SPECIALTIES[one["specialty"]],
            **{key: int(one[key]) for key in ("beds", "beds_planned") if one[key]},
        }  # fmt: skip
        rows.append(row)
    return rows


def station_rows(plan: Sequence[dict[str, str]], hospitals: Sequence[Row], city: City) -> list[Row]:
    """Return an emergency station at each open general or Chinese-medicine hospital of the city's host grades."""
    specialty = {one["id"]: one["specialty"] for one in plan}
    rows = []
    for host in hospitals:
        qualified = host["grade"] in city.network.host_grades and specialty[host["id"]] in EMERGENCY_SPECIALTIES
        if not qualified or host["status"] != "open":
            continue
        rows.append(
            host
            | {
                "id": f"ES{host['id']}", "name": f"{host['name']}急救站", "kind": "emergency_station",
                "host_id": host["id"], "grade": None, "specialty": None, "beds": None, "beds_planned": None, "source": city.network.host_source,
            }
        )  # fmt: skip
    return rows


def rescue_rows(towns: Mapping[str, Town], settlements: Sequence[Settlement], city: City) -> list[Row]:
    """Return the city's centre of medical rescue (紧急医学救援中心) where a document speaks of one, at an estimated place."""
    name, where, source = city.network.rescue_center
    rng = np.random.default_rng([city.seed, 5])
    homes = [town for town in towns.values() if name and town.name == where]
    return [
        facility(city, f"RC{town.code}", name, "rescue_center", beside(middle_of(town, settlements), town.area, 80, 350, rng),
                 town.code, source)
        for town in homes
    ]  # fmt: skip


def town_rows(towns: Mapping[str, Town], settlements: Sequence[Settlement], city: City) -> list[Row]:
    """Return township hospitals, community health centres and community health stations, some left out."""
    rng = np.random.default_rng([city.seed, 2])
    hospitals, centres, stations = [], [], []
    for town in towns.values():
        middle = middle_of(town, settlements)
        if not town.is_subdistrict and town.name not in city.network.towns_without_hospital:
            point = beside(middle, town.area, 80, 350, rng)
            source = (
                f"{MADE}：假设除 {len(city.network.towns_without_hospital)} 个乡镇外各有一所；名称按乡镇名，位置估算"
            )
            name = f"{town.name}卫生院"
            hospitals.append(facility(city, f"TH{town.code}", name, "township_hospital", point, town.code, source))
        wanted = town.name in city.network.towns_with_centre or town.is_subdistrict
        if wanted and town.name not in city.network.subdistricts_without_centre:
            point = beside(middle, town.area, 80, 350, rng)
            source = f"{MADE}：假设除 {len(city.network.subdistricts_without_centre)} 个街道外各有一所；名称、位置虚构"
            name = f"{town.name}社区卫生服务中心"
            centres.append(facility(city, f"CHC{town.code}", name, "community_health_center", point, town.code, source))
        if town.name in city.network.towns_with_station:
            own = [one for one in settlements if one.town_code == town.code and one.kind == "community"]
            chosen = own[int(rng.integers(len(own)))]
            point = beside(chosen.point, town.area, 60, 250, rng)
            name = f"{short(chosen.name)}社区卫生服务站"
            row = facility(
                city, f"CHS{chosen.code}", name, "community_health_station", point, town.code, f"{MADE}：名称、位置虚构"
            )
            stations.append(row)
    return hospitals + centres + stations


def short(name: str) -> str:
    """Return a settlement's name without the suffix of its committee."""
    for suffix in (
        "社区村民委员会",
        "社区居民委员会",
        "村村民委员会",
        "村民委员会",
        "居民委员会",
        "村村委会",
        "村委会",
        "居委会",
    ):
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def clinic_rows(
    towns: Mapping[str, Town], settlements: Sequence[Settlement], residents: Mapping[str, Residents], city: City
) -> list[Row]:
    """Return a clinic near each village but some, which are rather the small ones."""
    rng = np.random.default_rng([city.seed, 3])
    villages = [one for one in settlements if one.kind == "village"]
    small = 1 / np.array([residents[one.code].total for one in villages])
    without = set(
        rng.choice(len(villages), city.network.villages_without_clinic, replace=False, p=small / small.sum()).tolist()
    )
    source = f"{MADE}：假设除 {city.network.villages_without_clinic} 个行政村外各有一所；名称按村名，位置估算"
    rows = []
    for place, village in enumerate(villages):
        point = beside(village.point, towns[village.town_code].area, 40, 250, rng)
        if place in without:
            continue
        name = f"{short(village.name)}村卫生室"
        row = facility(city, f"VC{village.code}", name, "village_clinic", point, village.town_code, source)
        rows.append(row | {"village_code": village.code})
    return rows


def facility_rows(
    plan: Sequence[dict[str, str]],
    towns: Mapping[str, Town],
    settlements: Sequence[Settlement],
    residents: Mapping[str, Residents],
    city: City,
) -> list[Row]:
    """Return all facilities: hospitals and their emergency stations first, then town by town, then village clinics."""
    hospitals = hospital_rows(plan, towns, settlements, city)
    return [
        *hospitals,
        *station_rows(plan, hospitals, city),
        *rescue_rows(towns, settlements, city),
        *town_rows(towns, settlements, city),
        *clinic_rows(towns, settlements, residents, city),
    ]
