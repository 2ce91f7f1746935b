"""What is judged and what is said of it: whose rules, nothing reassuring where nothing was judged, what few people weigh."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest

from geodata.load import load
from planner import standards
from planner.certainty import Bench
from planner.findings import FEW_PEOPLE, assess, gap_rows, no_data_rows, unjudged_rows
from planner.measures import FUNCTIONS
from planner.plans.sites import default_hosts
from planner.region import Region
from planner.rules import Rules, load_rules, read_rules
from planner.scenario import Change, Override, Scenario, apply, overridden
from planner.schema import FACILITY_KINDS
from planner.travel import PAPER
from scenarios.cli.program import main
from scenarios.compare import compare
from scenarios.compare_write import pair_lines
from scenarios.export.workbook import write_workbook
from scenarios.run import MAP, SAME, changes, run
from scenarios.verdict import verdict_of
from tests import tiny
from tests.pages import open_file, scene_of

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
        told = "".join(pair_lines(compare(tiny_region, law, [Scenario(), other]).pairs[0]))
        assert "没有按居民路程计算的指标，居民的远近没有比较。" in told
        assert "没有人变近或变远" not in told
        assert "每个居民点的远近" not in told


SAMPLES = Path(__file__).parent.parent / "geodata" / "samples"
WITHOUT_CLINIC = {
    "船山区": (6, 6130),
    "安居区": (10, 9482),
    "蓬溪县": (16, 15706),
    "大英县": (11, 14383),
    "射洪市": (17, 15790),
}
"""By county of 遂宁: 行政村 without a clinic, and their residents: 60 and 61,491 together."""
BEYOND = {
    "雨城区": (4, 35699), "名山区": (7, 67096), "荥经县": (5, 12837), "汉源县": (15, 153278), "石棉县": (9, 18542),
    "天全县": (2, 5458), "芦山县": (4, 16497), "宝兴县": (5, 14919),
}  # fmt: skip
"""By county of 雅安: towns with rural residents beyond the parameter's distance from a station, and these residents."""
SHEETS = ("缺口清单", "未作判断清单", "指标完成情况", "待补数据清单")


