"""Community centres: whose each community is today, the clause's two readings, centres needed and their districts."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.districts.adjacency import Edges, without_neighbours
from planner.districts.case import Amounts, Whole
from planner.districts.districting import Districting, DistrictTask, districts
from planner.errors import Problem, ScenarioError, SitingError, Text
from planner.measures import community_centers
from planner.plans.sites import COLUMNS, free_id
from planner.reach import Reach
from planner.region import Region
from planner.scenario import Change, Edit, Open, ServiceArea
from planner.serving import KIND, STATION, Served, neighbours, own_unit, served_today
from planner.siting.instance import instance_of
from planner.siting.models import solve
from planner.siting.question import Limits, Question
from planner.siting.siting import Siting
from planner.text import exact_percent, exact_text, people_text
from planner.travel import StraightLine, Travel

# Conversions of township hospitals whose town became a 街道, told by a crosswalk that the user brings, and by nothing else.

HOSPITALS = ("township_hospital",)
_FILE = "撤并对照表"


@dataclass(frozen=True)
class Successor:
    """One row of the crosswalk: the town that was, the 街道 or town that it is since, when, and who says so."""

    old_code: str
    new_code: str
    year: int
    source: str


@dataclass(frozen=True, eq=False)
class Conversions:
    """known: whether there is a crosswalk at all; without one it is 无数据, and nothing is inferred.

    table   facility columns of each hospital to convert, and old_code, new_code, year, source, why
    """

    known: bool
    table: pd.DataFrame


def conversions(region: Region, crosswalk: Sequence[Successor] | None) -> Conversions:
    """Return the open township hospitals of towns that the crosswalk leads to a 街道; ScenarioError for what it cannot be."""
    columns = [*COLUMNS, "village_code", "old_code", "new_code", "year", "source", "why"]
    if crosswalk is None:
        return Conversions(False, pd.DataFrame(columns=columns))
    _check(region, crosswalk)
    following = {one.old_code: one for one in crosswalk}
    names, kinds = region.towns.set_index("code")["name"], region.towns.set_index("code")["kind"]
    chains = [_chain(old, following) for old in sorted(set(following) - {one.new_code for one in crosswalk})]
    chains = [one for one in chains if kinds[one[-1].new_code] == "subdistrict"]
    rows = []
    for _, row in region.open_facilities(*HOSPITALS).iterrows():
        mine = [one for one in chains if row["town_code"] in _codes(one)]
        if mine:
            rows.append({**row[[*COLUMNS, "village_code"]].to_dict(), **_converted(str(row["town_code"]), mine, names)})
    table = pd.DataFrame(rows, columns=columns).sort_values("id", kind="stable", ignore_index=True)
    return Conversions(True, table)


def _codes(chain: Sequence[Successor]) -> set[str]:
    return {chain[-1].new_code, *(one.old_code for one in chain)}


def _converted(town: str, chains: Sequence[list[Successor]], names: pd.Series) -> dict[str, object]:
    """Return what the crosswalk says of a hospital in this town: its own old code, else every town that became its 街道."""
    last, own = chains[0][-1], any(town in {step.old_code for step in one} for one in chains)
    ends = list(dict.fromkeys(one[-1] for one in chains))
    years, sources = (list(dict.fromkeys(getattr(one, name) for one in ends)) for name in ("year", "source"))
    old = town if own else "、".join(one[0].old_code for one in chains)
    when = "、".join(f"{one} 年" for one in years)
    several = "" if own or len(chains) == 1 else f"；{len(chains)} 个乡镇并入，名录没有写明原属哪个"
    return {
        "old_code": old, "new_code": last.new_code, "year": years[0] if len(years) == 1 else "、".join(map(str, years)),
        "source": "；".join(sources), "why": f"{when}撤并为{names[last.new_code]}（{'；'.join(sources)}{several}）",
    }  # fmt: skip


def _chain(old: str, following: dict[str, Successor]) -> list[Successor]:
    chain = [following[old]]
    while chain[-1].new_code in following:
        chain.append(following[chain[-1].new_code])
    return chain


def _check(region: Region, crosswalk: Sequence[Successor]) -> None:
    """Refuse, with every reason at once, a crosswalk that leads in a circle, two ways, or nowhere."""
    following = {one.old_code: one.new_code for one in reversed(crosswalk)}
    found = [problem for at, one in enumerate(crosswalk, 1) for problem in _bad_row(at, one, following)]
    found += _circles(following)
    found = found or [*_nowhere(region, crosswalk, following)]
    if found:
        raise ScenarioError(found)


def _bad_row(at: int, one: Successor, following: dict[str, str]) -> Iterator[Problem]:
    for column, code in (("old_code", one.old_code), ("new_code", one.new_code)):
        if not (len(code) == 9 and code.isascii() and code.isdigit()):
            yield _problem(at, Text("代码须是 9 位数字", "a code must have nine digits"), code, column)
    if following[one.old_code] != one.new_code:
        what = Text("同一旧代码对应两个新代码", "one old code has two new ones")
        yield _problem(at, what, f"{one.old_code} → {following[one.old_code]}、{one.new_code}")


def _nowhere(region: Region, crosswalk: Sequence[Successor], following: dict[str, str]) -> Iterator[Problem]:
    known = set(region.towns["code"])
    for at, one in enumerate(crosswalk, 1):
        if one.new_code not in known and one.new_code not in following:
            what = Text("新代码不是本市现有的乡镇（街道）", "the new code is no town of this city today")
            yield _problem(at, what, one.new_code, "new_code")


def _circles(following: dict[str, str]) -> list[Problem]:
    """Return one problem a circle, with all its codes."""
    found, done = list[Problem](), set[str]()
    for start in sorted(following):
        path, code = list[str](), start
        while code in following and code not in path and code not in done:
            path.append(code)
            code = following[code]
        if code in path:
            circle = " → ".join([*path[path.index(code) :], code])
            found.append(_problem(0, Text("撤并关系成环", "the crosswalk runs in a circle"), circle))
        done |= set(path)
    return found


def _problem(row: int, what: Text, found: str, column: str = "") -> Problem:
    fix = Text("核对对照表", "check the crosswalk")
    return Problem(_FILE, what, fix, str(row) if row else "", column, found)


# What it costs communities to go to each centre, and how many of their people have a way there at all.

ALL_PAIRS = 2**32 - 2


@dataclass(frozen=True, eq=False)
class Ways:
    """By community (rows, as served.units) and centre (columns, as the sites).

    burden   people × cost of the way: the mean of those who have one counts for all, so that who has none makes no centre
             dearer or cheaper than another; inf where nobody has one
    people   how many have a way
    """

    centers: Mapping[str, int]
    burden: Amounts
    people: Whole

    def without(self, units: pd.DataFrame, assigned: pd.Series) -> Whole:
        """Return, by row of the units, how many have no way to the centre assigned to them (""; to any centre)."""
        least = self.people.max(axis=1, initial=0)
        there = [
            self.people[row, self.centers[one]] if one else least[row]
            for row, one in enumerate(assigned.to_numpy(object))
        ]
        return units["population"].to_numpy(np.int64) - np.array(there, np.int64).reshape(-1)


def ways_of(served: Served, travel: Travel, sites: pd.DataFrame) -> Ways:
    """Return the ways from every resident point to every site, added up by community."""
    reach = travel.reach_whole(served.people, sites, ALL_PAIRS)
    cost = np.full((len(reach.demand_ids), len(sites)), np.nan)
    place = {str(name): at for at, name in enumerate(sites["id"])}
    columns = np.array([place[one] for one in reach.facility_ids], np.int64)
    row = np.repeat(np.arange(len(reach.demand_ids)), np.diff(reach.indptr))
    cost[row, columns[reach.indices]] = reach.costs.astype(float)
    people = served.people["population"].to_numpy(np.int64)[:, None]
    units = {name: at for at, name in enumerate(served.units["id"])}
    mine = [units[one] for one in served.people["unit"]]
    burden, there = np.zeros((len(units), len(sites))), np.zeros((len(units), len(sites)), np.int64)
    np.add.at(burden, mine, np.where(np.isnan(cost), 0.0, cost * people))
    np.add.at(there, mine, np.where(np.isnan(cost), 0, people))
    whole = np.zeros(len(units), np.int64)
    np.add.at(whole, mine, people[:, 0])
    share = np.divide(whole[:, None], there, out=np.ones(there.shape), where=there > 0)
    return Ways(place, np.where(there > 0, burden * share, np.inf), there)


# Which centres become community hospitals (社区医院): a share of all, by load, reach and beds, each with its reasons.

_NAME = "社区医院"


def number_of(share: float, centers: int) -> int:
    """Return how many the share asks for: at least as many as it is, in whole centres.

    >>> number_of(0.2, 14)
    3
    >>> number_of(0.2, 10)
    2
    """
    return math.ceil(share * centers - 1e-9)


def upgrades(centers: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the centres in order of fitness, with chosen, place and why.

    centers: id, name, load, reached (people within reach), beds (NaN: 无数据). Those that are 社区医院 by name or grade count
    first; the others by the sum of their ranks by load, by reach, and by beds where any are known. Ties: the smaller id.
    """
    table = centers.copy()
    grade = table["grade"].fillna("") if "grade" in table else pd.Series("", index=table.index)
    table["is_hospital"] = grade.str.contains(_NAME) | table["name"].str.contains(_NAME)
    known = [name for name in ("load", "reached", "beds") if table[name].notna().any()]
    ranks = table[known].rank(method="min", ascending=False, na_option="bottom")
    table["score"] = ranks.sum(axis=1)
    table = table.assign(other=~table["is_hospital"]).sort_values(
        ["other", "score", "id"], kind="stable", ignore_index=True
    )
    wanted = number_of(share, len(table))
    ranks = table[known].rank(method="min", ascending=False, na_option="bottom").astype(int)
    places: list[dict[str, int]] = ranks.to_dict("records")  # type: ignore[assignment]
    why = [_why(row, place, len(table)) for (_, row), place in zip(table.iterrows(), places, strict=True)]
    return table.assign(place=range(1, len(table) + 1), chosen=table.index < wanted, why=why).drop(columns="other")


