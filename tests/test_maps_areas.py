"""The map of service areas: what it shows is what was reckoned, offline, whatever the ids of the points are."""

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from maps.areas import NOTICE, STATES, area_fills
from planner.areas import straight_areas
from planner.limits import read_limit
from planner.travel import StraightLine
from scenarios.cli.program import main
from scenarios.reach import ask
from tests.pages import Opener, opened, scene_of

__all__ = ["opened"]

PAYLOAD = "</script><img src=x onerror=alert(1)><!--"


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A street of 4 km with an office at its west end, hamlets at 1 and 4 km, one 3 km off it and one far beyond."""
    line = LineString([(101.70, 26.60), (101.74, 26.60)])
    roads = gpd.GeoDataFrame({"id": ["1"], "road_class": ["primary"]}, geometry=[line], crs=4326)
    roads.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    demand = {"id": ["near", PAYLOAD, "hill", "lost"], "lon": [101.71, 101.74, 101.72, 101.72],
              "lat": [26.60, 26.60, 26.627, 26.68], "population": [10, 20, 7, 5]}  # fmt: skip
    pd.DataFrame(demand).to_csv(tmp_path / "d.csv", index=False)
    pd.DataFrame({"id": ["office"], "lon": [101.70], "lat": [26.60]}).to_csv(tmp_path / "f.csv", index=False)
    return tmp_path


def _map(street: Path, *more: str) -> Path:
    words = ["reach", "--demand", str(street / "d.csv"), "--facilities", str(street / "f.csv")]
    out = street / "map.html"
    assert main([*words, "--out", str(street / "out.csv"), "--map", str(out), *more]) == 0
    return out


def _by_road(street: Path) -> Path:
    return _map(street, "--roads", str(street / "roads.gpkg"), "--limit", "2km,6km", "--offroad", "5km")


def _data(path: Path) -> Any:
    return scene_of(path.read_text("utf-8"))


def test_the_page_holds_what_was_reckoned(street: Path) -> None:
    page = _by_road(street)
    data = _data(page)
    points = data["places"]["demand"]
    assert [one["keys"] for one in data["views"]] == [["2km"], ["6km"]]
    states = [
        {points["code"][row]: state for state in STATES for row in picture["contents"].get(state, {"rows": []})["rows"]}
        for picture in data["pictures"]
    ]
    assert states == [
        {"near": "covered", PAYLOAD: "uncovered", "hill": "uncovered", "lost": "unreachable"},
        {"near": "covered", PAYLOAD: "covered", "hill": "covered", "lost": "unreachable"},
    ]
    walks = dict(zip(points["code"], points["facts"]["步行接入"], strict=True))
    assert {name for name, walk in walks.items() if walk} == {"hill"}
    rows = data["views"][0]["blocks"][0]["rows"]
    assert [row["cells"][2]["text"] for row in rows] == ["10", "37"]
    assert data["furniture"]["notice"] == NOTICE
    assert [name for name, _ in data["furniture"]["inputs"]] == ["d.csv", "f.csv", "roads.gpkg"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in data["furniture"]["inputs"])
    assert data["furniture"]["version"].startswith("fugai ")
    assert any("5,000 米以内的步行接入" in one for one in data["furniture"]["parameters"])
    first = page.read_bytes()
    assert _by_road(street).read_bytes() == first


def test_text_from_data_cannot_leave_its_place(street: Path) -> None:
    text = _by_road(street).read_text("utf-8")
    assert PAYLOAD not in text
    assert "<img" not in text.replace("<image", "")
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=(?!.data:)", text)
    assert "default-src 'none'" in text


def test_all_files_or_none(street: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _by_road(street)
    before = {path.name: path.read_bytes() for path in street.iterdir()}

    def full(*args: object, **more: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    words = ["reach", "--demand", str(street / "d.csv"), "--facilities", str(street / "f.csv"), "--limit", "1km"]
    outputs = [
        "--out",
        str(street / "out.csv"),
        "--areas",
        str(street / "a.geojson"),
        "--map",
        str(street / "map.html"),
    ]
    assert main([*words, *outputs]) == 2
    assert {path.name: path.read_bytes() for path in street.iterdir()} == before


def test_circles_of_a_straight_line_are_as_wide_as_the_limit() -> None:
    offices = pd.DataFrame({"id": ["a", "b"], "lon": [101.70, 179.999], "lat": [26.60, 0.0]})
    areas = straight_areas(offices, [2_000_000, 1_000_000])
    assert list(areas["limit"]) == [1_000_000, 2_000_000]
    near = sorted(areas.geometry.iloc[1].geoms, key=lambda part: part.bounds)
    assert len(near) == 2
    for part, crs in zip(near, (4543, 32660), strict=True):
        wide = gpd.GeoSeries([part], crs=4326).to_crs(crs).iloc[0]
        assert wide.area == pytest.approx(np.pi * 2000**2, rel=0.01)
    answer = ask(offices.assign(population=1), offices, StraightLine(), [read_limit("1km")])
    assert answer.people["covered"].tolist() == [2]


def test_fills_are_as_many_as_limits_and_all_different() -> None:
    for count in range(1, 9):
        assert len(set(area_fills(count))) == count


def test_in_a_browser_without_a_network(street: Path, opened: Opener) -> None:
    seen = opened(_by_road(street).read_text("utf-8"))
    page = seen.page

    def counts() -> list[str]:
        rows = [page.locator(f"#layers li:has([data-layer={one}]) .count") for one in STATES]
        return [row.inner_text() if row.count() else "0" for row in rows]

    assert page.locator("#notice").inner_text() == NOTICE
    assert counts() == ["3", "0", "1"]
    seen.choose(0, "2km")
    assert counts() == ["1", "2", "1"]
    page.locator("#blocks tbody tr").last.click()
    assert counts() == ["3", "0", "1"]
    said = set()
    for name, place in {"near": (101.71, 26.60), PAYLOAD: (101.74, 26.60), "hill": (101.72, 26.627)}.items():
        text = seen.hovered(*place)
        assert name in text
        assert "已覆盖" in text
        said.add("步行接入" in text)
    assert said == {True, False}
    assert seen.told == []
    assert len([url for url in seen.requests if url.startswith("file:")]) == 1
