"""Two lists of points, anywhere in the world: demand (id, lon, lat, population) and facilities (id, lon, lat)."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from geodata.columns import Notes, canonical
from geodata.files import SHEETS, VECTORS, read
from planner.errors import DataError, Problem, Text
from planner.schema import FACILITIES, RESIDENTS, Table

DEMAND = Table("demand", "需求点", ("demand",), "id", "point",
               (RESIDENTS.field("id"), RESIDENTS.field("lon"), RESIDENTS.field("lat"),
                replace(RESIDENTS.field("population"), required=False)))  # fmt: skip
PLACES = Table("facilities", "机构", ("facilities",), "id", "point",
               (FACILITIES.field("id"), FACILITIES.field("lon"), FACILITIES.field("lat")))  # fmt: skip


def read_points(path: Path, table: Table) -> pd.DataFrame:
    """Return the points of a file (id as text, lon, lat, population where `table` has it, 1 where there is none).

    DataError names every problem at once: missing columns, blanks, duplicate ids, swapped or impossible coordinates.
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
    raw = read(path, table)
    raw, frame = canonical(raw, table, notes)
    if raw.geometry is not None and len(raw.geometry):
        centre = raw.geometry.representative_point()
        frame = frame.assign(lon=centre.x.to_numpy(), lat=centre.y.to_numpy())
    lon, lat = frame["lon"], frame["lat"]
    found = lon.astype(str) + ", " + lat.astype(str)
    swapped = (lat.abs() > 90) & (lat.abs() <= 180) & (lon.abs() <= 90)
    notes.add_rows(
        raw, swapped, "经度、纬度", Text("经度和纬度写反了", "longitude and latitude are swapped"),
        Text("对调两列", "swap the two columns"), found=found,
    )  # fmt: skip
    impossible = ~swapped & ((lon.abs() > 180) | (lat.abs() > 90))
    notes.add_rows(
        raw, impossible, "经度、纬度", Text("不是经纬度", "not longitude and latitude"),
        Text("换算成经纬度（度）", "convert to degrees"), found=found,
    )  # fmt: skip
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    if notes.errors:
        raise DataError(notes.errors)
    if "population" in frame:
        blank = bool(frame["population"].isna().all())
        frame["population"] = frame["population"].fillna(1 if blank else 0).astype("int64")
    return frame
