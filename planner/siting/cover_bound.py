"""What no plan can beat: the linking rule of maximal cover priced out (Lagrange), the prices moved by subgradients.

max Σ w y, y ≤ Σ x: with a price 0 ≤ λ ≤ w on each row the best y is 1 and the best x are the dearest columns, so that
Σ (w − λ) + the `count` largest Σ λ of a column is a bound, whatever the prices, and whatever further rules a plan keeps.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, eye_array, hstack, vstack

from planner import clock
from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.reduce import Covers, kernels_for, pairs_of, summed

Amounts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


# A good plan at once: the site that adds most, again and again, then the best swap while one helps.

_AT_ONCE = 10_000
"""Turns of a local search between two looks at the clock: it ends by turns, the same everywhere, if there is time."""


class Plan(NamedTuple):
    """Open columns, ascending, and the weight they cover."""

    columns: Positions
    value: float


def cover_counts(covers: Covers, columns: Positions) -> Positions:
    """Return how many of the columns cover each row."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.cover_counts(*covers.by_column, columns, covers.rows)
    chosen = np.zeros(covers.columns)
    chosen[columns] = 1.0
    return np.asarray(covers.sides[0] @ chosen, np.int64)


def column_sums(covers: Covers, rows: Positions, amount: Amounts) -> Amounts:
    """Return, for each column, the sum of the amounts of those of the rows that it covers."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.column_sums(covers.indptr, covers.indices, rows, amount, covers.columns)
    whole = np.zeros(covers.rows)
    whole[rows] = amount
    return np.asarray(covers.sides[1] @ whole, np.float64)


def planned(covers: Covers, columns: Positions) -> Plan:
    """Return the plan of these columns."""
    return Plan(np.sort(columns), float(covers.weight[cover_counts(covers, columns) > 0].sum()))


def greedy(covers: Covers, count: int) -> Plan:
    """Return `count` columns, each the one that adds most to those before (of equal ones the first)."""
    return planned(covers, _greedy(covers, np.ones(covers.columns), count, np.inf))


def _greedy(covers: Covers, costs: Amounts, count: int, need: float) -> Positions:
    """Return columns, each the one that adds most weight for its cost, until there are so many or all that is needed."""
    starts, by_column = covers.by_column
    gain = column_sums(covers, np.arange(covers.rows), covers.weight)
    bare = np.ones(covers.rows, np.bool_)
    chosen: list[int] = []
    left = float(covers.weight.sum()) if need == np.inf else need
    while len(chosen) < count and (need == np.inf or (left > 0 and bare.any())):
        best = int(np.argmax(gain / costs))
        rows = by_column[starts[best] : starts[best + 1]]
        rows = rows[bare[rows]]
        bare[rows] = False
        left -= float(covers.weight[rows].sum())
        gain -= column_sums(covers, rows, covers.weight[rows])
        gain[best] = -np.inf
        chosen.append(best)
    return np.array(chosen, np.int64)


def prices(costs: Amounts) -> Amounts:
    """Return the costs, above 0 where something is divided by them."""
    return np.maximum(costs, 1e-9 * float(costs.max(initial=0.0)) or 1.0)


def covering(covers: Covers, costs: Amounts) -> Amounts:
    """Return columns (as 0 and 1) that cover every row: greedily, then without those that the others make needless."""
    starts, by_column = covers.by_column
    each = replace(covers, weight=np.ones(covers.rows))
    columns = _greedy(each, prices(costs), covers.columns, covers.rows)
    times = cover_counts(covers, columns)
    values = np.zeros(covers.columns)
    values[columns] = 1
    for column in columns[np.lexsort((np.diff(starts)[columns], -costs[columns]))]:
        rows = by_column[starts[column] : starts[column + 1]]
        if (times[rows] > 1).all():
            times[rows] -= 1
            values[column] = 0
    return values


def covering_share(covers: Covers, costs: Amounts, need: float) -> Amounts:
    """Return columns (as 0 and 1) that cover so much weight, greedily."""
    values = np.zeros(covers.columns)
    values[_greedy(covers, prices(costs), covers.columns, need)] = 1
    return values


def cheaper_columns(covers: Covers, costs: Amounts, values: Amounts, turns: int, ends: float) -> Amounts:
    """Return a cover of every row that costs less, where a local search of so many turns finds one before the time ends.

    Of few pairs the one given.
    """
    kernels = kernels_for(covers.indices)
    if kernels is None:
        return values
    pairs, price = (covers.indptr, covers.indices, *covers.by_column), prices(costs)
    at = kernels.search_of(*pairs, np.flatnonzero(values > 0.5))
    least = float(price[values > 0.5].sum())
    for begin in range(0, turns, _AT_ONCE):
        if clock.now() > ends:
            break
        found, least = kernels.cheaper_columns(at, price, *pairs, begin, min(_AT_ONCE, turns - begin), least)
        values = found.astype(float) if len(found) else values
    return values


def swapped(covers: Covers, plan: Plan, ends: float) -> Plan:
    """Return the plan after the best swap of one column for another, while one helps and there is time."""
    columns = plan.columns.copy()
    while 0 < len(columns) < covers.columns and clock.now() < ends:
        gain, out, into = best_swap(covers, columns)
        if gain <= 1e-9 * plan.value:
            break
        columns[out] = into
    return planned(covers, columns)


def best_swap(covers: Covers, columns: Positions, kept: Bools | None = None) -> tuple[float, int, int]:
    """Return (gain, place in `columns`, other column) of the swap that gains most, of those that are `kept` (a table)."""
    place = np.full(covers.columns, -1)
    place[columns] = np.arange(len(columns))
    gain, still = _swap_gains(covers, cover_counts(covers, columns), place, len(columns))
    gain[columns] = -np.inf
    total = gain + still - still[np.arange(len(columns)), columns][:, None]
    if kept is not None:
        total[~kept] = -np.inf
    best = int(np.argmax(total))
    return float(total.flat[best]), best // covers.columns, best % covers.columns


def _swap_gains(covers: Covers, times: Positions, place: Positions, chosen: int) -> tuple[Amounts, Amounts]:
    """Return what each column would add, and what each would keep of that which one chosen column alone covers."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        return kernels.swap_gains(covers.indptr, covers.indices, covers.weight, times, place, chosen)
    none, once = np.flatnonzero(times == 0), np.flatnonzero(times == 1)
    gain = column_sums(covers, none, covers.weight[none])
    pairs, size = pairs_of(covers.indptr, once)
    column, row = covers.indices[pairs], np.repeat(np.arange(len(once)), size)
    mine = place[column] >= 0
    owner = np.zeros(len(once), np.int64)
    owner[row[mine]] = place[column[mine]]
    flat = owner[row] * covers.columns + column
    kept = summed(flat, covers.weight[once][row], chosen * covers.columns)
    return gain, kept.reshape(chosen, covers.columns)


