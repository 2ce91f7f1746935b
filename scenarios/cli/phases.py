"""fugai phases: in which year to open each site of a scenario, so that most people are served earliest; proven."""

import argparse
from pathlib import Path
from typing import Any

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.text import count_text, people_text, share_text, signed_text
from scenarios.cli.road_options import add_road_options
from scenarios.cli.robust import limits

ABOUT = Text(
    "分期：方案里的站点先开哪个，让最多的人最早得到服务（给出证明）",
    "phases: which site of a scenario to open first, proven",
)
LIMIT = "30min"
_OPTIONS: tuple[tuple[str, Text, dict[str, Any]], ...] = (
    ("--data", Text("数据文件夹（默认用方案里写的）", "folder of data (default: the scenario's)"), {"type": Path, "metavar": "DIR"}),
    ("--rules", Text("规则名或 .yaml（默认用方案的，再默认本市的）", "rules (default: the scenario's, else the city's)"), {"default": "", "metavar": "NAME"}),
    ("--out", Text("输出文件夹", "output folder"), {"type": Path, "required": True, "metavar": "OUT"}),
    ("--start", Text("第一年（默认方案、规则、数据中最晚日期的下一年）", "the first year (default: that after the last date of scenario, rules, data)"), {"type": int, "metavar": "YEAR"}),
    ("--plan", Text("哪一类站点（方案里只有一类时不必给）", "which kind of site (if there are two)"),
     {"choices": ("subcenters", "emergency"), "default": ""}),
    ("--aim", Text("cover＝限度内的人口（默认），cost＝人口加权路程", "cover: people within the limit (default); cost: weighted way"),
     {"choices": ("cover", "cost"), "default": "cover"}),
    ("--limit", Text(f"限度，如 30min、5km（默认用方案里的，再默认次中心 {LIMIT}、急救按条款）",
                     f"limit (default: the scenario's, else {LIMIT} for sub-centres and the clause's for stations)"), {"default": "", "metavar": "LIMIT"}),
    ("--time-limit", Text("求解秒数（20 处以上时用，默认 60）", "seconds to solve (above 20 sites, default 60)"),
     {"type": float, "default": 60.0, "metavar": "S"}),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the scenario, how much a year, and the options about roads."""
    said = Text("方案文件（.yaml）", "scenario file (.yaml)").say(language)
    parser.add_argument("scenario", type=Path, metavar="SCENARIO", help=said)
    rate = parser.add_mutually_exclusive_group(required=True)
    rate.add_argument("--per-year", type=int, metavar="N", help=Text("每年开设几处", "sites a year").say(language))
    said = Text("每年多少万元（按方案里各处的 cost）", "money a year, in 10,000 yuan (by the edits' cost)").say(
        language
    )
    rate.add_argument("--budget", type=float, metavar="W", help=said)
    for name, text, options in _OPTIONS:
        parser.add_argument(name, help=text.say(language).replace("%", "%%"), **options)
    add_road_options(parser, language, judged=False)


def run(options: argparse.Namespace) -> None:
    """Write the years of SCENARIO into OUT."""
    from planner.siting.question import Limits
    from scenarios.cli.report import steps
    from scenarios.cli.road_options import read_choices
    from scenarios.phasing import Asked, phase_folder

    for option, value in (("--per-year", options.per_year), ("--budget", options.budget)):
        if value is not None and not 0 < value < float("inf"):
            fix = Text("写大于 0 的数", "write a number above 0")
            raise OptionError(Problem(option, Text("须大于 0", "must be above 0"), fix, found=str(value)))
    asked = Asked(
        options.scenario, options.data, options.rules, options.per_year, options.budget, options.start, options.plan,
        limits(options.limit), limits(LIMIT), options.aim, Limits(seconds=options.time_limit),
    )  # fmt: skip
    with steps(options.lang) as step:
        found = phase_folder(asked, read_choices(options), options.out, step)
    _report(found, options.out, options.lang)


def _report(found: Any, out: Path, language: Language) -> None:
    """Print the years."""
    from scenarios.document import records
    from scenarios.phasing import DEADLINE, PLAN

    proven = found.found.status == "optimal"
    print(Text("已证明最优" if proven else f"未证明最优，差距 {share_text(found.found.gap)}",
               "proven optimal" if proven else f"not proven, gap {share_text(found.found.gap)}").say(language))  # fmt: skip
    if found.asked.first_year is None:
        print(
            Text(
                f"没有给出 --start，从 {found.first_year} 年起（理由见说明）",
                f"no --start given: from {found.first_year}",
            ).say(language)
        )
    late = dict(found.said)[DEADLINE]
    print(printable(Text(late, f"deadline: {late}").say(language)))
    for row in records(found.found.table.iloc[1:]):
        names = [found.sites[one] for one in row["opened"]]
        people = Text(f"限度内 {people_text(row['covered'])}（{signed_text(row['newly_covered'])}）",
                      f"{count_text(row['covered'])} people within the limit ({signed_text(row['newly_covered'])})")  # fmt: skip
        tail = f"，{people.say(language)}" if found.asked.aim == "cover" else ""
        print(printable(f"  {found.calendar(row['year'])}：{'、'.join(names) or '—'}{tail}"))
    print(
        printable(Text(f"输出：{out}（{PLAN} 可用 fugai run 运行）", f"output: {out} (fugai run {PLAN})").say(language))
    )
