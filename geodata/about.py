"""about.yaml: what a folder of facts says of itself. Optional; strict where it is given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.columns import NOT_USED, Notes
from geodata.roads_lines import MOST_WELD_M
from planner.errors import RuleError, Text
from planner.institutions import INSTITUTION_KINDS, TABLES
from planner.limits import read_limit
from planner.region import About, Source
from planner.strict_yaml import read_yaml
from planner.text import exact_text

NAMES = ("about.yaml", "说明.yaml")
_TEXTS = {
    "name": "城市名称", "code": "代码", "as_of": "数据日期", "notice": "提示", "accuracy": "边界精度",
    "drawn_by": "制图单位", "approval_number": "审图号", "coordinates": "坐标系", "weld": "接线",
}  # fmt: skip
_MAPS = {"columns": "列名对照"}
_LISTS = {"complete_registers": "完整名录", "credits": "来源", "assumptions": "假设", "confirmed": "核实无误"}
_KEYS = {name: key for key, zh in (_TEXTS | _LISTS | _MAPS).items() for name in (key, zh)}
"""The key that each word stands for, English or Chinese."""

_DATUMS = {one: one for one in ("wgs84", "cgcs2000", "gcj02", "bd09")} | {
    "高德": "gcj02", "腾讯": "gcj02", "国测局": "gcj02", "火星": "gcj02", "gcj-02": "gcj02", "百度": "bd09",
    "bd-09": "bd09", "wgs-84": "wgs84", "国家2000": "cgcs2000", "2000国家大地坐标系": "cgcs2000",
}  # fmt: skip
_KINDS = {kind: kind for kind in INSTITUTION_KINDS} | {names[0]: kind for kind, names in INSTITUTION_KINDS.items()}
_DATE = re.compile(r"(?<!\d)(?:(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2}))?|(\d{4})(\d{2})(\d{2}))(?!\d)")
"""A date as people write it: year and month, with or without a day."""
_PLACEHOLDER = "某某市"


@dataclass(frozen=True)
class Declared:
    """What about.yaml says of the other files.

    datum, by_file   the datum of lon and lat, of all files or by file
    columns          what headings mean
    weld_m           metres within which drawn roads that almost meet are joined, 0: they are not
    confirmed        what is odd and was looked at (`geodata.check.odd`)
    """

    datum: str = "wgs84"
    by_file: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    weld_m: float = 0.0
    confirmed: tuple[str, ...] = ()


def read_about(folder: Path, notes: Notes) -> tuple[About | None, Declared, Source | None]:
    """Return what the folder says of itself (None without the file), what it says of its files, and its source."""
    paths = [folder / name for name in NAMES if (folder / name).is_file()]
    if len(paths) > 1:
        both = " 和 ".join(NAMES)
        notes.add(folder.name, Text(f"同时有 {both}", f"there are both {both}"), Text("只留一个", "keep one of them"))
    if len(paths) != 1:
        return None, Declared(), None
    path = paths[0]
    data = path.read_bytes()
    before = len(notes.errors)
    raw = _read(path.name, data, notes)
    if len(notes.errors) == before:
        raw = _english(path.name, raw, notes)
        _check_values(path.name, raw, notes)
        _check_date(path.name, raw, notes)
    registers = _chosen(path.name, raw, "complete_registers", _KINDS, notes)
    declared = _declared(path.name, raw, notes)
    if len(notes.errors) > before:
        return None, declared, None
    said: dict[str, Any] = {key: str(raw.get(key) or "") for key in _TEXTS if key not in {"coordinates", "weld"}}
    said |= {key: tuple(raw.get(key) or ()) for key in ("credits", "assumptions")}
    about = About(**said, complete_registers=registers)
    return about, declared, Source(path.name, sha256(data).hexdigest(), 1)


def _declared(file: str, raw: dict[str, Any], notes: Notes) -> Declared:
    """Return what the file says of the others; note datums and columns that are not known."""
    said = raw.get("coordinates")
    by_file = said if isinstance(said, dict) else {}
    every = {} if isinstance(said, dict) else raw
    datum = _chosen(file, every, "coordinates", _DATUMS, notes)
    datums = {
        str(name): _chosen(file, {"coordinates": word}, "coordinates", _DATUMS, notes) for name, word in by_file.items()
    }
    said = raw.get("columns")
    columns = {str(heading): str(name) for heading, name in said.items()} if isinstance(said, dict) else {}
    if said is not None and not isinstance(said, dict):
        fix = Text("每行一列，如“运营状态: 状态”", "one heading a line, as '运营状态: status'")
        notes.add(file, Text("应是“列名: 是哪一列”", "must be 'heading: column'"), fix, column="columns")
    known = {*NOT_USED, *(name for table in TABLES.values() for one in table.fields for name in one.names())}
    for heading, name in columns.items():
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            fix = Text(
                f"是否指 {close[0]}；不用的写“不用”" if close else "写列名，或“不用”",
                "write the name of a column, or unused",
            )
            notes.add(file, Text("没有这一列", "there is no such column"), fix, column=heading, found=name)
    return Declared(
        (datum or ("wgs84",))[0], {name: words[0] for name, words in datums.items() if words},
        {heading: name for heading, name in columns.items() if name in known},
        _weld_m(file, raw.get("weld"), notes),
        tuple(raw.get("confirmed") or ()) if isinstance(raw.get("confirmed"), list) else (),
    )  # fmt: skip


def _weld_m(file: str, said: object, notes: Notes) -> float:
    """Return the metres within which drawn roads are joined; note what is no such distance."""
    if not isinstance(said, str) or not said:
        return 0.0
    try:
        limit = read_limit(said)
    except ValueError:
        limit = None
    if limit is None or limit.unit != "mm" or limit.value > MOST_WELD_M * 1000:
        what = Text(
            f"应是不超过 {exact_text(MOST_WELD_M)} 米的距离", f"must be a distance up to {exact_text(MOST_WELD_M)} m"
        )
        notes.add(file, what, Text("先写 1m", "write 1m first"), column="weld", found=said)
        return 0.0
    return limit.value / 1000


def _read(file: str, data: bytes, notes: Notes) -> dict[str, Any]:
    """Return the mapping of the file, {} with a note where it is none; a full-width colon gets its own message."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.add(file, Text("不是 UTF-8 编码", "not UTF-8"), Text("另存为 UTF-8", "save it as UTF-8"))
        return {}
    colons = re.compile(rf"({'|'.join(_KEYS)})\s*(：|:(?=\S))")
    slips = [(number, line) for number, line in enumerate(text.splitlines(), 1) if colons.match(line)]
    for number, line in slips:
        notes.add(
            file, Text("键后面不是英文冒号加空格", "the key is not followed by a colon and a space"),
            Text("写成“键: 值”：英文冒号，后面一个空格", "write 'key: value'"), row=number, found=line[:60],
        )  # fmt: skip
    if slips:
        return {}
    try:
        return read_yaml(text, file)
    except RuleError as error:
        notes.problems.extend(error.problems)
        return {}


