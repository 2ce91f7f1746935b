"""Ways of travelling; each answers ``reach_whole(demand, facilities, limit)`` for one kind of facility.

``reach`` of a way is the same for people: its limit is in words ("5km"), and a bare number is refused.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from hashlib import sha256
from threading import Lock
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod
from scipy.sparse import csr_array

from planner.limits import Limit, whole_units
from planner.reach import UNREACHABLE, Cost, Position, Reach, check_places, ids_of, reach_of, rows_of, smallest
from planner.road import Road

# Table: costs made elsewhere, taken as they stand.


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


# StraightLine: the paper reading of 服务半径, exact geodesics at the speed of chords.

_ELLIPSOID = Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000; it differs from that of WGS 84 by 0.1 mm in the semi-minor axis."""

_AXIS_M = _ELLIPSOID.a
_SQUASH = _ELLIPSOID.es
Floats = npt.NDArray[np.float64]

_MANY = 20_000
_KERNEL_MM = 30_000_000
_DOUBT_MM = 0.01
_CHORD_SLACK = 1.0005
"""A geodesic of up to 300 km exceeds its chord by less than 0.05 %: chords preselect, geodesics decide."""


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


@dataclass(frozen=True)
class StraightLine:
    """The paper reading of 服务半径: the geodesic on the ellipsoid, rounded once to whole millimetres.

    `compiled`: True or False chooses the engine, None leaves it to the number of points; both give the same integers.

    >>> ends = pd.DataFrame({"id": ["a"], "lon": [101.7], "lat": [26.6]})
    >>> stations = pd.DataFrame({"id": ["s"], "lon": [101.7], "lat": [26.645]})
    >>> StraightLine().reach(ends, stations, limit="5km").nearest()
      facility_id       cost
    a           s  4985892.0
    """

    compiled: bool | None = None
    unit: Literal["mm"] = "mm"

    def reach(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: Limit | str) -> Reach:
        """Return the Reach within a limit in words ("5km"): the door for people, who are refused a number without its unit."""
        return self.reach_whole(demand, facilities, whole_units(limit, self.unit))

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return the Reach within so many whole millimetres; ties of the nearest go to the smaller facility id, whatever the order of rows.

        What is farther than 2³²−2 mm (4,295 km) is not reached.
        """
        if not 0 <= limit < int(UNREACHABLE):
            raise ValueError(f"a limit of {limit} mm is not a distance")
        facilities = facilities.sort_values("id", kind="stable")
        ids = _ids(demand, facilities)
        here, there = _Points.of(demand), _Points.of(facilities)
        index = np.full(len(demand), -1, np.int64)
        nearest = np.full(len(demand), UNREACHABLE, np.uint32)
        if not len(demand) or not len(facilities):
            none = np.zeros(0, np.int64)
            return reach_of(ids, limit, rows_of(none, none, none, len(demand)), index, nearest)
        pairs = _within(here, there, limit, self._compiled(here, there, limit))
        _take_nearest(*pairs, index, nearest)
        lost = np.flatnonzero(index < 0)
        if len(lost):
            index[lost], nearest[lost] = _nearest_beyond(here.take(lost), there)
        return reach_of(ids, limit, pairs, index, nearest)

    def _compiled(self, here: "_Points", there: "_Points", limit: int) -> bool:
        """Whether the compiled kernel does the pairs; it holds for limits up to 30 km, away from poles and date line."""
        if limit > _KERNEL_MM or not (here.is_plain and there.is_plain):
            return False
        if self.compiled is not None:
            return self.compiled
        return len(here.lon) >= _MANY

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return the `count` nearest facilities of each demand: demand_id, facility_id, cost; by cost, then id."""
        facilities = facilities.sort_values("id", kind="stable")
        _ids(demand, facilities)
        here, there, none = _Points.of(demand), _Points.of(facilities), np.zeros(0, np.int64)
        if not len(demand) or not len(facilities):
            return smallest(demand, facilities, none, none, none, count)
        rows, columns = _candidates(there.tree, here.chord, count)
        return smallest(demand, facilities, rows, columns, _geodesic_mm(here, there, rows, columns), count)


