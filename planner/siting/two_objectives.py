"""One plan under two objectives: the second made least while the first stays within a limit. All values are to be small."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_array, coo_array, csr_array, vstack

from planner import clock
from planner.siting.best import SAME
from planner.siting.cover_model import solve_scaled
from planner.siting.highs import Program
from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN, Limits

Amounts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Objective:
    """One objective as a part of a program: columns of its own behind those of the sites, in [0, 1], and their rows.

    cost     of the columns: sites first, then its own
    rows     low ≤ rows (sites, own) ≤ high
    """

    cost: Amounts
    rows: csr_array
    low: Amounts
    high: Amounts


@dataclass(frozen=True, eq=False)
class Found:
    """A plan (positions of all open sites) and what no plan can beat; no plan: `none` tells whether that is proven."""

    opened: Positions | None
    bound: float
    none: bool = False


def least(instance: Instance, first: Objective, at_most: float, second: Objective, limits: Limits) -> Found:
    """Return the plan of the least second objective whose first is at most so much, by the rules of the instance."""
    begin, width = clock.now(), len(instance.site_ids)
    rules, low, high = instance.site_rules
    own = [part.rows.shape[1] - width for part in (first, second)]
    parts = [
        [rules, None, None],
        [first.rows[:, :width], first.rows[:, width:], None],
        [second.rows[:, :width], None, second.rows[:, width:]],
    ]
    blank = csr_array((0, width)), csr_array((0, own[0])), csr_array((0, own[1]))
    rows = [csr_array(block_array([[*part], [*blank]])) if part[0].shape[0] else None for part in parts]
    lows, highs = [low, first.low, second.low], [high, first.high, second.high]
    if np.isfinite(at_most):
        scale = row_size(first, at_most)
        rows.append(csr_array(np.concatenate([first.cost, np.zeros(own[1])])[None, :] / scale))
        lows.append(np.array([-np.inf]))
        highs.append(np.array([at_most / scale]))
    helping = np.ones(sum(own))
    program = Program(
        np.concatenate([second.cost[:width], np.zeros(own[0]), second.cost[width:]]),
        csr_array(vstack([one for one in rows if one is not None])),
        np.concatenate(lows),
        np.concatenate(highs),
        np.concatenate([instance.open_always.astype(float), 0 * helping]),
        np.concatenate([(instance.status != FORBIDDEN).astype(float), helping]),
        np.arange(width + sum(own)) < width,
    )
    solved = solve_scaled(program, replace(limits, seconds=limits.seconds - (clock.now() - begin)))
    if solved.status in ("infeasible", "unknown"):
        return Found(None, solved.bound, solved.status == "infeasible")
    return Found(np.flatnonzero(solved.values[:width] > 0.5), solved.bound)


def row_size(first: Objective, at_most: float) -> float:
    """Return what the row of a limit is divided by: of this, the solver lets a plan pass by a share of SAME."""
    return max(abs(at_most), float(np.abs(first.cost).max(initial=0.0))) or 1.0


def site_costs(instance: Instance) -> Objective:
    """Return the sum of site costs."""
    cost = np.where(instance.counted, instance.site_cost, 0.0)
    return Objective(cost, csr_array((0, len(cost))), np.zeros(0), np.zeros(0))


def cover(instance: Instance) -> Objective:
    """Return the weight covered, negative: a demand is covered at most as often as a site in its reach is open."""
    width = len(instance.site_ids)
    demands = np.flatnonzero((np.diff(instance.indptr) > 0) & (instance.weight > 0))
    place = np.full(len(instance.weight), -1)
    place[demands] = np.arange(len(demands))
    mine = np.flatnonzero(place[instance.row] >= 0)
    own = np.arange(len(demands))
    rows = coo_array(
        (
            np.concatenate([-np.ones(len(mine)), np.ones(len(own))]),
            (
                np.concatenate([place[instance.row[mine]], own]),
                np.concatenate([instance.indices[mine], width + own]),
            ),
        ),
        shape=(len(demands), width + len(demands)),
    )
    cost = np.concatenate([np.zeros(width), -instance.weight[demands]])
    return Objective(cost, csr_array(rows), np.full(len(demands), -np.inf), np.zeros(len(demands)))


def weighted(instance: Instance, missing: float | None = None) -> Objective:
    """Return weight × cost to who serves a demand, and for p-median the site costs.

    missing: what being without a site costs a weight; None: every demand that can be reached must have one
    """
    width, count = len(instance.site_ids), len(instance.weight)
    usable = np.flatnonzero(instance.status[instance.indices] != FORBIDDEN)
    row, site = instance.row[usable], instance.indices[usable]
    pairs = len(usable)
    without = np.zeros(0, np.int64) if missing is None else np.arange(count)
    own = pairs + len(without)
    served = coo_array(
        (np.ones(own), (np.concatenate([row, without]), width + np.arange(own))), shape=(count, width + own)
    )
    at = np.arange(pairs)
    only_open = coo_array(
        (np.concatenate([np.ones(pairs), -np.ones(pairs)]), (np.tile(at, 2), np.concatenate([width + at, site]))),
        shape=(pairs, width + own),
    )
    costs = instance.weight[row] * instance.costs[usable].astype(float)
    median = instance.question.model == "p-median"
    fixed = np.where(instance.counted & median, instance.site_cost, 0.0)
    once = np.ones(count) if missing is not None else (~instance.unreachable).astype(float)
    return Objective(
        np.concatenate([fixed, costs, instance.weight[without] * (missing or 0.0)]),
        csr_array(vstack([served, only_open])),
        np.concatenate([once, np.full(pairs, -np.inf)]),
        np.concatenate([once, np.zeros(pairs)]),
    )


def half_step(instance: Instance) -> float:
    """Return less than any two plans of different value differ by: half a unit of whole data, else next to nothing."""
    asked = instance.question.model
    amounts = {"mclp": [instance.weight], "lscp": [instance.site_cost]}.get(
        asked, [instance.weight, instance.costs, instance.site_cost]
    )
    if all(bool((np.mod(one, 1) == 0).all()) for one in amounts):
        return 0.5
    size = float(amounts[0].sum()) * float(instance.costs.max(initial=0) if len(amounts) == 3 else 1)
    return SAME * size
