"""首页: every gap of the city stands on it, in the words of the map, and every link leads to a file that is there."""

import re
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from maps.coverage import answers
from maps.furniture import Furniture
from maps.home import Link, home_page
from scenarios.cli.program import main
from scenarios.run import HOME
from tests import tiny
from tests.test_maps_city import PAYLOADS, City, hostile_city, plain_city


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert main(["demo", str(out)]) == 0
    return out / "攀枝花"


def test_every_judged_clause_of_the_city_is_told(demo: Path) -> None:
    page = (demo / HOME).read_text("utf-8")
    rows = pd.read_csv(demo / "findings.csv", dtype=str, encoding="utf-8-sig")
    city = rows[(rows["level"] == "city") & rows["status"].isin(["not_met", "no_data", "met"])]
    assert len(city)
    assert not [label for label in city["rule_label"] if escape(label) not in page]
    assert "60,354" in page
    assert "现状 0 所，要求 全市5～8个" in page
    assert "没有判断为未达标的条款" not in page


def test_links_lead_to_files_and_views(demo: Path, browser: Any) -> None:
    page = (demo / HOME).read_text("utf-8")
    files = set(re.findall(r'href="([^"#]+)"', page)) - {"data:,"}
    assert {"覆盖地图.html", "试点.html", "缺口清单_盐边县.xlsx", "缺口清单_攀枝花市.xlsx"} <= files
    assert not [name for name in files if not (demo / name).is_file()]
    seen = browser.new_context(offline=True).new_page()
    errors: list[str] = []
    seen.on("console", lambda said: errors.append(said.text))
    seen.goto((demo / HOME).as_uri())
    clause = seen.locator("li:has(a)").nth(1)
    asked = clause.locator("strong").inner_text()
    clause.locator("a").click()
    seen.locator("html.ready").wait_for(state="attached")
    assert seen.locator("#question").inner_text() == asked
    assert errors == []
    seen.context.close()


def test_on_paper_it_is_one_page(demo: Path, browser: Any) -> None:
    seen = browser.new_context(offline=True).new_page()
    seen.goto((demo / HOME).as_uri())
    assert len(re.findall(rb"/Type ?/Page\b", seen.pdf(prefer_css_page_size=True))) == 1
    seen.context.close()


def _page(city: City) -> str:
    return home_page(
        answers(city.region, city.findings),
        [Link("a.html", PAYLOADS[0])],
        "a.html",
        city.furniture,
        PAYLOADS[1],
        (PAYLOADS[2],),
    )


def test_words_from_the_data_stay_words() -> None:
    html = _page(hostile_city())
    assert not [one for one in PAYLOADS[:4] if one in html]
    assert escape(PAYLOADS[1]) in html
    assert html == _page(hostile_city())


def test_where_no_gap_was_judged_nothing_reassures() -> None:
    city = plain_city()
    unknown = city.findings.assign(status="no_data")
    html = home_page(answers(city.region, unknown), [], "a.html", Furniture("某市"))
    assert "没有判断为未达标的条款" in html
    assert "缺数据，不能判断" in html
    assert "已达标" not in html


def test_a_run_tells_first_what_it_changes(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "data")
    scenario = tmp_path / "方案.yaml"
    scenario.write_text("name: 试\nrules: panzhihua_2023\nedits:\n  - close: VC1\n", encoding="utf-8")
    assert main(["run", str(scenario), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / HOME).read_text("utf-8")
    assert page.index("方案改变了什么") < page.index("先看这")
    assert "2 / 4 个 → 1 / 4 个" in page
