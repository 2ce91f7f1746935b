"""Hospitals by class and speciality as the list tells them: who serves, who does not, and what is said of the unknown."""

import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geodata.check import quality
from geodata.load import load, load_with_warnings
from planner.findings import assess
from planner.hospitals import general_hospitals, hospital_lines, treating, treats_all
from planner.plans.chain import chain, facilities_of
from planner.plans.emergency import EmergencyTask, _sites
from planner.plans.sites import default_hosts, districts_without_county_hospital
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Open, Scenario, apply
from planner.travel import PAPER, StraightLine
from scenarios.cli.program import main
from scenarios.site import selected
from tests import tiny
from tests.rural_line import with_hospitals

SAMPLES = Path("geodata/samples")
SINGLE = ["H04", "H05", "H07", "H15"]
"""精神、传染、妇幼 ×2 of 攀枝花, by 规划 第二章第一节."""


@pytest.fixture(scope="module")
def city(tiny_region: Region) -> Region:
    return with_hospitals(tiny_region)


@pytest.fixture(scope="module")
def sample_region() -> Region:
    return load(SAMPLES / "panzhihua")


def with_column(region: Region, column: str, values: dict[str, object]) -> Region:
    frame = region.facilities
    changed = frame[column].astype(object).where(~frame["id"].isin(list(values)), frame["id"].map(values))
    return replace(region, facilities=frame.assign(**{column: changed.where(changed.notna(), None)}))


@pytest.mark.parametrize(("specialty", "serves"), [
    ("general", True), ("tcm", True), ("integrated", True), ("psychiatric", False), ("infectious", False),
    ("maternal_child", False), ("rehabilitation", False), ("specialist", False), (None, True),
])  # fmt: skip
def test_the_speciality_alone_tells_who_treats_all(city: Region, specialty: str | None, serves: bool) -> None:
    region = with_column(city, "specialty", {"HC": specialty})
    assert (list(facilities_of(region)["city"]["id"]) == ["HC"]) is serves
    for name in ("市精神病医院", "市妇幼保健院", "市第三人民医院", "市中心医院"):
        named = with_column(region, "name", {"HC": name})
        assert (list(facilities_of(named)["city"]["id"]) == ["HC"]) is serves, name


def test_a_blank_speciality_counts_as_general_and_is_told(city: Region) -> None:
    (told,) = hospital_lines(city, by_class=True)
    assert "2 所医院没有填“医院类别”，按综合医院处理（假设），列入待补数据：市中心医院、乙县人民医院" in told.zh
    known = with_column(city, "specialty", {"HC": "psychiatric", "HD": "general"})
    (told,) = hospital_lines(known, by_class=True)
    assert "不计 1 所专科医院：市中心医院（精神）" in told.zh
    assert any("没有填“医院类别”" in one.what.zh for one in quality(city).warnings)
    assert not any("没有填“医院类别”" in one.what.zh for one in quality(known).warnings)


def test_a_blank_class_is_told_and_is_no_class_two_where_others_have_one(city: Region) -> None:
    known = with_column(city, "specialty", {"HC": "general", "HD": "general"})
    assert hospital_lines(known, by_class=True) == ()
    one = with_column(known, "grade", {"HD": ""})
    assert list(general_hospitals(one)["id"]) == ["HC"]
    assert (
        "1 所综合、中医类医院没有填等级或没有定级，不计入二级及以上（假设）：乙县人民医院"
        in hospital_lines(one, by_class=True)[0].zh
    )
    none = with_column(known, "grade", {"HD": "", "HC": ""})
    assert list(general_hospitals(none)["id"]) == ["HC", "HD"]
    assert "2 所综合、中医类医院都按二级及以上处理（假设）" in hospital_lines(none, by_class=True)[0].zh
    assert hospital_lines(none, by_class=False) == ()


def test_the_chain_says_whom_it_leaves_out(city: Region) -> None:
    region = with_column(city, "specialty", {"HC": "psychiatric", "HD": "general"})
    found = chain(region, {"paper": StraightLine()})
    assert any("不计 1 所专科医院：市中心医院（精神）" in one for one in found.assumptions)
    assert set(found.villages["to_city_state"]) == {"missing"}


