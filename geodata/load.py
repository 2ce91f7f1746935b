"""load(folder) → Region: the only public door through which a city's facts come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from geodata.about import Declared, check_code, read_about
from geodata.check import QUALITY, odd, quality
from geodata.columns import Notes, canonical, note_parts
from geodata.crs import CHINA, TO_WGS84, metric_crs, with_points
from geodata.files import VECTORS, check_areas, endings, find, look_alike, look_alike_of, read, unread
from geodata.institutions import read_register, register_in
from geodata.roads import read_roads
from geodata.tables import (
    Part,
    counties_of,
    facilities_of,
    no_villages,
    note_centers,
    residents_of,
    residents_of_villages,
    towns_of,
    villages_of,
)
from planner.errors import DataError, Problem, Text
from planner.network import SPEED_KMH, RoadGraph, speedless
from planner.region import About, Region, Source, Use
from planner.schema import FACILITIES, FACTS, RESIDENTS, ROADS, TOWNS, VILLAGES, Table
from planner.text import coordinate_text

_EMPTY = Text("只有表头，没有数据", "it has headings and no rows")
_SEEN = Text("确认无误即可", "make sure that this is right")
_CODES = ("county_code", "town_code", "village_code", "code")
_NAMED = {"towns": "town_code", "villages": "village_code"}
"""The fields of other tables in which the names of these places may stand for their codes."""
_NEEDED = ((TOWNS,), (FACILITIES,), (VILLAGES, RESIDENTS))
"""Of each of these groups one table at least."""


@dataclass(frozen=True, eq=False)
class Roads:
    """The roads of a folder, and the file that they came from (its rows are ways)."""

    graph: RoadGraph
    source: Source


@dataclass(frozen=True, eq=False)
class Loaded:
    """A region, and what was doubtful about its files and what they say (`geodata.check.quality` included)."""

    region: Region
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, eq=False)
class Survey:
    """What came of reading a folder: the region (None where an error leaves something out), all problems, all uses.

    problems  errors and warnings by file and row; of many alike the first twenty, the others are in `more`
    uses      what became of every file, sheet, layer, column, row, unit and datum
    counties  by (file, row), the name of the county that a row with a problem is of
    """

    region: Region | None
    problems: tuple[Problem, ...]
    more: tuple[Problem, ...]
    uses: tuple[Use, ...]
    counties: Mapping[tuple[str, str], str]
    as_of: str = ""
    """The date of the data as about.yaml tells it, where errors leave no region, too."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(folder: Path | str) -> Region:
    """Return the Region that the files of `folder` describe; DataError lists everything wrong at once."""
    return load_with_warnings(folder).region


def load_with_warnings(folder: Path | str) -> Loaded:
    """Return the Region and the warnings; DataError, with all problems of all files, if it cannot be used.

    >>> loaded = load_with_warnings("geodata/samples/panzhihua")
    >>> loaded.region.about.name, len(loaded.region.counties)
    ('攀枝花市', 5)
    """
    found = survey(folder)
    if found.region is None or found.errors:
        raise DataError(found.errors)
    return Loaded(found.region, found.problems)


def survey(folder: Path | str) -> Survey:
    """Return what the files of `folder` hold and everything that is wrong with them.

    A file's own cells come first, then its places, then what the files say of each other, for the rows that are
    sound so far: one mistake does not hide those behind it, and none is told twice.

    >>> survey("geodata/samples/panzhihua").errors
    ()
    """
    folder = Path(folder)
    _check_folder(folder)
    notes = Notes()
    about, declared, about_source = read_about(folder, notes)
    notes.answers, notes.confirmed = declared.columns, declared.confirmed
    parts = _parts(folder, notes)
    register = read_register(folder, notes)
    _check_abroad(parts)
    roads = _roads(folder, declared.weld_m, notes)
    _note_unread(folder, notes)
    _note_datum(parts, roads, declared, notes)
    frames = {name: with_points(part.raw, part.frame, FACTS[name], declared, notes) for name, part in parts.items()}
    region = _assemble(_sound(parts, frames, notes), about, about_source, notes)
    if region is not None and roads is not None:
        region = replace(region, roads=roads.graph)
        _check_roads(region, roads, notes)
    if region is not None and register is not None:
        region = replace(region, register=register_in(region, register, notes))
    if region is not None and not notes.errors:
        more = [one.source if one else None for one in (register, roads)]
        sources = [*(part.source for part in parts.values()), *more, about_source]
        region = replace(region, sources=tuple(one for one in sources if one), uses=tuple(notes.uses))
        notes.problems += quality(region).warnings
        _ask_odd(region, notes)
    order = {part.raw.file: at for at, part in enumerate(parts.values())}
    return Survey(
        region,
        _in_order(notes.problems, order),
        tuple(notes.more),
        tuple(notes.uses),
        _counties_of_rows(parts, frames, notes),
        about.as_of if about else "",
    )


