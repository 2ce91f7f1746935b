"""Capacitated location: least weight × cost + site costs with every open site's load between its limits.

A linear relaxation, strengthened by z ≤ x where it is broken, prices every demand. Those prices give a bound that
tells which sites and pairs a plan better than a known one cannot hold; the solver is asked about the rest alone, and
what it proves there is a proof for all.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from planner import clock
from planner.siting.capacitated_model import (
    Amounts,
    Bools,
    Network,
    Positions,
    links_of,
    network_of,
    program_of,
    scale_of,
)
from planner.siting.feasible import out_of_reach
from planner.siting.highs import Program, Solved, solve, solve_with_cuts
from planner.siting.instance import Instance
from planner.siting.median import greedy, interchanged
from planner.siting.median_problem import median_of
from planner.siting.question import Limits
from planner.siting.siting import Siting, nearest_open, no_plan, siting_of

# A bound for the capacitated question, and what opening a site or using a pair would add to it.


@dataclass(frozen=True, eq=False)
class Bound:
    """No plan costs less than `value`; with a site open less than `value + of_site`, with it closed `value − of_site`.

    of_pair: what using a whole pair adds, its site open (single source only: a part of a pair may cost next to nothing).
    """

    value: float
    of_site: Amounts
    of_pair: Amounts


def bound_of(net: Network, served: Amounts, ruled: Amounts) -> Bound:
    """Return the bound of the prices: `served` of each demand in `who`, `ruled` of each rule on sites."""
    matrix, low, high = net.rules
    ruled = np.where((ruled > 0) & np.isinf(low) | (ruled < 0) & np.isinf(high), 0.0, ruled)
    worth, price = _filled(net, served)
    of_site = net.price + worth - matrix.T @ ruled
    constant = float(served.sum())
    for some, limit in ((ruled > 0, low), (ruled < 0, high)):
        constant += float(ruled[some] @ limit[some])
    closed_or_open = np.where(net.must, of_site, np.where(net.may, np.minimum(of_site, 0.0), 0.0))
    value = constant + float(np.where(np.isfinite(closed_or_open), closed_or_open, 0.0).sum())
    gain = net.weight * net.cost - served[net.row]
    of_pair = (
        np.maximum(gain - net.weight * price[net.site], 0.0)
        + np.where(net.must, 0.0, np.maximum(of_site, 0.0))[net.site]
    )
    return Bound(value, of_site, of_pair)


def _filled(net: Network, served: Amounts) -> tuple[Amounts, Amounts]:
    """Return what each site gains by filling itself best within its loads (≤ 0, or more where it must fill up), and the
    price of one unit of load at which it stops."""  # noqa: D205, D209 - one sentence
    sites = len(net.may)
    ratio = net.cost - served[net.row] / net.weight
    order = np.lexsort((ratio, net.site))
    site, weight, ratio = net.site[order], net.weight[order], ratio[order]
    wanted = np.bincount(site, np.where(ratio < 0, weight, 0.0), sites)
    amount = np.clip(wanted, np.minimum(net.low, net.high), net.high)
    whole = np.bincount(site, weight, sites)
    before = np.cumsum(weight) - weight - (np.cumsum(whole) - whole)[site]
    take = np.clip(amount[site] - before, 0.0, weight)
    last = np.zeros(sites)
    some = take > 0
    last[site[some]] = ratio[some]  # the last one written is the dearest taken
    bound = amount != wanted
    worth: Amounts = np.bincount(site, take * ratio, sites).astype(np.float64)
    return worth, np.where(bound, last, 0.0)


# A first plan under loads by greed: the site that takes in most of what is left, again and again, then who is served where.


class _Filling:
    """Sites that take in what is left of the demands in their reach, the nearest first, as far as they have room."""

    def __init__(self, net: Network) -> None:
        self.net, self.share = net, np.zeros(len(net.demand))
        self.left, self.room = net.instance.weight.copy(), net.high.copy()
        order = np.lexsort((net.cost, net.site))
        self.pairs = np.split(order, np.searchsorted(net.site[order], np.arange(1, len(net.may))))

    def gains(self) -> Amounts:
        """Return how much each site could take in."""
        net = self.net
        return np.minimum(self.room, np.bincount(net.site, self.left[net.demand], len(self.room)))

    def take_in(self, site: int) -> None:
        """Let a site take in what it can."""
        pairs, left = self.pairs[site], self.left[self.net.demand[self.pairs[site]]]
        taken = np.minimum(left, np.maximum(self.room[site] - (np.cumsum(left) - left), 0.0))
        if not self.net.instance.question.split:
            taken = np.where(taken >= left, taken, 0.0)
        self.left[self.net.demand[pairs]] -= taken
        self.room[site] -= taken.sum()
        self.share[pairs] += taken / self.net.weight[pairs]

    def shares(self, opened: Bools) -> Amounts | None:
        """Return who is served where; None while someone is left, or a site below its lower load."""
        net = self.net
        done = (self.left[net.who] <= 1e-9 * net.instance.weight[net.who]).all()
        return self.share if bool(done and (net.high - self.room >= net.low - 1e-9)[opened].all()) else None


def greedy_sites(net: Network) -> tuple[Bools, Amounts | None] | None:
    """Return open sites that keep the rules on sites, and who is served where if all are; None where greed finds none."""
    counted, p = net.instance.counted, net.instance.question.p
    opened, filling = net.must & net.may, _Filling(net)
    for site in np.flatnonzero(opened):
        filling.take_in(int(site))
    rules, low, high = net.rules
    table, done = rules.toarray(), rules @ opened.astype(float)
    most = None if p is None else p - int((opened & counted).sum())
    while most is None or most > 0:
        able = net.may & ~opened & ((done[:, None] + table <= high[:, None] + 1e-9).all(axis=0))
        short = ((done < low - 1e-9)[:, None] & (table > 0)).any(axis=0)
        gain = filling.gains()
        if not able.any() or (most is None and not (gain[able].max() > 0 or (short & able).any())):
            break
        size = 1.0 if most is not None else np.maximum(net.price, 1e-9 * (float(net.price.max()) or 1.0))
        worth = np.where(able, gain / size + (1e-6 * short), -np.inf)
        best = int(np.argmax(worth))
        opened[best] = True
        done = done + table[:, best]
        filling.take_in(best)
        most = None if most is None else most - 1
    return (opened, filling.shares(opened)) if _keeps(net, opened) else None


def _keeps(net: Network, opened: Bools) -> bool:
    rules, low, high = net.rules
    done = rules @ opened.astype(float)
    return bool((done >= low - 1e-9).all() and (done <= high + 1e-9).all() and net.may[opened].all())


def nearest_sites(net: Network, ends: float) -> Bools | None:
    """Return the open sites of a good plan whose loads are not asked, None where they break a rule."""
    if net.instance.question.p is None:
        return None
    whole = median_of(net.instance)
    if not 0 <= whole.pick <= len(whole.sites):
        return None
    sites = greedy(whole, ends)
    if not whole.rules.keeps(sites):
        return None
    opened = net.must.copy()
    opened[whole.sites[interchanged(whole, sites, ends).opened]] = True
    return opened if _keeps(net, opened) else None


def whole_shares(net: Network, opened: Bools) -> Amounts | None:
    """Return the shares with every demand whole at one open site: the heaviest first, each to the cheapest with room.

    None where one finds no room, or a site is left below its lower load.
    """
    share, room = np.zeros(len(net.demand)), net.high.copy()
    starts = np.searchsorted(net.row, np.arange(len(net.who) + 1))
    for at in np.argsort(-net.instance.weight[net.who], kind="stable"):
        mine = np.arange(starts[at], starts[at + 1])
        weight = net.instance.weight[net.who[at]]
        mine = mine[opened[net.site[mine]] & (room[net.site[mine]] >= weight - 1e-9)]
        if not len(mine):
            return None
        best: Positions = mine[np.argmin(net.cost[mine])]
        share[best] = 1.0
        room[net.site[best]] -= weight
    enough = net.high - room >= net.low - 1e-9
    return share if bool(enough[opened].all()) else None


_ALL_LINKS = 20_000
"""Up to so many pairs, z ≤ x of each is written at once; above, only where the relaxation breaks it."""
_STILL = 1e-6
_BROKEN = 1e-6
_FIRST_STEP = 0.003
_SURE = 1e-9
_TO_TELL = 1.0
"""So many seconds at least has the cheapest service of the sites of a plan."""
_TRIAL = 0.3
"""The part of the time left for a step that may prove too short."""


@dataclass(frozen=True, eq=False)
class _Plan:
    """A plan: the open sites, and who is served where to what share."""

    opened: Positions
    flows: tuple[Positions, Positions, Amounts]
    objective: float


def solve_capacitated(instance: Instance, limits: Limits) -> Siting:
    """Return the best plan with its bound."""
    begin = clock.now()
    net = network_of(instance)
    if out_of_reach(instance):
        return _infeasible(instance, limits, begin)
    relaxed, links = _relaxed(net, limits, begin)
    if relaxed.status == "infeasible":
        return _infeasible(instance, limits, begin)
    bound = _bound(net, relaxed)
    plan, floor, sizes = _search(net, links, bound, limits, begin)
    seconds = clock.since(begin)
    if plan is None and floor == np.inf:
        return _infeasible(instance, limits, begin)
    if plan is None:
        return no_plan(instance, seconds, limits, bound=floor if floor > 0 else np.nan)
    floor = max(min(floor, plan.objective), 0.0)
    return siting_of(instance, plan.opened, plan.objective, floor, seconds, limits, sizes, plan.flows)


def _left(limits: Limits, begin: float, part: float = 1.0) -> Limits:
    """Return the limits with the seconds that are left of `part` of them."""
    return replace(limits, seconds=max(limits.seconds * part - (clock.now() - begin), 0.0))


def _infeasible(instance: Instance, limits: Limits, begin: float) -> Siting:
    return no_plan(instance, clock.since(begin), limits, infeasible=True)


def _relaxed(net: Network, limits: Limits, begin: float) -> tuple[Solved, Positions]:
    """Return the linear relaxation and the pairs whose z ≤ x it needed."""
    free = np.flatnonzero(~net.must[net.site])
    if len(free) <= _ALL_LINKS:
        return solve(program_of(net, free, whole=False), _left(limits, begin, 0.5)), free
    links, values = np.zeros(0, np.int64), [-np.inf]

    def broken(values_now: Amounts) -> csr_array | None:
        nonlocal links
        open_part, share = np.split(values_now, [len(net.may)])
        values.append(float(values_now @ asked.cost))
        new = np.setdiff1d(free[share[free] > open_part[net.site[free]] + _BROKEN], links)
        if not len(new) or values[-1] <= values[-2] * (1 + _STILL):
            return None
        links = np.concatenate([links, new])
        return links_of(net, new)

    asked = program_of(net, links, whole=False)
    solved = solve_with_cuts(asked, _left(limits, begin, 0.5), broken)
    return solved, links


def _bound(net: Network, relaxed: Solved) -> Bound:
    """Return the bound of the relaxation's prices; none where it was not finished."""
    sites, served, rules = len(net.may), len(net.who), net.rules[0].shape[0]
    if relaxed.status != "optimal" or not len(relaxed.duals):
        return Bound(-np.inf, np.zeros(sites), np.zeros(len(net.demand)))
    scale, after = scale_of(net), served + sites + int((net.low > 0).sum())
    return bound_of(net, relaxed.duals[:served] * scale, relaxed.duals[after : after + rules] * scale)


