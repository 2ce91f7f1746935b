"""Find and open the files of a folder: CSV, Excel, GeoPackage, GeoJSON and Shapefile, nothing else.

Every reader returns a `RawTable`: headings and cells as they stand, with the row number of each in its file.
"""

import codecs
import copyreg
import json
import os
import pickle
import re
import sqlite3
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype
from pyproj import CRS
from pyproj.exceptions import CRSError

from geodata.csv_text import Cells, csv_cells, with_lf
from geodata.names import ONLY_UNIT, columns_of, plain_heading
from planner.errors import DataError, FugaiError, Problem, Text
from planner.institutions import TABLES
from planner.schema import PROBLEM_LIST, Table

# Reading in a process of its own, with limits of memory and time, where a file might take all of either.
#
# A file that is small is read here and now. One that is large when unpacked, and a GeoPackage with views (which may call
# themselves), is read by a child, which is ended at its limit; a planner raises the limits by two variables.

MEMORY, TIME = "FUGAI_READ_MB", "FUGAI_READ_SECONDS"
"""The variables that raise the limits."""
_DEFAULTS = {MEMORY: 4_000, TIME: 600}
_LARGE = {
    ".xlsx": 60_000_000,
    ".csv": 200_000_000,
    ".geojson": 60_000_000,
    ".gpkg": 500_000_000,
    ".shp": 500_000_000,
    ".graphml": 300_000_000,
}
"""Bytes, of a workbook when unpacked, up to which a file is read without a child."""
_MEGA = 1_000_000


def _view(values: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(values)


copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))


def guarded(read: Callable[..., Any], path: Path, *more: object) -> Any:
    """Return `read(path, *more)`; DataError where a child that reads a large file comes to its limit of memory or time."""
    if not is_large(path):
        return read(path, *more)
    megabytes, seconds = (_limit(name) for name in (MEMORY, TIME))
    order = pickle.dumps((read, path, more, megabytes))
    words = [
        sys.executable,
        "-c",
        f"import sys; sys.path[:] = {sys.path!r}; from geodata.files import child; child()",
    ]
    try:
        done = subprocess.run(words, input=order, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - ourselves
    except subprocess.TimeoutExpired as error:
        raise _stopped(path, Text(f"读了 {seconds} 秒还没有读完", f"not read in {seconds} s"), TIME, seconds) from error
    try:
        result = pickle.loads(done.stdout)  # noqa: S301 - of our own child
    except (EOFError, pickle.UnpicklingError) as error:
        what = Text(
            f"读取需要的内存超过 {megabytes} MB，或文件使读取程序中止",
            f"it takes over {megabytes} MB to read, or ends its reader",
        )
        raise _stopped(path, what, MEMORY, megabytes) from error
    if isinstance(result, FugaiError | OSError):
        raise result
    if isinstance(result, BaseException):
        what = Text(f"读取需要的内存超过 {megabytes} MB", f"it takes over {megabytes} MB to read")
        raise _stopped(path, what, MEMORY, megabytes) from result
    return result


def is_large(path: Path) -> bool:
    """Whether a file might take more memory or time than a reader should have, by its size and kind alone."""
    suffix = path.suffix.lower()
    try:
        size = path.stat().st_size
        if suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                size = sum(part.file_size for part in archive.infolist())
        return size > _LARGE.get(suffix, sys.maxsize) or (suffix == ".gpkg" and _has_views(path))
    except Exception:  # of broken bytes zipfile raises whatever they make of it; the reader says what is wrong
        return False


def _has_views(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)) as base:
        return bool(base.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone()[0])


def child() -> None:
    """Read what stands in the standard input and write it, or what was raised, to the standard output."""
    read, path, more, megabytes = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no part of the answer
    try:
        _limit_memory(megabytes)
        result = read(path, *more)
    except (FugaiError, OSError, MemoryError) as error:
        result = error
    with out:
        pickle.dump(result, out)


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the limit of time alone holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * _MEGA, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit(name: str) -> int:
    said = os.environ.get(name, "")
    if said and not said.isdigit():
        raise DataError(
            Problem(name, Text("应是整数", "must be a whole number"), Text("改正", "correct it"), found=said)
        )
    return int(said or _DEFAULTS[name])


