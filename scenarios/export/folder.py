"""An output folder that is written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from planner.errors import OptionError, Problem, Text

MANIFEST = "manifest.json"


def _refuse(out: Path, what: Text, fix: Text) -> OptionError:
    return OptionError(Problem(str(out), what, fix))


def _check(out: Path) -> None:
    """Refuse a target that is a file, or a folder with somebody's files that no run of ours has made."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise _refuse(out, Text("不是文件夹", "is not a folder"), Text("换一个输出文件夹", "choose another folder"))
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise _refuse(
            out,
            Text("文件夹里已有别的文件，不覆盖", "the folder holds other files and is left alone"),
            Text("换一个新的或空的输出文件夹", "choose a new or an empty folder"),
        )


def _parked(out: Path) -> Path:
    return out.with_name(f".{out.name}.fugai-old")


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())


def _keep_notes(out: Path, new: Path, made: frozenset[str]) -> None:
    """Carry over what people have put beside our files: anything that the last run did not make."""
    for path in sorted(out.iterdir()):
        if path.name not in made and not (new / path.name).exists():
            if path.is_dir():
                shutil.copytree(path, new / path.name)
            else:
                shutil.copy2(path, new / path.name)


def _swap(out: Path, new: Path) -> None:
    """Put `new` in the place of `out`; a kill between the two renames is mended by the next run."""
    parked = _parked(out)
    try:
        if out.exists():
            out.rename(parked)
        new.rename(out)
    except BaseException as error:
        if parked.exists() and not out.exists():
            parked.rename(out)
        if isinstance(error, PermissionError):
            raise _refuse(
                out,
                Text("输出文件正被别的程序打开", "an output file is open in another program"),
                Text("关闭 Excel、QGIS 等后重试；原有结果未改动", "close it and run again; nothing was changed"),
            ) from error
        raise
    shutil.rmtree(parked, ignore_errors=True)


@contextmanager
def whole_folder(out: Path, made_before: frozenset[str]) -> Iterator[Path]:
    """Yield an empty folder to write into; on leaving it becomes `out`, on any exception `out` stays as it was.

    `made_before` are the names that the last run made: everything else in `out` is carried over untouched.
    """
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if _parked(out).exists() and not out.exists():
            _parked(out).rename(out)
        _check(out)
        new = Path(tempfile.mkdtemp(prefix=f".{out.name}.fugai-new-", dir=out.parent))
    except OSError as error:
        raise _refuse(
            out,
            Text("不能写入这个位置", "cannot write there"),
            Text("检查路径和权限", "check the path and its permissions"),
        ) from error
    try:
        new.chmod(0o755)
        yield new
        _sync(new)
        if out.is_dir():
            _keep_notes(out, new, made_before)
        _swap(out, new)
    finally:
        with suppress(OSError):
            shutil.rmtree(new, ignore_errors=True)
