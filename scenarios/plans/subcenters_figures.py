"""Whom each plan of sub-centres serves, and how far they go: the figures that sheets, map and JSON show."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from planner.plans.subcenters import Answer
from planner.siting.siting import Siting
from planner.text import people_text
from scenarios.plans.subcenters import Report
from scenarios.plans.words import cost_word, listed, value_text

EFFECTS: Mapping[str, str] = {
    "newly_covered": "新覆盖", "nearer": "更近", "farther": "更远", "no_longer_covered": "不再覆盖",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Figures:
    """One plan: by settlement who serves it and at what cost (NaN and "" where none does), and the sums.

    within   people within each limit, the smallest first; beyond: past the largest, but reached; unreachable: not at all
    """

    rows: pd.DataFrame
    limits: tuple[int, ...]

    @cached_property
    def people(self) -> int:
        return int(self.rows["population"].sum())

    def within(self, limit: int) -> int:
        return int(self.rows.loc[self.rows["cost"] <= limit, "population"].sum())

    @cached_property
    def unreachable(self) -> int:
        return int(self.rows.loc[self.rows["cost"].isna(), "population"].sum())

    @cached_property
    def beyond(self) -> int:
        return self.people - self.within(self.limits[-1]) - self.unreachable

    @cached_property
    def mean(self) -> float:
        """Cost a head of those who are reached; NaN where nobody is."""
        reached = self.rows[self.rows["cost"].notna()]
        people = float(reached["population"].sum())
        return float((reached["population"] * reached["cost"]).sum()) / people if people else float("nan")


def figures(report: Report, siting: Siting | None = None) -> Figures:
    """Return the figures of a plan; without one, of what stands today."""
    served = report.plan.served(siting).set_index("demand_id")
    demand = report.demand
    rows = demand.assign(
        site=served["facility_id"].reindex(demand.index).fillna(""), cost=served["cost"].reindex(demand.index)
    )
    return Figures(rows, tuple(sorted(report.plan.task.limits)))


def reached_people(report: Report) -> float:
    """Return how many people some site reaches that may be open: those over whom a mean is taken."""
    ids = report.plan.nearest_of_all().index
    return float(report.demand.loc[ids, "population"].sum())


def gain_text(report: Report, answer: Answer) -> str:
    """Return what a plan brings over that of the number before (the first: over what stands today)."""
    gain = answer.step.gain
    if np.isnan(gain):
        return answer.step.note.zh if answer.step.note else "—"
    unit, people = report.plan.unit, reached_people(report)
    model = answer.objective.model
    word = "" if gain >= 0 else "差"
    said = value_text(abs(gain), model, unit, people)
    if model == "p-median":
        said = said.replace("人均", f"人均少用{cost_word(unit)}" if gain >= 0 else f"人均多用{cost_word(unit)}")
        word = ""
    note = f"（{answer.step.note.zh}）" if answer.step.note else ""
    return f"{'+' if model != 'p-median' and gain >= 0 else ''}{word}{said}{note}"


def gainers(report: Report, answer: Answer) -> pd.DataFrame:
    """Return by town whom a plan serves otherwise than that of the number before: one column an effect, in people."""
    rows = answer.step.by_group
    table = rows.pivot_table(index="group", columns="effect", values="weight", aggfunc="sum", fill_value=0.0)
    table = table.reindex(columns=list(EFFECTS), fill_value=0.0)
    region = report.start.region
    towns = region.towns.set_index("code")
    counties = region.counties.set_index("code")["name"]
    codes = table.index.to_series()
    county = codes.map(towns["county_code"])
    return table.assign(
        town_name=codes.map(towns["name"]).fillna("—"), county_code=county.fillna(""),
        county_name=county.map(counties).fillna("—"),
    )  # fmt: skip


def gainers_text(report: Report, answer: Answer) -> str:
    """Return who gains most, and who loses, by county and by town."""
    table = gainers(report, answer)
    said = []
    for name, word in EFFECTS.items():
        mine = table[table[name] > 0]
        if not len(mine):
            continue
        counties = mine.groupby("county_name")[name].sum()
        towns = list(zip(mine["town_name"], mine[name], strict=True))
        said.append(f"{word} {people_text(counties.sum())}（{listed(counties.items())}；其中 {listed(towns, 3)}）")
    return "；".join(said) or "—"


def by_town(report: Report, found: Figures) -> pd.DataFrame:
    """Return the towns with people: who serves most of them, what share, how far on average, who serves the others."""
    rows = found.rows
    reached = rows[rows["site"] != ""]
    mine = reached.assign(weighted=reached["population"] * reached["cost"])
    sums = mine.groupby(["town_code", "site"], sort=True)[["population", "weighted"]].sum().reset_index()
    sums = sums.sort_values(["town_code", "population", "site"], ascending=[True, False, True], kind="stable")
    first = sums.drop_duplicates("town_code").set_index("town_code")
    whole = rows.groupby("town_code", sort=True).agg(
        town_name=("town_name", "first"), county_code=("county_code", "first"), county_name=("county_name", "first"),
        population=("population", "sum"),
    )  # fmt: skip
    total = sums.groupby("town_code")[["population", "weighted"]].sum()
    within = rows[rows["cost"] <= found.limits[0]].groupby("town_code")["population"].sum()
    names = report.sites["name"]
    others = sums[sums.duplicated("town_code")]
    said = [
        f"{names[site]} {people_text(people)}"
        for site, people in zip(others["site"], others["population"], strict=True)
    ]
    others = others.assign(said=pd.Series(said, index=others.index, dtype=object))
    mean = total["weighted"] / total["population"].where(total["population"] > 0)
    return whole.assign(
        site=first["site"].reindex(whole.index).fillna(""),
        share=(first["population"].reindex(whole.index) / whole["population"]).astype(float),
        mean=mean.reindex(whole.index),
        within=within.reindex(whole.index).fillna(0).astype(int),
        others=others.groupby("town_code")["said"].agg("、".join).reindex(whole.index).fillna(""),
    ).reset_index()


def by_site(report: Report, found: Figures, siting: Siting) -> pd.DataFrame:
    """Return each open site: the people and towns whom it serves, how many within the smallest limit, and how far."""
    rows, towns = found.rows[found.rows["site"] != ""], by_town(report, found)
    mine = rows.assign(weighted=rows["population"] * rows["cost"])
    sums = mine.groupby("site")[["population", "weighted"]].sum()
    within = rows[rows["cost"] <= found.limits[0]].groupby("site")["population"].sum()
    named = towns[towns["site"] != ""].groupby("site")["town_name"].agg("、".join)
    ids = [*siting.chosen, *(one for one in siting.background if one in sums.index)]
    sites = report.sites.loc[ids]
    people = sums["population"].reindex(ids).fillna(0)
    return pd.DataFrame(
        {
            "id": ids,
            "name": sites["name"].to_numpy(object),
            "county_name": sites["county_name"].to_numpy(object),
            "town_name": sites["town_name"].to_numpy(object),
            "is_chosen": [one in set(siting.chosen) for one in ids],
            "population": people.astype(int).to_numpy(),
            "within": within.reindex(ids).fillna(0).astype(int).to_numpy(),
            "mean": (sums["weighted"].reindex(ids) / people.where(people > 0)).to_numpy(float),
            "towns": named.reindex(ids).fillna("").to_numpy(object),
        }
    )
