"""Where things lie: the metric CRS of a city, GCJ-02 and BD-09 brought back to WGS 84, and the place of every row."""

import re

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.columns import Notes
from geodata.files import RawTable
from planner.errors import Text
from planner.schema import Table
from planner.text import coordinate_text

Floats = npt.NDArray[np.float64]

_KRASSOVSKY_AXIS_M = 6378245.0
_KRASSOVSKY_SQUASH = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0
_CHINA = (73.0, 3.0, 136.0, 54.0)
_POLYGONS = (3, 6)  # shapely's type ids of Polygon and MultiPolygon
_SAID = {"gcj02": "gcj-?02|高德|腾讯|火星|国测局", "bd09": "bd-?09|百度"}


def metric_crs(lon: float) -> str:
    """Return the CGCS2000 3° Gauss–Krüger zone (central meridian without zone prefix) that holds this longitude.

    EPSG:4534 is central meridian 75° E, then one code for every 3° (EPSG registry).

    >>> metric_crs(101.7), metric_crs(105.5)
    ('EPSG:4543', 'EPSG:4544')
    """
    if not 73 <= lon <= 136.5:
        raise ValueError(f"longitude {lon} is outside China's 3° zones (75° to 135° E)")
    meridian = min(max(round(lon / 3) * 3, 75), 135)
    return f"EPSG:{4534 + (meridian - 75) // 3}"


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the offset in degrees that GCJ-02 adds to WGS 84 at these points."""
    x, y = lon - 105.0, lat - 35.0
    wave = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + wave
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + wave
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    radians = lat / 180 * np.pi
    magic = 1 - _KRASSOVSKY_SQUASH * np.sin(radians) ** 2
    meridian = _KRASSOVSKY_AXIS_M * (1 - _KRASSOVSKY_SQUASH) / (magic * np.sqrt(magic))
    parallel = _KRASSOVSKY_AXIS_M / np.sqrt(magic) * np.cos(radians)
    return east * 180 / (parallel * np.pi), north * 180 / (meridian * np.pi)


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points in GCJ-02 (Amap, Tencent), in degrees."""
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points in WGS 84, in degrees, by fixed-point iteration to below a tenth of a millimetre."""
    real_lon, real_lat = lon.copy(), lat.copy()
    for _ in range(10):
        east, north = _shift(real_lon, real_lat)
        real_lon, real_lat = lon - east, lat - north
    return real_lon, real_lat


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return points of BD-09 (Baidu) in WGS 84, in degrees; Baidu's own formula is exact to about 1 m."""
    x, y = lon - 0.0065, lat - 0.006
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * _BAIDU_TURN)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BAIDU_TURN)
    return gcj02_to_wgs84(radius * np.cos(angle), radius * np.sin(angle))


