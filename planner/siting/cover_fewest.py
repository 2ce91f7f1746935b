"""The cheapest sites for all where there are many, of nearly one cost: first how few suffice, then the cheapest of so many."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.siting.cover_model import Rules, cover_rules, site_program, solve_scaled
from planner.siting.cover_run import Run, cost_of, rounded_up, with_columns
from planner.siting.cover_start import covering, fewer_columns
from planner.siting.question import Limits
from planner.siting.reduce import Covers, fewer
from planner.siting.siting import Siting

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_IN_SIGHT = 2
"""A plan of so many sites more than the linear bound is worth all the time there is."""
_FEW_PAIRS = 10_000
_SLICE = 6
"""Else a proof is not in sight: one part in so many of the time is spent."""


class _Fewest(NamedTuple):
    """Columns that cover every row (as 0 and 1), and a number that no cover can do without."""

    columns: Amounts
    least: int

    @property
    def number(self) -> int:
        return round(float(self.columns.sum()))

    @property
    def proven(self) -> bool:
        return self.number <= self.least


def fewest_first(run: Run, covers: Covers, opened: Bools) -> Siting | None:
    """Return the cheapest sites that cover every row, where costs are all that tells sites apart.

    None where the number is clear at once: the program as it is, and its plan, are then quick to find.
    opened: the sites that are open whatever is chosen. Of the dearest and the cheapest cost let one site more of the
    cheapest cost as much as all that the dearest could add: then no plan of more sites than needed is better, and the
    cheapest of the fewest is looked for alone. The fewest, each at the cheapest cost, are a bound all the same.
    """
    instance = run.instance
    covers, more = fewer(covers, len(instance.site_ids), instance.site_cost)
    opened = opened | more
    before = cost_of(instance, opened)
    begun = _begun(run, covers)
    if _clear(begun):
        return None
    if covers.rows == 0:
        return run.found(opened, before, before, covers)
    costs = instance.site_cost[covers.sites]
    few = _fewest(run, covers, begun)
    program = [cover_rules(covers)]
    holds = few.proven and (few.number + 1) * costs.min() >= few.number * costs.max()
    if holds or not few.proven:
        one = csr_array(np.ones((1, covers.columns)))
        program.append(Rules(one, np.array([float(few.least)]), np.array([float(few.number)])))
    limits = run.rest if few.proven else _slice(run)
    start = _cheapened(covers, costs, few.columns)
    answer = solve_scaled(site_program(costs, *program), limits, start)
    values = start if answer.status not in ("optimal", "feasible") else answer.values
    opened = with_columns(opened, covers, values)
    cost = cost_of(instance, opened)
    bound = few.least * float(costs.min())
    if few.proven:  # else plans of more sites were left out, and may be cheaper
        bound = max(bound, answer.bound)
    return run.found(opened, cost, rounded_up(before + bound, instance.site_cost, cost), covers)


class _Begun(NamedTuple):
    """What is left to cover with the fewest sites, those open in any case, a cover, and the linear bound of its number."""

    left: Covers
    opened: Bools
    start: Amounts
    least: int


def _begun(run: Run, covers: Covers) -> _Begun:
    sites = len(run.instance.site_ids)
    left, opened = fewer(covers, sites, np.ones(sites))
    if left.rows == 0:
        return _Begun(left, opened, np.zeros(left.columns), 0)
    start = fewer_columns(left, covering(left), run.ends)
    program = site_program(np.ones(left.columns), cover_rules(left))
    relaxed = solve_scaled(replace(program, whole=np.zeros(left.columns, np.bool_)), run.rest)
    return _Begun(left, opened, start, _whole(relaxed.objective) if relaxed.status == "optimal" else 1)


def _clear(begun: _Begun) -> bool:
    return len(begun.left.indices) <= _FEW_PAIRS or bool(begun.start.sum() <= begun.least)


def _fewest(run: Run, covers: Covers, begun: _Begun) -> _Fewest:
    """Return the fewest columns that cover every row, as far as time allows, and the bound of their number."""
    left, opened, start, least = begun
    opened, must = opened.copy(), int(opened.sum())
    if start.sum() > least:
        limits = run.rest if start.sum() <= least + _IN_SIGHT else _slice(run)
        answer = solve_scaled(site_program(np.ones(left.columns), cover_rules(left)), limits, start)
        least = max(least, _whole(answer.bound))
        start = answer.values if answer.status in ("optimal", "feasible") else start
    opened[left.sites[start > 0.5]] = True
    return _Fewest(opened[covers.sites].astype(np.float64), must + least)


def _cheapened(covers: Covers, costs: Amounts, columns: Amounts) -> Amounts:
    """Return a cover with dear columns changed for the cheapest that cover what they alone cover, while there are any."""
    now = columns.copy()
    starts, rows = covers.by_column
    times = covers.matrix @ now
    while True:
        before = float(costs @ now)
        for column in np.flatnonzero(now > 0.5):
            mine = rows[starts[column] : starts[column + 1]]
            alone = np.zeros(covers.rows)
            alone[mine[times[mine] == 1]] = 1.0
            able = np.flatnonzero((covers.turned @ alone == alone.sum()) & (now < 0.5))
            if len(able) and costs[able].min() < costs[column]:
                other = able[np.argmin(costs[able])]
                now[column], now[other] = 0.0, 1.0
                times = covers.matrix @ now
        if not float(costs @ now) < before:
            return now


def _whole(bound: float) -> int:
    """Return the least number of columns that a bound allows."""
    return int(np.ceil(bound - 1e-6)) if np.isfinite(bound) else 1


def _slice(run: Run) -> Limits:
    return replace(run.rest, seconds=min(run.rest.seconds, run.limits.seconds / _SLICE))
