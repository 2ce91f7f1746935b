"""County sub-centres: which hosts, for every number of them, by people reached and by time; proven, and with reasons."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from planner.errors import Problem, SitingError, Text
from planner.places import settlements
from planner.plans.sites import (
    COLUMNS,
    districts_without_county_hospital,
    general_hospitals,
    known,
    limited,
    quotas_of,
    rows_of,
    second_county_hospitals,
    too_close,
)
from planner.reach import Reach
from planner.region import Region
from planner.scenario import Change
from planner.siting.best import k_best, same
from planner.siting.classes import classes
from planner.siting.curve import Step, curve
from planner.siting.instance import Instance, instance_of
from planner.siting.pareto import Point, pareto
from planner.siting.question import BACKGROUND, FIXED, FORBIDDEN, Limits, Question, Quota
from planner.siting.siting import Siting, nearest_open, open_positions
from planner.siting.small import small_first
from planner.siting.solve import solve
from planner.siting.ties import lexicographic
from planner.travel import Travel

Tell = Callable[[Text], None]
ALL_PAIRS = 2**32 - 2
KIND = "county_subcenter"


@dataclass(frozen=True)
class SubcenterTask:
    """What a planner asks: numbers of sites, limits (whole mm or ms), and who may, must or may not be a host.

    candidates, background   ids; None: the assumption that `assumptions` states
    quotas                   by county code; districts without a county hospital get none unless named here
    spacing_m                least distance between two sub-centres, and to a hospital in the background
    tolerance                share of the objective that a site may cost and still be called an alternative
    """

    ps: tuple[int, ...]
    limits: tuple[int, ...]
    candidates: tuple[str, ...] | None = None
    background: tuple[str, ...] | None = None
    forced: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    quotas: tuple[Quota, ...] = ()
    spacing_m: float = 0.0
    k_best: int = 5
    tolerance: float = 0.005
    solving: Limits = field(default=Limits())


@dataclass(frozen=True)
class Objective:
    """One aim: people within `limit` of a site (mclp), or least weighted cost (p-median, limit 0)."""

    id: str
    label: str
    model: str
    limit: int


@dataclass(frozen=True, eq=False)
class Answer:
    """One aim and one p: the best plan, what it adds to that of the p before, the next best plans, and each site's class.

    The first p stands beside what stands today, where the rules allow no site at all; else it has no gain.
    """

    objective: Objective
    step: Step
    best: tuple[Siting, ...]
    classes: pd.DataFrame

    @property
    def siting(self) -> Siting:
        return self.step.siting


@dataclass(frozen=True, eq=False)
class SubcenterPlan:
    """Everything that was found: sites with their status, answers by (objective, p), fronts by p, and what was assumed.

    sites     id, name, kind, county, town, place, grade, owner, beds, status (as in a siting question), barred (why)
    demand    settlements: id, places, population, lon, lat
    """

    task: SubcenterTask
    unit: str
    sites: pd.DataFrame
    demand: pd.DataFrame
    reach: Reach
    objectives: tuple[Objective, ...]
    answers: Mapping[tuple[str, int], Answer]
    fronts: Mapping[int, tuple[Point, ...]]
    assumptions: tuple[str, ...]

    @cached_property
    def time_instance(self) -> Instance:
        """The question of least weighted cost, without a p."""
        return self.answers[(self.objectives[-1].id, self.task.ps[0])].siting.instance

    def served(self, siting: Siting | None = None) -> pd.DataFrame:
        """Return demand_id, facility_id, cost: whom each open site serves when everyone goes to the nearest, however far.

        Without a siting: by the sites that stand today. Who is reached by none has no row.
        """
        instance = self.time_instance
        opened = np.flatnonzero(np.isin(instance.status, (FIXED, BACKGROUND)))
        if siting is not None:
            opened = open_positions(instance, siting.chosen)
        site, cost = nearest_open(instance, opened)
        demand = np.flatnonzero(site >= 0)
        ids = {"demand_id": instance.demand_ids[demand], "facility_id": instance.site_ids[site[demand]]}
        return pd.DataFrame({**ids, "cost": cost[demand]})

    def nearest_of_all(self) -> pd.Series:
        """Return, by demand id, the cost to the nearest site if all that may be open were; who is reached by none is absent."""
        instance = self.time_instance
        site, cost = nearest_open(instance, np.flatnonzero(instance.status != FORBIDDEN))
        return pd.Series(cost[site >= 0], index=instance.demand_ids[site >= 0])

    def edits(self, siting: Siting) -> tuple[Change, ...]:
        """Return the plan as edits: each host that is no sub-centre yet is upgraded."""
        kinds = self.sites.set_index("id")["kind"]
        hosts = [one for one in siting.chosen if kinds[one] != KIND]
        return tuple(
            Change(facility=one, fields={"kind": KIND}, word="upgrade", reason="次中心布局方案") for one in hosts
        )


def plan_subcenters(region: Region, travel: Travel, task: SubcenterTask, tell: Tell = lambda _: None) -> SubcenterPlan:
    """Return the plan; SitingError for what cannot be asked. Everyone travels to the nearest open site."""
    sites, assumptions = _sites(region, task)
    _check_numbers(task, sites)
    demand = settlements(region.residents[region.residents["population"] > 0])
    tell(Text("计算到各候选点的时间", "measuring the way to each candidate"))
    reach = travel.reach(demand, sites, ALL_PAIRS)
    weights = pd.Series(demand["population"].to_numpy(float), index=reach.demand_ids)
    rules = {"quotas": _quotas(region, task, sites), "apart": _apart(sites, task), "allow_unreachable": True}
    objectives = _objectives(task.limits, travel.unit)
    instances = {
        one.id: instance_of(
            Question(one.model, p=task.ps[0], **rules),  # type: ignore[arg-type]
            limited(reach, one.limit) if one.limit else reach,
            weights,
            sites,
        )
        for one in objectives
    }
    groups = demand.set_index("id")["town_code"]
    answers = {
        (one.id, answer.step.p): answer
        for one in objectives
        for answer in _answers(one, instances[one.id], task, groups, tell)
    }
    fronts = {}
    for p in task.ps:
        tell(Text(f"{p} 个：两个目标的前沿", f"{p} sites: both aims at once"))
        cover, time = (
            one.asking(replace(one.question, p=p))
            for one in (instances[objectives[0].id], instances[objectives[-1].id])
        )
        fronts[p] = tuple(pareto(cover, time, task.solving)) if answers[(objectives[0].id, p)].best else ()
    return SubcenterPlan(task, travel.unit, sites, demand, reach, objectives, answers, fronts, assumptions)


def _check_numbers(task: SubcenterTask, sites: pd.DataFrame) -> None:
    """Refuse numbers of sites that there are not: every p must be one that could be chosen."""
    able = int((~sites["status"].isin(["background", "forbidden"])).sum())
    odd = [p for p in task.ps if not 0 < p <= able]
    if odd:
        what = Text(
            f"个数须在 1 与可选的 {able} 个之间", f"p must be between 1 and the {able} sites that may be chosen"
        )
        fix = Text("改小 -p，或增加候选点（--candidates）", "lower -p, or add candidates")
        raise SitingError(Problem("-p", what, fix, found="、".join(map(str, odd))))


def _objectives(limits: Iterable[int], unit: str) -> tuple[Objective, ...]:
    def said(limit: int) -> str:
        return f"{limit / 60_000:g} 分钟" if unit == "ms" else f"{limit / 1e6:g} 公里"

    cover = [Objective(f"cover_{limit}", f"{said(limit)}内的人口最多", "mclp", limit) for limit in sorted(set(limits))]
    word = "时间" if unit == "ms" else "距离"
    return (*cover, Objective("cost", f"人口加权{word}最少", "p-median", 0))


def _answers(
    objective: Objective, instance: Instance, task: SubcenterTask, groups: pd.Series, tell: Tell
) -> Iterable[Answer]:
    solver = small_first(solve)

    def first_of_ties(one: Instance, limits: Limits) -> Siting:
        return lexicographic(one, limits, solver)

    tell(Text(f"{objective.label}：各个数", f"{objective.id}: every number"))
    today = int((instance.status == FIXED).sum())
    for step in curve(instance, task.solving, {today, *task.ps}, first_of_ties, groups):
        asked = step.siting.instance
        if step.p not in task.ps:
            continue
        if step.siting.status not in ("optimal", "feasible"):
            yield Answer(objective, step, (), pd.DataFrame(columns=["id", "class", "loss"]))
            continue
        tell(Text(f"{objective.label}：{step.p} 个的前几名和各点类别", f"{objective.id}: {step.p} sites"))
        best = tuple(k_best(asked, task.solving, task.k_best, solver, step.siting))
        table = classes(asked, task.solving, solver, task.tolerance, step.siting, best)
        tied = len(best) > 1 and same(best[1].objective, step.siting.objective)
        ties = tied if len(best) > 1 else step.siting.ties
        yield Answer(objective, replace(step, siting=replace(step.siting, ties=ties)), best, table)


def _sites(region: Region, task: SubcenterTask) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the sites with their status and why one is barred, and the assumptions that made them."""
    second = second_county_hospitals(region)["id"]
    built = list(region.open_facilities(KIND)["id"])
    hosts = (
        [*region.open_facilities("township_hospital")["id"], *second]
        if task.candidates is None
        else known(region, "--candidates", task.candidates)
    )
    background = (
        [one for one in general_hospitals(region)["id"] if one not in set(hosts)]
        if task.background is None
        else known(region, "--background", task.background)
    )
    forced, forbidden = known(region, "--force", task.forced), known(region, "--forbid", task.forbidden)
    _clean(forced, forbidden, [*hosts, *built])
    rows = rows_of(region, {*hosts, *built, *background})
    status = np.select(
        [rows["id"].isin(built), rows["id"].isin(forced), rows["id"].isin(forbidden), rows["id"].isin(hosts)],
        ["fixed", "forced", "forbidden", "candidate"],
        "background",
    )
    rows = rows.assign(
        status=status, group=rows["county_code"], barred=np.where(status == "forbidden", "规划人员排除", "")
    )
    return _barred(region, task, rows), _assumed(region, task)


