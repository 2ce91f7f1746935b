"""The rural remedies: every 行政村 and how it is served, by the kinds that its city's clause names and no others."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, get_args

import numpy as np
import pandas as pd

from planner.errors import DataError, Problem, SitingError, Text
from planner.hospitals import KIND as HOSPITAL
from planner.hospitals import treating
from planner.plans.sites import free_id
from planner.region import Region, with_places
from planner.rules import Rule, Rules, Substitute, Substitutes
from planner.scenario import Open
from planner.schema import RURAL_DIGITS, VILLAGE_RULE
from planner.text import amount_words, amounts_apart, limit_text, limit_words
from planner.travel import Travel

# 行政村 as rural plans ask about them: told by the code, each with its people, its town and its nearest provider.

COLUMNS = ("code", "name", "town_code", "town_name", "county_code", "county_name", "population", "lon", "lat")
ALL = 2**32 - 2
"""A limit that every pair stays within, in whole mm or ms."""
Tier = tuple[str, pd.DataFrame]
"""A column that village and facility share ("town_code", "county_code", or "": none is asked for), and facilities."""


def administrative_villages(region: Region) -> pd.DataFrame:
    """Return the 行政村 with id, names, people and place, by code; DataError naming those without a town, or if there are none.

    People are the residents who name the village; its own number where residents name none.
    """
    frame = pd.DataFrame(region.villages.drop(columns="geometry"))
    frame = frame[frame["kind"] == "village"].sort_values("code", kind="stable", ignore_index=True)
    if not len(frame):
        what = Text(
            f"没有行政村（{VILLAGE_RULE}）", f"there is no 行政村 (10th digit of the code {', '.join(RURAL_DIGITS)})"
        )
        raise DataError(Problem("villages", what, Text("补上行政村的清单", "add the list of villages")))
    homeless = frame[~frame["town_code"].isin(set(region.towns["code"]))]
    if len(homeless):
        raise DataError([_homeless(row) for row in homeless.to_dict("records")])
    if region.subject_level == "village":
        people = region.residents.groupby("village_code")["population"].sum()
        frame = frame.assign(population=frame["code"].map(people).fillna(0).astype("int64"))
    frame = with_places(region, frame)
    return frame[[*COLUMNS, "estimated"]].assign(id=frame["code"])


def _homeless(row: Mapping[Hashable, Any]) -> Problem:
    what = Text(f"行政村“{row['name']}”没有所属乡镇", f"the village '{row['name']}' has no town")
    fix = Text("补上该乡镇，或改正乡镇代码", "add the town, or correct its code")
    return Problem("villages", what, fix, row=str(row["code"]), column="town_code", found=str(row["town_code"]))


def nearest_of(travel: Travel, demand: pd.DataFrame, tiers: Sequence[Tier]) -> pd.DataFrame:
    """Return, by demand id, host ("" if none) and cost (NaN): the nearest of the first tier that has one within reach.

    A tier takes only facilities that share its column with the demand, such as those of the same county.
    """
    found = pd.DataFrame({"host": "", "cost": np.nan}, index=pd.Index(demand["id"], dtype=object))
    found["host"] = found["host"].astype(object)
    for column, facilities in tiers:
        open_still = demand[(found["host"] == "").to_numpy()]
        groups = open_still.groupby(column, sort=True) if column else [("", open_still)]
        for code, group in groups:
            own = facilities[facilities[column] == code] if column else facilities
            if len(own) and len(group):
                near = travel.reach_whole(group, own, 0).nearest()
                found.loc[near.index, "host"] = near["facility_id"].astype(object)
                found.loc[near.index, "cost"] = near["cost"]
    return found


def looked_up(keys: pd.Series, texts: Mapping[str, str]) -> pd.Series:
    """Return the text of each key, "" for a key without one; text even where no key has any."""
    return pd.Series([texts.get(one, "") for one in keys], index=keys.index, dtype=object)


def way_words(cost: float, unit: str, limit: float | None = None) -> Text:
    """Return the way to somewhere; 不可达 where there is none. Beside a limit it looks as long as that only where it is.

    >>> way_words(5_260_000, "mm").zh, way_words(1_800_200, "ms", 1_800_000).en, way_words(float("nan"), "mm").zh
    ('5.26 公里', '30.003 min', '不可达')
    """
    if np.isnan(cost):
        return Text("不可达", "unreachable")
    return amount_words(cost, unit) if limit is None else amounts_apart([cost, limit], unit)[0]


def counted(travel: Travel) -> Travel:
    """Return the way of travelling if it counts distance or time; ValueError for one whose unit is its own."""
    if travel.unit not in ("mm", "ms"):
        raise ValueError(f"kilometres or minutes are asked of a way of travelling that counts {travel.unit}")
    return travel


KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "clinic": Text("村卫生室", "village clinic"),
        "round": Text("巡回医疗", "visiting rounds"),
        "unvisited": Text("巡回医疗当天去不了", "beyond a day of the rounds"),
        "mobile": Text("移动医疗", "mobile unit"),
        "neighbour": Text("邻（联）村延伸服务", "served by a neighbouring village's clinic"),
        "stay": Text("驻村服务", "staff who stay in the village"),
        "new_clinic": Text("新建村卫生室（缺口）", "new clinic (gap)"),
        "no_data": Text("无数据", "no data"),
    }
)
SUBSTITUTES: tuple[str, ...] = get_args(Substitute)
GROUPS: Mapping[str, Text] = MappingProxyType(
    {
        "clinic": Text("村卫生室", "clinic"),
        "substitute": Text("替代服务", "substitute"),
        "unvisited": Text("巡回去不了", "not visited"),
        "gap": Text("新建缺口", "gap"),
        "no_data": Text("无数据", "no data"),
    }
)
CLINIC, TOWN_KINDS = "village_clinic", ("township_hospital", "county_subcenter")
CARE = (CLINIC, *TOWN_KINDS, "community_health_center", "community_health_station", HOSPITAL)
"""The kinds of facility of which the nearest tells whether a village is far; of hospitals those that treat all."""
_COLUMNS = (
    "code", "name", "town_code", "town_name", "county_code", "county_name", "population", "kind", "group", "host",
    "host_name", "cost", "care", "care_name", "care_cost", "few", "far", "why", "why_en", "lon", "lat", "estimated",
)  # fmt: skip


@dataclass(frozen=True)
class RuralTask:
    """What a planner decides: assumptions all of them, since the clauses give neither numbers nor an order.

    far         whole mm or ms, as the way of travelling counts: from here on to the nearest clinic or hospital is far
    few         at most so many residents are few
    limits      kind → farthest provider by which a village may be served so; without one, any that can be reached
    preference  kinds in the order in which they are tried; (): the order in which the clause names them
    """

    far: int
    few: int = 1000
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    preference: tuple[str, ...] = ()


@dataclass(frozen=True)
class Allowed:
    """What a clause allows in place of a clinic: the kinds in its order, and whether residents must be few, and far."""

    rule: Rule
    kinds: tuple[str, ...]
    few: bool
    far: bool


@dataclass(frozen=True, eq=False)
class RuralPlan:
    """Every 行政村 with the kind by which it is served, and why.

    judges    whether the clause is this city's own and judges; else all is a 参数情景 and no gap
    villages  code, name, town, county, population, kind (a key of KINDS), group (clinic, substitute, unvisited, gap, no_data),
              host (who serves: facility id, "" for none), cost (whole units, NaN), care (nearest clinic or hospital),
              care_cost, few, far, why (zh), why_en, lon, lat, estimated
    """

    task: RuralTask
    unit: str
    allowed: Allowed
    judges: bool
    villages: pd.DataFrame
    assumptions: tuple[str, ...]
    taken: frozenset[str] = frozenset()
    """The ids of all facilities that the register has, closed ones too."""

    def unvisited(self, left: Mapping[str, str]) -> "RuralPlan":
        """Return the plan once it is known which villages no round can visit (code → why): they are not served by one."""
        lost = self.villages["code"].isin(set(left)) & (self.villages["kind"] == "round")
        if not lost.any():
            return self
        told = "；但" + self.villages["code"].map(dict(left)).fillna("")
        villages = self.villages.assign(
            kind=self.villages["kind"].mask(lost, "unvisited"),
            group=self.villages["group"].mask(lost, "unvisited"),
            why=self.villages["why"].where(~lost, self.villages["why"] + told),
            why_en=self.villages["why_en"].where(
                ~lost, self.villages["why_en"] + "; but no day of the rounds holds it"
            ),
        )
        return replace(self, villages=villages)

    @property
    def kinds(self) -> pd.DataFrame:
        """Villages and people by kind (all that may occur, none or not; unvisited ones if any), and their share of all villages."""
        own = {*self.allowed.kinds, *self.villages["kind"]}
        names = [one for one in KINDS if one not in (*SUBSTITUTES, "unvisited") or one in own]
        by_kind = self.villages.groupby("kind")["population"].agg(["size", "sum"]).reindex(names).fillna(0)
        counts = by_kind["size"].to_numpy(np.int64)
        return pd.DataFrame(
            {
                "kind": names,
                "label": [KINDS[one].zh for one in names],
                "group": [group_of(one) for one in names],
                "villages": counts,
                "population": by_kind["sum"].to_numpy(np.int64),
                "share": counts / len(self.villages),
            }
        )

    @property
    def towns(self) -> pd.DataFrame:
        """Villages by town and kind: town and county, one column a kind, and the sum."""
        keys = ["county_code", "county_name", "town_code", "town_name"]
        names = list(self.kinds["kind"])
        marks = self.villages[keys].assign(**{name: (self.villages["kind"] == name).astype(int) for name in names})
        return marks.groupby(keys, as_index=False)[names].sum().assign(villages=lambda table: table[names].sum(axis=1))

    @property
    def covered(self) -> int:
        """How many villages are served: by a clinic or by a substitute (全覆盖 is the sum of kinds)."""
        return int(self.villages["group"].isin(["clinic", "substitute"]).sum())

    def visited(self, *kinds: str) -> pd.Series:
        """Return hospital id by village code, for the villages of these kinds ("round" if none is named)."""
        mine = self.villages[self.villages["kind"].isin(kinds or ("round",)) & (self.villages["host"] != "")]
        return pd.Series(mine["host"].to_numpy(object), index=mine["code"].to_numpy(object), name="host")

    def edits(self) -> tuple[Open, ...]:
        """Return the new clinics as edits, one a village that is a gap."""
        new = self.villages[self.villages["kind"] == "new_clinic"]
        return tuple(_clinic(row, self.taken) for row in new.to_dict("records"))


def group_of(kind: str) -> str:
    """Return the group (a key of GROUPS) in which a kind is counted."""
    return "substitute" if kind in SUBSTITUTES else {"new_clinic": "gap"}.get(kind, kind)


def allowed_by(rules: Rules) -> Allowed:
    """Return what the city's clause on villages allows (its plan_params); SitingError if no clause allows anything."""
    for rule in rules.rules:
        if "substitutes" in rule.plan_params:
            said = Substitutes(**rule.plan_params)
            where = said.substitutes_where
            return Allowed(rule, said.substitutes, few="few" in where, far="far" in where)
    what = Text("没有条款说明行政村可用哪些替代服务", "no clause tells which services may stand for a village clinic")
    raise SitingError(Problem(rules.label, what, Text("换用有该条款的规则", "use rules that have one"), found=rules.id))


