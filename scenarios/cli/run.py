"""fugai run: a scenario file, judged as `fugai assess` judges the status quo."""

import argparse
from pathlib import Path

from planner.errors import Language, Text, printable
from planner.standards import standard_names

ABOUT = Text(
    "按方案文件评估：新设、停用、升格、迁址……之后怎样", "assess a scenario: what if facilities open, close, move"
)

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the scenario, what it is judged on and by, and the output folder."""
    parser.add_argument(
        "scenario", type=Path, metavar="SCENARIO",
        help=Text("方案文件（.yaml，见 fugai schema）", "scenario file (.yaml, see fugai schema)").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--data", metavar="DATA",
        help=Text("数据文件夹，或 sample:panzhihua（默认用方案里写的）", "folder of data, or sample:panzhihua (default: the scenario's)").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--rules", metavar="RULES",
        help=Text(f"规则名（可用：{'、'.join(standard_names())}）或 .yaml 文件（默认用方案里写的）",
                  f"rules ({', '.join(standard_names())}) or a .yaml file (default: the scenario's)").say(language),
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="OUT", help=Text("输出文件夹", "output folder").say(language)
    )


def run(options: argparse.Namespace) -> None:
    """Run SCENARIO into OUT."""
    from scenarios.cli.report import print_outcome, print_warnings, steps
    from scenarios.export.decided import BEFORE_AFTER, CHANGED, DOUBT
    from scenarios.run import run_file

    with steps(options.lang) as step:
        outcome = run_file(options.scenario, options.data, options.rules, options.out, step)
    print_warnings(outcome.warnings, options.lang)
    heads = {"方案": "方案：", CHANGED: "  改用参数：", BEFORE_AFTER: "  前后："}
    told = [line for line in outcome.decided.lines if line[0] != DOUBT]  # which the warnings have told
    first = [line for line in told if line[0] in ("方案", BEFORE_AFTER)]
    rest = [line for line in told if line not in first]
    for label, text in [*first, *rest[:_SHOWN]]:
        print(printable(f"{heads.get(label, '  ')}{text}"))
    if len(rest) > _SHOWN:
        print("  ……")
    print_outcome(outcome, options.out, options.lang)
