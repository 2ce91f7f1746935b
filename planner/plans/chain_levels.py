"""The five levels of care and which facilities stand on each, as far as the register tells."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from planner.errors import Text
from planner.hospitals import classes, general_hospitals
from planner.plans.sites import COUNTY_OWNER
from planner.region import Region, counts_as

CITY_OWNER = "市办"
LEVELS: Mapping[str, Text] = MappingProxyType(
    {
        "town": Text("村→乡镇", "village to town"),
        "subcenter": Text("→次中心", "to the sub-centre"),
        "county": Text("→县级医院", "to the county hospital"),
        "city": Text("→市级医院", "to the city hospital"),
    }
)
"""The links of the chain, each named after the level that it leads to."""
TOWN_HOSPITALS, TOWN_CENTERS = ("township_hospital", "county_subcenter"), ("community_health_center",)


def facilities_of(region: Region) -> Mapping[str, pd.DataFrame]:
    """Return the open facilities of each level; county and city hospitals by owner and grade, as far as these are known.

    City: general, of class three and run by the city. County: general, run by the county or of class two, and none of
    the city's. Where nobody's owner (grade) is known, the other alone tells.
    """
    general = general_hospitals(region)
    classed, owner = classes(general), general["owner"].fillna("")
    graded, owned = bool((general["grade"].fillna("") != "").any()), bool((owner != "").any())
    third = classed == 3 if graded else owner == CITY_OWNER
    city = third & (owner == CITY_OWNER) if owned else third & graded
    county = (owner == COUNTY_OWNER) | (classed == 2) if graded or owned else ~city
    return {
        "town": region.open_facilities(*TOWN_HOSPITALS, *TOWN_CENTERS),
        "subcenter": region.open_facilities("county_subcenter"),
        "county": general[county & ~city],
        "city": general[city],
    }


def tiers_of(level: str, facilities: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return in what order a level's facilities are asked: those of the own town, of the county, or any of the city's.

    A village belongs to its town's 卫生院 (or the sub-centre it became), for want of one to the town's community centre.
    """
    if level == "city":
        return [("", facilities)]
    if level != "town":
        return [("county_code", facilities)]
    hospitals = facilities[counts_as(facilities, TOWN_HOSPITALS)]
    centers = facilities[counts_as(facilities, TOWN_CENTERS)]
    return [("town_code", hospitals), ("town_code", centers), ("county_code", hospitals), ("county_code", centers)]


LEVEL_ASSUMPTIONS = (
    "乡镇一级＝本乡镇在用的卫生院（含升格为次中心的），没有的取本乡镇社区卫生服务中心，再没有的取本县（区）最近的（假设）。",
    "县一级＝县办或二级的综合、中医类医院；市一级＝市办三级综合、中医类医院，全市最近的一所（假设，按名录的举办主体和等级）。",
    "村、乡镇、次中心、县四级限于本县（区）内（医共体）；县（区）外更近的另列，不改变本县的链条。",
)
