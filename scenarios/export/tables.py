"""findings.gpkg."""

import errno
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from planner.region import Region

GPKG_DATE = "2000-01-01T00:00:00Z"
"""GeoPackage records when it was written; a fixed moment keeps the same input the same bytes."""
_SPARE = 1_000_000
"""With less room than this (bytes) a failure to write is that of a full disk."""


def write_geopackage(path: Path, region: Region, findings: pd.DataFrame, detours: pd.DataFrame | None = None) -> None:
    """Write towns, villages and facilities with the findings about them, and the detours as points, in EPSG:4326."""
    layers = {
        "towns": _about_places(region.towns, findings[findings["level"] == "town"]),
        "villages": _about_places(region.villages, findings[findings["level"] == "village"]),
        "facilities": region.facilities.drop(columns=["lon", "lat"]),
        "counties": region.counties[["code", "name", "geometry"]],
    }
    if detours is not None:
        points = gpd.points_from_xy(detours["lon"].astype(float), detours["lat"].astype(float))
        layers["detours"] = gpd.GeoDataFrame(detours.drop(columns=["lon", "lat"]), geometry=points, crs=4326)
    for name, frame in layers.items():
        if len(frame):
            write_layer(path, frame.to_crs(4326), name)


def write_layer(path: Path, frame: gpd.GeoDataFrame, layer: str, driver: str = "GPKG", **options: Any) -> None:
    """Write a layer, the same bytes every time; OSError where it cannot be written: GDAL's own errors are none."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": GPKG_DATE})
    try:
        if driver != "GPKG":
            memory = BytesIO()  # of a stream GDAL does not tell that it could not be written
            pyogrio.write_dataframe(frame, memory, layer=layer, driver=driver, **options)
            path.write_bytes(memory.getvalue())
            return
        pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, **options)
        _check_written(path, frame, layer, options)
    except (DataSourceError, DataLayerError, sqlite3.Error) as error:
        full = shutil.disk_usage(path.parent).free < _SPARE
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _check_written(path: Path, frame: gpd.GeoDataFrame, layer: str, options: Mapping[str, Any]) -> None:
    """Raise sqlite3.Error where the layer lacks rows, or a table or trigger that an empty one in memory has.

    GDAL does not tell that its last statements, those of the spatial index, found the disk full.
    """
    memory = BytesIO()
    pyogrio.write_dataframe(frame.iloc[:0], memory, layer=layer, driver="GPKG", **options)
    with closing(sqlite3.connect(":memory:")) as empty, closing(sqlite3.connect(path)) as made:
        empty.deserialize(memory.getvalue())
        wanted, there = (set(one.execute("SELECT type, name FROM sqlite_master")) for one in (empty, made))
        quoted = layer.replace('"', '""')
        (rows,) = made.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608 - a name of ours
    if not wanted <= there or rows != len(frame):
        raise sqlite3.OperationalError(f"{layer}: {rows} of {len(frame)} rows, {len(wanted - there)} parts missing")


def _about_places(places: gpd.GeoDataFrame, findings: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the findings with the geometry of their subject, joined by code."""
    shapes = places.set_index("code").geometry
    geometry = gpd.GeoSeries(shapes.reindex(findings["subject_code"]).to_numpy(), crs=places.crs)
    return gpd.GeoDataFrame(findings.reset_index(drop=True), geometry=geometry)
