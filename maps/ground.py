"""The ground of the maps of a city: its towns, counties and roads, as every page draws them."""

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS

from maps import geometry, style
from planner.network import RoadGraph, edge_lines
from planner.region import Region

# Tables as columns, which take less room in a page than rows; the page puts the rows together again.

Column = dict[str, list[object]]
"""One column of a table: {"values": […]}, or for text {"texts": distinct texts, "index": which one in each row}."""


def texts(values: Iterable[object]) -> Column:
    """Return a text column; what is missing becomes ""."""
    shown = ["" if value is None or value != value else str(value) for value in values]  # noqa: PLR0124 (NaN)
    distinct = list(dict.fromkeys(shown))
    position = {text: index for index, text in enumerate(distinct)}
    return {"texts": list(distinct), "index": [position[text] for text in shown]}


def numbers(values: pd.Series) -> Column:
    """Return a column of numbers; an unknown number becomes null, a whole number loses its ``.0``."""
    return plain(None if value != value else _shortest(value) for value in floats(values))  # noqa: PLR0124 (NaN)


def flags(values: pd.Series) -> Column:
    """Return a column of 0 and 1; what is missing is 0."""
    return plain(int(value is not None and value == True) for value in values.astype(object))  # noqa: E712


def plain(values: Iterable[object]) -> Column:
    """Return a column of values as they are."""
    return {"values": list(values)}


def floats(values: pd.Series) -> Sequence[float]:
    """Return the values as floats, NaN where they are not numbers."""
    found: list[float] = pd.to_numeric(values, errors="coerce").astype("float64").tolist()
    return found


def _shortest(value: float) -> float | int:
    return int(value) if value.is_integer() else round(value, 4)


Edges = npt.NDArray[np.bool_]


def ground(region: Region) -> dict[str, Any]:
    """Return what is drawn under every map of this city, and the place that it opens on: the whole."""
    towns = geometry.simplified(region.towns)
    return {
        "bounds": geometry.bounds(region.towns),
        "towns": _towns(region, towns),
        "counties": _counties(region, towns),
    }


def roads_of(region: Region, open_edges: Edges | None) -> dict[str, list[geometry.Line]] | None:
    """Return the roads of a region to draw, None where it has none; None of `open_edges` closes nothing."""
    return None if region.roads is None else roads(region.roads, region.crs, open_edges)


def roads(
    graph: RoadGraph, crs: CRS, open_edges: Edges | None, tolerance_m: float = geometry.ROAD_TOLERANCE_M,
    *, of_any_class: bool = False,
) -> dict[str, list[geometry.Line]]:  # fmt: skip
    """Return the roads to draw: of those that are closed all, and where their crosses stand; of the others the larger."""
    is_open = np.ones(len(graph.tail), np.bool_) if open_edges is None else open_edges
    shapes = gpd.GeoSeries(edge_lines(graph), crs=4326).to_crs(crs)
    kind = pd.Series(graph.road_class).astype(str).str.removesuffix("_link")
    is_major, is_shown = kind.isin(style.MAJOR_ROADS), kind.isin(style.SHOWN_ROADS) | of_any_class
    drawn = {"minor": is_shown & ~is_major & is_open, "major": is_major & is_open, "closed": ~is_open}
    return {
        **{name: geometry.lines(shapes[rows], tolerance_m) for name, rows in drawn.items()},
        "crosses": geometry.crosses(shapes[~is_open]),
    }


def _towns(region: Region, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    county = region.counties.set_index("code")["name"]
    return {
        "code": texts(frame["code"]),
        "name": texts(frame["name"]),
        "county": texts(frame["county_code"].map(county)),
        "estimated": flags(frame["estimated"]),
        "outline": plain(geometry.outlines(frame)),
        "at": plain(geometry.label_points(frame)),
    }


def _counties(region: Region, towns: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the counties; their borders are the outer borders of their towns, so that the two lines agree."""
    frame = region.counties.sort_values("code")
    return {
        "code": texts(frame["code"]),
        "name": texts(frame["name"]),
        "outline": plain(geometry.outlines(geometry.borders(frame, towns, "county_code"))),
        "at": plain(geometry.label_points(frame)),
    }
