"""Lines of a road map (GPKG, GeoJSON, Shapefile), a planner's own or as others publish them → RoadGraph."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.columns import Notes
from geodata.files import RawTable, read
from geodata.roads_columns import is_road, lined
from geodata.roads_edges import SCALE, Ways, graph_of_ways, offsets, tidied
from geodata.roads_files import check_degrees, no_roads
from geodata.roads_graphml import worst
from geodata.roads_notes import Left
from geodata.roads_tags import DRIVABLE, FERRY, Road, road_of
from geodata.roads_weld import ALIKE_M, NEAR_M, Drawn, said_of, slips_of, welded
from planner.errors import DataError, Text
from planner.network import Floats, RoadGraph, Whole
from planner.schema import ROADS
from planner.text import count_text

_SHAPES = {"LineString", "MultiLineString", "LinearRing"}


def read_lines(path: Path, classes: Collection[str] | None = None, weld_m: float = 0.0) -> RoadGraph:
    """Return the roads of a file of lines; DataError lists every row that cannot be used.

    Lines meet where one ends at the end, on a vertex or in the middle of another. Lines that merely cross do not, because
    a map does not tell a bridge from a crossing; nor do ends that lie beside a line. Both are counted, and with `weld_m`
    joined: ends no farther than that from a line, and crossings of lines that no bridge, tunnel or layer sets apart.
    """
    notes, left = Notes(), Left()
    raw = read(path, ROADS)
    raw, others = _lines_alone(raw)
    shapes = gpd.GeoSeries(raw.geometry)
    said = lined(raw, notes)
    _check_rows(raw, shapes, notes)
    if notes.errors:
        raise DataError(notes.problems)
    by_tags = {at: _road_of(worst_of(one)) for at, one in said.kinds().items()}
    roads, foot = [by_tags[id(one)] for one in said.tags], Counter[str]()
    for tags, road in zip(said.tags, roads, strict=True):
        if not is_road(tags) and tags.get("route") != FERRY:
            foot[tags.get("highway", "") or "—"] += 1
        else:
            left.see(tags, road)
    kept = np.array(
        [row for row, one in enumerate(roads) if one is not None and (classes is None or one.road_class in classes)],
        np.int64,
    )
    if not len(kept):
        raise no_roads(path)
    check_degrees(path, *shapely.get_coordinates(shapes.to_numpy()[kept]).T)
    chosen = [roads[row] for row in kept]
    graph, slips = graph_of_lines(
        said.ids[kept], [one for one in chosen if one], said.levels[kept], shapes.to_numpy()[kept], weld_m
    )
    told = (*said.notes, *_left_out(others, foot), *left.notes(), *slips)
    return replace(graph, notes=told)


def _lines_alone(raw: RawTable) -> tuple[RawTable, int]:
    """Return the rows without the points and areas that a map of roads may hold beside its lines, and how many these are."""
    if raw.geometry is None:
        return raw, 0
    line = raw.geometry.geom_type.isin(_SHAPES).to_numpy(bool)
    other = ~line & ~(raw.geometry.is_empty | raw.geometry.isna()).to_numpy(bool)
    return (raw.rows_where(~other), int(other.sum())) if line.any() and other.any() else (raw, 0)


def _left_out(others: int, foot: Mapping[str, int]) -> tuple[Text, ...]:
    """Return what is said of shapes that are no lines, and of classes that nobody drives."""
    out = []
    if others:
        out.append(
            Text(
                f"不是线的图形 {count_text(others)} 个，没有使用。",
                f"{count_text(others)} shapes that are no lines are not used.",
            )
        )
    if foot:
        zh = "、".join(f"{name} {count_text(count)}" for name, count in sorted(foot.items()))
        en = ", ".join(f"{name} {count_text(count)}" for name, count in sorted(foot.items()))
        out.append(
            Text(f"不通车的等级，没有使用（条）：{zh}。", f"classes that nobody drives, not used (lines): {en}.")
        )
    return tuple(out)


def worst_of(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags with one value each; osmnx lists several."""
    return worst(tags) if any(one.startswith("[") for one in tags.values()) else tags


