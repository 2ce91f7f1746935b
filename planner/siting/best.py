"""The k best plans of a siting question, in order and with their proof, by Lawler's partition of all other plans."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.errors import SitingError, Text
from planner.siting.instance import Instance, refusal
from planner.siting.question import Limits
from planner.siting.siting import Siting, open_positions, siting_of
from planner.siting.solve import Solver

Positions = npt.NDArray[np.int64]
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


def restricted(instance: Instance, force: Positions, forbid: Positions) -> Instance | None:
    """Return the instance with some candidates forced and some forbidden; None where it is plain that no plan is left.

    Two rules must be asked here. A spacing between two sites that are both forced is no longer one of the instance's
    own rules. And a demand that only forbidden sites reach would be left out where unreachable ones may be: of all, or of
    what a share is of; the share is raised so that the same weight is asked for.
    """
    opened = instance.open_always.copy()
    opened[force] = True
    if any(opened[one] and opened[other] for one, other in instance.apart):
        return None
    part = instance.with_sites(force=force, forbid=forbid)
    p = instance.question.p
    if p is not None and not (opened & instance.counted).sum() <= p <= part.counted.sum():
        return None
    serves_all = instance.question.model not in ("mclp", "backup") and instance.question.share == 1
    if serves_all and (part.unreachable & ~instance.unreachable).any():
        return None
    return _of_the_same(instance, part)


def _of_the_same(instance: Instance, part: Instance) -> Instance | None:
    """Return the part with a share that asks for the same weight as the instance's; None where it has not so much."""
    share, whole, left = instance.question.share, instance.share_of, part.share_of
    if share == 1 or whole == left:
        return part
    if share * whole > left * (1 + SAME):
        return None
    return part.asking(replace(part.question, share=min(share * whole / left, 1.0)))


def k_best(instance: Instance, limits: Limits, count: int, solve: Solver, first: Siting | None = None) -> list[Siting]:
    """Return the `count` best plans (sets of open sites), best first, fewer where there are no more or time ran out.

    first  the answer to the instance where it is known already
    The k-th plan is called optimal when no plan but those before it can be better. Equal ones stand in the order of
    their ids. Which of the plans that are as good as the last are listed is decided by their ids too where the search
    of small.py finds the plans, else by the solver's ways: always the same ones for the same question.
    """
    from planner.siting.small import small_plans

    if _two_steps(instance):
        what = Text(
            "backup 不给 -p 时分两步求解，无法排出前几名", "backup without -p is solved in two steps: no ranking"
        )
        raise SitingError(refusal("-p", what, fix=Text("请给出 -p", "give -p")))
    begin = clock.now()
    found = small_plans(instance, limits, count)
    left = replace(limits, seconds=limits.seconds - (clock.now() - begin))
    return partition(instance, left, count, solve, first) if found is None else found


def partition(
    instance: Instance, limits: Limits, count: int, solve: Solver, first: Siting | None = None
) -> list[Siting]:
    """Return the `count` best plans by solving again and again with sites forced and forbidden; `limits` holds for all.

    The other plans of a part are those that differ from its best plan in one site first: one smaller part for each.
    A part that was stopped keeps its bound, so that what is said to be proven is.
    """
    search = _Search(instance, limits, solve, clock.now())
    root = search.answer(_Part(_none(), _none(), -np.inf), first)
    waiting: list[tuple[float, tuple[str, ...], int, _Part]] = []
    stopped: list[float] = []
    plans: list[tuple[float, Siting]] = []
    parts = iter([root])
    while len(plans) < count:
        for number, part in enumerate(parts):
            _keep(part, (len(plans), number), waiting, stopped)
        if not waiting:
            break
        bound = min([part.bound for *_, part in waiting] + stopped)
        part = heappop(waiting)[-1]
        plans.append((bound, search.told(part, bound)))
        parts = search.others(part) if len(plans) < count else iter(())
    # A stopped solve may hide a better plan, found in one of its parts: the bounds hold for the places in order.
    ordered = sorted((plan for _, plan in plans), key=lambda plan: _order(instance, plan))
    return [search.bounded(plan, bound) for plan, (bound, _) in zip(ordered, plans, strict=True)]