def _why(row: pd.Series, ranks: dict[str, int], count: int) -> str:
    """Return the reasons of one centre's place, in words."""
    if row["is_hospital"]:
        return "已是社区医院"
    words = {"load": ("服务人口", "人"), "reached": ("可及人口", "人"), "beds": ("床位", "张")}
    said = []
    for name, (label, unit) in words.items():
        if pd.isna(row[name]):
            said.append(f"{label}无数据")
        else:
            said.append(f"{label} {int(row[name])} {unit}（第 {ranks[name]}／{count}）")
    return "，".join(said)


# Service stations (社区卫生服务站): the fewest more, so that every community is within a walk of a centre or station.

_MM_PER_KM = 1_000_000


@dataclass(frozen=True, eq=False)
class Stations:
    """Who walks how far to the nearest centre or station, and where the fewest more would stand.

    limit    whole mm: minutes × walking speed
    walks    by resident point: id, unit, population, facility_id, distance_m, minutes, within (today and with new centres)
    siting   lscp over the communities' points as candidates; None where everyone is within the limit
    serves   chosen community → the communities whose people beyond the walk have the new station as the nearest, by id
    """

    limit: int
    walks: pd.DataFrame
    siting: Siting | None
    serves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def mean(self, name: str) -> pd.Series:
        """Return, by community, the people-weighted mean of "minutes" or "distance_m" over those who have a way; else NaN."""
        known = self.walks[self.walks[name].notna()]
        sums = (
            known.assign(weighted=known[name] * known["population"]).groupby("unit")[["weighted", "population"]].sum()
        )
        return sums["weighted"] / sums["population"]

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the communities that get a station."""
        return () if self.siting is None else tuple(one.removeprefix("S") for one in self.siting.chosen)


def limit_mm(minutes: float, walk_kmh: float) -> int:
    """Return how far one walks in so many minutes, in whole millimetres.

    >>> limit_mm(15, 4)
    1000000
    """
    return round(minutes / 60 * walk_kmh * _MM_PER_KM)


def stations(
    served: Served, walk: Travel, standing: pd.DataFrame, limit: int, walk_kmh: float, limits: Limits
) -> Stations:
    """Return the walks to what stands (id, lon, lat: centres and stations, new centres too) and the fewest more stations.

    Stations are for communities (社区) and in them; a 行政村 has its clinic.
    """
    if walk.unit != "mm":
        raise ValueError(f"a walk is measured in mm, not {walk.unit}")
    people = pd.DataFrame(served.people[["id", "unit", "population", "lon", "lat"]])
    reach = walk.reach_whole(people, standing, limit)
    nearest = reach.nearest()
    walks = people[["id", "unit", "population"]].assign(
        facility_id=nearest["facility_id"].to_numpy(object),
        distance_m=nearest["cost"].to_numpy(float) / 1000,
        within=reach.covered().to_numpy(bool),
    )
    walks["minutes"] = walks["distance_m"] / 1000 / walk_kmh * 60
    units = served.units[served.units["kind"] == "community"]
    left = people[~walks["within"].to_numpy(bool) & people["unit"].isin(units["id"]).to_numpy(bool)]
    if not len(left):
        return Stations(limit, walks, None)
    sites = pd.DataFrame(units[["id", "lon", "lat"]])
    sites = sites.assign(id="S" + sites["id"])
    mine: Reach = walk.reach_whole(left, sites, limit)
    weights = pd.Series(left["population"].to_numpy(float), index=left["id"].to_numpy(object))
    frame = pd.DataFrame({"id": sites["id"].to_numpy(object), "cost": np.ones(len(sites))})
    siting = solve(instance_of(Question("lscp", allow_unreachable=True), mine, weights, frame), limits)
    return Stations(limit, walks, siting, _serves(siting, walk, left, sites, limit))


def _serves(
    siting: Siting, walk: Travel, left: pd.DataFrame, sites: pd.DataFrame, limit: int
) -> Mapping[str, tuple[str, ...]]:
    """Return whom each chosen station is for: the communities of those who have it as the nearest of the new ones."""
    chosen = sites[sites["id"].isin(siting.chosen)]
    near = walk.reach_whole(left, chosen, limit).nearest()
    units = pd.Series(left["unit"].to_numpy(object), index=left["id"].to_numpy(object)).reindex(near.index)
    found = {one.removeprefix("S"): set[str]() for one in chosen["id"]}
    for unit, station, cost in zip(units, near["facility_id"], near["cost"], strict=True):
        if station and cost <= limit:
            found[station.removeprefix("S")].add(str(unit))
    return {one: tuple(sorted(units)) for one, units in found.items()}


def station_fields(unit: pd.Series) -> dict[str, object]:
    """Return the columns of a new station at a community's point."""
    return {
        "id": f"CHS-{unit['id']}",
        "name": f"{unit['name']}（拟设社区卫生服务站）",
        "kind": STATION,
        "lon": float(unit["lon"]),
        "lat": float(unit["lat"]),
    }


