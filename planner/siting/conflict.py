"""Which rules of a question cannot be kept together: least sets of them, each found by leaving out one rule after another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner import clock
from planner.errors import Text
from planner.siting.capacitated_island import Ends, island
from planner.siting.feasible import must_serve_all, out_of_reach, plan_exists, uncovered
from planner.siting.instance import Instance
from planner.siting.question import CANDIDATE, FIXED, FORBIDDEN, FORCED, Limits, Quota
from planner.text import option_text, shares_apart

_NAMED = 20
"""So many ids are written out in a sentence; Clash.ids holds them all."""
_ORDER = ("p", "quota", "apart", "budget", "fixed", "forced", "barred", "min_load", "max_load", "single", "cover")
"""As rules are told. They are tried to be left out from the last to the first, but for cover, which loads and bans need."""
_LEAVE_OUT = (
    "single", "max_load", "min_load", "barred", "forced", "fixed", "cover", "apart", "quota", "budget", "p",
)  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """One rule, or all of a kind: `kind` names it, `detail` which one (a quota's place, why sites are barred or fixed)."""

    kind: str
    detail: str = ""
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind


@dataclass(frozen=True)
class Why:
    """Rules in conflict, in words, the ids that they are about, and the sets of them, of which each has no plan."""

    rule: Text
    ids: tuple[str, ...]
    sets: tuple[tuple[Atom, ...], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        found = {one.kind for atoms in self.sets for one in atoms}
        return tuple(one for one in _ORDER if one in found)


def conflicts(instance: Instance, limits: Limits) -> Why:
    """Return the rules in conflict of a question that is known to have no plan.

    Several sets that share no rule are told one after the other. Where time runs out a set may hold more than it must.
    """
    asker = _Asker(instance, clock.now() + limits.seconds, limits)
    atoms = _atoms(instance)
    sets: list[tuple[Atom, ...]] = []
    while atoms and asker.clash(atoms):
        found = _fewer_pairs(_least(atoms, asker.clash), asker.clash)
        sets.append(tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), one.detail))))
        atoms = [one for one in atoms if not any(one.key == other.key for other in found)]
    told = [_told(instance, one, limits) for one in sets]
    rule = (
        joined([one for one, _ in told], "；", "; ")
        if told
        else Text("各项要求不能同时满足", "the rules cannot all be kept")
    )
    return Why(rule, tuple(sorted({name for _, ids in told for name in ids})), tuple(sets))


@dataclass(frozen=True, eq=False)
class _Asker:
    instance: Instance
    ends: float
    limits: Limits

    def clash(self, atoms: Sequence[Atom]) -> bool:
        """Tell whether it is proven that no plan keeps these rules."""
        limits = replace(self.limits, seconds=max(self.ends - clock.now(), 0.0))
        serve = any(one.kind == "cover" for one in atoms)
        return plan_exists(with_only(self.instance, atoms), limits, serve=serve) is False


def _atoms(instance: Instance) -> list[Atom]:
    """Return the rules that are there, in the order in which they are tried to be left out."""
    asked, status = instance.question, instance.status
    there = {
        "p": asked.p is not None,
        "budget": asked.budget is not None,
        "forced": bool((status == FORCED).any()),
        "cover": must_serve_all(instance) or asked.model == "lscp",
        "min_load": asked.model == "capacitated" and bool((instance.min_load > 0).any()),
        "max_load": asked.model == "capacitated" and bool((instance.max_load < np.inf).any()),
        "single": asked.model == "capacitated" and not asked.split,
    }
    found = [Atom(kind) for kind, present in there.items() if present]
    found += [Atom("quota", str(at)) for at in range(len(asked.quotas))]
    found += [Atom("apart", pairs=tuple(instance.apart))] if instance.apart else []
    for kind, which in (("barred", FORBIDDEN), ("fixed", FIXED)):
        found += [Atom(kind, why) for why in sorted(set(instance.reasons[status == which]))]
    return sorted(found, key=lambda one: _LEAVE_OUT.index(one.kind))


