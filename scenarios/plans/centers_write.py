"""The folder of a plan of community centres, written whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from maps.centers import Center, Community, Post, Town, centers_map
from planner.errors import Text
from planner.serving import KIND, STATION
from planner.text import (
    WAY_CELLS,
    amount_text,
    count_text,
    exact_percent,
    exact_text,
    metres_text,
    people_text,
    share_text,
)
from scenarios.document import Col, Document, Table
from scenarios.export.folder import keep_apart
from scenarios.export.sheet import write_document
from scenarios.plans.centers import (
    Report,
    Row,
    centers,
    communities,
    conversions,
    counties,
    county_names,
    hospitals,
    parameters,
    plan_report,
    proposals,
    rooms,
    rows_of,
    station_state,
    stations,
    total_state,
    towns,
    walk_of,
)
from scenarios.plans.start import PLAN_JSON, head, siting_data, write_folder, write_plan_json
from scenarios.plans.words import cost_word, furniture_of, open_edges, plan_document, unit_word
from scenarios.questions import CenterQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices

# The map of a plan of community centres: what was found, put as maps.centers shows it.

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


# 社区中心方案.xlsx: 街道, communities, centres against the bounds, stations, conversions, community hospitals, 说明.

WORKBOOK = "社区中心方案.xlsx"


def whole(name: str) -> Any:
    """Return the cell of a whole number, a dash where there is none."""
    return lambda row: (
        row[name] if isinstance(row[name], str) else "—" if pd.isna(row[name]) else round(float(row[name]))
    )


def metres(row: Any) -> str | int:
    """Return the cell of whole metres; as text where only more digits tell that they are beyond the walk."""
    return str(row["metres_said"]) if "." in row["metres_said"] or row["metres_said"] == "—" else round(row["metres"])


def document_of(report: Report) -> Document:
    """Return the plan's document."""
    known = report.plan.conversions.known
    unknown = "没有可转型的卫生院。" if known else "无数据：没有撤并对照表（--crosswalk），不推断。"
    room = [] if report.spare is None else [
        Table("余量", "离上限还有多少余量", _rooms(report), rooms(report), [_rooms_note(report)])
    ]  # fmt: skip
    tables = (
        Table("县区总览", "各县（区）总览", _counties(report), counties(report), _county_notes(report)),
        Table("街道清单", "各街道（镇）现有、需要、建议", _TOWNS, towns(report), _town_notes(report)),
        Table("社区归属", "各社区由哪所中心服务", _communities(report), communities(report), [_community_note(report)]),
        Table("中心负荷", "各中心的服务人口与上下限", _CENTERS, centers(report), [_CENTERS_NOTE]),
        *room,
        Table(
            "服务站",
            "步行范围外的社区与服务站",
            _STATIONS,
            stations(report),
            _station_notes(report),
            "全部社区都在步行范围内。",
        ),
        Table("卫生院转型", "撤并为街道的乡镇卫生院转型", _CONVERSIONS, conversions(report), [], unknown),
        Table("社区医院", "社区医院推荐", _HOSPITALS, hospitals(report), [_hospital_note(report)]),
    )
    return plan_document(report.start, "社区卫生服务中心布局方案", report.said, tables)


def _counties(report: Report) -> list[Col]:
    unit = report.plan.unit
    return [
        Col("name", "县（区）", 11, "centre"),
        Col("communities", "社区（村）\n（个）", 9, "number"),
        Col("population", "服务对象\n（人）", 10, "number"),
        Col("", "现有", 7, "number", group="中心（所）", shown=whole("present")),
        Col("", "新设", 7, "number", group="中心（所）", shown=whole("new")),
        Col("", "不足下限\n（人）", 9, "number", shown=whole("short")),
        Col("mean", f"到中心人均{cost_word(unit)}\n（{unit_word(unit)}）", 12, WAY_CELLS[unit]),
        Col("", "新设站\n（个）", 8, "number", shown=whole("stations")),
        Col("state", "状态", 26, "centre"),
        Col("", "没有方案的原因、最小的改动", 35, shown=lambda row: row["why"] or "—"),
    ]


