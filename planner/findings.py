"""assess(): rules × region × travel → Findings, one table that maps and workbooks only show.

The lowest level comes from a measure; town, county and city are added up here and nowhere else.
"""

import numpy as np
import pandas as pd

from planner.measures import MEASURES, Measure
from planner.region import Region
from planner.rules import Reading, Rule, Rules
from planner.schema import ADVICE, FINDINGS
from planner.travel import Travel

_PARENT = {"village": "town", "town": "county", "county": "city"}
_SUMS = ("population", "covered", "unreachable", "population_no_data", "units", "units_met", "units_unknown")


def assess(region: Region, rules: Rules, travel: Travel) -> pd.DataFrame:
    """Return the Findings: one row a rule, reading, level and subject, in the columns of schema.FINDINGS.

    Pure: the same inputs give the same table, row for row, and none of them is written to.
    covered + uncovered + unreachable = population, to the person; residents whose case the data do not tell stand
    in population_no_data instead. Status is "not_met" only where a clause of this very city judges; the rows with
    that status at the rule's gap level are the gap list.
    """
    places = _places(region)
    parts = [
        _one_reading(region, rules, rule, reading, travel, places)
        for rule in rules.rules
        for reading in rule.readings
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    names = region.facilities.set_index("id")["name"]
    table["nearest_facility_name"] = table["nearest_facility"].map(names).fillna("")
    return table[list(FINDINGS.names())]


def gap_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the gap list: rows with status not_met at their rule's own gap level."""
    level = findings["rule"].map({rule.id: rule.gap_level for rule in rules.rules})
    return findings[(findings["status"] == "not_met") & (findings["level"] == level)]


def no_data_rows(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return what is to be supplied (待补数据): rows with status no_data at their rule's own gap level."""
    level = findings["rule"].map({rule.id: rule.gap_level for rule in rules.rules})
    return findings[(findings["status"] == "no_data") & (findings["level"] == level)]


def _places(region: Region) -> pd.DataFrame:
    """Return, by code of a village, town, county or the city: level, name, and the codes and names above it."""
    towns = region.towns.set_index("code")
    counties = region.counties.set_index("code")["name"]
    frames = [
        pd.DataFrame({"level": "city", "name": region.about.name, "parent": ""}, index=[region.about.code]),
        pd.DataFrame({"level": "county", "name": counties, "county_code": counties.index, "parent": region.about.code}),
        pd.DataFrame(
            {"level": "town", "name": towns["name"], "town_code": towns.index, "county_code": towns["county_code"],
             "parent": towns["county_code"]}
        ),
    ]  # fmt: skip
    if len(region.villages):
        villages = region.villages.set_index("code")
        frames.append(
            pd.DataFrame(
                {"level": "village", "name": villages["name"], "town_code": villages["town_code"],
                 "county_code": villages["county_code"], "parent": villages["town_code"]}
            )
        )  # fmt: skip
    places = pd.concat(frames)
    places["town_name"] = places["town_code"].map(towns["name"])
    places["county_name"] = places["county_code"].map(counties)
    return places.fillna("")


def _one_reading(
    region: Region, rules: Rules, rule: Rule, reading: Reading, travel: Travel, places: pd.DataFrame
) -> pd.DataFrame:
    measure = MEASURES[rule.measure]
    rows = measure.function(region, travel, **reading.params)
    levels = [_lowest(rows, measure, places)]
    while len(levels[-1]) and (places.loc[levels[-1]["subject_code"], "parent"] != "").all():
        levels.append(_add_up(levels[-1], measure, places))
    table = pd.concat(levels, ignore_index=True)
    judges = reading.judged and region.about.code.startswith(rules.city)
    return _describe(_judge(table, judges), rule, reading, rules, places, foreign=not judges and reading.judged)


def _lowest(rows: pd.DataFrame, measure: Measure, places: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows with their gap, and the counts by which they will be added up."""
    unknown, met = rows["met"].isna(), rows["met"].eq(True)
    no_data = rows["population"].where(unknown, 0)
    # A condition met in another way (a clause's "or") is no gap, whatever its own count says.
    gap = (rows["required"] - rows["value"]).where(~met, 0.0)
    return rows.assign(
        level=rows["subject_code"].map(places["level"]),
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


def _add_up(rows: pd.DataFrame, measure: Measure, places: pd.DataFrame) -> pd.DataFrame:
    """Return the rows one level higher: people and units summed, the farthest uncovered place kept as the example."""
    parent = rows["subject_code"].map(places["parent"])
    short = rows[rows["units_met"] < rows["units"]].assign(parent=parent)
    farthest = short.sort_values(["parent", "distance_m", "subject_code"], ascending=[True, False, True], kind="stable")
    farthest = farthest.drop_duplicates("parent").set_index("parent")
    grouped = rows.groupby(parent, sort=True)
    out = grouped[list(_SUMS)].sum()
    out["estimated"] = grouped["estimated"].any()
    out["nearest_facility"] = farthest["nearest_facility"].reindex(out.index).fillna("")
    out["distance_m"] = farthest["distance_m"].reindex(out.index)
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
    out = out.reset_index()
    return out.assign(level=out["subject_code"].map(places["level"]))


def _judge(table: pd.DataFrame, judges: bool) -> pd.DataFrame:
    """Return the table with its status: not_met before no_data before met; a reading that does not judge never is."""
    judged = table["units"] - table["units_unknown"]
    status = np.select(
        [table["units_met"] < judged, table["units_unknown"] > 0], ["not_met", "no_data"], "met"
    )  # fmt: skip
    if not judges:
        status = np.where(status == "no_data", "no_data", "not_judged")
    return table.assign(status=status, uncovered=table["population"] - table["covered"] - table["unreachable"])


def _describe(
    table: pd.DataFrame, rule: Rule, reading: Reading, rules: Rules, places: pd.DataFrame, *, foreign: bool
) -> pd.DataFrame:
    """Return the table with the words of its clause and the names of its subjects."""
    place = places.loc[table["subject_code"]].reset_index(drop=True)
    said = f"参数情景：{rules.label}只适用于本市，这里不作判断" if foreign else ""
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
