"""Roads: of files, from the internet, and what a planner brings beside them: speeds by class, closed areas."""

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely import Geometry

from geodata.columns import Notes, canonical
from geodata.files import NETWORKS, VECTORS, RawTable, guarded, read
from geodata.roads_graph import ACCESS_KEYS, DRIVABLE, FERRY, wrong
from planner.errors import DataError, FugaiError, OptionError, Problem, Text, file_problem
from planner.network import RoadGraph
from planner.schema import Field, Table
from planner.text import coordinate_text, count_text, number_text

# Files of roads → RoadGraph: OpenStreetMap (.osm.pbf, .osm, .osm.gz, .osm.bz2), lines, GraphML; and what a graph holds.

ENDINGS = (*NETWORKS, *VECTORS)


def read_roads(path: Path | str, *, classes: Collection[str] | None = None, weld_m: float = 0.0) -> RoadGraph:
    """Return the roads of a file, read by its ending; of `classes` alone if given.

    `weld_m` joins drawn lines that almost meet (see `roads_lines`); the other formats say themselves what meets.

    The order of nodes and edges is that of the ways' numbers and then along each, the same for the same roads in any
    OSM format. DataError, naming the file, for whatever cannot be used.

    >>> read_roads("geodata/samples/panzhihua/roads.geojson")
    RoadGraph(440 nodes, 649 edges, 4,256 km)
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
        from geodata.roads_osm import read_graphml

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


# Roads from the internet: an Overpass server, asked by osmnx, the answers kept in the user's cache.

Box = tuple[float, float, float, float]

_HIGHWAYS = "|".join(sorted(DRIVABLE))
FILTERS = (f'["highway"~"^({_HIGHWAYS})$"]["area"!~"yes"]', '["route"="ferry"]')
_TAGS = ("highway", "route", "oneway", "junction", "maxspeed", "area", "construction", "proposed", "emergency",
         "name", "ref", *ACCESS_KEYS)  # fmt: skip
_PATIENCE_S = 8
_OFFLINE = Text(
    "在能上网的电脑上下载 OSM 数据（如 download.geofabrik.de 的省级 .osm.pbf），拷来后直接用该文件代替",
    "download an extract where there is internet (e.g. an .osm.pbf from download.geofabrik.de) and pass that file instead",
)  # fmt: skip


def fetch_roads(
    out: Path, *, place: str | None = None, bbox: Box | None = None, endpoint: str | None = None
) -> RoadGraph:
    """Download the roads of a place or a box (west, south, east, north) into a GraphML file and return them.

    `endpoint` is an Overpass API other than osmnx's own ("http://server/api"). Nothing is written unless all is well.
    """
    if (place is None) == (bbox is None):
        raise TypeError("give either place or bbox")
    _check_out(out)
    asked = place if bbox is None else ",".join(coordinate_text(one) for one in _checked(bbox))
    import osmnx  # takes seconds

    with _settings(osmnx, endpoint), _told(str(asked)):
        graph = _download(osmnx, place, bbox)
    try:
        with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
            made = Path(folder) / out.name
            osmnx.save_graphml(graph, made)
            roads = read_roads(made)
            with made.open("rb+") as stream:
                os.fsync(stream.fileno())
            made.replace(out)
    except OSError as error:
        raise OptionError(file_problem(str(out), error)) from error
    return roads


def cache_folder() -> Path:
    """Return the folder for downloads: FUGAI_CACHE, or where the system keeps caches."""
    if told := os.environ.get("FUGAI_CACHE"):
        return Path(told)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fugai" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fugai"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fugai"


def _option(option: str, what: Text, fix: Text, found: str = "") -> OptionError:
    return OptionError(Problem(option, what, fix, found=found))


def _check_out(out: Path) -> None:
    if out.suffix.lower() != ".graphml":
        raise _option(
            "--out", Text("输出须是 .graphml 文件", "the output must be a .graphml file"),
            Text("改文件名", "change its name"), out.name,
        )  # fmt: skip
    if not out.parent.is_dir() or out.is_dir():
        raise _option(
            "--out", Text("不能写到这里", "cannot be written here"),
            Text("先建好文件夹", "make the folder first"), str(out),
        )  # fmt: skip


def _checked(bbox: Box) -> Box:
    west, south, east, north = bbox
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise _option(
            "--bbox", Text("须是 西,南,东,北（经纬度，西<东，南<北）", "must be W,S,E,N in degrees, W < E and S < N"),
            Text("检查次序", "check the order"), ",".join(coordinate_text(one) for one in bbox),
        )  # fmt: skip
    return bbox


@contextmanager
def _settings(osmnx: Any, endpoint: str | None) -> Iterator[None]:
    """Set what osmnx needs for this download, and put everything back, its change of the resolver included."""
    import socket

    settings, resolver = osmnx.settings, socket.getaddrinfo
    changes: dict[str, Any] = {
        "cache_folder": cache_folder() / "osm",
        "use_cache": _can_write(cache_folder() / "osm"),
        "useful_tags_way": list(_TAGS),
        "doh_url_template": None,  # a resolver abroad, blocked in China, and an outsider who learns the question
    }
    if endpoint is not None:
        changes |= {"overpass_url": endpoint, "overpass_rate_limit": False}
    elif not _answers(settings.overpass_url):
        changes["overpass_rate_limit"] = False  # else osmnx waits a minute for a server that is not there
    before = {name: getattr(settings, name) for name in changes}
    for name, value in changes.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        socket.getaddrinfo = resolver
        for name, value in before.items():
            setattr(settings, name, value)


def _answers(address: str) -> bool:
    import requests

    try:
        requests.get(f"{address}/status", timeout=_PATIENCE_S)
    except requests.exceptions.RequestException:
        return False
    return True


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@contextmanager
def _told(asked: str) -> Iterator[None]:
    """Turn what may go wrong with a download into one message: no network, no such place, no roads."""
    import requests
    from osmnx import _errors

    def problem(what: Text, fix: Text) -> DataError:
        return DataError(Problem("OpenStreetMap", what, fix, found=asked))

    try:
        yield
    except FugaiError:
        raise
    except (requests.exceptions.RequestException, _errors.ResponseStatusCodeError) as error:
        raise problem(
            Text("连不上下载服务器，或服务器没有应答", "the server cannot be reached or does not answer"), _OFFLINE
        ) from error
    except (_errors.InsufficientResponseError, ValueError, TypeError) as error:
        raise problem(
            Text("找不到这个地方，或那里没有道路", "no such place, or no roads there"),
            Text("换个写法（如“攀枝花市, 中国”），或用 --bbox", "write it another way, or use --bbox"),
        ) from error


def _download(osmnx: Any, place: str | None, bbox: Box | None) -> Any:
    """Return osmnx's graph, edges joined along each way but never across ways, so that every edge has one number."""
    options = {"simplify": False, "retain_all": True, "truncate_by_edge": True, "custom_filter": list(FILTERS)}
    if bbox is not None:
        graph = osmnx.graph_from_bbox(bbox, **options)
    else:
        graph = osmnx.graph_from_place(place, **options)
    graph = osmnx.simplify_graph(graph, edge_attrs_differ=["osmid"], remove_rings=False)
    graph.graph.pop("created_date", None)  # the same roads give the same bytes
    return graph