def _ask_odd(region: Region, notes: Notes) -> None:
    """Note what can hardly be so, and what about.yaml confirms that was not met."""
    for one in odd(region):
        notes.ask(QUALITY, one.key, one.what, one.fix)
    for key in sorted({*notes.confirmed} - notes.asked):
        notes.add("about.yaml", Text("没有用到：没有这样的疑点，或数字变了", "not used: nothing odd of these numbers"),
                  Text("删去", "remove it"), column="confirmed", found=key, warning=True)  # fmt: skip


def _in_order(problems: Sequence[Problem], order: Mapping[str, int]) -> tuple[Problem, ...]:
    """Return the problems by file, those of a whole file before those of its rows, these from the top down."""
    return tuple(
        sorted(
            problems,
            key=lambda one: (
                order.get(one.file, len(order)),
                one.file if one.file not in order else "",
                int(one.row or 0),
            ),
        )
    )


def _counties_of_rows(
    parts: dict[str, Part], frames: dict[str, gpd.GeoDataFrame], notes: Notes
) -> dict[tuple[str, str], str]:
    """Return, by file and row, the name of the county of each row with a problem, where it can be told."""
    if "towns" not in parts:
        return {}
    towns = frames["towns"]
    codes = towns["county_code"].where(towns["county_code"] != "", towns["code"].str[:6])
    names = dict(zip(codes, towns["county_name"], strict=True))
    if "counties" in parts:
        names |= dict(zip(parts["counties"].frame["code"], parts["counties"].frame["name"], strict=True))
    shapes = gpd.GeoSeries(towns.geometry.to_numpy(), index=codes)
    shapes = shapes[shapes.notna()]
    wanted: dict[str, set[str]] = {}
    for problem in (*notes.problems, *notes.more):
        wanted.setdefault(problem.file, set()).add(problem.row)
    out = {}
    for name, part in parts.items():
        lines = part.raw.rows.astype(str)
        for at in np.flatnonzero(np.isin(lines, list(wanted.get(part.raw.file, ())))):
            code = _county_of(frames[name].iloc[int(at)], names, shapes)
            if code:
                out[(part.raw.file, lines[at])] = names[code] or code
    return out


def _county_of(row: pd.Series, names: Mapping[str, str], shapes: gpd.GeoSeries) -> str:
    """Return the county of a row by its codes, else by the town that it lies in; "" where neither tells."""
    for column in _CODES:
        code = str(row.get(column, ""))[:6]
        if code and code in names:
            return code
    place = row.geometry
    if place is None or place.is_empty:
        return ""
    hit = shapes.sindex.query(place, predicate="intersects")
    return str(shapes.index[hit[0]]) if len(hit) else ""


def _check_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    what = Text("没有这个文件夹", "there is no such folder")
    fix = Text("检查路径；用 fugai template 可以生成示例文件夹", "check the path, or make one with fugai template")
    if folder.exists():
        what = Text("这是一个文件，不是文件夹", "this is a file, not a folder")
        fix = Text(f"给出它所在的文件夹：{folder.parent}", f"name the folder it is in: {folder.parent}")
    raise DataError(Problem(str(folder), what, fix))


def _check_abroad(parts: dict[str, Part]) -> None:
    """Refuse a city outside China once, and not by codes and coordinates: say what can be done for it."""
    shapes = parts["towns"].raw.geometry if "towns" in parts else None
    if shapes is None or not shapes.notna().any():
        return
    west, south, east, north = shapes.total_bounds
    china = box(*CHINA)
    if china.intersects(box(west, south, east, north)) or china.intersects(box(south, west, north, east)):
        return  # there, or with longitude and latitude swapped
    found = f"{coordinate_text(west)}, {coordinate_text(south)} – {coordinate_text(east)}, {coordinate_text(north)}"
    what = Text(
        "这个城市不在中国范围内：check、assess、run、compare、plan 只用于中国的市（按县区、乡镇、村的统计用区划代码和中国的条款评估），不支持",
        "this city is not in China: check, assess, run, compare and plan are for Chinese cities (their codes, their clauses) and do not take it",
    )
    fix = Text(
        "国外的城市用 fugai reach（谁在多远之内能到）和 fugai site（选址），给需求点和机构两个文件即可，代码、名称随意；若是中国的城市，核对坐标系",
        "use fugai reach (who reaches what) and fugai site (siting) for it, with a file of demand and one of facilities, whatever their ids; if the city is in China, check the CRS",
    )
    raise DataError(Problem(parts["towns"].raw.file, what, fix, found=found))


