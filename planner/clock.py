"""The clock of whatever may take so long and no longer: it stands still while kernels are compiled."""

import time

_standing = [0.0]


def now() -> float:
    """Return seconds from some moment, without those spent on compiling."""
    return time.monotonic() - _standing[0]


def stand_still(seconds: float) -> None:
    """Leave out seconds that have just been spent on something that is not solving."""
    _standing[0] += seconds
