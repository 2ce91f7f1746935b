"""fugai compare: two or more scenarios side by side: maps, lists, and a paragraph that a director can read."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import Language, Text, printable
from planner.text import exact_text

if TYPE_CHECKING:
    from scenarios.compare import Comparison, Pair

ABOUT = Text(
    "比较两个或几个方案：双图网页、对比工作簿、一段结论",
    "compare scenarios: a page of two maps, a workbook, a conclusion",
)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the scenarios, the output folder, the data and the rules."""
    words = {
        "names": Text(
            "方案文件（见 fugai schema），或 baseline（现状）；其余各个都与第一个比",
            "scenario files (see fugai schema), or baseline; each is compared with the first",
        ),
        "out": Text("输出文件夹", "output folder"),
        "data": Text("数据文件夹（默认用方案文件里写的）", "folder of data (default: that of the scenario files)"),
        "rules": Text(
            "规则名或 .yaml 文件（默认用方案文件里写的，再默认本市的）", "rules (default: the files', else the city's)"
        ),
        "noticed": Text(
            "到最近机构的距离、时间至少差多少才算变近或变远（默认 100m,1min，参数）",
            "by how much a way must differ to count as nearer or farther (default 100m,1min)",
        ),
    }
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=words["names"].say(language))
    parser.add_argument("--out", required=True, type=Path, metavar="OUT", help=words["out"].say(language))
    parser.add_argument(
        "--data", type=Path, action="append", default=[], metavar="DIR", help=words["data"].say(language)
    )
    parser.add_argument("--rules", default="", metavar="RULES", help=words["rules"].say(language))
    parser.add_argument("--noticed", default="", metavar="100m,1min", help=words["noticed"].say(language))


def run(options: argparse.Namespace) -> None:
    """Compare the scenarios into OUT and say what differs."""
    from scenarios.cli.report import steps
    from scenarios.cli.robust import limits
    from scenarios.compare_run import Asked, compare_folder, noticed_of

    noticed = noticed_of(limits(options.noticed, "--noticed"))
    with steps(options.lang) as step:
        asked = Asked(tuple(options.names), tuple(options.data), options.rules, noticed)
        found = compare_folder(asked, options.out, step)
    _report(found, options.out, options.lang)


def _report(found: "Comparison", out: Path, language: Language) -> None:
    from scenarios.compare_said import said

    for pair in found.first_pairs:
        for line in said(pair) if language == "zh" else _english(pair):
            print(printable(line))
        print()
    print(printable(Text(f"已写入 {out}", f"written to {out}").say(language)))


def _english(pair: "Pair") -> list[str]:
    """Return the counts of one pair; the sentences themselves are in Chinese, in 说明.txt."""
    noticed = pair.noticed
    changed, cost = int(pair.findings["changed"].sum()), pair.after.cost
    lost, won = len(pair.before.gaps - pair.after.gaps), len(pair.after.gaps - pair.before.gaps)
    people = [f"  all of the same people: those of {pair.after.label}"] if pair.rejudged else []
    return [
        f"{pair.after.label} against {pair.before.label}:",
        *people,
        f"  findings that differ: {changed}; gaps closed: {lost}, new: {won}; facilities that differ: {len(pair.sites)}",
        f"  nearer or farther counts from {exact_text(noticed.mm / 1000)} m and {exact_text(noticed.ms / 60_000)} min on (a parameter)",
        f"  decisions: {cost.edits}, cost {exact_text(cost.total)} (10,000 yuan), of {cost.unknown} unknown",
    ]
