"""How the maps look: colours that all eyes tell apart, labels off the signs, no box on a click, legends whole on paper."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from maps.compare import Between, View, compare_map
from maps.plan import Left, Legend, Site, Town, plan_map
from maps.plan import View as PlanView
from maps.rural import Host, Village, rural_map
from maps.style import FILLS, colours
from planner.compare import side_by_side, site_changes
from planner.scenario import Open, Scenario, apply
from tests.pages import MAP, Opener, opened, scene_of
from tests.test_maps_city import TOWNS, plain_city
from tests.test_maps_pages import WEST, centers_page

_RGB_TO_XYZ = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
_EYES = {
    "normal": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9690]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
"""Machado and others 2009, for those who lack one of the three kinds of cones."""

__all__ = ["opened"]
Box = tuple[float, float, float, float]


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def lab(colour: str, eye: str) -> np.ndarray:
    """Return what an eye sees of a colour in CIELAB."""
    part = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = _RGB_TO_XYZ @ np.clip(_EYES[eye] @ linear, 0, 1) / np.array([0.9505, 1, 1.0888])
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# ---- colours ----


@pytest.mark.parametrize("eye", _EYES)
def test_fills_of_areas_are_light_and_all_eyes_tell_them_apart(eye: str) -> None:
    seen = {one: lab(one, eye) for one in (*FILLS, "#ffffff", "#eef1f2", "#e9ebec")}
    close = [
        pair
        for pair in combinations(seen, 2)
        if FILLS.count(pair[0]) and np.linalg.norm(seen[pair[0]] - seen[pair[1]]) < 11
    ]
    assert close == []
    assert all(68 < seen[one][0] < 95 for one in FILLS)


@pytest.mark.parametrize("seed", range(20))
def test_neighbouring_areas_never_share_a_colour(seed: int) -> None:
    """Each square of a board belongs to the nearest of 40 places: areas in one piece, neighbours at corners too."""
    places = np.random.default_rng(seed).uniform(0, 30, (40, 2))
    board = np.stack(np.meshgrid(np.arange(30), np.arange(30)), axis=-1)
    area = np.linalg.norm(board[:, :, None] - places, axis=-1).argmin(axis=-1)
    steps = [
        (area[:-1], area[1:]),
        (area[:, :-1], area[:, 1:]),
        (area[:-1, :-1], area[1:, 1:]),
        (area[:-1, 1:], area[1:, :-1]),
    ]
    pairs = {
        (f"a{a}", f"a{b}") for one, other in steps for a, b in zip(one.ravel(), other.ravel(), strict=True) if a != b
    }
    borders, ids = sorted(pairs), sorted({f"a{one}" for one in area.ravel()})
    found = colours(ids, borders)
    assert [(a, b) for a, b in borders if found[a] == found[b]] == []
    assert colours(ids, reversed(borders)) == found


def test_no_colour_returns_while_another_is_unused() -> None:
    ids = [f"a{at:02}" for at in range(15)]
    found = colours(ids, pairs := list(pairwise(ids)))
    uses = [list(found.values()).count(one) for one in FILLS]
    assert max(uses) - min(uses) <= 1
    more = colours([*ids, "new"], [*pairs, ("a03", "new")], found)
    assert sum(found[one] == more[one] for one in ids) >= 10


def test_a_map_of_many_areas_colours_neighbours_apart() -> None:
    city = plain_city()
    sites = pd.DataFrame(
        [{"id": f"S{at}", "name": f"S{at}", "kind": "hospital", "grade": "", "beds": 1.0, "county_name": "", "town_name": "",
          "lon": WEST[0], "lat": WEST[1]} for at in range(4)]
    )  # fmt: skip
    view = PlanView("人最多", "4 个", (), tuple(Site(f"S{at}", "chosen", "", "") for at in range(4)),
                    tuple(Town(code, f"S{at}", 1.0, ()) for at, code in enumerate(TOWNS)), ())  # fmt: skip
    legend = Legend(("目标", "个数"), "site", (("chosen", "入选"),), ("chosen",))
    demand = pd.DataFrame(columns=["id", "name", "county_name", "town_name", "population", "lon", "lat"])
    html = plan_map(city.region, sites, demand, [view], legend, city.furniture)
    assert len(set(scene_of(html)["pictures"][0]["fills"])) == 4


# ---- labels ----


def _compared(spots: list[tuple[float, float]]) -> str:
    city = plain_city()
    new = tuple(
        Open(fields={"id": f"N{at}", "name": f"站{at}", "kind": "emergency_station", "lon": lon, "lat": lat})
        for at, (lon, lat) in enumerate(spots)
    )
    after = apply(city.region, Scenario(edits=new))
    sites = site_changes(city.region, after).assign(word="改类型")
    views = [View("A", "A", city.region, city.findings), View("B", "B", after, city.findings)]
    between = Between(0, 1, ("一句",), side_by_side(city.findings, city.findings), sites)
    return compare_map(views, [between], city.furniture, {"emergency_urban": ["emergency_station"]})


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1280, 720)])
def test_labels_of_changes_stay_inside_and_apart(opened: Opener, width: int, height: int) -> None:
    """Two close by, one at the eastern edge, one at the western."""
    seen = opened(_compared([(101.75, 26.55), (101.752, 26.551), (101.897, 26.52), (101.703, 26.5)]), width, height)
    seen.page.click("#sync")
    wide, high = seen.page.evaluate(f"[{MAP}.getSize().x, {MAP}.getSize().y]")
    labels = [box for name, box in seen.names(1) if name.startswith("站")]
    assert len(labels) == 4
    assert all(one[0] >= 0 and one[2] <= wide and one[1] >= 0 and one[3] <= high for one in labels)
    assert not any(meet(one, other) for one, other in combinations(labels, 2))
    seen.page.click("#swipe")
    seen.page.click("#sync")
    assert [box for name, box in seen.names(1) if name.startswith("站")] == [pytest.approx(one) for one in labels]


def test_where_there_is_no_room_names_are_left_out_and_never_cover_each_other(opened: Opener) -> None:
    spots = [(101.75 + 0.004 * (at % 6), 26.55 + 0.004 * (at // 6)) for at in range(30)]
    seen = opened(_compared(spots), 1024, 700)
    seen.page.locator("#divider").press("Home")  # all of the map is the later scenario's
    labels = [box for name, box in seen.names(1) if name.startswith("站")]
    assert 0 < len(labels) < 30
    assert not any(meet(one, other) for one, other in combinations([box for _, box in seen.names(1)], 2))
    assert seen.drawn(1)["changes-0"] == 30
    seen.page.evaluate(f"{MAP}.setView([26.56, 101.76], 14, {{animate: false}})")
    assert len([box for name, box in seen.names(1) if name.startswith("站")]) > len(labels)


def test_names_stand_off_the_signs(opened: Opener) -> None:
    """A centre stands on the very spot where the name of its town would be."""
    city = plain_city()
    at = city.region.towns.geometry.centroid.to_crs(4326).iloc[0]
    seen = opened(centers_page(city))
    seen.page.evaluate(
        f"""(() => {{ const {{at}} = fugai.scene.places.centers; at.lon[0] = {round(at.x * 1e5)}; at.lat[0] = {round(at.y * 1e5)}; }})()"""
    )
    seen.page.evaluate(f"{MAP}.setView([{at.y}, {at.x}], 15, {{animate: false}})")
    names = [box for _, box in seen.names()]
    assert names
    assert not any(meet(one, other) for one in names for other in seen.signs("standing"))
    assert not any(meet(one, other) for one, other in combinations(names, 2))


def test_the_hospital_of_a_round_is_not_hidden_by_a_clinic(opened: Opener) -> None:
    city = plain_city()
    near = (WEST[0] + 0.002, WEST[1])
    villages = [
        Village("V1", "甲村", "东区", "甲街道", 900, "new_clinic", "", "", "", "", "", *near),
        Village("V2", "乙村", "东区", "甲街道", 900, "clinic", "", "", "", "", "", *WEST),
    ]
    kinds = (("clinic", "村卫生室"), ("new_clinic", "新建村卫生室"))
    host = Host("H1", "甲卫生院", "township_hospital", 1, *WEST)
    seen = opened(rural_map(city.region, villages, [host], [], None, kinds, (), city.furniture))
    for zoom in (10, 11, 12, 13.5):
        seen.page.evaluate(f"{MAP}.setView([{WEST[1]}, {WEST[0]}], {zoom}, {{animate: false}})")
        (first,), (clinic,) = seen.signs("hosts"), seen.signs("new_clinic")
        middles = [((one[0] + one[2]) / 2, (one[1] + one[3]) / 2) for one in (first, clinic)]
        assert not (clinic[0] < middles[0][0] < clinic[2] and clinic[1] < middles[0][1] < clinic[3])
        assert not (first[0] < middles[1][0] < first[2] and first[1] < middles[1][1] < first[3])
        assert "甲卫生院" in seen.hovered(*WEST)


# ---- what is said follows what is chosen ----


def test_the_page_of_centres_follows_both_choices(opened: Opener) -> None:
    seen = opened(centers_page(plain_city()))
    page = seen.page
    rows = page.locator(".block:has(h3:text('中心')) tbody tr")

    def shown() -> tuple[str, int, int, int, int]:
        drawn = seen.drawn()
        return (
            page.locator("#blocks dd").first.inner_text(),
            *(drawn.get(one, 0) for one in ("standing", "chs", "new_chs")),
            rows.count(),
        )

    seen.page.evaluate(f"{MAP}.setZoom(10, {{animate: false}})")
    assert shown() == ("planned，，甲街道", 3, 1, 1, 3)
    seen.choose(0, "现状：各社区由谁服务")
    assert shown() == ("today，，甲街道", 3, 1, 0, 3)
    assert page.locator("#layers li", has_text="拟设服务站").count() == 0
    assert page.locator(".block:has(h3:text('街道（镇）'))").count() == 0
    seen.choose(1, "西县")
    assert shown()[0] == "today，西县，甲街道"
    assert rows.count() == 2, "its own centre, and the one of the other county that serves it"
    assert page.locator("#layers li", has_text="社区（村）").locator(".count").inner_text() == "1"
    seen.choose(0, "方案：各社区由谁服务")
    seen.choose(1, "东区")
    assert page.locator("#blocks dd").first.inner_text() == "planned，东区，甲街道"
    assert rows.count() == 2


def test_the_legend_of_a_plan_names_the_limit(opened: Opener) -> None:
    city = plain_city()
    demand = pd.DataFrame([{"id": "D1", "name": "甲村", "population": 500, "lon": 101.75, "lat": 26.55,
                            "county_name": "", "town_name": ""}])  # fmt: skip
    sites = pd.DataFrame(columns=["id", "name", "kind", "grade", "beds", "lon", "lat", "county_name", "town_name"])
    legend = Legend(("目标", "个数"), "share", (("chosen", "入选"),), ("chosen",))
    view = PlanView("人最多", "1 个", (), (), (), (Left("D1", "uncovered", ""),), beyond="30 分钟以外")
    views = [view, replace(view, group="最快", beyond="60 分钟以外"), replace(view, group="别的", beyond="")]
    seen = opened(plan_map(city.region, sites, demand, views, legend, city.furniture))
    for group, said in (("人最多", "30 分钟以外"), ("最快", "60 分钟以外"), ("别的", "限度以外")):
        seen.choose(0, group)
        assert seen.page.locator("#layers .name", has_text="以外").inner_text().startswith(f"{said}的居民点")
        assert said in seen.page.locator("#number").inner_text()


def test_the_legend_names_what_a_season_closes_besides(opened: Opener) -> None:
    city = plain_city()
    html = rural_map(
        city.region, [], [], [], None, (), (), city.furniture, "", np.array([True, False]), "封闭道路（含雨季另封闭的）"
    )
    assert opened(html).page.locator("#layers button[data-layer='closed']").inner_text() == "封闭道路（含雨季另封闭的）"


def test_many_points_are_drawn_as_cells(opened: Opener) -> None:
    """Above some thousands a point is no more than a part of its cell; nearer by, points come back."""
    city, rng = plain_city(), np.random.default_rng(1)
    count = 20_000
    demand = pd.DataFrame({"id": [f"D{at}" for at in range(count)], "name": "点", "population": 10, "county_name": "", "town_name": "",
                           "lon": 101.70 + 0.2 * rng.random(count), "lat": 26.45 + 0.2 * rng.random(count)})  # fmt: skip
    sites = pd.DataFrame(columns=["id", "name", "kind", "grade", "beds", "lon", "lat", "county_name", "town_name"])
    view = PlanView("人最多", "1 个", (), (), (), tuple(Left(one, "uncovered", "") for one in demand["id"]))
    legend = Legend(("目标", "个数"), "share", (("chosen", "入选"),), ("chosen",))
    html = plan_map(city.region, sites, demand, [view], legend, city.furniture)
    assert len(html) < 1_500_000
    seen = opened(html)
    assert seen.drawn()["uncovered"] > 5000
    assert not seen.page.evaluate("fugai.stage.hitAt(L.point(500, 300)).layer")
    seen.page.evaluate(f"{MAP}.setView([26.55, 101.80], 14, {{animate: false}})")
    assert 0 < seen.drawn()["uncovered"] < 5000
