"""What one reading of a rule comes to in each draw: which subjects fall short, and how many people are covered."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.cached import bare
from planner.certainty_draw import Bench, OneDraw, Way
from planner.draws import Draws
from planner.errors import Text
from planner.measures import MEASURES, MM_PER_KM, MS_PER_MIN, people_in_question
from planner.region import Region
from planner.road import Road
from planner.rules import Reading, Rule, Rules
from planner.schema import LEVELS
from planner.serving import CENTER, is_served
from planner.text import exact_text
from planner.travel import Travel

Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Ids = npt.NDArray[np.object_]
MEASURED = ("people_within", "people_within_time", "community_centers")
"""The measures that are tried again in each draw; of the others see Measure.by_register."""
FACTOR_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "points": Text("点位", "places"),
        "population": Text("人口", "population"),
        "speed": Text("时速", "speeds"),
        "rural": Text("农村半径", "rural radius"),
        "all": Text("全部一起", "all together"),
    }
)
Case = tuple[Bools, int]
"""Which subjects fall short, and how many people are covered."""
Ends = Mapping[str, tuple[tuple[str, int], tuple[str, int]]]


@dataclass(frozen=True, eq=False)
class Trial:
    """One reading under all draws.

    subjects      codes at the gap level, sorted; short_now: which fall short today
    short         by what is varied ("all" or one factor): draws × subjects
    covered       by what is varied: covered people of each draw
    ends          factor → (setting, covered people) at its low and its high end; none for factors without ends
    population, covered_now   people today
    """

    rule: Rule
    reading: Reading
    subjects: Ids
    short_now: Bools
    short: Mapping[str, Bools]
    covered: Mapping[str, Whole]
    ends: Ends
    population: int
    covered_now: int


def trials(draws: Draws, rules: Rules, travels: Mapping[str, Travel]) -> Iterator["Trial | int"]:
    """Yield the number of each draw when it is done, then each reading's outcome, in the order of the rules."""
    tests = list(_tests(draws, rules, travels))
    widest: dict[Way, int] = {}
    for test in tests:
        for way, limit in test.asks.items():
            widest[way] = max(limit, widest.get(way, 0))
    bench = Bench(draws, travels, widest)
    kept = [test.blank(draws.uncertainty.draws) for test in tests]
    for number in range(draws.uncertainty.draws):
        draw = OneDraw(bench, number)
        for test, (short, covered) in zip(tests, kept, strict=True):
            for name in test.varied:
                short[name][number], covered[name][number] = test.case(name, bench, draw)
        yield number + 1
    for test, (short, covered) in zip(tests, kept, strict=True):
        short_now, covered_now = test.case("now", bench, bench.now)
        yield Trial(
            test.rule, test.reading, test.subjects, short_now, short, covered, test.ends(bench), test.population,
            covered_now,
        )  # fmt: skip


def _tests(draws: Draws, rules: Rules, travels: Mapping[str, Travel]) -> Iterator["_Test"]:
    """Yield a test of each reading that finds somebody, and of whose facilities the register tells."""
    region = draws.region
    for rule in rules.rules:
        for reading in rule.readings:
            if rule.measure not in MEASURED or reading.travel not in travels:
                continue
            test = (_Centers if rule.measure == "community_centers" else _People)(
                draws, rule, reading, travels[reading.travel]
            )
            kinds = (reading.params.get("facility_kind", CENTER), *reading.params.get("beside_kinds", ()))
            if all(map(region.knows, kinds)) and len(test.subjects):
                yield test


def is_rural_parameter(rule: Rule, reading: Reading) -> bool:
    """Whether the reading rests on the planner's radius for rural areas: an assumption, which judges nothing."""
    return (
        "radius_km" in reading.params
        and reading.params.get("residents") == "rural"
        and not any(one.judged for one in rule.readings)
        and bool(rule.assumptions)
    )


def _parents(region: Region, level: str, codes: pd.Series, upper: str) -> Ids:
    """Return, for codes of one level, the codes of those they lie in at a higher one."""
    if upper == "city":
        return np.full(len(codes), region.about.code, dtype=object)
    if level == "village" and upper != "village":
        codes, level = codes.map(region.villages.set_index("code")["town_code"]), "town"
    if level == "town" and upper == "county":
        codes = codes.map(region.towns.set_index("code")["county_code"])
    return codes.to_numpy(object)


