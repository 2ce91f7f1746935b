"""The folder of any plan, written whole or not at all."""

from collections.abc import Callable, Sequence
from pathlib import Path

from geodata.csv_text import write_csv
from planner.errors import Text
from scenarios.export.folder import whole_folder
from scenarios.export.manifest import write_manifest
from scenarios.plans.start import Proposal, Start, assessed, record_of, write_proposals
from scenarios.run import Step

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
