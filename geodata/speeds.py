"""A planner's own speeds by class of road: a table that replaces the default one, such as for mountain roads at night."""

from pathlib import Path

from geodata.columns import Notes, canonical
from geodata.files import read
from planner.errors import DataError, Problem, Text
from planner.schema import Field, Table

SPEEDS = Table(
    "speeds", "时速表", ("speeds", "时速"), "road_class", None,
    (
        Field("road_class", "道路等级", "text", required=True, aliases=("等级", "class", "highway")),
        Field("speed_kmh", "时速", "number", unit="公里/小时", required=True, aliases=("速度", "speed")),
    ),
)  # fmt: skip


def read_speeds(path: Path) -> dict[str, float]:
    """Return km/h by class of road; DataError for what is no speed above zero."""
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    notes = Notes()
    raw, frame = canonical(read(path, SPEEDS), SPEEDS, notes)
    bad = ~((frame["speed_kmh"] > 0) & (frame["speed_kmh"] < 300)) & frame["speed_kmh"].notna()
    notes.add_rows(
        raw, bad, "时速", Text("不在 0 到 300 之间", "not between 0 and 300"), Text("改正", "correct it"),
        found=frame["speed_kmh"].astype(str),
    )  # fmt: skip
    if notes.errors:
        raise DataError(notes.errors)
    return dict(zip(frame["road_class"], frame["speed_kmh"].astype(float), strict=True))
