"""Drawn lines that almost meet: ends beside another line, and lines that cross without a node; counted, and joined on demand."""

from dataclasses import dataclass

import numpy as np
from shapely import STRtree, linestrings, points

from geodata.roads_files import SCALE, Ints, Ways
from planner.errors import Text
from planner.network import Bools, Floats, Whole, lonlat, mercator
from planner.text import coordinate_text, count_text, exact_text

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