def _stopped(path: Path, what: Text, name: str, value: int) -> DataError:
    fix = Text(f"拆分文件或只留要用的列；电脑够用的，设环境变量 {name}={value * 4} 再试",
               f"split it, or keep the columns that are wanted; where the computer allows, set {name}={value * 4} and try again")  # fmt: skip
    return DataError(Problem(path.name, what, fix))


# Find and open the files of a folder: CSV, Excel, GeoPackage, GeoJSON and Shapefile, nothing else.
#
# Every reader returns a `RawTable`: headings and cells as they stand, with the row number of each in its file.

SHEETS = (".csv", ".xlsx")
VECTORS = (".gpkg", ".geojson", ".shp")
NETWORKS = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".graphml")
"""Files that hold roads and nothing else; `geodata.roads` reads them."""
_HEADER_DEPTH = 12
_MOST_COLUMNS = 2_000
_LOSES_DIGITS = 1e15
"""A floating number keeps fifteen digits."""
_XLSX_LIMIT = 300_000_000
_JSON_LIMIT = 200_000_000
_JSON_HEAD = 65_536
_XLSX_PLACES = 20_000_000
_CHUNK = 1 << 20
_PLACE_IN_SHEET = re.compile(rb"\br=[\"']([A-Za-z]{0,3})([0-9]{1,7})[\"']")
_LONGEST_PLACE = 16
_STATED_CRS = re.compile(rb'"crs"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)?\}|null)')
_AUTHORITY = re.compile("EPSG|ESRI|OGC", re.IGNORECASE)
_OLD_DATUM = re.compile("xian|beijing|西安|北京", re.IGNORECASE)
_CHINESE_GRIDS = re.compile("gcj-?_?02|bd-?_?09|火星|百度|高德|baidu|amap", re.IGNORECASE)
_CONVERT = Text(
    "用 QGIS 或 ArcGIS 换算成 CGCS2000（EPSG:4490）后导出", "convert it to CGCS2000 (EPSG:4490) and export it again"
)
_SHOWN = 60
_MAGIC = {".gpkg": b"SQLite format 3\x00", ".shp": b"\x00\x00\x27\x0a", ".xlsx": b"PK\x03\x04"}
_CODING_SAMPLE = 1 << 20
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".shp": "ESRI Shapefile"}
_COMPANIONS = {".dbf": "属性表", ".shx": "索引", ".prj": "坐标系"}
_BESIDE_SHP = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".qix", ".qmd", ".shp.xml")
_NO_TABLES = {"about.yaml", "说明.yaml", "数据字典.xlsx", "填报说明.txt", PROBLEM_LIST, "manifest.json", "thumbs.db", "desktop.ini",
              "readme.md", "readme.txt", "licenses.txt"}  # fmt: skip
