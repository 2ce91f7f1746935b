"""Ids for what a plan proposes: as they are made from a code, numbered where the register has one of that name already."""

from collections.abc import Collection
from itertools import count


def free_id(wanted: str, taken: Collection[str]) -> str:
    """Return the id, with -2, -3, … behind it where it is taken (by one that is closed, too).

    >>> free_id("VC-1", {"VC-1", "VC-1-2"}), free_id("VC-2", {"VC-1"})
    ('VC-1-3', 'VC-2')
    """
    if wanted not in taken:
        return wanted
    return next(one for at in count(2) if (one := f"{wanted}-{at}") not in taken)
