"""CSV: the one writer of what people open in Excel, and the reader, which gives back the text that was written."""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from planner.errors import DataError, Problem, Text

Cells = list[tuple[int, list[str]]]
"""Rows of text, each with its number in the file."""

_SEPARATORS = ",\t;，；"
_HEAD, _LINES = 20_000, 12
_QUOTED = re.compile(r'(^|[,\t;，；\r\n])"(?:[^"]|"")*"')
_LIVE = re.compile(r"[\s']*[=+\-@＝＋－＠﹦﹢﹣﹫]|[ ']*[\t\r\n]")
"""How a text begins that a spreadsheet may take for a formula; apostrophes count, so that each can be taken off again."""


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    r"""Write a frame as CSV that Excel opens rightly: UTF-8 with BOM, an apostrophe before a text that begins like a formula.

    A line break within a text is one LF, in quotes: one cell, one row. What is missing is an empty cell.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_csv(Path(folder, "list.csv"), pd.DataFrame({"name": ["=1+1"], "people": [12]}))
    ...     Path(folder, "list.csv").read_text("utf-8-sig")
    "name,people\n'=1+1,12\n"
    """
    safe = frame.set_axis([_inert(str(one)) for one in frame.columns], axis=1)
    for at, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(at, _texts(frame.iloc[:, at]))
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n", float_format="%.12g")


def _texts(column: pd.Series) -> list[object]:
    """Return the cells of a column that is not of numbers alone; its numbers stay as they are."""
    cells = column.to_numpy(object).tolist()
    known = {one: _inert(one) for one in set(cells) if isinstance(one, str)}
    return [known.get(one, one) for one in cells]


def _inert(text: str) -> str:
    text = with_lf(text).rstrip()  # blanks at the end are none when it is read, and a text of blanks is an empty cell
    return ("'" if _LIVE.match(text) else "") + text


def read_text(cell: str) -> str:
    r"""Return the text that `write_csv` wrote as this cell.

    >>> read_text("'=1+1"), read_text("'quoted'"), read_text("a\r\nb")
    ('=1+1', "'quoted'", 'a\nb')
    """
    text = with_lf(cell)
    return text[1:] if text.startswith("'") and _LIVE.match(text[1:]) else text


def with_lf(text: str) -> str:
    """Return the text with each of its line breaks as one LF, however its program writes them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def csv_cells(path: Path) -> Cells:
    """Return (line number, cells) of a CSV in UTF-8 (with or without BOM) or GB 18030.

    Comma, tab, semicolon, full-width comma: see `separator_of`.
    """
    text = _decoded(path)
    if "\x00" in text:
        raise _wrong(
            path, Text("含有空字符，不是文本文件", "holds NUL characters"), Text("重新导出", "export it again")
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text[:_HEAD]))
    try:
        return [(reader.line_num, [read_text(cell.strip()).strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise _wrong(
            path,
            Text(f"第 {reader.line_num} 行不能解析", f"line {reader.line_num} cannot be parsed"),
            Text("检查引号和换行", "check quotes and line breaks"),
            str(error),
        ) from error


def separator_of(head: str) -> str:
    r"""Return the separator of a file that begins like this: what most of its first lines have equally often, quotes aside.

    >>> separator_of("名单\nid;lon\\nD1;101,71"), separator_of("编号，经度，纬度"), separator_of("id")
    (';', '，', ',')
    >>> separator_of('n,a\n0,\t\t7'), separator_of('n;a\n0;"1,2,3"')
    (',', ';')
    """
    lines = [line for line in re.split(r"[\r\n]+", _QUOTED.sub(r"\1", head)) if line][:_LINES]
    return max(_SEPARATORS, key=lambda one: _agreement([line.count(one) for line in lines]))


def _agreement(counts: list[int]) -> tuple[int, int]:
    """Return (how many lines have the same number of a separator, that number); lines without any don't count."""
    return max(((counts.count(one), one) for one in set(counts) - {0}), default=(0, 0))


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    what = Text("编码既不是 UTF-8 也不是 GBK/GB18030", "neither UTF-8 nor GB 18030")
    raise _wrong(path, what, Text("用 Excel 另存为“CSV UTF-8”", "save it as 'CSV UTF-8'"))


def _wrong(path: Path, what: Text, fix: Text, found: str = "") -> DataError:
    return DataError(Problem(path.name, what, fix, found=found))
