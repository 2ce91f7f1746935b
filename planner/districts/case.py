"""One county's communities and centres as arrays, and its graph as sets of bits: bit i of a whole number is unit i."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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