def plan_rural(region: Region, rules: Rules, travel: Travel, task: RuralTask) -> RuralPlan:
    """Return how every 行政村 is served. A clinic in the village is one; without, the clause's kinds are tried in order.

    A kind is taken where its provider is within the kind's limit; residents who are not few (and far, where the clause
    says so) are owed a clinic. DataError for a village without a town, SitingError for a task that the clause excludes.
    """
    allowed, travel = allowed_by(rules), counted(travel)
    order = _order(allowed, task)
    villages = administrative_villages(region)
    care = nearest_of(travel, villages, [("", treating(region, *CARE))])
    villages = villages.assign(
        care=care["host"].to_numpy(object),
        care_cost=care["cost"].to_numpy(float),
        few=villages["population"] <= task.few,
    )
    villages["far"] = ~(villages["care_cost"] < task.far)
    clinics = region.open_facilities(CLINIC).sort_values("id").drop_duplicates("village_code")
    own = looked_up(villages["code"], clinics.set_index("village_code")["id"].to_dict())
    without = villages[own == ""]
    names = region.facilities.set_index("id")["name"].to_dict()
    providers = {kind: _provider(region, travel, kind, without) for kind in order}
    said = _Words(allowed, task, travel.unit, names)
    chosen = {str(code): _has(names, clinic) for code, clinic in zip(villages["code"], own, strict=True) if clinic}
    for row in without.to_dict("records"):
        offers = [(kind, *providers[kind].loc[row["code"]]) for kind in order]
        chosen[row["code"]] = said.decided(row, offers) if region.knows(CLINIC) else said.unknown()
    table = pd.DataFrame([chosen[code] for code in villages["code"]], index=villages.index)
    villages = pd.concat([villages, table], axis=1)
    for column in ("host", "care"):
        villages[f"{column}_name"] = looked_up(villages[column], names)
    villages["group"] = villages["kind"].map(group_of)
    at_home = region.about.code.startswith(rules.city) and any(one.judged for one in allowed.rule.readings)
    kept = villages[list(_COLUMNS)].reset_index(drop=True)
    said_all = _assumed(allowed, task, order, travel.unit, at_home)
    return RuralPlan(task, travel.unit, allowed, at_home, kept, said_all, frozenset(region.facilities["id"]))


