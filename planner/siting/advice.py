"""Why a question has no plan, and which single change of it would give one: every change is tried before it is told.

A rule is left out, or a change made, by another instance; whether that has a plan is asked of `feasible.plan_exists`, and of
the model's own solver before the change is told. So there is one mechanism for all models.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.errors import Text
from planner.siting.feasible import (
    Gives,
    conflicts,
    joined,
    least,
    listed,
    loads_of,
    number,
    out_of_reach,
    plan_exists,
    rules_of,
    share_rows,
    with_covered,
    with_pairs,
)
from planner.siting.instance import Instance
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, FORCED, Limits, Quota
from planner.siting.siting import Change, Clash, Siting

Bools = npt.NDArray[np.bool_]
Edit = Callable[[Instance], Instance]
_PART = 0.25
"""The part of the time left that one question may take."""
_WHY = 0.4
"""The part of the time in which the rules in conflict are sought."""
_LEAST_SHARE = 1e-6
"""The least share that is advised: a share of nobody asks for no site at all."""
_SINGLY = 30
"""So many forbidden sites are tried one by one where lifting a ban asks for more, too."""


@dataclass(frozen=True)
class Lever:
    """A number behind an instance's data that a user may change: the limit, or the spacing.

    atoms    the rules that it loosens, by their keys (conflict.Atom): cover; apart, and why sites are barred
    values   from the mildest change to the strongest; asked for only where there is no plan
    apply    the instance with another value
    say      the change in words
    """

    atoms: tuple[str, ...]
    values: Callable[[Instance], Sequence[float]]
    apply: Callable[[Instance, float], Instance]
    say: Callable[[float], Text]


@dataclass(frozen=True)
class _Kind:
    """A kind of change: the rules that it loosens, as far as can be (`eased`), and the least changes that give a plan."""

    atoms: tuple[str, ...]
    eased: Edit
    least: Callable[[Instance, Limits], Iterable[Change]]


@dataclass(frozen=True)
class _Watch:
    ends: float
    limits: Limits

    def part(self, share: float = _PART) -> Limits:
        return replace(self.limits, seconds=max(self.ends - clock.now(), 0.0) * share)


Solve = Callable[[Instance, Limits], Siting]


def clash_of(instance: Instance, limits: Limits, solve: Solve, levers: Sequence[Lever] = ()) -> Clash:
    """Return why an infeasible question has no plan, and each single change that is seen to give one.

    Where no single one does: several at once, of which none can be left out.
    """
    watch = _Watch(clock.now() + limits.seconds, replace(limits, gap=1.0))
    why = conflicts(instance, watch.part(_WHY))
    kinds = _kinds(instance, levers)
    blamed = [{one.key for one in atoms} for atoms in why.sets]
    changes = []
    for kind in kinds:
        if all(one & {*kind.atoms} for one in blamed) or _asks_for_more(kind, instance):
            changes += [one for one in kind.least(instance, watch.part()) if _holds(one, instance, solve, watch)]
    if changes:
        return Clash(
            why.rule, why.ids, joined([one.text for one in changes], "；或者", "; or "), tuple(changes), why.kinds
        )
    both = _together(instance, kinds, watch)
    if both is not None and _holds(both, instance, solve, watch):
        alone = Text("只改一处不够，要一起改：", "no single change helps; together: ")
        both = replace(both, text=Text(alone.zh + both.text.zh, alone.en + both.text.en))
        return Clash(why.rule, why.ids, both.text, (both,), why.kinds)
    return replace(unexplained(), rule=why.rule, ids=why.ids, kinds=why.kinds)


def _asks_for_more(kind: _Kind, instance: Instance) -> bool:
    """Whether a kind may help though a conflict does not name it: without all bans, more residents must be served."""
    return "barred" in kind.atoms and instance.question.allow_unreachable


def unexplained() -> Clash:
    """Return what is said where there is no plan, and the time did not suffice to find the least change."""
    rule = Text("各项要求不能同时满足", "the rules cannot all be kept")
    return Clash(
        rule,
        (),
        Text(
            "没有找到够用的最小改动：逐项放宽要求，或放宽时限再试",
            "no least change was found: ease the rules one by one, or allow more time",
        ),
    )


def _holds(change: Change, instance: Instance, solve: Solve, watch: _Watch) -> bool:
    """Whether the model's own solver finds a plan after the change."""
    return solve(change.apply(instance), watch.part()).status in ("optimal", "feasible")


