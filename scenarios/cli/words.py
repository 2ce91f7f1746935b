"""argparse that speaks Chinese: its own few English words, translated."""

import argparse
import gettext
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from planner.errors import Language

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
