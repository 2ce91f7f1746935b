"""Rounds: teams of township hospitals visit villages on days of the month, by road."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from planner.errors import OptionError, Problem, SitingError, Text
from planner.network import SPEED_KMH
from planner.plans.rural import ALL, administrative_villages, looked_up
from planner.plans.sites import known
from planner.region import Region
from planner.road import Road, Side
from planner.schema import RURAL_DIGITS, VILLAGE_RULE
from planner.search import Seeds
from planner.text import clock_text, exact_percent, exact_text, hours_text
from planner.travel import Travel, bare

# The way that a leg of the rounds drives: the fastest one's kilometres and its line, for the table and the map.

Whole = npt.NDArray[np.int64]
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Way:
    """One leg: kilometres of the fastest way, what lies between point and road included, and its (lon, lat)."""

    km: float
    line: Line


@dataclass(frozen=True, eq=False)
class Ways:
    """Fastest ways between points (id, lon, lat), traced on the roads, none longer than `longest` ms.

    `road` counts time from the start ("from") to the end of a leg, and adds nothing at its start.
    """

    road: Road
    points: pd.DataFrame
    longest: int

    def legs(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Way]:
        """Return the way of each leg (from id, to id); a leg without a way is left out."""
        wanted: dict[str, set[str]] = {}
        for start, end in pairs:
            wanted.setdefault(start, set()).add(end)
        return {(start, end): way for start in sorted(wanted) for end, way in self._from(start, sorted(wanted[start]))}

    def _from(self, start: str, ends: list[str]) -> Iterable[tuple[str, Way]]:
        """Yield the ways from one point: a shortest-path tree by time, read back from each end."""
        at, to = self._rows([start]), self._rows(ends)
        seeds, (row, node, leg), same = self.road.journey(to, at)
        far_seeds, (far_row, far_node, far_leg), far_same = self._length.journey(to, at)
        entry = dict(zip(far_seeds.node.tolist(), far_seeds.cost.tolist(), strict=True))
        leave = dict(zip(zip(far_row.tolist(), far_node.tolist(), strict=True), far_leg.tolist(), strict=True))
        beside = dict(zip(far_same[0].tolist(), far_same[2].tolist(), strict=True))
        time, before = self._tree(seeds)
        for index, end in enumerate(ends):
            mine = np.flatnonzero((row == index) & np.isfinite(time[node]))
            direct = same[2][same[0] == index]
            best = mine[np.argmin(time[node[mine]] + leg[mine])] if len(mine) else -1
            if len(direct) and (best < 0 or direct.min() <= time[node[best]] - 1 + leg[best]):
                yield end, Way(beside[index] / 1e6, self._line(at, to, index, []))
            elif best >= 0:
                nodes = _path(before, int(node[best]), len(self.road.net.place))
                inner = sum(self._edge[pair][1] for pair in pairwise(nodes))
                mm = entry[nodes[0]] + inner + leave[(index, nodes[-1])]
                yield end, Way(mm / 1e6, self._line(at, to, index, nodes))

    def _rows(self, ids: list[str]) -> pd.DataFrame:
        return self.points.set_index("id").loc[ids].reset_index()

    @cached_property
    def _length(self) -> Road:
        return replace(self.road, speeds=None, walks=None)

    @cached_property
    def _edge(self) -> Mapping[tuple[int, int], tuple[int, int, int, bool]]:
        """By (from node, to node): time, length, edge and whether it is driven from its tail; the fastest of parallel ones.

        A step between the roads of all and those at the ends of trips (`planner.road`) is edge −1.
        """
        net = self.road.net
        forward, backward = net.driven(*self.road.drivable)
        time, length = net.of_edges(self.road.edge_cost), net.of_edges(self.road.graph.length_mm)
        best: dict[tuple[int, int], tuple[int, int, int, bool]] = {}
        for usable, start, end, ahead in (
            (forward, net.tail, net.head, True),
            (backward, net.head, net.tail, False),
        ):
            for arc in np.flatnonzero(usable).tolist():
                pair = (int(start[arc]), int(end[arc]))
                entry = (int(time[arc]), int(length[arc]), int(net.edge[arc]), ahead)
                best[pair] = min(best.get(pair, entry), entry)
        return best

    def _tree(self, seeds: Seeds) -> tuple[npt.NDArray[np.float64], Whole]:
        """Return time to each node from the seeds (1 too much) and the node before it, by a node more that leads to them."""
        size, pairs = len(self.road.net.place), self._arrays
        order = np.lexsort((seeds.cost, seeds.node))
        node, first = np.unique(seeds.node[order], return_index=True)
        rows = np.concatenate([pairs[0], np.full(len(node), size)])
        columns = np.concatenate([pairs[1], node])
        cost = np.concatenate([pairs[2], seeds.cost[order][first] + 1]).astype(float)  # to scipy, 0 is no edge
        matrix = csr_array((cost, (rows, columns)), shape=(size + 1, size + 1))
        time, before = dijkstra(matrix, indices=size, return_predecessors=True, limit=self.longest + 1)
        return time, before.astype(np.int64)

    @cached_property
    def _arrays(self) -> tuple[Whole, Whole, Whole]:
        pairs = np.array(list(self._edge), np.int64).reshape(-1, 2)
        cost = np.array([max(one[0], 1) for one in self._edge.values()], np.int64)
        return pairs[:, 0], pairs[:, 1], cost

    def _line(self, start: pd.DataFrame, ends: pd.DataFrame, index: int, nodes: list[int]) -> Line:
        """Return the points from start to end along the shapes; straight between point and road."""
        end = ends.iloc[[index]]
        (edge, at), (last, to) = self._met(start, "facility"), self._met(end, "demand")
        if nodes:
            place, heads = self.road.net.place, self.road.graph.head
            line = self._shape(edge, at, float(place[nodes[0]] == heads[edge]))
            for pair in pairwise(nodes):
                between, ahead = self._edge[pair][2:]
                line += self._shape(between, 1.0 - ahead, float(ahead))[1:] if between >= 0 else []
            line += self._shape(last, float(place[nodes[-1]] == heads[last]), to)[1:]
        else:
            line = self._shape(edge, at, to)
        first, final = ((float(one["lon"].iloc[0]), float(one["lat"].iloc[0])) for one in (start, end))
        return (first, *line, final)

    def _met(self, point: pd.DataFrame, side: Side) -> tuple[int, float]:
        """Return the edge that a point meets, and the share of it from its tail."""
        at = self.road.access(point).at if side == "demand" else self.road.snap(point, side)
        edge = int(at.edge[0])
        return edge, float(at.along_mm[0] / max(int(self.road.graph.length_mm[edge]), 1))

    def _shape(self, edge: int, start: float, end: float) -> list[tuple[float, float]]:
        """Return the points of an edge between two shares of its length, in the order from start to end."""
        graph = self.road.graph
        part = slice(graph.shape_start[edge], graph.shape_start[edge + 1])
        lon, lat = graph.shape_lon[part], graph.shape_lat[part]
        step = np.hypot(np.diff(lon) * np.cos(np.radians(lat[0])), np.diff(lat))
        share = np.concatenate([[0.0], np.cumsum(step)]) / max(float(step.sum()), 1e-12)
        low, high = sorted((start, end))
        inside = share[(share > low) & (share < high)]
        wanted = np.concatenate([[low], inside, [high]])
        line = list(zip(np.interp(wanted, share, lon).tolist(), np.interp(wanted, share, lat).tolist(), strict=True))
        return line if start <= end else line[::-1]


def _path(before: Whole, node: int, root: int) -> list[int]:
    """Return the nodes from the first after the root to this one."""
    nodes = [node]
    while before[nodes[-1]] != root:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]


# One hospital's rounds: which villages on which day and in what order, by pyvrp, the same for the same input.

Seconds = npt.NDArray[np.int64]
Routes = tuple[tuple[int, ...], ...]
_PATIENCE = 1000
"""Iterations without a better plan after which the search ends."""


def routes(drive: Seconds, service: Seconds, day: int, iterations: int, seed: int) -> Routes:
    """Return the days out, each the stops (from 1) in order, with the least driving found; not proven to be the least.

    drive    whole seconds between the hospital (0) and the stops, row → column; each stop alone must fit into a day
    service  seconds at each stop, 0 at the hospital
    day      the most seconds from leaving the hospital to being back
    """
    stops = range(1, len(drive))
    if len(stops) <= 1:
        return tuple((one,) for one in stops)
    found = _solved(drive, service, day, iterations, seed)
    return tuple(sorted(_one_way_round(drive, one) for one in found))


def _one_way_round(drive: Seconds, stops: Sequence[int]) -> tuple[int, ...]:
    """Return the day's order, of the two ways round the shorter, and of equally long ones that of the smaller first stop."""
    return min(tuple(stops), tuple(reversed(stops)), key=lambda one: (driven(drive, one), one))


