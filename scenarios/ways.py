"""How one travels in an assessment: on paper always, by road where the facts hold roads, by time where it is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from shapely import Geometry

from planner.errors import OptionError, Problem, Text
from planner.joined import RoadParts, detours, joining, not_joined, road_parts, tests_detours
from planner.network import FRAGMENT_KM, SPEED_KMH, VEHICLE, RoadGraph, edges_meeting, unknown_ways
from planner.region import Region, Source
from planner.road import Road
from planner.rules import Rules
from planner.text import count_text, exact_text, limit_text, people_text, percent_text
from planner.travel import PAPER, Travel, bare

_SHOWN = 20
_YARD = "service"
"""The class of road at whose speed a vehicle drives from the facility to the nearest road: an assumption."""
PERIOD_LABELS: Mapping[str, str] = MappingProxyType({"": "", "day": "白天", "night": "夜间"})


@dataclass(frozen=True, eq=False)
class RoadChoices:
    """What a planner decides about the roads of one assessment; ``files`` are those that it was read from.

    ``said_in`` tells the file and line of a choice (closed, speeds) that a scenario file makes: none for an option's.
    ``minutes`` is the response time to report against, None where the rules' own is kept; ``own_speeds`` False lets the
    table of speeds replace those that the roads carry themselves.
    """

    speeds: Mapping[str, float] = field(default_factory=dict)
    period: str = ""
    closed: frozenset[str] = frozenset()
    closed_area: Geometry | None = None
    delay_s: float = 0.0
    minutes: float | None = None
    max_snap_m: float = 2_000.0
    own_speeds: bool = True
    files: tuple[Source, ...] = ()
    said_in: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)

    @property
    def asks_for_time(self) -> bool:
        """Whether times are reported beside distances."""
        return bool(self.speeds) or self.delay_s > 0 or self.minutes is not None

    @property
    def closes(self) -> bool:
        """Whether any road is to be closed."""
        return bool(self.closed) or self.closed_area is not None

    @property
    def need_roads(self) -> bool:
        """Whether anything was chosen that means nothing without roads."""
        return self.asks_for_time or self.closes


@dataclass(frozen=True, eq=False)
class RoadView:
    """What the roads say besides the findings: the 绕行清单, the parts, who is not joined; and how one travelled.

    ``said`` tells the choices in sentences, ``record`` the same for the manifest; ``tests_detours`` whether any rule asks
    of detours; ``told`` is for the console.
    """

    road: Road
    parts: RoadParts
    detours: pd.DataFrame
    not_joined: pd.DataFrame
    said: tuple[str, ...]
    record: Mapping[str, Any]
    tests_detours: bool
    told: tuple[Text, ...] = ()


def ways_of(region: Region, choices: RoadChoices, *, by_time: bool = False) -> Mapping[str, Travel]:
    """Return the ways of travelling that the facts allow: "paper"; "road" with roads; "road_time" where it is asked for.

    It is asked for by the choices, or by those that they are compared with (`by_time`).
    By road one travels from the facility to the resident. OptionError for choices that the roads cannot follow.
    """
    check_choices(region.roads, choices)
    graph = region.roads
    if graph is None:
        return PAPER
    road = road_of(graph, choices, by_time=False)
    if not (choices.asks_for_time or by_time):
        return {**PAPER, "road": road}
    return {**PAPER, "road": road, "road_time": road_of(graph, choices, by_time=True)}


def road_of(graph: RoadGraph, choices: RoadChoices, *, by_time: bool, **more: Any) -> Road:
    """Return the way by road, in distance or in time, as the choices say; `more` goes to Road.

    OptionError for ids that are no road's, and speeds of no class of road.

    Where one travels from the facility it is a vehicle that does, and it drives from its yard to the road, too, at the
    speed of a `_YARD` road; the other end of the way is walked.
    """
    check_choices(graph, choices)
    area, speeds = choices.closed_area, {**SPEED_KMH, **choices.speeds}
    drives = by_time and more.get("direction", "from") == "from"
    return Road(
        graph,
        speeds=speeds if by_time else None,
        start_kmh=speeds[_YARD] if drives else None,
        own_speeds=choices.own_speeds,
        closed=choices.closed,
        closed_edges=frozenset() if area is None else frozenset(edges_meeting(graph, area).tolist()),
        delay_s=choices.delay_s if by_time else 0.0,
        max_snap_m=choices.max_snap_m,
        **more,
    )


def check_choices(graph: RoadGraph | None, choices: RoadChoices) -> None:
    """Refuse ids that are no road's and classes that no road has: a slip of the pen would change nothing. All, without roads."""
    if graph is None:
        if choices.need_roads:
            file, line = next(iter(choices.said_in.values()), ("roads", ""))
            what = Text("没有路网，道路选项无从谈起", "an option about roads, and no roads")
            fix = Text(
                "在数据文件夹里放入 roads（如 roads.osm.pbf），或去掉道路选项", "add roads to the folder, or drop it"
            )
            raise OptionError(Problem(file, what, fix, line))
        return
    problems = [*_unknown_ways(graph, choices), *_unknown_classes(graph, choices)]
    if problems:
        raise OptionError(problems)


