"""fugai check: whether a folder of facts is fit to be assessed."""

import argparse
from pathlib import Path

from planner.errors import Language, Text, printable

ABOUT = Text("检查数据文件夹：一次列出所有问题", "check a folder of data: every problem at once")


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the data folder."""
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help=Text("数据文件夹（见 fugai template）", "folder of data (see fugai template)").say(language),
    )


def run(options: argparse.Namespace) -> None:
    """Print what the folder holds and everything doubtful about it; problems that stop an assessment exit with 2."""
    from geodata.check import quality
    from geodata.load import load_with_warnings
    from planner.joined import not_joined, road_parts
    from planner.road import Road
    from scenarios.cli.progress import steps
    from scenarios.cli.report import road_lines

    with steps(options.lang) as step:
        step(Text("读取数据", "reading the data"))
        loaded = load_with_warnings(options.data)
        road = None if loaded.region.roads is None else Road(loaded.region.roads)
        step(Text("检查路网", "looking at the roads"))
        joined = None if road is None else (road_parts(road), not_joined(loaded.region, road))
    for label, value in quality(loaded.region).facts:
        print(printable(f"{label.say(options.lang)}：{value}"))
    if joined is not None:
        print("\n".join(road_lines(*joined, options.lang)))
    warnings = loaded.warnings
    if warnings:
        print(Text(f"提醒 {len(warnings)} 条：", f"{len(warnings)} warnings:").say(options.lang))
        for warning in warnings:
            print("  " + warning.say(options.lang))
    print(Text("可以评估。", "Fit to be assessed.").say(options.lang))
