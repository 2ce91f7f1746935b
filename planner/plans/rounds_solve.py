"""One hospital's rounds: which villages on which day and in what order, by pyvrp, the same for the same input."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.errors import OptionError, Problem, Text

Seconds = npt.NDArray[np.int64]
Routes = tuple[tuple[int, ...], ...]
_PATIENCE = 1000
"""Iterations without a better plan after which the search ends."""


def routes(drive: Seconds, service: Seconds, day: int, iterations: int, seed: int) -> Routes:
    """Return the days out, each the stops (from 1) in order, with the least driving found; not proven to be the least.

    drive    whole seconds between the hospital (0) and the stops, row → column; each stop alone must fit into a day
    service  seconds at each stop, 0 at the hospital
    day      the most seconds from leaving the hospital to being back
    """
    stops = range(1, len(drive))
    if len(stops) <= 1:
        return tuple((one,) for one in stops)
    found = _solved(drive, service, day, iterations, seed)
    return tuple(sorted(_one_way_round(drive, one) for one in found))


def _one_way_round(drive: Seconds, stops: Sequence[int]) -> tuple[int, ...]:
    """Return the day's order, of the two ways round the shorter, and of equally long ones that of the smaller first stop."""
    return min(tuple(stops), tuple(reversed(stops)), key=lambda one: (driven(drive, one), one))


def driven(drive: Seconds, stops: Sequence[int]) -> int:
    """Return the seconds of driving of one day out."""
    legs = [0, *stops, 0]
    return int(drive[legs[:-1], legs[1:]].sum())


def _solved(drive: Seconds, service: Seconds, day: int, iterations: int, seed: int) -> list[list[int]]:
    pyvrp: Any = _pyvrp()
    size = len(drive)
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in range(size)],
        [pyvrp.Client(stop, service_duration=int(service[stop])) for stop in range(1, size)],
        [pyvrp.Depot(0)],
        [pyvrp.VehicleType(num_available=size - 1, shift_duration=day)],
        [drive],
        [drive],
    )
    stop = pyvrp.stop.MultipleCriteria([pyvrp.stop.MaxIterations(iterations), pyvrp.stop.NoImprovement(_PATIENCE)])
    alone = pyvrp.Solution(data, [[one] for one in range(size - 1)])
    best = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False, initial_solution=alone).best
    if not best.is_feasible():  # one village a day is a plan, so that there always is one
        best = alone
    return [[one.idx + 1 for one in route if one.is_client()] for route in best.routes()]


def _pyvrp() -> Any:
    try:
        import pyvrp
        import pyvrp.stop
    except ImportError as error:
        what = Text("排巡回日程要用 pyvrp，没有安装", "rounds need pyvrp, which is not installed")
        fix = Text("安装：pip install 'fugai[rounds]'", "install it: pip install 'fugai[rounds]'")
        raise OptionError(Problem("--rounds", what, fix)) from error
    return pyvrp