def _search(
    net: Network, links: Positions, bound: Bound, limits: Limits, begin: float
) -> tuple[_Plan | None, float, dict[str, int]]:
    """Return the best plan, what no plan can beat (inf: there is none), and the sizes before and after.

    Only sites and pairs that add at most `step` to the bound are asked about. A plan within `step` of the bound is then
    the best of all; else the step grows to where the plan found stands, or to everything.
    """
    plan = _first(net, limits, begin)
    step = abs(bound.value) * _FIRST_STEP if np.isfinite(bound.value) else np.inf
    floor = max(bound.value, net.least)
    while True:
        asked = _within(net, links, bound, step)
        sizes = _sizes(net, asked)
        sure = np.isinf(step) or (plan is not None and step >= plan.objective - bound.value)
        left = _left(limits, begin)
        solved = solve(asked, left if sure else replace(left, seconds=left.seconds * _TRIAL), _start(net, plan, asked))
        found = _plan_of(net, solved, _left(limits, begin))
        if found is not None and (plan is None or found.objective < plan.objective):
            plan = found
        inside = np.inf if solved.status == "infeasible" else max(solved.bound * scale_of(net), bound.value)
        floor = max(floor, min(inside, bound.value + step if np.isfinite(step) else np.inf))
        if plan is not None and plan.objective - floor <= max(limits.gap, _SURE) * abs(plan.objective):
            return plan, floor, sizes
        enough = plan is not None and step >= plan.objective - bound.value
        stopped = solved.status in ("feasible", "unknown")
        if sure or (enough and not stopped) or _left(limits, begin).seconds == 0:
            return plan, floor, sizes
        step = plan.objective - bound.value if plan is not None else (step * 5 if step < abs(bound.value) else np.inf)
        step = step * (1 + _SURE) + _SURE


