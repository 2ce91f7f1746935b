"""By how many people a bound must give until districts exist: the same programme with the stretch as what it costs."""

import time
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner.districts.case import Amounts, Bools, Case, Owner
from planner.districts.model import Cut, Model, cuts_of
from planner.districts.reduce import allowed_of, bits_of
from planner.siting.highs import Program, solve
from planner.siting.question import Limits

Kind = Literal["upper", "lower", "both"]


@dataclass(frozen=True)
class Stretch:
    """The bounds of one kind give by so many people, and then a plan exists; proven: with less there is none."""

    kind: Kind
    by: int
    proven: bool


def stretched(case: Case, kind: Kind, limits: Limits) -> Stretch | None:
    """Return the least stretch of the bounds of this kind, None where none helps or time ends without a plan."""
    people = int(case.people.sum())
    free = replace(
        case,
        high=np.full_like(case.high, people) if kind != "lower" else case.high,
        low=np.zeros_like(case.low) if kind != "upper" else case.low,
    )
    allowed = allowed_of(free)
    if not allowed.any(axis=1).all():
        return None
    model, cuts, ends = Model(free, allowed), list[Cut](), time.perf_counter() + limits.seconds
    while True:
        left = replace(limits, seconds=max(ends - time.perf_counter(), 0.0), gap=0.0)
        solved = solve(_program(case, model, cuts, kind), left)
        if not len(solved.values):
            return None
        owner = model.owner_of(solved.values[: len(model.pairs[0])])
        new = cuts_of(model, bits_of(allowed), model.values_of(owner), 0.5)
        if not new:
            return Stretch(kind, _needed(case, owner, kind), solved.status == "optimal")
        if time.perf_counter() >= ends:
            return None
        cuts += new


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


def _needed(case: Case, owner: Owner, kind: Kind) -> int:
    """Return by how many people the bounds give in this plan."""
    opened: Bools = case.opened(owner)
    load = case.loads(owner)
    over = int(np.maximum(load - case.high, 0)[opened].max(initial=0))
    short = int(np.maximum(case.low - load, 0)[opened].max(initial=0))
    return over if kind == "upper" else short if kind == "lower" else max(over, short)
