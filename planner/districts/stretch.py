"""By how many people a bound must give until districts exist: the same programme with the stretch as what it costs."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner.clock import now
from planner.districts.case import Amounts, Bools, Case, Owner
from planner.districts.exact import solve_case
from planner.districts.model import Cut, Model, cuts_of, single_cuts
from planner.districts.reduce import allowed_of, bits_of
from planner.siting.highs import Program, solve
from planner.siting.question import Limits

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
    rows, low, high = _bounds(case, model, kind)
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


def _bounds(case: Case, model: Model, kind: Kind) -> tuple[csr_array, Amounts, Amounts]:
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
