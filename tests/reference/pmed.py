"""The text format of the OR-Library's uncapacitated p-median (pmed), networks in that format, and some of known optimum.

The first line holds nodes, edges, p; then one edge a line: two nodes (from 1) and a cost. Where an edge stands again, its
last cost counts. Every node is a demand of weight 1 and a candidate; costs are shortest paths.
"""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from planner.reach import reach_of
from planner.siting.instance import Instance, instance_of
from planner.siting.question import Model, Question


def read_pmed(text: str, model: Model = "p-median", **rules: object) -> Instance:
    """Return the instance of a network, all pairs of nodes that are joined."""
    numbers = np.array(text.split(), np.int64)
    nodes, edges, p = (int(one) for one in numbers[:3])
    cost_of = {(min(a, b), max(a, b)): c for a, b, c in numbers[3 : 3 + 3 * edges].reshape(-1, 3).tolist()}
    tail, head = (np.array(list(cost_of)).reshape(-1, 2)[:, side] - 1 for side in (0, 1))
    graph = coo_array((np.array(list(cost_of.values()), float), (tail, head)), shape=(nodes, nodes))
    path = dijkstra(graph.tocsr(), directed=False)
    ids = np.array([f"n{at:05d}" for at in range(1, nodes + 1)], object)
    row, column = np.nonzero(np.isfinite(path))
    rows = np.searchsorted(row, np.arange(nodes + 1)).astype(np.int64), column, path[row, column].astype(np.uint32)
    reach = reach_of((ids, ids), 0, rows, np.full(nodes, -1), np.full(nodes, np.nan))
    question = Question(model, p=p, **rules)  # type: ignore[arg-type]
    return instance_of(question, reach, pd.Series(1.0, index=ids), pd.DataFrame({"id": ids}))


def random_network(nodes: int, p: int, seed: int) -> str:
    """Return a network as the OR-Library's: nodes² / 50 edges, a path through all nodes among them, costs 1 to 100."""
    rng = np.random.default_rng(seed)
    walk = rng.permutation(nodes) + 1
    edges = {(int(min(pair)), int(max(pair))) for pair in zip(walk[1:], walk[:-1], strict=True)}
    while len(edges) < nodes * nodes // 50:
        one, other = sorted(rng.integers(1, nodes + 1, 2).tolist())
        if one != other:
            edges.add((one, other))
    costs = rng.integers(1, 101, len(edges))
    return _written(nodes, p, [(*edge, int(cost)) for edge, cost in zip(sorted(edges), costs, strict=True)])


def known_network(p: int, seed: int) -> tuple[str, float, float]:
    """Return (network, optimum of its p-median, optimum of its p-center): p stars, far from each other.

    A star without a site pays more than all others could save, so each has one; at its hub everyone is one ray away, and
    from elsewhere at least as far. Each edge stands twice, first with another cost, and odd edges shorten no path.
    """
    rng = np.random.default_rng(seed)
    hubs, node, edges, total, largest = [], 0, [], 0, 0
    names = rng.permutation(p * 12) + 1
    for _ in range(p):
        rays = rng.integers(1, 21, rng.integers(3, 11))
        hub, leaves = names[node], names[node + 1 : node + 1 + len(rays)]
        node += 1 + len(rays)
        edges += [(hub, leaf, ray) for leaf, ray in zip(leaves, rays, strict=True)]
        edges += [(leaves[0], leaf, rays[0] + ray + 1) for leaf, ray in zip(leaves[1:], rays[1:], strict=True)]
        total, largest = total + int(rays.sum()), max(largest, int(rays.max()))
        hubs.append(hub)
    far = 20 * p * 12
    edges += [(one, other, far) for one, other in zip(hubs[1:], hubs[:-1], strict=True)]
    used = {old: new for new, old in enumerate(names[:node], 1)}
    twice = [(one, other, 1) for one, other, _ in edges] + edges
    return _written(node, p, [(used[one], used[other], cost) for one, other, cost in twice]), total, largest


def _written(nodes: int, p: int, edges: list[tuple[int, int, int]]) -> str:
    return "\n".join([f" {nodes} {len(edges)} {p}", *(f" {one} {other} {cost}" for one, other, cost in edges)]) + "\n"
