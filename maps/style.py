"""Every colour, size, sign and word that the maps show.

Gaps are loud, achievement is quiet: one ramp of orange for who is left out, a pale blue-grey where nobody is, blue for what a
scenario gains. Gap and gain have the same lightness, so that colour never stands alone: their signs differ too.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from planner.schema import FACILITY_KINDS, FACILITY_STATUS, STATUS_LABELS
from planner.text import Basis, basis_of

# Signs: paths in a 24 × 24 box, and what they are drawn with.

CIRCLE = "M12 2a10 10 0 1 0 .01 0z"
SQUARE = "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"
DIAMOND = "M12 1l11 11-11 11L1 12z"
PENTAGON = "M12 1.5l11 8.2-4.2 12.8H5.2L1 9.7z"
UP, DOWN = "M12 2L23 21.5H1z", "M1 2.5h22L12 22z"
PLUS, PLUS_LOW = "M12 6.5v11M6.5 12h11", "M12 10v9M7.5 14.5h9"
STAR, LETTER_H, CROSS = "M12 6v12M6.8 9l10.4 6M17.2 9L6.8 15", "M8 7v10M16 7v10M8 12h8", "M7 7l10 10M17 7L7 17"
PAPER, INK, NAVY, GAP, GAIN, QUIET = "#ffffff", "#56616c", "#12395b", "#b93c0a", "#1467ad", "#7f98a1"


@dataclass(frozen=True)
class Mark:
    """A sign, so many pixels wide: its outline, what it is filled with ("" nothing), its line (`weight` px), its glyph and that one's pen."""

    size: float
    outline: str
    fill: str
    line: str = PAPER
    glyph: str = ""
    pen: str = PAPER
    weight: float = 1.4
    opacity: float = 1.0
    dash: str = ""


@dataclass(frozen=True)
class Stroke:
    """How lines and areas are drawn: colour and weight (px) of the line, fill of the area; `mask`: it hides what lies under it."""

    color: str = ""
    weight: float = 1.0
    dash: str = ""
    opacity: float = 1.0
    fill: str = ""
    fill_opacity: float = 1.0
    mask: bool = False


@dataclass(frozen=True)
class Swatch:
    """One class of a fill: what the legend calls it and its colour, or "hatch" for what is not known."""

    label: str
    fill: str


LAND = "#fbfaf6"
GAP_CLASSES: tuple[Swatch, ...] = (
    Swatch("0", "#d3e2e6"),
    Swatch("<10%", "#fae8da"),
    Swatch("10–30", "#f5cfb0"),
    Swatch("30–60", "#edae80"),
    Swatch("≥60%", "#e2874f"),
)
"""What part of the people, or of the units, of a town is left out."""
_ENDS = (0.0, 0.1, 0.3, 0.6)
NO_DATA = Swatch("无数据，不能判断", "hatch")
OUT_OF_SCOPE = Swatch("不在本指标范围内", LAND)
TOWN_FILLS = tuple(one.fill for one in (*GAP_CLASSES, NO_DATA, OUT_OF_SCOPE))
"""The fills of towns in the order that `gap_class` counts."""

MEANING: Mapping[tuple[str, bool], tuple[str, str]] = MappingProxyType(
    {
        ("people", True): ("乡镇（街道）未覆盖人口占比", "分母"),
        ("people", False): ("乡镇（街道）未覆盖人口占比", "分母"),
        ("units", True): ("乡镇（街道）未达标单位占比", "单位"),
        ("units", False): ("乡镇（街道）不符合的单位占比（不作判断）", "单位"),
        ("unit", True): ("乡镇（街道）本身是否达标", "单位"),
        ("unit", False): ("乡镇（街道）本身是否符合（不作判断）", "单位"),
    }
)
"""What the fills of a (basis, judged) are called, and what comes before its denominator."""

