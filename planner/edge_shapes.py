"""The shapes of a graph's edges: as lines, and which of them a polygon or a list of way ids closes."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
from shapely import Geometry, STRtree, linestrings

from planner.network import RoadGraph, Whole


def edge_lines(graph: RoadGraph) -> npt.NDArray[np.object_]:
    """Return each edge as a line from tail to head, in degrees (lon, lat)."""
    degrees = np.column_stack([graph.shape_lon, graph.shape_lat])
    owner = np.repeat(np.arange(len(graph.tail)), np.diff(graph.shape_start))
    return np.asarray(linestrings(degrees, indices=owner)) if len(owner) else np.empty(0, object)


def edges_meeting(graph: RoadGraph, polygon: Geometry) -> Whole:
    """Return the positions of the edges that meet the polygon (lon, lat), its border included, in rising order.

    >>> from shapely import box
    >>> from planner.network import graph_of_edges
    >>> street = {"tail": np.array([0, 1]), "head": np.array([1, 2])}
    >>> graph = graph_of_edges(lon=np.array([101.70, 101.71, 101.72]), lat=np.full(3, 26.6), **street)
    >>> edges_meeting(graph, box(101.715, 26.59, 101.73, 26.61)).tolist()
    [1]
    """
    return np.sort(STRtree(edge_lines(graph)).query(polygon, predicate="intersects")).astype(np.int64)


def unknown_ways(graph: RoadGraph, ways: Collection[str]) -> list[str]:
    """Return, sorted, the way ids that no edge carries; an edge made of several ways carries each of them ("8;70")."""
    known = {way for ways in np.unique(graph.way_id.astype(str)) for way in ways.split(";")}
    return sorted(set(ways) - known)
