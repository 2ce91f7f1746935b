"""The coverage map as people meet it: opened from a file in Chromium with no network."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from maps import style
from maps.coverage import coverage_map
from tests.test_maps_city import PAYLOADS, TOWNS, City, hostile_city, plain_city


@dataclass
class Opened:
    """A page in the browser, with all that it asked for and complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def opened(browser: Any, city: City, folder: Path, width: int = 1366) -> Opened:
    path = folder / "map.html"
    path.write_text(coverage_map(city.region, city.findings, city.furniture), "utf-8")
    context = browser.new_context(offline=True, viewport={"width": width, "height": 768})
    seen = Opened(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda said: seen.complaints.append(said.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    seen.page.goto(path.as_uri())
    return seen


@pytest.fixture(scope="module")
def plain(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    seen = opened(browser, plain_city(), tmp_path_factory.mktemp("plain"))
    yield seen
    seen.page.context.close()


@pytest.fixture(scope="module")
def hostile(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    seen = opened(browser, hostile_city(), tmp_path_factory.mktemp("hostile"))
    yield seen
    seen.page.context.close()


@pytest.fixture(autouse=True)
def at_home(request: pytest.FixtureRequest) -> None:
    """Start each test on the whole city, with the first fill."""
    for name in {"plain", "hostile"} & set(request.fixturenames):
        page = request.getfixturevalue(name).page
        choose(page, 0)
        page.click("button.home")
        page.mouse.move(700, 20)
        page.wait_for_timeout(400)


def choose(page: Any, at: int) -> None:
    """Choose the pair at this place: two readings of the first rule, one of the second."""
    rule, reading = ((0, 0), (0, 1), (1, 0))[at]
    if page.evaluate("document.getElementById('rule').selectedIndex") != rule:
        page.select_option("#rule", index=rule)
    if page.evaluate("document.getElementById('reading').options.length") > 1:
        page.select_option("#reading", index=reading)


def town(page: Any, code: str) -> Any:
    return page.locator(f'path.town[data-code="{code}"]')


def fill_of(page: Any, code: str) -> str:
    return town(page, code).get_attribute("fill")


def hovered(page: Any, code: str) -> str:
    """Return what is said of a town when the pointer is near its lower left corner, away from every sign."""
    spot = town(page, code).bounding_box()
    page.mouse.move(spot["x"] + spot["width"] * 0.08, spot["y"] + spot["height"] * 0.9)
    return page.locator(".leaflet-tooltip.tip").last.inner_text()


def shown(text: str) -> str:
    """Return a text as a browser lays it out: runs of white space are one space."""
    return re.sub(r"\s+", " ", text).strip()


def test_the_page_asks_for_nothing_and_complains_of_nothing(plain: Opened) -> None:
    urls = [url for url in plain.requests if not url.startswith("data:")]
    assert len(urls) == 1
    assert urls[0].startswith("file://")
    assert plain.complaints == []


def test_fills_follow_the_chosen_rule(plain: Opened) -> None:
    page = plain.page
    assert fill_of(page, TOWNS[0]) == style.SHARE_CLASSES[5].fill
    assert fill_of(page, TOWNS[2]) == style.SHARE_CLASSES[0].fill
    assert fill_of(page, TOWNS[3]) == style.NOT_APPLICABLE.fill
    choose(page, 2)
    assert fill_of(page, TOWNS[0]) == style.NOT_APPLICABLE.fill
    assert fill_of(page, TOWNS[2]) == style.SHARE_CLASSES[5].fill


def test_dots_follow_the_chosen_rule(plain: Opened) -> None:
    assert plain.page.locator("path.uncovered").count() == 3
    choose(plain.page, 2)
    assert plain.page.locator("path.uncovered").count() == 0


def test_the_legend_names_the_denominator(plain: Opened) -> None:
    assert "城市地区常住人口" in plain.page.locator("#denominator").inner_text()


def test_a_town_says_its_share_and_its_clause(plain: Opened) -> None:
    said = hovered(plain.page, TOWNS[1])
    for part in (
        "乙街道",
        "75.00%",
        "1,500 / 2,000",
        "≤5公里",
        "未达标",
        "服务半径不超过5公里",
        "某市规划",
        "第三章",
        "含估算",
    ):
        assert part in said


def test_a_town_outside_the_rule_says_so(plain: Opened) -> None:
    assert style.WORDS["no_row"] in hovered(plain.page, TOWNS[3])


def test_a_facility_says_what_it_is(plain: Opened) -> None:
    plain.page.locator(".sign").first.hover()
    said = plain.page.locator(".leaflet-tooltip.tip").last.inner_text()
    for part in ("机构0", "急救中心（站）", "在用", "机构1", "估算"):
        assert part in said


def test_a_planned_facility_is_hollow(plain: Opened) -> None:
    inks = plain.page.eval_on_selector_all(
        ".sign svg path:first-child", "all => all.map(one => one.getAttribute('fill'))"
    )
    assert inks.count(style.CHROME["paper"]) == 1


def test_search_zooms_and_opens_the_tooltip(plain: Opened) -> None:
    page = plain.page
    before = town(page, TOWNS[2]).bounding_box()["width"]
    page.fill("#search", "丙")
    assert page.locator("#matches [role=option]").first.inner_text() == "丙镇\n西县"
    page.press("#search", "Enter")
    assert town(page, TOWNS[2]).bounding_box()["width"] > 1.3 * before
    assert "丙镇" in page.locator(".leaflet-tooltip.tip").last.inner_text()
    assert not page.locator("#matches").is_visible()


def test_search_lists_towns_of_the_name_before_those_of_the_county(plain: Opened) -> None:
    plain.page.fill("#search", "西")
    assert plain.page.locator("#matches [role=option]").count() == 2
    plain.page.fill("#search", TOWNS[1])
    said = plain.page.locator("#matches [role=option]").all_inner_texts()
    assert said == ["乙街道\n东区", "002村0\n乙街道", "002村1\n乙街道"]
    plain.page.fill("#search", "没有的")
    assert style.WORDS["no_match"] in plain.page.locator("#matches").inner_text()
    plain.page.press("#search", "Escape")
    assert not plain.page.locator("#matches").is_visible()


@pytest.mark.parametrize(
    ("box", "drawn", "count"),
    [
        (style.WORDS["villages_layer"], "path.village", 8),
        ("村卫生室", ".sign svg[width='7']", 1),
        (style.WORDS["uncovered_layer"], "path.uncovered", 3),
        ("急救站 5 公里范围", "path.ring", 1),
    ],
)
def test_a_layer_can_be_shown_and_hidden(plain: Opened, box: str, drawn: str, count: int) -> None:
    page = plain.page
    ticked = page.locator(f'input[data-layer="{box}"]')
    was = ticked.is_checked()
    for state in (not was, was):
        ticked.set_checked(state)
        assert page.locator(drawn).count() == (count if state else 0)


def test_a_ring_is_as_wide_as_its_radius_says(plain: Opened) -> None:
    ring = plain.page.locator("path.ring").bounding_box()["width"]
    side = town(plain.page, TOWNS[0]).bounding_box()["width"]
    assert ring == pytest.approx(side, rel=0.02)  # 2 × 5 km, and a town of 10 km


def test_panel_map_and_controls_do_not_cover_each_other(plain: Opened) -> None:
    boxes = [plain.page.locator(part).bounding_box() for part in (".masthead", ".panel", ".sheet", "footer")]
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            apart_x = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            apart_y = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
            assert apart_x or apart_y
    assert plain.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_furniture_leaves_the_approval_number_to_be_filled_in(plain: Opened) -> None:
    said = plain.page.locator("#furniture").inner_text()
    assert "审图号：（待填）" in shown(said).replace("： ", "：")
    assert plain.page.locator("#notice").inner_text() == "示例数据（部分估算），不作决策依据"


def test_paper_is_one_landscape_a4_page(plain: Opened, tmp_path: Path) -> None:
    before = town(plain.page, TOWNS[0]).bounding_box()
    pdf = plain.page.pdf(path=tmp_path / "map.pdf", prefer_css_page_size=True)
    plain.page.wait_for_timeout(300)
    sizes = re.findall(rb"/MediaBox ?\[([\d. ]+)\]", pdf)
    assert len(re.findall(rb"/Type ?/Page\b", pdf)) == 1
    assert [round(float(size)) for size in sizes[0].split()] == pytest.approx([0, 0, 842, 595], abs=1)
    assert town(plain.page, TOWNS[0]).bounding_box() == before


@pytest.mark.parametrize(("text", "said"), [("102村1", "510002102201"), ("机构5", "村卫生室")])
def test_search_finds_villages_and_facilities(plain: Opened, text: str, said: str) -> None:
    page = plain.page
    page.fill("#search", text)
    page.press("#search", "Enter")
    assert page.locator(".leaflet-tooltip.tip").count() == 1
    assert text in page.locator(".leaflet-tooltip.tip").inner_text()
    assert said in page.locator(".leaflet-tooltip.tip").inner_text()
    assert page.locator(".leaflet-spot-pane path").count() == 1
    page.click(".leaflet-control-zoom-in")
    page.wait_for_timeout(300)
    assert page.locator(".leaflet-tooltip.tip").count() == 0
    assert page.locator(".leaflet-spot-pane path").count() == 0


def test_a_tooltip_that_was_opened_closes_on_a_click_elsewhere(plain: Opened) -> None:
    page = plain.page
    page.fill("#search", "丙")
    page.press("#search", "Enter")
    assert page.locator(".leaflet-tooltip.tip").count() == 1
    ground = page.locator(".sheet").bounding_box()
    page.mouse.click(ground["x"] + 60, ground["y"] + ground["height"] - 60)
    page.mouse.move(700, 20)
    page.wait_for_timeout(300)
    assert page.locator(".leaflet-tooltip.tip").count() == 0


def test_readings_of_a_rule_stand_apart(plain: Opened) -> None:
    page = plain.page
    assert page.locator("#rule option").all_inner_texts() == ["城市急救5公里", "每乡镇一所卫生院"]
    assert page.locator("#reading option").all_inner_texts() == ["口径paper", "口径paper_census"]
    choose(page, 2)
    assert page.locator("#reading").is_disabled()


def test_a_ring_does_not_tint_the_ground(plain: Opened) -> None:
    assert plain.page.locator("path.ring").get_attribute("fill") == "none"


def test_a_narrow_window_stacks_and_does_not_scroll_sideways(browser: Any, tmp_path: Path) -> None:
    seen = opened(browser, plain_city(), tmp_path, width=390)
    page = seen.page
    assert seen.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tops = [page.locator(part).bounding_box()["y"] for part in (".masthead", ".choice", ".sheet", ".legend", "footer")]
    assert tops == sorted(tops)
    assert page.locator(".sheet").bounding_box()["height"] > 300
    page.context.close()


def test_nothing_is_cut_off_on_paper(plain: Opened) -> None:
    page = plain.page
    page.evaluate("document.documentElement.classList.add('printing')")
    for at in range(3):
        choose_printing = "at => { const one = document.querySelectorAll('#summary tr.choosable')[at]; one.click(); }"
        page.evaluate(choose_printing, at)
        cut = """() => {
          const panel = document.querySelector('.panel'), edge = panel.getBoundingClientRect().right + 1;
          const out = [...panel.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge);
          return [panel.scrollHeight - panel.clientHeight, out.length];
        }"""
        assert page.evaluate(cut) == [0, 0]
    page.evaluate("document.documentElement.classList.remove('printing')")


def test_payloads_are_text_and_nothing_runs(hostile: Opened) -> None:
    page = hostile.page
    for at in range(3):
        choose(page, at)
        hovered(page, TOWNS[at])
        page.locator(".sign").nth(at).hover(force=True)
    page.fill("#search", "img")
    page.press("#search", "Enter")
    page.wait_for_timeout(300)
    assert hostile.complaints == []
    assert len([url for url in hostile.requests if not url.startswith("data:")]) == 1


def test_payloads_are_read_as_they_were_written(hostile: Opened) -> None:
    page = hostile.page
    assert page.locator("#title").inner_text() == PAYLOADS[0]
    assert page.title() == PAYLOADS[0]
    assert shown(page.locator("#notice").inner_text()) == shown(PAYLOADS[1])
    said = shown(hovered(page, TOWNS[0]))
    assert PAYLOADS[0] in said
    assert all(shown(payload) in said for payload in PAYLOADS[:4])
    assert page.locator("img, svg[onload]").count() == 0
