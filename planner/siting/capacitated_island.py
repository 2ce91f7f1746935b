"""The demands of a capacitated question that are locked in: sites too small for them, were all of them open (Hall)."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack, identity, vstack
from scipy.sparse.csgraph import connected_components

from planner.errors import Text
from planner.siting.capacitated_model import Amounts, Bools, Positions
from planner.siting.highs import Program, solve
from planner.siting.instance import Ids, Instance
from planner.siting.question import FORBIDDEN, Limits
from planner.text import exact_text

NAMED = 8
SEEN = 1e-6
_TOLD = 5
Reason = tuple[Text | None, tuple[str, ...]]
NO_REASON: Reason = (None, ())


def named(ids: Ids) -> Text:
    """Return the ids for a sentence, the first few of many."""
    shown = [str(one) for one in ids[:NAMED]]
    more = len(ids) > NAMED
    return Text(
        "、".join(shown) + (f" 等 {len(ids)} 个" if more else ""),
        ", ".join(shown) + (f" … {len(ids)} in all" if more else ""),
    )


@dataclass(frozen=True, eq=False)
class Ends:
    """The demands to be served and every pair of them with a usable site."""

    instance: Instance
    who: Positions
    row: Positions
    site: Positions
    usable: Bools

    @staticmethod
    def of(instance: Instance) -> "Ends":
        usable = instance.status != FORBIDDEN
        who = np.flatnonzero((instance.weight > 0) & ~instance.unreachable)
        kept = usable[instance.indices] & (instance.weight[instance.row] > 0)
        return Ends(instance, who, np.searchsorted(who, instance.row[kept]), instance.indices[kept], usable)

    @property
    def weight(self) -> Amounts:
        return self.instance.weight[self.who]

    @property
    def total(self) -> float:
        return float(self.weight.sum())

    @property
    def unit(self) -> float:
        """What loads are divided by, so that every row is of one size."""
        return self.total or 1.0

    @property
    def capacity(self) -> Amounts:
        """The most each site may serve; where none is given, everyone."""
        return np.where(self.usable, np.minimum(self.instance.max_load, self.total), 0.0)

    def shares(self) -> tuple[csr_array, csr_array]:
        """Return (who is served, in shares; what each site carries, in parts of the total) by pair."""
        pairs, at = len(self.row), np.arange(len(self.row))
        served = csr_array((np.ones(pairs), (self.row, at)), shape=(len(self.who), pairs))
        part = self.weight[self.row] / self.unit
        return served, csr_array((part, (self.site, at)), shape=(len(self.usable), pairs))


def island(ends: Ends, limits: Limits) -> Reason:
    """Tell which demands have only sites whose capacity is too small for them, were all of them open.

    From a greatest flow the demands are followed that it leaves unserved: to every site they reach (all of them full), to
    the demands those sites serve, and on. Each connected part of what is met is one such island.
    """
    flow, lost = _greatest_flow(ends, limits)
    if not len(lost) or not (lost > SEEN).any():
        return NO_REASON
    who, sites = _closed(ends, flow > SEEN, lost > SEEN)
    parts = []
    for some, there in _parts(ends, who, sites):
        need, have = float(ends.weight[some].sum()), float(ends.capacity[there].sum())
        if need - have > SEEN * ends.unit:
            parts.append((need, have, some, there))
    parts.sort(key=lambda one: one[1] - one[0])
    if not parts:
        return NO_REASON
    told = [_told(ends, *one) for one in parts[:_TOLD]]
    if len(parts) > _TOLD:
        more = len(parts) - _TOLD
        told.append(Text(f"另有 {more} 处同样容不下", f"{more} more places alike"))
    ids = ends.instance.demand_ids[ends.who[np.logical_or.reduce([some for _, _, some, _ in parts])]]
    return Text("；".join(one.zh for one in told), "; ".join(one.en for one in told)), tuple(ids)


def _told(ends: Ends, need: float, have: float, some: Bools, there: Bools) -> Text:
    who, sites = named(ends.instance.demand_ids[ends.who[some]]), named(ends.instance.site_ids[there])
    lack = exact_text(need - have)
    return Text(
        f"需求点 {who.zh} 共 {exact_text(need)}，只能到 {sites.zh}，全部开放也只容 {exact_text(have)}，缺 {lack}",
        f"demand points {who.en} weigh {exact_text(need)} and reach only {sites.en}, which carry {exact_text(have)} if all are "
        f"open; {lack} is missing",
    )


def _greatest_flow(ends: Ends, limits: Limits) -> tuple[Amounts, Amounts]:
    """Return (share of its demand that each pair carries, share of each demand left over); empty without time."""
    served, load = ends.shares()
    pairs, count = len(ends.row), len(ends.who)
    program = Program(
        np.concatenate([np.zeros(pairs), ends.weight / ends.unit]),
        csr_array(vstack([hstack([served, identity(count)]), hstack([load, csr_array((load.shape[0], count))])])),
        np.concatenate([np.ones(count), np.full(load.shape[0], -np.inf)]),
        np.concatenate([np.ones(count), ends.capacity / ends.unit]),
        np.zeros(pairs + count),
        np.ones(pairs + count),
        np.zeros(pairs + count, np.bool_),
    )
    solved = solve(program, limits)
    if solved.status != "optimal":
        return np.zeros(0), np.zeros(0)
    return solved.values[:pairs], solved.values[pairs:]


def _closed(ends: Ends, carries: Bools, lost: Bools) -> tuple[Bools, Bools]:
    """Return the demands and sites met from the lost demands: the source's side of the least cut."""
    who, sites = lost.copy(), np.zeros(len(ends.usable), np.bool_)
    while True:
        sites[ends.site[who[ends.row]]] = True
        more = who.copy()
        more[ends.row[carries & sites[ends.site]]] = True
        if (more == who).all():
            return who, sites
        who = more


def _parts(ends: Ends, who: Bools, sites: Bools) -> list[tuple[Bools, Bools]]:
    """Return the connected parts (demands, sites) of what was met."""
    count, width = len(who), len(sites)
    kept = who[ends.row]
    ones = np.ones(int(kept.sum()), np.int8)
    graph = coo_array((ones, (ends.row[kept], count + ends.site[kept])), shape=(count + width, count + width))
    label = connected_components(graph, directed=False)[1]
    return [(who & (label[:count] == one), sites & (label[count:] == one)) for one in np.unique(label[:count][who])]
