"""Plans of emergency stations: known answers, the same figures as an assessment, scenarios that come out the same."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from geodata.load import load
from planner.errors import Text
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.plans.emergency import EmergencyTask, _assumed, _grid, _rescue_line, _told_apart, with_hosts
from planner.region import Region
from planner.rules import load_rules
from planner.scenario import Open, Scenario, apply
from planner.siting.question import Limits, Question
from planner.siting.siting import siting_of
from scenarios.cli.program import main
from scenarios.files import read_scenario
from scenarios.run import run_file
from scenarios.ways import RoadChoices, ways_of
from tests import tiny
from tests.pages import open_file
from tests.siting_brute import instance

PAPER = "urban_subdistricts_and_county_seats_paper_5000000"
ROAD = "urban_subdistricts_and_county_seats_road_5000000"


def silent(_: Text) -> None: ...


def planned(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main(["plan", "emergency", str(data), "--out", str(out), *more]) == 0
    return json.loads((out / "plan.json").read_text("utf-8"))


def case(plan: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in plan["cases"] if one["id"] == name)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a made city with roads, and the plan's folder."""
    folder = tmp_path_factory.mktemp("emergency")
    data = tiny.write_with_roads(folder / "data")
    planned(data, folder / "out", "--delay", "3min", "--minutes", "15")
    return data, folder / "out"


@pytest.fixture(scope="module")
def plan(made: tuple[Path, Path]) -> dict[str, Any]:
    return json.loads((made[1] / "plan.json").read_text("utf-8"))


def test_known_answers(plan: dict[str, Any]) -> None:
    """甲一街道 has 30,000 people by the station; 乙镇's 5,000 townspeople live by its hospital, 11 km away."""
    one = case(plan, PAPER)
    assert (one["people"], one["covered"], one["more"], one["hosted"], one["alone"]) == (35_000, 30_000, "1", 1, 0)
    assert one["proposed"] == ["TH2"]
    assert [step["covered"] for step in one["curve"]] == [30_000, 35_000]
    assert (one["by_share"]["0.9"]["chosen"], one["nature"]) == (one["by_share"]["0.95"]["chosen"], "条款口径")
    assert case(plan, "urban_subdistricts_paper_5000000")["more"] == "0"
    assert case(plan, f"{PAPER}_greenfield")["more"] == "2"


def test_by_road_those_without_a_way_are_named(plan: dict[str, Any], made: tuple[Path, Path]) -> None:
    """No road comes within 2 km of the north."""
    one = case(plan, ROAD)
    assert (one["covered"], one["left"], one["nature"]) == (20_000, 5_000, "参考口径，不作判断")
    named = {row["name"]: row["why"] for row in plan["left_out"] if "道路 5 公里，城区（街道）＋县城" in row["case"]}
    assert named == {"五社区居民委员会": "不可达：离路太远"}
    book = openpyxl.load_workbook(made[1] / "急救站方案.xlsx")
    texts = [str(cell.value) for row in book["够不着的居民点"].iter_rows() for cell in row]
    assert "五社区居民委员会" in texts


def test_today_is_what_the_assessment_says(plan: dict[str, Any], made: tuple[Path, Path]) -> None:
    region = load(made[0])
    findings = assess(region, load_rules("panzhihua_2023", FUNCTIONS), ways_of(region, RoadChoices(delay_s=180.0)))
    city = findings[findings["level"] == "city"].set_index(["rule", "reading"])
    pairs = {
        PAPER: ("emergency_urban", "paper"),
        "urban_subdistricts_paper_5000000": ("emergency_urban", "paper_subdistricts"),
        "urban_census_paper_5000000": ("emergency_urban", "paper_census"),
        ROAD: ("emergency_urban", "road"),
        "rural_subdistricts_and_county_seats_paper_15000000": ("emergency_rural", "paper"),
        "rural_subdistricts_and_county_seats_road_15000000": ("emergency_rural", "road"),
    }
    for name, at in pairs.items():
        assert (case(plan, name)["people"], case(plan, name)["covered"]) == tuple(
            city.loc[at, ["population", "covered"]]
        )


