"""Whether a set of sites serves every demand within a cost, the rules on sites kept."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from planner.siting.highs import Program, solve
from planner.siting.instance import Instance
from planner.siting.median_problem import Positions
from planner.siting.question import FORBIDDEN, Limits


@dataclass(frozen=True, eq=False)
class Covering:
    """Positions of open sites (all of them) that serve every demand; None without: proven that there are none, or not."""

    opened: Positions | None
    proven: bool


def covering(instance: Instance, radius: float | None, limits: Limits) -> Covering:
    """Return sites that serve every demand that can be served, within the radius where there is one."""
    rules, low, high = instance.site_rules
    cover = _cover_rows(instance, radius)
    width, demands = len(instance.site_ids), cover.shape[0]
    answer = solve(
        Program(
            np.zeros(width),
            csr_array(vstack([rules, cover])),
            np.concatenate([low, np.ones(demands)]),
            np.concatenate([high, np.full(demands, np.inf)]),
            instance.open_always.astype(float),
            np.where(instance.status == FORBIDDEN, 0.0, 1.0),
            np.ones(width, np.bool_),
        ),
        limits,
    )
    if answer.status in ("optimal", "feasible"):
        return Covering(np.flatnonzero(answer.values > 0.5), True)
    return Covering(None, answer.status == "infeasible")


def _cover_rows(instance: Instance, radius: float | None) -> csr_array:
    """Return, for each demand that no site always open serves, the sites that do: one row of ones."""
    usable = instance.status[instance.indices] != FORBIDDEN
    if radius is not None:
        usable &= instance.costs <= radius
    row, site = instance.row[usable], instance.indices[usable]
    served = np.zeros(len(instance.weight), np.bool_)
    served[row[instance.open_always[site]]] = True
    left = ~served & ~instance.unreachable
    shape = (len(instance.weight), len(instance.site_ids))
    return csr_array((np.ones(len(row)), (row, site)), shape=shape)[np.flatnonzero(left)]
