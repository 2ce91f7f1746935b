"""The options that all plans share, and how limits in them are read."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.limits import Limit, read_limit
from planner.standards import standard_names
from planner.text import option_text

if TYPE_CHECKING:
    from planner.siting.question import Limits

Option = tuple[tuple[str, ...], Text, dict[str, Any]]
Options = tuple[Option, ...]
FILE: dict[str, Any] = {"type": Path, "metavar": "FILE"}
IDS: dict[str, Any] = {"metavar": "IDS"}
_RULES = "、".join(standard_names())
TIME_LIMIT: Option = (("--time-limit",), Text("每一步求解的秒数（默认 60）；没有证明的写“可行方案”，给出界和差距", "seconds of each solve (default 60)"), {"type": float, "default": 60.0, "metavar": "S"})  # fmt: skip
COMMON: Options = (
    (("--rules",), Text(f"规则名（可用：{_RULES}）或 .yaml 文件（默认本市的）", f"rules ({_RULES}) or a .yaml file (default: the city's own)"), {"metavar": "NAME", "default": ""}),
    (("--out",), Text("输出文件夹", "output folder"), {"type": Path, "required": True, "metavar": "OUT"}),
    (("--scenario",), Text("从这个方案开始（它的改动算已经做了），见 fugai schema", "start from this scenario, as if done"), FILE),
    TIME_LIMIT,
)  # fmt: skip


def add(parser: argparse.ArgumentParser, options: Options, language: Language) -> None:
    """Add DATA and the options."""
    said = Text("数据文件夹（见 fugai template）", "folder of data (see fugai template)")
    parser.add_argument("data", type=Path, metavar="DATA", help=said.say(language))
    for names, about, more in options:
        parser.add_argument(*names, help=about.say(language).replace("%", "%%"), **more)


def wrong(option: str, what: Text, fix: Text, found: object = "") -> OptionError:
    """Return the error of one option."""
    return OptionError(Problem(option, what, fix, found=str(found)))


def limits_of(option: str, said: str) -> tuple[Limit, ...]:
    """Return the limits of a list with commas, the smallest first, all of one unit."""
    words = [one for one in said.replace("，", ",").replace("、", ",").split(",") if one.strip()]
    example = Text("写明单位，如 30min,60min 或 10km,20km", "with its unit, as 30min,60min or 10km,20km")
    try:
        limits = [read_limit(one) for one in words]
    except ValueError as error:
        raise wrong(option, Text("限度没有单位或不对", "a limit without a unit, or wrong"), example, said) from error
    if not limits or len({one.unit for one in limits}) > 1:
        what = Text("要有限度，距离和时间不能混用", "a limit is needed, and distances and times cannot be mixed")
        raise wrong(option, what, example, said)
    return tuple(sorted({one.value: one for one in limits}.values(), key=lambda one: one.value))


def distance(option: str, said: str | None) -> Limit | None:
    """Return a distance, None where none is given; 0 means none."""
    if said is None or said.strip() in {"0", "0km", "0m"}:
        return None
    (limit,) = limits_of(option, said)[:1]
    if limit.unit != "mm":
        raise wrong(option, Text("须是距离", "must be a distance"), Text("如 10km", "as 10km"), said)
    return limit


def ids_of(option: str, said: str | None) -> tuple[str, ...] | None:
    """Return the ids of an option (with commas, or one a line in @FILE); None where it is not given."""
    if said is None:
        return None
    from scenarios.site_files import read_ids

    return read_ids(option, said)


def id_files(*said: str | None) -> tuple[Path, ...]:
    """Return the files that options with ids were read from."""
    return tuple(Path(one[1:]) for one in said if one and one.startswith("@"))


def in_range(option: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is out of range (or none at all)."""
    if not low <= value <= high:
        what = Text(
            f"须在 {option_text(low)} 与 {option_text(high)} 之间",
            f"must be between {option_text(low)} and {option_text(high)}",
        )
        raise wrong(option, what, Text("改正", "correct it"), option_text(value))


def solving(options: argparse.Namespace) -> "Limits":
    """Return how long each solve may take."""
    from planner.siting.question import Limits

    in_range("--time-limit", options.time_limit, 0.01, 1e6)
    return Limits(seconds=options.time_limit)


def tell(lines: list[Text], language: Language) -> None:
    """Print the lines."""
    for line in lines:
        print(printable(line.say(language)))
