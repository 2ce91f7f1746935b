"""Community centres where the facts are awkward: points without a way, joint centres, ids that are taken, merged towns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely import Polygon, box

from planner.districts.adjacency import by_polygons
from planner.errors import SitingError
from planner.plans.centers import CenterPlan, Successor, conversions, number_of, plan_centers
from planner.reach import Reach
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Close, Open, Scenario, apply
from planner.serving import served_today
from planner.travel import StraightLine, Table
from tests.test_plan_centers import frame, task_of

FIRST, SECOND = "510402001001", "510402001002"
NEAR = Open(fields={"id": "CHC2", "name": "二中心", "kind": "community_health_center", "lon": 101.651, "lat": 26.55})


@dataclass(frozen=True, eq=False)
class Hole:
    """Straight lines, but these residents reach none of these facilities (no residents named: all; no facilities: none)."""

    people: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()
    unit: str = "mm"

    def reach_whole(self, demand: pd.DataFrame, facilities: pd.DataFrame, limit: int) -> Reach:
        pairs = StraightLine().reach_whole(demand, facilities, 2**32 - 2).within()
        lost = pairs["demand_id"].isin(self.people) | (not self.people)
        lost &= pairs["facility_id"].isin(self.facilities) | (not self.facilities)
        return Table(pairs.assign(cost=pairs["cost"].astype(float).mask(lost)), unit="mm").reach_whole(
            demand, facilities, limit
        )


@pytest.fixture
def split(tiny_region: Region) -> Region:
    """Return the city with 一社区's 20,000 people in two places: 19,900 at its point, 100 a kilometre to the north."""
    people = tiny_region.residents
    mine = people[people["village_code"] == FIRST]
    far = mine.assign(id=mine["id"] + "b", population=100, lat=mine["lat"] + 0.009)
    near = people.assign(population=people["population"].mask(people["village_code"] == FIRST, 19_900))
    return replace(tiny_region, residents=pd.concat([near, far], ignore_index=True))


def _row(plan: CenterPlan, code: str) -> dict[str, Any]:
    return dict(plan.communities.set_index("id").loc[code])


def test_a_few_people_without_a_way_leave_the_plan_as_it_is(split: Region, rules: Rules) -> None:
    lost = str(split.residents["id"].iloc[-1])
    whole, holed = (plan_centers(split, way, task_of(rules)) for way in (StraightLine(), Hole(frozenset({lost}))))
    assert holed.districting.status == "optimal"
    assert holed.districting.assignment.to_dict() == whole.districting.assignment.to_dict()
    assert [_row(one, FIRST)["unreached"] for one in (whole, holed)] == [0, 100]
    assert _row(holed, SECOND)["unreached"] == 0
    at, centre = (
        list(holed.districting.task.units["id"]).index(FIRST),
        list(holed.districting.task.centers["id"]).index("CHC1"),
    )
    burden = holed.districting.task.burden[at, centre]
    assert burden == 0, "the 19,900 live at the centre: the mean way of those who have one counts for all"
    assert whole.districting.task.burden[at, centre] > 0
    assert holed.districting.loads["load"].tolist() == [30_000], "they count in the load all the same"


def test_a_community_without_any_way_has_no_plan(split: Region, rules: Rules) -> None:
    mine = frozenset(split.residents.loc[split.residents["village_code"] == FIRST, "id"])
    plan = plan_centers(split, Hole(mine), task_of(rules))
    assert plan.districting.status == "infeasible"
    clash = plan.districting.clashes["510402"]
    assert (clash.rule.zh, clash.ids) == ("中心到本社区没有路：CHC1", (FIRST,))
    assert _row(plan, FIRST)["unreached"] == 20_000


def test_a_centre_off_the_road_is_named_as_the_cause(tiny_region: Region, rules: Rules) -> None:
    plan = plan_centers(tiny_region, Hole(facilities=frozenset({"CHC1"})), task_of(rules))
    clash = plan.districting.clashes["510402"]
    assert clash.rule.zh == "中心到本社区没有路：CHC1"
    assert "时限" not in clash.change.zh
    assert plan.districting.seconds < 5


def test_a_walk_is_the_mean_of_those_who_have_one(split: Region, rules: Rules) -> None:
    """100 people a kilometre off: 12 minutes for them, nothing for the rest; those without a way make no walk shorter."""
    lost = str(split.residents["id"].iloc[0])
    assert split.residents["village_code"].iloc[0] == FIRST
    plan = plan_centers(split, StraightLine(), task_of(rules), walk=Hole(frozenset({lost})))
    apart = plan.stations.walks.set_index("id").loc[f"{lost}b", "minutes"]
    assert apart == pytest.approx(12, abs=0.1)
    assert _row(plan, FIRST)["minutes"] == apart
    assert plan.stations.mean("distance_m")[FIRST] == pytest.approx(1000, abs=5)
    assert _row(plan, FIRST)["beyond"] == 19_900


