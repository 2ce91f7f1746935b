"""load(folder) → Region: the only public door through which a city's facts come in."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import STRtree

from geodata.about import read_about
from geodata.columns import Notes, canonical
from geodata.crs import TO_WGS84, metric_crs
from geodata.files import RawTable, find, read
from planner.errors import DataError, Problem, Text
from planner.region import About, Region, Source
from planner.schema import COUNTIES, FACILITIES, RESIDENTS, ROADS, TOWNS, VILLAGES, Table

_BORDER_TOLERANCE_M = 1000
"""A resident this far outside every town is given to the nearest: borders of files are simplified."""

_EMPTY = Text("只有表头，没有数据，按没有这个文件处理", "no rows of data: treated as absent")
_CHINA = (73.0, 3.0, 136.0, 54.0)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A region, and what was doubtful about its files."""

    region: Region
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """One table as read: its rows, where they stood, its geometry, and where the file came from."""

    raw: RawTable
    frame: pd.DataFrame
    source: Source


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
    parts = {
        table.name: _part(folder, table, notes) for table in (COUNTIES, TOWNS, VILLAGES, RESIDENTS, FACILITIES, ROADS)
    }
    _need(folder, parts, notes)
    _stop(notes)
    frames = {name: _with_points(part, name, coordinates, notes) for name, part in parts.items() if part}
    _stop(notes)
    sources = tuple(part.source for part in parts.values() if part) + ((about_source,) if about_source else ())
    region = _assemble(parts, frames, about, sources, notes)
    _stop(notes)
    return Loaded(region, tuple(notes.warnings))


def _stop(notes: Notes) -> None:
    if notes.errors:
        raise DataError(notes.problems)


def _part(folder: Path, table: Table, notes: Notes) -> _Part | None:
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
    return _Part(raw, frame, source)


def _need(folder: Path, parts: dict[str, _Part | None], notes: Notes) -> None:
    tables = ((TOWNS,), (FACILITIES,), (RESIDENTS, VILLAGES))
    broken = {one.file.rsplit(".", 1)[0] for one in notes.errors}
    for either in tables:
        if any(parts[table.name] for table in either) or any(stem in broken for t in either for stem in t.stems):
            continue
        stems = " 或 ".join(table.stems[0] for table in either)
        endings = ".gpkg 或 .geojson" if either == (TOWNS,) else ".csv、.xlsx、.gpkg 或 .geojson"
        labels = "或".join(table.label for table in either)
        notes.add(
            folder.name,
            Text(f"缺少“{labels}”的数据", f"no data of {' or '.join(table.name for table in either)}"),
            Text(f"放入 {stems}（{endings}）", f"add {stems} ({endings})"),
        )
    part = parts["towns"]
    if part and part.raw.geometry is None:
        notes.add(
            part.raw.file,
            Text("乡镇边界没有图形", "towns need polygons"),
            Text("用 .gpkg 或 .geojson 提供", "give them as .gpkg or .geojson"),
        )


def _with_points(part: _Part, name: str, coordinates: str, notes: Notes) -> gpd.GeoDataFrame:
    """Return the rows with geometry in EPSG:4326: the file's own, or points from lon and lat, brought to WGS 84."""
    frame, raw = part.frame, part.raw
    if raw.geometry is not None:
        shapes = raw.geometry.make_valid() if name in {"counties", "towns"} else raw.geometry
        empty = shapes.is_empty | shapes.isna()
        notes.add_rows(raw, empty, "geometry", Text("没有图形", "no geometry"), Text("补上图形", "add it"))
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
    parts: dict[str, _Part | None],
    frames: dict[str, gpd.GeoDataFrame],
    about: About | None,
    sources: tuple[Source, ...],
    notes: Notes,
) -> Region:
    crs = metric_crs(float(frames["towns"].to_crs(4326).total_bounds[[0, 2]].mean()))
    frames = {name: _estimated(frame.to_crs(crs)) for name, frame in frames.items()}
    towns = _towns(frames["towns"], parts["towns"], notes)
    counties = _counties(frames.get("counties"), towns, parts["counties"], notes)
    villages = _villages(frames.get("villages"), towns, parts["villages"], notes)
    if "residents" in frames:
        residents = _residents(frames["residents"], towns, villages, parts["residents"], notes)
    else:
        residents = residents_of_villages(villages)
    facilities = _facilities(frames["facilities"], towns, villages, parts["facilities"], notes)
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


