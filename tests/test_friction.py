"""Walking where there is no road: known answers on planes, walls, slopes and islands."""

import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from rasterio import Affine
from rasterio import open as open_raster

from geodata.raster import Friction, read_friction, walking_time, walks_to
from planner.errors import DataError
from planner.network import graph_of_edges
from planner.road import Road
from tests.examples import examples

CRS = "EPSG:4543"
WEST, NORTH, CELL = 500_000.0, 2_950_000.0, 100.0
PACE = 60 / 5000
"""Minutes a metre at 5 km/h."""


def plane(rows: int = 21, columns: int = 21) -> Friction:
    return Friction(np.full((rows, columns), PACE), WEST, NORTH, CELL, CRS)


def blocked(friction: Friction, cells: npt.NDArray[np.bool_]) -> Friction:
    pace = np.where(cells, np.nan, friction.minutes_per_metre)
    return Friction(pace, WEST, NORTH, CELL, CRS)


def points(*cells: tuple[float, float], prefix: str = "p") -> gpd.GeoDataFrame:
    """Return points at the centres of these cells (row, column)."""
    x = [WEST + (column + 0.5) * CELL for _, column in cells]
    y = [NORTH - (row + 0.5) * CELL for row, _ in cells]
    return gpd.GeoDataFrame(
        {"id": [f"{prefix}{at}" for at in range(len(cells))]}, geometry=gpd.points_from_xy(x, y), crs=CRS
    )


def geotiff(path: Path, values: npt.NDArray[np.float64], cell: float = CELL, **options: object) -> Path:
    about = {"crs": CRS, "transform": Affine(cell, 0, WEST, 0, -cell, NORTH), "nodata": -9999.0} | options
    with open_raster(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1, dtype="float64", **about
    ) as out:
        out.write(values, 1)
    return path


def minutes(friction: Friction, source: tuple[float, float], target: tuple[float, float]) -> float:
    return float(walking_time(friction, points(source), points(target))["time_min"][0])


def bounds(rows: int = 21, columns: int = 21) -> tuple[float, float, float, float]:
    return WEST, NORTH - rows * CELL, WEST + columns * CELL, NORTH


def test_flat_plane() -> None:
    """1 km straight is 12 min at 5 km/h; diagonally and at a knight's move as eight directions allow."""
    flat = plane()
    assert minutes(flat, (10, 5), (10, 15)) == pytest.approx(12)
    assert minutes(flat, (5, 5), (15, 15)) == pytest.approx(12 * math.sqrt(2))
    assert minutes(flat, (10, 0), (0, 20)) == pytest.approx(
        12 * (1 + math.sqrt(2))
    )  # 10 diagonal and 10 straight steps
    assert minutes(flat, (3, 3), (3, 3)) == 0


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
@settings(max_examples=examples(100), deadline=None)
def test_never_shorter_than_the_straight_line_and_at_most_8_24_percent_longer(
    r: int, c: int, row: int, column: int
) -> None:
    straight = math.hypot(row - r, column - c) * CELL * PACE
    assert straight * (1 - 1e-9) <= minutes(plane(), (r, c), (row, column)) <= straight / math.cos(math.pi / 8) + 1e-9
    assert 1 / math.cos(math.pi / 8) < 1.0824


def test_a_wall_with_a_gap() -> None:
    """A wall along column 10 with a gap in its top row: down there and back."""
    wall = np.zeros((21, 21), dtype=bool)
    wall[1:, 10] = True
    # From (10, 9): 9 up to (1, 9), diagonally to (0, 10) and to (1, 11), and 9 down.
    assert minutes(blocked(plane(), wall), (10, 9), (10, 11)) == pytest.approx((18 + 2 * math.sqrt(2)) * CELL * PACE)
    wall[0, 10] = True
    assert math.isnan(minutes(blocked(plane(), wall), (10, 9), (10, 11)))


