"""Resident points from a raster of people per cell (WorldPop and the like), each town's total kept to the person."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.columns import Notes
from geodata.raster import Floats, GeoTiff, open_geotiff, refusal
from planner.errors import DataError, Problem, Text
from planner.text import coordinate_text, count_text, exact_text

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
