"""certainty(): every gap tried again under draws of the facts: in which share of them it is a gap, and on what it hangs.

Each draw is judged by the same travel and the same `Reach.covered()` as the findings; only what depends on places,
residents, speeds or the rural parameter is computed again. What a register alone decides cannot change here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.draws import FACTORS, Draws, hangs_on, outside
from planner.errors import Text
from planner.findings import gap_rows
from planner.measures import MM_PER_KM, Measure, holds, measure_of
from planner.reach import Reach
from planner.region import CENTER, Region, counts_as
from planner.road import Road
from planner.rules import Reading, Rule, Rules
from planner.schema import LEVELS
from planner.serving import is_served, largest_loads, named_centers
from planner.text import exact_text, percent_text
from planner.travel import Travel, bare
from planner.uncertainty import Uncertainty

Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


# One draw of the facts, travelled once: every reading that asks for the same kind by the same way shares the answer.

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


# What one reading of a rule comes to in each draw: which subjects fall short, and how many people are covered.

Ids = npt.NDArray[np.object_]
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
            drawn = measure_of(rule).drawn
            if not drawn or reading.travel not in travels:
                continue
            test = _DRAWN[drawn](draws, rule, reading, travels[reading.travel])
            if all(map(region.knows, test.kinds)) and len(test.subjects):
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
    def measure(self) -> Measure:
        return measure_of(self.rule)

    @property
    @abstractmethod
    def kinds(self) -> tuple[str, ...]:
        """The kinds of facility that are met again in every draw."""

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
        region = self.draws.region
        people = self.measure.people(region, self.reading.params)
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
    def kinds(self) -> tuple[str, ...]:
        return self.measure.kinds_of(self.reading.params)

    @property
    def _way(self) -> Way:
        return self.reading.travel, self.kinds

    @property
    def asks(self) -> Mapping[Way, int]:
        uncertainty = self.draws.uncertainty
        speed = self._limit(1 + uncertainty.speed) if "speed" in self.varied else 0
        rural = self._limit(1.0, uncertainty.rural_km[1]) if "rural" in self.varied else 0
        return {self._way: max(self._limit(), speed, rural)}

    def _limit(self, speed: float = 1.0, rural_km: float | None = None) -> int:
        """Return the limit that says the same of today's times: at half the speed, whoever was within half the time."""
        if rural_km is not None:
            return round(rural_km * MM_PER_KM)
        whole, way = self.measure.limit_of(self.reading.params), bare(self.travel)
        delay = (
            round(way.delay_s * 1000) if isinstance(way, Road) else 0
        )  # a way that is remembered adds it all the same
        return delay + int((whole - delay) * speed) if self.travel.unit == "ms" and whole > delay else whole

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

    kinds = (CENTER,)
    varied = ("all", "points", "population")
    asks: Mapping[Way, int] = MappingProxyType({})

    @cached_property
    def _table(self) -> pd.DataFrame:
        return self.measure.function(self.draws.region, self.travel, **self.reading.params)

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
        met = self._met(there.serving(self.reading.travel, self._rows), people[self._rows])
        unit = self._unit[1]
        return self._short(met), int(people[(unit >= 0) & met[unit]].sum())

    def _met(self, served: Whole, people: Whole) -> Bools:
        """Return which units meet the clause, given who serves whom and how many people there are."""
        params = self.reading.params
        loads = largest_loads(served, self._unit[0], people, len(self._units))
        return holds(params["test"], self._count > 0, loads <= params["upper"])


_DRAWN: Mapping[str, type[_Test]] = MappingProxyType({"people": _People, "centers": _Centers})
"""How a measure is tried again in each draw, by what it declares (Measure.drawn)."""


Tell = Callable[[Text], None]
VERDICTS: Mapping[str, Text] = {
    "certain": Text("确定", "certain"),
    "likely": Text("可能", "likely"),
    "sensitive": Text("敏感", "sensitive"),
    "register": Text("只看名录", "register only"),
    "untested": Text("未检验", "not tested"),
    "forced": Text("事先定下（不检验）", "forced or standing, not tested"),
    "other": Text("未入选", "not chosen"),
}
WORDS = ("gap_id", "rule", "rule_label", "reading", "reading_label", "level", "subject_code", "subject_name",
         "county_name", "town_name")  # fmt: skip
GAPS = (*WORDS, "judged", "gap_now", "people_now", "share", "verdict", *(f"share_{one}" for one in FACTORS), "hangs_on")
TORNADO = ("rule", "rule_label", "reading", "reading_label", "factor", "low_setting", "high_setting", "population",
           "covered", "covered_low", "covered_high", "change_low", "change_high", "outside")  # fmt: skip
_LOW, _HIGH = 0.05, 0.95
_PLAIN = {"together": "几项合在一起", "": "所试各项都不改变", "untested": "未检验"}


@dataclass(frozen=True, eq=False)
class Certainty:
    """Every gap with its share of draws, and every rule's covered people with one factor at a time.

    gaps      GAPS: those of today and those that some draw makes; `judged` False: a reading for reference. share: of
              the draws in which it is a gap, all factors varied; share_…: one of them alone (NaN: it plays no part)
    tornado   TORNADO: covered people at the factor's low and high end (for places and residents, which have no end:
              the 5th and 95th of a hundred draws), the others as given; factor "all": everything varied; outside: where
              today's lies of the interval of draws (see draws.outside; "" for ends)
    """

    uncertainty: Uncertainty
    gaps: pd.DataFrame
    tornado: pd.DataFrame


