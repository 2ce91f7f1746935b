"""Service areas for display: the land along the roads that are reached within a limit. Never used to judge."""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import linestrings, union_all
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from planner.road import Road
from planner.search import FAR

_BESIDE_M = 80.0
"""How far the drawn area spreads to both sides of a reached road: a matter of looks."""


def service_areas(road: Road, facilities: pd.DataFrame, limits: list[int], crs: str) -> gpd.GeoDataFrame:
    """Return one row a limit (in the road's unit): limit and geometry, the union over all facilities, in EPSG:4326.

    An edge reached in part is cut where the limit ends. `crs` is a metric CRS of the place, for the width beside roads.
    """
    facilities = facilities.sort_values("id", kind="stable")
    seeds, _, _ = road.journey(facilities.head(0), facilities)
    keys = road.search.nearest(seeds)
    cost = np.where(keys == FAR, np.inf, (keys >> np.uint64(32)).astype(float))
    shapes = gpd.GeoSeries(_lines(road), crs=4326).to_crs(crs)
    rows = []
    for limit in sorted(limits):
        parts = _reached(road, shapes.to_numpy(), cost, limit)
        merged = union_all([part.buffer(_BESIDE_M, quad_segs=4) for part in parts])
        rows.append({"limit": limit, "geometry": merged.simplify(_BESIDE_M / 10)})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs).to_crs(4326)


def _lines(road: Road) -> list[BaseGeometry]:
    graph = road.graph
    points = np.column_stack([graph.shape_lon, graph.shape_lat])
    owner = np.repeat(np.arange(len(graph.tail)), np.diff(graph.shape_start))
    return list(np.atleast_1d(np.asarray(linestrings(points, indices=owner))))


def _reached(
    road: Road,
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]",
    cost: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    limit: int,
) -> list[BaseGeometry]:
    """Return the parts of the edges that lie within the limit, driven from either end."""
    graph, whole = road.graph, np.maximum(road.edge_cost, 1)
    forward, backward = road.drivable
    from_tail = np.where(forward, np.clip((limit - cost[graph.tail]) / whole, 0, 1), 0)
    from_head = np.where(backward, np.clip((limit - cost[graph.head]) / whole, 0, 1), 0)
    full = from_tail + from_head >= 1
    parts = [shapes[at] for at in np.flatnonzero(full)]
    parts += [
        substring(shapes[at], 0, from_tail[at], normalized=True) for at in np.flatnonzero(~full & (from_tail > 0))
    ]
    parts += [
        substring(shapes[at], 1 - from_head[at], 1, normalized=True) for at in np.flatnonzero(~full & (from_head > 0))
    ]
    return parts
