"""What every page shares, held for each of them: offline, a view that waits for a size, closed roads, keys, paper."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from maps.areas import areas_map
from maps.centers import Center, Community, Post, centers_map
from maps.centers import Town as SeatTown
from maps.compare import Between, View, compare_map
from maps.coverage import coverage_map
from maps.plan import Left, Legend, Site, Town, plan_map
from maps.plan import View as PlanView
from maps.rural import Duty, Host, Link, Route, Stop, Village, rural_map
from planner.compare import side_by_side, site_changes
from planner.scenario import Open, Scenario, apply
from tests.pages import MAP, Opener, opened, scene_of
from tests.test_maps_city import PAYLOADS, TOWNS, City, hostile_city, plain_city

CLOSED = np.array([True, False])
"""Of the two roads of the made city the secondary one is closed."""
WEST, EAST = (101.72, 26.52), (101.82, 26.52)


def coverage_page(city: City) -> str:
    return coverage_map(city.region, city.findings, city.furniture, open_edges=CLOSED)


def compare_page(city: City) -> str:
    new = Open(fields={"id": "N", "name": PAYLOADS[0], "kind": "emergency_station", "lon": 101.75, "lat": 26.52})
    after = apply(city.region, Scenario(edits=(new,)))
    findings = city.findings.assign(covered=city.findings["covered"].where(city.findings["level"] != "town", 0))
    sites = site_changes(city.region, after).assign(word="新设")
    views = [View("A", "A", city.region, city.findings), View("B", PAYLOADS[3], after, findings)]
    between = Between(0, 1, (PAYLOADS[4],), side_by_side(city.findings, findings), sites)
    return compare_map(views, [between], city.furniture, {"emergency_urban": ["emergency_station"]})


def plan_page(city: City) -> str:
    names = city.region.towns["name"].tolist()
    place = {"county_name": "东区", "town_name": names[0]}
    sites = pd.DataFrame(
        [
            {"id": "S1", "name": names[0], "kind": "hospital", "grade": "", "beds": 20.0, "lon": WEST[0], "lat": WEST[1], **place},
            {"id": "S2", "name": names[1], "kind": "grid", "grade": None, "beds": None, "lon": EAST[0], "lat": EAST[1], **place},
        ]
    )  # fmt: skip
    demand = pd.DataFrame([{"id": "D1", "name": names[2], "population": 500, "lon": 101.75, "lat": 26.55, **place}])
    legend = Legend(
        ("目标", "个数"), "site", (("chosen", "入选"), ("not_selected", "未入选")), ("chosen", "not_selected")
    )
    views = [
        PlanView(
            group=group, label=f"{count} 个", facts=(("目标值", names[3]),), note=names[1],
            sites=(Site("S1", "chosen", "必建", names[2]), Site("S2", "chosen" if count == 2 else "not_selected", "", "")),
            towns=(Town(TOWNS[0], "S1", 1.0, (("人口", names[0]),)),), left=(Left("D1", "uncovered", names[0]),),
        )
        for group in ("人最多", "最快") for count in (1, 2)
    ]  # fmt: skip
    return plan_map(city.region, sites, demand, views, legend, city.furniture, 1, CLOSED)


def _center(one: str, name: str, at: tuple[float, float], **more: Any) -> Center:
    plain = {"origin": "standing", "label": "已有", "county": "东区", "where": "东区", "today": 30_000, "planned": 60_000, "district": "C1",
             "sharing": 2, "state_today": "", "state_planned": "超负荷", "said": (("说明", name),), "lon": at[0], "lat": at[1]}  # fmt: skip
    return Center(id=one, name=name, **{**plain, **more})


def centers_page(city: City) -> str:
    names = city.region.towns["name"].tolist()
    communities = [
        Community(one, names[at], names[at], county, 30_000, "C1", "C1", at, 0, (("现由", names[0]),), lon, lat)
        for at, (one, county, (lon, lat)) in enumerate((("U1", "东区", WEST), ("U2", "西县", EAST)))
    ]
    centers = [_center("C1", names[0], WEST), _center("C2", names[1], WEST), _center(
        "C3", names[2], EAST, district="C3", sharing=1, planned=None, county="西县")]  # fmt: skip
    labels = [("standing", "已有中心"), ("chs", "已有服务站"), ("new_chs", "拟设服务站")]
    posts = [Post(names[3], "chs", "西县", "", *EAST), Post(names[3], "new_chs", "东区", "", *WEST)]
    facts = {
        time: {where: [("状态", f"{time}，{where}，{names[0]}")] for where in ("", "东区", "西县")}
        for time in ("planned", "today")
    }
    towns = [SeatTown(TOWNS[0], 1, names[1], (("建议", names[0]),))]
    return centers_map(city.region, communities, centers, posts, towns, [("U1", "U2")], labels, facts,
                       city.furniture, names[2], CLOSED)  # fmt: skip


def rural_page(city: City) -> str:
    names = city.region.towns["name"].tolist()
    kinds = (("clinic", "村卫生室"), ("round", "巡回"), ("no_data", "无数据"))
    links = (("town", "村→乡镇"), ("county", "到县级医院"))
    villages = [
        Village(f"V{at}", name, "东区", names[0], 900, kind, names[1], names[2], names[3], "", "", *spot)
        for at, (name, (kind, _), spot) in enumerate(zip(names, kinds, (WEST, EAST, WEST), strict=False))
    ]
    chain = [Link(TOWNS[0], names[0], "东区", "town", 2, "1,800 人", "20 分钟", (("最远的村", names[1]),))]
    route = Route(
        "H1", names[0], 1, (1, 12), 20.0, 3.0, "11:30", (Stop("V1", "09:00", "10:00", 10.0),), ((WEST, EAST),)
    )
    return rural_map(city.region, villages, [Host("H1", names[0], "hospital", 1, *WEST)], chain, Duty((route,), (names[1],)),
                     kinds, links, city.furniture, names[3], CLOSED)  # fmt: skip


def areas_page(city: City) -> str:
    names = city.region.towns["name"].tolist()
    areas = gpd.GeoDataFrame(
        {"limit": ["2km", "5km"]}, geometry=[box(*WEST, *EAST).buffer(r) for r in (0.02, 0.05)], crs=4326
    )
    demand = pd.DataFrame({"id": names[:2], "lon": [WEST[0], EAST[0]], "lat": [WEST[1], EAST[1]], "population": [10, 20],
                           "states": [["covered", "covered"], ["uncovered", "covered"]], "nearest": names[2:],
                           "cost": "1 公里", "walk": ["", "离路"]})  # fmt: skip
    people = [{"covered": 10, "uncovered": 20, "unreachable": 0, "population": 30}] * 2
    return areas_map(areas, demand, demand[["id", "lon", "lat"]], people, city.furniture, city.region.roads, CLOSED)


PAGES: MappingProxyType[str, Callable[[City], str]] = MappingProxyType(
    {
        "coverage": coverage_page,
        "compare": compare_page,
        "plan": plan_page,
        "centers": centers_page,
        "rural": rural_page,
        "areas": areas_page,
    }
)
WITH_ROADS = [name for name in PAGES if name != "compare"]
__all__ = ["opened"]


@pytest.mark.parametrize("name", PAGES)
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    assert PAGES[name](plain_city()) == PAGES[name](plain_city())


@pytest.mark.parametrize("name", PAGES)
def test_nothing_in_the_page_loads_from_elsewhere(name: str) -> None:
    html = PAGES[name](plain_city())
    assert not re.search(r"<link(?! rel=\"icon\" href=\"data:,\")", html)
    assert not re.search(r"<(script|img|iframe|object|embed)[^>]*\ssrc=", html)
    assert not re.search(r"url\((?!data:|#)", html)
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert "user-scalable" not in html


@pytest.mark.parametrize("name", PAGES)
def test_every_control_works_and_payloads_are_text(name: str, opened: Opener) -> None:
    html = PAGES[name](hostile_city())
    assert not [payload for payload in PAYLOADS if payload in html]
    seen = opened(html)
    page = seen.page
    for level in range(page.locator("#choices select").count()):
        for at in range(page.locator(f"#choice-{level} option").count()):
            if page.locator(f"#choice-{level}").is_enabled():
                page.select_option(f"#choice-{level}", index=at)
    for summary in page.locator("#legend details summary:visible").all():
        summary.click()
    for row in page.locator("#legend button:visible").all():
        row.click()
        row.click()
    for row in page.locator("tr.choosable:visible").all():
        if row.is_visible():
            row.click()
    for link in page.locator("footer button").all():
        link.click()
        page.keyboard.press("Escape")
    for text in ("img", "5100", "没有的"):
        page.fill("#search", text)
        page.press("#search", "Enter")
    for lon in np.linspace(101.70, 101.90, 9):
        seen.hovered(float(lon), 26.52)
        page.mouse.click(*seen.spot(float(lon), 26.52))
    page.click("button.home")
    page.wait_for_timeout(100)
    assert page.title() == PAYLOADS[0]
    assert page.locator("img, svg[onload]").count() == 0
    assert seen.told == []


def waited(frame: Any, condition: str) -> bool:
    """Return whether it comes true (the policy of the pages forbids the browser's own way of waiting)."""
    for _ in range(60):
        if frame.evaluate(condition):
            return True
        frame.page.wait_for_timeout(50)
    return False


@pytest.mark.parametrize("name", PAGES)
def test_a_map_in_a_frame_without_size_waits_for_one(name: str, browser: Any, tmp_path: Path) -> None:
    """Fitting bounds into nothing gives a zoom that is no number: the view is set once there is room for it."""
    (tmp_path / "page.html").write_text(PAGES[name](plain_city()), "utf-8")
    (tmp_path / "frame.html").write_text(
        '<iframe src="page.html" style="display:none;width:1000px;height:700px"></iframe>', "utf-8"
    )
    page = browser.new_context(offline=True).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "frame.html").as_uri())
    frame = page.frames[1]
    assert waited(frame, "window.fugai !== undefined")
    assert frame.evaluate(f"{MAP}.getSize().x") == 0
    page.evaluate("document.querySelector('iframe').style.display = 'block'")
    assert waited(frame, f"{MAP}.getSize().x > 300 && {MAP}.getZoom() > 9.5")
    south, north = frame.evaluate(f"[{MAP}.getBounds().getSouth(), {MAP}.getBounds().getNorth()]")
    assert 0.02 < north - south < 1  # a city of 20 km, or a part of it
    before = frame.evaluate(f"{MAP}.getBounds().getSouth()")
    page.evaluate("document.querySelector('iframe').style.height = '400px'")
    assert waited(frame, f"{MAP}.getSize().y < 400")
    assert waited(frame, f"Math.abs({MAP}.getBounds().getSouth() - {before}) < {(north - south) / 2}")
    assert errors == []
    page.context.close()