def _parts(folder: Path, notes: Notes) -> dict[str, Part]:
    """Return the tables that the folder holds; note files that cannot be read and tables that are missing."""
    parts: dict[str, Part] = {}
    empty: dict[str, str] = {}
    refused: set[str] = set()
    for table in FACTS.values():
        if table is ROADS:
            continue  # a graph, not a table: see _roads
        try:
            path = find(folder, table)
            raw = read(path, table) if path else None
            check_areas(raw, table)
        except DataError as error:
            notes.problems.extend(error.problems)
            refused.add(table.name)
            continue
        if path is None or raw is None:
            continue
        note_parts(raw, notes)
        raw, frame = canonical(raw, table, notes) if len(raw.frame) else (raw, raw.frame)
        if table.name in _NAMED and len(frame):
            notes.names[_NAMED[table.name]] = pd.Series(
                frame["code"].to_numpy(object), index=frame["name"].to_numpy(object)
            )
        if len(frame):
            parts[table.name] = Part(raw, frame, Source(path.name, sha256(path.read_bytes()).hexdigest(), len(frame)))
        else:
            empty[table.name] = path.name
    _need(folder, {*parts, *refused}, empty, notes)
    return parts


def _roads(folder: Path, weld_m: float, notes: Notes) -> Roads | None:
    """Return the graph of the folder's file of roads, None where there is none or it cannot be used."""
    try:
        path = find(folder, ROADS)
        if weld_m and (path is None or not path.name.lower().endswith(VECTORS)):
            what = Text(
                "没有用到：路网不是画出的线（.gpkg、.geojson、.shp）",
                "not used: the roads are no drawn lines (.gpkg, .geojson, .shp)",
            )
            notes.add("about.yaml", what, Text("删去", "remove it"), column="weld", warning=True)
        if path is None:
            return None
        graph = read_roads(path, weld_m=weld_m)
    except DataError as error:
        notes.problems.extend(error.problems)
        return None
    notes.use(path.name, "file", path.name, "used", Text("路网", "roads"))
    for note in (*graph.notes, *speedless(graph, SPEED_KMH)):
        notes.use(path.name, "rows", "", "converted", note)
        notes.add(path.name, note.without_stop, _SEEN, warning=True)
    ways = {way for ways in graph.way_id for way in str(ways).split(";")}
    return Roads(graph, Source(path.name, sha256(path.read_bytes()).hexdigest(), len(ways)))


def _check_roads(region: Region, roads: Roads, notes: Notes) -> None:
    """Note roads of somewhere else: with them nobody could reach anything."""
    west, south, east, north = region.towns.to_crs(4326).total_bounds
    graph = roads.graph
    apart = graph.lon.max() < west or graph.lon.min() > east or graph.lat.max() < south or graph.lat.min() > north
    if apart:
        notes.add(
            roads.source.file, Text("路网不在本市范围内", "the roads lie outside the city"),
            Text("换用本市的路网（含市界外 20 公里），或核对坐标系", "use roads of this city, or check the CRS"),
        )  # fmt: skip


def _note_unread(folder: Path, notes: Notes) -> None:
    """Note every file of the folder that is not read, and the sheets and layers of the others that are not."""
    for path in unread(folder):
        advice = look_alike_of(path)
        what = Text("没有读取这个文件", "this file is not read")
        notes.use(
            path.name,
            "file",
            path.name,
            "unused",
            Text("文件名或格式不是要读的", "not of a name and kind that is read"),
        )
        notes.add(path.name, what, advice or Text("用得着的改成规定的文件名和格式，用不着的可以移走",
                                                  "give it one of the names and kinds that are read, or move it away"), warning=True)  # fmt: skip


def _need(folder: Path, there: set[str], empty: dict[str, str], notes: Notes) -> None:
    """Note the needed tables that are not there, and those that hold no rows: as a warning where they can be spared."""
    lacking = [group for group in _NEEDED if not any(table.name in there for table in group)]
    wanted = {table.name for group in lacking for table in group}
    for name, file in empty.items():
        if name in wanted:
            notes.add(file, _EMPTY, Text("填入数据", "fill it in"))
        else:
            what = Text(f"{_EMPTY.zh}，按没有这个文件处理", f"{_EMPTY.en}: treated as absent")
            notes.add(file, what, Text("填入数据；用不到的文件可以删去", "fill it in, or remove it"), warning=True)
    for group in lacking:
        if not any(table.name in empty for table in group):
            _note_missing(folder, group, notes)


def _note_missing(folder: Path, group: tuple[Table, ...], notes: Notes) -> None:
    zh = " 或 ".join(f"{table.stems[1]}（{'、'.join(endings(table))}）" for table in group)
    en = " or ".join(f"{table.name} ({', '.join(endings(table))})" for table in group)
    hints = [hint for table in group if (hint := look_alike(folder, table))]
    labels = "或".join(table.label for table in group)
    fix = Text("；".join(one.zh for one in hints), "; ".join(one.en for one in hints))
    notes.add(
        folder.name,
        Text(f"缺少“{labels}”的数据", f"no data of {' or '.join(table.name for table in group)}"),
        fix if hints else Text(f"放入 {zh}", f"add {en}"),
    )


