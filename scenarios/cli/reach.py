"""fugai reach: who reaches which facility, for any two lists of points in the world."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.limits import Limit, read_limit
from planner.text import count_text, share_of

if TYPE_CHECKING:
    import pandas as pd

    from geodata.columns import Notes
    from planner.road import Road
    from planner.travel import StraightLine
    from scenarios.reach import Answer
    from scenarios.run import Step
    from scenarios.ways import RoadChoices

ABOUT = Text(
    "计算谁在多远之内能到哪个机构（任何城市，直线或道路）", "who reaches which facility within a limit, anywhere"
)

_SHOWN = 20
_FASTEST_WALK_KMH = 20.0
_MAP_LATITUDE = 84.0
_HALF_TURN = 180.0
_FAR_BY_ROAD_M = 1_000_000.0
_FILE: dict[str, Any] = {"type": Path}
_OPTIONS: tuple[tuple[str, Text, dict[str, Any]], ...] = (
    ("--demand", Text("需求点：id、lon、lat、population，可加 name", "demand: id, lon, lat, population, perhaps name"),
     {**_FILE, "required": True, "metavar": "D"}),
    ("--facilities", Text("机构：id、lon、lat，可加 name", "facilities: id, lon, lat, perhaps name"), {**_FILE, "required": True, "metavar": "F"}),
    ("--status", Text("用哪些状态的机构，逗号隔开，“全部”为不分状态（默认 在用；停用、规划不算）", "facilities of which status (default open), all for any"),
     {"default": "", "metavar": "WORDS"}),
    ("--kind", Text("用哪些类型的机构，逗号隔开（默认全部）", "facilities of which kind (default all)"), {"default": "", "metavar": "WORDS"}),
    ("--limit", Text("限度，如 5km、800m、30min；几个用逗号隔开", "5km, 800m, 30min; several with commas"),
     {"required": True, "metavar": "LIMIT"}),
    ("--out", Text("输出文件，.csv 或 .parquet", "file to write, .csv or .parquet"),
     {**_FILE, "required": True, "metavar": "OUT"}),
    ("--roads", Text("路网文件（见 fugai roads）；没有则按直线", "file of roads (see fugai roads); straight line without"),
     {**_FILE, "metavar": "R"}),
    ("--k", Text("改为输出每个需求点最近的 K 个机构", "write the K nearest instead"),
     {"type": int, "default": 0, "metavar": "K"}),
    ("--direction", Text("from＝机构到居民（默认），to＝居民到机构", "from the facility (default) or to it"),
     {"choices": ["from", "to"]}),
    ("--walk", Text("步行时速，公里（默认 5），用于从点到路；--direction from 时机构一侧是车，按 service 级时速", "km/h on foot between a point and the road (default 5); from the facility a vehicle drives, at the speed of class service"),
     {"type": float, "metavar": "KMH"}),
    ("--offroad", Text("超出 --max-snap、在此距离以内的需求点步行接入道路", "demand beyond --max-snap and within this walks to the road"),
     {"default": "", "metavar": "LIMIT"}),
    ("--friction", Text("阻力栅格（.tif，分钟/米，步行或行车），用于 --offroad 接入的时间", "friction (.tif, minutes a metre, on foot or by vehicle) for those walks"),
     {**_FILE, "metavar": "TIF"}),
    ("--list", Text("另写未覆盖和不可达的需求点（.csv）：最近机构、距离或时间、原因", "also write who is not covered (.csv): nearest facility, cost, reason"),
     {**_FILE, "metavar": "FILE"}),
    ("--joined", Text("另写每个点在哪里上路（.csv）：上路点坐标、离路多远、哪条路、怎样接入", "also write where each point gets onto the roads (.csv)"),
     {**_FILE, "metavar": "FILE"}),
    ("--weld", Text("把画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m（只用于 .gpkg、.geojson、.shp）",
                    "join drawn lines whose ends are within this of another line, or that cross, as 1m (.gpkg, .geojson, .shp)"),
     {"default": "", "metavar": "LIMIT"}),
    ("--areas", Text("另写服务范围图形（.geojson，只供查看）", "also write the areas reached (.geojson, to look at)"),
     {**_FILE, "metavar": "FILE"}),
    ("--map", Text("另写离线地图（.html）：服务范围、机构、需求点", "also write an offline map (.html) of areas and points"),
     {**_FILE, "metavar": "FILE"}),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the two lists, the roads, the limit, and what to write."""
    from scenarios.cli.road_options import add_road_options

    for name, said, options in _OPTIONS:
        parser.add_argument(name, help=said.say(language), **options)
    add_road_options(parser, language, judged=False)


