"""Scenario: what is decided, as edits to the facts and recorded assumptions. `apply` makes another Region of it."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Geod, Transformer

from planner.errors import Problem, ScenarioError, Text
from planner.keys import ABOUT_SCENARIO, NOTES, OTHERS, OVERRIDE, POPULATION, QUESTION, SERVICE_AREA, VERBS, Key, Reader
from planner.measures import FUNCTIONS
from planner.region import CENTER, Region, counts_as
from planner.rules import PLAN_PARAMS, Rule, Rules, changed_params, retold, with_params, wrong_params
from planner.schema import FACILITIES, FACILITY_KINDS
from planner.text import coordinate_text, count_text, exact_text, money_text

_CLINIC, _SUBCENTER = "village_clinic", "county_subcenter"
_NO_HOSTS = frozenset({_CLINIC, "community_health_station", "emergency_station"})
"""Kinds of facility that no county sub-centre is made of."""
_ELLIPSOID = Geod(ellps="GRS80")
_FACILITY = Text("机构", "facility")
_OPEN_CENTER = Text("在用的社区卫生服务中心", "open community health centre")
_VILLAGE = Text("村（社区）代码", "village")
_FAR_AWAY_KM = 100
"""What is put farther from the city's extent is a mistake; nearer, outside the city, it is a doubt."""
PROPOSAL = "方案"
"""The source of what a scenario puts into the facts: decided, neither measured nor estimated."""


def _read(key: Key, value: object, file: str, line: str) -> Any:
    """Return a value as a scenario file would be read; ScenarioError with the same words for what a file may not say."""
    reader = Reader(file, {(): line})
    got = reader.read(key, value, ())
    if reader.problems:
        raise ScenarioError(reader.problems)
    return got


def _put(made: object, **fields: Any) -> None:
    """Write fields of a frozen thing that is being made."""
    for name, value in fields.items():
        object.__setattr__(made, name, value)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One decision about a facility: why, what it costs (万元, NaN where unknown), in which year; where it is written.

    Python may say what a scenario file may say (planner.keys), and is refused in the same words.

    >>> Open(fields={"id": "N", "name": "新站", "kind": "emergency", "lon": 101.7, "lat": 26.6})
    Traceback (most recent call last):
    planner.errors.ScenarioError: Open(N)：“kind”没有这个取值（现为“emergency”）。是不是“emergency_station”；可用：医院、县域医疗卫生次中心、乡镇卫生院、社区卫生服务中心、社区卫生服务站、村卫生室、急救中心（站）、紧急医学救援中心。
    """

    reason: str = ""
    cost: float = math.nan
    year: int | None = None
    line: str = field(default="", compare=False)
    file: str = field(default="", compare=False)

    def _checked(self, verb: str, facility: object, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what stands behind the verb, as a file would be read, and keep reason, cost and year as read."""
        is_known = not (isinstance(self.cost, float) and math.isnan(self.cost))
        about = {"reason": self.reason, **({"cost": self.cost} if is_known else {})}
        about |= {} if self.year is None else {"year": self.year}
        file = self.file or f"{type(self).__name__}({facility})"
        got: Mapping[str, Any] = _read(VERBS[verb], {**said, **about}, file, self.line)
        _put(self, reason=got["reason"], cost=float(got.get("cost", math.nan)), year=got.get("year"))
        return got


@dataclass(frozen=True, kw_only=True)
class Open(Edit):
    """A facility that is not there yet: columns of schema.FACILITIES, at least id, name, kind, lon and lat."""

    fields: Mapping[str, Any]

    def __post_init__(self) -> None:
        facility = self.fields.get("id", "") if isinstance(self.fields, Mapping) else ""
        _put(self, fields=self._checked("open", facility, {"open": self.fields})["open"])

    @property
    def facility(self) -> str:
        return str(self.fields["id"])


@dataclass(frozen=True, kw_only=True)
class Close(Edit):
    """A facility that serves nobody any more; it stays in the list."""

    facility: str

    def __post_init__(self) -> None:
        _put(self, facility=self._checked("close", self.facility, {"close": self.facility})["close"])


_CHANGES = tuple(name for name in VERBS if name not in ("open", "close"))
_WORD = Key("word", Text("做什么", "what is done"), "choice", choices=dict.fromkeys(_CHANGES, ()))


