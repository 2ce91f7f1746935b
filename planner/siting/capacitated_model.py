"""The capacitated question as a network of pairs, and as a programme for the solver."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, vstack

from planner.siting.highs import Program
from planner.siting.instance import Instance
from planner.siting.question import FORBIDDEN

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = tuple[csr_array, Amounts, Amounts]


@dataclass(frozen=True, eq=False)
class Network:
    """Who may be served where: the pairs of demands with weight, and the rules on the sites.

    demand, site    of each pair; weight is its demand's, cost what one unit of weight costs
    who             the demands with weight that some usable site reaches: all of them are to be served
    low, high       loads of each site if it is open; high is no more than all who reach it weigh
    price           what opening each site costs, in the objective
    may, must       whether each site may be open, must be open
    rules           low ≤ A x ≤ high over the sites: the question's own, then what the loads imply: room for all weight,
                    weight for all lower loads; then one row for every set of sites that a demand without weight looks to
    """

    instance: Instance
    demand: Positions
    site: Positions
    weight: Amounts
    cost: Amounts
    who: Positions
    low: Amounts
    high: Amounts
    price: Amounts
    may: Bools
    must: Bools
    rules: Rows

    @cached_property
    def row(self) -> Positions:
        """The place of each pair's demand in `who`."""
        return np.searchsorted(self.who, self.demand)

    @cached_property
    def least(self) -> float:
        """What any plan costs at least: all weight at its cheapest site."""
        near = np.full(len(self.who), np.inf)
        np.minimum.at(near, self.row, self.cost)
        able = np.isfinite(near)
        return float((self.instance.weight[self.who] * np.where(able, near, 0.0)).sum())

    @property
    def total(self) -> float:
        """The weight to be served."""
        return float(self.instance.weight[self.who].sum())


def network_of(instance: Instance) -> Network:
    """Return the network: forbidden sites, demands without weight and pairs that never carry anything left out."""
    usable = instance.status != FORBIDDEN
    demand, site = instance.row, instance.indices
    weight = instance.weight[demand]
    kept = usable[site] & (weight > 0) & (instance.max_load[site] > 0)
    if not instance.question.split:
        kept &= weight <= instance.max_load[site]
    sites = len(instance.site_ids)
    in_reach = np.bincount(site[kept], weight[kept], sites)
    must, high = instance.open_always, np.minimum(instance.max_load, in_reach)
    who = np.flatnonzero((instance.weight > 0) & ~instance.unreachable)
    return Network(
        instance,
        demand[kept],
        site[kept],
        weight[kept],
        instance.costs[kept].astype(float),
        who,
        instance.min_load,
        high,
        np.where(instance.counted, instance.site_cost, 0.0),
        usable & (must | (in_reach >= instance.min_load)),
        must,
        stacked(instance.site_rules, _implied(instance, high, who), lookouts(instance, usable)),
    )


def stacked(*parts: Rows) -> Rows:
    """Return several rules as one."""
    return csr_array(vstack([one[0] for one in parts])), *(np.concatenate([one[at] for one in parts]) for at in (1, 2))


def _implied(instance: Instance, high: Amounts, who: Positions) -> Rows:
    """Return the rows that loads imply: the sum over all sites; the bound and the solver's cuts are the better for them."""
    total = instance.weight[who].sum()
    if not total:
        return csr_array((0, len(high))), np.zeros(0), np.zeros(0)
    rows = csr_array(np.vstack([high, instance.min_load]) / total)
    return rows, np.array([1.0, -np.inf]), np.array([np.inf, 1.0])


def lookouts(instance: Instance, usable: Bools) -> Rows:
    """Return one row for each set of sites that a demand without weight looks to: one of them is open."""
    light = np.flatnonzero((instance.weight == 0) & ~instance.unreachable)
    sets = set()
    for at in light:
        sites = instance.indices[instance.indptr[at] : instance.indptr[at + 1]]
        sites = sites[usable[sites]]
        if not instance.open_always[sites].any():
            sets.add(tuple(sites.tolist()))
    if not sets:
        return csr_array((0, len(usable))), np.zeros(0), np.zeros(0)
    rows = sorted(sets)
    column = np.concatenate([np.array(one, np.int64) for one in rows])
    start = np.cumsum([0, *(len(one) for one in rows)])
    cover = csr_array((np.ones(len(column)), column, start), shape=(len(rows), len(usable)))
    return cover, np.ones(len(rows)), np.full(len(rows), np.inf)


def scale_of(net: Network) -> float:
    """Return what the objective is divided by, so that its largest term is a thousand."""
    return max(float((net.weight * net.cost).max(initial=0.0)), float(net.price.max(initial=0.0)), 1e-9) / 1000


def links_of(net: Network, linked: Positions) -> csr_array:
    """Return the rows z − x ≤ 0 of some pairs, over [sites, pairs]."""
    sites, count = len(net.may), len(linked)
    row = np.concatenate([np.arange(count), np.arange(count)])
    column = np.concatenate([net.site[linked], sites + linked])
    one = np.concatenate([-np.ones(count), np.ones(count)])
    return csr_array((one, (row, column)), shape=(count, sites + len(net.demand)))


def program_of(net: Network, linked: Positions, *, whole: bool) -> Program:
    """Return the programme over [sites, pairs]: served, loads at most, loads at least, rules, and z ≤ x of `linked` pairs.

    A pair is the share of its demand. Loads are told as parts of the site's most, so that every row is of one size.
    """
    sites, pairs = len(net.may), len(net.demand)
    unit = np.where(net.high > 0, net.high, 1.0)
    served = csr_array((np.ones(pairs), (net.row, np.arange(pairs))), shape=(len(net.who), pairs))
    part = csr_array((net.weight / unit[net.site], (net.site, np.arange(pairs))), shape=(sites, pairs))
    rules, low, high = net.rules
    some = np.flatnonzero(net.low > 0)
    most = csr_array((-np.ones(sites), (np.arange(sites), np.arange(sites))), shape=(sites, sites))
    least = csr_array((-net.low[some] / unit[some], (np.arange(len(some)), some)), shape=(len(some), sites))
    rows = vstack(
        [
            hstack([csr_array((len(net.who), sites)), served]),
            hstack([most, part]),
            hstack([least, part[some]]),
            hstack([rules, csr_array((rules.shape[0], pairs))]),
            links_of(net, linked),
        ],
        format="csr",
    )
    none, inf = np.zeros(sites + len(linked)), np.full(len(some), np.inf)
    everyone = np.ones(len(net.who))
    return Program(
        np.concatenate([net.price, net.weight * net.cost]) / scale_of(net),
        csr_array(rows),
        np.concatenate([everyone, none[:sites] - np.inf, np.zeros(len(some)), low, none[sites:] - np.inf]),
        np.concatenate([everyone, none[:sites], inf, high, none[sites:]]),
        np.concatenate([net.must.astype(float), np.zeros(pairs)]),
        np.concatenate([(net.may | net.must).astype(float), np.ones(pairs)]),
        np.concatenate([np.full(sites, whole), np.full(pairs, whole and not net.instance.question.split)]),
    )
