"""The map of a rural plan: villages by how they are served, the days of the rounds, towns by the weakest link of their chain.

Nothing is computed here: kinds, routes and links come with the plan; this page only shows the chosen ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Edges, ground, plain, roads_of, texts
from maps.scene import Block, Cell, Content, Headline, Layer, Picture, Places, Ramp, Row, Scene, View, render
from maps.style import CIRCLE, DIAMOND, DOWN, GAIN, GAP, INK, PAPER, PENTAGON, PLUS_LOW, SQUARE, UP, Mark, Stroke
from planner.region import Region
from planner.text import amount_text, count_text, hours_text, people_text

_ROUTE_TOLERANCE_M = 25.0
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "clinic": Mark(6, CIRCLE, "#2c5f63"),
        "round": Mark(15, DIAMOND, GAIN),
        "stay": Mark(15, PENTAGON, "#0f4f86"),
        "mobile": Mark(14, DOWN, "#4f86b8"),
        "neighbour": Mark(12, SQUARE, "#5f97a8"),
        "new_clinic": Mark(18, UP, GAP, glyph=PLUS_LOW),
        "no_data": Mark(11, CIRCLE, PAPER, INK, "M7 17L17 7", INK),
    }
)
LINK_FILLS: Mapping[str, str] = MappingProxyType(
    {"town": "#fae8da", "subcenter": "#dfe9e4", "county": "#c9d9e2", "city": "#d5cfe0", "": style.LAND}
)
_ROUTE = Stroke("#7a1f5c", 2.2, opacity=0.8)
_ALL, _EVERY = "全部队伍", "全部日程"
_LINKS_TITLE = "颜色＝本乡镇最多居民的最薄弱环节（五级链条里最长或不可达的一段）"
_NONE_ELSE = "没有：全部行政村都设有村卫生室。"
_SERVED = {"clinic", "round", "stay", "mobile", "neighbour"}
"""The kinds of service that ask for no new building."""


@dataclass(frozen=True)
class Village:
    """One 行政村: its kind (of MARKS), who serves it, why, its chain in words."""

    code: str
    name: str
    county: str
    town: str
    people: int
    kind: str
    host: str
    why: str
    chain: str
    weakest: str
    across: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Host:
    """A facility that serves villages in place of a clinic, and how many."""

    id: str
    name: str
    kind: str
    villages: int
    lon: float
    lat: float


@dataclass(frozen=True)
class Link:
    """The chain of one town: its weakest link (a level, "" none), and lines for the tooltip."""

    code: str
    name: str
    county: str
    weakest: str
    villages: int
    people: str
    total: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stop:
    """A stop of a day out: the village's code, arrival and leaving, the km of the leg to it."""

    code: str
    arrive: str
    leave: str
    km: float


@dataclass(frozen=True)
class Route:
    """One day out of a team: on which working days of the month, its stops, its legs as (lon, lat)."""

    hospital: str
    hospital_name: str
    team: int
    days: tuple[int, ...]
    km: float
    hours: float
    back: str
    stops: tuple[Stop, ...]
    legs: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class Duty:
    """The rounds of a month, and the villages that they cannot visit, in words."""

    routes: tuple[Route, ...]
    left: tuple[str, ...] = ()


def rural_map(
    region: Region, villages: Sequence[Village], hosts: Sequence[Host], chain: Sequence[Link], duty: Duty | None,
    kinds: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]], furniture: Furniture, told: str = "",
    open_edges: Edges | None = None, closed: str = "",
) -> str:  # fmt: skip
    """Return one HTML page that opens with no network; `kinds` and `links` are (id, label) in the legend's order.

    Edges of the roads that are not among `open_edges` are drawn as closed; `closed` is what the legend calls them where
    a season closes more than the plan.
    """
    drawn = _Drawn(region, villages, hosts, chain, duty, dict(kinds), dict(links), told)
    days = [_Days("", None), *drawn.days]
    scene = Scene(
        kind="rural",
        ground=ground(region),
        fills=(*(LINK_FILLS[level] for level in drawn.links), style.LAND),
        choices=("队伍", "日程") if drawn.days else (),
        views=tuple(drawn.view(one, at) for at, one in enumerate(days)),
        pictures=tuple(drawn.picture(one) for one in days),
        ramps=(drawn.ramp,),
        places={"villages": drawn.village_places, "hosts": drawn.host_places},
        layers=drawn.layers,
        always=drawn.always,
        roads=roads_of(region, open_edges),
        closed_label=closed,
    )
    return render(scene, furniture)


