"""The errors a user can cause, and how each is told in Chinese or English.

    FugaiError                 every error that is shown to a user, never as a traceback (exit code 2)
    ├── DataError              what is wrong in the files of facts: all problems at once
    ├── RuleError              what is wrong in a file of rules
    ├── OptionError            what is wrong in a command's options or its output folder
    ├── ScenarioError          what a scenario decides does not fit the facts or the rules
    └── SitingError            what is asked of a siting cannot be asked: ids, numbers or rules that do not fit

Mistakes of programmers are built-in exceptions, in English, and do show a traceback.
"""

import errno
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

Language = Literal["zh", "en"]
_SPOKEN: ContextVar[Language] = ContextVar("language", default="zh")


def set_language(language: Language) -> None:
    """Set the language in which errors are told as text (`str(error)`), from here on.

    >>> set_language("en"); str(FugaiError(Problem("a.csv", Text("空", "is empty"), Text("换一个", "use another"))))
    'a.csv: is empty. use another.'
    >>> set_language("zh")
    """
    if language not in get_args(Language):
        raise ValueError(f"{language!r} is not one of {', '.join(get_args(Language))}")
    _SPOKEN.set(language)


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

    @property
    def without_stop(self) -> "Text":
        """The same as a part of a longer sentence, without a full stop of its own."""
        return Text(self.zh.rstrip("。."), self.en.rstrip("。."))


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
    counts: Text | None = None
    """Of a line that tells how many more rows are alike: what is wrong with them."""

    def say(self, language: Language = "zh") -> str:
        """Return one line: file, row, column, what was found, what is wrong, what to do."""
        parts = [self.file] if self.file else []
        if self.row:
            parts.append(Text(f"第 {self.row} 行", f"row {self.row}").say(language))
        if self.column:
            parts.append(Text(f"“{self.column}”列", f"column '{self.column}'").say(language))
        place = Text("，", ", ").say(language).join(parts)
        place += Text("：", ": ").say(language) if place else ""
        found = Text(f"（现为“{self.found}”）", f" (found '{self.found}')").say(language) if self.found else ""
        fix = self.fix.without_stop
        sentence = Text(f"{self.what.zh}{found}。{fix.zh}。", f"{self.what.en}{found}. {fix.en}.").say(language)
        return printable(f"{place}{sentence}")


_FULL = (Text("磁盘满了", "the disk is full"), Text("清理磁盘，或换一个位置", "free some space, or write elsewhere"))
_LONG = (Text("文件名或路径太长", "the name or path is too long"), Text("改短", "shorten it"))
_CLOSED = (
    Text("没有权限，或正被别的程序打开", "not permitted, or open in another program"),
    Text("检查权限，关闭 Excel、QGIS 等后重试", "check permissions, close it elsewhere and run again"),
)
_BUSY = (
    Text("运行期间有别的程序在改动它", "another program changed it meanwhile"),
    Text("关闭那个程序后重试", "close that program and run again"),
)
_REASONS: Mapping[int, tuple[Text, Text]] = MappingProxyType(
    {
        errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: _FULL, errno.ENAMETOOLONG: _LONG,
        errno.EACCES: _CLOSED, errno.EPERM: _CLOSED, errno.EBUSY: _CLOSED,
        errno.EROFS: (Text("磁盘是只读的", "the disk is read-only"), Text("换一个位置", "write elsewhere")),
        errno.ENOTEMPTY: _BUSY, errno.EEXIST: _BUSY,
        errno.ENOENT: (Text("没有这个文件或文件夹", "there is no such file or folder"), Text("检查路径", "check the path")),
        errno.ENOTDIR: (Text("路径中间有一段不是文件夹", "a part of the path is no folder"), Text("检查路径", "check the path")),
        errno.EISDIR: (Text("这是文件夹，不是文件", "this is a folder, not a file"), Text("检查路径", "check the path")),
    }
)  # fmt: skip


def file_problem(file: str, error: OSError) -> Problem:
    """Return why a file or folder cannot be read or written, and what to do; the system's own words where it is rare.

    >>> file_problem("a.csv", OSError(errno.ENOSPC, "No space left on device")).say()
    'a.csv：磁盘满了。清理磁盘，或换一个位置。'
    """
    rare = (
        Text("读写失败", "cannot be read or written"),
        Text("检查路径、权限和磁盘", "check path, permissions and disk"),
    )
    what, fix = _REASONS.get(error.errno or 0, rare)
    return Problem(file, what, fix, found=(error.strerror or "") if what is rare[0] else "")


class FugaiError(Exception):
    """Something that the user can mend; carries every problem found, not just the first."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return a line a problem, in the language set (`set_language`)."""
        return "\n".join(problem.say(_SPOKEN.get()) for problem in self.problems)

    def __reduce__(self) -> tuple[type["FugaiError"], tuple[tuple[Problem, ...]]]:
        """Make it travel whole between processes."""
        return type(self), (self.problems,)


class DataError(FugaiError):
    """The files of facts cannot be used as they are."""


class RuleError(FugaiError):
    """A file of rules cannot be used as it is."""


class OptionError(FugaiError):
    """An option, a path or an output folder cannot be used as it is."""


def refused(option: str, what: Text, fix: Text, found: object = "") -> OptionError:
    """Return what is said of an option that cannot be followed: what is wrong, what to do, what was found.

    >>> str(refused("--k", Text("K 不能小于 0", "K is below zero"), Text("改正", "correct it"), -1))
    '--k：K 不能小于 0（现为“-1”）。改正。'
    """
    return OptionError(Problem(option, what, fix, found=str(found)))


class SitingError(FugaiError):
    """A siting question cannot be asked as it is."""


class ScenarioError(FugaiError):
    """A scenario cannot be applied as it is."""
