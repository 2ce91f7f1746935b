"""Geometry for a screen: simplified together, in degrees, as whole numbers that take little room."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

TOLERANCE_M = 30.0
ROAD_TOLERANCE_M = 60.0
STEPS_PER_DEGREE = 10**5
_MOST_CROSSES = 200
_MADE_UP = 0.98
"""The share of an area that its parts must fill to be drawn in its place."""

Line = list[int]
"""Longitude and latitude in 1e-5 degrees, the first point absolute, each further point relative to the last."""


def simplified(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with its polygons simplified as one coverage, so that neighbours still share their borders."""
    shapes = shapely.coverage_simplify(frame.geometry.to_numpy(), TOLERANCE_M)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def borders(areas: gpd.GeoDataFrame, parts: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    """Return the areas (code) drawn by the outer borders of their simplified parts (`key` is the area's code).

    So the two lines agree. Areas that are not made up of their parts are simplified themselves.
    """
    joined = parts[[key, parts.geometry.name]].dissolve(key)
    whole = set(areas["code"]) == set(joined.index) and bool(
        (joined.area.loc[areas["code"]].to_numpy() > _MADE_UP * areas.area.to_numpy()).all()
    )
    return (
        areas.set_geometry(joined.geometry.loc[areas["code"]].to_numpy(), crs=areas.crs) if whole else simplified(areas)
    )


def outlines(frame: gpd.GeoDataFrame) -> list[list[list[Line]]]:
    """Return, for each row, its polygons, each a list of rings, the outer one first."""
    return [[_rings(part) for part in shapely.get_parts(shape)] for shape in frame.to_crs(4326).geometry]


def lines(shapes: gpd.GeoSeries, tolerance_m: float = ROAD_TOLERANCE_M) -> list[Line]:
    """Return all lines, in metres, joined end to end where they meet, then simplified for display."""
    merged = shapely.line_merge(shapely.multilinestrings(shapes.to_numpy()))
    simple = shapely.simplify(shapely.get_parts(merged), tolerance_m)
    series = gpd.GeoSeries(simple, crs=shapes.crs).to_crs(4326)
    packed = (_steps(shapely.get_coordinates(shape)) for shape in series)
    return sorted(line for line in packed if len(line) > 2)


def spot(lon: float, lat: float) -> list[int]:
    """Return [longitude, latitude] in 1e-5 degrees of one place.

    >>> spot(101.7, 26.6)
    [10170000, 2660000]
    """
    return [round(float(lon) * STEPS_PER_DEGREE), round(float(lat) * STEPS_PER_DEGREE)]


def spots(frame: pd.DataFrame) -> list[list[int]]:
    """Return `spot` of each row of a frame with lon and lat."""
    return [spot(lon, lat) for lon, lat in zip(frame["lon"], frame["lat"], strict=True)]


def placed(one: Any) -> dict[str, Any]:
    """Return a dataclass with lon and lat as a mapping in which `at` is its spot."""
    row = asdict(one)
    return {**row, "at": spot(row.pop("lon"), row.pop("lat"))}


def points(shapes: gpd.GeoSeries) -> list[list[int]]:
    """Return [longitude, latitude] of each point in 1e-5 degrees."""
    return _whole(shapely.get_coordinates(shapes.to_crs(4326).to_numpy())).tolist()


def crosses(shapes: gpd.GeoSeries) -> list[list[int]]:
    """Return, in 1e-5 degrees, the middle of each line (in metres), of many lines that of some alone."""
    some = shapes.iloc[:: max(1, -(-len(shapes) // _MOST_CROSSES))]
    return points(gpd.GeoSeries(shapely.line_interpolate_point(some.to_numpy(), 0.5, normalized=True), crs=shapes.crs))


def label_points(frame: gpd.GeoDataFrame) -> list[list[int]]:
    """Return a point well inside each polygon, in 1e-5 degrees, for its name."""
    inside = shapely.maximum_inscribed_circle(_largest(frame.geometry), tolerance=50)
    return points(gpd.GeoSeries(shapely.get_point(inside, 0), crs=frame.crs))


def bounds(frame: gpd.GeoDataFrame) -> list[int]:
    """Return west, south, east, north in 1e-5 degrees."""
    return [int(value) for value in _whole(frame.to_crs(4326).total_bounds)]


def _largest(shapes: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    return [max(shapely.get_parts(shape), key=lambda part: part.area) for shape in shapes]


def _rings(polygon: BaseGeometry) -> list[Line]:
    rings = (_steps(shapely.get_coordinates(ring)[:-1]) for ring in shapely.get_rings(polygon))
    return [ring for ring in rings if len(ring) >= 6]


def _whole(degrees: np.ndarray) -> np.ndarray:
    return np.rint(degrees * STEPS_PER_DEGREE).astype(np.int64)


def _steps(degrees: np.ndarray) -> Line:
    whole = _whole(degrees)
    moved = np.ones(len(whole), dtype=bool)
    moved[1:] = (np.diff(whole, axis=0) != 0).any(axis=1)
    whole = whole[moved]
    return np.vstack([whole[:1], np.diff(whole, axis=0)]).ravel().tolist()
