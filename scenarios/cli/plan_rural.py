"""fugai plan rural: how each village is served, the rounds, and the chain from village to city."""

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from planner.errors import Language, Text
from planner.limits import Limit
from scenarios.cli.plan_options import COMMON, Options, add, in_range, limits_of, tell, wrong
from scenarios.cli.road_options import add_road_options, read_choices

if TYPE_CHECKING:
    from planner.plans.rounds import RoundsTask, Season
    from scenarios.plans.rural import Asked

ABOUT = Text(
    "乡村五级链条：每个行政村怎样得到服务（卫生室、巡回、驻村、移动、邻村），巡回值班表，村到市的各段",
    "the rural chain: each village's remedy, the rounds' duty, the links from village to city",
)
_KINDS = ("round", "stay", "mobile", "neighbour")
_WORDS = {
    word: kind
    for kind, words in {
        "round": ("巡回", "巡回医疗"), "stay": ("驻村", "驻村服务"), "mobile": ("移动", "移动医疗"),
        "neighbour": ("邻村", "邻联村", "邻（联）村", "邻村延伸", "邻（联）村延伸服务"),
    }.items()
    for word in (kind, *words)
}  # fmt: skip
_EXAMPLE = "雨季:月份=6-9,车速=0.6,封闭=W12+W13,次数=1"
_SEASON = {
    word: key
    for key, words in {
        "months": ("months", "月份"), "speed": ("speed", "车速"), "closed": ("closed", "封闭"), "visits": ("visits", "次数"),
        "work-days": ("work-days", "工作日"), "day": ("day", "一天"),
    }.items()
    for word in words
}  # fmt: skip
_LINKS = {
    word: key
    for key, words in {
        "town": ("town", "村到乡镇", "村→乡镇", "到乡镇"), "subcenter": ("subcenter", "到次中心", "→次中心", "乡镇到次中心"),
        "county": ("county", "到县", "→县级医院", "到县级医院", "次中心到县"), "city": ("city", "到市", "→市级医院", "到市级医院", "县到市"),
    }.items()
    for word in words
}  # fmt: skip
_FILE_OPTIONS = tuple(one for one in COMMON if one[0] != ("--time-limit",))
_OPTIONS: Options = (
    (("--few",), Text("居民不超过多少人算人口较少（默认 1000，参数）", "so many residents are few (default 1000)"), {"type": int, "default": 1000, "metavar": "N"}),
    (("--far",), Text("到最近的卫生室、卫生院或医院多远算交通半径大（默认 10min；没有路网时 3km，参数）", "from here on is far (default 10min; without roads 3km)"), {"metavar": "LIMIT"}),
    (("--prefer",), Text("替代服务的选用次序，逗号隔开，只用列出的：巡回 round、驻村 stay、移动 mobile、邻村 neighbour（写中文或英文，默认按条款的先后）", "kinds in the order to be tried, only these: round,stay,mobile,neighbour (default: the clause's order)"), {"metavar": "KINDS"}),
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
    (("--season",), Text("某一季的巡回另排一份，可写多次，如 雨季:月份=6-9,车速=0.6,track=0.3,封闭=W12+W13,次数=1,工作日=18,一天=6h（没写的同平时）",
                         "another duty for a season, may be repeated, as rainy:months=6-9,speed=0.6,track=0.3,closed=W12+W13,visits=1,work-days=18,day=6h"),
     {"action": "append", "default": [], "metavar": "SEASON"}),
    (("--link-limit",), Text("链条各环节的限度，如 村到乡镇=30min,到次中心=40min,到县=60min,到市=90min（可只写几个；只作标注，不作判断）",
                             "limits of the chain's links, as town=30min,subcenter=40min,county=60min,city=90min; they mark, and judge nothing"),
     {"metavar": "LINK=LIMIT"}),
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
    given = [one.strip() for one in re.split("[,，、]", said) if one.strip()]
    odd = [one for one in given if one not in _WORDS]
    if odd or not given:
        words = "、".join(f"{zh}（{kind}）" for kind, zh in zip(_KINDS, ("巡回", "驻村", "移动", "邻村"), strict=True))
        fix = Text(f"可用：{words}", f"use {', '.join(_KINDS)}")
        raise wrong("--prefer", Text("没有这样的服务方式", "there is no such kind"), fix, "、".join(odd))
    return tuple(_WORDS[one] for one in given)


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
        seasons=read_seasons(options.season, rounds),
        link_limits=_links(options.link_limit),
    )


def _day(said: str, option: str = "--day") -> int:
    minutes = _minutes(option, said, 24 * 60)
    in_range(option, minutes, 1, 24 * 60)
    return int(minutes)


def _pairs(option: str, said: str, example: Text, keys: Mapping[str, str]) -> dict[str, str]:
    """Return what stands behind each key of KEY=VALUE,…; `keys`: every word that is understood, and the key that it means."""
    found = dict[str, str]()
    for part in re.split(r"[,，、;；]", said.replace("＝", "=")):
        name, equal, value = (one.strip() for one in part.partition("="))
        key = keys.get(name.lower())
        if not equal or not value or key is None:
            raise wrong(option, Text("看不懂", "not understood"), example, part.strip() or said)
        if key in found:
            raise wrong(option, Text("同一项写了两次", "stands twice"), example, part.strip())
        found[key] = value
    return found


def _links(said: str | None) -> dict[str, Limit]:
    """Return the limits by link."""
    if said is None:
        return {}
    example = Text("如 村到乡镇=30min,到次中心=40min,到县=60min,到市=90min", "as town=30min,county=60min")
    given = _pairs("--link-limit", said, example, _LINKS)
    found = {level: _one("--link-limit", one) for level, one in given.items()}
    none = [given[level] for level, one in found.items() if one.value <= 0]
    if none:
        raise wrong("--link-limit", Text("限度须大于零", "a limit must be above zero"), example, none[0])
    return found


