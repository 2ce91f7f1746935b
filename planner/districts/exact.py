"""The best districts of one county, with a proof: relax, find a good plan, shut out what cannot be better, solve, cut, again.

HiGHS has no lazy constraints. The linear relaxation is cut where it breaks links or connection; its prices give a bound
that is computed anew (and so owes nothing to tolerances) and the pairs that no better plan holds. Of the rest the solver
gives whole plans; each that does not hang together gives cuts for the next run. What it proves without further cuts is
a proof for all, as every cut holds for all plans.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from planner.clock import now
from planner.districts.case import (
    Amounts,
    Bools,
    Case,
    Cut,
    Model,
    Owner,
    Whole,
    allowed_of,
    bits_of,
    connected,
    cuts_of,
    positions,
    single_cuts,
    standing_only,
)
from planner.siting.highs import Program, solve, solve_with_cuts
from planner.siting.question import Limits
from planner.siting.siting import State, relative_gap

# Connection as flow: from each open centre one unit of its colour goes to each of its communities, through its own alone.


def with_flow(model: Model, program: Program) -> Program:
    """Return the programme with flows on the arcs between allowed pairs of one centre, none into the centre's own unit.

    What comes into a unit less what leaves it is 1 where it is the centre's, else 0; nothing comes in where it is not.
    """
    tail, head, center = arcs_of(model)
    case, (unit, middle) = model.case, model.pairs
    width, count, arcs = len(program.cost), len(unit), len(tail)
    into, out = model.column[head, center], model.column[tail, center]
    inner = np.flatnonzero(unit != case.seat[middle])
    place = np.full(count, -1, np.int64)
    place[inner] = np.arange(len(inner))
    ones, each = np.ones(arcs), np.arange(arcs)
    coming = csr_array((ones, (place[into], each)), shape=(len(inner), arcs))
    away = out[place[out] >= 0]
    leaving = csr_array((np.ones(len(away)), (place[away], each[place[out] >= 0])), shape=(len(inner), arcs))
    mine = csr_array((np.ones(len(inner)), (np.arange(len(inner)), inner)), shape=(len(inner), width))
    most = _most_units(case)[middle[inner]]
    through = csr_array((most, (np.arange(len(inner)), inner)), shape=(len(inner), width))
    rows = vstack(
        [
            hstack([program.rows, csr_array((program.rows.shape[0], arcs))]),
            hstack([-mine, coming - leaving]),
            hstack([-through, coming]),
        ]
    )
    none, low = np.zeros(len(inner)), np.full(len(inner), -np.inf)
    return replace(
        program,
        cost=np.concatenate([program.cost, np.zeros(arcs)]),
        rows=csr_array(rows),
        low=np.concatenate([program.low, none, low]),
        high=np.concatenate([program.high, none, none]),
        lower=np.concatenate([program.lower, np.zeros(arcs)]),
        upper=np.concatenate([program.upper, np.full(arcs, float(len(case.unit_ids)))]),
        whole=np.concatenate([program.whole, np.zeros(arcs, np.bool_)]),
    )


def arcs_of(model: Model) -> tuple[Whole, Whole, Whole]:
    """Return (tail, head, centre) of every arc between neighbours that may both go to the centre."""
    edges = np.array(model.case.edges, np.int64).reshape(-1, 2)
    both = np.concatenate([edges, edges[:, ::-1]])
    fits = model.allowed[both[:, 0]] & model.allowed[both[:, 1]]
    fits &= both[:, 1][:, None] != model.case.seat[None, :]
    arc, center = np.nonzero(fits)
    return both[arc, 0], both[arc, 1], center.astype(np.int64)


def flow_values(model: Model, values: Amounts) -> Amounts:
    """Return a plan's values with the flows that carry it: along a tree from each centre."""
    tail, head, center = arcs_of(model)
    place = {key: at for at, key in enumerate(zip(tail.tolist(), head.tolist(), center.tolist(), strict=True))}
    flows, case = np.zeros(len(tail)), model.case
    owner = model.owner_of(values[: len(model.pairs[0])])
    for middle in np.flatnonzero(case.opened(owner)).tolist():
        seat, mine = int(case.seat[middle]), set(np.flatnonzero(owner == middle).tolist())
        order, parent = [seat], {seat: -1}
        for one in order:
            for other in case.near[one]:
                if other in mine and other not in parent:
                    parent[other] = one
                    order.append(other)
        below = dict.fromkeys(order, 1)
        for one in order[:0:-1]:
            below[parent[one]] += below[one]
            flows[place[(parent[one], one, middle)]] = below[one]
    return np.concatenate([values, flows])


