"""Who is better and who worse off between two judgements, resident by resident, and the farthest places of both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.compare import Judged
from planner.measures import MM_PER_KM, MS_PER_MIN, people_in_question
from planner.places import village_names, with_places
from planner.region import Region
from planner.rules import Reading, Rule, Rules
from planner.serving import served_by

WORST_SHOWN = 10
SUMS = (
    "population", "better", "worse", "same", "slight", "newly_covered", "newly_uncovered", "covered_by_limit", "uncovered_by_limit",
    "covered_before", "covered_after",
)  # fmt: skip
"""Sums of people; better + worse + same = population, and slight are those of the same whose way differs by less than is
noticed. Those by the limit are newly covered and no nearer, newly uncovered and no farther: another limit alone did it."""
GROUP_WORDS = {
    "urban": "城镇居民（普查口径）",
    "rural": "乡村居民（普查口径）",
    "ethnic": "民族乡",
    "other": "其他乡镇（街道）",
}
GROUP_COLUMNS = ("rule", "rule_label", "reading", "reading_label", "has_limit", "is_main", "group_kind", "group_code", "group_name",
                 "county_name", *SUMS)  # fmt: skip
ETHNIC_ENDING = "族乡"


@dataclass(frozen=True)
class Noticed:
    """By how much a way must differ for people to count as nearer or farther, in whole mm and ms: a planner's parameter.

    Every point is placed less exactly than to the millimetre; who comes to be reached at all, or no longer, always counts.
    """

    mm: int = 100 * 1_000
    ms: int = 60 * 1_000

    def of(self, unit: str) -> int:
        """Return the least difference in a unit of travel.

        >>> Noticed().of("mm"), Noticed(ms=1).of("ms")
        (100000, 1)
        """
        return {"mm": self.mm, "ms": self.ms}[unit]


@dataclass(frozen=True)
class Question:
    """Whose way to what: the residents and the kinds of facility of one reading, and the limit that covers (None: no limit).

    `is_main` is whether the reading judges, stands for its rule where none judges, or asks the same by another way.
    """

    rule: Rule
    reading: Reading
    travel: str
    label: str
    kinds: tuple[str, ...]
    limit: int | None
    is_main: bool

    @property
    def id(self) -> tuple[str, str]:
        return self.rule.id, f"{self.reading.id}_{self.travel}" if self.limit is None else self.reading.id

    def sites(self, region: Region) -> gpd.GeoDataFrame:
        """Return the open facilities to which the question asks the way."""
        params = self.reading.params
        if self.rule.measure == "people_served":
            return served_by(region, params["facility_kind"], params["beside_kinds"], params["beside_ids"])
        return region.open_facilities(*self.kinds)


def questions(judged: Judged) -> list[Question]:
    """Return what is asked about people by these rules: every reading of a people measure, and the nearest facility of a kind.

    The nearest of a kind is asked, of all residents, for rules that want a facility in every unit: on each way there is.
    """
    out: list[Question] = []
    for rule in judged.rules.rules:
        if rule.measure in {"people_within", "people_within_time", "people_served"}:
            out += _of_people(rule)
        elif rule.measure == "facility_per_unit":
            ways = [one for one in ("paper", "road") if one in judged.travels]
            words = {"paper": "直线距离", "road": "道路距离"}
            reading = rule.readings[0]
            kinds = tuple(reading.params["facility_kinds"])
            out += [
                Question(rule, reading, way, f"到最近机构的{words[way]}，全体居民", kinds, None, True) for way in ways
            ]
    return out


def main_readings(rule: Rule) -> set[str]:
    """Return the readings by which a rule is told in short: the one that judges, else the first, and its like by road."""
    chief = next((one for one in rule.readings if one.judged), rule.readings[0])
    return {
        one.id for one in rule.readings if one is chief or (one.params == chief.params and one.travel != chief.travel)
    }


def _of_people(rule: Rule) -> Iterator[Question]:
    shown = main_readings(rule)
    for reading in rule.readings:
        params = reading.params
        is_main = reading.id in shown or rule.measure == "people_served" or "minutes" in params
        kinds = (params["facility_kind"], *params.get("beside_kinds", ()))
        yield Question(rule, reading, reading.travel, reading.label, kinds, _limit(params), is_main)


def _limit(params: Mapping[str, Any]) -> int:
    """Return the limit of a people measure in the whole units of its travel."""
    return round(params["minutes"] * MS_PER_MIN if "minutes" in params else params["radius_km"] * MM_PER_KM)


def question_of(rules: Rules, question: Question) -> Question | None:
    """Return the same question as another scenario's rules ask it (its limit may differ); None where they do not."""
    rule = next((one for one in rules.rules if one.id == question.rule.id), None)
    reading = next((one for one in rule.readings if one.id == question.reading.id), None) if rule else None
    if rule is None or reading is None:
        return None
    if question.limit is None:
        return question
    return next(one for one in _of_people(rule) if one.reading.id == reading.id)


