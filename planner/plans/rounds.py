"""Rounds: teams of township hospitals visit villages on days of the month, by road."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.cached import bare
from planner.errors import OptionError, Problem, SitingError, Text
from planner.plans.rounds_solve import Routes, Seconds, driven, routes
from planner.plans.rounds_way import Way, Ways
from planner.plans.rural_villages import ALL, administrative_villages
from planner.plans.sites import known
from planner.region import Region
from planner.road import Road
from planner.schema import RURAL_DIGITS, VILLAGE_RULE
from planner.text import clock_text, exact_text, hours_text
from planner.travel import Travel

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
