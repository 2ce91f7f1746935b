"""The files of a siting question: demand, facilities, a table of costs, quotas, lists of ids; every problem told by row."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.csv_text import csv_cells, separator_of
from geodata.files import SHEETS, VECTORS, RawTable, read
from geodata.points import STATUS_LIKE, in_service
from geodata.points import placed as with_places
from planner.errors import DataError, OptionError, Problem, Text
from planner.schema import FACILITIES, FACILITY_STATUS, RESIDENTS, Field, Table
from planner.siting.question import STATUSES, Quota

_STATUS_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict(zip(STATUSES, (("候选",), ("固定", "已定"), ("背景", "现有"), ("必选",), ("禁选",)), strict=True))
    | dict(FACILITY_STATUS)
)
"""What a site is to the question, or, in a list of facilities, whether it is in use."""
_LON, _LAT = (replace(RESIDENTS.field(name), required=False) for name in ("lon", "lat"))  # needed without --costs
DEMAND = Table("demand", "需求点", ("demand",), "id", "point",
               (RESIDENTS.field("id"), Field("name", "名称", "text", aliases=("需求点名称", "居民点名称", "村名称", "村（社区）名称")),
                Field("weight", "权重", "number", aliases=("需求", "demand")),
                Field("population", "常住人口", "number", aliases=RESIDENTS.field("population").aliases), _LON, _LAT))  # fmt: skip
SITES = Table("facilities", "候选点", ("facilities",), "id", "point",
              (FACILITIES.field("id"), replace(FACILITIES.field("name"), required=False), Field("cost", "费用", "number", aliases=("造价", "建设费用", "fixed_cost")),
               Field("min_load", "下限", "number", aliases=("最小负荷", "服务下限")),
               Field("max_load", "上限", "number", aliases=("最大负荷", "服务上限", "capacity", "容量")),
               Field("status", "状态", "choice", choices=_STATUS_NAMES, resembles=STATUS_LIKE),
               replace(FACILITIES.field("kind"), kind="text", required=False),
               Field("group", "分组", "text", aliases=("县区", "county", "县（区）")), _LON, _LAT))  # fmt: skip
COSTS = Table("costs", "费用表", ("costs",), "demand_id", None,
              (Field("demand_id", "需求点编号", "code", required=True, aliases=("需求点", "from", "origin_id")),
               Field("facility_id", "机构编号", "code", required=True, aliases=("候选点编号", "候选点", "to", "destination_id")),
               Field("cost", "费用", "number", required=True, aliases=("距离", "时间", "距离（公里）", "时间（分钟）", "distance", "time", "distance_km", "time_min", "total_cost"))))  # fmt: skip
QUOTAS = Table("quotas", "配额", ("quotas",), "group", None,
               (Field("group", "分组", "text", required=True, aliases=("县区", "county", "县（区）")),
                Field("at_least", "下限", "integer", aliases=("min", "至少", "最少")),
                Field("at_most", "上限", "integer", aliases=("max", "至多", "最多"))))  # fmt: skip
_FIX = Text("改正", "correct it")


@dataclass(frozen=True, eq=False)
class Pairs:
    """A long table of costs, and where each row stands in its file."""

    frame: pd.DataFrame
    raw: RawTable


def read_demand(path: Path, *, placed: bool, told: Notes | None = None) -> pd.DataFrame:
    """Return id, weight (and name, population where the file has them; lon, lat where `placed`).

    A file may call the weight population.
    """
    raw, frame, notes = _canonical(path, DEMAND, placed=placed)
    names = raw.columns_of(DEMAND)[0]
    named = next((one for one in ("weight", "population") if one in names), None)
    if named is None:
        notes.add(raw.file, Text("缺少这一列", "this column is missing"),
                  Text("加上 weight（权重）或 population（人口）列", "add a column weight (or population)"), column="weight")  # fmt: skip
    else:
        label, values = DEMAND.field(named).label, frame[named]
        notes.add_rows(raw, values.isna() & _empty(raw, names[named]), label, Text("没有填", "is empty"),
                       Text("补上", "fill it in"))  # fmt: skip
        notes.add_rows(raw, values < 0, label, Text("小于 0", "below zero"), _FIX, found=values.astype(str))
        frame = frame.assign(weight=values)
    _refuse(notes)
    if told is not None:
        told.problems += notes.warnings
    more = [one for one in ("name", "population") if one in names and one in ("name", named)]
    return frame[["id", "weight", *more, *(("lon", "lat") if placed else ())]]


def read_sites(
    path: Path, *, placed: bool, status: str = "", kinds: str = "", told: Notes | None = None
) -> pd.DataFrame:
    """Return id, name, cost, min_load, max_load, status, group (those that the file has; lon, lat where `placed`).

    Facilities that are 停用 or 规划 are left out, as in an assessment, unless `status` chooses them; `kinds` chooses kinds.
    """
    raw, frame, notes = _canonical(path, SITES, placed=placed)
    for name in ("cost", "min_load", "max_load"):
        values = frame[name]
        notes.add_rows(
            raw, values < 0, SITES.field(name).label, Text("小于 0", "below zero"), _FIX, found=values.astype(str)
        )
    crossed = frame["min_load"] > frame["max_load"]
    found = frame["min_load"].astype(str) + " > " + frame["max_load"].astype(str)
    notes.add_rows(
        raw, crossed, "min_load", Text("下限大于上限", "the lower load is above the upper"), _FIX, found=found
    )
    _refuse(notes)
    there = set(raw.columns_of(SITES)[0])
    kept = [one for one in ("name", "cost", "min_load", "max_load", "status", "group") if one in there]
    told = Notes() if told is None else told
    told.problems += notes.warnings
    word = frame["status"].where(frame["status"].isin([*FACILITY_STATUS]), "").fillna("")
    serving = in_service(frame.assign(status=word.where(word != "", "open")), raw.file, told, status, kinds)["id"]
    frame = frame[frame["id"].isin(serving)].reset_index(drop=True)
    frame = frame.assign(status=frame["status"].where(frame["status"].isin(STATUSES), "candidate"))
    return frame[["id", *kept, *(("lon", "lat") if placed or {"lon", "lat"} <= there else ())]]


def _canonical(path: Path, table: Table, *, placed: bool) -> tuple[RawTable, pd.DataFrame, Notes]:
    """Return the rows of a file as canonical columns; places are checked where they are needed."""
    _check_path(path, (*SHEETS, *VECTORS))
    notes = Notes()
    raw = read(path, table)
    note_parts(raw, notes)
    raw, frame = canonical(raw, table, notes)
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    if placed and raw.geometry is None:
        _check_filled(raw, frame, table, notes)
    if placed or raw.geometry is not None:
        frame = with_places(raw, frame, table, notes)
    return raw, frame, notes


def _check_filled(raw: RawTable, frame: pd.DataFrame, table: Table, notes: Notes) -> None:
    names = raw.columns_of(table)[0]
    for one in ("lon", "lat"):
        label = table.field(one).label
        if one not in names:
            fix = Text(f"加上“{label}”列，或用 --costs 给出费用表", f"add a column '{one}', or give --costs")
            notes.add(raw.file, Text("缺少这一列", "this column is missing"), fix, column=label)
        else:
            empty = frame[one].isna() & _empty(raw, names[one])
            notes.add_rows(raw, empty, label, Text("没有填", "is empty"), Text("补上", "fill it in"))


def _empty(raw: RawTable, column: int) -> pd.Series:
    """Whether each cell says nothing: those that say something wrong are told as not a number."""
    cells = raw.frame.iloc[:, column].astype(str).str.strip().str.lower()
    return cells.isin({"", "-", "—", "--", "/", "不详", "未知", "nan", "none", "null"})


def _check_path(path: Path, known: Sequence[str]) -> None:
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    if path.suffix.lower() not in known:
        fix = Text(f"可用：{'、'.join(known)}", f"use {', '.join(known)}")
        raise DataError(Problem(path.name, Text("不认识的文件类型", "unknown kind of file"), fix))


def _refuse(notes: Notes) -> None:
    if notes.errors:
        raise DataError(notes.errors)


def read_costs(path: Path) -> Pairs:
    """Return the pairs of a long table, ids as text, costs as they stand: every one a number not below 0."""
    _check_path(path, (*SHEETS, ".parquet"))
    raw = _raw_costs(path)
    notes = Notes()
    names, twice = raw.columns_of(COSTS)
    for at in twice:
        notes.add(raw.file, Text("同一内容有两列", "two columns for one thing"), Text("删去一列", "remove one"),
                  column=str(raw.frame.columns[at]))  # fmt: skip
    for field in COSTS.fields:
        if field.name not in names:
            notes.add(raw.file, Text("缺少这一列", "this column is missing"),
                      Text(f"加上 {field.name} 列", f"add a column '{field.name}'"), column=field.name)  # fmt: skip
    _refuse(notes)
    cells = {name: raw.frame.iloc[:, at] for name, at in names.items()}
    cost = pd.to_numeric(cells["cost"], errors="coerce").astype(float)
    frame = pd.DataFrame(
        {"demand_id": _ids(cells["demand_id"]), "facility_id": _ids(cells["facility_id"]), "cost": cost}
    )
    for name in ("demand_id", "facility_id"):
        notes.add_rows(raw, frame[name] == "", name, Text("没有填", "is empty"), Text("补上", "fill it in"))
    bad = ~((cost >= 0) & (cost < np.inf))
    notes.add_rows(raw, bad, "cost", Text("费用须是不小于 0 的数", "a cost must be a number not below 0"),
                   Text("改正；到不了的不要列出这一行", "correct it; leave out a pair that has no way"),
                   found=cells["cost"].astype(str))  # fmt: skip
    order = frame.sort_values(["demand_id", "facility_id", "cost"], kind="stable")
    again = order.duplicated(["demand_id", "facility_id"]) & ~order.duplicated()
    notes.add_rows(raw, again.reindex(frame.index), "cost", Text("同一对有两个不同的费用", "a pair has two different costs"),
                   Text("只留一行", "keep one row"), found=frame["demand_id"] + "、" + frame["facility_id"])  # fmt: skip
    _refuse(notes)
    return Pairs(frame, raw)


def _raw_costs(path: Path) -> RawTable:
    """Return the cells of a table of costs; CSV and parquet are read fast, for they may have millions of rows."""
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return read(path, COSTS)
    try:
        frame = _parquet(path) if suffix == ".parquet" else _csv(path)
    except (ValueError, OSError) as error:
        fix = Text("用原软件重新导出", "export it again")
        raise DataError(
            Problem(path.name, Text("不能读取", "it cannot be read"), fix, found=str(error)[:80])
        ) from error
    rows = np.arange(len(frame), dtype=np.int64) + (2 if suffix == ".csv" else 1)
    if not len(frame):
        raise DataError(Problem(path.name, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in")))
    if suffix == ".csv":
        filled = (frame != "").any(axis=1).to_numpy()
        frame, rows = frame[filled].reset_index(drop=True), rows[filled]
    return RawTable(path.name, frame, rows)


def _csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as stream:
        first = stream.readline()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            mark = separator_of(first.decode(encoding))
            return pd.read_csv(
                path, sep=mark, dtype=str, encoding=encoding, keep_default_na=False, skip_blank_lines=False
            )
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB 18030")


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError as error:
        fix = Text('运行 pip install "fugai[parquet]"，或改用 .csv', 'pip install "fugai[parquet]", or use .csv')
        raise OptionError(Problem(path.name, Text("读 parquet 需要 pyarrow", "parquet needs pyarrow"), fix)) from error


def _ids(cells: pd.Series) -> pd.Series:
    """Return ids as the other tables read them: plain text, 12.0 as 12; told once for each different cell."""
    codes, values = pd.factorize(cells.astype(object), use_na_sentinel=False)
    plain = [_id(one) for one in values]
    return pd.Series(np.array(plain, object)[codes] if plain else np.zeros(0, object), index=cells.index)


def _id(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    return unicodedata.normalize("NFKC", str(cell)).strip().lstrip("'").removesuffix(".0")


def positions(pairs: Pairs, name: str, ids: npt.NDArray[np.object_], other: str) -> npt.NDArray[np.int64]:
    """Return the place of each pair's id among `ids`; DataError for ids that the file `other` does not hold."""
    place = pd.Series(np.arange(len(ids)), index=pd.Index(ids, dtype=object))
    codes, values = pd.factorize(pairs.frame[name])
    known = place.reindex(pd.Index(values, dtype=object)).to_numpy(float)
    if np.isnan(known).any():
        notes = Notes()
        bad = pd.Series(np.isnan(known)[codes], index=pairs.frame.index)
        notes.add_rows(pairs.raw, bad, name, Text(f"{other} 里没有这个 id", f"{other} has no such id"),
                       Text("两个文件的 id 要一致", "the ids of the two files must match"), found=pairs.frame[name])  # fmt: skip
        raise DataError(notes.errors)
    return np.asarray(known[codes], np.int64)


