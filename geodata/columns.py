"""Cells as people write them → the canonical columns of a table, with every problem named by row and column."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from geodata.files import RawTable
from geodata.names import by_name, choice, codes_of_name, columns_of, is_of_datum, near_kind, ours, plain_text
from geodata.names import like as resembled_kind
from planner.errors import Problem, Text
from planner.institutions import TABLES
from planner.region import Use
from planner.schema import FACILITIES, FACILITY_KINDS, FACILITY_STATUS, Field, Table
from planner.text import exact_text

_SHOWN = 20
_LISTED = 5_000
_MOST = 100_000_000
"""No city has more people or beds than this; a larger number is a slip."""
_TOTAL = re.compile(r".{0,12}(合计|总计|小计)[:：]?|total", re.IGNORECASE)
_FOOTER = re.compile(r".{0,6}(填表|制表|审核|填报|复核|负责)(人|日期|时间|单位)|(单位负责|联系)(人|电话)|备注|注[:：]")
_TRUE = {"是", "有", "true", "t", "1", "y", "yes", "√", "✓", "✔", "☑", "达标", "已达标", "城镇", "城市"}
_FALSE = {"否", "无", "false", "f", "0", "n", "no", "×", "✗", "x", "不达标", "未达标", "乡村", "农村"}
_MANY = re.compile(r"[(/\[:：](万|千)人?[)\]]?$|(万|千)人$")
_OTHER_UNIT = re.compile("[百千万亿]|10k|thousand", re.IGNORECASE)
_NO_RESIDENTS = re.compile("户")
_UNIT_ABOVE = re.compile(r"单位[:：]?[^ ]*?(万|千)人")
_FACTORS = {"万": 10_000, "千": 1_000}
_WORDS = {factor: f"{word}人" for word, factor in _FACTORS.items()}
_ABOVE = (9, 12)
_LEVELS = (6, 9)
"""Digits of a county's and a town's code, with which the codes below them begin."""
_PROVENANCE = ("source", "estimated")
_DIGITS = 6
"""So many decimals of people in a total are told, in units of up to ten thousand people."""
_EITHER_IS = ("社区卫生服务中心", "社区卫生服务站")
_EITHER = {"社区卫生服务中心(站)", "社区卫生服务机构", "社区卫生服务中心/站"}
_QUOTED = r'^="(.*)"$'
"""How Excel is made to keep a code as text in a CSV."""
_THOUSANDS = r"(?<=\d)[,，](?=\d{3}(?!\d))"
_DECIMAL_COMMA = r"-?[0-9]{1,3},[0-9]+"
_SCIENTIFIC = r"[0-9](\.[0-9]+)?[eE]\+[0-9]+"
_SHAPES = {
    6: Text("6 位数字，如 510402", "6 digits, as 510402"),
    9: Text("9 位数字（县区代码 6 位＋3 位），如 510402001", "9 digits (6 of the county and 3), as 510402001"),
    12: Text("12 位数字（乡镇代码 9 位＋3 位，行政村的第 10 位是 2、3 或 5），如 510402100201",
             "12 digits (9 of the town and 3, the tenth a 2, 3 or 5 for a 行政村), as 510402100201"),
}  # fmt: skip
What = Literal["file", "layer", "sheet", "column", "rows", "unit", "datum"]
State = Literal["used", "converted", "unused"]
_MOSTLY = 0.8
_FEW, _FEW_FLAGS, _SHORT = 12, 2, 8
"""A column of a choice has few values, of few letters; one of yes and no has two."""
PLACE_HEADINGS = {
    "town_code": ("所属乡镇", "所在乡镇", "乡镇", "乡镇名称", "乡镇街道", "乡镇（街道）", "所属乡镇（街道）", "所在乡镇（街道）", "所属街道", "town", "town_name"),
    "village_code": ("所属村", "所在村", "行政村", "村名称", "所属行政村", "所属村（社区）", "所在村（社区）", "village", "village_name"),
}  # fmt: skip
"""Headings of names that stand for a code where there is no column of codes."""
NOT_USED = ("不用", "unused")
"""What a planner answers of a column that is not what it resembles."""
_NO_SERVICE = {word for state in ("planned", "closed") for word in (state, *FACILITY_STATUS[state])}
CLOSED = re.compile("停用|停业|停运|停诊|关停|关闭|歇业|注销|撤销|(?:已|被)撤|撤并(?!.{0,2}(?:后|设|组|建))|拆除")
"""What a heading (停用日期), a name (甲站（已停用）) or a remark says of a facility that is closed."""
UNKNOWN = {"", "-", "—", "--", "/", "不详", "未知", "nan", "none", "null"}


@dataclass
class Notes:
    """The problems met so far; many of one kind are shown as twenty and a count.

    more       those beyond the twenty, up to some thousands
    broken     files with an error that is not one of single rows: nothing more can be told from them
    bad_rows   by file, the numbers of the rows with an error: left out of the checks that follow
    uses       what became of every file, column and datum that came in
    confirmed  the keys of what is odd that a planner has looked at; `asked`: those that were met
    called     by file and label, the heading that the file itself has for it
    names      by field of codes, the codes of the places of each name, for lists that give a name for a code
    answers    what the planner says that headings mean: the name of a column, or that it is not used
    """

    problems: list[Problem] = field(default_factory=list)
    more: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    bad_rows: dict[str, set[int]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    answers: Mapping[str, str] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    asked: set[str] = field(default_factory=set)
    called: dict[tuple[str, str], str] = field(default_factory=dict)
    names: dict[str, pd.Series] = field(default_factory=dict)

    def use(self, file: str, what: What, name: str, state: State, how: Text) -> None:
        """Record what became of one thing that came in."""
        self.uses.append(Use(file, what, name, state, how))

    def add(self, file: str, what: Text, fix: Text, *, row: object = "", column: str | tuple[str, ...] = "", found: str = "",
            warning: bool = False) -> None:  # fmt: skip
        severity = "warning" if warning else "error"
        heading = self.heading(file, column)
        if not warning and row == "":
            self.broken.add(file)
        self.problems.append(Problem(file, what, fix, str(row), heading, found, severity))  # type: ignore[arg-type]

    def add_rows(self, raw: RawTable, bad: pd.Series, column: str | tuple[str, ...], what: Text, fix: Text, *,
                 found: pd.Series | None = None, warning: bool = False) -> None:  # fmt: skip
        """Note one problem for each row where `bad` holds; after twenty of a kind, how many more there are."""
        where = np.flatnonzero(bad.to_numpy(bool))
        if not warning and len(where):
            self.bad_rows.setdefault(raw.file, set()).update(raw.rows[where].tolist())
        for at in where[:_SHOWN]:
            shown = "" if found is None else str(found.iloc[at])[:60]
            self.add(raw.file, what, fix, row=raw.rows[at], column=column, found=shown, warning=warning)
        for at in where[_SHOWN : _SHOWN + _LISTED]:
            shown = "" if found is None else str(found.iloc[at])[:60]
            severity = "warning" if warning else "error"
            heading = self.heading(raw.file, column)
            self.more.append(Problem(raw.file, what, fix, str(raw.rows[at]), heading, shown, severity))  # type: ignore[arg-type]
        if len(where) > _SHOWN:
            more = len(where) - _SHOWN
            text = Text(f"另有 {more} 行同样的问题：{what.zh}", f"{more} more rows alike: {what.en}")
            severity = "warning" if warning else "error"
            heading = self.heading(raw.file, column)
            self.problems.append(Problem(raw.file, text, fix, column=heading, severity=severity, counts=what))  # type: ignore[arg-type]

    def ask(self, file: str, key: str, what: Text, fix: Text, row: object = "") -> None:
        """Note what can hardly be so: an error, until about.yaml confirms its very numbers (`key`)."""
        self.asked.add(key)
        if key in self.confirmed:
            self.add(
                file,
                Text(f"已核实：{key}", f"confirmed: {key}"),
                Text("无需处理", "nothing to do"),
                row=row,
                warning=True,
            )
            return
        more = Text(
            f'核实无误，就在 about.yaml 写 confirmed: ["{key}"]',
            f'if it is right, write confirmed: ["{key}"] in about.yaml',
        )
        self.problems.append(Problem(file, what, Text(f"{fix.zh}；{more.zh}", f"{fix.en}; {more.en}"), str(row)))

    def heading(self, file: str, labels: str | tuple[str, ...]) -> str:
        """Return the headings that a file has for one label or several (经度、纬度); a label that it has not stays."""
        each = (labels,) if isinstance(labels, str) else labels
        return "、".join(self.called.get((file, one), one) for one in each)

    def wrong(self, file: str) -> bool:
        """Whether anything in this file is an error."""
        return file in self.broken or bool(self.bad_rows.get(file))

    @property
    def errors(self) -> list[Problem]:
        return [one for one in self.problems if one.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [one for one in self.problems if one.severity == "warning"]


def _blank(cells: pd.Series) -> pd.Series:
    return cells.str.lower().isin(UNKNOWN)


def _number(cells: pd.Series) -> pd.Series:
    """Return the cells as numbers: 1,234 · １２３４ · 约1200 · 1.2万 · 350人; NaN where that fails."""
    fast = pd.to_numeric(cells, errors="coerce")
    slow = fast.isna() & ~_blank(cells)
    if slow.any():
        text = (
            cells[slow]
            .str.replace(_THOUSANDS, "", regex=True)
            .str.replace(r"[\s约]", "", regex=True)
            .str.replace(r"[人张个所]$", "", regex=True)
        )
        factor = pd.Series(np.where(text.str.endswith("万"), 10_000.0, 1.0), index=text.index)
        parsed = pd.to_numeric(text.str.removesuffix("万"), errors="coerce") * factor
        fast = fast.astype(float)
        fast.loc[slow] = parsed.round(6)
    return fast.astype(float)


def _with_points(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    """Return cells of degrees with a decimal point where they have a decimal comma: no degree has thousands."""
    commas = cells.str.fullmatch(_DECIMAL_COMMA)
    if commas.any():
        how = Text("逗号作小数点", "a comma is taken for the decimal point")
        notes.use(raw.file, "unit", one.label, "converted", how)
        notes.add(raw.file, Text(f"{how.zh}：{cells[commas].iloc[0]}", f"{how.en}: {cells[commas].iloc[0]}"),
                  Text("不对的改用小数点", "if that is wrong, write decimal points"), column=one.label, warning=True)  # fmt: skip
    return cells.where(~commas, cells.str.replace(",", ".", regex=False))


def _unit_of(raw: RawTable, heading: str) -> int:
    """Return how many persons one unit of a column of people stands for: 万人 in its heading, or above the table."""
    unit = _MANY.search(plain_text(heading)) or _UNIT_ABOVE.search(plain_text(raw.above))
    return 1 if unit is None else _FACTORS[next(filter(None, unit.groups()))]


def _parse_number(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    if one.unit == "degrees":
        cells = _with_points(raw, cells, one, notes)
    values = _number(cells)
    factor = _unit_of(raw, str(cells.name)) if one.unit == "people" and values.notna().any() else 1
    if factor != 1:
        values = (values * factor).round(6)
        how = Text(f"单位是{_WORDS[factor]}，乘以 {factor}", f"in units of {factor} persons: multiplied")
        notes.use(raw.file, "unit", str(cells.name), "converted", how)
        fix = Text("单位不对的，改表头", "if the unit is wrong, correct the heading")
        notes.add(raw.file, how, fix, column=one.label, warning=True)
    worded = values.notna() & cells.str.contains("[约万人张个所]")
    how = Text("写的不只是数字，按其中的数读", "not a bare number: the number in it is taken")
    if worded.any():
        notes.use(raw.file, "unit", str(cells.name), "converted", how)
    notes.add_rows(raw, worded, one.label, how, Text("核对；只写数字", "check it, and write the number alone"), found=cells, warning=True)  # fmt: skip
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
    codes = (
        cells.where(~_blank(cells), "").str.replace(_QUOTED, r"\1", regex=True).str.replace(r"^'+|\.0$", "", regex=True)
    )
    lost = codes.str.fullmatch(_SCIENTIFIC)
    notes.add_rows(
        raw, lost, one.label,
        Text("Excel 把代码变成了科学计数法，末几位已丢失", "Excel turned the code into scientific notation: its last digits are lost"),
        Text("把列设为文本重新填", "format the column as text and fill it in again"), found=cells,
    )  # fmt: skip
    codes = codes.where(~lost, "")
    if not one.digits:
        return codes
    codes = _by_name(raw, codes, one, notes)
    # The statistics bureau's list writes every level in 12 digits: 510402001000 is a town.
    long = codes.str.fullmatch(rf"[0-9]{{{one.digits}}}0{{{12 - one.digits}}}")
    codes = codes.where(~long, codes.str[: one.digits])
    odd = (codes != "") & ~codes.str.fullmatch(rf"[0-9]{{{one.digits}}}")
    shape = _SHAPES[one.digits]
    notes.add_rows(
        raw, odd, one.label, Text(f"不是 {one.digits} 位代码", f"not a code of {one.digits} digits"),
        Text(f"应为 {shape.zh}；没有标准代码的，照此自编；上一级的合计行请删去",
             f"write {shape.en}; without official codes, make such ones up; remove totals of the level above"),
        found=cells,
    )  # fmt: skip
    return codes.where(~odd, "")


def _by_name(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> pd.Series:
    """Return the cells with the code in place of each name of a town or village that is told; others stay, and are refused."""
    named = (cells != "") & ~cells.str.contains("[0-9]{4}")
    if one.name not in notes.names or not named.any():
        return cells
    known = by_name(notes.names[one.name])
    found = {name: codes_of_name(name, known) for name in cells[named].unique()}
    several = cells.map(lambda cell: len(found.get(cell, ())) > 1).astype(bool)
    notes.add_rows(raw, several, one.label, Text("有几个同名的", "several places have this name"), Text("写代码", "write the code"),
                   found=cells.map(lambda cell: f"{cell}：{'、'.join(found.get(cell, ()))}"))  # fmt: skip
    unique = cells.map(lambda cell: found[cell][0] if len(found.get(cell, ())) == 1 else None)
    if unique.notna().any():
        count = int(unique.notna().sum())
        how = Text(f"{count} 行写的是名称，按名称找到代码", f"{count} rows give a name: its code was found")
        notes.use(raw.file, "rows", "", "converted", Text(f"{one.label}{how.zh}", f"{one.name}: {how.en}"))
        notes.add(
            raw.file, how, Text("核对；有代码的写代码", "check it, or write the codes"), column=one.label, warning=True
        )
    out = unique.where(unique.notna(), cells).where(~several, "")
    lost = named & unique.isna() & ~several
    if (
        lost.any() and cells.name in PLACE_HEADINGS[one.name]
    ):  # a column of names: what it says beside, place tells better
        notes.add_rows(raw, lost, one.label, Text("没有这个名称的乡镇、村，按坐标归属", "no place of this name: its point decides"),
                       Text("核对名称", "check the name"), found=cells, warning=True)  # fmt: skip
        return out.where(~lost, "")
    return out


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
    known |= {plain_text(name).lower(): key for name, key in known.items()}
    out = cells.str.lower().map(lambda cell: choice(cell, known))
    bad = out.isna() & ~_blank(cells)
    listed = "、".join(names[0] for names in one.choices.values())
    if one.choices is FACILITY_KINDS:
        out = out.where(~bad, cells.str.lower().map(near_kind))
        _tell_near(raw, cells[bad & out.notna()], one, notes)
        bad &= out.isna()
    like = cells.map(resembled_kind) if one.choices is FACILITY_KINDS else pd.Series("", index=cells.index)
    for kind in like[bad].unique():
        zh, en = (f"像是{kind}，不自动认定", f"; it resembles {kind}") if kind else ("", "")
        notes.add_rows(
            raw, bad & (like == kind), one.label, Text("不是可用的取值", "not one of the values"),
            Text(f"{zh}{'；' * bool(kind)}改成：{listed}", "use one of: " + ", ".join(one.choices) + en), found=cells,
        )  # fmt: skip
    return out.astype(object).where(out.notna(), None)


def _tell_near(raw: RawTable, cells: pd.Series, one: Field, notes: Notes) -> None:
    if not len(cells):
        return
    counts = cells.value_counts().sort_index()
    listed = "、".join(
        f"{word} {count} 个按{one.choices[near_kind(word) or ''][0]}"
        for word, count in zip(counts.index, counts, strict=True)
    )
    english = ", ".join(
        f"{word} ({count}) as {near_kind(word)}" for word, count in zip(counts.index, counts, strict=True)
    )
    how = Text(f"不是数据字典里的词，按相近的词认定：{listed}", f"words near those of the dictionary: {english}")
    notes.use(raw.file, "rows", "", "converted", how)
    notes.add(
        raw.file, how, Text("不对的，改机构类型", "if that is wrong, change the kind"), column=one.label, warning=True
    )


def _either_by_name(raw: RawTable, places: dict[str, int], table: Table, notes: Notes) -> RawTable:
    """Return the facilities with 社区卫生服务中心（站） told apart by their names: one that ends in 站 is a station."""
    if table is not FACILITIES or not {"kind", "name"} <= {*places}:
        return raw
    kinds, names = (raw.frame.iloc[:, places[name]].astype(str).map(plain_text) for name in ("kind", "name"))
    either = kinds.isin(_EITHER)
    if not either.any():
        return raw
    frame = raw.frame.copy()
    station = names.str.endswith("站")
    told = station.map({True: _EITHER_IS[1], False: _EITHER_IS[0]})
    frame.isetitem(places["kind"], frame.iloc[:, places["kind"]].mask(either, told).to_numpy(object))
    how = Text("“社区卫生服务中心（站）”按名称：以“站”结尾的是服务站，其余是服务中心",
               "社区卫生服务中心（站） by its name: a station where that ends in 站, else a centre")  # fmt: skip
    notes.use(raw.file, "rows", raw.headings[places["kind"]], "converted", how)
    label = table.field("kind").label
    notes.add_rows(
        raw,
        either,
        label,
        how,
        Text("不对的，改机构类型", "if that is wrong, change the kind"),
        found=names,
        warning=True,
    )
    return replace(raw, frame=frame)


def _without_others(raw: RawTable, places: dict[str, int], table: Table, notes: Notes) -> RawTable:
    """Return the facilities of our kinds; rows of others, as 诊所 or 药店, are left out and told.

    A word that speaks of one of ours, as 卫生阮 or 县医院分院 do, is no other: it is refused where it is parsed.
    """
    if table is not FACILITIES or "kind" not in places:
        return raw
    one = table.field("kind")
    cells = raw.frame.iloc[:, places["kind"]].astype(str).map(plain_text).str.lower()
    known = {plain_text(name).lower(): key for key, names in one.choices.items() for name in (key, *names)}
    other = ~cells.map(lambda cell: ours(cell, known)).astype(bool) & ~_blank(cells)
    if not other.any() or other.all():
        return raw
    counts = cells[other].value_counts().sort_index()
    listed = "、".join(f"{kind} {count}" for kind, count in counts.items())
    what = Text(
        f"{int(other.sum())} 行是其他类型的机构，没有使用：{listed}",
        f"{int(other.sum())} rows of other kinds are left out: {listed}",
    )
    notes.add(raw.file, what, Text("不必处理；其中有评估所需的，改成数据字典里的机构类型",
                                   "nothing to do, or write one of the kinds of the data dictionary"), column=one.label, warning=True)  # fmt: skip
    notes.use(raw.file, "rows", raw.headings[places["kind"]], "unused", what)
    return raw.rows_where(~other.to_numpy(bool))


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
    headings = raw.headings
    places, twice = raw.columns_of(_answered(raw, table, notes))
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
            hint = _hint(close, one) if close else Text("", "")
            notes.add(
                raw.file, Text("缺少这一列", "this column is missing"),
                Text(f"加上“{one.label}”列{hint.zh}", f"add a column '{one.name}'{hint.en}"), column=one.label,
            )  # fmt: skip
    _record_columns(raw, table, places, twice, notes)
    return places


def _hint(close: str, one: Field) -> Text:
    """Return what to do with a column that might be the one that is missing; of people, not before its unit is right."""
    if one.unit == "people" and _NO_RESIDENTS.search(close):
        return Text(f"（“{close}”不是{one.label}）", f" ('{close}' is something else)")
    if one.unit == "people" and _OTHER_UNIT.search(close):
        return Text(f"（“{close}”的单位不是人：换算成人再填，或把表头写成“{one.label}（万人）”）",
                    f" ('{close}' is not in persons: convert it, or head it '{one.label}（万人）')")  # fmt: skip
    return Text(f"（是否就是“{close}”？改成“{one.label}”）", f" (is it '{close}'?)")


def _answered(raw: RawTable, table: Table, notes: Notes) -> Table:
    """Return the table whose fields have the names, too, that the planner says headings of this file stand for."""
    meant = {heading: notes.answers[heading] for heading in raw.headings if heading in notes.answers}
    more = {one.name: tuple(word for word, name in meant.items() if name in one.names()) for one in table.fields}
    there = raw.columns_of(table)[0]
    for name in {*PLACE_HEADINGS} & {*more} & {*notes.names} - {*there, table.key}:
        named = [heading for heading in raw.headings if heading in PLACE_HEADINGS[name]]
        more[name] = (*more[name], *(named[:1] if table.key != "code" else ()))
    return replace(table, fields=tuple(replace(one, aliases=(*one.aliases, *more[one.name])) for one in table.fields))


def _record_columns(raw: RawTable, table: Table, places: dict[str, int], twice: list[int], notes: Notes) -> None:
    """Record what each column stands for; of those that stand for nothing, tell what they resemble."""
    used = {at: name for name, at in places.items()}
    notes.called |= {(raw.file, table.field(name).label): raw.headings[at] for name, at in places.items()}
    absent = [one for one in table.fields if one.name not in places]
    left: list[str] = []
    for at, heading in enumerate(raw.headings):
        if at in used:
            one = table.field(used[at])
            cut = raw.is_cut and not columns_of([heading], table)[0]
            how = (
                Text(f"{one.label}：表头只存了前 10 个字节", f"{one.name}: its heading was cut at ten bytes")
                if cut
                else Text(one.label, one.name)
            )
            notes.use(raw.file, "column", heading, "converted" if cut else "used", how)
        elif at not in twice:
            cells = _texts(raw, at)
            if not heading and _blank(cells).all():
                continue
            if is_of_datum(heading) and {"lon", "lat"} <= {*places}:
                notes.use(raw.file, "column", heading, "used", Text("坐标系", "datum"))
                continue
            like = None if notes.answers.get(heading) in NOT_USED else resembled(heading, cells, absent)
            _tell_unused(raw, table, heading, like, notes)
            if like is None or not like.resembles:
                _tell_closing(raw, table, at, notes)
                left.append(f"{heading}（像“{like.label}”）" if like else heading)
    if left:
        notes.add(
            raw.file, Text(f"没有使用的列：{'、'.join(left)}", f"columns that are not used: {', '.join(left)}"),
            Text("用得着的改成表中的列名（见数据字典），其余不必处理", "rename those that are needed, see the data dictionary"), warning=True,
        )  # fmt: skip


def _tell_unused(raw: RawTable, table: Table, heading: str, like: Field | None, notes: Notes) -> None:
    if like is None:
        notes.use(raw.file, "column", heading, "unused", Text("不认识", "not known"))
        return
    notes.use(
        raw.file, "column", heading, "unused", Text(f"不认识，像“{like.label}”", f"not known; it resembles {like.name}")
    )
    if like.resembles:
        what = Text(
            f"这一列像是“{like.label}”，会改变结论，但不认识",
            f"it resembles {like.name}, which could change a verdict, and is not known",
        )
        rename = Text(
            f"是，就把列名改成“{like.label}”；不是，就改名或删去",
            f"if it is, call it {like.name}; if not, rename or remove it",
        )
        in_folder = Text(
            f"是，就把列名改成“{like.label}”，或在 about.yaml 写 columns: {{{heading}: {like.label}}}；不是，就写 columns: {{{heading}: 不用}}",
            f"if it is, call it {like.name} or write 'columns: {{{heading}: {like.name}}}' in about.yaml; if not, 'columns: {{{heading}: unused}}'",
        )
        fix = in_folder if table in TABLES.values() else rename
        notes.problems.append(Problem(raw.file, what, fix, column=heading))  # the other columns can be looked at still


def _tell_closing(raw: RawTable, table: Table, at: int, notes: Notes) -> None:
    """Note the rows of a list of facilities that speak of closing in a column that is not used: a remark, mostly."""
    if table is FACILITIES and raw.headings[at] not in notes.answers:
        cells = _texts(raw, at)
        what = Text("没有使用的列里写着停用、撤并之类的话", "a column that is not used speaks of closing")
        fix = Text("停了的，把状态填成停用", "if it is closed, say so in its status")
        notes.add_rows(raw, cells.str.contains(CLOSED), raw.headings[at], what, fix, found=cells, warning=True)


def _texts(raw: RawTable, at: int) -> pd.Series:
    return raw.frame.iloc[:, at].astype(str).map(plain_text).astype("str")


def resembled(heading: str, cells: pd.Series, fields: Sequence[Field]) -> Field | None:
    """Return the field that a column may be meant for, by its heading and what stands in it; None where there is none.

    A word such as 停用 in a cell tells a status under whatever heading.
    """
    plain = plain_text(heading).lower()
    filled = cells[~_blank(cells)]
    if not len(filled):
        return None
    for one in fields:
        if {*FACILITY_STATUS} <= {*one.choices} and filled.isin(_NO_SERVICE).any():
            return one
        if one.resembles and re.search(one.resembles, plain) and (CLOSED.search(plain) or _fits(filled, one)):
            return one
    close = get_close_matches(
        plain, {plain_text(name).lower() for one in fields for name in one.names()}, n=1, cutoff=0.75
    )
    near = (one for one in fields if any(plain_text(name).lower() in close for name in one.names()))
    return next((one for one in near if _fits(filled, one)), None)


def _fits(cells: pd.Series, one: Field) -> bool:
    """Whether cells might be values of a field: most are, or they are a few short words that only it could explain."""
    words = cells.str.lower()
    if one.kind in ("integer", "number"):
        return bool(_number(cells).notna().mean() > _MOSTLY)
    if one.kind == "boolean":
        return bool(words.isin(_TRUE | _FALSE).mean() > _MOSTLY) or words.nunique() <= _FEW_FLAGS < len(cells)
    if one.kind == "choice":
        return bool(cells.str.len().max() <= _SHORT) and cells.nunique() <= _FEW
    return not one.digits or bool(cells.str.fullmatch(rf"[0-9]{{{one.digits}}}(\.0)?").mean() > _MOSTLY)


def note_parts(raw: RawTable, notes: Notes) -> None:
    """Record which sheet or layer was read and how its text and headings were; note those that were not."""
    what: What = "layer" if raw.geometry is not None else "sheet"
    if raw.part:
        notes.use(raw.file, what, raw.part, "used", Text("读取", "read"))
    for part in raw.unread:
        notes.use(raw.file, what, part, "unused", Text("只读一张表", "one is read"))
    if raw.unread:
        word = Text("图层" if what == "layer" else "工作表", f"{what}s")
        listed = "、".join(raw.unread)
        notes.add(raw.file, Text(f"没有读取的{word.zh}：{listed}；读的是“{raw.part}”", f"{word.en} that are not read: {listed}; read: {raw.part}"),
                  Text("确认要用的数据都在读取的那张里", "make sure that all the data are in the one that is read"), warning=True)  # fmt: skip
    if raw.crs:
        notes.use(raw.file, "datum", raw.crs, "used" if raw.is_old else "converted", Text("坐标系", "CRS"))
    if raw.is_old:
        notes.add(raw.file, Text(f"坐标系 {raw.crs} 没有公开的换算参数，没有换算：可能偏几十到一百多米", f"no public parameters for {raw.crs}: not converted, and perhaps tens of metres off, or over a hundred"),
                  Text("请测绘部门换算成 CGCS2000（EPSG:4490）", "have it converted to CGCS2000 (EPSG:4490)"), warning=True)  # fmt: skip
    if raw.is_joined:
        notes.use(raw.file, "rows", "表头", "converted", Text("两行合并成一行", "two rows of headings as one"))
    if raw.coding == "GBK":
        notes.use(raw.file, "file", raw.file, "converted", Text("文字按 GBK 读", "text read as GBK"))


def _squeezed(cells: pd.Series) -> pd.Series:
    return cells.astype(str).map(lambda cell: re.sub(r"\s", "", plain_text(cell))).astype(object)


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
    if "name" in places:
        total |= _squeezed(raw.frame.iloc[:, places["name"]]).str.contains("(?:合计|总计|小计)$")
    footer = ~total & alone & first.map(lambda cell: _FOOTER.match(cell) is not None).astype(bool)
    above = _of_level_above(key, table) & ~total
    _compare_totals(raw, key, above, total, places, notes)
    label, fix = table.field(table.key).label, Text("无需处理", "nothing to do")
    for rows, what in (
        (above, Text("代码是上一级的，是合计行，已略过", "the code of the level above: a total row, left out")),
        (total, Text("合计行，已略过", "a total row, left out")),
        (footer, Text("表尾的填表、审核、备注行，已略过", "a footer, left out")),
    ):
        notes.add_rows(raw, rows, label, what, fix, found=first, warning=True)
    left_out = (total | footer | above).to_numpy(bool)
    for rows, what in ((total | above, Text("合计行", "totals")), (footer, Text("表尾", "footers"))):
        if rows.any():
            numbers = "、".join(map(str, raw.rows[rows.to_numpy(bool)][:_SHOWN]))
            notes.use(raw.file, "rows", numbers, "unused", what)
    return raw.rows_where(~left_out) if left_out.any() else raw


def _code(key: pd.Series) -> pd.Series:
    return key.str.replace(_QUOTED, r"\1", regex=True).str.removesuffix(".0")


def _of_level_above(key: pd.Series, table: Table) -> pd.Series:
    """Whether a code is that of a town among villages, or of a county among towns: 510402100000, 510402000.

    In a list of people whose ids may be any text, only where codes that it holds are below it.
    """
    digits, code = table.field(table.key).digits, _code(key)
    if digits in _ABOVE:
        pattern = rf"[0-9]{{{digits - 3}}}000(000)?" if digits == _ABOVE[0] else "[0-9]{9}000"
        return code.str.fullmatch(pattern).astype(bool)
    if digits or "population" not in table.names() or table.geometry != "point":
        return pd.Series(False, index=key.index)
    whole = code[code.str.fullmatch("[0-9]{12}").astype(bool)]
    below = {one[:level] for one in whole for level in _LEVELS if one[level:].strip("0")}
    return code.str.fullmatch("[0-9]{6}|[0-9]{9}|[0-9]{12}").astype(bool) & code.map(_prefix).isin(below)


def _prefix(code: str) -> str:
    """Return what of a code all codes below it begin with: 510402100000 → 510402100, 510402000000 → 510402."""
    while len(code) > _LEVELS[0] and code.endswith("000"):
        code = code[:-3]
    return code


def _compare_totals(
    raw: RawTable, key: pd.Series, above: pd.Series, total: pd.Series, places: dict[str, int], notes: Notes
) -> None:
    """Note rows of a level above whose people are not the sum of those below."""
    if not above.any() or "population" not in places:
        return
    people, code = _number(_texts(raw, places["population"])), _code(key)
    own, prefix = ~(above | total), code[above].map(_prefix)
    below = pd.Series(0.0, index=prefix.index)
    for length in sorted({len(one) for one in prefix}):
        sums = people[own].groupby(code[own].str[:length]).sum()
        below = below.where(prefix.str.len() != length, prefix.map(sums).fillna(0.0))
    heading, fix = raw.headings[places["population"]], Text("核对哪个对、有没有缺行；评估用各行的数", "see which is right, and whether rows are missing; the rows are used")  # fmt: skip
    apart = [at for at in below.index if round(people[at] - below[at], _DIGITS) and not np.isnan(people[at])]
    for at in apart[:_SHOWN]:
        stated, added, off = (
            exact_text(round(one, _DIGITS)) for one in (people[at], below[at], abs(people[at] - below[at]))
        )
        what = Text(f"{code[at]} 的合计行写 {stated}，其下各行合计 {added}，相差 {off}",
                    f"the total of {code[at]} is {stated}, its rows add up to {added}, off by {off}")  # fmt: skip
        notes.add(raw.file, what, fix, row=raw.rows[at], column=heading, found=stated, warning=True)
    if len(apart) > _SHOWN:
        more = len(apart) - _SHOWN
        notes.add(raw.file, Text(f"另有 {more} 个合计行与其下各行不符", f"{more} more totals are not the sum of their rows"), fix, column=heading, warning=True)  # fmt: skip


def _parts_joined(raw: RawTable, places: dict[str, int], table: Table, notes: Notes) -> RawTable:
    """Return areas that stand in several rows, one for each piece, as one row with all of its pieces.

    Only where what the rows say does not differ; a cell that is blank says nothing.
    """
    if table.geometry != "polygon" or raw.geometry is None or table.key not in places:
        return raw
    code = _code(_squeezed(raw.frame.iloc[:, places[table.key]]))
    keep, frame, shapes, joined = np.ones(len(raw.frame), bool), raw.frame.copy(), raw.geometry.copy(), []
    for _, group in code[(code != "") & code.duplicated(keep=False)].groupby(code, sort=False):
        rows = group.index.to_numpy()
        lines = "、".join(map(str, raw.rows[rows]))
        said = {name: _said_of(frame.iloc[rows, at]) for name, at in places.items() if name not in _PROVENANCE}
        apart = next((name for name, cells in said.items() if name != table.key and len(cells) > 1), None)
        if apart is not None:
            label = table.field(apart).label
            what = Text(f"第 {lines} 行代码相同，“{label}”不同：{'、'.join(said[apart])}", f"rows {lines} have one code and differ in {apart}: {', '.join(said[apart])}")  # fmt: skip
            later = pd.Series(np.isin(np.arange(len(frame)), rows[1:]))
            notes.add_rows(raw, later, table.field(table.key).label, what,
                           Text("是同一个的几块，改成一样；不是，改正代码", "if they are pieces of one, make them alike; if not, correct the code"), found=code)  # fmt: skip
            continue
        for name, at in places.items():
            cells = _of_pieces(name, frame.iloc[rows, at])
            frame.iloc[rows[0], at] = cells if cells else frame.iloc[rows[0], at]
        shapes.iloc[rows[0]] = shapely.union_all(shapely.make_valid(shapes.iloc[rows].to_numpy()))
        keep[rows[1:]] = False
        joined.append(f"{code[rows[0]]}（第 {lines} 行）")
    if not joined:
        return raw
    how = Text(f"{len(joined)} 个{table.label}分成几行（几块），各合成一个：{'、'.join(joined[:_SHOWN])}",
               f"{len(joined)} of several rows (pieces) were joined: {', '.join(joined[:_SHOWN])}")  # fmt: skip
    notes.use(raw.file, "rows", "", "converted", how)
    notes.add(raw.file, how, Text("不对的，改正代码", "if that is wrong, correct the codes"), warning=True)
    return replace(raw, frame=frame, geometry=shapes).rows_where(keep)


def _of_pieces(name: str, cells: pd.Series) -> str:
    """Return what the pieces of one area say in a column, whatever their order: estimated if one is, all their sources."""
    found = _said_of(cells)
    if name == "estimated":
        found = [one for one in found if plain_text(one).lower() in _TRUE] or found
    return "；".join(sorted(found)) if name == "source" else found[0] if found else ""


def _said_of(cells: pd.Series) -> list[str]:
    texts = cells.astype(str).str.strip()
    return list(dict.fromkeys(texts[~_blank(texts)]))


def canonical(raw: RawTable, table: Table, notes: Notes) -> tuple[RawTable, pd.DataFrame]:
    """Return the rows kept (totals and blank rows left out) and their canonical columns, one a field of `table`.

    Absent columns come as blanks: "" for text and codes, NaN for numbers, None for booleans and choices.
    """
    places = _headings(raw, table, notes)
    raw = _without_totals(raw, places, table, notes)
    raw = _parts_joined(raw, places, table, notes)
    raw = _without_others(_either_by_name(raw, places, table, notes), places, table, notes)
    out = {}
    for one in table.fields:
        if one.name in places:
            cells = raw.frame.iloc[:, places[one.name]].astype(str).astype(object)
            if one.kind != "text":  # names keep their full-width brackets
                cells = cells.map(plain_text).astype(object)
            cells.name = raw.headings[places[one.name]]
        else:
            cells = pd.Series([""] * len(raw.frame), dtype=object)
        out[one.name] = _PARSE[one.kind](raw, cells.astype("str"), one, notes)
        if one.required and one.name in places:
            empty = out[one.name].isna() | (out[one.name].astype(str) == "")
            empty &= _blank(cells.astype("str"))
            notes.add_rows(raw, empty, one.label, Text("没有填", "is empty"), Text("补上", "fill it in"))
    frame = pd.DataFrame(out)
    duplicated = frame[table.key].duplicated(keep="first") & (frame[table.key] != "")
    duplicated &= ~pd.Series(np.isin(raw.rows, list(notes.bad_rows.get(raw.file, ()))) & (table.geometry == "polygon"))
    notes.add_rows(
        raw, duplicated, table.field(table.key).label, Text("编号重复", "this id stands twice"),
        Text("每行用不同的编号", "give each row its own id"), found=frame[table.key],
    )  # fmt: skip
    return raw, frame
