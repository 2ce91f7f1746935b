"""Two lists of points, anywhere in the world: demand (id, lon, lat, population) and facilities (id, lon, lat)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from geodata.columns import UNKNOWN, Notes, canonical, note_parts
from geodata.crs import in_wgs84
from geodata.files import SHEETS, VECTORS, RawTable, read
from geodata.names import near_kind
from planner.errors import DataError, OptionError, Problem, Text
from planner.schema import FACILITIES, FACILITY_KINDS, RESIDENTS, VILLAGES, Field, Table

_SHOWN = 20
_POINT = 0  # shapely's type id
_NAME = Field("name", "名称", "text")
_PEOPLE = re.compile("人口|人数|常住|pop|people|residents|inhabitants", re.IGNORECASE)
DEMAND = Table("demand", "需求点", ("demand",), "id", "point",
               (RESIDENTS.field("id"), RESIDENTS.field("lon"), RESIDENTS.field("lat"),
                replace(RESIDENTS.field("population"), required=False), _NAME))  # fmt: skip
STATUS_LIKE = FACILITIES.field("status").resembles.replace("|state|operat|active", "")
"""Without the words that mean something else in a list from anywhere: a state of a federation."""
_STATUS = replace(FACILITIES.field("status"), kind="text", resembles=STATUS_LIKE)
_KIND = replace(FACILITIES.field("kind"), kind="text", required=False)
PLACES = Table("facilities", "机构", ("facilities",), "id", "point",
               (FACILITIES.field("id"), FACILITIES.field("lon"), FACILITIES.field("lat"), _NAME, _STATUS, _KIND))  # fmt: skip
EVERY = ("全部", "all")
"""What chooses facilities of whatever status."""
_ELSE = {
    "id": (*RESIDENTS.field("id").names(), *FACILITIES.field("id").names(), *VILLAGES.field("code").names(),
           "需求点编号", "demand_id", "乡镇代码"),
    "name": ("机构名称", "医疗机构名称", "村名称", "村社区名称", "村（社区）名称", "居民点名称", "需求点名称", "乡镇名称"),
    "population": ("人数", "总人口数", "常住人口数"),
}  # fmt: skip
"""What else a column may be called in a file that has none under the table's own names: a list of villages, say."""


