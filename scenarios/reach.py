"""Who reaches whom, for two lists of points anywhere: the pairs, the summary, and the areas to look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
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
from maps.areas import NOTICE, areas_map
from maps.furniture import Furniture
from planner import __version__
from planner.areas import BESIDE_M, service_areas, straight_areas
from planner.errors import DataError, Language, OptionError, Problem, Text
from planner.joined import feet, joined, why_unreached
from planner.limits import Limit
from planner.network import Snapped
from planner.reach import UNREACHABLE, Reach
from planner.road import Road, Side
from planner.schema import REASON_LABELS
from planner.text import MEASURES, amount_text, coordinate_text, count_text, exact_text, number_text
from planner.travel import StraightLine
from scenarios.export.tables import write_layer
from scenarios.ways import RoadChoices, closed_lines, joining_text, time_lines

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
    "population": Text("人口（人）", "population"), "points": Text("点数", "points"),
    "facility_id": Text("机构编号", "facility_id"), "facility_name": Text("机构名称", "facility_name"),
    "nearest_id": Text("最近机构编号", "nearest_id"), "nearest_name": Text("最近机构名称", "nearest_name"),
    "cost": Text("", ""), "access": Text("接入", "access"),
}  # fmt: skip
"""The columns of points and pairs and what they are called for people; `cost` by its unit."""
_BY_LIMIT = {
    "state": Text("{limit} 内", "within {limit}"),
    "count": Text("{limit} 内机构（个）", "facilities within {limit}"),
}
_LIST_HEADS = {
    **_HEADS, "state": Text("状态", "state"), "mm": Text("到最近机构（公里）", "nearest_km"), "ms": Text("到最近机构（分钟）", "nearest_min"), "why": Text("原因", "why"),
}  # fmt: skip
_BEYOND = Text("超出限度", "beyond the limit")
_LOST, _NOT_COVERED = Text("不可达", "unreachable"), Text("未覆盖", "uncovered")
_STATES_OF = {"covered": Text("已覆盖", "covered"), "uncovered": _NOT_COVERED, "unreachable": _LOST}
_TRIED, _ROUNDED_MB = 1_000, 10
"""How many rows foretell the size of all; from so many megabytes on it is told in whole ones."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What was asked and what came out, the same whatever the order of the rows.

    demand, facilities  the points, sorted by id; population is 1 a point where the demand tells none (has_people)
    reach               who reaches whom within the largest limit, and everyone's nearest
    people              by limit: covered, uncovered, unreachable, and how many of the covered come on foot
    walkers             by demand id, who walks to the road from beyond it and gets to a facility: metres, cost
    """

    demand: pd.DataFrame
    facilities: pd.DataFrame
    reach: Reach
    people: pd.DataFrame
    walkers: pd.DataFrame
    has_people: bool = True

    @property
    def unreachable_ids(self) -> tuple[str, ...]:
        """The demand that reaches nobody."""
        return tuple(str(one) for one in self.reach.demand_ids[self.reach.nearest_index < 0])


def ask(demand: pd.DataFrame, facilities: pd.DataFrame, travel: StraightLine | Road, limits: Sequence[Limit]) -> Answer:
    """Return who reaches which facility within the largest of `limits`, and the people within each."""
    demand = demand.sort_values("id", kind="stable", ignore_index=True)
    facilities = facilities.sort_values("id", kind="stable", ignore_index=True)
    has_people = "population" in demand
    demand = demand if has_people else demand.assign(population=1)
    reach = travel.reach_whole(demand, facilities, max(limit.value for limit in limits))
    walkers = pd.DataFrame({"metres": [], "cost": []})
    if isinstance(travel, Road) and travel.offroad_m:
        walkers = travel.walkers(demand)
        walkers = walkers[
            walkers.index.isin(reach.demand_ids[reach.nearest_index >= 0])
        ]  # to a road that leads somewhere
    on_foot = demand["id"].isin(walkers.index).to_numpy()
    people = pd.DataFrame([_people(demand, reach, limit, on_foot) for limit in limits])
    return Answer(demand, facilities, reach, people, walkers, has_people)


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
    from geodata.raster import ON_FOOT_MIN_PER_M, read_friction, walks_to

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


def points_of(answer: Answer, travel: StraightLine | Road, limits: Sequence[Limit]) -> pd.DataFrame:
    """Return one row a demand point, by id: its nearest facility and the cost of getting there, and by limit its state.

    demand_id, demand_name (where there are names), population (or points), access (where some walk to the road),
    nearest_id ("" where none is reached), nearest_name, cost (mm or ms; NaN), and for each limit `state LIMIT` (covered,
    uncovered, unreachable) and `count LIMIT`, how many facilities are within it.
    """
    reach, demand = answer.reach, answer.demand
    nearest = reach.nearest()
    to = nearest["facility_id"].to_numpy(object)
    table: dict[str, Any] = {
        "demand_id": demand["id"],
        **({"demand_name": demand["name"]} if "name" in demand else {}),
        "population" if answer.has_people else "points": demand["population"],
        **_access(answer, travel, demand["id"]),
        "nearest_id": to,
        **({"nearest_name": _named(answer.facilities, to)} if "name" in answer.facilities else {}),
        "cost": nearest["cost"].to_numpy(),
    }
    rows = np.repeat(np.arange(len(demand)), np.diff(reach.indptr))
    for limit in limits:
        covered, lost = reach.covered(limit.value).to_numpy(bool), reach.nearest_index < 0
        table[f"state {limit.said}"] = np.where(covered, "covered", np.where(lost, "unreachable", "uncovered"))
        inside = rows[reach.costs <= limit.value]
        table[f"count {limit.said}"] = np.bincount(inside, minlength=len(demand))
    return pd.DataFrame(table)


def pairs_of(answer: Answer, travel: StraightLine | Road, count: int = 0) -> pd.DataFrame:
    """Return one row a pair within the largest limit, or of each demand's `count` nearest facilities.

    demand_id, facility_id, cost, unit; access (道路 or 步行接入) where some walk to the road; demand_name, facility_name where
    there are names.
    """
    demand, facilities = answer.demand, answer.facilities
    pairs = travel.k_nearest(demand, facilities, count) if count else answer.reach.within()
    pairs = pairs.assign(unit=travel.unit, **_access(answer, travel, pairs["demand_id"]))
    for side, frame in (("demand", demand), ("facility", facilities)):
        if "name" in frame:
            pairs[f"{side}_name"] = pairs[f"{side}_id"].map(frame.set_index("id")["name"])
    return pairs


def _access(answer: Answer, travel: StraightLine | Road, ids: pd.Series) -> dict[str, npt.NDArray[np.str_]]:
    """Return how each demand gets onto the roads, where some walk to them from beyond."""
    if not (isinstance(travel, Road) and travel.offroad_m):
        return {}
    return {"access": np.where(ids.isin(answer.walkers.index), ON_FOOT.zh, BY_ROAD.zh)}


def write_table(table: pd.DataFrame, path: Path, unit: str, language: Language = "zh") -> None:
    """Write points or pairs: .csv under people's headings, .parquet for programs as they are, with whole costs."""
    if path.suffix.lower() != ".parquet":
        write_csv(path, headed(table, unit, language))
        return
    try:
        table.to_parquet(path, index=False)
    except ImportError as error:
        fix = Text('运行 pip install "fugai[parquet]"，或改用 .csv', 'pip install "fugai[parquet]", or write .csv')
        raise OptionError(Problem(path.name, Text("写 parquet 需要 pyarrow", "parquet needs pyarrow"), fix)) from error


