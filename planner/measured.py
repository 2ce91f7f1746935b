"""The rows that every measure returns, and how they are made."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

COLUMNS = (
    "level", "subject_code", "population", "covered", "unreachable", "value", "required", "met", "nearest_facility",
    "distance_m", "time_min", "advice", "load", "estimated",
)  # fmt: skip
"""What they are is told in `planner.measures`."""


def rows_of(level: str, columns: Mapping[str, object]) -> pd.DataFrame:
    """Return the columns as the frame that every measure returns; people of what is not met are not covered."""
    frame = pd.DataFrame(
        {"level": level, "unreachable": 0, "advice": "", "load": np.nan, "time_min": np.nan, **columns}
    )
    if "covered" not in frame:
        frame["covered"] = frame["population"].where(frame["met"].eq(True), 0)
    return frame[list(COLUMNS)]


def met_of(conditions: Iterable[bool], known: Iterable[bool]) -> pd.Series:
    """Return True, False, or None where the data do not tell."""
    return pd.Series([bool(one) if sure else None for one, sure in zip(conditions, known, strict=True)], dtype=object)