def with_only(instance: Instance, atoms: Sequence[Atom]) -> Instance:
    """Return the instance without any rule but these (`cover` is not its own: see plan_exists)."""
    keys, asked = {one.key for one in atoms}, instance.question
    pairs = [pair for one in atoms for pair in one.pairs]
    status, ids = instance.status.copy(), instance.site_ids
    if "forced" not in keys:
        status[status == FORCED] = CANDIDATE
    for kind, which in (("barred", FORBIDDEN), ("fixed", FIXED)):
        for at in np.flatnonzero(status == which):
            if Atom(kind, str(instance.reasons[at])).key not in keys:
                status[at] = CANDIDATE
    question = replace(
        asked,
        p=asked.p if "p" in keys else None,
        budget=asked.budget if "budget" in keys else None,
        quotas=tuple(
            one if Atom("quota", str(at)).key in keys else Quota(one.group) for at, one in enumerate(asked.quotas)
        ),
        apart=tuple((str(ids[one]), str(ids[other])) for one, other in pairs),
        split=asked.split or "single" not in keys,
    )
    low = instance.min_load if "min_load" in keys else np.zeros_like(instance.min_load)
    high = instance.max_load if "max_load" in keys else np.full_like(instance.max_load, np.inf)
    return replace(instance, question=question, status=status, min_load=low, max_load=high)


def _least(atoms: Sequence[Atom], clash: Callable[[Sequence[Atom]], bool]) -> list[Atom]:
    """Return the rules of a clash of which none can be left out (a deletion filter)."""
    kept = list(atoms)
    for one in atoms:
        fewer = [other for other in kept if other is not one]
        if clash(fewer):
            kept = fewer
    return kept


def _fewer_pairs(atoms: list[Atom], clash: Callable[[Sequence[Atom]], bool]) -> list[Atom]:
    """Return the clash with the spacing as the few pairs that it needs: halves, then smaller parts, are left out."""
    others = [one for one in atoms if one.kind != "apart"]
    pairs = [pair for one in atoms for pair in one.pairs]
    size = (len(pairs) + 1) // 2
    while pairs and size:
        at = 0
        while at < len(pairs):
            fewer = pairs[:at] + pairs[at + size :]
            if fewer and clash([*others, Atom("apart", pairs=tuple(fewer))]):
                pairs = fewer
            else:
                at += size
        size = size // 2
    return [*others, *([Atom("apart", pairs=tuple(pairs))] if pairs else [])]


# In words


def _told(instance: Instance, atoms: Sequence[Atom], limits: Limits) -> tuple[Text, tuple[str, ...]]:
    """Return what is told of one set of rules, and the ids that it is about."""
    kinds = {one.kind for one in atoms}
    if "cover" in kinds and out_of_reach(instance):
        return _lost(instance)
    if kinds <= {"cover", "barred"} and instance.question.share < 1:
        return _too_little(instance)
    if kinds <= {"cover", "barred", "max_load", "single"} and "max_load" in kinds:
        rule, ids = island(Ends.of(instance), limits)
        if rule is not None:
            return rule, ids
    rule = _sentence([_name(instance, one) for one in atoms])
    ids = tuple(name for one in atoms for name in _ids(instance, one))
    if "cover" not in kinds or instance.question.share < 1 or kinds & {"max_load", "min_load", "single"}:
        return rule, ids
    left = uncovered(instance, limits)
    if not left:
        return rule, ids
    more = Text(
        f"：至少有 {len(left)} 个需求点够不着任何开放站点，如 {listed(left)}",
        f": at least {len(left)} demands reach no open site, such as {listed(left)}",
    )
    return Text(rule.zh + more.zh, rule.en + more.en), (*ids, *left)


def _lost(instance: Instance) -> tuple[Text, tuple[str, ...]]:
    ids = tuple(map(str, instance.demand_ids[instance.unreachable]))
    barred = int((np.diff(instance.indptr)[instance.unreachable] > 0).sum())
    part = Text(f"（其中 {barred} 个只有禁选的站点够得着）", f" ({barred} are reached by forbidden sites alone)")
    part = part if barred else Text("", "")
    return Text(
        f"{len(ids)} 个需求点没有任何候选点够得着{part.zh}：{listed(ids)}",
        f"no site reaches {len(ids)} demands{part.en}: {listed(ids)}",
    ), ids


