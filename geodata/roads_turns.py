"""Restrictions of turning, as OpenStreetMap's relations tell them → the turns of a RoadGraph that nobody drives."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product

import numpy as np

from planner.network import RoadGraph, Whole

Place = tuple[float, float]
"""(lon, lat) of a node of the file: what a node of a graph is known by."""

KEYS = ("restriction", "restriction:motor_vehicle", "restriction:motorcar")
"""From the most general to the most specific: what they say concerns a car."""
TIMED = tuple(f"{key}:conditional" for key in KEYS)
_TIMES = frozenset({"day_on", "day_off", "hour_on", "hour_off", *TIMED})
_EXCEPT = frozenset({"motorcar", "motor_vehicle", "vehicle", "emergency"})


@dataclass(frozen=True)
class Restriction:
    """Numbers of the ways from which and into which one does not turn at a node; `only`: one turns nowhere else.

    followed: whether it can be; not where it holds at times only, or leads over ways between.
    """

    from_ways: tuple[int, ...]
    node: int
    to_ways: tuple[int, ...]
    only: bool
    followed: bool


def restriction_of(tags: Mapping[str, str], members: Iterable[tuple[str, str, int]]) -> Restriction | None:
    """Return what a relation with these tags and members (role, type "n" or "w", number) says to a car; None where nothing.

    >>> via = [("from", "w", 1), ("via", "n", 5), ("to", "w", 2)]
    >>> restriction_of({"type": "restriction", "restriction": "no_left_turn"}, via)
    Restriction(from_ways=(1,), node=5, to_ways=(2,), only=False, followed=True)
    >>> restriction_of({"type": "restriction", "restriction": "no_left_turn", "except": "bus;motorcar"}, via)
    """
    kind = next((tags[key] for key in reversed(KEYS) if key in tags), "")
    timed = not _TIMES.isdisjoint(tags)
    if not tags.get("type", "").startswith("restriction") or not (kind or timed) or kind == "none":
        return None
    if not _EXCEPT.isdisjoint(one.strip() for one in tags.get("except", "").split(";")):
        return None
    members = list(members)
    come, at, go = (
        tuple(number for one, sort, number in members if (one, sort) == part)
        for part in (("from", "w"), ("via", "n"), ("to", "w"))
    )
    by_node = len(at) == sum(role == "via" for role, _, _ in members) == 1
    several = (len(come) > 1 and kind != "no_entry") or (len(go) > 1 and kind != "no_exit")
    followed = kind.startswith(("no_", "only_")) and by_node and bool(come and go) and not several and not timed
    return Restriction(come, at[0] if at else 0, go, kind.startswith("only_"), followed)


def barred_turns(
    graph: RoadGraph, found: Sequence[Restriction], places: Mapping[int, Place]
) -> tuple[Whole, int]:  # fmt: skip
    """Return the turns that nobody drives (see `RoadGraph.turns`), and how many restrictions on these roads are not followed.

    `places` are the nodes of the file that stand in the graph. Where a way runs on beyond the node, or the only way that is allowed
    is no road, it is not told which turn is meant.
    """
    edges = _edges_of(graph, {str(way) for one in found for way in (*one.from_ways, *one.to_ways)})
    barred: set[tuple[int, int, int]] = set()
    only: dict[tuple[int, int], set[int]] = {}
    missed = 0
    for one in found:
        if not one.followed:
            missed += any(str(way) in edges for way in one.from_ways)
            continue
        place = places.get(one.node)
        for come, go in product(one.from_ways, one.to_ways):
            into, out = _met(graph, edges, come, place, arrives=True), _met(graph, edges, go, place, arrives=False)
            if not into or not (out or one.only):
                continue  # nobody could turn so
            (edge, node), other = into[0], [edge for edge, there in out if there == into[0][1]]
            if len(into) > 1 or len(other) != 1:
                missed += 1
            elif one.only:
                only.setdefault((edge, node), set()).update(other)
            else:
                barred.add((edge, node, other[0]))
    around = _edges_at(graph, {node for _, node in only})
    barred |= {(*key, other) for key, allowed in only.items() for other in around[key[1]] - allowed}
    return np.array(sorted(barred), np.int64).reshape(-1, 3), missed


def _edges_of(graph: RoadGraph, ways: Set[str]) -> dict[str, list[int]]:
    """Return the edges of each way."""
    out: dict[str, list[int]] = {}
    for edge in np.flatnonzero([name in ways for name in graph.way_id]).tolist():
        out.setdefault(str(graph.way_id[edge]), []).append(edge)
    return out


def _edges_at(graph: RoadGraph, nodes: Set[int]) -> dict[int, set[int]]:
    """Return the edges that meet at each node."""
    out: dict[int, set[int]] = {node: set() for node in nodes}
    for ends in (graph.tail, graph.head):
        for edge in np.flatnonzero(np.isin(ends, list(nodes))).tolist():
            out[int(ends[edge])].add(edge)
    return out


def _met(
    graph: RoadGraph, edges: Mapping[str, list[int]], way: int, place: Place | None, *, arrives: bool
) -> list[tuple[int, int]]:  # fmt: skip
    """Return (edge, node) of each edge of a way by which one arrives at a place, or leaves it."""
    heads, tails = (graph.forward, graph.backward) if arrives else (graph.backward, graph.forward)
    return [
        (edge, int(node[edge]))
        for edge in edges.get(str(way), [])
        for node, driven in ((graph.head, heads), (graph.tail, tails))
        if driven[edge] and place == (graph.lon[node[edge]], graph.lat[node[edge]])
    ]
