"""Every colour, radius, symbol and word that the maps show.

The fills are one sequence from pale to dark whose lightness falls evenly, so that they keep their order in grey
and for colour-blind readers; orange is kept for people who are left out and used for nothing else.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from planner.schema import FACILITY_KINDS, FACILITY_STATUS, STATUS_LABELS
from planner.text import Basis, basis_of

# Signs of the maps: paths in a 24 × 24 box, and what they are drawn with.

CIRCLE = "M12 3a9 9 0 1 0 .01 0z"
SQUARE = "M4 4h16v16H4z"
DIAMOND = "M12 1l11 11-11 11L1 12z"
PENTAGON = "M12 1.5l11 8.2-4.2 12.8H5.2L1 9.7z"
UP, DOWN = "M12 2L23 21.5H1z", "M1 2.5h22L12 22z"
PLUS, PLUS_LOW = "M12 7v10M7 12h10", "M12 10v9M7.5 14.5h9"
INK, PAPER = "#53626c", "#ffffff"


@dataclass(frozen=True)
class Mark:
    """A sign, so many pixels wide: what it is filled with, its line, its glyph and what that is drawn with."""

    size: int
    outline: str
    fill: str
    line: str = PAPER
    glyph: str = ""
    pen: str = PAPER


@dataclass(frozen=True)
class Swatch:
    """One class of a fill: what the legend calls it and its colour, or the id of a pattern in the page."""

    label: str
    fill: str


@dataclass(frozen=True)
class Symbol:
    """The sign of one kind of facility: two paths in a 24 × 24 box, drawn ``size`` pixels wide."""

    size: int
    color: str
    outline: str
    glyph: str = ""
    shown: bool = True


SHARE_CLASSES: tuple[Swatch, ...] = (
    Swatch("0–20", "#fbf3d9"),
    Swatch("20–40", "#dcebc9"),
    Swatch("40–60", "#b0d9c4"),
    Swatch("60–80", "#7fc0c1"),
    Swatch("80–<100", "#529fb9"),
    Swatch("100%", "#2f769f"),
)
NO_DATA = Swatch("无数据", "url(#no-data)")
NOT_APPLICABLE = Swatch("不适用（范围外或无人口）", "#e9ebec")

_CIRCLE = "M12 2a10 10 0 1 0 .01 0z"
_SQUARE = "M5 2h14a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z"
_CROSS = "M12 6.5v11M6.5 12h11"

SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        "emergency_station": Symbol(20, "#a4133c", _CIRCLE, "M12 6v12M6.8 9l10.4 6M17.2 9L6.8 15"),
        "rescue_center": Symbol(18, "#a4133c", _SQUARE, "M12 6v12M6.8 9l10.4 6M17.2 9L6.8 15"),
        "hospital": Symbol(18, "#1d3557", _SQUARE, "M8 6.5v11M16 6.5v11M8 12h8"),
        "county_subcenter": Symbol(20, "#5b3a8c", DIAMOND, "M12 7.5v9M7.5 12h9"),
        "township_hospital": Symbol(16, "#1b6b4b", _CIRCLE, _CROSS),
        "community_health_center": Symbol(16, "#0b6e8a", _SQUARE, _CROSS),
        "community_health_station": Symbol(9, "#0b6e8a", _SQUARE, shown=False),
        "village_clinic": Symbol(7, "#1b6b4b", _CIRCLE, shown=False),
    }
)
CLOSED_COLOR = "#9aa3a9"
DETOUR_SIGNS: Mapping[str, Mapping[str, str | int]] = MappingProxyType(
    {
        "detour": {"size": 15, "color": "#7a1f5c", "outline": "M12 2.5L22.5 21H1.5z", "glyph": ""},
        "unreachable": {"size": 15, "color": "#1c2a33", "outline": _SQUARE, "glyph": "M7 7l10 10M17 7L7 17"},
    }
)
"""The signs of 绕行清单: a triangle, and a crossed box for who is not reached at all; no facility has either shape."""

LINES: Mapping[str, Mapping[str, str | float]] = MappingProxyType(
    {
        "town": {"color": "#8a969c", "weight": 0.8, "fillOpacity": 0.92},
        "town_hover": {"color": "#16222b", "weight": 2.4, "fillOpacity": 0.92},
        "county": {"color": "#37474f", "weight": 2.2, "fill": False},
        "ring": {"color": "#a4133c", "weight": 1.5, "dashArray": "5 4", "fill": False},
        "spot": {"color": "#14507a", "weight": 3, "fill": False},
        "decided": {"color": "#16222b", "weight": 2.6, "fill": False},
        "road_major": {"color": "#8c6d46", "weight": 1.6, "opacity": 0.85, "fill": False},
        "road_minor": {"color": "#a39682", "weight": 0.8, "opacity": 0.8, "fill": False},
        "road_closed": {"color": "#7a0010", "weight": 2.4, "dashArray": "7 4", "fill": False},
        "uncovered": {"color": "#ffffff", "weight": 1, "fillColor": "#dd6b10", "fillOpacity": 0.82},
        "unreachable": {"color": "#3b1c00", "weight": 1.8, "fillColor": "#dd6b10", "fillOpacity": 0.82},
        "village": {"color": "#ffffff", "weight": 0.6, "fillColor": "#5f6b73", "fillOpacity": 0.9},
    }
)
VILLAGE_RADIUS_PX = 2.6
MAJOR_ROADS = ("motorway", "trunk", "primary")
SHOWN_ROADS = (*MAJOR_ROADS, "secondary", "tertiary")
DOT_EXAMPLES = (100, 1000, 5000)

CHROME: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#1c2a33",
        "soft-ink": "#53626c",
        "rule": "#d7dde1",
        "edge": "#8a969c",
        "field-edge": "#aab4ba",
        "quote-rule": "#b9cbd8",
        "picked": "#e4eef5",
        "label": "#26343c",
        "paper": "#ffffff",
        "ground": "#f3f5f6",
        "accent": "#14507a",
        "notice-ink": "#6b3d00",
        "notice-ground": "#fff4dc",
        "notice-rule": "#e5b567",
        "met": "#1d6b52",
        "not-met": "#b3400a",
        "not-judged": "#53626c",
        "no-data": "#7a868d",
    }
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "share": "人口覆盖率",
        "covered": "已覆盖",
        "uncovered": "未覆盖",
        "unreachable": "不可达",
        "population_no_data": "无数据人口（不计入分母）",
        "people": "人",
        "population": "人口",
        "value": "现状",
        "required": "要求",
        "nearest": "最近机构",
        "meaning_people": "颜色＝人口覆盖率（%）：已覆盖人口 ÷ 有数据的人口，每级含下限、不含上限。分母",
        "meaning_units": "颜色＝单位达标率（%）：已达标单位 ÷ 已判断单位，每级含下限、不含上限。单位",
        "meaning_unit": "颜色＝每个乡镇（街道）本身是否达标，不是人口比例。单位",
        "bars_people": "各县（区）人口覆盖率",
        "bars_units": "各县（区）已达标 ÷ 已判断单位",
        "bars_unit": "各县（区）已达标 ÷ 已判断单位",
        "meaning_units_unjudged": "颜色＝单位符合率（%），不作判断：符合的单位 ÷ 有数据的单位，每级含下限、不含上限。单位",
        "meaning_unit_unjudged": "颜色＝每个乡镇（街道）本身是否符合，不作判断，不是人口比例。单位",
        "bars_units_unjudged": "各县（区）符合 ÷ 有数据的单位（不作判断）",
        "bars_unit_unjudged": "各县（区）符合 ÷ 有数据的单位（不作判断）",
        "unit_share_unjudged": "单位符合率",
        "holds": "符合（不作判断）",
        "fails": "不符合（不作判断）",
        "foreign": "本数据不属于条款所在城市，未作判断",
        "unit_share": "单位达标率",
        "estimated": "含估算",
        "estimated_point": "估算位置或数据",
        "source": "来源",
        "note": "说明",
        "remedy": "建议",
        "no_row": "不在本指标范围内",
        "no_city_row": "本指标没有全市结果",
        "blank": "（待填）",
        "none": "—",
        "sources": "数据来源",
        "drawn_by": "制图单位",
        "date": "数据日期",
        "unit": "单位",
        "approval_number": "审图号",
        "version": "版本",
        "accuracy": "精度说明",
        "projection": "坐标系",
        "projection_value": "CGCS2000／WGS 84，网络墨卡托显示",
        "inputs": "输入文件（SHA-256）",
        "parameters": "参数与假设",
        "counties_layer": "县（区）界与名称",
        "names_layer": "乡镇（街道）名称（放大后显示）",
        "uncovered_layer": "未覆盖居民点（圆的大小＝人数）",
        "unreachable_mark": "深色边＝其中有不可达人口",
        "no_villages": "本指标没有村（社区）一级的未覆盖居民点",
        "no_data_villages": "本指标缺数据，不能说有没有未覆盖的居民点（见待补数据清单）",
        "villages_layer": "全部村（社区）",
        "roads_layer": "道路",
        "closed_layer": "封闭道路",
        "detours_layer": "绕行居民点（直线达标、道路不达标；叉＝不可达）",
        "detour_factor": "绕行系数",
        "straight": "直线",
        "by_road": "道路",
        "radius": "半径",
        "planned": "空心＝规划或在建，灰色＝停用；只有在用的提供服务",
        "estimated_legend": "位置或数据为估算的，提示框中标“估算”",
        "beds": "编制床位",
        "beds_unit": "张",
        "grade": "等级",
        "owner": "举办主体",
        "host": "依托机构",
        "decided": "方案",
        "decided_layer": "方案新设或改动的机构",
        "home": "全图",
        "zoom_in": "放大",
        "zoom_out": "缩小",
        "no_match": "没有找到这个名称或代码",
        "more_matches": "还有更多，请多输入几个字",
        "code": "代码",
        "kind": "类型",
        "state": "状态",
        "search": "查找乡镇、村、机构或代码",
        "quote": "原文",
        "reading": "口径",
        "north": "北",
    }
)


def kind_label(kind: str) -> str:
    """Return the Chinese name of a kind of facility."""
    return FACILITY_KINDS[kind][0]


def facility_status_label(status: str) -> str:
    """Return the Chinese name of a facility's status."""
    return FACILITY_STATUS[status][0]


