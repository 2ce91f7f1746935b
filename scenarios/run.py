"""From a folder of facts and the name of rules to a folder of outputs, whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pandas as pd

from geodata.csv_text import write_csv
from geodata.load import load_with_warnings
from geodata.samples import facts_folder
from maps.coverage import answers, coverage_map
from maps.furniture import Furniture, Ring
from maps.home import Link, home_page
from planner import __version__
from planner.clauses import register_of, registered_cities
from planner.compare import row_texts, side_by_side
from planner.doubts import doubts, idle_in_findings
from planner.errors import FugaiError, OptionError, Problem, Text
from planner.findings import assess, foreign_note, gap_rows, kinds_read
from planner.gates import refused_beds
from planner.measures import FUNCTIONS
from planner.region import Region, Source
from planner.rules import Rules, load_rules, readable, with_minutes
from planner.scenario import Scenario, apply, overridden
from planner.schema import FACILITY_KINDS, LEVEL_LABELS, STATUS_LABELS
from planner.standards import standard_names
from planner.text import exact_text
from planner.travel import PAPER, Memory
from scenarios.clauses import Standing, standing, write_standing
from scenarios.document import records
from scenarios.edit_table import is_table, read_edits
from scenarios.export.folder import whole_folder
from scenarios.export.manifest import Decided, decided, write_manifest
from scenarios.export.roads import DETOUR_LIST, labelled
from scenarios.export.tables import write_geopackage
from scenarios.export.workbook import write_workbook
from scenarios.files import ScenarioFile, read_scenario
from scenarios.ways import RoadChoices, RoadView, check_choices, idle_choices, road_view, ways_of
from scenarios.write import write_scenario

# What a scenario changes in the findings: each reading before and after, the judging ones first.

SAME = "指标逐项与现状相同，没有前后变化"
_JUDGED = ("met", "not_met")


@dataclass(frozen=True)
class Changed:
    """One reading whose findings differ: its rule and reading, the city's value before and after ("" where it has none), in words."""

    rule: str
    reading: str
    before: str
    after: str
    text: str


def changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Changed, ...]:
    """Return the readings in which any finding differs; those that judge first, else in the order of the findings."""
    table = side_by_side(before, after)
    out: list[tuple[bool, Changed]] = []
    for (rule, reading), rows in table.groupby(["rule", "reading"], sort=False):
        changed = rows[rows["changed"]]
        city = records(rows[rows["level"] == "city"])
        if len(changed) and city:
            judged = bool({city[0]["status_before"], city[0]["status_after"]} & {*_JUDGED})
            out.append((not judged, _changed(str(rule), str(reading), city[0], changed)))
    return tuple(one for _, one in sorted(out, key=lambda pair: pair[0]))


def _changed(rule: str, reading: str, city: dict[str, Any], rows: pd.DataFrame) -> Changed:
    old, new, moved = row_texts(city)
    head = f"{city['rule_label']}（{city['reading_label']}）："
    was, now = (STATUS_LABELS.get(city[f"status_{side}"], "") for side in ("before", "after"))
    if not was or not now:
        text = f"{new if now else old}（{'现状' if now else '方案'}没有这一口径）"
    elif old == new and was == now:
        counts = rows[rows["level"] != "city"].groupby("level", sort=False).size()
        places = "、".join(f"{count} 个{LEVEL_LABELS[str(level)]}" for level, count in counts.items())
        text = f"全市仍为 {new}，{now}" + (f"；{places}有变化" if places else "")
    else:
        value = f"{old} → {new}（{moved}）" if old != new else f"仍为 {new}"
        text = f"{value}，{now if was == now else f'{was} → {now}'}"
    return Changed(rule, reading, old if was else "", new if now else "", head + text)


__all__ = ["Outcome", "ScenarioFile", "load_region", "read_scenario", "run", "write_scenario"]

