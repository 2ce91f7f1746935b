"""The shape of the house, held by tests: who imports whom, what functions are public, what is frozen, how large."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import grimp
import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("planner", "geodata", "maps", "scenarios")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST_FILE = 800
LONGEST_FUNCTION = 60


def _modules() -> list[str]:
    found = []
    for package in PACKAGES:
        found += [one.name for one in walk_packages([str(ROOT / package)], f"{package}.")]
    return [name for name in found if not name.endswith("__main__")]


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_module_stands_in_a_circle() -> None:
    """Imports within functions and of types alone count, too."""
    graph = grimp.build_graph(*PACKAGES)
    arrows = nx.DiGraph((name, one) for name in graph.modules for one in graph.find_modules_directly_imported_by(name))
    assert [sorted(circle) for circle in nx.strongly_connected_components(arrows) if len(circle) > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    if path.name == "kernels.py":
        return  # a compiled kernel is one loop; to cut it up would cost what it is there for
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("name", _modules())
def test_every_dataclass_is_frozen_and_frames_are_not_compared(name: str) -> None:
    module = import_module(name)
    for label, one in vars(module).items():
        if is_dataclass(one) and inspect.isclass(one) and one.__module__ == name and label != "Notes":
            parameters = one.__dataclass_params__
            assert parameters.frozen, f"{name}.{label}"
            types = [str(field.type) for field in one.__dataclass_fields__.values()]
            holds_frame = any("Callable" not in kind and ("Frame" in kind or "NDArray" in kind) for kind in types)
            assert not (holds_frame and parameters.eq), f"{name}.{label} compares frames"


def test_one_function_writes_csv() -> None:
    """What defuses formulas stands in one place; a second writer would go without."""
    writers = re.compile(r"\bto_csv\b|\bcsv\.(writer|DictWriter)\b|\bDictWriter\b|\bsavetxt\b")
    found = {(path.name, hit.group()) for path in FILES for hit in writers.finditer(path.read_text("utf-8"))}
    assert found == {("csv_text.py", "to_csv")}


def test_no_rooms_for_leftovers() -> None:
    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & {"utils", "helpers", "common", "manager", "service", "misc"}


def test_no_chinese_identifiers() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for word in (
                getattr(node, "id", None),
                getattr(node, "arg", None),
                getattr(node, "attr", None),
                getattr(node, "name", None),
            ):
                if isinstance(word, str):
                    assert word.isascii(), f"{path}: {word}"


def test_measures_take_keyword_parameters_only() -> None:
    from planner.measures import FUNCTIONS

    for name, function in FUNCTIONS.items():
        kinds = [(one.name, one.kind) for one in inspect.signature(function).parameters.values()]
        assert [one for one, kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY] == ["region", "travel"], name
        assert function.__doc__, name


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    for one in wanted:
        name = one.split(">")[0].split("=")[0].strip().lower()
        assert name in pinned, name


def test_the_wheel_would_hold_the_sample_and_the_standards() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    for package, patterns in data.items():
        folder = ROOT.joinpath(*package.split("."))
        for pattern in patterns:
            assert list(folder.glob(pattern)), (package, pattern)


def test_the_wheel_holds_what_it_must_and_no_tests(tmp_path: Path) -> None:
    """Build the wheel, unpack it elsewhere, and run the demo from there alone."""
    import os
    import zipfile

    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        ".",
    ]
    source = tmp_path / "source"
    kept = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    for name in kept.split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(words, cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "planner/standards/panzhihua_2023.yaml" in names
    assert "geodata/samples/panzhihua/towns.geojson" in names
    licenses = {name.split(".dist-info/licenses/")[1] for name in names if ".dist-info/licenses/" in name}
    assert licenses == {"LICENSE", "maps/leaflet-LICENSE.txt", "geodata/samples/LICENSES.txt"}
    left_out = ("tests", "benchmarks", "geodata/samples/build", "geodata/samples/facts")
    assert not [name for name in names if name.startswith(left_out)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    code = "import scenarios, sys; from scenarios.cli.program import main; print(scenarios.__file__); sys.exit(main(['demo', 'o']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert str(tmp_path / "site") in done.stdout
    assert (tmp_path / "o" / "攀枝花" / "manifest.json").is_file()