def _most_units(case: Case) -> Amounts:
    """Return the most units that any district of each centre may hold: the smallest ones, up to its upper bound."""
    people = np.cumsum(np.sort(case.people))
    return np.searchsorted(people, case.high, "right").astype(float)


# Good plans without a proof: districts grown from their centres, then units moved as long as that helps.

_SHAKEN = 0.03
"""The part of all units that one shake moves."""
Over = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Prices:
    """The case as plain lists, for loops; `over` is the price of a person beyond a bound that must be kept."""

    case: Case
    allowed: list[int]
    people: list[int]
    burden: list[list[float]]
    low: list[int]
    high: list[int]
    seat: list[int]
    over: float

    def of_load(self, center: int, load: int) -> float:
        """Return what a load costs: beyond the upper bound, or short of the lower one."""
        beyond, short = load - self.high[center], self.low[center] - load
        found = self.over * beyond if beyond > 0 else 0.0
        return found + (self.over if self.case.hard else self.case.price) * short if short > 0 else found


def prices_of(case: Case, allowed: Bools) -> Prices:
    """Return the case for loops. A person beyond a bound costs ten times what the dearest way of one person does."""
    some = case.burden[allowed] / np.maximum(case.people[np.nonzero(allowed)[0]], 1)
    over = 10 * float(some.max(initial=0.0)) + 1
    lists = (case.people, case.burden, case.low, case.high, case.seat)
    return Prices(case, bits_of(allowed), *(one.tolist() for one in lists), over=over)  # type: ignore[misc]


def grown(prices: Prices, opened: Bools, owner: Owner) -> Owner | None:
    """Return the plan completed: units without a centre join a neighbouring district, the cheapest for its people first.

    owner: whom some have already, −1 for the others. Upper bounds are kept as long as that can be, and then are not.
    None where a unit cannot join any.
    """
    found = owner.copy()
    centers = np.flatnonzero(opened)
    found[prices.case.seat[centers]] = centers
    regret = (
        prices.case.burden - np.where(opened[None, :], prices.case.burden, np.inf).min(axis=1, initial=np.inf)[:, None]
    )
    dear = (regret / np.maximum(prices.case.people, 1)[:, None]).tolist()
    taken = found.tolist()
    for keep_upper in (True, False):
        _grow(prices, taken, dear, keep_upper)
    return None if min(taken) < 0 else np.array(taken, np.int64)


def _grow(prices: Prices, owner: list[int], dear: list[list[float]], keep_upper: bool) -> None:
    """Give units without a centre to the districts beside them, the least dear first; `owner` is written to."""
    near, load, heap = prices.case.near, [0] * len(prices.seat), list[tuple[float, int, int]]()

    def join(unit: int, center: int) -> None:
        owner[unit] = center
        load[center] += prices.people[unit]
        for other in near[unit]:
            if owner[other] < 0 and prices.allowed[center] >> other & 1:
                heappush(heap, (dear[other][center], other, center))

    for unit, center in enumerate(owner):
        if center >= 0:
            join(unit, center)
    while heap:
        _, unit, center = heappop(heap)
        full = load[center] + prices.people[unit] > prices.high[center]
        if owner[unit] < 0 and not (keep_upper and full):
            join(unit, center)


