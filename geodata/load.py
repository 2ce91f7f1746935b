"""load(folder) → Region: the only public door through which a city's facts come in."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.about import read_about
from geodata.columns import Notes, canonical
from geodata.crs import TO_WGS84, metric_crs
from geodata.files import RawTable, find, read
from geodata.tables import Part, counties_of, facilities_of, residents_of, residents_of_villages, towns_of, villages_of
from planner.errors import DataError, Problem, Text
from planner.region import About, Region, Source
from planner.schema import FACILITIES, FACTS, RESIDENTS, TOWNS, VILLAGES, Table

_EMPTY = Text("只有表头，没有数据，按没有这个文件处理", "no rows of data: treated as absent")
_CHINA = (73.0, 3.0, 136.0, 54.0)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A region, and what was doubtful about its files."""

    region: Region
    warnings: tuple[Problem, ...]


def load(folder: Path | str) -> Region:
    """Return the Region that the files of `folder` describe; DataError lists everything wrong at once."""
    return load_with_warnings(folder).region


def load_with_warnings(folder: Path | str) -> Loaded:
    """Return the Region and the warnings; DataError, with all problems of all files, if it cannot be used."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            Problem(
                str(folder),
                Text("没有这个文件夹", "there is no such folder"),
                Text(
                    "检查路径；用 fugai template 可以生成示例文件夹", "check the path, or make one with fugai template"
                ),
            )
        )
    notes = Notes()
    about, coordinates, about_source = read_about(folder, notes)
    read_parts = {table.name: _part(folder, table, notes) for table in FACTS.values()}
    parts = {name: part for name, part in read_parts.items() if part}
    _need(folder, parts, notes)
    _stop(notes)
    frames = {name: _with_points(part, name, coordinates, notes) for name, part in parts.items()}
    _stop(notes)
    sources = tuple(part.source for part in parts.values()) + ((about_source,) if about_source else ())
    region = _assemble(parts, frames, about, sources, notes)
    _stop(notes)
    return Loaded(region, tuple(notes.warnings))


def _stop(notes: Notes) -> None:
    if notes.errors:
        raise DataError(notes.problems)


def _part(folder: Path, table: Table, notes: Notes) -> Part | None:
    try:
        path = find(folder, table)
        raw = read(path, table) if path else None
    except DataError as error:
        notes.problems.extend(error.problems)
        return None
    if path is None or raw is None:
        return None
    if not len(raw.frame):
        notes.add(
            path.name, _EMPTY, Text("填入数据；用不到的文件可以删去", "fill it in, or remove it"), warning=True
        )  # fmt: skip
        return None
    raw, frame = canonical(raw, table, notes)
    source = Source(path.name, sha256(path.read_bytes()).hexdigest(), len(frame))
    return Part(raw, frame, source)


def _need(folder: Path, parts: dict[str, Part], notes: Notes) -> None:
    tables = ((TOWNS,), (FACILITIES,), (RESIDENTS, VILLAGES))
    broken = {one.file.rsplit(".", 1)[0] for one in notes.errors}
    for either in tables:
        if any(table.name in parts for table in either) or any(stem in broken for t in either for stem in t.stems):
            continue
        stems = " 或 ".join(table.stems[0] for table in either)
        endings = ".gpkg 或 .geojson" if either == (TOWNS,) else ".csv、.xlsx、.gpkg 或 .geojson"
        labels = "或".join(table.label for table in either)
        notes.add(
            folder.name,
            Text(f"缺少“{labels}”的数据", f"no data of {' or '.join(table.name for table in either)}"),
            Text(f"放入 {stems}（{endings}）", f"add {stems} ({endings})"),
        )
    part = parts.get("towns")
    if part and part.raw.geometry is None:
        notes.add(
            part.raw.file,
            Text("乡镇边界没有图形", "towns need polygons"),
            Text("用 .gpkg 或 .geojson 提供", "give them as .gpkg or .geojson"),
        )


def _with_points(part: Part, name: str, coordinates: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the rows with geometry in EPSG:4326: the file's own, or points from lon and lat, brought to WGS 84."""
    frame, raw = part.frame, part.raw
    if raw.geometry is not None:
        shapes = raw.geometry.make_valid() if name in {"counties", "towns"} else raw.geometry
        empty = shapes.is_empty | shapes.isna()
        notes.add_rows(raw, empty, "geometry", Text("没有图形", "no geometry"), Text("补上图形", "add it"))
        _check_extent(raw, shapes, notes)
        out = gpd.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=4326)
        if "lon" not in frame:
            return out
        points = out.geometry.representative_point()
        return out.assign(lon=points.x, lat=points.y)
    if "lon" not in frame:
        notes.add(
            raw.file,
            Text("没有图形", "no geometry"),
            Text("用 .gpkg 或 .geojson 提供", "give it as .gpkg or .geojson"),
        )
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame)), crs=4326)
    _check_lonlat(raw, frame, notes)
    lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    shift = TO_WGS84[coordinates]
    if shift is not None:
        lon, lat = shift(lon, lat)
    return gpd.GeoDataFrame(frame.assign(lon=lon, lat=lat), geometry=gpd.points_from_xy(lon, lat), crs=4326)


