"""How one travels in fugai site: by a table, by road, or straight; and no option about roads that goes unused."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OptionError, Problem, Text
from planner.limits import MOST, Limit

if TYPE_CHECKING:
    from planner.network import RoadGraph
    from planner.reach import Reach
    from planner.travel import Road, StraightLine
    from scenarios.run import Step
    from scenarios.site import Again, Lists

_FLAGS = ("speeds", "period", "closed", "delay", "max_snap", "direction", "joined", "weld")
_OF_TIME = ("speeds", "period", "delay")
_DEFAULTS = {"direction": "from", "max_snap": "2km"}


def wrong(option: str, what: Text, fix: Text, found: object = "") -> OptionError:
    """Return what is said of an option that does not do."""
    return OptionError(Problem(option, what, fix, found=str(found)))


def unsaid(parser: argparse.ArgumentParser) -> None:
    """Let the options about roads tell whether they were given: those not given are None or ""."""
    parser.set_defaults(**dict.fromkeys(_DEFAULTS))


def flags(options: argparse.Namespace) -> list[str]:
    """Return the options about roads that were given."""
    return [one for one in _FLAGS if getattr(options, one) not in (None, "")]


def _said(names: list[str]) -> str:
    return "、".join(f"--{one.replace('_', '-')}" for one in names)


def check_travel(options: argparse.Namespace, limit: Limit | float | None) -> None:
    """Refuse options about roads that nothing would follow."""
    given, of_time = flags(options), [one for one in flags(options) if one in _OF_TIME]
    if given and options.costs is not None:
        what = Text("用 --costs 时费用照表，道路选项不起作用", "with --costs an option about roads does nothing")
        raise wrong(_said(given), what, Text("去掉它，或改用 --roads", "drop it, or give --roads instead"))
    if given and options.roads is None and options.data is None:
        what = Text("没有路网，按直线计算，道路选项不起作用", "there are no roads: an option about roads does nothing")
        raise wrong(_said(given), what, Text("加上 --roads，或去掉它", "add --roads, or drop it"))
    if of_time and isinstance(limit, Limit) and limit.unit == "mm":
        what = Text("限度是距离，时速表、调度时间用不上", "the limit is a distance: speeds and dispatch do nothing")
        fix = Text("把 --limit 写成时间，如 30min，或去掉它", "give a time as --limit, as 30min, or drop it")
        raise wrong(_said(of_time), what, fix, options.limit)


def reach_and_way(
    options: argparse.Namespace, lists: "Lists", limit: Limit | float | None, step: "Step"
) -> tuple["Reach", "StraightLine | Road | None", str, "Again"]:
    """Return who reaches whom, how (None: by a table), the unit of the costs, and who does with another limit."""
    from scenarios.site import reach_of_costs, reach_of_points
    from scenarios.site_files import read_costs

    if options.costs is not None:
        number = None if limit is None else float(limit)  # type: ignore[arg-type]
        pairs = read_costs(options.costs)
        return reach_of_costs(lists, pairs, number), None, "table", lambda other: reach_of_costs(lists, pairs, other)
    from planner.travel import StraightLine
    from scenarios.reach import check_inside

    given = limit if isinstance(limit, Limit) else None
    travel: StraightLine | Road = StraightLine()
    graph = _roads(options, lists, given, step)
    if graph is not None:
        travel = _road(options, graph, given)
        check_inside(lists.demand, lists.demand_file, travel)
        check_inside(lists.sites, lists.sites_file, travel)
    step(Text("计算距离", "finding the distances"))

    def again(other: float | None) -> "Reach":
        return travel.reach_whole(lists.demand, lists.sites, MOST if other is None else min(round(other), MOST))

    return reach_of_points(lists, travel, given), travel, travel.unit, again


def _roads(options: argparse.Namespace, lists: "Lists", limit: Limit | None, step: "Step") -> "RoadGraph | None":
    """Return the roads in use: of --roads; of the folder where an option or a limit asks for roads; else None."""
    from geodata.roads import read_roads
    from scenarios.cli.road_options import weld_of

    if options.roads is not None:
        step(Text("读取路网", "reading the roads"))
        return read_roads(options.roads, weld_m=weld_of(options))
    weld_of(options)
    by_time = limit is not None and limit.unit == "ms"
    given = flags(options)
    if not given and not by_time:
        return None
    if lists.roads is None:
        what = Text("数据文件夹里没有路网", "the folder has no roads")
        fix = Text("加上 --roads，或在文件夹里放入 roads 文件", "add --roads, or put a roads file into the folder")
        raise wrong(_said(given) or "--limit", what, fix, "" if given else options.limit)
    return lists.roads


def _road(options: argparse.Namespace, graph: "RoadGraph", limit: Limit | None) -> "Road":
    """Return the way by road; without a limit by time where speeds or dispatch are given."""
    from scenarios.cli.road_options import read_choices
    from scenarios.ways import road_of

    asks = any(one in _OF_TIME for one in flags(options))
    for name, default in _DEFAULTS.items():
        setattr(options, name, getattr(options, name) or default)
    by_time = asks if limit is None else limit.unit == "ms"
    return road_of(graph, read_choices(options), by_time=by_time, direction=options.direction)


def told_of_roads(options: argparse.Namespace, lists: "Lists", travel: "StraightLine | Road | None") -> "Lists":
    """Return the lists with what is to be said of the roads, and write where each point gets onto them if that is asked for."""
    from geodata.csv_text import write_csv
    from planner.network import SPEED_KMH, speedless
    from planner.travel import Road
    from scenarios.export.folder import write_whole
    from scenarios.joined_points import joined_points
    from scenarios.reach import check_datum
    from scenarios.ways import said_of_moved

    if not isinstance(travel, Road):
        return lists
    if options.joined is not None:
        table = joined_points(travel, lists.demand, lists.sites, options.lang)
        write_whole({options.joined: lambda path: write_csv(path, table)})
    unknown = speedless(travel.graph, {**SPEED_KMH, **travel.speeds}) if travel.speeds is not None else ()
    shifted = [
        *check_datum(lists.demand, lists.demand_file, travel),
        *check_datum(lists.sites, lists.sites_file, travel),
    ]
    said = (Text(one.say("zh"), one.say("en")) for one in shifted)
    return replace(
        lists,
        told=(*lists.told, *said, *travel.graph.notes, *unknown, *said_of_moved(travel, lists.demand, lists.sites)),
    )


def outputs(out: Path) -> tuple[Path, ...]:
    """Return the files that --out makes: the second table of a CSV stands in a file of its own."""
    return (out, out.with_name(f"{out.stem}_选址{out.suffix}")) if out.suffix.lower() == ".csv" else (out,)


def input_paths(options: argparse.Namespace) -> list[Path]:
    """Return every file and folder that the command reads."""
    named = (
        options.demand,
        options.facilities,
        options.data,
        options.costs,
        options.roads,
        options.speeds,
        options.quota,
    )
    listed = (options.fixed, options.background, options.force, options.forbid)
    return [one for one in named if one is not None] + [Path(one[1:]) for one in listed if one.startswith("@")]
