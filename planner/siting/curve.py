"""The curve over p: the best plan of every number of sites, what one site more brings, and who gains by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner.errors import Text
from planner.siting.best import same, sense
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.siting import Siting
from planner.siting.solve import Solver

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
