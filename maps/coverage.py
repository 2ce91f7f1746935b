"""The coverage map: rows of findings joined to towns, villages and facilities by id, and shown.

Nothing about coverage is computed here. What is shown is a row of findings; a share is its covered ÷ population.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Column, Edges, flags, floats, ground, numbers, plain, roads_of, texts
from maps.page import sheet
from planner.region import Region
from planner.schema import DETOUR_LABELS, REASON_LABELS
from planner.text import basis_of, known_text, share_text, value_text

NOTHING_CHANGED: Mapping[tuple[str, str], str] = MappingProxyType({})
_ROW_TEXTS = (
    "subject_code", "subject_name", "town_name", "county_name", "required_text", "status", "force", "nature",
    "nearest_facility_name", "denominator", "remedy", "document", "section", "quote", "note",
)  # fmt: skip
_ROW_NUMBERS = ("population", "covered", "uncovered", "unreachable", "population_no_data", "distance_m", "time_min")
_DETOUR_TEXTS = (
    "rule", "rule_label", "id", "name", "town_name", "county_name", "paper_facility_name", "road_facility_name", "status",
)  # fmt: skip
_DETOUR_NUMBERS = ("population", "radius_km", "paper_distance_m", "road_distance_m", "detour_factor")


def coverage_map(
    region: Region,
    findings: pd.DataFrame,
    furniture: Furniture,
    detours: pd.DataFrame | None = None,
    open_edges: Edges | None = None,
    was: Mapping[tuple[str, str], str] = NOTHING_CHANGED,
    foreign: str = "",
) -> str:
    """Return one HTML page that shows findings on the map of their region and opens with no network.

    One fill per (rule, reading) that has rows at town level; village rows with people left out become dots, the rows
    of 绕行清单 (schema.DETOURS) signs of their own. Edges of the roads that are not open are drawn apart. `was` are the city's
    values before, by (rule, reading), where a scenario changes them, the most important first: the page opens on the first.
    `foreign` says why nothing is judged, where the rules are another city's; the page says it above all.
    Raises ValueError when findings speak of towns or villages that the region does not have.

    >>> from fugai import load
    >>> now = load("sample:panzhihua").assess("panzhihua_2023")
    >>> coverage_map(now.region, now.findings, Furniture("攀枝花市"))[:15]
    '<!DOCTYPE html>'
    """
    _require_known(findings, "town", region.towns["code"])
    _require_known(findings, "village", region.villages["code"])
    pairs = _pairs(findings)
    data = {
        "style": _style(),
        **ground(region),
        "roads": roads_of(region, open_edges),
        "pairs": [_pair(findings, rule, reading) for rule, reading in pairs],
        "first": next((pairs.index(one) for one in was if one in pairs), 0),
        "summary": _summary(findings[findings["level"] == "city"], was),
        "villages": _villages(region),
        "facilities": _facilities(region),
        "detours": None if detours is None else _detours(detours),
    }
    return sheet("coverage", data, furniture, alarm=f"{style.WORDS['foreign']}（{foreign}）" if foreign else "")


def _require_known(findings: pd.DataFrame, level: str, codes: pd.Series) -> None:
    rows = findings[findings["level"] == level]
    unknown = sorted(set(rows["subject_code"]) - set(codes))
    if unknown:
        raise ValueError(f"findings name {len(unknown)} {level} codes that the region does not have: {unknown[:5]}")


def _pairs(findings: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the (rule, reading) pairs with town rows in the order of the findings: that of the rules' file."""
    towns = findings.loc[findings["level"] == "town", ["rule", "reading"]].drop_duplicates()
    return list(towns.itertuples(index=False, name=None))


def _pair(findings: pd.DataFrame, rule: str, reading: str) -> dict[str, object]:
    rows = findings[(findings["rule"] == rule) & (findings["reading"] == reading)]
    left_out = rows["uncovered"].fillna(0) + rows["unreachable"].fillna(0) > 0
    towns = rows[rows["level"] == "town"]
    return {
        "rule": rule,
        "basis": style.basis(towns["unit"]),
        "judged": bool(rows["status"].isin(["met", "not_met"]).any()),
        "reading": reading,
        "label": str(rows["rule_label"].iloc[0]),
        "readingLabel": str(rows["reading_label"].iloc[0]),
        "city": _rows(rows[rows["level"] == "city"]),
        "counties": _rows(rows[rows["level"] == "county"]),
        "towns": _rows(towns),
        "villages": _rows(rows[(rows["level"] == "village") & left_out]),
    }


