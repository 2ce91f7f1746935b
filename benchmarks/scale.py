"""Every command on made cities of three sizes, each in a process of its own: CPU, peak memory, bytes written, growth.

Rows that lose stay and are marked: over the target, without an answer, or stopped. `reach` of lists is in reach.py.
"""

import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.city import Size, write_city

Say = Callable[..., None]
SIZES = (Size(50, 10_000, 10_000), Size(100, 100_000, 100_000), Size(500, 100_000, 500_000))
_TARGET_S = 60.0
_TARGETS: Mapping[str, float] = {"robust，200 次": 600.0}
_TARGET_MB = 2_000.0
_PATIENCE = 900
"""Whatever takes more seconds than that is stopped, and told as stopped."""
_RULES = "panzhihua_2023"
_SCENARIO = """name: 停一处、设一处
rules: panzhihua_2023
edits:
  - close: {closed}
  - open: {{id: NEW, kind: emergency_station, name: 新站, lon: 101.2, lat: 26.2}}
"""


@dataclass(frozen=True)
class Taken:
    """What one command took: CPU seconds with its children, the peak of the largest process in MB, MB written, how it ended."""

    seconds: float
    peak_mb: float
    written_mb: float
    ended: str


def commands(city: Path, draws: int) -> dict[str, list[str]]:
    """Return every command by its name; `OUT` is where it writes."""
    data, rules = str(city), ["--rules", _RULES]
    told = ["--data", data, "--out", "OUT"]
    scenario = str(city / "scenario.yaml")
    return {
        "check": ["check", data, "--out", "OUT"],
        "assess": ["assess", data, *rules, "--out", "OUT"],
        "run": ["run", scenario, *told],
        "compare": ["compare", "baseline", scenario, *rules, *told],
        "plan subcenters，5–8 个": ["plan", "subcenters", data, *rules, "-p", "5-8", "--out", "OUT"],
        "plan emergency": ["plan", "emergency", data, *rules, "--out", "OUT"],
        "plan centers": ["plan", "centers", data, *rules, "--out", "OUT"],
        "plan rural": ["plan", "rural", data, *rules, "--out", "OUT"],
        f"robust，{draws} 次": ["robust", scenario, "--draws", str(draws), *rules, *told],
    }


def taken(words: list[str], folder: Path) -> Taken:
    """Run one command in a new Python and return what it took."""
    out = folder / "out"
    with (folder / "said.txt").open("w", encoding="utf-8") as said:
        place = [str(out) if word == "OUT" else word for word in words]
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "scenarios", *place], stdout=said, stderr=said, start_new_session=True
        )
        ends, stopped = time.monotonic() + _PATIENCE, False
        while True:
            done, status, used = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > ends and not stopped:
                stopped = True
                os.killpg(child.pid, signal.SIGKILL)
            time.sleep(0.05)
    code = os.waitstatus_to_exitcode(status)
    child.returncode = code
    written = sum(one.stat().st_size for one in out.rglob("*") if one.is_file()) if out.exists() else 0
    ended = f"停止（{_PATIENCE} 秒）" if stopped else "" if code == 0 else f"没有答案（退出码 {code}）"
    return Taken(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, written / 1e6, ended)


def run(say: Say, *, quick: bool) -> None:
    """Make each city, ask everything of it, and say one table a size."""
    sizes, draws = (SIZES[:1], 20) if quick else (SIZES, 200)
    say("# 规模：虚构市上的每一条命令")
    say()
    say("每条命令在新进程里运行，含启动、读数、写出。CPU 秒含子进程；内存是进程峰值（操作系统所计）；超出目标的标出。")
    say(f"种子 0。{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}。")
    before: dict[str, Taken] = {}
    last: Size | None = None
    for size in sizes:
        say()
        say(f"### {size.label}")
        say()
        say("| 命令 | CPU（秒） | 比上一级 | 峰值内存（MB） | 写出（MB） | 目标 | 说明 |")
        say("|---|---:|---:|---:|---:|---|---|")
        with tempfile.TemporaryDirectory() as place:
            before = _table(say, Path(place), size, draws, before)
        if last is not None:
            say()
            say(f"居民点是上一级的 {size.points / last.points:.3g} 倍，路口 {size.nodes / last.nodes:.3g} 倍。")
        last = size


def _table(say: Say, place: Path, size: Size, draws: int, before: Mapping[str, Taken]) -> dict[str, Taken]:
    """Say the rows of one size and return what they took."""
    city = write_city(place / "city", size)
    station = next(
        line.split(",")[0] for line in (city / "facilities.csv").read_text("utf-8-sig").splitlines() if line[0] == "E"
    )
    (city / "scenario.yaml").write_text(_SCENARIO.format(closed=station), encoding="utf-8", newline="\n")
    found: dict[str, Taken] = {}
    for at, (name, words) in enumerate(commands(city, draws).items()):
        (place / str(at)).mkdir()
        one = found[name] = taken(words, place / str(at))
        growth = f"{one.seconds / before[name].seconds:.1f}" if name in before else ""
        say(
            f"| {name} | {one.seconds:.1f} | {growth} | {one.peak_mb:,.0f} | {one.written_mb:.1f} | {_judged(name, one)} | {one.ended} |"
        )
    return found


def _judged(name: str, one: Taken) -> str:
    """Return the target, and whether it was kept."""
    most = _TARGETS.get(name, _TARGET_S)
    kept = not one.ended and one.seconds <= most and one.peak_mb <= _TARGET_MB
    return f"≤ {most:.0f} 秒、{_TARGET_MB / 1000:.0f} GB，{'达到' if kept else '**没有达到**'}"