def test_a_view_that_the_reader_chose_stays_when_the_window_changes(opened: Opener) -> None:
    page = opened(plan_page(plain_city())).page
    page.click(".leaflet-control-zoom-in")
    page.wait_for_timeout(400)
    zoom = page.evaluate(f"{MAP}.getZoom()")
    page.set_viewport_size({"width": 1000, "height": 600})
    page.wait_for_timeout(300)
    assert page.evaluate(f"{MAP}.getZoom()") == zoom
    page.click("button.home")
    whole = page.evaluate(f"{MAP}.getZoom()")
    page.set_viewport_size({"width": 1366, "height": 1000})
    page.wait_for_timeout(300)
    assert page.evaluate(f"{MAP}.getZoom()") > whole


@pytest.mark.parametrize("name", WITH_ROADS)
def test_closed_roads_are_drawn_and_in_the_legend(name: str, opened: Opener) -> None:
    page = opened(PAGES[name](plain_city())).page
    row = page.locator("#layers button[data-layer='closed']")
    assert row.get_attribute("aria-pressed") == "true"
    assert page.evaluate("fugai.scene.roads.crosses.length") == 1
    pixels = """() => { const canvas = document.querySelector('canvas.picture');
      const at = fugai.map.latLngToContainerPoint(fugai.scene.roads.crosses[0].map((one) => one / 1e5).reverse());
      return [...canvas.getContext('2d').getImageData(at.x - 4, at.y - 4, 9, 9).data].join(); }"""
    drawn = page.evaluate(pixels)
    row.click()
    assert row.get_attribute("aria-pressed") == "false"
    assert page.evaluate(pixels) != drawn


