"""The map of a plan of community centres: what was found, put as maps.centers shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from maps.centers import Center, Community, Post, Town, centers_map
from planner.plans.centers_units import KIND, STATION
from planner.text import amount_text, count_text, people_text, share_text
from scenarios.plans.centers import Report, walk_of
from scenarios.plans.centers_tables import (
    Row,
    centers,
    communities,
    conversions,
    counties,
    county_names,
    hospitals,
    rows_of,
    station_state,
    total_state,
    towns,
)
from scenarios.plans.furniture import furniture_of, open_edges
from scenarios.plans.words import unit_word

CENTER_MAP = "社区中心方案地图.html"
_LABELS = (
    ("standing", "已有社区卫生服务中心"), ("community", "新建中心（拟）"), ("station", "服务站升级（拟）"), ("hospital", "卫生院转型（拟）"),
    ("chs", "已有服务站"), ("new_chs", "拟设服务站"),
)  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """The tables of a plan, each made once."""

    report: Report

    @cached_property
    def counties(self) -> list[Row]:
        """By county."""
        return counties(self.report)

    @cached_property
    def centers(self) -> list[Row]:
        """By centre."""
        return centers(self.report)

    @cached_property
    def beyond_today(self) -> dict[str, int]:
        """Residents farther on foot than the limit from every centre and station that stands, by community."""
        served, limit = self.report.plan.served.people, self.report.plan.stations.limit
        people = pd.DataFrame(served[["id", "unit", "population", "lon", "lat"]])
        stand = self.report.start.region.open_facilities(KIND, STATION)[["id", "lon", "lat"]]
        near = walk_of(self.report.start).reach_whole(people, pd.DataFrame(stand), limit).covered().to_numpy(bool)
        return {str(one): int(n) for one, n in people[~near].groupby("unit")["population"].sum().items()}


def center_map(report: Report) -> str:
    """Return the page."""
    rows = _Rows(report)
    around = furniture_of(
        report.start, "社区卫生服务中心布局方案", report.said, f"人；{unit_word(report.plan.unit)}"
    )  # fmt: skip
    told = "\n".join(f"{name}没有方案：{why.zh}" for name, why in report.failed_by_name)
    found = [_community(report, row, rows.beyond_today.get(row["id"], 0)) for row in communities(report)]
    where = ["", *(row["name"] for row in rows.counties)]
    facts = {
        "planned": {one: _planned_facts(rows, one) for one in where},
        "today": {one: _today_facts(rows, one) for one in where},
    }
    return centers_map(
        report.start.region, found, _centers(rows.centers), _posts(report),
        [_town(row) for row in towns(report)], report.plan.edges, _LABELS, facts, around, told,
        open_edges(report.start),
    )  # fmt: skip


def _of(rows: Sequence[Row], county: str, name: str = "county_name") -> list[Row]:
    """Return the rows of a county; all of them where none is named."""
    return [row for row in rows if county in ("", row[name])]


def _bounds(report: Report) -> str:
    task = report.plan.task
    return f"{count_text(task.lower)}～{people_text(task.upper)}（下限{'硬' if task.hard else '软'}）"


def _planned_facts(rows: _Rows, county: str) -> list[tuple[str, str]]:
    """Return the figures of the plan in one county, or ("") in all."""
    report, mine = rows.report, _of(rows.counties, county, "name")
    new = sum(row["new"] for row in mine if not isinstance(row["new"], str))
    homes = {row["id"]: row["county_name"] for row in rows.centers}
    chosen = [row["name"] for row in hospitals(report) if row["chosen"] and county in ("", homes[row["id"]])]
    stations = f"本县（区）再设 {sum(row['stations'] for row in mine)} 个；全市{station_state(report)}"
    return [
        ("状态", mine[0]["state"] if county else total_state(report)),
        ("上下限", _bounds(report)),
        ("服务对象", people_text(sum(row["population"] for row in mine))),
        ("中心", f"已有 {sum(row['present'] for row in mine)} 所，新设 {new} 所"),
        ("服务站", stations if county else station_state(report)),
        ("转型", f"{len(_of(conversions(report), county))} 家卫生院" if report.plan.conversions.known else "无数据（没有撤并对照表）"),
        ("社区医院", "推荐" + "、".join(chosen) if chosen else "—"),
    ]  # fmt: skip


def _today_facts(rows: _Rows, county: str) -> list[tuple[str, str]]:
    """Return the figures of what stands today in one county, or ("") in all."""
    report, mine = rows.report, _of(rows.counties, county, "name")
    standing = [row for row in _of(rows.centers, county) if row["origin"] == "standing"]
    advice = [row["advice_today_said"] for row in standing]
    told = [f"{word} {advice.count(word)} 所" for word in sorted(set(advice) - {""}, reverse=True)]
    units = {row["id"] for row in _of(rows_of(report.plan.communities), county, "county_name")}
    stations = [row for row in _stations(report) if county in ("", row["county"])]
    return [
        ("状态", "现状，不是方案"),
        ("上下限", _bounds(report)),
        ("服务对象", people_text(sum(row["population"] for row in mine))),
        ("中心", "，".join([f"已有 {len(standing)} 所", *told])),
        ("服务站", f"已有 {len(stations)} 个"),
        *_across(rows, county),
        ("步行范围外", people_text(sum(n for one, n in rows.beyond_today.items() if one in units))),
    ]


def _across(rows: _Rows, county: str) -> list[tuple[str, str]]:
    """Return who is served beyond the county's border today."""
    people = rows.report.plan.served.people
    home = people["county_code"].map(county_names(rows.report))
    center = people["center_today"].map({row["id"]: row["county_name"] for row in rows.centers})
    out = people.loc[(home == county) & center.notna() & (center != county), "population"].sum()
    into = people.loc[(home != county) & (center == county), "population"].sum()
    both = (("到外县（区）", out), ("外县（区）来", into))
    return [(label, people_text(n)) for label, n in both if county and n]


