"""Why a county has no districts: which bound, which communities, and the smallest change that helps, seen to help."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner.clock import now
from planner.districts.case import (
    Amounts,
    Bools,
    Case,
    Cut,
    Model,
    Numbers,
    Owner,
    allowed_of,
    bits_of,
    cuts_of,
    least_number,
    most_number,
    numbers_of,
    positions,
    single_cuts,
)
from planner.districts.exact import solve_case
from planner.errors import Text
from planner.siting.advice import unexplained
from planner.siting.feasible import listed
from planner.siting.highs import Program, solve
from planner.siting.question import Limits
from planner.siting.siting import Clash

# By how many people a bound must give until districts exist: the same programme with the stretch as what it costs.

Kind = Literal["upper", "lower", "both"]
_SEARCH = 0.7
"""The part of the time in which the least stretch is searched for; the rest is for any stretch at all."""
_TOLERANCE = 1e-3
"""People: what the solver's bound may be off by."""


@dataclass(frozen=True)
class Stretch:
    """By how many people the bounds of one kind must give.

    status    found: with `over` above the upper bounds and `short` below the lower ones there is a plan, in which so many
              centres are open; none: it is proven that nothing of this kind helps; unknown: time ended before either
    least     fewer people never do, as far as is proven
    """

    kind: Kind
    status: Literal["found", "none", "unknown"]
    over: int = 0
    short: int = 0
    least: int = 0
    opened: int = 0

    @property
    def proven(self) -> bool:
        """Whether it is the least stretch."""
        return self.status == "found" and max(self.over, self.short) <= self.least


def given(case: Case, over: int, short: int) -> Case:
    """Return the case with its upper bounds so much higher and its lower ones so much lower, none below 0."""
    return replace(case, high=case.high + over, low=np.maximum(case.low - short, 0))


def stretched(case: Case, kind: Kind, limits: Limits) -> Stretch:
    """Return the least stretch of the bounds of this kind; where time ends, one that helps if any is found."""
    people, ends = int(case.people.sum()), now() + limits.seconds
    free = replace(
        case,
        high=np.full_like(case.high, people) if kind != "lower" else case.high,
        low=np.zeros_like(case.low) if kind != "upper" else case.low,
    )
    found = _least(case, free, kind, replace(limits, seconds=limits.seconds * _SEARCH))
    if found.status != "unknown":
        return found
    part = solve_case(free, _until(ends, limits))
    if part.status == "infeasible":
        return Stretch(kind, "none")
    if not len(part.owner):
        return found
    return _halved(case, _of_plan(case, part.owner, kind, found.least), ends, limits)


def _until(ends: float, limits: Limits, part: float = 1.0) -> Limits:
    """Return the limits for any plan at all, with a part of the time that is left."""
    return replace(limits, seconds=max(ends - now(), 0.0) * part, gap=1.0)


def _halved(case: Case, found: Stretch, ends: float, limits: Limits) -> Stretch:
    """Return the stretch made smaller by half of what is open, again and again, as long as there is time."""
    kind = found.kind
    while found.status == "found" and not found.proven and now() < ends:
        most = max(found.over, found.short)
        by = (found.least + most - 1) // 2
        part = solve_case(
            given(case, by if kind != "lower" else 0, by if kind != "upper" else 0), _until(ends, limits, 0.5)
        )
        if part.status == "infeasible":
            found = replace(found, least=by + 1)
        elif len(part.owner):
            found = _of_plan(case, part.owner, kind, found.least)
        else:
            break
    return found


def _least(case: Case, free: Case, kind: Kind, limits: Limits) -> Stretch:
    allowed = allowed_of(free)
    model = Model(free, allowed)
    if not allowed.any(axis=1).all() or not (model.open_column[case.fixed] >= 0).all():
        return Stretch(kind, "none")
    reachable, ends, least = bits_of(allowed), now() + limits.seconds, 0
    cuts: list[Cut] = [*dict.fromkeys(single_cuts(model, reachable))]
    while True:
        left = replace(limits, seconds=max(ends - now(), 0.0), gap=0.0)
        solved = solve(_program(case, model, cuts, kind), left)
        if solved.status == "infeasible":
            return Stretch(kind, "none")
        if np.isfinite(solved.bound):
            least = max(least, math.ceil(solved.bound * model.crowd - _TOLERANCE))
        if not len(solved.values):
            return Stretch(kind, "unknown", least=least)
        owner = model.owner_of(solved.values[: len(model.pairs[0])])
        new = cuts_of(model, reachable, model.values_of(owner), 0.5)
        if not new:
            return _of_plan(case, owner, kind, least)
        if now() >= ends:
            return Stretch(kind, "unknown", least=least)
        cuts += new


