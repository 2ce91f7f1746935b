"""fugai plan centers: whole folders, sums, the same bytes, names that bite, clashes and what is refused in one message."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from maps.centers import DISTRICTS, colours
from scenarios.cli.program import main
from tests import tiny
from tests.pages import open_file

WORKBOOK, MAP, PLAN = "社区中心方案.xlsx", "社区中心方案地图.html", "方案.yaml"
SAMPLE = Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua"
PAYLOADS = ("</script><img src=x onerror=alert(1)>一社区", '=HYPERLINK("http://x","二社区")')
FILES = {
    WORKBOOK,
    MAP,
    PLAN,
    "plan.json",
    "manifest.json",
    "findings.csv",
    "街道清单.csv",
    "社区归属.csv",
    "中心负荷.csv",
}


def _planned(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main(["plan", "centers", str(data), "--rules", "panzhihua_2023", "--out", str(out), *more]) == 0
    plan: dict[str, Any] = json.loads((out / "plan.json").read_text("utf-8"))
    return plan


def _refused(capsys: pytest.CaptureFixture[str], data: Path, out: Path, *more: str) -> str:
    assert main(["plan", "centers", str(data), "--rules", "panzhihua_2023", "--out", str(out), *more]) == 2
    assert not out.exists()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def _adds_up(plan: dict[str, Any]) -> None:
    """Every community is whole: loads are the sums of those assigned, shares add up to one."""
    people = {row["id"]: row["population"] for row in plan["communities"]}
    loads: dict[str, int] = {}
    for row in plan["communities"]:
        loads[row["center_planned"]] = loads.get(row["center_planned"], 0) + row["population"]
    planned = {row["id"]: row["load"] for row in plan["centers"] if row["load"] is not None}
    assert {one: load for one, load in loads.items() if one} == planned
    assert sum(row["population"] for row in plan["counties"]) == sum(people.values())
    assert all(load <= row["upper"] for row in plan["centers"] if (load := row["load"]) is not None)


@pytest.fixture(scope="module")
def sample_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output on the sample, by straight lines (fast)."""
    out = tmp_path_factory.mktemp("centers") / "o"
    _planned(SAMPLE, out, "--way", "paper")
    return out


def test_the_tiny_city(tiny_folder: Path, tmp_path: Path) -> None:
    """甲一街道: 30,000 people and one centre, just at the lower bound; 二社区 is 4.4 km off and gets a station."""
    plan = _planned(tiny_folder, tmp_path / "o")
    assert {one.name for one in (tmp_path / "o").iterdir()} >= FILES
    _adds_up(plan)
    assert {row["id"]: row["load"] for row in plan["centers"]} == {"CHC1": 30_000}
    assert plan["state"] == "最优（已证明）"
    assert plan["stations"]["chosen"] == ["510402001002"]
    assert plan["conversions"] is None
    assert [row["id"] for row in plan["hospitals"] if row["chosen"]] == ["CHC1"]
    assert plan["parameters"]["way"] == "paper"
    assert (plan["parameters"]["lower"], plan["parameters"]["upper"]) == (30_000, 100_000)


def test_the_plan_says_what_it_reads_and_what_a_scenario_changed(tiny_folder: Path, tmp_path: Path) -> None:
    said = [tuple(one) for one in _planned(tiny_folder, tmp_path / "a")["said"]]
    assert [text for label, text in said if label == "条款：社区医院"] == [
        "攀枝花市“十四五”医疗卫生服务体系规划第四章第一节一：力争20%的城市社区卫生服务中心创建为社区医院"
    ]
    assert not [text for label, text in said if label == "条款：改定"]
    told = "name: 试算\noverrides:\n  - {rule: community_health_center, params: {lower: 20000}, reason: 试算}\n"
    (tmp_path / "试算.yaml").write_text(told, "utf-8")
    more = ("--scenario", str(tmp_path / "试算.yaml"), "--hospital-share", "0.5")
    plan = _planned(tiny_folder, tmp_path / "b", *more)
    said = [tuple(one) for one in plan["said"]]
    assert ("条款：改定", "方案把参数改为 服务人口下限＝20,000 人（试算），不作判断。") in said
    assert "（占比由规划人员改定，不是条款原数）" in dict(said)["条款：社区医院"]
    assert (plan["parameters"]["lower"], plan["parameters"]["hospital_share"]) == (20_000, 0.5)
    (tmp_path / "试算.yaml").write_text(told.replace("lower: 20000", "hospital_share: 0.3"), "utf-8")
    plan = _planned(tiny_folder, tmp_path / "c", "--scenario", str(tmp_path / "试算.yaml"))
    assert plan["parameters"]["hospital_share"] == 0.3
    said = [tuple(one) for one in plan["said"]]
    assert ("条款：改定", "方案把参数改为 建成社区医院的比例＝0.3（试算），不作判断。") in said
    assert "hospital_share: 0.3" in (tmp_path / "c" / PLAN).read_text("utf-8")


