"""The map of two scenarios: a swipe and two views that move together, with what they do not share, as one offline page.

Nothing about coverage is computed here: what is shown are rows of findings, and the changes that planner.compare found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import ground, plain, texts
from maps.page import sheet
from planner.compare import row_texts
from planner.region import Region
from planner.schema import FACILITY_KINDS
from planner.text import amount_text, change_text, count_text, people_text, value_text

MARKS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "added": {"color": "#14507a", "shape": "M16 3a13 13 0 1 0 .01 0z", "dash": ""},
        "closed": {"color": "#1c2a33", "shape": "M4 4h24v24H4zM5 5l22 22M27 5L5 27", "dash": ""},
        "moved": {"color": "#7a1f5c", "shape": "M16 1l15 15-15 15L1 16z", "dash": "4 2"},
        "kind": {"color": "#7a1f5c", "shape": "M16 1l15 15-15 15L1 16z", "dash": ""},
        "changed": {"color": "#7a1f5c", "shape": "M16 1l15 15-15 15L1 16z", "dash": "1.5 2.5"},
    }
)
"""The frame around a facility by what happens to it, in a 32 × 32 box: a ring, a crossed box, diamonds."""
MARK_LABELS: Mapping[str, str] = MappingProxyType(
    {"added": "新设或启用", "closed": "停用或不设", "moved": "迁址", "kind": "改类型", "changed": "其他变更"}
)
_TOWN_EDGES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {"up": {"color": "#0f7a3d", "weight": 3.2}, "down": {"color": "#a4133c", "weight": 3.2, "dashArray": "6 4"}}
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "uncovered_layer": "未覆盖居民点（圆的大小＝人数）",
        "town_up": "后一方案更好的乡镇（街道）",
        "town_down": "后一方案更差的乡镇（街道）",
        "change": "变化",
        "no_sites": "两个方案的机构相同。",
        "divider": "卷帘位置：左右方向键移动",
        "signs_layer": "本指标的在用机构",
        "changes_layer": "有变化的机构",
        "indicator": "口径",
        "old_place": "原址",
    }
)


@dataclass(frozen=True, eq=False)
class View:
    """One scenario as it is drawn: its letter, its name with the letter, its facts and its findings."""

    letter: str
    label: str
    region: Region
    findings: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Between:
    """Two of the views (their places) and what they do not share.

    findings is planner.compare.side_by_side, sites planner.compare.site_changes with a column `word`; said are the
    sentences on both.
    """

    before: int
    after: int
    said: tuple[str, ...]
    findings: pd.DataFrame
    sites: pd.DataFrame


def compare_map(
    views: Sequence[View], betweens: Sequence[Between], furniture: Furniture, kinds: Mapping[str, Sequence[str]]
) -> str:
    """Return one HTML page that opens with no network; `kinds` are the kinds of facility that each rule is about."""
    region = views[0].region
    towns = {code: at for at, code in enumerate(region.towns["code"])}
    villages = {code: at for at, code in enumerate(region.villages["code"])}
    readings = _readings(views)
    rows = [_by_reading(view.findings, readings) for view in views]
    data = {
        "style": _style(),
        **ground(region),
        "views": [{"letter": one.letter, "label": one.label, "open": _open(one.region)} for one in views],
        "readings": [_reading([one[pair] for one in rows], *pair, kinds, towns, villages) for pair in readings],
        "pairs": [_between(one, views, readings, towns) for one in betweens],
        "villages": _villages(region),
    }
    return sheet("compare", data, furniture)


def _readings(views: Sequence[View]) -> list[tuple[str, str]]:
    """Return the (rule, reading) pairs with town rows on any side, in the order of the rules."""
    found: dict[tuple[str, str], None] = {}
    for view in views:
        towns = view.findings.loc[view.findings["level"] == "town", ["rule", "reading"]].drop_duplicates()
        found |= dict.fromkeys(towns.itertuples(index=False, name=None))
    return list(found)


def _reading(
    sides: Sequence[pd.DataFrame], rule: str, reading: str, kinds: Mapping[str, Sequence[str]], towns: Mapping[str, int],
    villages: Mapping[str, int],
) -> dict[str, object]:  # fmt: skip
    """Return one (rule, reading): its words, and on each side the fill and words of every town and the dots."""
    some = next(rows.iloc[0] for rows in sides if len(rows))
    judged = any(bool(rows["status"].isin(["met", "not_met"]).any()) for rows in sides)
    words = ("rule_label", "reading_label", "denominator", "required_text", "document", "section", "quote")
    return {
        "rule": rule,
        "reading": reading,
        **{name: str(some[name]) for name in words},
        "judged": judged,
        "basis": _basis(sides),
        "kinds": list(kinds.get(rule, ())),
        "sides": [_side(rows, towns, villages) for rows in sides],
    }


def _by_reading(findings: pd.DataFrame, readings: Sequence[tuple[str, str]]) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the rows of each reading; none where the scenario does not have it."""
    found = dict(iter(findings.groupby(["rule", "reading"], sort=False)))
    return {pair: found.get(pair, findings.head(0)) for pair in readings}


def _basis(sides: Sequence[pd.DataFrame]) -> str:
    """Return whose share the colours are, as the legend knows it: "people", "units" or "unit"."""
    return style.basis(unit for rows in sides for unit in rows.loc[rows["level"] == "town", "unit"])


