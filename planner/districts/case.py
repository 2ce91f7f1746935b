"""One county's communities and centres as arrays, and its graph as sets of bits: bit i of a whole number is unit i."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from planner.siting.highs import Program

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


# The districts of one county as an integer programme, and the cuts that make them hang together.

Cut = tuple[int, int, int]
"""(unit, centre, units as bits): the unit goes to the centre only if one of those does, which part it from the centre."""
_ALL_LINKS = 20_000
"""Up to so many pairs, what holds of each (only to an open centre, only with a neighbour) is written at once; above, only
where it is broken."""
_BROKEN = 1e-6


@dataclass(frozen=True, eq=False)
class Model:
    """The programme over the allowed pairs (unit, centre), by unit; then one column a centre for what it is short of.

    The pair of a centre and its own unit says whether it is open. Costs are divided by `scale`, people by `crowd`.
    """

    case: Case
    allowed: Bools

    @cached_property
    def pairs(self) -> tuple[Whole, Whole]:
        unit, center = np.nonzero(self.allowed)
        return unit.astype(np.int64), center.astype(np.int64)

    @cached_property
    def column(self) -> Whole:
        """The column of each pair by (unit, centre), −1 where it is not allowed."""
        found = np.full(self.allowed.shape, -1, np.int64)
        found[self.pairs] = np.arange(len(self.pairs[0]))
        return found

    @cached_property
    def open_column(self) -> Whole:
        """The column that says whether each centre is open, −1 where it cannot be."""
        return self.column[self.case.seat, np.arange(len(self.case.seat))]

    @cached_property
    def scale(self) -> float:
        least = np.where(self.allowed, self.case.burden, np.inf).min(axis=1, initial=np.inf)
        least = least[np.isfinite(least) & (least > 0)]
        return float(np.median(least)) if len(least) else 1.0

    @cached_property
    def crowd(self) -> float:
        return float(max(int(self.case.high.max(initial=1)), 1))

    @cached_property
    def soft(self) -> Whole:
        """The centres whose shortfall is priced."""
        case = self.case
        if case.hard or case.price == 0:
            return np.zeros(0, np.int64)
        return np.flatnonzero((case.low > 0) & (self.open_column >= 0))

    def program(self, cuts: Iterable[Cut], *, whole: bool, links: bool = True) -> Program:
        """Return the programme with these cuts; `links` writes "only to an open centre" out."""
        case, (unit, center) = self.case, self.pairs
        count, width = len(unit), len(unit) + len(self.soft)
        cost = np.concatenate([case.burden[unit, center], np.full(len(self.soft), case.price * self.crowd)])
        cost[self.open_column[self.open_column >= 0]] += case.opening[self.open_column >= 0]
        serve, loads = self._rows(unit, np.ones(count), len(case.unit_ids)), self._loads()
        extra = self.cut_rows([*cuts, *(self.links(range(count)) if links else ())])
        none = np.zeros(0)
        parts = [
            (serve, np.ones(len(case.unit_ids)), np.ones(len(case.unit_ids))),
            *loads,
            (extra, np.full(extra.shape[0], -np.inf), np.zeros(extra.shape[0])),
        ]
        must = np.zeros(width)
        known = self.open_column[case.fixed]
        must[known[known >= 0]] = 1.0
        return Program(
            cost / self.scale,
            csr_array(vstack([part for part, _, _ in parts])),
            np.concatenate([none, *(low for _, low, _ in parts)]),
            np.concatenate([none, *(high for _, _, high in parts)]),
            must,
            np.concatenate([np.ones(count), case.low[self.soft] / self.crowd]),
            np.where(np.arange(width) < count, whole, False),
        )

    def _rows(self, row: Whole, value: Amounts, count: int) -> csr_array:
        """Return rows over the pairs; the columns of shortfalls are empty."""
        width = len(self.pairs[0]) + len(self.soft)
        return csr_array((value, (row, np.arange(len(row)))), shape=(count, width))

    def _loads(self) -> list[tuple[csr_array, Amounts, Amounts]]:
        """Return the rows that keep the bounds, and the number of centres where it is given."""
        case, (unit, center) = self.case, self.pairs
        people, count = case.people[unit] / self.crowd, len(case.center_ids)
        is_open = np.zeros(len(unit), np.bool_)
        is_open[self.open_column[self.open_column >= 0]] = True
        full = self._rows(center, people - np.where(is_open, case.high[center] / self.crowd, 0.0), count)
        empty = self._rows(center, people - np.where(is_open, case.low[center] / self.crowd, 0.0), count)
        parts = [(full, np.full(count, -np.inf), np.zeros(count))]
        if case.hard:
            some = np.flatnonzero(case.low > 0)
            parts.append((empty[some], np.zeros(len(some)), np.full(len(some), np.inf)))
        elif len(self.soft):
            short = np.arange(len(self.soft))
            give = csr_array((np.ones(len(short)), (short, len(unit) + short)), shape=(len(short), empty.shape[1]))
            parts.append((csr_array(empty[self.soft] + give), np.zeros(len(short)), np.full(len(short), np.inf)))
        if isinstance(case.p, int):
            parts.append(
                (self._rows(np.zeros(len(unit), np.int64), is_open.astype(float), 1), *[np.array([case.p], float)] * 2)
            )
        return parts  # fmt: skip

    @cached_property
    def must_link(self) -> bool:
        """Whether there are few enough pairs to write every link out."""
        return len(self.pairs[0]) <= _ALL_LINKS

    def links(self, columns: Iterable[int]) -> list[Cut]:
        """Return "only to an open centre" of these pairs; a centre that stands is open."""
        case, (unit, center) = self.case, self.pairs
        found = []
        for column in columns:
            one, other = int(unit[column]), int(center[column])
            if not case.fixed[other] and case.seat[other] != one:
                found.append((one, other, 1 << int(case.seat[other])))
        return found

    def broken_links(self, values: Amounts) -> list[Cut]:
        """Return the links that these values break."""
        center = self.pairs[1]
        share = values[: len(center)]
        is_open = np.where(self.open_column >= 0, share[self.open_column], 0.0)
        return self.links(np.flatnonzero(share > is_open[center] + _BROKEN).tolist())

    def cut_rows(self, cuts: Iterable[Cut]) -> csr_array:
        """Return the rows ≤ 0 of the cuts whose pair is allowed."""
        row, column, value, count = list[int](), list[int](), list[float](), 0
        for unit, center, parting in cuts:
            mine = int(self.column[unit, center])
            if mine < 0:
                continue
            others = [int(self.column[one, center]) for one in positions(parting)]
            others = [one for one in others if one >= 0]
            row += [count] * (1 + len(others))
            column += [mine, *others]
            value += [1.0, *[-1.0] * len(others)]
            count += 1
        shape = (count, len(self.pairs[0]) + len(self.soft))
        return csr_array((np.array(value), (np.array(row, int), np.array(column, int))), shape=shape)

    def values_of(self, owner: Owner) -> Amounts:
        """Return a plan as the columns' values; its pairs must be allowed."""
        case = self.case
        values = np.zeros(len(self.pairs[0]) + len(self.soft))
        values[self.column[np.arange(len(owner)), owner]] = 1.0
        opened = case.opened(owner)[self.soft]
        short = np.maximum(case.low - case.loads(owner), 0)[self.soft]
        values[len(self.pairs[0]) :] = np.where(opened, short, 0) / self.crowd
        return values

    def owner_of(self, values: Amounts) -> Owner:
        """Return the centre to which each unit goes most."""
        share = np.zeros(self.allowed.shape)
        share[self.pairs] = values[: len(self.pairs[0])]
        return np.asarray(share.argmax(axis=1), np.int64)


