"""Sub-centres planned from a folder of facts: what is asked, the plan, and everything that stands around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.files import read
from planner.errors import DataError, OptionError, Problem, Text
from planner.joined import not_joined
from planner.limits import Limit
from planner.plans.subcenters import KIND, Answer, Objective, SubcenterPlan, SubcenterTask, plan_subcenters
from planner.region import village_names, with_places
from planner.road import Road
from planner.rules import Rules
from planner.schema import Field, Table
from planner.siting.siting import Siting
from planner.text import exact_text, limit_text, share_text
from planner.travel import StraightLine, Travel
from scenarios.plans.start import Proposal, Start, begin, has_plan, proposal, readings_of, refuse_clash
from scenarios.questions import SubcenterQuestion
from scenarios.run import Step
from scenarios.site_files import read_quotas
from scenarios.ways import RoadChoices, closed_lines, road_of, time_lines

AREAS = Table("areas", "片区", ("areas", "片区"), "town_code", None,
              (Field("town_code", "乡镇代码", "code", required=True, aliases=("代码", "code"), digits=9),
               Field("area", "片区", "text", required=True, aliases=("片区名称", "名称", "name"))))  # fmt: skip
_IDS_NAMED = 20
_FURTHER = 2
"""Where a document gives a least number and no upper one, so many more are tried (an assumption, told as such)."""


@dataclass(frozen=True, eq=False)
class Report:
    """The plan and what is told around it.

    range_said   where the numbers of sites come from
    areas        片区 by town code; None where none are given
    apart        why a settlement is not joined to the roads, by its id (schema.NOT_JOINED's state)
    """

    asked: SubcenterQuestion
    start: Start
    plan: SubcenterPlan
    travel: Travel
    range_said: str
    areas: Mapping[str, str] | None
    apart: Mapping[str, str]

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The sites by id, with the names of their places."""
        return with_places(self.start.region, self.plan.sites).set_index("id", drop=False).rename_axis(None)

    @cached_property
    def demand(self) -> pd.DataFrame:
        """The settlements by id, with their names and those of their places."""
        frame = with_places(self.start.region, self.plan.demand)
        named = frame.assign(name=village_names(self.start.region, frame))
        return named.set_index("id", drop=False).rename_axis(None)

    @property
    def main(self) -> Objective:
        """The aim whose plans become scenario files."""
        return self.plan.objectives[0 if self.asked.objective == "cover" else -1]

    @property
    def solved(self) -> tuple[int, ...]:
        """The numbers of sites for which there is a plan, the smallest first."""
        return tuple(p for p in self.plan.task.ps if has_plan(self.answer(p).siting))

    def answer(self, p: int, objective: Objective | None = None) -> Answer:
        return self.plan.answers[((objective or self.main).id, p)]

    @property
    def said(self) -> list[tuple[str, str]]:
        """Label and sentence of what the plan assumes and was given."""
        asked, task = self.asked, self.plan.task
        way = (
            "直线" if isinstance(self.travel, StraightLine) else "道路" + ("时间" if self.plan.unit == "ms" else "距离")
        )
        own = {
            "候选点": task.candidates,
            "已有医院": task.background,
            "必选": task.forced or None,
            "排除": task.forbidden or None,
        }
        quotas = [f"{one.group} 至少 {one.at_least} 个" + ("" if one.at_most is None else f"、至多 {one.at_most} 个")
                  for one in task.quotas]  # fmt: skip
        return [
            *(("假设", one) for one in self.plan.assumptions),
            ("个数", f"{'、'.join(map(str, task.ps))}；来历：{self.range_said}"),
            (
                "限度",
                f"{'、'.join(one.said for one in asked.limits)}（规划人员的参数，小于或等于算在内）；{way}，居民到机构",
            ),
            *(("道路", one) for one in self.road_said),
            (
                "目标",
                f"方案文件按“{self.main.label}”；备选的容许损失 {share_text(task.tolerance)}；列前 {task.k_best} 名",
            ),
            *((word, _given(ids)) for word, ids in own.items() if ids is not None),
            *([("配额", "；".join(quotas))] if quotas else []),
            ("片区", "规划人员给出，只核对" if self.areas is not None else "没有给出（--areas），未核对"),
            ("时限", f"每一步求解至多 {exact_text(task.solving.seconds)} 秒"),
        ]

    @property
    def road_said(self) -> list[str]:
        """How one travels by road, in sentences; none without roads."""
        road = self.travel
        if not isinstance(road, Road):
            return []
        choices = self.start.base.choices
        said = [f"离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内的按直线接到路上，更远的为不可达。"]
        if road.speeds is not None:
            said += time_lines(road, choices, "行车时间，居民到机构")
        return [*said, *closed_lines(road, choices)]

    @property
    def clashes(self) -> list[str]:
        """For each number of sites without a plan: why, and what would help."""
        return [self.no_plan(p, siting) for p in self.plan.task.ps if not has_plan(siting := self.answer(p).siting)]

    def no_plan(self, p: int, siting: Siting) -> str:
        """Return why there is no plan of so many sites, and what would help."""
        if siting.clash is None:
            return f"{p} 个：时限内没有找到方案。"
        return f"{p} 个：没有可行方案——{siting.clash.rule.zh}。可以：{siting.clash.change.zh}。"


def _given(ids: Sequence[str]) -> str:
    """Return the ids that a planner gave, a long list cut short: the scenario file has all of them."""
    more = f"……共 {len(ids)} 个，见方案文件的选址题" if len(ids) > _IDS_NAMED else ""
    return f"规划人员给出：{'、'.join(ids[:_IDS_NAMED]) or '没有'}{more}"


def plan_report(asked: SubcenterQuestion, choices: RoadChoices, step: Step) -> Report:
    """Return the report; FugaiError for what cannot be asked, and where no number of sites has a plan."""
    files = [one for one in (asked.quota, asked.areas, *asked.named_files) if one is not None]
    _check_there(files)
    start = begin(asked.data, asked.rules, asked.scenario, choices, files, step, _gives_number)
    travel = _travel(start, asked.limits)
    ps, said = (asked.ps, "规划人员给出（-p）") if asked.ps else _range(start.rules)
    notes = Notes()
    areas = None if asked.areas is None else _areas(asked.areas, start, notes)
    quotas = read_quotas(asked.quota, notes) if asked.quota else ()
    start = replace(start, warnings=(*start.warnings, *notes.warnings))
    task = SubcenterTask(
        ps, tuple(one.value for one in asked.limits), asked.candidates, asked.background, asked.forced, asked.forbidden,
        quotas, asked.spacing.value / 1000 if asked.spacing else 0.0,
        asked.k_best, asked.tolerance, asked.solving,
    )  # fmt: skip
    plan = plan_subcenters(start.region, travel, task, step)
    apart = not_joined(start.region, travel) if isinstance(travel, Road) else None
    states = {} if apart is None else dict(zip(apart["id"], apart["state"], strict=True))
    report = Report(asked, start, plan, travel, said, areas, states)
    if not report.solved:
        raise refuse_clash(start, report.answer(ps[0]).siting, _given_rules(asked))
    return report


def _given_rules(asked: SubcenterQuestion) -> Mapping[str, str]:
    """Return the options that set a rule and were given, by the kind of rule."""
    options = {
        "p": ("-p", asked.ps),
        "quota": ("--quota", asked.quota),
        "apart": ("--spacing", asked.spacing),
        "forced": ("--force", asked.forced),
        "barred": ("--forbid", asked.forbidden) if asked.forbidden else ("--spacing", asked.spacing),
    }
    return {kind: option for kind, (option, value) in options.items() if value}


def _check_there(files: Sequence[Path]) -> None:
    lost = [one for one in files if not one.is_file()]
    if lost:
        fix = Text("检查路径", "check the path")
        raise OptionError([Problem(str(one), Text("没有这个文件", "there is no such file"), fix) for one in lost])


def _travel(start: Start, limits: Sequence[Limit]) -> Travel:
    """Return how residents travel to a site: by road in time or distance as the limits say; in a straight line without roads."""
    by_time = limits[0].unit == "ms"
    graph = start.region.roads
    if graph is not None:
        return road_of(graph, start.base.choices, by_time=by_time, direction="to")
    if by_time:
        what = Text("数据里没有路网，不能按时间计算", "the facts hold no roads, so there are no times")
        fix = Text(
            "放入 roads，或改用直线距离的限度，如 --limit 10km,20km",
            "add roads, or give limits as the crow flies, as --limit 10km,20km",
        )
        raise OptionError(Problem("--limit", what, fix, found="、".join(one.said for one in limits)))
    return StraightLine()


def _gives_number(rules: Rules) -> bool:
    """Whether a rule says how many sub-centres there are to be."""
    return bool(readings_of(rules, "facility_count", facility_kind=KIND))


def _range(rules: Rules) -> tuple[tuple[int, ...], str]:
    """Return the numbers of sites that the rule gives, and where they come from in words."""
    for rule in rules.rules:
        params = rule.readings[0].params
        if rule.measure != "facility_count" or params.get("facility_kind") != KIND:
            continue
        least, most = int(params["at_least"]), params.get("at_most")
        where = f"{rules.document}{rule.clause.section}“{rule.clause.quote}”"
        if most is not None:
            return tuple(range(least, int(most) + 1)), where
        if rule.target == str(least):
            return (least,), where
        last = least + _FURTHER
        return tuple(range(least, last + 1)), f"{where}；条款没有上限，试算 {least}～{last} 个（假设）"
    what = Text("规则里没有次中心的个数", "the rules do not say how many sub-centres")
    raise OptionError(Problem("-p", what, Text("加上 -p，如 -p 4-6", "give -p, as -p 4-6")))


def _areas(path: Path, start: Start, notes: Notes) -> Mapping[str, str]:
    """Return 片区 by town code; DataError for codes that no town has, and for a town that stands twice."""
    raw = read(path, AREAS)
    note_parts(raw, notes)
    raw, frame = canonical(raw, AREAS, notes)
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    unknown = ~frame["town_code"].isin(start.region.towns["code"])
    fix = Text("核对代码", "check the code")
    notes.add_rows(raw, unknown, "乡镇代码", Text("没有这个乡镇（街道）", "there is no such town"), fix,
                   found=frame["town_code"])  # fmt: skip
    if notes.errors:
        raise DataError(notes.errors)
    return dict(zip(frame["town_code"], frame["area"], strict=True))


def _question(report: Report, p: int) -> Mapping[str, Any]:
    """Return what was asked as a scenario file puts it; what was left to the assumption is not named."""
    asked, task = report.asked, report.plan.task
    quotas = {
        one.group: {"at_least": one.at_least, **({} if one.at_most is None else {"at_most": one.at_most})}
        for one in task.quotas
    }
    said = {
        "plan": "subcenters",
        "p": p,
        "limit": tuple(one.said for one in asked.limits),
        "model": report.main.model,
        "quotas": quotas,
        "spacing": asked.spacing.said if asked.spacing else "",
        "forced": task.forced,
        "forbidden": task.forbidden,
        "k_best": task.k_best,
        "tolerance": task.tolerance,
    }
    said = {name: value for name, value in said.items() if value not in ((), {}, "")}
    lists = {"candidates": task.candidates, "background": task.background}  # an empty one says that there are none
    return {**said, **{name: ids for name, ids in lists.items() if ids is not None}}


def proposals(report: Report) -> tuple[Proposal, ...]:
    """Return the plan of each number of sites, by the aim that was chosen, as a scenario."""
    out = []
    for p in report.solved:
        siting = report.answer(p).siting
        proven = "已证明最优" if siting.status == "optimal" else f"可行方案，未证明最优，差距 {share_text(siting.gap)}"
        proof = f"次中心布局方案：{p} 个，目标“{report.main.label}”，{proven}。"
        name = f"次中心布局方案（{p} 个，{report.main.label}）"
        out.append(
            proposal(
                report.start, f"方案_p{p}.yaml", name, report.plan.edits(siting), _question(report, p),
                report.plan.assumptions, [proof],
            )
        )  # fmt: skip
    return tuple(out)
