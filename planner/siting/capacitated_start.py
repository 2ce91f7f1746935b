"""A first plan under loads by greed: the site that takes in most of what is left, again and again, then who is served where."""

import numpy as np

from planner.siting.capacitated_model import Amounts, Bools, Network, Positions
from planner.siting.median_problem import median_of
from planner.siting.median_swap import greedy, interchanged


class _Filling:
    """Sites that take in what is left of the demands in their reach, the nearest first, as far as they have room."""

    def __init__(self, net: Network) -> None:
        self.net, self.share = net, np.zeros(len(net.demand))
        self.left, self.room = net.instance.weight.copy(), net.high.copy()
        order = np.lexsort((net.cost, net.site))
        self.pairs = np.split(order, np.searchsorted(net.site[order], np.arange(1, len(net.may))))

    def gains(self) -> Amounts:
        """Return how much each site could take in."""
        net = self.net
        return np.minimum(self.room, np.bincount(net.site, self.left[net.demand], len(self.room)))

    def take_in(self, site: int) -> None:
        """Let a site take in what it can."""
        pairs, left = self.pairs[site], self.left[self.net.demand[self.pairs[site]]]
        taken = np.minimum(left, np.maximum(self.room[site] - (np.cumsum(left) - left), 0.0))
        if not self.net.instance.question.split:
            taken = np.where(taken >= left, taken, 0.0)
        self.left[self.net.demand[pairs]] -= taken
        self.room[site] -= taken.sum()
        self.share[pairs] += taken / self.net.weight[pairs]

    def shares(self, opened: Bools) -> Amounts | None:
        """Return who is served where; None while someone is left, or a site below its lower load."""
        net = self.net
        done = (self.left[net.who] <= 1e-9 * net.instance.weight[net.who]).all()
        return self.share if bool(done and (net.high - self.room >= net.low - 1e-9)[opened].all()) else None


def greedy_sites(net: Network) -> tuple[Bools, Amounts | None] | None:
    """Return open sites that keep the rules on sites, and who is served where if all are; None where greed finds none."""
    counted, p = net.instance.counted, net.instance.question.p
    opened, filling = net.must & net.may, _Filling(net)
    for site in np.flatnonzero(opened):
        filling.take_in(int(site))
    rules, low, high = net.rules
    table, done = rules.toarray(), rules @ opened.astype(float)
    most = None if p is None else p - int((opened & counted).sum())
    while most is None or most > 0:
        able = net.may & ~opened & ((done[:, None] + table <= high[:, None] + 1e-9).all(axis=0))
        short = ((done < low - 1e-9)[:, None] & (table > 0)).any(axis=0)
        gain = filling.gains()
        if not able.any() or (most is None and not (gain[able].max() > 0 or (short & able).any())):
            break
        size = 1.0 if most is not None else np.maximum(net.price, 1e-9 * (float(net.price.max()) or 1.0))
        worth = np.where(able, gain / size + (1e-6 * short), -np.inf)
        best = int(np.argmax(worth))
        opened[best] = True
        done = done + table[:, best]
        filling.take_in(best)
        most = None if most is None else most - 1
    return (opened, filling.shares(opened)) if _keeps(net, opened) else None


def _keeps(net: Network, opened: Bools) -> bool:
    rules, low, high = net.rules
    done = rules @ opened.astype(float)
    return bool((done >= low - 1e-9).all() and (done <= high + 1e-9).all() and net.may[opened].all())


def nearest_sites(net: Network, ends: float) -> Bools | None:
    """Return the open sites of a good plan whose loads are not asked, None where they break a rule."""
    if net.instance.question.p is None:
        return None
    whole = median_of(net.instance)
    if not 0 <= whole.pick <= len(whole.sites):
        return None
    sites = greedy(whole, ends)
    if not whole.rules.keeps(sites):
        return None
    opened = net.must.copy()
    opened[whole.sites[interchanged(whole, sites, ends).opened]] = True
    return opened if _keeps(net, opened) else None


def whole_shares(net: Network, opened: Bools) -> Amounts | None:
    """Return the shares with every demand whole at one open site: the heaviest first, each to the cheapest with room.

    None where one finds no room, or a site is left below its lower load.
    """
    share, room = np.zeros(len(net.demand)), net.high.copy()
    starts = np.searchsorted(net.row, np.arange(len(net.who) + 1))
    for at in np.argsort(-net.instance.weight[net.who], kind="stable"):
        mine = np.arange(starts[at], starts[at + 1])
        weight = net.instance.weight[net.who[at]]
        mine = mine[opened[net.site[mine]] & (room[net.site[mine]] >= weight - 1e-9)]
        if not len(mine):
            return None
        best: Positions = mine[np.argmin(net.cost[mine])]
        share[best] = 1.0
        room[net.site[best]] -= weight
    enough = net.high - room >= net.low - 1e-9
    return share if bool(enough[opened].all()) else None
