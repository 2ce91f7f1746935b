"""The tables of a plan of sub-centres as rows that the workbook, the map and plan.json show alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner.plans.subcenters import Answer, Objective
from planner.siting.siting import Siting
from planner.text import count_text, people_text, share_text
from scenarios.document import records
from scenarios.plans.start import has_plan
from scenarios.plans.subcenters import Report
from scenarios.plans.words import (
    DECISIONS,
    amount,
    by_county,
    cost_word,
    listed,
    names,
    state_text,
    swapped,
    value_text,
)

# Whom each plan of sub-centres serves, and how far they go: the figures that sheets, map and JSON show.

EFFECTS: Mapping[str, str] = {
    "newly_covered": "新覆盖", "nearer": "更近", "farther": "更远", "no_longer_covered": "不再覆盖",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Figures:
    """One plan: by settlement who serves it and at what cost (NaN and "" where none does), and the sums.

    within   people within each limit, the smallest first; beyond: past the largest, but reached; unreachable: not at all
    """

    rows: pd.DataFrame
    limits: tuple[int, ...]

    @cached_property
    def people(self) -> int:
        return int(self.rows["population"].sum())

    def within(self, limit: int) -> int:
        return int(self.rows.loc[self.rows["cost"] <= limit, "population"].sum())

    @cached_property
    def unreachable(self) -> int:
        return int(self.rows.loc[self.rows["cost"].isna(), "population"].sum())

    @cached_property
    def beyond(self) -> int:
        return self.people - self.within(self.limits[-1]) - self.unreachable

    @cached_property
    def mean(self) -> float:
        """Cost a head of those who are reached; NaN where nobody is."""
        reached = self.rows[self.rows["cost"].notna()]
        people = float(reached["population"].sum())
        return float((reached["population"] * reached["cost"]).sum()) / people if people else float("nan")


def figures(report: Report, siting: Siting | None = None) -> Figures:
    """Return the figures of a plan; without one, of what stands today."""
    served = report.plan.served(siting).set_index("demand_id")
    demand = report.demand
    rows = demand.assign(
        site=served["facility_id"].reindex(demand.index).fillna(""), cost=served["cost"].reindex(demand.index)
    )
    return Figures(rows, tuple(sorted(report.plan.task.limits)))


def reached_people(report: Report) -> float:
    """Return how many people some site reaches that may be open: those over whom a mean is taken."""
    ids = report.plan.nearest_of_all.index
    return float(report.demand.loc[ids, "population"].sum())


def gain_text(report: Report, answer: Answer) -> str:
    """Return what a plan brings over that of the number before (the first: over what stands today)."""
    gain = answer.step.gain
    if np.isnan(gain):
        return answer.step.note.zh if answer.step.note else "—"
    unit, people = report.plan.unit, reached_people(report)
    model = answer.objective.model
    sign = "" if model == "p-median" else "+" if gain >= 0 else "差"
    amount = value_text(abs(gain), model, unit, people, f"{'少' if gain >= 0 else '多'}用{cost_word(unit)}")
    note = f"（{answer.step.note.zh}）" if answer.step.note else ""
    return f"{sign}{amount}{note}"


def gainers(report: Report, answer: Answer) -> pd.DataFrame:
    """Return by town whom a plan serves otherwise than that of the number before: one column an effect, in people."""
    rows = answer.step.by_group
    table = rows.pivot_table(index="group", columns="effect", values="weight", aggfunc="sum", fill_value=0.0)
    table = table.reindex(columns=list(EFFECTS), fill_value=0.0)
    region = report.start.region
    towns = region.towns.set_index("code")
    counties = region.counties.set_index("code")["name"]
    codes = table.index.to_series()
    county = codes.map(towns["county_code"])
    return table.assign(
        town_name=codes.map(towns["name"]).fillna("—"), county_code=county.fillna(""),
        county_name=county.map(counties).fillna("—"),
    )  # fmt: skip


def gainers_text(report: Report, answer: Answer) -> str:
    """Return who gains most, and who loses, by county and by town."""
    table = gainers(report, answer)
    said = []
    for name, word in EFFECTS.items():
        mine = table[table[name] > 0]
        if not len(mine):
            continue
        counties = mine.groupby("county_name")[name].sum()
        towns = list(zip(mine["town_name"], mine[name], strict=True))
        said.append(f"{word} {people_text(counties.sum())}（{listed(counties.items())}；其中 {listed(towns, 3)}）")
    return "；".join(said) or "—"


def by_town(report: Report, found: Figures) -> pd.DataFrame:
    """Return the towns with people: who serves most of them, what share, how far on average, who serves the others."""
    rows = found.rows
    reached = rows[rows["site"] != ""]
    mine = reached.assign(weighted=reached["population"] * reached["cost"])
    sums = mine.groupby(["town_code", "site"], sort=True)[["population", "weighted"]].sum().reset_index()
    sums = sums.sort_values(["town_code", "population", "site"], ascending=[True, False, True], kind="stable")
    first = sums.drop_duplicates("town_code").set_index("town_code")
    whole = rows.groupby("town_code", sort=True).agg(
        town_name=("town_name", "first"), county_code=("county_code", "first"), county_name=("county_name", "first"),
        population=("population", "sum"),
    )  # fmt: skip
    total = sums.groupby("town_code")[["population", "weighted"]].sum()
    within = rows[rows["cost"] <= found.limits[0]].groupby("town_code")["population"].sum()
    names = report.sites["name"]
    others = sums[sums.duplicated("town_code")]
    said = [
        f"{names[site]} {people_text(people)}"
        for site, people in zip(others["site"], others["population"], strict=True)
    ]
    others = others.assign(said=pd.Series(said, index=others.index, dtype=object))
    mean = total["weighted"] / total["population"].where(total["population"] > 0)
    return whole.assign(
        site=first["site"].reindex(whole.index).fillna(""),
        share=(first["population"].reindex(whole.index) / whole["population"]).astype(float),
        mean=mean.reindex(whole.index),
        within=within.reindex(whole.index).fillna(0).astype(int),
        others=others.groupby("town_code")["said"].agg("、".join).reindex(whole.index).fillna(""),
    ).reset_index()


def by_site(report: Report, found: Figures, siting: Siting) -> pd.DataFrame:
    """Return each open site: the people and towns whom it serves, how many within the smallest limit, and how far."""
    rows, towns = found.rows[found.rows["site"] != ""], by_town(report, found)
    mine = rows.assign(weighted=rows["population"] * rows["cost"])
    sums = mine.groupby("site")[["population", "weighted"]].sum()
    within = rows[rows["cost"] <= found.limits[0]].groupby("site")["population"].sum()
    named = towns[towns["site"] != ""].groupby("site")["town_name"].agg("、".join)
    ids = [*siting.chosen, *(one for one in siting.background if one in sums.index)]
    sites = report.sites.loc[ids]
    people = sums["population"].reindex(ids).fillna(0)
    return pd.DataFrame(
        {
            "id": ids,
            "name": sites["name"].to_numpy(object),
            "county_name": sites["county_name"].to_numpy(object),
            "town_name": sites["town_name"].to_numpy(object),
            "is_chosen": [one in set(siting.chosen) for one in ids],
            "population": people.astype(int).to_numpy(),
            "within": within.reindex(ids).fillna(0).astype(int).to_numpy(),
            "mean": (sums["weighted"].reindex(ids) / people.where(people > 0)).to_numpy(float),
            "towns": named.reindex(ids).fillna("").to_numpy(object),
        }
    )


# Why each candidate is in a plan or not, in words: barred, needed, as good as another, or what it would cost.

STATE_LABELS = {
    "built": "已建成的次中心", "chosen": "入选", "alternative": "备选", "not_selected": DECISIONS["not_selected"],
    "barred": "不能选", "background": "已有医院（照常服务）",
}  # fmt: skip
_UNPROVEN = "（时限内未证明）"
_SERVERS_NAMED = 2


@dataclass(frozen=True)
class Reason:
    """One site under one aim and number: its state (a key of STATE_LABELS), its class in words, the reason, and who lives around it.

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
        """Who goes where in the plan, in the order of the reach."""
        return figures(self.report, self.answer.siting).rows.reindex(self.report.plan.reach.demand_ids)

    @cached_property
    def _served(self) -> tuple[Any, Any, Any, list[str]]:
        """(People, cost, position of the site that serves) of each demand, and the ids of these sites, sorted; inf without."""
        plan = self._plan
        at, names = pd.factorize(plan["site"], sort=True)
        return plan["population"].to_numpy(), plan["cost"].fillna(np.inf).to_numpy(float), at, list(names)

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
        most = "至多" if found["at_most"] else ""
        return f"{what}，{most}{worse}（目标差{most and f' {most}'} {share_text(loss)}，{within}）{sure}"

    def _worse(self, by: float) -> str:
        answer, report = self.answer, self.report
        if answer.objective.model == "mclp":
            return f"少覆盖 {people_text(by)}"
        unit = report.plan.unit
        return value_text(by, answer.objective.model, unit, reached_people(report), f"多用{cost_word(unit)}")

    def _around(self, site: str) -> tuple[int, int, str]:
        """Return the people near a site, how many of them the plan serves already, and mostly who serves them."""
        pairs = self.report.plan.reached_by.get(site)
        if pairs is None:
            return 0, 0, ""
        (demand, reached), limit = pairs, self.answer.objective.limit
        people, cost, at, ids = self._served
        people, at, own = people[demand], at[demand], ids.index(site) if site in ids else -1
        other = np.where(at == own, np.inf, cost[demand])
        near = reached <= limit if limit else reached < other
        served = near & (other <= limit) if limit else np.zeros(len(near), np.bool_)
        by = np.bincount(at[served], people[served], len(ids)).astype(np.int64)
        first = [one for one in np.argsort(-by, kind="stable")[:_SERVERS_NAMED] if by[one]]
        names = self.report.sites["name"]
        said = "、".join(f"{names[ids[one]]} {people_text(by[one])}" for one in first)
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


