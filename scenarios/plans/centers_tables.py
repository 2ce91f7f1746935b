"""The tables of a plan of community centres as rows that the workbook, the map, the lists and plan.json show alike."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from planner.districts.exact import Part
from planner.errors import Text
from planner.plans.centers import without_plan
from planner.siting.siting import relative_gap
from planner.text import amount_text, exact_percent, over_text, people_text, share_text
from scenarios.plans.centers import Report, roomy_bound
from scenarios.plans.words import amount

Row = dict[str, Any]
ADVICE = {
    "overloaded": "超负荷",
    "mergeable": "可合并",
    "convert": "可转型",
    "redistrict": "超负荷，调整片区",
    "open_question": "新建或调整片区（未验算完）",
    "": "",
}
ORIGINS = {"standing": "已有", "hospital": "卫生院转型", "station": "服务站升级", "community": "新建"}
NONE = "—"


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame as mappings by column name, without geometry."""
    frame = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def yes(value: Any) -> str:
    """Return whether a reading is met; a dash where the data do not tell."""
    return NONE if value is None or pd.isna(value) else "符合" if value else "不符合"


def center_names(report: Report) -> dict[str, str]:
    """Return the names of all centres by id, those that stand beside others too."""
    frame = report.plan.centers
    return dict(zip(frame["id"], frame["name"], strict=True))


def _names(report: Report, ids: Iterable[str]) -> str:
    names = center_names(report)
    return "、".join(names.get(one, one) for one in ids if one)


def county_names(report: Report) -> dict[str, str]:
    """Return the names of the counties by code."""
    frame = report.start.region.counties
    return dict(zip(frame["code"], frame["name"], strict=True))


def counties(report: Report) -> list[Row]:
    """Return one row a county: what is proven, centres today, new and least, people, the way a head."""
    plan, names, unit = report.plan, county_names(report), report.plan.unit
    units, centers, out, failed = plan.communities, plan.centers, [], report.failed
    for code, part in plan.districting.parts.items():
        mine, theirs = units[units["county_code"] == code], centers[centers["county_code"] == code]
        people = int(mine["population"].sum())
        has = part.status in ("optimal", "feasible")
        ways = [_way(report, row) for row in rows_of(mine)] if has else []
        total = sum(way * n for way, n in zip(ways, mine["population"], strict=True) if n) if has else math.nan
        out.append(
            {
                "code": code, "name": names.get(code, code), "communities": len(mine), "population": people,
                "present": int((theirs["status"] == "fixed").sum()),
                "new": int(((theirs["status"] == "candidate") & theirs["load"].notna()).sum()) if has else NONE,
                "short": int(theirs["short"].fillna(0).sum()) if has else NONE,
                "mean": amount(total / people, unit) if has and people else math.nan,
                "stations": int(mine["station"].sum()), "state": state_text(part, people, unit),
                "why": failed[code].zh if code in failed else "", "unreached": int(mine["unreached"].sum()),
            }
        )  # fmt: skip
    return out


def state_text(part: Part, people: int, unit: str) -> str:
    """Return what is known of a county's plan: of the number of centres, and of the plan at that number, each by its own proof.

    最优 is said of what is proven and of nothing else.
    """
    if part.status not in ("optimal", "feasible"):
        return {"infeasible": "没有可行方案", "unknown": "时限内没有找到方案"}[part.status]
    if part.status == "optimal":
        more = f"{part.case.p} 所时布局最优（已证明）；个数未证明最少，至少 {part.least} 所"
        return "最优（已证明）" if part.fewest else more
    left = _left_text(part.objective, part.bound, people, unit)
    if not part.least:
        return f"可行方案（未证明），{left}"
    number = "个数最少（已证明）" if part.fewest else f"可行方案：个数未证明最少，至少 {part.least} 所"
    return f"{number}；布局未证明最优，{left}"


def _left_text(objective: float, bound: float, people: int, unit: str) -> str:
    """Return what no plan with as many centres can beat, and how far this one is from it."""
    if not people or not math.isfinite(bound):
        return "下界未知"
    low = amount_text(max(bound, 0.0) / people, unit)
    return f"下界人均 {low}，差距 {share_text(min(relative_gap(objective, bound), 1.0))}"


