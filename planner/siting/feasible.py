"""Whether a question has any plan, and the least that one of its numbers must give: the rules alone, as a programme."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array, eye_array, hstack, identity, vstack
from scipy.sparse.csgraph import connected_components

from planner import clock
from planner.errors import Text
from planner.siting.capacitated_model import Amounts, Bools, Positions, Rows, lookouts, stacked
from planner.siting.highs import Program, solve
from planner.siting.instance import Ids, Instance
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, FORCED, Limits, Quota
from planner.siting.reduce import Covers, covers_of, implied_rows, open_count, without_rows
from planner.text import exact_text, option_text, shares_apart

# The demands of a capacitated question that are locked in: sites too small for them, were all of them open (Hall).

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
    told = [_island_told(ends, *one) for one in parts[:_TOLD]]
    if len(parts) > _TOLD:
        more = len(parts) - _TOLD
        told.append(Text(f"另有 {more} 处同样容不下", f"{more} more places alike"))
    ids = ends.instance.demand_ids[ends.who[np.logical_or.reduce([some for _, _, some, _ in parts])]]
    return Text("；".join(one.zh for one in told), "; ".join(one.en for one in told)), tuple(ids)


def _island_told(ends: Ends, need: float, have: float, some: Bools, there: Bools) -> Text:
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


# Which rules of a question cannot be kept together: least sets of them, each found by leaving out one rule after another.

_NAMED = 20
"""So many ids are written out in a sentence; Clash.ids holds them all."""
_ORDER = ("p", "quota", "apart", "budget", "fixed", "forced", "barred", "min_load", "max_load", "single", "cover")
"""As rules are told. They are tried to be left out from the last to the first, but for cover, which loads and bans need."""
_LEAVE_OUT = (
    "single", "max_load", "min_load", "barred", "forced", "fixed", "cover", "apart", "quota", "budget", "p",
)  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """One rule, or all of a kind: `kind` names it, `detail` which one (a quota's place, why sites are barred or fixed)."""

    kind: str
    detail: str = ""
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind


@dataclass(frozen=True)
class Why:
    """Rules in conflict, in words, the ids that they are about, and the sets of them, of which each has no plan."""

    rule: Text
    ids: tuple[str, ...]
    sets: tuple[tuple[Atom, ...], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        found = {one.kind for atoms in self.sets for one in atoms}
        return tuple(one for one in _ORDER if one in found)


def conflicts(instance: Instance, limits: Limits) -> Why:
    """Return the rules in conflict of a question that is known to have no plan.

    Several sets that share no rule are told one after the other. Where time runs out a set may hold more than it must.
    """
    asker = _Asker(instance, clock.now() + limits.seconds, limits)
    atoms = _atoms(instance)
    sets: list[tuple[Atom, ...]] = []
    while atoms and asker.clash(atoms):
        found = _fewer_pairs(_least(atoms, asker.clash), asker.clash)
        sets.append(tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), one.detail))))
        atoms = [one for one in atoms if not any(one.key == other.key for other in found)]
    told = [_told(instance, one, limits) for one in sets]
    rule = (
        joined([one for one, _ in told], "；", "; ")
        if told
        else Text("各项要求不能同时满足", "the rules cannot all be kept")
    )
    return Why(rule, tuple(sorted({name for _, ids in told for name in ids})), tuple(sets))


@dataclass(frozen=True, eq=False)
class _Asker:
    instance: Instance
    ends: float
    limits: Limits

    def clash(self, atoms: Sequence[Atom]) -> bool:
        """Tell whether it is proven that no plan keeps these rules."""
        limits = replace(self.limits, seconds=max(self.ends - clock.now(), 0.0))
        serve = any(one.kind == "cover" for one in atoms)
        return plan_exists(with_only(self.instance, atoms), limits, serve=serve) is False


def _atoms(instance: Instance) -> list[Atom]:
    """Return the rules that are there, in the order in which they are tried to be left out."""
    asked, status = instance.question, instance.status
    there = {
        "p": asked.p is not None,
        "budget": asked.budget is not None,
        "forced": bool((status == FORCED).any()),
        "cover": must_serve_all(instance) or asked.model == "lscp",
        "min_load": asked.model == "capacitated" and bool((instance.min_load > 0).any()),
        "max_load": asked.model == "capacitated" and bool((instance.max_load < np.inf).any()),
        "single": asked.model == "capacitated" and not asked.split,
    }
    found = [Atom(kind) for kind, present in there.items() if present]
    found += [Atom("quota", str(at)) for at in range(len(asked.quotas))]
    found += [Atom("apart", pairs=tuple(instance.apart))] if instance.apart else []
    for kind, which in (("barred", FORBIDDEN), ("fixed", FIXED)):
        found += [Atom(kind, why) for why in sorted(set(instance.reasons[status == which]))]
    return sorted(found, key=lambda one: _LEAVE_OUT.index(one.kind))


