"""Siting: exact answers to where facilities should be, with their proof."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from planner.siting.best import k_best, lexicographic, with_ties
    from planner.siting.front import Point, Step, curve, pareto
    from planner.siting.instance import Instance, instance_of
    from planner.siting.models import explained, solve
    from planner.siting.phasing import Phases, phases
    from planner.siting.question import Limits, Question, Quota
    from planner.siting.siting import Clash, Siting, siting_of

__all__ = [
    "Clash",
    "Instance",
    "Limits",
    "Phases",
    "Point",
    "Question",
    "Quota",
    "Siting",
    "Step",
    "curve",
    "explained",
    "instance_of",
    "k_best",
    "lexicographic",
    "pareto",
    "phases",
    "siting_of",
    "solve",
    "with_ties",
]
_HOMES = {
    "best": "k_best lexicographic with_ties",
    "front": "Point Step curve pareto",
    "instance": "Instance instance_of",
    "models": "explained solve",
    "phasing": "Phases phases",
    "question": "Limits Question Quota",
    "siting": "Clash Siting siting_of",
}
__getattr__ = handing_out("planner.siting", _HOMES)
