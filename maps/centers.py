"""The map of community centres: communities in the colour of their district, lines to their centre, centres by origin.

Nothing is computed here but which colour a district gets, so that neighbours differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from maps import geometry, style
from maps.furniture import Furniture
from maps.page import Page, render_page
from planner.edge_shapes import edge_lines
from planner.region import Region

_SQUARE, _DIAMOND = "M4 4h16v16H4z", "M12 1l11 11-11 11L1 12z"
_UP, _PENTAGON = "M12 2L23 21.5H1z", "M12 1.5l11 8.2-4.2 12.8H5.2L1 9.7z"
_PLUS, _PLUS_LOW = "M12 7.5v9M7.5 12h9", "M12 10.5v8M8 14.5h8"


@dataclass(frozen=True)
class Mark:
    """The sign of a centre by its origin: paths in a 24 × 24 box; its fill, its line, its glyph."""

    size: int
    outline: str
    fill: str
    line: str = "#ffffff"
    glyph: str = ""


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "standing": Mark(19, _SQUARE, "#16323f", glyph=_PLUS),
        "community": Mark(22, _UP, "#a4133c", glyph=_PLUS_LOW),
        "station": Mark(21, _DIAMOND, "#a4133c", glyph=_PLUS),
        "hospital": Mark(21, _PENTAGON, "#a4133c", glyph=_PLUS),
        "chs": Mark(9, _SQUARE, "#ffffff", "#16323f"),
        "new_chs": Mark(11, _UP, "#ffffff", "#a4133c"),
    }
)
DISTRICTS = ("#8fb8de", "#b9d48b", "#d9b3d6", "#f0d878", "#8fd0c4", "#c9b59b", "#a9a6dd", "#e3a5a0")
"""Pale enough for names and lines on them; those who are left out keep their orange."""
_NONE = "#e9ebec"
_SCRIPTS = ("elements.js", "furniture.js", "search.js", "centers.js")
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        **style.WORDS,
        "views": ["方案：各社区由谁服务", "现状：各社区由谁服务"],
        "lines": "社区到中心的归属线",
        "communities": "社区（村）",
        "loads": "服务人口（放大后显示）",
        "everywhere": "全部县（区）",
        "no_center": "没有方案",
        "off": "不在服务对象内",
        "beyond_layer": "步行范围外的居民",
        "list_head": ["中心", "服务人口"],
        "town_head": ["街道（镇）", "新增", "建议"],
        "meaning_points": "圆＝社区（大小＝居民人数），颜色＝同一所中心的片区，相邻片区不同色",
        "meaning_areas": "颜色＝同一所中心的片区，相邻片区不同色",
    }
)


@dataclass(frozen=True)
class Community:
    """One community: today's and the planned centre's id, lines for its tooltip; `area` where it is drawn as a polygon."""

    id: str
    name: str
    town: str
    county: str
    people: int
    today: str
    planned: str
    beyond: int
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Center:
    """One centre: where it comes from (of MARKS), its loads (None: its county has no plan), in words whether they keep the bounds."""

    id: str
    name: str
    origin: str
    label: str
    where: str
    today: int
    planned: int | None
    state_today: str
    state_planned: str
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Post:
    """A service station, standing ("chs") or proposed ("new_chs")."""

    name: str
    kind: str
    where: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Town:
    """One 街道 or seat: new centres, what is proposed, lines for its tooltip."""

    code: str
    needed: int
    proposal: str
    said: tuple[tuple[str, str], ...]


def centers_map(
    region: Region, communities: Sequence[Community], centers: Sequence[Center], posts: Sequence[Post], towns: Sequence[Town],
    edges: Iterable[tuple[str, str]], labels: Sequence[tuple[str, str]], facts: Sequence[tuple[str, str]],
    furniture: Furniture, told: str = "",
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `labels` are (origin, label) in the legend's order."""
    shapes = geometry.simplified(region.towns)
    areas = region.subject_level == "town"
    data = {
        "furniture": {**asdict(furniture), "rings": []},
        "alarm": "",
        "told": told,
        "style": _style(labels),
        "labels": [list(one) for one in labels],
        "areas": areas,
        "facts": [list(one) for one in facts],
        "bounds": geometry.bounds(_focus(region, communities)),
        "towns": _towns(region, shapes, towns),
        "counties": _counties(region, shapes),
        "communities": [_point(asdict(one)) for one in communities],
        "centers": [_point(asdict(one)) for one in centers],
        "posts": [_point(asdict(one)) for one in posts],
        "paints": dict(zip(("planned", "today"), _paints(communities, tuple(edges)), strict=True)),
        "roads": _roads(region),
    }
    return render_page(
        Page(
            title=furniture.title,
            markup=_own_file("centers.html"),
            styles=(style.css_variables(), *map(_own_file, ("coverage.css", "plan.css", "centers.css"))),
            scripts=tuple(map(_own_file, _SCRIPTS)),
            data={"centers-data": data},
            start="showCenters",
        )
    )


