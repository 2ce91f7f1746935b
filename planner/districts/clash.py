"""Why a county has no districts: which bound, which communities, and the smallest change that helps."""

import time
from dataclasses import dataclass, replace

import numpy as np

from planner.districts.case import Case, positions
from planner.districts.exact import solve_case
from planner.districts.fewest import Numbers, least_number, most_number, numbers_of
from planner.districts.stretch import Stretch, stretched
from planner.errors import Text
from planner.siting.clash import listed, unexplained
from planner.siting.question import Limits
from planner.siting.siting import Clash

_MORE = 0.3
"""The part of the time left that each trial may take."""


def clash_of(case: Case, limits: Limits) -> Clash:
    """Return the clash of a county of which it is proven that it has no plan."""
    return (
        _too_large(case)
        or _no_way(case)
        or _island(case)
        or _number(case)
        or _smallest_change(case, time.perf_counter() + limits.seconds, limits)
    )


def _names(case: Case, units: list[int]) -> tuple[str, ...]:
    return tuple(str(case.unit_ids[one]) for one in units)


def _too_large(case: Case) -> Clash | None:
    """A community with more residents than any centre may serve: whole communities cannot keep the bound."""
    top = int(case.high.max(initial=0))
    large = [int(one) for one in np.flatnonzero(case.people > top)]
    if not large or not len(case.high):
        return None
    most, ids = int(case.people.max()), _names(case, large)
    return Clash(
        Text(f"社区自身人口已超过上限 {top}：{listed(ids)}", f"communities with more than {top} residents: {listed(ids)}"),
        ids,
        Text(f"把上限提高到至少 {most}，或把这些社区拆成几个", f"raise the upper bound to {most}, or split them"),
    )  # fmt: skip


def _no_way(case: Case) -> Clash | None:
    """A community that no centre can be reached from: no way, or no centre in the part of the graph that it is in."""
    hopeless = list[int]()
    for island in case.islands:
        centers = [at for at, seat in enumerate(case.seat) if island >> int(seat) & 1]
        for one in positions(island):
            if not centers or not np.isfinite(case.burden[one, centers]).any():
                hopeless.append(one)
    if not hopeless:
        return None
    ids = _names(case, hopeless)
    return Clash(
        Text(
            f"这些社区与任何中心都不相连（相邻或道路）：{listed(ids)}",
            f"communities that no centre is joined to, by neighbourhood or by road: {listed(ids)}",
        ),
        ids,
        Text("在其中增设候选中心，或补上相邻关系、道路", "give them a candidate, a neighbour or a road"),
    )


def _island(case: Case) -> Clash | None:
    """A part of the graph whose people fit no number of centres: over or under the bounds, or between two numbers."""
    for island in case.islands:
        numbers = numbers_of(case, island)
        if numbers.least > numbers.most:
            return _unfit(case, numbers)
    return None


def _unfit(case: Case, numbers: Numbers) -> Clash:
    ids = _names(case, list(positions(numbers.units)))
    people = numbers.people
    whole = len(ids) == len(case.unit_ids)
    who = Text("全部居民", "all residents") if whole else Text("这些社区", "these communities")
    rule = Text(
        f"{who.zh}共 {people} 人，没有合适的中心个数（{_bounds(case)}，已有 {numbers.standing} 所，最多 {numbers.able} 所）",
        f"{who.en}, {people} people, fit no number of centres ({_bounds(case)}; "
        f"{numbers.standing} standing, {numbers.able} at most)",
    )
    changes = [*_nearest(case, numbers)]
    zh, en = "；或".join(one.zh for one in changes), "; or ".join(one.en for one in changes)
    return Clash(rule, ids, Text(zh, en))


def _bounds(case: Case) -> str:
    low, high = sorted({int(one) for one in case.low}), sorted({int(one) for one in case.high})
    return "、".join(map(str, low)) + "～" + "、".join(map(str, high))