# The cover models as sparse programs for HiGHS, over the columns that are left: x, then y (a first cover), u (a second).

_LEAST, _MOST = 2.0**10, 2.0**20
"""The solver's tolerances are absolute: the largest cost it is given lies between these."""


@dataclass(frozen=True, eq=False)
class Rules:
    """low ≤ rows x ≤ high over the columns."""

    rows: csr_array
    low: Amounts
    high: Amounts


def column_rules(instance: Instance, covers: Covers, opened: Bools) -> Rules:
    """Return the rules on sites over the columns, with the sites that are open already (a mask) folded in."""
    rows, low, high = instance.site_rules
    done = rows @ opened.astype(float)
    return Rules(csr_array(rows[:, covers.sites]), low - done, high - done)


def feasible_start(values: Amounts, rules: Rules) -> Amounts | None:
    """Return a plan if it keeps the rules on sites, which are its first columns."""
    done = rules.rows @ values[: rules.rows.shape[1]]
    return values if bool(((done >= rules.low - 1e-9) & (done <= rules.high + 1e-9)).all()) else None


def cover_rules(covers: Covers) -> Rules:
    """Every row must be covered."""
    return Rules(covers.matrix, np.ones(covers.rows), np.full(covers.rows, np.inf))


def share_rule(covers: Covers, need: float) -> Rules:
    """So much weight must be covered: y ≤ Σ x and Σ w y ≥ need, over x and y."""
    count = covers.rows
    link = hstack([covers.matrix, -eye_array(count)])
    unit = min(float(covers.weight.max(initial=0.0)), 1.0) or 1.0  # the solver's tolerance is absolute
    total = hstack([csr_array((1, covers.columns)), csr_array(covers.weight[None] / unit)])
    low = np.concatenate([np.zeros(count), [need / unit]])
    return Rules(csr_array(vstack([link, total])), low, np.full(count + 1, np.inf))


