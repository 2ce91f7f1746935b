"""Advice on questions without a plan: each piece, read from its words and done, gives one; a little less does not."""

import pytest

from planner.siting.advice import clash_of
from planner.siting.models import explained, solve
from planner.siting.question import Limits, Question
from planner.siting.siting import no_plan
from tests.siting_advice import KINDS, Tally, infeasible, judged
from tests.siting_brute import instance

EACH = 7


@pytest.mark.parametrize("kind", KINDS)
def test_every_piece_of_advice_works_and_is_the_least(kind: str) -> None:
    tally, cases = Tally(), infeasible(kind, 11)
    wrong = [f"{number}: {one}" for number in range(EACH) for one in judged(next(cases), tally)]
    assert wrong == []
    assert tally.works == tally.advice >= EACH
    assert tally.without == 0


def test_advice_that_the_models_own_solver_does_not_confirm_is_not_told() -> None:
    case = instance(Question("lscp", budget=1.0), [[1, None], [None, 1]], [1, 1])
    told = explained(solve(case, Limits(seconds=20))).clash
    assert told is not None
    assert [one.text.zh for one in told.changes] == ["把预算提高到 2", "把覆盖比例降到 0.5（--share 0.5）"]
    assert told.kinds == ("budget", "cover")
    late = clash_of(case, Limits(seconds=20), lambda one, limits: no_plan(one, 0.0, limits))
    assert late.changes == ()
    assert late.change.zh == "没有找到够用的最小改动：逐项放宽要求，或放宽时限再试"
    assert late.rule == told.rule
