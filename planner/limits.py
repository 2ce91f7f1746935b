"""Limits as people write them: 5km, 800m, 30min, 90s, 8公里, 30分钟; a bare number has no unit and is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from planner.errors import Text, refused

Unit = Literal["mm", "ms"]
_UNITS: dict[str, tuple[Unit, int]] = {
    "km": ("mm", 1_000_000), "公里": ("mm", 1_000_000), "千米": ("mm", 1_000_000), "m": ("mm", 1_000), "米": ("mm", 1_000),
    "h": ("ms", 3_600_000), "小时": ("ms", 3_600_000), "min": ("ms", 60_000), "分钟": ("ms", 60_000), "分": ("ms", 60_000),
    "s": ("ms", 1_000), "秒": ("ms", 1_000),
}  # fmt: skip
_PATTERN = re.compile(
    rf"\s*([0-9]+(?:\.[0-9]+)?)\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\s*", re.IGNORECASE
)
NEED_LIMIT = ("lscp", "mclp", "backup")
"""The models of siting that ask who is within a limit."""
MOST = 2**32 - 2
_QUOTED = Text('写成带引号的 "5km"、"800m" 这样', 'write "5km" or "800m", in quotes')


@dataclass(frozen=True)
class Limit:
    """A limit in whole millimetres or milliseconds, and the words it was given in."""

    value: int
    unit: Unit
    said: str


def units(unit: Unit) -> tuple[str, ...]:
    """Return the words for units of distance ("mm") or of time ("ms")."""
    return tuple(word for word, (kind, _) in _UNITS.items() if kind == unit)


def read_limit(text: str) -> Limit:
    """Return the limit that `text` says; ValueError for a missing or unknown unit, or a number out of range.

    >>> read_limit("5km"), read_limit("30 分钟").value
    (Limit(value=5000000, unit='mm', said='5km'), 1800000)
    >>> read_limit("5")
    Traceback (most recent call last):
    ValueError: '5' has no unit: write 5km, 800m, 30min or 90s
    """
    found = _PATTERN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} has no unit: write 5km, 800m, 30min or 90s")
    unit, factor = _UNITS[found[2].lower()]
    exact = float(found[1]) * factor
    value = round(exact) if exact <= MOST else MOST + 1  # a number of 400 digits is infinite
    if not 0 < value <= MOST:
        raise ValueError(f"{text!r} is out of range")
    return Limit(value, unit, text.strip())


_LIKE: Mapping[Unit | None, Text] = MappingProxyType(
    {
        "mm": Text("写明单位，如 2km、500m", "with its unit, as 2km or 500m"),
        "ms": Text("写明单位，如 30min、90s", "with its unit, as 30min or 90s"),
        None: Text(
            "写明单位，如 5km、800m、30min、90s；大于 0，不超过 4294 公里或 49 天",
            "with its unit: 5km, 800m, 30min, 90s; above 0, at most 4294 km or 49 days",
        ),
    }
)


def limits_of(option: str, text: str, unit: Unit | None = None, *, mixed: bool = False) -> tuple[Limit, ...]:
    """Return the limits between the commas of an option, each once; OptionError without any, or of another unit.

    `unit`: that which they must have; None for either, and for both at once where they may be `mixed`.

    >>> [one.said for one in limits_of("--limit", "30min，60min")]
    ['30min', '60min']
    """
    found = []
    for part in (one for one in re.split("[,，、]", text) if one.strip()):
        try:
            found.append(read_limit(part))
        except ValueError as error:
            raise refused(
                option, Text("限度没有单位或不对", "a limit without a unit, or wrong"), _LIKE[unit], text
            ) from error
    if unit is not None and any(one.unit != unit for one in found):
        what = Text("单位不对：须是距离", "the wrong kind of unit: it must be a distance")
        if unit == "ms":
            what = Text("单位不对：须是时间", "the wrong kind of unit: it must be a time")
        raise refused(option, what, _LIKE[unit], text)
    if not found or (len({one.unit for one in found}) > 1 and not mixed):
        what = Text("要有限度，距离和时间不能混用", "a limit is needed, and distances and times cannot be mixed")
        raise refused(option, what, _LIKE[unit], text)
    return tuple({(one.unit, one.value): one for one in reversed(found)}.values())[::-1]


def limit_of(option: str, text: str, unit: Unit | None = None) -> Limit:
    """Return the one limit of an option; OptionError as of `limits_of`, and for more than one.

    >>> limit_of("--delay", "90s", "ms").value
    90000
    """
    found = limits_of(option, text, unit)
    if len(found) > 1:
        raise refused(option, Text("只能有一个", "there can be one only"), _LIKE[unit], text)
    return found[0]


def as_limit(limit: object, like: Text = _QUOTED) -> Limit:
    """Return a limit in words ("5km"), or read already; OptionError for anything else.

    A bare number is refused: whether 5000 are metres, millimetres or milliseconds only who wrote it knows.
    """
    if not isinstance(limit, str | Limit):
        what = Text("限度没有写单位", "a limit without its unit")
        raise refused("limit", what, like, limit)
    try:
        return read_limit(limit) if isinstance(limit, str) else limit
    except ValueError as error:
        what = Text("限度的写法不对", "a limit is not written as it must be")
        raise refused("limit", what, like, limit) from error


def whole_units(limit: object, unit: str) -> int:
    """Return a limit in words ("5km"), or read already, in whole `unit`s (mm or ms); OptionError for anything else.

    >>> whole_units("5km", "mm"), whole_units(read_limit("30min"), "ms")
    (5000000, 1800000)
    >>> whole_units(5000, "mm")
    Traceback (most recent call last):
    planner.errors.OptionError: limit：限度没有写单位（现为“5000”）。写成带引号的 "5km"、"800m" 这样。
    """
    like = _QUOTED if unit == "mm" else Text('写成带引号的 "30min"、"90s" 这样', 'write "30min" or "90s", in quotes')
    read = as_limit(limit, like)
    if read.unit != unit:
        what = (
            Text("这里按时间计", "time is counted here")
            if unit == "ms"
            else Text("这里按距离计", "distance is counted here")
        )
        raise refused("limit", what, like, read.said)
    return read.value
