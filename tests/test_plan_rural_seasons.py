"""fugai plan rural: seasons of the rounds and limits of the links, worked out by hand on the tiny city."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from scenarios.cli.program import main
from scenarios.questions import months_of
from tests.rural_line import EIGHT, FOUR, SEVEN
from tests.test_plan_rural_command import _joined

MORE = "乡村方案附表.xlsx"
RAIN = "雨季:月份=6-9,车速=0.5,次数=1"
SNOW = "雪季：月份=12-1，封闭=N1"
LIMITS = "村到乡镇=10min,到市=30min"


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _joined(tmp_path_factory.mktemp("joined"))


def _run(data: Path, out: Path, *more: str) -> int:
    return main(["plan", "rural", str(data), "--rules", "panzhihua_2023", "--far", "2min", "--out", str(out), *more])


@pytest.fixture(scope="module")
def out(joined: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seasons") / "o"
    assert _run(joined, out, "--season", RAIN, "--season", SNOW, "--link-limit", LIMITS) == 0
    return out


@pytest.fixture(scope="module")
def plan(out: Path) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((out / "plan.json").read_text("utf-8"))
    return plan


def test_each_season_has_its_duty(out: Path) -> None:
    """At half the speed the way to 八村 takes twice as long; in the snow N1, the way there, is closed."""
    duty = pd.read_csv(out / "巡回值班表.csv", dtype={"村代码": str})
    assert list(duty["季节"]) == ["平时", "平时", "雨季"]
    assert set(duty["村代码"]) == {EIGHT}
    dry, _, wet = duty["行车（分钟）"]
    assert wet == pytest.approx(2 * dry, abs=0.05)
    assert len(set(duty["公里"])) == 1
    assert list(duty["第几个工作日"]) == [1, 12, 1]
    left = pd.read_csv(out / "巡回去不了的村.csv", dtype=str)
    assert left[["季节", "村代码"]].to_numpy().tolist() == [["雪季", EIGHT]]
    assert "路不通" in left["原因"][0]


def test_the_more_workbook_compares_them(out: Path, plan: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(out / MORE)
    assert book.sheetnames == [
        "各季比较",
        "值班表_平时",
        "值班表_雨季",
        "值班表_雪季",
        "去不了的村",
        "超出限度的环节",
        "说明",
    ]
    rows = {(one["hospital"], one["season"]): one for one in plan["seasons"]["compared"]}
    usual, rain, snow = (rows["TH2", name] for name in ("平时", "雨季", "雪季"))
    assert [one["days"] for one in (usual, rain, snow)] == [2, 1, 0]
    assert [one["months"] for one in (usual, rain, snow)] == [6, 4, 2]
    assert [one["year_days"] for one in (usual, rain, snow)] == [12, 4, 0]
    assert rain["km"] == pytest.approx(usual["km"] / 2)
    assert rain["hours"] == pytest.approx((2 * (usual["hours"] * 30 - 85) + 85) / 60, abs=0.01), (
        "driving twice, service once"
    )
    texts = "".join(str(cell.value) for row in book["各季比较"].iter_rows() for cell in row)
    assert "平时 6 个月、雨季 4 个月、雪季 2 个月" in texts
    assert "合计 16 个队日" in texts


def test_what_was_decided_is_recorded(out: Path, plan: dict[str, Any]) -> None:
    told = "雨季：6、7、8、9 月，车速为平时的 50%，每村每月 1 次（参数）"
    seasons = {one["name"]: one for one in plan["parameters"]["seasons"]}
    assert (
        seasons["雨季"] | {"name": "雨季", "months": [6, 7, 8, 9], "speeds": {"": 0.5}, "visits": 1} == seasons["雨季"]
    )
    assert (seasons["雪季"]["months"], seasons["雪季"]["closed"]) == ([12, 1], ["N1"])
    assert any(told in text for _, text in plan["said"])
    for name in ("乡村方案.xlsx", MORE):
        lines = "".join(
            str(cell.value) for row in openpyxl.load_workbook(out / name)["说明"].iter_rows() for cell in row
        )
        assert told in lines
        assert "30 分钟（参数，条款未给数值）" in lines
    pages = {name: (out / f"乡村方案地图{name}.html").read_text("utf-8") for name in ("", "_雨季", "_雪季")}
    assert all(told in page for page in pages.values())
    assert "（雨季巡回）" in pages["_雨季"]
    assert "（雪季巡回）" not in pages["_雨季"]
    made = {one["file"] for one in json.loads((out / "manifest.json").read_text("utf-8"))["outputs"]}
    assert {MORE, "乡村方案地图_雨季.html", "乡村方案地图_雪季.html"} <= made


def test_links_beyond_their_limit(out: Path, plan: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """To 乙镇卫生院 六村 has less than 10 minutes, 七村 and 八村 more; 四村 has no way; there is no city hospital."""
    beyond = {row["code"]: row for row in plan["chain"]["beyond"]}
    assert set(beyond) == {FOUR, SEVEN, EIGHT}
    assert {row["level"] for row in beyond.values()} == {"town"}
    assert (beyond[FOUR]["state"], beyond[FOUR]["cost"]) == ("不可达", None)
    assert beyond[EIGHT]["by"] == pytest.approx(beyond[EIGHT]["cost"] - 10)
    assert plan["parameters"]["chain"]["limits"] == {"town": "10min", "city": "30min"}
    chain = pd.read_csv(out / "五级链条.csv", dtype=str).set_index("村代码")
    assert dict(chain["超出限度的环节"].value_counts()) == {"村→乡镇": 3, "无": 1}
    towns = {row["town_code"]: row["over"] for row in plan["chain"]["towns"]}
    assert towns == {"510402100": 1000, "510422100": 0, "510422200": 2000}


def test_without_them_nothing_is_added(joined: Path, tmp_path: Path) -> None:
    assert _run(joined, tmp_path / "o") == 0
    assert not (tmp_path / "o" / MORE).exists()
    assert "季节" not in pd.read_csv(tmp_path / "o" / "巡回值班表.csv").columns
    plan = json.loads((tmp_path / "o" / "plan.json").read_text("utf-8"))
    assert "seasons" not in plan
    assert "beyond" not in plan["chain"]


def test_the_same_input_gives_the_same_bytes(joined: Path, out: Path, tmp_path: Path) -> None:
    assert _run(joined, tmp_path / "o", "--season", RAIN, "--season", SNOW, "--link-limit", LIMITS) == 0
    for path in out.iterdir():
        assert (tmp_path / "o" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("said", "months"), [("6-9", (6, 7, 8, 9)), ("11-2", (11, 12, 1, 2)), ("5+7-8月", (5, 7, 8)), ("", ())]
)
def test_months(said: str, months: tuple[int, ...]) -> None:
    assert months_of("--season", said) == months


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--season", "雨季"], "看不懂"),
        (["--season", ":车速=0.5"], "要有名字"),
        (["--season", "a/b:车速=0.5"], "要有名字"),
        (["--season", "平时:车速=0.5"], "平时"),
        (["--season", "雨季:车速=0"], "车速写成"),
        (["--season", "雨季:车速=5"], "车速写成"),
        (["--season", "雨季:速度=0.5"], "看不懂"),
        (["--season", "雨季:车速=0.5,车速=0.6"], "写了两次"),
        (["--season", "雨季:月份=6-9"], "没有写与平时有什么不同"),
        (["--season", "雨季:月份=13,车速=0.5"], "1 到 12"),
        (["--season", "雨季:月份=6-9+8,车速=0.5"], "同一个月写了两次"),
        (["--season", "雨季:封闭=ZZ9"], "ZZ9"),
        (["--season", "雨季:次数=0"], "1 到 31"),
        (["--season", "雨季:次数=12,工作日=10"], "多于 10 个工作日"),
        (["--season", "雨季:一天=25h"], "--season"),
        (["--season", RAIN, "--season", RAIN], "同一季写了两次"),
        (["--season", RAIN, "--season", "汛期:月份=7,车速=0.4"], "同一个月归了两季"),
        (["--link-limit", "到省=10min"], "看不懂"),
        (["--link-limit", "到县=10"], "单位"),
        (["--link-limit", "到县=10km"], "链条按时间"),
        (["--link-limit", "到县=10min,county=20min"], "写了两次"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    joined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert _run(joined, tmp_path / "o", *more) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert said in errors[0]
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("more", "said"), [(["--season", RAIN], "没有路网"), (["--link-limit", "到县=10min"], "链条按距离")]
)
def test_without_roads(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    command = ["plan", "rural", str(tiny_folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "o"), *more]
    assert main(command) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
