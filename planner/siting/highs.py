"""Sparse arrays straight into HiGHS, and its answer with the bound. The one place that speaks to the solver."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from planner import clock
from planner.siting.question import Limits

Amounts = npt.NDArray[np.float64]
_LOADED = 20.0
"""The solver's own clock goes on while others work: it may take so many times as long, and is stopped by ours before."""


@dataclass(frozen=True, eq=False)
class Program:
    """min cost·x, low ≤ rows x ≤ high, lower ≤ x ≤ upper, x whole where `whole`."""

    cost: Amounts
    rows: csr_array
    low: Amounts
    high: Amounts
    lower: Amounts
    upper: Amounts
    whole: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Solved:
    """The solver's answer: optimal, feasible (stopped with a plan), infeasible, unknown; values are empty without a plan.

    duals: of the rows, for a program without whole columns.
    """

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    values: Amounts
    objective: float
    bound: float
    duals: Amounts


def solve(program: Program, limits: Limits, start: Amounts | None = None) -> Solved:
    """Solve, from a known plan where there is one. Ctrl-C stops the solver."""
    if len(program.cost) == 0:
        return _without_columns(program)
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in _options(limits).items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(highspy, program))
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        solver.setSolution(known)
    _watch(solver, limits)
    solver.run()
    return _solved(highspy, solver, bool(program.whole.any()))


def _without_columns(program: Program) -> Solved:
    """Return the answer where nothing is to be decided: HiGHS gives none."""
    nothing, keeps = np.zeros(0), bool((program.low <= 1e-9).all() and (program.high >= -1e-9).all())
    if keeps:
        return Solved("optimal", nothing, 0.0, 0.0, np.zeros(len(program.low)))
    return Solved("infeasible", nothing, np.nan, np.nan, nothing)


Cut = Callable[[Amounts], csr_array | None]


def solve_with_cuts(program: Program, limits: Limits, cut: Cut) -> Solved:
    """Solve a linear programme again and again from where it stands, with the rows ≤ 0 that `cut` makes of its values.

    Ends when `cut` returns None or time is over; duals are those of the programme's own rows, then of the added ones.
    A run that time stops in the middle gives the last one that was finished.
    """
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    begin = clock.now()
    for name, value in _options(limits).items():  # the solver's clock runs on from one run to the next
        solver.setOptionValue(name, value)
    solver.passModel(_model(highspy, program))
    _watch(solver, limits)
    found = Solved("unknown", np.zeros(0), np.nan, -np.inf, np.zeros(0))
    while True:
        solver.run()
        now = _solved(highspy, solver, whole=False)
        if now.status != "optimal":
            return now if now.status == "infeasible" else found
        found = now
        rows = cut(now.values)
        if rows is None or clock.now() - begin >= limits.seconds:
            return found
        count = rows.shape[0]
        solver.addRows(
            count, np.full(count, -np.inf), np.zeros(count), rows.nnz,
            rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float64),
        )  # fmt: skip


def _watch(solver: Any, limits: Limits) -> None:
    """Let Ctrl-C and our clock stop the solver."""
    ends = clock.now() + limits.seconds

    def stop(event: Any) -> None:
        if clock.now() > ends:
            event.interrupt()

    solver.HandleKeyboardInterrupt = True
    for interrupt in (solver.cbSimplexInterrupt, solver.cbIpmInterrupt, solver.cbMipInterrupt):
        interrupt.subscribe(stop)


def _options(limits: Limits) -> dict[str, Any]:
    return {
        "output_flag": False,
        "threads": limits.threads,
        "random_seed": limits.seed,
        "time_limit": max(limits.seconds, 0.0) * _LOADED,
        "mip_rel_gap": max(limits.gap, 1e-9),
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": 1e-9,
        "primal_feasibility_tolerance": 1e-9,
    }


def _model(highspy: Any, program: Program) -> Any:
    model = highspy.HighsLp()
    count, rows = len(program.cost), program.rows.shape[0]
    model.num_col_, model.num_row_ = count, rows
    model.col_cost_ = program.cost
    model.col_lower_, model.col_upper_ = program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.low, program.high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.num_col_, model.a_matrix_.num_row_ = count, rows
    model.a_matrix_.start_ = program.rows.indptr.astype(np.int32)
    model.a_matrix_.index_ = program.rows.indices.astype(np.int32)
    model.a_matrix_.value_ = program.rows.data.astype(np.float64)
    if program.whole.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[whole] for whole in program.whole.astype(int)]
    return model


def _solved(highspy: Any, solver: Any, whole: bool) -> Solved:
    status, info = solver.getModelStatus(), solver.getInfo()
    nothing = np.zeros(0)
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status == highspy.HighsModelStatus.kInfeasible:
        return Solved("infeasible", nothing, np.nan, np.nan, nothing)
    bound = info.mip_dual_bound if whole else info.objective_function_value
    if not has_plan:
        return Solved("unknown", nothing, np.nan, bound if whole else -np.inf, nothing)
    solution = solver.getSolution()
    proven = status == highspy.HighsModelStatus.kOptimal
    return Solved(
        "optimal" if proven else "feasible",
        np.asarray(solution.col_value),
        info.objective_function_value,
        bound if whole or proven else -np.inf,
        nothing if whole else np.asarray(solution.row_dual),
    )
