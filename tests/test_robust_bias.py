"""Where random displacement pushes to one side, today's value lies outside its own interval of draws, and every output says so."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pyproj import Geod

from geodata.load import load
from planner.certainty import certainty
from planner.findings import assess
from planner.rules import Rules, readable
from planner.travel import PAPER
from planner.uncertainty import Uncertainty
from scenarios.cli.program import main
from tests import tiny

GEOD = Geod(ellps="GRS80")


def _city(folder: Path, inside_m: float) -> Path:
    """The made city whose 一社区 lives at twelve points round the station, each so many metres inside its 5 km, 二社区 beside it."""
    data = tiny.write(folder)
    code = tiny.VILLAGES[0][0]
    rows = []
    for at in range(12):
        lon, lat, _ = GEOD.fwd(101.65, 26.55, 30 * at, 5000 - inside_m)
        rows.append((f"a{at}", code, lon, lat, 1_000))
    rows += [(f"b{at}", one[0], one[2], one[3], one[4]) for at, one in enumerate(tiny.VILLAGES[1:])]
    rows[12] = (*rows[12][:2], 101.65, 26.56, rows[12][4])  # 二社区, near whatever moves
    columns = ["id", "village_code", "lon", "lat", "population"]
    pd.DataFrame(rows, columns=columns).to_csv(data / "residents.csv", index=False, encoding="utf-8-sig")
    return data


@pytest.mark.parametrize(("inside_m", "lies"), [(5.0, "above"), (-5.0, "below"), (3_000.0, "")])
def test_where_today_lies_of_its_own_draws(inside_m: float, lies: str, tmp_path: Path, rules: Rules) -> None:
    """Twelve points at the border: about half of them go to its other side, and all of them never."""
    region, law = load(_city(tmp_path / "d", inside_m)), readable(rules, PAPER)
    found = certainty(region, law, PAPER, assess(region, law, PAPER), Uncertainty(draws=30)).tornado
    rows = found[(found["rule"] == "emergency_urban") & (found["reading"] == "paper")].set_index("factor")
    assert rows.loc["points", "outside"] == lies
    assert rows.loc["population", "outside"] == ""  # as many above as below
    if lies:
        edge = rows.loc["points", "covered_high" if lies == "above" else "covered_low"]
        assert (rows.loc["points", "covered"] > edge) if lies == "above" else (rows.loc["points", "covered"] < edge)


def test_every_output_marks_the_bias_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = _city(tmp_path / "d", 5.0), tmp_path / "o"
    words = ["robust", "baseline", "--data", str(data), "--rules", "panzhihua_2023", "--out", str(out)]
    assert main([*words, "--draws", "20"]) == 0
    told, why = "高于抽样区间", "随机移动移出去的比移进来的多"
    assert told in (printed := capsys.readouterr().out)
    assert why in printed
    page = (out / "可信度.html").read_text("utf-8")
    assert f"<br>今天{told}" in page
    assert why in page
    book = openpyxl.load_workbook(out / "可信度.xlsx")
    for name in ("敏感性", "说明"):
        text = "".join(str(cell) for row in book[name].iter_rows(values_only=True) for cell in row if cell)
        assert told in text, name
        assert why in text, name
    table = pd.read_csv(out / "敏感性.csv").set_index(["规则", "口径", "因素"])
    assert table.loc[("emergency_urban", "paper", "点位"), "今天的值"] == told
    assert pd.isna(table.loc[("emergency_urban", "paper", "人口"), "今天的值"])
    assert main([*words[:-1], str(tmp_path / "p"), "--draws", "20", "--lang", "en"]) == 0
    assert "emergency_urban, paper: today lies above its own interval of draws" in capsys.readouterr().out