def _english(file: str, raw: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Return the values under their English keys; note unknown keys (with a guess) and one that stands twice."""
    out: dict[str, Any] = {}
    for word, value in raw.items():
        key = _KEYS.get(str(word))
        if key is None:
            close = get_close_matches(str(word), _KEYS, n=1, cutoff=0.5)
            fix = Text(f"是否指 {close[0]}", f"did you mean {close[0]}") if close else Text("删去", "remove it")
            notes.add(file, Text("不认识的键", "unknown key"), fix, found=str(word))
        elif key in out:
            notes.add(
                file, Text("同一项写了两次", "one thing stands twice"), Text("只留一个", "keep one"), column=str(word)
            )
        else:
            # 510400 without quotes is a whole number, and its text is what was written
            out[key] = str(value) if type(value) is int else value
    return out


def _check_values(file: str, raw: dict[str, Any], notes: Notes) -> None:
    """Note values of the wrong kind, what is missing, and what the template left to be filled in."""
    for key, value in raw.items():
        by_file = key == "coordinates" and isinstance(value, dict)
        if key in _TEXTS and not by_file and not isinstance(value, str | None):
            fix = Text("加英文双引号", "put it in double quotes")
            notes.add(file, Text("应是文字", "must be text"), fix, column=str(key), found=str(value))
        listed = value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        if key in _LISTS and not listed:
            fix = Text("每行一项，以“- ”开头", "one '- ' item a line")
            notes.add(file, Text("应是文字的列表", "must be a list of texts"), fix, column=str(key))
    for key in ("name", "code"):
        if not raw.get(key):
            notes.add(file, Text("缺少这一项", "this is missing"), Text("补上", "add it"), column=key)
    if raw.get("name") == _PLACEHOLDER:
        what = Text("还是模板里的占位文字", "still the template's placeholder")
        notes.add(file, what, Text("写本市的名称", "write the city's name"), column="name", found=_PLACEHOLDER)
    code = str(raw.get("code") or "")
    if code and not re.fullmatch("[0-9]{4}|[0-9]{6}", code):
        what = Text("不是 4 位或 6 位数字", "not 4 or 6 digits")
        fix = Text('写 6 位市级代码，如 "510400"', 'write the six digits of the city, as "510400"')
        notes.add(file, what, fix, column="code", found=code)


def _check_date(file: str, raw: dict[str, Any], notes: Notes) -> None:
    """Note a date of the data that no calendar has."""
    for said in _no_dates(str(raw.get("as_of") or "")):
        fix = Text("改成日历上有的日期，如 2025-06-30", "write a date of the calendar, as 2025-06-30")
        notes.add(file, Text("没有这个日期", "there is no such date"), fix, column="as_of", found=said)


def _no_dates(text: str) -> list[str]:
    """Return the dates in a text that no calendar has; a text without dates (2023年末) is left as it is.

    >>> _no_dates("2025/6/31"), _no_dates("截至2023年13月"), _no_dates("20230229"), _no_dates("2024-02-29、2023年末、2020-2023")
    (['2025/6/31'], ['2023年13'], ['20230229'], [])
    """
    found = []
    for one in _DATE.finditer(text):
        year, month, day = (int(part) for part in (one[1] or one[4], one[2] or one[5], one[3] or one[6] or 1))
        try:
            date(year, month, day)
        except ValueError:
            found.append(one[0])
    return found


def _chosen(file: str, raw: dict[str, Any], key: str, known: dict[str, str], notes: Notes) -> tuple[str, ...]:
    """Return the English words for the value or values of `key`; note those that are not known."""
    value = raw.get(key) or []
    words = [str(one) for one in (value if isinstance(value, list) else [value])]
    lower = {word.lower(): meaning for word, meaning in known.items()}
    for word in words:
        if word.lower() not in lower:
            listed = Text("改成：" + "、".join(lower), "use one of " + ", ".join(dict.fromkeys(lower.values())))
            notes.add(file, Text("不认识的取值", "unknown value"), listed, column=key, found=word)
    return tuple(dict.fromkeys(lower[word.lower()] for word in words if word.lower() in lower))


def check_code(about: About, file: str, county_codes: "pd.Series[str]", notes: Notes) -> None:
    """Note a city code that is not that of the towns. A folder of one county may carry that county's own code."""
    home = str(county_codes.str[:4].mode().iloc[0])
    city = len(about.code) == 4 or about.code.endswith("00") or about.code in set(county_codes)
    if not about.code.startswith(home) or not city:
        notes.add(
            file,
            Text(f"about.yaml 的 code 与乡镇代码不符：乡镇代码以 {home} 开头",
                 f"the code of about.yaml is not that of the towns, which begin with {home}"),
            Text(f'改成 "{home}00"，或核对乡镇代码', f'write "{home}00", or check the towns'), column="code",
            found=about.code,
        )  # fmt: skip
