"""An output folder that is written whole or not at all, and that keeps what people have put or changed in it."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from planner.errors import OptionError, Problem, Text

MANIFEST = "manifest.json"
_KEPT = "（人工修改）"
_STALE_S = 24 * 3600


def _refuse(out: Path, what: Text, fix: Text, found: str = "") -> OptionError:
    return OptionError(Problem(str(out), what, fix, found=found))


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; on leaving it becomes `out`, on any exception `out` stays as it was.

    Files in `out` that the last run did not make are carried over; those it made and somebody has changed since are
    kept beside the new ones, as "name（人工修改）". OptionError when `out` holds no output of ours or cannot be written.
    """
    out = out.absolute()
    try:
        _prepare(out)
        new = Path(tempfile.mkdtemp(prefix=f".{out.name}.fugai-new-", dir=out.parent))
        new.chmod(0o755)
    except OSError as error:
        fix = Text("检查路径和权限", "check the path and its permissions")
        raise _refuse(out, Text("不能写入这个位置", "cannot write there"), fix, error.strerror or "") from error
    try:
        yield new
        if out.is_dir():
            _keep(out, new)
        _sync(new)
        _swap(out, new)
    except PermissionError as error:
        what = Text(
            "输出文件正被别的程序打开，或没有权限", "an output file is open in another program, or not permitted"
        )
        fix = Text("关闭 Excel、QGIS 等后重试；原有结果未改动", "close it and run again; nothing was changed")
        raise _refuse(out, what, fix) from error
    except OSError as error:
        fix = Text("检查磁盘空间和文件名；原有结果未改动", "check disk space and names; nothing was changed")
        raise _refuse(out, Text("写不进去", "cannot be written"), fix, error.strerror or "") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _parked(out: Path) -> Path:
    return out.with_name(f".{out.name}.fugai-old")


def _prepare(out: Path) -> None:
    """Mend what a killed run has left, and refuse a target that is no folder of ours."""
    if not out.name:
        raise _refuse(
            out, Text("不能作输出文件夹", "cannot be the output"), Text("换一个文件夹", "choose another folder")
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    parked = _parked(out)
    if parked.exists() and not out.exists():
        parked.rename(out)  # killed between the two renames
    elif parked.exists():
        shutil.rmtree(parked)  # killed while clearing away the older output
    for stale in out.parent.glob(f".{out.name}.fugai-new-*"):
        if time.time() - stale.stat().st_mtime > _STALE_S:
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
    except (OSError, ValueError, KeyError, TypeError):
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
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


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
