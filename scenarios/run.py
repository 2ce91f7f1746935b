"""From a folder of facts and the name of rules to a folder of outputs, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geodata.load import load_with_warnings
from maps.coverage import coverage_map
from maps.furniture import Furniture, Ring
from planner import __version__
from planner.errors import OptionError, Problem, Text
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import Rules, load_rules, readable, with_minutes
from planner.schema import FACILITY_KINDS
from scenarios.export.folder import whole_folder
from scenarios.export.manifest import write_manifest
from scenarios.export.roads import DETOUR_LIST, labelled
from scenarios.export.tables import write_csv, write_geopackage
from scenarios.export.workbook import write_workbook
from scenarios.ways import RoadChoices, RoadView, road_view, ways_of

MAP = "覆盖地图.html"
AS_IT_IS = RoadChoices()
Step = Callable[[Text], None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one assessment gave: the facts, the law, the findings, and what was doubtful in the files.

    ``rules`` hold the readings that were computed and no other; ``roads`` is None where the facts hold none.
    """

    region: Region
    rules: Rules
    findings: pd.DataFrame
    warnings: tuple[Problem, ...]
    roads: RoadView | None = None


def assess_folder(data: Path, rules_name: str, out: Path, step: Step, choices: RoadChoices = AS_IT_IS) -> Outcome:
    """Assess the facts of `data` by the rules and write map, workbooks, lists and manifest into `out`."""
    step(Text("读取规则", "reading the rules"))
    rules = load_rules(rules_name, FUNCTIONS)
    step(Text("读取数据", "reading the facts"))
    loaded = load_with_warnings(data)
    step(Text("评估", "assessing"))
    travels = ways_of(loaded.region, choices)
    rules = readable(rules if choices.minutes is None else with_minutes(rules, choices.minutes), travels)
    findings = assess(loaded.region, rules, travels)
    roads = road_view(loaded.region, rules, travels, choices)
    outcome = Outcome(loaded.region, rules, findings, loaded.warnings, roads)
    _keep_apart(data, out)
    with whole_folder(out) as folder:
        write_outputs(folder, outcome, step)
    return outcome


def _keep_apart(data: Path, out: Path) -> None:
    """Refuse an output folder that is, or holds, the data: it would be moved aside to be replaced."""
    inside, target = data.resolve(), out.resolve()
    if target == inside or target in inside.parents:
        what = Text("输出文件夹与数据文件夹重叠", "the output folder is, or holds, the data folder")
        raise OptionError(Problem(str(out), what, Text("换一个输出文件夹", "choose another folder")))


def write_outputs(folder: Path, outcome: Outcome, step: Step) -> None:
    """Write every output of one assessment into an empty folder, the manifest last."""
    region, rules, findings, roads = outcome.region, outcome.rules, outcome.findings, outcome.roads
    step(Text("写出 findings", "writing the findings"))
    write_csv(folder / "findings.csv", findings)
    write_geopackage(folder / "findings.gpkg", region, findings, roads.detours if roads else None)
    if roads is not None:
        write_csv(folder / DETOUR_LIST, labelled(roads.detours))
    for code, name in workbook_names(region).items():
        step(Text(f"写出 {name}", f"writing {name}"))
        write_workbook(folder / name, region, rules, findings, code, roads)
    step(Text("绘制地图", "drawing the map"))
    page = coverage_map(region, findings, furniture(region, rules, roads), roads.detours if roads else None)
    (folder / MAP).write_text(page, encoding="utf-8", newline="\n")
    step(Text("写出清单 manifest.json", "writing the manifest"))
    write_manifest(folder, region, rules, roads)


def workbook_names(region: Region) -> dict[str, str]:
    """Return the file name of the city's workbook (under "") and of each county's (under its code), all different."""
    names: dict[str, str] = {}
    places = [("", region.about.name), *zip(region.counties["code"], region.counties["name"], strict=True)]
    for code, place in places:
        taken = {name.casefold() for name in names.values()}
        plain = f"缺口清单_{_file_safe(place)}.xlsx"
        names[code] = f"缺口清单_{_file_safe(f'{place}_{code}')}.xlsx" if plain.casefold() in taken else plain
    return names


def _file_safe(text: str) -> str:
    """Return the text without what no file system takes: separators, wildcards, control characters.

    >>> _file_safe("../东区:a")
    '.._东区_a'
    """
    return "".join("_" if letter in '<>:"/\\|?*' or not letter.isprintable() else letter for letter in text)[
        :60
    ].strip()


def furniture(region: Region, rules: Rules, roads: RoadView | None = None) -> Furniture:
    """Return the title, sources, dates, parameters and rings that stand around the map of this region."""
    about = region.about
    rings = sorted(
        {
            (reading.params["facility_kind"], float(reading.params["radius_km"]), rule.id)
            for rule in rules.rules
            for reading in rule.readings
            if "radius_km" in reading.params
        }
    )
    return Furniture(
        title=f"{about.name}医疗卫生设施覆盖图",
        subtitle=f"依据：{rules.document}（{rules.issued} 印发）",
        notice=about.notice,
        sources=about.credits or tuple(one.file for one in region.sources),
        date=about.as_of or "未注明",
        drawn_by=about.drawn_by,
        approval_number=about.approval_number,
        unit="人；公里",
        version=f"fugai {__version__}",
        inputs=tuple((one.file, one.sha256) for one in region.sources),
        parameters=tuple(text for rule in rules.rules for text in rule.assumptions)
        + about.assumptions
        + (roads.said if roads else ()),
        accuracy=about.accuracy,
        rings=tuple(
            Ring(kind, km * 1000, f"{FACILITY_KINDS[kind][0]} {km:g} 公里范围（仅示意，判断以居民点为准）", (rule,))
            for kind, km, rule in rings
        ),
    )