def _ids(demand: pd.DataFrame, facilities: pd.DataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return the ids of both sides; DataError for what is no place on Earth."""
    check_places(demand, "demand")
    check_places(facilities, "facilities")
    return ids_of(demand, "demand"), ids_of(facilities, "facility")


@dataclass(frozen=True, eq=False)
class _Points:
    """Points in degrees, and in metres from the Earth's centre, where distance is the straight chord."""

    lon: Floats
    lat: Floats
    chord: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "_Points":
        return cls(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float), _chord_points(frame))

    def take(self, rows: Position) -> "_Points":
        return _Points(self.lon[rows], self.lat[rows], self.chord[rows])

    @cached_property
    def tree(self) -> Any:
        """The points as a tree, asked by chord."""
        from scipy.spatial import cKDTree  # slow to import

        return cKDTree(self.chord)

    @property
    def is_plain(self) -> bool:
        """Whether no point lies near a pole or the date line, where cells of degrees would not do."""
        return bool((np.abs(self.lat) < 80).all() and (np.abs(self.lon) < 179).all())


def _geodesic_mm(here: _Points, there: _Points, rows: Position, columns: Position) -> Position:
    metres = _ELLIPSOID.inv(here.lon[rows], here.lat[rows], there.lon[columns], there.lat[columns])[2]
    return np.rint(np.asarray(metres, float) * 1000).astype(np.int64)


def _within(here: _Points, there: _Points, limit: int, compiled: bool) -> tuple[Position, Position, Cost]:
    """Return the pairs within the limit as rows by demand, facilities sorted."""
    if compiled:
        return _within_compiled(here, there, limit)
    rows, columns = _pairs(there.tree.query_ball_point(here.chord, limit / 1000 + 0.01, return_sorted=True))
    costs = _geodesic_mm(here, there, rows, columns)
    inside = costs <= limit
    return rows_of(rows[inside], columns[inside], costs[inside], len(here.lon))


def _within_compiled(here: _Points, there: _Points, limit: int) -> tuple[Position, Position, Cost]:
    """Return the same from the kernel: chords with their bend, and a geodesic wherever the rounding is in doubt."""
    from planner.kernels import straight_pairs

    left, right = (np.column_stack([one.chord, np.radians(one.lon), np.radians(one.lat)]) for one in (here, there))
    start, found, millimetres = straight_pairs(left, right, _radii(here.lat), limit / 1000 + 0.001)
    columns: Any = found
    # The chord with its bend is the geodesic to 0.002 mm; where that could tip the rounding, the geodesic itself decides.
    costs: Floats = np.rint(millimetres)
    doubt = np.flatnonzero(np.abs(np.abs(millimetres - costs) - 0.5) < _DOUBT_MM)
    rows = np.searchsorted(start, doubt, side="right") - 1
    costs[doubt] = _geodesic_mm(here, there, rows, columns[doubt])
    costs[costs > limit] = -1
    return _kept(start, columns, costs)


def _kept(start: Position, columns: Position, costs: Floats) -> tuple[Position, Position, Cost]:
    """Return the rows without the pairs marked −1, each sorted by facility."""
    keep = costs >= 0
    running = np.concatenate([[0], np.cumsum(keep)])
    rows = csr_array(
        (costs[keep].astype(np.uint32), columns[keep], running[start]),
        shape=(len(start) - 1, int(columns.max(initial=0)) + 1),
    )
    rows.sort_indices()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data


def _radii(lat: Floats) -> Floats:
    """Return the radii of curvature (meridian, prime vertical) at each latitude, in metres."""
    bulge = 1 - _SQUASH * np.sin(np.radians(lat)) ** 2
    return np.column_stack([_AXIS_M * (1 - _SQUASH) / bulge**1.5, _AXIS_M / np.sqrt(bulge)])