def test_response_time_is_dispatch_and_travel_and_a_parameter(plan: dict[str, Any]) -> None:
    one = case(plan, "urban_subdistricts_and_county_seats_road_time_900000")
    assert (one["covered"], one["nature"]) == (30_000, "参数情景，不作判断")
    assert any("调度 3 分钟" in text for _, text in plan["said"])


@pytest.mark.parametrize(
    ("file", "reading", "uncovered"), [("方案_直线.yaml", "paper", 0), ("方案_道路.yaml", "road", 0)]
)
def test_each_reading_is_a_scenario_that_covers_everyone(
    made: tuple[Path, Path], tmp_path: Path, file: str, reading: str, uncovered: int
) -> None:
    outcome = run_file(made[1] / file, str(made[0]), None, tmp_path / "again", silent)
    rows = outcome.findings
    city = rows[(rows["rule"] == "emergency_urban") & (rows["reading"] == reading) & (rows["level"] == "city")]
    assert city["uncovered"].tolist() == [uncovered]
    if reading == "paper":
        assert (tmp_path / "again" / "findings.csv").read_bytes() == (made[1] / "findings.csv").read_bytes()
    assert read_scenario(made[1] / file).choices.delay_s == 180


def test_the_same_again_is_the_same_bytes(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once more, and without the small search: the plans are the same."""
    planned(made[0], tmp_path / "out", "--delay", "3min", "--minutes", "15")
    for path in made[1].iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes(), path.name
    monkeypatch.setattr("planner.siting.small._MOST_CELLS", -1)
    again = planned(made[0], tmp_path / "out", "--delay", "3min", "--minutes", "15")
    first = json.loads((made[1] / "plan.json").read_text("utf-8"))
    assert [(one["id"], one["more"], one["proposed"]) for one in again["cases"]] == [
        (one["id"], one["more"], one["proposed"]) for one in first["cases"]
    ]


def test_without_a_grid_only_hosts_are_chosen(made: tuple[Path, Path], tmp_path: Path) -> None:
    plan = planned(made[0], tmp_path / "out", "--grid", "0", "--rural", "none")
    assert {one["alone"] for one in plan["cases"]} == {0}
    assert not [one for one in plan["cases"] if one["residents"] == "rural"]
    assert case(plan, ROAD)["left"] == 15_000  # 二社区 is 4 km of road from no host


def test_a_plan_upon_a_plan_needs_nothing_more(made: tuple[Path, Path], tmp_path: Path) -> None:
    more = ["--scenario", str(made[1] / "方案_直线.yaml"), "--rural", "none"]
    plan = planned(made[0], tmp_path / "out", *more)
    assert case(plan, PAPER)["more"] == "0"
    assert len(read_scenario(tmp_path / "out" / "方案_直线.yaml").scenario.edits) == 1


def test_rules_without_a_radius_give_the_rural_cases_alone(made: tuple[Path, Path], tmp_path: Path) -> None:
    plan = planned(made[0], tmp_path / "out", "--rules", "yaan_2022", "--rural", "15km")
    assert {one["residents"] for one in plan["cases"]} == {"rural"}
    assert any("没有城市地区急救半径" in text for _, text in plan["said"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--rules", "suining_2024", "--rural", "none"), "规则里没有城市地区急救半径"),
        (("--rural", "30min"), "须是距离"),
        (("--rural", "10"), "限度没有单位"),
        (("--grid", "10m"), "须在 0.2 与 200 之间"),
        (("--most", "-1"), "须在 0 与 500 之间"),
        (("--closed", "W9"), "没有这些路段编号"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_nothing_written(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert main(["plan", "emergency", str(made[0]), "--out", str(tmp_path / "out"), *more]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def write_with(folder: Path, *rows: tuple[object, ...]) -> Path:
    """Write the made city with more facilities."""
    data = tiny.write(folder)
    frame = tiny.facilities()
    for row in rows:
        frame.loc[len(frame)] = list(row)
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    return data


def test_a_host_whose_station_was_closed_may_have_one_again(tmp_path: Path) -> None:
    """Under an id of its own: the closed station keeps the old one."""
    closed = ("ES-TH2", "乙镇卫生院急救站（依托）", "emergency_station", 101.65, 26.65, "closed", "")
    data = write_with(tmp_path / "data", closed)
    plan = planned(data, tmp_path / "out", "--rural", "none", "--grid", "0")
    assert case(plan, PAPER)["proposed"] == ["TH2"]
    (edit,) = read_scenario(tmp_path / "out" / "方案_直线.yaml").scenario.edits
    assert (edit.fields["id"], edit.fields["host_id"]) == ("ES-TH2-2", "TH2")
    run_file(tmp_path / "out" / "方案_直线.yaml", str(data), None, tmp_path / "again", silent)
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (tmp_path / "out" / "findings.csv").read_bytes()


def test_points_of_a_fine_grid_have_ids_of_their_own(made: tuple[Path, Path]) -> None:
    points = _grid(load(made[0]), 50.0)
    assert points["id"].is_unique
    assert points["id"].str.fullmatch(r"G[0-9]+_[0-9]+").all()


def test_new_stations_have_names_of_their_own(made: tuple[Path, Path]) -> None:
    """A grid point is named after the village near it, where that is of its town; those by one village are numbered."""
    sites = _grid(load(made[0]), 1000.0)
    pattern = "(甲一街道|甲镇|乙镇|乙乡)([一二三四五六七八](社区|村)附近)?拟设点"
    assert sites["name"].str.fullmatch(pattern).all()
    first, second, third = sites.loc[sites["name"] == "乙镇五社区附近拟设点", "id"][:3]
    (other,) = sites.loc[sites["name"] == "乙镇六社区附近拟设点", "id"][:1]
    plans: Any = [
        SimpleNamespace(proposed=SimpleNamespace(chosen=(third, other)), steps=()),
        SimpleNamespace(proposed=SimpleNamespace(chosen=(first, third)), steps=()),
    ]
    names = _told_apart(sites, plans).set_index("id")["name"]
    assert [names[one] for one in (third, first, other, second)] == [
        "乙镇五社区附近拟设点1", "乙镇五社区附近拟设点2", "乙镇六社区附近拟设点", "乙镇五社区附近拟设点"
    ]  # fmt: skip


def test_closures_are_told(made: tuple[Path, Path], tmp_path: Path) -> None:
    plan = planned(made[0], tmp_path / "out", "--closed", "W2", "--rural", "none")
    assert any(label == "道路" and "封闭道路：编号 W2，共 1 段" in text for label, text in plan["said"])


def test_the_terminal_says_who_is_all(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(made[0], tmp_path / "out", "--rural", "none")
    lines = capsys.readouterr().out.splitlines()
    (road,) = (one for one in lines if one.startswith("城市地区，道路 5 公里，城区（街道）＋县城（"))
    (paper,) = (one for one in lines if one.startswith("城市地区，直线 5 公里，城区（街道）＋县城（"))
    assert "，在够得着的人里全部覆盖还要新增" in road
    assert road.endswith("；另有 5,000 人任何候选点都够不着")
    assert "，全部覆盖还要新增 1 处" in paper


def test_overview_and_curve_name_the_same_sites(tmp_path: Path) -> None:
    """Of one more for all, nearest is a grid point by 五社区; the hospital, 1.7 km away, does as well and is a host."""
    data = tiny.write(tmp_path / "data")
    frame = tiny.facilities()
    frame.loc[frame["id"] == "TH2", "lat"] = 26.665
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    plan = planned(data, tmp_path / "out", "--rural", "none")
    one = case(plan, PAPER)
    assert one["proposed"] == ["TH2"]
    assert one["curve"][1]["chosen"] == ["TH2"]
    book = openpyxl.load_workbook(tmp_path / "out" / "急救站方案.xlsx")
    swapped = [row[7].value for row in book["新增曲线"].iter_rows() if row[0].value == case_label(plan, PAPER)]
    assert swapped == ["—", "增 乙镇卫生院"]


def case_label(plan: dict[str, Any], name: str) -> str:
    return str(case(plan, name)["case"])


def test_a_host_stands_in_for_a_site_without_where_nobody_loses() -> None:
    """s00 reaches d00 and d01; s01 d00 alone; s02 both, s03 both and more. No host reaches what s04 reaches: it stays."""
    reached = ((0, 1), (0,), (0, 1), (0, 1, 3), (2,))
    costs = [[1.0 if at in mine else None for mine in reached] for at in range(4)]
    asked = instance(Question("mclp", p=2), costs, [5.0, 5.0, 20.0, 1.0])
    best = siting_of(asked, np.array([0, 4]), 30.0, 30.0, 0.0, Limits(), {})
    found = with_hosts(best, {"s01", "s02"})
    assert (found.chosen, found.objective, found.status, found.covered) == (("s02", "s04"), 30.0, "optimal", 30.0)
    assert with_hosts(best, {"s01"}).chosen == ("s00", "s04"), "s01 leaves d01 without"
    assert with_hosts(found, {"s01", "s02"}) is found


def test_what_is_proved_is_a_proof_and_no_note(made: tuple[Path, Path]) -> None:
    scenario = read_scenario(made[1] / "方案_直线.yaml").scenario
    assert len(scenario.proof) == 1
    assert "新增 1 处，已证明最少；条款口径" in scenario.proof[0]
    assert not any("已证明" in one for one in scenario.notes)


def test_the_page_opens_on_the_plan_for_all(made: tuple[Path, Path], browser: Any) -> None:
    seen = open_file(browser, made[1] / "急救站方案地图.html")
    page = seen.page
    assert "35,000 人（100.00%）" in page.locator("#blocks dl").inner_text()
    assert seen.drawn()["hosted"] == 1
    page.select_option("#choice-1", index=0)
    assert "30,000 人（85.71%）" in page.locator("#blocks dl").inner_text()
    assert seen.drawn()["uncovered"] == 1
    left, ground = seen.signs("uncovered")[0], page.locator(".sheet").bounding_box()
    page.mouse.move(ground["x"] + (left[0] + left[2]) / 2, ground["y"] + (left[1] + left[3]) / 2)
    assert "五社区" in page.locator("#tip").inner_text()
    for at in range(page.locator("#choice-0 option").count()):
        page.select_option("#choice-0", index=at)
    assert seen.told == []
    page.context.close()


def test_a_host_that_reaches_more_raises_what_the_plan_is_worth() -> None:
    case = instance(
        Question("mclp", p=1), [[1.0, 1.0], [None, 1.0]], [10.0, 7.0], pd.DataFrame({"status": ["candidate"] * 2})
    )
    grid = siting_of(case, np.array([0]), 10.0, 17.0, 0.1, Limits(), {})
    hosted = with_hosts(grid, ["s01"])
    assert (grid.status, hosted.chosen, hosted.objective, hosted.covered) == ("feasible", ("s01",), 17.0, 17.0)
    assert (hosted.status, hosted.ties) == ("optimal", False)


def test_a_rescue_centre_that_is_not_counted_is_named(tiny_region: Region) -> None:
    assert _rescue_line(tiny_region) == ()
    fields = {"id": "RC", "name": "市紧急医学救援中心", "kind": "rescue_center", "lon": 101.65, "lat": 26.55}
    region = apply(tiny_region, Scenario(edits=(Open(fields=fields),)))
    (told,) = _rescue_line(region)
    assert told.startswith("市紧急医学救援中心不算急救站")
    assert told in _assumed(region, EmergencyTask(cases=()))
