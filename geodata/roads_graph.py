"""From tagged ways to a graph: what tags say of a road, how a file is looked at before it is parsed, and one builder of the network."""

import bz2
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf, nan
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.errors import DataError, Problem, Text
from planner.network import CHINESE_CLASSES, SPEED_KMH, VEHICLE, Bools, Floats, RoadGraph, Texts, Whole, edge_lengths_mm
from planner.text import coordinate_text, count_text

# What OpenStreetMap's tags say of a way: whether it is driven, in which direction, of what class, how fast, and by whom.

FERRY = "ferry"
DRIVABLE = frozenset(SPEED_KMH) - {FERRY}
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most specific to the most general: the first one that a way carries decides."""
FORBIDDEN = frozenset({"no", "agricultural", "forestry"})
ENDS_ONLY = frozenset({"private", "destination", "customers", "delivery", "permit", "residents"})
"""Open to those who live or have business there: at either end of a trip, not to pass through."""
WHY_NOT: Mapping[str, Text] = {
    "access": Text("禁止机动车通行", "closed to motor vehicles"),
    "gone": Text("废弃、停用、拆除或尚未建成", "abandoned, disused, demolished or not built yet"),
    "impassable": Text("标为无法通行", "said to be impassable"),
    "size": Text("限高、限宽、限重或限长，救护车过不去", "too low, narrow, weak or short for an ambulance"),
}
"""Why a way of a class that is driven is no road."""
_YES = frozenset({"yes", "designated", "official"})
_FORWARD = frozenset({"yes", "1", "true"})
_REVERSE = frozenset({"-1", "reverse"})
_BOTH = frozenset({"no", "0", "false"})
_CIRCLES = frozenset({"roundabout", "circular"})
_GONE = ("construction", "proposed", "abandoned", "disused", "razed", "demolished", "removed")
_NO = frozenset({"", "no", "false", "0"})
_NO_TUNNEL = _NO | {"building_passage", "culvert"}
_APART = frozenset({"motorway", "motorway_link", FERRY})
"""Classes that nobody gets on or off between two junctions."""
_OPEN_BARRIERS = frozenset(
    {"cattle_grid", "border_control", "toll_booth", "sally_port", "gate", "lift_gate", "swing_gate", "sliding_gate",
     "hampshire_gate", "height_restrictor", "arch", "entrance", "kerb", "no"}
)  # fmt: skip
"""Barriers that a car passes unless their access says no; every other one stops it (as in OSRM's profile of cars)."""
_RISING = frozenset({"rising", "removable"})
_SPEED = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*(km/h|kmh|kph|公里/小时|mph|knots)?\s*", re.IGNORECASE | re.ASCII)
_KMH = {"mph": 1.609344, "knots": 1.852}
_FASTEST_KMH = 300.0
_WALK_KMH = 5.0
_SIZE = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)\s*(m|t|kg|米|吨)?\s*", re.IGNORECASE)
_FEET = re.compile(r"\s*(\d{1,3})\s*(?:'|ft)\s*(?:(\d{1,2})\s*(?:\"|''|in)?)?\s*")
TIMED_KEYS: Mapping[str, Literal["access", "oneway", "speed", "size"]] = {
    **{f"{key}:conditional": "access" for key in ACCESS_KEYS},
    **{f"{key}:conditional": "size" for key in VEHICLE},
    "oneway:conditional": "oneway", "maxspeed:conditional": "speed",
}  # fmt: skip
"""Keys whose limits hold a car at times or on conditions only, and what they limit."""
ODD_KEYS = frozenset({*_GONE, *VEHICLE, "impassable", "status", "smoothness"})
"""Keys that can make a way of any class no road."""


class Road(NamedTuple):
    """One way as the network takes it; `speed_kmh` is NaN where the tags give none.

    joins: whether one gets on and off along it; through: whether those pass who have no business there.
    """

    road_class: str
    forward: bool
    backward: bool
    speed_kmh: float
    joins: bool = True
    through: bool = True


def road_of(tags: Mapping[str, str]) -> Road | None:
    """Return the road that a way with these tags is, None where no ambulance drives.

    >>> road_of({"highway": "primary", "oneway": "-1", "maxspeed": "30 mph"})
    Road(road_class='primary', forward=False, backward=True, speed_kmh=48.28032, joins=True, through=True)
    >>> road_of({"highway": "service", "access": "private"}).through, road_of({"highway": "service", "access": "no"})
    (False, None)
    """
    road_class = class_of(tags)
    if road_class is None or (tags.keys() & ODD_KEYS and _odd(tags)):
        return None
    access = access_of(tags)
    if access in FORBIDDEN:
        return None
    forward, backward = directions(tags, road_class)
    speed = speed_of(tags.get("maxspeed", ""))
    return Road(road_class, forward, backward, speed, joins(tags, road_class), access not in ENDS_ONLY)


