"""How tests read a map page: the scene in its text, and the page as it stands in a browser."""

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MAP = "fugai.map"


def scene_of(html: str) -> Any:
    """Return the scene of a page, its columns as lists."""
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', html, re.S)
    assert found
    return _read(json.loads(found[1]))


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "packed" in value:
        planes = np.frombuffer(zlib.decompress(base64.b64decode(value["packed"])), np.uint8).reshape(4, -1)
        steps = np.ascontiguousarray(planes.T).view("<u4").ravel().astype(np.int64)
        return np.cumsum((steps >> 1) ^ -(steps & 1)).tolist()
    if {"points", "x", "y"} == set(value):
        sizes, xs, ys = (_read(value[one]) for one in ("points", "x", "y"))
        ends = np.cumsum(sizes).tolist()
        return [_line(xs[end - size : end], ys[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
    if "texts" in value:
        index = value["index"]
        return [value["texts"][at] for at in (_read(index) if isinstance(index, dict) else index)]
    if list(value) == ["values"]:
        return value["values"]
    return {name: _read(one) for name, one in value.items()}


def _line(xs: list[int], ys: list[int]) -> list[int]:
    """Return a line as the page has it: its first point, then the steps."""
    steps = np.column_stack([np.diff(xs, prepend=0), np.diff(ys, prepend=0)])
    return [int(one) for one in steps.ravel()]


@dataclass
class Opened:
    """A page in the browser, with all that it asked for and complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """Whatever a page that is whole and quiet does not have."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))] + self.complaints

    def drawn(self, side: int = 0) -> dict[str, int]:
        """Return how many points of each layer are drawn on the map."""
        found: dict[str, int] = self.page.evaluate(
            f"Object.fromEntries(fugai.stage.state.sides[{side}].drawn.map(([layer, , found]) => [layer.key, found.length]))"
        )
        return {key: count for key, count in found.items() if count}

    def fill(self, town: int, side: int = 0) -> str:
        """Return the fill of a town."""
        said: str = self.page.evaluate(f"fugai.scene.fills[fugai.stage.state.pictures[{side}].fills[{town}]]")
        return said

    def names(self, side: int = 0) -> list[tuple[str, tuple[float, float, float, float]]]:
        """Return the names that are written on the map, each with its box."""
        found = self.page.evaluate(
            f"""(() => {{ const {{frame}} = fugai.stage.state.sides[{side}];
            return fugai.stage.state.names.get({side}).map((one) => [one.text, one.wx, one.wy, one.wide, one.high]
              .map((value, at) => at === 1 ? (value - frame.left) * frame.scale : at === 2 ? (value - frame.top) * frame.scale : value)); }})()"""
        )
        return [(text, (x - w / 2, y - h / 2, x + w / 2, y + h / 2)) for text, x, y, w, h in found]

    def signs(self, layer: str, side: int = 0) -> list[tuple[float, float, float, float]]:
        """Return the boxes of the signs of a layer."""
        found = self.page.evaluate(
            f"""(fugai.stage.state.sides[{side}].drawn.find(([one]) => one.key === '{layer}') || [0, 0, []])[2]"""
        )
        return [(x - size / 2, y - size / 2, x + size / 2, y + size / 2) for _, x, y, size in found]

    def spot(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where on the screen a place stands."""
        x, y = self.page.evaluate(
            f"""(() => {{ const at = {MAP}.latLngToContainerPoint([{lat}, {lon}]), box = {MAP}.getContainer().getBoundingClientRect();
            return [at.x + box.x, at.y + box.y]; }})()"""
        )
        return x, y

    def hovered(self, lon: float, lat: float) -> str:
        """Return what is said of the place under the pointer."""
        x, y = self.spot(lon, lat)
        self.page.mouse.move(x + 2, y + 2)
        self.page.mouse.move(x, y)
        said: str = self.page.locator("#tip").inner_text()
        return said

    def clicked(self, lon: float, lat: float) -> str:
        """Return the card of the place that was clicked."""
        self.page.mouse.click(*self.spot(lon, lat))
        said: str = self.page.locator("#card").inner_text()
        return said

    def choose(self, level: int, name: str) -> None:
        """Choose by the name of a choice."""
        self.page.select_option(f"#choice-{level}", label=name)


Opener = Callable[..., Opened]


def open_page(browser: Any, html: str, folder: Path, width: int = 1366, height: int = 768) -> Opened:
    """Open a page from a file, with no network."""
    path = folder / "page.html"
    path.write_text(html, "utf-8")
    return open_file(browser, path, width, height)


def open_file(browser: Any, path: Path, width: int = 1366, height: int = 768) -> Opened:
    """Open a page that a command wrote."""
    seen = Opened(browser.new_context(offline=True, viewport={"width": width, "height": height}).new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda said: seen.complaints.append(said.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    seen.page.goto(path.as_uri())
    seen.page.locator("html.ready").wait_for(state="attached", timeout=20_000)
    return seen


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opener]:
    """Open pages that are closed after the test."""
    seen: list[Opened] = []

    def open_one(html: str, width: int = 1366, height: int = 768) -> Opened:
        seen.append(open_page(browser, html, tmp_path, width, height))
        return seen[-1]

    yield open_one
    for one in seen:
        one.page.context.close()
