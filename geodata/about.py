"""about.yaml: what a folder of facts says of itself. Optional; strict where it is given."""

from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

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
    _check_keys(path.name, raw, notes)
    _check_registers(path.name, raw, notes)
    datum = _datum(path.name, raw, notes)
    if len(notes.errors) > before:
        return None, datum, None
    texts = {key: str(raw.get(key) or "") for key in _TEXTS}
    lists = {key: tuple(raw.get(key) or ()) for key in _LISTS}
    about = About(
        name=texts["name"],
        code=texts["code"],
        as_of=texts["as_of"],
        notice=texts["notice"],
        accuracy=texts["accuracy"],
        drawn_by=texts["drawn_by"],
        approval_number=texts["approval_number"],
        complete_registers=lists["complete_registers"],
        credits=lists["credits"],
        assumptions=lists["assumptions"],
    )
    return about, datum, Source(path.name, sha256(data).hexdigest(), 1)


def _check_keys(file: str, raw: dict[str, Any], notes: Notes) -> None:
    """Note unknown keys (with a guess), values of the wrong kind, and what is missing."""
    known = (*_TEXTS, *_LISTS)
    for key, value in raw.items():
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            fix = Text(f"是否指 {close[0]}", f"did you mean {close[0]}") if close else Text("删去", "remove it")
            notes.add(file, Text("不认识的键", "unknown key"), fix, found=str(key))
        elif key in _TEXTS and not isinstance(value, str | None):
            fix = Text("加英文双引号", "put it in double quotes")
            notes.add(file, Text("应是文字", "must be text"), fix, column=str(key), found=str(value))
        elif key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            fix = Text("每行一项，以“- ”开头", "one '- ' item a line")
            notes.add(file, Text("应是文字的列表", "must be a list of texts"), fix, column=str(key))
    for key in ("name", "code"):
        if not raw.get(key):
            notes.add(file, Text("缺少这一项", "this is missing"), Text("补上", "add it"), column=key)


def _check_registers(file: str, raw: dict[str, Any], notes: Notes) -> None:
    kinds = raw.get("complete_registers")
    for kind in kinds if isinstance(kinds, list) else []:
        if kind not in FACILITY_KINDS:
            listed = Text("、".join(FACILITY_KINDS), ", ".join(FACILITY_KINDS))
            unknown = Text("不认识的机构类型", "unknown kind of facility")
            notes.add(file, unknown, listed, column="complete_registers", found=str(kind))


def _datum(file: str, raw: dict[str, Any], notes: Notes) -> str:
    datum = str(raw.get("coordinates") or "wgs84").lower()
    if datum in TO_WGS84:
        return datum
    fix = Text("改成：" + "、".join(TO_WGS84), "use one of " + ", ".join(TO_WGS84))
    notes.add(file, Text("不认识的坐标系", "unknown datum"), fix, column="coordinates", found=datum)
    return "wgs84"
