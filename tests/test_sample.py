"""The embedded sample of 攀枝花: its sums are the census's, its towns tile the counties, its roads reach everyone."""

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from geodata.samples.build.people import largest_remainder
from geodata.samples.build.places import PANZHIHUA
from geodata.samples.build.sample import build

SAMPLES = Path(__file__).parents[1] / "geodata" / "samples"
SAMPLE = SAMPLES / "panzhihua"
METRIC_CRS = 4543

# 第七次全国人口普查: residents, of them urban.
CENSUS = {
    "510402": (411427, 407322),
    "510403": (129406, 123131),
    "510411": (265562, 155610),
    "510421": (227011, 99881),
    "510422": (178797, 57434),
}
# 盐边县第七次全国人口普查公报（第一号）.
YANBIAN = {
    "510422100": 27522, "510422101": 30501, "510422102": 24821, "510422103": 21419, "510422104": 16835,
    "510422105": 12461, "510422203": 9783, "510422205": 6051, "510422206": 12512, "510422207": 3567,
    "510422210": 5458, "510422211": 7867,
}  # fmt: skip
CODES = {"code": str, "town_code": str, "village_code": str, "host_id": str, "id": str}


@pytest.fixture(scope="module")
def counties() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "counties.geojson")


@pytest.fixture(scope="module")
def towns() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "towns.geojson")


@pytest.fixture(scope="module")
def villages() -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "villages.csv", dtype=CODES, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def facilities() -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "facilities.csv", dtype=CODES, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def roads() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "roads.geojson")


def metres(table: pd.DataFrame) -> np.ndarray:
    """Return the points of a table with lon and lat in metres, shape (n, 2)."""
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326).to_crs(METRIC_CRS)
    return np.column_stack([points.x, points.y])


def test_counts_are_those_of_the_statistical_codes(counties, towns, villages):
    assert (len(counties), len(towns), len(villages)) == (5, 49, 336)
    assert villages["kind"].value_counts().to_dict() == {"village": 230, "community": 106}
    assert towns["kind"].value_counts().to_dict() == {"town": 23, "township": 15, "subdistrict": 11}
    assert set(towns.loc[towns["is_county_seat"], "name"]) == {"攀莲镇", "桐子林镇", "仁和镇"}


def test_residents_sum_to_the_census_to_the_person(counties, villages):
    by_county = villages.groupby(villages["town_code"].str[:6])[["population", "urban_population"]].sum()
    assert {
        code: tuple(row) for code, row in zip(by_county.index, by_county.to_numpy().tolist(), strict=True)
    } == CENSUS
    published = counties.set_index("code")
    assert published["population"].to_dict() == {code: total for code, (total, _) in CENSUS.items()}
    assert (published["urban_population"] + published["rural_population"] == published["population"]).all()
    assert published["urban_population"].to_dict() == {code: urban for code, (_, urban) in CENSUS.items()}


def test_towns_sum_their_villages_and_yanbian_is_the_published_one(towns, villages):
    by_town = villages.groupby("town_code")["population"].sum()
    published = towns.set_index("code")
    assert by_town.to_dict() == published["population"].to_dict()
    assert {code: by_town[code] for code in YANBIAN} == YANBIAN
    assert set(published.index[~published["estimated"]]) == set(YANBIAN)


def test_every_village_has_people_and_no_more_urban_ones(villages):
    assert (villages["population"] > 0).all()
    assert (villages["urban_population"] >= 0).all()
    assert (villages["urban_population"] <= villages["population"]).all()


def test_towns_tile_the_counties(counties, towns):
    assert towns.is_valid.all()
    assert shapely.coverage_is_valid(towns.geometry.to_numpy())
    assert shapely.coverage_is_valid(counties.geometry.to_numpy())
    for county in counties.itertuples():
        own = towns.loc[towns["county_code"] == county.code]
        assert set(own["county_name"]) == {county.name}
        union = shapely.coverage_union_all(own.geometry.to_numpy())
        assert shapely.equals(union, county.geometry)
        # A gap or an overlap would show as a difference of areas, too.
        assert own.to_crs(METRIC_CRS).area.sum() == pytest.approx(
            gpd.GeoSeries([county.geometry], crs=4326).to_crs(METRIC_CRS).area.sum(), rel=1e-9
        )


def test_city_has_no_holes(counties):
    union = shapely.coverage_union_all(counties.geometry.to_numpy())
    assert sum(shapely.get_num_interior_rings(part) for part in shapely.get_parts(union)) == 0


@pytest.mark.parametrize("table", ["villages", "facilities"])
def test_points_lie_strictly_inside_their_town(table, towns, request):
    rows = request.getfixturevalue(table)
    area = towns.set_index("code").geometry[rows["town_code"]].to_numpy()
    assert shapely.contains_properly(area, shapely.points(rows[["lon", "lat"]].to_numpy())).all()


@pytest.mark.parametrize("table", ["counties", "towns", "villages", "facilities", "roads"])
def test_every_row_names_its_source_and_says_whether_it_is_estimated(table, request):
    rows = request.getfixturevalue(table)
    assert rows["source"].str.len().gt(0).all()
    assert rows["estimated"].dtype == bool
    assert rows.iloc[:, 0].is_unique


