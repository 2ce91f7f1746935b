"""manifest.json: what made these files, from which inputs, with which parameters, and the hash of each."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planner import __version__
from planner.errors import OptionError, Problem, Text
from planner.region import Region, Source
from planner.rules import Rule, Rules, judgement, parameter_texts
from planner.scenario import Open, Scenario, edit_words
from planner.text import exact_text, money_text
from scenarios.export.explain import manifest_of_uses
from scenarios.export.folder import MANIFEST
from scenarios.ways import RoadView


def outputs_of(folder: Path) -> list[dict[str, Any]]:
    """Return name, SHA-256 and size of every file that stands in the folder, by name."""
    return [
        {"file": path.name, "sha256": sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def parameters(rules: Rules) -> dict[str, Any]:
    """Return, by rule and reading, the parameters with which it was computed."""
    return {
        f"{rule.id}.{reading.id}": {key: list(value) if isinstance(value, tuple) else value
                                    for key, value in sorted(reading.params.items())}
        for rule in rules.rules
        for reading in rule.readings
    }  # fmt: skip


def _roads(roads: RoadView) -> dict[str, Any]:
    """Return how one travelled by road, and whom the roads do not join."""
    off = roads.not_joined
    off = off.assign(state=off["state"].where(~off["closed"].astype(bool), "closed"))
    states = {state: off[(off["state"] == state) & (off["what"] == "resident")] for state in ("apart", "far", "closed")}
    counts = {
        state: {"settlements": len(rows), "population": int(rows["population"].sum())} for state, rows in states.items()
    }
    return {**roads.record, "parts": asdict(roads.parts), "residents": counts}


def write_manifest(
    folder: Path,
    region: Region,
    rules: Rules,
    roads: RoadView | None = None,
    scenario: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the manifest of an assessment. `scenario`: see `decided`."""
    parts = {
        "accuracy": region.about.accuracy,
        **rules_part(rules),
        **({"scenario": dict(scenario)} if scenario else {}),
        **inputs_part(region.sources),
        "intake": manifest_of_uses(region.uses),
        "parameters": parameters(rules),
        **({"roads": _roads(roads)} if roads else {}),
        "assumptions": [*region.about.assumptions, *(text for rule in rules.rules for text in rule.assumptions)],
        "credits": list(region.about.credits),
    }
    write_record(folder, region, parts)


def rules_part(rules: Rules) -> dict[str, Any]:
    """Return what a manifest tells of the rules."""
    return {"rules": {"id": rules.id, "document": rules.document, "issued": rules.issued, "city": rules.city}}


