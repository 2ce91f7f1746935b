"""assess(): rules × region × travel → Findings, one table that maps and workbooks only show.

The lowest level comes from a measure; town, county and city are added up here and nowhere else.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from planner.measures import MEASURES, Measure
from planner.region import Region
from planner.rules import Reading, Rule, Rules
from planner.schema import ADVICE, FINDINGS, LEVELS
from planner.travel import Travel

Places = Mapping[str, pd.DataFrame]

_PARENT = {"village": "town", "town": "county", "county": "city"}
_SUMS = ("population", "covered", "unreachable", "population_no_data", "units", "units_met", "units_unknown")


def assess(region: Region, rules: Rules, travels: Mapping[str, Travel]) -> pd.DataFrame:
    """Return the Findings: one row a rule, reading, level and subject, in the columns of schema.FINDINGS.

    `travels` are the ways of travelling by name ("paper", "road"); a reading whose way is not given has no rows.
    Pure: the same inputs give the same table, row for row, and none of them is written to.
    covered + uncovered + unreachable = population, to the person; residents whose case the data do not tell stand
    in population_no_data instead. Status is "not_met" only where a clause of this very city judges; the rows with
    that status at the rule's gap level are the gap list.
    """
    places = _places(region)
    parts = [
        _one_reading(region, rules, rule, reading, travels[reading.travel], places)
        for rule in rules.rules
        for reading in rule.readings
        if reading.travel in travels
    ]
    table = pd.concat(parts, ignore_index=True)
    names = region.facilities.set_index("id")["name"]
    table["nearest_facility_name"] = table["nearest_facility"].map(names).fillna("")
    return table[list(FINDINGS.names())]


def gap_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the gap list: rows with status not_met at their rule's own gap level."""
    return findings[(findings["status"] == "not_met") & _at_gap_level(findings, rules)]


def no_data_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return what is to be supplied (待补数据): rows with status no_data, at the gap level, of readings that judge."""
    judges = {(rule.id, reading.id) for rule in rules.rules for reading in rule.readings if reading.judged}
    asked = np.array([pair in judges for pair in zip(findings["rule"], findings["reading"], strict=True)], dtype=bool)
    return findings[(findings["status"] == "no_data") & _at_gap_level(findings, rules) & asked]


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
    for frame in places.values():
        for column in ("town_code", "county_code"):
            frame[column] = frame.get(column, "")
        frame["town_name"] = frame["town_code"].map(towns["name"]).fillna("")
        frame["county_name"] = frame["county_code"].map(counties["name"]).fillna("")
    return places


def _one_reading(
    region: Region, rules: Rules, rule: Rule, reading: Reading, travel: Travel, places: Places
) -> pd.DataFrame:
    measure = MEASURES[rule.measure]
    rows = measure.function(region, travel, **reading.params)
    if not len(rows):
        lacks_villages = reading.params.get("units") == "village" and not len(region.villages)
        said = "没有村（社区）数据" if lacks_villages else "本市没有这一条款所指的对象"
        row = _nobody(region, measure).assign(status="no_data" if lacks_villages else "not_judged")
        return _describe(row, rule, reading, places, said)
    level = str(rows["level"].iloc[0])
    levels = [_lowest(rows, measure)]
    while level in _PARENT:
        parent = levels[-1]["subject_code"].map(places[level]["parent"])
        level = _PARENT[level]
        levels.append(_add_up(levels[-1], parent, level, measure))
    table = pd.concat(levels, ignore_index=True)
    at_home = region.about.code.startswith(rules.city)
    foreign = f"参数情景：{rules.label}只适用于本市，这里不作判断" if reading.judged and not at_home else ""
    judged = _judge(table, reading.judged and at_home)
    return _describe(judged if at_home else judged.assign(status="not_judged"), rule, reading, places, foreign)


def _nobody(region: Region, measure: Measure) -> pd.DataFrame:
    """Return the one row of a rule that finds nobody to speak about: it judges nothing, but it does not vanish."""
    zeros = dict.fromkeys(("population", "covered", "uncovered", "unreachable", "population_no_data"), 0)
    row = {**zeros, "level": "city", "subject_code": region.about.code, "value": np.nan, "unit": measure.unit,
           "required": np.nan, "gap": np.nan, "nearest_facility": "", "distance_m": np.nan, "time_min": np.nan, "advice": "",
           "estimated": False}  # fmt: skip
    return pd.DataFrame([row])


def _lowest(rows: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return the measured rows with their gap, and the counts by which they will be added up."""
    unknown, met = rows["met"].isna(), rows["met"].eq(True)
    no_data = rows["population"].where(unknown, 0)
    # A condition met in another way (a clause's "or") is no gap, whatever its own count says.
    gap = (rows["required"] - rows["value"]).where(~met, 0.0)
    return rows.assign(
        population=rows["population"] - no_data,
        covered=rows["covered"].where(~unknown, 0),
        unreachable=rows["unreachable"].where(~unknown, 0),
        population_no_data=no_data,
        value=rows["value"].where(~unknown),
        unit=measure.unit,
        gap=gap.where(~unknown),
        units=1,
        units_met=met.astype("int64"),
        units_unknown=unknown.astype("int64"),
    )


