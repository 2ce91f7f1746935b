"""The cheapest columns that cover every row, where nothing but costs tells columns apart (weighted set cover).

A local search makes a plan; the prices of the linear programme show which columns no cheaper plan has; HiGHS does the
rest. Where costs are so near to one another that fewer columns are always cheaper, how few suffice is settled first.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.siting.cover_model import Rules, cover_rules, site_program, solve_scaled
from planner.siting.cover_run import Run
from planner.siting.cover_start import cheaper_columns, covering
from planner.siting.highs import Program
from planner.siting.question import Limits
from planner.siting.reduce import Covers, fewer, implied_rows, narrowed, without_rows

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_TURNS, _MORE_TURNS = 50, 200
"""Turns of the local search for each row: at first, and more where the linear bound stays this share below the plan."""
_WIDE = 0.05
_NARROW = 0.3
"""First the columns within this share of the way from the linear bound to the plan: in this share of the time."""


class Cheapest(NamedTuple):
    """Columns (as 0 and 1) that cover every row, and what no cover costs less than."""

    values: Amounts
    bound: float


def cheapest_cover(run: Run, covers: Covers, costs: Amounts) -> Cheapest:
    """Return the cheapest columns that cover every row, as far as time allows."""
    if covers.rows == 0:
        return Cheapest(np.zeros(covers.columns), 0.0)
    start = cheaper_columns(covers, costs, covering(covers, costs), _TURNS * covers.rows, run.ends)
    rules = [cover_rules(covers)]
    if costs.min() == costs.max():
        return _solved(site_program(costs, *rules), run.rest, start, _shared(covers, costs))
    if _fewest_are_cheapest(costs, start):
        few = _fewest(run, covers)
        rules.append(Rules(csr_array(np.ones((1, covers.columns))), np.array([few.bound]), np.array([np.inf])))
        other = cheaper_columns(covers, costs, few.values, _TURNS * covers.rows, run.ends)
        start = other if costs @ other < costs @ start else start
    return _by_core(run, covers, costs, rules, start)


def _fewest_are_cheapest(costs: Amounts, start: Amounts) -> bool:
    """Whether a column more, however cheap, costs more than all that dear ones could cost above cheap ones."""
    number = float(start.sum())
    return bool(number * costs.max() < (number + 1) * costs.min())


def _fewest(run: Run, covers: Covers) -> Cheapest:
    """Return the fewest columns that cover every row, in half of the time that is left, and a whole number as bound."""
    inner = replace(covers, sites=np.arange(covers.columns))
    left, opened = fewer(inner, covers.columns, np.ones(covers.columns))
    found = cheapest_cover(run.part(0.5), left, np.ones(left.columns))
    values = opened.astype(np.float64)
    values[left.sites[found.values > 0.5]] = 1.0
    return Cheapest(values, float(opened.sum() + np.ceil(found.bound - 1e-6)))


def _by_core(run: Run, covers: Covers, costs: Amounts, rules: list[Rules], start: Amounts) -> Cheapest:
    """Return the cheapest cover among the columns that a cheaper one than `start` can have, by the linear programme."""
    program = site_program(costs, *rules)
    relaxed = solve_scaled(replace(program, whole=np.zeros(covers.columns, np.bool_)), run.rest)
    if relaxed.status != "optimal":
        return _solved(program, run.rest, start, _shared(covers, costs))
    if costs @ start > (1 + _WIDE) * relaxed.objective:
        start = cheaper_columns(covers, costs, start, _MORE_TURNS * covers.rows, run.part(0.25).ends)
    price = np.maximum(relaxed.duals, 0.0)
    reduced = costs - program.rows.T @ price
    floor = float(price @ program.low + np.minimum(reduced, 0.0).sum())  # Lagrange: holds whatever the prices
    best = Cheapest(start, floor)
    for share in (_NARROW, 1.0):
        aim, other = _cheaper_than(costs, float(costs @ best.values))
        if aim < best.bound:
            return Cheapest(best.values, other)
        most = floor + share * (aim - floor)
        core = (floor + np.maximum(reduced, 0.0) <= most + 1e-9 * abs(aim)) | (best.values > 0.5)
        found = _in_core(covers, costs, rules, core, best, run.rest if share == 1 else run.part(_NARROW).rest)
        best = Cheapest(found.values, max(best.bound, min(found.bound, other if share == 1 else most)))
    return best


def _in_core(
    covers: Covers, costs: Amounts, rules: list[Rules], core: Bools, best: Cheapest, limits: Limits
) -> Cheapest:
    """Return the cheapest cover of some columns alone, those of the best one known among them, and the bound of such."""
    left = narrowed(covers, np.zeros_like(core), ~core, covers.weight)[0]
    left = without_rows(left, implied_rows(left))
    more = [Rules(csr_array(one.rows[:, core]), one.low, one.high) for one in rules[1:]]
    program = site_program(costs[core], cover_rules(left), *more)
    found = _solved(program, limits, best.values[core], best.bound)
    values = np.zeros(covers.columns)
    values[core] = found.values
    return Cheapest(values, found.bound)


def _cheaper_than(costs: Amounts, cost: float) -> tuple[float, float]:
    """Return (what a cheaper plan costs at most, what all others cost at least): whole costs differ by 1 or more."""
    if bool((costs == np.rint(costs)).all()):
        return cost - 1 + 1e-3, cost
    return cost * (1 - 1e-9), cost * (1 - 1e-9)


def _shared(covers: Covers, costs: Amounts) -> float:
    """Return a bound at once: each row pays its share of the column that asks least of it."""
    share = costs / np.maximum(np.diff(covers.by_column[0]), 1)
    return float(np.minimum.reduceat(share[covers.indices], covers.indptr[:-1]).sum())


def _solved(program: Program, limits: Limits, start: Amounts, bound: float) -> Cheapest:
    """Return the solver's plan, or the start where it has none; no bound below the one that is known."""
    answer = solve_scaled(program, limits, start)
    found = answer.status in ("optimal", "feasible")
    return Cheapest(answer.values if found else start, max(bound, answer.bound if np.isfinite(answer.bound) else bound))
