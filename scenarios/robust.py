"""From a scenario (or the status quo) to how certain its gaps and its sites are, as a folder, whole or not at all."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from planner.certainty import Certainty, certainty
from planner.certainty_sites import SiteCertainty, site_certainty
from planner.errors import OptionError, Problem, Text
from planner.findings import assess
from planner.limits import Limit
from planner.plans.subcenters import KIND
from planner.rules import Rules, readable
from planner.scenario import apply
from planner.uncertainty import Uncertainty
from scenarios.chosen import chosen_of, limits_of, one_number, question_of, subcenter_task, way_to_sites
from scenarios.export.folder import whole_folder
from scenarios.files import read_scenario
from scenarios.plans.start import Start, begin, keep_apart
from scenarios.run import Step
from scenarios.ways import RoadChoices, ways_of

BASELINE = "baseline"
"""The word for the scenario that says nothing."""


@dataclass(frozen=True)
class Asked:
    """What is to be tested: a scenario file or the word baseline, on which facts, by which rules, how unsure.

    p, limits   of the sub-centre question; None and empty: the scenario's. default_limits: where it has none either
    """

    scenario: str
    data: Path | None = None
    rules: str = ""
    p: int | None = None
    limits: tuple[Limit, ...] = ()
    default_limits: tuple[Limit, ...] = ()
    uncertainty: Uncertainty = field(default=Uncertainty())

    @property
    def path(self) -> Path | None:
        return None if self.scenario == BASELINE else Path(self.scenario)


@dataclass(frozen=True, eq=False)
class Report:
    """What came of it. rules: those that were computed; sites: None where no number of sub-centres is asked."""

    asked: Asked
    start: Start
    rules: Rules
    findings: pd.DataFrame
    gaps: Certainty
    sites: SiteCertainty | None
    limits: tuple[Limit, ...]


def robust_folder(asked: Asked, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Test and write everything into `out`."""
    from scenarios.export.robust import write_outputs

    data = _data(asked)
    start = begin(data, asked.rules, asked.path, choices, (), step)
    keep_apart(start, asked.path, out)
    found = report(asked, start, step)
    with whole_folder(out) as folder:
        write_outputs(folder, found, step)
    return found


def _data(asked: Asked) -> Path:
    """Return the folder of facts: the one given, else the scenario's."""
    named = asked.data if asked.data or asked.path is None else read_scenario(asked.path).data
    if named is None:
        fix = Text("加上 --data，或在方案里写 data", "give --data, or write data into the scenario")
        raise OptionError(Problem("--data", Text("没有写明数据文件夹", "no folder of data is named"), fix))
    return named


def report(asked: Asked, start: Start, step: Step) -> Report:
    """Return how certain gaps and sites are."""
    step(Text("评估", "assessing"))
    travels = ways_of(start.region, start.base.choices)
    rules = readable(start.rules, travels)
    findings = assess(start.region, rules, travels)
    gaps = certainty(start.region, rules, travels, findings, asked.uncertainty, step)
    limits, sites = _sites(asked, start, step)
    return Report(asked, start, rules, findings, gaps, sites, limits)


def _sites(asked: Asked, start: Start, step: Step) -> tuple[tuple[Limit, ...], SiteCertainty | None]:
    """Return the limits and the test of the sites; without one where no number is asked.

    The scenario's own sub-centres are taken back and chosen anew: what it has decided otherwise stays.
    """
    scenario = start.base.scenario
    question, mine = question_of(scenario, "subcenters"), chosen_of(start.facts, scenario, KIND, opened=False)
    region = apply(start.facts, mine.before)
    built = len(region.open_facilities(KIND))
    p = one_number(question, asked.p, len(mine.sites) + built if mine.sites else 0)
    if p is None:
        return (), None
    limits = limits_of(question, asked.limits, asked.default_limits)
    if region.roads is None and not asked.limits:
        limits = tuple(one for one in limits if one.unit == "mm")
    planned = mine.sites if len(mine.sites) + built == p else ()
    task = subcenter_task(region, question, p, limits, planned)
    travel = way_to_sites(region.roads, start.base.choices, limits)
    return limits, site_certainty(region, travel, task, asked.uncertainty, planned, step)