class Itself:
    """An object as a key: it is equal to itself alone, and kept, so that no other can come to stand in its place."""

    def __init__(self, what: object) -> None:
        self.what = what

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.what is self.what

    def __hash__(self) -> int:
        return id(self.what)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Answers to who goes where, each found once: the same people, facilities, way and limit are not asked again."""

    known: dict[Any, pd.DataFrame] = field(default_factory=dict)
    asked: dict[Any, gpd.GeoDataFrame] = field(default_factory=dict)

    def people(self, region: Region, question: Question) -> gpd.GeoDataFrame:
        """Return the resident points that the question is about, none empty."""
        params = question.reading.params
        who = (params["residents"], params["urban_scope"]) if "urban_scope" in params else ()
        key = (who, Itself(region.residents), Itself(region.towns))
        if key not in self.asked:
            self.asked[key] = (
                people_in_question(region, *who) if who else region.residents[region.residents["population"] > 0]
            )
        return self.asked[key]

    def of(self, judged: Judged, question: Question, people: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return, for each of `people`: facility_id, cost (NaN: none), covered."""
        sites = question.sites(judged.region)
        travel = judged.travels[question.travel]
        place = tuple(zip(sites["id"], sites["lon"], sites["lat"], strict=True))
        key = (Itself(travel), question.limit, Itself(people), place)
        if key not in self.known:
            reach = travel.reach_whole(people, sites, limit=question.limit or 0)
            covered = reach.covered() if question.limit is not None else False
            self.known[key] = reach.nearest().assign(covered=covered)
        return self.known[key]


def residents_compared(
    before: Judged, after: Judged, asked: Sequence[Question], nearest: Nearest, noticed: Noticed
) -> pd.DataFrame:
    """Return one row a question and resident point of the later scenario.

    Columns: question (its place in `asked`), point (the resident's place in the region's frame), population, cost and
    facility on both sides, and people better, worse, same, and the others of SUMS.
    Both scenarios are asked about the people of the later one, so that the sums are of the same people.
    """
    parts = [_one_question(before, after, at, question, nearest, noticed) for at, question in enumerate(asked)]
    sides = [f"{name}_{side}" for name in ("cost", "facility") for side in ("before", "after")]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["question", "point", *SUMS, *sides])


def _one_question(
    before: Judged, after: Judged, at: int, question: Question, nearest: Nearest, noticed: Noticed
) -> pd.DataFrame:
    region = after.region
    people = nearest.people(region, question)
    earlier = question_of(before.rules, question)
    if earlier is None:
        raise ValueError(f"the earlier rules do not ask {question.id}")
    left = nearest.of(before, earlier, people)
    right = nearest.of(after, question, people)
    cost = {"before": left["cost"].to_numpy(float), "after": right["cost"].to_numpy(float)}
    far = {side: np.where(np.isnan(values), np.inf, values) for side, values in cost.items()}
    covered = {"before": left["covered"].to_numpy(bool), "after": right["covered"].to_numpy(bool)}
    weight = people["population"].to_numpy()
    least = noticed.of(after.travels[question.travel].unit)
    better, worse = (_less(far[one], far[other], least) for one, other in (("after", "before"), ("before", "after")))
    flags = {
        "better": better,
        "worse": worse,
        "same": ~(better | worse),
        "slight": ~(better | worse) & (far["after"] != far["before"]),
        "newly_covered": covered["after"] & ~covered["before"],
        "newly_uncovered": covered["before"] & ~covered["after"],
        "covered_by_limit": covered["after"] & ~covered["before"] & (far["after"] >= far["before"]),
        "uncovered_by_limit": covered["before"] & ~covered["after"] & (far["after"] <= far["before"]),
        "covered_before": covered["before"],
        "covered_after": covered["after"],
    }
    point = region.residents.index.get_indexer(people.index)
    columns = {name: np.where(flag, weight, 0) for name, flag in flags.items()}
    columns |= {f"cost_{side}": values for side, values in cost.items()}
    columns |= {
        "facility_before": left["facility_id"].to_numpy(object),
        "facility_after": right["facility_id"].to_numpy(object),
    }
    return pd.DataFrame({"question": at, "point": point, "population": weight, **columns})


def _less(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], least: int) -> npt.NDArray[np.bool_]:
    """Return where the one is less than the other by at least so much; infinity is more than any number."""
    return (one < other) & (one + least <= other)