def test_islands_closed_cells_and_points_off_the_grid_are_unreachable() -> None:
    sea = np.ones((21, 21), dtype=bool)
    sea[0:5, 0:5] = sea[10:15, 10:15] = False
    out = walking_time(blocked(plane(), sea), points((2, 2)), points((4, 4), (12, 12), (8, 8), (-5, 3), (3, 99)))
    assert out["time_min"].notna().tolist() == [True, False, False, False, False]
    assert out["source_id"].tolist() == ["p0", "", "", "", ""]
    none = walking_time(blocked(plane(), sea), points((8, 8), (-1, -1)), points((2, 2)))
    assert none["time_min"].isna().all()
    assert walking_time(plane(), points(), points((1, 1)))["source_id"].tolist() == [""]
    assert len(walking_time(plane(), points((1, 1)), points())) == 0


def test_the_nearest_source_by_id_whatever_the_order() -> None:
    sources = points((0, 0), (20, 20), (20, 20), prefix="s")
    targets = points((1, 2), (19, 15), (20, 20), prefix="t")
    out = walking_time(plane(), sources, targets)
    assert out["target_id"].tolist() == ["t0", "t1", "t2"]
    assert out["source_id"].tolist() == ["s0", "s1", "s1"]
    assert walking_time(plane(), sources.iloc[::-1], targets).equals(out)
    assert walking_time(plane(), sources.to_crs(4326), targets.to_crs(4326)).equals(out)


@pytest.mark.parametrize("columns", [127, 128, 700])
def test_sources_are_found_on_wide_grids(columns: int) -> None:
    """scikit-image gives its steps as int8, in which a row of 128 cells overflows."""
    sources, targets = points((3, 1), (3, columns - 2), prefix="s"), points((0, 0), (5, columns - 1), prefix="t")
    out = walking_time(plane(6, columns), sources, targets)
    assert out["source_id"].tolist() == ["s0", "s1"]
    assert out["time_min"].to_numpy() == pytest.approx((np.array([2, 1]) + math.sqrt(2)) * CELL * PACE)


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 10_000))
def test_equal_to_networkx(seed: int) -> None:
    random = np.random.default_rng(seed)
    pace = random.uniform(0.005, 0.05, size=(9, 11))
    pace[random.random(pace.shape) < 0.25] = np.nan
    grid = Friction(pace, WEST, NORTH, CELL, CRS)
    graph = nx.Graph()
    for (row, column), here in np.ndenumerate(pace):
        for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
            there = (row + down, column + right)
            if there[0] < 9 and 0 <= there[1] < 11 and np.isfinite(here + pace[there]):
                length = CELL * math.hypot(down, right)
                graph.add_edge((row, column), there, weight=length * (here + pace[there]) / 2)
    cells = [
        (int(row), int(column)) for row, column in zip(random.integers(0, 9, 3), random.integers(0, 11, 3), strict=True)
    ]
    starts = {one for one in cells if one in graph}
    every = [(row, column) for row in range(9) for column in range(11)]
    out = walking_time(grid, points(*cells, prefix="s"), points(*every))
    expected = nx.multi_source_dijkstra_path_length(graph, starts) if starts else {}
    for cell, name, time in zip(every, out["source_id"], out["time_min"], strict=True):
        if cell not in expected:
            assert math.isnan(time) or (time == 0 and cell in cells)
            continue
        assert time == pytest.approx(expected[cell])
        own = nx.dijkstra_path_length(graph, cells[int(name[1:])], cell)
        assert own == pytest.approx(time)  # the source named is one at that distance