def test_a_district_with_a_maternity_hospital_alone_has_no_county_hospital(city: Region) -> None:
    owned = with_column(city, "owner", {"HC": "县办", "HD": "县办"})
    assert districts_without_county_hospital(owned) == []
    assert districts_without_county_hospital(with_column(owned, "specialty", {"HC": "maternal_child"})) == ["510402"]


def test_of_two_county_hospitals_the_lesser_may_be_a_sub_centre_whatever_it_is_called(city: Region) -> None:
    fields = {"kind": "hospital", "lon": 101.66, "lat": 26.65, "grade": "一级", "owner": "县办"}
    second = apply(city, Scenario(edits=(Open(fields={**fields, "id": "HE", "name": "某院"}),)))
    assert {"HD", "HE"} & set(default_hosts(second, ())) == {"HE"}
    assert not {"HD", "HE"} & set(default_hosts(with_column(second, "grade", {"HE": "二级"}), ()))  # no one is less
    assert not {"HD", "HE"} & set(default_hosts(with_column(second, "specialty", {"HE": "psychiatric"}), ()))
    assert "HD" not in default_hosts(with_column(city, "grade", {"HD": "一级"}), ())  # the only one is the county's


def test_a_hospital_made_into_a_sub_centre_is_asked_as_the_hospital_it_was(city: Region) -> None:
    made = Scenario(edits=(Change(facility="HC", fields={"kind": "county_subcenter"}, word="upgrade"),))
    assert "HC" in set(general_hospitals(apply(city, made))["id"])
    region = apply(with_column(city, "specialty", {"HC": "psychiatric"}), made)
    assert "HC" not in set(general_hospitals(region)["id"])
    assert "HC" in set(treating(region, "hospital", "county_subcenter")["id"]), "a sub-centre by the planner's own word"


def test_no_emergency_station_in_a_hospital_of_a_single_field(city: Region) -> None:
    region = with_column(city, "specialty", {"HC": "psychiatric"})
    assert {"HC", "HD"} <= set(_sites(city, EmergencyTask((), grid_m=0))["id"])
    assert {"HC", "HD"} & set(_sites(region, EmergencyTask((), grid_m=0))["id"]) == {"HD"}