def _together(instance: Instance, kinds: Sequence[_Kind], watch: _Watch) -> Change | None:
    """Return changes of several kinds that give a plan together, none of them needless; None where none is known."""
    needed, done = _needed(instance, kinds, watch), list[Change]()
    if not needed:
        return None
    while needed:
        kind, *needed = needed
        now = _applied(instance, done)
        found = next(iter(kind.least(_eased(now, needed), watch.part())), None)
        if found is None:
            return None
        done.append(found)
    for change in list(done):  # what was least beside rules that were left out may be needless beside what they became
        fewer_changes = [one for one in done if one is not change]
        if plan_exists(_applied(instance, fewer_changes), watch.part()):
            done = fewer_changes
    text = joined([one.text for one in done], "，并", ", and ")
    return Change(text, lambda one: _applied(one, done), all(one.proven for one in done))


def _needed(instance: Instance, kinds: Sequence[_Kind], watch: _Watch) -> list[_Kind]:
    """Return kinds of change that give a plan together, each as far as can be, none of them needless; none if none are known."""
    needed = [one for one in kinds if one.atoms != ("p",)]  # without p no site at all would be a plan
    if not plan_exists(_eased(instance, needed), watch.part()):
        needed = list(kinds)
        if not plan_exists(_eased(instance, needed), watch.part()):
            return []
    for kind in reversed(list(needed)):
        fewer = [one for one in needed if one is not kind]
        if plan_exists(_eased(instance, fewer), watch.part()):
            needed = fewer
    return needed


def _eased(instance: Instance, kinds: Iterable[_Kind]) -> Instance:
    for kind in kinds:
        instance = kind.eased(instance)
    return instance


def _applied(instance: Instance, changes: Iterable[Change]) -> Instance:
    for change in changes:
        instance = change.apply(instance)
    return instance


def _kinds(instance: Instance, levers: Sequence[Lever]) -> list[_Kind]:
    """Return the kinds of change that this question knows, in the order in which they are told.

    Of several changes that are needed together, the last kinds are spared first.
    """
    asked = instance.question
    kinds = []
    if asked.p is not None:
        kinds.append(_Kind(("p",), lambda one: _asking(one, p=None), _other_p))
    for at, quota in enumerate(asked.quotas):
        kinds += _quota_kinds(at, quota)
    if asked.budget is not None:
        kinds.append(_Kind(("budget",), lambda one: _asking(one, budget=None), _budget))
    kinds += [_of_lever(lever) for lever in levers]
    if instance.apart and not any("apart" in lever.atoms for lever in levers):
        kinds.append(_Kind(("apart",), lambda one: _asking(one, apart=()), _pairs))
    if asked.model == "capacitated":
        kinds += _load_kinds(instance)
    kinds += _status_kinds(instance)
    if asked.model == "lscp":
        kinds.append(_Kind(("cover",), lambda one: _asking(one, share=_LEAST_SHARE), _share))
    if not asked.allow_unreachable:
        kinds.append(_Kind(("cover",), lambda one: _asking(one, allow_unreachable=True), _reachable))
    return kinds


def _asking(instance: Instance, **changed: object) -> Instance:
    return instance.asking(replace(instance.question, **changed))  # type: ignore[arg-type]


def _change(zh: str, en: str, apply: Edit, proven: bool = True) -> Change:
    doubt = Text("", "") if proven else Text("（未证明最小）", " (not proven least)")
    return Change(Text(zh + doubt.zh, en + doubt.en), apply, proven)


# What each kind says and does


