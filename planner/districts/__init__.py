"""Districts: whole communities to centres, each district hanging together, its load between two bounds; proven."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from planner.districts.adjacency import by_points, by_polygons, joined_by_way
    from planner.districts.districting import Districting, DistrictTask, districts

__all__ = ["DistrictTask", "Districting", "by_points", "by_polygons", "districts", "joined_by_way"]
_HOMES = {
    "adjacency": "by_points by_polygons joined_by_way",
    "districting": "DistrictTask Districting districts",
}
__getattr__ = handing_out("planner.districts", _HOMES)
