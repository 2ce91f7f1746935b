"""Contraction of a road graph, compiled by numba: an order of its nodes, the costs of its shortcuts, sweeps over them.

Nodes are taken away one after the other, the one with fewest neighbours first, and their neighbours are joined: each
node keeps *up-arcs* to the neighbours that outlast it. The lowest of these is its *parent*; all of them are its
ancestors. A shortest way climbs up-arcs to the highest node on it and descends from there, so costs to any set of nodes
come from the ancestors of both ends. Nodes are numbered so that children come before their parent and subtrees lie
together in memory. What does not fit is the largest number: ``min(a, largest - b) + b`` adds without wrapping round.
"""

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Costs = npt.NDArray[np.uint32]
Nodes = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]

NEVER = np.uint32(2**32 - 1)
FAR = np.uint64(2**64 - 1)
LANES = 16
"""Facilities that are swept at once: their costs to one node fill a line of the processor's cache."""
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_SHIFT = np.uint64(32)


@njit(cache=True, nogil=True)
def neighbours_of(tail: Whole, head: Whole, place: Nodes) -> tuple[Whole, Whole]:
    """Return (starts, neighbours) of each node, by its place; who is joined twice stands twice, loops are left out."""
    starts = np.zeros(place.size + 1, np.int64)
    for edge in range(tail.size):
        if tail[edge] != head[edge]:
            starts[place[tail[edge]] + 1] += 1
            starts[place[head[edge]] + 1] += 1
    for node in range(place.size):
        starts[node + 1] += starts[node]
    free = starts[:-1].copy()
    out = np.empty(starts[-1], np.int64)
    for edge in range(tail.size):
        if tail[edge] != head[edge]:
            a, b = place[tail[edge]], place[head[edge]]
            out[free[a]], out[free[b]] = b, a
            free[a] += 1
            free[b] += 1
    return starts, out


@njit(cache=True, nogil=True)
def _queue(node: int, degree: int, ends: Whole, before: Whole, after: Whole) -> None:
    """Put a node at the end of the queue of its degree; `ends` holds the first and the last of each queue, −1 for none."""
    last = ends[1, degree]
    before[node], after[node] = last, -1
    if last >= 0:
        after[last] = node
    else:
        ends[0, degree] = node
    ends[1, degree] = node


@njit(cache=True, nogil=True)
def _unqueue(node: int, degree: int, ends: Whole, before: Whole, after: Whole) -> None:
    """Take a node out of the queue of its degree."""
    if before[node] >= 0:
        after[before[node]] = after[node]
    else:
        ends[0, degree] = after[node]
    if after[node] >= 0:
        before[after[node]] = before[node]
    else:
        ends[1, degree] = before[node]


@njit(cache=True, nogil=True)
def _lists(starts: Whole, neighbours: Whole) -> tuple[Whole, Whole, Whole, Whole]:
    """Return (pool, begin, length, room): each node's different neighbours, with room to grow."""
    size = starts.size - 1
    seen = np.full(size, -1, np.int64)
    pool = np.empty(6 * neighbours.size + 4 * size + 16, np.int64)
    begin, length, room = np.empty(size, np.int64), np.zeros(size, np.int64), np.empty(size, np.int64)
    top = 0
    for node in range(size):
        begin[node] = top
        for at in range(starts[node], starts[node + 1]):
            other = neighbours[at]
            if seen[other] != node:
                seen[other] = node
                pool[top + length[node]] = other
                length[node] += 1
        room[node] = length[node] + 2
        top += room[node]
    return pool, begin, length, room


