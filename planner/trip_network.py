"""The network that a trip takes: roads for all, and at either end those that are for the people there alone."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from planner.network import Bools, Floats, RoadGraph, Whole


@dataclass(frozen=True, eq=False)
class TripNetwork:
    """Arcs between nodes, in the sense of a search from the facilities outward.

    A road that is nobody's to pass through (`RoadGraph.through`) stands twice: where trips begin, and where they end. From
    the nodes of the first a step of no cost leads to the network of all, and from there to those of the second.

    lon, lat                 degrees, one a node; the graph's own nodes come first
    tail, head, edge         one an arc; the edge of the graph that it is, −1 for a step
    from_tail, from_head     one an edge: the nodes by which a trip that begins on it leaves
    to_tail, to_head         one an edge: the nodes by which a trip that ends on it comes
    """

    lon: Floats
    lat: Floats
    tail: Whole
    head: Whole
    edge: Whole
    from_tail: Whole
    from_head: Whole
    to_tail: Whole
    to_head: Whole

    def of_edges(self, values: Whole) -> Whole:
        """Return the values of the arcs' edges, 0 for a step."""
        return np.where(self.edge < 0, 0, values[self.edge]) if len(self.edge) > len(values) else values

    def driven(self, forward: Bools, backward: Bools) -> tuple[Bools, Bools]:
        """Return whether each arc is driven tail → head and head → tail, given that of the edges; steps lead outward."""
        if len(self.edge) == len(forward):
            return forward, backward
        return np.where(self.edge < 0, True, forward[self.edge]), np.where(self.edge < 0, False, backward[self.edge])


def trip_network(graph: RoadGraph, is_open: Bools) -> TripNetwork:
    """Return the network of the open edges."""
    inner = _inner(graph, is_open)
    tail, head, every = graph.tail, graph.head, np.arange(len(graph.tail))
    if not inner.any():
        return TripNetwork(graph.lon, graph.lat, tail, head, every, tail, head, tail, head)
    nodes = np.unique(np.concatenate([tail[inner], head[inner]]))
    begins = np.full(len(graph.lon), -1)
    begins[nodes] = len(graph.lon) + np.arange(len(nodes))
    ends = np.where(begins < 0, -1, begins + len(nodes))
    owned = np.flatnonzero(inner)
    from_tail, from_head = np.where(inner, begins[tail], tail), np.where(inner, begins[head], head)
    to_tail, to_head = np.where(inner, ends[tail], tail), np.where(inner, ends[head], head)
    twice = np.concatenate([nodes, nodes])
    return TripNetwork(
        lon=np.concatenate([graph.lon, graph.lon[twice]]),
        lat=np.concatenate([graph.lat, graph.lat[twice]]),
        tail=np.concatenate([from_tail, to_tail[owned], begins[nodes], nodes]),
        head=np.concatenate([from_head, to_head[owned], nodes, ends[nodes]]),
        edge=np.concatenate([every, owned, np.full(len(twice), -1)]),
        from_tail=from_tail,
        from_head=from_head,
        to_tail=to_tail,
        to_head=to_head,
    )


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

    Beside the fragments that nothing joins these are one-way streets that the border of an extract has cut off. The main
    network is what can be driven there and back; where that is less than half of what hangs together, directions are ignored.
    """
    net = trip_network(graph, np.ones(len(graph.tail), np.bool_))
    forward, backward = net.driven(graph.forward, graph.backward)
    start = np.concatenate([net.tail[forward], net.head[backward]])
    end = np.concatenate([net.head[forward], net.tail[backward]])
    arcs = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(len(net.lon), len(net.lon))).tocsr()
    _, label = connected_components(arcs, directed=True, connection="strong")
    inside = label[graph.tail] == label[graph.head]
    inside &= net.from_tail == graph.tail  # of the roads for all
    length = np.bincount(label[graph.tail[inside]], graph.length_mm[inside], minlength=1)
    best, hanging = int(length.argmax()), graph.length_mm[graph.components()[graph.tail] == 0].sum()
    if not len(graph.tail) or length[best] * 2 < hanging:
        return graph.fragments, graph.fragments
    node, (ahead, behind) = int(np.flatnonzero(label == best)[0]), np.zeros((2, len(net.lon)), np.bool_)
    ahead[breadth_first_order(arcs, node, return_predecessors=False)] = True
    behind[breadth_first_order(arcs.T.tocsr(), node, return_predecessors=False)] = True
    comes = (graph.forward & ahead[net.to_tail]) | (graph.backward & ahead[net.to_head])
    leaves = (graph.forward & behind[net.from_head]) | (graph.backward & behind[net.from_tail])
    return graph.short(~comes, float(length[best])), graph.short(~leaves, float(length[best]))
