"""certainty(): every gap tried again under draws of the facts: in which share of them it is a gap, and on what it hangs.

Each draw is judged by the same travel and the same `Reach.covered()` as the findings; only what depends on places,
residents, speeds or the rural parameter is computed again. What a register alone decides cannot change here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.certainty_rules import FACTOR_LABELS, MEASURED, Trial, trials
from planner.draws import FACTORS, Draws, hangs_on, outside
from planner.errors import Text
from planner.findings import gap_rows
from planner.measures import MEASURES
from planner.region import Region
from planner.rules import Rule, Rules
from planner.schema import LEVELS
from planner.text import percent_text
from planner.travel import Travel
from planner.uncertainty import Uncertainty

Tell = Callable[[Text], None]
VERDICTS: Mapping[str, Text] = {
    "certain": Text("确定", "certain"),
    "likely": Text("可能", "likely"),
    "sensitive": Text("敏感", "sensitive"),
    "register": Text("只看名录", "register only"),
    "untested": Text("未检验", "not tested"),
    "forced": Text("事先定下（不检验）", "forced or standing, not tested"),
    "other": Text("未入选", "not chosen"),
}
WORDS = ("gap_id", "rule", "rule_label", "reading", "reading_label", "level", "subject_code", "subject_name",
         "county_name", "town_name")  # fmt: skip
GAPS = (*WORDS, "judged", "gap_now", "people_now", "share", "verdict", *(f"share_{one}" for one in FACTORS), "hangs_on")
TORNADO = ("rule", "rule_label", "reading", "reading_label", "factor", "low_setting", "high_setting", "population",
           "covered", "covered_low", "covered_high", "change_low", "change_high", "outside")  # fmt: skip
_LOW, _HIGH = 0.05, 0.95
_PLAIN = {"together": "几项合在一起", "": "所试各项都不改变", "untested": "未检验"}


@dataclass(frozen=True, eq=False)
class Certainty:
    """Every gap with its share of draws, and every rule's covered people with one factor at a time.

    gaps      GAPS: those of today and those that some draw makes; `judged` False: a reading for reference. share: of
              the draws in which it is a gap, all factors varied; share_…: one of them alone (NaN: it plays no part)
    tornado   TORNADO: covered people at the factor's low and high end (for places and residents, which have no end:
              the 5th and 95th of a hundred draws), the others as given; factor "all": everything varied; outside: where
              today's lies of the interval of draws (see draws.outside; "" for ends)
    """

    uncertainty: Uncertainty
    gaps: pd.DataFrame
    tornado: pd.DataFrame


def certainty(
    region: Region, rules: Rules, travels: Mapping[str, Travel], findings: pd.DataFrame, uncertainty: Uncertainty,
    tell: Tell = lambda _: None,
) -> Certainty:  # fmt: skip
    """Return how certain the gaps of `findings` are, which must be those of this region, these rules and travels."""
    draws, gaps, tornado = Draws(region, uncertainty), [_not_drawn(findings, rules)], []
    for one in trials(draws, rules, travels):
        if isinstance(one, int):
            tell(Text(f"抽样检验缺口：{one} / {uncertainty.draws}", f"testing the gaps: {one} / {uncertainty.draws}"))
            continue
        gaps.append(_gaps(findings, one, uncertainty))
        tornado.append(_tornado(one))
    table = pd.concat([one for one in gaps if len(one)] or gaps[:1], ignore_index=True)
    order = {rule.id: at for at, rule in enumerate(rules.rules)}
    readings = {(rule.id, reading.id): at for rule in rules.rules for at, reading in enumerate(rule.readings)}
    table = table.assign(
        order=table["rule"].map(order),
        at=[readings[pair] for pair in zip(table["rule"], table["reading"], strict=True)],
    ).sort_values(["order", "at", "subject_code"], kind="stable")
    turned = pd.concat(tornado, ignore_index=True) if tornado else pd.DataFrame(columns=list(TORNADO))
    return Certainty(uncertainty, table[list(GAPS)].reset_index(drop=True), turned)


def _not_drawn(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the gaps of the rules that are not tried again: decided by the register alone, or not tested at all."""
    verdicts = {
        rule.id: "register" if MEASURES[rule.measure].by_register else "untested"
        for rule in rules.rules
        if rule.measure not in MEASURED
    }
    rows = gap_rows(findings, rules)
    rows = rows[rows["rule"].isin(verdicts.keys())]
    verdict = rows["rule"].map(verdicts)
    certain = verdict == "register"
    alone = {f"share_{one}": np.nan for one in FACTORS}
    return rows[list(WORDS)].assign(
        judged=True, gap_now=True, people_now=_short_people(rows), share=np.where(certain, 1.0, np.nan), verdict=verdict,
        **alone, hangs_on=np.where(certain, "", "untested"),
    )  # fmt: skip


