"""Looking at a file before a parser does: is it what its ending says, does it declare entities, does it unpack without end."""

import bz2
import gzip
import re
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from planner.errors import DataError, Problem, Text
from planner.network import Floats
from planner.text import coordinate_text

_HEAD = 65_536
_CHUNK = 1 << 20
_UNPACKED_TIMES = 100
_UNPACKED_AT_LEAST = 256 << 20
_DELETED = re.compile(rb"<(node|way|relation)\s[^<>]*\baction\s*=\s*[\"']delete[\"'][^<>]*>")
_NUMBER = re.compile(rb"\sid\s*=\s*[\"'](-?\d+)[\"']")
_LONGEST_TAG = 4096
_AGAIN = Text("重新下载或重新导出", "download or export it again")


def wrong(path: Path, what: Text, fix: Text, found: str = "") -> DataError:
    """Return the error that says what is wrong with the file as a whole."""
    return DataError(Problem(path.name, what, fix, found=found))


def broken(path: Path, error: Exception) -> DataError:
    """Return the error for a file that ends in the middle or cannot be parsed."""
    return wrong(
        path, Text("文件不完整或已损坏", "the file is cut short or damaged"), _AGAIN, " ".join(str(error).split())[:120]
    )


def no_roads(path: Path) -> DataError:
    """Return the error for a file in which nothing is a road that a car may use."""
    return wrong(
        path,
        Text("文件中没有可行车的道路", "no roads that a car may use"),
        Text("确认文件覆盖本市并包含 highway 数据", "check that it covers the city and holds highways"),
    )


def check_degrees(path: Path, lon: Floats, lat: Floats) -> None:
    """Refuse coordinates that are not (lon, lat) in degrees, or that are those of China with the two swapped."""
    fix = Text("检查坐标系，并对调经纬度", "check the CRS, and swap lon and lat")
    if not ((np.abs(lat) <= 90).all() and (np.abs(lon) <= 180).all()):  # NaN is neither
        found = f"{coordinate_text(lon.min())}–{coordinate_text(lon.max())}, {coordinate_text(lat.min())}–{coordinate_text(lat.max())}"
        raise wrong(
            path, Text("超出经度 ±180°、纬度 ±90°，经纬度可能写反了或单位是米",
                       "beyond ±180°, ±90°: lon and lat may be swapped, or these are metres"), fix, found,
        )  # fmt: skip
    # The west of China, swapped, lies in the sea north of Norway: no road is there.
    if lat.min() >= 73 and lon.min() >= 25 and lon.max() <= 54:
        raise wrong(path, Text("经度和纬度写反了", "longitude and latitude are swapped"), fix)


def check_pbf(path: Path) -> None:
    """Refuse what does not begin as an .osm.pbf does: four bytes of length, then a blob named OSMHeader."""
    with path.open("rb") as stream:
        head = stream.read(64)
    if b"OSMHeader" not in head:
        raise wrong(path, Text("内容不是 OSM 的 PBF 格式", "the content is not OSM PBF"), _AGAIN)


def check_xml(path: Path, root: str) -> None:
    """Refuse XML that declares a document type or entities, whose root is not `root`, or that unpacks without end.

    A few hundred bytes of entities can fill the memory of a parser; road files have no use for them.
    """
    try:
        with _unpacked(path) as stream:
            head = stream.read(_HEAD)
            _check_head(path, head, root)
            if path.suffix.lower() in {".gz", ".bz2"}:
                _check_size(path, stream, len(head))
    except (EOFError, OSError, zlib.error) as error:
        raise broken(path, error) from error


def _unpacked(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if suffix == ".bz2":
        return bz2.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _check_head(path: Path, head: bytes, root: str) -> None:
    low = head.lower()
    # Two bytes a letter would hide a declaration from the search below.
    if b"\x00" in head:
        raise wrong(path, Text("不是 UTF-8 编码的 XML", "not XML in UTF-8"), _AGAIN)
    if b"<!doctype" in low or b"<!entity" in low:
        raise wrong(
            path,
            Text("XML 中有 DOCTYPE 或实体声明，可能是恶意文件", "the XML declares a DOCTYPE or entities, as malicious files do"),
            Text("换用来源可靠的文件", "use a file from a source you trust"),
        )  # fmt: skip
    if not re.search(rf"<(\w+:)?{root}[\s>]".encode(), head):
        raise wrong(path, Text(f"不是 <{root}> 文件", f"no <{root}> at its beginning"), _AGAIN)


def _check_size(path: Path, stream: BinaryIO, size: int) -> None:
    limit = max(_UNPACKED_AT_LEAST, _UNPACKED_TIMES * path.stat().st_size)
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise wrong(
                path,
                Text(f"解压后超过 {limit >> 20} MB，可能是恶意文件", f"over {limit >> 20} MB when unpacked, as malicious files are"),
                Text("换用来源可靠的文件，或用 .osm.pbf", "use a file from a source you trust, or .osm.pbf"),
            )  # fmt: skip


def deleted_ids(path: Path) -> dict[str, frozenset[int]]:
    """Return, by kind ("node", "way", "relation"), the numbers of the objects that JOSM has marked as deleted.

    It keeps them in the file until they are uploaded, with action="delete", of which osmium takes no notice.
    """
    found: dict[str, set[int]] = {}
    rest = b""
    with _unpacked(path) as stream:
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            if b"delete" in data:
                for tag in _DELETED.finditer(data):
                    number = _NUMBER.search(tag[0])
                    if number is not None:
                        found.setdefault(tag[1].decode(), set()).add(int(number[1]))
            rest = data[data.rfind(b"<") :][-_LONGEST_TAG:]
    return {kind: frozenset(ids) for kind, ids in found.items()}
