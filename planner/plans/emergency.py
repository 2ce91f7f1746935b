"""Emergency stations: the fewest more that reach everyone, given those there are; the best few; and cover twice over."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from planner.errors import Problem, SitingError, Text
from planner.hospitals import hospital_lines, treating
from planner.measures import people_in_question
from planner.plans.sites import COLUMNS, rows_of
from planner.reach import Reach
from planner.region import URBAN_SCOPES, Region, settlements
from planner.scenario import Open
from planner.siting.best import lexicographic
from planner.siting.front import Step, curve
from planner.siting.instance import Instance, instance_of
from planner.siting.models import solve
from planner.siting.question import CANDIDATE, Budget, Limits, Question
from planner.siting.siting import Siting, open_positions, siting_of
from planner.siting.small import small_first, value_of
from planner.text import exact_percent, limit_text
from planner.travel import StraightLine, Travel

Tell = Callable[[Text], None]
KIND = "emergency_station"
HOSTS = ("hospital", "township_hospital", "county_subcenter")
_RESCUE = "rescue_center"
WAYS: Mapping[str, str] = MappingProxyType({"paper": "直线", "road": "道路", "road_time": "响应时间"})
_MOST_PAIRS, _TRIED, _LEVELS = 5_000_000, 500, 5
"""With more pairs of settlements and sites than that, the grid is widened; how many settlements foretell them; how often at most."""
_HOSTED, _ALONE = 1000.0, 1001.0
"""Site costs by which, of plans with equally many stations, one with more hosts is preferred (up to 999 stations)."""


@dataclass(frozen=True)
class Case:
    """Whom to reach within what, by which way: a case of the clause (urban) or of the planner's parameter (rural).

    limit   whole mm or ms, as the way of travelling counts
    """

    residents: Literal["urban", "rural"]
    scope: str
    travel: str
    limit: int
    greenfield: bool = False

    @property
    def id(self) -> str:
        new = "_greenfield" if self.greenfield else ""
        return f"{self.residents}_{self.scope}_{self.travel}_{self.limit}{new}"

    @property
    def label(self) -> str:
        """The case in words."""
        who = "城市地区" if self.residents == "urban" else "农村地区"
        scope = URBAN_SCOPES[self.scope].zh
        where = f"{scope}{'以外' if self.residents == 'rural' else ''}"
        far = limit_text(self.limit, "ms" if self.travel == "road_time" else "mm")
        return f"{who}，{WAYS[self.travel]} {far}，{where}" + ("，从零新设" if self.greenfield else "")


@dataclass(frozen=True)
class EmergencyTask:
    """What a planner asks: the cases, how dense the grid of free-standing sites is (0: none), and how to solve.

    solving: its time bounds all cases together; each question may take an even share of what is left
    """

    cases: tuple[Case, ...]
    grid_m: float = 1000.0
    most: int = 12
    shares: tuple[float, ...] = (0.9, 0.95, 0.99)
    solving: Limits = field(default=Limits())


@dataclass(frozen=True, eq=False)
class CaseAnswer:
    """One case: its residents, what stands today, the fewest more (`least`), the curve, shares of people, and cover twice.

    people, covered   of the residents asked about, and of these within reach of a station that stands
    today, lost       ids of the settlements within reach of a station that stands; of those that no site reaches at all
    least             fewest more stations for all whom any site reaches; its unreachable_ids name the others
    steps             most people with 0, 1, 2 … more (not for rural cases)
    shares            share of people → fewest more for it, hosts not preferred (urban cases)
    grid_m            how far apart the free-standing sites of this case are
    twice             of the plans with the fewest stations, the one that covers most people twice (urban cases where the
                      fewest are proven)
    """

    asked: Case
    demand: pd.DataFrame
    people: int
    covered: int
    today: frozenset[str]
    lost: frozenset[str]
    least: Siting
    steps: tuple[Step, ...]
    shares: Mapping[float, Siting]
    twice: Siting | None
    grid_m: float

    @property
    def proposed(self) -> Siting:
        """The fewest stations, and of such plans that which covers most people twice where it is known."""
        return _proposed(self.least, self.twice)


@dataclass(frozen=True, eq=False)
class EmergencyPlan:
    """All cases over the same sites. sites: id, name, host_id, places, kind ("host", "grid" or "station"), new_id (a new station's)."""

    task: EmergencyTask
    sites: pd.DataFrame
    cases: tuple[CaseAnswer, ...]
    assumptions: tuple[str, ...]

    def edits(self, siting: Siting) -> tuple[Open, ...]:
        """Return the new stations of a plan as edits."""
        rows = self.sites.set_index("id")
        return tuple(_station(row) for _, row in rows.loc[list(siting.chosen)].iterrows())


def _proposed(least: Siting, twice: Siting | None) -> Siting:
    known = twice is not None and len(twice.chosen) == len(least.chosen) and twice.status == "optimal"
    return twice if known and twice is not None else least


def plan_emergency(
    region: Region, travels: Mapping[str, Travel], task: EmergencyTask, tell: Tell = lambda _: None
) -> EmergencyPlan:
    """Return every case's answers. From the station to the resident; stations that stand are open and not counted."""
    sites = _sites(region, task)
    budget = Budget(task.solving, sum(_questions(one, task) for one in task.cases))
    cases = []
    for number, asked in enumerate(task.cases, 1):
        case = _Telling(
            tell, f"（{number}/{len(task.cases)}）{asked.label}", f"({number}/{len(task.cases)}) {asked.id}"
        )
        cases.append(_case(region, travels[asked.travel], asked, sites, task, budget, case))
    return EmergencyPlan(task, _told_apart(sites, cases), tuple(cases), _assumed(region, task))


@dataclass(frozen=True)
class _Telling:
    """Tells which question of a case is under way."""

    tell: Tell
    zh: str
    en: str

    def __call__(self, zh: str, en: str) -> None:
        self.tell(Text(f"{self.zh}：{zh}", f"{self.en}: {en}"))


def _questions(asked: Case, task: EmergencyTask) -> int:
    """Return how many questions a case asks at most."""
    if asked.residents == "rural":
        return 1
    return 1 + task.most + 1 + (0 if asked.greenfield else len(task.shares) + 1)


def _told_apart(sites: pd.DataFrame, cases: Sequence[CaseAnswer]) -> pd.DataFrame:
    """Return the sites with a number behind the name of each grid point that shares it with another in some plan.

    Those of the first case's plan for all come first, then as the plans are told.
    """
    plans = [plan for case in cases for plan in (case.proposed, *(step.siting for step in case.steps))]
    used = list(dict.fromkeys(one for plan in plans for one in plan.chosen))
    rows = sites.reset_index().set_index("id").loc[used]
    mine = rows[(rows["kind"] == "grid")].set_index("index")["name"]
    mine = mine[mine.duplicated(keep=False)]
    numbered = mine + (mine.groupby(mine).cumcount() + 1).astype(str)
    return sites.assign(name=numbered.reindex(sites.index).fillna(sites["name"]))


def _case(
    region: Region,
    travel: Travel,
    asked: Case,
    sites: pd.DataFrame,
    task: EmergencyTask,
    budget: Budget,
    tell: _Telling,
) -> CaseAnswer:
    tell("谁到得了谁", "who reaches whom")
    people: Any = people_in_question(region, asked.residents, asked.scope)  # type: ignore[arg-type]
    demand = settlements(people)
    mine = sites[sites["kind"] != "station"] if asked.greenfield else sites
    level = _level(mine, demand, _about_m(asked))
    mine = mine[mine["level"] >= level]
    reach = travel.reach_whole(demand, mine, asked.limit)
    weights = pd.Series(demand["population"].to_numpy(float), index=reach.demand_ids)
    tell("最少新增", "the fewest more")
    least = _ask(Question("lscp", allow_unreachable=True), reach, weights, mine, budget.next())
    twice = None
    if not asked.greenfield and asked.residents == "urban" and least.chosen and least.status == "optimal":
        tell("双重覆盖", "cover twice over")
        twice = _ask(Question("backup", allow_unreachable=True), reach, weights, mine, budget.next())
    steps: tuple[Step, ...] = ()
    if asked.residents == "urban":
        steps = _steps(reach, weights, mine, demand, _proposed(least, twice), task, budget, tell)
    shares: dict[float, Siting] = {}
    for share in () if asked.greenfield or asked.residents == "rural" else task.shares:
        tell(f"覆盖 {exact_percent(share)} 的人", f"{exact_percent(share)} of the people")
        shares[share] = _ask(Question("lscp", share=share), reach, weights, mine, budget.next())
    stations = mine[mine["kind"] == "station"]
    today = travel.reach_whole(demand, stations, asked.limit).covered().to_numpy(bool)
    population = demand["population"].to_numpy()
    ids = reach.demand_ids
    return CaseAnswer(
        asked, demand, int(population.sum()), int(population[today].sum()), frozenset(ids[today]),
        frozenset(ids[reach.nearest_index < 0]), least, steps, shares, twice,
        task.grid_m * 2**level,
    )  # fmt: skip


def _about_m(asked: Case) -> float:
    """Return about how far, in metres, the limit of a case reaches: a minute is a kilometre."""
    return asked.limit / 60 if asked.travel == "road_time" else asked.limit / 1000


def _level(sites: pd.DataFrame, demand: pd.DataFrame, metres: float) -> int:
    """Return how often the spacing of the grid must be doubled so that not too many pairs are to be looked at.

    They are foretold from some settlements, evenly taken from all, in a straight line.
    """
    step = max(1, len(demand) // _TRIED)
    some = demand.iloc[::step]
    pairs = StraightLine().reach_whole(some, sites, round(metres * 1000)) if len(some) else None
    levels = np.zeros(0) if pairs is None else sites.sort_values("id")["level"].to_numpy()[pairs.indices]
    level = 0
    while level < _LEVELS and (levels >= level).sum() * step > _MOST_PAIRS:
        level += 1
    return level


def _instance(question: Question, reach: Reach, weights: pd.Series, sites: pd.DataFrame) -> Instance:
    status = np.where(sites["kind"] == "station", "background", "candidate")
    cost = np.where(sites["host_id"] == "", _ALONE, _HOSTED)
    frame = pd.DataFrame({"id": sites["id"], "status": status})
    all_of_them = question.model != "mclp" and question.share == 1
    return instance_of(question, reach, weights, frame.assign(cost=cost) if all_of_them else frame)


def _ask(question: Question, reach: Reach, weights: pd.Series, sites: pd.DataFrame, limits: Limits) -> Siting:
    return solve(_instance(question, reach, weights, sites), limits)


def _steps(
    reach: Reach,
    weights: pd.Series,
    sites: pd.DataFrame,
    demand: pd.DataFrame,
    proposed: Siting,
    task: EmergencyTask,
    budget: Budget,
    tell: _Telling,
) -> tuple[Step, ...]:
    """Return the most people that 0, 1, 2 … more stations reach, up to those that everyone needs.

    With as many stations as the plan for all (`proposed`) has, the step is that plan: none reaches more.
    """
    instance = _instance(Question("mclp", p=0), reach, weights, sites)
    solver, hosts = small_first(solve), frozenset(sites.loc[sites["kind"] == "host", "id"])
    known = proposed.status in ("optimal", "feasible")
    most = min(len(proposed.chosen) if proposed.status == "optimal" else task.most, task.most)
    budget.skip(task.most - most)

    def hosted(one: Instance, _: Limits) -> Siting:
        tell(f"新增 {one.question.p} 处", f"{one.question.p} more")
        limits = budget.next()
        if known and len(proposed.chosen) == one.question.p:
            opened, covered = open_positions(one, proposed.chosen), proposed.covered
            return siting_of(one, opened, covered, covered, proposed.seconds, limits, {})
        return with_hosts(lexicographic(one, limits, solver), hosts)

    groups = demand.set_index("id")["town_code"]
    return tuple(curve(instance, task.solving, range(most + 1), hosted, groups))


def with_hosts(siting: Siting, hosts: Collection[str]) -> Siting:
    """Return a plan that reaches as many people, with hosts where one can stand in for a site without.

    One by one, in the order of their ids: a site without a host gives way to a host that reaches everyone whom it alone
    reaches; of several to that which reaches most people, of these to the first id. A siting without a plan stays.
    """
    instance = siting.instance
    if siting.status not in ("optimal", "feasible"):
        return siting
    shape = (len(instance.demand_ids), len(instance.site_ids))
    pairs = csr_array((np.ones(len(instance.indices)), instance.indices, instance.indptr), shape=shape).tocsc()
    opened = set(open_positions(instance, siting.chosen).tolist())
    may = np.isin(instance.site_ids, list(hosts)) & (instance.status == CANDIDATE)
    people = pairs.T @ instance.weight
    for site in sorted(opened & set(np.flatnonzero(~may & (instance.status == CANDIDATE)).tolist())):
        alone = np.asarray(pairs[:, sorted(opened)].sum(axis=1)).ravel() == 1
        mine = alone & (pairs[:, [site]].toarray().ravel() > 0)
        free = np.array([at for at in np.flatnonzero(may) if at not in opened], np.int64)
        able = free[np.asarray(pairs[mine][:, free].sum(axis=0)).ravel() == mine.sum()] if mine.any() else free[:0]
        if len(able):
            opened = (opened - {site}) | {int(able[np.argmax(people[able])])}
    if opened == set(open_positions(instance, siting.chosen).tolist()):
        return siting
    sites = np.array(sorted(opened))
    value = value_of(instance, sites) if instance.question.model == "mclp" else siting.objective
    found = siting_of(instance, sites, value, siting.bound, siting.seconds, siting.limits, siting.reduced)
    return replace(found, ties=value == siting.objective)


def _sites(region: Region, task: EmergencyTask) -> pd.DataFrame:
    """Return the stations that stand, the hosts that have none yet, and the grid on populated land."""
    stations = rows_of(region, region.open_facilities(KIND)["id"]).assign(kind="station", host_id="")
    taken = set(region.open_facilities(KIND)["host_id"].fillna(""))
    hosts = treating(region, *HOSTS)
    hosts = rows_of(region, hosts.loc[~hosts["id"].isin(taken), "id"]).assign(kind="host")
    hosts = hosts.assign(host_id=hosts["id"])
    parts = [one.assign(level=_LEVELS) for one in (stations, hosts)]
    parts += [_grid(region, task.grid_m)] if task.grid_m > 0 else []
    parts = [part[[*COLUMNS, "host_id", "level"]] for part in parts if len(part)]
    if not parts:
        what = Text("没有候选点：没有机构可依托，也没有格网", "no candidates: no hosts, and no grid")
        raise SitingError(Problem("--grid", what, Text("如 --grid 1km", "as --grid 1km")))
    sites = pd.concat(parts, ignore_index=True).sort_values("id", kind="stable", ignore_index=True)
    there = set(region.facilities["id"])
    return sites.assign(new_id=[_free_id(f"ES-{one}", there) for one in sites["id"]])


def _free_id(wanted: str, taken: Container[str]) -> str:
    """Return an id for a new station: a station of that id, closed or open, keeps it.

    >>> _free_id("ES-TH1", {"ES-TH1", "ES-TH1-2"})
    'ES-TH1-3'
    """
    names = (f"{wanted}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(one for one in names if one not in taken)


def _grid(region: Region, step_m: float) -> pd.DataFrame:
    """Return the points of a square grid that lie within one step of where people live, with their town.

    level: of how many grids, each twice as wide as the one before, a point is beside this one.
    """
    people = region.residents[region.residents["population"] > 0]
    xy = np.column_stack([people.geometry.x, people.geometry.y])
    around = np.arange(-2, 3) * step_m
    cells = np.round(xy / step_m)[:, None, :] * step_m + np.stack(np.meshgrid(around, around), -1).reshape(1, -1, 2)
    cells = np.unique(cells.reshape(-1, 2), axis=0)
    from scipy.spatial import cKDTree

    far, nearest = cKDTree(xy).query(cells)
    cells, nearest = cells[far <= step_m], nearest[far <= step_m]
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(cells[:, 0], cells[:, 1]), crs=region.crs)
    towns = region.towns[["code", "name", "county_code", "geometry"]]
    inside = points.sjoin(towns, predicate="within").sort_values(["code"], kind="stable")
    inside = inside[~inside.index.duplicated()].sort_index()
    degrees = inside.geometry.to_crs(4326)
    return pd.DataFrame(
        {
            "id": [f"G{x:.0f}_{y:.0f}" for x, y in cells[inside.index]],
            "name": _grid_names(region, inside, people.iloc[nearest[inside.index]]),
            "kind": "grid",
            "county_code": inside["county_code"].to_numpy(object),
            "town_code": inside["code"].to_numpy(object),
            "lon": degrees.x.round(6).to_numpy(),
            "lat": degrees.y.round(6).to_numpy(),
            "grade": "",
            "owner": "",
            "beds": np.nan,
            "estimated": False,
            "host_id": "",
            "level": _doublings(cells[inside.index] / step_m),
        }
    )


def _doublings(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return how often both numbers of each cell can be halved, at most `_LEVELS` times.

    >>> _doublings(np.array([[4.0, 8.0], [4.0, 7.0], [0.0, 0.0]])).tolist()
    [2, 0, 5]
    """
    whole = np.rint(cells).astype(np.int64)
    return sum(
        ((whole % 2**level == 0).all(axis=1).astype(np.int64) for level in range(1, _LEVELS + 1)),
        start=np.zeros(len(whole), np.int64),
    )


def _grid_names(region: Region, points: pd.DataFrame, nearest: pd.DataFrame) -> list[str]:
    """Return the town of each point, and the village near it where the nearest residents name one of that town."""
    villages = region.villages["name"].str.replace("(村民|居民)?委员会$", "", regex=True)
    village = nearest["village_code"].map(dict(zip(region.villages["code"], villages, strict=True))).fillna("")
    rows = zip(points["name"], points["code"], nearest["town_code"], village, strict=True)
    return [f"{town}{near}附近拟设点" if near and code == its else f"{town}拟设点" for town, code, its, near in rows]


def _station(row: pd.Series) -> Open:
    alone = row["host_id"] == ""
    return Open(
        fields={
            "id": row["new_id"],
            "name": f"{row['name']}急救站" if alone else f"{row['name']}急救站（依托）",
            "kind": KIND,
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
            **({} if alone else {"host_id": row["host_id"]}),
        },
        reason="急救站布局方案" + ("（独立，格网选点）" if alone else "（依托）"),
    )


def _rescue_line(region: Region) -> tuple[str, ...]:
    """Return that a rescue centre counts for nothing here, and how to count it: whether the 5 km may be its is open."""
    names = "、".join(region.open_facilities(_RESCUE)["name"].sort_values())
    if not names:
        return ()
    return (
        f"{names}不算急救站（与评估中作判断的口径相同；条款没有写明，评估另有算上它的口径）；要算上，在方案里用 change 把它的类型改为急救中心（站），用 --scenario 给出。",
    )


def _assumed(region: Region, task: EmergencyTask) -> tuple[str, ...]:
    grid = f"和居民点周边的格网点（独立，间距 {limit_text(task.grid_m * 1000, 'mm')}）" if task.grid_m > 0 else ""
    return (
        f"候选点＝没有急救站的综合、中医类医院、乡镇卫生院、次中心（依托）{grid}（假设）。",
        "已有急救站照常服务，求的是另需新增几处；个数相同时先取依托多的。",
        "农村地区的限度是规划人员的参数，不作判断。",
        *_rescue_line(region),
        *(one.zh for one in hospital_lines(region, by_class=False)),
    )
