"""Instance: a siting question with its data as arrays, both sides sorted by id, so that row order changes no plan."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from planner.errors import Problem, SitingError, Text
from planner.reach import Reach
from planner.siting.question import BACKGROUND, CANDIDATE, FIXED, FORBIDDEN, FORCED, STATUSES, Question
from planner.text import option_text

Positions = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Instance:
    """A question with its data: demands (rows) and sites (columns), each in the order of their ids.

    weight            of each demand, ≥ 0
    indptr, indices   CSR rows: the sites that reach each demand (all of them, forbidden ones too), ascending
    costs             of those pairs, whole (uint32) or as a table gave them (float64)
    status            of each site: position in STATUSES
    site_cost         of each site (where none is given: 1 for lscp and for backup without p, else 0)
    min_load, max_load  of each site, 0 and inf where none is given
    group             of each site, "" where none is given
    because           why each forbidden or fixed site is so, where no choice of the user's made it; None: all are choices
    paid              what every plan of p-median costs besides (see merged.py)
    """

    question: Question
    demand_ids: Ids
    site_ids: Ids
    weight: Amounts
    indptr: Positions
    indices: Positions
    costs: npt.NDArray[Any]
    status: npt.NDArray[np.int8]
    site_cost: Amounts
    min_load: Amounts
    max_load: Amounts
    group: Ids
    because: Ids | None = None
    paid: float = 0.0

    @cached_property
    def reasons(self) -> Ids:
        """Why each forbidden or fixed site is so, where nobody chose it; else ""."""
        return np.full(len(self.site_ids), "", object) if self.because is None else self.because

    @cached_property
    def open_always(self) -> Bools:
        """Whether each site is open in every plan: fixed, forced or background."""
        return np.isin(self.status, (FIXED, FORCED, BACKGROUND))

    @cached_property
    def counted(self) -> Bools:
        """Whether each site, if open, counts in p, quotas, costs and budget: all but background and forbidden ones."""
        return ~np.isin(self.status, (BACKGROUND, FORBIDDEN))

    @cached_property
    def free(self) -> Positions:
        """The sites that a plan decides on."""
        return np.flatnonzero(self.status == CANDIDATE)

    @cached_property
    def row(self) -> Positions:
        """The demand of each pair."""
        return np.repeat(np.arange(len(self.weight)), np.diff(self.indptr))

    @cached_property
    def unreachable(self) -> Bools:
        """Whether no site that may be open reaches each demand."""
        usable = self.status != FORBIDDEN
        if usable.all():
            return np.diff(self.indptr) == 0
        return np.bincount(self.row[usable[self.indices]], minlength=len(self.weight)) == 0

    @cached_property
    def share_of(self) -> float:
        """The weight that lscp's share is of: all of it; where the unreachable are left out, that which can be reached.

        So a smaller share never asks more than a larger one does.
        """
        return float(self.weight[~self.unreachable].sum() if self.question.allow_unreachable else self.weight.sum())

    def with_sites(self, *, force: Positions | None = None, forbid: Positions | None = None) -> "Instance":
        """Return the same question with some candidates forced or forbidden."""
        status = self.status.copy()
        for positions, to in ((force, FORCED), (forbid, FORBIDDEN)):
            if positions is not None:
                status[positions] = to
        return replace(self, status=status)

    def asking(self, question: Question) -> "Instance":
        """Return the same data with another question."""
        return replace(self, question=question)

    @cached_property
    def site_rules(self) -> tuple[csr_array, Amounts, Amounts]:
        """Return (A, low, high): the rules low ≤ A x ≤ high that any plan x over all sites keeps, apart from statuses.

        p, quotas, spacing, budget, in this order. Spacing holds wherever a candidate is one of the two: two sites that
        stand already, or are forced, are not undone.
        """
        counted, asked = self.counted, self.question
        rows: list[tuple[Amounts, float, float]] = []
        if asked.p is not None:
            rows.append((counted.astype(float), asked.p, asked.p))
        for quota in asked.quotas:
            mine = (self.group == quota.group) & counted
            rows.append((mine.astype(float), quota.at_least, np.inf if quota.at_most is None else quota.at_most))
        for one, other in self.apart:
            pair = np.zeros(len(self.site_ids))
            pair[[one, other]] = 1
            rows.append((pair, 0, 1))
        if asked.budget is not None:
            rows.append((np.where(counted, self.site_cost, 0.0), -np.inf, asked.budget))
        if not rows:
            return csr_array((0, len(self.site_ids))), np.zeros(0), np.zeros(0)
        low, high = (np.array([row[at] for row in rows], np.float64) for at in (1, 2))
        return csr_array(np.vstack([row for row, _, _ in rows])), low, high

    @cached_property
    def apart(self) -> list[tuple[int, int]]:
        """Pairs of sites (positions) that may not both be open, where it is still to be decided."""
        place = {name: at for at, name in enumerate(self.site_ids)}
        pairs = sorted({tuple(sorted((place[one], place[other]))) for one, other in self.question.apart})
        decided = self.status != CANDIDATE
        return [(one, other) for one, other in pairs if one != other and not (decided[one] and decided[other])]

    @cached_property
    def only_p(self) -> bool:
        """Whether p is the one rule on sites: then greedy, swaps and column arguments need not ask further."""
        return not self.question.quotas and not self.apart and self.question.budget is None


def instance_of(question: Question, reach: Reach, weights: pd.Series, sites: pd.DataFrame) -> Instance:
    """Return the instance, sorted and joined by id; SitingError with every reason why it cannot be asked.

    weights   by demand id, ≥ 0, finite, of exactly the demands of the reach
    sites     id (exactly the facilities of the reach) and, optional, cost, min_load, max_load, status, group, because
    """
    demand_order, site_order = _order(reach.demand_ids, "需求点"), _order(reach.facility_ids, "候选点")
    sites = _joined(sites, reach.facility_ids)
    weight = _weights(weights, reach.demand_ids)
    _check_sites(question, sites, reach)
    indptr, indices, costs = _sorted_rows(reach, demand_order, site_order)
    sites = sites.iloc[slice(None) if site_order is None else site_order]
    amount = {name: _amounts(sites, name, question) for name in ("cost", "min_load", "max_load")}
    status = sites["status"] if "status" in sites else pd.Series("candidate", index=sites.index)
    return Instance(
        question,
        _taken(reach.demand_ids, demand_order),
        _taken(reach.facility_ids, site_order),
        _taken(weight, demand_order),
        indptr,
        indices,
        costs,
        np.array([STATUSES.index(name) for name in status], np.int8),
        amount["cost"],
        amount["min_load"],
        amount["max_load"],
        (sites["group"] if "group" in sites else pd.Series("", index=sites.index)).to_numpy(object),
        sites["because"].to_numpy(object) if "because" in sites else None,
    )


def _taken(values: npt.NDArray[Any], order: Positions | None) -> npt.NDArray[Any]:
    return values if order is None else values[order]


def _order(ids: Ids, side: str) -> Positions | None:
    """Return the order of the ids, None where they stand in order already; SitingError if one stands twice."""
    if len(ids) < 2 or bool(np.all(ids[1:] > ids[:-1])):
        return None
    order = np.argsort(ids, kind="stable")
    twice = ids[order][1:][ids[order][1:] == ids[order][:-1]]
    if len(twice):
        raise SitingError(refusal(side, Text("id 重复", "an id stands twice"), str(twice[0])))
    return order


def _sorted_rows(
    reach: Reach, demand_order: Positions | None, site_order: Positions | None
) -> tuple[Positions, Positions, npt.NDArray[Any]]:
    if demand_order is None and site_order is None:
        return reach.indptr, reach.indices, reach.costs
    shape = (len(reach.demand_ids), len(reach.facility_ids))
    # The positions of the pairs travel through scipy's permutation, so that a cost of 0 stays a pair.
    pairs = csr_array((np.arange(1, len(reach.costs) + 1), reach.indices, reach.indptr), shape=shape)
    pairs = _permuted(pairs, demand_order, site_order)
    return pairs.indptr.astype(np.int64), pairs.indices.astype(np.int64), reach.costs[pairs.data - 1]


def _permuted(pairs: csr_array, rows: Positions | None, columns: Positions | None) -> csr_array:
    pairs = pairs if rows is None else pairs[rows]
    pairs = pairs if columns is None else pairs[:, columns]
    pairs.sort_indices()
    return pairs


def refusal(where: str, what: Text, found: str = "", fix: Text | None = None) -> Problem:
    """Return the problem of a question that cannot be asked."""
    return Problem(where, what, fix or Text("请更正后重试", "correct it and try again"), found=found)


def _joined(sites: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    """Return the sites in the order of the ids; SitingError where the two sets differ or an id stands twice."""
    where = "候选点"
    if len(ids) == 0:
        raise SitingError(refusal(where, Text("没有候选点", "there are no candidates")))
    known = pd.Index(sites["id"])
    if not known.is_unique:
        raise SitingError(refusal(where, Text("id 重复", "an id stands twice"), str(known[known.duplicated()][0])))
    return sites.set_index("id").loc[_same(known, pd.Index(ids, name="id"), where)].reset_index()


def _same(known: pd.Index, asked: pd.Index, where: str) -> pd.Index:
    """Return `asked` if both hold the same ids; SitingError naming those that only one holds."""
    odd = [*known.difference(asked)[:5], *asked.difference(known)[:5]]
    if odd:
        what = Text("id 两边对不上", "the ids of the two sides do not match")
        raise SitingError(refusal(where, what, "、".join(map(str, odd))))
    return asked


def _weights(weights: pd.Series, ids: Ids) -> Amounts:
    """Return the weights in the order of the ids; SitingError where ids differ or a weight is no number ≥ 0."""
    where = "需求点"
    if weights.index.to_numpy() is not ids and not (
        len(weights) == len(ids) and (weights.index.to_numpy() == ids).all()
    ):
        if not weights.index.is_unique:
            twice = weights.index[weights.index.duplicated()][0]
            raise SitingError(refusal(where, Text("id 重复", "an id stands twice"), str(twice)))
        weights = weights.loc[_same(weights.index, pd.Index(ids), where)]
    values = weights.to_numpy(float)
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(bad):
        what = Text("权重须是不小于 0 的数", "a weight must be a number not below 0")
        raise SitingError(refusal(where, what, f"{ids[bad[0]]}：{values[bad[0]]}"))
    return values


def _amounts(sites: pd.DataFrame, name: str, question: Question) -> Amounts:
    fewest = question.model == "lscp" or (question.model == "backup" and question.p is None)
    default = {"cost": 1.0 if fewest else 0.0, "min_load": 0.0, "max_load": np.inf}[name]
    if name not in sites:
        return np.full(len(sites), default)
    return np.asarray(sites[name].astype(float).fillna(default), np.float64)


def _check_sites(question: Question, sites: pd.DataFrame, reach: Reach) -> None:
    """Refuse, with every reason at once, what cannot be asked of these sites."""
    found = [*_bad_status(sites), *_bad_numbers(sites, reach), *_bad_p(question, sites), *_bad_rules(question, sites)]
    if found:
        raise SitingError(found)


def _bad_numbers(sites: pd.DataFrame, reach: Reach) -> list[Problem]:
    found = []
    for name in ("cost", "min_load", "max_load"):
        if name in sites:
            values = sites[name].astype(float)
            for at in np.flatnonzero((values < 0) | (np.isinf(values) & (name != "max_load")))[:5]:
                what = Text(f"{name} 须是不小于 0 的数", f"{name} must be a number not below 0")
                found.append(refusal("候选点", what, f"{sites['id'].iloc[at]}：{option_text(values.iloc[at])}"))
    if {"min_load", "max_load"} <= set(sites):
        for at in np.flatnonzero(sites["min_load"].astype(float) > sites["max_load"].astype(float))[:5]:
            what = Text("min_load 大于 max_load", "min_load is above max_load")
            found.append(refusal("候选点", what, str(sites["id"].iloc[at])))
    costs = reach.costs
    if costs.dtype.kind == "f" and not (np.isfinite(costs).all() and (costs >= 0).all()):
        found.append(refusal("费用", Text("费用须是不小于 0 的数", "a cost must be a number not below 0")))
    return found


def _bad_status(sites: pd.DataFrame) -> list[Problem]:
    if "status" not in sites:
        return []
    fix = Text(f"可用：{'、'.join(STATUSES)}", f"known: {', '.join(STATUSES)}")
    unknown = sorted(set(sites["status"].astype(str)) - set(STATUSES))
    return [refusal("候选点", Text("不认识的 status", "unknown status"), name, fix) for name in unknown]


def _bad_p(question: Question, sites: pd.DataFrame) -> list[Problem]:
    found = []
    status = sites["status"].astype(str) if "status" in sites else pd.Series("candidate", index=sites.index)
    able = int((~status.isin(["background", "forbidden"])).sum())
    needs_p = question.model in ("mclp", "p-median", "p-center")
    if needs_p and question.p is None:
        found.append(refusal("-p", Text("这个模型要给出站点个数", "this model needs the number of sites")))
    if question.model == "lscp" and question.p is not None:
        found.append(refusal("-p", Text("lscp 自己求最少个数，不用 -p", "lscp finds the number of sites itself")))
    if question.p is not None and not 0 <= question.p <= able:
        what = Text(f"p 须在 0 与可选的 {able} 个之间", f"p must be between 0 and the {able} sites that may be open")
        found.append(refusal("-p", what, str(question.p)))
    if question.budget is not None and not 0 <= question.budget < np.inf:
        what = Text("预算须是不小于 0 的数", "a budget must be a number not below 0")
        found.append(refusal("预算", what, option_text(question.budget)))
    if not 0 <= question.share <= 1 or not 0 <= question.backup_weight <= 1:
        found.append(refusal("share", Text("比例须在 0 与 1 之间", "a share must be between 0 and 1")))
    return found


def _bad_rules(question: Question, sites: pd.DataFrame) -> list[Problem]:
    found, known = [], set(sites["id"])
    for name in sorted({name for pair in question.apart for name in pair} - known)[:5]:
        found.append(refusal("间距", Text("没有这个候选点", "there is no such site"), name))
    groups = set(sites["group"]) if "group" in sites else set()
    for quota in question.quotas:
        if quota.group not in groups:
            found.append(refusal("配额", Text("没有这个分组", "there is no such group"), quota.group))
        if quota.at_least < 0 or (quota.at_most is not None and quota.at_most < quota.at_least):
            found.append(refusal("配额", Text("下限大于上限或小于 0", "limits that cannot be"), quota.group))
    return found
