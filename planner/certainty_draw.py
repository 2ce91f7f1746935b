"""One draw of the facts, travelled once: every reading that asks for the same kind by the same way shares the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.draws import Draws
from planner.reach import Reach
from planner.region import counts_as
from planner.serving import CENTER, named_centers
from planner.travel import Travel

Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Way = tuple[str, tuple[str, ...]]
"""A way of travelling and the kinds of facility that count."""
_ALL_PAIRS = 2**32 - 2


@dataclass(frozen=True, eq=False)
class Bench:
    """What all draws of one region share: the ways of travelling, and up to which limit each kind is asked for."""

    draws: Draws
    travels: Mapping[str, Travel]
    widest: Mapping[Way, int]

    @cached_property
    def spots(self) -> tuple[Whole, Whole]:
        """The first row of residents on each spot, and the spot of each row: who lives on one spot travels as one."""
        _, first, spot = np.unique(self.draws.residents.keys, return_index=True, return_inverse=True)
        return first.astype(np.int64), spot.astype(np.int64)

    @cached_property
    def people_now(self) -> Whole:
        return self.draws.region.residents["population"].to_numpy(np.int64)

    @cached_property
    def named(self) -> Mapping[str, tuple[str, ...]]:
        """The centres named for a community, by its code."""
        return named_centers(self.draws.region)

    @cached_property
    def now(self) -> "OneDraw":
        """The facts as they are given."""
        return OneDraw(self, None)

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], Whole]:
        return {}

    def kinds(self, names: tuple[str, ...]) -> Whole:
        """Return the rows of the open facilities of these kinds; kept, for every draw asks."""
        if names not in self._rows:
            facilities = self.draws.region.facilities
            is_open = (facilities["status"] == "open").to_numpy(bool)
            self._rows[names] = np.flatnonzero(is_open & counts_as(facilities, names).to_numpy(bool))
        return self._rows[names]

    @cached_property
    def homes(self) -> pd.DataFrame:
        """County, town and village of the residents on each spot."""
        rows = self.draws.region.residents.iloc[self.spots[0]]
        return pd.DataFrame(rows[["county_code", "town_code", "village_code"]])

    @cached_property
    def places(self) -> pd.DataFrame:
        """County and town of each facility, by id."""
        rows = self.draws.region.facilities.set_index("id")
        return pd.DataFrame(rows[["county_code", "town_code"]])


@dataclass(frozen=True, eq=False)
class OneDraw:
    """The facts of one draw (None: as they are given), computed as they are asked for."""

    bench: Bench
    number: int | None
    reaches: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def people(self) -> Whole:
        """The residents of each row."""
        return self.bench.people_now if self.number is None else self.bench.draws.population(self.number)

    @cached_property
    def speed(self) -> float:
        return 1.0 if self.number is None else self.bench.draws.speed(self.number)

    @cached_property
    def rural_km(self) -> float | None:
        return None if self.number is None else self.bench.draws.rural_km(self.number)

    @cached_property
    def residents(self) -> pd.DataFrame:
        """The spots where people live: id, lon, lat."""
        draws = self.bench.draws
        frame = draws.residents.frame if self.number is None else draws.residents.moved(draws.uncertainty, self.number)
        return frame.iloc[self.bench.spots[0]]

    @cached_property
    def facilities(self) -> pd.DataFrame:
        draws = self.bench.draws
        return draws.facilities.frame if self.number is None else draws.facilities.moved(draws.uncertainty, self.number)

    def covered(self, way: Way, limit: int) -> Bools:
        """Return, for each row of residents, whether a facility of the kind is within the limit."""
        reach: Reach | None = self.reaches.get(way)
        if reach is None:
            theirs = self.facilities.iloc[self.bench.kinds(way[1])]
            reach = self.bench.travels[way[0]].reach_whole(self.residents, theirs, self.bench.widest[way])
            self.reaches[way] = reach
        return reach.covered(limit).to_numpy(bool)[self.bench.spots[1]]

    def serving(self, travel: str, rows: Whole) -> Whole:
        """Return, for each of these rows of residents, which centre (by its place among the ids) serves them, or -1.

        The nearest of those named for them, else of their own town, else of their county, ties to the smaller id, as in
        serving.serving_center.
        """
        key = ("serving", travel)
        if key not in self.reaches:
            self.reaches[key] = self._serving(travel, rows)
        found: Whole = self.reaches[key]
        return found

    def _serving(self, travel: str, rows: Whole) -> Whole:
        theirs = self.facilities.iloc[self.bench.kinds((CENTER,))]
        asked, place = np.unique(self.bench.spots[1][rows], return_inverse=True)
        reach = self.bench.travels[travel].reach_whole(self.residents.iloc[asked], theirs, _ALL_PAIRS)
        centers = self.bench.places.loc[list(reach.facility_ids)]
        count = np.diff(reach.indptr)
        at, center, cost = np.repeat(np.arange(len(asked)), count), reach.indices, reach.costs.astype(np.int64)
        home = self.bench.homes.iloc[asked]
        out = np.full(len(asked), -1, np.int64)
        for column in ("county_code", "town_code"):  # the town's own centre overrides
            codes, _ = pd.factorize(np.concatenate([home[column].to_numpy(object), centers[column].to_numpy(object)]))
            own = codes[: len(home)][at] == codes[len(home) :][center]
            order = np.lexsort((center[own], cost[own], at[own]))
            who = at[own][order]
            nearest = np.r_[True, who[1:] != who[:-1]] if len(who) else np.zeros(0, bool)
            out[who[nearest]] = center[own][order][nearest]
        named = pd.Series(home["village_code"].to_numpy(object)).map(self.bench.named)
        for ids in sorted(set(named.dropna())):  # and one that is named, both
            who, its = np.flatnonzero(named == ids), np.flatnonzero(centers.index.isin(ids))
            own = np.isin(at, who) & np.isin(center, its)
            order = np.lexsort((center[own], cost[own], at[own]))
            first_of, chosen = np.unique(at[own][order], return_index=True)
            out[first_of] = center[own][order][chosen]
        return out[place]
