"""Walking where there is no road: minutes per metre on a square grid, and the least time across it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.raster import open_geotiff
from planner.errors import DataError, Problem, Text
from planner.network import Walk
from planner.text import coordinate_text

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

FLAT_SPEED_KMH = 5.0
"""Assumption: walking on flat ground without a road, where no elevation is given."""
OFF_PATH_FACTOR = 0.6
"""Tobler (1993): off a path people walk at 0.6 of the speed on it."""
_MOST_CELLS = 50_000_000
_FASTEST, _SLOWEST = 0.0004, 0.6
"""Minutes a metre at 150 and at 0.1 km/h: a surface beyond these is of no travel on land, or in another unit."""
ON_FOOT_MIN_PER_M = 0.005
"""Minutes a metre at 12 km/h: where a surface is quicker, it is of vehicles."""


@dataclass(frozen=True, eq=False)
class Friction:
    """A square grid of walking: minutes per metre of each cell, NaN where nobody can walk.

    Row 0 is the northernmost; the cell at (row, column) is the square of `cell_m` metres whose north-west corner
    is (west + column · cell_m, north − row · cell_m) in `crs`, a projected one in metres.
    """

    minutes_per_metre: Floats
    west: float
    north: float
    cell_m: float
    crs: str

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The grid's affine transform, in the order of rasterio's Affine."""
        return self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north

    def cells(self, places: gpd.GeoDataFrame) -> Positions:
        """Return the flat position of the cell that each point lies in, −1 outside or where nobody can walk."""
        points = places.geometry.to_crs(self.crs)
        rows, columns = self.minutes_per_metre.shape
        column = np.floor((points.x.to_numpy(float) - self.west) / self.cell_m)
        row = np.floor((self.north - points.y.to_numpy(float)) / self.cell_m)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        at = np.where(inside, row * columns + column, 0).astype(np.int64)
        return np.where(inside & np.isfinite(self.minutes_per_metre.ravel()[at]), at, -1)


def tobler_kmh(slope: npt.ArrayLike) -> Floats:
    """Return the walking speed on a path by slope (rise over run, positive uphill): W = 6·exp(−3.5·|slope + 0.05|).

    W. Tobler, Three Presentations on Geographical Analysis and Modeling, NCGIA Technical Report 93-1, 1993.

    >>> tobler_kmh([-0.05, 0, 0.2]).round(2).tolist()
    [6.0, 5.04, 2.5]
    """
    speed: Floats = 6.0 * np.exp(-3.5 * np.abs(np.asarray(slope, dtype=np.float64) + 0.05))
    return speed


def walking_friction(
    elevation: Path | None,
    landcover: Path | None = None,
    *,
    bounds: tuple[float, float, float, float],
    crs: str,
    cell_m: float = 100.0,
    flat_speed_kmh: float = FLAT_SPEED_KMH,
    off_path_factor: float = OFF_PATH_FACTOR,
    class_factors: Mapping[int, float] | None = None,
    barriers: gpd.GeoSeries | None = None,
) -> Friction:
    """Return the walking friction of a rectangle (west, south, east, north; metres in `crs`), at least as large.

    elevation      GeoTIFF in metres; without it every cell is walked at `flat_speed_kmh`, an assumption
    landcover      GeoTIFF of classes; `class_factors` gives each class's factor of speed, 0 for impassable
    barriers       shapes nobody crosses (rivers, reservoirs, motorways); every cell that they touch is closed

    With elevation the speed is Tobler's × `off_path_factor` (3.0 km/h where it is flat) and `flat_speed_kmh` is
    not used. The grid knows a cell's slope but not the direction in which it is walked: its pace is the mean of
    straight up and straight down, there and back. Walking along a slope is faster than that. Distance is measured
    on the map, slope at the size of a cell: coarse cells flatten mountains. Cells without elevation or land
    cover are impassable. DataError for rasters that cannot be used, ValueError for parameters.
    """
    _above_zero(flat_speed_kmh, off_path_factor)
    shape, west, north = _shape(bounds, crs, cell_m), bounds[0], bounds[3]
    flat = Friction(np.full(shape, 60 / (1000 * flat_speed_kmh)), west, north, cell_m, crs)
    pace = flat.minutes_per_metre
    if elevation is not None:
        height = _onto(elevation, flat, "bilinear")
        slope = _slope(height, cell_m)
        up_and_down = (1 / tobler_kmh(slope) + 1 / tobler_kmh(-slope)) / 2
        pace = np.where(np.isnan(height), np.nan, up_and_down * 60 / 1000 / off_path_factor)
    if landcover is not None:
        factor = _factors(landcover, _onto(landcover, flat, "mode"), class_factors or {})
        pace = np.divide(pace, factor, out=np.full(shape, np.nan), where=factor > 0)
    if barriers is not None and len(barriers):
        pace = np.where(_touched(barriers, flat), np.nan, pace)
    return Friction(pace, west, north, cell_m, crs)


