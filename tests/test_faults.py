"""One thing fails in the midst of a command: exit code 2, a sentence, and the old output whole (`tests/faults.py` does it at length)."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from pyogrio.errors import DataSourceError, FeatureError

if sys.platform == "win32":
    pytest.skip("limits of a process are set by resource", allow_module_level=True)

from tests.faults import COMMANDS, QUICK, Bench, Fault, tree

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
EVENTS = {"system": (1, 2, 3, 4, 6, 8, 11), "flush": (1, 2, 3), "bytes": (1, 100, 3_000, 20_000, 60_000), "memory": (1, 30, 400, 2_500)}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        made = Bench(tmp_path_factory.mktemp("faults"))
        patch.setattr("tempfile.tempdir", str(made.folder / "log"))
        yield made


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("command", QUICK)
def test_a_fault_leaves_the_old_output_whole(bench: Bench, command: str, kind: str) -> None:
    for number in EVENTS[kind]:
        assert bench.wrong(command, Fault(kind, number)) == "", (command, kind, number)


@pytest.mark.parametrize("fault", [Fault("system", 5), Fault("bytes", 50_000), Fault("memory", 3_000)], ids=str)
def test_so_does_one_while_a_folder_is_written(bench: Bench, fault: Fault) -> None:
    assert bench.wrong("assess", fault) == ""


@pytest.mark.parametrize("error", [DataSourceError("full"), FeatureError("full"), MemoryError()], ids=repr)
@pytest.mark.parametrize("command", ["residents", "template", "reach"])
def test_errors_of_gdal_are_told_as_those_of_the_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: str, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    before = bench.prepare(command)
    monkeypatch.setattr("pyogrio.write_dataframe", fail)
    code, said = bench.run(command)
    assert code == 2
    assert ("内存不够" if isinstance(error, MemoryError) else "读写失败") in said
    assert "Traceback" not in said
    assert tree(bench.out) == before


def test_a_process_says_nothing_more_as_it_ends(bench: Bench) -> None:
    """A zip that could not be closed complains, with a stack, when it is thrown away."""
    bench.prepare("site xlsx")
    code = "import resource, sys; from scenarios.cli.program import main; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 10**12)); sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, *bench.words("site xlsx")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "磁盘满了" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_that_writes_is_among_them() -> None:
    from scenarios.cli.program import COMMANDS as KNOWN

    assert {words[0] for words in COMMANDS.values()} == {*KNOWN} - {"check", "demo", "roads", "verify"}
