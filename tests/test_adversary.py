"""What an adversary brought: each input is read as it is meant, or refused in a sentence."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from geodata.files import _CHUNK, _check_size, read
from planner.errors import DataError
from planner.schema import TOWNS, VILLAGES
from scenarios.cli.program import main

CASES = Path(__file__).parent / "adversary"


def test_an_id_with_a_semicolon_is_one_site(tmp_path: Path) -> None:
    asked = ["--data", str(CASES / "phases_semicolon_data"), "--rules", "panzhihua_2023", "--per-year", "1"]
    assert main(["phases", str(CASES / "phases_semicolon.yaml"), *asked, "--out", str(tmp_path / "o")]) == 0
    answer = json.loads((tmp_path / "o" / "manifest.json").read_text("utf-8"))["answer"]
    assert sorted(answer["years"]) == ["TH1", "TH;2"]
    assert "甲镇卫生院" in (tmp_path / "o" / "分期.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("case", "words"), [("geojson_gcj", ("towns.geojson", "坐标系不认识", "GCJ-02", "EPSG:4490")),
                        ("xlsx_stray", ("villages.xlsx", "第 200000 行、第 16384 列", "Ctrl＋End"))],
)  # fmt: skip
def test_what_cannot_be_read_rightly_is_refused(
    case: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(CASES / case), "--out", str(tmp_path / "list.xlsx")]) == 2
    said = capsys.readouterr()
    assert all(word in said.out + said.err for word in words), said


@pytest.mark.parametrize(
    ("crs", "fits"),
    [("urn:ogc:def:crs:OGC:1.3:CRS84", True), ("urn:ogc:def:crs:EPSG::4490", True), ("EPSG:4326", True), ("CGCS2000", True),
     ("WGS 84", True), ("GCJ-02", False), ("BD09", False), ("", False), ("EPSG:999999", False), ("Beijing 1954", False),
     ("CGCS2000 / 3-degree Gauss-Kruger CM 102E", False), (5, False), (None, False)],
)  # fmt: skip
def test_a_stated_crs_must_be_known(tmp_path: Path, crs: object, fits: bool) -> None:
    """GDAL reads every name that it does not know as WGS 84."""
    towns = json.loads((CASES / "geojson_gcj" / "towns.geojson").read_text("utf-8"))
    towns["crs"] = crs if crs is None else {"type": "name", "properties": {"name": crs}}
    path = tmp_path / "towns.geojson"
    path.write_text(json.dumps(towns), "utf-8")
    if fits:
        assert len(read(path, TOWNS).frame) == len(towns["features"])
    else:
        with pytest.raises(DataError, match="坐标系不认识"):
            read(path, TOWNS)


def test_a_crs_of_a_web_map_is_refused(tmp_path: Path) -> None:
    gpd.read_file(CASES / "csv_cr" / "towns.geojson")[["code", "geometry"]].to_file(tmp_path / "towns.shp")
    read(tmp_path / "towns.shp", TOWNS)
    prj = tmp_path / "towns.prj"
    prj.write_text(prj.read_text().replace("GCS_WGS_1984", "GCJ-02"))
    with pytest.raises(DataError, match="GCJ-02"):
        read(tmp_path / "towns.shp", TOWNS)


def _book(path: Path, cells: dict[str, object]) -> Path:
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
    book.save(path)
    return path


@pytest.mark.parametrize(("place", "fits"), [("XFD10", True), ("A1048576", True), ("S1048576", True), ("T1048576", False),
                                             ("XFD1048576", False), ("AAA40000", False)])  # fmt: skip
def test_a_workbook_is_as_large_as_its_last_cell(tmp_path: Path, place: str, fits: bool) -> None:
    with zipfile.ZipFile(_book(tmp_path / "a.xlsx", {"A1": "id", place: 1})) as archive:
        if fits:
            _check_size("a.xlsx", archive)
        else:
            with pytest.raises(DataError, match="很远的地方"):
                _check_size("a.xlsx", archive)


def test_a_stray_cell_that_costs_little_is_read(tmp_path: Path) -> None:
    rows = {"A1": "村代码", "B1": "村名称", "A2": "510402001001", "B2": "一", "C5000": 1, "ZZ3": "注"}
    assert read(_book(tmp_path / "villages.xlsx", rows), VILLAGES).frame.shape == (3, 2)


@pytest.mark.parametrize("at", range(_CHUNK - 20, _CHUNK + 2))
def test_a_place_is_seen_across_the_pieces_that_are_read(tmp_path: Path, at: int) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * at + b'<c r="XFD1048576"/>')
    with zipfile.ZipFile(path) as archive, pytest.raises(DataError, match="第 1048576 行、第 16384 列"):
        _check_size("a.xlsx", archive)


def test_a_workbook_whose_parts_are_broken_is_refused(tmp_path: Path) -> None:
    """Found by fuzzing: what is compressed ends in the midst, or no longer unpacks."""
    whole = _book(tmp_path / "villages.xlsx", {"A1": "村代码", "B1": "村名称", "A2": "510402001001"}).read_bytes()
    path = tmp_path / "broken.xlsx"
    told = set()
    for at in range(60, len(whole) - 60, 7):
        path.write_bytes(whole[:at] + bytes(one ^ 0x5A for one in whole[at : at + 3]) + whole[at + 3 :])
        try:
            read(path, VILLAGES)
        except DataError as error:
            told.add(error.problems[0].found)
    assert "error" in told  # of zlib
