"""Plans: a city's siting questions, put together from its facts and rules, and their answers as edits to the facts."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from planner.plans.centers import CenterPlan, CenterTask, plan_centers
    from planner.plans.chain import Chain
    from planner.plans.emergency import EmergencyPlan, EmergencyTask, plan_emergency
    from planner.plans.rounds import RoundsPlan, RoundsTask, plan_rounds
    from planner.plans.rural import RuralPlan, RuralTask, plan_rural
    from planner.plans.subcenters import SubcenterPlan, SubcenterTask, plan_subcenters

__all__ = [
    "CenterPlan",
    "CenterTask",
    "Chain",
    "EmergencyPlan",
    "EmergencyTask",
    "RoundsPlan",
    "RoundsTask",
    "RuralPlan",
    "RuralTask",
    "SubcenterPlan",
    "SubcenterTask",
    "plan_centers",
    "plan_emergency",
    "plan_rounds",
    "plan_rural",
    "plan_subcenters",
]
_HOMES = {
    "centers": "CenterPlan CenterTask plan_centers",
    "chain": "Chain",
    "emergency": "EmergencyPlan EmergencyTask plan_emergency",
    "rounds": "RoundsPlan RoundsTask plan_rounds",
    "rural": "RuralPlan RuralTask plan_rural",
    "subcenters": "SubcenterPlan SubcenterTask plan_subcenters",
}
__getattr__ = handing_out("planner.plans", _HOMES)
