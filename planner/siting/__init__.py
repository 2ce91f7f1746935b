"""Siting: exact answers to where facilities should be, with their proof.

With w the weight of a demand, c the whole cost (mm or ms) of its way to a site, f the cost of a site; p sites are open.

    lscp         min Σ f (the fewest, where all cost 1): every demand within the limit      Toregas et al. 1971
    mclp         max Σ w of the demands within the limit of a site                          Church & ReVelle 1974
    backup       max Σ w × (once covered + backup_weight × twice covered)                   Hogan & ReVelle 1986
    p-median     min Σ w × c to the nearest site + Σ f                                      Hakimi 1964
    p-center     min max c to the nearest site, whatever w                                  Hakimi 1964
    capacitated  min Σ w × c + Σ f, each site's load between its two bounds                 Sridharan 1995

>>> import pandas as pd
>>> from planner import StraightLine
>>> from planner.siting import Limits, Question, instance_of, solve
>>> towns = pd.DataFrame({"id": ["a", "b", "c"], "lon": [101.70, 101.75, 101.80], "lat": 26.60, "people": [30, 20, 10]})
>>> reach = StraightLine().reach(towns, towns, "6km")
>>> solve(instance_of(Question("mclp", p=1), reach, towns.set_index("id")["people"], towns), Limits())
Siting(mclp, optimal: 1 sites b; covered 60 of 60; objective 60, bound 60, gap 0)
"""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from planner.siting.best import k_best, lexicographic, with_ties
    from planner.siting.front import Point, Step, curve, pareto
    from planner.siting.instance import Instance, instance_of
    from planner.siting.models import explained, solve
    from planner.siting.phasing import Phases, phases
    from planner.siting.question import Limits, Question, Quota
    from planner.siting.siting import Clash, Siting, siting_of

__all__ = [
    "Clash",
    "Instance",
    "Limits",
    "Phases",
    "Point",
    "Question",
    "Quota",
    "Siting",
    "Step",
    "curve",
    "explained",
    "instance_of",
    "k_best",
    "lexicographic",
    "pareto",
    "phases",
    "siting_of",
    "solve",
    "with_ties",
]
_HOMES = {
    "best": "k_best lexicographic with_ties",
    "front": "Point Step curve pareto",
    "instance": "Instance instance_of",
    "models": "explained solve",
    "phasing": "Phases phases",
    "question": "Limits Question Quota",
    "siting": "Clash Siting siting_of",
}
__getattr__ = handing_out("planner.siting", _HOMES)
