"""The command line: one file per command, in Chinese, in English with ``--lang en``.

Nothing heavy is imported here, so that ``fugai --help`` answers at once; each command imports what it needs.
"""

import argparse
import io
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType, ModuleType
from typing import NoReturn

from planner.errors import FugaiError, Language, Text
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
from scenarios.cli.words import Parser, use_language

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


def _run(options: argparse.Namespace, language: Language) -> int:
    code = 0
    try:
        code = options.run(options) or 0  # a command that has no answer to give returns 2
    except FugaiError as error:
        if getattr(options, "debug", False):
            raise
        for problem in error.problems:
            print(problem.say(language), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, say `head`, has gone
        sys.stderr.close()
    except KeyboardInterrupt:
        print(_INTERRUPTED.say(language), file=sys.stderr)
        return 130
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 2 for what the user can mend, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in GBK or ASCII shows ? rather than a traceback
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(words)
    top = parser(language)
    options = top.parse_args(words)
    if options.version:
        from planner import __version__

        print(f"fugai {__version__}")
        return 0
    if not options.command:
        top.print_help()
        return 0
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _interrupt)
    options.lang = language
    return _run(options, language)
