"""about.yaml: what a folder of facts says of itself. Optional; strict where it is given."""

from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from geodata.columns import Notes
from geodata.crs import TO_WGS84
from planner.errors import RuleError, Text
from planner.region import About, Source
from planner.schema import FACILITY_KINDS
from planner.strict_yaml import read_yaml

NAMES = ("about.yaml", "说明.yaml")
_TEXTS = ("name", "code", "as_of", "notice", "accuracy", "drawn_by", "approval_number", "coordinates")
_LISTS = ("complete_registers", "credits", "assumptions")


def read_about(folder: Path, notes: Notes) -> tuple[About | None, str, Source | None]:
    """Return what the folder says of itself (None without the file), the datum of its lon/lat columns, its source."""
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        return None, "wgs84", None
    data = path.read_bytes()
    try:
        raw = read_yaml(data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError:
        notes.add(path.name, Text("不是 UTF-8 编码", "not UTF-8"), Text("另存为 UTF-8", "save it as UTF-8"))
        return None, "wgs84", None
    except RuleError as error:
        notes.problems.extend(error.problems)
        return None, "wgs84", None
    before = len(notes.errors)
    known = (*_TEXTS, *_LISTS)
    for key, value in raw.items():
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            fix = Text(f"是否指 {close[0]}", f"did you mean {close[0]}") if close else Text("删去", "remove it")
            notes.add(path.name, Text("不认识的键", "unknown key"), fix, found=str(key))
        elif key in _TEXTS and not isinstance(value, str | None):
            notes.add(path.name, Text("应是文字", "must be text"), Text("加引号", "quote it"), column=str(key), found=str(value))
        elif key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            notes.add(path.name, Text("应是文字的列表", "must be a list of texts"), Text("每行一项，以“- ”开头", "one '- ' item a line"), column=str(key))
    for key in ("name", "code"):
        if not raw.get(key):
            notes.add(path.name, Text("缺少这一项", "this is missing"), Text("补上", "add it"), column=key)
    datum = str(raw.get("coordinates") or "wgs84").lower()
    if datum not in TO_WGS84:
        listed = "、".join(TO_WGS84)
        notes.add(path.name, Text("不认识的坐标系", "unknown datum"), Text(f"改成：{listed}", f"use one of {listed}"), column="coordinates", found=datum)
        datum = "wgs84"
    for kind in raw.get("complete_registers") or []:
        if kind not in FACILITY_KINDS:
            notes.add(path.name, Text("不认识的机构类型", "unknown kind"), Text("、".join(FACILITY_KINDS), ", ".join(FACILITY_KINDS)), column="complete_registers", found=str(kind))
    if len(notes.errors) > before:
        return None, datum, None
    about = About(
        **{key: str(raw.get(key) or "") for key in _TEXTS if key != "coordinates"},
        **{key: tuple(raw.get(key) or ()) for key in _LISTS},
    )
    return about, datum, Source(path.name, sha256(data).hexdigest(), 1)
