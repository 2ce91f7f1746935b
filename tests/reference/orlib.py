"""The text formats of the OR-Library: set covering (scp), capacitated warehouses (cap), capacitated p-median (pmedcap)."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from planner.districts.districting import DistrictTask
from planner.reach import reach_of, rows_of
from planner.siting.instance import Instance, instance_of
from planner.siting.question import Question


def _named(count: int, letter: str) -> np.ndarray:
    return np.array([f"{letter}{at:04d}" for at in range(1, count + 1)], object)


def _instance(question: Question, row: list, column: list, cost: list, weights: list, sites: pd.DataFrame) -> Instance:
    demand, site = _named(len(weights), "d"), _named(len(sites), "s")
    pairs = rows_of(np.array(row), np.array(column), np.array(cost, float), len(weights))
    nothing = np.full(len(weights), -1), np.full(len(weights), np.nan)
    reach = reach_of((demand, site), 0, pairs, *nothing)
    return instance_of(question, reach, pd.Series(weights, index=demand, dtype=float), sites.assign(id=site))


def read_scp(text: str) -> Instance:
    """Set covering: rows and columns; the cost of each column; for each row how many columns cover it, and which."""
    numbers = iter(text.split())
    rows, columns = int(next(numbers)), int(next(numbers))
    costs = [float(next(numbers)) for _ in range(columns)]
    row, column = [], []
    for at in range(rows):
        for _ in range(int(next(numbers))):
            row.append(at)
            column.append(int(next(numbers)) - 1)
    sites = pd.DataFrame({"cost": costs})
    return _instance(Question("lscp"), row, column, [0.0] * len(row), [1.0] * rows, sites)


def read_cap(text: str, *, split: bool = True, capacity: float | None = None) -> Instance:
    """Capacitated warehouses: how many, and customers; capacity and fixed cost of each; then for each customer its demand
    and what it costs to serve all of it from each warehouse.

    `capacity` stands in for the word "capacity" that capa, capb and capc write.
    """
    numbers = iter(text.split())
    width, count = int(next(numbers)), int(next(numbers))
    known = [(next(numbers), float(next(numbers))) for _ in range(width)]
    sites = pd.DataFrame({"max_load": [capacity if one == "capacity" else float(one) for one, _ in known],
                          "cost": [cost for _, cost in known]})  # fmt: skip
    weights, row, column, costs = [], [], [], []
    for at in range(count):
        weights.append(float(next(numbers)))
        for j in range(width):
            row.append(at)
            column.append(j)
            costs.append(float(next(numbers)) / (weights[-1] or 1.0))
    return _instance(Question("capacitated", split=split), row, column, costs, weights, sites)


def read_pmedcap(text: str) -> Iterator[tuple[Instance, float]]:
    """Capacitated p-median: how many problems; of each its number and best known value; points, p, capacity; then
    number, x, y, demand of each point. Distances are cut to whole numbers; a point counts once, whatever its demand:
    yields (instance, best known), in which costs are divided by the demand, that weight × cost be the distance.
    """
    numbers = iter(text.split())
    for _ in range(int(next(numbers))):
        next(numbers)
        best = float(next(numbers))
        count, p, capacity = int(next(numbers)), int(next(numbers)), float(next(numbers))
        points = np.array([[float(next(numbers)) for _ in range(4)] for _ in range(count)])
        far = np.floor(np.hypot(*(points[:, None, 1:3] - points[None, :, 1:3]).transpose(2, 0, 1)) + 1e-9)
        costs = (far / np.where(points[:, 3:] > 0, points[:, 3:], 1.0)).ravel()
        sites = pd.DataFrame({"max_load": [capacity] * count})
        row, column = np.repeat(np.arange(count), count), np.tile(np.arange(count), count)
        question = Question("capacitated", p=p, split=False)
        yield _instance(question, list(row), list(column), list(costs), list(points[:, 3]), sites), best


def known_pmedcap(seeds: list[int]) -> tuple[str, list[float]]:
    """Return problems of capacitated p-median in that format, and their optima, which hold by how they are made.

    p clusters, each with just as many people as a centre may serve, so far apart that one point served from another
    cluster costs more than all else together: a cluster without a centre costs that, so each has one, which is full
    with its own points. So the optimum is the sum of the least that each cluster's points cost from one of them.
    """
    texts, optima = [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        p, each = int(rng.integers(3, 6)), int(rng.integers(3, 6))
        spots = [np.add(rng.integers(0, 40, (each, 2)), (2_000 * one, 0)) for one in range(p)]
        demand = [_split(rng, 60, each) for _ in range(p)]
        far = [np.floor(np.hypot(*(one[:, None] - one[None]).transpose(2, 0, 1)) + 1e-9) for one in spots]
        optima.append(float(sum(one.sum(axis=1).min() for one in far)))
        rows = np.column_stack([np.concatenate(spots), np.concatenate(demand)])[rng.permutation(p * each)]
        texts.append(_pmedcap(len(texts) + 1, optima[-1], p, 60, rows))
    return "\n".join([f" {len(seeds)}", *texts]) + "\n", optima


def random_pmedcap(count: int, p: int, full: float, seed: int) -> str:
    """Return one problem in that format as the library's: points in a square of 100, demands 1 to 20; optimum unknown (0)."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.integers(0, 101, (count, 2)), rng.integers(1, 21, count)])
    return f" 1\n{_pmedcap(1, 0, p, int(np.ceil(rows[:, 2].sum() / p / full)), rows)}\n"


def _split(rng: np.random.Generator, total: int, parts: int) -> np.ndarray:
    cuts = np.sort(rng.choice(np.arange(1, total), parts - 1, replace=False))
    return np.diff(np.concatenate([[0], cuts, [total]]))


def _pmedcap(number: int, best: float, p: int, capacity: int, rows: np.ndarray) -> str:
    lines = [f" {at} {x} {y} {demand}" for at, (x, y, demand) in enumerate(rows.tolist(), 1)]
    return "\n".join([f" {number} {best:g}", f" {len(rows)} {p} {capacity}", *lines])


def districts_of(text: str) -> Iterator[DistrictTask]:
    """Yield the problems of that format as districts: everyone is everyone's neighbour, any point may be a centre.

    One thing is more here: a centre's own point is its own. So the optimum is at least the library's.
    """
    for instance, _ in read_pmedcap(text):
        ids = instance.demand_ids
        numbers = np.full((len(ids), len(ids)), np.inf)
        numbers[instance.row, instance.indices] = np.rint(instance.costs * instance.weight[instance.row])
        yield DistrictTask(
            pd.DataFrame({"id": ids, "county_code": "510402", "population": instance.weight.astype(int)}),
            pd.DataFrame({"id": instance.site_ids, "unit_id": ids, "status": "candidate"}),
            tuple(combinations(ids, 2)), numbers, int(instance.max_load[0]), p={"510402": int(instance.question.p or 0)},
        )  # fmt: skip
