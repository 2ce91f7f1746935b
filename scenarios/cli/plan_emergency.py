"""fugai plan emergency: how many more emergency stations, and where."""

import argparse
from typing import TYPE_CHECKING

from planner.errors import Language, Text
from planner.text import count_text, people_text
from scenarios.cli.plan_options import (
    COMMON,
    TIME_LIMIT,
    Options,
    add,
    distance,
    in_range,
    limits_of,
    solving,
    tell,
    wrong,
)
from scenarios.cli.road_options import add_road_options, read_choices

if TYPE_CHECKING:
    from scenarios.plans.emergency import Asked, Report

ABOUT = Text(
    "急救站还要新增几处、设在哪里：全部覆盖、每多一处多覆盖多少人、双重覆盖",
    "emergency stations: how many more, and where",
)
_MOST_CELLS = 200.0
_OPTIONS: Options = (
    (("--rural",), Text("农村地区的限度，规划人员的参数，不作判断（默认 10km,15km,20km；none 不算）", "rural limits, a parameter (default 10km,15km,20km; none: leave out)"), {"default": "10km,15km,20km", "metavar": "LIMITS"}),
    (("--grid",), Text("独立站点的格网间距（默认 1km；0 只依托机构）", "grid of free-standing sites (default 1km; 0: hosts only)"), {"default": "1km", "metavar": "LIMIT"}),
    (("--most",), Text("曲线最多列到新增几处（默认 12）", "the curve's last number of new stations (default 12)"), {"type": int, "default": 12, "metavar": "N"}),
    *(one for one in COMMON if one is not TIME_LIMIT),
    (TIME_LIMIT[0], Text("全部情形求解的秒数（默认 60）；没有证明的写“可行方案”，给出界和差距", "seconds of solving, all cases together (default 60)"), TIME_LIMIT[2]),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the facts, what is asked, and the options about roads."""
    add(parser, _OPTIONS, language)
    add_road_options(parser, language)


def asked_of(options: argparse.Namespace) -> "Asked":
    """Return what the options ask; OptionError for what they cannot say."""
    from scenarios.plans.emergency import Asked

    in_range("--most", options.most, 0, 500)
    rural = () if options.rural.strip().lower() in {"", "none", "0"} else limits_of("--rural", options.rural)
    if any(one.unit != "mm" for one in rural):
        fix = Text("写距离；响应时间用 --minutes", "write distances; for response time use --minutes")
        raise wrong("--rural", Text("须是距离", "must be distances"), fix, options.rural)
    grid = distance("--grid", options.grid)
    if grid is not None:
        in_range("--grid", grid.value / 1e6, 0.2, _MOST_CELLS)
    return Asked(
        data=options.data,
        rules=options.rules,
        scenario=options.scenario,
        rural=rural,
        grid_m=0.0 if grid is None else grid.value / 1000,
        most=options.most,
        solving=solving(options),
    )


def run(options: argparse.Namespace) -> None:
    """Plan into OUT and say what was found."""
    asked = asked_of(options)
    from scenarios.cli.report import print_warnings, steps
    from scenarios.plans.emergency_write import plan_emergency_folder

    with steps(options.lang) as step:
        report = plan_emergency_folder(asked, read_choices(options), options.out, step)
    print_warnings(report.start.warnings, options.lang)
    tell(_lines(report), options.lang)
    tell([Text(f"输出：{options.out}", f"output: {options.out}")], options.lang)


def _lines(report: "Report") -> list[Text]:
    from scenarios.plans.emergency_tables import overview

    said = [
        Text(
            f"{row['case']}（{row['nature']}）：现状 {count_text(row['covered'])} / {people_text(row['people'])}（{row['share']}），"
            f"{'在够得着的人里' if row['left'] else ''}全部覆盖{row['said']}（依托 {row['hosted']}，独立 {row['alone']}）"
            + (f"；另有 {people_text(row['left'])}任何候选点都够不着" if row["left"] else ""),
            f"{row['id']}: today {count_text(row['covered'])} of {count_text(row['people'])} ({row['share']}), {row['more']} more for all in reach"
            + (f"; {count_text(row['left'])} are in reach of no site" if row["left"] else ""),
        )
        for row in overview(report)
    ]
    return [*said, *(Text(one, one) for one in report.told)]