def _of_plan(case: Case, owner: Owner, kind: Kind, least: int) -> Stretch:
    """Return the stretch that this plan needs, once it is seen that the plan keeps every rule with it."""
    opened: Bools = case.opened(owner)
    load = case.loads(owner)
    over = int(np.maximum(load - case.high, 0)[opened].max(initial=0))
    short = int(np.maximum(case.low - load, 0)[opened].max(initial=0)) if case.hard else 0
    if not given(case, over, short).keeps(owner):
        return Stretch(kind, "unknown", least=least)
    return Stretch(kind, "found", over, short, least, int(opened.sum()))


def _program(case: Case, model: Model, cuts: list[Cut], kind: Kind) -> Program:
    """Return the programme with one column more, by which every bound of this kind gives: that column is the cost."""
    plain = model.program(cuts, whole=True)
    rows, low, high = _stretched_bounds(case, model, kind)
    width, extra = plain.rows.shape[1], rows.shape[0]
    column = csr_array((plain.rows.shape[0], 1))
    return Program(
        np.append(np.zeros(width), 1.0),
        csr_array(vstack([hstack([plain.rows, column]), rows])),
        np.concatenate([plain.low, low]),
        np.concatenate([plain.high, high]),
        np.append(plain.lower, 0.0),
        np.append(plain.upper, case.people.sum() / model.crowd),
        np.append(plain.whole, np.zeros(1, bool)),
    ) if extra else plain  # fmt: skip


def _stretched_bounds(case: Case, model: Model, kind: Kind) -> tuple[csr_array, Amounts, Amounts]:
    """Return the rows load − upper·open − stretch ≤ 0 and load − lower·open + stretch ≥ 0."""
    unit, center = model.pairs
    is_open = np.zeros(len(unit), bool)
    is_open[model.open_column[model.open_column >= 0]] = True
    count, width, parts = len(case.center_ids), model.program((), whole=False).rows.shape[1], []
    for name, bound, sign in (("upper", case.high, -1.0), ("lower", case.low, 1.0)):
        if kind not in (name, "both"):
            continue
        value = (case.people[unit] - np.where(is_open, bound[center], 0)) / model.crowd
        body = csr_array((value, (center, np.arange(len(unit)))), shape=(count, width))
        give = csr_array(np.full((count, 1), sign))
        limits = np.full(count, -np.inf if name == "upper" else 0.0), np.full(count, 0.0 if name == "upper" else np.inf)
        parts.append((csr_array(hstack([body, give])), *limits))
    return (
        csr_array(vstack([one for one, _, _ in parts])),
        np.concatenate([one for _, one, _ in parts]),
        np.concatenate([one for _, _, one in parts]),
    )


_MORE = 0.4
"""The part of the time left that each trial may take."""
_NUMBERS = 3
"""So many numbers of centres are tried on either side of the one that is asked."""
_NECESSARY = Text("（必要，不一定够）", " (necessary, perhaps not enough)")


@dataclass(frozen=True)
class _Cause:
    """What is seen at once: the rule, whom it is about, and what must change at least besides a bound or the number."""

    rule: Text
    ids: tuple[str, ...]
    necessary: tuple[Text, ...] = ()


@dataclass(frozen=True)
class _Change:
    """A change that is seen to help: how large it is beside the bound, and its words."""

    size: float
    rule: Text
    change: Text


@dataclass(frozen=True)
class _Found:
    """The changes that help, the smallest first; `needed`: what time left unproven; ended: whether time ended at all."""

    changes: list[_Change]
    needed: list[Text]
    ended: bool


def clash_of(case: Case, limits: Limits) -> Clash:
    """Return the clash of a county of which it is proven that it has no plan."""
    known = _no_seat(case) or _no_way(case)
    if known is not None:
        return known
    cause = _too_large(case) or _island(case) or _number(case)
    found = _changes(case, now() + limits.seconds, limits)
    if cause is None and not found.changes:
        return unexplained() if found.ended else _structure(case)
    rules = [cause.rule] if cause else list(dict.fromkeys(one.rule for one in found.changes))
    said = [*(one.change for one in found.changes), *(found.needed if not found.changes else ())]
    said += [] if cause is None else [_and(one, _NECESSARY) for one in cause.necessary]
    if not said:
        said = [unexplained().change if found.ended else _structure(case).change]
    return Clash(_joined(rules, "，", ", "), cause.ids if cause else (), _joined(said, "；或", "; or "))


def _joined(parts: Iterable[Text], zh: str, en: str) -> Text:
    parts = list(parts)
    return Text(zh.join(one.zh for one in parts), en.join(one.en for one in parts))


def _and(one: Text, other: Text) -> Text:
    return Text(one.zh + other.zh, one.en + other.en)


