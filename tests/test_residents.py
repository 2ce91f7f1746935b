"""Raster residents: whole people, conserved by town, shared at borders by area; bad rasters refused; loaded by `load`."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine
from shapely import box

from geodata.columns import Notes
from geodata.load import load
from geodata.raster import open_geotiff, residents_from_raster, spread, spread_on_grid
from planner.errors import DataError
from scenarios.cli.program import main
from tests import tiny
from tests.examples import examples

NODATA = -99999.0
WEIGHTS = st.lists(st.floats(0, 1e12, allow_nan=False), min_size=1, max_size=60).filter(any)


def raster(path: Path, values: Any, west: float, north: float, cell: float, **options: Any) -> Path:
    """Write a GeoTIFF of one or more bands, EPSG:4326 unless told otherwise."""
    values = np.asarray(values, dtype=options.pop("dtype", "float32"))
    bands = values if values.ndim == 3 else values[None]
    about = {"crs": "EPSG:4326", "nodata": NODATA, "transform": Affine(cell, 0, west, 0, -cell, north)} | options
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=len(bands),
        dtype=bands.dtype,
        **about,
    ) as out:
        out.write(bands)
    return path


def squares(*boxes: tuple[str, tuple[float, float, float, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"code": [code for code, _ in boxes]}, geometry=[box(*one) for _, one in boxes], crs=4326)


def tiny_raster(path: Path, seed: int = 1, **options: Any) -> Path:
    """Write a raster around the made city whose cells (0.007°) are cut by its towns' borders."""
    values = np.random.default_rng(seed).gamma(0.3, 20, size=(32, 32))
    values[values < 0.5] = NODATA
    return raster(path, values, 101.591, 26.711, 0.007, **options)


# spread


@settings(max_examples=examples(300), deadline=None)
@given(st.integers(0, 10**9), WEIGHTS)
def test_spread_is_whole_exact_and_within_one_of_the_share(total: int, weights: list[float]) -> None:
    out = spread(total, weights)
    exact = np.array(weights) / max(weights)
    exact = exact / exact.sum() * total
    assert out.sum() == total
    assert (out >= 0).all()
    assert (np.abs(out - exact) < 1 + 1e-6 * max(total, 1) ** 0.5).all()