def _check_extent(raw: RawTable, shapes: gpd.GeoSeries, notes: Notes) -> None:
    """Note a map file that does not lie in China: mostly a wrong or missing CRS, or swapped coordinates."""
    west, south, east, north = _CHINA
    left, bottom, right, top = shapes.total_bounds
    if not (west <= left and right <= east and south <= bottom and top <= north):
        found = f"{left:.4g}, {bottom:.4g} – {right:.4g}, {top:.4g}"
        notes.add(
            raw.file, Text("图形不在中国范围内", "the shapes lie outside China"),
            Text("核对坐标系，以及经纬度是否写反", "check the CRS, and whether lon and lat are swapped"), found=found,
        )  # fmt: skip


def _check_lonlat(raw: RawTable, frame: pd.DataFrame, notes: Notes) -> None:
    """Note coordinates that are metres, that are swapped, or that lie outside China: never guess in silence."""
    west, south, east, north = _CHINA
    lon, lat = frame["lon"], frame["lat"]
    metres = (lon.abs() > 1000) | (lat.abs() > 1000)
    swapped = ~metres & lon.between(south, north) & lat.between(west, east)
    outside = ~metres & ~swapped & lon.notna() & lat.notna() & ~(lon.between(west, east) & lat.between(south, north))
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


def _estimated(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.assign(estimated=frame["estimated"].eq(True).to_numpy(bool))


def _assemble(
    parts: dict[str, Part],
    frames: dict[str, gpd.GeoDataFrame],
    about: About | None,
    sources: tuple[Source, ...],
    notes: Notes,
) -> Region:
    crs = metric_crs(float(frames["towns"].to_crs(4326).total_bounds[[0, 2]].mean()))
    frames = {name: _estimated(frame.to_crs(crs)) for name, frame in frames.items()}
    towns = towns_of(frames["towns"], parts["towns"], notes)
    counties = counties_of(frames.get("counties"), towns, parts.get("counties"), notes)
    villages = villages_of(frames.get("villages"), towns, parts.get("villages"), notes)
    if "residents" in frames:
        residents = residents_of(frames["residents"], towns, villages, parts["residents"], notes)
    else:
        residents = residents_of_villages(villages)
    facilities = facilities_of(frames["facilities"], towns, villages, parts["facilities"], notes)
    roads = frames.get("roads")
    return Region(
        about=about or _about_from(towns, counties),
        crs=crs,
        counties=counties,
        towns=towns,
        villages=villages,
        residents=residents,
        facilities=facilities,
        roads=None if roads is None else roads.sort_values("id", kind="stable", ignore_index=True),
        sources=sources,
    )


def _about_from(towns: gpd.GeoDataFrame, counties: gpd.GeoDataFrame) -> About:
    code = towns["county_code"].str[:4].mode().iloc[0] + "00"
    return About(name="、".join(counties["name"]) if len(counties) <= 2 else f"{code} 全市", code=code)
