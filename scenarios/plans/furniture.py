"""What stands around the map of a plan: title, notice, sources, versions, parameters."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from maps.furniture import Furniture
from planner import __version__
from scenarios.export.plan_said import notice_of
from scenarios.plans.start import Start
from scenarios.ways import road_of


def furniture_of(start: Start, title: str, said: Sequence[tuple[str, str]], unit: str) -> Furniture:
    """Return what stands around the map of a plan."""
    about = start.region.about
    inputs = [*start.facts.sources, *start.files]
    return Furniture(
        title=f"{about.name}{title}",
        subtitle=f"依据：{start.law.document}（{start.law.issued} 印发）",
        notice=notice_of(start),
        sources=about.credits or tuple(one.file for one in inputs),
        date=about.as_of or "未注明",
        drawn_by=about.drawn_by,
        approval_number=about.approval_number,
        unit=unit,
        version=f"fugai {__version__}",
        inputs=tuple((one.file, one.sha256) for one in inputs),
        parameters=(*(f"{label}：{text}" for label, text in said), *about.assumptions),
        accuracy=about.accuracy,
    )


def open_edges(start: Start) -> npt.NDArray[np.bool_] | None:
    """Return which roads a plan could use, for its map to draw the closed ones; None where there are no roads."""
    graph = start.region.roads
    return None if graph is None else road_of(graph, start.base.choices, by_time=False).open_edges