def _take_nearest(start: Position, columns: Position, costs: Cost, index: Position, nearest: Cost) -> None:
    """Write each row's cheapest pair, the first of equals: it has the smaller id."""
    some = np.flatnonzero(np.diff(start))
    if not len(some):
        return
    key = (costs.astype(np.uint64) << np.uint64(32)) | columns.astype(np.uint64)
    best = np.minimum.reduceat(key, start[some])
    index[some] = (best & np.uint64(2**32 - 1)).astype(np.int64)
    nearest[some] = (best >> np.uint64(32)).astype(np.uint32)


def _nearest_beyond(here: _Points, there: _Points) -> tuple[Position, Cost]:
    """Return the nearest facility and cost of points that have none within the limit; −1 beyond 4,295 km."""
    rows, columns = _candidates(there.tree, here.chord, 1)
    costs = _geodesic_mm(here, there, rows, columns)
    order = np.lexsort((columns, costs, rows))
    first = order[np.searchsorted(rows[order], np.arange(len(here.lon)))]
    near = costs[first] < int(UNREACHABLE)
    return np.where(near, columns[first], -1), np.where(near, costs[first], UNREACHABLE).astype(np.uint32)


def _candidates(tree: Any, here: Floats, count: int) -> tuple[Position, Position]:
    """Return the pairs that may be among the `count` nearest: by chord the order may differ from that by geodesic."""
    chord, column = tree.query(here, k=[min(count, tree.n), min(count + 1, tree.n)])
    if count == 1 and tree.n > 1:
        clear = chord[:, 1] > chord[:, 0] * _CHORD_SLACK + 0.01  # the runner-up is too far behind to win
        doubt = np.flatnonzero(~clear)
        rows, columns = _pairs(
            tree.query_ball_point(here[doubt], chord[doubt, 0] * _CHORD_SLACK + 0.01, return_sorted=True)
        )
        sure = np.flatnonzero(clear)
        return np.concatenate([sure, doubt[rows]]), np.concatenate([column[sure, 0].astype(np.int64), columns])
    return _pairs(tree.query_ball_point(here, chord[:, 0] * _CHORD_SLACK + 0.01, return_sorted=True))


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


# Reaches remembered within one process: reused when the SHA-256 of all that they follow from is the same, never otherwise.

_SKIPPED = frozenset({"engine", "compiled"})
"""Fields that choose how to compute and not what comes out: every engine gives the same integers."""
_NUMBERS = ("indptr", "indices", "costs", "nearest_index", "nearest_cost")


class _Digest:
    """A SHA-256 that is fed values of any kind, each with its kind and length, so that no two inputs run together."""

    def __init__(self) -> None:
        self.sha = sha256()

    def mark(self, kind: str, size: int) -> None:
        self.sha.update(f"{kind}{size};".encode())

    def add(self, value: Any) -> "_Digest":
        """Feed one value; TypeError for what has no bytes of its own to be known by."""
        if value is None or isinstance(value, bool | int | float | str):
            self._bytes(type(value).__name__, repr(value).encode())
        elif isinstance(value, np.generic):
            self.add(value.item())
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif is_dataclass(value):
            self._dataclass(value)
        else:
            self._many(value)
        return self

    def _many(self, value: Any) -> None:
        """Feed what holds other values; the order of a set or mapping is no part of it."""
        if isinstance(value, pd.DataFrame):
            value = [list(map(str, value.columns)), value.index.to_numpy(), *(value[one].to_numpy() for one in value)]
        elif isinstance(value, Mapping):
            value = [one for name in sorted(value) for one in (name, value[name])]
        elif isinstance(value, frozenset | set):
            value = sorted(value)
        elif not isinstance(value, tuple | list):
            raise TypeError(f"a {type(value).__name__} cannot be told from another by its bytes")
        self.mark("many", len(value))
        for one in value:
            self.add(one)

    def _bytes(self, kind: str, data: bytes) -> None:
        self.mark(kind, len(data))
        self.sha.update(data)

    def _array(self, value: np.ndarray[Any, Any]) -> None:
        if value.dtype == object:
            texts = [repr(one).encode() for one in value.ravel()]
            self._bytes(f"texts{value.shape}", np.array([len(one) for one in texts], np.int64).tobytes())
            self.sha.update(b"".join(texts))
        else:
            self._bytes(f"{value.dtype.str}{value.shape}", np.ascontiguousarray(value).tobytes())

    def _dataclass(self, value: Any) -> None:
        names = [one.name for one in fields(value) if one.name not in _SKIPPED]
        self.mark(f"{type(value).__module__}.{type(value).__qualname__}", len(names))
        for name in names:
            self.add(name).add(getattr(value, name))


