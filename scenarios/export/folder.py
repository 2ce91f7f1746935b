"""Outputs that are written whole or not at all, by one run at a time; a folder keeps what people have put or changed in it."""

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from planner.errors import OptionError, Problem, Text, file_problem

MANIFEST = "manifest.json"
_KEPT = "（人工修改）"
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())
"""The locks that this run holds already."""


def keep_apart(out: Path, *used: Path) -> None:
    """Refuse an output folder that is, or holds, what is read (data, a scenario): it would be moved aside to be replaced."""
    target = out.resolve()
    for path in (one.resolve() for one in used):
        if target == path or target in path.parents:
            what = Text("输出文件夹里有数据或方案文件", "the output folder is, or holds, the data or a scenario")
            raise OptionError(Problem(str(out), what, Text("换一个输出文件夹", "choose another folder")))


def _refuse(out: Path, what: Text, fix: Text, found: str = "") -> OptionError:
    return OptionError(Problem(str(out), what, fix, found=found))


@contextmanager
def held(out: Path) -> Iterator[bool]:
    """Hold the place of an output while this run lasts; OptionError where another run holds it.

    The lock is the system's, on a file beside `out`: a process that is killed holds nothing any more. Yields False where
    there are no locks, as on some network drives.
    """
    file = out.absolute().parent.resolve() / f".{out.name}.fugai-lock"
    if file in _HELD.get():
        yield True
        return
    try:
        handle = _locked(file)
    except OSError as error:
        raise OptionError(file_problem(str(out), error)) from error
    before = _HELD.set(_HELD.get() | {file})
    try:
        yield handle is not None
    finally:
        _HELD.reset(before)
        if handle is not None:
            _unlocked(file, handle)