def _names(case: Case, units: list[int]) -> tuple[str, ...]:
    return tuple(str(case.unit_ids[one]) for one in units)


def _no_seat(case: Case) -> Clash | None:
    """A centre that stands and cannot be reached from its own community, which is always its own."""
    lost = [int(one) for one in np.flatnonzero(case.fixed) if not np.isfinite(case.burden[case.seat[one], one])]
    if not lost:
        return None
    names = listed([str(case.center_ids[one]) for one in lost])
    return Clash(
        Text(f"中心到本社区没有路：{names}", f"no way between a standing centre and its own community: {names}"),
        _names(case, [int(case.seat[one]) for one in lost]),
        Text("补上这一段道路，或核对中心的位置", "add the missing road, or check where the centre stands"),
    )


def _no_way(case: Case) -> Clash | None:
    """A community that no centre can be reached from: no way, or no centre in the part of the graph that it is in."""
    hopeless = list[int]()
    for island in case.islands:
        centers = [at for at, seat in enumerate(case.seat) if island >> int(seat) & 1]
        for one in positions(island):
            if not centers or not np.isfinite(case.burden[one, centers]).any():
                hopeless.append(one)
    if not hopeless:
        return None
    ids = _names(case, hopeless)
    return Clash(
        Text(
            f"这些社区与任何中心都不相连（相邻或道路）：{listed(ids)}",
            f"communities that no centre is joined to, by neighbourhood or by road: {listed(ids)}",
        ),
        ids,
        Text("在其中增设候选中心，或补上相邻关系、道路", "give them a candidate, a neighbour or a road"),
    )


def _structure(case: Case) -> Clash:
    """No bound and no number is the cause: what is next to what, the ways, and the centres that stand leave no plan."""
    return Clash(
        Text(
            "放开上下限和个数也没有方案：道路、相邻关系与“各中心的片区含本社区、连成一片”不能同时满足",
            "no plan even without bounds and number: ways, neighbourhood and connected districts cannot all be kept",
        ),
        _names(case, sorted({int(one) for one in case.seat[case.fixed]})),
        Text("补上相邻关系、道路，或增设候选中心", "add neighbours or roads, or a candidate"),
    )


def _too_large(case: Case) -> _Cause | None:
    """A community with more residents than any centre may serve: whole communities cannot keep the bound."""
    top = int(case.high.max(initial=0))
    large = [int(one) for one in np.flatnonzero(case.people > top)]
    if not large or not len(case.high):
        return None
    ids = _names(case, large)
    return _Cause(
        Text(f"社区自身人口已超过上限 {top}：{listed(ids)}", f"communities with more than {top} residents: {listed(ids)}"),
        ids,
        (Text("把这些社区拆成几个", "split these communities"),),
    )  # fmt: skip


def _island(case: Case) -> _Cause | None:
    """A part of the graph whose people fit no number of centres: over or under the bounds, or between two numbers."""
    for island in case.islands:
        numbers = numbers_of(case, island)
        if numbers.least > numbers.most:
            return _unfit(case, numbers)
    return None