Row = dict[str, Any]
STATES: Mapping[str, str] = {
    "far": "不可达：离路太远", "apart": "不可达：所在道路不与最大路网连通", "no_way": "不可达：没有可通行的路线",
    "all": "候选点全开也超出", "plan": "方案超出（另有候选点够得着）",
}  # fmt: skip
_BLANK: Mapping[str, Any] = MappingProxyType(
    {"id": "", "sites": "", "gain": "—", "ties": "—", "swapped": "", "objective": "", "within": (), "share": (),
     "beyond": "—", "unreachable": "—", "mean": float("nan")}
)  # fmt: skip
Told = tuple[Objective, int, Answer]
_GROUPS_NAMED, _SITES_NAMED = 3, 4


CLOSE = 0.01
"""A next plan that is behind by less than this is told beside the proof: the error of the facts may turn the two about."""


def answers(report: Report) -> list[Told]:
    """Return every (aim, number, answer) in the order in which they are told: aim by aim, the chosen one first."""
    aims = sorted(report.plan.objectives, key=lambda one: one.id != report.main.id)
    return [(one, p, report.answer(p, one)) for one in aims for p in report.plan.task.ps]


def overview(report: Report) -> list[Row]:
    """Return what stands today and then every aim and number: the sites, whom they serve, the proof, the gain."""
    today = {"aim": "现状", "p": "", "sites": "（已有医院和次中心）", "state": "—"}
    out = [{**_BLANK, **today, **_figures_row(report, figures(report))}]
    people = reached_people(report)
    before: dict[str, Answer] = {}
    for aim, p, answer in answers(report):
        siting = answer.siting
        row = {
            **_BLANK,
            "id": aim.id,
            "aim": aim.label,
            "p": p,
            "state": state_text(siting, report.plan.unit, people) + close_text(answer),
        }
        if has_plan(siting):
            last = before.get(aim.id)
            row |= _figures_row(report, figures(report, siting)) | {
                "sites": by_county(report.sites, siting.chosen),
                "objective": value_text(siting.objective, aim.model, report.plan.unit, people),
                "gain": gain_text(report, answer),
                "ties": {True: "有", False: "没有", None: "未查"}[siting.ties],
                "swapped": swapped(report.sites, last.siting if last else None, siting),
            }
        elif siting.clash is not None:
            row["sites"] = report.no_plan(p, siting)
        before[aim.id] = answer
        out.append(row)
    return out


