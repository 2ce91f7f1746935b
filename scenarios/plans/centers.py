"""Community centres planned from a folder of facts: districts, new centres, stations, conversions, community hospitals."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.files import SHEETS, read
from planner.districts.exact import Part
from planner.errors import DataError, OptionError, Problem, SitingError, Text
from planner.limits import Limit, read_limit
from planner.measures import FUNCTIONS, community_centers
from planner.plans.centers import CenterPlan, CenterTask, Successor, plan_centers, without_plan
from planner.rules import Reading, Rule, Rules, load_rules
from planner.scenario import Scenario, ServiceArea, apply
from planner.schema import Field, Table
from planner.siting.siting import relative_gap
from planner.standards import standard_names
from planner.text import amount_text, count_text, exact_percent, exact_text, over_text, people_text, share_text
from planner.travel import StraightLine, Travel
from scenarios.plans.start import Proposal, Start, begin, proposal, readings_of, record_of
from scenarios.plans.words import amount, listed
from scenarios.questions import CenterQuestion
from scenarios.run import PLAN, Step
from scenarios.ways import PERIOD_LABELS, RoadChoices, road_of

# The crosswalk that a user brings: which town became which 街道, when, and who says so; every problem told by row.

CROSSWALK = Table("crosswalk", "撤并对照表", ("crosswalk",), "old_code", None,
                  (Field("old_code", "旧代码", "code", required=True, aliases=("原代码", "撤并前代码", "旧区划代码")),
                   Field("new_code", "新代码", "code", required=True, aliases=("现代码", "撤并后代码", "新区划代码")),
                   Field("year", "年份", "integer", required=True, aliases=("撤并年份", "年")),
                   Field("source", "依据", "text", required=True, aliases=("来源", "文号", "批复"))))  # fmt: skip


def read_crosswalk(path: Path, notes: Notes) -> tuple[Successor, ...]:
    """Return the rows, `notes` taking what is doubtful; DataError for a file that is none, a column that is missing, a cell that is empty."""
    if not path.is_file() or path.suffix.lower() not in SHEETS:
        what = Text("没有这个文件，或不是表格", "no such file, or not a table")
        raise DataError(Problem(str(path), what, Text("给出 .csv 或 .xlsx", "give a .csv or .xlsx")))
    raw = read(path, CROSSWALK)
    note_parts(raw, notes)
    raw, frame = canonical(raw, CROSSWALK, notes)
    problems = [one for one in notes.problems if one.severity == "error"]
    if not len(frame):
        problems.append(
            Problem(
                raw.file,
                Text("没有数据行", "no rows of data"),
                Text("填入数据，或去掉 --crosswalk", "fill it in, or drop --crosswalk"),
            )
        )
    if problems:
        raise DataError(problems)
    return tuple(_row(row) for _, row in frame.iterrows())


def _row(row: pd.Series) -> Successor:
    return Successor(str(row["old_code"]), str(row["new_code"]), int(row["year"]), str(row["source"]))


SHORT_BY_TIME, SHORT_BY_DISTANCE = "10min", "2km"
"""How long a way one person short of the lower bound weighs where the planner does not say: a parameter."""
SPARE_PLAN = "方案_留余量.yaml"
WAYS: Mapping[str, str] = {"time": "沿路网行车时间", "road": "沿路网距离", "paper": "直线距离"}


@dataclass(frozen=True, eq=False)
class Report:
    """The plan and what is told around it; `short` and `way` as they were chosen.

    spare   the same with room left under the upper bound (`CenterQuestion.spare`); None where the plan leaves that room itself
    """

    asked: CenterQuestion
    start: Start
    rule: Rule
    way: str
    short: Limit
    plan: CenterPlan
    spare: "Report | None" = None

    @cached_property
    def failed(self) -> dict[str, Text]:
        """Return why, by county code, there is no plan."""
        parts = self.plan.districting.parts.items()
        return {code: self._why_not(code) for code, part in parts if part.status in ("infeasible", "unknown")}

    @property
    def failed_by_name(self) -> list[tuple[str, Text]]:
        """Return the same with the counties' names, in the order of their codes."""
        names = dict(zip(self.start.region.counties["code"], self.start.region.counties["name"], strict=True))
        return [(str(names.get(code, code)), why) for code, why in self.failed.items()]

    def _why_not(self, code: str) -> Text:
        clash = self.plan.districting.clashes.get(code)
        if clash is None:
            return Text("时限内没有找到方案，可以放宽 --time-limit", "none was found in time; allow more --time-limit")
        names = self.plan.communities.set_index("id")["name"].to_dict()
        ids = [f"{names[one]}（{one}）" for one in clash.ids if one in names]
        if len(ids) == int((self.plan.communities["county_code"] == code).sum()):
            ids = []  # "all residents" says it
        where = f"（{'、'.join(ids[:5])}{'等' + str(len(ids)) + '个社区' if len(ids) > 5 else ''}）" if ids else ""
        county = f"{code}: " if len(self.plan.districting.parts) > 1 else ""
        english = f"{county}{clash.rule.en} ({', '.join(clash.ids[:5])}); you may: {clash.change.en}"
        return Text(f"{clash.rule.zh}{where}；可以：{clash.change.zh}", english)

    @cached_property
    def after(self) -> pd.DataFrame:
        """What the clause's measure says of each town once the plan's edits are done and its service areas hold."""
        region = apply(self.start.region, Scenario(edits=self.plan.edits(), service_areas=self.plan.service_areas()))
        params: Any = {
            "lower": self.plan.task.lower, "upper": self.plan.task.upper, "hospital_kinds": self.plan.task.hospital_kinds,
        }  # fmt: skip
        return community_centers(region, StraightLine(), test="either", **params).set_index("subject_code")

    @property
    def said(self) -> list[tuple[str, str]]:
        """Label and sentence of what the plan assumes and was given."""
        clause, task = self.rule.clause, self.plan.task
        where = f"{clause.document}{clause.section}"
        written = {text for one in self.start.law.rules if one.id == self.rule.id for text in one.assumptions}
        lower = "硬约束" if task.hard else f"软约束，每差 1 人折合 {self.short.said} 的路程（参数）"
        own = [
            name for name, one in (("下限", self.asked.lower), ("上限", self.asked.upper)) if one is not None
        ]  # fmt: skip
        changed = f"（{'、'.join(own)}由规划人员改定，不是条款原数）" if own else ""
        share = "" if self.asked.hospital_share is None else "（占比由规划人员改定，不是条款原数）"
        return [
            ("条款", f"{where}：{clause.quote}"),
            *(("条款：社区医院", f"{where}：{one}{share}") for one in (self.rule.plan_quote,) if one),
            *(("条款：改定", one) for one in self.rule.assumptions if one not in written),
            ("上下限", f"每所 {count_text(task.lower)}～{people_text(task.upper)}{changed}；上限必须满足，下限为{lower}。"),
            ("路程", f"居民到中心按{WAYS[self.way]}{self._period}。"),
            ("步行", self._walk),
            *(("相邻", f"沿路网超过 {one.said} 的社区不算相邻（参数）。") for one in (self.asked.link,) if one),
            *(("个数", f"{code}：共 {n} 所（规划人员指定）。") for code, n in sorted((task.p or {}).items())),
            *(("假设", one) for one in self.plan.assumptions),
            *(("余量", one) for one in self._spared),
            ("评估", self._assessed),
            *(("没有路", one) for one in self.unreached),
            *(("没有方案", f"{name}：{why.zh}") for name, why in self.failed_by_name),
        ]  # fmt: skip

    @property
    def unreached(self) -> list[str]:
        """Return one sentence on the people who have no way to their centre; none where everyone has one."""
        units = self.plan.communities
        rows = units[units["unreached"] > 0]
        if not len(rows):
            return []
        told = listed(zip(rows["name"], rows["unreached"], strict=True))
        total = people_text(rows["unreached"].sum())
        return [f"{total}没有路到方案的中心：{told}。服务人口照算在内，路程只按同社区有路的居民算。"]

    @property
    def _spared(self) -> list[str]:
        """Return what the second plan is; none where none was made."""
        if self.spare is None:
            return []
        left, upper = self.asked.spare, self.spare.plan.task.upper
        share = exact_percent(left)
        return [f"另有留 {share} 余量的方案：每所不超过 {people_text(upper)}（{share} 是参数，假设，--spare 可改）。"]

    @property
    def _assessed(self) -> str:
        if self.plan.service_areas():
            return "方案文件写明了各中心的服务范围，评估（findings.csv）按它算服务人口；实现方案要照此调整服务关系。"
        return "没有社区数据，方案文件写不出服务范围：评估（findings.csv）仍按就近归属算服务人口，与片区的负荷不同。"

    @property
    def _period(self) -> str:
        period = self.start.base.choices.period
        return f"（{PERIOD_LABELS[period]}时速）" if period and self.way == "time" else ""

    @property
    def _walk(self) -> str:
        task, roads = self.plan.task, self.start.region.roads is not None
        way = "沿路网距离（单行道不限制步行；高速公路及匝道不能走，其余道路都算能走，假设）" if roads else "直线距离"
        return f"到最近的中心或站，按{way}，每小时 {exact_text(task.walk_kmh)} 公里，限 {exact_text(task.station_minutes)} 分钟（参数）。"


