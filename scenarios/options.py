"""Questions declare their options once: the command line, its help, checks, refusals and typed answers follow from that.

A question is a frozen class whose fields are declared by `option`, each with what it is called, what it means and its
`Kind`, which reads it:

    @dataclass(frozen=True, kw_only=True)
    class Stations(Question):
        most: int = option("--most", Text("曲线最多列到新增几处", "the curve's last number"), whole(0, 500), 12)

`Stations(most="12")` from the command line and `Stations(most=12)` from Python are read, checked and refused alike.
Nothing heavy is imported here: what the help is made of must be there at once.
"""

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from geodata.samples import facts_folder
from planner.errors import Language, OptionError, Problem, Text, refused
from planner.limits import Limit, Unit, limit_of, limits_of
from planner.text import option_text

T = TypeVar("T")
Word = TypeVar("Word", bound=str)
NEEDED: Any = object()
"""In place of a default: the option must be given."""
_CORRECT = Text("改正", "correct it")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What may stand behind an option.

    read      its value, from words or from a value; OptionError, under the option's name, for what it cannot be
    metavar   what stands for it in the help; `names` does so for what has no option before it
    written   what argparse itself makes of the words, and refuses in words of its own
    choices   the values that there are
    action, nargs   argparse's words for flags and for what may be said several times
    """

    read: Callable[[str, Any], T]
    metavar: str = ""
    written: Callable[[str], Any] | None = None
    choices: tuple[str, ...] = ()
    action: str = "store"
    nargs: str = ""


@dataclass(frozen=True)
class Option:
    """One option: name (`--most`; `DATA` for what is told by its place), meaning, kind, default as it would be written.

    group      the heading under which it stands in the help; None: with the command's own
    instead    a word shared by options of which one must be given, and one only; flags can both be left out
    """

    name: str
    about: Text
    kind: Kind[Any]
    default: Any = None
    group: Text | None = None
    instead: str = ""

    @property
    def is_needed(self) -> bool:
        return self.default is NEEDED


def option(
    name: str, about: Text, kind: Kind[T], default: Any = None, *, group: Text | None = None, instead: str = ""
) -> T:
    """Declare a field of a question; its type is what the kind reads (or None, where that is the default)."""
    known = {} if default is NEEDED else {"default": default}
    return field(metadata={"option": Option(name, about, kind, default, group, instead)}, **known)


def options_of(question: type[Any]) -> Mapping[str, Option]:
    """Return the options of a question by field: those of its own class first, then those that it shares with others."""
    known = {one.name: one.metadata["option"] for one in fields(question) if "option" in one.metadata}
    names = [name for each in question.__mro__ for name in inspect.get_annotations(each) if name in known]
    return MappingProxyType({name: known[name] for name in names})


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: options read by their kinds, and together. `words` are the options as they were given.

    OptionError names every option that is wrong.
    """

    words: Mapping[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        problems, words = list[Problem](), dict[str, Any]()
        for name, one in options_of(type(self)).items():
            words[name] = value = getattr(self, name)
            if value is None:
                continue
            try:
                object.__setattr__(self, name, one.kind.read(one.name, value))
            except OptionError as error:
                problems += error.problems
        object.__setattr__(self, "words", words)
        if problems:
            raise OptionError(problems)
        self.check()

    def check(self) -> None:
        """Refuse options that do not go together."""

    def given(self, *names: str) -> list[str]:
        """Return which of these fields were said, as options: `["--max-snap"]`."""
        known = options_of(type(self))
        return [known[name].name for name in names if self.words.get(name)]

    def id_files(self, *names: str) -> tuple[Path, ...]:
        """Return the files that the ids of these fields were read from."""
        said = (self.words.get(name) for name in names)
        return tuple(Path(one[1:]) for one in said if isinstance(one, str) and one.startswith("@"))


@dataclass(frozen=True, kw_only=True)
class Command(Question):
    """A question with what the command line does about it: `run` returns 2 where there is no answer.

    seeks_best   whether an interruption lets it end with the best that it has by then, and only a second one stops it
    """

    seeks_best: ClassVar[bool] = False
    lang: Language = "zh"

    def run(self) -> int | None:
        raise NotImplementedError


# ---- kinds ----


def words_of(text: str) -> list[str]:
    """Return what stands between commas, of whichever keyboard.

    >>> words_of("a，b、, c")
    ['a', 'b', 'c']
    """
    return [one.strip() for one in re.split("[,，、]", text) if one.strip()]


def as_given(option: str, value: Any) -> Any:  # noqa: ARG001 - a kind's reader
    """Return what argparse, or Python, gives."""
    return value


def as_tuple(option: str, value: Any) -> tuple[Any, ...]:  # noqa: ARG001 - a kind's reader
    """Return what may be said several times."""
    return tuple(value)


def read_by(read: Callable[[str, str], T], metavar: str, **more: Any) -> Kind[T]:
    """Return the kind of what `read` makes of words; what is no text is taken to be read already."""
    return Kind(lambda option, value: read(option, value) if isinstance(value, str) else value, metavar, **more)


def check_range(option: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is out of range (or none at all)."""
    if not low <= value <= high:
        bounds = option_text(low), option_text(high)
        what = Text(f"须在 {bounds[0]} 与 {bounds[1]} 之间", f"must be between {bounds[0]} and {bounds[1]}")
        raise refused(option, what, _CORRECT, option_text(value))


def _ranged(low: float | None, high: float, above: float | None) -> Callable[[str, Any], Any]:
    def read(option: str, value: float) -> float:
        if above is not None and not above < value < math.inf:
            what = Text(f"须大于 {option_text(above)}", f"must be above {option_text(above)}")
            fix = Text(f"写大于 {option_text(above)} 的数", f"write a number above {option_text(above)}")
            raise refused(option, what, fix, str(value))
        if low is not None:
            check_range(option, value, low, high)
        return value

    return read


def whole(low: int | None = None, high: float = math.inf, *, above: int | None = None, metavar: str = "N") -> Kind[int]:
    """Return the kind of whole numbers in a range, or above a number."""
    return Kind(_ranged(low, high, above), metavar, int)


def number(
    low: float | None = None, high: float = math.inf, *, above: float | None = None, metavar: str = "N"
) -> Kind[float]:
    """Return the kind of numbers in a range, or above a number."""
    return Kind(_ranged(low, high, above), metavar, float)


def choice(*values: Word, metavar: str = "", written: Callable[[str], str] | None = None) -> Kind[Word]:
    """Return the kind of a word out of several; `written` makes one of its other words into it."""
    return Kind(as_given, metavar, written, choices=values)


TEXT: Kind[str] = Kind(as_given)
FLAG: Kind[bool] = Kind(as_given, action="store_true")


def text(metavar: str, nargs: str = "") -> Kind[str]:
    """Return the kind of a text that the command makes sense of."""
    return Kind(as_given, metavar, nargs=nargs)


def path(metavar: str = "FILE", nargs: str = "") -> Kind[Path]:
    """Return the kind of a file or folder."""
    return Kind(lambda _, value: Path(value), metavar, Path, nargs=nargs)


def facts(metavar: str = "DATA", nargs: str = "") -> Kind[Path]:
    """Return the kind of a folder of facts, or of an embedded sample by its name: `sample:panzhihua`."""
    return Kind(lambda _, value: facts_folder(value), metavar, nargs=nargs)


FILE, OUT = path(), path("OUT")


def limit(unit: Unit | None = None, metavar: str = "LIMIT") -> Kind[Limit]:
    """Return the kind of one limit, of distance ("mm"), of time ("ms") or of either."""
    return read_by(lambda option, text: limit_of(option, text, unit), metavar)


def limits(
    unit: Unit | None = None, *, ordered: bool = True, none: Sequence[str] = ("",), metavar: str = "LIMITS"
) -> Kind[tuple[Limit, ...]]:
    """Return the kind of several limits of one unit, the smallest first or as they stand; one of the words `none` for none."""

    def read(option: str, text: str) -> tuple[Limit, ...]:
        if text.strip().lower() in none:
            return ()
        found = limits_of(option, text, unit)
        return tuple(sorted(found, key=lambda one: one.value)) if ordered else found

    return read_by(read, metavar)


def distance(low_km: float | None = None, high_km: float = math.inf) -> Kind[Limit | None]:
    """Return the kind of a distance, in a range; 0 means none."""

    def read(option: str, text: str) -> Limit | None:
        if text.strip() in {"0", "0km", "0m"}:
            return None
        found = limit_of(option, text, "mm")
        if low_km is not None:
            check_range(option, found.value / 1e6, low_km, high_km)
        return found

    return read_by(read, "LIMIT")


def minutes(most: float, *, least: float = 0) -> Kind[float]:
    """Return the kind of a time in minutes, in a range."""

    def read(option: str, text: str) -> float:
        none = re.fullmatch(r"\s*0\s*(s|min|h|秒|分钟|分|小时)?\s*", text, re.IGNORECASE)
        found = 0.0 if none else limit_of(option, text, "ms").value / 60_000
        check_range(option, found, least, most)
        return found

    return read_by(read, "TIME")


def counts(low: int, most: int, unreadable: Text) -> Kind[tuple[int, ...]]:
    """Return the kind of a number of sites or a range of at most so many numbers, as 5 or 2-4.

    >>> counts(0, 201, Text("看不懂", "not understood")).read("-p", "2-4")
    (2, 3, 4)
    """

    def read(option: str, text: str) -> tuple[int, ...]:
        found = re.fullmatch(r"\s*(\d{1,6})\s*(?:[-–~～]\s*(\d{1,6})\s*)?", text)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not low <= first <= last < first + most:
            raise refused(option, unreadable, Text("如 5 或 2-4", "as 5 or 2-4"), text)
        return tuple(range(first, last + 1))

    return read_by(read, "P")


def share(option: str, text: str) -> float:
    """Return a share written as 0.5% or 0.005.

    >>> share("--tolerance", "0.5%")
    0.005
    """
    plain = text.strip().replace("％", "%")
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise refused(option, Text("须是比例", "must be a share"), Text("如 0.5%", "as 0.5%"), text)
    return value


def people(option: str, text: str) -> int:
    """Return a number of people, as 25000, 25,000 or 2.5万.

    >>> people("--lower", "2.5万"), people("--lower", "25,000")
    (25000, 25000)
    """
    plain = re.fullmatch(r"\s*(-?\d{1,12}(?:\.\d{1,4})?)\s*(万?)\s*人?\s*", text.replace(",", "").replace("，", ""))
    found = float(plain[1]) * (10_000 if plain[2] else 1) if plain else 0.5
    if not found.is_integer():
        what = Text("须是整数人数", "must be a whole number of people")
        raise refused(option, what, Text("如 25000 或 2.5万", "as 25000"), text)
    check_range(option, found, 0, 100_000_000)
    return int(found)


def clock(option: str, text: str) -> int:
    """Return a time of day as minutes after midnight.

    >>> clock("--leave", "08:30")
    510
    """
    found = re.fullmatch(r"\s*([01]?\d|2[0-3])[:：]([0-5]\d)\s*", text)
    if not found:
        raise refused(option, Text("须是时刻", "must be a time of day"), Text("如 08:30", "as 08:30"), text)
    return int(found[1]) * 60 + int(found[2])


def pairs(option: str, text: str, example: Text, keys: Mapping[str, str]) -> dict[str, str]:
    """Return what stands behind each key of KEY=VALUE,…; `keys`: every word that is understood, and the key that it means.

    >>> pairs("--link-limit", "到县=30min；town＝10min", Text("", ""), {"到县": "county", "town": "town"})
    {'county': '30min', 'town': '10min'}
    """
    found = dict[str, str]()
    for part in re.split(r"[,，、;；]", text.replace("＝", "=")):
        name, equal, value = (one.strip() for one in part.partition("="))
        key = keys.get(name.lower())
        if not equal or not value or key is None:
            raise refused(option, Text("看不懂", "not understood"), example, part.strip() or text)
        if key in found:
            raise refused(option, Text("同一项写了两次", "stands twice"), example, part.strip())
        found[key] = value
    return found


def _ids(option: str, text: str) -> tuple[str, ...]:
    from scenarios.site_files import read_ids

    return read_ids(option, text) if text else ()


IDS: Kind[tuple[str, ...]] = read_by(_ids, "IDS")
SHARE: Kind[float] = read_by(share, "T")
PEOPLE: Kind[int] = read_by(people, "N")
CLOCK: Kind[int] = read_by(clock, "HH:MM")