def certainty(
    region: Region, rules: Rules, travels: Mapping[str, Travel], findings: pd.DataFrame, uncertainty: Uncertainty,
    tell: Tell = lambda _: None,
) -> Certainty:  # fmt: skip
    """Return how certain the gaps of `findings` are, which must be those of this region, these rules and travels."""
    draws, gaps, tornado = Draws(region, uncertainty), [_not_drawn(findings, rules)], []
    for one in trials(draws, rules, travels):
        if isinstance(one, int):
            tell(Text(f"抽样检验缺口：{one} / {uncertainty.draws}", f"testing the gaps: {one} / {uncertainty.draws}"))
            continue
        gaps.append(_gaps(findings, one, uncertainty))
        tornado.append(_tornado(one))
    table = pd.concat([one for one in gaps if len(one)] or gaps[:1], ignore_index=True)
    order = {rule.id: at for at, rule in enumerate(rules.rules)}
    readings = {(rule.id, reading.id): at for rule in rules.rules for at, reading in enumerate(rule.readings)}
    table = table.assign(
        order=table["rule"].map(order),
        at=[readings[pair] for pair in zip(table["rule"], table["reading"], strict=True)],
    ).sort_values(["order", "at", "subject_code"], kind="stable")
    turned = pd.concat(tornado, ignore_index=True) if tornado else pd.DataFrame(columns=list(TORNADO))
    return Certainty(uncertainty, table[list(GAPS)].reset_index(drop=True), turned)


def _not_drawn(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the gaps of the rules that are not tried again: decided by the register alone, or not tested at all."""
    verdicts = {
        rule.id: "register" if measure_of(rule).by_register else "untested"
        for rule in rules.rules
        if not measure_of(rule).drawn
    }
    rows = gap_rows(findings, rules)
    rows = rows[rows["rule"].isin(verdicts.keys())]
    verdict = rows["rule"].map(verdicts)
    certain = verdict == "register"
    alone = {f"share_{one}": np.nan for one in FACTORS}
    return rows[list(WORDS)].assign(
        judged=True, gap_now=True, people_now=_short_people(rows), share=np.where(certain, 1.0, np.nan), verdict=verdict,
        **alone, hangs_on=np.where(certain, "", "untested"),
    )  # fmt: skip


def _short_people(rows: pd.DataFrame) -> pd.Series:
    return (rows["uncovered"] + rows["unreachable"]).astype("int64")


def _gaps(findings: pd.DataFrame, one: Trial, uncertainty: Uncertainty) -> pd.DataFrame:
    """Return the subjects that are a gap today or in some draw."""
    rule, reading = one.rule, one.reading
    mine = findings[(findings["rule"] == rule.id) & (findings["reading"] == reading.id)]
    level = _gap_level(rule, mine)
    mine = mine[mine["level"] == level].set_index("subject_code").reindex(one.subjects)
    shares = {name: short.mean(axis=0) for name, short in one.short.items()}
    alone = {f"share_{name}": shares.get(name, np.full(len(mine), np.nan)) for name in FACTORS}
    rows = mine.reset_index(names="subject_code")
    rows = rows.assign(
        judged=(mine["status"] != "not_judged").to_numpy(),
        gap_now=one.short_now,
        people_now=_short_people(rows),
        share=shares["all"],
        verdict=[uncertainty.verdict(share) for share in shares["all"]],
        **alone,
    )
    rows["hangs_on"] = [
        hangs_on({name: each[at] for name, each in shares.items()}, bool(now)) for at, now in enumerate(one.short_now)
    ]
    found = one.short_now | np.any([short.any(axis=0) for short in one.short.values()], axis=0)
    return rows.loc[found, list(GAPS)]


def _gap_level(rule: Rule, rows: pd.DataFrame) -> str:
    lowest = min((LEVELS.index(one) for one in rows["level"].unique()), default=0)
    return LEVELS[max(LEVELS.index(rule.gap_level), lowest)]


def _tornado(one: Trial) -> pd.DataFrame:
    rows = []
    for name, covered in one.covered.items():
        ends = one.ends.get(name)
        if ends is None:
            ordered = np.sort(covered)
            low, high = (int(ordered[round(share * (len(ordered) - 1))]) for share in (_LOW, _HIGH))
            settings, lies = ("5%", "95%"), outside(one.covered_now, low, high)
        else:
            (low_setting, low), (high_setting, high) = ends
            settings, lies = (low_setting, high_setting), ""
        rows.append((one.rule.id, one.rule.label, one.reading.id, one.reading.label, name, *settings, one.population,
                     one.covered_now, low, high, low - one.covered_now, high - one.covered_now, lies))  # fmt: skip
    return pd.DataFrame(rows, columns=list(TORNADO))


def hangs_on_text(code: str) -> str:
    """Return the factors of `hangs_on` in words.

    >>> hangs_on_text("points=0.12;rural=0.5"), hangs_on_text("together"), hangs_on_text(""), hangs_on_text("untested")
    ('点位（12%）、农村半径（50%）', '几项合在一起', '所试各项都不改变', '未检验')
    """
    if code in _PLAIN:
        return _PLAIN[code]
    parts = (part.split("=") for part in code.split(";"))
    return "、".join(f"{FACTOR_LABELS[name].zh}（{percent_text(float(share))}）" for name, share in parts)
