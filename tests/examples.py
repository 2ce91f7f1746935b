"""How many random examples a property is tried on."""

import os

ALL = os.environ.get("HYPOTHESIS_PROFILE", "same") != "same"
_FEW = 25


def examples(most: int) -> int:
    """Return `most` where examples are new in each run, a quarter of them where they are the same ones every time.

    The same examples again tell nothing new: that is what `HYPOTHESIS_PROFILE=explore` is for.
    """
    return most if ALL else max(min(_FEW, most), most // 4)
