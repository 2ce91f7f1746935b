"""The network that a trip takes: roads for all, and at either end those that are for the people there alone."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from planner.network import Bools, RoadGraph, Whole

Ends = tuple[Whole, Whole]


@dataclass(frozen=True, eq=False)
class TripNetwork:
    """Arcs between nodes, in the sense of a search from the facilities outward.

    A junction at which some turns are barred stands several times: once for each arc from which they are barred, once for
    all other ways to it, and once for each arc into which they are barred; steps of no cost lead from the former to those
    of the latter that are allowed, and to the graph's own node for all the rest.
    A road that is nobody's to pass through (`RoadGraph.through`) stands twice: where trips begin, and where they end. From
    the nodes of the first a step of no cost leads to the network of all, and from there to those of the second.

    place                    one a node: the graph's node that it stands at; the graph's own nodes come first
    tail, head, edge         one an arc; the edge of the graph that it is, −1 for a step
    along, against           one an arc: whether it is there to be driven tail → head, and head → tail
    from_ends                (tails, heads), one an edge: the nodes by which a trip that begins on it leaves
    to_ends                  the nodes by which a trip that ends on it comes
    from_corners             the nodes from which a trip leaves that begins at the very end of the edge
    to_corners               the nodes to which one comes that ends there
    """

    place: Whole
    tail: Whole
    head: Whole
    edge: Whole
    along: Bools
    against: Bools
    from_ends: Ends
    to_ends: Ends
    from_corners: Ends
    to_corners: Ends

    def of_edges(self, values: Whole) -> Whole:
        """Return the values of the arcs' edges, 0 for a step."""
        return np.where(self.edge < 0, 0, values[self.edge]) if len(self.edge) > len(values) else values

    def driven(self, forward: Bools, backward: Bools) -> tuple[Bools, Bools]:
        """Return whether each arc is driven tail → head and head → tail, given that of the edges; steps lead outward."""
        if len(self.edge) == len(forward):
            return forward, backward
        return self.along & ((self.edge < 0) | forward[self.edge]), self.against & backward[self.edge]


def trip_network(graph: RoadGraph, is_open: Bools, turns: Whole) -> TripNetwork:
    """Return the network of the open edges; `turns` are those barred to a search outward, as in `RoadGraph.turns`."""
    net, inner = _turning(graph, turns), _inner(graph, is_open)
    if not inner.any():
        return net
    steps, owned = np.flatnonzero(net.edge < 0), np.flatnonzero((net.edge < 0) | inner[net.edge])
    nodes, count = np.unique(np.concatenate([net.tail[owned], net.head[owned]])), len(net.place)
    begins = np.full(count, -1)
    begins[nodes] = count + np.arange(len(nodes))
    zones = np.stack([np.arange(count), begins, begins + len(nodes)])  # for all; where trips begin; where they end
    arc = np.concatenate([np.arange(len(net.edge)), steps, owned])
    first = ((net.edge >= 0) & inner[net.edge]).astype(np.int64)
    zone = np.concatenate([first, np.ones(len(steps), np.int64), np.full(len(owned), 2)])
    yes = np.ones(2 * len(nodes), np.bool_)

    def apart(ends: Ends, zone: int) -> Ends:
        return zones[zone * inner, ends[0]], zones[zone * inner, ends[1]]

    return TripNetwork(
        place=np.concatenate([net.place, net.place[nodes], net.place[nodes]]),
        tail=np.concatenate([zones[zone, net.tail[arc]], zones[1, nodes], nodes]),
        head=np.concatenate([zones[zone, net.head[arc]], nodes, zones[2, nodes]]),
        edge=np.concatenate([net.edge[arc], np.full(len(yes), -1)]),
        along=np.concatenate([net.along[arc], yes]),
        against=np.concatenate([net.against[arc], ~yes]),
        from_ends=apart(net.from_ends, 1),
        to_ends=apart(net.to_ends, 2),
        from_corners=apart(net.from_corners, 1),
        to_corners=apart(net.to_corners, 2),
    )


