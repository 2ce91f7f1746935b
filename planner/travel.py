"""Ways of travelling; each answers ``reach_whole(demand, facilities, limit)`` for one kind of facility.

``reach`` of a way is the same for people: its limit is in words ("5km"), and a bare number is refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import pandas as pd

from planner.reach import Reach
from planner.road import Road
from planner.straight import StraightLine
from planner.table import Table

__all__ = ["PAPER", "Road", "StraightLine", "Table", "Travel"]


class Travel(Protocol):
    """A way of travelling between points given by id, lon and lat; costs are whole `unit`s."""

    @property
    def unit(self) -> str:
        """The unit of every cost and limit: "mm", "ms", or a table's own."""
        ...

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` (whole units), and everyone's nearest without a limit."""
        ...

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost."""
        ...


PAPER: Mapping[str, Travel] = MappingProxyType({"paper": StraightLine()})
"""The ways of travelling where no roads are known: the paper reading alone."""
