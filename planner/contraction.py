"""Contraction: a road graph prepared so that the costs from many facilities to many places are swept, not searched.

The order depends on which nodes are joined alone: it is made once for all speeds, closures and directions.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Costs = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint64]
Nodes = npt.NDArray[np.uint32]
Whole = npt.NDArray[np.int64]

NEVER = 2**32 - 1
_MOST_UP_ARCS = 48
"""Up-arcs a node beyond which a graph is no road network and is searched instead."""


@dataclass(frozen=True)
class Topology:
    """Which nodes are joined, known by the SHA-256 of it; `place` is an order of the nodes in which neighbours lie near."""

    tail: Whole = field(compare=False)
    head: Whole = field(compare=False)
    place: Nodes = field(compare=False)

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of all three."""
        sha = sha256()
        for one in (self.tail, self.head, self.place):
            sha.update(len(one).to_bytes(8, "little") + np.ascontiguousarray(one).tobytes())
        return sha.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True, eq=False)
class Order:
    """An elimination order: nodes by number, children before their parents.

    number      each node's number
    starts      node number v's up-arcs are ``starts[v]:starts[v + 1]``
    head        the number of the upper end of each up-arc, rising within a node
    downs       (starts, nodes, arcs): the up-arcs that end at each node
    arc         the up-arc of each edge, −1 for a loop
    rises       whether each edge's head has the greater number
    """

    number: Nodes
    starts: Whole
    head: Nodes
    downs: tuple[Whole, Nodes, Nodes]
    arc: Whole
    rises: Bools


@lru_cache(maxsize=4)
def order_of(topology: Topology) -> Order | None:
    """Return the order by fewest neighbours; None where the graph is so tangled that shortcuts would overwhelm it."""
    from planner import contraction_kernels as kernels

    tail, head, place = topology.tail, topology.head, topology.place
    starts, neighbours = kernels.neighbours_of(tail, head, place)
    order, up_starts, up = kernels.eliminate(starts, neighbours, _MOST_UP_ARCS * len(place))
    if len(neighbours) and not len(up):
        return None
    number, starts, above = kernels.by_subtree(order, up_starts, up)
    number = number[place]
    arc = kernels.arcs_of_edges(tail, head, number, starts, above)
    return Order(number, starts, above, kernels.down_lists(starts, above), arc, number[tail] < number[head])


@dataclass(frozen=True, eq=False)
class Contraction:
    """An order with the least cost of each up-arc, upward and downward."""

    order: Order
    up: Costs
    down: Costs

    @classmethod
    def of(cls, order: Order, cost: Whole, forward: Bools, backward: Bools) -> "Contraction":
        """Return the contraction at these costs of the edges, below NEVER where an edge may be driven."""
        from planner.contraction_kernels import shortcuts

        return cls(
            order, *shortcuts(order.starts, order.head, order.downs, order.arc, order.rises, cost, forward, backward)
        )

    def nearest(self, node: Whole, key: Keys, asked: Whole) -> Keys:
        """Return the smallest key ``cost << 32 | facility`` of the sources (node, key) at each node asked for."""
        from planner import contraction_kernels as kernels

        order, asked_number = self.order, self.order.number[asked]
        needed = kernels.ancestors(order.starts, order.head, asked_number)
        source = order.number[node]
        return kernels.nearest_above(order.starts, order.head, self.up, self.down, needed, source, key)[asked_number]

    def table(
        self, sources: tuple[Whole, Whole, Whole], legs: tuple[Whole, Whole, Whole], points: int, threads: int = 1
    ) -> Costs:
        """Return the costs (points, facilities), NEVER where there is no way; threads share out facilities, no more.

        sources     (starts, nodes, costs): facility f leaves from ``nodes[starts[f]:starts[f + 1]]``
        legs        (point, node, cost): how each point is reached from the nodes beside it
        """
        from planner.contraction_kernels import LANES, ancestors

        starts, nodes, costs = sources
        facilities = len(starts) - 1
        out = np.full((points, facilities), NEVER, np.uint32)
        if not len(nodes) or not len(legs[0]):
            return out
        number = self.order.number
        source, joined = number[nodes], number[legs[1]]
        needed = ancestors(self.order.starts, self.order.head, joined)
        # Neighbours share most of their ancestors: swept together, they climb them once.
        near = np.argsort(source[np.minimum(starts[:-1], len(source) - 1)], kind="stable")
        lots = [near[at : at + LANES] for at in range(0, facilities, LANES)]
        legs_in, costs_in = (legs[0], joined, _whole(legs[2])), _whole(costs)

        def work(mine: list[Whole]) -> None:
            self._fill(mine, needed, (starts, source, costs_in), legs_in, out)

        with ThreadPoolExecutor(max(1, threads)) as pool:
            list(pool.map(work, [lots[at::threads] for at in range(max(1, threads))]))
        return out

    def _fill(
        self, lots: list[Whole], needed: Flags, sources: tuple[Whole, Nodes, Costs], legs: tuple[Whole, Nodes, Costs],
        out: Costs,
    ) -> None:  # fmt: skip
        """Fill the columns of each lot of facilities."""
        from planner.contraction_kernels import LANES, sweep, take

        order, size = self.order, len(self.order.number)
        cost, climbed = np.empty((size, LANES), np.uint32), np.zeros(size, np.uint8)
        for lot in lots:
            sweep(order.starts, order.head, self.up, self.down, needed, *sources, lot, cost, climbed)
            take(cost, *legs, lot, out)


def _whole(costs: Whole) -> Costs:
    return np.minimum(costs, NEVER).astype(np.uint32)