def with_only(instance: Instance, atoms: Sequence[Atom]) -> Instance:
    """Return the instance without any rule but these (`cover` is not its own: see plan_exists)."""
    keys, asked = {one.key for one in atoms}, instance.question
    pairs = [pair for one in atoms for pair in one.pairs]
    status, ids = instance.status.copy(), instance.site_ids
    if "forced" not in keys:
        status[status == FORCED] = CANDIDATE
    for kind, which in (("barred", FORBIDDEN), ("fixed", FIXED)):
        for at in np.flatnonzero(status == which):
            if Atom(kind, str(instance.reasons[at])).key not in keys:
                status[at] = CANDIDATE
    question = replace(
        asked,
        p=asked.p if "p" in keys else None,
        budget=asked.budget if "budget" in keys else None,
        quotas=tuple(
            one if Atom("quota", str(at)).key in keys else Quota(one.group) for at, one in enumerate(asked.quotas)
        ),
        apart=tuple((str(ids[one]), str(ids[other])) for one, other in pairs),
        split=asked.split or "single" not in keys,
    )
    low = instance.min_load if "min_load" in keys else np.zeros_like(instance.min_load)
    high = instance.max_load if "max_load" in keys else np.full_like(instance.max_load, np.inf)
    return replace(instance, question=question, status=status, min_load=low, max_load=high)


def _least(atoms: Sequence[Atom], clash: Callable[[Sequence[Atom]], bool]) -> list[Atom]:
    """Return the rules of a clash of which none can be left out (a deletion filter)."""
    kept = list(atoms)
    for one in atoms:
        fewer = [other for other in kept if other is not one]
        if clash(fewer):
            kept = fewer
    return kept


def _fewer_pairs(atoms: list[Atom], clash: Callable[[Sequence[Atom]], bool]) -> list[Atom]:
    """Return the clash with the spacing as the few pairs that it needs: halves, then smaller parts, are left out."""
    others = [one for one in atoms if one.kind != "apart"]
    pairs = [pair for one in atoms for pair in one.pairs]
    size = (len(pairs) + 1) // 2
    while pairs and size:
        at = 0
        while at < len(pairs):
            fewer = pairs[:at] + pairs[at + size :]
            if fewer and clash([*others, Atom("apart", pairs=tuple(fewer))]):
                pairs = fewer
            else:
                at += size
        size = size // 2
    return [*others, *([Atom("apart", pairs=tuple(pairs))] if pairs else [])]


# In words


def _told(instance: Instance, atoms: Sequence[Atom], limits: Limits) -> tuple[Text, tuple[str, ...]]:
    """Return what is told of one set of rules, and the ids that it is about."""
    kinds = {one.kind for one in atoms}
    if "cover" in kinds and out_of_reach(instance):
        return _lost(instance)
    if kinds <= {"cover", "barred"} and instance.question.share < 1:
        return _too_little(instance)
    if kinds <= {"cover", "barred", "max_load", "single"} and "max_load" in kinds:
        rule, ids = island(Ends.of(instance), limits)
        if rule is not None:
            return rule, ids
    rule = _sentence([_name(instance, one) for one in atoms])
    ids = tuple(name for one in atoms for name in _ids(instance, one))
    if "cover" not in kinds or instance.question.share < 1 or kinds & {"max_load", "min_load", "single"}:
        return rule, ids
    left = uncovered(instance, limits)
    if not left:
        return rule, ids
    more = Text(
        f"：至少有 {len(left)} 个需求点够不着任何开放站点，如 {listed(left)}",
        f": at least {len(left)} demands reach no open site, such as {listed(left)}",
    )
    return Text(rule.zh + more.zh, rule.en + more.en), (*ids, *left)


def _lost(instance: Instance) -> tuple[Text, tuple[str, ...]]:
    ids = tuple(map(str, instance.demand_ids[instance.unreachable]))
    barred = int((np.diff(instance.indptr)[instance.unreachable] > 0).sum())
    part = Text(f"（其中 {barred} 个只有禁选的站点够得着）", f" ({barred} are reached by forbidden sites alone)")
    part = part if barred else Text("", "")
    return Text(
        f"{len(ids)} 个需求点没有任何候选点够得着{part.zh}：{listed(ids)}",
        f"no site reaches {len(ids)} demands{part.en}: {listed(ids)}",
    ), ids


def _too_little(instance: Instance) -> tuple[Text, tuple[str, ...]]:
    total, out = float(instance.weight.sum()), instance.unreachable
    able, asked = 1 - float(instance.weight[out].sum()) / total, instance.question.share
    wanted, most = shares_apart([asked, able])
    return Text(
        f"要求覆盖 {wanted}，全部候选点一起只能覆盖 {most}",
        f"{wanted} is to be covered, but all sites together cover {most}",
    ), tuple(map(str, instance.demand_ids[out]))


