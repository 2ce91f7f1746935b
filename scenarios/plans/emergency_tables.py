"""The tables of a plan of emergency stations as rows that the workbook, the map and plan.json show alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from planner.joined import joined
from planner.plans.emergency import CaseAnswer
from planner.road import Road
from planner.siting.front import EFFECTS, Step
from planner.siting.siting import Siting
from planner.text import count_text, people_text, share_text
from scenarios.plans.emergency import Report
from scenarios.plans.start import has_plan
from scenarios.plans.words import fewest_bound, listed, state_text, swapped

Row = dict[str, Any]
Bools = npt.NDArray[np.bool_]
LOST = {"far": "不可达：离路太远", "apart": "不可达：所在道路不与最大路网连通", "no_way": "不可达：没有可通行的路线"}
NO_SITE = "限度内没有候选点"


@dataclass(frozen=True, eq=False)
class Cover:
    """Whom the sites of one case reach within its limit."""

    report: Report
    answer: CaseAnswer

    @cached_property
    def demand(self) -> pd.DataFrame:
        """The settlements, in the order of the columns below."""
        return self.report.demand(self.answer).loc[list(self.answer.least.instance.demand_ids)]

    @cached_property
    def people(self) -> npt.NDArray[np.int64]:
        return self.demand["population"].to_numpy(np.int64)

    @cached_property
    def reaches(self) -> csr_array:
        """1 where a site (row) reaches a settlement (column) within the limit."""
        instance = self.answer.least.instance
        shape = (len(instance.demand_ids), len(instance.site_ids))
        return csr_array((np.ones(len(instance.indices)), instance.indices, instance.indptr), shape=shape).T.tocsr()

    @cached_property
    def place(self) -> dict[str, int]:
        return {str(one): at for at, one in enumerate(self.answer.least.instance.site_ids)}

    @cached_property
    def stations(self) -> list[str]:
        """The stations that stand, none in a comparison from nothing."""
        return list(self.answer.least.background)

    @cached_property
    def why_lost(self) -> dict[str, str]:
        """Why no site at all reaches a settlement, by its id: where the roads begin, or that they do not lead there."""
        road = self.report.travels[self.answer.asked.travel]
        lost = self.demand[self.demand["id"].isin(self.answer.lost)]
        if not len(lost) or not isinstance(road, Road):
            return {}
        found = joined(road, lost)
        return {str(one): LOST[state or "no_way"] for one, state in zip(found["id"], found["state"], strict=True)}

    def why_left(self, one: str) -> str:
        """Return why no plan reaches a settlement."""
        return self.why_lost.get(one, NO_SITE)

    def times(self, sites: Iterable[str]) -> npt.NDArray[np.int64]:
        """Return how many of these sites reach each settlement; not to be written to."""
        key = tuple(sites)
        if key not in self._times:
            mine = np.zeros(len(self.place))
            mine[[self.place[one] for one in key]] = 1
            self._times[key] = np.asarray(self.reaches.T @ mine, np.int64)
        return self._times[key]

    @cached_property
    def _times(self) -> dict[tuple[str, ...], npt.NDArray[np.int64]]:
        return {}

    def sum(self, mask: Bools) -> int:
        return int(self.people[mask].sum())

    def site(self, one: str, opened: list[str]) -> tuple[int, int, int]:
        """Return the people within reach of a site, those whom no station reaches today, and those whom it alone reaches."""
        at = self.place[one]
        mine = self.reaches.indices[self.reaches.indptr[at] : self.reaches.indptr[at + 1]]
        people, others = self.people[mine], self.times(opened)[mine] - int(one in opened)
        today = self.times(self.stations)[mine]
        return int(people.sum()), int(people[today == 0].sum()), int(people[others == 0].sum())


def covers(report: Report) -> list[Cover]:
    """Return the cover of every case."""
    return [Cover(report, one) for one in report.plan.cases]


def share_of(part: float, whole: float) -> str:
    """Return a part as a share, a dash of nothing."""
    return share_text(part / whole) if whole else "—"


def fewest_text(siting: Siting) -> str:
    """Return how many more stations a plan needs, 最少 said only of what is proven."""
    if not has_plan(siting):
        return state_text(siting, "mm", 0.0)
    return f"{len(siting.chosen)}{_unproven(siting)}"


def fewest_said(siting: Siting) -> str:
    """Return the same as an end of a sentence that begins with whom the plan is for."""
    if not has_plan(siting):
        return f"：{state_text(siting, 'mm', 0.0)}"
    return f"还要新增 {len(siting.chosen)} 处{_unproven(siting)}"


def _unproven(siting: Siting) -> str:
    if siting.status == "optimal":
        return ""
    return f"（可行方案，至少要 {fewest_bound(siting)}）" if siting.bounded else "（可行方案，未证明最少）"


def hosted(report: Report, ids: Iterable[str]) -> tuple[int, int]:
    """Return how many sites have a host, and how many stand alone."""
    mine = report.sites.loc[list(ids), "host_id"]
    return int((mine != "").sum()), int((mine == "").sum())


def overview(report: Report) -> list[Row]:
    """Return one row a case."""
    out = []
    for cover in covers(report):
        answer, siting = cover.answer, cover.answer.proposed
        with_host, alone = hosted(report, siting.chosen)
        opened = [*cover.stations, *siting.chosen]
        left = set(answer.least.unreachable_ids)
        mine = cover.demand["id"].isin(left).to_numpy()
        today, after = (cover.sum(cover.times(one) > 1) for one in (cover.stations, opened))
        out.append(
            {
                "id": answer.asked.id, "case": answer.asked.label, "nature": report.nature(answer.asked),
                "people": answer.people, "covered": answer.covered, "share": share_of(answer.covered, answer.people),
                "more": fewest_text(answer.least), "said": fewest_said(answer.least), "hosted": with_host, "alone": alone,
                "shares": {share: fewest_text(one) for share, one in answer.shares.items()},
                "left": cover.sum(mine), "twice_today": share_of(today, answer.people),
                "twice": share_of(after, answer.people),
            }
        )  # fmt: skip
    return out


def curve(report: Report) -> list[Row]:
    """Return one row a case and number of new stations: whom they reach, what one more brings, and to whom."""
    out = []
    for answer in report.plan.cases:
        before: Step | None = None
        for step in answer.steps:
            siting = step.siting
            change = swapped(report.sites, before.siting, siting) if before else ""
            out.append(
                {
                    "id": answer.asked.id, "case": answer.asked.label, "nature": report.nature(answer.asked), "k": step.p,
                    "covered": siting.objective, "share": share_of(siting.objective, answer.people),
                    "gain": "—" if np.isnan(step.gain) else count_text(step.gain), "state": _state(siting),
                    "swapped": change or "—", "who": gainers_text(report, step), "ids": list(siting.chosen),
                }
            )  # fmt: skip
            before = step
    return out


def _state(siting: Siting) -> str:
    return state_text(siting, "mm", 0.0)


def gainers_text(report: Report, step: Step) -> str:
    """Return which towns one more station concerns, the most people first."""
    towns = report.start.region.towns.set_index("code")["name"]
    said = []
    for name in ("newly_covered", "no_longer_covered"):
        mine = step.by_group[step.by_group["effect"] == name]
        if len(mine):
            pairs = zip(mine["group"].map(towns).fillna("—"), mine["weight"], strict=True)
            said.append(f"{EFFECTS[name].zh} {listed(pairs, 5)}")
    return "；".join(said) or "—"


def sites(report: Report) -> list[Row]:
    """Return the new stations of every case but the comparisons: where, with which host, and for whom."""
    out = []
    for cover in covers(report):
        answer = cover.answer
        if answer.asked.greenfield or not has_plan(answer.proposed):
            continue
        opened = [*cover.stations, *answer.proposed.chosen]
        for one in answer.proposed.chosen:
            row = report.sites.loc[one]
            near, new, alone = cover.site(one, opened)
            out.append(
                {
                    "id": one, "case": answer.asked.label, "nature": report.nature(answer.asked), "case_id": answer.asked.id,
                    "name": row["name"], "county_name": row["county_name"], "town_name": row["town_name"],
                    "host": "独立（格网选点）" if row["host_id"] == "" else "依托", "lon": row["lon"], "lat": row["lat"],
                    "near": near, "new": new, "alone": alone,
                }
            )  # fmt: skip
    return out


def left_out(report: Report) -> list[Row]:
    """Return the settlements that no plan of a case reaches, and why."""
    out = []
    for cover in covers(report):
        answer = cover.answer
        ids = list(answer.least.unreachable_ids)
        for row in cover.demand.loc[ids].to_dict("records"):
            why = cover.why_left(row["id"])
            out.append({**{str(key): value for key, value in row.items()}, "case": answer.asked.label, "why": why})
    return out


def site_said(cover: Cover, one: str, opened: list[str], is_open: bool) -> str:
    """Return why a site is in a plan, or what it would add."""
    near, new, alone = cover.site(one, opened)
    if is_open:
        return f"限度内 {people_text(near)}，其中现状够不着 {people_text(new)}，只靠它 {people_text(alone)}"
    return f"限度内 {people_text(near)}，其中方案还没有覆盖 {people_text(alone)}"