def with_ties(siting: Siting, solve: Solver, limits: Limits | None = None) -> Siting:
    """Return the answer with `ties` told: whether another plan is as good; None where that is not proven.

    limits: how long that may take; else as long as the answer might
    """
    if siting.status != "optimal" or _two_steps(siting.instance):
        return siting
    from planner.siting.small import as_many, small_plans

    instance, limits = siting.instance, limits or siting.limits
    best = siting.objective * sense(instance)
    plans = small_plans(instance, limits, 2)
    if plans is not None:
        return replace(siting, ties=len(plans) > 1 and same(plans[1].objective, siting.objective))
    median = as_many(instance, len(siting.chosen))
    plans = None if median is None else small_plans(median, limits, 2)
    if plans is not None:
        return replace(siting, ties=len(plans) > 1)
    search = _Search(instance, limits, solve, clock.now())
    unsure = False
    for part in search.others(_Part(_none(), _none(), best, siting)):
        if part.plan is not None and same(part.value, best):
            return replace(siting, ties=True)
        unsure |= part.bound < best or same(part.bound, best)
    return replace(siting, ties=None if unsure else False)


def _none() -> Positions:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the plans: those with some sites forced and some forbidden; its best plan and bound (to be small)."""

    force: Positions
    forbid: Positions
    bound: float
    plan: Siting | None = None
    value: float = np.inf


def _keep(part: _Part, place: tuple[int, int], waiting: list, stopped: list[float]) -> None:  # type: ignore[type-arg]
    """Put a part that has a plan among the waiting ones, and the bound of one that was stopped without among those."""
    if part.plan is not None and part.plan.status in ("optimal", "feasible"):
        heappush(waiting, (*_order(part.plan.instance, part.plan), place, part))
    elif part.bound < np.inf:
        stopped.append(part.bound)


def _order(instance: Instance, plan: Siting) -> tuple[float, tuple[str, ...]]:
    """Return what plans are ordered by: the value, without the last digits of its sum, then the ids."""
    return float(f"{plan.objective * sense(instance):.11g}"), plan.chosen


@dataclass(frozen=True, eq=False)
class _Search:
    """One search with its clock."""

    instance: Instance
    limits: Limits
    solve: Solver
    begin: float

    def others(self, part: _Part) -> Iterator[_Part]:
        """Yield, solved, the parts that together hold every other plan of this part."""
        assert part.plan is not None
        instance = self.instance
        decided = np.concatenate([part.force, part.forbid])
        left = np.setdiff1d(instance.free, decided)
        mine = np.isin(instance.site_ids[left], list(part.plan.chosen))
        chosen, others = left[mine], left[~mine]
        for at, site in enumerate(chosen):
            force, forbid = np.append(part.force, chosen[:at]), np.append(part.forbid, site)
            yield self.answer(_Part(force, forbid, part.bound))
        if instance.question.p is None:  # else no plan holds all of these and one more
            for at, site in enumerate(others):
                force, forbid = np.concatenate([part.force, chosen, [site]]), np.append(part.forbid, others[:at])
                yield self.answer(_Part(force, forbid, part.bound))

    def answer(self, part: _Part, known: Siting | None = None) -> _Part:
        """Return the part with its best plan and bound; without a plan, the bound is inf where none exists."""
        instance = restricted(self.instance, part.force, part.forbid)
        if instance is None:
            return replace(part, bound=np.inf)
        left = self.limits.seconds - (clock.now() - self.begin)
        if known is None and left <= 0:
            return part
        plan = known or self.solve(instance, replace(self.limits, seconds=left))
        sign = sense(instance)
        if plan.status == "infeasible":
            return replace(part, bound=np.inf)
        bound = part.bound if np.isnan(plan.bound) else max(part.bound, plan.bound * sign)
        if plan.status == "unknown":
            return replace(part, bound=bound)
        value = plan.objective * sign
        return replace(part, plan=plan, value=value, bound=min(bound, value))

    def told(self, part: _Part, bound: float) -> Siting:
        """Return the best plan of a part as a plan of the whole question."""
        plan = part.plan
        assert plan is not None
        seconds = clock.now() - self.begin
        opened = open_positions(self.instance, plan.chosen)
        bound *= sense(self.instance)
        return siting_of(
            self.instance, opened, plan.objective, bound, seconds, self.limits, plan.reduced, plan.flows
        )  # fmt: skip

    def bounded(self, plan: Siting, bound: float) -> Siting:
        """Return the plan with the bound of its place."""
        if plan.bound == bound * sense(self.instance):
            return plan
        opened, sign = open_positions(self.instance, plan.chosen), sense(self.instance)
        bound = min(bound, plan.objective * sign) * sign
        return siting_of(
            self.instance, opened, plan.objective, bound, plan.seconds, self.limits, plan.reduced, plan.flows
        )  # fmt: skip


def _two_steps(instance: Instance) -> bool:
    """Whether plans have no single value: backup cover without p counts sites first, then second cover."""
    return instance.question.model == "backup" and instance.question.p is None