@dataclass(frozen=True, kw_only=True)
class Change(Edit):
    """A facility of which some columns change: upgrade, convert, move and enlarge are words for it (`word`)."""

    facility: str
    fields: Mapping[str, Any]
    word: str = "change"

    def __post_init__(self) -> None:
        _read(_WORD, self.word, self.file or f"Change({self.facility})", self.line)
        got = self._checked(self.word, self.facility, self.said)
        fields = got.get("set") or {name: got[name] for name in got if name not in {self.word, *_ABOUT}}
        if "to" in fields:
            fields = {"kind": fields["to"], **{name: value for name, value in fields.items() if name != "to"}}
        _put(self, facility=got[self.word], fields=MappingProxyType(dict(fields)))

    @property
    def said(self) -> dict[str, Any]:
        """The word with what stands behind it, as a scenario file says it; what it is worth and why left out."""
        if self.word == "change" or not isinstance(self.fields, Mapping):
            return {self.word: self.facility, "set": self.fields}
        into = next((one.like for one in VERBS[self.word].keys if one.name == "to"), None)
        fields = dict(self.fields)
        to = {} if into is None else {"to": fields.pop("kind", into)}
        return {self.word: self.facility, **to, **fields}


_ABOUT = ("reason", "cost", "year")


@dataclass(frozen=True)
class Override:
    """Another number in place of a rule's, as an assumption: the rule is then reported and judges nothing."""

    rule: str
    params: Mapping[str, Any]
    reason: str = ""
    line: str = field(default="", compare=False)
    file: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        said = {"rule": self.rule, "params": self.params, "reason": self.reason}
        _put(self, **_read(OVERRIDE, said, self.file or f"Override({self.rule})", self.line))


@dataclass(frozen=True)
class PopulationChange:
    """The residents of another year: today's, multiplied by a factor a county (code → factor; "" for all others)."""

    year: int
    factors: Mapping[str, float]
    reason: str = ""
    line: str = field(default="", compare=False)
    file: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        factors: Any = self.factors
        if isinstance(factors, Mapping):
            factors = {OTHERS if code == "" else code: factor for code, factor in factors.items()}
        said = {"year": self.year, "factors": factors, "reason": self.reason}
        got = _read(POPULATION, said, self.file or f"PopulationChange({self.year})", self.line)
        read = {"" if code == OTHERS else code: float(factor) for code, factor in got["factors"].items()}
        _put(self, year=got["year"], factors=MappingProxyType(read), reason=got["reason"])


@dataclass(frozen=True)
class ServiceArea:
    """Whom centres serve: communities by their codes; several centres share theirs, each resident going to the nearest."""

    centers: tuple[str, ...]
    communities: tuple[str, ...]
    line: str = field(default="", compare=False)
    file: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        said = {"centers": self.centers, "communities": self.communities}
        _put(self, **_read(SERVICE_AREA, said, self.file or "ServiceArea", self.line))


_HEAD = Key("", Text("方案", "scenario"), "record", keys=(*ABOUT_SCENARIO, NOTES))


