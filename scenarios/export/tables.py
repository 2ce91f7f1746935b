"""findings.gpkg."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from planner.region import Region

GPKG_DATE = "2000-01-01T00:00:00Z"
"""GeoPackage records when it was written; a fixed moment keeps the same input the same bytes."""


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
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": GPKG_DATE})
    try:
        for name, frame in layers.items():
            if len(frame):
                frame.to_crs(4326).to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _about_places(places: gpd.GeoDataFrame, findings: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the findings with the geometry of their subject, joined by code."""
    shapes = places.set_index("code").geometry
    geometry = gpd.GeoSeries(shapes.reindex(findings["subject_code"]).to_numpy(), crs=places.crs)
    return gpd.GeoDataFrame(findings.reset_index(drop=True), geometry=geometry)