@njit(cache=True, nogil=True)
def _clique(mine: Whole, done: int, order: Whole, up_start: Whole, up: Whole) -> Whole:
    """Write the rest, nodes that are all joined to each other, into the order; return the up-arcs, made longer."""
    size, total = mine.size, up_start[done + 1]
    up = np.concatenate((up[:total], np.empty(size * (size - 1) // 2, np.int64)))
    for at in range(size):
        order[done + 1 + at] = mine[at]
        up[total : total + size - 1 - at] = mine[at + 1 :]
        total += size - 1 - at
        up_start[done + 2 + at] = total
    return up


@njit(cache=True, nogil=True)
def eliminate(starts: Whole, neighbours: Whole, most: int) -> tuple[Whole, Whole, Whole]:
    """Return (order, starts, up): nodes as they are taken away, and in that order whom each leaves joined to each other.

    Fewest neighbours first, of equals the one that has waited longest. Beyond `most` up-arcs it gives up: up is empty.
    """
    size = starts.size - 1
    pool, begin, length, room = _lists(starts, neighbours)
    top = begin[-1] + room[-1] if size else 0
    seen, stamp, low = np.zeros(size, np.int64), 0, 0
    ends, before, after = np.full((2, size + 1), -1, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    for node in range(size):
        _queue(node, length[node], ends, before, after)
    order, up_start, up = np.empty(size, np.int64), np.zeros(size + 1, np.int64), np.empty(most + size, np.int64)
    for done in range(size):
        while ends[0, low] < 0:
            low += 1
        node, total = ends[0, low], up_start[done]
        mine = pool[begin[node] : begin[node] + low].copy()
        if total + low > most:
            return order, up_start, np.empty(0, np.int64)
        _unqueue(node, low, ends, before, after)
        order[done] = node
        up[total : total + low] = mine
        up_start[done + 1] = total + low
        if low == size - done - 1:
            up = _clique(mine, done, order, up_start, up)
            break
        for other in mine:
            stamp += 1
            count, at = length[other], begin[other]
            _unqueue(other, count, ends, before, after)
            for place in range(at, at + count):
                seen[pool[place]] = stamp
                if pool[place] == node:
                    pool[place] = pool[at + count - 1]
            count -= 1
            seen[other] = stamp
            if count + mine.size > room[other]:
                room[other] = 2 * (count + mine.size)
                if top + room[other] > pool.size:
                    pool = np.concatenate((pool, np.empty(pool.size + room[other], np.int64)))
                pool[top : top + count] = pool[at : at + count]
                begin[other], at = top, top
                top += room[other]
            for joined in mine:
                if seen[joined] != stamp:
                    pool[at + count] = joined
                    count += 1
            length[other] = count
            _queue(other, count, ends, before, after)
            low = min(low, count)
    return order, up_start, up[: up_start[-1]]


@njit(cache=True, nogil=True)
def by_subtree(order: Whole, up_start: Whole, up: Whole) -> tuple[Nodes, Whole, Nodes]:
    """Return (number of each node, starts, heads): nodes numbered by subtree, children first, and their up-arcs sorted."""
    size = order.size
    rank, parent, below = np.empty(size, np.int64), np.full(size, size, np.int64), np.ones(size + 1, np.int64)
    for at in range(size):
        rank[order[at]] = at
    for at in range(size):
        for arc in range(up_start[at], up_start[at + 1]):
            parent[at] = min(parent[at], rank[up[arc]])
        below[parent[at]] += below[at]
    end, number = np.full(size + 1, size, np.int64), np.empty(size, np.uint32)
    starts = np.zeros(size + 1, np.int64)
    for at in range(size - 1, -1, -1):  # a subtree takes the last free run of its parent's, its own root at the end
        last = end[parent[at]] - 1
        end[parent[at]] -= below[at]
        end[at] = last
        number[order[at]] = last
        starts[last + 1] = up_start[at + 1] - up_start[at]
    for node in range(size):
        starts[node + 1] += starts[node]
    tail, head = np.empty(up.size, np.uint32), np.empty(up.size, np.uint32)
    for at in range(size):
        for arc in range(up_start[at], up_start[at + 1]):
            tail[arc], head[arc] = number[order[at]], number[up[arc]]
    _, turned = _by(head, tail, size)
    begins, _ = _by(head, head, size)
    free = starts[:-1].copy()
    for node in range(size):  # heads in rising order: each list comes out sorted
        for at in range(begins[node], begins[node + 1]):
            head[free[turned[at]]] = node
            free[turned[at]] += 1
    return number, starts, head


@njit(cache=True, nogil=True)
def _by(key: Nodes, values: Nodes, size: int) -> tuple[Whole, Nodes]:
    """Return (starts, values) sorted by their key below `size`, those of one key in their order."""
    starts = np.zeros(size + 1, np.int64)
    for at in range(key.size):
        starts[key[at] + 1] += 1
    for one in range(size):
        starts[one + 1] += starts[one]
    free, out = starts[:-1].copy(), np.empty(key.size, np.uint32)
    for at in range(key.size):
        out[free[key[at]]] = values[at]
        free[key[at]] += 1
    return starts, out


@njit(cache=True, nogil=True)
def down_lists(starts: Whole, head: Nodes) -> tuple[Whole, Nodes, Nodes]:
    """Return (starts, nodes, arcs): the up-arcs that end at each node, by the nodes that they come from."""
    tail = np.empty(head.size, np.uint32)
    for node in range(starts.size - 1):
        tail[starts[node] : starts[node + 1]] = node
    begins, nodes = _by(head, tail, starts.size - 1)
    _, arcs = _by(head, np.arange(head.size).astype(np.uint32), starts.size - 1)
    return begins, nodes, arcs


@njit(cache=True, nogil=True)
def arcs_of_edges(tail: Whole, head: Whole, number: Nodes, starts: Whole, up: Nodes) -> Whole:
    """Return the up-arc between the ends of each edge; −1 for a loop."""
    out = np.full(tail.size, -1, np.int64)
    for edge in range(tail.size):
        a, b = number[tail[edge]], number[head[edge]]
        if a != b:
            low, high = min(a, b), max(a, b)
            out[edge] = starts[low] + np.searchsorted(up[starts[low] : starts[low + 1]], high)
    return out


@njit(cache=True, nogil=True)
def shortcuts(
    starts: Whole, head: Nodes, downs: tuple[Whole, Nodes, Nodes], arc: Whole, rises: npt.NDArray[np.bool_], cost: Whole,
    forward: npt.NDArray[np.bool_], backward: npt.NDArray[np.bool_],
) -> tuple[Costs, Costs]:  # fmt: skip
    """Return each up-arc's least cost upward and downward, over its edges and over every node below both its ends."""
    up, down = np.full(head.size, NEVER, np.uint32), np.full(head.size, NEVER, np.uint32)
    for edge in range(arc.size):
        if arc[edge] < 0:
            continue
        here, at = np.uint32(cost[edge]), arc[edge]
        if forward[edge] if rises[edge] else backward[edge]:
            up[at] = min(up[at], here)
        if backward[edge] if rises[edge] else forward[edge]:
            down[at] = min(down[at], here)
    begins, nodes, arcs = downs
    place = np.zeros(starts.size - 1, np.uint32)
    for node in range(starts.size - 1):
        for at in range(starts[node], starts[node + 1]):
            place[head[at]] = at
        for below in range(begins[node], begins[node + 1]):
            first, end = np.uint64(arcs[below]), np.uint64(starts[nodes[below] + 1])
            climb, descend = up[first], down[first]
            other = first + _ONE
            while other < end:
                at = place[head[other]]
                up[at] = min(up[at], min(up[other], NEVER - descend) + descend)
                down[at] = min(down[at], min(down[other], NEVER - climb) + climb)
                other += _ONE
    return up, down


@njit(cache=True, nogil=True)
def ancestors(starts: Whole, head: Nodes, nodes: Nodes) -> Flags:
    """Return 1 for the nodes and all their ancestors, 0 for the rest."""
    out = np.zeros(starts.size - 1, np.uint8)
    for at in range(nodes.size):
        node = np.uint64(nodes[at])
        while out[node] == 0:
            out[node] = 1
            if starts[node] == starts[node + _ONE]:
                break
            node = np.uint64(head[starts[node]])
    return out


@njit(cache=True, nogil=True)
def _climb(
    starts: Whole, head: Nodes, up: Costs, begins: Whole, source: Nodes, source_cost: Costs, facilities: Whole,
    cost: Costs, climbed: Flags,
) -> None:  # fmt: skip
    """Write the costs from up to LANES facilities to the ancestors of their own nodes, and mark these."""
    for lane in range(facilities.size):
        for at in range(begins[facilities[lane]], begins[facilities[lane] + 1]):
            node = source[at]
            while climbed[node] == 0:
                climbed[node], cost[node, :] = 1, NEVER
                if starts[node] == starts[node + 1]:
                    break
                node = head[starts[node]]
            cost[source[at], lane] = min(cost[source[at], lane], source_cost[at])
    node, size = _ZERO, np.uint64(climbed.size)
    while node < size:
        if climbed[node]:
            arc, end = np.uint64(starts[node]), np.uint64(starts[node + _ONE])
            while arc < end:
                above, more = np.uint64(head[arc]), up[arc]
                for lane in range(LANES):
                    cost[above, lane] = min(cost[above, lane], min(cost[node, lane], NEVER - more) + more)
                arc += _ONE
        node += _ONE


@njit(cache=True, nogil=True)
def sweep(
    starts: Whole, head: Nodes, up: Costs, down: Costs, needed: Flags, begins: Whole, source: Nodes, source_cost: Costs,
    facilities: Whole, cost: Costs, climbed: Flags,
) -> None:  # fmt: skip
    """Write into `cost` (nodes, LANES) what it takes from up to LANES facilities to each needed node.

    Facility f leaves from ``source[begins[f]:begins[f + 1]]`` at these costs. `climbed` is all 0 before and after.
    """
    _climb(starts, head, up, begins, source, source_cost, facilities, cost, climbed)
    node = np.uint64(starts.size - 1)
    while node:
        node -= _ONE
        if needed[node]:
            if climbed[node] == 0:
                cost[node, :] = NEVER
            arc, end = np.uint64(starts[node]), np.uint64(starts[node + _ONE])
            while arc < end:
                above, more = np.uint64(head[arc]), down[arc]
                for lane in range(LANES):
                    cost[node, lane] = min(cost[node, lane], min(cost[above, lane], NEVER - more) + more)
                arc += _ONE
        climbed[node] = 0


@njit(cache=True, nogil=True)
def take(
    cost: Costs, point: Whole, node: Nodes, leg: Costs, facilities: Whole, table: Costs
) -> None:  # fmt: skip
    """Lower the table's (points, facilities) costs to those over the nodes that each point joins, its leg included."""
    for at in range(point.size):
        here, more = node[at], leg[at]
        for lane in range(facilities.size):
            column = facilities[lane]
            whole = min(cost[here, lane], NEVER - more) + more
            table[point[at], column] = min(table[point[at], column], whole)


@njit(cache=True, nogil=True)
def nearest_above(
    starts: Whole, head: Nodes, up: Costs, down: Costs, needed: Flags, source: Nodes, source_key: Keys
) -> Keys:  # fmt: skip
    """Return the smallest key ``cost << 32 | facility`` at each needed node, FAR where none comes; others mean nothing."""
    keys = np.full(starts.size - 1, FAR, np.uint64)
    for at in range(source.size):
        keys[source[at]] = min(keys[source[at]], source_key[at])
    node, size = _ZERO, np.uint64(keys.size)
    while node < size:
        here, arc, end = keys[node], np.uint64(starts[node]), np.uint64(starts[node + _ONE])
        if here == FAR:
            arc = end
        while arc < end:
            more = np.uint64(up[arc]) << _SHIFT
            above = np.uint64(head[arc])
            keys[above] = min(keys[above], min(here, FAR - more) + more)
            arc += _ONE
        node += _ONE
    while node:
        node -= _ONE
        if needed[node]:
            here, arc, end = keys[node], np.uint64(starts[node]), np.uint64(starts[node + _ONE])
            while arc < end:
                more = np.uint64(down[arc]) << _SHIFT
                here = min(here, min(keys[np.uint64(head[arc])], FAR - more) + more)
                arc += _ONE
            keys[node] = here
    return keys