@dataclass(frozen=True)
class Scenario:
    """Edits and assumptions under a name. The status quo is the scenario that says nothing.

    ``proof`` is what a plan has proved of it, ``proof_of`` the fingerprint of the scenario that it is about ("": of this).
    """

    name: str = "现状"
    author: str = ""
    date: str = ""
    edits: tuple[Edit, ...] = ()
    overrides: tuple[Override, ...] = ()
    population: PopulationChange | None = None
    service_areas: tuple[ServiceArea, ...] = ()
    questions: tuple[Mapping[str, Any], ...] = ()
    file: str = field(default=PROPOSAL, compare=False)
    notes: tuple[str, ...] = field(default=())
    proof: tuple[str, ...] = ()
    proof_of: str = ""

    def __post_init__(self) -> None:
        head = {"name": self.name, "author": self.author, **({"date": self.date} if self.date else {})}
        _read(_HEAD, head | ({"notes": self.notes} if self.notes else {}), "Scenario", "")
        _put(
            self,
            questions=tuple(_read(QUESTION, one, f"Scenario({self.name}) questions", "") for one in self.questions),
        )

    def open(
        self, kind: str, at: tuple[float, float], *, id: str = "", name: str = "", reason: str = "",
        cost: float = math.nan, **columns: Any,
    ) -> "Scenario":  # fmt: skip
        """Return the scenario with a new facility at (lon, lat) behind its edits; other columns of facilities by name.

        >>> Scenario("再加一处").open("emergency_station", at=(101.72, 26.58)).close("ES01")
        Scenario(再加一处: 新设急救中心（站）“新设急救中心（站）1”NEW1；停用 ES01)
        """
        number = 1 + sum(isinstance(edit, Open) for edit in self.edits)
        own = {"id": id or f"NEW{number}", "name": name or f"新设{_kind(kind)}{number}", "kind": kind,
               "lon": at[0], "lat": at[1]}  # fmt: skip
        return replace(self, edits=(*self.edits, Open(fields={**own, **columns}, reason=reason, cost=cost)))

    def close(self, facility: str, *, reason: str = "") -> "Scenario":
        """Return the scenario with a facility closed behind its edits: it stays in the list and serves nobody."""
        return replace(self, edits=(*self.edits, Close(facility=facility, reason=reason)))

    def change(self, facility: str, *, reason: str = "", cost: float = math.nan, **columns: Any) -> "Scenario":
        """Return the scenario with some columns of a facility changed behind its edits, as kind="county_subcenter"."""
        return replace(self, edits=(*self.edits, Change(facility=facility, fields=columns, reason=reason, cost=cost)))

    def __repr__(self) -> str:
        return f"Scenario({self.name}: {'；'.join(edit_words(self.edits)) or '什么也不改'})"

    @property
    def says_nothing(self) -> bool:
        """Whether it leaves facts and rules as they are."""
        return not (self.edits or self.overrides or self.population or self.service_areas)


def apply(region: Region, scenario: Scenario) -> Region:
    """Return the region as the scenario decides; the region itself where it says nothing. ScenarioError for all misfits.

    >>> from fugai import load
    >>> region = load("sample:panzhihua").region
    >>> first = region.facilities["id"].iloc[0]
    >>> then = apply(region, Scenario("少一处", edits=(Close(facility=first),)))
    >>> then.facilities.set_index("id").loc[first, "status"]
    'closed'
    """
    problems = [] if scenario.population is None else _unknown_counties(region, scenario)
    if scenario.population is not None and not problems:
        region = with_population(region, scenario.population)
        problems += _nobody_left(region, scenario.population, scenario.population.file or scenario.file)
    frame = region.facilities
    for edit in scenario.edits:
        misfits = list(_misfits(frame, edit, edit.file or scenario.file, region))
        problems += misfits
        if not misfits:
            frame = applied(frame, edit, region)
    problems += _wrong_areas(frame, region, scenario)
    if problems:
        raise ScenarioError(problems)
    if scenario.service_areas:
        region = _with_areas(region, scenario.service_areas)
    if not scenario.edits:
        return region
    return replace(region, facilities=frame.sort_values("id", kind="stable", ignore_index=True))


