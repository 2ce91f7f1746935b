"""What OpenStreetMap's tags say of a way: whether it is driven, in which direction, of what class, how fast, and by whom."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, nan
from typing import Literal, NamedTuple

from planner.errors import Text
from planner.network import CHINESE_CLASSES, SPEED_KMH, VEHICLE
from planner.text import count_text

FERRY = "ferry"
DRIVABLE = frozenset(SPEED_KMH) - {FERRY}
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most specific to the most general: the first one that a way carries decides."""
FORBIDDEN = frozenset({"no", "agricultural", "forestry"})
ENDS_ONLY = frozenset({"private", "destination", "customers", "delivery", "permit", "residents"})
"""Open to those who live or have business there: at either end of a trip, not to pass through."""
WHY_NOT: Mapping[str, Text] = {
    "access": Text("禁止机动车通行", "closed to motor vehicles"),
    "gone": Text("废弃、停用、拆除或尚未建成", "abandoned, disused, demolished or not built yet"),
    "impassable": Text("标为无法通行", "said to be impassable"),
    "size": Text("限高、限宽、限重或限长，救护车过不去", "too low, narrow, weak or short for an ambulance"),
}
"""Why a way of a class that is driven is no road."""
_YES = frozenset({"yes", "designated", "official"})
_FORWARD = frozenset({"yes", "1", "true"})
_REVERSE = frozenset({"-1", "reverse"})
_BOTH = frozenset({"no", "0", "false"})
_CIRCLES = frozenset({"roundabout", "circular"})
_GONE = ("construction", "proposed", "abandoned", "disused", "razed", "demolished", "removed")
_NO = frozenset({"", "no", "false", "0"})
_NO_TUNNEL = _NO | {"building_passage", "culvert"}
_APART = frozenset({"motorway", "motorway_link", FERRY})
"""Classes that nobody gets on or off between two junctions."""
_OPEN_BARRIERS = frozenset(
    {"cattle_grid", "border_control", "toll_booth", "sally_port", "gate", "lift_gate", "swing_gate", "sliding_gate",
     "hampshire_gate", "height_restrictor", "arch", "entrance", "kerb", "no"}
)  # fmt: skip
"""Barriers that a car passes unless their access says no; every other one stops it (as in OSRM's profile of cars)."""
_RISING = frozenset({"rising", "removable"})
_SPEED = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*(km/h|kmh|kph|公里/小时|mph|knots)?\s*", re.IGNORECASE | re.ASCII)
_KMH = {"mph": 1.609344, "knots": 1.852}
_FASTEST_KMH = 300.0
_WALK_KMH = 5.0
_SIZE = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)\s*(m|t|kg|米|吨)?\s*", re.IGNORECASE)
_FEET = re.compile(r"\s*(\d{1,3})\s*(?:'|ft)\s*(?:(\d{1,2})\s*(?:\"|''|in)?)?\s*")
TIMED_KEYS: Mapping[str, Literal["access", "oneway", "speed", "size"]] = {
    **{f"{key}:conditional": "access" for key in ACCESS_KEYS},
    **{f"{key}:conditional": "size" for key in VEHICLE},
    "oneway:conditional": "oneway", "maxspeed:conditional": "speed",
}  # fmt: skip
"""Keys whose limits hold a car at times or on conditions only, and what they limit."""
ODD_KEYS = frozenset({*_GONE, *VEHICLE, "impassable", "status", "smoothness"})
"""Keys that can make a way of any class no road."""


class Road(NamedTuple):
    """One way as the network takes it; `speed_kmh` is NaN where the tags give none.

    joins: whether one gets on and off along it; through: whether those pass who have no business there.
    """

    road_class: str
    forward: bool
    backward: bool
    speed_kmh: float
    joins: bool = True
    through: bool = True


