"""fugai site: where facilities should be, with the proof, for any lists of points and any table of costs."""

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text
from planner.limits import NEED_LIMIT, Limit, read_limit
from planner.text import option_text
from scenarios.cli.site_travel import check_travel, input_paths, outputs, reach_and_way, told_of_roads, unsaid

if TYPE_CHECKING:
    from geodata.columns import Notes
    from planner.siting.question import Question
    from scenarios.site import Lists

ABOUT = Text(
    "选址：设施放在哪里最好（六种模型，给出最优证明或差距）",
    "siting: where facilities should be, with the proof or the gap",
)
MODELS = ("lscp", "mclp", "backup", "p-median", "p-center", "capacitated")
_FILE: dict[str, Any] = {"type": Path, "metavar": "FILE"}
_IDS: dict[str, Any] = {"default": "", "metavar": "IDS"}
_OPTIONS: tuple[tuple[tuple[str, ...], Text, dict[str, Any]], ...] = (
    (("--model",), Text("lscp 最少站点（候选点有 cost 时费用最省）全覆盖；mclp 定数最大覆盖；backup 双重覆盖；p-median 总距离最小；p-center 最远者最近；capacitated 有容量",
                        "lscp fewest (cheapest, where candidates have a cost) for all; mclp most covered by p; backup covered twice; p-median least distance; p-center "
                        "nearest farthest; capacitated with loads"), {"required": True, "choices": MODELS}),
    (("--demand",), Text("需求点：id、weight（或 population），可选 name，没有 --costs 时还要 lon、lat", "demand: id, weight (or population), perhaps name; lon, lat without --costs"),
     {**_FILE, "metavar": "D"}),
    (("--facilities",), Text("候选点：id，可选 name、cost（万元）、min_load、max_load、status、group，没有 --costs 时还要 lon、lat",
                             "candidates: id and perhaps name, cost (10,000 yuan), min_load, max_load, status, group; lon, lat without --costs"),
     {**_FILE, "metavar": "F"}),
    (("--data",), Text("代替 D 和 F：数据文件夹（见 fugai template），居民点为需求，机构为候选", "instead of D and F: a folder of data; residents are the demand"),
     {**_FILE, "metavar": "DIR"}),
    (("--candidates",), Text("用 --data 时：哪类机构是候选，中文或英文，逗号隔开（默认 乡镇卫生院 township_hospital）", "with --data: kinds of facility that are candidates"),
     {"default": "township_hospital", "metavar": "KINDS"}),
    (("--status",), Text("F 里用哪些状态的机构，逗号隔开，“全部”为不分状态（默认 在用；停用、规划不算）", "facilities of which status in F (default open), all for any"),
     {"default": "", "metavar": "WORDS"}),
    (("--kind",), Text("F 里用哪些类型的机构，逗号隔开（默认全部）", "facilities of which kind in F (default all)"), {"default": "", "metavar": "WORDS"}),
    (("--costs",), Text("费用长表：demand_id、facility_id、cost（CSV、Excel 或 parquet），照原样用", "long table demand_id, facility_id, cost (CSV, Excel or parquet), taken as it stands"),
     {**_FILE, "metavar": "C"}),
    (("--roads",), Text("路网文件（见 fugai roads）；没有则按直线（用 --data 时，限度是时间或写了道路选项就用文件夹里的路网）",
                         "file of roads (see fugai roads); straight line without (with --data the folder's roads, if the limit is a time or an option about roads is given)"),
     {"type": Path, "metavar": "R"}),
    (("--joined",), Text("另写每个点在哪里上路（.csv）：上路点坐标、离路多远、哪条路、怎样接入", "also write where each point gets onto the roads (.csv)"), _FILE),
    (("--weld",), Text("把 --roads 里画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m", "join drawn lines of --roads whose ends are within this of another line, or that cross, as 1m"),
     {"default": "", "metavar": "LIMIT"}),
    (("--direction",), Text("from＝机构到居民（默认），to＝居民到机构", "from the facility (default) or to it"),
     {"choices": ("from", "to")}),
    (("--limit",), Text("限度，如 5km、30min；用 --costs 时写表里单位的数", "5km, 30min; with --costs a bare number in its unit"), {"metavar": "LIMIT"}),
    (("-p",), Text("站点个数，如 5 或 2-4（固定、必选的算在内，背景的不算）", "how many sites, 5 or 2-4 (fixed and forced count, background do not)"), {"metavar": "P"}),
    (("--fixed",), Text("已定的站点：开放，计入 p（id 用逗号隔开，或 @文件；用 --data 时也可写机构类型）", "sites that are settled: open, counted in p (ids with commas, or @FILE)"), _IDS),
    (("--background",), Text("背景站点：开放，不计入 p，如 县级医院；“医院”指综合、中医类医院", "open and not counted in p, as county hospitals; hospital: those that treat all"), _IDS),
    (("--force",), Text("必选的候选点", "candidates that must be open"), _IDS),
    (("--forbid",), Text("禁选的候选点", "candidates that must not be open"), _IDS),
    (("--quota",), Text("配额文件：group、at_least、at_most（按候选点的 group 列）", "quotas: group, at_least, at_most"), _FILE),
    (("--spacing",), Text("站点之间最小直线间距，如 3km", "least straight distance between sites, as 3km"), {"metavar": "LIMIT"}),
    (("--budget",), Text("候选点 cost 合计的上限（万元）", "upper limit of the sum of the sites' costs (10,000 yuan)"), {"type": float, "metavar": "N"}),
    (("--share",), Text("lscp：至少覆盖的需求比例（默认 1）；加 --allow-unreachable 时按够得着的计", "lscp: share of the weight to cover (default 1); with --allow-unreachable, of that in reach"), {"type": float, "default": 1.0, "metavar": "S"}),
    (("--backup-weight",), Text("backup：第二重覆盖的权重（0～1，默认 1）", "backup: what a second cover is worth (0 to 1, default 1)"), {"type": float, "default": 1.0, "metavar": "W"}),
    (("--min-load",), Text("没有写明的站点的负荷下限（背景站点除外）", "lower load of sites without one (background ones excepted)"), {"type": float, "metavar": "N"}),
    (("--max-load",), Text("没有写明的站点的负荷上限（背景站点除外）", "upper load of sites without one (background ones excepted)"), {"type": float, "metavar": "N"}),
    (("--allow-unreachable",), Text("先解能到达的，到不了的另列", "leave out what no site reaches and list it"), {"action": "store_true"}),
    (("--k-best",), Text("另列最好的 K 个方案", "list the K best plans"), {"type": int, "default": 1, "metavar": "K"}),
    (("--classes",), Text("把候选点分为 必建、备选、本目标下未入选", "class each candidate: must, may, not in this objective"), {"action": "store_true"}),
    (("--tolerance",), Text("--classes 容许的目标损失（比例，默认 0.01）", "loss of objective that --classes tolerates (default 0.01)"), {"type": float, "default": 0.01, "metavar": "T"}),
    (("--time-limit",), Text("全部求解的秒数：每个 p、并列方案、--k-best、--classes 都算在内（默认 60）", "seconds of all solving: each p, ties, --k-best, --classes (default 60)"), {"type": float, "default": 60.0, "metavar": "S"}),
    (("--gap",), Text("相对差距到此为止（默认 0，求证明）", "stop at this relative gap (default 0: prove)"), {"type": float, "default": 0.0, "metavar": "G"}),
    (("--seed",), Text("随机种子（默认 0）", "seed (default 0)"), {"type": int, "default": 0, "metavar": "N"}),
    (("--threads",), Text("线程数（默认 1，结果可重现）", "threads (default 1: the same plan each time)"), {"type": int, "default": 1, "metavar": "N"}),
    (("--json",), Text("把结果以 JSON 写到标准输出", "print the answer as JSON"), {"action": "store_true"}),
    (("--out",), Text("把结果写入文件：.json 全部；.xlsx、.csv 为分配表和选址表（.csv 的选址表另存为 FILE_选址.csv）",
                       "write the answer: .json all of it; .xlsx, .csv whom each site serves, and the sites (of .csv into a second file)"),
     {"type": Path, "metavar": "FILE"}),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the model, the lists, the rules, the roads, and what to write."""
    from scenarios.cli.road_options import add_road_options

    for names, said, options in _OPTIONS:
        parser.add_argument(*names, help=said.say(language).replace("%", "%%"), **options)
    one_or_many = parser.add_mutually_exclusive_group()
    for name, said, value in (
        (
            "--split",
            Text("capacitated：一个需求点可由几个站点分担（默认）", "a demand may be shared by sites (default)"),
            True,
        ),
        ("--single-source", Text("capacitated：一个需求点只归一个站点", "a demand goes to one site whole"), False),
    ):
        one_or_many.add_argument(
            name, dest="split", action="store_const", const=value, default=True, help=said.say(language)
        )
    add_road_options(parser, language, judged=False)
    unsaid(parser)


def _wrong(option: str, zh: str, en: str, fix_zh: str, fix_en: str, found: object = "") -> OptionError:
    return OptionError(Problem(option, Text(zh, en), Text(fix_zh, fix_en), found=str(found)))


def counts(said: str | None) -> tuple[int | None, ...]:
    """Return the numbers of sites that -p asks for.

    >>> counts("2-4"), counts("5"), counts(None)
    ((2, 3, 4), (5,), (None,))
    """
    if said is None:
        return (None,)
    found = re.fullmatch(r"\s*(\d{1,6})\s*(?:[-–~～]\s*(\d{1,6})\s*)?", said)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last < first or last - first > 200:
        raise _wrong("-p", "须是整数，或从小到大的范围（至多 200 个）", "must be a whole number or a range",
                     "如 5 或 2-4", "as 5 or 2-4", said)  # fmt: skip
    return tuple(range(first, last + 1))


def limit_of(options: argparse.Namespace) -> Limit | float | None:
    """Return the limit: a bare number with --costs, else with its unit; None for all pairs."""
    if options.limit is None:
        if options.model in NEED_LIMIT and options.costs is None:
            raise _wrong("--limit", "这个模型要有限度", "this model needs a limit", "如 --limit 5km", "as --limit 5km")
        return None
    if options.costs is None:
        limit = _unit("--limit", options.limit)
        if limit.unit == "ms" and options.roads is None and options.data is None:
            raise _wrong(
                "--limit", "按时间计算需要路网", "a time needs roads", "加上 --roads", "add --roads", options.limit
            )
        return limit
    try:
        number = float(options.limit)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise _wrong("--limit", "用 --costs 时限度是一个不小于 0 的数", "with --costs the limit is a number not below 0",
                     "按费用表的单位写，不带单位", "write it in the table's unit, without the unit", options.limit)  # fmt: skip
    return number


def _unit(option: str, said: str) -> Limit:
    try:
        return read_limit(said)
    except ValueError as error:
        raise _wrong(option, "限度没有单位或不对", "a limit without a unit, or wrong", "写明单位，如 5km、800m、30min",
                     "write it with its unit: 5km, 800m, 30min", said) from error  # fmt: skip


_OWN: tuple[tuple[str, str, object, str], ...] = (
    ("--share", "share", 1.0, "lscp"),
    ("--backup-weight", "backup_weight", 1.0, "backup"),
    ("--min-load", "min_load", None, "capacitated"),
    ("--max-load", "max_load", None, "capacitated"),
    ("--single-source", "split", True, "capacitated"),
)
"""The options that one model alone reads: name, attribute, value where nothing was said, model."""


def check_model(options: argparse.Namespace) -> None:
    """Refuse an option that the model does not read: its answer would seem to keep a rule that nobody looked at."""
    for option, name, unsaid_value, model in _OWN:
        if options.model != model and getattr(options, name) != unsaid_value:
            raise _wrong(option, f"模型 {options.model} 不看这个选项", f"the model {options.model} does not read this option",
                         f"去掉它，或改用 --model {model}", f"drop it, or use --model {model}")  # fmt: skip


def check(options: argparse.Namespace) -> None:
    """Refuse options that are out of range, do not go together, or mean nothing to the model."""
    check_model(options)
    lists = (options.demand is not None, options.facilities is not None, options.data is not None)
    if lists not in ((True, True, False), (False, False, True)):
        raise _wrong("--demand / --facilities", "需求点和候选点两个文件都要给出，或改用 --data", "both lists are needed, or --data",
                     "如 --demand D.csv --facilities F.csv", "as --demand D.csv --facilities F.csv")  # fmt: skip
    if options.costs is not None and options.roads is not None:
        raise _wrong("--costs / --roads", "只能用一种", "only one of the two", "去掉一个", "drop one")
    for option, value, low, high in (
        ("--time-limit", options.time_limit, 0.0, 1e7), ("--gap", options.gap, 0.0, 1.0), ("--k-best", options.k_best, 1, 1000),
        ("--threads", options.threads, 1, 256), ("--share", options.share, 0.0, 1.0), ("--seed", options.seed, 0, 2**31 - 1),
        ("--backup-weight", options.backup_weight, 0.0, 1.0), ("--tolerance", options.tolerance, 0.0, 1e9),
        ("--budget", options.budget, 0.0, 1e300), ("--min-load", options.min_load, 0.0, 1e300),
        ("--max-load", options.max_load, 0.0, 1e300),
    ):  # fmt: skip
        if value is not None and not low <= value <= high:
            raise _wrong(
                option,
                f"须在 {option_text(low)} 与 {option_text(high)} 之间",
                f"must be between {option_text(low)} and {option_text(high)}",
                "改正",
                "correct it",
                value,
            )
    if options.out is not None and options.out.suffix.lower() not in (".json", ".csv", ".xlsx"):
        raise _wrong("--out", "不认识的文件类型", "unknown kind of file", "用 .json、.xlsx 或 .csv", "use .json, .xlsx or .csv",
                     options.out)  # fmt: skip
    if options.joined is not None and options.joined.suffix.lower() != ".csv":
        raise _wrong("--joined", "不认识的文件类型", "unknown kind of file", "用 .csv", "use .csv", options.joined)
    made = [
        *(outputs(options.out) if options.out is not None else ()),
        *([options.joined] if options.joined is not None else ()),
    ]
    if {one.resolve() for one in made} & {one.resolve() for one in input_paths(options)}:
        raise _wrong(
            "--out、--joined",
            "输出会盖掉输入文件",
            "the output would take the place of an input",
            "换一个文件名",
            "use another name",
            options.out or options.joined,
        )


def run(options: argparse.Namespace) -> int:
    """Answer the question; print it, write it; 2 where there is no plan."""
    check(options)
    limit, asked = limit_of(options), counts(options.p)
    check_travel(options, limit)
    spacing = _unit("--spacing", options.spacing) if options.spacing else None
    if spacing is not None and spacing.unit != "mm":
        raise _wrong("--spacing", "间距须是距离", "a spacing is a distance", "如 3km", "as 3km", options.spacing)
    from geodata.columns import Notes
    from planner.siting.question import Limits
    from scenarios.cli.report import steps
    from scenarios.cli.site_report import finish
    from scenarios.site import answers, ask, check_costs, levers_of
    from scenarios.site_words import words_of

    limits = Limits(options.time_limit, options.gap, options.threads, options.seed)
    with steps(options.lang) as step:
        step(Text("读取数据", "reading the data"))
        lists = _lists(options, limit)
        check_costs(lists, options.model, options.budget)
        reach, travel, unit, again = reach_and_way(options, lists, limit, step)
        notes = Notes()
        question = _question(options, lists, spacing, notes)
        lists = replace(lists, told=(*lists.told, *(Text(one.say("zh"), one.say("en")) for one in notes.warnings)))
        files = {"费用": options.costs.name if options.costs else "--costs", "间距": "--spacing",
                 "配额": options.quota.name if options.quota else "--quota"}  # fmt: skip
        instances = [ask(replace(question, p=p), reach, lists, files) for p in asked]
        extra = (options.k_best, options.tolerance if options.classes else None)
        groups = lists.demand.set_index("id")["group"] if "group" in lists.demand else None
        levers = levers_of(reach, lists, unit, again, spacing)
        found = answers(instances, limits, levers, groups, extra, step)
    lists = told_of_roads(options, lists, travel)
    return finish(found, options, words_of(lists, reach, travel, unit), lists)


def _lists(options: argparse.Namespace, limit: Limit | float | None) -> "Lists":
    """Return the two lists, with the statuses and loads that the options say."""
    from geodata.columns import Notes
    from scenarios.reach import check_together
    from scenarios.site import lists_of, lists_of_folder, with_loads, with_options
    from scenarios.site_files import read_demand, read_ids, read_sites

    said = {one: read_ids(f"--{one}", getattr(options, one)) for one in ("fixed", "background", "force", "forbid")}
    if options.data is not None:
        words = dict.fromkeys(one.strip() for one in re.split("[,，、]", options.candidates) if one.strip())
        lists, ids = lists_of_folder(options.data, list(words), said)
        said = dict(ids)
    else:
        placed = options.costs is None
        notes = Notes()
        demand = read_demand(options.demand, placed=placed, told=notes)
        sites = read_sites(options.facilities, placed=placed, status=options.status, kinds=options.kind, told=notes)
        if placed and options.roads is None:  # points beyond the roads are told with them
            limit_m = limit.value / 1000 if isinstance(limit, Limit) else 0.0
            notes.problems += check_together(demand, sites, (options.demand.name, options.facilities.name), limit_m)
        lists = lists_of(demand, sites, options.demand.name, options.facilities.name)
        lists = replace(lists, told=tuple(Text(one.say("zh"), one.say("en")) for one in notes.warnings))
    return with_loads(with_options(lists, said), options.min_load, options.max_load)


def _question(options: argparse.Namespace, lists: "Lists", spacing: Limit | None, notes: "Notes") -> "Question":
    from planner.siting.question import Question
    from scenarios.site import apart_of
    from scenarios.site_files import read_quotas

    return Question(
        model=options.model,
        share=options.share,
        backup_weight=options.backup_weight,
        split=options.split,
        allow_unreachable=options.allow_unreachable,
        budget=options.budget,
        quotas=read_quotas(options.quota, notes) if options.quota else (),
        apart=apart_of(lists, spacing),
    )