def _locked(file: Path) -> int | None:
    """Return the open lock, None where the system has none for this drive; OptionError where another run has it."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
            if file.exists() and os.path.samestat(os.fstat(handle), file.stat()):
                return handle
        except FileNotFoundError:  # gone between the two looks
            pass
        except OSError as error:
            os.close(handle)
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                file.unlink(missing_ok=True)
                return None
            what = Text("另一次运行正在往这里写", "another run is writing there")
            fix = Text("等它结束，或换一个输出位置", "wait until it ends, or choose another place")
            raise _refuse(file.with_name(file.name[1:].removesuffix(".fugai-lock")), what, fix) from error
        os.close(handle)  # the run before has removed this file after we opened it


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _unlocked(file: Path, handle: int) -> None:
        os.close(handle)
        with suppress(OSError):  # the next run has it open
            file.unlink()
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlocked(file: Path, handle: int) -> None:
        with suppress(OSError):
            file.unlink()  # before it is let go, or it might be the next run's
        os.close(handle)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; on leaving it becomes `out`, on any exception `out` stays as it was.

    Files in `out` that the last run did not make are carried over; those it made and somebody has changed since are
    kept beside the new ones, as "name（人工修改）". OptionError when `out` holds no output of ours or cannot be written.
    """
    out = out.absolute()
    if not out.name:
        what, fix = Text("不能作输出文件夹", "cannot be the output"), Text("换一个文件夹", "choose another folder")
        raise _refuse(out, what, fix)
    with _told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with held(out) as alone:
            _prepare(out, alone)
            new = Path(tempfile.mkdtemp(prefix=_new(out), dir=out.parent))
            try:
                new.chmod(0o755)
                yield new
                if out.is_dir():
                    _keep(out, new)
                _sync(new)
                _swap(out, new)
            finally:
                shutil.rmtree(new, ignore_errors=True)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    """Tell a failure of the system in a sentence about the file that the system names, else about `out`."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever listened has gone: nothing is wrong with the output
    except Exception as error:
        cause = (
            error if isinstance(error, OSError) else next((one for one in error.args if isinstance(one, OSError)), None)
        )
        if cause is None:
            raise
        problem = file_problem(_failed(out, cause), cause)
        fix = Text(f"{problem.fix.zh}；原有结果未改动", f"{problem.fix.en}; nothing was changed")
        raise OptionError(replace(problem, fix=fix)) from error  # xlsxwriter's errors hold the system's


def _failed(out: Path, cause: OSError) -> str:
    """Return what to name: a file elsewhere as the system does, what is written for `out` as `out`."""
    name = cause.filename
    if not isinstance(name, str) or ".fugai-" in name or Path(name).absolute().is_relative_to(out.absolute()):
        return str(out)
    return name


def write_whole(outputs: Mapping[Path, Callable[[Path], object]]) -> None:
    """Write every file beside its place, and only when all are written put them there; none at all where one fails."""
    fresh = {out: out.with_name(f".{out.stem}.fugai-new{out.suffix}") for out in outputs}
    with ExitStack() as stack:
        for out, new in fresh.items():
            stack.enter_context(_told(out))
            stack.enter_context(held(out))
            stack.callback(new.unlink, missing_ok=True)
            _mend(out)
        for out, write in outputs.items():
            with _told(out):
                write(fresh[out])
                _flush(fresh[out])
        _put(fresh)


def _mend(out: Path) -> None:
    """Take away what a run that was killed between two renames has parked, or bring it back where nothing took its place."""
    if _parked(out).exists() and out.exists():
        _parked(out).unlink()
    elif _parked(out).exists():
        _parked(out).rename(out)


def _put(fresh: Mapping[Path, Path]) -> None:
    """Put every new file in its place; where one cannot be, those that stood there before come back."""
    made: list[Path] = []
    try:
        for out, new in fresh.items():
            with _told(out):
                if len(fresh) > 1 and out.exists():
                    out.replace(_parked(out))
                new.replace(out)
                made.append(out)
    except BaseException:
        for out in fresh:
            if _parked(out).exists():
                _parked(out).replace(out)
            elif out in made and len(fresh) > 1:
                out.unlink()
        raise
    for out in fresh:
        _parked(out).unlink(missing_ok=True)


def _new(out: Path) -> str:
    return f".{out.name}.fugai-new-"


def _parked(out: Path) -> Path:
    return out.with_name(f".{out.name}.fugai-old")


def _prepare(out: Path, alone: bool) -> None:
    """Mend what a killed run has left (where no other run can be at it), and refuse a target that is no folder of ours."""
    parked = _parked(out)
    if alone and parked.exists() and not out.exists():
        parked.rename(out)  # killed between the two renames
    elif alone and parked.exists():
        shutil.rmtree(parked)  # killed while clearing away the older output
    for stale in [one for one in out.parent.iterdir() if alone and one.name.startswith(_new(out))]:
        shutil.rmtree(stale, ignore_errors=True)
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise _refuse(out, Text("不是文件夹", "is not a folder"), Text("换一个输出文件夹", "choose another folder"))
    if out.is_dir() and any(out.iterdir()) and _made_before(out) is None:
        raise _refuse(
            out,
            Text("文件夹里已有别的文件，不覆盖", "the folder holds other files and is left alone"),
            Text("换一个新的或空的输出文件夹", "choose a new or an empty folder"),
        )


def _made_before(out: Path) -> Mapping[str, str] | None:
    """Return the SHA-256 by name of the files that our last run made in `out`, by its manifest; None if there is none."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        if manifest["tool"] != "fugai":
            return None
        return {str(one["file"]): str(one["sha256"]) for one in manifest["outputs"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(out: Path, new: Path) -> None:
    """Carry over what people have put beside our files, and what they have written into them."""
    made = _made_before(out) or {}
    for path in sorted(out.iterdir()):
        if path.name == MANIFEST or path.name.startswith("~$"):
            continue
        if path.name not in made:
            if path.is_dir() and not path.is_symlink():
                shutil.copytree(path, new / path.name, symlinks=True)
            elif not (new / path.name).exists():
                shutil.copy2(path, new / path.name, follow_symlinks=False)
        elif sha256(path.read_bytes()).hexdigest() != made[path.name]:
            shutil.copy2(path, _free_name(new, path))


def keep_beside(path: Path) -> Path:
    """Copy a file that somebody has changed to a name of its own beside it, and return that."""
    kept = _free_name(path.parent, path)
    with _told(path):
        shutil.copy2(path, kept)
    return kept


def _free_name(new: Path, path: Path) -> Path:
    """Return a name for a changed file that is taken neither in the new folder nor in the old."""
    number = 1
    while True:
        mark = _KEPT if number == 1 else f"{_KEPT}{number}"
        name = f"{path.stem}{mark}{path.suffix}"
        if not (new / name).exists() and not path.with_name(name).exists():
            return new / name
        number += 1


def _sync(folder: Path) -> None:
    """Flush every file, and the folder itself where the system can, before the new output takes the old one's place."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            _flush(path)
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _swap(out: Path, new: Path) -> None:
    """Put `new` in the place of `out`; a kill between the two renames is mended by the next run."""
    parked = _parked(out)
    try:
        if out.exists():
            out.rename(parked)
        new.rename(out)
    except BaseException:
        if parked.exists() and not out.exists():
            parked.rename(out)
        raise
    shutil.rmtree(parked, ignore_errors=True)
