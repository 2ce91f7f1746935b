"""A made city of any size in the form of a data folder: towns on a grid, villages, resident points, facilities, roads."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from benchmarks.prefecture import prefecture

WEST, SOUTH = 101.0, 26.0
_LAT_M = 110_800.0
_LON_M = 111_320.0 * float(np.cos(np.radians(26.5)))
_TOWNS_A_COUNTY = 20
_VILLAGES = 15
_TOWN_KM2 = 100.0
_URBAN_TOWNS = 3
"""So many 街道 a county; its next town is the seat."""
CLASSES = ("primary", "secondary", "tertiary", "unclassified")


@dataclass(frozen=True)
class Size:
    """How many towns, resident points and road nodes."""

    towns: int
    points: int
    nodes: int

    @property
    def label(self) -> str:
        return f"{self.towns} 个乡镇、{self.points:,} 个居民点、{self.nodes:,} 个路口"


def write_city(folder: Path, size: Size, seed: int = 0) -> Path:
    """Write the folder; the same size and seed give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    roads = prefecture(size.nodes, seed)
    xy = roads.xy * np.sqrt(size.towns * _TOWN_KM2 * 1e6) / roads.xy.max()
    wide = float(xy.max())
    towns = _towns(size.towns, wide)
    towns.to_file(folder / "towns.geojson", driver="GeoJSON", engine="pyogrio")
    villages = _villages(towns, rng)
    _csv(villages.drop(columns="town"), folder / "villages.csv")
    _csv(_residents(size.points, towns, villages, rng), folder / "residents.csv")
    _csv(_facilities(towns, villages, rng), folder / "facilities.csv")
    lon, lat = WEST + xy[:, 0] / _LON_M, SOUTH + xy[:, 1] / _LAT_M
    _roads(lon, lat, roads.tail, roads.head, rng).to_file(
        folder / "roads.gpkg", driver="GPKG", engine="pyogrio", layer="roads"
    )
    about = 'name: 虚构市\ncode: "510400"\nas_of: "2024-12-31"\nnotice: 虚构数据，只用于测量\ncoordinates: wgs84\n'
    registers = "complete_registers: [county_subcenter, township_hospital, community_health_center, village_clinic, emergency_station]\n"
    (folder / "about.yaml").write_text(about + registers, encoding="utf-8", newline="\n")
    return folder


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def _towns(count: int, wide: float) -> gpd.GeoDataFrame:
    """Return the towns as cells of a grid over the square of the roads, row by row; every 20 are a county."""
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    at = np.arange(count)
    county, within = at // _TOWNS_A_COUNTY, at % _TOWNS_A_COUNTY
    is_street, seat = within < _URBAN_TOWNS, within == _URBAN_TOWNS
    x, y = at % columns, at // columns
    step_x, step_y = wide / columns / _LON_M, wide / rows / _LAT_M
    code = [
        f"{510402 + c:06d}{(w + 1 if street else 100 + w):03d}"
        for c, w, street in zip(county, within, is_street, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "code": code,
            "name": [f"第{one}{'街道' if street else '镇'}" for one, street in zip(at + 1, is_street, strict=True)],
            "county_name": [f"第{one + 1}{'区' if one == 0 else '县'}" for one in county],
            "is_county_seat": np.where(seat, "是", "否"),
        },
        geometry=shapely.box(WEST + x * step_x, SOUTH + y * step_y, WEST + (x + 1) * step_x, SOUTH + (y + 1) * step_y),
        crs=4326,
    )


def _inside(
    towns: gpd.GeoDataFrame, at: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], ...]:
    """Return lon and lat of random places, half of them near the middle of their town."""
    bounds = towns.bounds.to_numpy()[at]
    spread = np.where(rng.random(len(at)) < 0.5, 0.15, 0.49)[:, None]
    share = 0.5 + (rng.random((len(at), 2)) * 2 - 1) * spread
    return tuple(np.round(bounds[:, k] + share[:, k] * (bounds[:, k + 2] - bounds[:, k]), 6) for k in (0, 1))


