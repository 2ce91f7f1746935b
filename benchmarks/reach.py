"""Reach against scipy, networkx, pandana and RoutingKit: CPU seconds in one run, ratios, every answer compared."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.fresh import measured
from benchmarks.prefecture import Prefecture, prefecture
from planner.contraction import order_of
from planner.search import Search, Seeds
from planner.travel import StraightLine

Say = Callable[..., None]
_LIMIT_MM = 5_000_000
_LIMIT_MS = 30 * 60_000
_SPEEDS_KMH = (20, 40)
_GOALS_FROM = 100_000
_CANDIDATES = 2_000
_FACILITIES = 200
_GOALS = 5_000
_SOURCES = 50


class Clock:
    """CPU seconds of this process, kernel time included; the best of several runs."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def run(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.seconds = time.process_time() - begin


def best(question: Callable[[], Any], runs: int = 5) -> tuple[float, Any]:
    """Return the least CPU seconds over `runs`, and the answer."""
    seconds, answer = float("inf"), None
    for _ in range(runs):
        clock = Clock()
        with clock.run():
            answer = question()
        seconds = min(seconds, clock.seconds)
    return seconds, answer


def search_of(xy: Any, tail: Any, head: Any, cost: Any) -> Search:
    """Return our prepared search of a graph whose streets go both ways."""
    yes = np.ones(len(tail), bool)
    return Search(xy[:, 0], xy[:, 1], tail, head, cost, yes, yes, "compiled").prepare()


def _search(town: Prefecture, cost: np.ndarray[Any, Any]) -> Search:
    return search_of(town.xy, town.tail, town.head, cost)


def matrix_of(size: int, tail: Any, head: Any, cost: Any) -> csr_array:
    """Return the same graph for scipy."""
    both = np.r_[cost, cost].astype(float)
    return coo_array((both, (np.r_[tail, head], np.r_[head, tail])), shape=(size, size)).tocsr()


def _matrix(town: Prefecture, cost: np.ndarray[Any, Any]) -> csr_array:
    return matrix_of(len(town.xy), town.tail, town.head, cost)


def at_nodes(nodes: np.ndarray[Any, Any]) -> Seeds:
    """Return facilities that stand at these nodes."""
    return Seeds(nodes, np.zeros(len(nodes), np.int64), np.arange(len(nodes)), len(nodes))


def _networkx(town: Prefecture, cost: np.ndarray[Any, Any]) -> Any:
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(town.xy)))
    graph.add_weighted_edges_from(zip(town.tail.tolist(), town.head.tolist(), cost.tolist(), strict=True))
    return graph


def _row(name: str, ours: float, peer: float, note: str = "", goal: float = 0.0) -> str:
    ratio = peer / ours
    verdict = "" if not goal else f"目标 ≥ {goal:g}，{'达到' if ratio >= goal else '**未达到**'}"
    return f"| {name} | {ours:.4g} | {peer:.4g} | {ratio:.1f} | {verdict} | {note} |"


_HEAD = "| 对手 | fugai（CPU 秒） | 对手（CPU 秒） | 倍数 | 目标 | 说明 |\n|---|---:|---:|---:|---|---|"


def nearest(say: Say, nodes: int) -> None:
    """Nearest of 200 facilities for every node: per query, and the first call with preparation."""
    town = prefecture(nodes)
    places = np.sort(np.random.default_rng(1).choice(nodes, _FACILITIES, replace=False))
    prepare, search = best(lambda: _search(town, town.length_mm), 3)
    query, keys = best(lambda: search.nearest(at_nodes(places)), 7)
    scipy_prepare, matrix = best(lambda: _matrix(town, town.length_mm), 3)
    scipy_query, cost = best(lambda: dijkstra(matrix, indices=places, min_only=True), 3)
    assert ((keys >> np.uint64(32)) == cost.astype(np.uint64)).all()
    sweep = _sweep(search)
    say(f"\n### 每个节点最近的机构：{nodes:,} 个节点，{_FACILITIES} 个机构\n\n{_HEAD}")
    say(_row("scipy dijkstra(min_only)，每次查询", query, scipy_query, goal=4 if nodes >= _GOALS_FROM else 0))
    say(
        _row(
            "scipy，首次（含准备）",
            prepare + query,
            scipy_prepare + scipy_query,
            f"准备 {prepare:.3f} 与 {scipy_prepare:.3f}",
            1,
        )
    )
    import networkx as nx

    graph = _networkx(town, town.length_mm)
    seconds, found = best(lambda: nx.multi_source_dijkstra_path_length(graph, set(places.tolist())), 1)
    assert all(found[at] == cost[at] for at in range(0, nodes, 997))
    say(_row("networkx multi_source_dijkstra", query, seconds, goal=60 if nodes >= _GOALS_FROM else 0))
    say(f"| 下界：把所有弧扫一遍 | {query:.4g} | {sweep:.4g} | {sweep / query:.2f} | | 距下界 {query / sweep:.1f} 倍 |")


