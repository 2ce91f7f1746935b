"""The map of a plan: sites by what the plan does with them, towns by who serves them, and the people whom it leaves out.

Nothing is computed here: states, servers and reasons come with the views; this page only shows the chosen one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import pandas as pd
import shapely

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Column, Edges, ground, ground_points, packed, plain, roads_of, texts
from maps.scene import Block, Cell, Content, Headline, Layer, Picture, Places, Ramp, Row, Scene, render
from maps.scene import View as _View
from maps.style import (
    CIRCLE,
    CROSS,
    DIAMOND,
    FILLS,
    GAIN,
    INK,
    LETTER_H,
    NAVY,
    PAPER,
    PLUS,
    PLUS_LOW,
    SQUARE,
    UP,
    Mark,
    Stroke,
    colours,
)  # fmt: skip
from planner.region import Region
from planner.text import count_text, people_text

_BEYOND, _NOBODY = "限度以外", "没有所问的居民"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "chosen": Mark(22, DIAMOND, GAIN, glyph=PLUS),
        "built": Mark(20, SQUARE, GAIN, glyph=PLUS),
        "alternative": Mark(16, DIAMOND, PAPER, GAIN, weight=2.0),
        "not_selected": Mark(9, CIRCLE, PAPER, INK),
        "barred": Mark(11, CIRCLE, PAPER, INK, CROSS, INK),
        "background": Mark(15, SQUARE, NAVY, glyph=LETTER_H),
        "station": Mark(16, CIRCLE, NAVY, glyph=PLUS),
        "hosted": Mark(22, DIAMOND, GAIN, glyph=PLUS),
        "alone": Mark(20, UP, GAIN, glyph=PLUS_LOW),
        "host": Mark(8, CIRCLE, PAPER, INK),
    }
)
NEW = ("chosen", "built", "hosted", "alone")
"""The states of sites that a plan adds."""
LEFT = ("uncovered", "unreachable")
_HOSPITAL_FILL = style.Swatch("主要由已有医院服务", "#eef1f2")
_SPOKE = Stroke(GAIN, 1.2, "4 3", 0.7)


@dataclass(frozen=True)
class Site:
    """What a view says of one site: its state (of MARKS), its class in a word, and the reason."""

    id: str
    state: str
    decision: str
    reason: str


@dataclass(frozen=True)
class Town:
    """What a view says of one town: the site that serves most of it ("" none), the share that a colour may stand for, lines."""

    code: str
    site: str
    share: float
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Left:
    """A settlement that a view leaves out: its state (of LEFT) and how far it is, in words."""

    id: str
    state: str
    said: str


@dataclass(frozen=True)
class View:
    """One plan: its places in the two choices, figures as (label, text), and what it says of sites, towns, settlements.

    `beyond` names the limit that those of `left` are beyond, as "30 分钟以外"; "" where it is told elsewhere.
    """

    group: str
    label: str
    facts: tuple[tuple[str, str], ...]
    sites: tuple[Site, ...]
    towns: tuple[Town, ...]
    left: tuple[Left, ...]
    note: str = ""
    beyond: str = ""


@dataclass(frozen=True)
class Legend:
    """What the two choices are called, how towns are filled, and the states of sites in the legend with their labels.

    listed   the states whose sites stand in the list beside the map, in this order
    hidden   the states that are not shown until they are asked for
    """

    choices: tuple[str, str]
    fill: Literal["site", "share"]
    states: tuple[tuple[str, str], ...]
    listed: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def plan_map(
    region: Region, sites: pd.DataFrame, demand: pd.DataFrame, views: Sequence[View], legend: Legend, furniture: Furniture,
    first: int = 0, open_edges: Edges | None = None,
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network, on the view in place `first`.

    sites    id, name, kind, county_name, town_name, grade, beds, lon, lat
    demand   id, name, county_name, town_name, population, lon, lat
    Edges of the roads that are not among `open_edges` are drawn as closed.
    """
    drawn = _Drawn(region, sites, demand, legend)
    pictures = tuple(drawn.pictures(views))
    scene = Scene(
        kind="plan",
        ground=ground(region),
        fills=(
            *(style.TOWN_FILLS[:-1] if legend.fill == "share" else (*FILLS, _HOSPITAL_FILL.fill, "hatch")),
            style.LAND,
        ),
        choices=legend.choices,
        views=tuple(drawn.view(one, at) for at, one in enumerate(views)),
        pictures=pictures,
        ramps=(_ramp(legend, pictures),),
        places={"sites": _sites(sites), "demand": _demand(demand)},
        layers=_layers(legend),
        roads=roads_of(region, open_edges),
        first=first,
        inset=geometry.dense(region) if legend.fill == "share" else None,
    )
    return render(scene, furniture)