def _county_notes(report: Report) -> list[str]:
    task = report.plan.task
    notes = [
        f"全市：{total_state(report)}。新设中心先求最少，再求到中心的路程合计最少。每所中心服务 {count_text(task.lower)}～{people_text(task.upper)}：上限必须满足，"
        + ("下限也必须满足。" if task.hard else "下限可以不足，注“可合并”，不算缺口。"),
        "“最优（已证明）”指在这些候选点、相邻关系和参数下没有更好的方案；“可行方案”没有证明，另给下界和差距。",
        "个数和布局各有各的证明：“个数最少”指更少的中心不行，“布局最优”指这么多中心时没有更好的布局，差距只说布局。",
    ]
    notes += report.unreached
    if report.failed:
        notes.append("没有方案的县（区）不写改动，其余各县（区）照常列出。")
    return notes


_TOWNS = (
    Col("county_name", "县（区）", 7.5, "centre"),
    Col("name", "街道（镇）", 11.5),
    Col("population", "居民\n（人）", 8, "number"),
    Col("present", "中心\n（所）", 5.5, "centre", group="现状"),
    Col("today", "由谁服务", 15.5, group="现状"),
    Col("", "负荷\n（人）", 8.5, "number", group="现状", shown=whole("load")),
    Col("advice_said", "提示", 7, "centre", group="现状"),
    Col("present_said", "条件一：\n有中心", 7.5, "centre", group="条款"),
    Col("load_said", "条件二：\n人口以内", 7.5, "centre", group="条款"),
    Col("said", "或", 7, "centre", group="条款"),
    Col("needed", "新增\n（所）", 5.5, "centre", group="方案"),
    Col("proposal_said", "建议", 21, group="方案"),
    Col("", "负荷\n（人）", 8.5, "number", group="方案", shown=whole("load_planned")),
    Col("planned_said", "按片区", 7, "centre", group="方案"),
    Col("after_said", "方案后\n评估", 7, "centre", group="方案"),
    Col("code", "代码", 10, "small", printed=False),
    Col("estimated_said", "数据", 6, "small", printed=False),
)


def _town_notes(report: Report) -> list[str]:
    clause = report.rule.clause
    notes = [
        f"注：条款“{clause.quote}”的两个条件满足其一即可（“或”列）。负荷是服务本街道的各中心里最大的服务人口；“超负荷”“可合并”是提示，不算缺口。几所中心合一个片区的，方案负荷按每所平均。",
        "“按片区”是方案的片区划分落实以后；“方案后评估”是 fugai 评估在方案改动之后的结果：方案写明由谁服务的社区照方案的片区，没有写明的由本街道的中心服务，本街道没有的由同县（区）最近的中心服务。两者不同的，须核对服务关系（签约、分片）。",
    ]  # fmt: skip
    differ = [row["name"] for row in towns(report) if row["differs"]]
    return [*notes, f"两者不同的：{'、'.join(differ)}。"] if differ else notes


def _communities(report: Report) -> list[Col]:
    unit = report.plan.unit
    return [
        Col("number", "序号", 5, "centre"),
        Col("county_name", "县（区）", 7.5, "centre", group="社区（村）"),
        Col("town_name", "街道（镇）", 11, group="社区（村）"),
        Col("name", "名称", 20, group="社区（村）"),
        Col("population", "居民\n（人）", 8, "number", group="社区（村）"),
        Col("today", "现状", 19, group="服务中心"),
        Col("planned", "方案", 21, group="服务中心"),
        Col("moved", "变动", 5, "centre", group="服务中心"),
        Col("share", "占负荷", 7, "centre", group="服务中心"),
        Col("way", f"路程\n（{unit_word(unit)}）", 7.5, WAY_CELLS[unit], group="服务中心"),
        Col("", "米", 7, "number", group="步行到最近的中心或站", shown=metres),
        Col("minutes_said", "分钟", 6.5, "centre", group="步行到最近的中心或站"),
        Col("station_said", "服务站", 9, "centre", group="步行到最近的中心或站"),
        Col("id", "代码", 13, "small", printed=False),
        Col("estimated_said", "数据", 6, "small", printed=False),
        Col("", "没有路的居民", 8, "small", shown=lambda row: row["unreached"] or "", printed=False),
    ]


