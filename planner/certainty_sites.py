"""Which chosen sites stay in the optimum when the facts are drawn again, and what keeping the plan would then cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.draws import Draws, Places, hangs_on, outside
from planner.errors import Problem, SitingError, Text
from planner.plans.subcenters import (
    ALL_PAIRS,
    Objective,
    SubcenterTask,
    candidate_sites,
    county_quotas,
    kept_apart,
    objectives_of,
)
from planner.region import Region, settlements
from planner.siting.best import lexicographic
from planner.siting.instance import Instance, instance_of
from planner.siting.models import explained, solve
from planner.siting.question import Question
from planner.siting.siting import Siting, open_positions
from planner.siting.small import small_first, value_of
from planner.text import exact_text
from planner.travel import Travel
from planner.uncertainty import Uncertainty

Tell = Callable[[Text], None]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
FACTORS = ("points", "population", "speed")
SITES = ("objective", "objective_label", "site", "name", "county_code", "town_code", "planned", "chosen_now", "status",
         "share", "verdict", *(f"share_{one}" for one in FACTORS), "hangs_on")  # fmt: skip
TORNADO = ("objective", "objective_label", "unit", "factor", "low_setting", "high_setting", "value", "value_low", "value_high",
           "same_plan", "loss_mean", "loss_most", "not_proven", "outside")  # fmt: skip
_LOW, _HIGH = 0.05, 0.95
_GIVEN = ("forced", "fixed")
"""States of sites that are in every plan whatever is drawn: that says nothing of how certain they are."""


@dataclass(frozen=True, eq=False)
class SiteCertainty:
    """How certain the sites of one p are.

    sites     SITES: one row an aim and site that is chosen today, planned, or chosen in some draw; share: of the draws
              in whose optimum it is; verdict "other": neither chosen today nor planned, "forced": in every plan by order
    tornado   TORNADO: the optimum's value at the ends of each factor; same_plan: share of draws with today's plan;
              loss: what the plan (`plan`) is worse by than the draw's optimum, as a share; not_proven: draws whose
              optimum was not proven
    plan      the sites that the losses are told of: those of the scenario, or by aim today's optimum
    """

    uncertainty: Uncertainty
    p: int
    sites: pd.DataFrame
    tornado: pd.DataFrame
    plan: Mapping[str, tuple[str, ...]]
    assumptions: tuple[str, ...]
    proven: Mapping[str, bool] = field(default_factory=dict)
    """Whether the best plan of the facts as they are is proven, by aim."""


def site_certainty(
    region: Region, travel: Travel, task: SubcenterTask, uncertainty: Uncertainty, planned: Sequence[str] = (),
    tell: Tell = lambda _: None,
) -> SiteCertainty:  # fmt: skip
    """Return how certain the sites of `task`, which asks for one p, are; `planned`: the sites that a scenario names.

    Quotas, spacing and who may be a site are as the facts have them; places, residents and speeds are drawn.
    """
    if len(task.ps) != 1:
        fix = Text("只给一个数，如 -p 6", "give one number, as -p 6")
        raise SitingError(
            Problem("-p", Text("检验只对一个个数做", "one number of sites is tested"), fix, found=str(task.ps))
        )
    bench = _bench(region, travel, task, uncertainty)
    aims = [_Aim(bench, one) for one in objectives_of(task.limits, travel.unit)]
    for aim in aims:
        _check(aim.now, planned)
    for number in range(uncertainty.draws):
        moved, weight = bench.whole(number), bench.weight(number)
        for aim in aims:
            aim.draw(number, moved, weight, planned)
        tell(Text(f"抽样检验选址：{number + 1} / {uncertainty.draws}", f"testing the sites: {number + 1}"))
    return SiteCertainty(
        uncertainty,
        task.ps[0],
        pd.concat([aim.sites(planned) for aim in aims], ignore_index=True)[list(SITES)],
        pd.concat([aim.tornado(planned) for aim in aims], ignore_index=True)[list(TORNADO)],
        {aim.objective.id: tuple(planned) or aim.now.chosen for aim in aims},
        bench.assumptions,
        {aim.objective.id: aim.now.status == "optimal" for aim in aims},
    )


def _check(now: Siting, planned: Sequence[str]) -> None:
    """Refuse a question without a plan, and a plan that is none of this question's."""
    if now.status not in ("optimal", "feasible"):
        now = explained(now)
        rule = now.clash.rule if now.clash else Text("没有可行方案", "there is no plan")
        raise SitingError(Problem("-p", rule, now.clash.change if now.clash else Text("换一个个数", "another number")))
    odd = sorted(set(planned) - set(now.instance.site_ids[now.instance.counted]))
    if odd:
        what = Text("方案里的站点不是候选点", "sites of the plan are no candidates")
        raise SitingError(Problem("edits", what, Text("核对选址题", "check the question"), found="、".join(odd[:10])))


