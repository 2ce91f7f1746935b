"""fugai residents: a raster of people per cell → a file of resident points that an assessment can use."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import DataError, Language, OptionError, Problem, Text, file_problem
from planner.schema import TOWNS, Field, Table
from planner.text import count_text, people_text

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geodata.columns import Notes
    from geodata.files import RawTable

ABOUT = Text(
    "把人口栅格（如 WorldPop）变成居民点文件，各乡镇合计一人不差",
    "a raster of people (WorldPop) → resident points, each town's total kept to the person",
)
TOTALS = Table(
    "totals", "乡镇人口", ("totals", "乡镇人口"), "code", None,
    (TOWNS.field("code"), Field("population", "常住人口", "integer", required=True, aliases=("人口", "人口数", "pop"))),
)  # fmt: skip
_ENDINGS = (".csv", ".gpkg")
_YES_NO = {True: "是", False: "否"}


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the raster, the towns, their totals and the file to write."""
    parser.add_argument(
        "raster", type=Path, metavar="RASTER",
        help=Text("人口栅格，GeoTIFF，每个像元的人数", "GeoTIFF of people per cell").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--towns", required=True, type=Path, metavar="TOWNS",
        help=Text("乡镇边界文件，或它所在的数据文件夹", "file of towns, or the folder of data with it").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--totals", type=Path, metavar="TOTALS",
        help=Text("各乡镇常住人口表（乡镇代码、常住人口）；不给则用栅格之和", "table of code and population; without it the raster's own sums").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--minimum", type=float, default=0.0, metavar="PEOPLE",
        help=Text("少于这么多人的像元不放居民点（默认 0）", "leave out cells with fewer people (default 0)").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--band", type=int, metavar="N",
        help=Text("波段号；只有一个波段时不用给", "band, where there are several").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="OUT",
        help=Text("要写的文件：residents.csv 或 residents.gpkg", "file to write: residents.csv or residents.gpkg").say(language),
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Write the points and print how many people they hold."""
    _check(options)
    from geodata.columns import Notes
    from geodata.residents import residents_from_raster
    from scenarios.cli.report import print_warnings, steps

    notes = Notes()
    with steps(options.lang) as step:
        step(Text("读取乡镇", "reading the towns"))
        towns = read_towns(options.towns, notes)
        totals = None if options.totals is None else read_totals(options.totals, notes)
        step(Text("按乡镇汇总栅格", "summing the raster by town"))
        points = residents_from_raster(
            options.raster, towns, totals=totals, minimum=options.minimum, band=options.band, notes=notes
        )
        step(Text("写出居民点", "writing the points"))
        write_points(points, options.out)
    print_warnings(notes.warnings, options.lang)
    count, people, places = len(points), int(points["population"].sum()), points["town_code"].nunique()
    print(
        Text(
            f"{places} 个乡镇，{count_text(count)} 个居民点，{people_text(people)}。输出：{options.out}",
            f"{places} towns, {count_text(count)} points, {count_text(people)} people. Output: {options.out}",
        ).say(options.lang)
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse what can be known to be wrong before anything is read."""
    out = options.out
    inputs = [one for one in (options.raster, options.towns, options.totals) if one is not None]
    if out.suffix.lower() not in _ENDINGS:
        raise _refuse(
            out, Text("文件名要以 .csv 或 .gpkg 结尾", "must end in .csv or .gpkg"), Text("改文件名", "rename it")
        )
    if out.is_dir():
        raise _refuse(out, Text("是文件夹", "is a folder"), Text("给一个文件名", "name a file"))
    if out.exists() and any(one.exists() and one.samefile(out) for one in inputs):
        raise _refuse(
            out, Text("会盖掉输入文件", "would replace an input"), Text("换一个文件名", "choose another name")
        )
    if not 0 <= options.minimum < float("inf"):
        raise _refuse(
            "--minimum", Text("不能小于 0", "must not be below zero"), Text("改成 0 或正数", "write 0 or more")
        )


def _refuse(where: Path | str, what: Text, fix: Text) -> OptionError:
    return OptionError(Problem(str(where), what, fix))


def read_towns(path: Path, notes: "Notes") -> "gpd.GeoDataFrame":
    """Return code, name and polygon (EPSG:4326) of the towns of a folder of facts, or of one file of them."""
    import geopandas as gpd

    from geodata.files import find

    file = find(path, TOWNS) if path.is_dir() else path
    if file is None or not file.is_file():
        fix = Text("放入 towns.gpkg 或 towns.geojson", "add towns.gpkg or towns.geojson")
        raise DataError(Problem(str(path), Text("没有乡镇文件", "no file of towns here"), fix))
    raw, frame = _rows(file, TOWNS, notes)
    if raw.geometry is None or not raw.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        fix = Text("用 .gpkg 或 .geojson 提供面图层", "give polygons as .gpkg or .geojson")
        raise DataError(Problem(file.name, Text("乡镇边界应是面", "towns must be polygons"), fix))
    return gpd.GeoDataFrame(frame[["code", "name"]], geometry=raw.geometry.to_numpy(), crs=4326)


def read_totals(path: Path, notes: "Notes") -> "pd.Series":
    """Return the residents by town code that a table (.csv, .xlsx) with these two columns gives."""
    import pandas as pd

    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    _, frame = _rows(path, TOTALS, notes)
    return pd.Series(frame["population"].to_numpy(float), index=frame["code"], name=path.name)


def _rows(path: Path, table: Table, notes: "Notes") -> "tuple[RawTable, pd.DataFrame]":
    from geodata.columns import canonical, note_parts
    from geodata.files import read

    raw = read(path, table)
    note_parts(raw, notes)
    raw, frame = canonical(raw, table, notes)
    if notes.errors:
        raise DataError(notes.errors)
    return raw, frame


def write_points(points: "gpd.GeoDataFrame", out: Path) -> None:
    """Write resident points as CSV or GPKG, whole or not at all."""
    from geodata.csv_text import write_csv
    from scenarios.export.folder import write_whole
    from scenarios.export.tables import write_layer

    plain = points.assign(is_urban="", estimated=points["estimated"].map(_YES_NO))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(file_problem(str(out), error)) from error
    if out.suffix.lower() == ".csv":
        write_whole({out: lambda path: write_csv(path, plain.drop(columns=plain.geometry.name))})
    else:
        write_whole({out: lambda path: write_layer(path, plain, "residents")})
