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

from planner.reach import UNREACHABLE, Reach

_ELLIPSOID = Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000; it differs from that of WGS 84 by 0.1 mm in the semi-minor axis."""

_AXIS_M = _ELLIPSOID.a
_SQUASH = _ELLIPSOID.es
_CHORD_SLACK = 1.0005
"""A geodesic of up to 300 km exceeds its chord by less than 0.05 %: chords preselect, geodesics decide."""


class Travel(Protocol):
    """A way of travelling between points given by id, lon and lat; costs are whole `unit`s."""

    @property
    def unit(self) -> Literal["mm", "ms"]:
        """The whole unit of every cost and limit: millimetres or milliseconds."""
        ...

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return who reaches which facility within `limit` (whole units), and everyone's nearest without a limit."""
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


def _pairs(balls: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    sizes = np.array([len(ball) for ball in balls], dtype=np.int64)
    rows = np.repeat(np.arange(len(balls), dtype=np.int64), sizes)
    columns = np.concatenate([np.asarray(ball, dtype=np.int64) for ball in balls]) if sizes.sum() else rows
    return rows, columns


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
        count = len(demand_ids)
        if not count or not len(facility_ids):
            return Reach(
                demand_ids, facility_ids, limit, np.zeros(count + 1, np.int64), np.zeros(0, np.int64),
                np.zeros(0, np.uint32), np.full(count, -1, np.int64), np.full(count, UNREACHABLE, np.uint32),
            )  # fmt: skip
        here, tree = _chord_points(demand), cKDTree(_chord_points(facilities))
        chord, _ = tree.query(here)

        def geodesic(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
            start, end = demand.iloc[rows], facilities.iloc[columns]
            metres = _ELLIPSOID.inv(start["lon"], start["lat"], end["lon"], end["lat"])[2]
            return np.rint(np.asarray(metres) * 1000).astype(np.int64)

        # The nearest by chord may not be the nearest by geodesic, so all that could be are measured.
        rows, columns = _pairs(tree.query_ball_point(here, chord * _CHORD_SLACK + 0.01, return_sorted=True))
        costs = geodesic(rows, columns)
        order = np.lexsort((columns, costs, rows))
        first = order[np.searchsorted(rows[order], np.arange(count))]
        near = costs[first] < int(UNREACHABLE)
        nearest_index = np.where(near, columns[first], -1)
        nearest_cost = np.where(near, costs[first], UNREACHABLE).astype(np.uint32)

        rows, columns = _pairs(tree.query_ball_point(here, limit / 1000 + 0.01, return_sorted=True))
        costs = geodesic(rows, columns)
        inside = costs <= limit
        rows, columns, costs = rows[inside], columns[inside], costs[inside]
        indptr = np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)
        return Reach(
            demand_ids, facility_ids, limit, indptr, columns, costs.astype(np.uint32), nearest_index, nearest_cost
        )


PAPER: Mapping[str, Travel] = MappingProxyType({"paper": StraightLine()})
"""The ways of travelling where no roads are known: the paper reading alone."""