@pytest.mark.parametrize("name", WITH_ROADS)
def test_where_nothing_is_closed_the_legend_does_not_speak_of_it(
    name: str, monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    monkeypatch.setattr(f"{__name__}.CLOSED", np.array([True, True]))
    html = PAGES[name](plain_city())
    roads = scene_of(html)["roads"]
    assert roads["closed"] == roads["crosses"] == []
    assert opened(html).page.locator("#layers button[data-layer='closed']").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_city_without_roads_can_be_drawn(name: str, opened: Opener) -> None:
    city = plain_city()
    seen = opened(PAGES[name](replace(city, region=replace(city.region, roads=None))))
    assert seen.page.locator("#layers button[data-layer='closed']").count() == 0
    assert seen.told == []


@pytest.mark.parametrize("name", PAGES)
def test_rows_can_be_chosen_without_a_mouse(name: str, opened: Opener) -> None:
    page = opened(PAGES[name](plain_city())).page
    rows = page.locator("table:visible:has(.choosable)").last.locator(".choosable:visible")
    assert rows.first.get_attribute("tabindex") == "0"
    rows.first.focus()
    if rows.count() > 1:
        page.keyboard.press("ArrowDown")
        assert rows.nth(1).evaluate("one => one === document.activeElement")
        assert rows.first.get_attribute("tabindex") == "-1"
    page.keyboard.press("Enter")
    assert page.locator("#card").is_visible() or page.locator("tr.chosen").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_what_one_page_can_do_all_can(name: str, opened: Opener) -> None:
    """Search, card, legend, sources, keys, a map that is one stop of the Tab key."""
    seen = opened(PAGES[name](plain_city()))
    page = seen.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    found = page.evaluate("Object.values(fugai.scene.places).find((one) => one.found !== undefined).name[0]")
    page.fill("#search", found)
    page.press("#search", "Enter")
    assert found in page.locator("#card").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#card").is_visible()
    assert page.locator("footer button").count() == 3
    assert page.evaluate("[...document.querySelectorAll('.sheet [tabindex]')].length") == 2  # the map, the curtain
    assert page.locator(".leaflet-container").get_attribute("aria-label")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_and_comes_back(name: str, opened: Opener) -> None:
    seen = opened(PAGES[name](plain_city()))
    view = f"[{MAP}.getZoom(), {MAP}.getCenter().lng]"
    before = seen.page.evaluate(view)
    blocks = "[...document.querySelectorAll('#blocks h3')].map((one) => one.textContent)"
    order = seen.page.evaluate(blocks)
    pdf = seen.page.pdf(prefer_css_page_size=True)
    seen.page.wait_for_timeout(200)
    sizes = re.findall(rb"/MediaBox ?\[([\d. ]+)\]", pdf)
    assert [round(float(size)) for size in sizes[0].split()] == pytest.approx([0, 0, 842, 595], abs=1)
    assert len(re.findall(rb"/Type ?/Page\b", pdf)) <= 2
    assert seen.page.evaluate(view) == pytest.approx(before)
    assert seen.page.evaluate(blocks) == order
    assert seen.told == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_window_stacks_and_does_not_scroll_sideways(name: str, opened: Opener) -> None:
    seen = opened(PAGES[name](plain_city()), 360)
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tops = [page.locator(part).bounding_box()["y"] for part in (".masthead", ".answer", ".sheet", "#blocks", "footer")]
    assert tops == sorted(tops)
    assert page.locator(".sheet").bounding_box()["height"] > 300
    assert seen.told == []


def test_centres_of_one_community_show_what_they_serve_together(opened: Opener) -> None:
    """The second is in the total of the first and has its colour; that there is no plan is said of the third alone."""
    seen = opened(centers_page(plain_city()))
    rows = seen.page.locator(".block:has(h3:text('中心')) tbody tr")
    lines = [re.sub(r"\s+", " ", one) for one in rows.all_inner_texts()]
    assert "60,000 人 2 所合计" in lines[0]
    assert "合计在内 甲街道" in lines[1]
    assert [("没有方案" in one) for one in lines] == [False, False, True]
    colours = rows.locator("i").evaluate_all("all => all.map((one) => one.style.background)")
    assert colours[0] == colours[1] != colours[2]
    said = seen.page.evaluate("fugai.stage.state.pictures[0].contents.standing.label")
    assert said == ["6.0 万，2 所合计", "合计在内", "没有方案"]
    seen.choose(0, "现状：各社区由谁服务")
    assert not [one for one in rows.all_inner_texts() if "合计" in one]
    assert len([one for one in rows.all_inner_texts() if "30,000 人" in one]) == 3