def read_friction(
    path: Path, *, bounds: tuple[float, float, float, float], crs: str, cell_m: float = 100.0
) -> Friction:
    """Return a planner's own friction surface, a GeoTIFF of minutes per metre, on foot or by vehicle, for a rectangle in `crs`.

    Each cell takes the value of the file's cell at its centre, so that what nobody can walk (no data) stays closed.
    DataError for what is no surface of travel: speeds over 150 km/h, or under 0.1 km/h in the middle.
    """
    shape = _shape(bounds, crs, cell_m)
    grid = Friction(np.ones(shape), bounds[0], bounds[3], cell_m, crs)
    pace = _onto(path, grid, "nearest")
    known = pace[np.isfinite(pace)]
    if known.min() < _FASTEST or np.median(known) > _SLOWEST:
        what = Text(
            "不像出行阻力：每米用时的分钟数，步行应在 0.005 到 0.6 之间，行车不小于 0.0004",
            "no friction of travel: minutes a metre lie between 0.005 and 0.6 on foot, and not below 0.0004 by vehicle",
        )
        fix = Text(
            "换用步行或行车的阻力面，单位为分钟/米", "give a surface of walking or driving, in minutes per metre"
        )
        raise DataError(
            Problem(path.name, what, fix, found=f"{coordinate_text(known.min())}–{coordinate_text(known.max())}")
        )
    return Friction(pace, bounds[0], bounds[3], cell_m, crs)


def _shape(bounds: tuple[float, float, float, float], crs: str, cell_m: float) -> tuple[int, int]:
    """Return the rows and columns of a grid over a rectangle; ValueError for a bad one, or too many cells."""
    _check(bounds, crs, cell_m)
    west, south, east, north = bounds
    shape = int(np.ceil((north - south) / cell_m)), int(np.ceil((east - west) / cell_m))
    if shape[0] * shape[1] > _MOST_CELLS:
        raise ValueError(f"{shape[0]} × {shape[1]} cells are more than {_MOST_CELLS}: choose a larger cell_m")
    return shape


def _check(bounds: tuple[float, float, float, float], crs: str, cell_m: float) -> None:
    from pyproj import CRS

    system = CRS(crs)
    if not system.is_projected or any(axis.unit_name != "metre" for axis in system.axis_info):
        raise ValueError(f"{crs} is not a projected CRS in metres")
    west, south, east, north = bounds
    if not (np.isfinite(bounds).all() and west < east and south < north):
        raise ValueError(f"bounds {bounds} are not (west, south, east, north)")
    _above_zero(cell_m)


def _above_zero(*numbers: float) -> None:
    if not all(np.isfinite(one) and one > 0 for one in numbers):
        raise ValueError("cell_m, speeds and factors must be above zero")


def _affine(grid: Friction) -> Any:
    from rasterio import Affine

    return Affine(*grid.transform)


def _onto(path: Path, grid: Friction, how: str) -> Floats:
    """Return a raster resampled onto the grid, NaN where it holds no data; DataError if it covers none of it."""
    out = np.full(grid.minutes_per_metre.shape, np.nan)
    with open_geotiff(path) as source:
        import rasterio
        from rasterio.enums import Resampling
        from rasterio.warp import reproject

        reproject(
            rasterio.band(source.dataset, source.band),
            out,
            dst_transform=_affine(grid),
            dst_crs=grid.crs,
            dst_nodata=np.nan,
            resampling=Resampling[how],
        )
        scale, offset = source.scale_offset
    if not np.isfinite(out).any():
        raise DataError(
            Problem(
                path.name, Text("在要计算的范围内没有数据", "it holds no data in the rectangle asked for"),
                Text("核对是不是这个城市的栅格、坐标系是否写对", "check that it is of this city and states its CRS rightly"),
            )
        )  # fmt: skip
    return np.where(np.isfinite(out), out * scale + offset, np.nan)


def _slope(height: Floats, cell_m: float) -> Floats:
    """Return the steepness (rise over run) by central differences, one-sided beside an edge or missing height."""
    steps = []
    for axis in (0, 1):
        rise = np.diff(height, axis=axis) / cell_m
        edge = [(0, 0), (0, 0)]
        edge[axis] = (1, 0)
        before = np.pad(rise, edge, constant_values=np.nan)
        edge[axis] = (0, 1)
        after = np.pad(rise, edge, constant_values=np.nan)
        one = np.where(np.isnan(before), after, np.where(np.isnan(after), before, (before + after) / 2))
        steps.append(np.nan_to_num(one))
    return np.hypot(*steps)


