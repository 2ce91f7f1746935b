"""Which rules cannot be kept together: the least sets of them, each found by leaving out one rule after another."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, vstack

from planner.errors import Text
from planner.siting.highs import Program, solve
from planner.siting.instance import Instance
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, FORCED, Limits, Quota

Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_NAMED = 20
"""So many ids are written out in a sentence; Clash.ids holds them all."""
_COVER = Text("全部覆盖的要求", "the cover of every demand")


@dataclass(frozen=True, eq=False)
class Also:
    """What a plan must do besides: low ≤ rows (x, z) ≤ high, with helping columns z in [0, 1] behind those of the sites."""

    rows: csr_array
    low: Amounts
    high: Amounts
    said: Text = _COVER


@dataclass(frozen=True)
class _Left:
    """What stands beside the rows of `site_rules` and may be left out: opened sites, forbidden ones, `also`."""

    must: bool = True
    barred: bool = True
    also: bool = True


def conflict(instance: Instance, also: Also | None, limits: Limits) -> tuple[Text, tuple[str, ...]] | None:
    """Return (rules that cannot be kept together, what ids they are about) of rules known to clash; None without time.

    Several sets that share no rule are told one after the other. Where time runs out a set may hold more than it must.
    """
    asker = _Asker(instance, also, time.monotonic() + limits.seconds, limits)
    atoms = _atoms(instance, also)
    said: list[Text] = []
    ids: set[str] = set()
    while atoms and asker.clash(atoms):
        least = _least(atoms, asker.clash)
        least = _finer(least, asker.clash)
        if asker.late and not said:
            return None
        said.append(_sentence([_named(instance, one, also) for one in _merged(least)]))
        ids |= {name for one in least for name in _ids(instance, one)}
        atoms = [one for one in atoms if not any(one == other or _within(one, other) for other in least)]
    if not said:
        return None
    return Text("；".join(one.zh for one in said), "; ".join(one.en for one in said)), tuple(sorted(ids))


@dataclass(frozen=True)
class _Atom:
    """One rule, or several of a kind: p, quota, apart, budget, must, barred or also; and its rows of `site_rules`."""

    kind: str
    rows: tuple[int, ...] = ()


def parts(instance: Instance) -> list[int]:
    """Return where each rule's rows begin in `site_rules`: p, every quota, all of spacing, budget; and the end."""
    asked = instance.question
    ends = [0, int(asked.p is not None)]
    ends += [ends[-1] + at + 1 for at in range(len(asked.quotas))]
    ends.append(ends[-1] + len(instance.apart))
    return [*ends, ends[-1] + int(asked.budget is not None)]


def listed(ids: Sequence[str]) -> str:
    """Return the ids for a sentence, the first few of many."""
    named = "、".join(map(str, ids[:_NAMED]))
    return named if len(ids) <= _NAMED else f"{named}……（{len(ids)}）"


def _atoms(instance: Instance, also: Also | None) -> list[_Atom]:
    """Return the rules that are there, in the order in which they are tried to be left out."""
    quotas = len(instance.question.quotas)
    names = ["p", *["quota"] * quotas, "apart", "budget"]
    found = [
        _Atom(name, tuple(range(begin, end)))
        for name, (begin, end) in zip(names, pairwise(parts(instance)), strict=True)
        if end > begin
    ]
    order = ("barred", "must", "also", "apart", "quota", "budget", "p")
    if bool((instance.status == FORBIDDEN).any()):
        found.append(_Atom("barred"))
    if bool(_must(instance).any()):
        found.append(_Atom("must"))
    if also is not None:
        found.append(_Atom("also"))
    return sorted(found, key=lambda one: order.index(one.kind))


def _must(instance: Instance) -> Bools:
    return np.isin(instance.status, (FIXED, FORCED))


@dataclass(frozen=True, eq=False)
class _Asker:
    instance: Instance
    also: Also | None
    ends: float
    limits: Limits

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.ends

    def clash(self, atoms: Sequence[_Atom]) -> bool:
        """Tell whether it is proven that no plan keeps these rules."""
        kinds = {one.kind for one in atoms}
        rows = np.array(sorted(at for one in atoms for at in one.rows), np.int64)
        left = _Left("must" in kinds, "barred" in kinds, "also" in kinds)
        limits = replace(self.limits, seconds=max(self.ends - time.monotonic(), 0.0), gap=1.0)
        return (
            solve(_program(self.instance, rows, self.also if left.also else None, left), limits).status == "infeasible"
        )


def _program(instance: Instance, kept: npt.NDArray[np.int64], also: Also | None, left: _Left) -> Program:
    _, low, high = instance.site_rules
    rules = instance.site_rules[0] if left.barred else _freed(instance)
    width = len(instance.site_ids)
    more = 0 if also is None else also.rows.shape[1] - width
    rows, low, high = hstack([rules[kept], csr_array((len(kept), more))]), low[kept], high[kept]
    if also is not None:
        rows = vstack([rows, also.rows])
        low, high = np.concatenate([low, also.low]), np.concatenate([high, also.high])
    opened = instance.open_always & ~_must(instance) if not left.must else instance.open_always
    top = np.where((instance.status == FORBIDDEN) & left.barred, 0.0, 1.0)
    return Program(
        np.zeros(width + more),
        csr_array(rows),
        low,
        high,
        np.concatenate([opened.astype(float), np.zeros(more)]),
        np.concatenate([top, np.ones(more)]),
        np.arange(width + more) < width,
    )