def relieved(prices: Prices, opened: Bools, p: int) -> Bools:
    """Return p open centres: each new one where it saves most, in the district that is fullest over its upper bound."""
    case, found = prices.case, opened.copy()
    while int(found.sum()) < p:
        free = ~found & ~np.isin(case.seat, case.seat[found])
        if not free.any():
            break
        plan = grown(prices, found, np.full(len(case.unit_ids), -1, np.int64)) if found.any() else None
        burden = np.where(np.isfinite(case.burden), case.burden, case.burden[np.isfinite(case.burden)].max(initial=0.0))
        if plan is not None:
            over = np.where(found, case.loads(plan) - case.high, 0)
            own, inside = burden[np.arange(len(plan)), plan], plan[case.seat] == int(over.argmax())
            free = free & inside if over.max() > 0 and (free & inside).any() else free
            saved = np.maximum(own[:, None] - burden, 0).sum(axis=0)
        else:
            saved = -burden.sum(axis=0)
        found[int(np.where(free, saved, -np.inf).argmax())] = True
    return found


def joined(prices: Prices, owner: Owner) -> Owner | None:
    """Return the plan with every part that its centre does not reach given to its neighbours; None where that fails."""
    case, kept = prices.case, owner.copy()
    opened = case.opened(owner)
    kept[~opened[owner]] = -1
    for center, part in case.apart(owner):
        if opened[center]:
            kept[list(positions(part))] = -1
    return grown(prices, opened, kept)


class Move(NamedTuple):
    """What changes: units and the centres they go to, and what that costs (below 0: it helps)."""

    units: tuple[int, ...]
    to: tuple[int, ...]
    worth: float


class Draft:
    """A plan in work: whose each unit is, loads, and each district as bits. The one thing here that changes."""

    def __init__(self, prices: Prices, owner: Owner) -> None:
        self.prices, self.case = prices, prices.case
        self.owner: list[int] = owner.tolist()
        self.load: list[int] = prices.case.loads(owner).tolist()
        self.members: list[int] = prices.case.members(owner)

    def total(self) -> float:
        """Return what the plan costs, with what it breaks."""
        ways = sum(self.prices.burden[unit][center] for unit, center in enumerate(self.owner))
        return ways + sum(self.prices.of_load(at, load) for at, load in enumerate(self.load) if self.members[at])

    def descend(self, over: Over = lambda: False, first: Iterable[int] | None = None) -> None:
        """Move units as long as that helps: one to a neighbouring district, or a second one on from there.

        first: where to begin; then only what lies beside a change is looked at again.
        """
        todo = sorted(range(len(self.owner)) if first is None else first)
        while todo and not over():
            changed = {one for unit in todo for one in self._better(unit, self.shifts)}
            if not changed:
                changed = {one for unit in todo for one in self._better(unit, self.chains)}
            todo = sorted(changed)

    def _better(self, unit: int, moves: Callable[[int], Iterator[Move]]) -> set[int]:
        """Do the best move of the unit that helps and hangs together; return the units to look at again."""
        for move in sorted(moves(unit), key=lambda one: (one.worth, one.units, one.to)):
            if self.hangs_together(move):
                touched = {*move.units, *(other for one in move.units for other in self.case.near[one])}
                centers = {*move.to, *(self.owner[one] for one in move.units)}
                self.do(move)
                edges = (self.members[at] & self.case.beside(self.case.everyone & ~self.members[at]) for at in centers)
                return touched | {one for edge in edges for one in positions(edge)}
        return set()

    def targets(self, unit: int) -> list[int]:
        """Return the neighbouring districts that a unit may go to; none for the unit of a centre."""
        mine = self.owner[unit]
        if self.prices.seat[mine] == unit:
            return []
        near = sorted({self.owner[other] for other in self.case.near[unit]} - {mine})
        return [center for center in near if self.prices.allowed[center] >> unit & 1]

    def shifts(self, unit: int) -> Iterator[Move]:
        """Yield the moves of one unit that help."""
        start = self.owner[unit]
        for end in self.targets(unit):
            worth = self._worth(((unit, start, end),))
            if worth < -1e-9 * self.prices.over:
                yield Move((unit,), (end,), worth)

    def chains(self, unit: int) -> Iterator[Move]:
        """Yield the moves that help of a unit to a district and of another unit out of that one, back or on."""
        start = self.owner[unit]
        for middle in self.targets(unit):
            edge = self.members[middle] & self.case.beside(self.case.everyone & ~self.members[middle])
            for other in positions(edge):
                if other == unit or self.prices.seat[middle] == other:
                    continue
                near = {self.owner[one] for one in self.case.near[other]} - {middle}
                for end in sorted(near):
                    if self.prices.allowed[end] >> other & 1:
                        worth = self._worth(((unit, start, middle), (other, middle, end)))
                        if worth < -1e-9 * self.prices.over:
                            yield Move((unit, other), (middle, end), worth)

    def _worth(self, changes: tuple[tuple[int, int, int], ...]) -> float:
        prices, load, found = self.prices, dict[int, int](), 0.0
        for unit, start, end in changes:
            found += prices.burden[unit][end] - prices.burden[unit][start]
            load[start] = load.get(start, self.load[start]) - prices.people[unit]
            load[end] = load.get(end, self.load[end]) + prices.people[unit]
        for center, people in load.items():
            found += prices.of_load(center, people) - prices.of_load(center, self.load[center])
        return found

    def hangs_together(self, move: Move) -> bool:
        """Return whether every district still hangs together with its centre after the move."""
        changed = dict[int, int]()
        for unit, end in zip(move.units, move.to, strict=True):
            start, bit = self.owner[unit], 1 << unit
            changed[start] = changed.get(start, self.members[start]) & ~bit
            changed[end] = changed.get(end, self.members[end]) | bit
        flood, seat = self.case.flood, self.prices.seat
        return all(flood(1 << seat[center], units) == units for center, units in changed.items())

    def do(self, move: Move) -> None:
        for unit, end in zip(move.units, move.to, strict=True):
            start, bit = self.owner[unit], 1 << unit
            self.members[start] &= ~bit
            self.members[end] |= bit
            self.load[start] -= self.prices.people[unit]
            self.load[end] += self.prices.people[unit]
            self.owner[unit] = end

    def shake(self, rng: np.random.Generator) -> set[int]:
        """Move some units at random to neighbouring districts; return them and those beside them."""
        count, touched = max(2, round(_SHAKEN * len(self.owner))), set[int]()
        for unit in rng.permutation(len(self.owner))[: 4 * count].tolist():
            ends = self.targets(unit)
            if ends and count:
                move = Move((unit,), (ends[int(rng.integers(len(ends)))],), 0.0)
                if self.hangs_together(move):
                    self.do(move)
                    touched |= {unit, *self.case.near[unit]}
                    count -= 1
        return touched


