"""Public names of a package, each imported from its module when it is first asked for, so that a package loads nothing."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def handing_out(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that hands out these names; homes: module within it → its names.

    >>> get = handing_out("planner.siting", {"question": "Question Quota"})
    >>> get("Question")("p-median", p=2).p
    2
    >>> get("Answer")
    Traceback (most recent call last):
    AttributeError: planner.siting has no 'Answer'; it has Question, Quota
    """
    home = {name: module for module, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"{package} has no {name!r}; it has {', '.join(home)}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    return get