def solve_scaled(program: Program, limits: Limits, start: Amounts | None = None) -> Solved:
    """Solve with the costs multiplied by a power of two, so that small and large ones are proven as well as others.

    Small costs that are whole stay: the values of plans are then whole too, and told apart.
    """
    largest = float(np.abs(program.cost).max(initial=0.0))
    whole = bool((program.cost == np.rint(program.cost)).all())
    aim = _MOST if largest > _MOST else _LEAST if largest < _LEAST and not whole else largest
    if largest in (0, aim):
        return solve(program, limits, start)
    scale = 2.0 ** np.floor(np.log2(aim) - np.log2(largest))
    answer = solve(replace(program, cost=program.cost * scale), limits, start)
    return replace(
        answer, objective=answer.objective / scale, bound=answer.bound / scale, duals=answer.duals / scale
    )  # fmt: skip


def site_program(cost: Amounts, *rules: Rules) -> Program:
    """Return the program of the cheapest columns under some rules; columns behind those of the sites lie in [0, 1]."""
    count = max([one.rows.shape[1] for one in rules], default=len(cost))
    more = count - len(cost)
    return _program(np.concatenate([cost, np.zeros(more)]), len(cost), rules)


def worth_program(covers: Covers, *rules: Rules) -> Program:
    """Return the program of the most worth: max Σ weight y + Σ again u, y + u ≤ Σ x, under some rules on x."""
    twice = np.flatnonzero(covers.again > 0)
    second = csr_array((np.ones(len(twice)), (twice, np.arange(len(twice)))), shape=(covers.rows, len(twice)))
    link = csr_array(hstack([covers.matrix, -eye_array(covers.rows), -second]))
    linked = Rules(link, np.zeros(covers.rows), np.full(covers.rows, np.inf))
    cost = np.concatenate([np.zeros(covers.columns), -covers.weight, -covers.again[twice]])
    return _program(cost, covers.columns, (linked, *rules))


def _program(cost: Amounts, whole: int, rules: tuple[Rules, ...]) -> Program:
    count = len(cost)
    rows = [hstack([one.rows, csr_array((one.rows.shape[0], count - one.rows.shape[1]))]) for one in rules]
    return Program(
        cost,
        csr_array(vstack(rows)) if rows else csr_array((0, count)),
        np.concatenate([one.low for one in rules]) if rules else np.zeros(0),
        np.concatenate([one.high for one in rules]) if rules else np.zeros(0),
        np.zeros(count),
        np.ones(count),
        np.arange(count) < whole,
    )


_MEMORY = 0.9
_FADE = 0.05
_PATIENCE = 15
_ROUNDING = 50
_WEAKEST = 0.004
_TINY = 1e-300


class Aim(NamedTuple):
    """When to stop: at a gap, at a time (of planner.clock); `unit` is the least difference of two plans, 0 where not known."""

    unit: float
    gap: float
    ends: float

    def need(self, best: float) -> float:
        """Return the value below which nothing counts as better than `best`."""
        size = abs(best)
        return best + max(self.unit * (1 - 1e-6) - 1e-11 * size, (self.gap + 1e-9) * size, _TINY)


@dataclass(frozen=True, eq=False)
class Priced:
    """The least bound found: its prices, what each column is then worth, how often each was chosen, the best plan met."""

    bound: float
    price: Amounts
    worth: Amounts
    often: Amounts
    plan: Plan


