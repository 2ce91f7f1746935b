"""Where things lie: the metric CRS of a city, GCJ-02 and BD-09 brought back to WGS 84, and the place of every row."""

from typing import Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod

from geodata.about import Declared
from geodata.columns import Notes
from geodata.files import RawTable
from geodata.names import datums_of, datums_of_title, is_of_datum
from planner.errors import Text
from planner.schema import Table
from planner.text import coordinate_text, number_text, share_text

Floats = npt.NDArray[np.float64]


class NearestRoad(Protocol):
    """Roads that tell how far points are."""

    def nearest_m(self, frame: pd.DataFrame) -> Floats: ...


_KRASSOVSKY_AXIS_M = 6378245.0
_KRASSOVSKY_SQUASH = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0
CHINA = (73.0, 3.0, 136.0, 54.0)
_CROSSED = 0.05
_ENOUGH, _LOOKED_AT, _OFF_ROAD_M = 5, 2_000, 60.0
"""Fewer points are no evidence, and points as near to the roads as this need none."""
_POLYGONS = (3, 6)  # shapely's type ids of Polygon and MultiPolygon
_OLD = {"xian80": "西安 80", "beijing54": "北京 54"}
GEOD = Geod(ellps="GRS80")


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
    """Return the points in GCJ-02 (Amap, Tencent), in degrees.

    >>> lon, lat = wgs84_to_gcj02(np.array([101.7]), np.array([26.6]))
    >>> float(lon[0].round(6)), float(lat[0].round(6))
    (101.701549, 26.596404)
    """
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points in WGS 84, in degrees, by fixed-point iteration to below a tenth of a millimetre.

    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(np.array([101.7]), np.array([26.6])))
    >>> float(lon[0].round(9)), float(lat[0].round(9))
    (101.7, 26.6)
    """
    real_lon, real_lat = lon.copy(), lat.copy()
    for _ in range(10):
        east, north = _shift(real_lon, real_lat)
        real_lon, real_lat = lon - east, lat - north
    return real_lon, real_lat


def shift_by_roads(road: NearestRoad, points: pd.DataFrame) -> Text | None:
    """Return the evidence that points (lon, lat) and roads are not in one datum, None where there is none.

    It is the median way to the nearest road, as the points stand and once they are taken from GCJ-02, or put into it; of
    many points some two thousand, evenly taken from their list, are looked at.
    """
    points = points.iloc[:: -(-len(points) // _LOOKED_AT) or 1]
    if len(points) < _ENOUGH:
        return None
    lon, lat = points["lon"].to_numpy(float), points["lat"].to_numpy(float)
    tried = {"": (lon, lat), "from": gcj02_to_wgs84(lon, lat), "into": wgs84_to_gcj02(lon, lat)}
    off = {way: float(np.median(road.nearest_m(points.assign(lon=at[0], lat=at[1])))) for way, at in tried.items()}
    best = min(off, key=off.__getitem__)
    if not best or not np.isfinite(list(off.values())).all() or off[""] < _OFF_ROAD_M or off[best] > off[""] / 3:
        return None
    far, near = number_text(round(off[""])), number_text(round(off[best]))
    who = Text("点的坐标像是 GCJ-02（高德、腾讯）", "the points seem to be in GCJ-02")
    who = (
        who
        if best == "from"
        else Text("路网像是 GCJ-02（高德、腾讯），点不是", "the roads seem to be in GCJ-02, the points not")
    )
    return Text(f"{who.zh}：{len(points)} 个点离最近道路的中位数 {far} 米，换算后 {near} 米",
                f"{who.en}: of {len(points)} points and their nearest road, median {far} m, {near} m once converted")  # fmt: skip


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return points of BD-09 (Baidu) in WGS 84, in degrees; Baidu's own formula is exact to about 1 m.

    >>> lon, lat = bd09_to_wgs84(np.array([101.7]), np.array([26.6]))
    >>> float(lon[0].round(5)), float(lat[0].round(5))
    (101.6919, 26.5979)
    """
    x, y = lon - 0.0065, lat - 0.006
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * _BAIDU_TURN)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BAIDU_TURN)
    return gcj02_to_wgs84(radius * np.cos(angle), radius * np.sin(angle))