@dataclass(frozen=True, eq=False)
class _Bench:
    """What all aims share: sites, settlements, rules, and how far all is from all in each draw."""

    travel: Travel
    task: SubcenterTask
    draws: Draws
    sites: pd.DataFrame
    demand: pd.DataFrame
    homes: Places
    hosts: Places
    spot: npt.NDArray[np.int64]
    question: Question
    assumptions: tuple[str, ...]

    def whole(self, number: int | None) -> Instance:
        """Return the question over all pairs, with places as drawn (None: as they are given) and today's residents."""
        here, there = self.homes.frame, self.hosts.frame
        if number is not None:
            here, there = (one.moved(self.draws.uncertainty, number) for one in (self.homes, self.hosts))
        reach = self.travel.reach_whole(here, there, ALL_PAIRS)
        return instance_of(self.question, reach, pd.Series(self.people, index=reach.demand_ids), self.sites)

    def weight(self, number: int) -> Floats:
        """Return the people of each settlement in a draw."""
        mine = self.spot >= 0
        return np.bincount(self.spot[mine], self.draws.population(number)[mine], len(self.demand)).astype(np.float64)

    @cached_property
    def people(self) -> Floats:
        """The people of each settlement today."""
        return self.demand["population"].to_numpy(np.float64)

    @cached_property
    def today(self) -> Instance:
        return self.whole(None)


def _bench(region: Region, travel: Travel, task: SubcenterTask, uncertainty: Uncertainty) -> _Bench:
    sites, assumptions = candidate_sites(region, task)
    people = region.residents[region.residents["population"] > 0]
    demand = settlements(people)
    keys = ["village_code", "town_code", "county_code", "lon", "lat"]
    row = demand.assign(spot=np.arange(len(demand)))[[*keys, "spot"]]
    spot = region.residents[keys].merge(row, on=keys, how="left")["spot"].fillna(-1)
    spot = spot.where((region.residents["population"] > 0).to_numpy(bool), -1)
    question = Question(
        "mclp",
        p=task.ps[0],
        quotas=county_quotas(region, task, sites),
        apart=kept_apart(sites, task),
        allow_unreachable=True,
    )
    return _Bench(
        travel, task, Draws(region, uncertainty), sites, demand, Places.of(demand, "residents"),
        Places.of(sites, "facilities"), spot.to_numpy(np.int64), question, assumptions,
    )  # fmt: skip


