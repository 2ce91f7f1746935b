"""What the roads say, for people: 绕行清单 as a CSV and as a sheet, and the sheet 路网接入 of who is not joined to them."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.joined import RoadParts
from planner.network import RoadGraph, edge_lines
from planner.schema import DETOUR_LABELS, DETOURS, REASON_LABELS
from planner.text import amount_text, count_text, people_text
from scenarios.document import Col, Section, Table, records
from scenarios.ways import RoadView

DETOUR_LIST = "绕行清单.csv"
_STATES: Mapping[str, str] = {"apart": "所在道路不与最大路网连通", "far": "离路太远"}
_CLOSED = "道路封闭"
_WHAT: Mapping[str, str] = {"resident": "居民点", "facility": "机构"}


def roads_layer(graph: RoadGraph) -> gpd.GeoDataFrame:
    """Return the edges as lines (EPSG:4326) that `read_roads` reads as the same roads."""
    oneway = np.where(graph.forward & graph.backward, "no", np.where(graph.forward, "yes", "-1"))
    columns = {
        "osmid": graph.way_id, "road_class": graph.road_class, "oneway": oneway,
        "speed_kph": [None if np.isnan(one) else str(one) for one in graph.speed_kmh],
        "bridge": np.where(graph.joins, "no", "yes"), "access": np.where(graph.through, "yes", "destination"),
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=edge_lines(graph), crs=4326)


def labelled(detours: pd.DataFrame) -> pd.DataFrame:
    """Return the list with the headings and the words that people read; a number that there is none of stays empty."""
    words = {
        "status": detours["status"].map(DETOUR_LABELS),
        "reason": detours["reason"].map(REASON_LABELS),
        "estimated": detours["estimated"].map({True: "是", False: "否"}),
    }
    headings = {one.name: one.heading for one in DETOURS.fields}
    return detours.assign(**words).rename(columns=headings)


def _kilometres(name: str) -> Any:
    """Return the cell of a distance in kilometres: empty where there is none."""

    def cell(row: Mapping[str, Any]) -> str | float:
        return "—" if pd.isna(row[name]) else row[name] / 1000

    return cell


def _factor(row: Mapping[str, Any]) -> str | float:
    return "—" if pd.isna(row["detour_factor"]) else row["detour_factor"]


def _status(row: Mapping[str, Any]) -> str:
    return "：\n".join(filter(None, (DETOUR_LABELS[row["status"]], REASON_LABELS[row["reason"]])))


_DETOURS = (
    Col("number", "序号", 4, "centre"),
    Col("county_name", "县（区）", 8, "centre", group="居民点"),
    Col("town_name", "乡镇（街道）", 11, group="居民点"),
    Col("name", "村（社区）", 15, group="居民点"),
    Col("radius_km", "半径\n（公里）", 6.5, "centre"),
    Col("paper_facility_name", "最近机构", 18, group="直线（达标）"),
    Col("", "距离\n（公里）", 8, "kilometres", group="直线（达标）", shown=_kilometres("paper_distance_m")),
    Col("", "最近机构", 18, group="道路（不达标）", shown=lambda row: row["road_facility_name"] or "—"),
    Col("", "距离\n（公里）", 8, "kilometres", group="道路（不达标）", shown=_kilometres("road_distance_m")),
    Col("", "绕行\n系数", 7, "rate", shown=_factor),
    Col("population", "人口\n（人）", 8, "number"),
    Col("", "状态", 13, "centre", shown=_status),
    Col("", "含\n估算", 5, "centre", shown=lambda row: "是" if row["estimated"] else "否"),
    Col("id", "居民点编号", 18, "small", printed=False),
)
_DETOUR_NOTE = (
    "注：表中居民点按直线距离在服务半径以内，按道路距离（机构到居民）超出半径或不可达；只作参考，不作判断，不计入缺口。"
    "绕行系数＝到最近机构的道路距离÷到最近机构的直线距离，两者可以不是同一机构；不可达的没有系数。同一居民点可能涉及几个指标，各指标的人口不相加。"
)
_UNTESTED = "没有按直线和道路两种口径计算服务半径的指标，没有检查绕行。"
_NOT_JOINED = (
    Col("number", "序号", 4, "centre"),
    Col("", "类别", 8, "centre", group="对象", shown=lambda row: _WHAT[row["what"]]),
    Col("id", "编号", 20, group="对象"),
    Col("name", "名称", 26, group="对象"),
    Col("county_name", "县（区）", 10, "centre", group="对象"),
    Col("town_name", "乡镇（街道）", 14, group="对象"),
    Col("", "人口\n（人）", 9, "number", shown=lambda row: row["population"] if row["what"] == "resident" else "—"),
    Col("", "情况", 30, "centre", shown=lambda row: _CLOSED if row["closed"] else _STATES[row["state"]]),
    Col("", "离路\n（公里）", 9, "kilometres", shown=_kilometres("access_m")),
)


def road_tables(roads: RoadView, name: str, county: str) -> tuple[Table, Table]:
    """Return 绕行清单 and 路网接入 of a place: its name, and the code of its county ("": the city)."""
    detours, not_joined = (
        part[part["county_code"] == county] if county else part for part in (roads.detours, roads.not_joined)
    )
    hidden = ("county_name",) if county else ()
    sections = [
        Section(f"小计：{part['rule_label'].iloc[0]}　{len(part)} 个居民点", records(part))
        for _, part in detours.groupby("rule", sort=False)
    ]
    nothing = "没有直线达标而道路不达标的居民点。" if roads.tests_detours else _UNTESTED
    cols = [col for col in _NOT_JOINED if col.key not in hidden]
    return (
        Table("绕行清单", f"{name}绕行清单（直线达标、道路不达标的居民点）", _DETOURS, (), [_DETOUR_NOTE], nothing, sections,
              "population", hidden=hidden),
        Table("路网接入", f"{name}未接入路网的居民点和机构", cols, records(not_joined), _road_notes(roads, not_joined),
              "没有未接入路网的居民点或机构。"),
    )  # fmt: skip


def _road_notes(roads: RoadView, rows: pd.DataFrame) -> list[str]:
    """Return what is to be told of the network itself, and of whom it leaves out here."""
    why = rows["state"].map(_STATES).where(~rows["closed"].astype(bool), _CLOSED)
    people = rows[rows["what"] == "resident"].groupby(why)["population"].agg(["size", "sum"])
    here = "，".join(f"{reason} {row['size']} 个居民点 {people_text(row['sum'])}" for reason, row in people.iterrows())
    return [f"路网：{parts_text(roads.parts)}。", f"本表：{here or '居民点都接入最大路网'}。", *roads.said[:1]]


def parts_text(one: RoadParts) -> str:
    """Return the size of the open roads and of what nothing joins to their largest part."""
    apart = f"与最大部分不连通的有 {one.parts_apart} 处，{count_text(one.nodes_apart)} 个节点，{amount_text(one.km_apart * 1e6, 'mm')}"
    return f"{count_text(one.nodes)} 个节点，{count_text(one.edges)} 段，{amount_text(one.km * 1e6, 'mm')}；{apart if one.parts_apart else '全部连通'}"
