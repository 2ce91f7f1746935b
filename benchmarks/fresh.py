"""Measurements that need a process of their own: what memory one question takes, and what first use of memory costs."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse.csgraph import dijkstra

from benchmarks.prefecture import Prefecture

Arrays = Any


def measured(what: str, town: Prefecture, cost: Arrays, places: Arrays, limit: int) -> float:
    """Return what the function of this page called `what` measures in a new Python."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "town.npz"
        np.savez(path, xy=town.xy, tail=town.tail, head=town.head, cost=cost, places=places, limit=limit)
        code = f"from benchmarks import fresh; print(fresh.{what}(fresh.kept({str(path)!r})))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603
    return float(done.stdout)


def kept(path: str) -> dict[str, Arrays]:
    """Return the arrays that `measured` has put down."""
    with np.load(path) as arrays:
        return dict(arrays)


def memory_gb(town: dict[str, Arrays]) -> float:
    """Return the GB that preparing and asking for everything within the limit adds to the process at its peak (Linux)."""
    from benchmarks.reach import at_nodes, search_of

    status = Path("/proc/self/status")
    before = _kilobytes(status.read_text(), "VmRSS")
    search = search_of(town["xy"], town["tail"], town["head"], town["cost"])
    search.within(at_nodes(town["places"]), int(town["limit"]))
    return (_kilobytes(status.read_text(), "VmHWM") - before) / 1e6


def _kilobytes(status: str, name: str) -> int:
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:"))


def scipy_seconds(town: dict[str, Arrays]) -> float:
    """Return scipy's CPU seconds for the first 100 places, with memory that this process has never written."""
    from benchmarks.reach import best, matrix_of

    matrix = matrix_of(len(town["xy"]), town["tail"], town["head"], town["cost"])
    return best(lambda: dijkstra(matrix, indices=town["places"][:100], limit=int(town["limit"])), 1)[0]