def _limit(text: str, option: str) -> Limit:
    try:
        return read_limit(text)
    except ValueError as error:
        fix = Text(
            "写明单位，如 5km、800m、30min、90s；大于 0，不超过 4294 公里或 49 天",
            "write it with its unit: 5km, 800m, 30min, 90s; above 0, at most 4294 km or 49 days",
        )
        raise OptionError(
            Problem(option, Text("限度没有单位或不对", "a limit without a unit, or wrong"), fix, found=text)
        ) from error


def _limits(options: argparse.Namespace) -> list[Limit]:
    """Return the limits, each once; OptionError for what does not go together."""
    limits = [_limit(one, "--limit") for one in options.limit.split(",")]
    wrong = ""
    _check_roads(options)
    if len({limit.unit for limit in limits}) > 1:
        wrong = "--limit|距离和时间不能混用|distances and times cannot be mixed|只用一种|use one kind"
    elif limits[0].unit == "ms" and options.roads is None:
        wrong = "--limit|按时间计算需要路网|a time needs roads|加上 --roads|add --roads"
    elif options.k < 0:
        wrong = "--k|K 不能小于 0|K is below zero|改正 --k|correct --k"
    elif options.friction and not options.offroad:
        wrong = "--friction|没有写明步行接入的最远距离|how far people walk to the road is not given|加上 --offroad，如 --offroad 10km|add --offroad, as --offroad 10km"
    elif options.friction and limits[0].unit == "mm":
        wrong = "--friction|阻力栅格只能算时间|friction gives times only|--limit 写时间，如 60min|give --limit as a time, as 60min"
    if wrong:
        option, zh, en, fix_zh, fix_en = wrong.split("|")
        found = options.limit if option == "--limit" else ""
        raise OptionError(Problem(option, Text(zh, en), Text(fix_zh, fix_en), found=found))
    return list({limit.value: limit for limit in reversed(limits)}.values())[::-1]


def _check_roads(options: argparse.Namespace) -> None:
    """Refuse options that mean nothing on a straight line, or for a distance."""
    from scenarios.cli.road_options import NAMES, given

    if options.roads is None:
        idle = given(options, (*NAMES, "--direction", "--walk", "--offroad", "--friction", "--joined", "--weld"))
        if idle:
            what = Text("需要路网，没有 --roads 就按直线距离", "roads are needed: without them lines are straight")
            fix = Text("需要 --roads：加上路网文件，或去掉这些选项", "give --roads, or leave these options out")
            raise OptionError(Problem("、".join(idle), what, fix))


def _check_timed(options: argparse.Namespace) -> None:
    """Refuse options about time where the limit is a distance."""
    from scenarios.cli.road_options import TIMED, given

    idle = given(options, (*TIMED, "--walk"))
    if idle:
        what = Text("只用于时间，--limit 是距离", "is for times only, and --limit is a distance")
        fix = Text("--limit 写时间，如 30min，或去掉这些选项", "give --limit as a time, or leave these out")
        raise OptionError(Problem("、".join(idle), what, fix))


_ENDINGS = {
    "out": (".csv", ".parquet"),
    "list": (".csv",),
    "joined": (".csv",),
    "areas": (".geojson", ".json"),
    "map": (".html",),
}
_INPUTS = ("demand", "facilities", "roads", "speeds", "friction")


def _check_files(options: argparse.Namespace) -> None:
    """Refuse an output of an unknown kind or without a folder, and one that would take the place of an input."""
    if options.friction is not None and not options.friction.is_file():  # which may never be opened
        fix = Text("检查路径", "check the path")
        raise OptionError(Problem(str(options.friction), Text("没有这个文件", "there is no such file"), fix))
    read = {path.resolve() for path in _inputs(options)}
    for name, endings in _ENDINGS.items():
        path: Path | None = getattr(options, name)
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            listed = "、".join(endings), " or ".join(endings)
            fix = Text(f"用 {listed[0]}", f"use {listed[1]}")
            raise OptionError(Problem(str(path), Text("不认识的文件类型", "unknown kind of file"), fix))
        if not path.absolute().parent.is_dir():
            fix = Text("先建好文件夹", "make the folder first")
            raise OptionError(Problem(str(path), Text("没有这个文件夹", "there is no such folder"), fix))
        if path.resolve() in read:
            fix = Text("换一个文件名", "choose another name")
            raise OptionError(Problem(str(path), Text("会覆盖输入文件", "it would replace an input"), fix))


