"""A planner's own speeds by class of road: a table that replaces the default one, such as for mountain roads at night."""

from pathlib import Path

import pandas as pd

from geodata.columns import Notes, canonical
from geodata.files import RawTable, read
from planner.errors import DataError, Problem, Text
from planner.schema import Field, Table

PERIODS = {"day": ("白天", "昼", "日间"), "night": ("夜间", "夜", "夜晚", "晚上")}
SPEEDS = Table(
    "speeds", "时速表", ("speeds", "时速"), "road_class", None,
    (
        Field("road_class", "道路等级", "text", required=True, aliases=("等级", "class", "highway")),
        Field("speed_kmh", "时速", "number", unit="公里/小时", required=True, aliases=("速度", "speed")),
        Field("period", "时段", "choice", "白天或夜间；不填的行两个时段都用", aliases=("昼夜",), choices=PERIODS),
    ),
)  # fmt: skip


def read_speeds(path: Path, period: str = "") -> dict[str, float]:
    """Return km/h by class of road; DataError for what is no speed above zero.

    Rows that name a period ("day", "night") hold for that one alone and go before rows that name none. A table that
    names periods can only be read for one of them, and one that names none not for a period.
    """
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    raw = read(path, SPEEDS)
    said = _periods(raw)
    _check_period(raw, said, period)
    speeds: dict[str, float] = {}
    notes = Notes()
    for one in ("", "?", period):
        rows = (said == one).to_numpy(bool)
        if rows.any():
            speeds |= _speeds(raw.rows_where(rows), notes)
    if notes.errors:
        raise DataError(list(dict.fromkeys(notes.errors)))  # a missing column is told once
    return speeds


def _periods(raw: RawTable) -> pd.Series:
    """Return the period of each row: "day", "night", "" for none, "?" for what is neither (noted with its row later)."""
    at = raw.columns_of(SPEEDS)[0].get("period")
    if at is None:
        return pd.Series([""] * len(raw.frame), dtype=object)
    known = {"": "", **{name: key for key, names in PERIODS.items() for name in (key, *names)}}
    return raw.frame.iloc[:, at].astype(str).str.strip().str.lower().map(known).fillna("?").astype(object)


def _check_period(raw: RawTable, said: pd.Series, period: str) -> None:
    if not period and said.isin(list(PERIODS)).any():
        what = Text("时速表分白天和夜间", "the table tells day from night")
        fix = Text("加上 --period 白天 或 --period 夜间，或每个时段一个文件",
                   "add --period day or --period night, or keep one file for each")  # fmt: skip
        raise DataError(Problem(raw.file, what, fix, column="时段"))
    if period and not (said == period).any():
        name = PERIODS[period][0]
        what = Text(f"时速表没有“{name}”的行", f"the table has no rows for the {period}")
        raise DataError(Problem(raw.file, what, Text("加上“时段”列，或不用 --period", "add a column 'period', or leave --period out"),
                                column="时段"))  # fmt: skip


def _speeds(raw: RawTable, notes: Notes) -> dict[str, float]:
    raw, frame = canonical(raw, SPEEDS, notes)
    bad = ~((frame["speed_kmh"] > 0) & (frame["speed_kmh"] < 300)) & frame["speed_kmh"].notna()
    notes.add_rows(
        raw, bad, "时速", Text("不在 0 到 300 之间", "not between 0 and 300"), Text("改正", "correct it"),
        found=frame["speed_kmh"].astype(str),
    )  # fmt: skip
    return dict(zip(frame["road_class"], frame["speed_kmh"].astype(float), strict=True))