def _wrong_areas(frame: pd.DataFrame, region: Region, scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with the service areas: no such open centre, no such community, one twice in the same file."""
    centers = set(frame.loc[counts_as(frame, [CENTER]) & (frame["status"] == "open"), "id"])
    known, seen = set(region.villages["code"]), set[tuple[str, str]]()
    for area in scenario.service_areas:
        file = area.file or scenario.file
        for one in area.centers:
            if one not in centers:
                yield _no_facility(frame[frame["id"].isin(centers)], one, area.line, file, _OPEN_CENTER)
        for one in area.communities:
            if one not in known:
                yield _no_village(region, one, area.line, file)
            elif (file, one) in seen:
                what = Text("这个社区写在两个服务范围里", "this community stands in two service areas")
                yield Problem(file, what, Text("只留一个", "keep one"), area.line, found=one)
            seen.add((file, one))


def _with_areas(region: Region, areas: Sequence[ServiceArea]) -> Region:
    """Return the region whose villages name these centres; what comes later wins over what comes before."""
    named = {code: "、".join(sorted(area.centers)) for area in areas for code in area.communities}
    villages = region.villages
    center = villages["code"].map(named).fillna(villages["health_center"])
    return replace(region, villages=villages.assign(health_center=center))


def _unknown_counties(region: Region, scenario: Scenario) -> list[Problem]:
    """Return a problem for each county that the factors name and the region has not: its slip would change nothing."""
    change, known = scenario.population, set(region.counties["code"])
    lost = sorted(set(change.factors) - known - {""}) if change else []
    return [
        _no_such("县区代码", "county", one, known, change.line, change.file or scenario.file) for one in lost if change
    ]


def _nobody_left(region: Region, change: PopulationChange, file: str) -> list[Problem]:
    """Return the problem that factors leave nobody in the whole city, of whom nothing could be said."""
    if region.residents["population"].any():
        return []
    what = Text("乘以这些数以后全市没有人了", "nobody is left in the whole city")
    return [Problem(file, what, Text("核对 factors", "check the factors"), change.line)]


def _misfits(frame: pd.DataFrame, edit: Edit, file: str, region: Region) -> Iterator[Problem]:
    """Yield what is wrong with one edit of these facilities: an id that is taken or lost, a place that is not there."""
    known = set(frame["id"])
    facility = getattr(edit, "facility", "")
    if isinstance(edit, Open):
        if facility in known:
            what = Text("要新设的机构编号已经有了", "the facility to open is there already")
            yield Problem(file, what, _other_id(frame, facility), edit.line, found=facility)
    elif facility not in known:
        yield _no_facility(frame, facility, edit.line, file)
    else:
        yield from _senseless(frame, edit, file)
    yield from _far_away(frame, edit, file, region)
    named = (
        ("host_id", "依托机构", "host", known),
        ("town_code", "乡镇代码", "town", set(region.towns["code"])),
        ("village_code", "村代码", "village", set(region.villages["code"])),
    )
    for name, zh, en, there in named:
        said = getattr(edit, "fields", {}).get(name, "")
        if said and said not in there:
            yield _no_such(zh, en, said, there, edit.line, file)


def _other_id(frame: pd.DataFrame, facility: str) -> Text:
    """Return what to do about an id that is taken: one that is planned already is to be opened with change."""
    if frame.loc[frame["id"] == facility, "status"].iloc[0] != "planned":
        return Text("换一个编号", "give it another id")
    return Text(
        "它已在名录里（规划）：要启用它，用 change（set: {status: 在用}）；另设一个，换一个编号",
        "it is planned: open it with change (set: {status: open}), or give another id",
    )


def _far_away(frame: pd.DataFrame, edit: Edit, file: str, region: Region) -> Iterator[Problem]:
    """Yield that a facility is put so far from the city that the coordinates are wrong; a little outside is a doubt only."""
    fields = getattr(edit, "fields", {})
    if not {"lon", "lat"} & fields.keys():
        return
    row = frame[frame["id"] == getattr(edit, "facility", "")]
    if row.empty and not {"lon", "lat"} <= fields.keys():
        return
    lon, lat = (float(fields[one] if one in fields else row[one].iloc[0]) for one in ("lon", "lat"))
    west, south, east, north = _in_degrees(region.crs, tuple(map(float, region.towns.total_bounds)))
    away = _ELLIPSOID.inv(lon, lat, min(max(lon, west), east), min(max(lat, south), north))[2]
    if away / 1000 > _FAR_AWAY_KM:
        swapped = west <= lat <= east and south <= lon <= north
        fix = Text("核对坐标" + ("；是不是经度和纬度写反了" if swapped else ""), "check the coordinates")
        what = Text(
            f"离本市 {count_text(round(away / 1000))} 公里", f"{count_text(round(away / 1000))} km from the city"
        )
        yield Problem(file, what, fix, edit.line, found=f"{coordinate_text(lon)}, {coordinate_text(lat)}")


@lru_cache(maxsize=8)
def _in_degrees(crs: Any, bounds: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Return bounds in degrees; kept, for making the transformation takes longer than applying an edit."""
    west, south, east, north = Transformer.from_crs(crs, 4326, always_xy=True).transform_bounds(*bounds)
    return west, south, east, north


def _no_village(region: Region, found: str, line: str, file: str) -> Problem:
    """Return that no village has this code; those whose names begin so are told by their codes."""
    alike = region.villages[
        [
            bool(found) and name.startswith(found.removesuffix("居委会").removesuffix("村委会"))
            for name in region.villages["name"]
        ]
    ]
    if not len(alike) or found.isdigit():
        return _no_such(*_VILLAGE, found, region.villages["code"], line, file)
    codes = "、".join(f"{code}（{name}）" for code, name in zip(alike["code"], alike["name"], strict=True))
    fix = Text(f"写代码，不写名称；是不是 {codes}", f"write the code; did you mean {codes}")
    return Problem(file, Text(f"没有这个{_VILLAGE.zh}", f"there is no such {_VILLAGE.en}"), fix, line, found=found)


def _no_facility(frame: pd.DataFrame, found: str, line: str, file: str, what: Text = _FACILITY) -> Problem:
    """Return that no facility has this id; a facility of that name is told by its id."""
    ids = dict(zip(frame["name"], frame["id"], strict=True))
    near = found if found in ids else "" if _similar(found, frame["id"]) else _similar(found, ids)
    if not near:
        return _no_such(*what, found, frame["id"], line, file)
    fix = Text(
        f"写机构编号，不写名称；是不是“{ids[near]}”（{near}）", f"write its id; did you mean '{ids[near]}' ({near})"
    )
    return Problem(file, Text(f"没有这个{what.zh}编号", f"there is no such {what.en}"), fix, line, found=found)


def _senseless(frame: pd.DataFrame, edit: Edit, file: str) -> Iterator[Problem]:
    """Yield what would do nothing, or cannot be meant: an edit of what is closed, a clinic made a county's sub-centre."""
    row = frame[frame["id"] == getattr(edit, "facility", "")].iloc[0]
    fields = edit.fields if isinstance(edit, Change) else {}
    if row["status"] == "closed" and "status" not in fields:
        drop = Text("删去这一条", "remove this edit")
        fix = Text(
            "先用 change 重新启用（set: {status: 在用}），或删去这一条",
            "open it again with change, or remove this edit",
        )
        what = Text(f"“{row['name']}”已经停用", "this facility is closed already")
        yield Problem(file, what, drop if isinstance(edit, Close) else fix, edit.line, found=row["id"])
    elif getattr(edit, "word", "") == "upgrade" and fields.get("kind") == _SUBCENTER and row["kind"] in _NO_HOSTS:
        kind = FACILITY_KINDS[row["kind"]][0]
        what = Text(
            f"{kind}不能升格为{FACILITY_KINDS[_SUBCENTER][0]}", f"a {row['kind']} cannot be upgraded to a sub-centre"
        )
        fix = Text("核对编号；确要这样改，用 change", "check the id; if it is meant, use change")
        yield Problem(file, what, fix, edit.line, found=row["id"])


def _no_such(zh: str, en: str, found: str, known: Collection[str], line: str, file: str) -> Problem:
    near = _similar(found, known)
    hint = Text(f"是不是“{near}”", f"did you mean '{near}'") if near else Text("核对编号", "check it")
    return Problem(file, Text(f"没有这个{zh}", f"there is no such {en}"), hint, line, found=found)


def _similar(name: str, known: Collection[str]) -> str:
    return next(iter(get_close_matches(name, sorted(map(str, known)), 1)), "")


def applied(frame: gpd.GeoDataFrame, edit: Edit, region: Region) -> gpd.GeoDataFrame:
    """Return the facilities with one edit that fits them."""
    if isinstance(edit, Open):
        return _opened(frame, edit, region)
    if isinstance(edit, Close):
        return frame.assign(status=frame["status"].where(frame["id"] != edit.facility, "closed"))
    if isinstance(edit, Change):
        return _changed(frame, edit, region)
    raise TypeError(f"{type(edit).__name__} is no edit")


def _opened(frame: gpd.GeoDataFrame, edit: Open, region: Region) -> gpd.GeoDataFrame:
    """Return the facilities with one more, its town and county by its place; estimated where its host's place is."""
    host = frame[frame["id"] == edit.fields.get("host_id", "")]
    row = {
        **_blank(frame),
        "status": "open",
        "source": f"{PROPOSAL}：{edit.reason}" if edit.reason else PROPOSAL,
        "estimated": bool(host["estimated"].any()),
        **_place(region, float(edit.fields["lon"]), float(edit.fields["lat"])),
        **_with_county(region, edit.fields),
    }
    if row["kind"] == _CLINIC and not row["village_code"]:
        village = _nearest_village(region, row["town_code"], row["geometry"])
        row |= {"village_code": village, "estimated": row["estimated"] or village != ""}
    plain = {name: pd.Series([row[name]], dtype=frame[name].dtype) for name in frame.columns if name != "geometry"}
    added = gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries([row["geometry"]], crs=frame.crs))[list(frame.columns)]
    return pd.concat([frame, added], ignore_index=True)


