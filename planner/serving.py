"""Who serves: the facilities of a question, whom community health centres serve, which one each resident, and the loads."""

import re
from collections.abc import Collection, Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.reach import Reach
from planner.region import Region, counts_as
from planner.travel import Travel

CENTER = "community_health_center"


def served_by(
    region: Region, facility_kind: str, beside_kinds: Collection[str], beside_ids: Collection[str]
) -> gpd.GeoDataFrame:
    """Return the open facilities of this kind, and those of the kinds beside it that are named, sorted by id."""
    frame = region.open_facilities(facility_kind, *beside_kinds)
    return frame[counts_as(frame, [facility_kind]) | frame["id"].isin(list(beside_ids))]


def served_towns(region: Region, hospital_kinds: Collection[str]) -> gpd.GeoDataFrame:
    """Return the towns whose every resident a centre is to serve: 街道, and county seats without a 卫生院 (of these kinds)."""
    towns, hospitals = region.towns, region.open_facilities(*hospital_kinds)
    seats = towns["is_county_seat"].astype(bool) & ~towns["code"].isin(set(hospitals["town_code"]))
    return towns[(towns["kind"] == "subdistrict") | seats]


def is_served(region: Region, towns: Collection[str], centers: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return, for each resident point, whether centres serve it: all of these towns, and urban ones beside a centre.

    In any other town that has a centre (a 镇 with a 卫生院 and a centre) the villages go to the 卫生院, the urban
    residents to the centre. Points without residents are served by nobody.
    """
    people = region.residents
    beside = people["town_code"].isin(centers["town_code"]) & people["is_urban"]
    return ((people["town_code"].isin(towns) | beside) & (people["population"] > 0)).to_numpy(bool)


def named_centers(region: Region) -> Mapping[str, tuple[str, ...]]:
    """Return, by village code, the open centres that the facts (or a scenario) name for it; no entry where they name none."""
    there = set(region.open_facilities(CENTER)["id"])
    said = {
        code: ids_of(text) for code, text in zip(region.villages["code"], region.villages["health_center"], strict=True)
    }
    named = {code: tuple(one for one in ids if one in there) for code, ids in said.items()}
    return {code: ids for code, ids in named.items() if ids}


def ids_of(text: str) -> tuple[str, ...]:
    """Return the ids in one cell, sorted.

    >>> ids_of("CHC2、 CHC1")
    ('CHC1', 'CHC2')
    """
    return tuple(sorted({one.strip() for one in re.split("[、,，;；]", text) if one.strip()}))


def serving_center(
    people: pd.DataFrame, centers: pd.DataFrame, travel: Travel, named: Mapping[str, tuple[str, ...]]
) -> pd.Series:
    """Return, by resident id in the order of `people`, the id of the centre that serves them, "" where none does.

    That is the nearest (by `travel`, at any distance) of those named for their community (`named_centers`); where none
    is, of their own town; of their county where their town has none. One that cannot be reached serves nobody.
    Both frames: id, lon, lat, county_code, town_code; people: village_code as well.
    """
    served = pd.Series("", index=people["id"], dtype=object)
    columns = ["id", "lon", "lat", "county_code", "town_code"]
    residents, places = pd.DataFrame(people[columns]), pd.DataFrame(centers[columns])
    for column in ("county_code", "town_code"):  # the town's own centre overrides
        groups = dict(iter(residents.groupby(column, sort=True)))
        for code, own in places.groupby(column, sort=True):
            if code in groups:
                _override(served, travel.reach_whole(groups[code], own, limit=0))
    for ids, own in residents.groupby(people["village_code"].map(named), sort=True):  # and one that is named, both
        _override(served, travel.reach_whole(own, places[places["id"].isin(ids)], limit=0))
    return served


def _override(served: pd.Series, reach: Reach) -> None:
    """Write who serves each resident of a reach; those it does not reach keep who served them before."""
    found = reach.nearest()["facility_id"]
    found = found[found != ""]
    served.loc[found.index] = found


def center_loads(region: Region, towns: pd.Series, centers: pd.DataFrame, travel: Travel) -> pd.Series:
    """Return, by town code, the largest load among the centres that serve it, NaN where none does.

    A centre's load is everyone whom it serves, wherever they live (`is_served`).
    """
    people = region.residents[is_served(region, towns, centers)]
    served = serving_center(people, centers, travel, named_centers(region)).to_numpy()
    rows = pd.DataFrame(
        {"town": people["town_code"].to_numpy(), "people": people["population"].to_numpy(), "center": served}
    )
    rows = rows[rows["center"] != ""]
    loads = rows["center"].map(rows.groupby("center")["people"].sum())
    return loads.groupby(rows["town"]).max().reindex(towns)
