"""What a measure reads is declared; of one that declares nothing nothing is taken over, tested or said without looking."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from planner import findings as judging
from planner import measures
from planner.certainty import VERDICTS, certainty, hangs_on_text
from planner.findings import assess, kinds_read
from planner.measured import COLUMNS
from planner.measures import MEASURES, Measure, people_served
from planner.region import Region
from planner.rules import Clause, Reading, Rule, Rules
from planner.scenario import Change, Close, Edit, Open, PopulationChange, Scenario, ServiceArea, apply
from planner.schema import FACILITY_KINDS
from planner.travel import PAPER, Travel
from planner.uncertainty import Uncertainty
from scenarios.compare import compare
from scenarios.compare_write import pair_lines, view_of
from scenarios.export.explain import explanations
from scenarios.export.workbook import document_of
from scenarios.run import run
from scenarios.verdict import MISSING
from scenarios.ways import RoadChoices
from tests import tiny


def beds_per_thousand(region: Region, travel: Travel, *, at_least: float) -> pd.DataFrame:
    """Beds of all open facilities a thousand residents, which no parameter names."""
    beds = float(region.facilities.loc[region.facilities["status"] == "open", "beds"].sum())
    people = int(region.residents["population"].sum())
    value = beds / people * 1000
    row = {"level": "city", "subject_code": region.about.code, "population": people, "unreachable": 0, "value": value,
           "required": at_least, "met": value >= at_least, "nearest_facility": "", "distance_m": float("nan"),
           "time_min": float("nan"), "advice": "", "load": float("nan"), "estimated": False}  # fmt: skip
    return pd.DataFrame([{**row, "covered": people if row["met"] else 0}])[list(COLUMNS)]


@pytest.fixture
def beds(monkeypatch: pytest.MonkeyPatch, rules: Rules) -> Rules:
    """The rules with one more, of a measure that nobody has heard of and that declares nothing."""
    known = MappingProxyType({**MEASURES, "beds": Measure(beds_per_thousand, "张/千人", "units")})
    monkeypatch.setattr(measures, "MEASURES", known)
    clause = Clause("文件", "节", "每千人床位")
    reading = Reading("all", "全部机构", True, MappingProxyType({"at_least": 6.0}))
    rule = Rule("beds", "每千人床位", clause, "beds", (reading,), "city", "全市常住人口", "每千人 6 张")
    return replace(rules, rules=(*rules.rules, rule))


def near_a_clinic(region: Region, travel: Travel, *, within_km: float) -> pd.DataFrame:
    """All residents with a village clinic within so many kilometres."""
    return people_served(
        region, travel, facility_kind="village_clinic", beside_kinds=(), beside_ids=(), radius_km=within_km
    )


@pytest.fixture
def clinics(monkeypatch: pytest.MonkeyPatch, rules: Rules) -> Rules:
    """The rules with one more, of a measure that names all it reads in its own words."""
    declared = Measure(
        near_a_clinic, "share", "people", lambda _: ("village_clinic",), limit=lambda one: round(one["within_km"] * 1e6),
        ask="within", drawn="people", nearest="测试：最近的卫生室。",
    )  # fmt: skip
    monkeypatch.setattr(measures, "MEASURES", MappingProxyType({**MEASURES, "near": declared}))
    clause = Clause("文件", "节", "三公里有卫生室")
    reading = Reading("all", "全体居民", True, MappingProxyType({"within_km": 3.0}))
    rule = Rule("near", "三公里卫生室", clause, "near", (reading,), "village", "全市常住人口", "3 公里")
    return replace(rules, rules=(*rules.rules, rule))


def test_what_a_new_measure_declares_is_followed(tiny_region: Region, clinics: Rules) -> None:
    """VC1 stands in 四村 (1 000 people), VC2 in 七村 (1 500): everyone else is farther than 3 km from both."""
    without = Scenario(name="少一处", edits=(Close(facility="VC1"),))
    found = compare(tiny_region, clinics, [Scenario(), without]).pairs[0]
    people = found.people[(found.people["rule"] == "near") & (found.people["group_kind"] == "city")]
    assert people[["population", "newly_uncovered", "covered_after"]].to_numpy().tolist() == [[45_000, 1_000, 1_500]]
    table = assess(tiny_region, clinics, PAPER)
    tried = certainty(tiny_region, clinics, PAPER, table, Uncertainty(draws=4))
    mine = tried.gaps[tried.gaps["rule"] == "near"]
    assert len(mine) >= 6
    assert set(mine["verdict"]) <= {"certain", "likely", "sensitive"}
    assert set(tried.tornado.loc[tried.tornado["rule"] == "near", "covered"]) == {2_500}
    assert ("最近机构", "测试：最近的卫生室。") in explanations(tiny_region, clinics, {("near", "all")})
    assert _asked_for(tiny_region, clinics, "near", "village_clinic").startswith("村卫生室的完整名录")


def test_a_measure_that_declares_nothing_asks_for_the_register(tiny_region: Region, beds: Rules) -> None:
    assert _asked_for(tiny_region, beds, "beds", "").startswith("机构的完整名录")


def _asked_for(region: Region, rules: Rules, rule: str, without: str) -> str:
    """Return what 待补数据 asks for a rule, where nobody of a kind stands in the list and nothing can be judged."""
    frame = region.facilities
    bare = replace(region, facilities=frame[frame["kind"] != without])
    table = assess(bare, rules, PAPER)
    table.loc[table["rule"] == rule, "status"] = "no_data"
    (sheet,) = [one for one in document_of(bare, rules, table).tables if one.tab == MISSING]
    return str(next(row["ask"] for row in sheet.rows if row["rule"] == rule))


def _with_beds(region: Region, beds: float) -> Region:
    frame = region.facilities
    return replace(region, facilities=frame.assign(beds=frame["beds"].mask(frame["id"] == "TH1", beds)))


def test_an_unknown_measure_is_never_taken_over(tiny_region: Region, beds: Rules) -> None:
    """45 000 people: 225 beds are 5 a thousand, 450 are 10, by `compare` as by `run`."""
    region = _with_beds(tiny_region, 225.0)
    more = Scenario(name="扩建", edits=(Change(facility="TH1", fields={"beds": 450.0}, word="enlarge"),))
    pair = compare(region, beds, [Scenario(), more]).pairs[0]
    row = pair.findings.set_index("gap_id").loc["beds.all.city.510400"]
    assert (row["value_before"], row["value_after"], row["status_after"]) == (5.0, 10.0, "met")
    alone = [run(region, beds, one, RoadChoices()).findings for one in (Scenario(), more)]
    for side, findings in zip((pair.before, pair.after), alone, strict=True):
        pd.testing.assert_frame_equal(side.judged.findings, findings)
    assert view_of(compare(region, beds, [Scenario(), more]))


def test_the_sentences_tell_what_changed_of_no_residents_way(tiny_region: Region, beds: Rules) -> None:
    region = _with_beds(tiny_region, 225.0)
    more = Scenario(name="扩建", edits=(Change(facility="TH1", fields={"beds": 270.0}, word="enlarge"),))
    text = "\n".join(pair_lines(compare(region, beds, [Scenario(), more]).pairs[0]))
    assert "每千人床位（全部机构）：全市由 5 张/千人变为 6 张/千人（+1）。" in text


def test_an_unknown_measure_may_read_any_kind(beds: Rules) -> None:
    assert kinds_read(beds.rules[-1]) == frozenset(FACILITY_KINDS)
    unknown = replace(beds.rules[-1], measure="not there")
    assert kinds_read(unknown) == frozenset(FACILITY_KINDS)


def test_its_certainty_is_not_said_to_hang_on_the_register(tiny_region: Region, beds: Rules) -> None:
    region = _with_beds(tiny_region, 225.0)
    findings = assess(region, beds, PAPER)
    gaps = certainty(region, beds, PAPER, findings, Uncertainty(draws=2)).gaps.set_index("rule")
    assert gaps.loc["beds", ["verdict", "hangs_on"]].tolist() == ["untested", "untested"]
    assert pd.isna(gaps.loc["beds", "share"])
    assert VERDICTS["untested"].zh == hangs_on_text("untested") == "未检验"
    assert set(gaps.loc[["village_clinic"], "verdict"]) == {"register"}


def test_findings_follow_from_no_kind_that_is_not_declared(tiny_region: Region, rules: Rules) -> None:
    """Whatever facilities of other kinds stand where, with whatever in their columns: a rule that does not read them stays."""
    plain = assess(tiny_region, rules, PAPER)
    spots = [(float(lon), float(lat)) for _, _, lon, lat, *_ in tiny.VILLAGES]
    values: dict[str, Any] = {"beds": 7.0, "grade": "t", "status": "planned", "host_id": "TH1"}
    for rule in rules.rules:
        edits: list[Edit] = []
        for kind in sorted(FACILITY_KINDS.keys() - kinds_read(rule)):
            ids = [f"{kind}{at}" for at in range(len(spots))]
            edits += [
                Open(fields={"id": one, "name": "x", "kind": kind, "lon": lon, "lat": lat})
                for one, (lon, lat) in zip(ids, spots, strict=True)
            ]
            edits += [
                Change(facility=one, fields={name: value})
                for one, (name, value) in zip(ids, values.items(), strict=False)
            ]
        region = apply(tiny_region, Scenario(edits=tuple(edits)))
        changed = assess(region, replace(rules, rules=(rule,)), PAPER)
        pd.testing.assert_frame_equal(
            changed, plain[plain["rule"] == rule.id].reset_index(drop=True), check_dtype=False
        )


def test_a_measure_of_people_is_a_share() -> None:
    with pytest.raises(ValueError, match="does not add up as people"):
        Measure(beds_per_thousand, "张/千人", "people")


def test_every_own_measure_declares_what_it_reads() -> None:
    assert {name for name, one in MEASURES.items() if one.kinds is None} == set()


def test_of_each_measure_is_told_from_where_the_nearest_facility_is(tiny_region: Region, rules: Rules) -> None:
    """A measure that names a nearest facility has its line on the sheet 说明."""
    table = assess(tiny_region, rules, PAPER)
    named = set(table.loc[table["nearest_facility"] != "", "rule"])
    assert all(MEASURES[rule.measure].nearest for rule in rules.rules if rule.id in named)


def test_what_else_a_scenario_changes_is_read_again(tiny_region: Region, rules: Rules) -> None:
    """Other people, other service areas: every rule is judged anew."""
    area = ServiceArea(("CHC1",), (tiny.VILLAGES[0][0],))
    for other in (
        Scenario(name="人口", population=PopulationChange(2030, {"": 0.5})),
        Scenario(name="片区", service_areas=(area,)),
    ):
        found = compare(tiny_region, rules, [Scenario(), other]).sides[1].judged
        pd.testing.assert_frame_equal(found.findings, assess(apply(tiny_region, other), rules, PAPER))


def test_the_frame_of_what_is_read_is_compared_whole(tiny_region: Region, rules: Rules) -> None:
    """A column that no measure of today reads (beds) counts, too: tomorrow's may."""
    rule = next(one for one in rules.rules if one.measure == "facility_per_unit")
    frame: gpd.GeoDataFrame = tiny_region.facilities
    other = replace(
        tiny_region, facilities=frame.assign(beds=frame["beds"].mask(frame["kind"] == "township_hospital", 99.0))
    )
    assert judging.reads_the_same(rule, tiny_region, replace(tiny_region))
    assert not judging.reads_the_same(rule, tiny_region, other)
    assert not judging.reads_the_same(rule, tiny_region, replace(tiny_region, towns=tiny_region.towns.copy()))
