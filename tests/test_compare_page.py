"""The page of two maps as people meet it: a curtain, two views that move together, no network, text that stays text."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from maps.compare import Between, View, compare_map
from planner.compare import side_by_side, site_changes
from planner.region import Region
from planner.rules import Rules
from planner.scenario import Change, Close, Open, Scenario, apply
from scenarios.compare import compare
from scenarios.compare_write import view_of
from tests.pages import MAP, Opened, Opener, open_page, opened
from tests.test_maps_city import PAYLOADS, hostile_city

__all__ = ["opened"]

NEW = Open(fields={"id": "NEW", "name": "五社区急救站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65})
MOVED = Change(facility="ES1", fields={"lon": 101.70, "lat": 26.55}, word="move")


@pytest.fixture(scope="module")
def three(
    browser: Any, tiny_region: Region, rules: Rules, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    scenarios = [
        Scenario(),
        Scenario(name="增设", edits=(NEW,)),
        Scenario(name="调整", edits=(MOVED, Close(facility="TH1"))),
    ]
    seen = open_page(browser, view_of(compare(tiny_region, rules, scenarios)), tmp_path_factory.mktemp("three"))
    yield seen
    seen.page.context.close()


@pytest.fixture(autouse=True)
def at_start(request: pytest.FixtureRequest) -> None:
    if "three" in request.fixturenames:
        page = request.getfixturevalue("three").page
        page.click("#swipe")
        page.locator("#divider").press("Home")
        for _ in range(5):
            page.keyboard.press("PageUp")
        page.evaluate("fugai.choose(0)")
        page.click("button.home")


SIDES = "fugai.stage.state.sides.map(({from, to}) => [from, to])"


def town_of(seen: Opened, code: str) -> int:
    found: int = seen.page.evaluate(f"fugai.scene.ground.towns.code.indexOf('{code}')")
    return found


def centre(seen: Opened, side: int) -> tuple[float, float]:
    """Return where the middle of the city is drawn, from the middle of its own side."""
    x, y = seen.page.evaluate(
        f"""(() => {{ const one = fugai.stage.state.sides[{side}];
        return [-one.frame.left * one.frame.scale - (one.from + one.to) / 2, -one.frame.top * one.frame.scale]; }})()"""
    )
    return x, y


def test_it_asks_for_nothing_and_complains_of_nothing(three: Opened) -> None:
    assert three.told == []


def test_both_sides_meet_at_the_curtain(three: Opened) -> None:
    (start, left), (right, end) = three.page.evaluate(SIDES)
    assert (start, end) == (0, three.page.evaluate(f"{MAP}.getSize().x"))
    assert left == right == pytest.approx(end / 2)


def test_the_curtain_moves_by_mouse_and_by_keys(three: Opened) -> None:
    page = three.page
    handle, before = page.locator("#divider").bounding_box(), page.evaluate(SIDES)[0][1]
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y)
    page.mouse.up()
    left, right = page.evaluate(SIDES)
    assert left[1] == right[0] == pytest.approx(before - 200, abs=1)
    page.focus("#divider")
    page.keyboard.press("Home")
    assert page.get_attribute("#divider", "aria-valuenow") == "0"
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#divider", "aria-valuenow") == "12"
    page.keyboard.press("End")
    for _ in range(5):
        page.keyboard.press("PageDown")
    assert page.get_attribute("#divider", "aria-valuenow") == "50"


def test_the_curtain_stays_when_the_map_is_dragged(three: Opened) -> None:
    page = three.page
    before, place = page.evaluate(SIDES), centre(three, 0)
    page.mouse.move(600, 600)
    page.mouse.down()
    page.mouse.move(680, 550, steps=4)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert page.evaluate(SIDES) == before
    assert centre(three, 0)[0] - place[0] > 50
    shift = "new DOMMatrix(getComputedStyle(document.querySelector('.leaflet-map-pane')).transform).e"
    own = "L.DomUtil.getPosition(document.querySelector('canvas.picture')).x"
    assert page.evaluate(f"{shift} + {own}") == pytest.approx(0, abs=1)


def test_each_side_shows_its_own_scenario(three: Opened) -> None:
    page = three.page
    assert page.inner_text("#left") == "A 现状"
    assert page.inner_text("#right") == "B 增设"
    changed, same = town_of(three, "510422100"), town_of(three, "510402001")
    assert three.fill(changed, 0) != three.fill(changed, 1)
    assert three.fill(same, 0) == three.fill(same, 1)
    assert three.drawn(1)["changes-0"] == 1
    assert "changes-0" not in three.drawn(0)
    page.locator("#divider").press("Home")
    assert [name for name, _ in three.names(1) if "新设" in name] == ["五社区急救站 （新设）"]
    assert three.drawn(1)["gained"] >= 1


def test_two_views_move_together(three: Opened) -> None:
    page = three.page
    page.click("#sync")
    assert page.get_attribute("#sync", "aria-pressed") == "true"
    assert centre(three, 0) == pytest.approx(centre(three, 1))
    page.click(".leaflet-control-zoom-in")
    page.wait_for_timeout(500)
    first = centre(three, 0)
    assert first == pytest.approx(centre(three, 1))
    ground = page.locator(".sheet").bounding_box()
    x, y = ground["x"] + 0.7 * ground["width"], ground["y"] + 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    page.mouse.up()
    page.wait_for_timeout(400)
    assert centre(three, 0) == pytest.approx(centre(three, 1))
    assert centre(three, 0)[0] - first[0] > 30


def test_any_two_of_three(three: Opened) -> None:
    page = three.page
    assert page.locator("#choice-0 option").all_inner_texts() == [
        "A 现状 → B 增设",
        "A 现状 → C 调整",
        "B 增设 → C 调整",
    ]
    three.choose(0, "B 增设 → C 调整")
    assert page.locator(".block:has(h3:text('结论')) p").first.inner_text() == "“C 调整”与“B 增设”相比："
    rows = page.locator(".block:has(h3:text('机构变化')) tr.choosable")
    assert [one.split("\t")[-1].strip() for one in rows.all_inner_texts()] == ["停用", "不设", "迁址"]
    assert [name for name, _ in three.names(0) if "原址" in name]
    rows.first.click()
    assert page.locator("#card").is_visible()


def test_the_table_says_both_values_and_the_change(three: Opened) -> None:
    page = three.page
    rows = page.locator(".block:has(h3:text('全市指标对比')) tr.choosable")
    assert rows.first.locator("td").all_inner_texts()[1:] == [
        "85.71%\n未达标",
        "100.00%\n达标",
        "+14.29 个百分点\n+5,000 人",
    ]
    assert page.locator("#number").inner_text().replace("\n", "") == "85.71% → 100.00%"
    other = page.locator(".block:has(h3:text('全市指标对比')) tr.choosable", has_text="按机构名录").first
    assert other.locator("td").last.inner_text() == "不变"
    before = page.evaluate("document.getElementById('choice-1').value")
    other.click()
    assert page.evaluate("document.getElementById('choice-1').value") != before


def test_words_and_table_go_onto_paper_and_back(three: Opened) -> None:
    page = three.page
    titles = "all => all.map((one) => one.textContent)"
    order = page.locator("#blocks h3").evaluate_all(titles)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#paper h3").evaluate_all(titles) == ["全市指标对比", "结论"]
    cut = "() => { const one = document.querySelector('.panel'); return one.scrollHeight - one.clientHeight; }"
    assert page.evaluate(cut) <= 1
    assert page.evaluate("fugai.stage.state.isSync")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_timeout(150)
    assert page.locator("#blocks h3").evaluate_all(titles) == order


def test_payloads_are_text_and_nothing_runs(opened: Opener) -> None:
    city = hostile_city()
    evil = Open(fields={"id": "N", "name": PAYLOADS[0], "kind": "emergency_station", "lon": 101.85, "lat": 26.5})
    after = apply(city.region, Scenario(edits=(evil,)))
    findings = city.findings.assign(covered=city.findings["covered"].where(city.findings["level"] != "town", 0))
    table = side_by_side(city.findings, findings)
    sites = site_changes(city.region, after).assign(word=PAYLOADS[1])
    views = [View("A", PAYLOADS[2], city.region, city.findings), View("B", PAYLOADS[3], after, findings)]
    said = (PAYLOADS[4], PAYLOADS[0])
    kinds = {rule: ["emergency_station", "hospital"] for rule in city.findings["rule"].unique()}
    seen = opened(compare_map(views, [Between(0, 1, said, table, sites)], city.furniture, kinds))
    page = seen.page
    page.click("#sync")
    for at in range(page.evaluate("fugai.scene.views.length")):
        page.evaluate(f"fugai.choose({at})")
        for lon in (101.72, 101.75, 101.8, 101.85):
            seen.hovered(lon, 26.5)
            page.mouse.click(*seen.spot(lon, 26.5))
    page.locator("tr.choosable").first.click()
    page.wait_for_timeout(100)
    assert seen.told == []
    assert PAYLOADS[0] in page.locator("#blocks").inner_text()
    assert page.locator("img, svg[onload]").count() == 0


def test_a_table_without_a_city_row_still_draws(tiny_region: Region, rules: Rules) -> None:
    side = compare(tiny_region, rules, [Scenario(), Scenario(name="乙")]).pairs[0]
    empty = pd.DataFrame(side.findings).head(0)
    views = [View(one, one, tiny_region, side.before.judged.findings) for one in ("A", "B")]
    from maps.furniture import Furniture

    assert "<html" in compare_map(views, [Between(0, 1, (), empty, side.sites.assign(word=""))], Furniture("图"), {})


def test_it_opens_on_what_changed_until_the_reader_chooses(tiny_region: Region, rules: Rules, opened: Opener) -> None:
    scenarios = [
        Scenario(),
        Scenario(name="撤室", edits=(Close(facility="VC1"),)),
        Scenario(name="撤院", edits=(Close(facility="TH1"),)),
    ]
    seen = opened(view_of(compare(tiny_region, rules, scenarios)))

    def shown() -> str:
        return str(seen.page.evaluate("document.getElementById('choice-1').value"))

    assert "村卫生室" in shown()
    seen.choose(0, "A 现状 → C 撤院")
    assert "卫生院" in shown()
    seen.choose(1, "城市地区急救中心（站）服务半径")
    seen.choose(0, "A 现状 → B 撤室")
    assert "急救" in shown()
