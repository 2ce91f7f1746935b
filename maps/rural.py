"""The map of a rural plan: villages by how they are served, the days of the rounds, towns by the weakest link of their chain.

Nothing is computed here: kinds, routes and links come with the plan; this page only shows the chosen ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from maps import geometry, style
from maps.furniture import Furniture
from maps.page import Page, render_page
from planner.edge_shapes import edge_lines
from planner.region import Region

_ROUTE_TOLERANCE_M = 25.0
_CIRCLE, _SQUARE, _DIAMOND = "M12 3a9 9 0 1 0 .01 0z", "M4 4h16v16H4z", "M12 1l11 11-11 11L1 12z"
_UP, _DOWN, _PENTAGON = "M12 2L23 21.5H1z", "M1 2.5h22L12 22z", "M12 1.5l11 8.2-4.2 12.8H5.2L1 9.7z"
_PLUS = "M12 9v9M7.5 13.5h9"


@dataclass(frozen=True)
class Mark:
    """The sign of one kind of village: paths in a 24 × 24 box; its fill, its line, its glyph."""

    size: int
    outline: str
    fill: str
    line: str = "#ffffff"
    glyph: str = ""


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "clinic": Mark(8, _CIRCLE, "#1b6b4b"),
        "round": Mark(16, _DIAMOND, "#5b3a8c"),
        "stay": Mark(16, _PENTAGON, "#8a5a00"),
        "mobile": Mark(15, _DOWN, "#14507a"),
        "neighbour": Mark(13, _SQUARE, "#0b7f93"),
        "new_clinic": Mark(18, _UP, "#dd6b10", "#3b1c00", _PLUS),
        "no_data": Mark(11, _CIRCLE, "#ffffff", "#7a868d", "M7 17L17 7"),
    }
)
LINK_FILLS: Mapping[str, str] = MappingProxyType(
    {"town": "#fbf3d9", "subcenter": "#c9e3cf", "county": "#a9c9dc", "city": "#c8bcdc", "": "#e9ebec"}
)
_ROUTE: Mapping[str, object] = MappingProxyType({"color": "#a4133c", "weight": 2, "opacity": 0.75, "fill": False})
_SCRIPTS = ("elements.js", "furniture.js", "search.js", "rural.js")
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        **style.WORDS,
        "served": "服务方式",
        "host": "承担机构",
        "chain": "链条各段",
        "weakest": "最薄弱环节",
        "beyond": "县界外更近",
        "hosts": "派出或承担的机构",
        "serves": "承担行政村",
        "routes": "巡回路线",
        "all": "全部队伍",
        "every": "全部日程",
        "no_town": "没有行政村",
        "links": "颜色＝本乡镇最多居民的最薄弱环节（五级链条里最长或不可达的一段）",
        "none_else": "没有：全部行政村都设有村卫生室。",
        "list_head": ["行政村", "方式"],
        "town_head": ["乡镇（街道）", "合计", "最薄弱"],
        "duty_head": ["次序", "行政村", "到达—离开"],
    }
)


@dataclass(frozen=True)
class Village:
    """One 行政村: its kind (of MARKS), who serves it, why, its chain in words."""

    code: str
    name: str
    county: str
    town: str
    people: int
    kind: str
    host: str
    why: str
    chain: str
    weakest: str
    across: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Host:
    """A facility that serves villages in place of a clinic, and how many."""

    id: str
    name: str
    kind: str
    villages: int
    lon: float
    lat: float


@dataclass(frozen=True)
class Link:
    """The chain of one town: its weakest link (a level, "" none), and lines for the tooltip."""

    code: str
    name: str
    county: str
    weakest: str
    villages: int
    people: str
    total: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stop:
    """A stop of a day out: the village's code, arrival and leaving, the km of the leg to it."""

    code: str
    arrive: str
    leave: str
    km: float


@dataclass(frozen=True)
class Route:
    """One day out of a team: on which working days of the month, its stops, its legs as (lon, lat)."""

    hospital: str
    hospital_name: str
    team: int
    days: tuple[int, ...]
    km: float
    hours: float
    back: str
    stops: tuple[Stop, ...]
    legs: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class Duty:
    """The rounds of a month, and the villages that they cannot visit, in words."""

    routes: tuple[Route, ...]
    left: tuple[str, ...] = ()


