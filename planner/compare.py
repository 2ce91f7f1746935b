"""Two judgements side by side: findings by key, clauses newly met or broken, and numbers whose changes are real.

A change is said only where whole numbers (people, units) or the words of a status differ; shares are compared as
fractions of people, never as rounded per cents.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod

from planner.findings import gap_rows
from planner.measures import measure_of, people_named
from planner.region import Region, village_names, with_places
from planner.rules import Reading, Rule, Rules
from planner.scenario import Edit
from planner.schema import FACILITIES
from planner.text import basis_of, change_text, point_change, shares_apart, value_texts
from planner.travel import Travel

KEY = (
    "rule", "rule_label", "reading", "reading_label", "level", "subject_code", "subject_name", "town_code", "town_name",
    "county_code", "county_name", "denominator", "unit",
)  # fmt: skip
"""What a row of findings is about: the same on both sides."""
COUNTS = ("population", "covered", "uncovered", "unreachable", "population_no_data")
SHOWN = (*COUNTS, "value", "required", "gap", "status")
"""What is held against each other; `value` and `gap` of a share follow from the counts."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One scenario, judged: its facts, the rules that were computed, how one travelled, and the findings."""

    region: Region
    rules: Rules
    travels: Mapping[str, Travel]
    findings: pd.DataFrame


