"""fugai plan centers: which community centre serves each community, and where more are needed."""

import argparse
import re
from typing import TYPE_CHECKING

from planner.errors import Language, Text
from planner.limits import Limit
from scenarios.cli.plan_options import COMMON, FILE, Options, add, in_range, limits_of, solving, tell, wrong
from scenarios.cli.road_options import add_road_options, read_choices

if TYPE_CHECKING:
    from scenarios.plans.centers import Asked

ABOUT = Text(
    "社区卫生服务中心：各社区由谁服务（整社区、相连、上下限），缺几所设在哪里，服务站、转型、社区医院",
    "community centres: connected districts within the bounds, new centres, stations, conversions",
)
_MOST = 100_000_000
_OPTIONS: Options = (
    (("--hard",), Text("下限是硬约束（默认软约束：不足注“可合并”）", "the lower bound is a must (default: soft)"), {"action": "store_true"}),
    (("--lower",), Text("每所至少服务多少人，如 25000 或 2.5万（默认按条款）", "least people of a centre (default: the clause's)"), {"metavar": "N"}),
    (("--upper",), Text("每所至多服务多少人，如 80000 或 8万（默认按条款）", "most people of a centre (default: the clause's)"), {"metavar": "N"}),
    (("--short",), Text("软下限每差 1 人折合多远的路（默认 10min，按距离时 2km，参数）", "the way that one person short of a soft bound weighs (default 10min or 2km)"), {"metavar": "LIMIT"}),
    (("-p",), Text("各县（区）中心总数，如 510402=5,510403=4（默认最少）；写了的，没写的县（区）按最少路程取", "centres of each county in all, as CODE=N,… (default: the fewest)"), {"metavar": "CODE=N"}),
    (("--walk",), Text("步行每小时多少公里（默认 5，参数）", "walking speed in km/h (default 5)"), {"type": float, "default": 5.0, "metavar": "KMH"}),
    (("--minutes",), Text("步行多少分钟以外的社区设服务站（默认 15，参数）", "beyond so many minutes on foot a station (default 15)"), {"type": float, "default": 15.0, "dest": "walk_minutes", "metavar": "N"}),
    (("--way",), Text("居民到中心怎样算：time 行车时间（有路网时的默认），road 道路距离，paper 直线距离", "the way to a centre: time, road or paper"), {"choices": ["time", "road", "paper"]}),
    (("--link",), Text("沿路网比这更远的社区不算相邻，如 3km（默认不限）", "communities farther apart by road are no neighbours"), {"metavar": "LIMIT"}),
    (("--crosswalk",), Text("撤并对照表：旧代码、新代码、年份、依据（没有则卫生院转型无数据）", "crosswalk: old_code, new_code, year, source"), FILE),
    (("--hospital-share",), Text("创建为社区医院的比例，如 0.2（默认按条款）", "share of centres to become community hospitals (default: the clause's)"), {"type": float, "metavar": "S"}),
    (("--spare",), Text("另作一个每所离上限至少留这么多余量的方案（默认 0.1，参数；0 不作）", "also plan with this share of the upper bound to spare (default 0.1, a parameter; 0: none)"), {"type": float, "default": 0.1, "metavar": "S"}),
    *COMMON,
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the facts, what is asked, and the options about roads."""
    add(parser, _OPTIONS, language)
    add_road_options(parser, language, judged=False)


def _numbers(said: str | None) -> dict[str, int] | None:
    """Return the number of centres by county code."""
    if said is None:
        return None
    found = dict[str, int]()
    for part in said.replace("，", ",").replace("＝", "=").split(","):
        one = re.fullmatch(r"\s*(\d{6})\s*=\s*(\d{1,4})\s*", part)
        if one is None or one[1] in found:
            what = Text("看不懂，或同一县（区）写了两次", "not understood, or a county twice")
            raise wrong("-p", what, Text("如 510402=5,510403=4", "as 510402=5,510403=4"), part)
        found[one[1]] = int(one[2])
    return found


def _people(option: str, said: str | None) -> int | None:
    """Return a number of people, as 25000, 25,000 or 2.5万; OptionError for what is none, or out of range."""
    if said is None:
        return None
    plain = re.fullmatch(r"\s*(-?\d{1,12}(?:\.\d{1,4})?)\s*(万?)\s*人?\s*", said.replace(",", "").replace("，", ""))
    people = float(plain[1]) * (10_000 if plain[2] else 1) if plain else 0.5
    if not people.is_integer():
        what = Text("须是整数人数", "must be a whole number of people")
        raise wrong(option, what, Text("如 25000 或 2.5万", "as 25000"), said)
    in_range(option, people, 0, _MOST)
    return int(people)


def _limit(option: str, said: str | None) -> Limit | None:
    if said is None:
        return None
    found = limits_of(option, said)
    if len(found) > 1:
        raise wrong(option, Text("只能有一个", "there can be one only"), Text("如 10min 或 2km", "as 10min"), said)
    return found[0]


def asked_of(options: argparse.Namespace) -> "Asked":
    """Return what the options ask; OptionError for what they cannot say."""
    from scenarios.plans.centers import Asked

    in_range("--walk", options.walk, 0.1, 50)
    in_range("--minutes", options.walk_minutes, 0.1, 24 * 60)
    if options.hospital_share is not None:
        in_range("--hospital-share", options.hospital_share, 0, 1)
    in_range("--spare", options.spare, 0, 0.9)
    return Asked(
        data=options.data,
        rules=options.rules,
        scenario=options.scenario,
        lower=_people("--lower", options.lower),
        upper=_people("--upper", options.upper),
        hospital_share=options.hospital_share,
        hard=options.hard,
        short=_limit("--short", options.short),
        way=options.way,
        link=_limit("--link", options.link),
        walk_kmh=options.walk,
        minutes=options.walk_minutes,
        crosswalk=options.crosswalk,
        p=_numbers(options.p),
        spare=options.spare,
        solving=solving(options),
    )


def run(options: argparse.Namespace) -> None:
    """Plan into OUT and say what was found."""
    asked = asked_of(options)
    from scenarios.cli.report import print_warnings, steps
    from scenarios.plans.centers_tables import overview
    from scenarios.plans.centers_write import plan_centers_folder

    with steps(options.lang) as step:
        report = plan_centers_folder(asked, read_choices(options), options.out, step)
    print_warnings(report.start.warnings, options.lang)
    tell([*overview(report), Text(f"输出：{options.out}", f"output: {options.out}")], options.lang)
