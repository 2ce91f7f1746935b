"""fugai site: where facilities should be, with the proof, for any lists of points and any table of costs."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.errors import Text, refused
from planner.limits import MOST, Limit
from scenarios.options import Command, words_of
from scenarios.point_questions import SiteQuestion
from scenarios.questions import weld_m

if TYPE_CHECKING:
    from geodata.columns import Notes
    from planner.network import RoadGraph
    from planner.reach import Reach
    from planner.siting.question import Question
    from planner.travel import Road, StraightLine
    from scenarios.run import Step
    from scenarios.site import Again, Lists


@dataclass(frozen=True, kw_only=True)
class Site(SiteQuestion, Command):
    """fugai site: where facilities should be, with the proof, for any lists of points and any table of costs."""

    seeks_best = True

    def run(self) -> int:
        """Answer the question; print it, write it; 2 where there is no plan."""
        from geodata.columns import Notes
        from scenarios.cli.report import steps
        from scenarios.site import answers, ask, check_costs, levers_of
        from scenarios.site_write import finish, words_of

        with steps(self.lang) as step:
            step(Text("读取数据", "reading the data"))
            lists = _lists(self)
            check_costs(lists, self.model, self.budget)
            reach, travel, unit, again = _reach_and_way(self, lists, step)
            notes = Notes()
            question = _question(self, lists, notes)
            lists = replace(lists, told=(*lists.told, *(Text(one.say("zh"), one.say("en")) for one in notes.warnings)))
            files = {"费用": self.costs.name if self.costs else "--costs", "间距": "--spacing",
                     "配额": self.quota.name if self.quota else "--quota"}  # fmt: skip
            instances = [ask(replace(question, p=p), reach, lists, files) for p in self.p or (None,)]
            extra = (self.k_best, self.tolerance if self.classes else None)
            groups = lists.demand.set_index("id")["group"] if "group" in lists.demand else None
            levers = levers_of(reach, lists, unit, again, self.spacing)
            found = answers(instances, self.solving, levers, groups, extra, step)
        lists = with_road_notes(self, lists, travel)
        return finish(found, self, words_of(lists, reach, travel, unit), lists, self.lang)


def _lists(question: Site) -> "Lists":
    """Return the two lists, with the statuses and loads that the options say."""
    from geodata.columns import Notes
    from scenarios.reach import check_together
    from scenarios.site import lists_of, lists_of_folder, with_loads, with_options
    from scenarios.site_files import read_demand, read_sites

    said = {name: getattr(question, name) for name in ("fixed", "background", "force", "forbid")}
    if question.data is not None:
        lists, ids = lists_of_folder(question.data, list(dict.fromkeys(words_of(question.candidates))), said)
        return with_loads(with_options(lists, ids), question.min_load, question.max_load)
    assert question.demand is not None
    assert question.facilities is not None
    placed, notes, within = question.costs is None, Notes(), question.within
    demand = read_demand(question.demand, placed=placed, told=notes)
    sites = read_sites(question.facilities, placed=placed, status=question.status, kinds=question.kind, told=notes)
    if placed and question.roads is None:  # points beyond the roads are told with them
        limit_m = within.value / 1000 if isinstance(within, Limit) else 0.0
        notes.problems += check_together(demand, sites, (question.demand.name, question.facilities.name), limit_m)
    lists = lists_of(demand, sites, question.demand.name, question.facilities.name)
    lists = replace(lists, told=tuple(Text(one.say("zh"), one.say("en")) for one in notes.warnings))
    return with_loads(with_options(lists, said), question.min_load, question.max_load)


def _question(asked: Site, lists: "Lists", notes: "Notes") -> "Question":
    from planner.siting.question import Question
    from scenarios.site import apart_of
    from scenarios.site_files import read_quotas

    return Question(
        model=asked.model,
        share=asked.share,
        backup_weight=asked.backup_weight,
        split=not asked.single_source,
        allow_unreachable=asked.allow_unreachable,
        budget=asked.budget,
        quotas=read_quotas(asked.quota, notes) if asked.quota else (),
        apart=apart_of(lists, asked.spacing),
    )


def _reach_and_way(
    question: Site, lists: "Lists", step: "Step"
) -> tuple["Reach", "StraightLine | Road | None", str, "Again"]:
    """Return who reaches whom, how (None: by a table), the unit of the costs, and who does with another limit."""
    from scenarios.site import reach_of_costs, reach_of_points
    from scenarios.site_files import read_costs

    within = question.within
    limit = within if isinstance(within, Limit) else None
    if question.costs is not None:
        number = within if isinstance(within, float) else None
        pairs = read_costs(question.costs)
        return reach_of_costs(lists, pairs, number), None, "table", lambda other: reach_of_costs(lists, pairs, other)
    from planner.travel import StraightLine
    from scenarios.reach import check_inside

    travel: StraightLine | Road = StraightLine()
    graph = _roads(question, lists, step)
    if graph is not None:
        travel = _road(question, graph, limit)
        check_inside(lists.demand, lists.demand_file, travel)
        check_inside(lists.sites, lists.sites_file, travel)
    step(Text("计算距离", "finding the distances"))

    def again(other: float | None) -> "Reach":
        return travel.reach_whole(lists.demand, lists.sites, MOST if other is None else min(round(other), MOST))

    return reach_of_points(lists, travel, limit), travel, travel.unit, again


def _roads(question: Site, lists: "Lists", step: "Step") -> "RoadGraph | None":
    """Return the roads in use: of --roads; of the folder where an option or a limit asks for roads; else None."""
    from geodata.roads import read_roads

    welded = weld_m(question.weld, question.roads)
    if question.roads is not None:
        step(Text("读取路网", "reading the roads"))
        return read_roads(question.roads, weld_m=welded)
    if not question.by_road:
        return None
    roads = lists.region.roads if lists.region else None
    if roads is None:
        given = question.road_options
        what = Text("数据文件夹里没有路网", "the folder has no roads")
        fix = Text("加上 --roads，或在文件夹里放入 roads 文件", "add --roads, or put a roads file into the folder")
        raise refused("、".join(given) or "--limit", what, fix, "" if given else question.limit or "")
    return roads


def _road(question: Site, graph: "RoadGraph", limit: Limit | None) -> "Road":
    """Return the way by road; without a limit by time where speeds or dispatch are given."""
    from scenarios.ways import road_of

    by_time = bool(question.timed_options) if limit is None else limit.unit == "ms"
    return road_of(graph, question.choices(), by_time=by_time, direction=question.direction or "from")


def with_road_notes(question: Site, lists: "Lists", travel: "StraightLine | Road | None") -> "Lists":
    """Return the lists with what is to be said of the roads, and write where each point gets onto them if that is asked for."""
    from geodata.csv_text import write_csv
    from planner.network import SPEED_KMH, speedless
    from planner.travel import Road
    from scenarios.export.folder import write_whole
    from scenarios.reach import check_datum, joined_points
    from scenarios.ways import moved_lines

    if not isinstance(travel, Road):
        return lists
    if question.joined is not None:
        table = joined_points(travel, lists.demand, lists.sites, question.lang)
        write_whole({question.joined: lambda path: write_csv(path, table)})
    unknown = speedless(travel.graph, {**SPEED_KMH, **travel.speeds}) if travel.speeds is not None else ()
    shifted = [
        *check_datum(lists.demand, lists.demand_file, travel),
        *check_datum(lists.sites, lists.sites_file, travel),
    ]
    said = (Text(one.say("zh"), one.say("en")) for one in shifted)
    return replace(
        lists,
        told=(*lists.told, *said, *travel.graph.notes, *unknown, *moved_lines(travel, lists.demand, lists.sites)),
    )
