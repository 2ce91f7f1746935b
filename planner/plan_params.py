"""What a plan reads from a clause beside what its measure judges: numbers and words that stand in standards/*.yaml only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NewType

Share = NewType("Share", float)
"""A part of a whole, above 0 and at most 1."""
Substitute = Literal["round", "mobile", "neighbour", "stay"]
Case = Literal["few", "far"]


@dataclass(frozen=True, kw_only=True)
class Substitutes:
    """The services that may stand for a village's clinic, in the clause's order, and the case in which they may.

    "few": where residents are few; "far": where care is far off. Both at once where both are named; (): anywhere.
    """

    substitutes: tuple[Substitute, ...]
    substitutes_where: tuple[Case, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Upgrades:
    """The share of community health centres that are to become community hospitals (社区医院)."""

    hospital_share: Share


PLAN_PARAMS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"facility_per_unit": Substitutes, "community_centers": Upgrades}
)
"""By the measure that judges the clause, what a plan may read from it; a measure that is not named here: nothing."""
