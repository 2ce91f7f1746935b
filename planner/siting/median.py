"""p-median: the sites whose demands travel least in sum, and the proof: good plans, a bound, a search, the solver for the rest."""

from dataclasses import dataclass, replace
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, vstack

from planner import clock
from planner.siting.cover_bound import covering as greedy_cover
from planner.siting.cover_bound import solve_scaled
from planner.siting.feasible import out_of_reach
from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.median_problem import (
    Amounts,
    Bools,
    Median,
    Names,
    Positions,
    least_of,
    loops,
    median_of,
    narrowed,
    settled,
)
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.reduce import covers_of, open_count
from planner.siting.siting import Siting, no_plan, siting_of

# Whether a set of sites serves every demand within a cost, the rules on sites kept.


@dataclass(frozen=True, eq=False)
class Covering:
    """Positions of open sites (all of them) that serve every demand; None without: proven that there are none, or not."""

    opened: Positions | None
    proven: bool


def covering(instance: Instance, radius: float | None, limits: Limits) -> Covering:
    """Return sites that serve every demand that can be served, within the radius where there is one."""
    rules, low, high = instance.site_rules
    cover = _cover_rows(instance, radius)
    width, demands = len(instance.site_ids), cover.shape[0]
    answer = solve(
        Program(
            np.zeros(width),
            csr_array(vstack([rules, cover])),
            np.concatenate([low, np.ones(demands)]),
            np.concatenate([high, np.full(demands, np.inf)]),
            instance.open_always.astype(float),
            np.where(instance.status == FORBIDDEN, 0.0, 1.0),
            np.ones(width, np.bool_),
        ),
        limits,
    )
    if answer.status in ("optimal", "feasible"):
        return Covering(np.flatnonzero(answer.values > 0.5), True)
    return Covering(None, answer.status == "infeasible")


def _cover_rows(instance: Instance, radius: float | None) -> csr_array:
    """Return, for each demand that no site always open serves, the sites that do: one row of ones."""
    usable = instance.status[instance.indices] != FORBIDDEN
    if radius is not None:
        usable &= instance.costs <= radius
    row, site = instance.row[usable], instance.indices[usable]
    served = np.zeros(len(instance.weight), np.bool_)
    served[row[instance.open_always[site]]] = True
    left = ~served & ~instance.unreachable
    shape = (len(instance.weight), len(instance.site_ids))
    return csr_array((np.ones(len(row)), (row, site)), shape=shape)[np.flatnonzero(left)]


# Good plans of a p-median soon: greedy, then the best swap of one open site for a shut one until none helps.

_SWAPS_TRIED = 200
"""Of the swaps that would help, so many are held against the rules on sites, the best first."""
_HELPS = 1e-11


@dataclass(frozen=True, eq=False)
class Plan:
    """Sites of a problem (sorted) and what the plan costs."""

    opened: Positions
    value: float


def marked(median: Median, opened: Positions) -> Bools:
    """Return whether each site is among the opened."""
    mark = np.zeros(len(median.fee), np.bool_)
    mark[opened] = True
    return mark


def plan_of(median: Median, opened: Positions) -> Plan:
    """Return the plan of these sites with its cost."""
    pairs = median.pairs
    least = loops(pairs).nearest_two(pairs.start, pairs.site, pairs.cost, median.base, marked(median, opened))[1]
    return Plan(np.sort(opened), median.constant + float(least.sum() + median.fee[opened].sum()))


def greedy(median: Median, ends: float) -> Positions:
    """Return `pick` sites, each the one that saves most beside those before it; rules on sites are not asked.

    When time is out, the rest are those that save most beside the last one.
    """
    pairs, least = median.pairs, median.base
    mark = np.zeros(len(median.fee), np.bool_)
    for _ in range(median.pick):
        gain = -loops(pairs).profits(pairs.start, pairs.site, pairs.cost, least, len(mark)) - median.fee
        gain[mark] = -np.inf
        if clock.now() > ends:
            return np.sort(
                np.append(np.flatnonzero(mark), np.argsort(-gain, kind="stable")[: median.pick - mark.sum()])
            )
        mark[int(np.argmax(gain))] = True
        least = loops(pairs).nearest_two(pairs.start, pairs.site, pairs.cost, median.base, mark)[1]
    return np.flatnonzero(mark)


