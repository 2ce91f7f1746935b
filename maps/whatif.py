"""The page on which one tries sites: click to add, drag to move, close, and see at once who gains; then export the scenario.

All that the browser needs to judge is in the page: resident points with their people, the facilities that count, the limit.
It reckons as `planner.travel.StraightLine` does (the geodesic, rounded once to whole millimetres), so its numbers are those
of `fugai run`; a test holds them equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from maps import geometry, style
from maps.compare import GAINED, LOST, MARKS
from maps.furniture import Furniture
from maps.geometry import Column, at_of, ground, packed, plain, roads_of, texts
from maps.scene import Layer, Places, Ramp, Scene, render
from maps.style import Mark, symbol
from planner.region import Region
from planner.text import people_text

_EXACT = 10**7
"""Coordinates with up to seven decimals are packed as whole numbers and come back as they were."""
_CLOSED = Mark(18, style.CIRCLE, style.PAPER, style.CLOSED_COLOR, style.CROSS, style.CLOSED_COLOR, 2.0)


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of residents: those of `people` (rows of region.residents) within `limit_mm` of an open facility of `kinds`.

    The first of `kinds` is what one adds. `words` are the clause's own, `judged` whether it gives a verdict.
    """

    rule: str
    reading: str
    label: str
    reading_label: str
    required_text: str
    denominator: str
    kinds: tuple[str, ...]
    limit_mm: int
    judged: bool
    people: gpd.GeoDataFrame
    quote: str = ""
    cite: str = ""


def whatif_map(region: Region, questions: Sequence[Question], rules: str, furniture: Furniture) -> str:
    """Return one HTML page that opens with no network; `rules` is the name that an exported scenario gives."""
    kinds = list(dict.fromkeys(kind for one in questions for kind in one.kinds))
    facilities = region.facilities[region.facilities["kind"].isin(kinds)].reset_index(drop=True)
    scene = Scene(
        kind="whatif",
        ground=ground(region),
        fills=style.TOWN_FILLS,
        choices=(),
        views=(),
        pictures=(),
        ramps=(Ramp("乡镇（街道）未覆盖人口占比", style.GAP_CLASSES, (style.OUT_OF_SCOPE,)),),
        places={"villages": _villages(region), "facilities": _facilities(region, facilities), "sites": _no_sites()},
        layers=tuple(_layers(kinds)),
        roads=roads_of(region, None),
        tool={
            "rules": rules,
            "people": _people(region),
            "questions": tuple(_question(one, region, facilities) for one in questions),
            "facilities": _exact(facilities)
            | {"kind": texts(facilities["kind"]), "status": texts(facilities["status"])},
            "kinds": {kind: style.kind_label(kind) for kind in kinds},
        },
    )
    return render(scene, furniture, tool="whatif")


def _layers(kinds: Sequence[str]) -> Iterator[Layer]:
    yield Layer("within", "限度以内（圆只作示意，按居民点判断）", "areas", "reach", stroke=style.WITHIN)
    yield Layer("uncovered", "未覆盖居民点", "points", "gap", "villages", (style.UNCOVERED,), names="near")
    yield Layer("lost", "比今天少覆盖的居民点（×）", "points", "gap", "villages", (LOST,), names="near")
    yield Layer("gained", "比今天新覆盖的居民点（✓）", "points", "gain", "villages", (GAINED,), names="near")
    marks = tuple(symbol(kind, "open") for kind in kinds)
    yield Layer(
        "facilities", "在用机构", "points", "facility", "facilities", (*marks, _CLOSED), apart=True, names="near"
    )
    yield Layer(
        "sites", "方案新设、迁来（可拖动）", "points", "gain", "sites", (MARKS["added"], MARKS["moved"]), names="always"
    )


def _villages(region: Region) -> Places:
    """Return where people live: villages, or the resident points themselves where no village is known."""
    frame = region.villages if region.subject_level == "village" else region.residents
    names = frame["name"] if "name" in frame else frame["id"]
    town = frame["town_code"].map(region.towns.set_index("code")["name"])
    codes = frame["code"] if "code" in frame else frame["id"]
    facts = {"人口": texts(map(people_text, geometry.floats(frame["population"])))}
    return Places(at_of(frame.geometry), texts(names), texts(town), texts(codes), facts)


def _facilities(region: Region, facilities: gpd.GeoDataFrame) -> Places:
    town = facilities["town_code"].map(region.towns.set_index("code")["name"])
    facts = {"状态": texts(style.facility_status_label(str(one)) for one in facilities["status"])}
    return Places(at_of(facilities.geometry), texts(facilities["name"]), texts(town), texts(facilities["id"]), facts)


def _no_sites() -> Places:
    none = plain([])
    return Places({"lon": none, "lat": none}, none, none, none, found=False)


def _question(one: Question, region: Region, facilities: gpd.GeoDataFrame) -> Mapping[str, object]:
    """Return what is asked: of which resident points (their rows), what counts for them today, the limit, the clause's words."""
    asked = region.residents["id"].isin(one.people["id"]).to_numpy(bool)
    counted = facilities["kind"].isin(one.kinds) & (facilities["status"] == "open")
    return {
        "rule": one.rule, "reading": one.reading, "label": one.label, "readingLabel": one.reading_label,
        "required": one.required_text, "denominator": one.denominator, "quote": one.quote, "cite": one.cite,
        "kinds": list(one.kinds), "limit": one.limit_mm, "judged": int(one.judged),
        "rows": packed(np.flatnonzero(asked)),
        "open": plain(int(flag) for flag in counted),
    }  # fmt: skip


def _people(region: Region) -> Mapping[str, Column]:
    """Return every resident point: how many live there, its village and town among the places, where it is."""
    level = region.subject_level
    codes = region.villages["code"] if level == "village" else region.residents["id"]
    subject = region.residents["village_code"] if level == "village" else region.residents["id"]
    village = pd.Series(np.arange(len(codes)), index=codes.astype(str))
    town = pd.Series(np.arange(len(region.towns)), index=region.towns["code"].astype(str))
    return {
        "population": packed(region.residents["population"].to_numpy()),
        "village": packed(village.loc[subject.astype(str)].to_numpy()),
        "town": packed(town.loc[region.residents["town_code"].astype(str)].to_numpy()),
        **_exact(region.residents),
    }


def _exact(frame: pd.DataFrame) -> dict[str, Column]:
    """Return lon and lat in degrees exactly as they are: packed where seven decimals hold them."""
    return {name: _degrees(frame[name].to_numpy(np.float64)) for name in ("lon", "lat")}


def _degrees(values: npt.NDArray[np.float64]) -> Column:
    whole = np.rint(values * _EXACT)
    if np.array_equal(whole / _EXACT, values):
        return {"scale": _EXACT, "whole": packed(whole)}
    return {"scale": 1, "whole": plain(values.tolist())}