def _figures_row(report: Report, found: Figures) -> Row:
    within = [found.within(limit) for limit in found.limits]
    share = [share_text(one / found.people) if found.people else "—" for one in within]
    mean = amount(found.mean, report.plan.unit)
    return {"within": within, "share": share, "beyond": found.beyond, "unreachable": found.unreachable, "mean": mean}


def gains(report: Report) -> list[Row]:
    """Return, for each aim and number, what one more site changes, and each town whom it concerns."""
    out: list[Row] = []
    for aim, p, answer in answers(report):
        if not has_plan(answer.siting) or pd.isna(answer.step.gain):
            continue
        table = gainers(report, answer).sort_values(["county_code", "group"], kind="stable")
        head = {"aim": aim.label, "p": p, "id": aim.id}
        out += [{**head, **{str(key): value for key, value in row.items()}} for row in table.to_dict("records")]
    return out


def best(report: Report) -> list[Row]:
    """Return the k best plans of every aim and number, and what each has that the first has not."""
    out: list[Row] = []
    people = reached_people(report)
    for aim, p, answer in answers(report):
        for rank, siting in enumerate(answer.best, 1):
            first = answer.best[0]
            out.append(
                {
                    "aim": aim.label, "p": p, "id": aim.id, "rank": rank,
                    "value": value_text(siting.objective, aim.model, report.plan.unit, people),
                    "behind": _behind(siting.objective, first.objective),
                    "state": "名次已证明" if siting.status == "optimal" else state_text(siting, report.plan.unit, people),
                    "swapped": swapped(report.sites, first, siting) or "—",
                    "sites": by_county(report.sites, siting.chosen), "ids": siting.chosen,
                }
            )  # fmt: skip
    return out


