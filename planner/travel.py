"""Ways of travelling; each answers ``reach(demand, facilities, limit)`` for one kind of facility."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod
from scipy.spatial import cKDTree

from planner.reach import UNREACHABLE, Position, Reach, rows_of, smallest

_ELLIPSOID = Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000; it differs from that of WGS 84 by 0.1 mm in the semi-minor axis."""

_AXIS_M = _ELLIPSOID.a
_SQUASH = _ELLIPSOID.es
_CHORD_SLACK = 1.0005
"""A geodesic of up to 300 km exceeds its chord by less than 0.05 %: chords preselect, geodesics decide."""


class Travel(Protocol):
    """A way of travelling between points given by id, lon and lat; costs are whole `unit`s."""

    @property
    def unit(self) -> str:
        """The unit of every cost and limit: "mm", "ms", or a table's own."""
        ...

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` (whole units), and everyone's nearest without a limit."""
        ...

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost."""
        ...


def _ids(frame: pd.DataFrame, side: str) -> npt.NDArray[np.object_]:
    ids = frame["id"].to_numpy(dtype=object)
    if len(set(ids)) != len(ids):
        raise ValueError(f"the {side} ids are not unique")
    return ids


def _chord_points(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the points as (n, 3) metres from the Earth's centre, in which distance is the straight chord."""
    lon, lat = np.radians(frame["lon"].to_numpy(float)), np.radians(frame["lat"].to_numpy(float))
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise ValueError("a point without coordinates cannot travel")
    normal = _AXIS_M / np.sqrt(1 - _SQUASH * np.sin(lat) ** 2)
    return np.column_stack(
        [
            normal * np.cos(lat) * np.cos(lon),
            normal * np.cos(lat) * np.sin(lon),
            normal * (1 - _SQUASH) * np.sin(lat),
        ]
    )


def _pairs(balls: npt.NDArray[np.object_]) -> tuple[Position, Position]:
    sizes = np.array([len(ball) for ball in balls], dtype=np.int64)
    rows = np.repeat(np.arange(len(balls), dtype=np.int64), sizes)
    columns = np.concatenate([np.asarray(ball, dtype=np.int64) for ball in balls]) if sizes.sum() else rows
    return rows, columns


def _geodesic_mm(demand: pd.DataFrame, facilities: pd.DataFrame, rows: Position, columns: Position) -> Position:
    start, end = demand[["lon", "lat"]].to_numpy(float)[rows], facilities[["lon", "lat"]].to_numpy(float)[columns]
    metres = _ELLIPSOID.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return np.rint(np.asarray(metres, float) * 1000).astype(np.int64)


@dataclass(frozen=True)
class StraightLine:
    """The paper reading of 服务半径: the geodesic on the ellipsoid, rounded once to whole millimetres.

    >>> ends = pd.DataFrame({"id": ["a"], "lon": [101.7], "lat": [26.6]})
    >>> stations = pd.DataFrame({"id": ["s"], "lon": [101.7], "lat": [26.645]})
    >>> StraightLine().reach(ends, stations, limit=5_000_000).nearest()
      facility_id       cost
    a           s  4985892.0
    """

    unit: Literal["mm"] = "mm"

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return the Reach; ties of the nearest go to the smaller facility id, whatever the order of rows.

        What is farther than 2³²−2 mm (4,295 km) is not reached.
        """
        if not 0 <= limit < int(UNREACHABLE):
            raise ValueError(f"a limit of {limit} mm is not a distance")
        facilities = facilities.sort_values("id", kind="stable")
        demand_ids, facility_ids = _ids(demand, "demand"), _ids(facilities, "facility")
        here, there, count = _chord_points(demand), _chord_points(facilities), len(demand)
        if not count or not len(there):
            none = np.zeros(0, np.int64)
            indptr, indices, costs = rows_of(none, none, none, count)
            far = np.full(count, UNREACHABLE, np.uint32)
            return Reach(demand_ids, facility_ids, limit, indptr, indices, costs, np.full(count, -1, np.int64), far)
        tree = cKDTree(there)
        rows, columns = _candidates(tree, here, 1)
        costs = _geodesic_mm(demand, facilities, rows, columns)
        order = np.lexsort((columns, costs, rows))
        first = order[np.searchsorted(rows[order], np.arange(count))]
        near = costs[first] < int(UNREACHABLE)
        nearest_index = np.where(near, columns[first], -1)
        nearest_cost = np.where(near, costs[first], UNREACHABLE).astype(np.uint32)
        rows, columns = _pairs(tree.query_ball_point(here, limit / 1000 + 0.01, return_sorted=True))
        costs = _geodesic_mm(demand, facilities, rows, columns)
        inside = costs <= limit
        pairs = rows_of(rows[inside], columns[inside], costs[inside], count)
        return Reach(demand_ids, facility_ids, limit, *pairs, nearest_index, nearest_cost)

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        _ids(demand, "demand"), _ids(facilities, "facility")
        if not len(demand) or not len(facilities):
            none = np.zeros(0, np.int64)
            return smallest(demand, facilities, none, none, none, count)
        rows, columns = _candidates(cKDTree(_chord_points(facilities)), _chord_points(demand), count)
        costs = _geodesic_mm(demand, facilities, rows, columns)
        return smallest(demand, facilities, rows, columns, costs, count)


def _candidates(tree: cKDTree, here: npt.NDArray[np.float64], count: int) -> tuple[Position, Position]:
    """Return the pairs that may be among the `count` nearest: by chord the order may differ from that by geodesic."""
    chord, _ = tree.query(here, k=[min(count, tree.n)])
    return _pairs(tree.query_ball_point(here, chord[:, 0] * _CHORD_SLACK + 0.01, return_sorted=True))


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
        frame = frame.dropna(subset=["cost"])
        cost = frame["cost"].to_numpy(float)
        if (cost < 0).any() or not np.isfinite(cost).all():
            raise ValueError("a cost of the table is negative or infinite")
        row = pd.Series(np.arange(len(demand)), index=_ids(demand, "demand"))
        column = pd.Series(np.arange(len(facilities)), index=_ids(facilities, "facility"))
        for side, ids, known in (
            ("demand", row.index, frame["demand_id"]),
            ("facility", column.index, frame["facility_id"]),
        ):
            lost = ids.difference(pd.Index(known.unique()))
            if len(lost):
                raise ValueError(f"{len(lost)} {side} ids are not in the table, such as {list(lost[:3])}")
        rows, columns = frame["demand_id"].map(row), frame["facility_id"].map(column)
        asked = (rows.notna() & columns.notna()).to_numpy()
        return rows[asked].to_numpy(np.int64), columns[asked].to_numpy(np.int64), cost[asked]

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: float) -> Reach:
        """Return the Reach within `limit`, in the table's own unit; ties of the nearest go to the smaller id."""
        facilities = facilities.sort_values("id", kind="stable")
        rows, columns, cost = self._long(demand, facilities)
        best = smallest(demand, facilities, rows, columns, cost, 1).set_index("demand_id")
        position = pd.Series(np.arange(len(facilities)), index=facilities["id"])
        found = best.reindex(demand["id"])
        index = found["facility_id"].map(position).fillna(-1).to_numpy(np.int64)
        inside = cost <= limit
        pairs = rows_of(rows[inside], columns[inside], cost[inside], len(demand))
        ids = _ids(demand, "demand"), _ids(facilities, "facility")
        return Reach(*ids, limit, *pairs, index, found["cost"].fillna(float(UNREACHABLE)).to_numpy(float))

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        return smallest(demand, facilities, *self._long(demand, facilities), count)


PAPER: Mapping[str, Travel] = MappingProxyType({"paper": StraightLine()})
"""The ways of travelling where no roads are known: the paper reading alone."""