def rural_map(
    region: Region, villages: Sequence[Village], hosts: Sequence[Host], chain: Sequence[Link], duty: Duty | None,
    kinds: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]], furniture: Furniture, told: str = "",
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `kinds` and `links` are (id, label) in the legend's order."""
    towns = geometry.simplified(region.towns)
    place = {one.code: at for at, one in enumerate(villages)}
    data = {
        "furniture": {**asdict(furniture), "rings": []},
        "alarm": "",
        "told": told,
        "style": _style(kinds, hosts),
        "kinds": [list(one) for one in kinds],
        "links": [[*one, LINK_FILLS[one[0]]] for one in links],
        "bounds": geometry.bounds(region.towns),
        "towns": _areas(region, towns, chain),
        "counties": _counties(region, towns),
        "villages": [_point({**asdict(one)}) for one in villages],
        "hosts": [_point({**asdict(one), "label": style.kind_label(one.kind)}) for one in hosts],
        "duty": None if duty is None else {"routes": _routes(duty, place, region), "left": list(duty.left)},
        "roads": _roads(region),
    }
    return render_page(
        Page(
            title=furniture.title,
            markup=_own_file("rural.html"),
            styles=(style.css_variables(), *map(_own_file, ("coverage.css", "plan.css", "rural.css"))),
            scripts=tuple(map(_own_file, _SCRIPTS)),
            data={"rural-data": data},
            start="showRural",
        )
    )


def _own_file(name: str) -> str:
    return files("maps").joinpath(name).read_text("utf-8")


def _column(values: Iterable[object]) -> dict[str, list[object]]:
    return {"values": list(values)}


def _point(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its place in whole steps."""
    lon, lat = (round(row.pop(name) * geometry.STEPS_PER_DEGREE) for name in ("lon", "lat"))
    return {**row, "at": [lon, lat]}


def _areas(region: Region, frame: gpd.GeoDataFrame, chain: Sequence[Link]) -> dict[str, Any]:
    county, links = region.counties.set_index("code")["name"], {one.code: one for one in chain}
    return {
        "code": _column(frame["code"]),
        "name": _column(frame["name"]),
        "county": _column(frame["county_code"].map(county).fillna("")),
        "outline": _column(geometry.outlines(frame)),
        "at": _column(geometry.label_points(frame)),
        "link": _column(asdict(links[one]) if one in links else None for one in frame["code"]),
    }


def _counties(region: Region, towns: gpd.GeoDataFrame) -> dict[str, Any]:
    frame = region.counties.sort_values("code")
    return {
        "name": _column(frame["name"]),
        "outline": _column(geometry.outlines(geometry.borders(frame, towns, "county_code"))),
        "at": _column(geometry.label_points(frame)),
    }


def _routes(duty: Duty, place: Mapping[str, int], region: Region) -> list[dict[str, Any]]:
    return [
        {
            "hospital": one.hospital, "name": one.hospital_name, "team": one.team, "days": list(one.days),
            "km": f"{one.km:,.1f}", "hours": f"{one.hours:,.1f}", "back": one.back,
            "stops": [[place[stop.code], stop.arrive, stop.leave] for stop in one.stops],
            "lines": _legs(one, region),
        }
        for one in duty.routes
    ]  # fmt: skip


def _legs(route: Route, region: Region) -> list[geometry.Line]:
    shapes = [shapely.LineString(leg) for leg in route.legs if len(set(leg)) > 1]
    if not shapes:
        return []
    return geometry.lines(gpd.GeoSeries(shapes, crs=4326).to_crs(region.crs), _ROUTE_TOLERANCE_M)


def _roads(region: Region) -> dict[str, list[geometry.Line]] | None:
    """Return the major roads and those next to them, for orientation."""
    if region.roads is None:
        return None
    shapes = gpd.GeoSeries(edge_lines(region.roads), crs=4326).to_crs(region.crs)
    kind = pd.Series(region.roads.road_class).astype(str).str.removesuffix("_link")
    is_major, is_shown = kind.isin(style.MAJOR_ROADS), kind.isin(style.SHOWN_ROADS)
    return {"minor": geometry.lines(shapes[is_shown & ~is_major]), "major": geometry.lines(shapes[is_major])}


def _style(kinds: Sequence[tuple[str, str]], hosts: Sequence[Host]) -> dict[str, object]:
    own = {one.kind for one in hosts}
    return {
        "marks": {kind: asdict(MARKS[kind]) for kind, _ in kinds},
        "none_fill": LINK_FILLS[""],
        "symbols": {kind: asdict(style.SYMBOLS[kind]) for kind in sorted(own)},
        "status": {},
        "closed": style.CLOSED_COLOR,
        "route": dict(_ROUTE),
        "chrome": dict(style.CHROME),
        "lines": {name: dict(line) for name, line in style.LINES.items()},
        "words": dict(_WORDS),
    }
