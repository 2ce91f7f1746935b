"""One band of a GeoTIFF, read a window at a time; what cannot be placed on the earth is refused."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.errors import DataError, Problem, Text

Floats = npt.NDArray[np.float64]

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_BLOCK_CELLS = 64_000_000


def refusal(file: str, what: Text, fix: Text, found: str = "") -> DataError:
    """Return the error that says what is wrong with a raster as a whole."""
    return DataError(Problem(file, what, fix, found=found))


@dataclass(frozen=True, eq=False)
class GeoTiff:
    """One band of an open GeoTIFF that is north-up: `x = west + column · width`, `y = north − row · height`."""

    file: str
    dataset: Any
    band: int

    @property
    def corner(self) -> tuple[float, float]:
        return self.dataset.transform.c, self.dataset.transform.f

    @property
    def cell(self) -> tuple[float, float]:
        return self.dataset.transform.a, -self.dataset.transform.e

    @property
    def crs(self) -> str:
        return self.dataset.crs.to_wkt()

    @property
    def scale_offset(self) -> tuple[float, float]:
        """What the stored numbers are multiplied by, and what is then added."""
        return self.dataset.scales[self.band - 1], self.dataset.offsets[self.band - 1]

    def values(self, row: int, column: int, rows: int, columns: int) -> Floats:
        """Return this window of the band, NaN where there are no data."""
        from rasterio.windows import Window

        window = Window(column, row, columns, rows)
        found = self.dataset.read(self.band, window=window, masked=True).astype(np.float64)
        scale, offset = self.scale_offset
        return np.ma.filled(found, np.nan) * scale + offset


@contextmanager
def open_geotiff(path: Path, band: int | None = None) -> Iterator[GeoTiff]:
    """Yield one band of a GeoTIFF; DataError when it is anything else, is broken, or has no place on the earth.

    Only the GTiff driver is allowed and files beside the GeoTIFF are not looked at: a VRT, by its own name or as
    a mask, could read other files or the network.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise refusal(
            path.name, Text("打不开这个文件", "this file cannot be opened"), Text("检查路径", "check the path")
        ) from error
    if head not in _MAGIC:
        raise refusal(
            path.name,
            Text("不是 GeoTIFF 文件", "is not a GeoTIFF"),
            Text("提供 .tif 格式的栅格", "give a raster in .tif format"),
        )
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
    except ImportError as error:
        raise refusal(
            path.name, Text("读取栅格的组件没有安装", "the packages that read rasters are not installed"),
            Text("运行 pip install 'fugai[raster]'", "run pip install 'fugai[raster]'"),
        ) from error  # fmt: skip
    try:
        with warnings.catch_warnings(), rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, in our own words
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # rasterio 1.4 on affine 3
            with rasterio.open(path.absolute(), driver="GTiff", sharing=False) as dataset:
                yield _checked(path.name, dataset, band)
    except RasterioError as error:
        raise refusal(
            path.name, Text("文件损坏或不完整", "the file is broken or cut short"), Text("重新下载或导出", "download or export it again"),
            type(error).__name__,
        ) from error  # fmt: skip


def _checked(file: str, dataset: Any, band: int | None) -> GeoTiff:
    """Return the band asked for, or the only one; DataError where the raster cannot be placed or chosen."""
    count, chosen, at = dataset.count, 1 if band is None else band, dataset.transform
    if dataset.crs is None:
        raise refusal(
            file, Text("没有坐标系信息", "no coordinate reference system"),
            Text("导出时把坐标系写进文件（WorldPop 为 EPSG:4326）", "export it with its CRS inside (WorldPop: EPSG:4326)"),
        )  # fmt: skip
    if at.b or at.d or at.a <= 0 or at.e >= 0:
        raise refusal(
            file, Text("栅格不是正北朝上", "the raster is rotated or not north-up"),
            Text("用 gdalwarp 重采样后再用", "bring it to north-up with gdalwarp"),
        )  # fmt: skip
    if (band is None and count > 1) or not 1 <= chosen <= count:
        raise refusal(
            file, Text(f"有 {count} 个波段，要指明用哪一个", f"it has {count} bands and one must be chosen"),
            Text(f"指定波段 1 到 {count}（--band）", f"choose a band from 1 to {count} (--band)"), "" if band is None else str(band),
        )  # fmt: skip
    if "complex" in dataset.dtypes[chosen - 1]:
        raise refusal(
            file, Text("数值是复数", "its values are complex numbers"), Text("换一个文件", "use another file")
        )
    if int(np.prod(dataset.block_shapes[chosen - 1])) > _BLOCK_CELLS:
        raise refusal(
            file, Text("内部分块过大", "its blocks are too large to be read"), Text("用 gdal_translate -co TILED=YES 转换", "tile it with gdal_translate -co TILED=YES"),
        )  # fmt: skip
    return GeoTiff(file, dataset, chosen)
