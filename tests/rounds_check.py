"""A second look at a month's duty: recounted from its tables and the way of travelling alone, not from how it was made."""

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from planner.plans.rounds import RoundsPlan, base_of, to_drive
from planner.plans.rural import administrative_villages
from planner.region import Region
from planner.travel import Travel


def faults(plan: RoundsPlan, region: Region, hosts: pd.Series, travel: Travel) -> list[str]:
    """Return what is wrong with a plan, in English; empty where every village has its visits and no day is too long."""
    return [*_visits(plan, hosts), *_calendar(plan), *_days(plan, region, travel)]


def _visits(plan: RoundsPlan, hosts: pd.Series) -> Iterator[str]:
    """Each village as often as asked, by one team of its own hospital; or named among those left."""
    left, stops = set(plan.left["code"]), plan.stops
    for code, hospital in hosts.items():
        mine = stops[stops["code"] == code]
        wanted = 0 if code in left else plan.task.visits
        if len(mine) != wanted:
            yield f"{code}: {len(mine)} visits, not {wanted}"
        if len(mine) and (set(mine["hospital"]) != {hospital} or len(set(mine["team"])) != 1):
            yield f"{code}: not one team of {hospital}"
        gaps = mine["day"].sort_values().diff().dropna()
        if len(gaps) and set(gaps) != {plan.task.work_days // plan.task.visits}:
            yield f"{code}: visits unevenly spaced"
    odd = sorted(set(stops["code"]) - set(hosts.index))
    if odd:
        yield f"nobody asked for {odd}"


def _calendar(plan: RoundsPlan) -> Iterator[str]:
    """A team is out at most once a day, within the month; the days are those of the stops."""
    keys = ["hospital", "team", "day"]
    if plan.days.duplicated(keys).any():
        yield "a team is out twice on one day"
    if len(plan.days) and not plan.days["day"].between(1, plan.task.work_days).all():
        yield "a day is outside the month"
    if plan.stops.groupby(keys).size().to_dict() != plan.days.set_index(keys)["villages"].to_dict():
        yield "the days do not hold the stops"


def _days(plan: RoundsPlan, region: Region, travel: Travel) -> Iterator[str]:
    """No day is longer than allowed, each leg asked anew of the way of travelling."""
    travel = to_drive(travel)
    villages = administrative_villages(region)
    hospitals = pd.DataFrame(region.facilities[["id", "lon", "lat"]])
    points = pd.concat(
        [hospitals.set_axis(hospitals["id"].map(base_of)), villages[["id", "lon", "lat"]].set_axis(villages["id"])]
    )
    points = points.rename_axis(None)
    people, task = villages.set_index("code")["population"], plan.task
    for (hospital, team, day), mine in plan.stops.groupby(["hospital", "team", "day"], sort=True):
        route = [base_of(hospital), *mine.sort_values("order")["code"], base_of(hospital)]
        milliseconds = 0.0
        for start, end in pairwise(route):
            leg = travel.reach_whole(points.loc[[end]], points.loc[[start]], 0).nearest()["cost"].iloc[0]
            milliseconds += float(leg)
        service = sum(task.visit_minutes + task.resident_minutes * people[code] for code in mine["code"])
        minutes = milliseconds / 60_000 + service
        if not minutes <= task.day_minutes:
            yield f"{hospital} team {team} day {day}: {minutes:.1f} minutes"
        same = (plan.days["hospital"] == hospital) & (plan.days["team"] == team) & (plan.days["day"] == day)
        told = float(plan.days.loc[same, "hours"].iloc[0]) * 60
        if abs(told - minutes) > (2 * len(route)) / 60:
            yield f"{hospital} team {team} day {day}: {told:.1f} minutes told, {minutes:.1f} found"
