"""How numbers are written for people: once for terminal, map, workbook, list and sentence.

    counted    people, places        whole, thousands with a comma
    measured   kilometres            two decimals
               minutes, hours        one decimal
               metres                whole
               other (a rate, …)     whole where it is whole, else two decimals
    set        a limit, a cost       as somebody wrote it, no decimals added or lost
    shares     per cent              two decimals; of few draws or of estimates, whole

Whatever is rounded: all is never said of less than all, nor nothing of more than nothing; numbers that stand side by side
look different where they are (`apart`), and what is over a limit looks so (`over_text`). What is unknown is "—".
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from planner.errors import Text

if TYPE_CHECKING:
    import numpy.typing as npt

UNKNOWN = "—"
UNITS = "个"
Basis = Literal["people", "units", "unit"]
"""The unit of a value that counts the units (towns, villages) that meet a rule, out of all that were judged."""
SHARE_DIGITS = 2
_MOST_DIGITS = 12
Number = float | Fraction | None


class Measure(NamedTuple):
    """How a cost in whole mm or ms is written: how many of them are one unit, the unit, and its decimals."""

    per_unit: int
    unit: Text
    digits: int


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "mm": Measure(1_000_000, Text("公里", "km"), 2),
        "ms": Measure(60_000, Text("分钟", "min"), 1),
        "table": Measure(1, Text("", ""), 2),
    }
)
"""By the unit of a cost; a table of costs has no unit that is known."""
METRES_TEXT = Text("米", "m")
CELLS: Mapping[str, str] = MappingProxyType(
    {
        "number": "#,##0",
        "kilometres": '[=0]0;[<0.005]"不到 0.01";#,##0.00',
        "minutes": '[=0]0;[<0.05]"不到 0.1";#,##0.0',
        "hours": '[=0]0;[<0.05]"不到 0.1";#,##0.0',
        "metres": '[=0]0;[<0.5]"不到 1";#,##0',
        "rate": "#,##0.00",
        "money": "#,##0.00",
    }
)
"""The same rules as number formats of a workbook, whose cells hold the number as it is; "rate" also for differences."""
WAY_CELLS: Mapping[str, str] = MappingProxyType({"mm": "kilometres", "ms": "minutes", "table": "rate"})
"""The format of a cell with a cost in kilometres or minutes, by the unit of the cost."""


def share_text(share: Number, digits: int = SHARE_DIGITS) -> str:
    """Return a share in per cent, half up.

    >>> share_text(0.86265), share_text(0.999999), share_text(1.0), share_text(0.000001), share_text(0.0)
    ('86.27%', '99.99%', '100.00%', '0.01%', '0.00%')
    >>> share_text(1.0000001), share_text(float("nan")), share_text(None)
    ('100.01%', '—', '—')
    """
    exact = _exact(share)
    if exact is None:
        return UNKNOWN
    whole, steps = 100 * 10**digits, _half_up(exact * 100 * 10**digits)
    if steps == whole and exact != 1:
        steps += 1 if exact > 1 else -1
    elif steps == 0 and exact:
        steps = 1 if exact > 0 else -1
    return f"{_decimals(steps, digits)}%"


def share_of(part: float, whole: float) -> str:
    """Return a part of a whole in per cent, "—" where there is no whole.

    >>> share_of(3, 4), share_of(99_999_999, 100_000_000), share_of(0, 0)
    ('75.00%', '99.99%', '—')
    """
    a, b = _exact(part), _exact(whole)
    return UNKNOWN if a is None or not b else share_text(a / b)


def shares_apart(shares: Sequence[Number]) -> list[str]:
    """Return the shares with as many decimals as it takes for different ones to look different.

    >>> shares_apart([Fraction(1, 3), Fraction(1, 3)])
    ['33.33%', '33.33%']
    >>> shares_apart([Fraction(333333, 1000000), Fraction(333334, 1000000), None])
    ['33.3333%', '33.3334%', '—']
    """
    texts: list[str] = []
    for digits in range(SHARE_DIGITS, _MOST_DIGITS + 1):
        texts = [share_text(one, digits) for one in shares]
        if len(set(texts)) == len({_exact(one) for one in shares}):
            break
    return texts


def percent_text(share: Number) -> str:
    """Return a share of draws, or one that is not known better, in whole per cent.

    >>> percent_text(0.9999), percent_text(1.0), percent_text(0.001), percent_text(0.125), percent_text(float("nan"))
    ('>99%', '100%', '<1%', '13%', '—')
    """
    exact = _exact(share)
    if exact is None:
        return UNKNOWN
    if Fraction(99, 100) < exact < 1:
        return ">99%"
    return "<1%" if 0 < exact < Fraction(1, 100) else share_text(exact, 0)


def count_text(count: Number) -> str:
    """Return so many, whole.

    >>> count_text(1234567), count_text(0.2), count_text(0), count_text(float("nan"))
    ('1,234,567', '不到 1', '0', '—')
    """
    return _measured(count, 0)


def people_text(people: Number) -> str:
    """Return so many people.

    >>> people_text(1234.0), people_text(float("nan"))
    ('1,234 人', '—')
    """
    return _with(count_text(people), "人")


def wan_text(people: Number) -> str:
    """Return so many people in ten thousands, with one decimal, for where there is little room; below that whole.

    >>> wan_text(36_500), wan_text(9_999), wan_text(float("nan"))
    ('3.7 万', '9,999', '—')
    """
    exact = _exact(people)
    return f"{_measured(exact / 10_000, 1)} 万" if exact is not None and exact >= 10_000 else count_text(people)


def known_text(people_no_data: Number) -> str:
    """Return what is said beside a value that leaves people out because their case is not known; "" where it leaves out none.

    >>> known_text(39_000), known_text(0)
    ('（只算有数据的；没有数据的涉及 39,000 人）', '')
    """
    return f"（只算有数据的；没有数据的涉及 {people_text(people_no_data)}）" if people_no_data else ""


def number_text(value: Number, digits: int = 2) -> str:
    """Return a number that was measured or reckoned, such as beds per thousand: whole, or with two decimals.

    >>> number_text(6.477462933), number_text(6.5), number_text(1500), number_text(0.0004), number_text(float("nan"))
    ('6.48', '6.50', '1,500', '0.0004', '—')
    """
    return apart([value], digits)[0]


def apart(values: Sequence[Number], digits: int = 2) -> list[str]:
    """Return numbers with as many decimals as it takes for different ones to look different, whole ones with none.

    >>> apart([6.4998, 6.5]), apart([6.477462933, 6.5]), apart([2, 1, math.nan])
    (['6.4998', '6.5000'], ['6.48', '6.50'], ['2', '1', '—'])
    """
    exact = [_exact(one) for one in values]
    known = {one for one in exact if one is not None}
    if all(one.denominator == 1 for one in known):
        return [UNKNOWN if one is None else f"{one.numerator:,}" for one in exact]
    while digits < _MOST_DIGITS:
        steps = {_half_up(one * 10**digits) for one in known | {Fraction(0)}}
        if len(steps) == len(known | {Fraction(0)}):
            break
        digits += 1
    return [UNKNOWN if one is None else _decimals(_half_up(one * 10**digits), digits) for one in exact]


def exact_text(value: Number) -> str:
    """Return a number that somebody set, as it was written.

    >>> exact_text(30.0), exact_text(0.5), exact_text(1234567), exact_text(0.1 + 0.2), exact_text(math.nan)
    ('30', '0.5', '1,234,567', '0.3', '—')
    """
    exact = _exact(value)
    if exact is None:
        return UNKNOWN
    if exact.denominator == 1:
        return f"{exact.numerator:,}"
    text = _decimals(_half_up(exact * 10**_MOST_DIGITS), _MOST_DIGITS)
    return text.rstrip("0").rstrip(".")


def exact_percent(share: Number) -> str:
    """Return a share that somebody set, as it was written.

    >>> exact_percent(0.025), exact_percent(0.3)
    ('2.5%', '30%')
    """
    exact = _exact(share)
    return UNKNOWN if exact is None else f"{exact_text(exact * 100)}%"


def money_text(value: Number) -> str:
    """Return a sum in 万元, as it was written.

    >>> money_text(1234567.5), money_text(math.nan)
    ('1,234,567.5 万元', '—')
    """
    return _with(exact_text(value), "万元")


def amount_words(cost: Number, unit: str) -> Text:
    """Return a cost that was measured: kilometres for mm, minutes for ms, a bare number for a table's.

    >>> amount_words(90_000, "ms"), amount_words(12_345_678, "mm").en
    (Text(zh='1.5 分钟', en='1.5 min'), '12.35 km')
    """
    per_unit, word, digits = MEASURES[unit]
    exact = _exact(cost)
    value = None if exact is None else exact / per_unit
    if unit == "table":
        return Text(number_text(value), number_text(value))
    return Text(_with(_measured(value, digits), word.zh), _with(_measured(value, digits, "<"), word.en))


def amount_text(cost: Number, unit: str) -> str:
    """Return a cost that was measured, in Chinese.

    >>> amount_text(90_000, "ms"), amount_text(100, "ms"), amount_text(2_500_000, "mm"), amount_text(0, "mm")
    ('1.5 分钟', '不到 0.1 分钟', '2.50 公里', '0 公里')
    """
    return amount_words(cost, unit).zh


def amount_texts(costs: "npt.NDArray[Any]", unit: str) -> list[str]:
    """Return many costs in whole mm or ms in Chinese, each as `amount_text` does: those that round alike are put once.

    >>> import numpy as np
    >>> amount_texts(np.array([90_000.0, np.nan, 100, 0, 90_001]), "ms")
    ['1.5 分钟', '—', '不到 0.1 分钟', '0 分钟', '1.5 分钟']
    """
    import numpy as np  # the words of a help need no arrays

    per_unit, _, digits = MEASURES[unit]
    known = np.isfinite(costs)
    whole = np.where(known, costs, 0).astype(np.int64)
    steps = (2 * whole * 10**digits + int(per_unit)) // (2 * int(per_unit))
    _, first, back = np.unique(np.where(known, 2 * steps + (whole > 0), -1), return_index=True, return_inverse=True)
    return np.array([amount_text(costs[one], unit) for one in first], object)[back].tolist()


def amounts_apart(costs: Sequence[Number], unit: str) -> list[Text]:
    """Return costs so that different ones look different.

    >>> [one.zh for one in amounts_apart([5_000_001, 5_000_002], "mm")]
    ['5.000001 公里', '5.000002 公里']
    >>> [one.en for one in amounts_apart([1_800_200, 1_800_000], "ms")]
    ['30.003 min', '30.000 min']
    """
    per_unit, word, digits = MEASURES[unit]
    exact = [_exact(one) for one in costs]
    texts = [amount_words(one, unit) for one in exact]
    while len(set(texts)) < len(set(exact)) and digits < _MOST_DIGITS:
        digits += 1
        said = [_measured(None if one is None else one / per_unit, digits) for one in exact]
        texts = [Text(_with(one, word.zh), _with(one, word.en)) for one in said]
    return texts


def limit_words(cost: Number, unit: str) -> Text:
    """Return a limit that somebody set, as it was written.

    >>> limit_words(1_800_000, "ms"), limit_words(7_500_000, "mm").en
    (Text(zh='30 分钟', en='30 min'), '7.5 km')
    """
    per_unit, word, _ = MEASURES[unit]
    exact = _exact(cost)
    said = UNKNOWN if exact is None else exact_text(exact / per_unit)
    return Text(_with(said, word.zh), _with(said, word.en))


def limit_text(cost: Number, unit: str) -> str:
    """Return a limit that somebody set, in Chinese.

    >>> limit_text(90_000, "ms"), limit_text(4_000_000, "mm")
    ('1.5 分钟', '4 公里')
    """
    return limit_words(cost, unit).zh


def metres_text(metres: Number) -> str:
    """Return a distance in whole metres.

    >>> metres_text(1250.4), metres_text(0.2), metres_text(math.nan)
    ('1,250 米', '不到 1 米', '—')
    """
    return _with(_measured(metres, 0), METRES_TEXT.zh)


def hours_text(hours: Number) -> Text:
    """Return hours of work or of driving.

    >>> hours_text(7.25), hours_text(0.01).zh
    (Text(zh='7.3 小时', en='7.3 h'), '不到 0.1 小时')
    """
    return Text(_with(_measured(hours, 1), "小时"), _with(_measured(hours, 1, "<"), "h"))


def clock_text(seconds: int) -> str:
    """Return the time of day, rounded up to the minute.

    >>> clock_text(8 * 3600 + 1801), clock_text(25 * 3600)
    ('08:31', '25:00')
    """
    minutes = -(-seconds // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def over_text(value: Number, most: float, digits: int) -> str:
    """Return a number with so many decimals, and more where the rounded one would not be over `most` as it is.

    >>> over_text(15.004, 15, 1), over_text(14.96, 15, 1), over_text(1250.2, 1250, 0), over_text(math.nan, 15, 1)
    ('15.004', '15.0', '1,250.2', '—')
    """
    exact, top = _exact(value), _exact(most)
    if exact is None or top is None:
        return UNKNOWN if exact is None else _measured(exact, digits)
    while exact > top and Fraction(_half_up(exact * 10**digits), 10**digits) <= top and digits < _MOST_DIGITS:
        digits += 1
    return _measured(exact, digits)


def change_text(before: Number, after: Number) -> str:
    """Return the change of a number with its sign, "不变" where there is none, "—" where a side has no such number.

    >>> change_text(3, 3), change_text(1000, 3500), change_text(2, 1), change_text(math.nan, 1), change_text(None, None)
    ('不变', '+2,500', '-1', '—', '—')
    """
    a, b = _exact(before), _exact(after)
    if a is None or b is None:
        return UNKNOWN
    return "不变" if a == b else signed_text(b - a)


def signed_text(value: Number) -> str:
    """Return a difference with its sign.

    >>> signed_text(2500), signed_text(-0.0234), signed_text(0), signed_text(math.nan)
    ('+2,500', '-0.02', '0', '—')
    """
    exact = _exact(value)
    return UNKNOWN if exact is None else ("+" if exact > 0 else "") + number_text(exact)


def point_change(before: Number, after: Number) -> str:
    """Return the change of a share in percentage points: "不变" only where nothing changed, and never a change of ±0.

    >>> point_change(Fraction(1, 2), Fraction(3, 4)), point_change(Fraction(2, 4), Fraction(1, 2))
    ('+25.00 个百分点', '不变')
    >>> point_change(Fraction(1, 1000000), Fraction(0)), point_change(None, None)
    ('-0.0001 个百分点', '—')
    """
    a, b = _exact(before), _exact(after)
    if a is None or b is None:
        return UNKNOWN
    if a == b:
        return "不变"
    digits = SHARE_DIGITS
    while _half_up((b - a) * 100 * 10**digits) == 0:
        digits += 1
    sign = "+" if b > a else ""
    return f"{sign}{_decimals(_half_up((b - a) * 100 * 10**digits), digits)} 个百分点"


_BASES: Mapping[str, Basis] = MappingProxyType({"share": "people", UNITS: "units"})


def basis_of(unit: str) -> Basis:
    """Return what a value in this unit tells of: a part of the people, of the units that are added up, or one unit by itself.

    >>> basis_of("share"), basis_of("个"), basis_of("张/千人")
    ('people', 'units', 'unit')
    """
    return _BASES.get(unit, "unit")


def value_texts(pairs: Sequence[tuple[Number, Number]], unit: str) -> list[str]:
    """Return values of one unit, each with what is required of it, so that different numbers look different.

    A share in per cent; units out of all that were judged; anything else with its unit, its requirement told elsewhere.

    >>> value_texts([(6.4998, 6.5)], "张/千人"), value_texts([(3, 5), (4, 5)], "个"), value_texts([(0.99999, 1)], "share")
    (['6.4998 张/千人'], ['3 / 5 个', '4 / 5 个'], ['99.99%'])
    """
    if basis_of(unit) == "people":
        return shares_apart([value for value, _ in pairs])
    numbers = apart([one for pair in pairs for one in pair])
    out = []
    for value, required in zip(numbers[::2], numbers[1::2], strict=True):
        of = f" / {required}" if basis_of(unit) == "units" and required != UNKNOWN else ""
        out.append(_with(value, "") if value == UNKNOWN else f"{value}{of} {unit}".rstrip())
    return out


def value_text(value: Number, unit: str, required: Number = None) -> str:
    """Return a value with its unit, and of how many where it counts units.

    >>> value_text(6.477462933, "张/千人", 6.5), value_text(2, "所", 1), value_text(3, "个", 5), value_text(math.nan, "个")
    ('6.48 张/千人', '2 所', '3 / 5 个', '—')
    """
    return value_texts([(value, required)], unit)[0]


def option_text(value: Number) -> str:
    """Return a number as one types it in an option or a file: exact, and without commas.

    >>> option_text(14559.0), option_text(0.5)
    ('14559', '0.5')
    """
    return exact_text(value).replace(",", "")


def coordinate_text(value: Number, digits: int = 6) -> str:
    """Return a longitude or latitude: six decimals are a decimetre.

    >>> coordinate_text(101.7), coordinate_text(26.58123456)
    ('101.7', '26.581235')
    """
    exact = _exact(value)
    return UNKNOWN if exact is None else exact_text(Fraction(_half_up(exact * 10**digits), 10**digits))


def _exact(value: Number) -> Fraction | None:
    """Return the number as it is written, not as it is stored; None where it is unknown or without end."""
    if value is None or isinstance(value, Fraction):
        return value
    value = float(value)
    if value.is_integer():
        return Fraction(int(value))
    return Fraction(repr(value)) if math.isfinite(value) else None


def _half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def _decimals(steps: int, digits: int) -> str:
    return f"{Decimal(steps).scaleb(-digits):,.{digits}f}"


def _measured(value: Number, digits: int, less: str = "不到 ") -> str:
    """Return a number with so many decimals; nothing is "0", and what is less than the last of them is told as that."""
    exact = _exact(value)
    if exact is None:
        return UNKNOWN
    steps = _half_up(exact * 10**digits)
    if steps == 0:
        return f"{less}{_decimals(1, digits)}" if exact > 0 else _decimals(-1, digits) if exact else "0"
    return _decimals(steps, digits)


def _with(said: str, unit: str) -> str:
    return said if said == UNKNOWN else f"{said} {unit}".rstrip()


def html_rows(rows: Mapping[str, str]) -> str:
    """Return label and text as a small table for a notebook; all of it is text, nothing markup.

    >>> html_rows({"状态": "<b>"})
    '<table><tr><th>状态</th><td>&lt;b&gt;</td></tr></table>'
    """
    cells = (f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows.items() if text)
    return f"<table>{''.join(cells)}</table>"
