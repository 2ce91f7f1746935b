"""fugai template: the empty pack that a city sends to its county bureaus."""

import argparse
from pathlib import Path

from planner.errors import Language, Text

ABOUT = Text("生成空白数据文件夹和数据字典，发给各县（区）填报", "write an empty data folder with a data dictionary")


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the folder to make."""
    parser.add_argument(
        "out",
        type=Path,
        metavar="DIR",
        help=Text("要生成的文件夹（不能已有文件）", "folder to make (must be empty)").say(language),
    )


def run(options: argparse.Namespace) -> None:
    """Write the pack."""
    from scenarios.template import write_template

    names = write_template(options.out)
    print(
        Text(f"已生成 {options.out}：{'、'.join(names)}", f"made {options.out}: {', '.join(names)}").say(options.lang)
    )
