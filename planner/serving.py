"""Whom community health centres serve, which centre serves each resident, and the loads that follow."""

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.region import Region
from planner.travel import Travel


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


def serving_center(people: pd.DataFrame, centers: pd.DataFrame, travel: Travel) -> pd.Series:
    """Return, by resident id in the order of `people`, the id of the centre that serves them, "" where none does.

    That is the nearest (by `travel`, at any distance) of their own town; of their county where their town has none.
    Where the town's own cannot be reached, nobody serves them. Both frames: id, lon, lat, county_code, town_code.
    """
    served = pd.Series("", index=people["id"], dtype=object)
    columns = ["id", "lon", "lat", "county_code", "town_code"]
    residents, places = pd.DataFrame(people[columns]), pd.DataFrame(centers[columns])
    for column in ("county_code", "town_code"):  # the town's own centre overrides
        groups = dict(iter(residents.groupby(column, sort=True)))
        for code, own in places.groupby(column, sort=True):
            if code in groups:
                served.loc[groups[code]["id"]] = travel.reach(groups[code], own, limit=0).nearest()["facility_id"]
    return served


def center_loads(region: Region, towns: pd.Series, centers: pd.DataFrame, travel: Travel) -> pd.Series:
    """Return, by town code, the largest load among the centres that serve it, NaN where none does.

    A centre's load is everyone whom it serves, wherever they live (`is_served`).
    """
    people = region.residents[is_served(region, towns, centers)]
    served = serving_center(people, centers, travel).to_numpy()
    rows = pd.DataFrame(
        {"town": people["town_code"].to_numpy(), "people": people["population"].to_numpy(), "center": served}
    )
    rows = rows[rows["center"] != ""]
    loads = rows["center"].map(rows.groupby("center")["people"].sum())
    return loads.groupby(rows["town"]).max().reindex(towns)