def _inputs(options: argparse.Namespace) -> list[Path]:
    from geodata.closures import is_area_file

    closed = [Path(options.closed)] if is_area_file(options.closed) else []
    return [path for path in (getattr(options, name) for name in _INPUTS) if path is not None] + closed


def _road(options: argparse.Namespace, unit: str, choices: "RoadChoices") -> "Road":
    from geodata.roads import read_roads
    from planner.road import WALK_KMH
    from scenarios.cli.road_options import measured, weld_of
    from scenarios.ways import road_of

    if unit == "mm":
        _check_timed(options)
    offroad = measured("--offroad", options.offroad, "mm") / 1000 if options.offroad else 0.0
    if offroad and offroad < choices.max_snap_m:
        what = Text("比 --max-snap 还近", "is nearer than --max-snap")
        fix = Text("改大 --offroad，或改小 --max-snap", "widen --offroad, or narrow --max-snap")
        raise OptionError(Problem("--offroad", what, fix, found=options.offroad))
    walk = WALK_KMH if options.walk is None else options.walk
    if not 0 < walk < _FASTEST_WALK_KMH:
        fix = Text("写 0 到 20 之间的公里数", "km/h between 0 and 20")
        raise OptionError(Problem("--walk", Text("取值不对", "not valid"), fix, found=str(options.walk)))
    more = {"direction": options.direction or "from", "walk_kmh": walk, "offroad_m": offroad}
    return road_of(read_roads(options.roads, weld_m=weld_of(options)), choices, by_time=unit == "ms", **more)


def _travel(
    options: argparse.Namespace,
    limits: list[Limit],
    points: "tuple[pd.DataFrame, pd.DataFrame]",
    choices: "RoadChoices",
    step: "Step",
    told: "Notes",
) -> "tuple[StraightLine | Road, tuple[Text, ...]]":
    from planner.travel import StraightLine
    from scenarios.reach import check_datum, check_inside, check_together, with_walks

    demand, facilities = points
    # Points beyond the roads are told by check_inside.
    limit_m = max(limit.value for limit in limits) / 1000 if options.roads is None else _FAR_BY_ROAD_M
    told.problems += check_together(demand, facilities, (options.demand.name, options.facilities.name), limit_m)
    if options.roads is None:
        return StraightLine(), ()
    step(Text("读取路网", "reading the roads"))
    road = _road(options, limits[0].unit, choices)
    check_inside(demand, options.demand.name, road)
    check_inside(facilities, options.facilities.name, road)
    told.problems += check_datum(demand, options.demand.name, road)
    told.problems += check_datum(facilities, options.facilities.name, road)
    if options.friction is None:
        return road, ()
    step(Text("计算步行时间", "finding the walks"))
    return with_walks(road, demand, options.friction)


