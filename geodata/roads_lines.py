"""Drawn lines (GeoPackage, GeoJSON, Shapefile) to a graph, and where they almost meet."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import STRtree, linestrings, points

from geodata.columns import Notes
from geodata.files import RawTable, read
from geodata.names import columns_of
from geodata.roads_graph import (
    ACCESS_KEYS,
    DRIVABLE,
    FERRY,
    ODD_KEYS,
    SCALE,
    TIMED_KEYS,
    Ints,
    Left,
    Road,
    Ways,
    check_degrees,
    graph_of_ways,
    no_roads,
    offsets,
    road_of,
    speed_of,
    tidied,
)
from geodata.roads_osm import worst
from planner.errors import DataError, Text
from planner.network import Bools, Floats, RoadGraph, Whole, lonlat, mercator
from planner.schema import ROADS
from planner.text import coordinate_text, count_text, exact_text

# Drawn lines that almost meet: ends beside another line, and lines that cross without a node; counted, and joined on demand.

ALIKE_M = 0.02
"""An end no farther than this from another line lies on it: coordinates are kept to about a centimetre."""
NEAR_M = 1.0
"""Ends nearer than this to a line that they do not meet are counted as slips of drawing: an assumption."""
MOST_WELD_M = 20.0
"""Lines farther apart are not joined: an assumption."""
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Drawn:
    """Lines as ways over a list of vertices (x, y in 1e-7°); `level` of each way: only those of one level meet in between."""

    ways: Ways
    x: Ints
    y: Ints
    level: Whole

    @property
    def segments(self) -> Whole:
        """Positions in `ways.vertex` at which each straight segment begins."""
        return np.delete(np.arange(len(self.ways.vertex)), self.ways.start[1:] - 1)

    def way_at(self, position: Whole) -> Whole:
        """Return the way to which each position in `ways.vertex` belongs."""
        return np.searchsorted(self.ways.start, position, "right") - 1

    @property
    def plane(self) -> Floats:
        """Each vertex in metres of Mercator."""
        return mercator(self.x / SCALE, self.y / SCALE)


@dataclass(frozen=True, eq=False)
class Slips:
    """Where lines do not meet and almost do.

    end, position, metres   an end (vertex) that lies so many metres beside the segment which begins at a position
    crossing                two positions of segments that cross, in the middle of both
    place                   (lon, lat) in 1e-7° of each crossing
    """

    end: Whole
    position: Whole
    metres: Floats
    crossing: Whole
    place: Whole


def slips_of(drawn: Drawn, within_m: float = NEAR_M) -> Slips:
    """Return the ends that lie within so many metres of a line that they do not meet, and the crossings without a node."""
    first = drawn.segments
    plane, vertex = drawn.plane, drawn.ways.vertex
    tree = STRtree(
        linestrings(np.stack([plane[vertex[first]], plane[vertex[first + 1]]], axis=1)) if len(first) else []
    )
    ends = _beside(drawn, tree, first, plane, within_m)
    return Slips(*ends, *_crossings(drawn, tree, first, plane))


def _beside(drawn: Drawn, tree: STRtree, first: Whole, plane: Floats, within_m: float) -> tuple[Whole, Whole, Floats]:
    vertex, start = drawn.ways.vertex, drawn.ways.start
    used = np.bincount(vertex, minlength=len(drawn.x))
    ends = np.unique(np.concatenate([vertex[start[:-1]], vertex[start[1:] - 1]]))
    ends = ends[used[ends] == 1]
    stretch = 1 / np.cos(np.radians(drawn.y[ends] / SCALE))
    row, segment = tree.query(points(plane[ends]), predicate="dwithin", distance=within_m * stretch)
    own = np.zeros(len(drawn.x), np.int64)
    own[vertex] = np.repeat(np.arange(len(start) - 1), np.diff(start))
    foreign = own[ends[row]] != drawn.way_at(first[segment])
    row, segment = row[foreign], segment[foreign]
    here, begin = plane[ends[row]], plane[vertex[first[segment]]]
    along = plane[vertex[first[segment] + 1]] - begin
    square = np.maximum((along * along).sum(axis=1), 1e-12)
    share = np.clip(((here - begin) * along).sum(axis=1) / square, 0, 1)
    metres = np.hypot(*(begin + share[:, None] * along - here).T) / stretch[row]
    order = np.lexsort((segment, np.round(metres, 6), row))
    row, at = np.unique(row[order], return_index=True)
    at = order[at]
    return ends[row], first[segment[at]], metres[at]


def _crossings(drawn: Drawn, tree: STRtree, first: Whole, plane: Floats) -> tuple[Whole, Whole]:
    """Return pairs of positions whose segments of one level cross in the middle of both, and where."""
    one, other = tree.query(tree.geometries)  # whose boxes meet: most are neighbours on one line
    vertex, level = drawn.ways.vertex, drawn.level[drawn.way_at(first)]
    keep = (one < other) & (level[one] == level[other])
    one, other = first[one[keep]], first[other[keep]]
    ends = [vertex[one], vertex[one + 1], vertex[other], vertex[other + 1]]
    apart = (ends[0] != ends[2]) & (ends[0] != ends[3]) & (ends[1] != ends[2]) & (ends[1] != ends[3])
    one, other, ends = one[apart], other[apart], [end[apart] for end in ends]
    begin, along, across = plane[ends[0]], plane[ends[1]] - plane[ends[0]], plane[ends[3]] - plane[ends[2]]
    between, turn = plane[ends[2]] - begin, _cross(along, across)
    parallel = turn == 0
    turn = np.where(parallel, 1.0, turn)
    share, theirs = _cross(between, across) / turn, _cross(between, along) / turn
    meets = ~parallel & (share > 0) & (share < 1) & (theirs > 0) & (theirs < 1)
    lon, lat = lonlat(begin[meets] + share[meets, None] * along[meets])
    place = np.rint(np.column_stack([lon, lat]) * SCALE).astype(np.int64)
    pairs, middle = np.column_stack([one, other])[meets], np.ones(int(meets.sum()), np.bool_)
    for end in ends:  # a segment that ends there (to a centimetre) is an end beside a line, or meets it already
        corner = end[meets]
        middle &= (np.abs(drawn.x[corner] - place[:, 0]) > 1) | (np.abs(drawn.y[corner] - place[:, 1]) > 1)
    return pairs[middle], place[middle]


def _cross(one: Floats, other: Floats) -> Floats:
    """Return the cross product of rows of two vectors: above zero where the other turns to the left."""
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0], np.float64)


def welded(drawn: Drawn, slips: Slips, within_m: float, *, cross: bool) -> tuple[Drawn, Bools]:
    """Return the lines with the ends that lie within so many metres joined to their line, and with `cross` a node at crossings.

    Beside them: which vertices are such crossings. An end that lies beside a corner becomes that corner; beside the
    middle of a segment, the segment is led through the end, which moves it by no more than the end lay off.
    """
    near = slips.metres <= within_m
    end, position = slips.end[near], slips.position[near]
    vertex = drawn.ways.vertex
    plane = drawn.plane
    sides = np.column_stack([vertex[position], vertex[position + 1]])
    scale = np.cos(np.radians(drawn.y[end] / SCALE))[:, None]
    off = np.hypot(*np.moveaxis(plane[sides] - plane[end][:, None], 2, 0)) * scale
    corner = sides[np.arange(len(end)), off.argmin(axis=1)] if len(end) else end
    merged = off.min(axis=1, initial=np.inf) <= within_m if len(end) else np.zeros(0, np.bool_)
    name = _merged(len(drawn.x), end[merged], corner[merged])
    count = len(drawn.x)
    crossing = slips.crossing if cross else slips.crossing[:0]
    places = slips.place if cross else slips.place[:0]
    number = count + np.arange(len(places))
    at = np.concatenate([position[~merged], crossing[:, 0], crossing[:, 1]])
    new = np.concatenate([end[~merged], number, number])
    x, y = np.concatenate([drawn.x, places[:, 0]]), np.concatenate([drawn.y, places[:, 1]])
    begin = mercator(drawn.x[vertex[at]] / SCALE, drawn.y[vertex[at]] / SCALE)
    order = np.lexsort((np.hypot(*(mercator(x[new] / SCALE, y[new] / SCALE) - begin).T), at))
    at, new = at[order], new[order]
    name = np.concatenate([name, number])
    ways = drawn.ways.take(
        np.arange(len(drawn.ways.way_id)),
        drawn.ways.start + np.searchsorted(at, drawn.ways.start, "left"),
        name[np.insert(vertex, at + 1, new)],
    )
    is_crossing = np.arange(len(x)) >= count
    return Drawn(ways, x, y, drawn.level), is_crossing


def _merged(size: int, one: Whole, other: Whole) -> Whole:
    """Return the vertex that each becomes when pairs of vertices are one: the smallest of all that hang together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(size, size))
    _, label = connected_components(pairs.tocsr(), directed=False)
    smallest = np.full(label.max(initial=-1) + 1, size)
    np.minimum.at(smallest, label, np.arange(size))
    return smallest[label]


