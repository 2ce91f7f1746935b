"""How much each candidate matters: the question solved with it and without it, against a stated tolerance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner import clock
from planner.errors import Text
from planner.siting.best import restricted, same, sense
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.siting import Siting
from planner.siting.solve import Solver

CLASSES: Mapping[str, Text] = MappingProxyType(
    {
        "required": Text("必建", "required"),
        "alternative": Text("备选", "alternative"),
        "not_selected": Text("本目标下未入选", "not selected under this objective"),
    }
)
COLUMNS = ("id", "class", "value_in", "value_out", "loss", "proven")


def classes(
    instance: Instance,
    limits: Limits,
    solve: Solver,
    tolerance: float,
    first: Siting | None = None,
    known: Iterable[Siting] = (),
) -> pd.DataFrame:
    """Return id, class, value_in, value_out, loss, proven for each site that is to be decided on; none without a plan.

    value_in, value_out   the best value with the site and without it (NaN: no plan, or none known)
    loss                  what the worse of the two loses against the better, as a share of it (inf: no plan)
    class                 required: without it the loss is above the tolerance; not_selected: with it; else alternative
    proven                whether the class holds for any true values within the bounds

    `first` is the answer to the instance, and `known` any other plans of it that were found before (k_best): one that
    is as good as the best settles every site that it has or has not. `limits` holds for all solves together.
    """
    ends = clock.now() + limits.seconds
    best = first or solve(instance, limits)
    if best.status not in ("optimal", "feasible"):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    equal = [plan for plan in known if same(plan.objective, best.objective)]
    rows = []
    for site in instance.free:
        inside = instance.site_ids[site] in best.chosen
        other = _among(equal, instance.site_ids[site], not inside)
        if other is None:
            left = replace(limits, seconds=ends - clock.now())
            other, plan = _with_or_without(instance, int(site), not inside, left, solve)
            if plan is not None and same(plan.objective, best.objective):
                equal.append(plan)
        rows.append(_row(str(instance.site_ids[site]), _interval(best), other, inside, sense(instance), tolerance))
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class _Interval:
    """A best value (small is good): of the plan that is known, inf without one, and what no plan can beat."""

    value: float
    bound: float


def _interval(siting: Siting) -> _Interval:
    sign = sense(siting.instance)
    return _Interval(siting.objective * sign, min(siting.bound * sign, siting.objective * sign))


def _among(equal: list[Siting], name: str, inside: bool) -> _Interval | None:
    """Return the value of an equally good plan that has the site, or has it not."""
    return next((_interval(plan) for plan in equal if (name in plan.chosen) == inside), None)


def _with_or_without(
    instance: Instance, site: int, inside: bool, limits: Limits, solve: Solver
) -> tuple[_Interval, Siting | None]:
    """Return the best value, and plan, with the site forced or forbidden."""
    one, none = np.array([site]), np.zeros(0, np.int64)
    part = restricted(instance, one if inside else none, none if inside else one)
    if part is None:
        return _Interval(np.inf, np.inf), None
    if limits.seconds <= 0:
        return _Interval(np.inf, -np.inf), None
    plan = solve(part, limits)
    if plan.status == "infeasible":
        return _Interval(np.inf, np.inf), None
    if plan.status == "unknown":
        bound = plan.bound * sense(instance)
        return _Interval(np.inf, -np.inf if np.isnan(bound) else bound), None
    return _interval(plan), plan


def _row(
    name: str, best: _Interval, other: _Interval, inside: bool, sign: int, tolerance: float
) -> tuple[str, str, float, float, float, bool]:
    loss = _loss(other.value, best.value)
    large = loss > tolerance + 1e-12
    lowest = max(other.bound, best.bound)  # with more rules, no plan is better
    losses = _loss(lowest, best.value), _loss(other.value, best.bound)
    turned = _loss(best.value, lowest)  # if the best plan is not proven, the other may be better
    proven = all((one > tolerance + 1e-12) == large for one in losses) and turned <= tolerance + 1e-12
    values = [best.value * sign, other.value * sign if np.isfinite(other.value) else np.nan]
    kind = "alternative" if not large else "required" if inside else "not_selected"
    return name, kind, *(values if inside else values[::-1]), loss, proven  # type: ignore[return-value]


def _loss(value: float, best: float) -> float:
    """Return what a value loses against the best, as a share of it; 0 where it is as good.

    >>> _loss(-90.0, -100.0), _loss(0.0, 0.0), _loss(1.0, 0.0)
    (0.1, 0.0, inf)
    """
    if same(value, best) or value < best:
        return 0.0
    return float((value - best) / abs(best)) if best != 0 and np.isfinite(value) else float("inf")
