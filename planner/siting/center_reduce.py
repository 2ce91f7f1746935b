"""Covering made small: demands that are served whenever another is, and sites that another can stand in for, are dropped."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from planner.siting.median_problem import Bools, Median, Pairs

_Table = npt.NDArray[np.float32]
_WIDEST = 3_000
"""With more demands or sites than this the tables would cost more than they save."""


def undominated(problem: Median, sites_too: bool) -> Median:
    """Return the covering problem without what is dominated, in turns until nothing more is.

    sites_too: a site goes if another reaches the same demands and more, which is safe where p is the one rule. There may
    then be fewer sites than are to be opened: any others fill up.
    """
    demands, sites = len(problem.base), len(problem.fee)
    if max(demands, sites) > _WIDEST:
        return problem
    table: _Table = np.zeros((demands, sites), np.float32)
    table[np.repeat(np.arange(demands), np.diff(problem.pairs.start)), problem.pairs.site] = 1
    row, column = np.arange(demands), np.arange(sites)
    while True:
        before = table.shape
        keep = ~_within(table, smaller=True)
        row, table = row[keep], table[keep]
        if sites_too:
            keep = ~_within(table.T, smaller=False)
            column, table = column[keep], table[:, keep]
        if table.shape == before:
            break
    at, site = np.nonzero(table)
    start = np.searchsorted(at, np.arange(len(row) + 1)).astype(np.int64)
    return replace(
        problem,
        pairs=Pairs(start, site.astype(np.int32), np.zeros(len(site))),
        base=problem.base[row],
        demands=np.arange(len(row)),
        fee=problem.fee[column],
        sites=problem.sites[column],
        pick=min(problem.pick, len(column)),
        rules=replace(problem.rules, rows=problem.rules.rows[:, column]),
    )


def _within(table: _Table, *, smaller: bool) -> Bools:
    """Whether each row of zeros and ones has another within it (or, not smaller, lies within another); one of equals stays."""
    both, size = table @ table.T, table.sum(axis=1)
    at = np.arange(len(size))
    less, more = (size[None, :], size[:, None]) if smaller else (size[:, None], size[None, :])
    inside = (both == less) & ((less < more) | ((less == more) & (at[None, :] < at[:, None])))
    return np.asarray(inside.any(axis=1))
