"""The command line: one file per command, in Chinese, in English with ``--lang en``.

Nothing heavy is imported here, so that ``fugai --help`` answers at once; each command imports what it needs.
"""

import argparse
import errno
import gettext
import io
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from types import FrameType, MappingProxyType, ModuleType
from typing import Any, NoReturn

from planner import __version__
from planner.errors import FugaiError, Language, OptionError, Problem, Text, file_problem, printable
from scenarios.cli import (
    assess,
    check,
    compare,
    demo,
    phases,
    plan,
    reach,
    residents,
    roads,
    robust,
    run,
    schema,
    site,
    template,
)
from scenarios.export.folder import held

# argparse that speaks Chinese: its own few English words, translated.

_ZH: Mapping[str, str] = MappingProxyType(
    {
        "usage: ": "用法：",
        "positional arguments": "参数",
        "options": "选项",
        "show this help message and exit": "显示帮助并退出",
        "%(prog)s: error: %(message)s\n": "%(prog)s：错误：%(message)s\n",
        "the following arguments are required: %s": "缺少参数：%s",
        "unrecognized arguments: %s": "不认识的参数：%s",
        "invalid choice: %(value)r (choose from %(choices)s)": "不是可用的取值：%(value)r（可用：%(choices)s）",
        "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s",
        "expected one argument": "后面要有一个值",
        "expected at least one argument": "后面至少要有一个值",
        "ambiguous option: %(option)s could match %(matches)s": "选项 %(option)s 不明确，可能是 %(matches)s",
        "ignored explicit argument %r": "多余的值 %r",
        "invalid %(type)s value: %(value)r": "值 %(value)r 不是 %(type)s",
        "unknown parser %(parser_name)r (choices: %(choices)s)": "没有命令 %(parser_name)r（可用：%(choices)s）",
        "not allowed with argument %s": "不能与 %s 同时使用",
        "one of the arguments %s is required": "必须给出其中之一：%s",
    }
)


def use_language(language: Language) -> None:
    """Make argparse take its own words from here; it looks them up through its module's gettext alias."""
    words = _ZH if language == "zh" else {}

    def say(text: str) -> str:
        return words.get(text) or gettext.gettext(text)

    argparse._ = say  # type: ignore[attr-defined]


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations that exits with 2 on bad options, as every bad input does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.print_usage()
        self.exit(2, argparse._("%(prog)s: error: %(message)s\n") % {"prog": self.prog, "message": message})  # type: ignore[attr-defined]


COMMANDS: tuple[ModuleType, ...] = (
    demo,
    check,
    assess,
    run,
    compare,
    plan,
    phases,
    robust,
    schema,
    template,
    reach,
    site,
    roads,
    residents,
)

_ABOUT = Text(
    "覆盖：医疗卫生设施布局评估。设施放在哪里、谁够不着、各县（区）要做什么。",
    "fugai: where health facilities must be, who is out of reach, what each county has to do.",
)
_FAILED = Text(
    "出现了没有预料到的错误，命令没有完成，没有写完的输出不会留下。",
    "An unforeseen error: the command did not finish, and nothing half-written is left.",
)
_OUT_OF_MEMORY = Text(
    "内存不够，命令没有完成，没有写完的输出不会留下。关闭别的程序，或缩小数据的范围后重试。",
    "Not enough memory: the command did not finish, and nothing half-written is left. Close other programs, or use less data.",
)
_SHOWN = 60
_INTERRUPTED = Text("已中断，原有输出没有改动。", "Interrupted; earlier output is unchanged.")


def language_of(arguments: Sequence[str]) -> Language:
    """Return the language asked for anywhere on the line: it must be known before the help is made.

    >>> language_of(["check", "data", "--lang", "en"]), language_of(["--lang=en"]), language_of(["demo"])
    ('en', 'en', 'zh')
    """
    asked = "--lang=en" in arguments or ("--lang", "en") in pairwise(arguments)
    return "en" if asked else "zh"


