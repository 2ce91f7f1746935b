"""fugai plan rural: how each village is served, the rounds, and the chain from village to city."""

import argparse
import re
from typing import TYPE_CHECKING

from planner.errors import Language, Text
from planner.limits import Limit
from scenarios.cli.plan_options import COMMON, Options, add, in_range, limits_of, tell, wrong
from scenarios.cli.road_options import add_road_options, read_choices

if TYPE_CHECKING:
    from scenarios.plans.rural import Asked

ABOUT = Text(
    "乡村五级链条：每个行政村怎样得到服务（卫生室、巡回、驻村、移动、邻村），巡回值班表，村到市的各段",
    "the rural chain: each village's remedy, the rounds' duty, the links from village to city",
)
_KINDS = ("round", "stay", "mobile", "neighbour")
_FILE_OPTIONS = tuple(one for one in COMMON if one[0] != ("--time-limit",))
_OPTIONS: Options = (
    (("--few",), Text("居民不超过多少人算人口较少（默认 1000，参数）", "so many residents are few (default 1000)"), {"type": int, "default": 1000, "metavar": "N"}),
    (("--far",), Text("到最近的卫生室、卫生院或医院多远算交通半径大（默认 10min；没有路网时 3km，参数）", "from here on is far (default 10min; without roads 3km)"), {"metavar": "LIMIT"}),
    (("--prefer",), Text("替代服务的选用次序，逗号隔开，只用列出的：round 巡回、stay 驻村、mobile 移动、neighbour 邻村（默认按条款的先后）", "kinds in the order to be tried, only these: round,stay,mobile,neighbour (default: the clause's order)"), {"metavar": "KINDS"}),
    *(
        ((f"--{kind}-limit",), Text(f"{zh}的承担机构最远多远，如 15min 或 3km（默认不限）", f"farthest provider of '{kind}' (default: any)"), {"metavar": "LIMIT"})
        for kind, zh in zip(_KINDS, ("巡回", "驻村", "移动医疗", "邻村"), strict=True)
    ),
    (("--visits",), Text("每村每月巡回几次（默认 2）", "visits a month to each village (default 2)"), {"type": int, "default": 2, "metavar": "N"}),
    (("--work-days",), Text("每月几个工作日（默认 22）", "working days a month (default 22)"), {"type": int, "default": 22, "metavar": "N"}),
    (("--day",), Text("一天从出发到回来最长多久（默认 8h）", "from leaving to being back (default 8h)"), {"default": "8h", "metavar": "TIME"}),
    (("--leave",), Text("几点出发（默认 08:30）", "when a team leaves (default 08:30)"), {"default": "08:30", "metavar": "HH:MM"}),
    (("--service",), Text("每次每村服务多久（默认 60min）", "service at each visit (default 60min)"), {"default": "60min", "metavar": "TIME"}),
    (("--per-resident",), Text("另按居民每人多久（默认 3s）", "and for each resident (default 3s)"), {"default": "3s", "metavar": "TIME"}),
    (("--teams",), Text("每家卫生院有几支队伍（默认 1），不够的列出", "teams of each hospital (default 1)"), {"type": int, "default": 1, "metavar": "N"}),
    *_FILE_OPTIONS,
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the facts, what is asked, and the options about roads."""
    add(parser, _OPTIONS, language)
    add_road_options(parser, language, judged=False)


def _one(option: str, said: str) -> Limit:
    found = limits_of(option, said)
    if len(found) > 1:
        raise wrong(option, Text("只能有一个", "there can be one only"), Text("如 10min", "as 10min"), said)
    return found[0]


def _minutes(option: str, said: str, most: float) -> float:
    """Return a time in minutes, 0 allowed."""
    if re.fullmatch(r"\s*0\s*(s|min|h|秒|分钟|分|小时)?\s*", said, re.IGNORECASE):
        return 0.0
    limit = _one(option, said)
    if limit.unit != "ms":
        raise wrong(option, Text("须是时间", "must be a time"), Text("如 60min、8h", "as 60min or 8h"), said)
    in_range(option, limit.value / 60_000, 0, most)
    return limit.value / 60_000


def _clock(option: str, said: str) -> int:
    """Return minutes after midnight."""
    found = re.fullmatch(r"\s*([01]?\d|2[0-3])[:：]([0-5]\d)\s*", said)
    if not found:
        raise wrong(option, Text("须是时刻", "must be a time of day"), Text("如 08:30", "as 08:30"), said)
    return int(found[1]) * 60 + int(found[2])


def _kinds(said: str | None) -> tuple[str, ...]:
    if said is None:
        return ()
    kinds = tuple(one.strip() for one in said.replace("，", ",").replace("、", ",").split(",") if one.strip())
    odd = [one for one in kinds if one not in _KINDS]
    if odd or not kinds:
        fix = Text(f"可用：{'、'.join(_KINDS)}", f"use {', '.join(_KINDS)}")
        raise wrong("--prefer", Text("没有这样的服务方式", "there is no such kind"), fix, "、".join(odd))
    return kinds


def asked_of(options: argparse.Namespace) -> "Asked":
    """Return what the options ask; OptionError for what they cannot say."""
    from planner.plans.rounds import RoundsTask
    from scenarios.plans.rural import Asked

    in_range("--few", options.few, 0, 1_000_000)
    in_range("--work-days", options.work_days, 1, 31)
    in_range("--visits", options.visits, 1, options.work_days)
    in_range("--teams", options.teams, 1, 1000)
    far = None if options.far is None else _one("--far", options.far)
    if far is not None:
        most = 24 * 3_600_000 if far.unit == "ms" else 1_000_000_000
        scale = 60_000 if far.unit == "ms" else 1_000_000
        in_range("--far", far.value / scale, 0, most / scale)
    given = {kind: getattr(options, f"{kind}_limit") for kind in _KINDS}
    rounds = RoundsTask(
        visits=options.visits,
        work_days=options.work_days,
        day_minutes=_day(options.day),
        start=_clock("--leave", options.leave),
        visit_minutes=_minutes("--service", options.service, 24 * 60),
        resident_minutes=_minutes("--per-resident", options.per_resident, 60),
        teams=options.teams,
    )
    return Asked(
        data=options.data,
        rules=options.rules,
        scenario=options.scenario,
        few=options.few,
        far=far,
        prefer=_kinds(options.prefer),
        limits={kind: _one(f"--{kind}-limit", said) for kind, said in given.items() if said is not None},
        rounds=rounds,
    )


def _day(said: str) -> int:
    minutes = _minutes("--day", said, 24 * 60)
    in_range("--day", minutes, 1, 24 * 60)
    return int(minutes)


def run(options: argparse.Namespace) -> None:
    """Plan into OUT and say what was found."""
    asked = asked_of(options)
    from scenarios.cli.progress import steps
    from scenarios.cli.report import print_warnings
    from scenarios.plans.rural_tables import overview
    from scenarios.plans.rural_write import plan_rural_folder

    with steps(options.lang) as step:
        report = plan_rural_folder(asked, read_choices(options), options.out, step)
    print_warnings(report.start.warnings, options.lang)
    output = Text(f"输出：{options.out}", f"output: {options.out}")
    tell([*overview(report), *report.told, output], options.lang)
