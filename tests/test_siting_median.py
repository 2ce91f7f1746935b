"""p-median against trying every plan, with and without numba; what must not change the answer; known optima."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from planner.siting import median_problem
from planner.siting.instance import Instance
from planner.siting.median import solve_p_median
from planner.siting.question import Limits
from tests.siting_brute import brute, questions, worth

MANY = settings(
    max_examples=600,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(params=[True, False], ids=["compiled", "arrays"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(median_problem, "compiled", lambda: request.param)
    return request.param


@MANY
@given(case=questions("p-median"))
def test_as_good_as_trying_every_plan(engine: Any, case: Instance) -> None:
    value, plans = brute(case)
    answer = solve_p_median(case, Limits())
    if value is None:
        assert answer.status == "infeasible"
        assert answer.clash is not None
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(value)
    opened = np.flatnonzero(np.isin(case.site_ids, [*answer.chosen, *answer.background]))
    assert tuple(opened) in plans
    assert worth(case, tuple(opened)) == pytest.approx(answer.objective)
