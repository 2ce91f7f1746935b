"""The coverage map as a text: offline, deterministic, and with every payload kept as data."""

import json
import re
from dataclasses import replace
from importlib.metadata import version

import branca.element
import folium
import numpy as np
import pandas as pd
import pytest
import shapely
from folium import folium as folium_module

from maps import geometry, style
from maps.coverage import coverage_map
from maps.furniture import DRAWN_WITH
from maps.page import OfflineMap, Page, counted_ids, inlined, json_text, render_page
from planner.findings import assess, foreign_note
from planner.region import Region
from planner.rules import Rules
from planner.travel import PAPER
from tests.pages import scene_of
from tests.test_architecture import ROOT
from tests.test_maps_city import PAYLOADS, TOWNS, hostile_city, plain_city


def drawn(city=None) -> str:
    city = city or plain_city()
    return coverage_map(city.region, city.findings, city.furniture)


def test_nothing_in_the_page_loads_from_elsewhere() -> None:
    html = drawn()
    assert not re.search(r"<link(?! rel=\"icon\" href=\"data:,\")", html)
    assert not re.search(r"<(script|img|iframe|object|embed)[^>]*\ssrc=", html)
    assert not re.search(r"url\((?!data:|#)", html)
    assert "@import" not in html
    assert "sourceMappingURL" not in html


def test_leaflet_is_in_the_page_in_the_version_that_folium_asks_for() -> None:
    asked = dict(folium_module._default_js)["leaflet"]
    installed = version("XStatic-Leaflet").rsplit(".", 1)[0]
    assert f"leaflet@{installed}/" in asked
    assert f"Leaflet {installed}" in drawn()
    assert f"Leaflet {installed}（BSD" in DRAWN_WITH


def test_its_licence_goes_with_every_page() -> None:
    page = drawn()
    assert (ROOT / "maps" / "leaflet-LICENSE.txt").read_text("utf-8") in page
    assert scene_of(page)["furniture"]["drawn_with"] == DRAWN_WITH


def test_an_asset_that_is_not_installed_is_refused() -> None:
    with pytest.raises(KeyError, match="jquery"):
        inlined("jquery")


def test_a_folium_element_that_needs_another_script_is_refused() -> None:
    drawing = OfflineMap("x")
    drawing.default_js = [*OfflineMap.default_js, ("jquery", "jquery.js")]
    with pytest.raises(KeyError, match="jquery"):
        drawing.get_root().render()


def test_drawing_leaves_the_lists_of_folium_alone() -> None:
    before = [*folium.Map.default_js], [*folium.Map.default_css]
    drawn()
    assert ([*folium.Map.default_js], [*folium.Map.default_css]) == before


def test_the_same_city_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_a_city_drawn_after_another_gives_the_same_bytes() -> None:
    first = drawn()
    drawn(hostile_city())
    assert drawn() == first


def test_random_ids_come_back_after_a_drawing_even_when_it_fails() -> None:
    source = branca.element.urandom
    with counted_ids():
        assert branca.element.Element()._id == f"{1:032x}"
    assert branca.element.urandom is source
    with pytest.raises(ValueError, match="map goes"):
        render_page(Page("x", "<p>", (), (), {}, "go"))
    assert branca.element.urandom is source


def test_the_policy_lets_run_only_the_scripts_in_the_page() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', drawn())[1]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1]
    assert len(re.findall(r"'sha256-[^']+'", policy)) == len(re.findall(r"<script>", drawn()))


def test_the_page_is_in_chinese() -> None:
    assert '<html lang="zh">' in drawn()


def test_a_payload_reaches_the_page_only_as_escaped_data() -> None:
    html = drawn(hostile_city())
    for payload in PAYLOADS:
        assert payload not in html
    assert "alert(" not in html.replace(re.search(r'id="scene">(.*?)</script>', html, re.S)[0], "")


