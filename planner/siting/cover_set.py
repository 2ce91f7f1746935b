"""The cheapest sites that cover everyone or a share (LSCP), and of those the ones that cover most weight twice (LSCP-B)."""

import math

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.siting.cover_cheapest import cheapest_cover
from planner.siting.cover_model import (
    Rules,
    column_rules,
    cover_rules,
    feasible_start,
    share_rule,
    site_program,
    solve_scaled,
    worth_program,
)
from planner.siting.cover_run import Run, cost_of, rounded_down, rounded_up, unit_of, with_columns
from planner.siting.cover_start import covering, covering_share
from planner.siting.feasible import out_of_reach
from planner.siting.highs import Solved
from planner.siting.instance import Instance
from planner.siting.reduce import Covers, covers_of, fewer, implied_rows, open_count, per_row, without_rows
from planner.siting.siting import Siting

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def cheapest_for_all(run: Run) -> Siting:
    """Return the cheapest sites that cover every demand that can be covered."""
    instance = run.instance
    if out_of_reach(instance):
        return run.infeasible()
    whole = _required(instance)
    covers, opened = fewer(whole, len(instance.site_ids), instance.site_cost if instance.only_p else None)
    opened |= instance.open_always
    costs = instance.site_cost[covers.sites]
    if instance.only_p:
        found = cheapest_cover(run, covers, costs)
        return _told(run, with_columns(opened, covers, found.values), cost_of(instance, opened) + found.bound, covers)
    rules = column_rules(instance, covers, opened)
    start = covering(covers, costs)
    answer = solve_scaled(site_program(costs, cover_rules(covers), rules), run.rest, feasible_start(start, rules))
    return _answer(run, answer, covers, opened, feasible_start(start, rules))


def _required(instance: Instance) -> Covers:
    """Return the merged rows of those who must be covered and are not yet."""
    count = open_count(instance)
    kept = ~instance.unreachable if count is None else ~instance.unreachable & (count == 0)
    return covers_of(instance, instance.weight, None, kept)


def cheapest_for_share(run: Run) -> Siting:
    """Return the cheapest sites that cover a share of all weight."""
    instance, count = run.instance, open_count(run.instance)
    total, done = instance.share_of, 0.0 if count is None else float(instance.weight[count > 0].sum())
    need = instance.question.share * total - done
    slack = 1e-9 * total
    if unit_of(instance.weight, 0.0):
        slack = min(slack, 0.5)
        need = math.ceil(need - slack)
    kept = instance.weight > 0 if count is None else (instance.weight > 0) & (count == 0)
    covers = covers_of(instance, instance.weight, None, kept)
    able = float(covers.weight.sum())
    if able < need - slack:
        return run.infeasible()
    cover, rules = share_rule(covers, min(need, able)), column_rules(instance, covers, instance.open_always)
    program = site_program(instance.site_cost[covers.sites], cover, rules)
    columns = covering_share(covers, instance.site_cost[covers.sites], min(need, able))
    start = feasible_start(np.concatenate([columns, covers.matrix @ columns > 0]), rules)
    return _answer(run, solve_scaled(program, run.rest, start), covers, instance.open_always, start)


def _answer(run: Run, answer: Solved, covers: Covers, opened: Bools, start: Amounts | None) -> Siting:
    """Return the answer of the solver as a Siting, else the plan it started from; `opened` sites were settled before."""
    before = cost_of(run.instance, opened)
    bound = before + max(answer.bound, 0.0)
    if answer.status == "infeasible":
        return run.infeasible()
    values = start if answer.status == "unknown" else answer.values
    if values is None:
        return run.none(bound)
    return _told(run, with_columns(opened, covers, values), bound, covers)


def _told(run: Run, opened: Bools, bound: float, covers: Covers) -> Siting:
    """Return the plan of all these open sites, its bound rounded up where costs are whole."""
    cost = cost_of(run.instance, opened)
    return run.found(opened, cost, rounded_up(bound, run.instance.site_cost, cost), covers)


def cheapest_then_twice(run: Run) -> Siting:
    """Return, of the cheapest sites that cover everyone, those that cover most weight twice; that weight is the objective.

    While the cost is not proven no bound is known for the weight.
    """
    first = cheapest_for_all(run)
    instance = run.instance
    if not math.isfinite(first.objective):
        return first
    covers, certain = _twice(instance)
    size = first.objective or 1.0
    cost = Rules(
        csr_array(instance.site_cost[covers.sites][None] / size),
        np.array([-np.inf]),
        np.array([(first.objective - cost_of(instance, instance.open_always)) / size + 1e-9]),
    )
    must = _required(instance)
    must = without_rows(must, implied_rows(must))
    rules = column_rules(instance, covers, instance.open_always)
    answer = solve_scaled(worth_program(covers, cover_rules(must), cost, rules), run.rest)
    opened = np.isin(instance.site_ids, [*first.chosen, *first.background])
    bound = certain + float(covers.weight.sum() + covers.again.sum())
    if answer.status in ("optimal", "feasible"):
        opened, bound = with_columns(instance.open_always, covers, answer.values), certain - answer.bound
    weight = float(instance.weight[per_row(instance.indptr, opened[instance.indices]) > 1].sum())
    bound = rounded_down(bound, unit_of(instance.weight, 0.0), weight)
    return run.found(opened, weight, bound if first.status == "optimal" else math.inf, covers)


def _twice(instance: Instance) -> tuple[Covers, float]:
    """Return (rows by what covers are worth to the weight covered twice, what to add to that).

    Who is not covered yet must be, so that the first cover may be given a worth that is taken off again.
    """
    count = open_count(instance)
    times = np.zeros(len(instance.weight), np.int32) if count is None else count
    weight, reached = instance.weight, ~instance.unreachable
    fresh = reached & (times == 0)
    first, again = np.where(times < 2, weight, 0.0), np.where(fresh, weight, 0.0)
    certain = float(weight[times > 1].sum() - weight[fresh].sum())
    return covers_of(instance, first, again, reached & (first > 0)), certain
