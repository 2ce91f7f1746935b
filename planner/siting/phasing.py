"""phases(): in which order to open the sites of a plan, year by year, so that most people are served earliest; proven.

A site opens in the first year by which the money of all years so far pays for it and for all before it; what a year
leaves over is kept. Sites a year are the same with a price of 1 each. The value of an order is the sum over the years,
to the last opening, of the people covered at the year's end (mclp) or of weight × cost (p-median).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array

from planner import clock
from planner.errors import Problem, SitingError, Text
from planner.siting.highs import Program, solve
from planner.siting.instance import Instance
from planner.siting.question import BACKGROUND, FIXED, Limits
from planner.siting.siting import PROVEN, nearest_open, relative_gap
from planner.text import option_text

Whole = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
EXACT = 20
"""Up to so many sites every set is gone through; beyond, HiGHS proves what the time allows."""
_LONGEST = 200


@dataclass(frozen=True, eq=False)
class Phases:
    """One order of opening.

    order     ids, the first to open first; year: the year (1, 2 …) in which each opens
    objective mclp: sum over the years of the weight covered; p-median: of weight × cost, who has no site at the dearest
    bound     what no order can beat; status "optimal" where the gap is at most 1e-6
    table     year, opened (a tuple of ids), cost, cumulative_cost, covered, newly_covered, weighted_cost; year 0 is today
    """

    order: tuple[str, ...]
    year: Mapping[str, int]
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    table: pd.DataFrame
    seconds: float


@dataclass(frozen=True, eq=False)
class Task:
    """The sites to open (positions, ascending), their prices and the money of a year, in whole units of one size."""

    instance: Instance
    sites: Whole
    price: Whole
    budget: int
    unit: int = 1
    limits: Limits = field(default=Limits())

    @cached_property
    def from_start(self) -> Whole:
        """The sites open today: the background, and those fixed."""
        return np.flatnonzero(np.isin(self.instance.status, (FIXED, BACKGROUND)))

    @cached_property
    def years(self) -> int:
        """The year of the last opening."""
        return int(self.year_of(np.array([self.price.sum()]))[0])

    def year_of(self, spent: Whole) -> Whole:
        """Return the first year by which so much is there."""
        return np.maximum(1, -(-spent // self.budget))

    @cached_property
    def costs(self) -> tuple[Amounts, Amounts]:
        """Demands × these sites (inf: no way), and each demand's cost among the sites open today (inf: none)."""
        instance = self.instance
        column = np.full(len(instance.site_ids), -1)
        column[self.sites] = np.arange(len(self.sites))
        to = column[instance.indices]
        table = np.full((len(instance.weight), len(self.sites)), np.inf)
        table[instance.row[to >= 0], to[to >= 0]] = instance.costs[to >= 0]
        return table, nearest_open(instance, self.from_start)[1]

    @cached_property
    def dearest(self) -> float:
        """The price of being without a site."""
        return float(self.instance.costs.max(initial=0))

    def value(self, opened: Whole) -> tuple[float, float]:
        """Return (weight covered, weight × cost with the dearest for who has none) of a set of these sites."""
        table, base = self.costs
        cost = np.minimum(base, table[:, opened].min(axis=1, initial=np.inf))
        weight = self.instance.weight
        return float(weight[np.isfinite(cost)].sum()), float(
            (weight * np.where(np.isfinite(cost), cost, self.dearest)).sum()
        )


def phases(
    instance: Instance, chosen: Iterable[str], budget: float, prices: Mapping[str, float] | None = None,
    limits: Limits | None = None, most_exact: int = EXACT,
) -> Phases:  # fmt: skip
    """Return the best order in which to open `chosen` with so much a year; without `prices`, so many sites a year.

    `instance` is of mclp or p-median; its fixed and background sites are open from the start. Of equally good orders by
    people covered that of the least weighted cost is told, then the earliest by ids (up to `most_exact` sites).
    """
    begin = clock.now()
    task = _task(instance, chosen, budget, prices, limits or Limits())
    if len(task.sites) <= most_exact:
        order = best_order(task)
        return _told(task, order, None, begin)

    order, bound = proven_order(task)
    return _told(task, order, bound, begin)


