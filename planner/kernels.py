"""Shortest-path kernels on whole costs, compiled by numba: a bucket queue over nodes in Morton order.

A key packs a cost and the position of the facility it comes from into one uint64, ``cost << 32 | facility``: comparing
keys compares costs, then positions, so ties go to the smaller id in one comparison. An arc packs its cost and its
head the same way. All kernels release the GIL and write only into arrays of their own.
"""

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Keys = npt.NDArray[np.uint64]
Costs = npt.NDArray[np.uint32]
Nodes = npt.NDArray[np.uint32]
Starts = npt.NDArray[np.uint32]

FAR = np.uint64(2**64 - 1)
# Positions are unsigned throughout: numba then leaves out the test for negative indices, a third of the time.
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LOW = np.uint64(2**32 - 1)
_HIGH = np.uint64(2**64 - 2**32)
_SHIFT = np.uint64(32)
_MOST_GRID_BITS = 11
_FEW_PAIRS = 1 << 20  # memory that is not written costs nothing, and growing copies


@njit(cache=True, nogil=True)
def _spread_bits(value: int) -> int:
    """Return the low 16 bits of `value` with a zero between each two: one half of a Morton code."""
    value = (value | (value << 8)) & 0x00FF00FF
    value = (value | (value << 4)) & 0x0F0F0F0F
    value = (value | (value << 2)) & 0x33333333
    return (value | (value << 1)) & 0x55555555


