"""The map of community centres: communities in the colour of their district, lines to their centre, centres by origin.

Nothing is computed here but which colour a district gets, so that neighbours differ.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import geopandas as gpd

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Column, Edges, ground, plain, roads_of, texts
from maps.scene import Block, Cell, Content, Headline, Layer, Picture, Places, Ramp, Row, Scene, View, render
from maps.style import (
    CIRCLE,
    DIAMOND,
    GAIN,
    GAP,
    NAVY,
    PAPER,
    PENTAGON,
    PLUS,
    PLUS_LOW,
    SQUARE,
    UP,
    Mark,
    Stroke,
    colours,
)
from maps.style import FILLS as DISTRICTS
from planner.region import Region
from planner.text import count_text, people_text, wan_text

__all__ = ["DISTRICTS", "MARKS", "Center", "Community", "Post", "Town", "centers_map", "colours"]

_LINE = "#3c4d57"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "standing": Mark(17, SQUARE, NAVY, glyph=PLUS),
        "community": Mark(21, UP, GAIN, glyph=PLUS_LOW),
        "station": Mark(20, DIAMOND, GAIN, glyph=PLUS),
        "hospital": Mark(20, PENTAGON, GAIN, glyph=PLUS),
        "chs": Mark(8, SQUARE, PAPER, NAVY),
        "new_chs": Mark(10, UP, PAPER, GAIN, weight=2.0),
    }
)
_COMMUNITY = Mark(10, CIRCLE, DISTRICTS[0], _LINE, weight=0.8)
_BEYOND = Mark(12, CIRCLE, "", GAP, weight=2.0)
_LINK = Stroke(_LINE, 1.2, opacity=0.7)
_TIMES: tuple[Literal["planned", "today"], ...] = ("planned", "today")
_TIME_LABELS = MappingProxyType({"planned": "方案：各社区由谁服务", "today": "现状：各社区由谁服务"})
_EVERYWHERE, _NO_CENTER, _JOINED = "全部县（区）", "没有方案", "合计在内"
_FILLS = (*DISTRICTS, PAPER, "#f4f4ee", "#e4e2db", style.LAND)
_UNSERVED, _SERVED, _OUTSIDE, _OFF = range(len(DISTRICTS), len(_FILLS))
"""Fills beside those of districts: no centre, 街道 drawn by its communities, outside the chosen county, not in question."""


Facts = Mapping[str, Mapping[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True)
class Community:
    """One community: today's and the planned centre's id, lines for its tooltip.

    `beyond_today` and `beyond_planned` are the residents beyond a walk to a centre or station that stands, or would then.
    """

    id: str
    name: str
    town: str
    county: str
    people: int
    today: str
    planned: str
    beyond_today: int
    beyond_planned: int
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Center:
    """One centre: where it comes from (of MARKS), its loads (None: its county has no plan), in words whether they keep the bounds.

    Several that stand in one community serve one district together: `district` is the id of the centre that has it (its
    own where it stands alone), `sharing` how many serve it, `planned` the load of them all.
    """

    id: str
    name: str
    origin: str
    label: str
    county: str
    where: str
    today: int
    planned: int | None
    district: str
    sharing: int
    state_today: str
    state_planned: str
    said: tuple[tuple[str, str], ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Post:
    """A service station, standing ("chs") or proposed ("new_chs"); upgraded: standing, and a centre by the plan."""

    name: str
    kind: str
    county: str
    where: str
    lon: float
    lat: float
    upgraded: bool = False


@dataclass(frozen=True)
class Town:
    """One 街道 or seat: new centres, what is proposed, lines for its tooltip."""

    code: str
    needed: int
    proposal: str
    said: tuple[tuple[str, str], ...]


def centers_map(
    region: Region, communities: Sequence[Community], centers: Sequence[Center], posts: Sequence[Post], towns: Sequence[Town],
    edges: Iterable[tuple[str, str]], labels: Sequence[tuple[str, str]], facts: Facts,
    furniture: Furniture, told: str = "", open_edges: Edges | None = None,
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `labels` are (origin, label) in the legend's order.

    `facts` are figures as (label, text) by time ("planned", "today") and county (its name, "" the whole city).
    Edges of the roads that are not among `open_edges` are drawn as closed.
    """
    drawn = _Drawn(region, communities, centers, posts, towns, tuple(edges), dict(labels), facts, told)
    counties = ["", *dict.fromkeys(one.county for one in communities)]
    shown = [_Shown(drawn, time, county) for time in _TIMES for county in counties]
    scene = Scene(
        kind="centers",
        ground=ground(region),
        fills=_FILLS,
        choices=("时间", "县（区）"),
        views=tuple(one.view(at) for at, one in enumerate(shown)),
        pictures=tuple(one.picture() for one in shown),
        ramps=tuple(one.ramp() for one in shown),
        places={"communities": drawn.community_places, "centers": drawn.center_places, "posts": drawn.post_places},
        layers=drawn.layers,
        roads=roads_of(region, open_edges),
        bounds=tuple(geometry.bounds(_focus(region, communities))),
    )
    return render(scene, furniture)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """All that the views show parts of."""

    region: Region
    communities: Sequence[Community]
    centers: Sequence[Center]
    posts: Sequence[Post]
    towns: Sequence[Town]
    edges: tuple[tuple[str, str], ...]
    labels: Mapping[str, str]
    facts: Facts
    told: str

    @cached_property
    def paints(self) -> Mapping[str, Mapping[str, int]]:
        """The place among the fills of each district, planned and as it is."""
        found = _paints(self.communities, self.edges)
        return {
            time: {one: DISTRICTS.index(fill) for one, fill in of.items()}
            for time, of in zip(_TIMES, found, strict=True)
        }

    @cached_property
    def center(self) -> Mapping[str, Center]:
        """The centres by id."""
        return {one.id: one for one in self.centers}

    @cached_property
    def town(self) -> Mapping[str, int]:
        """Where each town stands on the ground."""
        return {str(code): at for at, code in enumerate(self.region.towns["code"])}

    @cached_property
    def as_areas(self) -> bool:
        """Whether the towns themselves are the communities."""
        return self.region.subject_level == "town"

    @cached_property
    def community_places(self) -> Places:
        """The communities."""
        facts = {
            "人口": texts(people_text(one.people) for one in self.communities),
            **_columns([one.said for one in self.communities]),
        }
        where = ["　".join(filter(None, (one.county, one.town))) for one in self.communities]
        return _placed(self.communities, where, [one.id for one in self.communities], facts, found=not self.as_areas)

    @cached_property
    def center_places(self) -> Places:
        """The centres."""
        return _placed(
            self.centers,
            [one.where for one in self.centers],
            [one.id for one in self.centers],
            _columns([one.said for one in self.centers]),
        )

    @cached_property
    def post_places(self) -> Places:
        """The stations."""
        return _placed(self.posts, [one.where for one in self.posts], [""] * len(self.posts), {})

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """From the ground up."""
        signs = [
            Layer(kind, label, "points", "facility" if kind in ("standing", "chs") else "gain",
                  "posts" if kind in ("chs", "new_chs") else "centers", (MARKS[kind],), apart=True,
                  names="" if kind in ("chs", "new_chs") else "near" if kind == "standing" else "always")
            for kind, label in self.labels.items()
        ]  # fmt: skip
        return (
            Layer("links", "社区到中心的归属线", "links", "reach", stroke=_LINK),
            *(
                ()
                if self.as_areas
                else (
                    Layer(
                        "communities", "社区（村），圆的大小＝居民人数", "points", "reach", "communities", (_COMMUNITY,)
                    ),
                )
            ),
            Layer("beyond", "步行范围外的居民", "points", "gap", "communities", (_BEYOND,)),
            *reversed(signs),
        )


