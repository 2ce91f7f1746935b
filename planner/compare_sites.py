"""Which facilities two scenarios do not share: opened, closed, moved, of another kind, changed; and what the edits cost."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Geod

from planner.places import with_places
from planner.region import Region
from planner.scenario import Edit
from planner.schema import FACILITIES

Row = dict[Any, Any]
_ELLIPSOID = Geod(ellps="GRS80")
_ASKED = tuple(
    one.name
    for one in FACILITIES.fields
    if one.name not in {"id", "lon", "lat", "kind", "source", "estimated", "town_code", "upgraded_from"}
)
"""The columns whose change is told besides kind and place: status among them, for those that are open on both sides."""
COLUMNS = (
    "change", "id", "name", "kind_before", "kind_after", "status_before", "status_after", "lon_before", "lat_before",
    "lon_after", "lat_after", "moved_m", "fields", "enlarged", "town_code", "town_name", "county_code", "county_name",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What decisions cost in 万元 where that is known, of how many it is not, and how many there are."""

    total: float
    unknown: int
    edits: int


def cost_of(edits: Sequence[Edit]) -> Cost:
    """Return the sum of the known costs, and the number of decisions without one.

    >>> from planner.scenario import Close
    >>> cost_of([Close(facility="F1", cost=20.5), Close(facility="F2")])
    Cost(total=20.5, unknown=1, edits=2)
    """
    known = [edit.cost for edit in edits if not math.isnan(edit.cost)]
    return Cost(math.fsum(known), len(edits) - len(known), len(edits))


def site_changes(before: Region, after: Region) -> pd.DataFrame:
    """Return one row a facility (COLUMNS) that is open on one side only, or open on both and not the same.

    change: "added", "closed", else "moved", "kind" or "changed", the first of these that holds; `fields` names the
    columns that changed besides; `enlarged` is whether these are beds alone, and more of them. Rows by change, county, town, id.
    """
    left, right = _by_id(before), _by_id(after)
    rows = []
    for name in sorted(left.keys() | right.keys()):
        was, now = left.get(name), right.get(name)
        row = None if was is not None and now is not None and _alike(was, now) else _change(was, now)
        if row is not None:
            rows.append(row)
    table = pd.DataFrame(rows, columns=[one for one in COLUMNS if not one.endswith("y_name") and one != "town_name"])
    order = {one: at for at, one in enumerate(("added", "closed", "moved", "kind", "changed"))}
    table = with_places(after, table).assign(order=table["change"].map(order).astype(float))
    table = table.sort_values(["order", "county_code", "town_code", "id"], kind="stable", ignore_index=True)
    return table[list(COLUMNS)]


def _by_id(region: Region) -> dict[str, Row]:
    return {row["id"]: row for row in pd.DataFrame(region.facilities.drop(columns="geometry")).to_dict("records")}


def _alike(was: Row, now: Row) -> bool:
    return all(_same(was[name], now[name]) for name in (*_ASKED, "kind", "lon", "lat"))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(pd.isna(one) and pd.isna(other))


def _is_open(row: Row | None) -> bool:
    return row is not None and row["status"] == "open"


def _change(was: Row | None, now: Row | None) -> dict[str, object] | None:
    """Return how one facility differs; None where it serves nobody on either side."""
    if not _is_open(was) and not _is_open(now):
        return None
    metres = 0.0
    if was is not None and now is not None:
        metres = float(_ELLIPSOID.inv(was["lon"], was["lat"], now["lon"], now["lat"])[2])
    fields = _fields(was, now)
    if not _is_open(was):
        change = "added"
    elif not _is_open(now):
        change = "closed"
    else:
        change = _between(was, now, metres)
    place = now if now is not None else was
    assert place is not None
    return {
        "change": change, "enlarged": change == "changed" and _enlarged(was, now), "id": place["id"], "name": place["name"], "moved_m": metres, "fields": "、".join(fields),
        "town_code": place["town_code"], "county_code": place["county_code"],
        **_sides(was, "before"), **_sides(now, "after"),
    }  # fmt: skip


def _between(was: Row | None, now: Row | None, metres: float) -> str:
    if metres > 0:
        return "moved"
    return "kind" if was is not None and now is not None and was["kind"] != now["kind"] else "changed"


def _enlarged(was: Row | None, now: Row | None) -> bool:
    if was is None or now is None:
        return False
    differ = [name for name in _ASKED if not _same(was[name], now[name])]
    return set(differ) <= {"beds", "beds_planned"} and not any(
        now[name] < was[name] or pd.isna(now[name]) for name in differ
    )


def _fields(was: Row | None, now: Row | None) -> Iterable[str]:
    if was is None or now is None:
        return []
    return [FACILITIES.field(name).label for name in _ASKED if name != "status" and not _same(was[name], now[name])]


def _sides(row: Row | None, side: str) -> dict[str, object]:
    names = ("kind", "status", "lon", "lat")
    empty = {"kind": "", "status": "", "lon": np.nan, "lat": np.nan}
    return {f"{name}_{side}": empty[name] if row is None else row[name] for name in names}
