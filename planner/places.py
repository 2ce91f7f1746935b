"""Where people live: settlements, and the names of the places that rows of residents or facilities lie in."""

import pandas as pd

from planner.region import Region


def settlements(people: pd.DataFrame) -> pd.DataFrame:
    """Return one row a spot where people of one village live, under the smallest id: their sum, sorted by id.

    The urban and the rural residents of a village stand on one point as two rows: for whoever travels they are one.
    """
    keys = ["village_code", "town_code", "county_code", "lon", "lat"]
    spots = people.sort_values("id", kind="stable").groupby(keys, sort=False)
    summed = spots.agg(id=("id", "first"), population=("population", "sum"), estimated=("estimated", "any"))
    return summed.reset_index().sort_values("id", kind="stable", ignore_index=True)


def with_places(region: Region, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, which hold town_code and county_code, with town_name and county_name ("" where unknown)."""
    towns, counties = region.towns.set_index("code")["name"], region.counties.set_index("code")["name"]
    return rows.assign(
        town_name=rows["town_code"].map(towns).fillna(""), county_name=rows["county_code"].map(counties).fillna("")
    )


def village_names(region: Region, people: pd.DataFrame) -> pd.Series:
    """Return, for each resident point, the name of its village; its own id where no village is known."""
    names = people["village_code"].map(region.villages.set_index("code")["name"])
    return names.where(names.notna(), people["id"])