def towns(report: Report) -> list[Row]:
    """Return one row a 街道 or seat: today, both readings and the or, what is proposed, what the clause then says."""
    names, after = county_names(report), report.after
    out = []
    for row in rows_of(report.plan.towns):
        planned: float = math.nan if pd.isna(row["load_planned"]) else int(row["load_planned"])
        out.append(
            {
                **row, "county_name": names.get(row["county_code"], ""), "today": _names(report, row["center_today"]),
                "present_said": yes(row["met_present"]), "load_said": yes(row["met_load"]), "said": yes(row["met"]),
                "advice_said": ADVICE[row["advice"]] or NONE, "proposal_said": _proposal(report, row), "load_planned": planned,
                "planned_said": NONE if math.isnan(planned) else yes(row["met_planned"]), "after_said": yes(after["met"][row["code"]]),
                "estimated_said": "估算" if row["estimated"] else "",
            }
        )  # fmt: skip
    return out


def _proposal(report: Report, row: Row) -> str:
    units = report.plan.communities
    mine = units[units["town_code"] == row["code"]]
    if row["proposal"]:
        return f"新设 {_names(report, row['proposal'])}"
    if not (mine["center_planned"] != "").any():
        return "本县（区）没有方案"
    if row["met"] is not None and not row["met"]:
        served = _names(report, sorted(set(mine["center_planned"])))
        return f"不新设，按片区由{served}服务"
    moved = mine[mine["center_planned"] != mine["center_today"]]
    return f"{len(moved)} 个社区改由别的中心服务" if len(moved) else "归属不变"


def communities(report: Report) -> list[Row]:
    """Return one row a community: whose it is today and by plan, its share of the load, its walk."""
    names, loads = center_names(report), report.plan.districting.loads.set_index("center_id")["load"]
    metres, task = report.plan.stations.mean("distance_m").to_dict(), report.plan.task
    most = report.plan.stations.limit / 1000
    out = []
    for row in rows_of(report.plan.communities):
        load = loads.get(row["center_planned"], 0)
        way = _way(report, row)
        out.append(
            {
                **row, "today": names.get(row["center_today"], NONE), "planned": names.get(row["center_planned"], "没有方案"),
                "moved": "改" if row["center_planned"] and row["center_planned"] != row["center_today"] else "",
                "share": share_text(row["population"] / load) if load else NONE, "way": amount(way, report.plan.unit),
                "metres": metres.get(row["id"], math.nan), "estimated_said": "估算" if row["estimated"] else "",
                "metres_said": over_text(metres.get(row["id"], math.nan), most, 0),
                "minutes_said": over_text(row["minutes"], task.station_minutes, 1), "station_said": _station_said(row),
            }
        )  # fmt: skip
    return out


def _station_said(row: Row) -> str:
    if row["station"]:
        return "拟设站"
    if not row["beyond"]:
        return ""
    return "步行外" if row["kind"] == "community" else "村，不设站"


def _way(report: Report, row: Row) -> float:
    """Return the people-weighted way to the planned centre, NaN where there is none."""
    task = report.plan.districting.task
    if not row["center_planned"] or not row["population"]:
        return math.nan
    at, centre = _places(report)
    return float(task.burden[at[row["id"]], centre[row["center_planned"]]]) / float(row["population"])


def _places(report: Report) -> tuple[dict[str, int], dict[str, int]]:
    task = report.plan.districting.task
    units = {str(one): at for at, one in enumerate(task.units["id"])}
    return units, {str(one): at for at, one in enumerate(task.centers["id"])}


def centers(report: Report) -> list[Row]:
    """Return one row a centre that stands or is proposed: loads against the bounds, what is advised."""
    counties_, task = county_names(report), report.plan.task
    units, out = report.plan.communities, []
    homes = units.set_index("id")["name"].to_dict()
    served = units.groupby("center_planned").size().to_dict()
    towns_ = report.start.region.towns.set_index("code")["name"].to_dict()
    for row in rows_of(report.plan.centers):
        joint = max(int(row["joint"]), 1)
        is_new = row["status"] != "fixed"
        planned: float = math.nan if pd.isna(row["load"]) else int(row["load"])
        out.append(
            {
                **row, "county_name": counties_.get(row["county_code"], ""), "town_name": towns_.get(row["town_code"], ""),
                "home": homes.get(row["unit_id"], NONE), "origin_said": ORIGINS[row["origin"]],
                "today": NONE if is_new else int(row["load_today"]), "load": planned,
                "lower": task.lower * joint, "upper": task.upper * joint,
                "left": math.nan if math.isnan(planned) else task.upper * joint - planned,
                "used": NONE if math.isnan(planned) else share_text(planned / (task.upper * joint)),
                "short": 0 if pd.isna(row["short"]) else int(row["short"]),
                "advice_today_said": ADVICE[row["advice_today"]], "advice_said": ADVICE[row["advice"]],
                "communities": int(served.get(row["id"], 0)), "note": _note(row),
            }
        )  # fmt: skip
    return out


