"""What the commands print of an assessment and of the doubts about its files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from planner.errors import Language, Problem, Text, printable
from planner.numbers import share_text
from planner.schema import STATUS_LABELS
from scenarios.export.workbook import records
from scenarios.run import MAP, Outcome

_WARNINGS_SHOWN = 12


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
    if pd.isna(row["value"]):
        return "—"
    if row["unit"] == "share":
        return f"{row['denominator']} {row['population']:,} 人中 {share_text(row['value'])}"
    return f"{row['value']:.0f} / {row['required']:.0f} {row['unit']}"


def print_outcome(outcome: Outcome, out: Path, language: Language) -> None:
    """Print the state of every rule for the city, and where the outputs are."""
    about = outcome.region.about
    if about.notice:
        print(printable(about.notice))
    city = outcome.findings[outcome.findings["level"] == "city"]
    for row in records(city):
        status = STATUS_LABELS[row["status"]] if language == "zh" else row["status"]
        print(printable(f"  {row['rule_label']}（{row['reading_label']}）：{_value(row)}，{status}"))
    judged = outcome.findings["status"].isin(["met", "not_met", "no_data"]).any()
    if not judged:
        said = Text(
            "注意：规则不属于这个城市，全部只作参数情景，未作判断。",
            "Note: the rules are another city's; nothing was judged.",
        )
        print(said.say(language))
    print(Text(f"输出：{out}（用浏览器打开 {MAP}）", f"output: {out} (open {MAP} in a browser)").say(language))
