"""Geometry for a screen: simplified together, in degrees, as whole numbers that take little room."""

import base64
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from maps import style
from planner.network import RoadGraph, edge_lines
from planner.region import Region

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


# The ground of the maps of a city: its towns, counties and roads, as every page draws them.

# Tables as columns, which take less room in a page than rows; the page puts the rows together again.

Column = dict[str, Any]
"""One column of a table: {"values": […]}, {"texts": distinct texts, "index": which one in each row}, or `packed` numbers."""
_MANY = 1_000
"""So many places of texts are packed."""


def texts(values: Iterable[object]) -> Column:
    """Return a text column; what is missing becomes ""."""
    shown = ["" if value is None or value != value else str(value) for value in values]  # noqa: PLR0124 (NaN)
    distinct = list(dict.fromkeys(shown))
    if 2 * len(distinct) > len(shown):
        return plain(shown)
    position = {text: at for at, text in enumerate(distinct)}
    index = [position[text] for text in shown]
    return {"texts": distinct, "index": packed(index) if len(index) > _MANY else index}


def plain(values: Iterable[object]) -> Column:
    """Return a column of values as they are."""
    return {"values": list(values)}


def packed(values: npt.ArrayLike) -> Column:
    """Return whole numbers as a column that takes little room: differences, byte by byte of equal weight, deflated, in base64.

    >>> packed([5, 7, 7])["count"]
    3
    """
    whole = np.asarray(values, dtype=np.int64).ravel()
    steps = np.diff(whole, prepend=np.int64(0)).astype(np.int32)
    unsigned = ((steps << 1) ^ (steps >> 31)).astype("<u4")  # small numbers stay small, whatever their sign
    planes = unsigned.view(np.uint8).reshape(-1, 4).T.tobytes()
    return {"packed": base64.b64encode(zlib.compress(planes, 9)).decode(), "count": len(whole)}


def exact_degrees(values: npt.NDArray[np.float64]) -> Column:
    """Return degrees exactly as they are: as whole numbers of up to seven decimals where these hold them, else as they stand."""
    for scale in (10**5, 10**6, 10**7):
        whole = np.rint(values * scale)
        if np.array_equal(whole / scale, values):
            return {"scale": scale, "whole": packed(whole)}
    halves = np.ascontiguousarray(values, "<f8").view("<i4").reshape(-1, 2)
    return {"halves": [packed(halves[:, 0]), packed(halves[:, 1])]}


def packed_lines(found: Sequence[Line]) -> Column:
    """Return lines as packed columns: how many points each has, and all points one after another."""
    points = [np.asarray(line, np.int64).reshape(-1, 2).cumsum(axis=0) for line in found]
    flat = np.concatenate([np.zeros((0, 2), np.int64), *points])
    return {"points": packed([len(one) for one in points]), "x": packed(flat[:, 0]), "y": packed(flat[:, 1])}


def at(lon: npt.ArrayLike, lat: npt.ArrayLike) -> dict[str, Column]:
    """Return places as two packed columns, in 1e-5 degrees."""
    return {name: packed(_whole(np.asarray(one, dtype=np.float64))) for name, one in (("lon", lon), ("lat", lat))}


def at_of(shapes: gpd.GeoSeries) -> dict[str, Column]:
    """Return `at` of points in any reference system."""
    degrees = shapely.get_coordinates(shapes.to_crs(4326).to_numpy())
    return at(degrees[:, 0], degrees[:, 1])


def floats(values: pd.Series) -> Sequence[float]:
    """Return the values as floats, NaN where they are not numbers."""
    found: list[float] = pd.to_numeric(values, errors="coerce").astype("float64").tolist()
    return found


Edges = npt.NDArray[np.bool_]


def ground(region: Region) -> dict[str, Any]:
    """Return what is drawn under every map of this city, and the place that it opens on: the whole."""
    towns = simplified(region.towns)
    return {
        "bounds": bounds(region.towns),
        "towns": _towns(region, towns),
        "counties": _counties(region, towns),
    }


def ground_points(region: Region) -> list[list[int]]:
    """Return where the name of each town stands, as on the ground."""
    return label_points(simplified(region.towns))


def roads_of(region: Region, open_edges: Edges | None) -> dict[str, Any] | None:
    """Return the roads of a region to draw, None where it has none; None of `open_edges` closes nothing."""
    return None if region.roads is None else roads(region.roads, region.crs, open_edges)


def roads(
    graph: RoadGraph, crs: CRS, open_edges: Edges | None, tolerance_m: float = ROAD_TOLERANCE_M,
    *, of_any_class: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return the roads to draw, packed: of those that are closed all, and where their crosses stand; of the others the larger."""
    is_open = np.ones(len(graph.tail), np.bool_) if open_edges is None else open_edges
    shapes = gpd.GeoSeries(edge_lines(graph), crs=4326).to_crs(crs)
    kind = pd.Series(graph.road_class).astype(str).str.removesuffix("_link")
    is_major, is_shown = kind.isin(style.MAJOR_ROADS), kind.isin(style.SHOWN_ROADS) | of_any_class
    drawn = {"minor": is_shown & ~is_major & is_open, "major": is_major & is_open, "closed": ~is_open}
    return {
        **{name: packed_lines(lines(shapes[rows], tolerance_m)) for name, rows in drawn.items()},
        "crosses": crosses(shapes[~is_open]),
    }


def _towns(region: Region, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    county = region.counties.set_index("code")["name"]
    return {
        "code": texts(frame["code"]),
        "name": texts(frame["name"]),
        "county": texts(frame["county_code"].map(county)),
        "outline": plain(outlines(frame)),
        "at": plain(label_points(frame)),
    }


_DENSE, _SMALL = 0.5, 0.06
"""An inset shows the towns that hold half of the people where they lie closest, if they take up less than this of the whole."""


def dense(region: Region) -> tuple[int, ...] | None:
    """Return the bounds of the dense part of a city, to draw it larger; None where the whole shows it well enough."""
    people = (
        region.towns["code"].map(region.villages.groupby("town_code")["population"].sum()).fillna(0).to_numpy(float)
    )
    if not people.sum() > 0 or len(people) < 10:
        return None
    closeness = np.argsort(-people / region.towns.area.to_numpy(float), kind="stable")
    held = np.searchsorted(np.cumsum(people[closeness]), _DENSE * people.sum())
    box = _middle(region.towns.iloc[closeness[: held + 1]], people[closeness[: held + 1]])
    whole = bounds(region.towns)
    small = (box[2] - box[0]) * (box[3] - box[1]) < _SMALL * (whole[2] - whole[0]) * (whole[3] - whole[1])
    return tuple(box) if small else None


def _middle(towns: gpd.GeoDataFrame, people: npt.NDArray[np.float64]) -> list[int]:
    """Return the bounds of the towns that lie together around the one with the most people."""
    heart = towns.geometry.iloc[int(people.argmax())].centroid
    away = towns.geometry.centroid.distance(heart).to_numpy(float)
    near = away <= max(3 * float(np.median(away)), 1.0)
    return bounds(towns[near])


def _counties(region: Region, towns: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the counties; their borders are the outer borders of their towns, so that the two lines agree."""
    frame = region.counties.sort_values("code")
    return {
        "code": texts(frame["code"]),
        "name": texts(frame["name"]),
        "outline": plain(outlines(borders(frame, towns, "county_code"))),
        "at": plain(label_points(frame)),
    }
