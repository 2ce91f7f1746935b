"""The crosswalk that a user brings: which town became which 街道, when, and who says so; every problem told by row."""

from pathlib import Path

import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.files import SHEETS, read
from planner.errors import DataError, Problem, Text
from planner.plans.centers_units import Successor
from planner.schema import Field, Table

CROSSWALK = Table("crosswalk", "撤并对照表", ("crosswalk",), "old_code", None,
                  (Field("old_code", "旧代码", "code", required=True, aliases=("原代码", "撤并前代码", "旧区划代码")),
                   Field("new_code", "新代码", "code", required=True, aliases=("现代码", "撤并后代码", "新区划代码")),
                   Field("year", "年份", "integer", required=True, aliases=("撤并年份", "年")),
                   Field("source", "依据", "text", required=True, aliases=("来源", "文号", "批复"))))  # fmt: skip


def read_crosswalk(path: Path, notes: Notes) -> tuple[Successor, ...]:
    """Return the rows, `notes` taking what is doubtful; DataError for a file that is none, a column that is missing, a cell that is empty."""
    if not path.is_file() or path.suffix.lower() not in SHEETS:
        what = Text("没有这个文件，或不是表格", "no such file, or not a table")
        raise DataError(Problem(str(path), what, Text("给出 .csv 或 .xlsx", "give a .csv or .xlsx")))
    raw = read(path, CROSSWALK)
    note_parts(raw, notes)
    raw, frame = canonical(raw, CROSSWALK, notes)
    problems = [one for one in notes.problems if one.severity == "error"]
    if not len(frame):
        problems.append(
            Problem(
                raw.file,
                Text("没有数据行", "no rows of data"),
                Text("填入数据，或去掉 --crosswalk", "fill it in, or drop --crosswalk"),
            )
        )
    if problems:
        raise DataError(problems)
    return tuple(_row(row) for _, row in frame.iterrows())


def _row(row: pd.Series) -> Successor:
    return Successor(str(row["old_code"]), str(row["new_code"]), int(row["year"]), str(row["source"]))