class _Aim:
    """One aim under all draws."""

    def __init__(self, bench: _Bench, objective: Objective) -> None:
        self.bench, self.objective = bench, objective
        count = bench.draws.uncertainty.draws
        self.now = self._solved(self._asked(bench.today))
        self.varied = tuple(
            name for name in ("all", *FACTORS) if name != "speed" or (bench.travel.unit == "ms" and objective.limit)
        )
        self.chosen = {name: np.zeros((count, len(self.now.instance.site_ids)), np.bool_) for name in self.varied}
        self.value = {name: np.zeros(count) for name in self.varied}
        self.loss = np.zeros(count)
        self.proven = {name: np.zeros(count, np.bool_) for name in self.varied}

    def _asked(self, whole: Instance, weight: Floats | None = None, speed: float = 1.0) -> Instance:
        """Return this aim's question in a draw: at `speed` times the speed, whoever was within `speed` times the limit is."""
        one = replace(
            whole,
            question=replace(whole.question, model=self.objective.model),  # type: ignore[arg-type]
            weight=whole.weight if weight is None else weight,
        )
        return within(one, int(self.objective.limit * speed)) if self.objective.limit else one

    def _solved(self, instance: Instance) -> Siting:
        return lexicographic(instance, self.bench.task.solving, small_first(solve))

    def draw(self, number: int, whole: Instance, weight: Floats, planned: Sequence[str]) -> None:
        """Solve one draw, everything varied and then one factor at a time."""
        today = self.bench.today
        speed = self.bench.draws.speed(number) if "speed" in self.varied else 1.0
        asked = {
            "all": self._asked(whole, weight, speed),
            "points": self._asked(whole),
            "population": self._asked(today, weight),
        }
        if "speed" in self.varied:
            asked["speed"] = self._asked(today, None, speed)
        for name, instance in asked.items():
            found = self._solved(instance)
            self.chosen[name][number] = np.isin(instance.site_ids, found.chosen)
            self.value[name][number] = found.objective
            self.proven[name][number] = found.status == "optimal"
            if name == "all":
                kept = value_of(instance, open_positions(instance, tuple(planned) or self.now.chosen))
                self.loss[number] = abs(kept - found.objective) / max(abs(found.objective), 1e-9)

    def sites(self, planned: Sequence[str]) -> pd.DataFrame:
        """Return the rows of SITES."""
        verdict = self.bench.draws.uncertainty.verdict
        ids = self.now.instance.site_ids
        now, named = np.isin(ids, self.now.chosen), np.isin(ids, list(planned))
        share = {name: chosen.mean(axis=0) for name, chosen in self.chosen.items()}
        rows = self.bench.sites.set_index("id")[["name", "county_code", "town_code", "status"]].reindex(ids)
        rows = rows.rename_axis("site").reset_index().assign(
            objective=self.objective.id,
            objective_label=self.objective.label,
            planned=named,
            chosen_now=now,
            share=share["all"],
            verdict=[
                "forced" if status in _GIVEN else verdict(one) if mine else "other"
                for one, mine, status in zip(share["all"], now | named, rows["status"], strict=True)
            ],
            **{f"share_{name}": share.get(name, np.full(len(ids), np.nan)) for name in FACTORS},
        )  # fmt: skip
        rows["hangs_on"] = [
            "untested" if status in _GIVEN else hangs_on({name: one[at] for name, one in share.items()}, bool(now[at]))
            for at, status in enumerate(rows["status"])
        ]
        kept = now | named | (share["all"] > 0)
        order = np.lexsort((ids[kept].astype(str), -share["all"][kept]))
        return rows[kept].iloc[order]

    def tornado(self, planned: Sequence[str]) -> pd.DataFrame:  # noqa: ARG002 - the losses know the plan already
        """Return the rows of TORNADO."""
        off = self.bench.draws.uncertainty.speed
        now = np.isin(self.now.instance.site_ids, self.now.chosen)
        rows = []
        for name in self.varied:
            ordered = np.sort(self.value[name])
            low, high = (float(ordered[round(share * (len(ordered) - 1))]) for share in (_LOW, _HIGH))
            settings = ("5%", "95%")
            if name == "speed":
                settings = (f"×{exact_text(1 - off)}", f"×{exact_text(1 + off)}")
                low, high = (
                    self._solved(self._asked(self.bench.today, None, 1 + one)).objective for one in (-off, off)
                )
            mine = name == "all"
            rows.append((
                self.objective.id, self.objective.label, self.bench.travel.unit, name, *settings, self.now.objective, low, high,
                float((self.chosen[name] == now).all(axis=1).mean()),
                float(self.loss.mean()) if mine else np.nan, float(self.loss.max()) if mine else np.nan,
                int((~self.proven[name]).sum()), "" if name == "speed" else outside(self.now.objective, low, high),
            ))  # fmt: skip
        return pd.DataFrame(rows, columns=list(TORNADO))


def within(instance: Instance, limit: int) -> Instance:
    """Return the instance with the pairs within a limit alone."""
    kept = instance.costs <= limit
    indptr = np.concatenate([[0], np.cumsum(kept)])[instance.indptr].astype(np.int64)
    return replace(instance, indptr=indptr, indices=instance.indices[kept], costs=instance.costs[kept])
