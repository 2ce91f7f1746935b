"""Which of equally good plans is told: a second objective decides, then the ids, so that one question has one answer."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner import clock
from planner.siting.best import restricted, same, sense
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.siting import Siting, nearest_open, open_positions, siting_of
from planner.siting.small import as_many, criterion_of, opened_with, search, small_plans, weighted_cost
from planner.siting.solve import Solver
from planner.siting.two_objectives import cover, half_step, least, site_costs, weighted

Positions = npt.NDArray[np.int64]
CHEAP = 40
"""Up to so many sites to decide on, ties are broken in full."""


def lexicographic(instance: Instance, limits: Limits, solve: Solver, first: Siting | None = None) -> Siting:
    """Return the best plan; of equally good ones that of the least weighted cost, of these the earliest by its ids.

    mclp: cover, then weight × cost of the covered demands, then ids. lscp for all: site costs, then weight × cost, then
    ids. Other models: objective, then ids. Earliest by ids: at the first site (in the order of ids) in which two plans
    differ, it has it. `first` is the answer to the instance where it is known already.

    Exact however many ties there are, as no tie is listed: p-median and mclp by the search of small.py, else one solve
    for each site before the last chosen one. Where the plan is not proven, there are more than 40 sites to decide on,
    or time runs out, the plan known by then is returned: always as good by the first objective, but perhaps not the
    first of its ties.
    """
    begin = clock.now()
    if len(instance.free) > CHEAP:
        return first or solve(instance, limits)
    if instance.question.model == "p-median":
        plans = small_plans(instance, limits, 1)
        if plans:
            return plans[0]
    plan = first or solve(instance, limits)
    if plan.status != "optimal":
        return plan
    ties = _Ties(instance, limits, solve, plan, begin)
    better = ties.small() or ties.earliest()
    if better.chosen == plan.chosen:
        return plan
    opened, seconds = open_positions(instance, better.chosen), plan.seconds + clock.now() - begin
    told = siting_of(instance, opened, plan.objective, plan.bound, seconds, limits, plan.reduced, better.flows)
    return replace(told, ties=True)


def second_value(instance: Instance, opened: Positions) -> float:
    """Return weight × cost of the demands that a plan covers, each to its nearest open site."""
    where, cost = nearest_open(instance, opened)
    return float((instance.weight[where >= 0] * cost[where >= 0]).sum())


@dataclass(frozen=True, eq=False)
class _Ties:
    """The plans that are as good as one that is proven."""

    instance: Instance
    limits: Limits
    solve: Solver
    plan: Siting
    begin: float

    def _left(self) -> Limits:
        return replace(self.limits, seconds=self.limits.seconds - (clock.now() - self.begin))

    def small(self) -> Siting | None:
        """Return the plan by the compiled search; None where it is not for this question, or there are too many ties."""
        instance = self.instance
        median = as_many(instance, len(self.plan.chosen))
        if median is not None:
            told = small_plans(median, self._left(), 1)
            return self._with_second(instance, open_positions(instance, told[0].chosen)) if told else None
        under = criterion_of(instance) if instance.question.model == "mclp" else None
        if under is None:
            return None
        room = float(instance.weight[~instance.unreachable].sum()) - self.plan.objective
        aim = weighted_cost(instance, missing=_dearest(instance))
        plans = search(instance, self._left(), 1, aim, ((under, room),))
        if plans is None or not len(plans.values) or not plans.by_ids:
            return None
        return self._with_second(instance, opened_with(instance, plans.opened[0]))

    def earliest(self) -> Siting:
        """Return the earliest of the equal plans: each site in turn is asked in, if some equal plan then remains.

        The plan known so far answers for every site that it holds.
        """
        asked = self.instance.question
        two = asked.model == "mclp" or (asked.model == "lscp" and asked.share == 1)
        ask = self._nearest if two else self._again
        best = ask(self.instance) or self.plan
        known = best
        force, forbid = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for site in self.instance.free:
            found: Siting | None = known
            if self.instance.site_ids[site] not in known.chosen:
                part = restricted(self.instance, np.append(force, site), forbid)
                found = None if part is None else ask(part)
            if found is None or not same(found.objective, best.objective):
                forbid = np.append(forbid, site)
            else:
                force, known = np.append(force, site), found
        return known

    def _again(self, part: Instance) -> Siting | None:
        """Return the best plan of a part, if it is as good."""
        if part is self.instance:
            return self.plan
        left = self._left()
        plan = self.solve(part, left) if left.seconds > 0 else None
        return plan if plan is not None and plan.status in ("optimal", "feasible") else None

    def _nearest(self, part: Instance) -> Siting | None:
        """Return the plan of a part that is as good and has the least weight × cost, which is then its objective."""
        left, mclp = self._left(), part.question.model == "mclp"
        if left.seconds <= 0:
            return None
        first, second = (cover(part), weighted(part, _dearest(part))) if mclp else (site_costs(part), weighted(part))
        under = self.plan.objective * sense(part) + half_step(part)
        found = least(part, first, under, second, left)
        return None if found.opened is None else self._with_second(part, found.opened)

    def _with_second(self, part: Instance, opened: Positions) -> Siting:
        value = second_value(part, opened)
        return siting_of(part, opened, value, value, 0.0, self.limits, {})


def _dearest(instance: Instance) -> float:
    """Return the largest cost: as the price of being without a site, it adds the same to every plan of the same cover."""
    return float(instance.costs.max(initial=0))
