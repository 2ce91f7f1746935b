"""Random questions that have no plan, the advice on them read from its words, and whether it works by trying every plan.

``python -m tests.siting_advice 900`` tells the share of advice that works, by model.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import Text
from planner.siting.advice import Lever
from planner.siting.instance import Instance
from planner.siting.models import explained, solve
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, FORCED, Limits, Question, Quota
from tests.siting_brute import brute, instance

KINDS = (
    "lscp",
    "lscp share",
    "lscp cost",
    "mclp",
    "backup",
    "p-median",
    "p-center",
    "capacitated split",
    "capacitated single",
)
GRAIN = 1
"""Costs, weights, fees are whole: one less is the next smaller change."""


@dataclass(frozen=True, eq=False)
class Case:
    """A question, the table of all costs behind its limit, where its sites stand on a line, and how far apart they must be."""

    instance: Instance
    far: list[list[float | None]]
    weights: list[float]
    sites: pd.DataFrame
    limit: float
    places: np.ndarray[Any, Any]
    spacing: float

    def levers(self) -> list[Lever]:
        """The limit and the spacing, as a command gives them."""
        above = sorted({cost for row in self.far for cost in row if cost is not None and cost > self.limit})
        limit = Lever(
            ("cover",), lambda _: above, self._with_limit, lambda to: Text(f"把限度放宽到 {to:g}", f"limit {to:g}")
        )
        gaps = {abs(one - other) for one in self.places for other in self.places}
        below = sorted((one for one in gaps if one < self.spacing), reverse=True)
        spacing = Lever(
            ("apart",), lambda _: below, self._with_spacing, lambda to: Text(f"把间距缩短到 {to:g}", f"spacing {to:g}")
        )
        return [limit, *([spacing] if self.spacing else [])]

    def _with_limit(self, one: Instance, limit: float) -> Instance:
        wide = built(Question("lscp"), self.far, self.weights, self.sites, limit, self.places, 0.0).instance
        return replace(one, indptr=wide.indptr, indices=wide.indices, costs=wide.costs)

    def _with_spacing(self, one: Instance, spacing: float) -> Instance:
        return one.asking(replace(one.question, apart=pairs_within(self.places, spacing)))


def pairs_within(places: np.ndarray[Any, Any], spacing: float) -> tuple[tuple[str, str], ...]:
    count = len(places)
    return tuple(
        (f"s{i:02d}", f"s{j:02d}")
        for i in range(count) for j in range(i + 1, count) if abs(places[i] - places[j]) < spacing
    )  # fmt: skip


def built(
    question: Question, far: list[list[float | None]], weights: list[float], sites: pd.DataFrame, limit: float,
    places: np.ndarray[Any, Any], spacing: float,
) -> Case:  # fmt: skip
    near = [[None if cost is None or cost > limit else cost for cost in row] for row in far]
    return Case(instance(question, near, weights, sites), far, weights, sites, limit, places, spacing)


def drawn(kind: str, rng: np.random.Generator) -> Case:
    """A random small question of a kind: statuses, fees, quotas, spacing, a budget and loads come and go."""
    model, _, which = kind.partition(" ")
    loads = model == "capacitated"
    width, count = int(rng.integers(2, 7 if not loads else 6)), int(rng.integers(1, 8 if not loads else 6))
    far = [[None if rng.random() < 0.15 else float(rng.integers(0, 10)) for _ in range(width)] for _ in range(count)]
    weights = [float(one) for one in rng.integers(0, 6, count)]
    names = ["candidate"] * 6 + (
        ["fixed", "background", "forced", "forbidden", "forbidden"] if rng.random() < 0.6 else []
    )
    sites = pd.DataFrame({"status": rng.choice(names, width), "group": rng.choice(list("ab"), width)})
    if which == "cost" or (which != "share" and rng.random() < 0.5):
        sites["cost"] = rng.integers(0, 5, width)
    if loads:
        low = rng.integers(0, 4, width)
        sites["min_load"], sites["max_load"] = low, low + rng.integers(0, 8, width)
    able = int((~sites["status"].isin(["background", "forbidden"])).sum())
    wants_p = model in ("mclp", "p-median", "p-center") or (model in ("backup", "capacitated") and rng.random() < 0.5)
    groups = sorted(set(sites["group"]))
    places = rng.integers(0, 12, width).astype(float)
    spacing = float(rng.integers(1, 9)) if rng.random() < 0.4 else 0.0
    quotas = []
    for group in groups:
        if rng.random() < 0.4:
            low = int(rng.integers(0, 3))
            quotas.append(Quota(group, low, None if rng.random() < 0.5 else low + int(rng.integers(0, 2))))
    question = Question(
        model,  # type: ignore[arg-type]
        p=int(rng.integers(min(1, able), able + 1)) if wants_p else None,
        share=float(rng.choice([0.5, 0.8, 0.9])) if which == "share" else 1.0,
        split=which != "single",
        allow_unreachable=bool(rng.random() < 0.5),
        budget=float(rng.integers(0, 9)) if rng.random() < 0.4 else None,
        quotas=tuple(quotas),
        apart=pairs_within(places, spacing),
    )
    return built(question, far, weights, sites, float(rng.integers(3, 9)), places, spacing)


def infeasible(kind: str, seed: int) -> Iterator[Case]:
    """Random questions of a kind that have no plan, without end."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    while True:
        case = drawn(kind, rng)
        if not possible(case.instance):
            yield case