def cuts_of(model: Model, reachable: list[int], values: Amounts, least: float = 1e-4) -> list[Cut]:
    """Return the cuts that these values break: parts of a district that its own units do not join to its centre.

    reachable: by centre, the units that may go to it, as bits, before any were shut out by price: a cut from them holds
    always. The parting units are a minimal separator (Fischetti et al.): the neighbours of the part that the centre
    reaches without them.
    """
    case, (unit, center) = model.case, model.pairs
    some = np.flatnonzero(values[: len(unit)] > least)
    support, share = [0] * len(case.center_ids), {}
    for at in some.tolist():
        support[int(center[at])] |= 1 << int(unit[at])
        share[(int(unit[at]), int(center[at]))] = float(values[at])
    found: list[Cut] = []
    for middle, mine in enumerate(support):
        seat = 1 << int(case.seat[middle])
        left = mine & ~case.flood(seat, mine | seat)
        while left:
            part = case.flood(left & -left, left)
            left &= ~part
            found += _parted(case, middle, part, reachable[middle], share)
    return found


_MOST_CUTS = 6


def _parted(case: Case, center: int, part: int, within: int, share: dict[tuple[int, int], float]) -> list[Cut]:
    """Return the cuts of one part, for those of its units that go there most."""
    parting = parting_of(case, center, part, within)
    units = sorted(positions(part), key=lambda one: (-share[(one, center)], one))
    return [(one, center, parting) for one in units[:_MOST_CUTS]]


def parting_of(case: Case, center: int, part: int, within: int) -> int:
    """Return a minimal set of units inside `within` that part these units from their centre, close to them."""
    around = case.beside(part) & within
    seat = 1 << int(case.seat[center])
    return around & case.beside(case.flood(seat, (within | seat) & ~around))


def single_cuts(model: Model, reachable: list[int]) -> list[Cut]:
    """Return, for every allowed pair, that the unit goes there only if one of its neighbours does, in a minimal form."""
    case = model.case
    found = []
    for unit, center in zip(*(one.tolist() for one in model.pairs), strict=True):
        seat = int(case.seat[center])
        if unit != seat and not case.near_bits[unit] >> seat & 1:
            found.append((unit, center, parting_of(case, center, 1 << unit, reachable[center])))
    return found