def swap_gains(median: Median, opened: Positions) -> tuple[float, Amounts]:
    """Return (what all demands cost, what each swap saves: sites × slots of the opened ones, -inf for an open site)."""
    pairs, mark = median.pairs, marked(median, opened)
    first, least, second = loops(pairs).nearest_two(pairs.start, pairs.site, pairs.cost, median.base, mark)
    slot_of = np.cumsum(mark) - 1
    slot = np.where(first >= 0, slot_of[first], -1)
    lost = np.bincount(slot[slot >= 0], (second - least)[slot >= 0], len(opened))
    gain = -loops(pairs).profits(pairs.start, pairs.site, pairs.cost, least, len(mark)) - median.fee
    helps = loops(pairs).saved(pairs.start, pairs.site, pairs.cost, slot, least, second, len(mark), len(opened))
    helps += gain[:, None] - (lost - median.fee[opened])[None, :]
    helps[mark] = -np.inf
    return float(least.sum()), np.asarray(helps)


def interchanged(median: Median, opened: Positions, ends: float) -> Plan:
    """Return the plan after swaps, each the best one that the rules allow, until none helps or time is out."""
    opened = np.sort(opened)
    while 0 < len(opened) < len(median.fee):
        least, helps = swap_gains(median, opened)
        swap = _best_allowed(median, opened, helps, _HELPS * abs(least))
        if swap is None or clock.now() > ends:
            break
        opened = np.sort(np.append(np.delete(opened, swap[1]), swap[0]))
    return plan_of(median, opened)


def _best_allowed(median: Median, opened: Positions, helps: np.ndarray, least: float) -> tuple[int, int] | None:
    """Return (site to open, slot to shut) of the best swap that keeps the rules; None if none helps."""
    if not len(median.rules.low):
        at = int(np.argmax(helps))
        return None if helps.flat[at] <= least else divmod(at, len(opened))
    good = np.flatnonzero(helps.ravel() > least)
    for at in good[np.argsort(-helps.flat[good], kind="stable")][:_SWAPS_TRIED]:
        site, slot = divmod(int(at), len(opened))
        if median.rules.keeps(np.append(np.delete(opened, slot), site)):
            return site, slot
    return None


# What no plan of a p-median can beat: serving priced out (Lagrange), the prices moved by subgradients.

_TURN = 0.7
"""How much of the last direction the next one keeps: it damps the zigzag of plain subgradients."""
_AIM = 5e-4
"""The bound is pulled towards a little more than the best plan costs."""
_LEAST_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class Priced:
    """The best bound found: its prices (of demands, then of rules), each site's worth there, how often each was picked.

    plan: the best plan met on the way that keeps the rules on sites.
    """

    bound: float
    price: Amounts
    worth: Amounts
    often: Amounts
    plan: Plan


@dataclass(frozen=True)
class Effort:
    """How long to move the prices: rounds, the first step, rounds without gain before it is halved."""

    rounds: int
    step: float = 1.0
    patience: int = 15


def first_price(median: Median, plan: Plan) -> Amounts:
    """Return prices to start from: between a demand's cost in the plan and its second choice; rules cost nothing."""
    pairs = median.pairs
    _, least, second = loops(pairs).nearest_two(
        pairs.start, pairs.site, pairs.cost, median.base, marked(median, plan.opened)
    )
    price = np.where(second < median.never, (least + second) / 2, least)
    return np.concatenate([price, np.zeros(len(median.rules.low))])


