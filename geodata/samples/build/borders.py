"""Divides each county into its towns, knowing only a bounding box of each town (or of the units it was made of).

A power diagram in box-normalised distance: a cell of the grid belongs to the unit whose ellipse, inscribed in the
unit's box, it lies deepest in; weights are tuned until each unit has its share of the county. The lines between
the cells are smoothed and noded with the county borders of the whole city, so that towns tile counties exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

from geodata.samples.build.places import Floats, Plane

Ints = npt.NDArray[np.int32]

BOX_MARGIN_M = 300.0  # a box may be off by so much
SUBDISTRICT_SHARE = 0.75  # of its box that a 街道 fills
WARP_M = 350.0  # keeps the lines from running straight
SCRAP_M2 = 5e6  # a smaller piece of a background town, apart from the rest, goes to a neighbour
ROUNDS, STEP = 10, 0.1  # of tuning the weights: stopped early, which fits real borders better (accuracy.py)


@dataclass(frozen=True)
class Unit:
    """One unit that existed when the boxes were published; ``box`` is (west, south, east, north) in degrees.

    A background unit surrounds the 街道 of its county and takes what they leave.
    """

    name: str
    town_code: str
    box: tuple[float, float, float, float]
    is_background: bool = False

    def corners(self, plane: Plane) -> tuple[float, float, float, float]:
        """Return the box in metres."""
        return *plane.metres(*self.box[:2]), *plane.metres(*self.box[2:])


@dataclass(frozen=True)
class Grid:
    """A raster over one county: cell size, corner and the centres of its cells (rows run northward)."""

    cell_m: float
    west: float
    south: float
    shape: tuple[int, int]

    def centres(self) -> tuple[Floats, Floats]:
        rows, columns = self.shape
        x = self.west + (np.arange(columns) + 0.5) * self.cell_m
        y = self.south + (np.arange(rows) + 0.5) * self.cell_m
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x, grid_y


def grid_over(county: shapely.Geometry) -> Grid:
    """Return a grid of about 250,000 cells that reaches half a kilometre beyond the county."""
    west, south, east, north = shapely.bounds(county)
    cell_m = max(40.0, round(float(np.sqrt((east - west) * (north - south) / 250_000)) / 10) * 10)
    columns, rows = int((east - west + 1000) // cell_m) + 1, int((north - south + 1000) // cell_m) + 1
    return Grid(cell_m, float(west) - 500, float(south) - 500, (rows, columns))


def smooth_noise(shape: tuple[int, int], width: float, rng: np.random.Generator) -> Floats:
    """Return noise of standard deviation 1 that varies over about `width` cells."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="reflect")
    return np.asarray(noise / noise.std(), dtype=np.float64)


def unit_costs(units: Sequence[Unit], grid: Grid, plane: Plane, rng: np.random.Generator) -> Floats:
    """Return units × cells: squared normalised distance from the unit's centre; infinite outside its box."""
    x, y = grid.centres()
    warp_m = WARP_M * min(1.0, grid.cell_m / 120)  # finer grids hold smaller towns
    for width, share in ((10, 0.9), (4, 0.4)):
        x = x + share * warp_m * smooth_noise(grid.shape, width, rng)
        y = y + share * warp_m * smooth_noise(grid.shape, width, rng)
    costs = np.empty((len(units), x.size))
    for row, unit in enumerate(units):
        if unit.is_background:
            costs[row] = 1.0  # the rim of every ellipse
            continue
        west, south, east, north = unit.corners(plane)
        across = (x - (west + east) / 2) / ((east - west) / 2 + BOX_MARGIN_M)
        along = (y - (south + north) / 2) / ((north - south) / 2 + BOX_MARGIN_M)
        outside = (np.abs(across) > 1) | (np.abs(along) > 1)
        # Beyond every box somebody must still own the cell: far, but finite.
        costs[row] = (across**2 + along**2 + np.where(outside, 1e3, 0)).ravel()
    return costs


def wanted_shares(units: Sequence[Unit], grid: Grid, plane: Plane, inside: npt.NDArray[np.bool_]) -> Floats:
    """Return each unit's share of the county: its box cut by the county; a background unit takes the rest."""
    x, y = (one.ravel()[inside] for one in grid.centres())
    share = np.zeros(len(units))
    for row, unit in enumerate(units):
        west, south, east, north = unit.corners(plane)
        filled = SUBDISTRICT_SHARE if unit.name.endswith("街道") else 1.0
        share[row] = filled * np.mean((x > west) & (x < east) & (y > south) & (y < north))
    background = np.array([unit.is_background for unit in units])
    if background.any():
        share[background] = max(0.0, 1 - share[~background].sum())
    return share / share.sum()


def label_cells(
    units: Sequence[Unit], county: shapely.Geometry, grid: Grid, plane: Plane, rng: np.random.Generator
) -> Ints:
    """Return the index of the owning unit of each cell, tuning weights towards the wanted shares of area."""
    costs = unit_costs(units, grid, plane, rng)
    x, y = grid.centres()
    inside = shapely.contains_xy(county, x.ravel(), y.ravel())
    wanted = wanted_shares(units, grid, plane, inside)
    weights = np.zeros(len(units))
    for step in range(ROUNDS):
        owner = np.argmin(costs[:, inside] - weights[:, None], axis=0)
        share = np.bincount(owner, minlength=len(units)) / owner.size
        change = np.clip((wanted - share) / np.maximum(wanted, 1e-9), -1, 1)
        weights += STEP * (1 - step / ROUNDS) * change
        weights -= weights.mean()
    return np.argmin(costs - weights[:, None], axis=0).astype(np.int32).reshape(grid.shape)


