"""Good plans without a proof: districts grown from their centres, then units moved as long as that helps."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from planner.districts.case import Bools, Case, Owner, positions
from planner.districts.reduce import bits_of

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


class State:
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
        for center, now in load.items():
            found += prices.of_load(center, now) - prices.of_load(center, self.load[center])
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
        state = State(prices, np.array(best.owner, np.int64))
        state.descend(over, state.shake(rng))
        if state.total() < best.total() - 1e-12 * abs(best.total()):
            best = state
    return np.array(best.owner, np.int64)


def _settled(case: Case, allowed: Bools, prices: Prices, owner: Owner, over: Over) -> State:
    """Return the plan moved until neither moves of units nor of centres help."""
    state = State(prices, owner)
    while True:
        state.descend(over)
        now = np.array(state.owner, np.int64)
        other = recentred(case, allowed, now)
        if over() or (other == now).all():
            return state
        state = State(prices, other)