def _order(allowed: Allowed, task: RuralTask) -> tuple[str, ...]:
    """Return the kinds in the order to be tried; SitingError for a kind that the clause does not name, or a bad number."""
    problems = []
    named = "、".join(KINDS[one].zh for one in allowed.kinds)
    fix = Text(f"只用：{named}", f"use only {', '.join(allowed.kinds)}")
    what = Text("条款没有许可这些服务方式", "the clause does not allow these kinds")
    odd = [one for one in task.preference if one not in allowed.kinds]
    options = [("--prefer", odd), *((f"--{one}-limit", [one]) for one in sorted(set(task.limits) - {*allowed.kinds}))]
    problems += [Problem(option, what, fix, found=_kinds_text(kinds)) for option, kinds in options if kinds]
    if len(set(task.preference)) < len(task.preference):
        twice = Text("同一方式写了两次", "a kind stands twice")
        problems.append(
            Problem("--prefer", twice, Text("各写一次", "name each once"), found=_kinds_text(task.preference))
        )
    if min([task.few, task.far, *task.limits.values()]) < 0:
        below = Text("参数小于零", "a number is below zero")
        problems.append(Problem("--few、--far、--…-limit", below, Text("改成零以上", "give zero or more")))
    if problems:
        raise SitingError(problems)
    return task.preference or allowed.kinds