def _sweep(search: Search) -> float:
    from benchmarks.sweep import sweep_arcs

    _, _, starts, arcs = search._packed
    keys = np.zeros(len(starts) - 1, np.uint64)
    sweep_arcs(starts, arcs, keys)
    return best(lambda: sweep_arcs(starts, arcs, keys), 5)[0]


def within(say: Say, nodes: int, *, speed_kmh: int = 0, peers: bool = False, goals: bool = False) -> None:
    """Every node within 5 km (or, with a speed, 30 min) of each of 2,000 candidates."""
    minutes = speed_kmh > 0
    town = prefecture(nodes)
    cost = np.rint(town.length_mm * (3.6 / speed_kmh)).astype(np.int64) if minutes else town.length_mm
    limit = _LIMIT_MS if minutes else _LIMIT_MM
    places = np.sort(np.random.default_rng(2).choice(nodes, _CANDIDATES, replace=False))
    prepare, search = best(lambda: _search(town, cost), 2)
    ours, (start, _, _) = best(lambda: search.within(at_nodes(places), limit), 5)
    said = f"30 分钟（时速 {speed_kmh} 公里）" if minutes else "5 公里"
    say(f"\n### {said}内的节点：{nodes:,} 个节点，{_CANDIDATES:,} 个候选点，{start[-1]:,} 对\n")
    memory = measured("memory_gb", town, cost, places, limit)
    say(
        f"每个候选点 {ours / _CANDIDATES * 1e6:.0f} 微秒；单独一个进程只跑 fugai，从备好路网到得出结果多用内存 {memory:.2f} GB。"
    )
    say(f"\n{_HEAD}")
    few = 100
    matrix = _matrix(town, cost)
    cold = measured("scipy_seconds", town, cost, places, limit)
    warm, reached = best(lambda: dijkstra(matrix, indices=places[:few], limit=limit), 4)
    assert np.isfinite(reached).sum() == start[few]
    goal = (8 if minutes else 50) if goals else 0
    scaled = f"测 {few} 个候选点，按比例放大；每个候选点一整行"
    say(_row("scipy dijkstra(limit)，新进程首次", ours, cold * _CANDIDATES / few, scaled, 0 if minutes else goal))
    say(_row("scipy dijkstra(limit)，内存已用过", ours, warm * _CANDIDATES / few, scaled, goal))
    if peers:
        _peers_within(say, town, cost, places, limit, (ours, prepare), start, minutes)


def _peers_within(
    say: Say, town: Prefecture, cost: Any, places: Any, limit: int, ours: tuple[float, float], start: Any, minutes: bool
) -> None:
    import networkx as nx

    few = 10 if minutes else 100
    graph = _networkx(town, cost)
    lengths = nx.single_source_dijkstra_path_length
    seconds, found = best(lambda: [len(lengths(graph, int(one), cutoff=limit)) for one in places[:few]], 1)
    assert sum(found) == start[few]
    say(
        _row(
            "networkx dijkstra(cutoff)",
            ours[0],
            seconds * _CANDIDATES / few,
            f"测 {few} 个候选点，按比例放大",
            0 if minutes else 35,
        )
    )
    try:
        import pandana
    except ImportError:
        say("| pandana | — | — | — | | 未安装 |")
        return
    ends = [pd.Series(one) for one in (town.tail, town.head)]
    weights = pd.DataFrame({"cost": cost / 1000})
    x, y = pd.Series(town.xy[:, 0]), pd.Series(town.xy[:, 1])
    prepare, network = best(lambda: pandana.Network(x, y, *ends, weights, twoway=True), 1)
    seconds, found = best(lambda: network.nodes_in_range(places.tolist(), limit / 1000), 1)
    difference = abs(len(found) - int(start[-1])) / int(start[-1])
    note = f"对数相差 {difference:.2%}（pandana 存浮点数）"
    say(_row("pandana nodes_in_range，每次查询", ours[0], seconds, note, 0 if minutes else 10))
    say(
        _row(
            "pandana，首次（含准备）", sum(ours), prepare + seconds, f"pandana 准备 {prepare:.1f}", 0 if minutes else 40
        )
    )


