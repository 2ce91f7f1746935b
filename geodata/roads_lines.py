"""Lines of a planner's own road map (GPKG, GeoJSON, Shapefile; columns of the table ROADS) → RoadGraph."""

from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.columns import Notes, canonical
from geodata.files import RawTable, read
from geodata.roads_edges import SCALE, Ways, graph_of_ways, offsets, tidied
from geodata.roads_files import check_degrees, no_roads
from planner.errors import DataError, Text
from planner.network import Floats, RoadGraph, Whole
from planner.schema import ROADS

_SHAPES = {"LineString", "MultiLineString", "LinearRing"}


def read_lines(path: Path, classes: Collection[str] | None = None) -> RoadGraph:
    """Return the roads of a file of lines; DataError lists every row that cannot be used.

    Lines that end at the same coordinates, or on a vertex of another line, meet there; lines that merely cross do not,
    because a map does not tell a bridge from a crossing.
    """
    notes = Notes()
    raw, frame = canonical(read(path, ROADS), ROADS, notes)
    shapes = gpd.GeoSeries(raw.geometry)
    _check_rows(raw, frame, shapes, notes)
    if notes.errors:
        raise DataError(notes.problems)
    if classes is not None:
        kept = frame["road_class"].isin(list(classes)).to_numpy(bool)
        frame, shapes = frame[kept], shapes[kept]
    if not len(frame):
        raise no_roads(path)
    check_degrees(path, *shapely.get_coordinates(shapes.to_numpy()).T)
    return graph_of_lines(frame, shapes)


def graph_of_lines(frame: pd.DataFrame, shapes: gpd.GeoSeries) -> RoadGraph:
    """Return the graph of lines in EPSG:4326 with the columns id, road_class, speed_kmh (NaN: not given) and oneway.

    Coordinates are taken to 1e-7°, about a centimetre.
    """
    order = np.argsort(frame["id"].to_numpy(str), kind="stable")
    parts, row = shapely.get_parts(shapes.to_numpy()[order], return_index=True)
    rows = frame.iloc[order[row]]
    degrees, part = shapely.get_coordinates(parts, return_index=True)
    places, vertex = np.unique(_places(degrees), return_inverse=True)
    start = offsets(np.bincount(part, minlength=len(parts)))
    twoway = ~rows["oneway"].eq(True).to_numpy(bool)
    ways = tidied(
        Ways(
            way_id=rows["id"].to_numpy(object),
            road_class=rows["road_class"].to_numpy(object),
            forward=np.ones(len(rows), np.bool_),
            backward=twoway,
            speed_kmh=rows["speed_kmh"].to_numpy(float),
            start=start,
            vertex=vertex.astype(np.int64),
        )
    )
    ends = np.zeros(len(places), np.bool_)
    ends[ways.vertex[ways.start[:-1]]] = True
    ends[ways.vertex[ways.start[1:] - 1]] = True
    return graph_of_ways(ways, places >> 32, (places & 0xFFFF_FFFF) - 90 * SCALE, ends)


def _places(degrees: Floats) -> Whole:
    """Return one whole number for each pair of coordinates at 1e-7°: longitude above, latitude + 90° in the low 32 bits."""
    lon, lat = np.rint(degrees.T * SCALE).astype(np.int64)
    return (lon << 32) | (lat + 90 * SCALE)


def _check_rows(raw: RawTable, frame: pd.DataFrame, shapes: gpd.GeoSeries, notes: Notes) -> None:
    """Note the rows without a line, with coordinates that are no numbers, and with speeds not above zero."""
    empty = shapes.is_empty | shapes.isna()
    notes.add_rows(raw, empty, "geometry", Text("没有图形", "no geometry"), Text("补上图形", "add it"))
    other = ~empty & ~shapes.geom_type.isin(_SHAPES)
    notes.add_rows(
        raw, other, "geometry", Text("图形不是线", "the geometry is not a line"),
        Text("只保留道路中心线", "keep the centre lines only"), found=shapes.geom_type,
    )  # fmt: skip
    count = shapely.get_num_coordinates(shapes.to_numpy())
    degrees, row = shapely.get_coordinates(shapes.to_numpy(), return_index=True)
    finite = np.bincount(row, np.isfinite(degrees).all(axis=1), minlength=len(shapes)) == count
    notes.add_rows(
        raw, ~empty & pd.Series(~finite, index=shapes.index), "geometry",
        Text("坐标不是有效数字", "coordinates are not numbers"), Text("检查坐标系和图形", "check the CRS and the shape"),
    )  # fmt: skip
    notes.add_rows(
        raw, frame["speed_kmh"] <= 0, ROADS.field("speed_kmh").label,
        Text("时速必须大于 0", "a speed must be above zero"),
        Text("改正；不知道就留空", "correct it, or leave it empty"), found=frame["speed_kmh"],
    )  # fmt: skip
