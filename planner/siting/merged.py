"""A question with demands of one kind as one demand: every plan is worth the same, and a prefecture fits into a table.

Two demands are of one kind where no plan tells them apart: whose costs differ by the same amount at every site that could
serve them (all who come out of one side road), or, where cover alone is asked, whom the same sites reach.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN
from planner.siting.reduce import pairs_of

Positions = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FEW = 200_000
"""Up to so many pairs a question is left as it is."""
_EXACT = 2**53
_MIX = np.uint64(0x9E3779B97F4A7C15)


def merged(instance: Instance, few: int = FEW) -> Instance:
    """Return the question of p-median or mclp with demands of one kind as one, by the id of the first.

    What everyone pays whatever is opened stands in `paid`. The same instance where it has `few` pairs or less, or where data
    are not whole, so that sums would be rounded otherwise. Statuses may be tightened afterwards, never loosened.
    """
    model, weight, costs = instance.question.model, instance.weight, instance.costs
    whole = costs.dtype.kind in "ui" and bool((weight == np.rint(weight)).all())
    if len(costs) <= few or model not in ("mclp", "p-median") or not whole:
        return instance
    if float(weight.sum()) * float(costs.max(initial=0)) >= _EXACT:
        return instance
    row, site, cost, paid = _told_apart(instance) if model == "p-median" else _within_reach(instance)
    start = np.searchsorted(row, np.arange(len(weight) + 1))
    group, first = _kinds(start, site, cost)
    pairs, size = pairs_of(start, first)
    return replace(
        instance,
        demand_ids=instance.demand_ids[first],
        weight=np.bincount(group, weight, len(first)).astype(np.float64),
        indptr=np.concatenate([np.zeros(1, np.int64), np.cumsum(size)]),
        indices=site[pairs],
        costs=cost[pairs],
        paid=instance.paid + float(paid @ weight),
    )


Pairs = tuple[Positions, Positions, npt.NDArray[np.uint32], npt.NDArray[np.float64]]


def _told_apart(instance: Instance) -> Pairs:
    """Return (row, site, cost) of the pairs that may serve, each row's least cost taken off, and those least costs.

    Beyond the nearest site that is open in every plan nobody goes.
    """
    row, site, cost = _usable(instance)
    beyond = np.full(len(instance.weight), _EXACT)
    np.minimum.at(beyond, row[instance.open_always[site]], cost[instance.open_always[site]])
    nearest = _first_of(row, instance.open_always[site] & (cost == beyond[row]))
    kept = (cost < beyond[row]) | nearest
    row, site, cost = row[kept], site[kept], cost[kept]
    least = np.full(len(instance.weight), _EXACT)
    np.minimum.at(least, row, cost)
    return row, site, (cost - least[row]).astype(np.uint32), np.where(least == _EXACT, 0, least).astype(float)


def _within_reach(instance: Instance) -> Pairs:
    """Return (row, site, 0) of the pairs that may serve; whom a site reaches that is open in every plan has that one."""
    row, site, _ = _usable(instance)
    standing = instance.open_always[site]
    served = np.bincount(row[standing], minlength=len(instance.weight)) > 0
    kept = ~served[row] | _first_of(row, standing)
    return row[kept], site[kept], np.zeros(int(kept.sum()), np.uint32), np.zeros(len(instance.weight))


def _usable(instance: Instance) -> tuple[Positions, Positions, Positions]:
    usable = instance.status[instance.indices] != FORBIDDEN
    return instance.row[usable], instance.indices[usable], instance.costs[usable].astype(np.int64)


def _first_of(row: Positions, marked: Bools) -> Bools:
    """Mark the first marked pair of each row; rows ascend."""
    at = np.flatnonzero(marked)
    first = np.zeros(len(row), np.bool_)
    first[at[np.r_[True, row[at][1:] != row[at][:-1]]]] = True
    return first


def _kinds(start: Positions, site: Positions, cost: npt.NDArray[Any]) -> tuple[Positions, Positions]:
    """Return (kind of each row, first row of each kind): rows of the same sites at the same costs are of one kind.

    Rows are compared by a number made of their pairs, and then with the first of that number; one that is another after all
    stays a kind of its own.
    """
    mixed = (site.astype(np.uint64) + np.uint64(1)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= cost.astype(np.uint64) * np.uint64(2) + np.uint64(1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    _, first, kind = np.unique(sums[start[1:]] - sums[start[:-1]], return_index=True, return_inverse=True)
    model = first[kind]
    own = np.flatnonzero(_differ(start, site, cost, model))
    model[own] = own
    first, kind = np.unique(model, return_inverse=True)
    return kind, first


def _differ(start: Positions, site: Positions, cost: npt.NDArray[Any], model: Positions) -> Bools:
    """Whether each row has other pairs than the row that it is to be like."""
    size = np.diff(start)
    differ = size != size[model]
    rows = np.flatnonzero(~differ & (model != np.arange(len(model))))
    (mine, count), (its, _) = pairs_of(start, rows), pairs_of(start, model[rows])
    odd = (site[mine] != site[its]) | (cost[mine] != cost[its])
    differ[np.repeat(rows, count)[odd]] = True
    return differ