def one_to_many(say: Say, nodes: int) -> None:
    """Costs from each of 50 facilities to 5,000 places without a limit, and the nearest of 200: beside RoutingKit's CCH."""
    town, rng = prefecture(nodes), np.random.default_rng(5)
    goals, sources = np.sort(rng.choice(nodes, _GOALS, replace=False)), rng.choice(nodes, _SOURCES, replace=False)
    legs = np.arange(_GOALS), goals, np.zeros(_GOALS, np.int64)
    places = np.sort(np.random.default_rng(1).choice(nodes, _FACILITIES, replace=False))
    search = _search(town, town.length_mm)
    plain, (_, _, every) = best(lambda: search.within(at_nodes(sources), 2**32 - 2), 2)
    assert len(every) == nodes * _SOURCES
    plain_nearest, keys = best(lambda: search.nearest(at_nodes(places))[goals], 5)

    def contracted() -> Search:
        order_of.cache_clear()
        ready = _search(town, town.length_mm)
        assert ready.contraction is not None
        return ready

    prepare, search = best(contracted, 2)
    new_costs, _ = best(lambda: _search(town, town.length_mm + 1).contraction, 3)
    swept, table = best(lambda: search.table(at_nodes(sources), legs, _GOALS), 5)
    nearest_swept, found = best(lambda: search.nearest_at(at_nodes(places), goals), 5)
    assert (found == keys).all()
    say(f"\n### 不限距离的一对多：{nodes:,} 个节点，{_GOALS:,} 个目标（毫秒）\n")
    say("| 方法 | 每个源点 | 200 个机构中最近的 | 首次准备 | 换一套速度 |\n|---|---:|---:|---:|---:|")
    say(_line("fugai 收缩", swept / _SOURCES, nearest_swept, prepare, new_costs))
    say(_line("fugai 逐个搜索（到每个节点）", plain / _SOURCES, plain_nearest))
    try:
        import routingkit_cch as peer
    except ImportError:
        say("| RoutingKit CCH | 未安装 | | | |")
        return
    seconds, told, told_nearest = _routingkit(peer, town, (sources, goals, places))
    say(_line("RoutingKit CCH", *seconds))
    say(f"\n倍数（RoutingKit ÷ fugai）：每个源点 {seconds[0] * _SOURCES / swept:.1f}，最近 {seconds[1] / nearest_swept:.1f}，"
        f"准备 {seconds[2] / prepare:.1f}，换速度 {seconds[3] / new_costs:.1f}；{table.size:,} 个距离逐一相等。")  # fmt: skip
    assert (told == table.T).all()
    assert (told_nearest == found >> np.uint64(32)).all()


def _line(name: str, *seconds: float) -> str:
    told = [f"{one * 1000:.3g}" for one in seconds]
    return f"| {name} | {' | '.join(told + ['—'] * (4 - len(told)))} |"