SYMBOLS: Mapping[str, Mark] = MappingProxyType(
    {
        "emergency_station": Mark(18, CIRCLE, NAVY, glyph=PLUS),
        "rescue_center": Mark(18, SQUARE, NAVY, glyph=STAR),
        "hospital": Mark(17, SQUARE, NAVY, glyph=LETTER_H),
        "county_subcenter": Mark(20, DIAMOND, NAVY, glyph=PLUS),
        "township_hospital": Mark(14, CIRCLE, "#2c5f63", glyph=PLUS),
        "community_health_center": Mark(15, SQUARE, "#2c5f63", glyph=PLUS),
        "community_health_station": Mark(8, SQUARE, "#2c5f63"),
        "village_clinic": Mark(6, CIRCLE, "#2c5f63"),
    }
)
CLOSED_COLOR = "#8b959b"
DETOUR = Mark(14, UP, "#7a1f5c")
CUT_OFF = Mark(13, SQUARE, GAP, glyph=CROSS)
UNCOVERED = Mark(9, CIRCLE, GAP, weight=1.2, opacity=0.9)
UNREACHABLE = Mark(9, SQUARE, GAP, weight=1.2, glyph=CROSS)
COVERED = Mark(4.4, CIRCLE, QUIET, "")
DECIDED = Mark(26, CIRCLE, "", GAIN, weight=2.4)
WITHIN = Stroke("#5f97a8", 1.0, fill="#b9d5dc", fill_opacity=0.42, mask=True)
"""How far a facility reaches by straight line."""

EDGES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "up": {"color": GAIN, "weight": 3.0, "label": "后一方案更好的乡镇（街道）"},
        "down": {"color": GAP, "weight": 3.0, "dash": "6 4", "label": "后一方案更差的乡镇（街道）"},
    }
)
MAJOR_ROADS = ("motorway", "trunk", "primary")
SHOWN_ROADS = (*MAJOR_ROADS, "secondary", "tertiary")
_DOTS = ((500, "500"), (3000, "3 千"), (10_000, "1 万"))

CHROME: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#1b2430", "soft-ink": "#56616c", "label": "#2a343d", "outside": "#6a747b", "paper": PAPER,
        "rule": "#d8dcde", "hair": "#eceeef", "field-edge": "#aab4ba", "hover": "#eef3f6", "picked": "#e4eef5",
        "ground": "#f0eee8", "land": LAND, "halo": "rgba(251,250,246,0.82)", "gap": GAP, "gap-name": "#8f2d06", "gain": GAIN,
        "gain-name": "#0f4f86", "facility": NAVY, "done": "#a9c9d2", "town-line": "#b4b8b8", "county-line": "#6e7a82",
        "road-major": "#c3bcae", "road-minor": "#d8d3c8", "closed": "#7a0010", "no-data": "#b4b8b8",
        "notice-ink": "#7a4a00", "notice-ground": "#fdf3dc",
    }
)  # fmt: skip

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "map": "地图：方向键移动，加减号缩放",
        "home": "全图",
        "zoom_in": "放大",
        "zoom_out": "缩小",
        "north": "北",
        "close": "关闭",
        "divider": "卷帘位置：左右方向键移动",
        "search": "乡镇、村、机构、拼音首字母",
        "no_match": "试试拼音首字母，如 ym＝渔门",
        "more_matches": "还有更多，请多输入几个字",
        "no_row": "不在本指标范围内",
        "roads_layer": "道路",
        "closed_layer": "封闭道路",
        "blank": "（待填）",
        "sources": "数据来源",
        "about": "精度与假设",
        "inputs": "输入文件（SHA-256）",
        "drawn_by": "制图单位",
        "date": "数据日期",
        "unit": "单位",
        "approval_number": "审图号",
        "version": "版本",
        "accuracy": "精度说明",
        "projection": "坐标系",
        "projection_value": "CGCS2000／WGS 84，网络墨卡托显示",
    }
)


def kind_label(kind: str) -> str:
    """Return the Chinese name of a kind of facility."""
    return FACILITY_KINDS[kind][0]


def facility_status_label(status: str) -> str:
    """Return the Chinese name of a facility's status."""
    return FACILITY_STATUS[status][0]


def status_label(status: str) -> str:
    """Return the Chinese name of a finding's status."""
    return STATUS_LABELS[status]


def symbol(kind: str, status: str) -> Mark:
    """Return the sign of a facility: hollow while it is planned, grey once it is closed."""
    mark = SYMBOLS[kind]
    if status == "closed":
        return Mark(mark.size, mark.outline, CLOSED_COLOR, glyph=mark.glyph)
    if status == "planned":
        return Mark(mark.size, mark.outline, PAPER, mark.fill, mark.glyph, mark.fill, 2.0)
    return mark


