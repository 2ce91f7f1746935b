"""The tiny city's villages and hospitals strung along one line, so that every way is a difference of two numbers."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from planner.region import Region
from planner.scenario import Open, Scenario, apply
from planner.travel import Table

FOUR, SIX, SEVEN, EIGHT = "510402100200", "510422100200", "510422200200", "510422200201"
PLACES: Mapping[str, int] = {
    FOUR: 0, SIX: 20, SEVEN: 40, EIGHT: 52, "VC1": 0, "VC2": 40, "TH1": 30, "TH2": 22, "CHC1": 4, "ES1": 4, "ES2": 4,
    "HC": 5, "HD": 25,
}  # fmt: skip
"""Kilometres (or minutes) from the west. 四村 and 甲镇's hospital are in 甲区, the others in 乙县."""


def line(unit: str = "mm", places: Mapping[str, int] = PLACES) -> Table:
    """Return the way along the line: kilometres as mm, or minutes as ms."""
    each = 1_000_000 if unit == "mm" else 60_000
    ids = sorted(places)
    rows = [(one, two, abs(places[one] - places[two]) * each) for one in ids for two in ids]
    return Table(pd.DataFrame(rows, columns=["demand_id", "facility_id", "cost"]), unit=unit)


def with_hospitals(region: Region) -> Region:
    """Return the city with a county hospital in 乙县 and a city hospital in 甲区."""
    fields = {"kind": "hospital", "lat": 26.65}
    county = {"id": "HD", "name": "乙县人民医院", "lon": 101.66, "grade": "二级", "owner": "县办"}
    city = {"id": "HC", "name": "市中心医院", "lon": 101.65, "grade": "三级", "owner": "市办", "lat": 26.55}
    return apply(region, Scenario(edits=(Open(fields=fields | county), Open(fields=fields | city))))


def shuffled(region: Region) -> Region:
    """Return the same city with the rows of its frames in another order."""
    frames = {name: getattr(region, name) for name in ("towns", "villages", "residents", "facilities")}
    return replace(region, **{name: frame.sample(frac=1, random_state=7) for name, frame in frames.items()})