def _factors(path: Path, classes: Floats, factors: Mapping[int, float]) -> Floats:
    """Return each cell's factor of speed, 0 where the class is unknown; DataError for a class without a factor."""
    if any(not np.isfinite(one) or one < 0 for one in factors.values()):
        raise ValueError("factors must not be negative")
    present = {int(one) for one in np.unique(classes[np.isfinite(classes)])}
    missing = sorted(present - set(factors))
    if missing:
        raise DataError(
            Problem(
                path.name, Text("有的地类没有给出步行速度系数", "classes of land cover without a factor of speed"),
                Text("给每个地类一个系数，不能通行的给 0", "give each class a factor, 0 where nobody can walk"),
                found="、".join(map(str, missing[:10])),
            )
        )  # fmt: skip
    out = np.zeros(classes.shape)
    for one in sorted(present):
        out[classes == one] = factors[one]
    return out


def _touched(barriers: gpd.GeoSeries, grid: Friction) -> npt.NDArray[np.bool_]:
    from rasterio.features import rasterize

    shapes = barriers.to_crs(grid.crs)
    shapes = shapes[~(shapes.is_empty | shapes.isna())]
    if not len(shapes):
        return np.zeros(grid.minutes_per_metre.shape, dtype=bool)
    burnt: npt.NDArray[np.uint8] = rasterize(
        shapes, out_shape=grid.minutes_per_metre.shape, transform=_affine(grid), all_touched=True, dtype="uint8"
    )
    return burnt > 0


def walking_time(friction: Friction, sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return target_id, source_id, time_min: each target's nearest source on foot, in the order of the targets.

    `sources` and `targets` have `id` and points in any CRS, and stand for the cells they lie in, which is up to
    0.7 cells off at either end. A target that no source reaches, or that lies off the grid or in a closed cell, has
    source_id "" and time NaN. The path goes from cell to cell in eight directions (scikit-image's MCP_Geometric;
    each step costs its length times the mean of both cells), so it is never shorter than the true one and at most
    8.24 % longer on even ground (at 22.5° to an axis: 1/cos 22.5°). It can slip diagonally between two closed cells
    that touch at a corner; the cells of a barrier share sides. Two sources in one cell: the smaller id; other
    ties fall the same way in every run.
    """
    from skimage.graph import MCP_Geometric

    sources = sources.sort_values("id", kind="stable")
    at, wanted = friction.cells(sources), friction.cells(targets)
    starts, first = np.unique(at[at >= 0], return_index=True)
    out = pd.DataFrame({"target_id": targets["id"].to_numpy(object), "source_id": "", "time_min": np.nan})
    if not len(starts) or not (wanted >= 0).any():
        return out
    shape = friction.minutes_per_metre.shape
    # Infinity and not NaN: MCP_Geometric crashes the process on NaN.
    cost = np.where(np.isnan(friction.minutes_per_metre), np.inf, friction.minutes_per_metre)
    search = MCP_Geometric(cost, fully_connected=True, sampling=(friction.cell_m, friction.cell_m))
    times, steps = search.find_costs(np.transpose(np.unravel_index(starts, shape)).tolist())
    roots = _roots(steps, np.asarray(search.offsets, dtype=np.int64))
    reached = (wanted >= 0) & np.isfinite(times.ravel()[wanted])
    ids = sources["id"].to_numpy(object)[at >= 0][first]
    out.loc[reached, "time_min"] = times.ravel()[wanted[reached]]
    out.loc[reached, "source_id"] = ids[np.searchsorted(starts, roots[wanted[reached]])]
    return out


def walks_to(friction: Friction, places: tuple[Floats, Floats], points: pd.DataFrame) -> dict[str, Walk]:
    """Return, by id, the quickest walk between each point (id, lon, lat) and the road, for `Road(walks=…)`.

    places    (lon, lat) along the roads, as `Road.places` gives them, half a cell apart or less

    The walk ends where it is quickest, which need not be the road that is nearest on the map. A point from which nobody
    can walk to a road is left out. Places on closed cells, such as bridges over a river, are passed over.
    """
    lon, lat = places
    ids = np.char.zfill(np.arange(len(lon)).astype(str), 12)
    sources = gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    shapes = gpd.points_from_xy(points["lon"], points["lat"])
    targets = gpd.GeoDataFrame({"id": points["id"].to_numpy(object)}, geometry=shapes, crs=4326)
    found = walking_time(friction, sources, targets)
    found = found[found["source_id"] != ""]
    at = found["source_id"].astype(np.int64).to_numpy()
    rows = zip(found["target_id"], lon[at], lat[at], found["time_min"] * 60, strict=True)
    return {name: Walk(float(x), float(y), float(seconds)) for name, x, y, seconds in rows}


def _roots(steps: npt.NDArray[np.int16], offsets: npt.NDArray[np.int64]) -> Positions:
    """Return, for each cell of the search, the flat position of the start that its path leads back to."""
    moves = offsets[:, 0] * steps.shape[1] + offsets[:, 1]
    flat = steps.ravel()
    back = np.where(flat >= 0, moves[np.maximum(flat, 0)], 0)
    parent = np.arange(flat.size, dtype=np.int64) - back
    while True:  # each round doubles the length of the path followed: about a dozen rounds
        further = parent[parent]
        if np.array_equal(further, parent):
            return parent
        parent = further
