"""The best districts of one county, with a proof: relax, find a good plan, shut out what cannot be better, solve, cut, again.

HiGHS has no lazy constraints. The linear relaxation is cut where it breaks links or connection; its prices give a bound
that is computed anew (and so owes nothing to tolerances) and the pairs that no better plan holds. Of the rest the solver
gives whole plans; each that does not hang together gives cuts for the next run. What it proves without further cuts is
a proof for all, as every cut holds for all plans.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array

from planner.clock import now
from planner.districts.case import Amounts, Bools, Case, Owner
from planner.districts.flow import flow_values, with_flow
from planner.districts.model import Cut, Model, cuts_of, single_cuts
from planner.districts.reduce import allowed_of, bits_of, connected, standing_only
from planner.districts.search import Prices, grown, improved, joined, prices_of, relieved
from planner.siting.highs import Program, solve, solve_with_cuts
from planner.siting.question import Limits
from planner.siting.siting import State, relative_gap

_ROUGH = 1e-3
"""The gap of the first runs, which find cuts; the last ones ask for what is wanted."""
_SURE = 1e-9
_BY_FLOW = ((2, 800), (6, 5_000))
"""After so many runs with cuts the solver gets the flows, too, where so many pairs or fewer are left."""
_SHAKES = 30
_MOST_PAIRS = 250_000
"""With more pairs the solver keeps no time limit: then there is a plan of the search alone, and no bound but the nearest."""
_FIRST = 0.4
"""The part of the time that the relaxation may take."""


@dataclass(frozen=True, eq=False)
class Part:
    """The answer of one county: as Districting, `owner` the centre's position by unit (empty without a plan).

    Status and bound are those of the best plan with as many centres (case.p). `least` is the other proof: fewer centres than
    this never do; 0 where their number was not sought.
    """

    case: Case
    status: State
    objective: float
    bound: float
    owner: Owner
    seconds: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)
    least: int = 0

    @property
    def fewest(self) -> bool:
        """Whether fewer centres are proven never to do, or their number was not sought."""
        return self.least in (0, self.case.p)

    @property
    def gap(self) -> float:
        return relative_gap(self.objective, self.bound) if self.status in ("optimal", "feasible") else float("nan")


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The linear relaxation: its cuts, a bound, and what each allowed pair adds to it; `values` empty if unfinished."""

    cuts: list[Cut]
    bound: float
    adds: Amounts
    values: Amounts
    hopeless: bool = False


@dataclass(frozen=True)
class Clock:
    """When it must end, and the limits of the solver until then."""

    ends: float
    limits: Limits

    def over(self) -> bool:
        return now() >= self.ends

    def left(self, gap: float, part: float = 1.0) -> Limits:
        return replace(self.limits, gap=gap, seconds=max(self.ends - now(), 0.0) * part)


def solve_case(case: Case, limits: Limits) -> Part:
    """Return the best districts of one county; infeasible is proven, unknown where time ended without a plan."""
    if case.p == int(case.fixed.sum()) and not case.fixed.all():
        few, kept = standing_only(case)  # nothing may be opened: a column a candidate would be for nothing
        part = solve_case(few, limits)
        return replace(part, case=case, owner=kept[part.owner])
    begin = now()
    clock = Clock(begin + limits.seconds, limits)
    allowed = allowed_of(case)
    model = Model(case, allowed)
    if not allowed.any(axis=1).all() or not (model.open_column[case.fixed] >= 0).all():
        return _none(case, "infeasible", begin, np.inf)
    if clock.over():
        return _none(case, "unknown", begin, 0.0)
    relaxed = _relaxed(model, clock)
    if relaxed.hopeless:
        return _none(case, "infeasible", begin, np.inf)
    plan = _first_plan(case, allowed, relaxed, model, clock)
    plan, floor, sizes = _Search(model, relaxed, clock).run(plan)
    sizes = {"pairs": int(allowed.size), "allowed": int(allowed.sum()), **sizes}
    if plan is None:
        return replace(_none(case, "infeasible" if floor == np.inf else "unknown", begin, floor), sizes=sizes)
    worth = case.worth(plan)
    floor = min(floor, worth)
    proven = relative_gap(worth, floor) <= 1e-6
    seconds = now() - begin
    return Part(case, "optimal" if proven else "feasible", worth, floor, plan, seconds, sizes)


def _none(case: Case, status: State, begin: float, bound: float) -> Part:
    nan, nobody = float("nan"), np.zeros(0, np.int64)
    return Part(case, status, nan, bound if status == "unknown" else nan, nobody, now() - begin)


