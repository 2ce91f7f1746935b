"""The coverage map: rows of findings joined to towns, villages and facilities by id, and shown.

Nothing about coverage is computed here. What is shown is a row of findings; a share is its covered ÷ population.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from maps import geometry, style
from maps.furniture import Furniture, Ring
from maps.geometry import Edges, at_of, floats, ground, packed, plain, roads_of, texts
from maps.scene import (
    Bar,
    Block,
    Cell,
    Content,
    Facts,
    Headline,
    Layer,
    Picture,
    Places,
    Ramp,
    Row,
    Said,
    Scene,
    View,
    render,
)
from planner.region import Region
from planner.schema import DETOUR_LABELS, REASON_LABELS
from planner.text import (
    amount_text,
    basis_of,
    count_text,
    known_text,
    number_text,
    option_text,
    people_text,
    share_of,
    value_text,
)

NOTHING_CHANGED: Mapping[tuple[str, str], str] = MappingProxyType({})
NO_KINDS: Mapping[str, Sequence[str]] = MappingProxyType({})
_FIRST = 5
_MOST = 0.4
"""A town is named in the sentence if it holds so much of what is missing."""
_PLANNED = "空心＝规划或在建，灰色＝停用；只有在用的提供服务"
_NO_VILLAGES = "本指标没有村（社区）一级的未覆盖居民点"
_VILLAGES_UNKNOWN = "本指标缺数据，不能说有没有未覆盖的居民点（见待补数据清单）"
_SQUARES = "方块＝其中有不可达人口"


def coverage_map(
    region: Region,
    findings: pd.DataFrame,
    furniture: Furniture,
    detours: pd.DataFrame | None = None,
    open_edges: Edges | None = None,
    was: Mapping[tuple[str, str], str] = NOTHING_CHANGED,
    foreign: str = "",
    kinds: Mapping[str, Sequence[str]] = NO_KINDS,
) -> str:
    """Return one HTML page that shows findings on the map of their region and opens with no network.

    One view per (rule, reading) that has rows at town level; village rows with people left out become dots, the rows
    of 绕行清单 (schema.DETOURS) signs of their own. Edges of the roads that are not open are drawn apart. `was` are the city's
    values before, by (rule, reading), where a scenario changes them, the most important first: the page opens on the first.
    `foreign` says why nothing is judged, where the rules are another city's; the page says it above all.
    `kinds` are the kinds of facility that each rule counts: they are drawn with it, the others on demand.
    Raises ValueError when findings speak of towns or villages that the region does not have.

    >>> from fugai import load
    >>> now = load("sample:panzhihua").assess("panzhihua_2023")
    >>> coverage_map(now.region, now.findings, Furniture("攀枝花市"))[:15]
    '<!DOCTYPE html>'
    """
    _require_known(findings, "town", region.towns["code"])
    _require_known(findings, "village", region.villages["code"])
    pairs = _pairs(findings)
    all_pairs = _Findings(region, findings, pairs, was)
    every = [_Reading(all_pairs, rule, reading) for rule, reading in pairs]
    kinds_shown = list(dict.fromkeys(region.facilities["kind"]))
    drawn = _Drawn(region, furniture, detours, kinds, kinds_shown)
    scene = Scene(
        kind="coverage",
        ground=ground(region),
        fills=style.TOWN_FILLS,
        choices=("指标", "口径"),
        views=tuple(one.view(at) for at, one in enumerate(every)),
        pictures=tuple(one.picture(drawn) for one in every),
        ramps=tuple(one.ramp for one in every),
        places=drawn.places,
        layers=drawn.layers,
        always=drawn.always,
        roads=roads_of(region, open_edges),
        first=next((pairs.index(one) for one in was if one in pairs), 0),
        inset=geometry.dense(region),
        shared={"all": Block("全部指标", "现状 · 状态", rows=tuple(all_pairs.summary()))},
        alarm=f"本数据不属于条款所在城市，未作判断（{foreign}）" if foreign else "",
        notes=(_PLANNED,),
    )
    return render(scene, furniture)


@dataclass(frozen=True)
class Answer:
    """What one reading finds in the whole city: the place of its view on the map (-1: none), the question, the number, the sentence."""

    view: int
    question: str
    reading: str
    status: str
    headline: Headline
    sentence: Said


def answers(region: Region, findings: pd.DataFrame) -> tuple[Answer, ...]:
    """Return what is said first of each reading that has a city's row, in the order of the findings."""
    pairs = _pairs(findings)
    every = _Findings(region, findings, pairs, NOTHING_CHANGED)
    city = findings.loc[findings["level"] == "city", ["rule", "reading"]].drop_duplicates()
    return tuple(
        _answer(_Reading(every, rule, reading), pairs) for rule, reading in city.itertuples(index=False, name=None)
    )