def _rows(rows: pd.DataFrame) -> dict[str, Column]:
    """Return rows of findings as columns, with the words and sizes that the page shows for them."""
    left_out = floats(rows["uncovered"].fillna(0) + rows["unreachable"].fillna(0))
    units, values, required = list(map(str, rows["unit"])), floats(rows["value"]), floats(rows["required"])
    table = {name: texts(rows[name]) for name in (*_ROW_TEXTS, "rule", "reading", "rule_label", "reading_label")}
    table |= {name: numbers(rows[name]) for name in _ROW_NUMBERS}
    every = zip(values, units, required, strict=True)
    table["value_text"] = texts(
        "" if math.isnan(value) else value_text(value, unit, whole) for value, unit, whole in every
    )
    table["known_text"] = texts(map(known_text, floats(rows["population_no_data"])))
    shares = _shares(rows)
    adds_up = [basis_of(unit) != "unit" for unit in units]
    table["share_text"] = texts(
        share_text(share) if shown and not math.isnan(share) else ""
        for share, shown in zip(shares, adds_up, strict=True)
    )
    table["fill"] = plain(map(style.share_class, shares, map(str, rows["status"])))
    table["radius"] = plain(style.dot_radius(count) for count in left_out)
    table["estimated"] = flags(rows["estimated"])
    return table


def _summary(rows: pd.DataFrame, was: Mapping[tuple[str, str], str]) -> dict[str, Column]:
    """Return the city's rows, each with its value before where that differs."""
    before = [was.get(pair, "") for pair in zip(rows["rule"], rows["reading"], strict=True)]
    return {**_rows(rows), "was": texts(before)}


def _shares(rows: pd.DataFrame) -> list[float]:
    """Return, for each row, the share that its colour stands for."""
    people = zip(floats(rows["covered"]), floats(rows["population"]), strict=True)
    counts = zip(floats(rows["value"]), floats(rows["required"]), strict=True)
    return list(map(style.shown_share, map(str, rows["unit"]), people, counts, floats(rows["gap"])))


def _villages(region: Region) -> dict[str, Column]:
    frame = region.villages
    return {
        "code": texts(frame["code"]),
        "name": texts(frame["name"]),
        "where": texts(frame["town_code"].map(region.towns.set_index("code")["name"])),
        "population": numbers(frame["population"]),
        "estimated": flags(frame["estimated"]),
        "at": plain(geometry.points(frame.geometry)),
    }


def _facilities(region: Region) -> dict[str, Column]:
    frame = region.facilities
    names = frame.set_index("id")["name"]
    towns = region.towns.set_index("code")["name"]
    return {
        "id": texts(frame["id"]),
        "name": texts(frame["name"]),
        "kind": texts(frame["kind"]),
        "status": texts(frame["status"]),
        "status_label": texts(style.facility_status_label(str(status)) for status in frame["status"]),
        "town": texts(frame["town_code"].map(towns)),
        "host": texts(frame["host_id"].map(names)),
        "grade": texts(frame["grade"]),
        "owner": texts(frame["owner"]),
        "source": texts(frame["source"]),
        "beds": numbers(frame["beds"]),
        "estimated": flags(frame["estimated"]),
        "at": plain(geometry.points(frame.geometry)),
    }


def _detours(detours: pd.DataFrame) -> dict[str, Column]:
    points = gpd.GeoSeries(gpd.points_from_xy(detours["lon"].astype(float), detours["lat"].astype(float)), crs=4326)
    return {
        **{name: texts(detours[name]) for name in _DETOUR_TEXTS},
        **{name: numbers(detours[name]) for name in _DETOUR_NUMBERS},
        "status_label": texts(detours["status"].map(DETOUR_LABELS)),
        "reason_label": texts(detours["reason"].map(REASON_LABELS)),
        "estimated": flags(detours["estimated"]),
        "at": plain(geometry.points(points)),
    }


def _style() -> dict[str, object]:
    return style.page_style(
        kinds=style.SYMBOLS,
        fills=[asdict(one) for one in style.fills()],
        detours={name: dict(sign) for name, sign in style.DETOUR_SIGNS.items()},
        villageRadius=style.VILLAGE_RADIUS_PX,
    )
