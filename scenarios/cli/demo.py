"""fugai demo: the whole job on the embedded sample of 攀枝花."""

import argparse
from importlib.resources import as_file, files
from pathlib import Path

from planner.errors import Language, Text

ABOUT = Text("用内置的攀枝花示例数据走一遍全流程", "the whole job on the embedded sample of Panzhihua")


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the output folder."""
    parser.add_argument(
        "out", nargs="?", default="out", type=Path, metavar="OUT",
        help=Text("输出文件夹（默认 out），结果写入 OUT/攀枝花", "output folder (default out); results go to OUT/攀枝花").say(language),
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Assess the sample by panzhihua_2023 into OUT/攀枝花."""
    from scenarios.cli.progress import steps
    from scenarios.cli.report import print_outcome, print_warnings
    from scenarios.run import assess_folder

    out = options.out / "攀枝花"
    with as_file(files("geodata.samples") / "panzhihua") as data, steps(options.lang) as step:
        outcome = assess_folder(data, "panzhihua_2023", out, step)
    print_warnings(outcome.warnings, options.lang)
    print_outcome(outcome, out, options.lang)
