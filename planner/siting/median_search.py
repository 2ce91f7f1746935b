"""Branch and bound on the Lagrangean of a p-median: bound, settle sites by what they are worth, branch on a doubtful one."""

from dataclasses import dataclass, replace
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.median_bound import Effort, Priced, cheapest, first_price, priced
from planner.siting.median_mip import Radii, finished, radii
from planner.siting.median_problem import Amounts, Median, Positions, least_of, narrowed
from planner.siting.median_swap import Plan, interchanged, plan_of
from planner.siting.question import Limits

_ROOT, _AGAIN, _NODE = Effort(1000, 1.0, 20), Effort(400, 0.25, 20), Effort(40, 0.5, 8)
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
    best, found = _rooted(root, best, ends)
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


def _rooted(root: Median, best: Best, ends: float) -> tuple[Best, Priced]:
    """Return (best plan, bound): prices from the plan, the picked sites swapped, and once more towards the better plan."""
    plan = Plan(np.searchsorted(root.sites, np.intersect1d(best.opened, root.sites)), best.value)
    price, found = first_price(root, plan), None
    for effort in (_ROOT, _AGAIN, _AGAIN):
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
