"""The curve over the number of sites, and the Pareto front of two objectives: plans that no other beats in both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner import clock
from planner.errors import SitingError, Text
from planner.siting.best import Found, Objective, cover, half_step, least, restricted, row_size, weighted
from planner.siting.instance import Instance, refusal
from planner.siting.models import Solver
from planner.siting.question import BACKGROUND, Limits
from planner.siting.siting import PROVEN, SAME, Siting, relative_gap, same, sense
from planner.siting.small import criterion_of, opened_with, search, value_of

# The curve over p: the best plan of every number of sites, what one site more brings, and who gains by it.

EFFECTS: Mapping[str, Text] = MappingProxyType(
    {
        "newly_covered": Text("新覆盖", "newly covered"),
        "nearer": Text("更近", "nearer"),
        "farther": Text("更远", "farther"),
        "no_longer_covered": Text("不再覆盖", "no longer covered"),
    }
)
"""What one site more does to a demand, and its label. Plans of two p need not hold each other, so some may lose."""


@dataclass(frozen=True, eq=False)
class Step:
    """One p of the curve.

    gain      what the objective is better by than at the p before (NaN for the first, or where one has no plan)
    changes   demand_id, group, weight, before, after (costs, inf without a site), effect: whose cost is another
    by_group  group, effect, weight: the same summed
    note      where more sites are no better: why; where there is no plan: which rule clashes
    """

    p: int
    siting: Siting
    gain: float
    changes: pd.DataFrame
    by_group: pd.DataFrame
    note: Text | None


def curve(
    instance: Instance, limits: Limits, ps: Iterable[int], solve: Solver, groups: pd.Series | None = None
) -> list[Step]:
    """Return a step for each p, in order; each is told beside the one before it in `ps`. `limits` holds for each solve.

    groups  by demand id, a label (its county); demands without one have ""
    """
    steps: list[Step] = []
    for p in sorted(set(ps)):
        siting = solve(instance.asking(replace(instance.question, p=p)), limits)
        before = steps[-1].siting if steps else None
        gain = _gain(before, siting)
        changes = _changes(instance, before, siting, groups)
        by_group = changes.groupby(["group", "effect"], as_index=False, sort=True)[["weight"]].sum()
        steps.append(Step(p, siting, gain, changes, by_group, _note(before, siting, gain, solve)))
    return steps


def _has_plan(siting: Siting | None) -> bool:
    return siting is not None and siting.status in ("optimal", "feasible")


def _gain(before: Siting | None, siting: Siting) -> float:
    if before is None or not (_has_plan(before) and _has_plan(siting)):
        return float("nan")
    return (before.objective - siting.objective) * sense(siting.instance)


def _changes(instance: Instance, before: Siting | None, siting: Siting, groups: pd.Series | None) -> pd.DataFrame:
    """Return whom another plan brings nearer, or farther, with their weight."""
    known = before is not None and _has_plan(before) and _has_plan(siting)
    costs = [_costs(one) if known and one is not None else np.zeros(len(instance.weight)) for one in (before, siting)]
    was, now = costs
    effect = np.select(
        [np.isinf(was) & np.isfinite(now), np.isfinite(was) & np.isinf(now), now < was, now > was],
        ["newly_covered", "no_longer_covered", "nearer", "farther"],
        "",
    )
    ids = pd.Index(instance.demand_ids)
    labels = pd.Series("", index=ids) if groups is None else groups.reindex(ids).fillna("")
    changes = pd.DataFrame(
        {
            "demand_id": instance.demand_ids,
            "group": labels.to_numpy(object),
            "weight": instance.weight,
            "before": was,
            "after": now,
            "effect": effect,
        }
    )
    return changes[effect != ""].reset_index(drop=True)


def _costs(siting: Siting) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each demand's cost, the mean over its shares; inf where no open site serves it."""
    table = siting.assignment
    cost = (table["cost"] * table["share"]).groupby(table["demand_id"]).sum()
    share = table["share"].groupby(table["demand_id"]).sum()
    return (cost / share).reindex(siting.instance.demand_ids).fillna(np.inf).to_numpy(float)


def _note(before: Siting | None, siting: Siting, gain: float, solve: Solver) -> Text | None:
    """Return why one site more brings nothing or less, or why there is no plan; None where it brings something."""
    if siting.status == "infeasible":
        return siting.clash.rule if siting.clash else Text("没有可行方案", "there is no plan")
    if siting.status == "unknown" or before is None or not _has_plan(before):
        return None
    if same(siting.objective, before.objective):
        return Text("增加站点不再带来改进", "more sites bring no more")
    if gain > 0:
        return None
    if "feasible" in (siting.status, before.status):
        return Text("结果变差，但尚未证明最优，可放宽时限再算", "worse, but not proven: allow more time")
    return _why_worse(before, siting, solve)


def _why_worse(before: Siting, siting: Siting, solve: Solver) -> Text:
    """Return which rule makes more sites worse: that without which they would not be, or else all of them."""
    asked = siting.question
    families = {
        "quotas": (asked.quotas, (), Text("配额", "quotas")),
        "apart": (asked.apart, (), Text("间距", "spacing")),
        "budget": (asked.budget, None, Text("预算", "the budget")),
    }
    present = {name: (without, word) for name, (now, without, word) in families.items() if now not in ((), None)}
    blamed = []
    for name, (without, word) in present.items():
        free = solve(siting.instance.asking(replace(asked, **{name: without})), siting.limits)  # type: ignore[arg-type]
        if _has_plan(free) and not (before.objective - free.objective) * sense(siting.instance) < 0:
            blamed.append(word)
    blamed = blamed or [word for _, word in present.values()]
    if not blamed:
        return Text(
            "每个站点都有固定费用或最低负荷，多一个站点得不偿失", "a site's cost or least load outweighs what it brings"
        )
    zh, en = "、".join(word.zh for word in blamed), " and ".join(word.en for word in blamed)
    return Text(f"多一个站点反而变差：{zh}起了作用", f"one site more is worse: {en} bind")


Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """One plan of the front: its two values, and how well it is proven that none with this first has a better second.

    proven   the point is on the front, and between it and the point before there is no other
    """

    first: float
    second: float
    chosen: tuple[str, ...]
    bound: float
    gap: float
    proven: bool


