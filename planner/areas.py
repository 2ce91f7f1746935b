"""Service areas for display: the land along the roads that are reached within a limit. Never used to judge."""

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Geod
from shapely import MultiPolygon, Polygon, bounds, buffer, coverage_simplify, get_parts, polygons, union_all
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from planner.network import edge_lines
from planner.road import Road
from planner.search import FAR

BESIDE_M = 80.0
"""How far the drawn area spreads to both sides of a reached road: a matter of looks."""
_ELLIPSOID = Geod(ellps="GRS80")
_CORNERS = 72
_TILE_M = 500.0


def service_areas(road: Road, facilities: pd.DataFrame, limits: list[int], crs: str) -> gpd.GeoDataFrame:
    """Return one row a limit (in the road's unit): limit and geometry, the union over all facilities, in EPSG:4326.

    An edge reached in part is cut where the limit ends. `crs` is a metric CRS of the place, for the width beside roads.
    """
    facilities = facilities.sort_values("id", kind="stable")
    seeds, _, _ = road.journey(facilities.head(0), facilities)
    keys = road.search.nearest(seeds)
    cost = np.where(keys == FAR, np.inf, (keys >> np.uint64(32)).astype(float))
    shapes = gpd.GeoSeries(edge_lines(road.graph), crs=4326).to_crs(crs)
    rows, merged, before = [], Polygon(), np.zeros(len(shapes), np.bool_)
    for limit in sorted(limits):  # what is reached within one limit is reached within the next
        full, parts = _reached(road, shapes.to_numpy(), cost, limit)
        parts += _own(road, facilities, shapes.to_numpy(), limit)
        merged = union_all([merged, _spread([*shapes.to_numpy()[full & ~before], *parts])])
        before = full
        rows.append({"limit": limit, "geometry": _plain(merged)})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs).to_crs(4326)


def _own(
    road: Road, facilities: pd.DataFrame, shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]", limit: int
) -> list[BaseGeometry]:
    """Return the stretches around the facilities on their own edges, whose ends may lie beyond the limit."""
    edge, share, cost = road.starts(facilities)
    near = np.flatnonzero((edge >= 0) & (cost <= limit))
    edge, share = edge[near], share[near]
    step = (limit - cost[near]) / np.maximum(road.edge_cost[edge], 1)
    forward, backward = road.drivable
    low = np.where(backward[edge], np.maximum(share - step, 0), share)
    high = np.where(forward[edge], np.minimum(share + step, 1), share)
    return [substring(shapes[e], a, b, normalized=True) for e, a, b in zip(edge, low, high, strict=True)]


def _spread(parts: list[BaseGeometry]) -> BaseGeometry:
    """Return the land beside the lines: first united tile by tile, then the tiles, which is sooner done."""
    if not parts:
        return Polygon()
    middle = bounds(parts).reshape(-1, 2, 2).mean(axis=1)
    _, tile = np.unique((middle // _TILE_M).astype(np.int64), axis=0, return_inverse=True)
    order = np.argsort(tile, kind="stable")
    beside = buffer(np.asarray(parts, object)[order], BESIDE_M, quad_segs=4)
    tiles = np.split(beside, np.flatnonzero(np.diff(tile[order])) + 1)
    return union_all([union_all(one) for one in tiles])


def _plain(shape: BaseGeometry) -> BaseGeometry:
    """Return the shape with less corners; as a coverage, which is sooner done than a polygon with thousands of holes."""
    parts = [one for one in get_parts(shape) if one.geom_type == "Polygon"]
    return union_all(coverage_simplify([MultiPolygon(parts)], BESIDE_M / 10)) if parts else Polygon()


def straight_areas(facilities: pd.DataFrame, limits: list[int]) -> gpd.GeoDataFrame:
    """Return one row a limit (in mm, straight line): limit and geometry, the circles of all facilities, in EPSG:4326.

    >>> circles = straight_areas(pd.DataFrame({"id": ["s"], "lon": [101.7], "lat": [26.6]}), [1_000_000, 2_000_000])
    >>> (circles.to_crs("EPSG:4543").area / 1e6).round(1).tolist()
    [3.1, 12.6]
    """
    lon, lat = (np.repeat(facilities[name].to_numpy(float), _CORNERS) for name in ("lon", "lat"))
    azimuth = np.tile(np.arange(_CORNERS) * (360 / _CORNERS), len(facilities))
    rows = []
    for limit in sorted(limits):
        x, y, _ = _ELLIPSOID.fwd(lon, lat, azimuth, np.full(len(lon), limit / 1000))
        x = lon + (np.asarray(x) - lon + 180) % 360 - 180  # beyond ±180° rather than all around the world
        corners = np.stack([x, np.asarray(y)], axis=1).reshape(-1, _CORNERS, 2)
        rows.append({"limit": limit, "geometry": union_all(polygons(corners))})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)


def _reached(
    road: Road,
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]",
    cost: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    limit: int,
) -> tuple["np.ndarray[tuple[int], np.dtype[np.bool_]]", list[BaseGeometry]]:
    """Return which edges lie within the limit, driven from either end, and the parts of those that lie in it in part."""
    whole = np.maximum(road.edge_cost, 1)
    forward, backward = road.drivable
    from_tail = np.where(forward, np.clip((limit - cost[road.net.to_ends[0]]) / whole, 0, 1), 0)
    from_head = np.where(backward, np.clip((limit - cost[road.net.to_ends[1]]) / whole, 0, 1), 0)
    full = from_tail + from_head >= 1
    parts = [substring(shapes[at], 0, from_tail[at], normalized=True) for at in np.flatnonzero(~full & (from_tail > 0))]
    parts += [
        substring(shapes[at], 1 - from_head[at], 1, normalized=True) for at in np.flatnonzero(~full & (from_head > 0))
    ]
    return full, parts
