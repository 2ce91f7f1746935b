"""Rasters: the residents of a grid of people, and the speed of walking over a surface of friction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.columns import Notes
from planner.errors import DataError, Problem, Text
from planner.network import Walk
from planner.text import coordinate_text, count_text, exact_text

# One band of a GeoTIFF, read a window at a time; what cannot be placed on the earth is refused.

Floats = npt.NDArray[np.float64]

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_BLOCK_CELLS = 64_000_000


def refusal(file: str, what: Text, fix: Text, found: str = "") -> DataError:
    """Return the error that says what is wrong with a raster as a whole."""
    return DataError(Problem(file, what, fix, found=found))


@dataclass(frozen=True, eq=False)
class GeoTiff:
    """One band of an open GeoTIFF that is north-up: `x = west + column · width`, `y = north − row · height`."""

    file: str
    dataset: Any
    band: int

    @property
    def corner(self) -> tuple[float, float]:
        return self.dataset.transform.c, self.dataset.transform.f

    @property
    def cell(self) -> tuple[float, float]:
        return self.dataset.transform.a, -self.dataset.transform.e

    @property
    def crs(self) -> str:
        return self.dataset.crs.to_wkt()

    @property
    def scale_offset(self) -> tuple[float, float]:
        """What the stored numbers are multiplied by, and what is then added."""
        return self.dataset.scales[self.band - 1], self.dataset.offsets[self.band - 1]

    def values(self, row: int, column: int, rows: int, columns: int) -> Floats:
        """Return this window of the band, NaN where there are no data."""
        from rasterio.windows import Window

        window = Window(column, row, columns, rows)
        found = self.dataset.read(self.band, window=window, masked=True).astype(np.float64)
        scale, offset = self.scale_offset
        return np.ma.filled(found, np.nan) * scale + offset


@contextmanager
def open_geotiff(path: Path, band: int | None = None) -> Iterator[GeoTiff]:
    """Yield one band of a GeoTIFF; DataError when it is anything else, is broken, or has no place on the earth.

    Only the GTiff driver is allowed and files beside the GeoTIFF are not looked at: a VRT, by its own name or as
    a mask, could read other files or the network.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise refusal(
            path.name, Text("打不开这个文件", "this file cannot be opened"), Text("检查路径", "check the path")
        ) from error
    if head not in _MAGIC:
        raise refusal(
            path.name,
            Text("不是 GeoTIFF 文件", "is not a GeoTIFF"),
            Text("提供 .tif 格式的栅格", "give a raster in .tif format"),
        )
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
    except ImportError as error:
        raise refusal(
            path.name, Text("读取栅格的组件没有安装", "the packages that read rasters are not installed"),
            Text("运行 pip install 'fugai[raster]'", "run pip install 'fugai[raster]'"),
        ) from error  # fmt: skip
    try:
        with warnings.catch_warnings(), rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, in our own words
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # rasterio 1.4 on affine 3
            with rasterio.open(path.absolute(), driver="GTiff", sharing=False) as dataset:
                yield _checked(path.name, dataset, band)
    except RasterioError as error:
        raise refusal(
            path.name, Text("文件损坏或不完整", "the file is broken or cut short"), Text("重新下载或导出", "download or export it again"),
            type(error).__name__,
        ) from error  # fmt: skip


def _checked(file: str, dataset: Any, band: int | None) -> GeoTiff:
    """Return the band asked for, or the only one; DataError where the raster cannot be placed or chosen."""
    count, chosen, at = dataset.count, 1 if band is None else band, dataset.transform
    if dataset.crs is None:
        raise refusal(
            file, Text("没有坐标系信息", "no coordinate reference system"),
            Text("导出时把坐标系写进文件（WorldPop 为 EPSG:4326）", "export it with its CRS inside (WorldPop: EPSG:4326)"),
        )  # fmt: skip
    if at.b or at.d or at.a <= 0 or at.e >= 0:
        raise refusal(
            file, Text("栅格不是正北朝上", "the raster is rotated or not north-up"),
            Text("用 gdalwarp 重采样后再用", "bring it to north-up with gdalwarp"),
        )  # fmt: skip
    if (band is None and count > 1) or not 1 <= chosen <= count:
        raise refusal(
            file, Text(f"有 {count} 个波段，要指明用哪一个", f"it has {count} bands and one must be chosen"),
            Text(f"指定波段 1 到 {count}（--band）", f"choose a band from 1 to {count} (--band)"), "" if band is None else str(band),
        )  # fmt: skip
    if "complex" in dataset.dtypes[chosen - 1]:
        raise refusal(
            file, Text("数值是复数", "its values are complex numbers"), Text("换一个文件", "use another file")
        )
    if int(np.prod(dataset.block_shapes[chosen - 1])) > _BLOCK_CELLS:
        raise refusal(
            file, Text("内部分块过大", "its blocks are too large to be read"), Text("用 gdal_translate -co TILED=YES 转换", "tile it with gdal_translate -co TILED=YES"),
        )  # fmt: skip
    return GeoTiff(file, dataset, chosen)