def recentred(case: Case, allowed: Bools, owner: Owner) -> Owner:
    """Return the same districts, each with the candidate inside it that serves it at least cost; standing ones stay."""
    found = owner.copy()
    for center in np.flatnonzero(case.opened(owner) & ~case.fixed).tolist():
        units = np.flatnonzero(owner == center)
        load = int(case.people[units].sum())
        inside = np.isin(case.seat, units) & ~case.fixed & allowed[units].all(axis=0)
        inside &= (load <= case.high) & ((load >= case.low) | (not case.hard))
        cost = np.where(inside, case.burden[units].sum(axis=0) + case.opening, np.inf)
        cost += case.price * np.maximum(case.low - load, 0)
        if np.isfinite(cost).any() and cost.min() < cost[center]:
            found[units] = int(cost.argmin())
    return found


def improved(case: Case, allowed: Bools, prices: Prices, owner: Owner, shakes: int, over: Over, seed: int = 0) -> Owner:
    """Return the plan after moves, centres moved within their districts, and so many shakes; the best that was met."""
    rng, best = np.random.default_rng(seed), _settled(case, allowed, prices, owner, over)
    for _ in range(shakes):
        if over():
            break
        state = Draft(prices, np.array(best.owner, np.int64))
        state.descend(over, state.shake(rng))
        if state.total() < best.total() - 1e-12 * abs(best.total()):
            best = state
    return np.array(best.owner, np.int64)


def _settled(case: Case, allowed: Bools, prices: Prices, owner: Owner, over: Over) -> Draft:
    """Return the plan moved until neither moves of units nor of centres help."""
    state = Draft(prices, owner)
    while True:
        state.descend(over)
        now = np.array(state.owner, np.int64)
        other = recentred(case, allowed, now)
        if over() or (other == now).all():
            return state
        state = Draft(prices, other)


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
