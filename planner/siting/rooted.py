"""Many answers from one bound: the next best plans of a p-median that is too large for a table, and what each site matters.

The bound of the whole question tells of every site what a plan pays at least that takes it, or does without it. So few
sites are left for plans that are nearly as good, and those few, with demands merged, fit into the table of small.py.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner import clock
from planner.siting.best import COLUMNS, Interval, class_row
from planner.siting.instance import Instance
from planner.siting.median import (
    AGAIN,
    Best,
    Priced,
    best_at,
    cheapest,
    first_plan,
    hopeless,
    priced,
    rooted,
    swap_gains,
)
from planner.siting.median_problem import Median, median_of, narrowed
from planner.siting.merged import merged
from planner.siting.question import BACKGROUND, Limits
from planner.siting.siting import SAME, Siting, open_positions, sense, siting_of
from planner.siting.small import WIDEST, small_plans, value_of

Amounts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
_NONE: Positions = np.zeros(0, np.int64)
_WORK = 6.0
"""The table is given up after the nodes of about so many seconds: where bounds are far off, plans are sought one by one."""
_NOBODY = "\uffff"
"""The id of the site at which nobody is covered: behind all others."""


@dataclass(frozen=True, eq=False)
class Root:
    """A p-median with a good plan and a bound. median: of the sites that a plan decides on, in their order."""

    instance: Instance
    limits: Limits
    median: Median
    best: Best
    found: Priced

    @cached_property
    def opened(self) -> Positions:
        """The sites of the plan, in the median."""
        return np.searchsorted(self.median.sites, np.intersect1d(self.best.opened, self.median.sites))

    @cached_property
    def swaps(self) -> Amounts:
        """What the plan costs after each swap, sites × slots of the open ones: inf where that is none, or breaks a rule."""
        values = self.best.value - swap_gains(self.median, self.opened)[1]
        if len(self.median.rules.low):
            for site, slot in np.argwhere(np.isfinite(values)):
                if not self.median.rules.keeps(np.append(np.delete(self.opened, slot), site)):
                    values[site, slot] = np.inf
        return np.asarray(values)

    @cached_property
    def otherwise(self) -> Amounts:
        """What a plan costs at least that opens a site not picked at the prices, or does without a picked one."""
        worth, pick = self.found.worth, self.median.pick
        inside = self.picked
        last, following = worth[inside].max(), worth[~inside].min(initial=np.inf)
        return self.found.bound + np.where(inside, following - worth, worth - last) if pick else worth

    @cached_property
    def picked(self) -> npt.NDArray[np.bool_]:
        """Whether each site is among the cheapest at the prices."""
        inside = np.zeros(len(self.median.fee), np.bool_)
        inside[cheapest(self.found.worth, self.median.pick)] = True
        return inside

    def within(self, value: float) -> Instance:
        """Return the question with the sites alone that a plan of this value or less may have, and demands merged."""
        sure, sites = self.otherwise > value + SAME * self.median.never, self.median.sites
        part = self.instance.with_sites(force=sites[sure & self.picked], forbid=sites[sure & ~self.picked])
        return merged(part, few=0)


def root_of(instance: Instance, limits: Limits) -> Root | None:
    """Return the root of a p-median; None for other questions, without a plan, and where nothing is to be decided."""
    if instance.question.model != "p-median" or not len(instance.free):
        return None
    ends = clock.now() + limits.seconds
    whole = median_of(instance)
    plan = None if hopeless(instance, whole) else first_plan(instance, whole, limits, ends)[0]
    median = None if plan is None else narrowed(whole, _NONE, _NONE)
    if plan is None or median is None or not 0 < median.pick < len(median.fee):
        return None
    best, found = rooted(median, best_at(instance, whole, plan, limits), ends)
    return Root(instance, limits, median, best, found)


def few_best(root: Root, count: int) -> list[Siting] | None:
    """Return the `count` best plans, proven, equal ones by their ids; None where too many sites are left for a table."""
    swaps = np.sort(root.swaps, axis=None)
    worst = root.best.value if count < 2 else float(swaps[min(count - 2, len(swaps) - 1)])
    if not np.isfinite(worst):
        return None
    work = replace(root.limits, seconds=min(root.limits.seconds, _WORK))
    plans = small_plans(root.within(worst), work, count, WIDEST)
    return None if plans is None else [replace(plan, instance=root.instance) for plan in plans]


def as_median(instance: Instance) -> Instance:
    """Return mclp as p-median: a site in the background serves everyone at a cost of 1, all others at none.

    What a plan costs is the weight that it leaves uncovered. Other questions as they are.
    """
    if instance.question.model != "mclp":
        return instance
    count, sites = len(instance.weight), len(instance.site_ids)
    ends = instance.indptr[1:]

    def one_more(values: npt.NDArray[Any], last: float) -> npt.NDArray[Any]:
        return np.append(values, np.asarray([last], values.dtype))

    return replace(
        instance.asking(replace(instance.question, model="p-median")),
        site_ids=np.append(instance.site_ids, _NOBODY),
        indptr=instance.indptr + np.arange(count + 1),
        indices=np.insert(instance.indices, ends, sites),
        costs=np.insert(np.zeros(len(instance.costs), np.uint32), ends, 1),
        status=one_more(instance.status, BACKGROUND),
        site_cost=one_more(np.zeros(sites), 0.0),
        min_load=one_more(instance.min_load, 0.0),
        max_load=one_more(instance.max_load, np.inf),
        group=np.append(instance.group, ""),
        because=None,
    )


def as_asked(asked: Instance, plan: Siting) -> Siting:
    """Return a proven plan of the p-median as one of the question that it was made of."""
    opened = open_positions(asked, plan.chosen)
    value = value_of(asked, opened)
    return siting_of(asked, opened, value, value, plan.seconds, plan.limits, plan.reduced)


def root_classes(root: Root, asked: Instance, plans: list[Siting], tolerance: float) -> pd.DataFrame:
    """Return the table of best.classes, and `at_most`: whether the loss may be less, as a plan is known and not the best.

    asked   the question that the root's p-median was made of, and its best plans, proven
    A class is proven where bound and plan agree on it.
    """
    sign, shift = sense(asked), float(asked.weight.sum()) if asked.question.model == "mclp" else 0.0
    costs = [plan.objective * sign + shift for plan in plans]
    chosen = [frozenset(plan.chosen) for plan in plans]
    best = costs[0]
    rows = []
    for site, name in enumerate(root.instance.site_ids[root.median.sites]):
        inside = name in chosen[0]
        others = [cost for cost, ids in zip(costs, chosen, strict=True) if (name in ids) != inside]
        value, bound = (others[0], others[0]) if others else _other(root, site, inside, costs[-1])
        enough = best + tolerance * abs(best - shift)
        if bound <= enough < value:
            value, bound = _sharper(root, site, inside, value, bound, enough)
        at_best, other = (Interval(one - shift, least - shift) for one, least in ((best, best), (value, bound)))
        row = class_row(str(name), at_best, other, inside, sign, tolerance)
        rows.append((*row, bool(np.isfinite(value) and bound < value)))
    return pd.DataFrame(rows, columns=[*COLUMNS, "at_most"])


def _other(root: Root, site: int, inside: bool, least: float) -> tuple[float, float]:
    """Return (what a plan costs that has the site, or has it not where the best has it; what none costs less than).

    least: of all plans but those listed
    """
    bound = max(least, float(root.otherwise[site])) if root.picked[site] == inside else least
    slot = np.searchsorted(root.opened, site)
    swapped = root.swaps[:, slot] if site in root.opened else root.swaps[site]
    value = float(swapped.min())
    return value, min(bound, value)


def _sharper(root: Root, site: int, inside: bool, value: float, bound: float, enough: float) -> tuple[float, float]:
    """Return value and bound of plans with the site, or without it, the prices moved until the bound is enough."""
    one = np.array([site])
    part = narrowed(root.median, _NONE if inside else one, one if inside else _NONE)
    if part is None or not 0 < part.pick < len(part.fee):
        return value, bound
    known = np.searchsorted(root.median.demands, part.demands)
    price = np.concatenate([root.found.price[known], root.found.price[len(root.median.base) :]])
    found = priced(part, price, value, AGAIN, enough * (1 + SAME), clock.now() + root.limits.seconds)
    value = min(value, found.plan.value)
    return value, min(max(bound, found.bound), value)