def said_of(drawn: Drawn, slips: Slips, weld_m: float) -> tuple[Text, ...]:
    """Return how many ends and crossings were joined, and how many do not meet, where the first are, and what to do."""
    out = []
    joined = int(((slips.metres > ALIKE_M) & (slips.metres <= weld_m)).sum())
    if weld_m and (joined or len(slips.crossing)):
        ends, crossings, metre = count_text(joined), count_text(len(slips.crossing)), exact_text(weld_m)
        out.append(
            Text(
                f"按 {metre} 米的容差接上：{ends} 处端点接到别的线上，{crossings} 处交叉打断成路口。",
                f"joined within {metre} m: {ends} ends to another line, {crossings} crossings made junctions.",
            )
        )
    apart = slips.metres > max(weld_m, ALIKE_M)
    crossing = slips.crossing[: 0 if weld_m else None]
    if apart.any() or len(crossing):
        out.append(_apart(drawn, slips, apart, crossing))
    return tuple(out)


def _apart(drawn: Drawn, slips: Slips, near: Bools, crossing: Whole) -> Text:
    ways = drawn.ways.way_id
    named = [
        f"{ways[way]}（{coordinate_text(drawn.x[end] / SCALE)}，{coordinate_text(drawn.y[end] / SCALE)}）"
        for end, way in zip(slips.end[near][:_SHOWN], drawn.way_at(slips.position[near][:_SHOWN]), strict=True)
    ]
    crossed = drawn.way_at(crossing[:_SHOWN])
    named += [
        f"{ways[a]}×{ways[b]}（{coordinate_text(lon / SCALE)}，{coordinate_text(lat / SCALE)}）"
        for (a, b), (lon, lat) in zip(crossed, slips.place[: len(crossed)], strict=True)
    ]
    ends, crossings, metre = count_text(int(near.sum())), count_text(len(crossing)), exact_text(NEAR_M)
    return Text(
        f"路网有未相接处：{ends} 处端点离别的线不到 {metre} 米而没有接上，{crossings} 处两线交叉而没有节点，按不连通处理。"
        f"例如 {'、'.join(named)}。要在容差内接上、在交叉处打断：数据文件夹在 about.yaml 写 weld: {metre}m；reach、site 的 --roads 加 --weld {metre}m。立交请注明 bridge 或 layer。",
        f"lines that do not meet: {ends} ends within {metre} m of another line, {crossings} crossings without a node, taken as not connected; "
        f"for example {', '.join(named)}. 'weld: {metre}m' in about.yaml joins them, --weld {metre}m in reach and site; mark those above one another with bridge or layer.",
    )