def _too_little(instance: Instance) -> tuple[Text, tuple[str, ...]]:
    total, out = float(instance.weight.sum()), instance.unreachable
    able, asked = 1 - float(instance.weight[out].sum()) / total, instance.question.share
    wanted, most = shares_apart([asked, able])
    return Text(
        f"要求覆盖 {wanted}，全部候选点一起只能覆盖 {most}",
        f"{wanted} is to be covered, but all sites together cover {most}",
    ), tuple(map(str, instance.demand_ids[out]))


def _ids(instance: Instance, atom: Atom) -> tuple[str, ...]:
    """Return the sites that a rule is about; none for p, budget, loads and cover."""
    ids, status = instance.site_ids, instance.status
    if atom.kind == "quota":
        mine = instance.counted & (instance.group == instance.question.quotas[int(atom.detail)].group)
        return tuple(ids[mine])
    if atom.kind == "apart":
        return tuple(str(ids[end]) for pair in atom.pairs for end in pair)
    if atom.kind == "forced":
        return tuple(ids[status == FORCED])
    which = {"fixed": FIXED, "barred": FORBIDDEN}.get(atom.kind)
    return () if which is None else tuple(ids[(status == which) & (instance.reasons == atom.detail)])


def _name(instance: Instance, atom: Atom) -> Text:
    """Return a rule's name with its number and ids."""
    asked, named = instance.question, _ids(instance, atom)
    if atom.kind == "quota":
        return _of_quota(asked.quotas[int(atom.detail)])
    if atom.kind == "apart":
        ids = instance.site_ids
        zh = listed([f"{ids[one]} 与 {ids[other]}" for one, other in atom.pairs])
        en = listed([f"{ids[one]} and {ids[other]}" for one, other in atom.pairs])
        return Text(f"间距（{zh}）", f"the spacing ({en})")
    if atom.kind == "barred" and atom.detail:
        return Text(f"{len(named)} 个不能选的点（{atom.detail}）", f"{len(named)} sites that may not be chosen")
    if atom.kind == "fixed" and atom.detail:
        return Text(f"{atom.detail}（{listed(named)}）", f"the sites that stand ({listed(named)})")
    return {
        "p": Text(f"个数 p = {asked.p}", f"p = {asked.p}"),
        "budget": Text(f"预算 {number(asked.budget or 0)}", f"the budget of {number(asked.budget or 0)}"),
        "fixed": Text(f"固定的站点（{listed(named)}）", f"the sites that are settled ({listed(named)})"),
        "forced": Text(f"必选的站点（{listed(named)}）", f"the sites that must be open ({listed(named)})"),
        "barred": Text(f"禁选的站点（{listed(named)}）", f"the forbidden sites ({listed(named)})"),
        "min_load": Text("站点的最低负荷", "the lower loads"),
        "max_load": Text("站点的容量", "the upper loads"),
        "single": Text("每个需求点只归一个站点的要求", "the rule of one site for each demand"),
        "cover": _cover(instance),
    }[atom.kind]


def _cover(instance: Instance) -> Text:
    asked = instance.question
    if asked.share < 1:
        return Text(
            f"覆盖比例 {option_text(asked.share)} 的要求", f"the cover of a share of {option_text(asked.share)}"
        )
    if asked.model in ("lscp", "backup"):
        return Text("全部覆盖的要求", "the cover of every demand")
    return Text("服务全部需求的要求", "the service of every demand")


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


def listed(ids: Sequence[str]) -> str:
    """Return the ids for a sentence, the first few of many."""
    named = "、".join(map(str, ids[:_NAMED]))
    return named if len(ids) <= _NAMED else f"{named}……（{len(ids)}）"


def joined(parts: Iterable[Text], zh: str, en: str) -> Text:
    """Return the sentences as one."""
    parts = list(parts)
    return Text(zh.join(one.zh for one in parts), en.join(one.en for one in parts))


def number(value: float) -> str:
    """Return a number for a sentence: no digit that is not there."""
    return option_text(value)
