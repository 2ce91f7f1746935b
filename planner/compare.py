"""Two judgements side by side: findings by key, clauses newly met or broken, and numbers whose changes are real.

A change is said only where whole numbers (people, units) or the words of a status differ; shares are compared as
fractions of people, never as rounded per cents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from planner.findings import gap_rows
from planner.region import Region
from planner.rules import Rules
from planner.travel import Travel

KEY = (
    "rule", "rule_label", "reading", "reading_label", "level", "subject_code", "subject_name", "town_code", "town_name",
    "county_code", "county_name", "denominator", "unit",
)  # fmt: skip
"""What a row of findings is about: the same on both sides."""
COUNTS = ("population", "covered", "uncovered", "unreachable", "population_no_data")
SHOWN = (*COUNTS, "value", "required", "gap", "status")
"""What is held against each other; `value` and `gap` of a share follow from the counts."""
_MOST_DIGITS = 12
_FEWEST_DIGITS = 2


@dataclass(frozen=True, eq=False)
class Judged:
    """One scenario, judged: its facts, the rules that were computed, how one travelled, and the findings."""

    region: Region
    rules: Rules
    travels: Mapping[str, Travel]
    findings: pd.DataFrame


def aligned(tables: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the keys of all findings (by gap_id, in the order of the first that has them) and each table's SHOWN.

    A key that a table does not have is NaN there.
    """
    order = list(dict.fromkeys(one for table in tables for one in table["gap_id"]))
    indexed = [table.set_index("gap_id") for table in tables]
    keys = indexed[0][list(KEY)].reindex(order)
    for other in indexed[1:]:
        missing = keys["rule"].isna()
        if missing.any():
            keys.loc[missing] = other[list(KEY)].reindex(keys.index[missing])
    return keys, [one[list(SHOWN)].reindex(order) for one in indexed]


def side_by_side(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return one row a key of either findings: KEY, every SHOWN column as _before and _after, _change of the numbers, changed.

    `changed` is whether a count, a number of units, what is required or the status differs, or a row is on one side only.
    """
    keys, (left, right) = aligned([before, after])
    out = keys.copy()
    differs = np.zeros(len(keys), np.bool_)
    for name in SHOWN:
        out[f"{name}_before"], out[f"{name}_after"] = left[name], right[name]
        differs |= ~((left[name] == right[name]) | (left[name].isna() & right[name].isna())).to_numpy(bool)
        if name != "status":
            out[f"{name}_change"] = right[name].astype(float) - left[name].astype(float)
    same_people = (left["covered"] * right["population"] == right["covered"] * left["population"]) & left[
        "covered"
    ].notna()
    is_share = out["unit"] == "share"
    out.loc[is_share & same_people, ["value_change", "gap_change"]] = 0.0
    out["changed"] = differs
    return out.reset_index()


def clause_changes(before: Judged, after: Judged, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `table` (side_by_side of both) that judge on both sides and whose status turned: change "met" (newly) or "broken" (newly).

    At the level of the whole city, and at each rule's own gap level (is_gap_level).
    """
    turned = {("not_met", "met"): "met", ("met", "not_met"): "broken"}
    change = [turned.get(pair, "") for pair in zip(table["status_before"], table["status_after"], strict=True)]
    gaps = set(gap_rows(before.findings, before.rules)["gap_id"]) | set(gap_rows(after.findings, after.rules)["gap_id"])
    table = table.assign(change=change, is_gap_level=table["gap_id"].isin(gaps))
    return table[(table["change"] != "") & ((table["level"] == "city") | table["is_gap_level"])].reset_index(drop=True)


def gap_ids(judged: Judged) -> set[str]:
    """Return the ids of the gap list."""
    return set(gap_rows(judged.findings, judged.rules)["gap_id"])


def share(covered: float, population: float) -> Fraction | None:
    """Return covered ÷ population exactly; None where there is nobody, or the row is not there."""
    if pd.isna(covered) or pd.isna(population) or population <= 0:
        return None
    return Fraction(int(covered), int(population))


def share_texts(shares: Sequence[Fraction | None]) -> list[str]:
    """Return the shares in per cent with two decimals, or as many more as it takes for different ones to look different.

    >>> share_texts([Fraction(1, 3), Fraction(1, 3)])
    ['33.33%', '33.33%']
    >>> share_texts([Fraction(333333, 1000000), Fraction(333334, 1000000), None])
    ['33.3333%', '33.3334%', '—']
    >>> share_texts([Fraction(999999, 1000000), Fraction(1)])
    ['99.99%', '100.00%']
    """
    texts: list[str] = []
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS + 1):
        texts = [_percent(one, digits) for one in shares]
        if len(set(texts)) == len(set(shares)):
            break
    return texts


