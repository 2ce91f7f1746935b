"""Freeze what every command writes and says, so that a change that only moves code is proven to change nothing.

    python -m tests.frozen write FILE      # run all, keep a hash of each output and of each terminal text
    python -m tests.frozen check FILE      # run all again, name what differs (exit code 1)
    python -m tests.frozen check FILE assess plan   # those whose name begins so

Outside `make test`: it takes minutes. Each command runs in a folder of its own, called by the same relative names in every
run; how long something took is masked, nothing else.
"""

import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from scenarios.cli.program import main as fugai
from tests import tiny

SAMPLES = Path(__file__).parents[1] / "geodata" / "samples"
RULES = {"panzhihua": "panzhihua_2023", "suining": "suining_2024", "yaan": "yaan_2022"}
ODD = {
    "nothing.yaml": "name: 什么也不改\n",
    "numbers.yaml": "name: 改半径\noverrides:\n  - {rule: emergency_urban, params: {radius_km: 3}}\n",
    "people.yaml": "name: 人口变化\npopulation: {year: 2030, factors: {others: 1.1}}\n",
    "edits.yaml": "name: 几样改动\nedits:\n  - close: VC1\n  - upgrade: TH2\n  - change: TH1\n    set: {beds: 40}\n"
    "  - open: {id: S2, kind: emergency_station, name: 二站, lon: 101.66, lat: 26.66}\n",
    "unknown.yaml": "name: 不认识的机构\nedits:\n  - close: NOBODY\n",
    "empty.yaml": "name: 空\noverrides:\n  - {rule: emergency_urban, params: {}}\n",
}
_TIMES = re.compile('"seconds": ?[0-9.e-]+|[0-9.]+ ?(秒|s\\b|seconds)'.encode())


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield (name, words) of every command; `out` in the words is its own folder."""
    for city, rules in RULES.items():
        data = f"data/{city}"
        yield f"check {city}", ["check", data]
        yield f"assess {city}", ["assess", data, "--rules", rules, "--out", "out"]
        for what in ("emergency", "subcenters", "centers", "rural"):
            yield f"plan {what} {city}", ["plan", what, data, "--rules", rules, "--out", "out"]
        yield f"roads info {city}", ["roads", "info", f"{data}/roads.geojson"]
    for city in ("tiny", "tiny-roads"):
        data = ["--data", f"data/{city}", "--rules", "panzhihua_2023", "--out", "out"]
        for file in ODD:
            yield f"run {city} {file}", ["run", f"odd/{file}", *data]
        for what in ("emergency", "subcenters", "centers", "rural"):
            words = ["plan", what, f"data/{city}", "--rules", "panzhihua_2023", "--out", "out"]
            yield f"plan {what} {city}", words
            yield f"plan {what} {city} en", [*words, "--lang", "en"]
        yield f"compare {city}", ["compare", "baseline", "odd/edits.yaml", "odd/numbers.yaml", "odd/people.yaml", *data]
        yield f"robust {city}", ["robust", "odd/edits.yaml", "--draws", "12", *data]
        yield (
            f"assess {city} en",
            ["assess", f"data/{city}", "--rules", "panzhihua_2023", "--out", "out", "--lang", "en"],
        )
        yield f"check {city} out", ["check", f"data/{city}", "--out", "out"]
    yield from _of_sample()
    yield from _of_points()
    yield "template", ["template", "out"]
    yield "schema", ["schema"]
    yield "help", ["--help"]
    for word in ("check", "assess", "run", "compare", "phases", "robust", "template", "reach", "site", "residents"):
        yield f"help {word}", [word, "--help"]
        yield f"help {word} en", [word, "--help", "--lang", "en"]


def _of_sample() -> Iterator[tuple[str, list[str]]]:
    data = ["--data", "data/panzhihua", "--out", "out"]
    timed = ["--speeds", "odd/speeds.csv", "--minutes", "30"]
    yield "assess by time", ["assess", "data/panzhihua", "--rules", "panzhihua_2023", "--out", "out", *timed]
    yield (
        "plan subcenters p5",
        ["plan", "subcenters", "data/panzhihua", "-p", "5", "--out", "out", "--rules", "panzhihua_2023"],
    )
    yield "compare sample", ["compare", "baseline", "odd/sample.yaml", *data]
    yield "run sample", ["run", "odd/sample.yaml", *data]
    yield "robust sample", ["robust", "baseline", "-p", "5", "--draws", "4", "--rules", "panzhihua_2023", *data]
    yield "phases sample", ["phases", "odd/phases.yaml", "--per-year", "1", *data]
    yield "phases dear", ["phases", "odd/phases.yaml", "--budget", "1", *data]


def _of_points() -> Iterator[tuple[str, list[str]]]:
    lists = ["--demand", "data/demand.csv", "--facilities", "data/facilities.csv"]
    roads = ["--roads", "data/tiny-roads/roads.geojson"]
    for name, more in {"straight": ["--limit", "5km"], "roads": ["--limit", "8km", *roads], "friction": []}.items():
        if more:
            yield f"reach {name}", ["reach", *lists, *more, "--out", "out/o.csv", "--list", "out/l.csv"]
    for model, more in {
        "lscp": ["--limit", "5km"], "mclp": ["--limit", "5km", "-p", "2"], "backup": ["--limit", "5km", "-p", "2"],
        "p-median": ["-p", "2"], "p-center": ["-p", "2"], "capacitated": ["-p", "2", "--split"],
    }.items():  # fmt: skip
        yield f"site {model}", ["site", "--model", model, *lists, *more, "--json"]
        yield f"site {model} text", ["site", "--model", model, *lists, *more, "--lang", "en"]
    yield "site impossible", ["site", "--model", "lscp", *lists, "--limit", "10m"]


def prepare(folder: Path) -> None:
    """Write what the commands read."""
    data, odd = folder / "data", folder / "odd"
    odd.mkdir(parents=True)
    for city in RULES:
        shutil.copytree(SAMPLES / city, data / city)
    tiny.write(data / "tiny")
    tiny.write_with_roads(data / "tiny-roads")
    for name, text in ODD.items():
        (odd / name).write_text(text, "utf-8")
    speeds = "road_class,speed_kmh\nmotorway,90\ntrunk,60\nprimary,50\nsecondary,40\ntertiary,30\nunclassified,25\nresidential,20\n"
    (odd / "speeds.csv").write_text(speeds, "utf-8")
    _sample_scenarios(odd)
    people = [(f"D{at}", 101.6 + at % 7 * 0.02, 26.5 + at // 7 * 0.02, 100 + at * 37) for at in range(40)]
    lines = [",".join(map(str, one)) for one in [("id", "lon", "lat", "population"), *people]]
    (data / "demand.csv").write_text("\n".join(lines) + "\n", "utf-8")
    sites = [(f"F{at}", 101.61 + at % 4 * 0.04, 26.51 + at // 4 * 0.03, 20_000) for at in range(12)]
    lines = [",".join(map(str, one)) for one in [("id", "lon", "lat", "capacity"), *sites]]
    (data / "facilities.csv").write_text("\n".join(lines) + "\n", "utf-8")


def _sample_scenarios(odd: Path) -> None:
    rows = [line.split(",") for line in (SAMPLES / "panzhihua" / "facilities.csv").read_text("utf-8-sig").splitlines()]
    at = rows[0].index("kind")
    stations = [row[0] for row in rows[1:] if row[at] == "emergency_station"]
    towns = [row[0] for row in rows[1:] if row[at] == "township_hospital"]
    head = "name: {}\nrules: panzhihua_2023\nedits:\n"
    opened = "  - open: {id: NEW, kind: emergency_station, name: 新站, lon: 101.72, lat: 26.6}\n"
    (odd / "sample.yaml").write_text(head.format("停一处、设一处") + f"  - close: {stations[0]}\n{opened}", "utf-8")
    edits = "".join(f"  - upgrade: {one}\n    cost: {cost}\n" for cost, one in enumerate(towns[8:12], 1))
    (odd / "phases.yaml").write_text(head.format("分期") + edits, "utf-8")


def run(wanted: list[str]) -> dict[str, str]:
    """Return the hash of each output and each text by "command: file"."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        prepare(root)
        for name, words in commands():
            if wanted and not any(name.startswith(one) for one in wanted):
                continue
            shutil.rmtree(root / "out", ignore_errors=True)
            if words[0] == "reach":
                (root / "out").mkdir()
            said = io.StringIO()
            with chdir(root), redirect_stdout(said), redirect_stderr(said):
                code = _code(words)
            text = said.getvalue().replace(str(root), "ROOT")
            found[f"{name}: text"] = _hash(f"{code}\n{text}".encode())
            found |= {
                f"{name}: {file.relative_to(root / 'out')}": _hash(file.read_bytes()) for file in _files(root / "out")
            }
            print(name, code, file=sys.stderr)
    return found


def _code(words: list[str]) -> object:
    try:
        return fugai(list(words))
    except SystemExit as end:  # of --help
        return end.code


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def _hash(data: bytes) -> str:
    return hashlib.sha256(_TIMES.sub(b"TIME", data)).hexdigest()[:16]


def main(words: list[str]) -> int:
    """Write or check; return the exit code."""
    how, path, wanted = words[0], Path(words[1]), words[2:]
    os.environ["COLUMNS"] = "120"
    now = run(wanted)
    if how == "write":
        path.write_text(json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
        print(f"{len(now)} hashes")
        return 0
    before = json.loads(path.read_text("utf-8"))
    if wanted:
        before = {name: one for name, one in before.items() if any(name.startswith(word) for word in wanted)}
    differ = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    print("\n".join([*differ, f"{len(now) - len(differ)} of {len(before)} alike"]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
