"""Branch and bound over small sets of sites, compiled: the k best plans in one search, cut off by the k-th.

A criterion is a table of costs (sites × demands) and what each demand costs without any of these sites (`base`, may
be inf): a plan is worth the sum of each demand's least. Criterion 0 is made small, the others stay within `limit`.
The bound of a node is Lagrangean: with a price u ≤ base for each demand, Σ u + the `picks` least of
Σ min(0, cost − u) + site cost. Prices are inherited and raised a little at each node.

A plan is a key, some words of 64 bits: the bit 63 − j of the first word stands for site j, then the next word, so of two
plans the larger key is the one earlier by its ids.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


# The Lagrangean bound of a small question, compiled: prices raised until they pass a goal. See small_kernels.

ENDLESS = 1e300
FIRST_ROUNDS, ROUNDS = 400, 60
"""How often the prices are changed at the first node, and at each later one."""
_FIRST_PATIENCE, _PATIENCE = 15, 8
"""So many changes without gain halve the step."""
_LEAST_PACE = 1e-3
_TURN = 0.7
"""How much of the last direction the next one keeps: it damps the zigzag of plain subgradients."""


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _saving(cost: Amounts, price: Amounts) -> float:
    """Return Σ min(0, cost − price)."""
    total = 0.0
    for at in range(price.size):
        total += min(0.0, cost[at] - price[at])
    return total


@njit(cache=True, nogil=True)
def _least(saving: Amounts, free: Bools, picks: int, picked: Any) -> float:
    """Write the free sites of the `picks` least savings, least first, and return their sum."""
    total = 0.0
    taken = np.zeros(saving.size, np.bool_)
    for at in range(picks):
        best = -1
        for site in range(saving.size):
            if free[site] and not taken[site] and (best < 0 or saving[site] < saving[best]):
                best = site
        taken[best] = True
        picked[at] = best
        total += saving[best]
    return total


@njit(cache=True, nogil=True)
def _price(
    costs: Amounts, extra: Amounts, price: Amounts, free: Bools, picks: int, saving: Amounts, picked: Any
) -> float:
    """Return the bound of these prices; savings and picked sites are written."""
    for site in range(free.size):
        if free[site]:
            saving[site] = extra[site] + _saving(costs[site], price)
    total = 0.0
    for demand in range(price.size):
        total += price[demand]
    return total + _least(saving, free, picks, picked)


@njit(cache=True, nogil=True)
def _turn(costs: Amounts, base: Amounts, price: Amounts, picked: Any, picks: int, drift: Amounts) -> float:
    """Turn the direction: up where no picked site serves a demand, down where several do. Return its square, 0: no way.

    A price at its end is not pushed beyond.
    """
    slope, still = np.ones(price.size), True
    for at in range(picks):
        row = costs[picked[at]]
        for demand in range(price.size):
            if row[demand] < price[demand]:
                slope[demand] -= 1.0
    square = 0.0
    for demand in range(price.size):
        if slope[demand] > 0.0 and price[demand] >= base[demand]:
            slope[demand] = 0.0
        still = still and slope[demand] == 0.0
        way = slope[demand] + _TURN * drift[demand]
        if (way > 0.0 and price[demand] >= base[demand]) or (way < 0.0 and price[demand] <= 0.0):
            way = 0.0
        drift[demand] = way
        square += way * way
    return 0.0 if still else square


@njit(cache=True, nogil=True)
def ascend(
    costs: Amounts, extra: Amounts, base: Amounts, price: Amounts, free: Bools, picks: int, goal: float, rounds: int,
    saving: Amounts, picked: Any,
) -> float:  # fmt: skip
    """Raise the prices until the bound passes the goal or the rounds are over; return the bound of the best prices.

    Prices, savings and picked sites are left at the best.
    """
    now, drift, pace, idle = np.empty(price.size), np.zeros(price.size), 1.0, 0
    patience = _PATIENCE if rounds < FIRST_ROUNDS else _FIRST_PATIENCE
    for demand in range(price.size):
        now[demand] = min(price[demand], base[demand])
    best = -np.inf
    for turn in range(rounds):
        bound = _price(costs, extra, now, free, picks, saving, picked)
        idle += 1
        if bound > best:
            if bound > best + (1e-4 * (goal - best) if goal < ENDLESS else 1e-9 * abs(best)):
                idle = 0
            best = bound
            for demand in range(price.size):
                price[demand] = now[demand]
        if bound > goal or turn == rounds - 1:
            break
        if idle > patience:
            pace, idle = pace * 0.5, 0
            if pace < _LEAST_PACE:
                break
            for demand in range(price.size):
                now[demand], drift[demand] = price[demand], 0.0
            bound = _price(costs, extra, now, free, picks, saving, picked)
        square = _turn(costs, base, now, picked, picks, drift)
        if square == 0.0:
            break
        aim = goal if goal < ENDLESS else bound + 0.05 * abs(bound) + 1.0
        step = pace * ((aim - bound) * 1.02 + 1e-9 * abs(bound)) / square
        for demand in range(price.size):
            now[demand] = min(base[demand], max(0.0, now[demand] + step * drift[demand]))
    return _price(costs, extra, price, free, picks, saving, picked)


Keys = npt.NDArray[np.uint64]
_ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def mark(key: Keys, site: int) -> None:
    """Write a site into a key."""
    key[site >> 6] |= _ONE << np.uint64(63 - (site & 63))


@njit(cache=True, nogil=True)
def unmark(key: Keys, site: int) -> None:
    """Take a site out of a key that holds it."""
    key[site >> 6] ^= _ONE << np.uint64(63 - (site & 63))


@njit(cache=True, nogil=True)
def holds(key: Keys, site: int) -> bool:
    """Whether a key holds a site."""
    return bool(key[site >> 6] & (_ONE << np.uint64(63 - (site & 63))))


@njit(cache=True, nogil=True)
def _earlier(key: Keys, other: Keys) -> int:
    """Return 1 if a plan is earlier by its ids than another, -1 if it is later, 0 if both are one."""
    for word in range(key.size):
        if key[word] != other[word]:
            return 1 if key[word] > other[word] else -1
    return 0


@njit(cache=True, nogil=True)
def _before(value: float, key: Keys, other: float, other_key: Keys, eps: float) -> bool:
    """Whether a plan stands before another: by value, then by ids."""
    if value < other - eps:
        return True
    return bool(value <= other + eps and _earlier(key, other_key) > 0)


@njit(cache=True, nogil=True)
def _offer(values: Amounts, keys: Keys, value: float, key: Keys, eps: float) -> None:
    """Put a plan in its place in the list, unless it is there or too bad."""
    last = values.size - 1
    if not _before(value, key, values[last], keys[last], eps):
        return
    for at in range(values.size):
        if _earlier(keys[at], key) == 0:
            return
    at = last
    while at > 0 and _before(value, key, values[at - 1], keys[at - 1], eps):
        values[at] = values[at - 1]
        for word in range(key.size):
            keys[at, word] = keys[at - 1, word]
        at -= 1
    values[at] = value
    for word in range(key.size):
        keys[at, word] = key[word]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _with(base: Amounts, cost: Amounts) -> float:
    """Return Σ min(base, cost): what all demands cost with one site more."""
    total = 0.0
    for at in range(base.size):
        total += min(base[at], cost[at])
    return total


@njit(cache=True, nogil=True)
def _rules_allow(rows: Amounts, low: Amounts, high: Amounts, sites: Any) -> bool:
    """Whether these sites keep every rule."""
    for rule in range(low.size):
        total = 0.0
        for site in sites:
            total += rows[rule, site]
        if total > high[rule] + 1e-9 or total < low[rule] - 1e-9:
            return False
    return True


@njit(cache=True, nogil=True)
def _rules_leave(rows: Amounts, low: Amounts, high: Amounts, sites: Any, free: Bools, picks: int) -> bool:
    """Drop the free sites that no rule leaves room for beside these; False if a rule, or p, cannot be kept any more."""
    for rule in range(low.size):
        total = 0.0
        for site in sites:
            total += rows[rule, site]
        if total > high[rule] + 1e-9:
            return False
        more = total
        for site in range(free.size):
            if free[site]:
                if total + rows[rule, site] > high[rule] + 1e-9:
                    free[site] = False
                else:
                    more += rows[rule, site]
        if more < low[rule] - 1e-9:
            return False
    room = 0
    for site in range(free.size):
        room += free[site]
    return bool(room >= picks)


@njit(cache=True, nogil=True)
def _complete(
    costs: Amounts, extra: Amounts, base: Amounts, limit: Amounts, rules: Any, free: Bools, sites: Any, spent: float,
    values: Amounts, keys: Keys, eps: Amounts,
) -> None:  # fmt: skip
    """Offer every plan that has one free site beside these (the last place of `sites` is for it)."""
    key = np.zeros(keys.shape[1], np.uint64)
    for site in sites[:-1]:
        mark(key, site)
    last = values.size - 1
    for site in range(free.size):
        if not free[site]:
            continue
        value = spent + extra[site] + _with(base[0], costs[0, site])
        if value == np.inf or value > values[last] + eps[0]:
            continue
        sites[-1] = site
        fits = _rules_allow(rules[0], rules[1], rules[2], sites)
        for other in range(1, limit.size):
            fits = fits and _with(base[other], costs[other, site]) <= limit[other] + eps[other]
        if fits:
            mark(key, site)
            _offer(values, keys, value, key, eps[0])
            unmark(key, site)


@njit(cache=True, nogil=True)
def _hopeless(
    bound: float, values: Amounts, keys: Keys, free: Bools, sites: Any, picks: int, by_ids: bool, eps: float
) -> bool:  # fmt: skip
    """Whether nothing in a node of this bound can enter the list; `by_ids`: nor be as good and earlier by its ids."""
    last = values.size - 1
    if bound < values[last] - eps:
        return False
    if not by_ids or bound > values[last] + eps:
        return True
    key, room = np.zeros(keys.shape[1], np.uint64), picks
    for site in sites:
        mark(key, site)
    for site in range(free.size):
        if free[site] and room > 0:
            mark(key, site)
            room -= 1
    return _earlier(key, keys[last]) <= 0


@njit(cache=True, nogil=True)
def _fold(base: Amounts, costs: Amounts, site: int, out: Amounts) -> None:
    """Write what each demand costs by every criterion with one site more."""
    for kind in range(base.shape[0]):
        for demand in range(base.shape[1]):
            out[kind, demand] = min(base[kind, demand], costs[kind, site, demand])


@njit(cache=True, nogil=True)
def _improve(
    costs: Amounts, extra: Amounts, base: Amounts, limit: Amounts, rules: Any, plan: Any,
    values: Amounts, keys: Keys, eps: Amounts,
) -> None:  # fmt: skip
    """Swap one site after another while that makes the plan better, and offer every plan seen on the way."""
    picks, width = plan.size, extra.size
    rest, under = np.empty(picks, np.int64), np.empty(base.shape)
    others = np.empty(width, np.bool_)
    for _ in range(4 * picks + 20):
        before = values[0]
        for out in range(picks):
            for site in range(width):
                others[site] = True
            for kind in range(base.shape[0]):
                for demand in range(base.shape[1]):
                    under[kind, demand] = base[kind, demand]
            spent, at = 0.0, 0
            for place in range(picks):
                if place != out:
                    site = plan[place]
                    rest[at] = site
                    others[site] = False
                    spent += extra[site]
                    at += 1
                    _fold(under, costs, site, under)
            _complete(costs, extra, under, limit, rules, others, rest, spent, values, keys, eps)
        if not values[0] < before - eps[0]:
            return
        at = 0
        for site in range(width):
            if holds(keys[0], site):
                plan[at] = site
                at += 1


@njit(cache=True, nogil=True)
def _greedy(costs: Amounts, extra: Amounts, base: Amounts, plan: Any) -> None:
    """Write the sites, each the one that makes a criterion least beside those before it; rules are not asked."""
    now, taken = np.empty(base.size), np.zeros(extra.size, np.bool_)
    for demand in range(now.size):
        now[demand] = base[demand]
    for at in range(plan.size):
        best, least = -1, np.inf
        for site in range(extra.size):
            if not taken[site]:
                value = extra[site] + _with(now, costs[site])
                if best < 0 or value < least:
                    best, least = site, value
        plan[at], taken[best] = best, True
        for demand in range(now.size):
            now[demand] = min(now[demand], costs[best, demand])


@njit(cache=True, nogil=True)
def _bounded(
    costs: Amounts, extra: Amounts, base: Amounts, price: Amounts, counts: Any, limit: Amounts, free: Bools, sites: Any, picks: int,
    spent: float, values: Amounts, keys: Keys, by_ids: bool, rounds: int, saving: Amounts, picked: Any, eps: Amounts,
) -> bool:  # fmt: skip
    """Bound a node by every criterion; drop free sites that cost too much. False if nothing is left in it."""
    nothing = np.zeros(extra.size)
    for other in range(1, limit.size):
        if limit[other] > ENDLESS:
            continue
        goal = limit[other] + eps[other]
        own, now = base[other][: counts[other]], price[other][: counts[other]]
        bound = ascend(costs[other], nothing, own, now, free, picks, goal, rounds, saving, picked)
        if bound > goal:
            return False
    last = values[values.size - 1]
    goal = last + (eps[0] if by_ids else -eps[0]) - spent
    own, now = base[0][: counts[0]], price[0][: counts[0]]
    bound = ascend(costs[0], extra, own, now, free, picks, goal, rounds, saving, picked)
    if _hopeless(bound + spent, values, keys, free, sites, picks, by_ids, eps[0]):
        return False
    line = saving[picked[picks - 1]]
    for site in range(free.size):
        if free[site] and saving[site] > line and bound + saving[site] - line > goal:
            free[site] = False
    return True


@njit(cache=True, nogil=True)
def begun(task: Any, values: Amounts, keys: Keys) -> None:
    """Offer what swaps make of the greedy plan of each criterion."""
    nothing = np.zeros(task.extra.size)
    for kind in range(task.limit.size):
        plan = np.zeros(task.picks, np.int64)
        _greedy(task.costs[kind], task.extra if kind == 0 else nothing, task.base[kind], plan)
        _improve(task.costs, task.extra, task.base, task.limit, task.rules, plan, values, keys, task.eps)


@njit(cache=True, nogil=True)
def _descend(
    costs: Amounts, extra: Amounts, bases: Amounts, prices: Amounts, frees: Any, chosen: Any, spent: Amounts,
    level: int, site: int,
) -> None:  # fmt: skip
    """Write the node below one, in which a site is chosen."""
    chosen[level] = site
    _fold(bases[level], costs, site, bases[level + 1])
    for kind in range(prices.shape[1]):
        for demand in range(prices.shape[2]):
            prices[level + 1, kind, demand] = prices[level, kind, demand]
    for other in range(frees.shape[1]):
        frees[level + 1, other] = frees[level, other]
    frees[level + 1, site] = False
    spent[level + 1] = spent[level] + extra[site]


@njit(cache=True, nogil=True)
def branch_and_bound(task: Any, values: Amounts, keys: Keys, by_ids: bool, most: int) -> int:
    """Search depth first; return how many nodes that took, -1 where `most` were not enough: the list is then not complete.

    A node has its sites chosen (one a level) and some free ones left. The most saving free site is tried in, then out.
    """
    costs, extra, limit, rules, picks, eps = task.costs, task.extra, task.limit, task.rules, task.picks, task.eps
    kinds, width, count = costs.shape
    bases, prices = np.empty((picks, kinds, count)), np.empty((picks, kinds, count))
    frees, chosen, spent = np.ones((picks, width), np.bool_), np.zeros(picks, np.int64), np.zeros(picks)
    saving, picked = np.zeros(width), np.zeros(picks, np.int64)
    for kind in range(kinds):
        for demand in range(count):
            bases[0, kind, demand], prices[0, kind, demand] = task.base[kind, demand], task.prices[kind, demand]
    level, fresh = 0, True
    for node in range(most):
        if not fresh:
            frees[level, chosen[level]] = False
        free, left = frees[level], picks - level
        alive = _rules_leave(rules[0], rules[1], rules[2], chosen[:level], free, left)
        if alive and left > 1:
            alive = _bounded(
                costs, extra, bases[level], prices[level], task.counts, limit, free, chosen[:level], left, spent[level],
                values, keys, by_ids, ROUNDS if node else FIRST_ROUNDS, saving, picked, eps,
            )  # fmt: skip
        elif alive:
            _complete(
                costs, extra, bases[level], limit, rules, free, chosen[: level + 1], spent[level], values, keys, eps
            )
            alive = False
        if node == 0 and alive:
            _improve(costs, extra, task.base, limit, rules, picked.copy(), values, keys, eps)
        fresh = alive
        if alive:
            _descend(costs, extra, bases, prices, frees, chosen, spent, level, picked[0])
            level += 1
        elif level == 0:
            return node + 1
        else:
            level -= 1
    return -1
