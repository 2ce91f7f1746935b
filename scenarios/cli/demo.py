"""fugai demo: the whole job on an embedded sample, that of 攀枝花 if none is named."""

import argparse
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

from planner.errors import Language, Text

ABOUT = Text(
    "用内置的示例数据（攀枝花，或遂宁、雅安）走一遍全流程",
    "the whole job on an embedded sample (Panzhihua; or Suining, Yaan)",
)
SAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "panzhihua": ("攀枝花", "panzhihua_2023"),
        "suining": ("遂宁", "suining_2024"),
        "yaan": ("雅安", "yaan_2022"),
    }
)
"""By folder of the sample: the name of its output folder, and the rules of its own document."""


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the output folder and the city."""
    parser.add_argument(
        "out", nargs="?", default="out", type=Path, metavar="OUT",
        help=Text("输出文件夹（默认 out），结果写入 OUT/攀枝花", "output folder (default out); results go to OUT/攀枝花").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--city", default="panzhihua", choices=list(SAMPLES),
        help=Text("哪个城市的示例（默认 panzhihua），用该市自己的文件", "whose sample (default panzhihua), judged by its own document").say(language),
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Assess the sample by its own city's document into OUT/攀枝花 (OUT/遂宁, OUT/雅安)."""
    from scenarios.cli.report import print_outcome, print_warnings, steps
    from scenarios.run import assess_folder

    name, rules = SAMPLES[options.city]
    out = options.out / name
    with as_file(files("geodata.samples") / options.city) as data, steps(options.lang) as step:
        outcome = assess_folder(data, rules, out, step)
    print_warnings(outcome.warnings, options.lang)
    print_outcome(outcome, out, options.lang)
