"""The best order of opening by going through all sets of sites once: each set's best end is that of one site more."""

import numpy as np
import numpy.typing as npt

from planner.siting.phases import Task, uncovered_sets

Whole = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]


def best_order(task: Task) -> Whole:
    """Return the sites (by their place in the task) in the best order, the earliest by ids of equally good ones."""
    count = len(task.sites)
    if count == 0:
        return np.zeros(0, np.int64)
    first, second = _losses(task)
    year = task.year_of(_sums(task.price))
    ahead = [np.zeros(1 << count), np.zeros(1 << count)]
    choice = np.full(1 << count, -1, np.int8)
    size = _sums(np.ones(count, np.int64))
    slack = 0.0 if (task.instance.weight % 1 == 0).all() else 1e-9 * float(first.max(initial=0))
    by_size = np.argsort(size, kind="stable")
    starts = np.searchsorted(size[by_size], np.arange(count + 1))
    for many in range(count - 1, -1, -1):
        sets = by_size[starts[many] : starts[many + 1]]
        best = [np.full(len(sets), np.inf), np.full(len(sets), np.inf)]
        for site in range(count):
            closed = np.flatnonzero((sets >> site) & 1 == 0)
            here, there = sets[closed], sets[closed] | (1 << site)
            wait = year[there] - year[here]
            one, two = (loss[here] * wait + end[there] for loss, end in zip((first, second), ahead, strict=True))
            known = best[0][closed]
            better = (one < known - slack) | ((one <= known + slack) & (two < best[1][closed]))
            won = closed[better]
            best[0][won], best[1][won] = one[better], two[better]
            choice[sets[won]] = site
        ahead[0][sets], ahead[1][sets] = best
    return _path(choice, count)


def _path(choice: npt.NDArray[np.int8], count: int) -> Whole:
    order, opened = [], 0
    for _ in range(count):
        order.append(int(choice[opened]))
        opened |= 1 << order[-1]
    return np.array(order, np.int64)


def _losses(task: Task) -> tuple[Amounts, Amounts]:
    """Return what a year with each set of sites loses: by the aim, and by that which tells equals apart."""
    sets, uncovered, cost = uncovered_sets(task)
    count = len(task.sites)
    masks = np.array([sum(1 << site for site in one) for one in sets], np.int64)
    lost = []
    for values in (uncovered, cost):
        total = np.zeros(1 << count)
        total[masks] = values
        for bit in range(count):  # each set adds up what stands in its subsets
            pairs = total.reshape(-1, 2, 1 << bit)
            pairs[:, 1] += pairs[:, 0]
        lost.append(total[::-1])  # what none of the open sites serves lies within the closed ones
    return (lost[0], lost[1]) if task.instance.question.model == "mclp" else (lost[1], np.zeros(1 << count))


def _sums(values: Whole) -> Whole:
    """Return the sum over each set."""
    out = np.zeros(1 << len(values), np.int64)
    for bit, value in enumerate(values.tolist()):
        out[1 << bit : 2 << bit] = out[: 1 << bit] + value
    return out