def _community_note(report: Report) -> str:
    task = report.plan.task
    return (
        f"注：路程按居民加权，到方案的中心；步行按每小时 {exact_text(task.walk_kmh)} 公里，到最近的中心或站（含方案新设的中心，不含拟设的站），超过 {exact_text(task.station_minutes)} 分钟的为步行外。"
        "镇上的社区只算城镇居民（乡村居民由卫生院服务）。“占负荷”＝本社区居民÷方案中心的服务人口。"
    )


_CENTERS = (
    Col("county_name", "县（区）", 7.5, "centre"),
    Col("name", "中心", 27),
    Col("home", "所在社区", 18),
    Col("origin_said", "来历", 9, "centre"),
    Col("", "服务人口", 9, "number", group="现状", shown=whole("today")),
    Col("", "提示", 7, "centre", group="现状", shown=lambda row: row["advice_today_said"] or "—"),
    Col("", "服务人口", 9, "number", group="方案", shown=whole("load")),
    Col("communities", "社区\n（个）", 6, "number", group="方案"),
    Col("lower", "下限", 8, "number", group="方案"),
    Col("upper", "上限", 8.5, "number", group="方案"),
    Col("used", "占上限", 7.5, "centre", group="方案"),
    Col("", "余量\n（人）", 8, "number", group="方案", shown=whole("left")),
    Col("short", "不足\n（人）", 7.5, "number", group="方案"),
    Col("", "提示", 7, "centre", group="方案", shown=lambda row: row["advice_said"] or "—"),
    Col("id", "编号", 14, "small", printed=False),
    Col("note", "说明", 24, "small", printed=False),
)
_CENTERS_NOTE = "注：现状按就近归属（本街道的中心，没有的由同县区最近的中心）；方案按整社区、相连成片的片区。“可合并”＝不足下限，是提示，不算缺口。"


def _rooms(report: Report) -> list[Col]:
    then = f"每所留 {exact_percent(report.asked.spare)} 余量的方案"
    return [
        Col("name", "县（区）", 9, "centre"),
        Col("", "新设\n（所）", 6, "number", group="按上限的方案", shown=whole("new")),
        Col("fullest", "最满的中心", 27, group="按上限的方案"),
        Col("", "服务人口", 9, "number", group="按上限的方案", shown=whole("load")),
        Col("", "余量\n（人）", 8, "number", group="按上限的方案", shown=whole("left")),
        Col("", "余量占\n上限", 8, "centre", group="按上限的方案", shown=lambda row: share_text(row["left_share"])),
        Col("estimated", "人口为估算\n的比例", 9, "centre"),
        Col("", "新设\n（所）", 6, "number", group=then, shown=whole("spare_new")),
        Col("", "最满的\n服务人口", 9, "number", group=then, shown=whole("spare_load")),
        Col("spare_named", "新设在哪里", 30, group=then),
        Col("spare_state", "状态", 20, group=then),
    ]


def _rooms_note(report: Report) -> str:
    share = exact_percent(report.asked.spare)
    return (
        f"注：人口多为估算，离上限很近的方案，人口稍多就超过上限。右边是每所离上限至少留 {share} 的方案（{share} 是规划人员的参数，假设，"
        "--spare 可改，不是条款的要求），可行的写在 方案_留余量.yaml。几所中心合一个片区的，服务人口、上限都是合计。"
    )