def _turning(graph: RoadGraph, turns: Whole) -> TripNetwork:
    """Return the network as if every road were for all, without the barred turns (edge, node, edge)."""
    count, edges = len(graph.lon), np.arange(len(graph.tail))
    own, yes = (graph.tail, graph.head), np.ones(len(edges), np.bool_)
    if not len(turns):
        return TripNetwork(np.arange(count), *own, edges, yes, yes, own, own, own, own)
    at = np.unique(turns[:, 1])
    comes, come = np.unique(turns[:, [1, 0]], axis=0, return_inverse=True)
    goes, go = np.unique(turns[:, [1, 2]], axis=0, return_inverse=True)
    place = np.concatenate([np.arange(count), at, comes[:, 0], goes[:, 0]])
    free, state, leave = np.split(np.arange(count, len(place)), [len(at), len(at) + len(comes)])
    start = np.arange(count)
    start[at] = free
    enters = _named(own, comes, state, start)
    leaves = _named(own, goes, leave, np.arange(count))
    came = np.concatenate([free, state])
    first, last = (np.searchsorted(goes[:, 0], place[came], side) for side in ("left", "right"))
    begin = np.repeat(came, last - first)
    end = leave[np.arange(len(begin)) + np.repeat(last - np.cumsum(last - first), last - first)]
    barred = np.isin(begin * len(place) + end, state[come.ravel()] * len(place) + leave[go.ravel()])
    begin, end = np.concatenate([begin[~barred], came]), np.concatenate([end[~barred], place[came]])
    split = (enters[0] != leaves[0]) | (enters[1] != leaves[1])  # one arc for each direction
    step = np.ones(len(begin), np.bool_)
    return TripNetwork(
        place=place,
        tail=np.concatenate([leaves[0], enters[0][split], begin]),
        head=np.concatenate([enters[1], leaves[1][split], end]),
        edge=np.concatenate([edges, edges[split], np.full(len(step), -1)]),
        along=np.concatenate([yes, ~yes[split], step]),
        against=np.concatenate([~split, yes[split], ~step]),
        from_ends=enters,
        to_ends=leaves,
        from_corners=(start[graph.tail], start[graph.head]),
        to_corners=own,
    )


def _named(ends: Ends, pairs: Whole, names: Whole, default: Whole) -> Ends:
    """Return, for the tail and the head of each edge, the name that (node, edge) has in the sorted `pairs`, else the node's default."""
    tail, head = default[ends[0]], default[ends[1]]
    for out, node in ((tail, ends[0]), (head, ends[1])):
        met = node[pairs[:, 1]] == pairs[:, 0]
        out[pairs[met, 1]] = names[met]
    return tail, head


def _inner(graph: RoadGraph, is_open: Bools) -> Bools:
    """Return the edges at which trips begin and end only: those that say so, and what lies behind them and nowhere else."""
    private = is_open & ~graph.through
    if not private.any():
        return private
    part = graph.components(is_open & graph.through)
    behind = np.zeros(len(graph.lon), np.bool_)  # by number of the part
    behind[part[np.concatenate([graph.tail[private], graph.head[private]])]] = True
    behind[0] = False
    return private | (is_open & behind[part[graph.tail]])


@lru_cache(maxsize=4)
def one_way_fragments(graph: RoadGraph) -> tuple[Bools, Bools]:
    """Whether each edge lies on a fragment that nobody gets to from the main network, and on one that nobody leaves for it.

    Beside the fragments that nothing joins these are streets that the border of an extract has cut off: one-way, or with a
    barred turn for their only entry. The main network is what can be driven there and back; where that is less than half of
    what hangs together, directions are ignored.
    """
    every = np.ones(len(graph.tail), np.bool_)
    net = trip_network(graph, every, graph.turns)
    forward, backward = net.driven(graph.forward, graph.backward)
    start = np.concatenate([net.tail[forward], net.head[backward]])
    end = np.concatenate([net.head[forward], net.tail[backward]])
    arcs = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(len(net.place), len(net.place))).tocsr()
    _, label = connected_components(arcs, directed=True, connection="strong")
    along = graph.forward & (label[net.to_ends[0]] == label[net.from_ends[1]])
    against = graph.backward & (label[net.to_ends[1]] == label[net.from_ends[0]])
    inside = (along | against) & ~_inner(graph, every)
    part = np.where(along, label[net.to_ends[0]], label[net.to_ends[1]])
    length = np.bincount(part[inside], graph.length_mm[inside], minlength=1)
    best, hanging = int(length.argmax()), graph.length_mm[graph.components()[graph.tail] == 0].sum()
    if not len(graph.tail) or length[best] * 2 < hanging:
        return graph.fragments, graph.fragments
    node, (ahead, behind) = int(np.flatnonzero(label == best)[0]), np.zeros((2, len(net.place)), np.bool_)
    ahead[breadth_first_order(arcs, node, return_predecessors=False)] = True
    behind[breadth_first_order(arcs.T.tocsr(), node, return_predecessors=False)] = True
    comes = (graph.forward & ahead[net.to_ends[0]]) | (graph.backward & ahead[net.to_ends[1]])
    leaves = (graph.forward & behind[net.from_ends[1]]) | (graph.backward & behind[net.from_ends[0]])
    return graph.short(~comes, float(length[best])), graph.short(~leaves, float(length[best]))