def priced(
    median: Median, price: Amounts, aim: float, effort: Effort, enough: float, ends: float, pace: Amounts | None = None
) -> Priced:
    """Move the prices until the bound is at least `enough`, the rounds are over or time is out.

    aim     what the best plan known costs: the bound is pulled there
    pace    how much faster some demands' prices move than others', where they are not of one size
    """
    demands, floor, paces = len(median.base), *_limits(median)
    if pace is not None:
        paces[:demands] = pace
    price, step, idle, direction = _clipped(median, price, floor, price), effort.step, 0, np.zeros(len(price))
    bound, kept, worth, often = -np.inf, price, median.fee, np.zeros(len(median.fee))
    best = Plan(np.zeros(0, np.int64), np.inf)
    for _ in range(effort.rounds):
        level, now, picked = _bound_at(median, price)
        idle += 1
        if level > bound:
            idle = idle if level < bound + 1e-5 * abs(bound) else 0
            bound, kept, worth = level, price, now
        mark = marked(median, picked)
        times, value = _reply(median, price[:demands], picked, mark)
        often += 0.05 * (mark - often)
        if value < best.value and median.rules.keeps(picked):
            best = Plan(np.sort(picked), value)
        slope = _slope(median, price, times, mark)
        if bound >= enough or step < _LEAST_STEP or not slope.any() or clock.now() > ends:
            break
        if idle > effort.patience:
            step, idle, price, direction = step / 2, 0, kept, np.zeros(len(price))
            continue
        direction = slope + _TURN * direction
        aim = min(aim, best.value)
        length = step * (aim + _AIM * abs(aim) - level) / float((paces * direction * direction).sum())
        price = _clipped(median, price + length * paces * direction, floor, price)
    return Priced(bound, kept, worth, often, best)


def cheapest(worth: Amounts, count: int) -> Positions:
    """Return the `count` sites of least worth."""
    return np.argpartition(worth, count - 1)[:count] if 0 < count < len(worth) else np.arange(count)


def _bound_at(median: Median, price: Amounts) -> tuple[float, Amounts, Positions]:
    """Return (bound, worth of each site, the cheapest sites) at these prices."""
    pairs, rules, demands = median.pairs, median.rules, len(median.base)
    worth = loops(pairs).profits(pairs.start, pairs.site, pairs.cost, price[:demands], len(median.fee)) + median.fee
    level = median.constant + float(price[:demands].sum())
    if len(rules.low):
        toll = price[demands:]
        worth += rules.rows.T @ toll
        limit = np.where(toll > 0, rules.high, rules.low)[toll != 0]
        level -= float(toll[toll != 0] @ limit)
    picked = cheapest(worth, median.pick)
    return level + float(worth[picked].sum()), worth, picked


def _reply(median: Median, price: Amounts, picked: Positions, mark: Bools) -> tuple[Positions, float]:
    """Return (how many picked sites each demand finds below its price, the cost of the picked sites as a plan)."""
    pairs = median.pairs
    times, least = loops(pairs).served(pairs.start, pairs.site, pairs.cost, median.base, price, mark)
    return times, median.constant + float(least.sum() + median.fee[picked].sum())


def _slope(median: Median, price: Amounts, times: Positions, mark: Bools) -> Amounts:
    """Return the way the bound rises: up where nobody serves at the price, down where several do; the rules alike."""
    demands, rules = len(median.base), median.rules
    slope: Amounts = 1.0 - times.astype(np.float64)
    slope[(slope > 0) & (price[:demands] >= median.base)] = 0
    if not len(rules.low):
        return slope
    done, toll = rules.rows @ mark.astype(float), price[demands:]
    over, under = done - rules.high, done - rules.low
    free = np.where(over > 0, over, np.where(under < 0, under, 0.0))
    return np.concatenate([slope, np.where(toll > 0, over, np.where(toll < 0, under, free))])


def _limits(median: Median) -> tuple[Amounts, Amounts]:
    """Return (lowest price of each demand, pace of each price): a rule's toll is on a site, and so on many demands."""
    rules, pairs = median.rules, median.pairs
    lowest = np.concatenate([pairs.cost[pairs.start[:-1]], np.full(len(rules.low), -np.inf)])
    pace = np.ones(len(lowest))
    if len(rules.low):
        largest = np.maximum(abs(rules.rows).max(axis=1).toarray().ravel(), 1e-9)
        pace[len(median.base) :] = max(len(median.base), 1) / max(median.pick, 1) / largest**2
    return lowest, pace


