"""What is judged and what is said of it: whose rules, nothing reassuring where nothing was judged, what few people weigh."""

from pathlib import Path

import pytest

from planner import standards
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import read_rules
from planner.scenario import Change, Scenario
from scenarios.cli import main
from scenarios.compare import compare
from scenarios.compare_said import said
from tests import tiny

SECOND = """
id: panzhihua_2030
label: 攀枝花市另一份文件
city: "5104"
document: 攀枝花市另一份文件
issued: 2030-01-01
rules:
  - id: county_subcenter
    label: 次中心
    section: 一
    quote: 建设3个县域医疗卫生次中心
    measure: facility_count
    gap_level: city
    denominator: 全市机构数（个）
    required_text: 3个
    params: {facility_kind: county_subcenter, at_least: 3}
    readings:
      - {id: register, label: 按机构名录计数}
"""


@pytest.fixture
def two_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool as it is with a second document of 攀枝花, which speaks of sub-centres alone."""
    folder = tmp_path / "standards"
    folder.mkdir()
    for name in standards.standard_names():
        (folder / f"{name}.yaml").write_text(standards.standard_text(name), encoding="utf-8")
    (folder / "panzhihua_2030.yaml").write_text(SECOND, encoding="utf-8")
    monkeypatch.setattr(standards, "files", lambda _: folder)


@pytest.mark.usefixtures("two_documents")
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "subcenters", "{data}", "--limit", "10km"),
        ("compare", "baseline", "{scenario}", "--data", "{data}"),
        ("robust", "baseline", "--data", "{data}", "--draws", "2"),
        ("phases", "{scenario}", "--data", "{data}", "--per-year", "1"),
    ],
)
def test_of_two_documents_of_a_city_the_user_is_asked_which(
    words: tuple[str, ...], tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "方案.yaml"
    scenario.write_text("name: 升格\nedits:\n  - upgrade: TH1\n", encoding="utf-8")
    said = [one.format(data=tiny_folder, scenario=scenario) for one in words]
    assert main([*said, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "本市有 2 套规则" in told
    assert "panzhihua_2023（攀枝花市“十四五”医疗卫生服务体系规划）、panzhihua_2030（攀枝花市另一份文件）" in told
    assert "suining" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("two_documents")
@pytest.mark.parametrize(
    "words", [("centers",), ("rural",), ("emergency", "--rural", "none")], ids=["centers", "rural", "emergency"]
)
def test_a_document_without_the_clause_is_passed_over(
    words: tuple[str, ...], tiny_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert main(["plan", words[0], str(tiny_folder), "--out", str(out), *words[1:]]) == 0
    assert "panzhihua_2023" in (out / "manifest.json").read_text("utf-8")


@pytest.mark.usefixtures("two_documents")
def test_the_rules_that_are_named_are_taken(tiny_folder: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "方案.yaml"
    scenario.write_text("name: 升格\nrules: panzhihua_2030\nedits:\n  - upgrade: TH1\n", encoding="utf-8")
    words = ["compare", "baseline", str(scenario), "--data", str(tiny_folder), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "panzhihua_2030" in (tmp_path / "out" / "manifest.json").read_text("utf-8")


def test_without_rules_of_the_city_others_are_offered_as_a_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.write(tmp_path / "data")
    for path in (data / "towns.geojson", data / "villages.csv", data / "facilities.csv"):
        text = path.read_text("utf-8-sig").replace("510402", "990402").replace("510422", "990422")
        path.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")
    assert main(["plan", "centers", str(data), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "没有本市的规则" in told
    assert "不作判断" in told
    assert "yaan_2022" in told


def test_where_no_way_was_asked_about_nobody_is_said_to_be_as_near_as_before(tiny_region: Region) -> None:
    law = read_rules(SECOND, "x.yaml", FUNCTIONS)
    upgraded = Scenario(name="升格", edits=(Change(facility="TH1", fields={"kind": "county_subcenter"}),))
    for other in (upgraded, Scenario(name="也不改")):
        told = "".join(said(compare(tiny_region, law, [Scenario(), other]).pairs[0]))
        assert "没有按居民路程计算的指标，居民的远近没有比较。" in told
        assert "没有人变近或变远" not in told
        assert "每个居民点的远近" not in told
