"""fugai（覆盖）: where health facilities must be, who is out of reach, and what each county has to do about it.

The few names a session needs, from the packages where they live; each is imported when it is first asked for.

    import fugai, geopandas as gpd, osmnx as ox
    city = fugai.load("sample:panzhihua")                       # or a folder of facts
    now = city.assess("panzhihua_2023")                         # now.findings, now.gaps, now.why(gap_id); shows its map
    then = city.assess("panzhihua_2023", fugai.Scenario("再加一处").open("emergency_station", at=(101.72, 26.58)))
    fugai.compare(now, then)
    r = fugai.reach(demand, sites, "15min", roads=ox.load_graphml("town.graphml"), id="code", weight="population")
    s = fugai.site(r, "mclp", p=3)                              # s.status, s.bound, s.sites, s.assignment

Limits carry their unit ("5km", "15min"). What the user can mend is a `FugaiError`, told in the language set.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geodata.roads import read_roads
    from geodata.roads_osm import read_networkx
    from planner import __version__
    from planner.errors import FugaiError, set_language
    from planner.network import RoadGraph
    from planner.scenario import Scenario
    from planner.siting.question import Limits, Quota
    from scenarios.files import read_scenario
    from scenarios.notebook import City, compare, load, load_rules, reach, site
    from scenarios.write import write_scenario

_HOMES = {
    "City": "scenarios.notebook", "FugaiError": "planner.errors", "Limits": "planner.siting.question",
    "Quota": "planner.siting.question", "RoadGraph": "planner.network", "Scenario": "planner.scenario",
    "__version__": "planner", "compare": "scenarios.notebook", "load": "scenarios.notebook",
    "load_rules": "scenarios.notebook", "reach": "scenarios.notebook", "read_networkx": "geodata.roads_osm",
    "read_roads": "geodata.roads", "read_scenario": "scenarios.files", "set_language": "planner.errors",
    "site": "scenarios.notebook", "write_scenario": "scenarios.write",
}  # fmt: skip
__all__ = [
    "City", "FugaiError", "Limits", "Quota", "RoadGraph", "Scenario", "__version__", "compare", "load", "load_rules",
    "reach", "read_networkx", "read_roads", "read_scenario", "set_language", "site", "write_scenario",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"fugai has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