def _clipped(median: Median, price: Amounts, floor: Amounts, before: Amounts) -> Amounts:
    """Return the prices between a demand's least cost and its base; a toll stops at 0 before it changes its sign."""
    demands, rules = len(median.base), median.rules
    price = np.maximum(price, floor)
    np.minimum(price[:demands], median.base, out=price[:demands])
    toll, was = price[demands:], before[demands:]
    toll[toll * was < 0] = 0
    toll[((toll > 0) & np.isinf(rules.high)) | ((toll < 0) & np.isinf(rules.low))] = 0
    return price


# What the search leaves open, to the solver: the radius formulation, over the few pairs that a better plan can use.


@dataclass(frozen=True, eq=False)
class Radii:
    """Sets of sites, and what is paid where none of a set is open; inf where one must be. `least` is paid by any plan."""

    start: Positions
    site: Names
    step: Amounts
    least: float


def radii(median: Median, most: Amounts, coefficients: int) -> Radii | None:
    """Return the radii of a problem in which no demand pays `most` or more; None where they have too many coefficients."""
    pairs = median.pairs
    inside = pairs.cost < np.repeat(most, np.diff(pairs.start))
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(inside)])[pairs.start]
    cost, site = pairs.cost[inside], pairs.site[inside]
    last = np.where(median.base < most, median.base, np.inf)
    following = np.append(cost[1:], 0.0)
    following[ends[1:] - 1] = last
    steps = np.flatnonzero(following > cost)
    row = np.searchsorted(ends, steps, side="right") - 1
    if (np.diff(ends) == 0).any() or int((steps + 1 - ends[row]).sum()) > coefficients:
        return None
    known: dict[bytes, float] = {}
    for begin, at in zip(ends[row].tolist(), steps.tolist(), strict=True):
        key = np.sort(site[begin : at + 1]).tobytes()
        known[key] = known.get(key, 0.0) + float(following[at] - cost[at])
    sets = [np.frombuffer(key, np.int32) for key in known]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(one) for one in sets])])
    least = median.constant + float(cost[ends[:-1]].sum())
    return Radii(start, np.concatenate(sets), np.array(list(known.values())), least)


def finished(median: Median, steps: Radii, limits: Limits, ends: float) -> Solved:
    """Return the solver's answer; its first values are the sites."""
    sites, sets = len(median.fee), len(steps.step)
    cover = csr_array((np.ones(len(steps.site)), steps.site, steps.start), shape=(sets, sites))
    paid = np.flatnonzero(np.isfinite(steps.step))
    none = csr_array((np.ones(len(paid)), (paid, np.arange(len(paid)))), shape=(sets, len(paid)))
    rules = vstack([csr_array(np.ones((1, sites))), median.rules.rows])
    wide = hstack([rules, csr_array((rules.shape[0], len(paid)))])
    program = Program(
        np.concatenate([median.fee, steps.step[paid]]),
        csr_array(vstack([wide, hstack([cover, none])])),
        np.concatenate([[median.pick], median.rules.low, np.ones(sets)]),
        np.concatenate([[median.pick], median.rules.high, np.full(sets, np.inf)]),
        np.zeros(sites + len(paid)),
        np.ones(sites + len(paid)),
        np.arange(sites + len(paid)) < sites,
    )
    left = Limits(max(ends - clock.now(), 0.0), 0.0, limits.threads, limits.seed)
    return solve_scaled(program, left)


# Branch and bound on the Lagrangean of a p-median: bound, settle sites by what they are worth, branch on a doubtful one.

