"""The map of a plan: sites by what the plan does with them, towns by who serves them, and the people whom it leaves out.

Nothing is computed here: states, servers and reasons come with the views; this page only shows the chosen one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, ground, numbers, plain, roads_of, texts
from maps.page import sheet
from maps.style import CIRCLE, DIAMOND, FILLS, INK, PAPER, PLUS, SQUARE, UP, Mark, colours
from planner.region import Region
from planner.text import count_text

_H, _STAR, _CROSS = "M8.5 8v8M15.5 8v8M8.5 12h7", "M12 6v12M6.8 9l10.4 6M17.2 9L6.8 15", "M4 4l16 16M20 4L4 20"
_PURPLE, _BLUE, _RED, _GREY = "#5b3a8c", "#1d3557", "#a4133c", "#7a868d"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "chosen": Mark(23, DIAMOND, _PURPLE, glyph=PLUS),
        "built": Mark(21, SQUARE, _PURPLE, glyph=PLUS),
        "alternative": Mark(17, DIAMOND, PAPER, _PURPLE),
        "not_selected": Mark(10, CIRCLE, PAPER, INK),
        "barred": Mark(12, "M12 12", "none", _GREY, _CROSS, INK),
        "background": Mark(16, SQUARE, _BLUE, glyph=_H),
        "station": Mark(15, CIRCLE, _BLUE, glyph=_STAR),
        "hosted": Mark(23, DIAMOND, _RED, glyph=PLUS),
        "alone": Mark(21, UP, _RED),
        "host": Mark(9, CIRCLE, PAPER, INK),
    }
)
LEFT = ("uncovered", "unreachable")
_BEYOND = "限度以外"
_HOSPITAL_FILL = style.Swatch("主要由已有医院服务", "#eef1f2")
_SPOKE: Mapping[str, object] = MappingProxyType(
    {"color": _PURPLE, "weight": 1.3, "opacity": 0.75, "dashArray": "4 3", "fill": False}
)
_SHEETS = ("plan_page",)
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        "left": {"uncovered": "的居民点（圆的大小＝人数）", "unreachable": "不可达的居民点"},
        "spokes": "乡镇 → 服务其多数居民的次中心",
        "services": "颜色相同且连线到同一处＝由同一次中心服务",
        "shares": "颜色＝限度以内的人口占比（%），每级含下限、不含上限",
        "nobody": "没有所问的居民",
        "list_head": ["机构", "类别"],
    }
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """What a view says of one site: its state (of MARKS), its class in a word, and the reason."""

    id: str
    state: str
    decision: str
    reason: str


@dataclass(frozen=True)
class Town:
    """What a view says of one town: the site that serves most of it ("" none), the share that a colour may stand for, lines."""

    code: str
    site: str
    share: float
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Left:
    """A settlement that a view leaves out: its state (of LEFT) and how far it is, in words."""

    id: str
    state: str
    said: str


@dataclass(frozen=True)
class View:
    """One plan: its places in the two choices, figures as (label, text), and what it says of sites, towns, settlements.

    `beyond` names the limit that those of `left` are beyond, as "30 分钟以外"; "" where it is told elsewhere.
    """

    group: str
    label: str
    facts: tuple[tuple[str, str], ...]
    sites: tuple[Site, ...]
    towns: tuple[Town, ...]
    left: tuple[Left, ...]
    note: str = ""
    beyond: str = ""


@dataclass(frozen=True)
class Legend:
    """What the two choices are called, how towns are filled, and the states of sites in the legend with their labels.

    listed   the states whose sites stand in the list beside the map, in this order
    hidden   the states that are not shown until they are asked for
    """

    choices: tuple[str, str]
    fill: Literal["site", "share"]
    states: tuple[tuple[str, str], ...]
    listed: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def plan_map(
    region: Region, sites: pd.DataFrame, demand: pd.DataFrame, views: Sequence[View], legend: Legend, furniture: Furniture,
    first: int = 0, open_edges: Edges | None = None,
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network, on the view in place `first`.

    sites    id, name, kind, county_name, town_name, grade, beds, lon, lat
    demand   id, name, county_name, town_name, population, lon, lat
    Edges of the roads that are not among `open_edges` are drawn as closed.
    """
    place = {"site": _places(sites["id"]), "town": _places(region.towns["code"]), "demand": _places(demand["id"])}
    data = {
        "style": _style(legend),
        **ground(region),
        "roads": roads_of(region, open_edges),
        "first": first,
        "legend": asdict(legend),
        "sites": _sites(sites),
        "demand": _demand(demand),
        "views": _views(views, legend, place, _neighbours(region.towns)),
    }
    return sheet("plan", data, furniture, _SHEETS)


