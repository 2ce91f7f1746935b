"""The k best plans of a small question (up to 128 sites to decide on) in one search: MCLP and p-median.

Where so few plans can be made that trying them all is quicker than loading the compiled search, they are all tried.
"""

from dataclasses import dataclass, replace
from itertools import chain, combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.siting import SAME, Siting, nearest_open, siting_of

Amounts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


# What no plan worth finding pays is struck from a small question: its bounds are then far better, its table smaller.

Bools = npt.NDArray[np.bool_]
_ROUNDS = 400


class Task(NamedTuple):
    """A small question as the compiled search takes it; see small_kernels.

    costs, base   criteria × free sites × demands, and criteria × demands: filled up with demands of no cost
    extra         of each free site, by the first criterion
    counts        how many demands each criterion has
    limit         of each criterion; the first has none
    rules         (A, low, high) over the free sites
    picks         how many of them a plan opens
    prices        criteria × demands: where the bounds begin
    eps           by so much a value may be off
    """

    costs: Amounts
    extra: Amounts
    base: Amounts
    counts: Positions
    limit: Amounts
    rules: tuple[Amounts, Amounts, Amounts]
    picks: int
    prices: Amounts
    eps: Amounts


def tightened(task: Task, worst: float) -> Task:
    """Return the question without what no plan pays that is worth `worst` or less and keeps the limits.

    With prices u, any plan is worth at least its bound and, besides, what each demand pays above its price. So a cost
    more than `worst` − bound above its price is as good as no way. A demand that then costs nothing with some sites and
    cannot be without them is *hard*: it holds for every criterion, and whoever it serves besides is served.
    """
    from planner.siting.small_kernels import ascend

    costs, base, prices = task.costs.copy(), task.base.copy(), task.prices.copy()
    sites = costs.shape[1]
    for kind, goal in enumerate(np.append(worst, task.limit[1:]) + task.eps):
        if not goal < 1e300:
            continue
        extra = task.extra if kind == 0 else np.zeros(sites)
        saving, picked = np.zeros(sites), np.zeros(task.picks, np.int64)
        many = task.counts[kind]
        free, price = np.ones(sites, np.bool_), prices[kind, :many]
        bound = ascend(costs[kind], extra, base[kind, :many], price, free, task.picks, goal, _ROUNDS, saving, picked)
        most = price + max(goal - bound, 0.0) + task.eps[kind]
        costs[kind, :, :many][costs[kind, :, :many] > most] = np.inf
        base[kind, :many][base[kind, :many] > most] = np.inf
    return _with_hard_rows(task._replace(costs=costs, base=base, prices=prices))


def _with_hard_rows(task: Task) -> Task:
    """Return the question with its hard demands, the least ones alone, in every criterion, and without whom they imply."""
    hard = _hard(task)
    if not len(hard):
        return task
    parts: list[Any] = []
    for many, *whole in zip(task.counts, task.costs, task.base, task.prices, strict=True):
        costs, base, price = (one[..., :many] for one in whole)
        # A demand is implied by a hard one where each site that serves the hard one serves it at no cost.
        holds = (~(costs == 0)).astype(np.float64).T @ hard.T.astype(np.float64) == 0
        kept = ~holds.any(axis=1) & (base > 0)
        whose = np.argmax(holds, axis=1)
        moved = np.bincount(whose[~kept], price[~kept] * holds[~kept].any(axis=1), len(hard))
        parts.append((np.hstack([costs[:, kept], np.where(hard.T, 0.0, np.inf)]),
                      np.concatenate([base[kept], np.full(len(hard), np.inf)]),
                      np.concatenate([price[kept], moved])))  # fmt: skip
    counts = np.array([len(base) for _, base, _ in parts])
    costs = np.zeros((len(parts), task.costs.shape[1], counts.max()))
    base, prices = (np.zeros((len(parts), counts.max())) for _ in range(2))
    for kind, (cost, one, price) in enumerate(parts):
        costs[kind, :, : len(one)], base[kind, : len(one)], prices[kind, : len(one)] = cost, one, price
    return task._replace(costs=costs, base=base, prices=prices, counts=counts)


