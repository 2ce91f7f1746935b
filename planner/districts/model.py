"""The districts of one county as an integer programme, and the cuts that make them hang together."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from planner.districts.case import Amounts, Bools, Case, Owner, Whole, positions
from planner.siting.highs import Program

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