def basis(units: Iterable[str]) -> Basis:
    """Return whose share the colours of towns with these units are: "people", "units", or "unit": of the town itself."""
    found = {basis_of(unit) for unit in units}
    return found.pop() if len(found) == 1 else "unit"


def shown_share(unit: str, people: tuple[float, float], count: tuple[float, float], gap: float) -> float:
    """Return the share that a colour stands for, NaN where there is none.

    For people, `people` as covered ÷ population; for units added up (个), `count` as met ÷ judged; for a single unit
    1 where the rule has no gap there and 0 where it has one.
    """
    of = basis_of(unit)
    if of == "unit":
        return float(gap == 0)
    part, whole = people if of == "people" else count
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else math.nan


def share_class(share: float, status: str) -> int:
    """Return the index into `fills` of a town: 0–5 for a share, 6 for 无数据, 7 for 不适用 (nobody to judge)."""
    if status == "no_data":
        return len(SHARE_CLASSES)
    if math.isnan(share):
        return len(SHARE_CLASSES) + 1
    return int(share * (len(SHARE_CLASSES) - 1))


def fills() -> tuple[Swatch, ...]:
    """Return all fills of a town in the order that `share_class` counts."""
    return (*SHARE_CLASSES, NO_DATA, NOT_APPLICABLE)


def dot_radius(people: float) -> float:
    """Return the radius in pixels of a dot for so many people: area in proportion, never too small to point at."""
    return round(min(2.2 + 0.09 * math.sqrt(people), 14.0), 1)


def page_style(words: Mapping[str, object] = WORDS, kinds: Iterable[str] = (), **more: object) -> dict[str, Any]:
    """Return how a page looks: its words beside those of all, the signs of the kinds of facility that it shows, and more."""
    symbols = {kind: {**asdict(SYMBOLS[kind]), "label": kind_label(kind)} for kind in kinds}
    return {
        "words": {**WORDS, **words},
        "symbols": symbols,
        "closed": CLOSED_COLOR,
        "status": dict(STATUS_LABELS),
        "chrome": dict(CHROME),
        "lines": {name: dict(line) for name, line in LINES.items()},
        "dots": [{"people": people, "radius": dot_radius(people)} for people in DOT_EXAMPLES],
        **more,
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