def _unknown_ways(graph: RoadGraph, choices: RoadChoices) -> Iterator[Problem]:
    unknown = unknown_ways(graph, choices.closed)
    if unknown:
        file, line = choices.said_in.get("closed", ("--closed", ""))
        fix = Text("核对编号；范围用图形文件", "check them; give an area as a file")
        if file != "--closed":
            fix = Text("核对编号；范围写在 closed_area", "check them; an area is a closed_area")
        shown = "、".join(unknown[:_SHOWN]) + ("……" if len(unknown) > _SHOWN else "")
        what = Text(f"路网里没有这些路段编号：{shown}", f"no road has these ids: {', '.join(unknown[:_SHOWN])}")
        yield Problem(file, what, fix, line)


def _unknown_classes(graph: RoadGraph, choices: RoadChoices) -> Iterator[Problem]:
    odd = set(choices.speeds) - set(SPEED_KMH)
    own = set(map(str, pd.unique(graph.road_class))) if odd else set()
    known = [*SPEED_KMH, *sorted(own - set(SPEED_KMH))]
    table = choices.files[0].file if choices.files else "--speeds"
    file, line = choices.said_in.get("speeds", (table, ""))
    for name in sorted(odd - own):
        close = get_close_matches(name, known, n=1)
        guess = Text(f"是不是 {close[0]}；", f"did you mean {close[0]}; ") if close else Text("", "")
        fix = Text(f"{guess.zh}可用：{'、'.join(known)}", f"{guess.en}known: {', '.join(known)}")
        yield Problem(file, Text("没有这个道路等级", "there is no such class of road"), fix, line, found=name)


def idle_choices(graph: RoadGraph | None, choices: RoadChoices, rules: Rules) -> list[Problem]:
    """Return, as warnings, the choices about roads that change nothing: of these roads, or because no rule asks for time."""
    return [
        Problem(file, what, Text("核对；不需要就删去", "check it, or remove it"), line, found=name, severity="warning")
        for name, what in _idle_choices(graph, choices, rules)
        for file, line in [choices.said_in.get(name, (f"--{name.replace('_', '-')}", ""))]
    ]


def _idle_choices(graph: RoadGraph | None, choices: RoadChoices, rules: Rules) -> Iterator[tuple[str, Text]]:
    """Yield (name of the choice, why it changes nothing)."""
    if graph is None:
        if choices.max_snap_m != RoadChoices().max_snap_m:
            yield (
                "max_snap",
                Text("没有路网，离路限度没有作用", "there are no roads: the snapping distance changes nothing"),
            )
        return
    if choices.closed_area is not None and not len(edges_meeting(graph, choices.closed_area)):
        yield "closed_area", Text("封闭范围没有碰到任何道路，没有封闭任何路段", "the closed area meets no road")
    here = set(map(str, pd.unique(graph.road_class)))
    others = not here <= set(SPEED_KMH)  # whom "road" stands for
    absent = sorted(name for name in choices.speeds if name not in here and not (name == "road" and others))
    if absent:
        yield "speeds", Text(f"路网里没有这些等级的道路，时速没有作用：{'、'.join(absent)}",
                             f"no road is of these classes, whose speeds change nothing: {', '.join(absent)}")  # fmt: skip
    by_time = any(reading.travel == "road_time" for rule in rules.rules for reading in rule.readings)
    timed = {"delay": choices.delay_s > 0, "minutes": choices.minutes is not None, "speeds": bool(choices.speeds)}
    for name in (one for one, is_given in timed.items() if is_given and not by_time):
        yield name, Text("规则没有时间口径，评估不受影响", "no rule asks for time: the findings stay the same")
    if not choices.own_speeds and not choices.asks_for_time:
        yield "own_speeds", Text("没有按时间评估，时速没有作用", "nothing asks for time: speeds change nothing")


