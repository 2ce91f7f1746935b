"""What can be asked of any two lists of points: who reaches whom (`fugai reach`), and where facilities should be (`fugai site`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.errors import Text, refused
from planner.limits import NEED_LIMIT, Limit, limit_of, read_limit
from planner.siting.question import MODELS, Limits, Model
from scenarios.options import (
    FILE,
    FLAG,
    IDS,
    NEEDED,
    OUT,
    Kind,
    choice,
    counts,
    facts,
    limits,
    number,
    option,
    options_of,
    path,
    read_by,
    text,
    whole,
)
from scenarios.questions import MAX_SNAP, ROADS, SOLVING, Roads

_LISTS, _MODEL = Text("需求点、候选点", "demand and candidates"), Text("模型的要求", "what the model keeps")
_RESULT = Text("输出", "output")
_DIRECTION = Text("from＝机构到居民（默认），to＝居民到机构", "from the facility (default) or to it")
_JOINED = Text(
    "另写每个点在哪里上路（.csv）：上路点坐标、离路多远、哪条路、怎样接入",
    "also write where each point gets onto the roads (.csv)",
)
_UNKNOWN_FILE = Text("不认识的文件类型", "unknown kind of file")
WELD: Kind[Limit | None] = read_by(lambda option, said: limit_of(option, said, "mm") if said else None, "LIMIT")
_FASTEST_WALK_KMH = 20.0


def _closures(closed: str) -> list[Path]:
    from geodata.roads import is_area_file

    return [Path(closed)] if is_area_file(closed) else []


@dataclass(frozen=True, kw_only=True)
class ReachQuestion(Roads):
    """Who reaches which facility within limits, by road or in a straight line."""

    # fmt: off
    demand: Path = option("--demand", Text("需求点：id、lon、lat、population，可加 name", "demand: id, lon, lat, population, perhaps name"), path("D"), NEEDED)
    facilities: Path = option("--facilities", Text("机构：id、lon、lat，可加 name", "facilities: id, lon, lat, perhaps name"), path("F"), NEEDED)
    status: str = option("--status", Text("用哪些状态的机构，逗号隔开，“全部”为不分状态（默认 在用；停用、规划不算）", "facilities of which status (default open), all for any"), text("WORDS"), "")
    kind: str = option("--kind", Text("用哪些类型的机构，逗号隔开（默认全部）", "facilities of which kind (default all)"), text("WORDS"), "")
    limits: tuple[Limit, ...] = option("--limit", Text("限度，如 5km、800m、30min；几个用逗号隔开", "5km, 800m, 30min; several with commas"), limits(ordered=False, none=(), metavar="LIMIT"), NEEDED)
    out: Path = option("--out", Text("输出文件，.csv 或 .parquet：每个需求点一行，最近的机构、多远、各限度内的状态和机构个数", "file to write, .csv or .parquet: a row a demand point, its nearest facility, state and facilities by limit"), OUT, NEEDED)
    pairs: Path | None = option("--pairs", Text("另写限度内的每一对需求点和机构（.csv 或 .parquet；大城市有千万行，先报行数和大小）", "also write every pair within the limit (.csv or .parquet; rows and size are told first)"), FILE)
    roads: Path | None = option("--roads", Text("路网文件（见 fugai roads）；没有则按直线", "file of roads (see fugai roads); straight line without"), path("R"))
    k: int = option("--k", Text("--pairs 改为每个需求点最近的 K 个机构", "pairs of the K nearest facilities instead"), whole(metavar="K"), 0)
    direction: str | None = option("--direction", _DIRECTION, choice("from", "to"))
    walk: float | None = option("--walk", Text("步行时速，公里（默认 5），用于从点到路；--direction from 时机构一侧是车，按 service 级时速", "km/h on foot between a point and the road (default 5); from the facility a vehicle drives, at the speed of class service"), number(metavar="KMH"))
    offroad: Limit | None = option("--offroad", Text("超出 --max-snap、在此距离以内的需求点步行接入道路", "demand beyond --max-snap and within this walks to the road"), WELD, "")
    friction: Path | None = option("--friction", Text("阻力栅格（.tif，分钟/米，步行或行车），用于 --offroad 接入的时间", "friction (.tif, minutes a metre, on foot or by vehicle) for those walks"), path("TIF"))
    list: Path | None = option("--list", Text("另写未覆盖和不可达的需求点（.csv）：最近机构、距离或时间、原因", "also write who is not covered (.csv): nearest facility, cost, reason"), FILE)
    joined: Path | None = option("--joined", _JOINED, FILE)
    weld: Limit | None = option("--weld", Text("把画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m（只用于 .gpkg、.geojson、.shp）", "join drawn lines whose ends are within this of another line, or that cross, as 1m (.gpkg, .geojson, .shp)"), WELD, "")
    areas: Path | None = option("--areas", Text("另写服务范围图形（.geojson，只供查看）", "also write the areas reached (.geojson, to look at)"), FILE)
    map: Path | None = option("--map", Text("另写离线地图（.html）：服务范围、机构、需求点", "also write an offline map (.html) of areas and points"), FILE)
    # fmt: on

    @property
    def by_time(self) -> bool:
        return self.limits[0].unit == "ms"

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that are read."""
        named = (self.demand, self.facilities, self.roads, self.speeds, self.friction)
        return (*(one for one in named if one is not None), *_closures(self.closed))

    @property
    def outputs(self) -> dict[Path, tuple[str, ...]]:
        """The files that are written, with the endings that each may have."""
        known = {self.out: (".csv", ".parquet"), self.pairs: (".csv", ".parquet"), self.list: (".csv",), self.joined: (".csv",),
                 self.areas: (".geojson", ".json"), self.map: (".html",)}  # fmt: skip
        return {file: endings for file, endings in known.items() if file is not None}

    def check(self) -> None:
        """Refuse what means nothing on a straight line or for a distance, and files that cannot be."""
        roads = [one for one, each in options_of(Roads).items() if each.name != "--minutes"]
        idle = self.given(*roads, "direction", "walk", "offroad", "friction", "joined", "weld")
        if self.roads is None and idle:
            what = Text("需要路网，没有 --roads 就按直线距离", "roads are needed: without them lines are straight")
            fix = Text("需要 --roads：加上路网文件，或去掉这些选项", "give --roads, or leave these options out")
            raise refused("、".join(idle), what, fix)
        self._check_values()
        self._check_walks()
        for file, endings in self.outputs.items():
            _check_output(file, endings, self.inputs)
        super().check()

    def _check_values(self) -> None:
        if self.by_time and self.roads is None:
            what, fix = Text("按时间计算需要路网", "a time needs roads"), Text("加上 --roads", "add --roads")
            raise refused("--limit", what, fix, self.words["limits"])
        if self.k < 0:
            raise refused("--k", Text("K 不能小于 0", "K is below zero"), Text("改正 --k", "correct --k"))
        if self.k and self.pairs is None:
            what = Text("只用于 --pairs 的配对", "is for the pairs of --pairs")
            raise refused("--k", what, Text("加上 --pairs 文件，或去掉 --k", "give --pairs, or drop --k"), self.k)
        idle = self.given("speeds", "period", "speeds_override", "delay", "walk")
        if self.roads is not None and not self.by_time and idle:
            what = Text("只用于时间，--limit 是距离", "is for times only, and --limit is a distance")
            fix = Text("--limit 写时间，如 30min，或去掉这些选项", "give --limit as a time, or leave these out")
            raise refused("、".join(idle), what, fix)
        if self.walk is not None and not 0 < self.walk < _FASTEST_WALK_KMH:
            fix = Text("写 0 到 20 之间的公里数", "km/h between 0 and 20")
            raise refused("--walk", Text("取值不对", "not valid"), fix, self.walk)

    def _check_walks(self) -> None:
        snap = self.max_snap or read_limit(MAX_SNAP)
        if self.offroad is not None and self.offroad.value < snap.value:
            fix = Text("改大 --offroad，或改小 --max-snap", "widen --offroad, or narrow --max-snap")
            raise refused("--offroad", Text("比 --max-snap 还近", "is nearer than --max-snap"), fix, self.offroad.said)
        if self.friction is None:
            return
        if self.offroad is None:
            what = Text("没有写明步行接入的最远距离", "how far people walk to the road is not given")
            raise refused(
                "--friction", what, Text("加上 --offroad，如 --offroad 10km", "add --offroad, as --offroad 10km")
            )
        if not self.by_time:
            fix = Text("--limit 写时间，如 60min", "give --limit as a time, as 60min")
            raise refused("--friction", Text("阻力栅格只能算时间", "friction gives times only"), fix)
        if not self.friction.is_file():  # which may never be opened
            raise refused(
                str(self.friction), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path")
            )