Tell = Callable[[Text], None]
_PLANNED = "社区卫生服务中心布局方案"
_NAMED = 5


@dataclass(frozen=True)
class CenterTask:
    """What a planner asks; the policy's numbers come from the rule's params, the rest are the planner's, each recorded.

    lower, upper, hospital_kinds   params of the rule community_health_center
    hospital_share                 the share of centres that become 社区医院 (clause no. 7)
    hard                           whether the lower bound is a must; else each missing person costs `short_price`
    short_price                    in units of the way (mm or ms) a person
    longest_link_m                 points farther apart are no neighbours
    longest_road                   by the way of `road` (its whole units): pairs that it does not join are none
    station_minutes, walk_kmh      a community farther on foot than this wants a station
    crosswalk                      towns that became 街道; None: 无数据
    p                              centres in all by county code; the fewest that do where a county is not named
    """

    lower: int
    upper: int
    hospital_kinds: tuple[str, ...]
    hospital_share: float
    hard: bool = False
    short_price: float = 0.0
    longest_link_m: float = np.inf
    longest_road: int = 0
    station_minutes: float = 15.0
    walk_kmh: float = 5.0
    crosswalk: tuple[Successor, ...] | None = None
    p: Mapping[str, int] | None = None
    solving: Limits = field(default=Limits())