def plan_report(asked: CenterQuestion, choices: RoadChoices, step: Step) -> Report:
    """Plan; SitingError with every county's clash where no county has a plan, FugaiError for what cannot be used."""
    files = [asked.crosswalk] if asked.crosswalk else []
    notes = Notes()
    rows = read_crosswalk(asked.crosswalk, notes) if asked.crosswalk else None
    start = begin(asked.data, asked.rules, asked.scenario, choices, files, step, _has_clause)
    start = replace(start, warnings=(*start.warnings, *notes.warnings))
    rule, reading = _reading(start)
    way = _way(asked, start)
    travel, unit = _travel(start, way), "ms" if way == "time" else "mm"
    short = asked.short or read_limit(SHORT_BY_TIME if unit == "ms" else SHORT_BY_DISTANCE)
    if short.unit != unit:
        _mixed("--short", short)
    task = _task(asked, rule, reading, 0.0 if asked.hard else float(short.value))
    _check_bounds(task)
    task = replace(task, crosswalk=rows, longest_road=asked.link.value if asked.link else 0)
    ways = walk_of(start), _link_travel(asked, start)
    report = Report(asked, start, rule, way, short, plan_centers(start.region, travel, task, step, *ways))
    plan = report.plan
    if len(report.failed) == len(plan.districting.parts):
        fix = Text("按上面的办法改正", "change one of these")
        raise SitingError(
            [
                Problem(name, Text(f"没有可行方案：{why.zh}", f"there is no plan: {why.en}"), fix)
                for name, why in report.failed_by_name
            ]
        )
    upper = roomy_bound(task.upper, asked.spare)
    if plan.fullest <= upper:
        return report
    step(Text(f"留 {exact_percent(asked.spare)} 余量的方案", f"the plan with {exact_percent(asked.spare)} to spare"))
    roomy = plan_centers(
        start.region, travel, replace(task, upper=upper, lower=min(task.lower, upper)), step, *ways
    )  # fmt: skip
    return replace(report, spare=replace(report, asked=replace(asked, upper=upper), plan=roomy))