def _side(rows: pd.DataFrame, towns: Mapping[str, int], villages: Mapping[str, int]) -> dict[str, object]:
    mine = rows[rows["level"] == "town"]
    numbers = {
        name: mine[name].astype(float).tolist() for name in ("covered", "population", "value", "required", "gap")
    }
    columns = zip(mine["unit"], *numbers.values(), mine["status"], mine["subject_code"], strict=True)
    shown = []
    for unit, covered, population, value, required, gap, status, code in columns:
        part = style.shown_share(unit, (covered, population), (value, required), gap)
        text = value_text(value, unit, required)
        people = f"（{count_text(covered)} / {people_text(population)}）" if unit == "share" and population > 0 else ""
        shown.append([towns[code], style.share_class(part, status), text + people, status])
    return {"towns": shown, "dots": _dots(rows[rows["level"] == "village"], villages)}


def _dots(rows: pd.DataFrame, villages: Mapping[str, int]) -> list[list[object]]:
    """Return, the largest first, [place of the village, radius, people left out, those unreachable]."""
    left_out = rows["uncovered"].fillna(0) + rows["unreachable"].fillna(0)
    rows = rows.assign(left_out=left_out)[left_out > 0].sort_values(
        ["left_out", "subject_code"], ascending=[False, True]
    )
    return [
        [villages[code], style.dot_radius(people), int(people), int(lost)]
        for code, people, lost in zip(
            rows["subject_code"], rows["left_out"], rows["unreachable"].fillna(0), strict=True
        )
    ]


def _between(
    one: Between, views: Sequence[View], readings: Sequence[tuple[str, str]], towns: Mapping[str, int]
) -> dict[str, object]:
    table = one.findings
    city = table[table["level"] == "city"].to_dict("records")
    moved = table[(table["level"] == "town") & table["changed"]].to_dict("records")
    labels = " → ".join(views[at].label for at in (one.before, one.after))
    return {
        "before": one.before,
        "after": one.after,
        "label": labels,
        "said": list(one.said),
        "rows": [_row(row, readings) for row in city],
        "towns": [_town(row, readings, towns) for row in moved if (row["rule"], row["reading"]) in readings],
        "sites": [_site(number, row) for number, row in enumerate(one.sites.to_dict("records"), 1)],
    }


def _row(row: Mapping[Any, Any], readings: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Return one row of the table of indicators: what it says on both sides, in words."""
    before, after, change = row_texts(row)
    pair = (row["rule"], row["reading"])
    people = ""
    if row["unit"] == "share" and row["covered_before"] != row["covered_after"]:
        people = f"{change_text(row['covered_before'], row['covered_after'])} 人"
    return {
        "at": readings.index(pair) if pair in readings else -1,
        "rule": row["rule"], "rule_label": row["rule_label"], "reading_label": row["reading_label"],
        "before": before, "after": after, "change": change, "people": people, "changed": bool(row["changed"]),
        "status_before": _text(row["status_before"]), "status_after": _text(row["status_after"]),
    }  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _town(row: Mapping[Any, Any], readings: Sequence[tuple[str, str]], towns: Mapping[str, int]) -> list[object]:
    """Return [place of the reading, place of the town, up, down or same, the change in words]."""
    change = row["covered_change"] if row["unit"] == "share" else -row["gap_change"]
    way = "" if pd.isna(change) or change == 0 else "up" if change > 0 else "down"
    _, _, words = row_texts(row)
    people = f"{change_text(row['covered_before'], row['covered_after'])} 人，" if row["unit"] == "share" else ""
    return [readings.index((row["rule"], row["reading"])), towns[row["subject_code"]], way, people + words]


def _site(number: int, row: Mapping[Any, Any]) -> dict[str, object]:
    kinds = dict.fromkeys(FACILITY_KINDS[row[name]][0] for name in ("kind_before", "kind_after") if row[name])
    moved = f"迁移 {amount_text(row['moved_m'] * 1000, 'mm')}" if row["change"] == "moved" else ""
    return {
        "number": number,
        "change": row["change"],
        "word": row["word"],
        "name": row["name"],
        "kind": row["kind_after"] or row["kind_before"],
        "detail": "；".join(filter(None, (" → ".join(kinds), moved, row["fields"]))),
        "where": f"{row['county_name']}{row['town_name']}",
        **{side: _spot(row, side) for side in ("before", "after")},
    }


def _spot(row: Mapping[Any, Any], side: str) -> list[int] | None:
    lon, lat = row[f"lon_{side}"], row[f"lat_{side}"]
    return None if pd.isna(lon) else geometry.spot(lon, lat)


def _open(region: Region) -> dict[str, list[Any]]:
    """Return the facilities that serve people: id, name, kind, whether estimated, and where."""
    frame = region.facilities[region.facilities["status"] == "open"]
    names = ("id", "name", "kind")
    return {**{name: [str(one) for one in frame[name]] for name in names}, "at": geometry.points(frame.geometry)}


def _villages(region: Region) -> dict[str, Any]:
    town = region.villages["town_code"].map(region.towns.set_index("code")["name"])
    return {
        "name": texts(region.villages["name"]),
        "where": texts(town),
        "at": plain(geometry.points(region.villages.geometry)),
    }


def _style() -> dict[str, object]:
    return style.page_style(
        _WORDS,
        style.SYMBOLS,
        fills=[asdict(one) for one in style.fills()],
        edges={name: dict(line) for name, line in _TOWN_EDGES.items()},
        marks={name: {**mark, "label": MARK_LABELS[name]} for name, mark in MARKS.items()},
    )
