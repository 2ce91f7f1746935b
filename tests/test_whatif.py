"""The page on which sites are tried: its numbers are those of `fugai run`, to the person; a click adds, a drag moves."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from planner.measures import FUNCTIONS
from planner.network import RoadGraph
from planner.region import Region
from planner.rules import load_rules
from scenarios.cli.program import main
from scenarios.edit_table import read_edits
from scenarios.files import fingerprint, read_scenario
from scenarios.run import load_region, run
from scenarios.ways import RoadChoices, ways_of
from scenarios.whatif import page_of
from tests import tiny
from tests.pages import MAP, Opened, open_file, open_page
from tests.test_maps_city import PAYLOADS

SAMPLES = Path(__file__).parents[1] / "geodata" / "samples"


def made(data: str, folder: Path, *more: str) -> Path:
    out = folder / "试点.html"
    assert main(["whatif", data, "--out", str(out), *more]) == 0
    return out


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("whatif")
    seen = open_file(browser, made("sample:panzhihua", folder))
    yield seen
    seen.page.context.close()


def act(page: Any, rng: random.Random, bounds: list[float]) -> None:
    """Do one of the things that one can do, anywhere in the city."""
    ids = page.evaluate(
        "fugai.scene.places.facilities.code.filter((_, at) => fugai.scene.tool.facilities.status[at] === 'open')"
    )
    mine = page.evaluate("fugai.scene.places.sites.code")
    place = [rng.uniform(bounds[0], bounds[2]), rng.uniform(bounds[1], bounds[3])]
    if rng.random() < 0.6:  # near where people live, where it counts
        people = "fugai.scene.tool.people"
        at = rng.randrange(page.evaluate(f"{people}.population.length"))
        lon, lat = (page.evaluate(f"{people}.{one}[{at}]") for one in ("lon", "lat"))
        place = [lon + rng.gauss(0, 0.03), lat + rng.gauss(0, 0.03)]
    does = rng.choice(["add", "add", "move", "move", "close", "reopen", "change", "undo", "redo", "remove"])
    if does == "add":
        page.evaluate("([x, y]) => { fugai.whatif.add(x, y); }", place)
    elif does == "move":
        page.evaluate("([id, x, y]) => { fugai.whatif.move(id, x, y); }", [rng.choice(ids + mine), *place])
    elif does in ("close", "reopen"):
        page.evaluate(f"(id) => {{ fugai.whatif.{does}(id); }}", rng.choice(ids))
    elif does == "change":
        kind = rng.choice(page.evaluate("Object.keys(fugai.scene.tool.kinds)"))
        page.evaluate("([id, kind]) => { fugai.whatif.change(id, kind); }", [rng.choice(ids + mine), kind])
    elif does == "remove" and mine:
        page.evaluate("(id) => { fugai.whatif.remove(id); }", rng.choice(mine))
    else:
        page.evaluate(f"fugai.whatif.{'redo' if does == 'redo' else 'undo'}()")


@pytest.mark.parametrize("city", ["panzhihua", "suining", "yaan"])
def test_numbers_are_those_of_a_run_to_the_person(city: str, browser: Any, tmp_path: Path) -> None:
    """Twenty actions at random, exported, run: the same people, in the city and in every town, by every way of travelling."""
    rules = ["--rules", "panzhihua_2023"] if city == "suining" else []
    seen = open_file(browser, made(f"sample:{city}", tmp_path, *rules))
    rng = random.Random(city)
    west, south, east, north = (one / 1e5 for one in seen.page.evaluate("fugai.scene.ground.bounds"))
    travels = seen.page.evaluate("fugai.scene.tool.questions.map((one) => one.travel)")
    asked = [travels.index(one) for one in ("paper", "road", "road_time")]
    asked.append(len(travels) - 1 - travels[::-1].index("road_time"))
    for at in range(20):
        seen.page.evaluate(f"fugai.whatif.ask({asked[at % len(asked)]})")  # what is kept must not go stale
        act(seen.page, rng, [west, south, east, north])
    region = load_region(f"sample:{city}")
    for at in asked:
        assert_equal_to_a_run(seen.page, at, region, tmp_path / f"试点{at}.yaml")
    assert seen.told == []
    seen.page.context.close()


def assert_equal_to_a_run(page: Any, at: int, region: Region, path: Path) -> None:
    """Ask one question of the plan that stands, export it, run it, and hold the two answers against each other."""
    page.evaluate(f"fugai.whatif.ask({at})")
    judged = page.evaluate("fugai.whatif.judged()")
    rule, reading = page.evaluate(f"(({{rule, reading}}) => [rule, reading])(fugai.scene.tool.questions[{at}])")
    towns = page.evaluate(
        "fugai.scene.ground.towns.code.map((code, at) => [code, fugai.stage.state.pictures[0].facts['未覆盖（方案）'][at]])"
    )
    path.write_text(page.evaluate("fugai.whatif.exported()"), encoding="utf-8")
    file = read_scenario(path)
    table = path.with_suffix(".csv")
    table.write_text(page.evaluate("fugai.whatif.editTable()"), encoding="utf-8")
    said = read_edits(table, region).scenario
    assert fingerprint(said, RoadChoices()) == fingerprint(file.scenario, RoadChoices())
    rows = run(region, str(file.rules), file).findings
    mine = rows[(rows["rule"] == rule) & (rows["reading"] == reading)]
    whole = mine[mine["level"] == "city"].iloc[0]
    assert (judged["all"], judged["covered"]) == (whole["population"], whole["covered"])
    left = {code: int(re.sub(r"\D", "", text)) for code, text in towns if text}
    found = mine[mine["level"] == "town"]
    assert left == dict(zip(found["subject_code"], found["uncovered"] + found["unreachable"], strict=True))


def barred(graph: RoadGraph, rng: np.random.Generator) -> RoadGraph:
    """Return the roads with one-way streets, turns that nobody drives, roads for the people there alone, edges without access."""
    edges = len(graph.tail)
    oneway = rng.random(edges) < 0.2
    turns = [
        (one, node, other)
        for node in range(0, len(graph.lon), 5)
        for at in [np.flatnonzero((graph.tail == node) | (graph.head == node))]
        for one, other in [(at[0], at[-1])]
    ]
    return replace(
        graph, forward=~oneway | (rng.random(edges) < 0.5), backward=~oneway, turns=np.array(sorted(turns), np.int64),
        through=rng.random(edges) > 0.1, joins=rng.random(edges) > 0.2,
    )  # fmt: skip


def test_every_cost_along_roads_is_that_of_python(browser: Any, tmp_path: Path) -> None:
    """To the millimetre and millisecond, on roads with all that roads have; after places come, go and move."""
    rng = np.random.default_rng(5)
    region = load_region("sample:panzhihua")
    assert region.roads is not None
    region = replace(region, roads=barred(region.roads, rng))
    seen = open_page(browser, page_of(region, load_rules("panzhihua_2023", FUNCTIONS), "panzhihua_2023"), tmp_path)
    some = region.residents[["lon", "lat"]].sample(30, random_state=5).to_numpy() + rng.normal(0, 0.01, (30, 2))
    ways = ways_of(region, RoadChoices(), by_time=True)
    for rows in (np.arange(12), np.arange(6, 20), np.arange(25), np.array([3, 29])):
        places = pd.DataFrame(some[rows], columns=["lon", "lat"]).assign(id=[f"F{at}" for at in rows])
        for travel in ("paper", "road", "road_time"):
            found = seen.page.evaluate(
                "([travel, places]) => Array.from(fugai.whatif.wayOf(travel).nearest(places), (one) => one === Infinity ? -1 : one)",
                [travel, some[rows].tolist()],
            )
            cost = ways[travel].reach_whole(region.residents, places, 0).nearest()["cost"].fillna(-1).to_numpy()
            if travel == "paper":
                cost = np.where(cost <= 30e6, cost, -1)
            assert np.array_equal(found, cost), travel
    assert seen.told == []
    seen.page.context.close()


def test_the_geodesic_is_that_of_proj(page: Opened) -> None:
    """To a thousandth of a millimetre, up to 200 km."""
    rng = np.random.default_rng(3)
    start = np.column_stack([rng.uniform(97, 108, 400), rng.uniform(26, 34, 400)])
    end = start + rng.normal(0, 1, (400, 2)) * rng.choice([1e-5, 1e-2, 0.5], (400, 1))
    ends = np.hstack([start, end]).tolist()
    found = page.page.evaluate("(all) => all.map((one) => geodesic(...one))", ends)
    expected = Geod(ellps="GRS80").inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    assert np.abs(np.array(found) - expected).max() < 1e-6


def test_one_adds_drags_closes_and_goes_back(page: Opened) -> None:
    shown = page.page
    left = "document.querySelector('#number').textContent"
    shown.evaluate(f"{MAP}.setView([26.6, 101.74], 12, {{animate: false}})")
    before = shown.evaluate("fugai.whatif.judged()")
    x, y = page.spot(101.7320, 26.6208)
    shown.mouse.click(x, y)
    assert shown.evaluate("fugai.whatif.judged().covered") == 705_135
    assert shown.evaluate(left) == "60,354 → 7,881人"
    assert "新覆盖 52,473 人，没有人失去覆盖。条款仍未达标。" in shown.locator("#sentence").inner_text()
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x + 120, y - 40, steps=6)
    during = shown.evaluate(left)
    shown.mouse.up()
    assert during != "60,354 → 7,881人"
    assert shown.evaluate(left) == during
    assert len(shown.evaluate("fugai.whatif.state().edits")) == 2, "the click that ends a drag adds nothing"
    shown.get_by_role("button", name="↶ 撤销").click()
    assert shown.evaluate(left) == "60,354 → 7,881人"
    shown.get_by_role("button", name="↷ 重做").click()
    assert shown.evaluate(left) == during
    sign, ground = page.signs("facilities")[0], shown.locator(".sheet").bounding_box()
    shown.mouse.click(ground["x"] + (sign[0] + sign[2]) / 2, ground["y"] + (sign[1] + sign[3]) / 2)
    shown.get_by_role("button", name="关闭这一处").click()
    assert shown.evaluate("fugai.whatif.state().edits.slice(-1)[0].do") == "close"
    for _ in range(3):
        shown.keyboard.press("Control+z")
    assert shown.evaluate("fugai.whatif.judged()") == before
    assert page.told == []


@pytest.mark.parametrize(("travel", "limit"), [("paper", "7.5"), ("road", "8"), ("road_time", "12")])
def test_another_limit_is_exported_and_opened(travel: str, limit: str, page: Opened, tmp_path: Path) -> None:
    shown = page.page
    at = shown.evaluate(f"fugai.scene.tool.questions.findIndex((one) => one.travel === '{travel}')")
    shown.evaluate(f"fugai.whatif.ask({at}); fugai.whatif.add(101.76, 26.59)")
    shown.locator("#whatif-limit").fill(limit)
    judged = shown.evaluate("fugai.whatif.judged()")
    path = tmp_path / "方案.yaml"
    path.write_text(shown.evaluate("fugai.whatif.exported()"), encoding="utf-8")
    rule, reading = shown.evaluate(f"(({{rule, reading}}) => [rule, reading])(fugai.scene.tool.questions[{at}])")
    file = read_scenario(path)
    rows = run(load_region("sample:panzhihua"), str(file.rules), file).findings
    whole = rows[(rows["rule"] == rule) & (rows["reading"] == reading) & (rows["level"] == "city")].iloc[0]
    assert judged["covered"] == whole["covered"]
    shown.evaluate(f"fugai.whatif.undo(); fugai.whatif.ask({at})")
    assert shown.evaluate("fugai.whatif.judged()") != judged
    shown.locator("#tools-below input[type=file]").set_input_files(path)
    shown.wait_for_timeout(300)
    assert shown.evaluate("fugai.whatif.judged()") == judged
    shown.evaluate("fugai.whatif.ask(0); fugai.whatif.choosePlan(fugai.whatif.plans[1])")
    assert page.told == []


def test_keys_move_and_close_and_what_came_of_it_is_spoken(browser: Any, tmp_path: Path) -> None:
    seen = open_file(browser, made("sample:panzhihua", tmp_path))
    shown = seen.page
    shown.evaluate(f"{MAP}.setView([26.6208, 101.7320], 13, {{animate: false}})")
    shown.locator("#map, .leaflet-container").first.focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("fugai.whatif.judged().covered") == 705_135
    assert shown.locator(".spoken").inner_text() == "新覆盖 52,473 人，剩 7,881 人"
    shown.mouse.click(*seen.spot(101.7320, 26.6208))
    shown.locator(".leaflet-container").first.focus()
    shown.keyboard.press("Shift+ArrowRight")
    move = shown.evaluate("fugai.whatif.state().edits.slice(-1)[0]")
    assert (move["do"], move["id"]) == ("move", "NEW1")
    assert Geod(ellps="GRS80").inv(101.7320, 26.6208, move["lon"], move["lat"])[2] == pytest.approx(100, abs=1)
    shown.keyboard.press("Delete")
    assert shown.evaluate("fugai.scene.places.sites.code") == []
    x, y = seen.spot(101.7320, 26.6208)
    shown.mouse.move(x, y)
    shown.wait_for_timeout(100)
    assert "最近：瓜子坪街道" in shown.locator("#pointer").inner_text()
    assert seen.told == []
    shown.context.close()


def test_a_finger_that_stays_adds_and_a_tap_does_not(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844}, has_touch=True)
    shown = context.new_page()
    shown.goto(made("sample:panzhihua", tmp_path).as_uri())
    shown.locator("html.ready").wait_for(state="attached")
    box = shown.locator(".leaflet-container").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    shown.touchscreen.tap(x, y)
    assert shown.evaluate("fugai.whatif.state().edits") == []
    touch = context.new_cdp_session(shown)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    shown.wait_for_timeout(700)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shown.wait_for_timeout(400)
    assert [one["do"] for one in shown.evaluate("fugai.whatif.state().edits")] == ["open"]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + 60, "y": y + 20}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shown.wait_for_timeout(400)
    assert [one["do"] for one in shown.evaluate("fugai.whatif.state().edits")] == ["open", "move"]
    context.close()


def test_distances_plans_and_clauses_are_told(page: Opened) -> None:
    """The bars hold everybody; plans stand side by side; a verdict is by the clause's own limit, whatever the slider says."""
    shown = page.page
    shown.evaluate("fugai.whatif.choosePlan(fugai.whatif.plans[1])")
    while shown.evaluate("fugai.whatif.state().edits.length"):
        shown.evaluate("fugai.whatif.undo()")
    shown.evaluate("fugai.whatif.add(101.732, 26.6208)")
    label = str(shown.locator(".histogram").get_attribute("aria-label"))
    people = [int(one.replace(",", "")) for one in re.findall(r"([\d,]+) 人（", label)]
    before = [int(one.replace(",", "")) for one in re.findall(r"今天 ([\d,]+)", label)]
    assert (sum(people), sum(before)) == (713_016, 713_016)
    assert (people[0], before[0]) == (705_135, 713_016 - 60_354)
    shown.locator("#whatif-limit").fill("10")
    told = shown.locator("#blocks").inner_text()
    assert "60,354 人 → 7,881 人未覆盖" in told
    shown.get_by_role("button", name="＋ 新方案").click()
    assert "各方案未覆盖" in shown.locator("#blocks").inner_text()
    shown.get_by_role("button", name="条款的数").click()
    shown.evaluate("fugai.whatif.choosePlan(fugai.whatif.plans[1])")
    shown.evaluate("fugai.whatif.undo()")
    assert page.told == []


