"""manifest.json: what made these files, from which inputs, with which parameters, and the hash of each."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planner import __version__
from planner.region import Region
from planner.rules import Rules
from scenarios.export.explain import manifest_of_uses
from scenarios.export.folder import MANIFEST
from scenarios.ways import RoadView


def outputs_of(folder: Path) -> list[dict[str, Any]]:
    """Return name, SHA-256 and size of every file that stands in the folder, by name."""
    return [
        {"file": path.name, "sha256": sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def parameters(rules: Rules) -> dict[str, Any]:
    """Return, by rule and reading, the parameters with which it was computed."""
    return {
        f"{rule.id}.{reading.id}": {key: list(value) if isinstance(value, tuple) else value
                                    for key, value in sorted(reading.params.items())}
        for rule in rules.rules
        for reading in rule.readings
    }  # fmt: skip


def _roads(roads: RoadView) -> dict[str, Any]:
    """Return how one travelled by road, and whom the roads do not join."""
    off = roads.not_joined
    off = off.assign(state=off["state"].where(~off["closed"].astype(bool), "closed"))
    states = {state: off[(off["state"] == state) & (off["what"] == "resident")] for state in ("apart", "far", "closed")}
    counts = {
        state: {"settlements": len(rows), "population": int(rows["population"].sum())} for state, rows in states.items()
    }
    return {**roads.record, "parts": asdict(roads.parts), "residents": counts}


def write_manifest(
    folder: Path,
    region: Region,
    rules: Rules,
    roads: RoadView | None = None,
    scenario: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the manifest over all the files that `folder` holds by now; it comes last. `scenario`: see export.decided."""
    outputs = outputs_of(folder)
    manifest = {
        "tool": "fugai",
        "version": __version__,
        "region": {"name": region.about.name, "code": region.about.code, "crs": region.crs},
        "data_date": region.about.as_of,
        "notice": region.about.notice,
        "accuracy": region.about.accuracy,
        "rules": {"id": rules.id, "document": rules.document, "issued": rules.issued, "city": rules.city},
        **({"scenario": dict(scenario)} if scenario else {}),
        "inputs": [{"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in region.sources],
        "intake": manifest_of_uses(region.uses),
        "parameters": parameters(rules),
        **({"roads": _roads(roads)} if roads else {}),
        "assumptions": [*region.about.assumptions, *(text for rule in rules.rules for text in rule.assumptions)],
        "credits": list(region.about.credits),
        "outputs": outputs,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
