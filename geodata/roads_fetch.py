"""Roads from the internet: an Overpass server, asked by osmnx, the answers kept in the user's cache."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from geodata.roads import read_roads
from geodata.roads_tags import ACCESS_KEYS, DRIVABLE
from planner.errors import DataError, FugaiError, OptionError, Problem, Text, file_problem
from planner.network import RoadGraph
from planner.text import coordinate_text

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
