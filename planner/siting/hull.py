"""The front of two aims of a question too large for a programme: plans of weighed sums, and the bounds that hold them.

The least of cost + price × people not covered is a p-median again, with a demand more for each kind of people to cover: to be
without a site costs such a demand its price. Its bound is a line that no plan lies below.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.cover import worths
from planner.siting.cover_bound import Aim, greedy
from planner.siting.cover_bound import priced as bounded
from planner.siting.front import Point
from planner.siting.instance import Instance
from planner.siting.median import Effort, cheapest, interchanged, priced
from planner.siting.median_problem import Median, Pairs
from planner.siting.reduce import Covers
from planner.siting.rooted import Root
from planner.siting.siting import PROVEN, Siting, open_positions, relative_gap
from planner.siting.small import value_of

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
_LINES, _ROUNDS = 8, 400
"""So many weighed sums are asked for one front."""
_EFFORT = Effort(200, 0.7, 10)


@dataclass(frozen=True)
class _Spot:
    """A plan (ids) with its two values: weight covered, to be large, and cost, to be small."""

    cover: float
    cost: float
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    """No plan has cost − price × cover below `level`."""

    price: float
    level: float


def large_front(cover: Instance, cost: Instance, known: Sequence[Siting], root: Root | None) -> list[Point]:
    """Return plans of the front of mclp and p-median over the same sites, the least cost first, each with its bound.

    known: the best plan by cost, proven or not, and others to begin with, the best by cover among them; root: of `cost`, None
    where nothing is to be decided. Proven is at most the first: between two plans there may be others.
    """
    spots = [_spot(cover, cost, plan.chosen) for plan in known]
    lines = [_Line(0.0, known[0].bound)]
    if root is not None:
        spots, lines = _weighed(cover, cost, spots, lines, root)
    points = []
    for at, spot in enumerate(_best_of(spots)):
        bound = min(max(one.level + one.price * spot.cover for one in lines), spot.cost)
        gap = relative_gap(spot.cost, bound)
        points.append(Point(spot.cover, spot.cost, spot.chosen, bound, gap, at == 0 and gap <= PROVEN))
    return points


def _spot(cover: Instance, cost: Instance, chosen: tuple[str, ...]) -> _Spot:
    opened = open_positions(cost, chosen)
    return _Spot(value_of(cover, opened), value_of(cost, opened), chosen)


def _best_of(spots: Sequence[_Spot]) -> list[_Spot]:
    """Return those that no other beats in both, by cost."""
    kept: list[_Spot] = []
    for one in sorted(set(spots), key=lambda spot: (spot.cost, -spot.cover, spot.chosen)):
        if not kept or one.cover > kept[-1].cover:
            kept.append(one)
    return kept


def _weighed(
    cover: Instance, cost: Instance, spots: list[_Spot], lines: list[_Line], root: Root
) -> tuple[list[_Spot], list[_Line]]:
    """Return the spots and lines with those of weighed sums, each asked between two neighbours, the farthest apart first."""
    sums, asked = _Sums.of(cover, root), set[tuple[_Spot, _Spot]]()
    for _ in range(_LINES):
        best = _best_of(spots)
        gaps = [pair for pair in pairwise(best) if pair not in asked]
        if not gaps:
            break
        low, high = max(gaps, key=lambda pair: (pair[1].cost - pair[0].cost) * (pair[1].cover - pair[0].cover))
        asked.add((low, high))
        price = float(np.rint((high.cost - low.cost) / (high.cover - low.cover))) or 1.0
        chosen, level = sums.least(price, (low, high))
        spots, lines = [*spots, _spot(cover, cost, chosen)], [*lines, _Line(price, level)]
    return spots, lines


@dataclass(frozen=True, eq=False)
class _Sums:
    """A root, the kinds of people to cover over its sites, the weight covered whatever is opened, and prices of the kinds."""

    root: Root
    covers: Covers
    base: float
    price: Amounts

    @classmethod
    def of(cls, cover: Instance, root: Root) -> "_Sums":
        """Take the sites that rules settle as settled, so that both sides decide on the same."""
        shut = np.setdiff1d(cover.free, np.concatenate([root.median.sites, root.median.opened]))
        covers, base = worths(cover.with_sites(force=root.median.opened, forbid=shut), 0.0)
        aim = Aim(0.0, 0.0, clock.now() + root.limits.seconds)
        found = bounded(covers, root.median.pick, covers.weight, greedy(covers, root.median.pick), aim, _ROUNDS)
        return cls(root, covers, base, found.price)

    def least(self, price: float, ends: tuple[_Spot, _Spot]) -> tuple[tuple[str, ...], float]:
        """Return (a plan of little cost − price × cover, what none has less of), begun from the better end."""
        root, median = self.root, self._median(price)
        demands = len(root.median.base)
        prices = np.concatenate([root.found.price[:demands], price * self.price, root.found.price[demands:]])
        size = float(price * self.covers.weight.mean() / np.maximum(root.found.price[:demands].mean(), 1.0))
        pace = np.concatenate([np.ones(demands), np.full(self.covers.rows, size**2)])
        begin = min(ends, key=lambda spot: (spot.cost - price * spot.cover, spot.chosen))
        stop = clock.now() + root.limits.seconds
        mine = np.flatnonzero(np.isin(root.instance.site_ids[median.sites], list(begin.chosen)))
        plan = interchanged(median, mine, stop)
        found = priced(median, prices, plan.value, _EFFORT, plan.value, stop, pace)
        picked = cheapest(found.worth, median.pick)
        others = [interchanged(median, picked, stop)] if median.rules.keeps(picked) else []
        plan = min([plan, found.plan, *others], key=lambda one: one.value)
        opened = np.concatenate([median.opened, median.sites[plan.opened], self._standing])
        total = float(self.covers.weight.sum()) + self.base
        return tuple(map(str, root.instance.site_ids[np.sort(opened)])), found.bound - price * total

    @property
    def _standing(self) -> Positions:
        """The sites that are open anyway and count."""
        return np.flatnonzero(self.root.instance.open_always & self.root.instance.counted)

    def _median(self, price: float) -> Median:
        """Return the p-median of the weighed sum: the root's demands, then the kinds of people."""
        median, covers = self.root.median, self.covers
        pairs, many = median.pairs, len(median.base)
        both = Pairs(
            np.concatenate([pairs.start, pairs.start[-1] + covers.indptr[1:]]),
            np.concatenate([pairs.site, covers.indices.astype(np.int32)]),
            np.concatenate([pairs.cost, np.zeros(len(covers.indices))]),
        )
        base = np.concatenate([median.base, price * covers.weight])
        never = median.never + price * float(covers.weight.sum())
        return replace(median, pairs=both, base=base, demands=np.arange(many + covers.rows), never=never)
