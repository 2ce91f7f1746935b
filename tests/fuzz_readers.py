"""Feed broken files and options to every reader: each answers, or says what is wrong; nothing else comes out.

    python -m tests.fuzz_readers 600            # seconds; with atheris where it is installed, guided by coverage

Outside `make test`. Prints the runs by reader and every kind of error that is no FugaiError (exit code 1 if there is one).
"""

import os
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import openpyxl

try:
    import atheris
except ImportError:
    atheris = None

if atheris is not None:
    with atheris.instrument_imports(include=["geodata", "planner", "scenarios"]):
        import scenarios.files
        import scenarios.site_files  # noqa: F401

from geodata.columns import Notes, canonical
from geodata.files import read
from geodata.load import load
from geodata.points import DEMAND, read_points
from geodata.roads import read_area, read_speeds
from planner.errors import FugaiError
from planner.limits import read_limit
from planner.measures import FUNCTIONS
from planner.rules import load_rules, standard_text
from planner.schema import FACILITIES, TOWNS, VILLAGES
from scenarios.cli import program
from scenarios.export.folder import _made_before
from scenarios.files import read_scenario
from scenarios.site_files import read_costs, read_ids, read_quotas
from tests import tiny

FOLDER = Path(tempfile.mkdtemp(prefix="fugai-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
RUNS: Counter[str] = Counter()
FOUND: Counter[str] = Counter()
_SCENARIO = """name: 一
base: other.yaml
edits:
  - {upgrade: TH1, to: community_health_center, cost: 3, year: 2026, reason: x}
  - open: {id: N1, name: 新站, kind: emergency_station, lon: 101.7, lat: 26.6}
  - {close: "TH;2"}
overrides:
  - {rule: emergency_urban, params: {radius_km: 4}}
population: {factors: {510402: 1.1, others: 1}}
service_areas:
  - {centers: [CHC1], communities: ["510402001001"]}
questions:
  - {plan: subcenters, p: 2, limit: 30min, forced: [A], quotas: {"510402": {at_least: 1}}}
roads: {delay: 2min, minutes: 20, speeds: {primary: 40}, closed: ["8801"]}
"""
_MARKS = [b"=1+1", b"\r", b"\n", b"\x00", b'"', b",", b"\t", b"\xff\xfe", b"1e999", b"9" * 400, b"NaN", b"-1", b"inf", b"[" * 2000, b"{",
          b"}", b"&a", b"*a", b"!!x", b": ", b"- ", b"null", b"~", "\uff1a\uff0c＝".encode(), "万".encode(), b"\xef\xbb\xbf", b"0x1F", b"1_0", b"2023-13-45",
          b"12:30:45", b".inf", b"../../x", b"<<", b"? ", b"|", b">", b"#", b"%", b"@", b"'", b'{"type":', b"1.7976931348623157e308",
          b"XFD1048576", b"<c r=", b"\xd5\xe3", b"180.0001", b"1e-320"]  # fmt: skip


def _write(name: str, data: bytes) -> Path:
    path = FOLDER / name
    path.write_bytes(data)
    return path


def _table(data: bytes) -> None:
    canonical(read(_write("villages.csv", data), VILLAGES), VILLAGES, Notes())


def _facilities(data: bytes) -> None:
    canonical(read(_write("facilities.csv", data), FACILITIES), FACILITIES, Notes())


def _sheet(data: bytes) -> None:
    path = FOLDER / "villages.xlsx"
    with zipfile.ZipFile(_BOOK) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name == "xl/worksheets/sheet1.xml" else old.read(name))
    canonical(read(path, VILLAGES), VILLAGES, Notes())


def _rules(data: bytes) -> None:
    load_rules(str(_write("r.yaml", data)), FUNCTIONS)


def _options(data: bytes) -> None:
    words = data.decode("utf-8", "replace").split("\n")
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            program.main([*words, "--debug"])  # so that an error comes out
        except SystemExit:
            return


def _text(read_text: Callable[[str], object]) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        try:
            read_text(data.decode("utf-8", "replace"))
        except ValueError as error:
            if type(error) is not ValueError or not str(error):
                raise

    return target


_BOOK = FOLDER / "seed.xlsx"


def _seeds() -> dict[str, bytes]:
    """Return, by name of reader, a good input."""
    book = openpyxl.Workbook()
    for row in [list(tiny.villages().columns), *tiny.villages().to_numpy().tolist()]:
        book.active.append(row)
    book.save(_BOOK)
    with zipfile.ZipFile(_BOOK) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    data = tiny.write(FOLDER / "data")
    _write("other.yaml", b"name: b\n")
    villages = tiny.villages().to_csv(index=False).encode()
    _write("d.csv", villages.replace(b"code", b"id", 1))
    points = villages.replace(b"code", b"id", 1)
    reach = f"reach\n--demand\n{data}/villages.csv\n--facilities\n{data}/facilities.csv\n--limit\n5km,8km\n--out\n{FOLDER}/p.csv\n--k\n2"
    site = f"site\n--demand\n{FOLDER}/d.csv\n--facilities\n{data}/facilities.csv\n--model\nmclp\n-p\n1\n--limit\n5km\n--forced\nES1,TH1\n--time-limit\n1"
    return {
        "villages.csv": villages, "facilities.csv": tiny.facilities().to_csv(index=False).encode("gb18030"), "points.csv": points,
        "villages.xlsx (sheet)": sheet, "villages.xlsx (file)": _BOOK.read_bytes(), "scenario.yaml": _SCENARIO.encode(),
        "rules.yaml": standard_text("panzhihua_2023").encode(), "about.yaml": (data / "about.yaml").read_bytes() if (data / "about.yaml").is_file() else b"name: a\ncode: \"510400\"\n",
        "towns.geojson": (data / "towns.geojson").read_bytes(), "area.geojson": (data / "towns.geojson").read_bytes(),
        "speeds.csv": b"road_class,speed_kmh,period\nprimary,30,day\nprimary,20,night\n",
        "costs.csv": b"demand_id,facility_id,cost\na,1,2\nb,1,3.5\n", "quotas.csv": b"group,at_least,at_most\na,1,2\n", "ids.txt": b"id\nA\n'=B\n",
        "limit": "30 分钟".encode(), "manifest.json": b'{"tool": "fugai", "outputs": [{"file": "a", "sha256": "b"}]}',
        "options of reach": reach.encode(), "options of site": site.encode(),
    }  # fmt: skip


def _about(data: bytes) -> None:
    (FOLDER / "data" / "about.yaml").write_bytes(data)
    load(FOLDER / "data")


def _manifest(data: bytes) -> None:
    _write("manifest.json", data)
    _made_before(FOLDER)


TARGETS: dict[str, Callable[[bytes], object]] = {
    "villages.csv": _table, "facilities.csv": _facilities, "points.csv": lambda data: read_points(_write("points.csv", data), DEMAND),
    "villages.xlsx (sheet)": _sheet, "villages.xlsx (file)": lambda data: read(_write("v.xlsx", data), VILLAGES),
    "scenario.yaml": lambda data: read_scenario(_write("s.yaml", data)), "rules.yaml": _rules, "about.yaml": _about,
    "towns.geojson": lambda data: canonical(read(_write("towns.geojson", data), TOWNS), TOWNS, Notes()),
    "area.geojson": lambda data: read_area(_write("area.geojson", data)), "speeds.csv": lambda data: read_speeds(_write("speeds.csv", data), "day"),
    "costs.csv": lambda data: read_costs(_write("costs.csv", data)), "quotas.csv": lambda data: read_quotas(_write("quotas.csv", data)),
    "ids.txt": lambda data: read_ids("--forced", f"@{_write('ids.txt', data)}"), "limit": _text(read_limit), "manifest.json": _manifest,
    "options of reach": _options, "options of site": _options,
}  # fmt: skip
NAMES = tuple(TARGETS)
_SLOW = {"about.yaml", "options of reach", "options of site", "rules.yaml"}


def run(name: str, data: bytes) -> None:
    """Feed one input; note what is neither an answer nor a FugaiError."""
    RUNS[name] += 1
    try:
        TARGETS[name](data)
    except FugaiError as error:
        for problem in error.problems:
            problem.say("zh")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of a Rust library is no Exception
        place = next((one for one in reversed(traceback.extract_tb(error.__traceback__)) if str(Path.cwd()) in one.filename), None)  # fmt: skip
        kind = f"{name}: {type(error).__name__} at {place.filename.removeprefix(str(Path.cwd()))}:{place.lineno}: {str(error)[:120]!r}" if place else f"{name}: {error!r}"  # fmt: skip
        if kind not in FOUND:
            (Path(tempfile.gettempdir()) / f"fugai-found-{len(FOUND)}").write_bytes(data)
        FOUND[kind] += 1


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the input with a few pieces taken out, doubled, moved, or put in."""
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at, to = sorted((chance.randrange(len(out) + 1), chance.randrange(len(out) + 1)))
        to = min(to, at + chance.choice([1, 2, 8, 40, 400]))
        match chance.randrange(6):
            case 0:
                del out[at:to]
            case 1:
                out[at:at] = out[at:to] * chance.choice([1, 1, 3, 50])
            case 2:
                out[at:to] = chance.choice(_MARKS)
            case 3:
                out[at:at] = chance.choice(_MARKS)
            case 4 if at < len(out):
                out[at] = chance.randrange(256)
            case _:
                piece, where = out[at:to], chance.randrange(len(out) + 1)
                out[where:where] = piece
    return bytes(out[:200_000])


def _pick(chance: random.Random) -> str:
    return chance.choices(NAMES, [1 if one in _SLOW else 8 for one in NAMES])[0]


def main(seconds: float, seed: int = 1) -> int:
    """Feed for so many seconds; return 1 where something came out that may not."""
    seeds, chance, end = _seeds(), random.Random(seed), time.monotonic() + seconds
    for name in NAMES:
        run(name, seeds[name])
    if atheris is None:
        while time.monotonic() < end:
            name = _pick(chance)
            run(name, mutated(seeds[name], chance))
        return report()
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for at, name in enumerate(NAMES):
        (corpus / str(at)).write_bytes(bytes([at]) + seeds[name])

    def one(data: bytes) -> None:
        if data:
            run(NAMES[data[0] % len(NAMES)], data[1:])
        if time.monotonic() > end:
            sys.stdout.flush()
            os._exit(report())

    def mutate(data: bytes, limit: int, number: int) -> bytes:
        turn = random.Random(number)
        if turn.random() < 0.3:
            return atheris.Mutate(data, limit)
        name = _pick(turn) if turn.random() < 0.2 or not data else NAMES[data[0] % len(NAMES)]
        body = data[1:] if data and NAMES[data[0] % len(NAMES)] == name else seeds[name]
        return (bytes([NAMES.index(name)]) + mutated(body, turn))[:limit]

    atheris.Setup([sys.argv[0], str(corpus), "-max_len=60000", "-timeout=60", "-rss_limit_mb=4000", "-print_final_stats=0", f"-seed={seed}"], one, custom_mutator=mutate)  # fmt: skip
    atheris.Fuzz()
    return 0


def report() -> int:
    """Print the counts."""
    print(f"{sum(RUNS.values())} runs", "guided by coverage" if atheris is not None else "")
    for name in NAMES:
        print(f"  {name}: {RUNS[name]}")
    for kind, count in FOUND.most_common():
        print(f"FOUND {count} × {kind}")
    return int(bool(FOUND))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 600, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