TO_WGS84 = {"wgs84": None, "cgcs2000": None, "gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}


def with_points(raw: RawTable, frame: pd.DataFrame, table: Table, declared: Declared, notes: Notes) -> gpd.GeoDataFrame:
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
    usable = _check_lonlat(raw, frame, notes)
    sound = frame.assign(lon=frame["lon"].where(usable), lat=frame["lat"].where(usable))
    lon, lat = in_wgs84(raw, table, sound, notes, declared.by_file.get(raw.file, ""), declared.datum)
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
    _ask_crossed(raw, shapes, values, table, notes)
    good = np.isin(shapely.get_type_id(values), _POLYGONS) & (shapely.area(values) > 0)
    notes.add_rows(
        raw, pd.Series(~good & ~shapely.is_missing(values)), "geometry",
        Text(f"{table.label}边界应是面，且有面积", f"{table.name} must be polygons with an area"),
        Text("改用面图层，删去没有面积的图形", "use polygons, remove those without area"), found=shapes.geom_type,
    )  # fmt: skip
    return valid.where(good)


def _ask_crossed(
    raw: RawTable, shapes: gpd.GeoSeries, mended: npt.NDArray[np.object_], table: Table, notes: Notes
) -> None:
    """Ask about shapes that cross themselves so that mending changes their area: corners in the wrong order, mostly."""
    drawn = shapes.to_numpy()
    before, after = shapely.area(drawn), shapely.area(mended)
    crossed = (
        ~shapely.is_missing(drawn)
        & ~shapely.is_valid(drawn)
        & (np.abs(before - after) > _CROSSED * np.maximum(before, after))
    )
    hull = shapely.area(shapely.convex_hull(drawn))
    for at in np.flatnonzero(crossed):
        key = f"{raw.file} 第 {raw.rows[at]} 行 自相交 {share_text(after[at] / hull[at])}"
        what = Text(f"{table.label}边界自相交（像蝴蝶结），修复后只有外轮廓面积的 {share_text(after[at] / hull[at])}",
                    f"the shape crosses itself; mended, it has {share_text(after[at] / hull[at])} of the area of its outline")  # fmt: skip
        notes.ask(raw.file, key, what, Text("按顺序重画顶点", "draw its corners in order"), raw.rows[at])


def _check_extent(raw: RawTable, shapes: gpd.GeoSeries, notes: Notes) -> None:
    """Note a map file that does not lie in China: mostly a wrong or missing CRS, or swapped coordinates."""
    west, south, east, north = CHINA
    left, bottom, right, top = shapes.total_bounds
    inside = west <= left and right <= east and south <= bottom and top <= north
    if not inside and not np.isnan(left):
        found = f"{coordinate_text(left)}, {coordinate_text(bottom)} – {coordinate_text(right)}, {coordinate_text(top)}"
        notes.add(
            raw.file, Text("图形不在中国范围内", "the shapes lie outside China"),
            Text("核对坐标系，以及经纬度是否写反", "check the CRS, and whether lon and lat are swapped"), found=found,
        )  # fmt: skip


def in_wgs84(
    raw: RawTable, table: Table, frame: pd.DataFrame, notes: Notes, own: str = "", every: str = "wgs84"
) -> tuple[Floats, Floats]:
    """Return lon and lat of the rows in WGS 84 and record how they were brought there.

    The datum of a file is the one declared for it (`own`), else that which the headings of lon and lat name, else a
    column of datums or the title above the table, else that of all files (`every`). One that cannot be brought to WGS 84
    to a metre is noted.
    """
    at = raw.columns_of(table)[0]
    headings = [raw.headings[at[name]] for name in ("lon", "lat") if name in at]
    named = set().union(*map(datums_of, headings)) or _datums_beside(raw, notes)
    datum = own or (min(named) if len(named) == 1 else "") or every
    if len(named) > 1 and not own:
        notes.add(raw.file, Text("写了不止一种坐标系", "more than one datum is named"),
                  Text("一个文件只用一种：改正表头，或按坐标系拆成几个文件", "keep to one in a file: correct the headings, or split the file"),
                  column=tuple(headings), found="、".join(sorted(named)))  # fmt: skip
    lon, lat = (frame[name].to_numpy(float, copy=True) for name in ("lon", "lat"))
    if datum in _OLD:
        notes.add(raw.file, Text(f"{_OLD[datum]}的经纬度没有换算：可能偏几十到一百多米", f"{datum} was not converted: it may be tens of metres off, or over a hundred"),
                  Text("请测绘部门换算成 CGCS2000", "have it converted to CGCS2000"), column=tuple(headings), warning=True)  # fmt: skip
    shift = TO_WGS84.get(datum)
    if shift is None:
        notes.use(raw.file, "datum", "、".join(headings), "used", Text(f"按 {datum} 使用", f"taken as {datum}"))
        return lon, lat
    there = np.isfinite(lon) & np.isfinite(lat)
    moved_lon, moved_lat = shift(lon[there], lat[there])
    off = GEOD.inv(lon[there], lat[there], moved_lon, moved_lat)[2]
    lon[there], lat[there] = moved_lon, moved_lat
    far = number_text(round(float(np.median(off)))) if len(off) else ""
    by = Text(f"{far} 米", f"{far} m") if far else Text("", "")
    how = Text(f"{datum} 换算成 wgs84，移动约 {by.zh}", f"{datum} brought to wgs84, by about {by.en}")
    notes.use(raw.file, "datum", "、".join(headings), "converted", how)
    notes.add(raw.file, how, Text("坐标系不对的，改表头，或在 about.yaml 的 coordinates 下写“文件名: 坐标系”",
                                  "if that is wrong, correct the heading, or write 'file: datum' under coordinates in about.yaml"),
              column=tuple(headings), warning=True)  # fmt: skip
    return lon, lat


def _datums_beside(raw: RawTable, notes: Notes) -> set[str]:
    """Return the datums that a column headed 坐标系 names in its cells, else those of the title above the table."""
    for place in [at for at, heading in enumerate(raw.headings) if is_of_datum(heading)]:
        cells = raw.frame.iloc[:, place].astype(str).str.strip()
        unknown = (cells != "") & cells.map(lambda cell: not datums_of(cell)).astype(bool)
        notes.add_rows(raw, unknown, raw.headings[place], Text("坐标系不认识", "its coordinate system is not known"),
                       Text("写 WGS84、CGCS2000、GCJ-02 或 BD-09；别的坐标系先换算", "write WGS84, CGCS2000, GCJ-02 or BD-09, or convert them first"),
                       found=cells)  # fmt: skip
        if (cells != "").any():
            notes.add_rows(raw, cells == "", raw.headings[place], Text("别的行写了坐标系，这一行没有写", "other rows name their coordinate system, this one does not"),
                           Text("写上；整个文件相同的，每行都写", "name it in every row"))  # fmt: skip
            return set().union(*map(datums_of, cells.unique()))
    return datums_of_title(raw.above)


def _check_lonlat(raw: RawTable, frame: pd.DataFrame, notes: Notes) -> npt.NDArray[np.bool_]:
    """Return whether each row's coordinates can be used; note metres, swapped ones and what is outside China."""
    west, south, east, north = CHINA
    lon, lat = frame["lon"], frame["lat"]
    usable = lon.between(west, east) & lat.between(south, north)
    metres = (lon.abs() > 1000) | (lat.abs() > 1000)
    swapped = ~metres & lon.between(south, north) & lat.between(west, east)
    outside = ~metres & ~swapped & lon.notna() & lat.notna() & ~usable
    found = lon.astype(str) + ", " + lat.astype(str)
    notes.add_rows(
        raw, metres, ("经度", "纬度"), Text("像是投影坐标（米），不是经纬度", "these look like metres, not degrees"),
        Text("换算成经纬度，或用 .gpkg 带坐标系提供", "convert to degrees, or give a .gpkg with its CRS"), found=found,
    )  # fmt: skip
    notes.add_rows(
        raw, swapped, ("经度", "纬度"), Text("经度和纬度写反了", "longitude and latitude are swapped"),
        Text("对调两列", "swap the two columns"), found=found,
    )  # fmt: skip
    notes.add_rows(
        raw,
        outside,
        ("经度", "纬度"),
        Text("不在中国范围内", "outside China"),
        Text("核对坐标", "check them"),
        found=found,
    )
    return usable.to_numpy(bool)
