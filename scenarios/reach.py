"""Who reaches whom, for two lists of points anywhere: the pairs, the summary, and the areas to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod

from geodata.crs import shift_by_roads
from geodata.csv_text import write_csv
from planner.areas import service_areas, straight_areas
from planner.errors import DataError, Language, OptionError, Problem, Text
from planner.joined import why_unreached
from planner.limits import Limit
from planner.reach import Reach
from planner.road import Road
from planner.schema import REASON_LABELS
from planner.text import MEASURES, coordinate_text, exact_text, number_text
from planner.travel import StraightLine
from scenarios.export.tables import write_layer

_SHOWN = 20
_FAR_OUTSIDE_M = 10_000
_FAR_APART_M = 100 * 1_000
_SWAPPED_M = 1_000_000
_EARTH_M = 6_371_009.0
_ELLIPSOID = Geod(ellps="GRS80")
CELL_M = 100.0
"""The side of a cell of walking off the roads."""
BY_ROAD = Text("道路", "by road")
NO_PEOPLE = Text("没有人口列，按每点 1 计", "no column of people: each point counts as 1")
ON_FOOT = Text("步行接入", "on foot to the road")
_COST_HEADS = {"mm": Text("距离（公里）", "distance_km"), "ms": Text("时间（分钟）", "time_min")}
_HEADS = {
    "demand_id": Text("需求点编号", "demand_id"), "demand_name": Text("需求点名称", "demand_name"),
    "facility_id": Text("机构编号", "facility_id"), "facility_name": Text("机构名称", "facility_name"),
    "cost": Text("", ""), "access": Text("接入", "access"),
}  # fmt: skip
"""The columns of the pairs and what they are called for people; `cost` by its unit."""
_LIST_HEADS = {
    **_HEADS, "population": Text("人口（人）", "population"), "points": Text("点数", "points"), "state": Text("状态", "state"),
    "nearest_id": Text("最近机构编号", "nearest_id"), "nearest_name": Text("最近机构名称", "nearest_name"),
    "mm": Text("到最近机构（公里）", "nearest_km"), "ms": Text("到最近机构（分钟）", "nearest_min"), "why": Text("原因", "why"),
}  # fmt: skip
_BEYOND = Text("超出限度", "beyond the limit")
_LOST, _NOT_COVERED = Text("不可达", "unreachable"), Text("未覆盖", "uncovered")


@dataclass(frozen=True, eq=False)
class Answer:
    """What was asked and what came out, the same whatever the order of the rows.

    demand, facilities  the points, sorted by id; population is 1 a point where the demand tells none (has_people)
    reach               who reaches whom within the largest limit, and everyone's nearest
    pairs               demand_id, facility_id, cost, unit; with walking beyond the road also access: 道路 or 步行接入;
                        demand_name, facility_name where there are names
    people              by limit: covered, uncovered, unreachable, and how many of the covered come on foot
    walkers             by demand id, who walks to the road from beyond it and gets to a facility: metres, cost
    """

    demand: pd.DataFrame
    facilities: pd.DataFrame
    reach: Reach
    pairs: pd.DataFrame
    people: pd.DataFrame
    walkers: pd.DataFrame
    has_people: bool = True

    @property
    def unreachable_ids(self) -> tuple[str, ...]:
        """The demand that reaches nobody."""
        return tuple(str(one) for one in self.reach.demand_ids[self.reach.nearest_index < 0])


def ask(
    demand: pd.DataFrame, facilities: pd.DataFrame, travel: StraightLine | Road, limits: Sequence[Limit], count: int = 0
) -> Answer:
    """Return who reaches which facility within the largest of `limits` (or their `count` nearest), and the people."""
    demand = demand.sort_values("id", kind="stable", ignore_index=True)
    facilities = facilities.sort_values("id", kind="stable", ignore_index=True)
    has_people = "population" in demand
    demand = demand if has_people else demand.assign(population=1)
    reach = travel.reach_whole(demand, facilities, max(limit.value for limit in limits))
    pairs = travel.k_nearest(demand, facilities, count) if count else reach.within()
    pairs = pairs.assign(unit=travel.unit)
    walkers = pd.DataFrame({"metres": [], "cost": []})
    if isinstance(travel, Road) and travel.offroad_m:
        walkers = travel.walkers(demand)
        walkers = walkers[
            walkers.index.isin(reach.demand_ids[reach.nearest_index >= 0])
        ]  # to a road that leads somewhere
        pairs["access"] = np.where(pairs["demand_id"].isin(walkers.index), ON_FOOT.zh, BY_ROAD.zh)
    for side, frame in (("demand", demand), ("facility", facilities)):
        if "name" in frame:
            pairs[f"{side}_name"] = pairs[f"{side}_id"].map(frame.set_index("id")["name"])
    on_foot = demand["id"].isin(walkers.index).to_numpy()
    people = pd.DataFrame([_people(demand, reach, limit, on_foot) for limit in limits])
    return Answer(demand, facilities, reach, pairs, people, walkers, has_people)


def _people(demand: pd.DataFrame, reach: Reach, limit: Limit, on_foot: npt.NDArray[np.bool_]) -> dict[str, object]:
    people = demand["population"].to_numpy()
    covered = reach.covered(limit.value).to_numpy()
    unreachable = reach.nearest_index < 0
    return {
        "limit": limit.said,
        "population": int(people.sum()),
        "covered": int(people[covered].sum()),
        "uncovered": int(people[~covered & ~unreachable].sum()),
        "unreachable": int(people[unreachable].sum()),
        "on_foot": int(people[covered & on_foot].sum()),
    }


def with_walks(road: Road, demand: pd.DataFrame, friction: Path) -> tuple[Road, tuple[Text, ...]]:
    """Return the road with the walks of the demand beyond it taken from a friction surface (minutes per metre).

    Beside it, what is to be said of a surface on which somebody drives.
    """
    from geodata.friction import ON_FOOT_MIN_PER_M, read_friction, walks_to

    points = demand[demand["id"].isin(road.walkers(demand).index)]
    if not len(points):
        return road, ()
    crs = metric_crs(points)
    around = gpd.GeoSeries(gpd.points_from_xy(points["lon"], points["lat"]), crs=4326).to_crs(crs)
    west, south, east, north = around.buffer(road.offroad_m + CELL_M).total_bounds
    surface = read_friction(friction, bounds=(west, south, east, north), crs=crs, cell_m=CELL_M)
    box = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=crs).to_crs(4326).total_bounds
    found = replace(road, walks=walks_to(surface, road.places(CELL_M / 2, tuple(box)), points))
    fastest = float(np.nanmin(surface.minutes_per_metre))
    if fastest >= ON_FOOT_MIN_PER_M:
        return found, ()
    kmh = exact_text(round(60 / (1000 * fastest)))
    said = Text(
        f"阻力面最快处每小时 {kmh} 公里，含行车：“步行接入”一段的时间按它计算，不都是步行。",
        f"the friction surface reaches {kmh} km/h, which is by vehicle: what is called on foot to the road takes its times.",
    )
    return found, (said,)


def metric_crs(points: pd.DataFrame) -> str:
    """Return the UTM zone of the middle of the points."""
    zone = int((float(points["lon"].mean()) + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if float(points['lat'].mean()) >= 0 else 32700) + zone}"


def areas_of(travel: StraightLine | Road, facilities: pd.DataFrame, limits: Sequence[Limit]) -> gpd.GeoDataFrame:
    """Return the areas reached within each limit, the smallest first: limit (as it was said), geometry (EPSG:4326)."""
    values = [limit.value for limit in limits]
    if isinstance(travel, StraightLine):
        areas = straight_areas(facilities, values)
    else:
        areas = service_areas(travel, facilities, values, metric_crs(facilities))
    return areas.assign(limit=areas["limit"].map({limit.value: limit.said for limit in limits}))


def check_together(
    demand: pd.DataFrame, facilities: pd.DataFrame, files: tuple[str, str], limit_m: float = 0.0
) -> tuple[Problem, ...]:
    """Refuse two lists of different parts of the world, and return a warning of the points that lie far from the others.

    Far is beyond 100 km and beyond the limit; swapped longitude and latitude is told where that would bring them together.
    """
    away = nearest_m(demand, facilities)
    far = max(_FAR_APART_M, limit_m)
    lost = away > far
    if lost.all():
        raise DataError(_apart(demand, facilities, files, float(away.min())))
    back = nearest_m(facilities, demand) > far
    out = []
    for frame, off, file in ((demand, lost, files[0]), (facilities, back, files[1])):
        ids = frame.loc[off, "id"].tolist()
        if ids:
            shown = "、".join(ids[:_SHOWN]) + ("……" if len(ids) > _SHOWN else "")
            what = Text(f"{len(ids)} 个点离另一个文件的所有点都在 {number_text(far / 1000)} 公里以上：{shown}",
                        f"{len(ids)} points over {number_text(far / 1000)} km from all of the other file: {shown}")  # fmt: skip
            out.append(Problem(file, what, Text("核对坐标", "check the coordinates"), severity="warning"))
    return tuple(out)


def _apart(demand: pd.DataFrame, facilities: pd.DataFrame, files: tuple[str, str], least_m: float) -> Problem:
    """Return how far two lists are apart, and what brings them together if one swaps longitude and latitude."""
    (lon, lat), (there_lon, there_lat) = (_middle(one) for one in (demand, facilities))
    swaps = [(lat, lon, there_lon, there_lat)] * (abs(lon) <= 90) + [(lon, lat, there_lat, there_lon)] * (
        abs(there_lon) <= 90
    )
    km = number_text(round(least_m / 1000))
    what = Text(
        f"与 {files[1]} 不在一处：最近的两点也相距 {km} 公里",
        f"lies apart from {files[1]}: the nearest two points are {km} km away",
    )
    fix = Text(
        f"核对 {files[0]} 和 {files[1]} 是不是同一个地方、同一种坐标",
        f"see whether {files[0]} and {files[1]} are of one place and one kind of coordinates",
    )
    if any(_metres(*one) <= _SWAPPED_M for one in swaps):
        what = Text(
            f"{what.zh}；对调其中一个文件的经纬度就在一起",
            f"{what.en}; beside it once one file's coordinates are swapped",
        )
        fix = Text(
            f"核对 {files[0]} 和 {files[1]}，哪个把经度和纬度写反了",
            f"see which of {files[0]} and {files[1]} swaps them",
        )
    here, there = (f"{coordinate_text(x)}, {coordinate_text(y)}" for x, y in ((lon, lat), (there_lon, there_lat)))
    return Problem(files[0], what, fix, found=f"{here} ↔ {there}")


def nearest_m(points: pd.DataFrame, others: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the metres from each point to the nearest of the others, on a sphere: right to half a per cent."""
    from scipy.spatial import cKDTree

    spheres = [_on_sphere(one["lon"].to_numpy(float), one["lat"].to_numpy(float)) for one in (others, points)]
    chord = cKDTree(spheres[0]).query(spheres[1])[0]
    return np.asarray(2 * _EARTH_M * np.arcsin(np.minimum(chord / 2, 1)), np.float64)


