"""Scenario files: read_scenario(path), with the scenario it is based on; every mistake of every file told at once."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geodata.roads import read_area, read_speeds
from geodata.samples import SAMPLE, sample_folder
from planner.errors import FugaiError, Problem, ScenarioError, Text
from planner.keys import OTHERS, WRONG, Reader
from planner.limits import read_limit
from planner.region import Source
from planner.scenario import Change, Close, Edit, Open, Override, PopulationChange, Scenario, ServiceArea
from planner.strict_yaml import Where, parse_yaml
from scenarios.schema import SCENARIO
from scenarios.ways import RoadChoices

# Whether what a plan proved is still what a scenario says: a fingerprint of all that a proof rests on in the file.

STALE = "原方案由 fugai plan 求得，现已改动，证明不再适用。"
"""What stands in place of a proof whose scenario was changed."""
_DIGITS = 9


def fingerprint(scenario: Scenario, choices: RoadChoices) -> str:
    """Return the SHA-256 of edits, questions and assumptions; why, what it costs and in which year is no part of it."""
    people = scenario.population
    said = {
        "edits": [_proved_edit(one) for one in scenario.edits],
        "questions": scenario.questions,
        "overrides": [(one.rule, one.params) for one in scenario.overrides],
        "population": () if people is None else (people.year, people.factors),
        "service_areas": [(one.centers, one.communities) for one in scenario.service_areas],
        "roads": _roads(choices),
    }
    text = json.dumps(_plain(said), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _proved_edit(edit: Edit) -> tuple[object, ...]:
    return type(edit).__name__, getattr(edit, "facility", ""), getattr(edit, "fields", {})


def _roads(choices: RoadChoices) -> tuple[object, ...]:
    area = choices.closed_area
    shape = () if area is None else tuple(round(one, _DIGITS) for one in (*area.bounds, area.area))
    return (
        sorted(choices.closed), shape, choices.speeds, choices.own_speeds, choices.delay_s, choices.minutes,
        choices.max_snap_m,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """Return the value as JSON has it, the same however it was written: 5 and 5.0, a list and a tuple."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else value


_LOST = Text("没有这个文件", "there is no such file")
_CHECK = Text("检查路径", "check the path")


NOTHING_CHOSEN = RoadChoices()
_HEAD = frozenset({"name", "author", "date", "base"})
_GATHERED = frozenset({"edits", "overrides", "service_areas", "notes"})
"""What is added to the same of a base, and does not replace it."""


@dataclass(frozen=True, eq=False)
class ScenarioFile:
    """What a scenario file decides: the scenario, the roads' conditions, and the facts and rules it is meant for.

    data and rules are None where neither the file nor its base names them; `sources` are the files read, bases first;
    `warnings` are bases that give nothing.
    """

    scenario: Scenario
    choices: RoadChoices = NOTHING_CHOSEN
    data: Path | None = None
    rules: str | None = None
    sources: tuple[Source, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, eq=False)
class _Read:
    """One file taken apart: its values, its paths made whole, and its reader, which knows its lines."""

    path: Path
    said: Mapping[str, Any]
    reader: Reader
    source: Source


def project_folder(path: Path) -> Path:
    """Return the folder that a scenario's paths must stay inside: the current one if the file lies in it, else its own."""
    here, now = path.resolve(), Path.cwd().resolve()
    return now if now in here.parents else here.parent


def read_scenario(path: Path | str) -> ScenarioFile:
    r"""Return what the file and its bases say; ScenarioError with all that is wrong, each with its file and line.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "fewer.yaml")
    ...     _ = file.write_text("name: 少一处\nedits:\n  - close: ES1\n", "utf-8")
    ...     read_scenario(file).scenario.edits[0].facility
    'ES1'
    """
    path = Path(path)
    project = project_folder(path)
    chain = _chain(path, project)
    choices, problems = _choices(chain)
    problems = [problem for one in chain for problem in one.reader.sorted_problems()] + problems
    if problems:
        raise ScenarioError(problems)
    merged: dict[str, Any] = {}
    for one in reversed(chain):
        merged |= one.said
    return ScenarioFile(
        _as_proved(_scenario(chain, merged), choices), choices, merged.get("data"), merged.get("rules"),
        tuple(one.source for one in reversed(chain)), tuple(_idle_bases(chain)),
    )  # fmt: skip