def test_bad_input(tmp_path: Path) -> None:
    far = geotiff(tmp_path / "far.tif", np.ones((5, 5)), transform=Affine(100, 0, 900_000, 0, -100, 100_000))
    with pytest.raises(DataError, match="没有数据"):
        read_friction(far, bounds=bounds(), crs=CRS)
    (tmp_path / "dem.tif").write_text("not a raster")
    with pytest.raises(DataError, match="不是 GeoTIFF"):
        read_friction(tmp_path / "dem.tif", bounds=bounds(), crs=CRS)
    with pytest.raises(ValueError, match="not a projected CRS"):
        read_friction(far, bounds=(101, 26, 102, 27), crs="EPSG:4326")
    with pytest.raises(ValueError, match="bounds"):
        read_friction(far, bounds=(1, 0, 0, 1), crs=CRS)
    with pytest.raises(ValueError, match="above zero"):
        read_friction(far, bounds=bounds(), crs=CRS, cell_m=0)
    with pytest.raises(ValueError, match="larger cell_m"):
        read_friction(far, bounds=bounds(), crs=CRS, cell_m=0.1)


def _road_beside(friction: Friction) -> tuple[Road, pd.DataFrame, float]:
    """Return a street along the west edge of the grid, an office at its south end, and the seconds a metre on foot."""
    x = WEST + 0.5 * CELL
    ends = gpd.GeoSeries(gpd.points_from_xy([x, x], [NORTH - 20.5 * CELL, NORTH - 0.5 * CELL]), crs=CRS).to_crs(4326)
    graph = graph_of_edges(
        lon=ends.x.to_numpy(), lat=ends.y.to_numpy(), tail=np.array([0]), head=np.array([1])
    )  # fmt: skip
    office = pd.DataFrame({"id": ["o"], "lon": [ends.x[0]], "lat": [ends.y[0]]})
    return Road(graph, speeds={"road": 60.0}, max_snap_m=100, offroad_m=3_000), office, PACE * 60


def _village(row: float, column: float) -> pd.DataFrame:
    place = points((row, column)).to_crs(4326).geometry
    return pd.DataFrame({"id": ["v"], "lon": place.x, "lat": place.y})


def test_a_walk_to_the_road_goes_round_a_wall() -> None:
    """The village lies 1 km east of the street; behind a wall open at its north end it walks there, and meets the road."""
    road, office, second = _road_beside(plane())
    village = _village(10, 10)
    places = road.places(CELL / 2, (101, 26, 103, 27))
    walk = walks_to(plane(), places, village)["v"]
    assert walk.seconds == pytest.approx(10 * CELL * second)
    wall = np.zeros((21, 21), dtype=bool)
    wall[5:, 5] = True
    round_it = walks_to(blocked(plane(), wall), places, village)
    # From (10, 10) diagonally to (5, 5)'s upper neighbour: 5 rows up and 5 columns along to (5, 6), one more diagonal
    # step to (4, 5), then straight west through 5 cells: 1 straight up, 5 diagonal, 5 straight.
    steps = 1 + 5 * math.sqrt(2) + 5
    assert round_it["v"].seconds == pytest.approx(steps * CELL * second)
    by_road = replace(road, walks=round_it).reach_whole(village, office, 10_000_000)
    metres = Geod(ellps="GRS80").inv(office["lon"][0], office["lat"][0], round_it["v"].lon, round_it["v"].lat)[2]
    assert by_road.nearest_cost[0] == pytest.approx(round_it["v"].seconds * 1000 + metres * 60, abs=5)
    wall[:, 5] = True
    assert walks_to(blocked(plane(), wall), places, village) == {}
    assert replace(road, walks={}).reach_whole(village, office, 10_000_000).nearest_index[0] == -1


def test_a_surface_of_ones_own(tmp_path: Path) -> None:
    pace = np.full((21, 21), PACE)
    pace[3, 4] = 2 * PACE
    pace[5, 6] = -9999
    found = read_friction(geotiff(tmp_path / "f.tif", pace), bounds=bounds(), crs=CRS).minutes_per_metre
    assert np.isnan(found[5, 6])
    assert found[3, 4] == 2 * PACE
    for bad in (0.0, 0.72, 5.0):  # nothing, seconds a metre, km/h
        with pytest.raises(DataError, match="分钟/米"):
            read_friction(geotiff(tmp_path / "b.tif", np.full((21, 21), bad)), bounds=bounds(), crs=CRS)