def _layers(legend: Legend) -> tuple[Layer, ...]:
    """From the ground up; of the states of sites the first of the legend lie on top."""
    spokes = (
        (Layer("spokes", "乡镇 → 服务其多数居民的次中心", "links", "reach", stroke=_SPOKE),)
        if legend.fill == "site"
        else ()
    )
    states = [
        Layer(state, label, "points", "gain" if state in NEW else "facility", "sites", (MARKS[state],), apart=True,
              names="always" if state in NEW else "", hidden=state in legend.hidden)
        for state, label in legend.states
    ]  # fmt: skip
    return (
        *spokes,
        Layer("uncovered", "限度以外的居民点", "points", "gap", "demand", (style.UNCOVERED,)),
        Layer("unreachable", "不可达的居民点", "points", "gap", "demand", (style.UNREACHABLE,)),
        *reversed(states),
    )


def _ramp(legend: Legend, pictures: Sequence[Picture]) -> Ramp:
    used = {fill for picture in pictures if picture.fills for fill in picture.fills["values"]}
    if legend.fill == "share":
        others = (style.Swatch(_NOBODY, style.LAND),) if len(style.TOWN_FILLS) - 1 in used else ()
        return Ramp("乡镇（街道）限度以外的人口占比", style.GAP_CLASSES, others)
    rest = (_HOSPITAL_FILL, style.Swatch("不可达", "hatch"), style.Swatch(_NOBODY, style.LAND))
    found = tuple(one for at, one in enumerate(rest, len(FILLS)) if at in used)
    return Ramp("颜色相同且连线到同一处＝由同一次中心服务", (), found)


def _places(ids: pd.Series) -> dict[str, int]:
    return {str(one): at for at, one in enumerate(ids)}


def _sites(sites: pd.DataFrame) -> Places:
    facts = {
        "类型": texts(style.kind_label(kind) if kind in style.SYMBOLS else "格网点" for kind in sites["kind"]),
        "等级": texts(sites["grade"]),
        "编制床位": texts("" if pd.isna(one) else f"{count_text(float(one))} 张" for one in sites["beds"]),
    }
    return Places(
        geometry.at(sites["lon"], sites["lat"]), texts(sites["name"]), texts(_where(sites)), texts(sites["id"]), facts
    )


def _demand(demand: pd.DataFrame) -> Places:
    facts = {"人口": texts(people_text(int(one)) for one in demand["population"])}
    blank = texts("" for _ in demand["id"])
    return Places(geometry.at(demand["lon"], demand["lat"]), texts(demand["name"]), texts(_where(demand)), blank, facts)


