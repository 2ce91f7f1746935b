"""What can be asked of a city, with its options: four plans, years, certainty, a comparison, and how one travels by road.

The numbers are parameters of whoever plans. Rules, clauses and data are known to those who answer (`scenarios.plans`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geodata.samples import facts_folder
from planner.errors import Text, refused
from planner.limits import Limit, limit_of, limits_of, read_limit
from planner.siting.question import Limits
from planner.standards import standard_names
from planner.text import option_text
from planner.uncertainty import Uncertainty
from scenarios.options import (
    CLOCK,
    FILE,
    FLAG,
    IDS,
    NEEDED,
    OUT,
    PEOPLE,
    SHARE,
    Command,
    Kind,
    Question,
    as_tuple,
    check_range,
    choice,
    counts,
    distance,
    facts,
    limit,
    limits,
    minutes,
    number,
    option,
    pairs,
    path,
    read_by,
    text,
    whole,
    words_of,
)

if TYPE_CHECKING:
    from planner.plans.rounds import RoundsTask, Season
    from planner.region import Source
    from scenarios.ways import RoadChoices

# ---- what many questions share ----

RULES = "、".join(standard_names())
FACTS = Text(
    "数据文件夹（见 fugai template），或 sample:panzhihua", "folder of data (see fugai template), or sample:panzhihua"
)
OUT_FOLDER = Text("输出文件夹", "output folder")
SOLVING = Text("求解", "solving")
_BOUND = "没有证明的写“可行方案”，给出界和差距"


@dataclass(frozen=True, kw_only=True)
class PlanQuestion(Question):
    """A plan of a folder of facts, by rules (the city's own by default), going on from a scenario where one is given."""

    # fmt: off
    data: Path = option("DATA", FACTS, facts(), NEEDED)
    rules: str = option("--rules", Text(f"规则名（可用：{RULES}）或 .yaml 文件（默认本市的）", f"rules ({RULES}) or a .yaml file (default: the city's own)"), text("NAME"), "")
    scenario: Path | None = option("--scenario", Text("从这个方案开始（它的改动算已经做了），见 fugai schema", "start from this scenario, as if done"), FILE)
    # fmt: on


@dataclass(frozen=True, kw_only=True)
class Solved(Question):
    """What takes time to solve."""

    # fmt: off
    time_limit: float = option("--time-limit", Text(f"每一步求解的秒数（默认 60）；{_BOUND}", "seconds of each solve (default 60)"),
                               number(0.01, 1e6, metavar="S"), 60.0, group=SOLVING)
    # fmt: on

    @property
    def solving(self) -> Limits:
        return Limits(seconds=self.time_limit)


@dataclass(frozen=True, kw_only=True)
class IntoFolder(Command):
    """What is written into a folder."""

    # fmt: off
    out: Path = option("--out", OUT_FOLDER, OUT, NEEDED)
    # fmt: on


# ---- roads ----

ROADS = Text("道路（有路网时）", "roads (where there are some)")
MAX_SNAP = "2km"
_MOST_MINUTES = 24 * 60
_PERIODS = {"白天": "day", "日间": "day", "夜间": "night", "夜晚": "night", "晚上": "night"}


def _response(option: str, said: Any) -> float:
    """Return the minutes that 30, 30min, 30分钟 or 0.5h say."""
    try:
        found = float(said)
    except ValueError:
        found = limit_of(option, said, "ms").value / 60_000
    if not 0 < found <= _MOST_MINUTES:
        fix = Text("写分钟数，如 15", "write minutes, as 15")
        raise refused(option, Text("不在 0 到 1440 之间", "not between 0 and 1440"), fix, found)
    return found


@dataclass(frozen=True, kw_only=True)
class Roads(Question):
    """How one travels by road: speeds, closed roads, dispatch, and how far from a road still joins it."""

    # fmt: off
    speeds: Path | None = option("--speeds", Text("各等级道路的时速表（road_class、speed_kmh，可加 period 列），另报到达时间",
                                                  "speeds (road_class, speed_kmh, perhaps period); times are reported as well"), FILE, group=ROADS)
    period: str = option("--period", Text("时速表分白天、夜间时用哪一个：白天、夜间（或 day、night）", "which period of the speeds: day or night"),
                         choice("day", "night", metavar="day|night", written=lambda said: _PERIODS.get(said.strip(), said.strip().lower())), "", group=ROADS)
    speeds_override: bool = option("--speeds-override", Text("时速表代替路段自带的时速（默认以自带为准）", "the table replaces the roads' own speeds, which else come first"),
                                   FLAG, default=False, group=ROADS)
    closed: str = option("--closed", Text("封闭的道路：路段编号，逗号隔开；或面图形文件（碰到的路段都封闭）",
                                          "closed roads: ids with commas, or a file of polygons (all edges that meet them)"), text("IDS|FILE"), "", group=ROADS)
    delay: Limit | None = option("--delay", Text("急救调度时间，如 3min、90s，另报到达时间", "dispatch, as 3min or 90s; times are reported as well"),
                                 limit("ms", "TIME"), group=ROADS)
    max_snap: Limit | None = option("--max-snap", Text("离路多远以内算能上路（默认 2km）", "how far from a road still joins it (default 2km)"), limit("mm"), group=ROADS)
    # fmt: on

    def check(self) -> None:
        without = Text("没有时速表", "there is no table of speeds"), Text("加上 --speeds", "add --speeds")
        for name in self.given("period", "speeds_override"):
            if self.speeds is None:
                raise refused(name, *without)
        super().check()

    def choices(self) -> "RoadChoices":
        """Return what is decided about the roads, its files read; DataError as these deserve."""
        from geodata.roads import is_area_file, read_area, read_speeds
        from scenarios.ways import RoadChoices

        speeds = read_speeds(self.speeds, self.period) if self.speeds else {}
        area = Path(self.closed) if is_area_file(self.closed) else None
        files = [*([(self.speeds, len(speeds))] if self.speeds else []), *([(area, 1)] if area else [])]
        return RoadChoices(
            speeds=speeds,
            period=self.period,
            closed=frozenset() if area else frozenset(words_of(self.closed)),
            closed_area=read_area(area) if area else None,
            delay_s=self.delay.value / 1000 if self.delay else 0.0,
            max_snap_m=(self.max_snap or read_limit(MAX_SNAP)).value / 1000,
            own_speeds=not self.speeds_override,
            files=tuple(_source(file, rows) for file, rows in files),
        )


def _source(file: Path, rows: int) -> "Source":
    from planner.region import Source

    return Source(file.name, sha256(file.read_bytes()).hexdigest(), rows)


@dataclass(frozen=True, kw_only=True)
class JudgedRoads(Roads):
    """Roads by which a response time is judged."""

    # fmt: off
    minutes: float | None = option("--minutes", Text("响应时间的参数（分钟，默认用规则里的假设）", "response time in minutes (default: the rules' assumption)"),
                                   read_by(_response, "N"), group=ROADS)
    # fmt: on

    def choices(self) -> "RoadChoices":
        return replace(super().choices(), minutes=self.minutes)


def weld_m(weld: Limit | None, roads: Path | None) -> float:
    """Return the metres of --weld, 0 without; OptionError for a file of roads that says itself what meets, and for too much."""
    from geodata.files import VECTORS
    from geodata.roads_lines import MOST_WELD_M

    if weld is None:
        return 0.0
    metres = weld.value / 1000
    if metres > MOST_WELD_M:
        what = Text("太远，会把不相干的路接上", "too far: it would join roads that have nothing in common")
        raise refused("--weld", what, Text("先试 1m", "try 1m first"), weld.said)
    if roads is None:
        fix = Text(
            f"加上 --roads；数据文件夹的路网，在 about.yaml 写 weld: {weld.said}",
            f"give --roads; for the roads of a folder write 'weld: {weld.said}' in about.yaml",
        )
        raise refused("--weld", Text("只用于 --roads 的路网", "is for the file of --roads only"), fix)
    if not roads.name.lower().endswith(VECTORS):
        what = Text("这种路网自己说明哪里相接，不需要接", "such a file says itself what meets")
        raise refused("--weld", what, Text("去掉它", "drop it"), roads.name)
    return metres


# ---- emergency stations ----


@dataclass(frozen=True, kw_only=True)
class EmergencyQuestion(Solved, PlanQuestion):
    """How many more emergency stations, and where."""

    # fmt: off
    rural: tuple[Limit, ...] = option("--rural", Text("农村地区的限度，规划人员的参数，不作判断（默认 10km,15km,20km；none 不算）", "rural limits, a parameter (default 10km,15km,20km; none: leave out)"),
                                      limits("mm", none=("", "none", "0")), "10km,15km,20km")
    grid: Limit | None = option("--grid", Text("独立站点的格网间距（默认 1km；0 只依托机构）", "grid of free-standing sites (default 1km; 0: hosts only)"), distance(0.2, 200), "1km")
    most: int = option("--most", Text("曲线最多列到新增几处（默认 12）", "the curve's last number of new stations (default 12)"), whole(0, 500), 12)
    time_limit: float = option("--time-limit", Text(f"全部情形求解的秒数（默认 60）；{_BOUND}", "seconds of solving, all cases together (default 60)"),
                               number(0.01, 1e6, metavar="S"), 60.0, group=SOLVING)
    # fmt: on

    @property
    def grid_m(self) -> float:
        return 0.0 if self.grid is None else self.grid.value / 1000


# ---- sub-centres ----

_SITES = Text("站点", "sites")
_PS = Text("须是大于 0 的整数，或从小到大的范围（至多 31 个）", "must be a whole number above 0, or a range")


@dataclass(frozen=True, kw_only=True)
class SubcenterQuestion(Solved, PlanQuestion):
    """Which hosts become county sub-centres; `ps` empty: as many as the rule says; None of candidates: the assumption."""

    # fmt: off
    ps: tuple[int, ...] = option("-p", Text("个数，如 4 或 4-6（默认按规则的条款）", "how many, 4 or 4-6 (default: what the rules say)"), counts(1, 31, _PS), ())
    limits: tuple[Limit, ...] = option("--limit", Text("限度，几个用逗号隔开（默认 30min,60min；没有路网时写直线距离，如 10km,20km）",
                                                       "limits with commas (default 30min,60min; without roads as 10km,20km)"), limits(none=()), "30min,60min")
    objective: Literal["cover", "time"] = option("--objective", Text("方案文件按哪个目标：cover 限度内人口最多（默认），time 人均时间最少", "which aim the scenario files follow"),
                                                 choice("cover", "time"), "cover")
    candidates: tuple[str, ...] | None = option("--candidates", Text("候选点的机构编号，逗号隔开或 @文件（默认：在用的乡镇卫生院，假设；已有医院照常服务，不作候选点）",
                                                                     "ids of candidates, with commas or @FILE (default: an assumption)"), IDS, group=_SITES)
    background: tuple[str, ...] | None = option("--background", Text("照常服务、不计个数的医院（默认：二级及以上综合、中医医院，假设；写 \"\" ＝没有）",
                                                                     "hospitals that serve and are not counted (default: an assumption; \"\": none)"), IDS, group=_SITES)
    forced: tuple[str, ...] = option("--force", Text("必选的候选点，或要设为次中心的已有医院（不增加可及）", "candidates that must be chosen, or hospitals that serve already"), IDS, (), group=_SITES)
    forbidden: tuple[str, ...] = option("--forbid", Text("不选的候选点", "candidates that must not be chosen"), IDS, (), group=_SITES)
    quota: Path | None = option("--quota", Text("县（区）配额文件：group（六位代码）、at_least、at_most", "quotas: group (county code), at_least, at_most"), FILE, group=_SITES)
    spacing: Limit | None = option("--spacing", Text("次中心之间、与已有医院的最小直线间距，如 10km", "least distance between sub-centres and to hospitals"), distance(), group=_SITES)
    areas: Path | None = option("--areas", Text("片区文件：乡镇代码、片区；只核对，不作约束", "片区: town_code, area; checked, no constraint"), FILE, group=_SITES)
    k_best: int = option("--k-best", Text("列出最好的几个（默认 5）", "how many best plans (default 5)"), whole(1, 100, metavar="K"), 5, group=SOLVING)
    tolerance: float = option("--tolerance", Text("备选容许的目标损失（默认 0.5%）", "loss that an alternative may cost (default 0.5%)"), SHARE, "0.5%", group=SOLVING)
    # fmt: on

    @property
    def named_files(self) -> tuple[Path, ...]:
        """The files that ids were read from."""
        return self.id_files("candidates", "background", "forced", "forbidden")


# ---- community centres ----


def _numbers(option: str, said: str) -> Mapping[str, int]:
    """Return the number of centres by county code.

    >>> _numbers("-p", "510402=5,510403=4")
    {'510402': 5, '510403': 4}
    """
    found = dict[str, int]()
    for part in said.replace("，", ",").replace("＝", "=").split(","):
        one = re.fullmatch(r"\s*(\d{6})\s*=\s*(\d{1,4})\s*", part)
        if one is None or one[1] in found:
            what = Text("看不懂，或同一县（区）写了两次", "not understood, or a county twice")
            raise refused(option, what, Text("如 510402=5,510403=4", "as 510402=5,510403=4"), part)
        found[one[1]] = int(one[2])
    return found


@dataclass(frozen=True, kw_only=True)
class CenterQuestion(Solved, PlanQuestion):
    """Which community centre serves whom; None: as the rule says (lower, upper, hospital_share), or the data allow (way, short).

    spare   the share of the upper bound that a second plan leaves free; 0: no second plan
    """

    # fmt: off
    hard: bool = option("--hard", Text("下限是硬约束（默认软约束：不足注“可合并”）", "the lower bound is a must (default: soft)"), FLAG, default=False)
    lower: int | None = option("--lower", Text("每所至少服务多少人，如 25000 或 2.5万（默认按条款）", "least people of a centre (default: the clause's)"), PEOPLE)
    upper: int | None = option("--upper", Text("每所至多服务多少人，如 80000 或 8万（默认按条款）", "most people of a centre (default: the clause's)"), PEOPLE)
    short: Limit | None = option("--short", Text("软下限每差 1 人折合多远的路（默认 10min，按距离时 2km，参数）", "the way that one person short of a soft bound weighs (default 10min or 2km)"), limit())
    p: Mapping[str, int] | None = option("-p", Text("各县（区）中心总数，如 510402=5,510403=4（默认最少）；写了的，没写的县（区）按最少路程取", "centres of each county in all, as CODE=N,… (default: the fewest)"), read_by(_numbers, "CODE=N"))
    walk_kmh: float = option("--walk", Text("步行每小时多少公里（默认 5，参数）", "walking speed in km/h (default 5)"), number(0.1, 50, metavar="KMH"), 5.0)
    minutes: float = option("--minutes", Text("步行多少分钟以外的社区设服务站（默认 15，参数）", "beyond so many minutes on foot a station (default 15)"), number(0.1, 24 * 60), 15.0)
    way: str | None = option("--way", Text("居民到中心怎样算：time 行车时间（有路网时的默认），road 道路距离，paper 直线距离", "the way to a centre: time, road or paper"), choice("time", "road", "paper"))
    link: Limit | None = option("--link", Text("沿路网比这更远的社区不算相邻，如 3km（默认不限）", "communities farther apart by road are no neighbours"), limit())
    crosswalk: Path | None = option("--crosswalk", Text("撤并对照表：旧代码、新代码、年份、依据（没有则卫生院转型无数据）", "crosswalk: old_code, new_code, year, source"), FILE)
    hospital_share: float | None = option("--hospital-share", Text("创建为社区医院的比例，如 0.2（默认按条款）", "share of centres to become community hospitals (default: the clause's)"), number(0, 1, metavar="S"))
    spare: float = option("--spare", Text("另作一个每所离上限至少留这么多余量的方案（默认 0.1，参数；0 不作）", "also plan with this share of the upper bound to spare (default 0.1, a parameter; 0: none)"), number(0, 0.9, metavar="S"), 0.1)
    # fmt: on


# ---- the rural chain ----

_KINDS: Mapping[str, tuple[str, ...]] = {
    "round": ("巡回", "巡回医疗"), "stay": ("驻村", "驻村服务"), "mobile": ("移动", "移动医疗"),
    "neighbour": ("邻村", "邻联村", "邻（联）村", "邻村延伸", "邻（联）村延伸服务"),
}  # fmt: skip
_SEASON: Mapping[str, tuple[str, ...]] = {
    "months": ("月份",), "speed": ("车速",), "closed": ("封闭",), "visits": ("次数",), "work-days": ("工作日",), "day": ("一天",),
}  # fmt: skip
_LINKS: Mapping[str, tuple[str, ...]] = {
    "town": ("村到乡镇", "村→乡镇", "到乡镇"), "subcenter": ("到次中心", "→次中心", "乡镇到次中心"),
    "county": ("到县", "→县级医院", "到县级医院", "次中心到县"), "city": ("到市", "→市级医院", "到市级医院", "县到市"),
}  # fmt: skip
_ROUNDS, _REMEDIES = Text("巡回", "rounds"), Text("替代服务", "remedies")
_EXAMPLE = "雨季:月份=6-9,车速=0.6,封闭=W12+W13,次数=1"
_A_DAY, _MOST_DAYS = 24 * 60, 31


def _meanings(words: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return what each word means, one of the keys, which mean themselves."""
    return {word: key for key, others in words.items() for word in (key, *others)}


def _kinds(option: str, said: str) -> tuple[str, ...]:
    given, known = words_of(said), _meanings(_KINDS)
    odd = [one for one in given if one not in known]
    if odd or not given:
        words = "、".join(f"{others[0]}（{kind}）" for kind, others in _KINDS.items())
        fix = Text(f"可用：{words}", f"use {', '.join(_KINDS)}")
        raise refused(option, Text("没有这样的服务方式", "there is no such kind"), fix, "、".join(odd))
    return tuple(known[one] for one in given)


def _far(option: str, said: str) -> Limit:
    found = limit_of(option, said)
    unit, most = (60_000, _A_DAY) if found.unit == "ms" else (1_000_000, 1000)
    check_range(option, found.value / unit, 0, most)
    return found


def _links(option: str, said: str) -> Mapping[str, Limit]:
    """Return the limits by link."""
    example = Text("如 村到乡镇=30min,到次中心=40min,到县=60min,到市=90min", "as town=30min,county=60min")
    given = pairs(option, said, example, _meanings(_LINKS))
    return {level: limit_of(option, one) for level, one in given.items()}


# ---- seasons of the rounds ----


def _seasons(option: str, said: Any) -> "tuple[Season, ...]":
    """Return the seasons of the rounds; OptionError for one that is not understood, twice there, or at odds with another."""
    seasons = [_season(option, one) if isinstance(one, str) else one for one in said]
    names = [one.name for one in seasons]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        fix = Text("每季写一次", "name each season once")
        raise refused(option, Text("同一季写了两次", "a season stands twice"), fix, "、".join(twice))
    months = [month for one in seasons for month in one.months]
    shared = sorted({one for one in months if months.count(one) > 1})
    if shared:
        fix = Text("每个月只归一季", "a month belongs to one season")
        raise refused(option, Text("同一个月归了两季", "a month in two seasons"), fix, "、".join(map(str, shared)))
    return tuple(seasons)


def _season(option: str, said: str) -> "Season":
    from planner.network import SPEED_KMH
    from planner.plans.rounds import USUAL, Season

    name, _, rest = (one.strip() for one in said.replace("：", ":").partition(":"))
    if not re.fullmatch(r"[\w()（）-]{1,12}", name) or name == USUAL:
        what = Text("季节要有名字：12 个字以内，不含标点", "a season needs a name of up to 12 letters")
        raise refused(option, what, Text(f"如 {_EXAMPLE}；“{USUAL}”指其余月份", f"as {_EXAMPLE}"), said)
    keys = {**_meanings(_SEASON), **{one: one for one in SPEED_KMH}}
    given = pairs(option, rest, Text(f"如 {_EXAMPLE}；等级如 track、tertiary", f"as {_EXAMPLE}"), keys)
    season = Season(
        name,
        months=months_of(option, given.pop("months", "")),
        closed=frozenset(one.strip() for one in given.pop("closed", "").replace("＋", "+").split("+") if one.strip()),
        visits=_days(option, given.pop("visits", None)),
        work_days=_days(option, given.pop("work-days", None)),
        day_minutes=int(minutes(_A_DAY, least=1).read(option, given.pop("day"))) if "day" in given else None,
        speeds={"" if one == "speed" else one: _factor(option, value) for one, value in given.items()},
    )
    if season == Season(name, season.months):
        what = Text(f"{name}没有写与平时有什么不同", f"nothing in {name} differs from the usual months")
        raise refused(option, what, Text(f"如 {_EXAMPLE}", f"as {_EXAMPLE}"), said)
    return season


def months_of(option: str, said: str) -> tuple[int, ...]:
    """Return the months of 6-9, 11-2 or 5+7-8, in their order.

    >>> months_of("--season", "6-9"), months_of("--season", "11-2"), months_of("--season", "")
    ((6, 7, 8, 9), (11, 12, 1, 2), ())
    """
    found = list[int]()
    for part in filter(None, re.split(r"[+＋]", said.replace("月", "").replace("～", "-").replace("—", "-"))):
        one = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
        first, last = (int(one[1]), int(one[2] or one[1])) if one else (0, 0)
        if not (1 <= first <= 12 and 1 <= last <= 12):
            what = Text("月份须在 1 到 12 之间", "months are from 1 to 12")
            raise refused(option, what, Text("如 月份=6-9 或 月份=11-2", "as months=6-9 or months=11-2"), said)
        found += [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]
    if len(set(found)) < len(found):
        raise refused(
            option, Text("同一个月写了两次", "a month stands twice"), Text("各写一次", "name each once"), said
        )
    return tuple(found)


def _days(option: str, said: str | None) -> int | None:
    """Return how many days, or visits, of a month."""
    if said is None:
        return None
    if not re.fullmatch(r"\d{1,2}", said) or not 1 <= int(said) <= _MOST_DAYS:
        what = Text(f"须是 1 到 {_MOST_DAYS} 的整数", f"must be a whole number from 1 to {_MOST_DAYS}")
        raise refused(option, what, Text("改正", "correct it"), said)
    return int(said)


def _factor(option: str, said: str) -> float:
    """Return a factor of speed, as 0.6 or 60%."""
    one = re.fullmatch(r"(\d{1,3}(?:\.\d{1,4})?)([%％]?)", said)
    factor = float(one[1]) / (100 if one[2] else 1) if one else 0.0
    if not 0.01 <= factor <= 3:
        what = Text("车速写成平时的几倍，0.01 到 3", "a speed is a factor from 0.01 to 3")
        fix = Text("如 0.6 或 60%；不通的路用 封闭=", "as 0.6 or 60%; closed= for roads that are")
        raise refused(option, what, fix, said)
    return factor


@dataclass(frozen=True, kw_only=True)
class RuralQuestion(PlanQuestion):
    """How each village is served, the rounds, and the chain from village to city; `far` None: by the data."""

    # fmt: off
    few: int = option("--few", Text("居民不超过多少人算人口较少（默认 1000，参数）", "so many residents are few (default 1000)"), whole(0, 1_000_000), 1000)
    far: Limit | None = option("--far", Text("到最近的卫生室、卫生院或医院多远算交通半径大（默认 10min；没有路网时 3km，参数）", "from here on is far (default 10min; without roads 3km)"), read_by(_far, "LIMIT"))
    link_limits: Mapping[str, Limit] = option("--link-limit", Text("链条各环节的限度，如 村到乡镇=30min,到次中心=40min,到县=60min,到市=90min（可只写几个；只作标注，不作判断）",
                                                                  "limits of the chain's links, as town=30min,subcenter=40min,county=60min,city=90min; they mark, and judge nothing"),
                                              read_by(lambda option, said: _links(option, said) if said else {}, "LINK=LIMIT"), "")
    prefer: tuple[str, ...] = option("--prefer", Text("替代服务的选用次序，逗号隔开，只用列出的：巡回 round、驻村 stay、移动 mobile、邻村 neighbour（写中文或英文，默认按条款的先后）",
                                                      "kinds in the order to be tried, only these: round,stay,mobile,neighbour (default: the clause's order)"),
                                     read_by(_kinds, "KINDS"), (), group=_REMEDIES)
    round_limit: Limit | None = option("--round-limit", Text("巡回的承担机构最远多远，如 15min 或 3km（默认不限）", "farthest provider of 'round' (default: any)"), limit(), group=_REMEDIES)
    stay_limit: Limit | None = option("--stay-limit", Text("驻村的承担机构最远多远，如 15min 或 3km（默认不限）", "farthest provider of 'stay' (default: any)"), limit(), group=_REMEDIES)
    mobile_limit: Limit | None = option("--mobile-limit", Text("移动医疗的承担机构最远多远，如 15min 或 3km（默认不限）", "farthest provider of 'mobile' (default: any)"), limit(), group=_REMEDIES)
    neighbour_limit: Limit | None = option("--neighbour-limit", Text("邻村的承担机构最远多远，如 15min 或 3km（默认不限）", "farthest provider of 'neighbour' (default: any)"), limit(), group=_REMEDIES)
    visits: int = option("--visits", Text("每村每月巡回几次（默认 2）", "visits a month to each village (default 2)"), whole(1, _MOST_DAYS), 2, group=_ROUNDS)
    work_days: int = option("--work-days", Text("每月几个工作日（默认 22）", "working days a month (default 22)"), whole(1, _MOST_DAYS), 22, group=_ROUNDS)
    day_minutes: float = option("--day", Text("一天从出发到回来最长多久（默认 8h）", "from leaving to being back (default 8h)"), minutes(_A_DAY, least=1), "8h", group=_ROUNDS)
    leave: int = option("--leave", Text("几点出发（默认 08:30）", "when a team leaves (default 08:30)"), CLOCK, "08:30", group=_ROUNDS)
    visit_minutes: float = option("--service", Text("每次每村服务多久（默认 60min）", "service at each visit (default 60min)"), minutes(_A_DAY), "60min", group=_ROUNDS)
    resident_minutes: float = option("--per-resident", Text("另按居民每人多久（默认 3s）", "and for each resident (default 3s)"), minutes(60), "3s", group=_ROUNDS)
    teams: int = option("--teams", Text("每家卫生院有几支队伍（默认 1），不够的列出", "teams of each hospital (default 1)"), whole(1, 1000), 1, group=_ROUNDS)
    seasons: "tuple[Season, ...]" = option("--season", Text("某一季的巡回另排一份，可写多次，如 雨季:月份=6-9,车速=0.6,track=0.3,封闭=W12+W13,次数=1,工作日=18,一天=6h（没写的同平时）",
                                                            "another duty for a season, may be repeated, as rainy:months=6-9,speed=0.6,track=0.3,closed=W12+W13,visits=1,work-days=18,day=6h"),
                                           Kind(_seasons, "SEASON", action="append"), (), group=_ROUNDS)
    # fmt: on

    def check(self) -> None:
        check_range("--visits", self.visits, 1, self.work_days)
        for one in self.seasons:
            task = one.task(self.rounds)
            if task.visits > task.work_days:
                what = Text(
                    f"{one.name}每月 {task.visits} 次，多于 {task.work_days} 个工作日",
                    f"more visits than working days in {one.name}",
                )
                raise refused("--season", what, Text("减少次数，或写明工作日", "fewer visits, or more working days"))
        super().check()

    @property
    def limits(self) -> Mapping[str, Limit]:
        """The farthest provider by which a village may be served so, by kind."""
        given = {kind: getattr(self, f"{kind}_limit") for kind in _KINDS}
        return {kind: one for kind, one in given.items() if one is not None}

    @property
    def rounds(self) -> "RoundsTask":
        from planner.plans.rounds import RoundsTask

        return RoundsTask(
            visits=self.visits, work_days=self.work_days, day_minutes=int(self.day_minutes), start=self.leave,
            visit_minutes=self.visit_minutes, resident_minutes=self.resident_minutes, teams=self.teams,
        )  # fmt: skip


# ---- questions about a scenario: years, certainty, a comparison ----

_DATA = Text("数据文件夹（默认用方案里写的）", "folder of data (default: the scenario's)")
_OWN_RULES = Text("规则名或 .yaml（默认用方案的，再默认本市的）", "rules (default: the scenario's, else the city's)")
BASELINE = "baseline"
"""The word for the scenario that says nothing."""
SUBCENTER_LIMITS = "30min,60min"
"""The limits of sub-centres where neither options nor the scenario say any; of several where one is asked, the first."""
_BASE = Uncertainty()


def _more(about: Text, default: object) -> Text:
    """Return what is said of an option, with its default."""
    return Text(f"{about.zh}（默认 {default}）", f"{about.en} (default {default})")


@dataclass(frozen=True, kw_only=True)
class PhasesQuestion(Question):
    """In which year each site of a scenario opens: so many a year, or so much money (one of the two).

    plan    "subcenters" or "emergency"; "": the one kind that the scenario makes
    aim     "cover": people within the limit, year by year; "cost": least weighted cost
    """

    # fmt: off
    scenario: Path = option("SCENARIO", Text("方案文件（.yaml）", "scenario file (.yaml)"), path("SCENARIO"), NEEDED)
    per_year: int | None = option("--per-year", Text("每年开设几处", "sites a year"), whole(above=0), instead="rate")
    budget: float | None = option("--budget", Text("每年多少万元（按方案里各处的 cost）", "money a year, in 10,000 yuan (by the edits' cost)"), number(above=0, metavar="W"), instead="rate")
    data: Path | None = option("--data", _DATA, facts("DIR"))
    rules: str = option("--rules", _OWN_RULES, text("NAME"), "")
    first_year: int | None = option("--start", Text("第一年（默认方案、规则、数据中最晚日期的下一年）", "the first year (default: that after the last date of scenario, rules, data)"), whole(metavar="YEAR"))
    plan: str = option("--plan", Text("哪一类站点（方案里只有一类时不必给）", "which kind of site (if there are two)"), choice("subcenters", "emergency"), "")
    aim: str = option("--aim", Text("cover＝限度内的人口（默认），cost＝人口加权路程", "cover: people within the limit (default); cost: weighted way"), choice("cover", "cost"), "cover")
    limit: tuple[Limit, ...] = option("--limit", Text("限度，如 30min、5km（默认用方案里的，再默认次中心 30min、急救按条款）",
                                                      "limit (default: the scenario's, else 30min for sub-centres and the clause's for stations)"), limits(ordered=False, metavar="LIMIT"), "")
    time_limit: float = option("--time-limit", Text("求解秒数（20 处以上时用，默认 60）", "seconds to solve (above 20 sites, default 60)"), number(metavar="S"), 60.0)
    # fmt: on

    @property
    def default_limit(self) -> tuple[Limit, ...]:
        return (read_limit(SUBCENTER_LIMITS.split(",", maxsplit=1)[0]),)

    @property
    def solving(self) -> Limits:
        return Limits(seconds=self.time_limit)


def _point_error(option: str, said: str) -> float:
    return limit_of(option, said, "mm").value / 1000


def _range(option: str, said: str) -> tuple[float, float]:
    try:
        low, high = (float(one) for one in said.replace("－", "-").split("-"))
    except ValueError as error:
        raise refused(
            option, Text("写法不对", "is not written as it must be"), Text("如 10-20", "as 10-20"), said
        ) from error
    return low, high


@dataclass(frozen=True, kw_only=True)
class RobustQuestion(Question):
    """How certain a scenario's gaps and sites are. p, limits: of the sub-centre question; None and (): the scenario's."""

    # fmt: off
    scenario: str = option("SCENARIO", Text("方案文件，或 baseline（现状）", "scenario file, or baseline (the status quo)"), text("SCENARIO"), NEEDED)
    data: Path | None = option("--data", _DATA, facts("DIR"))
    rules: str = option("--rules", _OWN_RULES, text("NAME"), "")
    draws: int = option("--draws", _more(Text("抽样次数", "number of draws"), _BASE.draws), whole(), _BASE.draws)
    seed: int = option("--seed", _more(Text("随机种子：相同则结果逐字节相同", "seed: the same seed, the same bytes"), _BASE.seed), whole(), _BASE.seed)
    p: int | None = option("-p", Text("次中心个数（默认用方案里的；现状不给则不检验选址）", "number of sub-centres (default: the scenario's)"), whole(metavar="P"))
    limits: tuple[Limit, ...] = option("--limit", Text(f"次中心的限度，逗号隔开（默认用方案里的，再默认 {SUBCENTER_LIMITS}）", f"limits of sub-centres (default: the scenario's, else {SUBCENTER_LIMITS})"), limits(ordered=False), "")
    point_m: float = option("--point-error", _more(Text("点位误差，每点在此半径的圆内均匀移动", "each point moves within a disc of so much"), f"{option_text(_BASE.point_m)}m"),
                            read_by(_point_error, "DISTANCE"), _BASE.point_m)
    population: float = option("--population-error", _more(Text("人口误差（比例）", "error of residents (share)"), _BASE.population), number(metavar="S"), _BASE.population)
    estimated: float = option("--estimated-error", _more(Text("估算行的人口误差（比例）", "error of residents of estimated rows (share)"), _BASE.estimated), number(metavar="S"), _BASE.estimated)
    speed: float = option("--speed-error", _more(Text("时速误差（比例，整张表同乘一个系数）", "error of all speeds together (share)"), _BASE.speed), number(metavar="S"), _BASE.speed)
    rural_km: tuple[float, float] = option("--rural-km", _more(Text("农村半径参数的范围（公里）", "range of the rural radius (km)"), "-".join(map(option_text, _BASE.rural_km))), read_by(_range, "A-B"), _BASE.rural_km)
    certain: float = option("--certain", _more(Text("出现比例不低于此为“确定”", "share of draws from which it is certain"), _BASE.certain), number(metavar="S"), _BASE.certain)
    likely: float = option("--likely", _more(Text("出现比例不低于此为“可能”，更低为“敏感”", "share from which it is likely; below: sensitive"), _BASE.likely), number(metavar="S"), _BASE.likely)
    # fmt: on

    @property
    def uncertainty(self) -> Uncertainty:
        return Uncertainty(**{one.name: getattr(self, one.name) for one in fields(Uncertainty)})

    @property
    def default_limits(self) -> tuple[Limit, ...]:
        return limits_of("--limit", SUBCENTER_LIMITS)

    @property
    def path(self) -> Path | None:
        return None if self.scenario == BASELINE else Path(self.scenario)


@dataclass(frozen=True, kw_only=True)
class CompareQuestion(Question):
    """Scenario files, or the word baseline, side by side; data and rules where the files do not name them."""

    # fmt: off
    names: tuple[str, ...] = option("SCENARIO", Text("方案文件（见 fugai schema），或 baseline（现状）；其余各个都与第一个比",
                                                     "scenario files (see fugai schema), or baseline; each is compared with the first"), Kind(as_tuple, "SCENARIO", nargs="*"), ())
    out: Path = option("--out", OUT_FOLDER, OUT, NEEDED)
    data: tuple[Path, ...] = option("--data", Text("数据文件夹（默认用方案文件里写的）", "folder of data (default: that of the scenario files)"), Kind(lambda _, value: tuple(map(facts_folder, value)), "DIR", action="append"), ())
    rules: str = option("--rules", Text("规则名或 .yaml 文件（默认用方案文件里写的，再默认本市的）", "rules (default: the files', else the city's)"), text("RULES"), "")
    noticed: tuple[Limit, ...] = option("--noticed", Text("到最近机构的距离、时间至少差多少才算变近或变远（默认 100m,1min，参数）",
                                                          "by how much a way must differ to count as nearer or farther (default 100m,1min)"),
                                        read_by(lambda option, said: limits_of(option, said, mixed=True) if said else (), "100m,1min"), "")
    # fmt: on

    def check(self) -> None:
        units = [one.unit for one in self.noticed]
        if len(set(units)) < len(units):
            fix = Text("距离、时间各写一个，如 100m,1min", "one distance and one time, as 100m,1min")
            found = "，".join(one.said for one in self.noticed)
            raise refused("--noticed", Text("同一种量写了两次", "the same twice"), fix, found)
        super().check()
