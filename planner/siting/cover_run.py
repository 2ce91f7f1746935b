"""A cover question under way: its clock, what a plan is worth, and bounds rounded to what values can be."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.reduce import Covers, covers_of, open_count, per_row
from planner.siting.siting import Siting, no_plan, siting_of

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Run:
    """A question, when its answer was begun, and how long it may take."""

    instance: Instance
    limits: Limits
    begin: float

    @classmethod
    def of(cls, instance: Instance, limits: Limits) -> "Run":
        """Begin now."""
        return cls(instance, limits, clock.now())

    @property
    def ends(self) -> float:
        return self.begin + self.limits.seconds

    @property
    def rest(self) -> Limits:
        """The limits with the time that is left."""
        return replace(self.limits, seconds=max(self.ends - clock.now(), 0.0))

    def part(self, share: float) -> "Run":
        """Return the run with a share of the time that is left."""
        return Run(self.instance, replace(self.limits, seconds=share * self.rest.seconds), clock.now())

    def found(self, opened: Bools, objective: float, bound: float, covers: Covers) -> Siting:
        """Return the answer with a plan (a mask of all open sites); covers is what was left after the reductions."""
        sizes = {
            "demands": len(self.instance.weight),
            "sites": len(self.instance.site_ids),
            "pairs": len(self.instance.indices),
            "rows_left": covers.rows,
            "columns_left": covers.columns,
            "pairs_left": len(covers.indices),
        }
        seconds = clock.now() - self.begin
        return siting_of(self.instance, np.flatnonzero(opened), objective, bound, seconds, self.limits, sizes)

    def none(self, bound: float = math.nan) -> Siting:
        """Return the answer without a plan, stopped by time."""
        return no_plan(self.instance, clock.now() - self.begin, self.limits, bound=bound)

    def infeasible(self) -> Siting:
        """Return the answer where it is proven that there is no plan."""
        return no_plan(self.instance, clock.now() - self.begin, self.limits, infeasible=True)


def worths(instance: Instance, second: float) -> tuple[Covers, float]:
    """Return (merged rows, what the sites that are open anyway are worth); a second cover is worth `second` of a first."""
    weight, count = instance.weight, open_count(instance)
    if count is None:
        return covers_of(instance, weight, second * weight if second else None, weight > 0), 0.0
    first = np.where(count == 0, weight, np.where(count == 1, second * weight, 0.0))
    again = np.where(count == 0, second * weight, 0.0) if second else None
    base = float(weight[count > 0].sum() + second * weight[count > 1].sum())
    return covers_of(instance, first, again, first > 0), base


def worth(instance: Instance, opened: Bools, second: float) -> float:
    """Return what the open sites (a mask) are worth."""
    count = per_row(instance.indptr, opened[instance.indices])
    covered = float(instance.weight[count > 0].sum())
    return covered + second * float(instance.weight[count > 1].sum()) if second else covered


def cost_of(instance: Instance, opened: Bools) -> float:
    """Return what the open sites that count cost."""
    return float(instance.site_cost[opened & instance.counted].sum())


def with_columns(opened: Bools, covers: Covers, values: Amounts) -> Bools:
    """Return the open sites with those that the solver opened."""
    more = opened.copy()
    more[covers.sites[values[: covers.columns] > 0.5]] = True
    return more


def unit_of(weight: Amounts, second: float) -> float:
    """Return what the worths of plans are multiples of, 0 where that is not known."""
    whole = bool((weight == np.rint(weight)).all())
    return (0.5 if second == 0.5 else float(second in (0, 1))) if whole else 0.0


def rounded_down(bound: float, unit: float, value: float) -> float:
    """Return the bound of a largest value, as a multiple of the unit and no less than a value that is reached."""
    return max(math.floor(bound / unit + 1e-6) * unit if unit and math.isfinite(bound) else bound, value)


def rounded_up(bound: float, costs: Amounts, value: float) -> float:
    """Return the bound of a least cost, whole where all costs are, and no more than a cost that is reached."""
    whole = bool((costs == np.rint(costs)).all())
    return min(math.ceil(bound - 1e-6) if whole and math.isfinite(bound) else bound, value)