# Resident points from a raster of people per cell (WorldPop and the like), each town's total kept to the person.

Integers = npt.NDArray[np.int64]

_CELLS_AT_ONCE = 2_000_000
_CELLS_IN_ALL = 2_000_000_000
_SLIVER = 1e-6  # of a cell: touched by rounding only
_DIGITS = 7  # of a degree: a centimetre
_APART = 2.0
"""A town's total and its raster sum are doubtful when one is more than this many times the other."""


def spread(total: int, weights: npt.ArrayLike) -> Integers:
    """Return whole numbers in proportion to the weights that sum to `total`, by largest remainder.

    Each is within 1 of its exact share and never negative; equal remainders go to the earlier position.
    ValueError for a negative or infinite weight, a negative total, or a total with nothing to carry it.

    >>> spread(10, [1, 1, 1]).tolist(), spread(0, []).tolist()
    ([4, 3, 3], [])
    """
    shares = _shares(total, weights)
    whole = np.floor(shares).astype(np.int64)
    # Rounding of the shares themselves can put the sum of the floors one above or several below the total.
    left = total - int(whole.sum())
    first = np.argsort(-(shares - whole), kind="stable")
    if left >= 0:
        whole[first[:left]] += 1
    else:
        whole[first[whole[first] > 0][left:]] -= 1
    return whole


def _shares(total: int, weights: npt.ArrayLike) -> Floats:
    exact = np.asarray(weights, dtype=np.float64)
    if total < 0 or not np.isfinite(exact).all() or (exact < 0).any():
        raise ValueError("total and weights must be finite and not negative")
    if not total:
        return np.zeros(len(exact))
    if not exact.any():
        raise ValueError(f"nothing to spread {total} over")
    exact = exact / exact.max()  # so that neither the smallest nor the largest numbers overflow
    return exact / exact.sum() * total


def _along(row: Integers, column: Integers) -> Integers:
    """Return the order of the cells along a Morton curve, which never leaves a square of 2, 4, 8 … cells unfinished."""

    def parted(values: Integers) -> npt.NDArray[np.uint64]:
        out = values.astype(np.uint64)
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        ):
            out = (out | (out << np.uint64(shift))) & np.uint64(mask)
        return out

    return np.argsort(parted(column) | (parted(row) << np.uint64(1)), kind="stable")


def spread_on_grid(total: int, weights: npt.ArrayLike, row: Integers, column: Integers) -> Integers:
    """Return whole numbers like `spread`, that are also faithful in the sum over any square of 2, 4, 8 … cells.

    Where a cell holds a fraction of a person, the largest remainders are all in the densest cells, and the
    thinly settled half of a town, who live furthest from everything, would be left empty. So the shares are
    rounded as running sums along a Morton curve: each cell, and each aligned square of 2ᵏ cells a side (the
    curve passes it in one go), is within 1 of its exact share.
    """
    shares = _shares(total, weights)
    order = _along(row, column)
    sums = np.cumsum(shares[order])
    if total:
        sums *= total / sums[-1]
        sums[-1] = total
    out = np.zeros(len(shares), dtype=np.int64)
    out[order] = np.diff(np.floor(np.minimum(sums, total) + 0.5).astype(np.int64), prepend=0)
    return out


