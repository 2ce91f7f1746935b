"""Measures of institutions: whether each has what a clause asks, how many there are, and their beds and staff to the people.

Each reads the register of institutions alone (`planner.institutions`). What the register does not tell is no data: a number
is only held against a clause where it is whole, or where what is known of it is enough already.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NewType

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.institutions import FLAGS, INSTITUTION_KINDS, institutions, label_of, unit_of
from planner.measured import met_of
from planner.region import Region
from planner.text import count_text, exact_text
from planner.travel import Travel

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Portion = NewType("Portion", float)
"""A part of a whole, above 0 and at most 1, of which a clause says how large it must be."""
Per = Literal["city", "county", "town", "street", "village", "community"]
"""The units whose amount is asked: the city, its 县（区）, 乡镇, 街道, 行政村, or 村（社区）."""
_HOSPITAL = "hospital"


@dataclass(frozen=True, kw_only=True)
class Who:
    """The institutions that a clause speaks of: those that serve, and all of this holds for.

    kinds        one of these kinds
    specialties  hospitals of one of these; other kinds have none
    owners       run by one of these
    offices      of one of these levels (市级、县级)
    class_from   of this class (一、二、三级) and above; `class_to`: and below
    names        whose name holds one of these words
    counties     in one of the counties of these names; `outside`: in none of them
    areas        in a town of one of these kinds
    having       with all of these (planner.institutions.FLAGS)
    planned      also those that are planned
    """

    kinds: tuple[str, ...]
    specialties: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    class_from: int | None = None
    class_to: int | None = None
    names: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    areas: tuple[Literal["subdistrict", "town", "township"], ...] = ()
    having: tuple[str, ...] = ()
    planned: Literal["", "planned"] = ""


@dataclass(frozen=True, eq=False)
class Group:
    """Institutions that are meant, or may be: those of which it is not told whether they are, are not `sure`.

    whole    whether there are none but those listed: each is called by name, or the lists of their kinds are declared complete
    """

    rows: pd.DataFrame
    sure: Bools
    whole: bool


def group_of(region: Region, who: Who) -> Group:
    """Return the institutions that `who` speaks of, sorted by id."""
    frame = institutions(region)
    in_it, sure = np.ones(len(frame), np.bool_), np.ones(len(frame), np.bool_)
    for holds, told in _conditions(region, frame, who):
        in_it &= holds | ~told
        sure &= told
    if who.names:
        in_it &= np.array([any(word in name for word in who.names) for name in frame["name"]], np.bool_)
    rows = frame[in_it]
    each = who.names and all(any(word in name for name in rows["name"]) for word in who.names)
    return Group(rows, sure[in_it], bool(each) or set(who.kinds) <= set(region.about.complete_registers))


def _conditions(region: Region, frame: pd.DataFrame, who: Who) -> list[tuple[Bools, Bools]]:
    """Return, by condition of `who` and by row, whether it holds, and whether that is told."""
    states = ("open", "planned") if who.planned else ("open",)
    every = np.ones(len(frame), np.bool_)
    out = [(_among(frame["kind"], who.kinds), every), (_among(frame["status"], states), every)]
    for column, wanted in (("owner", who.owners), ("level", who.offices)):
        if wanted:
            out.append((_among(frame[column], wanted), frame[column].notna().to_numpy(bool)))
    if who.specialties:
        other = (frame["kind"] != _HOSPITAL).to_numpy(bool)
        told = other | frame["specialty"].notna().to_numpy(bool)
        out.append((other | _among(frame["specialty"], who.specialties), told))
    if who.class_from is not None or who.class_to is not None:
        grade = frame["class"].to_numpy(float)
        fits = (grade >= (who.class_from or 0)) & (grade <= (who.class_to or np.inf))
        out.append((fits, ~np.isnan(grade)))
    return [
        *out,
        *_placed(region, frame, who),
        *((_flag(frame, one) == 1, ~np.isnan(_flag(frame, one))) for one in who.having),
    ]


def _placed(region: Region, frame: pd.DataFrame, who: Who) -> list[tuple[Bools, Bools]]:
    """Return the same of the conditions of place."""
    out = []
    if who.counties or who.outside:
        county = frame["county_code"].map(region.counties.set_index("code")["name"])
        holds = _among(county, who.counties) if who.counties else ~_among(county, who.outside)
        out.append((holds, county.notna().to_numpy(bool)))
    if who.areas:
        kind = frame["town_code"].map(region.towns.set_index("code")["kind"])
        out.append((_among(kind, who.areas), kind.notna().to_numpy(bool)))
    return out


def _among(column: pd.Series, wanted: Sequence[str]) -> Bools:
    return column.isin(wanted).to_numpy(bool)


def _flag(frame: pd.DataFrame, name: str) -> Floats:
    """Return 1 for yes, 0 for no, NaN where it is not told."""
    cells = frame[name]
    return np.where(cells.isna(), np.nan, cells.eq(True).astype(float))


def _values(frame: pd.DataFrame, items: Sequence[str], over: str = "") -> Floats:
    """Return each institution's value: a number (a part of `over`), or 1 where it has any of these, 0 where it has none.

    NaN where that is not told.
    """
    if not items:
        return np.ones(len(frame))
    if items[0] not in FLAGS:
        value = frame[items[0]].to_numpy(float)
        if not over:
            return value
        whole = frame[over].to_numpy(float)
        return np.divide(value, whole, out=np.full(len(frame), np.nan), where=whole > 0)
    flags = np.array([_flag(frame, one) for one in items])
    has, untold = (flags == 1).any(axis=0), np.isnan(flags).any(axis=0)
    return np.where(has, 1.0, np.where(untold, np.nan, 0.0))


@dataclass(frozen=True)
class Bounds:
    """What a clause asks of a number: a lower limit, an upper one, both, or a count that must be met exactly."""

    at_least: float | None
    at_most: float | None

    def hold(self, value: Floats) -> Bools:
        low = np.full(len(value), True) if self.at_least is None else value >= self.at_least
        return np.asarray(low if self.at_most is None else low & (value <= self.at_most))

    def required(self, value: Floats) -> Floats:
        """Return the limit that each value is held against: the upper one where it is above that."""
        low = np.nan if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return np.where((value > high) | np.isnan(low), high, low)


def _rows(level: str, columns: Mapping[str, object], said: Sequence[str] | str = "", unit: str = "") -> pd.DataFrame:
    """Return the rows of a measure that concern no residents, with what is to be said of each."""
    codes = columns["subject_code"]
    blank = {"level": level, "subject_code": codes, "population": 0, "covered": 0, "unreachable": 0, "nearest_facility": "",
             "distance_m": np.nan, "time_min": np.nan, "advice": "", "load": np.nan}  # fmt: skip
    return pd.DataFrame({**blank, **columns, "said": said, "unit": unit})


def _untold(region: Region, who: Who, required: float) -> pd.DataFrame:
    """Return the one row of institutions of which no list tells."""
    kinds = "、".join(INSTITUTION_KINDS[kind][0] for kind in who.kinds)
    named = f"（{'、'.join(who.names)}）" if who.names else ""
    columns = {
        "subject_code": [region.about.code],
        "value": np.nan,
        "required": required,
        "met": [None],
        "estimated": False,
    }
    return _rows("city", columns, f"名录里没有，也没有声明完整：{kinds}{named}")


def institution_standard(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
    items: tuple[str, ...],
    over: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    wish: Literal["has", "has_not"] = "has",
) -> pd.DataFrame:
    """Each institution: whether it has any of `items`, or whether a number of it (a part of `over`) stays within the limits.

    Value: 1 where it has any, 0 where it has none; or the number. `wish` "has_not": it must have none.
    """
    group = group_of(region, who)
    yes = Bounds(1.0, None) if wish == "has" else Bounds(0.0, 0.0)
    bounds = yes if at_least is None and at_most is None else Bounds(at_least, at_most)
    if not len(group.rows):
        return (
            _rows("facility", _NO_ROWS) if group.whole else _untold(region, who, float(bounds.required(np.zeros(1))[0]))
        )
    value = _values(group.rows, items, over)
    good = bounds.hold(value)
    return _rows(
        "facility",
        {
            "subject_code": group.rows["id"].to_numpy(object),
            "value": value,
            "required": bounds.required(value),
            "met": met_of(good, ~np.isnan(value) & (group.sure | good)),
            "estimated": group.rows["estimated"].to_numpy(bool),
        },
        [_of_year(year) if items[0] not in FLAGS else "" for year in group.rows["year"]],
        "share" if over else "" if items[0] in FLAGS else unit_of(items[0]),
    )


_NO_ROWS: Mapping[str, object] = MappingProxyType(
    {
        "subject_code": np.array([], object), "population": np.array([], np.int64), "value": np.array([], float),
        "required": np.array([], float), "met": np.array([], object), "nearest_facility": np.array([], object),
        "distance_m": np.array([], float), "estimated": np.array([], np.bool_),
    }
)  # fmt: skip


def _of_year(year: float) -> str:
    return "" if np.isnan(year) else f"{int(year)} 年数据"


def institution_share(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
    items: tuple[str, ...],
    share: Portion,
    at_least: float | None = None,
) -> pd.DataFrame:
    """The city: the share of the institutions that have any of `items`, or of which a number is at least so much.

    Told where it is certain whatever the institutions are that are not told of.
    """
    group = group_of(region, who)
    total = len(group.rows)
    if not total:
        return _rows("city", _NO_ROWS) if group.whole else _untold(region, who, share)
    value = _values(group.rows, items)
    yes = value >= (1.0 if at_least is None else at_least)
    surely, untold = int((yes & group.sure).sum()), np.isnan(value) | ~group.sure
    lower, upper = surely / total, (surely + int(untold.sum())) / total
    said = (
        f"{total} 所中 {surely} 所有，{int(untold.sum())} 所没有资料" if untold.any() else f"{total} 所中 {surely} 所有"
    )
    return _of_city(region, group, lower, share, (lower >= share, upper < share), said)


def _of_city(
    region: Region,
    group: Group,
    value: float,
    required: float,
    decided: tuple[bool, bool],
    said: str,
    unit: str = "share",
) -> pd.DataFrame:
    """Return the row of the city; `decided` tells whether the rule is surely met, and whether it surely is not."""
    met = decided[0] if any(decided) and group.whole else None
    said += "" if group.whole else "，名录没有声明完整"
    columns = {"subject_code": [region.about.code], "value": value, "required": required, "met": [met],
               "estimated": bool(group.rows["estimated"].any())}  # fmt: skip
    return _rows("city", columns, said, unit)


def institution_quotient(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
    item: str,
    over: str,
    at_least: float | None = None,
    at_most: float | None = None,
) -> pd.DataFrame:
    """The city: one number of the institutions, added up, to another of the same: 床人比, 医护比.

    Told where both are known of every institution.
    """
    group = group_of(region, who)
    bounds = Bounds(at_least, at_most)
    part, whole = (group.rows[name].to_numpy(float) for name in (item, over))
    both = ~np.isnan(part) & ~np.isnan(whole)
    summed = float(whole[both].sum())
    value = np.array([float(part[both].sum()) / summed if summed else np.nan])
    told = bool(both.all() and group.sure.all() and len(both) and summed)
    good = bool(bounds.hold(value)[0])
    said = f"{label_of(item)} {count_text(part[both].sum())}、{label_of(over)} {count_text(summed)}" if told else f"{len(both)} 所中 {int(both.sum())} 所有这两项数据"  # fmt: skip
    return _of_city(
        region, group, float(value[0]), float(bounds.required(value)[0]), (told and good, told and not good), said, ""
    )


def institution_amount(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
    per: Per,
    item: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    people: int | None = None,
    within: tuple[str, ...] = (),
    outside: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Each unit: how many such institutions it has, or how much of `item` they hold together, by so many residents.

    Only the units named `within`, or those not `outside`. What is not told of some may be more: too little is only said where
    all of it is known, and of an amount only where the lists are declared complete.
    """
    group, units = group_of(region, who), _units(region, per, within, outside)
    bounds = Bounds(at_least, at_most)
    value = _values(group.rows, (item,) if item else ())
    unit = group.rows[_CODE[per]] if per != "city" else pd.Series(region.about.code, group.rows.index)
    at, untold = units.index.get_indexer(pd.Index(unit)), np.isnan(value) | ~group.sure
    amount = np.bincount(at[at >= 0], np.where(untold, 0.0, value)[at >= 0], len(units)).astype(float)
    lacking = np.bincount(at[(at >= 0) & untold], minlength=len(units)) > 0
    level = "town" if per == "street" else "village" if per == "community" else per
    residents = _residents(region, level).reindex(units.index, fill_value=0).to_numpy(float)
    scale = 1.0 if people is None else people / np.where(residents > 0, residents, np.nan)
    known = group.whole and not _unplaced(unit)
    good = bounds.hold(amount * scale)
    met = met_of(good, (good & (at_most is None)) | (known & ~lacking))
    return _rows(
        level,
        {
            "subject_code": units.index.to_numpy(object),
            "value": amount * scale,
            "required": bounds.required(amount * scale),
            "met": met,
            "estimated": bool(group.rows["estimated"].any()),
        },
        [
            "；".join(
                part
                for part in (
                    _to_people(region, one, people, at_least),
                    _known(item, has, lacks) if sure is None else "",
                )
                if part
            )
            for one, has, lacks, sure in zip(residents, amount, lacking, met, strict=True)
        ],
        unit_of(item, people),
    )


