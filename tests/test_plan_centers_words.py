"""fugai plan centers: what its words say of people without a way, numbers that round, other cities' clauses, options."""

import json
import math
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely import LineString

from planner.text import over_text
from scenarios.cli.program import main
from scenarios.plans.centers import _note
from tests import tiny
from tests.test_plan_centers_command import SAMPLE, WORKBOOK, _adds_up, _planned, _refused

FIRST = "510402001001"


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output on the tiny city whose 一社区 has 100 people far from any road."""
    data = tiny.write_with_roads(tmp_path_factory.mktemp("lost") / "d")
    columns = ["id", "village_code", "lon", "lat", "population"]
    rows = [
        ("a", FIRST, 101.65, 26.55, 19_900), ("b", FIRST, 101.61, 26.51, 100), ("c", "510402001002", 101.65, 26.59, 10_000),
    ]  # fmt: skip
    others = [(one[0] + "x", one[0], one[2], one[3], one[4]) for one in tiny.VILLAGES[2:]]
    pd.DataFrame([*rows, *others], columns=columns).to_csv(data / "residents.csv", index=False, encoding="utf-8-sig")
    out = data.parent / "o"
    _planned(data, out)
    return out


def test_people_without_a_way_are_named_wherever_the_plan_is_told(lost: Path) -> None:
    plan = json.loads((lost / "plan.json").read_text("utf-8"))
    _adds_up(plan)
    assert {row["id"]: row["unreached"] for row in plan["communities"]} == {FIRST: 100, "510402001002": 0}
    told = "100 人没有路到方案的中心：一社区居民委员会 100 人"
    assert any(label == "没有路" and told in text for label, text in plan["said"])
    book = openpyxl.load_workbook(lost / WORKBOOK)
    for tab in ("县区总览", "说明"):
        assert told in "".join(str(cell) for row in book[tab].iter_rows(values_only=True) for cell in row if cell)
    rows = pd.read_csv(lost / "社区归属.csv", dtype=str).set_index("代码")
    assert rows["没有路的居民"].to_dict() == {FIRST: "100", "510402001002": "0"}
    assert told in (lost / "社区中心方案地图.html").read_text("utf-8")


def test_the_terminal_counts_all_centres_and_those_without_a_way(
    lost: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _planned(lost.parent / "d", tmp_path / "o", "--upper", "2万", "--lower", "0")
    said = capsys.readouterr().out
    assert "甲区：2 个社区（村），30,000 人，其中 100 人没有路到中心；中心现有 1 所，新设 1 所，共 2 所" in said


@pytest.mark.parametrize(
    ("said", "upper"), [("3万", 30_000), ("30,000", 30_000), ("3.5万人", 35_000), ("30000", 30_000)]
)
def test_people_as_they_are_written(tiny_folder: Path, tmp_path: Path, said: str, upper: int) -> None:
    assert _planned(tiny_folder, tmp_path / "o", "--lower", "0", "--upper", said)["parameters"]["upper"] == upper


@pytest.mark.parametrize("said", ["三万", "3.00001万", "3万万", "", "1.5"])
def test_people_that_are_none_are_refused_in_a_line(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    told = _refused(capsys, tiny_folder, tmp_path / "o", "--upper", said)
    assert len(told.strip().splitlines()) == 1
    assert "--upper" in told


def test_what_is_beyond_is_never_shown_as_the_limit() -> None:
    assert [over_text(one, 15, 1) for one in (15.0, 15.04, 15.06, 15.0004, 12.0)] == [
        "15.0",
        "15.04",
        "15.1",
        "15.0004",
        "12.0",
    ]
    assert [over_text(one, 1250, 0) for one in (1250.0, 1250.4, 1250.6, math.nan)] == [
        "1,250",
        "1,250.4",
        "1,251",
        "—",
    ]


def test_a_fifth_of_the_centres_is_said_to_be_rounded_up(tmp_path: Path) -> None:
    _planned(SAMPLE, tmp_path / "o", "--way", "paper")
    book = openpyxl.load_workbook(tmp_path / "o" / WORKBOOK)
    told = "".join(str(cell) for row in book["社区医院"].iter_rows(values_only=True) for cell in row if cell)
    assert "20.00% × 11 所中心（含新设）＝2.2，向上取整，取 3 所" in told
    stations = [row for row in book["服务站"].iter_rows(values_only=True) if row and "设社区卫生服务站（为" in str(row)]
    assert stations, "a station in a community near a centre says for whom it is"
    assert all("为）" not in str(row) for row in stations)


def test_another_citys_clause_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suining = SAMPLE.parent / "suining"
    _planned(suining, tmp_path / "o", "--way", "paper", "--time-limit", "5")
    assert "不是本市的文件：这是参数情景，不作判断" in capsys.readouterr().out
    assert main(["plan", "centers", str(suining), "--out", str(tmp_path / "p")]) == 2
    said = capsys.readouterr().err
    assert "有的规则：panzhihua_2023" in said
    assert "参数情景" in said


def test_at_home_nothing_is_said_of_it(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _planned(tiny_folder, tmp_path / "o")
    assert "参数情景" not in capsys.readouterr().out


def test_a_centre_that_shares_no_district_does_not_say_so() -> None:
    assert _note({"joint": 0, "unit_id": FIRST, "load": math.nan}) == "与同一社区的中心合为一个片区"
    assert "不分片区" in _note({"joint": 0, "unit_id": "", "load": math.nan})
    assert "2 所中心" in _note({"joint": 2, "unit_id": FIRST, "load": 1.0})


def test_counties_of_one_name_have_each_its_own_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both counties are called 甲区; only the first has no plan, as its communities have more than 15,000 people."""
    data = tiny.write(tmp_path / "d")
    towns = gpd.read_file(data / "towns.geojson", engine="pyogrio")
    towns.assign(county_name="甲区").to_file(data / "towns.geojson", driver="GeoJSON", engine="pyogrio")
    rows = tiny.facilities()
    rows[rows["id"] != "TH2"].to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    _planned(data, tmp_path / "o", "--lower", "0", "--upper", "15000")
    said = capsys.readouterr().out
    assert said.count("没有方案") == 1
    assert said.count("甲区：") == 2


def test_villages_without_a_neighbour_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tiny.write(tmp_path / "d")
    lines = [LineString([(101.60, y), (101.80, y)]) for y in (26.55, 26.65)]
    roads = gpd.GeoDataFrame({"id": ["A", "B"], "road_class": "primary"}, geometry=lines, crs=4326)
    roads.to_file(data / "roads.geojson", driver="GeoJSON", engine="pyogrio")
    rows = tiny.facilities()
    rows[rows["id"] != "TH2"].to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    said = _refused(capsys, data, tmp_path / "o", "--way", "paper", "--link", "100m")
    assert len(said.strip().splitlines()) == 1
    assert said.startswith("--link：")
    assert "六社区村民委员会（510422100200）" in said
    assert "放宽 --link" in said


def test_the_assessment_after_the_plan_is_told_as_it_is_made(lost: Path) -> None:
    """It counts by the plan's service areas, not by the nearest centre."""
    assert json.loads((lost / "plan.json").read_text("utf-8"))["towns"]
    told = "".join(
        str(cell) for sheet in openpyxl.load_workbook(lost / WORKBOOK) for row in sheet.iter_rows(values_only=True)
        for cell in row if cell
    )  # fmt: skip
    assert "方案后\n评估" in told
    assert "方案写明由谁服务的社区照方案的片区" in told
    for text in (told, (lost / "社区中心方案地图.html").read_text("utf-8")):
        assert "按就近评估" not in text
        assert "不知道片区" not in text
