"""Random small siting questions, and their answers by trying every set of sites: slow, short, and nobody else's code."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.optimize import linprog

from planner.reach import reach_of, rows_of
from planner.siting.instance import Instance, instance_of
from planner.siting.question import Question, Quota


def instance(
    question: Question, costs: list[list[float | None]], weights: list[float], sites: pd.DataFrame | None = None
) -> Instance:
    """A question over a full table of costs (None: no way), demands d00… and sites s00…."""
    count, width = len(costs), len(costs[0])
    demand = np.array([f"d{at:02d}" for at in range(count)], object)
    site = np.array([f"s{at:02d}" for at in range(width)], object)
    known = [(i, j, costs[i][j]) for i in range(count) for j in range(width) if costs[i][j] is not None]
    row, column, cost = (np.array([one[k] for one in known], float) for k in range(3))
    nearest = np.full(count, -1), np.full(count, np.nan)
    reach = reach_of((demand, site), 0, rows_of(row.astype(int), column.astype(int), cost, count), *nearest)
    frame = pd.DataFrame({"id": site}) if sites is None else sites.assign(id=site)
    return instance_of(question, reach, pd.Series(weights, index=demand), frame)


@st.composite
def questions(
    draw: st.DrawFn,
    model: str,
    *,
    loads: bool = False,
    split: bool | None = None,
    most_sites: int = 7,
    most_demands: int = 8,
) -> Instance:
    """Any small question of a model: statuses, site costs, quotas, spacing and a budget come and go."""
    width, count = draw(st.integers(1, most_sites)), draw(st.integers(1, most_demands))
    cost = st.integers(0, 9) | (st.none() if model != "full" else st.nothing())
    costs = draw(st.lists(st.lists(cost, min_size=width, max_size=width), min_size=count, max_size=count))
    weights = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    plain = draw(st.booleans())
    names = ["candidate"] * 5 + ([] if plain else ["fixed", "background", "forced", "forbidden"])
    status = draw(st.lists(st.sampled_from(names), min_size=width, max_size=width))
    sites = pd.DataFrame({"status": status})
    sites["group"] = draw(st.lists(st.sampled_from("ab"), min_size=width, max_size=width))
    if draw(st.booleans()):
        sites["cost"] = draw(st.lists(st.integers(0, 4), min_size=width, max_size=width))
    if loads:
        low = draw(st.lists(st.integers(0, 4), min_size=width, max_size=width))
        more = draw(st.lists(st.integers(0, 9), min_size=width, max_size=width))
        sites["min_load"], sites["max_load"] = low, np.add(low, more)
    able = sum(name not in ("background", "forbidden") for name in status)
    wants_p = model in ("mclp", "p-median", "p-center") or (model != "lscp" and draw(st.booleans()))
    groups = set(sites["group"])
    question = Question(
        model,  # type: ignore[arg-type]
        p=draw(st.integers(0, able)) if wants_p else None,
        share=draw(st.sampled_from([1.0, 1.0, 0.5, 0.8])) if model == "lscp" else 1.0,
        backup_weight=draw(st.sampled_from([1.0, 0.5, 0.0])),
        split=draw(st.booleans()) if split is None else split,
        allow_unreachable=draw(st.booleans()),
        budget=None if plain else draw(st.none() | st.integers(0, 8).map(float)),
        quotas=() if plain else tuple(
            Quota(group, draw(st.integers(0, 1)), draw(st.none() | st.integers(1, 3))) for group in "ab"
            if group in groups and draw(st.booleans())
        ),
        apart=() if plain or width < 2 else tuple(
            draw(st.lists(st.tuples(*[st.sampled_from([f"s{at:02d}" for at in range(width)])] * 2), max_size=3))
        ),
    )  # fmt: skip
    return instance(question, costs, weights, sites)


def open_sets(case: Instance) -> Iterator[tuple[int, ...]]:
    """Every set of open sites (background ones too) that keeps the rules on sites."""
    status, asked = case.status, case.question
    always = [at for at in range(len(status)) if status[at] in (1, 2, 3)]
    free = [at for at in range(len(status)) if status[at] == 0]
    place = {name: at for at, name in enumerate(case.site_ids)}
    for size in range(len(free) + 1):
        for extra in combinations(free, size):
            counted = [at for at in (*always, *extra) if status[at] != 2]
            if asked.p is not None and len(counted) != asked.p:
                continue
            if asked.budget is not None and sum(case.site_cost[at] for at in counted) > asked.budget:
                continue
            groups = [sum(case.group[at] == quota.group for at in counted) for quota in asked.quotas]
            if any(
                not q.at_least <= n <= (np.inf if q.at_most is None else q.at_most)
                for q, n in zip(asked.quotas, groups, strict=True)
            ):
                continue
            opened = {*always, *extra}
            pairs = [(place[one], place[other]) for one, other in asked.apart if one != other]
            if any({*pair} <= opened and (pair[0] in extra or pair[1] in extra) for pair in pairs):
                continue
            yield tuple(sorted(opened))


def table(case: Instance) -> np.ndarray:
    """The costs as a full table, inf where there is no way."""
    full = np.full((len(case.weight), len(case.site_ids)), np.inf)
    full[case.row, case.indices] = case.costs
    return full


def worth(case: Instance, opened: tuple[int, ...]) -> float | None:
    """The objective of one set of open sites, None where it is no plan; the smaller the better but for mclp and backup."""
    asked, status, full = case.question, case.status, table(case)
    usable = np.isfinite(full[:, status != 4]).any(axis=1)
    must_serve_all = asked.model in ("lscp", "p-median", "p-center", "capacitated") and asked.share == 1
    if must_serve_all and not asked.allow_unreachable and not usable.all():
        return None
    here = full[:, list(opened)] if opened else np.full((len(full), 1), np.inf)
    counted = [at for at in opened if status[at] != 2]
    cost, near, times = case.site_cost[counted].sum(), here.min(axis=1), np.isfinite(here).sum(axis=1)
    weight = case.weight
    if asked.model == "mclp":
        return float(weight[times > 0].sum())
    if asked.model == "lscp":
        enough = (
            (times > 0)[usable].all()
            if asked.share == 1
            else weight[times > 0].sum()
            >= asked.share * (weight[usable] if asked.allow_unreachable else weight).sum() - 1e-9
        )
        return float(cost) if enough else None
    if asked.model == "backup":
        if asked.p is None:
            return None  # in two steps: see the test
        return float(weight[times > 0].sum() + asked.backup_weight * weight[times > 1].sum())
    if not np.isfinite(near[usable]).all():
        return None
    if asked.model == "p-center":
        return float(near[usable].max(initial=0.0))
    if asked.model == "p-median":
        return float((weight * np.where(usable, near, 0)).sum() + cost)
    return loaded(case, opened, usable, full)


def loaded(case: Instance, opened: tuple[int, ...], usable: np.ndarray, full: np.ndarray) -> float | None:
    """Capacitated: the least cost of serving every demand within the loads, by a linear programme or by trying all."""
    who, where = np.flatnonzero(usable), list(opened)
    cost = float(case.site_cost[[at for at in opened if case.status[at] != 2]].sum())
    low, high = case.min_load[where], case.max_load[where]
    if not where:
        return cost if not len(who) else None
    if not case.question.split:
        best = single_source(case, who, where, full)
        return None if best is None else cost + best
    pairs = [(i, j) for i in who for j in where if np.isfinite(full[i, j])]
    if not pairs:
        return cost if not len(who) and (low <= 0).all() else None
    serve = np.array([[i == one for i, _ in pairs] for one in who], float).reshape(len(who), len(pairs))
    load = np.array([[case.weight[i] * (j == one) for i, j in pairs] for one in where], float)
    bounded = np.isfinite(high)
    answer = linprog(
        [case.weight[i] * full[i, j] for i, j in pairs],
        A_ub=np.vstack([load[bounded], -load]), b_ub=np.concatenate([high[bounded], -low]),
        A_eq=serve if len(who) else None, b_eq=np.ones(len(who)) if len(who) else None,
    )  # fmt: skip
    return cost + float(answer.fun) if answer.status == 0 else None


def single_source(case: Instance, who: np.ndarray, where: list[int], full: np.ndarray) -> float | None:
    """Every demand whole to one site, by depth first over all assignments."""
    low, high, weight = case.min_load[where], case.max_load[where], case.weight

    def best(at: int, load: tuple[float, ...]) -> float:
        if at == len(who):
            return 0.0 if all(one >= least for one, least in zip(load, low, strict=True)) else np.inf
        found = np.inf
        for k, j in enumerate(where):
            if np.isfinite(full[who[at], j]) and load[k] + weight[who[at]] <= high[k]:
                rest = best(at + 1, (*load[:k], load[k] + weight[who[at]], *load[k + 1 :]))
                found = min(found, weight[who[at]] * full[who[at], j] + rest)
        return found

    value = best(0, (0.0,) * len(where))
    return value if np.isfinite(value) else None


def brute(case: Instance) -> tuple[float | None, list[tuple[int, ...]]]:
    """The best objective and all sets of open sites that have it; (None, []) where there is no plan."""
    known = [(worth(case, opened), opened) for opened in open_sets(case)]
    plans = [(value, opened) for value, opened in known if value is not None]
    if not plans:
        return None, []
    pick = max if case.question.model in ("mclp", "backup") else min
    best = pick(value for value, _ in plans)
    return best, [opened for value, opened in plans if abs(value - best) <= 1e-9]
