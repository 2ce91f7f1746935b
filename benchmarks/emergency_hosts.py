"""`fugai plan emergency` with made hosts by the hundred or thousand: CPU seconds of the whole command, and its answers."""

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np

from benchmarks.siting_cover import timed

Say = Callable[..., None]


def with_hosts(folder: Path, out: Path, count: int, seed: int = 0) -> None:
    """Copy a folder of facts, with so many made township hospitals more, each within some km of a village."""
    shutil.copytree(folder, out, dirs_exist_ok=True)
    rng = np.random.default_rng(seed)
    with (folder / "villages.csv").open(encoding="utf-8-sig", newline="") as file:
        villages = [one for one in csv.DictReader(file) if one["lon"]]
    with (out / "facilities.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), list(reader.fieldnames or ())
    for at in range(count):
        near = villages[rng.integers(len(villages))]
        lon, lat = (round(float(near[name]) + rng.uniform(-0.03, 0.03), 6) for name in ("lon", "lat"))
        made = {"id": f"MADE{at:05d}", "name": f"虚拟机构{at}", "kind": "township_hospital", "status": "open",
                "lon": lon, "lat": lat, "source": "测试用，虚构", "estimated": True}  # fmt: skip
        rows.append({**dict.fromkeys(names, ""), **made})
    with (out / "facilities.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def row(say: Say, city: str, count: int, more: tuple[str, ...]) -> None:
    """Say one row: the command in a process of its own, as a planner runs it."""
    with tempfile.TemporaryDirectory() as name:
        with_hosts(Path(str(files("geodata.samples"))) / city, Path(name) / "data", count)
        asked = [sys.executable, "-m", "scenarios", "plan", "emergency", f"{name}/data", "--out", f"{name}/out", *more]
        spent, done = timed(lambda: subprocess.run(asked, capture_output=True, text=True, check=False))  # noqa: S603
        first = (done.stdout.splitlines() or [done.stderr.strip()])[0]
        say(f"| {city} | {count:,} | {' '.join(more) or '—'} | {done.returncode} | {spent:.3g} | {first} |")


def run(say: Say, quick: bool = False) -> None:
    """Say the table."""
    say(
        "\n### plan emergency：虚构的候选机构\n\n| 城市 | 机构 | 选项 | 退出码 | CPU 秒 | 第一行 |\n|---|---:|---|---:|---:|---|"
    )
    for count in (0, 342) if quick else (0, 342, 3420):
        for more in (("--grid", "0"), ()):
            row(say, "suining", count, more)


if __name__ == "__main__":
    run(print)
