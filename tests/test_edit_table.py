"""A scenario as a table of edits: it says what a YAML file would; what is not clear is refused by row, with candidates."""

from pathlib import Path

import pandas as pd
import pytest

from planner.errors import ScenarioError
from planner.region import Region
from planner.scenario import Change, Close, Open
from scenarios.cli.program import main
from scenarios.edit_table import EDITS, read_edits
from scenarios.files import read_scenario
from tests import tiny

ROWS = [
    {"动作": "新建", "机构名称": "新站", "类型": "急救站", "经度": 101.7, "纬度": 26.6, "费用（万元）": 300, "年份": 2026, "理由": "远"},
    {"动作": "关闭", "编号": "ES1"},
    {"动作": "迁移", "机构名称": "新站", "经度": 101.71, "纬度": 26.6},
    {"动作": "升级", "编号": "TH1"},
    {"动作": "扩建", "机构名称": "甲镇卫生院", "编制床位": 80},
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The tiny city, with two stations of one name."""
    folder = tiny.write(tmp_path / "data")
    known = tiny.facilities()
    station = known[known["id"] == "ES1"]
    twice = station.assign(id=["T1"], name="同名站"), station.assign(id=["T2"], name="同名站")
    pd.concat([known, *twice]).to_csv(folder / "facilities.csv", index=False)
    return folder


@pytest.fixture
def region(data: Path) -> Region:
    from scenarios.run import load_region

    return load_region(data)


def written(rows: list[dict[str, object]], path: Path) -> Path:
    frame = pd.DataFrame(rows)
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False, engine="xlsxwriter")
    else:
        path.write_text(frame.to_csv(index=False, lineterminator="\n"), "utf-8-sig")
    return path


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_table_says_what_yaml_says(ending: str, data: Path, tmp_path: Path) -> None:
    path, out = written(ROWS, tmp_path / f"改动.{ending}"), tmp_path / "out"
    assert main(["run", str(path), "--data", str(data), "--rules", "panzhihua_2023", "--out", str(out)]) == 0
    assert (out / f"方案原件.{ending}").read_bytes() == path.read_bytes()
    opened, closed, moved, upgraded, enlarged = read_scenario(out / "方案.yaml").scenario.edits
    assert isinstance(opened, Open)
    assert (opened.facility, opened.cost, opened.year, opened.reason) == ("NEW1", 300, 2026, "远")
    assert opened.fields["kind"] == "emergency_station"
    assert isinstance(closed, Close)
    assert closed.facility == "ES1"
    assert isinstance(moved, Change)
    assert (moved.facility, dict(moved.fields)) == ("NEW1", {"lon": 101.71, "lat": 26.6})
    assert isinstance(upgraded, Change)
    assert (upgraded.facility, dict(upgraded.fields)) == ("TH1", {"kind": "county_subcenter"})
    assert isinstance(enlarged, Change)
    assert (enlarged.facility, dict(enlarged.fields)) == ("TH1", {"beds": 80})
    again = tmp_path / "again"
    assert main(["run", str(out / "方案.yaml"), "--data", str(data), "--out", str(again)]) == 0
    assert (again / "findings.csv").read_bytes() == (out / "findings.csv").read_bytes()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"动作": "关闭", "机构名称": "同名站"}, "T1（同名站"),
        ({"动作": "关闭", "机构名称": "甲镇卫生所"}, "TH1（甲镇卫生院"),
        ({"动作": "新建", "机构名称": "站"}, "新建要写：类型、经度、纬度"),
        ({"动作": "扩建", "编号": "TH1"}, "扩建要写：编制床位"),
        ({"动作": "关闭"}, "编号、机构名称至少一个"),
        ({"动作": "拆了", "编号": "TH1"}, "改成：新建、关闭、迁移"),
        ({"动作": "关闭", "编号": "TH1", "年份": "明年"}, "不是数字"),
    ],
)
def test_what_is_not_clear_is_refused_by_row(row: dict[str, object], said: str, region: Region, tmp_path: Path) -> None:
    path = written([ROWS[1], row], tmp_path / "改动.csv")
    with pytest.raises(ScenarioError) as error:
        read_edits(path, region)
    assert said in str(error.value)
    assert "第 3 行" in str(error.value)


def test_an_id_that_is_lost_and_an_empty_table_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--data", str(data), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]
    assert main(["run", str(written([{"动作": "关闭", "编号": "ES9"}], tmp_path / "改动.csv")), *told]) == 2
    assert "改动.csv，第 2 行：没有这个机构" in capsys.readouterr().err
    empty = tmp_path / "空.csv"
    empty.write_text("动作,编号\n", "utf-8")
    assert main(["run", str(empty), *told]) == 2
    assert "没有一行改动" in capsys.readouterr().err
    assert main(["run", str(tmp_path / "改动.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "加 --data" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_columns_are_those_that_planners_are_told() -> None:
    labels = [one.label for one in EDITS.fields]
    assert [
        one for one in ("动作", "机构名称", "编号", "类型", "经度", "纬度", "费用", "年份", "理由") if one not in labels
    ] == []