_CODE: Mapping[str, str] = MappingProxyType(
    {"city": "county_code", "county": "county_code", "town": "town_code", "street": "town_code", "village": "village_code",
     "community": "village_code"}
)  # fmt: skip


def _unplaced(unit: pd.Series) -> bool:
    """Whether an institution is in no unit: then any unit might be the one that has it."""
    return bool((unit == "").any())


def _units(region: Region, per: Per, within: Sequence[str], outside: Sequence[str]) -> pd.Series:
    """Return the names of the units by their codes, sorted."""
    if per == "city":
        return pd.Series([region.about.name], index=[region.about.code])
    frame = {"county": region.counties, "town": region.towns, "street": region.towns}.get(per, region.villages)
    kinds = {"town": ("town", "township"), "street": ("subdistrict",), "village": ("village",)}.get(per)
    names = frame[frame["kind"].isin(kinds)].set_index("code")["name"] if kinds else frame.set_index("code")["name"]
    if within or outside:
        names = names[names.isin(within) if within else ~names.isin(outside)]
    return names.sort_index()


def _residents(region: Region, level: str) -> pd.Series:
    people = region.residents
    if level == "city":
        return pd.Series([people["population"].sum()], index=[region.about.code])
    return people.groupby(f"{level}_code")["population"].sum()