def _percent(value: Fraction | None, digits: int) -> str:
    """Return a share in per cent; all is never said of less than all, nor nothing of more than nothing."""
    if value is None:
        return "—"
    steps = _half_up(value * 100 * 10**digits)
    if value < 1:
        steps = min(steps, 100 * 10**digits - 1)
    if value > 0:
        steps = max(steps, 1)
    return f"{Decimal(steps).scaleb(-digits):.{digits}f}%"


def _half_up(value: Fraction) -> int:
    """Return the nearest whole number, halves away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def point_change(before: Fraction | None, after: Fraction | None) -> str:
    """Return the change of a share in percentage points: "不变" only where nothing changed, and never a change of ±0.

    >>> point_change(Fraction(1, 2), Fraction(3, 4)), point_change(Fraction(2, 4), Fraction(1, 2))
    ('+25.00 个百分点', '不变')
    >>> point_change(Fraction(1, 1000000), Fraction(0))
    '-0.0001 个百分点'
    """
    if before is None or after is None:
        return "不变" if before == after else "—"
    if before == after:
        return "不变"
    digits = _FEWEST_DIGITS
    while _half_up((after - before) * 100 * 10**digits) == 0:
        digits += 1
    steps = _half_up((after - before) * 100 * 10**digits)
    return f"{Decimal(steps).scaleb(-digits):+.{digits}f} 个百分点"


def count_change(before: float, after: float) -> str:
    """Return the change of a whole number, "不变" where there is none, "—" where a side has no such number.

    >>> count_change(3, 3), count_change(1000, 3500), count_change(2, 1), count_change(float("nan"), 1)
    ('不变', '+2,500', '-1', '—')
    """
    if pd.isna(before) or pd.isna(after):
        return "不变" if pd.isna(before) and pd.isna(after) else "—"
    return "不变" if before == after else f"{after - before:+,.10g}"


def value_texts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return one row of side_by_side as people read it: the value before, after, and its change.

    >>> base = {"unit": "share", "covered_before": 1, "covered_after": 2, "population_before": 4, "population_after": 4}
    >>> value_texts(base)
    ('25.00%', '50.00%', '+25.00 个百分点')
    >>> value_texts({"unit": "个", "value_before": 3.0, "value_after": 3.0, "required_before": 5.0, "required_after": 6.0})
    ('3 / 5 个', '3 / 6 个', '不变')
    """
    if row["unit"] == "share":
        before, after = (share(row[f"covered_{side}"], row[f"population_{side}"]) for side in ("before", "after"))
        return *share_texts([before, after]), point_change(before, after)  # type: ignore[return-value]
    texts = [_count_text(row[f"value_{side}"], row[f"required_{side}"], row["unit"]) for side in ("before", "after")]
    return texts[0], texts[1], count_change(row["value_before"], row["value_after"])


def _count_text(value: float, required: float, unit: str) -> str:
    if pd.isna(value):
        return "—"
    whole = f" / {required:,.10g}" if unit == "个" and not pd.isna(required) else ""
    return f"{value:,.10g}{whole} {unit}"