def forecast(pairs: pd.DataFrame, unit: str) -> Text:
    """Return how many rows the pairs have and about how large a CSV of them is, by the length of rows from all over it."""
    some = pairs.iloc[:: max(1, len(pairs) // _TRIED)]
    rows = headed(some, unit).itertuples(index=False)
    letters = sum(len(str(cell).encode()) + 1 for row in rows for cell in row)
    megabytes = letters / max(1, len(some)) * len(pairs) / 1e6
    size = exact_text(round(megabytes, 1) if megabytes < _ROUNDED_MB else round(megabytes))
    count = count_text(len(pairs))
    return Text(f"写出配对 {count} 行（CSV 约 {size} MB）", f"writing {count} pairs (about {size} MB as CSV)")


def headed(table: pd.DataFrame, unit: str, language: Language = "zh") -> pd.DataFrame:
    """Return points or pairs as people read them: names beside ids, kilometres or minutes to the millimetre or millisecond."""
    table = table.assign(cost=in_units(table["cost"], unit))
    if "access" in table:
        words = {one.zh: one.say(language) for one in (BY_ROAD, ON_FOOT)}
        table["access"] = table["access"].map(words)
    heads = {key: one.say(language) for key, one in {**_HEADS, "cost": _COST_HEADS[unit]}.items()}
    if "nearest_id" in table:
        heads["cost"] = _LIST_HEADS[unit].say(language)
    for name in [str(one) for one in table if str(one).startswith(("state ", "count "))]:
        kind, limit = name.split(" ", 1)
        heads[name] = _BY_LIMIT[kind].say(language).format(limit=limit)
        if kind == "state":
            table[name] = table[name].map({key: one.say(language) for key, one in _STATES_OF.items()})
    return table[[one for one in heads if one in table]].rename(columns=heads)


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


# The list of where each point gets onto the roads: to be looked at on a map, beside the roads themselves.

_JOINED_HEADS = {
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
    return table.rename(columns={key: head.say(language) for key, head in _JOINED_HEADS.items()})


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


# The offline page of fugai reach: areas, facilities and every demand point, with what they were reckoned from.

NOTHING_CHOSEN = RoadChoices()
_SHAPE = {True: f"限度内到达的路段两侧各 {exact_text(BESIDE_M)} 米", False: "以机构为圆心的圆"}


def reach_page(
    answer: Answer,
    travel: StraightLine | Road,
    areas: gpd.GeoDataFrame,
    limits: Sequence[Limit],
    inputs: Iterable[Path],
    choices: RoadChoices = NOTHING_CHOSEN,
) -> str:
    """Return the page; `areas` has one row a limit, the smallest first, and `inputs` are the files that were read."""
    files, ordered = list(inputs), sorted(limits, key=lambda limit: limit.value)
    rows = answer.people.set_index("limit").loc[[limit.said for limit in ordered]].to_dict("records")
    return areas_map(
        areas,
        _demand(answer, ordered, travel.unit),
        answer.facilities,
        [{str(name): value for name, value in row.items()} for row in rows],
        Furniture(
            title=f"服务范围图（{'、'.join(limit.said for limit in ordered)}）",
            subtitle=f"{way_of(travel)}；需求点 {count_text(len(answer.demand))} 个，机构 {count_text(len(answer.facilities))} 个",
            notice=NOTICE,
            sources=tuple(_source(path) for path in files),
            unit="人；公里、分钟" if answer.has_people else "点（没有人口列）；公里、分钟",
            version=f"fugai {__version__}",
            inputs=tuple((path.name, sha256(path.read_bytes()).hexdigest()) for path in files),
            parameters=(*parameters(travel, ordered, choices), *(() if answer.has_people else (NO_PEOPLE.zh,))),
            accuracy=f"服务范围为{_SHAPE[isinstance(travel, Road)]}，图形经简化，只供查看",
        ),
        travel.graph if isinstance(travel, Road) else None,
        travel.open_edges if isinstance(travel, Road) else None,
        has_people=answer.has_people,
    )


def _source(path: Path) -> str:
    """Return the file's name, and for OpenStreetMap's own formats the credit that its licence asks for."""
    is_osm = path.name.lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2", ".graphml"))
    return f"{path.name}（© OpenStreetMap 贡献者，ODbL）" if is_osm else path.name


def way_of(travel: StraightLine | Road) -> str:
    """Return how one travels, in words."""
    if isinstance(travel, StraightLine):
        return "直线距离"
    return ("道路距离" if travel.unit == "mm" else "道路时间") + (
        "，机构到居民" if travel.direction == "from" else "，居民到机构"
    )


def parameters(
    travel: StraightLine | Road, limits: Sequence[Limit], choices: RoadChoices = NOTHING_CHOSEN
) -> tuple[str, ...]:
    """Return everything that the answer depends on besides the files, one sentence each."""
    said = [f"限度：{'、'.join(limit.said for limit in limits)}（小于或等于算已覆盖）", f"方式：{way_of(travel)}"]
    if isinstance(travel, StraightLine):
        return tuple(said)
    said.append(f"离路 {exact_text(travel.max_snap_m)} 米以内能上路，更远为不可达")
    if travel.offroad_m:
        how = "按直线" if travel.walks is None else "按阻力面"
        said[-1] = (
            f"离路 {exact_text(travel.max_snap_m)} 米以内能上路；更远、在 {exact_text(travel.offroad_m)} 米以内的步行接入（{how}）"
        )
    said += [joining_text(travel.walking), *closed_lines(travel, choices)]
    if travel.speeds is not None:
        said += time_lines(travel, choices, "时间")
        said.append(
            "各等级时速（公里）：" + "、".join(f"{name} {exact_text(speed)}" for name, speed in travel.speeds.items())
        )
    return tuple(said)


def _demand(answer: Answer, limits: Sequence[Limit], unit: str) -> pd.DataFrame:
    """Return the demand as the map wants it: its state at each limit, its nearest facility, and its walk, in words."""
    reach = answer.reach
    covered = pd.DataFrame({limit.value: reach.covered(limit.value) for limit in limits}).to_numpy()
    nearest = reach.nearest()
    called = answer.facilities.set_index("id")["name"] if "name" in answer.facilities else pd.Series(dtype=object)
    walks = answer.walkers.reindex(nearest.index)
    states: list[Any] = [
        ["unreachable" if index < 0 else "covered" if one else "uncovered" for one in row]
        for row, index in zip(covered, reach.nearest_index, strict=True)
    ]
    return answer.demand.assign(
        states=states,
        nearest=[called.get(one) or one for one in nearest["facility_id"]],
        cost=["" if cost == UNREACHABLE else amount_text(int(cost), unit) for cost in reach.nearest_cost],
        walk=[
            "" if metres != metres else _walk(metres, cost, unit)  # noqa: PLR0124 (NaN)
            for metres, cost in zip(walks["metres"], walks["cost"], strict=True)
        ],
    )


def _walk(metres: float, cost: float, unit: str) -> str:
    return f"离路 {amount_text(metres * 1000, 'mm')}" + (f"，步行 {amount_text(cost, unit)}" if unit == "ms" else "")