@dataclass(frozen=True, eq=False)
class CenterPlan:
    """Everything that was found.

    towns        街道 (and seats): code, name, county_code, population, present, center_today, load, met_present, met_load,
                 met (the clause's or), advice; needed, proposal: new centres whose community lies in it (center_today and
                 proposal are tuples of ids); load_planned (the largest a centre of those that serve it; of several with one
                 district the mean), met_planned
    communities  as Served.units, with minutes to the nearest centre or station (people-weighted, of those who have a way),
                 beyond (residents past the limit), center_planned ("" where its county has no plan), unreached (residents
                 without a way to it; without a plan, to any centre)
    centers      centres of the plan: id, name, kind, county_code, town_code, unit_id, status (fixed, candidate), origin
                 (standing, hospital, station, community), load_today, advice_today, load, short, advice
    conversions, stations, hospitals   see Conversions, Stations and upgrades
    """

    task: CenterTask
    unit: str
    served: Served
    edges: Edges
    towns: pd.DataFrame
    communities: gpd.GeoDataFrame
    centers: pd.DataFrame
    districting: Districting
    conversions: Conversions
    stations: Stations
    hospitals: pd.DataFrame
    assumptions: tuple[str, ...]
    taken: frozenset[str] = frozenset()
    """The ids of all facilities that the register has, closed ones too."""

    @property
    def new_centers(self) -> pd.DataFrame:
        """Return the rows of the centres that the plan opens or converts."""
        return self.centers[(self.centers["status"] == "candidate") & self.centers["load"].notna()]

    @property
    def fullest(self) -> float:
        """The largest planned load of a centre, of those that share a district the mean; 0 without a plan."""
        planned = self.centers[self.centers["load"].notna()]
        return float((planned["load"] / planned["joint"]).max()) if len(planned) else 0.0

    def edits(self) -> tuple[Edit, ...]:
        """Return the plan as edits: centres opened, upgraded or converted, then stations opened."""
        found = [_edit(row) for _, row in self.new_centers.iterrows()]
        units = self.communities.set_index("id", drop=False)
        for one in self.stations.chosen:
            whom = "、".join(units.loc[list(self.stations.serves[one]), "name"])
            fields = station_fields(units.loc[one])
            fields["id"] = free_id(str(fields["id"]), self.taken)
            found.append(Open(fields=fields, reason=f"步行范围外的社区设站：{whom}"))
        return tuple(found)

    def service_areas(self) -> tuple[ServiceArea, ...]:
        """Return the districts as service areas, so that an assessment counts the loads as planned; none where no village is known.

        Centres that stand in one community share theirs.
        """
        if not (self.communities.geometry.geom_type == "Point").all():
            return ()
        known = self.centers.set_index("id")
        standing = self.centers[(self.centers["status"] == "fixed") & (self.centers["unit_id"] != "")]
        sharing = {unit: tuple(sorted(rows["id"])) for unit, rows in standing.groupby("unit_id")}
        areas = []
        planned = self.communities[self.communities["center_planned"] != ""]
        for center, rows in planned.groupby("center_planned", sort=True):
            mine = known.loc[center]
            ids = sharing[mine["unit_id"]] if mine["status"] == "fixed" else (str(center),)
            areas.append(ServiceArea(ids, tuple(sorted(rows["id"]))))
        return tuple(areas)


