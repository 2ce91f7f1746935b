"""Furniture: what stands around a map so that it can be trusted and printed (no drawing library needed here)."""

from dataclasses import dataclass


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