def _has_clause(rules: Rules) -> bool:
    return bool(readings_of(rules, "community_centers"))


def roomy_bound(upper: int, spare: float) -> int:
    """Return the most people of a centre that leaves this share of its upper bound free.

    >>> roomy_bound(100_000, 0.1), roomy_bound(99_999, 0.1), roomy_bound(100_000, 0.9)
    (90000, 89999, 10000)
    """
    return math.floor(upper * (1 - Fraction(str(spare))))


def _reading(start: Start) -> tuple[Rule, Reading]:
    found = readings_of(start.rules, "community_centers")
    if not found:
        own = [one for one in standard_names() if _has_clause(load_rules(one, FUNCTIONS))]
        what = Text("这套规则没有社区卫生服务中心的条款", "these rules have no clause on community centres")
        fix = Text(
            f"有的规则：{'、'.join(own)}；用 --rules 换用，不是本市的就是参数情景，不作判断",
            f"these have: {', '.join(own)}; another city's is a case of parameters, which judges nothing",
        )
        raise OptionError(Problem("--rules", what, fix, found=start.law.id))
    return found[0]


def _way(asked: CenterQuestion, start: Start) -> str:
    """Return how one travels; OptionError for a way or an option that needs roads where there are none."""
    if start.region.roads is not None:
        return asked.way or "time"
    fix = Text("在数据文件夹里放入 roads，或去掉这个选项", "add roads to the folder, or drop the option")
    what = Text("数据里没有路网", "there are no roads")
    if asked.way in ("time", "road"):
        raise OptionError(Problem("--way", what, fix, found=asked.way))
    if asked.link is not None:
        raise OptionError(Problem("--link", what, fix, found=asked.link.said))
    if start.base.choices.need_roads:
        raise OptionError(Problem("roads", what, fix))
    return "paper"


def _travel(start: Start, way: str) -> Travel:
    graph, choices = start.region.roads, replace(start.base.choices, delay_s=0.0)
    if graph is None or way == "paper":
        return StraightLine()
    return road_of(graph, choices, by_time=way == "time", direction="to")


def walk_of(start: Start) -> Travel:
    """Return the way on foot, in mm: by the roads where there are any, in whichever direction cars may drive."""
    graph = start.region.roads
    return StraightLine() if graph is None else road_of(graph, start.base.choices, by_time=False, walking=True)


def _link_travel(asked: CenterQuestion, start: Start) -> Travel | None:
    return None if asked.link is None else _travel(start, "time" if asked.link.unit == "ms" else "road")


