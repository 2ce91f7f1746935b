"""County sub-centres: which hosts, for every number of them, by people reached and by time; proven, and with reasons."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import Problem, SitingError, Text
from planner.hospitals import hospital_lines
from planner.plans.sites import (
    COLUMNS,
    check_open,
    default_hosts,
    districts_without_county_hospital,
    known,
    lesser_county_hospitals,
    limited,
    near_pairs,
    quotas_of,
    rows_of,
    serving_hospitals,
    spacing_lever,
    too_close,
)
from planner.reach import Reach
from planner.region import Region, settlements
from planner.scenario import Change
from planner.siting.advice import Lever
from planner.siting.best import classes, k_best, lexicographic
from planner.siting.front import Point, Step, curve, pareto
from planner.siting.hull import large_front
from planner.siting.instance import Instance, instance_of
from planner.siting.merged import merged
from planner.siting.models import explained, solve
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, Limits, Question, Quota
from planner.siting.rooted import Root, as_asked, as_median, few_best, root_classes, root_of
from planner.siting.siting import Siting, nearest_open, open_positions, same
from planner.siting.small import WIDEST, small_first
from planner.text import limit_text
from planner.travel import Travel

Tell = Callable[[Text], None]
ALL_PAIRS = 2**32 - 2
KIND = "county_subcenter"
STANDS = "已建成的次中心"
_EXCLUDED = "规划人员排除"
SERVES_ALREADY = "已有医院，照常服务；设为次中心不增加可及，要设请用 --force"
"""Why a hospital that serves in the background is no candidate, though it was named as one."""


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
    """One aim: people within `limit` of a site (mclp), or least weighted cost (p-median, limit 0); `within`: that limit in words."""

    id: str
    label: str
    model: str
    limit: int
    within: str = ""


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

    sites     id, name, kind, county, town, place, grade, owner, beds, status (as in a siting question), barred (why),
              serves (today: it stands as a sub-centre, or is a hospital in the background, forced or not)
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
        today = self.sites.loc[self.sites["serves"], "id"]
        opened = np.flatnonzero(np.isin(instance.site_ids, list(today)))
        if siting is not None:
            opened = open_positions(instance, siting.chosen)
        site, cost = nearest_open(instance, opened)
        demand = np.flatnonzero(site >= 0)
        ids = {"demand_id": instance.demand_ids[demand], "facility_id": instance.site_ids[site[demand]]}
        return pd.DataFrame({**ids, "cost": cost[demand]})

    @cached_property
    def reached_by(self) -> Mapping[str, tuple[Any, Any]]:
        """By site id, whom it reaches, however far (positions in the reach), and the costs."""
        reach = self.reach
        demand = np.repeat(np.arange(len(reach.demand_ids)), np.diff(reach.indptr))
        order = np.argsort(reach.indices, kind="stable")
        ends = np.cumsum(np.bincount(reach.indices, minlength=len(reach.facility_ids)))[:-1]
        parts = zip(np.split(demand[order], ends), np.split(reach.costs[order], ends), strict=True)
        return {str(one): part for one, part in zip(reach.facility_ids, parts, strict=True) if len(part[0])}

    @cached_property
    def nearest_of_all(self) -> pd.Series:
        """By demand id, the cost to the nearest site if all that may be open were; who is reached by none is absent."""
        instance = self.time_instance
        site, cost = nearest_open(instance, np.flatnonzero(instance.status != FORBIDDEN))
        return pd.Series(cost[site >= 0], index=instance.demand_ids[site >= 0])

    def without_way(self, siting: Siting) -> pd.DataFrame:
        """Return demand_id, population, sites (ids) of those whom a site may reach and none of this plan does: who does."""
        instance = self.time_instance
        left = (nearest_open(instance, open_positions(instance, siting.chosen))[0] < 0) & ~instance.unreachable
        usable = left[instance.row] & (instance.status != FORBIDDEN)[instance.indices]
        pairs = pd.DataFrame({
            "demand_id": instance.demand_ids[instance.row[usable]], "sites": instance.site_ids[instance.indices[usable]],
            "population": instance.weight[instance.row[usable]],
        })  # fmt: skip
        return (
            pairs.groupby("demand_id", sort=True)
            .agg(population=("population", "first"), sites=("sites", tuple))
            .reset_index()
        )

    def edits(self, siting: Siting) -> tuple[Change, ...]:
        """Return the plan as edits: each host that is no sub-centre yet is upgraded."""
        kinds = self.sites.set_index("id")["kind"]
        hosts = [one for one in siting.chosen if kinds[one] != KIND]
        return tuple(
            Change(facility=one, fields={"kind": KIND}, word="upgrade", reason="次中心布局方案") for one in hosts
        )


def plan_subcenters(region: Region, travel: Travel, task: SubcenterTask, tell: Tell = lambda _: None) -> SubcenterPlan:
    """Return the plan; SitingError for what cannot be asked. Everyone travels to the nearest open site."""
    _check_standing(region, task)
    sites, assumptions = candidate_sites(region, task)
    _check_numbers(task, sites)
    demand = settlements(region.residents[region.residents["population"] > 0])
    tell(Text("计算到各候选点的时间", "measuring the way to each candidate"))
    reach = travel.reach_whole(demand, sites, ALL_PAIRS)
    weights = pd.Series(demand["population"].to_numpy(float), index=reach.demand_ids)
    rules = {"quotas": county_quotas(region, task, sites), "apart": kept_apart(sites, task), "allow_unreachable": True}
    objectives = objectives_of(task.limits, travel.unit)
    instances = {
        one.id: instance_of(
            Question(one.model, p=task.ps[0], **rules),  # type: ignore[arg-type]
            limited(reach, one.limit) if one.limit else reach,
            weights,
            sites.assign(because=because_of(sites)),
        )
        for one in objectives
    }
    groups = demand.set_index("id")["town_code"]
    levers = [spacing_of(sites, task)] if task.spacing_m > 0 else []
    asked = {one.id: _Asked(one, instances[one.id], task) for one in objectives}
    answers = {
        (one.id, answer.step.p): answer
        for one in objectives
        for answer in _answers(asked[one.id], (groups, levers), tell)
    }
    fronts = {p: _front(asked, answers, p, tell) for p in task.ps}
    return SubcenterPlan(task, travel.unit, sites, demand, reach, objectives, answers, fronts, assumptions)


def _check_numbers(task: SubcenterTask, sites: pd.DataFrame) -> None:
    """Refuse numbers of sites that there are not: every p must be one that could be chosen."""
    able = int((~sites["status"].isin(["background", "forbidden"])).sum())
    odd = [p for p in task.ps if not 0 < p <= able]
    if not odd:
        return
    found = "、".join(map(str, odd))
    near = int((sites["barred"] == _too_near(task)).sum())
    if near and all(0 < p <= able + near for p in odd):
        what = Text(
            f"{near} 个候选点距已有医院不足 {limit_text(task.spacing_m * 1000, 'mm')}，可选的只剩 {able} 个，不够要设的个数",
            f"{near} candidates are nearer to a hospital than that, which leaves {able}, too few",
        )
        fix = Text("改小 --spacing，或用 -p 写更小的个数", "lower --spacing, or give a smaller -p")
        raise SitingError(Problem("--spacing", what, fix, found=found))
    what = Text(f"个数须在 1 与可选的 {able} 个之间", f"p must be between 1 and the {able} sites that may be chosen")
    fix = Text("改小 -p，或增加候选点（--candidates）", "lower -p, or add candidates")
    raise SitingError(Problem("-p", what, fix, found=found))


def _too_near(task: SubcenterTask) -> str:
    return f"距已有医院不足 {limit_text(task.spacing_m * 1000, 'mm')}"


def objectives_of(limits: Iterable[int], unit: str) -> tuple[Objective, ...]:
    """Return the aims: most people within each limit (whole ms or mm, as the unit says), and last the least weighted cost."""

    def cover(limit: int) -> Objective:
        within = f"{limit_text(limit, unit)}内"
        return Objective(f"cover_{limit}", f"{within}的人口最多", "mclp", limit, within)

    word = "时间" if unit == "ms" else "距离"
    return (*map(cover, sorted(set(limits))), Objective("cost", f"人口加权{word}最少", "p-median", 0))


@dataclass(frozen=True, eq=False)
class _Asked:
    """One aim as it is asked, and as it is solved: with demands of one kind as one where there are many."""

    objective: Objective
    whole: Instance
    task: SubcenterTask

    @cached_property
    def solved(self) -> Instance:
        return merged(self.whole)

    @property
    def large(self) -> bool:
        return self.solved is not self.whole

    @cached_property
    def roots(self) -> Mapping[int, Root]:
        """At size: one bound for all questions of a number of sites, where there is one."""
        if not self.large:
            return {}
        found = {p: root_of(as_median(self.with_p(p)), self.task.solving) for p in self.task.ps}
        return {p: root for p, root in found.items() if root is not None}

    @cached_property
    def few(self) -> Mapping[int, list[Siting]]:
        """The best few plans by number of sites, where one bound tells them."""
        found = {p: few_best(root, self.task.k_best) for p, root in self.roots.items()}
        return {p: [as_asked(self.with_p(p), plan) for plan in plans] for p, plans in found.items() if plans}

    def with_p(self, p: int) -> Instance:
        return self.solved.asking(replace(self.solved.question, p=p))

    def first(self, p: int, limits: Limits) -> Siting:
        """Return the best plan of so many sites."""
        solver = solve if self.large else small_first(solve)
        return self.few[p][0] if p in self.few else lexicographic(self.with_p(p), limits, solver)

    def best(self, p: int, first: Siting) -> list[Siting]:
        """Return the best few plans of so many sites."""
        solver = solve if self.large else small_first(solve)
        few = self.few.get(p)
        return few or k_best(self.with_p(p), self.task.solving, self.task.k_best, solver, first)

    def classes(self, p: int, plans: list[Siting]) -> pd.DataFrame:
        """Return the class of each site, and `at_most`: whether it may lose less than is told."""
        asked, tolerance = self.with_p(p), self.task.tolerance
        if p in self.roots and all(plan.status == "optimal" for plan in plans):
            return root_classes(self.roots[p], asked, plans, tolerance)
        values = solve if self.large else small_first(solve, WIDEST)  # only what the plans are worth is told
        return classes(asked, self.task.solving, values, tolerance, plans[0], plans).assign(at_most=False)


def _answers(asked: _Asked, around: tuple[pd.Series, list[Lever]], tell: Tell) -> Iterable[Answer]:
    objective, task, (groups, levers) = asked.objective, asked.task, around

    def first_of_ties(one: Instance, limits: Limits) -> Siting:
        found = replace(asked.first(int(one.question.p or 0), limits), instance=one)
        return explained(found, levers) if one.question.p in task.ps else found

    tell(Text(f"{objective.label}：各个数", f"{objective.id}: every number"))
    today = int((asked.whole.status == FIXED).sum())
    for step in curve(asked.whole, task.solving, {today, *task.ps}, first_of_ties, groups):
        if step.p not in task.ps:
            continue
        if step.siting.status not in ("optimal", "feasible"):
            yield Answer(objective, step, (), pd.DataFrame(columns=["id", "class", "loss"]))
            continue
        tell(Text(f"{objective.label}：{step.p} 个的前几名和各点类别", f"{objective.id}: {step.p} sites"))
        plans = asked.best(step.p, step.siting)
        best = tuple(replace(plan, instance=step.siting.instance) for plan in plans)
        tied = len(best) > 1 and same(best[1].objective, step.siting.objective)
        ties = tied if len(best) > 1 else step.siting.ties
        yield Answer(
            objective, replace(step, siting=replace(step.siting, ties=ties)), best, asked.classes(step.p, plans)
        )


def _front(
    asked: Mapping[str, _Asked], answers: Mapping[tuple[str, int], Answer], p: int, tell: Tell
) -> tuple[Point, ...]:
    """Return the front of most people within the first limit and least weighted cost."""
    tell(Text(f"{p} 个：两个目标的前沿", f"{p} sites: both aims at once"))
    cover, cost = (list(asked)[at] for at in (0, -1))
    if not answers[(cover, p)].best:
        return ()
    both = asked[cover].with_p(p), asked[cost].with_p(p)
    if not asked[cost].large:
        return tuple(pareto(*both, asked[cost].task.solving))
    known = [plan for one in (cost, cover) for plan in answers[(one, p)].best]
    return tuple(large_front(*both, known, asked[cost].roots.get(p)))


def candidate_sites(region: Region, task: SubcenterTask) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the sites with their status, whether they serve today, and why one is barred; and the assumptions behind it.

    Who serves today serves whether chosen or not: in the background, or, where it must be chosen, as forced.
    """
    built = list(region.open_facilities(KIND)["id"])
    named = None if task.background is None else known(region, "--background", task.background)
    serving = serving_hospitals(region) if named is None else tuple(named)
    given = task.candidates is not None
    hosts = known(region, "--candidates", task.candidates or ()) if given else list(default_hosts(region, serving))
    forced, forbidden = known(region, "--force", task.forced), known(region, "--forbid", task.forbidden)
    twice = {*hosts} & {*serving} - {*forced} if given and named is not None else set()
    _clean(forced, forbidden, [*hosts, *serving], built, twice)
    rows = rows_of(region, {*hosts, *built, *serving})
    order = {"fixed": built, "forced": forced, "background": serving, "forbidden": forbidden}
    status = np.select([rows["id"].isin(list(ids)) for ids in order.values()], list(order), "candidate")
    named_anew = (status == "background") & rows["id"].isin(hosts) & given
    barred = np.select([status == "forbidden", named_anew], [_EXCLUDED, SERVES_ALREADY], "")
    serves = rows["id"].isin([*built, *serving])
    rows = rows.assign(status=status, serves=serves, group=rows["county_code"], barred=barred)
    told = [one.zh for one in [no_candidates(rows)] if one]
    return _barred(region, task, rows), (*_assumed(region, task, serving), *told)