def _on_sphere(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lon, lat = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _middle(points: pd.DataFrame) -> tuple[float, float]:
    return float(points["lon"].median()), float(points["lat"].median())


def _metres(lon: float, lat: float, there_lon: float, there_lat: float) -> float:
    return float(_ELLIPSOID.inv(lon, lat, there_lon, there_lat)[2])


def check_inside(points: pd.DataFrame, file: str, road: Road) -> None:
    """Refuse points far outside the roads' extent: the file is too small, or the coordinates are wrong.

    Points a little outside are villages beyond the last road: they are 不可达, listed, and no mistake.
    """
    graph = road.graph
    margin = max(road.max_snap_m, road.offroad_m, _FAR_OUTSIDE_M) / 111_000
    wide = margin / max(0.05, float(np.cos(np.radians(np.abs(graph.lat).max()))))
    inside = points["lon"].between(graph.lon.min() - wide, graph.lon.max() + wide)
    inside &= points["lat"].between(graph.lat.min() - margin, graph.lat.max() + margin)
    lost = points.loc[~inside, "id"].tolist()
    if lost:
        shown = "、".join(lost[:_SHOWN]) + (f" 等 {len(lost)} 个" if len(lost) > _SHOWN else "")
        raise DataError(
            Problem(
                file,
                Text(
                    f"{len(lost)} 个点在路网范围以外：{shown}",
                    f"{len(lost)} points outside the roads: {', '.join(lost[:_SHOWN])}",
                ),
                Text(
                    "换用范围更大的路网，或删去这些点；也请核对坐标",
                    "use a larger extract, or drop them; check the coordinates",
                ),
            )
        )


def check_datum(points: pd.DataFrame, file: str, road: Road) -> tuple[Problem, ...]:
    """Return a warning of points that seem to be in another datum than the roads, with the evidence."""
    said = shift_by_roads(road, points)
    fix = Text("是，就把表头写成“经度（高德）”“纬度（高德）”，或换用同一坐标系的路网", "if so, head the columns 经度（高德）, 纬度（高德）, or use roads of one datum")  # fmt: skip
    return () if said is None else (Problem(file, said, fix, severity="warning"),)


def write_pairs(pairs: pd.DataFrame, path: Path, unit: str, language: Language = "zh") -> None:
    """Write the pairs: .csv under people's headings, .parquet for programs as they are, with whole costs and their unit."""
    if path.suffix.lower() != ".parquet":
        write_csv(path, headed(pairs, unit, language))
        return
    try:
        pairs.to_parquet(path, index=False)
    except ImportError as error:
        fix = Text('运行 pip install "fugai[parquet]"，或改用 .csv', 'pip install "fugai[parquet]", or write .csv')
        raise OptionError(Problem(path.name, Text("写 parquet 需要 pyarrow", "parquet needs pyarrow"), fix)) from error


def headed(pairs: pd.DataFrame, unit: str, language: Language = "zh") -> pd.DataFrame:
    """Return the pairs as people read them: names beside ids, kilometres or minutes to the millimetre or millisecond."""
    table = pairs.assign(cost=in_units(pairs["cost"], unit))
    if "access" in table:
        words = {one.zh: one.say(language) for one in (BY_ROAD, ON_FOOT)}
        table["access"] = table["access"].map(words)
    heads = {**_HEADS, "cost": _COST_HEADS[unit]}
    return table[[one for one in heads if one in table]].rename(
        columns={key: one.say(language) for key, one in heads.items()}
    )


def in_units(costs: Any, unit: str) -> Any:
    """Return whole mm or ms in kilometres or minutes, so that they can be turned back."""
    return np.round(costs / MEASURES[unit].per_unit, 6)


def write_areas(areas: gpd.GeoDataFrame, path: Path, name: str) -> None:
    """Write the areas as GeoJSON whose layer has this name."""
    write_layer(path, areas, name, "GeoJSON", RFC7946="YES")


def left_out(
    answer: Answer, travel: StraightLine | Road, limits: Sequence[Limit], language: Language = "zh"
) -> pd.DataFrame:
    """Return who is not covered, by limit and id: the nearest facility, how far, and why."""
    reach, demand = answer.reach, answer.demand
    lost = reach.nearest_index < 0
    why = np.full(len(demand), _BEYOND.say(language), object)
    if isinstance(travel, Road):
        reasons = why_unreached(travel, demand[lost], answer.facilities)
        why[lost] = [REASON_LABELS[one] if language == "zh" else one for one in reasons]
    nearest = reach.nearest()["facility_id"].to_numpy(object)
    columns = {
        "demand_id": demand["id"],
        **({"demand_name": demand["name"]} if "name" in demand else {}),
        "population" if answer.has_people else "points": demand["population"],
        "state": np.where(lost, _LOST.say(language), _NOT_COVERED.say(language)),
        "nearest_id": nearest,
        **({"nearest_name": _named(answer.facilities, nearest)} if "name" in answer.facilities else {}),
        travel.unit: np.where(lost, np.nan, in_units(reach.nearest_cost, travel.unit)),
        "why": why,
    }
    every = pd.DataFrame(columns).rename(columns={key: one.say(language) for key, one in _LIST_HEADS.items()})
    parts = {limit.said: every[~reach.covered(limit.value).to_numpy(bool)] for limit in limits}
    named = [Text("限度", "limit").say(language), None]
    return pd.concat(parts, names=named).reset_index(level=0).reset_index(drop=True)


def _named(facilities: pd.DataFrame, ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.asarray(pd.Series(ids).map(facilities.set_index("id")["name"]).fillna(""), object)
