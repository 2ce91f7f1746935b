"""Documents as workbooks in the form of an official attachment: headings, rows high enough for their text, print settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import xlsxwriter

from geodata.csv_text import write_csv
from planner import __version__
from planner.region import Region
from planner.text import CELLS, count_text
from scenarios.document import Col, Document, Lines, Row, Section, Table

BOOK_OPTIONS: Mapping[str, bool] = MappingProxyType(
    {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
)
FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed moment: the same input must give the same bytes
MOST_ROWS = 2_000
"""Nobody reads on in a sheet of more rows: all of them are a list beside it."""
SIGNATURES = "填表人：　　　　　　　　审核人：　　　　　　　　填报日期："
LINE_POINTS = 13.0
HIGHEST_ROW_POINTS = 400.0
"""Excel refuses rows above 409.5 points."""

_FONT, _FONT_POINTS = "宋体", 9.5
_BLUE, _GREY, _RED = "#DCE6F1", "#F2F2F2", "#C00000"
_CELL_LETTERS = 32_000
"""Excel refuses texts above 32,767 characters."""


Formats = Mapping[str, Any]


def lines_of(text: str, width: float) -> int:
    r"""Return how many lines a text takes in a column of this width: a Chinese character is two letters wide.

    >>> lines_of("每个乡镇1所", 16), lines_of("每个乡镇1所", 8), lines_of("距离\n（公里）", 20)
    (1, 2, 2)
    """
    parts = (sum(2 if ord(letter) > 0x2E80 else 1 for letter in part) for part in text.split("\n"))
    room = max(2, int(width * 7 / 6.5) - 1)  # a letter of 9.5 points is 6.3 pixels wide, a column 7 a unit
    return sum(max(1, -(-letters // room)) for letters in parts)


def row_points(texts: Sequence[tuple[str, float]]) -> float:
    """Return the height of a row of (text, column width): office programs disagree on fitting wrapped rows."""
    lines = max((lines_of(text, width) for text, width in texts), default=1)
    return min(LINE_POINTS * lines + 4, HIGHEST_ROW_POINTS)


def formats_of(book: xlsxwriter.Workbook) -> Formats:
    """Return the formats of the book by name."""
    base = {"font_name": _FONT, "font_size": _FONT_POINTS, "valign": "vcenter", "border": 1, "text_wrap": True}

    def made(**more: object) -> Any:
        return book.add_format({**base, **more})

    def loose(**more: object) -> Any:
        return book.add_format({"font_name": _FONT, "font_size": _FONT_POINTS, **more})

    return MappingProxyType(
        {
            "text": made(),
            "centre": made(align="center"),
            "small": made(font_size=7),
            **{name: made(num_format=code, align="right", indent=1) for name, code in CELLS.items()},
            "head": made(bold=True, align="center", bg_color=_BLUE),
            "sum": made(bold=True, bg_color=_GREY),
            "sum_number": made(bold=True, bg_color=_GREY, num_format=CELLS["number"], align="right", indent=1),
            "title": loose(font_size=16, bold=True, align="center"),
            "plain": loose(valign="top", text_wrap=True),
            "line": loose(),
            "notice": loose(font_size=10, bold=True, font_color=_RED, text_wrap=True, valign="top"),
        }
    )


class Sheet:
    """One sheet of the book; keeps the row to write next."""

    def __init__(
        self, book: xlsxwriter.Workbook, formats: Formats, region: Region | None, tab: str, title: str, as_of: str = ""
    ) -> None:
        self.page, self.formats, self.region, self.title = book.add_worksheet(tab), formats, region, title
        self.as_of = as_of  # where there is no region to tell it
        self.row = 0
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.set_margins(left=0.25, right=0.25, top=0.5, bottom=0.6)
        self.page.fit_to_pages(1, 0)
        self.page.center_horizontally()
        self.page.set_footer("&L&8fugai " + __version__ + "&C&9第 &P 页 共 &N 页")

    def headings(self, columns: Sequence[Col], notice: str, hidden: Collection[str] = ()) -> None:
        """Write the title, who fills it in and when the data are of, and the two heading rows, repeated in print.

        Columns whose key is among `hidden` keep their place, so that sheets of the same kind can be joined.
        """
        page, formats = self.page, self.formats
        last = sum(column.printed for column in columns) - 1
        for at, column in enumerate(columns):
            page.set_column(at, at, column.width, None, {"hidden": column.key in hidden})
        page.write_string(0, 0, "附件", formats["line"])
        page.merge_range(1, 0, 1, last, "", formats["title"])
        page.write_string(1, 0, self.title, formats["title"])
        page.set_row(1, 26)
        as_of = self.region.about.as_of if self.region else self.as_of
        page.write_string(
            2, 0, f"填报单位（盖章）：　　　　　　　　　　　　数据日期：{as_of or '未注明'}", formats["line"]
        )
        if notice:
            page.merge_range(3, 0, 3, last, "", formats["notice"])
            page.write_string(3, 0, notice, formats["notice"])
            width = sum(column.width for column in columns if column.printed and column.key not in hidden)
            page.set_row(3, row_points([(notice, width * 0.9)]))
        self._heading_rows(columns)
        page.repeat_rows(4, 5)
        page.freeze_panes(6, 0)
        self.row = 6

    def _heading_rows(self, columns: Sequence[Col]) -> None:
        at = 0
        while at < len(columns):
            end = at + 1
            while columns[at].group and end < len(columns) and columns[end].group == columns[at].group:
                end += 1
            self._heading(at, end - 1, columns)
            at = end
        self.page.set_row(5, 2 * LINE_POINTS + 4)

    def _heading(self, first: int, last: int, columns: Sequence[Col]) -> None:
        page, head, group = self.page, self.formats["head"], columns[first].group
        if not group:
            page.merge_range(4, first, 5, first, "", head)
            page.write_string(4, first, columns[first].label, head)
            return
        if last > first:
            page.merge_range(4, first, 4, last, "", head)
        page.write_string(4, first, group, head)
        for at in range(first, last + 1):
            page.write_string(5, at, columns[at].label, head)

    def line(self, columns: Sequence[Col], row: Mapping[str, Any]) -> None:
        """Write one row, high enough for its longest text."""
        cells = [column.cell(row) for column in columns]
        texts = [(cell, column.width) for cell, column in zip(cells, columns, strict=True) if isinstance(cell, str)]
        self.page.set_row(self.row, row_points(texts))
        for at, (value, column) in enumerate(zip(cells, columns, strict=True)):
            style = self.formats[column.style]
            if isinstance(value, str):
                self.page.write_string(self.row, at, value[:_CELL_LETTERS], style)
            else:
                self.page.write_number(self.row, at, value, style)
        self.row += 1

    def merged(self, columns: Sequence[Col], text: str, style: str = "text") -> None:
        """Write one text across the printed columns."""
        last = sum(column.printed for column in columns) - 1
        self.page.merge_range(self.row, 0, self.row, last, "", self.formats[style])
        self.page.write_string(self.row, 0, text, self.formats[style])
        self.page.set_row(self.row, row_points([(text, sum(one.width for one in columns if one.printed) * 0.9)]))
        self.row += 1

    def total(self, columns: Sequence[Col], text: str, key: str, first: int = 0, rows: Sequence[Row] = ()) -> None:
        """Write a line of sums: the text up to the column of this key, there the sum of `rows`, written from `first` on."""
        style = self.formats["sum"]
        at_sum = next(at for at, column in enumerate(columns) if column.key == key)
        self.page.merge_range(self.row, 0, self.row, at_sum - 1, "", style)
        self.page.write_string(self.row, 0, text, style)
        for at in range(at_sum, len(columns)):
            self.page.write_blank(self.row, at, None, style)
        if rows:
            cells = (columns[at_sum].cell(row) for row in rows)
            value = float(sum(cell for cell in cells if not isinstance(cell, str)))
            letter = xlsxwriter.utility.xl_col_to_name(at_sum)
            formula = f"=SUM({letter}{first + 1}:{letter}{self.row})"
            self.page.write_formula(self.row, at_sum, formula, self.formats["sum_number"], value)
        self.row += 1

    def table(self, table: Table, notice: str) -> None:
        """Write a table: headings, rows or sections with their sums, what is said of none, notes, signatures."""
        cols = table.cols
        self.headings(cols, notice if table.notice is None else table.notice, table.hidden)
        number = 0
        for section in table.sections or [Section("", table.rows)]:
            first = self.row
            for row in section.rows:
                number += 1
                self.line(cols, {**row, "number": number})
            if section.text:
                self.total(cols, section.text, table.sum_key, first, section.rows)
        if not number:
            self.merged(cols, table.empty)
        elif table.total:
            self.total(cols, table.total, table.sum_key)
        for note in table.notes:
            self.merged(cols, note, "plain")
        if table.signed:
            self.row += 1
            self.page.write_string(self.row, 0, SIGNATURES, self.formats["line"])
            self.row += 1
        self.finish(cols)

    def finish(self, columns: Sequence[Col]) -> None:
        """Print what stands by now, without the columns that are not for paper."""
        last = sum(column.printed for column in columns) - 1
        self.page.print_area(0, 0, max(self.row - 1, 5), last)


_LINE_WIDTHS = (26, 104)


def write_explanations(sheet: Sheet, lines: Lines, notice: str) -> None:
    """Write the sheet: the label of several lines in a row is said once."""
    page, formats = sheet.page, sheet.formats
    for at, width in enumerate(_LINE_WIDTHS):
        page.set_column(at, at, width)
    page.merge_range(0, 0, 0, 1, "", formats["title"])
    page.write_string(0, 0, sheet.title, formats["title"])
    page.set_row(0, 26)
    if notice:
        page.merge_range(1, 0, 1, 1, "", formats["notice"])
        page.write_string(1, 0, notice, formats["notice"])
        page.set_row(1, row_points([(notice, sum(_LINE_WIDTHS) * 0.85)]))
    before = ""
    for at, (label, text) in enumerate(lines, 2):
        shown = "" if label == before else label
        page.set_row(at, row_points([(shown, _LINE_WIDTHS[0]), (text, _LINE_WIDTHS[1])]))
        page.write_string(at, 0, shown, formats["plain"])
        page.write_string(at, 1, text, formats["plain"])
        before = label


def _first_rows(table: Table, elsewhere: str) -> Table:
    """Return a long table as far as a sheet is read, with a line that says where all of it stands."""
    left, sections = MOST_ROWS, list[Section]()
    for one in table.sections:
        sections.append(Section(one.text if len(one.rows) <= left else "", one.rows[:left]))
        left -= len(sections[-1].rows)
    every = sum(len(one.rows) for one in table.sections) if table.sections else len(table.rows)
    line = f"这里只列前 {count_text(MOST_ROWS)} 行；全部 {count_text(every)} 行见 {elsewhere}。"
    return replace(
        table, rows=table.rows[:MOST_ROWS], sections=[one for one in sections if one.rows], notes=(line, *table.notes)
    )


def _is_long(table: Table) -> bool:
    return max(len(table.rows), sum(len(one.rows) for one in table.sections)) > MOST_ROWS


def _write_list(path: Path, table: Table) -> None:
    """Write all rows of a table as a list of its own, as its sheet would show them."""
    rows = [row for one in table.sections for row in one.rows] or table.rows
    heads = ["".join((one.group, one.label)).replace("\n", "") for one in table.cols]
    cells = [[one.cell({**row, "number": at}) for one in table.cols] for at, row in enumerate(rows, 1)]
    write_csv(path, pd.DataFrame(cells, columns=heads))


def write_document(path: Path, document: Document, *, alone: bool = False) -> None:
    """Write a document as a workbook: a sheet a table, and 说明 at its end; the same document gives the same bytes.

    A table of more than `MOST_ROWS` rows is a list of its own beside it (.csv), of which the sheet shows the first rows;
    not where the workbook stands `alone`.

    >>> from tempfile import TemporaryDirectory
    >>> from scenarios import Col, Table
    >>> table = Table("人口", "各县人口", [Col("county", "县", 12), Col("people", "人口", 8, "number")], [{"county": "东区", "people": 12}])
    >>> with TemporaryDirectory() as folder:
    ...     write_document(Path(folder, "people.xlsx"), Document("人口", None, [table]))
    ...     [one.name for one in Path(folder).iterdir()]
    ['people.xlsx']
    """
    book = xlsxwriter.Workbook(path, dict(BOOK_OPTIONS))
    comments = f"fugai {__version__} {document.mark}".strip()
    book.set_properties({"title": document.title, "comments": comments, "created": FIXED_DATE})
    formats = formats_of(book)
    for table in document.tables:
        sheet, shown = Sheet(book, formats, document.region, table.tab, table.title, document.as_of), table
        if _is_long(table) and not alone:
            beside = path.with_name(f"{path.stem}_{table.tab}.csv")
            _write_list(beside, table)
            shown = _first_rows(table, beside.name)
        sheet.table(shown, document.notice)
    if document.lines:
        notice = "。".join(filter(None, (document.notice, document.accuracy)))
        write_explanations(Sheet(book, formats, document.region, "说明", "说明"), document.lines, notice)
    book.close()
