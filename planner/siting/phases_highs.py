"""The order of opening of many sites, year by year as an integer programme, with its bound."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from planner.siting.highs import Program, solve
from planner.siting.phases import Task, uncovered_sets, yearly

Whole = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]


def proven_order(task: Task) -> tuple[Whole, float]:
    """Return the best order found in the time, and the bound of its objective; sites of one year stand by their ids."""
    covers = task.instance.question.model == "mclp"
    sets, uncovered, cost = uncovered_sets(task)
    values = uncovered if covers else cost
    kept = np.flatnonzero(values > 0)
    sets, values = [sets[at] for at in kept], values[kept]
    years, count = task.years - 1, len(task.sites)
    greedy = _greedy(task, sets, values)
    best = task.value(np.arange(count))[0 if covers else 1]
    if years == 0 or not sets:
        return greedy, best * task.years
    start = _start(task, sets, yearly(task, greedy)[:years])
    solved = solve(_program(task, sets, values), task.limits, start)
    order = greedy if not len(solved.values) else _order(solved.values, count, years)
    if _loss(task, sets, values, order) > _loss(task, sets, values, greedy):
        order = greedy
    lost = max(0.0, solved.bound) if np.isfinite(solved.bound) else 0.0
    lost = min(lost, _loss(task, sets, values, order))
    return order, best * task.years + (-lost if covers else lost)


def _loss(task: Task, sets: list[tuple[int, ...]], values: Amounts, order: Whole) -> float:
    """Return what the years before the last lose."""
    total = 0.0
    for opened in yearly(task, order)[:-1]:
        is_open = set(opened.tolist())
        total += sum(value for one, value in zip(sets, values, strict=True) if is_open.isdisjoint(one))
    return total


def _order(values: Amounts, count: int, years: int) -> Whole:
    opened = values[: count * years].reshape(years, count) > 0.5
    year = np.where(opened.any(axis=0), opened.argmax(axis=0), years)
    return np.lexsort((np.arange(count), year)).astype(np.int64)


def _greedy(task: Task, sets: list[tuple[int, ...]], values: Amounts) -> Whole:
    """Return the order in which each next site brings most for its price."""
    left, open_sets, order = set(range(len(task.sites))), np.ones(len(sets), np.bool_), list[int]()
    holds = [np.array([site in one for one in sets], np.bool_) for site in sorted(left)]
    while left:
        gain = {site: float(values[open_sets & holds[site]].sum()) / max(int(task.price[site]), 1) for site in left}
        order.append(max(sorted(left), key=lambda site: gain[site]))
        open_sets &= ~holds[order[-1]]
        left.discard(order[-1])
    return np.array(order, np.int64)


def _start(task: Task, sets: list[tuple[int, ...]], opened: list[Whole]) -> Amounts:
    here = [np.isin(np.arange(len(task.sites)), one).astype(float) for one in opened]
    lost = [np.array([float(not one[list(group)].any()) for group in sets]) for one in here]
    return np.concatenate([*here, *lost])


def _program(task: Task, sets: list[tuple[int, ...]], values: Amounts) -> Program:
    """Return min Σ value u: u + Σ x ≥ 1 in every year, x never closes again, prices within the money so far."""
    years, count, many = task.years - 1, len(task.sites), len(sets)
    columns = years * (count + many)
    member = np.array([(at, site) for at, one in enumerate(sets) for site in one], np.int64).reshape(-1, 2)
    row, column, data, top = list[Whole](), list[Whole](), list[Amounts](), 0
    low, high = list[Amounts](), list[Amounts]()
    for year in range(years):
        x, u = year * count, years * count + year * many
        row += [top + member[:, 0], top + np.arange(many)]
        column += [x + member[:, 1], u + np.arange(many)]
        data += [np.ones(len(member)), np.ones(many)]
        low.append(np.ones(many))
        high.append(np.full(many, np.inf))
        top += many
        row.append(np.full(count, top))
        column.append(x + np.arange(count))
        data.append(task.price.astype(float))
        low.append(np.array([-np.inf]))
        high.append(np.array([float((year + 1) * task.budget)]))
        top += 1
        if year:
            row += [top + np.arange(count)] * 2
            column += [x + np.arange(count), x - count + np.arange(count)]
            data += [np.ones(count), -np.ones(count)]
            low.append(np.zeros(count))
            high.append(np.full(count, np.inf))
            top += count
    rows = csr_array(coo_array((np.concatenate(data), (np.concatenate(row), np.concatenate(column))), (top, columns)))
    return Program(
        np.concatenate([np.zeros(years * count), np.tile(values, years)]), rows, np.concatenate(low),
        np.concatenate(high), np.zeros(columns), np.ones(columns),
        np.arange(columns) < years * count,
    )  # fmt: skip
