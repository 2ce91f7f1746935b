"""Two lists of points, anywhere in the world: demand (id, lon, lat, population) and facilities (id, lon, lat)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geodata.columns import Notes, canonical
from geodata.files import SHEETS, VECTORS, RawTable, columns_of, read
from planner.errors import DataError, Problem, Text
from planner.schema import FACILITIES, RESIDENTS, VILLAGES, Field, Table

_NAME = Field("name", "名称", "text")
DEMAND = Table("demand", "需求点", ("demand",), "id", "point",
               (RESIDENTS.field("id"), RESIDENTS.field("lon"), RESIDENTS.field("lat"),
                replace(RESIDENTS.field("population"), required=False), _NAME))  # fmt: skip
PLACES = Table("facilities", "机构", ("facilities",), "id", "point",
               (FACILITIES.field("id"), FACILITIES.field("lon"), FACILITIES.field("lat"), _NAME))  # fmt: skip
_ELSE = {
    "id": (*RESIDENTS.field("id").names(), *FACILITIES.field("id").names(), *VILLAGES.field("code").names(),
           "需求点编号", "demand_id", "乡镇代码"),
    "name": ("机构名称", "医疗机构名称", "村名称", "村社区名称", "村（社区）名称", "居民点名称", "需求点名称", "乡镇名称"),
    "population": ("人数", "总人口数", "常住人口数"),
}  # fmt: skip
"""What else a column may be called in a file that has none under the table's own names: a list of villages, say."""


def read_points(path: Path, table: Table) -> pd.DataFrame:
    """Return the points of a file: id as text, lon, lat; name and population where the file tells them.

    DataError names every problem at once: missing columns, blanks, duplicate ids, swapped or impossible coordinates,
    a column of people that is not known as one.
    """
    if not path.is_file():
        raise DataError(
            Problem(str(path), Text("没有这个文件", "there is no such file"), Text("检查路径", "check the path"))
        )
    if path.suffix.lower() not in (*SHEETS, *VECTORS):
        listed = "、".join((*SHEETS, *VECTORS))
        raise DataError(
            Problem(
                path.name, Text("不认识的文件类型", "unknown kind of file"), Text(f"可用：{listed}", f"use {listed}")
            )
        )
    notes = Notes()
    raw = read(path, _called(table, _ELSE))
    table = _as_headed(raw, table)
    _check_people(raw, table, notes)
    raw, frame = canonical(raw, table, notes)
    if raw.geometry is not None and len(raw.geometry):
        centre = raw.geometry.representative_point()
        frame = frame.assign(lon=centre.x.to_numpy(), lat=centre.y.to_numpy())
    _check_places(raw, frame, notes)
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    if notes.errors:
        raise DataError(notes.errors)
    if "population" in frame:
        frame["population"] = frame["population"].fillna(0 if frame["population"].notna().any() else -1).astype("int64")
    absent = [
        name for name, none in (("population", -1), ("name", "")) if name in frame and (frame[name] == none).all()
    ]
    return frame.drop(columns=absent)


def _check_places(raw: RawTable, frame: pd.DataFrame, notes: Notes) -> None:
    """Note coordinates that are swapped (once, where all of them are) or none."""
    lon, lat = frame["lon"], frame["lat"]
    found = lon.astype(str) + ", " + lat.astype(str)
    swapped = (lat.abs() > 90) & (lat.abs() <= 180) & (lon.abs() <= 90)
    impossible = ~swapped & ((lon.abs() > 180) | (lat.abs() > 90))
    what, fix = Text("经度和纬度写反了", "longitude and latitude are swapped"), Text("对调两列", "swap the two columns")
    if len(frame) > 1 and swapped.all():
        every = Text(f"{what.zh}（每一行）", f"{what.en} in every row")
        notes.add(raw.file, every, fix, column="经度、纬度", found=str(found.iloc[0]))
        return
    notes.add_rows(raw, swapped, "经度、纬度", what, fix, found=found)
    notes.add_rows(
        raw, impossible, "经度、纬度", Text("不是经纬度", "not longitude and latitude"),
        Text("换算成经纬度（度）", "convert to degrees"), found=found,
    )  # fmt: skip


def _called(table: Table, names: Mapping[str, tuple[str, ...]]) -> Table:
    """Return the table whose fields have these names as well."""
    fields = [replace(one, aliases=(*one.aliases, *names.get(one.name, ()))) for one in table.fields]
    return replace(table, fields=tuple(fields))


def _as_headed(raw: RawTable, table: Table) -> Table:
    """Return the table as this file heads it: a column under its own names, or else under the first of others there."""
    headings = [str(one) for one in raw.frame.columns]
    own = columns_of(headings, table)[0]
    for one in {*_ELSE} & {*table.names()} - {*own}:
        tables = [_called(table, {one: (name,)}) for name in _ELSE[one]]
        table = next((other for other in tables if one in columns_of(headings, other)[0]), table)
    return table


def _check_people(raw: RawTable, table: Table, notes: Notes) -> None:
    """Note a column that speaks of people and is not known, where the table wants one and finds none."""
    headings = [str(one) for one in raw.frame.columns]
    if "population" not in table.names() or "population" in columns_of(headings, table)[0]:
        return
    known = (*table.field("population").names(), *_ELSE["population"])
    for heading in headings:
        if "人口" in heading or "人数" in heading:
            notes.add(
                raw.file, Text("像是人口列，但不认识", "it looks like a column of people, but is not known as one"),
                Text(f"人口列可叫：{'、'.join(known)}（单位：人）；不作人口用的列请改名或删去",
                     f"call the population one of {', '.join(known)} (in persons), or rename or remove the column"),
                column=heading,
            )  # fmt: skip