def _where(frame: pd.DataFrame) -> list[str]:
    pairs = zip(frame["county_name"].fillna(""), frame["town_name"].fillna(""), strict=True)
    return ["　".join(filter(None, map(str, pair))) for pair in pairs]


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The places of sites, towns and settlements, by which views are drawn."""

    region: Region
    sites: pd.DataFrame
    demand: pd.DataFrame
    legend: Legend

    @cached_property
    def site(self) -> Mapping[str, int]:
        """Where each site stands among the places."""
        return _places(self.sites["id"])

    @cached_property
    def town(self) -> Mapping[str, int]:
        """Where each town stands on the ground."""
        return _places(self.region.towns["code"])

    @cached_property
    def settlement(self) -> Mapping[str, int]:
        """Where each settlement stands among the places."""
        return _places(self.demand["id"])

    # The panel.

    def view(self, view: View, place: int) -> _View:
        """Return what the panel says of a plan."""
        return _View(
            keys=(view.group, view.label),
            pictures=(place,),
            question=view.group,
            under=view.label,
            headline=self._headline(view),
            sentence=tuple((text, "") for text in [view.note] if text),
            blocks=(
                Block(facts=tuple(view.facts), paper="first"),
                Block("机构", "类别", rows=tuple(self._rows(view)), first=8, paper="first"),
            ),
        )

    def _headline(self, view: View) -> Headline:
        people = self.demand["population"].to_numpy()
        left = int(sum(people[self.settlement[one.id]] for one in view.left))
        return Headline(count_text(left), f"人在 {view.beyond or _BEYOND}", "gap" if left else "")

    def _rows(self, view: View) -> Iterator[Row]:
        labels, listed = dict(self.legend.states), self.legend.listed
        shown = sorted((one for one in view.sites if one.state in listed), key=lambda one: listed.index(one.state))
        for one in shown:
            at = self.site[one.id]
            name, where = str(self.sites["name"].iloc[at]), _where(self.sites.iloc[[at]])[0]
            cells = (
                Cell(name, (where, one.reason), mark=MARKS[one.state]),
                Cell(one.decision or labels[one.state], right=True),
            )
            yield Row(cells, ("sites", at))

    # The map.

    def pictures(self, views: Sequence[View]) -> Iterator[Picture]:
        """Yield what lies on the map of each view; a site keeps its colour from view to view where it can."""
        neighbours, kept = _neighbours(self.region.towns), dict[str, str]()
        for view in views:
            states = {one.id: one.state for one in view.sites}
            by_site = self.legend.fill == "site"
            fills = _service_fills(view, states, neighbours, kept) if by_site else _share_fills(view)
            yield Picture(self._fills(fills), self._facts(view), contents=self._contents(view, states, by_site))

    def _fills(self, fills: Mapping[str, int]) -> Column:
        nobody = len(style.TOWN_FILLS) - 1 if self.legend.fill == "share" else len(FILLS) + 2
        return plain(fills.get(code, nobody) for code in self.town)

    def _facts(self, view: View) -> dict[str, Column]:
        table: dict[str, list[str]] = {}
        for one in view.towns:
            for term, text in one.said:
                table.setdefault(term, [""] * len(self.town))[self.town[one.code]] = text
        return {term: texts(column) for term, column in table.items()}

    def _contents(self, view: View, states: Mapping[str, str], by_site: bool) -> dict[str, Content]:
        found = {state: self._state(view, state) for state, _ in self.legend.states if state in states.values()}
        people = self.demand["population"].to_numpy()
        for state, label in (("uncovered", f"{view.beyond or _BEYOND}的居民点"), ("unreachable", "")):
            mine = sorted(
                (one for one in view.left if one.state == state), key=lambda one: -people[self.settlement[one.id]]
            )
            if mine:
                rows = [self.settlement[one.id] for one in mine]
                size = plain(style.dot_size(int(people[row])) for row in rows)
                found[state] = Content(
                    rows=packed(rows), size=size, facts={"": texts(one.said for one in mine)}, label_of=label
                )
        return {**found, "spokes": self._spokes(view, states)} if by_site else found

    def _state(self, view: View, state: str) -> Content:
        mine = [one for one in view.sites if one.state == state]
        label = dict(self.legend.states)[state]
        decisions = texts("" if one.decision in label else one.decision for one in mine)
        return Content(
            rows=plain(self.site[one.id] for one in mine),
            facts={"类别": decisions, "说明": texts(one.reason for one in mine)},
        )

    def _spokes(self, view: View, states: Mapping[str, str]) -> Content:
        towns, ends = ground_points(self.region), list[list[int]]()
        for one in view.towns:
            if states.get(one.site, "background") != "background":
                at = self.sites.iloc[self.site[one.site]]
                ends.append([*towns[self.town[one.code]], *geometry.spot(at["lon"], at["lat"])])
        return Content(ends=ends)


def _neighbours(towns: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    """Return the pairs of towns that touch, by code."""
    shapes, codes = towns.geometry.to_numpy(), towns["code"].to_numpy(object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return {(str(codes[a]), str(codes[b])) for a, b in zip(one, other, strict=True) if a < b}


def _share_fills(view: View) -> dict[str, int]:
    return {one.code: style.gap_class(one.share, "") for one in view.towns}


def _service_fills(
    view: View, states: Mapping[str, str], neighbours: set[tuple[str, str]], kept: dict[str, str]
) -> dict[str, int]:
    """Return a fill for each town: one for each sub-centre, another than its neighbours'; all hospitals share one.

    `kept` remembers the fill that a site had in the views before, so that it changes only where it must.
    """
    served = {one.code: one.site for one in view.towns if states.get(one.site, "background") != "background"}
    both = ((served.get(one), served.get(other)) for one, other in neighbours)
    found = colours(sorted(set(served.values())), ((a, b) for a, b in both if a and b and a != b), kept)
    kept |= found
    place, hospital = {fill: at for at, fill in enumerate(FILLS)}, len(FILLS)
    return {one.code: place[found[one.site]] if one.code in served else hospital + (not one.site) for one in view.towns}
