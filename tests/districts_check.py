"""An independent checker of districts, and their brute force: dictionaries and sets, none of the planner's own code."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np


def tables(task: Any) -> tuple[dict, dict, dict, dict]:
    """Units and centres by id, the neighbours of each unit within its county, and the burden of each pair."""
    units = {row["id"]: row for row in task.units.to_dict("records")}
    centers = {row["id"]: {"status": "fixed", "cost": 0.0, "lower": task.lower, "upper": task.upper, **row}
               for row in task.centers.to_dict("records")}  # fmt: skip
    near: dict = {one: set() for one in units}
    for a, b in task.edges:
        if a != b and units[a]["county_code"] == units[b]["county_code"]:
            near[a].add(b)
            near[b].add(a)
    burden = {(u, c): float(task.burden[i, j]) for i, u in enumerate(task.units["id"])
              for j, c in enumerate(task.centers["id"])}  # fmt: skip
    return units, centers, near, burden


def hangs_together(members: set, start: str, near: dict) -> bool:
    if start not in members:
        return False
    seen, todo = {start}, [start]
    while todo:
        for other in near[todo.pop()] & members - seen:
            seen.add(other)
            todo.append(other)
    return seen == members


def faults(task: Any, assignment: dict) -> list[str]:
    """What a plan breaks: totals, county, contiguity, bounds, standing centres, the number of centres."""
    units, centers, near, burden = tables(task)
    found = []
    if set(assignment) != set(units) or not set(assignment.values()) <= set(centers):
        return ["not every unit has a centre of the list"]
    districts: dict = {}
    for unit, center in assignment.items():
        districts.setdefault(center, set()).add(unit)
    people = sum(units[one]["population"] for members in districts.values() for one in members)
    if people != sum(one["population"] for one in units.values()):
        found.append("people are lost")
    for center, members in districts.items():
        mine, load = centers[center], sum(units[one]["population"] for one in members)
        if mine["status"] == "forbidden":
            found.append(f"{center} is forbidden")
        if {units[one]["county_code"] for one in members} != {units[mine["unit_id"]]["county_code"]}:
            found.append(f"{center} crosses a county")
        if not hangs_together(members, mine["unit_id"], near):
            found.append(f"{center} does not hang together")
        if load > mine["upper"] or (task.hard and load < mine["lower"]):
            found.append(f"{center} breaks a bound with {load}")
        if not all(np.isfinite(burden[(one, center)]) for one in members):
            found.append(f"{center} cannot be reached")
    for center, mine in centers.items():
        if mine["status"] == "fixed" and center not in districts:
            found.append(f"{center} stands and serves nobody")
    if isinstance(task.p, dict):
        for county, p in task.p.items():
            here = [one for one in districts if units[centers[one]["unit_id"]]["county_code"] == county]
            if len(here) != p:
                found.append(f"{county} has {len(here)} centres")
    return found


def worth(task: Any, assignment: dict) -> float:
    """What a plan costs, added up anew."""
    units, centers, _, burden = tables(task)
    load: dict = dict.fromkeys(assignment.values(), 0)
    for unit, center in assignment.items():
        load[center] += units[unit]["population"]
    total = sum(burden[pair] for pair in assignment.items())
    for center, mine in load.items():
        row = centers[center]
        total += row["cost"] if row["status"] == "candidate" else 0.0
        total += 0.0 if task.hard else task.short_price * max(row["lower"] - mine, 0)
    return total


def _open_sets(task: Any, county: str) -> Iterator[tuple[str, ...]]:
    units, centers, _, _ = tables(task)
    here = {one: row for one, row in centers.items() if units[row["unit_id"]]["county_code"] == county}
    fixed = [one for one, row in here.items() if row["status"] == "fixed"]
    free = [one for one, row in here.items() if row["status"] == "candidate"]
    for size in range(len(free) + 1):
        for extra in combinations(free, size):
            opened = (*fixed, *extra)
            if isinstance(task.p, dict) and county in task.p and len(opened) != task.p[county]:
                continue
            if len({here[one]["unit_id"] for one in opened}) == len(opened):
                yield opened


def brute(task: Any) -> dict[str, tuple[float, int] | None]:
    """By county: the least worth and the number of centres of the best plan, None where there is none."""
    units, centers, near, burden = tables(task)
    found: dict[str, tuple[float, int] | None] = {}
    for county in sorted({row["county_code"] for row in units.values()}):
        mine = sorted(one for one, row in units.items() if row["county_code"] == county)
        best: tuple[float, int] | None = None
        for opened in _open_sets(task, county):
            if task.p == "fewest" and best is not None and best[1] < len(opened):
                continue
            own = {centers[one]["unit_id"]: one for one in opened}
            choices = [
                [own[one]] if one in own else [c for c in opened if np.isfinite(burden[(one, c)])] for one in mine
            ]
            for plan in product(*choices):
                value = _kept(task, dict(zip(mine, plan, strict=True)), opened, units, centers, near, burden, best)
                if value is not None:
                    best = (value, len(opened))
        found[county] = best
    return found


def _kept(
    task: Any, plan: dict, opened: tuple, units: dict, centers: dict, near: dict, burden: dict, best: Any
) -> float | None:
    load = dict.fromkeys(opened, 0)
    for unit, center in plan.items():
        load[center] += units[unit]["population"]
    total = sum(burden[pair] for pair in plan.items())
    for center, mine in load.items():
        row = centers[center]
        if mine > row["upper"] or (task.hard and mine < row["lower"]):
            return None
        total += row["cost"] if row["status"] == "candidate" else 0.0
        total += 0.0 if task.hard else task.short_price * max(row["lower"] - mine, 0)
    fewer = task.p == "fewest" and best is not None and len(opened) < best[1]
    if not np.isfinite(total) or (best is not None and not fewer and total >= best[0]):
        return None
    for center in opened:
        members = {unit for unit, one in plan.items() if one == center}
        if not hangs_together(members, centers[center]["unit_id"], near):
            return None
    return total
