"""The map of service areas: what is reached within each limit, to look at, and every demand point as it was judged.

Nothing about coverage is computed here: the state of each point at each limit comes from the Reach. The areas are
drawn beside it and judge nobody.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, plain, texts
from maps.geometry import roads as roads_to_draw
from maps.page import sheet
from planner.network import RoadGraph
from planner.text import share_of

STATES: Mapping[str, str] = MappingProxyType({"covered": "已覆盖", "uncovered": "未覆盖", "unreachable": "不可达"})
"""What a point is at a limit, in the order in which the page numbers and draws them."""

_NEAR, _FAR = (0x6F, 0xB3, 0xC0), (0xEC, 0xF4, 0xE2)
"""The fills of the areas run from the smallest limit to the largest, dark to pale."""
_AREA_EDGE = "#4f8a99"
_MARKS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "covered": {"shape": "circle", "radius": 3.6, "color": "#ffffff", "weight": 1, "fillColor": "#14507a",
                    "fillOpacity": 1},
        "uncovered": {"shape": "triangle", "radius": 4.6, "color": "#ffffff", "weight": 1, "fillColor": "#dd6b10",
                      "fillOpacity": 1},
        "unreachable": {"shape": "diamond", "radius": 4.4, "color": "#3b1c00", "weight": 1.8, "fillColor": "#ffd9ae",
                        "fillOpacity": 1},
        "facility": {"shape": "square", "radius": 7, "color": "#ffffff", "weight": 1.4, "fillColor": "#a4133c",
                     "fillOpacity": 1, "glyph": "#ffffff"},
    }
)  # fmt: skip
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        "states": dict(STATES),
        "limit": "限度",
        "share": "覆盖率",
        "facility": "机构",
        "areas": "服务范围（只供查看）",
        "id": "编号",
        "on_foot": "步行接入",
        "on_foot_mark": "外圈＝离路远，步行接入道路",
        "notes": "点的颜色和形状随所选限度变化：逐点计算，不按服务范围图形判断。",
    }
)
NOTICE = "服务范围图形只供查看，不作判断；是否覆盖按每个需求点逐一计算"
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
    data = {
        "style": _style(len(areas)),
        "bounds": bounds,
        "limits": _limits(areas, geometry.outlines(shapes), people),
        "demand": _demand(demand),
        "facilities": _facilities(facilities),
        "roads": all_roads,
        "hasPeople": has_people,
    }
    return sheet("areas", data, furniture)


def _metric(areas: gpd.GeoDataFrame) -> CRS | None:
    return areas.geometry.estimate_utm_crs() if len(areas) and not areas.geometry.is_empty.all() else None


def area_fills(count: int) -> list[str]:
    """Return so many colours, from the smallest limit's to the largest's.

    >>> area_fills(2)
    ['#6fb3c0', '#ecf4e2']
    """
    shares = np.linspace(0, 1, count) if count > 1 else np.full(count, 0.5)
    mixed = np.rint(np.outer(1 - shares, _NEAR) + np.outer(shares, _FAR)).astype(int)
    return ["#" + "".join(f"{part:02x}" for part in one) for one in mixed.tolist()]


def _bounds(areas: gpd.GeoDataFrame, demand: pd.DataFrame, facilities: pd.DataFrame) -> list[int]:
    points = np.array([*geometry.spots(demand), *geometry.spots(facilities)])
    low, high = points.min(axis=0), points.max(axis=0)
    box = areas.total_bounds * geometry.STEPS_PER_DEGREE
    if np.isfinite(box).all():
        low, high = np.minimum(low, box[:2]), np.maximum(high, box[2:])
    margin = max(1, int((high - low).max()) // 50)  # a single point has no extent
    return [int(value) for value in (*(np.floor(low) - margin), *(np.ceil(high) + margin))]


def _limits(
    areas: gpd.GeoDataFrame, outlines: list[list[list[geometry.Line]]], people: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    counts = {name: [one[name] for one in people] for name in (*STATES, "population")}
    shares = [
        share_of(float(str(covered)), float(str(everyone)))
        for covered, everyone in zip(counts["covered"], counts["population"], strict=True)
    ]
    columns = {"limit": areas["limit"], "outline": outlines, "share": shares, **counts}
    return {name: plain(values) for name, values in columns.items()}


def _demand(demand: pd.DataFrame) -> dict[str, object]:
    number = {state: at for at, state in enumerate(STATES)}
    return {
        "id": plain(demand["id"]),
        "name": _names(demand),
        "population": plain(int(value) for value in demand["population"]),
        "states": plain([number[one] for one in states] for states in demand["states"]),
        "nearest": texts(demand["nearest"]),
        "cost": texts(demand["cost"]),
        "walk": plain(demand["walk"]),
        "at": plain(geometry.spots(demand)),
    }


def _facilities(facilities: pd.DataFrame) -> dict[str, object]:
    return {"id": plain(facilities["id"]), "name": _names(facilities), "at": plain(geometry.spots(facilities))}


def _names(frame: pd.DataFrame) -> dict[str, list[object]]:
    return plain(frame["name"] if "name" in frame else [""] * len(frame))


def _style(limits: int) -> dict[str, object]:
    return style.page_style(
        _WORDS,
        marks={name: dict(look) for name, look in _MARKS.items()},
        fills=area_fills(limits),
        areaEdge=_AREA_EDGE,
    )