def _check_output(file: Path, endings: tuple[str, ...], inputs: tuple[Path, ...]) -> None:
    """Refuse an output of an unknown kind or without a folder, and one that would take the place of an input."""
    if file.suffix.lower() not in endings:
        fix = Text(f"用 {'、'.join(endings)}", f"use {' or '.join(endings)}")
        raise refused(str(file), _UNKNOWN_FILE, fix)
    if not file.absolute().parent.is_dir():
        raise refused(
            str(file), Text("没有这个文件夹", "there is no such folder"), Text("先建好文件夹", "make the folder first")
        )
    if file.resolve() in {one.resolve() for one in inputs}:
        raise refused(
            str(file), Text("会覆盖输入文件", "it would replace an input"), Text("换一个文件名", "choose another name")
        )


def _spacing(option: str, said: str) -> Limit:
    found = limit_of(option, said)
    if found.unit != "mm":
        raise refused(option, Text("间距须是距离", "a spacing is a distance"), Text("如 3km", "as 3km"), said)
    return found


_OWN: Mapping[str, tuple[object, str]] = {
    "share": (1.0, "lscp"), "backup_weight": (1.0, "backup"), "min_load": (None, "capacitated"),
    "max_load": (None, "capacitated"), "single_source": (False, "capacitated"),
}  # fmt: skip
"""The options that one model alone reads: the value where nothing was said, and the model."""


