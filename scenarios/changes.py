"""What a scenario changes in the findings: each reading before and after, the judging ones first."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.compare import row_texts, side_by_side
from planner.schema import LEVEL_LABELS, STATUS_LABELS
from scenarios.export.sheet import records

SAME = "指标逐项与现状相同，没有前后变化"
_JUDGED = ("met", "not_met")


@dataclass(frozen=True)
class Changed:
    """One reading whose findings differ: its rule and reading, the city's value before and after ("" where it has none), in words."""

    rule: str
    reading: str
    before: str
    after: str
    text: str


def changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Changed, ...]:
    """Return the readings in which any finding differs; those that judge first, else in the order of the findings."""
    table = side_by_side(before, after)
    out: list[tuple[bool, Changed]] = []
    for (rule, reading), rows in table.groupby(["rule", "reading"], sort=False):
        changed = rows[rows["changed"]]
        city = records(rows[rows["level"] == "city"])
        if len(changed) and city:
            judged = bool({city[0]["status_before"], city[0]["status_after"]} & {*_JUDGED})
            out.append((not judged, _changed(str(rule), str(reading), city[0], changed)))
    return tuple(one for _, one in sorted(out, key=lambda pair: pair[0]))


def _changed(rule: str, reading: str, city: dict[str, Any], rows: pd.DataFrame) -> Changed:
    old, new, moved = row_texts(city)
    head = f"{city['rule_label']}（{city['reading_label']}）："
    was, now = (STATUS_LABELS.get(city[f"status_{side}"], "") for side in ("before", "after"))
    if not was or not now:
        text = f"{new if now else old}（{'现状' if now else '方案'}没有这一口径）"
    elif old == new and was == now:
        counts = rows[rows["level"] != "city"].groupby("level", sort=False).size()
        places = "、".join(f"{count} 个{LEVEL_LABELS[str(level)]}" for level, count in counts.items())
        text = f"全市仍为 {new}，{now}" + (f"；{places}有变化" if places else "")
    else:
        value = f"{old} → {new}（{moved}）" if old != new else f"仍为 {new}"
        text = f"{value}，{now if was == now else f'{was} → {now}'}"
    return Changed(rule, reading, old if was else "", new if now else "", head + text)
