"""A made prefecture: a planar road graph of mean degree 2.6, 50 nodes a square kilometre, nodes in random order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay

Whole = npt.NDArray[np.int64]
_DENSITY = 50 / 1e6
_DEGREE = 2.6


@dataclass(frozen=True, eq=False)
class Prefecture:
    """Node coordinates in metres; edges tail–head, both ways, with whole millimetres."""

    xy: npt.NDArray[np.float64]
    tail: Whole
    head: Whole
    length_mm: Whole


def prefecture(nodes: int, seed: int = 0) -> Prefecture:
    """Return a graph of so many nodes: a Delaunay triangulation thinned to mean degree 2.6, its spanning tree kept."""
    rng = np.random.default_rng(seed)
    xy = rng.random((nodes, 2)) * np.sqrt(nodes / _DENSITY)
    corners = Delaunay(xy).simplices
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    edges = np.unique(edges, axis=0)
    length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    tree = minimum_spanning_tree(coo_array((length, edges.T), shape=(nodes, nodes)).tocsr()).tocoo()
    low, high = np.minimum(tree.row, tree.col).astype(np.int64), np.maximum(tree.row, tree.col)
    kept = np.isin(edges[:, 0].astype(np.int64) * nodes + edges[:, 1], low * nodes + high)
    rest = np.flatnonzero(~kept)
    missing = int(_DEGREE * nodes / 2) - int(kept.sum())
    chosen = rest[np.argsort(length[rest] * rng.exponential(size=len(rest)), kind="stable")[:missing]]
    kept[chosen] = True
    place = rng.permutation(nodes)
    winding = 1 + 0.3 * rng.random(int(kept.sum()))
    where = np.empty_like(xy)
    where[place] = xy
    return Prefecture(
        where, place[edges[kept, 0]], place[edges[kept, 1]], np.rint(length[kept] * winding * 1000).astype(np.int64)
    )