MAP = "覆盖地图.html"
HOME = "首页.html"
WHATIF = "试点.html"
PLAN = "方案.yaml"
ORIGINAL = "方案原件.yaml"
AS_IT_IS = RoadChoices()
STATUS_QUO = Scenario()
Step = Callable[[Text], None]
Found = TypeVar("Found")
_FRAME_PX = 720
_MEMORY = Memory()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one assessment gave: the facts as decided, the law, the findings, and what was doubtful in files and scenario.

    ``rules`` hold the readings that were computed and no other; ``roads`` is None where the facts hold none;
    ``sources`` are the scenario's files; ``before`` the findings of the facts as they are, None where nobody asked;
    ``doubts`` those of the warnings that are about the scenario; ``facts``, ``law``, ``choices`` what it was judged from.
    """

    region: Region
    rules: Rules
    findings: pd.DataFrame
    warnings: tuple[Problem, ...] = ()
    roads: RoadView | None = None
    scenario: Scenario = STATUS_QUO
    sources: tuple[Source, ...] = ()
    before: pd.DataFrame | None = None
    doubts: tuple[Problem, ...] = ()
    facts: Region | None = None
    law: Rules | None = None
    choices: RoadChoices = AS_IT_IS

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """The rows of the gap list: `findings` that are not met, each at the level of its rule."""
        return gap_rows(self.findings, self.rules)

    def why(self, gap_id: str) -> pd.Series:
        """Return one finding with all that it rests on: the clause's words, the people, the nearest facility, the advice.

        KeyError where there is no finding of this id.
        """
        rows = self.findings.set_index("gap_id", drop=False)
        return pd.Series(rows.loc[gap_id], name=gap_id)

    def __repr__(self) -> str:
        judged = self.findings[self.findings["level"] == "city"]["status"].value_counts()
        words = "，".join(f"{STATUS_LABELS[str(status)]} {count}" for status, count in judged.items())
        return f"Outcome({self.region.about.name} · {self.rules.id} · {self.scenario.name}：全市 {words}；缺口 {len(self.gaps)} 项)"

    @cached_property
    def demands(self) -> Standing | None:
        """What becomes of every clause of the city's documents; None where none is registered, or the rules are another city's."""
        at_home = self.region.about.code.startswith(self.rules.city) and self.rules.city in registered_cities()
        return standing(self.region, self.rules, self.findings) if at_home else None

    @cached_property
    def changes(self) -> tuple[Changed, ...]:
        """What the scenario changes in the findings."""
        return () if self.before is None else changes(self.before, self.findings)

    @cached_property
    def decided(self) -> Decided:
        """What is told of the scenario, what it changes first."""
        said = decided(self.scenario, self.region, self.sources, self.rules.rules, self.doubts)
        if self.before is None:
            return said
        year = self.scenario.population and self.scenario.population.year
        people = [f"前后都按 {year} 年的人口计算"] if year else []
        texts = [*people, *([one.text for one in self.changes] or [SAME])]
        head, *rest = said.parts
        parts = (head, *(("before_after", text) for text in texts), *rest)
        return replace(said, parts=parts, record={**said.record, "changes": texts})

    def page(self) -> str:
        """Return the map as one offline page."""
        around = furniture(self.region, self.rules, self.roads, self.decided)
        was = {(one.rule, one.reading): one.before for one in self.changes}
        foreign = self._foreign()
        kinds = {rule.id: sorted(kinds_read(rule)) for rule in self.rules.rules}
        roads = self.roads
        if roads is None:
            return coverage_map(self.region, self.findings, around, was=was, foreign=foreign, kinds=kinds)
        return coverage_map(
            self.region, self.findings, around, roads.detours, roads.road.open_edges, was, foreign, kinds
        )

    def home(self, links: Sequence[Link]) -> str:
        """Return the first page: what was found, in words, and where each file leads."""
        around = furniture(self.region, self.rules, self.roads, self.decided, "医疗卫生设施评估")
        foreign = self._foreign()
        alarm = f"本数据不属于条款所在城市，未作判断（{foreign}）" if foreign else ""
        told = [one.text for one in self.changes]
        return home_page(answers(self.region, self.findings), links, MAP, around, alarm, told)

    def _foreign(self) -> str:
        """Return why nothing is judged, where the rules are another city's."""
        would_judge = any(one.judged for rule in self.rules.rules for one in rule.readings)
        return foreign_note(self.region, self.rules) if would_judge else ""

    def _repr_html_(self) -> str:
        """Return the map in a frame of its own, which is how a notebook shows an outcome."""
        style = f"width:100%;height:{_FRAME_PX}px;border:0"
        return f'<iframe sandbox="allow-scripts allow-modals" style="{style}" srcdoc="{escape(self.page())}"></iframe>'


def load_region(data: Path | str) -> Region:
    """Return the facts of a folder, or of an embedded sample: ``load_region("sample:panzhihua")``."""
    return load_with_warnings(facts_folder(data)).region