def _kinds_text(kinds: Sequence[str]) -> str:
    """Return kinds as an option's error shows them: the words, and what the option calls them."""
    return "、".join(f"{KINDS[one].zh} {one}" if one in KINDS else one for one in kinds)


def _provider(region: Region, travel: Travel, kind: str, villages: pd.DataFrame) -> pd.DataFrame:
    """Return, by village code, who would serve it so and at what cost: of its own town first, else of its county.

    Rounds and staff who stay come from a 卫生院 (staff, for want of one in reach, from a hospital), a mobile unit from
    a hospital or sub-centre, and a neighbour's clinic is the nearest of the county.
    """
    town, hospital = region.open_facilities(*TOWN_KINDS), treating(region, HOSPITAL, "county_subcenter")
    tiers = {
        "round": [("town_code", town), ("county_code", town)],
        "stay": [("town_code", town), ("county_code", town), ("county_code", hospital)],
        "mobile": [("county_code", hospital), ("county_code", town)],
        "neighbour": [("county_code", region.open_facilities(CLINIC))],
    }[kind]
    return nearest_of(travel, villages, tiers)


def _has(names: Mapping[str, str], clinic: str) -> dict[str, object]:
    why = Text(f"已设{names[clinic]}", f"has {names[clinic]}")
    return {"kind": "clinic", "host": clinic, "cost": 0.0, "why": why.zh, "why_en": why.en}