@dataclass(frozen=True, kw_only=True)
class SiteQuestion(Roads):
    """Where facilities should be, for any lists of points and any table of costs."""

    # fmt: off
    model: Model = option("--model", Text("lscp 最少站点（候选点有 cost 时费用最省）全覆盖；mclp 定数最大覆盖；backup 双重覆盖；p-median 总距离最小；p-center 最远者最近；capacitated 有容量",
                                          "lscp fewest (cheapest, where candidates have a cost) for all; mclp most covered by p; backup covered twice; p-median least distance; p-center "
                                          "nearest farthest; capacitated with loads"), choice(*MODELS), NEEDED)
    limit: str | None = option("--limit", Text("限度，如 5km、30min；用 --costs 时写表里单位的数", "5km, 30min; with --costs a bare number in its unit"), text("LIMIT"))
    p: tuple[int, ...] | None = option("-p", Text("站点个数，如 5 或 2-4（固定、必选的算在内，背景的不算）", "how many sites, 5 or 2-4 (fixed and forced count, background do not)"),
                                       counts(0, 201, Text("须是整数，或从小到大的范围（至多 200 个）", "must be a whole number or a range")))
    demand: Path | None = option("--demand", Text("需求点：id、weight（或 population），可选 name，没有 --costs 时还要 lon、lat", "demand: id, weight (or population), perhaps name; lon, lat without --costs"), path("D"), group=_LISTS)
    facilities: Path | None = option("--facilities", Text("候选点：id，可选 name、cost（万元）、min_load、max_load、status、group，没有 --costs 时还要 lon、lat",
                                                          "candidates: id and perhaps name, cost (10,000 yuan), min_load, max_load, status, group; lon, lat without --costs"), path("F"), group=_LISTS)
    data: Path | None = option("--data", Text("代替 D 和 F：数据文件夹（见 fugai template），居民点为需求，机构为候选", "instead of D and F: a folder of data; residents are the demand"), facts("DIR"), group=_LISTS)
    candidates: str = option("--candidates", Text("用 --data 时：哪类机构是候选，中文或英文，逗号隔开（默认 乡镇卫生院 township_hospital）", "with --data: kinds of facility that are candidates"), text("KINDS"), "township_hospital", group=_LISTS)
    status: str = option("--status", Text("F 里用哪些状态的机构，逗号隔开，“全部”为不分状态（默认 在用；停用、规划不算）", "facilities of which status in F (default open), all for any"), text("WORDS"), "", group=_LISTS)
    kind: str = option("--kind", Text("F 里用哪些类型的机构，逗号隔开（默认全部）", "facilities of which kind in F (default all)"), text("WORDS"), "", group=_LISTS)
    fixed: tuple[str, ...] = option("--fixed", Text("已定的站点：开放，计入 p（id 用逗号隔开，或 @文件；用 --data 时也可写机构类型）", "sites that are settled: open, counted in p (ids with commas, or @FILE)"), IDS, "", group=_LISTS)
    background: tuple[str, ...] = option("--background", Text("背景站点：开放，不计入 p，如 县级医院；“医院”指综合、中医类医院", "open and not counted in p, as county hospitals; hospital: those that treat all"), IDS, "", group=_LISTS)
    force: tuple[str, ...] = option("--force", Text("必选的候选点", "candidates that must be open"), IDS, "", group=_LISTS)
    forbid: tuple[str, ...] = option("--forbid", Text("禁选的候选点", "candidates that must not be open"), IDS, "", group=_LISTS)
    costs: Path | None = option("--costs", Text("费用长表：demand_id、facility_id、cost（CSV、Excel 或 parquet），照原样用", "long table demand_id, facility_id, cost (CSV, Excel or parquet), taken as it stands"), path("C"), group=_LISTS)
    quota: Path | None = option("--quota", Text("配额文件：group、at_least、at_most（按候选点的 group 列）", "quotas: group, at_least, at_most"), FILE, group=_MODEL)
    spacing: Limit | None = option("--spacing", Text("站点之间最小直线间距，如 3km", "least straight distance between sites, as 3km"), read_by(_spacing, "LIMIT"), group=_MODEL)
    budget: float | None = option("--budget", Text("候选点 cost 合计的上限（万元）", "upper limit of the sum of the sites' costs (10,000 yuan)"), number(0, 1e300), group=_MODEL)
    share: float = option("--share", Text("lscp：至少覆盖的需求比例（默认 1）；加 --allow-unreachable 时按够得着的计", "lscp: share of the weight to cover (default 1); with --allow-unreachable, of that in reach"), number(0, 1, metavar="S"), 1.0, group=_MODEL)
    backup_weight: float = option("--backup-weight", Text("backup：第二重覆盖的权重（0～1，默认 1）", "backup: what a second cover is worth (0 to 1, default 1)"), number(0, 1, metavar="W"), 1.0, group=_MODEL)
    min_load: float | None = option("--min-load", Text("没有写明的站点的负荷下限（背景站点除外）", "lower load of sites without one (background ones excepted)"), number(0, 1e300), group=_MODEL)
    max_load: float | None = option("--max-load", Text("没有写明的站点的负荷上限（背景站点除外）", "upper load of sites without one (background ones excepted)"), number(0, 1e300), group=_MODEL)
    split: bool = option("--split", Text("capacitated：一个需求点可由几个站点分担（默认）", "a demand may be shared by sites (default)"), FLAG, default=False, group=_MODEL, instead="share of demand")
    single_source: bool = option("--single-source", Text("capacitated：一个需求点只归一个站点", "a demand goes to one site whole"), FLAG, default=False, group=_MODEL, instead="share of demand")
    allow_unreachable: bool = option("--allow-unreachable", Text("先解能到达的，到不了的另列", "leave out what no site reaches and list it"), FLAG, default=False, group=_MODEL)
    k_best: int = option("--k-best", Text("另列最好的 K 个方案", "list the K best plans"), whole(1, 1000, metavar="K"), 1, group=SOLVING)
    classes: bool = option("--classes", Text("把候选点分为 必建、备选、本目标下未入选", "class each candidate: must, may, not in this objective"), FLAG, default=False, group=SOLVING)
    tolerance: float = option("--tolerance", Text("--classes 容许的目标损失（比例，默认 0.01）", "loss of objective that --classes tolerates (default 0.01)"), number(0, 1e9, metavar="T"), 0.01, group=SOLVING)
    time_limit: float = option("--time-limit", Text("全部求解的秒数：每个 p、并列方案、--k-best、--classes 都算在内（默认 60）", "seconds of all solving: each p, ties, --k-best, --classes (default 60)"), number(0, 1e7, metavar="S"), 60.0, group=SOLVING)
    gap: float = option("--gap", Text("相对差距到此为止（默认 0，求证明）", "stop at this relative gap (default 0: prove)"), number(0, 1, metavar="G"), 0.0, group=SOLVING)
    seed: int = option("--seed", Text("随机种子（默认 0）", "seed (default 0)"), whole(0, 2**31 - 1), 0, group=SOLVING)
    threads: int = option("--threads", Text("线程数（默认 1，结果可重现）", "threads (default 1: the same plan each time)"), whole(1, 256), 1, group=SOLVING)
    roads: Path | None = option("--roads", Text("路网文件（见 fugai roads）；没有则按直线（用 --data 时，限度是时间或写了道路选项就用文件夹里的路网）",
                                                "file of roads (see fugai roads); straight line without (with --data the folder's roads, if the limit is a time or an option about roads is given)"), path("R"), group=ROADS)
    weld: Limit | None = option("--weld", Text("把 --roads 里画断的路接上：端点离别的线在此距离以内的接上，交叉处打断，如 1m", "join drawn lines of --roads whose ends are within this of another line, or that cross, as 1m"), WELD, "", group=ROADS)
    direction: str | None = option("--direction", _DIRECTION, choice("from", "to"), group=ROADS)
    json: bool = option("--json", Text("把结果以 JSON 写到标准输出", "print the answer as JSON"), FLAG, default=False, group=_RESULT)
    out: Path | None = option("--out", Text("把结果写入文件：.json 全部；.xlsx、.csv 为分配表和选址表（.csv 的选址表另存为 FILE_选址.csv）",
                                            "write the answer: .json all of it; .xlsx, .csv whom each site serves, and the sites (of .csv into a second file)"), FILE, group=_RESULT)
    joined: Path | None = option("--joined", _JOINED, FILE, group=_RESULT)
    # fmt: on

    @property
    def within(self) -> Limit | float | None:
        """The limit: with --costs a bare number, else with its unit; None for all pairs."""
        if self.limit is None:
            return None
        if self.costs is None:
            return limit_of("--limit", self.limit)
        try:
            number = float(self.limit)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            what = Text("用 --costs 时限度是一个不小于 0 的数", "with --costs the limit is a number not below 0")
            fix = Text("按费用表的单位写，不带单位", "write it in the table's unit, without the unit")
            raise refused("--limit", what, fix, self.limit)
        return number

    @property
    def solving(self) -> Limits:
        return Limits(self.time_limit, self.gap, self.threads, self.seed)

    @property
    def road_options(self) -> "list[str]":
        """The options about roads that were given."""
        return self.given("speeds", "period", "closed", "delay", "max_snap", "direction", "joined", "weld")

    @property
    def timed_options(self) -> "list[str]":
        return self.given("speeds", "period", "delay")

    @property
    def by_road(self) -> bool:
        """Whether one travels by road: of --roads; of the folder where an option or a limit asks for roads."""
        within = self.within
        timed = isinstance(within, Limit) and within.unit == "ms"
        return self.roads is not None or (self.data is not None and bool(self.road_options or timed))

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every file and folder that is read."""
        named = (self.demand, self.facilities, self.data, self.costs, self.roads, self.speeds, self.quota)
        listed = self.id_files("fixed", "background", "force", "forbid")
        return (*(one for one in named if one is not None), *listed)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files of --out: the second table of a CSV stands in a file of its own."""
        if self.out is None:
            return ()
        second = self.out.with_name(f"{self.out.stem}_选址{self.out.suffix}")
        return (self.out, second) if self.out.suffix.lower() == ".csv" else (self.out,)

    @property
    def parameters(self) -> dict[str, Any]:
        """What was asked, as it was written, files by name: an answer says itself what it answers."""
        unsaid = {"direction": "from", "max_snap": MAX_SNAP} if self.by_road else {}
        said = {name: self.words[name] or unsaid.get(name, self.words[name]) for name in sorted(self.words)}
        said["split"] = not said.pop("single_source")
        quiet = ("json", "out", "joined")
        return {
            name: value.name if isinstance(value, Path) else value for name, value in said.items() if name not in quiet
        }

    def check(self) -> None:
        """Refuse options that do not go together, or mean nothing to the model."""
        for name, (unsaid, model) in _OWN.items():
            if self.model != model and getattr(self, name) != unsaid:
                what = Text(f"模型 {self.model} 不看这个选项", f"the model {self.model} does not read this option")
                fix = Text(f"去掉它，或改用 --model {model}", f"drop it, or use --model {model}")
                raise refused(f"--{name.replace('_', '-')}", what, fix)
        lists = (self.demand is not None, self.facilities is not None, self.data is not None)
        if lists not in ((True, True, False), (False, False, True)):
            what = Text("需求点和候选点两个文件都要给出，或改用 --data", "both lists are needed, or --data")
            fix = Text("如 --demand D.csv --facilities F.csv", "as --demand D.csv --facilities F.csv")
            raise refused("--demand / --facilities", what, fix)
        if self.costs is not None and self.roads is not None:
            raise refused("--costs / --roads", Text("只能用一种", "only one of the two"), Text("去掉一个", "drop one"))
        self._check_files()
        self._check_travel()
        super().check()

    def _check_files(self) -> None:
        if self.out is not None and self.out.suffix.lower() not in (".json", ".csv", ".xlsx"):
            raise refused("--out", _UNKNOWN_FILE, Text("用 .json、.xlsx 或 .csv", "use .json, .xlsx or .csv"), self.out)
        if self.joined is not None and self.joined.suffix.lower() != ".csv":
            raise refused("--joined", _UNKNOWN_FILE, Text("用 .csv", "use .csv"), self.joined)
        made = [*self.outputs, *([self.joined] if self.joined is not None else ())]
        if {one.resolve() for one in made} & {one.resolve() for one in self.inputs}:
            what = Text("输出会盖掉输入文件", "the output would take the place of an input")
            raise refused("--out、--joined", what, Text("换一个文件名", "use another name"), self.out or self.joined)

    def _check_travel(self) -> None:
        """Refuse a model without its limit, a time without roads, and options about roads that nothing would follow."""
        within, given, timed = self.within, self.road_options, self.timed_options
        if within is None and self.model in NEED_LIMIT and self.costs is None:
            raise refused(
                "--limit",
                Text("这个模型要有限度", "this model needs a limit"),
                Text("如 --limit 5km", "as --limit 5km"),
            )
        is_time, no_roads = isinstance(within, Limit) and within.unit == "ms", self.roads is None and self.data is None
        if is_time and no_roads:
            what, fix = Text("按时间计算需要路网", "a time needs roads"), Text("加上 --roads", "add --roads")
            raise refused("--limit", what, fix, self.limit)
        if given and self.costs is not None:
            what = Text("用 --costs 时费用照表，道路选项不起作用", "with --costs an option about roads does nothing")
            raise refused("、".join(given), what, Text("去掉它，或改用 --roads", "drop it, or give --roads instead"))
        if given and no_roads:
            what = Text(
                "没有路网，按直线计算，道路选项不起作用", "there are no roads: an option about roads does nothing"
            )
            raise refused("、".join(given), what, Text("加上 --roads，或去掉它", "add --roads, or drop it"))
        if timed and isinstance(within, Limit) and not is_time:
            what = Text("限度是距离，时速表、调度时间用不上", "the limit is a distance: speeds and dispatch do nothing")
            fix = Text("把 --limit 写成时间，如 30min，或去掉它", "give a time as --limit, as 30min, or drop it")
            raise refused("、".join(timed), what, fix, self.limit)