@dataclass(frozen=True)
class _Days:
    """What of the rounds is shown: all, those of one team, or one day out (its place among the routes)."""

    team: str
    day: int | None


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What every view shares."""

    region: Region
    villages: Sequence[Village]
    hosts: Sequence[Host]
    chain: Sequence[Link]
    duty: Duty | None
    kinds: Mapping[str, str]
    links: Mapping[str, str]
    told: str

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The days out of all teams."""
        return self.duty.routes if self.duty else ()

    @cached_property
    def days(self) -> list[_Days]:
        """Each team, then each of its days."""
        teams: dict[str, list[int]] = {}
        for at, one in enumerate(self.routes):
            teams.setdefault(_team(one), []).append(at)
        return [_Days(team, day) for team, mine in teams.items() for day in (None, *mine)]

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Where each village stands among the places."""
        return {one.code: at for at, one in enumerate(self.villages)}

    @cached_property
    def town(self) -> Mapping[str, int]:
        """Where each town stands on the ground."""
        return {str(code): at for at, code in enumerate(self.region.towns["code"])}

    # The places and layers.

    @cached_property
    def village_places(self) -> Places:
        """The villages."""
        facts = {
            "人口": texts(people_text(one.people) for one in self.villages),
            "服务方式": texts(self.kinds.get(one.kind, "") for one in self.villages),
            "承担机构": texts(one.host for one in self.villages),
            "链条各段": texts(one.chain for one in self.villages),
            "最薄弱环节": texts(one.weakest for one in self.villages),
            "县界外更近": texts(one.across for one in self.villages),
            "理由": texts(one.why for one in self.villages),
        }
        where = ["　".join(filter(None, (one.county, one.town))) for one in self.villages]
        at = geometry.at([one.lon for one in self.villages], [one.lat for one in self.villages])
        return Places(
            at, texts(one.name for one in self.villages), texts(where), texts(one.code for one in self.villages), facts
        )

    @cached_property
    def host_places(self) -> Places:
        """The facilities that send teams or serve villages."""
        facts = {"承担行政村": texts(f"{count_text(one.villages)} 个" for one in self.hosts)}
        at = geometry.at([one.lon for one in self.hosts], [one.lat for one in self.hosts])
        kinds = texts(style.kind_label(one.kind) for one in self.hosts)
        return Places(at, texts(one.name for one in self.hosts), kinds, texts(one.id for one in self.hosts), facts)

    @cached_property
    def _host_kinds(self) -> list[str]:
        return sorted({one.kind for one in self.hosts})

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """From the ground up: routes, villages that have a clinic, those served otherwise, hosts."""
        kinds = [
            Layer(kind, label, "points", "gap" if kind not in _SERVED else "facility" if kind == "clinic" else "gain", "villages",
                  (MARKS[kind],), apart=kind != "clinic", names="near" if kind != "clinic" else "")
            for kind, label in self.kinds.items() if kind != "no_data" or kind in self._used
        ]  # fmt: skip
        signs = tuple(style.symbol(kind, "open") for kind in self._host_kinds)
        hosts = (
            (Layer("hosts", "派出或承担的机构", "points", "facility", "hosts", signs, apart=True),)
            if self.hosts
            else ()
        )
        routes = (Layer("routes", "巡回路线", "lines", "reach", stroke=_ROUTE),) if self.routes else ()
        stops = (
            (Layer("stops", "次序", "points", "reach", "villages", (Mark(15, CIRCLE, "#7a1f5c"),)),)
            if self.routes
            else ()
        )
        return (*routes, *kinds, *hosts, *stops)

    @cached_property
    def _used(self) -> set[str]:
        return {one.kind for one in self.villages}

    @cached_property
    def always(self) -> Mapping[str, Content]:
        """Villages by kind, and hosts."""
        found = {
            kind: Content(rows=plain(at for at, one in enumerate(self.villages) if one.kind == kind))
            for kind in self.kinds
            if kind in self._used
        }
        if self.hosts:
            found["hosts"] = Content(mark=plain(self._host_kinds.index(one.kind) for one in self.hosts))
        return found

    @cached_property
    def ramp(self) -> Ramp:
        """The weakest link of towns."""
        used = {one.weakest for one in self.chain}
        others = [style.Swatch(label, LINK_FILLS[level]) for level, label in self.links.items() if level in used]
        if len(self.chain) < len(self.region.towns):
            others.append(style.Swatch("没有行政村", style.LAND))
        return Ramp(_LINKS_TITLE, (), tuple(others))

    # The panel.

    def _shown(self, days: _Days) -> list[Route]:
        if days.day is not None:
            return [self.routes[days.day]]
        return [one for one in self.routes if days.team in ("", _team(one))]

    def view(self, days: _Days, place: int) -> View:
        """Return what the panel says."""
        shown = self._shown(days)
        ends = [end for one in shown for leg in one.legs for end in leg] if days.team else []
        route = shown[0] if days.day is not None else None
        facts = _route_facts(route) if route else self._overview(shown)
        lacking = sum(one.people for one in self.villages if one.kind != "clinic")
        return View(
            keys=(days.team or _ALL, _days(route) if route else _EVERY) if self.days else (),
            pictures=(place,),
            question="没有村卫生室的行政村怎样得到服务",
            under="　".join((days.team or _ALL, _days(route) if route else _EVERY)) if self.days else "",
            headline=Headline(
                count_text(sum(one.kind != "clinic" for one in self.villages)),
                f"个行政村没有村卫生室，{people_text(lacking)}",
                "strong",
            ),
            sentence=((self.told, ""),) if self.told else (),
            blocks=(
                *((Block(facts=tuple(facts), paper="first"),) if self.routes else ()),
                *((Block("当天行程", "到达—离开", rows=tuple(self._stops(route)), paper="first"),) if route else ()),
                Block("行政村", "方式", rows=tuple(self._villages()), first=10),
                Block("乡镇（街道）", "合计 · 最薄弱", rows=tuple(self._towns()), first=10),
            ),
            bounds=_box(ends) if ends else None,
        )

    def _overview(self, shown: Sequence[Route]) -> Iterator[tuple[str, str]]:
        yield "巡回的村", f"{count_text(sum(len(one.stops) for one in shown))} 个"
        yield "每月队日", count_text(sum(len(one.days) for one in shown))
        yield "路线", f"{count_text(len(shown))} 条"
        left = self.duty.left if self.duty else ()
        if left and len(shown) == len(self.routes):
            yield "当天去不了", f"{count_text(len(left))} 个：{'；'.join(left)}"

    def _stops(self, route: Route) -> Iterator[Row]:
        for order, stop in enumerate(route.stops, 1):
            at = self.place[stop.code]
            yield Row(
                (str(order), self.villages[at].name, Cell(f"{stop.arrive}—{stop.leave}", right=True)), ("villages", at)
            )

    def _villages(self) -> Iterator[Row]:
        listed = [kind for kind in self.kinds if kind != "clinic"]
        mine = sorted(
            (at for at, one in enumerate(self.villages) if one.kind in listed),
            key=lambda at: listed.index(self.villages[at].kind),
        )
        for at in mine:
            one = self.villages[at]
            where = "　".join(filter(None, (one.county, one.town)))
            yield Row(
                (Cell(one.name, (where, one.why), mark=MARKS[one.kind]), Cell(self.kinds[one.kind], right=True)),
                ("villages", at),
            )
        if not mine:
            yield Row((_NONE_ELSE,))

    def _towns(self) -> Iterator[Row]:
        for one in self.chain:
            weakest = Cell(
                self.links.get(one.weakest, "—"), paint=LINK_FILLS[one.weakest if one.weakest in self.links else ""]
            )
            yield Row(
                (Cell(one.name, (one.county,)), Cell(one.total, right=True), weakest), ("town", self.town[one.code])
            )

    # The map.

    def picture(self, days: _Days) -> Picture:
        """Return what lies on the map."""
        levels = list(self.links)
        fills, said = [len(levels)] * len(self.town), list[tuple[int, str, str]]()
        for one in self.chain:
            at = self.town[one.code]
            fills[at] = levels.index(one.weakest) if one.weakest in levels else len(levels)
            lines = (
                ("行政村", f"{one.villages} 个，{one.people}"),
                ("最薄弱环节", self.links.get(one.weakest, "—")),
                *one.said,
            )
            said += [(at, term, text) for term, text in lines]
        table: dict[str, list[str]] = {}
        for at, term, text in said:
            table.setdefault(term, [""] * len(fills))[at] = text
        return Picture(
            plain(fills), {term: texts(column) for term, column in table.items()}, contents=self._rounds(days)
        )

    def _rounds(self, days: _Days) -> dict[str, Content]:
        shown = self._shown(days)
        lines = [(line, route) for route in shown for line in _legs(route, self.region)]
        if not lines:
            return {}
        facts = [(f"{_team(one)}，{_days(one)}", dict(_route_facts(one))) for _, one in lines]
        terms = {"队伍": texts(name for name, _ in facts)}
        terms |= {term: texts(own[term] for _, own in facts) for term in facts[0][1]}
        found = {"routes": Content(lines=[line for line, _ in lines], facts=terms)}
        if days.day is not None:
            stops = shown[0].stops
            orders = texts(str(order) for order in range(1, len(stops) + 1))
            found["stops"] = Content(rows=plain(self.place[one.code] for one in stops), label=orders)
        return found


def _team(route: Route) -> str:
    return f"{route.hospital_name}　第 {route.team} 队"


def _days(route: Route) -> str:
    return f"第 {'、'.join(map(str, route.days))} 个工作日"


def _route_facts(route: Route) -> Iterator[tuple[str, str]]:
    yield "行政村", f"{count_text(len(route.stops))} 个"
    yield "行程", amount_text(route.km * 1e6, "mm")
    yield "共计", f"{hours_text(route.hours).zh}，{route.back} 回院"


def _box(ends: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the bounds of places, in 1e-5 degrees, with a little air."""
    whole = np.rint(np.array(ends) * geometry.STEPS_PER_DEGREE).astype(int)
    margin = 2000
    return (*(whole.min(axis=0) - margin).tolist(), *(whole.max(axis=0) + margin).tolist())


def _legs(route: Route, region: Region) -> list[geometry.Line]:
    shapes = [shapely.LineString(leg) for leg in route.legs if len(set(leg)) > 1]
    if not shapes:
        return []
    return geometry.lines(gpd.GeoSeries(shapes, crs=4326).to_crs(region.crs), _ROUTE_TOLERANCE_M)