_ROOT, AGAIN, _NODE = Effort(1000, 1.0, 20), Effort(400, 0.25, 20), Effort(40, 0.5, 8)
_SWAP_EVERY = 10
"""In so many nodes one has its picked sites swapped for better ones."""
_A_NODE, _SOLVABLE = 200, 300_000
"""So many coefficients of a programme are worth a node; with more than the second number the solver is not asked."""
_NO_END = 10**12
_ROUND_OFF = 1e-9
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Best:
    """The best plan so far (positions in the instance).

    grain   a number of which every plan's cost is a multiple, 0 where there is none
    gap     a plan that is better by less than this share is not looked for
    """

    opened: Positions
    value: float
    grain: float
    gap: float

    @property
    def enough(self) -> float:
        """The bound from which on nothing is left that is worth looking for."""
        return self.value - max(self._least, self.gap * abs(self.value))

    @property
    def _least(self) -> float:
        """By less than this no plan can be better, but for rounding."""
        slack = _ROUND_OFF * abs(self.value)
        return max(self.grain - slack, slack)

    def or_better(self, median: Median, plan: Plan) -> "Best":
        """Return the better of this and a plan of a problem."""
        if plan.value >= self.value:
            return self
        opened = np.concatenate([median.opened, median.sites[plan.opened]])
        return replace(self, opened=np.sort(opened), value=plan.value)

    def raised(self, bound: float) -> float:
        """Return the bound, not above the plan; where all plans cost whole grains, the next whole one."""
        if bound >= self.value - self._least:
            return self.value
        slack = _ROUND_OFF * abs(self.value)
        if self.grain > 2 * slack:
            bound = float(np.ceil((bound - slack) / self.grain)) * self.grain
        return min(bound, self.value)


@dataclass(frozen=True, eq=False)
class _Node:
    """Sites of the root that are opened or shut, and prices to start from: of the whole problem's demands, and rules."""

    opened: Positions
    shut: Positions
    price: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Searched:
    """The best plan, the bound, and what was left to search: sites, pairs, nodes."""

    best: Best
    bound: float
    left: dict[str, int]


def searched(whole: Median, best: Best, limits: Limits, ends: float) -> Searched:
    """Return the best plan and its bound, proven or as far as time allows: the node of the least bound first.

    Where the solver could finish, the search gives up after as many nodes as would have taken about as long.
    """
    root = narrowed(whole, _NONE, _NONE)
    if root is None or not len(root.fee):
        plan = best if root is None else best.or_better(root, plan_of(root, _NONE))
        return Searched(plan, plan.value, {"sites_left": 0, "pairs_left": 0, "nodes": 0})
    best, found = rooted(root, best, ends)
    small = None if found.bound >= best.enough else narrowed(root, *_decided(root, found, best))
    if small is None or least_of(small) >= best.enough:
        return Searched(
            best, best.raised(max(found.bound, best.enough)), {"sites_left": 0, "pairs_left": 0, "nodes": 1}
        )
    steps = _steps(root, small, found, best)
    nodes = _NO_END if steps is None else len(steps.site) // _A_NODE
    best, bound, done = _explored(root, small, found, best, nodes, ends)
    if steps is not None and bound < best.enough and clock.now() < ends:
        best, bound = _solved(small, steps, best, bound, limits, ends)
    left = {"sites_left": len(small.fee), "pairs_left": len(small.pairs.cost), "nodes": done}
    return Searched(best, best.raised(max(found.bound, least_of(root), min(bound, best.enough))), left)


def _explored(
    root: Median, small: Median, found: Priced, best: Best, nodes: int, ends: float
) -> tuple[Best, float, int]:
    """Return (best plan, bound, nodes visited): branch and bound over what the root left."""
    known = np.zeros(int(root.demands[-1]) + 1 if len(root.demands) else 0, np.float32)
    heap, done = [(found.bound, 0, _Node(_NONE, _NONE, _spread(root, found.price, known)))], 1
    while heap and heap[0][0] < best.enough and done <= nodes and clock.now() < ends:
        bound, _, node = heappop(heap)
        done += 1
        best, bound, branches = _branched(small, node, best, bound, done % _SWAP_EVERY == 0, ends)
        for at, branch in enumerate(branches):
            heappush(heap, (bound, 2 * done + at, branch))
    return best, heap[0][0] if heap else best.enough, done


