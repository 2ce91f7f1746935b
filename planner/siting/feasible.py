"""Whether a question has any plan, and the least that one of its numbers must give: the rules alone, as a programme."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

from planner.siting.capacitated_model import Rows, lookouts, stacked
from planner.siting.highs import Program, solve
from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.reduce import Covers, covers_of, implied_rows, open_count, without_rows

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Gives = Literal["", "max_load", "min_load"]
"""Which loads may be broken."""


@dataclass(frozen=True, eq=False)
class Least:
    """The least value of a sum: whether there is any plan (None: not known in time), the plan, and whether it is proven.

    opened   a mask of the sites
    more     the values of the columns behind the sites
    """

    exists: bool | None
    opened: Bools
    more: Amounts
    proven: bool


def must_serve_all(instance: Instance) -> bool:
    """Whether every demand (that a site may reach, where others may be left out) is to be served.

    Of mclp and of backup with p nobody must be, of lscp with a share below 1 not everyone.
    """
    asked = instance.question
    return (asked.model not in ("mclp", "backup") and asked.share >= 1) or (asked.model == "backup" and asked.p is None)


def out_of_reach(instance: Instance) -> bool:
    """Whether somebody must be served whom no site reaches that may be open."""
    strict = must_serve_all(instance) and not instance.question.allow_unreachable
    return strict and bool(instance.unreachable.any())


def plan_exists(instance: Instance, limits: Limits, *, serve: bool = True) -> bool | None:
    """Whether any plan keeps the question's rules; None where time did not suffice. `serve`: whether anyone must be served."""
    if serve and out_of_reach(instance):
        return False
    return _solved(rules_of(instance, serve=serve), len(instance.site_ids), replace(limits, gap=1.0)).exists


def least(program: Program, sites: int, value: Amounts, limits: Limits, at_least: float | None = None) -> Least:
    """Return the plan of the least Σ value × column (no less than `at_least`, where that is given)."""
    cost = np.concatenate([value, np.zeros(len(program.cost) - len(value))])
    if at_least is not None:
        row = csr_array(cost[None])
        program = replace(
            program,
            rows=csr_array(vstack([program.rows, row])),
            low=np.concatenate([program.low, [at_least]]),
            high=np.concatenate([program.high, [np.inf]]),
        )
    return _solved(replace(program, cost=cost), sites, replace(limits, gap=0.0))


def _solved(program: Program, sites: int, limits: Limits) -> Least:
    answer = solve(program, limits)
    exists = {"optimal": True, "feasible": True, "infeasible": False}.get(answer.status)
    opened = answer.values[:sites] > 0.5
    return Least(exists, opened, answer.values[sites:], answer.status == "optimal")


def rules_of(instance: Instance, *, serve: bool = True) -> Program:
    """Return what any plan keeps, at no cost: columns of the sites, then (loads) one for each pair, or (a share) each row.

    serve: with False nobody must be served; lower loads must be filled all the same
    """
    asked = instance.question
    if asked.model == "capacitated":
        return loads_of(instance, "", serve=serve)
    program = _of_sites(instance)
    if serve and asked.model == "lscp" and asked.share < 1:
        covers, done = share_rows(instance)
        need = asked.share * instance.share_of - done
        slack = 1e-9 * float(instance.weight.sum())
        total = hstack([csr_array((1, len(instance.site_ids))), csr_array(covers.weight[None])])
        return _with_rows(with_covered(program, instance, covers), csr_array(total), np.array([need - slack]))
    if serve and must_serve_all(instance):
        covers = cover_rows(instance)
        return _with_rows(program, over_sites(instance, covers), np.ones(covers.rows))
    return program


def _of_sites(instance: Instance) -> Program:
    rows, low, high = instance.site_rules
    width = len(instance.site_ids)
    top = np.where(instance.status == FORBIDDEN, 0.0, 1.0)
    return Program(np.zeros(width), rows, low, high, instance.open_always.astype(float), top, np.ones(width, np.bool_))


def _with_rows(program: Program, rows: csr_array, low: Amounts) -> Program:
    """Return the programme with rows ≥ low, over its first columns."""
    wide = hstack([rows, csr_array((rows.shape[0], len(program.cost) - rows.shape[1]))])
    return replace(
        program,
        rows=csr_array(vstack([program.rows, wide])),
        low=np.concatenate([program.low, low]),
        high=np.concatenate([program.high, np.full(len(low), np.inf)]),
    )


def with_columns(program: Program, rows: csr_array, upper: Amounts) -> Program:
    """Return the programme with more columns between 0 and `upper`; `rows`: what they add to its rows."""
    more = len(upper)
    return replace(
        program,
        cost=np.concatenate([program.cost, np.zeros(more)]),
        rows=csr_array(hstack([program.rows, rows])),
        lower=np.concatenate([program.lower, np.zeros(more)]),
        upper=np.concatenate([program.upper, upper]),
        whole=np.concatenate([program.whole, np.zeros(more, np.bool_)]),
    )


def cover_rows(instance: Instance) -> Covers:
    """Return the cover sets, over the sites to decide on, of those who are to be served and are not yet."""
    count = open_count(instance)
    kept = ~instance.unreachable if count is None else ~instance.unreachable & (count == 0)
    covers = covers_of(instance, instance.weight, None, kept)
    return without_rows(covers, implied_rows(covers))


def share_rows(instance: Instance) -> tuple[Covers, float]:
    """Return (the cover sets of those not covered yet, with their weight; the weight that is covered anyway)."""
    count = open_count(instance)
    kept = instance.weight > 0 if count is None else (instance.weight > 0) & (count == 0)
    done = 0.0 if count is None else float(instance.weight[count > 0].sum())
    return covers_of(instance, instance.weight, None, kept), done


