"""The p-median with all that is settled folded in: sites that may still be opened, and what each demand costs without them.

An open site leaves its mark in `base` (what a demand costs if nothing more is opened) and is gone from the columns; a shut
one is gone without a mark. So every branch of the search is a smaller problem of the same form.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.siting.instance import Instance
from planner.siting.question import BACKGROUND, FORBIDDEN

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Names = npt.NDArray[np.int32]
_SLACK = 1e-9
_SMALL = 20_000
"""Up to so many pairs array operations are done before numba is loaded."""
_NO_PAIR = np.uint64(2**64 - 1)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of (site, cost), the cheapest first, ties by site: row i is ``start[i]:start[i + 1]``."""

    start: Positions
    site: Names
    cost: Amounts


@dataclass(frozen=True, eq=False)
class Rules:
    """What the open sites must keep beside their number: low ≤ rows x ≤ high, all coefficients ≥ 0."""

    rows: csr_array
    low: Amounts
    high: Amounts

    def keeps(self, opened: Positions) -> bool:
        """Whether a set of open sites keeps the rules."""
        if not len(self.low):
            return True
        mine = np.zeros(self.rows.shape[1])
        mine[opened] = 1
        done = self.rows @ mine
        return bool((done >= self.low - _SLACK).all() and (done <= self.high + _SLACK).all())


@dataclass(frozen=True, eq=False)
class Median:
    """min constant + Σ_i min(base_i, least cost over S) + Σ fee over S, with `pick` sites in S that keep the rules.

    pairs      cost (weight included) below base; base is `never` where the demand must still be served
    sites      position of each site in the instance
    demands    position of each demand in the problem first made
    opened     positions of the sites opened on the way here, those always open not among them
    never      more than any plan costs: what it costs to leave a demand unserved
    """

    pairs: Pairs
    base: Amounts
    fee: Amounts
    pick: int
    rules: Rules
    sites: Positions
    demands: Positions
    opened: Positions
    constant: float
    never: float


def median_of(instance: Instance) -> Median:
    """Return the problem of an instance: sites always open folded in, what no site reaches left out."""
    always, may, row = instance.open_always, instance.status != FORBIDDEN, instance.row
    must, free = always & (instance.status != BACKGROUND), ~always & may
    fees = float(instance.site_cost[must].sum()) + instance.paid
    never = 1.0 + _dearest(instance, may) + float(instance.site_cost[must | free].sum()) + instance.paid
    base = np.full(len(instance.weight), never)
    if always.any():
        standing = always[instance.indices]
        np.minimum.at(base, row[standing], instance.weight[row[standing]] * instance.costs[standing])
    served = ~instance.unreachable
    keep = free[instance.indices]
    if always.any():
        keep &= instance.weight[row] * instance.costs < base[row]
    count = np.bincount(row[keep], minlength=len(base))[served]
    name = np.cumsum(free).astype(np.int32) - 1
    pairs = _cheapest_first(count, name[instance.indices[keep]], instance.costs[keep], instance.weight[served])
    rows, low, high = instance.site_rules
    done = rows @ always.astype(float)
    more = np.arange(len(low)) > 0  # the first rule is p
    rules = Rules(csr_array(rows[:, np.flatnonzero(free)][more]), (low - done)[more], (high - done)[more])
    pick = int(instance.question.p or 0) - int(must.sum())
    sites, nothing = np.flatnonzero(free), np.zeros(0, np.int64)
    whole = Median(
        pairs, base[served], instance.site_cost[free], pick, rules, sites, np.arange(len(count)), nothing, fees, never
    )
    return _without_empty_rows(whole)


def _dearest(instance: Instance, may: Bools) -> float:
    """Return the cost of serving every demand as dearly as can be."""
    costs = np.where(may[instance.indices], instance.costs, 0)
    filled = np.diff(instance.indptr) > 0
    most = np.maximum.reduceat(costs, instance.indptr[:-1][filled]) if len(costs) else np.zeros(0)
    return float(instance.weight[filled] @ most.astype(float))


