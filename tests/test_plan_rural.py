"""Rural remedies: known answers by hand, the city's own kinds, sums of kinds, refusals by name; and point 8's findings."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geodata.load import load
from planner.errors import DataError, ScenarioError, SitingError
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.plans.rural import KINDS, RuralPlan, RuralTask, allowed_by, plan_rural
from planner.region import Region
from planner.rules import Rules, load_rules
from planner.scenario import Close, Open, Override, Scenario, apply, overridden
from planner.travel import PAPER
from tests.rural_line import EIGHT, FOUR, PLACES, SEVEN, SIX, line, shuffled, with_hospitals

KM = 1_000_000


@pytest.fixture(scope="module")
def suining() -> Rules:
    return load_rules("suining_2024", FUNCTIONS)


def _kinds(plan: RuralPlan) -> dict[str, str]:
    return dict(zip(plan.villages["code"], plan.villages["kind"], strict=True))


def _why(plan: RuralPlan, code: str) -> str:
    return str(plan.villages.set_index("code").loc[code, "why"])


def test_each_city_has_the_kinds_that_its_clause_names(rules: Rules, suining: Rules) -> None:
    ours, theirs = allowed_by(rules), allowed_by(suining)
    assert (ours.kinds, ours.few, ours.far) == (("round", "stay", "mobile"), True, True)
    assert (theirs.kinds, theirs.few, theirs.far) == (("round", "mobile", "neighbour", "stay"), True, False)
    with pytest.raises(SitingError, match="没有条款说明"):
        allowed_by(load_rules("yaan_2022", FUNCTIONS))


def test_the_kinds_are_what_the_rules_say_and_not_the_words_of_their_quote(rules: Rules) -> None:
    mine = next(one for one in rules.rules if one.plan_params.get("substitutes"))
    bare = replace(mine, plan_quote="", plan_params={})
    with pytest.raises(SitingError, match="没有条款说明"):
        allowed_by(replace(rules, rules=(replace(bare, clause=replace(mine.clause, quote=mine.plan_quote)),)))
    anywhere = replace(mine, plan_params={"substitutes": ("mobile",)})
    found = allowed_by(replace(rules, rules=(anywhere,)))
    assert (found.kinds, found.few, found.far) == (("mobile",), False, False)


def test_an_override_of_the_rule_keeps_what_the_plan_reads(tiny_region: Region, rules: Rules) -> None:
    changed = overridden(rules, Scenario(overrides=(Override("village_clinic", {"minimum": 2}),)))
    assert allowed_by(changed).kinds == allowed_by(rules).kinds
    plan = plan_rural(tiny_region, changed, line(), RuralTask(far=10 * KM))
    assert not plan.judges
    changed = overridden(rules, Scenario(overrides=(Override("village_clinic", {"substitutes": ("mobile",)}),)))
    plan = plan_rural(tiny_region, changed, line(), RuralTask(far=10 * KM))
    assert (_kinds(plan)[EIGHT], plan.judges) == ("mobile", False)
    with pytest.raises(ScenarioError, match="取值不对（现为“bus”）"):
        overridden(rules, Scenario(overrides=(Override("village_clinic", {"substitutes": ("bus",)}),)))


@pytest.mark.parametrize(
    ("task", "eight"),
    [
        (RuralTask(far=10 * KM), "round"),
        (RuralTask(far=12 * KM), "round"),
        (RuralTask(far=12 * KM + 1), "new_clinic"),
        (RuralTask(far=12 * KM, few=500), "round"),
        (RuralTask(far=12 * KM, few=499), "new_clinic"),
        (RuralTask(far=10 * KM, limits={"round": 30 * KM}), "round"),
        (RuralTask(far=10 * KM, limits={"round": 30 * KM - 1}), "stay"),
        (RuralTask(far=10 * KM, preference=("mobile", "round")), "mobile"),
        (RuralTask(far=10 * KM, limits={"round": 1}, preference=("round",)), "new_clinic"),
    ],
)
def test_panzhihua_by_hand(tiny_region: Region, rules: Rules, task: RuralTask, eight: str) -> None:
    """八村: 500 people, 12 km from 七村's clinic; its town has no hospital, 乙镇's of the same county is 30 km off."""
    plan = plan_rural(tiny_region, rules, line(), task)
    assert _kinds(plan) == {FOUR: "clinic", SEVEN: "clinic", SIX: "new_clinic", EIGHT: eight}
    assert plan.judges
    row = plan.villages.set_index("code").loc[EIGHT]
    assert (row["care"], row["care_cost"]) == ("VC2", 12 * KM)
    if eight in {"round", "stay", "mobile"}:
        assert (row["host"], row["cost"]) == ("TH2", 30 * KM)


def _served_by(region: Region, rules: Rules, kind: str, **places: int) -> tuple[str, str]:
    plan = plan_rural(region, rules, line(places={**PLACES, **places}), RuralTask(far=10 * KM, preference=(kind,)))
    row = plan.villages.set_index("code").loc[EIGHT]
    return str(row["kind"]), str(row["host"])


def test_who_sends_staff_or_a_mobile_unit(tiny_region: Region, rules: Rules) -> None:
    """八村 (52): the county hospital (25) is nearer than 乙镇卫生院 (22); its own 乡's, where there is one, however far."""
    city = with_hospitals(tiny_region)
    assert _served_by(city, rules, "stay") == ("stay", "TH2")
    assert _served_by(city, rules, "round") == ("round", "TH2")
    assert _served_by(city, rules, "mobile") == ("mobile", "HD")
    own = Open(fields={"id": "TH3", "name": "乙乡卫生院", "kind": "township_hospital", "lon": 101.75, "lat": 26.65})
    assert _served_by(apply(city, Scenario(edits=(own,))), rules, "stay", TH3=120) == ("stay", "TH3")
    without = apply(city, Scenario(edits=(Close(facility="TH2"),)))
    assert _served_by(without, rules, "stay") == ("stay", "HD"), "for want of a 卫生院, from a hospital"
    assert _served_by(without, rules, "round") == ("new_clinic", ""), "rounds come from a 卫生院 only"
    assert _served_by(apply(tiny_region, Scenario()), rules, "mobile") == ("mobile", "TH2"), "there is no hospital"