def possible(case: Instance) -> bool:
    """Whether there is a plan, by trying every set of sites."""
    if case.question.model == "backup" and case.question.p is None:
        case = case.asking(replace(case.question, model="lscp"))
    return brute(case)[0] is not None


def parts_of(words: str) -> list[str]:
    """The pieces of advice that a sentence gives, each enough alone."""
    return words.split("；或者")


@dataclass(frozen=True, eq=False)
class Read:
    """What a piece of advice says, read from its words: the question after it, and those after a little less."""

    after: Case
    less: tuple[Case, ...]


def read(case: Case, words: str) -> Read:
    """Return the question after a piece of advice; ValueError for words that say nothing that can be done."""
    words = words.removeprefix("只改一处不够，要一起改：").replace("（未证明最小）", "")
    parts = words.split("，并") if "，并" in words else [words]
    after, less = case, list[Case]()
    for part in parts:
        less = [_part(one, part)[0] for one in less]
        now, fewer = _part(after, part)
        less += fewer
        after = now
    return Read(after, tuple(less))


def _asking(case: Case, **changed: object) -> Case:
    return replace(case, instance=case.instance.asking(replace(case.instance.question, **changed)))  # type: ignore[arg-type]


def _part(case: Case, words: str) -> tuple[Case, list[Case]]:
    asked, place = case.instance.question, {name: at for at, name in enumerate(case.instance.site_ids)}
    if found := re.fullmatch(r"把 p 改为 (\d+)", words):
        now = int(found[1])
        if now == 0:
            raise ValueError("no site is no answer")
        step = 1 if now > (asked.p or 0) else -1
        return _asking(case, p=now), [_asking(case, p=one) for one in range((asked.p or 0) + step, now, step)]
    if found := re.fullmatch(r"把预算提高到 ([\d.]+)", words):
        return _asking(case, budget=float(found[1])), [_asking(case, budget=float(found[1]) - GRAIN)]
    if found := re.fullmatch(r"把“(.)”的(下限降|上限提高)到 (\d+)", words):
        name, now = ("at_least", 1) if found[2] == "下限降" else ("at_most", -1)

        def quotas(value: int) -> Case:
            new = [replace(one, **{name: value}) if one.group == found[1] else one for one in asked.quotas]  # type: ignore[arg-type, index]
            return _asking(case, quotas=tuple(new))

        return quotas(int(found[3])), [quotas(int(found[3]) + now)]
    if found := re.fullmatch(r"把限度放宽到 ([\d.]+)", words):
        return _limit(case, float(found[1])), [_limit(case, float(found[1]) - GRAIN)]
    if found := re.fullmatch(r"把间距缩短到 ([\d.]+)", words):
        now = float(found[1])
        return _spacing(case, now), [_spacing(case, now + GRAIN)]
    if found := re.fullmatch(r"把覆盖比例降到 ([\d.]+)（--share .*）", words):
        return _asking(case, share=float(found[1])), [_asking(case, share=float(found[1]) + 1e-5)]
    if words == "只求够得着的（--allow-unreachable）":
        return _asking(case, allow_unreachable=True), []
    if words == "允许一个需求点由几个站点分担":
        return _asking(case, split=True), []
    if found := re.fullmatch(r"(取消禁选|不再必选|不再固定) (s.*)", words):
        was = {"取消禁选": FORBIDDEN, "不再必选": FORCED, "不再固定": FIXED}[found[1]]
        names = found[2].split("、")
        return _status(case, names, was), [_status(case, [name for name in names if name != out], was) for out in names]
    if found := re.findall(r"(s\d\d) 的(容量（max_load）提高到|最低负荷（min_load）降到) ([\d.]+)", words):
        loads = {"max_load": case.instance.max_load.copy(), "min_load": case.instance.min_load.copy()}
        one_less = []
        for name, which, value in found:
            loads[which.split("（")[1][:8]][place[name]] = float(value)
        for name, which, _ in found:
            fewer = {key: one.copy() for key, one in loads.items()}
            fewer[which.split("（")[1][:8]][place[name]] += -0.01 if "max" in which else 0.01
            one_less.append(replace(case, instance=replace(case.instance, **fewer)))
        return replace(case, instance=replace(case.instance, **loads)), one_less
    raise ValueError(f"words that nobody can follow: {words}")


