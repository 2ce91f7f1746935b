"""The map of a rural plan: villages by how they are served, the days of the rounds, towns by the weakest link of their chain.

Nothing is computed here: kinds, routes and links come with the plan; this page only shows the chosen ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import shapely

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, ground, plain, roads_of
from maps.page import sheet
from maps.style import CIRCLE, DIAMOND, DOWN, PAPER, PENTAGON, PLUS_LOW, SQUARE, UP, Mark
from planner.region import Region
from planner.text import amount_text, hours_text

_ROUTE_TOLERANCE_M = 25.0
_GREY = "#7a868d"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "clinic": Mark(8, CIRCLE, "#1b6b4b"),
        "round": Mark(16, DIAMOND, "#5b3a8c"),
        "stay": Mark(16, PENTAGON, "#8a5a00"),
        "mobile": Mark(15, DOWN, "#14507a"),
        "neighbour": Mark(13, SQUARE, "#0b7f93"),
        "new_clinic": Mark(18, UP, "#dd6b10", "#3b1c00", PLUS_LOW),
        "no_data": Mark(11, CIRCLE, PAPER, _GREY, "M7 17L17 7", _GREY),
    }
)
LINK_FILLS: Mapping[str, str] = MappingProxyType(
    {"town": "#fbf3d9", "subcenter": "#c9e3cf", "county": "#a9c9dc", "city": "#c8bcdc", "": "#e9ebec"}
)
_ROUTE: Mapping[str, object] = MappingProxyType({"color": "#a4133c", "weight": 2, "opacity": 0.75, "fill": False})
_SHEETS = ("plan_page",)
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        "served": "服务方式",
        "host": "承担机构",
        "villages": "行政村",
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
    open_edges: Edges | None = None, closed: str = "",
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `kinds` and `links` are (id, label) in the legend's order.

    Edges of the roads that are not among `open_edges` are drawn as closed; `closed` is what the legend calls them where
    a season closes more than the plan.
    """
    place = {one.code: at for at, one in enumerate(villages)}
    own = {one.code: asdict(one) for one in chain}
    under = ground(region)
    data = {
        "style": _style(kinds, hosts, {"closed_layer": closed} if closed else {}),
        **under,
        "towns": {**under["towns"], "link": plain(own.get(code) for code in region.towns["code"])},
        "roads": roads_of(region, open_edges),
        "told": told,
        "kinds": [list(one) for one in kinds],
        "links": [[*one, LINK_FILLS[one[0]]] for one in links],
        "villages": [geometry.placed(one) for one in villages],
        "hosts": [{**geometry.placed(one), "label": style.kind_label(one.kind)} for one in hosts],
        "duty": None if duty is None else {"routes": _routes(duty, place, region), "left": list(duty.left)},
    }
    return sheet("rural", data, furniture, _SHEETS)


def _routes(duty: Duty, place: Mapping[str, int], region: Region) -> list[dict[str, Any]]:
    return [
        {
            "hospital": one.hospital, "name": one.hospital_name, "team": one.team, "days": list(one.days),
            "km": amount_text(one.km * 1e6, "mm"), "hours": hours_text(one.hours).zh, "back": one.back,
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


def _style(kinds: Sequence[tuple[str, str]], hosts: Sequence[Host], words: Mapping[str, object]) -> dict[str, object]:
    return style.page_style(
        {**_WORDS, **words},
        sorted({one.kind for one in hosts}),
        marks={kind: asdict(MARKS[kind]) for kind, _ in kinds},
        none_fill=LINK_FILLS[""],
        route=dict(_ROUTE),
    )
