"""Compile ahead what a first question would wait for: `python -m planner.ready`, once after installing (`make demo` does it).

Kernels that are compiled stay beside the code; without this the first question that needs one compiles it.
"""

import numpy as np
import pandas as pd

from planner.siting.best import lexicographic
from planner.siting.instance import instance_of
from planner.siting.models import solve
from planner.siting.question import Limits, Question
from planner.siting.small import small_first
from planner.travel import StraightLine


def main() -> None:
    """Ask one question of each kind that plans and tests of them ask hundreds of times."""
    rng = np.random.default_rng(0)
    demand, sites = (
        pd.DataFrame({"id": [f"{letter}{at}" for at in range(count)], "lon": rng.uniform(101, 102, count),
                      "lat": rng.uniform(26, 27, count)})
        for letter, count in (("d", 150), ("s", 25))
    )  # fmt: skip
    weights = pd.Series(rng.integers(1, 1000, len(demand)).astype(float), index=demand["id"])
    questions = Question("p-median", p=6), Question("mclp", p=6, allow_unreachable=True)
    for question, limit in zip(questions, ("1000km", "30km"), strict=True):
        instance = instance_of(question, StraightLine().reach(demand, sites, limit), weights, sites[["id"]])
        lexicographic(instance, Limits(), small_first(solve))


if __name__ == "__main__":
    main()