def _places(ids: pd.Series) -> dict[str, int]:
    return {str(one): at for at, one in enumerate(ids)}


def _sites(sites: pd.DataFrame) -> dict[str, Any]:
    return {
        "id": texts(sites["id"]),
        "kind": texts(style.kind_label(kind) if kind in style.SYMBOLS else "格网点" for kind in sites["kind"]),
        "grade": texts(sites["grade"]),
        "beds": texts("" if pd.isna(one) else count_text(float(one)) for one in sites["beds"]),
        **_named_places(sites),
    }


def _demand(demand: pd.DataFrame) -> dict[str, Any]:
    return {
        "population": numbers(demand["population"]),
        "radius": plain(style.dot_radius(int(one)) for one in demand["population"]),
        **_named_places(demand),
    }


def _named_places(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "name": texts(frame["name"]),
        "county": texts(frame["county_name"]),
        "town": texts(frame["town_name"]),
        "at": plain(geometry.spots(frame)),
    }


def _neighbours(towns: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    """Return the pairs of towns that touch, by code."""
    shapes, codes = towns.geometry.to_numpy(), towns["code"].to_numpy(object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return {(str(codes[a]), str(codes[b])) for a, b in zip(one, other, strict=True) if a < b}


def _views(
    views: Sequence[View], legend: Legend, place: Mapping[str, Mapping[str, int]], neighbours: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    out, kept = list[dict[str, Any]](), dict[str, str]()
    for view in views:
        states = {one.id: one.state for one in view.sites}
        fills = _service_fills(view, states, neighbours, kept) if legend.fill == "site" else _share_fills(view)
        out.append(
            {
                "group": view.group,
                "label": view.label,
                "note": view.note,
                "beyond": view.beyond or _BEYOND,
                "facts": [list(pair) for pair in view.facts],
                "sites": [[place["site"][one.id], one.state, one.decision, one.reason] for one in view.sites],
                "towns": [[place["town"][one.code], fills[one.code], place["site"].get(one.site, -1), one.said]
                          for one in view.towns],
                "left": [[place["demand"][one.id], LEFT.index(one.state), one.said] for one in view.left],
            }
        )  # fmt: skip
    return out


def _share_fills(view: View) -> dict[str, int]:
    return {one.code: style.share_class(one.share, "") for one in view.towns}


def _service_fills(
    view: View, states: Mapping[str, str], neighbours: set[tuple[str, str]], kept: dict[str, str]
) -> dict[str, int]:
    """Return a fill for each town: one for each sub-centre, another than its neighbours'; all hospitals share one.

    `kept` remembers the fill that a site had in the views before, so that it changes only where it must.
    """
    served = {one.code: one.site for one in view.towns if states.get(one.site, "background") != "background"}
    both = ((served.get(one), served.get(other)) for one, other in neighbours)
    found = colours(sorted(set(served.values())), ((a, b) for a, b in both if a and b and a != b), kept)
    kept |= found
    place, hospital = {fill: at for at, fill in enumerate(FILLS)}, len(FILLS)
    return {one.code: place[found[one.site]] if one.code in served else hospital + (not one.site) for one in view.towns}


def _style(legend: Legend) -> dict[str, object]:
    nobody = style.Swatch("没有所问的居民", style.NOT_APPLICABLE.fill)
    lost = style.Swatch("不可达", style.NO_DATA.fill)
    service = (*(style.Swatch("", one) for one in FILLS), _HOSPITAL_FILL, lost, nobody)
    fills = service if legend.fill == "site" else (*style.fills()[:-1], nobody)
    return style.page_style(
        _WORDS,
        fills=[asdict(one) for one in fills],
        classes=len(style.SHARE_CLASSES),
        marks={state: asdict(MARKS[state]) for state, _ in legend.states},
        spoke=dict(_SPOKE),
    )