def _to_people(region: Region, residents: float, people: int | None, at_least: float | None) -> str:
    """Return what so much by so many residents comes to in whole beds or people, and of which date the residents are."""
    if people is None or at_least is None:
        return ""
    day = f"（{region.about.as_of}）" if region.about.as_of else ""
    return f"按常住人口 {count_text(residents)} 人{day}合 {count_text(round(residents / people * at_least))}"


def _known(item: str, amount: float, lacks: bool) -> str:
    """Return how much is known of an amount that is not told, and why there may be more."""
    return f"{label_of(item)}已知 {count_text(amount)}，{'有的机构没有资料' if lacks else '名录没有声明完整'}"


def units_with(
    region: Region,
    travel: Travel,
    *,
    who: Who,
    per: Literal["county"],
    share: Portion,
    at_least: float,
) -> pd.DataFrame:
    """The city: the share of its 县（区） that have at least so many such institutions."""
    each = institution_amount(region, travel, who=who, per=per, at_least=at_least)
    total, surely, untold = len(each), int(each["met"].eq(True).sum()), int(each["met"].isna().sum())
    lower, upper = surely / total, (surely + untold) / total
    said = f"{total} 个县（区）中 {surely} 个有，{untold} 个没有资料"
    return _of_city(region, group_of(region, who), lower, share, (lower >= share, upper < share), said)