_STATIONS = (
    Col("number", "序号", 5, "centre"),
    Col("county_name", "县（区）", 8, "centre"),
    Col("town_name", "街道（镇）", 13),
    Col("name", "社区（村）", 28),
    Col("population", "居民\n（人）", 10, "number"),
    Col("beyond", "步行外\n（人）", 10, "number"),
    Col("", "米", 10, "number", group="最近的中心或站", shown=metres),
    Col("minutes_said", "分钟", 10, "centre", group="最近的中心或站"),
    Col("answer", "建议", 36),
    Col("id", "代码", 13, "small", printed=False),
)


def _station_notes(report: Report) -> list[str]:
    task = report.plan.task
    return [
        f"{station_state(report)}：使每个社区到中心或站步行不超过 {exact_text(task.station_minutes)} 分钟（每小时 {exact_text(task.walk_kmh)} 公里，{metres_text(report.plan.stations.limit / 1000)}）。候选＝各社区点（假设）。"
    ]


_CONVERSIONS = (
    Col("county_name", "县（区）", 9, "centre"),
    Col("name", "卫生院", 30),
    Col("old_code", "旧代码", 13, "centre"),
    Col("new_code", "现代码", 13, "centre"),
    Col("", "年份", 8, "centre", shown=lambda row: str(row["year"])),
    Col("why", "理由", 40),
    Col("used", "在方案里", 20, "centre"),
)
_HOSPITALS = (
    Col("place", "名次", 6, "centre"),
    Col("name", "中心", 34),
    Col("", "服务人口", 10, "number", shown=whole("load")),
    Col("", "可及人口", 10, "number", shown=whole("reached")),
    Col("beds_said", "床位", 9, "centre"),
    Col("", "推荐", 8, "centre", shown=lambda row: row["said"] or "—"),
    Col("why", "理由", 55),
)


def _hospital_note(report: Report) -> str:
    share, table = report.plan.task.hospital_share, report.plan.hospitals
    if not share:
        return "这套规则没有社区医院的比例（可用 --hospital-share 指定），不作推荐。"
    return (
        f"注：比例 {share_text(share)} × {len(table)} 所中心（含新设）＝{exact_text(share * len(table))}，{'' if (share * len(table)).is_integer() else '向上取整，'}取 {int(table['chosen'].sum())} 所。按服务人口、可及人口（以它为最近中心的居民）、床位三项名次之和从小到大，"
        "已是社区医院的优先；没有数据的不计名次。排序方法是假设，只作推荐。"
    )


TOWNS, COMMUNITIES, CENTERS = "街道清单.csv", "社区归属.csv", "中心负荷.csv"


