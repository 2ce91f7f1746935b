"""fugai reach: who reaches which facility, for any two lists of points in the world."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.text import count_text, share_of
from scenarios.options import Command
from scenarios.point_questions import ReachQuestion
from scenarios.questions import weld_m

if TYPE_CHECKING:
    import pandas as pd

    from geodata.columns import Notes
    from planner.road import Road
    from planner.travel import StraightLine
    from scenarios.reach import Answer
    from scenarios.run import Step
    from scenarios.ways import RoadChoices

_SHOWN = 20
_MAP_LATITUDE = 84.0
_HALF_TURN = 180.0
_FAR_BY_ROAD_M = 1_000_000.0


@dataclass(frozen=True, kw_only=True)
class Reach(ReachQuestion, Command):
    """fugai reach: who reaches which facility, for any two lists of points in the world."""

    def run(self) -> None:
        """Write the points and what else is asked for, all or nothing, and print the people by limit."""
        from geodata.columns import Notes
        from scenarios.cli.report import print_warnings, steps
        from scenarios.reach import ask

        choices = self.choices()
        with steps(self.lang) as step:
            step(Text("读取数据", "reading the data"))
            notes = Notes()
            demand, facilities = _points(self, notes)
            travel, of_friction = _travel(self, (demand, facilities), choices, step, notes)
            step(Text("计算", "searching"))
            answer = ask(demand, facilities, travel, self.limits)
            _write(self, answer, travel, choices, step)
        print_warnings(notes.warnings, self.lang)
        _say_roads(self, answer, travel, choices, of_friction)
        _say(answer, self)


def _say_roads(
    question: Reach,
    answer: "Answer",
    travel: "StraightLine | Road",
    choices: "RoadChoices",
    of_friction: "tuple[Text, ...]",
) -> None:
    from planner.joined import joined
    from planner.network import SPEED_KMH, speedless
    from planner.road import Road
    from scenarios.ways import moved_lines, road_notes

    if not isinstance(travel, Road):
        return
    unknown = speedless(travel.graph, {**SPEED_KMH, **travel.speeds}) if travel.speeds is not None else ()
    demand = answer.demand if answer.has_people else answer.demand.drop(columns="population")
    moved = moved_lines(travel, demand, answer.facilities)
    for said in (
        *travel.graph.notes,
        *of_friction,
        *unknown,
        *road_notes(travel, choices, by_time=travel.unit == "ms"),
        *moved,
    ):
        print(printable(said.say(question.lang)))
    apart = joined(travel, answer.facilities, "facility")
    lost = apart.loc[apart["state"] != "", "id"].tolist()
    _list(
        Text("没有接入主路网的机构（按道路到不了或只到得了附近）", "facilities not joined to the main network"),
        lost,
        question.lang,
    )


def _road(question: Reach, choices: "RoadChoices") -> "Road":
    from geodata.roads import read_roads
    from planner.road import WALK_KMH
    from scenarios.ways import road_of

    assert question.roads is not None
    return road_of(
        read_roads(question.roads, weld_m=weld_m(question.weld, question.roads)),
        choices,
        by_time=question.by_time,
        direction=question.direction or "from",
        walk_kmh=WALK_KMH if question.walk is None else question.walk,
        offroad_m=question.offroad.value / 1000 if question.offroad else 0.0,
    )


def _travel(
    question: Reach,
    points: "tuple[pd.DataFrame, pd.DataFrame]",
    choices: "RoadChoices",
    step: "Step",
    told: "Notes",
) -> "tuple[StraightLine | Road, tuple[Text, ...]]":
    from planner.travel import StraightLine
    from scenarios.reach import check_datum, check_inside, check_together, with_walks

    demand, facilities = points
    # Points beyond the roads are told by check_inside.
    limit_m = max(limit.value for limit in question.limits) / 1000 if question.roads is None else _FAR_BY_ROAD_M
    told.problems += check_together(demand, facilities, (question.demand.name, question.facilities.name), limit_m)
    if question.roads is None:
        return StraightLine(), ()
    step(Text("读取路网", "reading the roads"))
    road = _road(question, choices)
    check_inside(demand, question.demand.name, road)
    check_inside(facilities, question.facilities.name, road)
    told.problems += check_datum(demand, question.demand.name, road)
    told.problems += check_datum(facilities, question.facilities.name, road)
    if question.friction is None:
        return road, ()
    step(Text("计算步行时间", "finding the walks"))
    return with_walks(road, demand, question.friction)


def _points(question: Reach, notes: "Notes") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the demand and the facilities that serve; `notes` takes what is doubtful."""
    from geodata.points import DEMAND, PLACES, in_service, read_points

    demand = read_points(question.demand, DEMAND, notes)
    every = read_points(question.facilities, PLACES, notes)
    facilities = in_service(every, question.facilities.name, notes, question.status, question.kind)
    if question.map is not None:
        _check_map((demand, facilities), notes)
    return demand, facilities


