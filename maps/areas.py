"""The map of what lies within limits of time or distance: areas to look at, and every point as it was reckoned.

Nothing is computed here but what areas are called; a point's state was reckoned point by point, never from an area.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, packed, plain, texts
from maps.geometry import roads as roads_to_draw
from maps.scene import Block, Cell, Content, Headline, Layer, Picture, Places, Ramp, Row, Scene, View, render
from maps.style import CIRCLE, GAP, NAVY, PAPER, PLUS, SQUARE, UP, Mark, Stroke
from planner.network import RoadGraph
from planner.text import count_text, people_text, share_of

STATES: Mapping[str, str] = MappingProxyType({"covered": "已覆盖", "uncovered": "未覆盖", "unreachable": "不可达"})
"""What a point is at a limit, in the order in which the page numbers and draws them."""
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "covered": Mark(7, CIRCLE, style.QUIET, PAPER, weight=0.8),
        "uncovered": Mark(9, UP, GAP, PAPER, weight=0.8),
        "unreachable": Mark(9, SQUARE, GAP, PAPER, "M7 7l10 10M17 7L7 17", weight=0.8),
        "facility": Mark(14, SQUARE, NAVY, glyph=PLUS),
    }
)
_NEAR, _FAR = (0x6F, 0xA9, 0xBE), (0xCF, 0xE3, 0xE0)
"""The fills of the areas run from the smallest limit to the largest, dark to pale."""
_AS_SEEN_PX = 7.0
"""Along roads areas are ribbons of some 80 metres, which nobody sees at the scale of a city: so wide they are drawn at least."""
NOTICE = "服务范围图形只供查看，不作判断；是否覆盖按每个需求点逐一计算"
_NOTE = "道路两侧的范围在小比例尺上加宽显示。点的颜色和形状随所选限度变化：逐点计算，不按服务范围图形判断。"
_ON_FOOT = Mark(14, CIRCLE, "", style.INK, weight=1.0)
_FEW_ROADS = 20_000
_SHARE_OF_EXTENT = 4_000


def areas_map(
    areas: gpd.GeoDataFrame,
    demand: pd.DataFrame,
    facilities: pd.DataFrame,
    people: Sequence[Mapping[str, object]],
    furniture: Furniture,
    roads: RoadGraph | None = None,
    open_edges: Edges | None = None,
    *,
    has_people: bool = True,
) -> str:
    """Return one HTML page that opens with no network.

    areas       limit (as it is called) and geometry (EPSG:4326), the smallest limit first
    demand      id, lon, lat, population, perhaps name; states: for each area's limit one of STATES; nearest: what the
                nearest facility is called or "", cost: how far it is; walk: how far it walks to the road, or ""
    facilities  id, lon, lat, perhaps name
    people      for each limit: covered, uncovered, unreachable, population
    roads       to find one's way by; those not among `open_edges` are drawn as closed
    has_people  False: the numbers are of points, not people
    """
    metric = _metric(areas)
    bounds = _bounds(areas, demand, facilities)
    tolerance_m = (bounds[3] - bounds[1]) * 111_000 / geometry.STEPS_PER_DEGREE / _SHARE_OF_EXTENT
    shapes = areas if metric is None else areas.to_crs(metric).assign(geometry=lambda one: one.simplify(tolerance_m))
    all_roads = None
    if roads is not None and metric is not None:
        few = len(roads.tail) <= _FEW_ROADS
        all_roads = roads_to_draw(roads, metric, open_edges, max(tolerance_m, 1.0), of_any_class=few)
    names = [str(one) for one in areas["limit"]]
    fills = area_fills(len(names))
    outlines = geometry.outlines(shapes)
    scene = Scene(
        kind="areas",
        ground={"bounds": bounds, "towns": _NOWHERE, "counties": _NOWHERE},
        fills=(style.LAND,),
        choices=("限度",),
        views=tuple(_view(at, people, names, has_people=has_people) for at in range(len(names))),
        pictures=tuple(_picture(demand, at) for at in range(len(names))),
        ramps=(
            Ramp(
                "服务范围（只供查看）",
                (),
                tuple(style.Swatch(f"≤ {one}", fill) for one, fill in zip(names, fills, strict=True)),
                (_NOTE,),
            ),
        ),
        places={"demand": _demand(demand, has_people=has_people), "facilities": _facilities(facilities)},
        layers=_layers(names, fills, demand),
        always={f"area-{at}": Content(areas=outline) for at, outline in enumerate(outlines)}
        | {"facilities": Content(), **_on_foot(demand)},
        roads=all_roads,
        first=max(len(names) - 1, 0),
    )
    return render(scene, furniture)


_NOWHERE: Mapping[str, object] = MappingProxyType(
    {name: {"values": []} for name in ("code", "name", "county", "outline", "at")}
)


def _layers(names: Sequence[str], fills: Sequence[str], demand: pd.DataFrame) -> tuple[Layer, ...]:
    """From the ground up: areas, the largest first, then points, those who are left out on top."""
    count = len(names)
    areas = [
        Layer(
            f"area-{at}",
            f"服务范围 ≤ {names[at]}",
            "areas",
            "reach",
            stroke=Stroke(fills[at], _AS_SEEN_PX, fill=fills[at]),
            more=True,
        )
        for at in reversed(range(count))
    ]
    points = [
        Layer(state, label, "points", "facility" if state == "covered" else "gap", "demand", (MARKS[state],))
        for state, label in STATES.items()
    ]
    on_foot = (
        [Layer("on_foot", "外圈＝离路远，步行接入道路", "points", "ground", "demand", (_ON_FOOT,))]
        if _on_foot(demand)
        else []
    )
    return (
        *areas,
        *on_foot,
        *points,
        Layer("facilities", "机构", "points", "facility", "facilities", (MARKS["facility"],), names="near"),
    )


def _on_foot(demand: pd.DataFrame) -> dict[str, Content]:
    rows = [at for at, one in enumerate(demand["walk"]) if one]
    return {"on_foot": Content(rows=packed(rows))} if rows else {}


def _picture(demand: pd.DataFrame, limit: int) -> Picture:
    """Return the points by their state at one limit."""
    now = [states[limit] for states in demand["states"]]
    contents = {}
    for state, label in STATES.items():
        rows = [at for at, one in enumerate(now) if one == state]
        if rows:
            contents[state] = Content(rows=packed(rows), facts={"状态": texts(label for _ in rows)})
    return Picture(plain([]), contents=contents)


def _view(at: int, people: Sequence[Mapping[str, object]], names: Sequence[str], *, has_people: bool) -> View:
    counts = {name: float(str(people[at][name])) for name in (*STATES, "population")}
    left = counts["uncovered"] + counts["unreachable"]
    unit = "人" if has_people else "个点"
    lost = f"，其中 {count_text(counts['unreachable'])} {unit}没有通路" if counts["unreachable"] else ""
    return View(
        keys=(names[at],),
        pictures=(at,),
        question=f"{names[at]} 内到得了吗？",
        headline=Headline(count_text(left), unit, "gap" if left else ""),
        sentence=(
            (f"{names[at]} 内到不了的有 ", ""),
            (f"{count_text(left)} {unit}", "gap" if left else "strong"),
            (f"（占 {share_of(left, counts['population'])}）{lost}。", ""),
        ),
        blocks=(
            Block(
                "各限度", heads=("限度", "覆盖率", *STATES.values()), rows=tuple(_rows(people, names)), paper="first"
            ),
        ),
    )


def _rows(people: Sequence[Mapping[str, object]], names: Sequence[str]) -> Iterator[Row]:
    for at, name in enumerate(names):
        counts = {key: float(str(people[at][key])) for key in (*STATES, "population")}
        share = share_of(counts["covered"], counts["population"])
        told = [Cell(count_text(counts[key]), right=True) for key in STATES]
        yield Row((name, Cell(share, right=True), *told), ("view", at))


def _metric(areas: gpd.GeoDataFrame) -> CRS | None:
    return areas.geometry.estimate_utm_crs() if len(areas) and not areas.geometry.is_empty.all() else None


def area_fills(count: int) -> list[str]:
    """Return so many colours, from the smallest limit's to the largest's.

    >>> area_fills(2)
    ['#6fa9be', '#cfe3e0']
    """
    shares = np.linspace(0, 1, count) if count > 1 else np.full(count, 0.5)
    mixed = np.rint(np.outer(1 - shares, _NEAR) + np.outer(shares, _FAR)).astype(int)
    return ["#" + "".join(f"{part:02x}" for part in one) for one in mixed.tolist()]


def _bounds(areas: gpd.GeoDataFrame, demand: pd.DataFrame, facilities: pd.DataFrame) -> list[int]:
    both = pd.concat([demand[["lon", "lat"]], facilities[["lon", "lat"]]]).astype(float)
    points = np.rint(both.to_numpy() * geometry.STEPS_PER_DEGREE)
    low, high = points.min(axis=0), points.max(axis=0)
    box = areas.total_bounds * geometry.STEPS_PER_DEGREE
    if np.isfinite(box).all():
        low, high = np.minimum(low, box[:2]), np.maximum(high, box[2:])
    margin = max(1, int((high - low).max()) // 50)  # a single point has no extent
    return [int(value) for value in (*(np.floor(low) - margin), *(np.ceil(high) + margin))]


def _demand(demand: pd.DataFrame, *, has_people: bool) -> Places:
    facts = {
        "人口": texts(people_text(int(one)) if has_people else "" for one in demand["population"]),
        "最近机构": texts(
            f"{one}，{cost}" if one else "" for one, cost in zip(demand["nearest"], demand["cost"], strict=True)
        ),
        "步行接入": texts(demand["walk"]),
    }
    return _points(demand, facts)


def _facilities(facilities: pd.DataFrame) -> Places:
    return _points(facilities, {})


def _points(frame: pd.DataFrame, facts: Mapping[str, geometry.Column]) -> Places:
    ids = frame["id"].astype(str)
    names = frame["name"].fillna("").astype(str) if "name" in frame else ids
    names = names.where(names != "", ids)
    at = geometry.at(frame["lon"], frame["lat"])
    return Places(at, texts(names), texts("" for _ in ids), texts(ids), facts)
