"""The chain 村→乡镇→次中心→县→市 of every 行政村: each link, the total, the weakest, and what a plan changes in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SitingError, Text
from planner.hospitals import classes, general_hospitals, hospital_lines
from planner.plans.rural import Tier, administrative_villages, counted, looked_up, nearest_of
from planner.plans.sites import COUNTY_OWNER
from planner.region import Region, counts_as
from planner.scenario import Edit, Scenario, apply
from planner.text import limit_text
from planner.travel import Travel

# The five levels of care and which facilities stand on each, as far as the register tells.

CITY_OWNER = "市办"
LEVELS: Mapping[str, Text] = MappingProxyType(
    {
        "town": Text("村→乡镇", "village to town"),
        "subcenter": Text("→次中心", "to the sub-centre"),
        "county": Text("→县级医院", "to the county hospital"),
        "city": Text("→市级医院", "to the city hospital"),
    }
)
"""The links of the chain, each named after the level that it leads to."""
SHORT_LEVELS: Mapping[str, str] = MappingProxyType(
    {"town": "村→乡镇", "subcenter": "次中心", "county": "县", "city": "市"}
)
"""The same above a narrow column."""
TOWN_HOSPITALS, TOWN_CENTERS = ("township_hospital", "county_subcenter"), ("community_health_center",)


def facilities_of(region: Region) -> Mapping[str, pd.DataFrame]:
    """Return the open facilities of each level; county and city hospitals by owner and grade, as far as these are known.

    City: general, of class three and run by the city. County: general, run by the county or of class two, and none of
    the city's. Where nobody's owner (grade) is known, the other alone tells.
    """
    general = general_hospitals(region)
    classed, owner = classes(general), general["owner"].fillna("")
    graded, owned = bool((general["grade"].fillna("") != "").any()), bool((owner != "").any())
    third = classed == 3 if graded else owner == CITY_OWNER
    city = third & (owner == CITY_OWNER) if owned else third & graded
    county = (owner == COUNTY_OWNER) | (classed == 2) if graded or owned else ~city
    return {
        "town": region.open_facilities(*TOWN_HOSPITALS, *TOWN_CENTERS),
        "subcenter": region.open_facilities("county_subcenter"),
        "county": general[county & ~city],
        "city": general[city],
    }


def tiers_of(level: str, facilities: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return in what order a level's facilities are asked: those of the own town, of the county, or any of the city's.

    A village belongs to its town's 卫生院 (or the sub-centre it became), for want of one to the town's community centre.
    """
    if level == "city":
        return [("", facilities)]
    if level != "town":
        return [("county_code", facilities)]
    hospitals = facilities[counts_as(facilities, TOWN_HOSPITALS)]
    centers = facilities[counts_as(facilities, TOWN_CENTERS)]
    return [("town_code", hospitals), ("town_code", centers), ("county_code", hospitals), ("county_code", centers)]


LEVEL_ASSUMPTIONS = (
    "乡镇一级＝本乡镇在用的卫生院（含升格为次中心的），没有的取本乡镇社区卫生服务中心，再没有的取本县（区）最近的（假设）。",
    "县一级＝县办或二级的综合、中医类医院；市一级＝市办三级综合、中医类医院，全市最近的一所（假设，按名录的举办主体和等级）。",
    "村、乡镇、次中心、县四级限于本县（区）内（医共体）；县（区）外更近的另列，不改变本县的链条。",
)


WAYS = ("road_time", "road", "paper")
STATES: Mapping[str, Text] = MappingProxyType(
    {
        "": Text("", ""),
        "missing": Text("本县（区）没有这一级，跳过", "the county has no such level, skipped"),
        "bypassed": Text(
            "县级医院比次中心近，直接到县", "the county hospital is nearer than the sub-centre, straight to it"
        ),
        "unreachable": Text("不可达", "unreachable"),
        "broken": Text("下一级不可达，未计算", "the level below is unreachable, not computed"),
    }
)


