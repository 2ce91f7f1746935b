"""Reads the tables of facts and writes the sample's files, the same bytes every time."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from geodata import csv_text

Row = dict[str, Any]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV as text; an empty cell is the empty string."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, all with the keys of the first."""
    csv_text.write_csv(path, pd.DataFrame(rows, columns=list(rows[0]), dtype=object))


def read_geojson(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file."""
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def write_geojson(path: Path, features: Sequence[Mapping[str, Any]]) -> None:
    """Write features one a line, so that a change can be read in a diff."""
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")