def _points(options: argparse.Namespace, notes: "Notes") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the demand and the facilities that serve; `notes` takes what is doubtful."""
    from geodata.points import DEMAND, PLACES, in_service, read_points

    demand = read_points(options.demand, DEMAND, notes)
    every = read_points(options.facilities, PLACES, notes)
    facilities = in_service(every, options.facilities.name, notes, options.status, options.kind)
    if options.map is not None:
        _check_map((demand, facilities), notes)
    return demand, facilities


def run(options: argparse.Namespace) -> None:
    """Write the pairs and what else is asked for, all or nothing, and print the people by limit."""
    limits = _limits(options)
    _check_files(options)
    from geodata.columns import Notes
    from planner.joined import joined
    from planner.network import SPEED_KMH, speedless
    from planner.road import Road
    from scenarios.cli.report import print_warnings, steps
    from scenarios.cli.road_options import read_choices
    from scenarios.reach import ask
    from scenarios.ways import said_of_moved, told

    choices = read_choices(options)
    with steps(options.lang) as step:
        step(Text("读取数据", "reading the data"))
        notes = Notes()
        demand, facilities = _points(options, notes)
        travel, of_friction = _travel(options, limits, (demand, facilities), choices, step, notes)
        step(Text("计算", "searching"))
        answer = ask(demand, facilities, travel, limits, options.k)
        step(Text("写出", "writing"))
        _write(options, answer, travel, limits, choices)
    print_warnings(notes.warnings, options.lang)
    if isinstance(travel, Road):
        unknown = speedless(travel.graph, {**SPEED_KMH, **travel.speeds}) if travel.speeds is not None else ()
        moved = said_of_moved(travel, answer.demand if answer.has_people else demand, facilities)
        for said in (
            *travel.graph.notes,
            *of_friction,
            *unknown,
            *told(travel, choices, by_time=travel.unit == "ms"),
            *moved,
        ):
            print(printable(said.say(options.lang)))
        apart = joined(travel, answer.facilities, "facility")
        lost = apart.loc[apart["state"] != "", "id"].tolist()
        _list(
            Text("没有接入主路网的机构（按道路到不了或只到得了附近）", "facilities not joined to the main network"),
            lost,
            options.lang,
        )
    _say(answer, options)


def _check_map(points: "tuple[pd.DataFrame, pd.DataFrame]", notes: "Notes") -> None:
    """Refuse a map of what lies at a pole, and note that one across 180° shows its two sides far apart."""
    import pandas as pd

    both = pd.concat(points)
    if (both["lat"].abs() > _MAP_LATITUDE).any():
        fix = Text("去掉 --map；结果表不受影响", "drop --map; the table of pairs is right")
        raise OptionError(
            Problem("--map", Text("有点离极点太近，画不了地图", "points too near to a pole for a map"), fix)
        )
    if both["lon"].max() - both["lon"].min() > _HALF_TURN:
        what = Text("点分布在 180° 经线（日期变更线）两侧，地图上会分在两端；距离按最短的算，不受影响",
                    "the points lie on both sides of 180°, which the map shows far apart; distances are the shortest")  # fmt: skip
        notes.add("--map", what, Text("只影响看图", "the map alone is affected"), warning=True)


def _write(
    options: argparse.Namespace,
    answer: "Answer",
    travel: "StraightLine | Road",
    limits: list[Limit],
    choices: "RoadChoices",
) -> None:
    """Write the pairs, and the list, the areas and the map where they are asked for."""
    from geodata.csv_text import write_csv
    from planner.road import Road
    from scenarios.export.folder import write_whole
    from scenarios.joined_points import joined_points
    from scenarios.reach import areas_of, left_out, write_areas, write_pairs

    outputs: dict[Path, Callable[[Path], object]] = {
        options.out: lambda path: write_pairs(answer.pairs, path, travel.unit, options.lang)
    }
    if options.list is not None:
        outputs[options.list] = lambda path: write_csv(path, left_out(answer, travel, limits, options.lang))
    if options.joined is not None and isinstance(travel, Road):
        outputs[options.joined] = lambda path: write_csv(
            path, joined_points(travel, answer.demand, answer.facilities, options.lang)
        )
    if options.areas is not None or options.map is not None:
        areas = areas_of(travel, answer.facilities, limits)
    if options.areas is not None:
        outputs[options.areas] = lambda path: write_areas(areas, path, options.areas.stem)
    if options.map is not None:
        from scenarios.reach_page import reach_page

        page = reach_page(answer, travel, areas, limits, _inputs(options), choices)
        outputs[options.map] = lambda path: path.write_text(page, encoding="utf-8", newline="\n")
    write_whole(outputs)


def _say(answer: "Answer", options: argparse.Namespace) -> None:
    from scenarios.export.workbook import records
    from scenarios.reach import NO_PEOPLE

    if not answer.has_people:
        print(NO_PEOPLE.say(options.lang))
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
            ).say(options.lang)
        )
    _list(Text("步行接入的需求点", "demand on foot to the road"), list(answer.walkers.index), options.lang)
    _list(Text("不可达的需求点", "unreachable"), list(answer.unreachable_ids), options.lang)
    for out in (options.out, options.list, options.joined, options.areas, options.map):
        if out is not None:
            print(Text(f"输出：{out}", f"output: {out}").say(options.lang))


def _list(what: Text, ids: list[str], language: Language) -> None:
    """Print how many there are and the first of them."""
    if ids:
        listed = ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
        print(printable(Text(f"{what.zh} {len(ids)} 个：{listed}", f"{what.en}: {len(ids)}: {listed}").say(language)))
