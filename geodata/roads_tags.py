"""What OpenStreetMap's tags say of a way: whether it is driven, in which direction, of what class, how fast."""

import re
from collections.abc import Mapping
from math import nan
from typing import NamedTuple

from planner.network import SPEED_KMH

FERRY = "ferry"
DRIVABLE = frozenset(SPEED_KMH) - {FERRY}
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most specific to the most general: the first one that a way carries decides."""
FORBIDDEN = frozenset({"no", "private"})
_YES = frozenset({"yes", "designated", "official"})
_FORWARD = frozenset({"yes", "1", "true"})
_REVERSE = frozenset({"-1", "reverse"})
_BOTH = frozenset({"no", "0", "false"})
_CIRCLES = frozenset({"roundabout", "circular"})
_SPEED = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?\s*", re.IGNORECASE | re.ASCII)
_KMH = {"mph": 1.609344, "knots": 1.852}
_FASTEST_KMH = 300.0


class Road(NamedTuple):
    """One way as the network takes it; `speed_kmh` is NaN where the tags give none."""

    road_class: str
    forward: bool
    backward: bool
    speed_kmh: float


def road_of(tags: Mapping[str, str]) -> Road | None:
    """Return the road that a way with these tags is, None where no ambulance drives.

    >>> road_of({"highway": "primary", "oneway": "-1", "maxspeed": "30 mph"})
    Road(road_class='primary', forward=False, backward=True, speed_kmh=48.28032)
    >>> road_of({"highway": "service", "access": "private"}) is None
    True
    """
    road_class = class_of(tags)
    if road_class is None or not may_drive(tags):
        return None
    forward, backward = directions(tags, road_class)
    return Road(road_class, forward, backward, speed_of(tags.get("maxspeed", "")))


def class_of(tags: Mapping[str, str]) -> str | None:
    """Return the class of road, "ferry" for a ferry; None for footways, areas and what is not built yet."""
    if tags.get("area") == "yes" or "yes" in (tags.get("construction"), tags.get("proposed")):
        return None
    if tags.get("route") == FERRY:
        return FERRY
    highway = tags.get("highway", "")
    return highway if highway in DRIVABLE else None


def may_drive(tags: Mapping[str, str]) -> bool:
    """Whether the most specific of the access tags lets a car in; emergency=yes lets an ambulance in whatever it says."""
    if tags.get("emergency") in _YES:
        return True
    said = next((tags[key] for key in ACCESS_KEYS if key in tags), "yes")
    return said not in FORBIDDEN


def directions(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool]:
    """Return whether the way is driven along its nodes and against them; what `oneway` says goes before what is implied."""
    oneway = tags.get("oneway", "")
    if oneway in _REVERSE:
        return False, True
    if oneway in _FORWARD:
        return True, False
    implied = road_class == "motorway" or tags.get("junction") in _CIRCLES
    return True, oneway in _BOTH or not implied


def speed_of(text: str) -> float:
    """Return the speed in km/h that `maxspeed` gives as a number, NaN for "CN:urban", "none", "0" and the like.

    >>> [speed_of(one) for one in ("60", "60 km/h", "30 mph", "CN:urban", "0", "-5")]
    [60.0, 60.0, 48.28032, nan, nan, nan]
    """
    found = _SPEED.fullmatch(text)
    if not found:
        return nan
    speed = float(found[1]) * _KMH.get((found[2] or "").lower(), 1.0)
    return speed if 0 < speed <= _FASTEST_KMH else nan