# A planner's own speeds by class of road: a table that replaces the default one, such as for mountain roads at night.

PERIODS = {"day": ("白天", "昼", "日间"), "night": ("夜间", "夜", "夜晚", "晚上")}
SPEEDS = Table(
    "speeds", "时速表", ("speeds", "时速"), "road_class", None,
    (
        Field("road_class", "道路等级", "text", required=True, aliases=("等级", "class", "highway")),
        Field("speed_kmh", "时速", "number", unit="km/h", required=True, aliases=("速度", "speed")),
        Field("period", "时段", "choice", "白天或夜间；不填的行两个时段都用", aliases=("昼夜",), choices=PERIODS),
    ),
)  # fmt: skip


def read_speeds(path: Path, period: str = "") -> dict[str, float]:
    """Return km/h by class of road; DataError for what is no speed above zero.

    Rows that name a period ("day", "night") hold for that one alone and go before rows that name none. A table that
    names periods can only be read for one of them, and one that names none not for a period.
    """
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    raw = read(path, SPEEDS)
    said = _periods(raw)
    _check_period(raw, said, period)
    speeds: dict[str, float] = {}
    notes = Notes()
    for one in ("", "?", period):
        rows = (said == one).to_numpy(bool)
        if rows.any():
            speeds |= _speeds(raw.rows_where(rows), notes)
    if notes.errors:
        raise DataError(list(dict.fromkeys(notes.errors)))  # a missing column is told once
    return speeds