def bed_plan(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
) -> pd.DataFrame:
    """Each institution whose beds a plan gives: its 编制床位 held against the planned ones. Value: beds today."""
    group = group_of(region, replace(who, planned="planned"))
    rows = group.rows[group.rows["beds_planned"].notna()]
    if not len(rows):
        return _untold(region, who, np.nan)
    now, planned = rows["beds"].to_numpy(float), rows["beds_planned"].to_numpy(float)
    return _rows(
        "facility",
        {
            "subject_code": rows["id"].to_numpy(object), "value": now, "required": planned,
            "met": met_of(now == planned, ~np.isnan(now)), "estimated": rows["estimated"].to_numpy(bool),
        },
        [f"规划比现有 {exact_text(one)} 张" for one in planned - now],
        "张",
    )  # fmt: skip


def bed_gate(
    region: Region,
    travel: Travel,  # noqa: ARG001 - every measure takes both
    *,
    who: Who,
    occupancy_below: Portion,
    stay_above: float,
    joined: Literal["both", "either"],
) -> pd.DataFrame:
    """Each institution: whether it adds beds though its beds are used too little and its stays are too long (both, or either).

    Value: beds to be added; where its use shuts the gate, none may be. One that adds none is not held up.
    """
    group = group_of(region, who)
    if not len(group.rows):
        return _rows("facility", _NO_ROWS) if group.whole else _untold(region, who, 0.0)
    added, shut, told = added_beds(region, group.rows), *_gate(group.rows, occupancy_below, stay_above, joined)
    adds = added > 0
    return _rows(
        "facility",
        {
            "subject_code": group.rows["id"].to_numpy(object), "value": added, "required": 0.0,
            "met": met_of(~(adds & shut), (~np.isnan(added) & ~adds) | (adds & told & group.sure)),
            "estimated": group.rows["estimated"].to_numpy(bool),
        },
        [_gate_said(row) for row in zip(group.rows["occupancy"], group.rows["stay_days"], group.rows["year"], strict=True)],
        "张",
    )  # fmt: skip