class _Moving(NamedTuple):
    """Prices on their way (all three are written to): the prices, where they drift, what each column is worth."""

    price: Amounts
    drift: Amounts
    worth: Amounts


def priced(covers: Covers, count: int, price: Amounts, best: Plan, aim: Aim, rounds: int) -> Priced:
    """Move the prices for some rounds, or until the bound shows that nothing better than `best` exists."""
    total = float(covers.weight.sum())
    now = _Moving(price.copy(), np.zeros(covers.rows), _worth(covers, price))
    least, kept, pull, idle = np.inf, price, 1.0, 0
    often = np.zeros(covers.columns)
    for turn in range(1, rounds + 1):
        top = dearest(now.worth, count)
        bound = total - float(now.price.sum()) + float(now.worth[top].sum())
        idle = 0 if bound < least - 1e-5 * abs(least) else idle + 1
        if bound < least:
            least, kept = bound, now.price.copy()
        if idle > _PATIENCE:
            pull, idle = pull / 1.6, 0
        times = cover_counts(covers, top)
        best = _better(covers, best, Plan(top, float(covers.weight[times > 0].sum())))
        often *= 1 - _FADE
        often[top] += _FADE
        if turn % _ROUNDING == 0:
            best = _better(covers, best, _rounded(covers, often, count, aim.ends))
        if min(least, total) < aim.need(best.value) or pull < _WEAKEST or clock.now() > aim.ends:
            break
        if not _moved(covers, now, times, pull * max(bound - best.value, 1e-9 * abs(best.value))):
            break
    worth = _worth(covers, kept)
    return Priced(total - float(kept.sum()) + float(worth[dearest(worth, count)].sum()), kept, worth, often, best)


def _better(covers: Covers, best: Plan, other: Plan) -> Plan:
    return best if other.value <= best.value else planned(covers, other.columns)


def _rounded(covers: Covers, often: Amounts, count: int, ends: float) -> Plan:
    """Return the plan of the columns chosen most often, after swaps: better than any the prices choose by themselves."""
    return swapped(covers, planned(covers, np.argsort(-often, kind="stable")[:count]), ends)


def _worth(covers: Covers, price: Amounts) -> Amounts:
    return column_sums(covers, np.arange(covers.rows), price)


def _moved(covers: Covers, now: _Moving, times: Positions, distance: float) -> bool:
    """Move the prices against the covers, by Polyak's step; False where none can move: the bound is then the optimum."""
    kernels = kernels_for(covers.indices)
    if kernels is not None:
        square = kernels.turned(now.drift, times, now.price, covers.weight, _MEMORY)
        if square > 0:
            kernels.moved(
                now.drift, now.price, covers.weight, distance / square, covers.indptr, covers.indices, now.worth
            )
        return bool(square > 0)
    drift = _MEMORY * now.drift + 1.0 - times
    drift[((drift > 0) & (now.price >= covers.weight)) | ((drift < 0) & (now.price <= 0))] = 0.0
    now.drift[:] = drift
    rows = np.flatnonzero(drift)
    if len(rows) == 0:
        return False
    price = np.clip(now.price[rows] + distance / float(drift @ drift) * drift[rows], 0.0, covers.weight[rows])
    now.worth[:] += column_sums(covers, rows, price - now.price[rows])
    now.price[rows] = price
    return True


def dearest(worth: Amounts, count: int) -> Positions:
    """Return the columns of the `count` largest worths."""
    return np.argpartition(-worth, count - 1)[:count] if count else np.zeros(0, np.int64)


def settled(found: Priced, count: int, need: float) -> tuple[Bools, Bools]:
    """Return (open, shut): the columns that every plan worth `need` has, and those that none has."""
    order = np.argsort(-found.worth, kind="stable")
    inside = np.zeros(len(order), np.bool_)
    inside[order[:count]] = True
    last, following = found.worth[order[count - 1]], found.worth[order[count]]
    other = np.where(inside, found.bound - found.worth + following, found.bound - last + found.worth)
    return inside & (other < need), ~inside & (other < need)
