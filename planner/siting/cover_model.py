"""The cover models as sparse programs for HiGHS, over the columns that are left: x, then y (a first cover), u (a second)."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, eye_array, hstack, vstack

from planner.siting.highs import Program, Solved, solve
from planner.siting.instance import Instance
from planner.siting.question import Limits
from planner.siting.reduce import Covers

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_LEAST, _MOST = 2.0**10, 2.0**20
"""The solver's tolerances are absolute: the largest cost it is given lies between these."""


@dataclass(frozen=True, eq=False)
class Rules:
    """low ≤ rows x ≤ high over the columns."""

    rows: csr_array
    low: Amounts
    high: Amounts


def column_rules(instance: Instance, covers: Covers, opened: Bools) -> Rules:
    """Return the rules on sites over the columns, with the sites that are open already (a mask) folded in."""
    rows, low, high = instance.site_rules
    done = rows @ opened.astype(float)
    return Rules(csr_array(rows[:, covers.sites]), low - done, high - done)


def feasible_start(values: Amounts, rules: Rules) -> Amounts | None:
    """Return a plan if it keeps the rules on sites, which are its first columns."""
    done = rules.rows @ values[: rules.rows.shape[1]]
    return values if bool(((done >= rules.low - 1e-9) & (done <= rules.high + 1e-9)).all()) else None


def cover_rules(covers: Covers) -> Rules:
    """Every row must be covered."""
    return Rules(covers.matrix, np.ones(covers.rows), np.full(covers.rows, np.inf))


def share_rule(covers: Covers, need: float) -> Rules:
    """So much weight must be covered: y ≤ Σ x and Σ w y ≥ need, over x and y."""
    count = covers.rows
    link = hstack([covers.matrix, -eye_array(count)])
    unit = min(float(covers.weight.max(initial=0.0)), 1.0) or 1.0  # the solver's tolerance is absolute
    total = hstack([csr_array((1, covers.columns)), csr_array(covers.weight[None] / unit)])
    low = np.concatenate([np.zeros(count), [need / unit]])
    return Rules(csr_array(vstack([link, total])), low, np.full(count + 1, np.inf))


def solve_scaled(program: Program, limits: Limits, start: Amounts | None = None) -> Solved:
    """Solve with the costs multiplied by a power of two, so that small and large ones are proven as well as others.

    Small costs that are whole stay: the values of plans are then whole too, and told apart.
    """
    largest = float(np.abs(program.cost).max(initial=0.0))
    whole = bool((program.cost == np.rint(program.cost)).all())
    aim = _MOST if largest > _MOST else _LEAST if largest < _LEAST and not whole else largest
    if largest in (0, aim):
        return solve(program, limits, start)
    scale = 2.0 ** np.floor(np.log2(aim) - np.log2(largest))
    answer = solve(replace(program, cost=program.cost * scale), limits, start)
    return replace(
        answer, objective=answer.objective / scale, bound=answer.bound / scale, duals=answer.duals / scale
    )  # fmt: skip


def site_program(cost: Amounts, *rules: Rules) -> Program:
    """Return the program of the cheapest columns under some rules; columns behind those of the sites lie in [0, 1]."""
    count = max([one.rows.shape[1] for one in rules], default=len(cost))
    more = count - len(cost)
    return _program(np.concatenate([cost, np.zeros(more)]), len(cost), rules)


def worth_program(covers: Covers, *rules: Rules) -> Program:
    """Return the program of the most worth: max Σ weight y + Σ again u, y + u ≤ Σ x, under some rules on x."""
    twice = np.flatnonzero(covers.again > 0)
    second = csr_array((np.ones(len(twice)), (twice, np.arange(len(twice)))), shape=(covers.rows, len(twice)))
    link = csr_array(hstack([covers.matrix, -eye_array(covers.rows), -second]))
    linked = Rules(link, np.zeros(covers.rows), np.full(covers.rows, np.inf))
    cost = np.concatenate([np.zeros(covers.columns), -covers.weight, -covers.again[twice]])
    return _program(cost, covers.columns, (linked, *rules))


def _program(cost: Amounts, whole: int, rules: tuple[Rules, ...]) -> Program:
    count = len(cost)
    rows = [hstack([one.rows, csr_array((one.rows.shape[0], count - one.rows.shape[1]))]) for one in rules]
    return Program(
        cost,
        csr_array(vstack(rows)) if rows else csr_array((0, count)),
        np.concatenate([one.low for one in rules]) if rules else np.zeros(0),
        np.concatenate([one.high for one in rules]) if rules else np.zeros(0),
        np.zeros(count),
        np.ones(count),
        np.arange(count) < whole,
    )
