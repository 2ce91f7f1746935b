"""What every plan starts from and ends in: facts and rules as a scenario decides, and proposals that are scenarios again."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from geodata.csv_text import write_csv
from geodata.load import load_with_warnings
from planner import __version__
from planner.doubts import doubts
from planner.errors import Problem, SitingError, Text
from planner.measures import FUNCTIONS
from planner.region import Region, Source
from planner.rules import Reading, Rule, Rules, load_rules
from planner.scenario import Edit, Scenario
from planner.siting.siting import Siting
from scenarios.export.folder import whole_folder
from scenarios.export.manifest import decided, write_manifest
from scenarios.files import ScenarioFile, read_scenario
from scenarios.run import Outcome, Step, city_rules, decisions, run
from scenarios.ways import RoadChoices
from scenarios.write import write_scenario

STATUS_QUO = Scenario()
NO_CHOICES = RoadChoices()
_NAMED = 4


@dataclass(frozen=True, eq=False)
class Start:
    """What a plan starts from.

    facts, law      as the files say; `region` and `rules` are these as the base scenario and the options decide
    base            the scenario that the plan goes on from (the status quo where none is given), and the roads' conditions
    rules_name      as `load_rules` takes it
    files           read besides the facts: scenarios, quotas, lists
    """

    data: Path
    rules_name: str
    facts: Region
    law: Rules
    region: Region
    rules: Rules
    base: ScenarioFile
    warnings: tuple[Problem, ...] = ()
    files: tuple[Source, ...] = ()

    @property
    def at_home(self) -> bool:
        """Whether the clauses hold here: elsewhere a plan is a case of parameters and judges nothing."""
        return self.region.about.code.startswith(self.law.city)


def begin(
    data: Path, rules_name: str, scenario: Path | None, choices: RoadChoices, files: Sequence[Path], step: Step,
    needs: Callable[[Rules], bool] = lambda _: True,
) -> Start:  # fmt: skip
    """Return the start; the options about roads go before the scenario's. FugaiError for what cannot be used.

    `needs` tells whether rules have the clause that the plan reads: it helps to choose where none are named.
    """
    step(Text("读取数据", "reading the facts"))
    base = ScenarioFile(STATUS_QUO) if scenario is None else read_scenario(scenario)
    base = replace(base, choices=_merged(choices, base.choices))
    loaded = load_with_warnings(data)
    name = rules_name or base.rules or city_rules(loaded.region, needs)
    law = load_rules(name, FUNCTIONS)
    rules, region = decisions(loaded.region, law, base.scenario, base.choices)
    sources = (*base.sources, *base.choices.files, *map(_source, files))
    doubtful = (*base.warnings, *doubts(loaded.region, law, base.scenario))
    return Start(data, name, loaded.region, law, region, rules, base, (*doubtful, *loaded.warnings), sources)


def _merged(given: RoadChoices, base: RoadChoices) -> RoadChoices:
    """Return the choices given, and the base's where none is."""
    chosen = {one.name: getattr(given, one.name) for one in fields(RoadChoices) if one.compare}
    plain = {name: getattr(NO_CHOICES, name) for name in chosen}
    changed = {name: value for name, value in chosen.items() if value != plain[name]}
    said_in = {name: where for name, where in base.said_in.items() if name not in changed}
    return replace(base, **{**changed, "said_in": said_in})


def _source(path: Path) -> Source:
    return Source(path.name, sha256(path.read_bytes()).hexdigest(), 0)


def readings_of(rules: Rules, measure: str, **params: object) -> list[tuple[Rule, Reading]]:
    """Return every (rule, reading) of a measure with these parameters."""
    return [
        (rule, reading)
        for rule in rules.rules
        if rule.measure == measure
        for reading in rule.readings
        if all(reading.params.get(name) == value for name, value in params.items())
    ]


@dataclass(frozen=True, eq=False)
class Proposal:
    """One plan as a scenario file: its file's name, the scenario with the roads' conditions, and what stands at its top."""

    file: str
    said: ScenarioFile
    comments: tuple[str, ...]


def proposal(
    start: Start, file: str, name: str, edits: Sequence[Edit], question: Mapping[str, Any], notes: Sequence[str],
    proof: Sequence[str] = (),
) -> Proposal:  # fmt: skip
    """Return the base scenario with the edits of a plan behind its own, and the question that the plan answers.

    `proof` is what is proved of just these edits: it is not told any more once somebody changes them.
    """
    scenario = replace(
        start.base.scenario,
        name=name,
        edits=(*start.base.scenario.edits, *edits),
        questions=(*start.base.scenario.questions, *([question] if question else [])),
        notes=(*start.base.scenario.notes, *notes),
        proof=tuple(proof),
        proof_of="",
    )
    top = ("选址方案，由 fugai plan 写出：fugai run 可以重现，也可以修改后再运行、再比较（fugai compare）。",)
    return Proposal(file, replace(start.base, scenario=scenario), top)