def read_quotas(path: Path, told: Notes | None = None) -> tuple[Quota, ...]:
    """Return the quotas of a file: group, at_least, at_most (either may be blank), by group; `told` takes what is doubtful."""
    _check_path(path, SHEETS)
    notes = Notes() if told is None else told
    raw = read(path, QUOTAS)
    note_parts(raw, notes)
    raw, frame = canonical(raw, QUOTAS, notes)
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    crossed = frame["at_least"] > frame["at_most"]
    notes.add_rows(raw, crossed, "下限", Text("下限大于上限", "the lower limit is above the upper"), _FIX)
    _refuse(notes)
    frame = frame.sort_values("group", kind="stable")
    least, most = (frame[name].to_numpy(float) for name in ("at_least", "at_most"))
    return tuple(
        Quota(str(group), 0 if np.isnan(low) else int(low), None if np.isnan(high) else int(high))
        for group, low, high in zip(frame["group"], least, most, strict=True)
    )


def read_ids(option: str, said: str) -> tuple[str, ...]:
    """Return the ids of an option: separated by commas, or one a line in @FILE (its first column; a heading id is no id)."""
    if not said.startswith("@"):
        words = said.replace("，", ",").replace("、", ",").split(",")
    else:
        path = Path(said[1:])
        if not path.is_file():
            fix = Text("检查 @ 后面的路径", "check the path behind the @")
            raise OptionError(Problem(option, Text("没有这个文件", "there is no such file"), fix, found=said[1:]))
        words = [row[0] for _, row in csv_cells(path) if row]
        words = words[1:] if words and words[0].strip().lower() in FACILITIES.field("id").names() else words
    return tuple(sorted({_id(one) for one in words if one.strip()}))