def test_why_is_told_with_its_numbers(tiny_region: Region, rules: Rules) -> None:
    plan = plan_rural(tiny_region, rules, line(), RuralTask(far=10 * KM, limits={"round": 25 * KM}))
    assert _why(plan, EIGHT) == (
        "居民 500 人（≤ 1000 人），到最近的机构七村卫生室 12.00 公里（≥ 10 公里）；"
        "巡回医疗：最近的乙镇卫生院 30.00 公里，超过 25 公里；取驻村服务，由乙镇卫生院承担，30.00 公里"
    )
    assert "居民 2000 人（＞ 1000 人），到最近的机构乙镇卫生院 2.00 公里（＜ 10 公里）" in _why(plan, SIX)
    assert _why(plan, FOUR) == "已设四村卫生室"
    assert "500 residents" in plan.villages.set_index("code").loc[EIGHT, "why_en"]
    assert any("1000 人" in one for one in plan.assumptions)


def test_suining_by_hand(tiny_region: Region, suining: Rules) -> None:
    by_clause = plan_rural(tiny_region, suining, line(), RuralTask(far=0, few=2000))
    assert _kinds(by_clause) == {FOUR: "clinic", SEVEN: "clinic", SIX: "round", EIGHT: "round"}
    assert not by_clause.judges, "another city's clause, and one that judges nothing"
    assert by_clause.covered == 4
    near = RuralTask(far=0, few=2000, limits={"neighbour": 12 * KM}, preference=("neighbour", "round"))
    plan = plan_rural(tiny_region, suining, line(), near)
    assert _kinds(plan) == {FOUR: "clinic", SEVEN: "clinic", SIX: "round", EIGHT: "neighbour"}
    assert dict(plan.visited()) == {SIX: "TH2"}


def _adds_up(plan: RuralPlan, region: Region) -> None:
    ours = region.villages[region.villages["kind"] == "village"]
    people = region.residents[region.residents["village_code"].isin(ours["code"])]["population"].sum()
    assert int(plan.kinds["villages"].sum()) == len(ours) == len(plan.villages)
    assert int(plan.kinds["population"].sum()) == int(people)
    assert int(plan.towns["villages"].sum()) == len(ours)
    assert set(plan.villages["kind"]) <= set(KINDS)
    assert plan.kinds["share"].sum() == pytest.approx(1)
    assert (plan.villages["why"] != "").all()


@pytest.mark.parametrize("city", ["panzhihua_2023", "suining_2024"])
def test_the_sum_of_kinds_is_all_villages(sample_findings: tuple[Region, pd.DataFrame], city: str) -> None:
    region, rules = sample_findings[0], load_rules(city, FUNCTIONS)
    for task in (RuralTask(far=3 * KM, few=1500), RuralTask(far=0, few=0), RuralTask(far=0, few=10**9)):
        _adds_up(plan_rural(region, rules, PAPER["paper"], task), region)


