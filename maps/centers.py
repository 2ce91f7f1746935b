"""The map of community centres: communities in the colour of their district, lines to their centre, centres by origin.

Nothing is computed here but which colour a district gets, so that neighbours differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

import geopandas as gpd

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, ground, plain, roads_of
from maps.page import sheet
from maps.style import DIAMOND, PAPER, PENTAGON, PLUS, PLUS_LOW, SQUARE, UP, Mark, colours
from maps.style import FILLS as DISTRICTS
from planner.region import Region

__all__ = ["DISTRICTS", "MARKS", "Center", "Community", "Post", "Town", "centers_map", "colours"]

_RED, _INK, _LINE, _LEFT = "#a4133c", "#16323f", "#3c4d57", "#dd6b10"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "standing": Mark(19, SQUARE, _INK, glyph=PLUS),
        "community": Mark(22, UP, _RED, glyph=PLUS_LOW),
        "station": Mark(21, DIAMOND, _RED, glyph=PLUS),
        "hospital": Mark(21, PENTAGON, _RED, glyph=PLUS),
        "chs": Mark(9, SQUARE, PAPER, _INK),
        "new_chs": Mark(11, UP, PAPER, _RED),
    }
)
_LOOKS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "community": {"color": _LINE, "weight": 0.8, "fillColor": DISTRICTS[0], "fillOpacity": 0.95},
        "link": {"color": _LINE, "weight": 1.3, "opacity": 0.75, "className": "link"},
        "beyond": {"color": _LEFT, "weight": 2, "fill": False, "fillOpacity": 0},
    }
)
_SHEETS = ("plan_page",)
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        "search": "查找街道、社区、中心",
        "views": ["方案：各社区由谁服务", "现状：各社区由谁服务"],
        "lines": "社区到中心的归属线",
        "communities": "社区（村）",
        "loads": "服务人口（放大后显示）",
        "everywhere": "全部县（区）",
        "no_center": "没有方案",
        "sharing": "所合计",
        "joined": "合计在内",
        "off": "不在服务对象内",
        "outside": "所选范围以外",
        "beyond_layer": "步行范围外的居民",
        "list_head": ["中心", "服务人口"],
        "town_head": ["街道（镇）", "新增", "建议"],
        "meaning_points": "圆＝社区（大小＝居民人数），颜色＝同一所中心的片区，相邻片区不同色",
        "meaning_areas": "颜色＝同一所中心的片区，相邻片区不同色",
    }
)


Facts = Mapping[str, Mapping[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True)
class Community:
    """One community: today's and the planned centre's id, lines for its tooltip.

    `beyond_today` and `beyond_planned` are the residents beyond a walk to a centre or station that stands, or would then.
    """

    id: str
    name: str
    town: str
    county: str
    people: int
    today: str
    planned: str
    beyond_today: int
    beyond_planned: int
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Center:
    """One centre: where it comes from (of MARKS), its loads (None: its county has no plan), in words whether they keep the bounds.

    Several that stand in one community serve one district together: `district` is the id of the centre that has it (its
    own where it stands alone), `sharing` how many serve it, `planned` the load of them all.
    """

    id: str
    name: str
    origin: str
    label: str
    county: str
    where: str
    today: int
    planned: int | None
    district: str
    sharing: int
    state_today: str
    state_planned: str
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Post:
    """A service station, standing ("chs") or proposed ("new_chs"); upgraded: standing, and a centre by the plan."""

    name: str
    kind: str
    county: str
    where: str
    lon: float
    lat: float
    upgraded: bool = False


@dataclass(frozen=True)
class Town:
    """One 街道 or seat: new centres, what is proposed, lines for its tooltip."""

    code: str
    needed: int
    proposal: str
    said: tuple[tuple[str, str], ...]


def centers_map(
    region: Region, communities: Sequence[Community], centers: Sequence[Center], posts: Sequence[Post], towns: Sequence[Town],
    edges: Iterable[tuple[str, str]], labels: Sequence[tuple[str, str]], facts: Facts,
    furniture: Furniture, told: str = "", open_edges: Edges | None = None,
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `labels` are (origin, label) in the legend's order.

    `facts` are figures as (label, text) by time ("planned", "today") and county (its name, "" the whole city).
    Edges of the roads that are not among `open_edges` are drawn as closed.
    """
    own = {one.code: asdict(one) for one in towns}
    under = ground(region)
    data = {
        "style": _style(labels),
        **under,
        "towns": {**under["towns"], "plan": plain(own.get(code) for code in region.towns["code"])},
        "roads": roads_of(region, open_edges),
        "bounds": geometry.bounds(_focus(region, communities)),
        "told": told,
        "labels": [list(one) for one in labels],
        "areas": region.subject_level == "town",
        "facts": {
            time: {where: [list(one) for one in said] for where, said in by.items()} for time, by in facts.items()
        },
        "communities": [geometry.placed(one) for one in communities],
        "centers": [geometry.placed(one) for one in centers],
        "posts": [geometry.placed(one) for one in posts],
        "paints": dict(zip(("planned", "today"), _paints(communities, tuple(edges)), strict=True)),
    }
    return sheet("centers", data, furniture, _SHEETS)


def _paints(communities: Sequence[Community], edges: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Return the colours of the planned districts and of today's; a centre keeps its colour where it can."""
    both = []
    for name in ("planned", "today"):
        of = {one.id: str(getattr(one, name)) for one in communities}
        pairs = {tuple(sorted((of[a], of[b]))) for a, b in edges if of[a] and of[b] and of[a] != of[b]}
        both.append(({one for one in of.values() if one}, {(a, b) for a, b in pairs}))
    found = colours(sorted(both[0][0] | both[1][0]), sorted(both[0][1] | both[1][1]))
    return [{one: found[one] for one in sorted(mine)} for mine, _ in both]


def _focus(region: Region, communities: Sequence[Community]) -> gpd.GeoDataFrame:
    """Return the places that the map opens on: where the communities are, not the whole of a rural city."""
    frame = gpd.GeoDataFrame(
        {"people": [one.people for one in communities]},
        geometry=gpd.points_from_xy([one.lon for one in communities], [one.lat for one in communities]),
        crs=4326,
    )
    return frame if len(frame) > 1 and region.subject_level == "village" else region.towns


def _style(labels: Sequence[tuple[str, str]]) -> dict[str, object]:
    return style.page_style(
        _WORDS,
        marks={kind: asdict(MARKS[kind]) for kind, _ in labels},
        looks={name: dict(look) for name, look in _LOOKS.items()},
        none_fill=style.NOT_APPLICABLE.fill,
        served_fill="#f7f8f5",
    )