def _other_p(instance: Instance, limits: Limits) -> Iterable[Change]:
    """The nearest numbers of sites above and below; none is no answer."""
    p, counted = instance.question.p or 0, instance.counted.astype(float)
    program = rules_of(_asking(instance, p=None))
    for sign, bound in ((1.0, p + 1.0), (-1.0, 1.0 - p)):
        found = least(program, len(counted), sign * counted, limits, bound)
        if found.exists and (now := int((found.opened & instance.counted).sum())):
            yield _change(f"把 p 改为 {now}", f"set p to {now}", partial(_asking, p=now), found.proven)


def _quota_kinds(at: int, quota: Quota) -> list[_Kind]:
    """A lower limit that is lowered, an upper one that is raised; `at`: which of the quotas."""
    group = quota.group

    def with_limits(instance: Instance, **limits: int | None) -> Instance:
        quotas = list(instance.question.quotas)
        quotas[at] = replace(quotas[at], **limits)  # type: ignore[arg-type]
        return _asking(instance, quotas=tuple(quotas))

    def opened(instance: Instance, sign: float, limits: Limits) -> tuple[int, bool] | None:
        mine = instance.counted & (instance.group == group)
        found = least(rules_of(instance), len(mine), sign * mine, limits)
        return (int((found.opened & mine).sum()), found.proven) if found.exists else None

    def lower(instance: Instance, limits: Limits) -> Iterable[Change]:
        found = opened(with_limits(instance, at_least=0), -1.0, limits)
        if found is not None:
            now = min(found[0], quota.at_least)
            yield _change(
                f"把{quota.called}的下限降到 {now}", f"lower the quota of '{group}' to at least {now}",
                lambda one: with_limits(one, at_least=now), found[1],
            )  # fmt: skip

    def higher(instance: Instance, limits: Limits) -> Iterable[Change]:
        found = opened(with_limits(instance, at_most=None), 1.0, limits)
        if found is not None:
            now = max(found[0], quota.at_most or 0)
            yield _change(
                f"把{quota.called}的上限提高到 {now}", f"raise the quota of '{group}' to at most {now}",
                lambda one: with_limits(one, at_most=now), found[1],
            )  # fmt: skip

    atom = f"quota:{at}"
    kinds = [_Kind((atom,), lambda one: with_limits(one, at_least=0), lower)] if quota.at_least else []
    higher_kind = _Kind((atom,), lambda one: with_limits(one, at_most=None), higher)
    return kinds + ([] if quota.at_most is None else [higher_kind])


def _budget(instance: Instance, limits: Limits) -> Iterable[Change]:
    cost = np.where(instance.counted, instance.site_cost, 0.0)
    found = least(rules_of(_asking(instance, budget=None)), len(cost), cost, limits)
    if found.exists:
        now = _rounded_up(float(cost[found.opened].sum()))
        yield _change(
            f"把预算提高到 {number(now)}", f"raise the budget to {number(now)}",
            lambda one: _asking(one, budget=now), found.proven,
        )  # fmt: skip


def _pairs(instance: Instance, limits: Limits) -> Iterable[Change]:
    """The fewest pairs that may both be open all the same."""
    pairs = instance.apart
    width = len(instance.site_ids)
    program = with_pairs(rules_of(_asking(instance, apart=())), pairs)
    value = np.zeros(len(program.cost))
    value[len(value) - len(pairs) :] = 1.0
    found = least(program, width, value, limits)
    if not found.exists:
        return
    ids = instance.site_ids
    both = [(str(ids[one]), str(ids[other])) for one, other in pairs if found.opened[one] and found.opened[other]]
    zh, en = listed([f"{one} 与 {other}" for one, other in both]), listed([f"{one} and {other}" for one, other in both])

    def apply(one: Instance) -> Instance:
        kept = [pair for pair in one.question.apart if pair not in both and pair[::-1] not in both]
        return _asking(one, apart=tuple(kept))

    yield _change(f"允许 {zh} 同时设站", f"let {en} both be open", apply, found.proven)


