"""fugai roads: what a file of roads holds, and roads from the internet."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.text import amount_words, coordinate_text, count_text, share_text

if TYPE_CHECKING:
    from geodata.roads import RoadsInfo

ABOUT = Text("查看路网文件，或从 OpenStreetMap 下载路网", "look at a file of roads, or download one from OpenStreetMap")
_INFO = Text(
    "显示路网文件的内容：长度、等级、连通情况", "show what a file of roads holds: lengths, classes, components"
)
_FETCH = Text("从 OpenStreetMap 下载路网（需要上网）", "download roads from OpenStreetMap (needs internet)")
_CLASSES: dict[str, str] = {
    "motorway": "高速公路", "trunk": "国道、快速路", "primary": "省道、主干路", "secondary": "县道、次干路",
    "tertiary": "乡道、支路", "unclassified": "村道、其他道路", "residential": "居住区道路", "living_street": "生活街道",
    "service": "内部道路", "track": "机耕路、土路", "road": "未分类道路", "ferry": "轮渡",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the two actions, info and fetch."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar=Text("动作", "ACTION").say(language),
        title=Text("动作", "actions").say(language),
    )  # fmt: skip
    info = actions.add_parser("info", help=_INFO.say(language), description=_INFO.say(language))
    info.add_argument(
        "file", type=Path, metavar="FILE",
        help=Text(
            "路网文件：.osm.pbf、.osm（.gz、.bz2）、.gpkg、.geojson、.shp、.graphml",
            "file of roads: .osm.pbf, .osm (.gz, .bz2), .gpkg, .geojson, .shp, .graphml",
        ).say(language),
    )  # fmt: skip
    for name, said in (
        ("--weld", Text("先把画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m", "first join drawn lines whose ends are within this of another line, or that cross, as 1m")),
        ("--out", Text("把读到的路网另存为 .gpkg（如接上以后的，可放入数据文件夹）", "write the roads as they were read (.gpkg), as for a folder of data")),
    ):  # fmt: skip
        info.add_argument(
            name, default="", metavar="LIMIT" if name == "--weld" else "FILE.gpkg", help=said.say(language)
        )
    fetch = actions.add_parser("fetch", help=_FETCH.say(language), description=_FETCH.say(language))
    _add_fetch(fetch, language)
    for action in (info, fetch):
        _add_common(action, language)


def _add_fetch(fetch: argparse.ArgumentParser, language: Language) -> None:
    where = fetch.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--place", metavar="NAME",
        help=Text("地名，如“攀枝花市, 中国”", "name of a place, as in 'Panzhihua, China'").say(language),
    )  # fmt: skip
    where.add_argument(
        "--bbox", metavar="W,S,E,N",
        help=Text("范围：西,南,东,北（度；写成 --bbox=…）", "box: west,south,east,north in degrees (as --bbox=…)").say(language),
    )  # fmt: skip
    fetch.add_argument(
        "--out", required=True, type=Path, metavar="FILE.graphml", help=Text("输出文件", "output file").say(language)
    )
    fetch.add_argument(
        "--endpoint", metavar="URL",
        help=Text("其他 Overpass 服务器的地址", "address of another Overpass server").say(language),
    )  # fmt: skip


def _add_common(action: argparse.ArgumentParser, language: Language) -> None:
    """Add --lang and --debug after the action too; left out, they stay what they were before it."""
    action.add_argument(
        "--lang", choices=["zh", "en"], default=argparse.SUPPRESS,
        help=Text("界面语言（默认 zh）", "language of messages (default zh)").say(language),
    )  # fmt: skip
    action.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS,
        help=Text("出错时显示完整的调用栈", "show the traceback of an error").say(language),
    )  # fmt: skip


_NO_TURNS = Text(
    "输出的文件不含转弯限制；要按转弯限制行驶，路网用 .osm.pbf 或 .osm 文件。",
    "The file that is written holds no restrictions of turning; where these matter, use an .osm.pbf or .osm.",
)


def run(options: argparse.Namespace) -> None:
    """Print what a file holds, or download one and print that."""
    from geodata.roads import read_roads, roads_info
    from planner.network import SPEED_KMH, speedless
    from scenarios.cli.report import steps
    from scenarios.cli.road_options import weld_of
    from scenarios.export.folder import write_whole
    from scenarios.export.roads import roads_layer
    from scenarios.export.tables import write_layer

    if options.action == "info":
        with steps(options.lang) as step:
            step(Text("读取路网", "reading the roads"))
            options.roads = options.file
            graph = read_roads(options.file, weld_m=weld_of(options))
            info = roads_info(graph)
            if options.out:
                layer = roads_layer(graph)
                write_whole({_gpkg(options): lambda path: write_layer(path, layer, "roads", "GPKG")})
        _print(info, options.lang)
        for note in (*graph.notes, *speedless(graph, SPEED_KMH)):
            print(printable(note.say(options.lang)))
        if options.out and info.turns:
            print(_NO_TURNS.say(options.lang))
        if options.out:
            print(Text(f"输出：{options.out}", f"output: {options.out}").say(options.lang))
        return
    bbox = None if options.bbox is None else _bbox(options.bbox)
    from geodata.roads_fetch import fetch_roads

    with steps(options.lang) as step:
        step(Text("下载路网", "downloading the roads"))
        info = roads_info(fetch_roads(options.out, place=options.place, bbox=bbox, endpoint=options.endpoint))
    _print(info, options.lang)
    print(_NO_TURNS.say(options.lang))
    print(Text(f"输出：{options.out}", f"output: {options.out}").say(options.lang))


def _gpkg(options: argparse.Namespace) -> Path:
    """Return the file to write; OptionError for another kind, or one that would take the place of the input."""
    out = Path(options.out)
    if out.suffix.lower() != ".gpkg" or not out.absolute().parent.is_dir() or out.resolve() == options.file.resolve():
        what = Text(
            "要写成另一个 .gpkg 文件，放在已有的文件夹里", "must be another file .gpkg, in a folder that is there"
        )
        raise OptionError(Problem("--out", what, Text("如 roads.gpkg", "as roads.gpkg"), found=options.out))
    return out


def _bbox(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(one) for one in text.replace("，", ",").split(","))
    except ValueError as error:
        raise OptionError(
            Problem(
                "--bbox", Text("须是四个数：西,南,东,北", "must be four numbers: W,S,E,N"),
                Text("如 101.5,26.4,101.9,26.7", "as in 101.5,26.4,101.9,26.7"), found=text,
            )
        ) from error  # fmt: skip
    return west, south, east, north


def _label(road_class: str, language: Language) -> str:
    """Return the class as OSM calls it, with what that mostly is in China."""
    known = _CLASSES.get(road_class) or (road_class.endswith("_link") and "匝道")
    return f"{known} {road_class}" if known and language == "zh" else road_class


def _print(info: "RoadsInfo", language: Language) -> None:
    colon = Text("：", ": ").say(language)
    facts = (
        (Text("节点、路段", "nodes, edges"), f"{count_text(info.nodes)}, {count_text(info.edges)}"),
        (Text("总长", "length"), amount_words(info.km * 1e6, 'mm').en),
        (Text("其中单行", "of which one-way"), amount_words(info.oneway_km * 1e6, 'mm').en),
        (Text("其中有限速", "of which with a speed"), amount_words(info.with_speed_km * 1e6, 'mm').en),
        (Text("轮渡", "ferries"), f"{count_text(info.ferries)}, {amount_words(info.ferry_km * 1e6, 'mm').en}"),
        (Text("不许的转弯（从一段到另一段）", "barred turns (from an edge into another)"), count_text(info.turns)),
        (Text("互不连通的部分", "parts not connected"), count_text(info.components)),
        (Text("最大部分占总长", "share of the largest part"), share_text(info.largest_share)),
        (Text("最大部分之外", "outside the largest part"),
         Text(f"{count_text(info.outside_nodes)} 个节点，{amount_words(info.outside_km * 1e6, 'mm').en}",
              f"{count_text(info.outside_nodes)} nodes, {amount_words(info.outside_km * 1e6, 'mm').en}").say(language)),
        (Text("范围（西,南,东,北）", "extent (W,S,E,N)"),
         f"{coordinate_text(info.west)},{coordinate_text(info.south)},{coordinate_text(info.east)},{coordinate_text(info.north)}"),
    )  # fmt: skip
    for label, value in facts:
        print(f"{label.say(language)}{colon}{value}")
    print(Text("按等级：", "by class:").say(language))
    for road_class, km in info.km_by_class:
        print(f"  {_label(road_class, language)}{colon}{amount_words(km * 1e6, 'mm').en}")