def why_not(tags: Mapping[str, str]) -> str:
    """Return why a way is no road, a key of WHY_NOT; "" where it is one, or of a class that is never driven.

    >>> [why_not({"highway": "primary"} | tags) for tags in ({"maxheight": "1.8"}, {"impassable": "yes"}, {})]
    ['size', 'impassable', '']
    """
    if class_of(tags) is None:
        return ""
    return _odd(tags) or ("access" if access_of(tags) in FORBIDDEN else "")


def _odd(tags: Mapping[str, str]) -> str:
    """Return what of the way itself keeps an ambulance off it, a key of WHY_NOT; "" where nothing does."""
    if any(tags.get(key) == "yes" for key in _GONE):
        return "gone"
    if tags.get("impassable") == "yes" or "impassable" in (tags.get("smoothness"), tags.get("status")):
        return "impassable"
    return "size" if any(size_of(tags[key]) < needs for key, needs in VEHICLE.items() if key in tags) else ""


def size_of(text: str) -> float:
    """Return metres or tonnes, infinity for "default", "none" and what is no number.

    >>> [size_of(one) for one in ("2.2", "2.2 m", "7'10", "2500 kg", "default")]
    [2.2, 2.2, 2.3876, 2.5, inf]
    """
    feet = _FEET.fullmatch(text)
    if feet:
        return round(int(feet[1]) * 0.3048 + int(feet[2] or 0) * 0.0254, 4)
    found = _SIZE.fullmatch(text)
    if not found:
        return inf
    return float(found[1]) / (1000 if (found[2] or "").lower() == "kg" else 1)