def _routingkit(peer: Any, town: Prefecture, places: Any) -> tuple[tuple[float, ...], Any, Any]:
    """Return seconds (a source, nearest, preparation, new costs), and both answers, of RoutingKit's contraction."""
    sources, goals, several = (one.tolist() for one in places)
    tail, head = np.r_[town.tail, town.head].tolist(), np.r_[town.head, town.tail].tolist()
    cost, (x, y) = np.r_[town.length_mm, town.length_mm].tolist(), town.xy.T.tolist()

    def prepared() -> Any:
        order = peer.compute_order_inertial(len(town.xy), tail, head, y, x)
        ready = peer.CCH(order, tail, head, False)
        return ready, peer.CCHMetric(ready, cost)

    prepare, (ready, metric) = best(prepared, 1)
    new_costs, _ = best(lambda: peer.CCHMetric(ready, cost), 3)
    query = peer.CCHOneToMany(metric, goals)
    swept, table = best(lambda: [query.distances_from(one) for one in sources], 5)
    nearest_swept, found = best(lambda: query.distances_from_multi([(one, 0) for one in several]), 5)
    return (swept / _SOURCES, nearest_swept, prepare, new_costs), np.array(table), np.array(found)


def straight(say: Say, points: int, candidates: int) -> None:
    """Geodesic pairs within 5 km against buffer and spatial join."""
    rng = np.random.default_rng(3)
    side = np.sqrt(points / 50) / 111
    frames = [
        pd.DataFrame(
            {
                "id": [f"{kind}{at:07d}" for at in range(count)],
                "lon": 101.7 + side * rng.random(count),
                "lat": 26.6 + side * rng.random(count),
            }
        )
        for kind, count in (("d", points), ("f", candidates))
    ]
    ours, reach = best(lambda: StraightLine().reach_whole(frames[0], frames[1], _LIMIT_MM), 2)
    demand, sites = (
        gpd.GeoDataFrame(one, geometry=gpd.points_from_xy(one["lon"], one["lat"]), crs=4326).to_crs(4543)
        for one in frames
    )

    def join() -> Any:
        circles = sites.set_geometry(sites.buffer(5_000))
        return gpd.sjoin(demand, circles, predicate="within")

    seconds, joined = best(join, 1)
    difference = (len(joined) - len(reach.costs)) / len(reach.costs)
    say(f"\n### 直线 5 公里：{points:,} 个居民点，{candidates:,} 个候选点，{len(reach.costs):,} 对\n\n{_HEAD}")
    say(
        _row(
            "geopandas buffer + sjoin",
            ours,
            seconds,
            f"它的对数相差 {difference:+.3%}；fugai 逐对按大地线判断",
            10 if points == 500_000 else 0,
        )
    )


def run(say: Say, *, quick: bool) -> None:
    """Run the whole table; `quick` takes the smallest size of each."""
    say("# 可达：与 scipy、networkx、pandana、RoutingKit、geopandas 并排测量\n")
    say("同一进程内先后运行，CPU 秒（取多次中最少的一次），每项都核对答案。倍数＝对手 ÷ fugai，大于 1 为 fugai 快。")
    say("合成路网：平面图，平均度 2.6，每平方公里 50 个节点，节点乱序。编译时间不计（编译结果有缓存）。\n")
    say(
        "scipy 的 dijkstra(limit) 给每个候选点写一整行（节点数 × 8 字节），所以测两次：新进程里这些内存第一次使用，多半是系统时间；"
    )
    say("内存已用过的，只剩计算。目标按后者判断。2,000 个候选点一次算完时 scipy 要 8 GB，这里分 100 个一批。\n")
    names = ("numpy", "scipy", "numba", "networkx", "pandana", "routingkit-cch", "geopandas")
    say(
        f"{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}，"
        + "，".join(_version(one) for one in names)
    )
    for nodes in (20_000,) if quick else (20_000, 100_000, 500_000, 2_000_000):
        nearest(say, nodes)
    for nodes in (20_000,) if quick else (20_000, 100_000, 500_000, 2_000_000):
        within(say, nodes, peers=quick or nodes == 500_000, goals=nodes == 500_000)
    for nodes in (20_000,) if quick else (100_000, 500_000):
        one_to_many(say, nodes)
    for speed in _SPEEDS_KMH:
        within(say, 20_000 if quick else 500_000, speed_kmh=speed, goals=not quick and speed == _SPEEDS_KMH[0])
    for points, candidates in ((20_000, 200),) if quick else ((20_000, 2_000), (100_000, 2_000), (500_000, 2_000)):
        straight(say, points, candidates)


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} 未安装"