def plan_centers(
    region: Region, travel: Travel, task: CenterTask, tell: Tell = lambda _: None,
    walk: Travel | None = None, road: Travel | None = None,
) -> CenterPlan:  # fmt: skip
    """Return the plan; SitingError, ScenarioError for what cannot be asked.

    travel   the way to a centre; walk: on foot, in mm (by default the straight line); road: see longest_road
    """
    served = served_today(region, travel, task.hospital_kinds)
    found = conversions(region, task.crosswalk)
    tell(Text("社区相邻关系", "who is next to whom"))
    edges = neighbours(region, served.units, task.longest_link_m, road, task.longest_road)
    sites = _sites(region, served, found)
    _lonely(served.units, sites, edges, by_road=road is not None)
    tell(Text("计算片区", "districts"))
    ways = ways_of(served, travel, sites)
    answer = _districts(served, task, edges, sites, ways)
    centers = _told(region, sites, served, answer, task)
    tell(Text("社区卫生服务站", "service stations"))
    walked = _stations(region, served, centers, task, walk or StraightLine())
    return CenterPlan(
        task, travel.unit, served, edges, _towns(region, travel, task, served, answer, centers),
        _communities(served, answer, walked, ways), centers, answer, found, walked,
        _hospitals(served, centers, travel, task), _assumed(region, served, task, travel), frozenset(region.facilities["id"]),
    )  # fmt: skip


