"""The words of a folder of facts: kinds of facility as people call them, and the names of places."""

import unicodedata

import pandas as pd

from planner.errors import Text
from planner.hospitals import KIND as HOSPITAL
from planner.hospitals import treats_all
from planner.plans.sites import COUNTY_OWNER
from planner.region import Region
from planner.schema import FACILITY_KINDS, HOSPITAL_SPECIALTIES


def kind_of(word: str) -> str:
    """Return the kind of facility that a word means, in Chinese or English; the word itself where it means none.

    >>> kind_of("乡镇卫生院"), kind_of("急救中心(站)"), kind_of("hospital"), kind_of("H01")
    ('township_hospital', 'emergency_station', 'hospital', 'H01')
    """
    plain = _plain(word)
    found = (kind for kind, names in FACILITY_KINDS.items() if plain in {_plain(kind), *map(_plain, names)})
    return next(found, word)


def selected(facilities: pd.DataFrame, word: str) -> pd.Series:
    """Return, by row, whether the word names the facility: its id, its kind, or of hospitals the speciality.

    医院 names the hospitals that treat all, 专科医院 those that do not, 县级医院 those of the former that a county runs.
    """
    plain, is_hospital = _plain(word), facilities["kind"] == HOSPITAL
    general = is_hospital & treats_all(facilities)
    if plain in {HOSPITAL, "医院"}:
        return general
    if plain == "县级医院":
        return general & (facilities["owner"] == COUNTY_OWNER)
    if plain == "专科医院":
        return is_hospital & ~general
    for key, names in HOSPITAL_SPECIALTIES.items():
        if plain in {key, *map(_plain, names)}:
            return is_hospital & (facilities["specialty"] == key)
    return (facilities["id"] == word) | (facilities["kind"] == kind_of(word))


def names_kind(word: str) -> bool:
    """Return whether the word names a kind of facility, or a speciality of hospitals.

    >>> names_kind("中医医院"), names_kind("卫生院"), names_kind("H01")
    (True, True, False)
    """
    specialties = {_plain(one) for key, names in HOSPITAL_SPECIALTIES.items() for one in (key, *names)}
    return kind_of(word) in FACILITY_KINDS or _plain(word) in specialties


def names_hospitals(word: str) -> bool:
    """Return whether the word names hospitals at large, so that it matters which of them treat all."""
    return _plain(word) in {HOSPITAL, "医院", "县级医院"}


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().lower()


def known_kinds() -> Text:
    """Return the kinds of facility that may be named."""
    return Text(
        f"可用：{'、'.join(f'{names[0]}（{kind}）' for kind, names in FACILITY_KINDS.items())}",
        f"use {', '.join(FACILITY_KINDS)}",
    )


def places_of(region: Region, frame: pd.DataFrame) -> list[str]:
    """Return the county and town of each row of `frame` (county_code, town_code), as far as they are known."""
    counties = dict(zip(region.counties["code"], region.counties["name"], strict=True))
    towns = dict(zip(region.towns["code"], region.towns["name"], strict=True))
    return [
        f"{counties.get(county, '')}{towns.get(town, '')}"
        for county, town in zip(frame["county_code"], frame["town_code"], strict=True)
    ]


def resident_names(region: Region) -> list[str]:
    """Return the name of the village of each resident point; with 城镇 or 乡村 where a village has several points."""
    villages = dict(zip(region.villages["code"], region.villages["name"], strict=True))
    residents = region.residents
    codes = residents["village_code"]
    several = codes.notna() & codes.duplicated(keep=False)
    urban = residents["is_urban"].to_numpy(bool)
    names = []
    for code, many, inside in zip(codes, several, urban, strict=True):
        name = str(villages.get(code, ""))
        names.append(f"{name}（{'城镇' if inside else '乡村'}）" if name and many else name)
    return names