@njit(cache=True, nogil=True)
def morton_order(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[Nodes, Nodes]:
    """Return (old position by new, new position by old): nodes by cell along a Z-curve, so that neighbours lie near."""
    size = x.size
    left, right, bottom, top = x.min(), x.max(), y.min(), y.max()
    bits = 4
    while bits < _MOST_GRID_BITS and (1 << (2 * bits + 1)) < size:
        bits += 1  # about two nodes a cell: fewer cells, and neighbours lie apart; more, and counting takes longer
    side = (1 << bits) - 1
    x_scale = side / (right - left) if right > left else 0.0
    y_scale = side / (top - bottom) if top > bottom else 0.0
    cell = np.empty(size, np.uint32)
    count = np.zeros((1 << (2 * bits)) + 1, np.uint32)
    for node in range(size):
        code = _spread_bits(int((x[node] - left) * x_scale)) | (_spread_bits(int((y[node] - bottom) * y_scale)) << 1)
        cell[node] = code
        count[code + 1] += 1
    for code in range(1, count.size):
        count[code] += count[code - 1]
    old_of, new_of = np.empty(size, np.uint32), np.empty(size, np.uint32)
    for node in range(size):
        place = count[cell[node]]
        count[cell[node]] += 1
        old_of[place] = node
        new_of[node] = place
    return old_of, new_of


@njit(cache=True, nogil=True)
def pack_arcs(
    tail: npt.NDArray[np.int64],
    head: npt.NDArray[np.int64],
    cost: npt.NDArray[np.int64],
    forward: npt.NDArray[np.bool_],
    backward: npt.NDArray[np.bool_],
    new_of: Nodes,
) -> tuple[Starts, Keys]:
    """Return (starts, arcs): the arcs that leave each node, by counting sort; ``cost << 32 | head`` each."""
    starts = np.zeros(new_of.size + 1, np.uint32)
    for edge in range(tail.size):
        if forward[edge]:
            starts[new_of[tail[edge]] + 1] += 1
        if backward[edge]:
            starts[new_of[head[edge]] + 1] += 1
    for node in range(new_of.size):
        starts[node + 1] += starts[node]
    place = starts[:-1].copy()
    arcs = np.empty(starts[-1], np.uint64)
    for edge in range(tail.size):
        a, b, high = new_of[tail[edge]], new_of[head[edge]], np.uint64(cost[edge]) << _SHIFT
        if forward[edge]:
            arcs[place[a]] = high | np.uint64(b)
            place[a] += 1
        if backward[edge]:
            arcs[place[b]] = high | np.uint64(a)
            place[b] += 1
    return starts, arcs


@njit(cache=True, nogil=True)
def nearest_keys(starts: Starts, arcs: Keys, source: Nodes, source_key: Keys, width: int) -> Keys:
    """Return each node's smallest key from the sources (node, key); FAR where none is reached.

    Label-correcting in bands of `width`: nodes nearer than the band's end are worked off first in, first out, until
    the band is quiet; those beyond wait. Any width gives the same keys; the width only matters for speed.
    """
    size = np.uint64(starts.size - 1)
    keys = np.full(starts.size - 1, FAR, np.uint64)
    near, far = np.empty(starts.size, np.uint32), np.empty(starts.size, np.uint32)
    state = np.zeros(starts.size, np.uint8)  # 1 waits in far, 2 stands in near
    waiting = _ZERO
    for at in range(source.size):
        node = np.uint64(source[at])
        if state[node] == 0:  # each node waits once: far has room for no more
            state[node] = 1
            far[waiting] = node
            waiting += _ONE
        keys[node] = min(keys[node], source_key[at])
    step = np.uint64(width) << _SHIFT
    end = step
    while waiting:
        first, last, kept, at_far, lowest = _ZERO, _ZERO, _ZERO, _ZERO, FAR
        while at_far < waiting:
            node = np.uint64(far[at_far])
            at_far += _ONE
            if keys[node] < end:
                if state[node] != 2:
                    state[node] = 2
                    near[last] = node
                    last += _ONE
            else:
                far[kept] = node
                kept += _ONE
                lowest = min(lowest, keys[node])
        waiting = kept
        if last == _ZERO and waiting:
            end = lowest + step  # an empty band: on to the one that holds the next node
            if end < lowest:
                end = FAR
            continue
        while first != last:
            node = np.uint64(near[first])
            first = first + _ONE if first < size else _ZERO
            state[node] = 0
            key = keys[node]
            arc, stop = np.uint64(starts[node]), np.uint64(starts[node + _ONE])
            while arc < stop:
                packed = arcs[arc]
                arc += _ONE
                to, new = packed & _LOW, key + (packed & _HIGH)
                if new < keys[to] and new >= key:  # a sum beyond 2³² wraps round and is no way at all
                    keys[to] = new
                    if new >= end:
                        if state[to] == 0:
                            state[to] = 1
                            far[waiting] = to
                            waiting += _ONE
                    elif state[to] != 2:
                        state[to] = 2
                        near[last] = to
                        last = last + _ONE if last < size else _ZERO
        end = end + step if end + step > end else FAR
    return keys


@njit(cache=True, nogil=True)
def _spread(
    starts: Starts, arcs: Keys, cost: Costs, beyond: int, room: Keys, fill: Keys, depth: int, shift: int,
    touched: Nodes, count: np.uint64,
) -> np.uint64:  # fmt: skip
    """Empty the bands of `room`, nearest first; write costs, append touched nodes; return their number, 0 for no room.

    Band b holds, in the order of arrival, entries ``cost << 32 | node`` with ``cost >> shift == b``; one that has been
    bettered since is passed over. No array is replaced in here: numba then keeps all of them in registers, which is
    worth a factor of three.
    """
    band, base = _ZERO, _ZERO
    while band < np.uint64(fill.size):
        at = _ZERO
        while at < fill[band]:
            entry = room[base + at]
            at += _ONE
            node, here = entry & _LOW, entry >> _SHIFT
            if np.uint64(cost[node]) != here:
                continue
            arc, stop = np.uint64(starts[node]), np.uint64(starts[node + _ONE])
            while arc < stop:
                packed = arcs[arc]
                arc += _ONE
                to, new = packed & _LOW, here + (packed >> _SHIFT)
                old = np.uint64(cost[to])
                if new < old:
                    touched[count] = to
                    count += np.uint64(old == beyond)
                    cost[to] = new
                    place = fill[new >> shift]
                    if place == depth:
                        return _ZERO
                    room[(new >> shift) * depth + place] = (new << _SHIFT) | to
                    fill[new >> shift] = place + _ONE
        fill[band] = _ZERO
        band += _ONE
        base += depth
    return count


@njit(cache=True, nogil=True)
def _seed(source: Nodes, source_cost: Costs, low: int, high: int, cost: Costs, beyond: int, room: Keys, fill: Keys,
          depth: int, shift: int, touched: Nodes) -> np.uint64:  # fmt: skip
    """Put a facility's own nodes, those within the limit, into the bands; return how many nodes were touched."""
    count = _ZERO
    for at in range(low, high):
        node, here = np.uint64(source[at]), np.uint64(source_cost[at])
        if here >= np.uint64(cost[node]):
            continue
        touched[count] = node
        count += np.uint64(np.uint64(cost[node]) == beyond)
        cost[node] = here
        place = fill[here >> shift]
        if place == depth:
            return _ZERO
        room[(here >> shift) * depth + place] = (here << _SHIFT) | node
        fill[here >> shift] = place + _ONE
    return count


@njit(cache=True, nogil=True)
def within(
    starts: Starts, arcs: Keys, old_of: Nodes, source_start: Starts, source: Nodes, source_cost: Costs, limit: int,
    shift: int,
) -> tuple[npt.NDArray[np.int64], Nodes, Costs]:  # fmt: skip
    """Return the nodes (by their old positions) within `limit` of each facility, as rows (starts, nodes, costs).

    Facility f starts at the nodes ``source[source_start[f]:source_start[f + 1]]`` with their costs. Work and memory
    follow the nodes reached, not the size of the graph: only touched entries of the costs are reset. Bands are
    ``2 ** shift`` wide; the width only matters for speed.
    """
    beyond = np.uint64(limit + 1)
    cost = np.full(starts.size - 1, np.uint32(beyond), np.uint32)
    touched = np.empty(starts.size, np.uint32)
    depth = np.uint64(1024)
    fill = np.zeros((limit >> shift) + 1, np.uint64)
    room = np.empty(fill.size * 1024, np.uint64)
    facilities = source_start.size - 1
    row_start = np.zeros(facilities + 1, np.int64)
    nodes, costs = np.empty(_FEW_PAIRS, np.uint32), np.empty(_FEW_PAIRS, np.uint32)
    shift, total, facility = np.uint64(shift), _ZERO, 0
    while facility < facilities:
        low, high = np.int64(source_start[facility]), np.int64(source_start[facility + 1])
        count = _seed(source, source_cost, low, high, cost, beyond, room, fill, depth, shift, touched)
        if count:
            count = _spread(starts, arcs, cost, beyond, room, fill, depth, shift, touched, count)
        if not count and low < high and np.min(source_cost[low:high]) < beyond:
            depth *= np.uint64(2)  # a band was full: once more, with more room
            room = np.empty(room.size * 2, np.uint64)
            fill[:] = _ZERO
            cost[:] = np.uint32(beyond)
            continue
        while total + count > np.uint64(nodes.size):
            nodes = np.concatenate((nodes, np.empty_like(nodes)))
            costs = np.concatenate((costs, np.empty_like(costs)))
        at = _ZERO
        while at < count:
            node = np.uint64(touched[at])
            nodes[total], costs[total] = old_of[node], cost[node]
            cost[node] = beyond
            at += _ONE
            total += _ONE
        facility += 1
        row_start[facility] = total
    return row_start, nodes[:total], costs[:total]


@njit(cache=True, nogil=True)
def place_rows(begins: npt.NDArray[np.int64], to: npt.NDArray[np.int64], values: Nodes, out: Nodes) -> None:
    """Copy row k, ``values[begins[k]:begins[k + 1]]``, to ``out[to[k]:]``."""
    for row in range(to.size):
        length = begins[row + 1] - begins[row]
        out[to[row] : to[row] + length] = values[begins[row] : begins[row + 1]]


@njit(cache=True, nogil=True)
def _insert(keys: Keys, base: int, count: int, new: int) -> bool:
    """Put a key into a node's sorted list of `count`, one a facility; return whether the list changed."""
    at = np.int64(count) - 1
    for place in range(count):
        if keys[base + place] != FAR and (keys[base + place] & _LOW) == (new & _LOW):
            at = place
            break
    if new >= keys[base + at]:
        return False
    while at > 0 and keys[base + at - 1] > new:
        keys[base + at] = keys[base + at - 1]
        at -= 1
    keys[base + at] = new
    return True


@njit(cache=True, nogil=True)
def k_nearest_keys(starts: Starts, arcs: Keys, source: Nodes, source_key: Keys, count: int, width: int) -> Keys:
    """Return each node's `count` smallest keys of different facilities, sorted, FAR where there are fewer.

    The bands of `nearest_keys`, with a list a node: `pending` is its smallest key that its neighbours do not know yet.
    """
    size = starts.size - 1
    keys = np.full(size * count, FAR, np.uint64)
    pending = np.full(size, FAR, np.uint64)
    near, far = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    state = np.zeros(size, np.uint8)
    waiting = 0
    for at in range(source.size):
        node = np.int64(source[at])
        if _insert(keys, node * count, count, source_key[at]):
            if state[node] == 0:
                state[node] = 1
                far[waiting] = node
                waiting += 1
            pending[node] = min(pending[node], source_key[at])
    step = np.uint64(width) << _SHIFT
    end = step
    while waiting:
        first, last, kept, lowest = 0, 0, 0, FAR
        for at in range(waiting):
            node = far[at]
            if state[node] != 1:
                continue
            if pending[node] < end:
                state[node] = 2
                near[last] = node
                last += 1
            else:
                far[kept] = node
                kept += 1
                lowest = min(lowest, pending[node])
        waiting = kept
        if last == 0:
            if waiting == 0:
                break
            end = lowest + step if lowest + step > lowest else FAR
            continue
        while first != last:
            node = near[first]
            first = first + 1 if first < size else 0
            state[node] = 0
            low = pending[node]
            pending[node] = FAR
            for place in range(node * count, node * count + count):
                key = keys[place]
                if key < low or key == FAR:
                    continue
                for arc in range(starts[node], starts[node + 1]):
                    packed = arcs[arc]
                    to, new = np.int64(packed & _LOW), key + (packed & _HIGH)
                    if new < key or not _insert(keys, to * count, count, new):
                        continue
                    pending[to] = min(pending[to], new)
                    if state[to] == 2:
                        continue
                    if pending[to] < end:
                        state[to] = 2
                        near[last] = to
                        last = last + 1 if last < size else 0
                    elif state[to] == 0:
                        state[to] = 1
                        if waiting == far.size:  # a node can wait twice: its first entry is skipped when it comes up
                            far = np.concatenate((far, np.empty_like(far)))
                        far[waiting] = to
                        waiting += 1
        end = end + step if end + step > end else FAR
    return keys


# Straight pairs: which points lie within a limit of each other, and how far, compiled by numba.

Floats = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def _near_cell_row(
    here: Floats, radii: Floats, facility: Floats, member: npt.NDArray[np.int64], limit: float,
    found: npt.NDArray[np.int32], millimetres: Floats, total: int,
) -> int:  # fmt: skip
    """Append the `member` facilities within `limit` of one demand; return the new total. There is room for all.

    The great-circle arc is lengthened over its chord by the curvature along it.
    """
    x, y, z, lon, lat = here[0], here[1], here[2], here[3], here[4]
    for at in range(member.size):
        other = member[at]
        dx, dy, dz = facility[other, 0] - x, facility[other, 1] - y, facility[other, 2] - z
        square = dx * dx + dy * dy + dz * dz
        if square > limit * limit:
            continue
        north = radii[0] * (facility[other, 4] - lat)
        east = radii[1] * np.cos(lat) * (facility[other, 3] - lon)
        bend = 0.0
        if north != 0.0 or east != 0.0:
            both = north * north + east * east
            bend = (north * north / radii[0] + east * east / radii[1]) / both
        found[total] = other
        millimetres[total] = np.sqrt(square) * (1.0 + square * bend * bend / 24.0) * 1000.0
        total += 1
    return total


@njit(cache=True, nogil=True)
def straight_pairs(
    demand: Floats, facility: Floats, curvature: Floats, limit: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Floats]:
    """Return (row starts, facilities, millimetres): pairs whose chord is within `limit` metres, with their geodesic.

    Points are (n, 5): metres from the Earth's centre, and longitude and latitude in radians. `curvature` gives each
    demand's radii (meridian, prime vertical). Facilities are binned by latitude and longitude into cells of the limit.
    """
    deg_lat = limit / 6_335_000.0
    widest = max(np.abs(facility[:, 4]).max(), np.abs(demand[:, 4]).max()) + deg_lat
    deg_lon = limit / (6_335_000.0 * max(np.cos(widest), 0.01))
    west, south = facility[:, 3].min(), facility[:, 4].min()
    across = int((facility[:, 3].max() - west) / deg_lon) + 1
    up = int((facility[:, 4].max() - south) / deg_lat) + 1
    while across * up > 4 * facility.shape[0] + 1024:
        deg_lat, deg_lon = 2 * deg_lat, 2 * deg_lon
        across = int((facility[:, 3].max() - west) / deg_lon) + 1
        up = int((facility[:, 4].max() - south) / deg_lat) + 1
    cell = np.empty(facility.shape[0], np.int64)
    start = np.zeros(across * up + 1, np.int64)
    for at in range(facility.shape[0]):
        cell[at] = int((facility[at, 4] - south) / deg_lat) * across + int((facility[at, 3] - west) / deg_lon)
        start[cell[at] + 1] += 1
    for at in range(across * up):
        start[at + 1] += start[at]
    place, member = start[:-1].copy(), np.empty(facility.shape[0], np.int64)
    for at in range(facility.shape[0]):
        member[place[cell[at]]] = at
        place[cell[at]] += 1
    rows = np.zeros(demand.shape[0] + 1, np.int64)
    found, millimetres = np.empty(4096, np.int32), np.empty(4096, np.float64)
    total = 0
    for row in range(demand.shape[0]):
        level = int(np.floor((demand[row, 4] - south) / deg_lat))
        column = int(np.floor((demand[row, 3] - west) / deg_lon))
        low, high = max(column - 1, 0), min(column + 2, across)
        for above in range(max(level - 1, 0), min(level + 2, up)):
            if high <= low:
                continue
            near = member[start[above * across + low] : start[above * across + high]]
            while total + near.size > found.size:
                found = np.concatenate((found, np.empty_like(found)))
                millimetres = np.concatenate((millimetres, np.empty_like(millimetres)))
            total = _near_cell_row(demand[row], curvature[row], facility, near, limit, found, millimetres, total)
        rows[row + 1] = total
    return rows, found[:total], millimetres[:total]