TO_WGS84 = {"wgs84": None, "cgcs2000": None, "gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}


def with_points(raw: RawTable, frame: pd.DataFrame, table: Table, datum: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the rows with geometry in EPSG:4326: the file's own, or points from lon and lat brought to WGS 84.

    Rows whose place cannot be used are noted and have no geometry. Points stand for whatever a table of points holds.
    """
    if raw.geometry is not None:
        return _mapped(raw, frame, table, notes)
    if "lon" not in frame:
        notes.add(
            raw.file, Text(f"{table.label}没有图形", f"{table.name} need shapes"),
            Text("用 .gpkg、.geojson 或 .shp 提供", "give them as .gpkg, .geojson or .shp"),
        )  # fmt: skip
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame)), crs=4326)
    _check_headings(raw, datum, notes)
    usable = _check_lonlat(raw, frame, notes)
    lon, lat = (frame[one].where(usable).to_numpy(float, copy=True) for one in ("lon", "lat"))
    shift = TO_WGS84[datum]
    if shift is not None:
        lon[usable], lat[usable] = shift(lon[usable], lat[usable])
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326).where(usable)
    return gpd.GeoDataFrame(frame.assign(lon=lon, lat=lat), geometry=points, crs=4326)


def _mapped(raw: RawTable, frame: pd.DataFrame, table: Table, notes: Notes) -> gpd.GeoDataFrame:
    """Return the rows of a map file: polygons mended, points in place of whatever shape a place was drawn with."""
    shapes = gpd.GeoSeries(raw.geometry)
    empty = shapely.is_empty(shapes.to_numpy()) | shapely.is_missing(shapes.to_numpy())
    notes.add_rows(raw, pd.Series(empty), "geometry", Text("没有图形", "no geometry"), Text("补上图形", "add it"))
    degrees, row = shapely.get_coordinates(shapes.to_numpy(), return_index=True)
    broken = np.zeros(len(shapes), bool)
    broken[row[~np.isfinite(degrees).all(axis=1)]] = True
    notes.add_rows(
        raw, pd.Series(broken), "geometry", Text("坐标不是有效数字", "coordinates are not numbers"),
        Text("检查坐标系和图形", "check the CRS and the shape"),
    )  # fmt: skip
    shapes = shapes.where(~(empty | broken))
    _check_extent(raw, shapes, notes)
    if table.geometry == "polygon":
        shapes = _areas(raw, shapes, table, notes)
    if table.geometry != "point":
        return gpd.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=4326)
    points = shapes.representative_point()
    return gpd.GeoDataFrame(frame.assign(lon=points.x, lat=points.y), geometry=points.to_numpy(), crs=4326)


def _areas(raw: RawTable, shapes: gpd.GeoSeries, table: Table, notes: Notes) -> gpd.GeoSeries:
    """Return the shapes made valid, only their polygons kept: mending a spike leaves lines and points beside them."""
    valid = shapes.make_valid()
    mixed = (valid.geom_type == "GeometryCollection").to_numpy(bool)
    for at in np.flatnonzero(mixed):
        parts = shapely.get_parts(valid.iloc[at])
        valid.iloc[at] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _POLYGONS)])
    values = valid.to_numpy()
    good = np.isin(shapely.get_type_id(values), _POLYGONS) & (shapely.area(values) > 0)
    notes.add_rows(
        raw, pd.Series(~good & ~shapely.is_missing(values)), "geometry",
        Text(f"{table.label}边界应是面，且有面积", f"{table.name} must be polygons with an area"),
        Text("改用面图层，删去没有面积的图形", "use polygons, remove those without area"), found=shapes.geom_type,
    )  # fmt: skip
    return valid.where(good)


def _check_extent(raw: RawTable, shapes: gpd.GeoSeries, notes: Notes) -> None:
    """Note a map file that does not lie in China: mostly a wrong or missing CRS, or swapped coordinates."""
    west, south, east, north = _CHINA
    left, bottom, right, top = shapes.total_bounds
    inside = west <= left and right <= east and south <= bottom and top <= north
    if not inside and not np.isnan(left):
        found = f"{coordinate_text(left)}, {coordinate_text(bottom)} – {coordinate_text(right)}, {coordinate_text(top)}"
        notes.add(
            raw.file, Text("图形不在中国范围内", "the shapes lie outside China"),
            Text("核对坐标系，以及经纬度是否写反", "check the CRS, and whether lon and lat are swapped"), found=found,
        )  # fmt: skip


def _check_headings(raw: RawTable, datum: str, notes: Notes) -> None:
    """Note headings that name another datum than about.yaml does."""
    for heading in raw.frame.columns:
        said = next((one for one, words in _SAID.items() if re.search(words, str(heading), re.IGNORECASE)), datum)
        if said != datum:
            notes.add(
                raw.file,
                Text(f"表头写的是 {said} 坐标，而 about.yaml 里是 {datum}：按 {datum} 计算",
                     f"the heading says {said}, about.yaml says {datum}, which is used"),
                Text(f"若确是 {said}，在 about.yaml 写 coordinates: {said}", f"if it is, write 'coordinates: {said}' there"),
                column=str(heading), warning=True,
            )  # fmt: skip


def _check_lonlat(raw: RawTable, frame: pd.DataFrame, notes: Notes) -> npt.NDArray[np.bool_]:
    """Return whether each row's coordinates can be used; note metres, swapped ones and what is outside China."""
    west, south, east, north = _CHINA
    lon, lat = frame["lon"], frame["lat"]
    usable = lon.between(west, east) & lat.between(south, north)
    metres = (lon.abs() > 1000) | (lat.abs() > 1000)
    swapped = ~metres & lon.between(south, north) & lat.between(west, east)
    outside = ~metres & ~swapped & lon.notna() & lat.notna() & ~usable
    found = lon.astype(str) + ", " + lat.astype(str)
    notes.add_rows(
        raw, metres, "经度、纬度", Text("像是投影坐标（米），不是经纬度", "these look like metres, not degrees"),
        Text("换算成经纬度，或用 .gpkg 带坐标系提供", "convert to degrees, or give a .gpkg with its CRS"), found=found,
    )  # fmt: skip
    notes.add_rows(
        raw, swapped, "经度、纬度", Text("经度和纬度写反了", "longitude and latitude are swapped"),
        Text("对调两列", "swap the two columns"), found=found,
    )  # fmt: skip
    notes.add_rows(
        raw, outside, "经度、纬度", Text("不在中国范围内", "outside China"), Text("核对坐标", "check them"), found=found
    )
    return usable.to_numpy(bool)