def facilities(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    more = pd.DataFrame(rows, columns=["id", "name", "kind", "医院类别"]).assign(lon=101.65, lat=26.55, status="在用")
    return pd.concat([tiny.facilities(), more], ignore_index=True)


def test_the_word_for_the_kind_tells_the_speciality_too(tmp_path: Path) -> None:
    rows = facilities(("A", "甲", "中医医院", ""), ("B", "乙", "妇幼保健院", ""), ("C", "丙", "专科医院", "精神"),
                      ("D", "丁", "综合医院", "传染病"), ("E", "戊", "县级医院", ""), ("F", "己", "乡镇卫生院", "综合"))  # fmt: skip
    folder = tiny.write(tmp_path / "data")
    rows.to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    loaded = load_with_warnings(folder)
    found = loaded.region.facilities.set_index("id")["specialty"]
    assert {one: found[one] for one in "ABCDEF"} == {
        "A": "tcm", "B": "maternal_child", "C": "psychiatric", "D": "infectious", "E": None, "F": None,
    }  # fmt: skip
    told = {(one.row, one.what.zh) for one in loaded.warnings if one.column == "医院类别"}
    first = len(tiny.FACILITIES) + 2
    assert told == {
        (str(first + 3), "与机构类型的写法不一致，以医院类别为准"),
        (str(first + 5), "不是医院，医院类别没有使用"),
    }


def test_words_that_name_hospitals(city: Region) -> None:
    region = with_column(city, "specialty", {"HC": "psychiatric"})
    frame = region.facilities

    def ids(word: str) -> list[str]:
        return list(frame.loc[selected(frame, word), "id"])

    assert ids("医院") == ids("hospital") == ["HD"]
    assert ids("县级医院") == ["HD"]
    assert ids("专科医院") == ids("精神病医院") == ids("psychiatric") == ids("HC") == ["HC"]
    assert ids("综合医院") == ids("妇幼保健院") == []
    assert ids("乡镇卫生院") == ["TH1", "TH2"]


def test_the_samples_classes_are_those_of_the_documents(sample_region: Region) -> None:
    frame = treating(sample_region, "hospital")
    every = sample_region.open_facilities("hospital")
    assert sorted(set(every["id"]) - set(frame["id"])) == SINGLE
    assert list(every.loc[every["specialty"].isna(), "id"]) == ["H11"]
    assert all("；类别：" in one for one in every["source"])
    stations = sample_region.open_facilities("emergency_station")
    assert stations["specialty"].isna().all()
    assert treats_all(sample_region.facilities[sample_region.facilities["id"].isin(stations["host_id"])]).all()


def test_the_samples_city_hospitals(sample_region: Region) -> None:
    """64 villages went to 市第三人民医院, which is psychiatric; by the planning document three others are the city's."""
    levels = facilities_of(sample_region)
    assert list(levels["city"]["id"]) == ["H01", "H03", "H06"]
    assert not {*SINGLE} & {*levels["county"]["id"], *levels["city"]["id"]}


def test_a_background_of_hospitals_is_of_those_that_treat_all(capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["site", "--data", str(SAMPLES / "panzhihua"), "--model", "mclp", "--limit", "15km", "-p", "1", "--json"]
    assert main([*ask, "--background", "hospital"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["background"]) == 13
    assert not {*SINGLE} & {*told["background"]}
    assert "不计 4 所专科医院：攀枝花市第三人民医院（精神）" in told["notes"][0]
    assert "1 所医院没有填“医院类别”，按综合医院处理（假设），列入待补数据：攀枝花市铁路医院" in told["notes"][1]
    assert main([*ask, "--background", "专科医院"]) == 0
    assert json.loads(capsys.readouterr().out)["background"] == SINGLE


def test_what_is_unknown_is_asked_for(tmp_path: Path) -> None:
    region = load(SAMPLES / "suining")
    assert list(
        region.facilities.loc[region.facilities["kind"].eq("hospital") & region.facilities["specialty"].isna(), "id"]
    ) == ["H03"]
    assert main(["assess", str(SAMPLES / "suining"), "--rules", "suining_2024", "--out", str(tmp_path / "out")]) == 0
    home = region.facilities.set_index("id")["county_code"]["H03"]
    for county in region.counties.itertuples():
        sheet = openpyxl.load_workbook(tmp_path / "out" / f"缺口清单_{county.name}.xlsx")["待补数据清单"]
        texts = [str(cell.value) for row in sheet.iter_rows() for cell in row]
        assert ("遂宁市一医院" in texts) is (county.code == home)


@pytest.mark.parametrize(("second", "third"), [("二级", "三级甲等"), ("二甲", "三甲"), ("2级", "３级"), ("Ⅱ级", "Ⅲ级")])
def test_a_class_counts_however_it_is_written(city: Region, second: str, third: str) -> None:
    known = with_column(
        with_column(city, "specialty", {"HC": "general", "HD": "general"}), "grade", {"HC": third, "HD": second}
    )
    assert [list(facilities_of(known)[level]["id"]) for level in ("county", "city")] == [["HD"], ["HC"]]
    assert hospital_lines(known, by_class=True) == ()


def test_a_class_that_is_not_understood_is_told_everywhere(city: Region) -> None:
    known = with_column(with_column(city, "specialty", {"HC": "general", "HD": "general"}), "grade", {"HD": "甲等"})
    assert list(general_hospitals(known)["id"]) == ["HC"]
    (told,) = hospital_lines(known, by_class=True)
    assert "1 所综合、中医类医院的等级不认识，不计入二级及以上（假设），列入待补数据：乙县人民医院（甲等）" in told.zh
    assert any("的等级不认识" in one.what.zh for one in quality(known).warnings)


def test_a_hospital_made_a_subcentre_is_no_township_hospital(city: Region, rules: Rules) -> None:
    only = replace(rules, rules=tuple(rule for rule in rules.rules if rule.id == "township_hospital"))
    before = assess(city, only, PAPER)
    made = apply(city, Scenario(edits=(Change(facility="HC", fields={"kind": "county_subcenter"}, word="upgrade"),)))
    assert (
        made.facilities.set_index("id").loc["HC", ["kind", "upgraded_from"]] == ["county_subcenter", "hospital"]
    ).all()
    pd.testing.assert_frame_equal(before, assess(made, only, PAPER))
    assert list(made.open_facilities("county_subcenter")["id"]) == ["HC"]