def _community(report: Report, row: Row, beyond_today: int) -> Community:
    way = row["way"] * (60_000 if report.plan.unit == "ms" else 1_000_000)
    walk = "—" if row["metres"] != row["metres"] else f"{row['metres_said']} 米，{row['minutes_said']} 分钟"
    said = (
        ("现由", row["today"]), ("方案由", row["planned"]), ("占中心负荷", row["share"]), ("到方案的中心", amount_text(way, report.plan.unit)),
        ("步行到最近的中心或站", walk), ("没有路到中心", people_text(row["unreached"]) if row["unreached"] else ""),
        ("服务站", row["station_said"]), ("数据", row["estimated_said"]),
    )  # fmt: skip
    return Community(
        row["id"], row["name"], row["town_name"], row["county_name"], int(row["population"]), row["center_today"],
        row["center_planned"], beyond_today, int(row["beyond"]), said, row["lon"], row["lat"],
    )  # fmt: skip


def _centers(rows: Sequence[Row]) -> list[Center]:
    first = {row["unit_id"]: row for row in rows if row["joint"]}
    return [_center(row, first.get(row["unit_id"], row)) for row in rows]


def _center(row: Row, first: Row) -> Center:
    """Return a centre; `first` is the one whose district it serves, itself where it stands alone in its community."""
    load = first["load"]
    planned = None if load != load else int(load)  # noqa: PLR0124 (NaN)
    sharing = max(int(first["joint"]), 1)
    return Center(
        id=row["id"], name=row["name"], origin=row["origin"], label=row["origin_said"],
        county=row["county_name"], where=f"{row['county_name']}　{row['town_name']}", today=int(row["load_today"]), planned=planned,
        district=first["id"], sharing=sharing,
        state_today=row["advice_today_said"], state_planned=first["advice_said"],
        said=(
            ("现服务人口", people_text(row["load_today"]) + _mark(row["advice_today_said"]) if row["origin"] == "standing" else ""),
            ("方案服务人口", _planned(row, first, planned, sharing)), ("社区", f"{first['communities']} 个"),
            ("所在社区", first["home"]), ("说明", row["note"]),
        ),
        lon=row["lon"], lat=row["lat"],
    )  # fmt: skip


def _planned(row: Row, first: Row, planned: int | None, sharing: int) -> str:
    """Return what a centre serves by the plan: of several of one community the sum, and whose district it is."""
    if not planned:
        return "没有方案"
    joint = [] if sharing == 1 else [f"{sharing} 所合计" if row is first else f"与{first['name']}合计"]
    used = [f"上限的 {share_text(planned / first['upper'])}"] if first["upper"] else []
    inside = "，".join([*joint, *used])
    return people_text(planned) + (f"（{inside}）" if inside else "") + _mark(first["advice_said"])


def _mark(said: str) -> str:
    return f"，{said}" if said else ""


def _stations(report: Report) -> list[Row]:
    """Return the stations in use, with the county by name."""
    names = county_names(report)
    frame = report.start.region.open_facilities(STATION)
    return [{**row, "county": names.get(row["county_code"], "")} for row in rows_of(frame)]


def _posts(report: Report) -> list[Post]:
    """Return the stations that stand (in use) and those proposed."""
    units = {row["id"]: row for row in rows_of(report.plan.communities)}
    used = set(report.plan.centers["id"])
    standing = [
        Post(row["name"], "chs", row["county"], "", row["lon"], row["lat"], row["id"] in used)
        for row in _stations(report)
    ]
    chosen = [units[one] for one in report.plan.stations.chosen]
    new = [Post(row["name"], "new_chs", row["county_name"], row["town_name"], row["lon"], row["lat"]) for row in chosen]
    return [*standing, *new]


def _town(row: Row) -> Town:
    said = (
        ("居民", people_text(row["population"])), ("现有中心", f"{row['present']} 所"), ("现由", row["today"]), ("条件一（有中心）", row["present_said"]),
        ("条件二（人口以内）", row["load_said"]), ("条款（或）", row["said"]), ("提示", row["advice_said"]), ("建议", row["proposal_said"]),
        ("方案按片区", row["planned_said"]), ("方案后评估", row["after_said"]),
    )  # fmt: skip
    return Town(row["code"], int(row["needed"]), row["proposal_said"], said)