def _periods(raw: RawTable) -> pd.Series:
    """Return the period of each row: "day", "night", "" for none, "?" for what is neither (noted with its row later)."""
    at = raw.columns_of(SPEEDS)[0].get("period")
    if at is None:
        return pd.Series([""] * len(raw.frame), dtype=object)
    known = {"": "", **{name: key for key, names in PERIODS.items() for name in (key, *names)}}
    return raw.frame.iloc[:, at].astype(str).str.strip().str.lower().map(known).fillna("?").astype(object)


def _check_period(raw: RawTable, said: pd.Series, period: str) -> None:
    if not period and said.isin(list(PERIODS)).any():
        what = Text("时速表分白天和夜间", "the table tells day from night")
        fix = Text("加上 --period 白天 或 --period 夜间，或每个时段一个文件",
                   "add --period day or --period night, or keep one file for each")  # fmt: skip
        raise DataError(Problem(raw.file, what, fix, column="时段"))
    if period and not (said == period).any():
        name = PERIODS[period][0]
        what = Text(f"时速表没有“{name}”的行", f"the table has no rows for the {period}")
        raise DataError(Problem(raw.file, what, Text("加上“时段”列，或不用 --period", "add a column 'period', or leave --period out"),
                                column="时段"))  # fmt: skip


def _speeds(raw: RawTable, notes: Notes) -> dict[str, float]:
    raw, frame = canonical(raw, SPEEDS, notes)
    bad = ~((frame["speed_kmh"] > 0) & (frame["speed_kmh"] < 300)) & frame["speed_kmh"].notna()
    notes.add_rows(
        raw, bad, "时速", Text("不在 0 到 300 之间", "not between 0 and 300"), Text("改正", "correct it"),
        found=frame["speed_kmh"].astype(str),
    )  # fmt: skip
    return dict(zip(frame["road_class"], frame["speed_kmh"].astype(float), strict=True))


# A file of polygons (GeoPackage, GeoJSON, Shapefile) → one area, such as a landslide that closes roads.

_AREAS = Table("areas", "范围", ("areas", "范围"), "id", "polygon", ())
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def is_area_file(text: str) -> bool:
    """Whether the text names a map file by its ending.

    >>> is_area_file("封路.GeoJSON"), is_area_file("8801,8802")
    (True, False)
    """
    return text.lower().endswith(VECTORS)


def read_area(path: Path) -> Geometry:
    """Return all polygons of the file as one area in degrees (lon, lat); DataError where it holds none, or anything else."""
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    drawn = read(path, _AREAS).geometry
    shapes = shapely.make_valid(np.array([] if drawn is None else drawn.to_numpy(), object))
    if not len(shapes) or not np.isin(shapely.get_type_id(shapes), _POLYGONS).all():
        raise DataError(
            Problem(
                path.name,
                Text("应只有面图形，至少一个", "it must hold polygons only, at least one"),
                Text("用面图层画出封闭的范围", "draw the closed area as polygons"),
            )
        )
    return shapely.union_all(shapes)
