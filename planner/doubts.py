"""What is doubtful in a scenario: decisions that change nothing, and those that hardly mean what they say. All warnings."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from planner.errors import Problem, ScenarioError, Text
from planner.findings import measured, reads_the_same
from planner.measures import measure_of
from planner.region import Region, ids_of
from planner.rules import Reading, Rule, Rules, changed_params, parameter_texts
from planner.scenario import Change, Edit, Open, Scenario, applied, apply, with_population
from planner.schema import FACILITIES, FACILITY_KINDS
from planner.text import option_text
from planner.travel import Travel

_DROP = Text("核对；不需要就删去这一条", "check it, or remove it")
_CHECK = Text("核对", "check it")
_PLACED = frozenset({"kind", "status", "lon", "lat", "town_code", "village_code", "county_code", "upgraded_from"})
"""Columns of what a facility is and where: edits of none of them are first left out together."""
_MOST_TRIED = 60
"""So many edits are left out one by one to see whether the findings change; more would take minutes."""


@dataclass(frozen=True, eq=False)
class _Step:
    """One edit with the rows of its facility before and after it (None: not there), and the columns that it changes."""

    edit: Edit
    name: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    changed: frozenset[str]

    @property
    def line(self) -> str:
        return self.edit.line or "?"


def doubts(facts: Region, rules: Rules, scenario: Scenario) -> list[Problem]:
    """Return what is doubtful in a scenario that fits these facts and rules, as far as they tell without travelling.

    `rules` are the clauses as they stand, before the scenario's own numbers.
    """
    region = facts if scenario.population is None else with_population(facts, scenario.population)
    steps, frame = _steps(region, scenario)
    rows = frame.set_index("id", drop=False)
    found = [
        *_idle_edits(facts, steps, scenario).values(),
        *(one for step in steps for one in _odd_step(region, step, scenario)),
        *(one for step in steps for one in _left_behind(facts, rows, step, scenario)),
        *_homeless(rows, steps, scenario),
        *_outside(rows, steps, scenario),
        *_idle_overrides(rules, scenario),
        *_idle_population(facts, region, scenario),
        *_idle_areas(facts, scenario),
    ]
    order = {problem: at for at, problem in enumerate(found)}
    return sorted(order, key=lambda one: (int(one.row or 0), order[one]))


def _doubt(edit: Any, scenario: Scenario, found: str, what: Text, fix: Text = _DROP) -> Problem:
    """Return a warning about an edit, an override or another part of the scenario."""
    return Problem(edit.file or scenario.file, what, fix, edit.line, found=found, severity="warning")


def _steps(region: Region, scenario: Scenario) -> tuple[list[_Step], gpd.GeoDataFrame]:
    """Return the edits, one after the other, and the facilities after them."""
    frame, steps = region.facilities, list[_Step]()
    for edit in scenario.edits:
        name = str(getattr(edit, "facility", ""))
        before = _row(frame, name)
        frame = applied(frame, edit, region)
        after = _row(frame, name)
        assert after is not None
        changed = after if before is None else [key for key in after if not _same(before[key], after[key])]
        steps.append(_Step(edit, f"{after['name']} {name}", before, after, frozenset(changed)))
    return steps, frame


def _row(frame: gpd.GeoDataFrame, name: str) -> Mapping[str, Any] | None:
    rows = frame[frame["id"] == name]
    return None if rows.empty else dict(rows.iloc[0])


def _same(one: Any, other: Any) -> bool:
    return one is other or (pd.isna(one) is True and pd.isna(other) is True) or bool(one == other)


def _idle_edits(facts: Region, steps: Sequence[_Step], scenario: Scenario) -> dict[int, Problem]:
    """Return, by position, the edits that change nothing, and those that later ones replace or undo."""
    found = {}
    for at, step in enumerate(steps):
        same = [one for one in steps if one.after["id"] == step.after["id"]]
        later = [one for one in steps[at + 1 :] if one in same]
        working = [one for one in same if one.changed]
        if not step.changed:
            found[at] = _doubt(step.edit, scenario, step.name, _why_idle(step))
        elif len(working) > 1 and _is_undone(facts, working[-1]):
            lines = "、".join(one.line for one in working)
            what = Text(f"几条改动（第 {lines} 行）相互抵消，等于没有改", f"edits that undo each other (lines {lines})")
            found[at] = _doubt(step.edit, scenario, step.name, what)
        elif later and step.changed <= frozenset().union(*(one.changed for one in later)):
            what = Text(f"被后面第 {later[-1].line} 行的改动取代", f"replaced by the edit of line {later[-1].line}")
            found[at] = _doubt(step.edit, scenario, step.name, what)
    return found


def _is_undone(facts: Region, last: _Step) -> bool:
    """Whether a facility is in the end as it was at first: a new one serves nobody, an old one is the same in all columns."""
    first = _row(facts.facilities, str(last.after["id"]))
    if first is None:
        return bool(last.after["status"] == "closed")
    return all(_same(first[name], value) for name, value in last.after.items())


def _why_idle(step: _Step) -> Text:
    kind, word = FACILITY_KINDS.get(str(step.after["kind"]), ("",))[0], getattr(step.edit, "word", "")
    if word in {"upgrade", "convert"}:
        return Text(f"已经是{kind}，这条改动没有效果", f"is a {step.after['kind']} already: the edit changes nothing")
    if word == "move":
        return Text("位置与现在相同，迁址没有效果", "is there already: the move changes nothing")
    return Text("所写的与现在相同，这条改动没有效果", "is so already: the edit changes nothing")


def _odd_step(region: Region, step: _Step, scenario: Scenario) -> Iterator[Problem]:
    """Yield what an edit hardly means: fewer beds called more, a new facility that serves nobody or stands there already."""
    edit, after, before = step.edit, step.after, step.before
    if before is not None and getattr(edit, "word", "") == "enlarge" and after["beds"] < before["beds"]:
        beds, had = option_text(after["beds"]), option_text(before["beds"])
        what = Text(f"扩建后床位 {beds} 张，少于现在的 {had} 张", f"enlarged to {beds} beds, which is less than {had}")
        yield _doubt(edit, scenario, step.name, what, _CHECK)
    if not isinstance(edit, Open):
        return
    if after["status"] != "open":
        what = Text("新设而状态不是在用，评估里不提供服务", "opened, but its status is not open: it serves nobody")
        fix = Text("不写 status，或删去这一条", "leave out its status, or remove it")
        yield _doubt(edit, scenario, step.name, what, fix)
    frame = region.facilities
    twins = frame[(frame["kind"] == after["kind"]) & (frame["lon"] == after["lon"]) & (frame["lat"] == after["lat"])
                  & (frame["status"] != "closed")]  # fmt: skip
    for _, twin in twins.iterrows():
        planned = twin["status"] == "planned"
        what = Text(f"同一地点已有同类机构“{twin['name']}”（{twin['id']}{'，规划' if planned else ''}）",
                    f"the same kind of facility stands or is planned there: {twin['id']}")  # fmt: skip
        fix = (
            Text("要启用规划的机构，用 change（set: {status: 在用}）", "open what is planned with change")
            if planned
            else _CHECK
        )
        yield _doubt(edit, scenario, step.name, what, fix)


def _left_behind(facts: Region, rows: pd.DataFrame, step: _Step, scenario: Scenario) -> Iterator[Problem]:
    """Yield that a host closes or moves while a facility that it houses goes on serving, or stays where it was."""
    if step.before is None:
        return
    was, host = facts.facilities.set_index("id"), rows.loc[step.after["id"]]
    closes = "status" in step.changed and host["status"] == "closed"
    moves = bool({"lon", "lat"} & step.changed)
    for _, guest in rows[(rows["host_id"] == host["id"]) & (rows["status"] == "open")].iterrows():
        name, one = f"“{guest['name']}”（{guest['id']}）", guest["id"]
        place = ["lon", "lat"]
        stays = one in was.index and bool((was.loc[one, place] == guest[place]).all())
        if closes:
            what = Text(f"停用后，依托它的{name}仍在服务", f"closed, while {one}, which it hosts, goes on serving")
            fix = Text(
                f"要一并停用，另写一条 close: {one}；要保留，就不必改", f"close {one}, too, unless it is to stay"
            )
            yield _doubt(step.edit, scenario, step.name, what, fix)
        elif moves and stays:
            what = Text(f"迁址后，依托它的{name}留在原处", f"moved, while {one}, which it hosts, stays where it was")
            fix = Text(f"要一并迁址，另写一条 move: {one}；要保留，就不必改", f"move {one}, too, unless it is to stay")
            yield _doubt(step.edit, scenario, step.name, what, fix)


def _homeless(rows: pd.DataFrame, steps: Sequence[_Step], scenario: Scenario) -> Iterator[Problem]:
    """Yield the facilities that a scenario gives a host that is not open."""
    for step in steps:
        home = step.after["host_id"]
        if "host_id" in step.changed and home in rows.index and rows.loc[home, "status"] != "open":
            what = Text(f"依托的“{rows.loc[home, 'name']}”（{home}）不在用", f"its host {home} is not open")
            yield _doubt(step.edit, scenario, step.name, what, _CHECK)


def _outside(rows: pd.DataFrame, steps: Sequence[_Step], scenario: Scenario) -> Iterator[Problem]:
    """Yield the facilities that a scenario puts outside every town and leaves open."""
    put = {str(one.after["id"]): one.edit for one in steps
           if isinstance(one.edit, Open | Change) and {"lon", "lat"} & one.edit.fields.keys()}  # fmt: skip
    what = Text("不落在任何乡镇内，只计算距离", "lies in no town, counts for distance only")
    fix = Text("核对坐标；在市界以外是有意的，就不必改", "check the point, unless it is meant to be outside")
    for name, edit in put.items():
        if rows.loc[name, "town_code"] == "" and rows.loc[name, "status"] != "closed":
            yield _doubt(edit, scenario, str(rows.loc[name, "name"]), what, fix)


def _idle_overrides(rules: Rules, scenario: Scenario) -> Iterator[Problem]:
    """Yield the parameters that are the clause's own already, or are given again further down."""
    known = {rule.id: rule for rule in rules.rules}
    for at, override in enumerate(scenario.overrides):
        rule = known[override.rule]
        later = {name: one for one in scenario.overrides[at + 1 :] if one.rule == override.rule for name in one.params}
        again = {name: value for name, value in override.params.items() if name in later}
        own = {name: value for name, value in override.params.items()
               if name not in later and not changed_params(rule, {name: value})}  # fmt: skip
        if again:
            line = next(later[name].line or "?" for name in again)
            what = Text(f"{parameter_texts(again)}：被后面第 {line} 行的参数取代", f"given again in line {line}")
            yield _doubt(override, scenario, rule.label, what)
        if own:
            what = Text(f"{parameter_texts(own)}：与规则相同，没有效果，照原规则判断",
                        f"the rule's own {', '.join(own)}: no effect, judged as before")  # fmt: skip
            yield _doubt(override, scenario, rule.label, what)


