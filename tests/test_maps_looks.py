"""How the maps look: colours that all eyes tell apart, labels off the signs, no box on a click, legends whole on paper."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maps.compare import Between, View, compare_map
from maps.coverage import coverage_map
from maps.plan import Left, Legend, Site, Town, plan_map
from maps.plan import View as PlanView
from maps.rural import Host, Village, rural_map
from maps.style import FILLS, colours
from planner.compare import side_by_side, site_changes
from planner.scenario import Open, Scenario, apply
from tests.test_maps_city import TOWNS, plain_city
from tests.test_maps_pages import MAP, WEST, centers_page, plan_page

_RGB_TO_XYZ = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
_EYES = {
    "normal": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9690]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
"""Machado and others 2009, for those who lack one of the three kinds of cones."""

Opener = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opener]:
    contexts = []

    def open_one(html: str, width: int = 1366, height: int = 768) -> Any:
        (tmp_path / "page.html").write_text(html, "utf-8")
        contexts.append(browser.new_context(offline=True, viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_timeout(150)
        return page

    yield open_one
    for one in contexts:
        one.close()


def boxes(page: Any, select: str) -> list[tuple[float, float, float, float]]:
    """Return left, top, right, bottom of what is seen of these elements."""
    found = page.locator(select).evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.top, one.right, one.bottom])"
    )
    return [tuple(one) for one in found if one[2] > one[0]]


def meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    wide, high = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return wide > 0.5 and high > 0.5


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
    found = re.findall(r'"towns":(\[\[.*?\]\]),"left"', html)
    assert len(set(re.findall(r"\[\d,(\d+),", found[0]))) == 4


# ---- clicks, keys, labels ----


def test_a_click_draws_no_box_and_the_keys_draw_the_outline(opened: Opener) -> None:
    page = opened(plan_page(plain_city()))
    looks = "(({tagName}, style) => [tagName, style.outlineStyle, style.strokeWidth])(document.activeElement, getComputedStyle(document.activeElement))"
    town = page.locator("path.town").first.bounding_box()
    page.mouse.click(town["x"] + 20, town["y"] + town["height"] - 20)
    page.mouse.move(700, 10)
    page.wait_for_timeout(100)
    assert page.evaluate(looks) == ["path", "none", "0.8px"]
    page.keyboard.press("Tab")
    assert page.evaluate(looks) == ["path", "none", "3.4px"]


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


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 700)])
def test_labels_of_changes_stay_inside_and_apart(opened: Opener, width: int, height: int) -> None:
    """Two close by, one at the eastern edge, one at the western."""
    page = opened(_compared([(101.75, 26.55), (101.752, 26.551), (101.897, 26.52), (101.703, 26.5)]), width, height)
    page.click("#sync")
    page.wait_for_timeout(200)
    ground = boxes(page, "#second")[0]
    labels = boxes(page, "#second .change b")
    assert len(labels) == 4
    assert all(ground[0] <= one[0] and one[2] <= ground[2] for one in labels)
    assert not any(meet(one, other) for one, other in combinations(labels, 2))
    assert not any(meet(one, other) for one in labels for other in boxes(page, "#second .change svg"))
    page.click("#swipe")
    page.click("#sync")
    page.wait_for_timeout(200)
    assert boxes(page, "#second .change b") == labels


def test_where_there_is_no_room_labels_say_less_and_never_cover_each_other(opened: Opener) -> None:
    spots = [(101.75 + 0.004 * (at % 6), 26.55 + 0.004 * (at // 6)) for at in range(30)]
    page = opened(_compared(spots), 1024, 700)
    page.click("#sync")
    page.wait_for_timeout(200)
    labels = boxes(page, "#second .change b")
    assert 0 < len(labels) < 30
    assert not any(meet(one, other) for one, other in combinations(labels, 2))
    assert page.locator("#second .change").count() == 30
    page.locator("#sites button").first.click()
    page.wait_for_timeout(300)
    assert page.locator("#second .change b:not(.none)").count() > len(labels)


def test_names_stand_off_the_signs(opened: Opener) -> None:
    """A centre stands on the very spot where the name of its town would be."""
    city = plain_city()
    at = city.region.towns.geometry.centroid.to_crs(4326)
    page = opened(centers_page(city).replace(*_moved(WEST, (at.x.iloc[0], at.y.iloc[0]))))
    page.evaluate(f"{MAP}.setView([{at.y.iloc[0]}, {at.x.iloc[0]}], 15, {{animate: false}})")
    page.wait_for_timeout(200)
    ground = boxes(page, ".sheet")[0]
    names = [one for one in boxes(page, ".place span") if meet(one, ground)]
    assert len(names) == 1
    assert not any(meet(one, other) for one in names for other in boxes(page, ".sign svg"))
    assert not any(meet(one, other) for one, other in combinations(names + boxes(page, ".load span"), 2))


def _moved(old: tuple[float, float], new: tuple[float, float]) -> tuple[str, str]:
    first, second = (f"[{round(lon * 1e5)},{round(lat * 1e5)}]" for lon, lat in (old, new))
    return first, second


def test_the_hospital_of_a_round_is_not_hidden_by_a_clinic(opened: Opener) -> None:
    city = plain_city()
    near = (WEST[0] + 0.002, WEST[1])
    villages = [
        Village("V1", "甲村", "东区", "甲街道", 900, "new_clinic", "", "", "", "", "", *near),
        Village("V2", "乙村", "东区", "甲街道", 900, "clinic", "", "", "", "", "", *WEST),
    ]
    kinds = (("clinic", "村卫生室"), ("new_clinic", "新建村卫生室"))
    html = rural_map(
        city.region,
        villages,
        [Host("H1", "甲卫生院", "township_hospital", 1, *WEST)],
        [],
        None,
        kinds,
        (),
        city.furniture,
    )
    page = opened(html)
    for zoom in (10, 11, 12, 13.5):
        page.evaluate(f"{MAP}.setView([{WEST[1]}, {WEST[0]}], {zoom}, {{animate: false}})")
        (host,), (clinic,) = boxes(page, ".sign.host svg"), boxes(page, ".sign.new_clinic svg")
        assert not meet(host, clinic)
        middle = [(host[0] + host[2]) / 2, (host[1] + host[3]) / 2]
        hit = "([x, y]) => document.elementFromPoint(x, y).closest('.sign').className.includes('host')"
        assert page.evaluate(hit, middle)


# ---- what is said follows what is chosen ----


def test_the_page_of_centres_follows_both_choices(opened: Opener) -> None:
    page = opened(centers_page(plain_city()))

    def shown() -> tuple[str, int, int, int, int]:
        counts = [page.locator(one).count() for one in (".sign.center", ".sign.chs", ".sign.new_chs", "#list tbody tr")]
        return (page.inner_text("#facts dd"), *counts)

    assert shown() == ("planned，，甲街道", 3, 1, 1, 3)
    page.select_option("#view", "today")
    assert shown() == ("today，，甲街道", 3, 1, 0, 3)
    assert page.locator("#layers li", has_text="拟设服务站").is_hidden()
    assert page.locator("section:has(#towns)").is_hidden()
    page.select_option("#county", "西县")
    assert shown() == ("today，西县，甲街道", 2, 1, 0, 2), (
        "its own centre, and the one of the other county that serves it"
    )
    assert page.locator("#layers li", has_text="社区（村）").locator(".count").inner_text() == "1"
    page.select_option("#view", "planned")
    page.select_option("#county", "东区")
    assert shown() == ("planned，东区，甲街道", 2, 0, 1, 2)
    page.click("button.home")
    assert shown() == ("planned，，甲街道", 3, 1, 1, 3)


def test_the_legend_of_a_plan_names_the_limit(opened: Opener) -> None:
    city = plain_city()
    demand = pd.DataFrame([{"id": "D1", "name": "甲村", "population": 500, "lon": 101.75, "lat": 26.55,
                            "county_name": "", "town_name": ""}])  # fmt: skip
    sites = pd.DataFrame(columns=["id", "name", "kind", "grade", "beds", "lon", "lat", "county_name", "town_name"])
    legend = Legend(("目标", "个数"), "share", (("chosen", "入选"),), ("chosen",))
    view = PlanView("人最多", "1 个", (), (), (), (Left("D1", "uncovered", ""),), beyond="30 分钟以外")
    views = [view, replace(view, group="最快", beyond="60 分钟以外"), replace(view, group="别的", beyond="")]
    page = opened(plan_map(city.region, sites, demand, views, legend, city.furniture))
    for group, said in (("人最多", "30 分钟以外"), ("最快", "60 分钟以外"), ("别的", "限度以外")):
        page.select_option("#group", group)
        assert page.locator("#layers .name", has_text="以外").inner_text() == f"{said}的居民点（圆的大小＝人数）"


def test_the_legend_names_what_a_season_closes_besides(opened: Opener) -> None:
    city = plain_city()
    html = rural_map(
        city.region, [], [], [], None, (), (), city.furniture, "", np.array([True, False]), "封闭道路（含雨季另封闭的）"
    )
    assert opened(html).locator("#layers input[data-layer='封闭道路（含雨季另封闭的）']").is_checked()


# ---- paper ----


def _on_paper(page: Any) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(100)


def _whole(page: Any) -> bool:
    """Whether nothing of the panel is cut, and the footer stands free."""
    panel, footer, legend = boxes(page, ".panel")[0], boxes(page, "footer")[0], boxes(page, ".legend")[0]
    return legend[3] <= panel[3] + 1 and panel[3] <= footer[1] + 1


def test_many_changes_do_not_cut_the_legend_on_paper(opened: Opener) -> None:
    page = opened(_compared([(101.72 + 0.002 * at, 26.55) for at in range(40)]))
    _on_paper(page)
    assert _whole(page)
    assert page.locator("#paper #sites li").count() == 40
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_timeout(200)
    order = page.locator(".panel > section").evaluate_all("all => all.map((one) => one.id || one.className)")
    assert order == ["choice", "conclusion", "changes", "legend", "indicators", "provenance"]


def test_few_changes_stay_beside_the_map_on_paper(opened: Opener) -> None:
    page = opened(_compared([(101.72, 26.55)]))
    _on_paper(page)
    assert _whole(page)
    assert page.locator(".panel #sites li").count() == 1


def test_a_long_legend_is_set_smaller_on_paper(opened: Opener) -> None:
    city = plain_city()
    ring = city.furniture.rings[0]
    rings = tuple(replace(ring, label=f"{at} 公里范围（仅示意，判断以居民点为准）", rules=()) for at in range(25))
    page = opened(coverage_map(city.region, city.findings, replace(city.furniture, rings=rings)))
    for ticked in page.locator("#layers input").all():
        ticked.check()
    _on_paper(page)
    assert _whole(page)
    assert page.evaluate("document.querySelector('.panel').style.getPropertyValue('--fit')") < "1"