def road_view(region: Region, rules: Rules, travels: Mapping[str, Travel], choices: RoadChoices) -> RoadView | None:
    """Return what the roads say besides the findings; None where nobody travels by road."""
    road = bare(travels.get("road"))
    if not isinstance(road, Road) or region.roads is None:
        return None
    by_time = bare(travels.get("road_time"))
    timed = by_time if isinstance(by_time, Road) else None
    people, places = joining(region)
    moved = moved_lines(road, people, places)
    return RoadView(
        road=road,
        parts=road_parts(road),
        detours=detours(region, rules, travels),
        not_joined=not_joined(region, road),
        said=(*_said(road, timed, choices), *(one.zh for one in (*region.roads.notes, *moved))),
        record=_record(road, timed, choices),
        tests_detours=tests_detours(rules, travels),
        told=(*road_notes(road, choices, by_time=timed is not None), *moved),
    )


def road_notes(road: Road, choices: RoadChoices, *, by_time: bool) -> tuple[Text, ...]:
    """Return what the console says of the choices: how much is closed, and how much the table of speeds decides."""
    out = []
    if choices.closes:
        count = _closed_count(road)
        out.append(Text(f"封闭道路 {count} 段。", f"closed: {count} stretches of road."))
    if choices.speeds and by_time:
        share, own = _table_share(road.graph, choices), _own_speed_share(road.graph)
        fix = Text("要让时速表代替它，加 --speeds-override", "--speeds-override lets the table replace them")
        if "speeds" in choices.said_in:
            fix = Text(
                "要让时速表代替它，在方案的 roads 里写 own_speeds: false",
                "own_speeds: false in its roads lets it replace them",
            )
        if not choices.own_speeds:
            out.append(Text(f"时速表代替了路段自带的时速（原占里程 {percent_text(own)}）。",
                            f"the table replaces the roads' own speeds ({percent_text(own)} of the km)."))  # fmt: skip
        elif not share:
            out.append(Text(f"提醒：时速表没有改变任何路段：{percent_text(own)} 的里程自带时速，以自带为准，其余里程没有表中的等级。{fix.zh}。",
                            f"Warning: the table changes no road: {percent_text(own)} of the km carry their own speed, "
                            f"and the rest is of no class in it. {fix.en}."))  # fmt: skip
        elif own:
            out.append(Text(f"时速表只用于 {percent_text(share)} 的里程；{percent_text(own)} 的里程自带时速，以自带为准。{fix.zh}。",
                            f"the table holds for {percent_text(share)} of the km; {percent_text(own)} carry their own. {fix.en}."))  # fmt: skip
    return tuple(out)


def moved_lines(road: Road, demand: pd.DataFrame, facilities: pd.DataFrame) -> tuple[Text, ...]:
    """Return who joins the main network although a fragment of road lies nearer; nothing where nobody does."""
    moved = [demand[np.isfinite(road.passed_m(demand))], facilities[np.isfinite(road.passed_m(facilities, "facility"))]]
    if not any(map(len, moved)):
        return ()
    people = int(moved[0]["population"].sum()) if "population" in demand else None
    count = [count_text(len(one)) for one in moved]
    zh = f"（{people_text(people)}）" if people is not None else ""
    en = f" ({count_text(people)} people)" if people is not None else ""
    return (
        Text(
            f"最近的是零星路段（与主路网不相连，或单行而到不了、出不来），改接主路网的：需求点 {count[0]} 个{zh}、机构 {count[1]} 个。",
            f"moved to the main network, the nearest road being a fragment (joined to nothing, or one-way to or from nowhere): demand {count[0]}{en}, facilities {count[1]}.",
        ),
    )


def _closed_count(road: Road) -> int:
    return int((~road.open_edges).sum())


def _table_share(graph: RoadGraph, choices: RoadChoices) -> float:
    """Return the share of the kilometres whose speed the planner's table gives."""
    kind = graph.road_class.astype(str)
    named = np.isin(kind, list(choices.speeds))
    if "road" in choices.speeds:  # which stands for every class that no table knows
        named |= ~np.isin(kind, list(SPEED_KMH))
    ruled = named & (np.isnan(graph.speed_kmh) | (not choices.own_speeds))
    total = float(graph.length_mm.sum())
    return float(graph.length_mm[ruled].sum()) / total if total else 0.0


def _own_speed_share(graph: RoadGraph) -> float:
    """Return the share of the kilometres whose speed the data give, which goes before any table."""
    total = float(graph.length_mm.sum())
    return float(graph.length_mm[~np.isnan(graph.speed_kmh)].sum()) / total if total else 0.0


def _speed_texts(speeds: Mapping[str, float]) -> str:
    return "、".join(f"{name} {exact_text(speed)}" for name, speed in sorted(speeds.items()))


