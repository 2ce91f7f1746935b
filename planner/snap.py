"""Points onto roads: the nearest place on the nearest edge, not the nearest node."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod
from shapely import STRtree, linestrings, points

from planner.network import RoadGraph

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ELLIPSOID = Geod(ellps="GRS80")
_ECCENTRICITY = float(np.sqrt(_ELLIPSOID.es))


class Walk(NamedTuple):
    """A walk between a point off the roads and a road: where it meets the road, and how many seconds it takes."""

    lon: float
    lat: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on their nearest edges: edge position (-1: none near enough), mm from its tail, and the access leg in mm."""

    edge: Whole
    along_mm: Whole
    access_mm: Whole


def nearest_of(found: Sequence[Snapped]) -> Snapped:
    """Return for each point the nearest of several edges that it was snapped to; ties to the smaller edge position."""
    found = [one for one in found if (one.edge >= 0).any()] or list(found[:1])
    if len(found) == 1:
        return found[0]
    edge, along, access = (
        np.stack([getattr(one, name) for one in found]) for name in ("edge", "along_mm", "access_mm")
    )
    row = np.lexsort((edge, np.where(edge < 0, np.iinfo(np.int64).max, access)), axis=0)[:1]
    return Snapped(*(np.take_along_axis(one, row, axis=0)[0] for one in (edge, along, access)))


def mercator(lon: Floats, lat: Floats) -> Floats:
    """Return (n, 2) metres of the ellipsoid's Mercator: conformal, so what is nearest by it is nearest on the ground.

    The sphere's would not do: fed with ellipsoidal latitudes it stretches north against east by half a per cent.
    """
    sine = np.sin(np.radians(lat))
    isometric = np.arctanh(sine) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine)
    return _ELLIPSOID.a * np.column_stack([np.radians(lon), isometric])


def lonlat(xy: Floats) -> tuple[Floats, Floats]:
    """Return the degrees of (n, 2) metres of Mercator: what `mercator` came from."""
    turned = xy / _ELLIPSOID.a
    sine = np.tanh(turned[:, 1])
    for _ in range(6):  # each round gains more than two digits
        sine = np.tanh(turned[:, 1] + _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine))
    return np.degrees(turned[:, 0]), np.degrees(np.arcsin(sine))


