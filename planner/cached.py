"""Reaches remembered within one process: reused when the SHA-256 of all that they follow from is the same, never otherwise."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from planner.reach import Reach
from planner.travel import Travel

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
