"""Why a capacitated question has no plan: the first reason that holds, and the least change of loads that mends it."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack, identity, vstack

from planner.errors import Text
from planner.siting.capacitated_island import NAMED, NO_REASON, SEEN, Ends, Reason, island, named, number
from planner.siting.capacitated_model import Amounts, lookouts, network_of, program_of, stacked
from planner.siting.clash import Also, rules_clash
from planner.siting.cover_clash import Nearest, unreachable_clash
from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.siting import Clash


def loads_clash(instance: Instance, limits: Limits, nearest: Nearest | None) -> Clash:
    """Return why no plan serves everyone within the loads."""
    lost = unreachable_clash(instance, nearest)
    if lost is not None:
        return lost
    freed = _eased(instance, limits)
    easier = None if freed is None else freed.change
    found = rules_clash(instance, limits) or _uncovered(instance, limits)
    if found is not None:
        return found if easier is None else replace(found, change=easier)
    ends = Ends.of(instance)
    loads, sites = _least_change(ends, limits)
    for reason in (island, _hollow):  # no change of p or of another rule on sites helps against these
        rule, ids = reason(ends, limits)
        if rule is not None:
            return Clash(rule, ids, loads)
    change = loads if easier is None else Text(f"{easier.zh}；或者，{loads.zh}", f"{easier.en}; or {loads.en}")
    for reason in (_too_little, _too_much):
        rule, ids = reason(ends, limits)
        if rule is not None:
            return Clash(rule, ids, change)
    rule = Text(
        "站点的容量下限、上限与其余规则（p、配额、间距、预算、整户分配）不能同时满足",
        "the loads of the sites and the other rules (p, quotas, spacing, budget, single source) cannot all be kept",
    )
    if freed is not None:
        return Clash(freed.rule, tuple(sorted({*freed.ids, *sites})), change)
    return Clash(rule, sites, change)


def _eased(instance: Instance, limits: Limits) -> Clash | None:
    """Return the rules on sites in conflict with the loads, and the least change of them that makes a plan possible.

    None where no change does or it is not known. Only for demands that may be split: a demand that goes whole to one site asks for more.
    """
    bare = replace(instance.question, p=None, quotas=(), apart=(), budget=None)
    if bare == instance.question or not instance.question.split:
        return None
    net = network_of(instance.asking(bare))
    program = program_of(net, np.zeros(0, np.int64), whole=True)
    if solve(program, limits).status not in ("optimal", "feasible"):
        return None
    said = Text("在容量上下限内服务全部需求的要求", "serving every demand within the loads")
    return rules_clash(instance, limits, Also(program.rows, program.low, program.high, said))


def _bounds(instance: Instance) -> tuple[Amounts, Amounts]:
    return instance.open_always.astype(float), (instance.status != FORBIDDEN).astype(float)


def _over_sites(instance: Instance, value: Amounts, limits: Limits) -> Solved:
    """Return the least Σ value·x over the sets of sites that keep the rules on sites."""
    rules, low, high = instance.site_rules
    lower, upper = _bounds(instance)
    return solve(Program(value, rules, low, high, lower, upper, np.ones(len(value), np.bool_)), limits)


def _uncovered(instance: Instance, limits: Limits) -> Clash | None:
    """Return the clash of rules that leave some demands without an open site in reach, whatever is chosen."""
    who, sites = np.flatnonzero(~instance.unreachable), len(instance.site_ids)
    place = np.full(len(instance.weight), -1)
    place[who] = np.arange(len(who))
    kept = instance.status[instance.indices] != FORBIDDEN
    row, site = place[instance.row[kept]], instance.indices[kept]
    cover = csr_array((np.ones(len(row)), (row, site)), shape=(len(who), sites))
    rules, low, high = instance.site_rules
    lower, upper = _bounds(instance)
    program = Program(
        np.concatenate([np.zeros(sites), np.ones(len(who))]),
        csr_array(
            vstack([hstack([cover, identity(len(who))]), hstack([rules, csr_array((rules.shape[0], len(who)))])])
        ),
        np.concatenate([np.ones(len(who)), low]),
        np.concatenate([np.full(len(who), np.inf), high]),
        np.concatenate([lower, np.zeros(len(who))]),
        np.concatenate([upper, np.ones(len(who))]),
        np.concatenate([np.ones(sites, np.bool_), np.zeros(len(who), np.bool_)]),
    )
    solved = solve(program, limits)
    if not len(solved.values) or solved.objective < 0.5:
        return None
    ids = instance.demand_ids[who[solved.values[sites:] > 0.5]]
    listed = named(ids)
    eased = rules_clash(instance, limits, Also(csr_array(cover), np.ones(len(who)), np.full(len(who), np.inf)))
    before = Text("各项规则不能同时满足", "the rules cannot all be kept") if eased is None else eased.rule
    rule = Text(
        f"{before.zh}：至少有 {len(ids)} 个需求点够不着任何开放站点，如 {listed.zh}",
        f"{before.en}: at least {len(ids)} demand points reach no open site, such as {listed.en}",
    )
    wider = Text("增加候选点，或放宽限度", "add candidates, or widen the limit")
    change = (
        wider if eased is None else Text(f"{eased.change.zh}；或者，{wider.zh}", f"{eased.change.en}; or {wider.en}")
    )
    return Clash(rule, tuple(ids), change)


def _too_little(ends: Ends, limits: Limits) -> Reason:
    """Tell if all that may be open together cannot carry the demand."""
    solved = _over_sites(ends.instance, -ends.capacity / ends.unit, limits)
    if solved.status != "optimal":
        return NO_REASON
    most = float(ends.capacity[solved.values > 0.5].sum())
    if most >= ends.total * (1 - 1e-9):
        return NO_REASON
    lack = ends.total - most
    return Text(
        f"容量不足：能同时开放的站点的 max_load 合计最多 {number(most)}，需求合计 {number(ends.total)}，还缺 {number(lack)}",
        f"too little capacity: sites that may be open together carry at most {number(most)}, the demand is "
        f"{number(ends.total)}, {number(lack)} is missing",
    ), ()


def _hollow(ends: Ends, limits: Limits) -> Reason:  # noqa: ARG001 - the signature of a reason
    """Tell if a site that must be open reaches less than its lower load."""
    instance = ends.instance
    in_reach = np.bincount(ends.site, ends.weight[ends.row], len(ends.usable))
    hollow = instance.open_always & (instance.min_load > in_reach * (1 + 1e-9))
    if not hollow.any():
        return NO_REASON
    ids, at = instance.site_ids[hollow], int(np.flatnonzero(hollow)[0])
    said = f"{number(instance.min_load[at])} > {number(in_reach[at])}"
    return Text(
        f"下限填不满：必开的 {named(ids).zh} 能到达的需求少于它的 min_load（{ids[0]}：{said}）",
        f"a lower load cannot be filled: {named(ids).en} must be open and reaches less than its min_load "
        f"({ids[0]}: {said})",
    ), tuple(ids)


def _too_much(ends: Ends, limits: Limits) -> Reason:
    """Tell if the lower loads of the sites that must be open together are more than there is to serve."""
    instance = ends.instance
    solved = _over_sites(instance, instance.min_load / ends.unit, limits)
    if solved.status != "optimal":
        return NO_REASON
    opened = solved.values > 0.5
    least = float(instance.min_load[opened].sum())
    if least <= ends.total * (1 + 1e-9):
        return NO_REASON
    ids = instance.site_ids[opened & (instance.min_load > 0)]
    return Text(
        f"下限填不满：须开放的站点的 min_load 合计至少 {number(least)}，需求合计只有 {number(ends.total)}，"
        f"多出 {number(least - ends.total)}",
        f"lower loads cannot be filled: they sum to at least {number(least)}, the demand to {number(ends.total)}, "
        f"{number(least - ends.total)} too much",
    ), tuple(ids)


def _least_change(ends: Ends, limits: Limits) -> tuple[Text, tuple[str, ...]]:
    """Return the least total change of loads that makes a plan possible, and the sites whose loads change."""
    instance, sites, pairs = ends.instance, len(ends.usable), len(ends.row)
    served, load = ends.shares()
    total = ends.unit
    in_reach = np.asarray(load.sum(axis=1)).ravel()
    one, none = identity(sites), csr_array((sites, sites))
    rules, low, high = stacked(instance.site_rules, lookouts(instance, ends.usable))
    diagonal = [csr_array((-value, (np.arange(sites), np.arange(sites))), shape=(sites, sites))
                for value in (ends.capacity / total, instance.min_load / total, in_reach)]  # fmt: skip
    rows = vstack(
        [
            hstack([csr_array((len(ends.who), sites)), served, csr_array((len(ends.who), 2 * sites))]),
            hstack([diagonal[0], load, -one, none]),
            hstack([diagonal[1], load, none, one]),
            hstack([diagonal[2], load, none, none]),
            hstack([rules, csr_array((rules.shape[0], pairs + 2 * sites))]),
        ]
    )
    free, lower, upper = np.full(sites, np.inf), *_bounds(instance)
    many = 2 * sites
    program = Program(
        np.concatenate([np.zeros(sites + pairs), np.ones(many)]),
        csr_array(rows),
        np.concatenate([np.ones(len(ends.who)), -free, np.zeros(sites), -free, low]),
        np.concatenate([np.ones(len(ends.who)), np.zeros(sites), free, np.zeros(sites), high]),
        np.concatenate([lower, np.zeros(pairs + many)]),
        np.concatenate([upper, np.ones(pairs), np.full(many, np.inf)]),
        np.concatenate(
            [np.ones(sites, np.bool_), np.full(pairs, not instance.question.split), np.zeros(many, np.bool_)]
        ),
    )
    solved = solve(program, limits)
    if not len(solved.values):
        return Text("提高 max_load 或降低 min_load", "raise max_load or lower min_load"), ()
    return _said(ends, solved.values[sites + pairs :] * total)


def _said(ends: Ends, amounts: Amounts) -> tuple[Text, tuple[str, ...]]:
    more, less = np.split(amounts, 2)
    said: list[Text] = []
    touched = []
    for values, zh, en in ((more, "max_load 提高", "raise max_load of"), (less, "min_load 降低", "lower min_load of")):
        for at in np.flatnonzero(values > SEEN * max(ends.total, 1.0) * 1e-2)[:NAMED]:
            name, amount = str(ends.instance.site_ids[at]), number(round(float(values[at]), 6))
            said.append(Text(f"{name} 的 {zh} {amount}", f"{en} {name} by {amount}"))
            touched.append(name)
    if not said:
        return Text("放宽限度或规则", "widen the limit or the rules"), ()
    return Text(
        "最小的改动：" + "，".join(one.zh for one in said), "the least change: " + ", ".join(one.en for one in said)
    ), tuple(sorted(set(touched)))