def _add_up(rows: pd.DataFrame, parent: pd.Series, level: str, measure: Measure) -> pd.DataFrame:
    """Return the rows one level higher: people and units summed, the farthest uncovered place kept as the example."""
    short = rows[rows["units_met"] < rows["units"]].assign(parent=parent)
    farthest = short.sort_values(
        ["parent", "distance_m", "time_min", "subject_code"], ascending=[True, False, False, True], kind="stable"
    )
    farthest = farthest.drop_duplicates("parent").set_index("parent")
    grouped = rows.groupby(parent, sort=True)
    out = grouped[list(_SUMS)].sum()
    out["estimated"] = grouped["estimated"].any()
    out["nearest_facility"] = farthest["nearest_facility"].reindex(out.index).fillna("")
    for column in ("distance_m", "time_min"):
        out[column] = farthest[column].reindex(out.index)
    judged = out["units"] - out["units_unknown"]
    if measure.sums == "people":
        out["value"] = (out["covered"] / out["population"]).where(out["population"] > 0)
        out["required"] = 1.0
        out["unit"] = "share"
    else:
        out["value"] = out["units_met"].astype(float).where(judged > 0)
        out["required"] = judged.astype(float).where(judged > 0, out["units"].astype(float))
        out["unit"] = "个"
    out["gap"] = out["required"] - out["value"]
    out["advice"] = ""
    out.index.name = "subject_code"
    return out.reset_index().assign(level=level)


def _judge(table: pd.DataFrame, judges: bool) -> pd.DataFrame:
    """Return the table with its status: not_met before no_data before met; a reading that does not judge never is."""
    judged = table["units"] - table["units_unknown"]
    status = np.select(
        [table["units_met"] < judged, table["units_unknown"] > 0], ["not_met", "no_data"], "met"
    )  # fmt: skip
    if not judges:
        status = np.where(status == "no_data", "no_data", "not_judged")
    return table.assign(status=status, uncovered=table["population"] - table["covered"] - table["unreachable"])


def _describe(table: pd.DataFrame, rule: Rule, reading: Reading, places: Places, said: str) -> pd.DataFrame:
    """Return the table with the words of its clause and the names of its subjects."""
    levels = [places[str(level)].reindex(group["subject_code"]) for level, group in table.groupby("level", sort=False)]
    place = pd.concat(levels).reset_index(drop=True)
    advice = table["advice"].map(ADVICE)
    remedy = pd.Series("、".join(rule.remedies), index=table.index).where(table["advice"] != "convert", "转型")
    return table.assign(
        gap_id=[f"{rule.id}.{reading.id}.{level}.{code}" for level, code in zip(table["level"], table["subject_code"],
                                                                                strict=True)],
        rule=rule.id,
        rule_label=rule.label,
        reading=reading.id,
        reading_label=reading.label,
        subject_name=place["name"],
        town_code=place["town_code"],
        town_name=place["town_name"],
        county_code=place["county_code"],
        county_name=place["county_name"],
        required_text=rule.required_text,
        force=rule.clause.force,
        nature=rule.clause.nature,
        denominator=rule.denominator,
        remedy=remedy.where(table["status"] == "not_met", ""),
        responsible=rule.clause.responsible,
        document=rule.clause.document,
        section=rule.clause.section,
        quote=rule.clause.quote,
        note=[("；".join(part for part in (said, one) if part)) for one in advice],
    )  # fmt: skip