def _steps(root: Median, small: Median, found: Priced, best: Best) -> Radii | None:
    """Return the radii of what the root left: a better plan lets no demand pay much more than its price."""
    if not len(small.base):
        return None
    first = small.pairs.cost[small.pairs.start[:-1]]
    room = best.enough - np.array([found.bound, least_of(small)]) + _ROUND_OFF * abs(best.value)
    price = found.price[np.searchsorted(root.demands, small.demands)]
    return radii(small, np.minimum(price + room[0], first + room[1]), _SOLVABLE)


def _solved(small: Median, steps: Radii, best: Best, bound: float, limits: Limits, ends: float) -> tuple[Best, float]:
    """Return (best plan, bound) after the solver has looked for a better plan."""
    answer = finished(small, steps, limits, ends)
    if len(answer.values):
        opened = np.flatnonzero(answer.values[: len(small.fee)] > 0.5)
        best = best.or_better(small, plan_of(small, opened))
    if answer.status in ("optimal", "infeasible"):
        return best, best.enough
    return best, np.fmax(bound, answer.bound + steps.least)


def rooted(root: Median, best: Best, ends: float) -> tuple[Best, Priced]:
    """Return (best plan, bound): prices from the plan, the picked sites swapped, and once more towards the better plan."""
    plan = Plan(np.searchsorted(root.sites, np.intersect1d(best.opened, root.sites)), best.value)
    price, found = first_price(root, plan), None
    for effort in (_ROOT, AGAIN, AGAIN):
        found = priced(root, price, best.value, effort, best.enough, ends)
        better = _swapped(root, found, best.or_better(root, found.plan), ends)
        if better.value == best.value or found.bound >= better.enough or clock.now() > ends:
            return better, found
        best, price = better, found.price
    assert found is not None
    return best, found


def _swapped(median: Median, found: Priced, best: Best, ends: float) -> Best:
    """Return the better of the plan known and the one that swaps make of the picked sites."""
    picked = cheapest(found.worth, median.pick)
    return best.or_better(median, interchanged(median, picked, ends)) if median.rules.keeps(picked) else best


def _decided(median: Median, found: Priced, best: Best) -> tuple[Positions, Positions]:
    """Return (sites that every better plan opens, sites that none opens), by what taking or leaving each adds."""
    worth = found.worth
    order = np.argsort(worth, kind="stable")
    last, following = worth[order[median.pick - 1]], worth[order[median.pick]]
    inside = np.zeros(len(worth), np.bool_)
    inside[order[: median.pick]] = True
    without = found.bound + np.where(inside, following - worth, worth - last)
    sure = without >= best.enough
    return np.flatnonzero(sure & inside), np.flatnonzero(sure & ~inside)


def _branched(
    root: Median, node: _Node, best: Best, bound: float, swap: bool, ends: float
) -> tuple[Best, float, list[_Node]]:
    """Return (best plan, bound, branches) of a node; no branches where nothing better is left in it."""
    here = narrowed(root, node.opened, node.shut)
    if here is None or least_of(here) >= best.enough:
        return best, bound, []
    if not len(here.fee):
        return best.or_better(here, plan_of(here, _NONE)), bound, []
    price = np.concatenate([node.price[here.demands], node.price[len(node.price) - len(root.rules.low) :]])
    found = priced(here, price.astype(float), best.value, _NODE, best.enough, ends)
    best = best.or_better(here, found.plan)
    if swap:
        best = _swapped(here, found, best, ends)
    if found.bound >= best.enough:
        return best, bound, []
    opened, shut = _decided(here, found, best)
    spread = _spread(here, found.price, node.price[: len(node.price) - len(root.rules.low)])
    doubtful = np.setdiff1d(np.arange(len(here.fee)), np.concatenate([opened, shut]))
    if not len(doubtful):
        ways = [(opened, shut)]
    else:
        site = doubtful[int(np.argmin(np.abs(found.often[doubtful] - 0.5)))]
        ways = [(np.append(opened, site), shut), (opened, np.append(shut, site))]
    name = np.searchsorted(root.sites, here.sites)
    fixed = np.searchsorted(root.sites, np.setdiff1d(here.opened, root.opened))
    branches = [
        _Node(np.concatenate([fixed, name[opened]]), np.concatenate([node.shut, name[shut]]), spread)
        for opened, shut in ways
    ]
    return best, max(bound, found.bound), branches