def driven(drive: Seconds, stops: Sequence[int]) -> int:
    """Return the seconds of driving of one day out."""
    legs = [0, *stops, 0]
    return int(drive[legs[:-1], legs[1:]].sum())


def _solved(drive: Seconds, service: Seconds, day: int, iterations: int, seed: int) -> list[list[int]]:
    pyvrp: Any = _pyvrp()
    size = len(drive)
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in range(size)],
        [pyvrp.Client(stop, service_duration=int(service[stop])) for stop in range(1, size)],
        [pyvrp.Depot(0)],
        [pyvrp.VehicleType(num_available=size - 1, shift_duration=day)],
        [drive],
        [drive],
    )
    stop = pyvrp.stop.MultipleCriteria([pyvrp.stop.MaxIterations(iterations), pyvrp.stop.NoImprovement(_PATIENCE)])
    alone = pyvrp.Solution(data, [[one] for one in range(size - 1)])
    best = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False, initial_solution=alone).best
    if not best.is_feasible():  # one village a day is a plan, so that there always is one
        best = alone
    return [[one.idx + 1 for one in route if one.is_client()] for route in best.routes()]


def _pyvrp() -> Any:
    try:
        import pyvrp
        import pyvrp.stop
    except ImportError as error:
        what = Text("排巡回日程要用 pyvrp，没有安装", "rounds need pyvrp, which is not installed")
        fix = Text("安装：pip install 'fugai[rounds]'", "install it: pip install 'fugai[rounds]'")
        raise OptionError(Problem("--rounds", what, fix)) from error
    return pyvrp