@dataclass(frozen=True, eq=False)
class _Test(ABC):
    """One reading, ready for any draw."""

    draws: Draws
    rule: Rule
    reading: Reading
    travel: Travel

    @property
    @abstractmethod
    def asks(self) -> Mapping[Way, int]:
        """The ways and kinds that it asks for, up to which limit."""

    @property
    @abstractmethod
    def varied(self) -> tuple[str, ...]:
        """What can be varied: "all" and the factors that play a part."""

    @property
    @abstractmethod
    def population(self) -> int:
        """The people in question."""

    @property
    @abstractmethod
    def _codes(self) -> tuple[str, pd.Series]:
        """The level and the codes of what is judged: of each resident, or of each unit."""

    @abstractmethod
    def case(self, name: str, bench: Bench, draw: OneDraw) -> Case:
        """Return what comes of a draw when this is varied and all else is as it is given."""

    def ends(self, bench: Bench) -> Ends:  # noqa: ARG002 - the general case has none
        """Return what comes of each factor's ends."""
        return {}

    @property
    def subjects(self) -> Ids:
        return self._groups[0]

    @cached_property
    def _groups(self) -> tuple[Ids, Whole]:
        """The codes at the gap level (or at the lowest there is), and to which of them each resident or unit belongs."""
        level, codes = self._codes
        upper = LEVELS[max(LEVELS.index(self.rule.gap_level), LEVELS.index(level))]
        names, group = np.unique(_parents(self.draws.region, level, codes, upper).astype(str), return_inverse=True)
        return names.astype(object), group.astype(np.int64)

    def _short(self, holds: Bools) -> Bools:
        """Return which subjects have one for whom it does not hold."""
        names, group = self._groups
        return np.asarray(np.bincount(group[~holds], minlength=len(names)) > 0, np.bool_)

    def blank(self, count: int) -> tuple[dict[str, Bools], dict[str, Whole]]:
        """Return empty tables for so many draws."""
        short = {name: np.zeros((count, len(self.subjects)), np.bool_) for name in self.varied}
        return short, {name: np.zeros(count, np.int64) for name in self.varied}


class _People(_Test):
    """People within a radius or a time: a subject falls short when one of its residents is not covered."""

    @cached_property
    def _rows(self) -> Whole:
        region, params = self.draws.region, self.reading.params
        people = people_in_question(region, params["residents"], params["urban_scope"])
        return np.asarray(region.residents.index.get_indexer(people.index), np.int64)

    @property
    def _codes(self) -> tuple[str, pd.Series]:
        level = self.draws.region.subject_level
        return level, self.draws.region.residents.iloc[self._rows][f"{level}_code"]

    @property
    def population(self) -> int:
        return int(self.draws.region.residents["population"].to_numpy(np.int64)[self._rows].sum())

    @cached_property
    def varied(self) -> tuple[str, ...]:
        by_time, rural = self.travel.unit == "ms", is_rural_parameter(self.rule, self.reading)
        return ("all", "points", "population", *(["speed"] if by_time else []), *(["rural"] if rural else []))

    @property
    def _way(self) -> Way:
        params = self.reading.params
        return self.reading.travel, (params["facility_kind"], *params.get("beside_kinds", ()))

    @property
    def asks(self) -> Mapping[Way, int]:
        uncertainty = self.draws.uncertainty
        speed = self._limit(1 + uncertainty.speed) if "speed" in self.varied else 0
        rural = self._limit(1.0, uncertainty.rural_km[1]) if "rural" in self.varied else 0
        return {self._way: max(self._limit(), speed, rural)}

    def _limit(self, speed: float = 1.0, rural_km: float | None = None) -> int:
        """Return the limit that says the same of today's times: at half the speed, whoever was within half the time."""
        params = self.reading.params
        if "minutes" in params:
            way = bare(self.travel)  # a way that is remembered adds its delay all the same
            delay = round(way.delay_s * 1000) if isinstance(way, Road) else 0
            whole = round(params["minutes"] * MS_PER_MIN)
            return delay + int((whole - delay) * speed) if whole > delay else whole
        return round((params["radius_km"] if rural_km is None else rural_km) * MM_PER_KM)

    def case(self, name: str, bench: Bench, draw: OneDraw) -> Case:
        there = draw if name in ("all", "points") else bench.now
        people = draw.people if name in ("all", "population") else bench.people_now
        speed = draw.speed if name in ("all", "speed") and "speed" in self.varied else 1.0
        rural = draw.rural_km if name in ("all", "rural") and "rural" in self.varied else None
        return self._judged(there.covered(self._way, self._limit(speed, rural)), people)

    def _judged(self, covered: Bools, people: Whole) -> Case:
        inside = covered[self._rows]
        return self._short(inside), int(people[self._rows][inside].sum())

    def ends(self, bench: Bench) -> Ends:
        off, kilometres = self.draws.uncertainty.speed, self.draws.uncertainty.rural_km
        settings = {
            "speed": [(f"×{exact_text(1 + change)}", self._limit(1 + change)) for change in (-off, off)],
            "rural": [(f"{exact_text(one)} km", self._limit(1.0, one)) for one in kilometres],
        }
        out = {}
        for name in (one for one in self.varied if one in settings):
            low, high = (
                (said, self._judged(bench.now.covered(self._way, limit), bench.people_now)[1])
                for said, limit in settings[name]
            )
            out[name] = (low, high)
        return out