# Lines of a road map (GPKG, GeoJSON, Shapefile), a planner's own or as others publish them → RoadGraph.

# Columns of road maps as they come (a planner's own, Geofabrik, osmnx, overpass, ogr2ogr, the national schema) → OSM's tags.

_IDS = (
    "osm_id",
    "osmid",
    "@id",
    "full_id",
    "osm_way_id",
    "objectid",
    "objectid_1",
    "featid",
    "fid",
    "ogc_fid",
    "gid",
    "编码",
    "路线编号",
)
"""Headings that number rows in maps of others, the first that is there; those may stand twice."""
_CLASSES = ("type", "道路类型", "公路等级", "行政等级", "技术等级", "类型")
_ONEWAYS = ("sdtf", "行驶方向", "通行方向", "方向")
_TAGS = frozenset(
    {*ACCESS_KEYS, *ODD_KEYS, *TIMED_KEYS, "bridge", "tunnel", "junction", "motorroad", "emergency", "area", "route"}
)
_IDLE = frozenset(
    {
        "u",
        "v",
        "key",
        "length",
        "reversed",
        "lanes",
        "width",
        "geometry",
        "layer",
        "code",
        "ref",
        "from",
        "to",
        "shape_leng",
        "shape_length",
        "z_order",
    }
)
"""Headings that are known, and say nothing of who drives where."""
_WORDS = {
    "高速": "高速公路", "快速路": "城市快速路", "城市主干路": "主干路", "城市主干道": "主干路", "主干道": "主干路", "城市次干路": "次干路",
    "城市次干道": "次干路", "次干道": "次干路", "城市支路": "支路", "支线": "支路", "支道": "支路", "村路": "村道", "乡村路": "村道", "乡村道路": "村道",
    "普通国道": "国道", "普通省道": "省道", "专用道": "专用公路", "机耕道": "机耕路", "机耕路(大路)": "机耕路", "大车路": "机耕路", "内部路": "内部道路",
    "渡口": "轮渡", "高速匝道": "匝道", "等外公路": "村道", "unknown": "road",
}  # fmt: skip
"""Other words for the classes that have a speed."""
_NO_ROADS = frozenset(
    {"footway", "path", "steps", "cycleway", "pedestrian", "bridleway", "corridor", "platform", "construction", "proposed", "abandoned", "disused",
     "razed", "raceway", "bus_guideway", "busway", "elevator", "via_ferrata", "rest_area", "services", "no", "escape", "crossing", "bus_stop",
     "小路", "小道", "步道", "人行道", "栈道", "阶梯路", "山隘", "在建", "规划", "规划道路", "在建道路", "建筑中"}
)  # fmt: skip
"""Classes that nobody drives."""
_BOTH = frozenset(
    {
        "双向",
        "双行",
        "双向通行",
        "否",
        "无",
        "false",
        "f",
        "n",
        "no",
        "0",
        "0.0",
        "b",
        "both",
        "×",
        "reversible",
        "alternating",
    }
)
_ALONG = frozenset(
    {"单向", "单行", "正向", "顺向", "正向通行", "是", "有", "true", "t", "y", "yes", "1", "1.0", "√", "forward", "ft"}
)
_AGAINST = frozenset({"逆向", "反向", "逆向通行", "反向通行", "-1", "-1.0", "reverse", "backward", "tf"})
_GEOFABRIK = {"f": "yes", "t": "-1", "b": "no"}
"""F along the line, T against it, B both."""
_RELATION = re.compile(r"""["']rel["']:\s*(\d+),\s*["']reltags["']:\s*\{[^{}]*["']restriction[:"']""")
"""A restriction of turning, as overpass's GeoJSON hangs it on the ways of which it speaks."""
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, eq=False)
class Lined:
    """Rows of a road map: their ids, and OSM's tags of each; those alike share one dictionary.

    levels: what lies above what, one a row, the same number where lines meet.
    """

    ids: np.ndarray[tuple[int], np.dtype[np.object_]]
    tags: list[dict[str, str]]
    levels: np.ndarray[tuple[int], np.dtype[np.int64]]
    notes: tuple[Text, ...]

    def kinds(self) -> dict[int, dict[str, str]]:
        """Return the different dictionaries of tags by their identity."""
        return {id(one): one for one in self.tags}