def city_rules(region: Region, needs: Callable[[Rules], bool] = lambda _: True) -> str:
    """Return the name of the one set of rules that holds in this city and has the clause that is needed.

    Rules of the city that lack the clause are passed over; where all lack it they stand, and the plan says what is missing.
    OptionError that names the choice where several are left, or where the city has none.
    """
    known = {name: load_rules(name, FUNCTIONS) for name in standard_names()}
    own = {name: one for name, one in known.items() if region.about.code.startswith(one.city)}
    able = {name: one for name, one in own.items() if needs(one)} or own
    if len(able) == 1:
        return next(iter(able))
    listed = "、".join(f"{name}（{one.label}）" for name, one in (able or known).items())
    names = ", ".join(able or known)
    if able:
        what = Text(
            f"本市有 {len(able)} 套规则，没有写明用哪一套", f"the city has {len(able)} sets of rules; none is named"
        )
        fix = Text(f"加上 --rules 指明一套：{listed}", f"name one with --rules: {names}")
    else:
        what = Text("没有本市的规则", "there are no rules of this city")
        fix = Text(
            f"加上 --rules：自己的 .yaml 文件；或别市的规则，只作参数情景，不作判断：{listed}",
            f"give --rules: a .yaml file of yours, or another city's, which then judges nothing: {names}",
        )
    raise OptionError(Problem("--rules", what, fix))


def run(
    region: Region,
    rules: Rules | str,
    scenario: Scenario | ScenarioFile = STATUS_QUO,
    choices: RoadChoices | None = None,
    memory: Memory = _MEMORY,
    *,
    by_time: bool = False,
) -> Outcome:
    """Return the outcome of a scenario: the region as it decides, judged by the rules (or those of that name).

    Of a scenario file its roads' conditions hold too, unless `choices` are given. Times are asked for by the choices, or
    by those that the outcome is compared with (`by_time`). What was travelled before in this process is remembered in
    `memory`. ScenarioError and OptionError for what does not fit the facts or the rules.
    """
    file = scenario if isinstance(scenario, ScenarioFile) else ScenarioFile(scenario)
    choices = file.choices if choices is None else choices
    clauses, facts = load_rules(rules, FUNCTIONS) if isinstance(rules, str) else rules, region
    law, region = decisions(facts, clauses, file.scenario, choices)
    travels = memory.cached(ways_of(region, choices, by_time=by_time))
    law = readable(law, travels)
    findings = assess(region, law, travels)
    roads = road_view(region, law, travels, choices)
    doubtful = (
        *file.warnings, *idle_choices(facts.roads, choices, law), *doubts(facts, clauses, file.scenario),
        *idle_in_findings(facts, region, file.scenario, law, travels, findings), *_refused(region, file.scenario),
    )  # fmt: skip
    return Outcome(
        region, law, findings, doubtful, roads, file.scenario, file.sources, None, doubtful, facts, clauses, choices
    )


def _refused(region: Region, scenario: Scenario) -> list[Problem]:
    """Return the beds of the scenario that a clause refuses; only a register of institutions tells of their use."""
    demanded = register_of(region.about.code, FUNCTIONS) if region.register is not None and scenario.edits else None
    return refused_beds(region, demanded.rules, PAPER["paper"], scenario) if demanded else []


def decisions(facts: Region, law: Rules, scenario: Scenario, choices: RoadChoices) -> tuple[Rules, Region]:
    """Return rules and region as a scenario decides; all that does not fit, its roads' conditions included, at once."""
    problems: dict[Problem, FugaiError] = {}

    def tried(step: Callable[[], Found]) -> Found | None:
        try:
            return step()
        except FugaiError as error:
            problems.update(dict.fromkeys(error.problems, error))
            return None

    law = law if choices.minutes is None else with_minutes(law, choices.minutes)
    rules, region = tried(lambda: overridden(law, scenario)), tried(lambda: apply(facts, scenario))
    tried(lambda: check_choices(facts.roads, choices))
    if rules is None or region is None or problems:
        raise type(next(iter(problems.values())))(tuple(problems))
    return rules, region


Pages = Mapping[str, Callable[["Outcome"], str]]
NO_PAGES: Pages = MappingProxyType({})