def _sites(region: Region, served: Served, found: Conversions) -> pd.DataFrame:
    """Return the centres that stand and, one a community without any, a candidate: a hospital to convert, a station, or its point.

    Several that stand in one community serve one district together: joint, with the bounds of as many.
    """
    parts = [
        (region.open_facilities(KIND), "standing"),
        (found.table, "hospital"),
        (region.open_facilities(STATION), "station"),
    ]
    rows = [_placed(region, served, frame, origin) for frame, origin in parts if len(frame)]
    units, taken = served.units[served.units["kind"] == "community"], frozenset(region.facilities["id"])
    ids = [free_id(f"CHC-{one}", taken) for one in units["id"]]
    new = units.assign(
        unit_id=units["id"],
        id=pd.Series(ids, index=units.index, dtype=object),
        kind=KIND,
        origin="community",
        grade="",
        beds=np.nan,
    )
    new["name"] = new["name"] + "（拟设社区卫生服务中心）"
    keep = ["id", "name", "kind", "county_code", "town_code", "lon", "lat", "grade", "beds", "unit_id", "origin"]
    table = pd.concat([pd.DataFrame(one[keep]).astype({"beds": float}) for one in [*rows, new]], ignore_index=True)
    table = table[table["unit_id"] != ""]
    joint = table[table["origin"] == "standing"].groupby("unit_id")["id"].agg("size")
    table = table.drop_duplicates("unit_id", keep="first")  # what stands comes first, then hospitals, stations, points
    table = table.assign(
        status=np.where(table["origin"] == "standing", "fixed", "candidate"),
        joint=table["unit_id"].map(joint).where(table["origin"] == "standing").fillna(1).astype(int),
    )
    return table.sort_values("id", kind="stable", ignore_index=True)


def _placed(region: Region, served: Served, frame: pd.DataFrame, origin: str) -> pd.DataFrame:
    frame = frame.sort_values("id", kind="stable")
    own = own_unit(region, frame, served.units).to_numpy(object)
    return pd.DataFrame(frame[[*COLUMNS, "village_code"]]).assign(unit_id=own, origin=origin)


def _lonely(units: pd.DataFrame, sites: pd.DataFrame, edges: Edges, *, by_road: bool) -> None:
    """Refuse, all in one sentence, communities that have no neighbour and where no centre stands or may be opened."""
    counts = units.groupby("county_code")["id"].transform("size").to_numpy()
    alone = set(without_neighbours(units["id"], edges)) - set(sites["unit_id"])
    rows = units[units["id"].isin(alone).to_numpy() & (counts > 1)]
    if not len(rows):
        return
    names = "、".join(f"{row['name']}（{row['id']}）" for row in rows.head(_NAMED).to_dict("records"))
    more = f"等 {len(rows)} 个" if len(rows) > _NAMED else ""
    what = Text("这些社区（村）没有相邻的社区", "these communities have no neighbour")
    fix = Text("放宽 --link", "allow a longer --link") if by_road else Text(
        "核对它们的界线或位置", "check where they are"
    )  # fmt: skip
    raise SitingError(Problem("--link" if by_road else "villages", what, fix, found=names + more))


def _districts(served: Served, task: CenterTask, edges: Edges, sites: pd.DataFrame, ways: Ways) -> Districting:
    """Return the districts of the fewest centres that keep the upper bound, those that stand among them, at least cost."""
    bounds = {"lower": sites["joint"] * task.lower, "upper": sites["joint"] * task.upper}
    centers = sites[["id", "unit_id", "status"]].assign(**bounds)
    asked = DistrictTask(
        pd.DataFrame(served.units[["id", "county_code", "population"]]), centers, edges,
        ways.burden, task.upper, task.lower, task.hard, task.short_price, _numbers(task, served.units),
    )  # fmt: skip
    return districts(asked, task.solving)


def _numbers(task: CenterTask, units: gpd.GeoDataFrame) -> Any:
    """Return the number of centres of each county: those that are not named get the fewest."""
    return "fewest" if task.p is None else {**dict.fromkeys(units["county_code"], "fewest"), **task.p}


