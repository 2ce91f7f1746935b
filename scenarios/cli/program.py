"""The command line: each command is a question that knows its options (`scenarios.options`), in Chinese or, with ``--lang en``, English.

Nothing heavy is imported here, so that ``fugai --help`` answers at once; each command is imported when it is asked.
"""

import argparse
import errno
import gettext
import io
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from types import FrameType, MappingProxyType
from typing import Any, NoReturn

from planner import __version__, clock
from planner.errors import FugaiError, Language, OptionError, Problem, Text, file_problem, printable
from scenarios.export.folder import held
from scenarios.options import Command, Option, options_of

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


@dataclass(frozen=True)
class Known:
    """A command: what it is about, and where its question stands, imported when it is asked (module of this folder: class)."""

    about: Text
    where: str

    @property
    def question(self) -> type[Command]:
        module, name = self.where.split(":")
        found: type[Command] = getattr(import_module(module if "." in module else f"scenarios.cli.{module}"), name)
        return found


@dataclass(frozen=True)
class Family:
    """Commands under one word: what it is about, what stands for their names in the help, and the commands."""

    about: Text
    metavar: Text
    title: Text
    members: Mapping[str, Known]


COMMANDS: Mapping[str, Known | Family] = MappingProxyType(
    {
        "demo": Known(Text("用内置的示例数据（攀枝花，或遂宁、雅安）走一遍全流程", "the whole job on an embedded sample (Panzhihua; or Suining, Yaan)"), "assess:Demo"),
        "check": Known(Text("检查数据文件夹：一次列出所有问题", "check a folder of data: every problem at once"), "facts:Check"),
        "assess": Known(Text("按规划条款评估一个数据文件夹，写出地图、缺口清单和结果表", "assess a folder of data: map, gap lists, findings"), "assess:Assess"),
        "run": Known(Text("按方案文件评估：新设、停用、升格、迁址……之后怎样", "assess a scenario: what if facilities open, close, move"), "assess:Run"),
        "whatif": Known(Text("试点页：一个网页，点一下加一处、拖动、关闭，马上看到谁受益；导出的方案交给 fugai run", "one page: click to add a site, drag, close, see who gains; export the scenario"), "assess:Whatif"),
        "compare": Known(Text("比较两个或几个方案：双图网页、对比工作簿、一段结论", "compare scenarios: a page of two maps, a workbook, a conclusion"), "assess:Compare"),
        "plan": Family(
            Text("布局方案：次中心、急救站设在哪里最好（有证明、有理由），写成可以再运行的方案文件",
                 "plan sub-centres or emergency stations: proven, with reasons, as scenario files"),
            Text("方案", "PLAN"), Text("方案", "plans"),
            {
                "subcenters": Known(Text("县域医疗卫生次中心设在哪里：每个个数的最优方案、前几名、各点理由、建议服务范围", "county sub-centres: the best plan of each number, with reasons"), "plan:Subcenters"),
                "emergency": Known(Text("急救站还要新增几处、设在哪里：全部覆盖、每多一处多覆盖多少人、双重覆盖", "emergency stations: how many more, and where"), "plan:Emergency"),
                "rural": Known(Text("乡村五级链条：每个行政村怎样得到服务（卫生室、巡回、驻村、移动、邻村），巡回值班表，村到市的各段", "the rural chain: each village's remedy, the rounds' duty, the links from village to city"), "plan:Rural"),
                "centers": Known(Text("社区卫生服务中心：各社区由谁服务（整社区、相连、上下限），缺几所设在哪里，服务站、转型、社区医院", "community centres: connected districts within the bounds, new centres, stations, conversions"), "plan:Centers"),
            },
        ),
        "phases": Known(Text("分期：方案里的站点先开哪个，让最多的人最早得到服务（给出证明）", "phases: which site of a scenario to open first, proven"), "assess:Phase"),
        "robust": Known(Text("检验可信度：点位、人口、时速有误差时，哪些缺口、哪些站点站得住", "certainty: which gaps and sites stand when places, people and speeds are off"), "assess:Robust"),
        "clauses": Known(Text("文件要求的全部条款：哪些已判断、只报告、无数据、不能判断，谁负责、何时完成", "all that the documents demand: what is judged, reported, without data or not judgeable"), "clauses:Clauses"),
        "verify": Known(Text("核对一个输出文件夹：哪些文件、哪些输入与 manifest.json 记录的不同", "hold outputs and inputs against manifest.json: which file differs"), "verify:Verify"),
        "schema": Known(Text("方案文件的 JSON Schema：编辑器据此提示和检查", "the JSON Schema of scenario files, for editors"), "facts:Schema"),
        "template": Known(Text("生成空白数据文件夹和数据字典，发给各县（区）填报", "write an empty data folder with a data dictionary"), "facts:Template"),
        "reach": Known(Text("计算谁在多远之内能到哪个机构（任何城市，直线或道路）", "who reaches which facility within a limit, anywhere"), "reach:Reach"),
        "site": Known(Text("选址：设施放在哪里最好（六种模型，给出最优证明或差距）", "siting: where facilities should be, with the proof or the gap"), "site:Site"),
        "roads": Family(
            Text("查看路网文件，或从 OpenStreetMap 下载路网", "look at a file of roads, or download one from OpenStreetMap"),
            Text("动作", "ACTION"), Text("动作", "actions"),
            {
                "info": Known(Text("显示路网文件的内容：长度、等级、连通情况", "show what a file of roads holds: lengths, classes, components"), "roads:Info"),
                "fetch": Known(Text("从 OpenStreetMap 下载路网（需要上网）", "download roads from OpenStreetMap (needs internet)"), "roads:Fetch"),
            },
        ),
        "residents": Known(Text("把人口栅格（如 WorldPop）变成居民点文件，各乡镇合计一人不差", "a raster of people (WorldPop) → resident points, each town's total kept to the person"), "facts:Residents"),
    }
)  # fmt: skip

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
_HURRIED = Text("不再求解：写出目前最好的方案和界。再按一次 Ctrl-C 立即停止，不写任何文件。",
                "Solving ends: the best plan so far is written, with its bound. Ctrl-C again stops at once and writes nothing.")  # fmt: skip