def class_of(tags: Mapping[str, str]) -> str | None:
    """Return the class of road, "ferry" for a ferry; None for footways and areas."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == FERRY:
        return FERRY
    highway = tags.get("highway", "")
    return highway if highway in DRIVABLE else None


def access_of(tags: Mapping[str, str]) -> str:
    """Return what the most specific of the access tags says; emergency=yes lets an ambulance in whatever it says."""
    if tags.get("emergency") in _YES:
        return "yes"
    return next((tags[key] for key in ACCESS_KEYS if key in tags), "yes")


def joins(tags: Mapping[str, str], road_class: str) -> bool:
    """Whether one gets on and off along the way: on no motorway, bridge or ferry, and in no tunnel.

    >>> joins({"bridge": "viaduct"}, "primary"), joins({"bridge": "no"}, "primary"), joins({}, "高速公路")
    (False, True, False)
    """
    if CHINESE_CLASSES.get(road_class, road_class) in _APART or tags.get("motorroad") == "yes":
        return False
    return tags.get("bridge", "") in _NO and tags.get("tunnel", "") in _NO_TUNNEL


def barrier_of(tags: Mapping[str, str]) -> Literal["", "shut", "ends"]:
    """Return whether a node with these tags stops a vehicle: always, or all but those with business behind it.

    >>> barrier_of({"barrier": "bollard"}), barrier_of({"barrier": "gate"}), barrier_of({"barrier": "gate", "access": "private"})
    ('shut', '', 'ends')
    """
    kind = tags.get("barrier", "no")
    if tags.get("emergency") in _YES or kind == "no":
        return ""
    access = next((tags[key] for key in ACCESS_KEYS if key in tags), "")
    low = any(size_of(tags[key]) < needs for key, needs in VEHICLE.items() if key in tags)
    locked = tags.get("locked") == "yes" and access not in _YES
    if low or locked or access in FORBIDDEN:
        return "shut"
    if access in ENDS_ONLY:
        return "ends"
    opens = bool(access) or kind in _OPEN_BARRIERS or tags.get("bollard") in _RISING
    return "" if opens else "shut"


def directions(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool]:
    """Return whether the way is driven along its nodes and against them; what `oneway` says goes before what is implied."""
    oneway = tags.get("oneway", "")
    if oneway in _REVERSE:
        return False, True
    if oneway in _FORWARD:
        return True, False
    implied = road_class == "motorway" or tags.get("junction") in _CIRCLES
    return True, oneway in _BOTH or not implied


def speed_of(text: str) -> float:
    """Return the speed in km/h that `maxspeed` gives, NaN for "CN:urban", "none", "0" and the like.

    >>> [speed_of(one) for one in ("60", "60 km/h", "30 mph", "walk", "CN:urban", "0", "-5")]
    [60.0, 60.0, 48.28032, 5.0, nan, nan, nan]
    """
    if text == "walk":
        return _WALK_KMH
    found = _SPEED.fullmatch(text)
    if not found:
        return nan
    speed = float(found[1]) * _KMH.get((found[2] or "").lower(), 1.0)
    return speed if 0 < speed <= _FASTEST_KMH else nan


# What a reader of roads left out or did not follow, counted while reading and told in sentences.

TIMED: Mapping[str, Text] = {
    "access": Text("分时段或有条件的通行限制", "limits of access at times or on conditions"),
    "oneway": Text("分时段的单行", "one-way at times"),
    "speed": Text("分时段或有条件的限速", "limits of speed at times or on conditions"),
    "size": Text("有条件的限高、限宽、限重或限长", "limits of size or weight on conditions"),
}
"""What is limited at times only: the network takes the road as if the limit were not there."""


@dataclass(frozen=True)
class Left:
    """Counts of what a file says of its roads and the network does not hold.

    why       ways of a class that is driven and that are no roads, by a key of WHY_NOT
    barriers  nodes that stop every vehicle ("shut"), and gates for those alone with business behind them ("ends")
    timed     roads with a limit that holds at times or on conditions only, by what it limits, a key of TIMED
    others    "turns", restrictions of turning that are not followed; "deleted", objects that an editor marked as deleted
    """

    why: Counter[str] = field(default_factory=Counter)
    barriers: Counter[str] = field(default_factory=Counter)
    timed: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def see(self, tags: Mapping[str, str], road: Road | None) -> None:
        """Count one way, of which `road` was made."""
        if road is None:
            self.why[why_not(tags)] += 1
        elif not TIMED_KEYS.keys().isdisjoint(tags):
            self.timed.update({TIMED_KEYS[key] for key in tags if key in TIMED_KEYS})

    def notes(self) -> tuple[Text, ...]:
        """Return the sentences; none of what was not met."""
        return tuple(text for text in (self._left_out(), self._barriers(), self._not_followed()) if text is not None)

    def _left_out(self) -> Text | None:
        kinds = [key for key in WHY_NOT if self.why[key]]
        zh = [f"{WHY_NOT[key].zh} {count_text(self.why[key])} 条" for key in kinds]
        en = [f"{WHY_NOT[key].en} {count_text(self.why[key])}" for key in kinds]
        if self.others["deleted"]:
            zh.append(f"编辑软件中已删除的对象 {count_text(self.others['deleted'])} 个")
            en.append(f"objects deleted in an editor {count_text(self.others['deleted'])}")
        return Text(f"未作道路：{'；'.join(zh)}。", f"Left out as no roads: {'; '.join(en)}.") if zh else None

    def _barriers(self) -> Text | None:
        shut, ends = (count_text(self.barriers[key]) for key in ("shut", "ends"))
        if not self.barriers:
            return None
        return Text(
            f"路障：{shut} 处车辆不能通过（隔离桩、锁闭的门等），道路在此断开；{ends} 处大门只供出入、不供穿行。",
            f"Barriers: {shut} stop every vehicle and cut the road; {ends} gates are for those with business behind them.",
        )

    def _not_followed(self) -> Text | None:
        zh, en = [], []
        if self.others["turns"]:
            zh.append(f"分时段、经过路段或指向不明的转弯限制 {count_text(self.others['turns'])} 处")
            en.append(
                f"restrictions of turning at certain times, over ways or of unclear sense {count_text(self.others['turns'])}"
            )
        for kind in (kind for kind in TIMED if self.timed[kind]):
            zh.append(f"{TIMED[kind].zh} {count_text(self.timed[kind])} 条路")
            en.append(f"{TIMED[kind].en} {count_text(self.timed[kind])} roads")
        if not zh:
            return None
        return Text(f"未采用：{'、'.join(zh)}。", f"Not followed: {', '.join(en)}.")


# Looking at a file before a parser does: is it what its ending says, does it declare entities, does it unpack without end.

_HEAD = 65_536
_CHUNK = 1 << 20
_UNPACKED_TIMES = 100
_UNPACKED_AT_LEAST = 256 << 20
_DELETED = re.compile(rb"<(node|way|relation)\s[^<>]*\baction\s*=\s*[\"']delete[\"'][^<>]*>")
_NUMBER = re.compile(rb"\sid\s*=\s*[\"'](-?\d+)[\"']")
_LONGEST_TAG = 4096
_AGAIN = Text("重新下载或重新导出", "download or export it again")


def wrong(path: Path, what: Text, fix: Text, found: str = "") -> DataError:
    """Return the error that says what is wrong with the file as a whole."""
    return DataError(Problem(path.name, what, fix, found=found))


def broken(path: Path, error: Exception) -> DataError:
    """Return the error for a file that ends in the middle or cannot be parsed."""
    return wrong(
        path, Text("文件不完整或已损坏", "the file is cut short or damaged"), _AGAIN, " ".join(str(error).split())[:120]
    )


def no_roads(path: Path) -> DataError:
    """Return the error for a file in which nothing is a road that a car may use."""
    return wrong(
        path,
        Text("文件中没有可行车的道路", "no roads that a car may use"),
        Text("确认文件覆盖本市并包含 highway 数据", "check that it covers the city and holds highways"),
    )


def check_degrees(path: Path, lon: Floats, lat: Floats) -> None:
    """Refuse coordinates that are not (lon, lat) in degrees, or that are those of China with the two swapped."""
    fix = Text("检查坐标系，并对调经纬度", "check the CRS, and swap lon and lat")
    if not ((np.abs(lat) <= 90).all() and (np.abs(lon) <= 180).all()):  # NaN is neither
        found = f"{coordinate_text(lon.min())}–{coordinate_text(lon.max())}, {coordinate_text(lat.min())}–{coordinate_text(lat.max())}"
        raise wrong(
            path, Text("超出经度 ±180°、纬度 ±90°，经纬度可能写反了或单位是米",
                       "beyond ±180°, ±90°: lon and lat may be swapped, or these are metres"), fix, found,
        )  # fmt: skip
    # The west of China, swapped, lies in the sea north of Norway: no road is there.
    if lat.min() >= 73 and lon.min() >= 25 and lon.max() <= 54:
        raise wrong(path, Text("经度和纬度写反了", "longitude and latitude are swapped"), fix)


def check_pbf(path: Path) -> None:
    """Refuse what does not begin as an .osm.pbf does: four bytes of length, then a blob named OSMHeader."""
    with path.open("rb") as stream:
        head = stream.read(64)
    if b"OSMHeader" not in head:
        raise wrong(path, Text("内容不是 OSM 的 PBF 格式", "the content is not OSM PBF"), _AGAIN)


def check_xml(path: Path, root: str) -> None:
    """Refuse XML that declares a document type or entities, whose root is not `root`, or that unpacks without end.

    A few hundred bytes of entities can fill the memory of a parser; road files have no use for them.
    """
    try:
        with _unpacked(path) as stream:
            head = stream.read(_HEAD)
            _check_head(path, head, root)
            if path.suffix.lower() in {".gz", ".bz2"}:
                _check_size(path, stream, len(head))
    except (EOFError, OSError, zlib.error) as error:
        raise broken(path, error) from error


def _unpacked(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if suffix == ".bz2":
        return bz2.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _check_head(path: Path, head: bytes, root: str) -> None:
    low = head.lower()
    # Two bytes a letter would hide a declaration from the search below.
    if b"\x00" in head:
        raise wrong(path, Text("不是 UTF-8 编码的 XML", "not XML in UTF-8"), _AGAIN)
    if b"<!doctype" in low or b"<!entity" in low:
        raise wrong(
            path,
            Text("XML 中有 DOCTYPE 或实体声明，可能是恶意文件", "the XML declares a DOCTYPE or entities, as malicious files do"),
            Text("换用来源可靠的文件", "use a file from a source you trust"),
        )  # fmt: skip
    if not re.search(rf"<(\w+:)?{root}[\s>]".encode(), head):
        raise wrong(path, Text(f"不是 <{root}> 文件", f"no <{root}> at its beginning"), _AGAIN)


def _check_size(path: Path, stream: BinaryIO, size: int) -> None:
    limit = max(_UNPACKED_AT_LEAST, _UNPACKED_TIMES * path.stat().st_size)
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise wrong(
                path,
                Text(f"解压后超过 {limit >> 20} MB，可能是恶意文件", f"over {limit >> 20} MB when unpacked, as malicious files are"),
                Text("换用来源可靠的文件，或用 .osm.pbf", "use a file from a source you trust, or .osm.pbf"),
            )  # fmt: skip


def deleted_ids(path: Path) -> dict[str, frozenset[int]]:
    """Return, by kind ("node", "way", "relation"), the numbers of the objects that JOSM has marked as deleted.

    It keeps them in the file until they are uploaded, with action="delete", of which osmium takes no notice.
    """
    found: dict[str, set[int]] = {}
    rest = b""
    with _unpacked(path) as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            if b"delete" in data:
                for tag in _DELETED.finditer(data):
                    number = _NUMBER.search(tag[0])
                    if number is not None:
                        found.setdefault(tag[1].decode(), set()).add(int(number[1]))
            rest = data[data.rfind(b"<") :][-_LONGEST_TAG:]
    return {kind: frozenset(ids) for kind, ids in found.items()}


# Ways → edges: cut every way at the junctions it passes.

Ints = npt.NDArray[np.int64] | npt.NDArray[np.int32]

SCALE = 10_000_000
"""Coordinates are whole ten-millionths of a degree, as in OSM itself: about a centimetre."""
_MEASURED_AT_ONCE = 20_000


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways as runs of vertices: way w has the vertices `vertex[start[w]:start[w + 1]]`, all else is one a way.

    A vertex is a position in a list of coordinates; −1 is a vertex of which the file has no coordinates.
    """

    way_id: Texts
    road_class: Texts
    forward: Bools
    backward: Bools
    speed_kmh: Floats
    joins: Bools
    through: Bools
    start: Whole
    vertex: Whole

    def take(self, ways: Whole, start: Whole, vertex: Whole) -> "Ways":
        """Return the ways at these positions (repeated, left out, in another order) with other runs of vertices."""
        return Ways(
            way_id=self.way_id[ways],
            road_class=self.road_class[ways],
            forward=self.forward[ways],
            backward=self.backward[ways],
            speed_kmh=self.speed_kmh[ways],
            joins=self.joins[ways],
            through=self.through[ways],
            start=start,
            vertex=vertex,
        )

    def ordered(self, order: Whole) -> "Ways":
        """Return the ways in this order, each with its vertices; a way left out of `order` is left out."""
        if np.array_equal(order, np.arange(len(self.way_id))):
            return self
        sizes = np.diff(self.start)[order]
        return self.take(order, offsets(sizes), self.vertex[runs(self.start[order], sizes)])