def assess_folder(
    data: Path, rules_name: str | None, out: Path, step: Step, choices: RoadChoices = AS_IT_IS, pages: Pages = NO_PAGES
) -> Outcome:
    """Assess the facts of `data` by the rules (the city's own, where none are named) and write all outputs into `out`.

    `pages` are more of them, by file name.
    """
    outcome = _outcome(data, rules_name, ScenarioFile(STATUS_QUO, choices), step)
    _keep_apart(data, out)
    with whole_folder(out) as folder:
        for name, page in pages.items():
            (folder / name).write_text(page(outcome), encoding="utf-8", newline="\n")
        write_outputs(folder, outcome, step)
    return outcome


def run_file(path: Path, data: Path | str | None, rules_name: str | None, out: Path, step: Step) -> Outcome:
    """Run a scenario file, or a table of edits, and write what `assess_folder` writes, and the scenario, into `out`.

    `data` and `rules_name` go before those that the file names; where neither names rules, the city's own hold. 方案.yaml is the scenario whole, without a base, as it
    can be run from `out`; 方案原件.yaml the file as it was.
    """
    step(Text("读取方案", "reading the scenario"))
    file = ScenarioFile(STATUS_QUO) if is_table(path) else read_scenario(path)
    folder_of_facts = file.data if data is None else facts_folder(data)
    rules_name = rules_name or file.rules
    if folder_of_facts is None:
        fix = Text("在方案里写 data，或加 --data", "write data into it, or give --data")
        raise OptionError(Problem(path.name, Text("没有写用哪个数据文件夹", "it names no folder of data"), fix))
    outcome = _outcome(
        folder_of_facts, rules_name, (lambda region: read_edits(path, region)) if is_table(path) else file, step
    )
    file = ScenarioFile(outcome.scenario, outcome.choices)
    _keep_apart(folder_of_facts, out)
    with whole_folder(out) as folder:
        (folder / ORIGINAL).with_suffix(path.suffix if is_table(path) else ".yaml").write_bytes(path.read_bytes())
        names = dict(zip(outcome.region.facilities["id"], outcome.region.facilities["name"], strict=True))
        said = ("整个方案，不再依赖别的方案文件：fugai run 可以重现，也可以修改后再运行。",)
        write_scenario(
            folder / PLAN, file.scenario, file.choices, folder_of_facts, rules_name or outcome.rules.id, said, names
        )
        write_outputs(folder, outcome, step)
    return outcome


def _outcome(
    data: Path, rules_name: str | None, said: ScenarioFile | Callable[[Region], ScenarioFile], step: Step
) -> Outcome:
    """Return what comes of a scenario file, or of one that only the facts make clear."""
    step(Text("读取规则", "reading the rules"))
    named = None if rules_name is None else load_rules(rules_name, FUNCTIONS)
    step(Text("读取数据", "reading the facts"))
    loaded = load_with_warnings(data)
    rules = named or load_rules(city_rules(loaded.region), FUNCTIONS)
    file = said if isinstance(said, ScenarioFile) else said(loaded.region)
    step(Text("评估", "assessing"))
    found = run(loaded.region, rules, file)
    before = None if file.scenario == STATUS_QUO else _before(loaded.region, rules, found, file.choices)
    return replace(found, warnings=(*found.warnings, *loaded.warnings), before=before)


def _before(facts: Region, rules: Rules, found: Outcome, choices: RoadChoices) -> pd.DataFrame:
    """Return the findings of the status quo, of the same people and held against the same minutes as the scenario's."""
    region = replace(facts, residents=found.region.residents)
    same = replace(AS_IT_IS, minutes=choices.minutes)
    return run(region, rules, STATUS_QUO, same, by_time=choices.asks_for_time).findings


def _keep_apart(data: Path, out: Path) -> None:
    """Refuse an output folder that is, or holds, the data: it would be moved aside to be replaced."""
    inside, target = data.resolve(), out.resolve()
    if target == inside or target in inside.parents:
        what = Text("输出文件夹与数据文件夹重叠", "the output folder is, or holds, the data folder")
        raise OptionError(Problem(str(out), what, Text("换一个输出文件夹", "choose another folder")))


