"""Between which numbers of centres a county's must lie, by its people alone: a first bound on what can be asked."""

from dataclasses import dataclass

import numpy as np

from planner.districts.case import Case, positions


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
