"""fugai run: a scenario's outputs, the status quo's findings where it says nothing, and the same from Python."""

import hashlib
import json
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from planner.errors import ScenarioError
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Close, Open, Override, PopulationChange, Scenario
from scenarios.cli import main
from scenarios.run import MAP, load_region, read_scenario, run
from tests import tiny

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


def test_without_data_and_rules_both_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(_scenario(tmp_path, "name: x\n")), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "在方案里写 data，或加 --data" in said
    assert "在方案里写 rules，或加 --rules" in said


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
    page = browser.new_context(offline=True).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((done / MAP).as_uri())
    page.wait_for_selector("path.decided")
    assert page.locator("path.decided").count() == 2
    assert "五社区设站" in page.inner_text("header")
    page.locator("path.decided").first.hover(force=True)
    assert "北部无站" in page.inner_text("body")
    assert not errors
    page.context.close()


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
