"""fugai reach: who reaches which facility, for any two lists of points in the world."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text
from planner.limits import Limit, read_limit

if TYPE_CHECKING:
    import pandas as pd

    from planner.road import Road

ABOUT = Text(
    "计算谁在多远之内能到哪个机构（任何城市，直线或道路）", "who reaches which facility within a limit, anywhere"
)


_FILE: dict[str, Any] = {"type": Path}
_OPTIONS: tuple[tuple[str, Text, dict[str, Any]], ...] = (
    ("--demand", Text("需求点：id、lon、lat、population", "demand: id, lon, lat, population"),
     {**_FILE, "required": True, "metavar": "D"}),
    ("--facilities", Text("机构：id、lon、lat", "facilities: id, lon, lat"), {**_FILE, "required": True, "metavar": "F"}),
    ("--limit", Text("限度，如 5km、800m、30min；几个用逗号隔开", "5km, 800m, 30min; several with commas"),
     {"required": True, "metavar": "LIMIT"}),
    ("--out", Text("输出文件，.csv 或 .parquet", "file to write, .csv or .parquet"),
     {**_FILE, "required": True, "metavar": "OUT"}),
    ("--roads", Text("路网文件（见 fugai roads）；没有则按直线", "file of roads (see fugai roads); straight line without"),
     {**_FILE, "metavar": "R"}),
    ("--k", Text("改为输出每个需求点最近的 K 个机构", "write the K nearest instead"),
     {"type": int, "default": 0, "metavar": "K"}),
    ("--direction", Text("from＝机构到居民（默认），to＝居民到机构", "from the facility (default) or to it"),
     {"choices": ["from", "to"], "default": "from"}),
    ("--delay", Text("出发前的时间（秒），如急救调度", "seconds before departure, as a dispatch"),
     {"type": float, "default": 0.0, "metavar": "S"}),
    ("--speeds", Text("各等级道路的时速表：road_class、speed_kmh", "speeds: road_class, speed_kmh"), {**_FILE, "metavar": "CSV"}),
    ("--closed", Text("封闭的路段编号，逗号隔开", "ids of closed ways, with commas"), {"default": "", "metavar": "IDS"}),
    ("--max-snap", Text("离路多远以内算能上路（默认 2km）", "how far from a road still joins it (default 2km)"),
     {"default": "2km", "metavar": "LIMIT"}),
    ("--areas", Text("另写服务范围图形（.geojson，只供查看）", "also write the areas reached (.geojson, to look at)"),
     {**_FILE, "metavar": "FILE"}),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the two lists, the roads, the limit, and what to write."""
    for name, said, options in _OPTIONS:
        parser.add_argument(name, help=said.say(language), **options)


def _limit(text: str, option: str) -> Limit:
    try:
        return read_limit(text)
    except ValueError as error:
        fix = Text("写明单位，如 5km、800m、30min、90s", "write it with its unit: 5km, 800m, 30min, 90s")
        raise OptionError(
            Problem(option, Text("限度没有单位或不对", "a limit without a unit, or wrong"), fix, found=text)
        ) from error


def _limits(options: argparse.Namespace) -> list[Limit]:
    limits = [_limit(one, "--limit") for one in options.limit.split(",")]
    wrong = ""
    if len({limit.unit for limit in limits}) > 1:
        wrong = "距离和时间不能混用|distances and times cannot be mixed|只用一种|use one kind"
    elif limits[0].unit == "ms" and options.roads is None:
        wrong = "按时间计算需要路网|a time needs roads|加上 --roads|add --roads"
    elif options.areas is not None and options.roads is None:
        wrong = "服务范围需要路网|service areas need roads|加上 --roads|add --roads"
    elif options.k < 0:
        wrong = "K 不能小于 0|K is below zero|改正 --k|correct --k"
    if wrong:
        zh, en, fix_zh, fix_en = wrong.split("|")
        raise OptionError(Problem("--limit", Text(zh, en), Text(fix_zh, fix_en), found=options.limit))
    return limits


