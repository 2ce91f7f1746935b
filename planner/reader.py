"""What a scenario says, held against the table of keys: every value checked, every mistake noted with its line."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any
from unicodedata import category

import numpy as np

from planner.errors import Problem, Text
from planner.keys import Key
from planner.limits import read_limit
from planner.strict_yaml import Where
from planner.text import option_text

WRONG = object()
"""What stands for a value that was refused; its problem is noted."""
_CALLED: Mapping[str, Text] = MappingProxyType(
    {
        "flag": Text("true 或 false", "true or false"),
        "number": Text("数", "a number"),
        "whole": Text("整数", "a whole number"),
        "list": Text("列表，每行一项，以“- ”开头", "a list, one '- ' item a line"),
        "map": Text("“键: 值”", "'key: value' pairs"),
        "record": Text("“键: 值”", "'key: value' pairs"),
        "one_of": Text("“键: 值”", "'key: value' pairs"),
    }
)
_SHOWN = 60
_PAIR = re.compile(r"\s*[a-z_]+\s*[:：]")
"""How a line begins that is meant to be a key with its value."""


class Reader:
    """Takes a file's values apart by the table of keys and remembers everything that is wrong with them."""

    def __init__(self, file: str, lines: Mapping[Where, str]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []

    def line(self, where: Where) -> str:
        """Return the line of a place, or of the nearest one above it that has a line."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, "")

    def sorted_problems(self) -> list[Problem]:
        """Return the problems from the top of the file down."""
        return sorted(self.problems, key=lambda problem: int(problem.row or 0))

    def wrong(self, where: Where, zh: str, en: str, fix: Text, found: object = "") -> Any:
        """Note a problem; return WRONG."""
        shown = str(found)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "……"
        self.problems.append(Problem(self.file, Text(zh, en), fix, self.line(where), found=shown))
        return WRONG

    def read(self, key: Key, value: object, where: Where) -> Any:
        """Return the value as the key wants it, or WRONG."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None:
            name = _name(key, where)
            return self.wrong(
                where,
                f"“{name}”后面没有写",
                f"'{name}' is empty",
                Text("补上，或删去这一行", "fill it in, or remove it"),
            )
        how: _Reading = _READERS.get(key.kind, Reader._text)
        return how(self, key, value, where)

    def mistyped(self, key: Key, value: object, where: Where) -> Any:
        """Note that a value is of the wrong type; a number in place of a text is most likely a code without quotes."""
        name = _name(key, where)
        if key.kind not in _CALLED:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and (not key.like or (key.pattern and _matches(key.pattern, str(value)))):
                fix = Text(f'写成带引号的 "{value}"', f'write "{value}", in double quotes')
            elif key.like:
                fix = Text(f"写成 {key.like} 这样", f"write it as {key.like}")
            else:
                fix = Text("写成文字，必要时两边加英文双引号", "write text, in double quotes if need be")
            return self.wrong(where, f"“{name}”应是文字", f"'{name}' must be text", fix, _plain(value))
        called, fix = _CALLED[key.kind], Text("改正", "correct it")
        if isinstance(value, str) and _PAIR.match(value):
            fix = Text("冒号用英文（半角）的，后面空一格", "use an ASCII colon, and a space after it")
        return self.wrong(where, f"“{name}”应是{called.zh}", f"'{name}' must be {called.en}", fix, _plain(value))

    def _text(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, str):
            return self.mistyped(key, value, where)
        if key.is_filled and not value.strip():
            return self.read(key, None, where)
        if any(category(one) in {"Cc", "Cs"} and one not in "\n\t" for one in value):
            fix = Text("删去控制字符", "remove control characters")
            return self.wrong(where, f"“{_name(key, where)}”里有不能显示的字符", "characters that cannot be shown", fix)
        own = key.pattern or key.kind == "date"
        if (own and not _matches(key.text_pattern, value)) or not _possible(key, value):
            name = _name(key, where)
            fix = Text(f"写成 {key.like} 这样", f"write it as {key.like}")
            return self.wrong(where, f"“{name}”的写法不对", f"'{name}' is not written as it must be", fix, value)
        return value

    def _choice(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, str):
            return self.mistyped(key, value, where)
        if value in key.words:
            return key.words[value]
        close = get_close_matches(value, key.words, n=1, cutoff=0.5)
        known = Text(
            "可用：" + "、".join((*words, code)[0] for code, words in key.choices.items()),
            "use one of " + ", ".join(key.choices),
        )
        fix = Text(f"是不是“{close[0]}”；{known.zh}", f"did you mean '{close[0]}'; {known.en}") if close else known
        name = _name(key, where)
        return self.wrong(where, f"“{name}”没有这个取值", f"'{name}' has no such value", fix, value)

    def _number(self, key: Key, value: object, where: Where) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.mistyped(key, value, where)
        if isinstance(value, float) and not (value.is_integer() if key.kind == "whole" else math.isfinite(value)):
            return self.mistyped(key, value, where)
        value = int(value) if key.kind == "whole" else value
        low, high = key.low if key.above is None else key.above, key.high
        under = low is not None and (value < low if key.above is None else value <= low)
        if under or (high is not None and value > high):
            bounds = (
                [f"大于 {option_text(low)}" if key.above is not None else f"不小于 {option_text(low)}"]
                if low is not None
                else []
            )
            said = "、".join([*bounds, *([f"不大于 {option_text(high)}"] if high is not None else [])])
            name, swapped = _name(key, where), "；是不是经度和纬度写反了" if key.name == "lat" else ""
            return self.wrong(
                where, f"“{name}”应{said}", f"'{name}' is out of range", Text(f"改正{swapped}", "correct it"), value
            )
        return value

    def _flag(self, key: Key, value: object, where: Where) -> Any:
        return value if isinstance(value, bool) else self.mistyped(key, value, where)

    def _list(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, list | tuple):
            return self.mistyped(key, value, where)
        if not value and not key.or_none:
            return self._empty(key, where)
        items = [self.read(key.keys[0], item, (*where, at)) for at, item in enumerate(value)]
        return tuple(item for item in items if item is not WRONG)

    def _map(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        if not value:
            return self._empty(key, where)
        kept = {}
        for name, item in value.items():
            here, fits = (*where, str(name)), isinstance(name, str) and _matches(key.names, name)
            if not fits:
                self._odd_name(key, name, here)
            read = self.read(key.keys[0], item, here)
            if fits and read is not WRONG:
                kept[name] = read
        return MappingProxyType(kept)

    def _empty(self, key: Key, where: Where) -> Any:
        """Note a block without anything in it, which would decide nothing."""
        fix = Text("写上内容，或删去这一项", "fill it in, or remove it")
        return self.wrong(where, f"“{_name(key, where)}”是空的", f"'{_name(key, where)}' is empty", fix)

    def _odd_name(self, key: Key, name: object, where: Where) -> None:
        told = _name(key, where[:-1])
        if isinstance(name, int | float) and _matches(key.names, str(name)):
            fix = Text(f'写成带引号的 "{name}"', f'write "{name}", in double quotes')
            self.wrong(where, f"“{told}”里的代码没有加引号", f"a code of '{told}' without quotes", fix, name)
        else:
            self.wrong(where, f"“{told}”里的键不对", f"an odd key of '{told}'", Text(key.about.zh, key.about.en), name)

    def _record(self, key: Key, value: object, where: Where) -> Any:
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        if not value and not any(one.needed for one in key.keys):
            return self._empty(key, where)
        known = {one.name: one for one in key.keys}
        kept = {}
        for name, item in value.items():
            if name not in known:
                self._unknown(key.keys, name, (*where, str(name)))
                continue
            read = self.read(known[name], item, (*where, name))
            if read is not WRONG:
                kept[name] = read
        for one in key.keys:
            if one.needed and one.name not in value:
                fix = Text(f"补上 {one.name}: ……", f"add {one.name}")
                self.wrong(where, f"缺少“{one.name}”（{one.about.zh}）", f"'{one.name}' is missing", fix)
        return MappingProxyType(kept)

    def _unknown(self, keys: Iterable[Key], name: object, where: Where) -> None:
        words = {word: one.name for one in keys for word in (one.name, one.about.zh.split("：")[0].split("（")[0])}
        if "：" in str(name) and _PAIR.match(str(name)):
            fix = Text("冒号用英文（半角）的，后面空一格", "use an ASCII colon, and a space after it")
            self.wrong(where, "用了全角标点", "full-width punctuation", fix, name)
            return
        close = get_close_matches(str(name), words, n=1, cutoff=0.5)
        guess = words[close[0]] if close else ""
        fix = Text(f"是不是 {guess}", f"did you mean {guess}") if guess else Text("删去", "remove it")
        self.wrong(where, "不认识的键", "unknown key", fix, name)

    def _one_of(self, key: Key, value: object, where: Where) -> Any:
        """Return (verb, its record): of the records, that whose first key, the verb, is there; just one may be."""
        if not isinstance(value, Mapping):
            return self.mistyped(key, value, where)
        verbs = {one.keys[0].name: one for one in key.keys}
        said = [name for name in value if name in verbs]
        if len(said) == 1:
            (verb,) = said
            if verbs[verb].keys[0].kind == "id" and isinstance(value[verb], Mapping | list):
                return self._not_one_id(verbs[verb], value[verb], (*where, verb))
            read = self._record(verbs[said[0]], value, where)
            return (said[0], read, self.line((*where, said[0])))
        words = "、".join(f"{name}（{one.about.zh.split('（')[0]}）" for name, one in verbs.items())
        fix = Text(f"写其中一个：{words}", f"write one of {', '.join(verbs)}")
        if said:
            return self.wrong(where, "一条改动只能做一件事", "an edit does one thing", fix, "、".join(said))
        close = [verb for name in value for verb in get_close_matches(str(name), verbs, n=1)]
        fix = Text(f"是不是 {close[0]}", f"did you mean {close[0]}") if close else fix
        return self.wrong(where, "没有写做什么", "it does not say what to do", fix, "、".join(map(str, value)))

    def _not_one_id(self, verb: Key, value: dict[str, Any] | list[Any], where: Where) -> Any:
        """Note that a verb has more behind it than the one id that it takes."""
        name = verb.name
        fix = Text(f"{name} 后写一个机构编号；几个机构就写几条", f"write one id behind {name}; one edit for each")
        if isinstance(value, dict):
            others = [one.name for one in verb.keys[1:] if one.name in value or one.needed]
            told = f"；{'、'.join(others)} 另起一行，与 {name} 同级" if others else ""
            fix = Text(f"{name} 后写机构编号{told}", f"write the id behind {name}, and the rest beside it")
        return self.wrong(where, f"“{name}”应是机构编号", f"'{name}' must be an id", fix)

    def _either(self, key: Key, value: object, where: Where) -> Any:
        """Return the value by the first alternative of its type; a number in place of an id is told as such."""
        for one in key.keys:
            if _is_type(one, value):
                return self.read(_named(one, key), value, where)
        return self.mistyped(_named(key.keys[0], key), value, where)


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _plain(value: object) -> str:
    return "" if isinstance(value, Mapping | list | tuple) else str(value)


def _name(key: Key, where: Where) -> str:
    """Return what a key is called in a message: its own name, or that of the list or map that it is an item of."""
    return key.name or next((one for one in reversed(where) if isinstance(one, str)), "") or "文件"


def _named(one: Key, key: Key) -> Key:
    return replace(one, name=one.name or key.name)


def _is_type(key: Key, value: object) -> bool:
    if isinstance(value, bool):
        return key.kind == "flag"
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "number": (int, float),
        "whole": int,
        "list": (list, tuple),
        "map": Mapping,
        "record": Mapping,
    }
    return isinstance(value, kinds.get(key.kind, str))


def _possible(key: Key, value: str) -> bool:
    """Whether a text of the right form means something: a day of the calendar, a limit in range, a range that rises."""
    try:
        if key.kind == "date":
            date.fromisoformat(value)
        elif key.kind == "limit":
            read_limit(value)
        elif key.kind == "range":
            first, last = map(int, re.findall("[0-9]+", value))
            return 0 < first <= last
    except ValueError:
        return False
    return True


_Reading = Callable[[Reader, Key, Any, Where], Any]
_READERS: Mapping[str, _Reading] = MappingProxyType(
    {
        "choice": Reader._choice,
        "number": Reader._number,
        "whole": Reader._number,
        "flag": Reader._flag,
        "list": Reader._list,
        "map": Reader._map,
        "record": Reader._record,
        "one_of": Reader._one_of,
        "either": Reader._either,
    }
)