def offsets(sizes: Whole) -> Whole:
    """Return where runs of these sizes start, one behind the other, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def runs(first: Whole, sizes: Whole) -> Whole:
    """Return first[0], first[0] + 1, … for sizes[0] numbers, then the same from first[1], and so on."""
    start = offsets(sizes)
    out = np.arange(start[-1], dtype=np.int64)
    out += np.repeat(first - start[:-1], sizes)
    return out


def tidied(ways: Ways) -> Ways:
    """Return the ways without vertices that stand twice in a row, and in pieces where coordinates are missing.

    An extract cuts ways at its border: what lies on either side of a missing vertex is not one stretch of road.
    """
    starts = np.zeros(len(ways.vertex), np.bool_)
    starts[ways.start[:-1][np.diff(ways.start) > 0]] = True
    starts[1:] |= ways.vertex[:-1] < 0
    keep = ways.vertex >= 0
    keep[1:] &= starts[1:] | (ways.vertex[1:] != ways.vertex[:-1])
    if keep.all() and (np.diff(ways.start) > 1).all():
        return ways
    piece = np.cumsum(starts) - 1
    sizes = np.bincount(piece[keep], minlength=int(starts.sum()))
    keep &= sizes[piece] > 1
    way = np.searchsorted(ways.start, np.flatnonzero(starts), "right") - 1
    return ways.take(way[sizes > 1], offsets(sizes[sizes > 1]), ways.vertex[keep])


def barred(ways: Ways, x: Ints, y: Ints, barriers: Mapping[int, str]) -> tuple[Ways, Ints, Ints]:
    """Return tidied ways cut at barriers ("shut" or "ends", by vertex), and the coordinates with the new vertices.

    Whatever meets a barrier ends there at a vertex of its own. At a gate for the ends of trips alone ("ends") steps of no
    length join these vertices, which nobody passes through.
    """
    stands = np.isin(ways.vertex, list(barriers))
    if not stands.any():
        return ways, x, y
    inner = stands.copy()
    inner[ways.start[:-1]] = inner[ways.start[1:] - 1] = False
    moved = offsets(1 + inner.astype(np.int64))  # in the middle of a way it stands twice: once for each side
    start = np.sort(np.concatenate([moved[ways.start], moved[:-1][inner] + 1]))
    vertex = np.repeat(ways.vertex, 1 + inner)
    way = np.searchsorted(moved[ways.start], start[:-1], "right") - 1
    at = np.flatnonzero(np.isin(vertex, list(barriers)))
    old, new = vertex[at], len(x) + np.arange(len(at))
    vertex[at] = new
    cut = ways.take(way, start, vertex)
    x, y = np.concatenate([x, x[old]]), np.concatenate([y, y[old]])
    order = np.argsort(old, kind="stable")
    same = (old[order][1:] == old[order][:-1]) & np.isin(
        old[order][1:], [v for v, kind in barriers.items() if kind == "ends"]
    )
    steps = np.column_stack([new[order][:-1][same], new[order][1:][same]])
    beside = np.searchsorted(start, at[order][:-1][same], "right") - 1
    gates = cut.take(beside, offsets(np.full(len(steps), 2)), steps.ravel())
    yes = np.ones(len(steps), np.bool_)
    return _together(cut, replace(gates, forward=yes, backward=yes, joins=~yes, through=~yes)), x, y


def _together(ways: Ways, more: Ways) -> Ways:
    """Return all the ways of both."""
    parts = {one.name: np.concatenate([getattr(ways, one.name), getattr(more, one.name)]) for one in fields(Ways)}
    return Ways(**parts | {"start": np.concatenate([ways.start, more.start[1:] + ways.start[-1]])})


def graph_of_ways(ways: Ways, x: Ints, y: Ints, junction: Bools) -> RoadGraph:
    """Return the graph of tidied ways, cut at their ends and at every vertex that is a `junction`.

    x, y (lon, lat in 1e-7°), junction: one a vertex of the list of coordinates. Edges stand by way, then along it; nodes by their first
    appearance in tails and heads. OverflowError where an edge is longer than a RoadGraph can say (4,295 km).
    """
    cut_here = junction[ways.vertex]
    cut_here[ways.start[:-1]] = True
    cut_here[ways.start[1:] - 1] = True
    cut = np.flatnonzero(cut_here)
    way = np.searchsorted(ways.start, cut, "right") - 1
    whole = way[1:] == way[:-1]  # else from the end of one way to the start of the next
    first, last, way = cut[:-1][whole], cut[1:][whole], way[:-1][whole]
    sizes = last - first + 1
    ends = ways.vertex[np.column_stack([first, last])].ravel()
    node, end = _by_first_appearance(ends)
    shape_start = offsets(sizes)
    shape = ways.vertex[runs(first, sizes)]
    shape_lon, shape_lat = x[shape] / SCALE, y[shape] / SCALE
    del shape, cut, cut_here, ends
    length_mm = _lengths_mm(shape_start, shape_lon, shape_lat)
    if (length_mm >= 2**32 - 1).any():
        raise OverflowError("an edge is longer than 4,295 km")
    return RoadGraph(
        lon=x[node] / SCALE,
        lat=y[node] / SCALE,
        tail=end[::2].copy(),
        head=end[1::2].copy(),
        length_mm=length_mm,
        forward=ways.forward[way],
        backward=ways.backward[way],
        road_class=ways.road_class[way],
        speed_kmh=ways.speed_kmh[way],
        way_id=ways.way_id[way],
        joins=ways.joins[way],
        through=ways.through[way],
        shape_start=shape_start,
        shape_lon=shape_lon,
        shape_lat=shape_lat,
    )


def _lengths_mm(shape_start: Whole, shape_lon: Floats, shape_lat: Floats) -> Whole:
    """Return the lengths of all shapes, measured some at a time: pyproj's copies would else outweigh the graph."""
    out = np.empty(len(shape_start) - 1, np.int64)
    for at in range(0, len(out), _MEASURED_AT_ONCE):
        start = shape_start[at : at + _MEASURED_AT_ONCE + 1]
        part = slice(start[0], start[-1])
        out[at : at + _MEASURED_AT_ONCE] = edge_lengths_mm(start - start[0], shape_lon[part], shape_lat[part])
    return out


def _by_first_appearance(values: Whole) -> tuple[Whole, Whole]:
    """Return the distinct values in the order in which they first appear, and each value's position among them."""
    distinct, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[inverse]