def groups(after: Judged, asked: Sequence[Question], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the people of `rows` by question, summed by city, census urban or rural, 民族乡 or not, county and town."""
    region = after.region
    residents, towns, counties = (
        region.residents,
        region.towns.set_index("code"),
        region.counties.set_index("code")["name"],
    )
    ethnic = residents["town_code"].map(towns["name"]).fillna("").str.endswith(ETHNIC_ENDING)
    codes = {
        "city": np.full(len(residents), region.about.code, object),
        "census": np.where(residents["is_urban"].to_numpy(bool), "urban", "rural"),
        "ethnic": np.where(ethnic.to_numpy(bool), "ethnic", "other"),
        "county": residents["county_code"].to_numpy(object),
        "town": residents["town_code"].to_numpy(object),
    }
    parts, point = [], rows["point"].to_numpy(np.int64)
    for kind, code in codes.items():
        summed = rows[list(SUMS)].groupby([rows["question"].to_numpy(np.int64), code[point]], sort=True).sum()
        parts.append(summed.rename_axis(["question", "group_code"]).reset_index().assign(group_kind=kind))
    table = pd.concat(parts, ignore_index=True).sort_values("question", kind="stable", ignore_index=True)
    names = {region.about.code: region.about.name, **GROUP_WORDS, **counties.to_dict(), **towns["name"].to_dict()}
    table["group_name"] = table["group_code"].map(names).fillna("")
    table["county_name"] = table["group_code"].map(towns["county_code"]).map(counties).fillna("")
    return _about(table, asked)[list(GROUP_COLUMNS)]


def worst_places(before: Judged, after: Judged, asked: Sequence[Question], rows: pd.DataFrame) -> pd.DataFrame:
    """Return, by question, the settlements among the ten farthest on either side, with both ranks, costs and facilities.

    Who is not reached at all is the farthest; then by cost; ties by people, then by id.
    """
    residents, point = after.region.residents, rows["point"].to_numpy(np.int64)
    keys = ["village_code", "town_code", "county_code", "lon", "lat"]
    spot = residents.groupby(keys, sort=False).ngroup().to_numpy()[point]
    rows = rows.assign(spot=spot, id=residents["id"].to_numpy(object)[point]).sort_values("id", kind="stable")
    grouped = rows.groupby(["question", "spot"], sort=False)
    spots = grouped.agg(point=("point", "first"), population=("population", "sum"))
    sides = ("before", "after")
    first = grouped[["id", *(f"{name}_{side}" for name in ("cost", "facility") for side in sides)]].first()
    spots = spots.join(first).reset_index()
    for side in sides:
        spots[f"rank_{side}"] = _ranks(spots, spots[f"cost_{side}"].to_numpy(float))
    shown = spots[(spots["rank_before"] <= WORST_SHOWN) | (spots["rank_after"] <= WORST_SHOWN)]
    places = residents.iloc[shown["point"].to_numpy(np.int64)][
        ["village_code", "town_code", "county_code", "estimated"]
    ]
    shown = shown.reset_index(drop=True).join(places.reset_index(drop=True))
    for side, judged in zip(sides, (before, after), strict=True):
        names = judged.region.facilities.set_index("id")["name"]
        shown[f"facility_name_{side}"] = shown[f"facility_{side}"].map(names).fillna("")
    units = [after.travels[asked[at].travel].unit for at in shown["question"]]
    shown = with_places(after.region, shown).assign(name=village_names(after.region, shown), unit=units)
    return _about(shown, asked).sort_values(["question", "rank_after"], kind="stable", ignore_index=True)


def _ranks(spots: pd.DataFrame, cost: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the place of each spot among those of its question, the farthest first."""
    far = -np.nan_to_num(cost, nan=np.inf, posinf=np.inf)
    order = np.lexsort((spots["id"].to_numpy(str), -spots["population"].to_numpy(), far, spots["question"].to_numpy()))
    ranks = np.empty(len(spots), np.int64)
    ranks[order] = spots["question"].to_numpy()[order]
    start = np.searchsorted(ranks[order], np.arange(ranks.max(initial=0) + 1))
    ranks[order] = np.arange(len(spots)) - start[ranks[order]] + 1
    return ranks


def _about(table: pd.DataFrame, asked: Sequence[Question]) -> pd.DataFrame:
    """Return the table with the words of each row's question."""
    words = pd.DataFrame(
        [(*one.id, one.rule.label, one.label, one.limit is not None, one.is_main) for one in asked],
        columns=["rule", "reading", "rule_label", "reading_label", "has_limit", "is_main"],
    )
    return table.join(words, on="question")
