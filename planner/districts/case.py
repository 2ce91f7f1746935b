"""One county's communities and centres as arrays, and its graph as sets of bits: bit i of a whole number is unit i."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal

import numpy as np
import numpy.typing as npt

Amounts = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.object_]
Owner = Whole
"""The centre's position of every unit, −1 where it has none."""


class Pairs(tuple[tuple[int, int], ...]):
    """Neighbouring units by position, the smaller first, sorted."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Case:
    """One county: units (rows) and centres that may be open (columns), each in the order of their ids; see DistrictTask.

    seat      position of the unit in which each centre stands
    opening   cost of opening each, 0 for those that stand
    """

    county: str
    unit_ids: Ids
    people: Whole
    center_ids: Ids
    seat: Whole
    fixed: Bools
    opening: Amounts
    low: Whole
    high: Whole
    burden: Amounts
    edges: Pairs
    hard: bool
    price: float
    p: int | Literal["fewest"] | None

    @cached_property
    def near(self) -> list[list[int]]:
        """The neighbours of each unit, ascending."""
        found: list[list[int]] = [[] for _ in self.unit_ids]
        for one, other in self.edges:
            found[one].append(other)
            found[other].append(one)
        return [sorted(one) for one in found]

    @cached_property
    def near_bits(self) -> list[int]:
        """The neighbours of each unit as bits."""
        return [sum(1 << other for other in near) for near in self.near]

    @cached_property
    def everyone(self) -> int:
        return (1 << len(self.unit_ids)) - 1

    @cached_property
    def islands(self) -> list[int]:
        """The parts of the graph that hang together, as bits, by their smallest unit."""
        found, left = [], self.everyone
        while left:
            found.append(self.flood(left & -left, left))
            left &= ~found[-1]
        return found

    def flood(self, start: int, within: int) -> int:
        """Return the units that hang together with `start` inside `within` (start itself only where it lies inside)."""
        near, seen = self.near_bits, start & within
        edge = seen
        while edge:
            reached = 0
            while edge:
                bit = edge & -edge
                reached |= near[bit.bit_length() - 1]
                edge ^= bit
            edge = reached & within & ~seen
            seen |= edge
        return seen

    def beside(self, units: int) -> int:
        """Return the neighbours of these units that are none of them."""
        reached = 0
        for one in positions(units):
            reached |= self.near_bits[one]
        return reached & ~units

    def members(self, owner: Sequence[int] | Owner) -> list[int]:
        """Return the units of each centre as bits."""
        found = [0] * len(self.center_ids)
        for unit, center in enumerate(owner):
            found[int(center)] |= 1 << unit
        return found

    def loads(self, owner: Owner) -> Whole:
        """Return the residents of each centre's district."""
        found = np.zeros(len(self.center_ids), np.int64)
        np.add.at(found, owner, self.people)
        return found

    def opened(self, owner: Owner) -> Bools:
        """Return whether each centre is open: its own unit is its."""
        return np.asarray(owner[self.seat] == np.arange(len(self.seat)))

    def worth(self, owner: Owner) -> float:
        """Return what a plan costs: the ways of all, the openings, and the price of what is short of the lower bounds."""
        opened = self.opened(owner)
        ways = float(self.burden[np.arange(len(owner)), owner].sum())
        short = np.where(opened, np.maximum(self.low - self.loads(owner), 0), 0).sum()
        return ways + float(self.opening[opened].sum()) + (0.0 if self.hard else self.price * float(short))

    def keeps(self, owner: Owner) -> bool:
        """Return whether a plan keeps every rule: who serves is open, loads, number, and that districts hang together."""
        opened, loads = self.opened(owner), self.loads(owner)
        if (owner < 0).any() or not opened[owner].all() or not opened[self.fixed].all():
            return False
        if (loads > self.high).any() or (self.hard and (loads < self.low)[opened].any()):
            return False
        if isinstance(self.p, int) and int(opened.sum()) != self.p:
            return False
        if not np.isfinite(self.burden[np.arange(len(owner)), owner]).all():
            return False
        return not any(True for _ in self.apart(owner))

    def apart(self, owner: Owner) -> Iterator[tuple[int, int]]:
        """Yield (centre, units as bits) of each part of a district that does not hang together with its centre."""
        for center, mine in enumerate(self.members(owner)):
            left = mine & ~self.flood(1 << int(self.seat[center]), mine | (1 << int(self.seat[center])))
            while left:
                part = self.flood(left & -left, left)
                yield center, part
                left &= ~part


def positions(units: int) -> Iterator[int]:
    """Yield the positions of the bits, ascending.

    >>> list(positions(0b10100))
    [2, 4]
    """
    while units:
        bit = units & -units
        yield bit.bit_length() - 1
        units ^= bit


# Which unit may go to which centre at all: by the way, by connection, and by the people on the way to it.

Bits = list[int]