def _cells_of(source: GeoTiff, town: Any) -> pd.DataFrame:
    """Return the cells that a town touches and where people are: row, column, people (its share), covered (0–1).

    Read in strips of rows, so that memory holds one strip and the populated cells of one town.
    """
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    shape = gpd.GeoDataFrame(geometry=[town], crs=source.crs)
    wkt = shape.crs.to_wkt()
    (west, north), (width, height) = source.corner, source.cell
    top, left, rows, columns = _window(source, town)
    deep = max(1, _CELLS_AT_ONCE // max(columns, 1))
    found = [pd.DataFrame({"row": [], "column": [], "people": [], "covered": []}).astype({"row": int, "column": int})]
    for first in range(top, top + rows if columns else top, deep):
        high = min(deep, top + rows - first)
        values = source.values(first, left, high, columns)
        _check_values(source.file, values)
        edges = (
            west + left * width,
            north - (first + high) * height,
            west + (left + columns) * width,
            north - first * height,
        )
        strip = NumPyRasterSource(values, *edges, srs_wkt=wkt)
        taken = exact_extract(strip, shape, ["cell_id", "values", "coverage"], output="pandas").iloc[0]
        people = taken["values"] * taken["coverage"]
        some = (people > 0) & (taken["coverage"] > _SLIVER)
        at = taken["cell_id"][some].astype(np.int64)
        found.append(
            pd.DataFrame({"row": first + at // columns, "column": left + at % columns, "people": people[some],
                          "covered": taken["coverage"][some]})
        )  # fmt: skip
    return pd.concat([one for one in found if len(one)] or found[:1], ignore_index=True)


def _window(source: GeoTiff, town: Any) -> tuple[int, int, int, int]:
    """Return the first row and column, and the rows and columns, of the part of the raster around a town."""
    (west, north), (width, height) = source.corner, source.cell
    left, bottom, right, top = town.bounds
    columns = np.clip([np.floor((left - west) / width), np.ceil((right - west) / width)], 0, source.dataset.width)
    rows = np.clip([np.floor((north - top) / height), np.ceil((north - bottom) / height)], 0, source.dataset.height)
    return int(rows[0]), int(columns[0]), int(rows[1] - rows[0]), int(columns[1] - columns[0])


def _check_values(file: str, values: Floats) -> None:
    known = values[~np.isnan(values)]
    if known.size and (known.min() < 0 or np.isinf(known.max())):
        worst = known.min() if known.min() < 0 else known.max()
        raise refusal(
            file, Text("有负的或无穷大的人数", "it holds negative or infinite numbers of people"),
            Text("若这是无数据值，用 gdal_edit -a_nodata 写明", "if that stands for no data, say so with gdal_edit -a_nodata"),
            exact_text(worst),
        )  # fmt: skip


def _places(source: GeoTiff, towns: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Return the towns by code in the raster's CRS; DataError if the raster lies elsewhere or is too fine."""
    if towns.crs is None:
        raise ValueError("towns need a CRS")
    try:
        places = towns[["code", towns.geometry.name]].to_crs(source.crs)
    except Exception as error:  # pyproj's own tree: engineering and unknown systems
        raise refusal(
            source.file, Text("坐标系不能与经纬度换算", "its CRS cannot be related to longitude and latitude"),
            Text("换成 EPSG:4326 再用", "bring it to EPSG:4326"), type(error).__name__,
        ) from error  # fmt: skip
    places = places.assign(**{places.geometry.name: places.geometry.make_valid()}).sort_values(
        "code", ignore_index=True
    )
    extent, around = tuple(source.dataset.bounds), places.total_bounds
    windows = [_window(source, one) for one in places.geometry]
    cells = sum(rows * columns for _, _, rows, columns in windows)
    if not np.isfinite(around).all() or not cells:
        shown = [" ".join(coordinate_text(one) for one in box) for box in (extent, around)]
        raise refusal(
            source.file, Text(f"与乡镇不重叠（乡镇范围 {shown[1]}）", f"does not overlap the towns ({shown[1]})"),
            Text("核对是不是这个城市的栅格、坐标系是否写对", "check that it is of this city and states its CRS rightly"), shown[0],
        )  # fmt: skip
    if cells > _CELLS_IN_ALL:
        raise refusal(
            source.file, Text(f"像元太多（{count_text(cells)}）", f"too many cells ({count_text(cells)})"),
            Text("重采样到 10 米以上", "resample it to 10 m or more"),
        )  # fmt: skip
    inside = shapely.buffer(shapely.box(*extent), max(source.cell), join_style="mitre").bounds
    bounds = places.bounds.to_numpy()
    beyond = ((bounds[:, :2] < inside[:2]) | (bounds[:, 2:] > inside[2:])).any(axis=1)
    _note(notes, source.file, Text("乡镇有一部分在栅格之外", "towns lie partly outside the raster"),
          Text("换用范围更大的栅格", "use a raster that reaches further"), list(places["code"][beyond]))  # fmt: skip
    return places


def _note(notes: Notes, file: str, what: Text, fix: Text, codes: list[str]) -> None:
    """Note one doubt about several towns, with the first of them."""
    if codes:
        some = "、".join(codes[:5]) + (" …" if len(codes) > 5 else "")
        notes.add(file, Text(f"{len(codes)} 个{what.zh}", f"{len(codes)} {what.en}"), fix, found=some, warning=True)


def _points(source: GeoTiff, cells: pd.DataFrame, town: Any) -> gpd.GeoSeries:
    """Return the centres of the cells in EPSG:4326; where a border leaves the centre outside, a point inside."""
    (west, north), (width, height) = source.corner, source.cell
    x = west + (cells["column"].to_numpy() + 0.5) * width
    y = north - (cells["row"].to_numpy() + 0.5) * height
    cut = np.flatnonzero(cells["covered"].to_numpy() < 1)
    shapely.prepare(town)
    cut = cut[~shapely.intersects_xy(town, x[cut], y[cut])]
    boxes = shapely.box(x[cut] - width / 2, y[cut] - height / 2, x[cut] + width / 2, y[cut] + height / 2)
    parts = shapely.intersection(boxes, town)
    parts[shapely.is_empty(parts)] = town  # a share so thin that it vanishes in rounding
    points = shapely.point_on_surface(parts)
    x[cut], y[cut] = shapely.get_x(points), shapely.get_y(points)
    return gpd.GeoSeries(gpd.points_from_xy(x, y), crs=source.crs).to_crs(4326)


def _people_of(source: GeoTiff, code: str, town: Any, cells: pd.DataFrame, total: int) -> pd.DataFrame:
    """Return the resident points of one town, in the order of rows and columns, no point without a person."""
    if not len(cells):
        alone = gpd.GeoSeries([town.representative_point()], crs=source.crs).to_crs(4326)
        return pd.DataFrame({"id": [f"{code}-point"], "lon": alone.x, "lat": alone.y, "population": [total]})
    row, column = cells["row"].to_numpy(np.int64), cells["column"].to_numpy(np.int64)
    whole = spread_on_grid(total, cells["people"], row, column)
    cells = cells.assign(population=whole)[whole > 0].sort_values(["row", "column"], ignore_index=True)
    digits = len(str(max(source.dataset.width, source.dataset.height)))
    places = _points(source, cells, town)
    ids = [f"{code}-{r:0{digits}d}-{c:0{digits}d}" for r, c in zip(cells["row"], cells["column"], strict=True)]
    return pd.DataFrame({"id": ids, "lon": places.x, "lat": places.y, "population": cells["population"]})


def _check_totals(totals: pd.Series, codes: pd.Series) -> None:
    """Refuse totals that are not whole, stand twice, or are of towns unknown."""
    file = str(totals.name or "totals")
    odd = totals.isna() | ~np.isfinite(totals.astype(float)) | (totals < 0) | (totals % 1 != 0)
    wrong = (
        (odd, Text("人数不是不小于 0 的整数", "not a whole number of people"), Text("改正", "correct it")),
        (totals.index.duplicated(), Text("代码重复", "this code stands twice"), Text("每个乡镇一行", "one row a town")),
        (~totals.index.isin(codes), Text("这个代码不在乡镇文件中", "this code is not in towns"), Text("核对代码", "check the code")),
    )  # fmt: skip
    problems = [
        Problem(file, what, fix, column="乡镇代码", found=str(code))
        for bad, what, fix in wrong
        for code in totals.index[np.asarray(bad)]
    ]
    if problems:
        raise DataError(problems)


def residents_from_raster(
    raster: Path,
    towns: gpd.GeoDataFrame,
    *,
    totals: pd.Series | None = None,
    minimum: float = 0.0,
    band: int | None = None,
    notes: Notes | None = None,
) -> gpd.GeoDataFrame:
    """Return resident points (EPSG:4326, sorted by id) at the populated cells of a raster of people per cell.

    towns    code, geometry (polygon, any CRS); a cell cut by a border is shared by area, in the raster's CRS
    totals   residents by town code, whole; a town without one keeps its own sum of the raster, rounded
    minimum  cells with fewer people than this are left out, unless a town has no other; its total is kept
    notes    takes the warnings: towns partly off the raster, without a populated cell, or with far other totals

    Columns: id (town-row-column), lon, lat, population, town_code, is_urban (None), source, estimated, geometry.
    Each town's people sum to its total to the person. DataError for a raster that cannot be used.
    """
    notes = notes or Notes()
    asked = pd.Series(dtype=float) if totals is None else totals
    _check_totals(asked, towns["code"])
    found: list[pd.DataFrame] = []
    sums: dict[str, float] = {}
    with open_geotiff(raster, band) as source:
        places = _places(source, towns, notes)
        for code, town in zip(places["code"], places.geometry, strict=True):
            cells = _cells_of(source, town)
            sums[code] = float(cells["people"].sum())
            total = int(asked[code]) if code in asked.index else int(np.floor(sums[code] + 0.5))
            dense = cells["people"] >= minimum * cells["covered"]
            if total:
                kept = cells[dense] if dense.any() else cells
                found.append(_people_of(source, code, town, kept, total).assign(town_code=code))
    _judge_sums(raster.name, pd.Series(sums), asked, notes)
    if not found:
        raise refusal(raster.name, Text("各乡镇合计都是 0", "every total is 0"), Text("核对合计表", "check the totals"))
    frame = pd.concat(found, ignore_index=True).round({"lon": _DIGITS, "lat": _DIGITS})
    scaled = frame["town_code"].isin(asked.index)
    frame = frame.assign(
        is_urban=pd.Series([None] * len(frame), dtype=object),
        source=np.where(scaled, f"{raster.name}：栅格人口按乡镇合计分摊", f"{raster.name}：栅格人口分乡镇取整"),
        estimated=True,
    ).sort_values("id", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)


def _judge_sums(file: str, sums: pd.Series, totals: pd.Series, notes: Notes) -> None:
    """Refuse a raster without anybody in the towns; note towns that it leaves empty or tells otherwise."""
    if not (sums >= 0.5).any():
        raise refusal(
            file, Text("在乡镇范围内没有人口（全是 0 或无数据）", "holds nobody within the towns (all 0 or no data)"),
            Text("核对是不是人口栅格、波段是否选对", "check that it counts people, and the band"),
        )  # fmt: skip
    known = totals.reindex(sums.index)
    empty = (sums == 0) & (known > 0)
    _note(notes, file, Text("乡镇有人口，但栅格里没有有人的像元：全部放在乡镇中心点", "towns have residents but no populated cell: put at one point"),
          Text("核对边界和栅格", "check the borders and the raster"), list(sums.index[empty]))  # fmt: skip
    apart = (sums > 0) & (known > 0) & ((known > _APART * sums) | (sums > _APART * known))
    _note(notes, file, Text("乡镇的合计与栅格之和相差一倍以上", "towns have totals over twice or under half the raster's sum"),
          Text("核对代码、边界和年份", "check codes, borders and year"), list(sums.index[apart]))  # fmt: skip
    if len(totals):
        _note(notes, file, Text("乡镇没有给出合计：用栅格之和", "towns without a total: the raster's sum is used"),
              Text("补上合计", "add their totals"), list(sums.index[known.isna()]))  # fmt: skip


# Walking where there is no road: minutes per metre on a square grid, and the least time across it.

Positions = npt.NDArray[np.int64]

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


def read_friction(
    path: Path, *, bounds: tuple[float, float, float, float], crs: str, cell_m: float = 100.0
) -> Friction:
    """Return a planner's own friction surface, a GeoTIFF of minutes per metre, on foot or by vehicle, for a rectangle in `crs`.

    Each cell takes the value of the file's cell at its centre, so that what nobody can walk (no data) stays closed.
    DataError for what is no surface of travel: speeds over 150 km/h, or under 0.1 km/h in the middle.
    """
    shape = _shape(bounds, crs, cell_m)
    grid = Friction(np.ones(shape), bounds[0], bounds[3], cell_m, crs)
    pace = _onto(path, grid)
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
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise ValueError(f"cell_m {cell_m} must be above zero")


def _affine(grid: Friction) -> Any:
    from rasterio import Affine

    return Affine(*grid.transform)


def _onto(path: Path, grid: Friction) -> Floats:
    """Return a raster's value at each cell's centre, NaN where it holds no data; DataError if it covers none of it."""
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
            resampling=Resampling.nearest,
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
