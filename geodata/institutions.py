"""The register of institutions as its file gives it → the frame of a region, with everything that cannot be so named by row."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.files import RawTable, find, read
from planner.errors import DataError, Text
from planner.hospitals import class_of
from planner.institutions import BEDS, INSTITUTIONS, OF_A_YEAR, SHARES, STAFF, label_of
from planner.region import Region, Source

_TOTALS = ("beds", "beds_open")
_NO_PARTS = (*_TOTALS, "beds_planned", "beds_surge")
_EARLIEST, _LATEST = 1949, 2100
_CORRECT = Text("改正", "correct it")


@dataclass(frozen=True, eq=False)
class RegisterPart:
    """The register as read: its cells, where they stood, and its file."""

    raw: RawTable
    frame: pd.DataFrame
    source: Source


def read_register(folder: Path, notes: Notes) -> RegisterPart | None:
    """Return the register of a folder, None where it has none or its file cannot be read; its cells are checked row by row."""
    try:
        path = find(folder, INSTITUTIONS)
        raw = read(path, INSTITUTIONS) if path else None
    except DataError as error:
        notes.problems.extend(error.problems)
        return None
    if path is None or raw is None:
        return None
    note_parts(raw, notes)
    if not len(raw.frame):
        what = Text("只有表头，没有数据，按没有这个文件处理", "it has headings and no rows: treated as absent")
        notes.add(raw.file, what, Text("填入数据；用不到的文件可以删去", "fill it in, or remove it"), warning=True)
        return None
    raw, frame = canonical(raw, INSTITUTIONS, notes)
    part = RegisterPart(raw, frame, Source(path.name, sha256(path.read_bytes()).hexdigest(), len(frame)))
    for check in (_note_parts_of_beds, _note_staff, _note_shares, _note_years, _note_grades):
        check(part, notes)
    return part


def _note(part: RegisterPart, notes: Notes, bad: pd.Series, label: str, what: Text, fix: Text = _CORRECT) -> None:
    """Note one problem of each row where `bad` holds, found at the institution's name."""
    notes.add_rows(part.raw, bad, label, what, fix, found=part.frame["name"])


def _note_parts_of_beds(part: RegisterPart, notes: Notes) -> None:
    """Note beds of one kind that are more than all beds of their institution."""
    total = part.frame[list(_TOTALS)].max(axis=1)
    for name in (one for one in BEDS if one not in _NO_PARTS):
        label = label_of(name)
        what = Text(f"{label}多于总床位", f"{name} is more than all beds")
        _note(part, notes, part.frame[name] > total, label, what)


def _note_staff(part: RegisterPart, notes: Notes) -> None:
    """Note totals of staff of which no kind is told, and kinds that are more than the total together."""
    kinds = part.frame[[one for one in STAFF if one != "staff"]]
    total, label = part.frame["staff"], label_of("staff")
    what = Text("只有人员总数，没有一类人员", "a total of staff, and of no kind how many")
    fix = Text("至少填医师、护士等一类，或删去总数", "tell one kind at least, or remove the total")
    _note(part, notes, (total > 0) & kinds.isna().all(axis=1), label, what, fix)
    main = kinds[["doctors", "nurses", "pharmacists"]].sum(axis=1)
    _note(part, notes, main > total, label, Text("医师、护士、药师合计多于人员总数", "doctors, nurses and pharmacists are more than all staff"))  # fmt: skip


def _note_shares(part: RegisterPart, notes: Notes) -> None:
    """Note shares above 1 and numbers below 0."""
    for name in SHARES:
        fix = Text("写 0 到 1 的数，如 83% 写 0.83", "write a number from 0 to 1, as 0.83")
        _note(part, notes, part.frame[name] > 1, label_of(name), Text("大于 1", "above 1"), fix)
    for name in (one.name for one in INSTITUTIONS.fields if one.kind == "number"):
        _note(part, notes, part.frame[name] < 0, label_of(name), Text("小于 0", "below zero"))


def _note_years(part: RegisterPart, notes: Notes) -> None:
    """Note rows that hold numbers and do not tell of which year."""
    year, label = part.frame["year"], INSTITUTIONS.field("year").label
    told = part.frame[list(OF_A_YEAR)].notna().any(axis=1)
    fix = Text("填这些数字是哪一年的，如 2023", "write of which year they are, as 2023")
    _note(
        part,
        notes,
        told & year.isna(),
        label,
        Text("有床位、人员或使用情况，没有写年份", "numbers without their year"),
        fix,
    )
    _note(part, notes, (year < _EARLIEST) | (year > _LATEST), label, Text("不是年份", "not a year"))


def _note_grades(part: RegisterPart, notes: Notes) -> None:
    """Note institutions of one name with two grades."""
    grades = part.frame[part.frame["grade"] != ""].groupby("name")["grade"].nunique()
    twice = part.frame["name"].isin(grades.index[grades > 1])
    _note(
        part,
        notes,
        twice,
        INSTITUTIONS.field("grade").label,
        Text("同一机构有两个等级", "two grades for one institution"),
    )


def register_in(region: Region, part: RegisterPart, notes: Notes) -> pd.DataFrame:
    """Return the register with the county of each institution, and the beds that the list of facilities tells.

    Notes those in no county, and what contradicts that list.
    """
    frame, known = part.frame, region.facilities.set_index("id")
    town = frame["town_code"].where(frame["town_code"] != "", frame["village_code"].str[:9])
    by_town = town.map(region.towns.set_index("code")["county_code"]).fillna("")
    by_list = frame["id"].map(known["county_code"]).fillna("")
    county = frame["county_code"].where(frame["county_code"] != "", by_town.where(by_town != "", by_list))
    label = INSTITUTIONS.field("county_code").label
    fix = Text("填县区代码或乡镇代码", "fill in the code of its county or town")
    _note(part, notes, county == "", label, Text("不在任何县（区）", "in no county"), fix)
    lost = (county != "") & ~county.isin(region.counties["code"])
    _note(part, notes, lost, label, Text("没有这个县（区）", "there is no such county"))
    _note_contradictions(part, known, notes)
    held = frame["id"].map(known["beds"]).astype(float)
    return frame.assign(county_code=county, town_code=town, beds=held.fillna(frame["beds"]))


def _note_contradictions(part: RegisterPart, known: pd.DataFrame, notes: Notes) -> None:
    """Note institutions that the list of facilities tells to be of another kind or grade, or, as a warning, with other beds."""
    frame = part.frame
    kind, beds = frame["id"].map(known["kind"]), frame["id"].map(known["beds"]).astype(float)
    other = kind.notna() & frame["kind"].notna() & (kind != frame["kind"])
    fix = Text("两个表写成一样", "make the two tables alike")
    _note(part, notes, other, INSTITUTIONS.field("kind").label, Text("与“机构”表的类型不同", "another kind than in the list of facilities"), fix)  # fmt: skip
    said = frame["id"].map(known["grade"]).fillna("").map(class_of)
    mine = frame["grade"].map(class_of)
    two = (frame["grade"] != "") & said.gt(0) & mine.notna() & (said != mine)
    _note(part, notes, two, INSTITUTIONS.field("grade").label, Text("同一机构有两个等级（与“机构”表不同）", "two grades for one institution: the list of facilities has another"), fix)  # fmt: skip
    apart = beds.notna() & frame["beds"].notna() & (beds != frame["beds"])
    notes.add_rows(part.raw, apart, label_of("beds"), Text("与“机构”表的编制床位不同，用“机构”表的", "other beds than in the list of facilities, which is used"),
                   fix, found=frame["name"], warning=True)  # fmt: skip
