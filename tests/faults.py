"""Let one thing fail in the midst of a command: an opening, renaming or flush, a write past so many bytes, an allocation.

    python -m tests.faults 600          # seconds; every command, every kind of fault, at places drawn at random

`make test` tries a few of each (test_faults.py). After a fault a command has returned 2 without a stack, and what stood
there stands there yet (or the new output does, whole): nothing is half-written, and nothing is left behind.
"""

import errno
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

from scenarios.cli.program import main
from tests import tiny
from tests.test_residents import tiny_raster

ROOT = Path(__file__).parent.parent
_OURS = tuple(str(ROOT / one) + os.sep for one in ("planner", "geodata", "maps", "scenarios"))
_NOT_LEFT = {"language_of", "_unlocked", "_unforeseen", "main", "_caught", "say", "printable"}
"""What runs before a command, or after the fault: to take a lock away and to tell of it."""
_PLAN = """name: 分期
edits:
  - {upgrade: TH2}
  - {upgrade: TH1}
"""
_SYSTEM = (errno.ENOSPC, errno.EACCES, errno.EIO)
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "assess": ("assess", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "run": ("run", "{in}/plan.yaml", "--data", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "compare": ("compare", "baseline", "{in}/plan.yaml", "--data", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "phases": ("phases", "{in}/plan.yaml", "--data", "{data}", "--rules", "panzhihua_2023", "--per-year", "1", "--out", "{out}/o"),
    "robust": ("robust", "baseline", "--data", "{data}", "--rules", "panzhihua_2023", "--draws", "2", "--out", "{out}/o"),
    "plan rural": ("plan", "rural", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "plan centers": ("plan", "centers", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "plan subcenters": ("plan", "subcenters", "{data}", "--rules", "panzhihua_2023", "--limit", "5km,10km", "-p", "1-2", "--out", "{out}/o"),
    "plan emergency": ("plan", "emergency", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/o"),
    "whatif": ("whatif", "{data}", "--rules", "panzhihua_2023", "--out", "{out}/w.html"),
    "clauses": ("clauses", "{data}", "--out", "{out}/o"),
    "template": ("template", "{out}/o"),
    "schema": ("schema", "--out", "{out}/s.json"),
    "reach": ("reach", "--demand", "{data}/villages.csv", "--facilities", "{data}/facilities.csv", "--limit", "5km", "--out", "{out}/p.csv",
              "--list", "{out}/l.csv", "--areas", "{out}/a.geojson", "--map", "{out}/m.html"),
    "reach parquet": ("reach", "--demand", "{data}/villages.csv", "--facilities", "{data}/facilities.csv", "--limit", "5km", "--out", "{out}/p.parquet"),
    "site": ("site", "--demand", "{in}/d.csv", "--facilities", "{in}/f.csv", "--model", "mclp", "-p", "2", "--limit", "5km",
             "--out", "{out}/s.csv"),
    "site xlsx": ("site", "--demand", "{in}/d.csv", "--facilities", "{in}/f.csv", "--model", "p-median", "-p", "2",
                  "--out", "{out}/s.xlsx"),
    "residents": ("residents", "{in}/people.tif", "--towns", "{data}/towns.geojson", "--out", "{out}/r.gpkg"),
}  # fmt: skip
QUICK = ("phases", "whatif", "template", "schema", "reach", "reach parquet", "site", "site xlsx", "residents")
"""Commands of less than a second of the made city; the others write by the same functions."""
_REFUSES_OLD = {"template"}
"""Commands that write into nothing that stands there already."""


@dataclass(frozen=True)
class Fault:
    """The n-th event of a kind fails. kind: "system" (open to write, make, rename), "flush", "bytes" (n: file size), "memory"."""

    kind: str
    number: int


class _Injector:
    """Counts the events while it is on, and lets the one fail that was asked for."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.seen = 0
        self.on = False
        self.folder = ""
        self.fsync = os.fsync
        sys.addaudithook(self._audit)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or self.fault is None or self.fault.kind != "system":
            return
        writes = event == "open" and isinstance(args[0], str) and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)  # fmt: skip
        if not (writes or event in ("os.rename", "os.mkdir")) or not str(args[0]).startswith(self.folder):
            return
        self._event(OSError(_SYSTEM[self.fault.number % 3], os.strerror(_SYSTEM[self.fault.number % 3]), str(args[0])))

    def _event(self, error: Exception) -> None:
        self.seen += 1
        if self.fault is not None and self.seen == self.fault.number:
            raise error

    def _flush(self, handle: int) -> None:
        self._event(OSError(errno.EIO, "Input/output error"))
        self.fsync(handle)

    def _call(self, frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(_OURS) and frame.f_code.co_name not in _NOT_LEFT:
            self._event(MemoryError("injected"))

    @contextmanager
    def injected(self, fault: Fault, folder: Path) -> Iterator[None]:
        self.fault, self.seen, self.folder = fault, 0, str(folder)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        if fault.kind == "flush":
            os.fsync = self._flush
        elif fault.kind == "bytes" and fault.number:
            resource.setrlimit(resource.RLIMIT_FSIZE, (fault.number, hard))
        elif fault.kind == "memory":
            sys.setprofile(self._call)
        self.on = True
        try:
            yield
        finally:
            self.on = False
            sys.setprofile(None)
            os.fsync = self.fsync
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


_INJECTOR = _Injector()


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of every file below the folder, and "" for every folder."""
    return {
        str(one.relative_to(folder)): sha256(one.read_bytes()).hexdigest() if one.is_file() else ""
        for one in sorted(folder.rglob("*"))
    }


class Bench:
    """A place to run commands in: what they read, what stood there before, and what they write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.inputs, self.out = tiny.write_with_roads(folder / "data"), folder / "in", folder / "out"
        for one in (self.inputs, folder / "log"):
            one.mkdir()
        (self.inputs / "plan.yaml").write_text(_PLAN, "utf-8")
        tiny.villages().rename(columns={"code": "id"}).to_csv(self.inputs / "d.csv", index=False)
        tiny.facilities()[["id", "name", "lon", "lat"]].to_csv(self.inputs / "f.csv", index=False)
        tiny_raster(self.inputs / "people.tif")
        self.good: dict[str, dict[str, str]] = {}

    def words(self, command: str) -> list[str]:
        places = {"data": str(self.data), "in": str(self.inputs), "out": str(self.out)}
        return [one.format_map(places) for one in COMMANDS[command]]

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit code and what was said, with the stack of what should have been caught."""
        said = StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            try:
                code = main(self.words(command))
            except BaseException:
                code = -1
                traceback.print_exc(file=said)
        return code, said.getvalue()

    def prepare(self, command: str) -> dict[str, str]:
        """Put what stood there before; return its tree."""
        kept = self.folder / f"kept {command}"
        if command not in self.good:
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir()
            code, said = self.run(command)
            assert code == 0, (command, said)
            self.good[command] = tree(self.out)
            kept.mkdir()
            if command not in _REFUSES_OLD:
                shutil.copytree(self.out, kept, dirs_exist_ok=True)
                for file in kept.iterdir():  # what stood there is another's, so that old and new can be told apart
                    note = file / "批注.txt" if file.is_dir() else file
                    note.write_text("旧", "utf-8")
        shutil.rmtree(self.out)
        shutil.copytree(kept, self.out)
        return tree(self.out)

    def count(self, command: str, kind: str) -> int:
        """Return how many events of the kind a run has, or for bytes the size of its largest file."""
        self.prepare(command)
        with _INJECTOR.injected(Fault(kind, 0), self.folder):
            self.run(command)
        return max(one.stat().st_size for one in self.out.rglob("*") if one.is_file()) if kind == "bytes" else _INJECTOR.seen  # fmt: skip

    def wrong(self, command: str, fault: Fault) -> str:
        """Return what is wrong after this fault, "" where nothing is."""
        before = self.prepare(command)
        with _INJECTOR.injected(fault, self.folder):
            code, said = self.run(command)
        after = tree(self.out)
        whole = {name: one for name, one in after.items() if not name.endswith("批注.txt")}
        if code == -1 or "Traceback" in said:
            return f"a stack: {said[-600:]}"
        if code not in (0, 2):
            return f"exit code {code}: {said[-300:]}"
        if code == 2 and not said.strip():
            return "nothing is said"
        if after != before and whole != self.good[command]:
            odd = sorted({*after.items()} ^ {*before.items()})
            return f"exit code {code}, and neither the old nor the new: {[name for name, _ in odd][:8]}: {said[-300:]}"
        return "" if code == 2 or whole == self.good[command] else "exit code 0 without the output"


KINDS = ("system", "flush", "bytes", "memory")


def sweep(seconds: float, seed: int = 1) -> int:
    """Inject for so many seconds; print the counts; return 1 where something was wrong."""
    chance, runs, found, end = random.Random(seed), Counter[str](), [], time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fugai-faults-") as folder:
        bench, events = Bench(Path(folder)), dict[tuple[str, str], int]()
        tempfile.tempdir = str(Path(folder) / "log")
        turns = [*COMMANDS, *(one for one in COMMANDS if one in QUICK for _ in range(4))]
        while time.monotonic() < end:
            command, kind = chance.choice(turns), chance.choice(KINDS)
            if (command, kind) not in events:
                events[command, kind] = bench.count(command, kind)
            if not events[command, kind]:
                continue
            fault = Fault(kind, chance.randint(1, events[command, kind]))
            runs[f"{command}: {kind}"] += 1
            if wrong := bench.wrong(command, fault):
                found.append(f"{command} {fault}: {wrong}")
                print("FOUND", found[-1], flush=True)
        tempfile.tempdir = None
    print(f"{sum(runs.values())} faults injected, {len(found)} found")
    for name, count in sorted(runs.items()):
        print(f"  {name}: {count} (of {events[tuple(name.split(': '))]})")  # type: ignore[index]
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(sweep(float(sys.argv[1]) if len(sys.argv) > 1 else 600, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