def _clean(forced: list[str], forbidden: list[str], hosts: list[str]) -> None:
    both = sorted({*forced} & {*forbidden})
    odd = sorted({*forced, *forbidden} - {*hosts})
    fix = Text("从其中一个选项里去掉", "take it out of one of the two")
    if both:
        raise SitingError(
            Problem("--force / --forbid", Text("既必选又排除", "both forced and forbidden"), fix, found="、".join(both))
        )
    if odd:
        fix = Text("加进 --candidates，或去掉", "add it to --candidates, or drop it")
        raise SitingError(Problem("--force / --forbid", Text("不是候选点", "no candidate"), fix, found="、".join(odd)))


def _barred(region: Region, task: SubcenterTask, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the sites with those forbidden that stand too close to a hospital in the background or have no quota."""
    pairs = too_close(rows, task.spacing_m)
    background = set(rows.loc[rows["status"] == "background", "id"])
    near = {one for pair in pairs for one in pair if len(background & {*pair}) == 1 and one not in background}
    none = {quota.group for quota in _quotas(region, task, rows) if quota.at_most == 0}
    free = rows["status"] == "candidate"
    reasons = [
        (free & rows["id"].isin(near), f"距已有医院不足 {task.spacing_m / 1000:g} 公里"),
        (free & rows["county_code"].isin(none), "所在区没有县级医院，配额按 0 计（假设）或为 0"),
    ]
    for mine, why in reasons:
        rows = rows.assign(
            status=rows["status"].where(~mine, "forbidden"),
            barred=rows["barred"].where(~mine | (rows["barred"] != ""), why),
        )
    return rows


def _quotas(region: Region, task: SubcenterTask, sites: pd.DataFrame) -> tuple[Quota, ...]:
    """Return the quotas of counties that have sites; a county without any can have no quota above 0."""
    present = set(sites["county_code"])
    odd = sorted(quota.group for quota in task.quotas if quota.group not in present)
    if odd:
        fix = Text("用六位县区代码，且该县（区）有候选点", "use codes of counties that have candidates")
        raise SitingError(
            Problem("--quota", Text("没有候选点的县（区）", "a county without candidates"), fix, found="、".join(odd))
        )
    return quotas_of([one for one in districts_without_county_hospital(region) if one in present], task.quotas)


def _apart(sites: pd.DataFrame, task: SubcenterTask) -> tuple[tuple[str, str], ...]:
    hosts = sites[sites["status"].isin(["candidate", "fixed", "forced"])]
    return too_close(hosts[list(COLUMNS)], task.spacing_m)


def _assumed(region: Region, task: SubcenterTask) -> tuple[str, ...]:
    said = []
    if task.candidates is None:
        said.append("候选点＝在用的乡镇卫生院，加县办的第二（三、四）人民医院（假设；条款未列名单）。")
    if task.background is None:
        said.append("已有医院＝在用的二级及以上综合、中医类医院，候选点除外；它们照常服务，不计入个数（假设）。")
    none = [one for one in districts_without_county_hospital(region) if one not in {q.group for q in task.quotas}]
    if none:
        names = region.counties.set_index("code")["name"]
        said.append(f"没有县办医院的市辖区不设次中心（假设）：{'、'.join(names[one] for one in none)}。")
    if task.spacing_m > 0:
        said.append(f"次中心之间、次中心与已有医院之间至少相距 {task.spacing_m / 1000:g} 公里（直线，参数）。")
    said.append("居民到最近的次中心或已有医院；不可达的居民不计入目标，另行列名。")
    return tuple(said)