_SAVE_AS_XLSX = Text("请另存为 .xlsx", "save it as .xlsx")
_UNPACK = Text("请解压", "unpack it")
_TO_GPKG = Text("请转换为 .gpkg 或 .geojson", "convert it to .gpkg or .geojson")
_NO_SHP = Text("只是 Shapefile 的一部分，缺同名的 .shp", "is a part of a Shapefile whose .shp is missing")
_ADVICE = {
    ".xls": _SAVE_AS_XLSX, ".xlsm": _SAVE_AS_XLSX, ".et": _SAVE_AS_XLSX, ".ods": _SAVE_AS_XLSX, ".txt": _SAVE_AS_XLSX,
    ".zip": _UNPACK, ".rar": _UNPACK, ".7z": _UNPACK, ".dbf": _NO_SHP, ".shx": _NO_SHP,
    ".kml": _TO_GPKG, ".kmz": _TO_GPKG, ".gdb": _TO_GPKG, ".tab": _TO_GPKG, ".dwg": _TO_GPKG, ".dxf": _TO_GPKG,
    ".json": _TO_GPKG,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RawTable:
    """The cells of one file: `frame` (headings as found), the row number of each row in the file, and geometry.

    is_cut   whether its format keeps the first ten bytes of a heading only (Shapefile)
    is_joined  whether its headings stand in two rows
    part     the sheet or layer that was read
    unread   the other sheets and layers that hold something
    above    what stands above the headings: a title, a unit
    coding   the encoding of its text where that is not the one it names
    crs      the name of the CRS of a map file, `is_old` where its datum was not brought to WGS 84 for want of parameters
    """

    file: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    geometry: gpd.GeoSeries | None = None
    is_cut: bool = False
    is_joined: bool = False
    part: str = ""
    unread: tuple[str, ...] = ()
    above: str = ""
    coding: str = ""
    crs: str = ""
    is_old: bool = False

    def rows_where(self, keep: npt.NDArray[np.bool_]) -> "RawTable":
        """Return the rows where `keep` holds, with their numbers and geometry."""
        shapes = None if self.geometry is None else self.geometry[keep].reset_index(drop=True)
        return replace(self, frame=self.frame[keep].reset_index(drop=True), rows=self.rows[keep], geometry=shapes)

    @property
    def headings(self) -> list[str]:
        """The headings as the file has them."""
        return [str(heading) for heading in self.frame.columns]

    def columns_of(self, table: Table) -> tuple[dict[str, int], list[int]]:
        """Return, by field, where its column stands, and where one stands that names the same field once more."""
        return columns_of(self.headings, table, is_cut=self.is_cut)


def _wrong(file: str, what: Text, fix: Text, found: str = "") -> DataError:
    return DataError(Problem(file, what, fix, found=found))


def endings(table: Table) -> tuple[str, ...]:
    """Return the endings that a file of this table may have; polygons and lines come from map files only."""
    if table.geometry == "line":
        return (*VECTORS, *NETWORKS)
    return VECTORS if table.geometry == "polygon" else (*SHEETS, *VECTORS)


def find(folder: Path, table: Table) -> Path | None:
    """Return the one file of `folder` that holds `table`, None if there is none; DataError if there are several."""
    known = {*SHEETS, *VECTORS, *endings(table)}
    names = {f"{stem.casefold()}{ending}" for stem in table.stems for ending in known}
    found = [path for path in sorted(folder.iterdir()) if path.name.casefold() in names and path.is_file()]
    if len(found) > 1:
        listed = "、".join(one.name for one in found)
        raise _wrong(
            folder.name,
            Text(f"“{table.label}”有几个文件：{listed}", f"several files for {table.name}: {listed}"),
            Text("只留一个", "keep one of them"),
        )
    return found[0] if found else None


def look_alike(folder: Path, table: Table) -> Text | None:
    """Return what to do about a file that is probably meant for `table` but cannot be taken for it; None if none is."""
    taken = {stem.casefold() for other in TABLES.values() if other is not table for stem in other.stems}
    for path in sorted(folder.iterdir()):
        stem = path.stem.casefold()
        if stem not in taken and any(one.casefold() in stem for one in table.stems):
            advice = _advice(path, table)
            if advice is not None:
                return advice
    return None


def _advice(path: Path, table: Table) -> Text | None:
    suffix = path.suffix.lower()
    if suffix in _ADVICE:
        advice = _ADVICE[suffix]
        return Text(f"“{path.name}”{advice.zh}", f"'{path.name}': {advice.en}")
    if suffix in endings(table) and path.is_file():
        name = table.stems[1] + suffix
        return Text(f"“{path.name}”是否改名为 {name}", f"should '{path.name}' be renamed to {name}?")
    return None


def look_alike_of(path: Path) -> Text | None:
    """Return what to do about a file that is not read and seems to be meant for one of the tables."""
    stem = path.stem.casefold()
    there = {one.stem.casefold() for one in path.parent.iterdir() if one != path}
    absent = (table for table in TABLES.values() if not there & {one.casefold() for one in table.stems})
    meant = (table for table in absent if any(one.casefold() in stem for one in table.stems))
    return next((advice for table in meant if (advice := _advice(path, table)) is not None), None)


def unread(folder: Path) -> list[Path]:
    """Return the files of a folder that no table is read from, those aside that go with one, or with no table at all."""
    read_stems = {stem.casefold() for table in TABLES.values() for stem in table.stems}
    known = {f"{stem.casefold()}{ending}" for table in TABLES.values() for stem in table.stems
             for ending in (*SHEETS, *VECTORS, *endings(table))}  # fmt: skip
    shapes = {path.stem.casefold() for path in folder.iterdir() if path.suffix.lower() == ".shp"} & read_stems
    out = []
    for path in sorted(folder.iterdir()):
        name = path.name.casefold()
        beside = name.split(".")[0] in shapes and name.endswith(_BESIDE_SHP)
        hidden = name.startswith((".", "~$")) or name in _NO_TABLES or name.endswith(("-wal", "-shm", "-journal"))
        if name not in known and not beside and not hidden:
            out.append(path)
    return out


def read(path: Path, table: Table) -> RawTable:
    """Return the cells of `path`; DataError, with the file's name, when it is not what its ending says.

    A file that may take all memory or never end is read by a process of its own, within limits.
    """
    return cast("RawTable", guarded(_read, path, table))


def _read(path: Path, table: Table) -> RawTable:
    suffix = path.suffix.lower()
    try:
        _check_head(path, suffix)
        if suffix in VECTORS:
            return _read_vector(path, table)
        sheets = {"": csv_cells(path)} if suffix == ".csv" else _xlsx_cells(path)
    except OSError as error:
        raise _wrong(
            path.name,
            Text("不能读取", "it cannot be read"),
            Text("关闭打开它的程序，检查权限", "close it elsewhere and check permissions"),
            type(error).__name__,
        ) from error
    return _with_header(path.name, sheets, table)


def _check_head(path: Path, suffix: str) -> None:
    """Refuse a file that is empty, of another format than its ending says, or that lacks its companions."""
    with path.open("rb") as stream:
        head = stream.read(64)
    again = Text("用原软件重新导出", "export it again")
    if not head:
        raise _wrong(path.name, Text("文件是空的（0 字节）", "the file is empty (0 bytes)"), again)
    if suffix not in (*SHEETS, *VECTORS):
        fix = _ADVICE.get(suffix, Text("改用 .csv、.xlsx、.gpkg 或 .geojson", "use .csv, .xlsx, .gpkg or .geojson"))
        raise _wrong(path.name, Text(f"不支持 {suffix} 格式", f"{suffix} is not supported"), fix)
    if not head.startswith(_MAGIC.get(suffix, b"")):
        raise _wrong(path.name, Text(f"内容不是 {suffix} 格式", f"the content is not {suffix}"), again)
    if suffix == ".geojson":
        _check_geojson(path)
    if suffix == ".shp":
        missing = [f"{one}（{what}）" for one, what in _COMPANIONS.items() if _companion(path, one) is None]
        if missing:
            listed = "、".join(missing)
            raise _wrong(
                path.name,
                Text(f"缺少同名的 {listed}", f"its companions are missing: {listed}"),
                Text("把 Shapefile 的全部文件一起放入", "put all files of the Shapefile here"),
            )


def _companion(path: Path, suffix: str) -> Path | None:
    names = {path.with_suffix(suffix), path.with_suffix(suffix.upper())}
    return next((one for one in sorted(names) if one.is_file()), None)


def _check_geojson(path: Path) -> None:
    """Refuse JSON that GDAL would not read as GeoJSON but, say, run as a pipeline over other files."""
    with path.open("rb") as stream:
        data = stream.read(_JSON_HEAD if path.stat().st_size > _JSON_LIMIT else -1)
    top = None
    if len(data) == path.stat().st_size:
        try:
            top = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            top = None
        links = isinstance(top, dict) and isinstance(top.get("crs"), dict) and top["crs"].get("type") in ("link", "url")
        known = isinstance(top, dict) and top.get("type") in {"FeatureCollection", "Feature"} and not links
    else:
        known = (
            re.match(rb'[\xef\xbb\xbf\s]*\{.*?"type"\s*:\s*"(FeatureCollection|Feature)"', data, re.DOTALL) is not None
        )
    if not known or b"gdal_streamed_alg" in data:
        raise _wrong(
            path.name,
            Text("内容不是完整的 GeoJSON（FeatureCollection）", "the content is not whole GeoJSON (FeatureCollection)"),
            Text("用 QGIS 或 ArcGIS 重新导出", "export it again"),
        )
    stated = _STATED_CRS.search(data) if top is None else json.dumps(top["crs"]).encode() if "crs" in top else None
    if stated is not None:
        _check_stated(path.name, stated if isinstance(stated, bytes) else stated[1])


def _check_stated(file: str, crs: bytes) -> None:
    """Refuse a CRS that is not known: GDAL takes it for WGS 84 without a word."""
    try:
        name = json.loads(crs)["properties"]["name"]
        known = CRS.from_user_input(name)
        if isinstance(name, str) and (_AUTHORITY.search(name) or known in (CRS(4326), CRS(4490))):
            return
    except (ValueError, TypeError, KeyError, CRSError):
        name = crs.decode("utf-8", "replace")
    raise _wrong(file, Text("坐标系不认识", "its coordinate system is not known"), _CONVERT, str(name)[:_SHOWN])


def _cell(value: object) -> str:
    """Return the text of one cell; "" for what is missing, however the reader writes that."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        if abs(float(value)) >= _LOSES_DIGITS:
            return f"{value:.14e}"  # as Excel shows it: its last digits are lost
        return str(int(value)) if float(value).is_integer() else str(value)
    return with_lf(str(value).strip())


def _xlsx_cells(path: Path) -> dict[str, Cells]:
    """Return (row number, cells) of each sheet that is not empty, by the sheet's name."""
    from python_calamine import CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path.name, archive)
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except FugaiError:
        raise
    except BaseException as error:  # of zip, zlib and calamine, whose panics are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise _wrong(
            path.name,
            Text("打不开这个 Excel 文件", "this workbook cannot be opened"),
            Text("用 Excel 重新保存（不加密码）", "save it again without a password"),
            type(error).__name__,
        ) from error
    return {
        name: [(number, [_cell(one) for one in row]) for number, row in enumerate(rows, 1)]
        for name, rows in sheets.items() if rows
    }  # fmt: skip