def distinct(rows: Bools) -> tuple[Positions, Positions]:
    """Return the first place of each different row, in the order of the rows, and of every row which of them it is.

    >>> distinct(np.array([[True, False], [False, True], [True, False]]))
    (array([1, 0]), array([1, 0, 1]))
    """
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    whole = packed.view(f"V{packed.shape[1]}").ravel()  # bytes are compared sooner than columns
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return first, which


def _hard(task: Task) -> Bools:
    """Return the least sets of sites (as rows) of which every plan must hold one."""
    found = []
    for many, *whole in zip(task.counts, task.costs, task.base, strict=True):
        costs, base = (one[..., :many] for one in whole)
        free = costs == 0
        must = np.isinf(base) & (free | np.isinf(costs)).all(axis=0)
        found.append(free[:, must].T)
    rows = np.concatenate(found)
    sets = rows[distinct(rows)[0]]
    size = sets.sum(axis=1)
    shared = sets.astype(np.float64) @ sets.T.astype(np.float64)
    within = (shared == size[:, None]) & (size[:, None] < size[None, :])  # one lies within the other
    return np.asarray(sets[~within.any(axis=0)])


Keys = npt.NDArray[np.uint64]
TOLD, WIDEST = 64, 128
"""Up to so many sites to decide on, this search tells which of equally good plans is shown; up to so many, values."""
_MOST_CELLS = 5_000_000
_CELLS_A_SECOND = 4e8
"""Cells of the table times nodes in a second, about: a time limit becomes a number of nodes, the same on any machine."""
_FEW_CELLS = 4_000_000
"""Up to so many cells of the tables of all plans, all are tried; making a plan takes as long as so many cells a site."""
_A_PLAN = 20
_NODES_FOR_TIES = 20_000
_NODES_AT_ONCE = 1_000
"""So many nodes are tried with all ties kept at once; only then is the value proven first."""


@dataclass(frozen=True, eq=False)
class Criterion:
    """What plans are worth, small being good: for each demand the least cost among its open sites.

    cost      free sites × demands, inf where there is no way
    base      of each demand without any of the free sites, inf where it must have one
    size      what differences are measured against: below 1e-9 of it, values are the same
    """

    cost: Amounts
    base: Amounts
    size: float


@dataclass(frozen=True, eq=False)
class Plans:
    """Plans in order: value by the first criterion, and whether each free site is open.

    by_ids: whether equal ones are certain to be the earliest by their ids
    """

    values: Amounts
    opened: npt.NDArray[np.bool_]
    by_ids: bool


def small_plans(instance: Instance, limits: Limits, count: int, most: int = TOLD) -> list[Siting] | None:
    """Return the `count` best plans, proven, equal ones by their ids; None where the search is not for this question.

    That is: another model, more than `most` sites, no plan at all, or more nodes than the time allows.
    """
    begin = clock.now()
    criterion = None if len(instance.free) > most else criterion_of(instance)
    if criterion is None:
        return None
    found = search(instance, limits, count, criterion)
    if found is None or not len(found.values):
        return None
    return [_told(instance, limits, plan, begin) for plan in found.opened]


def small_first(solve: Any, most: int = TOLD) -> Any:
    """Return a solver that answers small questions by this search, so that ties go to the smaller ids, others as before.

    most: up to so many sites to decide on
    """

    def answer(instance: Instance, limits: Limits) -> Siting:
        plans = small_plans(instance, limits, 1, most)
        return plans[0] if plans else solve(instance, limits)

    return answer