_INTERRUPTED = Text("已中断，原有输出没有改动。", "Interrupted; earlier output is unchanged.")


def language_of(arguments: Sequence[str]) -> Language:
    """Return the language asked for anywhere on the line: it must be known before the help is made.

    >>> language_of(["check", "data", "--lang", "en"]), language_of(["--lang=en"]), language_of(["demo"])
    ('en', 'en', 'zh')
    """
    asked = "--lang=en" in arguments or ("--lang", "en") in pairwise(arguments)
    return "en" if asked else "zh"


def parser(language: Language, words: Sequence[str]) -> Parser:
    """Return the parser of the command line; only commands that `words` name know their options."""
    use_language(language)
    top = Parser(prog="fugai", description=_ABOUT.say(language))
    _add_common(top, language, "zh")
    top.add_argument("--version", action="store_true", help=Text("显示版本", "show the version").say(language))
    commands = top.add_subparsers(
        dest="command", metavar=Text("命令", "COMMAND").say(language), title=Text("命令", "commands").say(language)
    )
    for name, one in COMMANDS.items():
        if isinstance(one, Family):
            added = commands.add_parser(name, help=one.about.say(language), description=one.about.say(language))
            _add_common(added, language, "zh")
            members = added.add_subparsers(
                dest="action", required=True, metavar=one.metavar.say(language), title=one.title.say(language)
            )
            for word, member in one.members.items():
                _add_command(members, word, member, language, argparse.SUPPRESS, words)
        else:
            _add_command(commands, name, one, language, "zh", words)
    return top


def _add_common(parser: Parser, language: Language, default: str) -> None:
    """Add what every command knows; left out behind the word of a family's member, it stays what it was before it."""
    about = Text("界面语言（默认 zh）", "language of messages (default zh)").say(language)
    parser.add_argument("--lang", choices=["zh", "en"], default=default, help=about)
    about = Text("出错时显示完整的调用栈", "show the traceback of an error").say(language)
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=about)


def _add_command(into: Any, name: str, command: Known, language: Language, default: str, words: Sequence[str]) -> None:
    """Add a command with the options of its question, those of a group under one heading."""
    about = command.about.say(language)
    parser = into.add_parser(name, help=about, description=about)
    _add_common(parser, language, default)
    if name not in words:
        return
    question = command.question
    places: dict[Any, Any] = {None: parser}
    for field, one in options_of(question).items():
        if one.group not in places:
            places[one.group] = parser.add_argument_group(one.group.say(language) if one.group else None)
        place = places[one.group]
        if one.instead:
            if one.instead not in places:
                places[one.instead] = place.add_mutually_exclusive_group(required=one.kind.action == "store")
            place = places[one.instead]
        _add_option(place, field, one, language)
    parser.set_defaults(question=question)


def _add_option(place: Any, field: str, one: Option, language: Language) -> None:
    """Add one option as argparse knows it."""
    kind = one.kind
    words: dict[str, Any] = {"help": one.about.say(language).replace("%", "%%"), "action": kind.action}
    if kind.action != "store_true":
        default = None if one.is_needed else [] if kind.action == "append" else one.default
        words |= {"type": kind.written, "metavar": kind.metavar or None, "default": default}
    if kind.choices:
        words["choices"] = kind.choices
    if kind.nargs:
        words["nargs"] = kind.nargs
    if one.name.startswith("-"):
        place.add_argument(one.name, dest=field, required=one.is_needed, **words)
    else:
        place.add_argument(field, **words)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the signature of a handler
    raise KeyboardInterrupt


def _hurried(language: Language) -> Callable[[int, FrameType | None], None]:
    """Return what a first Ctrl-C does where the best found so far is an answer; a second one interrupts."""

    def hurry(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        signal.signal(signal.SIGINT, _interrupt)
        clock.hurry()
        print(_HURRIED.say(language), file=sys.stderr)

    return hurry


def _run(options: argparse.Namespace, language: Language) -> int:
    """Run the command alone in the place of its output; a command that has no answer to give returns 2."""
    _check_paths(options)
    known = options_of(options.question)
    question = options.question(**{name: getattr(options, name) for name in known}, lang=language)
    out = getattr(options, "out", None)
    with ExitStack() as stack:
        if isinstance(out, Path) and out.name and out.absolute().parent.is_dir():
            stack.enter_context(held(out))
        if question.seeks_best:
            signal.signal(signal.SIGINT, _hurried(language))
            stack.callback(clock.take_time)
        return question.run() or 0


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
        told = Text(problem.say("zh"), problem.say("en"))
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
    top = parser(language, words)
    options = top.parse_args(words)
    if options.version:
        print(f"fugai {__version__}")
        return 0
    if not options.command:
        top.print_help()
        return 0
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _interrupt)
    return _run(options, language)
