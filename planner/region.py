"""Region: the facts of one city as frozen tables in one metric CRS."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import pandas as pd

from planner.errors import Text
from planner.network import RoadGraph

URBAN_SCOPES: Mapping[str, Text] = MappingProxyType(
    {
        "subdistricts": Text("城区（街道）", "city proper (subdistricts)"),
        "subdistricts_and_county_seats": Text("城区（街道）＋县城", "subdistricts and county seats"),
        "census": Text("普查城镇人口", "urban residents of the census"),
    }
)


@dataclass(frozen=True)
class Source:
    """Where one file of facts came from: its name, SHA-256, number of rows and what it is said to rest on."""

    file: str
    sha256: str
    rows: int
    title: str = ""


@dataclass(frozen=True)
class Use:
    """What became of one thing that came in: used as it stands, converted on the way, or left unused.

    name   as its file calls it
    how    what it stands for, how it was converted, or why it is not used and what it resembles
    """

    file: str
    what: Literal["file", "layer", "sheet", "column", "rows", "unit", "datum"]
    name: str
    state: Literal["used", "converted", "unused"]
    how: Text


@dataclass(frozen=True)
class About:
    """What a folder of facts says of itself.

    ``complete_registers`` are the kinds of facility whose list is complete: none listed then means none there.
    ``notice`` is shown on every output (for the sample: 示例数据（部分估算），不作决策依据).
    """

    name: str
    code: str
    as_of: str = ""
    notice: str = ""
    accuracy: str = ""
    drawn_by: str = ""
    approval_number: str = ""
    complete_registers: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


_TOWN_HOSPITAL, _SUBCENTER = "township_hospital", "county_subcenter"
CENTER = "community_health_center"


def ids_of(text: str) -> tuple[str, ...]:
    """Return the ids in one cell, sorted.

    >>> ids_of("CHC2、 CHC1")
    ('CHC1', 'CHC2')
    """
    return tuple(sorted({one.strip() for one in re.split("[、,，;；]", text) if one.strip()}))


def counts_as(facilities: pd.DataFrame, kinds: Collection[str]) -> "pd.Series[bool]":
    """Return which facilities count as one of these kinds: what was upgraded still is what it was, what was converted is not.

    A list of both 卫生院 and sub-centres is of the 卫生院 that a town must have: a sub-centre that something else was
    made into, as a county's hospital, is none of them.
    """
    was, named = facilities["upgraded_from"], facilities["kind"].isin(kinds)
    if {_TOWN_HOSPITAL, _SUBCENTER} <= {*kinds}:
        named &= (facilities["kind"] != _SUBCENTER) | was.isna() | (was == "")
    return named | was.isin(kinds)


@dataclass(frozen=True, eq=False)
class Region:
    """The facts of one city, in metres, ids as text and unique, each frame sorted by its id.

    counties    code, name, population, urban_population, rural_population, geometry (polygon)
    towns       code, name, county_code, kind, is_county_seat, geometry (polygon)
    villages    code, name, town_code, county_code, kind, population, lon, lat, geometry (point); may be empty
    residents   id, village_code, town_code, county_code, population, is_urban, lon, lat, geometry (point)
    facilities  id, name, kind, status, town_code, village_code, county_code, beds …, lon, lat, geometry (point)
    roads       RoadGraph (in degrees), or None
    register    the register of institutions as its file gives it (planner.institutions), or None

    uses        what became of every file, column and datum that came in

    ``estimated`` (bool) and ``source`` stand in every frame. Empty text is "", an unknown number is NaN,
    an unknown boolean or choice is None. Functions never write into these frames.
    """

    about: About
    crs: str
    counties: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    residents: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    roads: RoadGraph | None = None
    sources: tuple[Source, ...] = ()
    uses: tuple[Use, ...] = ()
    register: pd.DataFrame | None = None

    @property
    def subject_level(self) -> str:
        """The lowest level at which people are known: "village", or "town" where no resident names a village."""
        return "village" if len(self.villages) and bool((self.residents["village_code"] != "").all()) else "town"

    def open_facilities(self, *kinds: str) -> gpd.GeoDataFrame:
        """Return the facilities that count as these kinds and serve people today (status open), sorted by id."""
        frame = self.facilities
        return frame[counts_as(frame, kinds) & (frame["status"] == "open")]

    def knows(self, kind: str) -> bool:
        """Whether the list of this kind of facility can be trusted: it has rows, or is declared complete."""
        return bool(counts_as(self.facilities, [kind]).any()) or kind in self.about.complete_registers

    def __repr__(self) -> str:
        people = int(self.residents["population"].sum())
        return (
            f"Region({self.about.name}: {len(self.counties)} counties, {len(self.towns)} towns, "
            f"{len(self.villages)} villages, {len(self.facilities)} facilities, {people} people, {self.crs})"
        )


# Where people live: settlements, and the names of the places that rows of residents or facilities lie in.


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