def _of_lever(lever: Lever) -> _Kind:
    """A number of the user's: the mildest of its values that gives a plan, sought by halves."""

    def eased(instance: Instance) -> Instance:
        values = lever.values(instance)
        return lever.apply(instance, values[-1]) if len(values) else instance

    def mildest(instance: Instance, limits: Limits) -> Iterable[Change]:
        values, ends = lever.values(instance), clock.now() + limits.seconds
        if not len(values) or not plan_exists(lever.apply(instance, values[-1]), limits):
            return
        low, high, sure, at = -1, len(values) - 1, True, 0  # the mildest first: often it is the least that reaches all
        while high - low > 1:
            left = replace(limits, seconds=max(ends - clock.now(), 0.0))
            found = plan_exists(lever.apply(instance, values[at]), left)
            sure &= found is not None
            low, high = (low, at) if found else (at, high)
            at = (low + high) // 2
        doubt = Text("", "") if sure else Text("（未证明最小）", " (not proven least)")
        words = lever.say(values[high])
        yield Change(Text(words.zh + doubt.zh, words.en + doubt.en), lambda one: lever.apply(one, values[high]), sure)

    return _Kind(lever.atoms, eased, mildest)


def _load_kinds(instance: Instance) -> list[_Kind]:
    """Upper loads that are raised, lower ones that are lowered, each by the least sum; demands that may be split."""

    def without_most(one: Instance) -> Instance:
        return replace(one, max_load=np.full_like(one.max_load, np.inf))

    def without_least(one: Instance) -> Instance:
        return replace(one, min_load=np.zeros_like(one.min_load))

    kinds = []
    if (instance.max_load < np.inf).any():
        kinds.append(_Kind(("max_load",), without_most, lambda one, limits: _loads(one, "max_load", limits)))
    if (instance.min_load > 0).any():
        kinds.append(_Kind(("min_load",), without_least, lambda one, limits: _loads(one, "min_load", limits)))
    if not instance.question.split:
        kinds.append(_Kind(("single",), lambda one: _asking(one, split=True), _split))
    return kinds


def _loads(instance: Instance, which: Gives, limits: Limits) -> Iterable[Change]:
    width, total = len(instance.site_ids), float(instance.weight.sum()) or 1.0
    if out_of_reach(instance):
        return
    program = loads_of(instance, which)
    value = np.zeros(len(program.cost))
    value[len(value) - width :] = 1.0
    found = least(program, width, value, limits)
    if not found.exists:
        return
    by = np.where(found.opened, found.more[-width:], 0.0) * total
    sign, word, en = (1.0, "提高到", "raise") if which == "max_load" else (-1.0, "降到", "lower")
    old = instance.max_load if which == "max_load" else instance.min_load
    changed = np.flatnonzero(by > 1e-7 * max(total, 1.0))
    now = {int(at): sign * _rounded_up(float(sign * old[at] + by[at])) + 0.0 for at in changed}  # no −0
    label = "容量（max_load）" if which == "max_load" else "最低负荷（min_load）"
    names = [f"{instance.site_ids[at]} 的{label}{word} {number(value)}" for at, value in now.items()]
    english = [f"{en} {which} of {instance.site_ids[at]} to {number(value)}" for at, value in now.items()]

    def apply(one: Instance) -> Instance:
        loads = (one.max_load if which == "max_load" else one.min_load).copy()
        for at, value in now.items():
            loads[at] = value
        return replace(one, **{which: loads})  # type: ignore[arg-type]

    yield _change("，".join(names), ", ".join(english), apply, found.proven)


def _rounded_up(value: float) -> float:
    """Return the number with six digits behind the point, no less than it is: a whole number that all but is one."""
    return math.ceil(value * 1e6 - 1e-2) / 1e6


def _split(instance: Instance, limits: Limits) -> Iterable[Change]:
    if plan_exists(_asking(instance, split=True), limits):
        yield _change(
            "允许一个需求点由几个站点分担", "let a demand be shared by sites", lambda one: _asking(one, split=True)
        )


def _status_kinds(instance: Instance) -> list[_Kind]:
    """Sites that are forbidden, forced or fixed by choice and need not be."""
    kinds = []
    if _chosen(instance, FORBIDDEN).any():
        kinds.append(_Kind(("barred",), _allowed, _lifted))
    for which, atom, zh, en in (
        (FORCED, "forced", "不再必选", "do not force"),
        (FIXED, "fixed", "不再固定", "do not fix"),
    ):
        if _chosen(instance, which).any():
            kinds.append(_Kind((atom,), _released(which), _given_up(which, zh, en)))
    return kinds