def _villages(towns: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    at = np.repeat(np.arange(len(towns)), _VILLAGES)
    number = np.tile(np.arange(_VILLAGES), len(towns))
    street = towns["name"].str.endswith("街道").to_numpy()[at]
    community = street | (number < 2)
    lon, lat = _inside(towns, at, rng)
    people = np.rint(rng.lognormal(np.where(community, 8.3, 7.2), 0.5)).astype(np.int64)
    code = towns["code"].to_numpy()[at]
    return pd.DataFrame(
        {
            "code": [f"{c}{(1 + n if own else 200 + n):03d}" for c, n, own in zip(code, number, community, strict=True)],
            "name": [f"第{k + 1}{'社区' if own else '村'}" for k, own in enumerate(community)],
            "lon": lon, "lat": lat, "population": people, "urban_population": np.where(community, people, 0), "town": at,
        }
    )  # fmt: skip


def _residents(count: int, towns: gpd.GeoDataFrame, villages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the points: each village's people over its share of them, a few hundred metres to kilometres apart."""
    order = np.sort(rng.integers(0, len(villages), count - len(villages)))
    owner = np.sort(np.concatenate([np.arange(len(villages)), order]))
    per = np.bincount(owner, minlength=len(villages))
    people = villages["population"].to_numpy()[owner] // per[owner]
    first = np.r_[True, owner[1:] != owner[:-1]]
    people[first] += villages["population"].to_numpy() - (villages["population"].to_numpy() // per) * per
    box = towns.bounds.to_numpy()[villages["town"].to_numpy()[owner]]
    lon = villages["lon"].to_numpy()[owner] + rng.normal(0, 0.008, count)
    lat = villages["lat"].to_numpy()[owner] + rng.normal(0, 0.008, count)
    return pd.DataFrame(
        {
            "id": [f"D{k:07d}" for k in range(count)],
            "lon": np.round(np.clip(lon, box[:, 0] + 1e-5, box[:, 2] - 1e-5), 6),
            "lat": np.round(np.clip(lat, box[:, 1] + 1e-5, box[:, 3] - 1e-5), 6),
            "population": people,
            "village_code": villages["code"].to_numpy()[owner],
            "town_code": villages["code"].str[:9].to_numpy()[owner],
        }
    )


def _facilities(towns: gpd.GeoDataFrame, villages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    at = np.arange(len(towns))
    street = towns["name"].str.endswith("街道").to_numpy()
    seat = (towns["is_county_seat"] == "是").to_numpy()
    lon, lat = _inside(towns, at, rng)
    parts = []

    def put(prefix: str, name: str, kind: str, mask: npt.NDArray[np.bool_], **more: object) -> None:
        where = np.flatnonzero(mask)
        parts.append(pd.DataFrame({
            "id": [f"{prefix}{k:05d}" for k in where], "name": [f"第{k + 1}{name}" for k in where], "kind": kind,
            "lon": lon[where], "lat": lat[where], "town_code": towns["code"].to_numpy()[where], "village_code": "", "status": "open", **more}))  # fmt: skip

    put("H", "县人民医院", "hospital", seat, grade="二级甲等", owner="县办", beds=400, specialty="general")
    put("T", "乡镇卫生院", "township_hospital", ~street, grade="一级", owner="县办", beds=40)
    put("C", "社区卫生服务中心", "community_health_center", street)
    put("E", "急救站", "emergency_station", seat | (street & (at % 3 == 0)))
    rural = villages[(villages["code"].str[9] == "2") & (rng.random(len(villages)) < 0.92)]
    parts.append(pd.DataFrame({
        "id": [f"V{code}" for code in rural["code"]], "name": [f"{name}卫生室" for name in rural["name"]], "kind": "village_clinic",
        "lon": rural["lon"], "lat": rural["lat"], "town_code": rural["code"].str[:9], "village_code": rural["code"], "status": "open"}))  # fmt: skip
    return pd.concat(parts, ignore_index=True).fillna({"village_code": "", "grade": "", "owner": "", "specialty": ""})


def _roads(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], tail: npt.NDArray[np.int64], head: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return the roads as lines with one bend each, ends shared to the digit; classes at random."""
    ends = np.round(np.stack([lon, lat], axis=1), 7)
    start, stop = ends[tail], ends[head]
    bend = np.round((start + stop) / 2 + (stop - start)[:, ::-1] * (rng.random((len(tail), 1)) - 0.5) * 0.2, 7)
    lines = shapely.linestrings(np.stack([start, bend, stop], axis=1))
    kinds = np.array(CLASSES, object)[np.minimum(rng.geometric(0.3, len(tail)) - 1, 3)[::-1]]
    return gpd.GeoDataFrame(
        {"id": [f"R{k:07d}" for k in range(len(tail))], "road_class": kinds}, geometry=lines, crs=4326
    )