def test_the_sample_has_every_part(sample_out: Path) -> None:
    plan = json.loads((sample_out / "plan.json").read_text("utf-8"))
    _adds_up(plan)
    assert plan["status"] == "optimal"
    assert [row["code"] for row in plan["towns"] if row["needed"]] == ["510411001"]
    why = "盐边县没有街道，县城有卫生院、没有社区卫生服务中心，本方案不涉及（城镇居民 57,434 人）。"
    assert ["假设", why] in plan["said"]
    book = openpyxl.load_workbook(sample_out / WORKBOOK)
    assert book.sheetnames == [
        "县区总览",
        "街道清单",
        "社区归属",
        "中心负荷",
        "余量",
        "服务站",
        "卫生院转型",
        "社区医院",
        "说明",
    ]
    cells = [str(cell) for row in book["卫生院转型"].iter_rows(values_only=True) for cell in row if cell]
    assert any("无数据" in one for one in cells)
    rows = pd.read_csv(sample_out / "社区归属.csv", dtype=str)
    assert len(rows) == len(plan["communities"]) == 85
    manifest = json.loads((sample_out / "manifest.json").read_text("utf-8"))
    assert {one["file"] for one in manifest["outputs"]} >= FILES - {"manifest.json"}


def test_the_scenario_runs_again_to_the_same_findings(sample_out: Path, tmp_path: Path) -> None:
    assert main(["run", str(sample_out / PLAN), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (sample_out / "findings.csv").read_bytes()


def test_what_the_towns_say_after_is_what_the_findings_say(sample_out: Path) -> None:
    plan = json.loads((sample_out / "plan.json").read_text("utf-8"))
    found = pd.read_csv(sample_out / "findings.csv", dtype=str)
    mine = found[
        (found["rule"] == "community_health_center") & (found["reading"] == "clause") & (found["level"] == "town")
    ]
    status = mine.set_index("subject_code")["status"]
    for row in plan["towns"]:
        assert (status[row["code"]] == "met") == (row["after_said"] == "符合"), row["code"]


def test_the_same_input_gives_the_same_bytes(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        _planned(tiny_folder, tmp_path / name)
    for one in sorted((tmp_path / "a").iterdir()):
        assert one.read_bytes() == (tmp_path / "b" / one.name).read_bytes(), one.name


def test_names_from_data_stay_text(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "d")
    frame = pd.read_csv(data / "villages.csv", dtype={"code": str})
    frame.loc[:1, "name"] = PAYLOADS
    frame.to_csv(data / "villages.csv", index=False, encoding="utf-8-sig")
    _planned(data, tmp_path / "o")
    assert "<img src=x" not in (tmp_path / "o" / MAP).read_text("utf-8")
    book = openpyxl.load_workbook(tmp_path / "o" / WORKBOOK)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == PAYLOADS[1] and cell.data_type == "s" for cell in cells)
    rows = pd.read_csv(tmp_path / "o" / "社区归属.csv", dtype=str)
    assert "'" + PAYLOADS[1] in set(rows["社区"])


def test_hard_bounds_where_some_counties_have_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = _planned(SAMPLE, tmp_path / "o", "--way", "paper", "--hard")
    said = capsys.readouterr().out
    assert "西区：没有方案" in said
    assert "可以：把下限降到 27711" in said
    assert plan["state"] == "3 个县（区）有方案，1 个没有"
    west = [row for row in plan["communities"] if row["id"].startswith("510403")]
    assert {row["center_planned"] for row in west} == {""}
    _adds_up(plan)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--hard", "--lower", "40000"), "没有合适的中心个数"),
        (("--lower", "10", "--upper", "19000"), "社区自身人口已超过上限 19000"),
        (("--lower", "200000"), "下限大于上限"),
        (("--lower", "-1"), "--lower"),
        (("--walk", "0"), "--walk"),
        (("-p", "510402"), "看不懂"),
        (("-p", "999999=2"), "没有这个县（区）"),
        (("--way", "time"), "没有路网"),
        (("--short", "5min"), "单位与路程的不同"),
        (("--crosswalk", "nowhere.csv"), "没有这个文件"),
    ],
)
def test_what_cannot_be_asked(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert said in _refused(capsys, tiny_folder, tmp_path / "o", *more)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("510402101,510402102,2019,a\n510402102,510402101,2020,b\n", "成环"),
        ("510402101,510402999,2019,a\n", "不是本市现有"),
        ("51040210,510402001,2019,a\n", "9 位"),
        ("510402101,510402001,,a\n", "没有填"),
        ("", "没有数据行"),
    ],
)
def test_a_bad_crosswalk(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, said: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old_code,new_code,year,source\n" + rows, encoding="utf-8")
    assert said in _refused(capsys, tiny_folder, tmp_path / "o", "--crosswalk", str(path))


def test_a_crosswalk_names_the_hospital_to_convert(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "d")
    frame = tiny.facilities()
    row = ["TH9", "甲一卫生院", "township_hospital", 101.65, 26.59, "open", ""]
    frame = pd.concat([frame, pd.DataFrame([row], columns=frame.columns)])
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    path = tmp_path / "x.csv"
    path.write_text("旧代码,新代码,年份,依据\n510402101,510402001,2019,川府〔2019〕1号\n", encoding="utf-8")
    plan = _planned(data, tmp_path / "o", "--crosswalk", str(path), "-p", "510402=2")
    assert [row["id"] for row in plan["conversions"]] == ["TH9"]
    assert {row["id"]: row["origin"] for row in plan["centers"]} == {"CHC1": "standing", "TH9": "hospital"}
    assert "convert" in (tmp_path / "o" / PLAN).read_text("utf-8")
    _adds_up(plan)


def test_a_village_without_neighbours_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its hospital 乙镇, the county's seat, is counted whole; 六村 has no road, so nobody is next to it."""
    data = tiny.write_with_roads(tmp_path / "d")
    frame = tiny.facilities()
    frame[frame["id"] != "TH2"].to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    said = _refused(capsys, data, tmp_path / "o", "--way", "paper", "--link", "1km")
    assert said.count("没有相邻的社区") == 1
    assert "510422100200" in said


def test_bounds_the_wrong_way_round_are_told_once(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _refused(capsys, tiny_folder, tmp_path / "o", "--lower", "200000")
    assert len(said.strip().splitlines()) == 1


def test_a_county_that_is_not_named_gets_the_fewest(tmp_path: Path) -> None:
    plan = _planned(SAMPLE, tmp_path / "o", "--way", "paper", "-p", "510402=5")
    new = [row["county_code"] for row in plan["centers"] if row["origin"] != "standing"]
    assert sorted(new) == ["510402", "510411"]


def test_by_road_a_soft_bound_weighs(tmp_path: Path) -> None:
    """By the roads' time alone 大宝鼎's centre would keep but 5,375 people; a person short weighs ten minutes."""
    plan = _planned(SAMPLE, tmp_path / "o")
    assert (plan["parameters"]["way"], plan["parameters"]["short"]) == ("time", "10min")
    assert sum(row["short"] for row in plan["centers"]) < 24_625
    _adds_up(plan)


def test_rules_without_the_clause_are_refused(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["plan", "centers", str(tiny_folder), "--rules", "suining_2024", "--out", str(tmp_path / "o")])
    assert code == 2
    assert "没有社区卫生服务中心的条款" in capsys.readouterr().err


def test_neighbouring_districts_differ_in_colour() -> None:
    ids = [str(one) for one in range(6)]
    borders = [(a, b) for a in ids for b in ids if a < b]
    found = colours(ids, borders)
    assert len(set(found.values())) == len(ids) <= len(DISTRICTS)


def test_the_page_opens_offline(browser: Any, sample_out: Path) -> None:
    seen = open_file(browser, sample_out / MAP)
    contents = "fugai.stage.state.pictures[0].contents"
    assert seen.page.evaluate(f"{contents}.communities.rows.length") == 85
    count = f"['standing', 'community', 'station', 'hospital'].reduce((all, one) => all + (({contents}[one] || {{rows: []}}).rows.length), 0)"
    assert seen.page.evaluate(count) == 11
    seen.choose(0, "现状：各社区由谁服务")
    assert seen.page.evaluate(count) == 10
    assert seen.told == []
    seen.page.context.close()


def test_the_room_under_the_bound_and_what_more_of_it_takes(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """30,000 people at one centre of at most 30,100 leave 100; a tenth to spare (27,090) takes another in 二社区 (10,000)."""
    bounds = ["--lower", "5000", "--upper", "30100"]
    plan = _planned(tiny_folder, tmp_path / "near", *bounds)
    told = capsys.readouterr().out
    assert "最满的甲一社区卫生服务中心服务 30,000 人，离上限 30,100 人只余 100 人（上限的 0.33%）" in told
    assert "（上限的 0.33%）；留 10% 余量（参数）：新设 1 所" in told, "nobody is estimated"
    (room,) = plan["rooms"]
    assert (room["left"], room["spare_new"], plan["spare"]["upper"], plan["spare"]["status"]) == (
        100,
        1,
        27_090,
        "optimal",
    )
    assert sorted(row["load"] for row in plan["spare"]["centers"]) == [10_000, 20_000]
    assert plan["counties"][0]["new"] == 0, "the clause's own bound needs none"
    assert any("27,090" in text and "假设" in text for label, text in plan["said"] if label == "余量")
    scenario = (tmp_path / "near" / "方案_留余量.yaml").read_text("utf-8")
    assert "（留 10% 余量）" in scenario
    assert (
        main(
            [
                "run",
                str(tmp_path / "near" / "方案_留余量.yaml"),
                "--data",
                str(tiny_folder),
                "--out",
                str(tmp_path / "run"),
            ]
        )
        == 0
    )
    capsys.readouterr()
    for more, file in ((["--spare", "0"], False), (["--spare", "0.003"], False), (["--spare", "0.004"], True)):
        out = tmp_path / "-".join(more)
        plan = _planned(tiny_folder, out, *bounds, *more)
        assert (out / "方案_留余量.yaml").exists() is file, more
        assert ("只余 100 人" in capsys.readouterr().out) is file, more
        assert (plan["spare"] is not None) is file
    assert "--spare" in _refused(capsys, tiny_folder, tmp_path / "bad", "--spare", "1")
