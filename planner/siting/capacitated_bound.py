"""A bound for the capacitated question, and what opening a site or using a pair would add to it.

Lagrange: with a price u for serving each demand (and prices of the rules on sites), every site fills itself by a knapsack
with who pays best. Any prices give a valid bound; those of the linear relaxation give the best one. It is computed anew
from the prices, so it owes nothing to the solver's tolerances.
"""

from dataclasses import dataclass

import numpy as np

from planner.siting.capacitated_model import Amounts, Network


@dataclass(frozen=True, eq=False)
class Bound:
    """No plan costs less than `value`; with a site open less than `value + of_site`, with it closed `value − of_site`.

    of_pair: what using a whole pair adds, its site open (single source only: a part of a pair may cost next to nothing).
    """

    value: float
    of_site: Amounts
    of_pair: Amounts


def bound_of(net: Network, served: Amounts, ruled: Amounts) -> Bound:
    """Return the bound of the prices: `served` of each demand in `who`, `ruled` of each rule on sites."""
    matrix, low, high = net.rules
    ruled = np.where((ruled > 0) & np.isinf(low) | (ruled < 0) & np.isinf(high), 0.0, ruled)
    worth, price = _filled(net, served)
    of_site = net.price + worth - matrix.T @ ruled
    constant = float(served.sum())
    for some, limit in ((ruled > 0, low), (ruled < 0, high)):
        constant += float(ruled[some] @ limit[some])
    closed_or_open = np.where(net.must, of_site, np.where(net.may, np.minimum(of_site, 0.0), 0.0))
    value = constant + float(np.where(np.isfinite(closed_or_open), closed_or_open, 0.0).sum())
    gain = net.weight * net.cost - served[net.row]
    of_pair = (
        np.maximum(gain - net.weight * price[net.site], 0.0)
        + np.where(net.must, 0.0, np.maximum(of_site, 0.0))[net.site]
    )
    return Bound(value, of_site, of_pair)


def _filled(net: Network, served: Amounts) -> tuple[Amounts, Amounts]:
    """Return what each site gains by filling itself best within its loads (≤ 0, or more where it must fill up), and the
    price of one unit of load at which it stops."""  # noqa: D205, D209 - one sentence
    sites = len(net.may)
    ratio = net.cost - served[net.row] / net.weight
    order = np.lexsort((ratio, net.site))
    site, weight, ratio = net.site[order], net.weight[order], ratio[order]
    wanted = np.bincount(site, np.where(ratio < 0, weight, 0.0), sites)
    amount = np.clip(wanted, np.minimum(net.low, net.high), net.high)
    whole = np.bincount(site, weight, sites)
    before = np.cumsum(weight) - weight - (np.cumsum(whole) - whole)[site]
    take = np.clip(amount[site] - before, 0.0, weight)
    last = np.zeros(sites)
    some = take > 0
    last[site[some]] = ratio[some]  # the last one written is the dearest taken
    bound = amount != wanted
    worth: Amounts = np.bincount(site, take * ratio, sites).astype(np.float64)
    return worth, np.where(bound, last, 0.0)
