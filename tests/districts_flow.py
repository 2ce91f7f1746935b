"""Second opinions on districts: one plain programme with flows, straight into HiGHS, and spopt's max-p."""

import warnings
from typing import Any

import highspy
import numpy as np

from tests.districts_check import tables


def flow_plan(task: Any, seconds: float = float("inf")) -> float:
    """The least worth of a one-county question; from each open centre flows one unit of its colour to each of its units.

    NaN where that is not proven in so many seconds.
    """
    units, centers, near, burden = tables(task)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 1e-9)
    model.setOptionValue("mip_abs_gap", 0.0)
    unit = max(one for one in burden.values() if np.isfinite(one)) / 1000  # the solver's tolerances are absolute
    mine = {(u, c): model.addBinary(obj=burden[(u, c)] / unit) for u in units for c in centers}
    flow = {(a, b, c): model.addVariable(lb=0) for a in units for b in near[a] for c in centers}
    count = len(units)
    for u in units:
        model.addConstr(sum(mine[(u, c)] for c in centers) == 1)
    for c, row in centers.items():
        root = row["unit_id"]
        is_open = mine[(root, c)]
        load = sum(units[u]["population"] * mine[(u, c)] for u in units)
        model.addConstr(load <= row["upper"] * is_open)
        if task.hard:
            model.addConstr(load >= row["lower"] * is_open)
        elif task.short_price:
            short = model.addVariable(lb=0, obj=task.short_price / unit)
            model.addConstr(load + short >= row["lower"] * is_open)
        if row["status"] == "fixed":
            model.addConstr(is_open == 1)
        for u in units:
            model.addConstr(mine[(u, c)] <= is_open)
            inward = sum(flow[(b, u, c)] for b in near[u])
            model.addConstr(inward <= (count - 1) * mine[(u, c)])
            if u != root:
                model.addConstr(inward - sum(flow[(u, b, c)] for b in near[u]) == mine[(u, c)])
            else:
                model.addConstr(inward <= 0)
    if isinstance(task.p, dict):
        model.addConstr(sum(mine[(row["unit_id"], c)] for c, row in centers.items()) == task.p["510402"])
    if seconds < float("inf"):
        model.setOptionValue("time_limit", seconds)
        model.setOptionValue("threads", 1)
    model.run()
    if model.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
        return float("nan")
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(model.getInfo().objective_function_value) * unit


def max_p_regions(task: Any, floor: int) -> np.ndarray:
    """The region of each unit by spopt's max-p with this floor of people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import geopandas as gpd
        from libpysal.weights import W
        from shapely import Point
        from spopt.region import MaxPHeuristic

        units, _, near, burden = tables(task)
        frame = gpd.GeoDataFrame(
            {"people": [row["population"] for row in units.values()],
             "like": [float(min(burden[(u, c)] for c in task.centers["id"])) for u in units]},
            geometry=[Point(at, 0) for at in range(len(units))],
        )  # fmt: skip
        place = {one: at for at, one in enumerate(units)}
        graph = W({place[one]: sorted(place[b] for b in near[one]) for one in units}, silence_warnings=True)
        np.random.seed(0)  # noqa: NPY002 - spopt draws from numpy's global state
        model = MaxPHeuristic(
            frame, graph, ["like"], "people", floor, top_n=2, max_iterations_construction=5, max_iterations_sa=1
        )
        model.solve()
    return np.asarray(model.labels_)


def p_median_of(task: Any) -> float:
    """The optimum of spopt's capacitated p-median over the same points, each served from one centre."""
    import pulp
    from spopt.locate import PMedian

    people = task.units["population"].to_numpy(float)
    room = np.full(task.burden.shape[1], float(task.upper))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PMedian.from_cost_matrix(
            task.burden / people[:, None], people, task.p["510402"], facility_capacities=room
        )
        model = model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=1e-9), results=False)
    return float(pulp.value(model.problem.objective))