def rooms(report: Report) -> list[Row]:
    """Return one row a county: its fullest centre and what is left to the bound; and what it takes to leave more."""
    spare = report.spare
    later = {} if spare is None else {row["code"]: row for row in counties(spare)}
    out = []
    for row in counties(report):
        fullest = _fullest(report, row["code"])
        if fullest is None:
            continue
        roomy = None if spare is None else _fullest(spare, row["code"])
        then, people = later.get(row["code"], row), _estimated(report, row["code"])
        left = int(fullest["upper"]) - int(fullest["load"])
        out.append(
            {
                **row, "fullest": fullest["name"], "load": int(fullest["load"]), "upper": int(fullest["upper"]), "left": left,
                "left_share": left / fullest["upper"], "estimated": share_text(people), "spare_new": then["new"],
                "spare_load": math.nan if roomy is None else int(roomy["load"]),
                "spare_named": _new_names(report if spare is None else spare, row["code"]) or NONE,
                "spare_state": then["why"] or then["state"],
            }
        )  # fmt: skip
    return out


def _fullest(report: Report, county: str) -> Row | None:
    """Return the centre that is nearest to its bound in a county's plan; None without a plan."""
    rows = [row for row in centers(report) if row["county_code"] == county and not math.isnan(row["load"])]
    return max(rows, key=lambda row: (row["load"] / row["upper"], row["id"]), default=None)


def _estimated(report: Report, county: str) -> float:
    """Return the share of the people in question whose number is estimated."""
    mine = report.plan.communities[report.plan.communities["county_code"] == county]
    return float(mine.loc[mine["estimated"].astype(bool), "population"].sum() / max(mine["population"].sum(), 1))


def _new_names(report: Report, county: str) -> str:
    new = report.plan.new_centers
    return "、".join(new.loc[new["county_code"] == county, "name"])


def near_bound(report: Report) -> list[Text]:
    """Return one sentence a county whose plan leaves less room under the bound than `--spare` asks, and what more takes."""
    out = []
    for row in rooms(report):
        if row["load"] <= roomy_bound(row["upper"], report.asked.spare):
            continue
        left = share_text(row["left_share"])
        load = f"最满的{row['fullest']}服务 {people_text(row['load'])}，离上限 {people_text(row['upper'])}只余 {people_text(row['left'])}（上限的 {left}）"
        more, share = row["spare_new"], exact_percent(report.asked.spare)
        then = f"没有方案（{row['spare_state']}）" if more == NONE else f"新设 {more} 所"
        guessed = f"，服务人口的 {row['estimated']} 为估算" if _estimated(report, row["code"]) else ""
        zh = f"{row['name']}：{load}{guessed}；留 {share} 余量（参数）：{then}"
        en = f"{row['code']}: {row['left']} people ({left}) left to {row['upper']}; with {share} to spare {more} new"
        out.append(Text(zh, en))
    return out


def _note(row: Row) -> str:
    if row["joint"] == 0:
        return "与同一社区的中心合为一个片区" if row["unit_id"] else "本县（区）没有服务对象的社区，不分片区"
    if row["joint"] > 1:
        return f"本社区 {int(row['joint'])} 所中心合为一个片区，上下限相加"
    return "" if not pd.isna(row["load"]) else "本县（区）没有方案"


def stations(report: Report) -> list[Row]:
    """Return the communities with residents beyond the walk, and whether they get a station."""
    rows = [row for row in communities(report) if row["beyond"] or row["station"]]
    order = {"拟设站": 0, "步行外": 1}
    rows.sort(key=lambda row: (order.get(row["station_said"], 2), -row["beyond"], row["id"]))
    names = report.plan.communities.set_index("id")["name"].to_dict()
    serves = report.plan.stations.serves
    hosts = {one: host for host, mine in serves.items() for one in mine}
    for row in rows:
        row["answer"] = _answer(row, serves, hosts, names)
    return rows