@dataclass(frozen=True, eq=False)
class Chain:
    """The chain of every 行政村, in whole `unit`s ("ms", or "mm" where no speeds are given).

    villages  code, name, town, county, population; for each link of LEVELS: its facility (to_{level}, to_{level}_name), its
              cost (…_cost, NaN where there is none) and state (…_state, a key of STATES), and, where one beyond the
              county is nearer, which (…_across, …_across_name) and by how much (…_saved, NaN where the own county has
              none); total (NaN where a link is unreachable), weakest, weakest_cost, weakest_over (cost over
              the link's own limit, NaN where not all links have one), to_{level}_over and over (whether the link, or any,
              is beyond its own limit or, having one, is not reached), second and second_cost (the nearest sub-centre or county
              hospital of the county, straight from the village), across (whether a link is nearer beyond the county)
    towns     villages and people; weighted means of the total, of second and of each link, over those who reach it;
              the worst total and its village; the link that is the weakest for most people; with limits `over`, the
              people with a link beyond its limit
    missing   which county has no such level, in words
    """

    way: str
    unit: str
    limits: Mapping[str, int]
    villages: pd.DataFrame
    towns: pd.DataFrame
    missing: tuple[Text, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Link:
    """One level: its facilities, and where each village stands before it (at: village code → place, which it shares).

    A place is a village ("V" and its code) or a facility ("F" and its id): a clinic may have the code of its village as id.
    """

    level: str
    facilities: pd.DataFrame
    travel: Travel
    places: pd.DataFrame = field(repr=False)

    def found(self, at: pd.Series, villages: pd.DataFrame) -> pd.DataFrame:
        """Return, by village code, the columns of this link, without the level's name before them."""
        rows = villages.set_index("code")[["town_code", "county_code"]].assign(at=at)
        keys = ["at", "county_code"] if self.level != "town" else ["at", "town_code", "county_code"]
        asked = rows[rows["at"] != ""][keys].drop_duplicates("at")
        asked = asked.join(self.places, on="at").sort_values("at", kind="stable").assign(id=asked["at"].str[1:])
        own = self._nearest(asked, tiers_of(self.level, self.facilities))
        beyond = self._beyond(asked)
        table = own.join(beyond.add_suffix("_across")).reindex(at)
        table.index = at.index
        there = self.level == "city" or rows["county_code"].isin(set(self.facilities["county_code"]))
        some = pd.Series(there, index=rows.index) & (len(self.facilities) > 0)
        host, cost = table["host"].fillna(""), table["cost"]
        saved = cost - table["cost_across"]
        nearer = table["cost_across"].notna() & ((saved > 0) | cost.isna()) & (rows["at"] != "")
        return pd.DataFrame(
            {
                "": host,
                "cost": cost,
                "state": np.select([~some, rows["at"] == "", host == ""], ["missing", "broken", "unreachable"], ""),
                "across": table["host_across"].fillna("").where(nearer, ""),
                "saved": saved.where(nearer),
            },
            index=at.index,
        )

    def _beyond(self, asked: pd.DataFrame) -> pd.DataFrame:
        """Return the nearest of this level beyond the county, by place; none for the city's own level."""
        none = pd.DataFrame({"host": "", "cost": np.nan}, index=pd.Index(asked["at"], dtype=object))
        if self.level == "city":
            return none
        parts = []
        for county, group in asked.groupby("county_code", sort=True):
            others = self.facilities[self.facilities["county_code"] != county]
            parts.append(self._nearest(group, [("", others)]))
        return pd.concat(parts) if parts else none

    def _nearest(self, asked: pd.DataFrame, tiers: Sequence[Tier]) -> pd.DataFrame:
        """Return `nearest_of` by place, villages and facilities asked apart, so that ids of one side meet none of the other."""
        parts = []
        for side in ("F", "V"):
            mine = asked[asked["at"].str[0] == side]
            found = nearest_of(self.travel, mine, tiers)
            parts.append(found.set_axis(pd.Index(side + found.index.astype(object), dtype=object)))
        return pd.concat(parts)


def chain(
    region: Region,
    travels: Mapping[str, Travel],
    edits: Sequence[Edit] = (),
    limits: Mapping[str, int] = MappingProxyType({}),
    bypass: bool = True,
) -> Chain:
    """Return the chain of every 行政村, after these edits (such as a sub-centre plan's), by the best way there is.

    Time by road, else distance by road, else on paper. limits: whole units by link, those that have one; they mark links
    and judge nothing. With a limit for each the weakest is the link that is longest against its own, else simply the
    longest. A link that is not reached is weaker than any other.
    bypass: a town to which the county hospital is nearer than any sub-centre has no stop there.
    """
    if edits:
        region = apply(region, Scenario(name="方案", edits=tuple(edits)))
    _checked(limits)
    way = next(one for one in WAYS if one in travels)
    travel = counted(travels[way])
    villages, levels = administrative_villages(region), facilities_of(region)
    places = _places({"V": villages, "F": region.facilities})
    at, names = pd.Series("V" + villages["code"].to_numpy(object), index=villages["code"]), dict(_names(region))
    table = villages.set_index("code", drop=False).drop(columns=["id"])
    for level, facilities in levels.items():
        link = _Link(level, facilities, travel, places).found(at, villages)
        if level == "subcenter" and bypass:
            link = _bypassed(link, _Link("county", levels["county"], travel, places).found(at, villages))
        at = at.where(link["state"].isin(["missing", "bypassed"]), ("F" + link[""]).where(link[""] != "", ""))
        link = link.assign(name=looked_up(link[""], names), across_name=looked_up(link["across"], names))
        link.columns = [f"to_{level}_{one}".rstrip("_") for one in link.columns]
        table = table.join(link)
    table = _summed(table, limits)
    near = pd.concat([levels["subcenter"], levels["county"]]).drop_duplicates("id")
    second = nearest_of(travel, villages, [("county_code", near)])
    table = table.assign(
        second=second["host"], second_name=looked_up(second["host"], names), second_cost=second["cost"]
    ).reset_index(drop=True)
    return Chain(
        way,
        travel.unit,
        dict(limits),
        table,
        _towns(table) if limits else _towns(table).drop(columns="over"),
        _missing(region, table),
        _assumed(region, travel.unit, limits, bypass),
    )


def _places(sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return lon and lat of all places of the chain."""
    return pd.concat(
        [pd.DataFrame(frame[["lon", "lat"]]).set_axis(side + frame["id"]) for side, frame in sides.items()]
    )


def _bypassed(link: pd.DataFrame, county: pd.DataFrame) -> pd.DataFrame:
    """Return the link to the sub-centre without those to whom the county hospital is nearer."""
    past = (link["state"] == "") & (county["cost"] < link["cost"])
    none = {"": "", "cost": np.nan, "state": "bypassed", "across": "", "saved": np.nan}
    return link.assign(**{name: link[name].mask(past, value) for name, value in none.items()})


def changes(before: Chain, after: Chain) -> pd.DataFrame:
    """Return, by town, what a plan changes: the way to the nearest sub-centre or county hospital, the total, the weakest.

    `gain` is what people of the town save on average, of those who get there before and after; `people_nearer` how many
    are nearer, among them `people_reached`, who had no way before. A new sub-centre is a stop more on the chain, so that
    the total may grow where care comes nearer: both are told.
    """
    if before.unit != after.unit or list(before.villages["code"]) != list(after.villages["code"]):
        raise ValueError("the two chains are not of the same villages and unit")
    one, two = before.villages, after.villages
    saved = one["second_cost"] - two["second_cost"]
    reached = one["second_cost"].isna() & two["second_cost"].notna()
    told = one.assign(
        saved=saved,
        nearer=one["population"].where((saved > 0) | reached, 0),
        reached=one["population"].where(reached, 0),
    ).groupby("town_code")
    people = told[["nearer", "reached"]].sum()
    gain = {town: _mean(mine["saved"], mine["population"].to_numpy(float)) for town, mine in told}
    keys = ["county_code", "county_name", "town_code", "town_name", "villages", "population"]
    columns = ["second_mean", "second_worst", "total_mean", "total_worst", "weakest"]
    table = before.towns[keys + columns].merge(
        after.towns[["town_code", *columns]], on="town_code", suffixes=("", "_after")
    )
    return table.assign(
        gain=table["town_code"].map(gain),
        people_nearer=table["town_code"].map(people["nearer"]),
        people_reached=table["town_code"].map(people["reached"]),
    )


def _names(region: Region) -> Mapping[str, str]:
    return region.facilities.set_index("id")["name"].to_dict()


def _checked(limits: Mapping[str, int]) -> None:
    odd = sorted(set(limits) - set(LEVELS) | {level for level, limit in limits.items() if limit <= 0})
    if odd:
        what = Text("没有这一环节，或限度不大于零", "there is no such link, or its limit is not above zero")
        fix = Text(f"用：{'、'.join(LEVELS)}", f"use {', '.join(LEVELS)}")
        raise SitingError(Problem("--link-limit", what, fix, found="、".join(odd)))


def _summed(table: pd.DataFrame, limits: Mapping[str, int]) -> pd.DataFrame:
    """Return the table with the total and the weakest link: the first that is not reached, else the longest."""
    costs = table[[f"to_{level}_cost" for level in LEVELS]].to_numpy(float)
    states = table[[f"to_{level}_state" for level in LEVELS]].to_numpy(str)
    lost = np.isin(states, ["unreachable", "broken"])
    each = set(limits) == set(LEVELS)
    weight = np.array([float(limits[level]) if each else 1.0 for level in LEVELS])
    most = np.array([float(limits.get(level, np.inf)) for level in LEVELS])
    over = (costs > most) | ((states == "unreachable") & np.isfinite(most))
    table = table.assign(**{f"to_{level}_over": over[:, at] for at, level in enumerate(LEVELS)})
    ratio = np.where(lost, np.inf, np.where(np.isnan(costs), -1.0, costs / weight))
    worst, rows = ratio.argmax(axis=1), np.arange(len(table))
    some = ratio[rows, worst] >= 0
    return table.assign(
        total=np.where(lost.any(axis=1) | ~some, np.nan, np.nansum(costs, axis=1)),
        weakest=np.where(some, np.array(list(LEVELS), object)[worst], ""),
        weakest_cost=costs[rows, worst],
        weakest_over=np.where(some & np.isfinite(costs[rows, worst]) & each, ratio[rows, worst], np.nan),
        over=over.any(axis=1),
        unreachable=pd.Series(lost.any(axis=1), index=table.index),
        across=(table[[f"to_{level}_across" for level in LEVELS]] != "").any(axis=1),
    )


def _towns(villages: pd.DataFrame) -> pd.DataFrame:
    """Return the table by town: people-weighted means over those who reach, and the worst."""
    keys = ["county_code", "county_name", "town_code", "town_name"]
    return pd.DataFrame(
        [{**dict(zip(keys, key, strict=True)), **_town(mine)} for key, mine in villages.groupby(keys, sort=True)]
    )


def _town(mine: pd.DataFrame) -> dict[str, object]:
    people = mine["population"].to_numpy(float)
    by_link = pd.Series(people).groupby(mine["weakest"].to_numpy(object)).sum()
    links = [level for level in LEVELS if level in by_link.index]
    longest = mine["total"].fillna(-1).to_numpy()
    worst = mine["name"].iloc[int(longest.argmax())] if longest.max() >= 0 else ""
    return {
        "villages": len(mine),
        "population": int(people.sum()),
        "unreachable": int(people[mine["unreachable"].to_numpy(bool)].sum()),
        "across": int(people[mine["across"].to_numpy(bool)].sum()),
        "over": int(people[mine["over"].to_numpy(bool)].sum()),
        **{f"to_{level}_mean": _mean(mine[f"to_{level}_cost"], people) for level in LEVELS},
        "total_mean": _mean(mine["total"], people),
        "total_worst": float(mine["total"].max()),
        "worst_village": worst,
        "second_mean": _mean(mine["second_cost"], people),
        "second_worst": float(mine["second_cost"].max()),
        "weakest": max(links, key=lambda level: by_link[level]) if links else "",
    }


def _mean(cost: pd.Series, people: npt.NDArray[np.float64]) -> float:
    """Return the people-weighted mean over those who reach; NaN where nobody does."""
    known = cost.notna().to_numpy(bool) & (people > 0)
    return float(np.average(cost.to_numpy(float)[known], weights=people[known])) if known.any() else float("nan")


def _missing(region: Region, villages: pd.DataFrame) -> tuple[Text, ...]:
    """Return, in words, which county with 行政村 has no such level."""
    said = []
    for level, label in LEVELS.items():
        none = villages.loc[villages[f"to_{level}_state"] == "missing", ["county_code", "county_name"]]
        for name in none.drop_duplicates().sort_values("county_code")["county_name"]:
            known = Text("", "") if level != "subcenter" or region.knows("county_subcenter") else _UNKNOWN
            zh = f"{name}没有{label.zh.split('→')[1]}这一级，跳过{known.zh}"
            said.append(Text(zh, f"{name} has no link {label.en}, skipped{known.en}"))
    return tuple(said)


_UNKNOWN = Text("（名录没有次中心的资料，不等于没有）", " (the register does not tell of sub-centres)")


def _assumed(region: Region, unit: str, limits: Mapping[str, int], bypass: bool) -> tuple[str, ...]:
    told = "、".join(f"{LEVELS[level].zh} {limit_text(limits[level], unit)}" for level in LEVELS if level in limits)
    weakest = "与各自限度之比最大的一段" if set(limits) == set(LEVELS) else "最长的一段"
    return (
        *LEVEL_ASSUMPTIONS,
        *(one.zh for one in hospital_lines(region, by_class=True)),
        f"最薄弱环节＝{weakest}；有不可达的，先取不可达的一段。",
        *([f"各环节的限度：{told}（参数，条款未给数值）；超出的和不可达的只作标注，不作判断。"] if limits else []),
        *(["县级医院比次中心近的乡镇，不经次中心，直接到县（假设）。"] if bypass else []),
        "各段自下一级机构所在地起算，相加为合计，不含候诊、转诊手续。",
    )
