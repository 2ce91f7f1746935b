"""Connection as flow: from each open centre one unit of its colour goes to each of its communities, through its own alone.

Where cuts come in too slowly, the solver is given this once, beside the cuts found, on the pairs that are left.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner.districts.case import Amounts, Case, Whole
from planner.districts.model import Model
from planner.siting.highs import Program


def with_flow(model: Model, program: Program) -> Program:
    """Return the programme with flows on the arcs between allowed pairs of one centre, none into the centre's own unit.

    What comes into a unit less what leaves it is 1 where it is the centre's, else 0; nothing comes in where it is not.
    """
    tail, head, center = arcs_of(model)
    case, (unit, middle) = model.case, model.pairs
    width, count, arcs = len(program.cost), len(unit), len(tail)
    into, out = model.column[head, center], model.column[tail, center]
    inner = np.flatnonzero(unit != case.seat[middle])
    place = np.full(count, -1, np.int64)
    place[inner] = np.arange(len(inner))
    ones, each = np.ones(arcs), np.arange(arcs)
    coming = csr_array((ones, (place[into], each)), shape=(len(inner), arcs))
    away = out[place[out] >= 0]
    leaving = csr_array((np.ones(len(away)), (place[away], each[place[out] >= 0])), shape=(len(inner), arcs))
    mine = csr_array((np.ones(len(inner)), (np.arange(len(inner)), inner)), shape=(len(inner), width))
    most = _most_units(case)[middle[inner]]
    through = csr_array((most, (np.arange(len(inner)), inner)), shape=(len(inner), width))
    rows = vstack(
        [
            hstack([program.rows, csr_array((program.rows.shape[0], arcs))]),
            hstack([-mine, coming - leaving]),
            hstack([-through, coming]),
        ]
    )
    none, low = np.zeros(len(inner)), np.full(len(inner), -np.inf)
    return replace(
        program,
        cost=np.concatenate([program.cost, np.zeros(arcs)]),
        rows=csr_array(rows),
        low=np.concatenate([program.low, none, low]),
        high=np.concatenate([program.high, none, none]),
        lower=np.concatenate([program.lower, np.zeros(arcs)]),
        upper=np.concatenate([program.upper, np.full(arcs, float(len(case.unit_ids)))]),
        whole=np.concatenate([program.whole, np.zeros(arcs, np.bool_)]),
    )


def arcs_of(model: Model) -> tuple[Whole, Whole, Whole]:
    """Return (tail, head, centre) of every arc between neighbours that may both go to the centre."""
    edges = np.array(model.case.edges, np.int64).reshape(-1, 2)
    both = np.concatenate([edges, edges[:, ::-1]])
    fits = model.allowed[both[:, 0]] & model.allowed[both[:, 1]]
    fits &= both[:, 1][:, None] != model.case.seat[None, :]
    arc, center = np.nonzero(fits)
    return both[arc, 0], both[arc, 1], center.astype(np.int64)


def flow_values(model: Model, values: Amounts) -> Amounts:
    """Return a plan's values with the flows that carry it: along a tree from each centre."""
    tail, head, center = arcs_of(model)
    place = {key: at for at, key in enumerate(zip(tail.tolist(), head.tolist(), center.tolist(), strict=True))}
    flows, case = np.zeros(len(tail)), model.case
    owner = model.owner_of(values[: len(model.pairs[0])])
    for middle in np.flatnonzero(case.opened(owner)).tolist():
        seat, mine = int(case.seat[middle]), set(np.flatnonzero(owner == middle).tolist())
        order, parent = [seat], {seat: -1}
        for one in order:
            for other in case.near[one]:
                if other in mine and other not in parent:
                    parent[other] = one
                    order.append(other)
        below = dict.fromkeys(order, 1)
        for one in order[:0:-1]:
            below[parent[one]] += below[one]
            flows[place[(parent[one], one, middle)]] = below[one]
    return np.concatenate([values, flows])


def _most_units(case: Case) -> Amounts:
    """Return the most units that any district of each centre may hold: the smallest ones, up to its upper bound."""
    people = np.cumsum(np.sort(case.people))
    return np.searchsorted(people, case.high, "right").astype(float)
