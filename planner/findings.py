"""assess(): rules × region × travel → Findings, one table that maps and workbooks only show.

The lowest level comes from a measure; town, county and city are added up here and nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.institutions import institutions
from planner.measured import rows_of
from planner.measures import measure_of, unit_count
from planner.region import Region, counts_as
from planner.rules import Deadline, Reading, Rule, Rules
from planner.schema import ADVICE, FINDINGS, LEVELS
from planner.text import people_text
from planner.travel import Travel

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Places = Mapping[str, pd.DataFrame]

FEW_PEOPLE = 50
"""A gap that concerns no more people than these is told to hang on them: an assumption, no number of a policy."""
_PARENT = {"facility": "county", "village": "town", "town": "county", "county": "city"}
_SUMS = ("population", "covered", "unreachable", "population_no_data", "units", "units_met", "units_unknown")


def assess(region: Region, rules: Rules, travels: Mapping[str, Travel]) -> pd.DataFrame:
    """Return the Findings: one row a rule, reading, level and subject, in the columns of schema.FINDINGS.

    `travels` are the ways of travelling by name ("paper", "road"); a reading whose way is not given has no rows.
    Pure: the same inputs give the same table, row for row, and none of them is written to.
    covered + uncovered + unreachable = population, to the person; residents whose case the data do not tell stand
    in population_no_data instead. Status is "not_met" only where a clause of this very city judges; the rows with
    that status at the rule's gap level are the gap list.

    >>> from fugai import load, load_rules
    >>> from planner import PAPER
    >>> table = assess(load("sample:panzhihua").region, load_rules("panzhihua_2023"), PAPER)
    >>> city = table.query("rule == 'emergency_urban' and reading == 'paper' and level == 'city'").iloc[0]
    >>> int(city["covered"]), int(city["population"])
    (652662, 713016)
    """
    asked = [(rule, one) for rule in rules.rules for one in rule.readings if one.travel in travels]
    if not asked:
        return pd.DataFrame(columns=list(FINDINGS.names()))
    found = [_found(region, travels[one.travel], rule, one, key) for key, (rule, one) in enumerate(asked)]
    table = _lowest(pd.concat(found, ignore_index=True))
    places = _places(region)
    table = _with_sums(table, places, np.array([measure_of(rule).sums == "people" for rule, _ in asked]))
    foreign = foreign_note(region, rules)
    at_home = not foreign
    noted = [_against_geography(region, rule, one) if at_home else foreign if one.judged else "" for rule, one in asked]
    table = _judge(table, np.array([one.judged for _, one in asked]), at_home)
    table = _describe(table, asked, places, noted, [rules.deadline_of(rule) for rule, _ in asked])
    table["note"] = _joined(table["note"], _of_few(table))
    names = region.facilities.set_index("id")["name"]
    table["nearest_facility_name"] = table["nearest_facility"].map(names).fillna("")
    return table[list(FINDINGS.names())]


def foreign_note(region: Region, rules: Rules) -> str:
    """Return why nothing is judged here: the rules are of another city's document; "" where they are this one's."""
    at_home = region.about.code.startswith(rules.city)
    return "" if at_home else f"参数情景：{rules.label}不是本市的文件，这里不作判断"


def kinds_read(rule: Rule) -> frozenset[str]:
    """Return the kinds of facility on whose rows the findings of a rule depend: all, where its measure does not declare them."""
    noted = rule.units_of.main_reading.params.get("hospital_kinds", ()) if rule.units_of else ()
    return frozenset(kind for one in rule.readings for kind in measure_of(rule).kinds_of(one.params)) | {*noted}


def reads_the_same(rule: Rule, region: Region, other: Region) -> bool:
    """Whether a rule's findings are the same of two regions, by what its measure declares that it reads of facilities.

    Whatever else they hold must be the very same objects; False where the measure declares nothing.
    """
    if measure_of(rule).kinds is None:
        return False
    rest = [field.name for field in fields(Region) if field.name != "facilities"]
    if any(getattr(region, name) is not getattr(other, name) for name in rest):
        return False
    kinds = kinds_read(rule)
    left, right = (
        pd.DataFrame(frame).loc[counts_as(frame, kinds), frame.columns != "geometry"].reset_index(drop=True)
        for frame in (region.facilities, other.facilities)
    )
    return left.equals(right)


def gap_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the gap list: rows with status not_met at their rule's own gap level."""
    return findings[(findings["status"] == "not_met") & _at_gap_level(findings, rules)]


