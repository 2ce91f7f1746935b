"""Which hospitals treat all, by the class (等级) and speciality (医院类别) that the list tells, and never by a name."""

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Text
from planner.region import Region, counts_as
from planner.schema import HOSPITAL_SPECIALTIES

KIND = "hospital"
TREATS_ALL = ("general", "tcm", "integrated")
"""二级及以上综合医院（含中医医院）: the specialities whose hospitals treat all."""
_SHOWN = 20
_CLASSES = {"一": 1, "二": 2, "三": 3, "1": 1, "2": 2, "3": 3, "I": 1, "II": 2, "III": 3}


def treats_all(facilities: pd.DataFrame) -> pd.Series:
    """Return, by row, whether the facility treats all: what is no hospital does, a hospital by its speciality.

    One whose speciality is not known counts as general. An assumption, which `hospital_lines` tells.
    """
    specialty = facilities["specialty"]
    return ~counts_as(facilities, [KIND]) | specialty.isna() | specialty.isin(TREATS_ALL)


def treating(region: Region, *kinds: str) -> pd.DataFrame:
    """Return the open facilities of these kinds without the hospitals of a single field, sorted by id.

    A hospital that was made into something else is asked for its speciality only where it counts as the hospital it was.
    """
    frame = region.open_facilities(*kinds)
    return pd.DataFrame(frame[treats_all(frame) | (frame["kind"].isin(kinds) & (frame["kind"] != KIND))])


def general_hospitals(region: Region) -> pd.DataFrame:
    """Return the open hospitals of class two and above that treat all.

    Where no hospital's grade is known, all that treat all; where some are, those without one are none of them.
    """
    frame = treating(region, KIND)
    is_known = (region.open_facilities(KIND)["grade"].fillna("") != "").any()
    return frame[classes(frame) >= 2] if is_known else frame


def classes(hospitals: pd.DataFrame) -> pd.Series:
    """Return the class (1, 2, 3) of each hospital by its grade; 0 where there is none, or none that is understood."""
    return hospitals["grade"].fillna("").map(lambda grade: class_of(grade) or 0).astype(int)


def class_of(grade: str) -> int | None:
    """Return the class of a hospital by its grade as lists write it; 0 without a class, None where it is not understood.

    >>> [class_of(one) for one in ("三级甲等", "三甲", "二级", "２级乙等", "Ⅲ级", "一级", "未定级", "", "甲等")]
    [3, 3, 2, 2, 3, 1, 0, 0, None]
    """
    text = unicodedata.normalize("NFKC", grade).replace(" ", "")
    found = re.search(r"([一二三123]|I{1,3})(?=级|[甲乙丙特](?:等|$))", text)
    if found:
        return _CLASSES[found[1]]
    return 0 if not text or re.fullmatch(r"(未|无|不)?(定|评|分)?级|无|未定|未评", text) else None


def ungraded(region: Region) -> pd.DataFrame:
    """Return the open hospitals whose grade is written in a way that is not understood."""
    frame = region.open_facilities(KIND)
    return pd.DataFrame(frame[_is_class(frame, None)])


def _is_class(frame: pd.DataFrame, wanted: int | None) -> npt.NDArray[np.bool_]:
    return np.array([class_of(one) == wanted for one in frame["grade"].fillna("")], np.bool_)


def unclassed(region: Region) -> pd.DataFrame:
    """Return the open hospitals of which the list tells no speciality."""
    frame = region.open_facilities(KIND)
    return pd.DataFrame(frame[frame["specialty"].isna()])


def specialty_text(specialty: object) -> str:
    """Return the speciality in words, "" where it is not known.

    >>> specialty_text("psychiatric"), specialty_text(None)
    ('精神', '')
    """
    return HOSPITAL_SPECIALTIES[str(specialty)][0] if specialty in HOSPITAL_SPECIALTIES else ""


def named(frame: pd.DataFrame) -> str:
    """Return the names of hospitals with their speciality where it is known; a long list is cut short, with its number."""
    rows = frame.sort_values("id", kind="stable")
    names = [
        f"{name}（{text}）" if (text := specialty_text(one)) else str(name)
        for name, one in zip(rows["name"], rows["specialty"], strict=True)
    ]
    more = f"……等 {len(names)} 所" if len(names) > _SHOWN else ""
    return "、".join(names[:_SHOWN]) + more


def hospital_lines(region: Region, *, by_class: bool) -> tuple[Text, ...]:
    """Return what a plan says of the hospitals it takes: who is left out, and who counts by an assumption, by name.

    `by_class` says that the plan asks for class two and above.
    """
    frame, lines = region.open_facilities(KIND), []
    single = pd.DataFrame(frame[~treats_all(frame)])
    if len(single):
        lines.append(
            Text(
                f"综合、中医类医院按名录的“医院类别”认定，不按名称；不计 {len(single)} 所专科医院：{named(single)}。",
                f"by the list's speciality, {len(single)} hospitals of a single field are left out: {_ids(single)}.",
            )
        )
    blank = unclassed(region)
    if len(blank):
        lines.append(
            Text(
                f"{len(blank)} 所医院没有填“医院类别”，按综合医院处理（假设），列入待补数据：{named(blank)}。",
                f"{len(blank)} hospitals without a speciality count as general (an assumption): {_ids(blank)}.",
            )
        )
    return (*lines, *_class_lines(treating(region, KIND), frame)) if by_class else tuple(lines)


def _class_lines(general: pd.DataFrame, hospitals: pd.DataFrame) -> tuple[Text, ...]:
    odd = pd.DataFrame(general[_is_class(general, None)])
    if len(odd):
        names = "、".join(f"{name}（{grade}）" for name, grade in zip(odd["name"], odd["grade"], strict=True))
        told = Text(
            f"{len(odd)} 所综合、中医类医院的等级不认识，不计入二级及以上（假设），列入待补数据：{names}。",
            f"{len(odd)} hospitals of a grade that is not understood do not count as class two: {_ids(odd)}.",
        )
        return (told, *_class_lines(general.drop(odd.index), hospitals))
    blank = general[_is_class(general, 0)]
    if not len(blank):
        return ()
    if (hospitals["grade"].fillna("") == "").all():
        return (
            Text(
                f"名录没有医院等级：{len(blank)} 所综合、中医类医院都按二级及以上处理（假设）。",
                f"no grades: all {len(blank)} hospitals that treat all count as class two and above (an assumption).",
            ),
        )
    return (
        Text(
            f"{len(blank)} 所综合、中医类医院没有填等级或没有定级，不计入二级及以上（假设）：{named(blank)}。",
            f"{len(blank)} hospitals without a grade do not count as class two (an assumption): {_ids(blank)}.",
        ),
    )


def _ids(frame: pd.DataFrame) -> str:
    return ", ".join(sorted(map(str, frame["id"]))[:_SHOWN])
