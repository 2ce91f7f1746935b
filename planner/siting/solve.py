"""solve(instance, limits): the one door to all models."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from planner.siting.instance import Instance
from planner.siting.question import Limits, Model
from planner.siting.siting import Siting

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


_TELL_RADIUS = ("lscp", "backup", "p-median", "p-center", "capacitated")


def solve(instance: Instance, limits: Limits, nearest: Mapping[str, float] | None = None) -> Siting:
    """Return the answer to the instance's question, by the function of its model.

    nearest: each demand's cost to its nearest site without a limit; a clash can then name the least radius that helps.
    """
    module, name = SOLVERS[instance.question.model]
    solver: Callable[..., Siting] = getattr(import_module(module), name)
    return solver(instance, limits, nearest) if instance.question.model in _TELL_RADIUS else solver(instance, limits)