class _Centers(_Test):
    """Community health centres: which units fall short of the clause, by who is nearest to whom and by the loads.

    The same rules as measures.community_centers, with what no draw touches computed once.
    """

    varied = ("all", "points", "population")
    asks: Mapping[Way, int] = MappingProxyType({})

    @cached_property
    def _table(self) -> pd.DataFrame:
        return MEASURES["community_centers"].function(self.draws.region, self.travel, **self.reading.params)

    @cached_property
    def _units(self) -> Ids:
        """The units whose case the data tell."""
        return self._table.loc[self._table["met"].notna(), "subject_code"].to_numpy(object)

    @property
    def _codes(self) -> tuple[str, pd.Series]:
        return "town", pd.Series(self._units)

    @cached_property
    def _rows(self) -> Whole:
        """The rows of residents whom centres may serve."""
        region = self.draws.region
        return np.flatnonzero(is_served(region, self._table["subject_code"], region.open_facilities(CENTER)))

    @cached_property
    def _unit(self) -> tuple[Whole, Whole]:
        """The unit (-1: none) of each of these rows, and of every row of residents."""
        town = pd.Index(self.draws.region.residents["town_code"].to_numpy(object))
        every = np.asarray(pd.Index(self._units).get_indexer(town), np.int64)
        return every[self._rows], every

    @cached_property
    def _count(self) -> Whole:
        centers = self.draws.region.open_facilities(CENTER)
        return pd.Series(self._units).map(centers.groupby("town_code").size()).fillna(0).to_numpy(np.int64)

    @property
    def population(self) -> int:
        people = self.draws.region.residents["population"].to_numpy(np.int64)
        return int(people[self._unit[1] >= 0].sum())

    def case(self, name: str, bench: Bench, draw: OneDraw) -> Case:
        there = draw if name in ("all", "points") else bench.now
        people = draw.people if name in ("all", "population") else bench.people_now
        holds = self._holds(there.serving(self.reading.travel, self._rows), people[self._rows])
        unit = self._unit[1]
        return self._short(holds), int(people[(unit >= 0) & holds[unit]].sum())

    def _holds(self, served: Whole, people: Whole) -> Bools:
        """Return which units meet the clause, given who serves whom and how many people there are."""
        params = self.reading.params
        some = served >= 0
        load = np.bincount(served[some], people[some], minlength=1 + int(served.max(initial=0)))
        unit = self._unit[0]
        mine = some & (unit >= 0)
        worst = np.full(len(self._units), np.nan)
        np.fmax.at(worst, unit[mine], load[served[mine]])
        within = worst <= params["upper"]
        present = self._count > 0
        return np.asarray({"present": present, "load": within, "either": present | within}[params["test"]], np.bool_)