def test_a_village_is_told_by_its_code_never_by_its_name(
    sample_findings: tuple[Region, pd.DataFrame], rules: Rules
) -> None:
    plan = plan_rural(sample_findings[0], rules, PAPER["paper"], RuralTask(far=3 * KM))
    assert len(plan.villages) == 230
    assert (plan.villages["code"].str[9] == "2").all()
    assert plan.villages["name"].str.contains("社区").sum() == 91
    assert (plan.villages["group"] == "clinic").sum() == 202


def test_without_data_on_clinics_nothing_is_a_gap(tiny_region: Region, rules: Rules) -> None:
    frame = tiny_region.facilities
    blind = replace(tiny_region, facilities=frame[frame["kind"] != "village_clinic"])
    plan = plan_rural(blind, rules, line(), RuralTask(far=10 * KM))
    assert set(plan.villages["kind"]) == {"no_data"}
    known = replace(blind, about=replace(blind.about, complete_registers=("village_clinic",)))
    assert "no_data" not in set(plan_rural(known, rules, line(), RuralTask(far=10 * KM)).villages["kind"])


def test_the_order_of_rows_changes_nothing(tiny_region: Region, rules: Rules) -> None:
    task = RuralTask(far=10 * KM)
    one, two = (plan_rural(region, rules, line(), task) for region in (tiny_region, shuffled(tiny_region)))
    pd.testing.assert_frame_equal(one.villages, two.villages)


def test_the_plan_as_edits_closes_the_gaps(tiny_region: Region, rules: Rules) -> None:
    plan = plan_rural(tiny_region, rules, PAPER["paper"], RuralTask(far=10**9))
    built = apply(tiny_region, Scenario(edits=plan.edits()))
    assert len(plan.edits()) == 2
    assert set(plan_rural(built, rules, PAPER["paper"], RuralTask(far=10**9)).villages["kind"]) == {"clinic"}


def test_a_village_without_a_town_is_refused_by_name(tiny_region: Region, rules: Rules) -> None:
    lost = tiny_region.villages["town_code"].mask(tiny_region.villages["code"] == EIGHT, "510422999")
    region = replace(tiny_region, villages=tiny_region.villages.assign(town_code=lost))
    with pytest.raises(DataError, match=r"八村村民委员会.*510422999"):
        plan_rural(region, rules, line(), RuralTask(far=1))
    none = replace(tiny_region, villages=tiny_region.villages[tiny_region.villages["kind"] == "community"])
    with pytest.raises(DataError, match="没有行政村"):
        plan_rural(none, rules, line(), RuralTask(far=1))


def test_a_task_that_the_clause_excludes_is_refused(tiny_region: Region, rules: Rules) -> None:
    with pytest.raises(SitingError, match="neighbour"):
        plan_rural(tiny_region, rules, line(), RuralTask(far=1, preference=("neighbour",)))
    with pytest.raises(SitingError, match="小于零"):
        plan_rural(tiny_region, rules, line(), RuralTask(far=-1))
    with pytest.raises(SitingError, match="两次"):
        plan_rural(tiny_region, rules, line(), RuralTask(far=1, preference=("round", "round")))


def test_existence_standard_and_the_documents_numbers_stand_apart(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    """Point 8: a hospital a 乡镇, a clinic a 行政村, whether they meet the standard, and 37/14/450 as a difference."""
    city = sample_findings[1][sample_findings[1]["level"] == "city"].set_index("rule")
    there = {"township_hospital": (35, 38), "village_clinic": (202, 230)}
    for rule, (value, required) in there.items():
        assert tuple(city.loc[rule, ["value", "required"]]) == (value, required)
        standard = city.loc[f"{rule}_standard"]
        assert standard["status"] == "no_data", "no grade is made up"
    told = {"register_township_hospital": 37, "register_community_health_center": 14, "register_village_clinic": 450}
    ground = {"register_township_hospital": 35, "register_community_health_center": 10, "register_village_clinic": 202}
    for rule, number in told.items():
        row = city.loc[rule]
        assert (row["status"], row["required"], row["gap"]) == ("not_judged", number, number - ground[rule])


def test_the_sample_folder_of_suining_is_planned_with_its_own_clause(suining: Rules) -> None:
    region = load(Path(__file__).parent.parent / "geodata" / "samples" / "suining")
    plan = plan_rural(region, suining, PAPER["paper"], RuralTask(far=0, few=1500, limits={"round": 5 * KM}))
    _adds_up(plan, region)
    assert set(assess(region, suining, PAPER).query("rule == 'village_coverage'")["status"]) == {"not_judged"}
