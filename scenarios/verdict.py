"""What was judged of a place, what was not and whom that concerns, in words: nothing reassuring is said of what was not judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from planner.findings import gap_rows, no_data_rows, unjudged_rows
from planner.rules import Rules
from planner.schema import LEVEL_LABELS, STATUS_LABELS
from planner.text import people_text

UNJUDGED, MISSING, STATE = "未作判断清单", "待补数据清单", "指标完成情况"
"""The sheets of a workbook that name who is meant, and that of every reading."""
_NAMED = 10
_JUDGED = ("met", "not_met")


@dataclass(frozen=True, eq=False)
class Verdict:
    """Of one county, or of the city (place: 本县（区） or 全市).

    gaps, missing, unjudged   rows of findings: the gap list, what could not be judged for want of data, and who falls short
                              of a clause that judges nothing (by its main reading)
    other_readings            the labels of the rules of which other readings, that judge nothing, have somebody fall short
    judged                    the labels of the rules that were judged of this place
    above                     what is judged of the whole city alone, with its state; of a county
    """

    place: str
    gaps: pd.DataFrame
    missing: pd.DataFrame
    unjudged: pd.DataFrame
    judged: tuple[str, ...]
    other_readings: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    @property
    def no_gaps(self) -> str:
        """What is said where the gap list is empty."""
        if not self.judged:
            return f"{self.place}没有可判断的指标，有无缺口未作判断。"
        if len(self.missing) or len(self.unjudged):
            return f"已判断的 {len(self.judged)} 项指标没有缺口：{'、'.join(self.judged)}。"
        return "没有缺口。"

    @property
    def nothing_unjudged(self) -> str:
        """What is said where the list of what is not judged is empty."""
        if not self.other_readings:
            return "没有这样的对象。"
        others = "、".join(self.other_readings)
        return f"各指标的主要口径没有这样的对象；其他口径（不作判断）有不足的，见“{STATE}”：{others}。"

    @property
    def nothing_missing(self) -> str:
        """What is said where no data are to be supplied."""
        if self.judged and len(self.unjudged):
            return f"已判断的指标没有待补的数据；未作判断的见“{UNJUDGED}”。"
        if self.judged:
            return "没有待补的数据。"
        seen = f"；涉及的对象见“{UNJUDGED}”" if len(self.unjudged) else ""
        return f"{self.place}没有可判断的指标：不是数据已经齐全，而是条款没有给出可判断的数值{seen}。"

    @property
    def besides(self) -> list[str]:
        """What is to be said beside the gaps: what lacks data, what is not judged, and what is judged of the city alone."""
        lacks = _listed(self.missing, "population_no_data")
        concerned = _listed(self.unjudged, "uncovered", "unreachable")
        return [
            *([f"缺数据、未能判断：{'；'.join(lacks)}。见“{MISSING}”。"] if lacks else []),
            *([f"未作判断，但涉及：{'；'.join(concerned)}。见“{UNJUDGED}”。"] if concerned else []),
            *([f"只按全市判断的指标：{'、'.join(self.above)}。见全市的工作簿。"] if self.above else []),
        ]


def verdict_of(findings: pd.DataFrame, rules: Rules, county: str = "") -> Verdict:
    """Return the verdict on a county (its code), or on the whole city."""
    mine = findings[findings["county_code"] == county] if county else findings
    labels = {rule.id: rule.label for rule in rules.rules}
    judged = set(mine.loc[mine["status"].isin(_JUDGED), "rule"])
    return Verdict(
        "本县（区）" if county else "全市",
        gap_rows(mine, rules),
        no_data_rows(mine, rules),
        unjudged_rows(mine, rules),
        tuple(label for name, label in labels.items() if name in judged),
        tuple(unjudged_rows(mine, rules, main=False)["rule_label"].drop_duplicates()),
        _above(findings, rules) if county else (),
    )


def _above(findings: pd.DataFrame, rules: Rules) -> tuple[str, ...]:
    """Return what is judged of the whole city alone: rules without rows below it, each with its state."""
    below = set(findings.loc[findings["level"] != "city", "rule"])
    city = findings[(findings["level"] == "city") & findings["status"].isin([*_JUDGED, "no_data"])]
    state = dict(zip(city["rule"], city["status"], strict=True))
    return tuple(
        f"{rule.label}（{STATUS_LABELS[state[rule.id]]}）" for rule in rules.rules if rule.id in state.keys() - below
    )


def _listed(rows: pd.DataFrame, *people: str) -> list[str]:
    """Return, by rule: its label, how many of which places, how many people, and the first of them by name."""
    out = []
    for label, mine in rows.groupby("rule_label", sort=False):
        level, names = str(mine["level"].iloc[0]), list(mine["subject_name"])
        if level == "city":
            out.append(f"{label}（{LEVEL_LABELS[level]}）")
            continue
        count = int(mine[list(people)].to_numpy().sum())
        out.append(f"{label} {len(mine)} 个{LEVEL_LABELS[level]} {people_text(count)}（{_first(names)}）")
    return out


def _first(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + (f"等 {len(names)} 个" if len(names) > _NAMED else "")