def close_text(answer: Answer) -> str:
    """Return, beside what is proven, how near the next plan is where that is less than `CLOSE`; "" else."""
    best = answer.best
    if answer.siting.status != "optimal" or len(best) < 2 or not best[0].objective:
        return ""
    behind = abs(best[1].objective - best[0].objective) / abs(best[0].objective)
    return f"，第二名只差 {share_text(behind)}" if 0 < behind < CLOSE else ""


def _behind(value: float, first: float) -> str:
    return "—" if value == first or not first else share_text(abs(value - first) / abs(first))


def reasons(report: Report) -> list[tuple[Objective, int, list[Reason]]]:
    """Return the reason of every site, for every aim and number that has a plan."""
    return [
        (aim, p, Reasons(report, answer).rows()) for aim, p, answer in answers(report) if has_plan(answer.siting)
    ]  # fmt: skip


def candidates(report: Report, told: list[tuple[Objective, int, list[Reason]]]) -> list[Row]:
    """Return each candidate once: what is known of it, its class by number under the chosen aim, the reason at the first."""
    mine = {p: {one.id: one for one in rows} for aim, p, rows in told if aim.id == report.main.id}
    first = min(mine)
    out = []
    for row in _site_rows(report):
        if row["status"] == "background" and not row["barred"]:
            continue
        reason = mine[first][row["id"]]
        marks = {p: _mark(one[row["id"]]) for p, one in mine.items()}
        out.append({**row, "marks": marks, "state": reason.state, "said": reason.said, "near": reason.near})
    return sorted(out, key=lambda row: (row["county_code"], row["id"]))