def _first(net: Network, limits: Limits, begin: float) -> _Plan | None:
    """Return the cheaper of two plans by greed: of the sites that take in most, and of those that are nearest."""
    filled = greedy_sites(net)
    near = nearest_sites(net, begin + limits.seconds / 4)
    plans = []
    if filled is not None:
        plans.append(_served(net, filled[0], filled[1], _left(limits, begin)))
    if near is not None:
        plans.append(_served(net, near, None, _left(limits, begin)))
    return min((one for one in plans if one is not None), key=lambda one: one.objective, default=None)


def _served(net: Network, opened: Bools, known: Amounts | None, limits: Limits) -> _Plan | None:
    """Return the plan of these sites, served as cheaply as is found out; None where no way is known."""
    share = _cheapest(net, opened, _to_tell(limits)) if net.instance.question.split else whole_shares(net, opened)
    share = known if share is None else share
    return None if share is None else _told(net, opened, share)


def _to_tell(limits: Limits) -> Limits:
    return replace(limits, seconds=max(limits.seconds, _TO_TELL), gap=0.0)


def _within(net: Network, links: Positions, bound: Bound, step: float) -> Program:
    """Return the programme in which sites and pairs that add more than `step` to the bound are shut (or stay open)."""
    shut = (bound.of_site > step) & ~net.must
    out = shut[net.site]
    if not net.instance.question.split:
        out |= bound.of_pair > step
    left = np.flatnonzero(~out & ~net.must[net.site])
    asked = program_of(net, left if len(left) <= _ALL_LINKS else np.intersect1d(links, left), whole=True)
    stays = net.may & (-bound.of_site > step)
    sites = len(net.may)
    lower, upper = asked.lower.copy(), asked.upper.copy()
    lower[:sites][stays] = 1.0
    upper[:sites][shut] = 0.0
    upper[sites:][out] = 0.0
    return replace(asked, lower=lower, upper=upper)


