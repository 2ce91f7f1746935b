"""Each table's own defaults and checks: from canonical columns to the frames of a Region."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from shapely import STRtree

from geodata.columns import Notes
from geodata.files import RawTable
from planner.errors import Text
from planner.region import Source
from planner.schema import VILLAGES

_BORDER_TOLERANCE_M = 1000
"""A resident this far outside every town is given to the nearest: borders of files are simplified."""


Texts = npt.NDArray[np.object_]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """One table as read: its rows, where they stood, its geometry, and where the file came from."""

    raw: RawTable
    frame: pd.DataFrame
    source: Source


def towns_of(frame: gpd.GeoDataFrame, part: Part, notes: Notes) -> gpd.GeoDataFrame:
    """Return the towns with kind and county filled in: the kind from the name's ending, the county from the code."""
    short = frame["code"].str.len() < 6
    notes.add_rows(
        part.raw, short, "乡镇代码", Text("代码太短", "the code is too short"),
        Text("用 9 位统计用区划代码", "use the 9-digit code"), found=frame["code"],
    )  # fmt: skip
    wrong = ~frame.geom_type.isin(["Polygon", "MultiPolygon", "GeometryCollection"])
    notes.add_rows(
        part.raw,
        wrong,
        "geometry",
        Text("乡镇边界应是面", "towns must be polygons"),
        Text("改用面图层", "use polygons"),
    )
    by_name = frame["name"].str[-2:].map({"街道": "subdistrict"})
    by_name = by_name.fillna(frame["name"].str[-1:].map({"镇": "town", "乡": "township"}))
    kind = frame["kind"].where(frame["kind"].notna(), by_name)
    notes.add_rows(
        part.raw, kind.isna(), "类型", Text("从名称看不出是街道、镇还是乡", "the name does not tell its kind"),
        Text("填“类型”列", "fill in the kind"), found=frame["name"],
    )  # fmt: skip
    county = frame["county_code"].where(frame["county_code"] != "", frame["code"].str[:6])
    return frame.assign(
        kind=kind, county_code=county, is_county_seat=frame["is_county_seat"].eq(True).to_numpy(bool)
    ).sort_values("code", kind="stable", ignore_index=True)


