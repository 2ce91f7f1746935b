"""A file of polygons (GeoPackage, GeoJSON, Shapefile) → one area, such as a landslide that closes roads."""

from pathlib import Path

import numpy as np
import shapely
from shapely import Geometry

from geodata.files import VECTORS, read
from planner.errors import DataError, Problem, Text
from planner.schema import Table

_AREAS = Table("areas", "范围", ("areas", "范围"), "id", "polygon", ())
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def is_area_file(text: str) -> bool:
    """Whether the text names a map file by its ending.

    >>> is_area_file("封路.GeoJSON"), is_area_file("8801,8802")
    (True, False)
    """
    return text.lower().endswith(VECTORS)


def read_area(path: Path) -> Geometry:
    """Return all polygons of the file as one area in degrees (lon, lat); DataError where it holds none, or anything else."""
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    drawn = read(path, _AREAS).geometry
    shapes = shapely.make_valid(np.array([] if drawn is None else drawn.to_numpy(), object))
    if not len(shapes) or not np.isin(shapely.get_type_id(shapes), _POLYGONS).all():
        raise DataError(
            Problem(
                path.name,
                Text("应只有面图形，至少一个", "it must hold polygons only, at least one"),
                Text("用面图层画出封闭的范围", "draw the closed area as polygons"),
            )
        )
    return shapely.union_all(shapes)
