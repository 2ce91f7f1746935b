"""Reach: who reaches which facility at what cost, labelled by id on both sides."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from planner.errors import DataError, Problem, Text
from planner.text import option_text

UNREACHABLE = np.uint32(2**32 - 1)
"""The cost of what cannot be reached; never averaged, never compared with a limit as a number."""

Amounts = npt.NDArray[np.float64]
Cost = npt.NDArray[np.uint32] | npt.NDArray[np.float64]
Costs = npt.NDArray[np.uint32]
Position = npt.NDArray[np.int64]

_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Reach:
    """The pairs within a limit (sparse rows, one a demand) and each demand's nearest facility without a limit.

    demand_ids, facility_ids   the two sides, unique, in the order of the positions below
    limit                      whole millimetres (or milliseconds); a pair is within when cost <= limit
    indptr, indices, costs     row i's facilities are ``indices[indptr[i]:indptr[i + 1]]``, by facility position
    nearest_index              position of the nearest facility, ties to the smaller id; -1 where none is reached
    nearest_cost               its cost; UNREACHABLE where none is reached

    Costs are whole (uint32), but for a table's, which are taken as they stand (float64).
    """

    demand_ids: npt.NDArray[np.object_]
    facility_ids: npt.NDArray[np.object_]
    limit: float
    indptr: Position
    indices: Position
    costs: Cost
    nearest_index: Position
    nearest_cost: Cost

    def __post_init__(self) -> None:
        rows = len(self.demand_ids)
        if len(self.indptr) != rows + 1 or len(self.nearest_index) != rows or len(self.nearest_cost) != rows:
            raise ValueError(f"a reach of {rows} demands needs {rows + 1} row pointers and {rows} nearest facilities")
        if len(self.indices) != len(self.costs) or (rows and self.indptr[-1] != len(self.costs)):
            raise ValueError(f"{len(self.indices)} facilities, {len(self.costs)} costs: they must be pairs")

    def covered(self, limit: float | None = None) -> pd.Series:
        """Return, by demand id, whether some facility is within the limit (or a smaller one): cost <= limit.

        This is the one place that decides cover.
        """
        inside = (self.nearest_index >= 0) & (self.nearest_cost <= (self.limit if limit is None else limit))
        return pd.Series(inside, index=self.demand_ids, name="covered")

    def nearest(self) -> pd.DataFrame:
        """Return, by demand id, the nearest facility's id ("" if none) and the cost (float, NaN if none)."""
        reached = self.nearest_index >= 0
        names = np.full(len(self.demand_ids), "", dtype=object)
        names[reached] = self.facility_ids[self.nearest_index[reached]]
        cost = np.where(reached, self.nearest_cost.astype(float), np.nan)
        return pd.DataFrame({"facility_id": names, "cost": cost}, index=self.demand_ids)

    def within(self) -> pd.DataFrame:
        """Return one row a pair within the limit: demand_id, facility_id, cost."""
        rows = np.repeat(np.arange(len(self.demand_ids)), np.diff(self.indptr))
        return pd.DataFrame(
            {
                "demand_id": self.demand_ids[rows],
                "facility_id": self.facility_ids[self.indices],
                "cost": self.costs.astype(np.int64) if self.costs.dtype == np.uint32 else self.costs,
            }
        )

    def __repr__(self) -> str:
        return (
            f"Reach({len(self.demand_ids)} demands, {len(self.facility_ids)} facilities, "
            f"{len(self.costs)} pairs within {self.limit})"
        )


def check_places(frame: pd.DataFrame, side: str) -> None:
    """Refuse points that are no longitude and latitude in degrees, such as metres of a projection: DataError names them.

    >>> check_places(pd.DataFrame({"id": ["a"], "lon": [403000.0], "lat": [2934000.0]}), "demand")
    Traceback (most recent call last):
    planner.errors.DataError: demand：1 个点不是经纬度（现为“a: 403000, 2934000”）。换算成经纬度（度）；投影坐标的米数不能直接用。
    """
    lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
    lost = np.flatnonzero((np.abs(lon) > 180) | (np.abs(lat) > 90))
    if not len(lost):
        return
    at = int(lost[0])
    swapped = bool((np.abs(lat[lost]) <= 180).all() and (np.abs(lon[lost]) <= 90).all())
    fix = Text("经度和纬度写反了，对调两列", "longitude and latitude are swapped: swap the columns")
    if not swapped:
        fix = Text(
            "换算成经纬度（度）；投影坐标的米数不能直接用", "convert to degrees: metres of a projection will not do"
        )
    what = Text(f"{len(lost)} 个点不是经纬度", f"{len(lost)} points are no longitude and latitude")
    raise DataError(
        Problem(side, what, fix, found=f"{frame['id'].iloc[at]}: {option_text(lon[at])}, {option_text(lat[at])}")
    )