def _told(
    region: Region, sites: pd.DataFrame, served: Served, answer: Districting, task: CenterTask
) -> pd.DataFrame:  # fmt: skip
    """Return the centres that stand or are chosen, with their loads today and planned."""
    today = served.people.groupby("center_today")["population"].sum()
    planned = answer.loads.set_index("center_id")
    said = planned["advice"].to_dict()
    table = sites[(sites["status"] == "fixed") | sites["id"].isin(planned.index)]
    stand = region.open_facilities(KIND)
    beside = stand[~stand["id"].isin(sites["id"])]
    beside = beside.assign(
        status="fixed", origin="standing", joint=0, unit_id=own_unit(region, beside, served.units).to_numpy(object)
    )
    table = pd.concat([table, pd.DataFrame(beside)[[one for one in table.columns if one in beside]]], ignore_index=True)
    load = table["id"].map(today).fillna(0).astype("int64").where(table["status"] == "fixed", 0)
    stands = (table["status"] == "fixed").to_numpy(bool)
    advice = np.select([stands & (load > task.upper), stands & (load < task.lower)], ["overloaded", "mergeable"], "")
    return table.assign(
        load_today=load, advice_today=advice, load=table["id"].map(planned["load"]), short=table["id"].map(planned["short"]),
        advice=[said.get(one, "") for one in table["id"]],
    ).sort_values("id", kind="stable", ignore_index=True)  # fmt: skip