def read_points(path: Path, table: Table, told: Notes | None = None) -> pd.DataFrame:
    """Return the points of a file in WGS 84: id as text, lon, lat; name and population where the file tells them.

    Where a point has no population, none has: whoever is left out of a share of people would not be missed. `told`
    takes what is doubtful. DataError names every problem at once: missing columns, blanks, duplicate ids, swapped or
    impossible coordinates, a column of people that is not known as one.

    >>> read_points(Path("geodata/samples/panzhihua/facilities.csv"), PLACES)["id"].iloc[0]
    'H01'
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
    notes = Notes() if told is None else told
    raw = read(path, _called(table, _ELSE))
    table = _as_headed(raw, table)
    note_parts(raw, notes)
    raw = _with_ids(raw, table, notes)
    _check_people(raw, table, notes)
    raw, frame = canonical(raw, table, notes)
    frame = placed(raw, frame, table, notes)
    if not len(frame):
        notes.add(raw.file, Text("没有数据行", "no rows of data"), Text("填入数据", "fill it in"))
    if notes.errors:
        raise DataError(notes.errors)
    _note_twins(raw, frame, table, notes)
    absent = [name for name in ("name", "status", "kind") if name in frame and (frame[name] == "").all()]
    if "population" in frame and not _people_known(raw, frame, table, notes):
        absent.append("population")
    types = {"population": "int64"} if {"population"} <= {*frame} - {*absent} else {}
    return frame.drop(columns=absent).astype(types)


def _people_known(raw: RawTable, frame: pd.DataFrame, table: Table, notes: Notes) -> bool:
    """Whether every point has a population; note those that have none where others have, and that all have nobody."""
    lost = frame["population"].isna()
    if lost.any():
        if "population" in raw.columns_of(table)[0]:
            _note_blank_people(raw, frame.loc[lost, "id"].tolist(), len(frame), notes)
        return False
    if not frame["population"].sum():
        notes.add(raw.file, Text("人口合计是 0", "the population adds up to 0"), Text("核对人口", "check it"),
                  column=DEMAND.field("population").label, warning=True)  # fmt: skip
    return True


def _note_twins(raw: RawTable, frame: pd.DataFrame, table: Table, notes: Notes) -> None:
    """Note facilities of one name within a few hundred metres: one entered twice counts twice where capacity or number does."""
    if table.name != PLACES.name:
        return
    places = frame.assign(east=frame["lon"].round(2), north=frame["lat"].round(2))
    twice = places[(places["name"] != "") & places.duplicated(["name", "east", "north"], keep=False)]
    if len(twice):
        listed = "、".join(f"{name}（{id_}）" for name, id_ in zip(twice["name"][:_SHOWN], twice["id"], strict=False))
        what = Text(
            f"{len(twice)} 个机构与另一个同名、相距 1 公里左右以内：{listed}",
            f"{len(twice)} facilities have the name of another within about 1 km: {listed}",
        )
        notes.add(raw.file, what, Text("重复录入的删去一个", "remove one that is entered twice"), warning=True)


def _with_ids(raw: RawTable, table: Table, notes: Notes) -> RawTable:
    """Return the rows with an id each: where the file has no column of ids its names, or else the numbers of its rows."""
    places = raw.columns_of(table)[0]
    if "id" in places or not len(raw.frame):
        return raw
    names = raw.frame.iloc[:, places["name"]].astype(str).str.strip() if "name" in places else pd.Series(dtype=str)
    by_name = bool(len(names)) and names.is_unique and bool((names != "").all())
    ids = names.to_numpy(object) if by_name else raw.rows.astype(str).astype(object)
    how = Text(
        f"没有编号列：用{'名称' if by_name else '行号'}作编号",
        f"no column of ids: {'names' if by_name else 'row numbers'} stand for them",
    )
    notes.use(raw.file, "column", "id", "converted", how)
    notes.add(
        raw.file, how, Text("要用自己的编号，加上“编号”列", "add a column 'id' for ids of your own"), warning=True
    )
    return replace(raw, frame=raw.frame.assign(id=ids))


def in_service(frame: pd.DataFrame, file: str, notes: Notes, status: str = "", kinds: str = "") -> pd.DataFrame:
    """Return the facilities that serve: in use, as in an assessment, or of the `status` chosen; of the `kinds` chosen.

    Words are those of the file, or 在用, 停用, 规划 for all words that mean the same. A word that nobody knows is refused,
    unless it is chosen; a blank is in use. Who is left out is noted.
    """
    keep = pd.Series(True, index=frame.index)
    for name, chosen in (("status", _words(status)), ("kind", _words(kinds))):
        if name not in frame or (chosen and chosen[0] in EVERY):
            _check_chosen(name, frame, chosen, file)
            continue
        field, said = FACILITIES.field(name), frame[name].astype(str)
        plain = said.map(lambda word, field=field: _meaning(word, field.choices))
        if name == "status":
            keep &= _serving(plain, said, chosen, file, frame, notes)
        elif chosen:
            keep &= plain.isin({_meaning(word, field.choices) for word in chosen})
    out = frame[keep].drop(columns=["status", "kind"], errors="ignore").reset_index(drop=True)
    if not len(out):
        fix = Text("改 --status、--kind，或核对文件", "change --status or --kind, or check the file")
        raise DataError(Problem(file, Text("没有一个机构可用", "no facility is left"), fix))
    if not keep.all():
        ids = frame.loc[~keep, "id"].tolist()
        shown = "、".join(ids[:_SHOWN]) + ("……" if len(ids) > _SHOWN else "")
        what = Text(
            f"{len(ids)} 个机构没有使用（状态或类型）：{shown}",
            f"{len(ids)} facilities are left out by status or kind: {shown}",
        )
        notes.add(
            file, what, Text("要用的，用 --status、--kind 选择", "choose them with --status, --kind"), warning=True
        )
    return out


def _serving(
    plain: pd.Series, said: pd.Series, chosen: list[str], file: str, frame: pd.DataFrame, notes: Notes
) -> "pd.Series[bool]":
    choices = FACILITIES.field("status").choices
    if chosen:
        return plain.isin({_meaning(word, choices) for word in chosen})
    odd = sorted({word for word, meaning in zip(said, plain, strict=True) if meaning and meaning not in choices})
    if odd:
        listed = "、".join(odd[:_SHOWN])
        fix = Text(f"改成在用、停用、规划，或用 --status 写明用哪些，如 --status 在用,{odd[0]}；全部用写 --status 全部",
                   f"write open, closed or planned, or choose with --status, as --status open,{odd[0]}; --status all for all")  # fmt: skip
        raise DataError(
            Problem(
                file,
                Text("“状态”列有不认识的词", "words of status that are not known"),
                fix,
                column="状态",
                found=listed,
            )
        )
    blank = int((plain == "").sum())
    if 0 < blank < len(frame):
        notes.add(file, Text(f"{blank} 个机构没有填状态，按在用", f"{blank} facilities without a status count as open"),
                  Text("填上状态", "fill it in"), column="状态", warning=True)  # fmt: skip
    return plain.isin(["", "open"])


def _check_chosen(name: str, frame: pd.DataFrame, chosen: list[str], file: str) -> None:
    if chosen and chosen[0] not in EVERY and name not in frame:
        label = FACILITIES.field(name).label
        fix = Text(f"加上“{label}”列，或去掉 --{name}", f"add a column '{name}', or drop --{name}")
        raise OptionError(Problem(f"--{name}", Text(f"{file} 没有“{label}”列", f"{file} has no column '{name}'"), fix))


def _words(said: str) -> list[str]:
    return [word.strip() for word in said.replace("，", ",").replace("、", ",").split(",") if word.strip()]


def _meaning(word: str, choices: Mapping[str, tuple[str, ...]]) -> str:
    """Return the code that a word stands for, "" for a blank, the word itself where it stands for none."""
    plain = unicodedata.normalize("NFKC", word).strip().lower()
    known = (
        key
        for key, names in choices.items()
        if plain in {key, *(unicodedata.normalize("NFKC", one).lower() for one in names)}
    )
    near = near_kind(plain) if choices is FACILITY_KINDS else None
    return "" if plain in UNKNOWN else next(known, near or plain)


def _note_blank_people(raw: RawTable, ids: list[str], count: int, notes: Notes) -> None:
    """Note that some rows have no population, so that shares are of points."""
    shown = "、".join(ids[:_SHOWN]) + ("……" if len(ids) > _SHOWN else "")
    notes.add(
        raw.file,
        Text(f"{count} 个点中 {len(ids)} 个没有人口：{shown}；不知道有多少人，不说人口，只说点数",
             f"{len(ids)} of {count} points have no population: {shown}; shares are of points, not of people"),
        Text("补上人口，没有人住的填 0", "fill it in, 0 where nobody lives"), column=DEMAND.field("population").label, warning=True,
    )  # fmt: skip


def placed(raw: RawTable, frame: pd.DataFrame, table: Table, notes: Notes) -> pd.DataFrame:
    """Return the rows with lon and lat in WGS 84: of the shapes of a map file, or of the columns in the file's own datum.

    Rows without a place, or with an impossible one, are noted; so is what stands for the place of a shape that is no point.
    """
    if raw.geometry is None:
        _check_places(raw, frame, notes)
        lon, lat = in_wgs84(raw, table, frame, notes)
        return frame.assign(lon=lon, lat=lat)
    shapes = raw.geometry.to_numpy()
    none = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    notes.add_rows(raw, pd.Series(none), "geometry", Text("没有图形，不知道在哪里", "no geometry: its place is not known"),
                   Text("补上图形，或删去这一行", "add it, or remove the row"))  # fmt: skip
    drawn = ~none & (shapely.get_type_id(shapes) != _POINT)
    if drawn.any():
        notes.add(
            raw.file, Text(f"{int(drawn.sum())} 个图形不是点：取图形内的一点（面内代表点）作位置", f"{int(drawn.sum())} shapes are no points: a point within each stands for it"),
            Text("要用大门等位置的，请给点图层", "give points where the gate or another place matters"), warning=True,
        )  # fmt: skip
        notes.use(raw.file, "rows", "geometry", "converted", Text("图形内的一点", "a point within the shape"))
    at = shapely.point_on_surface(np.where(none, None, shapes))
    frame = frame.assign(lon=shapely.get_x(at), lat=shapely.get_y(at))
    _check_places(raw, frame, notes)
    return frame


def _check_places(raw: RawTable, frame: pd.DataFrame, notes: Notes) -> None:
    """Note coordinates that are swapped (once, where all of them are) or none."""
    lon, lat = frame["lon"], frame["lat"]
    found = lon.astype(str) + ", " + lat.astype(str)
    swapped = (lat.abs() > 90) & (lat.abs() <= 180) & (lon.abs() <= 90)
    impossible = ~swapped & ((lon.abs() > 180) | (lat.abs() > 90))
    what, fix = Text("经度和纬度写反了", "longitude and latitude are swapped"), Text("对调两列", "swap the two columns")
    if len(frame) > 1 and swapped.all():
        every = Text(f"{what.zh}（每一行）", f"{what.en} in every row")
        notes.add(raw.file, every, fix, column=("经度", "纬度"), found=str(found.iloc[0]))
        return
    notes.add_rows(raw, swapped, ("经度", "纬度"), what, fix, found=found)
    notes.add_rows(
        raw, impossible, ("经度", "纬度"), Text("不是经纬度", "not longitude and latitude"),
        Text("换算成经纬度（度）", "convert to degrees"), found=found,
    )  # fmt: skip
    notes.add_rows(
        raw, (lon == 0) & (lat == 0), ("经度", "纬度"), Text("0, 0 在几内亚湾里：多半是没有坐标", "0, 0 lies in the Gulf of Guinea: most likely there are no coordinates"),
        Text("补上坐标，或删去这一行", "fill them in, or remove the row"), found=frame["id"],
    )  # fmt: skip


def _called(table: Table, names: Mapping[str, tuple[str, ...]]) -> Table:
    """Return the table whose fields have these names as well."""
    fields = [replace(one, aliases=(*one.aliases, *names.get(one.name, ()))) for one in table.fields]
    return replace(table, fields=tuple(fields))


def _as_headed(raw: RawTable, table: Table) -> Table:
    """Return the table as this file heads it: a column under its own names, or else under the first of others there."""
    own = raw.columns_of(table)[0]
    for one in {*_ELSE} & {*table.names()} - {*own}:
        tables = [_called(table, {one: (name,)}) for name in _ELSE[one]]
        table = next((other for other in tables if one in raw.columns_of(other)[0]), table)
    return table


def _check_people(raw: RawTable, table: Table, notes: Notes) -> None:
    """Note a column that speaks of people and is not known, where the table wants one and finds none."""
    if "population" not in table.names() or "population" in raw.columns_of(table)[0]:
        return
    known = (*table.field("population").names(), *_ELSE["population"])
    for heading in raw.headings:
        if _PEOPLE.search(heading):
            notes.add(
                raw.file, Text("像是人口列，但不认识", "it looks like a column of people, but is not known as one"),
                Text(f"人口列可叫：{'、'.join(known)}（单位：人）；不作人口用的列请改名或删去",
                     f"call the population one of {', '.join(known)} (in persons), or rename or remove the column"),
                column=heading,
            )  # fmt: skip