def no_data_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return what is to be supplied (待补数据): rows with status no_data, at the gap level, of each rule's main reading."""
    return findings[
        (findings["status"] == "no_data") & _at_gap_level(findings, rules) & _of_main_reading(findings, rules)
    ]


def unjudged_rows(findings: pd.DataFrame, rules: Rules, *, main: bool = True) -> pd.DataFrame:
    """Return who falls short of what a clause speaks of and is no gap, because nothing judges it: at the gap level.

    Of each rule's main reading, or of its other readings.
    """
    short = findings["gap"].notna() & (findings["gap"] != 0)
    mine = _at_gap_level(findings, rules) & (_of_main_reading(findings, rules) == main)
    return findings[(findings["status"] == "not_judged") & short & mine]


def _of_main_reading(findings: pd.DataFrame, rules: Rules) -> npt.NDArray[np.bool_]:
    main = {(rule.id, rule.main_reading.id) for rule in rules.rules}
    return np.array([pair in main for pair in zip(findings["rule"], findings["reading"], strict=True)], dtype=bool)


def _at_gap_level(findings: pd.DataFrame, rules: Rules) -> pd.Series:
    """Whether each row stands at its rule's gap level, or at the lowest there is where the data do not go so deep."""
    depth = {level: at for at, level in enumerate(LEVELS)}
    lowest = findings["level"].map(depth).groupby(findings["rule"]).min()
    wanted = {rule.id: max(depth[rule.gap_level], int(lowest.get(rule.id, 0))) for rule in rules.rules}
    return findings["level"].map(depth) == findings["rule"].map(wanted)


def _places(region: Region) -> Places:
    """Return, by level and then by code: the name, the code above, and the codes and names of its town and county."""
    towns, counties = region.towns.set_index("code"), region.counties.set_index("code")
    places = {
        "city": pd.DataFrame({"name": region.about.name, "parent": ""}, index=[region.about.code]),
        "county": pd.DataFrame(
            {"name": counties["name"], "county_code": counties.index, "parent": region.about.code}, index=counties.index
        ),
        "town": pd.DataFrame(
            {"name": towns["name"], "town_code": towns.index, "county_code": towns["county_code"],
             "parent": towns["county_code"]}, index=towns.index
        ),
    }  # fmt: skip
    if len(region.villages):
        villages = region.villages.set_index("code")
        places["village"] = pd.DataFrame(
            {"name": villages["name"], "town_code": villages["town_code"], "county_code": villages["county_code"],
             "parent": villages["town_code"]}, index=villages.index
        )  # fmt: skip
    each = institutions(region).set_index("id")
    places["facility"] = each[["name", "town_code", "county_code"]].assign(parent=each["county_code"])
    for frame in places.values():
        for column in ("town_code", "county_code"):
            frame[column] = frame.get(column, "")
        frame["town_name"] = frame["town_code"].map(towns["name"]).fillna("")
        frame["county_name"] = frame["county_code"].map(counties["name"]).fillna("")
    return places


def measured(region: Region, travel: Travel, rule: Rule, reading: Reading) -> pd.DataFrame:
    """Return the rows of one reading at its lowest level; of one that finds nobody, the row that says so."""
    return _lowest(_found(region, travel, rule, reading, 0)).drop(columns="key")


_NO_VILLAGES, _NOBODY = "没有村（社区）数据", "本市没有这一条款所指的对象"


def _found(region: Region, travel: Travel, rule: Rule, reading: Reading, key: int) -> pd.DataFrame:
    """Return what the measure returns of one reading, under its key, or the one row that says that it finds nobody.

    That row judges nothing, but the rule does not vanish.
    """
    measure = measure_of(rule)
    rows, nobody = measure.function(region, travel, **reading.params), ""
    if not len(rows):
        lacks_villages = reading.params.get("units") == "village" and not len(region.villages)
        rows, nobody = _no_row(region), _NO_VILLAGES if lacks_villages else _NOBODY
    said, unit = rows.get("said", ""), rows.get("unit", measure.unit)
    return rows.assign(said=said, nobody=nobody, unit=unit, key=key)


def _no_row(region: Region) -> pd.DataFrame:
    columns = {"subject_code": [region.about.code], "population": 0, "value": np.nan, "required": np.nan, "met": [None],
               "nearest_facility": "", "distance_m": np.nan, "estimated": False}  # fmt: skip
    return rows_of("city", columns)