Legs = Mapping[tuple[str, str], Way]
REASONS: Mapping[str, Text] = MappingProxyType(
    {
        "unreachable": Text("到派出机构的路不通", "no way to the hospital that sends the team"),
        "too_long": Text("一次往返加服务超过一天", "there, the service and back take more than a day"),
    }
)
_STOPS = (
    "hospital", "hospital_name", "team", "visit", "day", "order", "code", "name", "town_name", "population",
    "drive_min", "km", "arrive", "service_min", "leave",
)  # fmt: skip
_DAYS = ("hospital", "hospital_name", "team", "visit", "day", "villages", "names", "km", "drive_min", "hours", "back")
_TEAMS = ("hospital", "hospital_name", "villages", "days_a_round", "teams", "short", "days", "km", "hours")
_LEFT = ("code", "name", "town_name", "hospital", "hospital_name", "reason", "hours", "why", "why_en")


@dataclass(frozen=True)
class RoundsTask:
    """What a planner decides about rounds: assumptions all of them, since no clause gives a number.

    visits        a month to each village, evenly spaced over `work_days` (working days a month)
    day_minutes   from leaving the hospital to being back; `start` is when the team leaves, minutes after midnight
    visit_minutes, resident_minutes  of service at each visit: so many, and so many a resident more
    teams         that a hospital has; a hospital that needs more is told
    """

    visits: int = 2
    work_days: int = 22
    day_minutes: int = 480
    start: int = 510
    visit_minutes: float = 60.0
    resident_minutes: float = 0.05
    teams: int = 1
    iterations: int = 3000
    seed: int = 1

    @property
    def days_a_round(self) -> int:
        """Working days between two visits: in so many, each village is visited once."""
        return self.work_days // self.visits


