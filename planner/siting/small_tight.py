"""What no plan worth finding pays is struck from a small question: its bounds are then far better, its table smaller."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
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
    from planner.siting.small_price_kernels import ascend

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