def test_a_town_with_joint_centres_keeps_the_bound_of_both(tiny_region: Region, rules: Rules) -> None:
    """Two centres in 一社区 serve all 30,000 together; each may serve 20,000, both 40,000: 15,000 each is within."""
    region = apply(tiny_region, Scenario("x", edits=(NEAR,)))
    task = replace(task_of(rules), lower=1_000, upper=20_000)
    plan = plan_centers(region, StraightLine(), task)
    assert plan.districting.loads[["load", "lower", "upper"]].to_numpy().tolist() == [[30_000, 2_000, 40_000]]
    assert plan.centers.set_index("id").loc[["CHC1", "CHC2"], "joint"].tolist() == [2, 0]
    (town,) = plan.towns.to_dict("records")
    assert (town["load_planned"], bool(town["met_planned"])) == (15_000, True)
    nowhere = region.facilities["town_code"].mask(region.facilities["kind"] == "community_health_center", "510402100")
    elsewhere = replace(region, facilities=region.facilities.assign(town_code=nowhere))
    (town, *_) = plan_centers(elsewhere, StraightLine(), task).towns.to_dict("records")
    assert (town["present"], town["needed"], town["load_planned"], bool(town["met_planned"])) == (0, 0, 16_500, True), (
        "with the 3,000 urban residents of 甲镇"
    )


@pytest.mark.parametrize(("upper", "new"), [(30_000, 0), (29_999, 1)])
def test_a_load_of_just_the_upper_bound_is_within(tiny_region: Region, rules: Rules, upper: int, new: int) -> None:
    plan = plan_centers(tiny_region, StraightLine(), replace(task_of(rules), lower=0, upper=upper))
    assert len(plan.new_centers) == new
    assert plan.towns["met_load"].tolist() == [new == 0]
    assert plan.centers.set_index("id").loc["CHC1", "advice_today"] == ("" if new == 0 else "overloaded")


def test_a_fifth_of_eleven_is_three_of_ten_two() -> None:
    assert [number_of(0.2, count) for count in (0, 1, 10, 11, 15, 16)] == [0, 1, 2, 3, 3, 4]


def test_the_centre_of_a_split_community_is_that_of_most_of_its_people(split: Region) -> None:
    """100 of 一社区 live beside a second centre: its own is still CHC1, which serves 19,900."""
    fields = {**NEAR.fields, "id": "CHC0", "lon": 101.65, "lat": 26.559}
    region = apply(split, Scenario("x", edits=(Open(fields=fields),)))
    served = served_today(region, StraightLine(), ("township_hospital",))
    mine = served.people[served.people["unit"] == FIRST].sort_values("population")
    assert mine["center_today"].tolist() == ["CHC0", "CHC1"]
    assert served.units.set_index("id").loc[FIRST, "center_today"] == "CHC1"


def test_those_beyond_any_station_are_nobodys(split: Region, rules: Rules) -> None:
    """At ten minutes the 100 people of 一社区 a kilometre off have no community's point within their walk."""
    plan = plan_centers(split, StraightLine(), task_of(rules, station_minutes=10))
    assert dict(plan.stations.serves) == {SECOND: (SECOND,)}
    (station,) = plan.edits()
    assert station.reason == "步行范围外的社区设站：二社区居民委员会"


def test_a_station_in_a_community_near_a_centre_is_for_its_neighbour(tiny_region: Region, rules: Rules) -> None:
    """二社区's people live beyond any walk of its own point and within one of 一社区's, which has a centre itself."""
    people = tiny_region.residents
    at = people["village_code"] == SECOND
    moved = people.assign(lon=people["lon"].mask(at, 101.662), lat=people["lat"].mask(at, 26.55))
    plan = plan_centers(replace(tiny_region, residents=moved), StraightLine(), task_of(rules, station_minutes=14.5),
                        walk=Hole(facilities=frozenset({"CHC1"})))  # fmt: skip
    assert dict(plan.stations.serves) == {FIRST: (FIRST, SECOND)}
    (station,) = plan.edits()
    assert station.reason == "步行范围外的社区设站：一社区居民委员会、二社区居民委员会"


TAKEN = (
    Open(
        fields={"id": f"CHC-{SECOND}", "name": "旧中心", "kind": "community_health_center", "lon": 101.65, "lat": 26.59}
    ),
    Open(
        fields={"id": f"CHS-{SECOND}", "name": "旧站", "kind": "community_health_station", "lon": 101.65, "lat": 26.59}
    ),
    Close(facility=f"CHC-{SECOND}"),
    Close(facility=f"CHS-{SECOND}"),
)