@dataclass(frozen=True)
class _Words:
    """What is said of one village, in plain words with its numbers."""

    allowed: Allowed
    task: RuralTask
    unit: str
    names: Mapping[str, str]

    def unknown(self) -> dict[str, object]:
        why = Text("名录没有村卫生室的资料", "the register does not tell of village clinics")
        return {"kind": "no_data", "host": "", "cost": np.nan, "why": why.zh, "why_en": why.en}

    def decided(self, row: Mapping[Hashable, Any], offers: list[tuple[str, str, float]]) -> dict[str, object]:
        """Return the first kind whose provider is near enough; a new clinic if none is, or if the clause's case is not met."""
        case = self._case(row)
        if (self.allowed.few and not row["few"]) or (self.allowed.far and not row["far"]):
            why = Text(f"{case.zh}：不属条款所说情形，应新建", f"{case.en}: outside the clause's case, a clinic is due")
            return {"kind": "new_clinic", "host": "", "cost": np.nan, "why": why.zh, "why_en": why.en}
        refused = [case]
        for kind, host, cost in offers:
            limit = self.task.limits.get(kind)
            if (host or kind == "stay") and (limit is None or cost <= limit):
                took = self._took(kind, host, cost)
                return self._row(kind, host, cost, [*refused, took])
            refused.append(self._refused(kind, host, cost, limit))
        none = Text("许可的方式都不可行，应新建", "no kind that is allowed is possible, a clinic is due")
        return self._row("new_clinic", "", np.nan, [*refused, none])

    def _row(self, kind: str, host: str, cost: float, why: list[Text]) -> dict[str, object]:
        told = Text("；".join(one.zh for one in why), "; ".join(one.en for one in why))
        return {"kind": kind, "host": host, "cost": float(cost), "why": told.zh, "why_en": told.en}

    def _case(self, row: Mapping[Hashable, Any]) -> Text:
        """Return the numbers that the clause's case rests on: people, and the way to the nearest clinic or hospital."""
        few, people = self.task.few, row["population"]
        sign = "≤" if row["few"] else "＞"
        parts = [Text(f"居民 {people} 人（{sign} {few} 人）", f"{people} residents ({sign} {few})")]
        if self.allowed.far:
            cost, far = way_words(row["care_cost"], self.unit, self.task.far), limit_words(self.task.far, self.unit)
            name = self.names.get(row["care"], "")
            than = "＜" if not row["far"] else "≥"
            told = Text(f"（{than} {far.zh}）", f" ({than} {far.en})") if name else Text("", "")
            where = Text(f"到最近的机构{name} {cost.zh}{told.zh}", f"{cost.en} to the nearest, {name}{told.en}")
            parts.append(where)
        return Text("，".join(one.zh for one in parts), ", ".join(one.en for one in parts))

    def _took(self, kind: str, host: str, cost: float) -> Text:
        label, way, name = KINDS[kind], way_words(cost, self.unit), self.names.get(host, "")
        if not host:
            return Text(f"取{label.zh}，派出机构待定", f"takes {label.en}, sender to be named")
        return Text(f"取{label.zh}，由{name}承担，{way.zh}", f"takes {label.en}, by {name}, {way.en}")

    def _refused(self, kind: str, host: str, cost: float, limit: int | None) -> Text:
        label, way = KINDS[kind], way_words(cost, self.unit, limit)
        if not host:
            return Text(f"{label.zh}：同县没有可达的机构", f"{label.en}: none within reach in the county")
        most = limit_words(limit, self.unit)
        return Text(
            f"{label.zh}：最近的{self.names[host]} {way.zh}，超过 {most.zh}",
            f"{label.en}: the nearest, {self.names[host]}, {way.en}, is beyond {most.en}",
        )


def _assumed(allowed: Allowed, task: RuralTask, order: tuple[str, ...], unit: str, judges: bool) -> tuple[str, ...]:
    kinds, source = "、".join(KINDS[one].zh for one in order), "参数" if task.preference else "按条款列举的先后"
    said = [
        f"条款许可的替代服务：{'、'.join(KINDS[one].zh for one in allowed.kinds)}；条款未排先后，选用次序（{source}，假设）：{kinds}。",
        f"“人口较少”取居民不超过 {task.few} 人（参数，条款未给数值）。",
    ]
    if allowed.far:
        far = limit_text(task.far, unit)
        said.append(
            f"“交通半径大”取到最近的在用卫生室、卫生院、社区机构或综合、中医类医院不少于 {far}，不可达的也算（参数）。"
        )
        said.append("“民族地区等”作举例理解，不作条件；人口少和交通半径大须同时成立（假设）。")
    said += [
        f"{KINDS[kind].zh}：承担机构不超过 {limit_text(task.limits[kind], unit)}（参数）。"
        for kind in order
        if kind in task.limits
    ]
    said += [
        "巡回、驻村由本乡镇卫生院（没有或不可达的，由本县最近的）派出，移动医疗由本县最近的综合、中医类医院或次中心派出，邻村取本县最近的村卫生室（假设）。",
        f"{VILLAGE_RULE}；各方式之和＝全部行政村。",
    ]
    if not judges:
        said.append("条款不是本市的，或原文不作判断：新建只是建议，不算缺口。")
    return tuple(said)


def _clinic(row: Mapping[Hashable, Any], taken: frozenset[str]) -> Open:
    code = str(row["code"])
    fields = {
        "id": free_id(f"VC-{code}", taken), "name": f"{row['name']}卫生室", "kind": CLINIC, "village_code": code,
        "town_code": row["town_code"], "lon": row["lon"], "lat": row["lat"],
    }  # fmt: skip
    return Open(fields=fields, reason="村级方案：新建村卫生室")