def road_of(tags: Mapping[str, str]) -> Road | None:
    """Return the road that a way with these tags is, None where no ambulance drives.

    >>> road_of({"highway": "primary", "oneway": "-1", "maxspeed": "30 mph"})
    Road(road_class='primary', forward=False, backward=True, speed_kmh=48.28032, joins=True, through=True)
    >>> road_of({"highway": "service", "access": "private"}).through, road_of({"highway": "service", "access": "no"})
    (False, None)
    """
    road_class = class_of(tags)
    if road_class is None or (tags.keys() & ODD_KEYS and _odd(tags)):
        return None
    access = access_of(tags)
    if access in FORBIDDEN:
        return None
    forward, backward = directions(tags, road_class)
    speed = speed_of(tags.get("maxspeed", ""))
    return Road(road_class, forward, backward, speed, joins(tags, road_class), access not in ENDS_ONLY)


def why_not(tags: Mapping[str, str]) -> str:
    """Return why a way is no road, a key of WHY_NOT; "" where it is one, or of a class that is never driven.

    >>> [why_not({"highway": "primary"} | tags) for tags in ({"maxheight": "1.8"}, {"impassable": "yes"}, {})]
    ['size', 'impassable', '']
    """
    if class_of(tags) is None:
        return ""
    return _odd(tags) or ("access" if access_of(tags) in FORBIDDEN else "")


def _odd(tags: Mapping[str, str]) -> str:
    """Return what of the way itself keeps an ambulance off it, a key of WHY_NOT; "" where nothing does."""
    if any(tags.get(key) == "yes" for key in _GONE):
        return "gone"
    if tags.get("impassable") == "yes" or "impassable" in (tags.get("smoothness"), tags.get("status")):
        return "impassable"
    return "size" if any(size_of(tags[key]) < needs for key, needs in VEHICLE.items() if key in tags) else ""


def size_of(text: str) -> float:
    """Return metres or tonnes, infinity for "default", "none" and what is no number.

    >>> [size_of(one) for one in ("2.2", "2.2 m", "7'10", "2500 kg", "default")]
    [2.2, 2.2, 2.3876, 2.5, inf]
    """
    feet = _FEET.fullmatch(text)
    if feet:
        return round(int(feet[1]) * 0.3048 + int(feet[2] or 0) * 0.0254, 4)
    found = _SIZE.fullmatch(text)
    if not found:
        return inf
    return float(found[1]) / (1000 if (found[2] or "").lower() == "kg" else 1)


def class_of(tags: Mapping[str, str]) -> str | None:
    """Return the class of road, "ferry" for a ferry; None for footways and areas."""
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == FERRY:
        return FERRY
    highway = tags.get("highway", "")
    return highway if highway in DRIVABLE else None


def access_of(tags: Mapping[str, str]) -> str:
    """Return what the most specific of the access tags says; emergency=yes lets an ambulance in whatever it says."""
    if tags.get("emergency") in _YES:
        return "yes"
    return next((tags[key] for key in ACCESS_KEYS if key in tags), "yes")


def joins(tags: Mapping[str, str], road_class: str) -> bool:
    """Whether one gets on and off along the way: on no motorway, bridge or ferry, and in no tunnel.

    >>> joins({"bridge": "viaduct"}, "primary"), joins({"bridge": "no"}, "primary"), joins({}, "高速公路")
    (False, True, False)
    """
    if CHINESE_CLASSES.get(road_class, road_class) in _APART or tags.get("motorroad") == "yes":
        return False
    return tags.get("bridge", "") in _NO and tags.get("tunnel", "") in _NO_TUNNEL


def barrier_of(tags: Mapping[str, str]) -> Literal["", "shut", "ends"]:
    """Return whether a node with these tags stops a vehicle: always, or all but those with business behind it.

    >>> barrier_of({"barrier": "bollard"}), barrier_of({"barrier": "gate"}), barrier_of({"barrier": "gate", "access": "private"})
    ('shut', '', 'ends')
    """
    kind = tags.get("barrier", "no")
    if tags.get("emergency") in _YES or kind == "no":
        return ""
    access = next((tags[key] for key in ACCESS_KEYS if key in tags), "")
    low = any(size_of(tags[key]) < needs for key, needs in VEHICLE.items() if key in tags)
    locked = tags.get("locked") == "yes" and access not in _YES
    if low or locked or access in FORBIDDEN:
        return "shut"
    if access in ENDS_ONLY:
        return "ends"
    opens = bool(access) or kind in _OPEN_BARRIERS or tags.get("bollard") in _RISING
    return "" if opens else "shut"


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
    """Return the speed in km/h that `maxspeed` gives, NaN for "CN:urban", "none", "0" and the like.

    >>> [speed_of(one) for one in ("60", "60 km/h", "30 mph", "walk", "CN:urban", "0", "-5")]
    [60.0, 60.0, 48.28032, 5.0, nan, nan, nan]
    """
    if text == "walk":
        return _WALK_KMH
    found = _SPEED.fullmatch(text)
    if not found:
        return nan
    speed = float(found[1]) * _KMH.get((found[2] or "").lower(), 1.0)
    return speed if 0 < speed <= _FASTEST_KMH else nan


