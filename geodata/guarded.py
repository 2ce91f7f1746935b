"""Reading in a process of its own, with limits of memory and time, where a file might take all of either.

A file that is small is read here and now. One that is large when unpacked, and a GeoPackage with views (which may call
themselves), is read by a child, which is ended at its limit; a planner raises the limits by two variables.
"""

import copyreg
import os
import pickle
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planner.errors import DataError, FugaiError, Problem, Text

MEMORY, TIME = "FUGAI_READ_MB", "FUGAI_READ_SECONDS"
"""The variables that raise the limits."""
_DEFAULTS = {MEMORY: 4_000, TIME: 600}
_LARGE = {
    ".xlsx": 60_000_000,
    ".csv": 200_000_000,
    ".geojson": 60_000_000,
    ".gpkg": 500_000_000,
    ".shp": 500_000_000,
    ".graphml": 300_000_000,
}
"""Bytes, of a workbook when unpacked, up to which a file is read without a child."""
_MEGA = 1_000_000


def _view(values: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(values)


copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))


def guarded(read: Callable[..., Any], path: Path, *more: object) -> Any:
    """Return `read(path, *more)`; DataError where a child that reads a large file comes to its limit of memory or time."""
    if not is_large(path):
        return read(path, *more)
    megabytes, seconds = (_limit(name) for name in (MEMORY, TIME))
    order = pickle.dumps((read, path, more, megabytes))
    words = [
        sys.executable,
        "-c",
        f"import sys; sys.path[:] = {sys.path!r}; from geodata.guarded import child; child()",
    ]
    try:
        done = subprocess.run(words, input=order, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - ourselves
    except subprocess.TimeoutExpired as error:
        raise _stopped(path, Text(f"读了 {seconds} 秒还没有读完", f"not read in {seconds} s"), TIME, seconds) from error
    try:
        result = pickle.loads(done.stdout)  # noqa: S301 - of our own child
    except (EOFError, pickle.UnpicklingError) as error:
        what = Text(
            f"读取需要的内存超过 {megabytes} MB，或文件使读取程序中止",
            f"it takes over {megabytes} MB to read, or ends its reader",
        )
        raise _stopped(path, what, MEMORY, megabytes) from error
    if isinstance(result, FugaiError | OSError):
        raise result
    if isinstance(result, BaseException):
        what = Text(f"读取需要的内存超过 {megabytes} MB", f"it takes over {megabytes} MB to read")
        raise _stopped(path, what, MEMORY, megabytes) from result
    return result


def is_large(path: Path) -> bool:
    """Whether a file might take more memory or time than a reader should have, by its size and kind alone."""
    suffix = path.suffix.lower()
    try:
        size = path.stat().st_size
        if suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                size = sum(part.file_size for part in archive.infolist())
        return size > _LARGE.get(suffix, sys.maxsize) or (suffix == ".gpkg" and _has_views(path))
    except Exception:  # of broken bytes zipfile raises whatever they make of it; the reader says what is wrong
        return False


def _has_views(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)) as base:
        return bool(base.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone()[0])


def child() -> None:
    """Read what stands in the standard input and write it, or what was raised, to the standard output."""
    read, path, more, megabytes = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no part of the answer
    try:
        _limit_memory(megabytes)
        result = read(path, *more)
    except (FugaiError, OSError, MemoryError) as error:
        result = error
    with out:
        pickle.dump(result, out)


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the limit of time alone holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * _MEGA, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit(name: str) -> int:
    said = os.environ.get(name, "")
    if said and not said.isdigit():
        raise DataError(
            Problem(name, Text("应是整数", "must be a whole number"), Text("改正", "correct it"), found=said)
        )
    return int(said or _DEFAULTS[name])


def _stopped(path: Path, what: Text, name: str, value: int) -> DataError:
    fix = Text(f"拆分文件或只留要用的列；电脑够用的，设环境变量 {name}={value * 4} 再试",
               f"split it, or keep the columns that are wanted; where the computer allows, set {name}={value * 4} and try again")  # fmt: skip
    return DataError(Problem(path.name, what, fix))