def test_a_payload_comes_out_of_the_data_as_it_went_in() -> None:
    data = scene_of(drawn(hostile_city()))
    assert data["furniture"]["title"] == PAYLOADS[0]
    assert data["ground"]["towns"]["name"] == [f"{code}{PAYLOADS[at]}" for at, code in enumerate(TOWNS)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_in_a_script_element_cannot_end_it(payload: str) -> None:
    text = json_text({payload: [payload]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {payload: [payload]}


def test_a_hostile_script_text_and_title_cannot_leave_their_elements() -> None:
    page = Page(
        "</title><b>", "<!-- map -->", ("</style><b>",), ("function go() { return '</script><b>'; }",), {}, "go"
    )
    assert "<b>" not in re.sub(r"<(script|style)>.*?</\1>", "", render_page(page), flags=re.S)


def test_markup_without_a_place_for_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="map goes"):
        render_page(Page("x", "<p>", (), (), {}, "go"))


def test_views_come_in_the_order_of_the_findings() -> None:
    keys = [tuple(one["keys"]) for one in scene_of(drawn())["views"]]
    assert keys == [("城市急救5公里", "口径paper"), ("城市急救5公里", "口径paper_census"),
                    ("每乡镇一所卫生院", "口径register")]  # fmt: skip
    city = plain_city()
    turned = coverage_map(city.region, city.findings[::-1], city.furniture)
    assert scene_of(turned)["views"][0]["keys"][0] == "每乡镇一所卫生院"


def test_a_fill_says_whose_share_it_is(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    scene = scene_of(coverage_map(*sample_findings, plain_city().furniture))
    titles = {view["keys"][0]: scene["ramps"][view.get("ramp", 0)]["title"] for view in scene["views"]}
    assert titles["城市地区急救中心（站）服务半径"] == "乡镇（街道）未覆盖人口占比"
    assert titles["社区卫生服务中心设置"].startswith("乡镇（街道）本身是否")
    clinics = next(one for one in scene["views"] if one["keys"][0] == "每个行政村设置1所村卫生室（有无）")
    counties = clinics["blocks"][0]["rows"]
    assert counties[0]["cells"][1]["text"] == "7 / 7 个"
    assert clinics["headline"] == {"text": "28", "unit": "个", "tone": "gap"}


def test_rules_of_another_city_raise_an_alarm(tiny_region: Region, rules: Rules) -> None:
    assert "alarm" not in scene_of(drawn())
    others = replace(rules, city="5109")
    abroad = assess(tiny_region, others, PAPER)
    foreign = foreign_note(tiny_region, others)
    assert foreign_note(tiny_region, rules) == ""
    scene = scene_of(coverage_map(tiny_region, abroad, plain_city().furniture, foreign=foreign))
    assert scene["alarm"].startswith("本数据不属于条款所在城市，未作判断")
    assert not [one for one in scene["views"] if (one.get("headline") or {}).get("tone") == "gap"]


def test_towns_and_dots_are_the_rows_of_the_findings() -> None:
    """What is told of a town is its row; nobody is said to be reached where somebody is left out."""
    scene = scene_of(drawn())
    picture, view = scene["pictures"][0], scene["views"][0]
    assert picture["fills"] == [0, 2, 4, 6]
    assert picture["facts"]["人口覆盖率"] == [
        "100.00%（2,000 / 2,000 人）",
        "75.00%（1,500 / 2,000 人）",
        "0.00%（0 / 2,000 人）",
        "",
    ]
    dots = picture["contents"]["uncovered"]
    codes = [scene["places"]["villages"]["code"][row] for row in dots["rows"]]
    assert sorted(codes) == [f"{TOWNS[1]}201", f"{TOWNS[2]}200", f"{TOWNS[2]}201"]
    city = plain_city()
    row = city.findings[(city.findings["level"] == "city") & (city.findings["reading"] == "paper")].iloc[0]
    assert view["headline"]["text"] == f"{int(row['uncovered'] + row['unreachable']):,}"
    assert sum(share for share, _ in view["bar"]["parts"]) == pytest.approx(1)


def test_findings_of_an_unknown_town_are_refused() -> None:
    city = plain_city()
    wrong = city.findings.replace({"subject_code": {TOWNS[0]: "999999999"}})
    with pytest.raises(ValueError, match="999999999"):
        coverage_map(city.region, wrong, city.furniture)


def test_drawing_writes_into_none_of_its_arguments() -> None:
    city = plain_city()
    before = city.findings.copy(deep=True), city.region.towns.copy(deep=True), city.region.facilities.copy(deep=True)
    drawn(city)
    for old, new in zip(before, (city.findings, city.region.towns, city.region.facilities), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


def test_a_region_without_roads_villages_and_facilities_can_be_drawn() -> None:
    city = plain_city()
    region = replace(city.region, roads=None, villages=city.region.villages[:0], facilities=city.region.facilities[:0])
    findings = city.findings[city.findings["level"] != "village"]
    assert "roads" not in scene_of(coverage_map(region, findings, city.furniture))


def test_findings_without_rows_can_be_drawn() -> None:
    city = plain_city()
    assert "views" not in scene_of(coverage_map(city.region, city.findings[:0], city.furniture))


def test_a_ring_is_one_area_as_wide_as_its_radius_says() -> None:
    scene = scene_of(drawn())
    outer = scene["pictures"][0]["contents"]["ring-0"]["areas"][0][0]
    lat = np.cumsum(outer[1::2]) / 1e5
    assert (lat.max() - lat.min()) * 110_800 == pytest.approx(10_000, rel=0.01)
    assert [one["label"] for one in scene["layers"] if one["kind"] == "areas"] == ["急救站 5 公里范围"]


@pytest.mark.parametrize(
    ("part", "whole", "status", "expected"),
    [
        (0, 100, "not_met", 4),
        (40, 100, "not_met", 4),
        (41, 100, "not_met", 3),
        (70, 100, "not_met", 3),
        (71, 100, "not_met", 2),
        (91, 100, "not_met", 1),
        (99_999_999, 100_000_000, "not_met", 1),
        (100, 100, "met", 0),
        (50, 100, "no_data", 5),
        (0, 0, "met", 6),
        (float("nan"), 100, "met", 6),
    ],
)
@pytest.mark.parametrize("unit", ["share", "个"])
def test_the_class_of_a_share(unit: str, part: float, whole: float, status: str, expected: int) -> None:
    other = (float("nan"), float("nan"))
    people, count = ((part, whole), other) if unit == "share" else (other, (part, whole))
    assert style.gap_class(style.shown_share(unit, people, count, 0.5), status) == expected
    assert expected < len(style.TOWN_FILLS)


@pytest.mark.parametrize(("gap", "expected"), [(0.0, 1.0), (1.0, 0.0), (-5000.0, 0.0), (float("nan"), 0.0)])
def test_a_unit_by_itself_meets_its_rule_or_does_not(gap: float, expected: float) -> None:
    assert style.shown_share("所", (0, 0), (0, 1), gap) == expected


def test_neighbours_still_share_their_border_after_simplification() -> None:
    simple = geometry.simplified(plain_city().region.towns)
    assert shapely.coverage_is_valid(simple.geometry.to_numpy())


def test_outlines_come_back_to_the_metre() -> None:
    towns = plain_city().region.towns
    ring = geometry.outlines(towns)[0][0][0]
    degrees = [(sum(ring[0 : at + 1 : 2]) / 1e5, sum(ring[1 : at + 2 : 2]) / 1e5) for at in range(0, len(ring), 2)]
    expected = towns.to_crs(4326).geometry.iloc[0]
    assert shapely.Polygon(degrees).symmetric_difference(expected).area < 2e-5 * expected.length


def test_every_kind_and_status_has_a_sign_and_a_name() -> None:
    from planner.schema import FACILITY_KINDS, FACILITY_STATUS, STATUS_LABELS

    assert set(style.SYMBOLS) == set(FACILITY_KINDS)
    assert [style.status_label(one) for one in STATUS_LABELS] == list(STATUS_LABELS.values())
    assert all(style.symbol(kind, status) for kind in FACILITY_KINDS for status in FACILITY_STATUS)
    assert all(style.facility_status_label(status) for status in FACILITY_STATUS)


def test_the_page_of_the_sample_stays_under_a_megabyte(sample_findings: tuple[Region, pd.DataFrame]) -> None:
    html = coverage_map(*sample_findings, plain_city().furniture)
    assert len(html.encode()) < 1_000_000
