"""fugai whatif: the page on which a director tries sites, made of a folder of facts and the rules that count people by distance."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

from maps.furniture import Furniture
from maps.whatif import Question, whatif_map
from planner.errors import OptionError, Problem, Text
from planner.measures import FUNCTIONS, measure_of, people_named
from planner.region import Region
from planner.road import Road
from planner.rules import Reading, Rule, Rules, load_rules
from scenarios.export.folder import keep_apart, write_whole
from scenarios.run import WHATIF, Pages, Step, city_rules, furniture, load_region
from scenarios.ways import RoadChoices, ways_of

MEASURES = ("people_within", "people_within_time")
OTHERS = "试点页只算按距离或时间数人口的条款；其他条款，把导出的方案交给 fugai run 计算"
NO_ROADS = "数据里没有路网，试点页只按直线距离"
BY_TIME = "试点页的道路时间按内置时速、没有调度时间计算；导出的方案按同样的时间计算"


def questions(region: Region, rules: Rules, ways: Collection[str]) -> tuple[Question, ...]:
    """Return what the page can ask: each reading that counts people within a limit by one of the ways, those that judge first."""
    pairs = [(rule, reading) for rule in rules.rules if rule.measure in MEASURES for reading in rule.readings]
    found = [_question(region, rule, reading) for rule, reading in pairs if reading.travel in ways]
    return tuple(sorted((one for one in found if len(one.people)), key=lambda one: not one.judged))


def _question(region: Region, rule: Rule, reading: Reading) -> Question:
    params, measure = reading.params, measure_of(rule)
    return Question(
        rule=rule.id,
        reading=reading.id,
        label=rule.label,
        reading_label=reading.label,
        required_text=rule.required_text,
        denominator=rule.denominator,
        kinds=measure.kinds_of(params),
        limit=measure.limit_of(params),
        travel=reading.travel,
        param="minutes" if "minutes" in params else "radius_km",
        judged=reading.judged,
        people=measure.people(region, params),
        who=" ".join(people_named(params)),
        quote=rule.clause.quote,
        cite="　".join(filter(None, (rule.clause.document, rule.clause.section))),
    )


def page_of(region: Region, rules: Rules, rules_name: str) -> str:
    """Return the page; OptionError where the rules count nobody by distance."""
    ways = ways_of(region, RoadChoices(), by_time=True)
    asked = questions(region, rules, ways)
    if not asked:
        what = Text("这套规则没有按距离数人口的条款，没有可以试的", "these rules count no people by distance")
        fix = Text("换一套规则，或用 fugai run 计算方案", "choose other rules, or use fugai run")
        raise OptionError(Problem("--rules", what, fix))
    foreign = not region.about.code.startswith(rules.city)
    if foreign:
        asked = tuple(replace(one, judged=False) for one in asked)
    roads = {one.travel: way for one in asked if isinstance(way := ways[one.travel], Road)}
    return whatif_map(region, asked, rules_name, _furniture(region, rules, roads), roads)


def _furniture(region: Region, rules: Rules, roads: Collection[str]) -> Furniture:
    around = furniture(region, rules)
    said = [OTHERS, *([] if region.roads is not None else [NO_ROADS]), *([BY_TIME] if "road_time" in roads else [])]
    return replace(around, title=f"{region.about.name}试点", rings=(), parameters=(*said, *around.parameters))


def pages_of(rules_name: str) -> Pages:
    """Return the page that a whole job writes beside its map; none where the rules count nobody by distance."""
    rules = load_rules(rules_name, FUNCTIONS)
    has_any = any(rule.measure in MEASURES for rule in rules.rules)
    return {WHATIF: lambda outcome: page_of(outcome.region, rules, rules_name)} if has_any else {}


def write_page(data: Path, rules_name: str | None, out: Path, step: Step) -> None:
    """Write the page of a folder of facts; rules that are not named are the city's own."""
    step(Text("读取数据", "reading the data"))
    region = load_region(data)
    name = rules_name or city_rules(region, lambda rules: any(rule.measure in MEASURES for rule in rules.rules))
    keep_apart(out, data)
    step(Text("制作试点页", "making the page"))
    page = page_of(region, load_rules(name, FUNCTIONS), name)
    write_whole({out: partial(Path.write_text, data=page, encoding="utf-8", newline="\n")})
