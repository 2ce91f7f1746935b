"""Siting: the answer to a siting question, with its bound and its reasons. `siting_of` alone computes what a plan is worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Text
from planner.siting.instance import Instance
from planner.siting.question import BACKGROUND, Limits, Question
from planner.text import exact_text, html_rows, number_text, option_text
from planner.version import __version__

State = Literal["optimal", "feasible", "infeasible", "unknown"]
PROVEN = 1e-6
"""The relative gap up to which a plan is called optimal."""
Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Change:
    """One change of a question that is seen to give a plan: its words, the question after it, and whether less is proven not to do."""

    text: Text
    apply: Callable[[Instance], Instance]
    proven: bool = True


@dataclass(frozen=True, eq=False)
class Clash:
    """Why there is no plan: the rules that cannot be kept together, the ids they are about, and what helps.

    change    in words; of a siting question: `changes`, each enough alone
    kinds     the rules' kinds: p, quota, apart, budget, fixed, forced, barred, min_load, max_load, single, cover
    """

    rule: Text
    ids: tuple[str, ...]
    change: Text
    changes: tuple[Change, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Siting:
    """One answer.

    status          optimal (gap ≤ 1e-6), feasible (a plan, not proven), infeasible, unknown (stopped without a plan)
    objective       of the plan, NaN without one; lscp: site costs; mclp: weight covered; backup: see backup.py;
                    p-median, capacitated: weight × cost + site costs; p-center: the largest cost
    bound, gap      what no plan can beat, and |objective − bound| / |objective|
    chosen          ids of the open sites that count (fixed and forced ones among them), sorted
    background      ids of those open without counting
    covered, uncovered, unreachable   sums of weight; together the whole weight
    reduced         sizes before and after the reductions
    flows           capacitated: (demand, site, share) positions and shares; else None: everyone goes to the nearest
    clash           infeasible: why
    ties            whether another plan is as good; None where that was not asked
    """

    instance: Instance
    status: State
    objective: float
    bound: float
    gap: float
    seconds: float
    chosen: tuple[str, ...]
    background: tuple[str, ...]
    covered: float
    uncovered: float
    unreachable: float
    limits: Limits
    reduced: Mapping[str, int] = field(default_factory=dict)
    flows: tuple[Positions, Positions, Amounts] | None = None
    clash: Clash | None = None
    ties: bool | None = None

    @property
    def question(self) -> Question:
        return self.instance.question

    @property
    def sites(self) -> tuple[str, ...]:
        """Ids of all open sites: those that count, then those in the background."""
        return (*self.chosen, *self.background)

    def __repr__(self) -> str:
        model = f"Siting({self.question.model}, {self.status}"
        if self.status not in ("optimal", "feasible"):
            return f"{model}{'' if self.clash is None else f': {self.clash.rule.en}'})"
        covered, weight = option_text(self.covered), option_text(float(self.instance.weight.sum()))
        return (
            f"{model}: {len(self.chosen)} sites {', '.join(self.chosen)}; covered {covered} of {weight}; "
            f"objective {option_text(self.objective)}, bound {option_text(self.bound)}, gap {exact_text(self.gap)})"
        )

    def _repr_html_(self) -> str:
        """Return the answer as a small table, which is how a notebook shows it."""
        rows = {
            "model": self.question.model, "status": self.status, "objective": number_text(self.objective),
            "bound": number_text(self.bound), "gap": exact_text(self.gap), "covered": number_text(self.covered),
            "uncovered": number_text(self.uncovered), "unreachable": number_text(self.unreachable),
            "sites": ", ".join(self.sites), "why not": "" if self.clash is None else f"{self.clash.rule.en}; {self.clash.change.en}",
        }  # fmt: skip
        return html_rows(rows)

    @property
    def bounded(self) -> bool:
        """Whether the bound tells anything: no cost is below 0, and to be told so is to be told nothing."""
        if not np.isfinite(self.bound):
            return False
        return self.question.model in ("mclp", "backup") or self.bound > 0 or self.objective == 0

    @property
    def solver(self) -> str:
        """What found and proved it: our own search and bounds, and HiGHS for what they leave open; with their versions."""
        return f"fugai {__version__} + HiGHS {version('highspy')}"

    @cached_property
    def unreachable_ids(self) -> tuple[str, ...]:
        """Ids of the demands that no site reaches that may be open."""
        return tuple(self.instance.demand_ids[self.instance.unreachable])

    @cached_property
    def assignment(self) -> pd.DataFrame:
        """Return demand_id, facility_id, cost, share: whom each open site serves, by demand then site id.

        Without loads to keep, everyone goes to the nearest open site, ties to the smaller id.
        """
        instance = self.instance
        opened = open_positions(instance, self.chosen)
        if self.flows is None:
            site, cost = nearest_open(instance, opened)
            demand = np.flatnonzero(site >= 0)
            return _frame(instance, demand, site[demand], cost[demand], np.ones(len(demand)))
        demand, site, share = self.flows
        return _frame(instance, demand, site, pair_costs(instance, demand, site), share)


def _frame(instance: Instance, demand: Positions, site: Positions, cost: Amounts, share: Amounts) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "demand_id": instance.demand_ids[demand],
            "facility_id": instance.site_ids[site],
            "cost": cost,
            "share": share,
        }
    )


def open_positions(instance: Instance, chosen: tuple[str, ...]) -> Positions:
    """Return the positions of the open sites: the chosen ones and the background."""
    return np.flatnonzero(np.isin(instance.site_ids, list(chosen)) | (instance.status == BACKGROUND))


def nearest_open(instance: Instance, opened: Positions) -> tuple[Positions, Amounts]:
    """Return each demand's nearest open site (position, -1 where none reaches it) and its cost (inf)."""
    is_open = np.zeros(len(instance.site_ids), np.bool_)
    is_open[opened] = True
    kept = np.flatnonzero(is_open[instance.indices])
    row, site, cost = instance.row[kept], instance.indices[kept], instance.costs[kept].astype(float)
    best = np.full(len(instance.weight), np.inf)
    begin = np.flatnonzero(np.diff(row, prepend=-1))  # rows ascend
    best[row[begin]] = np.minimum.reduceat(cost, begin) if len(begin) else np.inf
    first = np.flatnonzero(cost == best[row])[::-1]  # the smaller site is written last, and stays
    where = np.full(len(instance.weight), -1, np.int64)
    where[row[first]] = site[first]
    return where, best