@dataclass(frozen=True, eq=False)
class RoundsPlan:
    """One month's duty in one season; the driving is the least found, not proven to be the least.

    stops  one row a visit to a village: hospital, team (number), visit (which of the month), day (nth working day),
           order, village, drive_min and km of the leg to it (km NaN without roads), arrive and leave (hh:mm), service_min
    days   one row a team and day: villages, their names in order, km, drive_min, hours, back (hh:mm)
    teams  one row a hospital: villages, days out a round, teams needed, whether it has fewer, and the month's sums
    left   villages that cannot be visited: why, and the hours that one visit needs (NaN: no way)
    ways   the leg's way by (from, to), for the map: village codes, and `base_of` the hospital
    """

    task: RoundsTask
    season: str
    stops: pd.DataFrame
    days: pd.DataFrame
    teams: pd.DataFrame
    left: pd.DataFrame
    ways: Legs
    assumptions: tuple[str, ...]

    @property
    def km(self) -> float:
        return float(self.days["km"].sum(min_count=len(self.days)))

    @property
    def hours(self) -> float:
        return float(self.days["hours"].sum())


def plan_rounds(region: Region, hosts: pd.Series, travel: Travel, task: RoundsTask, season: str = "") -> RoundsPlan:
    """Return the month's duty. `hosts`: hospital id by village code, as `RuralPlan.visited` gives it; travel counts ms.

    Each hospital's villages are routed by themselves: days out of at most the day's length, each repeated at every visit,
    so that a village always sees the same team. OptionError for numbers that cannot be, and where pyvrp is missing.
    """
    _checked(task)
    if travel.unit != "ms":
        raise ValueError(f"rounds need minutes, not a way of travelling that counts {travel.unit}")
    travel = to_drive(travel)
    villages = administrative_villages(region).set_index("code", drop=False)
    hosts = hosts.sort_index(kind="stable")
    known(region, "rounds", hosts.unique())
    _known_villages(hosts, villages)
    groups = [
        _Group.of(region, str(hospital), villages.loc[list(mine.index)], travel, task)
        for hospital, mine in hosts.groupby(hosts, sort=True)
    ]
    ways = _ways(groups, travel, task)
    stops = _frame([row for one in groups for row in one.stops(task, ways)], _STOPS)
    days = _frame([row for one in groups for row in one.days(task, ways)], _DAYS)
    teams = _frame([one.team(task, days) for one in groups], _TEAMS)
    left = _frame([row for one in groups for row in one.left(task)], _LEFT)
    order = ["hospital", "team", "day"]
    stops, days = stops.sort_values([*order, "order"], kind="stable"), days.sort_values(order, kind="stable")
    return RoundsPlan(
        task,
        season,
        stops.reset_index(drop=True),
        days.reset_index(drop=True),
        teams,
        left,
        ways,
        _assumed(task, bool(ways)),
    )


def base_of(hospital: str) -> str:
    """Return what a hospital is called among the points of its rounds, where a village may have the same letters as code.

    >>> base_of("TH1")
    '@TH1'
    """
    return f"@{hospital}"


def to_drive(travel: Travel) -> Travel:
    """Return the way as a team drives it: from place to place, without the delay of a dispatch; off the road both ways alike."""
    inner = bare(travel)
    if not isinstance(inner, Road):
        return travel
    travel = inner
    snap = max(travel.max_snap_m, travel.offroad_m)
    return replace(travel, direction="from", delay_s=0.0, max_snap_m=snap, offroad_m=0.0, walks=None)