def read_seasons(said: Sequence[str], usual: "RoundsTask") -> "tuple[Season, ...]":
    """Return the seasons of the rounds; OptionError for one that is not understood, twice there, or at odds with another."""
    seasons = [_season(one, usual) for one in said]
    names = [one.name for one in seasons]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        fix = Text("每季写一次", "name each season once")
        raise wrong("--season", Text("同一季写了两次", "a season stands twice"), fix, "、".join(twice))
    months = [month for one in seasons for month in one.months]
    shared = sorted({one for one in months if months.count(one) > 1})
    if shared:
        fix = Text("每个月只归一季", "a month belongs to one season")
        raise wrong("--season", Text("同一个月归了两季", "a month in two seasons"), fix, "、".join(map(str, shared)))
    return tuple(seasons)


def _season(said: str, usual: "RoundsTask") -> "Season":
    from planner.network import SPEED_KMH
    from planner.plans.rounds import USUAL, Season

    name, _, rest = (one.strip() for one in said.replace("：", ":").partition(":"))
    if not re.fullmatch(r"[\w()（）-]{1,12}", name) or name == USUAL:
        what = Text("季节要有名字：12 个字以内，不含标点", "a season needs a name of up to 12 letters")
        raise wrong("--season", what, Text(f"如 {_EXAMPLE}；“{USUAL}”指其余月份", f"as {_EXAMPLE}"), said)
    keys = {**_SEASON, **{one: one for one in SPEED_KMH}}
    given = _pairs("--season", rest, Text(f"如 {_EXAMPLE}；等级如 track、tertiary", f"as {_EXAMPLE}"), keys)
    season = Season(
        name,
        months=_months(given.pop("months", "")),
        closed=frozenset(one.strip() for one in given.pop("closed", "").replace("＋", "+").split("+") if one.strip()),
        visits=_whole(given.pop("visits", None), 31),
        work_days=_whole(given.pop("work-days", None), 31),
        day_minutes=_day(given.pop("day"), "--season") if "day" in given else None,
        speeds={"" if one == "speed" else one: _factor(value) for one, value in given.items()},
    )
    if season == Season(name, season.months):
        what = Text(f"{name}没有写与平时有什么不同", f"nothing in {name} differs from the usual months")
        raise wrong("--season", what, Text(f"如 {_EXAMPLE}", f"as {_EXAMPLE}"), said)
    task = season.task(usual)
    if task.visits > task.work_days:
        what = Text(
            f"{name}每月 {task.visits} 次，多于 {task.work_days} 个工作日", f"more visits than working days in {name}"
        )
        raise wrong("--season", what, Text("减少次数，或写明工作日", "fewer visits, or more working days"), said)
    return season


def _months(said: str) -> tuple[int, ...]:
    """Return the months of 6-9, 11-2 or 5+7-8, in their order.

    >>> _months("6-9"), _months("11-2"), _months("")
    ((6, 7, 8, 9), (11, 12, 1, 2), ())
    """
    found = list[int]()
    for part in filter(None, re.split(r"[+＋]", said.replace("月", "").replace("～", "-").replace("—", "-"))):
        one = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
        first, last = (int(one[1]), int(one[2] or one[1])) if one else (0, 0)
        if not (1 <= first <= 12 and 1 <= last <= 12):
            what = Text("月份须在 1 到 12 之间", "months are from 1 to 12")
            raise wrong("--season", what, Text("如 月份=6-9 或 月份=11-2", "as months=6-9 or months=11-2"), said)
        found += [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]
    if len(set(found)) < len(found):
        raise wrong(
            "--season", Text("同一个月写了两次", "a month stands twice"), Text("各写一次", "name each once"), said
        )
    return tuple(found)


def _whole(said: str | None, most: int) -> int | None:
    if said is None:
        return None
    if not re.fullmatch(r"\d{1,2}", said) or not 1 <= int(said) <= most:
        what = Text(f"须是 1 到 {most} 的整数", f"must be a whole number from 1 to {most}")
        raise wrong("--season", what, Text("改正", "correct it"), said)
    return int(said)


def _factor(said: str) -> float:
    """Return a factor of speed, as 0.6 or 60%."""
    one = re.fullmatch(r"(\d{1,3}(?:\.\d{1,4})?)([%％]?)", said)
    factor = float(one[1]) / (100 if one[2] else 1) if one else 0.0
    if not 0.01 <= factor <= 3:
        what = Text("车速写成平时的几倍，0.01 到 3", "a speed is a factor from 0.01 to 3")
        raise wrong(
            "--season", what, Text("如 0.6 或 60%；不通的路用 封闭=", "as 0.6 or 60%; closed= for roads that are"), said
        )
    return factor


def run(options: argparse.Namespace) -> None:
    """Plan into OUT and say what was found."""
    asked = asked_of(options)
    from scenarios.cli.report import print_warnings, steps
    from scenarios.plans.rural import NO_ROUNDS
    from scenarios.plans.rural_tables import overview
    from scenarios.plans.rural_write import plan_rural_folder

    with steps(options.lang) as step:
        report = plan_rural_folder(asked, read_choices(options), options.out, step)
    print_warnings(report.start.warnings, options.lang)
    output = Text(f"输出：{options.out}", f"output: {options.out}")
    hint = Text("排巡回路线要安装：pip install 'fugai[rounds]'", "to plan routes: pip install 'fugai[rounds]'")
    hints = [hint] if NO_ROUNDS in report.told else []
    tell([*overview(report), *report.told, *hints, output], options.lang)