def test_a_plan_is_saved_opened_and_listed(page: Opened, tmp_path: Path) -> None:
    shown = page.page
    shown.evaluate("fugai.whatif.add(101.732, 26.6208)")
    judged = shown.evaluate("fugai.whatif.judged()")
    with shown.expect_download() as saved:
        shown.get_by_role("button", name="导出方案").click()
    path = tmp_path / "方案.yaml"
    saved.value.save_as(path)
    with shown.expect_download() as listed:
        shown.get_by_role("button", name="导出清单").click()
    rows = Path(listed.value.path()).read_text("utf-8-sig").splitlines()
    assert sum(int(row.rsplit(",", 1)[1].strip('"')) for row in rows[1:]) == judged["all"] - judged["covered"]
    shown.get_by_role("button", name="＋ 新方案").click()
    shown.evaluate("fugai.whatif.undo()")
    assert shown.evaluate("fugai.whatif.judged()") != judged
    shown.locator("#tools-below input[type=file]").set_input_files(path)
    shown.wait_for_timeout(200)
    assert shown.evaluate("fugai.whatif.judged()") == judged
    broken = tmp_path / "别的.yaml"
    broken.write_text("name: 别的\nedits:\n  - close: X\n", encoding="utf-8")
    shown.locator("#tools-below input[type=file]").set_input_files(broken)
    shown.wait_for_timeout(200)
    assert "打不开“别的.yaml”" in shown.locator("#tools-below .said").inner_text()
    assert shown.evaluate("fugai.whatif.judged()") == judged
    assert page.told == []