def _towns(
    region: Region, travel: Travel, task: CenterTask, served: Served, answer: Districting, centers: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a 街道 (or seat): the clause's two readings and its or, by the rule's own measure, and what is proposed."""
    params: Any = {"lower": task.lower, "upper": task.upper, "hospital_kinds": task.hospital_kinds}
    present, load, either = (
        community_centers(region, travel, test=test, **params).set_index("subject_code")
        for test in ("present", "load", "either")
    )
    names, counties = region.towns.set_index("code")["name"], region.towns.set_index("code")["county_code"]
    new = centers[(centers["status"] == "candidate") & centers["load"].notna()].groupby("town_code")
    codes, listed = present.index.to_series(), {code: tuple(rows["id"]) for code, rows in new}
    today = {code: tuple(sorted(set(ids) - {""})) for code, ids in served.people.groupby("town_code")["center_today"]}
    table = pd.DataFrame(
        {
            "code": codes, "name": codes.map(names), "county_code": codes.map(counties),
            "population": present["population"], "present": present["value"].astype(int),
            "center_today": [today.get(one, ()) for one in codes],
            "load": load["value"], "met_present": present["met"], "met_load": load["met"], "met": either["met"],
            "advice": either["advice"], "needed": codes.map(new["id"].size()).fillna(0).astype(int),
            "proposal": [listed.get(one, ()) for one in codes], "estimated": either["estimated"],
        }
    ).join(_planned(served, answer, centers)).reset_index(drop=True)  # fmt: skip
    within = table.pop("within").eq(True)
    return table.assign(met_planned=((table["present"] + table["needed"]) > 0) | within)


def _planned(served: Served, answer: Districting, centers: pd.DataFrame) -> pd.DataFrame:
    """Return, by town, load_planned (the largest a centre, of several with one district the mean) and within (its bound).

    Towns without a plan have none.
    """
    loads, units = answer.loads.set_index("center_id"), served.units
    joint = centers.set_index("id")["joint"].clip(lower=1).reindex(loads.index)
    each = np.ceil(loads["load"] / joint)
    mine = units["id"].map(answer.assignment)
    rows = pd.DataFrame(
        {"load_planned": mine.map(each), "within": mine.map((loads["load"] <= loads["upper"]).astype(float))}
    )
    by = rows.groupby(units["town_code"].to_numpy())
    return by["load_planned"].max().to_frame().join(by["within"].min() == 1.0)


def _stations(region: Region, served: Served, centers: pd.DataFrame, task: CenterTask, walk: Travel) -> Stations:
    """Return the walks and stations, with the centres of the plan among what stands; converted ones are there already."""
    standing = [region.open_facilities(KIND, STATION)[["id", "lon", "lat"]], centers[["id", "lon", "lat"]]]
    table = pd.concat([pd.DataFrame(one) for one in standing], ignore_index=True).drop_duplicates("id")
    limit = limit_mm(task.station_minutes, task.walk_kmh)
    return stations(served, walk, table, limit, task.walk_kmh, task.solving)


def _communities(served: Served, answer: Districting, walked: Stations, ways: Ways) -> gpd.GeoDataFrame:
    walks = walked.walks.assign(beyond=walked.walks["population"].where(~walked.walks["within"], 0))
    ids, units = served.units["id"], served.units
    planned = ids.map(answer.assignment).fillna("")
    return units.assign(
        center_planned=planned,
        minutes=ids.map(walked.mean("minutes")),
        beyond=ids.map(walks.groupby("unit")["beyond"].sum()).astype("int64"),
        unreached=ways.without(units, planned),
        station=ids.isin(walked.chosen),
    )


def _hospitals(served: Served, centers: pd.DataFrame, travel: Travel, task: CenterTask) -> pd.DataFrame:
    """Return all centres in order of fitness for a community hospital. Reach: the people whose nearest centre it is."""
    if not len(centers):
        return pd.DataFrame(columns=["id", "name", "load", "reached", "beds", "place", "chosen", "why"])
    nearest = travel.reach_whole(served.people, centers, 0).nearest()["facility_id"]
    people = pd.Series(served.people["population"].to_numpy(), index=served.people["id"].to_numpy(object))
    reached = people.groupby(nearest.reindex(people.index)).sum()
    table = centers[["id", "name", "grade", "beds"]].assign(
        load=centers["load"].fillna(centers["load_today"]), reached=centers["id"].map(reached).fillna(0)
    )
    return upgrades(table, task.hospital_share)


def _edit(row: pd.Series) -> Edit:
    """Return a new centre as an edit: opened at a community's point, or made of a station or a hospital."""
    load = f"，服务 {int(row['load'])} 人"
    if row["origin"] == "community":
        names = ("id", "name", "kind", "lon", "lat")
        fields = {name: float(row[name]) if name in ("lon", "lat") else row[name] for name in names}
        return Open(fields=fields, reason=_PLANNED + load)
    word = "convert" if row["origin"] == "hospital" else "upgrade"
    return Change(facility=str(row["id"]), fields={"kind": KIND}, word=word, reason=_PLANNED + load)


def without_plan(region: Region, units: pd.DataFrame) -> dict[str, str]:
    """Return, by code, the counties of which no community is a centre's (units: county_code), each with why and whom it concerns."""
    towns, people = region.towns.set_index("code")["county_code"], region.residents
    seats = set(region.towns.loc[region.towns["is_county_seat"].astype(bool), "county_code"])
    urban = people[people["is_urban"].astype(bool)]
    count = urban.groupby(urban["town_code"].map(towns))["population"].sum()
    return {
        code: f"{name}没有街道，{'县城有卫生院、没有社区卫生服务中心' if code in seats else '也没有县城'}，"
        f"本方案不涉及（城镇居民 {people_text(count.get(code, 0))}）"
        for code, name in sorted(zip(region.counties["code"], region.counties["name"], strict=True))
        if code not in set(units["county_code"])
    }


def _assumed(region: Region, served: Served, task: CenterTask, travel: Travel) -> tuple[str, ...]:
    points = region.subject_level == "village"
    way = "米" if travel.unit == "mm" else "时间"
    said = [
        "服务对象＝街道全部居民、没有卫生院的县城，以及其他设有中心的镇的城镇居民（与评估口径一致）。",
        "社区为点时，相邻关系由同县（区）各社区点的泰森多边形共边推得（假设）；无社区数据时用乡镇界共边。"
        if points else "没有社区数据，以乡镇界共边为相邻关系。",
        f"片区整社区划分、相连成片、不跨县（区），服务人口不超过 {task.upper} 人；不足 {task.lower} 人"
        + ("不可行。" if task.hard else "注“可合并”。"),
        f"新增中心先求最少，再求人口加权{way}最少；候选＝待转型卫生院、已有服务站、各社区点（假设）。",
        f"服务站：步行 {exact_text(task.station_minutes)} 分钟、每小时 {exact_text(task.walk_kmh)} 公里以外的社区设站（参数，假设）。",
        f"社区医院：中心总数的 {exact_percent(task.hospital_share)}，按服务人口、可及人口、床位的名次之和（假设）。",
    ]  # fmt: skip
    if task.crosswalk is None:
        said.append("没有撤并对照表：卫生院转型无数据，不推断。")
    return (*said, *(f"{why}。" for why in without_plan(region, served.units).values()))