def write_outputs(folder: Path, outcome: Outcome, step: Step) -> None:
    """Write every output of one assessment into a folder, the manifest last, over all files that are there by then."""
    region, rules, findings, roads = outcome.region, outcome.rules, outcome.findings, outcome.roads
    told = outcome.decided
    step(Text("写出 findings", "writing the findings"))
    write_csv(folder / "findings.csv", findings)
    write_geopackage(folder / "findings.gpkg", region, findings, roads.detours if roads else None)
    if roads is not None:
        write_csv(folder / DETOUR_LIST, labelled(roads.detours))
    for code, name in workbook_names(region).items():
        step(Text(f"写出 {name}", f"writing {name}"))
        write_workbook(folder / name, region, rules, findings, code, roads, told.lines)
    step(Text("绘制地图", "drawing the map"))
    (folder / MAP).write_text(outcome.page(), encoding="utf-8", newline="\n")
    if outcome.demands is not None:
        step(Text("写出条款清单", "writing the list of clauses"))
        write_standing(folder, outcome.demands, told.lines)
    (folder / HOME).write_text(outcome.home(_links(folder, region)), encoding="utf-8", newline="\n")
    step(Text("写出清单 manifest.json", "writing the manifest"))
    write_manifest(folder, region, rules, roads, told.record)


_ABOUT_FILES: Mapping[str, str] = MappingProxyType(
    {
        MAP: "地图：缺口在哪里，点开乡镇和机构看",
        WHATIF: "试点页：点一下加一处，马上看到谁受益",
        "条款清单.xlsx": "文件要求的全部条款：谁负责、何时完成、判断了没有",
        DETOUR_LIST: "直线达标而道路不达标的居民点",
        "findings.csv": "全部评估结果，每行一个对象",
        "findings.gpkg": "同样的结果带图形，QGIS、ArcGIS 可开",
    }
)


def _links(folder: Path, region: Region) -> list[Link]:
    """Return the files to open, in the order in which one would: the map, the pages, the lists of the counties, the rest."""
    lists = {
        name: "缺口清单：这个县（区）要做什么"
        if code != region.about.code
        else "全市的缺口清单、指标完成情况、待补数据"
        for code, name in workbook_names(region).items()
    }
    names = {MAP: _ABOUT_FILES[MAP], WHATIF: _ABOUT_FILES[WHATIF], **lists, **_ABOUT_FILES}
    return [Link(name, about) for name, about in names.items() if (folder / name).is_file()]


def workbook_names(region: Region) -> dict[str, str]:
    """Return the file name of the city's workbook (under "") and of each county's (under its code), all different.

    A single county is all there is: it has one workbook.
    """
    names: dict[str, str] = {}
    counties = list(zip(region.counties["code"], region.counties["name"], strict=True))
    places = [("", region.about.name), *(counties if len(counties) > 1 else [])]
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


NOTHING_DECIDED = Decided()


def furniture(
    region: Region, rules: Rules, roads: RoadView | None = None, told: Decided = NOTHING_DECIDED,
    what: str = "医疗卫生设施覆盖图",
) -> Furniture:  # fmt: skip
    """Return the title (the city, and `what` it is), sources, dates, parameters and rings that stand around the map of this region."""
    about = region.about
    rings = sorted(
        {
            (reading.params["facility_kind"], float(reading.params["radius_km"]), rule.id)
            for rule in rules.rules
            for reading in rule.readings
            if {"radius_km", "facility_kind"} <= reading.params.keys()
        }
    )
    return Furniture(
        title=f"{about.name}{what}" + (f"（方案：{told.name}）" if told.name else ""),
        subtitle=f"依据：{rules.document}（{rules.issued} 印发）" + (f"；方案：{told.heading}" if told.heading else ""),
        notice=about.notice,
        sources=about.credits or tuple(one.file for one in region.sources),
        date=about.as_of or "未注明",
        drawn_by=about.drawn_by,
        approval_number=about.approval_number,
        unit="人；公里",
        version=f"fugai {__version__}",
        inputs=tuple((one.file, one.sha256) for one in region.sources),
        parameters=tuple(text for part, text in told.parts if part not in {"scenario", "params", "before_after"})
        + tuple(text for rule in rules.rules for text in rule.assumptions)
        + about.assumptions
        + (roads.said if roads else ()),
        accuracy=about.accuracy,
        decided=told.facilities,
        rings=tuple(
            Ring(
                kind,
                km * 1000,
                f"{FACILITY_KINDS[kind][0]} {exact_text(km)} 公里范围（仅示意，判断以居民点为准）",
                (rule,),
            )
            for kind, km, rule in rings
        ),
    )
