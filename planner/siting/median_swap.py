"""Good plans of a p-median soon: greedy, then the best swap of one open site for a shut one until none helps."""

from dataclasses import dataclass

import numpy as np

from planner import clock
from planner.siting.median_problem import Bools, Median, Positions, loops

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


def interchanged(median: Median, opened: Positions, ends: float) -> Plan:
    """Return the plan after swaps, each the best one that the rules allow, until none helps or time is out."""
    pairs, opened = median.pairs, np.sort(opened)
    while 0 < len(opened) < len(median.fee):
        mark = marked(median, opened)
        first, least, second = loops(pairs).nearest_two(pairs.start, pairs.site, pairs.cost, median.base, mark)
        slot_of = np.cumsum(mark) - 1
        slot = np.where(first >= 0, slot_of[first], -1)
        lost = np.bincount(slot[slot >= 0], (second - least)[slot >= 0], len(opened))
        gain = -loops(pairs).profits(pairs.start, pairs.site, pairs.cost, least, len(mark)) - median.fee
        helps = loops(pairs).saved(
            pairs.start, pairs.site, pairs.cost, slot, least, second, len(mark), len(opened)
        )  # fmt: skip
        helps += gain[:, None] - (lost - median.fee[opened])[None, :]
        helps[mark] = -np.inf
        swap = _best_allowed(median, opened, helps, _HELPS * abs(float(least.sum())))
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
