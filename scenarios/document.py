"""What a question is answered with: a document of tables, each declared once and shown alike by every renderer.

A `Table` is rows with `Col`s. The workbook (`scenarios.export.sheet`), CSV and JSON are renderers of it: a renderer knows no
question, a question knows no file format.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.region import Region
from planner.text import UNKNOWN

Row = Mapping[str, Any]
Cell = str | float
Lines = Sequence[tuple[str, str]]
"""Label and sentence: what the numbers rest on."""


@dataclass(frozen=True)
class Col:
    r"""One column of a table.

    key      what a row calls it, and the head in CSV and JSON; "" where only paper has it
    label    the heading that people read; it may break (`"人口\n（人）"`)
    width    in letters; those of the printed columns make up at most 134: on A4 that leaves 7.5 points even where the
             office program takes a wide font for its unit
    style    how the cell looks: text, centre, small, or a kind of number (`planner.text.CELLS`)
    group    the heading above several columns
    shown    the cell made from a row, where it is not what the row holds under `key`
    printed  columns that are not stand last, outside the print area

    >>> Col("people", "人口\n（人）", 8, "number").cell({"people": 12}), Col("far", "多远", 8).cell({"far": float("nan")})
    (12, '—')
    """

    key: str
    label: str
    width: float
    style: str = "text"
    group: str = ""
    shown: Callable[[Row], Cell] | None = None
    printed: bool = True

    @property
    def head(self) -> str:
        """The heading on one line, as a list for people (CSV) has it."""
        return self.label.replace("\n", "")

    def cell(self, row: Row) -> Cell:
        """Return what stands in this column of a row: a dash where nothing is known."""
        if self.shown is not None:
            return self.shown(row)
        value: Cell = row[self.key]
        return UNKNOWN if value is None or (isinstance(value, float) and math.isnan(value)) else value


@dataclass(frozen=True, eq=False)
class Section:
    """Rows that belong together, and the text of the line of their sum."""

    text: str
    rows: Sequence[Row]


@dataclass(frozen=True, eq=False)
class Table:
    """One table.

    tab, title  what it stands under
    cols, rows  its columns and rows; where it has `sections`, these hold the rows, and each ends in the sum of `sum_key`
    notes       below it
    empty       what is said where no row is
    total       the line under all sections; "" none
    hidden      keys of columns that keep their place and are not shown, so that sheets of one kind can be joined
    notice      above it, where it is not the document's
    signed      whether it ends in a line for who fills it in and who checks it
    """

    tab: str
    title: str
    cols: Sequence[Col]
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    empty: str = "没有。"
    sections: Sequence[Section] = ()
    sum_key: str = ""
    total: str = ""
    hidden: Collection[str] = ()
    notice: str | None = None
    signed: bool = False

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a list for people (CSV) has them: what they hold of each column that has a key, under its heading."""
        keyed = [one for one in self.cols if one.key not in ("", "number")]
        return pd.DataFrame({one.head: [row[one.key] for row in self.rows] for one in keyed})


@dataclass(frozen=True, eq=False)
class Document:
    """What a question is answered with.

    title    as the file's properties name it
    region   whose data they are; None where they could not be read
    tables   in the order in which they are read
    lines    what the numbers rest on (the sheet 说明); none, no sheet
    notice   what must be said above every table
    accuracy how near the facts are to the truth, said above the lines
    as_of    the date of the data where there is no region to tell it
    mark     carried in the file's properties
    """

    title: str
    region: Region | None
    tables: Sequence[Table]
    lines: Lines = ()
    notice: str = ""
    accuracy: str = ""
    as_of: str = ""
    mark: str = ""


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as mappings by column name."""
    names = [str(name) for name in frame.columns]
    columns = [column.tolist() for _, column in frame.items()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
