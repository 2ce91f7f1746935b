"""The towns and villages that the builder works on, in metres of EPSG:4543 (CGCS2000, 3° zone of 102° E)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

METRIC_CRS = 4543

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

_TO_METRES = pyproj.Transformer.from_crs(4326, METRIC_CRS, always_xy=True)
_TO_DEGREES = pyproj.Transformer.from_crs(METRIC_CRS, 4326, always_xy=True)


@dataclass(frozen=True)
class Town:
    """One town: its area and its centre, in metres."""

    code: str
    name: str
    county_code: str
    area: shapely.Geometry
    centre: Point
    is_county_seat: bool

    @property
    def is_subdistrict(self) -> bool:
        return self.name.endswith("街道")


@dataclass(frozen=True)
class Settlement:
    """One village or community as a point, in metres; a code with 2 as its tenth digit is a village (行政村)."""

    code: str
    name: str
    town_code: str
    point: Point

    @property
    def kind(self) -> Literal["village", "community"]:
        return "village" if self.code[9] == "2" else "community"


def line_through(points: Floats) -> shapely.Geometry:
    """Return the line through points, shape (n, 2)."""
    line: shapely.Geometry = shapely.linestrings(points)  # typed for arrays of lines too
    return line


def to_metres(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry in degrees as one in metres."""

    def projected(points: Floats) -> Floats:
        return np.column_stack(_TO_METRES.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, projected)


def to_degrees(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry in metres in degrees, each coordinate rounded to 1e-6: shared vertices stay shared."""

    def rounded(points: Floats) -> Floats:
        return np.round(np.column_stack(_TO_DEGREES.transform(points[:, 0], points[:, 1])), 6)

    return shapely.transform(geometry, rounded)


def lon_lat(point: Point) -> Point:
    """Return a point in metres as (lon, lat) in degrees, rounded to 1e-6."""
    lon, lat = _TO_DEGREES.transform(*point)
    return round(float(lon), 6), round(float(lat), 6)


def metres(lon: float, lat: float) -> Point:
    """Return (lon, lat) in degrees as a point in metres."""
    x, y = _TO_METRES.transform(lon, lat)
    return float(x), float(y)