def _placed(
    rows: Sequence[Community] | Sequence[Center] | Sequence[Post], where: Sequence[str], codes: Sequence[str],
    facts: Mapping[str, Column], *, found: bool = True,
) -> Places:  # fmt: skip
    at = geometry.at([one.lon for one in rows], [one.lat for one in rows])
    return Places(at, texts(one.name for one in rows), texts(where), texts(codes), facts, found)


def _columns(said: Sequence[Sequence[tuple[str, str]]]) -> dict[str, Column]:
    """Return lines of (term, text) for each row as columns."""
    table: dict[str, list[str]] = {}
    for at, lines in enumerate(said):
        for term, text in lines:
            table.setdefault(term, [""] * len(said))[at] = text
    return {term: texts(column) for term, column in table.items()}


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is shown of one time and county, and the centres of another county that serve its people."""

    of: _Drawn
    time: Literal["planned", "today"]
    county: str

    def _here(self, county: str) -> bool:
        return self.county in ("", county)

    @cached_property
    def planned(self) -> bool:
        """Whether it is the plan."""
        return self.time == "planned"

    @cached_property
    def communities(self) -> list[tuple[int, Community]]:
        """The communities with their places."""
        return [(at, one) for at, one in enumerate(self.of.communities) if self._here(one.county)]

    @cached_property
    def centers(self) -> list[tuple[int, Center]]:
        """The centres with their places."""
        serving = {self._server(one) for _, one in self.communities}
        return [
            (at, one) for at, one in enumerate(self.of.centers)
            if (self.planned or one.origin == "standing") and (self._here(one.county) or one.id in serving)
        ]  # fmt: skip

    def _server(self, one: Community) -> str:
        return one.planned if self.planned else one.today

    def _paint(self, one: Community) -> int:
        return self.of.paints[self.time].get(self._server(one), _UNSERVED)

    def _beyond(self, one: Community) -> int:
        return one.beyond_planned if self.planned else one.beyond_today

    def _load(self, one: Center) -> int | None:
        return one.planned if self.planned else one.today

    def _beside(self, one: Center) -> bool:
        """Whether another centre of the same community bears the district: several serve it together."""
        return self.planned and one.planned is not None and one.district != one.id

    def _sharing(self, one: Center) -> str:
        return f"{one.sharing} 所合计" if self.planned and one.planned is not None and one.sharing > 1 else ""

    # The panel.

    def view(self, place: int) -> View:
        """Return what the panel says."""
        facts = self.of.facts[self.time].get(self.county, ())
        mine = [one for _, one in self.communities]
        return View(
            keys=(_TIME_LABELS[self.time], self.county or _EVERYWHERE),
            pictures=(place,),
            question=_TIME_LABELS[self.time],
            under=self.county or _EVERYWHERE,
            headline=self._headline(),
            sentence=((self.of.told, "gap"),) if self.of.told else (),
            blocks=(
                Block(facts=tuple(facts), paper="first"),
                Block("中心", "服务人口", rows=tuple(self._center_rows()), first=12, paper="first"),
                *((Block("街道（镇）", "新增 · 建议", rows=tuple(self._town_rows())),) if self.planned else ()),
            ),
            ramp=place,
            bounds=tuple(geometry.bounds(_points(mine))) if self.county and len(mine) > 1 else None,
        )

    def _headline(self) -> Headline:
        if not self.planned:
            return Headline(count_text(sum(self._beyond(one) for _, one in self.communities)), "人在步行范围外", "gap")
        new = sum(one.origin != "standing" for _, one in self.centers)
        return Headline(count_text(new), "所拟新设的中心", "gain" if new else "")

    def _center_rows(self) -> Iterator[Row]:
        for at, one in self.centers:
            bearer = self.of.center[one.district] if self._beside(one) else one
            paint = self.of.paints[self.time].get(bearer.id, _UNSERVED)
            load = self._load(one)
            told = _JOINED if self._beside(one) else _NO_CENTER if load is None else people_text(load)
            small = (
                (bearer.name,)
                if self._beside(one)
                else (self._sharing(one), one.state_planned if self.planned else one.state_today)
            )
            yield Row(
                (
                    Cell(one.name, (one.where,), mark=MARKS[one.origin], paint=_FILLS[paint]),
                    Cell(told, small, right=True),
                ),
                ("centers", at),
            )

    def _town_rows(self) -> Iterator[Row]:
        names = self.of.region.towns.set_index("code")["name"]
        counties = self.of.region.counties.set_index("code")["name"]
        county_of = self.of.region.towns.set_index("code")["county_code"].map(counties)
        for one in self.of.towns:
            if self._here(str(county_of[one.code])):
                cells = (
                    Cell(str(names[one.code]), (str(county_of[one.code]),)),
                    Cell(count_text(one.needed), right=True),
                    one.proposal,
                )
                yield Row(cells, ("town", self.of.town[one.code]))

    # The map.

    def ramp(self) -> Ramp:
        """Return what the fills mean."""
        title = "颜色＝同一所中心的片区，相邻片区不同色"
        others = [style.Swatch("不在服务对象内", style.LAND)]
        if any(not self._server(one) for _, one in self.communities):
            others.insert(0, style.Swatch(_NO_CENTER, PAPER))
        if self.county:
            others.append(style.Swatch("所选范围以外", _FILLS[_OUTSIDE]))
        return Ramp(title, (), tuple(others))

    def picture(self) -> Picture:
        """Return what lies on the map."""
        planned, areas = (
            {one.code: one for one in self.of.towns},
            {one.id: one for one in self.of.communities} if self.of.as_areas else {},
        )
        counties = self.of.region.counties.set_index("code")["name"]
        fills, said = list[int](), list[Sequence[tuple[str, str]]]()
        for code, county in zip(
            self.of.region.towns["code"], self.of.region.towns["county_code"].map(counties), strict=True
        ):
            if not self._here(str(county)):
                fills.append(_OUTSIDE)
            elif code in areas:
                fills.append(self._paint(areas[code]))
            else:
                fills.append(_SERVED if code in planned else _OFF)
            said.append(_area_said(areas[code]) if code in areas else planned[code].said if code in planned else ())
        return Picture(plain(fills), _columns(said), contents=self._contents())

    def _contents(self) -> dict[str, Content]:
        mine = self.communities
        found = {"links": Content(ends=list(self._links()))}
        if not self.of.as_areas:
            found["communities"] = Content(
                rows=plain(at for at, _ in mine),
                size=plain(_width(one.people) for _, one in mine),
                paint=plain(self._paint(one) for _, one in mine),
            )
        beyond = [(at, one) for at, one in mine if self._beyond(one)]
        if beyond:
            size = (16.0 if self.of.as_areas else _width(one.people) + 3 for _, one in beyond)
            found["beyond"] = Content(rows=plain(at for at, _ in beyond), size=plain(size))
        for kind in self.of.labels:
            centers = [(at, one) for at, one in self.centers if one.origin == kind]
            posts = [
                at
                for at, one in enumerate(self.of.posts)
                if one.kind == kind and self._here(one.county) and self._stands(one)
            ]
            if centers:
                found[kind] = Content(
                    rows=plain(at for at, _ in centers), label=texts(self._told(one) for _, one in centers)
                )
            if posts:
                found[kind] = Content(rows=plain(posts))
        return found

    def _stands(self, one: Post) -> bool:
        return not one.upgraded if self.planned else one.kind == "chs"

    def _links(self) -> Iterator[list[int]]:
        for _, one in self.communities:
            center = self.of.center.get(self._server(one))
            if center:
                yield [*geometry.spot(one.lon, one.lat), *geometry.spot(center.lon, center.lat)]

    def _told(self, one: Center) -> str:
        load = self._load(one)
        if self._beside(one):
            return _JOINED
        return _NO_CENTER if load is None else "，".join(filter(None, (wan_text(load), self._sharing(one))))


def _area_said(one: Community) -> Sequence[tuple[str, str]]:
    return (("人口", people_text(one.people)), *one.said)


def _width(people: int) -> float:
    """Return the width in pixels of the circle of a community: area in proportion to its people."""
    return round(2 * min(15.0, 3 + math.sqrt(people) * 0.075) * 0.75, 1)


def _paints(communities: Sequence[Community], edges: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Return the colours of the planned districts and of today's; a centre keeps its colour where it can."""
    both = []
    for name in ("planned", "today"):
        of = {one.id: str(getattr(one, name)) for one in communities}
        pairs = {tuple(sorted((of[a], of[b]))) for a, b in edges if of[a] and of[b] and of[a] != of[b]}
        both.append(({one for one in of.values() if one}, {(a, b) for a, b in pairs}))
    found = colours(sorted(both[0][0] | both[1][0]), sorted(both[0][1] | both[1][1]))
    return [{one: found[one] for one in sorted(mine)} for mine, _ in both]


def _points(communities: Sequence[Community]) -> gpd.GeoDataFrame:
    spots = gpd.points_from_xy([one.lon for one in communities], [one.lat for one in communities])
    return gpd.GeoDataFrame({"people": [one.people for one in communities]}, geometry=spots, crs=4326)


def _focus(region: Region, communities: Sequence[Community]) -> gpd.GeoDataFrame:
    """Return the places that the map opens on: where the communities are, not the whole of a rural city."""
    return _points(communities) if len(communities) > 1 and region.subject_level == "village" else region.towns
