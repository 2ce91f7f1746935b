"""What a Python session or a notebook works with: a city, assessments of it, scenarios built in words, reach and siting of one's own points.

Everything here is a thin door to what the commands use; `fugai` (the module beside the packages) hands these names out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.load import load_with_warnings
from geodata.roads import read_roads
from geodata.roads_osm import read_networkx
from geodata.samples import facts_folder
from planner.errors import DataError, OptionError, Problem, Text
from planner.limits import Limit, as_limit
from planner.measures import FUNCTIONS
from planner.network import RoadGraph
from planner.reach import Reach
from planner.region import Region
from planner.road import Road
from planner.rules import Rules
from planner.rules import load_rules as rules_of
from planner.scenario import Scenario
from planner.siting.instance import instance_of
from planner.siting.models import explained, solve
from planner.siting.question import Limits, Model, Question, Quota
from planner.siting.siting import Siting
from planner.text import number_text, people_text, share_text
from planner.travel import StraightLine
from scenarios.compare import Comparison
from scenarios.compare import compare as compare_scenarios
from scenarios.files import ScenarioFile
from scenarios.run import Outcome, city_rules, run
from scenarios.ways import RoadChoices, road_of

STATUS_QUO = Scenario()


@dataclass(frozen=True, eq=False, repr=False)
class City:
    """The facts of one city, loaded once.

    region    towns, villages, residents, facilities, counties and roads as frames (`planner.region.Region`)
    warnings  what was doubtful in the files
    """

    region: Region
    warnings: tuple[Problem, ...] = ()
    folder: Path | None = None

    @property
    def name(self) -> str:
        return self.region.about.name

    def assess(self, rules: str = "", scenario: Scenario | ScenarioFile = STATUS_QUO) -> Outcome:
        """Return the outcome of judging the city, as a scenario decides, by the rules (the city's own where none are named).

        >>> city = load("sample:panzhihua")
        >>> len(city.assess("panzhihua_2023").gaps) > 0
        True
        """
        return run(self.region, rules or city_rules(self.region), scenario)

    def __repr__(self) -> str:
        region = self.region
        people = people_text(int(region.residents["population"].sum()))
        roads = "without roads" if region.roads is None else repr(region.roads)
        return (
            f"City({self.name} {region.about.code}: {len(region.towns)} towns, {len(region.villages)} villages, "
            f"{len(region.facilities)} facilities, {people}, {roads})"
        )


def load(data: Path | str) -> City:
    """Return the city of a folder of facts, or of an embedded sample. DataError with every problem of the files.

    >>> load("sample:panzhihua").name
    '攀枝花市'
    """
    folder = facts_folder(data)
    loaded = load_with_warnings(folder)
    return City(loaded.region, loaded.warnings, folder)


def load_rules(rules: str) -> Rules:
    """Return the rules of a name or of a .yaml file; RuleError with every problem of the file.

    >>> load_rules("panzhihua_2023").city
    '5104'
    """
    return rules_of(rules, FUNCTIONS)


def compare(before: Outcome, *after: Outcome) -> Comparison:
    """Return what each outcome changes against the first; OptionError where they are not of the same facts and rules.

    >>> city = load("sample:panzhihua")
    >>> now = city.assess("panzhihua_2023")
    >>> then = city.assess("panzhihua_2023", Scenario("少一处").close(city.region.facilities["id"].iloc[0]))
    >>> len(compare(now, then).pairs)
    1
    """
    facts, law = before.facts, before.law
    if facts is None or law is None or any(one.facts is not facts or one.law != law for one in after):
        what = Text("不是同一份数据、同一套规则的结果", "not outcomes of the same facts and rules")
        fix = Text("从同一个 load(...) 得到的城市、用同一套规则评估", "assess one loaded city by one set of rules")
        raise OptionError(Problem("compare", what, fix))
    every = [before, *after]
    return compare_scenarios(facts, law, [one.scenario for one in every], [one.choices for one in every])


@dataclass(frozen=True, eq=False, repr=False)
class Reached:
    """Who reaches which site within a limit, with the weights that were given.

    reach         the pairs and everyone's nearest, by id (`planner.reach.Reach`; whole mm or ms)
    demand, sites  id, lon, lat; demand also weight; sites perhaps cost, min_load, max_load, status, group
    limit         as it was said
    """

    reach: Reach
    demand: pd.DataFrame
    sites: pd.DataFrame
    limit: Limit

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a demand: id, weight, covered, nearest site ("" none), cost (km or minutes, NaN none)."""
        nearest = self.reach.nearest()
        per = 1e6 if self.limit.unit == "mm" else 60_000
        covered = self.reach.covered().to_numpy()
        return self.demand.assign(
            covered=covered, nearest=nearest["facility_id"].to_numpy(object), cost=nearest["cost"].to_numpy() / per
        )

    @property
    def weight(self) -> float:
        return float(self.demand["weight"].sum())

    @property
    def covered(self) -> float:
        """The weight within the limit."""
        return float(self.table.loc[self.table["covered"], "weight"].sum())

    @property
    def unreachable(self) -> float:
        """The weight that reaches no site at all."""
        return float(self.table.loc[self.table["nearest"] == "", "weight"].sum())

    def __repr__(self) -> str:
        share = share_text(self.covered / self.weight) if self.weight else "—"
        return (
            f"Reached({len(self.demand)} demands, {len(self.sites)} sites, within {self.limit.said}: "
            f"{number_text(self.covered)} of {number_text(self.weight)}, {share}; unreachable {number_text(self.unreachable)})"
        )


def reach(
    demand: pd.DataFrame, sites: pd.DataFrame, limit: str | Limit, *, roads: Any = None, id: str = "id", weight: str = "",
    direction: Literal["from", "to"] = "from", speeds: Mapping[str, float] | None = None,
) -> Reached:  # fmt: skip
    """Return who reaches which site within "5km" or "15min", straight or by road.

    demand, sites   frames in any CRS (points; of other shapes their representative point), or with columns lon, lat;
                    `id` is their column of ids (the index where there is none), `weight` that of the demand ("": 1 each)
    roads           a RoadGraph, a networkx graph of osmnx, or a file that `fugai roads` reads; None: straight lines
    direction       "from" the site to the demand (an ambulance) or "to" it (a patient)
    speeds          km/h by class of road, for times

    >>> homes = pd.DataFrame({"id": ["a", "b"], "lon": [101.70, 101.80], "lat": [26.60, 26.60], "people": [120, 80]})
    >>> stations = pd.DataFrame({"id": ["s"], "lon": [101.70], "lat": [26.61]})
    >>> reach(homes, stations, "5km", weight="people")
    Reached(2 demands, 1 sites, within 5km: 120 of 200, 60.00%; unreachable 0)
    """
    within = as_limit(limit)
    graph = None if roads is None else graph_of(roads)
    if graph is None and within.unit == "ms":
        what, fix = Text("按时间计算需要路网", "a time needs roads"), Text("给出 roads=", "give roads=")
        raise OptionError(Problem("limit", what, fix, found=within.said))
    people, places = points_of(demand, "demand", id, weight), points_of(sites, "sites", id)
    travel: StraightLine | Road = StraightLine()
    if graph is not None:
        travel = road_of(graph, RoadChoices(speeds=speeds or {}), by_time=within.unit == "ms", direction=direction)
    return Reached(travel.reach_whole(people, places, within.value), people, places, within)


def graph_of(roads: Any) -> RoadGraph:
    """Return the RoadGraph of a graph, a networkx graph as osmnx makes it, or a file of roads."""
    if isinstance(roads, RoadGraph):
        return roads
    if isinstance(roads, str | Path):
        return read_roads(roads)
    return read_networkx(roads)


def points_of(frame: pd.DataFrame, side: str, id: str = "id", weight: str = "") -> pd.DataFrame:
    """Return the points of one side: id (text), lon, lat; of the demand also weight; other columns of sites as they are.

    DataError for points that are empty, ids that are blank or stand twice, and weights that are no numbers ≥ 0.
    """
    columns = (
        {"lon": frame["lon"], "lat": frame["lat"]} if not isinstance(frame, gpd.GeoDataFrame) else _degrees(frame, side)
    )
    ids = frame[id] if id in frame else pd.Series(frame.index, index=frame.index)
    points = pd.DataFrame({"id": ids.astype(str), **columns}).reset_index(drop=True)
    _refuse_rows(side, "id", points["id"].duplicated(keep=False) | (points["id"].str.strip() == ""), points["id"],
                 Text("编号重复或为空", "an id is blank or stands twice"))  # fmt: skip
    bad = ~np.isfinite(points[["lon", "lat"]].to_numpy(float)).all(axis=1)
    _refuse_rows(side, "geometry", pd.Series(bad), points["id"], Text("没有坐标", "has no coordinates"))
    if side == "demand":
        amount = (
            pd.Series(1.0, points.index)
            if not weight
            else pd.to_numeric(frame[weight], errors="coerce").reset_index(drop=True)
        )
        _refuse_rows(
            side,
            weight,
            ~(amount >= 0),
            points["id"],
            Text("权重不是不小于 0 的数", "its weight is no number from 0 on"),
        )
        return points.assign(weight=amount.astype(float))
    own = [name for name in ("name", "cost", "min_load", "max_load", "status", "group") if name in frame]
    return points.join(pd.DataFrame(frame)[own].reset_index(drop=True))


def _degrees(frame: gpd.GeoDataFrame, side: str) -> dict[str, Any]:
    if frame.crs is None:
        fix = Text("用 set_crs 写明，如 EPSG:4326", "name it with set_crs, as EPSG:4326")
        raise DataError(Problem(side, Text("没有坐标系", "has no CRS"), fix))
    shapes = frame.geometry.representative_point().to_crs(4326)
    return {"lon": shapes.x, "lat": shapes.y}


def _refuse_rows(side: str, column: str, bad: pd.Series, ids: pd.Series, what: Text) -> None:
    if bad.any():
        found = "、".join(ids[bad.to_numpy(bool)].astype(str).head(5))
        raise DataError(Problem(side, what, Text("改正后重试", "correct it and try again"), column=column, found=found))


def site(
    reached: Reached, model: Model, p: int | None = None, *, share: float = 1.0, budget: float | None = None,
    quotas: Iterable[Quota] = (), apart: Sequence[tuple[str, str]] = (), allow_unreachable: bool = False,
    split: bool = True, limits: Limits | None = None,
) -> Siting:  # fmt: skip
    """Return where sites should be, with the proof or the bound and gap; infeasible says why and what helps.

    lscp: the fewest that cover all; mclp: p that cover most; backup: covered twice; p-median: least weight × cost;
    p-center: the farthest nearest; capacitated: with loads. See `planner.siting` for the formulas and sources.

    >>> homes = pd.DataFrame({"id": ["a", "b"], "lon": [101.70, 101.80], "lat": [26.60, 26.60]})
    >>> stations = pd.DataFrame({"id": ["s", "t"], "lon": [101.70, 101.80], "lat": [26.61, 26.61]})
    >>> site(reach(homes, stations, "5km"), "lscp")
    Siting(lscp, optimal: 2 sites s, t; covered 2 of 2; objective 2, bound 2, gap 0)
    """
    question = Question(model, p, share, 1.0, split, allow_unreachable, budget, tuple(quotas), tuple(apart))
    weights = pd.Series(reached.demand["weight"].to_numpy(float), reached.demand["id"].to_numpy(object))
    instance = instance_of(question, reached.reach, weights, reached.sites)
    return explained(solve(instance, limits or Limits()))