def _spread(median: Median, price: Amounts, known: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return prices of all demands, those of the problem's demands over the known ones, and of the rules."""
    wide = known.copy()
    wide[median.demands] = price[: len(median.demands)]
    return np.concatenate([wide, price[len(median.demands) :].astype(np.float32)])


def solve_p_median(instance: Instance, limits: Limits) -> Siting:
    """Return the plan of exactly p sites with the least Σ weight × cost + Σ site cost.

    Every demand that some site may reach is served, at its nearest open site.
    """
    begin = clock.now()
    ends = begin + limits.seconds
    whole = median_of(instance)
    opened, none = (None, True) if hopeless(instance, whole) else first_plan(instance, whole, limits, ends)
    if opened is None:
        return no_plan(instance, clock.since(begin), limits, infeasible=none)
    answer = searched(whole, best_at(instance, whole, opened, limits), limits, ends)
    always = np.flatnonzero(instance.open_always)
    sizes = {"sites": len(whole.fee), "demands": len(whole.base), "pairs": len(whole.pairs.cost), **answer.left}
    return siting_of(
        instance, np.concatenate([always, answer.best.opened]), answer.best.value, answer.bound,
        clock.since(begin), limits, sizes,
    )  # fmt: skip


def best_at(instance: Instance, whole: Median, plan: Plan, limits: Limits) -> Best:
    """Return a plan of the whole problem as the best one to begin with."""
    return Best(whole.sites[plan.opened], plan.value, _grain(instance), limits.gap)


def hopeless(instance: Instance, whole: Median) -> bool:
    """Whether a demand is out of reach that must be served, or the rules on sites settle that there is no plan."""
    nothing: Positions = np.zeros(0, np.int64)
    return out_of_reach(instance) or settled(whole, nothing, nothing) is None


def first_plan(instance: Instance, whole: Median, limits: Limits, ends: float) -> tuple[Plan | None, bool]:
    """Return (a good plan that serves every demand and keeps the rules; without one, whether there is none at all)."""
    opened = greedy(whole, ends)
    if whole.rules.keeps(opened):
        plan = interchanged(whole, opened, ends)
        if plan.value < whole.never:
            return plan, False
    cover = _greedy_cover(instance, whole)
    if cover is None:
        known = covering(instance, None, replace(limits, seconds=max(ends - clock.now(), 0.0)))
        if known.opened is None:
            return None, known.proven
        cover = known.opened
    return interchanged(whole, np.searchsorted(whole.sites, np.intersect1d(cover, whole.sites)), ends), False


def _greedy_cover(instance: Instance, whole: Median) -> Positions | None:
    """Return sites that serve everyone by greed, filled up to the number asked; None where the rules are not kept."""
    left = covers_of(instance, instance.weight, None, ~instance.unreachable & _unserved(instance))
    chosen = left.sites[greedy_cover(left, np.ones(left.columns)) > 0.5]
    place = np.searchsorted(whole.sites, np.intersect1d(chosen, whole.sites))
    others = np.setdiff1d(np.arange(len(whole.sites)), place)
    opened = np.sort(np.concatenate([place, others[: max(whole.pick - len(place), 0)]]))
    return whole.sites[opened] if len(opened) == whole.pick and whole.rules.keeps(opened) else None


def _unserved(instance: Instance) -> Bools:
    """Return whether no site that is open always serves each demand."""
    count = open_count(instance)
    return np.ones(len(instance.weight), np.bool_) if count is None else count == 0


def _grain(instance: Instance) -> float:
    """Return a number of which every plan's cost is a multiple; 0 where the data are not whole."""
    parts = (instance.weight, instance.costs, instance.site_cost)
    if any(part.dtype.kind == "f" and (part != np.floor(part)).any() for part in parts):
        return 0.0
    weight, cost, fee = (int(np.gcd.reduce(part.astype(np.int64), initial=0)) for part in parts)
    return float(np.gcd(np.gcd(weight * cost, fee), int(instance.paid)))
