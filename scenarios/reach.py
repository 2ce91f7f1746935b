"""Who reaches whom, for two lists of points anywhere: the pairs, the summary, and the areas to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from planner.errors import DataError, OptionError, Problem, Text
from planner.limits import Limit
from planner.reach import Reach
from planner.road import Road
from planner.travel import StraightLine

_SHOWN = 20
_FAR_OUTSIDE_M = 10_000


@dataclass(frozen=True, eq=False)
class Answer:
    """The pairs (demand_id, facility_id, cost, unit), and people by limit: covered, uncovered, unreachable."""

    pairs: pd.DataFrame
    people: pd.DataFrame
    unreachable_ids: tuple[str, ...]


def ask(
    demand: pd.DataFrame, facilities: pd.DataFrame, travel: StraightLine | Road, limits: Sequence[Limit], count: int = 0
) -> Answer:
    """Return who reaches which facility within the largest of `limits` (or their `count` nearest), and the people."""
    reach = travel.reach(demand, facilities, max(limit.value for limit in limits))
    pairs = travel.k_nearest(demand, facilities, count) if count else reach.within()
    return Answer(
        pairs=pairs.assign(unit=travel.unit),
        people=pd.DataFrame([_people(demand, reach, limit) for limit in limits]),
        unreachable_ids=tuple(str(one) for one in reach.demand_ids[reach.nearest_index < 0]),
    )


def _people(demand: pd.DataFrame, reach: Reach, limit: Limit) -> dict[str, object]:
    people = demand["population"].to_numpy()
    covered = reach.covered(limit.value).to_numpy()
    unreachable = reach.nearest_index < 0
    return {
        "limit": limit.said,
        "population": int(people.sum()),
        "covered": int(people[covered].sum()),
        "uncovered": int(people[~covered & ~unreachable].sum()),
        "unreachable": int(people[unreachable].sum()),
    }


def check_inside(points: pd.DataFrame, file: str, road: Road) -> None:
    """Refuse points far outside the roads' extent: the file is too small, or the coordinates are wrong.

    Points a little outside are villages beyond the last road: they are 不可达, listed, and no mistake.
    """
    graph = road.graph
    margin = max(road.max_snap_m, _FAR_OUTSIDE_M) / 111_000
    wide = margin / max(0.05, float(np.cos(np.radians(np.abs(graph.lat).max()))))
    inside = points["lon"].between(graph.lon.min() - wide, graph.lon.max() + wide)
    inside &= points["lat"].between(graph.lat.min() - margin, graph.lat.max() + margin)
    lost = points.loc[~inside, "id"].tolist()
    if lost:
        shown = "、".join(lost[:_SHOWN]) + (f" 等 {len(lost)} 个" if len(lost) > _SHOWN else "")
        raise DataError(
            Problem(
                file,
                Text(
                    f"{len(lost)} 个点在路网范围以外：{shown}",
                    f"{len(lost)} points outside the roads: {', '.join(lost[:_SHOWN])}",
                ),
                Text(
                    "换用范围更大的路网，或删去这些点；也请核对坐标",
                    "use a larger extract, or drop them; check the coordinates",
                ),
            )
        )


def write_pairs(pairs: pd.DataFrame, out: Path) -> None:
    """Write the pairs as .csv or .parquet, whole or not at all; ids stay text."""
    fresh = out.with_name(f".{out.name}.fugai-new")
    try:
        if out.suffix.lower() == ".parquet":
            _write_parquet(pairs, fresh)
        else:
            pairs.to_csv(fresh, index=False, encoding="utf-8-sig", lineterminator="\n")
        fresh.replace(out)
    except OSError as error:
        fix = Text("检查路径、权限，关闭打开它的程序", "check the path, and close what has it open")
        raise OptionError(
            Problem(str(out), Text("写不进去", "cannot be written"), fix, found=error.strerror or "")
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _write_parquet(pairs: pd.DataFrame, path: Path) -> None:
    try:
        pairs.to_parquet(path, index=False)
    except ImportError as error:
        fix = Text('运行 pip install "fugai[parquet]"，或改用 .csv', 'pip install "fugai[parquet]", or write .csv')
        raise OptionError(Problem(path.name, Text("写 parquet 需要 pyarrow", "parquet needs pyarrow"), fix)) from error