def _short_people(rows: pd.DataFrame) -> pd.Series:
    return (rows["uncovered"] + rows["unreachable"]).astype("int64")


def _gaps(findings: pd.DataFrame, one: Trial, uncertainty: Uncertainty) -> pd.DataFrame:
    """Return the subjects that are a gap today or in some draw."""
    rule, reading = one.rule, one.reading
    mine = findings[(findings["rule"] == rule.id) & (findings["reading"] == reading.id)]
    level = _gap_level(rule, mine)
    mine = mine[mine["level"] == level].set_index("subject_code").reindex(one.subjects)
    shares = {name: short.mean(axis=0) for name, short in one.short.items()}
    alone = {f"share_{name}": shares.get(name, np.full(len(mine), np.nan)) for name in FACTORS}
    rows = mine.reset_index(names="subject_code")
    rows = rows.assign(
        judged=(mine["status"] != "not_judged").to_numpy(),
        gap_now=one.short_now,
        people_now=_short_people(rows),
        share=shares["all"],
        verdict=[uncertainty.verdict(share) for share in shares["all"]],
        **alone,
    )
    rows["hangs_on"] = [
        hangs_on({name: each[at] for name, each in shares.items()}, bool(now)) for at, now in enumerate(one.short_now)
    ]
    found = one.short_now | np.any([short.any(axis=0) for short in one.short.values()], axis=0)
    return rows.loc[found, list(GAPS)]


def _gap_level(rule: Rule, rows: pd.DataFrame) -> str:
    lowest = min((LEVELS.index(one) for one in rows["level"].unique()), default=0)
    return LEVELS[max(LEVELS.index(rule.gap_level), lowest)]


def _tornado(one: Trial) -> pd.DataFrame:
    rows = []
    for name, covered in one.covered.items():
        ends = one.ends.get(name)
        if ends is None:
            ordered = np.sort(covered)
            low, high = (int(ordered[round(share * (len(ordered) - 1))]) for share in (_LOW, _HIGH))
            settings, lies = ("5%", "95%"), outside(one.covered_now, low, high)
        else:
            (low_setting, low), (high_setting, high) = ends
            settings, lies = (low_setting, high_setting), ""
        rows.append((one.rule.id, one.rule.label, one.reading.id, one.reading.label, name, *settings, one.population,
                     one.covered_now, low, high, low - one.covered_now, high - one.covered_now, lies))  # fmt: skip
    return pd.DataFrame(rows, columns=list(TORNADO))


def hangs_on_text(code: str) -> str:
    """Return the factors of `hangs_on` in words.

    >>> hangs_on_text("points=0.12;rural=0.5"), hangs_on_text("together"), hangs_on_text(""), hangs_on_text("untested")
    ('点位（12%）、农村半径（50%）', '几项合在一起', '所试各项都不改变', '未检验')
    """
    if code in _PLAIN:
        return _PLAIN[code]
    parts = (part.split("=") for part in code.split(";"))
    return "、".join(f"{FACTOR_LABELS[name].zh}（{percent_text(float(share))}）" for name, share in parts)