def _task(
    instance: Instance, chosen: Iterable[str], budget: float, prices: Mapping[str, float] | None, limits: Limits
) -> Task:
    """Return the task in whole numbers; SitingError for what cannot be asked."""
    if instance.question.model not in ("mclp", "p-median"):
        raise ValueError(f"phases are of mclp and p-median, not of {instance.question.model}")
    place = {str(name): at for at, name in enumerate(instance.site_ids)}
    wanted = sorted(set(chosen))
    lost = [one for one in wanted if one not in place]
    if lost:
        raise _refused("没有这些站点", "there are no such sites", "核对编号", "check the ids", "、".join(lost[:10]))
    sites = np.array([place[one] for one in wanted if instance.status[place[one]] not in (FIXED, BACKGROUND)], np.int64)
    sites.sort()
    named = [str(one) for one in instance.site_ids[sites]]
    unknown = [one for one in named if prices is not None and not prices.get(one, np.nan) >= 0]
    if unknown:
        raise _refused("这些站点没有费用", "these sites have no cost", "在方案的改动里写上 cost，或改用 --per-year",
                       "write a cost in the edits, or use --per-year", "、".join(unknown[:10]))  # fmt: skip
    if not 0 < budget < float("inf"):
        raise _refused(
            "每年的数额须大于 0", "so much a year must be above 0", "改正", "correct it", option_text(budget)
        )
    exact = [Fraction(1) if prices is None else Fraction(str(prices[one])) for one in named]
    money = Fraction(str(budget))
    unit = lcm(money.denominator, *(one.denominator for one in exact))
    task = Task(
        instance, sites, np.array([int(one * unit) for one in exact], np.int64), int(money * unit), unit, limits
    )
    if task.years > _LONGEST:
        raise _refused(f"要 {task.years} 年才能全部建成", f"it would take {task.years} years", "提高每年的数额",
                       "allow more a year", option_text(budget))  # fmt: skip
    return task


def _refused(zh: str, en: str, fix_zh: str, fix_en: str, found: str) -> SitingError:
    return SitingError(Problem("phases", Text(zh, en), Text(fix_zh, fix_en), found=found))


def yearly(task: Task, order: Whole) -> list[Whole]:
    """Return, for each year from the first, which of these sites are open at its end, in their order."""
    by = task.year_of(np.cumsum(task.price[order]))
    return [order[by <= year] for year in range(1, task.years + 1)]


def _told(task: Task, order: Whole, bound: float | None, begin: float) -> Phases:
    """Return the order with its value, computed anew from who is nearest to whom in each year."""
    instance, covers = task.instance, task.instance.question.model == "mclp"
    sets = yearly(task, order)
    values = [task.value(opened) for opened in sets]
    objective = float(sum(one[0 if covers else 1] for one in values))
    told = objective if bound is None else bound
    gap = relative_gap(objective, told)
    ids = [str(one) for one in instance.site_ids[task.sites]]
    year, rows, before = dict[str, int](), list[tuple[object, ...]](), np.zeros(0, np.int64)
    for at, (opened, value) in enumerate(zip([before, *sets], [task.value(before), *values], strict=True)):
        new = [one for one in opened if one not in before]
        year |= {ids[one]: at for one in new}
        spent = float(Fraction(int(task.price[opened].sum()), task.unit))
        paid = float(Fraction(int(task.price[new].sum()), task.unit)) if new else 0.0
        rows.append((at, tuple(ids[one] for one in new), paid, spent, value[0], 0.0, value[1]))
        before = opened
    columns = ["year", "opened", "cost", "cumulative_cost", "covered", "newly_covered", "weighted_cost"]
    table = pd.DataFrame(rows, columns=columns)
    table["newly_covered"] = table["covered"].diff().fillna(0.0)
    return Phases(
        tuple(ids[one] for one in order), year, objective, told, gap, "optimal" if gap <= PROVEN else "feasible",
        table, clock.since(begin),
    )  # fmt: skip


def uncovered_sets(task: Task) -> tuple[list[tuple[int, ...]], Amounts, Amounts]:
    """Return sets of sites, and what it adds to (weight uncovered, weight × cost) while none of a set is open.

    The least of several costs is the first, plus each step to the next while none of those before is open.
    """
    table, base = task.costs
    found: dict[tuple[int, ...], list[float]] = {}
    for row, weight in enumerate(task.instance.weight.tolist()):
        reached = np.flatnonzero(np.isfinite(table[row]))
        if weight == 0 or not len(reached):
            continue
        if np.isinf(base[row]):
            found.setdefault(tuple(reached.tolist()), [0.0, 0.0])[0] += weight
        last = min(base[row], task.dearest)
        near = reached[table[row, reached] < last]
        near = near[np.argsort(table[row, near], kind="stable")]
        steps = np.diff(np.append(table[row, near], last))
        for at in np.flatnonzero(steps > 0):
            found.setdefault(tuple(sorted(near[: at + 1].tolist())), [0.0, 0.0])[1] += weight * float(steps[at])
    sets = sorted(found)
    values = np.array([found[one] for one in sets], np.float64).reshape(-1, 2)
    return sets, values[:, 0], values[:, 1]


# The best order of opening by going through all sets of sites once: each set's best end is that of one site more.


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


# The order of opening of many sites, year by year as an integer programme, with its bound.


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