def allowed_of(case: Case) -> Bools:
    """Return, by unit and centre, whether a plan may hold the pair.

    No way; the own unit of another centre that stands; an upper bound that the people of every chain of units to the
    centre exceed (the "U-fixing" of Validi, Buchanan and Lykhovyd); a hard lower bound that all who are left to the
    centre do not meet (their "L-fixing"). Repeated until nothing changes.
    """
    allowed = np.isfinite(case.burden) & (case.people[:, None] <= case.high[None, :])
    for center in np.flatnonzero(case.fixed).tolist():
        seat, mine = int(case.seat[center]), allowed[case.seat[center], center]
        allowed[seat] = False
        allowed[seat, center] = mine
    while True:
        before = allowed.copy()
        for center in range(len(case.center_ids)):
            allowed[:, center] = _within(case, center, allowed[:, center])
        if (allowed == before).all():
            return allowed


def standing_only(case: Case) -> tuple[Case, Whole]:
    """Return the county with the centres that stand and no others, and the position of each before."""
    kept = np.flatnonzero(case.fixed)
    return replace(
        case, center_ids=case.center_ids[kept], seat=case.seat[kept], fixed=case.fixed[kept], opening=case.opening[kept],
        low=case.low[kept], high=case.high[kept], burden=case.burden[:, kept],
    ), kept  # fmt: skip


def connected(case: Case, allowed: Bools) -> Bools:
    """Return the pairs that still hang together with their centre through units that may go there, too."""
    found = np.zeros_like(allowed)
    for center, mine in enumerate(bits_of(allowed)):
        found[list(positions(case.flood(1 << int(case.seat[center]), mine))), center] = True
    return found


def bits_of(allowed: npt.NDArray[np.bool_]) -> Bits:
    """Return the units of each column as bits."""
    found = []
    for column in allowed.T:
        packed = np.packbits(column, bitorder="little").tobytes()
        found.append(int.from_bytes(packed, "little"))
    return found


def _within(case: Case, center: int, mine: Bools) -> Bools:
    """Return the units whose lightest chain to the centre keeps its upper bound, none if they are too few in all."""
    inside = people_on_the_way(case, int(case.seat[center]), mine) <= case.high[center]
    if case.hard and int(case.people[inside].sum()) < case.low[center]:
        return np.zeros_like(mine)
    return np.asarray(inside)


def people_on_the_way(case: Case, seat: int, mine: Bools) -> Whole:
    """Return the fewest people of any chain of `mine` from the seat to each unit, both ends counted; a huge number if none."""
    people, never = case.people.tolist(), np.iinfo(np.int64).max
    best = [never] * len(people)
    if not mine[seat]:
        return np.array(best)
    best[seat] = people[seat]
    heap = [(best[seat], seat)]
    while heap:
        so_far, unit = heappop(heap)
        if so_far > best[unit]:
            continue
        for other in case.near[unit]:
            if mine[other] and so_far + people[other] < best[other]:
                best[other] = so_far + people[other]
                heappush(heap, (best[other], other))
    return np.array(best)


# Between which numbers of centres a county's must lie, by its people alone: a first bound on what can be asked.


@dataclass(frozen=True)
class Numbers:
    """Of a part of the graph: its units (bits), people, centres that stand and that may be opened, and the numbers that fit.

    least, most   the fewest centres whose upper bounds hold all people, the most whose lower bounds they meet (hard
                  ones; else as many as may be open); least > most: none fits
    room          the people whom all that may be open could serve
    """

    units: int
    people: int
    standing: int
    able: int
    least: int
    most: int
    room: int


def numbers_of(case: Case, units: int) -> Numbers:
    """Return what numbers of centres may serve these units and no others."""
    inside = np.array([bool(units >> int(seat) & 1) for seat in case.seat], bool)
    people = int(sum(int(case.people[one]) for one in positions(units)))
    fixed, free = np.flatnonzero(inside & case.fixed), np.flatnonzero(inside & ~case.fixed)
    taken = set(case.seat[fixed].tolist())
    seats = {int(case.seat[one]) for one in free} - taken  # of several candidates in one unit, one at most
    highs = [max(int(case.high[one]) for one in free if case.seat[one] == seat) for seat in seats]
    lows = [min(int(case.low[one]) for one in free if case.seat[one] == seat) for seat in seats]
    standing, able = len(fixed), len(fixed) + len(seats)
    room = [int(case.high[fixed].sum())]
    for high in sorted(highs, reverse=True):
        room.append(room[-1] + high)
    need = [int(case.low[fixed].sum())]
    for low in sorted(lows):
        need.append(need[-1] + low)
    least = next((standing + at for at, one in enumerate(room) if one >= people and standing + at > 0), able + 1)
    fits = [standing + at for at, one in enumerate(need) if one <= people] if case.hard else [able]
    return Numbers(units, people, standing, able, least, max(fits, default=standing - 1), room[-1])


def least_number(case: Case) -> int:
    """Return the fewest centres with which the county's people can be served at all."""
    return max(sum(numbers_of(case, island).least for island in case.islands), int(case.fixed.sum()))


def most_number(case: Case) -> int:
    """Return the most centres that the county may have: one a unit, and not more than hard lower bounds allow."""
    return sum(min(one.most, one.able) for one in (numbers_of(case, island) for island in case.islands))