def _clean(forced: list[str], forbidden: list[str], hosts: list[str], built: list[str], twice: set[str]) -> None:
    """Refuse what contradicts itself: forced and forbidden, forbidden though it stands, candidate and background, no candidate."""
    other = Text("从其中一个选项里去掉", "take it out of one of the two")
    add = Text("加进 --candidates，或去掉", "add it to --candidates, or drop it")
    serve = Text(
        "从其中一个选项里去掉；已有医院要设为次中心，用 --force",
        "take it out of one of them; to make a hospital a sub-centre use --force",
    )
    close = Text("去掉；要停用它，在方案（--scenario）里写 close", "drop it; a scenario (--scenario) can close it")
    asked = (
        ("--force / --forbid", {*forced} & {*forbidden}, Text("既必选又排除", "both forced and forbidden"), other),
        (
            "--candidates / --background",
            twice,
            Text("既是候选点又是已有医院", "both a candidate and a background"),
            serve,
        ),
        ("--forbid", {*forbidden} & {*built}, Text("已建成的次中心不能排除", "a sub-centre that stands"), close),
        ("--force", {*forced} - {*hosts, *built}, Text("不是候选点", "no candidate"), add),
        ("--forbid", {*forbidden} - {*hosts, *built}, Text("不是候选点", "no candidate"), add),
    )
    problems = [
        Problem(option, what, fix, found="、".join(sorted(found))) for option, found, what, fix in asked if found
    ]
    if problems:
        raise SitingError(problems)