# What a reader of roads left out or did not follow, counted while reading and told in sentences.

TIMED: Mapping[str, Text] = {
    "access": Text("分时段或有条件的通行限制", "limits of access at times or on conditions"),
    "oneway": Text("分时段的单行", "one-way at times"),
    "speed": Text("分时段或有条件的限速", "limits of speed at times or on conditions"),
    "size": Text("有条件的限高、限宽、限重或限长", "limits of size or weight on conditions"),
}
"""What is limited at times only: the network takes the road as if the limit were not there."""


@dataclass(frozen=True)
class Left:
    """Counts of what a file says of its roads and the network does not hold.

    why       ways of a class that is driven and that are no roads, by a key of WHY_NOT
    barriers  nodes that stop every vehicle ("shut"), and gates for those alone with business behind them ("ends")
    timed     roads with a limit that holds at times or on conditions only, by what it limits, a key of TIMED
    others    "turns", restrictions of turning that are not followed; "deleted", objects that an editor marked as deleted
    """

    why: Counter[str] = field(default_factory=Counter)
    barriers: Counter[str] = field(default_factory=Counter)
    timed: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def see(self, tags: Mapping[str, str], road: Road | None) -> None:
        """Count one way, of which `road` was made."""
        if road is None:
            self.why[why_not(tags)] += 1
        elif not TIMED_KEYS.keys().isdisjoint(tags):
            self.timed.update({TIMED_KEYS[key] for key in tags if key in TIMED_KEYS})

    def notes(self) -> tuple[Text, ...]:
        """Return the sentences; none of what was not met."""
        return tuple(text for text in (self._left_out(), self._barriers(), self._not_followed()) if text is not None)

    def _left_out(self) -> Text | None:
        kinds = [key for key in WHY_NOT if self.why[key]]
        zh = [f"{WHY_NOT[key].zh} {count_text(self.why[key])} 条" for key in kinds]
        en = [f"{WHY_NOT[key].en} {count_text(self.why[key])}" for key in kinds]
        if self.others["deleted"]:
            zh.append(f"编辑软件中已删除的对象 {count_text(self.others['deleted'])} 个")
            en.append(f"objects deleted in an editor {count_text(self.others['deleted'])}")
        return Text(f"未作道路：{'；'.join(zh)}。", f"Left out as no roads: {'; '.join(en)}.") if zh else None

    def _barriers(self) -> Text | None:
        shut, ends = (count_text(self.barriers[key]) for key in ("shut", "ends"))
        if not self.barriers:
            return None
        return Text(
            f"路障：{shut} 处车辆不能通过（隔离桩、锁闭的门等），道路在此断开；{ends} 处大门只供出入、不供穿行。",
            f"Barriers: {shut} stop every vehicle and cut the road; {ends} gates are for those with business behind them.",
        )

    def _not_followed(self) -> Text | None:
        zh, en = [], []
        if self.others["turns"]:
            zh.append(f"分时段、经过路段或指向不明的转弯限制 {count_text(self.others['turns'])} 处")
            en.append(
                f"restrictions of turning at certain times, over ways or of unclear sense {count_text(self.others['turns'])}"
            )
        for kind in (kind for kind in TIMED if self.timed[kind]):
            zh.append(f"{TIMED[kind].zh} {count_text(self.timed[kind])} 条路")
            en.append(f"{TIMED[kind].en} {count_text(self.timed[kind])} roads")
        if not zh:
            return None
        return Text(f"未采用：{'、'.join(zh)}。", f"Not followed: {', '.join(en)}.")