def _limit(case: Case, limit: float) -> Case:
    return replace(case, instance=case._with_limit(case.instance, limit), limit=limit)


def _spacing(case: Case, spacing: float) -> Case:
    return replace(case, instance=case._with_spacing(case.instance, spacing))


def _status(case: Case, names: list[str], was: int) -> Case:
    at = np.isin(case.instance.site_ids, names)
    if not (case.instance.status[at] == was).all():
        raise ValueError("a status that is not there")
    return replace(case, instance=replace(case.instance, status=np.where(at, CANDIDATE, case.instance.status)))


@dataclass
class Tally:
    """How many questions, pieces of advice, pieces that work, that could be smaller, and questions without any."""

    questions: int = 0
    advice: int = 0
    works: int = 0
    not_least: int = 0
    without: int = 0
    together: int = 0


def judged(case: Case, tally: Tally) -> list[str]:
    """Try every piece of advice on a question; return what is wrong with it."""
    siting = explained(solve(case.instance, Limits(seconds=20)), case.levers())
    tally.questions += 1
    if siting.status != "infeasible" or siting.clash is None:
        return [f"told {siting.status}"]
    wrong = [] if siting.clash.rule.zh and siting.clash.kinds else ["no reason"]
    if not siting.clash.changes:
        tally.without += 1
        return [*wrong, f"no advice: {siting.clash.rule.zh}"]
    words = parts_of(siting.clash.change.zh)
    tally.together += "一起改" in words[0]
    if len(words) != len(siting.clash.changes):
        wrong.append("pieces and words differ in number")
    for part in words:
        tally.advice += 1
        try:
            said = read(case, part)
        except ValueError as error:
            wrong.append(str(error))
            continue
        if possible(said.after.instance):
            tally.works += 1
        else:
            wrong.append(f"does not work: {part}")
        if "未证明最小" not in part and any(possible(one.instance) for one in said.less):
            tally.not_least += 1
            wrong.append(f"not the least: {part}")
    return wrong


def main(count: int, seed: int = 1) -> None:
    """Print, by kind of question, the share of advice that works."""
    total, wrongs = Counter[str](), []
    for kind in KINDS:
        tally, cases, begin = Tally(), infeasible(kind, seed), time.process_time()
        for number in range(count // len(KINDS)):
            wrongs += [f"{kind} {number}: {one}" for one in judged(next(cases), tally)]
        spent = (time.process_time() - begin) / max(tally.questions, 1)
        print(f"{kind:20}{tally.questions:5} questions, {tally.works} of {tally.advice} pieces work, {tally.not_least} not the "
              f"least, {tally.together} together, {tally.without} without advice, {spent:.2f} CPU s each")  # fmt: skip
        total.update(vars(tally))
    print(dict(total))
    print("\n".join(wrongs[:60]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 90)