def _answer(row: Row, serves: Mapping[str, tuple[str, ...]], hosts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return what is proposed for a community with residents beyond the walk, and for whom its station is."""
    if row["id"] in serves:
        others = [names[one] for one in serves[row["id"]] if one != row["id"]]
        told = f"（{'并' if row['beyond'] else ''}为{'、'.join(others)}）" if others else ""
        return f"设社区卫生服务站{told}"
    if row["kind"] != "community":
        return "行政村，由村卫生室服务，不设站"
    return f"由{names[hosts[row['id']]]}的站服务" if row["id"] in hosts else "由相邻社区的站服务"


def station_state(report: Report) -> str:
    """Return what is proven about the number of stations."""
    siting = report.plan.stations.siting
    if siting is None:
        return "全部社区都在步行范围内，不需要再设站"
    count = len(report.plan.stations.chosen)
    if siting.status == "optimal":
        return f"最少再设 {count} 个站（已证明）"
    if not siting.chosen:
        return "时限内没有找到设站方案"
    return f"再设 {count} 个站（可行方案，未证明最少，下界 {math.ceil(siting.bound - 1e-6)} 个，差距 {share_text(siting.gap)}）"


def conversions(report: Report) -> list[Row]:
    """Return the hospitals that the crosswalk turns into centres, and whether the plan uses them."""
    used = set(report.plan.new_centers["id"])
    names = county_names(report)
    return [
        {**row, "county_name": names.get(row["county_code"], ""), "used": "纳入方案" if row["id"] in used else "候选，本方案没有选用"}
        for row in rows_of(report.plan.conversions.table)
    ]  # fmt: skip


def hospitals(report: Report) -> list[Row]:
    """Return the centres in the order of their fitness for a community hospital."""
    return [
        {**row, "beds_said": "无数据" if pd.isna(row["beds"]) else int(row["beds"]), "said": "推荐" if row["chosen"] else ""}
        for row in rows_of(report.plan.hospitals)
    ]  # fmt: skip


def total_state(report: Report) -> str:
    """Return what is proven of the whole plan."""
    parts = report.plan.districting.parts.values()
    failed = len(report.failed)
    if failed:
        return f"{len(parts) - failed} 个县（区）有方案，{failed} 个没有"
    if report.plan.districting.status == "optimal":
        return "最优（已证明）"
    people = int(report.plan.communities["population"].sum())
    answer, open_number = report.plan.districting, sum(not part.fewest for part in parts)
    number = f"{open_number} 个县（区）的个数未证明最少" if open_number else "个数最少（已证明）"
    if all(part.status == "optimal" for part in parts):
        return f"各县（区）在其个数下布局最优（已证明）；{number}"
    left = _left_text(answer.objective, answer.bound, people, report.plan.unit)
    if not any(part.least for part in parts):
        return f"可行方案（未证明），{left}"
    return f"{number}；布局未证明最优，{left}"


def overview(report: Report) -> list[Text]:
    """Return what the command says at its end."""
    law = report.start.law
    out = [] if report.start.at_home else [
        Text(f"{law.label}不是本市的文件：这是参数情景，不作判断。", f"{law.id} is another city's: a case of parameters, which judges nothing")
    ]  # fmt: skip
    for row in counties(report):
        if row["why"]:
            why = report.failed[row["code"]]
            out.append(Text(f"{row['name']}：没有方案。{row['why']}", f"{row['code']}: no plan. {why.en}"))
            continue
        short = f"，不足下限共 {people_text(row['short'])}" if row["short"] else ""
        lost = f"，其中 {people_text(row['unreached'])}没有路到中心" if row["unreached"] else ""
        centres = f"中心现有 {row['present']} 所，新设 {row['new']} 所，共 {row['present'] + row['new']} 所"
        zh = f"{row['name']}：{row['communities']} 个社区（村），{people_text(row['population'])}{lost}；{centres}{short}；{row['state']}"
        en = f"{row['code']}: {row['communities']} communities; {row['present']} centres, {row['new']} new; short of the bound {row['short']}"
        out.append(Text(zh, en))
    left_out = without_plan(report.start.region, report.plan.served.units)
    out += [Text(why, f"{code}: no communities that a centre is to serve") for code, why in left_out.items()]
    out += near_bound(report)
    chosen = [row["name"] for row in hospitals(report) if row["chosen"]]
    known = report.plan.conversions.known
    out.append(Text(f"服务站：{station_state(report)}", f"stations: {len(report.plan.stations.chosen)} more"))
    out.append(
        Text(f"社区医院推荐：{'、'.join(chosen) or '没有（规则没有给比例）'}", f"community hospitals: {len(chosen)}")
    )
    if known:
        count = len(report.plan.conversions.table)
        out.append(Text(f"卫生院转型：{count} 家可转型", f"conversions: {count}"))
    else:
        out.append(Text("卫生院转型：无数据（没有撤并对照表 --crosswalk）", "conversions: no data (no --crosswalk)"))
    return out
