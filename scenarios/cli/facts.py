"""The commands about files of facts: check them, an empty pack to fill in, residents from a raster, the schema of scenarios."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import DataError, Language, OptionError, Problem, Text, file_problem, printable, refused
from planner.schema import PROBLEM_LIST, TOWNS, Field, Table
from planner.text import count_text, people_text
from scenarios.options import FILE, NEEDED, OUT, Command, facts, number, option, path, whole
from scenarios.questions import FACTS

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geodata.columns import Notes
    from geodata.files import RawTable
    from geodata.load import Survey
    from planner.joined import RoadParts
    from planner.region import Region
    from scenarios.run import Step


@dataclass(frozen=True, kw_only=True)
class Check(Command):
    """fugai check: whether a folder of facts is fit to be assessed."""

    # fmt: off
    data: Path = option("DATA", FACTS, facts(), NEEDED)
    out: Path = option("--out", Text(f"有问题时写的清单：.xlsx 文件，或放 {PROBLEM_LIST} 的文件夹（默认当前文件夹）",
                                     "list of problems to write where there are any: a file (.xlsx), or the folder for it"), OUT, PROBLEM_LIST)
    # fmt: on

    def run(self) -> int:
        """Print what the folder holds, what became of it and everything doubtful, and write the list of problems.

        Returns 2 where a problem stops an assessment.
        """
        from geodata.check import quality
        from geodata.load import survey
        from scenarios.cli.report import road_lines, steps

        with steps(self.lang) as step:
            step(Text("读取数据", "reading the data"))
            found = survey(self.data)
            region = found.region
            joined = None
            if region is not None and region.roads is not None and not found.errors:
                joined, shifted = _joined(region, step)
                found = replace(found, problems=(*found.problems, *shifted))
        if region is not None and not found.errors:
            for label, value in quality(region).facts:
                print(printable(f"{label.say(self.lang)}：{value}"))
        if joined is not None:
            print("\n".join(road_lines(*joined, self.lang)))
        _print_problems(found, self.lang)
        if found.problems:
            _write_list(self.out, found, self.lang)
        many = len(found.errors)
        stops = Text(f"不能评估：有 {many} 处要改正。", f"Not fit to be assessed: {many} problems.")
        print((stops if many else Text("可以评估。", "Fit to be assessed.")).say(self.lang))
        return 2 if many else 0


def _print_problems(found: "Survey", language: Language) -> None:
    from scenarios.export.explain import lines_of_uses

    print(Text("读入：", "What was read:").say(language))
    for file, line in lines_of_uses(found.uses, language):
        print(printable(f"  {file}：{line}"))
    warnings = [problem for problem in found.problems if problem.severity == "warning"]
    if warnings:
        print(Text(f"提醒 {len(warnings)} 条：", f"{len(warnings)} warnings:").say(language))
    for warning in warnings:
        print("  " + warning.say(language))
    for problem in found.errors:
        print(problem.say(language), file=sys.stderr)


def _joined(region: "Region", step: "Step") -> "tuple[tuple[RoadParts, pd.DataFrame], tuple[Problem, ...]]":
    """Return the parts of the roads and who is not joined; and warnings of points in another datum than the roads."""
    from geodata.check import QUALITY
    from geodata.crs import shift_by_roads
    from planner.joined import not_joined, road_parts
    from planner.road import Road

    assert region.roads is not None
    road = Road(region.roads)
    step(Text("检查路网", "looking at the roads"))
    fix = Text("是，就在 about.yaml 的 coordinates 下写“文件名: gcj02”，或换用同一坐标系的路网", "if so, write 'file: gcj02' under coordinates in about.yaml, or use roads of one datum")  # fmt: skip
    shifted = []
    for named, points in (("医疗卫生机构", region.facilities), ("居民点、村（社区）", region.residents)):
        said = {named: shift_by_roads(road, points)}
        if said[named] is None:  # one county may have sent its own in another datum
            names = region.counties.set_index("code")["name"]
            said = {
                f"{names[code]}的{named}": shift_by_roads(road, rows)
                for code, rows in points.groupby("county_code")
                if code
            }
        shifted += [
            Problem(QUALITY, Text(f"{who}：{one.zh}", one.en), fix, severity="warning")
            for who, one in said.items()
            if one is not None
        ]
    return (road_parts(road), not_joined(region, road)), tuple(shifted)


def _write_list(out: Path, found: "Survey", language: Language) -> None:
    from scenarios.export.explain import is_filled_in, write_problem_list
    from scenarios.export.folder import keep_beside, write_whole

    out = _list_at(out)
    if out.is_file() and (is_filled := is_filled_in(out)) is not False:
        if is_filled is None:
            raise _other_file(out)
        kept = keep_beside(out)
        print(
            printable(
                Text(f"原来的清单有人填写过，另存为：{kept}", f"the list that was filled in is kept as {kept}").say(
                    language
                )
            )
        )
    write_whole({out: lambda path: write_problem_list(path, found)})
    print(printable(Text(f"数据问题清单：{out}", f"list of problems: {out}").say(language)))


def _list_at(out: Path) -> Path:
    """Return where the list goes: a file of a workbook as it is named, anything else a folder, made where it is none."""
    if out.suffix.lower() == ".xlsx":
        return out
    if out.is_file():
        raise _other_file(out)
    out.mkdir(parents=True, exist_ok=True)
    return out / PROBLEM_LIST


def _other_file(out: Path) -> OptionError:
    what = Text("已有别的文件，不覆盖", "is another file and is left alone")
    return refused(str(out), what, Text("用 --out 换一个文件名", "choose another name with --out"))


@dataclass(frozen=True, kw_only=True)
class Template(Command):
    """fugai template: the empty pack that a city sends to its county bureaus."""

    # fmt: off
    out: Path = option("DIR", Text("要生成的文件夹（不能已有文件）", "folder to make (must be empty)"), path("DIR"), NEEDED)
    data: Path | None = option("--data", Text("本市已有的数据文件夹，或 sample:panzhihua：在机构登记册里填好已知的代码、名称和文件点名的机构",
                                             "data of the city that there are, or sample:panzhihua: fills in codes, names and institutions that its documents name"), facts(), None)
    # fmt: on

    def run(self) -> None:
        """Write the pack."""
        from scenarios.run import load_region
        from scenarios.template import write_template

        names = write_template(self.out, None if self.data is None else load_region(self.data))
        made = Text(f"已生成 {self.out}：{'、'.join(names)}", f"made {self.out}: {', '.join(names)}")
        print(made.say(self.lang))


@dataclass(frozen=True, kw_only=True)
class Schema(Command):
    """fugai schema: what a scenario file may say, as a JSON Schema by which editors complete and check it."""

    # fmt: off
    out: Path | None = option("--out", Text("写入文件（.json，默认打印到屏幕）；放在方案文件旁边，方案第一行写 # yaml-language-server: $schema=文件名",
                                            "file to write (.json; printed without it), to stand beside scenarios whose first line names it"), FILE)
    # fmt: on

    def run(self) -> None:
        """Print the schema, or write it into a file."""
        from scenarios.export.folder import write_whole
        from scenarios.write import schema_text

        if self.out is None:
            print(schema_text(), end="")
            return
        if self.out.suffix != ".json":
            fix = Text("用 .json", "use .json")
            raise refused(str(self.out), Text("不认识的文件类型", "unknown kind of file"), fix)
        write_whole({self.out: lambda path: path.write_text(schema_text(), encoding="utf-8", newline="\n")})
        print(Text(f"已写入 {self.out}", f"written: {self.out}").say(self.lang))


TOTALS = Table(
    "totals", "乡镇人口", ("totals", "乡镇人口"), "code", None,
    (TOWNS.field("code"), Field("population", "常住人口", "integer", required=True, aliases=("人口", "人口数", "pop"))),
)  # fmt: skip
_ENDINGS = (".csv", ".gpkg")
_YES_NO = {True: "是", False: "否"}


@dataclass(frozen=True, kw_only=True)
class Residents(Command):
    """fugai residents: a raster of people per cell → a file of resident points that an assessment can use."""

    # fmt: off
    raster: Path = option("RASTER", Text("人口栅格，GeoTIFF，每个像元的人数", "GeoTIFF of people per cell"), path("RASTER"), NEEDED)
    towns: Path = option("--towns", Text("乡镇边界文件，或它所在的数据文件夹", "file of towns, or the folder of data with it"), path("TOWNS"), NEEDED)
    totals: Path | None = option("--totals", Text("各乡镇常住人口表（乡镇代码、常住人口）；不给则用栅格之和", "table of code and population; without it the raster's own sums"), path("TOTALS"))
    minimum: float = option("--minimum", Text("少于这么多人的像元不放居民点（默认 0）", "leave out cells with fewer people (default 0)"), number(metavar="PEOPLE"), 0.0)
    band: int | None = option("--band", Text("波段号；只有一个波段时不用给", "band, where there are several"), whole())
    out: Path = option("--out", Text("要写的文件：residents.csv 或 residents.gpkg", "file to write: residents.csv or residents.gpkg"), OUT, NEEDED)
    # fmt: on

    def check(self) -> None:
        """Refuse what can be known to be wrong before anything is read."""
        out = self.out
        inputs = [one for one in (self.raster, self.towns, self.totals) if one is not None]
        if out.suffix.lower() not in _ENDINGS:
            what = Text("文件名要以 .csv 或 .gpkg 结尾", "must end in .csv or .gpkg")
            raise refused(str(out), what, Text("改文件名", "rename it"))
        if out.is_dir():
            raise refused(str(out), Text("是文件夹", "is a folder"), Text("给一个文件名", "name a file"))
        if out.exists() and any(one.exists() and one.samefile(out) for one in inputs):
            what = Text("会盖掉输入文件", "would replace an input")
            raise refused(str(out), what, Text("换一个文件名", "choose another name"))
        if not 0 <= self.minimum < float("inf"):
            fix = Text("改成 0 或正数", "write 0 or more")
            raise refused("--minimum", Text("不能小于 0", "must not be below zero"), fix)

    def run(self) -> None:
        """Write the points and print how many people they hold."""
        from geodata.columns import Notes
        from geodata.raster import residents_from_raster
        from scenarios.cli.report import print_warnings, steps

        notes = Notes()
        with steps(self.lang) as step:
            step(Text("读取乡镇", "reading the towns"))
            towns = read_towns(self.towns, notes)
            totals = None if self.totals is None else read_totals(self.totals, notes)
            step(Text("按乡镇汇总栅格", "summing the raster by town"))
            points = residents_from_raster(
                self.raster, towns, totals=totals, minimum=self.minimum, band=self.band, notes=notes
            )
            step(Text("写出居民点", "writing the points"))
            write_points(points, self.out)
        print_warnings(notes.warnings, self.lang)
        count, people, places = len(points), int(points["population"].sum()), points["town_code"].nunique()
        print(
            Text(
                f"{places} 个乡镇，{count_text(count)} 个居民点，{people_text(people)}。输出：{self.out}",
                f"{places} towns, {count_text(count)} points, {count_text(people)} people. Output: {self.out}",
            ).say(self.lang)
        )


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
