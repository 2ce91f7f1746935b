"""CSV: what we write is text in every spreadsheet, and reads back as it was."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.csv_text import csv_cells, write_csv
from geodata.points import PLACES, read_points
from planner.errors import DataError
from scenarios.cli.program import main
from scenarios.site_files import read_costs, read_ids

CASES = Path(__file__).parent / "adversary"
LIVE = ["=1+1", "+1", "-1+1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠a", " =1+1", "　=1+1", "\xa0@a", "\t=1", "\ta", "'=1", "''-1"]  # fmt: skip


def _rows(path: Path) -> list[list[str]]:
    """Return the cells as any reader of CSV sees them, with nothing taken off."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("text", LIVE)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, pd.DataFrame({"id": [text], "=head": [1]}))
    assert _rows(path) == [["id", "'=head"], ["'" + text, "1"]]


def test_plain_text_and_numbers_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    texts = ["甲=1", "a-1", "'quoted'", "007", "a,b", 'say "x"']
    write_csv(path, pd.DataFrame({"a": texts, "b": [-1.5, np.nan, 0.1, 1e9, 2, 1 / 3], "c": [-1, None, True, 2.5, "x", ""]}))  # fmt: skip
    assert [row[0] for row in _rows(path)] == ["a", *texts]
    assert [row[1] for row in _rows(path)] == ["b", "-1.5", "", "0.1", "1000000000", "2", "0.333333333333"]
    assert [row[2] for row in _rows(path)] == ["c", "-1", "", "True", "2.5", "x", ""]


@pytest.mark.parametrize("broken", ["a\rb", "a\r\nb", "a\nb"])
def test_a_line_break_stays_in_its_cell(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, pd.DataFrame({"name": [broken, "c"], "n": [1, 2]}))
    assert path.read_bytes().decode("utf-8-sig") == 'name,n\n"a\nb",1\nc,2\n'


@given(st.lists(st.text(st.sampled_from("'=+-@＝ \t\r\n,\"甲a0"), max_size=6), min_size=1, max_size=6))
def test_what_was_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    write_csv(path, pd.DataFrame({"n": range(len(texts)), "a": texts}))
    kept = [one.replace("\r\n", "\n").replace("\r", "\n").strip() for one in texts]
    assert [row[1] for _, row in csv_cells(path)[1:]] == kept


def test_ids_that_are_formulas_come_back_as_ids(tmp_path: Path) -> None:
    """The pairs of `reach` are the costs of `site`; a list of ids may be one of our lists."""
    out = tmp_path / "p.csv"
    asked = ["--demand", str(CASES / "d.csv"), "--facilities", str(CASES / "f.csv"), "--limit", "5km"]
    assert main(["reach", *asked, "--out", str(tmp_path / "points.csv"), "--pairs", str(out)]) == 0
    facility = '=HYPERLINK("http://evil.test","x")'
    assert _rows(out)[1][:2] == ["'=1+1", "'" + facility]
    assert read_costs(out).frame.iloc[0, :2].tolist() == ["=1+1", facility]
    again = tmp_path / "again.csv"
    write_csv(again, pd.DataFrame({"id": [facility, "-2", "''=x"], "lon": 101.65, "lat": 26.55}))
    assert read_points(again, PLACES)["id"].tolist() == [facility, "-2", "=x"]  # an id begins with no apostrophe
    assert read_ids("--forced", f"@{again}") == ("-2", facility, "=x")


def test_a_name_with_a_lone_carriage_return_is_one_cell(tmp_path: Path) -> None:
    out = tmp_path / "o"
    assert main(["assess", str(CASES / "csv_cr"), "--rules", "panzhihua_2023", "--out", str(out)]) == 0
    for path in out.rglob("*.csv"):
        assert b"\r" not in path.read_bytes()
        assert len({len(row) for row in _rows(path)}) == 1, path.name
    assert "甲\n=1+1" in {cell for row in _rows(out / "findings.csv") for cell in row}


def test_a_list_of_ids_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_bytes(b"a\x00b")
    with pytest.raises(DataError, match="空字符"):
        read_ids("--forced", f"@{tmp_path / 'ids.txt'}")
