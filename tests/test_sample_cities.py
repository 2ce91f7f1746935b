"""The embedded samples of 遂宁 and 雅安: real names, codes and county census; the rest labelled as estimated."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import pandas as pd
import pytest
import shapely

from geodata.load import load
from geodata.samples.build.places import CITIES
from geodata.samples.build.sample import build
from planner.findings import assess, gap_rows
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import load_rules
from planner.travel import PAPER
from scenarios.cli.assess import SAMPLES as DEMOS
from scenarios.cli.program import main

SAMPLES = Path(__file__).parents[1] / "geodata" / "samples"
TEXT = {"code": str, "town_code": str, "village_code": str, "host_id": str, "id": str}


@dataclass(frozen=True)
class Known:
    """What is published of a city: counts of units, and by county 第七次全国人口普查: residents, of them urban."""

    rules: str
    crs: str
    counts: tuple[int, int, int, int]  # counties, towns, villages and communities, of them 行政村
    subcenters: int
    census: dict[str, tuple[int, int]]


KNOWN = {
    "suining": Known(
        "suining_2024", "EPSG:4544", (5, 95, 1445, 1109), 15,
        {"510903": (832863, 690686), "510904": (431310, 138670), "510921": (430344, 168158),
         "510923": (387299, 172275), "510981": (732380, 442852)},
    ),
    "yaan": Known(
        "yaan_2022", "EPSG:4543", (8, 96, 659, 554), 8,
        {"511802": (368909, 233777), "511803": (254632, 109285), "511822": (131491, 67097), "511823": (285558, 122577),
         "511824": (114116, 87277), "511825": (132033, 62409), "511826": (99824, 53851), "511827": (48040, 20878)},
    ),
}  # fmt: skip
CITY_TOTALS = {"suining": (2814196, 1612641), "yaan": (1434603, 757151)}


@pytest.fixture(scope="module", params=sorted(KNOWN))
def city(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def region(city: str) -> Region:
    return load(SAMPLES / city)


@pytest.fixture(scope="module")
def villages(city: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLES / city / "villages.csv", dtype=TEXT, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def facilities(city: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLES / city / "facilities.csv", dtype=TEXT, encoding="utf-8-sig")


def facts(city: str, name: str) -> list[dict[str, str]]:
    with (SAMPLES / "facts" / city / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_plane_is_the_zone_of_the_city(city: str, region: Region) -> None:
    assert region.crs == KNOWN[city].crs == f"EPSG:{CITIES[city].plane.epsg}"


def test_residents_sum_to_the_census_to_the_person(city: str, villages: pd.DataFrame) -> None:
    counties = gpd.read_file(SAMPLES / city / "counties.geojson").set_index("code")
    by_county = villages.groupby(villages["town_code"].str[:6])[["population", "urban_population"]].sum()
    for code, (total, urban) in KNOWN[city].census.items():
        assert tuple(by_county.loc[code]) == (total, urban)
        assert tuple(counties.loc[code, ["population", "urban_population", "rural_population"]]) == (
            total, urban, total - urban,
        )  # fmt: skip
    assert tuple(by_county.sum()) == CITY_TOTALS[city]
    by_town = villages.groupby("town_code")["population"].sum()
    towns = gpd.read_file(SAMPLES / city / "towns.geojson").set_index("code")
    assert by_town.to_dict() == towns["population"].to_dict()
    assert (villages["population"] > 0).all()
    assert (villages["urban_population"] <= villages["population"]).all()


def test_names_and_codes_are_those_of_the_statistical_codes(city: str, region: Region, villages: pd.DataFrame) -> None:
    rural = villages["code"].str[9] == "2"
    assert (len(region.counties), len(region.towns), len(villages), int(rural.sum())) == KNOWN[city].counts
    assert (villages["kind"] == "village").tolist() == rural.tolist()
    assert set(zip(villages["code"], villages["name"], villages["town_code"], strict=True)) == {
        (one["code"], one["name"], one["town_code"]) for one in facts(city, "villages.csv")
    }
    assert dict(zip(region.towns["code"], region.towns["name"], strict=True)) == {
        one["code"]: one["name"] for one in facts(city, "towns.csv")
    }
    assert villages["code"].str.startswith(tuple(KNOWN[city].census)).all()
    assert (villages["code"].str[:9] == villages["town_code"]).all()


def test_towns_tile_the_counties_and_points_lie_in_their_towns(
    city: str, villages: pd.DataFrame, facilities: pd.DataFrame
) -> None:
    towns = gpd.read_file(SAMPLES / city / "towns.geojson")
    counties = gpd.read_file(SAMPLES / city / "counties.geojson")
    assert towns.is_valid.all()
    assert shapely.coverage_is_valid(towns.geometry.to_numpy())
    assert shapely.coverage_is_valid(counties.geometry.to_numpy())
    for county in counties.itertuples():
        own = towns.loc[towns["county_code"] == county.code].geometry.to_numpy()
        assert shapely.equals(shapely.coverage_union_all(own), county.geometry)
    for rows in (villages, facilities):
        area = towns.set_index("code").geometry[rows["town_code"]].to_numpy()
        assert shapely.contains_properly(area, shapely.points(rows[["lon", "lat"]].to_numpy())).all()


def test_all_that_is_estimated_says_so(city: str, region: Region, facilities: pd.DataFrame) -> None:
    assert region.about.notice.startswith("示例数据（部分估算）")
    assert region.towns["estimated"].all()
    assert region.villages["estimated"].all()
    assert facilities["estimated"].all()
    assert gpd.read_file(SAMPLES / city / "roads.geojson")["estimated"].all()
    assert region.towns["source"].str.contains("近似边界").all()
    for rows in (region.counties, region.towns, region.villages, region.facilities):
        assert rows["source"].str.len().gt(0).all()
    hospitals = facilities[facilities["kind"] == "hospital"]
    named = hospitals["source"].str.contains("〔20")  # by a document
    assert hospitals.loc[~named, "name"].str.endswith("（示例）").all()
    assert hospitals[["beds", "grade"]].isna().all(axis=None)


def test_roads_are_connected_and_pass_by_every_village(city: str, villages: pd.DataFrame) -> None:
    roads = gpd.read_file(SAMPLES / city / "roads.geojson")
    graph: Any = nx.DiGraph()
    for line, oneway in zip(roads.geometry, roads["oneway"], strict=True):
        graph.add_edge(line.coords[0], line.coords[-1])
        if not oneway:
            graph.add_edge(line.coords[-1], line.coords[0])
    assert nx.is_strongly_connected(graph)
    points = gpd.GeoSeries(gpd.points_from_xy(villages["lon"], villages["lat"], crs=4326)).to_crs(KNOWN[city].crs)
    lines = roads.to_crs(KNOWN[city].crs).geometry.to_numpy()
    _, away = shapely.STRtree(lines).query_nearest(points.to_numpy(), return_distance=True, all_matches=False)
    assert away.max() < 1000


def test_files_are_small(city: str) -> None:
    assert sum(path.stat().st_size for path in (SAMPLES / city).iterdir()) < 1_500_000
    assert (SAMPLES / city / "roads.geojson").stat().st_size < 700_000


def test_builder_gives_the_same_bytes_twice_and_the_committed_people(
    city: str, tmp_path: Path, villages: pd.DataFrame
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    build(SAMPLES / "facts" / city, first, CITIES[city])
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in (SAMPLES / city).iterdir())
    if city == "yaan":  # the smaller one, for the time it takes
        build(SAMPLES / "facts" / city, second, CITIES[city])
        assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    rebuilt = pd.read_csv(first / "villages.csv", dtype=TEXT, encoding="utf-8-sig")
    columns = ["code", "name", "town_code", "kind", "population", "urban_population", "source", "estimated"]
    pd.testing.assert_frame_equal(rebuilt[columns], villages[columns])


def test_the_citys_own_document_judges(city: str, region: Region) -> None:
    rules = load_rules(KNOWN[city].rules, FUNCTIONS)
    findings = assess(region, rules, PAPER)
    gaps = gap_rows(findings, rules)
    assert gaps["rule"].tolist() == ["county_subcenter"]
    assert (gaps["value"].iloc[0], gaps["required"].iloc[0]) == (0, KNOWN[city].subcenters)
    assert set(findings.loc[findings["rule"] != "county_subcenter", "status"]) == {"not_judged"}


def test_another_citys_clauses_judge_nothing(city: str, region: Region) -> None:
    rules = load_rules("panzhihua_2023", FUNCTIONS)
    findings = assess(region, rules, PAPER)
    assert not set(findings["status"]) & {"met", "not_met"}
    assert not len(gap_rows(findings, rules))
    radius = findings[(findings["rule"] == "emergency_urban") & (findings["reading"] == "paper")]
    assert set(radius["status"]) == {"not_judged"}
    assert radius["note"].str.startswith("参数情景").all()


def test_subcentres_enough_or_more_are_met(region: Region, city: str) -> None:
    """The document's number is a lower limit: one more is no gap."""
    from dataclasses import replace

    rules = load_rules(KNOWN[city].rules, FUNCTIONS)
    for more, status in ((-1, "not_met"), (0, "met"), (1, "met")):
        hosts = region.facilities.index[region.facilities["kind"] == "township_hospital"]
        kinds = region.facilities["kind"].where(
            ~region.facilities.index.isin(hosts[: KNOWN[city].subcenters + more]), "county_subcenter"
        )
        findings = assess(replace(region, facilities=region.facilities.assign(kind=kinds)), rules, PAPER)
        assert findings.set_index("rule").loc["county_subcenter", "status"] == status


def test_assess_and_demo_write_map_and_lists(city: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", str(SAMPLES / city), "--rules", KNOWN[city].rules, "--out", str(tmp_path / "a")]) == 0
    assert main(["demo", str(tmp_path / "d"), "--city", city]) == 0
    capsys.readouterr()
    demo = tmp_path / "d" / DEMOS[city][0]
    assert DEMOS[city][1] == KNOWN[city].rules
    assert (demo / "findings.csv").read_bytes() == (tmp_path / "a" / "findings.csv").read_bytes()
    page = (demo / "覆盖地图.html").read_text("utf-8")
    assert "示例数据（部分估算），不作决策依据" in page
    assert json.loads((demo / "manifest.json").read_text("utf-8"))
