"""Whatever fails, a person is told in a sentence: exit code 2, never a stack, and a log that can be passed on."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from planner.errors import OptionError
from planner.limits import read_limit
from scenarios.cli.program import main
from scenarios.export import folder as folders
from scenarios.export.folder import held, whole_folder, write_whole
from scenarios.export.tables import write_layer

CASES = Path(__file__).parent / "adversary"
D, F = str(CASES / "d.csv"), str(CASES / "f.csv")
OURS = '{"tool": "fugai", "outputs": []}'


def _reach(out: Path, *more: str, limit: str = "5km") -> int:
    return main(["reach", "--demand", D, "--facilities", F, "--limit", limit, "--out", str(out), *more])


@pytest.mark.parametrize(
    ("error", "word"),
    [(KeyError("x"), "没有预料到"), (RecursionError(), "没有预料到"), (MemoryError(), "内存不够"),
     (OSError(errno.EIO, "Input/output error", "/x/y"), "/x/y：读写失败"), (AssertionError(), "没有预料到")],
)  # fmt: skip
def test_an_unforeseen_error_is_a_sentence_and_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, word: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("scenarios.reach.ask", fail)
    assert _reach(tmp_path / "p.csv") == 2
    said = capsys.readouterr().err
    assert word in said
    assert "Traceback" not in said
    log = Path(re.search(r"详情在 (\S+\.log)", said).group(1))  # type: ignore[union-attr]
    assert log.parent == tmp_path
    assert "Traceback" in log.read_text("utf-8")
    assert "--limit" in log.read_text("utf-8")
    assert [one.suffix for one in tmp_path.iterdir()] == [".log"]
    with pytest.raises(type(error)):
        _reach(tmp_path / "p.csv", "--debug")


def test_where_no_log_can_be_written_the_sentence_still_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.setattr("scenarios.reach.ask", lambda *_: 1 / 0)
    assert _reach(tmp_path / "p.csv") == 2
    assert "没有预料到" in capsys.readouterr().err


def test_an_error_of_the_system_with_a_known_reason_needs_no_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/x/y")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("scenarios.reach.ask", fail)
    assert _reach(tmp_path / "p.csv") == 2
    assert capsys.readouterr().err == "/x/y：磁盘满了。清理磁盘，或换一个位置。\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", ["9" * 400 + "km", "0." + "0" * 400 + "1km", "9" * 5000 + "min", "9" * 400])
def test_a_limit_of_hundreds_of_digits_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str) -> None:  # fmt: skip
    assert _reach(tmp_path / "p.csv", limit=limit) == 2
    assert "限度" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"out of range|has no unit"):
        read_limit(limit)


_BAD = ("a\0b", "长" * 5000)


@pytest.mark.parametrize("bad", _BAD, ids=["nul", "long"])
@pytest.mark.parametrize(
    "words",
    [["check", "{}"], ["assess", "{}", "--out", "o"], ["assess", ".", "--out", "{}"], ["assess", ".", "--rules", "{}", "--out", "o"],
     ["run", "{}", "--out", "o"], ["compare", "{}", "--out", "o"], ["compare", "baseline", "{}", "--out", "o"], ["demo", "{}"],
     ["template", "{}"], ["schema", "--out", "{}.json"], ["roads", "info", "{}"], ["roads", "fetch", "--bbox=1,2,3,4", "--out", "{}.graphml"],
     ["reach", "--demand", "{}", "--facilities", F, "--limit", "5km", "--out", "o.csv"],
     ["reach", "--demand", D, "--facilities", F, "--limit", "5km", "--out", "{}.csv"],
     ["reach", "--demand", D, "--facilities", F, "--limit", "5km", "--out", "p.csv", "--roads", F, "--closed", "{}.geojson"],
     ["site", "--demand", D, "--candidates", F, "--model", "p-median", "-p", "1", "--forced", "@{}"],
     ["residents", "--raster", "{}", "--towns", F, "--out", "r.csv"], ["plan", "rural", "{}", "--out", "o"],
     ["phases", "{}", "--per-year", "1", "--out", "o"], ["robust", "{}", "--out", "o"]],
    ids=" ".join,
)  # fmt: skip
def test_a_path_that_no_system_can_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: Sequence[str], bad: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        code = main([one.replace("{}", bad) for one in words])
    except SystemExit as end:  # argparse
        code = int(end.code or 0)
    assert code == 2
    assert "没有预料到" not in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_of_a_hundred_thousand_brackets_is_no_output_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o"
    out.mkdir()
    (out / "manifest.json").write_text("[" * 100_000)
    assert main(["assess", str(CASES / "csv_cr"), "--rules", "panzhihua_2023", "--out", str(out)]) == 2
    assert "已有别的文件" in capsys.readouterr().err
    assert [one.name for one in tmp_path.rglob("*")] == ["o", "manifest.json"]


_HOLD = "import sys; from pathlib import Path; from scenarios.export.folder import held\nwith held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"  # fmt: skip


@pytest.fixture
def other(tmp_path: Path) -> "subprocess.Popen[str]":
    """Another process that holds tmp_path/o."""
    words = [sys.executable, "-c", _HOLD, str(tmp_path / "o")]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process  # type: ignore[misc]
    process.kill()
    process.communicate()


def test_the_second_run_into_a_folder_is_refused(
    tmp_path: Path, other: "subprocess.Popen[str]", capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["assess", str(CASES / "csv_cr"), "--rules", "panzhihua_2023", "--out", str(tmp_path / "o")]
    live = tmp_path / ".o.fugai-new-live"
    live.mkdir()
    assert main(words) == 2
    assert "另一次运行正在往这里写" in capsys.readouterr().err
    assert live.is_dir()  # it may be the other's
    other.kill()  # a dead process holds nothing
    other.wait()
    assert main(words) == 0
    assert [one.name for one in tmp_path.iterdir()] == ["o"]


def test_a_lock_is_the_runs_own_and_is_taken_away(tmp_path: Path) -> None:
    out = tmp_path / "o"
    with held(out) as first, held(out) as again:
        assert (first, again) == (True, True)
        code = (
            f"from pathlib import Path; from scenarios.export.folder import held\nwith held(Path({str(out)!r})): pass"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "另一次运行" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_locks_a_run_goes_on_and_clears_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def fail(handle: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(folders, "_lock", fail)
    (tmp_path / ".o.fugai-new-x").mkdir()
    with whole_folder(tmp_path / "o") as folder:
        (folder / "manifest.json").write_text(OURS)
    assert sorted(one.name for one in tmp_path.iterdir()) == [".o.fugai-new-x", "o"]


def _fail_with(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("code", "word"),
    [(errno.ENOSPC, "磁盘满了"), (errno.ENOTEMPTY, "别的程序在改动"), (errno.EACCES, "正被别的程序打开"),
     (errno.EROFS, "只读"), (errno.EIO, "读写失败")],
)  # fmt: skip
def test_the_reason_is_the_true_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, word: str) -> None:
    with whole_folder(tmp_path / "o") as folder:
        (folder / "manifest.json").write_text(OURS)
    monkeypatch.setattr(Path, "rename", _fail_with(code))
    with pytest.raises(OptionError, match=word) as caught, whole_folder(tmp_path / "o"):
        pass
    assert "磁盘空间" not in str(caught.value)
    monkeypatch.setattr(Path, "replace", _fail_with(code))
    with pytest.raises(OptionError, match=word):
        write_whole({tmp_path / "a.csv": lambda path: path.touch()})
    assert (tmp_path / "o" / "manifest.json").read_text() == OURS
    assert [one.name for one in tmp_path.iterdir()] == ["o"]


def test_a_name_with_brackets_has_its_leftovers_cleared(tmp_path: Path) -> None:
    (tmp_path / ".o[1].fugai-new-x").mkdir()
    with whole_folder(tmp_path / "o[1]") as folder:
        (folder / "manifest.json").write_text(OURS)
    assert [one.name for one in tmp_path.iterdir()] == ["o[1]"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("old", [(), ("a",), ("a", "b")])
def test_of_several_files_all_are_new_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, old: Sequence[str]
) -> None:
    """Found by injecting faults: the first file was new and the second as before."""
    for name in old:
        (tmp_path / name).write_text("old")
    seen, replace = [], Path.replace

    def fail(path: Path, target: Path) -> Path:
        seen.append(path)
        if len(seen) == number:
            raise OSError(errno.EIO, "Input/output error")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    outputs = {tmp_path / name: lambda path: path.write_text("new") for name in "ab"}
    if number <= 2 + len(old):
        with pytest.raises(OptionError, match="读写失败"):
            write_whole(outputs)
        assert {one.name: one.read_text() for one in tmp_path.iterdir()} == dict.fromkeys(old, "old")
    else:
        write_whole(outputs)
        assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"a": "new", "b": "new"}


def test_one_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / ".a.fugai-old").write_text("older")
    monkeypatch.setattr(Path, "replace", _fail_with(errno.EIO))
    with pytest.raises(OptionError, match="读写失败"):
        write_whole({tmp_path / "a": lambda path: path.write_text("new")})
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"a": "old"}


def test_a_kill_between_two_files_is_mended(tmp_path: Path) -> None:
    (tmp_path / ".a.fugai-old").write_text("old")
    with pytest.raises(RuntimeError):
        write_whole({tmp_path / "a": lambda path: _raise()})
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"a": "old"}


def _raise() -> None:
    raise RuntimeError


@pytest.mark.parametrize(("error", "named"), [
    (PermissionError(errno.EACCES, "x", "/data/people.tif"), "/data/people.tif：没有权限"),
    (FileNotFoundError(errno.ENOENT, "x", "/data/input.csv"), "/data/input.csv：没有"),
    (OSError(errno.ENOSPC, "x"), "o：磁盘满了"),
])  # fmt: skip
def test_what_failed_is_named_and_not_the_output(tmp_path: Path, error: OSError, named: str) -> None:
    with pytest.raises(OptionError) as told, whole_folder(tmp_path / "o"):
        raise error
    assert named in str(told.value)


def test_a_listener_that_has_gone_is_no_fault_of_the_output(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), whole_folder(tmp_path / "o"):
        raise BrokenPipeError(errno.EPIPE, "x")


def _limited(number: int) -> None:
    resource = pytest.importorskip("resource", reason="limits of files are Unix's")
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
@pytest.mark.parametrize("rows", [0, 400])
def test_a_layer_is_whole_or_an_error(tmp_path: Path, suffix: str, rows: int) -> None:
    """Found by injecting faults: GDAL said nothing of a GeoPackage whose index, or whose every table, was not written."""
    frame = gpd.GeoDataFrame({"a": ["x" * 300] * rows}, geometry=[box(0, 0, 1, 1)] * rows, crs=4326)
    driver = {".gpkg": "GPKG", ".geojson": "GeoJSON"}[suffix]
    whole = tmp_path / f"whole{suffix}"
    write_layer(whole, frame, "l", driver, geometry_type="Polygon")
    size = whole.stat().st_size
    for number in {*range(1, size, max(1, size // 25)), size - 1}:
        path = tmp_path / f"{number}{suffix}"
        _limited(number)
        try:
            with pytest.raises(OSError, match=r"\S"):
                write_layer(path, frame, "l", driver, geometry_type="Polygon")
        finally:
            _limited(-1)
    assert size > 40_000 or suffix == ".geojson"