@pytest.mark.parametrize(("upper", "opened"), [(100_000, f"CHS-{SECOND}-2"), (20_000, f"CHC-{SECOND}-2")])
def test_ids_of_what_is_closed_are_not_given_again(tiny_region: Region, rules: Rules, upper: int, opened: str) -> None:
    region = apply(tiny_region, Scenario("x", edits=TAKEN))
    plan = plan_centers(region, StraightLine(), replace(task_of(rules), lower=0, upper=upper))
    edits = plan.edits()
    assert [one.facility for one in edits if isinstance(one, Open)] == [opened]
    after = apply(region, Scenario("方案", edits=edits))
    assert after.facilities["id"].is_unique
    assert opened in set(after.open_facilities("community_health_center", "community_health_station")["id"])


def _merged(region: Region, town: str, rows: Sequence[tuple[str, str, int, str]]) -> dict[str, Any]:
    fields = {"id": "TH9", "name": "旧镇卫生院", "kind": "township_hospital", "lon": 101.65, "lat": 26.59}
    region = apply(region, Scenario("x", edits=(Open(fields=fields),)))
    own = region.facilities["town_code"].mask(region.facilities["id"] == "TH9", town)
    found = conversions(
        replace(region, facilities=region.facilities.assign(town_code=own)), [Successor(*row) for row in rows]
    )
    (row,) = found.table.to_dict("records")
    return {str(name): value for name, value in row.items()}


BOTH = (("510402900", "510402001", 2019, "甲文"), ("510402901", "510402001", 2021, "乙文"))


def test_a_hospital_keeps_its_own_old_town_where_two_were_merged(tiny_region: Region) -> None:
    row = _merged(tiny_region, "510402901", [BOTH[0], ("510402901", "510402001", 2019, "甲文")])
    assert (row["old_code"], row["why"]) == ("510402901", "2019 年撤并为甲一街道（甲文）")
    row = _merged(tiny_region, "510402901", BOTH)
    assert (row["old_code"], row["year"], row["source"]) == ("510402901", 2021, "乙文")


def test_where_the_register_does_not_tell_the_old_town_all_are_named(tiny_region: Region) -> None:
    row = _merged(tiny_region, "510402001", BOTH)
    assert (row["old_code"], row["year"]) == ("510402900、510402901", "2019、2021")
    assert row["why"] == "2019 年、2021 年撤并为甲一街道（甲文；乙文；2 个乡镇并入，名录没有写明原属哪个）"


def test_a_closed_kind_is_no_candidate_for_reopening_in_silence(tiny_region: Region, rules: Rules) -> None:
    region = apply(tiny_region, Scenario("x", edits=TAKEN[:1]))
    edits = plan_centers(region, StraightLine(), task_of(rules)).edits()
    assert not any(isinstance(one, Change) for one in edits)


@pytest.mark.parametrize("angle", [0.5, 5.0, 40.0, 90.0, 150.0])
def test_polygons_that_meet_in_one_corner_are_no_neighbours_however_sharp(angle: float) -> None:
    """Two wedges, tip to tip with a gap of the angle between them, and tips that point at one another."""

    def wedge(begin: float, end: float) -> Polygon:
        turns = np.radians([begin, end])
        return Polygon([(0, 0), *zip(1000 * np.cos(turns), 1000 * np.sin(turns), strict=True)])

    assert by_polygons(frame([wedge(0, 10), wedge(10 + angle, 20 + angle)])) == ()
    assert by_polygons(frame([wedge(-3, 3), wedge(177, 183)])) == ()
    assert by_polygons(frame([wedge(0, 10), wedge(10, 20)])) == (("u0", "u1"),)


def test_a_slit_between_two_makers_borders_parts_nobody() -> None:
    assert by_polygons(frame([box(0, 0, 100, 100), box(100.8, 20, 200, 60)])) == (("u0", "u1"),)
    assert by_polygons(frame([box(0, 0, 100, 100), box(100.8, 99, 200, 160)])) == (), "they hardly touch"


def test_villages_without_a_neighbour_are_told_at_once_by_name(tiny_region: Region, rules: Rules) -> None:
    """Without its hospital 乙镇, the county's seat, counts whole: 六村 is farther than 1 km from everything."""
    region = apply(tiny_region, Scenario("x", edits=(Close(facility="TH2"),)))
    with pytest.raises(SitingError) as caught:
        plan_centers(region, StraightLine(), task_of(rules, longest_road=1_000_000), road=StraightLine())
    (problem,) = caught.value.problems
    assert "六社区村民委员会（510422100200）" in problem.found
    assert problem.file == "--link"