def pareto(first: Instance, second: Instance, limits: Limits) -> list[Point]:
    """Return the front of two questions (each mclp or p-median) over the same sites and rules, best second value first.

    Exact, by ε-constraint: the best second value, then the best with a better first value than that, and so on; plans as
    good as each other within what the search tells apart are one point. `limits` holds for the whole: if time runs out, the front ends there, and its last point is
    not proven unless no plan has a better first value.
    """
    _check(first, second)
    begin, points, under = clock.now(), list[Point](), np.inf
    sign, step = sense(first), _step(first)
    wider = step
    while True:
        left = replace(limits, seconds=limits.seconds - (clock.now() - begin))
        found = _least(first, second, under, left) if left.seconds > 0 else Found(None, np.nan)
        if found.opened is None:
            break
        point = _point(first, second, found)
        if point.first * sign > under + step / 2:  # within the solver's tolerance of the limit, but not better
            under, wider = under - wider, 2 * wider
            continue
        points.append(point)
        under, wider = point.first * sign - step, step
    if points and not found.none:
        points[-1] = replace(points[-1], proven=False)
    return _front(points, sense(second))


def _step(first: Instance) -> float:
    """Return by how much the first value must be better: at least twice what the search may let a plan pass by."""
    size = float(first.weight.sum())
    if first.question.model == "p-median":
        criterion = criterion_of(first)
        size = row_size(_objective(first), 0.0) if criterion is None else criterion.size
    return max(half_step(first), 2 * SAME * size)


def _front(points: list[Point], sign: int) -> list[Point]:
    """Drop the points that a later one equals or beats in the second value: the later ones are better in the first."""
    kept: list[Point] = []
    for point in reversed(points):
        if not kept or (point.second * sign < kept[-1].second * sign and not same(point.second, kept[-1].second)):
            kept.append(point)
    return kept[::-1]


def _point(first: Instance, second: Instance, found: Found) -> Point:
    assert found.opened is not None
    value, bound = value_of(second, found.opened), found.bound * sense(second)
    bound = max(bound, 0.0)  # weights and costs are not below 0, but a solver's word may be
    bound = value if same(value, bound) else bound
    chosen = found.opened[first.status[found.opened] != BACKGROUND]
    gap = relative_gap(value, bound)
    return Point(
        value_of(first, found.opened), value, tuple(first.site_ids[chosen]), bound, gap, gap <= PROVEN
    )  # fmt: skip


def _check(first: Instance, second: Instance) -> None:
    """SitingError unless both are asked of the same sites with the same rules."""
    if not np.array_equal(first.site_ids, second.site_ids):
        odd = sorted(map(str, {*first.site_ids} ^ {*second.site_ids}))[:10]
        what = Text("两个目标的候选点不同", "the two objectives are not over the same sites")
        raise SitingError(refusal("候选点", what, "、".join(odd)))
    models = {first.question.model, second.question.model}
    if not models <= {"mclp", "p-median"}:
        what = Text("只支持 mclp 与 p-median 两种目标", "the objectives may be mclp and p-median")
        raise SitingError(refusal("model", what, "、".join(sorted(models))))
    rules = [
        (one.question.p, one.question.quotas, one.question.apart, one.question.budget, tuple(one.status))
        for one in (first, second)
    ]
    if rules[0] != rules[1] or not np.array_equal(first.site_cost, second.site_cost):
        what = Text(
            "两个目标的规则（p、配额、间距、预算、状态、站点费用）不同",
            "the two objectives have different rules on sites or site costs",
        )
        raise SitingError(refusal("规则", what))


def _least(first: Instance, second: Instance, under: float, limits: Limits) -> Found:
    """Return the plan of the best second value whose first (to be small) is at most `under`."""
    quick = _small(first, second, under, limits)
    if quick is not None:
        return quick
    nothing = np.zeros(0, np.int64)
    if restricted(first, nothing, nothing) is None or _nobody(first) or _nobody(second):
        return Found(None, np.nan, none=True)
    return least(first, _objective(first), under, _objective(second), limits)


def _small(first: Instance, second: Instance, under: float, limits: Limits) -> Found | None:
    """Return the same by the compiled search; None where it is not for this question."""
    if first.question.model == "p-median" and first.site_cost[first.free].any():
        return None
    aim, other = criterion_of(second), criterion_of(first)
    if aim is None or other is None:
        return None
    if first.question.model == "mclp":
        everyone = first.weight[~first.unreachable].sum()
        room = float(everyone + under)
    else:
        room = under - float(first.site_cost[first.open_always & first.counted].sum())
    room = min(room, np.finfo(float).max)  # without a limit, too, the first must have a value
    plans = search(second, limits, 1, aim, ((other, room),))
    if plans is None:
        return None
    if not len(plans.values):
        return Found(None, np.nan, none=True)
    opened = opened_with(second, plans.opened[0])
    return Found(opened, value_of(second, opened) * sense(second))


def _objective(instance: Instance) -> Objective:
    return cover(instance) if instance.question.model == "mclp" else weighted(instance)


def _nobody(instance: Instance) -> bool:
    """Whether p-median is asked of demands that no site reaches."""
    asked = instance.question
    return asked.model == "p-median" and not asked.allow_unreachable and bool(instance.unreachable.any())