def _check_size(file: str, archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that would take too much memory: its reader keeps a cell for each place up to the last one."""
    if sum(one.file_size for one in archive.infolist()) > _XLSX_LIMIT:
        fix = Text("拆分文件，或存为 CSV", "split it, or save it as CSV")
        raise _wrong(file, Text("解压后超过 300 MB", "over 300 MB when unpacked"), fix)
    for part in archive.infolist():
        if not part.filename.lower().endswith(".xml") or part.filename.lower().endswith("sharedstrings.xml"):
            continue
        row, column = _last_place(archive, part)
        if row * column > _XLSX_PLACES:
            found = f"第 {row} 行、第 {column} 列"
            what = Text("表格以外很远的地方有单元格", "there is a cell far away from the table")
            fix = Text("用 Ctrl＋End 找到它，删去表格以外的行和列，保存后重试",
                       "find it with Ctrl+End, delete the rows and columns beyond the table, and save")  # fmt: skip
            raise _wrong(file, what, fix, found)


def _last_place(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column that any cell of the part names; what it says of its size may be wrong."""
    row, letters, rest = 1, {b"A"}, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            places = _PLACE_IN_SHEET.findall(data)
            letters.update(place[0].upper() for place in places)
            row = max(row, max((int(place[1]) for place in places), default=1))
            rest = data[-_LONGEST_PLACE:]
    columns = (sum((letter - 64) * 26**power for power, letter in enumerate(reversed(one))) for one in letters if one)
    return row, max(columns)


def _with_header(file: str, sheets: dict[str, Cells], table: Table) -> RawTable:
    """Return the table below the heading row: the row among a sheet's first dozen that names most of the columns."""
    for name, cells in sheets.items():
        width = max((len(row) for _, row in cells[:_HEADER_DEPTH]), default=0)
        _check_width(file, width, name)
    score: dict[str, int] = {}
    start: dict[str, int] = {}
    is_joined: dict[str, bool] = {}
    for name, cells in sheets.items():
        named = [len(columns_of(row, table)[0]) for _, row in cells[:_HEADER_DEPTH]]
        joined = [len(columns_of(_joined(cells, at), table)[0]) for at in range(len(named))]
        score[name] = max((*named, *joined), default=0)
        is_joined[name] = score[name] not in named
        start[name] = (joined if is_joined[name] else named).index(score[name]) if named else 0
    best = max(score, key=score.__getitem__, default="")
    if not score.get(best):
        wanted = "、".join(field.label for field in table.fields if field.required)
        raise _wrong(
            file,
            Text("没有找到表头", "no heading row found"),
            Text(f"第一行写列名：{wanted}", "name the columns in the first row"),
        )
    # A sheet of advice may hold a column's name by chance; a second county's sheet holds most of them.
    filled = [name for name in sheets if score[name] >= max(2, score[best] / 2)
              and any(any(row) for _, row in sheets[name][start[name] + 1 :])]  # fmt: skip
    if len(filled) > 1:
        listed = "、".join(filled)
        raise _wrong(
            file,
            Text(f"几张工作表都有数据：{listed}", f"several sheets hold data: {listed}"),
            Text("合并到一张表，或只留一张", "bring them into one sheet, or keep one"),
        )
    chosen = filled[0] if filled else best
    cells, at = sheets[chosen], start[chosen]
    header = _joined(cells, at) if is_joined[chosen] else cells[at][1]
    below = next((row for _, row in cells[at + 1 :] if any(row)), [])
    if all(ONLY_UNIT.fullmatch(plain_heading(cell)) for cell in below if cell) and any(below):
        units = [plain_heading(unit).strip("()[]") for unit in below]
        header = [f"{name}（{unit}）" if unit else name for name, unit in zip(header, units, strict=False)]
        at, is_joined[chosen] = cells.index(next(one for one in cells[at + 1 :] if one[1] is below)), True
    raw = _below(file, cells, at, header)
    unread = tuple(name for name in sheets if name != chosen and (score[name] or len(sheets[name]) > _HEADER_DEPTH))
    above = " ".join(cell for _, row in cells[:at] for cell in row if cell)
    return replace(raw, part=chosen, unread=unread, is_joined=is_joined[chosen], above=above)


def _check_width(file: str, width: int, part: str) -> None:
    if width > _MOST_COLUMNS:
        what = Text(f"有 {width} 列，多于 {_MOST_COLUMNS} 列", f"{width} columns, more than {_MOST_COLUMNS}")
        raise _wrong(file, what, Text("只留要用的列", "keep the columns that are wanted"), part)


def _joined(cells: Cells, at: int) -> list[str]:
    """Return the headings of two rows as one, those of row `at` where it has any, else those merged from above it."""
    row, above = cells[at][1], cells[at - 1][1] if at else []
    return [cell or (above[place] if place < len(above) else "") for place, cell in enumerate(row)]


def _below(file: str, cells: Cells, at: int, header: list[str]) -> RawTable:
    """Return the rows below the heading row `at`, blank rows left out."""
    while header and not header[-1]:
        header = header[:-1]
    width = len(header)
    body = [(number, (row + [""] * width)[:width]) for number, row in cells[at + 1 :] if any(row)]
    frame = pd.DataFrame([row for _, row in body], columns=range(width), dtype=object)
    frame.columns = pd.Index(header, dtype=object)
    return RawTable(file, frame, np.array([number for number, _ in body], dtype=np.int64))


def _read_vector(path: Path, table: Table) -> RawTable:
    """Return the features of the one layer of `table`, in EPSG:4326; a layer without a CRS is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of GDAL, in English, of a fourth number in a position and the like
            layer, unread = _layer_of(path, table)
            coding = _dbf_coding(path) if path.suffix.lower() == ".shp" else ""
            frame = _features(path, _DRIVERS[path.suffix.lower()], layer, coding)
    except FugaiError:
        raise
    except Exception as error:  # pyogrio raises its own tree, GDAL's words are of no use to a planner
        raise _wrong(
            path.name,
            Text("打不开这个空间数据文件", "this spatial file cannot be opened"),
            Text("用 QGIS 或 ArcGIS 重新导出", "export it again"),
            type(error).__name__,
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.geometry.name not in frame:
        raise _wrong(
            path.name, Text("没有图形", "it holds no geometry"), Text("导出时带上图形", "export with geometry")
        )
    if frame.crs is None:
        raise _wrong(
            path.name,
            Text("没有坐标系信息", "no coordinate reference system"),
            Text("导出时指定坐标系（如 CGCS2000，EPSG:4490）", "export with a CRS, e.g. EPSG:4490"),
        )
    grid = _CHINESE_GRIDS.search(frame.crs.name)
    if grid is not None:
        raise _wrong(
            path.name, Text("坐标系不是测绘坐标系", "its coordinate system is one of web maps"), _CONVERT, grid[0]
        )
    try:
        geometry = frame.geometry.to_crs(4326)
    except Exception as error:  # pyproj's own tree: local and engineering systems
        raise _wrong(
            path.name,
            Text("坐标系不能换算成经纬度", "its CRS cannot be brought to longitude and latitude"),
            Text("导出为 CGCS2000（EPSG:4490）", "export it in EPSG:4490"),
            type(error).__name__,
        ) from error
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).map(_cell).astype(object)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    raw = RawTable(path.name, cells, rows, geometry, is_cut=path.suffix.lower() == ".shp")
    old = frame.crs.geodetic_crs is not None and _OLD_DATUM.search(frame.crs.geodetic_crs.name) is not None
    return replace(raw, part=layer, unread=unread, coding=coding, crs=frame.crs.name, is_old=old)


def check_areas(raw: RawTable | None, table: Table) -> None:
    """Refuse, once and not by row, lines or points where areas are wanted: maps of borders and of seats are handed round."""
    if raw is None or raw.geometry is None or table.geometry != "polygon" or not len(raw.geometry):
        return
    if raw.geometry.geom_type.isin(["Point", "MultiPoint"]).all():
        what = Text(
            f"{table.label}是点（{len(raw.geometry)} 个），要的是边界面",
            f"{len(raw.geometry)} points, where areas are wanted",
        )
        fix = Text(
            "换用边界面图层；点（如乡镇驻地）不能代替边界",
            "use the layer of borders: points, such as seats, cannot stand for them",
        )
        raise _wrong(raw.file, what, fix)
    if raw.geometry.geom_type.isin(["LineString", "MultiLineString", "LinearRing"]).all():
        what = Text(
            f"{table.label}边界是线（{len(raw.geometry)} 条），要的是面",
            f"{len(raw.geometry)} lines, where areas are wanted",
        )
        fix = Text("用 QGIS 的“线转面”（Polygonize）围成面，再把代码和名称连接到每个面",
                   "make areas of them (QGIS: Polygonize), and join code and name to each")  # fmt: skip
        raise _wrong(raw.file, what, fix)


def _layer_of(path: Path, table: Table) -> tuple[str, tuple[str, ...]]:
    """Return the layer to read, "" where the file has one only, and the spatial layers that are left unread.

    Of several layers the one that is called as the table is taken, or the only one with lines if roads are wanted.
    """
    import pyogrio

    if path.suffix.lower() != ".gpkg":
        return "", ()
    spatial = {str(name): str(kind) for name, kind in pyogrio.list_layers(path) if kind is not None}
    if len(spatial) < 2:
        return next(iter(spatial), ""), ()
    stems = {stem.casefold() for stem in table.stems}
    fitting = [name for name in spatial if name.casefold() in stems]
    if not fitting and table.geometry == "line":
        fitting = [name for name, kind in spatial.items() if "Line" in kind]
    if len(fitting) == 1:
        return fitting[0], tuple(name for name in spatial if name != fitting[0])
    listed = "、".join(spatial)
    raise _wrong(
        path.name,
        Text(f"有 {len(spatial)} 个图层：{listed}", f"it has {len(spatial)} layers: {listed}"),
        Text(
            f"只留要用的一个，或把它命名为“{table.stems[1]}”" if len(table.stems) > 1 else "只留要用的一个",
            f"keep the one that is wanted, or call it {table.name}",
        ),
    )


def _features(path: Path, driver: str, layer: str, coding: str) -> gpd.GeoDataFrame:
    """Return the features of a layer, read by no driver but this one."""
    import pyogrio

    chosen = {"layer": layer} if layer else {}
    info = pyogrio.read_info(path, encoding="ISO-8859-1" if coding else None, **chosen)
    if info["driver"] != driver:
        raise ValueError(f"opened by {info['driver']}, not by {driver}")
    _check_width(path.name, len(info["fields"]), layer)
    if not coding:
        return gpd.read_file(path, engine="pyogrio", **chosen)
    # Read as bytes and decoded here: a heading that is cut within a letter stops GDAL and pyogrio.
    frame = gpd.read_file(path, engine="pyogrio", encoding="ISO-8859-1", **chosen)

    def decoded(value: object) -> object:
        return value.encode("latin-1", "replace").decode(coding, "ignore") if isinstance(value, str) else value

    texts = [name for name in frame.columns if name != frame.geometry.name and not is_numeric_dtype(frame[name])]
    frame = frame.assign(**{name: frame[name].map(decoded) for name in texts})
    return frame.set_axis([decoded(name) for name in frame.columns], axis=1)


def _dbf_coding(path: Path) -> str:
    """Return UTF-8 or GBK, whichever the text of the .dbf beside a .shp is in; "" where it is plain ASCII.

    What its .cpg says is not believed: "ANSI 936", "OEM" and a wrong UTF-8 are as common as none. A field may end in
    the middle of a letter, so that a few bytes may be odd in the right encoding.
    """
    dbf = _companion(path, ".dbf")
    if dbf is None:
        return ""
    with dbf.open("rb") as stream:
        head = stream.read(32)
        fields = stream.read(max(0, int.from_bytes(head[8:10], "little") - 33))
        names = b" ".join(fields[at : at + 11].split(b"\0")[0] for at in range(0, len(fields) - 10, 32))
        data = names + b" " + stream.read(_CODING_SAMPLE)
    letters = re.findall(rb"[\x80-\xff][\x40-\xff]*", data)
    if not letters:
        return ""
    odd = {code: sum(_odd_letters(run, code) for run in letters) for code in ("UTF-8", "GBK")}
    return "UTF-8" if odd["UTF-8"] <= odd["GBK"] else "GBK"


def _odd_letters(run: bytes, code: str) -> int:
    """Return how many letters of some text are none in this encoding; one that is cut at the end of a field is no odd one."""
    return codecs.getincrementaldecoder(code)("replace").decode(run).count("\ufffd")