def assessed(start: Start, said: ScenarioFile) -> Outcome:
    """Return what `fugai run` finds of a proposal."""
    return run(start.facts, start.law, said)


def write_proposals(folder: Path, start: Start, proposals: Sequence[Proposal]) -> None:
    """Write each as a scenario file that names the facts and the rules."""
    frame = start.facts.facilities
    names = dict(zip(frame["id"], frame["name"], strict=True))
    for one in proposals:
        path = folder / one.file
        write_scenario(path, one.said.scenario, one.said.choices, start.data, start.rules_name, one.comments, names)


def record_of(start: Start) -> Mapping[str, Any]:
    """Return what the manifest keeps of the base scenario; nothing of the status quo."""
    if start.base.scenario == STATUS_QUO:
        return {}
    doubtful = doubts(start.facts, start.law, start.base.scenario)
    return decided(start.base.scenario, start.region, start.base.sources, start.rules.rules, doubtful).record


def has_plan(siting: Siting) -> bool:
    """Whether the answer holds a plan."""
    return siting.status in ("optimal", "feasible")


def refuse_clash(start: Start, siting: Siting, given: Mapping[str, str]) -> SitingError:
    """Return the error that says why no plan keeps the rules, and what helps.

    given: the options that were given, by the kind of rule (Clash.kinds) that each sets
    """
    if siting.clash is None:
        what = Text("时限内没有找到方案", "no plan was found in time")
        return SitingError(Problem("--time-limit", what, Text("放宽 --time-limit", "allow more --time-limit")))
    option = " / ".join(dict.fromkeys(given[one] for one in siting.clash.kinds if one in given)) or start.data.name
    rule, change = siting.clash.rule, siting.clash.change
    ids = (
        [*siting.clash.ids] if len(siting.clash.ids) <= _NAMED else []
    )  # a list of all candidates of a county tells nothing
    place = dict(zip(start.region.facilities["id"], start.region.facilities["name"], strict=True))
    found = "、".join(f"{one} {place.get(one, '')}".strip() for one in ids)
    what = Text(f"没有可行方案：{rule.zh}", f"there is no plan: {rule.en}")
    return SitingError(Problem(option, what, Text(f"可以：{change.zh}", f"you may {change.en}"), found=found))


# The folder of any plan, written whole or not at all.

FINDINGS = "findings.csv"


def write_folder(
    out: Path, start: Start, said: Sequence[Proposal], outputs: Callable[[Path], None], step: Step
) -> None:
    """Write a plan's own outputs, its proposals, the findings of the first of them, and the manifest over all."""
    step(Text("评估方案", "assessing the plan"))
    outcome = assessed(start, said[0].said) if said else None
    with whole_folder(out) as folder:
        outputs(folder)
        step(Text("写出方案文件", "writing the scenario files"))
        write_proposals(folder, start, said)
        if outcome is not None:
            write_csv(folder / FINDINGS, outcome.findings)
        rules = outcome.rules if outcome is not None else start.rules
        write_manifest(folder, start.facts, rules, outcome.roads if outcome is not None else None, record_of(start))


# plan.json: a plan as plain data, numbers that are none as null, without anything that differs from run to run.

PLAN_JSON = "plan.json"


def write_plan_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it in UTF-8, indented."""
    text = json.dumps(plain(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it.

    >>> plain({"a": float("nan"), "b": (1.0, np.int64(2)), 5: np.float64(0.5)})
    {'a': None, 'b': [1, 2], '5': 0.5}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return None if not math.isfinite(number) else int(number) if number.is_integer() else number
    return value


def head(start: Start) -> dict[str, Any]:
    """Return what made the plan: facts, rules, the base scenario, the files and their hashes."""
    base = start.base.scenario
    files = [*start.facts.sources, *start.files]
    return {
        "tool": "fugai",
        "version": __version__,
        "region": {"name": start.region.about.name, "code": start.region.about.code},
        "notice": start.region.about.notice,
        "rules": {"id": start.law.id, "document": start.law.document, "judges_here": start.at_home},
        "base": None if base == STATUS_QUO else base.name,
        "inputs": [{"file": one.file, "sha256": one.sha256} for one in files],
    }


def siting_data(siting: Siting) -> dict[str, Any]:
    """Return one answer without its seconds."""
    clash = siting.clash
    return {
        "status": siting.status,
        "objective_value": siting.objective,
        "bound": siting.bound,
        "gap": siting.gap,
        "chosen": list(siting.chosen),
        "background": list(siting.background),
        "covered": siting.covered,
        "uncovered": siting.uncovered,
        "unreachable": siting.unreachable,
        "ties": siting.ties,
        "clash": None if clash is None else {"rule": clash.rule.zh, "ids": list(clash.ids), "change": clash.change.zh},
    }