def test_hospitals_are_those_of_the_plan(facilities):
    hospitals = facilities[facilities["kind"] == "hospital"].set_index("name")
    assert len(hospitals) == 18
    assert (hospitals["beds"].sum(), hospitals["beds_planned"].sum()) == (7852, 9710)
    assert hospitals.index[hospitals["status"] == "planned"].tolist() == ["攀枝花市花城新区医院"]
    assert hospitals.loc["攀枝花市花城新区医院", "beds"] == 0


def test_emergency_stations_stand_at_open_hospitals(facilities):
    by_id = facilities.set_index("id")
    stations = facilities[facilities["kind"] == "emergency_station"]
    hosts = by_id.loc[stations["host_id"]]
    assert (hosts["kind"] == "hospital").all()
    assert (hosts["status"] == "open").all()
    assert np.array_equal(stations[["lon", "lat"]].to_numpy(), hosts[["lon", "lat"]].to_numpy())


def test_some_places_lack_a_facility_so_that_there_is_something_to_find(facilities, towns, villages):
    def lacking(kind: str, column: str, all_codes: pd.Series) -> int:
        return int((~all_codes.isin(facilities.loc[facilities["kind"] == kind, column])).sum())

    subdistricts = towns["kind"] == "subdistrict"
    assert lacking("township_hospital", "town_code", towns.loc[~subdistricts, "code"]) == 3
    assert lacking("community_health_center", "town_code", towns.loc[subdistricts, "code"]) == 3
    assert lacking("village_clinic", "village_code", villages.loc[villages["kind"] == "village", "code"]) == 28
    assert "county_subcenter" not in set(facilities["kind"])


def test_clinic_stands_by_its_own_village(facilities, villages):
    clinics = facilities[facilities["kind"] == "village_clinic"].reset_index(drop=True)
    own = villages.set_index("code").loc[clinics["village_code"]].reset_index()
    assert (own["kind"] == "village").all()
    assert (own["town_code"] == clinics["town_code"]).all()
    assert np.hypot(*(metres(clinics) - metres(own)).T).max() < 300


def test_roads_are_connected_in_both_senses_and_pass_by_every_village(roads, villages):
    graph = nx.DiGraph()
    for line, oneway in zip(roads.geometry, roads["oneway"], strict=True):
        start, end = line.coords[0], line.coords[-1]
        graph.add_edge(start, end)
        if not oneway:
            graph.add_edge(end, start)
    assert nx.is_strongly_connected(graph)
    assert roads["oneway"].any()
    lines = roads.to_crs(METRIC_CRS).geometry.to_numpy()
    points = shapely.points(metres(villages))
    _, away = shapely.STRtree(lines).query_nearest(points, return_distance=True, all_matches=False)
    assert away.max() < 1000


def test_roads_wind_as_in_mountains(roads, villages):
    lines = roads.to_crs(METRIC_CRS).geometry
    graph = nx.Graph()
    for line in lines:
        graph.add_edge(line.coords[0], line.coords[-1], length=line.length)
    nodes = list(graph)
    points = metres(villages)
    _, nearest = cKDTree(np.array(nodes)).query(points)
    detours = []
    for start in range(0, len(points), 24):
        road = nx.single_source_dijkstra_path_length(graph, nodes[nearest[start]], weight="length")
        straight = np.hypot(*(points - points[start]).T)
        detours += [road[nodes[nearest[end]]] / straight[end] for end in np.flatnonzero(straight > 5000)]
    assert 1.2 < np.median(detours) < 1.8


def test_roads_reach_beyond_the_border(roads, counties):
    city = gpd.GeoSeries([counties.union_all()], crs=4326).to_crs(METRIC_CRS).iloc[0]
    ends = shapely.points([line.coords[-1] for line in roads.to_crs(METRIC_CRS).geometry])
    assert shapely.distance(city, ends).max() > 15_000


def test_files_are_small_and_written_for_excel():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 2_000_000
    assert (SAMPLE / "roads.geojson").stat().st_size < 600_000
    for path in SAMPLE.glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content


def test_builder_gives_the_same_bytes_twice_and_the_committed_people(tmp_path, villages, towns):
    first, second = tmp_path / "first", tmp_path / "second"
    build(SAMPLES / "facts" / "panzhihua", first, PANZHIHUA)
    build(SAMPLES / "facts" / "panzhihua", second, PANZHIHUA)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in SAMPLE.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    rebuilt = pd.read_csv(first / "villages.csv", dtype=CODES, encoding="utf-8-sig")
    columns = ["code", "name", "town_code", "kind", "population", "urban_population", "source", "estimated"]
    pd.testing.assert_frame_equal(rebuilt[columns], villages[columns])
    assert gpd.read_file(first / "towns.geojson")["population"].tolist() == towns["population"].tolist()


def test_whole_numbers_keep_the_total():
    assert largest_remainder(10, np.array([1.0, 1.0, 1.0])) == [4, 3, 3]
    assert largest_remainder(0, np.array([2.0, 1.0])) == [0, 0]
    assert sum(largest_remainder(1_212_203, np.random.default_rng(1).random(336))) == 1_212_203