def _mark(reason: Reason) -> str:
    marks = {"chosen": f"● {reason.decision}", "built": "◆ 已建成", "barred": "× 不能选", "not_selected": "未入选"}
    return marks.get(reason.state, reason.decision)


def _site_rows(report: Report) -> list[Row]:
    out = []
    for row in report.sites.to_dict("records"):
        known = {
            "central": "是" if "中心卫生院" in row["name"] else "否（按名称）",
            "grade_text": row["grade"] or "无数据",
            "beds_text": "无数据" if pd.isna(row["beds"]) else count_text(row["beds"]),
            "visits_text": "无数据",
        }
        out.append({**{str(key): value for key, value in row.items()}, **known})
    return out


def reason_rows(report: Report, told: list[tuple[Objective, int, list[Reason]]]) -> list[Row]:
    """Return one row a candidate, aim and number."""
    sites = {row["id"]: row for row in _site_rows(report)}
    return [
        {
            **{name: sites[one.id][name] for name in ("id", "name", "county_name", "town_name", "status")},
            "aim": aim.label, "aim_id": aim.id, "p": p, "state": one.state, "state_text": STATE_LABELS[one.state],
            "decision": one.decision, "said": one.said, "near": one.near, "served_near": one.served_near,
        }
        for aim, p, rows in told
        for one in rows
        if one.state != "background" or one.decision
    ]  # fmt: skip


def front(report: Report) -> list[Row]:
    """Return the plans between the two aims, number by number: most people first."""
    people = reached_people(report)
    out = []
    for p, points in report.plan.fronts.items():
        ordered = list(points)[::-1]
        for rank, one in enumerate(ordered, 1):
            sites = set(one.chosen)
            first = ordered[0].chosen
            new, gone = [x for x in one.chosen if x not in set(first)], [x for x in first if x not in sites]
            change = "；".join(f"{word} {names(report.sites, ids)}" for word, ids in (("增", new), ("减", gone)) if ids)
            out.append(
                {
                    "p": p, "rank": rank, "people": one.first, "mean": amount(one.second / people, report.plan.unit),
                    "proven": "已证明" if one.proven else "未证明", "swapped": change or "—",
                    "sites": by_county(report.sites, one.chosen), "ids": one.chosen,
                }
            )  # fmt: skip
    return out


def front_left_out(report: Report) -> list[str]:
    """Return, number by number, why plans are not on the front: the aim by time asks that everyone has somewhere to go."""
    plan, out = report.plan, []
    cover, time = plan.objectives[0], plan.objectives[-1]
    for p, points in plan.fronts.items():
        best = report.answer(p, cover).siting
        lost = plan.without_way(best) if has_plan(best) else plan.demand[:0]
        if len(lost) and all(one.first < best.objective for one in points):
            out.append(
                f"{p} 个：{cover.label}的方案（{people_text(best.objective)}：{by_county(report.sites, best.chosen)}）不在表中，"
                f"因为{_only_by(report, lost)}，这个方案里没有；“{time.label}”要求凡有候选点能到的人都有处可去。"
            )
        other = report.answer(p, time).siting
        if other.status == "infeasible":
            out.append(f"{report.no_plan(p, other)}所以没有同时计两个目标的方案。")
    return out


def _only_by(report: Report, lost: pd.DataFrame) -> str:
    """Return how many people only certain sites reach: those of most people first."""
    groups = lost.groupby("sites")["population"].sum().sort_values(ascending=False, kind="stable")
    first: list[tuple[tuple[str, ...], float]] = list(groups.head(_GROUPS_NAMED).items())  # type: ignore[arg-type]
    said = []
    for sites, people in first:
        more = f"等 {len(sites)} 处" if len(sites) > _SITES_NAMED else ""
        said.append(f"有 {people_text(people)}只有 {names(report.sites, sites[:_SITES_NAMED])}{more} 能到")
    rest = groups[_GROUPS_NAMED:].sum()
    return "、".join(said) + (f"、另有 {people_text(rest)}也各只有少数候选点能到" if rest else "")


