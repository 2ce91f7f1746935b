"""Two judgements side by side: findings by key, clauses newly met or broken, and numbers whose changes are real.

A change is said only where whole numbers (people, units) or the words of a status differ; shares are compared as
fractions of people, never as rounded per cents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from planner.findings import gap_rows
from planner.region import Region
from planner.rules import Rules
from planner.text import change_text, point_change, shares_apart, value_texts
from planner.travel import Travel

KEY = (
    "rule", "rule_label", "reading", "reading_label", "level", "subject_code", "subject_name", "town_code", "town_name",
    "county_code", "county_name", "denominator", "unit",
)  # fmt: skip
"""What a row of findings is about: the same on both sides."""
COUNTS = ("population", "covered", "uncovered", "unreachable", "population_no_data")
SHOWN = (*COUNTS, "value", "required", "gap", "status")
"""What is held against each other; `value` and `gap` of a share follow from the counts."""


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


def row_texts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return one row of side_by_side as people read it: the value before, after, and its change.

    >>> base = {"unit": "share", "covered_before": 1, "covered_after": 2, "population_before": 4, "population_after": 4}
    >>> row_texts(base)
    ('25.00%', '50.00%', '+25.00 个百分点')
    >>> row_texts({"unit": "个", "value_before": 3.0, "value_after": 3.0, "required_before": 5.0, "required_after": 6.0})
    ('3 / 5 个', '3 / 6 个', '不变')
    """
    if row["unit"] == "share":
        before, after = (share(row[f"covered_{side}"], row[f"population_{side}"]) for side in ("before", "after"))
        return *shares_apart([before, after]), point_change(before, after)  # type: ignore[return-value]
    pairs = [(row[f"value_{side}"], row[f"required_{side}"]) for side in ("before", "after")]
    return *value_texts(pairs, row["unit"]), change_text(row["value_before"], row["value_after"])  # type: ignore[return-value]