def _towns(frame: gpd.GeoDataFrame, part: _Part | None, notes: Notes) -> gpd.GeoDataFrame:
    assert part is not None
    short = frame["code"].str.len() < 6
    notes.add_rows(
        part.raw, short, "乡镇代码", Text("代码太短", "the code is too short"),
        Text("用 9 位统计用区划代码", "use the 9-digit code"), found=frame["code"],
    )  # fmt: skip
    wrong = ~frame.geom_type.isin(["Polygon", "MultiPolygon", "GeometryCollection"])
    notes.add_rows(
        part.raw,
        wrong,
        "geometry",
        Text("乡镇边界应是面", "towns must be polygons"),
        Text("改用面图层", "use polygons"),
    )
    by_name = frame["name"].str[-2:].map({"街道": "subdistrict"})
    by_name = by_name.fillna(frame["name"].str[-1:].map({"镇": "town", "乡": "township"}))
    kind = frame["kind"].where(frame["kind"].notna(), by_name)
    notes.add_rows(
        part.raw, kind.isna(), "类型", Text("从名称看不出是街道、镇还是乡", "the name does not tell its kind"),
        Text("填“类型”列", "fill in the kind"), found=frame["name"],
    )  # fmt: skip
    county = frame["county_code"].where(frame["county_code"] != "", frame["code"].str[:6])
    return frame.assign(
        kind=kind, county_code=county, is_county_seat=frame["is_county_seat"].eq(True).to_numpy(bool)
    ).sort_values("code", kind="stable", ignore_index=True)


