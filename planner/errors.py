"""The errors a user can cause, and how each is told in Chinese or English.

    FugaiError                 every error that is shown to a user, never as a traceback (exit code 2)
    ├── DataError              what is wrong in the files of facts: all problems at once
    ├── RuleError              what is wrong in a file of rules
    ├── OptionError            what is wrong in a command's options or its output folder
    ├── ScenarioError          what a scenario decides does not fit the facts or the rules
    └── SitingError            what is asked of a siting cannot be asked: ids, numbers or rules that do not fit

Mistakes of programmers are built-in exceptions, in English, and do show a traceback.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


def printable(text: str) -> str:
    r"""Return the text as one line that a terminal only shows: control and escape characters become ·.

    >>> printable("a\x1b[31mb\nc")
    'a·[31mb·c'
    """
    return "".join(letter if letter.isprintable() else "·" for letter in text)


class Text(NamedTuple):
    """One sentence in the two languages that the tool speaks."""

    zh: str
    en: str

    def say(self, language: Language = "zh") -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or, with ``severity`` "warning", doubtful) in a file, and what to do about it."""

    file: str
    what: Text
    fix: Text
    row: str = ""
    column: str = ""
    found: str = ""
    severity: Literal["error", "warning"] = "error"

    def say(self, language: Language = "zh") -> str:
        """Return one line: file, row, column, what was found, what is wrong, what to do."""
        parts = [self.file]
        if self.row:
            parts.append(Text(f"第 {self.row} 行", f"row {self.row}").say(language))
        if self.column:
            parts.append(Text(f"“{self.column}”列", f"column '{self.column}'").say(language))
        place = Text("，", ", ").say(language).join(parts)
        found = Text(f"（现为“{self.found}”）", f" (found '{self.found}')").say(language) if self.found else ""
        fix = Text(self.fix.zh.rstrip("。"), self.fix.en.rstrip("."))
        return printable(
            Text(f"{place}：{self.what.zh}{found}。{fix.zh}。", f"{place}: {self.what.en}{found}. {fix.en}.").say(
                language
            )
        )


class FugaiError(Exception):
    """Something that the user can mend; carries every problem found, not just the first."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(problem.say("zh") for problem in self.problems))


class DataError(FugaiError):
    """The files of facts cannot be used as they are."""


class RuleError(FugaiError):
    """A file of rules cannot be used as it is."""


class OptionError(FugaiError):
    """An option, a path or an output folder cannot be used as it is."""


class SitingError(FugaiError):
    """A siting question cannot be asked as it is."""


class ScenarioError(FugaiError):
    """A scenario cannot be applied as it is."""
