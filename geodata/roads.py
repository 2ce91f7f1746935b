"""Files of roads → RoadGraph: OpenStreetMap (.osm.pbf, .osm, .osm.gz, .osm.bz2), lines, GraphML; and what a graph holds."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geodata.files import NETWORKS, VECTORS
from geodata.guarded import guarded
from geodata.roads_files import wrong
from geodata.roads_tags import FERRY
from planner.errors import Text
from planner.network import RoadGraph
from planner.text import count_text, number_text

ENDINGS = (*NETWORKS, *VECTORS)


def read_roads(path: Path | str, *, classes: Collection[str] | None = None, weld_m: float = 0.0) -> RoadGraph:
    """Return the roads of a file, read by its ending; of `classes` alone if given.

    `weld_m` joins drawn lines that almost meet (see `roads_lines`); the other formats say themselves what meets.

    The order of nodes and edges is that of the ways' numbers and then along each, the same for the same roads in any
    OSM format. DataError, naming the file, for whatever cannot be used.
    """
    path = Path(path)
    ending = next((one for one in ENDINGS if path.name.lower().endswith(one)), None)
    if ending is None:
        raise wrong(
            path, Text("不认识的文件类型", "unknown kind of file"),
            Text(f"可用：{'、'.join(ENDINGS)}", f"use one of {', '.join(ENDINGS)}"), path.suffix,
        )  # fmt: skip
    if not path.is_file():
        raise wrong(path, Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
    try:
        graph = _read(path, ending, classes, weld_m)
        return replace(graph, notes=(*graph.notes, *_ends_only(graph)))
    except OverflowError as error:
        raise wrong(
            path, Text("有长达数千公里的路段，坐标有误", "a stretch of thousands of kilometres: coordinates are wrong"),
            Text("检查数据来源", "check where the file comes from"),
        ) from error  # fmt: skip


def _ends_only(graph: RoadGraph) -> tuple[Text, ...]:
    """Return how much of the roads is for those alone who live or have business there."""
    shut = ~graph.through & (graph.length_mm > 0)
    if not shut.any():
        return ()
    count, km = count_text(int(shut.sum())), number_text(float(graph.length_mm[shut].sum()) / 1e6)
    return (
        Text(f"内部、送达等只供两端出入的路 {count} 段，{km} 公里：可以在那里出发、到达，不从那里穿过。",
             f"{count} edges ({km} km) are private or for access: trips begin and end there and do not pass through."),
    )  # fmt: skip


def _read(path: Path, ending: str, classes: Collection[str] | None, weld_m: float) -> RoadGraph:
    if ending == ".graphml":
        from geodata.roads_graphml import read_graphml

        graph: RoadGraph = guarded(read_graphml, path, classes)
        return graph
    if ending in VECTORS:
        from geodata.roads_lines import read_lines

        return read_lines(path, classes, weld_m)
    from geodata.roads_osm import read_osm

    return read_osm(path, ".pbf" if ending == ".osm.pbf" else ending, classes)


@dataclass(frozen=True)
class RoadsInfo:
    """What a road graph holds; `outside_…` is what no road joins to the largest network; `turns` are barred."""

    nodes: int
    edges: int
    km: float
    km_by_class: tuple[tuple[str, float], ...]
    oneway_km: float
    with_speed_km: float
    components: int
    largest_share: float
    outside_nodes: int
    outside_km: float
    ferries: int
    ferry_km: float
    turns: int
    west: float
    south: float
    east: float
    north: float


def roads_info(graph: RoadGraph) -> RoadsInfo:
    """Return the facts of a graph with at least one edge: lengths by class (longest first), components, extent.

    `largest_share` is the share of the kilometres in the longest component; directions are ignored.
    """
    km = graph.length_mm / 1e6
    component = graph.components()
    outside = component[graph.tail] > 0
    ferry = graph.road_class == FERRY
    classes, inverse = np.unique(graph.road_class.astype(str), return_inverse=True)
    sums = np.bincount(inverse, km, minlength=len(classes))
    longest = sorted(zip(classes.tolist(), sums.tolist(), strict=True), key=lambda one: (-one[1], one[0]))
    total = float(km.sum())
    return RoadsInfo(
        nodes=len(graph.lon),
        edges=len(km),
        km=total,
        km_by_class=tuple(longest),
        oneway_km=float(km[graph.forward != graph.backward].sum()),
        with_speed_km=float(km[~np.isnan(graph.speed_kmh)].sum()),
        components=int(component.max()) + 1,
        largest_share=float(km[~outside].sum()) / total if total else 1.0,
        outside_nodes=int((component > 0).sum()),
        outside_km=float(km[outside].sum()),
        ferries=int(ferry.sum()),
        ferry_km=float(km[ferry].sum()),
        turns=len(graph.turns),
        west=float(graph.shape_lon.min()),
        south=float(graph.shape_lat.min()),
        east=float(graph.shape_lon.max()),
        north=float(graph.shape_lat.max()),
    )
