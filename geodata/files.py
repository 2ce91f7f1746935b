"""Find and open the files of a folder: CSV, Excel, GeoPackage, GeoJSON and Shapefile, nothing else.

Every reader returns a `RawTable`: headings and cells as they stand, with the row number of each in its file.
"""

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import DataError, Problem, Text
from planner.schema import Table

SHEETS = (".csv", ".xlsx")
VECTORS = (".gpkg", ".geojson", ".shp")
_HEADER_DEPTH = 12
_XLSX_LIMIT = 300_000_000
_MAGIC = {".gpkg": b"SQLite format 3\x00", ".shp": b"\x00\x00\x27\x0a", ".xlsx": b"PK\x03\x04"}


@dataclass(frozen=True, eq=False)
class RawTable:
    """The cells of one file: `frame` (headings as found), the row number of each row in the file, and geometry."""

    file: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    geometry: gpd.GeoSeries | None = None


def _wrong(file: str, what: Text, fix: Text, found: str = "") -> DataError:
    return DataError(Problem(file, what, fix, found=found))


def find(folder: Path, table: Table) -> Path | None:
    """Return the one file of `folder` that holds `table`, None if there is none; DataError if there are several."""
    names = [f"{stem}{suffix}" for stem in table.stems for suffix in (*SHEETS, *VECTORS)]
    found = [folder / name for name in names if (folder / name).is_file()]
    if len(found) > 1:
        listed = "、".join(one.name for one in found)
        raise _wrong(
            folder.name,
            Text(f"“{table.label}”有几个文件：{listed}", f"several files for {table.name}: {listed}"),
            Text("只留一个", "keep one of them"),
        )
    return found[0] if found else None


def read(path: Path, table: Table) -> RawTable:
    """Return the cells of `path`; DataError, with the file's name, when it is not what its ending says."""
    suffix = path.suffix.lower()
    magic = _MAGIC.get(suffix)
    with path.open("rb") as stream:
        head = stream.read(64)
    if magic and not head.startswith(magic):
        raise _wrong(
            path.name,
            Text(f"内容不是 {suffix} 格式", f"the content is not {suffix}"),
            Text("用原软件重新导出", "export it again"),
        )
    if suffix == ".geojson" and not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        raise _wrong(
            path.name, Text("内容不是 GeoJSON", "the content is not GeoJSON"), Text("重新导出", "export it again")
        )
    if suffix in VECTORS:
        return _read_vector(path)
    cells = _csv_cells(path) if suffix == ".csv" else _xlsx_cells(path)
    return _with_header(path.name, cells, table)


def _csv_cells(path: Path) -> list[tuple[int, list[str]]]:
    """Return (line number, cells) of a CSV in UTF-8 (with or without BOM) or GB 18030, comma or tab separated."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise _wrong(
            path.name,
            Text("编码既不是 UTF-8 也不是 GBK/GB18030", "neither UTF-8 nor GB 18030"),
            Text("用 Excel 另存为“CSV UTF-8”", "save it as 'CSV UTF-8'"),
        )
    if "\x00" in text:
        raise _wrong(
            path.name, Text("含有空字符，不是文本文件", "holds NUL characters"), Text("重新导出", "export it again")
        )
    first = text.split("\n", 1)[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise _wrong(
            path.name,
            Text(f"第 {reader.line_num} 行不能解析", f"line {reader.line_num} cannot be parsed"),
            Text("检查引号和换行", "check quotes and line breaks"),
            str(error),
        ) from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _xlsx_cells(path: Path) -> list[tuple[int, list[str]]]:
    """Return (row number, cells) of the first sheet that is not empty."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > _XLSX_LIMIT:
                raise _wrong(
                    path.name,
                    Text("解压后超过 300 MB", "over 300 MB when unpacked"),
                    Text("拆分文件，或存为 CSV", "split it, or save it as CSV"),
                )
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if rows:
                return [(number, [_cell(one) for one in row]) for number, row in enumerate(rows, 1)]
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise _wrong(
            path.name,
            Text("打不开这个 Excel 文件", "this workbook cannot be opened"),
            Text("用 Excel 重新保存（不加密码）", "save it again without a password"),
            type(error).__name__,
        ) from error
    return []


def _with_header(file: str, cells: list[tuple[int, list[str]]], table: Table) -> RawTable:
    """Return the table below the heading row: the row among the first dozen that names most of the columns."""
    known = {name.strip().lower() for field in table.fields for name in field.names()}

    def score(row: Iterable[str]) -> int:
        return sum(cell.lower() in known for cell in row)

    best = max(range(min(len(cells), _HEADER_DEPTH)), key=lambda at: (score(cells[at][1]), -at), default=-1)
    if best < 0 or score(cells[best][1]) == 0:
        wanted = "、".join(field.label for field in table.fields if field.required)
        raise _wrong(
            file,
            Text("没有找到表头", "no heading row found"),
            Text(f"第一行写列名：{wanted}", "name the columns in the first row"),
        )
    header = cells[best][1]
    while header and not header[-1]:
        header = header[:-1]
    width = len(header)
    body = [(number, (row + [""] * width)[:width]) for number, row in cells[best + 1 :] if any(row)]
    frame = pd.DataFrame([row for _, row in body], columns=range(width), dtype=object)
    frame.columns = pd.Index(header, dtype=object)
    return RawTable(file, frame, np.array([number for number, _ in body], dtype=np.int64))


def _read_vector(path: Path) -> RawTable:
    """Return the features of the first layer, in EPSG:4326; a layer without a CRS is refused."""
    import pyogrio

    def load(**options: str) -> gpd.GeoDataFrame:
        return gpd.read_file(path, engine="pyogrio", **options)

    try:
        layers = pyogrio.list_layers(path)
        spatial = [name for name, kind in layers if kind is not None]
        chosen = {"layer": str(spatial[0])} if spatial and path.suffix == ".gpkg" else {}
        frame = load(**chosen)
        # A Shapefile without .cpg is read as Latin-1, in which Chinese GBK bytes show as ÏçÕò.
        if path.suffix == ".shp" and not path.with_suffix(".cpg").exists() and _is_latin_mojibake(frame):
            frame = load(encoding="GBK")
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
    geometry = frame.geometry.to_crs(4326)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).map(_cell).astype(object)
    return RawTable(path.name, cells, np.arange(1, len(frame) + 1, dtype=np.int64), geometry)


def _is_latin_mojibake(frame: gpd.GeoDataFrame) -> bool:
    """Whether text shows the Latin letters that GBK bytes turn into when read as Latin-1."""
    text = "".join(str(one) for one in frame.drop(columns=frame.geometry.name).iloc[:20].to_numpy().ravel())
    return sum("\xa1" <= letter <= "\xff" for letter in text) > 0.1 * max(len(text), 1)