def lined(raw: RawTable, notes: Notes) -> Lined:
    """Return what the rows say in OSM's words; note the cells that cannot be understood."""
    places, _ = columns_of([str(one) for one in raw.frame.columns], ROADS)
    headings = [_plain(str(one)) for one in raw.frame.columns]
    found = {name: at for name, at in places.items() if name in {"id", "road_class", "speed_kmh", "oneway"}}
    said: list[Text] = []
    for name, words in (("id", _IDS), ("road_class", _CLASSES), ("oneway", _ONEWAYS)):
        if name not in found and (at := _first(headings, words)) is not None:
            found[name] = at
            label, heading = ROADS.field(name).label, str(raw.frame.columns[at])
            said.append(Text(f"“{label}”取自“{heading}”列。", f"{name} is read from the column '{heading}'."))
    if "road_class" not in found and "route" not in headings:
        notes.add(raw.file, Text("缺少这一列", "this column is missing"),
                  Text("加上“道路等级”列（也可以叫 highway、fclass、TYPE）", "add a column 'road_class' (or highway, fclass, TYPE)"), column="道路等级")  # fmt: skip
        return Lined(np.empty(0, object), [], np.empty(0, np.int64), ())
    cells = raw.frame.astype(str).set_axis(range(len(headings)), axis=1)
    ids = _ids(raw, cells, found.get("id"), "id" in places, notes, said)
    tags = _tags(raw, cells, headings, found, notes)
    used = {
        *found.values(),
        *places.values(),
        *(at for at, one in enumerate(headings) if one in _TAGS | _IDLE | {"other_tags", "maxspeed", "speed_kph"}),
    }
    idle = [
        str(raw.frame.columns[at]) for at in range(len(headings)) if at not in used and not headings[at].startswith("@")
    ]
    if idle:
        said.append(Text(f"没有使用的列：{'、'.join(idle)}。", f"columns that are not used: {', '.join(idle)}."))
    if "@relations" in headings:
        said += _turns(cells[headings.index("@relations")])
    return Lined(ids, tags, _levels(cells, headings, tags), tuple(said))