def inputs_part(sources: Iterable[Source]) -> dict[str, Any]:
    """Return what a manifest tells of the files that were read."""
    return {"inputs": [{"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in sources]}


def write_record(folder: Path, region: Region, parts: Mapping[str, Any], command: str = "") -> None:
    """Write manifest.json over all the files that `folder` holds by now: what made them and of what data, then `parts`.

    It comes last.
    """
    record = {
        "tool": "fugai",
        "version": __version__,
        **({"command": command} if command else {}),
        "region": {"name": region.about.name, "code": region.about.code, "crs": region.crs},
        "data_date": region.about.as_of,
        "notice": region.about.notice,
        **parts,
        "outputs": outputs_of(folder),
    }
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Verified:
    """How many outputs and inputs are what the manifest says, a line for each that is not, and what was not checked."""

    outputs: int
    inputs: int
    wrong: tuple[Text, ...]
    told: tuple[Text, ...]


def verified(out: Path, data: Path | None = None) -> Verified:
    """Hold the files in `out` against its manifest, and the inputs that it names against those in `data`.

    OptionError where `out` has no manifest of ours that can be read.
    """
    outputs, inputs = _recorded(out)
    wrong = [line for name, digests in outputs.items() if (line := _differs("输出", "output", out / name, digests))]
    good = len(outputs) - len(wrong)
    told = [
        Text(
            f"输出 {path.name}：manifest.json 没有记录，没有核对",
            f"output {path.name}: not in manifest.json, not checked",
        )
        for path in sorted(out.iterdir())
        if path.name not in outputs and path.name != MANIFEST
    ]
    if data is None:
        return Verified(good, 0, tuple(wrong), tuple(told))
    changed = [line for name, digests in inputs.items() if (line := _differs("输入", "input", data / name, digests))]
    return Verified(good, len(inputs) - len(changed), (*wrong, *changed), tuple(told))


def _recorded(out: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the SHA-256 by name of the outputs and of the inputs that a manifest records; names are never paths."""
    try:
        record = json.loads((out / MANIFEST).read_text("utf-8"))
        known: list[dict[str, set[str]]] = []
        for part in (record["outputs"], record.get("inputs", [])):
            known.append({})
            for one in part:
                known[-1].setdefault(str(one["file"]), set()).add(str(one["sha256"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = []
    names = [name for part in known for name in part]
    if not known or any(name in {"", ".", ".."} or "/" in name or "\\" in name for name in names):
        what = Text("没有 fugai 写的清单，或清单已损坏", "holds no manifest of fugai, or a broken one")
        raise OptionError(
            Problem(str(out / MANIFEST), what, Text("给出一次运行的输出文件夹", "give a folder of outputs"))
        )
    return known[0], known[1]


def _differs(zh: str, en: str, path: Path, digests: set[str]) -> Text | None:
    """Return what is wrong with a file that should have one of these digests; None where it has."""
    try:
        if sha256(path.read_bytes()).hexdigest() in digests:
            return None
    except FileNotFoundError:
        return Text(f"{zh} {path.name}：找不到", f"{en} {path.name}: is not there")
    except OSError as error:
        return Text(
            f"{zh} {path.name}：读不出（{error.strerror}）", f"{en} {path.name}: cannot be read ({error.strerror})"
        )
    return Text(f"{zh} {path.name}：内容已改变", f"{en} {path.name}: has changed")


# What a scenario decides, in words: for the sheet 说明, the map and the manifest.

STATUS_QUO = Scenario()
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "scenario": "方案", "before_after": "方案：前后", "edits": "方案：改动", "cost": "方案：费用",
        "params": "方案：参数", "population": "方案：人口", "areas": "方案：服务范围", "proof": "方案：证明",
        "doubts": "方案：提醒", "notes": "方案：备注",
    }
)  # fmt: skip
"""What each part of all that is told of a scenario is called: before_after is what differs from the status quo in the findings."""


@dataclass(frozen=True)
class Decided:
    """The scenario's name with author and date, (key of PARTS, sentence) of all it decides, and the same for the manifest.

    ``facilities`` are pairs of (id, what is done with it). All empty for the status quo.
    """

    name: str = ""
    heading: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    facilities: tuple[tuple[str, str], ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The same as (label, sentence)."""
        return tuple((PARTS[part], text) for part, text in self.parts)


def decided(
    scenario: Scenario, region: Region, sources: Sequence[Source] = (), rules: Sequence[Rule] = (),
    doubtful: Sequence[Problem] = (),
) -> Decided:  # fmt: skip
    """Return what is told of a scenario, whose region this is, and what is doubtful in it; nothing of the status quo.

    `rules` are those that were computed: no parameter is told of others.
    """
    if scenario == STATUS_QUO:
        return Decided()
    names = dict(zip(region.facilities["id"], region.facilities["name"], strict=True))
    edits = edit_words(scenario.edits, names)
    heading = "，".join(part for part in (scenario.name, scenario.author, scenario.date) if part)
    reminders = [f"{one.found}：{one.what.zh}" for one in doubtful]
    population, areas, params = _population(scenario, region), _areas(scenario, names), _overrides(scenario, rules)
    parts = [
        ("scenario", heading),
        *(("edits", f"{at}. {text}") for at, text in enumerate(edits, 1)),
        *(("cost", text) for text in _cost(scenario)),
        *(("params", text) for text in params),
        *(("population", text) for text in population),
        *(("areas", text) for text in areas),
        *(("proof", f"{text}（按写出方案时的数据）") for text in scenario.proof),
        *(("doubts", text) for text in reminders),
        *(("notes", text) for text in scenario.notes),
    ]
    if scenario.says_nothing:
        parts.append(("edits", "没有改动设施、规则参数和人口"))
    record = {
        "name": scenario.name,
        "author": scenario.author,
        "date": scenario.date,
        "edits": edits,
        "cost": cost_of(scenario),
        "assumptions": [*population, *areas, *params],
        **({"reminders": reminders} if reminders else {}),
        "notes": list(scenario.notes),
        **({"proof": list(scenario.proof)} if scenario.proof else {}),
        "files": [{"file": one.file, "sha256": one.sha256} for one in sources],
    }
    return Decided(scenario.name, heading, tuple(parts), _by_facility(scenario, edits), record)


def _by_facility(scenario: Scenario, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    said: dict[str, str] = {}
    for edit, text in zip(scenario.edits, words, strict=True):
        facility = str(getattr(edit, "facility", ""))
        said[facility] = "；".join(filter(None, (said.get(facility, ""), text)))
    return tuple(said.items())


def cost_of(scenario: Scenario) -> dict[str, Any]:
    """Return the sum of the costs that are known (万元, None where none is) and the number of edits without one."""
    known = [edit.cost for edit in scenario.edits if not math.isnan(edit.cost)]
    return {"sum_10000_yuan": math.fsum(known) if known else None, "edits_without": len(scenario.edits) - len(known)}


def _cost(scenario: Scenario) -> Iterator[str]:
    cost = cost_of(scenario)
    total, without = cost["sum_10000_yuan"], cost["edits_without"]
    if total is not None:
        yield f"合计 {money_text(total)}" + (f"，另有 {without} 项改动没有写费用" if without else "")


def _population(scenario: Scenario, region: Region) -> list[str]:
    change = scenario.population
    if change is None:
        return []
    names = {"": "其余县（区）", **dict(zip(region.counties["code"], region.counties["name"], strict=True))}
    said = "、".join(f"{names[code]}×{exact_text(factor)}" for code, factor in change.factors.items())
    return [f"{change.year} 年人口（估算）＝现在人口乘以：{said}" + (f"（{change.reason}）" if change.reason else "")]


def _areas(scenario: Scenario, names: Mapping[str, str]) -> list[str]:
    known = {
        **names,
        **{str(one.fields["id"]): str(one.fields["name"]) for one in scenario.edits if isinstance(one, Open)},
    }
    return [
        f"{'、'.join(known.get(one, one) for one in area.centers)}：{len(area.communities)} 个社区（{'、'.join(area.communities)}）"
        for area in scenario.service_areas
    ]


def _overrides(scenario: Scenario, rules: Sequence[Rule]) -> list[str]:
    known = {one.id: one for one in rules}
    return [
        f"{known[one.rule].label}：{parameter_texts(one.params)}"
        + (f"（{one.reason}）" if one.reason else "")
        + f"，{judgement(known[one.rule])}"
        for one in scenario.overrides
        if one.rule in known
    ]
