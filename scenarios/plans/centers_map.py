"""The map of a plan of community centres: what was found, put as maps.centers shows it."""

from maps.centers import Center, Community, Post, Town, centers_map
from planner.numbers import share_text
from scenarios.plans.centers import Report
from scenarios.plans.centers_tables import (
    Row,
    centers,
    communities,
    counties,
    hospitals,
    rows_of,
    station_state,
    total_state,
    towns,
)
from scenarios.plans.furniture import furniture_of, open_edges
from scenarios.plans.words import amount_text, people_text, unit_word

CENTER_MAP = "社区中心方案地图.html"
_LABELS = (
    ("standing", "已有社区卫生服务中心"), ("community", "新建中心（拟）"), ("station", "服务站升级（拟）"), ("hospital", "卫生院转型（拟）"),
    ("chs", "已有服务站"), ("new_chs", "拟设服务站"),
)  # fmt: skip


def center_map(report: Report) -> str:
    """Return the page."""
    around = furniture_of(
        report.start, "社区卫生服务中心布局方案", report.said, f"人；{unit_word(report.plan.unit)}"
    )  # fmt: skip
    told = "\n".join(f"{name}没有方案：{why.zh}" for name, why in report.failed.items())
    return centers_map(
        report.start.region, [_community(report, row) for row in communities(report)], _centers(report), _posts(report),
        [_town(row) for row in towns(report)], report.plan.edges, _LABELS, _facts(report), around, told,
        open_edges(report.start),
    )  # fmt: skip


def _facts(report: Report) -> list[tuple[str, str]]:
    rows = counties(report)
    new = sum(row["new"] for row in rows if not isinstance(row["new"], str))
    chosen = [row["name"] for row in hospitals(report) if row["chosen"]]
    known = report.plan.conversions.known
    task = report.plan.task
    return [
        ("状态", total_state(report)),
        ("上下限", f"{task.lower:,}～{task.upper:,} 人（下限{'硬' if task.hard else '软'}）"),
        ("服务对象", people_text(sum(row["population"] for row in rows))),
        ("中心", f"已有 {sum(row['present'] for row in rows)} 所，新设 {new} 所"),
        ("服务站", station_state(report)),
        ("转型", f"{len(report.plan.conversions.table)} 家卫生院" if known else "无数据（没有撤并对照表）"),
        ("社区医院", "推荐" + "、".join(chosen) if chosen else "—"),
    ]


def _community(report: Report, row: Row) -> Community:
    way = row["way"] * (60_000 if report.plan.unit == "ms" else 1_000_000)
    walk = "—" if row["metres"] != row["metres"] else f"{row['metres']:,.0f} 米，{row['minutes']:,.1f} 分钟"
    said = (
        ("现由", row["today"]), ("方案由", row["planned"]), ("占中心负荷", row["share"]), ("到方案的中心", amount_text(way, report.plan.unit)),
        ("步行到最近的中心或站", walk), ("服务站", row["station_said"]), ("数据", row["estimated_said"]),
    )  # fmt: skip
    return Community(
        row["id"], row["name"], row["town_name"], row["county_name"], int(row["population"]), row["center_today"],
        row["center_planned"], int(row["beyond"]), said, row["lon"], row["lat"],
    )  # fmt: skip


def _centers(report: Report) -> list[Center]:
    rows = centers(report)
    first = {row["unit_id"]: row for row in rows if row["joint"]}
    return [_center(row, first.get(row["unit_id"], row)) for row in rows]


def _center(row: Row, first: Row) -> Center:
    """Return a centre; `first` is the one whose district it serves, itself where it stands alone in its community."""
    load = first["load"]
    planned = None if load != load else int(load)  # noqa: PLR0124 (NaN)
    sharing = max(int(first["joint"]), 1)
    return Center(
        id=row["id"], name=row["name"], origin=row["origin"], label=row["origin_said"],
        where=f"{row['county_name']}　{row['town_name']}", today=int(row["load_today"]), planned=planned,
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


def _posts(report: Report) -> list[Post]:
    """Return the stations that stand (in use, not made a centre by the plan) and those proposed."""
    units = {row["id"]: row for row in communities(report)}
    used = set(report.plan.centers["id"])
    frame = report.start.region.open_facilities("community_health_station")
    standing = [Post(row["name"], "chs", "", row["lon"], row["lat"]) for row in rows_of(frame) if row["id"] not in used]
    chosen = [units[one] for one in report.plan.stations.chosen]
    new = [Post(row["name"], "new_chs", row["town_name"], row["lon"], row["lat"]) for row in chosen]
    return [*standing, *new]


def _town(row: Row) -> Town:
    said = (
        ("居民", people_text(row["population"])), ("现有中心", f"{row['present']} 所"), ("现由", row["today"]), ("条件一（有中心）", row["present_said"]),
        ("条件二（人口以内）", row["load_said"]), ("条款（或）", row["said"]), ("提示", row["advice_said"]), ("建议", row["proposal_said"]),
        ("方案按片区", row["planned_said"]), ("方案按就近评估", row["after_said"]),
    )  # fmt: skip
    return Town(row["code"], int(row["needed"]), row["proposal_said"], said)