def aligned(tables: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the keys of all findings (by gap_id, in the order of the first that has them) and each table's SHOWN.

    A key that a table does not have is NaN there.
    """
    order = list(dict.fromkeys(one for table in tables for one in table["gap_id"]))
    indexed = [table.set_index("gap_id") for table in tables]
    keys = indexed[0][list(KEY)].reindex(order)
    for other in indexed[1:]:
        missing = keys["rule"].isna()
        if missing.any():
            keys.loc[missing] = other[list(KEY)].reindex(keys.index[missing])
    return keys, [one[list(SHOWN)].reindex(order) for one in indexed]


def side_by_side(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return one row a key of either findings: KEY, every SHOWN column as _before and _after, _change of the numbers, changed.

    `changed` is whether a count, a number of units, what is required or the status differs, or a row is on one side only.
    """
    keys, (left, right) = aligned([before, after])
    out = keys.copy()
    differs = np.zeros(len(keys), np.bool_)
    for name in SHOWN:
        out[f"{name}_before"], out[f"{name}_after"] = left[name], right[name]
        differs |= ~((left[name] == right[name]) | (left[name].isna() & right[name].isna())).to_numpy(bool)
        if name != "status":
            out[f"{name}_change"] = right[name].astype(float) - left[name].astype(float)
    same_people = (left["covered"] * right["population"] == right["covered"] * left["population"]) & left[
        "covered"
    ].notna()
    of_people = out["unit"].map(basis_of) == "people"
    out.loc[of_people & same_people, ["value_change", "gap_change"]] = 0.0
    out["changed"] = differs
    return out.reset_index()


def clause_changes(before: Judged, after: Judged, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `table` (side_by_side of both) that judge on both sides and whose status turned: change "met" (newly) or "broken" (newly).

    At the level of the whole city, and at each rule's own gap level (is_gap_level).
    """
    turned = {("not_met", "met"): "met", ("met", "not_met"): "broken"}
    change = [turned.get(pair, "") for pair in zip(table["status_before"], table["status_after"], strict=True)]
    gaps = set(gap_rows(before.findings, before.rules)["gap_id"]) | set(gap_rows(after.findings, after.rules)["gap_id"])
    table = table.assign(change=change, is_gap_level=table["gap_id"].isin(gaps))
    return table[(table["change"] != "") & ((table["level"] == "city") | table["is_gap_level"])].reset_index(drop=True)


def gap_ids(judged: Judged) -> set[str]:
    """Return the ids of the gap list."""
    return set(gap_rows(judged.findings, judged.rules)["gap_id"])


def share(covered: float, population: float) -> Fraction | None:
    """Return covered ÷ population exactly; None where there is nobody, or the row is not there."""
    if pd.isna(covered) or pd.isna(population) or population <= 0:
        return None
    return Fraction(int(covered), int(population))


def row_texts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return one row of side_by_side as people read it: the value before, after, and its change.

    >>> base = {"unit": "share", "covered_before": 1, "covered_after": 2, "population_before": 4, "population_after": 4}
    >>> row_texts(base)
    ('25.00%', '50.00%', '+25.00 个百分点')
    >>> row_texts({"unit": "个", "value_before": 3.0, "value_after": 3.0, "required_before": 5.0, "required_after": 6.0})
    ('3 / 5 个', '3 / 6 个', '不变')
    """
    if basis_of(row["unit"]) == "people":
        before, after = (share(row[f"covered_{side}"], row[f"population_{side}"]) for side in ("before", "after"))
        return *shares_apart([before, after]), point_change(before, after)  # type: ignore[return-value]
    pairs = [(row[f"value_{side}"], row[f"required_{side}"]) for side in ("before", "after")]
    return *value_texts(pairs, row["unit"]), change_text(row["value_before"], row["value_after"])  # type: ignore[return-value]


# Who is better and who worse off between two judgements, resident by resident, and the farthest places of both.

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
    limit: int | None
    is_main: bool

    @property
    def id(self) -> tuple[str, str]:
        return self.rule.id, f"{self.reading.id}_{self.travel}" if self.limit is None else self.reading.id

    def sites(self, region: Region) -> gpd.GeoDataFrame:
        """Return the open facilities to which the question asks the way."""
        return measure_of(self.rule).facilities(region, self.reading.params)


def questions(judged: Judged) -> list[Question]:
    """Return what is asked about people by these rules, as their measures declare: who is within a limit, how far the nearest is.

    The nearest of a kind is asked, of all residents, for rules that want a facility in every unit: on each way there is.
    """
    words = {"paper": "直线距离", "road": "道路距离"}
    ways = [one for one in words if one in judged.travels]
    out: list[Question] = []
    for rule in judged.rules.rules:
        ask = measure_of(rule).ask
        if ask == "within":
            out += _of_people(rule)
        elif ask == "nearest":
            out += [
                Question(rule, rule.readings[0], way, f"到最近机构的{words[way]}，全体居民", None, True) for way in ways
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
        is_main = reading.id in shown or "beside_ids" in params or "minutes" in params
        yield Question(rule, reading, reading.travel, reading.label, measure_of(rule).limit_of(params), is_main)


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
        key = (people_named(params), Itself(region.residents), Itself(region.towns))
        if key not in self.asked:
            self.asked[key] = measure_of(question.rule).people(region, params)
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


# Which facilities two scenarios do not share: opened, closed, moved, of another kind, changed; and what the edits cost.

Row = dict[Any, Any]
_ELLIPSOID = Geod(ellps="GRS80")
_ASKED = tuple(
    one.name
    for one in FACILITIES.fields
    if one.name not in {"id", "lon", "lat", "kind", "source", "estimated", "town_code", "upgraded_from"}
)
"""The columns whose change is told besides kind and place: status among them, for those that are open on both sides."""
COLUMNS = (
    "change", "id", "name", "kind_before", "kind_after", "status_before", "status_after", "lon_before", "lat_before",
    "lon_after", "lat_after", "moved_m", "fields", "enlarged", "town_code", "town_name", "county_code", "county_name",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What decisions cost in 万元 where that is known, of how many it is not, and how many there are."""

    total: float
    unknown: int
    edits: int


def cost_of(edits: Sequence[Edit]) -> Cost:
    """Return the sum of the known costs, and the number of decisions without one.

    >>> from planner.scenario import Close
    >>> cost_of([Close(facility="F1", cost=20.5), Close(facility="F2")])
    Cost(total=20.5, unknown=1, edits=2)
    """
    known = [edit.cost for edit in edits if not math.isnan(edit.cost)]
    return Cost(math.fsum(known), len(edits) - len(known), len(edits))


def site_changes(before: Region, after: Region) -> pd.DataFrame:
    """Return one row a facility (COLUMNS) that is open on one side only, or open on both and not the same.

    change: "added", "closed", else "moved", "kind" or "changed", the first of these that holds; `fields` names the
    columns that changed besides; `enlarged` is whether these are beds alone, and more of them. Rows by change, county, town, id.
    """
    left, right = _by_id(before), _by_id(after)
    rows = []
    for name in sorted(left.keys() | right.keys()):
        was, now = left.get(name), right.get(name)
        row = None if was is not None and now is not None and _alike(was, now) else _change(was, now)
        if row is not None:
            rows.append(row)
    table = pd.DataFrame(rows, columns=[one for one in COLUMNS if not one.endswith("y_name") and one != "town_name"])
    order = {one: at for at, one in enumerate(("added", "closed", "moved", "kind", "changed"))}
    table = with_places(after, table).assign(order=table["change"].map(order).astype(float))
    table = table.sort_values(["order", "county_code", "town_code", "id"], kind="stable", ignore_index=True)
    return table[list(COLUMNS)]


def _by_id(region: Region) -> dict[str, Row]:
    return {row["id"]: row for row in pd.DataFrame(region.facilities.drop(columns="geometry")).to_dict("records")}


def _alike(was: Row, now: Row) -> bool:
    return all(_same(was[name], now[name]) for name in (*_ASKED, "kind", "lon", "lat"))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(pd.isna(one) and pd.isna(other))


def _is_open(row: Row | None) -> bool:
    return row is not None and row["status"] == "open"


def _change(was: Row | None, now: Row | None) -> dict[str, object] | None:
    """Return how one facility differs; None where it serves nobody on either side."""
    if not _is_open(was) and not _is_open(now):
        return None
    metres = 0.0
    if was is not None and now is not None:
        metres = float(_ELLIPSOID.inv(was["lon"], was["lat"], now["lon"], now["lat"])[2])
    fields = _fields(was, now)
    if not _is_open(was):
        change = "added"
    elif not _is_open(now):
        change = "closed"
    else:
        change = _between(was, now, metres)
    place = now if now is not None else was
    assert place is not None
    return {
        "change": change, "enlarged": change == "changed" and _enlarged(was, now), "id": place["id"], "name": place["name"], "moved_m": metres, "fields": "、".join(fields),
        "town_code": place["town_code"], "county_code": place["county_code"],
        **_sides(was, "before"), **_sides(now, "after"),
    }  # fmt: skip


def _between(was: Row | None, now: Row | None, metres: float) -> str:
    if metres > 0:
        return "moved"
    return "kind" if was is not None and now is not None and was["kind"] != now["kind"] else "changed"


def _enlarged(was: Row | None, now: Row | None) -> bool:
    if was is None or now is None:
        return False
    differ = [name for name in _ASKED if not _same(was[name], now[name])]
    return set(differ) <= {"beds", "beds_planned"} and not any(
        now[name] < was[name] or pd.isna(now[name]) for name in differ
    )


def _fields(was: Row | None, now: Row | None) -> Iterable[str]:
    if was is None or now is None:
        return []
    return [FACILITIES.field(name).label for name in _ASKED if name != "status" and not _same(was[name], now[name])]


def _sides(row: Row | None, side: str) -> dict[str, object]:
    names = ("kind", "status", "lon", "lat")
    empty = {"kind": "", "status": "", "lon": np.nan, "lat": np.nan}
    return {f"{name}_{side}": empty[name] if row is None else row[name] for name in names}
