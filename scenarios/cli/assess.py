"""fugai assess: a folder of facts, judged by a document's rules, into maps and gap lists."""

import argparse
from pathlib import Path

from planner.errors import Language, Text
from planner.standards import standard_names
from scenarios.cli.road_options import add_road_options, read_choices

ABOUT = Text(
    "按规划条款评估一个数据文件夹，写出地图、缺口清单和结果表", "assess a folder of data: map, gap lists, findings"
)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the data folder, the rules, the output folder and the options about roads."""
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help=Text("数据文件夹（见 fugai template）", "folder of data (see fugai template)").say(language),
    )
    parser.add_argument(
        "--rules",
        required=True,
        metavar="RULES",
        help=Text(
            f"规则名（可用：{'、'.join(standard_names())}）或 .yaml 文件",
            f"rules ({', '.join(standard_names())}) or a .yaml file",
        ).say(language),
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="OUT", help=Text("输出文件夹", "output folder").say(language)
    )
    add_road_options(parser, language)


def run(options: argparse.Namespace) -> None:
    """Assess DATA into OUT."""
    from scenarios.cli.report import print_outcome, print_warnings, steps
    from scenarios.run import assess_folder

    with steps(options.lang) as step:
        outcome = assess_folder(options.data, options.rules, options.out, step, read_choices(options))
    print_warnings(outcome.warnings, options.lang)
    print_outcome(outcome, options.out, options.lang)
