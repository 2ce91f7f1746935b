"""行政村 as rural plans ask about them: told by the code, each with its people, its town and its nearest provider."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import DataError, Problem, Text
from planner.region import Region, with_places
from planner.schema import RURAL_DIGITS, VILLAGE_RULE
from planner.text import amount_words, amounts_apart
from planner.travel import Travel

COLUMNS = ("code", "name", "town_code", "town_name", "county_code", "county_name", "population", "lon", "lat")
ALL = 2**32 - 2
"""A limit that every pair stays within, in whole mm or ms."""
Tier = tuple[str, pd.DataFrame]
"""A column that village and facility share ("town_code", "county_code", or "": none is asked for), and facilities."""


def administrative_villages(region: Region) -> pd.DataFrame:
    """Return the 行政村 with id, names, people and place, by code; DataError naming those without a town, or if there are none.

    People are the residents who name the village; its own number where residents name none.
    """
    frame = pd.DataFrame(region.villages.drop(columns="geometry"))
    frame = frame[frame["kind"] == "village"].sort_values("code", kind="stable", ignore_index=True)
    if not len(frame):
        what = Text(
            f"没有行政村（{VILLAGE_RULE}）", f"there is no 行政村 (10th digit of the code {', '.join(RURAL_DIGITS)})"
        )
        raise DataError(Problem("villages", what, Text("补上行政村的清单", "add the list of villages")))
    homeless = frame[~frame["town_code"].isin(set(region.towns["code"]))]
    if len(homeless):
        raise DataError([_homeless(row) for row in homeless.to_dict("records")])
    if region.subject_level == "village":
        people = region.residents.groupby("village_code")["population"].sum()
        frame = frame.assign(population=frame["code"].map(people).fillna(0).astype("int64"))
    frame = with_places(region, frame)
    return frame[[*COLUMNS, "estimated"]].assign(id=frame["code"])


def _homeless(row: Mapping[Hashable, Any]) -> Problem:
    what = Text(f"行政村“{row['name']}”没有所属乡镇", f"the village '{row['name']}' has no town")
    fix = Text("补上该乡镇，或改正乡镇代码", "add the town, or correct its code")
    return Problem("villages", what, fix, row=str(row["code"]), column="town_code", found=str(row["town_code"]))


def nearest_of(travel: Travel, demand: pd.DataFrame, tiers: Sequence[Tier]) -> pd.DataFrame:
    """Return, by demand id, host ("" if none) and cost (NaN): the nearest of the first tier that has one within reach.

    A tier takes only facilities that share its column with the demand, such as those of the same county.
    """
    found = pd.DataFrame({"host": "", "cost": np.nan}, index=pd.Index(demand["id"], dtype=object))
    found["host"] = found["host"].astype(object)
    for column, facilities in tiers:
        open_still = demand[(found["host"] == "").to_numpy()]
        groups = open_still.groupby(column, sort=True) if column else [("", open_still)]
        for code, group in groups:
            own = facilities[facilities[column] == code] if column else facilities
            if len(own) and len(group):
                near = travel.reach_whole(group, own, 0).nearest()
                found.loc[near.index, "host"] = near["facility_id"].astype(object)
                found.loc[near.index, "cost"] = near["cost"]
    return found


def looked_up(keys: pd.Series, texts: Mapping[str, str]) -> pd.Series:
    """Return the text of each key, "" for a key without one; text even where no key has any."""
    return pd.Series([texts.get(one, "") for one in keys], index=keys.index, dtype=object)


def way_words(cost: float, unit: str, limit: float | None = None) -> Text:
    """Return the way to somewhere; 不可达 where there is none. Beside a limit it looks as long as that only where it is.

    >>> way_words(5_260_000, "mm").zh, way_words(1_800_200, "ms", 1_800_000).en, way_words(float("nan"), "mm").zh
    ('5.26 公里', '30.003 min', '不可达')
    """
    if np.isnan(cost):
        return Text("不可达", "unreachable")
    return amount_words(cost, unit) if limit is None else amounts_apart([cost, limit], unit)[0]


def counted(travel: Travel) -> Travel:
    """Return the way of travelling if it counts distance or time; ValueError for one whose unit is its own."""
    if travel.unit not in ("mm", "ms"):
        raise ValueError(f"kilometres or minutes are asked of a way of travelling that counts {travel.unit}")
    return travel