def _ids(instance: Instance, atom: Atom) -> tuple[str, ...]:
    """Return the sites that a rule is about; none for p, budget, loads and cover."""
    ids, status = instance.site_ids, instance.status
    if atom.kind == "quota":
        mine = instance.counted & (instance.group == instance.question.quotas[int(atom.detail)].group)
        return tuple(ids[mine])
    if atom.kind == "apart":
        return tuple(str(ids[end]) for pair in atom.pairs for end in pair)
    if atom.kind == "forced":
        return tuple(ids[status == FORCED])
    which = {"fixed": FIXED, "barred": FORBIDDEN}.get(atom.kind)
    return () if which is None else tuple(ids[(status == which) & (instance.reasons == atom.detail)])


def _name(instance: Instance, atom: Atom) -> Text:
    """Return a rule's name with its number and ids."""
    asked, named = instance.question, _ids(instance, atom)
    if atom.kind == "quota":
        return _of_quota(asked.quotas[int(atom.detail)])
    if atom.kind == "apart":
        ids = instance.site_ids
        zh = listed([f"{ids[one]} 与 {ids[other]}" for one, other in atom.pairs])
        en = listed([f"{ids[one]} and {ids[other]}" for one, other in atom.pairs])
        return Text(f"间距（{zh}）", f"the spacing ({en})")
    if atom.kind == "barred" and atom.detail:
        return Text(f"{len(named)} 个不能选的点（{atom.detail}）", f"{len(named)} sites that may not be chosen")
    if atom.kind == "fixed" and atom.detail:
        return Text(f"{atom.detail}（{listed(named)}）", f"the sites that stand ({listed(named)})")
    return {
        "p": Text(f"个数 p = {asked.p}", f"p = {asked.p}"),
        "budget": Text(f"预算 {number(asked.budget or 0)}", f"the budget of {number(asked.budget or 0)}"),
        "fixed": Text(f"固定的站点（{listed(named)}）", f"the sites that are settled ({listed(named)})"),
        "forced": Text(f"必选的站点（{listed(named)}）", f"the sites that must be open ({listed(named)})"),
        "barred": Text(f"禁选的站点（{listed(named)}）", f"the forbidden sites ({listed(named)})"),
        "min_load": Text("站点的最低负荷", "the lower loads"),
        "max_load": Text("站点的容量", "the upper loads"),
        "single": Text("每个需求点只归一个站点的要求", "the rule of one site for each demand"),
        "cover": _cover(instance),
    }[atom.kind]


def _cover(instance: Instance) -> Text:
    asked = instance.question
    if asked.share < 1:
        return Text(
            f"覆盖比例 {option_text(asked.share)} 的要求", f"the cover of a share of {option_text(asked.share)}"
        )
    if asked.model in ("lscp", "backup"):
        return Text("全部覆盖的要求", "the cover of every demand")
    return Text("服务全部需求的要求", "the service of every demand")


def _of_quota(quota: Quota) -> Text:
    if quota.why is not None:
        return Text(f"{quota.called}{quota.why.zh}", f"'{quota.group}': {quota.why.en}")
    low, high = quota.at_least, quota.at_most
    if high is None:
        return Text(f"{quota.called}至少 {low} 个的配额", f"at least {low} sites in '{quota.group}'")
    if not low:
        return Text(f"{quota.called}至多 {high} 个的配额", f"at most {high} sites in '{quota.group}'")
    return Text(f"{quota.called}{low}～{high} 个的配额", f"{low} to {high} sites in '{quota.group}'")


def _sentence(names: Sequence[Text]) -> Text:
    if len(names) == 1:
        return Text(_spaced(names[0].zh, "不能满足"), f"{names[0].en} cannot be had")
    others = "、".join(one.zh for one in names[1:])
    zh = _spaced(_spaced(names[0].zh, "与"), others)
    en = f"{', '.join(one.en for one in names[:-1])} and {names[-1].en}"
    return Text(_spaced(zh, "不能同时满足"), f"{en} cannot all be kept")


def _spaced(one: str, other: str) -> str:
    """Join two words, with a space where one is Chinese and the other is not."""
    return f"{one} {other}" if one[-1].isascii() or other[0].isascii() else one + other


def listed(ids: Sequence[str]) -> str:
    """Return the ids for a sentence, the first few of many."""
    named = "、".join(map(str, ids[:_NAMED]))
    return named if len(ids) <= _NAMED else f"{named}……（{len(ids)}）"


def joined(parts: Iterable[Text], zh: str, en: str) -> Text:
    """Return the sentences as one."""
    parts = list(parts)
    return Text(zh.join(one.zh for one in parts), en.join(one.en for one in parts))


def number(value: float) -> str:
    """Return a number for a sentence: no digit that is not there."""
    return option_text(value)
