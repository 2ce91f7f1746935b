"""One limit of time for many questions."""

from dataclasses import replace

from planner import clock
from planner.siting.question import Limits


class Budget:
    """Each question may take an even share of the time that is left; what it leaves goes to those after it.

    >>> budget = Budget(Limits(seconds=60), 3)
    >>> 19 < budget.next().seconds <= 20 and 29 < budget.next().seconds <= 30
    True
    """

    def __init__(self, limits: Limits, questions: int) -> None:
        self._limits, self._questions = limits, questions
        self._ends = clock.now() + limits.seconds

    def next(self) -> Limits:
        """Return the limits of the next question."""
        left = max(self._ends - clock.now(), 0.0)
        share = left / max(self._questions, 1)
        self._questions -= 1
        return replace(self._limits, seconds=share)

    def skip(self, questions: int) -> None:
        """Leave out questions that need not be asked."""
        self._questions -= questions