def _nearest(case: Case, numbers: Numbers) -> list[Text]:
    """Return, for the numbers of centres next to what the people need, the bound with which that number would do."""
    people, found = numbers.people, list[Text]()
    fewer, more = min(numbers.most, numbers.able), numbers.least
    if fewer >= max(numbers.standing, 1):
        upper = -(-people // fewer)
        found.append(Text(f"{fewer} 所：上限至少 {upper}", f"{fewer} centres: an upper bound of {upper} or more"))
    if numbers.standing <= more <= numbers.able and case.hard:
        lower = people // more
        found.append(Text(f"{more} 所：下限至多 {lower}", f"{more} centres: a lower bound of {lower} or less"))
    if more > numbers.able:
        need = more - numbers.able
        if not numbers.able or numbers.able < -(-people // max(int(case.high.max(initial=1)), 1)):
            need = max(-(-people // max(int(case.high.max(initial=1)), 1)) - numbers.able, 1)
        found.append(Text(f"至少再增设 {need} 个候选中心", f"offer {need} more candidates at least"))
    if not found:
        lower = people // max(numbers.standing, 1)
        found.append(
            Text(f"{numbers.standing} 所：下限至多 {lower}", f"{numbers.standing} centres: a lower bound of {lower}")
        )
    return found  # fmt: skip


def _number(case: Case) -> Clash | None:
    """A number of centres that the county's people, islands and standing centres do not allow."""
    if not isinstance(case.p, int):
        return None
    least, most = least_number(case), most_number(case)
    if least <= case.p <= most:
        return None
    near = least if case.p < least else most
    return Clash(
        Text(f"个数 {case.p} 不在可行的 {least}～{most} 之内", f"{case.p} centres are not within {least} to {most}"),
        tuple(map(str, case.center_ids[case.fixed])),
        Text(f"把个数改为 {near}", f"set the number to {near}"),
    )


@dataclass(frozen=True)
class _Change:
    """A change that helps: how large it is beside the bound, and its words."""

    size: float
    rule: Text
    change: Text


def _smallest_change(case: Case, ends: float, limits: Limits) -> Clash:
    """Return the clash of bounds and connection: each bound is stretched alone, then the number, then both bounds."""

    def left() -> Limits:
        return replace(limits, seconds=max(ends - time.perf_counter(), 0.0) * _MORE)

    found = [_stretched(stretched(case, kind, left()), case) for kind in ("upper", *(("lower",) if case.hard else ()))]
    changes = sorted((one for one in found if one is not None), key=lambda one: one.size)
    if isinstance(case.p, int):
        changes += [one for one in (_other_number(case, case.p + step, left()) for step in (1, -1)) if one is not None]
    if not changes and case.hard:
        changes = [one for one in (_stretched(stretched(case, "both", left()), case),) if one is not None]
    if not changes:
        return unexplained()
    rules = list(dict.fromkeys(one.rule for one in changes))
    return Clash(
        Text("，".join(one.zh for one in rules), ", ".join(one.en for one in rules)),
        (),
        Text("；或".join(one.change.zh for one in changes), "; or ".join(one.change.en for one in changes)),
    )


def _stretched(found: Stretch | None, case: Case) -> _Change | None:
    if found is None:
        return None
    parts, top, least = list[Text](), int(case.high.max(initial=0)), int(case.low.max(initial=0))
    about = Text("", "") if found.proven else Text("（未证明最小）", " (not proven least)")
    if found.kind in ("upper", "both") and found.by > 0:
        now = top + found.by
        parts.append(Text(f"把上限提高到 {now}", f"raise the upper bound to {now}"))
    if found.kind in ("lower", "both") and found.by > 0:
        now = max(least - found.by, 0)
        parts.append(Text(f"把下限降到 {now}", f"lower the lower bound to {now}"))
    words = {
        "upper": Text(f"相连成片时上限 {top} 不能满足", f"connected districts cannot keep the upper bound {top}"),
        "lower": Text(f"相连成片时下限 {least} 不能满足", f"connected districts cannot keep the lower bound {least}"),
        "both": Text("相连成片时上下限都不能满足", "connected districts can keep neither bound"),
    }
    change = Text("并".join(one.zh for one in parts) + about.zh, " and ".join(one.en for one in parts) + about.en)
    return _Change(found.by / max(top if found.kind == "upper" else least, 1), words[found.kind], change)


def _other_number(case: Case, p: int, limits: Limits) -> _Change | None:
    """Return the change of the number of centres to p, None where that is not seen to help."""
    if not least_number(case) <= p <= most_number(case):
        return None
    part = solve_case(replace(case, p=p), replace(limits, gap=1.0))
    if part.status not in ("optimal", "feasible"):
        return None
    rule = Text(f"个数 {case.p} 不能满足", f"{case.p} centres do not do")
    return _Change(1.0, rule, Text(f"把个数改为 {p}", f"set the number to {p}"))
