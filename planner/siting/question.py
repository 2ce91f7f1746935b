"""What is asked of a siting: the model, how many sites, and the rules that any plan must keep."""

from dataclasses import dataclass, field, replace
from typing import Literal

from planner import clock
from planner.errors import Text

Model = Literal["lscp", "mclp", "backup", "p-median", "p-center", "capacitated"]
MODELS: tuple[Model, ...] = ("lscp", "mclp", "backup", "p-median", "p-center", "capacitated")
Status = Literal["candidate", "fixed", "background", "forced", "forbidden"]
STATUSES: tuple[Status, ...] = ("candidate", "fixed", "background", "forced", "forbidden")
CANDIDATE, FIXED, BACKGROUND, FORCED, FORBIDDEN = range(5)


@dataclass(frozen=True)
class Quota:
    """Of the open sites of one group (a county), at least and at most so many; background sites are not counted."""

    group: str
    at_least: int = 0
    at_most: int | None = None
    why: Text | None = field(default=None, compare=False)
    """Where it comes from, if it is no wish of the planner's."""
    name: str = field(default="", compare=False)
    """What the group is called, where its id is no name."""

    @property
    def called(self) -> str:
        """What the group is called in Chinese: “name”（id）, else “id”."""
        return f"“{self.name}”（{self.group}）" if self.name else f"“{self.group}”"


@dataclass(frozen=True)
class Question:
    """One siting question, apart from its data.

    p                  how many sites are open, fixed and forced ones counted, background ones not
    share              lscp: the share of all weight that must be covered (of the reachable weight with
                       allow_unreachable); below 1 not every demand must be
    backup_weight      backup with p: what a second cover is worth beside a first (0 to 1)
    split              capacitated: a demand may be served by several sites
    allow_unreachable  leave out what no site reaches, and solve the rest
    budget             upper limit of the sum of site costs, background sites not counted
    quotas             limits by group
    apart              pairs of sites that may not both be open (minimum spacing)
    """

    model: Model
    p: int | None = None
    share: float = 1.0
    backup_weight: float = 1.0
    split: bool = True
    allow_unreachable: bool = False
    budget: float | None = None
    quotas: tuple[Quota, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Limits:
    """How long and how exactly to solve. One thread and a fixed seed give the same plan each time.

    gap: stop at this relative gap; 0 asks for a proof.
    """

    seconds: float = 60.0
    gap: float = 0.0
    threads: int = 1
    seed: int = 0


# One limit of time for many questions.


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