def _idle_bases(chain: list[_Read]) -> Iterator[Problem]:
    """Yield the bases of which nothing is left: they say nothing, or nothing that is not said again above them."""
    for at, one in enumerate(chain[1:], 1):
        above = chain[:at]
        again = {name for other in above for name in other.said} - _GATHERED
        roads = {name for other in above for name in other.said.get("roads", ())}
        left = (
            set(one.said)
            - _HEAD
            - (again - {"roads"})
            - ({"roads"} if set(one.said.get("roads", ())) <= roads else set())
        )
        if not left:
            what = Text(
                "基础方案没有起作用：它没有写什么，或都被本方案重新写过",
                "the base gives nothing that is not said again",
            )
            fix = Text("核对，或删去 base", "check it, or remove the base")
            line = chain[at - 1].reader.line(("base",))
            yield Problem(chain[at - 1].path.name, what, fix, line, found=one.path.name, severity="warning")


def _chain(path: Path, project: Path) -> list[_Read]:
    """Return the file, its base, that one's base and so on; a file that comes again is noted and ends the chain."""
    chain: list[_Read] = []
    here: Path | None = path.resolve()
    while here is not None:
        chain.append(_read_one(here, project, path if not chain else here.relative_to(project)))
        here = chain[-1].said.get("base")
        named = [one.path for one in chain]
        if here in named:
            loop = [one.name for one in named[named.index(here) :]] + [here.name]
            what = Text(
                f"基础方案绕回了自己：{' → '.join(loop)}", f"the base refers back to itself: {' → '.join(loop)}"
            )
            fix = Text("去掉其中一个 base", "remove one of these bases")
            chain[-1].reader.wrong(("base",), what.zh, what.en, fix)
            break
    return chain


