"""Our own pages: the frame that all share (page.html, page.css), the parts of one, and its scripts in their order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files

from maps import style
from maps.furniture import Furniture
from maps.page import Page, render_page

_TITLE = "医疗卫生服务地图"
"""Until the page writes its own: a title is text from data, and such text never stands in the markup."""
_FIRST = ("numbers", "elements", "rows", "layer_rows", "furniture", "view", "tips", "stage")


def sheet(
    name: str, data: Mapping[str, object], furniture: Furniture, more: Sequence[str] = (), alarm: str = ""
) -> str:
    """Return the page `name` as one HTML text that opens with no network.

    Its parts are <name>.html, <name>.css and <name>.js, whose show<Name>(map) is called. `more` names the scripts, and
    the style sheets of the same names where there are any, that it shares with other pages.
    """
    scripts = (*_FIRST, *more, name)
    looks = [_own_file(f"{one}.css") for one in ("page", *more, name) if files("maps").joinpath(f"{one}.css").is_file()]
    return render_page(
        Page(
            title=_TITLE,
            markup=_markup(name),
            styles=(style.css_variables(), *looks),
            scripts=tuple(_own_file(f"{one}.js") for one in scripts),
            data={f"{name}-data": {"furniture": asdict(furniture), "alarm": alarm, **data}},
            start=f"show{name.capitalize()}",
        )
    )


def _markup(name: str) -> str:
    """Return the frame of every page with a page's own parts at the places that they name."""
    frame = _own_file("page.html")
    parts = re.split(r"<!-- (\w+) -->\n", _own_file(f"{name}.html"))[1:]
    for place, part in zip(parts[::2], parts[1::2], strict=True):
        frame = frame.replace(f"<!-- {place} -->\n", part)
    return frame


def _own_file(name: str) -> str:
    return files("maps").joinpath(name).read_text("utf-8")