@dataclass(frozen=True, eq=False)
class _Group:
    """One hospital and its villages: times in whole seconds, rows from and columns to; position 0 is the hospital."""

    hospital: str
    name: str
    villages: pd.DataFrame
    alone: npt.NDArray[np.float64]
    within: npt.NDArray[np.bool_]
    points: pd.DataFrame
    drive: Seconds
    service: Seconds
    routes: Routes = field(default=())

    @classmethod
    def of(
        cls, region: Region, hospital: str, villages: pd.DataFrame, travel: Travel, task: RoundsTask
    ) -> "_Group":  # fmt: skip
        """Return the hospital's days out over the villages that fit into a day."""
        place = region.facilities[region.facilities["id"] == hospital]
        here, there = place[["id", "lon", "lat"]], villages[["id", "lon", "lat"]]
        seconds = _seconds(travel, pd.DataFrame(here), there)
        points = pd.concat([here.assign(id=base_of(hospital)), there], ignore_index=True)
        minutes = task.visit_minutes + task.resident_minutes * villages["population"].to_numpy(float)
        service = np.concatenate([[0], np.ceil(minutes * 60)]).astype(np.int64)
        alone = seconds[0, 1:] + service[1:] + seconds[1:, 0]
        within = alone <= task.day_minutes * 60
        kept = np.concatenate([[0], np.flatnonzero(within) + 1])
        far = task.day_minutes * 60 * 4  # no day holds it: there is no way, or none that a day could hold
        drive = np.where(np.isnan(seconds), far, np.minimum(seconds, far)).astype(np.int64)[np.ix_(kept, kept)]
        found = routes(drive, service[kept], task.day_minutes * 60, task.iterations, task.seed)
        chosen = points.iloc[kept].reset_index(drop=True)
        return cls(hospital, str(place["name"].iloc[0]), villages, alone, within, chosen, drive, service[kept], found)

    @property
    def legs(self) -> Iterable[tuple[str, str]]:
        ids = self.points["id"].tolist()
        for stops in self.routes:
            for start, end in zip((0, *stops), (*stops, 0), strict=True):
                yield ids[start], ids[end]

    def duties(self, task: RoundsTask) -> Iterable[tuple[int, int, int, tuple[int, ...]]]:
        """Yield (team, visit, day, stops): the days out one after another, each again at every visit."""
        for at, stops in enumerate(self.routes):
            team, slot = divmod(at, task.days_a_round)
            for visit in range(task.visits):
                yield team + 1, visit + 1, visit * task.days_a_round + slot + 1, stops

    def stops(self, task: RoundsTask, ways: Legs) -> Iterable[dict[str, object]]:
        rows = self.villages.to_dict("index")
        ids = self.points["id"].tolist()
        for team, visit, day, stops in self.duties(task):
            clock, before = task.start * 60, 0
            for order, stop in enumerate(stops, 1):
                drive, service = int(self.drive[before, stop]), int(self.service[stop])
                row, arrive = rows[ids[stop]], clock + drive
                clock = arrive + service
                yield {
                    **{name: row[name] for name in ("code", "name", "town_name", "population")},
                    "hospital": self.hospital, "hospital_name": self.name, "team": team, "visit": visit, "day": day,
                    "order": order, "drive_min": drive / 60, "km": _km(ways, ids[before], ids[stop]),
                    "arrive": clock_text(arrive), "service_min": service / 60, "leave": clock_text(clock),
                }  # fmt: skip
                before = stop

    def days(self, task: RoundsTask, ways: Legs) -> Iterable[dict[str, object]]:
        ids, names = self.points["id"].tolist(), self.villages["name"].to_dict()
        for team, visit, day, stops in self.duties(task):
            legs = zip((0, *stops), (*stops, 0), strict=True)
            drive = driven(self.drive, stops)
            seconds = drive + int(self.service[list(stops)].sum())
            yield {
                "hospital": self.hospital, "hospital_name": self.name, "team": team, "visit": visit, "day": day,
                "villages": len(stops), "names": "→".join(names[ids[one]] for one in stops),
                "km": sum(_km(ways, ids[start], ids[end]) for start, end in legs),
                "drive_min": drive / 60, "hours": seconds / 3600, "back": clock_text(task.start * 60 + seconds),
            }  # fmt: skip

    def team(self, task: RoundsTask, days: pd.DataFrame) -> dict[str, object]:
        mine = days[days["hospital"] == self.hospital]
        teams = -(-len(self.routes) // task.days_a_round)
        return {
            "hospital": self.hospital, "hospital_name": self.name, "villages": int(self.within.sum()),
            "days_a_round": len(self.routes), "teams": teams, "short": teams > task.teams, "days": len(mine),
            "km": float(mine["km"].sum(min_count=len(mine))), "hours": float(mine["hours"].sum()),
        }  # fmt: skip

    def left(self, task: RoundsTask) -> Iterable[dict[str, object]]:
        rows = zip(self.villages.to_dict("records"), self.alone, self.within, strict=True)
        for row, seconds, within in rows:
            if within:
                continue
            reason, hours = ("unreachable" if np.isnan(seconds) else "too_long"), seconds / 3600
            why = REASONS[reason]
            if reason == "too_long":
                day = task.day_minutes / 60
                told = f"{why.zh}：需 {hours_text(hours).zh}，一天 {exact_text(day)} 小时"
                why = Text(told, f"{why.en}: {hours_text(hours).en} are needed, a day has {exact_text(day)} h")
            yield {
                **{name: row[name] for name in ("code", "name", "town_name")}, "hospital": self.hospital,
                "hospital_name": self.name, "reason": reason, "hours": hours, "why": why.zh, "why_en": why.en,
            }  # fmt: skip


def _seconds(travel: Travel, hospital: pd.DataFrame, villages: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return whole seconds between the hospital (0) and its villages, rounded up, row → column; NaN where there is no way."""
    seconds = np.full((len(villages) + 1, len(villages) + 1), np.nan)
    for start, first in ((hospital, 0), (villages, 1)):
        for end, second in ((hospital, 0), (villages, 1)):
            pairs = travel.reach_whole(end, start, ALL).within()
            row = pairs["facility_id"].map(pd.Series(np.arange(len(start)) + first, index=start["id"])).to_numpy(int)
            column = pairs["demand_id"].map(pd.Series(np.arange(len(end)) + second, index=end["id"])).to_numpy(int)
            seconds[row, column] = np.ceil(pairs["cost"].to_numpy(float) / 1000)
    np.fill_diagonal(seconds, 0)
    return seconds


def _ways(groups: Iterable[_Group], travel: Travel, task: RoundsTask) -> Legs:
    """Return the ways of all legs that are driven; none where one does not travel by road."""
    groups = list(groups)
    if not isinstance(travel, Road) or not groups:
        return {}
    points = pd.concat([one.points for one in groups]).drop_duplicates("id")
    return Ways(travel, points, task.day_minutes * 60_000).legs(leg for one in groups for leg in one.legs)


def _km(ways: Legs, start: str, end: str) -> float:
    return ways[start, end].km if (start, end) in ways else float("nan")


def _frame(rows: list[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _known_villages(hosts: pd.Series, villages: pd.DataFrame) -> None:
    odd = sorted(set(hosts.index) - set(villages.index))
    if odd:
        what, fix = (
            Text("不是行政村", "no 行政村"),
            Text(f"核对村代码：{VILLAGE_RULE}", f"check the codes (10th digit {', '.join(RURAL_DIGITS)})"),
        )
        raise SitingError(Problem("rounds", what, fix, found="、".join(odd[:10])))


def _checked(task: RoundsTask) -> None:
    """Raise an OptionError for every number that no rounds can have."""
    wrong = [
        (task.visits < 1 or task.visits > task.work_days, "visits", f"{task.visits} / {task.work_days}"),
        (task.day_minutes <= 0 or not 0 <= task.start < 24 * 60, "day", f"{task.day_minutes} / {task.start}"),
        (min(task.visit_minutes, task.resident_minutes) < 0, "service", f"{task.visit_minutes}"),
        (min(task.teams, task.iterations) < 1, "teams / iterations", f"{task.teams} / {task.iterations}"),
    ]
    what = Text("巡回的参数不成立", "such a number of rounds cannot be")
    fix = Text(
        "每月次数为 1 到工作日数，一天长于零，出发时刻在一天之内，服务时间不小于零，队数和迭代数不小于 1",
        "visits from 1 to the working days, a day above zero, service not below, teams and iterations 1 or more",
    )
    problems = [Problem(name, what, fix, found=found) for bad, name, found in wrong if bad]
    if problems:
        raise OptionError(problems)


def _assumed(task: RoundsTask, by_road: bool) -> tuple[str, ...]:
    said = [
        f"每村每月巡回 {task.visits} 次，每月 {task.work_days} 个工作日，两次相隔 {task.days_a_round} 个工作日（参数，条款未给数值）。",
        f"每天自 {clock_text(task.start * 60)} 出发，往返、行车和服务共不超过 {exact_text(task.day_minutes / 60)} 小时。",
        f"每次服务 {exact_text(task.visit_minutes)} 分钟，另按居民每人 {exact_text(task.resident_minutes)} 分钟（参数）。",
        "各卫生院的队伍只走本院负责的村，路线每次相同，同一村总由同一支队伍巡回；先求行车时间少，结果为求得的好方案，未证明最少。",
        "日期为当月第几个工作日，不是日历日；一天之内不留休息，休息请从一天的长度里扣除。",
    ]
    if by_road:
        said.append("公里数沿最快的路线量取，含村、机构到道路的一段。")
    return tuple(said)


# The rounds in each season: the same villages and teams on slower or closed roads, and what differs.

_VALUES = ("villages", "days", "teams", "km", "hours")
USUAL = "平时"
"""What the months are called for which no season is given."""


@dataclass(frozen=True)
class Season:
    """What is different in some months: assumptions all of them.

    months   of the year, 1 to 12; () where they are not told
    speeds   factors by class of road, "" for all others
    closed   ids of ways that are closed besides
    visits, work_days, day_minutes   as RoundsTask; None: as usual
    """

    name: str
    months: tuple[int, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    closed: frozenset[str] = frozenset()
    visits: int | None = None
    work_days: int | None = None
    day_minutes: int | None = None

    def task(self, usual: RoundsTask) -> RoundsTask:
        """Return what is asked of the rounds in this season."""
        return replace(
            usual,
            visits=usual.visits if self.visits is None else self.visits,
            work_days=usual.work_days if self.work_days is None else self.work_days,
            day_minutes=usual.day_minutes if self.day_minutes is None else self.day_minutes,
        )

    @property
    def said(self) -> str:
        """What is different, in a sentence."""
        classes = sorted((name, factor) for name, factor in self.speeds.items() if name)
        parts = [
            f"{'、'.join(map(str, self.months))} 月" if self.months else "",
            f"车速为平时的 {exact_percent(self.speeds[''])}" if "" in self.speeds else "",
            *(f"{name} 级道路车速为平时的 {exact_percent(factor)}" for name, factor in classes),
            f"另封闭 {'、'.join(sorted(self.closed))}" if self.closed else "",
            "" if self.visits is None else f"每村每月 {self.visits} 次",
            "" if self.work_days is None else f"每月 {self.work_days} 个工作日",
            "" if self.day_minutes is None else f"一天不超过 {exact_text(self.day_minutes / 60)} 小时",
        ]
        return f"{self.name}：{'，'.join(one for one in parts if one)}（参数）；其余同平时。"


def in_season(road: Road, factors: Mapping[str, float], closed: Collection[str] = ()) -> Road:
    """Return the roads of a season: speeds times a factor by class ("" for all others), and ways closed besides.

    A stretch's own speed is slowed like its class's, so that no season passes by the roads whose speed is known.
    """
    bad = sorted(name for name, factor in factors.items() if not 0 < factor < float("inf"))
    if bad:
        what = Text("季节的车速系数应大于零", "a season's factor must be above zero")
        raise OptionError(
            Problem("--season", what, Text("断路请列路段编号", "list closed ways by id"), found="、".join(bad))
        )
    graph, others = road.graph, factors.get("", 1.0)
    by_edge = pd.Series(graph.road_class).map(dict(factors)).fillna(others).to_numpy(float)
    table = {**SPEED_KMH, **(road.speeds or {})}
    speeds = {name: speed * factors.get(name, others) for name, speed in table.items()}
    slowed = replace(graph, speed_kmh=np.asarray(graph.speed_kmh * by_edge))
    return replace(road, graph=slowed, speeds=speeds, closed=road.closed | frozenset(closed))


def plan_seasons(
    region: Region, hosts: pd.Series, travels: Mapping[str, Travel], task: RoundsTask, seasons: Sequence[Season] = ()
) -> Mapping[str, RoundsPlan]:
    """Return a plan a season: the same villages and hospitals under its own roads, and what `seasons` say of its days."""
    tasks = {one.name: one.task(task) for one in seasons}
    return {name: plan_rounds(region, hosts, travel, tasks.get(name, task), name) for name, travel in travels.items()}


def usual_and_seasons(
    region: Region, hosts: pd.Series, road: Road, task: RoundsTask, seasons: Sequence[Season]
) -> Mapping[str, RoundsPlan]:
    """Return the plan of the usual months and of every season."""
    ways = {USUAL: road, **{one.name: in_season(road, one.speeds, one.closed) for one in seasons}}
    return plan_seasons(region, hosts, ways, task, seasons)


def months_of(seasons: Sequence[Season]) -> Mapping[str, int] | None:
    """Return how many months of the year each has, the usual ones first; None where a season does not tell its months."""
    if not all(one.months for one in seasons):
        return None
    counts = {one.name: len(one.months) for one in seasons}
    return {USUAL: 12 - sum(counts.values()), **counts}


def seasons_compared(plans: Mapping[str, RoundsPlan]) -> pd.DataFrame:
    """Return, by hospital and season: villages, days, teams, km and hours a month, and what each is more than in the first."""
    parts = [plan.teams.assign(season=name, at=at) for at, (name, plan) in enumerate(plans.items())]
    table = pd.concat(parts, ignore_index=True)
    first = parts[0].set_index("hospital")
    for name in _VALUES:
        table[f"{name}_more"] = table[name] - table["hospital"].map(first[name])
    kept = ["hospital", "hospital_name", "season", *_VALUES, *(f"{name}_more" for name in _VALUES)]
    return table.sort_values(["hospital", "at"], kind="stable", ignore_index=True)[kept]


def left_by_season(plans: Mapping[str, RoundsPlan]) -> pd.DataFrame:
    """Return the villages that some season leaves out: a row a village, a column a season with why ("" where it is visited)."""
    parts = [plan.left.assign(season=name) for name, plan in plans.items()]
    rows = pd.concat(parts, ignore_index=True).sort_values("code", kind="stable")
    table = rows.drop_duplicates("code")[["code", "name", "town_name", "hospital", "hospital_name"]]
    for name in plans:
        mine = rows[rows["season"] == name]
        why = dict(zip(mine["code"], mine["why"], strict=True))
        table = table.assign(**{name: looked_up(table["code"], why)})
    return table.reset_index(drop=True)
