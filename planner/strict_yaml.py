"""YAML as law and decisions need it: no aliases, no duplicate keys, codes stay text, every mistake has a line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from planner.errors import Problem, RuleError, Text


class _Loader(yaml.SafeLoader):
    """SafeLoader without timestamps, octals and yes/no, so that ``2023-11-17`` and ``no`` stay what was written."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", ["t", "f"]),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


def _line(node: yaml.Node) -> str:
    return str(node.start_mark.line + 1)


class _OwnLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same for files of ours, which a test reads strictly: compiled where the library has it, for speed."""


_OwnLoader.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


Where = tuple[str | int, ...]
"""The keys and positions that lead to a place in a file, from the top."""
_SHOWN = 60
_DEEPEST = 50
_ODD_KEY = Text("键不是文字", "a key that is no text")
_ALIAS = Text("不允许使用锚点或别名（& 和 *）", "anchors and aliases are not allowed")
_TAG = Text("不允许使用类型标记（!）", "tags (!) are not allowed")


@dataclass(frozen=True)
class Written:
    """What a file holds, the line of each key and item by its place, and what is unclear about it."""

    value: dict[str, Any]
    lines: Mapping[Where, str]
    problems: tuple[Problem, ...]


def _wrong(file: str, node: yaml.Node, found: str, what: Text, fix: Text) -> Problem:
    return Problem(file, what, fix, _line(node), found=found)


def _odd_keys(file: str, node: yaml.MappingNode) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.append(_wrong(file, key, "", _ODD_KEY, Text("写成“键: 值”", "write 'key: value'")))
            continue
        if key.value in seen:
            fix = Text("只保留一个", "keep one of them")
            problems.append(_wrong(file, key, key.value, Text("键重复", "duplicate key"), fix))
        seen.add(key.value)
    return problems


def _problems(file: str, node: yaml.Node) -> list[Problem]:
    """Return what is wrong below `node`: duplicate keys, and codes with leading zeros that miss their quotes."""
    problems: list[Problem] = []
    if isinstance(node, yaml.MappingNode):
        problems += _odd_keys(file, node)
        for _, value in node.value:
            problems += _problems(file, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            problems += _problems(file, item)
    elif isinstance(node, yaml.ScalarNode) and node.style is None:
        text = node.value
        if len(text) > 1 and text.isdigit() and text[0] == "0":
            what = Text("代码没有加引号，前面的 0 会丢失", "a code without quotes would lose its leading zero")
            fix = Text(f'两边加上英文双引号："{text}"', f'put it in double quotes: "{text}"')
            problems.append(_wrong(file, node, text, what, fix))
    return problems


def _lines(node: yaml.Node, where: Where, out: dict[Where, str]) -> dict[Where, str]:
    """Return the line of each key and item below `node`, by its place; a key that is no text is named as it is written."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            out[(*where, str(key.value))] = _line(key)
            _lines(value, (*where, str(key.value)), out)
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            out[(*where, at)] = _line(item)
            _lines(item, (*where, at), out)
    return out


def _composed(text: str, file: str) -> yaml.MappingNode:
    """Return the one document of the text; RuleError where it has anchors, aliases or tags, or is no mapping."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:  # what follows takes quadratic time
            line = str(event.start_mark.line + 1) if event.start_mark else ""
            fix = Text("对照模板改写", "follow the template")
            raise RuleError(Problem(file, Text("括号或缩进嵌套太深", "nested too deeply"), fix, line))
        alias = isinstance(event, yaml.AliasEvent) or bool(getattr(event, "anchor", None))
        if alias or getattr(event, "tag", None):
            line = str(event.start_mark.line + 1) if event.start_mark else ""
            fix = Text("把内容直接写出来", "write the value out")
            raise RuleError(Problem(file, _ALIAS if alias else _TAG, fix, line))
    node = yaml.compose(text, Loader=_Loader)
    if not isinstance(node, yaml.MappingNode):
        _refuse_marks(text, file)
        raise RuleError(
            Problem(
                file,
                Text("内容应是“键: 值”", "the file must hold 'key: value' pairs"),
                Text("对照模板改写", "follow the template"),
            )
        )
    return node


_QUOTED = re.compile(r"\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'|(?:^|\s)#.*")
_FULL_WIDTH = re.compile(r"^[\s-]*[\w ]+：|[｛｝［］]|[{\[].*，|：\s*[{\[]")
"""Marks that a Chinese keyboard gives in place of those of YAML: the colon of a key, brackets, and commas within them."""


def _refuse_marks(text: str, file: str) -> None:
    """Raise RuleError for the first line with a tab or full-width marks where YAML has its own; called where it fails."""
    for at, line in enumerate(text.splitlines(), 1):
        bare = _QUOTED.sub(" ", line)
        found, row = line.strip()[:_SHOWN], str(at)
        if "\t" in bare:
            what, fix = Text("用了制表符（Tab）", "a tab"), Text("改成空格", "use spaces")
            raise RuleError(Problem(file, what, fix, row, found=found))
        if _FULL_WIDTH.search(bare):
            what = Text("用了全角标点", "full-width punctuation")
            fix = Text(
                "冒号、逗号、括号都用英文（半角）的，冒号后面空一格",
                "use ASCII colons, commas and brackets; a space after a colon",
            )
            raise RuleError(Problem(file, what, fix, row, found=found))


def _place(text: str, error: Exception) -> tuple[str, str]:
    """Return the line where the reader stopped, and what stands there; where something was opened and never closed, that."""
    lines = text.splitlines()
    for name in ("problem_mark", "context_mark"):
        mark = getattr(error, name, None)
        if mark is not None and mark.line < len(lines) and lines[mark.line].strip():
            return str(mark.line + 1), lines[mark.line].strip()[:_SHOWN]
    return "", ""


def parse_yaml(text: str, file: str) -> Written:
    r"""Return the mapping that `text` holds, with its lines and problems; RuleError where there is nothing to be read.

    >>> parse_yaml('a: [1, 2]\nb: 3\nb: 4', "a.yaml").lines[("b",)]
    '3'
    """
    try:
        node = _composed(text, file)
        problems = _problems(file, node)
        lines = _lines(node, (), {})
        # A key that is no text could not be put into a mapping; what else there is to say is said already.
        odd = any(problem.what is _ODD_KEY for problem in problems)
        value = {} if odd else yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a number of 5 000 digits, a thousand brackets
        _refuse_marks(text, file)
        row, found = _place(text, error)
        what, fix = (
            Text("不是有效的 YAML", "not valid YAML"),
            Text("检查缩进、冒号和引号", "check indentation, colons and quotes"),
        )
        raise RuleError(Problem(file, what, fix, row, found=found)) from error
    return Written(value, lines, tuple(problems))


def read_yaml(text: str, file: str) -> dict[str, Any]:
    r"""Return the mapping that `text` holds; RuleError with file and line for anything unclear.

    >>> read_yaml('code: "0510"\nday: 2023-11-17', "a.yaml")
    {'code': '0510', 'day': '2023-11-17'}
    """
    written = parse_yaml(text, file)
    if written.problems:
        raise RuleError(written.problems)
    return written.value


def read_own(text: str) -> dict[str, Any]:
    """Return the mapping of a file that comes with the tool: `read_yaml` would return the same, and takes five times as long."""
    found: dict[str, Any] = yaml.load(text, Loader=_OwnLoader)  # noqa: S506 - a SafeLoader with fewer types
    return found