def _counties(
    frame: gpd.GeoDataFrame | None, towns: gpd.GeoDataFrame, part: _Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    """Return the counties of the file, or those that the towns make up."""
    if frame is None or part is None:
        merged = towns.dissolve("county_code", aggfunc={"county_name": "first", "estimated": "any"}).reset_index()
        merged = merged.rename(columns={"county_code": "code", "county_name": "name"})
        merged["name"] = merged["name"].where(merged["name"] != "", merged["code"])
        return merged.assign(
            population=np.nan, urban_population=np.nan, rural_population=np.nan, source="由乡镇边界合并"
        )
    missing = sorted(set(towns["county_code"]) - set(frame["code"]))
    if missing:
        notes.add(
            part.raw.file,
            Text(f"乡镇所属的县区代码不在本文件中：{'、'.join(missing)}", f"counties missing: {', '.join(missing)}"),
            Text("补上这些县区，或改正乡镇的县区代码", "add them, or correct the towns"),
        )
    return frame.sort_values("code", kind="stable", ignore_index=True)


def _unknown(part: _Part, codes: pd.Series, known: pd.Series, column: str, where: str, notes: Notes) -> None:
    bad = (codes != "") & ~codes.isin(known)
    notes.add_rows(
        part.raw, bad, column, Text(f"这个代码不在{where}文件中", f"this code is not in {where}"),
        Text("核对代码", "check the code"), found=codes,
    )  # fmt: skip


def _town_at(frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, tolerance_m: float) -> pd.Series:
    """Return the code of the town each point lies in, or of the nearest within the tolerance; "" if there is none."""
    tree = STRtree(towns.geometry.to_numpy())
    codes = towns["code"].to_numpy(object)
    out = np.full(len(frame), "", dtype=object)
    points = frame.geometry.to_numpy()
    # Sorted by position downwards, so that a point on a border goes to the smaller code, whatever the file's order.
    at, town = tree.query(points, predicate="intersects")
    for i, j in sorted(zip(at.tolist(), town.tolist(), strict=True), reverse=True):
        out[i] = codes[j]
    if tolerance_m:
        lost = np.flatnonzero(out == "")
        at, town = tree.query_nearest(points[lost], max_distance=tolerance_m, all_matches=False)
        out[lost[at]] = codes[town]
    return pd.Series(out, index=frame.index)


def _villages(
    frame: gpd.GeoDataFrame | None, towns: gpd.GeoDataFrame, part: _Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    if frame is None or part is None:
        columns = {one.name: pd.Series(dtype=object) for one in VILLAGES.fields} | {
            "county_code": pd.Series(dtype=object)
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=towns.crs))
    by_code = frame["code"].str[:9]
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    town = frame["town_code"].where(frame["town_code"] != "", by_code)
    lost = ~town.isin(towns["code"]) & (frame["town_code"] == "")
    town = town.where(~lost, _town_at(frame, towns, _BORDER_TOLERANCE_M))
    notes.add_rows(
        part.raw, town == "", "村代码", Text("不属于任何乡镇", "belongs to no town"),
        Text("填“乡镇代码”列，或核对坐标", "fill in town_code, or check the point"), found=frame["name"],
    )  # fmt: skip
    by_digit = pd.Series(np.where(frame["code"].str[9:10] == "2", "village", "community"), index=frame.index)
    kind = frame["kind"].where(frame["kind"].notna(), by_digit)
    more = frame["urban_population"] > frame["population"]
    notes.add_rows(
        part.raw, more, "城镇人口", Text("多于常住人口", "more than the population"), Text("改正", "correct it"),
        found=frame["urban_population"],
    )  # fmt: skip
    inside = _town_at(frame, towns, 0)
    elsewhere = (inside != town) & (town != "") & (inside != "")
    notes.add_rows(
        part.raw, elsewhere, "经度、纬度", Text("坐标落在别的乡镇", "the point lies in another town"),
        Text("核对坐标或乡镇代码；评估以乡镇代码为准", "check it; the code is believed"), found=frame["name"],
        warning=True,
    )  # fmt: skip
    guessed = frame["urban_population"].isna()
    if guessed.any():
        notes.add(
            part.raw.file,
            Text(f"{int(guessed.sum())} 行没有城镇人口：社区全计城镇、行政村全计乡村（假设）",
                 f"{int(guessed.sum())} rows without urban_population: communities count as urban, villages as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="城镇人口", warning=True,
        )  # fmt: skip
    assumed = frame["population"].where(kind == "community", 0)
    county = town.map(towns.set_index("code")["county_code"])
    return frame.assign(
        town_code=town, county_code=county, kind=kind,
        urban_population=frame["urban_population"].where(~guessed, assumed),
    ).sort_values("code", kind="stable", ignore_index=True)  # fmt: skip


def residents_of_villages(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return resident points from villages: one for the urban, one for the rural residents of each, none empty."""
    urban = villages.assign(id=villages["code"] + "-u", people=villages["urban_population"], is_urban=True)
    rural = villages.assign(
        id=villages["code"] + "-r", people=villages["population"] - villages["urban_population"], is_urban=False
    )
    both = pd.concat([urban, rural])
    both = both[both["people"] > 0].assign(village_code=lambda one: one["code"], population=lambda one: one["people"])
    columns = ["id", "village_code", "town_code", "county_code", "population", "is_urban", "lon", "lat", "source",
               "estimated", "geometry"]  # fmt: skip
    both = both[columns].sort_values("id", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(both.astype({"population": "int64"}), geometry="geometry", crs=villages.crs)


def _residents(
    frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, part: _Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    assert part is not None
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    if len(villages):
        _unknown(part, frame["village_code"], villages["code"], "村代码", "村（社区）", notes)
    by_village = frame["village_code"].map(villages.set_index("code")["town_code"]) if len(villages) else None
    town = frame["town_code"]
    if by_village is not None:
        town = town.where(town != "", by_village.fillna(""))
    blank = town == ""
    town = town.where(~blank, _town_at(frame, towns, _BORDER_TOLERANCE_M))
    notes.add_rows(
        part.raw, town == "", "经度、纬度", Text("不落在任何乡镇内", "lies in no town"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["id"],
    )  # fmt: skip
    kinds = town.map(towns.set_index("code")["kind"])
    guessed = frame["is_urban"].isna()
    if guessed.any():
        notes.add(
            part.raw.file,
            Text(f"{int(guessed.sum())} 行没有“是否城镇”：街道的计城镇，其余计乡村（假设）",
                 f"{int(guessed.sum())} rows without is_urban: those in 街道 count as urban, others as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="是否城镇", warning=True,
        )  # fmt: skip
    urban = np.where(guessed, kinds == "subdistrict", frame["is_urban"].eq(True))
    village = frame["village_code"] if len(villages) else frame["village_code"].where(False, "")
    out = frame.assign(
        town_code=town, village_code=village, is_urban=urban.astype(bool),
        county_code=town.map(towns.set_index("code")["county_code"]),
    )  # fmt: skip
    out["population"] = out["population"].fillna(0).astype("int64")
    return out.sort_values("id", kind="stable", ignore_index=True)


def _facilities(
    frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, part: _Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    assert part is not None
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    town = frame["town_code"].where(frame["town_code"] != "", _town_at(frame, towns, 0))
    village = frame["village_code"]
    clinic = frame["kind"] == "village_clinic"
    if len(villages):
        _unknown(part, village, villages["code"], "村代码", "村（社区）", notes)
        lost = clinic & (village == "") & (town != "")
        if lost.any():
            village = village.where(~lost, _nearest_village(frame[lost], town[lost], villages))
            notes.add(
                part.raw.file,
                Text(f"{int(lost.sum())} 所村卫生室没有村代码，按同乡镇最近的行政村归属（估算）",
                     f"{int(lost.sum())} clinics without village_code were given to the nearest village of their town"),
                Text("填“村代码”列", "fill in village_code"), column="村代码", warning=True,
            )  # fmt: skip
        town = town.where((town != "") | (village == ""), village.map(villages.set_index("code")["town_code"]))
    outside = (town == "") & (frame["kind"].isin(["township_hospital", "community_health_center", "village_clinic"]))
    notes.add_rows(
        part.raw, outside, "经度、纬度", Text("不落在任何乡镇内，只计算距离", "lies in no town, counts for distance only"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["name"], warning=True,
    )  # fmt: skip
    status = frame["status"].where(frame["status"].notna(), "open")
    return frame.assign(
        town_code=town.fillna(""), village_code=village.fillna(""), status=status,
        county_code=town.map(towns.set_index("code")["county_code"]).fillna(""),
    ).sort_values("id", kind="stable", ignore_index=True)  # fmt: skip


def _nearest_village(clinics: gpd.GeoDataFrame, town: pd.Series, villages: gpd.GeoDataFrame) -> pd.Series:
    """Return, for each clinic, the code of the nearest 行政村 of its own town, "" where the town has none."""
    out = pd.Series("", index=clinics.index, dtype=object)
    for code, group in clinics.groupby(town):
        near = villages[(villages["town_code"] == code) & (villages["kind"] == "village")]
        if len(near):
            at = STRtree(near.geometry.to_numpy()).query_nearest(group.geometry.to_numpy(), all_matches=False)
            out.loc[group.index[at[0]]] = near["code"].to_numpy(object)[at[1]]
    return out