def basis(units: Iterable[str]) -> Basis:
    """Return whose share the colours of towns with these units are: "people", "units", or "unit": of the town itself."""
    found = {basis_of(unit) for unit in units}
    return found.pop() if len(found) == 1 else "unit"


def shown_share(unit: str, people: tuple[float, float], count: tuple[float, float], gap: float) -> float:
    """Return the share that is served, which a colour stands for, NaN where there is none.

    For people, `people` as covered ÷ population; for units added up (个), `count` as met ÷ judged; for a single unit
    1 where the rule has no gap there and 0 where it has one.
    """
    of = basis_of(unit)
    if of == "unit":
        return float(gap == 0)
    part, whole = people if of == "people" else count
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else math.nan


def gap_class(share: float, status: str) -> int:
    """Return the place in TOWN_FILLS of a town of which this share is served: 0 only where nobody is left out.

    >>> gap_class(1.0, "met"), gap_class(0.999, "not_met"), gap_class(0.7, "not_met"), gap_class(0.0, "not_met")
    (0, 1, 3, 4)
    >>> gap_class(float("nan"), "no_data"), gap_class(float("nan"), "met")
    (5, 6)
    """
    if status == "no_data":
        return len(GAP_CLASSES)
    if math.isnan(share):
        return len(GAP_CLASSES) + 1
    left = 1.0 - share
    return 0 if share == 1.0 else sum(left >= end for end in _ENDS)


def dot_size(people: float) -> float:
    """Return the width in pixels of a dot for so many people: area in proportion, never too small to point at."""
    return round(2 * min(2.2 + 0.09 * math.sqrt(people), 14.0), 1)


def page_style() -> dict[str, Any]:
    """Return how every page looks, as its script reads it."""
    return {
        "words": dict(WORDS),
        "chrome": dict(CHROME),
        "edges": {name: dict(line) for name, line in EDGES.items()},
        "cells": {"gap": ["#edae80", GAP], "quiet": ["#b9d5dc", QUIET]},
        "dots": "／".join(text for _, text in _DOTS) + " 人",
        "dot_sizes": [dot_size(people) for people, _ in _DOTS],
    }


def css_variables() -> str:
    """Return the colours of the page around the map as CSS custom properties."""
    return ":root{" + "".join(f"--{name}:{color};" for name, color in CHROME.items()) + "}"


# Colours for areas that lie side by side: light fills that every eye tells apart, and never the same on both sides of a line.

FILLS = (
    "#92abe7",
    "#c4ab74",
    "#97ecfb",
    "#ece7a6",
    "#65bab0",
    "#baf1c4",
    "#97b592",
    "#b5a6ce",
    "#92d3ba",
    "#bfce9c",
    "#b5c9fb",
    "#d8bfd8",
)
"""The farthest apart first. Any two differ by 11 or more in CIELAB, to normal and to colour-blind eyes, and as much from
white and the greys of a map; pale enough for names, lines and signs; none is orange, which is for those left out."""


def colours(
    areas: Iterable[str], borders: Iterable[tuple[str, str]], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a fill for each area, another than its neighbours': one not used yet, if it can be the one it had before (`kept`).

    Where all are used, the one before, else the least used. Areas with the fewest neighbours choose last: on a plane
    none then meets more than five that chose before it.

    >>> found = colours(["a", "b", "c"], [("a", "b")])
    >>> found["a"] != found["b"]
    True
    """
    near: dict[str, set[str]] = {one: set() for one in areas}
    for a, b in borders:
        near[a].add(b)
        near[b].add(a)
    before = kept or {}
    found: dict[str, str] = {}
    used = dict.fromkeys(FILLS, 0)
    for one in reversed(_fewest_first(near)):
        taken = {found[other] for other in near[one] if other in found}
        mine = before.get(one, "")
        paint = min(FILLS, key=lambda fill: (fill in taken, used[fill] > 0, fill != mine, used[fill]))
        found[one] = paint
        used[paint] += 1
    return found


def _fewest_first(near: Mapping[str, set[str]]) -> list[str]:
    """Return the areas in the order in which, one taken away after another, each has the fewest neighbours left."""
    left = {one: set(others) for one, others in near.items()}
    order = list[str]()
    while left:
        one = min(left, key=lambda area: (len(left[area]), area))
        for other in left.pop(one):
            left[other].discard(one)
        order.append(one)
    return order