@pytest.fixture(scope="module", params=[("suining", "suining_2024", WITHOUT_CLINIC), ("yaan", "yaan_2022", BEYOND)])
def silent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A city none of whose counties is judged: region, rules, findings, whom it concerns, and the workbooks by county."""
    sample, name, concerned = request.param
    region, law = load(SAMPLES / sample), load_rules(name, FUNCTIONS)
    findings = assess(region, law, PAPER)
    folder = tmp_path_factory.mktemp(sample)
    books = {}
    for code, county in zip(region.counties["code"], region.counties["name"], strict=True):
        path = folder / f"{county}.xlsx"
        write_workbook(path, region, law, findings, code)
        books[county] = openpyxl.load_workbook(path)
    return region, law, findings, concerned, books


def _texts(sheet: Any) -> list[str]:
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


def test_a_county_where_nothing_is_judged_never_says_that_there_is_no_gap(silent: Any) -> None:
    concerned, books = silent[3:]
    assert set(books) == set(concerned)
    for county, book in books.items():
        texts = [text for sheet in SHEETS for text in _texts(book[sheet])]
        assert not [text for text in texts if "没有缺口" in text], county
        assert "没有待补的数据。" not in texts
        assert "本县（区）没有可判断的指标，有无缺口未作判断。" in texts
        assert not any("合计：" in text for text in texts)
        count, people = concerned[county]
        beside = next(text for text in texts if text.startswith("未作判断，但涉及："))
        assert f" {count} 个" in beside
        assert f" {people:,} 人" in beside
        assert any(text == "只按全市判断的指标：县域医疗卫生次中心数量（未达标）。见全市的工作簿。" for text in texts)


def test_whom_it_concerns_is_named_with_people(silent: Any) -> None:
    region, _, findings, concerned, books = silent
    for county, (count, people) in concerned.items():
        rows = [
            row
            for row in books[county]["未作判断清单"].iter_rows(min_row=7, values_only=True)
            if isinstance(row[0], int)
        ]
        assert len(rows) == count
        assert sum(row[9] for row in rows) == people
    assert sum(count for count, _ in WITHOUT_CLINIC.values()) == 60
    assert sum(people for _, people in WITHOUT_CLINIC.values()) == 61_491
    if "village_coverage" not in set(findings["rule"]):
        return
    clinics = region.facilities[
        (region.facilities["kind"] == "village_clinic") & (region.facilities["status"] == "open")
    ]
    lacking = region.villages[
        (region.villages["kind"] == "village") & ~region.villages["code"].isin(clinics["village_code"])
    ]
    named = [row[3] for book in books.values() for row in book["未作判断清单"].iter_rows(min_row=7, values_only=True)
             if isinstance(row[0], int)]  # fmt: skip
    assert sorted(named) == sorted(lacking["name"])


def test_what_it_would_need_to_judge_is_asked_for(silent: Any) -> None:
    _, law, _, concerned, books = silent
    for county, (count, people) in concerned.items():
        sheet = books[county]["待补数据清单"]
        rows = [row for row in sheet.iter_rows(min_row=7, values_only=True) if isinstance(row[0], int)]
        rows = [row for row in rows if not row[1].startswith("医院类别")]  # no clause asks for it, plans do
        if law.id == "suining_2024":
            assert sum(row[5] for row in rows) == count
            assert sum(row[7] for row in rows) == people
            assert all("由哪种方式服务" in row[8] for row in rows)
        else:
            told = "本县（区）没有可判断的指标：不是数据已经齐全，而是条款没有给出可判断的数值；涉及的对象见“未作判断清单”。"
            assert told in _texts(sheet)


def test_of_the_city_no_more_is_said_than_was_judged(silent: Any) -> None:
    verdict = verdict_of(silent[2], silent[1])
    assert verdict.judged == ("县域医疗卫生次中心数量",)
    assert verdict.nothing_missing == "已判断的指标没有待补的数据；未作判断的见“未作判断清单”。"


@pytest.mark.parametrize(("city", "sums"), [("suining", (60, 61_491)), ("yaan", (51, 324_326))])
def test_the_terminal_says_it_as_well(
    city: str, sums: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for path in (SAMPLES / city).iterdir():
        if path.is_file() and not path.name.startswith("roads"):
            (data / path.name).write_bytes(path.read_bytes())
    law = {"suining": "suining_2024", "yaan": "yaan_2022"}[city]
    assert main(["assess", str(data), "--rules", law, "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert f" {sums[0]} 个" in told
    assert f" {sums[1]:,} 人" in told
    silent_line = next(line for line in told.splitlines() if "有无缺口未作判断的县（区）" in line)
    for county in WITHOUT_CLINIC if city == "suining" else BEYOND:
        assert county in silent_line


def test_rules_that_were_judged_and_met_still_say_so(tiny_region: Region) -> None:
    law = read_rules(SECOND.replace("at_least: 3", "at_least: 0").replace("建设3个", "建设0个"), "x.yaml", FUNCTIONS)
    sure = replace(tiny_region, about=replace(tiny_region.about, complete_registers=("county_subcenter",)))
    assert verdict_of(assess(sure, law, PAPER), law).no_gaps == "没有缺口。"
    assert verdict_of(assess(sure, law, PAPER), law).nothing_missing == "没有待补的数据。"
    unsure = verdict_of(assess(tiny_region, law, PAPER), law)
    assert unsure.no_gaps == "全市没有可判断的指标，有无缺口未作判断。"
    assert len(unsure.missing) == 1


def test_a_rule_whose_number_a_planner_changed_is_no_more_judged_and_says_so(tiny_region: Region, rules: Rules) -> None:
    only = replace(rules, rules=tuple(rule for rule in rules.rules if rule.id == "emergency_urban"))
    wide = overridden(only, Scenario(overrides=(Override("emergency_urban", {"radius_km": 4.0}),)))
    verdict = verdict_of(assess(tiny_region, wide, PAPER), wide)
    assert not len(verdict.gaps)
    assert verdict.no_gaps == "全市没有可判断的指标，有无缺口未作判断。"
    assert len(verdict.unjudged)
    judged = assess(tiny_region, overridden(only, Scenario()), PAPER)
    assert len(gap_rows(judged, only))


def test_what_cannot_be_counted_for_want_of_a_list_is_asked_for_even_where_nothing_judges(silent: Any) -> None:
    region, law = silent[:2]
    kinds = {"suining_2024": "village_clinic", "yaan_2022": "emergency_station"}
    lost = replace(region, facilities=region.facilities[region.facilities["kind"] != kinds[law.id]])
    lost = replace(lost, about=replace(lost.about, complete_registers=()))
    findings = assess(lost, law, PAPER)
    missing = no_data_rows(findings, law)
    assert set(missing["rule"]) >= {"village_coverage" if law.id == "suining_2024" else "emergency_rural"}
    assert not len(unjudged_rows(findings, law))
    assert "没有缺口" not in verdict_of(findings, law).no_gaps


REGISTERS = {
    "register_township_hospital": "文件写 37 个，少于本市乡镇 38 个（“每个乡镇1所”）：文件自己的数与区划对不上",
    "register_community_health_center": "文件写 14 个，多于本市街道及未设卫生院的县城所在镇 11 个"
    "（“每个街道1所，或每3万～10万居民1所”）：文件自己的数与区划对不上",
    "register_village_clinic": "文件写 450 个，多于本市行政村 230 个（“每个行政村1所”）：文件自己的数与区划对不上",
}


def test_a_documents_number_that_contradicts_its_geography_says_so(
    sample_findings: tuple[Region, pd.DataFrame], rules: Rules, tmp_path: Path
) -> None:
    region, findings = sample_findings
    rows = findings[findings["rule"].isin(REGISTERS)].set_index("rule")
    assert rows["note"].to_dict() == REGISTERS
    write_workbook(tmp_path / "city.xlsx", region, rules, findings)
    book = openpyxl.load_workbook(tmp_path / "city.xlsx")
    for name in ("未作判断清单", "指标完成情况"):
        texts = _texts(book[name])
        for said_of in REGISTERS.values():
            assert any(said_of in text for text in texts), name
    other = overridden(
        rules, Scenario(overrides=(Override("register_village_clinic", {"at_least": 230, "at_most": 230}),))
    )
    changed = assess(region, other, PAPER)
    assert set(changed.loc[changed["rule"] == "register_village_clinic", "note"]) == {""}
    away = assess(region, replace(rules, city="5109"), PAPER)
    assert not away["note"].str.contains("对不上").any()


def test_a_gap_that_hangs_on_a_few_people_says_so(tiny_region: Region, rules: Rules, tmp_path: Path) -> None:
    def with_people(count: int) -> tuple[Region, pd.DataFrame]:
        people = tiny_region.residents
        mine = people["village_code"] == "510422200201"
        region = replace(tiny_region, residents=people.assign(population=people["population"].where(~mine, count)))
        return region, assess(region, rules, PAPER)

    for count, expected in (
        (3, "缺口只涉及 3 人"),
        (FEW_PEOPLE, f"缺口只涉及 {FEW_PEOPLE} 人"),
        (FEW_PEOPLE + 1, ""),
        (0, ""),
    ):
        region, findings = with_people(count)
        row = findings.set_index("gap_id").loc["village_clinic.register.village.510422200201"]
        assert (row["status"], row["note"]) == ("not_met", expected)
    region, findings = with_people(3)
    write_workbook(tmp_path / "x.xlsx", region, rules, findings)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert any("缺口只涉及 3 人" in text for text in _texts(book["缺口清单"]))
    assert any(f"不超过 {FEW_PEOPLE} 人" in text and "不是政策数字" in text for text in _texts(book["说明"]))


def _to(facility: str, kind: str, word: str) -> Change:
    return Change(facility=facility, fields={"kind": kind}, word=word)


def test_an_upgraded_hospital_is_one_still_and_a_converted_one_is_none(
    sample_findings: tuple[Region, pd.DataFrame], rules: Rules
) -> None:
    region = sample_findings[0]
    register = replace(rules, rules=tuple(rule for rule in rules.rules if rule.measure == "facility_count"))
    towns = replace(rules, rules=tuple(rule for rule in rules.rules if rule.id == "township_hospital"))
    hospitals = list(region.open_facilities("township_hospital")["id"])[:5]

    def counts(*edits: Change) -> tuple[int, int, int, int]:
        decided = apply(region, Scenario(edits=edits))
        findings = pd.concat([assess(decided, one, PAPER) for one in (register, towns)])
        findings = findings[findings["level"] == "city"].set_index("rule")["value"]
        names = (
            "register_township_hospital",
            "register_community_health_center",
            "county_subcenter",
            "township_hospital",
        )
        return tuple(0 if pd.isna(findings[one]) else int(findings[one]) for one in names)  # type: ignore[return-value]

    upgraded = [_to(one, "county_subcenter", "upgrade") for one in hospitals]
    assert counts() == (35, 10, 0, 35)
    assert counts(*upgraded) == (35, 10, 5, 35)
    assert counts(*[_to(one, "community_health_center", "convert") for one in hospitals]) == (30, 15, 0, 30)
    assert counts(*upgraded, *[_to(one, "community_health_center", "convert") for one in hospitals]) == (30, 15, 0, 30)
    center = str(region.open_facilities("community_health_center")["id"].iloc[0])
    assert counts(_to(center, "hospital", "upgrade")) == (35, 10, 0, 35)
    back = _to(hospitals[0], "township_hospital", "change")
    assert counts(*upgraded, back) == (35, 10, 4, 35)


def test_an_upgraded_centre_serves_its_communities_still(tiny_region: Region, rules: Rules) -> None:
    only = replace(rules, rules=tuple(rule for rule in rules.rules if rule.measure == "community_centers"))
    before = assess(tiny_region, only, PAPER)
    after = assess(apply(tiny_region, Scenario(edits=(_to("CHC1", "hospital", "upgrade"),))), only, PAPER)
    pd.testing.assert_frame_equal(before, after)
    lost = assess(apply(tiny_region, Scenario(edits=(_to("CHC1", "hospital", "change"),))), only, PAPER)
    assert not lost.equals(before)


def test_draws_count_kinds_as_the_region_does(tiny_region: Region) -> None:
    edits = (_to("CHC1", "hospital", "upgrade"), _to("TH1", "county_subcenter", "upgrade"))
    region = apply(tiny_region, Scenario(edits=edits))
    bench = Bench(SimpleNamespace(region=region), {}, {})  # type: ignore[arg-type]
    for kind in FACILITY_KINDS:
        assert list(region.facilities["id"].iloc[bench.kinds((kind,))]) == list(region.open_facilities(kind)["id"]), (
            kind
        )


def test_an_upgraded_hospital_is_no_candidate_again(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    region = sample_findings[0]
    one = str(region.open_facilities("township_hospital")["id"].iloc[0])
    decided = apply(region, Scenario(edits=(_to(one, "county_subcenter", "upgrade"),)))
    assert one in default_hosts(region, ())
    assert one not in default_hosts(decided, ())
    assert one in set(decided.open_facilities("township_hospital")["id"])


def test_the_register_may_say_what_was_upgraded(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "data")
    table = tiny.facilities().replace({"kind": {"township_hospital": "县域医疗卫生次中心"}})
    table["升格前类型"] = table["id"].map({"TH1": "乡镇卫生院"})
    table.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    region = load(data)
    assert list(region.open_facilities("township_hospital")["id"]) == ["TH1"]
    assert list(region.open_facilities("county_subcenter")["id"]) == ["TH1", "TH2"]


STATIONS = """\
name: 三个急救站
rules: panzhihua_2023
edits:
  - open: {id: N1, name: 北站, kind: 急救站, lon: 101.65, lat: 26.65}
  - open: {id: N2, name: 东站, kind: 急救站, lon: 101.75, lat: 26.55}
  - open: {id: N3, name: 远站, kind: 急救站, lon: 101.79, lat: 26.69}
