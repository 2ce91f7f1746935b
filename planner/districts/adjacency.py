"""Who is next to whom: units that share an edge, or, where they are points, whose cells do; inside one county.

An assumption where units are points: a unit's land is what lies nearer to its point than to any other's of the county
(Voronoi cells, cut at the county's border), two units are neighbours where their cells share a border of some length,
and, where a longest link is given, where their points are no farther apart than that.
"""

import math
from collections.abc import Iterable
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.strtree import STRtree

from planner.travel import Travel

Edges = tuple[tuple[str, str], ...]
_LEAST_BORDER_M = 1.0
_LEAST_EDGE_M = 5.0
_FRAME_M = 10_000.0
"""So far beyond the outermost points do cells reach, where no county's border cuts them."""
_SLIVER_M = 1.0
"""Polygons of different makers leave slits: borders so near to one another are one."""


def by_polygons(units: gpd.GeoDataFrame) -> Edges:
    """Return the pairs of units (id, county_code, geometry in metres) of one county that share an edge, not a corner alone."""
    found = []
    for _, rows in units.sort_values("id", kind="stable").groupby("county_code", sort=True):
        shapes, ids = rows.geometry.to_numpy(), rows["id"].to_numpy(object)
        one, other = STRtree(shapes).query(shapes, predicate="dwithin", distance=_SLIVER_M)
        for a, b in sorted({(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b}):
            if _border_m(shapes[a], shapes[b]) > _LEAST_EDGE_M:
                found.append((ids[a], ids[b]))
    return tuple(found)


def _border_m(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return how much of the border of one runs along the other.

    What is near grows with the width that counts as near where two polygons only meet in a corner, however sharp, and
    does not where they share an edge: twice the one less the other leaves the edge.
    """
    border = shapely.boundary(one)
    near, wider = (
        float(shapely.length(shapely.intersection(border, shapely.buffer(other, by))))
        for by in (_SLIVER_M, 2 * _SLIVER_M)
    )
    return 2 * near - wider


def by_points(units: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, longest_m: float = math.inf) -> Edges:
    """Return the pairs of units (id, county_code, geometry: points in metres) of one county whose cells share a border.

    counties: code, geometry (polygons in the same metres). Units on one spot share one cell, and are neighbours.
    """
    borders = counties.set_index("code").geometry
    found = set[tuple[str, str]]()
    for county, rows in units.sort_values("id", kind="stable").groupby("county_code", sort=True):
        found |= _of_county(rows, borders.get(county), longest_m)
    return tuple(sorted(found))


def _of_county(rows: gpd.GeoDataFrame, border: shapely.Geometry | None, longest_m: float) -> set[tuple[str, str]]:
    spots = pd.DataFrame(
        {"id": rows["id"].to_numpy(object), "x": rows.geometry.x.to_numpy(), "y": rows.geometry.y.to_numpy()}
    )
    groups = [(at, list(part["id"])) for at, part in spots.groupby(["x", "y"], sort=True)]
    found = {_pair(*two) for _, ids in groups for two in combinations(ids, 2)}
    places = np.array([at for at, _ in groups], float)
    if len(groups) == 1:
        return found
    cells = _cells(places, border)
    one, other = STRtree(cells).query(cells, predicate="intersects")
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a < b and math.dist(places[a], places[b]) <= longest_m:
            shared = shapely.length(shapely.intersection(shapely.boundary(cells[a]), shapely.boundary(cells[b])))
            if shared > _LEAST_BORDER_M:
                found |= {_pair(left, right) for left in groups[a][1] for right in groups[b][1]}
    return found


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _cells(
    places: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", border: shapely.Geometry | None
) -> list[shapely.Geometry]:
    """Return the Voronoi cell of each place, cut at the border, in the order of the places."""
    points = shapely.points(places)
    west, south, east, north = shapely.total_bounds(points)
    frame = shapely.box(west - _FRAME_M, south - _FRAME_M, east + _FRAME_M, north + _FRAME_M)
    polygons = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame))
    cell, point = STRtree(points).query(polygons, predicate="intersects")
    mine = dict(zip(point.tolist(), cell.tolist(), strict=True))
    cells = [polygons[mine[at]] for at in range(len(points))]
    if border is None:
        return cells
    return [_inside(cell, point, border) for cell, point in zip(cells, points, strict=True)]


def _inside(cell: shapely.Geometry, point: shapely.Geometry, border: shapely.Geometry) -> shapely.Geometry:
    """Return the part of the cell inside the border that holds its point; the whole cell where the point lies outside."""
    parts = shapely.get_parts(shapely.intersection(cell, border))
    mine = [one for one in parts if shapely.area(one) > 0 and shapely.intersects(one, point)]
    return mine[0] if mine else cell


def joined_by_way(edges: Edges, units: pd.DataFrame, travel: Travel, longest: int) -> Edges:
    """Return the pairs between whose points (id, lon, lat) there is a way of at most `longest` whole units, either way."""
    ways = travel.reach_whole(units, units, longest).within()
    near = set(zip(ways["demand_id"], ways["facility_id"], strict=True))
    return tuple(pair for pair in edges if pair in near or pair[::-1] in near)


def without_neighbours(ids: Iterable[str], edges: Edges) -> tuple[str, ...]:
    """Return the ids that stand in no pair, sorted."""
    return tuple(sorted(set(ids) - {one for pair in edges for one in pair}))
