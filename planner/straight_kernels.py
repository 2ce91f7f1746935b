"""Straight pairs: which points lie within a limit of each other, and how far, compiled by numba."""

import numpy as np
import numpy.typing as npt

from planner.compiled import njit

Floats = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def _near_cell_row(
    here: Floats, radii: Floats, facility: Floats, member: npt.NDArray[np.int64], limit: float,
    found: npt.NDArray[np.int32], millimetres: Floats, total: int,
) -> int:  # fmt: skip
    """Append the `member` facilities within `limit` of one demand; return the new total. There is room for all.

    The great-circle arc is lengthened over its chord by the curvature along it.
    """
    x, y, z, lon, lat = here[0], here[1], here[2], here[3], here[4]
    for at in range(member.size):
        other = member[at]
        dx, dy, dz = facility[other, 0] - x, facility[other, 1] - y, facility[other, 2] - z
        square = dx * dx + dy * dy + dz * dz
        if square > limit * limit:
            continue
        north = radii[0] * (facility[other, 4] - lat)
        east = radii[1] * np.cos(lat) * (facility[other, 3] - lon)
        bend = 0.0
        if north != 0.0 or east != 0.0:
            both = north * north + east * east
            bend = (north * north / radii[0] + east * east / radii[1]) / both
        found[total] = other
        millimetres[total] = np.sqrt(square) * (1.0 + square * bend * bend / 24.0) * 1000.0
        total += 1
    return total


@njit(cache=True, nogil=True)
def straight_pairs(
    demand: Floats, facility: Floats, curvature: Floats, limit: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Floats]:
    """Return (row starts, facilities, millimetres): pairs whose chord is within `limit` metres, with their geodesic.

    Points are (n, 5): metres from the Earth's centre, and longitude and latitude in radians. `curvature` gives each
    demand's radii (meridian, prime vertical). Facilities are binned by latitude and longitude into cells of the limit.
    """
    deg_lat = limit / 6_335_000.0
    widest = max(np.abs(facility[:, 4]).max(), np.abs(demand[:, 4]).max()) + deg_lat
    deg_lon = limit / (6_335_000.0 * max(np.cos(widest), 0.01))
    west, south = facility[:, 3].min(), facility[:, 4].min()
    across = int((facility[:, 3].max() - west) / deg_lon) + 1
    up = int((facility[:, 4].max() - south) / deg_lat) + 1
    while across * up > 4 * facility.shape[0] + 1024:
        deg_lat, deg_lon = 2 * deg_lat, 2 * deg_lon
        across = int((facility[:, 3].max() - west) / deg_lon) + 1
        up = int((facility[:, 4].max() - south) / deg_lat) + 1
    cell = np.empty(facility.shape[0], np.int64)
    start = np.zeros(across * up + 1, np.int64)
    for at in range(facility.shape[0]):
        cell[at] = int((facility[at, 4] - south) / deg_lat) * across + int((facility[at, 3] - west) / deg_lon)
        start[cell[at] + 1] += 1
    for at in range(across * up):
        start[at + 1] += start[at]
    place, member = start[:-1].copy(), np.empty(facility.shape[0], np.int64)
    for at in range(facility.shape[0]):
        member[place[cell[at]]] = at
        place[cell[at]] += 1
    rows = np.zeros(demand.shape[0] + 1, np.int64)
    found, millimetres = np.empty(4096, np.int32), np.empty(4096, np.float64)
    total = 0
    for row in range(demand.shape[0]):
        level = int(np.floor((demand[row, 4] - south) / deg_lat))
        column = int(np.floor((demand[row, 3] - west) / deg_lon))
        low, high = max(column - 1, 0), min(column + 2, across)
        for above in range(max(level - 1, 0), min(level + 2, up)):
            if high <= low:
                continue
            near = member[start[above * across + low] : start[above * across + high]]
            while total + near.size > found.size:
                found = np.concatenate((found, np.empty_like(found)))
                millimetres = np.concatenate((millimetres, np.empty_like(millimetres)))
            total = _near_cell_row(demand[row], curvature[row], facility, near, limit, found, millimetres, total)
        rows[row + 1] = total
    return rows, found[:total], millimetres[:total]