def _blank(frame: pd.DataFrame) -> dict[str, Any]:
    """Return an empty entry for each column: "" for text, NaN for a number, None for what is unknown."""
    text = {
        "id",
        "name",
        "kind",
        "status",
        "town_code",
        "village_code",
        "county_code",
        "host_id",
        "grade",
        "owner",
        "source",
    }
    return {name: "" if name in text else np.nan if frame[name].dtype.kind == "f" else None for name in frame.columns}


def _place(region: Region, lon: float, lat: float) -> dict[str, Any]:
    """Return the columns that follow from a point in degrees: geometry, town and county ("" outside the city)."""
    point = gpd.GeoSeries.from_xy([lon], [lat], crs=4326).to_crs(region.crs).iloc[0]
    inside = region.towns[region.towns.geometry.covers(point)].sort_values("code")
    town = inside.iloc[0] if len(inside) else {"code": "", "county_code": ""}
    return {"lon": lon, "lat": lat, "geometry": point, "town_code": town["code"], "county_code": town["county_code"]}


def _with_county(region: Region, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields; where they name a town, with its county."""
    if not fields.get("town_code"):
        return dict(fields)
    return {**fields, "county_code": region.towns.set_index("code").loc[fields["town_code"], "county_code"]}


def _nearest_village(region: Region, town: str, point: Any) -> str:
    """Return the 行政村 of the town nearest to the point, to which a clinic counts that names none; "" where there is none."""
    villages = region.villages
    near = villages[(villages["town_code"] == town) & (villages["kind"] == "village")]
    return str(near["code"].iloc[int(near.geometry.distance(point).to_numpy().argmin())]) if len(near) else ""


def _changed(frame: gpd.GeoDataFrame, edit: Change, region: Region) -> gpd.GeoDataFrame:
    """Return the facilities with one of them changed; one that leaves its town leaves its village, too."""
    at = frame.index[frame["id"] == edit.facility][0]
    fields = _with_county(region, edit.fields)
    if {"lon", "lat"} & fields.keys():
        lon, lat = (float(fields.get(name, frame.loc[at, name])) for name in ("lon", "lat"))
        fields = {**_place(region, lon, lat), **fields}
        if fields["town_code"] != frame.loc[at, "town_code"]:
            fields.setdefault("village_code", "")
    now = {name: fields.get(name, frame.loc[at, name]) for name in ("kind", "town_code", "village_code", "geometry")}
    if now["kind"] == _CLINIC and not now["village_code"] and {"kind", "village_code"} & fields.keys():
        village = _nearest_village(region, now["town_code"], now["geometry"])
        fields |= {"village_code": village, "estimated": bool(frame.loc[at, "estimated"]) or village != ""}
    if "kind" in fields:
        fields.setdefault("upgraded_from", _former_kind(frame.loc[at], edit))
    columns = {}
    for name, value in fields.items():
        column = frame[name].copy()
        column.loc[at] = value
        columns[name] = column
    return frame.assign(**columns)


def _former_kind(row: pd.Series, edit: Change) -> str | None:
    """Return what a facility still counts as once its kind changes: an upgrade adds to what it was, all else replaces it."""
    if edit.word != "upgrade" or edit.fields["kind"] == row["kind"]:
        return row["upgraded_from"] if edit.word == "upgrade" else None
    return str(row["kind"])


def with_population(region: Region, change: PopulationChange) -> Region:
    """Return the region with every county's residents scaled and rounded so that each county's total is right to the person.

    A county's new total is its old one times its factor, rounded; the largest remainders get the odd people, ties to
    the smaller id. What is scaled is estimated.
    """
    people = region.residents
    factor = people["county_code"].map(dict(change.factors)).fillna(change.factors.get("", 1.0)).to_numpy(float)
    exact = people["population"].to_numpy(float) * factor
    whole = np.floor(exact)
    for code in sorted(set(people["county_code"])):
        mine = np.flatnonzero((people["county_code"] == code).to_numpy())
        odd = round(float(exact[mine].sum())) - int(whole[mine].sum())
        order = mine[np.lexsort((people["id"].to_numpy(str)[mine], -(exact - whole)[mine]))]
        whole[order[:odd]] += 1
    source = f"{change.year} 年人口情景"
    residents = people.assign(
        population=whole.astype("int64"),
        estimated=people["estimated"] | (factor != 1),
        source=people["source"] + f"；{source}",
    )
    return replace(region, residents=residents)


def overridden(rules: Rules, scenario: Scenario) -> Rules:
    """Return the rules with the scenario's numbers in place of theirs, said as assumptions.

    A reading whose number changes judges nothing; one that is given its own number judges as before.
    """
    known, problems = {rule.id: rule for rule in rules.rules}, list[Problem]()
    changed, said = dict(known), dict[str, dict[str, Override]]()
    for override in scenario.overrides:
        rule, file = known.get(override.rule), override.file or scenario.file
        if rule is None:
            problems.append(_no_such("规则", "rule", override.rule, known, override.line, file))
            continue
        params = {*rule.plan_params, *(name for reading in rule.readings for name in reading.params)}
        odd = [_no_such("参数", "parameter", name, params, override.line, file)
               for name in sorted(set(override.params) - params)]  # fmt: skip
        changed[rule.id] = with_params(changed[rule.id], override.params)
        problems += odd or _wrong_values(changed[rule.id], override, file)
        said[rule.id] = {**said.get(rule.id, {}), **dict.fromkeys(override.params, override)}
    if problems:
        raise ScenarioError(problems)
    for name, last in said.items():  # of a parameter that is given twice the later value holds
        parts = [
            (one.reason, changed_params(known[name], {key: one.params[key] for key, of in last.items() if of is one}))
            for one in scenario.overrides
        ]
        known[name] = retold(known[name], [(reason, params) for reason, params in parts if params])
    return replace(rules, rules=tuple(known[rule.id] for rule in rules.rules)) if scenario.overrides else rules


def _wrong_values(rule: Rule, override: Override, file: str) -> list[Problem]:
    """Return what is wrong with the parameters that a rule would have, each thing once."""
    asked = [(FUNCTIONS[rule.measure], reading.params) for reading in rule.readings]
    if rule.plan_params:
        asked.append((PLAN_PARAMS[rule.measure], rule.plan_params))
    found = (problem for function, params in asked for problem in wrong_params(file, rule.id, function, params))
    return [replace(problem, row=override.line) for problem in dict.fromkeys(found)]


# The edits of a scenario in plain sentences, for outputs.


def edit_words(edits: Sequence[Edit], names: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return one plain sentence an edit, for outputs; `names` are the facilities' by id.

    >>> edit_words([Close(facility="F1", reason="并入", year=2026)], {"F1": "某卫生院"})
    ['停用“某卫生院”F1（并入；2026 年）']
    """
    known, said = dict(names), []
    for edit in edits:
        facility = str(getattr(edit, "facility", ""))
        if isinstance(edit, Open):
            known[facility] = str(edit.fields.get("name", ""))
        name = f"“{known[facility]}”" if known.get(facility) else " "
        into = _into(edit)
        what = f"{_verb(edit)}{name}{facility}" + (f"，{into}" if into else "")
        cost = "" if math.isnan(edit.cost) else money_text(edit.cost)
        told = "；".join(part for part in (edit.reason, f"{edit.year} 年" if edit.year else "", cost) if part)
        said.append(what + (f"（{told}）" if told else ""))
    return said


def _verb(edit: Edit) -> str:
    words = {"upgrade": "升格", "convert": "转型", "move": "迁址", "enlarge": "扩建", "change": "变更"}
    if isinstance(edit, Open):
        return f"新设{_kind(edit.fields.get('kind', ''))}"
    return "停用" if isinstance(edit, Close) else words[getattr(edit, "word", "change")]


def _kind(kind: object) -> str:
    return FACILITY_KINDS.get(str(kind), (str(kind),))[0]


def _into(edit: Edit) -> str:
    """Return what a changed facility becomes, in words."""
    if not isinstance(edit, Change):
        return ""
    fields = dict(edit.fields)
    said = [f"为{_kind(fields.pop('kind'))}"] if "kind" in fields else []
    if {"lon", "lat"} <= fields.keys():
        said.append(f"到 {coordinate_text(fields.pop('lon'))}, {coordinate_text(fields.pop('lat'))}")
    said += [f"{FACILITIES.field(name).label}＝{_value(name, value)}" for name, value in fields.items()]
    return "，".join(said)


def _value(name: str, value: object) -> str:
    """Return the value of a facility's column as people say it."""
    words = FACILITIES.field(name).choices.get(str(value))
    if words:
        return words[0]
    return (
        ("是" if value else "否")
        if isinstance(value, bool)
        else exact_text(value)
        if isinstance(value, float)
        else str(value)
    )