def _read_one(path: Path, project: Path, shown: Path) -> _Read:
    """Return one file, its mistakes noted in its reader; ScenarioError where it cannot be read at all."""
    try:
        data = path.read_bytes()
        written = parse_yaml(data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        fix = Text("另存为 UTF-8", "save it as UTF-8")
        raise ScenarioError(Problem(path.name, Text("不是 UTF-8 编码", "not UTF-8"), fix)) from error
    except OSError as error:
        fix = Text("给出方案文件（.yaml）的路径", "name a scenario file (.yaml)")
        what = Text("这是文件夹，不是方案文件", "this is a folder") if path.is_dir() else _LOST
        raise ScenarioError(Problem(str(shown), what, fix)) from error
    except FugaiError as error:
        raise ScenarioError(error.problems) from error
    reader = Reader(path.name, written.lines)
    reader.problems += written.problems
    said = dict(reader.read(SCENARIO, written.value, ()))
    _make_paths(reader, said, path, project)
    for at, question in enumerate(said.get("questions", ())):
        _check_question(reader, question, ("questions", at))
    rows = len(said.get("edits", ()))
    return _Read(path, MappingProxyType(said), reader, Source(path.name, sha256(data).hexdigest(), rows))


def _make_paths(reader: Reader, said: dict[str, Any], path: Path, project: Path) -> None:
    """Put whole paths in place of those that the file gives; leave out those that are refused."""
    if "roads" in said:
        said["roads"] = dict(said["roads"])
    places: tuple[tuple[str, dict[str, Any]], ...] = (
        *((name, said) for name in ("base", "data", "rules")),
        *((name, said.get("roads", {})) for name in ("closed_area", "speeds")),
    )
    for name, within in places:
        value = within.get(name)
        where = (name,) if within is said else ("roads", name)
        if isinstance(value, str):
            made = _path(reader, where, value, path, project)
            if made is WRONG:
                del within[name]
            else:
                within[name] = made


def _path(reader: Reader, where: Where, value: str, path: Path, project: Path) -> Any:
    """Return what a path of the file means: a whole path inside the project, a sample's folder, the name of rules."""
    name = where[-1]
    if name == "data" and value.startswith(SAMPLE):
        try:
            return sample_folder(value.removeprefix(SAMPLE))
        except ScenarioError as error:
            return reader.wrong(where, *error.problems[0].what, error.problems[0].fix, value)
    if name == "rules" and not value.endswith((".yaml", ".yml")):
        return value
    made = _inside(reader, where, value, path, project)
    return str(made) if name == "rules" and made is not WRONG else made


def _inside(reader: Reader, where: Where, value: str, path: Path, project: Path) -> Any:
    """Return the whole path, or WRONG where it is outside the project, lost or none at all."""
    if "\\" in value:
        fix = Text("写成 " + value.replace("\\", "/"), "write / instead")
        return reader.wrong(where, "路径里用了反斜杠", "a path with backslashes", fix, value)
    try:
        made = (path.parent / value).resolve()
        there = made.exists()
    except (OSError, ValueError, RuntimeError):  # a name too long, a NUL, links that go round
        return reader.wrong(where, "不是可用的路径", "this is no path", _CHECK, value)
    if made != project and project not in made.parents:
        here = project.name or str(project)
        fix = Text(
            f"把它放进 {here} 里，或在包含两者的文件夹里运行",
            f"put it inside {here}, or run in a folder that holds both",
        )
        return reader.wrong(where, "路径在项目文件夹之外", "a path outside the project folder", fix, value)
    if not there and where != ("data",):  # whose place an option can take
        return reader.wrong(where, *_LOST, _CHECK, value)
    return made


def _check_question(reader: Reader, question: Mapping[str, Any], where: Where) -> None:
    """Note what cannot be asked whatever the facts are."""
    both = sorted(set(question.get("forced", ())) & set(question.get("forbidden", ())))
    if both:
        fix = Text("从其中一个列表里删去", "remove them from one of the lists")
        reader.wrong((*where, "forced"), "既是必选又是不选", "both forced and forbidden", fix, "、".join(both))
    for code, quota in question.get("quotas", {}).items():
        if quota.get("at_most", float("inf")) < quota.get("at_least", 0):
            fix = Text("对调或改正", "swap or correct them")
            found = f"{quota['at_least']} > {quota['at_most']}"
            reader.wrong((*where, "quotas", code), "至少多于至多", "at_least is above at_most", fix, found)


def _choices(chain: list[_Read]) -> tuple[RoadChoices, list[Problem]]:
    """Return the roads' conditions, a file's own words in place of its base's, and what is wrong with the files they name."""
    roads: dict[str, Any] = {}
    said_in: dict[str, tuple[str, str]] = {}
    for one in reversed(chain):
        mine = one.said.get("roads", {})
        roads |= mine
        said_in |= {name: (one.path.name, one.reader.line(("roads", name))) for name in mine}
    problems: list[Problem] = []
    speeds, sources = _speeds(chain[0].reader, roads, problems)
    area = None
    if "closed_area" in roads:
        try:
            area = read_area(roads["closed_area"])
            sources.append(_source(roads["closed_area"], 1))
        except FugaiError as error:
            problems += error.problems
    if isinstance(roads.get("speeds"), Path):
        said_in["speeds"] = (roads["speeds"].name, "")
    made = RoadChoices(
        speeds=speeds,
        period=roads.get("period", ""),
        closed=frozenset(roads.get("closed", ())),
        closed_area=area,
        delay_s=read_limit(roads["delay"]).value / 1000 if "delay" in roads else 0.0,
        minutes=roads.get("minutes"),
        own_speeds=roads.get("own_speeds", True),
        files=tuple(sources),
        said_in=MappingProxyType(said_in),
    )
    return (
        replace(made, max_snap_m=read_limit(roads["max_snap"]).value / 1000) if "max_snap" in roads else made
    ), problems


def _speeds(reader: Reader, roads: Mapping[str, Any], problems: list[Problem]) -> tuple[dict[str, float], list[Source]]:
    said = roads.get("speeds", {})
    if not said and roads.get("period") and ("roads", "speeds") not in reader.lines:  # else that was refused and told
        fix = Text("写上 speeds，或删去 period", "give speeds, or remove the period")
        reader.wrong(("roads", "period"), "写了时段而没有时速表", "a period, and no speeds", fix)
    if not isinstance(said, Path):
        return {name: float(speed) for name, speed in said.items()}, []
    try:
        speeds = read_speeds(said, roads.get("period", ""))
        return speeds, [_source(said, len(speeds))]
    except FugaiError as error:
        problems += (replace(one, fix=Text(*map(_as_key, one.fix))) for one in error.problems)
        return {}, []


def _as_key(words: str) -> str:
    """Return a hint about the option --period as one about the file's key.

    >>> _as_key("加上 --period 白天，或不用 --period")
    '加上 period: 白天，或不用 period'
    """
    return re.sub("--period ([^ ，,]+)", r"period: \1", words).replace("--period", "period")


def _source(path: Path, rows: int) -> Source:
    return Source(path.name, sha256(path.read_bytes()).hexdigest(), rows)


def _scenario(chain: list[_Read], merged: Mapping[str, Any]) -> Scenario:
    """Return the scenario: edits, overrides and notes of the bases first, all else the file's own or else its base's."""

    def gathered(name: str) -> tuple[tuple[str, Any], ...]:
        return tuple((one.path.name, item) for one in reversed(chain) for item in one.said.get(name, ()))

    people = next((one for one in chain if "population" in one.said), None)
    return Scenario(
        name=chain[0].said["name"],
        author=merged.get("author", ""),
        date=merged.get("date", ""),
        edits=tuple(_edit(file, *item) for file, item in gathered("edits")),
        overrides=tuple(override for one in reversed(chain) for override in _overrides(one)),
        population=_population(people) if people else None,
        service_areas=tuple(area for one in reversed(chain) for area in _service_areas(one)),
        questions=merged.get("questions", ()),
        file=chain[0].path.name,
        notes=tuple(item for _, item in gathered("notes")),
        proof=merged.get("proof", {}).get("said", ()),
        proof_of=merged.get("proof", {}).get("of", ""),
    )  # fmt: skip


def _as_proved(scenario: Scenario, choices: RoadChoices) -> Scenario:
    """Return the scenario; where it is no more what was proved, a note says so in place of the proof."""
    if not scenario.proof or scenario.proof_of == fingerprint(scenario, choices):
        return scenario
    return replace(scenario, proof=(), proof_of="", notes=(*scenario.notes, STALE))


def _edit(file: str, verb: str, said: Mapping[str, Any], line: str) -> Edit:
    """Return the edit that a verb means; upgrade, convert, move and enlarge are words for a change."""
    about: dict[str, Any] = {name: said[name] for name in ("reason", "cost", "year") if name in said}
    about |= {"line": line, "file": file}
    if verb == "open":
        return Open(fields=said["open"], **about)
    if verb == "close":
        return Close(facility=said["close"], **about)
    fields = {name: value for name, value in said.items() if name not in {verb, "to", "set", "reason", "cost", "year"}}
    if "to" in said:
        fields["kind"] = said["to"]
    return Change(facility=said[verb], fields=said.get("set", fields), word=verb, **about)


def _overrides(one: _Read) -> tuple[Override, ...]:
    return tuple(
        Override(
            item["rule"], item["params"], item.get("reason", ""), one.reader.line(("overrides", at)), one.path.name
        )
        for at, item in enumerate(one.said.get("overrides", ()))
    )


def _service_areas(one: _Read) -> tuple[ServiceArea, ...]:
    return tuple(
        ServiceArea(
            tuple(item["centers"]), tuple(item["communities"]), one.reader.line(("service_areas", at)), one.path.name
        )
        for at, item in enumerate(one.said.get("service_areas", ()))
    )


def _population(one: _Read) -> PopulationChange:
    said, reader = one.said["population"], one.reader
    factors = {"" if code == OTHERS else code: float(factor) for code, factor in said["factors"].items()}
    line = reader.line(("population",))
    return PopulationChange(said["year"], MappingProxyType(factors), said.get("reason", ""), line, one.path.name)