def _road_of(tags: Mapping[str, str]) -> Road | None:
    """Return the road that a line is; a class without a speed is one, too."""
    highway = tags.get("highway", "")
    if highway in DRIVABLE or tags.get("route") == FERRY:
        return road_of(tags)
    if highway in (FERRY, "轮渡"):
        return road_of({**tags, "route": FERRY})
    if not is_road(tags):
        return None
    road = road_of({**tags, "highway": "road"})
    return None if road is None else road._replace(road_class=highway)


def graph_of_lines(
    ids: "np.ndarray[tuple[int], np.dtype[np.object_]]", roads: list[Road], levels: Whole,
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]", weld_m: float = 0.0,
) -> tuple[RoadGraph, tuple[Text, ...]]:  # fmt: skip
    """Return the graph of lines in EPSG:4326, and what is said of those that do not meet.

    Coordinates are taken to 1e-7°, about a centimetre.
    """
    order = np.argsort(ids.astype(str), kind="stable")
    parts, row = shapely.get_parts(shapes[order], return_index=True)
    row = order[row]
    degrees, part = shapely.get_coordinates(parts, return_index=True)
    places, vertex = np.unique(_places(degrees), return_inverse=True)
    start = offsets(np.bincount(part, minlength=len(parts)))
    columns = {
        name: np.array([getattr(one, name) for one in roads])[row]
        for name in ("forward", "backward", "speed_kmh", "joins", "through")
    }
    classes = np.array([one.road_class for one in roads], object)[row]
    ways = Ways(way_id=ids[row], road_class=classes, start=start, vertex=vertex.astype(np.int64), **columns)
    x, y = places >> 32, (places & 0xFFFF_FFFF) - 90 * SCALE
    once = _once(ways)
    drawn = Drawn(ways.ordered(once), x, y, levels[row][once])
    slips = slips_of(drawn, max(weld_m, NEAR_M))
    said = said_of(drawn, slips, weld_m)
    drawn, crossing = welded(drawn, slips, max(weld_m, ALIKE_M), cross=weld_m > 0)
    ways = tidied(drawn.ways)
    ends = np.zeros(len(drawn.x), np.bool_)
    ends[ways.vertex[ways.start[:-1]]] = True
    ends[ways.vertex[ways.start[1:] - 1]] = True
    ends[: len(crossing)] |= crossing
    return graph_of_ways(ways, drawn.x, drawn.y, ends), said


def _once(ways: Ways) -> Whole:
    """Return the ways without those that stand twice: the two directions of a street, as osmnx draws them."""
    again = pd.Series(ways.way_id).duplicated(keep=False).to_numpy()
    seen: dict[tuple[str, bytes], int] = {}
    kept = np.flatnonzero(~again).tolist()
    for at in np.flatnonzero(again).tolist():
        name = ways.way_id[at]
        run = ways.vertex[ways.start[at] : ways.start[at + 1]]
        forth, back = run.tobytes(), run[::-1].tobytes()
        both = bool(ways.forward[at] and ways.backward[at])
        if seen.setdefault((name, min(forth, back) if both else forth), at) == at:
            kept.append(at)
    return np.array(sorted(kept), np.int64)


def _places(degrees: Floats) -> Whole:
    """Return one whole number for each pair of coordinates at 1e-7°: longitude above, latitude + 90° in the low 32 bits."""
    lon, lat = np.rint(degrees.T * SCALE).astype(np.int64)
    return (lon << 32) | (lat + 90 * SCALE)


def _check_rows(raw: RawTable, shapes: gpd.GeoSeries, notes: Notes) -> None:
    """Note the rows without a line, and with coordinates that are no numbers."""
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