def _unfit(case: Case, numbers: Numbers) -> _Cause:
    ids = _names(case, list(positions(numbers.units)))
    people = numbers.people
    whole = len(ids) == len(case.unit_ids)
    who = Text("全部居民", "all residents") if whole else Text("这些社区", "these communities")
    rule = Text(
        f"{who.zh}共 {people} 人，没有合适的中心个数（{_bounds(case)}，已有 {numbers.standing} 所，最多 {numbers.able} 所）",
        f"{who.en}, {people} people, fit no number of centres ({_bounds(case)}; "
        f"{numbers.standing} standing, {numbers.able} at most)",
    )
    lacking = numbers.people - numbers.room
    if lacking <= 0:
        return _Cause(rule, ids)
    need = -(-lacking // max(int(case.high.max(initial=1)), 1))
    return _Cause(rule, ids, (Text(f"至少再增设 {need} 个候选中心", f"offer {need} more candidates at least"),))


def _bounds(case: Case) -> str:
    low, high = sorted({int(one) for one in case.low}), sorted({int(one) for one in case.high})
    return "、".join(map(str, low)) + "～" + "、".join(map(str, high))


def _number(case: Case) -> _Cause | None:
    """A number of centres that the county's people, islands and standing centres do not allow."""
    if not isinstance(case.p, int):
        return None
    least, most = least_number(case), most_number(case)
    if least <= case.p <= most:
        return None
    rule = Text(
        f"个数 {case.p} 不在 {least}～{most} 之内（按人口、上下限和已有中心）",
        f"{case.p} centres are not within {least} to {most} (by people, bounds and standing centres)",
    )
    return _Cause(rule, tuple(map(str, case.center_ids[case.fixed])))


def _changes(case: Case, ends: float, limits: Limits) -> _Found:
    """Return the changes that help: of one bound alone and of the number; where none does, of both, then of all."""

    def left() -> Limits:
        return replace(limits, seconds=max(ends - now(), 0.0) * _MORE)

    alone: tuple[Kind, ...] = ("upper", "lower") if case.hard else ("upper",)
    tried = [stretched(case, kind, left()) for kind in alone]
    changes = sorted((one for one in (_stretched(one, case) for one in tried) if one), key=lambda one: one.size)
    number, unknown = _other_numbers(case, left) if isinstance(case.p, int) else ([], False)
    changes += number
    if not changes and case.hard:
        tried.append(stretched(case, "both", left()))
        changes = [one for one in (_stretched(tried[-1], case),) if one]
    if not changes and isinstance(case.p, int):
        free = replace(case, p=None)
        tried += [stretched(free, kind, left()) for kind in (*alone, *(("both",) if case.hard else ()))]
        changes = [one for one in (_stretched(one, free, f"{case.p}") for one in tried[len(alone) :]) if one][:1]
    ended = unknown or any(one.status == "unknown" for one in tried)
    return _Found(changes, [one for one in (_necessary(one, case) for one in tried[: len(alone)]) if one], ended)


def _stretched(found: Stretch, case: Case, number: str = "") -> _Change | None:
    """Return a stretch with which there is a plan, in words; `number`: the number that is asked, where it changes, too."""
    if found.status != "found":
        return None
    top, least = int(case.high.max(initial=0)), int(case.low.max(initial=0))
    parts = [Text(f"把个数改为 {found.opened}", f"set the number to {found.opened}")] if number else []
    parts += [_raised(case, found.over)] if found.over else []
    parts += [_lowered(case, found.short)] if found.short else []
    words = {
        "upper": Text(f"相连成片时上限 {top} 不能满足", f"connected districts cannot keep the upper bound {top}"),
        "lower": Text(f"相连成片时下限 {least} 不能满足", f"connected districts cannot keep the lower bound {least}"),
        "both": Text("相连成片时上下限都不能满足", "connected districts can keep neither bound"),
    }
    about = Text("", "") if found.proven or number else Text("（未证明最小）", " (not proven least)")
    rule = Text(f"个数 {number} 和上下限不能满足", f"{number} centres do not do") if number else words[found.kind]
    size = found.over / max(top, 1) + found.short / max(least, 1)
    return _Change(size, rule, _and(_joined(parts, "，并", ", and "), about))


def _raised(case: Case, over: int) -> Text:
    """Return an upper bound that gives, in words: the new one where all centres have the same, else by how much."""
    tops = {int(one) for one in case.high}
    if len(tops) > 1:
        return Text(f"把各中心的上限各提高 {over}", f"raise every centre's upper bound by {over}")
    now = max(tops) + over
    return Text(f"把上限提高到 {now}", f"raise the upper bound to {now}")


def _lowered(case: Case, short: int) -> Text:
    """Return a lower bound that gives, in words, as `_raised`."""
    lows = {int(one) for one in case.low}
    if len(lows) > 1:
        return Text(f"把各中心的下限各降低 {short}（到 0 为止）", f"lower every centre's bound by {short}, not below 0")
    now = max(max(lows) - short, 0)
    return Text(f"把下限降到 {now}", f"lower the lower bound to {now}")


def _necessary(found: Stretch, case: Case) -> Text | None:
    """Return what is proven of a bound whose least stretch time did not show: less than this never does."""
    if found.status != "unknown" or not found.least:
        return None
    told = _raised(case, found.least) if found.kind == "upper" else _lowered(case, found.least)
    return _and(told, _NECESSARY)


def _other_numbers(case: Case, left: Callable[[], Limits]) -> tuple[list[_Change], bool]:
    """Return the nearest number of centres below and above with which there is a plan; and whether time ended on any."""
    asked, found, unknown = int(case.p or 0), list[_Change](), False
    within = range(least_number(case), most_number(case) + 1)
    rule = Text(f"个数 {asked} 不能满足", f"{asked} centres do not do")
    for side in (lambda one: one > asked, lambda one: one < asked):
        near = sorted(filter(side, within), key=lambda one: abs(one - asked))[:_NUMBERS]
        for p in near:
            part = solve_case(replace(case, p=p), replace(left(), gap=1.0))
            unknown |= part.status == "unknown"
            if part.status in ("optimal", "feasible"):
                found.append(_Change(abs(p - asked), rule, Text(f"把个数改为 {p}", f"set the number to {p}")))
                break
    return sorted(found, key=lambda one: one.size), unknown