def pair_costs(instance: Instance, demand: Positions, site: Positions) -> Amounts:
    """Return the cost of each pair (demand, site), which must exist; both are positions."""
    width = len(instance.site_ids)
    key = instance.row * width + instance.indices
    return instance.costs[np.searchsorted(key, demand * width + site)].astype(float)


def relative_gap(objective: float, bound: float) -> float:
    """Return |objective − bound| / |objective|; 0 where they are equal.

    >>> relative_gap(200.0, 199.0)
    0.005
    """
    return 0.0 if objective == bound else abs(objective - bound) / max(abs(objective), 1e-10)


def siting_of(
    instance: Instance,
    opened: Positions,
    objective: float,
    bound: float,
    seconds: float,
    limits: Limits,
    reduced: Mapping[str, int],
    flows: tuple[Positions, Positions, Amounts] | None = None,
) -> Siting:
    """Return the Siting of a plan (positions of all open sites, background too) with its objective and bound."""
    gap = relative_gap(objective, bound)
    served = np.zeros(len(instance.weight), np.bool_)
    if flows is None:
        served[nearest_open(instance, opened)[0] >= 0] = True
    else:
        served[flows[0]] = True
    lost = instance.unreachable
    covered, unreachable = float(instance.weight[served].sum()), float(instance.weight[lost].sum())
    mine = np.zeros(len(instance.site_ids), np.bool_)
    mine[opened] = True
    background = instance.status == BACKGROUND
    return Siting(
        instance,
        "optimal" if gap <= PROVEN else "feasible",
        objective,
        bound,
        gap,
        seconds,
        tuple(instance.site_ids[mine & ~background]),
        tuple(instance.site_ids[background]),
        covered,
        float(instance.weight[~served & ~lost].sum()),
        unreachable,
        limits,
        reduced,
        flows,
    )


def no_plan(
    instance: Instance, seconds: float, limits: Limits, *, infeasible: bool = False, bound: float = float("nan")
) -> Siting:
    """Return the Siting without a plan: infeasible (why is told by `solve`), else unknown: stopped by time."""
    weight, unreachable = float(instance.weight.sum()), float(instance.weight[instance.unreachable].sum())
    status: State = "infeasible" if infeasible else "unknown"
    nan = float("nan")
    background = tuple(instance.site_ids[instance.status == BACKGROUND])
    return Siting(
        instance, status, nan, bound, nan, seconds, (), background, 0.0, weight - unreachable, unreachable, limits,
    )  # fmt: skip


SAME = 1e-9
"""Two values within this share of each other are as good as one another."""


def sense(instance: Instance) -> int:
    """Return -1 where the larger objective is the better, else 1: objective × sense is always to be small."""
    return -1 if instance.question.model in ("mclp", "backup") else 1


def same(one: float, other: float) -> bool:
    """Whether two values are as good as one another.

    >>> same(100.0, 100.00000001), same(100.0, 100.001), same(1e-10, 2e-10)
    (True, False, False)
    """
    return bool(one == other or abs(one - other) <= SAME * min(abs(one), abs(other)))
