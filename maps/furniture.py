"""Furniture: what stands around a map so that it can be trusted and printed (no drawing library needed here)."""

from dataclasses import dataclass

DRAWN_WITH = (
    "地图脚本：Leaflet 1.9.3（BSD 2-Clause 许可，全文在本页源码中），版权归 Volodymyr Agafonkin、CloudMade 所有。"
)
"""What draws the map stands in the page itself; its licence asks to be named wherever it goes."""


@dataclass(frozen=True)
class Ring:
    """A circle to draw around every open facility of one kind: its radius in metres and what the legend calls it.

    ``rules`` are the ids of the rules with which it is shown; empty: with all of them.
    """

    facility_kind: str
    radius_m: float
    label: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Furniture:
    """The text around a map: title, notice, sources, dates, versions and hashes.

    ``unit`` is the unit of measure shown on the sheet, ``inputs`` pairs of (file, SHA-256), ``parameters`` one
    sentence each, ``decided`` pairs of (facility id, what a scenario does with it). An empty ``approval_number`` is shown as a blank to fill in; it is never invented.
    """

    title: str
    notice: str = ""
    subtitle: str = ""
    sources: tuple[str, ...] = ()
    date: str = ""
    drawn_by: str = ""
    approval_number: str = ""
    unit: str = ""
    version: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    parameters: tuple[str, ...] = ()
    accuracy: str = ""
    rings: tuple[Ring, ...] = ()
    decided: tuple[tuple[str, str], ...] = ()
    drawn_with: str = DRAWN_WITH
