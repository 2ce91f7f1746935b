"""A scenario as a table of edits (改动表, .xlsx or .csv): one row an edit, facilities by their id or their name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.columns import Notes, canonical, note_parts
from geodata.files import RawTable, read
from planner.errors import FugaiError, Problem, ScenarioError, Text
from planner.region import Region, Source
from planner.scenario import Change, Close, Edit, Open, Scenario
from planner.schema import FACILITIES, FACILITY_KINDS, Field, Table
from scenarios.document import records
from scenarios.files import ScenarioFile

SUFFIXES = (".xlsx", ".csv")
_VERBS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "open": ("新建", "新设", "开设", "增设"),
        "close": ("关闭", "停用", "撤销"),
        "move": ("迁移", "迁址", "搬迁"),
        "upgrade": ("升级", "升格"),
        "convert": ("改类型", "转型"),
        "enlarge": ("扩建",),
    }
)
_NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"open": ("name", "kind", "lon", "lat"), "move": ("lon", "lat"), "enlarge": ("beds",)}
)
"""What a row must tell of each action, beside which facility it is about."""
_INTO = ("upgrade", "convert")
"""Actions whose kind is what the facility becomes; of the others it tells which one is meant."""
EDITS = Table(
    "edits", "改动表", ("edits", "改动"), "number", None,
    (
        Field("number", "序号", "code"),
        Field("verb", "动作", "choice", required=True, aliases=("改动", "action"), choices=_VERBS),
        Field("name", "机构名称", "text", aliases=("名称", "机构")),
        Field("id", "编号", "code", aliases=("机构编号", "机构代码")),
        Field("kind", "类型", "choice", "新建：哪一类；升级、改类型：成为哪一类", aliases=("机构类型", "新类型"), choices=FACILITY_KINDS),
        *(replace(FACILITIES.field(name), required=False) for name in ("lon", "lat", "beds")),
        Field("cost", "费用", "number", "万元", aliases=("费用（万元）", "费用(万元)", "投资（万元）", "投资")),
        Field("year", "年份", "integer", aliases=("哪一年", "实施年份")),
        Field("reason", "理由", "text", aliases=("说明", "备注")),
    ),
)  # fmt: skip


def is_table(path: Path) -> bool:
    """Whether a scenario is given as a table and not as YAML."""
    return path.suffix.lower() in SUFFIXES


def read_edits(path: Path, region: Region) -> ScenarioFile:
    """Return the scenario that a table of edits says of these facilities; ScenarioError with all that is wrong, by row."""
    notes = Notes()
    try:
        raw = read(path, EDITS)
        note_parts(raw, notes)
        raw, frame = canonical(raw, EDITS, notes)
        source = Source(path.name, sha256(path.read_bytes()).hexdigest(), len(frame))
    except FugaiError as error:
        raise ScenarioError(error.problems) from error
    if notes.errors:
        raise ScenarioError(notes.errors)
    if not len(frame):
        what = Text("没有一行改动", "there is no edit in it")
        raise ScenarioError(Problem(path.name, what, Text("每行写一项改动", "write one edit a row")))
    problems: list[Problem] = []
    edits = tuple(_edits(raw, frame, region, problems))
    if problems:
        raise ScenarioError(problems)
    return ScenarioFile(
        Scenario(path.stem, edits=edits, file=path.name), sources=(source,), warnings=tuple(notes.warnings)
    )


def _edits(raw: RawTable, frame: pd.DataFrame, region: Region, problems: list[Problem]) -> Iterator[Edit]:
    """Yield the edit of each sound row, noting what is wrong with the others."""
    known = region.facilities[["id", "name", "kind"]].assign(
        town=region.facilities["town_code"].map(region.towns.set_index("code")["name"]).fillna("")
    )
    taken = {*known["id"], *frame["id"]}
    for row, line in zip(records(frame), raw.rows.tolist(), strict=True):
        said = {name: value for name, value in row.items() if value not in ("", None) and value == value}  # noqa: PLR0124
        about: dict[str, Any] = {"line": str(line), "file": raw.file}
        about |= {one: said[one] for one in ("reason", "cost") if one in said}
        about |= {"year": int(said["year"])} if "year" in said else {}
        try:
            _check_needed(raw.file, line, said)
            edit = (
                _opened(said, about, taken) if said["verb"] == "open" else _of_known(raw.file, line, said, about, known)
            )
        except ScenarioError as error:
            problems.extend(error.problems)
            continue
        known = _with(known, edit)
        yield edit


def _check_needed(file: str, line: int, said: Mapping[str, Any]) -> None:
    """Refuse a row that lacks what its action needs, every missing column at once."""
    verb = _VERBS[said["verb"]][0]
    lacks = [EDITS.field(name).label for name in _NEEDED.get(said["verb"], ()) if name not in said]
    if not {"id", "name"} & said.keys():
        lacks.append("编号、机构名称至少一个")
    if lacks:
        what = Text(f"{verb}要写：{'、'.join(lacks)}", f"{said['verb']} needs more columns: {', '.join(lacks)}")
        raise ScenarioError(Problem(file, what, Text("补上", "fill them in"), str(line)))


def _opened(said: Mapping[str, Any], about: Mapping[str, Any], taken: set[str]) -> Open:
    """Return the new facility; where it has no id it is given the next that is free."""
    number = 1
    while "id" not in said and f"NEW{number}" in taken:
        number += 1
    own = {name: said[name] for name in ("name", "kind", "lon", "lat") if name in said}
    own |= {"beds": int(said["beds"])} if "beds" in said else {}
    made = Open(fields={"id": said.get("id", f"NEW{number}"), **own}, **about)
    taken.add(made.facility)
    return made


def _of_known(file: str, line: int, said: Mapping[str, Any], about: Mapping[str, Any], known: pd.DataFrame) -> Edit:
    """Return the edit of a facility that is there."""
    verb = said["verb"]
    facility = said.get("id") or _by_name(file, line, said, known)
    if verb == "close":
        return Close(facility=facility, **about)
    fields: dict[str, Any] = {name: said[name] for name in ("lon", "lat") if verb == "move"}
    if verb == "enlarge":
        fields = {"beds": int(said["beds"])}
    elif verb in _INTO:
        fields = {"to": said["kind"]} if "kind" in said else {}
    return Change(facility=facility, fields=fields, word=verb, **about)


def _by_name(file: str, line: int, said: Mapping[str, Any], known: pd.DataFrame) -> str:
    """Return the id of the one facility of this name; ScenarioError that lists the candidates where it is not one."""
    name = said["name"]
    rows = known[known["name"] == name]
    if len(rows) > 1 and "kind" in said and said["verb"] not in _INTO:
        rows = rows[rows["kind"] == said["kind"]]
    if len(rows) == 1:
        return str(rows["id"].iloc[0])
    alike = rows if len(rows) else known[known["name"].isin(get_close_matches(name, known["name"].unique(), 5, 0.5))]
    listed = "、".join(f"{one['id']}（{one['name']}，{one['town']}）" for one in records(alike))
    what = Text(f"有 {len(rows)} 处机构叫这个名称", f"{len(rows)} facilities have this name")
    if not len(rows):
        what = Text("没有叫这个名称的机构", "no facility has this name")
    fix = Text(f"在“编号”列写明是哪一处：{listed}", f"write the id of the one that is meant: {listed}")
    if not listed:
        fix = Text("核对名称，或写编号", "check the name, or write its id")
    raise ScenarioError(Problem(file, what, fix, str(line), EDITS.field("name").label, name))


def _with(known: pd.DataFrame, edit: Edit) -> pd.DataFrame:
    """Return what later rows can name: a facility that an earlier one opens, too."""
    if not isinstance(edit, Open):
        return known
    row = {"id": edit.facility, "name": edit.fields["name"], "kind": edit.fields["kind"], "town": "新设"}
    return pd.concat([known, pd.DataFrame([row])], ignore_index=True)
