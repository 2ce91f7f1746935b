"""The core of fugai: facts, law and decisions in, findings out. Imports none of the other three packages."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from planner.areas import straight_areas
    from planner.errors import FugaiError, Problem, Text, set_language
    from planner.findings import assess
    from planner.measures import FUNCTIONS, MEASURES, Measure
    from planner.network import RoadGraph, graph_of_edges
    from planner.reach import Reach
    from planner.region import About, Region
    from planner.road import Road
    from planner.rules import Rules, load_rules
    from planner.scenario import Change, Close, Open, Scenario, apply
    from planner.travel import PAPER, StraightLine, Travel
    from planner.uncertainty import Uncertainty
    from planner.version import __version__

__all__ = [
    "FUNCTIONS",
    "MEASURES",
    "PAPER",
    "About",
    "Change",
    "Close",
    "FugaiError",
    "Measure",
    "Open",
    "Problem",
    "Reach",
    "Region",
    "Road",
    "RoadGraph",
    "Rules",
    "Scenario",
    "StraightLine",
    "Text",
    "Travel",
    "Uncertainty",
    "__version__",
    "apply",
    "assess",
    "graph_of_edges",
    "load_rules",
    "set_language",
    "straight_areas",
]  # fmt: skip
_HOMES = {
    "areas": "straight_areas",
    "errors": "FugaiError Problem Text set_language",
    "findings": "assess ",
    "measures": "FUNCTIONS MEASURES Measure",
    "network": "RoadGraph graph_of_edges",
    "reach": "Reach",
    "region": "About Region",
    "road": "Road",
    "rules": "Rules load_rules",
    "scenario": "Change Close Open Scenario apply",
    "travel": "PAPER StraightLine Travel",
    "uncertainty": "Uncertainty",
    "version": "__version__",
}
__getattr__ = handing_out("planner", _HOMES)
