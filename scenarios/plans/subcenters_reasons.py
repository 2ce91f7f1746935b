"""Why each candidate is in a plan or not, in words: barred, needed, as good as another, or what it would cost."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from planner.plans.subcenters import Answer
from planner.text import people_text, share_text
from scenarios.plans.subcenters import Report
from scenarios.plans.subcenters_figures import figures, reached_people
from scenarios.plans.words import DECISIONS, cost_word, value_text

STATES = ("built", "chosen", "alternative", "not_selected", "barred", "background")
STATE_LABELS = {
    "built": "已建成的次中心", "chosen": "入选", "alternative": "备选", "not_selected": DECISIONS["not_selected"],
    "barred": "不能选", "background": "已有医院（照常服务）",
}  # fmt: skip
_UNPROVEN = "（时限内未证明）"
_SERVERS_NAMED = 2


@dataclass(frozen=True)
class Reason:
    """One site under one aim and number: its state (of STATES), its class in words, the reason, and who lives around it.

    near, served_near   people within the aim's limit (of the aim by time: nearer than today's and the plan's sites), and
                        how many of them the plan serves within it without this site
    """

    id: str
    state: str
    decision: str
    said: str
    near: int
    served_near: int
    loss: float


@dataclass(frozen=True, eq=False)
class Reasons:
    """The reasons of one answer."""

    report: Report
    answer: Answer

    def rows(self) -> list[Reason]:
        """Return the reason of every site, candidates and background, in the order of their ids."""
        return [self._of(str(one), row) for one, row in self.report.sites.iterrows()]

    @cached_property
    def _classes(self) -> pd.DataFrame:
        return self.answer.classes.set_index("id")

    @cached_property
    def _plan(self) -> pd.DataFrame:
        return figures(self.report, self.answer.siting).rows

    @cached_property
    def _pairs(self) -> dict[str, Any]:
        """By site, the rows of who reaches it: demand_id, cost."""
        pairs = self.report.plan.reach.within()
        return {str(one): mine for one, mine in pairs.groupby("facility_id", sort=False)}

    def _of(self, site: str, row: pd.Series) -> Reason:
        status, chosen = row["status"], site in set(self.answer.siting.chosen)
        if status == "background":
            said, decision = (str(row["barred"]), "已有医院") if row["barred"] else ("已在服务，不计入个数", "")
            return Reason(site, "background", decision, said, 0, 0, 0.0)
        near, served, by = self._around(site)
        if status == "fixed":
            return Reason(site, "built", "已建成", "已建成的次中心，计入个数", near, served, 0.0)
        if status == "forbidden":
            return Reason(site, "barred", "不能选", str(row["barred"]), near, served, float("inf"))
        if status == "forced":
            more = "；已有医院，设为次中心不增加可及" if row["serves"] else ""
            return Reason(site, "chosen", "必选", f"规划人员指定必选（--force）{more}", near, served, 0.0)
        if site not in self._classes.index:
            return Reason(site, "not_selected", "—", "没有可行方案", near, served, float("nan"))
        found: Any = self._classes.loc[site]
        kind = str(found["class"])
        state = "chosen" if chosen else "not_selected" if kind == "not_selected" else "alternative"
        said = self._said(found, chosen) + ("" if chosen else self._around_said(near, served, by))
        decision = DECISIONS[kind] if not chosen or kind == "required" else "可替代"
        return Reason(site, state, decision, said, near, served, float(found["loss"]))

    def _said(self, found: pd.Series, chosen: bool) -> str:
        """Return what it would cost to do without a chosen site, or to put one in that is not."""
        loss, tolerance = float(found["loss"]), self.report.plan.task.tolerance
        sure = "" if found["proven"] else _UNPROVEN
        what = "若不选它、改选别处" if chosen else "若必选它（个数不变）"
        if not np.isfinite(loss):
            return f"{what}，就没有可行方案（配额、间距或个数）{sure}"
        if loss == 0:
            as_good = "另有不选它而同样好的方案" if chosen else "另有选它而同样好的方案"
            return f"{as_good}{sure}"
        worse = self._worse(abs(float(found["value_in"]) - float(found["value_out"])))
        side = "超过" if loss > tolerance else "在"
        within = f"{side}容许的 {share_text(tolerance)}" + ("" if loss > tolerance else " 以内")
        return f"{what}，{worse}（目标差 {share_text(loss)}，{within}）{sure}"

    def _worse(self, by: float) -> str:
        answer, report = self.answer, self.report
        if answer.objective.model == "mclp":
            return f"少覆盖 {people_text(by)}"
        said = value_text(by, answer.objective.model, report.plan.unit, reached_people(report))
        return said.replace("人均", f"人均多用{cost_word(report.plan.unit)}")

    def _around(self, site: str) -> tuple[int, int, str]:
        """Return the people near a site, how many of them the plan serves already, and mostly who serves them."""
        pairs = self._pairs.get(site)
        if pairs is None:
            return 0, 0, ""
        plan = self._plan.loc[pairs["demand_id"]]
        cost, limit = pairs["cost"].to_numpy(float), self.answer.objective.limit
        people = plan["population"].to_numpy()
        other = np.where(plan["site"].to_numpy() == site, np.inf, plan["cost"].fillna(np.inf).to_numpy(float))
        near = cost <= limit if limit else cost < other
        served = near & (other <= limit) if limit else np.zeros(len(near), np.bool_)
        by = plan[served].groupby("site")["population"].sum().sort_values(ascending=False, kind="stable")
        names = self.report.sites["name"]
        said = "、".join(f"{names[one]} {people_text(amount)}" for one, amount in by.head(_SERVERS_NAMED).items())
        return int(people[near].sum()), int(people[served].sum()), said

    def _around_said(self, near: int, served: int, by: str) -> str:
        limit = self.answer.objective.limit
        if not limit:
            return f"；它比方案中的各点近的居民有 {people_text(near)}"
        if not near:
            return "；限度内没有居民"
        return f"；限度内 {people_text(near)}，其中 {people_text(served)}已由方案覆盖" + (
            f"（主要是 {by}）" if by else ""
        )
