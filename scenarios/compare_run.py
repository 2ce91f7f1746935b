"""From the names of scenarios to a folder that tells them apart, whole or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from geodata.load import load_with_warnings
from planner.compare import Noticed
from planner.errors import OptionError, Problem, Text
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import Rules, load_rules
from planner.scenario import Scenario
from scenarios.compare import LETTERS, NOTICED, Comparison, Side, compare
from scenarios.export.folder import keep_apart, whole_folder
from scenarios.files import ScenarioFile, read_scenario
from scenarios.questions import BASELINE, CompareQuestion
from scenarios.run import Step, city_rules


def compare_folder(asked: CompareQuestion, out: Path, step: Step) -> Comparison:
    """Compare the scenarios and write page, workbook, lists, sentences and manifest into `out`."""
    _check_names(asked.names)
    step(Text("读取方案", "reading the scenarios"))
    files = [ScenarioFile(Scenario()) if name == BASELINE else read_scenario(name) for name in asked.names]
    data = _data(asked, files)
    keep_apart(out, data, *(Path(name) for name in asked.names if name != BASELINE))
    step(Text("读取数据", "reading the facts"))
    region = load_with_warnings(data).region
    rules = _rules(asked, files, region)
    step(Text("评估和比较", "assessing and comparing"))
    found = compare(region, rules, [one.scenario for one in files], [one.choices for one in files], _noticed(asked))
    found = _with_sources(found, files)
    from scenarios.compare_write import write_outputs

    with whole_folder(out) as folder:
        write_outputs(folder, found, step)
    return found


def _noticed(asked: CompareQuestion) -> Noticed:
    """Return from which distance and time on a change counts."""
    return replace(NOTICED, **{one.unit: one.value for one in asked.noticed})


def _with_sources(found: Comparison, files: Sequence[ScenarioFile]) -> Comparison:
    """Return the comparison whose sides know the files that they were read from."""
    sides: dict[str, Side] = {
        side.letter: replace(side, sources=one.sources) for side, one in zip(found.sides, files, strict=True)
    }

    def known(side: Side) -> Side:  # the earlier one of a pair may have been judged with other people
        return replace(side, sources=sides[side.letter].sources)

    pairs = (replace(one, before=known(one.before), after=known(one.after)) for one in found.pairs)
    return replace(found, sides=tuple(sides.values()), pairs=tuple(pairs))


def _refuse(found: str, what: Text, fix: Text) -> OptionError:
    return OptionError(Problem("compare", what, fix, found=found))


def _check_names(names: Sequence[str]) -> None:
    """Refuse fewer than two scenarios, too many, and the same one twice."""
    if len(names) < 2:
        fix = Text("写两个方案文件；现状写 baseline", "name two scenario files; 'baseline' is the status quo")
        raise _refuse("、".join(names), Text("至少要有两个方案", "two scenarios are needed at least"), fix)
    if len(names) > len(LETTERS):
        fix = Text(f"一次最多比较 {len(LETTERS)} 个", f"at most {len(LETTERS)} at once")
        raise _refuse(str(len(names)), Text("方案太多", "too many scenarios"), fix)
    paths = [name if name == BASELINE else str(Path(name).resolve()) for name in names]
    twice = next((name for name, path in zip(names, paths, strict=True) if paths.count(path) > 1), None)
    if twice is not None:
        fix = Text("去掉一个，或换成另一个方案", "leave one out, or name another")
        raise _refuse(twice, Text("同一个方案写了两次", "the same scenario twice"), fix)


def _data(asked: CompareQuestion, files: Sequence[ScenarioFile]) -> Path:
    """Return the one folder of facts; OptionError where there is none or more than one."""
    named = list(asked.data) or [one.data for one in files if one.data is not None]
    folders = list(dict.fromkeys(one.resolve() for one in named))
    if not folders:
        fix = Text("加上 --data 数据文件夹，或在方案文件里写 data", "add --data DIR, or write data in a scenario file")
        raise _refuse("", Text("没有写明用哪个数据文件夹", "no folder of data is named"), fix)
    if len(folders) > 1:
        shown = "、".join(str(one) for one in dict.fromkeys(named))
        fix = Text("方案要在同一份数据上比较；用 --data 指明一个", "compare on the same facts; name one with --data")
        raise _refuse(shown, Text("数据文件夹不止一个", "different folders of data"), fix)
    return named[0]


def _rules(asked: CompareQuestion, files: Sequence[ScenarioFile], region: Region) -> Rules:
    """Return the rules that are asked for, else those the files name, else the city's own."""
    named = [asked.rules] if asked.rules else list(dict.fromkeys(one.rules for one in files if one.rules))
    if len(named) > 1:
        fix = Text("用 --rules 指明一套", "name one set with --rules")
        raise _refuse("、".join(named), Text("各方案写的规则不同", "the scenarios name different rules"), fix)
    if named:
        return load_rules(named[0], FUNCTIONS)
    return load_rules(city_rules(region), FUNCTIONS)