def towns(report: Report, p: int) -> list[Row]:
    """Return the towns of one plan under the chosen aim: who serves most of each, and where that crosses 片区."""
    table = by_town(report, figures(report, report.answer(p).siting))
    areas, sites, unit = report.areas, report.sites, report.plan.unit
    out = []
    for row in table.to_dict("records"):
        site = row["site"]
        mine, theirs = ("", "") if areas is None else (_area(areas, row["town_code"]), _area_of(report, site))
        crosses = areas is not None and bool(site) and mine != theirs
        out.append(
            {
                **{str(key): value for key, value in row.items()},
                "p": p,
                "site_name": sites.loc[site, "name"] if site else "不可达",
                "role": "—" if not site else "已有医院" if sites.loc[site, "status"] == "background" else "次中心",
                "mean": amount(row["mean"], unit),
                "area": mine,
                "site_area": theirs,
                "crosses": "跨片区" if crosses else "",
            }
        )
    return out


def _area(areas: Mapping[str, str], town: str) -> str:
    return areas.get(town, "未列入")


def _area_of(report: Report, site: str) -> str:
    return _area(report.areas or {}, str(report.sites.loc[site, "town_code"])) if site else ""


def served(report: Report, p: int) -> list[Row]:
    """Return the open sites of one plan under the chosen aim, each with the people and towns whom it serves."""
    siting = report.answer(p).siting
    table = by_site(report, figures(report, siting), siting)
    unit = report.plan.unit
    return [
        {**{str(key): value for key, value in row.items()}, "p": p, "mean": amount(row["mean"], unit),
         "role": "次中心" if row["is_chosen"] else "已有医院"}
        for row in table.to_dict("records")
    ]  # fmt: skip


def area_rows(report: Report, p: int) -> list[Row]:
    """Return the 片区 of one plan: their sub-centres, and the towns that one of another 片区 serves."""
    rows = towns(report, p)
    chosen = [(_area_of(report, one), report.sites.loc[one, "name"]) for one in report.answer(p).siting.chosen]
    out = []
    for area in sorted({row["area"] for row in rows}):
        mine = [row for row in rows if row["area"] == area]
        sites = [str(name) for where, name in chosen if where == area]
        across = [row for row in mine if row["crosses"]]
        out.append(
            {
                "p": p, "area": area, "towns": len(mine), "population": sum(row["population"] for row in mine),
                "count": len(sites), "sites": "、".join(sites) or "—", "across": len(across),
                "across_people": sum(row["population"] for row in across),
                "across_said": "、".join(f"{row['town_name']}（{row['site_name']}，{row['site_area']}）" for row in across) or "—",
            }
        )  # fmt: skip
    return out


def left_out(report: Report) -> list[Row]:
    """Return the settlements beyond the smallest limit under the chosen aim, at any number, or without any way."""
    limit, unit = min(report.plan.task.limits), report.plan.unit
    demand = report.demand.sort_values(["county_code", "town_code", "id"], kind="stable")
    ids, inside = demand["id"], np.ones(len(demand), bool)
    far: dict[int, list[float]] = {}
    for p in report.solved:
        cost = figures(report, report.answer(p).siting).rows["cost"].reindex(ids).to_numpy(float)
        inside &= cost <= limit
        far[p] = cost.tolist()
    nearest = report.plan.nearest_of_all.reindex(ids).to_numpy(float)
    rows = zip(records(demand), inside.tolist(), nearest.tolist(), strict=True)
    return [
        {
            **row,
            "state": _left_out_state(report, row["id"], cost, limit),
            "far": {p: amount(every[at], unit) for p, every in far.items()},
        }
        for at, (row, is_inside, cost) in enumerate(rows)
        if not is_inside
    ]


def _left_out_state(report: Report, one: str, nearest: float, limit: int) -> str:
    if np.isnan(nearest):
        return report.apart.get(one, "no_way")
    return "all" if nearest > limit else "plan"