def _sizes(net: Network, asked: Program) -> dict[str, int]:
    """Return how much was there and how much the solver was asked about."""
    sites = len(net.may)
    free = asked.upper > asked.lower
    return {
        "sites": sites,
        "sites_left": int(free[:sites].sum()),
        "pairs": len(net.instance.costs),
        "pairs_left": int((asked.upper[sites:] > 0).sum()),
    }


def _start(net: Network, plan: _Plan | None, asked: Program) -> Amounts | None:
    """Return a known plan as values of the programme's columns."""
    if plan is None:
        return None
    values = np.zeros(len(asked.cost))
    values[plan.opened] = 1.0
    width = len(net.may)
    at = np.searchsorted(net.demand * width + net.site, plan.flows[0] * width + plan.flows[1])
    kept = net.instance.weight[plan.flows[0]] > 0
    values[width + at[kept]] = plan.flows[2][kept]
    return values


def _plan_of(net: Network, solved: Solved, limits: Limits) -> _Plan | None:
    """Return the solver's plan with its loads and its objective computed anew; None where it found none.

    limits: what is left; a known plan is told in full, and so has a little at least
    """
    if not len(solved.values):
        return None
    chosen, share = np.split(solved.values, [len(net.may)])
    is_open = chosen > 0.5
    if net.instance.question.split:
        share = _transport(net, is_open, share, _to_tell(limits))
    else:
        share = _single(net, share)
    return _told(net, is_open, share)


