"""The offline page of fugai reach: areas, facilities and every demand point, with what they were reckoned from."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from maps.areas import NOTICE, areas_map
from maps.furniture import Furniture
from planner import __version__
from planner.areas import BESIDE_M
from planner.limits import Limit
from planner.reach import UNREACHABLE
from planner.road import Road
from planner.text import amount_text, count_text, exact_text
from planner.travel import StraightLine
from scenarios.reach import NO_PEOPLE, Answer
from scenarios.ways import RoadChoices, said_of_closed, said_of_joining, said_of_time

NOTHING_CHOSEN = RoadChoices()
_SHAPE = {True: f"限度内到达的路段两侧各 {exact_text(BESIDE_M)} 米", False: "以机构为圆心的圆"}


def reach_page(
    answer: Answer,
    travel: StraightLine | Road,
    areas: gpd.GeoDataFrame,
    limits: Sequence[Limit],
    inputs: Iterable[Path],
    choices: RoadChoices = NOTHING_CHOSEN,
) -> str:
    """Return the page; `areas` has one row a limit, the smallest first, and `inputs` are the files that were read."""
    files, ordered = list(inputs), sorted(limits, key=lambda limit: limit.value)
    rows = answer.people.set_index("limit").loc[[limit.said for limit in ordered]].to_dict("records")
    return areas_map(
        areas,
        _demand(answer, ordered, travel.unit),
        answer.facilities,
        [{str(name): value for name, value in row.items()} for row in rows],
        Furniture(
            title=f"服务范围图（{'、'.join(limit.said for limit in ordered)}）",
            subtitle=f"{way_of(travel)}；需求点 {count_text(len(answer.demand))} 个，机构 {count_text(len(answer.facilities))} 个",
            notice=NOTICE,
            sources=tuple(_source(path) for path in files),
            unit="人；公里、分钟" if answer.has_people else "点（没有人口列）；公里、分钟",
            version=f"fugai {__version__}",
            inputs=tuple((path.name, sha256(path.read_bytes()).hexdigest()) for path in files),
            parameters=(*parameters(travel, ordered, choices), *(() if answer.has_people else (NO_PEOPLE.zh,))),
            accuracy=f"服务范围为{_SHAPE[isinstance(travel, Road)]}，图形经简化，只供查看",
        ),
        travel.graph if isinstance(travel, Road) else None,
        travel.open_edges if isinstance(travel, Road) else None,
        has_people=answer.has_people,
    )


def _source(path: Path) -> str:
    """Return the file's name, and for OpenStreetMap's own formats the credit that its licence asks for."""
    is_osm = path.name.lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2", ".graphml"))
    return f"{path.name}（© OpenStreetMap 贡献者，ODbL）" if is_osm else path.name


def way_of(travel: StraightLine | Road) -> str:
    """Return how one travels, in words."""
    if isinstance(travel, StraightLine):
        return "直线距离"
    return ("道路距离" if travel.unit == "mm" else "道路时间") + (
        "，机构到居民" if travel.direction == "from" else "，居民到机构"
    )


def parameters(
    travel: StraightLine | Road, limits: Sequence[Limit], choices: RoadChoices = NOTHING_CHOSEN
) -> tuple[str, ...]:
    """Return everything that the answer depends on besides the files, one sentence each."""
    said = [f"限度：{'、'.join(limit.said for limit in limits)}（小于或等于算已覆盖）", f"方式：{way_of(travel)}"]
    if isinstance(travel, StraightLine):
        return tuple(said)
    said.append(f"离路 {exact_text(travel.max_snap_m)} 米以内能上路，更远为不可达")
    if travel.offroad_m:
        how = "按直线" if travel.walks is None else "按阻力面"
        said[-1] = (
            f"离路 {exact_text(travel.max_snap_m)} 米以内能上路；更远、在 {exact_text(travel.offroad_m)} 米以内的步行接入（{how}）"
        )
    said += [said_of_joining(travel.walking), *said_of_closed(travel, choices)]
    if travel.speeds is not None:
        said += said_of_time(travel, choices, "时间")
        said.append(
            "各等级时速（公里）：" + "、".join(f"{name} {exact_text(speed)}" for name, speed in travel.speeds.items())
        )
    return tuple(said)


def _demand(answer: Answer, limits: Sequence[Limit], unit: str) -> pd.DataFrame:
    """Return the demand as the map wants it: its state at each limit, its nearest facility, and its walk, in words."""
    reach = answer.reach
    covered = pd.DataFrame({limit.value: reach.covered(limit.value) for limit in limits}).to_numpy()
    nearest = reach.nearest()
    called = answer.facilities.set_index("id")["name"] if "name" in answer.facilities else pd.Series(dtype=object)
    walks = answer.walkers.reindex(nearest.index)
    states: list[Any] = [
        ["unreachable" if index < 0 else "covered" if one else "uncovered" for one in row]
        for row, index in zip(covered, reach.nearest_index, strict=True)
    ]
    return answer.demand.assign(
        states=states,
        nearest=[called.get(one) or one for one in nearest["facility_id"]],
        cost=["" if cost == UNREACHABLE else amount_text(int(cost), unit) for cost in reach.nearest_cost],
        walk=[
            "" if metres != metres else _walk(metres, cost, unit)  # noqa: PLR0124 (NaN)
            for metres, cost in zip(walks["metres"], walks["cost"], strict=True)
        ],
    )


def _walk(metres: float, cost: float, unit: str) -> str:
    return f"离路 {amount_text(metres * 1000, 'mm')}" + (f"，步行 {amount_text(cost, unit)}" if unit == "ms" else "")