def over_sites(instance: Instance, covers: Covers) -> csr_array:
    """Return the cover sets as rows over all sites."""
    pairs = covers.matrix.tocoo()
    row, column = pairs.coords
    return csr_array((pairs.data, (row, covers.sites[column])), shape=(covers.rows, len(instance.site_ids)))


def with_covered(program: Program, instance: Instance, covers: Covers) -> Program:
    """Return the programme with a column y ≤ Σ x for each cover set, behind those of the sites."""
    program = with_columns(program, csr_array((program.rows.shape[0], covers.rows)), np.ones(covers.rows))
    link = csr_array(hstack([over_sites(instance, covers), -eye_array(covers.rows)]))
    return _with_rows(program, link, np.zeros(covers.rows))


def uncovered(instance: Instance, limits: Limits) -> tuple[str, ...]:
    """Return the ids of the fewest demands that some set of sites leaves without one in reach; none: not known, or none."""
    count = open_count(instance)
    kept = ~instance.unreachable if count is None else ~instance.unreachable & (count == 0)
    covers = covers_of(instance, np.ones(len(instance.weight)), None, kept)
    program = with_covered(_of_sites(instance), instance, covers)
    found = least(
        program, len(instance.site_ids), np.concatenate([np.zeros(len(instance.site_ids)), -covers.weight]), limits
    )
    if not found.exists:
        return ()
    reached = np.bincount(instance.row, found.opened[instance.indices], len(instance.weight)) > 0
    return tuple(map(str, instance.demand_ids[~reached & ~instance.unreachable]))


def loads_of(instance: Instance, gives: Gives, *, serve: bool = True) -> Program:
    """Return the programme of serving everyone within the loads, over sites, pairs, and by how much each load gives.

    gives: which loads may be broken; the last columns tell, for every site, by how much, in parts of the whole weight.
    """
    usable, weight = instance.status != FORBIDDEN, instance.weight[instance.row]
    kept = usable[instance.indices] & (weight > 0)
    if gives != "max_load" and not instance.question.split:
        kept &= weight <= instance.max_load[instance.indices]
    row, site, weight = instance.row[kept], instance.indices[kept], weight[kept]
    sites, pairs, total = len(usable), len(row), float(instance.weight.sum()) or 1.0
    reach = np.bincount(site, weight, sites) / total
    high = np.minimum(instance.max_load / total, reach)
    who = np.flatnonzero((instance.weight > 0) & ~instance.unreachable)
    place = np.searchsorted(who, row)
    one, none = eye_array(sites), csr_array((sites, sites))
    served = csr_array((np.ones(pairs), (place, np.arange(pairs))), shape=(len(who), pairs))
    load = csr_array((weight / total, (site, np.arange(pairs))), shape=(sites, pairs))
    rules, low, top = stacked(instance.site_rules, *([lookouts(instance, usable)] if serve else []))
    inf, zero = np.full(sites, np.inf), np.zeros(sites)
    room = reach if gives == "max_load" else high
    need = zero if gives == "min_load" else instance.min_load / total
    implied = _implied(room, need, float(instance.weight[who].sum()) / total, serve=serve)
    rules, low, top = stacked((rules, low, top), implied)
    rows = vstack(
        [
            hstack([csr_array((len(who), sites)), served, csr_array((len(who), sites))]),
            hstack([diags_array(-reach), load, none]),
            hstack([diags_array(-high), load, -one if gives == "max_load" else none]),
            hstack([diags_array(-instance.min_load / total), load, one if gives == "min_load" else none]),
            hstack([rules, csr_array((rules.shape[0], pairs + sites))]),
        ]
    )
    lower, upper = instance.open_always.astype(float), usable.astype(float)
    more = np.where((gives == "max_load") & (instance.max_load < np.inf), np.inf, 0.0)
    less = instance.min_load / total if gives == "min_load" else zero
    return Program(
        np.zeros(sites + pairs + sites),
        csr_array(rows),
        np.concatenate([np.full(len(who), float(serve)), -inf, -inf, zero, low]),
        np.concatenate([np.ones(len(who)), zero, zero, inf, top]),
        np.concatenate([lower, np.zeros(pairs + sites)]),
        np.concatenate([upper, np.ones(pairs), np.maximum(more, less)]),
        np.concatenate(
            [np.ones(sites, np.bool_), np.full(pairs, not instance.question.split), np.zeros(sites, np.bool_)]
        ),
    )


def _implied(room: Amounts, need: Amounts, all_weight: float, *, serve: bool) -> Rows:
    """Return what loads imply of the sites alone: room for all, all for the lower loads; the solver is much the faster for it."""
    slack = 1e-9
    low, high = np.array([all_weight - slack if serve else 0.0, -np.inf]), np.array([np.inf, all_weight + slack])
    return csr_array(np.vstack([room, need])), low, high


def with_pairs(program: Program, pairs: list[tuple[int, int]]) -> Program:
    """Return the programme with a column for each pair of sites, behind all others, that is 1 where both are open."""
    count, width = len(pairs), len(program.cost)
    program = with_columns(program, csr_array((program.rows.shape[0], count)), np.ones(count))
    row, ends = np.arange(count), np.array(pairs, np.int64).reshape(count, 2)
    one = np.ones(count)
    link = csr_array(
        (np.concatenate([-one, -one, one]), (np.concatenate([row] * 3), np.concatenate([*ends.T, width + row]))),
        shape=(count, width + count),
    )
    return _with_rows(program, link, -one)