def _answer(one: "_Reading", pairs: Sequence[tuple[str, str]]) -> Answer:
    row = one.at("city")[0]
    key = (one.rule, one.reading)
    return Answer(
        pairs.index(key) if key in pairs else -1, str(row["rule_label"]), str(row["reading_label"]), str(row["status"]),
        one.headline() or Headline(""), one.sentence(),
    )  # fmt: skip


def _require_known(findings: pd.DataFrame, level: str, codes: pd.Series) -> None:
    rows = findings[findings["level"] == level]
    unknown = sorted(set(rows["subject_code"]) - set(codes))
    if unknown:
        raise ValueError(f"findings name {len(unknown)} {level} codes that the region does not have: {unknown[:5]}")


def _pairs(findings: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the (rule, reading) pairs with town rows in the order of the findings: that of the rules' file."""
    towns = findings.loc[findings["level"] == "town", ["rule", "reading"]].drop_duplicates()
    return list(towns.itertuples(index=False, name=None))


@dataclass(frozen=True, eq=False)
class _Findings:
    """All findings with the places of towns and villages, and the city's rows that every view lists."""

    region: Region
    findings: pd.DataFrame
    pairs: Sequence[tuple[str, str]]
    was: Mapping[tuple[str, str], str]

    @cached_property
    def by_pair(self) -> Mapping[tuple[str, str], pd.DataFrame]:
        """The rows of each reading."""
        groups = self.findings.groupby(["rule", "reading"], sort=False)
        return {(str(rule), str(reading)): rows for (rule, reading), rows in groups}

    @cached_property
    def village_place(self) -> Mapping[str, int]:
        """Where each village stands among the places."""
        return MappingProxyType({str(code): at for at, code in enumerate(self.region.villages["code"])})

    @cached_property
    def town_place(self) -> Mapping[str, int]:
        """Where each town stands on the ground."""
        return MappingProxyType({str(code): at for at, code in enumerate(self.region.towns["code"])})

    def summary(self) -> Iterator[Row]:
        """Yield a heading for each rule and a row for each of its readings."""
        rule = None
        for row in self.findings[self.findings["level"] == "city"].to_dict("records"):
            if row["rule"] != rule:
                rule = row["rule"]
                yield Row((), head=f"{row['rule_label']}（要求：{row['required_text']}）")
            pair = (row["rule"], row["reading"])
            at = self.pairs.index(pair) if pair in self.pairs else -1
            value = _value(row)
            before = self.was.get(pair, "")
            shown = (f"{before} → {value}" if before else value) + known_text(_count(row["population_no_data"]))
            yield Row(
                (Cell(str(row["reading_label"]), (str(row["note"] or ""),)), Cell(shown, right=True), _status(str(row["status"]))),
                ("view", at) if at >= 0 else None,
            )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Reading:
    """One (rule, reading): what the panel and the map say of it."""

    of: _Findings
    rule: str
    reading: str

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Its findings."""
        return self.of.by_pair[self.rule, self.reading]

    def at(self, level: str) -> list[dict[Any, Any]]:
        """Return its rows at a level."""
        found: list[dict[Any, Any]] = self.rows[self.rows["level"] == level].to_dict("records")
        return found

    @cached_property
    def towns(self) -> list[dict[Any, Any]]:
        """Its rows of towns."""
        return self.at("town")

    @cached_property
    def villages(self) -> list[dict[Any, Any]]:
        """The villages with people left out, the most first."""
        left_out = [row for row in self.at("village") if _left_out(row) > 0]
        return sorted(left_out, key=lambda row: (-_left_out(row), str(row["subject_code"])))

    @cached_property
    def city(self) -> dict[Any, Any] | None:
        """The city's row."""
        return next(iter(self.at("city")), None)

    @cached_property
    def basis(self) -> str:
        """Whose share its colours are."""
        return style.basis(str(row["unit"]) for row in self.towns)

    @cached_property
    def judged(self) -> bool:
        """Whether it judges anything."""
        return bool(self.rows["status"].isin(["met", "not_met"]).any())

    @cached_property
    def ramp(self) -> Ramp:
        """What its colours mean."""
        title, of = style.MEANING[self.basis, self.judged]
        row = self.city or self.towns[0]
        notes = [f"{of}：{row['denominator'] or '—'}"]
        if not self.villages:
            notes.append(_VILLAGES_UNKNOWN if self._has_no_data() else _NO_VILLAGES)
        if any(_count(row["unreachable"]) for row in self.villages):
            notes.append(_SQUARES)
        others = (style.NO_DATA, style.OUT_OF_SCOPE)
        if self.basis == "unit":
            words = ("达标", "未达标") if self.judged else ("符合", "不符合")
            ends = (style.Swatch(words[0], style.TOWN_FILLS[0]), style.Swatch(words[1], style.TOWN_FILLS[4]))
            return Ramp(title, (), (*ends, *others), tuple(notes))
        return Ramp(title, style.GAP_CLASSES, others, tuple(notes))

    def _has_no_data(self) -> bool:
        rows = [*self.towns, *([self.city] if self.city else [])]
        return any(row["status"] == "no_data" for row in rows)

    # The panel.

    def view(self, place: int) -> View:
        """Return what the panel says."""
        some = self.city or self.towns[0]
        return View(
            keys=(str(some["rule_label"]), str(some["reading_label"])),
            pictures=(place,),
            question=str(some["rule_label"]),
            under=f"{some['reading_label']}。要求：{some['required_text'] or '—'}",
            headline=self.headline(),
            sentence=self.sentence(),
            bar=self._bar(),
            blocks=(*self._blocks(), "all"),
            ramp=place,
            bounds=self._bounds(),
        )

    def headline(self) -> Headline | None:
        """Return the number that is seen first."""
        row = self.city
        if row is None:
            return None
        tone = "gap" if row["status"] == "not_met" else ""
        if row["status"] == "no_data" or not _known(row["value"]):
            return Headline("无数据", "", "quiet")
        if self.basis == "people":
            return Headline(count_text(_left_out(row)), "人", tone if _left_out(row) else "")
        if basis_of(str(row["unit"])) == "units":
            return Headline(count_text(_count(row["required"]) - _count(row["value"])), "个", tone)
        return Headline(_value(row), "", tone)

    def sentence(self) -> Said:
        """Return what it means, with its denominator."""
        row = self.city
        if row is None:
            return (("本指标没有全市结果。", ""),)
        if row["status"] == "no_data" or not _known(row["value"]):
            return (("缺数据，不能判断。", "strong"), (str(row["note"] or ""), "quiet"))
        known = known_text(_count(row["population_no_data"]))
        if self.basis == "people":
            return (*self._people_said(row), (known, "quiet"))
        if basis_of(str(row["unit"])) == "units":
            word = "达标" if self.judged else "符合"
            met = f"{row['denominator']}共 {count_text(_count(row['required']))}，{word} {count_text(_count(row['value']))}，"
            return ((met, ""), (f"{self._missing(row)} 个没有", "gap" if self.judged else "strong"), (f"。{known}", ""))
        return ((f"现状 {_value(row)}，要求 {row['required_text']}。{known}", ""),)

    def _missing(self, row: Mapping[Any, Any]) -> str:
        return count_text(_count(row["required"]) - _count(row["value"]))

    def _people_said(self, row: Mapping[Any, Any]) -> Said:
        left, whole = _left_out(row), _count(row["population"])
        if not whole:
            return ((f"没有{row['denominator']}。", ""),)
        if not left:
            return ((f"{row['denominator']} {people_text(whole)}全部在要求以内。", ""),)
        tone = "gap" if row["status"] == "not_met" else "strong"
        lost = _count(row["unreachable"])
        said = [
            (f"{row['denominator']}中有 ", ""),
            (people_text(left), tone),
            (f" 未覆盖，占 {share_of(left, whole)}", ""),
        ]
        said.append((f"（其中不可达 {people_text(lost)}）。" if lost else "。", ""))
        most = max(self.towns, key=_left_out, default=None)
        if most is not None and _left_out(most) >= _MOST * left:
            said += [
                ("其中 ", ""),
                (share_of(_left_out(most), left), tone),
                (" 在", ""),
                (f"{most['county_name']}{most['subject_name']}", tone),
                ("。", ""),
            ]
        return tuple(said)

    def _bar(self) -> Bar | None:
        row = self.city
        if row is None or self.basis != "people" or not _count(row["population"]):
            return None
        covered, whole = _count(row["covered"]), _count(row["population"])
        status = style.status_label(str(row["status"]))
        return Bar(
            ((covered / whole, "done"), (1 - covered / whole, "gap")),
            f"已覆盖 {count_text(covered)}（{share_of(covered, whole)}）",
            f"{status}，含估算" if row["estimated"] else status,
            "gap" if row["status"] == "not_met" else "",
        )

    def _blocks(self) -> Iterator[Block]:
        yield Block(self._counties_title(), self._counties_note(), rows=tuple(self._counties()), paper="first")
        if self.villages:
            yield Block(
                f"先看这 {min(_FIRST, len(self.villages))} 处",
                "人口 · 到最近机构",
                rows=tuple(self._villages()),
                first=_FIRST,
            )
        row = self.city or self.towns[0]
        if row["quote"] or row["document"]:
            cite = "　".join(
                filter(
                    None, (str(row["document"]), str(row["section"]), str(row["force"] or ""), str(row["nature"] or ""))
                )
            )
            yield Block(quote=str(row["quote"] or ""), cite=cite, paper="first")

    def _counties_title(self) -> str:
        return "缺口在哪个县（区）" if self.basis == "people" else "各县（区）"

    def _counties_note(self) -> str:
        return "未覆盖人口 · 占比" if self.basis == "people" else "达标 / 已判断" if self.judged else "符合 / 有数据"

    def _counties(self) -> Iterator[Row]:
        rows = self.at("county")
        if self.basis != "people":
            for row in rows:
                yield Row((Cell(str(row["subject_name"])), Cell(_value(row), right=True), _status(str(row["status"]))))
            return
        most = max((_left_out(row) for row in rows), default=0)
        for row in sorted(rows, key=lambda row: -_left_out(row)):
            left, whole = _left_out(row), _count(row["population"])
            small = (known_text(_count(row["population_no_data"])),)
            if not whole:
                said = style.status_label(str(row["status"])) if row["status"] == "no_data" else "没有所指人口"
                yield Row((Cell(str(row["subject_name"]), small), "", "", Cell(said, tone="quiet", right=True)))
                continue
            told = Cell(count_text(left) if left else "全覆盖", right=True, tone="" if left else "quiet")
            yield Row((Cell(str(row["subject_name"]), small), Cell(tone="gap", bar=left / most if most else 0.0), told,
                       Cell(share_of(left, whole) if left else "", tone="quiet", right=True)))  # fmt: skip

    def _villages(self) -> Iterator[Row]:
        for row in self.villages:
            where = f"{row['county_name']}{row['town_name']}"
            yield Row((Cell(str(row["subject_name"]), (where,)), Cell(people_text(_left_out(row)), right=True),
                       Cell(_far(row), tone="quiet", right=True)), ("villages", self.of.village_place[str(row["subject_code"])]))  # fmt: skip

    def _bounds(self) -> tuple[int, ...] | None:
        """Return what the map opens on: where a rule is about a few towns only, those."""
        judged = [
            str(row["subject_code"])
            for row in self.towns
            if style.gap_class(_share(row), str(row["status"])) < len(style.TOWN_FILLS) - 1
        ]
        towns = self.of.region.towns
        if not judged or 3 * len(judged) > len(towns) or geometry.dense(self.of.region) is not None:
            return None  # an inset shows the dense part beside the whole
        return tuple(geometry.bounds(towns[towns["code"].isin(judged)]))

    # The map.

    def picture(self, drawn: "_Drawn") -> Picture:
        """Return what lies on the map."""
        out = len(style.TOWN_FILLS) - 1
        fills = [out] * len(self.of.town_place)
        for row in self.towns:
            fills[self.of.town_place[str(row["subject_code"])]] = style.gap_class(_share(row), str(row["status"]))
        contents = (
            {"uncovered": self._uncovered(), **drawn.contents(self.rule)}
            if self.villages
            else drawn.contents(self.rule)
        )
        return Picture(plain(fills), self._facts(), contents=contents)

    def _facts(self) -> Facts:
        count = len(self.of.town_place)
        table: dict[str, list[str]] = {}
        for row in self.towns:
            at = self.of.town_place[str(row["subject_code"])]
            for term, text in _said_of(row):
                table.setdefault(term, [""] * count)[at] = text
        return {term: texts(column) for term, column in table.items()}

    def _uncovered(self) -> Content:
        rows = sorted(self.villages, key=lambda row: -_left_out(row))
        terms: dict[str, list[str]] = {}
        for at, row in enumerate(rows):
            for term, text in _said_of(row):
                terms.setdefault(term, [""] * len(rows))[at] = text
        return Content(
            rows=packed([self.of.village_place[str(row["subject_code"])] for row in rows]),
            mark=plain(int(_count(row["unreachable"]) > 0) for row in rows),
            size=plain(style.dot_size(_left_out(row)) for row in rows),
            facts={term: texts(column) for term, column in terms.items()},
        )


def _said_of(row: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a card says of a row of findings, as (term, text)."""
    status = style.status_label(str(row["status"]))
    yield "状态", f"{status}，含估算" if row["estimated"] else status
    people = basis_of(str(row["unit"])) == "people"
    share = f"（{count_text(_count(row['covered']))} / {people_text(_count(row['population']))}）"
    if people and _count(row["population"]):
        yield "人口覆盖率", share_of(_count(row["covered"]), _count(row["population"])) + share
    elif not people and _known(row["value"]):
        yield "现状", _value(row)
    for term, name in (
        ("未覆盖", "uncovered"),
        ("不可达", "unreachable"),
        ("无数据人口（不计入分母）", "population_no_data"),
    ):
        if _count(row[name]):
            yield term, people_text(_count(row[name]))
    yield "要求", str(row["required_text"] or "")
    if row["nearest_facility_name"]:
        yield "最近机构", "，".join(filter(None, (str(row["nearest_facility_name"]), _far(row))))
    yield "建议", str(row["remedy"] or "")
    yield "说明", str(row["note"] or "")


def _far(row: Mapping[Any, Any]) -> str:
    far = [amount_text(row["distance_m"] * 1000, "mm") if _known(row["distance_m"]) else ""]
    far.append(amount_text(row["time_min"] * 60_000, "ms") if _known(row["time_min"]) else "")
    return "，".join(filter(None, far))


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value)


def _count(value: Any) -> float:
    return float(value) if _known(value) else 0.0


def _left_out(row: Mapping[Any, Any]) -> float:
    return _count(row["uncovered"]) + _count(row["unreachable"])


def _value(row: Mapping[Any, Any]) -> str:
    return value_text(row["value"], str(row["unit"]), row["required"]) if _known(row["value"]) else "—"


def _status(status: str) -> Cell:
    return Cell(style.status_label(status), tone="gap" if status == "not_met" else "quiet", right=True)


def _share(row: Mapping[Any, Any]) -> float:
    """Return the share of a row that is served, which its colour stands for."""
    people = (_count(row["covered"]), _count(row["population"]))
    value = float(row["value"]) if _known(row["value"]) else math.nan
    gap = float(row["gap"]) if _known(row["gap"]) else math.nan
    return style.shown_share(str(row["unit"]), people, (value, _count(row["required"])), gap)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The places and layers that every view shares: villages, facilities, rings, detours."""

    region: Region
    furniture: Furniture
    detours: pd.DataFrame | None
    kinds: Mapping[str, Sequence[str]]
    shown_kinds: Sequence[str]

    @cached_property
    def places(self) -> Mapping[str, Places]:
        """Villages, facilities, and the settlements of 绕行清单."""
        found = {
            "villages": _villages(self.region),
            "facilities": _facilities(self.region, dict(self.furniture.decided)),
        }
        if self.detours is not None and len(self.detours):
            found["detours"] = _detour_places(self.detours)
        return found

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """From the ground up."""
        rings = [
            Layer(f"ring-{at}", ring.label, "areas", "reach", stroke=style.WITHIN)
            for at, ring in enumerate(self.furniture.rings)
        ]
        all_kinds = [
            Layer(
                f"all-{kind}",
                f"全部{style.kind_label(kind)}",
                "points",
                "facility",
                "facilities",
                _signs(kind),
                apart=True,
                hidden=True,
                more=True,
            )
            for kind in self.shown_kinds
        ]
        own = [
            Layer(kind, style.kind_label(kind), "points", "facility", "facilities", _signs(kind), apart=True)
            for kind in self.shown_kinds
        ]
        return (
            *rings,
            Layer("villages", "全部村（社区）", "points", "ground", "villages", (style.COVERED,), hidden=True, more=True),
            Layer("uncovered", "未覆盖居民点", "points", "gap", "villages", (style.UNCOVERED, style.UNREACHABLE), names="near"),
            *(() if "detours" not in self.places else (
                Layer("detours", "绕行居民点（直线达标、道路不达标；方块＝不可达）", "points", "gap", "detours", (style.DETOUR, style.CUT_OFF)),)),
            *all_kinds,
            *own,
            Layer("decided", "方案新设或改动的机构", "points", "gain", "facilities", (style.DECIDED,), names="always"),
        )  # fmt: skip

    @cached_property
    def always(self) -> Mapping[str, Content]:
        """What every picture shows."""
        touched = [at for at, one in enumerate(self.region.facilities["id"]) if one in dict(self.furniture.decided)]
        found = {f"all-{kind}": self._of_kind(kind) for kind in self.shown_kinds}
        return {**found, "villages": Content(), **({"decided": Content(rows=plain(touched))} if touched else {})}

    def contents(self, rule: str) -> dict[str, Content]:
        """Return what a rule's picture shows besides: the kinds that it counts, its rings, its detours."""
        kinds = [kind for kind in self.kinds.get(rule, self.shown_kinds) if kind in self.shown_kinds]
        found = {kind: self._of_kind(kind) for kind in kinds}
        for at, ring in enumerate(self.furniture.rings):
            if not ring.rules or rule in ring.rules:
                found[f"ring-{at}"] = self._ring(ring)
        if "detours" in self.places and self.detours is not None:
            rows = [at for at, one in enumerate(self.detours["rule"]) if one == rule]
            states = self.detours["status"].iloc[rows]
            found |= (
                {"detours": Content(rows=plain(rows), mark=plain(int(one == "unreachable") for one in states))}
                if rows
                else {}
            )
        return found

    def _of_kind(self, kind: str) -> Content:
        frame = self.region.facilities
        rows = [at for at, one in enumerate(frame["kind"]) if one == kind]
        states = ("open", "planned", "closed")
        marks = (states.index(str(one)) if one in states else 1 for one in frame["status"].iloc[rows])
        return Content(rows=plain(rows), mark=plain(marks))

    def _ring(self, ring: Ring) -> Content:
        """Return how far the open facilities of a kind reach: one area, so that circles do not darken each other."""
        frame = self.region.facilities
        some = frame[(frame["kind"] == ring.facility_kind) & (frame["status"] == "open")]
        union = shapely.union_all(some.geometry.buffer(ring.radius_m, quad_segs=24).to_numpy())
        shapes = gpd.GeoDataFrame(geometry=[union], crs=self.region.crs)
        return Content(areas=[] if union.is_empty else geometry.outlines(shapes)[0])


def _signs(kind: str) -> tuple[style.Mark, ...]:
    return tuple(style.symbol(kind, status) for status in ("open", "planned", "closed"))


def _villages(region: Region) -> Places:
    frame = region.villages
    town = frame["town_code"].map(region.towns.set_index("code")["name"])
    facts = {
        "人口": texts(map(people_text, floats(frame["population"]))),
        "数据": texts("估算位置或数据" if one else "" for one in frame["estimated"].astype(object)),
    }
    return Places(at_of(frame.geometry), texts(frame["name"]), texts(town), texts(frame["code"]), facts)


def _facilities(region: Region, decided: Mapping[str, str]) -> Places:
    frame = region.facilities
    names = frame.set_index("id")["name"]
    beds = ("" if math.isnan(one) else f"{count_text(one)} 张" for one in floats(frame["beds"]))
    facts = {
        "方案": texts(decided.get(str(one), "") for one in frame["id"]),
        "状态": texts(style.facility_status_label(str(one)) for one in frame["status"]),
        "依托机构": texts(frame["host_id"].map(names)),
        "等级": texts(frame["grade"]),
        "举办主体": texts(frame["owner"]),
        "编制床位": texts(beds),
        "来源": texts(frame["source"]),
        "数据": texts("估算位置或数据" if one is True else "" for one in frame["estimated"].astype(object)),
    }
    where = frame["town_code"].map(region.towns.set_index("code")["name"])
    return Places(at_of(frame.geometry), texts(frame["name"]), texts(where), texts(frame["id"]), facts)


def _detour_places(detours: pd.DataFrame) -> Places:
    def far(name: str, metres: str) -> list[str]:
        pairs = zip(detours[name].fillna(""), floats(detours[metres]), strict=True)
        return [
            "" if math.isnan(length) else "，".join(filter(None, (str(one), amount_text(length * 1000, "mm"))))
            for one, length in pairs
        ]

    states = detours["status"].map(DETOUR_LABELS) + detours["reason"].map(REASON_LABELS).map(
        lambda one: f"：{one}" if one else ""
    )
    factor = ("" if math.isnan(one) else number_text(one) for one in floats(detours["detour_factor"]))
    facts = {
        "情况": texts(states),
        "人口": texts(map(people_text, floats(detours["population"]))),
        "半径": texts(f"{option_text(one)} 公里" for one in floats(detours["radius_km"])),
        "直线": texts(far("paper_facility_name", "paper_distance_m")),
        "道路": texts(far("road_facility_name", "road_distance_m")),
        "绕行系数": texts(factor),
    }
    where = detours["county_name"].fillna("") + detours["town_name"].fillna("")
    points = geometry.at(detours["lon"].astype(float), detours["lat"].astype(float))
    return Places(points, texts(detours["name"]), texts(where), texts(detours["id"]), facts, found=False)
