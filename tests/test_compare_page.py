"""The page of two maps as people meet it: a curtain, two views that move together, no network, text that stays text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
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
from tests.test_maps_city import PAYLOADS, hostile_city

NEW = Open(fields={"id": "NEW", "name": "五社区急救站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65})
MOVED = Change(facility="ES1", fields={"lon": 101.70, "lat": 26.55}, word="move")


@dataclass
class Opened:
    """A page in the browser, with all that it asked for and complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def opened(browser: Any, html: str, folder: Path) -> Opened:
    path = folder / "page.html"
    path.write_text(html, "utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    seen = Opened(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda said: seen.complaints.append(said.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    seen.page.goto(path.as_uri())
    return seen


@pytest.fixture(scope="module")
def three(
    browser: Any, tiny_region: Region, rules: Rules, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    scenarios = [
        Scenario(),
        Scenario(name="增设", edits=(NEW,)),
        Scenario(name="调整", edits=(MOVED, Close(facility="TH1"))),
    ]
    seen = opened(browser, view_of(compare(tiny_region, rules, scenarios)), tmp_path_factory.mktemp("three"))
    yield seen
    seen.page.context.close()


@pytest.fixture(autouse=True)
def at_start(request: pytest.FixtureRequest) -> None:
    if "three" in request.fixturenames:
        page = request.getfixturevalue("three").page
        page.click("#swipe")
        page.select_option("#pair", "0")
        page.select_option("#rule", "emergency_urban")
        page.click("button.home")
        page.wait_for_timeout(100)


def clip(page: Any, pane: str) -> list[float]:
    """Return top, right, bottom, left of the clip on one side."""
    said = page.evaluate(f"document.querySelector('.leaflet-{pane}-pane').style.clip")
    return [float(one) for one in re.findall(r"-?[\d.]+(?=px)", said)]


def fill_of(page: Any, side: str, code: str) -> str:
    return str(page.locator(f'path.town.{side}[data-code="{code}"]').get_attribute("fill"))


def centre(page: Any, side: str) -> tuple[float, float]:
    """Return where a town is drawn, from the middle of its own map."""
    box = page.locator(f'path.town.{side}[data-code="510402001"]').bounding_box()
    ground = page.locator("#second" if side == "beside" else ".sheet .folium-map").bounding_box()
    return box["x"] - ground["x"] - ground["width"] / 2, box["y"] - ground["y"] - ground["height"] / 2


def test_it_asks_for_nothing_and_complains_of_nothing(three: Opened) -> None:
    assert len([url for url in three.requests if not url.startswith("data:")]) == 1
    assert three.complaints == []


def test_both_sides_meet_at_the_curtain(three: Opened) -> None:
    page = three.page
    left, right = clip(page, "left"), clip(page, "right")
    assert left[1] == right[3]
    assert (right[1] - left[3]) / 2 == pytest.approx(left[1] - left[3])
    assert clip(page, "left-signs") == left


def test_the_curtain_moves_by_mouse_and_by_keys(three: Opened) -> None:
    page = three.page
    handle, before = page.locator("#divider").bounding_box(), clip(page, "left")[1]
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y)
    page.mouse.up()
    assert clip(page, "left")[1] == pytest.approx(before - 200, abs=1)
    assert clip(page, "right")[3] == clip(page, "left")[1]
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


def test_the_clip_follows_when_the_map_is_dragged(three: Opened) -> None:
    """The clip is told from the map's moving pane: with the pane's own shift it stays under the curtain."""
    page = three.page
    before = clip(page, "left")[1]
    page.mouse.move(600, 500)
    page.mouse.down()
    page.mouse.move(680, 450, steps=4)
    page.mouse.up()
    page.wait_for_timeout(600)
    moved = page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.leaflet-map-pane')).transform).e")
    ground, handle = (page.locator(one).bounding_box() for one in (".sheet", "#divider"))
    curtain = handle["x"] + handle["width"] / 2 - ground["x"]
    assert clip(page, "left")[1] + moved == pytest.approx(curtain, abs=1)
    assert abs(clip(page, "left")[1] - before) > 60


def test_each_side_shows_its_own_scenario(three: Opened) -> None:
    page = three.page
    assert page.inner_text("#left") == "A 现状"
    assert page.inner_text("#right") == "B 增设"
    assert fill_of(page, "left", "510422100") != fill_of(page, "right", "510422100")
    assert fill_of(page, "left", "510402001") == fill_of(page, "right", "510402001")
    assert page.locator(".leaflet-right-signs-pane .change.added b").inner_text() == "新设 1"
    assert page.locator(".leaflet-left-signs-pane .change").count() == 0


def test_two_views_move_together(three: Opened) -> None:
    page = three.page
    page.click("#sync")
    page.wait_for_timeout(100)
    assert page.get_attribute("#sync", "aria-pressed") == "true"
    assert centre(page, "left") == pytest.approx(centre(page, "beside"), abs=3)
    page.click(".leaflet-control-zoom-in")
    page.wait_for_timeout(500)
    first = centre(page, "left")
    assert first == pytest.approx(centre(page, "beside"), abs=3)
    second = page.locator("#second").bounding_box()
    page.mouse.move(second["x"] + 100, second["y"] + 400)
    page.mouse.down()
    page.mouse.move(second["x"] + 160, second["y"] + 360, steps=4)
    page.mouse.up()
    page.wait_for_timeout(400)
    assert centre(page, "left") == pytest.approx(centre(page, "beside"), abs=3)
    assert centre(page, "left")[0] - first[0] > 30
    assert page.evaluate("document.querySelector('.leaflet-left-pane').style.clip") == "auto"


def test_any_two_of_three(three: Opened) -> None:
    page = three.page
    assert page.locator("#pair option").all_inner_texts() == ["A 现状 → B 增设", "A 现状 → C 调整", "B 增设 → C 调整"]
    page.select_option("#pair", "2")
    assert page.inner_text("#said p:first-child") == "“C 调整”与“B 增设”相比："
    words = page.locator("#sites button").all_inner_texts()
    assert [one.split()[0] for one in words] == ["停用", "不设", "迁址"]
    assert page.locator(".leaflet-left-signs-pane .change.moved b").inner_text().startswith("原址")


def test_the_table_says_both_values_and_the_change(three: Opened) -> None:
    page = three.page
    row = page.locator("#rows tr.choosable").first
    assert row.locator("td").all_inner_texts()[1:] == ["85.71%\n未达标", "100.00%\n达标", "+14.29 个百分点\n+5,000 人"]
    other = page.locator("#rows tr.choosable", has_text="按机构名录").first
    assert other.locator("td").last.inner_text() == "不变"
    other.click()
    assert page.evaluate("document.getElementById('rule').value") != "emergency_urban"


def test_words_and_table_go_onto_paper_and_back(three: Opened) -> None:
    page = three.page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#paper #said").count() == page.locator("#paper #rows").count() == 1
    cut = "() => { const one = document.querySelector('.panel'); return one.scrollHeight - one.clientHeight; }"
    assert page.evaluate(cut) <= 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_timeout(150)
    assert page.locator(".panel #said").count() == page.locator(".panel #rows").count() == 1


def test_payloads_are_text_and_nothing_runs(browser: Any, tmp_path: Path) -> None:
    city = hostile_city()
    evil = Open(fields={"id": "N", "name": PAYLOADS[0], "kind": "emergency_station", "lon": 101.85, "lat": 26.5})
    after = apply(city.region, Scenario(edits=(evil,)))
    findings = city.findings.assign(covered=city.findings["covered"].where(city.findings["level"] != "town", 0))
    table = side_by_side(city.findings, findings)
    sites = site_changes(city.region, after).assign(word=PAYLOADS[1])
    views = [View("A", PAYLOADS[2], city.region, city.findings), View("B", PAYLOADS[3], after, findings)]
    said = (PAYLOADS[4], PAYLOADS[0])
    kinds = {rule: ["emergency_station", "hospital"] for rule in city.findings["rule"].unique()}
    seen = opened(browser, compare_map(views, [Between(0, 1, said, table, sites)], city.furniture, kinds), tmp_path)
    page = seen.page
    page.click("#sync")
    for at in range(page.locator("#rule option").count()):
        page.select_option("#rule", index=at)
        page.locator("path.town.left").first.hover(force=True)
        page.locator(".sign").first.hover(force=True)
    page.click("#sites button")
    page.wait_for_timeout(300)
    assert seen.complaints == []
    assert len([url for url in seen.requests if not url.startswith("data:")]) == 1
    assert PAYLOADS[0] in page.locator("#said").inner_text()
    assert PAYLOADS[0] in page.locator("#sites").inner_text()
    assert page.locator("img, svg[onload]").count() == 0
    page.context.close()


def test_a_table_without_a_city_row_still_draws(tiny_region: Region, rules: Rules) -> None:
    side = compare(tiny_region, rules, [Scenario(), Scenario(name="乙")]).pairs[0]
    empty = pd.DataFrame(side.findings).head(0)
    views = [View(one, one, tiny_region, side.before.judged.findings) for one in ("A", "B")]
    from maps.furniture import Furniture

    assert "<html" in compare_map(views, [Between(0, 1, (), empty, side.sites.assign(word=""))], Furniture("图"), {})


def test_it_opens_on_what_changed_until_the_reader_chooses(
    browser: Any, tiny_region: Region, rules: Rules, tmp_path: Path
) -> None:
    scenarios = [
        Scenario(),
        Scenario(name="撤室", edits=(Close(facility="VC1"),)),
        Scenario(name="撤院", edits=(Close(facility="TH1"),)),
    ]
    seen = opened(browser, view_of(compare(tiny_region, rules, scenarios)), tmp_path)
    page = seen.page
    shown = "document.getElementById('rule').value"
    assert page.evaluate(shown) == "village_clinic"
    page.select_option("#pair", "1")
    assert page.evaluate(shown) == "township_hospital"
    page.select_option("#rule", "emergency_urban")
    page.select_option("#pair", "0")
    assert page.evaluate(shown) == "emergency_urban"
    page.context.close()
