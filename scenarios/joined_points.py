"""The list of where each point gets onto the roads: to be looked at on a map, beside the roads themselves."""

import numpy as np
import pandas as pd

from planner.errors import Language, Text
from planner.joined import feet, joined
from planner.network import Snapped
from planner.road import Road, Side

_HEADS = {
    "what": Text("类别", "what"), "id": Text("编号", "id"), "name": Text("名称", "name"), "lon": Text("经度", "lon"), "lat": Text("纬度", "lat"),
    "foot_lon": Text("上路点经度", "foot_lon"), "foot_lat": Text("上路点纬度", "foot_lat"), "access_m": Text("离路（米）", "access_m"),
    "way_id": Text("路段编号", "way_id"), "road_class": Text("道路等级", "road_class"), "state": Text("接入情况", "state"),
    "passed_m": Text("离零星路段（米）", "fragment_m"),
}  # fmt: skip
_DEMAND, _FACILITY = Text("需求点", "demand"), Text("机构", "facility")
_STATES = {
    "": Text("接入主路网", "joined"), "moved": Text("改接主路网（最近的是零星路段）", "moved from a fragment"),
    "walks": Text("步行接入", "on foot to the road"), "apart": Text("所在道路不与最大路网连通", "apart from the largest network"),
    "far": Text("离路太远", "too far from any road"), "closed": Text("道路封闭", "closed roads"),
}  # fmt: skip


def joined_points(
    road: Road, demand: pd.DataFrame, facilities: pd.DataFrame, language: Language = "zh"
) -> pd.DataFrame:
    """Return one row a point, demand first, by id: its foot on the road, how far off it lies, and how it is joined."""
    parts = [
        _rows(road, demand, _DEMAND.say(language), "demand"),
        _rows(road, facilities, _FACILITY.say(language), "facility"),
    ]
    table = pd.concat(parts, ignore_index=True)
    if table["name"].eq("").all():
        table = table.drop(columns="name")
    table["state"] = [_STATES[one].say(language) for one in table["state"]]
    return table.rename(columns={key: head.say(language) for key, head in _HEADS.items()})


def _rows(road: Road, points: pd.DataFrame, what: str, side: Side) -> pd.DataFrame:
    points = points.sort_values("id", kind="stable", ignore_index=True)
    found = joined(road, points, side)
    access = road.access(points) if side == "demand" else None
    at = road.snap(points, side) if access is None else access.at
    walks = np.zeros(len(points), np.bool_) if access is None else access.on_foot
    state = np.where(found["closed"], "closed", found["state"].to_numpy(object))
    state = np.where((state == "") & np.isfinite(found["passed_m"]), "moved", state)
    lon, lat = feet(road, at)
    return pd.DataFrame(
        {
            "what": what,
            "id": points["id"],
            "name": points.get("name", ""),
            "lon": points["lon"],
            "lat": points["lat"],
            "foot_lon": np.round(lon, 7),
            "foot_lat": np.round(lat, 7),
            "access_m": np.round(np.where(at.edge < 0, road.nearest_m(points), at.access_mm / 1000), 1),
            "way_id": _of_edge(road.graph.way_id, at),
            "road_class": _of_edge(road.graph.road_class, at),
            "state": np.where(walks, "walks", state),
            "passed_m": np.round(found["passed_m"], 1),
        }
    )


def _of_edge(values: "np.ndarray[tuple[int], np.dtype[np.object_]]", at: Snapped) -> list[str]:
    return [str(values[edge]) if edge >= 0 else "" for edge in at.edge]
