"""Which unit may go to which centre at all: by the way, by connection, and by the people on the way to it."""

from dataclasses import replace
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from planner.districts.case import Bools, Case, Whole, positions

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
