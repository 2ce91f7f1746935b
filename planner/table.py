"""Table: costs made elsewhere, taken as they stand."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.limits import Limit, whole_units
from planner.reach import UNREACHABLE, Position, Reach, ids_of, reach_of, rows_of, smallest


@dataclass(frozen=True, eq=False)
class Table:
    """A table of costs made elsewhere, taken as they stand: long (demand_id, facility_id, cost) or wide (by ids).

    A wide frame has demand ids as index and facility ids as columns; a blank is no way. Pairs that the table does not
    hold are no way either, but ids it does not know at all are refused: a table of another city must not pass in silence.

    >>> costs = pd.DataFrame({"demand_id": ["a", "a"], "facility_id": ["s", "t"], "cost": [7.5, 3.0]})
    >>> ends, stations = pd.DataFrame({"id": ["a"]}), pd.DataFrame({"id": ["s", "t"]})
    >>> Table(costs).reach(ends, stations, limit=5).nearest()
      facility_id  cost
    a           t   3.0
    """

    frame: pd.DataFrame
    unit: str = "table"

    def _long(
        self, demand: pd.DataFrame, facilities: pd.DataFrame
    ) -> tuple[Position, Position, npt.NDArray[np.float64]]:
        """Return (row, column, cost) of the pairs asked for, the cheapest of those that stand twice."""
        frame = self.frame
        if not {"demand_id", "facility_id", "cost"} <= set(frame.columns):
            frame = (
                frame.rename_axis("demand_id")
                .melt(var_name="facility_id", value_name="cost", ignore_index=False)
                .reset_index()
            )
        row = pd.Series(np.arange(len(demand)), index=ids_of(demand, "demand"))
        column = pd.Series(np.arange(len(facilities)), index=ids_of(facilities, "facility"))
        for side, ids, known in (
            ("demand", row.index, frame["demand_id"]),
            ("facility", column.index, frame["facility_id"]),
        ):
            lost = ids.difference(pd.Index(known.unique()))
            if len(lost):
                raise ValueError(f"{len(lost)} {side} ids are not in the table, such as {list(lost[:3])}")
        frame = frame.dropna(subset=["cost"])
        cost = frame["cost"].to_numpy(float)
        if (cost < 0).any() or not np.isfinite(cost).all():
            raise ValueError("a cost of the table is negative or infinite")
        rows, columns = frame["demand_id"].map(row), frame["facility_id"].map(column)
        asked = (rows.notna() & columns.notna()).to_numpy()
        return rows[asked].to_numpy(np.int64), columns[asked].to_numpy(np.int64), cost[asked]

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: float | Limit | str) -> Reach:
        """Return the Reach within a limit: a number in the table's own unit; in words where the unit is mm or ms."""
        known = self.unit in ("mm", "ms")
        return self.reach_whole(demand, facilities, whole_units(limit, self.unit) if known else cast("float", limit))

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: float) -> Reach:
        """Return the Reach within `limit`, in the table's own unit; ties of the nearest go to the smaller id."""
        facilities = facilities.sort_values("id", kind="stable")
        rows, columns, cost = self._long(demand, facilities)
        best = smallest(demand, facilities, rows, columns, cost, 1).set_index("demand_id")
        position = pd.Series(np.arange(len(facilities)), index=facilities["id"])
        found = best.reindex(demand["id"])
        index = found["facility_id"].map(position).fillna(-1).to_numpy(np.int64)
        inside = cost <= limit
        pairs = rows_of(rows[inside], columns[inside], cost[inside], len(demand))
        ids = ids_of(demand, "demand"), ids_of(facilities, "facility")
        return reach_of(ids, limit, pairs, index, found["cost"].fillna(float(UNREACHABLE)).to_numpy(float))

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        rows, columns, cost = self._long(demand, facilities)
        return smallest(demand, facilities, rows, columns, cost, count)
