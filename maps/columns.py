"""Tables as columns, which take less room in a page than rows; the page puts the rows together again."""

from collections.abc import Iterable, Sequence

import pandas as pd

Column = dict[str, list[object]]
"""One column of a table: {"values": […]}, or for text {"texts": distinct texts, "index": which one in each row}."""


def texts(values: Iterable[object]) -> Column:
    """Return a text column; what is missing becomes ""."""
    shown = ["" if value is None or value != value else str(value) for value in values]  # noqa: PLR0124 (NaN)
    distinct = list(dict.fromkeys(shown))
    position = {text: index for index, text in enumerate(distinct)}
    return {"texts": list(distinct), "index": [position[text] for text in shown]}


def numbers(values: pd.Series) -> Column:
    """Return a column of numbers; an unknown number becomes null, a whole number loses its ``.0``."""
    return plain(None if value != value else _shortest(value) for value in floats(values))  # noqa: PLR0124 (NaN)


def flags(values: pd.Series) -> Column:
    """Return a column of 0 and 1; what is missing is 0."""
    return plain(int(value is not None and value == True) for value in values.astype(object))  # noqa: E712


def plain(values: Iterable[object]) -> Column:
    """Return a column of values as they are."""
    return {"values": list(values)}


def floats(values: pd.Series) -> Sequence[float]:
    """Return the values as floats, NaN where they are not numbers."""
    found: list[float] = pd.to_numeric(values, errors="coerce").astype("float64").tolist()
    return found


def _shortest(value: float) -> float | int:
    return int(value) if value.is_integer() else round(value, 4)
