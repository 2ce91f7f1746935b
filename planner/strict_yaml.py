"""YAML as law and decisions need it: no aliases, no duplicate keys, codes stay text, every mistake has a line."""

import re
from collections.abc import Hashable
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


def _problems(file: str, node: yaml.Node) -> list[Problem]:
    """Return what is wrong below `node`: duplicate keys, and codes with leading zeros that miss their quotes."""
    problems: list[Problem] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if key.value in seen:
                problems.append(
                    Problem(
                        file,
                        Text("键重复", "duplicate key"),
                        Text("只保留一个", "keep one of them"),
                        _line(key),
                        found=str(key.value),
                    )
                )
            seen.add(key.value)
            problems += _problems(file, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            problems += _problems(file, item)
    elif isinstance(node, yaml.ScalarNode) and node.style is None:
        text = node.value
        if len(text) > 1 and text.isdigit() and text[0] == "0":
            problems.append(
                Problem(
                    file,
                    Text("代码没有加引号，前面的 0 会丢失", "a code without quotes would lose its leading zero"),
                    Text("两边加上英文双引号", "put it in double quotes"),
                    _line(node),
                    found=text,
                )
            )
    return problems


def read_yaml(text: str, file: str) -> dict[str, Any]:
    r"""Return the mapping that `text` holds; RuleError with file and line for anything unclear.

    >>> read_yaml('code: "0510"\nday: 2023-11-17', "a.yaml")
    {'code': '0510', 'day': '2023-11-17'}
    """
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise RuleError(
                    Problem(
                        file,
                        Text("不允许使用锚点或别名（& 和 *）", "anchors and aliases are not allowed"),
                        Text("把内容直接写出来", "write the value out"),
                        str(event.start_mark.line + 1) if event.start_mark else "",
                    )
                )
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise RuleError(
            Problem(
                file,
                Text("不是有效的 YAML", "not valid YAML"),
                Text("检查缩进、冒号和引号", "check indentation, colons and quotes"),
                str(mark.line + 1) if mark else "",
                found=str(getattr(error, "problem", "") or ""),
            )
        ) from error
    if not isinstance(node, yaml.MappingNode):
        raise RuleError(
            Problem(
                file,
                Text("内容应是“键: 值”", "the file must hold 'key: value' pairs"),
                Text("对照模板改写", "follow the template"),
            )
        )
    problems = _problems(file, node)
    if problems:
        raise RuleError(problems)
    loaded: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    return loaded
