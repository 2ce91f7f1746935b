"""The clock of whatever may take so long and no longer: it counts the work of this process, so that load changes no answer.

It stands still while kernels are compiled, and while others work; once hurried, all time is over.
"""

import time

_standing = [0.0]
_ahead = [0.0]
_OVER = 1e9


def now() -> float:
    """Return seconds of work of this process, without those spent on compiling."""
    return time.process_time() - _standing[0] + _ahead[0]


def since(begin: float) -> float:
    """Return how many seconds of work there were since then, hurried or not."""
    seconds = now() - begin
    return seconds - _OVER if seconds >= _OVER / 2 else seconds


def stand_still(seconds: float) -> None:
    """Leave out seconds that have just been spent on something that is not solving."""
    _standing[0] += seconds


def hurry() -> None:
    """Let all time that anything was given be over: whatever seeks ends with the best that it has, and its bound."""
    _ahead[0] = _OVER


def take_time() -> None:
    """Be hurried no longer."""
    _ahead[0] = 0.0