def _said(road: Road, by_time: Road | None, choices: RoadChoices) -> tuple[str, ...]:
    """Return the choices in sentences, for the sheet 说明 and the map."""
    out = [
        f"道路口径：从机构到居民，沿路网最短；离最近道路 {limit_text(road.max_snap_m * 1000, 'mm')}以内的按直线接到路上并计入，更远的为不可达。",
        "绕行系数＝到最近机构的道路距离÷到最近机构的直线距离（两者可以不是同一机构）。",
    ]
    out += [joining_text(road.walking), *closed_lines(road, choices)]
    return (*out, *(time_lines(by_time, choices, "时间口径（参考，不作判断）") if by_time else ()))


def joining_text(walking: bool = False) -> str:
    """Return where one gets onto the roads, which of them nobody passes through, and which are none."""
    needs = "、".join(f"{word} {exact_text(VEHICLE[key])} {unit}" for key, (word, unit) in _NEEDS.items())
    return (
        "上路：高速公路及其匝道、桥、隧道、轮渡的中途不能上路，接到最近的其他道路；私人或只供到达的道路（内部路、送达路等）"
        f"只用于行程的两端；最近的是零星路段（不超过 {exact_text(FRAGMENT_KM)} 公里、不到主路网一半，与主路网不相连，或单行而到不了、出不来）的，"
        f"在离路限度内改接主路网。{'' if walking else f'限高、限宽、限长、限重不足的路救护车不走（假设车辆{needs}）。'}"
    )


_NEEDS = {"maxheight": ("高", "米"), "maxwidth": ("宽", "米"), "maxlength": ("长", "米"), "maxweight": ("重", "吨")}


def closed_lines(road: Road, choices: RoadChoices) -> list[str]:
    """Return which roads are closed and what becomes of those who lived on them; nothing where none are."""
    if not choices.closes:
        return []
    near = f"{limit_text(road.max_snap_m * 1000, 'mm')}以内最近的未封闭道路"
    what = f"封闭道路：{_closed_text(choices)}，共 {_closed_count(road)} 段"
    return [f"{what}；原来接在封闭道路上的点，改接 {near}，没有的为不可达（道路封闭）。"]


def _closed_text(choices: RoadChoices) -> str:
    if choices.closed_area is not None:
        return f"{choices.files[-1].file if choices.files else '图形'} 的范围所及"
    return f"编号 {'、'.join(sorted(choices.closed)[:_SHOWN])}{'等' if len(choices.closed) > _SHOWN else ''}"


def time_lines(by_time: Road, choices: RoadChoices, what: str) -> tuple[str, str]:
    """Return what time is made of, and the speeds."""
    period = f"（{PERIOD_LABELS[choices.period]}）" if choices.period else ""
    table = f"{_speed_texts(choices.speeds)}；其余等级" if choices.speeds else "各等级"
    start, own = (
        f"调度 {exact_text(by_time.delay_s / 60)} 分钟＋行车时间",
        f"占里程 {percent_text(_own_speed_share(by_time.graph))}",
    )
    off = f"离路一段按步行 {exact_text(by_time.walk_kmh)} 公里/小时"
    if by_time.start_kmh is not None:
        off = f"从机构到路一段按行车 {exact_text(by_time.start_kmh)} 公里/小时（假设：{_YARD} 级道路的时速），居民一侧{off}"
    first = (
        f"路段自带时速的以自带为准（{own}）" if by_time.own_speeds else f"路段自带的时速（{own}）不采用，由以上时速代替"
    )
    return (
        f"{what}：{start}，{off}。",
        f"时速{period}（公里/小时）：{table}用内置的假设时速；{first}。",
    )


def _record(road: Road, by_time: Road | None, choices: RoadChoices) -> Mapping[str, Any]:
    """Return the choices as the manifest keeps them."""
    record: dict[str, Any] = {
        "direction": "facility to resident", "max_snap_m": road.max_snap_m,
        "closed_ways": sorted(choices.closed), "closed_edges": _closed_count(road),
        "files": [{"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in choices.files],
    }  # fmt: skip
    if by_time is not None:
        record["time"] = {
            "delay_s": by_time.delay_s, "walk_kmh": by_time.walk_kmh, "start_kmh": by_time.start_kmh, "period": choices.period,
            "speeds_kmh": dict(sorted((by_time.speeds or {}).items())),
            "share_of_km_with_own_speed": round(_own_speed_share(road.graph), 4),
            "own_speeds_first": by_time.own_speeds,
        }  # fmt: skip
    return record