def _relaxed(model: Model, clock: Clock) -> Relaxed:
    """Return the relaxation, cut where it breaks links or connection as long as that raises it."""
    if len(model.pairs[0]) > _MOST_PAIRS:
        return _nearest(model)
    reachable, cuts, seen = bits_of(model.allowed), list[Cut](), set[Cut]()
    values_so_far = [-np.inf]
    program = model.program((), whole=False, links=model.must_link)
    at_first = list(model.links(range(len(model.pairs[0])))) if model.must_link else []

    def cut(values: Amounts) -> csr_array | None:
        now = float(values @ program.cost)
        found = [] if model.must_link else model.broken_links(values)
        found = [one for one in found + cuts_of(model, reachable, values) if one not in seen]
        if not found or now <= values_so_far[-1] * (1 + 1e-7):
            return None
        values_so_far.append(now)
        seen.update(found)
        cuts.extend(found)
        return model.cut_rows(found)

    solved = solve_with_cuts(program, clock.left(0.0, _FIRST), cut)
    if solved.status != "optimal":
        return replace(_nearest(model), cuts=at_first, hopeless=solved.status == "infeasible")
    extra = len(solved.duals) - program.rows.shape[0]
    bound, adds = _priced(model, _with_rows(program, model.cut_rows(cuts)), solved.duals, extra)
    return Relaxed([*at_first, *cuts], bound * model.scale, adds * model.scale, solved.values)


def _nearest(model: Model) -> Relaxed:
    """Return what is known without a relaxation: nobody goes for less than to the nearest."""
    least = float(np.where(model.allowed, model.case.burden, np.inf).min(axis=1).sum())
    return Relaxed([], least, np.zeros(len(model.pairs[0])), np.zeros(0))


def _with_rows(program: Program, rows: csr_array) -> Program:
    from scipy.sparse import vstack

    count = rows.shape[0]
    return replace(
        program,
        rows=csr_array(vstack([program.rows, rows])),
        low=np.concatenate([program.low, np.full(count, -np.inf)]),
        high=np.concatenate([program.high, np.zeros(count)]),
    )


def _priced(model: Model, program: Program, duals: Amounts, extra: int) -> tuple[float, Amounts]:
    """Return the bound of the rows' prices, and what each pair adds to it: any prices of the right sign give a bound."""
    duals = np.concatenate([duals, np.zeros(len(program.low) - len(duals))]) if extra >= 0 else duals
    duals = np.where((duals > 0) & np.isinf(program.low) | (duals < 0) & np.isinf(program.high), 0.0, duals)
    adds = program.cost - program.rows.T @ duals
    sides = np.where(duals > 0, program.low, np.where(duals < 0, program.high, 0.0))
    at_best = np.where(adds > 0, program.lower, program.upper)
    bound = float(duals @ sides + adds @ at_best)
    slack = adds[: len(model.pairs[0])]
    return bound, np.where(program.lower[: len(slack)] > 0, 0.0, np.maximum(slack, 0.0))


def _first_plan(case: Case, allowed: Bools, relaxed: Relaxed, model: Model, clock: Clock) -> Owner | None:
    """Return a plan from the relaxation, or from the centres alone; None where neither keeps the rules."""
    prices, best = prices_of(case, allowed), None
    for start in _starts(case, prices, relaxed, model):
        plan = improved(case, allowed, prices, start, _SHAKES, clock.over, clock.limits.seed)
        if case.keeps(plan) and (best is None or case.worth(plan) < case.worth(best)):
            best = plan
    return best


def _starts(case: Case, prices: Prices, relaxed: Relaxed, model: Model) -> list[Owner]:
    opened, nobody = case.fixed.copy(), np.full(len(case.unit_ids), -1, np.int64)
    started = list[Owner | None]()
    if len(relaxed.values):
        share = np.where(model.open_column >= 0, relaxed.values[model.open_column], -1.0)
        wanted = case.p if isinstance(case.p, int) else round(float(share[share > 0].sum()))
        for center in np.lexsort((np.arange(len(share)), -share)).tolist():
            taken = case.seat[opened]
            if int(opened.sum()) < wanted and share[center] >= 0 and case.seat[center] not in taken:
                opened[center] = True
        kept = model.owner_of(relaxed.values)
        kept[~opened[kept]] = -1
        kept[case.seat[opened]] = np.flatnonzero(opened)
        started.append(_kept(case, prices, opened, kept))
    elif isinstance(case.p, int):
        opened = relieved(prices, opened, case.p)
    started.append(grown(prices, opened, nobody))
    return [one for one in started if one is not None]