def test_the_next_site_that_is_suggested_covers_more(page: Opened) -> None:
    shown = page.page
    shown.evaluate("fugai.whatif.choosePlan(fugai.whatif.plans[0])")
    today = shown.evaluate("fugai.whatif.judged().covered")
    shown.get_by_role("button", name="建议下一处（启发式）").click()
    assert shown.evaluate("fugai.whatif.judged().covered") - today >= 52_473 * 0.9


def test_words_from_the_data_stay_words(browser: Any, tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "data")
    tiny.facilities().assign(name=PAYLOADS[0]).to_csv(data / "facilities.csv", index=False)
    tiny.villages().assign(name=PAYLOADS[1]).to_csv(data / "villages.csv", index=False)
    out = made(str(data), tmp_path, "--rules", "panzhihua_2023")
    assert not [one for one in PAYLOADS[:2] if one in out.read_text("utf-8")]
    seen = open_file(browser, out)
    seen.page.evaluate("fugai.whatif.move('ES1', 101.66, 26.66)")
    assert PAYLOADS[0] in seen.page.locator("#blocks").inner_text()
    assert json.dumps(PAYLOADS[0], ensure_ascii=False) not in seen.page.evaluate("fugai.whatif.exported()"), (
        "a move names an id"
    )
    assert seen.told == []
    seen.page.context.close()


def test_what_cannot_be_made_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "试点.html"
    assert main(["whatif", "sample:suining", "--rules", "suining_2024", "--out", str(out)]) == 2
    assert "没有按距离数人口的条款" in capsys.readouterr().err
    assert main(["whatif", str(tmp_path / "没有"), "--rules", "panzhihua_2023", "--out", str(out)]) == 2
    assert not out.exists()
