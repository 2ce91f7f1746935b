"""The towns and villages that the builder works on, in metres of a 3° zone of CGCS2000."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """A projected CRS by its EPSG code, and the way there and back."""

    epsg: int

    @cached_property
    def _to_metres(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(4326, self.epsg, always_xy=True)

    @cached_property
    def _to_degrees(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self.epsg, 4326, always_xy=True)

    def to_metres(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry in degrees as one in metres."""

        def projected(points: Floats) -> Floats:
            return np.column_stack(self._to_metres.transform(points[:, 0], points[:, 1]))

        return shapely.transform(geometry, projected)

    def to_degrees(self, geometry: shapely.Geometry, decimals: int = 6) -> shapely.Geometry:
        """Return a geometry in metres in degrees, its coordinates rounded: shared vertices stay shared."""

        def rounded(points: Floats) -> Floats:
            return np.round(np.column_stack(self._to_degrees.transform(points[:, 0], points[:, 1])), decimals)

        return shapely.transform(geometry, rounded)

    def lon_lat(self, point: Point) -> Point:
        """Return a point in metres as (lon, lat) in degrees, rounded to 1e-6."""
        lon, lat = self._to_degrees.transform(*point)
        return round(float(lon), 6), round(float(lat), 6)

    def metres(self, lon: float, lat: float) -> Point:
        """Return (lon, lat) in degrees as a point in metres."""
        x, y = self._to_metres.transform(lon, lat)
        return float(x), float(y)


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