"""


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2023", "期限 2025 年底以内（第一章第二节三：到2025年，医疗卫生服务体系更加完善）"),
        ("2024", "超过期限 2025 年底 1 年"),
        ("2026", "超过期限 2025 年底 3 年"),
    ],
)
def test_phases_past_the_deadline_say_so(
    first: str, expected: str, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "方案.yaml"
    scenario.write_text(STATIONS, encoding="utf-8")
    out = tmp_path / "out"
    words = [
        "phases",
        str(scenario),
        "--data",
        str(tiny_folder),
        "--per-year",
        "1",
        "--start",
        first,
        "--out",
        str(out),
    ]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert expected in told
    if first != "2023":
        assert f"3 处中 {int(first) - 2023} 处在期限以后才开设" in told
    book = openpyxl.load_workbook(out / "分期.xlsx")
    assert all(any(expected in text for text in _texts(book[name])) for name in ("分期", "说明"))


def test_a_clauses_own_deadline_goes_before_the_documents() -> None:
    law = load_rules("suining_2024", FUNCTIONS)
    rule = next(one for one in law.rules if one.id == "county_subcenter")
    deadline = law.deadline_of(rule)
    assert deadline is not None
    assert deadline.quote == "力争“十四五”期间"
    assert law.deadline_of(None) == law.deadline


def _ran(folder: Path, data: Path, edits: str) -> Path:
    path = folder / "方案.yaml"
    path.write_text(f"name: 试\nrules: panzhihua_2023\n{edits}", encoding="utf-8")
    assert main(["run", str(path), "--data", str(data), "--out", str(folder / "out")]) == 0
    return folder / "out"


def _page(out: Path) -> dict[str, Any]:
    return dict(scene_of((out / MAP).read_text("utf-8")))


def test_a_run_tells_first_what_it_changes_and_its_page_opens_there(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = _ran(tmp_path, tiny_folder, "edits:\n  - close: VC1\n")
    lines = capsys.readouterr().out.splitlines()
    expected = "每个行政村设置1所村卫生室（有无）（按机构名录计数）：2 / 4 个 → 1 / 4 个（-1），未达标"
    assert lines[0] == "方案：试"
    assert lines[1].strip() == f"前后：{expected}"
    said_of = [
        row for row in openpyxl.load_workbook(out / "缺口清单_甲区.xlsx")["说明"].iter_rows(values_only=True) if row[1]
    ]
    labels = [row[0] for row in said_of if row[0]]
    assert labels[:2] == ["方案", "方案：前后"]
    assert any(row == ("方案：前后", expected) for row in said_of)
    page = _page(out)
    assert page["views"][page["first"]]["keys"] == ["每个行政村设置1所村卫生室（有无）", "按机构名录计数"]
    told = {tuple(row["to"]): row["cells"][1]["text"] for row in page["shared"]["all"]["rows"] if "to" in row}
    assert told["view", page["first"]] == "2 / 4 个 → 1 / 4 个"
    assert "→" not in told["view", 0], "what does not change has no value before"
    assert expected in json.loads((out / "manifest.json").read_text("utf-8"))["scenario"]["changes"]


def test_a_run_that_changes_nothing_says_so(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = _ran(tmp_path, tiny_folder, "")
    assert SAME in capsys.readouterr().out
    assert "first" not in _page(out)


def test_what_is_judged_stands_before_what_is_not(tiny_region: Region, rules: Rules) -> None:
    before = assess(tiny_region, rules, PAPER)
    after = assess(
        apply(tiny_region, Scenario(edits=(Change(facility="ES2", fields={"status": "open"}),))), rules, PAPER
    )
    found = changes(before, after)
    assert (found[0].rule, found[0].reading) == ("emergency_urban", "paper")
    assert {one.rule for one in found} == {"emergency_urban", "emergency_rural"}
    assert " → " in found[0].text
    away = changes(before, after[after["rule"] != "emergency_rural"])
    assert any("方案没有这一口径" in one.text for one in away)


def test_of_a_sum_that_stays_the_places_that_change_are_counted(tiny_region: Region, rules: Rules) -> None:
    moved = (Change(facility="VC1", fields={"village_code": "510422200201"}),)
    found = changes(assess(tiny_region, rules, PAPER), assess(apply(tiny_region, Scenario(edits=moved)), rules, PAPER))
    text = next(one.text for one in found if one.rule == "village_clinic")
    assert "全市仍为 2 / 4 个，未达标" in text
    assert "2 个村（社区）" in text


def test_the_map_calls_nothing_met_that_is_not_judged(
    tiny_region: Region, rules: Rules, tmp_path: Path, browser: Any
) -> None:
    law = replace(rules, rules=tuple(one for one in rules.rules if one.id.startswith("village_clinic")))
    clinics = law.rules[0]
    silent = replace(
        law, rules=(replace(clinics, readings=(replace(clinics.readings[0], judged=False),)), law.rules[1])
    )
    path = tmp_path / "map.html"
    told = {}
    for name, one in (("judged", law), ("silent", silent)):
        path.write_text(run(tiny_region, one).page(), encoding="utf-8")
        seen = open_file(browser, path)
        seen.page.locator("blockquote").evaluate("one => one.remove()")  # the clause says the word itself
        parts = (".answer", ".block", "#legend")
        told[name] = "".join(seen.page.locator(part).first.inner_text() for part in parts)
        seen.choose(0, "村卫生室达标")  # of which nothing is known
        told["unknown"] = seen.page.inner_text("#legend-notes")
        seen.page.context.close()
    assert "未达标单位占比" in told["judged"]
    assert "，达标 " in told["judged"]
    assert "达标" not in told["silent"]
    assert "已判断" not in told["silent"]
    assert "不符合的单位占比（不作判断）" in told["silent"]
    assert "不能说有没有未覆盖的居民点" in told["unknown"]


def test_whom_a_share_leaves_out_for_want_of_data_is_said_beside_it(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No register of rescue centres: of 35,000 urban residents 30,000 are covered, and of 5,000 nothing is known."""
    assert main(["assess", str(tiny_folder), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]) == 0
    told = "（只算有数据的；没有数据的涉及 5,000 人）"
    lines = [line for line in capsys.readouterr().out.splitlines() if "也算急救中心（站））：" in line]
    assert [line.split("）：", 1)[1] for line in lines] == [f"城市地区常住人口 30,000 人中 100.00%{told}，无数据"]
    sheet = openpyxl.load_workbook(tmp_path / "out" / "缺口清单_甲区、乙县.xlsx")["指标完成情况"]
    rows = [row for row in sheet.iter_rows(values_only=True) if "也算急救中心（站）" in str(row[2])]
    assert [row[9] for row in rows if row[3] == "全市"] == [f"城市地区常住人口 30,000 人{told}"]
    assert any("没有数据的涉及" not in row[9] for row in rows), "a county of whom all is known says nothing"
    page = scene_of((tmp_path / "out" / MAP).read_text("utf-8"))
    shown = [
        row["cells"]
        for row in page["shared"]["all"]["rows"]
        if "to" in row and "也算急救中心" in row["cells"][0]["text"]
    ]
    assert [cells[1]["text"].endswith(told) for cells in shown] == [True]


