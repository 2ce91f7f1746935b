"""solve(instance, limits): the one door to all models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from planner import clock
from planner.siting.instance import Instance
from planner.siting.question import Limits, Model
from planner.siting.siting import Siting

if TYPE_CHECKING:
    from planner.siting.advice import Lever

Solver = Callable[[Instance, Limits], Siting]

SOLVERS: Mapping[Model, tuple[str, str]] = MappingProxyType(
    {
        "lscp": ("planner.siting.cover", "solve_lscp"),
        "mclp": ("planner.siting.cover", "solve_mclp"),
        "backup": ("planner.siting.cover", "solve_backup"),
        "p-median": ("planner.siting.median", "solve_p_median"),
        "p-center": ("planner.siting.center", "solve_p_center"),
        "capacitated": ("planner.siting.capacitated", "solve_capacitated"),
    }
)
"""The module and function of each model; imported when it is asked for."""


def solve(instance: Instance, limits: Limits) -> Siting:
    """Return the answer to the instance's question, by the function of its model."""
    module, name = SOLVERS[instance.question.model]
    solver: Solver = getattr(import_module(module), name)
    return solver(instance, limits)


def explained(siting: Siting, levers: Sequence["Lever"] = ()) -> Siting:
    """Return an infeasible answer with its clash, in the time that is left of its limits; any other as it is."""
    if siting.status != "infeasible" or siting.clash is not None:
        return siting
    from planner.siting.advice import clash_of

    begin = clock.now()
    left = replace(siting.limits, seconds=max(siting.limits.seconds - siting.seconds, 0.0))
    clash = clash_of(siting.instance, left, solve, levers)
    return replace(siting, clash=clash, seconds=siting.seconds + clock.since(begin))