def _cheapest_first(count: Positions, site: Names, cost: npt.NDArray[Any], weight: Amounts) -> Pairs:
    """Return rows of `count` pairs each, sorted by cost, then site; weight taken in.

    Rows of about one length are sorted together, in one padded table.
    """
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    sites, costs = np.empty(len(site), np.int32), np.empty(len(site))
    width = np.frexp(count.astype(float))[1]
    for one in np.unique(width[count > 0]):
        rows = np.flatnonzero(width == one)
        across = np.arange(count[rows].max())
        at, filled = start[rows, None] + across, across < count[rows, None]
        into = at[filled]
        if cost.dtype == np.uint32:
            key = np.full(at.shape, _NO_PAIR)
            key[filled] = (cost[into].astype(np.uint64) << np.uint64(32)) | site[into].astype(np.uint64)
            key.sort(axis=1)
            packed = key[filled]
            sites[into], costs[into] = (packed & np.uint64(2**32 - 1)).astype(np.int32), packed >> np.uint64(32)
        else:
            key = np.full(at.shape, np.inf)
            key[filled] = cost[into]
            order = np.take_along_axis(at, np.argsort(key, axis=1, kind="stable"), axis=1)[filled]
            sites[into], costs[into] = site[order], cost[order]
    costs *= np.repeat(weight, count)
    return Pairs(start, sites, costs)


def least_of(median: Median) -> float:
    """Return what any plan costs at least: every demand at its cheapest site, the cheapest fees."""
    fees = np.partition(median.fee, median.pick - 1)[: median.pick] if median.pick else np.zeros(0)
    return median.constant + float(median.pairs.cost[median.pairs.start[:-1]].sum()) + float(fees.sum())


def narrowed(median: Median, opened: Positions, shut: Positions) -> Median | None:
    """Return the problem with some sites opened and others shut, and what the rules then settle; None if none is left."""
    state = settled(median, opened, shut)
    if state is None:
        return None
    opened, keep, pairs = np.flatnonzero(state == 1), state == -1, median.pairs
    base, constant = median.base, median.constant + float(median.fee[opened].sum())
    if len(opened):
        base = loops(pairs).nearest_two(pairs.start, pairs.site, pairs.cost, base, state == 1)[1]
    name = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    done = median.rules.rows @ (state == 1).astype(float)
    left = np.flatnonzero(keep)
    smaller = Median(
        Pairs(*loops(pairs).kept(pairs.start, pairs.site, pairs.cost, base, name)),
        base,
        median.fee[left],
        median.pick - len(opened),
        Rules(csr_array(median.rules.rows[:, left]), median.rules.low - done, median.rules.high - done),
        median.sites[left],
        median.demands,
        np.concatenate([median.opened, median.sites[opened]]),
        constant,
        median.never,
    )
    return _without_empty_rows(smaller)


def _without_empty_rows(median: Median) -> Median:
    """Return the problem without demands that nothing more can help; their cost is told in the constant."""
    count = np.diff(median.pairs.start)
    full = count > 0
    if full.all():
        return median
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count[full])])
    return Median(
        Pairs(start, median.pairs.site, median.pairs.cost), median.base[full], median.fee, median.pick, median.rules,
        median.sites, median.demands[full], median.opened, median.constant + float(median.base[~full].sum()), median.never,
    )  # fmt: skip


def settled(median: Median, opened: Positions, shut: Positions) -> npt.NDArray[np.int8] | None:
    """Return, of each site, whether it is open (1), shut (0) or left (-1) once the rules have had their say.

    None where they cannot be kept any more. A rule settles a site where its limit leaves no room for another.
    """
    rules = median.rules
    state = np.full(len(median.fee), -1, np.int8)
    state[shut], state[opened] = 0, 1
    while True:
        before = int((state == -1).sum())
        pick, left = median.pick - int((state == 1).sum()), state == -1
        if pick < 0 or pick > before:
            return None
        if pick in (0, before):
            state[left] = int(pick > 0)
            left = state == -1
        done, could = rules.rows @ (state == 1).astype(float), rules.rows @ (state != 0).astype(float)
        if (done > rules.high + _SLACK).any() or (could < rules.low - _SLACK).any():
            return None
        if len(rules.low) and left.any():
            row = np.repeat(np.arange(len(rules.low)), np.diff(rules.rows.indptr))
            column, amount = rules.rows.indices, rules.rows.data
            state[column[(amount > (rules.high - done)[row] + _SLACK) & left[column]]] = 0
            state[column[(amount > (could - rules.low)[row] + _SLACK) & (state[column] == -1)]] = 1
        if int((state == -1).sum()) == before:
            return state


def loops(pairs: Pairs) -> Any:
    """Return the loops over so many pairs: over few of them array operations are done before the others are loaded."""
    return import_module(f"planner.siting.{'kernels' if len(pairs.cost) > _SMALL else 'median_arrays'}")