def cell_lines(labels: Ints, grid: Grid) -> list[shapely.Geometry]:
    """Return the lines between cells of different labels, smoothed, as chains from junction to junction."""
    rows, columns = np.nonzero(labels[:, 1:] != labels[:, :-1])
    upright = np.stack([np.c_[columns + 1, rows], np.c_[columns + 1, rows + 1]], axis=1)
    rows, columns = np.nonzero(labels[1:] != labels[:-1])
    level = np.stack([np.c_[columns, rows + 1], np.c_[columns + 1, rows + 1]], axis=1)
    steps = shapely.linestrings(np.concatenate([upright, level]).astype(np.float64))
    merged = shapely.line_merge(shapely.union_all(steps))
    corner = np.array([grid.west, grid.south])
    return [
        shapely.simplify(shapely.linestrings(smoothed(shapely.get_coordinates(chain)) * grid.cell_m + corner),
                         0.3 * grid.cell_m)
        for chain in shapely.get_parts(merged)
    ]  # fmt: skip


def smoothed(coordinates: Floats) -> Floats:
    """Return a chain as its moving average, ends kept; a ring goes round."""
    width = 4
    ring = bool((coordinates[0] == coordinates[-1]).all())
    if len(coordinates) <= 2 * width:
        return coordinates
    if ring:
        body = coordinates[:-1]
        mean = ndimage.uniform_filter1d(body, 2 * width + 1, axis=0, mode="wrap")
        return np.concatenate([mean, mean[:1]])
    mean = ndimage.uniform_filter1d(coordinates, 2 * width + 1, axis=0, mode="nearest")
    # Near the ends the window shrinks, so that the chain still starts and stops at its junctions.
    for place in range(width):
        mean[place] = coordinates[: 2 * place + 1].mean(axis=0)
        mean[-1 - place] = coordinates[len(coordinates) - 2 * place - 1 :].mean(axis=0)
    return np.asarray(mean)


def owner_at(point: shapely.Geometry, labels: Ints, grid: Grid) -> int:
    """Return the label of the cell that holds a point."""
    column = int((shapely.get_x(point) - grid.west) // grid.cell_m)
    row = int((shapely.get_y(point) - grid.south) // grid.cell_m)
    return int(labels[row, column])


def merge_scraps(
    pieces: Sequence[shapely.Geometry], owners: Sequence[str], may_have_parts: set[str]
) -> dict[str, list[shapely.Geometry]]:
    """Return the pieces of each town of one county: its largest one, and the scraps that border most on that.

    Towns in `may_have_parts` keep all their large pieces. A scrap that borders on nobody is a detached part of the
    county and stays with its owner.
    """
    kept: dict[str, list[shapely.Geometry]] = {}
    scraps: list[int] = []
    for place in sorted(range(len(pieces)), key=lambda one: -float(shapely.area(pieces[one]))):
        own = kept.setdefault(owners[place], [])
        large = owners[place] in may_have_parts and shapely.area(pieces[place]) >= SCRAP_M2
        if own and not large:
            scraps.append(place)
        else:
            own.append(pieces[place])
    while scraps:
        waiting = [place for place in scraps if not give_away(pieces[place], kept)]
        if len(waiting) == len(scraps):
            for place in waiting:
                kept[owners[place]].append(pieces[place])
            break
        scraps = waiting
    return kept


def give_away(scrap: shapely.Geometry, kept: dict[str, list[shapely.Geometry]]) -> bool:
    """Add a scrap to the town that it shares the longest border with; False if it borders on none."""
    shared = {
        code: sum(float(shapely.length(shapely.intersection(scrap, one))) for one in own) for code, own in kept.items()
    }
    best = max(shared, key=lambda code: shared[code])
    if shared[best] == 0:
        return False
    kept[best].append(scrap)
    return True


def joined(parts: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return pieces that meet in whole edges as one (multi)polygon that keeps every vertex."""
    union = shapely.coverage_union_all(parts)
    members = shapely.get_parts(union)
    whole: shapely.Geometry = members[0] if len(members) == 1 else shapely.MultiPolygon(list(members))
    return whole


def divide(
    counties: Mapping[str, shapely.Geometry], units: Sequence[Unit], plane: Plane, seed: int
) -> dict[str, shapely.Geometry]:
    """Return the area of each town by code, in metres: together they tile the counties without gap or overlap."""
    lines = [shapely.boundary(county) for county in counties.values()]
    cells: dict[str, tuple[Ints, Grid, list[str]]] = {}
    for code, county in counties.items():
        own = [unit for unit in units if unit.town_code.startswith(code)]
        towns = sorted({unit.town_code for unit in own})
        grid = grid_over(county)
        rng = np.random.default_rng(seed + int(code))
        town_of_unit = np.array([towns.index(unit.town_code) for unit in own], dtype=np.int32)
        labels = town_of_unit[label_cells(own, county, grid, plane, rng)]
        cells[code] = (labels, grid, towns)
        # The lines overshoot the county by a little, so that they surely meet its border.
        reach = shapely.buffer(county, 5.0)
        lines += [shapely.intersection(line, reach) for line in cell_lines(labels, grid)]
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    background = {unit.town_code for unit in units if unit.is_background}  # the 街道 may cut these in two
    areas: dict[str, shapely.Geometry] = {}
    for code, county in counties.items():
        labels, grid, towns = cells[code]
        own_pieces = [one for one in pieces if shapely.contains(county, shapely.point_on_surface(one))]
        owners = [towns[owner_at(shapely.point_on_surface(one), labels, grid)] for one in own_pieces]
        for town, parts in merge_scraps(own_pieces, owners, background).items():
            areas[town] = joined(parts)
    return dict(sorted(areas.items()))