def plan_centers_folder(asked: CenterQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Plan and write workbook, map, lists, the scenario, its findings, plan.json and manifest into `out`."""
    report = plan_report(asked, choices, step)
    keep_apart(out, *filter(None, (report.start.data, asked.scenario)))
    if asked.crosswalk is not None:
        keep_apart(out, *filter(None, (report.start.data, asked.crosswalk)))

    def outputs(folder: Path) -> None:
        step(Text(f"写出 {WORKBOOK}", f"writing {WORKBOOK}"))
        write_document(folder / WORKBOOK, document_of(report))
        step(Text("绘制地图", "drawing the map"))
        (folder / CENTER_MAP).write_text(center_map(report), encoding="utf-8", newline="\n")
        _write_lists(folder, report)
        write_plan_json(folder / PLAN_JSON, content(report))

    write_folder(out, report.start, proposals(report), outputs, step)
    return report


def _write_lists(folder: Path, report: Report) -> None:
    unit = unit_word(report.plan.unit)
    place = {"county_name": "县（区）"}
    town = {
        "code": "代码", "name": "街道（镇）", **place, "population": "居民", "present": "现有中心", "today": "今由", "load": "今负荷",
        "present_said": "条件一", "load_said": "条件二", "said": "条款（或）", "advice_said": "提示", "needed": "新增", "proposal_said": "建议",
        "load_planned": "方案负荷", "planned_said": "按片区", "after_said": "方案后评估",
    }  # fmt: skip
    community = {
        "id": "代码", "name": "社区", **place, "town_name": "街道（镇）", "population": "居民", "today": "今由", "planned": "方案由",
        "center_planned": "方案中心编号", "moved": "变动", "share": "占中心负荷", "way": f"到方案中心（{unit}）", "metres": "步行（米）",
        "minutes": "步行（分钟）", "beyond": "步行外居民", "unreached": "没有路的居民", "station_said": "服务站", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    center = {
        "id": "编号", "name": "中心", **place, "town_name": "街道（镇）", "home": "所在社区", "origin_said": "来历", "today": "今负荷",
        "advice_today_said": "今提示", "load": "方案负荷", "lower": "下限", "upper": "上限", "left": "离上限余量", "short": "不足", "advice_said": "方案提示",
        "communities": "社区数", "lon": "经度", "lat": "纬度",
    }  # fmt: skip
    for name, rows, columns in (
        (TOWNS, towns(report), town), (COMMUNITIES, communities(report), community), (CENTERS, centers(report), center),
    ):  # fmt: skip
        frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else list(columns))
        write_csv(folder / name, frame[list(columns)].rename(columns=columns))


def content(report: Report) -> dict[str, Any]:
    """Return the plan as data."""
    plan = report.plan
    siting = plan.stations.siting
    kept = [
        "id",
        "population",
        "center_today",
        "center_planned",
        "share",
        "way",
        "metres",
        "minutes",
        "beyond",
        "unreached",
        "station",
    ]
    center = ["id", "name", "unit_id", "county_code", "town_code", "origin", "status", "joint", "load_today", "load", "lower", "upper",
              "short", "advice_today", "advice", "lon", "lat"]  # fmt: skip
    town = ["code", "name", "population", "present", "load", "met_present", "met_load", "met", "advice", "needed", "proposal",
            "load_planned", "planned_said", "after_said"]  # fmt: skip
    answer, serves = plan.districting, plan.stations.serves
    return {
        **head(report.start),
        "plan": "centers",
        "said": [list(pair) for pair in report.said],
        "parameters": parameters(report),
        "unit": plan.unit,
        "state": total_state(report),
        "status": answer.status, "objective_value": answer.objective, "bound": answer.bound, "gap": answer.gap,
        "counties": [
            {**row, "status": part.status if part.fewest else "feasible", "status_at_this_number": part.status,
             "centers_at_least": part.least or None, "objective_value": part.objective, "bound": part.bound}
            for row, part in zip(counties(report), answer.parts.values(), strict=True)
        ],
        "towns": [{name: row[name] for name in town} for row in towns(report)],
        "communities": [{name: row[name] for name in kept} for row in communities(report)],
        "centers": [{name: row[name] for name in center} for row in centers(report)],
        "rooms": [{name: row[name] for name in ("code", "fullest", "load", "upper", "left", "left_share", "spare_new", "spare_named")}
                  for row in rooms(report)],
        "spare": None if report.spare is None else {
            "share": report.asked.spare, "upper": report.spare.plan.task.upper, "status": report.spare.plan.districting.status,
            "state": total_state(report.spare),
            "centers": [{name: row[name] for name in center} for row in centers(report.spare)],
        },
        "stations": {"said": station_state(report), "chosen": list(plan.stations.chosen), "serves": {one: list(serves[one]) for one in sorted(serves)}, "limit_m": plan.stations.limit / 1000,
                     "siting": None if siting is None else siting_data(siting)},
        "conversions": [{name: row[name] for name in ("id", "name", "old_code", "new_code", "year", "source", "used")}
                        for row in conversions(report)] if plan.conversions.known else None,
        "hospitals": [{name: row[name] for name in ("id", "name", "load", "reached", "beds", "place", "chosen", "why")}
                      for row in hospitals(report)],
    }  # fmt: skip
