"""Signs of the maps: paths in a 24 × 24 box, and what they are drawn with."""

from dataclasses import dataclass

CIRCLE = "M12 3a9 9 0 1 0 .01 0z"
SQUARE = "M4 4h16v16H4z"
DIAMOND = "M12 1l11 11-11 11L1 12z"
PENTAGON = "M12 1.5l11 8.2-4.2 12.8H5.2L1 9.7z"
UP, DOWN = "M12 2L23 21.5H1z", "M1 2.5h22L12 22z"
PLUS, PLUS_LOW = "M12 7v10M7 12h10", "M12 10v9M7.5 14.5h9"
INK, PAPER = "#53626c", "#ffffff"


@dataclass(frozen=True)
class Mark:
    """A sign, so many pixels wide: what it is filled with, its line, its glyph and what that is drawn with."""

    size: int
    outline: str
    fill: str
    line: str = PAPER
    glyph: str = ""
    pen: str = PAPER
