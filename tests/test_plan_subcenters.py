"""Plans of sub-centres: known answers, scenarios that come out the same, bad input, other people's words kept harmless."""

import json
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from pyproj import Geod
from shapely import LineString

from geodata.csv_text import write_csv
from planner.errors import OptionError, Text
from planner.limits import read_limit
from planner.measures import FUNCTIONS
from planner.rules import load_rules
from planner.scenario import Scenario
from scenarios.chosen import chosen_of, limits_of, subcenter_task
from scenarios.cli.program import main
from scenarios.compare import compare, site_questions
from scenarios.files import read_scenario
from scenarios.phasing import phased
from scenarios.plans.start import begin
from scenarios.plans.subcenters import _range, plan_report
from scenarios.plans.subcenters_tables import close_text, figures
from scenarios.plans.subcenters_write import plan_subcenters_folder
from scenarios.plans.words import state_text
from scenarios.questions import PhasesQuestion, SubcenterQuestion
from scenarios.run import run_file
from scenarios.ways import RoadChoices
from tests import tiny
from tests.pages import open_file

QUIET = ("--limit", "5km,10km", "-p", "1-2")


def silent(_: Text) -> None: ...


def planned(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main(["plan", "subcenters", str(data), "--out", str(out), *QUIET, *more]) == 0
    return json.loads((out / "plan.json").read_text("utf-8"))


def chosen(plan: dict[str, Any], objective: str, p: int) -> list[str]:
    (answer,) = (one for one in plan["answers"] if (one["objective"], one["p"]) == (objective, p))
    return answer["chosen"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a made city's folder and the plan's."""
    folder = tmp_path_factory.mktemp("plan")
    data = tiny.write(folder / "data")
    planned(data, folder / "out")
    return data, folder / "out"


def test_known_answers(made: tuple[Path, Path]) -> None:
    """Within 5 km 乙镇 has 6,000 people and 甲镇 4,000; within 10 km 甲镇 has 25,000 and 乙镇 19,500."""
    plan = json.loads((made[1] / "plan.json").read_text("utf-8"))
    assert [chosen(plan, "cover_5000000", p) for p in (1, 2)] == [["TH2"], ["TH1", "TH2"]]
    assert chosen(plan, "cover_10000000", 1) == ["TH1"]
    values = {(one["objective"], one["p"]): one["objective_value"] for one in plan["answers"]}
    assert (values[("cover_5000000", 1)], values[("cover_5000000", 2)]) == (6000, 10000)
    assert (values[("cover_10000000", 1)], values[("cover_10000000", 2)]) == (25000, 44500)


def test_every_aim_is_the_best_of_all_plans(made: tuple[Path, Path]) -> None:
    plan = json.loads((made[1] / "plan.json").read_text("utf-8"))
    sites = {one[0]: (one[3], one[4]) for one in tiny.FACILITIES if one[2] == "township_hospital"}
    far = {
        (one[0], name): Geod(ellps="WGS84").inv(one[2], one[3], *at)[2]
        for one in tiny.VILLAGES
        for name, at in sites.items()
    }
    for answer in plan["answers"]:
        values = []
        for some in combinations(sorted(sites), answer["p"]):
            near = {one[0]: min(far[one[0], name] for name in some) for one in tiny.VILLAGES}
            if answer["objective"] == "cost":
                values.append(-sum(one[4] * near[one[0]] for one in tiny.VILLAGES))
            else:
                limit = int(answer["objective"].removeprefix("cover_")) / 1000
                values.append(sum(one[4] for one in tiny.VILLAGES if near[one[0]] <= limit))
        mine = answer["objective_value"] if answer["objective"] != "cost" else -answer["objective_value"] / 1000
        assert mine == pytest.approx(max(values), rel=1e-6)
        assert answer["status"] == "optimal"


@pytest.mark.parametrize("roads", [False, True])
def test_each_plan_is_a_scenario_that_comes_out_the_same(tmp_path: Path, roads: bool) -> None:
    data = (tiny.write_with_roads if roads else tiny.write)(tmp_path / "data")
    more = ["--closed", "W2", "--delay", "90s"] if roads else []
    planned(data, tmp_path / "out", *more)
    outcome = run_file(tmp_path / "out" / "方案_p1.yaml", str(data), "panzhihua_2023", tmp_path / "again", silent)
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (tmp_path / "out" / "findings.csv").read_bytes()
    counted = outcome.findings[(outcome.findings["rule"] == "county_subcenter") & (outcome.findings["level"] == "city")]
    assert counted["value"].tolist() == [1]
    second = read_scenario(tmp_path / "out" / "方案_p2.yaml")
    assert [edit.facility for edit in second.scenario.edits] == ["TH1", "TH2"]
    assert second.scenario.questions[0]["p"] == 2


def test_the_same_again_is_the_same_bytes(made: tuple[Path, Path], tmp_path: Path) -> None:
    planned(made[0], tmp_path / "out")
    names = sorted(path.name for path in made[1].iterdir())
    assert names == sorted(path.name for path in (tmp_path / "out").iterdir())
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (made[1] / name).read_bytes(), name


def test_without_the_small_search_the_plan_is_the_same(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.siting.small._MOST_CELLS", -1)
    plan = planned(made[0], tmp_path / "out")
    before = json.loads((made[1] / "plan.json").read_text("utf-8"))
    for name in ("chosen", "objective_value", "status"):
        assert [one[name] for one in plan["answers"]] == [one[name] for one in before["answers"]]


def test_people_add_up_and_reasons_are_told(made: tuple[Path, Path]) -> None:
    plan = json.loads((made[1] / "plan.json").read_text("utf-8"))
    people = sum(one[4] for one in tiny.VILLAGES)
    for answer in plan["answers"]:
        assert answer["within"]["10000000"] + answer["beyond"] + answer["no_way"] == people
        assert {one["id"] for one in answer["reasons"]} == {"TH1", "TH2"}
        assert all(one["reason"] for one in answer["reasons"])
    (one,) = (x for x in plan["answers"] if (x["objective"], x["p"]) == ("cover_5000000", 1))
    said = {x["id"]: (x["state"], x["reason"]) for x in one["reasons"]}
    assert said["TH1"][0] == "not_selected"
    assert "少覆盖 2,000 人（目标差 33.33%，超过容许的 0.50%）；限度内 4,000 人" in said["TH1"][1]
    assert said["TH2"] == ("chosen", "若不选它、改选别处，少覆盖 2,000 人（目标差 33.33%，超过容许的 0.50%）")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("-p", "3"), "个数须在 1 与可选的 2 个之间"),
        (("-p", "x"), "须是大于 0 的整数"),
        (("--force", "TH1", "--forbid", "TH1"), "既必选又排除"),
        (("--force", "NOPE"), "没有这些机构"),
        (("--candidates", "NOPE"), "没有这些机构"),
        (("--candidates", "TH1,TH2,ES2"), "不是在用的机构（现为“ES2 拟建急救站（规划）”）"),
        (("--background", "ES2"), "不是在用的机构（现为“ES2 拟建急救站（规划）”）"),
        (("--force", "ES2"), "不是在用的机构（现为“ES2 拟建急救站（规划）”）"),
        (("--scenario", "built.yaml", "--forbid", "TH1"), "已建成的次中心不能排除"),
        (("--scenario", "built.yaml", "--background", "TH1"), "已建成的次中心计入个数，不能作背景"),
        (("--background", "CHC1", "--spacing", "60km"), "2 个候选点距已有医院不足 60 公里，可选的只剩 0 个"),
        (("--background", "TH1", "-p", "2"), "个数须在 1 与可选的 1 个之间"),
        (("--forbid", "ES1"), "--forbid：不是候选点（现为“ES1”）"),
        (("--candidates", "TH1,TH2,CHC1", "--background", "CHC1"), "既是候选点又是已有医院（现为“CHC1”）"),
        (("--limit", "30min"), "没有路网，不能按时间计算"),
        (("--limit", "5"), "限度没有单位"),
        (("--quota", "q.csv"), "没有候选点的县"),
        (("--quota", "clash.csv", "-p", "1"), "可以：把 p 改为 2"),
        (("--areas", "areas.csv"), "没有这个乡镇"),
        (("--spacing", "30km", "-p", "2"), "间距"),
        (("--forbid", "TH1,TH2"), "个数须在 1 与可选的 0 个之间"),
        (("--rules", "suining_2024", "--scenario", "gone.yaml"), "没有这个文件"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_nothing_written(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    (tmp_path / "q.csv").write_text("group,at_least,at_most\n510499,1,\n", "utf-8")
    (tmp_path / "clash.csv").write_text("group,at_least,at_most\n510402,1,\n510422,1,\n", "utf-8")
    (tmp_path / "areas.csv").write_text("乡镇代码,片区\n510402999,东片\n", "utf-8")
    (tmp_path / "built.yaml").write_text("name: 已建\nedits:\n  - upgrade: TH1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "subcenters", str(made[0]), "--out", "out", *QUIET, *more]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


HOSPITAL = ("H2", "乙县第二人民医院", "hospital", 101.665, 26.665, "open", "")


def write_with_hospital(folder: Path) -> Path:
    """Write the made city with a second county hospital of class two 2 km from 乙镇 and its 6,000 people.

    甲区 has a county hospital of class one, so that sub-centres may be there.
    """
    data = tiny.write(folder)
    frame = tiny.facilities()
    frame.loc[len(frame)] = list(HOSPITAL)
    frame.loc[len(frame)] = ["H1", "甲区医院", "hospital", 101.65, 26.55, "open", ""]
    grades = {"H1": "一级", "H2": "二级甲等"}
    frame = frame.assign(grade=frame["id"].map(grades), owner=frame["id"].map(dict.fromkeys(grades, "县办")))
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    return data


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_with_hospital(tmp_path_factory.mktemp("beside") / "data")


def test_a_hospital_that_serves_goes_on_serving(beside: Path, tmp_path: Path) -> None:
    """Of all sets of one and two, hospital or not, none serves more than the plan of as many, and today counts it."""
    plan = planned(beside, tmp_path / "out")
    assert {one["id"]: one["status"] for one in plan["sites"]} == {
        "H2": "background", "TH1": "candidate", "TH2": "candidate"
    }  # fmt: skip
    assert (plan["today"]["within"]["5000000"], plan["today"]["within"]["10000000"]) == (6000, 19_500)
    places = {one[0]: (one[3], one[4]) for one in (*tiny.FACILITIES, HOSPITAL) if one[0] in {"TH1", "TH2", "H2"}}
    far = {
        (one[0], name): Geod(ellps="WGS84").inv(one[2], one[3], *at)[2]
        for one in tiny.VILLAGES
        for name, at in places.items()
    }
    for p in (1, 2):
        values = [
            sum(one[4] for one in tiny.VILLAGES if min(far[one[0], name] for name in (*some, "H2")) <= 5000)
            for some in combinations(sorted(places), p)
        ]
        assert max(values) == 10_000
        (answer,) = (one for one in plan["answers"] if (one["objective"], one["p"]) == ("cover_5000000", p))
        assert (answer["objective_value"], "TH1" in answer["chosen"]) == (10_000, True)


def test_a_hospital_that_serves_is_chosen_in_name_alone(
    beside: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named as a candidate it serves as before, with the reason; forced it is counted; never does it reach anybody anew."""
    plan = planned(beside, tmp_path / "given", "--candidates", "TH1,TH2,H2")
    assert "--candidates 里的 H2 不作候选点：已有医院，照常服务" in capsys.readouterr().out
    (answer,) = (one for one in plan["answers"] if (one["objective"], one["p"]) == ("cover_5000000", 1))
    assert answer["chosen"] == ["TH1"]
    (reason,) = (one for one in answer["reasons"] if one["id"] == "H2")
    told = "已有医院，照常服务；设为次中心不增加可及，要设请用 --force"
    assert (reason["state"], reason["reason"]) == ("background", told)
    book = openpyxl.load_workbook(tmp_path / "given" / "次中心方案.xlsx")
    for tab in ("候选点", "逐点理由"):
        assert told in [cell.value for row in book[tab].iter_rows() for cell in row]
    forced = planned(beside, tmp_path / "forced", "--force", "H2")
    assert chosen(forced, "cover_5000000", 1) == ["H2"]
    values = {one["p"]: one["within"]["5000000"] for one in forced["answers"] if one["objective"] == "cover_5000000"}
    assert (forced["today"]["within"]["5000000"], values) == (6000, {1: 6000, 2: 10_000})


def test_today_is_the_same_in_plan_comparison_and_phases(beside: Path, tmp_path: Path) -> None:
    """The hospital serves before and after a scenario calls it a sub-centre."""
    planned(beside, tmp_path / "out", "--force", "H2")
    start = begin(beside, "panzhihua_2023", tmp_path / "out" / "方案_p2.yaml", RoadChoices(), (), silent)
    found = phased(PhasesQuestion(scenario=tmp_path / "x.yaml", per_year=1, first_year=2030), start, silent)
    assert found.found.table["covered"].tolist() == [6000, 10_000, 10_000]
    assert found.found.order == ("TH1", "H2")
    pair = compare(start.facts, start.law, [Scenario(), start.base.scenario]).pairs[0]
    city = pair.people[(pair.people["rule"] == "question_subcenters") & (pair.people["group_kind"] == "city")]
    city = city[city["reading"] == "5公里"]
    assert (city["covered_before"].item(), city["covered_after"].item()) == (6000, 10_000)
    unforced = replace(start.base.scenario, questions=({"plan": "subcenters", "p": 2, "limit": ("5km",)},))
    task = subcenter_task(start.facts, unforced.questions[0], 2, (read_limit("5km"),), ("H2", "TH1"))
    assert (task.candidates, task.background, task.forced) == (None, None, ("H2",))


@pytest.mark.parametrize("background", [None, (), ("H2",)])
@pytest.mark.parametrize("candidates", [None, ("CHC1", "TH1", "TH2")])
def test_the_question_comes_back_as_it_was_asked(
    beside: Path, tmp_path: Path, candidates: tuple[str, ...] | None, background: tuple[str, ...] | None
) -> None:
    """What is not given stays so, and what is given as empty, too: a test of the plan tests what was asked."""
    quota = tmp_path / "q.csv"
    quota.write_text("group,at_least,at_most\n510422,0,2\n510402,1,\n", "utf-8")
    asked = SubcenterQuestion(
        data=beside, ps=(2,), limits=(read_limit("5km"), read_limit("10km")), candidates=candidates, background=background,
        forced=("TH1",), forbidden=() if candidates is None else ("CHC1",), quota=quota, spacing=read_limit("1km"),
        k_best=3, tolerance=0.01,
    )  # fmt: skip
    report = plan_subcenters_folder(asked, RoadChoices(), tmp_path / "out", silent)
    scenario = read_scenario(tmp_path / "out" / "方案_p2.yaml").scenario
    question = scenario.questions[0]
    sites = chosen_of(report.start.facts, scenario, "county_subcenter", opened=False).sites
    again = subcenter_task(report.start.facts, question, 2, limits_of(question, (), ()), sites)
    assert again == report.plan.task
    said = dict(report.said)
    given = {None: None, (): "规划人员给出：没有", ("H2",): "规划人员给出：H2"}[background]
    assert (said.get("已有医院"), said["必选"]) == (given, "规划人员给出：TH1")
    assert site_questions(report.start.facts, [scenario])[0].background == (
        ("H2",) if background is None else background
    )
    run_file(tmp_path / "out" / "方案_p2.yaml", str(beside), None, tmp_path / "again", silent)
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (tmp_path / "out" / "findings.csv").read_bytes()


def test_a_hospital_by_name_of_the_background_is_no_candidate(made: tuple[Path, Path], tmp_path: Path) -> None:
    plan = planned(made[0], tmp_path / "out", "-p", "1", "--background", "TH2")
    assert {one["id"]: one["status"] for one in plan["sites"]} == {"TH1": "candidate", "TH2": "background"}
    assert plan["today"]["within"]["5000000"] == 6000


def test_who_has_one_site_only_is_told_where_a_front_leaves_plans_out(tmp_path: Path) -> None:
    """五社区 and its road join nothing else: one site leaves somebody without a way, and so does the best cover of two."""
    data = tiny.write(tmp_path / "data")
    frame = tiny.facilities()
    frame.loc[len(frame)] = ["TH3", "甲一卫生院", "township_hospital", 101.65, 26.55, "open", ""]
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    roads = tiny.roads()
    lines = [*roads.geometry, LineString([(101.65, 26.65), (101.66, 26.65)])]
    ids, classes = [*roads["id"], "W9"], [*roads["road_class"], "primary"]
    gpd.GeoDataFrame({"id": ids, "road_class": classes}, geometry=lines, crs=4326).to_file(
        data / "roads.geojson", driver="GeoJSON", engine="pyogrio"
    )
    options = ["--limit", "8km", "-p", "1-2"]
    assert main(["plan", "subcenters", str(data), "--out", str(tmp_path / "out"), *options, "--max-snap", "500m"]) == 0
    plan = json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))
    state = {(one["objective"], one["p"]): one["status"] for one in plan["answers"]}
    assert state[("cover_8000000", 1)] == "optimal"
    assert state[("cost", 1)] == "infeasible"
    first, second = (one for one in plan["front_left_out"] if one.startswith("1 个"))
    assert "不在表中，因为有 6,000 人只有 乙镇卫生院 能到" in first
    assert "1 个：没有可行方案" in second
    texts = [
        str(cell.value)
        for tab in ("两个目标", "方案总览")
        for row in openpyxl.load_workbook(tmp_path / "out" / "次中心方案.xlsx")[tab].iter_rows()
        for cell in row
    ]
    assert any(first in one for one in texts)
    assert any(one.startswith("1 个：没有可行方案") for one in texts)


