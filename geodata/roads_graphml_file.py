"""What a GraphML file says, as text, streamed and checked: the reading half of geodata.roads_graphml."""

from collections.abc import Iterable, Mapping
from math import inf, isfinite, nan
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pandas as pd
import pyproj

from geodata.columns import Notes
from geodata.files import RawTable
from geodata.roads_files import broken, check_xml, no_roads, wrong
from geodata.roads_tags import ACCESS_KEYS, ODD_KEYS
from planner.errors import DataError, Text

_KEPT = frozenset({"osmid", "highway", "route", "oneway", "reversed", "length", "geometry", "maxspeed", "speed_kph",
                   "area", "bridge", "tunnel", "junction", "motorroad", "emergency", "from", "to", *ACCESS_KEYS, *ODD_KEYS})  # fmt: skip
_CORRECT = Text("改正后重新导出", "correct it and export again")


class GraphText:
    """What expat meets in a GraphML file, kept as text."""

    def __init__(self) -> None:
        self.graph: dict[str, str] = {}
        self.directed = True
        self.nodes: dict[str, dict[str, str]] = {}
        self.ends: list[tuple[str, str]] = []
        self.edges: list[dict[str, str]] = []
        self._names: dict[str, str] = {}
        self._into = self.graph
        self._key = ""
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "key":
            self._names[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag == "graph":
            self.directed = attributes.get("edgedefault") != "undirected"
        elif tag == "node":
            self._into = self.nodes[attributes.get("id", "")] = {}
        elif tag == "edge":
            self._into = {}
            self.ends.append((attributes.get("source", ""), attributes.get("target", "")))
            self.edges.append(self._into)
        elif tag == "data":
            self._key = self._names.get(attributes.get("key", ""), "")
            self._text = []

    def text(self, part: str) -> None:
        self._text.append(part)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "data":
            if self._into is self.graph or self._key in _KEPT or self._key in {"x", "y"}:
                self._into[self._key] = "".join(self._text)
        elif tag in {"node", "edge"}:
            self._into = self.graph


def read_text(path: Path) -> GraphText:
    """Return what the file says; DataError where it is damaged or hostile, has no edge, or holds impossible numbers."""
    check_xml(path, "graphml")
    found = _parse(path)
    _check(path, found)
    return found


def _parse(path: Path) -> GraphText:
    reader, parser = GraphText(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.buffer_text = True
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that does not exist
        raise broken(path, error) from error
    if not reader.edges:
        raise no_roads(path)
    return reader


def crs_of(path: Path, found: GraphText) -> pyproj.CRS:
    """Return the CRS that the graph names; DataError where it names none or one that is not known."""
    text = found.graph.get("crs", "")
    if text in {"", "None"}:
        raise wrong(
            path, Text("没有坐标系信息（crs）", "no coordinate reference system (crs)"),
            Text("用 osmnx.save_graphml 导出，会带上 crs", "export it with osmnx.save_graphml, which writes crs"),
        )  # fmt: skip
    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise wrong(path, Text("不认识的坐标系", "unknown CRS"), _CORRECT, text[:60]) from error


def number_of(text: str) -> float:
    """Return the number that a text is, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return nan


def _check(path: Path, found: GraphText) -> None:
    """Refuse nodes without coordinates, edges between no nodes, and lengths and speeds that cannot be."""
    notes = Notes()

    def note(column: str, bad: Iterable[bool], what: Text, shown: Iterable[str]) -> None:
        flags, texts = pd.Series(list(bad), dtype=bool), pd.Series(list(shown), dtype=object)
        raw = RawTable(path.name, pd.DataFrame(), np.arange(1, len(flags) + 1))
        notes.add_rows(raw, flags, column, what, _CORRECT, found=texts)

    bad_nodes = [not all(isfinite(number_of(one.get(key, ""))) for key in "xy") for one in found.nodes.values()]
    note("node x, y", bad_nodes, Text("节点没有有效坐标", "the node has no coordinates"), found.nodes)
    loose = [not (tail in found.nodes and head in found.nodes) for tail, head in found.ends]
    note(
        "edge", loose, Text("两端的节点不存在", "its nodes are not in the file"), (" ".join(one) for one in found.ends)
    )
    for key, least in (("length", 0.0), ("speed_kph", 5e-324)):
        texts = [edge.get(key, "") for edge in found.edges]
        bad = [bool(text) and not least <= number_of(text) < inf for text in texts]
        note(f"edge {key}", bad, Text("不是有效的数值", "not a number that can be"), texts)
    if notes.errors:
        raise DataError(notes.problems)
