"""Names of towns and villages as people write them, with their offices or without, and the codes that they stand for."""

import re
import unicodedata

import pandas as pd

Names = tuple[dict[str, list[str]], ...]
"""Codes by name: as it is written, without its office, and without 村 or 社区."""


def by_name(codes: pd.Series) -> Names:
    """Return the codes (one a name, names may repeat) by each form of the name by which one may ask."""
    forms: Names = ({}, {}, {})
    for name, code in zip(codes.index, codes, strict=True):
        for form, known in zip(_forms(str(name)), forms, strict=True):
            known.setdefault(form, []).append(str(code))
    return forms


def codes_of_name(name: str, known: Names) -> list[str]:
    """Return the codes of the places of this name, whatever office it names: 甲街道办事处 is 甲街道; 乙 may be 乙村 or 乙社区.

    >>> known = by_name(pd.Series({"甲街道": "001", "乙村民委员会": "201", "乙社区": "002"}))
    >>> [codes_of_name(one, known) for one in ("甲街道办事处", "乙村", "乙", "甲社区")]
    [['001'], ['201'], ['201', '002'], []]
    """
    whole, plain, stem = _forms(name)
    asked = (whole, plain, stem if stem == plain else "")
    return next((codes[form] for form, codes in zip(asked, known, strict=True) if form and form in codes), [])


def _forms(name: str) -> tuple[str, str, str]:
    plain = without_office(name)
    return name.strip(), plain, re.sub("(村|社区)$", "", plain)


def without_office(name: str) -> str:
    """Return a place's name without that of its office: 甲镇人民政府 → 甲镇, 乙村村民委员会, 乙村委会 → 乙村."""
    plain = re.sub(r"\s", "", plain_text(name))
    plain = re.sub("(人民政府|政府|办事处)$", "", re.sub("街道办$", "街道", plain))
    return re.sub(
        "(?<!村)村(民委员会|委会)$", "村", re.sub("(?<=村|区)(村民委员会|村委会|居民委员会|居委会)$", "", plain)
    )


def plain_text(text: str) -> str:
    """Return a text with full-width letters, digits and signs as plain ones, and no blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()
