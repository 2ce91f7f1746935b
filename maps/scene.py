"""What every map page shows, as data: places, layers, pictures, and the views that a reader chooses among.

A kind of map (coverage, a plan, a comparison …) makes a `Scene`; one page draws any of them, so that what can be done on
one map can be done on all. Nothing here draws, and nothing here knows what the numbers mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Literal

from maps import style
from maps.furniture import Furniture
from maps.geometry import Column, Line
from maps.style import Mark, Stroke, Swatch

Said = tuple[tuple[str, str], ...]
"""A sentence as runs of (text, tone); a tone is strong, gap, gain, quiet, or none ("")."""
Facts = Mapping[str, Column]
"""What a card says: for each term one text a row; an empty one is not shown."""
Group = Literal["gap", "gain", "facility", "reach", "ground"]
"""The order of a legend: gaps, what is gained, facilities, how far they reach, what lies under all."""


@dataclass(frozen=True, eq=False)
class Places:
    """Points with names: what layers draw, what rows lead to, and (unless `found` is False) what the search finds."""

    at: Mapping[str, Column]
    name: Column
    where: Column
    code: Column
    facts: Facts = field(default_factory=dict)
    found: bool = True


@dataclass(frozen=True, eq=False)
class Layer:
    """One row of the legend and what it shows.

    kind     what its contents are: points (of `places`), links between two points each, lines, or areas
    marks    how points are drawn; a content's `mark` counts in them
    apart    its signs step aside for signs drawn before them, so that none hides another
    names    its points bear their names: always, or once there is room
    hidden   not drawn until its row is clicked
    """

    key: str
    label: str
    kind: Literal["points", "links", "lines", "areas"]
    group: Group
    places: str = ""
    marks: tuple[Mark, ...] = ()
    stroke: Stroke | None = None
    apart: bool = False
    names: Literal["", "always", "near"] = ""
    hidden: bool = False
    more: bool = False


@dataclass(frozen=True, eq=False)
class Content:
    """What one picture shows of a layer; of points the rows of their places (None: all), each with what is its own.

    mark, size, label, paint   one a row, or none for all: which of the marks, how wide (px), what stands beside it, its fill
    ends                       of links: [lon, lat, lon, lat] in 1e-5 degrees
    label_of                   what the legend calls the layer here, "" as it is called everywhere
    """

    rows: Column | None = None
    mark: Column | None = None
    size: Column | None = None
    label: Column | None = None
    paint: Column | None = None
    facts: Facts = field(default_factory=dict)
    ends: Sequence[Sequence[int]] = ()
    lines: Sequence[Line] = ()
    areas: Sequence[Sequence[Line]] = ()
    label_of: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """What lies on the map: a fill and facts of each town, edges of some (of style.EDGES), and the contents of layers.

    base     the place of a picture that this one adds to
    """

    fills: Column | None
    facts: Facts = field(default_factory=dict)
    edges: Mapping[int, str] = field(default_factory=dict)
    contents: Mapping[str, Content] = field(default_factory=dict)
    label: str = ""
    base: int | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of a row: a text, smaller lines under it, a mark or a colour before it, or a bar of a share."""

    text: str = ""
    small: tuple[str, ...] = ()
    tone: str = ""
    mark: Mark | None = None
    paint: str = ""
    bar: float | None = None
    right: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a block, and where it leads: ("town", place), (key of places, place), ("view", place) or nowhere."""

    cells: tuple[Cell | str, ...]
    to: tuple[str, int] | None = None
    head: str = ""


@dataclass(frozen=True)
class Block:
    """A part of the panel: its title, a note beside it, and rows, facts, paragraphs, or the words of a clause.

    first   so many rows are shown until more are asked for, 0: all
    paper   "first" stands beside the map on paper, "next" on a sheet after it, "" nowhere
    """

    title: str = ""
    note: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    text: tuple[Said, ...] = ()
    quote: str = ""
    cite: str = ""
    first: int = 0
    paper: Literal["first", "next", ""] = "next"


@dataclass(frozen=True)
class Headline:
    """The number that is seen first: as text, its unit, its tone, and what it was before."""

    text: str
    unit: str = ""
    tone: str = ""
    before: str = ""


@dataclass(frozen=True)
class Bar:
    """A whole in parts of (share, tone), with a text at each end."""

    parts: tuple[tuple[float, str], ...]
    left: str = ""
    right: str = ""
    right_tone: str = ""


@dataclass(frozen=True)
class Ramp:
    """What the fills of towns mean: a title with the unit, classes in order, other fills, notes."""

    title: str
    classes: tuple[Swatch, ...] = ()
    others: tuple[Swatch, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class View:
    """One answer to the question: what the panel says, and which pictures lie on the map (two: one on either side).

    keys     the choices that lead here, one for each of the scene's `choices`
    blocks   the panel's parts; a text is the key of one that many views share
    bounds   what it looks at (1e-5 degrees), None: the whole
    """

    keys: tuple[str, ...]
    pictures: tuple[int, ...]
    question: str = ""
    under: str = ""
    headline: Headline | None = None
    sentence: Said = ()
    bar: Bar | None = None
    blocks: tuple[Block | str, ...] = ()
    ramp: int = 0
    bounds: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """A whole page: the ground, the places and layers on it, the pictures, and the views with the choices that lead to them.

    leads   for a first choice the place of the view that it opens on, until the reader has chosen further
    inset   the dense part of the city, drawn larger in a corner; None where the map shows it well enough
    tool    what a script of its own reads
    """

    kind: str
    ground: Mapping[str, Any]
    fills: tuple[str, ...]
    choices: tuple[str, ...]
    views: tuple[View, ...]
    pictures: tuple[Picture, ...]
    ramps: tuple[Ramp, ...] = ()
    places: Mapping[str, Places] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    always: Mapping[str, Content] = field(default_factory=dict)
    shared: Mapping[str, Block] = field(default_factory=dict)
    roads: Mapping[str, Any] | None = None
    closed_label: str = ""
    first: int = 0
    leads: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[int, ...] | None = None
    inset: tuple[int, ...] | None = None
    search: str = ""
    alarm: str = ""
    notes: tuple[str, ...] = ()
    tool: Mapping[str, Any] = field(default_factory=dict)


_SCRIPTS = ("numbers", "picture", "page")
_TITLE = "医疗卫生服务地图"
"""Until the page writes its own: a title is text from data, and such text never stands in the markup."""


def render(scene: Scene, furniture: Furniture, tools: Sequence[str] = ()) -> str:
    """Return the page of a scene as one HTML text that opens with no network; the same bytes for the same scene.

    `tools` are scripts of its own kind of map (<tool>.js); the page calls their showWhatif(page), where there is one, once it stands.
    """
    data = {"furniture": asdict(furniture), "style": style.page_style(), **plain_data(scene)}
    from maps.page import Page, own_file, render_page  # folium is slow to import

    return render_page(
        Page(
            title=_TITLE,
            markup=own_file("page.html"),
            styles=(style.css_variables(), own_file("page.css")),
            scripts=tuple(own_file(f"{name}.js") for name in (*_SCRIPTS, *tools)),
            data={"scene": data},
            start="showScene",
        )
    )


def plain_data(value: Any) -> Any:
    """Return what JSON can hold of a scene: fields that are as they are by default are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: plain_data(one) for name, one in held.items() if one not in (None, "", (), False) and one != {}}
    if isinstance(value, Mapping):
        return {str(name): plain_data(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [plain_data(one) for one in value]
    return value