@settings(max_examples=examples(200), deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_spread_on_grid_is_within_one_in_each_cell_and_each_square(total: int, data: st.DataObject) -> None:
    row, column = (one.ravel() for one in np.mgrid[:8, :8])
    weights = np.array(data.draw(st.lists(st.floats(0, 100), min_size=64, max_size=64).filter(any)))
    exact = weights / weights.max()
    exact = exact / exact.sum() * total
    mixed = np.array(data.draw(st.permutations(range(64))))
    out = np.empty(64, dtype=np.int64)
    out[mixed] = spread_on_grid(total, weights[mixed], row[mixed], column[mixed])
    assert out.sum() == total
    assert (out >= 0).all()
    for size in (1, 2, 4):
        sums = [one.reshape(8 // size, size, 8 // size, size).sum(axis=(1, 3)) for one in (out, exact)]
        assert (np.abs(sums[0] - sums[1]) < 1 + 1e-6).all()


def test_spread_by_hand() -> None:
    assert spread(7, [1, 2, 3]).tolist() == [1, 2, 4]  # 1.17 2.33 3.5: the last has the largest remainder
    assert spread(2, [1, 1, 1, 1]).tolist() == [1, 1, 0, 0]  # a tie goes to the earlier
    assert spread(5, [0, 1, 0]).tolist() == [0, 5, 0]
    assert spread(3, [5e-324, 5e-324]).tolist() == [2, 1]
    assert spread(3, [1.7e308, 1.7e308, 1.7e308]).tolist() == [1, 1, 1]
    for total, weights in ((1, [0.0]), (1, []), (-1, [1.0]), (1, [-1.0, 2.0]), (1, [np.nan]), (1, [np.inf])):
        with pytest.raises(ValueError, match=r"spread|finite"):
            spread(total, weights)


def test_thinly_settled_land_is_not_emptied() -> None:
    """Half a town at 0.4 and half at 0.6 people a cell: by largest remainder alone the first half would be empty."""
    row, column = (one.ravel() for one in np.mgrid[:64, :64])
    weights = np.where(column < 32, 0.4, 0.6)
    assert spread(2048, weights)[column < 32].sum() == 0
    assert abs(spread_on_grid(2048, weights, row, column)[column < 32].sum() - 0.4 * 2048) <= 4


# residents_from_raster


def test_known_answer(tmp_path: Path) -> None:
    """Two towns meet in the middle of the second column: its cells are halved."""
    path = raster(tmp_path / "people.tif", [[10, 4, 0], [NODATA, 6, 20]], 100.0, 30.0, 0.01)
    towns = squares(("B", (100.015, 29.98, 100.03, 30.0)), ("A", (100.0, 29.98, 100.015, 30.0)))
    out = residents_from_raster(path, towns)
    rows = out[["id", "lon", "lat", "population", "town_code"]].to_numpy().tolist()
    assert rows == [
        ["A-0-0", 100.005, 29.995, 10, "A"],
        ["A-0-1", 100.015, 29.995, 2, "A"],  # a centre on the border lies in both
        ["A-1-1", 100.015, 29.985, 3, "A"],
        ["B-0-1", 100.015, 29.995, 2, "B"],
        ["B-1-1", 100.015, 29.985, 3, "B"],
        ["B-1-2", 100.025, 29.985, 20, "B"],
    ]
    assert out["is_urban"].isna().all()
    assert out["estimated"].all()
    assert out.crs == "EPSG:4326"
    assert (out["source"] == "people.tif：栅格人口分乡镇取整").all()


def test_totals_are_kept_to_the_person_and_order_changes_nothing(tmp_path: Path) -> None:
    path, towns = tiny_raster(tmp_path / "p.tif"), tiny.towns()
    totals = pd.Series([30_000, 4_999, 8_001, 7], index=[one[0] for one in tiny.TOWNS])
    out = residents_from_raster(path, towns, totals=totals)
    assert out.groupby("town_code")["population"].sum().to_dict() == totals.to_dict()
    assert (out["population"] > 0).all()
    assert out["id"].is_unique
    assert out["id"].is_monotonic_increasing
    inside = out.to_crs(4543).sjoin(towns.to_crs(4543).assign(geometry=lambda one: one.buffer(0.1)))
    assert (inside["code"] == inside["town_code"]).groupby(level=0).any().all()
    assert len(inside.index.unique()) == len(out)
    again = residents_from_raster(path, towns.iloc[::-1], totals=totals.iloc[::-1])
    pd.testing.assert_frame_equal(pd.DataFrame(out), pd.DataFrame(again))


def test_projection_and_strips_change_no_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, towns = tiny_raster(tmp_path / "p.tif"), tiny.towns()
    whole = residents_from_raster(path, towns)
    assert whole.equals(residents_from_raster(path, towns.to_crs(4326).assign(more=1)))
    monkeypatch.setattr("geodata.raster._CELLS_AT_ONCE", 40)
    assert whole.equals(residents_from_raster(path, towns))
    metric = residents_from_raster(path, towns.to_crs(4543))
    assert abs(metric["population"].sum() - whole["population"].sum()) <= 4


def test_brute_force_by_area(tmp_path: Path) -> None:
    """Zonal sums equal shapely's areas of the pieces, cell by cell, on slanting borders."""
    values = np.random.default_rng(2).gamma(1, 30, size=(12, 12))
    path = raster(tmp_path / "p.tif", values, 500_000, 3_000_000, 100, crs="EPSG:32647", dtype="float64")
    cut = gpd.GeoDataFrame(
        {"code": ["a", "b"]},
        geometry=gpd.GeoSeries.from_wkt(
            ["POLYGON((500030 2998830, 501170 2999990, 500010 2999950, 500030 2998830))",
             "POLYGON((500030 2998830, 501170 2999990, 501190 2998810, 500030 2998830))"]
        ),
        crs=32647,
    )  # fmt: skip
    out = residents_from_raster(path, cut).groupby("town_code")["population"].sum()
    for code, shape in zip(cut["code"], cut.geometry, strict=True):
        total = sum(
            values[row, column]
            * shape.intersection(
                box(x := 500_000 + 100 * column, y := 3_000_000 - 100 * row - 100, x + 100, y + 100)
            ).area
            / 1e4
            for row in range(12)
            for column in range(12)
        )
        assert abs(out[code] - total) <= 0.5 + 1e-3


def test_minimum_leaves_out_thin_cells_but_not_people(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", [[100, 0.4, 0.4, 0.4], [0.4, 0.4, 0.2, 0.2]], 100.0, 30.0, 0.01)
    towns = squares(("A", (100.0, 29.98, 100.02, 30.0)), ("B", (100.02, 29.98, 100.04, 30.0)))
    out = residents_from_raster(path, towns, minimum=1)
    assert out[["id", "population"]].to_numpy().tolist()[0] == ["A-0-0", 101]
    assert out.loc[out["town_code"] == "B", "population"].sum() == 1  # no cell reaches 1: all of them stay


def test_a_town_without_a_populated_cell_and_other_doubts(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", [[100, 50, 0, 0]], 100.0, 30.0, 0.01)
    towns = squares(
        ("A", (100.0, 29.99, 100.01, 30.0)),
        ("B", (100.01, 29.99, 100.02, 30.0)),
        ("C", (100.02, 29.99, 100.04, 30.0)),
        ("D", (101.0, 29.99, 101.01, 30.0)),
    )
    notes = Notes()
    out = residents_from_raster(path, towns, totals=pd.Series({"A": 300, "C": 12, "D": 5}), notes=notes)
    assert out[["id", "population", "lon"]].to_numpy().tolist() == [
        ["A-0-0", 300, 100.005], ["B-0-1", 50, 100.015], ["C-point", 12, 100.03], ["D-point", 5, 101.005]
    ]  # fmt: skip
    said = " ".join(one.say("zh") for one in notes.warnings)
    assert not notes.errors
    for words in ("2 个乡镇有人口，但栅格里没有有人的像元", "“C、D”", "1 个乡镇的合计与栅格之和相差一倍以上", "1 个乡镇没有给出合计",
                  "1 个乡镇有一部分在栅格之外"):  # fmt: skip
        assert words in said


# bad rasters


def _not_tiff(folder: Path) -> Path:
    path = folder / "p.tif"
    path.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    return path


def _cut_short(folder: Path) -> Path:
    path = tiny_raster(folder / "p.tif")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def _magic_only(folder: Path) -> Path:
    path = folder / "p.tif"
    path.write_bytes(b"II*\x00" + b"\xff" * 50)
    return path


def _no_place(folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rasterio's own, that it has no place
        return tiny_raster(folder / "p.tif", crs=None, transform=None)


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "text": (_not_tiff, "不是 GeoTIFF"),
    "absent": (lambda folder: folder / "p.tif", "打不开"),
    "cut short": (_cut_short, "损坏或不完整"),
    "only the magic": (_magic_only, "损坏或不完整"),
    "no CRS": (lambda folder: tiny_raster(folder / "p.tif", crs=None), "没有坐标系"),
    "no place": (_no_place, "没有坐标系"),
    "local CRS": (
        lambda folder: tiny_raster(folder / "p.tif", crs='LOCAL_CS["here",UNIT["metre",1]]'), "坐标系不能|没有坐标系|不重叠"),
    "rotated": (
        lambda folder: tiny_raster(folder / "p.tif", transform=Affine(0.01, 0.001, 101.6, 0, -0.01, 26.7)), "正北"),
    "south up": (lambda folder: tiny_raster(folder / "p.tif", transform=Affine(0.01, 0, 101.6, 0, 0.01, 26.4)), "正北"),
    "two bands": (lambda folder: raster(folder / "p.tif", np.ones((2, 9, 9)), 101.6, 26.7, 0.02), "有 2 个波段"),
    "complex": (lambda folder: raster(folder / "p.tif", np.ones((9, 9)), 101.6, 26.7, 0.02, dtype="complex64"), "复数"),
    "negative": (lambda folder: raster(folder / "p.tif", -np.ones((9, 9)), 101.6, 26.7, 0.02), "负的"),
    "undeclared nodata": (lambda folder: tiny_raster(folder / "p.tif", nodata=None), "gdal_edit"),
    "infinite": (lambda folder: raster(folder / "p.tif", np.full((9, 9), np.inf), 101.6, 26.7, 0.02), "无穷大"),
    "NaN only": (lambda folder: raster(folder / "p.tif", np.full((9, 9), np.nan), 101.6, 26.7, 0.02), "没有人口"),
    "zero": (lambda folder: raster(folder / "p.tif", np.zeros((9, 9)), 101.6, 26.7, 0.02), "没有人口"),
    "elsewhere": (lambda folder: raster(folder / "p.tif", np.ones((9, 9)), 10, 50, 0.02), "不重叠"),
    "degrees that say metres": (
        lambda folder: raster(folder / "p.tif", np.ones((9, 9)), 101.6, 26.7, 0.02, crs="EPSG:4543"), "不重叠"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_rasters_are_refused_in_one_message(case: str, tmp_path: Path) -> None:
    make, said = BAD[case]
    with pytest.raises(DataError) as caught:
        residents_from_raster(make(tmp_path), tiny.towns())
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert any(one in problem.say("zh") for one in said.split("|")), problem.say("zh")
    assert problem.file == "p.tif"
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in problem.say("en"))


def test_a_band_can_be_chosen(tmp_path: Path) -> None:
    values = np.stack([np.zeros((9, 9)), np.ones((9, 9))])
    path = raster(tmp_path / "p.tif", values, 101.6, 26.7, 0.02)
    assert residents_from_raster(path, tiny.towns(), band=2)["population"].sum() > 0
    for band in (0, 3, -1):
        with pytest.raises(DataError, match="有 2 个波段"):
            residents_from_raster(path, tiny.towns(), band=band)


def test_a_vrt_beside_the_raster_is_not_opened(tmp_path: Path) -> None:
    """GDAL takes a file called p.tif.msk as a mask, whatever its format: a VRT could read any file, or the network."""
    path = raster(tmp_path / "p.tif", np.ones((4, 4)), 100, 30, 0.01, nodata=None)
    raster(tmp_path / "zero.tif", np.zeros((4, 4)), 100, 30, 0.01, dtype="uint8", nodata=None)
    (tmp_path / "p.tif.msk").write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="4"><Metadata><MDI key="INTERNAL_MASK_FLAGS_1">2</MDI></Metadata>'
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{tmp_path}/zero.tif</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with rasterio.open(path, driver="GTiff") as plain:
        assert plain.read(1, masked=True).mask.all()  # the trap is real
    with open_geotiff(path) as source:
        assert (source.values(0, 0, 4, 4) == 1).all()


def test_bad_totals_are_all_named(tmp_path: Path) -> None:
    path = tiny_raster(tmp_path / "p.tif")
    codes = [one[0] for one in tiny.TOWNS]
    totals = pd.Series([1.5, -2, np.nan, 10, 10, 10], index=[*codes[:3], codes[3], codes[3], "999"], name="totals.csv")
    with pytest.raises(DataError) as caught:
        residents_from_raster(path, tiny.towns(), totals=totals)
    assert [one.found for one in caught.value.problems] == [*codes[:3], codes[3], "999"]
    with pytest.raises(DataError, match="都是 0"):
        residents_from_raster(path, tiny.towns(), totals=pd.Series(0, index=codes))


# the command


def test_the_command_makes_a_file_that_load_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = tiny_raster(tmp_path / "p.tif"), tiny.write(tmp_path / "data")
    totals = tmp_path / "totals.csv"
    totals.write_text(
        "乡镇代码,常住人口\n" + "".join(f"{one[0]},{at * 1000 + 7}\n" for at, one in enumerate(tiny.TOWNS))
    )
    for name in ("residents.csv", "residents.gpkg"):
        words = ["residents", str(path), "--towns", str(folder), "--totals", str(totals), "--out", str(folder / name)]
        assert main(words) == 0
        first = (folder / name).read_bytes()
        assert main(words) == 0
        assert (folder / name).read_bytes() == first
        assert "6,028 人" in capsys.readouterr().out
        region = load(folder)
        people = region.residents.groupby("town_code")["population"].sum()
        assert people.tolist() == [7, 1007, 2007, 3007]
        assert region.residents["estimated"].all()
        (folder / name).unlink()
    assert sorted(one.name for one in folder.iterdir()) == ["facilities.csv", "towns.geojson", "villages.csv"]


def test_the_command_takes_a_file_of_towns_and_defuses_formulas(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "data")
    path = tiny_raster(tmp_path / "=cmd.tif")
    out = tmp_path / "new" / "residents.csv"
    assert main(["residents", str(path), "--towns", str(folder / "towns.geojson"), "--out", str(out)]) == 0
    assert "'=cmd.tif" in out.read_text("utf-8-sig")
    assert sorted(one.name for one in out.parent.iterdir()) == ["residents.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{bad}", "--towns", "{data}", "--out", "{out}"], "没有坐标系"),
        (["{good}", "--towns", "{data}/none", "--out", "{out}"], "没有乡镇文件"),
        (["{good}", "--towns", "{data}/villages.csv", "--out", "{out}"], "不是 9 位代码"),
        (["{good}", "--towns", "{data}", "--totals", "{data}/none.csv", "--out", "{out}"], "没有这个文件"),
        (["{good}", "--towns", "{data}", "--totals", "{data}/villages.csv", "--out", "{out}"], "不是 9 位代码"),
        (["{good}", "--towns", "{data}", "--minimum", "-1", "--out", "{out}"], "不能小于 0"),
        (["{good}", "--towns", "{data}", "--minimum", "nan", "--out", "{out}"], "不能小于 0"),
        (["{good}", "--towns", "{data}", "--out", "{out}.parquet"], ".csv 或 .gpkg"),
        (["{good}", "--towns", "{data}", "--out", "{data}"], "结尾"),
        (["{good}", "--towns", "{data}", "--totals", "{totals}", "--out", "{totals}"], "盖掉输入"),
    ],
)
def test_mistakes_exit_with_2_and_write_nothing(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.write(tmp_path / "data")
    good, bad = tiny_raster(tmp_path / "good.tif"), tiny_raster(tmp_path / "bad.tif", crs=None)
    totals = tmp_path / "totals.csv"
    totals.write_text("code,population\n510402001,5\n")
    before = sorted(tmp_path.rglob("*"))
    places = {"data": data, "good": good, "bad": bad, "out": tmp_path / "residents.csv", "totals": totals}
    assert main(["residents", *[word.format(**places) for word in words]]) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert totals.read_text() == "code,population\n510402001,5\n"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tiny_raster(tmp_path / "p.tif"), tiny.write(tmp_path / "data")
    out = folder / "residents.csv"
    out.write_text("old")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["residents", str(path), "--towns", str(folder), "--out", str(out)]) == 2
    assert out.read_text() == "old"
    assert not list(folder.glob(".*"))
