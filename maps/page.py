"""One offline page around a Folium map; the only importer of folium.

Folium asks content networks for its scripts and styles. Here every such link is replaced by the bytes of the
installed XStatic-Leaflet distribution, so that the page is one file which loads nothing.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib.metadata import distribution
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import branca.element
import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from jinja2 import Template

_ASSETS: Mapping[str, str] = MappingProxyType({"leaflet": "leaflet.js", "leaflet_css": "leaflet.css"})
_LICENSE = "leaflet-LICENSE.txt"
"""It asks for its own text wherever the script goes, and the script goes with every page."""
_MEDIA_TYPES: Mapping[str, str] = MappingProxyType({".png": "image/png", ".svg": "image/svg+xml", ".gif": "image/gif"})
_VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')
"""Folium's forbids zooming with two fingers; a page for everybody does not."""
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


@dataclass(frozen=True)
class Page:
    """What stands around a map: static markup, styles, scripts, and the data that the scripts show.

    ``markup`` holds ``<!-- map -->`` where the map goes. ``data`` maps the id of a script element to what becomes
    its JSON. ``start`` names the function of ``scripts`` that is called with the map.
    """

    title: str
    markup: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    data: Mapping[str, object]
    start: str


class _Verbatim(Element):
    """An element whose text is put into the page as it is: no template language reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: Any) -> str:
        return self.text


class OfflineFigure(Figure):
    """A figure in Chinese whose header holds the bytes of its scripts and styles instead of links to them."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="zh">\n<head>\n'
        '<meta charset="utf-8">\n{{ this.policy() }}\n<title>{{ this.title|e }}</title>\n'
        '<link rel="icon" href="data:,">\n'
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n"
        "{{ this.html.render(**kwargs) }}\n"
        "<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def policy(self) -> str:
        """Return the place where the content security policy goes once all scripts are known."""
        return "<!-- policy -->"

    def render(self, **kwargs: Any) -> str:
        """Return the whole page; KeyError if it links to a file that is not installed here."""
        for child in self._children.values():
            child.render(**kwargs)
        for name, child in list(self.header._children.items()):
            if isinstance(child, JavascriptLink | CssLink):
                self.header._children[name] = _Verbatim(inlined(name))
        html: str = self._template.render(this=self, kwargs=kwargs).replace("\r\n", "\n")
        html = _VIEWPORT.sub('<meta name="viewport" content="width=device-width, initial-scale=1">', html)
        return html.replace(self.policy(), _policy(html), 1)


class OfflineMap(folium.Map):
    """A Folium map that needs Leaflet alone; its lists are its own, since folium shares the lists of a class."""

    default_js: ClassVar[list[tuple[str, str]]] = [("leaflet", "leaflet.js")]
    default_css: ClassVar[list[tuple[str, str]]] = [("leaflet_css", "leaflet.css")]

    def __init__(self, title: str = "", **options: Any) -> None:
        settings = {"tiles": None, "zoom_control": False, "attribution_control": False, "zoom_snap": 0.25}
        super().__init__(location=(0, 0), zoom_start=3, **{**settings, **options})
        OfflineFigure(title=title).add_child(self)


def render_page(page: Page) -> str:
    """Return the page as one HTML text that loads nothing; the same bytes for the same page."""
    with counted_ids():
        drawing = OfflineMap(page.title)
        figure = drawing.get_root()
        before, mark, after = page.markup.partition("<!-- map -->")
        if not mark:
            raise ValueError("the markup of a page must say <!-- map --> where the map goes")
        figure.html.add_child(_Verbatim(before), name="before")
        drawing.render()
        figure.html.add_child(_Verbatim(after + _data_elements(page.data)), name="after")
        for position, text in enumerate(page.styles):
            figure.header.add_child(_Verbatim(f"<style>\n{_safe_style(text)}\n</style>"), name=f"style_{position}")
        for position, text in enumerate(page.scripts):
            figure.script.add_child(_Verbatim(_safe_script(text)), name=f"script_{position}")
        figure.script.add_child(_Verbatim(f"{page.start}({drawing.get_name()});"), name="start")
        return str(figure.render())


def json_text(value: object) -> str:
    """Return JSON that can stand inside a script element: no character of it can end the element or a line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def inlined(name: str) -> str:
    """Return the script or style element for one of folium's links; KeyError if its file is not installed here."""
    if name not in _ASSETS:
        raise KeyError(f"no installed file for the asset {name!r}: the page could not be opened without a network")
    path = _folder() / _ASSETS[name]
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        return f"<script>/*\n{own_file(_LICENSE)}*/\n{_safe_script(_without_source_map(text))}</script>"
    return f"<style>{_safe_style(_with_images(text, path.parent))}</style>"


@contextmanager
def counted_ids() -> Iterator[None]:
    """Number the elements that branca makes inside the block, instead of giving them random ids."""
    numbers = count(1)
    random_bytes = branca.element.urandom
    branca.element.urandom = lambda size: next(numbers).to_bytes(size, "big")
    try:
        yield
    finally:
        branca.element.urandom = random_bytes


def own_file(name: str) -> str:
    """Return the text of a file that stands beside this module."""
    return files("maps").joinpath(name).read_text("utf-8")


def _folder() -> Path:
    return Path(str(distribution("XStatic-Leaflet").locate_file("xstatic/pkg/leaflet/data")))


def _without_source_map(script: str) -> str:
    return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", script)


def _with_images(css: str, folder: Path) -> str:
    return re.sub(r"url\(\s*['\"]?([^)'\"]+?)['\"]?\s*\)", lambda match: _image(match[1], folder), css)


def _image(target: str, folder: Path) -> str:
    if target.startswith(("#", "data:")):
        return f"url({target})"
    path = folder / target
    if path.suffix not in _MEDIA_TYPES or not path.is_file():
        raise KeyError(f"no installed file for {target!r}, which a style sheet asks for")
    return f"url(data:{_MEDIA_TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()})"


def _safe_script(script: str) -> str:
    return re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE)


def _safe_style(css: str) -> str:
    return re.sub(r"</(?=style)", r"<\\/", css, flags=re.IGNORECASE)


def _data_elements(data: Mapping[str, object]) -> str:
    return "".join(
        f'\n<script type="application/json" id="{escape(key)}">{json_text(value)}</script>'
        for key, value in data.items()
    )


def _policy(html: str) -> str:
    """Return the policy that lets run the scripts which are in the page, and nothing else."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    rules = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
    rules += "base-uri 'none'; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