def _gate(rows: pd.DataFrame, below: float, above: float, joined: str) -> tuple[Bools, Bools]:
    """Return whether each institution's use shuts the gate, and whether what is known of it tells."""
    used, days = rows["occupancy"].to_numpy(float), rows["stay_days"].to_numpy(float)
    little, long = used < below, days > above
    some = np.isnan(used) | np.isnan(days)
    if joined == "either":
        return np.asarray(little | long), np.asarray(~some | little | long)
    cleared = (~np.isnan(used) & ~little) | (~np.isnan(days) & ~long)
    return np.asarray(little & long), np.asarray(~some | cleared)


def _gate_said(row: tuple[float, float, float]) -> str:
    used, days, year = row
    parts = [
        "" if np.isnan(used) else f"病床使用率 {exact_text(round(used * 100, 2))} %",
        "" if np.isnan(days) else f"平均住院日 {exact_text(days)} 天",
        _of_year(year),
    ]
    return "、".join(part for part in parts if part)


def added_beds(region: Region, rows: pd.DataFrame) -> Floats:
    """Return how many 编制床位 each institution adds, by its plan or by a scenario, to those of the register.

    NaN where it is not known how many it has, or neither tells of more.
    """
    held = pd.Series(dtype=float) if region.register is None else region.register.set_index("id")["beds"].astype(float)
    base = rows["id"].map(held).astype(float).fillna(rows["beds"]).to_numpy(float)
    return np.fmax(rows["beds_planned"].to_numpy(float), np.where(rows["beds"] > base, rows["beds"], np.nan)) - base


def principle(region: Region, travel: Travel) -> pd.DataFrame:  # noqa: ARG001 - every measure takes both
    """The city: a principle that gives no number; it is told and never judged."""
    columns = {
        "subject_code": [region.about.code],
        "value": np.nan,
        "required": np.nan,
        "met": [True],
        "estimated": False,
    }
    return _rows("city", columns)


FUNCTIONS: Mapping[str, Callable[..., pd.DataFrame]] = MappingProxyType(
    {
        "institution_standard": institution_standard,
        "institution_share": institution_share,
        "institution_quotient": institution_quotient,
        "institution_amount": institution_amount,
        "units_with": units_with,
        "bed_plan": bed_plan,
        "bed_gate": bed_gate,
        "principle": principle,
    }
)
