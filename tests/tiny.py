"""A made city of two counties, four towns and eight villages whose every finding can be worked out by hand."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import LineString, box

TOWNS = (
    ("510402001", "甲一街道", (101.60, 26.50, 101.70, 26.60), False),
    ("510402100", "甲镇", (101.70, 26.50, 101.80, 26.60), False),
    ("510422100", "乙镇", (101.60, 26.60, 101.70, 26.70), True),
    ("510422200", "乙乡", (101.70, 26.60, 101.80, 26.70), False),
)
"""Code, name, box, whether it is a county seat."""

VILLAGES = (
    ("510402001001", "一社区居民委员会", 101.65, 26.55, 20_000, 20_000),
    ("510402001002", "二社区居民委员会", 101.65, 26.59, 10_000, 10_000),
    ("510402100001", "三社区居民委员会", 101.75, 26.55, 4_000, 3_000),
    ("510402100200", "四村村民委员会", 101.79, 26.51, 1_000, 0),
    ("510422100001", "五社区居民委员会", 101.65, 26.65, 6_000, 5_000),
    ("510422100200", "六社区村民委员会", 101.61, 26.69, 2_000, 0),
    ("510422200200", "七村村民委员会", 101.75, 26.65, 1_500, 0),
    ("510422200201", "八村村民委员会", 101.79, 26.69, 500, 0),
)
"""Code, name, lon, lat, residents, urban residents. 六社区村民委员会 is a 行政村: the code says so, not the name."""

FACILITIES = (
    ("ES1", "甲急救站", "emergency_station", 101.65, 26.55, "open", ""),
    ("ES2", "拟建急救站", "emergency_station", 101.65, 26.65, "planned", ""),
    ("TH1", "甲镇卫生院", "township_hospital", 101.75, 26.55, "open", ""),
    ("TH2", "乙镇卫生院", "township_hospital", 101.65, 26.65, "open", ""),
    ("CHC1", "甲一社区卫生服务中心", "community_health_center", 101.65, 26.55, "open", ""),
    ("VC1", "四村卫生室", "village_clinic", 101.79, 26.51, "open", "510402100200"),
    ("VC2", "七村卫生室", "village_clinic", 101.75, 26.65, "open", "510422200200"),
)


def villages() -> pd.DataFrame:
    """Return the villages under English headings."""
    columns = ["code", "name", "lon", "lat", "population", "urban_population"]
    return pd.DataFrame(list(VILLAGES), columns=columns)


def facilities() -> pd.DataFrame:
    """Return the facilities under English headings."""
    return pd.DataFrame(list(FACILITIES), columns=["id", "name", "kind", "lon", "lat", "status", "village_code"])


def towns() -> gpd.GeoDataFrame:
    """Return the towns as four squares that share their edges."""
    return gpd.GeoDataFrame(
        {
            "code": [one[0] for one in TOWNS],
            "name": [one[1] for one in TOWNS],
            "county_name": ["甲区" if one[0].startswith("510402") else "乙县" for one in TOWNS],
            "is_county_seat": ["是" if one[3] else "否" for one in TOWNS],
        },
        geometry=[box(*one[2]) for one in TOWNS],
        crs=4326,
    )


def write(folder: Path) -> Path:
    """Write the city as a user's folder: towns.geojson, villages.csv, facilities.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    towns().to_file(folder / "towns.geojson", driver="GeoJSON", engine="pyogrio")
    villages().to_csv(folder / "villages.csv", index=False, encoding="utf-8-sig")
    facilities().to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    return folder


ROADS = (
    ("W1", "primary", ((101.65, 26.55), (101.67, 26.55))),
    ("W2", "primary", ((101.67, 26.55), (101.67, 26.59), (101.65, 26.59))),
    ("W3", "primary", ((101.67, 26.55), (101.75, 26.55))),
    ("W4", "track", ((101.78, 26.51), (101.79, 26.51))),
)
"""From the station east to 三社区, round to 二社区, and by 四村 a track that joins nothing. No road within 2 km of the north."""


def roads() -> gpd.GeoDataFrame:
    """Return the roads as lines."""
    columns = {"id": [one[0] for one in ROADS], "road_class": [one[1] for one in ROADS]}
    return gpd.GeoDataFrame(columns, geometry=[LineString(one[2]) for one in ROADS], crs=4326)


def write_with_roads(folder: Path) -> Path:
    """Write the city with its roads as roads.geojson."""
    write(folder)
    roads().to_file(folder / "roads.geojson", driver="GeoJSON", engine="pyogrio")
    return folder