def _note_datum(parts: dict[str, Part], roads: Roads | None, declared: Declared, notes: Notes) -> None:
    """Note what about.yaml says of map files, which lie in their own CRS, and of files and columns that are not there."""
    there = {part.raw.file: part.raw for part in parts.values()}
    for file in declared.by_file:
        if file not in there or there[file].geometry is not None:
            fix = Text("写文件夹里表格的文件名，带扩展名", "name a file of the folder that has lon and lat columns")
            notes.add("about.yaml", Text("没有用到：没有这个表格，或它是图形文件", "not used: no such table, or a map file"),
                      fix, column="coordinates", found=file, warning=True)  # fmt: skip
    headings = {heading for raw in there.values() for heading in raw.headings}
    for heading in sorted({*declared.columns} - headings):
        notes.add("about.yaml", Text("没有用到：没有哪个文件有这一列", "not used: no file has this column"),
                  Text("核对列名", "check it"), column="columns", found=heading, warning=True)  # fmt: skip
    datum = declared.datum
    mapped = [part.raw.file for part in parts.values() if part.raw.geometry is not None]
    mapped += [roads.source.file] if roads else []
    if TO_WGS84[datum] is not None and mapped:
        files = "、".join(mapped)
        notes.add(
            "about.yaml",
            Text(f"{datum} 只用于经度、纬度两列；图形文件按其自带的坐标系，不作偏移：{files}",
                 f"{datum} holds for lon and lat columns; map files are taken in their own CRS, unshifted: {files}"),
            Text(f"确认这些图形不是 {datum} 坐标", f"make sure that those are not in {datum}"), column="coordinates",
            warning=True,
        )  # fmt: skip


def _sound(parts: dict[str, Part], frames: dict[str, gpd.GeoDataFrame], notes: Notes) -> dict[str, Part]:
    """Return, of the tables that can be told anything of, the rows without an error so far, with geometry."""
    out: dict[str, Part] = {}
    for name, part in parts.items():
        if part.raw.file in notes.broken:
            continue
        good = ~np.isin(part.raw.rows, list(notes.bad_rows.get(part.raw.file, ())))
        frame = frames[name][good].reset_index(drop=True)
        frame = frame.assign(estimated=frame["estimated"].eq(True).to_numpy(bool))
        if len(frame):
            out[name] = Part(part.raw.rows_where(good), frame, part.source)
    return out


def _assemble(parts: dict[str, Part], about: About | None, about_source: Source | None, notes: Notes) -> Region | None:
    """Return the region; None where an error leaves something out, everything else having been checked."""
    if "towns" not in parts:
        return None
    crs = metric_crs(float(parts["towns"].frame.total_bounds[[0, 2]].mean()))
    parts = {name: replace(part, frame=part.frame.to_crs(crs)) for name, part in parts.items()}
    towns = towns_of(parts["towns"], notes)
    counties = counties_of(parts.get("counties"), towns, notes)
    if about and about_source:
        check_code(about, about_source.file, towns["county_code"], notes)
    if notes.wrong(parts["towns"].raw.file):
        return None
    villages = villages_of(parts["villages"], towns, notes) if "villages" in parts else no_villages(crs)
    if "villages" in parts and notes.wrong(parts["villages"].raw.file):
        villages = no_villages(crs)
    residents = residents_of(parts["residents"], towns, villages, notes) if "residents" in parts else None
    facilities = facilities_of(parts["facilities"], towns, villages, notes) if "facilities" in parts else None
    if facilities is not None and len(villages):
        note_centers(parts["villages"], facilities, notes)
    if notes.errors or facilities is None:
        return None
    people = residents_of_villages(villages) if residents is None else residents
    _check_people(people, parts, notes)
    return Region(
        about=about or _about_from(towns, counties),
        crs=crs,
        counties=counties,
        towns=towns,
        villages=villages,
        residents=people,
        facilities=facilities,
    )


def _check_people(residents: gpd.GeoDataFrame, parts: dict[str, Part], notes: Notes) -> None:
    if not residents["population"].sum():
        part = parts["residents"] if "residents" in parts else parts["villages"]
        notes.add(
            part.raw.file, Text("没有居民：人口合计是 0", "no residents: the population adds up to 0"),
            Text("填常住人口", "fill in the population"), column="常住人口",
        )  # fmt: skip


def _about_from(towns: gpd.GeoDataFrame, counties: gpd.GeoDataFrame) -> About:
    code = towns["county_code"].str[:4].mode().iloc[0] + "00"
    return About(name="、".join(counties["name"]) if len(counties) <= 2 else f"{code} 全市", code=code)
