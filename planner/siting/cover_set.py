"""The cheapest sites that cover everyone or a share (LSCP), and of those the ones that cover most weight twice (LSCP-B)."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner.errors import Text
from planner.siting.clash import Also, rules_clash, unexplained
from planner.siting.cover_clash import Nearest, share_clash, unreachable_clash
from planner.siting.cover_fewest import fewest_first
from planner.siting.cover_model import (
    Rules,
    column_rules,
    cover_rules,
    share_rule,
    site_program,
    solve_scaled,
    worth_program,
)
from planner.siting.cover_run import Run, cost_of, rounded_down, rounded_up, unit_of, with_columns
from planner.siting.cover_start import covering, fewer_columns
from planner.siting.highs import Solved
from planner.siting.instance import Instance
from planner.siting.reduce import Covers, covers_of, fewer, implied_rows, open_count, per_row, without_rows
from planner.siting.siting import Siting

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_LARGE = 20_000
"""From so many pairs the number of sites is settled before their costs."""


def cheapest_for_all(run: Run, nearest: Nearest | None) -> Siting:
    """Return the cheapest sites that cover every demand that can be covered."""
    instance = run.instance
    clash = unreachable_clash(instance, nearest)
    if clash is not None:
        return run.none(clash)
    whole = _required(instance)
    costs = instance.site_cost[whole.sites]
    plain = instance.only_p and bool((costs == costs[:1]).all())
    covers, opened = fewer(whole, len(instance.site_ids), instance.site_cost if plain else None)
    if instance.only_p and not plain and len(covers.indices) > _LARGE:
        fewest = fewest_first(run, covers, opened | instance.open_always)
        if fewest is not None:
            return fewest
    opened |= instance.open_always
    if covers.rows == 0 and plain:
        cost = cost_of(instance, opened)
        return run.found(opened, cost, cost, covers)
    program = site_program(
        instance.site_cost[covers.sites], cover_rules(covers), column_rules(instance, covers, opened)
    )
    answer = solve_scaled(program, run.rest, fewer_columns(covers, covering(covers), run.ends) if plain else None)
    return _answer(run, answer, covers, opened, _also(instance, whole, cover_rules(whole)))


def _required(instance: Instance) -> Covers:
    """Return the merged rows of those who must be covered and are not yet."""
    count = open_count(instance)
    kept = ~instance.unreachable if count is None else ~instance.unreachable & (count == 0)
    return covers_of(instance, instance.weight, None, kept)


def cheapest_for_share(run: Run) -> Siting:
    """Return the cheapest sites that cover a share of all weight."""
    instance, count = run.instance, open_count(run.instance)
    total, done = float(instance.weight.sum()), 0.0 if count is None else float(instance.weight[count > 0].sum())
    need = instance.question.share * total - done
    slack = 1e-9 * total
    if unit_of(instance.weight, 0.0):
        slack = min(slack, 0.5)
        need = math.ceil(need - slack)
    kept = instance.weight > 0 if count is None else (instance.weight > 0) & (count == 0)
    covers = covers_of(instance, instance.weight, None, kept)
    able = float(covers.weight.sum())
    if able < need - slack:
        return run.none(share_clash(instance, (done + able) / total))
    rules = share_rule(covers, min(need, able))
    program = site_program(
        instance.site_cost[covers.sites], rules, column_rules(instance, covers, instance.open_always)
    )
    answer = solve_scaled(program, run.rest)
    share = f"{instance.question.share:.6g}"
    said = Text(f"覆盖比例 {share} 的要求", f"the cover of a share of {share}")
    return _answer(run, answer, covers, instance.open_always, replace(_also(instance, covers, rules), said=said))


def _answer(run: Run, answer: Solved, covers: Covers, opened: Bools, also: Also) -> Siting:
    """Return the answer of the solver as a Siting; `opened` sites were settled before."""
    instance, before = run.instance, cost_of(run.instance, opened)
    if answer.status == "infeasible":
        return run.none(rules_clash(instance, run.rest, also) or unexplained())
    if answer.status == "unknown":
        return run.none(None, max(before + answer.bound, before))
    opened = with_columns(opened, covers, answer.values)
    cost = cost_of(instance, opened)
    bound = before + max(answer.bound, 0.0)
    return run.found(opened, cost, rounded_up(bound, instance.site_cost, cost), covers)


def _also(instance: Instance, covers: Covers, rules: Rules) -> Also:
    """Return rules over the columns as rules over all sites."""
    rows = rules.rows.tocoo()
    more = rows.shape[1] - covers.columns
    width = len(instance.site_ids)
    place = np.concatenate([covers.sites, width + np.arange(more)])
    one, other = rows.coords
    return Also(csr_array((rows.data, (one, place[other])), shape=(rows.shape[0], width + more)), rules.low, rules.high)


def cheapest_then_twice(run: Run, nearest: Nearest | None) -> Siting:
    """Return, of the cheapest sites that cover everyone, those that cover most weight twice; that weight is the objective.

    While the cost is not proven no bound is known for the weight.
    """
    first = cheapest_for_all(run, nearest)
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
