"""What it costs communities to go to each centre, and how many of their people have a way there at all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.districts.case import Amounts, Whole
from planner.plans.centers_units import Served
from planner.travel import Travel

ALL_PAIRS = 2**32 - 2


@dataclass(frozen=True, eq=False)
class Ways:
    """By community (rows, as served.units) and centre (columns, as the sites).

    burden   people × cost of the way: the mean of those who have one counts for all, so that who has none makes no centre
             dearer or cheaper than another; inf where nobody has one
    people   how many have a way
    """

    centers: Mapping[str, int]
    burden: Amounts
    people: Whole

    def without(self, units: pd.DataFrame, assigned: pd.Series) -> Whole:
        """Return, by row of the units, how many have no way to the centre assigned to them (""; to any centre)."""
        least = self.people.max(axis=1, initial=0)
        there = [
            self.people[row, self.centers[one]] if one else least[row]
            for row, one in enumerate(assigned.to_numpy(object))
        ]
        return units["population"].to_numpy(np.int64) - np.array(there, np.int64).reshape(-1)


def ways_of(served: Served, travel: Travel, sites: pd.DataFrame) -> Ways:
    """Return the ways from every resident point to every site, added up by community."""
    reach = travel.reach_whole(served.people, sites, ALL_PAIRS)
    cost = np.full((len(reach.demand_ids), len(sites)), np.nan)
    place = {str(name): at for at, name in enumerate(sites["id"])}
    columns = np.array([place[one] for one in reach.facility_ids], np.int64)
    row = np.repeat(np.arange(len(reach.demand_ids)), np.diff(reach.indptr))
    cost[row, columns[reach.indices]] = reach.costs.astype(float)
    people = served.people["population"].to_numpy(np.int64)[:, None]
    units = {name: at for at, name in enumerate(served.units["id"])}
    mine = [units[one] for one in served.people["unit"]]
    burden, there = np.zeros((len(units), len(sites))), np.zeros((len(units), len(sites)), np.int64)
    np.add.at(burden, mine, np.where(np.isnan(cost), 0.0, cost * people))
    np.add.at(there, mine, np.where(np.isnan(cost), 0, people))
    whole = np.zeros(len(units), np.int64)
    np.add.at(whole, mine, people[:, 0])
    share = np.divide(whole[:, None], there, out=np.ones(there.shape), where=there > 0)
    return Ways(place, np.where(there > 0, burden * share, np.inf), there)
