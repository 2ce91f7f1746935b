"""The options about roads of an assessment: speeds, closed roads, dispatch, response time, snapping distance."""

import argparse
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text
from planner.limits import read_limit

if TYPE_CHECKING:
    from scenarios.ways import RoadChoices

MAX_SNAP = "2km"
_PERIODS = {
    "day": "day",
    "night": "night",
    "白天": "day",
    "日间": "day",
    "夜间": "night",
    "夜晚": "night",
    "晚上": "night",
}
_MOST_MINUTES = 24 * 60


def _period(text: str) -> str:
    return _PERIODS.get(text.strip().lower(), text)


def _minutes(text: str) -> float:
    """Return the minutes that 30, 30min, 30分钟 or 0.5h say."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        limit = read_limit(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}'：写分钟数，如 15 或 15min (write minutes)") from error
    if limit.unit != "ms":
        raise argparse.ArgumentTypeError(f"'{text}'：不是时间，写分钟数，如 15 或 15min (not a time)")
    return limit.value / _MS_PER_MINUTE


_MS_PER_MINUTE = 60_000
_OPTIONS: tuple[tuple[str, Text, dict[str, Any]], ...] = (
    ("--speeds", Text("各等级道路的时速表（road_class、speed_kmh，可加 period 列），另报到达时间",
                      "speeds (road_class, speed_kmh, perhaps period); times are reported as well"),
     {"type": Path, "metavar": "FILE"}),
    ("--period", Text("时速表分白天、夜间时用哪一个：白天、夜间（或 day、night）", "which period of the speeds: day or night"),
     {"type": _period, "choices": ["day", "night"], "default": "", "metavar": "day|night"}),
    ("--speeds-override", Text("时速表代替路段自带的时速（默认以自带为准）", "the table replaces the roads' own speeds, which else come first"),
     {"action": "store_true"}),
    ("--closed", Text("封闭的道路：路段编号，逗号隔开；或面图形文件（碰到的路段都封闭）",
                      "closed roads: ids with commas, or a file of polygons (all edges that meet them)"),
     {"default": "", "metavar": "IDS|FILE"}),
    ("--delay", Text("急救调度时间，如 3min、90s，另报到达时间", "dispatch, as 3min or 90s; times are reported as well"),
     {"metavar": "TIME"}),
    ("--minutes", Text("响应时间的参数（分钟，默认用规则里的假设）", "response time in minutes (default: the rules' assumption)"),
     {"type": _minutes, "metavar": "N"}),
    ("--max-snap", Text("离路多远以内算能上路（默认 2km）", "how far from a road still joins it (default 2km)"),
     {"default": "", "metavar": "LIMIT"}),
)  # fmt: skip


def add_road_options(parser: argparse.ArgumentParser, language: Language, *, judged: bool = True) -> None:
    """Add the options about roads, which stand together in the help; without --minutes where nothing is judged."""
    group = parser.add_argument_group(Text("道路（有路网时）", "roads (where there are some)").say(language))
    for name, said, options in _OPTIONS:
        if judged or name != "--minutes":
            group.add_argument(name, help=said.say(language), **options)


def given(options: argparse.Namespace, names: Iterable[str]) -> list[str]:
    """Return those of the options (as "--max-snap") that were given."""
    return [name for name in names if getattr(options, name.removeprefix("--").replace("-", "_"), None)]


NAMES = tuple(name for name, _, _ in _OPTIONS)
TIMED = ("--speeds", "--period", "--speeds-override", "--delay")
"""The options that mean something only where time is asked for."""


def read_choices(options: argparse.Namespace) -> "RoadChoices":
    """Return what the options say; OptionError and DataError as the words and files deserve."""
    from geodata.closures import is_area_file, read_area
    from geodata.speeds import read_speeds
    from scenarios.ways import RoadChoices

    if options.period and options.speeds is None:
        raise _wrong(
            "--period", Text("没有时速表", "there is no table of speeds"), Text("加上 --speeds", "add --speeds")
        )
    if options.speeds_override and options.speeds is None:
        raise _wrong(
            "--speeds-override",
            Text("没有时速表", "there is no table of speeds"),
            Text("加上 --speeds", "add --speeds"),
        )
    minutes = getattr(options, "minutes", None)
    if minutes is not None and not 0 < minutes <= _MOST_MINUTES:
        fix = Text("写分钟数，如 15", "write minutes, as 15")
        raise _wrong("--minutes", Text("不在 0 到 1440 之间", "not between 0 and 1440"), fix, str(minutes))
    speeds = read_speeds(options.speeds, options.period) if options.speeds else {}
    is_file = is_area_file(options.closed)
    files = [(options.speeds, len(speeds))] if options.speeds else []
    files += [(Path(options.closed), 1)] if is_file else []
    area = read_area(Path(options.closed)) if is_file else None
    ids = [] if is_file else options.closed.replace("，", ",").split(",")
    return RoadChoices(
        speeds=speeds,
        period=options.period,
        closed=frozenset(one.strip() for one in ids if one.strip()),
        closed_area=area,
        delay_s=measured("--delay", options.delay, "ms") / 1000 if options.delay else 0.0,
        minutes=minutes,
        max_snap_m=measured("--max-snap", options.max_snap or MAX_SNAP, "mm") / 1000,
        own_speeds=not options.speeds_override,
        files=tuple(_source(path, rows) for path, rows in files),
    )


def _source(path: Path, rows: int) -> Any:
    from planner.region import Source

    return Source(path.name, sha256(path.read_bytes()).hexdigest(), rows)


def measured(option: str, text: str, unit: str) -> int:
    """Return whole milliseconds or millimetres; OptionError without the unit or with one of the other kind."""
    fix = (
        Text("写明单位，如 3min、90s", "as 3min or 90s")
        if unit == "ms"
        else Text("写明单位，如 2km、800m", "as 2km or 800m")
    )
    try:
        limit = read_limit(text)
    except ValueError as error:
        raise _wrong(option, Text("没有单位或不对", "without a unit, or wrong"), fix, text) from error
    if limit.unit != unit:
        raise _wrong(option, Text("单位不对", "the wrong kind of unit"), fix, text)
    return limit.value


def weld_of(options: argparse.Namespace) -> float:
    """Return the metres of --weld, 0 without; OptionError for a file of roads that says itself what meets, and for too much."""
    from geodata.files import VECTORS
    from geodata.roads_weld import MOST_WELD_M

    if not options.weld:
        return 0.0
    metres = measured("--weld", options.weld, "mm") / 1000
    if metres > MOST_WELD_M:
        fix = Text("先试 1m", "try 1m first")
        raise _wrong(
            "--weld",
            Text("太远，会把不相干的路接上", "too far: it would join roads that have nothing in common"),
            fix,
            options.weld,
        )
    if options.roads is None:
        fix = Text(
            f"加上 --roads；数据文件夹的路网，在 about.yaml 写 weld: {options.weld}",
            f"give --roads; for the roads of a folder write 'weld: {options.weld}' in about.yaml",
        )
        raise _wrong("--weld", Text("只用于 --roads 的路网", "is for the file of --roads only"), fix)
    if not options.roads.name.lower().endswith(VECTORS):
        what = Text("这种路网自己说明哪里相接，不需要接", "such a file says itself what meets")
        raise _wrong("--weld", what, Text("去掉它", "drop it"), options.roads.name)
    return metres


def _wrong(option: str, what: Text, fix: Text, found: str = "") -> OptionError:
    return OptionError(Problem(option, what, fix, found=found))
