"""verify: each changed, missing and unknown file is named; inputs are held only where their folder is given."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from scenarios.cli.program import main


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    out, data = tmp_path / "out", tmp_path / "data"
    for folder, names in ((out, "ab"), (data, "xy")):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.csv").write_text(name)
    record = {
        "tool": "fugai",
        "inputs": [{"file": f"{name}.csv", "sha256": _digest(name)} for name in "xy"],
        "outputs": [{"file": f"{name}.csv", "sha256": _digest(name)} for name in "ab"],
    }
    (out / "manifest.json").write_text(json.dumps(record))
    return out, data


def test_what_is_as_it_was(made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    out, data = made
    assert main(["verify", str(out), "--data", str(data)]) == 0
    assert capsys.readouterr().out == "与 manifest.json 一致：输出 2 个，输入 2 个。\n"
    assert main(["verify", str(out)]) == 0
    assert "输入没有核对" in capsys.readouterr().out


def test_what_differs_is_named(made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    out, data = made
    (out / "a.csv").write_text("A")
    (out / "备注.txt").write_text("")
    (data / "y.csv").unlink()
    assert main(["verify", str(out), "--data", str(data)]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "输出 a.csv：内容已改变",
        "输入 y.csv：找不到",
        "输出 备注.txt：manifest.json 没有记录，没有核对",
        "与 manifest.json 一致：输出 1 个，输入 1 个。",
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"outputs": 3}', '{"outputs": [{"file": "../a", "sha256": ""}]}'])
def test_a_broken_manifest_is_refused(made: tuple[Path, Path], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = made
    (out / "manifest.json").write_text(text)
    assert main(["verify", str(out)]) == 2
    assert "没有 fugai 写的清单，或清单已损坏" in capsys.readouterr().err
    shutil.rmtree(out)
    assert main(["verify", str(out)]) == 2
