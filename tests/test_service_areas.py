"""Service areas: who is served by the centre that is named for them, in facts, scenarios, plans and draws alike."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geodata.load import load
from planner.certainty import Bench
from planner.draws import Draws
from planner.errors import DataError, ScenarioError
from planner.region import Region
from planner.road import Road
from planner.scenario import Close, Open, Scenario, ServiceArea, apply
from planner.serving import CENTER, center_loads, is_served, named_centers, served_today, serving_center
from planner.travel import PAPER, StraightLine
from planner.uncertainty import Uncertainty
from scenarios.cli.program import main
from scenarios.files import read_scenario
from scenarios.write import write_scenario
from tests import tiny

SAMPLE = Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua"
SEAT = Open(fields={"id": "CHC2", "name": "乙镇中心", "kind": CENTER, "lon": 101.65, "lat": 26.65})
NEAR = Open(fields={"id": "CHC3", "name": "二社区中心", "kind": CENTER, "lon": 101.65, "lat": 26.59})
FIRST, SECOND, FIFTH = "510402001001", "510402001002", "510422100001"


def served(region: Region) -> dict[str, str]:
    """Village → the centres that serve its people, of those whom centres serve."""
    centers = region.open_facilities(CENTER)
    people = region.residents[is_served(region, ["510402001"], centers)]
    found = serving_center(people, centers, StraightLine(), named_centers(region))
    return dict(zip(people["village_code"], found, strict=True))


def test_who_is_named_serves(tiny_region: Region) -> None:
    """Without a word 二社区 goes to the centre beside it, 一社区 to its own; named, each goes where the name says."""
    near = Scenario(edits=(NEAR, SEAT))
    assert served(apply(tiny_region, near)) == {FIRST: "CHC1", SECOND: "CHC3", FIFTH: "CHC2"}
    named = replace(near, service_areas=(ServiceArea(("CHC1",), (SECOND, FIFTH)),))  # across the county border, too
    region = apply(tiny_region, named)
    assert served(region) == {FIRST: "CHC1", SECOND: "CHC1", FIFTH: "CHC1"}
    loads = center_loads(region, pd.Series(["510402001"]), region.open_facilities(CENTER), StraightLine())
    assert loads.tolist() == [35_000]  # 20 000 + 10 000 of the 街道 and the 5 000 urban residents of 五社区


def test_several_share_and_the_closed_do_not_serve(tiny_region: Region) -> None:
    both = ServiceArea(("CHC3", "CHC1"), (FIRST, SECOND))
    region = apply(tiny_region, Scenario(edits=(NEAR,), service_areas=(both,)))
    assert served(region) == {FIRST: "CHC1", SECOND: "CHC3"}  # each to the nearer of the two
    closed = apply(region, Scenario(edits=(Close(facility="CHC3"),)))
    assert served(closed) == {FIRST: "CHC1", SECOND: "CHC1"}
    only = apply(apply(tiny_region, Scenario(edits=(NEAR,), service_areas=(ServiceArea(("CHC3",), (FIRST,)),))),
                 Scenario(edits=(Close(facility="CHC3"),)))  # fmt: skip
    assert served(only)[FIRST] == "CHC1"  # as if nothing were named


def test_what_comes_later_wins(tiny_region: Region) -> None:
    areas = (ServiceArea(("CHC1",), (FIRST, SECOND), file="a"), ServiceArea(("CHC3",), (FIRST,), file="b"))
    region = apply(tiny_region, Scenario(edits=(NEAR,), service_areas=areas))
    assert served(region) == {FIRST: "CHC3", SECOND: "CHC1"}


@pytest.mark.parametrize(
    ("area", "said"),
    [
        (ServiceArea(("TH1",), (FIRST,), line="7"), "没有这个在用的社区卫生服务中心（现为“TH1”）"),
        (ServiceArea(("CHC1",), ("510402001999",)), "没有这个村（社区）代码"),
        (ServiceArea(("CHC1",), (FIRST, FIRST)), "这个社区写在两个服务范围里"),
    ],
)
def test_misfits_are_named(tiny_region: Region, area: ServiceArea, said: str) -> None:
    with pytest.raises(ScenarioError) as told:
        apply(tiny_region, Scenario(service_areas=(area,)))
    assert said in told.value.problems[0].say()


def test_facts_name_centres_too(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "city")
    villages = tiny.villages().assign(服务中心编号=["CHC1、CHC1", "CHC1", *[""] * 6])
    villages.to_csv(folder / "villages.csv", index=False, encoding="utf-8-sig")
    assert named_centers(load(folder)) == {FIRST: ("CHC1",), SECOND: ("CHC1",)}
    villages.assign(服务中心编号=["CHC1", "TH1", *[""] * 6]).to_csv(
        folder / "villages.csv", index=False, encoding="utf-8-sig"
    )
    with pytest.raises(DataError) as told:
        load(folder)
    assert (
        "villages.csv，第 3 行，“服务中心编号”列：没有这个编号的社区卫生服务中心（现为“TH1”）"
        in told.value.problems[0].say("zh")
    )


def test_written_and_read_back(tmp_path: Path) -> None:
    areas = (ServiceArea(("CHC1", "CHC3"), (FIRST, SECOND)), ServiceArea(("CHC2",), (FIFTH,)))
    write_scenario(tmp_path / "a.yaml", Scenario("甲", service_areas=areas))
    read = read_scenario(tmp_path / "a.yaml").scenario
    assert read.service_areas == areas
    assert not read.says_nothing
    (tmp_path / "b.yaml").write_text(
        f"name: 乙\nbase: a.yaml\nservice_areas:\n  - centers: [CHC3]\n    communities: ['{FIRST}']\n", "utf-8"
    )
    assert [one.centers for one in read_scenario(tmp_path / "b.yaml").scenario.service_areas][-1] == ("CHC3",)


def test_a_plan_is_assessed_as_it_was_planned(tmp_path: Path) -> None:
    """On the sample: the loads that an assessment of the proposal counts are those of the districts, centre by centre."""
    out, base = tmp_path / "o", tmp_path / "base.yaml"
    away = str(load(SAMPLE).villages.query("kind == 'village'")["code"].max())
    beside = load(SAMPLE).facilities.set_index("id").loc["CHC510402002"]  # a second centre in its community
    fields = {
        "id": "CHC-B",
        "name": "另一中心",
        "kind": CENTER,
        "lon": float(beside["lon"]) + 0.001,
        "lat": float(beside["lat"]),
    }
    named = ServiceArea(
        ("CHC510402001",), ("510402001002", away)
    )  # the plan decides on the first, the second it leaves alone
    write_scenario(base, Scenario("两所", edits=(Open(fields=fields),), service_areas=(named,)))
    words = ["plan", "centers", str(SAMPLE), "--rules", "panzhihua_2023", "--way", "paper"]
    assert main([*words, "--scenario", str(base), "--out", str(out)]) == 0
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    scenario = read_scenario(out / "方案.yaml").scenario
    assert scenario.service_areas[0].communities == (away,)
    region = apply(load(SAMPLE), scenario)
    found = served_today(region, StraightLine(), ("township_hospital", "county_subcenter")).people
    loads = found.groupby("center_today")["population"].sum().to_dict()
    sharing = {one: area.centers for area in scenario.service_areas for one in area.centers}
    planned = {row["id"]: row["load"] for row in plan["centers"] if row["load"] is not None}
    assert planned
    for center, load_of in planned.items():
        assert sum(loads.get(one, 0) for one in sharing[center]) == load_of
    assert sharing["CHC510402002"] == sharing["CHC-B"] == ("CHC-B", "CHC510402002")


def test_draws_follow_the_names(tiny_region: Region) -> None:
    """Facts as they stand: the draw's way of telling who serves whom is the measure's."""
    for areas in ((), (ServiceArea(("CHC1",), (SECOND, FIFTH)),), (ServiceArea(("CHC1", "CHC2"), (SECOND, FIFTH)),)):
        region = apply(tiny_region, Scenario(edits=(NEAR, SEAT), service_areas=areas))
        centers = region.open_facilities(CENTER)
        mask = is_served(region, ["510402001"], centers)
        bench = Bench(Draws(region, Uncertainty()), PAPER, {})
        rows = mask.nonzero()[0]
        found = bench.now.serving("paper", rows)
        ids = [centers["id"].iloc[one] if one >= 0 else "" for one in found]
        people = region.residents[mask]
        assert ids == serving_center(people, centers, StraightLine(), named_centers(region)).tolist()


def test_one_that_cannot_be_reached_serves_nobody(tmp_path: Path) -> None:
    """By road no way leads to 乙镇: who is named to its centre, or has it in town, goes on to the next by the rule."""
    region = load(tiny.write_with_roads(tmp_path / "roads"))
    assert region.roads is not None
    away = Open(
        fields={"id": "CHC2", "name": "乙镇中心", "kind": CENTER, "lon": 101.65, "lat": 26.65, "town_code": "510402001"}
    )
    road = Road(region.roads, direction="to")
    for areas in ((), (ServiceArea(("CHC2",), (FIRST, SECOND)),)):
        there = apply(region, Scenario(edits=(away, Close(facility="CHC1"), NEAR), service_areas=areas))
        people = there.residents[there.residents["town_code"] == "510402001"]
        found = serving_center(people, there.open_facilities(CENTER), road, named_centers(there))
        assert set(found) == {"CHC3"}
        bench = Bench(Draws(there, Uncertainty()), {"road": road}, {})
        rows = (there.residents["town_code"] == "510402001").to_numpy().nonzero()[0]
        assert set(there.open_facilities(CENTER)["id"].iloc[bench.now.serving("road", rows)]) == {"CHC3"}