def _chosen(instance: Instance, which: int) -> Bools:
    return (instance.status == which) & (instance.reasons == "")


def _with_status(instance: Instance, where: Bools, to: int) -> Instance:
    return replace(instance, status=np.where(where, to, instance.status).astype(np.int8))


def _allowed(instance: Instance) -> Instance:
    return _with_status(instance, _chosen(instance, FORBIDDEN), CANDIDATE)


def _lifted(instance: Instance, limits: Limits) -> Iterable[Change]:
    """The fewest bans that must be lifted."""
    barred = _chosen(instance, FORBIDDEN)
    found, proven = _one_ban(instance, limits), True
    if found is None:
        answer = least(rules_of(_allowed(instance)), len(barred), barred.astype(float), limits)
        if not answer.exists or out_of_reach(_allowed(instance)):
            return
        # Who may be left out while nobody may serve him must be served once somebody may: another ban may ask for less.
        found, proven = answer.opened & barred, answer.proven and not instance.question.allow_unreachable
    named = listed(list(map(str, instance.site_ids[found])))

    def apply(one: Instance) -> Instance:
        return _with_status(one, found, CANDIDATE)

    yield _change(f"取消禁选 {named}", f"allow {named}", apply, proven)


def _one_ban(instance: Instance, limits: Limits) -> Bools | None:
    """Return the one forbidden site that helps, where there are few and their residents may be left out today."""
    places = np.flatnonzero(_chosen(instance, FORBIDDEN))
    if not instance.question.allow_unreachable or len(places) > _SINGLY:
        return None
    for at in places:
        mask = np.arange(len(instance.status)) == at
        if plan_exists(_with_status(instance, mask, CANDIDATE), replace(limits, seconds=limits.seconds / len(places))):
            return mask
    return None


def _released(which: int) -> Edit:
    """Return the edit that leaves all forced (fixed) sites open to choice; pairs of them that stand close stay as they are."""

    def apply(instance: Instance) -> Instance:
        ids = instance.site_ids
        apart = tuple((str(ids[one]), str(ids[other])) for one, other in instance.apart)
        return _asking(_with_status(instance, _chosen(instance, which), CANDIDATE), apart=apart)

    return apply


def _given_up(which: int, zh: str, en: str) -> Callable[[Instance, Limits], Iterable[Change]]:
    def fewest(instance: Instance, limits: Limits) -> Iterable[Change]:
        must = _chosen(instance, which)
        found = least(rules_of(_released(which)(instance)), len(must), -must.astype(float), limits)
        if not found.exists or out_of_reach(instance):
            return
        out = must & ~found.opened
        named = listed(list(map(str, instance.site_ids[out])))

        def apply(one: Instance) -> Instance:
            return _with_status(one, out, CANDIDATE)

        yield _change(f"{zh} {named}", f"{en} {named}", apply, found.proven)

    return fewest


def _share(instance: Instance, limits: Limits) -> Iterable[Change]:
    """The largest share that can be covered."""
    total, width = instance.share_of, len(instance.site_ids)
    covers, done = share_rows(instance)
    program = with_covered(rules_of(instance, serve=False), instance, covers)
    value = np.concatenate([np.zeros(width), -covers.weight])
    found = least(program, width, value, limits)
    if not found.exists:
        return
    share = math.floor((done + float(covers.weight @ (found.more > 0.5))) / total * 1e6) / 1e6 if total else 0.0
    if 0 < share < instance.question.share:
        yield _change(
            f"把覆盖比例降到 {number(share)}（--share {number(share)}）", f"lower the share to {number(share)}",
            lambda one: _asking(one, share=share), found.proven,
        )  # fmt: skip


def _reachable(instance: Instance, limits: Limits) -> Iterable[Change]:
    def apply(one: Instance) -> Instance:
        return _asking(one, allow_unreachable=True)

    if plan_exists(apply(instance), limits):
        yield _change(
            "只求够得着的（--allow-unreachable）", "leave out who is not reached (--allow-unreachable)", apply
        )
