"""The public surface: what `import fugai` hands out, and that it is the commands' own engine behind it."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import fugai
from geodata.roads import read_roads
from geodata.roads_osm import read_graphml, read_networkx
from planner.network import RoadGraph
from planner.road import Road
from planner.travel import StraightLine
from tests import tiny

HOMES = pd.DataFrame(
    {"code": ["a", "b", "c"], "lon": [101.62, 101.66, 101.74], "lat": [26.62, 26.64, 26.66], "people": [100, 40, 7]}
)
SITES = pd.DataFrame({"code": ["s", "t"], "lon": [101.63, 101.70], "lat": [26.62, 26.66]})


def test_all_names_are_there_and_sorted_alike() -> None:
    assert sorted(fugai.__all__) == sorted(fugai._HOMES)
    for name in fugai.__all__:
        assert getattr(fugai, name) is not None
    with pytest.raises(AttributeError, match="fugai has no 'solve_all'"):
        fugai.solve_all  # noqa: B018


PACKAGES = ("planner", "geodata", "maps", "scenarios")


@pytest.mark.parametrize("package", [*PACKAGES, "planner.siting", "planner.districts", "planner.plans"])
def test_packages_hand_out_their_names(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(" ".join(module._HOMES.values()).split())
    for home, names in module._HOMES.items():
        own = importlib.import_module(f"{package}.{home}")
        assert all(getattr(module, name) is getattr(own, name) for name in names.split())
        assert not {f"{package}.{name}" for name in names.split()} & sys.modules.keys()  # no module hides a name
    with pytest.raises(AttributeError, match=f"{package} has no 'solve_all'"):
        module.solve_all  # noqa: B018


@pytest.mark.parametrize("package", ["fugai", *PACKAGES])
def test_every_function_that_is_handed_out_has_an_example(package: str) -> None:
    """The examples are run with the tests (`--doctest-modules`)."""
    module = importlib.import_module(package)
    functions = [one for one in (getattr(module, name) for name in module.__all__) if inspect.isfunction(one)]
    assert [one.__name__ for one in functions if ">>>" not in (one.__doc__ or "")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    assert (Path(str(importlib.import_module(package).__file__)).parent / "py.typed").exists()


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import fugai, sys; print([one for one in ('pandas', 'folium', 'numba') if one in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(fugai.__file__).parent
    )
    assert done.stdout.strip() == "[]"


def test_frames_of_any_crs_give_the_same_reach() -> None:
    """CGCS2000 in zones of three degrees, as a survey hands them out."""
    frames = [
        gpd.GeoDataFrame(
            one[["code"]].assign(people=one.get("people", 0)),
            geometry=gpd.points_from_xy(one["lon"], one["lat"]),
            crs=4326,
        )
        for one in (HOMES, SITES)
    ]
    plain = fugai.reach(HOMES, SITES, "5km", id="code", weight="people")
    metric = fugai.reach(*(one.to_crs(4523) for one in frames), "5km", id="code", weight="people")
    assert list(plain.table["covered"]) == list(metric.table["covered"])
    assert np.allclose(plain.table["cost"], metric.table["cost"], atol=1e-5)
    own = StraightLine().reach(HOMES.rename(columns={"code": "id"}), SITES.rename(columns={"code": "id"}), "5km")
    assert (own.nearest_cost == plain.reach.nearest_cost).all()
    assert repr(plain).startswith("Reached(3 demands, 2 sites, within 5km: ")


def test_siting_of_own_frames_takes_two_lines() -> None:
    answer = fugai.site(fugai.reach(HOMES, SITES, "6km", id="code", weight="people"), "mclp", p=1)
    assert (answer.status, answer.sites) == ("optimal", ("s",))
    assert "optimal" in repr(answer)
    assert "<table>" in answer._repr_html_()


def test_siting_that_cannot_be_says_why() -> None:
    answer = fugai.site(fugai.reach(HOMES, SITES, "1m", id="code"), "lscp")
    assert answer.status == "infeasible"
    assert answer.clash is not None
    assert answer.clash.rule.en in repr(answer)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> RoadGraph:
    data = tmp_path_factory.mktemp("roads")
    tiny.write_with_roads(data / "tiny")
    return read_roads(data / "tiny" / "roads.geojson")


def test_a_graph_of_osmnx_reads_as_its_graphml(graph: RoadGraph, tmp_path: Path) -> None:
    import osmnx

    street = graph.to_networkx()
    assert isinstance(street, nx.MultiDiGraph)
    osmnx.save_graphml(street, tmp_path / "g.graphml")
    direct, file = read_networkx(street), read_graphml(tmp_path / "g.graphml")
    for name in ("lon", "lat", "tail", "head", "length_mm", "forward", "backward", "road_class", "speed_kmh", "way_id"):
        one, other = getattr(direct, name), getattr(file, name)
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), name


def test_reach_by_a_networkx_graph_equals_that_by_the_file(graph: RoadGraph) -> None:
    by_graph = fugai.reach(HOMES, SITES, "30min", roads=graph.to_networkx(), id="code", weight="people")
    by_roads = fugai.reach(HOMES, SITES, "30min", roads=graph, id="code", weight="people")
    assert list(by_graph.table["nearest"]) == list(by_roads.table["nearest"])
    assert np.allclose(by_graph.table["cost"], by_roads.table["cost"], atol=0.01, equal_nan=True)
    ids = {"code": "id"}
    distance = fugai.reach(HOMES, SITES, "30km", roads=graph, id="code", direction="to")
    own = Road(graph, direction="to").reach(HOMES.rename(columns=ids), SITES.rename(columns=ids), "30km")
    assert (distance.reach.nearest_cost == own.nearest_cost).all()


def test_what_is_refused() -> None:
    with pytest.raises(fugai.FugaiError, match="按时间计算需要路网"):
        fugai.reach(HOMES, SITES, "15min", id="code")
    with pytest.raises(fugai.FugaiError, match="限度没有写单位"):
        fugai.reach(HOMES, SITES, 5000, id="code")
    with pytest.raises(fugai.FugaiError, match="编号重复或为空"):
        fugai.reach(pd.concat([HOMES, HOMES]), SITES, "5km", id="code")
    with pytest.raises(fugai.FugaiError, match="权重不是不小于 0 的数"):
        fugai.reach(HOMES.assign(people=-1), SITES, "5km", id="code", weight="people")
    bare = gpd.GeoDataFrame(HOMES, geometry=gpd.points_from_xy(HOMES["lon"], HOMES["lat"]))
    with pytest.raises(fugai.FugaiError, match="没有坐标系"):
        fugai.reach(bare, SITES, "5km", id="code")


def test_errors_speak_the_language_set() -> None:
    fugai.set_language("en")
    try:
        with pytest.raises(fugai.FugaiError, match="a time needs roads"):
            fugai.reach(HOMES, SITES, "15min", id="code")
    finally:
        fugai.set_language("zh")
    with pytest.raises(ValueError, match="'fr' is not one of zh, en"):
        fugai.set_language("fr")  # type: ignore[arg-type]


def test_a_city_is_assessed_changed_and_compared(tmp_path: Path) -> None:
    tiny.write(tmp_path / "tiny")
    city = fugai.load(tmp_path / "tiny")
    assert repr(city).startswith("City(")
    now = city.assess("panzhihua_2023")
    then = city.assess("panzhihua_2023", fugai.Scenario("再加一处").open("emergency_station", at=(101.66, 26.66)))
    gap = now.gaps["gap_id"].iloc[0]
    assert now.why(gap)["quote"]
    assert len(now.gaps) == int(
        (now.findings["status"] == "not_met")[now.findings["gap_id"].isin(now.gaps["gap_id"])].sum()
    )
    found = fugai.compare(now, then)
    assert found.sides[1].scenario.edits == then.scenario.edits
    assert "再加一处" in repr(found)
    assert "<table>" in found._repr_html_()
    assert repr(now).startswith("Outcome(")
    other = fugai.load(tmp_path / "tiny").assess("panzhihua_2023")
    with pytest.raises(fugai.FugaiError, match="不是同一份数据"):
        fugai.compare(now, other)


def test_the_readmes_session_runs() -> None:
    readme = (Path(fugai.__file__).parent / "README.md").read_text("utf-8")
    session = readme.split("```python\n")[1].split("```")[0]
    names = {"demand": HOMES.rename(columns={"people": "population"}), "sites": SITES.assign(code=["s", "t"])}
    more = pd.concat([names["sites"], pd.DataFrame({"code": ["u"], "lon": [101.74], "lat": [26.66]})])
    exec(session, {**names, "sites": more})