def colours(districts: Iterable[str], borders: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a colour for each district, other than its neighbours' where there are enough, the least used first.

    >>> found = colours(["a", "b", "c"], [("a", "b")])
    >>> found["a"] != found["b"]
    True
    """
    near: dict[str, set[str]] = {one: set() for one in districts}
    for a, b in borders:
        near[a].add(b)
        near[b].add(a)
    found: dict[str, str] = {}
    used = dict.fromkeys(DISTRICTS, 0)
    for one in sorted(near, key=lambda one: (-len(near[one]), one)):
        taken = {found[other] for other in near[one] if other in found}
        paint = min(DISTRICTS, key=lambda colour: (colour in taken, used[colour], DISTRICTS.index(colour)))
        found[one] = paint
        used[paint] += 1
    return found


def _paints(communities: Sequence[Community], edges: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Return the colours of the planned districts and of today's; a centre keeps its colour where it can."""
    both = []
    for name in ("planned", "today"):
        of = {one.id: str(getattr(one, name)) for one in communities}
        pairs = {tuple(sorted((of[a], of[b]))) for a, b in edges if of[a] and of[b] and of[a] != of[b]}
        both.append(({one for one in of.values() if one}, {(a, b) for a, b in pairs}))
    found = colours(sorted(both[0][0] | both[1][0]), sorted(both[0][1] | both[1][1]))
    return [{one: found[one] for one in sorted(mine)} for mine, _ in both]


def _own_file(name: str) -> str:
    return files("maps").joinpath(name).read_text("utf-8")


def _focus(region: Region, communities: Sequence[Community]) -> gpd.GeoDataFrame:
    """Return the places that the map opens on: where the communities are, not the whole of a rural city."""
    frame = gpd.GeoDataFrame(
        {"people": [one.people for one in communities]},
        geometry=gpd.points_from_xy([one.lon for one in communities], [one.lat for one in communities]),
        crs=4326,
    )
    return frame if len(frame) > 1 and region.subject_level == "village" else region.towns


def _column(values: Iterable[object]) -> dict[str, list[object]]:
    return {"values": list(values)}


def _point(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its place in whole steps."""
    lon, lat = (round(row.pop(name) * geometry.STEPS_PER_DEGREE) for name in ("lon", "lat"))
    return {**row, "at": [lon, lat]}


def _towns(region: Region, frame: gpd.GeoDataFrame, towns: Sequence[Town]) -> dict[str, Any]:
    county, own = region.counties.set_index("code")["name"], {one.code: one for one in towns}
    return {
        "code": _column(frame["code"]),
        "name": _column(frame["name"]),
        "county": _column(frame["county_code"].map(county).fillna("")),
        "outline": _column(geometry.outlines(frame)),
        "at": _column(geometry.label_points(frame)),
        "plan": _column(asdict(own[one]) if one in own else None for one in frame["code"]),
    }


def _counties(region: Region, towns: gpd.GeoDataFrame) -> dict[str, Any]:
    frame = region.counties.sort_values("code")
    return {
        "name": _column(frame["name"]),
        "outline": _column(geometry.outlines(geometry.borders(frame, towns, "county_code"))),
        "at": _column(geometry.label_points(frame)),
    }


def _roads(region: Region) -> dict[str, list[geometry.Line]] | None:
    """Return the major roads and those next to them, for orientation."""
    if region.roads is None:
        return None
    shapes = gpd.GeoSeries(edge_lines(region.roads), crs=4326).to_crs(region.crs)
    kind = pd.Series(region.roads.road_class).astype(str).str.removesuffix("_link")
    is_major, is_shown = kind.isin(style.MAJOR_ROADS), kind.isin(style.SHOWN_ROADS)
    return {"minor": geometry.lines(shapes[is_shown & ~is_major]), "major": geometry.lines(shapes[is_major])}


def _style(labels: Sequence[tuple[str, str]]) -> dict[str, object]:
    return {
        "marks": {kind: asdict(MARKS[kind]) for kind, _ in labels},
        "none_fill": _NONE,
        "served_fill": "#f7f8f5",
        "symbols": {},
        "status": {},
        "closed": style.CLOSED_COLOR,
        "chrome": dict(style.CHROME),
        "lines": {name: dict(line) for name, line in style.LINES.items()},
        "words": dict(_WORDS),
    }
