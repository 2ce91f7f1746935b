"""Adapters that bring facts in: files of a city, in whatever encoding and heading, become one Region."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from geodata.crs import bd09_to_wgs84, gcj02_to_wgs84, metric_crs, wgs84_to_gcj02
    from geodata.csv_text import write_csv
    from geodata.load import Loaded, Survey, load_with_warnings, survey
    from geodata.points import read_points
    from geodata.roads import read_roads
    from geodata.roads_osm import read_networkx

__all__ = [
    "Loaded", "Survey", "bd09_to_wgs84", "gcj02_to_wgs84", "load_with_warnings", "metric_crs", "read_networkx",
    "read_points", "read_roads", "survey", "wgs84_to_gcj02", "write_csv",
]  # fmt: skip
_HOMES = {
    "crs": "bd09_to_wgs84 gcj02_to_wgs84 metric_crs wgs84_to_gcj02",
    "csv_text": "write_csv",
    "load": "Loaded Survey load_with_warnings survey",
    "points": "read_points",
    "roads": "read_roads",
    "roads_osm": "read_networkx",
}
__getattr__ = handing_out("geodata", _HOMES)
