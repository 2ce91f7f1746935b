"""Draws: how wrong the facts may be, and what they would then be. The same seed gives the same draws, row by row.

What a row draws hangs on its place or its id, never on which other rows there are or in what order: two scenarios are
tested under the same errors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod

from planner.region import Region
from planner.uncertainty import Uncertainty

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_ELLIPSOID = Geod(ellps="GRS80")
_DISTANCE, _DIRECTION, _PEOPLE, _SPEED, _RURAL = range(5)
"""The streams of one seed."""

FACTORS = ("points", "population", "speed", "rural")
"""What is varied: places, residents, the table of speeds, the rural parameter."""


def keys_of(texts: Iterable[str]) -> Keys:
    """Return a number for each text, always the same one."""
    return np.array([int.from_bytes(sha256(one.encode()).digest()[:8], "little") for one in texts], np.uint64)


def _mixed(values: Keys) -> Keys:
    """Return the numbers stirred (splitmix64): neighbours come out unrelated."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), np.uint64)


def uniform(keys: Keys, seed: int, draw: int, stream: int) -> Floats:
    """Return a number in [0, 1) for each key, by seed, draw and stream alone.

    >>> uniform(keys_of(["a", "b"]), 0, 0, 0).round(4).tolist() == uniform(keys_of(["b", "a"]), 0, 0, 0)[::-1].round(4).tolist()
    True
    """
    place = _mixed(np.array([(seed << 24) + (stream << 20)], np.uint64)) ^ np.uint64(draw)
    return (_mixed(_mixed(keys) ^ _mixed(place)) >> np.uint64(11)).astype(np.float64) * 2.0**-53


@dataclass(frozen=True, eq=False)
class Places:
    """Where points are given (id, lon, lat), and the keys by which those of one place move together."""

    frame: pd.DataFrame
    keys: Keys

    @classmethod
    def of(cls, frame: pd.DataFrame, side: str) -> "Places":
        """Return the places of one side: what stands on one spot moves as one, apart from the other side's."""
        plain = pd.DataFrame({name: frame[name].to_numpy() for name in ("id", "lon", "lat")})
        texts = (
            f"{side}|{lon!r}|{lat!r}" for lon, lat in zip(plain["lon"].tolist(), plain["lat"].tolist(), strict=True)
        )
        return cls(plain, keys_of(texts))

    def moved(self, uncertainty: Uncertainty, draw: int) -> pd.DataFrame:
        """Return id, lon, lat with every place moved, uniformly in a disc of `point_m` on the ground."""
        if uncertainty.point_m == 0 or not len(self.keys):
            return self.frame
        far = uniform(self.keys, uncertainty.seed, draw, _DISTANCE)
        turn = uniform(self.keys, uncertainty.seed, draw, _DIRECTION)
        lon, lat, _ = _ELLIPSOID.fwd(
            self.frame["lon"].to_numpy(float),
            self.frame["lat"].to_numpy(float),
            turn * 360.0,
            uncertainty.point_m * np.sqrt(far),
        )
        return self.frame.assign(lon=lon, lat=lat)


@dataclass(frozen=True, eq=False)
class Draws:
    """The facts of one region as each draw has them. Draw numbers begin at 0."""

    region: Region
    uncertainty: Uncertainty = field(default=Uncertainty())

    @cached_property
    def residents(self) -> Places:
        return Places.of(self.region.residents, "residents")

    @cached_property
    def facilities(self) -> Places:
        return Places.of(self.region.facilities, "facilities")

    @cached_property
    def _rows(self) -> tuple[Keys, Floats, Floats]:
        people = self.region.residents
        off = np.where(people["estimated"].to_numpy(bool), self.uncertainty.estimated, self.uncertainty.population)
        return keys_of(f"people|{one}" for one in people["id"]), people["population"].to_numpy(float), off

    def population(self, draw: int) -> Whole:
        """Return the residents of each row, whole people, at least one where there was one."""
        keys, people, off = self._rows
        factor = 1 + off * (2 * uniform(keys, self.uncertainty.seed, draw, _PEOPLE) - 1)
        return np.maximum(np.rint(people * factor), people > 0).astype(np.int64)

    def speed(self, draw: int) -> float:
        """Return the factor of all speeds."""
        return 1 + self.uncertainty.speed * (2 * self._one(draw, _SPEED) - 1)

    def rural_km(self, draw: int) -> float:
        """Return the planner's parameter for rural areas."""
        low, high = self.uncertainty.rural_km
        return low + (high - low) * self._one(draw, _RURAL)

    def _one(self, draw: int, stream: int) -> float:
        return float(uniform(keys_of(["all"]), self.uncertainty.seed, draw, stream)[0])


def hangs_on(share: Mapping[str, float], now: bool) -> str:
    """Return the factors that alone turn it, the strongest first, with the share of draws in which they do.

    >>> hangs_on({"all": 0.8, "points": 0.9, "population": 1.0}, True), hangs_on({"all": 1.0, "points": 1.0}, True)
    ('points=0.1', '')
    """
    turned = {
        name: 1 - one if now else one
        for name, one in share.items()
        if name != "all" and not np.isnan(one) and one != float(now)
    }
    if not turned:
        return "" if share["all"] == float(now) else "together"
    order = sorted(turned, key=lambda name: (-turned[name], list(share).index(name)))
    return ";".join(f"{name}={turned[name]:.4g}" for name in order)


def outside(now: float, low: float, high: float) -> str:
    """Return where today's value lies of an interval of draws: "above" it, "below" it, or "" within, ends included.

    Outside, the draws do not scatter around today: what they vary pushes to one side.

    >>> outside(9, 10, 12), outside(10, 10, 12), outside(13, 10, 12)
    ('below', '', 'above')
    """
    return "below" if now < low else "above" if now > high else ""