def _check_standing(region: Region, task: SubcenterTask) -> None:
    """Refuse facilities named that do not serve today, and sub-centres that stand named as a background."""
    check_open(region, "--candidates", known(region, "--candidates", task.candidates or ()))
    check_open(region, "--background", known(region, "--background", task.background or ()))
    check_open(region, "--force", known(region, "--force", task.forced))
    built = sorted({*region.open_facilities(KIND)["id"]} & {*(task.background or ())})
    if built:
        what = Text("已建成的次中心计入个数，不能作背景", "sub-centres that stand are counted, and no background")
        fix = Text("从 --background 去掉", "drop it from --background")
        raise SitingError(Problem("--background", what, fix, found="、".join(built)))


def _barred(region: Region, task: SubcenterTask, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the sites with those forbidden that stand too close to a hospital in the background or have no quota."""
    pairs = too_close(rows, task.spacing_m)
    background = set(rows.loc[rows["status"] == "background", "id"])
    near = {one for pair in pairs for one in pair if len(background & {*pair}) == 1 and one not in background}
    none = {quota.group for quota in county_quotas(region, task, rows) if quota.at_most == 0}
    free = rows["status"] == "candidate"
    reasons = [
        (free & rows["id"].isin(near), _too_near(task)),
        (free & rows["county_code"].isin(none), "所在区没有县级医院，配额按 0 计（假设）或为 0"),
    ]
    for mine, why in reasons:
        rows = rows.assign(
            status=rows["status"].where(~mine, "forbidden"),
            barred=rows["barred"].where(~mine | (rows["barred"] != ""), why),
        )
    return rows


def county_quotas(region: Region, task: SubcenterTask, sites: pd.DataFrame) -> tuple[Quota, ...]:
    """Return the quotas of counties that have sites; a county without any can have no quota above 0."""
    present = set(sites["county_code"])
    odd = sorted(quota.group for quota in task.quotas if quota.group not in present)
    if odd:
        fix = Text("用六位县区代码，且该县（区）有候选点", "use codes of counties that have candidates")
        raise SitingError(
            Problem("--quota", Text("没有候选点的县（区）", "a county without candidates"), fix, found="、".join(odd))
        )
    names = dict(zip(region.counties["code"], region.counties["name"], strict=True))
    none = [one for one in districts_without_county_hospital(region) if one in present]
    return tuple(replace(one, name=str(names.get(one.group, ""))) for one in quotas_of(none, task.quotas))


def kept_apart(sites: pd.DataFrame, task: SubcenterTask) -> tuple[tuple[str, str], ...]:
    """Return the pairs of sites (of `candidate_sites`) that stand too close to be sub-centres both."""
    hosts = sites[sites["status"].isin(["candidate", "fixed", "forced"])]
    return too_close(hosts[list(COLUMNS)], task.spacing_m)


def because_of(sites: pd.DataFrame) -> pd.Series:
    """Return why each site is fixed or forbidden where no option of the planner's says so; else ""."""
    barred = sites["barred"].where((sites["status"] == "forbidden") & (sites["barred"] != _EXCLUDED), "")
    return barred.where(sites["status"] != "fixed", STANDS)


def spacing_of(sites: pd.DataFrame, task: SubcenterTask) -> Lever:
    """Return the lever of a shorter spacing: who stands too near to a hospital may then be chosen, too."""
    pairs = near_pairs(sites[list(COLUMNS)], round(task.spacing_m * 1000))
    serving = sites.loc[sites["status"] == "background", "id"]
    ends = pd.DataFrame({"one": pairs["demand_id"], "other": pairs["facility_id"], "cost": pairs["cost"]})
    turned = ends.rename(columns={"one": "other", "other": "one"})
    both = pd.concat([ends, turned])
    near = both[both["other"].isin(serving) & ~both["one"].isin(serving)].groupby("one")["cost"].min()
    barred = sites.loc[(sites["status"] == "forbidden") & (sites["barred"] == _too_near(task)), "id"]

    def lift(instance: Instance, value: float) -> Instance:
        free = barred[barred.map(near).to_numpy(float) >= value]
        status = np.where(np.isin(instance.site_ids, list(free)), CANDIDATE, instance.status)
        return replace(instance, status=status.astype(np.int8))

    hosts = pairs[~pairs["demand_id"].isin(serving) & ~pairs["facility_id"].isin(serving)]
    return spacing_lever(hosts, lift, near.tolist(), ("apart", f"barred:{_too_near(task)}"))


def no_candidates(sites: pd.DataFrame) -> Text | None:
    """Return which of the candidates named serve already and are therefore none; None where there are none such."""
    ids = "、".join(sites.loc[sites["barred"] == SERVES_ALREADY, "id"])
    zh = f"--candidates 里的 {ids} 不作候选点：{SERVES_ALREADY}。"
    return (
        Text(zh, f"of --candidates, {ids} serve already and are no candidates: force them to count them")
        if ids
        else None
    )


def _assumed(region: Region, task: SubcenterTask, serving: Collection[str]) -> tuple[str, ...]:
    said = []
    if task.candidates is None:
        lesser = {*lesser_county_hospitals(region)["id"]} - {*serving}
        more = "，加不在“已有医院”之列、等级低于本县最高的县办综合、中医类医院" if lesser else ""
        said.append(f"候选点＝在用的乡镇卫生院{more}（假设；条款未列名单）。")
    if task.background is None:
        said.append(
            "已有医院＝在用的二级及以上综合、中医类医院；它们照常服务，不计入个数，"
            "设为次中心不增加可及，所以不作候选点，要设用 --force（假设）。"
        )
        said += [one.zh for one in hospital_lines(region, by_class=True)]
    none = [one for one in districts_without_county_hospital(region) if one not in {q.group for q in task.quotas}]
    if none:
        names = region.counties.set_index("code")["name"]
        said.append(f"没有县办医院的市辖区不设次中心（假设）：{'、'.join(names[one] for one in none)}。")
    if task.spacing_m > 0:
        said.append(
            f"次中心之间、次中心与已有医院之间至少相距 {limit_text(task.spacing_m * 1000, 'mm')}（直线，参数）。"
        )
    said.append("居民到最近的次中心或已有医院；不可达的居民不计入目标，另行列名。")
    return tuple(said)