def test_an_empty_list_of_the_unjudged_says_what_other_readings_lack(
    tiny_region: Region, rules: Rules, tmp_path: Path
) -> None:
    """甲区: its clauses are judged by their main readings; by the census's urban people, another reading, some fall short."""
    findings = assess(tiny_region, rules, PAPER)
    mine = verdict_of(findings, rules, "510402")
    assert len(mine.unjudged) == 0
    short = findings[findings["county_code"].eq("510402") & findings["status"].eq("not_judged") & (findings["gap"] > 0)]
    assert set(short.loc[short["level"] == "town", "rule_label"]) <= set(mine.other_readings)
    assert "城市地区急救中心（站）服务半径" in mine.other_readings
    write_workbook(tmp_path / "x.xlsx", tiny_region, rules, findings, "510402")
    texts = _texts(openpyxl.load_workbook(tmp_path / "x.xlsx")["未作判断清单"])
    assert mine.nothing_unjudged in texts
    assert "其他口径（不作判断）有不足的，见“指标完成情况”：" in mine.nothing_unjudged
    judged_alone = replace(rules, rules=tuple(replace(one, readings=(one.main_reading,)) for one in rules.rules))
    alone = verdict_of(assess(tiny_region, judged_alone, PAPER), judged_alone, "510402")
    assert alone.nothing_unjudged == "没有这样的对象。"