def _check_bounds(task: CenterTask) -> None:
    """Refuse bounds that no district can keep, once and before anything is computed."""
    said = f"{task.lower}～{task.upper}"
    fix = Text("对调或改正 --lower、--upper", "swap or correct --lower and --upper")
    if task.lower < 0 or task.upper <= 0:
        raise OptionError(Problem("--lower、--upper", Text("下限小于 0 或上限不大于 0", "below zero"), fix, found=said))
    if task.lower > task.upper:
        what = Text("下限大于上限", "the lower bound is above the upper one")
        raise OptionError(Problem("--lower、--upper", what, fix, found=said))


def _mixed(option: str, limit: Limit) -> None:
    what = Text("单位与路程的不同", "another unit than the way's")
    fix = Text("按时间的写 min，按距离的写 km", "as 10min by time, as 2km by distance")
    raise OptionError(Problem(option, what, fix, found=limit.said))


def _task(asked: CenterQuestion, rule: Rule, reading: Reading, price: float) -> CenterTask:
    """Return what is asked with the rule's numbers; a share that neither says means that no hospital is named."""
    params, share = reading.params, asked.hospital_share
    return CenterTask(
        lower=params["lower"] if asked.lower is None else asked.lower,
        upper=params["upper"] if asked.upper is None else asked.upper,
        hospital_kinds=params["hospital_kinds"],
        hospital_share=float(rule.plan_params.get("hospital_share", 0.0)) if share is None else share,
        hard=asked.hard,
        short_price=price,
        station_minutes=asked.minutes,
        walk_kmh=asked.walk_kmh,
        p=asked.p,
        solving=asked.solving,
    )


def parameters(report: Report) -> dict[str, object]:
    """Return what the planner decided, as plan.json keeps it."""
    task, asked = report.plan.task, report.asked
    return {
        "lower": task.lower, "upper": task.upper, "hard": task.hard, "short": None if task.hard else report.short.said,
        "hospital_share": task.hospital_share, "way": report.way, "walk_kmh": task.walk_kmh, "minutes": task.station_minutes,
        "link": asked.link.said if asked.link else None, "p": dict(task.p) if task.p else None,
        "spare": asked.spare, "crosswalk": None if asked.crosswalk is None else asked.crosswalk.name, "base": dict(record_of(report.start)),
    }  # fmt: skip


def proposals(report: Report) -> list[Proposal]:
    """Return the new, upgraded and converted centres and the stations as one scenario; the plan with room as another."""
    found = [_proposal(report, PLAN, "社区卫生服务中心布局方案")]
    if report.spare is not None and not report.spare.failed:
        name = f"社区卫生服务中心布局方案（留 {exact_percent(report.asked.spare)} 余量）"
        found.append(_proposal(report.spare, SPARE_PLAN, name))
    return found


def _proposal(report: Report, file: str, name: str) -> Proposal:
    notes = [f"{label}：{text}" for label, text in report.said]
    edits = report.plan.edits()
    if not edits:
        notes.insert(0, "没有要新设的中心和服务站。")
    one = proposal(report.start, file, name, edits, {}, notes)
    base = report.start.base.scenario
    scenario = replace(one.said.scenario, questions=base.questions, service_areas=_areas(report))
    return replace(one, said=replace(one.said, scenario=scenario))


def _areas(report: Report) -> tuple[ServiceArea, ...]:
    """Return the plan's service areas behind those of the base, which keep the communities that the plan leaves alone."""
    planned = report.plan.service_areas()
    mine = {one for area in planned for one in area.communities}
    kept = [
        replace(area, communities=tuple(one for one in area.communities if one not in mine))
        for area in report.start.base.scenario.service_areas
    ]
    return (*(area for area in kept if area.communities), *planned)


# The tables of a plan of community centres as rows that the workbook, the map, the lists and plan.json show alike.

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
    return {None: NONE, True: "符合", False: "不符合"}[_known(value)]


def _known(value: Any) -> bool | None:
    return None if value is None or pd.isna(value) else bool(value)


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
        ways = [_way_text(report, row) for row in rows_of(mine)] if has else []
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
                "advice_said": ADVICE[row["advice"]] or NONE, "proposal_said": _proposal_text(report, row), "load_planned": planned,
                "planned_said": NONE if math.isnan(planned) else yes(row["met_planned"]), "after_said": yes(after["met"][row["code"]]),
                "estimated_said": "估算" if row["estimated"] else "",
                "differs": not math.isnan(planned) and bool(_known(row["met_planned"])) and _known(after["met"][row["code"]]) is False,
            }
        )  # fmt: skip
    return out


def _proposal_text(report: Report, row: Row) -> str:
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
        way = _way_text(report, row)
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


def _way_text(report: Report, row: Row) -> float:
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