def _check_map(points: "tuple[pd.DataFrame, pd.DataFrame]", notes: "Notes") -> None:
    """Refuse a map of what lies at a pole, and note that one across 180° shows its two sides far apart."""
    import pandas as pd

    both = pd.concat(points)
    if (both["lat"].abs() > _MAP_LATITUDE).any():
        fix = Text("去掉 --map；结果表不受影响", "drop --map; the tables are right")
        raise OptionError(
            Problem("--map", Text("有点离极点太近，画不了地图", "points too near to a pole for a map"), fix)
        )
    if both["lon"].max() - both["lon"].min() > _HALF_TURN:
        what = Text("点分布在 180° 经线（日期变更线）两侧，地图上会分在两端；距离按最短的算，不受影响",
                    "the points lie on both sides of 180°, which the map shows far apart; distances are the shortest")  # fmt: skip
        notes.add("--map", what, Text("只影响看图", "the map alone is affected"), warning=True)


def _write(
    question: Reach,
    answer: "Answer",
    travel: "StraightLine | Road",
    choices: "RoadChoices",
    step: "Step",
) -> None:
    """Write the points, and the pairs, the list, the areas and the map where they are asked for."""
    from geodata.csv_text import write_csv
    from planner.road import Road
    from scenarios.export.folder import write_whole
    from scenarios.reach import (
        areas_of,
        forecast,
        joined_points,
        left_out,
        pairs_of,
        points_of,
        write_areas,
        write_table,
    )

    step(Text("写出", "writing"))
    points = points_of(answer, travel, question.limits)
    outputs: dict[Path, Callable[[Path], object]] = {
        question.out: lambda path: write_table(points, path, travel.unit, question.lang)
    }
    if question.pairs is not None:
        pairs = pairs_of(answer, travel, question.k)
        print(forecast(pairs, travel.unit).say(question.lang))  # before it is written
        outputs[question.pairs] = lambda path: write_table(pairs, path, travel.unit, question.lang)
    if question.list is not None:
        outputs[question.list] = lambda path: write_csv(path, left_out(answer, travel, question.limits, question.lang))
    if question.joined is not None and isinstance(travel, Road):
        outputs[question.joined] = lambda path: write_csv(
            path, joined_points(travel, answer.demand, answer.facilities, question.lang)
        )
    if question.areas is not None or question.map is not None:
        areas = areas_of(travel, answer.facilities, question.limits)
    if question.areas is not None:
        stem = question.areas.stem
        outputs[question.areas] = lambda path: write_areas(areas, path, stem)
    if question.map is not None:
        from scenarios.reach import reach_page

        page = reach_page(answer, travel, areas, question.limits, question.inputs, choices)
        outputs[question.map] = lambda path: path.write_text(page, encoding="utf-8", newline="\n")
    write_whole(outputs)


def _say(answer: "Answer", question: Reach) -> None:
    from scenarios.export.workbook import records
    from scenarios.reach import NO_PEOPLE

    if not answer.has_people:
        print(NO_PEOPLE.say(question.lang))
    of = Text("需求点人口 {} 人", "{} people") if answer.has_people else Text("需求点 {} 个", "{} points")
    for row in records(answer.people):
        share, everyone = share_of(row["covered"], row["population"]), count_text(row["population"])
        walking = bool(len(answer.walkers))
        foot_zh = f"（其中步行接入 {count_text(row['on_foot'])}）" if walking else ""
        foot_en = f" (of whom on foot to the road {count_text(row['on_foot'])})" if walking else ""
        print(
            Text(
                f"{row['limit']}：{of.zh.format(everyone)}，已覆盖 {count_text(row['covered'])}（{share}）{foot_zh}，"
                f"未覆盖 {count_text(row['uncovered'])}，不可达 {count_text(row['unreachable'])}",
                f"{row['limit']}: {of.en.format(everyone)}, {count_text(row['covered'])} covered ({share}){foot_en}, "
                f"{count_text(row['uncovered'])} uncovered, {count_text(row['unreachable'])} unreachable",
            ).say(question.lang)
        )
    _list(Text("步行接入的需求点", "demand on foot to the road"), list(answer.walkers.index), question.lang)
    _list(Text("不可达的需求点", "unreachable"), list(answer.unreachable_ids), question.lang)
    for out in (question.out, question.pairs, question.list, question.joined, question.areas, question.map):
        if out is not None:
            print(Text(f"输出：{out}", f"output: {out}").say(question.lang))


def _list(what: Text, ids: list[str], language: Language) -> None:
    """Print how many there are and the first of them."""
    if ids:
        listed = ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
        print(printable(Text(f"{what.zh} {len(ids)} 个：{listed}", f"{what.en}: {len(ids)}: {listed}").say(language)))
