"""Cells as people write them → the canonical columns of a table, with every problem named by row and column."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pandas as pd

from geodata.files import RawTable
from planner.errors import Problem, Text
from planner.schema import Field, Table

_SHOWN = 20
_TOTALS = ("合计", "总计", "小计", "全市合计", "total")
_TRUE = {"是", "有", "true", "1", "y", "yes", "√", "达标"}
_FALSE = {"否", "无", "false", "0", "n", "no", "×", "不达标"}
_UNKNOWN = {"", "-", "—", "--", "/", "不详", "未知", "nan", "none", "null"}


@dataclass
class Notes:
    """The problems met so far; many of one kind are shown as twenty and a count."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, file: str, what: Text, fix: Text, *, row: object = "", column: str = "", found: str = "",
            warning: bool = False) -> None:  # fmt: skip
        severity = "warning" if warning else "error"
        self.problems.append(Problem(file, what, fix, str(row), column, found, severity))  # type: ignore[arg-type]

    def add_rows(self, raw: RawTable, bad: pd.Series, column: str, what: Text, fix: Text, *,
                 found: pd.Series | None = None, warning: bool = False) -> None:  # fmt: skip
        """Note one problem for each row where `bad` holds; after twenty of a kind, how many more there are."""
        where = np.flatnonzero(bad.to_numpy(bool))
        for at in where[:_SHOWN]:
            shown = "" if found is None else str(found.iloc[at])[:60]
            self.add(raw.file, what, fix, row=raw.rows[at], column=column, found=shown, warning=warning)
        if len(where) > _SHOWN:
            more = len(where) - _SHOWN
            self.add(
                raw.file,
                Text(f"另有 {more} 行同样的问题：{what.zh}", f"{more} more rows alike: {what.en}"),
                fix, column=column, warning=warning,
            )  # fmt: skip

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
    return values


def _parse_code(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:  # noqa: ARG001
    return cells.where(~_blank(cells), "").str.replace(r"^'|\.0$", "", regex=True)


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
    places: dict[str, int] = {}
    exact = {name.lower(): one.name for one in table.fields for name in one.names()}
    headings = [_plain(str(one)).lower() for one in raw.frame.columns]
    exact |= {_plain(name).lower(): target for name, target in exact.items()}
    for at, heading in enumerate(headings):
        target = exact.get(heading)
        if target is None:
            continue
        if target in places:
            notes.add(
                raw.file, Text("同一内容有两列", "two columns for one thing"), Text("删去一列", "remove one"),
                column=table.field(target).label, found=str(raw.frame.columns[at]),
            )  # fmt: skip
        places.setdefault(target, at)
    unused = [str(raw.frame.columns[at]) for at, heading in enumerate(headings) if heading not in exact]
    for one in table.fields:
        from_shape = raw.geometry is not None and one.name in {"lon", "lat"}
        if one.required and one.name not in places and not from_shape:
            close = get_close_matches(one.label, unused, n=1, cutoff=0.5)
            hint = f"（是否就是“{close[0]}”？改成“{one.label}”）" if close else ""
            notes.add(
                raw.file, Text("缺少这一列", "this column is missing"),
                Text(f"加上“{one.label}”列{hint}", f"add a column '{one.name}'"), column=one.label,
            )  # fmt: skip
    return places


def canonical(raw: RawTable, table: Table, notes: Notes) -> tuple[RawTable, pd.DataFrame]:
    """Return the rows kept (totals and blank rows left out) and their canonical columns, one a field of `table`.

    Absent columns come as blanks: "" for text and codes, NaN for numbers, None for booleans and choices.
    """
    places = _headings(raw, table, notes)
    first = raw.frame.iloc[:, 0].astype(str).map(_plain).str.lower() if raw.frame.shape[1] else pd.Series(dtype=str)
    keys = raw.frame.iloc[:, places[table.key]].astype(str) if table.key in places else first
    total = first.isin(_TOTALS) | keys.map(_plain).str.lower().isin(_TOTALS)
    if total.any():
        notes.add_rows(
            raw, total, table.field(table.key).label, Text("合计行，已略过", "a total row, left out"),
            Text("无需处理", "nothing to do"), warning=True,
        )  # fmt: skip
        keep = ~total.to_numpy(bool)
        shapes = None if raw.geometry is None else raw.geometry[keep]
        raw = RawTable(raw.file, raw.frame[keep].reset_index(drop=True), raw.rows[keep],
                       None if shapes is None else shapes.reset_index(drop=True))  # fmt: skip
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
