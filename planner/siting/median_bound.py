"""What no plan of a p-median can beat: serving priced out (Lagrange), the prices moved by subgradients.

With a price on each demand, a site is worth Σ min(0, cost − price) + fee, and the best plan opens the `pick` cheapest:
Σ price + their sum is a bound whatever the prices, and whatever further rules a plan keeps. The rules on sites are
priced too, which costs the bound nothing that their linear relaxation has.
"""

from dataclasses import dataclass

import numpy as np

from planner import clock
from planner.siting.median_problem import Amounts, Bools, Median, Positions, loops
from planner.siting.median_swap import Plan, marked

_TURN = 0.7
"""How much of the last direction the next one keeps: it damps the zigzag of plain subgradients."""
_AIM = 5e-4
"""The bound is pulled towards a little more than the best plan costs."""
_LEAST_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class Priced:
    """The best bound found: its prices (of demands, then of rules), each site's worth there, how often each was picked.

    plan: the best plan met on the way that keeps the rules on sites.
    """

    bound: float
    price: Amounts
    worth: Amounts
    often: Amounts
    plan: Plan


@dataclass(frozen=True)
class Effort:
    """How long to move the prices: rounds, the first step, rounds without gain before it is halved."""

    rounds: int
    step: float = 1.0
    patience: int = 15


def first_price(median: Median, plan: Plan) -> Amounts:
    """Return prices to start from: between a demand's cost in the plan and its second choice; rules cost nothing."""
    pairs = median.pairs
    _, least, second = loops(pairs).nearest_two(
        pairs.start, pairs.site, pairs.cost, median.base, marked(median, plan.opened)
    )
    price = np.where(second < median.never, (least + second) / 2, least)
    return np.concatenate([price, np.zeros(len(median.rules.low))])


def priced(median: Median, price: Amounts, aim: float, effort: Effort, enough: float, ends: float) -> Priced:
    """Move the prices until the bound is at least `enough`, the rounds are over or time is out.

    aim     what the best plan known costs: the bound is pulled there
    """
    demands, floor, pace = len(median.base), *_limits(median)
    price, step, idle, direction = _clipped(median, price, floor, price), effort.step, 0, np.zeros(len(price))
    bound, kept, worth, often = -np.inf, price, median.fee, np.zeros(len(median.fee))
    best = Plan(np.zeros(0, np.int64), np.inf)
    for _ in range(effort.rounds):
        level, now, picked = _bound_at(median, price)
        idle += 1
        if level > bound:
            idle = idle if level < bound + 1e-5 * abs(bound) else 0
            bound, kept, worth = level, price, now
        mark = marked(median, picked)
        times, value = _reply(median, price[:demands], picked, mark)
        often += 0.05 * (mark - often)
        if value < best.value and median.rules.keeps(picked):
            best = Plan(np.sort(picked), value)
        slope = _slope(median, price, times, mark)
        if bound >= enough or step < _LEAST_STEP or not slope.any() or clock.now() > ends:
            break
        if idle > effort.patience:
            step, idle, price, direction = step / 2, 0, kept, np.zeros(len(price))
            continue
        direction = slope + _TURN * direction
        aim = min(aim, best.value)
        length = step * (aim + _AIM * abs(aim) - level) / float((pace * direction * direction).sum())
        price = _clipped(median, price + length * pace * direction, floor, price)
    return Priced(bound, kept, worth, often, best)


def cheapest(worth: Amounts, count: int) -> Positions:
    """Return the `count` sites of least worth."""
    return np.argpartition(worth, count - 1)[:count] if 0 < count < len(worth) else np.arange(count)


def _bound_at(median: Median, price: Amounts) -> tuple[float, Amounts, Positions]:
    """Return (bound, worth of each site, the cheapest sites) at these prices."""
    pairs, rules, demands = median.pairs, median.rules, len(median.base)
    worth = loops(pairs).profits(pairs.start, pairs.site, pairs.cost, price[:demands], len(median.fee)) + median.fee
    level = median.constant + float(price[:demands].sum())
    if len(rules.low):
        toll = price[demands:]
        worth += rules.rows.T @ toll
        limit = np.where(toll > 0, rules.high, rules.low)[toll != 0]
        level -= float(toll[toll != 0] @ limit)
    picked = cheapest(worth, median.pick)
    return level + float(worth[picked].sum()), worth, picked


def _reply(median: Median, price: Amounts, picked: Positions, mark: Bools) -> tuple[Positions, float]:
    """Return (how many picked sites each demand finds below its price, the cost of the picked sites as a plan)."""
    pairs = median.pairs
    times, least = loops(pairs).served(pairs.start, pairs.site, pairs.cost, median.base, price, mark)
    return times, median.constant + float(least.sum() + median.fee[picked].sum())


def _slope(median: Median, price: Amounts, times: Positions, mark: Bools) -> Amounts:
    """Return the way the bound rises: up where nobody serves at the price, down where several do; the rules alike."""
    demands, rules = len(median.base), median.rules
    slope: Amounts = 1.0 - times.astype(np.float64)
    slope[(slope > 0) & (price[:demands] >= median.base)] = 0
    if not len(rules.low):
        return slope
    done, toll = rules.rows @ mark.astype(float), price[demands:]
    over, under = done - rules.high, done - rules.low
    free = np.where(over > 0, over, np.where(under < 0, under, 0.0))
    return np.concatenate([slope, np.where(toll > 0, over, np.where(toll < 0, under, free))])


def _limits(median: Median) -> tuple[Amounts, Amounts]:
    """Return (lowest price of each demand, pace of each price): a rule's toll is on a site, and so on many demands."""
    rules, pairs = median.rules, median.pairs
    lowest = np.concatenate([pairs.cost[pairs.start[:-1]], np.full(len(rules.low), -np.inf)])
    pace = np.ones(len(lowest))
    if len(rules.low):
        largest = np.maximum(abs(rules.rows).max(axis=1).toarray().ravel(), 1e-9)
        pace[len(median.base) :] = max(len(median.base), 1) / max(median.pick, 1) / largest**2
    return lowest, pace


def _clipped(median: Median, price: Amounts, floor: Amounts, before: Amounts) -> Amounts:
    """Return the prices between a demand's least cost and its base; a toll stops at 0 before it changes its sign."""
    demands, rules = len(median.base), median.rules
    price = np.maximum(price, floor)
    np.minimum(price[:demands], median.base, out=price[:demands])
    toll, was = price[demands:], before[demands:]
    toll[toll * was < 0] = 0
    toll[((toll > 0) & np.isinf(rules.high)) | ((toll < 0) & np.isinf(rules.low))] = 0
    return price
