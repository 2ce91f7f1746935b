"""fugai run: a scenario's outputs, the status quo's findings where it says nothing, and the same from Python."""

import hashlib
import json
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from shapely import box

from planner.errors import ScenarioError
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Close, Open, Override, PopulationChange, Scenario
from scenarios.cli.program import main
from scenarios.files import STALE
from scenarios.run import MAP, load_region, read_scenario, run
from scenarios.ways import RoadChoices
from scenarios.write import write_scenario
from tests import tiny
from tests.faults import tree
from tests.pages import open_file

STATION = """\
name: 五社区设站
author: 规划科
date: 2025-03-01
edits:
  - open: {id: NEW, name: 五社区急救站, kind: 急救站, lon: 101.65, lat: 26.65}
    reason: 北部无站
    cost: 320
    year: 2026
  - close: VC1
"""


def _scenario(folder: Path, text: str, name: str = "a.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _run(path: Path, data: Path, out: Path) -> int:
    return main(["run", str(path), "--data", str(data), "--rules", "panzhihua_2023", "--out", str(out)])


@pytest.fixture(scope="module")
def done(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    assert _run(_scenario(folder, STATION), tiny_folder, folder / "out") == 0
    return folder / "out"


@pytest.mark.parametrize("roads", [False, True])
def test_a_scenario_that_says_nothing_gives_the_findings_of_assess(tmp_path: Path, roads: bool) -> None:
    data = (tiny.write_with_roads if roads else tiny.write)(tmp_path / "data")
    assert main(["assess", str(data), "--rules", "panzhihua_2023", "--out", str(tmp_path / "before")]) == 0
    assert _run(_scenario(tmp_path, "name: 什么也不改\n"), data, tmp_path / "after") == 0
    for name in ("findings.csv", *(("绕行清单.csv",) if roads else ())):
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes()


def test_the_outputs_name_the_scenario_and_its_edits(done: Path) -> None:
    manifest = json.loads((done / "manifest.json").read_text("utf-8"))
    told = manifest["scenario"]
    assert (told["name"], told["author"], told["date"]) == ("五社区设站", "规划科", "2025-03-01")
    assert told["edits"] == [
        "新设急救中心（站）“五社区急救站”NEW（北部无站；2026 年；320 万元）",
        "停用“四村卫生室”VC1",
    ]
    assert told["cost"] == {"sum_10000_yuan": 320, "edits_without": 1}
    assert [one["file"] for one in told["files"]] == ["a.yaml"]
    assert {"方案.yaml", "方案原件.yaml", MAP} <= {one["file"] for one in manifest["outputs"]}
    assert (done / "方案原件.yaml").read_text("utf-8") == STATION
    for path in done.glob("*.xlsx"):
        rows = list(openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True))
        texts = [row[1] for row in rows]
        assert "五社区设站，规划科，2025-03-01" in texts
        assert "1. " + told["edits"][0] in texts
        assert "合计 320 万元，另有 1 项改动没有写费用" in texts


def test_the_scenario_that_was_written_gives_the_same_findings(done: Path, tiny_folder: Path, tmp_path: Path) -> None:
    assert _run(done / "方案.yaml", tiny_folder, tmp_path / "again") == 0
    for name in ("findings.csv", "方案.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (done / name).read_bytes()


def test_a_second_run_gives_the_same_bytes(done: Path, tiny_folder: Path, tmp_path: Path) -> None:
    assert _run(_scenario(tmp_path, STATION), tiny_folder, tmp_path / "out") == 0
    digests: list[dict[str, str]] = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (done, tmp_path / "out")
    ]
    assert digests[0] == digests[1]


def test_the_sample_is_named_by_name(tmp_path: Path) -> None:
    path = _scenario(tmp_path, "name: x\ndata: sample:panzhihua\nrules: panzhihua_2023\nedits:\n  - close: H01\n")
    assert main(["run", str(path), "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "方案.yaml").read_text("utf-8")
    assert "\ndata: sample:panzhihua\nrules: panzhihua_2023\n" in text
    assert "close: H01  # 攀枝花市中心医院（华山）\n" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nedits:\n  - close: ES9\n", "a.yaml，第 3 行：没有这个机构（现为“ES9”）。是不是“ES"),
        (STATION.replace("NEW", "ES1"), "a.yaml，第 5 行：要新设的机构编号已经有了（现为“ES1”）"),
        ('name: x\nedits:\n  - change: ES1\n    set: {town_code: "510402009"}\n', "a.yaml，第 3 行：没有这个乡镇代码（现为“510402009”）。是不是“510402"),
        ("name: x\nedits:\n  - change: ES1\n    set: {host_id: TH9}\n", "没有这个依托机构（现为“TH9”）"),
        ('name: x\npopulation: {year: 2030, factors: {"510499": 1.1}}\n', "a.yaml，第 2 行：没有这个县区代码（现为“510499”）"),
        ("name: x\noverrides:\n  - {rule: emergency_urbn, params: {radius_km: 3}}\n", "a.yaml，第 3 行：没有这个规则（现为“emergency_urbn”）。是不是“emergency_urban”"),
        ("name: x\noverrides:\n  - {rule: emergency_urban, params: {radius: 3}}\n", "没有这个参数（现为“radius”）。是不是“radius_km”"),
        ("name: x\noverrides:\n  - {rule: emergency_urban, params: {radius_km: 三}}\n", "第 3 行，“emergency_urban radius_km”列：类型或范围不对（现为“三”）"),
        ("name: x\noverrides:\n  - {rule: emergency_urban, params: {urban_scope: cenus}}\n", "取值不对（现为“cenus”）"),
        ("name: x\nroads: {closed: [W1]}\n", "没有路网，道路选项无从谈起"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_message(
    text: str, said: str, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(_scenario(tmp_path, text), tiny_folder, tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "out").exists()


def test_changed_parameters_are_told_in_words_wherever_numbers_stand(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "name: 三公里\noverrides:\n  - {rule: emergency_urban, params: {radius_km: 3}, reason: 试算}\n"
    assert _run(_scenario(tmp_path, text), tiny_folder, tmp_path / "out") == 0
    assert "改用参数：城市地区急救中心（站）服务半径：半径＝3 公里（试算），不作判断" in capsys.readouterr().out
    required = "半径＝3 公里（方案的参数；条款：城市居民至急救中心（站）不超过5公里）"
    assert required in (tmp_path / "out" / MAP).read_text("utf-8")
    for path in (tmp_path / "out").glob("缺口清单_*.xlsx"):
        cells = [str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert required in cells
        assert not [cell for cell in cells if "radius_km" in cell]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  closed: [W1, R9999]\n", "a.yaml，第 3 行：路网里没有这些路段编号：R9999。核对编号；范围写在 closed_area"),
        ("  delay: 3min\n  speeds: {没有的路: 5, primary: 40}\n", "a.yaml，第 4 行：没有这个道路等级（现为“没有的路”）。可用：motorway、trunk、"),
        ("  speeds: {primry: 40}\n", "a.yaml，第 3 行：没有这个道路等级（现为“primry”）。是不是 primary；可用："),
        ("  speeds: 时速.csv\n", "时速.csv：没有这个道路等级（现为“没有的路”）。可用："),
    ],
)  # fmt: skip
def test_roads_that_are_not_there_are_told_by_file_and_line(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "时速.csv").write_text("road_class,speed_kmh\n没有的路,20\n", "utf-8")
    data = tiny.write_with_roads(tmp_path / "data")
    assert _run(_scenario(tmp_path, f"name: x\nroads:\n{text}"), data, tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert "--" not in lines[0]


def test_all_that_does_not_fit_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: x\nedits:\n  - close: ES9\noverrides:\n  - {rule: emergency_urbn, params: {radius_km: 3}}\n"
    text += 'roads: {closed: [R9999], speeds: {zzz: 5}}\npopulation: {year: 2030, factors: {"510499": 2}}\n'
    data = tiny.write_with_roads(tmp_path / "data")
    assert _run(_scenario(tmp_path, text), data, tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    for found in ("ES9", "emergency_urbn", "R9999", "zzz", "510499"):
        assert len([one for one in lines if found in one]) == 1, found
    assert len(lines) == 5


def test_a_class_that_only_the_data_know_may_have_a_speed(tmp_path: Path) -> None:
    data = tiny.write_with_roads(tmp_path / "data")
    roads = (data / "roads.geojson").read_text("utf-8").replace('"track"', '"机耕路"')
    (data / "roads.geojson").write_text(roads, "utf-8")
    path = _scenario(tmp_path, "name: x\nroads: {speeds: {机耕路: 8}}\n")
    assert run(load_region(data), "panzhihua_2023", read_scenario(path)).roads is not None


def test_the_hint_on_own_speeds_is_the_files(tmp_path: Path) -> None:
    path = _scenario(tmp_path, "name: x\nroads: {speeds: {ferry: 8}}\n")
    roads = run(load_region(tiny.write_with_roads(tmp_path / "data")), "panzhihua_2023", read_scenario(path)).roads
    assert roads is not None
    assert "own_speeds: false" in roads.told[0].zh
    assert "--" not in roads.told[0].zh


def test_a_place_outside_the_city_is_told_and_written_down(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "name: 邻县\nedits:\n  - open: {id: N, name: 邻县医院, kind: 医院, lon: 102.5, lat: 26.6}\n"
    assert _run(_scenario(tmp_path, text), tiny_folder, tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert told.count("不落在任何乡镇内，只计算距离") == 1
    assert "a.yaml，第 3 行：" in told
    path = next((tmp_path / "out").glob("*.xlsx"))
    rows = list(openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True))
    assert ("方案：提醒", "邻县医院：不落在任何乡镇内，只计算距离") in [row[:2] for row in rows]


PROVED = "布局方案：1 个，已证明最优。"


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("name: 求得", "name: 改名", True), ("cost: 20", "cost: 30", True), ("lon: 101.65", "lon: 101.66", False),
        ("W3", "W1", False), ("p: 1", "p: 2", False), ("TH1", "TH2", False),
    ],
)  # fmt: skip
def test_a_proof_is_told_while_the_scenario_is_what_was_proved(
    old: str, new: str, holds: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Open(
        fields={"id": "N", "name": "新站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65}, cost=20.0
    )
    up = Change(facility="TH1", fields={"kind": "county_subcenter", "beds": 5.0}, word="upgrade")
    question = {"plan": "subcenters", "p": 1, "limit": ("30min",)}
    scenario = Scenario("求得", edits=(opened, up), questions=(question,), proof=(PROVED,))
    path = tmp_path / "a.yaml"
    write_scenario(path, scenario, RoadChoices(closed=frozenset({"W3"}), closed_area=box(101.7, 26.61, 101.71, 26.62)))
    assert read_scenario(path).scenario.proof == (PROVED,)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    data = tiny.write_with_roads(tmp_path / "data")
    assert _run(path, data, tmp_path / "out") == 0
    told = capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["scenario"]
    assert (PROVED in told, "证明不再适用" in told) == (holds, not holds)
    assert ("证明不再适用" in "".join(manifest["notes"]), "proof" in manifest) == (not holds, holds)
    again = read_scenario(tmp_path / "out" / "方案.yaml").scenario  # and so it stays
    assert (again.proof, STALE in again.notes) == ((PROVED,) if holds else (), not holds)


def test_a_scenario_on_a_proved_one_is_not_proved(tmp_path: Path) -> None:
    write_scenario(tmp_path / "p.yaml", Scenario("求得", edits=(STATION_EDIT,), proof=(PROVED,)))
    same = read_scenario(_scenario(tmp_path, "name: 一样\nbase: p.yaml\n")).scenario
    more = read_scenario(_scenario(tmp_path, "name: 又撤\nbase: p.yaml\nedits:\n  - close: VC1\n")).scenario
    assert (same.proof, more.proof, more.notes) == ((PROVED,), (), (STALE,))


def test_without_data_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(_scenario(tmp_path, "name: x\n")), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "在方案里写 data，或加 --data" in said


def test_rules_that_nobody_names_are_those_of_the_city(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _scenario(tmp_path, "name: x\nedits:\n  - close: VC1\n")
    assert main(["assess", str(tiny_folder), "--out", str(tmp_path / "own")]) == 0
    assert "规则：攀枝花" in capsys.readouterr().out
    assert main(["assess", str(tiny_folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "named")]) == 0
    assert tree(tmp_path / "own") == tree(tmp_path / "named")
    assert main(["run", str(file), "--data", str(tiny_folder), "--out", str(tmp_path / "out")]) == 0
    assert "rules: panzhihua_2023" in (tmp_path / "out" / "方案.yaml").read_text("utf-8")
    elsewhere = tiny.write(tmp_path / "elsewhere")
    for name in ("towns.geojson", "villages.csv", "facilities.csv"):
        text = (elsewhere / name).read_text("utf-8-sig")
        (elsewhere / name).write_text(text.replace("5104", "5199"), "utf-8")
    capsys.readouterr()
    assert main(["assess", str(elsewhere), "--out", str(tmp_path / "none")]) == 2
    assert "没有本市的规则" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_text_of_a_scenario_is_only_text(tiny_folder: Path, tmp_path: Path) -> None:
    payload = "<img src=x onerror=alert(1)>"
    text = f"name: '{payload}'\nauthor: '=1+1'\nedits:\n  - close: VC1\n    reason: '{payload}'\n"
    assert _run(_scenario(tmp_path, text), tiny_folder, tmp_path / "out") == 0
    assert payload not in (tmp_path / "out" / MAP).read_text("utf-8")
    for path in (tmp_path / "out").glob("*.xlsx"):
        cells = [cell for row in openpyxl.load_workbook(path)["说明"].iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]


# ---- from Python ----

STATION_EDIT = Open(fields={"id": "NEW", "name": "新站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65})


def test_three_lines_of_python(tiny_folder: Path, tmp_path: Path) -> None:
    region = load_region(tiny_folder)
    outcome = run(region, "panzhihua_2023", read_scenario(_scenario(tmp_path, STATION)))
    rows = outcome.findings.set_index("gap_id")
    assert rows.loc["emergency_urban.paper.city.510400", "covered"] == 35_000
    html = outcome._repr_html_()
    assert html.startswith("<iframe ")
    assert html.count("<") == 2
    start, end = html.index('srcdoc="') + 8, html.rindex('"></iframe>')
    assert unescape(html[start:end]) == outcome.page()
    assert '"' not in html[start:end]


def test_run_is_pure(tiny_region: Region, rules: Rules) -> None:
    def digest() -> list[Any]:
        frames = (tiny_region.facilities, tiny_region.residents, tiny_region.villages)
        return [frame.drop(columns="geometry").to_csv() for frame in frames]

    before = digest()
    edits = (
        STATION_EDIT,
        Change(facility="ES1", fields={"lon": 101.7, "lat": 26.6}, word="move"),
        Close(facility="VC1"),
    )
    people = PopulationChange(2030, {"510402": 1.1, "": 0.9})
    scenario = Scenario("x", edits=edits, population=people, overrides=(Override("emergency_urban", {"radius_km": 8}),))
    run(tiny_region, rules, scenario)
    assert digest() == before
    assert run(tiny_region, rules).region is tiny_region


def test_unknown_counties_are_told_with_other_misfits(tiny_region: Region, rules: Rules) -> None:
    scenario = Scenario("x", edits=(Close(facility="X"),), population=PopulationChange(2030, {"510499": 2}))
    with pytest.raises(ScenarioError) as told:
        run(tiny_region, rules, scenario)
    assert len(told.value.problems) == 2


def test_new_facilities_are_ringed_on_the_map(done: Path, browser: Any) -> None:
    seen = open_file(browser, done / MAP)
    assert seen.drawn()["decided"] == 2
    assert "五社区设站" in seen.page.inner_text("header")
    rings, ground = seen.signs("decided"), seen.page.locator(".sheet").bounding_box()
    said = []
    for left, top, right, bottom in rings:
        seen.page.mouse.move(ground["x"] + (left + right) / 2, ground["y"] + (top + bottom) / 2)
        said.append(seen.page.inner_text("#tip"))
    assert any("北部无站" in one for one in said)
    assert seen.told == []
    seen.page.context.close()


def test_the_notebooks_frame_shows_the_map(tiny_region: Region, rules: Rules, tmp_path: Path, browser: Any) -> None:
    (tmp_path / "n.html").write_text(f"<body>{run(tiny_region, rules)._repr_html_()}</body>", "utf-8")
    page = browser.new_context(offline=True).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "n.html").as_uri())
    page.frame_locator("iframe").locator(".leaflet-container path").first.wait_for()
    assert not errors
    page.context.close()


def test_the_readmes_scenario_runs(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    file = read_scenario(_scenario(tmp_path, readme.split("```yaml\n")[1].split("```")[0]))
    assert file.data is not None
    assert file.rules is not None
    findings = run(load_region(file.data), file.rules, file).findings.set_index("gap_id")
    assert findings.loc["county_subcenter.register.city.510400", "value"] == 1