def counties_of(
    frame: gpd.GeoDataFrame | None, towns: gpd.GeoDataFrame, part: Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    """Return the counties of the file, or those that the towns make up."""
    if frame is None or part is None:
        merged = towns.dissolve("county_code", aggfunc={"county_name": "first", "estimated": "any"}).reset_index()
        merged = merged.rename(columns={"county_code": "code", "county_name": "name"})
        merged["name"] = merged["name"].where(merged["name"] != "", merged["code"])
        return merged.assign(
            population=np.nan, urban_population=np.nan, rural_population=np.nan, source="由乡镇边界合并"
        )
    missing = sorted(set(towns["county_code"]) - set(frame["code"]))
    if missing:
        notes.add(
            part.raw.file,
            Text(f"乡镇所属的县区代码不在本文件中：{'、'.join(missing)}", f"counties missing: {', '.join(missing)}"),
            Text("补上这些县区，或改正乡镇的县区代码", "add them, or correct the towns"),
        )
    return frame.sort_values("code", kind="stable", ignore_index=True)


def _unknown(part: Part, codes: pd.Series, known: pd.Series, column: str, where: str, notes: Notes) -> None:
    bad = (codes != "") & ~codes.isin(known)
    notes.add_rows(
        part.raw, bad, column, Text(f"这个代码不在{where}文件中", f"this code is not in {where}"),
        Text("核对代码", "check the code"), found=codes,
    )  # fmt: skip


def _town_at(frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, tolerance_m: float) -> pd.Series:
    """Return the code of the town each point lies in, or of the nearest within the tolerance; "" if there is none."""
    tree = STRtree(towns.geometry.to_numpy())
    codes = towns["code"].to_numpy(object)
    out = np.full(len(frame), "", dtype=object)
    points = frame.geometry.to_numpy()
    at, town = tree.query(points, predicate="intersects")
    _take_first(out, codes, at, town)
    if tolerance_m:
        lost = np.flatnonzero(out == "")
        at, town = tree.query_nearest(points[lost], max_distance=tolerance_m)
        _take_first(out, codes, lost[at], town)
    return pd.Series(out, index=frame.index)


def _take_first(out: Texts, codes: Texts, at: Positions, town: Positions) -> None:
    """Write each point's town; a point on a border goes to the smaller code, whatever the order of the file."""
    order = np.lexsort((codes[town].astype(str), at))
    first, where = np.unique(at[order], return_index=True)
    out[first] = codes[town[order][where]]


def villages_of(
    frame: gpd.GeoDataFrame | None, towns: gpd.GeoDataFrame, part: Part | None, notes: Notes
) -> gpd.GeoDataFrame:
    """Return the villages with town, county, kind and urban residents filled in; an empty frame without the file."""
    if frame is None or part is None:
        columns = {one.name: pd.Series(dtype=object) for one in VILLAGES.fields} | {
            "county_code": pd.Series(dtype=object)
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=towns.crs))
    by_code = frame["code"].str[:9]
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    town = frame["town_code"].where(frame["town_code"] != "", by_code)
    lost = ~town.isin(towns["code"]) & (frame["town_code"] == "")
    town = town.where(~lost, _town_at(frame, towns, _BORDER_TOLERANCE_M))
    notes.add_rows(
        part.raw, town == "", "村代码", Text("不属于任何乡镇", "belongs to no town"),
        Text("填“乡镇代码”列，或核对坐标", "fill in town_code, or check the point"), found=frame["name"],
    )  # fmt: skip
    by_digit = pd.Series(np.where(frame["code"].str[9:10] == "2", "village", "community"), index=frame.index)
    kind = frame["kind"].where(frame["kind"].notna(), by_digit)
    more = frame["urban_population"] > frame["population"]
    notes.add_rows(
        part.raw, more, "城镇人口", Text("多于常住人口", "more than the population"), Text("改正", "correct it"),
        found=frame["urban_population"],
    )  # fmt: skip
    inside = _town_at(frame, towns, 0)
    elsewhere = (inside != town) & (town != "") & (inside != "")
    notes.add_rows(
        part.raw, elsewhere, "经度、纬度", Text("坐标落在别的乡镇", "the point lies in another town"),
        Text("核对坐标或乡镇代码；评估以乡镇代码为准", "check it; the code is believed"), found=frame["name"],
        warning=True,
    )  # fmt: skip
    guessed = frame["urban_population"].isna()
    if guessed.any():
        notes.add(
            part.raw.file,
            Text(f"{int(guessed.sum())} 行没有城镇人口：社区全计城镇、行政村全计乡村（假设）",
                 f"{int(guessed.sum())} rows without urban_population: communities count as urban, villages as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="城镇人口", warning=True,
        )  # fmt: skip
    assumed = frame["population"].where(kind == "community", 0)
    county = town.map(towns.set_index("code")["county_code"])
    return frame.assign(
        town_code=town, county_code=county, kind=kind,
        urban_population=frame["urban_population"].where(~guessed, assumed),
    ).sort_values("code", kind="stable", ignore_index=True)  # fmt: skip


def residents_of_villages(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return resident points from villages: one for the urban, one for the rural residents of each, none empty."""
    urban = villages.assign(id=villages["code"] + "-u", people=villages["urban_population"], is_urban=True)
    rural = villages.assign(
        id=villages["code"] + "-r", people=villages["population"] - villages["urban_population"], is_urban=False
    )
    both = pd.concat([urban, rural])
    both = both[both["people"] > 0].assign(village_code=lambda one: one["code"], population=lambda one: one["people"])
    columns = ["id", "village_code", "town_code", "county_code", "population", "is_urban", "lon", "lat", "source",
               "estimated", "geometry"]  # fmt: skip
    both = both[columns].sort_values("id", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(both.astype({"population": "int64"}), geometry="geometry", crs=villages.crs)


def residents_of(
    frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, part: Part, notes: Notes
) -> gpd.GeoDataFrame:
    """Return the resident points of the file with town, county and urban or rural filled in."""
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    if len(villages):
        _unknown(part, frame["village_code"], villages["code"], "村代码", "村（社区）", notes)
    by_village = frame["village_code"].map(villages.set_index("code")["town_code"]) if len(villages) else None
    town = frame["town_code"]
    if by_village is not None:
        town = town.where(town != "", by_village.fillna(""))
    blank = town == ""
    town = town.where(~blank, _town_at(frame, towns, _BORDER_TOLERANCE_M))
    notes.add_rows(
        part.raw, town == "", "经度、纬度", Text("不落在任何乡镇内", "lies in no town"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["id"],
    )  # fmt: skip
    kinds = town.map(towns.set_index("code")["kind"])
    guessed = frame["is_urban"].isna()
    if guessed.any():
        notes.add(
            part.raw.file,
            Text(f"{int(guessed.sum())} 行没有“是否城镇”：街道的计城镇，其余计乡村（假设）",
                 f"{int(guessed.sum())} rows without is_urban: those in 街道 count as urban, others as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="是否城镇", warning=True,
        )  # fmt: skip
    urban = np.where(guessed, kinds == "subdistrict", frame["is_urban"].eq(True))
    village = frame["village_code"] if len(villages) else frame["village_code"].where(False, "")
    out = frame.assign(
        town_code=town, village_code=village, is_urban=urban.astype(bool),
        county_code=town.map(towns.set_index("code")["county_code"]),
    )  # fmt: skip
    out["population"] = out["population"].fillna(0).astype("int64")
    return out.sort_values("id", kind="stable", ignore_index=True)


def facilities_of(
    frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, part: Part, notes: Notes
) -> gpd.GeoDataFrame:
    """Return the facilities with status, town, village and county filled in; a clinic goes to its nearest village."""
    _unknown(part, frame["town_code"], towns["code"], "乡镇代码", "乡镇", notes)
    town = frame["town_code"].where(frame["town_code"] != "", _town_at(frame, towns, 0))
    village = frame["village_code"]
    clinic = frame["kind"] == "village_clinic"
    if len(villages):
        _unknown(part, village, villages["code"], "村代码", "村（社区）", notes)
        lost = clinic & (village == "") & (town != "")
        if lost.any():
            village = village.where(~lost, _nearest_village(frame[lost], town[lost], villages))
            notes.add(
                part.raw.file,
                Text(f"{int(lost.sum())} 所村卫生室没有村代码，按同乡镇最近的行政村归属（估算）",
                     f"{int(lost.sum())} clinics without village_code were given to the nearest village of their town"),
                Text("填“村代码”列", "fill in village_code"), column="村代码", warning=True,
            )  # fmt: skip
        town = town.where((town != "") | (village == ""), village.map(villages.set_index("code")["town_code"]))
    outside = (town == "") & (frame["kind"].isin(["township_hospital", "community_health_center", "village_clinic"]))
    notes.add_rows(
        part.raw, outside, "经度、纬度", Text("不落在任何乡镇内，只计算距离", "lies in no town, counts for distance only"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["name"], warning=True,
    )  # fmt: skip
    status = frame["status"].where(frame["status"].notna(), "open")
    return frame.assign(
        town_code=town.fillna(""), village_code=village.fillna(""), status=status,
        county_code=town.map(towns.set_index("code")["county_code"]).fillna(""),
    ).sort_values("id", kind="stable", ignore_index=True)  # fmt: skip


def _nearest_village(clinics: gpd.GeoDataFrame, town: pd.Series, villages: gpd.GeoDataFrame) -> pd.Series:
    """Return, for each clinic, the code of the nearest 行政村 of its own town, "" where the town has none."""
    out = pd.Series("", index=clinics.index, dtype=object)
    for code, group in clinics.groupby(town):
        near = villages[(villages["town_code"] == code) & (villages["kind"] == "village")]
        if len(near):
            at = STRtree(near.geometry.to_numpy()).query_nearest(group.geometry.to_numpy(), all_matches=False)
            out.loc[group.index[at[0]]] = near["code"].to_numpy(object)[at[1]]
    return out