def _turns(cells: pd.Series) -> Iterator[Text]:
    """Yield what is said of restrictions of turning: their ways are named, but not the node where they hold."""
    count = len({number for cell in cells.unique() for number in _RELATION.findall(cell)})
    if count:
        yield Text(f"未采用：转弯限制 {count_text(count)} 处（要采用，路网用 .osm.pbf 或 .osm 文件）。",
                   f"Not followed: restrictions of turning {count_text(count)} (an .osm.pbf or .osm is needed for them).")  # fmt: skip


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()


def _first(headings: list[str], words: tuple[str, ...]) -> int | None:
    return next((headings.index(one) for one in words if one in headings), None)


def _ids(
    raw: RawTable, cells: pd.DataFrame, at: int | None, is_own: bool, notes: Notes, said: list[Text]
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the ids; the number of the row where there is none. Only a planner's own column must tell each row from the others."""
    rows = raw.rows.astype(str).astype(object)
    if at is None:
        said.append(Text("没有路段编号列，以行号代替。", "there is no column of ids: rows are called by their number."))
        return rows
    values = cells[at].str.strip().str.replace(r"^'+|\.0$", "", regex=True)
    blank = values.str.lower().isin({"", "nan", "none", "null"})
    label = ROADS.field("id").label
    if is_own:
        notes.add_rows(raw, blank, label, Text("没有填", "is empty"), Text("补上", "fill it in"))
        notes.add_rows(raw, values.duplicated() & ~blank & ~values.str.startswith("["), label, Text("编号重复", "this id stands twice"),
                       Text("每行用不同的编号", "give each row its own id"), found=values)  # fmt: skip
    listed = values.str.startswith("[")
    joined = values.where(~listed, values.str.strip("[]").str.replace(r"[\s'\"]", "", regex=True).str.replace(",", ";"))
    return np.where(blank, rows, joined.to_numpy(object))


def _tags(
    raw: RawTable, cells: pd.DataFrame, headings: list[str], found: Mapping[str, int], notes: Notes
) -> list[dict[str, str]]:
    keys = {at: one for at, one in enumerate(headings) if one in _TAGS and at not in found.values()}
    highway = found.get("road_class")
    ways = _each(cells[highway], _class) if highway is not None else pd.Series("", index=cells.index)
    columns: dict[str, pd.Series] = {"highway": ways}
    if "oneway" in found:
        columns["oneway"] = _oneway(raw, cells[found["oneway"]], "fclass" in headings, notes)
    elif highway is None or headings[highway] != "highway":
        columns["oneway"] = pd.Series("no", index=cells.index)
    speed = next((headings.index(one) for one in ("speed_kph", "maxspeed") if one in headings), found.get("speed_kmh"))
    if speed is not None:
        columns["maxspeed"] = _speed(raw, cells[speed], headings[speed], notes)
    columns |= {key: _each(cells[at].str.strip(), _flag) for at, key in keys.items()}
    more = cells[headings.index("other_tags")].to_numpy(object) if "other_tags" in headings else None
    names, out, known = list(columns), [], {}
    for row, values in enumerate(zip(*columns.values(), strict=True)):
        key = (*values, "" if more is None else more[row])
        if key not in known:
            others = {} if more is None else dict(_HSTORE.findall(key[-1]))
            known[key] = {**others, **{name: value for name, value in zip(names, values, strict=True) if value}}
        out.append(known[key])
    blank = ways == ""
    if highway is not None and headings[highway] not in {"highway", "fclass"} and "route" not in headings:
        notes.add_rows(
            raw, blank, ROADS.field("road_class").label, Text("没有填", "is empty"), Text("补上", "fill it in")
        )
    return out


def _each(cells: pd.Series, function: Callable[[str], Any]) -> pd.Series:
    """Return what a function makes of each cell, done once for cells alike."""
    return cells.map({cell: function(cell) for cell in cells.unique()})


def _class(text: str) -> str:
    """Return the class of road by its standard name; a word that is not known stays as it is.

    >>> [_class(one) for one in ("城市主干道", "track_grade3", " Primary ", "['service', 'path']", "康庄大道")]
    ['主干路', 'track', 'primary', "['service', 'path']", '康庄大道']
    """
    plain = _plain(text)
    if plain in {"", "nan", "none", "null"}:
        return ""
    if plain.startswith("["):
        return text.strip()
    return "track" if plain.startswith("track_grade") else _WORDS.get(plain, plain)


def is_road(tags: Mapping[str, str]) -> bool:
    """Whether the class of a line is one that is driven: a known one, or one that is not known to be none."""
    return "highway" in tags and tags["highway"] not in _NO_ROADS


def _oneway(raw: RawTable, cells: pd.Series, geofabrik: bool, notes: Notes) -> pd.Series:
    plain = _each(cells, _plain)
    blank = plain.isin({"", "-", "nan", "none", "null", "不详", "未知"})
    letters = {*plain[~blank]}
    if letters <= {*_GEOFABRIK} and (geofabrik or "b" in letters):
        return plain.map(_GEOFABRIK).fillna("")
    strange = ~blank & ~plain.isin(_BOTH | _ALONG | _AGAINST) & ~plain.str.startswith("[")
    notes.add_rows(raw, strange, ROADS.field("oneway").label, Text("只能填“是”或“否”", "must be yes or no"),
                   Text("改成是或否（逆向写 -1）", "write 是 or 否 (-1: against the line)"), found=cells)  # fmt: skip
    words = {**dict.fromkeys(_BOTH, "no"), **dict.fromkeys(_ALONG, "yes"), **dict.fromkeys(_AGAINST, "-1")}
    return plain.map(words).fillna("").where(~plain.str.startswith("["), "no")


def _speed(raw: RawTable, cells: pd.Series, heading: str, notes: Notes) -> pd.Series:
    """Return what the cells say of speed; in a column of limits of OSM 0 is none, and words ("CN:urban") give no number."""
    text = cells.str.strip()
    blank = text.str.lower().isin({"", "-", "—", "--", "/", "nan", "none", "null", "不详", "未知"})
    number = pd.to_numeric(text.str.extract(r"^(-?[\d.]+)")[0], errors="coerce")
    label = ROADS.field("speed_kmh").label
    is_limit = heading in {"maxspeed", "speed_kph"}
    bad = number < 0 if is_limit else number <= 0
    notes.add_rows(raw, bad & ~blank, label, Text("时速必须大于 0", "a speed must be above zero"),
                   Text("改正；不知道就留空", "correct it, or leave it empty"), found=cells)  # fmt: skip
    if not is_limit:
        lost = ~blank & ~bad & text.map(lambda one: np.isnan(speed_of(one)))
        notes.add_rows(
            raw, lost, label, Text("不是数字", "not a number"), Text("改成数字", "write a number"), found=cells
        )
    return text.where(~blank, "")


def _flag(text: str) -> str:
    """Return a tag's value; T and F of Geofabrik, 是 and 否, and true and false are yes and no."""
    low = text.lower()
    if low in {"", "nan", "none", "null"}:
        return ""
    return {"t": "yes", "f": "no", "true": "yes", "false": "no", "是": "yes", "否": "no", "1": "yes", "0": "no"}.get(
        low, text
    )


def _levels(
    cells: pd.DataFrame, headings: list[str], tags: list[dict[str, str]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how high each line runs: its layer; without one a bridge is above, a tunnel below."""
    kinds = {id(one): one for one in tags}  # rows alike share their tags
    by_tags = {at: _layer(one.get("layer", "")) or _above(one) for at, one in kinds.items()}
    found = np.array([by_tags[id(one)] for one in tags], np.int64)
    if "layer" not in headings:
        return found
    own = _each(cells[headings.index("layer")], _layer).to_numpy(np.int64)
    return np.where(own != 0, own, found)


def _above(tags: Mapping[str, str]) -> int:
    return int(tags.get("bridge", "no") != "no") - int(tags.get("tunnel", "no") != "no")


def _layer(text: str) -> int:
    return int(text.removesuffix(".0")) if re.fullmatch(r"-?\d(\.0)?", text) else 0


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