def parser(language: Language) -> Parser:
    """Return the parser of the whole command line."""
    use_language(language)
    top = Parser(prog="fugai", description=_ABOUT.say(language))
    common = Parser(add_help=False)
    for one in (top, common):
        said = Text("界面语言（默认 zh）", "language of messages (default zh)").say(language)
        one.add_argument("--lang", choices=["zh", "en"], default="zh", help=said)
        said = Text("出错时显示完整的调用栈", "show the traceback of an error").say(language)
        one.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=said)
    top.add_argument("--version", action="store_true", help=Text("显示版本", "show the version").say(language))
    commands = top.add_subparsers(
        dest="command", metavar=Text("命令", "COMMAND").say(language), title=Text("命令", "commands").say(language)
    )
    for module in COMMANDS:
        name = module.__name__.rsplit(".", 1)[1]
        about: Text = module.ABOUT
        added = commands.add_parser(name, help=about.say(language), description=about.say(language), parents=[common])
        module.add_arguments(added, language)
        added.set_defaults(run=module.run)
    return top


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the signature of a handler
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> int:
    """Run the command alone in the place of its output; a command that has no answer to give returns 2."""
    _check_paths(options)
    out = getattr(options, "out", None)
    with ExitStack() as stack:
        if isinstance(out, Path) and out.name and out.absolute().parent.is_dir():
            stack.enter_context(held(out))
        return options.run(options) or 0


def _check_paths(options: argparse.Namespace) -> None:
    """Refuse a path that no system can open, before anything asks for it."""
    for name, values in vars(options).items():
        option = f"--{name.replace('_', '-')}"
        for value in values if isinstance(values, list | tuple) else [values]:
            if isinstance(value, Path | str) and "\0" in str(value):
                fix = Text("去掉它", "remove it")
                raise OptionError(Problem(option, Text("含有空字符", "holds a NUL character"), fix))
            if isinstance(value, Path):
                _check_path(option, value)


def _check_path(option: str, path: Path) -> None:
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OptionError(replace(file_problem(option, error), found=f"{str(path)[:_SHOWN]}…")) from error


def _caught(words: Sequence[str], language: Language, run: Callable[[], int]) -> int:
    """Return what `run` returns; 2, and a sentence, for whatever it raises: a stack is shown to who asks for it."""
    debug = "--debug" in words
    try:
        return run()
    except FugaiError as error:
        if debug:
            raise
        for problem in error.problems:
            print(problem.say(language), file=sys.stderr)
    except BrokenPipeError:  # the reader, say `head`, has gone
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print(_INTERRUPTED.say(language), file=sys.stderr)
        return 130
    except Exception as error:
        if debug:
            raise
        print(printable(_unforeseen(error, words).say(language)), file=sys.stderr)
    return 2


def _unforeseen(error: Exception, words: Sequence[str]) -> Text:
    """Return what to tell of an error that nobody foresaw, its stack written into a file of its own."""
    told = _OUT_OF_MEMORY if isinstance(error, MemoryError) else _FAILED
    if isinstance(error, OSError):
        name = str(error.filename or "")
        problem = file_problem(f"{name[:_SHOWN]}…" if len(name) > _SHOWN else name, error)
        told = Text(problem.say("zh").lstrip("："), problem.say("en").lstrip(": "))
        if not problem.found:  # its reason is known
            return told
    try:
        with NamedTemporaryFile("w", encoding="utf-8", prefix="fugai-", suffix=".log", delete=False) as log:
            log.write(f"fugai {__version__}, Python {sys.version}, {sys.platform}\n{list(words)}\n")
            log.writelines(format_exception(error))
    except (OSError, MemoryError):
        return told
    return Text(f"{told.zh}详情在 {log.name}，请和所用的文件一起交给软件维护人员。",
                f"{told.en} Details are in {log.name}: please pass them on with the files you used.")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 2 for what the user can mend, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in GBK or ASCII shows ? rather than a traceback
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(words)
    hook = sys.unraisablehook
    if "--debug" not in words and hook is sys.__unraisablehook__:
        sys.unraisablehook = lambda _: None  # what a broken zip says as it is thrown away, when all has been told
    try:
        return _caught(words, language, lambda: _main(words, language))
    finally:
        sys.unraisablehook = hook


def _main(words: Sequence[str], language: Language) -> int:
    top = parser(language)
    options = top.parse_args(words)
    if options.version:
        print(f"fugai {__version__}")
        return 0
    if not options.command:
        top.print_help()
        return 0
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _interrupt)
    options.lang = language
    return _run(options)
