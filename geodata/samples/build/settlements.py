"""Places the villages and communities of a town: no coordinates of them are published."""

from collections.abc import Sequence

import numpy as np
import shapely

from geodata.samples.build.places import Floats, Point, Settlement, Town

SAMPLES = 1500  # random points of a town among which its settlements find their places
ROUNDS = 5  # of Lloyd's method: few, so that the pattern stays irregular
RIM_M = 60.0  # every settlement keeps off the border of its town by so much, small 街道 by less
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def ground(town: Town, rng: np.random.Generator) -> Floats:
    """Return random points well inside the town's main part, shape (SAMPLES, 2)."""
    main = max(shapely.get_parts(town.area), key=lambda part: float(shapely.area(part)))
    core = shapely.buffer(main, -min(RIM_M, 0.04 * float(np.sqrt(shapely.area(main)))))
    west, south, east, north = shapely.bounds(core)
    found = np.empty((0, 2))
    while len(found) < SAMPLES:
        tried = rng.uniform((west, south), (east, north), size=(SAMPLES, 2))
        found = np.concatenate([found, tried[shapely.contains_xy(core, tried)]])
    return found[:SAMPLES]


def nearest(points: Floats, target: Point | Floats) -> Point:
    """Return the one of `points` nearest to the target."""
    x, y = points[np.argmin(((points - np.asarray(target)) ** 2).sum(axis=1))]
    return float(x), float(y)


def spread(
    points: Floats, count: int, fixed: Sequence[Point], density: Floats, rng: np.random.Generator
) -> list[Point]:
    """Return `count` places spread over `points` by weighted Lloyd rounds that also keep off the fixed places."""
    if count == 0:
        return []
    moving = points[rng.choice(len(points), count, replace=False, p=density / density.sum())]
    held = np.array(fixed).reshape(-1, 2)
    for _ in range(ROUNDS):
        sites = np.concatenate([moving, held])
        owner = ((points[:, None] - sites[None]) ** 2).sum(axis=2).argmin(axis=1)
        for place in range(count):
            mine = owner == place
            if mine.any():
                moving[place] = np.average(points[mine], axis=0, weights=density[mine])
    return [nearest(points, one) for one in moving]


def cluster(points: Floats, count: int, centre: Point) -> list[Point]:
    """Return `count` places on a spiral round the centre, about 600 m apart."""
    steps = np.arange(count)
    radius = 450 * np.sqrt(steps)
    angle = steps * GOLDEN_ANGLE
    spots = np.c_[centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)]
    return [nearest(points, spot) for spot in spots]


def place_town(town: Town, rows: Sequence[dict[str, str]], seed: int) -> list[Settlement]:
    """Return the town's settlements: communities round the centre, villages spread; a 街道 is spread throughout."""
    rng = np.random.default_rng([seed, int(town.code)])
    points = ground(town, rng)
    away = np.sqrt(((points - np.asarray(town.centre)) ** 2).sum(axis=1))
    density = 0.35 + np.exp(-((2 * away / np.sqrt(shapely.area(town.area))) ** 2))
    communities = [row for row in rows if row["code"][9] != "2"]
    villages = [row for row in rows if row["code"][9] == "2"]
    if town.is_subdistrict:
        everyone = communities + villages
        places = spread(points, len(everyone), [], density, rng)
        return [settlement(row, spot) for row, spot in zip(everyone, places, strict=True)]
    # A town without communities has its centre in the village of its own name, or else in its first.
    villages.sort(key=lambda row: (bool(communities) or row["name"][:2] != town.name[:2], row["code"]))
    central = communities or villages[:1]
    others = villages if communities else villages[1:]
    middle = cluster(points, len(central), town.centre)
    places = middle + spread(points, len(others), middle, density, rng)
    return [settlement(row, spot) for row, spot in zip(central + others, places, strict=True)]


def settlement(row: dict[str, str], point: Point) -> Settlement:
    """Return the village of one row of the village table, at this point."""
    return Settlement(row["code"], row["name"], row["town_code"], point)