def _lowest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows with their gap, and the counts by which they will be added up."""
    unknown, met = rows["met"].isna(), rows["met"].eq(True)
    there = rows["nobody"] == ""
    no_data = rows["population"].where(unknown, 0)
    # A condition met in another way (a clause's "or") is no gap, whatever its own count says.
    gap = (rows["required"] - rows["value"]).where(~met, 0.0)
    return rows.drop(columns="met").assign(
        population=rows["population"] - no_data,
        covered=rows["covered"].where(~unknown, 0),
        unreachable=rows["unreachable"].where(~unknown, 0),
        population_no_data=no_data,
        value=rows["value"].where(~unknown),
        gap=gap.where(~unknown),
        units=there.astype("int64"),
        units_met=met.astype("int64"),
        units_unknown=(unknown & there).astype("int64"),
    )


def _with_sums(table: pd.DataFrame, places: Places, of_people: Bools) -> pd.DataFrame:
    """Return the rows of all levels, by reading and level: what is measured, and above it the sums.

    `of_people` tells, by reading (`key`), whether its sums are shares of people.
    """
    levels = [table]
    for level, above in _PARENT.items():
        below = [rows[rows["level"] == level] for rows in levels]
        below = [rows for rows in below if len(rows)]
        if below:
            rows = pd.concat(below, ignore_index=True) if len(below) > 1 else below[0]
            levels.append(_add_up(rows, rows["subject_code"].map(places[level]["parent"]), above, of_people))
    table = pd.concat(levels, ignore_index=True)
    depth = table["level"].map({level: at for at, level in enumerate(LEVELS)})
    return table.iloc[np.lexsort((depth.to_numpy(), table["key"].to_numpy()))].reset_index(drop=True)


def _add_up(rows: pd.DataFrame, parent: pd.Series, level: str, of_people: Bools) -> pd.DataFrame:
    """Return the rows one level higher: people and units summed, the farthest uncovered place kept as the example."""
    by = ["key", "parent"]
    rows = rows.assign(parent=parent)
    farthest = rows[rows["units_met"] < rows["units"]].sort_values(
        [*by, "distance_m", "time_min", "subject_code"], ascending=[True, True, False, False, True], kind="stable"
    )
    farthest = farthest.drop_duplicates(by).set_index(by)
    grouped = rows.groupby(by, sort=True)
    out = grouped[list(_SUMS)].sum()
    farthest = farthest[["nearest_facility", "distance_m", "time_min"]].reindex(out.index)
    judged = out["units"] - out["units_unknown"]
    people = of_people[out.index.get_level_values("key")]
    share = (out["covered"] / out["population"]).where(out["population"] > 0)
    number = out["units_met"].astype(float).where(judged > 0)
    required = judged.astype(float).where(judged > 0, out["units"].astype(float))
    out = out.assign(
        estimated=grouped["estimated"].any(),
        nearest_facility=farthest["nearest_facility"].fillna(""),
        distance_m=farthest["distance_m"],
        time_min=farthest["time_min"],
        value=share.where(people, number),
        required=required.where(~people, 1.0),
        unit=np.where(people, "share", "个"),
        advice="",
        load=np.nan,
        nobody="",
        said="",
        level=level,
    )
    return out.assign(gap=out["required"] - out["value"]).reset_index().rename(columns={"parent": "subject_code"})


def _judge(table: pd.DataFrame, judges: Bools, at_home: bool) -> pd.DataFrame:
    """Return the table with its status: not_met before no_data before met; a reading that does not judge never is.

    `judges` tells, by reading (`key`), whether it does; away from home none does. Of nobody nothing is known, or nothing
    is to be judged.
    """
    judged = table["units"] - table["units_unknown"]
    status = np.select([table["units_met"] < judged, table["units_unknown"] > 0], ["not_met", "no_data"], "met")
    status = np.where((judges[table["key"]] | (status == "no_data")) & at_home, status, "not_judged")
    nobody = table["nobody"].to_numpy(object)
    status = np.select([nobody == _NO_VILLAGES, nobody == _NOBODY], ["no_data", "not_judged"], status)
    return table.assign(status=status, uncovered=table["population"] - table["covered"] - table["unreachable"])


_REMEDY_OF = {"convert": "转型", "redistrict": "调整片区", "open_question": "新建或调整片区"}


def _load_text(load: float) -> str:
    return "" if np.isnan(load) else f"所在中心服务 {people_text(load)}"


def _describe(
    table: pd.DataFrame,
    asked: Sequence[tuple[Rule, Reading]],
    places: Places,
    said: Sequence[str],
    deadlines: Sequence[Deadline | None],
) -> pd.DataFrame:
    """Return the table with the words of its clauses and the names of its subjects.

    `said` is to be noted, by reading; `deadlines` are those of the readings' rules.
    """
    key = table["key"].to_numpy()

    def of(word: Callable[[Rule, Reading], str]) -> Texts:
        return np.array([word(rule, reading) for rule, reading in asked], object)[key]

    heads, levels, codes = of(lambda rule, one: f"{rule.id}.{one.id}"), table["level"], table["subject_code"]
    advised, not_met = table["advice"].map(_REMEDY_OF).fillna(""), table["status"] == "not_met"
    remedy = np.where(advised != "", advised, of(lambda rule, _: "、".join(rule.remedies)))
    noted = zip(
        np.where(table["nobody"] == "", np.array(said, object)[key], table["nobody"]),
        table["load"].map(_load_text),
        table["advice"].map(ADVICE),
        table["said"],
        strict=True,
    )
    return table.assign(
        gap_id=[f"{head}.{level}.{code}" for head, level, code in zip(heads, levels, codes, strict=True)],
        rule=of(lambda rule, _: rule.id),
        rule_label=of(lambda rule, _: rule.label),
        reading=of(lambda _, one: one.id),
        reading_label=of(lambda _, one: one.label),
        required_text=of(lambda rule, _: rule.required_text),
        force=of(lambda rule, _: rule.clause.force),
        nature=of(lambda rule, _: rule.clause.nature),
        denominator=of(lambda rule, _: rule.denominator),
        remedy=np.where(not_met, remedy, ""),
        responsible=of(lambda rule, _: rule.clause.responsible),
        responsible_general=of(lambda rule, _: rule.clause.responsible_general),
        clause=of(lambda rule, _: rule.clause.number),
        deadline=np.array([str(one.year) if one else "" for one in deadlines], object)[key],
        deadline_quote=np.array([one.quote if one else "" for one in deadlines], object)[key],
        document=of(lambda rule, _: rule.clause.document),
        section=of(lambda rule, _: rule.clause.section),
        quote=of(lambda rule, _: rule.clause.quote),
        note=_joined(*zip(*noted, strict=True)),
        **_subjects(table, places),
    )


def _joined(*columns: Iterable[str]) -> list[str]:
    return ["；".join(part for part in parts if part) for parts in zip(*columns, strict=True)]


def _of_few(table: pd.DataFrame) -> list[str]:
    """Return, by row, that a gap hangs on a few people, or ""."""
    people = (table["uncovered"] + table["unreachable"]).to_numpy()
    few = (table["status"] == "not_met").to_numpy() & (people > 0) & (people <= FEW_PEOPLE)
    return [f"缺口只涉及 {count} 人" if is_few else "" for count, is_few in zip(people, few, strict=True)]


def _against_geography(region: Region, rule: Rule, reading: Reading) -> str:
    """Return where the number that a document gives contradicts the places that it is to serve, or "".

    Told of the document's own number alone: not of one that a scenario has put in its place.
    """
    other = rule.units_of
    if other is None or rule.target != str(reading.params.get("at_least")):
        return ""
    wanted, there = int(rule.target), unit_count(region, other.main_reading.params)
    if wanted == there or not there:
        return ""
    word, whom = "少" if wanted < there else "多", other.counted
    return f"文件写 {wanted} 个，{word}于本市{whom} {there} 个（“{other.required_text}”）：文件自己的数与区划对不上"


def _subjects(table: pd.DataFrame, places: Places) -> dict[str, Texts]:
    """Return the columns with the names of each row's subject, and the codes and names of its town and county."""
    columns = {
        "subject_name": "name",
        **{name: name for name in ("town_code", "town_name", "county_code", "county_name")},
    }
    out = {name: np.full(len(table), "", object) for name in columns}
    for level, frame in places.items():
        at = np.flatnonzero(table["level"] == level)
        place = frame.reindex(table["subject_code"].iloc[at])
        for name, source in columns.items():
            out[name][at] = place[source].to_numpy(object)
    return out
