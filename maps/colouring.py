"""Colours for areas that lie side by side: light fills that every eye tells apart, and never the same on both sides of a line."""

from collections.abc import Iterable, Mapping

FILLS = (
    "#92abe7",
    "#c4ab74",
    "#97ecfb",
    "#ece7a6",
    "#65bab0",
    "#baf1c4",
    "#97b592",
    "#b5a6ce",
    "#92d3ba",
    "#bfce9c",
    "#b5c9fb",
    "#d8bfd8",
)
"""The farthest apart first. Any two differ by 11 or more in CIELAB, to normal and to colour-blind eyes, and as much from
white and the greys of a map; pale enough for names, lines and signs; none is orange, which is for those left out."""


def colours(
    areas: Iterable[str], borders: Iterable[tuple[str, str]], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a fill for each area, another than its neighbours': one not used yet, if it can be the one it had before (`kept`).

    Where all are used, the one before, else the least used. Areas with the fewest neighbours choose last: on a plane
    none then meets more than five that chose before it.

    >>> found = colours(["a", "b", "c"], [("a", "b")])
    >>> found["a"] != found["b"]
    True
    """
    near: dict[str, set[str]] = {one: set() for one in areas}
    for a, b in borders:
        near[a].add(b)
        near[b].add(a)
    before = kept or {}
    found: dict[str, str] = {}
    used = dict.fromkeys(FILLS, 0)
    for one in reversed(_fewest_first(near)):
        taken = {found[other] for other in near[one] if other in found}
        mine = before.get(one, "")
        paint = min(FILLS, key=lambda fill: (fill in taken, used[fill] > 0, fill != mine, used[fill]))
        found[one] = paint
        used[paint] += 1
    return found


def _fewest_first(near: Mapping[str, set[str]]) -> list[str]:
    """Return the areas in the order in which, one taken away after another, each has the fewest neighbours left."""
    left = {one: set(others) for one, others in near.items()}
    order = list[str]()
    while left:
        one = min(left, key=lambda area: (len(left[area]), area))
        for other in left.pop(one):
            left[other].discard(one)
        order.append(one)
    return order
