"""What the commands print of an assessment and of the doubts about its files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.errors import Language, Problem, Text, printable
from planner.joined import RoadParts
from planner.schema import STATUS_LABELS
from planner.text import UNKNOWN, amount_words, basis_of, count_text, known_text, people_text, value_text
from scenarios.document import records
from scenarios.export.roads import DETOUR_LIST, parts_text

if TYPE_CHECKING:
    from scenarios.run import Outcome, Step

# Progress on the terminal: a spinner with the step under way; plain silence where there is no terminal.


@contextmanager
def steps(language: Language) -> "Iterator[Step]":
    """Yield a function that tells which step is under way."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda text: status.update(text.say(language))


_WARNINGS_SHOWN = 12
_IDS_SHOWN = 20
_NOT_JOINED = (
    ("resident", "apart", Text("居民点，所在道路不与最大路网连通", "settlements on a part apart")),
    ("resident", "far", Text("居民点，离路太远，不可达", "settlements too far from any road")),
    ("resident", "closed", Text("居民点，道路封闭", "settlements cut off by closed roads")),
    ("facility", "apart", Text("机构，所在道路不与最大路网连通", "facilities on a part apart")),
    (
        "facility",
        "far",
        Text("机构，离路太远，按道路不提供服务", "facilities too far from any road, serving nobody by road"),
    ),
    ("facility", "closed", Text("机构，道路封闭", "facilities cut off by closed roads")),
)


def print_warnings(warnings: Sequence[Problem], language: Language) -> None:
    """Print the doubts, the first dozen in full."""
    if not warnings:
        return
    print(Text(f"提醒 {len(warnings)} 条：", f"{len(warnings)} warnings:").say(language))
    for warning in warnings[:_WARNINGS_SHOWN]:
        print("  " + warning.say(language))
    if len(warnings) > _WARNINGS_SHOWN:
        print("  …… " + Text("其余用 fugai check 查看", "see the rest with fugai check").say(language))


def _value(row: Mapping[str, Any]) -> str:
    text = value_text(row["value"], row["unit"], row["required"])
    if basis_of(row["unit"]) == "people" and text != UNKNOWN:
        text = f"{row['denominator']} {people_text(row['population'])}中 {text}"
    return text + known_text(row["population_no_data"])


def print_outcome(outcome: "Outcome", out: Path, language: Language) -> None:
    """Print the state of every rule for the city, and where the outputs are."""
    from scenarios.clauses import summary
    from scenarios.run import HOME

    about = outcome.region.about
    if about.notice:
        print(printable(about.notice))
    print(printable(Text(f"规则：{outcome.rules.label}", f"rules: {outcome.rules.label}").say(language)))
    city = outcome.findings[outcome.findings["level"] == "city"]
    for row in records(city):
        status = STATUS_LABELS[row["status"]] if language == "zh" else row["status"]
        note = f"；{row['note']}" if row["note"] else ""
        note = note if basis_of(row["unit"]) != "unit" else f"（要求：{row['required_text']}）{note}"
        print(printable(f"  {row['rule_label']}（{row['reading_label']}）：{_value(row)}，{status}{note}"))
    if outcome.roads is not None:
        for told in outcome.roads.told:
            print(printable(f"  {told.say(language)}"))
        _print_detours(outcome.roads.detours, language)
        for line in road_lines(outcome.roads.parts, outcome.roads.not_joined, language):
            print(f"  {line}")
    if outcome.demands is not None:
        print(printable(f"  {summary(outcome.demands)}"))
    for text in _not_judged(outcome):
        print(printable(text.say(language)))
    print(Text(f"输出：{out}（用浏览器打开 {HOME}）", f"output: {out} (open {HOME} in a browser)").say(language))


def _not_judged(outcome: "Outcome") -> list[Text]:
    """Return what is to be said of what was not judged: nothing there may pass for met."""
    from scenarios.verdict import verdict_of

    region, rules, findings = outcome.region, outcome.rules, outcome.findings
    if not region.about.code.startswith(rules.city):
        return [
            Text("注意：规则不属于这个城市，全部只作参数情景，未作判断。",
                 "Note: the rules are another city's; nothing was judged.")
        ]  # fmt: skip
    out = [Text(f"  {text}", f"  {text}") for text in verdict_of(findings, rules).besides]
    counties = zip(region.counties["code"], region.counties["name"], strict=True)
    silent = [name for code, name in counties if not verdict_of(findings, rules, code).judged]
    if silent:
        named = "、".join(silent)
        zh = f"  没有可判断的指标、有无缺口未作判断的县（区）：{named}"
        out.append(Text(zh, f"  counties where no rule judges, so that nothing is said of gaps: {named}"))
    return out


def _print_detours(detours: pd.DataFrame, language: Language) -> None:
    for rule, rows in detours.groupby("rule_label", sort=False):
        lost = int((rows["status"] == "unreachable").sum())
        people = int(rows["population"].sum())
        said = Text(
            f"  绕行：{rule}，直线达标而道路不达标 {len(rows)} 个居民点 {people_text(people)}，其中不可达 {lost} 个（见 {DETOUR_LIST}）",
            f"  detours: {rule}: {len(rows)} settlements, {count_text(people)} people, {lost} unreachable (see {DETOUR_LIST})",
        )
        print(printable(said.say(language)))


def road_lines(parts: RoadParts, not_joined: pd.DataFrame, language: Language) -> list[str]:
    """Return what is said of the parts of the network, and of the points not joined to the largest, with their people."""
    not_joined = not_joined.assign(state=not_joined["state"].where(~not_joined["closed"].astype(bool), "closed"))
    out = [Text(f"路网：{parts_text(parts)}", f"roads: {_parts_english(parts)}").say(language)]
    for what, state, words in _NOT_JOINED:
        rows = not_joined[(not_joined["what"] == what) & (not_joined["state"] == state)]
        if len(rows):
            named = [f"{row['name']}（{row['id']}）" for row in records(rows.head(_IDS_SHOWN))]
            more = "……" if len(rows) > _IDS_SHOWN else ""
            sums = Text(f"{len(rows)} 个", f"{len(rows)}").say(language)
            if what == "resident":
                people = int(rows["population"].sum())
                sums += Text(f" {people_text(people)}", f", {count_text(people)} people").say(language)
            out.append(f"  {words.say(language)}：{sums}：{'、'.join(named)}{more}")
    return [printable(line) for line in out]


def _parts_english(one: RoadParts) -> str:
    return (
        f"{count_text(one.nodes)} nodes, {count_text(one.edges)} edges, {amount_words(one.km * 1e6, 'mm').en}; not joined to the largest part: "
        f"{one.parts_apart} parts, {count_text(one.nodes_apart)} nodes, {amount_words(one.km_apart * 1e6, 'mm').en}"
    )
