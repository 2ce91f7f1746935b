"""The metric CRS of a city, and GCJ-02 and BD-09 coordinates brought back to WGS 84."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_KRASSOVSKY_AXIS_M = 6378245.0
_KRASSOVSKY_SQUASH = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0


def metric_crs(lon: float) -> str:
    """Return the CGCS2000 3° Gauss–Krüger zone (central meridian without zone prefix) that holds this longitude.

    EPSG:4534 is central meridian 75° E, then one code for every 3° (EPSG registry).

    >>> metric_crs(101.7), metric_crs(105.5)
    ('EPSG:4543', 'EPSG:4544')
    """
    meridian = round(lon / 3) * 3
    if not 75 <= meridian <= 135:
        raise ValueError(f"longitude {lon} is outside China's 3° zones (75° to 135° E)")
    return f"EPSG:{4534 + (meridian - 75) // 3}"


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the offset in degrees that GCJ-02 adds to WGS 84 at these points."""
    x, y = lon - 105.0, lat - 35.0
    wave = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + wave
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + wave
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    radians = lat / 180 * np.pi
    magic = 1 - _KRASSOVSKY_SQUASH * np.sin(radians) ** 2
    meridian = _KRASSOVSKY_AXIS_M * (1 - _KRASSOVSKY_SQUASH) / (magic * np.sqrt(magic))
    parallel = _KRASSOVSKY_AXIS_M / np.sqrt(magic) * np.cos(radians)
    return east * 180 / (parallel * np.pi), north * 180 / (meridian * np.pi)


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points in GCJ-02 (Amap, Tencent), in degrees."""
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points in WGS 84, in degrees, by fixed-point iteration to below a tenth of a millimetre."""
    real_lon, real_lat = lon.copy(), lat.copy()
    for _ in range(10):
        east, north = _shift(real_lon, real_lat)
        real_lon, real_lat = lon - east, lat - north
    return real_lon, real_lat


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return points of BD-09 (Baidu) in WGS 84, in degrees; Baidu's own formula is exact to about 1 m."""
    x, y = lon - 0.0065, lat - 0.006
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * _BAIDU_TURN)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BAIDU_TURN)
    return gcj02_to_wgs84(radius * np.cos(angle), radius * np.sin(angle))


TO_WGS84 = {"wgs84": None, "cgcs2000": None, "gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