def rows_of(
    demand: Position, facility: Position, cost: Position | Amounts, demands: int
) -> tuple[Position, Position, Cost]:
    """Return (indptr, indices, costs) of unordered pairs, the cheapest of those that stand twice, facilities sorted."""
    order = _counted(demand, _counted(facility))
    demand, facility, cost = demand[order], facility[order], cost[order]
    first = np.ones(len(demand), np.bool_)
    first[1:] = (demand[1:] != demand[:-1]) | (facility[1:] != facility[:-1])
    if not first.all():
        begins = np.flatnonzero(first)
        demand, facility, cost = demand[begins], facility[begins], np.minimum.reduceat(cost, begins)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(demand, minlength=demands))]).astype(np.int64)
    kept: Any = cost
    return indptr, facility, kept if kept.dtype == np.float64 else kept.astype(np.uint32)


def rows_within(table: Costs, limit: int) -> tuple[Position, Position, Costs]:
    """Return (indptr, indices, costs) of the pairs within the limit, from a table (demands, facilities).

    Rows are taken some at a time: beside the table stands nothing but what is returned.
    """
    indptr = np.zeros(len(table) + 1, np.int64)
    each = max(1, _CELLS_AT_ONCE // max(1, table.shape[1]))
    parts = [slice(at, at + each) for at in range(0, len(table), each)]
    for part in parts:
        indptr[1:][part] = np.count_nonzero(table[part] <= limit, axis=1)
    indptr = np.cumsum(indptr)
    indices, costs = np.empty(indptr[-1], np.int64), np.empty(indptr[-1], np.uint32)
    for part in parts:
        inside, to = table[part] <= limit, slice(*indptr[[part.start, min(part.stop, len(table))]])
        indices[to], costs[to] = np.nonzero(inside)[1], table[part][inside]
    return indptr, indices, costs


def nearest_in(table: Costs) -> tuple[Position, Costs]:
    """Return (position, cost) of the cheapest facility in each row, the first of equals; −1 where none is reached."""
    if not table.shape[1]:
        return np.full(len(table), -1, np.int64), np.full(len(table), UNREACHABLE, np.uint32)
    best = table.argmin(axis=1)
    cost = table[np.arange(len(table)), best]
    return np.where(cost == UNREACHABLE, -1, best), cost


def _counted(positions: Position, order: Position | None = None) -> Position:
    """Return the order that sorts whole positions, those of equals as in `order`: scipy's transposition is a counting sort.

    >>> _counted(np.array([2, 0, 2, 1])).tolist()
    [1, 3, 0, 2]
    """
    asked = positions if order is None else positions[order]
    order = np.arange(len(asked)) if order is None else order
    if (asked[1:] >= asked[:-1]).all():
        return order
    shape = len(asked), int(asked.max()) + 1
    return np.asarray(csr_array((order, asked, np.arange(len(asked) + 1)), shape=shape).tocsc().data)


def smallest(
    demand: pd.DataFrame,
    facilities: pd.DataFrame,
    row: Position,
    column: Position,
    cost: Position | Amounts,
    count: int,
) -> pd.DataFrame:
    """Return each demand's `count` cheapest facilities of the pairs (row, column, cost): by cost, then facility id."""
    pairs = pd.DataFrame({"row": row, "column": column, "cost": cost})
    pairs = pairs.sort_values(["row", "cost", "column"], kind="stable").drop_duplicates(["row", "column"])
    pairs = pairs[pairs.groupby("row").cumcount() < count]
    return pd.DataFrame(
        {
            "demand_id": demand["id"].to_numpy(dtype=object)[pairs["row"]],
            "facility_id": facilities["id"].to_numpy(dtype=object)[pairs["column"]],
            "cost": pairs["cost"].to_numpy(),
        }
    )


def ids_of(frame: pd.DataFrame, side: str) -> npt.NDArray[np.object_]:
    """Return the ids of one side; ValueError if one stands twice."""
    ids = frame["id"].to_numpy(dtype=object)
    if len(set(ids)) != len(ids):
        raise ValueError(f"the {side} ids are not unique")
    return ids


def reach_of(
    ids: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]], limit: float, rows: tuple[Position, Position, Cost],
    nearest_index: Position, nearest_cost: Cost,
) -> Reach:  # fmt: skip
    """Return the Reach of both sides' ids, the rows of pairs within the limit, and the nearest of each demand."""
    indptr, indices, costs = rows
    return Reach(ids[0], ids[1], limit, indptr, indices, costs, nearest_index, nearest_cost)
