"""fugai check: whether a folder of facts is fit to be assessed."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.schema import PROBLEM_LIST

if TYPE_CHECKING:
    import pandas as pd

    from geodata.load import Survey
    from planner.joined import RoadParts
    from planner.region import Region
    from scenarios.run import Step

ABOUT = Text("检查数据文件夹：一次列出所有问题", "check a folder of data: every problem at once")


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the data folder."""
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help=Text("数据文件夹（见 fugai template）", "folder of data (see fugai template)").say(language),
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(PROBLEM_LIST),
        metavar="OUT",
        help=Text(
            f"有问题时写的清单：.xlsx 文件，或放 {PROBLEM_LIST} 的文件夹（默认当前文件夹）",
            "list of problems to write where there are any: a file (.xlsx), or the folder for it",
        ).say(language),
    )


def run(options: argparse.Namespace) -> int:
    """Print what the folder holds, what became of it and everything doubtful, and write the list of problems.

    Returns 2 where a problem stops an assessment.
    """
    from geodata.check import quality
    from geodata.load import survey
    from scenarios.cli.report import road_lines, steps

    with steps(options.lang) as step:
        step(Text("读取数据", "reading the data"))
        found = survey(options.data)
        region = found.region
        joined = None
        if region is not None and region.roads is not None and not found.errors:
            joined, shifted = _joined(region, step)
            found = replace(found, problems=(*found.problems, *shifted))
    if region is not None and not found.errors:
        for label, value in quality(region).facts:
            print(printable(f"{label.say(options.lang)}：{value}"))
    if joined is not None:
        print("\n".join(road_lines(*joined, options.lang)))
    _print_problems(found, options.lang)
    if found.problems:
        _write(options, found)
    many = len(found.errors)
    stops = Text(f"不能评估：有 {many} 处要改正。", f"Not fit to be assessed: {many} problems.")
    print((stops if many else Text("可以评估。", "Fit to be assessed.")).say(options.lang))
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


def _write(options: argparse.Namespace, found: "Survey") -> None:
    from scenarios.export.explain import is_filled_in, write_problem_list
    from scenarios.export.folder import keep_beside, write_whole

    out = _list_at(options.out)
    if out.is_file() and (is_filled := is_filled_in(out)) is not False:
        if is_filled is None:
            raise _other_file(out)
        kept = keep_beside(out)
        print(
            printable(
                Text(f"原来的清单有人填写过，另存为：{kept}", f"the list that was filled in is kept as {kept}").say(
                    options.lang
                )
            )
        )
    write_whole({out: lambda path: write_problem_list(path, found)})
    print(printable(Text(f"数据问题清单：{out}", f"list of problems: {out}").say(options.lang)))


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
    return OptionError(Problem(str(out), what, Text("用 --out 换一个文件名", "choose another name with --out")))