@dataclass(frozen=True, eq=False)
class EdgeIndex:
    """The straight segments of a graph's usable edges, ready to be asked which is nearest to a point."""

    graph: RoadGraph
    usable: Bools

    @cached_property
    def _first(self) -> tuple[Whole, Whole]:
        """The position in the shapes at which each usable segment begins, and its edge."""
        start = self.graph.shape_start
        first = np.delete(np.arange(len(self.graph.shape_lon)), start[1:] - 1)
        owner = np.repeat(np.arange(len(self.graph.tail)), np.diff(start) - 1)
        keep = self.usable[owner]
        return first[keep], owner[keep]

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        first, _ = self._first
        lon, lat = self.graph.shape_lon, self.graph.shape_lat
        if len(first) * 2 < len(lon):  # a few edges of many
            return mercator(lon[first], lat[first]), mercator(lon[first + 1], lat[first + 1])
        xy = mercator(lon, lat)
        return xy[first], xy[first + 1]

    @cached_property
    def _tree(self) -> STRtree:
        segments: Any = linestrings(np.stack(self._ends, axis=1)) if len(self._first[0]) else []
        return STRtree(segments)

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """For each segment, the share of its edge that lies before it, and the share that one metre of it is."""
        first, owner = self._first
        lon, lat = self.graph.shape_lon, self.graph.shape_lat
        metres = np.asarray(_ELLIPSOID.inv(lon[first], lat[first], lon[first + 1], lat[first + 1])[2], float)
        total = np.bincount(owner, weights=metres, minlength=len(self.graph.tail))
        running = np.cumsum(metres) - metres
        opening = np.r_[True, owner[1:] != owner[:-1]]
        before = running - np.repeat(running[opening], np.diff(np.r_[np.flatnonzero(opening), len(owner)]))
        whole = np.where(total[owner] > 0, total[owner], 1.0)
        return before / whole, 1 / whole

    def snap(self, frame: pd.DataFrame, max_m: float) -> Snapped:
        """Return where each point (lon, lat) meets its nearest edge within `max_m`; ties to the smaller edge position."""
        count = len(frame)
        edge, along, access = np.full(count, -1, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
        if not count or not self.usable.any():
            return Snapped(edge, along, access)
        owner = self._first[1]
        lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            raise ValueError("a point without coordinates cannot travel")
        here = mercator(lon, lat)
        widest = min(np.abs(lat).max() + max_m / 111_000, 89.0)
        stretch = 1.01 / np.cos(np.radians(widest))
        at, segment = self._tree.query_nearest(points(here), max_distance=max_m * stretch + 1)
        order = np.lexsort((segment, owner[segment], at))
        at, where = np.unique(at[order], return_index=True)
        segment = segment[order][where]
        foot_lon, foot_lat = lonlat(self._foot(here[at], segment))
        metres = np.asarray(_ELLIPSOID.inv(lon[at], lat[at], foot_lon, foot_lat)[2], float)
        near = np.rint(metres * 1000) <= round(max_m * 1000)
        at, segment, metres = at[near], segment[near], metres[near]
        first = self._first[0][segment]
        shape_lon, shape_lat = self.graph.shape_lon[first], self.graph.shape_lat[first]
        into = np.asarray(_ELLIPSOID.inv(shape_lon, shape_lat, foot_lon[near], foot_lat[near])[2], float)
        before, per_metre = self._shares
        length = self.graph.length_mm[owner[segment]]
        edge[at] = owner[segment]
        share = before[segment] + into * per_metre[segment]
        along[at] = np.clip(np.rint(share * length), 0, length).astype(np.int64)
        access[at] = np.rint(metres * 1000).astype(np.int64)
        return Snapped(edge, along, access)

    def closer(self, frame: pd.DataFrame, other: Snapped, max_m: float) -> Snapped:
        """Return `snap` for the points whose nearest edge is not clearly farther than the other that they have been snapped to."""
        none = np.zeros(len(frame), np.int64)
        found = Snapped(none - 1, none, none.copy())
        if not len(frame) or not self.usable.any():
            return found
        metres = np.where(other.edge < 0, max_m, other.access_mm / 1000)
        lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
        widest = np.minimum(np.abs(lat) + metres / 111_000, 89.0)
        stretch = 1.01 / np.cos(np.radians(widest))
        near = self._tree.query(points(mercator(lon, lat)), predicate="dwithin", distance=metres * stretch + 1)[0]
        rows = np.unique(near)
        part = self.snap(frame.iloc[rows], max_m)
        for all_of, some in (
            (found.edge, part.edge),
            (found.along_mm, part.along_mm),
            (found.access_mm, part.access_mm),
        ):
            all_of[rows] = some
        return found

    def places(self, step_m: float, box: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
        """Return (lon, lat) of places on the usable edges, at most `step_m` apart, ends included.

        Of segments that lie wholly outside `box` (west, south, east, north in degrees) there are none.
        """
        start, end = self._ends
        low, high = mercator(np.array([box[0], box[2]]), np.array([box[1], box[3]]))
        near = ((np.maximum(start, end) >= low) & (np.minimum(start, end) <= high)).all(axis=1)
        start, way = start[near], (end - start)[near]
        metres = np.hypot(*way.T) * np.cos(np.radians(lonlat(start)[1]))
        pieces = np.maximum(np.ceil(metres / step_m * 1.01), 1).astype(np.int64)
        owner = np.repeat(np.arange(len(pieces)), pieces + 1)
        at = np.arange(len(owner)) - np.repeat(np.cumsum(pieces + 1) - (pieces + 1), pieces + 1)
        return lonlat(start[owner] + way[owner] * (at / pieces[owner])[:, None])

    def _foot(self, here: Floats, segment: Whole) -> Floats:
        """Return the foot of each point on its segment."""
        start, end = self._ends[0][segment], self._ends[1][segment]
        way = end - start
        square = (way * way).sum(axis=1)
        share = np.clip(((here - start) * way).sum(axis=1) / np.where(square > 0, square, 1.0), 0, 1)
        return np.asarray(start + share[:, None] * way)
