"""Maximal cover by branch and bound: each question is squeezed by its bound, then split at a column, the widest bound first."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.cover_bound import Aim, Priced, priced, settled
from planner.siting.cover_start import Plan, cover_counts, planned
from planner.siting.reduce import Covers, narrowed

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_AT_FIRST = 400
_LATER = 60
_WORTH_ANOTHER = 0.15
"""A bound that settles this share of the columns is followed by another, on what is left."""
_MOST_HELD = 10_000_000
"""So many pairs may wait in nodes before the search goes on where it is."""


@dataclass(frozen=True, eq=False)
class Left:
    """What is still to be decided: `count` more columns; the weight and the sites (positions) of those opened so far."""

    covers: Covers
    count: int
    price: Amounts
    base: float
    opened: Positions

    def sites(self, plan: Plan) -> Plan:
        """Return a plan of the columns as one of sites, with the whole value."""
        return Plan(np.concatenate([self.opened, self.covers.sites[plan.columns]]), self.base + plan.value)

    def bare(self) -> "Left":
        """Return the same without what was computed along the way: it may have to wait long."""
        return replace(self, covers=replace(self.covers))

    def after(self, opened: Bools, shut: Bools) -> "Left":
        """Return what is left once columns are open or shut."""
        columns = np.flatnonzero(opened)
        gained = float(self.covers.weight[cover_counts(self.covers, columns) > 0].sum())
        covers, price = narrowed(self.covers, opened, shut, self.price)
        sites = np.concatenate([self.opened, self.covers.sites[columns]])
        return Left(covers, self.count - len(columns), price, self.base + gained, sites)


@dataclass(frozen=True, eq=False)
class Node:
    """A question squeezed as far as it goes: its bound, and the column to split it at."""

    left: Left
    bound: float
    column: int


def squeezed(left: Left, best: Plan, aim: Aim, rounds: int) -> tuple[Node | None, Plan]:
    """Return (what is left of a question, the best plan), None for what holds no better plan.

    The bound settles columns, the smaller question has a better bound, and so on until little is settled.
    """
    while True:
        if left.count == 0 or left.count >= left.covers.columns:
            whole = left.sites(planned(left.covers, np.arange(left.covers.columns)[: left.count]))
            return None, whole if whole.value > best.value else best
        none = Plan(np.zeros(0, np.int64), best.value - left.base)
        found = priced(left.covers, left.count, left.price, none, aim, rounds)
        if found.plan.value > none.value:
            best = left.sites(found.plan)
        need, most = aim.need(best.value) - left.base, min(found.bound, float(left.covers.weight.sum()))
        if most < need:
            return None, best
        opened, shut = settled(found, left.count, need)
        column = _split_at(found, opened | shut)
        left = replace(left, price=found.price)
        settle = int(opened.sum() + shut.sum())
        enough = settle >= _WORTH_ANOTHER * left.covers.columns and clock.now() < aim.ends
        bound = left.base + most
        if settle:
            left = left.after(opened, shut)
        if not enough and 0 < left.count < left.covers.columns:
            return Node(left.bare(), bound, int(column - (opened | shut)[:column].sum())), best


def _split_at(found: Priced, decided: Bools) -> int:
    """Return the undecided column that the prices chose most nearly half of the time."""
    return int(np.argmin(np.where(decided, np.inf, np.abs(found.often - 0.5))))


def best_plan(left: Left, best: Plan, aim: Aim, for_all: Callable[[], Plan | None]) -> tuple[Plan, float]:
    """Return (the best plan, in sites; what no plan can beat).

    for_all: looks for a plan that covers everyone, where the bound leaves room for one
    """
    node, best = squeezed(left, best, aim, _AT_FIRST)
    everyone = left.base + float(left.covers.weight.sum())
    if node is not None and node.bound >= everyone * (1 - 1e-9):
        best = for_all() or best
    queue = [] if node is None else [node]
    root = everyone if node is None else node.bound
    while queue and clock.now() < aim.ends and best.value < everyone:
        node = queue.pop(_next(queue))
        for child in _halves(node):
            found, best = squeezed(child, best, aim, _LATER)
            if found is not None:
                queue.append(replace(found, bound=min(found.bound, node.bound)))
        queue = [one for one in queue if one.bound >= aim.need(best.value)]
    queue = [] if best.value >= everyone else queue
    least = aim.need(best.value) if aim.gap else best.value
    widest = max([one.bound for one in queue], default=least)
    return best, max(min(root, max(widest, least)), best.value)


def _next(queue: list[Node]) -> int:
    """Return the place of the node with the widest bound; of the last one where many wait, so that memory stays small."""
    if sum(len(one.left.covers.indices) for one in queue) > _MOST_HELD:
        return len(queue) - 1
    return max(range(len(queue)), key=lambda at: queue[at].bound)


def _halves(node: Node) -> list[Left]:
    one = np.zeros(node.left.covers.columns, np.bool_)
    one[node.column] = True
    return [node.left.after(one, np.zeros_like(one)), node.left.after(np.zeros_like(one), one)]
