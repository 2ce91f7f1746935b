"""The coverage map as people meet it: opened from a file in Chromium with no network."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from maps import style
from maps.coverage import coverage_map
from tests.pages import MAP, Opened, Opener, open_page, opened
from tests.test_maps_city import PAYLOADS, TOWNS, City, hostile_city, plain_city

__all__ = ["opened"]


def page_of(city: City) -> str:
    return coverage_map(city.region, city.findings, city.furniture)


@pytest.fixture(scope="module")
def plain(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    seen = open_page(browser, page_of(plain_city()), tmp_path_factory.mktemp("plain"))
    yield seen
    seen.page.context.close()


@pytest.fixture(scope="module")
def hostile(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    seen = open_page(browser, page_of(hostile_city()), tmp_path_factory.mktemp("hostile"))
    yield seen
    seen.page.context.close()


@pytest.fixture(autouse=True)
def at_home(request: pytest.FixtureRequest) -> None:
    """Start each test on the whole city, with the first view."""
    for name in {"plain", "hostile"} & set(request.fixturenames):
        page = request.getfixturevalue(name).page
        page.evaluate("fugai.choose(0)")
        page.click("button.home")
        page.mouse.move(700, 20)


def corner(seen: Opened, town: int) -> tuple[float, float]:
    """Return a place in a town near its lower left corner, away from every sign."""
    west, south, east, north = seen.page.evaluate(
        f"""(() => {{ const ring = fugai.scene.ground.towns.outline[{town}][0][0]; let [lon, lat] = [0, 0];
        const all = []; for (let at = 0; at < ring.length; at += 2) {{ lon += ring[at]; lat += ring[at + 1]; all.push([lon, lat]); }}
        const [x, y] = [0, 1].map((one) => all.map((each) => each[one]));
        return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)].map((one) => one / 1e5); }})()"""
    )
    return west + 0.08 * (east - west), south + 0.1 * (north - south)


def shown(text: str) -> str:
    """Return a text as a browser lays it out: runs of white space are one space."""
    return re.sub(r"\s+", " ", text).strip()


def test_the_page_asks_for_nothing_and_complains_of_nothing(plain: Opened) -> None:
    assert plain.told == []
    assert len([url for url in plain.requests if url.startswith("file://")]) == 1


def test_fills_and_dots_follow_the_chosen_rule(plain: Opened) -> None:
    fills = [one.fill for one in style.GAP_CLASSES]
    assert [plain.fill(at) for at in range(4)] == [fills[0], fills[2], fills[4], style.LAND]
    assert plain.drawn()["uncovered"] == 3
    plain.choose(0, "每乡镇一所卫生院")
    assert plain.fill(0) == style.LAND
    assert plain.fill(2) == fills[0]
    assert "uncovered" not in plain.drawn()


def test_the_answer_stands_before_the_map(plain: Opened) -> None:
    """One number, one sentence with its denominator, the verdict; then counties and the clause in its words."""
    page = plain.page
    assert page.locator("#number").inner_text().replace("\n", "") == "2,500人"
    said = page.locator("#sentence").inner_text()
    assert said.startswith("城市地区常住人口中有 2,500 人 未覆盖，占 41.67%")
    assert f"80.00% 在{TOWNS[2]}" in said
    assert "未达标" in page.locator("#bar").inner_text()
    assert "城市地区常住人口" in page.locator("#legend-notes").inner_text()
    assert "服务半径不超过5公里" in page.locator("blockquote").inner_text()


def test_a_town_says_its_share(plain: Opened) -> None:
    said = plain.hovered(*corner(plain, 1))
    for part in ("乙街道", "75.00%", "1,500 / 2,000", "≤5公里", "未达标", "含估算"):
        assert part in said
    assert plain.clicked(*corner(plain, 1)).replace("×", "").strip() == said.strip()
    assert style.WORDS["no_row"] in plain.hovered(*corner(plain, 3))


def test_a_facility_says_what_it_is(plain: Opened) -> None:
    (sign, *_), ground = plain.signs("emergency_station"), plain.page.locator(".sheet").bounding_box()
    plain.page.mouse.move(ground["x"] + (sign[0] + sign[2]) / 2, ground["y"] + (sign[1] + sign[3]) / 2)
    said = plain.page.locator("#tip").inner_text()
    for part in ("机构0", "急救中心（站）", "在用", "机构1", "估算"):
        assert part in said


def test_a_planned_facility_is_hollow(plain: Opened) -> None:
    inks = plain.page.evaluate(
        "fugai.stage.state.sides[0].drawn.flatMap(([layer, content, found]) => layer.places === 'facilities'"
        " ? found.map(([at]) => fugai.stage.painter.markOf(layer, content, at).fill) : [])"
    )
    assert inks.count(style.PAPER) == 1


@pytest.mark.parametrize(
    ("text", "said"), [("丙", "丙镇"), ("bz", "丙镇"), ("102村1", "510002102201"), ("机构5", "村卫生室")]
)
def test_search_goes_to_the_place_and_opens_its_card(plain: Opened, text: str, said: str) -> None:
    page = plain.page
    zoom = page.evaluate(f"{MAP}.getZoom()")
    page.fill("#search", text)
    page.press("#search", "Enter")
    assert page.evaluate(f"{MAP}.getZoom()") > zoom
    assert said in page.locator("#card").inner_text() or said in page.evaluate(
        "fugai.scene.places.villages.code.join()"
    )
    assert page.locator("#card").is_visible()
    assert not page.locator("#matches").is_visible()
    ground = page.locator(".sheet").bounding_box()
    page.mouse.click(ground["x"] + 6, ground["y"] + ground["height"] - 6)
    page.keyboard.press("Escape")
    assert not page.locator("#card").is_visible()


def test_search_lists_towns_of_the_name_before_those_of_the_county(plain: Opened) -> None:
    plain.page.fill("#search", "西")
    assert plain.page.locator("#matches [role=option]").count() == 2
    plain.page.fill("#search", TOWNS[1])
    said = plain.page.locator("#matches [role=option]").all_inner_texts()
    assert said == ["乙街道\n东区", "002村0\n乙街道", "002村1\n乙街道"]
    plain.page.fill("#search", "没有的")
    assert "没有“没有的”" in plain.page.locator("#matches").inner_text()
    plain.page.press("#search", "Escape")
    assert not plain.page.locator("#matches").is_visible()


@pytest.mark.parametrize(("layer", "count"), [("villages", 8), ("all-village_clinic", 1), ("uncovered", 3)])
def test_a_layer_can_be_shown_and_hidden(plain: Opened, layer: str, count: int) -> None:
    page = plain.page
    page.evaluate("document.querySelector('#legend details').open = true")
    row = page.locator(f"button[data-layer='{layer}']")
    was = row.get_attribute("aria-pressed") == "true"
    for state in (not was, was):
        row.click()
        assert plain.drawn().get(layer, 0) == (count if state else 0)
        assert row.get_attribute("aria-pressed") == str(state).lower()


def test_pointing_at_a_row_rings_its_place_and_the_other_way_round(plain: Opened) -> None:
    page = plain.page
    row = page.locator(".block:has-text('先看这') tr.choosable").first
    row.hover()
    spot = page.evaluate("fugai.stage.state.spot")
    assert spot is not None
    plain.hovered(spot[0] / 1e5, spot[1] / 1e5)
    assert "pointed" in (row.get_attribute("class") or "")


def test_panel_map_and_controls_do_not_cover_each_other(plain: Opened) -> None:
    boxes = [plain.page.locator(part).bounding_box() for part in (".masthead", ".panel", ".sheet", "footer")]
    for one, other in combinations(boxes, 2):
        apart_x = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
        apart_y = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
        assert apart_x or apart_y
    assert plain.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_furniture_leaves_the_approval_number_to_be_filled_in(plain: Opened) -> None:
    said = plain.page.locator("#furniture").inner_text()
    assert "审图号：（待填）" in shown(said).replace("： ", "：")
    assert plain.page.locator("#notice").inner_text() == "示例数据（部分估算），不作决策依据"


def test_readings_of_a_rule_stand_apart(plain: Opened) -> None:
    page = plain.page
    assert page.locator("#choice-0 option").all_inner_texts() == ["城市急救5公里", "每乡镇一所卫生院"]
    assert page.locator("#choice-1 option").all_inner_texts() == ["口径paper", "口径paper_census"]
    plain.choose(0, "每乡镇一所卫生院")
    assert page.locator("#choice-1").is_disabled()


def test_nothing_is_cut_off_on_paper(opened: Opener) -> None:
    city = plain_city()
    ring = city.furniture.rings[0]
    rings = tuple(replace(ring, label=f"{at} 公里范围（仅示意，判断以居民点为准）", rules=()) for at in range(25))
    for around in (city.furniture, replace(city.furniture, rings=rings)):
        page = opened(coverage_map(city.region, city.findings, around)).page
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        cut = """() => {
          const panel = document.querySelector('.panel'), edge = panel.getBoundingClientRect().right + 1;
          const out = [...panel.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge);
          return [Math.max(0, panel.scrollHeight - panel.clientHeight - 1), out.length];
        }"""
        assert page.evaluate(cut) == [0, 0]
        assert page.locator("#paper .block").count() > 0


def test_payloads_are_text_and_nothing_runs(hostile: Opened) -> None:
    page = hostile.page
    for at in range(3):
        page.evaluate(f"fugai.choose({at})")
        for town in range(4):
            hostile.hovered(*corner(hostile, town))
            hostile.clicked(*corner(hostile, town))
    page.fill("#search", "img")
    page.press("#search", "Enter")
    page.wait_for_timeout(100)
    assert hostile.told == []


def test_payloads_are_read_as_they_were_written(hostile: Opened) -> None:
    page = hostile.page
    assert page.locator("#title").inner_text() == PAYLOADS[0]
    assert page.title() == PAYLOADS[0]
    assert shown(page.locator("#notice").inner_text()) == shown(PAYLOADS[1])
    said = shown(hostile.clicked(*corner(hostile, 0)) + page.locator("#panel").inner_text())
    assert all(shown(payload) in said for payload in PAYLOADS[:4])
    assert page.locator("img, svg[onload]").count() == 0
