"""fugai plan subcenters: which hosts become county sub-centres, for every number of them."""

import argparse
import re
from typing import TYPE_CHECKING

from planner.errors import Language, Text
from planner.text import limit_text, people_text
from scenarios.cli.plan_options import (
    COMMON,
    FILE,
    IDS,
    Options,
    add,
    distance,
    id_files,
    ids_of,
    in_range,
    limits_of,
    solving,
    tell,
    wrong,
)
from scenarios.cli.road_options import add_road_options, read_choices

if TYPE_CHECKING:
    from scenarios.plans.subcenters import Asked, Report

ABOUT = Text(
    "县域医疗卫生次中心设在哪里：每个个数的最优方案、前几名、各点理由、建议服务范围",
    "county sub-centres: the best plan of each number, with reasons",
)
_OPTIONS: Options = (
    (("-p",), Text("个数，如 4 或 4-6（默认按规则的条款）", "how many, 4 or 4-6 (default: what the rules say)"), {"metavar": "P"}),
    (("--limit",), Text("限度，几个用逗号隔开（默认 30min,60min；没有路网时写直线距离，如 10km,20km）", "limits with commas (default 30min,60min; without roads as 10km,20km)"), {"default": "30min,60min", "metavar": "LIMITS"}),
    (("--candidates",), Text("候选点的机构编号，逗号隔开或 @文件（默认：在用的乡镇卫生院，假设；已有医院照常服务，不作候选点）", "ids of candidates, with commas or @FILE (default: an assumption)"), IDS),
    (("--background",), Text("照常服务、不计个数的医院（默认：二级及以上综合、中医医院，假设；写 \"\" ＝没有）", "hospitals that serve and are not counted (default: an assumption; \"\": none)"), IDS),
    (("--force",), Text("必选的候选点，或要设为次中心的已有医院（不增加可及）", "candidates that must be chosen, or hospitals that serve already"), IDS),
    (("--forbid",), Text("不选的候选点", "candidates that must not be chosen"), IDS),
    (("--quota",), Text("县（区）配额文件：group（六位代码）、at_least、at_most", "quotas: group (county code), at_least, at_most"), FILE),
    (("--spacing",), Text("次中心之间、与已有医院的最小直线间距，如 10km", "least distance between sub-centres and to hospitals"), {"metavar": "LIMIT"}),
    (("--areas",), Text("片区文件：乡镇代码、片区；只核对，不作约束", "片区: town_code, area; checked, no constraint"), FILE),
    (("--objective",), Text("方案文件按哪个目标：cover 限度内人口最多（默认），time 人均时间最少", "which aim the scenario files follow"), {"choices": ["cover", "time"], "default": "cover"}),
    (("--k-best",), Text("列出最好的几个（默认 5）", "how many best plans (default 5)"), {"type": int, "default": 5, "metavar": "K"}),
    (("--tolerance",), Text("备选容许的目标损失（默认 0.5%）", "loss that an alternative may cost (default 0.5%)"), {"default": "0.5%", "metavar": "T"}),
    *COMMON,
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the facts, what is asked, and the options about roads."""
    add(parser, _OPTIONS, language)
    add_road_options(parser, language)


def _numbers(said: str | None) -> tuple[int, ...]:
    if said is None:
        return ()
    found = re.fullmatch(r"\s*(\d{1,4})\s*(?:[-–~～]\s*(\d{1,4})\s*)?", said)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last < first or last - first > 30 or first < 1:
        what = Text("须是大于 0 的整数，或从小到大的范围（至多 31 个）", "must be a whole number above 0, or a range")
        raise wrong("-p", what, Text("如 4 或 4-6", "as 4 or 4-6"), said)
    return tuple(range(first, last + 1))


def _share(option: str, said: str) -> float:
    """Return a share written as 0.5% or 0.005."""
    text = said.strip().replace("％", "%")
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise wrong(option, Text("须是比例", "must be a share"), Text("如 0.5%", "as 0.5%"), said)
    return value


def asked_of(options: argparse.Namespace) -> "Asked":
    """Return what the options ask; OptionError for what they cannot say."""
    from scenarios.plans.subcenters import Asked

    in_range("--k-best", options.k_best, 1, 100)
    return Asked(
        data=options.data,
        rules=options.rules,
        scenario=options.scenario,
        ps=_numbers(options.p),
        limits=limits_of("--limit", options.limit),
        candidates=ids_of("--candidates", options.candidates),
        background=ids_of("--background", options.background),
        forced=ids_of("--force", options.force) or (),
        forbidden=ids_of("--forbid", options.forbid) or (),
        quota=options.quota,
        spacing=distance("--spacing", options.spacing),
        areas=options.areas,
        objective=options.objective,
        k_best=options.k_best,
        tolerance=_share("--tolerance", options.tolerance),
        solving=solving(options),
        id_files=id_files(options.candidates, options.background, options.force, options.forbid),
    )


def run(options: argparse.Namespace) -> None:
    """Plan into OUT and say what was found."""
    asked = asked_of(options)
    from scenarios.cli.report import print_warnings, steps
    from scenarios.plans.subcenters_write import plan_subcenters_folder

    with steps(options.lang) as step:
        report = plan_subcenters_folder(asked, read_choices(options), options.out, step)
    print_warnings(report.start.warnings, options.lang)
    tell(_lines(report), options.lang)
    tell([Text(f"输出：{options.out}", f"output: {options.out}")], options.lang)


def _lines(report: "Report") -> list[Text]:
    from planner.plans.subcenters import no_candidates
    from scenarios.plans.subcenters_tables import overview

    out = []
    for row in overview(report):
        if row["id"] not in ("", report.main.id) or not row["within"]:
            continue
        p = f"{row['p']} 个" if row["p"] else ""
        limits = [limit_text(one, report.plan.unit) for one in sorted(report.plan.task.limits)]
        parts = list(zip(limits, row["within"], row["share"], strict=True))
        within = "，".join(f"{limit}内 {people_text(people)}（{share}）" for limit, people, share in parts)
        names = f"：{row['sites']}" if row["p"] else "（占全市常住人口）"
        state = f"，{row['state']}" if row["p"] else ""
        out.append(
            Text(f"{row['aim']}{'，' + p if p else ''}{state}，{within}{names}",
                 f"{row['id'] or 'today'} {row['p']}: of all residents within the limits {within}{names}")
        )  # fmt: skip
    dropped = no_candidates(report.plan.sites)
    return [*out, *([] if dropped is None else [dropped]), *(Text(one, one) for one in report.clashes)]