def _idle_population(facts: Region, region: Region, scenario: Scenario) -> Iterator[Problem]:
    """Yield that another year's population is today's."""
    change = scenario.population
    if change is not None and facts.residents["population"].equals(region.residents["population"]):
        what = Text(f"{change.year} 年的人口与现在完全相同", f"the population of {change.year} is today's")
        yield _doubt(change, scenario, "population", what, Text("核对 factors", "check the factors"))


def _idle_areas(facts: Region, scenario: Scenario) -> Iterator[Problem]:
    """Yield the service areas that name whom the facts name, or that later ones replace."""
    today = dict(zip(facts.villages["code"], facts.villages["health_center"], strict=True))
    for at, area in enumerate(scenario.service_areas):
        found = "、".join(area.centers)
        if all(set(ids_of(str(today[one]))) == set(area.centers) for one in area.communities):
            yield _doubt(area, scenario, found, Text("服务范围与现状相同，没有效果", "these communities are its today"))
        elif {*area.communities} <= {code for one in scenario.service_areas[at + 1 :] for code in one.communities}:
            yield _doubt(area, scenario, found, Text("这些社区被后面的服务范围取代", "replaced by later service areas"))


def idle_in_findings(
    facts: Region, region: Region, scenario: Scenario, rules: Rules, travels: Mapping[str, Travel], findings: pd.DataFrame
) -> list[Problem]:  # fmt: skip
    """Return the edits that change facts and no finding, each left out in turn; `region`, `rules` as decided, `findings` theirs.

    What `doubts` tells of an edit is not told again. A new facility that is somebody's nearest needs no trial.
    """
    base = facts if scenario.population is None else with_population(facts, scenario.population)
    steps, _ = _steps(base, scenario)
    idle, nearest = _idle_edits(facts, steps, scenario), set(findings["nearest_facility"])
    tried = [
        at for at, step in enumerate(steps)
        if at not in idle
        and not (isinstance(step.edit, Open) and (step.after["id"] in nearest or step.after["status"] != "open"))
    ]  # fmt: skip
    trial = _Trial(base, region, scenario, rules, travels, frozenset(idle), {})
    together = [at for at in tried if not steps[at].changed & _PLACED]
    known = trial.without(together) if together else None
    told = (
        dict.fromkeys(together, False) if known is False else {}
    )  # where a rule reads them, two may cancel each other
    rest = [at for at in tried if at not in told]
    for at in rest[:_MOST_TRIED]:
        alone = trial.without([at])
        told |= {} if alone is None else {at: alone}
    found = [_doubt(steps[at].edit, scenario, steps[at].name, _why_same(steps[at], told[at])) for at in sorted(told)]
    if len(rest) > _MOST_TRIED:
        what = Text(
            f"改动很多，只逐条试算了前 {_MOST_TRIED} 条对结果的影响",
            f"of many edits the first {_MOST_TRIED} were tried",
        )
        found.append(Problem(scenario.file, what, _CHECK, found=scenario.name, severity="warning"))
    return found


