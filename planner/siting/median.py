"""p-median: the sites whose demands travel least in sum, and the proof; see median_search and median_bound."""

from dataclasses import replace

import numpy as np

from planner import clock
from planner.siting.center_cover import covering
from planner.siting.cover_start import covering as greedy_cover
from planner.siting.feasible import out_of_reach
from planner.siting.instance import Instance
from planner.siting.median_problem import Bools, Median, Positions, median_of, settled
from planner.siting.median_search import Best, searched
from planner.siting.median_swap import Plan, greedy, interchanged
from planner.siting.question import Limits
from planner.siting.reduce import covers_of, open_count
from planner.siting.siting import Siting, no_plan, siting_of


def solve_p_median(instance: Instance, limits: Limits) -> Siting:
    """Return the plan of exactly p sites with the least Σ weight × cost + Σ site cost.

    Every demand that some site may reach is served, at its nearest open site.
    """
    begin = clock.now()
    ends = begin + limits.seconds
    whole = median_of(instance)
    opened, none = (None, True) if hopeless(instance, whole) else first_plan(instance, whole, limits, ends)
    if opened is None:
        return no_plan(instance, clock.now() - begin, limits, infeasible=none)
    best = Best(whole.sites[opened.opened], opened.value, _grain(instance), limits.gap)
    answer = searched(whole, best, limits, ends)
    always = np.flatnonzero(instance.open_always)
    sizes = {"sites": len(whole.fee), "demands": len(whole.base), "pairs": len(whole.pairs.cost), **answer.left}
    return siting_of(
        instance, np.concatenate([always, answer.best.opened]), answer.best.value, answer.bound,
        clock.now() - begin, limits, sizes,
    )  # fmt: skip


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
    return float(np.gcd(weight * cost, fee))