def as_many(instance: Instance, count: int) -> Instance | None:
    """Return lscp for all as the p-median question of so many sites: its plans are those as good, where sites cost alike.

    None for other questions.
    """
    asked, cost = instance.question, instance.site_cost[instance.free]
    if asked.model != "lscp" or asked.share < 1 or (len(cost) and not 0 < cost.min() == cost.max()):
        return None
    return instance.asking(replace(asked, model="p-median", p=count))


def search(
    instance: Instance,
    limits: Limits,
    count: int,
    aim: Criterion,
    under: tuple[tuple[Criterion, float], ...] = (),
) -> Plans | None:
    """Return the `count` best plans by `aim` among those within a limit by each criterion of `under`.

    None where the question is too large or the time too short. Equal plans stand in the order of their ids; so that the
    earliest of them all are listed, a second search goes through the equal ones, where there are not too many of them.
    """
    picks = _picks(instance)
    cells = sum(one.cost.size for one in (aim, *(one for one, _ in under)))
    if picks is None or cells > _MOST_CELLS or len(instance.free) > WIDEST:
        return None
    if picks == 0:
        return _only_plan(instance, aim, under)
    task = _task(instance, picks, aim, under)
    if comb(len(instance.free), picks) * (cells // len(instance.free) + _A_PLAN * picks) <= _FEW_CELLS:
        return every_plan(task, count)
    from planner.siting.small_kernels import begun, branch_and_bound

    values, keys = np.full(count, np.inf), np.zeros((count, -(-len(instance.free) // 64)), np.uint64)
    most = int(min(limits.seconds * _CELLS_A_SECOND, 1e15) / max(cells, 500))
    begun(task, values, keys)
    task = _at_root(task, values, keys)
    better, earlier = values.copy(), keys.copy()
    by_ids = branch_and_bound(task, better, earlier, True, min(most // 2, _NODES_AT_ONCE)) >= 0
    if not by_ids:
        nodes = branch_and_bound(task, values, keys, False, most // 2)
        if nodes < 0:
            return None
        better, earlier = values.copy(), keys.copy()
        most = min(most // 2, 3 * nodes + _NODES_FOR_TIES)
        by_ids = branch_and_bound(tightened(task, values[-1]), better, earlier, True, most) >= 0
    if by_ids:
        values, keys = better, earlier
    kept = np.isfinite(values)
    return Plans(values[kept], _opened(keys[kept], len(instance.free)), by_ids)


def every_plan(task: Task, count: int) -> Plans:
    """Return the `count` best plans by trying all, those of one value by their ids.

    Combinations come in the order of their ids, so a stable sort keeps it; values are one where they lie within eps.
    """
    width, picks = len(task.extra), task.picks
    number = comb(width, picks)
    flat = np.fromiter(chain.from_iterable(combinations(range(width), picks)), np.int64, number * picks)
    sites = flat.reshape(number, picks)
    rows, low, high = task.rules
    use = rows[:, sites].sum(axis=2).T
    fits = ((use >= low - 1e-9) & (use <= high + 1e-9)).all(axis=1)
    for kind, limit in enumerate(task.limit):
        if kind and limit < np.inf:
            fits &= _worth(task, sites, kind) <= limit + task.eps[kind]
    sites = sites[fits]
    values = _worth(task, sites, 0) + task.extra[sites].sum(axis=1)
    order = np.argsort(values, kind="stable")
    order = order[np.isfinite(values[order])]
    level = np.cumsum(np.diff(values[order], prepend=values[order[:1]]) > task.eps[0])
    order = order[np.lexsort((order, level))][:count]
    opened = np.zeros((len(order), width), np.bool_)
    np.put_along_axis(opened, sites[order], True, axis=1)
    return Plans(values[order], opened, True)


def _worth(task: Task, sites: Positions, kind: int) -> Amounts:
    """Return what all demands cost with each set of sites (rows of `sites`) by one criterion."""
    least = np.broadcast_to(task.base[kind], (len(sites), task.base.shape[1]))
    for column in sites.T:
        least = np.minimum(least, task.costs[kind][column])
    return np.asarray(least.sum(axis=1))


def _at_root(task: Task, values: Amounts, keys: Keys) -> Task:
    """Return the question tightened by the best plans that swaps find from where the bounds lead."""
    from planner.siting.small_kernels import branch_and_bound

    while True:
        worst = values[-1]
        task = tightened(task, worst)
        if branch_and_bound(task, values, keys, False, 1) > 0 or not values[-1] < worst:
            return task


def _picks(instance: Instance) -> int | None:
    """Return how many free sites a plan opens; None where p is not asked or cannot be kept."""
    if instance.question.p is None:
        return None
    picks = instance.question.p - int((instance.open_always & instance.counted).sum())
    return picks if 0 <= picks <= len(instance.free) else None


def _only_plan(instance: Instance, aim: Criterion, under: tuple[tuple[Criterion, float], ...]) -> Plans:
    """Return the one plan there is where no free site may be opened, if it is one."""
    _, low, high = _rules(instance)
    fits = (low <= 1e-9).all() and (high >= -1e-9).all() and np.isfinite(aim.base.sum())
    fits = fits and all(one.base.sum() <= limit + SAME * one.size for one, limit in under)
    return Plans(np.full(int(fits), aim.base.sum()), np.zeros((int(fits), len(instance.free)), np.bool_), True)


def _task(instance: Instance, picks: int, aim: Criterion, under: tuple[tuple[Criterion, float], ...]) -> Task:
    """Return the question for the compiled search, the shorter criteria filled up with demands of no cost."""
    every = [aim, *(one for one, _ in under)]
    widest = max(one.cost.shape[1] for one in every)
    tables = np.zeros((len(every), aim.cost.shape[0], widest))
    base = np.zeros((len(every), widest))
    for at, one in enumerate(every):
        tables[at, :, : one.cost.shape[1]] = one.cost
        base[at, : one.cost.shape[1]] = one.base
    prices = np.minimum(base, tables.min(axis=1, initial=np.inf))
    prices[np.isinf(prices)] = 0.0
    limit = np.array([np.inf, *(limit for _, limit in under)])
    eps = np.array([SAME * one.size for one in every])
    counts = np.array([one.cost.shape[1] for one in every])
    return Task(tables, _site_costs(instance), base, counts, limit, _rules(instance), picks, prices, eps)


def _rules(instance: Instance) -> tuple[Amounts, Amounts, Amounts]:
    """Return (A, low, high) over the free sites of all rules but p, what is open always taken off."""
    rows, low, high = instance.site_rules
    dense = rows.toarray()[1:]
    spent = dense[:, instance.open_always].sum(axis=1)
    return np.ascontiguousarray(dense[:, instance.free]), low[1:] - spent, high[1:] - spent


def _site_costs(instance: Instance) -> Amounts:
    if instance.question.model == "p-median":
        return np.ascontiguousarray(instance.site_cost[instance.free], np.float64)
    return np.zeros(len(instance.free))


def _opened(keys: Keys, width: int) -> npt.NDArray[np.bool_]:
    """Return, of each key and site, whether the plan holds it."""
    bits = np.uint64(1) << np.arange(63, -1, -1).astype(np.uint64)
    return ((keys[:, :, None] & bits) != 0).reshape(len(keys), 64 * keys.shape[1])[:, :width]


def _told(instance: Instance, limits: Limits, opened: npt.NDArray[np.bool_], begin: float) -> Siting:
    """Return one plan (of the free sites) as a Siting, its value computed anew from who is nearest to whom."""
    sites = opened_with(instance, opened)
    value = value_of(instance, sites)
    return siting_of(instance, sites, value, value, clock.since(begin), limits, {})


def opened_with(instance: Instance, opened: npt.NDArray[np.bool_]) -> Positions:
    """Return the positions of all open sites of a plan, given of each free site whether it is open."""
    sites = instance.open_always.copy()
    sites[instance.free[opened]] = True
    return np.flatnonzero(sites)


def value_of(instance: Instance, opened: Positions) -> float:
    """Return the objective of a plan of mclp or p-median; inf where p-median leaves someone without."""
    where, cost = nearest_open(instance, opened)
    served = where >= 0
    if instance.question.model == "mclp":
        return float(instance.weight[served].sum())
    if not (served | instance.unreachable).all():
        return float("inf")
    mine = opened[instance.counted[opened]]
    return float((instance.weight[served] * cost[served]).sum() + instance.site_cost[mine].sum()) + instance.paid


def criterion_of(instance: Instance) -> Criterion | None:
    """Return the objective of a small question as a criterion; None for other models and where nobody can be served."""
    if instance.question.model not in ("mclp", "p-median") or len(instance.free) > WIDEST:
        return None
    if instance.question.model == "mclp":
        return uncovered(instance)
    if not instance.question.allow_unreachable and instance.unreachable.any():
        return None
    return weighted_cost(instance)


def uncovered(instance: Instance) -> Criterion:
    """Return the weight left uncovered as a criterion; demands that the same sites reach are one."""
    shape = (len(instance.weight), len(instance.free))
    reach = _table(instance, np.ones(len(instance.costs)), shape)[0] == 1
    left = ~_served(instance) & reach.any(axis=1)
    first, group = distinct(reach[left])
    weight = np.bincount(group, instance.weight[left], len(first)).astype(np.float64)
    cost = np.where(reach[left][first].T, 0.0, weight)
    return Criterion(np.ascontiguousarray(cost), weight, float(instance.weight.sum()))


def weighted_cost(instance: Instance, missing: float = np.inf) -> Criterion:
    """Return weight × cost as a criterion; who has no site costs `missing` a weight (inf: nobody may be without)."""
    shape = (len(instance.weight), len(instance.free))
    cost, always = _table(instance, instance.costs.astype(float), shape)
    kept = ~instance.unreachable & (instance.weight > 0) | (~instance.unreachable & (missing == np.inf))
    weight = instance.weight[kept]
    with np.errstate(invalid="ignore"):
        cost, base = weight[:, None] * cost[kept], weight * np.minimum(always[kept], missing)
    for one in (cost, base):
        one[np.isnan(one)] = np.inf  # a weight of 0 without a way
    size = _size(np.minimum(cost, base[:, None]), _site_costs(instance)) + instance.paid
    return Criterion(np.ascontiguousarray(cost.T), base, size)


def _size(cost: Amounts, fees: Amounts) -> float:
    """Return the size of plans by costs (demands × sites): what is paid at least, or a thousandth of what can be paid.

    The thousandth is for where every demand has a site that costs nothing: sums are then still rounded.
    """
    least, most = cost.min(axis=1, initial=np.inf), np.where(np.isfinite(cost), cost, 0.0).max(axis=1, initial=0.0)
    paid = float(least[np.isfinite(least)].sum())
    return max(paid, 1e-3 * float(most.sum() + fees.sum()))


def _table(instance: Instance, costs: Amounts, shape: tuple[int, int]) -> tuple[Amounts, Amounts]:
    """Return the costs as a full table (demands × free sites, inf: no way) and each demand's least among those open always."""
    column = np.full(len(instance.site_ids), -1)
    column[instance.free] = np.arange(shape[1])
    to = column[instance.indices]
    table, always = np.full(shape, np.inf), np.full(shape[0], np.inf)
    table[instance.row[to >= 0], to[to >= 0]] = costs[to >= 0]
    stands = instance.open_always[instance.indices]
    np.minimum.at(always, instance.row[stands], costs[stands])
    return table, always


def _served(instance: Instance) -> npt.NDArray[np.bool_]:
    """Whether a site that is open always reaches each demand."""
    stands = instance.open_always[instance.indices]
    return np.bincount(instance.row[stands], minlength=len(instance.weight)) > 0