@pytest.mark.parametrize(("more", "own"), [((), "以自带为准"), (("--speeds-override",), "不采用，由以上时速代替")])
def test_whose_speed_holds_is_told_as_it_is(tmp_path: Path, more: tuple[str, ...], own: str) -> None:
    data, table = tiny.write_with_roads(tmp_path / "data"), tmp_path / "speeds.csv"
    table.write_text("road_class,speed_kmh\nprimary,30\n", "utf-8")
    options = ["--limit", "30min", "-p", "1", "--speeds", str(table), "--closed", "W2", *more]
    assert main(["plan", "subcenters", str(data), "--out", str(tmp_path / "out"), *options]) == 0
    plan = json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))
    said = [text for label, text in plan["said"] if label == "道路"]
    assert any(own in one and "primary 30" in one for one in said)
    assert any("封闭道路：编号 W2，共 1 段" in one for one in said)


def test_the_terminal_tells_which_limit_and_of_whom(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(made[0], tmp_path / "out")
    today, first, *_ = capsys.readouterr().out.splitlines()
    assert today == "现状，5 公里内 0 人（0.00%），10 公里内 0 人（0.00%）（占全市常住人口）"
    assert "5 公里内 6,000 人（13.33%），10 公里内 19,500 人" in first


def test_a_clash_speaks_of_what_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TH1 (9.96 km) and TH3 stand too near to CHC1, TH2 and TH4 to each other: nobody forbade any, 9.96 km would do."""
    data = tiny.write(tmp_path / "data")
    frame = tiny.facilities()
    for name, lon, lat in (("TH3", 101.60, 26.55), ("TH4", 101.60, 26.70)):
        frame.loc[len(frame)] = [name, f"{name} 院", "township_hospital", lon, lat, "open", ""]
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")

    def asked(spacing: str) -> int:
        options = ["--limit", "5km", "-p", "2", "--background", "CHC1", "--spacing", spacing]
        return main(["plan", "subcenters", str(data), *options, "--out", str(tmp_path / "out")])

    assert asked("10km") == 2
    told = capsys.readouterr().err
    assert told.startswith(
        "-p / --spacing：没有可行方案：个数 p = 2 与间距（TH2 与 TH4）、2 个不能选的点（距已有医院不足 10 公里）不能"
    )
    assert "可以：把 p 改为 1；或者把间距缩短到 9.96 公里（--spacing 9.96km）。" in told
    assert asked("9.97km") == 2
    assert asked("9.96km") == 0


def test_a_clash_of_a_quota_lists_no_ids_of_all_candidates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tiny.write(tmp_path / "data")
    frame = tiny.facilities()
    for number in range(3, 9):
        frame.loc[len(frame)] = [
            f"TH{number}",
            f"{number} 院",
            "township_hospital",
            101.70 + number / 100,
            26.55,
            "open",
            "",
        ]
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "q.csv").write_text("group,at_least,at_most\n510402,3,\n", "utf-8")
    options = ["--out", str(tmp_path / "out"), "--limit", "5km", "-p", "1", "--quota", str(tmp_path / "q.csv")]
    assert main(["plan", "subcenters", str(data), *options]) == 2
    told = capsys.readouterr().err
    assert "可以：" in told
    assert "TH4" not in told


def test_a_clash_with_an_assumption_says_that_it_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No quota was given: 甲区 is to have none because the county runs no hospital there."""
    data = write_with_hospital(tmp_path / "data")
    frame = pd.read_csv(data / "facilities.csv", dtype=str)
    frame[frame["id"] != "H1"].to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    options = ["--out", str(tmp_path / "out"), "--limit", "5km", "-p", "1", "--force", "TH1"]
    assert main(["plan", "subcenters", str(data), *options]) == 2
    told = capsys.readouterr().err
    assert (
        "“甲区”（510402）不设次中心（没有县办医院的市辖区，假设；可用 --quota 改）与必选的站点（TH1）不能同时满足"
        in told
    )
    (tmp_path / "q.csv").write_text("group,at_least,at_most\n510402,,1\n", "utf-8")
    assert main(["plan", "subcenters", str(data), *options, "--quota", str(tmp_path / "q.csv")]) == 0


def test_what_is_proved_is_a_proof_and_no_note(made: tuple[Path, Path], tmp_path: Path) -> None:
    path = made[1] / "方案_p1.yaml"
    scenario = read_scenario(path).scenario
    assert scenario.proof == ("次中心布局方案：1 个，目标“5 公里内的人口最多”，已证明最优。",)
    assert not any("最优" in one for one in scenario.notes)
    other = tmp_path / "other.yaml"
    other.write_text(
        path.read_text("utf-8").replace("upgrade: TH2", "upgrade: TH1").replace("data:", "# data:"), "utf-8"
    )
    assert read_scenario(other).scenario.proof == ()


def test_a_number_without_a_plan_is_told_beside_those_with_one(made: tuple[Path, Path], tmp_path: Path) -> None:
    quota = tmp_path / "q.csv"
    quota.write_text("group,at_least,at_most\n510402,1,\n510422,1,\n", "utf-8")
    planned(made[0], tmp_path / "out", "--quota", str(quota))
    assert not (tmp_path / "out" / "方案_p1.yaml").exists()
    assert (tmp_path / "out" / "方案_p2.yaml").exists()
    sheet = openpyxl.load_workbook(tmp_path / "out" / "次中心方案.xlsx")["方案总览"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert any("1 个：没有可行方案" in one and "把 p 改为 2" in one for one in texts)


def test_areas_are_checked_and_bind_nobody(made: tuple[Path, Path], tmp_path: Path) -> None:
    areas = tmp_path / "片区.csv"
    areas.write_text("乡镇代码,片区\n510402001,东片\n510402100,东片\n510422100,西片\n", "utf-8")
    plan = planned(made[0], tmp_path / "out", "--areas", str(areas))
    crossing = [row for row in plan["towns"] if row["p"] == 1 and row["crosses"]]
    assert {row["town_code"] for row in crossing} == {"510402001", "510402100", "510422200"}  # all served by 乙镇, 西片
    assert chosen(plan, "cover_5000000", 1) == ["TH2"]
    book = openpyxl.load_workbook(tmp_path / "out" / "次中心方案.xlsx")
    assert "片区核对" in book.sheetnames


def test_a_scenario_is_where_a_plan_starts(made: tuple[Path, Path], tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text("name: 并入\nedits:\n  - close: TH2\n    reason: 并入县医院\n", "utf-8")
    out = tmp_path / "out"
    options = ["--limit", "5km", "-p", "1", "--scenario", str(base)]
    assert main(["plan", "subcenters", str(made[0]), "--out", str(out), *options]) == 0
    scenario = read_scenario(out / "方案_p1.yaml").scenario
    assert [edit.facility for edit in scenario.edits] == ["TH2", "TH1"]
    run_file(out / "方案_p1.yaml", str(made[0]), None, tmp_path / "again", silent)
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (out / "findings.csv").read_bytes()
    assert json.loads((out / "manifest.json").read_text("utf-8"))["scenario"]["name"] == "并入"


def test_the_numbers_come_from_the_rule() -> None:
    told = {name: _range(load_rules(name, FUNCTIONS)) for name in ("panzhihua_2023", "suining_2024", "yaan_2022")}
    assert {name: one[0] for name, one in told.items()} == {
        "panzhihua_2023": (5, 6, 7, 8), "suining_2024": (15,), "yaan_2022": (8, 9, 10),
    }  # fmt: skip
    assert "假设" in told["yaan_2022"][1]
    with pytest.raises(OptionError, match="没有次中心的个数"):
        _range(type(load_rules("panzhihua_2023", FUNCTIONS))("x", "x", "5104", "x", "x", ()))


def test_what_is_not_proven_is_never_called_the_best(made: tuple[Path, Path]) -> None:
    report = plan_report(_asked(made[0]), RoadChoices(), silent)
    siting = report.answer(1).siting
    assert state_text(siting, "mm", 45000.0) == "最优（已证明）"
    stopped = replace(siting, status="feasible", bound=9000.0, gap=0.5)
    assert state_text(stopped, "mm", 45000.0) == "可行方案（未证明），上界 9,000 人，差距 50.00%"
    found = figures(report, siting)
    assert found.within(5_000_000) == 6000
    assert figures(report).unreachable == found.people  # nobody serves today


def _asked(data: Path) -> SubcenterQuestion:
    return SubcenterQuestion(data=data, ps=(1, 2), limits=(read_limit("5km"),), time_limit=20)


def test_an_interrupted_plan_leaves_the_older_one(made: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(made[1], out)

    def stop(text: Text) -> None:
        if text.zh == "写出方案文件":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan_subcenters_folder(_asked(made[0]), RoadChoices(), out, stop)
    assert (out / "plan.json").read_bytes() == (made[1] / "plan.json").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_words_from_the_data_stay_words(tmp_path: Path, browser: Any) -> None:
    data = tiny.write(tmp_path / "data")
    frame = pd.read_csv(data / "facilities.csv", dtype=str, encoding="utf-8-sig")
    bad = "</script><img src=x onerror=alert(1)>'\"{{7*7}}"
    frame.loc[frame["id"] == "TH1", "name"] = bad
    frame.loc[frame["id"] == "TH2", "name"] = "=cmd|' /C calc'!A1"
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    planned(data, tmp_path / "out")
    assert read_scenario(tmp_path / "out" / "方案_p2.yaml").scenario.edits[0].facility == "TH1"
    book = openpyxl.load_workbook(tmp_path / "out" / "次中心方案.xlsx")
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    seen = open_file(browser, tmp_path / "out" / "次中心方案地图.html")
    seen.page.select_option("#choice-1", index=1)
    assert bad in seen.page.locator("#blocks table").inner_text()
    assert seen.told == []
    seen.page.context.close()


def test_the_page_shows_the_plan_that_is_chosen(made: tuple[Path, Path], browser: Any) -> None:
    seen = open_file(browser, made[1] / "次中心方案地图.html")
    page = seen.page
    first, second = (
        page.evaluate(f"fugai.scene.ground.towns.code.indexOf('{code}')") for code in ("510422100", "510402100")
    )
    assert "6,000 人" in page.locator("#blocks dl").inner_text()
    assert seen.drawn()["chosen"] == 1
    assert seen.fill(first) == seen.fill(second), "both served by 乙镇"
    page.select_option("#choice-1", index=1)
    assert "10,000 人" in page.locator("#blocks dl").inner_text()
    assert seen.drawn()["chosen"] == 2
    assert seen.fill(first) != seen.fill(second)
    page.select_option("#choice-0", index=1)
    assert page.locator("#choice-1 option:checked").inner_text() == "2 个"
    page.locator("#blocks tr.choosable").first.click()
    assert "若不选它" in page.locator("#card").inner_text()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert "2 个" in page.locator("#under").inner_text()
    assert seen.told == []
    page.context.close()


def test_the_csv_of_findings_is_that_of_the_first_number(made: tuple[Path, Path], tmp_path: Path) -> None:
    from scenarios.plans.start import assessed
    from scenarios.plans.subcenters import proposals

    report = plan_report(
        SubcenterQuestion(data=made[0], ps=(1, 2), limits=(read_limit("5km"), read_limit("10km"))),
        RoadChoices(),
        silent,
    )
    write_csv(tmp_path / "findings.csv", assessed(report.start, proposals(report)[0].said).findings)
    assert (tmp_path / "findings.csv").read_bytes() == (made[1] / "findings.csv").read_bytes()


def test_a_next_plan_that_is_near_is_told_beside_the_proof() -> None:
    def told(first: float, second: float, status: str = "optimal") -> str:
        best = (SimpleNamespace(objective=first), SimpleNamespace(objective=second))
        return close_text(SimpleNamespace(best=best, siting=SimpleNamespace(status=status)))  # type: ignore[arg-type]

    assert told(100_000, 99_990) == "，第二名只差 0.01%"
    assert told(100_000, 99_000) == ""
    assert told(100_000, 100_000) == "", "a tie is told as one"
    assert told(100_000, 99_990, "feasible") == ""