def _kept(case: Case, prices: Prices, opened: Bools, kept: Owner) -> Owner | None:
    """Return the plan grown from the part of `kept` that hangs together."""
    for center in np.flatnonzero(opened).tolist():
        mine = sum(1 << int(unit) for unit in np.flatnonzero(kept == center))
        lost = mine & ~case.flood(1 << int(case.seat[center]), mine)
        kept[[unit for unit in range(len(kept)) if lost >> unit & 1]] = -1
    return grown(prices, opened, kept)


@dataclass(frozen=True, eq=False)
class _Search:
    """The runs of the solver on what the relaxation leaves."""

    model: Model
    relaxed: Relaxed
    clock: Clock

    def run(self, plan: Owner | None) -> tuple[Owner | None, float, dict[str, int]]:
        """Return the best plan, what no plan can beat (inf: there is none), and how many pairs, cuts and runs it took."""
        case, cuts = self.model.case, list(self.relaxed.cuts)
        reachable, prices = bits_of(self.model.allowed), prices_of(case, self.model.allowed)
        floor, wanted, runs = self.relaxed.bound, self.clock.limits.gap, 0
        gap = max(wanted, _ROUGH)
        sizes = {"left": int(self.model.allowed.sum()), "cuts": len(cuts), "runs": 0}
        while not self.clock.over() and not self._done(plan, floor, wanted):
            asked = Model(case, self._left(plan, floor))
            if len(asked.pairs[0]) > _MOST_PAIRS:
                break
            runs += 1
            start = None if plan is None else asked.values_of(plan)
            by_flow = any(runs > many and len(asked.pairs[0]) <= most for many, most in _BY_FLOW)
            every = [*dict.fromkeys([*cuts, *(single_cuts(asked, reachable) if asked.must_link else ())])]
            program = asked.program(every, whole=True, links=False)
            if by_flow:
                program, gap = with_flow(asked, program), wanted
                start = None if start is None else flow_values(asked, start)
            solved = solve(program, self.clock.left(gap), start)
            sizes = {"left": len(asked.pairs[0]), "cuts": len(cuts), "runs": runs}
            best = np.inf if plan is None else case.worth(plan)
            floor = max(floor, min(np.inf if solved.status == "infeasible" else solved.bound * asked.scale, best))
            if solved.status == "infeasible":
                return plan, floor, sizes
            if not len(solved.values):
                continue
            found = asked.owner_of(solved.values)
            new = cuts_of(asked, reachable, asked.values_of(found), 0.5) + self._closed(asked, found)
            cuts += [one for one in new if one not in set(cuts)]
            plan = self._better(plan, found, prices)
            gap = gap if new else (wanted if gap > wanted else 0.0)
        return plan, floor, sizes

    def _done(self, plan: Owner | None, floor: float, wanted: float) -> bool:
        if floor == np.inf:
            return True
        if plan is None:
            return False
        worth = self.model.case.worth(plan)
        return worth - floor <= max(wanted, _SURE) * abs(worth)

    def _left(self, plan: Owner | None, floor: float) -> Bools:  # noqa: ARG002 - the relaxation's own bound prices pairs
        """Return the pairs that a plan better than this one may hold, and its own."""
        case, allowed = self.model.case, self.model.allowed
        if plan is None or not np.isfinite(self.relaxed.bound):
            return allowed
        room = (case.worth(plan) - self.relaxed.bound) * (1 + _SURE) + _SURE * abs(self.relaxed.bound)
        left = np.zeros_like(allowed)
        unit, center = self.model.pairs
        keep = self.relaxed.adds <= room
        left[unit[keep], center[keep]] = True
        left[np.arange(len(plan)), plan] = True
        return connected(case, left)

    def _closed(self, asked: Model, owner: Owner) -> list[Cut]:
        """Return the links that a plan breaks: its units go to a centre that is not open."""
        wrong = np.flatnonzero(~asked.case.opened(owner)[owner])
        return asked.links(asked.column[wrong, owner[wrong]].tolist())

    def _better(self, plan: Owner | None, found: Owner, prices: Prices) -> Owner | None:
        """Return the better of the known plan and what can be made of the found one."""
        case = self.model.case
        ends: Callable[[], bool] = self.clock.over
        mended = joined(prices, found) if not case.keeps(found) else found
        if mended is None:
            return plan
        mended = improved(case, self.model.allowed, prices, mended, 0, ends)
        best = [one for one in (plan, found, mended) if one is not None and case.keeps(one)]
        return min(best, key=case.worth) if best else None