@dataclass(frozen=True, eq=False)
class _Trial:
    """What the measures find of a region, kept to be held against the same without some edits, and without the idle ones."""

    base: Region
    region: Region
    scenario: Scenario
    rules: Rules
    travels: Mapping[str, Travel]
    idle: frozenset[int]
    known: dict[tuple[str, str], pd.DataFrame]

    def without(self, left_out: Sequence[int]) -> bool | None:
        """Return whether any rule reads what these edits change, where all findings are the same without them; else None.

        None, too, where the others do not fit without them.
        """
        try:
            region = replace(self.region, facilities=self._facilities({*left_out, *self.idle}))
        except ScenarioError:
            return None
        read = [rule for rule in self.rules.rules if not reads_the_same(rule, self.region, region)]
        read.sort(key=lambda rule: not measure_of(rule).by_register)
        differs = any(self._differs(region, rule, one) for rule in read for one in rule.readings)
        return None if differs else bool(read)

    def _facilities(self, gone: Collection[int]) -> gpd.GeoDataFrame:
        """Return the facilities without some edits; ScenarioError where the others do not fit without them."""
        edits = self.scenario.edits
        others = tuple(one for at, one in enumerate(edits) if at not in gone)
        ids = {getattr(edits[at], "facility", "") for at in gone}
        named = {name for one in others for name in (getattr(one, "facility", ""), _host(one))}
        if ids & named or not all(isinstance(edits[at], Open) for at in gone):
            return apply(self.base, Scenario(edits=others)).facilities
        frame = self.region.facilities
        return frame[~frame["id"].isin(ids)].reset_index(drop=True)

    def _differs(self, without: Region, rule: Rule, reading: Reading) -> bool:
        if reading.travel not in self.travels:
            return False
        key = rule.id, reading.id
        if key not in self.known:
            self.known[key] = self._measured(self.region, rule, reading)
        return not self.known[key].equals(self._measured(without, rule, reading))

    def _measured(self, region: Region, rule: Rule, reading: Reading) -> pd.DataFrame:
        rows = measured(region, self.travels[reading.travel], rule, reading)
        names = region.facilities.set_index("id")["name"]
        return rows.assign(nearest_name=rows["nearest_facility"].map(names)).reset_index(drop=True)


def _host(edit: Edit) -> str:
    """Return the id of the facility that a new or changed one depends on, "" where it names none."""
    return str(getattr(edit, "fields", {}).get("host_id", ""))


def _why_same(step: _Step, is_read: bool) -> Text:
    """Say why the findings are the same without the edit: no rule reads such facilities, or the columns that it changes."""
    kind = FACILITY_KINDS.get(str(step.after["kind"]), (str(step.after["kind"]),))[0]
    if not is_read:
        return Text(
            f"没有指标读取{kind}，评估结果不变", f"no rule reads a {step.after['kind']}: the findings stay the same"
        )
    if isinstance(step.edit, Change):
        labels = "、".join(FACILITIES.field(name).label for name in step.edit.fields)
        return Text(
            f"改动的是{labels}，没有任何指标的结果因此改变", f"{', '.join(step.edit.fields)}: no finding changes"
        )
    return Text("没有任何指标的结果因此改变", "no finding changes")
