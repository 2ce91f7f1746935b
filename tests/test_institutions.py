"""The register of institutions: read row by row, and each kind of rule by hand on the made city of 45,000 residents."""

from pathlib import Path

import pandas as pd
import pytest

from geodata.load import load, load_with_warnings
from planner import resources
from planner.clauses import register_of
from planner.errors import DataError
from planner.findings import assess, gap_rows
from planner.institutions import FLAGS, INSTITUTIONS, NUMBERS, institutions
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.resources import Who
from planner.scenario import Change, Close, Scenario, apply
from planner.travel import PAPER
from scenarios.cli.program import main
from tests import register, tiny

HOSPITALS = Who(kinds=("hospital",))
TRAVEL = PAPER["paper"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load(register.write(tmp_path_factory.mktemp("register")))


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The same city, its lists not declared complete."""
    return load(register.write(tmp_path_factory.mktemp("partly"), complete=()))


def _met(rows: pd.DataFrame) -> dict[str, object]:
    return dict(zip(rows["subject_code"], rows["met"], strict=True))


def _values(rows: pd.DataFrame) -> list[float]:
    return [round(float(one), 6) for one in rows["value"]]


# ---- what is read ----


def test_facilities_and_register_are_one_list(city: Region) -> None:
    found = institutions(city).set_index("id")
    assert set(found.index) == {one[0] for one in tiny.FACILITIES} | {row["机构编号"] for row in register.ROWS}
    assert found.loc["TH1", ["county_code", "town_code", "fever_clinic"]].tolist() == ["510402", "510402100", True]
    assert found.loc["H1", ["class", "owner", "beds_open", "year"]].tolist() == [3.0, "municipal", 225.0, 2023.0]
    assert pd.isna(found.loc["CHC1", "fever_clinic"])


def test_a_scenario_goes_before_the_register(city: Region) -> None:
    edits = (Close(facility="TH1"), Change(facility="TH2", fields={"beds": 50.0}, word="enlarge"))
    found = institutions(apply(city, Scenario(edits=edits))).set_index("id")
    assert (found.loc["TH1", "status"], found.loc["TH2", "beds"]) == ("closed", 50.0)


def _row(**cells: str) -> list[dict[str, str]]:
    return [{**register.ROWS[0], **cells}]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_row(编制床位="-1"), "编制床位"),
        (_row(**{"重症（监护）床位": "226"}), "重症（监护）床位多于总床位"),
        (_row(**{"执业（助理）医师": "", "注册护士": ""}), "只有人员总数，没有一类人员"),
        (_row(卫生人员总数="200"), "医师、护士、药师合计多于人员总数"),
        (_row(病床使用率="70"), "大于 1"),
        (_row(平均住院日="-8"), "小于 0"),
        (_row(数据年份=""), "没有写年份"),
        (_row(数据年份="23"), "不是年份"),
        (_row(县区代码=""), "不在任何县（区）"),
        (_row(县区代码="510499"), "没有这个县（区）"),
        ([*_row(), *_row(机构编号="H9", 等级="二级甲等")], "同一机构有两个等级"),
        ([*_row(), *_row(等级="二级甲等")], "编号重复"),
        (_row(机构编号="TH1"), "与“机构”表的类型不同"),
        (_row(机构类型="疾控中新"), "疾控中新"),
        (_row(感染性疾病科="也许"), "只能填“是”或“否”"),
    ],
)
def test_what_cannot_be_is_named_and_stops(rows: list[dict[str, str]], said: str, tmp_path: Path) -> None:
    folder = register.write(tmp_path / "city", rows)
    with pytest.raises(DataError) as caught:
        load(folder)
    assert said in str(caught.value)
    assert "机构登记册.csv" in str(caught.value)
    assert main(["check", str(folder), "--out", str(tmp_path / "list.xlsx")]) == 2


def test_every_column_but_three_may_be_left_out(tmp_path: Path) -> None:
    rows = [{"机构编号": "CDC1", "机构名称": "甲区疾控中心", "机构类型": "疾控中心", "县区代码": "510402"}]
    region = load(register.write(tmp_path, rows))
    assert institutions(region).set_index("id").loc["CDC1", [*NUMBERS, *FLAGS]].isna().all()
    assert [one.name for one in INSTITUTIONS.fields if one.required] == ["id", "name", "kind"]


def test_other_beds_than_in_the_list_of_facilities_are_said_and_not_used(tmp_path: Path) -> None:
    folder = register.write(tmp_path)
    frame = tiny.facilities().assign(beds=[60 if one[0] == "TH1" else None for one in tiny.FACILITIES])
    frame.to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    rows = [
        {**row, **({"编制床位": "70", "数据年份": "2023"} if row["机构编号"] == "TH1" else {})} for row in register.ROWS
    ]
    pd.DataFrame(rows).fillna("").to_csv(folder / "机构登记册.csv", index=False, encoding="utf-8-sig")
    found = load_with_warnings(folder)
    assert any("编制床位不同" in problem.what.zh for problem in found.warnings)
    assert institutions(found.region).set_index("id").loc["TH1", "beds"] == 60


# ---- each kind of rule, by hand ----


def test_whether_each_has_it(city: Region) -> None:
    who = Who(kinds=("township_hospital", "community_health_center"))
    rows = resources.institution_standard(city, TRAVEL, who=who, items=("fever_clinic", "fever_room"))
    assert _met(rows) == {"CHC1": None, "TH1": True, "TH2": False}


def test_who_may_be_meant_is_met_or_not_told(city: Region) -> None:
    """H3 has no grade: it may be of class two, and then lack the department; H2 is and does, H1 has one."""
    rows = resources.institution_standard(city, TRAVEL, who=Who(kinds=("hospital",), class_from=2), items=("infectious_department",))  # fmt: skip
    assert _met(rows) == {"H1": True, "H2": False, "H3": None}


def test_a_part_of_a_number_within_a_range(city: Region) -> None:
    """5 of 200 beds are 2.5 %, 2 of 40 are 5 %; of H3 nothing is told."""
    rows = resources.institution_standard(city, TRAVEL, who=HOSPITALS, items=("beds_observation",), over="beds", at_least=0.02, at_most=0.03)  # fmt: skip
    assert _met(rows) == {"H1": True, "H2": False, "H3": None}
    assert (rows["value"].tolist()[:2], rows["required"].tolist()[:2]) == ([0.025, 0.05], [0.02, 0.03])


def test_a_share_is_told_where_it_is_certain(city: Region, partly: Region) -> None:
    """Of H1 yes, H2 no, H3 not told: a third to two thirds have it."""
    for share, met in ((0.3, True), (0.5, None), (0.7, False)):
        rows = resources.institution_share(city, TRAVEL, who=HOSPITALS, items=("infectious_department",), share=share)  # type: ignore[arg-type]
        assert rows["met"].tolist() == [met], share
        rows = resources.institution_share(partly, TRAVEL, who=HOSPITALS, items=("infectious_department",), share=share)  # type: ignore[arg-type]
        assert rows["met"].tolist() == [None], "another hospital may not be listed"


def test_beds_a_thousand_residents(city: Region) -> None:
    """225 + 45 beds of 45,000 residents are 6 a thousand; H3's are not told, so that there may be more and not fewer."""
    for at_least, met in ((6.0, True), (6.1, None)):
        rows = resources.institution_amount(city, TRAVEL, who=HOSPITALS, per="city", item="beds_open", at_least=at_least, people=1000)  # fmt: skip
        assert (_values(rows), rows["met"].tolist(), rows["unit"].tolist()) == ([6.0], [met], ["张/千人口"])
    assert rows["said"].tolist() == ["按常住人口 45,000 人（2023-12-31）合 274；实有床位已知 270，有的机构没有资料"]
    owned = Who(kinds=("hospital",), owners=("municipal",))
    rows = resources.institution_amount(
        city, TRAVEL, who=owned, per="city", item="beds_open", at_least=6.3, people=1000
    )
    assert (_values(rows), rows["met"].tolist()) == ([5.0], [False])


def test_how_many_each_county_has(city: Region, partly: Region) -> None:
    who = Who(kinds=("cdc",))
    rows = resources.institution_amount(city, TRAVEL, who=who, per="county", at_least=1)
    assert _met(rows) == {"510402": True, "510422": False}
    rows = resources.institution_amount(partly, TRAVEL, who=who, per="county", at_least=1)
    assert _met(rows) == {"510402": True, "510422": None}
    rows = resources.institution_amount(city, TRAVEL, who=who, per="county", at_least=1, within=("乙县",))
    assert _met(rows) == {"510422": False}


@pytest.mark.parametrize(
    ("per", "units"),
    [("town", ["510402100", "510422100", "510422200"]), ("street", ["510402001"]), ("village", ["510402100200", "510422100200", "510422200200", "510422200201"])],
)  # fmt: skip
def test_towns_streets_and_villages(city: Region, per: resources.Per, units: list[str]) -> None:
    who = Who(kinds=("township_hospital", "community_health_center", "village_clinic"))
    rows = resources.institution_amount(city, TRAVEL, who=who, per=per, at_least=1)
    assert rows["subject_code"].tolist() == units
    has = {"510402100": 2.0, "510422100": 1.0, "510422200": 1.0, "510402001": 1.0, "510402100200": 1.0, "510422200200": 1.0}  # fmt: skip
    assert _values(rows) == [has.get(one, 0.0) for one in units]


def test_a_number_that_must_be_met_exactly(city: Region) -> None:
    for number, met in ((2, False), (3, True), (4, False)):
        rows = resources.institution_amount(city, TRAVEL, who=HOSPITALS, per="city", at_least=number, at_most=number)
        assert (_values(rows), rows["met"].tolist(), rows["required"].tolist()) == ([3.0], [met], [number])


def test_nurses_to_doctors(city: Region) -> None:
    """130 nurses to 100 doctors in the city's hospital; of H3 nothing is told, so of all hospitals it is not told."""
    owned = Who(kinds=("hospital",), owners=("municipal",))
    rows = resources.institution_quotient(city, TRAVEL, who=owned, item="nurses", over="doctors", at_least=1.3)
    assert (_values(rows), rows["met"].tolist(), rows["said"].tolist()) == ([1.3], [True], ["注册护士 130、执业（助理）医师 100"])  # fmt: skip
    rows = resources.institution_quotient(city, TRAVEL, who=HOSPITALS, item="nurses", over="doctors", at_least=1.3)
    assert rows["met"].tolist() == [None]


def test_a_share_of_counties(city: Region) -> None:
    for share, met in ((0.5, True), (0.7, False)):
        rows = resources.units_with(city, TRAVEL, who=Who(kinds=("cdc",)), per="county", share=share, at_least=1)  # type: ignore[arg-type]
        assert (_values(rows), rows["met"].tolist()) == ([0.5], [met])


def test_the_gate_with_and_and_with_or(city: Region) -> None:
    """H1 uses 70 % of its beds and keeps people 8 days, H2 70 % and 10 days: both add beds (60, 20); H3 adds none that is told."""
    shut = {joined: _met(resources.bed_gate(city, TRAVEL, who=HOSPITALS, occupancy_below=0.75, stay_above=9, joined=joined))  # type: ignore[arg-type]
            for joined in ("both", "either")}  # fmt: skip
    assert shut["both"] == {"H1": True, "H2": False, "H3": None}
    assert shut["either"] == {"H1": False, "H2": False, "H3": None}


def test_the_progress_of_planned_beds(city: Region) -> None:
    rows = resources.bed_plan(city, TRAVEL, who=HOSPITALS)
    assert (rows["subject_code"].tolist(), _values(rows), rows["required"].tolist()) == (
        ["H1", "H2"],
        [200, 40],
        [260, 60],
    )
    assert rows["said"].tolist() == ["规划比现有 60 张", "规划比现有 20 张"]


# ---- together ----


@pytest.fixture(scope="module")
def findings(city: Region) -> pd.DataFrame:
    demanded = register_of("510400", FUNCTIONS)
    assert demanded is not None
    return assess(city, demanded.rules, PAPER)


def test_institutions_are_added_up_by_county_and_city(findings: pd.DataFrame) -> None:
    """感染性疾病科 of general hospitals of class two and above: H1 has it, H2 has not, H3 is not told."""
    rows = findings[findings["rule"] == "clause_31"].set_index("gap_id")
    assert rows["status"].to_dict() == {
        "clause_31.register.facility.H1": "met", "clause_31.register.facility.H2": "not_met",
        "clause_31.register.facility.H3": "no_data", "clause_31.register.county.510402": "met",
        "clause_31.register.county.510422": "not_met", "clause_31.register.city.510400": "not_met",
    }  # fmt: skip
    city = rows.loc["clause_31.register.city.510400"]
    assert (city["value"], city["required"], city["gap"]) == (1, 2, 1)


def test_a_clinic_is_never_a_gap(findings: pd.DataFrame) -> None:
    rows = findings[findings["rule"] == "clause_108"]
    assert set(rows["status"]) <= {"not_judged", "no_data"}
    assert "K1" not in set(findings["subject_code"])


def test_gaps_carry_who_answers_and_until_when(findings: pd.DataFrame) -> None:
    demanded = register_of("510400", FUNCTIONS)
    assert demanded is not None
    gaps = gap_rows(findings, demanded.rules)
    assert len(gaps)
    assert (gaps["responsible"] + gaps["responsible_general"] != "").all()
    assert (gaps["deadline"] != "").mean() > 0.9


def test_the_beds_of_table_one_at_the_census() -> None:
    """8.6 = 6.3 + 2.0 + 0.3 a thousand: at 1,212,203 residents 10,425 = 7,637 + 2,424 + 364 beds."""
    demanded = register_of("510400", FUNCTIONS)
    assert demanded is not None
    rules = {rule.id: rule.main_reading.params for rule in demanded.rules.rules}
    each = [rules[one]["at_least"] for one in ("clause_19_1", "clause_19_2", "clause_19_3", "clause_20")]
    assert each == [8.6, 6.3, 2, 0.3]
    assert [round(1212.203 * one) for one in each] == [10_425, 7_637, 2_424, 364]
    assert round(sum(each[1:]), 9) == each[0]
    assert 7_637 + 2_424 + 364 == 10_425
    assert round(7_861 / 1212.203, 2) == 6.48


# ---- the gate, applied to a scenario ----

ENLARGE = """
name: 扩建两所医院
edits:
  - enlarge: H1
    beds: 220
  - enlarge: H2
    beds: 60
"""


def test_beds_that_a_clause_refuses_are_said_with_the_clause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """H2 uses 70 % of its beds for 10 days: shut under both readings; H1 keeps people 8 days: shut under 或 alone."""
    folder = register.write(tmp_path / "city")
    frame = tiny.facilities()
    more = pd.DataFrame(
        [("H1", "甲市中心医院", "hospital", 101.65, 26.55, "open", ""), ("H2", "乙县人民医院", "hospital", 101.65, 26.65, "open", "")],
        columns=list(frame),
    )  # fmt: skip
    pd.concat([frame, more]).to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "s.yaml").write_text(ENLARGE, "utf-8")
    words = [
        "run",
        str(tmp_path / "s.yaml"),
        "--data",
        str(folder),
        "--rules",
        "panzhihua_2023",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(words) == 0
    said = "".join(capsys.readouterr())
    assert "新增 20 张床位被条款控制（登记号 22，2.2一（三）" in said
    assert (
        "新增 20 张床位被条款控制（登记号 22，2.2一（三）“病床使用率低于75%”）：病床使用率 70 %、平均住院日 10 天、2023 年数据；按“两个条件都有才不得新增、有一个条件就不得新增”"
        in said
    )
    assert "平均住院日 8 天、2023 年数据；按“有一个条件就不得新增”" in said
    assert "文件条款 184 条" in said
    assert {"条款清单.xlsx", "条款清单.csv", "条款评估.csv"} <= {one.name for one in (tmp_path / "out").iterdir()}
