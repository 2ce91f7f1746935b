"""The command line: Chinese by default, English on request, quick to answer, 2 for what the user can mend."""

import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from scenarios.cli.program import COMMANDS, main
from tests import tiny

ROOT = Path(__file__).parent.parent
NAMES = list(COMMANDS)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scenarios", *words], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_help_imports_nothing_heavy() -> None:
    """What keeps `fugai --help` under 0.4 s."""
    code = "import sys; sys.argv = ['fugai', '--help']\nfrom scenarios.cli.program import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(sorted({'pandas', 'numpy', 'geopandas', 'folium', 'rich', 'yaml', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("words", [(), *[(name,) for name in NAMES]])
def test_help_in_both_languages(words: tuple[str, ...]) -> None:
    chinese, english = _run(*words, "--help"), _run(*words, "--help", "--lang", "en")
    assert chinese.returncode == english.returncode == 0
    assert "用法" in chinese.stdout
    assert "options" not in chinese.stdout
    assert "usage" in english.stdout
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english.stdout.replace("攀枝花", ""))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("asess",), "没有命令|不是可用的取值"),
        (("assess", "x"), "缺少参数"),
        (("check",), "缺少参数"),
        (("check", "nowhere"), "没有这个文件夹"),
        (("demo", "--fast"), "不认识的参数"),
    ],
)
def test_mistakes_exit_with_2_in_chinese(words: tuple[str, ...], said: str) -> None:
    done = _run(*words)
    assert done.returncode == 2
    assert any(one in done.stderr for one in said.split("|")), done.stderr
    assert "Traceback" not in done.stderr


def test_check_prints_every_problem_and_writes_nothing_but_its_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny.write(tmp_path / "data")
    tiny.villages().assign(population="x").to_csv(folder / "villages.csv", index=False)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    out = tmp_path / "list.xlsx"
    assert main(["check", str(folder), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("不是数字") == 8
    assert main(["check", str(folder), "--lang", "en", "--out", str(out)]) == 2
    out.unlink()
    assert "villages.csv, row 2, column 'population': not a number" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_bad_folder_leaves_no_output(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "data")
    (folder / "facilities.csv").unlink()
    assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
    good = tiny.write(tmp_path / "good")
    assert main(["assess", str(good), "--rules", "nothing", "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_a_filled_template_can_be_assessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pack a city sends out: empty it is refused with what to fill in; filled it passes."""
    folder = tmp_path / "填报"
    assert main(["template", str(folder)]) == 0
    assert main(["template", str(folder)]) == 2
    assert main(["check", str(folder), "--out", str(folder.parent / "list.xlsx")]) == 2
    assert "只有表头" in capsys.readouterr().err
    _fill(folder / "机构.xlsx", tiny.facilities(), "facilities")
    _fill(folder / "村社区.xlsx", tiny.villages(), "villages")
    towns = tiny.towns().rename(
        columns={"code": "乡镇代码", "name": "乡镇名称", "county_name": "县区名称", "is_county_seat": "是否县城"}
    )
    towns.to_file(folder / "乡镇.gpkg", layer="乡镇（街道）", driver="GPKG")
    (folder / "about.yaml").write_text('name: 某市\ncode: "510400"\n', "utf-8")
    capsys.readouterr()
    assert main(["check", str(folder), "--out", str(folder.parent / "list.xlsx")]) == 0
    assert "可以评估" in capsys.readouterr().out
    assert main(["assess", str(folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]) == 0
    findings = pd.read_csv(tmp_path / "out" / "findings.csv", encoding="utf-8-sig").set_index("gap_id")
    assert findings.loc["emergency_urban.paper.city.510400", "population"] == 35_000


def _fill(path: Path, frame: pd.DataFrame, table: str) -> None:
    """Type a frame into an empty sheet under its Chinese headings, as a clerk would."""
    from planner.schema import FACTS

    labels = {one.name: one.label for one in FACTS[table].fields}
    book = openpyxl.load_workbook(path)
    sheet = book.active
    at = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(frame.to_dict("records"), 2):
        for name, value in row.items():
            sheet.cell(number, at[labels[name]], value)
    book.save(path)


def test_the_dictionary_explains_every_column(tmp_path: Path) -> None:
    from planner.institutions import TABLES

    main(["template", str(tmp_path / "x")])
    sheet = openpyxl.load_workbook(tmp_path / "x" / "数据字典.xlsx").active
    said = {(row[0], row[4]) for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert said == {(table.label, field.name) for table in TABLES.values() for field in table.fields}
