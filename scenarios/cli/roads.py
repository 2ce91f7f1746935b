"""fugai roads: what a file of roads holds, and roads from the internet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import Language, Text, printable, refused
from planner.limits import Limit
from planner.text import amount_words, coordinate_text, count_text, share_text
from scenarios.options import NEEDED, Command, limit, option, path, read_by, text
from scenarios.questions import weld_m

if TYPE_CHECKING:
    from geodata.roads import RoadsInfo

_CLASSES: dict[str, str] = {
    "motorway": "高速公路", "trunk": "国道、快速路", "primary": "省道、主干路", "secondary": "县道、次干路",
    "tertiary": "乡道、支路", "unclassified": "村道、其他道路", "residential": "居住区道路", "living_street": "生活街道",
    "service": "内部道路", "track": "机耕路、土路", "road": "未分类道路", "ferry": "轮渡",
}  # fmt: skip
_NO_TURNS = Text(
    "输出的文件不含转弯限制；要按转弯限制行驶，路网用 .osm.pbf 或 .osm 文件。",
    "The file that is written holds no restrictions of turning; where these matter, use an .osm.pbf or .osm.",
)


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """fugai roads info: what a file of roads holds."""

    # fmt: off
    file: Path = option("FILE", Text("路网文件：.osm.pbf、.osm（.gz、.bz2）、.gpkg、.geojson、.shp、.graphml", "file of roads: .osm.pbf, .osm (.gz, .bz2), .gpkg, .geojson, .shp, .graphml"), path(), NEEDED)
    weld: Limit | None = option("--weld", Text("先把画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m", "first join drawn lines whose ends are within this of another line, or that cross, as 1m"), limit("mm"))
    out: Path | None = option("--out", Text("把读到的路网另存为 .gpkg（如接上以后的，可放入数据文件夹）", "write the roads as they were read (.gpkg), as for a folder of data"), path("FILE.gpkg"))
    # fmt: on

    def check(self) -> None:
        """Refuse a file to write of another kind, or one that would take the place of the input."""
        out = self.out
        if out is None:
            return
        if out.suffix.lower() != ".gpkg" or not out.absolute().parent.is_dir() or out.resolve() == self.file.resolve():
            what = Text(
                "要写成另一个 .gpkg 文件，放在已有的文件夹里", "must be another file .gpkg, in a folder that is there"
            )
            raise refused("--out", what, Text("如 roads.gpkg", "as roads.gpkg"), out)

    def run(self) -> None:
        """Print what the file holds."""
        from geodata.roads import read_roads, roads_info
        from planner.network import SPEED_KMH, speedless
        from scenarios.cli.report import steps
        from scenarios.export.folder import write_whole
        from scenarios.export.roads import roads_layer
        from scenarios.export.tables import write_layer

        with steps(self.lang) as step:
            step(Text("读取路网", "reading the roads"))
            graph = read_roads(self.file, weld_m=weld_m(self.weld, self.file))
            info = roads_info(graph)
            if self.out is not None:
                layer = roads_layer(graph)
                write_whole({self.out: lambda path: write_layer(path, layer, "roads", "GPKG")})
        _print(info, self.lang)
        for note in (*graph.notes, *speedless(graph, SPEED_KMH)):
            print(printable(note.say(self.lang)))
        if self.out is not None:
            if info.turns:
                print(_NO_TURNS.say(self.lang))
            print(Text(f"输出：{self.out}", f"output: {self.out}").say(self.lang))


def _bbox(option: str, said: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(one) for one in said.replace("，", ",").split(","))
    except ValueError as error:
        what = Text("须是四个数：西,南,东,北", "must be four numbers: W,S,E,N")
        raise refused(option, what, Text("如 101.5,26.4,101.9,26.7", "as in 101.5,26.4,101.9,26.7"), said) from error
    return west, south, east, north


@dataclass(frozen=True, kw_only=True)
class Fetch(Command):
    """fugai roads fetch: roads from OpenStreetMap."""

    # fmt: off
    place: str | None = option("--place", Text("地名，如“攀枝花市, 中国”", "name of a place, as in 'Panzhihua, China'"), text("NAME"), instead="where")
    bbox: tuple[float, float, float, float] | None = option("--bbox", Text("范围：西,南,东,北（度；写成 --bbox=…）", "box: west,south,east,north in degrees (as --bbox=…)"), read_by(_bbox, "W,S,E,N"), instead="where")
    out: Path = option("--out", Text("输出文件", "output file"), path("FILE.graphml"), NEEDED)
    endpoint: str | None = option("--endpoint", Text("其他 Overpass 服务器的地址", "address of another Overpass server"), text("URL"))
    # fmt: on

    def run(self) -> None:
        """Download the roads and print what they hold."""
        from geodata.roads import fetch_roads, roads_info
        from scenarios.cli.report import steps

        with steps(self.lang) as step:
            step(Text("下载路网", "downloading the roads"))
            info = roads_info(fetch_roads(self.out, place=self.place, bbox=self.bbox, endpoint=self.endpoint))
        _print(info, self.lang)
        print(_NO_TURNS.say(self.lang))
        print(Text(f"输出：{self.out}", f"output: {self.out}").say(self.lang))


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
