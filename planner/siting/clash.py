"""Why the rules on sites cannot all be kept: those in conflict, and the smallest stretch of one of them that helps."""

import time
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, diags_array, hstack, vstack

from planner.errors import Text
from planner.siting.conflict import Also, conflict, listed, parts
from planner.siting.highs import Program, solve
from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN, Limits
from planner.siting.siting import Clash
from planner.text import option_text

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
__all__ = ["Also", "listed", "rules_clash", "unexplained"]


@dataclass(frozen=True, eq=False)
class _Stretch:
    """By how much each rule must give, above its upper and below its lower limit, and the plan that then holds."""

    over: Amounts
    under: Amounts
    opened: Bools


def rules_clash(instance: Instance, limits: Limits, also: Also | None = None) -> Clash | None:
    """Return why no set of open sites keeps the rules on sites (and `also`), None if one does or time ran out.

    Named are the rules that cannot be kept together (conflict.py). The change is that of one rule whose loosening alone
    helps, p before quotas, spacing and budget; where none alone helps, of all of them with the least stretch in sum.
    """
    if also is None and instance.only_p and _p_holds(instance):
        return None
    ends = time.monotonic() + limits.seconds
    count = instance.site_rules[0].shape[0]
    if _stretch(instance, np.zeros(count, np.bool_), also, _until(limits, ends))[0] != "infeasible":
        return None
    for begin, end in pairwise(parts(instance)):
        elastic = (np.arange(count) >= begin) & (np.arange(count) < end)
        if end > begin:
            found = _stretch(instance, elastic, also, _until(limits, ends))[1]
            if found is not None:
                return _with_conflict(instance, also, _told(instance, found), _until(limits, ends))
    word, found = _stretch(instance, np.ones(count, np.bool_), also, _until(limits, ends))
    if found is not None:
        return _with_conflict(instance, also, _told(instance, found), _until(limits, ends))
    return _hopeless() if word == "infeasible" else unexplained()


def _with_conflict(instance: Instance, also: Also | None, clash: Clash, limits: Limits) -> Clash:
    """Return the clash with every rule in conflict named; as it is where time does not suffice to find them."""
    found = conflict(instance, also, limits)
    return clash if found is None else Clash(found[0], tuple(sorted({*found[1], *clash.ids})), clash.change)


def _p_holds(instance: Instance) -> bool:
    p, counted = instance.question.p, instance.counted
    return p is None or int((counted & instance.open_always).sum()) <= p <= int(counted.sum())


def _until(limits: Limits, ends: float) -> Limits:
    return replace(limits, seconds=max(ends - time.monotonic(), 0.0), gap=0.0)


def _stretch(instance: Instance, elastic: Bools, also: Also | None, limits: Limits) -> tuple[str, _Stretch | None]:
    """Return the solver's word and the least stretch of the elastic rules with which a plan exists."""
    rules, low, high = instance.site_rules
    width, count = len(instance.site_ids), len(low)
    more = 0 if also is None else also.rows.shape[1] - width
    give = diags_array(elastic.astype(float), shape=(count, count))
    blocks = [hstack([rules, csr_array((count, more)), -give, give])]
    if also is not None:
        blocks.append(hstack([also.rows, csr_array((also.rows.shape[0], 2 * count))]))
        low, high = np.concatenate([low, also.low]), np.concatenate([high, also.high])
    zero, top = np.zeros(width + more), np.where(instance.status == FORBIDDEN, 0.0, 1.0)
    answer = solve(
        Program(
            np.concatenate([zero, np.ones(2 * count)]),
            csr_array(vstack(blocks)),
            low,
            high,
            np.concatenate([instance.open_always.astype(float), np.zeros(more + 2 * count)]),
            np.concatenate([top, np.ones(more), np.full(2 * count, np.inf)]),
            np.arange(width + more + 2 * count) < width,
        ),
        limits,
    )
    if answer.status not in ("optimal", "feasible"):
        return answer.status, None
    over, under = np.round(answer.values[width + more :], 6).reshape(2, count)
    return answer.status, _Stretch(over, under, answer.values[:width] > 0.5)


def _told(instance: Instance, found: _Stretch) -> Clash:
    """Return the clash in words: each rule that gives, and to what."""
    rules, changes, ids = [], [], set[str]()
    for at in np.flatnonzero(found.over + found.under > 0):
        rule, change, named = _one(instance, int(at), found)
        if rule not in rules:
            rules.append(rule)
        changes.append(change)
        ids |= set(named)
    both = [Text("；".join(one.zh for one in part), "; ".join(one.en for one in part)) for part in (rules, changes)]
    return Clash(both[0], tuple(sorted(ids)), both[1])


def _one(instance: Instance, at: int, found: _Stretch) -> tuple[Text, Text, tuple[str, ...]]:
    """Return (rule, change, ids) of one row of `site_rules` that gives."""
    asked, by = instance.question, found.over[at] - found.under[at]
    counted, ids = instance.counted, instance.site_ids
    *_, before_apart, before_budget, _ = parts(instance)
    must = tuple(ids[counted & instance.open_always])
    if asked.p is not None and at == 0:
        now = round(asked.p + by)
        rule = Text(
            f"个数 p = {asked.p} 与其他要求不能同时满足", f"p = {asked.p} cannot be kept beside the other rules"
        )
        return rule, Text(f"把 p 改为 {now}", f"set p to {now}"), must
    if at < before_apart:
        quota = asked.quotas[at - int(asked.p is not None)]
        mine = tuple(ids[counted & (instance.group == quota.group)])
        return *_quota_told(quota.group, quota.at_least, quota.at_most, float(by)), mine
    if at < before_budget:
        one, other = (str(ids[end]) for end in instance.apart[at - before_apart])
        rule = Text("间距要求与其他要求不能同时满足", "the spacing cannot be kept beside the other rules")
        change = Text(f"允许 {one} 与 {other} 同时设站", f"let {one} and {other} both be open")
        return rule, change, (one, other)
    least = float(instance.site_cost[found.opened & counted].sum())
    rule = Text(f"预算 {option_text(asked.budget)} 不够", f"the budget of {option_text(asked.budget)} does not suffice")
    return rule, Text(f"把预算提高到 {option_text(least)}", f"raise the budget to {option_text(least)}"), must


def _quota_told(group: str, at_least: int, at_most: int | None, by: float) -> tuple[Text, Text]:
    if by < 0:
        now = round(at_least + by)
        return (
            Text(f"“{group}”至少 {at_least} 个的配额不能满足", f"at least {at_least} sites in '{group}' cannot be had"),
            Text(f"把“{group}”的下限降到 {now}", f"lower the quota of '{group}' to at least {now}"),
        )
    now = round((at_most or 0) + by)
    return (
        Text(f"“{group}”至多 {at_most} 个的配额不能满足", f"at most {at_most} sites in '{group}' cannot be kept"),
        Text(f"把“{group}”的上限提高到 {now}", f"raise the quota of '{group}' to at most {now}"),
    )


def unexplained() -> Clash:
    """Return what is said where there is no plan, and the time did not suffice to find the least change."""
    rule = Text("各项要求不能同时满足", "the rules cannot all be kept")
    return Clash(rule, (), Text("时限内未找到最小的改动，请放宽时限", "no least change was found in time: allow more"))


def _hopeless() -> Clash:
    return Clash(
        Text("放宽个数、配额、间距、预算仍无方案", "no plan exists even without p, quotas, spacing and budget"),
        (),
        Text("请增加候选点或放宽服务半径", "add candidates or a longer limit"),
    )
