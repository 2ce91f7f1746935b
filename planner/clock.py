"""The clock of whatever may take so long and no longer: it counts the work of this process, so that load changes no answer.

It stands still while kernels are compiled, and while others work.
"""

import time

_standing = [0.0]


def now() -> float:
    """Return seconds of work of this process, without those spent on compiling."""
    return time.process_time() - _standing[0]


def stand_still(seconds: float) -> None:
    """Leave out seconds that have just been spent on something that is not solving."""
    _standing[0] += seconds