def _speeds(path: Path | None) -> dict[str, float]:
    """Return the speeds by class: the default table, overridden by the planner's file."""
    from geodata.speeds import read_speeds
    from planner.network import SPEED_KMH

    return {**SPEED_KMH, **(read_speeds(path) if path else {})}


def _road(options: argparse.Namespace, unit: str) -> "Road":
    from geodata.roads import read_roads
    from planner.road import Road

    snap = _limit(options.max_snap, "--max-snap")
    if snap.unit != "mm" or options.delay < 0:
        fix = Text("--max-snap 写距离，--delay 不小于 0", "--max-snap is a distance, --delay not below zero")
        raise OptionError(Problem("--max-snap / --delay", Text("取值不对", "not valid"), fix))
    return Road(
        read_roads(options.roads),
        speeds=_speeds(options.speeds) if unit == "ms" else None,
        closed=frozenset(one.strip() for one in options.closed.split(",") if one.strip()),
        delay_s=options.delay,
        direction=options.direction,
        max_snap_m=snap.value / 1000,
    )


def run(options: argparse.Namespace) -> None:
    """Write the pairs and print the people by limit."""
    limits = _limits(options)
    if options.out.suffix.lower() not in {".csv", ".parquet"}:
        raise OptionError(
            Problem(
                str(options.out),
                Text("不认识的文件类型", "unknown kind of file"),
                Text("用 .csv 或 .parquet", "use .csv or .parquet"),
            )
        )
    from geodata.points import DEMAND, PLACES, read_points
    from planner.travel import StraightLine
    from scenarios.cli.progress import steps
    from scenarios.export.workbook import records
    from scenarios.reach import ask, check_inside, write_pairs

    with steps(options.lang) as step:
        step(Text("读取数据", "reading the data"))
        demand, facilities = read_points(options.demand, DEMAND), read_points(options.facilities, PLACES)
        travel: StraightLine | Road = StraightLine()
        if options.roads is not None:
            step(Text("读取路网", "reading the roads"))
            travel = _road(options, limits[0].unit)
            check_inside(demand, options.demand.name, travel)
            check_inside(facilities, options.facilities.name, travel)
        step(Text("计算", "searching"))
        answer = ask(demand, facilities, travel, limits, options.k)
        write_pairs(answer.pairs, options.out)
        if options.areas is not None and not isinstance(travel, StraightLine):
            _write_areas(travel, facilities, limits, options.areas)
    _say(records(answer.people), answer.unreachable_ids, options)


def _write_areas(travel: "Road", facilities: "pd.DataFrame", limits: list[Limit], out: Path) -> None:
    """Write the areas reached within each limit, to be looked at."""
    from planner.areas import service_areas

    zone = int((float(facilities["lon"].mean()) + 180) // 6) % 60 + 1
    crs = f"EPSG:{(32600 if float(facilities['lat'].mean()) >= 0 else 32700) + zone}"
    areas = service_areas(travel, facilities, [limit.value for limit in limits], crs)
    said = {limit.value: limit.said for limit in limits}
    areas.assign(limit=areas["limit"].map(said)).to_file(out, driver="GeoJSON", engine="pyogrio", RFC7946="YES")


def _say(people: list[dict[str, object]], unreachable: tuple[str, ...], options: argparse.Namespace) -> None:
    for row in people:
        share = float(str(row["covered"])) / max(float(str(row["population"])), 1)
        print(
            Text(
                f"{row['limit']}：需求点人口 {row['population']:,} 人，已覆盖 {row['covered']:,}（{share:.2%}），"
                f"未覆盖 {row['uncovered']:,}，不可达 {row['unreachable']:,}",
                f"{row['limit']}: {row['population']:,} people, {row['covered']:,} covered ({share:.2%}), "
                f"{row['uncovered']:,} uncovered, {row['unreachable']:,} unreachable",
            ).say(options.lang)
        )
    if unreachable:
        listed = ", ".join(unreachable[:20]) + (" …" if len(unreachable) > 20 else "")
        print(
            Text(f"不可达的需求点 {len(unreachable)} 个：{listed}", f"{len(unreachable)} unreachable: {listed}").say(
                options.lang
            )
        )
    print(Text(f"输出：{options.out}", f"output: {options.out}").say(options.lang))