def _told(net: Network, is_open: Bools, share: Amounts) -> _Plan:
    """Return the plan of open sites and shares, with its objective."""
    some = share > 0
    demand, site, share = net.demand[some], net.site[some], share[some]
    objective = float((net.weight[some] * share * net.cost[some]).sum() + net.price[is_open].sum())
    light = _light(net.instance, is_open)
    demand, site = np.concatenate([demand, light[0]]), np.concatenate([site, light[1]])
    order = np.lexsort((site, demand))
    share = np.concatenate([share, np.ones(len(light[0]))])
    return _Plan(np.flatnonzero(is_open), (demand[order], site[order], share[order]), objective)


def _single(net: Network, share: Amounts) -> Amounts:
    """Return the shares with every demand whole at the site that has most of it."""
    order = np.lexsort((net.site, -share, net.row))
    first = order[np.searchsorted(net.row[order], np.arange(len(net.who)))]
    out = np.zeros(len(share))
    out[first] = 1.0
    return out


def _light(instance: Instance, is_open: Bools) -> tuple[Positions, Positions]:
    """Return whom without weight which open site serves: the nearest."""
    site, _ = nearest_open(instance, np.flatnonzero(is_open))
    demand = np.flatnonzero((instance.weight == 0) & (site >= 0))
    return demand, site[demand]


def _transport(net: Network, is_open: Bools, share: Amounts, limits: Limits) -> Amounts:
    """Return the cheapest shares for a set of open sites, those of the solver's plan where they are not found."""
    cheapest = _cheapest(net, is_open, limits)
    if cheapest is None:  # loads to the brim: what the solver's tolerance let through may not pass twice
        total = np.bincount(net.row, share, len(net.who))
        return np.where(share > _BROKEN, share, 0.0) / total[net.row]
    return cheapest


def _cheapest(net: Network, is_open: Bools, limits: Limits) -> Amounts | None:
    """Return the cheapest shares for a set of open sites: in whole people where weights and loads are whole."""
    pairs = np.flatnonzero(is_open[net.site])
    who, sites = len(net.who), len(net.may)
    column = np.arange(len(pairs))
    served = csr_array((np.ones(len(pairs)), (net.row[pairs], column)), shape=(who, len(pairs)))
    load = csr_array((np.ones(len(pairs)), (net.site[pairs], column)), shape=(sites, len(pairs)))[is_open]
    weight = net.instance.weight[net.who]
    low, high = net.low[is_open], net.high[is_open]
    scale = max(float(net.cost.max(initial=0.0)), 1e-9) / 1000
    program = Program(
        net.cost[pairs] / scale,
        csr_array(vstack([served, load])),
        np.concatenate([weight, low]),
        np.concatenate([weight, high]),
        np.zeros(len(pairs)),
        net.weight[pairs],
        np.zeros(len(pairs), np.bool_),
    )
    solved = solve(program, limits)
    if solved.status != "optimal":
        return None
    amount = solved.values
    if all(np.array_equal(one, np.rint(one)) for one in (weight, low, high)):
        amount = np.rint(amount)
    out = np.zeros(len(net.demand))
    out[pairs] = np.maximum(amount, 0.0) / net.weight[pairs]
    return out
