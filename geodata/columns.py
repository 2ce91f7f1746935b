"""Cells as people write them → the canonical columns of a table, with every problem named by row and column."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pandas as pd

from geodata.files import RawTable, columns_of
from planner.errors import Problem, Text
from planner.schema import Field, Table

_SHOWN = 20
_MOST = 100_000_000
"""No city has more people or beds than this; a larger number is a slip."""
_TOTAL = re.compile(r".{0,12}(合计|总计|小计)[:：]?|total", re.IGNORECASE)
_FOOTER = re.compile(r".{0,6}(填表|制表|审核|填报|复核|负责)(人|日期|时间|单位)|(单位负责|联系)(人|电话)|备注|注[:：]")
_TRUE = {"是", "有", "true", "t", "1", "y", "yes", "√", "✓", "✔", "☑", "达标", "已达标", "城镇", "城市"}
_FALSE = {"否", "无", "false", "f", "0", "n", "no", "×", "✗", "x", "不达标", "未达标", "乡村", "农村"}
_SCIENTIFIC = r"[0-9](\.[0-9]+)?[eE]\+[0-9]+"
_SHAPES = {
    6: Text("6 位数字，如 510402", "6 digits, as 510402"),
    9: Text("9 位数字（县区代码 6 位＋3 位），如 510402001", "9 digits (6 of the county and 3), as 510402001"),
    12: Text("12 位数字（乡镇代码 9 位＋3 位，行政村的第 10 位是 2），如 510402100201",
             "12 digits (9 of the town and 3, the tenth a 2 for a 行政村), as 510402100201"),
}  # fmt: skip
_UNKNOWN = {"", "-", "—", "--", "/", "不详", "未知", "nan", "none", "null"}


@dataclass
class Notes:
    """The problems met so far; many of one kind are shown as twenty and a count.

    broken     files with an error that is not one of single rows: nothing more can be told from them
    bad_rows   by file, the numbers of the rows with an error: left out of the checks that follow
    """

    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    bad_rows: dict[str, set[int]] = field(default_factory=dict)

    def add(self, file: str, what: Text, fix: Text, *, row: object = "", column: str = "", found: str = "",
            warning: bool = False) -> None:  # fmt: skip
        severity = "warning" if warning else "error"
        if not warning and row == "":
            self.broken.add(file)
        self.problems.append(Problem(file, what, fix, str(row), column, found, severity))  # type: ignore[arg-type]

    def add_rows(self, raw: RawTable, bad: pd.Series, column: str, what: Text, fix: Text, *,
                 found: pd.Series | None = None, warning: bool = False) -> None:  # fmt: skip
        """Note one problem for each row where `bad` holds; after twenty of a kind, how many more there are."""
        where = np.flatnonzero(bad.to_numpy(bool))
        if not warning and len(where):
            self.bad_rows.setdefault(raw.file, set()).update(raw.rows[where].tolist())
        for at in where[:_SHOWN]:
            shown = "" if found is None else str(found.iloc[at])[:60]
            self.add(raw.file, what, fix, row=raw.rows[at], column=column, found=shown, warning=warning)
        if len(where) > _SHOWN:
            more = len(where) - _SHOWN
            text = Text(f"另有 {more} 行同样的问题：{what.zh}", f"{more} more rows alike: {what.en}")
            severity = "warning" if warning else "error"
            self.problems.append(Problem(raw.file, text, fix, column=column, severity=severity))  # type: ignore[arg-type]

    def wrong(self, file: str) -> bool:
        """Whether anything in this file is an error."""
        return file in self.broken or bool(self.bad_rows.get(file))

    @property
    def errors(self) -> list[Problem]:
        return [one for one in self.problems if one.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [one for one in self.problems if one.severity == "warning"]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _blank(cells: pd.Series) -> pd.Series:
    return cells.str.lower().isin(_UNKNOWN)


def _number(cells: pd.Series) -> pd.Series:
    """Return the cells as numbers: 1,234 · １２３４ · 约1200 · 1.2万 · 350人; NaN where that fails."""
    fast = pd.to_numeric(cells, errors="coerce")
    slow = fast.isna() & ~_blank(cells)
    if slow.any():
        text = cells[slow].str.replace(r"[,，\s约]", "", regex=True).str.replace(r"[人张个所]$", "", regex=True)
        factor = pd.Series(np.where(text.str.endswith("万"), 10_000.0, 1.0), index=text.index)
        parsed = pd.to_numeric(text.str.removesuffix("万"), errors="coerce") * factor
        fast = fast.astype(float)
        fast.loc[slow] = parsed.round(6)
    return fast.astype(float)


def _parse_number(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    values = _number(cells)
    bad = (values.isna() & ~_blank(cells)) | np.isinf(values)
    notes.add_rows(
        raw, bad, one.label, Text("不是数字", "not a number"), Text("改成数字", "write a number"), found=cells
    )
    if one.kind == "integer":
        fraction = values.notna() & (values != values.round())
        notes.add_rows(
            raw, fraction, one.label, Text("不是整数", "not a whole number"),
            Text("人数、床位等写整数", "write a whole number"), found=cells,
        )  # fmt: skip
        negative = values < 0
        notes.add_rows(
            raw, negative, one.label, Text("小于 0", "below zero"), Text("改正", "correct it"), found=cells
        )  # fmt: skip
        notes.add_rows(
            raw, (values > _MOST) & ~np.isinf(values), one.label,
            Text("大得不可能（超过 1 亿）", "impossibly large (over 100 million)"), Text("改正", "correct it"), found=cells,
        )  # fmt: skip
    return values


def _parse_code(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    """Return the codes as text, "" where there is none or where it is not one; an id (no `digits`) may be any text."""
    codes = cells.where(~_blank(cells), "").str.replace(r"^'+|\.0$", "", regex=True)
    lost = codes.str.fullmatch(_SCIENTIFIC)
    notes.add_rows(
        raw, lost, one.label, Text("Excel 把代码变成了科学计数法", "Excel turned the code into scientific notation"),
        Text("把列设为文本重新填", "format the column as text and fill it in again"), found=cells,
    )  # fmt: skip
    codes = codes.where(~lost, "")
    if not one.digits:
        return codes
    # The statistics bureau's list writes every level in 12 digits: 510402001000 is a town.
    long = codes.str.fullmatch(rf"[0-9]{{{one.digits}}}0{{{12 - one.digits}}}")
    codes = codes.where(~long, codes.str[: one.digits])
    odd = (codes != "") & ~codes.str.fullmatch(rf"[0-9]{{{one.digits}}}")
    shape = _SHAPES[one.digits]
    notes.add_rows(
        raw, odd, one.label, Text(f"不是 {one.digits} 位代码", f"not a code of {one.digits} digits"),
        Text(f"应为 {shape.zh}；没有标准代码的，照此自编", f"write {shape.en}; without official codes, make such ones up"),
        found=cells,
    )  # fmt: skip
    return codes.where(~odd, "")


def _parse_text(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:  # noqa: ARG001
    return cells


def _parse_boolean(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    low = cells.str.lower()
    known = low.isin(_TRUE | _FALSE) | _blank(cells)
    notes.add_rows(
        raw, ~known, one.label, Text("只能填“是”或“否”", "must be yes or no"), Text("改成是或否", "write 是 or 否"),
        found=cells,
    )  # fmt: skip
    out = pd.Series([None] * len(cells), index=cells.index, dtype=object)
    out[low.isin(_TRUE)] = True
    out[low.isin(_FALSE)] = False
    return out


def _parse_choice(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    known = {name.lower(): key for key, names in one.choices.items() for name in (key, *names)}
    known |= {_plain(name).lower(): key for name, key in known.items()}
    out = cells.str.lower().map(known)
    bad = out.isna() & ~_blank(cells)
    listed = "、".join(names[0] for names in one.choices.values())
    notes.add_rows(
        raw, bad, one.label, Text("不是可用的取值", "not one of the values"),
        Text(f"改成：{listed}", "use one of: " + ", ".join(one.choices)), found=cells,
    )  # fmt: skip
    return out.astype(object).where(out.notna(), None)


_PARSE: dict[str, Callable[[RawTable, pd.Series, Field, Notes], pd.Series]] = {
    "text": _parse_text,
    "date": _parse_text,
    "code": _parse_code,
    "integer": _parse_number,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "choice": _parse_choice,
}


def _headings(raw: RawTable, table: Table, notes: Notes) -> dict[str, int]:
    """Return, by field name, the position of its column; note what is missing and what stands twice."""
    headings = [str(one) for one in raw.frame.columns]
    places, twice = columns_of(headings, table)
    for at in twice:
        notes.add(
            raw.file, Text("同一内容有两列", "two columns for one thing"), Text("删去一列", "remove one"),
            column=headings[at], found=headings[at],
        )  # fmt: skip
    unused = [one for at, one in enumerate(headings) if at not in {*places.values(), *twice}]
    for one in table.fields:
        from_shape = raw.geometry is not None and one.name in {"lon", "lat"}
        if one.required and one.name not in places and not from_shape:
            close = next((hit for name in one.names() for hit in get_close_matches(name, unused, n=1, cutoff=0.5)), "")
            zh = f"（是否就是“{close}”？改成“{one.label}”）" if close else ""
            en = f" (is it '{close}'?)" if close else ""
            notes.add(
                raw.file, Text("缺少这一列", "this column is missing"),
                Text(f"加上“{one.label}”列{zh}", f"add a column '{one.name}'{en}"), column=one.label,
            )  # fmt: skip
    return places


def _squeezed(cells: pd.Series) -> pd.Series:
    return cells.astype(str).map(lambda cell: re.sub(r"\s", "", _plain(cell))).astype(object)


def _whole(cells: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    return cells.map(lambda cell: pattern.fullmatch(cell) is not None).astype(bool)


def _without_totals(raw: RawTable, places: dict[str, int], table: Table, notes: Notes) -> RawTable:
    """Return the rows that are neither a total (合计) nor a footer (审核人：张三) below the table."""
    if not raw.frame.shape[1]:
        return raw
    key = _squeezed(raw.frame.iloc[:, places.get(table.key, 0)])
    first = _squeezed(raw.frame.iloc[:, 0])
    for at in np.flatnonzero((key == "").to_numpy()):
        first.iloc[int(at)] = next((cell for cell in _squeezed(raw.frame.iloc[int(at)]) if cell), "")
    alone = (key == "") | (key == first)
    total = _whole(key, _TOTAL) | _whole(first, _TOTAL)
    footer = ~total & alone & first.map(lambda cell: _FOOTER.match(cell) is not None).astype(bool)
    label, fix = table.field(table.key).label, Text("无需处理", "nothing to do")
    for rows, what in (
        (total, Text("合计行，已略过", "a total row, left out")),
        (footer, Text("表尾的填表、审核、备注行，已略过", "a footer, left out")),
    ):
        notes.add_rows(raw, rows, label, what, fix, found=first, warning=True)
    left_out = (total | footer).to_numpy(bool)
    return raw.rows_where(~left_out) if left_out.any() else raw


def canonical(raw: RawTable, table: Table, notes: Notes) -> tuple[RawTable, pd.DataFrame]:
    """Return the rows kept (totals and blank rows left out) and their canonical columns, one a field of `table`.

    Absent columns come as blanks: "" for text and codes, NaN for numbers, None for booleans and choices.
    """
    places = _headings(raw, table, notes)
    raw = _without_totals(raw, places, table, notes)
    out = {}
    for one in table.fields:
        if one.name in places:
            cells = raw.frame.iloc[:, places[one.name]].astype(str).astype(object)
            if one.kind != "text":  # names keep their full-width brackets
                cells = cells.map(_plain).astype(object)
        else:
            cells = pd.Series([""] * len(raw.frame), dtype=object)
        out[one.name] = _PARSE[one.kind](raw, cells.astype("str"), one, notes)
        if one.required and one.name in places:
            empty = out[one.name].isna() | (out[one.name].astype(str) == "")
            empty &= _blank(cells.astype("str"))
            notes.add_rows(raw, empty, one.label, Text("没有填", "is empty"), Text("补上", "fill it in"))
    frame = pd.DataFrame(out)
    duplicated = frame[table.key].duplicated(keep="first") & (frame[table.key] != "")
    notes.add_rows(
        raw, duplicated, table.field(table.key).label, Text("编号重复", "this id stands twice"),
        Text("每行用不同的编号", "give each row its own id"), found=frame[table.key],
    )  # fmt: skip
    return raw, frame