def identity_of(travel: Travel) -> str:
    """Return the SHA-256 of all that decides what a way of travelling answers: its kind, roads, speeds, closures.

    >>> from planner.travel import StraightLine
    >>> identity_of(StraightLine()) == identity_of(StraightLine(compiled=False))
    True
    """
    return _Digest().add(travel).sha.hexdigest()


def _points(frame: pd.DataFrame) -> list[Any]:
    return [frame["id"].to_numpy(dtype=object), frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)]


@dataclass(frozen=True, eq=False)
class Memory:
    """Reaches by what they follow from, and ways of travelling, with what they have prepared, by their identity.

    Beyond `most_bytes` the reach that was not asked for longest is forgotten, beyond `most_ways` the way.
    """

    most_bytes: int = 256 * 2**20
    most_ways: int = 8
    _reaches: OrderedDict[str, Reach] = field(default_factory=OrderedDict, repr=False)
    _ways: OrderedDict[str, Travel] = field(default_factory=OrderedDict, repr=False)
    _lock: Any = field(default_factory=Lock, repr=False)

    def cached(self, travels: Mapping[str, Travel]) -> dict[str, Travel]:
        """Return the ways so that what they answer is remembered here."""
        return {name: self._known(travel) for name, travel in travels.items()}

    def _known(self, travel: Travel) -> Travel:
        if isinstance(travel, Cached):
            return travel
        identity = identity_of(travel)
        with self._lock:
            same = self._ways.setdefault(identity, travel)  # its search and index are prepared already
            self._ways.move_to_end(identity)
            while len(self._ways) > self.most_ways:
                self._ways.popitem(last=False)
        return Cached(same, self, identity)

    def get(self, key: str) -> Reach | None:
        with self._lock:
            if key not in self._reaches:
                return None
            self._reaches.move_to_end(key)
            return self._reaches[key]

    def keep(self, key: str, reach: Reach) -> None:
        with self._lock:
            self._reaches[key] = reach
            size = sum(map(_size, self._reaches.values()))
            while size > self.most_bytes and len(self._reaches) > 1:
                size -= _size(self._reaches.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._reaches)


def _size(reach: Reach) -> int:
    arrays = (getattr(reach, name) for name in (*_NUMBERS, "demand_ids", "facility_ids"))
    return sum(int(one.nbytes) for one in arrays)


@dataclass(frozen=True, eq=False)
class Cached:
    """A way of travelling whose reaches are remembered in `memory`; `travel` is the way itself, for those that ask it more."""

    travel: Travel
    memory: Memory
    identity: str

    @cached_property
    def unit(self) -> str:
        return self.travel.unit

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        """Return the Reach of the same inputs, or make it; its arrays cannot be written to."""
        asked = [self.identity, limit, *_points(demand), *_points(facilities)]
        key = _Digest().add(asked).sha.hexdigest()
        known = self.memory.get(key)
        if known is None:
            known = _frozen(self.travel.reach_whole(demand, facilities, limit))
            self.memory.keep(key, known)
        return known

    def k_nearest(self, demand: pd.DataFrame, facilities: pd.DataFrame, count: int) -> pd.DataFrame:
        """Return what the way itself says; it is not remembered."""
        return self.travel.k_nearest(demand, facilities, count)


def _frozen(reach: Reach) -> Reach:
    """Return the reach with ids of its own and arrays that nobody can write to."""
    own = replace(reach, demand_ids=reach.demand_ids.copy(), facility_ids=reach.facility_ids.copy())
    for name in (*_NUMBERS, "demand_ids", "facility_ids"):
        getattr(own, name).setflags(write=False)
    return own


def bare(travel: Travel | None) -> Travel | None:
    """Return the way of travelling itself, whether it is remembered or not."""
    return travel.travel if isinstance(travel, Cached) else travel