def _freed(instance: Instance) -> csr_array:
    """Return the rows of `site_rules` as they are where forbidden sites count as candidates do."""
    free = replace(instance, status=np.where(instance.status == FORBIDDEN, CANDIDATE, instance.status))
    rules = instance.site_rules[0].toarray()
    counted = free.counted & ~instance.counted
    starts, asked = parts(instance), instance.question
    for at, (begin, end) in enumerate(pairwise(starts)):
        quota = at - 1
        worth = np.ones(len(free.site_ids))
        if 0 <= quota < len(asked.quotas):
            worth = (free.group == asked.quotas[quota].group).astype(float)
        elif at == len(starts) - 2:
            worth = free.site_cost
        elif quota >= 0:
            worth = np.zeros(len(free.site_ids))  # the spacing holds for them as it stands
        rules[begin:end] = np.where(counted, worth, rules[begin:end])
    return csr_array(rules)


def _least(atoms: Sequence[_Atom], clash: Callable[[Sequence[_Atom]], bool]) -> list[_Atom]:
    """Return the rules of a clash of which none can be left out (a deletion filter)."""
    kept = list(atoms)
    for one in atoms:
        fewer = [other for other in kept if other != one]
        if clash(fewer):
            kept = fewer
    return kept


def _finer(atoms: list[_Atom], clash: Callable[[Sequence[_Atom]], bool]) -> list[_Atom]:
    """Return the clash with the spacing as the few pairs that it needs: halves, then smaller parts, are left out."""
    pairs = [row for one in atoms if one.kind == "apart" for row in one.rows]
    others = [one for one in atoms if one.kind != "apart"]
    size = (len(pairs) + 1) // 2
    while pairs and size:
        at = 0
        while at < len(pairs):
            fewer = pairs[:at] + pairs[at + size :]
            if fewer and clash([*others, _Atom("apart", tuple(fewer))]):
                pairs = fewer
            else:
                at += size
        size = size // 2
    return [*others, *(_Atom("apart", (row,)) for row in pairs)]


def _within(one: _Atom, other: _Atom) -> bool:
    return one.kind == other.kind and bool(set(other.rows) & set(one.rows))


def _merged(atoms: Sequence[_Atom]) -> list[_Atom]:
    """Return the rules as they are told: p first, and all pairs of the spacing as one."""
    order = ("p", "quota", "apart", "budget", "must", "barred", "also")
    rows = tuple(row for one in atoms if one.kind == "apart" for row in one.rows)
    found = [one for one in atoms if one.kind != "apart"] + ([_Atom("apart", rows)] if rows else [])
    return sorted(found, key=lambda one: (order.index(one.kind), one.rows))


def _ids(instance: Instance, atom: _Atom) -> tuple[str, ...]:
    """Return the sites that a rule is about; none for p, budget and what a plan must do besides."""
    ids, starts = instance.site_ids, parts(instance)
    if atom.kind == "quota":
        quota = _quota(instance, atom)
        return tuple(ids[instance.counted & (instance.group == quota.group)])
    if atom.kind == "apart":
        return tuple(str(ids[end]) for row in atom.rows for end in instance.apart[row - starts[-3]])
    if atom.kind == "must":
        return tuple(ids[_must(instance)])
    return tuple(ids[instance.status == FORBIDDEN]) if atom.kind == "barred" else ()


def _quota(instance: Instance, atom: _Atom) -> Quota:
    return instance.question.quotas[atom.rows[0] - int(instance.question.p is not None)]


def _named(instance: Instance, atom: _Atom, also: Also | None) -> Text:
    """Return a rule's name with its number and ids."""
    asked, named = instance.question, listed(_ids(instance, atom))
    if atom.kind == "quota":
        return _of_quota(_quota(instance, atom))
    if atom.kind == "apart":
        starts, ids = parts(instance), instance.site_ids
        pairs = [instance.apart[row - starts[-3]] for row in atom.rows]
        zh = listed([f"{ids[one]} 与 {ids[other]}" for one, other in pairs])
        en = listed([f"{ids[one]} and {ids[other]}" for one, other in pairs])
        return Text(f"间距（{zh}）", f"the spacing ({en})")
    return {
        "p": Text(f"个数 p = {asked.p}", f"p = {asked.p}"),
        "budget": Text(f"预算 {asked.budget or 0:.12g}", f"the budget of {asked.budget or 0:.12g}"),
        "must": Text(f"固定、必选的站点（{named}）", f"the sites that must be open ({named})"),
        "barred": Text(f"禁选的站点（{named}）", f"the forbidden sites ({named})"),
        "also": _COVER if also is None else also.said,
    }[atom.kind]


def _of_quota(quota: Quota) -> Text:
    low, high = quota.at_least, quota.at_most
    if high is None:
        return Text(f"“{quota.group}”至少 {low} 个的配额", f"at least {low} sites in '{quota.group}'")
    if not low:
        return Text(f"“{quota.group}”至多 {high} 个的配额", f"at most {high} sites in '{quota.group}'")
    return Text(f"“{quota.group}”{low}～{high} 个的配额", f"{low} to {high} sites in '{quota.group}'")


def _sentence(names: Sequence[Text]) -> Text:
    if len(names) == 1:
        return Text(_spaced(names[0].zh, "不能满足"), f"{names[0].en} cannot be had")
    others = "、".join(one.zh for one in names[1:])
    zh = _spaced(_spaced(names[0].zh, "与"), others)
    en = f"{', '.join(one.en for one in names[:-1])} and {names[-1].en}"
    return Text(_spaced(zh, "不能同时满足"), f"{en} cannot all be kept")


def _spaced(one: str, other: str) -> str:
    """Join two words, with a space where one is Chinese and the other is not."""
    return f"{one} {other}" if one[-1].isascii() or other[0].isascii() else one + other
