"""numba's njit for all kernels: what it takes to load it and to compile is told to the clock. Imported by kernels alone."""

import time
from threading import Lock
from typing import Any

from planner.clock import stand_still

_begin = time.process_time()

from numba import njit  # noqa: E402
from numba.core import event  # noqa: E402

stand_still(time.process_time() - _begin)
__all__ = ["njit"]


class _Watch(event.Listener):
    """Adds up how long the compiler is at work; kernels that need others compile them inside."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.depth = 0
        self.begin = 0.0

    def on_start(self, _: Any) -> None:
        with self.lock:
            self.depth += 1
            if self.depth == 1:
                self.begin = time.process_time()

    def on_end(self, _: Any) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                stand_still(time.process_time() - self.begin)


event.register("numba:compiler_lock", _Watch())  # type: ignore[no-untyped-call]
